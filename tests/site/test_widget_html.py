"""The widgets in Python: what they refuse, and the HTML that a page shows until a lab starts."""

import html
import json
import re
import subprocess

import numpy as np
import pytest
from labs import LABEL_LAB, ROW, START, cells_of

from utils import widgets
from utils.losses import cross_entropy, cross_entropy_gradient, log_softmax, softmax

LOGIT_LAB = {"logits": START, "label": 1, "names": ["cat", "dog", "bird"], "temperature": 0.5, "shift": -3}


@pytest.mark.parametrize(
    ("make", "change", "named"),
    [
        (widgets.LogitLab, {"logits": [1.0]}, "logits"),
        (widgets.LogitLab, {"logits": [0.0] * 7}, "logits"),
        (widgets.LogitLab, {"logits": [[1.0, 2.0, 3.0]]}, "logits"),
        (widgets.LogitLab, {"logits": [1.0, np.nan, 2.0]}, "logits"),
        (widgets.LogitLab, {"logits": [1.0, np.inf, 2.0]}, "logits"),
        (widgets.LogitLab, {"logits": ["a", "b", "c"]}, "logits"),
        (widgets.LogitLab, {"label": 3}, "label"),
        (widgets.LogitLab, {"label": -1}, "label"),
        (widgets.LogitLab, {"label": 1.5}, "label"),
        (widgets.LogitLab, {"label": "dog"}, "label"),
        (widgets.LogitLab, {"names": ["cat", "dog"]}, "names"),
        (widgets.LogitLab, {"temperature": 0.09}, "temperature"),
        (widgets.LogitLab, {"temperature": 10.1}, "temperature"),
        (widgets.LogitLab, {"temperature": np.nan}, "temperature"),
        (widgets.LogitLab, {"shift": 121}, "shift"),
        (widgets.LogitLab, {"shift": -121}, "shift"),
        (widgets.LabelLab, {"logits": [1.0]}, "logits"),
        (widgets.LabelLab, {"label": 5}, "label"),
        (widgets.LabelLab, {"label": -1}, "label"),
        (widgets.LabelLab, {"classes": 1}, "classes"),
        (widgets.LabelLab, {"classes": 1_000_001}, "classes"),
        (widgets.LabelLab, {"labels": 0}, "labels"),
    ],
    ids=lambda each: str(each) if isinstance(each, dict) else "",
)
def test_an_argument_that_a_lab_cannot_show_is_refused_by_name(make, change, named):
    good = LOGIT_LAB if make is widgets.LogitLab else LABEL_LAB
    make(**good)
    with pytest.raises(ValueError, match=f"^`{named}` .*(wanted|holds|is not)"):
        make(**good | change)


def state_of(text):
    """Return the state that a widget's HTML holds for the page's host."""
    return json.loads(html.unescape(re.search(r'data-props="([^"]*)"', text)[1]))


@pytest.mark.parametrize(
    ("make", "given", "name"),
    [(widgets.LogitLab, LOGIT_LAB, "logit-lab"), (widgets.LabelLab, LABEL_LAB, "label-lab")],
)
def test_the_html_holds_the_state_whatever_types_it_came_in(make, given, name):
    types = {list: np.array, int: np.int64, float: np.float64}
    as_numpy = {key: types[type(value)](value) if key != "names" else value for key, value in given.items()}
    text = make(**as_numpy).page_html()
    assert text.startswith(f'<div class="course-widget" data-widget="{name}" data-props="')
    assert state_of(text) == given
    assert text == make(**given).page_html()
    assert "np." not in text


def test_the_table_of_the_logit_lab_has_the_numbers_of_the_course():
    caption, rows = cells_of(widgets.LogitLab(**LOGIT_LAB).page_html())
    logits = np.array(START) / 0.5
    columns = zip(
        LOGIT_LAB["names"], START, softmax(START, temperature=0.5), cross_entropy_gradient(1, logits) / 0.5, strict=True
    )
    assert rows == [
        [each.replace("-", "−") for each in (name, f"{z:g}", f"{p:.4f}", f"{slope:+.4f}")]
        for name, z, p, slope in columns
    ]
    assert f"The label is dog, the loss −log p = {cross_entropy(1, logits):.4f} nats." in caption


def test_the_bars_of_the_table_are_as_long_as_the_probabilities():
    widths = re.findall(r"<rect width='([\d.]+)'", widgets.LogitLab(START).page_html())
    np.testing.assert_allclose([float(each) for each in widths], 100 * softmax(START), atol=0.05)


def test_the_table_of_the_label_lab_has_the_numbers_of_the_course():
    caption, rows = cells_of(widgets.LabelLab(**LABEL_LAB).page_html())
    loss = cross_entropy(3, ROW)
    shares = ["0.0000", "0.0000", "0.0000", f"{loss:.4f}", "0.0000"]
    costs = [f"{each:.4f}" for each in -log_softmax(ROW)]
    assert rows == [list(row) for row in zip("01234", costs, "00010", shares, strict=True)]
    assert f"Label 3: picked or multiplied out, the loss is {loss:.4f} nats. " in caption
    assert "3,200 labels of 84 classes take 12,800 bytes as integers (int32), 1,075,200 as one-hot rows" in caption


def test_without_names_the_classes_are_numbered():
    assert widgets.LogitLab([1, 2]).names == ["class 0", "class 1"]


def test_a_name_cannot_become_markup():
    names = ["<b>cat</b>", 'a "dog"', "a 'bird' & co"]
    text = widgets.LogitLab(START, names=names).page_html()
    assert "<b>" not in text
    assert state_of(text)["names"] == names


def test_logits_that_could_be_probabilities_are_shown_like_any_others():
    assert cells_of(widgets.LogitLab([1, 0]).page_html())[1][0] == ["class 0", "1", "0.7311", "−0.2689"]


def test_a_lab_that_was_moved_on_the_page_can_be_shown_again():
    lab = widgets.LogitLab(START, names=["cat", "dog", "bird"])
    lab.logits, lab.label = [2.0, 1.0, 0.1, 0.0], 3  # a class was added
    caption, rows = cells_of(lab.page_html())
    assert [row[0] for row in rows] == ["cat", "dog", "bird", "class 3"]
    assert "The label is class 3" in caption
    lab.logits, lab.label = [2.0, 1.0], 1  # two were taken away
    assert [row[0] for row in cells_of(lab.page_html())[1]] == ["cat", "dog"]

    lab = widgets.LabelLab(ROW)
    for lab.label in (-2, 6):  # past the ends
        caption, rows = cells_of(lab.page_html())
        assert caption.startswith(f"Label {lab.label} has no output among 0 to 4. 3,200 labels")
        assert [row[2:] for row in rows] == [["0", "0.0000"]] * 5


@pytest.mark.parametrize("lab", [widgets.LogitLab(START), widgets.LabelLab(ROW)], ids=repr)
def test_a_lab_is_shown_live_where_python_runs_and_as_html_elsewhere(lab):
    data, _ = lab._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == lab.model_id
    assert data["text/html"] == lab.page_html()
    assert data["text/plain"] == repr(lab) == f"<{type(lab).__name__}>"  # no address: outputs are compared


@pytest.mark.parametrize("lab", [widgets.LogitLab, widgets.LabelLab])
def test_a_lab_brings_its_module_with_it_in_one_piece(lab, tmp_path):
    text = widgets.module(lab.MODULE)
    assert lab(ROW)._esm == text
    assert not re.search(r"^\s*import\b|\bimport\(", text, re.MULTILINE)
    declared = re.findall(r"^(?:export )?(?:const|let|class|(?:async )?function) (\w+)", text, re.MULTILINE)
    assert len(declared) == len(set(declared))
    imported = re.findall(r"^import \{ (.*) \}", (widgets.MODULES / lab.MODULE).read_text(), re.MULTILINE)
    assert {name for names in imported for name in names.split(", ")} <= set(declared)
    (tmp_path / "lab.mjs").write_text(text)
    ask = "const { default: widget } = await import(process.argv[1]); console.log(typeof widget.render)"
    program = ["node", "--input-type=module", "--eval", ask, (tmp_path / "lab.mjs").as_uri()]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout == "function\n"


def test_the_palette_is_given_for_both_themes_of_the_book_and_of_jupyterlab():
    light, dark = widgets.palette_css().splitlines()
    assert light.startswith(":root {")
    assert dark.startswith('html[data-theme="dark"], body[data-jp-theme-light="false"] {')
    for name, pair in widgets.base.PALETTE.items():
        assert f"--{name}: {pair[0]};" in light
        assert f"--{name}: {pair[1]};" in dark
    assert widgets.LogitLab(START)._css == widgets.palette_css()
