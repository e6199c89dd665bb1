"""The widgets: their numbers against NumPy and TensorFlow, then the labs in the hands of a reader.

The reader comes with a mouse, a finger, keys or a screen reader, without JavaScript, and in JupyterLab.
"""

import html
import json
import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import nbformat
import numpy as np
import pytest
from playwright.sync_api import expect

from benchmarks.pages import AXE, SITE, served
from utils import widgets
from utils.losses import cross_entropy, cross_entropy_gradient, log_softmax, softmax
from utils.quiet import keras, tf

ROOT = Path(__file__).resolve().parents[2]

DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

LANDING = "chapters/index.html"
LABELS = "chapters/04_labels.html"
START = [2.0, 1.0, 0.1]  # the landing page's logits, of cat, dog and bird
ROW = [2.5, -1.0, 0.8, 4.1, -0.3]  # chapter 4's
OVERFLOW = "#logit-lab=z:2,1,0.1;y:0;t:1;c:90"

PATIENCE = 30_000  # milliseconds: what is waited for takes a moment, and longer on a busy machine
expect.set_options(timeout=PATIENCE)


def shown(number, digits=4):
    """Return a number as the labs write it: with a true minus sign, and none before a 0."""
    return f"{round(float(number), digits) + 0:.{digits}f}".replace("-", "−")


# ----------------------------------------------------------------------------------------- the modules' own numbers

CALL = """
import { readFileSync } from "node:fs";
const [address, calls] = JSON.parse(readFileSync(0));
const functions = await import(address);
const answers = calls.map(([name, ...given]) => functions[name](...given));
const named = (key, value) => (typeof value === "number" && !Number.isFinite(value) ? `${value}` : value);
console.log(JSON.stringify(answers, named).replace(/"(NaN|-?Infinity)"/g, "$1"));
"""


def in_node(name, calls):
    """Return the answers to calls, each (function, *arguments), of the functions of one widget module."""
    given = json.dumps([(widgets.MODULES / name).as_uri(), calls])
    program = ["node", "--input-type=module", "--eval", CALL]
    answers = subprocess.run(program, input=given, capture_output=True, text=True, check=True).stdout
    return json.loads(answers, parse_int=float)  # JavaScript has one type of number


def random_rows(count, seed):
    """Yield rows of 2 to 6 logits, from ±0.1 to ±1000, each with a temperature, a label and a target row."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        classes = int(rng.integers(2, 7))
        scale = 10.0 ** rng.integers(-1, 4)
        logits, temperature = rng.uniform(-scale, scale, classes).round(3), 10 ** rng.uniform(-1, 1)
        yield SimpleNamespace(
            logits=logits.tolist(),
            temperature=temperature,
            scaled=logits / temperature,
            label=int(rng.integers(classes)),
            target=rng.dirichlet(np.ones(classes)).tolist(),
        )


def float32_softmax(logits):
    """Return the powers of float32 logits, and their shares of the sum: inf and nan where they overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(np.float32(logits))
        return powers, powers / powers.sum()


ROWS = list(random_rows(1000, seed=0))

# What a function is given of a row, and what utils/losses.py makes of the same.
DEFINITIONS = {
    "logSoftmax": ("logits temperature", lambda row: log_softmax(row.logits, temperature=row.temperature)),
    "softmax": ("logits temperature", lambda row: softmax(row.logits, temperature=row.temperature)),
    "crossEntropy": ("label logits temperature", lambda row: cross_entropy(row.label, row.scaled)),
    "crossEntropyOfRow": ("target logits temperature", lambda row: cross_entropy(row.target, row.scaled)),
    "crossEntropyGradient": (
        "label logits temperature",
        lambda row: cross_entropy_gradient(row.label, row.scaled) / row.temperature,
    ),
}


@pytest.fixture(scope="module")
def computed():
    """Return, for each function of losses.mjs, its answers for all rows."""
    calls = [
        (name, *(getattr(row, key) for key in keys.split())) for name, (keys, _) in DEFINITIONS.items() for row in ROWS
    ]
    answers = iter(in_node("losses.mjs", calls))
    return {name: [next(answers) for _ in ROWS] for name in DEFINITIONS}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_module_computes_what_the_course_defines(computed, name):
    _, define = DEFINITIONS[name]
    for row, found in zip(ROWS, computed[name], strict=True):
        wanted = define(row)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6 * max(1, np.abs(wanted).max()), err_msg=f"{row}")


def test_without_a_temperature_it_is_1():
    calls = [("softmax", ROW), ("crossEntropy", 3, ROW), ("crossEntropyOfRow", [0, 0, 0, 1, 0], ROW)]
    probs, loss, loss_of_row = in_node("losses.mjs", [*calls, ("crossEntropyGradient", 3, ROW)])[:3]
    np.testing.assert_allclose(probs, softmax(ROW), rtol=1e-12)
    np.testing.assert_allclose([loss, loss_of_row], cross_entropy(3, ROW), rtol=1e-12)


def test_the_naive_softmax_is_that_of_float32_infinities_and_nan_included():
    kinds = set()
    answers = in_node("losses.mjs", [("naiveSoftmax", row.logits) for row in ROWS])
    for row, found in zip(ROWS, answers, strict=True):
        logits = np.array(row.logits)
        border = np.log(np.finfo(np.float32).max)
        at_the_border = np.abs([*logits, np.logaddexp.reduce(logits)] - border).min() < 0.01
        # From e^-87 down to 0 float32 rounds to fewer and fewer digits, and not the same ones on every processor.
        if at_the_border or -105 < logits.max() < -80:
            continue
        powers, probs = float32_softmax(logits)
        np.testing.assert_allclose(found["powers"], powers, rtol=4e-6, atol=1e-37)
        with np.errstate(over="ignore"):
            np.testing.assert_allclose(found["sum"], powers.sum(), rtol=4e-6)
        np.testing.assert_allclose(found["probs"], probs, rtol=4e-6, atol=1e-30)
        kinds.add("inf" if np.isinf(powers).any() else "0/0" if powers.sum() == 0 else "finite")
    assert kinds == {"inf", "0/0", "finite"}


def test_a_probability_that_is_asked_for_comes_out():
    asked = [(row, 0.001 + 0.998 * row.target[0]) for row in ROWS if np.ptp(row.logits) < 20]
    calls = [("logitFor", p, row.label, row.logits, row.temperature) for row, p in asked]
    for (row, p), found in zip(asked, in_node("logit-lab.mjs", calls), strict=True):
        logits = [found if k == row.label else z for k, z in enumerate(row.logits)]
        assert softmax(logits, temperature=row.temperature)[row.label] == pytest.approx(p)


STATES = [
    {"logits": [2, 1, 0.1], "label": 0, "temperature": 1, "shift": 0},
    {"logits": [-1000, 1000], "label": 1, "temperature": 0.1, "shift": -120},
    {"logits": [1e-7, -2.345, 0, 4, 5, 6], "label": 5, "temperature": 10, "shift": 120},
]


def test_a_state_survives_its_way_through_an_address():
    fragments = in_node("logit-lab.mjs", [("toFragment", state) for state in STATES])
    assert fragments[0] == "#logit-lab=z:2,1,0.1;y:0;t:1;c:0"
    assert in_node("logit-lab.mjs", [("fromFragment", each) for each in fragments]) == STATES


def test_an_address_may_come_with_its_punctuation_encoded():
    encoded = "#logit-lab=z%3A2%2C1%2c0.1%3by%3A0%3Bt%3A1%3Bc%3A0"
    assert in_node("logit-lab.mjs", [("fromFragment", encoded)]) == STATES[:1]


MALFORMED = [
    "",
    "#logit-lab",
    "#logit-lab=",
    "#logit-lab=z:2,1,0.1",
    "#logit-lab=z:2,1;y:0;t:1",
    "#logit-lab=z:2,1;y:0;t:1;c:0;",
    "#logit-lab=z:2,1;y:0;t:1;c:0;x:1",
    "x#logit-lab=z:2,1;y:0;t:1;c:0",
    "#label-lab=z:2,1;y:0;t:1;c:0",
    "#logit-lab=z:;y:0;t:1;c:0",
    "#logit-lab=z:2;y:0;t:1;c:0",
    "#logit-lab=z:1,2,3,4,5,6,7;y:0;t:1;c:0",
    "#logit-lab=z:2,,1;y:0;t:1;c:0",
    "#logit-lab=z:2,nan;y:0;t:1;c:0",
    "#logit-lab=z:2,Infinity;y:0;t:1;c:0",
    "#logit-lab=z:2,1001;y:0;t:1;c:0",
    "#logit-lab=z:2,0x10;y:0;t:1;c:0",
    "#logit-lab=z:2,<b>;y:0;t:1;c:0",
    "#logit-lab=z:2,1;y:2;t:1;c:0",
    "#logit-lab=z:2,1;y:-1;t:1;c:0",
    "#logit-lab=z:2,1;y:0.5;t:1;c:0",
    "#logit-lab=z:2,1;y: ;t:1;c:0",
    "#logit-lab=z:2,1;y:length;t:1;c:0",
    "#logit-lab=z:2,1;y:0;t:0;c:0",
    "#logit-lab=z:2,1;y:0;t:-1;c:0",
    "#logit-lab=z:2,1;y:0;t:10.1;c:0",
    "#logit-lab=z:2,1;y:0;t:nan;c:0",
    "#logit-lab=z:2,1;y:0;t:1;c:121",
    "#logit-lab=z:2,1;y:0;t:1;c:-121",
    "#logit-lab=z:2,1;y:0;t:1;c:nan",
    "#logit-lab=z:%;y:%E0%A4;t:1;c:0",
]


def test_an_address_that_is_no_state_is_refused():
    answers = in_node("logit-lab.mjs", [("fromFragment", each) for each in MALFORMED])
    assert {each: answer for each, answer in zip(MALFORMED, answers, strict=True) if answer is not None} == {}


# ------------------------------------------------------------------------------------- the label lab and TensorFlow


def tensorflow_outcomes(label, logits):
    """Return what TensorFlow and Keras make of one label, None for an error, and nan from XLA."""
    labels, row = tf.constant([label]), tf.constant([logits])
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    categorical = keras.losses.CategoricalCrossentropy(from_logits=True)

    def attempt(error, loss):
        try:
            return float(loss())
        except error:
            return None

    return {
        "sparse": attempt(tf.errors.InvalidArgumentError, lambda: sparse(labels, row)),
        "compiled": float(compiled(labels, row)[0]),
        "oneHot": float(categorical(tf.one_hot(labels, len(logits)), row)),
        "categorical": attempt(IndexError, lambda: categorical(keras.utils.to_categorical([label], len(logits)), row)),
    }


# One signature for every number of classes, so that it is traced once.
@tf.function(jit_compile=True, input_signature=[tf.TensorSpec([1], tf.int32), tf.TensorSpec([1, None], tf.float32)])
def compiled(labels, logits):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


@pytest.mark.parametrize("logits", [[0.5, -1.5], [3.0, -2.0, 0.25], ROW], ids=lambda row: f"{len(row)} classes")
def test_the_label_lab_says_what_tensorflow_does_in_range_and_out_of_it(logits):
    labels = range(-len(logits) - 1, len(logits) + 2)
    answers = in_node("label-lab.mjs", [("outcomes", label, logits) for label in labels])
    for label, found in zip(labels, answers, strict=True):
        wanted = tensorflow_outcomes(label, logits)
        refused = [key for key, loss in wanted.items() if loss is None]
        assert [key for key, loss in found.items() if loss is None] == refused, f"label {label}"
        for key in wanted.keys() - refused:
            assert found[key] == pytest.approx(wanted[key], rel=1e-5, abs=1e-6, nan_ok=True), f"label {label}, {key}"
        assert (found["sparse"] is None) == (label not in range(len(logits)))


def test_bytes_are_written_in_steps_of_1000():
    counts = [0, 4, 999, 1000, 12_800, 999_499, 999_900, 1_075_200, 12_800_000_000, 4e15]
    written = ["0 B", "4 B", "999 B", "1 kB", "12.8 kB", "999 kB", "1 MB", "1.08 MB", "12.8 GB", "4000000 GB"]
    assert in_node("label-lab.mjs", [("bytes", count) for count in counts]) == written


# -------------------------------------------------------------------------------------------------- the Python side

LOGIT_LAB = {"logits": START, "label": 1, "names": ["cat", "dog", "bird"], "temperature": 0.5, "shift": -3}
LABEL_LAB = {"logits": ROW, "label": 3, "classes": 84, "labels": 3200}


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


def cells_of(text):
    """Return the caption of a widget's HTML table and the text of its rows' cells."""
    caption, body = re.search(r"<caption>(.*?)</caption>.*<tbody>(.*)</tbody>", text).groups()
    rows = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]
    return html.unescape(caption), [[re.sub("<.*?>", "", cell).strip() for cell in row] for row in rows]


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
    for name, pair in widgets.PALETTE.items():
        assert f"--{name}: {pair[0]};" in light
        assert f"--{name}: {pair[1]};" in dark
    assert widgets.LogitLab(START)._css == widgets.palette_css()


# ---------------------------------------------------------------------------------------------------- in a browser


@pytest.fixture(scope="module")
def site(pages):
    with served(SITE) as address:
        yield address


@pytest.fixture
def tab(browser):
    """Return a function that opens an empty tab, on a desk unless told otherwise."""
    contexts = []

    def new(**options):
        contexts.append(browser.new_context(**DESK | options))
        contexts[-1].set_default_timeout(PATIENCE)
        return contexts[-1].new_page()

    yield new
    for context in contexts:
        context.close()


@pytest.fixture
def lab(tab, site):
    """Return a function that opens a page and scrolls to its lab."""

    def visit(name=LANDING, fragment="", **options):
        page = tab(**options)
        page.goto(site + name + fragment)
        come_near(page)
        return page

    return visit


def come_near(page):
    page.locator("[data-widget]").scroll_into_view_if_needed()
    expect(page.locator(".lab")).to_be_visible()


def slider(page, name):
    return page.get_by_role("slider", name=name, exact=True)


def press(page, name, *keys):
    """Press keys on a slider."""
    slider(page, name).focus()
    for key in keys:
        page.keyboard.press(key)


READ = """() => {
  const all = (selector) => [...document.querySelectorAll(`.logit-lab ${selector}`)];
  const texts = (selector) => all(selector).map((each) => each.textContent);
  const values = (selector) => all(selector).map((each) => each.valueAsNumber);
  const [loss, rule] = [...texts(".big"), ...texts(".big + p")];
  const [temperature, shift] = texts(".line label > span").map((each) => Number(each.replace("−", "-")));
  return {
    names: texts(".name"), numbers: values("input[type=number]"),
    // The number fields round; the link does not. In Jupyter there is no link.
    logits: all("a.button")[0]?.hash.match(/z:([^;]+)/)[1].split(",").map(Number) ?? values("input[type=number]"),
    z: values(".z"), shares: values(".share"),
    label: all("input[type=radio]").findIndex((each) => each.checked), chosen: all(".class").findIndex(
      (each) => each.matches(".chosen")) - 1, probs: texts(".p"), gradient: texts(".gradient"), loss, rule,
    temperature, shift, verdict: texts("table + p")[0], alarm: all("table + p.alarm").length === 1,
    table: all("tbody tr").map((row) => [...row.children].map((each) => each.textContent)),
    spoken: all(".z").map((each) => each.getAttribute("aria-valuetext")),
    shares_spoken: all(".share").map((each) => each.getAttribute("aria-valuetext")),
    bars: all(".share").map((each) => parseFloat(each.style.getPropertyValue("--p")) / 100),
  };
}"""


def reading(page):
    """Return what the logit lab shows, after computing every number from its logits, label and temperature."""
    found = SimpleNamespace(**page.evaluate(READ))
    logits = np.array(found.logits) / found.temperature
    probs, loss = softmax(logits), cross_entropy(found.label, logits)
    gradient = cross_entropy_gradient(found.label, logits) / found.temperature
    assert found.probs == found.shares_spoken == [shown(p) for p in probs]
    np.testing.assert_allclose(found.numbers, found.logits, atol=0.00051)
    np.testing.assert_allclose(found.shares, probs, atol=0.00051)
    np.testing.assert_allclose(found.bars, probs, atol=1e-9)
    assert found.gradient == [("+" if slope > 0 else "") + shown(slope) for slope in gradient]
    assert found.chosen == found.label
    assert found.loss == f"loss = −log p({found.names[found.label]}) = {shown(loss)} nats"
    count = len(logits)
    assert found.rule.startswith(f"An even guess among {count} costs ln {count} = {shown(np.log(count))}. ")
    assert ("(p − t) / T" in found.rule) == (found.temperature != 1)
    np.testing.assert_allclose(found.z, np.clip(found.logits, -10, 10), atol=0.0051)
    assert found.spoken == [shown(z, 2) for z in found.logits]
    _, naive = float32_softmax((np.array(found.logits) + found.shift) / found.temperature)
    assert [row[0] for row in found.table] == found.names
    assert [row[2:] for row in found.table] == [[shown(n), shown(p)] for n, p in zip(naive, probs, strict=True)]
    assert found.alarm == (not np.allclose(naive, probs, atol=1e-4))
    return found


# What a page loads, and when


@pytest.mark.parametrize("name", ["01_logits", "02_softmax", "03_cross_entropy", "04_labels"])
def test_a_lab_is_loaded_when_the_reader_comes_near(tab, site, name):
    page = tab()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}chapters/{name}.html", wait_until="networkidle")
    place = page.locator("[data-widget]")
    module = f"{site}_static/widgets/{place.get_attribute('data-widget')}.mjs"
    assert any("host.mjs" in url for url in asked)
    assert module not in asked
    expect(place.locator("caption")).to_have_count(1)  # the stored table holds its place

    with page.expect_request(module):
        place.scroll_into_view_if_needed()
    expect(page.locator(".lab")).to_be_visible()
    expect(place.locator("caption")).to_have_count(0)
    assert all(url.startswith(site) for url in asked)


def test_the_chapters_labs_start_with_the_numbers_of_their_cells(lab):
    for name, logits, label, shift in [
        ("01_logits", ROW, 3, 0),
        ("02_softmax", [1, 2, 3], 2, 80),
        ("03_cross_entropy", ROW, 3, 0),
    ]:
        found = reading(lab(f"chapters/{name}.html"))
        assert (found.logits, found.label, found.shift) == (logits, label, shift)


def test_a_page_without_a_lab_loads_no_host(tab, site):
    page = tab()
    page.goto(f"{site}chapters/05_inside_keras.html")
    assert "host.mjs" not in page.content()


# The logit lab: keys, mouse, finger


def test_twenty_presses_of_a_key_move_a_logit_by_two(lab):
    page = lab()
    assert reading(page).logits == START
    press(page, "slide the logit of dog", *["ArrowRight"] * 20)
    found = reading(page)
    assert found.logits == [2, 3, 0.1]
    assert found.probs == [shown(p) for p in softmax([2, 3, 0.1])]
    assert shown(cross_entropy(0, [2, 3, 0.1])) in found.loss


def test_every_key_of_a_slider_does_what_it_should(lab):
    page = lab()
    wanted = {"PageUp": 2, "ArrowUp": 2.1, "ArrowRight": 2.2, "ArrowLeft": 2.1, "ArrowDown": 2, "PageDown": 1}
    for key, logit in wanted.items():
        press(page, "slide the logit of dog", key)
        assert reading(page).logits[1] == logit, key
    for key, logit in [("Home", -10), ("ArrowLeft", -10), ("PageUp", -9), ("End", 10), ("ArrowRight", 10)]:
        press(page, "slide the logit of dog", key)
        assert reading(page).logits == [2, logit, 0.1], key


def test_keys_set_a_probability_and_its_logit_follows(lab):
    page = lab()
    press(page, "probability of cat", "ArrowRight")
    assert reading(page).probs[0] == "0.6700"  # the next hundredth
    press(page, "probability of cat", *5 * ["PageDown"], *7 * ["ArrowLeft"])
    found = reading(page)
    assert (found.probs[0], found.loss) == ("0.1000", "loss = −log p(cat) = 2.3026 nats")
    for key, probability in [("End", "0.9990"), ("Home", "0.0010")]:  # never quite 1 or 0, whose logits are infinite
        press(page, "probability of cat", key)
        assert reading(page).probs[0] == probability


def drag(page, name, to):
    """Drag a slider's thumb from where it stands to a fraction of the slider's length, in small steps."""
    box = slider(page, name).bounding_box()
    position = slider(page, name).evaluate("(each) => (each.value - each.min) / (each.max - each.min)")
    thumb = 6.4  # the width in pixels of the probabilities' thumbs; the middle of the thumb moves on a shorter way

    def at(fraction):
        return box["x"] + thumb / 2 + fraction * (box["width"] - thumb), box["y"] + box["height"] / 2

    page.mouse.move(*at(position))
    page.mouse.down()
    page.mouse.move(*at(to), steps=8)
    page.mouse.up()


def test_a_probability_can_be_dragged_with_the_mouse(lab):
    page = lab()
    drag(page, "probability of cat", 0.9)
    found = reading(page)
    assert float(found.probs[0]) == pytest.approx(0.9, abs=0.02)
    assert found.logits[1:] == START[1:]
    assert found.logits[0] == pytest.approx(3.54, abs=0.3)


def test_a_logit_can_be_dragged_with_the_mouse(lab):
    page = lab()
    drag(page, "slide the logit of bird", 0.75)
    found = reading(page)
    assert found.logits[:2] == START[:2]
    assert found.logits[2] == pytest.approx(5, abs=1)


def test_a_finger_picks_a_label_and_sets_a_slider(lab):
    page = lab(**PHONE)
    page.get_by_role("radio", name="dog").tap()
    assert reading(page).label == 1
    page.get_by_title("make bird the label").tap()  # the name is part of the target
    assert reading(page).label == 2
    for name in ("slide the logit of cat", "probability of dog"):
        box = slider(page, name).bounding_box()
        before = reading(page).logits
        slider(page, name).tap(position={"x": box["width"] * 0.8, "y": box["height"] / 2})
        assert reading(page).logits != before
    found = reading(page)
    assert found.logits[0] == pytest.approx(6, abs=1)
    assert float(found.probs[1]) == pytest.approx(0.8, abs=0.05)


def swipe(page, name, right=0, up=0):
    """Put a finger on a slider, left of its middle, and move it by so many pixels."""
    slider(page, name).scroll_into_view_if_needed()
    box = slider(page, name).bounding_box()
    session = page.context.new_cdp_session(page)
    for step in range(11):
        x, y = box["x"] + box["width"] / 8 + right * step / 10, box["y"] + box["height"] / 2 - up * step / 10
        kind = "touchMove" if step else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


@pytest.mark.parametrize(
    ("name", "control"),
    [
        (LANDING, "slide the logit of cat"),
        (LANDING, "probability of cat"),
        (LANDING, "temperature"),
        (LANDING, "add to every logit"),
        (LABELS, "label"),
        (LABELS, "classes K"),
    ],
)
def test_a_finger_that_scrolls_the_page_from_a_slider_on_changes_nothing(lab, name, control):
    page = lab(name, **PHONE)
    slider(page, control).scroll_into_view_if_needed()
    top, before = page.evaluate("scrollY"), page.locator(".lab").inner_html()
    value = slider(page, control).input_value()
    swipe(page, control, up=200)
    page.wait_for_function("(top) => scrollY > top + 100", arg=top)
    expect(slider(page, control)).to_have_js_property("value", value)
    assert page.locator(".lab").inner_html() == before
    # Chromium leaves the swipe to the page unasked; other browsers are told.
    assert slider(page, control).evaluate("(each) => getComputedStyle(each).touchAction") == "pan-y"


def test_a_finger_that_moves_across_drags_the_slider_and_not_the_page(lab):
    page = lab(**PHONE)
    slider(page, "slide the logit of cat").scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    swipe(page, "slide the logit of cat", right=120)
    found = reading(page)
    assert found.logits[0] == pytest.approx(-7.5 + 20 * 120 / 324, abs=1)
    assert found.logits[1:] == START[1:]
    assert page.evaluate("scrollY") == top


# The logit lab: its other controls


def test_a_logit_can_be_typed(lab):
    page = lab()
    field = page.get_by_role("spinbutton", name="logit of bird")
    field.fill("-7.25")
    assert reading(page).logits == [2, 1, -7.25]
    field.fill("")  # no number yet: nothing moves
    assert page.locator(".p").all_text_contents() == [shown(p) for p in softmax([2, 1, -7.25])]
    field.blur()
    assert reading(page).logits == [2, 1, -7.25]
    field.fill("5000")  # while it is typed in, the field is left alone
    assert field.input_value() == "5000"
    field.blur()
    assert reading(page).logits == [2, 1, 1000]
    field.fill("-5000")
    field.blur()
    assert reading(page).logits == [2, 1, -1000]


def test_another_label_changes_the_loss_and_no_probability(lab):
    page = lab()
    before = reading(page)
    page.get_by_role("radio", name="bird").check()
    found = reading(page)
    assert (before.label, found.label) == (0, 2)
    assert found.probs == before.probs
    assert found.loss == f"loss = −log p(bird) = {shown(cross_entropy(2, START))} nats"
    page.keyboard.press("ArrowUp")  # radio buttons have keys of their own
    assert reading(page).label == 1


def test_classes_are_added_up_to_six_and_taken_away_down_to_two(lab):
    page = lab()
    more, fewer = (page.get_by_role("button", name=name) for name in ("Add a class", "Remove the last"))
    for count in (4, 5, 6):
        more.click()
        assert reading(page).logits == START + [0] * (count - 3)
    expect(more).to_be_disabled()
    expect(more).to_be_focused()  # a button that is taken away would take the reader's place with it
    page.keyboard.press("Enter")
    assert len(reading(page).logits) == 6
    assert reading(page).names[2:] == ["bird", "class 3", "class 4", "class 5"]
    page.get_by_role("radio", name="class 5").check()
    for count in (5, 4, 3, 2):
        fewer.click()
        found = reading(page)
        assert (len(found.logits), found.label) == (count, count - 1)  # the label goes with its class
    expect(fewer).to_be_disabled()
    page.keyboard.press("Enter")
    assert len(reading(page).logits) == 2
    expect(more).to_be_enabled()


def rewrite(page, change):
    """Change the text of a page on its way to the browser."""
    page.route("**/*.html", lambda route: route.fulfill(body=change(route.fetch().text()), content_type="text/html"))


def test_two_labs_on_a_page_keep_their_labels_apart(tab, site):
    page = tab()
    rewrite(page, lambda text: re.sub(r'(<div class="course-widget".*?</div>)', r"\1\1", text))
    page.goto(site + LANDING)
    expect(page.locator("[data-widget]")).to_have_count(2)
    for place in page.locator("[data-widget]").all():
        place.scroll_into_view_if_needed()
        expect(place.locator(".lab")).to_be_visible()
    page.get_by_role("radio", name="bird").nth(1).check()
    checked = page.locator(".lab input[type=radio]").evaluate_all("(all) => all.map((each) => each.checked)")
    assert checked == [True, False, False, False, False, True]


def test_the_temperature_goes_from_a_tenth_to_ten_with_1_in_the_middle(lab):
    page = lab()
    for key, temperature in [("ArrowRight", 1.12), ("Home", 0.1), ("End", 10), ("PageDown", 3.16)]:
        press(page, "temperature", key)
        assert reading(page).temperature == temperature
    expect(slider(page, "temperature")).to_have_attribute("aria-valuetext", "3.16")
    drag(page, "temperature", 0.5)
    assert reading(page).temperature == pytest.approx(1, abs=0.1)


def test_90_added_to_every_logit_breaks_the_naive_softmax_and_no_other(lab):
    page = lab()
    before = reading(page)
    assert before.verdict.startswith("Both agree")
    assert [row[1] for row in before.table] == ["7.389", "2.718", "1.105"]
    press(page, "add to every logit", *["PageUp"] * 9)
    found = reading(page)
    assert found.shift == 90
    assert found.alarm
    assert found.verdict.startswith("The naive softmax overflows: with a highest logit of 92.0 ")
    assert found.table == [
        ["cat", "inf", "nan", "0.6590"],
        ["dog", "inf", "nan", "0.2424"],
        ["bird", "inf", "nan", "0.0986"],
    ]
    assert found.probs == before.probs
    expect(page.locator(".lab td.alarm")).to_have_count(6)


def test_a_sum_can_overflow_where_no_power_does(lab):
    found = reading(lab(fragment="#logit-lab=z:0,0,0;y:0;t:1;c:88"))
    assert [row[1:] for row in found.table] == [["1.65 · 1038", "0.0000", "0.3333"]] * 3
    assert found.verdict.startswith("The naive softmax overflows: with a highest logit of 88.0 the sum")


def test_far_below_0_the_naive_softmax_divides_0_by_0(lab):
    page = lab()
    press(page, "add to every logit", "Home")
    found = reading(page)
    assert found.shift == -120
    assert [row[1:3] for row in found.table] == [["0", "nan"]] * 3
    assert found.verdict.startswith("The naive softmax underflows: with a highest logit of −118.0 every power is 0")


def test_just_above_0_the_naive_softmax_has_lost_its_digits_and_the_lab_says_so(lab):
    found = reading(lab(fragment="#logit-lab=z:2,1,0.1;y:0;t:1;c:-104"))
    assert found.table[0][2:] == ["0.6667", "0.6590"]
    assert found.verdict.startswith("The naive softmax is off: with a highest logit of −102.0 ")


def test_the_shift_is_divided_by_the_temperature_like_the_logits(lab):
    found = reading(lab(fragment="#logit-lab=z:2,1,0.1;y:0;t:10;c:90"))
    assert found.verdict.startswith("Both agree")  # 92 / 10 is harmless


def test_start_again_brings_back_everything(lab):
    page = lab()
    before = page.evaluate(READ)
    press(page, "slide the logit of cat", "PageUp")
    press(page, "temperature", "PageUp")
    press(page, "add to every logit", "PageDown")
    page.get_by_role("button", name="Add a class").click()
    page.get_by_role("radio", name="class 3").check()
    assert reading(page).label == 3
    page.get_by_role("button", name="Start again").click()
    assert page.evaluate(READ) == before


def test_a_link_carries_the_numbers_to_another_reader(lab):
    page = lab("chapters/01_logits.html")
    press(page, "slide the logit of class 1", "PageUp", "ArrowRight")
    press(page, "temperature", "PageDown")
    press(page, "add to every logit", "PageDown")
    page.get_by_role("button", name="Remove the last").click()
    page.get_by_role("radio", name="class 1").check()
    fragment = page.get_by_role("link", name="Link to these numbers").get_attribute("href")
    assert fragment == "#logit-lab=z:2.5,0.1,0.8,4.1;y:1;t:0.32;c:-10"
    sent = page.evaluate(READ)
    page.get_by_role("link", name="Link to these numbers").click()
    expect(page.get_by_role("link", name="The address bar has it")).to_be_focused()
    assert page.url.endswith(fragment)
    page.get_by_role("button", name="Start again").click()
    assert "#" not in page.url

    page = page.context.new_page()
    page.goto(page.context.pages[0].url + fragment)
    expect(page.get_by_text("Logit lab", exact=True)).to_be_in_viewport()  # without scrolling there
    assert page.evaluate(READ) == sent
    reading(page)


@pytest.mark.parametrize("fragment", ["#logit-lab=z:2,1;y:7;t:1;c:0", "#logit-lab=%"])
def test_an_address_that_the_lab_cannot_read_is_named(lab, fragment):
    page = lab(fragment=fragment)
    expect(page.get_by_text("The address holds numbers that the lab cannot read")).to_be_visible()
    assert page.locator(".p").all_text_contents() == [shown(p) for p in softmax(START)]


def test_an_address_that_means_something_else_is_left_alone(lab):
    page = lab(fragment="#the-map")
    assert reading(page).logits == START
    expect(page.get_by_text("The address holds numbers")).to_be_hidden()


def test_an_address_pasted_into_an_open_page_is_read_too(lab):
    page = lab(fragment="#logit-lab=z:2,1;y:7;t:1;c:0")
    page.evaluate("location.hash = '#logit-lab=z:3,-1;y:1;t:2;c:0'")
    expect(page.locator(".class:not(.head)")).to_have_count(2)
    assert reading(page).logits == [3.0, -1.0]
    expect(page.get_by_text("The address holds numbers")).to_be_hidden()


# The label lab


def answers_of(page):
    return page.locator("table.answers td").all_text_contents()


def test_the_label_lab_picks_and_multiplies_out(lab):
    page = lab(LABELS)
    loss = shown(cross_entropy(3, ROW))
    assert answers_of(page) == [f"{loss}, picked", loss, f"{loss}, multiplied and added", loss]
    press(page, "label", "ArrowLeft", "ArrowLeft")
    loss = shown(cross_entropy(1, ROW))
    assert answers_of(page) == [f"{loss}, picked", loss, f"{loss}, multiplied and added", loss]
    expect(page.get_by_text("Position and row give the same loss.")).to_be_visible()
    costs = [shown(each) for each in -log_softmax(ROW)]
    rows = [row.locator("td").all_text_contents() for row in page.locator("table:not(.answers) tbody tr").all()]
    assert rows == [[cost, "01"[k == 1], cost if k == 1 else "0.0000"] for k, cost in enumerate(costs)]
    expect(page.locator("tr.chosen")).to_have_count(1)
    expect(page.locator("tr.chosen th")).to_have_text("1")
    assert page.locator("tfoot td").all_text_contents() == ["", "1", loss]


def test_a_label_past_either_end_is_read_in_four_ways(lab):
    page = lab(LABELS)
    press(page, "label", "End")
    expect(slider(page, "label")).to_have_js_property("value", "6")
    expect(slider(page, "label")).to_have_attribute("aria-valuetext", "6, out of range")
    assert answers_of(page) == ["an error", "nan", "0.0000: the row is all zeros", "an error"]
    expect(page.locator("p.alarm")).to_contain_text("Label 6 has no output among 0 to 4: the same mistake")
    assert page.locator("tfoot td").all_text_contents() == ["", "0", "0.0000"]
    expect(page.locator("tr.chosen")).to_have_count(0)

    press(page, "label", "Home")
    expect(slider(page, "label")).to_have_attribute("aria-valuetext", "−2, out of range")
    taken = f"{shown(cross_entropy(3, ROW))}: −2 counts from the end, class 3"
    assert answers_of(page) == ["an error", "nan", "0.0000: the row is all zeros", taken]
    expect(page.locator("p.alarm")).to_contain_text("Label −2 has no output")

    press(page, "label", "ArrowRight", "ArrowRight")
    expect(slider(page, "label")).to_have_attribute("aria-valuetext", "0")
    expect(page.locator("p.alarm")).to_have_count(0)
    expect(page.locator("td.alarm")).to_have_count(0)


def test_a_million_classes_take_gigabytes_as_rows(lab):
    page = lab(LABELS)
    memory, cost = page.locator(".memory"), page.locator(".memory + p")
    expect(memory).to_have_text("integers (int32)12.8 kBone-hot (float32)1.08 MB")
    expect(cost).to_contain_text("3,200 labels. ")
    expect(cost).to_contain_text("One-hot rows take 84 times the bytes of the integers")
    press(page, "classes K", "End")
    expect(memory).to_have_text("integers (int32)12.8 kBone-hot (float32)12.8 GB")
    expect(cost).to_contain_text("One-hot rows take 1,000,000 times the bytes")
    expect(slider(page, "classes K")).to_have_attribute("aria-valuetext", "1,000,000")
    press(page, "classes K", "Home")
    expect(memory).to_have_text("integers (int32)12.8 kBone-hot (float32)25.6 kB")


BAR_WIDTHS = "(bars) => bars.map((bar) => bar.style.width)"


def test_the_bars_of_the_memory_are_logarithmic_and_end_with_a_million_classes(lab):
    page = lab(LABELS)
    for key, classes in [("End", 1e6), ("Home", 2)]:
        press(page, "classes K", key)
        widths = [float(width.rstrip("%")) for width in page.locator(".memory .bar").evaluate_all(BAR_WIDTHS)]
        wanted = [100 * np.log(size / 1000) / np.log(12_800 * 1e6 / 1000) for size in (12_800, 12_800 * classes)]
        np.testing.assert_allclose(widths, wanted, atol=0.01)


def test_the_label_lab_bears_few_labels_and_logits_far_apart(tab, site):
    page = tab()
    props = html.escape(json.dumps({"logits": [1000, -1000], "label": 0, "classes": 84, "labels": 1}))
    rewrite(page, lambda text: re.sub(r'data-props="[^"]*"', f'data-props="{props}"', text))
    page.goto(site + LABELS)
    come_near(page)
    bodies = page.locator("table:not(.answers) tbody tr")
    assert [row.locator("td").all_text_contents() for row in bodies.all()] == [
        ["0.0000", "1", "0.0000"],
        ["2000.0000", "0", "0.0000"],
    ]
    assert page.locator(".memory .bar").evaluate_all(BAR_WIDTHS) == ["0%", "0%"]  # below 1 kB there is no bar


# ---------------------------------------------------------------------------------------------------- accessibility

CONTROLS = re.compile(r"^\s*- (radio|spinbutton|slider|button|link|checkbox)(?: \"(.*?)\")?", re.MULTILINE)

LOGIT_CONTROLS = [
    *(
        pair
        for name in ("cat", "dog", "bird")
        for pair in [
            ("radio", f"label {name}"),
            ("spinbutton", f"logit of {name}"),
            ("slider", f"slide the logit of {name}"),
            ("slider", f"probability of {name}"),
        ]
    ),
    ("slider", "temperature"),
    ("slider", "add to every logit"),
    ("button", "Add a class"),
    ("button", "Remove the last"),
    ("button", "Start again"),
    ("link", "Link to these numbers"),
]
LABEL_CONTROLS = [("slider", "label"), ("slider", "classes K")]
PAIRS = [(LANDING, LOGIT_CONTROLS), (LABELS, LABEL_CONTROLS)]
BOTH = pytest.mark.parametrize(("name", "controls"), PAIRS, ids=["logit lab", "label lab"])


@BOTH
def test_a_screen_reader_has_a_name_for_every_control(lab, name, controls):
    assert CONTROLS.findall(lab(name).locator(".lab").aria_snapshot()) == controls


@BOTH
def test_tab_leads_through_the_lab_in_the_order_of_the_page_and_shows_where_it_is(lab, name, controls):
    page = lab(name)
    first = page.locator(".lab input").first
    first.focus()
    page.keyboard.press("Shift+Tab")  # out of the lab, to come in by its front door
    assert page.evaluate("document.activeElement.closest('.lab')") is None
    page.keyboard.press("Tab")
    visited = []
    while page.evaluate("document.activeElement.closest('.lab') !== null"):
        seen = page.evaluate(
            """() => {
              const { outlineStyle, outlineWidth, outlineColor, color } = getComputedStyle(document.activeElement);
              return [document.activeElement.ariaLabel ?? (document.activeElement.labels?.[0]
                ?? document.activeElement).textContent, outlineStyle, outlineWidth];
            }"""
        )
        visited.append(seen[0])
        assert seen[1:] == ["solid", "2px"], seen
        page.keyboard.press("Tab")
    # Of the radio buttons the checked one is a stop, as in every form.
    assert visited == [each for _, each in controls if each not in ("label dog", "label bird")]


LISTEN = """() => {
  const status = document.querySelector(".lab [role=status]");
  window.said = [];
  new MutationObserver(() => said.push([status.textContent, performance.now()]))
    .observe(status, { childList: true, characterData: true, subtree: true });
}"""
HOLD_A_KEY = """() => {
  const slider = document.querySelector(".lab input[type=range]");
  for (let k = 0; k < 20; k++) slider.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowLeft" }));
  return performance.now();
}"""
A_WHILE = "() => new Promise((done) => setTimeout(done, 700))"  # longer than the labs' pause


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (LANDING, f"Label cat: probability {shown(softmax([0, 1, 0.1])[0])}, loss {{}} nats. "),
        (LABELS, "Label −2: out of range: an error on a CPU, nan under XLA, 0 with tf.one_hot. One-hot labels of 84 "),
    ],
    ids=["logit lab", "label lab"],
)
def test_a_screen_reader_is_told_once_when_the_changes_have_paused(lab, name, sentence):
    page = lab(name)
    expect(page.locator(".lab").get_by_role("status")).to_have_count(1)
    page.evaluate(LISTEN)
    page.evaluate(A_WHILE)
    assert page.evaluate("said") == []  # a lab that comes into view does not speak
    changed = page.evaluate(HOLD_A_KEY)
    page.wait_for_function("said.length > 0")
    page.evaluate(A_WHILE)
    [(text, when)] = page.evaluate("said")
    assert when - changed > 300
    assert text.startswith(sentence.format(shown(cross_entropy(0, [0, 1, 0.1]))))


def test_a_screen_reader_is_told_of_the_overflow(lab):
    page = lab()
    press(page, "add to every logit", "End")
    expect(page.locator(".lab").get_by_role("status")).to_contain_text("The naive softmax overflows")


BROKEN_RULES = """async () => {
  const { violations, passes } = await axe.run(".course-widget");
  return [violations.map((rule) => [rule.id, rule.nodes.map((node) => node.html)]), passes.map((rule) => rule.id)];
}"""


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", [LANDING, LABELS], ids=["logit lab", "label lab"])
def test_a_lab_in_its_alarm_breaks_no_rule_of_axe(lab, name, theme, screen):
    page = lab(name, OVERFLOW if name == LANDING else "", color_scheme=theme, **screen)
    if name == LABELS:
        press(page, "label", "End")
    expect(page.locator(".lab p.alarm")).to_have_count(1)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    page.evaluate(AXE.read_text())  # defines `axe` without a request
    violations, passes = page.evaluate(BROKEN_RULES)
    assert violations == []
    assert {"color-contrast", "label"} <= set(passes)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_lab_has_the_theme_s_text_and_the_figures_colours(lab, theme):
    page = lab(fragment=OVERFLOW, color_scheme=theme)
    dark = theme == "dark"
    text = page.locator(".lab").evaluate("(each) => getComputedStyle(each).color")
    brightness = np.mean([int(each) for each in re.findall(r"\d+", text)[:3]])
    assert (brightness > 180) if dark else (brightness < 80)
    for name in ("blue", "vermillion"):
        found = page.locator(".lab").evaluate(f"(each) => getComputedStyle(each).getPropertyValue('--{name}').trim()")
        assert found.lower() == widgets.PALETTE[name][dark].lower()


@pytest.mark.parametrize(("wish", "seconds"), [("reduce", "0s"), ("no-preference", "0.12s")])
def test_bars_move_smoothly_unless_the_reader_wants_less_motion(lab, wish, seconds):
    page = lab(LABELS, reduced_motion=wish)
    bars = page.locator(".memory .bar")
    assert bars.evaluate_all("(all) => all.map((bar) => getComputedStyle(bar).transitionDuration)") == [seconds] * 2


def test_on_a_phone_nothing_leaves_the_screen(lab):
    spread = """() => [...document.querySelectorAll(".lab, .lab *:not(.hidden)")].filter((each) => {
      const { left, right } = each.getBoundingClientRect();
      return left < 0 || right > 390;
    }).map((each) => each.outerHTML)"""
    page = lab(fragment="#logit-lab=z:-1000,-999.125,998.375,0,1,2;y:5;t:0.1;c:-120", **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate(spread) == []
    page = lab(LABELS, **PHONE)
    press(page, "classes K", "End")
    press(page, "label", "Home")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate(spread) == []


# ------------------------------------------------------------------------------------- without the lab, and with Python


@pytest.mark.parametrize(
    ("name", "made"),
    [
        (LANDING, widgets.LogitLab(START, names=["cat", "dog", "bird"])),
        (LABELS, widgets.LabelLab(**LABEL_LAB)),
    ],
    ids=["logit lab", "label lab"],
)
def test_without_javascript_the_numbers_stand_in_a_table(tab, site, name, made):
    page = tab(java_script_enabled=False)
    page.goto(site + name)
    place = page.locator(".course-widget")
    caption, rows = cells_of(made.page_html())
    expect(place.locator("caption")).to_be_visible()
    expect(place.locator("caption")).to_have_text(caption)
    found = [row.locator("th, td").all_text_contents() for row in place.locator("tbody tr").all()]
    assert [[cell.strip() for cell in row] for row in found] == rows


@pytest.mark.parametrize(
    "module",
    [
        None,
        "syntax error",
        "export default { render({ el }) { el.append('half of it'); throw new Error('no'); } };",
    ],
    ids=["does not load", "cannot be read", "stops halfway"],
)
def test_a_module_that_fails_leaves_the_table_in_its_place(tab, site, module):
    page = tab()

    def answer(route):
        return route.abort() if module is None else route.fulfill(body=module, content_type="text/javascript")

    page.route("**/logit-lab.mjs", answer)
    uncaught = []
    page.on("pageerror", lambda error: uncaught.append(str(error)))
    with page.expect_console_message(lambda message: message.type == "error"):
        page.goto(site + LANDING)
        page.locator("[data-widget]").scroll_into_view_if_needed()
    page.evaluate(A_WHILE)
    expect(page.locator(".course-widget caption")).to_be_visible()
    expect(page.locator(".course-widget")).not_to_contain_text("half of it")
    expect(page.locator(".course-widget tbody tr")).to_have_count(3)
    assert uncaught == []


@contextmanager
def jupyterlab(folder):
    """Run JupyterLab on a folder and give its address; what it writes goes to the folder."""
    config = folder / "config"
    settings = config / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))  # no look at the network
    homes = {name: str(config / name) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    env = {**os.environ, **homes, "HOME": str(folder), "IPYTHONDIR": str(config), "PYTHONPATH": str(ROOT)}
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": 0,
        "ServerApp.root_dir": folder,
        "ServerApp.open_browser": False,
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
        "LabApp.user_settings_dir": config / "settings",
        "LabApp.workspaces_dir": config / "workspaces",
        "LabApp.extension_manager": "readonly",
    }
    program = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
    with open(folder / "log.txt", "w") as log:
        server = subprocess.Popen(program, env=env, cwd=folder, stdout=log, stderr=log)
    try:
        yield address_of(server, Path(homes["JUPYTER_RUNTIME_DIR"]), folder / "log.txt")
    finally:
        server.terminate()
        server.wait(60)


def address_of(server, runtime, log):
    """Wait until a Jupyter server answers, and return its address, which it writes to its runtime folder."""
    for _ in range(600):
        if server.poll() is not None:
            pytest.fail(f"JupyterLab ended: {log.read_text()}")
        for path in runtime.glob(f"jpserver-{server.pid}.json"):
            try:
                address = json.loads(path.read_text())["url"]
                urlopen(address + "api").close()
                return address
            except (OSError, ValueError):  # not listening yet, or the file is half written
                pass
        time.sleep(0.1)
    pytest.fail(f"JupyterLab does not answer: {log.read_text()}")


CELLS = [
    """from utils import widgets
lab = widgets.LogitLab([2.0, 1.0, 0.1], names=["cat", "dog", "bird"])
lab""",
    "print(lab.logits, lab.label)",
    "lab.label = 1",
]


@pytest.fixture
def notebook(tab, tmp_path):
    """Return a page of JupyterLab with a notebook of CELLS, and the addresses that it asked for."""
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    written.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(written, tmp_path / "lab.ipynb")
    page = tab()
    page.set_default_timeout(4 * PATIENCE)  # a server, a kernel and an application start
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    with jupyterlab(tmp_path) as address:
        page.goto(f"{address}lab/tree/lab.ipynb")
        page.locator(".jp-CodeCell").nth(2).wait_for()
        page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()  # the kernel has started
        yield page, asked, address


def run(page, k):
    """Run one cell of the notebook in JupyterLab and wait until it is done."""
    cell = page.locator(".jp-CodeCell").nth(k)
    prompt = cell.locator(".jp-InputPrompt").first
    before = prompt.text_content()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    expect(prompt).not_to_have_text(before, timeout=4 * PATIENCE)
    expect(prompt).to_have_text(re.compile(r"^\[\d+\]:$"), timeout=4 * PATIENCE)
    return cell.locator(".jp-Cell-outputArea")


def test_in_jupyterlab_the_lab_and_python_move_each_other(notebook):
    page, asked, address = notebook
    output = run(page, 0)
    expect(output.locator(".lab")).to_be_visible()
    assert reading(page).logits == START
    expect(page.get_by_role("link", name="Link to these numbers")).to_have_count(0)  # its address is not a page's

    # JupyterLab has its own uses for some of these keys: it goes to the next cell, or makes the cell a heading.
    press(page, "slide the logit of dog", *["ArrowRight"] * 5, "ArrowDown")
    assert reading(page).logits == [2, 1.4, 0.1]
    field = page.get_by_role("spinbutton", name="logit of cat")
    field.fill("")
    field.press_sequentially("3")
    assert reading(page).logits == [3, 1.4, 0.1]
    page.get_by_role("radio", name="cat").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert reading(page).label == 2
    assert page.evaluate("document.activeElement.closest('.class').ariaLabel") == "bird"
    assert page.locator(".jp-CodeCell").count() == 3
    expect(page.locator(".jp-CodeCell").first).to_have_class(re.compile(r"\bjp-mod-active\b"))
    expect(run(page, 1)).to_contain_text("[3.0, 1.4, 0.1] 2")

    run(page, 2)
    expect(page.get_by_role("radio", name="dog")).to_be_checked()
    assert reading(page).loss == f"loss = −log p(dog) = {shown(cross_entropy(1, [3, 1.4, 0.1]))} nats"
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []
