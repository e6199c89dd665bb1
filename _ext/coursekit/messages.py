"""The index of error messages and warnings: read from what the cells print, with the line that mends each.

Such a cell has in its metadata `messages`, which maps the first words of each to the line that mends it.
"""

import json
import re
from itertools import pairwise
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

MESSAGE = re.compile(r"\w*(Error|Warning): ")  # how one begins

WIDTH = 80  # of `utils.checks.error_shown`, and of what chapters wrap themselves


def unwrapped(lines):
    """Join the first of some lines with those that `textwrap.fill` has broken off it."""
    text = lines[0]
    for before, line in pairwise(lines):
        if MESSAGE.match(line) or len(before) + 1 + len(line.partition(" ")[0]) <= WIDTH:
            break
        text += " " + line
    return text


def printed(cell):
    """Return what a cell prints."""
    return "".join("".join(output.get("text", "")) for output in cell["outputs"])


def messages_of(cell):
    """List the messages of a cell, as (whole message, line that mends it); ValueError where it does not print one."""
    lines, found = printed(cell).splitlines(), []
    for start, mends in cell["metadata"].get("messages", {}).items():
        at = next((i for i, line in enumerate(lines) if start in line), None)
        if at is None:
            raise ValueError(f"cell {cell['id']} does not print {start!r}")
        whole = unwrapped(lines[at:]) if start != lines[at] else start
        found.append((whole[whole.index(start) :], mends))
    return found


def index_of(folder):
    """Return the index as a definition list in Markdown, in alphabetical order; a message may have two cells."""
    found = {}
    for path in sorted(Path(folder).glob("*.ipynb")):
        name = f"Chapter {int(path.stem[:2])}" if path.stem[0].isdecimal() else "Short answers"
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "code":
                link = f"[{name}]({path.name}#cell-{cell['id']})"
                for number, message in enumerate(messages_of(cell)):
                    found.setdefault(message, []).append((f"message-{cell['id']}-{number}", link))
    return "\n\n".join(
        f"[]{{#{links[0][0]}}}{code(message)}\n: {mends} {', '.join(link for _, link in links)}."
        for (message, mends), links in sorted(found.items(), key=lambda item: item[0][0].lower().lstrip("`"))
    )


def code(text):
    """Return a text as a span of code, whatever marks it holds."""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    return f"{fence} {text} {fence}" if "`" in text else f"{fence}{text}{fence}"


class MessagesDirective(SphinxDirective):
    """The index of the messages of all chapters: ```{messages}```."""

    def run(self):
        """Return the definition list."""
        markdown = index_of(Path(self.env.doc2path(self.env.docname)).parent)
        here = nodes.container(classes=["messages"])
        self.state.nested_parse(StringList(markdown.splitlines(), source=self.env.docname), self.lineno, here)
        return [here]
