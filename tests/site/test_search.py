"""The search finds a question, a message as somebody pastes it, a term: asked on the page, as a reader asks."""

import json
import subprocess

import pytest

from benchmarks.pages import SITE

MODULE = (SITE / "_static" / "search.mjs").as_uri()


@pytest.fixture(scope="module")
def found(browser, site):
    """Return a function that searches on a page of the book and returns the first three addresses."""
    page = browser.new_page()
    page.goto(site + "chapters/02_softmax.html")
    page.keyboard.press("Control+k")

    def search(query):
        page.evaluate("async (query) => (await import(new URL('../_static/search.mjs', location))).show(query)", query)
        links = page.locator("#search-results li a").evaluate_all("links => links.map((link) => link.href)")
        return [link.partition("/chapters/")[2] for link in links[:3]]

    yield search
    page.close()


def entries():
    return json.loads((SITE / "search.json").read_text())


# Twenty questions, none in the words of the page, and the addresses of which one settles it.
QUESTIONS = [
    ("why does my model predict negative numbers", "questions.html#log-3"),
    ("do I need softmax for accuracy", "questions.html#log-4"),
    ("which axis for softmax in a U-Net output", "questions.html#smx-2"),
    ("double softmax effect on loss", "questions.html#smx-4"),
    ("temperature higher or lower for more random text", "questions.html#smx-7"),
    ("loss bigger than 1 is that normal", "questions.html#ce-1"),
    ("loss stuck at 16.118", "questions.html#ce-3"),
    ("binary crossentropy with ten one-hot classes", "questions.html#ce-5"),
    ("gradient of cross entropy with respect to logits", "questions.html#ce-9"),
    ("difference between sparse and categorical crossentropy", "questions.html#lab-1"),
    ("one-hot labels run out of memory", "questions.html#lab-8"),
    ("from_logits=True with softmax layer warning", "questions.html#int-2"),
    ("can I change epsilon in keras", "questions.html#int-13"),
    ("class_weight for segmentation masks", "questions.html#seg-3"),
    ("ignore void label 255 in loss", "questions.html#seg-4"),
    ("reset_states AttributeError", ("questions.html#seq-3", "messages.html#message-9d7cf0ec-0")),
    ("is padding counted in the loss", "questions.html#seq-13"),
    ("loss is nan", "questions.html#num-1"),
    ("sparse faster than one-hot", "questions.html#perf-1"),
    ("validation loss goes up but accuracy improves", "answers.html#x-1"),
]


@pytest.mark.parametrize(("query", "wanted"), QUESTIONS, ids=[query for query, _ in QUESTIONS])
def test_a_question_is_among_the_first_three(found, query, wanted):
    wanted = (wanted,) if isinstance(wanted, str) else wanted
    assert {name.lower() for name in found(query)} & set(wanted), found(query)


# Messages as people paste them: with their own paths, nodes, names and shapes; and a cell of the book that raises each.
PASTED = [
    (
        "tensorflow.python.framework.errors_impl.InvalidArgumentError: Graph execution error: Detected at node "
        "sparse_categorical_crossentropy/SparseSoftmaxCrossEntropyWithLogits/SparseSoftmaxCrossEntropyWithLogits "
        'defined at (most recent call last): File "/home/ann/train.py", line 88, in <module> Received a label value of '
        "37 which is outside the valid range of [0, 37).  Label values: 3 17 37 12 [[{{node "
        "sparse_categorical_crossentropy/SparseSoftmaxCrossEntropyWithLogits}}]] [Op:__inference_train_function_2213]",
        ("88ba9e53", "541105a0", "2e176d4f"),
    ),
    (
        "Received a label value of 255 which is outside the valid range of [0, 21). Label values: 0 0 15 255",
        ("671742aa",),
    ),
    ("Received a label value of 1 which is outside the valid range of [0, 1).", ("cfad9647",)),
    (
        "ValueError: Argument `output` must have rank (ndim) `target.ndim - 1`. Received: target.shape=(32, 10), "
        "output.shape=(32, 10)",
        ("798ad8c9", "3a7a55cf"),
    ),
    (
        "Arguments `target` and `output` must have the same rank (ndim). Received: target.shape=(None,), "
        "output.shape=(None, 7)",
        ("98573bbe",),
    ),
    (
        "ValueError: Arguments `target` and `output` must have the same shape. Received: target.shape=(None, 1), "
        "output.shape=(None, 5)",
        ("98573bbe",),
    ),
    ("AttributeError: 'list' object has no attribute 'shape'", ("fa16be72",)),
    ("Structures don't have the same nested structure.", ("fa16be72",)),
    ('File "C:\\Users\\bob\\main.py", line 12 ValueError: Invalid dtype: str3', ("c3abdc02",)),
    ("Value for attr 'Tlabels' of float is not in the list of allowed values: int32, int64", ("c3abdc02",)),
    (
        "`labels.shape.rank` must equal `logits.shape.rank - 1`. Received: labels.shape=(128, 10) of rank 2 and "
        "logits.shape=(128, 10) of rank 2",
        ("c3abdc02",),
    ),
    ("`logits` cannot be a scalar. Received logits=0`", ("794c71ca",)),
    ("IndexError: index 10 is out of bounds for axis 1 with size 10", ("255c7ff8",)),
    ("InvalidArgumentError: Incompatible shapes: [64] vs. [64,10] [Op:Sub]", ("afa046b3", "7b04337e", "6962c5e6")),
    ("indices[31] = 10 is not in [0, 10) [[{{node GatherV2}}]]", ("46c85937", "501dc6f6")),
    ("indices[17,3] = 20001 is not in [0, 20000) [Op:ResourceGather] name: embedding_3/", ("501dc6f6", "46c85937")),
    ("ValueError: Could not interpret loss identifier: cross_entropy", ("d7723b1d", "5545164c")),
    ("TypeError: Got an unexpected keyword argument 'reduction_indices'", ("268fc408",)),
    ("softmax() got an unexpected keyword argument 'dim'", ("fded43d9",)),
    ("Only axis=-1 is currently supported. Received: axis=3", ("268fc408", "d08308e9")),
    ("Expected `metrics` argument to be a list, tuple, or dict. Received instead: metrics=acc", ("5545164c",)),
    (
        "Value passed to parameter 'labels' has DataType float32 not in list of allowed values: int32, int64",
        ("6510e5fd",),
    ),
    (
        "ValueError: Computed output size would be zero or negative. Received `inputs shape=(None, 3, 224, 224)`, "
        "`kernel shape=(3, 3, 224, 64)`, `dilation_rate=[1 1]`, `strides=(1, 1)`, `padding=valid`.",
        ("59ca3992",),
    ),
    ("TypeError: only 0-dimensional arrays can be converted to Python scalars", ("8be3e9fc", "016a504c")),
    ("module 'keras.losses' has no attribute 'Reduction'", ("b8424511",)),
    ("AttributeError: 'Sequential' object has no attribute 'reset_states'", ("9d7cf0ec",)),
    (
        "When using `stateful=True` in a RNN, the batch size must be static. Found dynamic batch size: "
        "sequence.shape=(None, 50, 256)",
        ("13ce467c",),
    ),
    (
        "/usr/lib/python3/keras/src/ops/nn.py:959: UserWarning: You are using a softmax over axis -1 of a "
        "tensor of shape (None, 1). This axis has size 1. The softmax operation will always return the value 1",
        ("5a34dc35",),
    ),
    (
        'UserWarning: "`sparse_categorical_crossentropy` received `from_logits=True`, but the `output` argument was '
        'produced by a Softmax activation and thus does not represent logits. Was this intended?"',
        ("b99b155c",),
    ),
    (
        "UserWarning: Layer 'flatten_2' (of type Flatten) was passed an input with a mask attached to it. However, "
        "this layer does not support masking and will therefore destroy the mask information.",
        ("a190d277",),
    ),
    ("Collective ops must be configured at program startup", ("c274d2f8",)),
]


@pytest.mark.parametrize(("pasted", "cells"), PASTED, ids=[pasted[:60] for pasted, _ in PASTED])
def test_a_message_with_somebody_s_own_names_and_shapes_is_among_the_first_three(found, pasted, cells):
    wanted = {f"messages.html#message-{cell}-" for cell in cells}
    assert {name.rpartition("-")[0] + "-" for name in found(pasted)} & wanted, found(pasted)


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("log-sum-exp", "terms.html#term-log-sum-exp"),
        ("expected calibration error", "terms.html#term-expected-calibration-error"),
        ("utils.losses.softmax", "helpers.html#utils.losses.softmax"),
        ("temperatur", "02_softmax.html#temperature-divides-the-logits"),
    ],
)
def test_a_term_and_a_helper_are_among_the_first_three(found, query, wanted):
    assert wanted in found(query)


def in_node(body):
    """Return what a program with the module `search` and the `entries` prints as JSON."""
    program = f"""
      import {{ readFileSync }} from "node:fs";
      const search = await import({json.dumps(MODULE)});
      const entries = JSON.parse(readFileSync({json.dumps(str(SITE / "search.json"))}));
      console.log(JSON.stringify({body}));"""
    command = ["node", "--input-type=module", "--eval", program]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("a loss of 2.3026", ["loss", "2.3026"]),
        ('File "/usr/lib/python3/keras/src/losses.py", line 12, Tensor', ["file", "tensor"]),
        ("{{node a/b}} [[{{node c}}]] [Op:Sub] 0x7f3a bad", ["bad"]),
        ("what is it", ["what", "is", "it"]),  # nothing but common words: then these
        ("", []),
    ],
)
def test_what_is_somebody_s_own_is_left_out_of_a_query(query, asked):
    assert in_node(f"search.asked({json.dumps(query)})") == asked


def test_whatever_is_typed_gives_a_list_and_an_excerpt_with_marks_on_the_words():
    queries = ["<script>", "((((", "\u202e", "a" * 5000, "(?:", "constructor", "__proto__ toString", "ſoftmax", "🙂"]
    program = f"""{json.dumps(queries)}.flatMap((query) => search.find(search.indexOf(entries), query)
      .map(({{ text, terms }}) => search.excerpt(text, terms)))"""
    for excerpt in in_node(program):
        assert len(excerpt["part"]) < 240
        assert all(0 <= start < end <= len(excerpt["part"]) for start, end in excerpt["marks"])
    (first, *_) = in_node(
        "search.find(search.indexOf(entries), 'perplexity').map((e) => search.excerpt(e.text, e.terms))"
    )
    assert {first["part"][start:end].lower() for start, end in first["marks"]} <= {"perplexity", "perplexities"}


def test_the_search_knows_every_section_of_every_page_once():
    addresses = [entry["url"] for entry in entries()]
    assert len(addresses) == len(set(addresses))
    for page in (SITE / "chapters").glob("*.html"):
        assert f"chapters/{page.name}" in {address.partition("#")[0] for address in addresses}
    assert {entry["kind"] for entry in entries()} == {"section", "question", "message", "term", "claim", "helper"}
