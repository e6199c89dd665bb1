"""The figures show the numbers they were given, follow the theme, and are the same text in every run.

Longer than other files: each kind of figure is drawn, read back as SVG, and refused once for every bad argument.
"""

import base64
import io
import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import same_color
from PIL import Image

from utils.plots import (
    BLUE,
    FAINT,
    GREEN,
    INK,
    PALETTE,
    PURPLE,
    STYLE,
    VERMILLION,
    WIDTH,
    bars,
    curves,
    gradient,
    matrix,
    pictures,
)

PANELS = {"logits": [2.0, -1.0, 0.5], "halved": [1.0, -0.5, 0.25], "shifted": [3.0, 0.0, 1.5]}
COUNTS = [[980, 0, 20], [3, 0, 0], [0, 1, 1]]
RAMP = np.linspace(0, 1, 28 * 28).reshape(28, 28)
COLOURS = np.linspace(0, 1, 6 * 8 * 3).reshape(6, 8, 3)
HEX = re.compile("#[0-9a-fA-F]{3,8}\\b")

FIGURES = {
    "one panel": lambda: bars({"p": [0.1, 0.2, 0.7]}),
    "three panels": lambda: bars(PANELS, ylabel="logit", names=["cat", "dog", "owl"], colour=GREEN),
    "four panels": lambda: bars({str(i): [i, i + 1] for i in range(4)}),
    "bars of height 0": lambda: bars({"p": [0, 0]}),
    "lines": lambda: curves(
        [1, 2, 3], {name: [3, 1, 2] for name in "abcd"}, "logit", "loss (nats)", points={"here": (2, 1)}
    ),
    "logarithmic lines": lambda: curves([1, 10, 100], {"bytes": [4, 40, 400]}, "classes", "bytes", log=True),
    "lines over logarithmic heights": lambda: curves([1, 2, 3], {"loss": [1, 0.1, 1e-3]}, "epoch", "loss", log="y"),
    "pictures": lambda: pictures([RAMP, RAMP.T, 1 - RAMP, RAMP, RAMP], ["a 7", "a 1,\nread as 7", "", "4", "5"]),
    "coloured pictures": lambda: pictures([COLOURS, COLOURS[::-1]], ["street", "mask"], columns=2, height=2.2),
    "a matrix": lambda: matrix(COUNTS, "read as", "label", ["cat", "dog", "owl"]),
    "a matrix of ten classes": lambda: matrix(np.eye(10) * 990 + 1, "read as", "label"),
    "a gradient": lambda: gradient([0.1, 0.2, 0.7], [0, 1, 0], ["cat", "dog", "owl"]),
    "a gradient of 0": lambda: gradient([0.25, 0.75], [0.25, 0.75]),
}


@pytest.fixture(params=FIGURES.values(), ids=FIGURES)
def make(request):
    return request.param


def texts(ax):
    return [text.get_text() for text in ax.texts]


def heights(ax):
    return [patch.get_height() for patch in ax.patches]


def luminance(colour):
    """Return the relative luminance that WCAG 2 defines for sRGB."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return np.dot([0.2126, 0.7152, 0.0722], linear)


def contrast(one, other):
    dark, light = sorted([luminance(one), luminance(other)])
    return (light + 0.05) / (dark + 0.05)


# The palette


def test_contrast_is_what_wcag_says_of_known_pairs():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", PALETTE)
@pytest.mark.parametrize(("theme", "page"), [(0, "#ffffff"), (1, "#14181e")], ids=["light", "dark"])
def test_every_colour_stands_out_from_its_page(name, theme, page):
    assert contrast(PALETTE[name][theme], page) >= (4.5 if name == "ink" else 3)


def test_no_colour_is_used_twice_in_a_theme():
    for theme in zip(*PALETTE.values(), strict=True):
        assert len(set(theme)) == len(PALETTE)


# The SVG


@pytest.mark.filterwarnings("error")
def test_the_svg_is_the_same_each_time_it_is_drawn(make):
    drawing = make()
    svg = drawing._repr_svg_()
    assert drawing._repr_svg_() == svg
    with mpl.rc_context({"font.size": 30, "svg.hashsalt": "another"}):  # a chapter's own settings change nothing
        assert drawing._repr_svg_() == svg
        assert make()._repr_svg_() == svg


def test_the_svg_is_xml_of_the_width_of_the_style_and_carries_no_date(make):
    svg = make()._repr_svg_()
    root = ET.fromstring(svg)
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert float(root.get("width").removesuffix("pt")) == pytest.approx(72 * WIDTH)
    assert float(root.get("height").removesuffix("pt")) > 72 * 2
    assert len(svg) < 60_000
    assert not re.search(r"<dc:date>|<dc:creator>|\b20[0-9][0-9]-[0-9][0-9]|Matplotlib v", svg)


def test_every_colour_of_the_svg_follows_the_theme(make):
    svg = make()._repr_svg_()
    style = re.search(
        r"<style>(:root \{.*?\}) (@media \(prefers-color-scheme: dark\) \{ :root \{.*?\} \})</style>", svg
    )
    light, dark = style.groups()
    for name, pair in PALETTE.items():
        assert f"--{name}: {pair[0]};" in light
        assert f"--{name}: {pair[1]};" in dark
    drawn = svg.replace(style.group(), "")
    assert HEX.findall(re.sub(r'(xlink:href="|url\()#\w+', "", drawn)) == []
    assert not re.search(r"\b(black|white|rgb)\b", drawn)
    used = set(re.findall(r"var\(--(\w+)\)", drawn))
    assert "ink" in used
    assert used <= set(PALETTE)


def test_a_drawing_prints_no_address():
    assert repr(bars({"p": [1.0]})) == "<figure>"


def test_figures_leave_the_settings_of_matplotlib_alone(make):
    before = dict(mpl.rcParams)
    make()._repr_svg_()
    assert dict(mpl.rcParams) == before
    assert mpl.rcParams["font.size"] != STYLE["font.size"]


# bars


def test_bars_have_the_heights_and_the_values_over_them():
    drawing = bars(PANELS, names=["cat", "dog", "owl"], colour=PURPLE)
    assert drawing.figure.get_supylabel() == "probability"
    assert [ax.get_title() for ax in drawing.figure.axes] == list(PANELS)
    for ax, values in zip(drawing.figure.axes, PANELS.values(), strict=True):
        assert heights(ax) == values
        assert texts(ax) == [f"{value:.2f}" for value in values]
        assert [label.get_text() for label in ax.get_xticklabels()] == ["cat", "dog", "owl"]
        assert all(same_color(patch.get_facecolor(), PURPLE) for patch in ax.patches)
        assert ax.get_ylim() == drawing.figure.axes[0].get_ylim()


def test_a_value_stands_just_outside_its_bar():
    (ax,) = bars({"z": [2.0, -2.0]}).figure.axes
    over, under = ax.texts
    assert over.get_position() == (0, pytest.approx(2.08))
    assert under.get_position() == (1, pytest.approx(-2.08))
    assert (over.get_va(), under.get_va()) == ("bottom", "top")
    assert ax.get_ylim() == pytest.approx((-2.4, 2.48))


def test_bars_take_numbers_for_names_and_any_count_of_decimals():
    (ax,) = bars({"p": [0.125, 0.875]}, ylabel="share", decimals=3).figure.axes
    assert texts(ax) == ["0.125", "0.875"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1"]
    assert ax.figure.get_supylabel() == "share"
    assert ax.get_ylim() == pytest.approx((0, 0.875 * 1.12))
    assert all(same_color(patch.get_facecolor(), BLUE) for patch in ax.patches)


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3)])
def test_two_panels_stand_in_a_row_and_no_empty_one_is_left(count, rows):
    axes = bars({str(i): [0.5, 0.5] for i in range(count)}).figure.axes
    assert len(axes) == count
    assert axes[0].get_gridspec().get_geometry() == (rows, 2)


def test_a_zero_line_is_drawn_where_a_bar_goes_below_it():
    (below,) = bars({"z": [1, -1]}).figure.axes
    (above,) = bars({"z": [1, 0]}).figure.axes
    assert [same_color(line.get_color(), FAINT) for line in below.lines] == [True]
    assert list(below.lines[0].get_ydata()) == [0, 0]
    assert list(above.lines) == []


@pytest.mark.parametrize(
    ("panels", "message"),
    [
        ({}, r"^`panels` is empty; wanted \{title: heights\}\.$"),
        (
            {"p": [1, 2], "q": [1, 2, 3]},
            r"^`panels` holds shapes \[\(2,\), \(3,\)\]; wanted one row of the same length",
        ),
        ({"p": [[1, 2]]}, r"^`panels` holds shapes \[\(1, 2\)\]; wanted one row of the same length each\.$"),
        ({"p": [1, 2], "q": [0.5, np.nan]}, r"^`q` holds nan at \(1,\); a bar needs a finite height\.$"),
        ({"p": [-np.inf, 1]}, r"^`p` holds -inf at \(0,\); a bar needs a finite height\.$"),
        ({"p": ["a", "b"]}, r"^`p` holds <U1 values; wanted real numbers\."),
        ({"p": 0.5}, r"^`p` is a single number; wanted at least one axis"),
    ],
)
def test_bars_refuse_what_they_cannot_draw(panels, message):
    with pytest.raises(ValueError, match=message):
        bars(panels)


# curves


def test_curves_carry_the_data_names_and_labels():
    lines = {"a": [3, 1, 2], "b": [0.5, 0.25, 0.125], "c": [1, 1, 1], "d": [0, -1, -2]}
    (ax,) = curves([1, 2, 3], lines, "logit", "loss (nats)").figure.axes
    assert [line.get_xdata().tolist() for line in ax.lines] == [[1, 2, 3]] * 4
    assert [line.get_ydata().tolist() for line in ax.lines] == list(lines.values())
    assert [line.get_color() for line in ax.lines] == [BLUE, VERMILLION, GREEN, PURPLE]
    assert [line.get_linestyle() for line in ax.lines] == ["-", "--", "-.", ":"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(lines)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("logit", "loss (nats)")
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "linear")
    assert texts(ax) == []


def test_epochs_have_whole_ticks_and_other_numbers_what_suits_them():
    for x, whole in ((np.arange(2, 7), True), (np.linspace(2, 6, 5), False)):
        (ax,) = curves(x, {"a": np.ones(5)}, "epoch", "loss").figure.axes
        ticks = ax.get_xticks()
        assert len(ticks) >= 3
        assert (ticks % 1 == 0).all() == whole


def test_both_axes_are_logarithmic_on_request():
    (ax,) = curves([1, 10], {"bytes": [4, 40]}, "classes", "bytes", log=True).figure.axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "log")


def test_the_heights_alone_are_logarithmic_on_request():
    (ax,) = curves([0, 10], {"loss": [4, 0.4]}, "epoch", "loss", log="y").figure.axes
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[0, 4], [10, 0.4]]]


def test_a_line_may_have_positions_of_its_own():
    (ax,) = curves([0, 1], {"a": [4, 5], "b": ([0, 3, 9], [6, 7, 8])}, "epoch", "loss").figure.axes
    assert [line.get_xydata().tolist() for line in ax.lines] == [[[0, 4], [1, 5]], [[0, 6], [3, 7], [9, 8]]]


def test_points_are_marked_and_named_where_they_are():
    (ax,) = curves([1, 2], {"a": [1, 2]}, "x", "y", points={"start": (1, 1), "end": (2, 2)}).figure.axes
    assert texts(ax) == ["start", "end"]
    assert [annotation.xy for annotation in ax.texts] == [(1, 1), (2, 2)]
    assert [line.get_xydata().tolist() for line in ax.lines[1:]] == [[[1, 1]], [[2, 2]]]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a"]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ({"a": [1, 2], "b": [1, 2, 3]}, r"^`lines\['b'\]` has shape \(3,\); `x` has \(2,\)\.$"),
        (dict.fromkeys("abcde", (1, 2)), r"^`lines` has 5 lines; the palette tells 4 apart\. Draw two figures\.$"),
        ({"a": ["u", "v"]}, r"^`a` holds <U1 values; wanted real numbers\."),
    ],
)
def test_curves_refuse_what_they_cannot_draw(lines, message):
    with pytest.raises(ValueError, match=message):
        curves([1, 2], lines, "x", "y")


def test_curves_refuse_an_x_without_numbers():
    with pytest.raises(ValueError, match=r"^`x` is a single number"):
        curves(1.0, {"a": [1]}, "x", "y")


# gradient


def test_a_gradient_shows_p_t_and_their_difference():
    probs, targets = [0.1, 0.2, 0.7], [0.0, 1.0, 0.0]
    (ax,) = gradient(probs, targets, ["cat", "dog", "owl"]).figure.axes
    assert heights(ax) == probs
    marks = ax.collections[0].get_segments()
    assert [mark[:, 1].tolist() for mark in marks] == [[t, t] for t in targets]
    assert [mark[:, 0].mean() for mark in marks] == pytest.approx([0, 1, 2])
    arrows = [text for text in ax.texts if not text.get_text()]
    assert [(arrow.xyann[1], arrow.xy[1]) for arrow in arrows] == list(zip(probs, targets, strict=True))
    assert all(arrow.xyann[0] == arrow.xy[0] for arrow in arrows)
    values = [text for text in ax.texts if text.get_text()]
    assert [value.get_text() for value in values] == ["+0.100", "-0.800", "+0.700"]
    assert [value.get_position()[1] for value in values] == pytest.approx([0.13, 1.03, 0.73])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["cat", "dog", "owl"]
    assert sorted(text.get_text() for text in ax.get_legend().get_texts()) == ["p", "t"]
    assert ax.get_ylim() == (0, 1.15)
    assert same_color(ax.collections[0].get_color(), INK)


def test_a_gradient_numbers_its_classes_by_default():
    (ax,) = gradient([0.5, 0.5], [1, 0]).figure.axes
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1"]


@pytest.mark.parametrize(
    ("probs", "targets", "message"),
    [
        ([0.5, 0.5], [1, 0, 0], r"^`probs` has shape \(2,\), `targets` \(3,\); wanted two rows of one length\.$"),
        ([[0.5, 0.5]], [[1, 0]], r"^`probs` has shape \(1, 2\), `targets` \(1, 2\); wanted two rows of one length\.$"),
        ([0.5, np.nan], [1, 0], r"^`probs` holds nan at \(1,\); a bar needs a finite height\.$"),
        ([0.5, 0.5], [np.inf, 0], r"^`targets` holds inf at \(0,\); a bar needs a finite height\.$"),
    ],
)
def test_a_gradient_refuses_rows_that_do_not_fit(probs, targets, message):
    with pytest.raises(ValueError, match=message):
        gradient(probs, targets)


# pictures


def pngs(drawing):
    """Return the PNG files that the SVG holds, as bytes."""
    coded = re.findall(r'"data:image/png;base64,([^"]+)"', drawing._repr_svg_())
    return [base64.b64decode(code) for code in coded]


def pixels(drawing):
    """Return the images that the SVG holds, as arrays of bytes (H, W, 4)."""
    return [np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")) for png in pngs(drawing)]


def test_the_svg_holds_each_grey_value_once_as_black_ink_on_nothing():
    flat = np.full((3, 5), 0.2)  # a picture without 0 and 1 is not stretched to them
    drawn = pixels(pictures([RAMP, flat], ["a", "b"]))
    assert [image.shape for image in drawn] == [(28, 28, 4), (3, 5, 4)]
    for image, grey in zip(drawn, (RAMP, flat), strict=True):
        assert not image[..., :3].any()
        np.testing.assert_array_equal(image[..., 3], np.round(255 * grey))


def test_the_svg_holds_colours_as_they_are():
    (drawn,) = pixels(pictures([COLOURS], ["street"]))
    np.testing.assert_array_equal(drawn[..., :3], np.round(255 * COLOURS))
    assert (drawn[..., 3] == 255).all()


@pytest.mark.parametrize("count", [1, 23, 64])
def test_up_to_64_colours_stay_exact(count):
    colours = 100 + np.indices((4, 4, 4)).reshape(3, -1).T[:count]  # hard to tell apart
    image = colours[np.arange(24 * 32).reshape(24, 32) % count]
    (drawn,) = pixels(pictures([image / 255], "a"))
    np.testing.assert_array_equal(drawn[..., :3], image)


def test_a_noisy_scene_takes_few_bytes_and_keeps_what_is_small_and_bright():
    noise = np.random.default_rng(0).normal(0, 6, (96, 128, 3))
    scene = np.clip(np.linspace((70, 110, 170), (90, 90, 90), 96)[:, None] + noise, 0, 255).round()
    lights = scene[40:43, 60] = [(191, 25, 25), (217, 158, 25), (51, 217, 102)]
    drawing = pictures([scene / 255], "a")
    (png,), drawn = pngs(drawing), pixels(drawing)[0][..., :3]
    assert len(png) < 96 * 128  # a byte a pixel before compression
    np.testing.assert_array_equal(drawn[40:43, 60], lights)
    assert np.sqrt(np.square(drawn - scene).mean()) < 6 / 2  # half the noise


def test_ink_alone_turns_light_in_the_dark_theme():
    dark = r"@media \(prefers-color-scheme: dark\) \{ :root \{[^{}]*\} "
    svg = pictures([RAMP, COLOURS, RAMP], "abc")._repr_svg_()
    assert re.findall(r'<image [^>]*\bid="([^"]+)"', svg) == ["ink-0", "picture-1", "ink-2"]
    (share,) = re.findall(dark + r"image\[id\^=ink\] \{ filter: invert\(([\d.]+)\) \} \}", svg)
    light = f"{round(255 * float(share)):02x}"
    assert contrast(f"#{3 * light}", "#14181e") >= 7
    assert "invert" not in pictures([COLOURS], "a")._repr_svg_()
    assert "invert" not in bars({"ink": [1.0]})._repr_svg_()


def test_pictures_may_be_lists_bytes_of_0_and_1_or_float32():
    for image in ([[0, 1], [1, 0]], np.eye(2, dtype=np.uint8)[::-1], np.eye(2, dtype=np.float32)[::-1]):
        (drawn,) = pixels(pictures([image], ["a"]))
        assert drawn[..., 3].tolist() == [[0, 255], [255, 0]]


@pytest.mark.parametrize(
    ("count", "more", "rows", "columns"),
    [(1, {}, 1, 4), (4, {}, 1, 4), (5, {}, 2, 4), (8, {}, 2, 4), (5, {"columns": 2}, 3, 2), (3, {"columns": 3}, 1, 3)],
)
def test_pictures_stand_in_rows_under_their_titles(count, more, rows, columns):
    titles = [f"{i}\nread as {i + 1}" for i in range(count)]
    figure = pictures([RAMP / (i + 1) for i in range(count)], titles, **more).figure
    assert figure.axes[0].get_gridspec().get_geometry() == (rows, columns)
    assert [ax.get_title() for ax in figure.axes] == titles + [""] * (rows * columns - count)
    for i, ax in enumerate(figure.axes):
        assert not ax.axison
        assert len(ax.images) == (i < count)
        if i < count:
            np.testing.assert_array_equal(ax.images[0].get_array()[..., 3], np.round(255 * RAMP / (i + 1)))
    assert figure.get_size_inches() == pytest.approx([WIDTH, rows * (WIDTH / columns + 0.45)])


def test_the_height_of_a_row_can_be_set():
    assert pictures([RAMP] * 3, "abc", columns=2, height=1.5).figure.get_size_inches() == pytest.approx([WIDTH, 3])


@pytest.mark.parametrize(
    ("images", "titles", "message"),
    [
        ([RAMP, RAMP], ["a"], r"^2 images and 1 titles; wanted one title for each, at least one\.$"),
        ([RAMP], ["a", "b"], r"^1 images and 2 titles; wanted one title for each, at least one\.$"),
        ([], [], r"^0 images and 0 titles; wanted one title for each, at least one\.$"),
        ([RAMP, RAMP[0]], "ab", r"^`images\[1\]` has shape \(28,\); wanted \(H, W\) or \(H, W, 3\)\.$"),
        ([RAMP[..., None]], "a", r"^`images\[0\]` has shape \(28, 28, 1\); wanted \(H, W\) or \(H, W, 3\)\.$"),
        ([COLOURS[None]], "a", r"^`images\[0\]` has shape \(1, 6, 8, 3\); wanted \(H, W\) or"),
        ([RAMP, 255 * RAMP], "ab", r"^`images\[1\]` holds 1\.302\d* at \(0, 4\); wanted 0 to 1\.$"),
        ([RAMP - 1], "a", r"^`images\[0\]` holds -1\.0 at \(0, 0\); wanted 0 to 1\.$"),
        ([[[0.5, np.nan]]], "a", r"^`images\[0\]` holds nan at \(0, 1\); wanted 0 to 1\.$"),
        ([[["a"]]], "a", r"^`images\[0\]` holds <U1 values; wanted real numbers\."),
    ],
)
def test_pictures_refuse_what_they_cannot_draw(images, titles, message):
    with pytest.raises(ValueError, match=message):
        pictures(images, titles)


# matrix


def test_a_matrix_shows_each_count_but_0_in_its_place():
    (ax,) = matrix(COUNTS, "read as", "label", ["cat", "dog", "owl"]).figure.axes
    shown = {text.get_position()[::-1]: text.get_text() for text in ax.texts}
    assert shown == {(0, 0): "980", (0, 2): "20", (1, 0): "3", (2, 1): "1", (2, 2): "1"}
    assert [(p.get_y() + 0.5, p.get_x() + 0.5) for p in ax.patches] == list(shown)
    assert {(patch.get_width(), patch.get_height()) for patch in ax.patches} == {(1, 1)}
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("read as", "label")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["cat", "dog", "owl"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["cat", "dog", "owl"]
    assert ax.get_xlim() == (-0.5, 2.5)
    assert ax.get_ylim() == (2.5, -0.5)  # the first row on top


def test_a_tile_is_the_darker_the_larger_its_share_of_its_row():
    (ax,) = matrix([[75, 25], [4, 0]], "read as", "label").figure.axes
    assert [patch.get_alpha() for patch in ax.patches] == pytest.approx([0.4 * 0.75**0.5, 0.2, 0.4])
    assert all(same_color(patch.get_facecolor()[:3], BLUE) for patch in ax.patches)


@pytest.mark.parametrize(("theme", "page"), [(0, "#ffffff"), (1, "#14181e")], ids=["light", "dark"])
def test_a_count_is_read_on_the_darkest_tile(theme, page):
    (ax,) = matrix([[1]], "read as", "label").figure.axes
    (tile,) = ax.patches
    assert tile.get_alpha() == 0.4
    over, under = (np.array([int(c[i : i + 2], 16) for i in (1, 3, 5)]) for c in (PALETTE["blue"][theme], page))
    mixed = np.round(tile.get_alpha() * over + (1 - tile.get_alpha()) * under).astype(int)
    assert same_color(ax.texts[0].get_color(), INK)
    assert contrast(PALETTE["ink"][theme], "#" + "".join(f"{c:02x}" for c in mixed)) >= 4.5


def test_a_matrix_numbers_its_classes_by_default_and_takes_a_row_without_counts():
    (ax,) = matrix([[0, 0], [2, 0]], "read as", "label").figure.axes
    assert texts(ax) == ["2"]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["0", "1"]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([[1, 2, 3], [4, 5, 6]], r"^`counts` has shape \(2, 3\); wanted \(K, K\)\.$"),
        ([1, 2], r"^`counts` has shape \(2,\); wanted \(K, K\)\.$"),
        ([[[1]]], r"^`counts` has shape \(1, 1, 1\); wanted \(K, K\)\.$"),
        ([[1, 2], [3, -4]], r"^`counts` holds -4\.0 at \(1, 1\); a count is 0 or more\.$"),
        ([[1, np.nan], [3, 4]], r"^`counts` holds nan at \(0, 1\); "),
        ([["a"]], r"^`counts` holds <U1 values; wanted real numbers\."),
        (3, r"^`counts` is a single number"),
    ],
)
def test_a_matrix_refuses_what_it_cannot_draw(counts, message):
    with pytest.raises(ValueError, match=message):
        matrix(counts, "read as", "label")
