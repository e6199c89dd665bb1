"""What the doctor knows: read from its code (names, evidence), its chapters and the corpus (a model that shows each).

No model is run: the modules of `utils/doctor/` and the tables of `tests/utils/` are read as text.
"""

import ast
import re
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from coursekit.explained import CHAPTERS
from coursekit.messages import code

ROOT = Path(__file__).resolve().parents[2]
DOCTOR = ROOT / "utils" / "doctor"
CORPUS = {
    table: ROOT / "tests" / "utils" / f"sick_{name}.py"
    for table, name in {"CASES": "models", "KINDS": "kinds", "TRIALS": "trials"}.items()
}


def evidence():
    """Return {finding: (heading of its module, what the checks look for)}, from the functions that make a Finding."""
    found = {}
    for path in sorted(DOCTOR.glob("*.py"), key=lambda path: (path.stem == "handmade", path.stem)):
        tree = ast.parse(path.read_text())
        heading = (ast.get_docstring(tree) or "").split("\n")[0].split(":")[0].split(",")[0].rstrip(".")
        for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding" and call.args:
                    name, text = call.args[0].value, " ".join((ast.get_docstring(function) or "").split())
                    known = found.setdefault(name, (heading, []))
                    if text not in known[1]:
                        known[1].append(text)
    return {name: (heading, " ".join(texts)) for name, (heading, texts) in found.items()}


def corpus():
    """Return {finding: [(title, source of a sick model and batch)]} and {name: source} of what these are made with."""
    found, sources, constants = {}, {}, {}
    for table, path in CORPUS.items():
        text = path.read_text()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                sources[node.name] = ast.get_source_segment(text, node)
            elif isinstance(node, ast.Assign):
                target = node.targets[0]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for name, value in zip(target.elts, node.value.elts, strict=True):
                        constants[name.id] = getattr(value, "value", None)
                        sources[name.id] = f"{name.id} = {ast.get_source_segment(text, value)}"
                elif isinstance(target, ast.Name) and target.id == table:
                    for title, case in zip(node.value.keys, node.value.values, strict=True):
                        name = (
                            case.elts[0].value if isinstance(case.elts[0], ast.Constant) else constants[case.elts[0].id]
                        )
                        sick = ast.get_source_segment(text, case.elts[1])
                        found.setdefault(name, []).append((title.value, " ".join(sick.split())))
                elif isinstance(target, ast.Name):
                    constants[target.id] = getattr(node.value, "value", None)
                    sources[target.id] = ast.get_source_segment(text, node)
                else:  # SPARSE, CATEGORICAL, BINARY = (... for ...)
                    names = [name.id for name in target.elts]
                    sources |= dict.fromkeys(names, ast.get_source_segment(text, node))
    return found, sources


def used(text, sources):
    """Return the sources of the names that a text uses, and of those that these use, in the order of the files."""
    names, todo = set(), {name for name in re.findall(r"\w+", text) if name in sources}
    while todo:
        names |= todo
        todo = {n for name in todo for n in re.findall(r"\w+", sources[name]) if n in sources and n not in names}
    return list(dict.fromkeys(source for name, source in sources.items() if name in names))


def program(sick, sources):
    """Return a program that diagnoses a sick model as it stands: imports, what makes the model, and the model."""
    parts = [part.strip() for part in used(sick, sources)]
    blocks = [f"\n\n{part}\n\n" if part.startswith(("def ", "class ", "@")) else part for part in parts]
    made = re.sub(r"\n{4,}", "\n\n\n", "\n".join(blocks)).strip("\n")
    weights = ["weights"] * (len(ast.parse(sick, mode="eval").body.elts) == 4)
    end = [
        "keras.utils.set_random_seed(1)",
        f"{', '.join(['build', 'x', 'y', *weights])} = {sick[1:-1]}",
        f"report(diagnose(build(), x, y{', **weights' * len(weights)}))",
    ]
    imports = ["import functools\n"] * ("functools." in made) + ["import keras", "import numpy as np"]
    imports += ["import tensorflow as tf"] * ("tf." in made + sick)
    imports += ["\nfrom softmax_doctor import diagnose, report  # in the course: from utils.doctor"]
    return "\n".join([*imports, "", made, "", "", *end])


def sections():
    """Return the page as pairs (heading, Markdown): one for each module, in it a finding with evidence and model.

    Raises
    ------
    ValueError
        If a finding has no chapter or no model in the corpus.
    """
    known, (models, sources) = evidence(), corpus()
    for what, table in (("chapter in explained.py", CHAPTERS), ("model in the corpus", models)):
        if missing := [name for name in known if name not in table]:
            raise ValueError(f"These findings have no {what}: {', '.join(missing)}.")
    found = {}
    for name in sorted(known, key=str.lower):
        heading, looked_for = known[name]
        title, sick = min(models[name], key=lambda pair: len(pair[1]))
        several = f", one of {len(models[name])} models that show it" if len(models[name]) > 1 else ""
        found.setdefault(heading, []).append(
            f"**{code(name)}** {looked_for} [Chapter {int(CHAPTERS[name][:2])}]({CHAPTERS[name]}).\n\n"
            f"{title[:1].upper()}{title[1:]}{several}:\n\n```python\n{sick}\n```\n"
            f":::{{dropdown}} The same as a program\n```python\n{program(sick, sources)}\n```\n:::\n"
        )
    return [(heading, "\n".join(found[heading])) for heading in sorted(found)]


class DoctorDirective(SphinxDirective):
    """What the doctor knows: ```{doctor}```."""

    def run(self):
        """Return a section for each module of the doctor."""
        for path in [*DOCTOR.glob("*.py"), *CORPUS.values()]:
            self.env.note_dependency(str(path))
        return [self.section(heading, markdown) for heading, markdown in sections()]

    def section(self, heading, markdown):
        """Return a section with a heading and what its Markdown says."""
        here = nodes.section(ids=[f"doctor-{nodes.make_id(heading)}"], names=[nodes.fully_normalize_name(heading)])
        here += nodes.title(heading, heading)
        self.state.nested_parse(StringList(markdown.splitlines(), source=self.env.docname), self.lineno, here)
        return here
