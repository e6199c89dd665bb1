"""What is looked up: each question, claim and term leads to a cell that exists, and its numbers stand in that cell."""

import re
from functools import cache
from typing import NamedTuple

import nbformat
import pytest
from coursekit import messages
from test_notebooks import CHAPTERS, is_exempt
from test_numbers import Unit, is_count, is_in, numbers_in, plain, sources_of, units

CELL = re.compile(r"(\w+)\.ipynb#cell-([\w-]+)")
OUTSIDE = re.compile(r"\[[^\]]*\]\(https?://[^)\s]*\)")


@cache
def cells_of(stem):
    """Return the cells of a chapter by their ids."""
    path = next(path for path in CHAPTERS if path.stem == stem)
    return {cell.id: cell for cell in nbformat.read(path, as_version=4).cells}


def unproved(text, links):
    """List the numbers of a text that none of the cells that it links to prints or has in its code."""
    cells = [cells_of(stem).get(cell) for link in links for stem, cell in CELL.findall(link)]
    known = [sources_of([cell for cell in cells if cell])]
    return [text[n.start : n.end] for n in numbers_in(text) if not is_count(n) and not is_in(n, known)]


class Entry(NamedTuple):
    """A question of the page: its target, its heading, and the Markdown of its answer."""

    name: str
    question: str
    answer: str


def entries(markdown):
    """List the questions of a page: `(target)=`, a heading, an answer."""
    found = re.split(r"^\(([\w-]+)\)=\n### (.+)\n", markdown, flags=re.MULTILINE)[1:]
    parts = zip(found[::3], found[1::3], found[2::3], strict=True)
    return [Entry(name, question, re.split(r"^## ", answer, flags=re.MULTILINE)[0]) for name, question, answer in parts]


def faults_of(entry):
    """List what is wrong with an entry: no link to a cell, a cell that is not there, a number that no cell prints."""
    links = [f"{stem}.ipynb#cell-{cell}" for stem, cell in CELL.findall(entry.answer)]
    faults = [] if links else ["links to no cell"]
    faults += [f"no cell {cell} in {stem}" for stem, cell in CELL.findall(entry.answer) if cell not in cells_of(stem)]
    inside = OUTSIDE.sub("", entry.answer)
    for unit in [Unit(plain(entry.question), []), *units(inside)]:
        faults += [f"{number} is in no linked cell" for number in unproved(unit.text, links)]
    return faults


def row_faults(markdown):
    """List the faults of the tables of claims: the last column is proved by the cells that the row links to."""
    faults = []
    for unit in units(OUTSIDE.sub("", markdown)):
        claim, line, verdict = unit.text.rpartition(" | ")
        if line and any("#cell-" in link for link in unit.links):
            faults += [f"{claim[:50]}: {number} is in no linked cell" for number in unproved(verdict, unit.links)]
            faults += [
                f"{claim[:50]}: no cell {cell} in {stem}"
                for link in unit.links
                for stem, cell in CELL.findall(link)
                if cell not in cells_of(stem)
            ]
        elif line and claim not in ("It says", "It asks"):
            faults.append(f"{claim[:50]}: links to no cell")
    return faults


# ------------------------------------------------------------------------------------------------------------ messages


def cells_that_print_messages():
    """Yield each cell of a chapter that prints an error or a warning or says that it does; not the exercises' hints."""
    for path in CHAPTERS:
        for cell in nbformat.read(path, as_version=4).cells:
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
    cell = {
        "id": "a",
        "outputs": [output],
        "metadata": {"messages": {"ValueError: word": "Do.", "TypeError": "Do it."}},
    }
    whole = "ValueError: " + "word " * 13 + " and the rest."
    assert messages.messages_of(cell) == [(whole, "Do."), ("TypeError: other", "Do it.")]
    cell["metadata"]["messages"] = {"KeyError": "Do."}
    with pytest.raises(ValueError, match="cell a does not print 'KeyError'"):
        messages.messages_of(cell)
