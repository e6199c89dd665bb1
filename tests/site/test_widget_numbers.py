"""The widgets' numbers: the modules against NumPy, and the label lab against TensorFlow."""

import json
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from labs import ROW, float32_softmax

from utils import widgets
from utils.losses import cross_entropy, cross_entropy_gradient, log_softmax, softmax
from utils.quiet import keras, tf

CALL = """
import { readFileSync } from "node:fs";
const [address, calls] = JSON.parse(readFileSync(0));
const functions = await import(address);
const answers = calls.map(([name, ...given]) => functions[name](...given));
const named = (key, value) => (typeof value === "number" && !Number.isFinite(value) ? `${value}` : value);
console.log(JSON.stringify(answers, named).replace(/"(NaN|-?Infinity)"/g, "$1"));
"""


def in_node(name, calls):
    """Return the answers to calls, each (function, *arguments), of the functions of one widget module."""
    given = json.dumps([(widgets.MODULES / name).as_uri(), calls])
    program = ["node", "--input-type=module", "--eval", CALL]
    answers = subprocess.run(program, input=given, capture_output=True, text=True, check=True).stdout
    return json.loads(answers, parse_int=float)  # JavaScript has one type of number


def random_rows(count, seed):
    """Yield rows of 2 to 6 logits, from ±0.1 to ±1000, each with a temperature, a label and a target row."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        classes = int(rng.integers(2, 7))
        scale = 10.0 ** rng.integers(-1, 4)
        logits, temperature = rng.uniform(-scale, scale, classes).round(3), 10 ** rng.uniform(-1, 1)
        yield SimpleNamespace(
            logits=logits.tolist(),
            temperature=temperature,
            scaled=logits / temperature,
            label=int(rng.integers(classes)),
            target=rng.dirichlet(np.ones(classes)).tolist(),
        )


ROWS = list(random_rows(1000, seed=0))

# What a function is given of a row, and what utils/losses.py makes of the same.
DEFINITIONS = {
    "logSoftmax": ("logits temperature", lambda row: log_softmax(row.logits, temperature=row.temperature)),
    "softmax": ("logits temperature", lambda row: softmax(row.logits, temperature=row.temperature)),
    "crossEntropy": ("label logits temperature", lambda row: cross_entropy(row.label, row.scaled)),
    "crossEntropyOfRow": ("target logits temperature", lambda row: cross_entropy(row.target, row.scaled)),
    "crossEntropyGradient": (
        "label logits temperature",
        lambda row: cross_entropy_gradient(row.label, row.scaled) / row.temperature,
    ),
}


@pytest.fixture(scope="module")
def computed():
    """Return, for each function of losses.mjs, its answers for all rows."""
    calls = [
        (name, *(getattr(row, key) for key in keys.split())) for name, (keys, _) in DEFINITIONS.items() for row in ROWS
    ]
    answers = iter(in_node("losses.mjs", calls))
    return {name: [next(answers) for _ in ROWS] for name in DEFINITIONS}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_the_module_computes_what_the_course_defines(computed, name):
    _, define = DEFINITIONS[name]
    for row, found in zip(ROWS, computed[name], strict=True):
        wanted = define(row)
        np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-6 * max(1, np.abs(wanted).max()), err_msg=f"{row}")


def test_without_a_temperature_it_is_1():
    calls = [("softmax", ROW), ("crossEntropy", 3, ROW), ("crossEntropyOfRow", [0, 0, 0, 1, 0], ROW)]
    probs, loss, loss_of_row = in_node("losses.mjs", [*calls, ("crossEntropyGradient", 3, ROW)])[:3]
    np.testing.assert_allclose(probs, softmax(ROW), rtol=1e-12)
    np.testing.assert_allclose([loss, loss_of_row], cross_entropy(3, ROW), rtol=1e-12)


def test_the_naive_softmax_is_that_of_float32_infinities_and_nan_included():
    kinds = set()
    answers = in_node("losses.mjs", [("naiveSoftmax", row.logits) for row in ROWS])
    for row, found in zip(ROWS, answers, strict=True):
        logits = np.array(row.logits)
        border = np.log(np.finfo(np.float32).max)
        at_the_border = np.abs([*logits, np.logaddexp.reduce(logits)] - border).min() < 0.01
        # From e^-87 down to 0 float32 rounds to fewer and fewer digits, and not the same ones on every processor.
        if at_the_border or -105 < logits.max() < -80:
            continue
        powers, probs = float32_softmax(logits)
        np.testing.assert_allclose(found["powers"], powers, rtol=4e-6, atol=1e-37)
        with np.errstate(over="ignore"):
            np.testing.assert_allclose(found["sum"], powers.sum(), rtol=4e-6)
        np.testing.assert_allclose(found["probs"], probs, rtol=4e-6, atol=1e-30)
        kinds.add("inf" if np.isinf(powers).any() else "0/0" if powers.sum() == 0 else "finite")
    assert kinds == {"inf", "0/0", "finite"}


def test_a_probability_that_is_asked_for_comes_out():
    asked = [(row, 0.001 + 0.998 * row.target[0]) for row in ROWS if np.ptp(row.logits) < 20]
    calls = [("logitFor", p, row.label, row.logits, row.temperature) for row, p in asked]
    for (row, p), found in zip(asked, in_node("logit-lab.mjs", calls), strict=True):
        logits = [found if k == row.label else z for k, z in enumerate(row.logits)]
        assert softmax(logits, temperature=row.temperature)[row.label] == pytest.approx(p)


STATES = [
    {"logits": [2, 1, 0.1], "label": 0, "temperature": 1, "shift": 0},
    {"logits": [-1000, 1000], "label": 1, "temperature": 0.1, "shift": -120},
    {"logits": [1e-7, -2.345, 0, 4, 5, 6], "label": 5, "temperature": 10, "shift": 120},
]


def test_a_state_survives_its_way_through_an_address():
    fragments = in_node("logit-lab.mjs", [("toFragment", state) for state in STATES])
    assert fragments[0] == "#logit-lab=z:2,1,0.1;y:0;t:1;c:0"
    assert in_node("logit-lab.mjs", [("fromFragment", each) for each in fragments]) == STATES


def test_an_address_may_come_with_its_punctuation_encoded():
    encoded = "#logit-lab=z%3A2%2C1%2c0.1%3by%3A0%3Bt%3A1%3Bc%3A0"
    assert in_node("logit-lab.mjs", [("fromFragment", encoded)]) == STATES[:1]


MALFORMED = [
    "",
    "#logit-lab",
    "#logit-lab=",
    "#logit-lab=z:2,1,0.1",
    "#logit-lab=z:2,1;y:0;t:1",
    "#logit-lab=z:2,1;y:0;t:1;c:0;",
    "#logit-lab=z:2,1;y:0;t:1;c:0;x:1",
    "x#logit-lab=z:2,1;y:0;t:1;c:0",
    "#label-lab=z:2,1;y:0;t:1;c:0",
    "#logit-lab=z:;y:0;t:1;c:0",
    "#logit-lab=z:2;y:0;t:1;c:0",
    "#logit-lab=z:1,2,3,4,5,6,7;y:0;t:1;c:0",
    "#logit-lab=z:2,,1;y:0;t:1;c:0",
    "#logit-lab=z:2,nan;y:0;t:1;c:0",
    "#logit-lab=z:2,Infinity;y:0;t:1;c:0",
    "#logit-lab=z:2,1001;y:0;t:1;c:0",
    "#logit-lab=z:2,0x10;y:0;t:1;c:0",
    "#logit-lab=z:2,<b>;y:0;t:1;c:0",
    "#logit-lab=z:2,1;y:2;t:1;c:0",
    "#logit-lab=z:2,1;y:-1;t:1;c:0",
    "#logit-lab=z:2,1;y:0.5;t:1;c:0",
    "#logit-lab=z:2,1;y: ;t:1;c:0",
    "#logit-lab=z:2,1;y:length;t:1;c:0",
    "#logit-lab=z:2,1;y:0;t:0;c:0",
    "#logit-lab=z:2,1;y:0;t:-1;c:0",
    "#logit-lab=z:2,1;y:0;t:10.1;c:0",
    "#logit-lab=z:2,1;y:0;t:nan;c:0",
    "#logit-lab=z:2,1;y:0;t:1;c:121",
    "#logit-lab=z:2,1;y:0;t:1;c:-121",
    "#logit-lab=z:2,1;y:0;t:1;c:nan",
    "#logit-lab=z:%;y:%E0%A4;t:1;c:0",
]


def test_an_address_that_is_no_state_is_refused():
    answers = in_node("logit-lab.mjs", [("fromFragment", each) for each in MALFORMED])
    assert {each: answer for each, answer in zip(MALFORMED, answers, strict=True) if answer is not None} == {}


# ------------------------------------------------------------------------------------- the label lab and TensorFlow


def tensorflow_outcomes(label, logits):
    """Return what TensorFlow and Keras make of one label, None for an error, and nan from XLA."""
    labels, row = tf.constant([label]), tf.constant([logits])
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    categorical = keras.losses.CategoricalCrossentropy(from_logits=True)

    def attempt(error, loss):
        try:
            return float(loss())
        except error:
            return None

    return {
        "sparse": attempt(tf.errors.InvalidArgumentError, lambda: sparse(labels, row)),
        "compiled": float(compiled(labels, row)[0]),
        "oneHot": float(categorical(tf.one_hot(labels, len(logits)), row)),
        "categorical": attempt(IndexError, lambda: categorical(keras.utils.to_categorical([label], len(logits)), row)),
    }


# One signature for every number of classes, so that it is traced once.
@tf.function(jit_compile=True, input_signature=[tf.TensorSpec([1], tf.int32), tf.TensorSpec([1, None], tf.float32)])
def compiled(labels, logits):
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)


@pytest.mark.parametrize("logits", [[0.5, -1.5], [3.0, -2.0, 0.25], ROW], ids=lambda row: f"{len(row)} classes")
def test_the_label_lab_says_what_tensorflow_does_in_range_and_out_of_it(logits):
    labels = range(-len(logits) - 1, len(logits) + 2)
    answers = in_node("label-lab.mjs", [("outcomes", label, logits) for label in labels])
    for label, found in zip(labels, answers, strict=True):
        wanted = tensorflow_outcomes(label, logits)
        refused = [key for key, loss in wanted.items() if loss is None]
        assert [key for key, loss in found.items() if loss is None] == refused, f"label {label}"
        for key in wanted.keys() - refused:
            assert found[key] == pytest.approx(wanted[key], rel=1e-5, abs=1e-6, nan_ok=True), f"label {label}, {key}"
        assert (found["sparse"] is None) == (label not in range(len(logits)))


def test_bytes_are_written_in_steps_of_1000():
    counts = [0, 4, 999, 1000, 12_800, 999_499, 999_900, 1_075_200, 12_800_000_000, 4e15]
    written = ["0 B", "4 B", "999 B", "1 kB", "12.8 kB", "999 kB", "1 MB", "1.08 MB", "12.8 GB", "4000000 GB"]
    assert in_node("label-lab.mjs", [("bytes", count) for count in counts]) == written
