"""The figures of the course: one palette, one style, drawn as SVG that follows the page's light or dark theme.

A figure is the value of its cell. Its alt text stands in the cell's metadata (`mystnb.image.alt`), and the numbers
that it draws are printed beside it. The tests compare it too, to a hundredth of a pixel (conftest.py), so a figure is
re-proved on CI like a number.
"""

import base64
import io
import re

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image

from .checks import first, numbers

# name: (in the light theme, in the dark theme). The colours are Okabe and Ito's, which colour-blind readers tell
# apart (https://jfly.uni-koeln.de/color/), each at a contrast of 3:1 or more to its theme's page.
PALETTE = {
    "ink": ("#222832", "#ced6dd"),
    "faint": ("#8b9199", "#6f7780"),
    "blue": ("#0072b2", "#56b4e9"),
    "vermillion": ("#d55e00", "#e69f00"),
    "green": ("#009e73", "#22b98e"),
    "purple": ("#a8588a", "#cc79a7"),
}
INK, FAINT, BLUE, VERMILLION, GREEN, PURPLE = (light for light, _ in PALETTE.values())

# 12 pt is 16 CSS pixels, the page's own text size; 5.2 inches leave it legible when a phone scales the figure down.
STYLE = {
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 2.5,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "legend.frameon": False,
    "svg.hashsalt": "course",  # ids that are the same in every run
}
WIDTH = 5.2


class Drawing:
    """A figure that Jupyter shows as themed SVG.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to show.
    """

    def __init__(self, figure):
        self.figure = figure

    def __repr__(self):
        """Return a text without an address, so that stored outputs compare equal."""
        return "<figure>"

    def _repr_svg_(self):
        """Return the SVG with every palette colour as a CSS variable that follows the theme."""
        file = io.StringIO()
        with mpl.rc_context(STYLE):
            self.figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
        self.figure.set_layout_engine("none")  # a second layout starts from the first, and ends elsewhere
        svg = file.getvalue()
        svg = svg[svg.index("<svg") :]
        svg = re.sub('(?<=base64,)[^"]+(?=" id="picture-)', _in_few_colours, svg)
        for name, (light, _) in PALETTE.items():
            svg = svg.replace(light, f"var(--{name})")
        rules = [" ".join(f"--{name}: {pair[i]};" for name, pair in PALETTE.items()) for i in (0, 1)]
        dark = f":root {{ {rules[1]} }}"
        if 'id="ink-' in svg:
            dark += " image[id^=ink] { filter: invert(0.85) }"
        style = f"<style>:root {{ {rules[0]} }} @media (prefers-color-scheme: dark) {{ {dark} }}</style>"
        head, body = svg.split(">", 1)
        return f"{head}>{style}{body}"


def _in_few_colours(match):
    """Return the base64 PNG that was matched anew, with a palette of 64 colours.

    It has one byte a pixel where Matplotlib writes four, and less of a scene's noise: a third of the size. Up to 64
    colours stay exact. Of more, MAXCOVERAGE keeps the far ones, such as the red of a traffic light, and `kmeans` moves
    each to the middle of what it stands for; without it the roads turn grainy.
    """
    picture = Image.open(io.BytesIO(base64.b64decode(match[0]))).convert("RGB")
    file = io.BytesIO()
    picture.quantize(64, Image.Quantize.MAXCOVERAGE, kmeans=1).save(file, format="png")
    return base64.b64encode(file.getvalue()).decode()


def _heights(values, name):
    """Return `values` as a float64 array, or raise ValueError where one has no height."""
    heights = numbers(values, name)
    bad = ~np.isfinite(heights)
    if bad.any():
        at = first(bad)
        raise ValueError(f"`{name}` holds {heights[at]} at {at}; a bar needs a finite height.")
    return heights


def bars(panels, ylabel="probability", names=None, colour=BLUE, decimals=2):
    """Draw one small bar chart for each panel, two in a row, all on one scale, the value over each bar.

    Parameters
    ----------
    panels : dict of str to array_like, shape (K,)
        Title and the heights of its bars.
    ylabel : str
        What the heights are.
    names : sequence of str, optional
        Names of the K classes; by default their numbers.
    colour : str
        A colour of the palette.
    decimals : int
        Digits after the point over the bars.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If there is no panel, or a panel is not a row of finite numbers as long as the others.
    """
    if not panels:
        raise ValueError("`panels` is empty; wanted {title: heights}.")
    heights = {title: _heights(values, title) for title, values in panels.items()}
    lengths = {values.shape for values in heights.values()}
    if len(lengths) > 1 or len(next(iter(lengths))) > 1:
        raise ValueError(f"`panels` holds shapes {sorted(lengths)}; wanted one row of the same length each.")
    rows = (len(heights) + 1) // 2
    everything = np.concatenate(list(heights.values()))
    span = max(everything.max(), 0) - min(everything.min(), 0) or 1  # 1 where every bar has height 0
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 2.1 * rows + 0.3), layout="constrained")
        axes = figure.subplots(rows, 2, sharey=True, squeeze=False).ravel()
        for ax, (title, values) in zip(axes, heights.items(), strict=False):
            places = np.arange(len(values))
            ax.bar(places, values, color=colour)
            for place, value in zip(places, values, strict=True):
                below = value < 0
                ax.text(
                    place,
                    value + (-0.02 if below else 0.02) * span,
                    f"{value:.{decimals}f}",
                    ha="center",
                    va="top" if below else "bottom",
                )
            ax.set(title=title, xticks=places, xticklabels=names or [str(i) for i in places])
            ax.set_ylim(
                min(everything.min(), 0) - 0.1 * span * (everything.min() < 0), max(everything.max(), 0) + 0.12 * span
            )
            if everything.min() < 0:
                ax.axhline(0, color=FAINT, linewidth=0.8)
        for ax in axes[len(heights) :]:
            ax.remove()
        figure.supylabel(ylabel, fontsize=12)
        figure.supxlabel("class", fontsize=12)
    return Drawing(figure)


def curves(x, lines, xlabel, ylabel, log=False, points=None):
    """Draw lines over one x axis, told apart by colour and dash and named in a legend.

    Parameters
    ----------
    x : array_like, shape (N,)
        Positions. Where they are integers, such as epochs, so are the ticks.
    lines : dict of str to array_like, shape (N,), or to a tuple (x, heights)
        Name and heights; a line may have positions of its own.
    xlabel, ylabel : str
        What the axes show, with the unit.
    log : bool or "y"
        Draw both axes, or the heights only, logarithmic.
    points : dict of str to (x, y), optional
        Single points to mark and name.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If a line is not as long as `x`, or there are more lines than colours.
    """
    whole = np.asarray(x).dtype.kind in "iu"
    x = numbers(x, "x")
    colours = [BLUE, VERMILLION, GREEN, PURPLE]
    if len(lines) > len(colours):
        raise ValueError(f"`lines` has {len(lines)} lines; the palette tells {len(colours)} apart. Draw two figures.")
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
        ax = figure.subplots()
        if log:
            ax.set(yscale="log", xscale="linear" if log == "y" else "log")
        if whole and ax.get_xscale() == "linear":
            ax.xaxis.get_major_locator().set_params(integer=True)
        for (name, heights), colour, dash in zip(lines.items(), colours, ["-", "--", "-.", ":"], strict=False):
            across, heights = heights if isinstance(heights, tuple) else (x, heights)
            across, heights = numbers(across, "x"), numbers(heights, name)
            if heights.shape != across.shape:
                raise ValueError(f"`lines[{name!r}]` has shape {heights.shape}; `x` has {across.shape}.")
            ax.plot(across, heights, color=colour, linestyle=dash, label=name)
        for name, (across, up) in (points or {}).items():
            ax.plot([across], [up], "o", color=INK)
            ax.annotate(name, (across, up), xytext=(6, -12), textcoords="offset points")
        ax.set(xlabel=xlabel, ylabel=ylabel)
        ax.legend(handlelength=2.4)
    return Drawing(figure)


def gradient(probs, targets, names=None):
    """Draw what the loss asks of each logit: a bar for p, a mark for t, and an arrow from p to t.

    Gradient descent moves a logit along its arrow; the arrow's length is the size of the gradient, `|p - t|`.

    Parameters
    ----------
    probs, targets : array_like, shape (K,)
        Probabilities and the target row.
    names : sequence of str, optional
        Names of the K classes; by default their numbers.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If the two rows differ in shape, or hold NaN or an infinity.
    """
    probs, targets = _heights(probs, "probs"), _heights(targets, "targets")
    if probs.shape != targets.shape or probs.ndim != 1:
        raise ValueError(f"`probs` has shape {probs.shape}, `targets` {targets.shape}; wanted two rows of one length.")
    places = np.arange(len(probs))
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
        ax = figure.subplots()
        ax.bar(places, probs, color=BLUE, width=0.55, label="p")
        ax.hlines(targets, places - 0.4, places + 0.4, color=INK, linewidth=2.5, label="t")
        for place, p, t in zip(places, probs, targets, strict=True):
            arrow = {"arrowstyle": "-|>", "color": VERMILLION, "linewidth": 2.5, "shrinkA": 0, "shrinkB": 0}
            ax.annotate("", (place + 0.4, t), xytext=(place + 0.4, p), arrowprops=arrow)
            ax.text(place, max(p, t) + 0.03, f"{p - t:+.3f}", ha="center")
        ax.set(xlabel="class", ylabel="probability", xticks=places, ylim=(0, 1.15))
        ax.set_xticklabels(names or [str(i) for i in places])
        ax.legend(loc="upper left", ncols=2)
    return Drawing(figure)


def pictures(images, titles, columns=4, height=None):
    """Draw images in rows, each with its title above it.

    Parameters
    ----------
    images : sequence of array_like, shape (H, W) or (H, W, 3)
        Grey values (the ink: 0 is the page, 1 black, or light in the dark theme) or colours, 0 to 1. An image of
        more than 64 colours is shown in 64.
    titles : sequence of str
        One for each image; a line break is allowed.
    columns : int
        Images in a row.
    height : float, optional
        Inches from one row to the next; by default room for a square image and a title of two lines.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If there are not as many titles as images, or an image has another shape or a value outside 0 to 1.
    """
    images = [numbers(image, f"images[{i}]") for i, image in enumerate(images)]
    if not images or len(images) != len(titles):
        raise ValueError(f"{len(images)} images and {len(titles)} titles; wanted one title for each, at least one.")
    for i, image in enumerate(images):
        if image.ndim != 2 and image.shape[2:] != (3,):
            raise ValueError(f"`images[{i}]` has shape {image.shape}; wanted (H, W) or (H, W, 3).")
        bad = ~((image >= 0) & (image <= 1))
        if bad.any():
            raise ValueError(f"`images[{i}]` holds {image[first(bad)]} at {first(bad)}; wanted 0 to 1.")
    rows = -(-len(images) // columns)
    with mpl.rc_context({**STYLE, "axes.titlesize": 11}):
        figure = Figure(figsize=(WIDTH, rows * (height or WIDTH / columns + 0.45)), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).ravel()
        for i, (ax, image, title) in enumerate(zip(axes, images, titles, strict=False)):
            if image.ndim == 2:  # black on nothing; the dark theme inverts what is named ink
                image = np.concatenate([np.zeros((*image.shape, 3)), image[..., None]], axis=-1)
            # Whole bytes, unresampled: the SVG then holds the pixels and nothing else.
            shown = ax.imshow(np.round(255 * image).astype(np.uint8), interpolation="none")
            shown.set_gid(f"{'ink' if image.shape[-1] == 4 else 'picture'}-{i}")
            ax.set_title(title)
        for ax in axes:
            ax.axis("off")
    return Drawing(figure)


def matrix(counts, xlabel, ylabel, names=None):
    """Draw a table of counts as tiles, the darker the larger its share of its row, with the count in each.

    Parameters
    ----------
    counts : array_like of int, shape (K, K)
        Rows and columns are classes.
    xlabel, ylabel : str
        What the columns and the rows are.
    names : sequence of str, optional
        Names of the K classes; by default their numbers.

    Returns
    -------
    Drawing

    Raises
    ------
    ValueError
        If `counts` is not a square table of numbers of 0 or more.
    """
    counts = _heights(counts, "counts")
    if counts.ndim != 2 or counts.shape[0] != counts.shape[1]:
        raise ValueError(f"`counts` has shape {counts.shape}; wanted (K, K).")
    if (counts < 0).any():
        at = first(counts < 0)
        raise ValueError(f"`counts` holds {counts[at]} at {at}; a count is 0 or more.")
    if (counts % 1).any():
        at = first(counts % 1 != 0)
        raise ValueError(f"`counts` holds {counts[at]} at {at}; a count is a whole number.")
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    places = np.arange(len(counts))
    with mpl.rc_context({**STYLE, "font.size": 11}):
        figure = Figure(figsize=(WIDTH, WIDTH), layout="constrained")
        ax = figure.subplots()
        for row, column in np.ndindex(counts.shape):
            if counts[row, column]:
                # A root, so that one in a thousand is still seen; at most 0.4, so that the number is read.
                tile = (column - 0.5, row - 0.5), 1, 1
                ax.add_patch(Rectangle(*tile, color=BLUE, linewidth=0, alpha=0.4 * share[row, column] ** 0.5))
                ax.text(column, row, f"{counts[row, column]:.0f}", ha="center", va="center")
        ax.set(xlim=(-0.5, len(counts) - 0.5), ylim=(len(counts) - 0.5, -0.5), xlabel=xlabel, ylabel=ylabel)
        ax.set(xticks=places, yticks=places, xticklabels=names or places, yticklabels=names or places, aspect="equal")
        ax.tick_params(length=0)
    return Drawing(figure)
