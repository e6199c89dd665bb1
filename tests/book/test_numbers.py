"""Every number in a chapter's prose and in its figures' descriptions stands in what the tests compare, or has a source.

The sources are a compared output, rounded as the prose prints it; the code and the formulas of the chapter, as they
are; and, for one paragraph or one row of a table, the chapters and pages that it links to. So many short numbers stand
in a chapter that one of them somewhere says little: from afar they count only where they are printed as they are.
"""

import re
from functools import cache
from typing import NamedTuple

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from test_notebooks import MARKDOWN, NOTEBOOKS, alt_of, is_exempt

# Chapter -> {the number with the words around it: why nothing that is compared prints it}.
EXCEPTIONS = {
    "01_logits": {"all 60,000 digits of MNIST": "the size of the data set, which its own test reads"},
    "03_cross_entropy": {
        "0.80 and": "1 − 0.205, what the label lacks",
        "± 0.001 in the probability": "the tolerance of the exercise's check",
        "a logit of 1,000": "one of the cases of the exercise's check",
    },
    "04_labels": {
        "37 plays and 5 books": "what the data set holds, by data/README.md",
        "336 times": "84 · 4, both named before it",
        "0 to 31": "the positions in a batch of 32",
    },
    "05_inside_keras": {"lead of 16": "where a probability is clipped to 1e-7", "2018": "the year of a version"},
    "06_field_guide": {"of 3,136,000": "4,000 images of 784 pixels", "reaches −55": "by the question before it"},
    "07_mnist": {"80 for a row": "ten numbers of 8 bytes", "loss of 6.2": "the title of the first picture above"},
    "08_pixels": {"30 valid pixels": "40 less the 10 printed zeros"},
    "09_shakespeare": {
        "characters 0 to 99": "the positions in a window of 100",
    },
    "10_sequences": {"filled from 20 batches": "1,280 rows in batches of 64, both named after it"},
}

# The name of a question or a report, not a measure.
IDENTIFIER = re.compile(r"(?:[Ii]ssues?|Stack (?:Overflow|Exchange)(?: question)?)[ (]+\d{4,}(?: and \d{4,})*")

# Counts, positions in lists, numbers of chapters and exercises: text, where it says "two" as well as "2".
LARGEST_COUNT = 12

# So many cells before and after a number are near it.
NEAR = 5

NUMBER = re.compile(
    r"(?P<minus>(?<![\w)\]}])[-−])?(?<![\w.])"
    r"(?P<digits>\d{1,3}(?:(?:,|_|\{,\})\d{3})+(?!\d)|\d+|(?=\.\d))"
    r"(?P<fraction>\.\d+|\.(?=e[+-]))?(?:[eE](?P<power>[+-]?\d+))?"
    r"(?:[ \xa0]?(?P<percent>\\?%)|[ \xa0](?P<unit>thousand|million|billion)\b)?(?!\w|\.\d)"
)
UNITS = {None: 1, "thousand": 1e3, "million": 1e6, "billion": 1e9}
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


class Number(NamedTuple):
    """A number of a text: where it stands, its value, the step of its last digit, and how it is written."""

    start: int
    end: int
    value: float
    step: float
    signed: bool
    percent: bool
    long: bool


class Unit(NamedTuple):
    """A paragraph, a heading, a row of a table or a description: its words, and the addresses that it links to."""

    text: str
    links: list


class Sources(NamedTuple):
    """The numbers that cells print, which may be rounded, and those that they write; and whether the cells are near."""

    printed: list
    written: list
    near: bool = True


def plain(text):
    """Write powers of ten as a program does: 3.4 × 10⁻⁷ and 3.4 \\cdot 10^{-7} become 3.4e-7."""
    text = re.sub(r"(?<=10)([⁻⁰¹²³⁴-⁹]+)", lambda match: "^" + match[1].translate(RAISED), text)
    text = re.sub(r"(?<=\d)\s*(?:×|·|\\cdot|\\times)\s*10\^\{?(-?\d+)\}?", r"e\1", text)
    return re.sub(r"(?<![\w.])10\^\{?(-?\d+)\}?", r"1e\1", text)


def numbers_in(text):
    """Yield the numbers of a text in the form that `plain` gives; not those in a name or an identifier."""
    for match in NUMBER.finditer(IDENTIFIER.sub(lambda named: "x" * len(named[0]), text)):
        digits = re.sub(r"\D", "", match["digits"]) + (match["fraction"] or "")
        scale = UNITS[match["unit"]] * 10.0 ** int(match["power"] or 0)
        value = float(digits) * scale * (-1 if match["minus"] else 1)
        step = scale * 10.0 ** -max(len(match["fraction"] or "") - 1, 0)
        long = len(digits.replace(".", "").lstrip("0")) >= 3
        yield Number(*match.span(), value, step, bool(match["minus"]), bool(match["percent"]), long)


def is_count(number):
    """Tell whether a number is so small and whole that it needs no source."""
    return number.step == 1 and not number.percent and abs(number.value) <= LARGEST_COUNT


def equals(number, other, tolerance):
    """Compare a number of the prose with one of a source; a share is a percentage too, and words say the sign.

    A source with fewer decimals than the prose proves nothing: a 2 that is printed is not the 2.0 of the text.
    """
    if number.percent == other.percent and number.step < 1 and other.step > 1.01 * number.step:
        return False
    values = [other.value] if number.percent == other.percent else []
    values += [100 * other.value] if number.percent and not other.percent else []
    values += [other.value / 100] if other.percent and not number.percent else []
    values = values if number.signed else map(abs, values)
    return any(abs(number.value - value) <= tolerance + 1e-9 * abs(number.value) for value in values)


def is_in(number, known):
    """Tell whether one of the sources proves a number."""
    return any(
        any(equals(number, other, number.step / 2 if near or number.long else 0) for other in printed)
        or ((near or number.long) and any(equals(number, other, 0) for other in written))
        for printed, written, near in known
    )


def body_of(token):
    """Return the Markdown in a directive, its title first; None for any other token and for code and formulas."""
    directive = token.type in ("fence", "colon_fence") and re.match(r"\{(?!code|math)\S+\}(.*)", token.info.strip())
    return f"{directive[1]}\n\n{token.content}" if directive else None


def units(markdown):
    """Yield the pieces of prose, without code, formulas and block quotes; the body of a directive is prose."""
    quoted, row = 0, None
    for token in MARKDOWN.parse(markdown):
        quoted += token.nesting if token.type.startswith("blockquote") else 0
        if quoted:
            continue
        if body := body_of(token):
            yield from units(body)
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            yield Unit(" | ".join(unit.text for unit in row), [link for unit in row for link in unit.links])
            row = None
        elif token.type == "inline":
            links = [child.attrs["href"] for child in token.children if child.type == "link_open"]
            words = re.sub(r"^\([\w-]+\)=\s*", "", "".join(map(words_of, token.children)))  # not a link's target
            unit = Unit(plain(words), links)
            if row is None:
                yield unit
            else:
                row.append(unit)


def words_of(child):
    """Return a part of a line as words: an address is none, and a mark stands for a formula or a name in code."""
    if child.type in ("text", "image"):
        return re.sub(r"https?://\S+", "", child.content)
    return " " if child.type == "softbreak" else "`" * bool(child.content)


def formulas(markdown):
    """Yield the formulas, the code spans and the code blocks of the prose, those in directives too."""
    for token in MARKDOWN.parse(markdown):
        if body := body_of(token):
            yield from formulas(body)
        elif token.type == "inline":
            yield from (child.content for child in token.children if child.type in ("math_inline", "code_inline"))
        elif token.type.startswith("math_block") or token.type in ("fence", "colon_fence", "code_block"):
            yield token.content


def outputs_of(cell):
    """Return what a cell prints or shows as text."""
    return "\n".join(
        output.get("data", {}).get("text/plain", "") if output.output_type != "stream" else output.text
        for output in cell.outputs
        if output.get("name") != "stderr"
    )


def titles_of(cell):
    """Return the words that a figure of matplotlib holds, which stand in comments; not the bare numbers of its axes."""
    figures = [output.get("data", {}).get("image/svg+xml", "") for output in cell.outputs]
    return "\n".join(re.findall(r"<!-- (.*?[^\W\d].*?) -->", "\n".join(figures)))


@cache
def numbers_of(text):
    """Return the different numbers of a text as a tuple."""
    return tuple(dict.fromkeys(numbers_in(plain(text))))


def sources_of(cells, near=True):
    """Return the numbers of the cells' compared outputs, and those of their code and formulas."""
    code = [cell for cell in cells if cell.cell_type == "code"]
    printed = [outputs_of(cell) for cell in code if not is_exempt(cell)]
    written = [cell.source if cell.cell_type == "code" else "\n".join(formulas(cell.source)) for cell in cells]
    return Sources(*([number for text in texts for number in numbers_of(text)] for texts in (printed, written)), near)


@cache
def read(path):
    """Return a chapter's sources, for the chapters that link to it."""
    return sources_of(nbformat.read(path, as_version=4).cells)


@cache
def claims_of(path):
    """Return what in a chapter needs a source."""
    return list(claims(nbformat.read(path, as_version=4)))


def linked(links):
    """Yield the sources of the chapters among the addresses."""
    yield from (read(path) for path in NOTEBOOKS if any(path.name in link for link in links))


def claims(notebook):
    """Yield each number that needs a source: the text, its place in it, and the sources that count there.

    The line of the reading and run time has a test of its own, and a page on the web that a paragraph links to is not
    read. A description may also quote what the figure itself says, and that of an exempt figure what its cell prints:
    both are as little compared. The versions are those of which a test proves that they are installed.
    """
    run = notebook.metadata.get("course", {})
    versions = " ".join(".".join(run.get(name, "").split(".")[:2]) for name in ("python", "tensorflow", "keras"))
    everywhere = [sources_of(notebook.cells, near=False), Sources([], numbers_of(versions))]
    for place, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            pieces, own = units(cell.source), []
        else:
            seen = titles_of(cell) + (outputs_of(cell) if is_exempt(cell) else "")
            padded = [number._replace(step=0) for number in numbers_of(seen)]  # NumPy prints 0.2 for 0.200
            pieces, own = [Unit(plain(alt_of(cell)), [])], [Sources(padded, [])]
        around = sources_of(notebook.cells[max(place - NEAR, 0) : place + NEAR + 1])
        for text, links in pieces:
            if not text.startswith("Reading time ") and not any(link.startswith("http") for link in links):
                known = [around, *everywhere, *own, *linked(links)]
                yield from ((text, number, known) for number in numbers_in(text) if not is_count(number))


def unproved(claims):
    """List each number without a source, as the text and its place in it."""
    return [(text, number) for text, number, known in claims if not is_in(number, known)]


def excuse(stem, text, number):
    """Return the exception that covers a number of a chapter, or None."""
    for phrase in EXCEPTIONS.get(stem, {}):
        spans = [match.span() for match in re.finditer(re.escape(phrase), text)]
        if any(start <= number.start and number.end <= end for start, end in spans):
            return phrase
    return None


def changed(text, number):
    """Yield the number as it stands after a slip of one digit, for each digit."""
    token = text[number.start : number.end]
    for place, digit in enumerate(token):
        if digit.isdecimal():
            yield from numbers_in(f"{token[:place]}{(int(digit) + 3) % 10}{token[place + 1 :]}")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_number_of_a_chapter_is_printed_or_has_a_source(path):
    found = [(text, number) for text, number in unproved(claims_of(path)) if not excuse(path.stem, text, number)]
    quotes = [text[max(number.start - 40, 0) : number.end + 20] for text, number in found]
    assert not quotes, f"no compared cell prints the number in the middle of: {quotes}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_exception_is_needed_and_says_why(path):
    used = {excuse(path.stem, text, number) for text, number in unproved(claims_of(path))} - {None}
    assert used == set(EXCEPTIONS.get(path.stem, {}))
    assert all(EXCEPTIONS.get(path.stem, {}).values())
    assert EXCEPTIONS.keys() <= {path.stem for path in NOTEBOOKS}


def test_a_slip_of_one_digit_in_a_decimal_or_a_long_number_is_mostly_found():
    slips = [
        is_count(slip) or is_in(slip, known)
        for path in NOTEBOOKS
        for text, number, known in claims_of(path)
        if number.step < 1 or number.value >= 100
        for slip in changed(text, number)
    ]
    assert len(slips) > 500
    assert sum(slips) < 0.1 * len(slips)


# ------------------------------------------------------------------------------------------ on chapters made up for it


def chapter(*markdown, prints="0.4169 22,026 -0.205 39% 1.4e-07 2300000", tags=(), alt="", title=""):
    """Return a chapter of the given prose after a cell that prints."""
    shown = new_output("display_data", {"image/svg+xml": f"<svg><!-- {title} --></svg>", "text/plain": "<figure>"})
    outputs = [new_output("stream", name="stdout", text=prints), shown]
    cell = new_code_cell("rate, rows = 0.003, 60_000", outputs=outputs)
    cell.metadata = {"tags": list(tags), "mystnb": {"image": {"alt": alt}}}
    return new_notebook(cells=[cell, *map(new_markdown_cell, markdown)])


def found(notebook):
    """List the numbers without a source as they stand in the text."""
    return [text[number.start : number.end] for text, number in unproved(claims(notebook))]


PLACES = (
    "It is {}.",
    "## It is {}",
    "- It is **{}**,\n  as said.",
    "| a | b |\n|---|---|\n| c | {} |",
    ":::{{dropdown}} Answer\nIt is {}.\n:::",
    "```{{dropdown}} It is {}\nSo.\n```",
    "::::{{admonition}} Note\n:::{{dropdown}} Answer\nIt is {}.\n:::\n::::",
)


@pytest.mark.parametrize("place", PLACES)
def test_a_wrong_digit_is_found_wherever_it_stands(place):
    assert found(chapter(place.format("0.42"))) == []
    assert found(chapter(place.format("0.43"))) == ["0.43"]


def test_a_wrong_digit_in_a_description_is_found():
    assert found(chapter(alt="A line that ends at 0.42.")) == []
    assert found(chapter(alt="A line that ends at 0.41.")) == ["0.41"]


RIGHT_AND_WRONG = """
0.417 / 0.416; 42 % / 41 %; 41.7 % / 41.9 %; 39 % / 38 %; 0.39 / 0.38; 22,026 / 22,027; 22026 / 220260; −0.205 / −0.204;
0.205 / 0.21 %; −0.21 / −0.42; 1.4 × 10⁻⁷ / 1.4 × 10⁻⁶; 2.3 million / 2.4 million; 0.003 / 0.0031; 60,000 / 61,000
"""


@pytest.mark.parametrize("pair", RIGHT_AND_WRONG.strip().split(";"), ids=str.strip)
def test_a_number_agrees_with_its_source_as_it_is_rounded_and_written(pair):
    right, wrong = pair.strip().split(" / ")
    assert found(chapter(f"It is {right}, then.")) == []
    assert found(chapter(f"It is {wrong}, then.")) != []


def test_a_source_with_fewer_decimals_than_the_prose_is_none_and_what_is_only_written_is_not_rounded():
    assert found(chapter("It is 20.", prints="20.0")) == []
    assert found(chapter("It is 20.0 and 0.00.", prints="20")) == ["20.0", "0.00"]


def test_a_short_number_from_afar_counts_only_as_it_is_printed():
    between = ["So."] * NEAR
    assert found(chapter("It is 0.42.")) == []
    assert found(chapter(*between, "It is 0.42 of 0.417 or 39 %.")) == ["0.42"]


def test_a_formula_or_code_in_the_prose_is_a_source_and_needs_none():
    assert found(chapter("It is 2.718, for $e^{0.99} = 2.718$ and `0.77`.\n\n$$x = 0.66$$\n\n```\n0.55\n```")) == []
    assert found(chapter("It is 2.719, for $e^{0.99} = 2.718$.")) == ["2.719"]
    assert found(chapter("It is 4.2e-6.\n\n$$x = 4.2 \\cdot 10^{-6}$$")) == []


def test_what_an_exempt_cell_prints_is_a_source_for_its_own_figure_only():
    tags = ("nbval-ignore-output",)
    assert found(chapter("It is 0.42.", tags=tags)) == ["0.42"]
    assert found(chapter(tags=tags, alt="A line that ends at 0.42.")) == []
    assert found(chapter(tags=tags, alt="A line that ends at 0.43.")) == ["0.43"]


def test_the_words_in_a_figure_are_a_source_for_its_description_only():
    assert found(chapter(alt="A digit with a loss of 12.7.", title="loss = 12.7")) == []
    assert found(chapter(alt="A line that ends at 12.7.", title="12.7")) == ["12.7"]
    assert found(chapter("It is 12.7.", title="loss = 12.7")) == ["12.7"]


def test_a_link_is_a_source_for_its_own_paragraph_or_row_only():
    assert found(chapter("[They](https://a.example) report 0.77.\n\nIt is 0.78.")) == ["0.78"]
    assert found(chapter("| a |\n|---|\n| [b](https://a.example) 0.77 |\n| 0.78 |")) == ["0.78"]


def test_a_link_to_a_chapter_counts_for_what_that_chapter_prints():
    there = "It was 0.99995 in [chapter 2](02_softmax.ipynb)."
    assert found(chapter(there)) == []
    assert found(chapter(there.replace("0.99995", "0.99994"))) == ["0.99994"]
    assert found(chapter("It was 0.99995.")) == ["0.99995"]


def test_quotes_counts_names_and_identifiers_need_no_source():
    assert found(chapter("> It is 0.77.\n\n12 of float32, L2, v2.77.1 (Stack Overflow 41327601 and 42081257)")) == []
    assert found(chapter("13 of 0.77")) == ["13", "0.77"]
