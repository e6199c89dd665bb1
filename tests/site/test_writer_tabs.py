"""The text widget in the hands of a reader: its four tabs, with keys, a mouse and a finger, and what can go wrong.

Long, for it has the tests of four tabs, and of each what a reader with keys alone or on a phone meets. Whatever is
compared comes from Keras: `bits_of`, `logits_after`.
"""

import itertools
import re
from types import SimpleNamespace

import numpy as np
import pytest
from labs import DESK, PHONE, come_near
from playwright.sync_api import expect
from test_jupyterlab import opened, run
from widget_page import make_site
from writer_given import CHARACTERS, MARKS, bits_of, chance, logits_after, play, writer

from benchmarks.pages import AXE, served
from utils.losses import softmax
from utils.text import encode, sample

TABS = ["Write", "Read", "Guess", "State"]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    name = make_site(folder, writer())
    with served(folder) as address:
        yield address + name


@pytest.fixture
def near(tab, address):
    """Return a function that opens the page and scrolls to the widget, which has fetched nothing."""

    def visit(fragment="", **options):
        page = tab(**options)
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: pytest.fail(str(error)))
        page.goto(address + fragment)
        come_near(page)
        return page

    return visit


@pytest.fixture
def started(near):
    """Return a function that also presses "Start", and opens a tab."""

    def visit(name="Write", fragment="", **options):
        page = near(fragment, **options)
        button(page, "Start").click()
        page.get_by_role("tab", name=name).click()
        expect(page.get_by_role("tabpanel")).to_be_visible()
        return page

    return visit


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def tiles(page):
    """Return the text of the tiles that are shown."""
    return "".join(page.locator(".tiles:visible .tile").all_text_contents())


def bars(page):
    """Return the bars that are shown as [name, p, bits]."""
    lines = page.locator(".likely:visible > :is(button, [role=listitem]):visible").all_text_contents()
    return [list(re.match(r"(.+?)p (.*?)bits (.*)", line, re.DOTALL).groups()) for line in lines]


def named(character):
    return {" ": "space", "\n": "newline"}.get(character, character)


def likely(text, count=15):
    """Return what the bars should show after a text at temperature 1."""
    probs = softmax(logits_after(text)[-1])
    best = np.argsort(-probs)[:count]
    return [[named(CHARACTERS[i]), f"{probs[i]:.3f}", f"{-np.log2(probs[i]):.1f}"] for i in best]


def near_numbers(found, wanted):
    """Compare the rows of bars; what is rounded may differ in its last digit."""
    for (name, p, bits), (name2, p2, bits2) in zip(found, wanted, strict=True):
        assert abs(float(p) - float(p2)) < 0.0011
        assert abs(float(bits) - float(bits2)) < 0.11
        assert name == name2 or p == p2


# ------------------------------------------------------------------------------------------------------ how it starts


def test_nothing_is_fetched_before_start_and_then_the_network_and_its_tabs(near):
    page = near()
    page.wait_for_timeout(500)
    assert not any("/models/" in url for url in page.asked)
    before = len(page.asked)
    button(page, "Start").click()
    expect(page.get_by_role("tab")).to_have_count(4)
    tabs = [f"text-{name}.mjs" for name in ("guess", "parts", "read", "state", "tabs", "write")]
    fetched = ["char_lstm.bin", "char_lstm.json", "forward.mjs", *tabs, "weights.mjs"]
    assert sorted(url.rsplit("/", 1)[1] for url in page.asked[before:]) == fetched
    assert page.evaluate("document.activeElement.textContent") == "Write"


@pytest.mark.parametrize(
    ("file", "answer", "sentence"),
    [
        ("char_lstm.bin", lambda route: route.abort(), "char_lstm.bin could not be fetched"),
        ("char_lstm.bin", lambda route: route.fulfill(body=b"1234"), "The weights are damaged"),
        ("char_lstm.json", lambda route: route.fulfill(status=404, body=""), "the server answers 404"),
        ("char_lstm.json", lambda route: route.fulfill(body="<html>"), "it is not JSON"),
        ("text-tabs.mjs", lambda route: route.abort(), "A part of the widget could not be fetched"),
    ],
    ids=["cut", "wrong hash", "gone", "not JSON", "no module"],
)
def test_what_goes_wrong_is_said_in_a_sentence_and_can_be_tried_again(near, file, answer, sentence):
    page = near()
    page.route(f"**/{file}", answer)
    button(page, "Start").click()
    expect(page.locator(".writer .alarm")).to_contain_text(sentence)
    expect(page.locator(".passage")).to_be_visible()
    page.unroute(f"**/{file}")
    button(page, "Start").click()
    expect(page.get_by_role("tab")).to_have_count(4)


def test_without_javascript_passage_and_marks_are_read(tab, address):
    page = tab(java_script_enabled=False)
    page.goto(address)
    place = page.locator(".course-widget")
    expect(place).to_contain_text("Exit, pursued by a bear")
    expect(place.locator("table")).to_have_count(2)
    for bits in MARKS.values():
        expect(place).to_contain_text(f"{bits:.2f}")


def test_tabs_are_walked_through_with_arrow_keys(started):
    page = started()
    page.get_by_role("tab", name="Write").focus()
    for key, name in [
        ("ArrowRight", "Read"),
        ("End", "State"),
        ("ArrowRight", "Write"),
        ("ArrowLeft", "State"),
        ("Home", "Write"),
    ]:
        page.keyboard.press(key)
        expect(page.get_by_role("tab", selected=True)).to_have_text(name)
        assert page.evaluate("document.activeElement.textContent") == name
        expect(page.get_by_role("tabpanel")).to_have_count(1)
        expect(page.get_by_role("tabpanel", name=name)).to_be_visible()
    assert page.locator("[role=tab][tabindex='0']").count() == 1


# ------------------------------------------------------------------------------------------------------------- WRITE


def by_keras(prompt, count, temperature, seed):
    """Return the text that the network writes, drawn in Python."""

    text = prompt
    for n in range(count):
        told = SimpleNamespace(random=lambda shape, n=n: np.full(shape, chance(seed, n)))
        text += CHARACTERS[int(sample(logits_after(text)[-1] / temperature, rng=told))]
    return text


def test_steps_write_what_keras_writes_and_each_tile_keeps_its_distribution(started):
    page = started()
    near_numbers(bars(page), likely("HAMLET.\n"))
    for _ in range(12):
        button(page, "One step").click()
    text = by_keras("HAMLET.\n", 12, 1, 1616)
    assert tiles(page) == text
    paid = bits_of(text)[7:]
    probs = softmax(logits_after(text)[7:-1])
    expected = -(probs * np.log2(probs)).sum(axis=1)
    account = page.locator(".write .big").text_content()
    found = re.match(r"expected ([\d.]+) bits, paid ([\d.]+)$", account).groups()
    np.testing.assert_allclose(np.array(found, float), [expected.mean(), paid.mean()], atol=0.0051)

    shades = page.locator(".tiles:visible .tile").evaluate_all(
        "(all) => all.map((t) => +t.style.getPropertyValue('--b'))"
    )
    np.testing.assert_allclose(shades[8:], np.minimum(1, paid / 8), atol=0.001)
    page.locator(".tiles:visible .tile").nth(11).click()
    shown = bars(page)
    near_numbers(shown[:15], likely(text[:11]))
    expect(page.locator(".write")).to_contain_text(f"cost {bits_of(text)[10]:.2f} bits")
    current = page.locator(".likely:visible [aria-current=true]").text_content()
    assert current.startswith(named(text[11]))


def test_what_p_and_bits_are_stands_above_them(started):
    page = started()
    head = page.locator(".likely:visible .head")
    expect(head).to_have_text("p at T\u00a0=\u00a01.00bits at T\u00a0=\u00a01")
    [_, _, bits] = bars(page)[0]
    page.get_by_role("slider", name="temperature").focus()
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    expect(head).to_have_text("p at T\u00a0=\u00a00.80bits at T\u00a0=\u00a01")
    expect(page.get_by_role("toolbar", name=re.compile("p at T.=.0.80, bits at T.=.1"))).to_be_visible()
    [_, p, same] = bars(page)[0]
    assert float(p) == pytest.approx(softmax(logits_after("HAMLET.\n")[-1] / 0.8).max(), abs=0.0006)
    assert same == bits


@pytest.mark.parametrize("kind", [DESK, PHONE], ids=["desk", "phone"])
def test_the_characters_of_a_line_stand_side_by_side(started, kind):
    page = started("Write", **kind)
    boxes = [tile.bounding_box() for tile in page.locator(".tiles:visible .tile").all()[: len("HAMLET.")]]
    frame = page.locator(".tiles:visible").bounding_box()
    assert len(boxes) == len("HAMLET.")
    assert {box["y"] for box in boxes} == {boxes[0]["y"]}
    for box, after in itertools.pairwise(boxes):
        assert frame["x"] < box["x"] < after["x"] == pytest.approx(box["x"] + box["width"], abs=0.1)


def test_another_character_is_chosen_and_the_text_goes_on_from_there(started):
    page = started()
    for _ in range(10):
        button(page, "One step").click()
    text = tiles(page)
    page.locator(".tiles:visible .tile").nth(12).click()
    choices = page.locator(".likely:visible button:visible")
    other = next(k for k in range(15) if choices.nth(k).get_attribute("aria-current") != "true")
    name = bars(page)[other][0]
    choices.nth(other).click()
    forked = text[:12] + {"space": " ", "newline": "\n"}.get(name, name)
    assert tiles(page) == forked
    expect(page.locator(".tiles:visible .tile").last).to_have_class(re.compile(r"\bhand\b"))
    expect(page.locator(".write")).to_contain_text("over the 4 drawn")  # what was chosen was not drawn
    button(page, "One step").click()
    assert len(tiles(page)) == 14
    button(page, "Back to the prompt").click()
    assert tiles(page) == "HAMLET.\n"
    for _ in range(10):
        button(page, "One step").click()
    assert tiles(page) == text  # the same seed


def test_keys_alone_look_at_a_tile_and_write_another_character(started):
    page = started()
    button(page, "One step").click()
    place = page.get_by_role("slider", name="the text: character")
    place.focus()
    page.keyboard.press("Home")
    expect(page.locator(".write")).to_contain_text("Nothing stood before “H”")
    page.keyboard.press("ArrowRight")
    assert place.get_attribute("aria-valuetext") == "A"
    page.get_by_role("button", name="character after").press("Enter")
    page.locator(".likely:visible button[tabindex='0']").focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert len(tiles(page)) == 3
    assert tiles(page)[:2] == "HA"


def test_top_k_drops_all_but_the_likeliest(started):
    page = started()
    page.get_by_role("slider", name="top-k").focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    shown = bars(page)
    assert [p == "dropped" for _, p, _ in shown] == [False, False] + 13 * [True]
    assert sum(float(p) for _, p, _ in shown[:2]) == pytest.approx(1, abs=0.0011)


def test_a_prompt_that_the_network_cannot_read_is_refused_by_name(started):
    page = started()
    page.get_by_label("prompt").fill("Café “x”")
    alarm = page.locator(".write .alarm")
    expect(alarm).to_contain_text("84 characters, and not é (U+00E9), “ (U+201C), ” (U+201D)")
    button(page, "One step").click(force=True)  # it is not `disabled`, which would take the focus away
    assert tiles(page) == ""
    expect(button(page, "Run")).to_have_attribute("aria-disabled", "true")
    page.get_by_label("prompt").fill("")
    expect(alarm).to_contain_text("one character or more")
    page.get_by_label("prompt").fill("Cafe")
    expect(alarm).to_have_text("")
    button(page, "One step").click()
    assert tiles(page).startswith("Cafe")


WATCH = """() => {
  window.frames_ = [];
  let last = performance.now();
  const watch = (now) => { frames_.push(now - last); last = now; requestAnimationFrame(watch); };
  requestAnimationFrame(watch);
}"""


def idle_frames(page):
    """Watch the page's frames from here on, and return the milliseconds of 60 idle ones.

    Those too are late where others share the processor.
    """
    page.evaluate(WATCH)
    page.wait_for_function("frames_.length > 60")
    return page.evaluate("frames_.splice(0)")


def test_a_run_writes_a_few_characters_a_frame_until_it_is_paused(started):
    page = started()
    idle = idle_frames(page)
    button(page, "Run").click()
    page.wait_for_function("document.querySelectorAll('.write .tile').length > 250")
    button(page, "Pause").click()
    frames = page.evaluate("frames_")
    length = len(tiles(page))
    assert (length - 8) / len(frames) <= 3
    assert np.median(frames) < np.median(idle) + 17  # milliseconds: a frame
    page.wait_for_timeout(300)
    assert len(tiles(page)) == length
    said = page.locator(".writer > [role=status]")
    expect(said).to_contain_text(f"The last 60 characters of {length}; all stand in the group “the text”: ")
    expect(said).to_contain_text(f"{length - 8} drawn, expected ")
    assert tiles(page)[-60:] in said.text_content()


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_one_press_writes_sixty_characters(started, motion):
    page = started(reduced_motion=motion)
    button(page, "60 steps").press("Enter")
    expect(page.locator(".write")).to_contain_text("over the 60 drawn")
    page.wait_for_timeout(300)
    assert len(tiles(page)) == 68
    expect(page.locator(".writer > [role=status]")).to_contain_text("60 drawn, expected ")
    expect(button(page, "60 steps")).to_be_focused()
    button(page, "60 steps").click()
    expect(page.locator(".write")).to_contain_text("over the 120 drawn")
    assert tiles(page) == by_keras("HAMLET.\n", 120, 1, 1616)
    place = page.get_by_role("slider", name="the text: character")
    assert place.input_value() == place.get_attribute("max")  # it waits at the end


LISTEN = """() => {
  const account = document.querySelector(".write .big");
  window.accounts = [];
  new MutationObserver(() => accounts.push(account.textContent)).observe(account, { childList: true });
}"""


def test_with_less_motion_a_run_appears_in_one_go(started):
    page = started(reduced_motion="reduce")
    page.evaluate(LISTEN)
    button(page, "Run").click()
    expect(page.locator(".write")).to_contain_text("over the 240 drawn")
    assert len(tiles(page)) == 248
    assert len(set(page.evaluate("accounts"))) <= 2
    expect(button(page, "Run")).to_be_visible()


def test_a_link_brings_prompt_and_settings(started):
    page = started(fragment="#writer=t:1.5;k:3;q:0.9;s:7;p:To%20be")
    assert page.get_by_label("prompt").input_value() == "To be"
    assert page.get_by_label("seed").input_value() == "7"
    assert page.get_by_role("slider", name="temperature").get_attribute("aria-valuetext") == "1.50"
    page.get_by_label("seed").fill("8")
    link = page.get_by_role("link", name="Link to prompt and settings")
    assert link.get_attribute("href") == "#writer=t:1.5;k:3;q:0.9;s:8;p:To%20be"
    page.get_by_label("prompt").fill("x" * 200)
    expect(link).to_have_count(0)


def test_a_damaged_link_is_named(near):
    page = near("#writer=t:9;k:3;q:0.9;s:7;p:x")
    expect(page.locator(".writer .alarm").first).to_contain_text("cannot read")


# -------------------------------------------------------------------------------------------------------------- READ


def test_a_text_that_is_read_costs_what_it_costs_in_keras(started):
    page = started("Read")
    text = play()[9000:9400]
    page.get_by_label("text to read").fill(text)
    wanted = bits_of(text)
    sentence = page.locator(".read .big")
    expect(sentence).to_have_text(re.compile("bits a character$"))
    expect(page.locator(".read")).to_contain_text("The mean of the 399 characters read after the first.")
    np.testing.assert_allclose(
        [float(each) for each in re.findall(r"\d+\.\d+", sentence.text_content())], wanted.mean(), atol=0.001
    )
    assert tiles(page) == text
    own = page.locator(".axis:visible .own")
    assert float(own.evaluate("(each) => each.style.getPropertyValue('--x')")) == pytest.approx(
        100 * wanted.mean() / 8, abs=0.02
    )
    names = {"uniform": "uniform", "xz": "xz", "counts": "counts", "network": "network, unread play"}
    wanted_marks = [f"{MARKS[key]:.2f} {name}" for key, name in names.items()]
    assert page.locator(".axis:visible li").all_text_contents()[:4] == wanted_marks
    page.locator(".tiles:visible .tile").nth(50).click()
    expect(page.locator(".read")).to_contain_text(f"cost {wanted[49]:.2f} bits")
    page.get_by_label("text to read").fill(text[:100])
    near = [f"{bits_of(text[:100]).mean() + off:.3f}" for off in (-0.001, 0, 0.001)]  # as exact as above
    expect(sentence).to_contain_text(re.compile("|".join(map(re.escape, near))))
    assert tiles(page) == text[:100]


def test_what_the_network_has_not_is_replaced_or_skipped_and_named(started):
    page = started("Read")
    page.get_by_label("text to read").fill("“Tö be” 東")
    expect(page.locator(".read")).to_contain_text(
        "3 replaced: “ (U+201C), ö (U+00F6), ” (U+201D). 1 skipped: 東 (U+6771)."
    )
    bits = bits_of('"To be" ')
    expect(page.locator(".read .big")).to_have_text(f"{bits.mean():.3f} bits a character")
    expect(page.locator(".read")).to_contain_text(
        "The mean of the 7 characters read after the first. Each of the network’s characters is one byte"
    )
    assert CHARACTERS.isascii()
    assert tiles(page) == '"To be" '
    page.get_by_role("checkbox").uncheck()
    expect(page.locator(".read")).to_contain_text("4 skipped")
    expect(page.locator(".tiles:visible")).to_have_text("T be ")
    page.get_by_label("text to read").fill("")
    expect(page.locator(".read .big")).to_contain_text("Two characters or more")
    expect(page.locator(".read")).not_to_contain_text("The mean of")


def test_a_long_text_is_cut_and_read_without_blocking_a_frame(started):
    page = started("Read")
    idle = idle_frames(page)
    page.get_by_label("text to read").fill(play()[:4100])
    expect(page.locator(".read")).to_contain_text("Only the first 4,000 characters are read.")
    expect(page.locator(".read .big")).to_have_text(re.compile("bits a character$"), timeout=60_000)
    assert len(tiles(page)) == 4000
    shown = page.locator(".tiles:visible").inner_text()  # the lines out of sight too
    assert re.sub(r"\s", "", shown) == re.sub(r"\s", "", play()[:4000])
    assert np.percentile(page.evaluate("frames_"), 90) < np.percentile(idle, 90) + 35  # milliseconds: two frames


# ------------------------------------------------------------------------------------------------------------- GUESS


def test_reader_and_network_pay_for_each_character_of_the_passage(started):
    page = started("Guess")
    made = writer()
    context, hidden = made.before, made.hidden
    costs = bits_of(context + hidden[:6])[len(context) - 1 :]
    expect(page.locator(".guess")).to_contain_text("Both pay −log₂ p of what comes.")
    guess = page.get_by_label("first guess, a character")
    second = page.get_by_label("second guess, a character")
    mine = []
    for k, typed in enumerate([hidden[0], "x", "", hidden[3]]):
        guess.fill(typed)
        if k == 3:
            second.fill("z")
            page.get_by_label("chips on the second guess").fill("20")
        button(page, "Show the character").click()
        rest = {0: 0.5, 1: 0.5 / 83, 2: 1 / 84, 3: 0.5}[k]
        mine.append(-np.log2(rest))
        rows = [row.locator("td").all_text_contents() for row in page.locator(".guess tbody tr").all()]
        wanted = [[each[k], each[: k + 1].sum(), each[: k + 1].mean()] for each in (np.array(mine), costs)]
        np.testing.assert_allclose(np.array(rows, float), wanted, atol=0.0061)
    assert tiles(page) == context + hidden[:4]
    button(page, "Start again").click()
    assert tiles(page) == context


def test_the_guessing_begins_at_the_end_of_what_is_known(started):
    page = started("Guess")
    below = "(box) => box.scrollHeight - box.clientHeight - box.scrollTop"
    assert page.locator(".tiles:visible").evaluate("(box) => box.scrollHeight > box.clientHeight")
    assert page.locator(".tiles:visible").evaluate(below) < 1


def test_no_chips_are_placed_before_a_character_is_typed(started):
    page = started("Guess")
    guess, chips = page.get_by_label("first guess, a character"), page.get_by_label("chips on the first guess")
    none = "0 of 100 chips placed. The 100 left are spread evenly over all 84 characters, 1.19 each: if one of these"
    expect(page.locator(".guess")).to_contain_text(f"{none} comes, you pay 6.39 bits.")
    assert page.locator(".bets input").evaluate_all("(all) => all.map((each) => each.value).join('')") == ""
    guess.fill("e")
    assert chips.input_value() == "50"
    one = (
        "50 of 100 chips placed. The 50 left are spread evenly over the other 83 characters, 0.60 each: if one of these"
    )
    expect(page.locator(".guess")).to_contain_text(f"{one} comes, you pay 7.38 bits.")
    chips.fill("30")
    guess.fill("a")
    assert chips.input_value() == "30"  # what the reader wrote stays
    guess.fill("")
    assert chips.input_value() == ""
    expect(page.locator(".guess")).to_contain_text(none)
    chips.fill("30")
    expect(page.locator(".guess .alarm")).to_have_text("Type the character that the 30 chips are for.")


def test_a_bet_that_cannot_be_is_refused(started):
    page = started("Guess")
    expect(page.locator(".guess")).to_contain_text("Both pay")
    guess, chips = page.get_by_label("first guess, a character"), page.get_by_label("chips on the first guess")
    for typed, placed, sentence in [
        ("e", "100", "Keep one at least"),
        ("é", "5", "without “é”"),
        ("e", "-1", "whole numbers"),
        ("e", "1.5", "whole numbers"),
    ]:
        guess.fill(typed)
        chips.fill(placed)
        expect(page.locator(".guess .alarm")).to_contain_text(sentence)
        before = tiles(page)
        button(page, "Show the character").click(force=True)
        assert tiles(page) == before
    guess.press("Enter")
    assert guess.input_value() == "↵"
    guess.press_sequentially(" ")
    assert guess.input_value() == "␣"


# ------------------------------------------------------------------------------------------------------------- STATE


def state_rows(page):
    return [row.locator("th, td").all_text_contents() for row in page.locator(".state tbody tr").all()]


def test_the_state_is_forgotten_and_the_row_beside_it_does_not_move(started):
    page = started("State")
    text = "HAMLET.\nThe time is out of joi"
    expect(page.locator(".state tbody tr")).to_have_count(8)
    expect(page.locator(".state")).to_contain_text("Row 0 ends “HAMLET.↵The time is out of joi”.")
    before = softmax(logits_after(text)[-1])
    fresh = softmax(logits_after("i")[-1])
    rows = state_rows(page)
    assert rows[0][:2] == ["n", f"{before[encode('n', CHARACTERS)[0]]:.3f}"]
    assert rows[0][3:] == ["–", "–"]
    page.get_by_role("button", name=re.compile("^Forget")).click()
    expect(page.locator(".state")).to_contain_text("row 0 has read “i” and nothing else")
    for name, p, _, after, _ in state_rows(page):
        [i] = encode({"space": " ", "newline": "\n"}.get(name, name), CHARACTERS)
        np.testing.assert_allclose([float(p), float(after)], [before[i], fresh[i]], atol=0.0006)
    page.get_by_label("row 0").fill(text + "nt")
    expect(page.locator(".state")).to_contain_text("row 0 has read “int” and nothing else")
    after = softmax(logits_after("int")[-1])
    for name, _, _, p, _ in state_rows(page):
        [i] = encode({"space": " ", "newline": "\n"}.get(name, name), CHARACTERS)
        assert float(p) == pytest.approx(after[i], abs=0.0006)
    beside = softmax(logits_after(writer().passage[:60])[-1])
    still = page.locator(".state p").last
    expect(still).to_contain_text(f"p {beside.max():.3f}. Largest change of any of its p since the start: 0.0000")
    expect(page.locator(".state")).to_contain_text("it never moves when row 0 reads or forgets.")
    button(page, "Do not forget").click()
    expect(page.locator(".state")).to_contain_text("all that it remembers")


# ------------------------------------------------------------------------------------------------------- for everyone

BROKEN_RULES = """async () => (await axe.run(".course-widget")).violations.map((rule) =>
  [rule.id, rule.nodes.map((node) => node.html)])"""
SPREAD = """() => [...document.querySelectorAll(".lab, .lab *:not(.hidden)")].filter((each) => {
  const { left, right } = each.getBoundingClientRect();
  return left < 0 || right > innerWidth;
}).map((each) => each.outerHTML.slice(0, 200))"""


# The colours of a tile and of its text, for each whole number of bits, as they are painted over the page.
PAINTED = """() => {
  const brush = new OffscreenCanvas(1, 1).getContext("2d");
  const painted = (...colours) => {
    for (const colour of colours) { brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1); }
    return [...brush.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const ground = getComputedStyle(document.body).backgroundColor;
  return Array.from({ length: 9 }, (_, bits) => {
    const tiles = [...document.querySelectorAll(".passage .tile")];
    const tile = tiles.find((each) => each.style.getPropertyValue("--b") == bits / 8);
    const { backgroundColor, color } = getComputedStyle(tile);
    return [painted(ground, backgroundColor), painted(color)];
  });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_tile_s_text_is_readable_and_its_bits_can_be_told_apart(near, theme):
    def light(colour):  # WCAG's relative luminance
        colour = np.array(colour) / 255
        return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722)

    painted = near(color_scheme=theme).evaluate(PAINTED)
    tiles, texts = (np.array([light(pair[k]) for pair in painted]) + 0.05 for k in (0, 1))
    assert (np.maximum(tiles / texts, texts / tiles) >= 4.5).all()
    steps = tiles[1:] / tiles[:-1] if theme == "dark" else tiles[:-1] / tiles[1:]
    assert (steps > 1.08).all()
    assert steps.prod() > 2.6


def test_on_the_chapter_s_page_a_mark_stands_above_its_value(tab, site):
    page = tab(**DESK)
    page.goto(f"{site}chapters/09_shakespeare.html")
    come_near(page)
    scale = page.locator(".writer .scale").bounding_box()
    for box in [page.locator(".writer .axis"), *page.locator(".writer .axis li").all()]:  # a mark is at a share of it
        box = box.bounding_box()
        assert (box["x"], box["width"]) == pytest.approx((scale["x"], scale["width"]), abs=0.5)


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_tab_breaks_a_rule_of_axe_or_leaves_the_screen(near, theme, screen):
    page = near(color_scheme=theme, **screen)
    page.evaluate(AXE.read_text())  # defines `axe` without a request

    def sound(width=screen["viewport"]["width"]):
        assert page.evaluate(BROKEN_RULES) == []
        assert page.evaluate(SPREAD) == []
        assert page.evaluate("document.documentElement.scrollWidth") == width

    sound()
    button(page, "Start").click()
    expect(page.get_by_role("tab")).to_have_count(4)
    for _ in range(5):
        button(page, "One step").click()
    page.locator(".tiles:visible .tile").nth(9).click()
    sound()
    page.get_by_label("prompt").fill("é")
    sound()
    for name in TABS[1:]:
        page.get_by_role("tab", name=name).click()
        if name == "Guess":
            expect(page.locator(".guess")).to_contain_text("Both pay")
            button(page, "Show the character").click()
            page.get_by_label("first guess, a character").fill("é")
        if name == "State":
            page.get_by_role("button", name=re.compile("^Forget")).click()
            expect(page.locator(".state")).to_contain_text("nothing else")
        if name == "Read":
            page.get_by_label("text to read").fill("東Ö" + 20 * "Q")
            expect(page.locator(".read .big")).to_have_text(re.compile("bits a character$"))
            page.locator(".tiles:visible .tile").nth(5).click()
        sound()


def test_a_screen_reader_has_a_name_for_every_control(started):
    page = started()
    for name in TABS:
        page.get_by_role("tab", name=name).click()
        for line in page.locator(".writer").aria_snapshot().splitlines():
            if found := re.match(
                r"\s*- (button|slider|spinbutton|textbox|checkbox|link|tab|group|toolbar|list)\b(.*)", line
            ):
                assert '"' in found[2] or found[1] == "list", line


SMALL = """() => {
  const targets = [...document.querySelectorAll(".lab :is(button, textarea, a, input:not([type=checkbox]))")];
  const small = ({ width, height }) => height > 0 && (height < 24 || width < 24);
  return targets.filter((each) => small(each.getBoundingClientRect())).map((each) => each.outerHTML);
}"""


def test_every_target_is_24_pixels_high_on_a_phone(started):
    page = started(**PHONE)
    for name in TABS:
        page.get_by_role("tab", name=name).tap()
        assert page.evaluate(SMALL) == []


CELLS = [
    f"""from utils import widgets
writer = widgets.Writer("To be.", [1, 2, 3, 4, 5, 6], {MARKS}, "or not to be, that is", "To be, ")
writer""",
    "print(repr(writer.prompt))",
    "writer.prompt = 'OTHELLO.'",
]


def test_in_jupyterlab_python_sends_the_network_and_sees_the_prompt(tab, tmp_path):
    with opened(tab, tmp_path, CELLS) as (page, asked, _):
        output = run(page, 0)
        button(output, "Start").click()
        page.get_by_label("prompt").press("Control+End")
        page.keyboard.type("So")
        button(output, "One step").click()
        assert tiles(page)[:-1] == "HAMLET.\nSo"
        page.get_by_role("tab", name="Write").focus()
        page.keyboard.press("ArrowRight")  # which JupyterLab has its own use for
        expect(page.get_by_role("tabpanel", name="Read")).to_be_visible()
        page.get_by_role("tab", name="Write").click()
        expect(run(page, 1)).to_contain_text(r"'HAMLET.\nSo'")
        run(page, 2)
        expect(page.get_by_label("prompt")).to_have_value("OTHELLO.")
        assert tiles(page) == "OTHELLO."
    assert not [url for url in asked if "char_lstm" in url]
