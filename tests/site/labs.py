"""What the tests of the labs share: where the labs stand, how a reader moves them, and what they then show.

Whatever a lab shows is compared with utils/losses.py each time it is read.
"""

import html
import re
from types import SimpleNamespace

import numpy as np
from playwright.sync_api import expect

from utils.losses import cross_entropy, cross_entropy_gradient, softmax

DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}

LANDING = "chapters/index.html"
LABELS = "chapters/04_labels.html"
START = [2.0, 1.0, 0.1]  # the landing page's logits, of cat, dog and bird
ROW = [2.5, -1.0, 0.8, 4.1, -0.3]  # chapter 4's
OVERFLOW = "#logit-lab=z:2,1,0.1;y:0;t:1;c:90"
LABEL_LAB = {"logits": ROW, "label": 3, "classes": 84, "labels": 3200}

PATIENCE = 30_000  # milliseconds: what is waited for takes a moment, and longer on a busy machine
expect.set_options(timeout=PATIENCE)


def shown(number, digits=4):
    """Return a number as the labs write it: with a true minus sign, and none before a 0."""
    return f"{round(float(number), digits) + 0:.{digits}f}".replace("-", "−")


def float32_softmax(logits):
    """Return the powers of float32 logits, and their shares of the sum: inf and nan where they overflow."""
    with np.errstate(over="ignore", invalid="ignore"):
        powers = np.exp(np.float32(logits))
        return powers, powers / powers.sum()


def cells_of(text):
    """Return the caption of a widget's HTML table and the text of its rows' cells."""
    caption, body = re.search(r"<caption>(.*?)</caption>.*<tbody>(.*)</tbody>", text).groups()
    rows = [re.findall(r"<t[hd].*?>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]
    return html.unescape(caption), [[re.sub("<.*?>", "", cell).strip() for cell in row] for row in rows]


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


def rewrite(page, change):
    """Change the text of a page on its way to the browser."""
    page.route("**/*.html", lambda route: route.fulfill(body=change(route.fetch().text()), content_type="text/html"))
