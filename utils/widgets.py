"""The course's widgets: live in Jupyter through anywidget, and on the book's pages through `_static/widgets/host.mjs`.

The modules in `_static/widgets/` are the same in both places. A widget is the value of its cell; its stored output is
the HTML that the page shows until the widget starts, or without JavaScript, and nbval compares it.
"""

import html
import json
import re
from pathlib import Path

import anywidget
import numpy as np
import traitlets

from utils.checks import numbers
from utils.losses import log_softmax
from utils.plots import PALETTE

MODULES = Path(__file__).resolve().parent.parent / "_static" / "widgets"


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

    def neighbour(match):
        return re.sub(r"^export ", "", module(match[1]), flags=re.MULTILINE)

    return re.sub(r'^import \{[^}]*\} from "\./(.+)";\n', neighbour, (MODULES / name).read_text(), flags=re.MULTILINE)


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


class LogitLab(Widget):
    """Sliders for up to six logits: probabilities, loss, gradient, temperature, and a naive softmax that overflows.

    Parameters
    ----------
    logits : array_like, shape (K,)
        Where the sliders start, 2 to 6 numbers.
    label : int
        Position of the label, 0 to K − 1.
    names : sequence of str, optional
        Names of the classes; by default their numbers.
    temperature : float
        What the logits are divided by, 0.1 to 10.
    shift : float
        What the table below the sliders adds to every logit, −120 to 120.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """

    MODULE = "logit-lab.mjs"
    STATE = ("logits", "label", "names", "temperature", "shift")
    _esm = module(MODULE)
    logits = traitlets.List(traitlets.Float()).tag(sync=True)
    label = traitlets.Int().tag(sync=True)
    names = traitlets.List(traitlets.Unicode()).tag(sync=True)
    temperature = traitlets.Float().tag(sync=True)
    shift = traitlets.Float().tag(sync=True)

    def __init__(self, logits, label=0, names=None, temperature=1.0, shift=0.0):
        logits = _row(logits, label)
        if not 0.1 <= temperature <= 10:
            raise ValueError(f"`temperature` is {temperature}; wanted 0.1 to 10, what the slider reaches.")
        if not -120 <= shift <= 120:
            raise ValueError(f"`shift` is {shift}; wanted −120 to 120, what the slider reaches.")
        names = [f"class {k}" for k in range(len(logits))] if names is None else list(names)
        if len(names) != len(logits):
            raise ValueError(f"`names` has {len(names)} names for {len(logits)} logits; wanted one for each.")
        super().__init__(logits=logits, label=label, names=names, temperature=float(temperature), shift=float(shift))

    def fallback(self):
        """Return the state as a table with a bar for each probability."""
        # Not through cross_entropy, which refuses logits such as [1, 0]: they could be probabilities.
        log_probs = log_softmax(self.logits, temperature=self.temperature)
        probs = np.exp(log_probs)
        gradient = (probs - np.eye(len(probs))[self.label]) / self.temperature
        # On the page classes can be added, without a name, and taken away.
        names = [*self.names, *(f"class {k}" for k in range(len(self.names), len(probs)))][: len(probs)]
        rows = [
            (name, f"{z:g}".replace("-", "−"), _bar(p, f"{p:.4f}"), f"{slope:+.4f}".replace("-", "−"))
            for name, z, p, slope in zip(names, self.logits, probs, gradient, strict=True)
        ]
        caption = (
            f"The label is {names[self.label]}, the loss −log p = {0.0 - log_probs[self.label]:.4f} nats. "
            "With JavaScript the numbers can be moved."
        )
        return _table(caption, ("class", "logit z", "probability p", "gradient"), rows)


class LabelLab(Widget):
    """One label as an integer and as a one-hot row, in range and out of it, and what both cost in memory.

    Parameters
    ----------
    logits : array_like, shape (K,)
        The row that the label belongs to, 2 to 6 numbers.
    label : int
        Position of the label, 0 to K − 1; the slider also reaches positions out of range.
    classes : int
        Where the slider of the memory starts, 2 to 1,000,000 classes.
    labels : int
        How many labels the memory is computed for, 1 or more.

    Raises
    ------
    ValueError
        If an argument is not as above.
    """

    MODULE = "label-lab.mjs"
    STATE = ("logits", "label", "classes", "labels")
    _esm = module(MODULE)
    logits = traitlets.List(traitlets.Float()).tag(sync=True)
    label = traitlets.Int().tag(sync=True)
    classes = traitlets.Int().tag(sync=True)
    labels = traitlets.Int().tag(sync=True)

    def __init__(self, logits, label=0, classes=10, labels=3200):
        if not 2 <= classes <= 1_000_000:
            raise ValueError(f"`classes` is {classes}; wanted 2 to 1,000,000, what the slider reaches.")
        if labels < 1:
            raise ValueError(f"`labels` is {labels}; wanted 1 or more.")
        super().__init__(logits=_row(logits, label), label=label, classes=classes, labels=labels)

    def fallback(self):
        """Return the one-hot row as a table, each position with its share of the loss."""
        surprise = -log_softmax(self.logits)
        rows = [
            (str(k), f"{each:.4f}", str(int(k == self.label)), f"{each if k == self.label else 0:.4f}")
            for k, each in enumerate(surprise)
        ]
        answer = f" has no output among 0 to {len(surprise) - 1}"  # the slider can move it there
        if 0 <= self.label < len(surprise):
            answer = f": picked or multiplied out, the loss is {surprise[self.label]:.4f} nats"
        caption = (
            f"Label {self.label}{answer}. "
            f"{self.labels:,} labels of {self.classes:,} classes take {4 * self.labels:,} bytes as integers (int32), "
            f"{4 * self.labels * self.classes:,} as one-hot rows (float32). With JavaScript the label can be moved."
        )
        return _table(caption, ("position", "−log p", "one-hot t", "t · (−log p)"), rows)


def _row(logits, label):
    """Return `logits` as a list, or raise ValueError where they are no row with that label."""
    logits = numbers(logits, "logits")
    if logits.ndim != 1 or not 2 <= len(logits) <= 6 or not np.isfinite(logits).all():
        raise ValueError(f"`logits` is {logits.tolist()}; wanted a row of 2 to 6 finite numbers.")
    if label not in range(len(logits)):  # nor is 1.5 or "1"
        raise ValueError(f"`label` is {label}; wanted a position among the {len(logits)} logits, from 0.")
    return logits.tolist()


def _table(caption, columns, rows):
    """Return an HTML table; the cells of `rows` are text, or HTML from `_bar`."""
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr><th scope='row'>{html.escape(first)}</th>{''.join(f'<td>{each}</td>' for each in rest)}</tr>"
        for first, *rest in rows
    )
    return (
        f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _bar(share, text):
    """Return a bar as inline SVG beside the number that it shows."""
    return (
        "<svg width='100' height='10' aria-hidden='true'>"
        f"<rect width='{100 * share:.1f}' height='10' fill='var(--blue)'/></svg> {text}"
    )
