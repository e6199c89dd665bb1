"""What is looked up: each question, claim, message and term leads to a cell, and its numbers stand in that cell.

The pages quote the notebooks and are checked against them; the index of messages and the search are made from them.
"""

import re
from functools import cache
from typing import NamedTuple

import nbformat
import pytest
from coursekit import messages
from test_notebooks import NOTEBOOKS, ROOT, is_exempt
from test_numbers import Unit, is_count, is_in, numbers_in, plain, sources_of, units

PAGES = {name: (ROOT / "chapters" / f"{name}.md").read_text() for name in ("questions", "claims", "terms")}
CELL = re.compile(r"(\w+)\.ipynb#cell-([\w-]+)")
ELSEWHERE = re.compile(r"\[[^\]]*\]\(https?://[^)\s]*\)")


@cache
def cells_of(stem):
    """Return the cells of a notebook by their ids."""
    path = next(path for path in NOTEBOOKS if path.stem == stem)
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def unproved(text, links):
    """List the numbers of a text that no cell among its links prints, as compared, or has in its code."""
    cells = [cells_of(stem).get(cell) for link in links for stem, cell in CELL.findall(link)]
    known = [sources_of([cell for cell in cells if cell])]
    return [text[n.start : n.end] for n in numbers_in(text) if not is_count(n) and not is_in(n, known)]


def lost(links):
    """List the cells that links name and no notebook has."""
    return [f"{stem}#{cell}" for link in links for stem, cell in CELL.findall(link) if cell not in cells_of(stem)]


# ----------------------------------------------------------------------------------------------------------- questions


class Entry(NamedTuple):
    """A question of the page: its target, its heading, and the Markdown of its answer."""

    name: str
    question: str
    answer: str


def entries(markdown):
    """List the questions of a page: `(target)=`, a heading, an answer, which ends where a list or a group begins."""
    found = re.split(r"^\(([\w-]+)\)=\n### (.+)\n", markdown, flags=re.MULTILINE)[1:]
    parts = zip(found[::3], found[1::3], found[2::3], strict=True)
    return [
        Entry(name, question, re.split(r"^(?:## |- )", answer, flags=re.MULTILINE)[0])
        for name, question, answer in parts
    ]


def faults_of(entry):
    """List what is wrong with a question: no link to a cell, a cell that is not there, a number that no cell prints."""
    links = [match[0] for match in CELL.finditer(entry.answer)]
    faults = [] if links else ["links to no cell"]
    faults += lost(links)
    for unit in [Unit(plain(entry.question), []), *units(ELSEWHERE.sub("", entry.answer))]:
        faults += unproved(unit.text, links)
    return faults


SHORT_ANSWERS = "\n\n".join(cell.source for cell in cells_of("answers").values() if cell.cell_type == "markdown")


def test_every_question_has_an_answer_with_a_cell_that_prints_its_numbers():
    faults = {entry.name: faults_of(entry) for entry in entries(PAGES["questions"])}
    assert {name: found for name, found in faults.items() if found} == {}


def test_every_short_answer_is_named_on_the_page_of_questions_and_stands_above_its_cell():
    named = re.findall(r"^- \[(.+)\]\(answers\.ipynb#([\w-]+)\)$", PAGES["questions"], re.MULTILINE)
    asked = [(entry.question, entry.name) for entry in entries(SHORT_ANSWERS)]
    assert sorted(named) == sorted(asked)
    kinds = [cell.cell_type for cell in cells_of("answers").values()]
    asking = [i for i, cell in enumerate(cells_of("answers").values()) if cell.source.startswith("(x-")]
    assert {kinds[i + 1] for i in asking} == {"code"}


@pytest.mark.parametrize(
    ("entry", "faults"),
    [
        (Entry("a", "Which?", "The last: 0.66524 in [chapter 2](02_softmax.ipynb#cell-30e97ef4)."), []),
        (Entry("a", "Why 0.66523?", "So: [chapter 2](02_softmax.ipynb#cell-30e97ef4)."), ["0.66523"]),
        (Entry("a", "Why?", "0.66523: [chapter 2](02_softmax.ipynb#cell-30e97ef4)."), ["0.66523"]),
        (
            Entry("a", "Why?", "0.66524: [chapter 2](02_softmax.ipynb#cell-30e97ef5)."),
            ["02_softmax#30e97ef5", "0.66524"],
        ),
        (Entry("a", "Why?", "So: [keras#7749](https://a.example/7749)."), ["links to no cell"]),
    ],
)
def test_a_wrong_digit_a_lost_cell_and_a_missing_link_are_found(entry, faults):
    assert faults_of(entry) == faults


# -------------------------------------------------------------------------------------------------------------- claims

VERDICT = re.compile(r"^(Holds|Wrong|No longer true|Misleading|Not said|Answer)\. ")


def rows(markdown):
    """List the rows of the tables: what is claimed, what a run shows, and the links."""
    found = [(unit.text.rpartition(" | "), unit.links) for unit in units(ELSEWHERE.sub("", markdown))]
    return [(claim, shown, links) for (claim, line, shown), links in found if line and shown != "A run shows"]


def test_every_claim_has_a_verdict_and_a_cell_that_prints_its_numbers():
    faults = {}
    for claim, shown, links in rows(PAGES["claims"]):
        found = lost(links) + unproved(shown, links)
        found += [] if VERDICT.match(shown) else ["has no verdict"]
        found += [] if any(CELL.search(link) for link in links) else ["links to no cell"]
        if found:
            faults[claim[:60]] = found
    assert faults == {}


# --------------------------------------------------------------------------------------------------------------- terms


def terms(markdown):
    """List the entries of the glossary, as the lines that name them and the definition."""
    glossary = re.search(r"```\{glossary\}\n(.*?)```", markdown, re.DOTALL)[1]
    blocks = [block.splitlines() for block in re.split(r"\n\n+", glossary.strip())]
    return [
        ([line for line in block if line[0] != " "], " ".join(line.strip() for line in block if line[0] == " "))
        for block in blocks
    ]


def test_every_term_has_a_definition_with_a_cell_and_no_name_twice():
    named = [name for names, _ in terms(PAGES["terms"]) for name in names]
    assert len(named) == len(set(named))
    for names, definition in terms(PAGES["terms"]):
        links = [match[0] for match in CELL.finditer(definition)]
        assert links, names
        numbers = [number for unit in units(definition) for number in unproved(unit.text, links)]
        assert lost(links) + numbers == [], names


def test_every_symbol_has_a_meaning_a_shape_and_a_cell():
    table = [line for line in PAGES["terms"].splitlines() if line.startswith("| ") and "---" not in line]
    symbols = [line for line in table if not line.endswith("| Chapter |")]
    for line in symbols:
        assert line.count(" | ") == 3, line
        assert lost([line]) == [], line
        assert CELL.search(line), line


def test_every_reference_is_cited_and_every_citation_is_a_reference():
    known = re.findall(r"^@\w+\{(\w+),", (ROOT / "chapters" / "references.bib").read_text(), re.MULTILINE)
    pages = [cell.source for path in NOTEBOOKS for cell in cells_of(path.stem).values()]
    cited = {
        key for page in pages for keys in re.findall(r"\{cite\}`([^`]+)`", page) for key in re.split(r",\s*", keys)
    }
    assert len(known) == len(set(known))
    assert set(known) == cited


# ------------------------------------------------------------------------------------------------------------ messages


def cells_that_print_messages():
    """Yield each cell that prints an error or a warning, or says that it does; not the hints of the exercises."""
    for path in NOTEBOOKS:
        for cell in cells_of(path.stem).values():
            if cell.cell_type == "code" and ": not yet." not in messages.printed(cell):
                lines = [line for line in messages.printed(cell).splitlines() if messages.MESSAGE.match(line)]
                if lines or "messages" in cell.metadata:
                    yield path.stem, cell, lines


def test_every_message_that_a_cell_prints_is_in_the_index_with_what_mends_it():
    for stem, cell, lines in cells_that_print_messages():
        known = messages.messages_of(cell)
        assert not is_exempt(cell), cell.id
        assert all(mends.endswith(".") for _, mends in known), (stem, cell.id)
        for line in lines:
            assert any(message.startswith(line.strip()) for message, _ in known), (stem, cell.id, line)


def test_a_message_is_read_whole_and_a_first_word_that_no_cell_prints_is_an_error():
    output = {"text": "before\nValueError: " + "word " * 13 + "\nand the rest.\nTypeError: other\nafter\n"}
    mends = {"ValueError: word": "Do.", "TypeError": "Do it."}
    cell = {"id": "a", "outputs": [output], "metadata": {"messages": mends}}
    whole = "ValueError: " + "word " * 13 + " and the rest."
    assert messages.messages_of(cell) == [(whole, "Do."), ("TypeError: other", "Do it.")]
    cell["metadata"]["messages"] = {"KeyError": "Do."}
    with pytest.raises(ValueError, match="cell a does not print 'KeyError'"):
        messages.messages_of(cell)


# ------------------------------------------------------------------------------------------------------------- the sum


def test_the_counts_are_those_that_the_pages_can_be_held_to(capsys):
    pages = "\n\n".join([*PAGES.values(), SHORT_ANSWERS])
    questions = [*entries(PAGES["questions"]), *entries(SHORT_ANSWERS)]
    counts = {
        "questions": len(questions),
        "links to cells": len(CELL.findall(pages)),
        "quoted numbers": sum(
            not is_count(number)
            for page in (PAGES["questions"], PAGES["claims"], SHORT_ANSWERS)
            for unit in units(ELSEWHERE.sub("", page))
            for number in numbers_in(unit.text)
        ),
        "messages": sum(len(messages.messages_of(cell)) for _, cell, _ in cells_that_print_messages()),
        "claims": len(rows(PAGES["claims"])),
        "terms": len(terms(PAGES["terms"])),
    }
    with capsys.disabled():
        print(f"\nlooked up: {', '.join(f'{count:,} {name}' for name, count in counts.items())}")
    assert len({entry.name for entry in questions}) == counts["questions"] >= 149
    assert counts["messages"] >= 70
    assert counts["claims"] >= 320
    assert counts["terms"] >= 180
