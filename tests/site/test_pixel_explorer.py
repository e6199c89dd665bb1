"""The pixel explorer: its arithmetic against NumPy, what a reader sees against Keras, and what may go wrong.

Long, for it has the six tools, the pictures, the network and the ways in which a file can fail to come.
"""

import gzip
import re

import numpy as np
import pytest
from labs import DESK, PHONE, cells_of, in_node_with_arrays, shown
from playwright.sync_api import expect
from test_jupyterlab import opened, run
from widget_page import make_site

from benchmarks.pages import AXE, served
from utils import nets, widgets
from utils.losses import cross_entropy, log_softmax
from utils.metrics import class_weights, edges
from utils.plots import PALETTE
from utils.scenes import CLASSES, COLOURS, street_scenes
from utils.widgets.pixel_explorer import scene_facts, stored_scene

PAINTS = np.array([[int(colour[k : k + 2], 16) for k in (1, 3, 5)] for colour in COLOURS])
PIXELS = 96 * 128


def in_node(body, module="pixel-loss", **given):
    """Return what `body` returns; it has the named exports of a module as `pixel`."""
    return in_node_with_arrays(
        f'const pixel = await import("{(widgets.MODULES / module).as_uri()}.mjs"); {body}', **given
    )


def losses_of(mask, losses):
    return np.take_along_axis(losses, mask[..., None].astype(int), axis=-1)[..., 0]


# ------------------------------------------------------------------------------------------------------- the arithmetic


@pytest.fixture(scope="module", params=range(6))
def scene(request):
    """Return number, picture, mask and stored losses of each scene."""
    return request.param, *stored_scene(request.param)


def test_a_stored_scene_is_what_its_maker_says(scene):
    number, picture, mask, losses = scene
    images, masks = street_scenes(6, seed=2)
    np.testing.assert_array_equal(picture, np.round(255 * images[number]))
    np.testing.assert_array_equal(mask, masks[number])
    assert losses.max() <= 12.75
    # Each p is off by at most half a step of its logarithm; what is cut off adds at most 23 times e to the −12.75.
    total = np.exp(-losses).sum(axis=-1)
    assert np.exp(-0.0251) < total.min() <= total.max() < np.exp(0.0251) + 1e-4


def test_losses_prediction_borders_and_counts_are_those_of_numpy(scene):
    number, picture, mask, losses = scene
    content = gzip.decompress((widgets.MODELS / "scenes" / f"scene_{number}.bin.gz").read_bytes())
    body = """
      const { picture, mask, surprise } = pixel.unpackScene(given.content, 0.05);
      const valid = Uint8Array.from(mask, (_, i) => (i % 7 ? 1 : 0));
      const losses = pixel.lossesOf(surprise, mask), borders = pixel.bordersOf(mask);
      const counts = pixel.countsOf(mask, valid);
      let short;
      try { pixel.unpackScene(given.content.slice(1), 0.05); } catch (error) { short = error.message; }
      return { picture: [...picture], mask: [...mask], losses: [...losses], predicted: [...pixel.argmaxOf(surprise)],
        borders: [...borders], counts, rarest: pixel.rarestOf(counts, 5), mean: pixel.meanOf(losses, valid),
        share: pixel.shareOf(losses, valid, borders), short };
    """
    found = in_node(body, content=content)
    np.testing.assert_array_equal(found["picture"], picture.ravel())
    np.testing.assert_array_equal(found["mask"], mask.ravel())
    own = losses_of(mask, losses).ravel()
    np.testing.assert_allclose(found["losses"], own, atol=1e-6)
    np.testing.assert_array_equal(found["predicted"], losses.argmin(axis=-1).ravel())
    edge = edges(mask).ravel()
    np.testing.assert_array_equal(found["borders"], edge)
    valid = np.arange(PIXELS) % 7 != 0
    counts = np.bincount(mask.ravel()[valid], minlength=23)
    assert found["counts"] == counts.tolist()
    there = np.flatnonzero(counts)
    assert found["rarest"] == there[np.argsort(counts[there], kind="stable")][:5].tolist()
    assert found["mean"] == pytest.approx({"sum": own[valid].sum(), "pixels": valid.sum(), "mean": own[valid].mean()})
    part = own[valid & edge].sum()
    assert found["share"] == pytest.approx(
        {"pixels": (valid & edge).sum(), "sum": part, "area": edge[valid].mean(), "loss": part / own[valid].sum()}
    )
    assert found["short"] == "A scene has 331776 bytes, this one 331775."


@pytest.mark.parametrize("power", [0, 0.3, 1])
def test_weights_are_those_of_the_course_and_both_divisors_meet_once_they_are_divided_by_their_mean(scene, power):
    _, _, mask, losses = scene
    own = losses_of(mask, losses).ravel()
    there, numbered = np.unique(mask, return_inverse=True)
    body = """
      const mask = Uint8Array.from(given.mask), valid = new Uint8Array(mask.length).fill(1);
      const weights = pixel.weightsOf(pixel.countsOf(mask, valid), given.power);
      return { weights, total: pixel.weighted(given.losses, valid, mask, weights) };
    """
    found = in_node(body, mask=mask.ravel().tolist(), losses=own.tolist(), power=power)
    wanted = class_weights(numbered.ravel(), len(there), power)  # divided by their mean
    weights = np.array(found["weights"])
    assert not weights[np.setdiff1d(np.arange(23), there)].any()
    mean = weights[mask].mean()
    np.testing.assert_allclose(weights[there] / mean, wanted)
    total = found["total"]
    assert total["weights"] == pytest.approx(weights[mask].sum())
    assert total["pixels"] == PIXELS
    assert total["sum"] / total["weights"] == pytest.approx((wanted[numbered.ravel()] * own).mean())


def test_the_loss_of_logits_is_that_of_the_course():
    logits = np.random.default_rng(0).normal(0, 30, (50, 23)).astype(np.float32)
    found = in_node("return { values: [...pixel.surpriseOf(given.logits.values)] };", logits=logits)
    np.testing.assert_allclose(np.reshape(found["values"], (50, 23)), -log_softmax(logits), rtol=1e-6, atol=1e-6)


def test_a_stroke_has_no_gaps_and_stays_in_the_picture():
    body = """
      return given.strokes.map(([from, to, radius]) => {
        const hit = new Set();
        pixel.eachUnderBrush(from, to, radius, (i) => hit.add(i));
        return [...hit];
      });
    """
    rng = np.random.default_rng(0)
    strokes = [
        [[int(n) for n in rng.integers([96, 128])] for _ in range(2)] + [int(rng.integers(1, 13))] for _ in range(50)
    ]
    rows, columns = np.divmod(np.arange(PIXELS), 128)
    for (start, end, radius), hit in zip(strokes, in_node(body, strokes=strokes), strict=True):
        assert len(hit) == len(set(hit))
        assert 0 <= min(hit) <= max(hit) < PIXELS
        steps = max(abs(np.subtract(end, start)).max(), 1)
        line = np.array([np.add(start, np.subtract(end, start) * k / steps) for k in range(steps + 1)])
        distance = np.hypot(rows[:, None] - line[:, 0], columns[:, None] - line[:, 1]).min(axis=1)
        covered = np.isin(np.arange(PIXELS), hit)
        assert covered[distance < radius - 0.71].all()  # half a pixel's diagonal: points are rounded to pixels
        assert not covered[distance > radius + 0.71].any()


def test_how_far_a_stroke_reaches_is_the_distance_to_its_nearest_pixel():
    rng = np.random.default_rng(1)
    before, after = rng.integers(0, 3, (2, PIXELS))
    stroke = np.zeros((96, 128), int)
    stroke[30:40, 50:60], stroke[5, 5] = 1, 1
    body = """
      const found = pixel.reachOf(given.before, given.after, given.stroke);
      return { ...found, changed: [...found.changed] };
    """
    found = in_node(body, before=before.tolist(), after=after.tolist(), stroke=stroke.ravel().tolist())
    changed = (before != after) & (stroke.ravel() == 0)
    there, here = (np.argwhere(each.reshape(96, 128)) for each in (changed, stroke))
    distance = np.hypot(*np.moveaxis(there[:, None] - here, -1, 0)).min(axis=1)
    assert found["changed"] == changed.astype(int).tolist()
    assert (found["outside"], found["farthest"]) == (changed.sum(), pytest.approx(distance.max()))


def test_the_largest_come_first_and_groups_are_few_steps_apart():
    rng = np.random.default_rng(2)
    losses, valid = rng.integers(0, 50, PIXELS), rng.integers(0, 2, PIXELS)
    body = """
      const order = pixel.largestOf(given.losses, given.valid);
      return { order, ranks: [0, 1, 1000].map((k) => pixel.rankOf(order[k], given.losses, given.valid)) };
    """
    found = in_node(body, losses=losses.tolist(), valid=valid.tolist())
    order = np.argsort(-losses, kind="stable")
    assert found["order"] == order[valid[order] == 1].tolist()
    assert found["ranks"] == [1, 2, 1001]
    changed = np.zeros((96, 128), int)
    changed[10, 10] = changed[12, 12] = changed[14, 12] = changed[0, 127] = changed[17, 12] = 1
    found = in_node("return pixel.groupsOf(given.changed, 2);", changed=changed.ravel().tolist())
    assert [(g["pixels"], g["row"], g["column"]) for g in found] == [(1, 0, 127), (3, 12, 11), (1, 17, 12)]
    assert found[1]["radius"] == pytest.approx(np.hypot(5, 3) / 2)


@pytest.mark.parametrize(
    ("number", "digits", "wanted"),
    [
        *((1, 2, "1.00"), (0.274, 2, "0.27"), (0.0996, 2, "0.10"), (0.0554, 2, "0.055"), (0.00318, 2, "0.0032")),
        *((0.000472, 2, "0.00047"), (3.16e-5, 2, "3.2 · 10⁻⁵"), (9.99e-5, 2, "0.00010"), (1e-12, 2, "1.0 · 10⁻¹²")),
        *((0.27394, 4, "0.2739"), (0.003183, 4, "0.00318"), (3.1834e-5, 4, "3.18 · 10⁻⁵"), (0, 4, "0.0000")),
    ],
)
def test_a_small_p_keeps_digits_for_its_logarithm(number, digits, wanted):
    found = in_node("return pixel.significant(given.number, given.digits);", "pixel-text", number=number, digits=digits)
    assert found.replace("\u202f", " ") == wanted


@pytest.mark.parametrize(
    ("share", "wanted"), [(0, "0.0 %"), (0.0005, "0.05 %"), (0.0012, "0.1 %"), (0.85, "85.0 %"), (1, "100.0 %")]
)
def test_a_small_share_is_not_shown_as_none(share, wanted):
    assert plain(in_node("return pixel.percent(given.share);", "pixel-text", share=share)) == wanted


def test_a_link_is_read_back_and_nothing_else_is():
    states = [
        {"scene": 0, "layer": "photo", "at": [0, 0]},
        {"scene": 5, "layer": "p22", "at": [95, 127]},
        {"scene": 3, "layer": "loss", "at": [48, 7]},
    ]
    back = in_node(
        "return given.states.map((s) => pixel.fromFragment(pixel.toFragment(s)));", "pixel-explorer", states=states
    )
    assert back == states
    good = "#pixel-explorer=scene:0;layer:loss;at:48,64"
    bad = [
        *("", "#", "#logit-lab=z:1,2;y:0;t:1;c:0", "#pixel-explorer=", good + ";", good + "\n", " " + good),
        *(good.replace("scene:0", f"scene:{each}") for each in ("6", "-1", "", "00", "1.5", "NaN", "١")),
        *(
            good.replace("loss", each)
            for each in ("p23", "p07", "p-1", "p", "", "x", "constructor", "__proto__", "p4;")
        ),
        *(good.replace("48,64", each) for each in ("96,64", "48,128", "48", "48,64,1", "-1,2", "1e1,2", ",", "٤,1")),
    ]
    rng = np.random.default_rng(0)
    for _ in range(2000):  # one character is another
        k = int(rng.integers(16, len(good)))
        bad.append(good[:k] + chr(rng.integers(32, 0x3000)) + good[k + 1 :])
    found = in_node("return given.all.map((each) => pixel.fromFragment(each));", "pixel-explorer", all=bad)
    for text, state in zip(bad, found, strict=True):
        if state is None:
            continue
        assert re.fullmatch(r"#pixel-explorer=scene:[0-5];layer:(loss|p\d+);at:\d+,\d+", text), text
        assert state["at"][0] < 96
        assert state["at"][1] < 128
    assert not any(found[:31])
    escaped = good.replace(":", "%3A").replace(";", "%3b").replace(",", "%2C")
    assert in_node("return pixel.fromFragment(given.text);", "pixel-explorer", text=escaped)["at"] == [48, 64]


# ------------------------------------------------------------------------------------------------------- Python's side


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"scene": 6}, "scene"),
        ({"scene": -1}, "scene"),
        ({"scene": "0"}, "scene"),
        ({"layer": "ink"}, "layer"),
        ({"layer": "p23"}, "layer"),
        ({"at": (96, 0)}, "at"),
        ({"at": (0, 128)}, "at"),
        ({"at": (1,)}, "at"),
        ({"at": (0.5, 1)}, "at"),
        ({"facts": {"mean": 0.2}}, "facts"),
        ({"facts": [1, 2]}, "facts"),
    ],
)
def test_an_argument_that_the_explorer_cannot_show_is_refused_by_name(change, named):
    with pytest.raises(ValueError, match=f"^`{named}` .*wanted"):
        widgets.PixelExplorer(**change)


def test_facts_are_asked_of_a_whole_scene_only():
    mask, losses = np.zeros((96, 128), int), np.ones((96, 128))
    for bad in (losses[:50], -losses, np.nan * losses, 0 * losses):
        with pytest.raises(ValueError, match=r"^`losses` has shape .*wanted"):
            scene_facts(mask[: len(bad)], bad)
    with pytest.raises(ValueError, match=r"^`mask`"):
        scene_facts(mask + 23, losses)


@pytest.fixture(scope="module")
def network():
    """Return the network of Keras, and what it says of the first scene: logits (96, 128, 23)."""
    model = nets.unet()
    nets.load_weights(model)
    picture = street_scenes(6, seed=2)[0][:1]
    return model, nets.logits_of(model, picture)[0]


def test_the_table_has_the_numbers_of_the_first_scene(network):
    _, mask, losses = stored_scene(0)
    exact, rounded = cross_entropy(mask, network[1]), losses_of(mask, losses)
    caption, rows = cells_of(widgets.PixelExplorer(scene_facts(mask, exact)).page_html())
    assert f"the mean loss is {exact.mean():.2f} nats" in caption
    edge = edges(mask)
    assert rows[0] == ["borders", f"{edge.mean():.0%}", f"{exact[edge].sum() / exact.sum():.0%}"]
    part = [exact[mask == c].sum() / exact.sum() for c in range(23)]
    for row, c in zip(rows[1:], np.argsort(part)[::-1], strict=False):
        assert row == [CLASSES[c], f"{(mask == c).mean():.0%}", f"{part[c]:.0%}"]
    assert len(rows) == 4
    # From the stored losses alone it says the same but for the last digit.
    caption, stored = cells_of(widgets.PixelExplorer().page_html())
    assert f"the mean loss is {rounded.mean():.2f} nats" in caption
    percents = [[[int(cell[:-1]) for cell in row[1:]] for row in table] for table in (rows, stored)]
    np.testing.assert_allclose(*percents, atol=1)
    assert widgets.PixelExplorer().page_html() == widgets.PixelExplorer().page_html()


def test_python_sends_a_scene_the_worker_and_the_network_and_says_what_there_is_not(monkeypatch):
    sent = []
    explorer = widgets.PixelExplorer()
    monkeypatch.setattr(explorer, "send", lambda content, buffers=None: sent.append((content, buffers)))

    def asked(name):
        sent.clear()
        explorer._answer(explorer, {"type": "weights", "name": name}, [])
        return sent[0]

    answer, [packed] = asked("scene_3")
    assert packed == (widgets.MODELS / "scenes" / "scene_3.bin.gz").read_bytes()
    assert answer["manifest"]["classes"] == list(CLASSES)
    assert asked("pixel-worker")[0]["module"] == widgets.module("pixel-worker.mjs")
    assert asked("unet")[0]["manifest"]["sha256"]
    for name in ("scene_6", "../scene_0", None, ["scene_0"], {"a": 1}):
        assert "There is no trained network" in asked(name)[0]["error"]
    monkeypatch.setattr("utils.widgets.pixel_explorer.SCENES", widgets.MODELS / "nowhere")
    assert asked("scene_0")[0]["error"] == "The file of scene_0 cannot be read: make models MODEL=scene_losses"
    sent.clear()
    for content in (None, "scene_0", {"type": "other", "name": "scene_0"}):
        explorer._answer(explorer, content, [])
    assert sent == []


def test_both_modules_come_in_one_piece():
    for name in ("pixel-explorer.mjs", "pixel-worker.mjs"):
        text = widgets.module(name)
        assert not re.search(r"^\s*import\b|\bimport\(", text, re.MULTILINE)
        declared = re.findall(r"^(?:export )?(?:const|let|class|(?:async )?function) (\w+)", text, re.MULTILINE)
        assert len(declared) == len(set(declared))


# ------------------------------------------------------------------------------------------------------------ on a page


@pytest.fixture(scope="module")
def address(pages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    name = make_site(folder, widgets.PixelExplorer())
    with served(folder) as base:
        yield base + name


@pytest.fixture
def explorer(tab, address):
    """Return a function that opens the page and, unless told otherwise, starts the explorer."""

    def visit(fragment="", begin=True, before=None, **options):
        page = tab(**options)
        page.asked, page.broken = [], []
        page.on("request", lambda request: page.asked.append(request.url.split("/_static/")[-1]))
        page.on("pageerror", lambda error: page.broken.append(str(error)))
        if before:
            before(page)
        page.goto(address + fragment)
        page.locator("[data-widget]").scroll_into_view_if_needed()
        expect(page.locator(".lab")).to_be_visible()
        if begin:
            page.get_by_role("button", name="Start", exact=True).click()
            expect(page.locator(".stage")).to_be_visible()
            settled(page)
        return page

    return visit


def settled(page):
    """Wait for two frames: what changed before is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def answered(page):
    """Wait until the network has computed what the photo shows by now."""
    expect(page.locator(".tool")).to_have_attribute("aria-busy", "false")
    settled(page)


def take(page, tool):
    page.get_by_role("radio", name=tool).check()
    settled(page)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()
    settled(page)


def stroke(page, *points):
    """Draw on the picture from pixel to pixel, each (row, column)."""
    picture = page.locator(".picture")
    picture.scroll_into_view_if_needed()
    box = picture.locator("canvas").first.bounding_box()
    spots = [(box["x"] + box["width"] * (c + 0.5) / 128, box["y"] + box["height"] * (r + 0.5) / 96) for r, c in points]
    page.mouse.move(*spots[0])
    page.mouse.down()
    for spot in spots[1:]:
        page.mouse.move(*spot, steps=5)
    page.mouse.up()
    settled(page)


def points(page, k=0):
    """Return the colours of a canvas of the explorer, (height, width, 4)."""
    height, width, values = (
        page.locator(".pixel-explorer canvas")
        .nth(k)
        .evaluate(
            "(each) => [each.height, each.width, "
            "[...each.getContext('2d').getImageData(0, 0, each.width, each.height).data]]"
        )
    )
    return np.reshape(values, (height, width, 4))


def pixels(page, k=0):
    """Return the same for each pixel of the scene, at its middle, (96, 128, 4)."""
    found = points(page, k)
    fine = len(found) // 96
    return found[fine // 2 :: fine, fine // 2 :: fine]


def big(page):
    return page.locator(".tools > .big").inner_text()


def mean_line(total, count):
    return f"mean loss = {total:,.2f} / {count:,} = {shown(total / count if count else 0)} nats"


def panel(page):
    return plain(page.locator(".tool > div:visible").inner_text())


def plain(text):
    """Return a text with plain spaces for those that do not break."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def undo(page):
    return page.get_by_role("button", name="Undo")


def test_nothing_is_fetched_before_the_start_and_then_one_scene_and_the_tools(explorer):
    page = explorer(begin=False)
    page.wait_for_timeout(300)
    assert [each for each in page.asked if "models" in each] == []
    expect(page.locator(".lab table").first).to_be_visible()
    count = len(page.asked)
    press(page, "Start")
    expect(page.locator(".stage")).to_be_visible()
    modules = [f"widgets/pixel-{name}.mjs" for name in ("desk", "picture", "scenes", "text", "tools")]
    scene = ["models/scenes/manifest.json", "models/scenes/scene_0.bin.gz"]
    assert sorted(page.asked[count:]) == [*scene, *modules, "widgets/weights.mjs"]
    assert page.evaluate("document.activeElement.className") == "picture"
    press(page, "Scene 4")
    expect(page.get_by_role("button", name="Scene 4")).to_have_attribute("aria-pressed", "true")
    _, mask, losses = stored_scene(4)
    expect(page.locator(".tools > .big")).to_have_text(mean_line(losses_of(mask, losses).sum(), PIXELS))


def test_the_first_scene_button_starts_it_too(explorer):
    page = explorer(begin=False)
    press(page, "Scene 2")
    expect(page.locator(".stage")).to_be_visible()
    assert [each for each in page.asked if "scene_" in each] == ["models/scenes/scene_2.bin.gz"]


def read_pixel(page):
    found = page.evaluate(
        """() => {
          const all = (selector) => [...document.querySelectorAll(`.pixel-explorer ${selector}`)];
          const texts = (selector) => all(selector).map((each) => each.textContent);
          return { reading: texts(".reading p"), names: texts(".kinds th"), p: texts(".kinds td:last-child"),
            label: texts(".kinds .label th"),
            bars: all(".kinds .bar").map((each) => parseFloat(each.style.width) / 100) };
        }"""
    )
    return found | {"reading": [plain(each) for each in found["reading"]]}


def surprise_of(text):
    """Return −log of a number as the explorer writes it, 0.0032 or 3.2 · 10⁻⁵."""
    factor, *power = text.split("\u202f·\u202f10⁻")
    power = int(power[0].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789"))) if power else 0
    return power * np.log(10) - np.log(float(factor))


def check_pixel(found, row, column, mask, losses, digits):
    """Compare what is read of a pixel with Python's losses."""
    y, own = mask[row, column], losses[row, column]
    order = np.argsort(own, kind="stable")
    names = [CLASSES[c] + (" (y)" if c == y else "") for c in order]
    assert found["names"] == names
    assert found["label"] == [CLASSES[y] + " (y)"]
    np.testing.assert_allclose(found["bars"], np.exp(-own[order]), atol=1e-4)
    for text, loss in zip(found["p"], own[order], strict=True):
        if digits == 2 and loss > 12.74:
            assert text == "<\u202f3\u202f·\u202f10⁻⁶"
        elif loss < 25:  # of p, no further
            assert surprise_of(text) == pytest.approx(loss, abs=0.051 if digits == 2 else 0.0055), text
    assert found["reading"][0].startswith(
        f"Row {row}, column {column}: label {CLASSES[y]}, prediction {CLASSES[order[0]]}"
    )
    loss = re.search(r"= ([\d.]+)( or more)? nats", found["reading"][1])
    assert float(loss[1]) == pytest.approx(own[y], abs=0.00011 if digits == 4 else 0.006)
    if own[y] > 0.006 and not loss[2]:
        said = re.search(r"−log (\d[^=]*) = ", found["reading"][1])[1]
        assert said == found["p"][names.index(CLASSES[y] + " (y)")]
    part = 100 * own[y] / losses_of(mask, losses).sum()
    if part < 0.00099:
        assert "less than 0.001 % of the sum" in found["reading"][2]
        return
    share, percent = re.search(r" = ([^=]*) nats, ([\d.]+) %", found["reading"][2]).groups()
    assert np.exp(-surprise_of(share)) == pytest.approx(own[y] / PIXELS, rel=0.06)
    assert float(percent) == pytest.approx(part, rel=0.06)


def test_the_crosshair_reads_a_pixel_by_pointer_and_keys(explorer):
    page = explorer()
    _, mask, losses = stored_scene(0)
    check_pixel(read_pixel(page), 48, 64, mask, losses, 2)
    worst = np.unravel_index(losses_of(mask, losses).argmax(), mask.shape)
    for spot in ((0, 0), (95, 127), (20, 90), tuple(map(int, worst))):
        stroke(page, spot)
        check_pixel(read_pixel(page), *spot, mask, losses, 2)
    stroke(page, (10, 10), (60, 30))
    page.locator(".picture").focus()
    for key in ("ArrowUp", "ArrowRight", "Shift+ArrowDown", "Shift+ArrowLeft"):
        page.keyboard.press(key)
    settled(page)
    check_pixel(read_pixel(page), 67, 23, mask, losses, 2)
    for _ in range(6):
        page.keyboard.press("Shift+ArrowDown")
    settled(page)
    check_pixel(read_pixel(page), 95, 23, mask, losses, 2)
    assert page.broken == []


def test_a_loss_at_the_cap_is_said_to_be_that_or_more(explorer):
    page = explorer()
    losses = stored_scene(0)[2]
    # Paint a class that is at the cap there.
    row, column = np.argwhere(losses[:, :, CLASSES.index("rail track")] > 12.74)[0]
    take(page, "Repaint the mask")
    page.get_by_role("combobox", name="class to paint").select_option(label="rail track")
    stroke(page, (row, column))
    assert read_pixel(page)["reading"][1] == "loss = −log p(rail track) = 12.75 or more nats"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_layers_are_the_scene_s_own_pixels(explorer, theme):
    page = explorer(color_scheme=theme)
    picture, mask, losses = stored_scene(0)
    own = losses_of(mask, losses)
    ink = page.locator(".pixel-explorer canvas").first.evaluate("(each) => getComputedStyle(each).color")
    ink = [int(each) for each in re.findall(r"\d+", ink)[:3]]
    assert "#{:02x}{:02x}{:02x}".format(*ink) == PALETTE["ink"][theme == "dark"]
    for layer, wanted in (("photo", picture), ("mask", PAINTS[mask]), ("prediction", PAINTS[losses.argmin(-1)])):
        page.get_by_role("radio", name=layer, exact=True).check()
        settled(page)
        np.testing.assert_array_equal(pixels(page)[..., :3], wanted)
        assert (pixels(page)[..., 3] == 255).all()
    page.get_by_role("radio", name="−log p").check()
    settled(page)
    np.testing.assert_allclose(pixels(page)[..., 3], 255 * np.minimum(1, own / 5), atol=0.51)
    page.get_by_role("combobox", name="class whose p is shown").select_option(label="road")
    settled(page)
    expect(page.get_by_role("radio", name="p of")).to_be_checked()
    np.testing.assert_allclose(pixels(page)[..., 3], 255 * np.exp(-losses[..., 7]), atol=0.51)
    strong = pixels(page)[..., 3] > 200  # a canvas stores faint colours with few digits
    np.testing.assert_allclose(pixels(page)[strong][:, :3], np.broadcast_to(ink, (strong.sum(), 3)), atol=1)


def test_a_link_opens_scene_layer_and_crosshair_after_the_start(explorer):
    page = explorer("#pixel-explorer=scene:3;layer:p7;at:50,20", begin=False)
    page.wait_for_timeout(200)
    assert [each for each in page.asked if "models" in each] == []
    press(page, "Start")
    expect(page.locator(".stage")).to_be_visible()
    settled(page)
    _, mask, losses = stored_scene(3)
    check_pixel(read_pixel(page), 50, 20, mask, losses, 2)
    expect(page.get_by_role("radio", name="p of")).to_be_checked()
    page.locator(".picture").focus()
    page.keyboard.press("ArrowLeft")
    settled(page)
    expect(page.get_by_role("link", name="Link to this pixel")).to_have_attribute(
        "href", "#pixel-explorer=scene:3;layer:p7;at:50,19"
    )
    page.evaluate("location.hash = '#pixel-explorer=scene:1;layer:loss;at:2,3'")
    expect(page.locator(".reading")).to_contain_text("Row 2, column 3")
    expect(page.get_by_role("button", name="Scene 1")).to_have_attribute("aria-pressed", "true")
    page.evaluate("location.hash = '#pixel-explorer=scene:9;layer:loss;at:2,3'")
    expect(page.locator(".lab")).to_contain_text("The address holds what the explorer cannot read")


def test_selections_have_their_shares_of_area_and_loss(explorer):
    page = explorer()
    _, mask, losses = stored_scene(0)
    own = losses_of(mask, losses)
    take(page, "Select")

    def check(chosen):
        area, loss = chosen.mean(), own[chosen].sum() / own.sum()
        assert (
            f"{chosen.sum():,} pixels are {100 * area:.1f} % of the area and pay {100 * loss:.1f} % of the loss"
            in panel(page)
        )
        shares = page.locator(".tool > div:visible .pair .bar").evaluate_all(
            "(all) => all.map((e) => parseFloat(e.style.width))"
        )
        np.testing.assert_allclose(shares, [100 * area, 100 * loss], atol=1e-3)
        np.testing.assert_array_equal(pixels(page, 1)[..., 3] > 0, chosen)

    check(edges(mask))
    expect(page.get_by_role("button", name="Borders")).to_have_attribute("aria-pressed", "true")
    press(page, "Wrong pixels")
    expect(page.get_by_role("button", name="Borders")).to_have_attribute("aria-pressed", "false")
    check(mask != losses.argmin(axis=-1))
    press(page, "The rarest five classes")
    counts = np.bincount(mask.ravel(), minlength=23)
    rare = [c for c in np.argsort(counts, kind="stable") if counts[c]][:5]
    check(np.isin(mask, rare))
    assert ", ".join(CLASSES[c] for c in rare) in panel(page)
    page.get_by_role("combobox", name="class to select").select_option(label="road")
    settled(page)
    check(mask == 7)
    press(page, "Nothing")
    check(np.zeros(mask.shape, bool))
    stroke(page, (50, 20), (50, 60))
    chosen = pixels(page, 1)[..., 3] > 0
    assert chosen[50, 20:61].all()
    assert chosen.sum() > 150
    check(chosen)
    page.get_by_role("checkbox", name="takes away").check()
    stroke(page, (50, 40))
    assert not (pixels(page, 1)[50, 40, 3])
    check(pixels(page, 1)[..., 3] > 0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_selected_stands_out_from_the_ground(explorer, theme):
    page = explorer(color_scheme=theme)
    take(page, "Select")

    def brightness(colour):
        share = np.array(colour) / 255
        linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
        return linear @ [0.2126, 0.7152, 0.0722]

    ground = "(e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;"
    ground = page.locator(".picture").evaluate(ground + "if (!/, 0\\)/.test(c)) return c; } }")
    ground = np.array([int(each) for each in re.findall(r"\d+", ground)[:3]])
    veil = points(page, 1)
    *colour, opacity = veil[veil[..., 3] > 0][0] / [1, 1, 1, 255]
    assert opacity == 1
    mixed = opacity * np.array(colour) + (1 - opacity) * ground
    low, high = sorted([brightness(mixed), brightness(ground)])
    assert (high + 0.05) / (low + 0.05) >= 3
    # Only the rim of a selection is opaque: what lies in it is seen.
    chosen = edges(stored_scene(0)[1])
    inside = pixels(page, 1)[..., 3]
    np.testing.assert_array_equal(inside[chosen], 40)
    opaque = veil[..., 3].reshape(96, 4, 128, 4) == 255
    top = np.pad(chosen, 1)[:-2, 1:-1]
    np.testing.assert_array_equal(opaque[:, 0, :, 1], chosen & ~top)
    left = np.pad(chosen, 1)[1:-1, :-2]
    np.testing.assert_array_equal(opaque[:, 1, :, 0], chosen & ~left)


def test_repainting_moves_the_loss_and_argmax_is_its_floor(explorer):
    page = explorer()
    _, mask, losses = stored_scene(0)
    own, floor = losses_of(mask, losses), losses.min(axis=-1)
    take(page, "Repaint the mask")
    assert big(page) == mean_line(own.sum(), PIXELS)
    page.get_by_role("combobox", name="class to paint").select_option(label="sky")
    stroke(page, (80, 30), (85, 90))
    sky = CLASSES.index("sky")
    painted = np.all(pixels(page)[..., :3] == PAINTS[sky], axis=-1) & (mask != sky)
    assert painted.sum() > 200
    changed = np.where(painted, sky, mask)
    assert big(page) == mean_line(losses_of(changed, losses).sum(), PIXELS)
    assert f"{painted.sum():,} pixels have another label" in panel(page)
    press(page, "Set the mask to the argmax")
    assert big(page) == mean_line(floor.sum(), PIXELS)
    np.testing.assert_array_equal(pixels(page)[..., :3], PAINTS[losses.argmin(-1)])
    assert f"No mask gets below {shown(floor.mean())}" in panel(page)
    page.get_by_role("radio", name="prediction").check()
    settled(page)
    np.testing.assert_array_equal(pixels(page)[..., :3], PAINTS[losses.argmin(-1)])  # it never moved
    press(page, "Reset the mask")
    assert big(page) == mean_line(own.sum(), PIXELS)


def test_undo_takes_one_stroke_or_one_press_back(explorer):
    page = explorer()
    take(page, "Repaint the mask")
    expect(undo(page)).to_be_disabled()
    page.get_by_role("combobox", name="class to paint").select_option(label="sky")
    seen = [big(page)]
    for row in (60, 70, 80):
        stroke(page, (row, 30), (row, 60))
        seen.append(big(page))
    press(page, "Set the mask to the argmax")
    seen.append(big(page))
    page.locator(".picture").focus()
    page.keyboard.press("Space")
    settled(page)
    seen.append(big(page))
    assert len(set(seen)) == 6
    stroke(page, (80, 60))  # paints what is there already: no Undo is spent on it
    page.keyboard.press("Control+z")
    settled(page)
    assert big(page) == seen[-2]
    undo(page).focus()
    for wanted in seen[3::-1]:
        page.keyboard.press("Enter")
        settled(page)
        assert big(page) == wanted
        expect(undo(page)).to_be_focused()
    assert "0 pixels have another label" in panel(page)
    expect(undo(page)).to_be_disabled()
    page.keyboard.press("Enter")
    settled(page)
    assert big(page) == seen[0]
    assert page.broken == []


def test_each_tool_undoes_its_own(explorer):
    page = explorer()
    take(page, "Select")
    press(page, "Wrong pixels")
    stroke(page, (50, 20), (50, 60))
    assert "Selected with the brush." in panel(page)
    take(page, "Void")
    press(page, "Make the borders void")
    void = big(page)
    page.get_by_role("slider", name="radius of the brush").press("Home")
    stroke(page, (88, 64))
    assert big(page) != void
    undo(page).click()
    settled(page)
    assert big(page) == void
    press(page, "No void pixels")
    undo(page).click()
    settled(page)
    assert big(page) == void
    undo(page).click()
    settled(page)
    expect(undo(page)).to_be_disabled()
    assert "0 pixels are void" in panel(page)
    stroke(page, (88, 64))
    assert "1 pixel is void; the brush marks more." in panel(page)
    take(page, "Select")
    undo(page).click()
    expect(page.get_by_role("button", name="Wrong pixels")).to_have_attribute("aria-pressed", "true")
    undo(page).click()
    expect(page.get_by_role("button", name="Borders")).to_have_attribute("aria-pressed", "true")
    assert page.broken == []


def test_a_scene_comes_back_as_it_was_left(explorer):
    page = explorer()
    take(page, "Repaint the mask")
    before = big(page)
    stroke(page, (60, 30), (60, 60))
    painted = big(page)
    press(page, "Scene 1")
    expect(page.get_by_role("button", name="Scene 1")).to_have_attribute("aria-pressed", "true")
    settled(page)
    expect(undo(page)).to_be_disabled()
    asked = len(page.asked)
    press(page, "Scene 0")
    settled(page)
    assert big(page) == painted
    assert len(page.asked) == asked  # nor is it fetched again
    undo(page).click()
    settled(page)
    assert big(page) == before


def test_a_second_pointer_neither_joins_a_stroke_nor_ends_it(explorer):
    page = explorer()
    take(page, "Repaint the mask")
    page.locator(".picture").evaluate(
        """async (picture) => {
          picture.setPointerCapture = () => {};
          const { left, top } = picture.getBoundingClientRect();
          const tell = (type, pointerId, x) => picture.dispatchEvent(
            new PointerEvent(type, { pointerId, button: 0, clientX: left + x, clientY: top + 200 }));
          tell("pointerdown", 1, 20);
          tell("pointerdown", 2, 300);
          tell("pointermove", 2, 310);
          tell("pointerup", 2, 310);
          tell("pointermove", 1, 60);
          await new Promise(requestAnimationFrame);
          tell("pointerup", 1, 60);
        }"""
    )
    settled(page)
    where = re.match(r"Row \d+, column (\d+)", read_pixel(page)["reading"][0])
    assert int(where[1]) < 30
    _, mask, _ = stored_scene(0)
    painted = np.any(pixels(page)[..., :3] != PAINTS[mask], axis=-1)
    assert painted[:, 10:18].any()
    assert not painted[:, 40:].any()


def test_the_class_that_pays_most_for_its_area_is_found_at_once(explorer):
    page = explorer()
    _, mask, losses = stored_scene(0)
    own = losses_of(mask, losses)
    take(page, "Select")
    press(page, "The class with the largest mean loss")
    means = {c: own[mask == c].mean() for c in np.unique(mask)}
    dearest = max(means, key=means.get)
    there = mask == dearest
    assert f"{CLASSES[dearest]}: no class of this scene has a larger mean loss." in panel(page)
    share, loss = there.mean(), own[there].sum() / own.sum()
    assert f"{there.sum()} pixels are {share:.2%} of the area and pay {loss:.1%} of".replace("%", " %") in panel(page)
    assert f"pays {means[dearest]:.2f} nats on average, {loss / share:.1f} times the mean loss" in panel(page)
    veil = points(page, 1)
    assert (veil == [255, 255, 255, 255]).all(axis=-1).sum() > 50, "so small a selection needs a ring"


def test_a_bar_means_the_same_p_at_every_pixel_and_every_name_has_room(explorer):
    page = explorer()
    room = """() => [...document.querySelectorAll(".kinds tr")].map((row) => {
      const [name, bar, p] = row.children;
      return [bar.clientWidth, name.scrollWidth > name.clientWidth || p.scrollWidth > p.clientWidth];
    })"""
    take(page, "Repaint the mask")
    for name in ("sky", "traffic light"):  # the shortest and the longest as the label
        page.get_by_role("combobox", name="class to paint").select_option(label=name)
        stroke(page, (80, 60))
        assert read_pixel(page)["label"] == [f"{name} (y)"]
        found = page.evaluate(room)
        assert not any(cut for _, cut in found)
        if name == "sky":
            wanted = found
        assert found == wanted


def test_a_pressed_button_moves_none_of_the_others(explorer):
    page = explorer()
    take(page, "Select")
    places = """() => [...document.querySelectorAll(".pixel-explorer button")].filter((each) => each.offsetWidth)
      .map(({ offsetLeft, offsetWidth }) => [offsetLeft, offsetWidth])"""
    before = page.evaluate(places)
    press(page, "The rarest five classes")
    assert page.evaluate(places) == before


def test_the_largest_losses_come_one_after_the_other(explorer):
    page = explorer()
    _, mask, losses = stored_scene(0)
    order = np.argsort(-losses_of(mask, losses).ravel(), kind="stable")
    for number in (1, 2, 3):
        press(page, "Largest loss")
        row, column = np.unravel_index(order[number - 1], mask.shape)
        check_pixel(read_pixel(page), row, column, mask, losses, 2)
        expect(page.locator(".reading")).to_contain_text(f"Number {number} of 12,288 by loss")
    expect(page.locator(".lab").get_by_role("status")).to_contain_text("Number 3 of 12,288 by loss.")
    page.locator(".picture").press("l")
    settled(page)
    row, column = np.unravel_index(order[3], mask.shape)
    assert read_pixel(page)["reading"][0].startswith(f"Row {row}, column {column}:")
    page.locator(".picture").press("ArrowUp")
    expect(page.locator(".reading")).not_to_contain_text("by loss")
    take(page, "Void")
    press(page, "Make the borders void")  # other pixels count: the first of them
    press(page, "Largest loss")
    own = np.where(edges(mask), -1, losses_of(mask, losses))
    row, column = np.unravel_index(own.argmax(), mask.shape)
    check = read_pixel(page)["reading"]
    assert check[0].startswith(f"Row {row}, column {column}:")
    assert f"Number 1 of {(own >= 0).sum():,} by loss" in check[2]
    page.get_by_role("slider", name="radius of the brush").press("End")
    for row in range(0, 100, 8):  # everything
        stroke(page, (min(row, 95), 0), (min(row, 95), 127))
    press(page, "Largest loss")
    assert page.broken == []


def test_a_first_press_repaints_and_the_ink_moves_beside_the_mask(explorer):
    page = explorer()
    _, mask, losses = stored_scene(0)
    take(page, "Repaint the mask")
    choice = page.get_by_role("combobox", name="class to paint")
    at_crosshair = mask[48, 64]
    expect(choice).to_have_value("7" if at_crosshair == 4 else "4")
    page.get_by_role("slider", name="radius of the brush").press("Home")
    row, column = 80, 60
    stroke(page, (row, column))
    assert "1 pixel has another label." in panel(page)
    label = int(choice.input_value())
    changed = mask.copy()
    changed[row, column] = label

    def ink(own):
        return np.round(255 * np.minimum(1, own / 5))

    second = page.get_by_role("img", name="−log p of the labels as painted")
    expect(second).to_be_visible()
    np.testing.assert_allclose(pixels(page, 2)[..., 3], ink(losses_of(changed, losses)), atol=1)
    page.get_by_role("radio", name="−log p", exact=True).check()  # the brush paints on the ink as well
    settled(page)
    expect(page.get_by_role("img", name="the mask as painted")).to_be_visible()
    stroke(page, (row, column + 3))
    changed[row, column + 3] = label
    assert "2 pixels have another label." in panel(page)
    np.testing.assert_allclose(pixels(page)[..., 3], ink(losses_of(changed, losses)), atol=1)
    np.testing.assert_array_equal(pixels(page, 2)[..., :3], PAINTS[changed])
    press(page, "Set the mask to the argmax")
    wrong = (mask != losses.argmin(-1)).mean()
    expect(page.locator(".tools")).to_contain_text(
        f"By the labels as repainted 0.0 % of the pixels are predicted wrong, by the scene’s own {100 * wrong:.1f} %."
    )
    choice.select_option(label="sky")
    take(page, "Look")
    take(page, "Repaint the mask")
    expect(choice).to_have_value(str(CLASSES.index("sky")))


def test_the_network_says_once_what_the_stored_sum_was(explorer):
    page = explorer()
    _, mask, losses = stored_scene(0)
    stored = f"{losses_of(mask, losses).sum():,.2f}"
    load_network(page)
    total = re.search(r"= ([\d,.]+) /", big(page))[1]
    said = f"now exact: {total} instead of {stored} from stored steps"
    expect(page.locator(".tools")).to_contain_text(said)
    take(page, "Repaint the mask")
    stroke(page, (80, 60))
    press(page, "Reset the mask")
    assert f" {total} /" in big(page)
    expect(page.locator(".tools")).to_contain_text("All numbers come from the network")
    expect(page.locator(".tools")).not_to_contain_text("from stored steps")


def test_a_phone_has_result_and_tools_before_the_bars_and_no_word_of_keys(explorer):
    page = explorer(**PHONE)
    assert "rrow key" not in page.locator(".lab").inner_text()

    def tops(*parts):
        return [page.locator(f".pixel-explorer {part}").first.bounding_box()["y"] for part in parts]

    order = tops(".picture", ".under", ".reading", ".tools", "table.kinds")
    assert order == sorted(order)
    take(page, "Repaint the mask")
    assert "Space" not in page.locator(".lab").inner_text()
    order = tops(".picture", ".under", ".tools", ".reading", "table.kinds")
    assert order == sorted(order)
    brush, second = page.locator(".brushes").first.bounding_box(), page.locator(".side:visible").bounding_box()
    assert abs(brush["y"] - second["y"]) < 10
    fits = page.locator(".brushes").first.evaluate("(e) => e.scrollWidth <= e.clientWidth")
    assert fits, "the brush's controls reach into the second picture"
    page.locator(".picture").press("ArrowUp")  # there is a keyboard after all
    expect(page.locator(".brushes").first).to_contain_text("Space uses it at the crosshair.")
    desk = explorer()
    assert "arrow keys, with Shift eight pixels at a time" in panel(desk)


@pytest.mark.parametrize("keys", ["Home", "End", "PageUp"])
def test_weights_have_both_divisors(explorer, keys):
    page = explorer()
    _, mask, losses = stored_scene(0)
    own = losses_of(mask, losses)
    take(page, "Weights")
    slider = page.get_by_role("slider", name="power a of the weights")
    slider.press(keys)
    settled(page)
    power = float(slider.get_attribute("aria-valuetext"))
    assert power == {"Home": 0, "End": 1, "PageUp": 1}[keys]
    counts = np.bincount(mask.ravel(), minlength=23)
    weights = np.zeros(23)
    weights[counts > 0] = (counts[counts > 0] / PIXELS) ** -power
    w = weights[mask]
    cells = page.locator(".tool > div:visible td").all_inner_texts()
    by_pixels, by_weights = (w * own).sum() / PIXELS, (w * own).sum() / w.sum()
    assert cells == [shown(by_pixels)] + 3 * [shown(by_weights)]
    rare = np.isin(mask, [c for c in np.argsort(counts, kind="stable") if counts[c]][:5])
    percents = [float(each) for each in re.findall(r"([\d.]+) %", panel(page))]
    wanted = [100 * w[rare].sum() / w.sum(), 100 * (w * own)[rare].sum() / (w * own).sum()]
    np.testing.assert_allclose(percents, wanted, atol=0.0501)


def test_void_pixels_leave_the_sum_and_the_divisor_or_only_the_sum(explorer):
    page = explorer()
    _, mask, losses = stored_scene(0)
    own = losses_of(mask, losses)
    take(page, "Void")

    def check(void):
        total, valid = own[~void].sum(), int((~void).sum())
        cells = page.locator(".tool > div:visible td").all_inner_texts()
        assert cells == [
            *(f"{total:,.2f}", f"{valid:,}", shown(total / valid if valid else 0)),
            *(f"{total:,.2f}", f"{PIXELS:,}", shown(total / PIXELS)),
        ]
        assert big(page) == mean_line(total, valid)

    check(np.zeros(mask.shape, bool))
    press(page, "Make the borders void")
    check(edges(mask))
    press(page, "Make “unlabelled” void")
    check(edges(mask) | (mask == 0))
    press(page, "No void pixels")
    stroke(page, (40, 60), (60, 70))
    void = pixels(page, 1)[..., 3] > 0
    assert void[40, 60]
    check(void)
    assert read_pixel(page)["reading"][1] == "void: it has no part in the loss"
    page.get_by_role("slider", name="radius of the brush").press("End")
    for row in range(0, 100, 8):  # everything
        stroke(page, (min(row, 95), 0), (min(row, 95), 127))
    check(np.ones(mask.shape, bool))  # Keras says 0 too
    assert page.broken == []


# -------------------------------------------------------------------------------------------------------- the network


def load_network(page):
    take(page, "Paint the photo")
    page.get_by_role("button", name="Start the network").click()
    expect(page.get_by_role("button", name="Reset the photo")).to_be_visible()
    answered(page)


def exact(model, photo):
    """Return what Keras says of a photo of 0 to 255: −log p of every class."""
    return -log_softmax(nets.logits_of(model, photo[None].astype(np.float32) / 255)[0])


@pytest.mark.parametrize("way", ["in a worker", "on the page"])
def test_the_network_makes_the_losses_exact_and_follows_the_brush(explorer, network, way):
    def forbid(page):
        if way == "on the page":
            page.route("**/pixel-worker.mjs", lambda route: route.abort())

    page = explorer(before=forbid)
    model, _ = network
    picture, mask, _ = stored_scene(0)
    load_network(page)
    assert "widgets/pixel-worker.mjs" in page.asked
    assert "models/unet.bin" in page.asked
    assert ("beside the page" if way == "in a worker" else "between two strokes") in panel(page)
    before = exact(model, picture)
    check_pixel(read_pixel(page), 48, 64, mask, before, 4)
    own = losses_of(mask, before)
    assert float(big(page).split("= ")[-1].split()[0]) == pytest.approx(own.mean(), abs=1e-4)
    page.locator(".tool").evaluate(
        """(tool) => {
          window.busy = [];
          const note = () => busy.push(tool.ariaBusy);
          new MutationObserver(note).observe(tool, { attributeFilter: ["aria-busy"] });
        }"""
    )
    stroke(page, (60, 40), (66, 64))
    expect(page.locator(".tool")).to_contain_text("The stroke covers")
    answered(page)
    assert page.evaluate("[busy[0], busy.at(-1)]") == ["true", "false"]
    photo = pixels(page)[..., :3]
    painted = np.any(photo != picture, axis=-1)
    assert (photo[painted] == [0xD0, 0x1C, 0x1C]).all()
    after = exact(model, photo)
    changed = (before.argmin(-1) != after.argmin(-1)) & ~painted
    found = panel(page)
    size, outside, far = re.search(
        r"stroke covers ([\d,]+) pixels\. .* changed at ([\d,]+) .* farthest ([\d.]+) pixels away", found
    ).groups()
    assert int(size) == painted.sum()
    assert int(outside.replace(",", "")) == pytest.approx(changed.sum(), abs=1)
    assert changed.sum() > 20
    distance = np.hypot(*np.moveaxis(np.argwhere(changed)[:, None] - np.argwhere(painted), -1, 0)).min(axis=1)
    assert float(far) == pytest.approx(distance.max(), abs=0.06)
    sums = [float(each.replace(",", "")) for each in re.findall(r"(?:: |now |outside it )([\d,]+\.\d\d)", found)]
    own, then = losses_of(mask, before), losses_of(mask, after)
    wanted = [own[painted].sum(), then[painted].sum(), own[~painted].sum(), then[~painted].sum()]
    np.testing.assert_allclose(sums, wanted, atol=0.2)
    marked = (pixels(page, 1) == [255, 0, 200, 255]).all(axis=-1)
    assert marked.sum() == int(outside.replace(",", ""))
    veil = points(page, 1)
    assert (veil[np.repeat(np.repeat(marked, 4, 0), 4, 1)] == [255, 0, 200, 255]).all()  # no ring hides one
    rim = (veil == [0, 0, 0, 255]).all(axis=-1) | (veil == [255, 255, 255, 255]).all(axis=-1)
    assert rim.sum() > 50, "no speck has a ring"
    names, sizes = np.unique(mask[painted], return_counts=True)
    assert f"the mask still says {CLASSES[names[sizes.argmax()]]}" in found
    press(page, "Reset the photo")
    np.testing.assert_array_equal(pixels(page)[..., :3], picture)
    expect(page.locator(".tool")).to_contain_text("Paint on the photo")
    assert page.broken == []


def test_before_the_network_there_is_no_brush_and_then_the_focus_is_on_the_photo(explorer):
    page = explorer()
    take(page, "Paint the photo")
    expect(page.get_by_role("slider", name="radius of the brush")).to_be_hidden()
    page.get_by_role("button", name="Start the network").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("slider", name="radius of the brush")).to_be_visible()
    expect(page.locator(".picture")).to_be_focused()


def test_undo_takes_a_stroke_from_the_photo_and_the_network_follows(explorer):
    page = explorer()
    picture = stored_scene(0)[0]
    load_network(page)
    before = big(page)
    stroke(page, (60, 40), (66, 64))
    expect(page.locator(".tools > .big")).not_to_have_text(before)
    answered(page)
    once, painted = big(page), pixels(page)
    stroke(page, (40, 40), (40, 64))
    expect(page.locator(".tools > .big")).not_to_have_text(once)
    answered(page)
    undo(page).click()
    answered(page)
    np.testing.assert_array_equal(pixels(page), painted)
    expect(page.locator(".tools > .big")).to_have_text(once)
    two_frames_later = undo(page).evaluate(
        """async (undo) => {
          undo.click();
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          return document.querySelector(".tools > .big").textContent;
        }"""
    )
    assert two_frames_later == before  # the network has not answered by then
    np.testing.assert_array_equal(pixels(page)[..., :3], picture)
    press(page, "Reset the photo")
    expect(undo(page)).to_be_disabled()


def test_what_is_void_under_the_stroke_is_not_said_to_pay(explorer):
    page = explorer()
    load_network(page)
    stroke(page, (60, 40), (66, 64))
    expect(page.locator(".tool")).to_contain_text("such a pixel pays")
    take(page, "Void")
    stroke(page, (60, 40), (66, 64))
    take(page, "Paint the photo")
    assert "such a pixel pays" not in panel(page)
    assert "nats before" in panel(page)


def test_grey_erases_and_the_keyboard_paints(explorer):
    page = explorer()
    load_network(page)
    page.get_by_role("radio", name="grey").check()
    page.locator(".picture").focus()
    page.keyboard.press("Space")
    settled(page)
    assert (pixels(page)[48, 64, :3] == 128).all()
    expect(page.locator(".tool")).to_contain_text("The stroke covers 25 pixels.")


def test_another_scene_gets_exact_numbers_too(explorer, network):
    page = explorer()
    load_network(page)
    press(page, "Scene 5")
    expect(page.get_by_role("button", name="Scene 5")).to_have_attribute("aria-pressed", "true")
    picture, mask, _ = stored_scene(5)
    own = losses_of(mask, exact(network[0], picture))
    expect(page.locator(".tools > .big")).to_contain_text(f"{own.sum():,.2f} / 12,288")
    expect(page.locator(".tools")).to_contain_text("All numbers come from the network")


# ------------------------------------------------------------------------------------------------------ what goes wrong


def damaged(route):
    body = bytearray(route.fetch().body())
    body[1000] ^= 1
    route.fulfill(body=bytes(body))


@pytest.mark.parametrize(
    ("file", "answer", "sentence"),
    [
        ("scenes/scene_0.bin.gz", lambda route: route.abort(), "could not be fetched: is there a connection?"),
        ("scenes/scene_0.bin.gz", lambda route: route.fulfill(status=404), "the server answers 404"),
        ("scenes/scene_0.bin.gz", damaged, "Scene 0 is damaged: its sha256 is not that of the manifest."),
        ("scenes/manifest.json", lambda route: route.fulfill(body="{"), "could not be read: it is not JSON"),
        ("scenes/manifest.json", lambda route: route.fulfill(body="{}"), "Scene 0 is damaged"),
        ("pixel-desk.mjs", lambda route: route.abort(), "A part of the widget could not be fetched"),
    ],
    ids=["no connection", "404", "damaged", "no JSON", "empty manifest", "no module"],
)
def test_a_scene_that_does_not_come_costs_a_sentence_and_can_be_asked_for_again(explorer, file, answer, sentence):
    page = explorer(begin=False)
    page.route(f"**/{file}", answer)
    press(page, "Start")
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(page.locator(".lab table").first).to_be_visible()
    page.unroute(f"**/{file}")
    press(page, "Start")
    expect(page.locator(".stage")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_text("")
    assert page.broken == []


def test_a_second_scene_that_does_not_come_leaves_the_first(explorer):
    page = explorer()
    page.route("**/scene_1.bin.gz", lambda route: route.abort())
    press(page, "Scene 1")
    expect(page.get_by_role("alert")).to_contain_text("scene_1.bin.gz could not be fetched")
    expect(page.get_by_role("button", name="Scene 0")).to_have_attribute("aria-pressed", "true")
    page.locator(".picture").focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".reading")).to_contain_text("Row 48, column 63")


def test_an_old_browser_is_told_what_it_lacks(explorer):
    page = explorer(begin=False, before=lambda page: page.add_init_script("delete window.DecompressionStream"))
    press(page, "Start")
    expect(page.get_by_role("alert")).to_contain_text("This browser is too old to unpack the scenes")


@pytest.mark.parametrize("answer", [lambda route: route.abort(), damaged], ids=["no connection", "damaged"])
def test_a_network_that_does_not_come_leaves_the_stored_losses(explorer, answer):
    page = explorer()
    before = big(page)
    page.route("**/unet.bin", answer)
    take(page, "Paint the photo")
    press(page, "Start the network (0.7 MB)")
    expect(page.get_by_role("alert")).to_contain_text(re.compile("could not be fetched|weights are damaged"))
    assert big(page) == before
    page.unroute("**/unet.bin")
    load_network(page)
    expect(page.get_by_role("alert")).to_have_text("")


# --------------------------------------------------------------------------------------------------------- for everyone

TOOLS = ["Look", "Select", "Repaint the mask", "Weights", "Void", "Paint the photo"]
BROKEN_RULES = "async () => (await axe.run('.course-widget')).violations.map((r) => [r.id, r.nodes.map((n) => n.html)])"


@pytest.mark.parametrize("screen", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_state_breaks_a_rule_of_axe_and_nothing_leaves_the_screen(explorer, theme, screen):
    page = explorer(begin=False, color_scheme=theme, **screen)
    page.evaluate(AXE.read_text())
    assert page.evaluate(BROKEN_RULES) == []
    page.route("**/scene_0.bin.gz", lambda route: route.abort())
    press(page, "Start")
    expect(page.get_by_role("alert")).to_contain_text("fetched")
    assert page.evaluate(BROKEN_RULES) == []
    page.unroute("**/scene_0.bin.gz")
    press(page, "Start")
    width = screen["viewport"]["width"]
    outside = f"""() => [...document.querySelectorAll(".lab, .lab *:not(.hidden, .aim)")].filter((each) => {{
      const {{ left, right }} = each.getBoundingClientRect();
      return left < 0 || right > {width};
    }}).map((each) => each.outerHTML)"""
    small = """() => [...document.querySelectorAll(".lab :is(button, select, input, a)")].filter((each) => {
      const { width, height } = (each.closest("label") ?? each).getBoundingClientRect();
      return height && (height < 24 || width < 24);
    }).map((each) => each.outerHTML)"""
    for tool in TOOLS:
        take(page, tool)
        if tool == "Void":
            press(page, "Make the borders void")
        if tool == "Paint the photo":
            load_network(page)
        assert page.evaluate(BROKEN_RULES) == [], tool
        assert page.evaluate(outside) == [], tool
        assert page.evaluate(small) == [], tool
        assert page.evaluate("document.documentElement.scrollWidth") == width, tool


def test_keys_alone_reach_every_control_and_show_where_they_are(explorer):
    page = explorer()
    load_network(page)
    page.locator(".lab button").first.focus()
    visited = []
    while page.evaluate("document.activeElement.closest('.lab') !== null"):
        name, *outline = page.evaluate(
            """() => {
              const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
              return [document.activeElement.ariaLabel ?? (document.activeElement.labels?.[0]
                ?? document.activeElement).textContent, outlineStyle, outlineWidth];
            }"""
        )
        visited.append(name)
        assert outline == ["solid", "2px"] or name == "Scene 0", name  # the first was not reached by a key
        page.keyboard.press("Tab")
        assert len(visited) < 40
    scenes = [f"Scene {k}" for k in range(6)]
    assert visited == [
        *(*scenes, "photo", "class whose p is shown", "the scene, layer photo", "Largest loss"),
        *("radius of the brush", "Undo"),
        *("Paint the photo", "a colour", "colour", "Reset the photo", "Link to this pixel"),
    ]  # fmt: skip


def test_a_screen_reader_hears_what_changed_once_it_has_paused(explorer):
    page = explorer()
    status = page.locator(".lab").get_by_role("status")
    page.wait_for_timeout(600)
    expect(status).to_have_text("")
    page.locator(".picture").focus()
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    expect(status).to_contain_text(
        re.compile(r"^Row 48, column 59: label .*, prediction .*\. Probability [\d.]+, loss [\d.]+ nats\. mean loss")
    )
    take(page, "Select")
    said = re.compile(r"[\d,]+ pixels are [\d.]+\s% of the area and pay [\d.]+\s% of the loss")
    expect(status).to_contain_text(said)
    assert page.locator(".picture").get_attribute("aria-label") == "the scene, layer −log p"


def test_a_finger_draws_where_a_tool_draws_and_scrolls_the_page_elsewhere(explorer):
    page = explorer(**PHONE)
    picture = page.locator(".picture")
    assert picture.evaluate("(each) => getComputedStyle(each).touchAction") == "pan-y"
    take(page, "Repaint the mask")
    assert picture.evaluate("(each) => getComputedStyle(each).touchAction") == "none"
    picture.scroll_into_view_if_needed()
    box, before = picture.bounding_box(), big(page)
    session = page.context.new_cdp_session(page)
    top = page.evaluate("scrollY")

    def finger(kind, *points):
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    finger("touchStart", (box["x"] + 60, box["y"] + 20))
    for k in range(10):
        finger("touchMove", (box["x"] + 60 + k, box["y"] + 20 + 10 * k))
    finger("touchEnd")
    settled(page)
    assert page.evaluate("scrollY") == top
    assert big(page) != before


def test_however_often_the_pointer_moves_a_frame_draws_once(explorer):
    page = explorer()
    take(page, "Repaint the mask")
    drawn = page.evaluate(
        """async () => {
          const picture = document.querySelector(".picture"), canvas = picture.querySelector("canvas");
          const context = canvas.getContext("2d"), put = context.putImageData.bind(context);
          let times = 0;
          context.putImageData = (...given) => (times++, put(...given));
          picture.setPointerCapture = () => {};
          const { left, top } = picture.getBoundingClientRect();
          const tell = (type, k) =>
            picture.dispatchEvent(new PointerEvent(type, { clientX: left + 10 + k, clientY: top + 50, button: 0 }));
          tell("pointerdown", 0);
          for (let k = 0; k < 200; k++) tell("pointermove", k);
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          tell("pointerup", 200);
          return times;
        }"""
    )
    assert 1 <= drawn <= 2


def test_without_javascript_the_facts_stand_in_a_table(tab, address):
    page = tab(java_script_enabled=False)
    page.goto(address)
    caption, rows = cells_of(widgets.PixelExplorer().page_html())
    expect(page.locator(".course-widget caption")).to_have_text(caption)
    found = [row.locator("th, td").all_text_contents() for row in page.locator(".course-widget tbody tr").all()]
    assert [[cell.strip() for cell in row] for row in found] == rows


# ----------------------------------------------------------------------------------------------------------- in Jupyter


def test_in_jupyterlab_scene_network_and_worker_come_from_python(tab, tmp_path, network):
    cells = [
        "from utils import widgets\nexplorer = widgets.PixelExplorer(scene=1)\nexplorer",
        "print(explorer.at, explorer.layer, explorer.scene)",
    ]
    cells.append("explorer.at, explorer.scene = [10, 20], 2")
    with opened(tab, tmp_path, cells) as (page, asked, base):
        run(page, 0)
        press(page, "Start")
        expect(page.locator(".stage")).to_be_visible()
        settled(page)
        picture, mask, losses = stored_scene(1)
        check_pixel(read_pixel(page), 48, 64, mask, losses, 2)
        page.locator(".picture").focus()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowRight")
        settled(page)
        check_pixel(read_pixel(page), 49, 65, mask, losses, 2)
        assert page.locator(".jp-CodeCell").count() == 3
        load_network(page)
        assert "beside the page" in panel(page)
        check_pixel(read_pixel(page), 49, 65, mask, exact(network[0], picture), 4)
        expect(run(page, 1)).to_contain_text("[49, 65] photo 1")
        run(page, 2)
        expect(page.locator(".reading")).to_contain_text("Row 10, column 20")
        expect(page.get_by_role("button", name="Scene 2")).to_have_attribute("aria-pressed", "true")
        assert [url for url in asked if not url.startswith((base, "data:", "blob:"))] == []
