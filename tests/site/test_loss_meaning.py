"""What a loss can mean: each row of the table is produced by a model, and the widget shows what the table says."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labs import PHONE
from playwright.sync_api import expect
from test_pages import barriers_on
from test_widget_numbers import in_node

from benchmarks.pages import AXE
from utils import widgets
from utils.quiet import keras, tf

TABLE = (widgets.MODULES / "meanings.mjs").read_text()
IDS = re.findall(r"^  (\w+): \(given\)", TABLE, re.MULTILINE)


def meanings(**given):
    """Return the ids of what the table answers, best first."""
    given = {key: str(value) if key == "typed" else value for key, value in given.items()}
    return [row["id"] for row in in_node("meanings.mjs", [("meanings", given)])[0]]


# ---------------------------------------------------------------------------------------------- a model for each row

Sparse, Rows, Binary = (
    keras.losses.SparseCategoricalCrossentropy,
    keras.losses.CategoricalCrossentropy,
    keras.losses.BinaryCrossentropy,
)
TEN = np.arange(20) % 10


def loss_of(logits, labels, loss, *layers, **compiled):
    """Return what evaluate reports for a model that hands on these logits, through layers behind them."""
    logits = np.asarray(logits, np.float32)
    model = keras.Sequential([keras.Input(logits.shape[1:]), keras.layers.Activation("linear"), *layers])
    model.compile(loss=loss, **compiled)
    return model.evaluate(logits, np.asarray(labels), len(logits), 0)


def behind():
    """Return a softmax and a layer that hides it from the loss."""
    return keras.layers.Softmax(), keras.layers.Reshape((-1,))


def with_epsilon(epsilon, make):
    """Return what `make` returns under another epsilon."""
    before = keras.config.epsilon()
    keras.config.set_epsilon(epsilon)
    try:
        return make()
    finally:
        keras.config.set_epsilon(before)


def unscaled():
    """Return the first loss of ten logits on inputs of 0 to 255."""
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).integers(0, 256, size=(20, 784)).astype("float32")
    return loss_of(x, TEN, Sparse(True), keras.layers.Dense(10))


def masked():
    """Return logits of which that of the label is minus infinity."""
    return np.where(np.eye(10)[TEN] == 1, -np.inf, 0)


def mean_over_all(rows, probs):
    """Return the mean of −t log p over rows and classes, a loss by hand."""
    return -rows * tf.math.log(probs)


EVEN, RIGHT = np.zeros((20, 10)), 200 * np.eye(10)[TEN]
ALL_ZERO = 200 * np.eye(10)[np.zeros(20, int)]  # sure of class 0 everywhere
SKEWED = np.repeat([0, 1, 2], [2, 4, 10])
SMOOTH = np.log(0.9 * np.eye(10)[TEN] + 0.01)

# The row, what a reader knows, the program, and how many answers may stand before the row.
PRODUCED = [
    ("nan", {"classes": 10}, lambda: loss_of(EVEN, TEN + 1, Sparse(True), jit_compile=True), 0),
    ("infinite", {"classes": 10}, lambda: loss_of(masked(), TEN, Sparse(True)), 0),
    ("negative", {}, lambda: loss_of([[30.0]], [[9]], Binary(True)), 0),
    ("zero", {}, lambda: loss_of(np.zeros((4, 1)), np.zeros(4), Sparse(), keras.layers.Softmax()), 0),
    ("even", {}, lambda: loss_of(EVEN, TEN, Sparse(True)), 0),
    ("even", {"classes": 10, "ends": "logits", "rule": "logits"}, lambda: loss_of(EVEN, TEN, Sparse(True)), 0),
    ("coin", {"rule": "binary"}, lambda: loss_of(np.zeros((4, 1)), [[0], [1], [0], [1]], Binary(True)), 0),
    ("coin", {"classes": 10}, lambda: loss_of(EVEN, np.eye(10)[TEN], Binary(), keras.layers.Softmax()), 0),
    ("evenBinary", {"classes": 10}, lambda: loss_of(EVEN, np.eye(10)[TEN], Binary(), *behind()), 0),
    ("bits", {"classes": 10}, lambda: loss_of(EVEN, TEN, Sparse(True)) / np.log(2), 0),
    ("classMean", {"classes": 10}, lambda: loss_of(EVEN, np.eye(10)[TEN], mean_over_all, keras.layers.Softmax()), 0),
    (
        "frequencies",
        {"classes": 3, "counts": [2, 4, 10]},
        lambda: loss_of(np.log(np.tile([2, 4, 10], (16, 1)) / 16), SKEWED, Sparse(True)),
        0,
    ),
    ("belowEven", {"classes": 3}, lambda: loss_of(np.log(np.tile([2, 4, 10], (16, 1)) / 16), SKEWED, Sparse(True)), 1),
    ("uncounted", {"classes": 3}, lambda: loss_of(np.zeros((4, 3)), tf.one_hot([0, 1, 2, 3], 3), Rows(True)), 3),
    ("twiceRight", {}, lambda: loss_of(RIGHT, TEN, Sparse(True), *behind()), 0),
    ("twiceRight", {"classes": 10}, lambda: loss_of(RIGHT, TEN, Sparse(True), *behind()), 0),
    ("twiceWrong", {"classes": 10}, lambda: loss_of(RIGHT, (TEN + 1) % 10, Sparse(True), *behind()), 0),
    ("clipped", {}, lambda: loss_of(RIGHT, (TEN + 1) % 10, Sparse(), *behind()), 0),
    ("clippedShare", {"classes": 10}, lambda: loss_of(ALL_ZERO, TEN, Sparse(), *behind()), 0),
    (
        "clippedBinary",
        {},
        lambda: loss_of([[200.0]], [[0]], Binary(), keras.layers.Activation("sigmoid"), keras.layers.Reshape((1,))),
        0,
    ),
    (
        "otherEpsilon",
        {"classes": 2},
        lambda: with_epsilon(1e-3, lambda: loss_of([[0, 200]], [0], Sparse(), *behind())),
        0,
    ),
    ("perfect", {}, lambda: loss_of(RIGHT, TEN, Sparse(), *behind()), 0),
    ("smoothed", {"classes": 10}, lambda: loss_of(SMOOTH, np.eye(10)[TEN], Rows(True, label_smoothing=0.1)), 0),
    ("summed", {"classes": 10}, lambda: loss_of(EVEN, TEN, Sparse(True, reduction="sum")), 0),
    ("summed", {}, lambda: 400 * loss_of(EVEN, TEN, Sparse(True, reduction="sum")), 0),
    ("unscaled", {"classes": 10}, unscaled, 0),
    ("falling", {"classes": 10}, lambda: loss_of(RIGHT / 100, TEN, Sparse(True)), 0),
    ("oneOutput", {"classes": 1}, lambda: loss_of(np.zeros((4, 1)), np.zeros(4), Sparse(), keras.layers.Softmax()), 1),
    ("plain", {"classes": 10}, lambda: loss_of(RIGHT / 200, TEN, Sparse(True)), 4),
]


@pytest.mark.parametrize(("name", "known", "produce", "behind"), PRODUCED, ids=[row[0] for row in PRODUCED])
def test_a_model_produces_the_loss_that_the_row_is_for(name, known, produce, behind):
    loss = produce()
    found = meanings(typed=f"{loss:.8g}" if abs(loss) < 1e-3 else f"{loss:.4f}", **known)
    assert name in found[: behind + 1], (loss, found)


def test_every_row_of_the_table_has_its_model():
    assert {name for name, *_ in PRODUCED} == set(IDS)


@pytest.mark.parametrize(
    ("ends", "rule", "loss"),
    [
        ("logits", "probs", lambda: loss_of([[-1.0, 2.0, 3.0]], [0], Sparse())),
        ("behind", "logits", lambda: loss_of(RIGHT, TEN, Sparse(True), *behind())),
        ("behind", "probs", lambda: loss_of(RIGHT, (TEN + 1) % 10, Sparse(), *behind())),
    ],
)
def test_a_setting_that_is_wrong_with_any_loss_comes_first_and_costs_more_than_the_right_one(ends, rule, loss):
    assert meanings(typed=f"{loss():.4f}", ends=ends, rule=rule)[0] == "setting"
    assert loss() > 1
    assert "setting" not in meanings(typed="1.5", ends="logits", rule="logits", classes=10)


def test_what_is_known_rules_rows_out():
    assert "clipped" not in meanings(typed="16.118", rule="logits")
    assert "twiceRight" not in meanings(typed="1.4612", classes=10, ends="logits")
    assert "even" not in meanings(typed="0.6931", classes=2, rule="binary")
    assert meanings(typed="2.30", classes=10)[0] == "even"
    assert meanings(typed="2.5", classes=10)[0] != "even"
    assert meanings(typed="4.17")[0] == "even"  # among about 65
    assert meanings(typed="0", classes=10) == ["zero"]
    assert meanings(typed="nan", classes=10) == ["nan"]
    assert meanings(typed="0.69", classes=10, ends="softmax", rule="probs")[0] == "falling"
    assert "summed" not in meanings(typed="16.118", classes=10) + meanings(typed="7.6", classes=10)


# -------------------------------------------------------------------------------------------------- what is typed


@pytest.mark.parametrize(
    ("typed", "loss"),
    [
        (" 2.3026 ", 2.3026),
        ("2,3026", 2.3026),
        ("1.19e-07", 1.19e-7),
        ("−55", -55),
        (".5", 0.5),
        ("-inf", -np.inf),
        ("loss: 2.3026 - accuracy: 0.1", 2.3026),
    ],
)
def test_a_loss_is_read_as_people_write_it(typed, loss):
    assert in_node("meanings.mjs", [("readLoss", typed)])[0]["loss"] == loss


@pytest.mark.parametrize("typed", ["", "abc", "1.2.3", "--1", "0x10", "1e", "∞", "2.3 nats", "Infinity1"])
def test_what_is_no_number_is_none(typed):
    assert in_node("meanings.mjs", [("readLoss", typed), ("meanings", {"typed": typed})]) == [None, []]


TEXT = st.characters(exclude_characters="NI")  # `in_node` would make numbers of NaN and Infinity
STATES = st.fixed_dictionaries(
    {
        "loss": st.text(TEXT, max_size=20),
        "classes": st.text(TEXT, max_size=10),
        "ends": st.sampled_from(["", "logits", "softmax", "behind", "sigmoid"]),
        "rule": st.sampled_from(["", "probs", "logits", "binary"]),
        "counts": st.text(TEXT, max_size=30),
    }
)


@settings(max_examples=20, deadline=None)
@given(st.lists(STATES, min_size=50, max_size=50))
def test_an_address_holds_every_state_and_any_text_can_be_read_or_refused(states):
    states = [{k: v.encode("utf-16", "replace").decode("utf-16", "replace") for k, v in s.items()} for s in states]
    addresses = in_node("loss-meaning.mjs", [("addressOf", state) for state in states])
    assert in_node("loss-meaning.mjs", [("stateOfAddress", address) for address in addresses]) == states
    rest = in_node("loss-meaning.mjs", [("readRest", state) for state in states])
    assert all(("wrong" in each) != ("counts" in each) for each in rest)


@pytest.mark.parametrize(
    "part", ["ends:nothing", "rule:constructor", "color:red", "loss:%zz", f"loss:{'9' * 500}", "x"]
)
def test_an_address_that_means_nothing_is_refused(part):
    assert in_node("loss-meaning.mjs", [("stateOfAddress", f"#loss-meaning={part}")]) == [None]


# -------------------------------------------------------------------------------------------------------- on the page

QUESTIONS = "chapters/questions.html"


@pytest.fixture
def asked(lab):
    """Return a function that opens the page of questions, with an address of the widget, and gives it."""

    def visit(fragment="", **options):
        page = lab(QUESTIONS, fragment, **options)
        return page, page.locator(".loss-meaning")

    return visit


def test_a_loss_is_typed_and_its_first_meaning_leads_to_the_cell_that_shows_it(asked):
    page, widget = asked()
    expect(widget).to_contain_text("Type the loss as your program prints it.")
    widget.get_by_label("the loss", exact=True).press_sequentially("2.3026")
    first = widget.locator("li").first
    expect(first).to_contain_text("An even guess among 10 classes")
    expect(first).to_have_class("fits")
    first.get_by_role("link").click()
    page.wait_for_url(re.compile(r"06_field_guide\.html#cell-"))
    assert page.locator(f"[id='{page.url.partition('#')[2]}']").count() == 1


def test_it_works_with_keys_alone_and_says_what_came_first(asked):
    page, widget = asked()
    widget.get_by_label("the loss", exact=True).focus()
    page.keyboard.type("14.506")
    page.keyboard.press("Tab")
    page.keyboard.type("10")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")  # logits
    page.keyboard.press("ArrowDown")  # softmax
    expect(widget.get_by_label("the model ends in")).to_have_value("softmax")
    expect(widget.locator("li").first).to_contain_text("90 % of the rows are wrong and clipped")
    expect(widget.locator("[role=status]")).to_contain_text("First: 90 % of the rows are wrong and clipped")


def test_a_link_brings_the_question_back_and_a_broken_one_says_so(asked):
    page, widget = asked("#loss-meaning=loss:1.4612;classes:10")
    expect(widget.locator("li").first).to_contain_text("Softmax is applied twice: this is its floor")
    assert widget.get_by_role("link", name="Link to this answer").get_attribute("href") == "#" + page.url.split("#")[1]
    page.goto(page.url.partition("#")[0] + "#loss-meaning=ends:nothing")
    expect(widget).to_contain_text("does not hold a question that can be read")


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("the loss", "abc", "A loss is a number, nan or inf."),
        ("number of classes K, if known", "1.5", "The number of classes is a whole number, 1 or more."),
        ("rows of each class, if known", "many", "The rows of each class are numbers"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(asked, field, typed, words):
    _, widget = asked("#loss-meaning=loss:2.3")
    widget.get_by_label(field, exact=True).fill(typed)
    expect(widget).to_contain_text(words)
    expect(widget.locator("li")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barrier_stands_in_the_widget_on_a_phone(asked, theme):
    page, widget = asked("#loss-meaning=loss:2.3026;classes:10", color_scheme=theme, **PHONE)
    expect(widget.locator("li").first).to_be_visible()
    page.evaluate(AXE.read_text())
    assert barriers_on(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_scripts_the_best_known_marks_stand_there(tab, site):
    page = tab(java_script_enabled=False)
    page.goto(site + QUESTIONS)
    marks = page.locator("[data-widget=loss-meaning] table").inner_text()
    assert "16.1181" in marks
    assert "an even guess among ten classes" in marks


def test_the_marks_of_the_table_without_scripts_are_the_numbers_that_they_name():
    marks = json.dumps(widgets.LossMeaning().fallback())
    for number in (np.log(10), np.log(np.e + 9) - 1, -np.log(1e-7), -0.9 * np.log(1e-7), 23 * np.log(2)):
        assert f"{number:.4f}" in marks


@pytest.mark.parametrize(("name", "value"), [("ends", "tanh"), ("rule", "mse")])
def test_python_refuses_what_the_widget_does_not_know(name, value):
    with pytest.raises(ValueError, match=f"^`{name}` is '{value}'; wanted one of"):
        widgets.LossMeaning(**{name: value})


def test_python_gives_the_state_to_the_page():
    page = widgets.LossMeaning(2.3026, classes=10, counts=[3, 4]).page_html()
    assert "&quot;loss&quot;: &quot;2.3026&quot;" in page
    assert "&quot;counts&quot;: &quot;3 4&quot;" in page
