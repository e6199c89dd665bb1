"""The labs in the hands of a reader, the logit lab above all: with keys, a mouse and a finger.

After every move `reading` computes anew whatever the lab shows.
"""

import re

import pytest
from labs import LABELS, LANDING, PHONE, READ, ROW, START, press, reading, rewrite, shown, slider
from playwright.sync_api import expect

from utils.losses import cross_entropy, softmax

# What a page loads, and when


@pytest.mark.parametrize("name", ["01_logits", "02_softmax", "03_cross_entropy", "04_labels"])
def test_a_lab_is_loaded_when_the_reader_comes_near(tab, site, name):
    page = tab()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site}chapters/{name}.html", wait_until="networkidle")
    place = page.locator("[data-widget]").first
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
    assert page.locator(".logit-lab .p").all_text_contents() == [shown(p) for p in softmax([2, 1, -7.25])]
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


def test_two_labs_on_a_page_keep_their_labels_apart(tab, site):
    page = tab()
    rewrite(page, lambda text: re.sub(r'(<div class="course-widget".*?</div>)', r"\1\1", text, count=1))
    page.goto(site + LANDING)
    expect(page.locator("[data-widget=logit-lab]")).to_have_count(2)
    for place in page.locator("[data-widget=logit-lab]").all():
        place.scroll_into_view_if_needed()
        expect(place.locator(".lab")).to_be_visible()
    page.get_by_role("radio", name="bird").nth(1).check()
    checked = page.locator(".logit-lab input[type=radio]").evaluate_all("(all) => all.map((each) => each.checked)")
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
    assert page.locator(".logit-lab .p").all_text_contents() == [shown(p) for p in softmax(START)]


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
