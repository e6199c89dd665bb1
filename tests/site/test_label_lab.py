"""The label lab in the hands of a reader."""

import html
import json
import re

import numpy as np
from labs import LABELS, ROW, come_near, press, rewrite, shown, slider
from playwright.sync_api import expect

from utils.losses import cross_entropy, log_softmax


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
