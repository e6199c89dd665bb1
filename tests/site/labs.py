"""What the tests of the labs share: where the labs stand, how a reader moves them, and what they then show.

Whatever a lab shows is compared with utils/losses.py each time it is read. And how a module is run without a page.
"""

import html
import json
import re
import subprocess
from base64 import b64decode, b64encode
from types import SimpleNamespace

import numpy as np
from playwright.sync_api import expect

from utils import widgets
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
    page.locator("[data-widget]").first.scroll_into_view_if_needed()
    expect(page.locator(".lab").first).to_be_visible()


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


# Arrays travel as their bytes: a float32 array as a tensor {shape, values}, bytes as a Uint8Array; and back.
NODE = """
import { readFileSync } from "node:fs";
import * as forward from "FOLDER/forward.mjs";
import * as weights from "FOLDER/weights.mjs";
const received = (key, value) => {
  if (value?.bytes === undefined) return value;
  const bytes = Uint8Array.from(Buffer.from(value.bytes, "base64"));
  return value.shape ? { shape: value.shape, values: new Float32Array(bytes.buffer) } : bytes;
};
const sent = (key, value) =>
  value instanceof Float32Array ? { float32: Buffer.from(value.slice().buffer).toString("base64") } : value;
const given = JSON.parse(readFileSync(0), received);
const answer = await (async () => { BODY })();
console.log(JSON.stringify(answer, sent));
"""


def in_node_with_arrays(body, **given):
    """Return what the body of a JavaScript function returns; it has `given`, and the modules `forward` and `weights`.

    A float32 array is given as a tensor, bytes as a Uint8Array. A tensor comes back as an array of its shape.
    """

    def sent(value):
        if isinstance(value, bytes):
            return {"bytes": b64encode(value).decode()}
        assert value.dtype == np.float32, value.dtype
        return {"bytes": b64encode(value.tobytes()).decode(), "shape": value.shape}

    def received(value):
        if "float32" in value:
            return np.frombuffer(b64decode(value["float32"]), np.float32)
        if value.keys() == {"shape", "values"}:
            return value["values"].reshape([int(n) for n in value["shape"]])
        return value

    program = NODE.replace("FOLDER", widgets.MODULES.as_uri()).replace("BODY", body)
    command = ["node", "--input-type=module", "--eval", program]
    ended = subprocess.run(command, input=json.dumps(given, default=sent), capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout, object_hook=received)
