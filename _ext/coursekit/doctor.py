"""What the doctor knows: read from its code (names, evidence), the chapters and the corpus (a model that shows each).

The build runs no model: the modules of `utils/doctor/` and the tables of `tests/utils/` are read as text, and what each
program was told stands in diagnoses.json, which `make refresh CHAPTER=doctor` writes and a test compares.
"""

import ast
import difflib
import functools
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from coursekit.explained import CELLS, SHOWN, SYMPTOMS
from coursekit.program import formatted, program

ROOT = Path(__file__).resolve().parents[2]
DOCTOR = ROOT / "utils" / "doctor"
TOLD = Path(__file__).with_name("diagnoses.json")
CORPUS = {
    table: ROOT / "tests" / "utils" / f"sick_{name}.py"
    for table, name in {"CASES": "models", "KINDS": "kinds", "TRIALS": "trials"}.items()
}


@functools.cache
def functions():
    """Return each function of the doctor's modules as (heading of its module, what it says it looks for, its tree)."""
    found = []
    for path in sorted(DOCTOR.glob("*.py"), key=lambda path: (path.stem == "handmade", path.stem)):
        tree = ast.parse(path.read_text())
        heading = (ast.get_docstring(tree) or "").split("\n")[0].split(":")[0].split(",")[0].rstrip(".")
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                found.append((heading, looked_for(ast.get_docstring(node) or ""), node))
    return found


@functools.cache
def evidence():
    """Return {finding: (heading of its module, what the checks look for)}, from the functions that make a Finding."""
    found = {}
    for heading, text, function in functions():
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Finding" and call.args:
                known = found.setdefault(call.args[0].value, (heading, []))
                if text not in known[1]:
                    known[1].append(text)
    return {name: (heading, one_or_list(texts)) for name, (heading, texts) in found.items()}


def one_or_list(texts):
    """Return what a finding looks for as Markdown; several things as a list."""
    if len(texts) == 1:
        return texts[0]
    return "Looks for one of these:\n\n" + "\n".join(f"- {text.removeprefix('Looks for ')}" for text in texts)


def looked_for(docstring):
    """Return what a check says it looks for, as a sentence of the page: without sections, "Find" as "Looks for"."""
    text = " ".join(re.split(r"\n(?:Returns|Parameters)\n", docstring)[0].split())
    return re.sub(r"^Find\b", "Looks for", text)


@functools.cache
def corpus():
    """Return {finding: {title: (sick model and batch, healthy twin)}}, and {name: source} of what makes them."""
    found, sources, constants = {}, {}, {}
    for table, path in CORPUS.items():
        text = path.read_text()
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                sources[node.name] = ast.get_source_segment(text, node)
            elif isinstance(node, ast.Assign):
                target = node.targets[0]
                if isinstance(target, ast.Tuple):
                    for name, value in zip(target.elts, node.value.elts, strict=True):
                        constants[name.id] = getattr(value, "value", None)
                        sources[name.id] = f"{name.id} = {ast.get_source_segment(text, value)}"
                elif target.id == table:
                    for title, case in zip(node.value.keys, node.value.values, strict=True):
                        name, sick, healthy = case.elts
                        name = name.value if isinstance(name, ast.Constant) else constants[name.id]
                        pair = tuple(" ".join(ast.get_source_segment(text, each).split()) for each in (sick, healthy))
                        found.setdefault(name, {})[title.value] = pair
                else:
                    constants[target.id] = getattr(node.value, "value", None)
                    sources[target.id] = ast.get_source_segment(text, node)
    return found, sources


@functools.cache
def shown():
    """Return for each finding a pair of programs: with the mistake, and without.

    Of several models it is the one that explained.py names, or the one with the shortest program.
    """
    (models, sources), names = corpus(), sorted(evidence(), key=str.lower)
    written = []
    for name in names:
        rows = [models[name][SHOWN[name]]] if name in SHOWN else models[name].values()
        pairs = ([program(row, sources) for row in pair] for pair in rows)
        written += min(pairs, key=lambda pair: len(pair[0]))
    written = formatted(written)
    return dict(zip(names, zip(written[::2], written[1::2], strict=True), strict=True))


def difference(sick, healthy):
    """Return the lines in which two programs differ, with - and + before them, and … where others stand between.

    Imports do not count. What compiles and what asks stand there too, with a space before them: the mistake is often
    that these two do not fit a layer.
    """
    asked = [node for node in ast.parse(sick).body if calls(node, "compile", "report")]
    kept = {i for node in asked for i in range(node.lineno, node.end_lineno + 1)}
    before = sick.splitlines()
    places, at = [[]], 0
    for line in list(difflib.unified_diff(before, healthy.splitlines(), n=len(before), lineterm=""))[3:]:
        if not line.startswith("+"):
            at += 1
        if re.match(r"[-+](?!import |from ).*\S", line) or (line.startswith(" ") and at in kept):
            places[-1].append(line)
        elif not line.startswith(("-", "+")) and places[-1]:
            places.append([])
    return [line for place in places if place for line in [" …", *place]][1:]


def calls(node, *names):
    """Tell whether a statement is a call of one of these functions."""
    function = getattr(getattr(node, "value", None), "func", None)
    return getattr(function, "attr", getattr(function, "id", None)) in names


def run(text):
    """Return the findings to which a program of the page comes; `softmax_doctor` is this repository's doctor."""
    from utils.doctor import diagnose
    from utils.quiet import keras

    told = []
    keras.utils.clear_session()  # layers are numbered as in a program of its own
    before = sys.modules.get("softmax_doctor")
    sys.modules["softmax_doctor"] = SimpleNamespace(diagnose=diagnose, report=told.append)
    try:
        exec(compile(text, "<page>", "exec"), {"__name__": "program"})
    finally:
        sys.modules.pop("softmax_doctor")
        if before is not None:
            sys.modules["softmax_doctor"] = before
    return told[0]


def store():
    """Run the program of each finding and store what it is told."""
    told = {}
    for name, (sick, _) in shown().items():
        diagnosis = run(sick)
        told[name] = {part: getattr(diagnosis[0], part) for part in ("what", "evidence", "change")}
        told[name]["notes"] = list(diagnosis.notes)
    TOLD.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


@functools.cache
def stored():
    """Return what the programs were told, by finding."""
    return json.loads(TOLD.read_text())


def anchor(name):
    """Return the id of a finding on the page."""
    return f"finding-{nodes.make_id(name)}"


def linked(name):
    """Return a finding as a link to its place on the page."""
    return f'<a href="#{anchor(name)}">{name}</a>'


def notes():
    """Return where a note is printed, from the functions that make one, as sentences of a list."""
    return [found[1] for _, text, _ in functions() if (found := re.search(r"^Note where (.+?)\.(?: |$)", text))]


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
    return f"In the course: [{where}, a cell under “{title}”]({notebook}#cell-{cell})."


def plain(text):
    """Return a text that is no Markdown as Markdown; what stands between backticks is code there too."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        parts = [text]
    return "".join(f"`{part}`" if i % 2 else re.sub(r"([\\*_<$\[\]])", r"\\\1", part) for i, part in enumerate(parts))


def section_of(name):
    """Return a finding as Markdown: what it looks for, what makes it, what it says, and the program."""
    (sick, healthy), told = shown()[name], stored()[name]
    change = "\n".join(f"  {line}" for line in told["change"].splitlines())
    notes = "".join(f"\nnote\n: {plain(note)}\n" for note in told["notes"])
    looks = evidence()[name][1]
    gap = "\n\n" if "\n" in looks else " "  # a list ends first
    return f"""{looks}{gap}{explained(name)}

```diff
{chr(10).join(difference(sick, healthy))}
```

what
: {plain(told["what"])}

evidence
: {plain(told["evidence"])}

change
: ```text
{change}
  ```
{notes}
:::{{dropdown}} The whole program
```python
{sick}
```
:::
"""


OPEN = (
    "Open what you see: below it stand the findings to look at, the likeliest first, each with what tells it from the "
    "others. Whole messages of Keras and TensorFlow are in [Messages](messages.md)."
)
NOTES = "A note is no finding: it stops nothing, and the callback does not print it. There is one where"


def sections():
    """Return the page as triples (heading, Markdown, findings): the symptoms, then a section for each module.

    Findings are pairs (name, Markdown).

    Raises
    ------
    ValueError
        If a finding has no cell, no model in the corpus or no symptom, or a symptom names no finding.
    """
    named = {name for names in SYMPTOMS.values() for name in names}
    for what, table in (("cell", CELLS), ("model in the corpus", corpus()[0]), ("symptom", named)):
        if wrong := set(table) ^ set(evidence()):
            raise ValueError(f"These findings have no {what}, or are none: {', '.join(sorted(wrong))}.")
    symptoms = "\n".join(
        f":::{{dropdown}} {what[:1].upper()}{what[1:]}\n"
        + "\n".join(f"- {linked(name)}: {hint}" for name, hint in names.items())
        + "\n:::"
        for what, names in SYMPTOMS.items()
    )
    index = "\n".join(f"- {linked(name)}" for name in shown())
    found = {}
    for name in shown():
        found.setdefault(evidence()[name][0], []).append((name, section_of(name)))
    return [
        ("From a symptom to its findings", f"{OPEN}\n\n{symptoms}\n", []),
        (
            f"All {len(shown())} findings, A to Z",
            f"::::{{dropdown}} By name\n:::{{container}} findings\n{index}\n:::\n::::\n",
            [],
        ),
        ("Notes", NOTES + "\n\n" + "\n".join(f"- {each}" for each in notes()), []),
        *((heading, "", found[heading]) for heading in sorted(found, key=lambda text: text.replace("the ", ""))),
    ]


class DoctorDirective(SphinxDirective):
    """What the doctor knows: ```{doctor}```."""

    def run(self):
        """Return a section for each module of the doctor."""
        for path in [*DOCTOR.glob("*.py"), *CORPUS.values(), TOLD]:
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
