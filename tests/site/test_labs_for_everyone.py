"""The labs for everyone: keys alone, a screen reader, either theme, less motion, a phone, no JavaScript."""

import re

import numpy as np
import pytest
from labs import DESK, LABEL_LAB, LABELS, LANDING, OVERFLOW, PHONE, START, cells_of, press, shown
from playwright.sync_api import expect

from benchmarks.pages import AXE
from utils import widgets
from utils.losses import cross_entropy, softmax

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
        assert found.lower() == widgets.base.PALETTE[name][dark].lower()


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
    place = page.locator(".course-widget").first
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
        page.locator("[data-widget]").first.scroll_into_view_if_needed()
    page.evaluate(A_WHILE)
    expect(page.locator(".course-widget caption").first).to_be_visible()
    expect(page.locator(".course-widget").first).not_to_contain_text("half of it")
    expect(page.locator(".course-widget").first.locator("tbody tr")).to_have_count(3)
    assert uncaught == []
