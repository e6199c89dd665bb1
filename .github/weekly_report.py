"""Write what the weekly run found as Markdown, and nothing where all is equal.

    python3 .github/weekly_report.py RESULTS 3.11 3.12 3.13

RESULTS holds the run's artifacts: for each Python `newest-3.11/` with the new lock and what pytest wrote (tests.xml, or
tests-alone.xml where `make test` stopped before its tests), and `links/` with the output.json of Sphinx's linkcheck.
"""

import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
COLOUR = re.compile(r"#x1B\[[\d;]*m")  # as pytest writes a terminal's colours in XML
GUARD = re.compile(r"test_the_book_is_still_true_of_the_installed_keras\[(.*)\]", re.DOTALL)
REFUSED = re.compile(r"(401|403|418|429|5\d\d) ")  # such hosts turn a program away, and may well answer a reader
LONGEST = 60_000  # characters; GitHub takes 65 536


def in_code(text):
    """Return the text in Markdown's code style."""
    return "`" + text.replace("`", "'") + "`"


def failures(path):
    """Yield a heading and a line for each test that failed in a JUnit file."""
    for case in ElementTree.parse(path).iter("testcase"):
        failed = case.find("failure")
        failed = case.find("error") if failed is None else failed
        if failed is None:
            continue
        room, name = case.get("classname"), case.get("name")
        guard = GUARD.match(name)
        if room.startswith("chapters."):
            text = COLOUR.sub("", failed.text or "")
            source = re.search(r"^Input:\n(.*)", text, re.MULTILINE)
            reason = re.search(r"^Cell \d+: (.*)", text, re.MULTILINE)
            place = f"In [{int(name.removeprefix('Cell ')) + 1}]"  # nbval counts from 0, Jupyter from 1
            line = f"{place} {in_code(source[1])}" if source else place
            line += f": {reason[1] if reason else text.strip()}"
            yield f"Cells of {room.removeprefix('chapters.')}", line
        elif guard:  # pytest writes other characters than ASCII as \u2212
            yield "Sentences of chapter 5 that are no longer true of Keras", guard[1].encode().decode("unicode_escape")
        else:
            yield "Other tests", in_code(f"{room}::{name}")


def tests_of(folder):
    """Yield a heading and a line for all that was found with one Python."""
    whole, alone = folder / "tests.xml", folder / "tests-alone.xml"
    if whole.exists():
        yield from failures(whole)
    elif alone.exists():
        yield "The run", "`make test` stopped in the linter or in the book's build; its tests were run alone"
        yield from failures(alone)
    else:
        yield "The run", "no test was run"


def dead_links(path):
    """Yield a line for each link that leads nowhere."""
    if not path.exists():
        yield "the links were not checked"
        return
    for line in path.read_text().splitlines():
        link = json.loads(line)
        if link["status"] == "broken" and not REFUSED.match(link["info"]):
            yield f"{link['filename']}: {link['uri']} ({in_code(link['info'][:200])})"


def newer(old, new):
    """Say which of the packages named in requirements.in have another version in the new lock."""
    named = re.findall(r"^[\w.-]+", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    versions = [dict(re.findall(r"^([\w.-]+)==([\w.!+-]+)", lock, re.MULTILINE)) for lock in (old, new)]
    before, after = ({name: lock.get(name) for name in named} for lock in versions)
    return [f"{name} {before[name]} → {after[name]}" for name in named if before[name] != after[name]]


def report(results, pythons):
    """Return the whole report: an empty text where nothing was found."""
    found = defaultdict(lambda: defaultdict(list))
    for python in pythons:
        for heading, line in tests_of(results / f"newest-{python}"):
            if python not in found[heading][line]:
                found[heading][line].append(python)
    for line in dead_links(results / "links" / "output.json"):
        found["Links"][line] = []
    if not found:
        return ""
    new = next(iter(sorted(results.glob("newest-*/requirements.txt"))), None)
    changed = newer((ROOT / "requirements.txt").read_text(), new.read_text()) if new else []
    parts = [f"Against the lock: {', '.join(changed) or 'no newer version of what requirements.in names'}."]
    for heading in sorted(found):
        parts.append(f"## {heading}")
        parts.append("\n".join(f"- {line}" + f" ({', '.join(by)})" * bool(by) for line, by in found[heading].items()))
    text = "\n\n".join(parts)
    return (text if len(text) < LONGEST else text[:LONGEST] + "\n\n… and more") + "\n\n"


if __name__ == "__main__":
    print(report(Path(sys.argv[1]), sys.argv[2:]), end="")
