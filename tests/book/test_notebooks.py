"""The chapters as files: what nbval cannot see in a notebook, and the rhythm that all chapters share."""

import json
import re
import statistics
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from refresh import edited, normal_form

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "chapters").glob("*.ipynb"))
CHAPTERS = [path for path in NOTEBOOKS if path.stem[0].isdecimal()]  # the others have no rhythm to keep
MARKDOWN = MarkdownIt("commonmark").enable("table").use(dollarmath_plugin).use(colon_fence_plugin)

TAGS = {"hide-input", "hide-cell", "remove-input", "nbval-ignore-output"}
KINDS = {"text/plain", "text/html", "image/svg+xml"}
FILLERS = re.compile(
    r"\b(simply|just|powerful|crucial|elegant(?:ly)?|let's dive|delves?|seamless(?:ly)?|robust(?:ly)?|leverages?|"
    r"it is important to note)\b",
    re.IGNORECASE,
)
NO_COMPARISON = re.compile(r"#.*\b(NBVAL_|PYTEST_VALIDATE)")
ABSOLUTE_PATH = re.compile(r"(?<![\w.~])/(root|home|work|tmp|Users)\b|C:\\")
NUMBERED_BY_KATEX = re.compile(r"\\begin\{(align|alignat|gather|equation)\}")


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    return nbformat.read(path, as_version=4)


@pytest.fixture
def code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture
def prose(notebook):
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


in_chapters = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)


def numbered(cells, wrong):
    """Return the first line of each wrong cell, by its number in Jupyter, so that a failure says where to look."""
    return {number: cell.source.partition("\n")[0] for number, cell in enumerate(cells, 1) if wrong(cell)}


def is_exempt(cell):
    return "nbval-ignore-output" in cell.metadata.get("tags", [])


def kinds_of(cell):
    return {kind for output in cell.outputs for kind in output.get("data", {})}


def has_figure(cell):
    return any(kind.startswith("image/") for kind in kinds_of(cell))


def printed(cell):
    return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


def alt_of(cell):
    return cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")


def texts(markdown, others=True):
    """Yield the pieces of prose: no code block, formula, address or citation; the body of a directive is prose.

    With `others=False`, block quotes (the words of other people) and names in code style are left out too.
    """
    kinds = ("text", "code_inline") if others else ("text",)
    depth = 0
    for token in MARKDOWN.parse(markdown):
        depth += token.nesting if token.type.startswith("blockquote") else 0
        if depth and not others:
            continue
        directive = token.type in ("fence", "colon_fence") and re.match(r"\{(?!code|math)\S+\}(.*)", token.info.strip())
        if directive:
            yield from texts(f"{directive[1]}\n\n{token.content}", others)
        elif token.type == "inline":
            words = [child.content for child in token.children if child.type in kinds]
            yield re.sub(r"https?://\S+|\{cite\} *\w*", "", " ".join(words))


def count_words(markdown):
    """Count the words of the prose; a word stands between spaces and holds a letter or a digit."""
    return sum(len(re.findall(r"\S*\w\S*", text)) for text in texts(markdown))


def fillers_in(markdown):
    """List the banned words in the prose."""
    return FILLERS.findall(" ".join(texts(markdown, others=False)).replace("’", "'"))


def headings(markdown, level):
    """List the headings of one level."""
    tokens = MARKDOWN.parse(markdown)
    return [
        tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open" and token.tag == level
    ]


# -------------------------------------------------------------------------------------- what nbval needs to be strict


def test_every_code_cell_ran_once_and_in_order(code):
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))


def test_no_code_cell_was_edited_since_its_outputs_were_stored(code):
    assert not numbered(code, edited)


def test_no_cell_writes_to_stderr(code):
    assert not numbered(code, lambda cell: any(output.get("name") == "stderr" for output in cell.outputs))


def test_no_cell_raises(code):
    assert not numbered(code, lambda cell: any(output.output_type == "error" for output in cell.outputs))


def test_every_output_is_of_a_kind_that_nbval_compares(code):
    assert not numbered(code, lambda cell: kinds_of(cell) - KINDS)


def test_no_tag_or_comment_keeps_a_cell_from_being_run_or_compared(notebook, code):
    assert not numbered(notebook.cells, lambda cell: set(cell.metadata.get("tags", [])) - TAGS)
    assert not numbered(code, lambda cell: NO_COMPARISON.search(cell.source))


def test_an_exempt_cell_says_why_and_no_other_cell_does(code):
    assert not numbered(code, lambda cell: is_exempt(cell) != bool(cell.metadata.get("nbval_reason")))


def test_after_an_exempt_cell_comes_one_that_prints_what_is_compared(code):
    for cell, following in zip(code, [*code[1:], None], strict=True):
        if is_exempt(cell):
            assert following, cell.source
            assert printed(following), cell.source
            assert not is_exempt(following), cell.source


def test_fewer_than_5_percent_of_the_code_cells_are_exempt():
    cells = [cell for path in CHAPTERS for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert sum(map(is_exempt, cells)) < 0.05 * len(cells)


# --------------------------------------------------------------------------------------------------------- the figures


def test_a_folded_cell_says_what_it_hides(notebook):
    folded = [cell for cell in notebook.cells if "hide-cell" in cell.metadata.get("tags", ())]
    assert [cell.id for cell in folded if "code_prompt_show" not in cell.metadata.get("mystnb", {})] == []


def test_every_figure_is_described_in_words(code):
    assert not numbered(code, lambda cell: has_figure(cell) and (len(alt_of(cell)) < 20 or alt_of(cell).count(" ") < 4))


def test_every_figure_has_its_numbers_printed_in_its_cell_or_the_one_before(code):
    for before, cell in zip([None, *code[:-1]], code, strict=True):
        if has_figure(cell):
            assert re.search(r"\d", printed(cell) + (printed(before) if before else "")), cell.source


def test_the_words_in_a_figure_have_a_colour_that_follows_the_theme(code):
    figures = [
        output.data["image/svg+xml"]
        for cell in code
        for output in cell.outputs
        if "image/svg+xml" in output.get("data", {})
    ]
    words = [
        match for figure in figures for match in re.findall(r'<g id="text_\d+">\s*<!-- (.*?) -->\s*<g ([^>]*)>', figure)
    ]
    assert [text for text, style in words if "fill: var(--" not in style] == []


def test_no_two_figures_of_the_course_share_a_description():
    cells = [cell for path in CHAPTERS for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    alts = [alt_of(cell) for cell in cells if has_figure(cell)]
    assert sorted(set(alts)) == sorted(alts)


# ---------------------------------------------------------------------------------------------------------- the file


def test_the_stored_notebook_is_in_its_normal_form(path, notebook):
    assert normal_form(notebook) == notebook
    assert path.read_bytes().decode() == nbformat.writes(notebook) + "\n"


def test_every_cell_has_an_id_of_its_own(path):
    # Read as plain JSON: nbformat would repair a missing or a doubled id.
    ids = [cell.get("id") for cell in json.loads(path.read_text())["cells"]]
    assert all(ids)
    assert len(set(ids)) == len(ids)


def test_no_path_of_somebody_s_machine_is_stored(notebook):
    assert not numbered(notebook.cells, lambda cell: ABSOLUTE_PATH.search(cell.source + str(cell.get("outputs", ""))))


# -------------------------------------------------------------------------------------------------- the chapter's text


def lines_of(cells):
    """List how many lines with text each cell has."""
    return [sum(bool(line.strip()) for line in cell.source.splitlines()) for cell in cells]


def test_no_cell_is_long(code):
    assert max(lines_of(code)) <= 25


@in_chapters
def test_cells_are_short(code):
    lines = lines_of(code)
    assert statistics.median(lines) <= 5
    assert sum(count <= 12 for count in lines) >= 0.9 * len(lines), sorted(lines)


@in_chapters
def test_a_chapter_has_1200_to_2500_words_of_prose(prose):
    assert 1200 <= count_words(prose) <= 2500


@in_chapters
def test_a_chapter_has_the_headings_that_all_chapters_share(notebook, prose):
    assert len(headings(prose, "h1")) == 1
    assert headings(notebook.cells[0].source, "h1"), "the first cell is not the title"
    parts = headings(prose, "h2")
    assert parts[0] == "Predict first"
    assert parts[-4:] == ["When it goes wrong", "Exercises", "What to remember", "Next"]
    assert len(parts) > 5, "there is no section of the chapter's own"


@in_chapters
def test_a_chapter_opens_with_a_question_and_what_the_reader_will_be_able_to_do(prose):
    opening = prose.partition("## Predict first")[0]
    assert "\n> " in opening
    assert "By the end you can" in opening
    assert re.search(r"^[-*] ", opening, re.MULTILINE)


@in_chapters
def test_the_first_guess_has_a_folded_answer(prose):
    assert "{dropdown}" in prose.partition("## Predict first")[2].partition("\n## ")[0]


@in_chapters
def test_what_to_remember_fits_in_five_lines_and_next_is_a_link(prose):
    remember, _, onwards = prose.partition("## What to remember")[2].partition("## Next")
    assert 1 <= len(re.findall(r"^[-*] ", remember, re.MULTILINE)) <= 5
    assert re.search(r"\[[^]]+\]\(\S+\)", onwards)


def test_no_formula_is_numbered_twice(prose):
    # KaTeX numbers these environments itself, and Sphinx does so again.
    assert not NUMBERED_BY_KATEX.search(prose)


@pytest.mark.parametrize("page", sorted((ROOT / "chapters").glob("*.md")) + NOTEBOOKS, ids=lambda path: path.name)
def test_no_page_holds_filler_words(page):
    notebook = page.suffix == ".ipynb" and nbformat.read(page, as_version=4)
    cells = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"] if notebook else [page.read_text()]
    assert fillers_in("\n\n".join(cells)) == []


def test_the_table_of_contents_names_every_page_and_no_other():
    named = re.findall(r"(?:root|file): (\S+)", (ROOT / "_toc.yml").read_text())
    pages = [path for kind in ("*.ipynb", "*.md") for path in (ROOT / "chapters").glob(kind)]
    assert sorted(named) == sorted(path.relative_to(ROOT).with_suffix("").as_posix() for path in pages)


# --------------------------------------------------------------------------------------- the measures used above


def test_words_are_counted_without_code_formulas_and_addresses():
    assert count_words("One *two* `three`, $x + y$ and [five](https://a.example/six) 7.") == 6
    assert count_words("One two {cite}`three2020`, three.") == 3
    assert count_words("$$\na = b\n$$ (label)\n\n```python\nprint(1)\n```\n") == 0
    assert count_words(":::{dropdown} Answer\nIt is three.\n:::") == 4
    assert count_words("```{code-block} python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| c | - |") == 3


def test_fillers_are_found_in_prose_but_not_in_quotes_code_or_longer_words():
    assert fillers_in("It is *simply* so. Let’s dive in.") == ["simply", "Let's dive"]
    assert fillers_in("> I just want to know\n\nAn adjustment: `just()`.\n\n    just = 1\n") == []


# What the page's badge is made from


def test_the_outputs_come_from_the_installed_tensorflow_and_keras(notebook):
    run = notebook.metadata.course
    assert (run.tensorflow, run.keras) == (version("tensorflow"), version("keras"))
    assert date(2026, 1, 1) <= date.fromisoformat(run.stored) <= datetime.now(UTC).date()


@in_chapters
def test_the_run_time_in_the_text_is_the_measured_one_or_near_it(notebook, prose):
    run = notebook.metadata.course
    number, unit, cores = re.search(r"runs in (\d+) (s|min)\w* on (\d+) cores", prose).groups()
    said = int(number) * (60 if unit == "min" else 1)
    hint = "mend the line, or on a busy machine run `make refresh` again later"
    assert int(cores) == run.cores, f"the text says {cores} cores, the run had {run.cores}: {hint}"
    assert 0.5 < said / run.seconds < 2, f"the text says {said} s, the run took {run.seconds} s: {hint}"
