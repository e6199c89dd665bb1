"""What every widget shares: its module in one piece, the HTML that stands for it, the weights that it may ask for."""

import html
import json
import re
from pathlib import Path

import anywidget

from ..plots import PALETTE

MODULES = Path(__file__).resolve().parents[2] / "_static" / "widgets"
MODELS = MODULES.parents[1] / "data" / "models"  # not taken from utils.nets, which starts TensorFlow
# A line that imports a neighbour: at the head of a module, or by load.mjs where it is needed, inside a function.
IMPORT = re.compile(r'^ *(?:import|const) \{[^}]*\} (?:from |= await load\()"\./(.+)"\)?;\n', re.MULTILINE)


def palette_css():
    """Return the figures' palette as CSS for the book's pages and JupyterLab, which name their themes differently."""
    light, dark = (" ".join(f"--{name}: {pair[theme]};" for name, pair in PALETTE.items()) for theme in (0, 1))
    dark_pages = 'html[data-theme="dark"], body[data-jp-theme-light="false"]'
    return f":root {{ {light} }}\n{dark_pages} {{ {dark} }}\n"


def module(name):
    """Return a widget's module in one piece: Jupyter runs it from memory, where it cannot import its neighbours.

    Parameters
    ----------
    name : str
        The file in `_static/widgets/`, such as "logit-lab.mjs".
    """
    inlined = {"load.mjs"}  # with it nothing is loaded later: all is here

    def in_one_piece(name):
        text = (MODULES / name).read_text()
        neighbours = "".join(neighbour(each) for each in IMPORT.findall(text))
        return neighbours + IMPORT.sub("", text)

    def neighbour(name):
        if name in inlined:  # a second copy would declare the same names again
            return ""
        inlined.add(name)
        return re.sub(r"^export ", "", in_one_piece(name), flags=re.MULTILINE)

    return in_one_piece(name)


class Widget(anywidget.AnyWidget):
    """A widget whose stored output is the HTML of `fallback`, with its name and state for the page's host."""

    _css = palette_css()

    def __repr__(self):
        """Return a text without an address, so that stored outputs compare equal."""
        return f"<{type(self).__name__}>"

    def page_html(self):
        """Return the HTML that stands for the widget on a page."""
        state = {key: getattr(self, key) for key in self.STATE}
        name = Path(self.MODULE).stem
        return (
            f'<div class="course-widget" data-widget="{name}" data-props="{html.escape(json.dumps(state))}">'
            f"{self.fallback()}</div>"
        )

    def _repr_mimebundle_(self, **kwargs):
        live = super()._repr_mimebundle_(**kwargs)
        data, metadata = live if isinstance(live, tuple) else (live or {}, {})
        return {**data, "text/plain": repr(self), "text/html": self.page_html()}, metadata


class ModelWidget(Widget):
    """A widget that runs a trained network in the browser: it sends the page the weights that `modelFrom` asks for.

    The message `{"type": "weights", "name": …}` is answered by one with the `manifest` and the stored bytes as its
    buffer, or with an `error`, a sentence. On a book's page there is no Python, and the files are fetched.
    """

    def __init__(self, **state):
        super().__init__(**state)
        self.on_msg(self._answer)

    def _answer(self, widget, content, buffers):
        if not isinstance(content, dict) or content.get("type") != "weights":
            return
        name = content.get("name")
        reply = {"type": "weights", "name": name}
        # Looked up among what is there: a name is never made a path.
        if name not in [path.stem for path in MODELS.glob("*.json")]:
            self.send({**reply, "error": f"There is no trained network {name!r} in data/models."})
            return
        try:
            manifest = json.loads((MODELS / f"{name}.json").read_text())
            weights = (MODELS / f"{name}.bin").read_bytes()
        except (OSError, ValueError):
            self.send({**reply, "error": f"The files of {name} cannot be read: make models MODEL={name}"})
            return
        self.send({**reply, "manifest": manifest}, buffers=[weights])


def table(caption, columns, rows):
    """Return an HTML table; the cells of `rows` are text, or HTML from `bar`."""
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr><th scope='row'>{html.escape(first)}</th>{''.join(f'<td>{each}</td>' for each in rest)}</tr>"
        for first, *rest in rows
    )
    return (
        f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def bar(share, text):
    """Return a bar as inline SVG beside the number that it shows."""
    return (
        "<svg width='100' height='10' aria-hidden='true'>"
        f"<rect width='{100 * share:.1f}' height='10' fill='var(--blue)'/></svg> {text}"
    )
