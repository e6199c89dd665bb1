"""The digit canvas in the hands of a reader: each number that it shows is compared with Keras.

Long, for it has every way to draw, and everyone who does.
"""

import json
import re
from base64 import b64encode

import numpy as np
import pytest
from digit_given import FITTED, canvas_of_the_page, in_ink, keras_network, random_images
from labs import DESK, PHONE, come_near, press, shown, slider
from playwright.sync_api import expect
from widget_page import make_site

from benchmarks.pages import AXE, served
from utils import nets, plots
from utils.losses import cross_entropy, cross_entropy_gradient, softmax
from utils.quiet import tf
from utils.widgets.digit_canvas import pack_image, unpack_image


@pytest.fixture(scope="module")
def network():
    return keras_network()


@pytest.fixture(scope="module")
def made():
    return canvas_of_the_page()


@pytest.fixture(scope="module")
def place(made, tmp_path_factory):
    """Serve a site of one page that has the canvas."""
    folder = tmp_path_factory.mktemp("digits")
    name = make_site(folder, made)
    with served(folder) as address:
        yield address + name


@pytest.fixture
def canvas(tab, place):
    """Return a function that opens the page at its canvas, and presses Start unless told otherwise."""

    def visit(fragment="", start=True, **options):
        page = tab(**options)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.goto(place + fragment)
        come_near(page)
        if start:
            page.get_by_role("button", name="Start").click()
            expect(page.get_by_role("button", name="Start")).to_have_count(0)
        settle(page)
        return page

    return visit


def settle(page):
    """Wait for the frame that shows what was done last."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


READ = """() => {
  const all = (selector) => [...document.querySelectorAll(`.digit-canvas ${selector}`)];
  const texts = (selector) => all(selector).map((each) => each.textContent);
  const link = document.querySelector(".digit-canvas a.button");
  return {
    z: texts("td.z"), p: texts("td.p"), gradient: texts("td.gradient"),
    loss: texts(".loss .big")[0], rank: texts(".loss .quiet")[0],
    widths: all(".bar").map((each) => parseFloat(each.style.width) / 100),
    rule: texts("table + .line + .quiet")[0],
    label: all("input[type=radio]").findIndex((each) => each.checked),
    chosen: all("tbody tr").findIndex((each) => each.matches(".chosen")),
    temperature: Number(texts(".line label > span")[0]), address: link.hash,
  };
}"""


POWERS = str.maketrans("−⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "--0123456789")


def numbers(texts):
    """Return numbers that the canvas shows, "−0.12" or "3.8 · 10⁻⁵"."""
    return np.array([float(each.replace(" · 10", "e").translate(POWERS)) for each in texts])


def reading(page, network):
    """Return what the canvas shows, after computing every number of it with Keras."""
    settle(page)
    found = page.evaluate(READ)
    label, temperature, image = re.fullmatch("#digit-canvas=y:(.+);t:(.+);i:(.+)", found["address"]).groups()
    found["image"] = unpack_image(image)
    logits = network(found["image"][None, ..., None]).numpy()[0].astype(float)
    assert float(temperature) == found["temperature"]
    probs = softmax(logits, temperature=float(temperature))
    np.testing.assert_allclose(numbers(found["z"]), logits, rtol=0, atol=0.0052)
    np.testing.assert_allclose(numbers(found["p"]), probs, rtol=0, atol=0.00015)
    small = probs < 0.001
    np.testing.assert_allclose(numbers(found["p"])[small], probs[small], rtol=0.06)
    assert all((" · 10⁻" in each) == low for each, low in zip(found["p"], small, strict=True))
    empty = found["image"].max() == 0
    np.testing.assert_allclose(found["widths"], probs, rtol=0, atol=1e-4)
    reads = f"The pad is empty; the network reads {logits.argmax()} all the same" if empty else None
    assert found["rank"].startswith(f"{reads or f'The network reads {logits.argmax()}'}, with p = ")
    wins = "The pad is empty: T changes the prob" if empty else f"{logits.argmax()} wins at every T, "
    assert f" digits. {wins}" in found["rule"]
    said = f"the loss changes; here it is {found['loss'].split(' at T')[0].split(' = ')[-1]}."  # "… 6.2302 nats."
    assert (said in found["rule"] or "and the loss." in found["rule"]) == (label != "none")
    assert ("there is no loss" in found["rule"]) == (label == "none")
    assert ("∂loss/∂z is (p − t) / T, where t is 1" in found["rule"]) == (label != "none" and float(temperature) != 1)
    assert ("∂loss/∂z is p − t, where t is 1" in found["rule"]) == (label != "none" and float(temperature) == 1)
    assert found["label"] == found["chosen"] == (-1 if label == "none" else int(label))
    if label == "none":
        assert found["loss"] == "A loss needs a label: which digit was meant?"
        assert found["gradient"] == ["–"] * 10
        assert "larger loss" not in found["rank"]
        return found
    label = int(label)
    given = f" It gives the label {label} only p = {found['p'][label]}."
    assert (given in found["rank"]) == (label != logits.argmax())
    gradient = cross_entropy_gradient(label, logits / float(temperature)) / float(temperature)
    np.testing.assert_allclose(numbers(found["gradient"]), gradient, rtol=0, atol=0.00015 + 0.0001 / float(temperature))
    wanted = cross_entropy(label, logits / float(temperature))
    shown_label, loss, shown_temperature = re.fullmatch(
        r"loss = −log p\((\d)\) = (.+) nats( at T = .+)?", found["loss"]
    ).groups()
    assert shown_label == str(label)
    assert shown_temperature == (None if float(temperature) == 1 else f" at T = {float(temperature):.2f}")
    number = numbers([loss])[0]
    rounded = " · 10⁻" in loss
    np.testing.assert_allclose(number, wanted, rtol=0.06 if rounded else 1e-4, atol=0 if rounded else 0.00015)
    found["nats"] = number
    return found


def at(page, column, row):
    """Return where a point of the image lies on the screen."""
    box = page.locator(".digit-canvas .pad canvas").bounding_box()
    return box["x"] + box["width"] * column / 28, box["y"] + box["height"] * row / 28


def draw(page, *points):
    page.mouse.move(*at(page, *points[0]))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*at(page, *point), steps=6)
    page.mouse.up()
    settle(page)


SEVEN = [(8, 7), (20, 7), (13, 22)]


def test_nothing_is_fetched_before_start_and_then_only_the_network_and_what_runs_it(tab, place):
    page = tab()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(place, wait_until="networkidle")
    come_near(page)
    settle(page)
    before = len(asked)
    assert not any("models/" in url for url in asked)
    expect(page.locator(".digit-canvas .big")).to_have_text(re.compile(r"^loss = −log p\(6\) = 6\.23 nats$"))
    slider(page, "temperature").focus()
    page.keyboard.press("PageUp")  # neither a temperature nor a label needs the network: Python's logits are there
    page.get_by_role("radio", name="I meant 2").check()
    expect(page.locator(".digit-canvas .big")).to_contain_text("−log p(2)")
    assert len(asked) == before
    size = (nets.MODELS / "digit_cnn.bin").stat().st_size + (nets.MODELS / "digit_cnn.json").stat().st_size
    said = re.search(r"(\d+) kB", page.get_by_text("loads the network").text_content())
    assert int(said[1]) == pytest.approx(size / 1000, abs=2)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    fetched = ["models/digit_cnn.bin", "models/digit_cnn.json", "widgets/forward.mjs", "widgets/weights.mjs"]
    assert sorted(url.split("/_static/")[1] for url in asked[before:]) == fetched
    assert page.evaluate("document.activeElement.className") == "pad"  # the button that had the focus is gone


def test_a_drawn_seven_has_the_numbers_of_keras_and_no_loss_until_the_reader_says_seven(canvas, network):
    page = canvas(start=False)
    page.get_by_role("button", name="Clear").click()  # also starts the network
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    found = reading(page, network)
    assert found["image"].max() == 0
    assert found["label"] == -1
    page.get_by_role("radio", name="I meant 3").check()
    assert reading(page, network)["nats"] > 1  # an empty pad with a label has a loss
    page.get_by_role("button", name="Take the label back").click()
    draw(page, *SEVEN)
    found = reading(page, network)
    assert 40 < found["image"].sum() < 110
    assert ((found["image"] > 0) & (found["image"] < 1)).sum() > 20  # grey edges
    assert numbers(found["z"]).argmax() == 7
    page.get_by_role("radio", name="I meant 7").check()
    right = reading(page, network)
    page.get_by_role("radio", name="I meant 1").check()
    wrong = reading(page, network)
    assert right["nats"] < 0.1 < 2 < wrong["nats"]
    assert "Test digits with a larger loss at this T: " in wrong["rank"]
    page.get_by_role("button", name="Take the label back").click()
    assert reading(page, network)["label"] == -1
    assert page.errors == []


def test_a_stroke_may_come_before_start(canvas, network):
    page = canvas(start=False)
    draw(page, (3, 3), (10, 3))
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    found = reading(page, network)
    assert found["image"][2:4, 4:9].min() > 0.9
    assert found["label"] == 6  # the digit underneath had one, and is being mended


def test_each_of_the_hardest_has_the_loss_that_python_found(canvas, network, made):
    page = canvas()
    thumbs = page.locator(".hardest button")
    assert thumbs.all_text_contents() == [f"{each['label']}: {each['loss']:.1f}" for each in made.hardest]
    for thumb, each in zip(thumbs.all(), made.hardest, strict=True):
        thumb.click()
        found = reading(page, network)
        assert found["address"].endswith(each["image"])
        assert found["label"] == each["label"]
        assert found["nats"] == pytest.approx(each["loss"], abs=0.006)


def test_a_six_is_mended_with_the_pen_and_spoiled_with_the_eraser(canvas, network):
    page = canvas()
    before = reading(page, network)
    page.mouse.move(*at(page, 9.5, 15))
    draw(page, (11, 14), (9, 18), (10, 20))  # closes the gap between both strokes
    mended = reading(page, network)
    assert mended["nats"] < before["nats"] - 1
    page.get_by_role("button", name="Eraser").click()
    expect(page.get_by_role("button", name="Eraser")).to_have_attribute("aria-pressed", "true")
    draw(page, (4, 4), (24, 24))
    erased = reading(page, network)
    assert erased["image"].sum() < mended["image"].sum() - 5
    for wanted in (mended, before):
        page.get_by_role("button", name="Undo").click()
        assert reading(page, network)["address"] == wanted["address"]
    expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    page.get_by_role("button", name="Undo").press("Enter")
    assert reading(page, network)["address"] == before["address"]


def test_undo_also_brings_back_the_label(canvas, network):
    page = canvas()
    before = reading(page, network)
    page.get_by_role("button", name="Clear").click()
    assert reading(page, network)["label"] == -1
    page.locator(".pad").focus()
    page.keyboard.press("Control+z")
    assert reading(page, network)["address"] == before["address"]


def test_the_winner_is_the_same_at_every_temperature_and_the_loss_is_not(canvas, network):
    page = canvas()
    winners, losses = set(), []
    for keys in (["Home"], *[["PageUp"]] * 4, ["End"]):
        press(page, "temperature", *keys)
        found = reading(page, network)
        winners.add(numbers(found["p"]).argmax())
        losses.append(found["nats"])
    assert winners == {2}
    assert losses == sorted(losses, reverse=True)  # a wrong digit costs less the less sure the network is
    assert found["temperature"] == 4
    page.get_by_role("button", name=f"T = {FITTED}, fitted").click()
    found = reading(page, network)
    assert found["temperature"] == FITTED
    assert "larger loss at this T: none of 10,000" in found["rank"]
    press(page, "temperature", "ArrowRight", "ArrowLeft")
    assert reading(page, network)["rank"].endswith(
        f"No comparison with the test digits at this T; there is one at T = 1 and T = {FITTED}."
    )
    ticks = page.locator("datalist option").evaluate_all("(all) => all.map((each) => Number(each.value))")
    np.testing.assert_allclose(ticks, [0, np.log2(FITTED)], atol=0.005)
    assert slider(page, "temperature").evaluate("(each) => each.list.options.length") == 2
    slider(page, "temperature").evaluate("(each) => { each.value = 0.79; each.dispatchEvent(new Event('input')); }")
    assert reading(page, network)["temperature"] == FITTED  # the slider finds it nearby


def test_keys_draw_too(canvas, network):
    page = canvas()
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("application", name="drawing pad, 28 by 28 cells").focus()
    for key in ["Space", "ArrowRight", "Enter", "ArrowDown", "ArrowDown", *["Shift+ArrowLeft"] * 3]:
        page.keyboard.press(key)
    found = reading(page, network)
    wanted = np.zeros((28, 28))
    wanted[14, 14:16] = wanted[16, 12:15] = 1
    np.testing.assert_array_equal(found["image"], wanted)
    expect(page.locator(".digit-canvas > [role=status]")).to_contain_text(
        "Row 17, column 13: grey 1.00. A loss needs a label"
    )
    page.keyboard.press("Space")
    wanted[16, 12] = 0
    np.testing.assert_array_equal(reading(page, network)["image"], wanted)
    for key in [*["ArrowUp"] * 20, *["ArrowLeft"] * 20, "Space"]:  # not beyond the corner
        page.keyboard.press(key)
    wanted[0, 0] = 1
    np.testing.assert_array_equal(reading(page, network)["image"], wanted)
    top = page.evaluate("scrollY")
    for key in [*["ArrowDown"] * 40, "Space"]:
        page.keyboard.press(key)
    assert page.evaluate("scrollY") == top
    expect(page.locator(".pad .cell")).to_be_visible()


def test_a_stroke_of_keys_is_taken_back_as_one(canvas, network):
    page = canvas()
    page.get_by_role("button", name="Clear").click()
    page.locator(".pad").focus()
    counts = [0]
    for stroke in (["ArrowRight"] * 3, ["ArrowDown"] * 2):
        page.keyboard.down("Shift")
        for key in stroke:
            page.keyboard.press(key)
        page.keyboard.up("Shift")
        counts.append(reading(page, network)["image"].sum())
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    counts.append(reading(page, network)["image"].sum())
    assert counts == [0, 3, 5, 6]
    for wanted in counts[-2::-1]:
        page.keyboard.press("Control+z")
        assert reading(page, network)["image"].sum() == wanted
    page.keyboard.press("Control+z")
    assert reading(page, network)["label"] == 6  # before the pad was cleared
    # Where Shift is let go elsewhere, the stroke has ended, too.
    page.keyboard.down("Shift")
    page.keyboard.press("ArrowUp")
    before = reading(page, network)["address"]
    page.get_by_role("button", name="Undo").focus()
    page.keyboard.up("Shift")
    page.locator(".pad").focus()
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("Control+z")
    assert reading(page, network)["address"] == before


def test_the_temperature_stays_when_the_digit_changes(canvas, network, made):
    page = canvas()
    page.get_by_role("button", name=f"T = {FITTED}, fitted").click()
    page.get_by_role("button", name="Clear").click()
    assert reading(page, network)["temperature"] == FITTED
    page.locator(".hardest button").nth(3).click()
    found = reading(page, network)
    assert found["temperature"] == FITTED
    assert found["loss"].endswith(f" nats at T = {FITTED}")
    page.get_by_role("button", name="T = 1", exact=True).click()
    assert reading(page, network)["loss"].endswith(" nats")


def test_before_start_the_numbers_are_those_that_come_after_it(canvas, network, made):
    page = canvas(start=False)
    before = page.evaluate(READ)
    assert before["p"][6] == "0.0020"
    assert before["gradient"][6] == "−0.998"
    np.testing.assert_allclose(-np.log(numbers(before["p"])[6]), 6.23, atol=0.03)
    np.testing.assert_allclose(numbers(before["p"]), softmax(made.logits), rtol=0.06, atol=0)
    page.get_by_role("radio", name="I meant 0").check()
    settle(page)
    far = page.evaluate(READ)
    loss = float(re.search(r" = (\S+) nats", far["loss"])[1])
    np.testing.assert_allclose(-np.log(numbers(far["p"])[0]), loss, atol=0.05)
    page.get_by_role("radio", name="I meant 6").check()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    after = reading(page, network)
    for name in ("p", "gradient"):
        np.testing.assert_allclose(numbers(before[name]), numbers(after[name]), rtol=0.06, atol=0.0008)


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_the_marks_move_nothing_and_on_a_phone_the_loss_is_under_the_pad(canvas, screen):
    page = canvas(**screen)
    place = """(selector) => {
      const { top, bottom } = document.querySelector(`.digit-canvas ${selector}`).getBoundingClientRect();
      return [top + scrollY, bottom + scrollY];
    }"""
    pad, loss, seen, table = (page.evaluate(place, each) for each in (".draw", ".loss", ".seen", "table"))
    if screen is PHONE:
        assert pad[1] <= loss[0] < pad[1] + 20
        assert loss[1] < seen[0]
    else:
        assert seen[1] < loss[0]
    page.get_by_role("checkbox").check()
    for act in (None, "Invert", "Centre as MNIST does", "Take the label back"):
        if act:
            page.get_by_role("button", name=act).click()
        settle(page)
        assert page.evaluate(place, "table") == table, act
    page.get_by_role("button", name=f"T = {FITTED}, fitted").click()
    page.locator(".hardest button").first.click()
    settle(page)
    assert page.evaluate(place, "table") == table


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
def test_neither_the_network_nor_the_temperature_moves_what_is_below(canvas, screen):
    page = canvas(start=False, **screen)
    tops = """() => [...document.querySelectorAll(".digit-canvas :is(.loss, .hardest, table)")].map(
      (each) => each.getBoundingClientRect().top + scrollY)"""
    before = page.evaluate(tops)
    draw(page, (3, 3), (10, 3))
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    settle(page)
    assert page.evaluate(tops) == before
    press(page, "temperature", "ArrowRight", "ArrowRight")  # with the longest sentence
    settle(page)
    assert page.evaluate(tops) == before


def test_the_hardest_are_said_to_be_misread_and_one_screen_has_them_and_what_the_network_sees(canvas, made):
    assert all(each["loss"] > np.log(10) for each in made.hardest)  # so p of the label is not the largest
    for screen in (DESK, PHONE):
        page = canvas(**screen)
        expect(page.locator(".digit-canvas")).to_contain_text("The network reads each as another digit")
        seen, thumbs = (page.locator(each).bounding_box() for each in (".seen", ".hardest"))
        header = 64
        assert thumbs["y"] + thumbs["height"] - seen["y"] < screen["viewport"]["height"] - header


def test_keys_are_spoken_of_where_there_may_be_some(canvas):
    for screen, wanted in ((DESK, "Ctrl+Z undoes."), (PHONE, "Draw here.")):
        caption = canvas(start=False, **screen).locator(".draw figcaption")
        assert caption.inner_text().strip().endswith(wanted)


def test_a_link_to_an_empty_pad_that_cannot_be_centred_leaves_the_start(canvas):
    page = canvas(f"#digit-canvas=y:none;t:1;i:{pack_image(np.zeros((28, 28)))}", start=False)
    page.get_by_role("button", name="Centre as MNIST does").click()
    expect(page.get_by_text("There is no ink to centre.")).to_be_visible()
    error, start = page.get_by_text("There is no ink").bounding_box(), page.get_by_text("loads the").bounding_box()
    assert error["y"] >= start["y"] + start["height"]
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name="Start")).to_have_count(0)


def test_of_a_picture_that_is_mostly_ink_it_is_said_at_once_that_the_network_never_saw_such(canvas):
    page = canvas()
    sentence = "Mostly ink: the network has never seen black ink on white."
    expect(page.locator(".controls")).to_contain_text("never on black ink.")
    page.get_by_role("button", name="Invert").click()
    expect(page.locator(".controls .alarm").filter(visible=True, has_text=sentence)).to_have_count(1)
    expect(page.locator(".digit-canvas > [role=status]")).to_contain_text(sentence)
    page.get_by_role("button", name="Invert").click()
    expect(page.get_by_text(sentence).filter(visible=True)).to_have_count(0)
    expect(page.locator(".controls")).to_contain_text("never on black ink.")


def test_the_digit_is_moved_inverted_and_centred(canvas, network):
    page = canvas()
    image = reading(page, network)["image"]
    moves = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
    for name, (down, right) in moves.items():
        page.get_by_role("button", name=f"move the digit {name} by one pixel").click()
        image = np.roll(image, (down, right), (0, 1))  # the digit does not touch the edges
        np.testing.assert_array_equal(reading(page, network)["image"], image)
    page.get_by_role("button", name="Invert").click()
    np.testing.assert_allclose(reading(page, network)["image"], 1 - image, atol=1e-6)
    page.get_by_role("button", name="Centre as MNIST does").click()
    expect(page.locator(".controls .alarm[role=status]")).to_have_text(
        "The pad is mostly ink: MNIST is white on black. Press Invert."
    )
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("The pad is mostly ink")).to_have_count(0)
    draw(page, (2, 2), (6, 2), (4, 8))
    small = reading(page, network)
    page.get_by_role("button", name="Centre as MNIST does").click()
    centred = reading(page, network)
    assert numbers(small["p"]).argmax() != 7  # as in the chapter, a small seven in a corner is none
    assert numbers(centred["p"]).argmax() == 7
    rows = np.flatnonzero(centred["image"].any(axis=1))
    assert rows[-1] - rows[0] == 19


MARKS = """([column, row]) => {
  const canvas = document.querySelector(".seen canvas");
  const [x, y] = [(column + 0.5) * 12, (row + 0.5) * 12];
  const pixels = canvas.getContext("2d");
  const { data } = pixels.getImageData(0, 0, canvas.width, canvas.height);
  let coloured = 0;
  for (let i = 0; i < data.length; i += 4) coloured += data[i] !== data[i + 2];
  return [coloured, [...pixels.getImageData(x, y, 1, 1).data].slice(0, 3)];
}"""


def test_the_gradient_lies_on_the_image_where_keras_has_it(canvas, network):
    page = canvas()
    found = reading(page, network)
    pixels = tf.constant(found["image"][None, ..., None])
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits([6], network(pixels))
    slopes = tape.gradient(loss, pixels).numpy()[0, ..., 0]
    row, column = np.unravel_index(slopes.argmin(), slopes.shape)
    assert page.evaluate(MARKS, [int(column), int(row)])[0] == 0
    switch = page.get_by_role("checkbox", name="what ink does to the loss")
    switch.check()
    settle(page)
    count, colour = page.evaluate(MARKS, [int(column), int(row)])
    assert count > 1000
    assert colour == [int(plots.BLUE[i : i + 2], 16) for i in (1, 3, 5)]
    expect(page.locator(".key.lowers").filter(visible=True)).to_have_count(1)
    key = page.locator(".key.lowers").locator("..").filter(visible=True)
    expect(key).to_contain_text(
        f"Its area shows the size of the gradient there: at most {shown(np.abs(slopes).max(), 1)} nats per full"
    )
    page.get_by_role("button", name="Take the label back").click()
    expect(page.get_by_text("A gradient needs a loss, and a loss a label.")).to_be_visible()
    settle(page)
    assert page.evaluate(MARKS, [0, 0])[0] == 0
    switch.uncheck()
    expect(page.get_by_text("A gradient needs a loss")).to_be_hidden()


def finger(page, start, end, steps=10):
    """Move a finger over the screen."""
    session = page.context.new_cdp_session(page)
    for step in range(steps + 1):
        x, y = (a + (b - a) * step / steps for a, b in zip(start, end, strict=True))
        kind = "touchMove" if step else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_finger_draws_on_the_pad_and_scrolls_the_page_elsewhere(canvas, network):
    page = canvas(**PHONE)
    page.get_by_role("button", name="Clear").tap()
    page.locator(".pad").scroll_into_view_if_needed()
    top = page.evaluate("scrollY")
    finger(page, at(page, 14, 22), at(page, 14, 5))
    found = reading(page, network)
    assert page.evaluate("scrollY") == top
    assert found["image"][6:21, 13:15].min() > 0.9
    box = page.locator(".seen").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    finger(page, (x, y), (x, y - 200))
    page.wait_for_function("(top) => scrollY > top + 100", arg=top)
    np.testing.assert_array_equal(reading(page, network)["image"], found["image"])
    assert page.locator(".pad").evaluate("(each) => getComputedStyle(each).touchAction") == "pinch-zoom"


def test_a_stroke_that_the_browser_takes_for_a_pinch_leaves_no_ink(canvas, network):
    page = canvas()
    before = reading(page, network)["address"]
    page.locator(".pad").evaluate(
        """async (pad) => {
          pad.setPointerCapture = () => {};
          const { left, top } = pad.getBoundingClientRect();
          const send = (type, x) => {
            const where = { pointerId: 5, button: 0, clientX: left + x, clientY: top + x };
            pad.dispatchEvent(new PointerEvent(type, where));
          };
          send("pointerdown", 20);
          send("pointermove", 90);
          await new Promise(requestAnimationFrame);
          send("pointercancel", 90);
        }"""
    )
    assert reading(page, network)["address"] == before


# Links and failures


def test_a_link_carries_the_digit_to_another_reader(canvas, network):
    page = canvas()
    page.get_by_role("button", name="Clear").click()
    draw(page, *SEVEN)
    page.get_by_role("radio", name="I meant 7").check()
    press(page, "temperature", "PageUp")
    sent = reading(page, network)
    page.get_by_role("link", name="Link to this digit").click()
    expect(page.get_by_role("link", name="The address bar has it")).to_be_focused()
    fragment = sent["address"]
    assert page.url.endswith(fragment)
    other = canvas(fragment, start=False)
    expect(other.get_by_text("Start the network: it has not seen this image.")).to_be_visible()
    assert other.locator("td.z").all_text_contents() == ["–"] * 10
    expect(other.locator(".digit-canvas .big")).to_have_text("The label is 7.")
    other.get_by_role("button", name="Start").click()
    expect(other.get_by_role("button", name="Start")).to_have_count(0)
    assert reading(other, network)["nats"] == sent["nats"]
    other.evaluate(
        "(fragment) => (location.hash = fragment)", fragment.replace("y:7", "y:none").replace("t:2;", "t:1;")
    )
    assert reading(other, network)["label"] == -1


def test_an_image_that_is_too_long_for_an_address_has_no_link(canvas):
    page = canvas()
    page.get_by_role("button", name="Clear").click()
    for row in range(1, 28, 3):
        draw(page, (1, row), (27, row + 3))
    page.get_by_role("button", name="Eraser").click()
    for column in range(1, 28, 6):
        draw(page, (column, 1), (column + 3, 27))
    expect(page.get_by_text("This image is too long for a link")).to_be_visible()
    assert page.locator(".digit-canvas a.button").get_attribute("href") is None


@pytest.mark.parametrize(
    "damage", ["#digit-canvas=", "#digit-canvas=y:7;t:1;i:AP8", "#digit-canvas=y:7;t:9;i:{}", "#digit-canvas=%"]
)
def test_an_address_that_the_canvas_cannot_read_is_named(canvas, network, made, damage):
    page = canvas(damage.format(made.hardest[1]["image"]))
    expect(page.get_by_text("The address holds no digit that the canvas can read")).to_be_visible()
    assert reading(page, network)["address"].endswith(made.image)
    page.evaluate("(fragment) => (location.hash = fragment)", f"#digit-canvas=y:5;t:1;i:{made.hardest[1]['image']}")
    assert reading(page, network)["nats"] == pytest.approx(made.hardest[1]["loss"], abs=0.006)
    expect(page.get_by_text("The address holds no digit")).to_have_count(0)


def test_a_fragment_with_random_damage_is_a_good_state_or_none(made):
    rng = np.random.default_rng(4)
    image = made.hardest[2]["image"]
    good = f"#digit-canvas=y:3;t:1.72;i:{image}"
    letters = list("0123456789.;:=%#none-_AZaz" + "−é")
    fragments = [good, good.replace(":", "%3A").replace(";", "%3b"), good.replace("y:3", "y:none")]
    for _ in range(600):
        damaged = list(good)
        for position in rng.integers(27 if rng.random() < 0.5 else len(good), size=rng.integers(1, 4)):
            damaged[position] = str(rng.choice(letters)) * int(rng.integers(3))
        fragments.append("".join(damaged))
    found = in_ink("return given.fragments.map(ink.fromDigitFragment);", fragments=fragments)
    assert found[:3] == [{"image": image, "label": label, "temperature": 1.72} for label in (3, 3, None)]
    refused = sum(each is None for each in found)
    assert 300 < refused < 603
    for state in filter(None, found):
        assert state["label"] in [None, *range(10)]
        assert 0.25 <= state["temperature"] <= 4
        assert unpack_image(state["image"]).shape == (28, 28)
    long = pack_image(random_images(2)[1].reshape(28, 28) / 255)
    assert in_ink("return ink.fromDigitFragment(given.long);", long=f"#digit-canvas=y:3;t:1;i:{long}") is None
    round_trip = "return ink.digitFragment(ink.fromDigitFragment(given.good));"
    assert in_ink(round_trip, good=good) == good


@pytest.mark.parametrize(
    ("file", "answer", "sentence"),
    [
        ("digit_cnn.bin", {"abort": True}, "could not be fetched: is there a connection?"),
        ("digit_cnn.bin", {"body": b"x" * 100}, "The weights are damaged: their sha256 is "),
        ("digit_cnn.bin", {"status": 404}, "the server answers 404"),
        ("forward.mjs", {"abort": True}, "A part of the widget could not be fetched: is there a connection?"),
    ],
    ids=["no connection", "damaged", "gone", "no module"],
)
def test_when_the_network_does_not_come_the_reader_is_told_and_may_try_again(
    tab, place, network, file, answer, sentence
):
    page = tab()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    asked = []

    def spoil(route):
        asked.append(route.request.url)
        return route.abort() if answer.get("abort") else route.fulfill(**answer)

    page.route(f"**/{file}", spoil)
    page.goto(place)
    come_near(page)
    draw(page, *SEVEN)
    expect(page.get_by_text(sentence)).to_be_visible()
    draw(page, (3, 3), (10, 3))  # drawing goes on, and asks for nothing
    draw(page, (3, 5), (10, 5))
    assert len(asked) == 1
    page.unroute(f"**/{file}")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    assert reading(page, network)["image"][2:6, 4:9].max() == 1
    assert errors == []


# For everyone


STATES = {
    "before start": lambda page: None,
    "started": lambda page: page.get_by_role("button", name="Start").click(),
    "no label": lambda page: page.get_by_role("button", name="Clear").click(),
    "marks": lambda page: page.get_by_role("checkbox").check(),
    "eraser": lambda page: page.get_by_role("button", name="Eraser").click(),
    "mostly ink": lambda page: [
        page.get_by_role("button", name=name).click() for name in ("Invert", "Centre as MNIST does")
    ],
    "keys": lambda page: page.locator(".pad").focus(),
}


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_in_no_state_a_rule_of_axe_is_broken_and_nothing_leaves_the_screen(canvas, theme, screen):
    page = canvas("#digit-canvas=none", start=False, color_scheme=theme, **screen)
    page.evaluate(AXE.read_text())  # defines `axe` without a request
    for name, reach in STATES.items():
        reach(page)
        settle(page)
        violations = page.evaluate(
            """async () => (await axe.run(".course-widget")).violations.map(
              (rule) => [rule.id, rule.nodes.map((node) => node.html)])"""
        )
        assert violations == [], name
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width == screen["viewport"]["width"], name
    targets = ".digit-canvas :is(button, a.button, table label, input[type=range])"
    small = """(targets) => [...document.querySelectorAll(targets)].filter((each) => {
      const { width, height } = each.getBoundingClientRect();
      return width < 24 || height < 24;
    }).map((each) => each.outerHTML)"""
    assert page.evaluate(small, targets) == []


def test_every_control_has_a_name_and_tab_reaches_it(canvas, made):
    page = canvas()
    page.locator(".pad").focus()
    page.keyboard.press("Shift+Tab")  # out of the canvas, to come in by its front door
    page.keyboard.press("Tab")
    visited = []
    while page.evaluate("document.activeElement.closest('.lab') !== null"):
        visited.append(
            page.evaluate(
                """() => {
                  const { ariaLabel, labels, textContent } = document.activeElement;
                  return ariaLabel ?? labels?.[0]?.textContent ?? textContent;
                }"""
            )
        )
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        page.keyboard.press("Tab")
    thumbs = [
        f"{each['label']}: {each['loss']:.1f}, label and loss of test digit {each['position']}" for each in made.hardest
    ]
    arrows = [f"move the digit {name} by one pixel" for name in ("up", "down", "left", "right")]
    assert visited == [
        "drawing pad, 28 by 28 cells", "what ink does to the loss",
        "Eraser", "Undo", "Clear", "Invert", "Centre as MNIST does", *arrows,
        "Take the label back", *thumbs, "I meant 6", "temperature", "T = 1", f"T = {FITTED}, fitted",
        "Link to this digit",
    ]  # fmt: skip


def test_a_screen_reader_is_told_once_when_the_changes_have_paused(canvas):
    page = canvas()
    status = page.locator(".digit-canvas > [role=status]")
    page.get_by_role("button", name="Clear").click()
    expect(status).to_have_text(
        re.compile(
            r"^A loss needs a label: which digit was meant\? The pad is empty; the network reads \d all the same"
        )
    )
    draw(page, *SEVEN)  # which leaves the focus on the pad: no key has a place there
    expect(status).to_have_text(re.compile(r"^A loss needs a label: which digit was meant\? The network reads 7, "))
    page.keyboard.press("ArrowUp")
    expect(status).to_have_text(re.compile(r"^Row 14, column 15: grey \d"))
    draw(page, (3, 3), (4, 3))
    expect(status).to_have_text(re.compile(r"^A loss needs"))
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("radio", name="I meant 7").check()
    expect(status).to_have_text(re.compile(r"^loss = −log p\(7\) = .+ nats\. The network reads 7, with p = \S+\.$"))


def test_the_marks_have_the_light_theme_s_colours_in_both_themes(canvas):
    for theme in ("light", "dark"):
        page = canvas(start=False, color_scheme=theme)
        for name in ("blue", "vermillion"):
            found = page.locator(".seen").evaluate(
                f"(each) => getComputedStyle(each).getPropertyValue('--{name}').trim()"
            )
            assert found.lower() == plots.PALETTE[name][0].lower()


JUPYTER = """async (state) => {
  const source = new Blob([state.module], { type: "text/javascript" });
  const { default: widget } = await import(URL.createObjectURL(source));
  const listeners = {};
  const values = { ...state.values };
  const model = window.model = {
    saved: [],
    get: (key) => values[key],
    set: (key, value) => { values[key] = value; for (const each of listeners[`change:${key}`] ?? []) each(); },
    save_changes: () => model.saved.push({ image: values.image, label: values.label, logits: values.logits }),
    on: (event, listener) => (listeners[event] ??= new Set()).add(listener),
    off: (event, listener) => listeners[event]?.delete(listener),
    send: async () => {
      const bytes = Uint8Array.from(atob(state.weights), (each) => each.charCodeAt(0));
      const answer = { type: "weights", name: "digit_cnn", manifest: state.manifest };
      for (const each of listeners["msg:custom"]) each(answer, [new DataView(bytes.buffer)]);
    },
  };
  const el = document.createElement("div");
  document.querySelector("[data-widget]").replaceWith(el);
  await widget.render({ model, el, signal: new AbortController().signal });
}"""


def test_in_jupyter_python_lays_a_digit_on_the_pad_and_is_told_of_strokes(tab, place, made, network):
    page = tab()
    page.goto(place)
    weights = b64encode((nets.MODELS / "digit_cnn.bin").read_bytes()).decode()
    values = {key: getattr(made, key) for key in made.STATE}
    manifest = json.loads((nets.MODELS / "digit_cnn.json").read_text())
    page.evaluate(JUPYTER, {"module": made._esm, "values": values, "weights": weights, "manifest": manifest})
    expect(page.locator(".digit-canvas a.button")).to_have_count(0)
    page.locator(".lab").scroll_into_view_if_needed()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("button", name="Start")).to_have_count(0)
    page.evaluate(
        "([image, label]) => { model.set('image', image); model.set('label', label); }", [made.hardest[4]["image"], 9]
    )
    settle(page)
    expect(page.locator(".digit-canvas .big")).to_contain_text(f"−log p(9) = {made.hardest[4]['loss']:.1f}")
    saved = page.evaluate("model.saved.at(-1)")
    image = unpack_image(saved["image"])
    np.testing.assert_allclose(saved["logits"], network(image[None, ..., None])[0], rtol=0, atol=1e-4)
    count = page.evaluate("model.saved.length")
    draw(page, (3, 3), (10, 3))
    saved = page.evaluate("(count) => model.saved.slice(count)", count)
    assert len(saved) == 1  # once a stroke, not once a frame
    image = unpack_image(saved[0]["image"])
    assert image[2:4, 4:9].min() > 0.9
    np.testing.assert_allclose(saved[0]["logits"], network(image[None, ..., None])[0], rtol=0, atol=1e-4)
    page.evaluate("model.set('image', 'no image')")
    settle(page)
    assert page.evaluate("model.get('image')") == saved[0]["image"]
