"""What the doctor knows: read from its code (names, evidence), its chapters and the corpus (a model that shows each).

The build runs no model: the modules of `utils/doctor/` and the tables of `tests/utils/` are read as text, and what each
program printed stands in diagnoses.json, which `make refresh CHAPTER=doctor` writes and a test compares.
"""

import ast
import contextlib
import functools
import io
import json
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from coursekit.explained import CELLS, SYMPTOMS

ROOT = Path(__file__).resolve().parents[2]
DOCTOR = ROOT / "utils" / "doctor"
PRINTED = Path(__file__).with_name("diagnoses.json")
CORPUS = {
    table: ROOT / "tests" / "utils" / f"sick_{name}.py"
    for table, name in {"CASES": "models", "KINDS": "kinds", "TRIALS": "trials"}.items()
}


@functools.cache
def evidence():
    """Return {finding: (heading of its module, what the checks look for)}, from the functions that make a Finding."""
    found = {}
    for path in sorted(DOCTOR.glob("*.py"), key=lambda path: (path.stem == "handmade", path.stem)):
        tree = ast.parse(path.read_text())
        heading = (ast.get_docstring(tree) or "").split("\n")[0].split(":")[0].split(",")[0].rstrip(".")
        for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding" and call.args:
                    name, text = call.args[0].value, looked_for(ast.get_docstring(function) or "")
                    known = found.setdefault(name, (heading, []))
                    if text not in known[1]:
                        known[1].append(text)
    return {name: (heading, " ".join(texts)) for name, (heading, texts) in found.items()}


def looked_for(docstring):
    """Return what a check says it looks for, as a sentence of the page: without sections, "Find" as "Looks for"."""
    text = " ".join(re.split(r"\n(?:Returns|Parameters)\n", docstring)[0].split())
    return re.sub(r"^Find\b", "Looks for", text)


@functools.cache
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


@functools.cache
def names_in(source):
    """Return the names that a piece of code takes from outside: those it reads, without those that it makes."""
    nodes_of = list(ast.walk(ast.parse(source)))
    made = {node.arg for node in nodes_of if isinstance(node, ast.arg)}
    made |= {node.id for node in nodes_of if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return {node.id for node in nodes_of if isinstance(node, ast.Name)} - made


def used(text, sources):
    """Return the sources of the names that a text uses, and of those that these use, in the order of the files."""
    names, todo = set(), names_in(text) & set(sources)
    while todo:
        names |= todo
        todo = {n for name in todo for n in names_in(sources[name]) if n in sources and n not in names}
    return list(dict.fromkeys(source for name, source in sources.items() if name in names))


def parts_of(sick):
    """Return pairs (name, syntax) of a sick model and its batch: what builds it, x, y, and weights if it has some."""
    return list(zip(("build", "x", "y", "weights"), ast.parse(sick, mode="eval").body.elts, strict=False))


def program(sick, sources):
    """Return a program that diagnoses a sick model as it stands: imports, what makes the model, and the model."""
    parts = [part.strip() for part in used(sick, sources)]
    blocks = [f"\n\n{part}\n\n" if part.startswith(("def ", "class ", "@")) else part for part in parts]
    made = re.sub(r"\n{4,}", "\n\n\n", "\n".join(blocks)).strip("\n")
    weights = [name for name, _ in parts_of(sick)][3:]
    end = [
        "keras.utils.set_random_seed(1)",
        *(f"{name} = {ast.get_source_segment(sick, value)}" for name, value in parts_of(sick)),
        f"report(diagnose(build(), x, y{', **weights' * len(weights)}))",
    ]
    imports = ["import functools\n"] * ("functools." in made) + ["import keras", "import numpy as np"]
    imports += ["import tensorflow as tf"] * ("tf." in made + sick)
    imports += ["\nfrom softmax_doctor import diagnose, report  # in the course: from utils.doctor"]
    return "\n".join([*imports, "", made, "", "", *end])


def shown():
    """Return {finding: (title of its model, how many show it, the program)}: of several models the shortest.

    Raises
    ------
    ValueError
        If a finding has no cell or no model in the corpus.
    """
    known, (models, sources) = evidence(), corpus()
    for what, table in (("cell in explained.py", CELLS), ("model in the corpus", models)):
        if missing := [name for name in known if name not in table]:
            raise ValueError(f"These findings have no {what}: {', '.join(missing)}.")
    found = {}
    for name in sorted(known, key=str.lower):
        title, sick = min(models[name], key=lambda pair: len(pair[1]))
        found[name] = title, len(models[name]), program(sick, sources)
    return found


def run(text):
    """Return what a program of the page prints; `softmax_doctor` is this repository's doctor."""
    import utils.doctor
    from utils.quiet import keras

    keras.utils.clear_session()  # layers are numbered as in a program of its own
    before, sys.modules["softmax_doctor"] = sys.modules.get("softmax_doctor"), utils.doctor
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(text, "<page>", "exec"), {"__name__": "program"})
    finally:
        sys.modules.pop("softmax_doctor")
        if before is not None:
            sys.modules["softmax_doctor"] = before
    return printed.getvalue()


def store():
    """Run the program of each finding and store what it prints."""
    printed = {name: run(text) for name, (_, _, text) in shown().items()}
    PRINTED.write_text(json.dumps(printed, indent=1, ensure_ascii=False) + "\n")


def anchor(name):
    """Return the id of a finding on the page."""
    return f"finding-{nodes.make_id(name)}"


def linked(names):
    """Return findings as links to their places on the page."""
    return ", ".join(f'<a href="#{anchor(name)}">{name}</a>' for name in names)


@functools.cache
def cells(notebook):
    """Return the cells of a notebook of the book."""
    return json.loads((ROOT / "chapters" / notebook).read_text())["cells"]


def explained(name):
    """Return a sentence with a link to the cell that explains a finding, by the heading above it."""
    notebook, cell = CELLS[name]
    for each in cells(notebook):
        if each["cell_type"] == "markdown":
            for line in "".join(each["source"]).splitlines():
                if line.startswith("#"):
                    title = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", line.lstrip("# "))
        elif each["id"] == cell:
            break
    where = f"Chapter {int(notebook[:2])}" if notebook[0].isdecimal() else "Short answers"
    return f"[{where}: {title}]({notebook}#cell-{cell})."


def sections():
    """Return the page as triples (heading, Markdown, findings): the symptoms, then a section for each module.

    Findings are pairs (name, Markdown).

    Raises
    ------
    ValueError
        If a finding has no cell, no model in the corpus or no symptom, or a symptom names no finding.
    """
    known, printed = evidence(), json.loads(PRINTED.read_text())
    named = {name for _, names in SYMPTOMS for name in names}
    if wrong := named ^ set(known):
        raise ValueError(f"These findings have no symptom in explained.py, or are none: {', '.join(sorted(wrong))}.")
    table = "\n".join(f"| {what} | {linked(names)} |" for what, names in SYMPTOMS)
    found = {}
    for name, (title, count, text) in shown().items():
        heading, looks_for = known[name]
        lines = printed[name].splitlines()
        first = next((i for i, line in enumerate(lines) if line.startswith("  note")), len(lines))
        several = f" ({count} models in the tests show this finding)" if count > 1 else ""
        markdown = (
            f"{looks_for} {explained(name)}\n\n"
            f"```text\n{chr(10).join(line[2:] for line in lines[1:first])}\n```\n"
            f":::{{dropdown}} The program that prints this: {title}{several}\n```python\n{text}\n```\n:::\n"
        )
        found.setdefault(heading, []).append((name, markdown))
    return [
        ("From a symptom to its findings", f"| what you see | where to look |\n| --- | --- |\n{table}\n", []),
        *((heading, "", found[heading]) for heading in sorted(found)),
    ]


class DoctorDirective(SphinxDirective):
    """What the doctor knows: ```{doctor}```."""

    def run(self):
        """Return a section for each module of the doctor."""
        for path in [*DOCTOR.glob("*.py"), *CORPUS.values(), PRINTED]:
            self.env.note_dependency(str(path))
        found = []
        for heading, markdown, findings in sections():
            heading = heading.removeprefix("Findings in ")
            heading = heading[:1].upper() + heading[1:]
            here = self.section(heading, f"doctor-{nodes.make_id(heading)}", markdown)
            here += [self.section(name, anchor(name), text) for name, text in findings]
            found.append(here)
        return found

    def section(self, heading, anchor, markdown):
        """Return a section with a heading and what its Markdown says."""
        here = nodes.section(ids=[anchor], names=[nodes.fully_normalize_name(heading)])
        here += nodes.title(heading, heading)
        self.state.nested_parse(StringList(markdown.splitlines(), source=self.env.docname), self.lineno, here)
        return here
