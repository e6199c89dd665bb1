"""The text widget's numbers: bits, what is drawn from, chance, bets, addresses; against NumPy, chapter 9 and Keras."""

import html
import json
import re
import string
import subprocess

import numpy as np
import pytest
from labs import cells_of, in_node_with_arrays
from test_widget_numbers import in_node
from writer_given import (
    CHARACTERS,
    MARKS,
    TO_ADDRESS,
    bits_of,
    chance,
    chapters_rules,
    logits_after,
    network,
    play,
    writer,
)

from utils import nets, widgets
from utils.losses import cross_entropy, log_softmax, softmax
from utils.text import encode, sample

RNG = np.random.default_rng(9)
ROWS = RNG.normal(size=(60, 84)) * RNG.uniform(0.5, 6, size=(60, 1))
SETTINGS = [
    {"temperature": 1, "top_k": 84, "top_p": 1},
    {"temperature": 0.5, "top_k": 84, "top_p": 1},
    {"temperature": 1, "top_k": 5, "top_p": 1},
    {"temperature": 1, "top_k": 84, "top_p": 0.9},
    {"temperature": 1.5, "top_k": 10, "top_p": 0.5},
    {"temperature": 0.1, "top_k": 1, "top_p": 0.05},
]


def on_network(body, **given):
    """Run JavaScript with the stored network, `network`, and the modules `loss` and `parts` of the text widget."""
    start = f"""
      const network = forward.charLstm(await weights.readWeights(given.manifest, given.content));
      const loss = await import("{TO_ADDRESS}text-loss.mjs"), parts = await import("{TO_ADDRESS}text-parts.mjs");
    """
    manifest = json.loads((nets.MODELS / "char_lstm.json").read_text())
    content = (nets.MODELS / "char_lstm.bin").read_bytes()
    return in_node_with_arrays(start + body, manifest=manifest, content=content, **given)


# ------------------------------------------------------------------------------------------------------- the arithmetic


def test_bits_and_entropy_are_those_of_the_course():
    rows, ids = ROWS.tolist(), RNG.integers(84, size=60).tolist()
    found = in_node("text-loss.mjs", [("bitsOf", i, row) for i, row in zip(ids, rows, strict=True)])
    np.testing.assert_allclose(found, cross_entropy(ids, ROWS) / np.log(2), rtol=1e-9)
    wanted = -(softmax(ROWS) * log_softmax(ROWS)).sum(axis=1) / np.log(2)
    np.testing.assert_allclose(in_node("text-loss.mjs", [("entropyOf", row) for row in rows]), wanted, rtol=1e-9)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_what_is_drawn_from_is_what_chapter_9_draws_from(settings):
    top_k, top_p = chapters_rules()
    scores = top_k(ROWS / settings["temperature"], settings["top_k"])
    if settings["top_p"] < 1:  # with 1 the chapter’s may lose by rounding what has nearly no probability
        scores = top_p(scores, settings["top_p"])
    wanted = softmax(np.maximum(scores, -1e9))
    found = np.array(in_node("text-loss.mjs", [("drawnFrom", row, settings) for row in ROWS.tolist()]))
    np.testing.assert_allclose(found, wanted, atol=1e-9)
    assert ((found > 0) == (wanted > 0)).all()


def test_top_k_keeps_what_equals_the_last():
    assert in_node("text-loss.mjs", [("topK", [1, 3, 2, 2, 0], 2)]) == [[-np.inf, 3, 2, 2, -np.inf]]


def test_a_number_draws_the_same_character_as_in_python():
    class Given:  # a generator that says what it is told
        def random(self, shape):
            return np.broadcast_to(u, shape)

    calls, wanted = [], []
    for u in (0.0, 0.2, 0.5, 0.9, 1 - 2**-32):
        calls += [("pick", row, u) for row in softmax(ROWS).tolist()]
        wanted += sample(ROWS, rng=Given()).tolist()
    assert in_node("text-loss.mjs", calls) == wanted
    assert in_node("text-loss.mjs", [("pick", [0, 0.5, 0.5, 0], u) for u in (0, 0.5, 1 - 2**-53)]) == [1, 2, 2]


def test_chance_is_even_and_depends_on_seed_and_place_alone():
    pairs = [(seed, n) for seed in (0, 1, 2, 1616, 999_999) for n in range(4000)]
    found = np.array(in_node("text-loss.mjs", [("chance", *pair) for pair in pairs])).reshape(5, 4000)
    np.testing.assert_array_equal(found.ravel(), [chance(*pair) for pair in pairs])
    assert found.min() >= 0
    assert found.max() < 1
    for numbers in found:  # 32 classes, 31 degrees of freedom; and no number tells of the next
        counts = np.bincount((32 * numbers).astype(int), minlength=32)
        assert ((counts - 125) ** 2 / 125).sum() < 75
        assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.06
    assert np.abs(np.corrcoef(found) - np.eye(5)).max() < 0.06


def test_chips_become_probabilities():
    calls = [("probsOfChips", bets, 84) for bets in ([], [[3, 50]], [[3, 50], [5, 49], [3, 0]], [[1, 0]])]
    nothing, one, two, none = np.array(in_node("text-loss.mjs", calls))
    np.testing.assert_allclose([nothing.sum(), one.sum(), two.sum(), none.sum()], 1)
    np.testing.assert_allclose(nothing, 1 / 84)
    np.testing.assert_allclose([one[3], one[4]], [0.5, 0.5 / 83])
    np.testing.assert_allclose([two[3], two[5], two[0]], [0.5, 0.49, 0.01 / 82])
    np.testing.assert_allclose([none[1], none[0]], [0, 1 / 83])


# ------------------------------------------------------------------------------------------------------------ any text


@pytest.mark.parametrize(
    ("text", "plain", "skipped"),
    [
        ("To be", "To be", ""),
        ("a\r\nb\rc", "a\nb\nc", ""),
        ("“Hark’d”—he said…", '"Hark\'d"--he said...', ""),
        ("Æsop, naïve café", "Aesop, naive cafe", ""),
        ("x = 2² + €5 #", "x  22  5 ", "=+€#"),
        ("東京 🐻", " ", "東京🐻"),
        ("", "", ""),
    ],
)
def test_a_text_is_put_into_the_characters_of_the_network(text, plain, skipped):
    found, without = in_node("text-loss.mjs", [("fit", text, CHARACTERS, True), ("fit", text, CHARACTERS)])
    assert found["plain"] == plain
    assert found["ids"] == encode(plain, CHARACTERS).tolist()
    assert "".join(found["skipped"]) == skipped
    kept = "".join(each for each in re.sub("\r\n?", "\n", text) if each in CHARACTERS)
    assert (without["plain"], without["replaced"]) == (kept, [])


def random_text(length):
    points = RNG.choice([*range(0x250), *range(0x2000, 0x2100), *range(0x1F600, 0x1F650), 0xD800, 0xDFFF], size=length)
    return "".join(map(chr, points))


def test_no_text_breaks_the_reading():
    texts = [random_text(int(length)) for length in RNG.integers(0, 300, size=200)]
    found = in_node("text-loss.mjs", [("fit", text, CHARACTERS, bool(i % 2)) for i, text in enumerate(texts)])
    for text, answer in zip(texts, found, strict=True):
        assert answer["ids"] == encode(answer["plain"], CHARACTERS).tolist()
        known = sum(each in CHARACTERS for each in re.sub("\r\n?", "\n", text))
        if not answer["replaced"]:
            assert len(answer["ids"]) == known
    names = in_node("text-loss.mjs", [("named", list(text)) for text in texts])
    assert all(len(name) < 150 and not re.search(r"[\x00-\x1f\u200e\u202e]", name) for name in names)
    assert in_node("text-loss.mjs", [("named", ["’", "\u202e", "’"])]) == ["’ (U+2019), (U+202E)"]


# ------------------------------------------------------------------------------------------------------------- the link

STATES = [
    {"prompt": "HAMLET.\n", "temperature": 0.8, "top_k": 84, "top_p": 1, "seed": 1616},
    {"prompt": 'a;p:b%&#"<é', "temperature": 2, "top_k": 1, "top_p": 0.05, "seed": 0},
]


def test_settings_survive_their_way_through_an_address():
    fragments = in_node("text-loss.mjs", [("toFragment", state) for state in STATES])
    assert fragments[0] == "#writer=t:0.8;k:84;q:1;s:1616;p:HAMLET.%0A"
    encoded = [re.sub("[:;]", lambda found: f"%{ord(found[0]):x}", each) for each in fragments]
    assert in_node("text-loss.mjs", [("fromFragment", each) for each in fragments + encoded]) == STATES * 2


def test_a_link_is_short_or_there_is_none():
    long = [{**STATES[0], "prompt": prompt} for prompt in ("x" * 167, "x" * 168, "\n" * 60, "")]
    answers = in_node("text-loss.mjs", [("toFragment", state) for state in long])
    assert [each and len(each) for each in answers] == [199, None, None, None]


def test_an_address_that_holds_no_settings_is_refused():
    good = "#writer=t:0.8;k:84;q:1;s:1616;p:HAMLET."
    bad = ["", "#", "#writer=", good[1:], "x" + good, good.replace("HAMLET.", ""), good.replace("HAMLET.", "%E0%A4"),
           good.replace("HAMLET.", "x" * 500), good.replace("writer", "logit-lab"), good.replace(";p:HAMLET.", ""),
           *(good.replace("0.8", each) for each in ("0", "0.09", "2.1", "-1", "nan", "1e0", " 1", "", "Infinity")),
           *(good.replace("84", each) for each in ("0", "85", "1.5", "")),
           *(good.replace("q:1", f"q:{each}") for each in ("0", "1.1", "")),
           *(good.replace("1616", each) for each in ("-1", "1000000", "1.5", "0x10"))]  # fmt: skip
    answers = in_node("text-loss.mjs", [("fromFragment", each) for each in [good, *bad]])
    assert answers[0] is not None
    assert {each: answer for each, answer in zip(bad, answers[1:], strict=True) if answer is not None} == {}


def test_no_address_breaks_the_reading():
    good = in_node("text-loss.mjs", [("toFragment", state) for state in STATES])
    mutants = []
    for k in range(1000):
        each = list(good[k % 2])
        for at in RNG.integers(len(each), size=RNG.integers(1, 5)):
            each[at] = RNG.choice(list(string.printable + "é\u202e"))
        mutants.append("".join(each))
    answers = in_node("text-loss.mjs", [("fromFragment", each) for each in mutants])
    read = [each for each in answers if each is not None]
    assert 20 < len(read) < 980
    for state in read:
        assert 0.1 <= state["temperature"] <= 2
        assert state["top_k"] in range(1, 85)
        assert 0.05 <= state["top_p"] <= 1
        assert state["seed"] in range(1_000_000)
        assert 1 <= len(state["prompt"]) <= 400


# ---------------------------------------------------------------------------------------------------------- the network

WRITE = """
  const reading = new parts.Reading(network);
  reading.want(loss.fit(given.prompt, given.manifest.characters).ids);
  while (reading.more());
  for (let n = 0; n < given.count; n++)
    reading.add(loss.pick(loss.drawnFrom(reading.steps.at(-1).logits, given.settings), loss.chance(given.seed, n)));
  return reading.ids.map((id) => given.manifest.characters[id]).join("");
"""


@pytest.mark.parametrize("settings", SETTINGS[1:5], ids=str)
def test_the_same_seed_writes_what_keras_writes(settings):
    prompt, count = "HAMLET.\n", 60
    found = on_network(WRITE, prompt=prompt, count=count, settings=settings, seed=1616)
    top_k, top_p = chapters_rules()
    # Keras reads the whole text at once: after each character its logits draw the next.
    scores = top_p(top_k(logits_after(found) / settings["temperature"], settings["top_k"]), settings["top_p"])
    edges = softmax(np.maximum(scores, -1e9)).cumsum(axis=1)
    wanted = "".join(CHARACTERS[int((edges[len(prompt) - 1 + n] <= chance(1616, n)).sum())] for n in range(count))
    assert found == prompt + wanted
    assert on_network(WRITE, prompt=prompt, count=count, settings=settings, seed=1617) != found


def test_a_passage_costs_what_it_costs_in_keras_and_is_read_again_only_where_it_changed():
    text = play()[5000:5300]
    other = text[:250] + "X" + text[251:]
    body = """
      let steps = 0;
      const reading = new parts.Reading({ step: (...given) => (steps++, network.step(...given)) });
      const costs = (ids) => {
        reading.want(ids);
        while (reading.more());
        return reading.ids.map((id, i) => (i ? loss.bitsOf(id, reading.before(i)) : 0)).slice(1);
      };
      return given.texts.map((ids) => [costs(ids), steps]);
    """
    texts = [text, other, other + "Y", text[:40], text]
    answers = on_network(body, texts=[encode(each, CHARACTERS).tolist() for each in texts])
    for each, (found, _) in zip(texts, answers, strict=True):
        np.testing.assert_allclose(found, bits_of(each), atol=2e-4)
    assert [steps for _, steps in answers] == [300, 350, 351, 351, 611]


def test_a_character_takes_no_longer_than_its_multiplications_in_a_plain_loop():
    body = """
      const numbers = new Float32Array(given.multiplications).fill(0.5), sums = new Float32Array(2048);
      const timed = (work) => {
        const start = performance.now();
        for (let n = 0; n < 50; n++) work(n);
        return performance.now() - start;
      };
      const steps = [], alone = [];
      let answer = network.step(0);
      for (let k = 0; k < 20; k++) {  // in turns: how fast the machine is, and who shares it, meets both
        steps.push(timed((n) => {
          const id = loss.pick(loss.drawnFrom(answer.logits, { temperature: 0.8 }), loss.chance(k, n));
          answer = network.step(id, answer.state);
        }));
        alone.push(timed(() => {
          for (let i = 0; i < numbers.length; i += 2048) {
            for (let j = 0; j < 2048; j++) sums[j] += 0.3 * numbers[i + j];
          }
        }));
      }
      return Math.min(...steps) / Math.min(...alone);
    """
    multiplications = 2048 * (64 + 512) + 84 * 512  # four gates of 512 units; the last layer
    assert on_network(body, multiplications=multiplications) < 1


# ----------------------------------------------------------------------------------------------------- the Python side

GIVEN = {
    "passage": "To be.",
    "bits": [1, 2, 3, 4, 5, 6.0],
    "marks": MARKS,
    "hidden": "or not " * 4,
    "before": "To be, ",
}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"passage": "T"}, "^`passage` is 'T'; wanted"),
        ({"passage": "Tö be."}, "^`passage` holds 1 character that .*ö"),
        ({"bits": [1, 2, 3]}, r"^`bits` has shape \(3,\); wanted 6"),
        ({"bits": [1, 2, 3, 4, 5, -1]}, "^`bits`"),
        ({"bits": [1, 2, 3, 4, 5, np.nan]}, "^`bits`"),
        ({"bits": "abcdef"}, "^`bits`"),
        ({"marks": {"xz": 2.0}}, "^`marks` is .* wanted a dict"),
        ({"marks": {**MARKS, "xz": np.nan}}, "^`marks` holds"),
        ({"hidden": "short"}, "^`hidden`"),
        ({"hidden": "€" * 30}, "^`hidden` holds 30"),
        ({"before": ""}, "^`before`"),
        ({"prompt": ""}, "^`prompt`"),
        ({"prompt": "x" * 401}, "^`prompt`"),
        ({"temperature": 0}, "^`temperature`"),
        ({"temperature": np.nan}, "^`temperature`"),
        ({"top_k": 0}, "^`top_k`"),
        ({"top_k": 85}, "^`top_k`"),
        ({"top_p": 0}, "^`top_p`"),
        ({"seed": -1}, "^`seed`"),
        ({"seed": 1.5}, "^`seed`"),
    ],
    ids=lambda each: str(each)[:40] if isinstance(each, dict) else "",
)
def test_an_argument_that_the_widget_cannot_show_is_refused_by_name(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        widgets.Writer(**GIVEN | change)


def test_the_html_holds_the_passage_its_costs_and_the_marks():
    made = writer()
    text = made.page_html()
    assert text == made.page_html()
    assert text.startswith('<div class="course-widget" data-widget="writer" data-props="')
    shaded = re.search(r"<p style='font-family:monospace.*?</p>", text)[0]
    plain = html.unescape(re.sub("<.*?>", "", shaded.replace("<br>", "\n")))
    assert plain == made.passage
    costs = bits_of(play()[play().index("Weep I cannot") - 1000 :][: 1000 + len(plain)])[999:]
    np.testing.assert_allclose([int(each) for each in made.shades], np.minimum(8, costs), atol=0.501)
    assert f"{len(plain)} characters, in the mean {costs.mean():.2f} bits each" in text
    rows = cells_of(re.search("<table>.*?</table>", text)[0])[1]
    best = np.argsort(-costs)[:5]
    assert [(row[0][0], row[1]) for row in rows] == [(plain[i], f"{costs[i]:.1f}") for i in best]
    for bits in MARKS.values():
        assert f"{bits:.2f}" in text


def test_a_shade_has_its_share_of_the_colour_and_words_cannot_become_markup():
    made = widgets.Writer(**GIVEN | {"passage": "&b'(;)", "bits": [0, 1, 1, 4, 8, 100]})
    style = "<span style='background:color-mix(in srgb,var(--vermillion) {}%,transparent)'>{}</span>"
    wanted = "&amp;" + style.format(6, "b&#x27;") + style.format(22, "(") + style.format(45, ";)")
    assert wanted in made.page_html()


def test_the_chapter_does_not_quote_what_is_to_be_guessed():
    cells = json.loads((widgets.MODULES.parents[1] / "chapters" / "09_shakespeare.ipynb").read_text())["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    pages = "".join("".join(output.get("data", {}).get("text/html", "")) for output in outputs)
    [props] = re.findall('data-widget="writer" data-props="(.*?)"', pages)
    state = json.loads(html.unescape(props))
    assert (state["before"], state["hidden"]) == (writer().before, writer().hidden)
    shown = ["".join(cell["source"]) for cell in cells] + ["".join(output.get("text", "")) for output in outputs]
    assert state["hidden"][:10] not in "".join(shown) + state["passage"]


def test_the_size_is_that_of_the_file():
    assert float(writer().size) == pytest.approx((nets.MODELS / "char_lstm.bin").stat().st_size / 1e6, abs=0.051)


def test_jupyter_gets_the_module_in_one_piece(tmp_path):
    text = widgets.module("writer.mjs")
    assert writer()._esm == text
    assert not re.search(r"^\s*import\b|\bimport\(", text, re.MULTILINE)
    declared = re.findall(r"^(?:export )?(?:const|let|class|(?:async )?function) (\w+)", text, re.MULTILINE)
    assert len(declared) == len(set(declared))
    (tmp_path / "whole.mjs").write_text(text)
    ask = "const { default: widget } = await import(process.argv[1]); console.log(typeof widget.render)"
    program = ["node", "--input-type=module", "--eval", ask, (tmp_path / "whole.mjs").as_uri()]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout == "function\n"
    assert network().name == "char_lstm"
