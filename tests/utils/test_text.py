"""Text comes back as it was, windows are those of a plain loop, and draws have the probabilities of softmax.

Longer than other files: what each function promises, and each of its refusals.
"""

import itertools
import re

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from utils.datasets import load_shakespeare
from utils.losses import softmax
from utils.text import ORD_256, apart, decode, encode, sample, side_by_side, vocabulary, windows, works

settings.register_profile("course", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("course")

INF, NAN = np.inf, np.nan
ANY = st.characters(exclude_categories=())  # lone surrogates too, which no file in UTF-8 can hold
ODD = "\U0001f600a\ud83d\ude00\ud800\x00\U0010ffff"  # a smiley, the same as two surrogates, half of another


def refused(message):
    """Expect a ValueError with exactly this message."""
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


# vocabulary


def test_a_vocabulary_is_each_character_once_by_code_point():
    assert vocabulary("to be, or not to be") == " ,benort"
    assert vocabulary("zZé\n\U0001f600\uffff") == "\nZzé\uffff\U0001f600"  # UTF-16 would put the smiley before U+FFFF


@given(st.text(ANY, min_size=1))
@example(ODD)
def test_a_vocabulary_holds_what_the_text_holds(text):
    characters = vocabulary(text)
    assert set(characters) == set(text)
    assert all(before < after for before, after in itertools.pairwise(characters))


@pytest.mark.parametrize(
    ("text", "shown"),
    [("", "''"), (b"abc", "b'abc'"), (["a", "b"], "['a', 'b']"), (None, "None"), ([0] * 99, "[" + "0, " * 13)],
)
def test_what_has_no_vocabulary_is_refused(text, shown):
    with refused(f"`text` is {shown}; wanted a string with at least one character."):
        vocabulary(text)


# encode and decode


@given(st.text(ANY, min_size=1))
@example(ODD)
def test_any_text_comes_back_as_it_was(text):
    assert decode(encode(text, vocabulary(text)), vocabulary(text)) == text


@given(st.data(), st.lists(ANY, min_size=1, unique=True))
@example(None, list(ODD))
def test_a_number_is_the_position_in_a_vocabulary_of_any_order(data, characters):
    text = data.draw(st.text(st.sampled_from(characters))) if data else ODD[::-1] * 2
    characters = "".join(characters)
    ids = encode(text, characters)
    assert (ids.dtype, ids.shape) == (np.int32, (len(text),))
    assert ids.tolist() == [characters.index(character) for character in text]
    assert decode(ids, characters) == text


@given(st.text(st.characters(max_codepoint=255)))
@example("".join(map(chr, reversed(range(256)))))
def test_with_256_characters_a_number_is_that_of_ord(text):
    assert encode(text, ORD_256).tolist() == [ord(character) for character in text]


def test_256_characters_are_all_that_fit_a_byte():
    assert len(ORD_256) == 256
    with refused(
        "`text` holds 1 character that the vocabulary of 256 lacks: 'Ā' (U+0100); the first at 0. "
        "Build the vocabulary from a text that has them, or replace them."
    ):
        encode("\u0100", ORD_256)


def test_no_text_is_no_numbers_and_the_other_way_round():
    ids = encode("", "ab")
    assert (ids.dtype, ids.shape) == (np.int32, (0,))
    assert decode(ids, "ab") == decode([], "ab") == ""


@pytest.mark.parametrize("ids", [[2, 0, 0], (2, 0, 0), np.array([2, 0, 0], np.uint8), np.array([2, 0, 0], np.int64)])
def test_integers_of_any_kind_are_decoded(ids):
    assert decode(ids, "abc") == "caa"


def test_a_column_of_a_table_is_decoded():
    assert decode(np.array([[2, 0], [0, 1], [1, 2]])[:, 1], "abc") == "abc"


@pytest.mark.parametrize(
    ("text", "count", "names", "at"),
    [
        ("abxc", "1", "'x' (U+0078)", 2),
        ("\U0001f600", "1", "'\U0001f600' (U+1F600)", 0),
        ("a\ud800", "1", r"'\ud800' (U+D800)", 1),
        ("\n", "1", r"'\n' (U+000A)", 0),
        # The names by code point, each once; the position is that of the first in the text.
        ("c5a3bb1241", "6", "'1' (U+0031), '2' (U+0032), '3' (U+0033), '4' (U+0034), '5' (U+0035)", 1),
        ("a6b54321", "6", "'1' (U+0031), '2' (U+0032), '3' (U+0033), '4' (U+0034), '5' (U+0035) and 1 more", 1),
        ("ab0123456789", "10", "'0' (U+0030), '1' (U+0031), '2' (U+0032), '3' (U+0033), '4' (U+0034) and 5 more", 2),
        ("ca" + "x`" * 617, "1,234", "'`' (U+0060), 'x' (U+0078)", 2),  # one below the vocabulary, one above
    ],
)
def test_characters_that_the_vocabulary_lacks_are_named(text, count, names, at):
    with refused(
        f"`text` holds {count} character{'s' * (count != '1')} that the vocabulary of 3 lacks: {names}; "
        f"the first at {at}. Build the vocabulary from a text that has them, or replace them."
    ):
        encode(text, "bac")


@pytest.mark.parametrize(("text", "kind"), [(b"ab", "bytes"), (["a", "b"], "list"), (None, "NoneType"), (5, "int")])
def test_what_is_no_text_is_not_encoded(text, kind):
    with refused(f"`text` is of type {kind}; wanted a string."):
        encode(text, "ab")


@pytest.mark.parametrize(
    ("characters", "message"),
    [
        ("", "`characters` is ''; wanted a string, the vocabulary."),
        (["a", "b"], "`characters` is ['a', 'b']; wanted a string, the vocabulary."),
        (256, "`characters` is 256; wanted a string, the vocabulary."),
        (["a"] * 99, "`characters` is ['a', 'a', 'a', 'a', 'a', 'a', 'a', 'a',; wanted a string, the vocabulary."),
        ("abcba", "`characters` holds 'b' more than once. A vocabulary has each character once: vocabulary(text)."),
        ("\n\n", r"`characters` holds '\n' more than once. A vocabulary has each character once: vocabulary(text)."),
    ],
)
def test_what_is_no_vocabulary_is_refused(characters, message):
    for text, ids in [("a", [0]), ("", [])]:
        with refused(message):
            encode(text, characters)
        with refused(message):
            decode(ids, characters)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([0, 3], "`ids` holds 3 at (1,); 3 classes have labels 0 to 2."),
        ([0, 1, -1], "`ids` holds -1 at (2,); 3 classes have labels 0 to 2."),
        ([1, 3], "`ids` holds 3 at (1,); 3 classes have labels 0 to 2. Labels that start at 1? Use ids - 1."),
        (
            [0.0, 1.0],
            "`ids` holds float64 values; wanted integers, or rows that sum to 1 with shape (2, 3). "
            "If they are whole numbers, pass ids.astype(np.int64).",
        ),
        (
            "ab",
            "`ids` holds <U2 values; wanted integers, or rows that sum to 1 with shape (1, 3). "
            "If they are whole numbers, pass ids.astype(np.int64).",
        ),
        (
            [[0, 1], [2, 0]],
            "`ids` has shape (2, 2); logits of shape (4, 3) want (4,). One label belongs to one row of logits.",
        ),
        ([[0], [1]], "`ids` has shape (2, 1); logits of shape (2, 3) want (2,). Use ids[..., 0]."),
        (1, "`ids` has shape (); logits of shape (1, 3) want (1,). One label belongs to one row of logits."),
        ([[0], [1, 2]], "`ids` is ragged: its rows differ in length. Give every row the same length."),
    ],
)
def test_numbers_that_are_no_positions_are_refused(ids, message):
    with refused(message):
        decode(ids, "abc")


# windows


def test_a_target_is_its_window_one_character_later():
    inputs, targets = windows(np.arange(101), 100)
    assert inputs.tolist() == [list(range(100))]  # T0 … T99
    assert targets.tolist() == [list(range(1, 101))]  # T1 … T100
    text, characters = "hello world", vocabulary("hello world")
    inputs, targets = windows(encode(text, characters), 5)
    assert [decode(row, characters) for row in inputs] == ["hello", " worl"]
    assert [decode(row, characters) for row in targets] == ["ello ", "world"]


@given(st.data(), st.lists(st.integers(-128, 127), min_size=2, max_size=40))
def test_windows_are_those_of_a_plain_loop(data, ids):
    length = data.draw(st.integers(1, len(ids) - 1), label="length")
    step = data.draw(st.integers(1, len(ids) + 3), label="step")
    inputs, targets = windows(ids, length, step)
    starts = range(0, len(ids) - length, step)
    assert inputs.tolist() == [ids[start : start + length] for start in starts]
    assert targets.tolist() == [ids[start + 1 : start + 1 + length] for start in starts]


@given(st.data(), st.integers(2, 40))
def test_windows_do_not_overlap_unless_a_step_is_given(data, characters):
    length = data.draw(st.integers(1, characters - 1), label="length")
    inputs, targets = windows(np.arange(characters), length)
    count = (characters - 1) // length  # as many as fit, with a target for the last character
    assert inputs.ravel().tolist() == list(range(count * length))
    assert targets.ravel().tolist() == list(range(1, count * length + 1))
    assert inputs.shape == targets.shape == (count, length)


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_windows_are_copies_of_the_dtype_of_the_text(dtype):
    ids = np.arange(10, dtype=dtype)
    inputs, targets = windows(ids, 4, step=1)
    assert inputs.dtype == targets.dtype == dtype
    inputs[:] = 77
    assert targets.tolist() == [list(range(start + 1, start + 5)) for start in range(6)]
    targets[:, 0] = 88
    assert targets[:, 1:].max() == 9  # and the windows are copies of each other too
    assert ids.tolist() == list(range(10))


@pytest.mark.parametrize(
    ("ids", "length", "step", "message"),
    [
        ([1, 2, 3], 3, None, "`ids` holds 3 characters; a window of 3 and its target need 4."),
        ([1, 2, 3], 9, 1, "`ids` holds 3 characters; a window of 9 and its target need 10."),
        (np.zeros(0, int), 1, None, "`ids` holds 0 characters; a window of 1 and its target need 2."),
        ([1, 2, 3], 0, None, "`length` is 0 and `step` 0; both are at least 1."),
        ([1, 2, 3], 0, 1, "`length` is 0 and `step` 1; both are at least 1."),
        ([1, 2, 3], -1, 2, "`length` is -1 and `step` 2; both are at least 1."),
        ([1, 2, 3], 2, 0, "`length` is 2 and `step` 0; both are at least 1."),
        ([1, 2, 3], 2, -1, "`length` is 2 and `step` -1; both are at least 1."),
        ("abc", 2, None, "`ids` has shape () and dtype <U3; wanted a row of integers: encode(…)."),
        ([1.0, 2.0], 1, None, "`ids` has shape (2,) and dtype float64; wanted a row of integers: encode(…)."),
        ([True, False], 1, None, "`ids` has shape (2,) and dtype bool; wanted a row of integers: encode(…)."),
        ([[1, 2, 3]], 1, None, "`ids` has shape (1, 3) and dtype int64; wanted a row of integers: encode(…)."),
        (7, 1, None, "`ids` has shape () and dtype int64; wanted a row of integers: encode(…)."),
        ([[1], [2, 3]], 1, None, "`ids` is ragged: its rows differ in length. Give every row the same length."),
    ],
)
def test_what_gives_no_window_is_refused(ids, length, step, message):
    with refused(message):
        windows(ids, length, step)


# side_by_side


def test_a_row_goes_on_in_the_next_batch_where_it_ended():
    inputs, targets = side_by_side(np.arange(14), rows=2, length=3)
    assert inputs.tolist() == [[0, 1, 2], [6, 7, 8], [3, 4, 5], [9, 10, 11]]
    assert targets.tolist() == [[1, 2, 3], [7, 8, 9], [4, 5, 6], [10, 11, 12]]


@given(st.data(), st.lists(st.integers(-128, 127), min_size=2, max_size=60))
def test_each_row_reads_its_part_of_the_text_from_its_start(data, ids):
    rows = data.draw(st.integers(1, len(ids) - 1), label="rows")
    length = data.draw(st.integers(1, (len(ids) - 1) // rows), label="length")
    inputs, targets = side_by_side(ids, rows, length)
    part = (len(ids) - 1) // rows
    read = part // length * length
    for row in range(rows):
        assert inputs[row::rows].ravel().tolist() == ids[row * part : row * part + read]
        assert targets[row::rows].ravel().tolist() == ids[row * part + 1 : row * part + read + 1]
    assert len(ids) - inputs.size <= rows * length


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_rows_are_copies_of_the_dtype_of_the_text(dtype):
    ids = np.arange(21, dtype=dtype)
    inputs, targets = side_by_side(ids, 2, 5)
    assert inputs.dtype == targets.dtype == dtype
    inputs[:] = 77
    assert targets.max() == ids.max() == 20


@pytest.mark.parametrize(
    ("ids", "rows", "length", "message"),
    [
        ([1, 2, 3, 4], 2, 2, "`ids` holds 4 characters; 2 windows of 2 and a target need 5."),
        (np.zeros(0, int), 1, 1, "`ids` holds 0 characters; 1 windows of 1 and a target need 2."),
        ([1, 2, 3], 0, 1, "`rows` is 0 and `length` 1; both are at least 1."),
        ([1, 2, 3], 1, -2, "`rows` is 1 and `length` -2; both are at least 1."),
        ("abc", 1, 1, "`ids` has shape () and dtype <U3; wanted a row of integers: encode(…)."),
        ([[1, 2, 3]], 1, 1, "`ids` has shape (1, 3) and dtype int64; wanted a row of integers: encode(…)."),
    ],
)
def test_what_gives_no_rows_is_refused(ids, rows, length, message):
    with refused(message):
        side_by_side(ids, rows, length)


# sample


class Fixed:
    """Chance that always gives the same number."""

    def __init__(self, number):
        self.number = number

    def random(self, shape):
        return np.full(shape, self.number)


BELOW_1 = np.nextafter(1.0, 0.0)  # the largest number that a generator gives
SCORES = np.array([2.0, -1.0, 0.5, -INF, 1.0])


@st.composite
def masked_scores(draw):
    """Logits of rank 1 to 4, at least one of each row unmasked, and no row of probabilities."""
    shape = (*draw(hnp.array_shapes(min_dims=0, max_dims=3, max_side=4)), draw(st.integers(1, 6)))
    scores = draw(hnp.arrays(np.float64, shape, elements=st.floats(-800, 800) | st.just(-INF)))
    scores[..., draw(st.integers(0, shape[-1] - 1))] = draw(st.floats(-800, -1))
    return scores


@pytest.mark.parametrize("temperature", [0.3, 1.0, 1, 2.5])
def test_draws_are_as_frequent_as_the_softmax_says(temperature):
    n = 40_000
    probs = softmax(SCORES / temperature)
    drawn = sample(np.tile(SCORES, (n, 1)), temperature, np.random.default_rng(0))
    counts = np.bincount(drawn, minlength=5)
    assert counts.shape == (5,)
    assert counts[3] == 0  # masked
    # Within 4.5 standard deviations: a right sampler misses that once in 30,000 seeds for each class.
    assert (np.abs(counts - n * probs) <= 4.5 * np.sqrt(n * probs * (1 - probs))).all()


def test_the_temperature_is_1_unless_given():
    logits = np.tile(SCORES, (500, 1))
    drawn = sample(logits, rng=np.random.default_rng(1))
    assert drawn.tolist() == sample(logits, 1.0, np.random.default_rng(1)).tolist()
    assert drawn.tolist() != sample(logits, 1.5, np.random.default_rng(1)).tolist()


@given(masked_scores(), st.floats(0.1, 10), st.integers(0, 99))
def test_a_draw_is_the_first_class_whose_sum_of_probabilities_exceeds_the_chance(logits, temperature, seed):
    drawn = sample(logits, temperature, np.random.default_rng(seed))
    chance = np.random.default_rng(seed).random(logits.shape[:-1])
    assert (drawn.shape, drawn.dtype) == (logits.shape[:-1], np.int64)
    for at in np.ndindex(drawn.shape):
        edges = np.cumsum(softmax(logits[at], temperature=temperature))
        assert drawn[at] == np.searchsorted(edges / edges[-1], chance[at], side="right")


def test_one_row_of_logits_gives_one_class():
    drawn = sample([0, 5, 0, -5], rng=np.random.default_rng(0))
    assert (drawn.shape, drawn.dtype) == ((), np.int64)
    assert "abcd"[drawn] == "b"
    assert sample(np.zeros((0, 3))).shape == (0,)
    assert sample([[3.5], [0]]).tolist() == [0, 0]  # one class: no choice


@pytest.mark.parametrize("temperature", [1e-3, 1e-300, 5e-324])
def test_a_low_temperature_gives_the_likeliest_class(temperature):
    logits = np.random.default_rng(0).permuted(np.tile(np.arange(30) / 10, (200, 1)), axis=1)
    logits[:100] -= 9  # scores that are negative throughout
    assert sample(logits, temperature).tolist() == logits.argmax(-1).tolist()
    ties = sample(np.tile([3.0, 5.0, 5.0], (4000, 1)), temperature, np.random.default_rng(0))
    assert np.bincount(ties)[1:] / 4000 == pytest.approx(0.5, abs=0.04)
    assert ties.min() == 1


@pytest.mark.parametrize("temperature", [1e6, 1e300])
def test_a_high_temperature_evens_the_classes_out_but_not_the_masked(temperature):
    drawn = sample(np.tile(SCORES, (8000, 1)), temperature, np.random.default_rng(0))
    assert np.bincount(drawn, minlength=5) / 8000 == pytest.approx([0.25, 0.25, 0.25, 0, 0.25], abs=0.025)


def test_the_same_seed_draws_the_same_and_no_seed_does_not():
    logits = np.zeros((40, 84))
    first, second = (sample(logits, rng=np.random.default_rng(7)).tolist() for _ in range(2))
    assert first == second
    rng = np.random.default_rng(7)
    assert sample(logits, rng=rng).tolist() == first
    assert sample(logits, rng=rng).tolist() != first  # a generator goes on
    assert sample(logits).tolist() != sample(logits).tolist()


@given(masked_scores(), st.floats(1e-3, 1e3))
def test_no_chance_however_extreme_draws_a_class_of_probability_0(logits, temperature):
    probs = softmax(logits, temperature=temperature)
    lowest = sample(logits, temperature, Fixed(0.0))
    assert (lowest == (probs > 0).argmax(-1)).all()
    for number in (5e-324, 0.5, BELOW_1):
        drawn = np.asarray(sample(logits, temperature, Fixed(number)))
        assert (np.take_along_axis(probs, drawn[..., None], axis=-1) > 0).all()


def test_the_largest_chance_draws_the_last_class_even_where_rounding_leaves_the_sum_below_1():
    logits = np.random.default_rng(0).normal(size=(500, 300))
    assert (softmax(logits).cumsum(-1)[:, -1] < BELOW_1).any()
    assert (sample(logits, rng=Fixed(BELOW_1)) == 299).all()
    logits[:, 250:] = -INF
    assert (sample(logits, rng=Fixed(BELOW_1)) == 249).all()
    logits[:, :20] = -INF
    assert (sample(logits, rng=Fixed(0.0)) == 20).all()


def test_logits_are_not_changed():
    logits = SCORES.copy()
    sample(logits, 0.5)
    np.testing.assert_array_equal(logits, SCORES)


@pytest.mark.parametrize("temperature", [0, 0.0, -1, -0.5, INF, -INF, NAN])
def test_a_temperature_that_divides_nothing_is_refused(temperature):
    message = f"`temperature` is {temperature}; wanted a finite number above 0. For the likeliest class: argmax."
    with refused(message):
        sample([1.0, 2.0], temperature)


@pytest.mark.parametrize(
    ("logits", "message"),
    [
        (
            [[0.25, 0.75], [1, 0]],
            "`logits` looks like probabilities: no entry is negative and every row sums to 1 (the first is "
            "[0.25 0.75]). Give the scores from before softmax, or np.log(probs).",
        ),
        (
            [[1, 2], [NAN, 0]],
            "`logits` holds nan at (1, 0); softmax needs finite scores (or -inf for a masked class). "
            "Look for a division by 0 or a log of 0 before this call.",
        ),
        (
            [1, INF],
            "`logits` holds inf at (1,); softmax needs finite scores (or -inf for a masked class). "
            "Look for a division by 0 or a log of 0 before this call.",
        ),
        ([[0, 0], [-INF, -INF]], "`logits` is -inf for every class at (1,); leave one class unmasked."),
        (["a", "b"], "`logits` holds <U1 values; wanted real numbers. Convert it with np.asarray."),
        ([[1, 2], [3]], "`logits` is ragged: its rows differ in length. Give every row the same length."),
        (2.5, "`logits` is a single number; wanted at least one axis, the classes: [2.5]."),
    ],
)
def test_what_are_no_logits_is_refused(logits, message):
    with refused(message):
        sample(logits)


# works


@pytest.fixture(scope="module")
def text():
    return load_shakespeare()


def test_42_works_of_shakespeare_are_the_whole_text(text):
    parts = works(text)
    assert len(parts) == 42
    assert "".join(parts.values()) == text
    titles = list(parts)
    assert (titles[0], titles[-1]) == ("ALL'S WELL THAT ENDS WELL", "THE WINTER'S TALE")
    for title, part in parts.items():
        assert re.match(re.escape(title) + r"\n+by William Shakespeare\n", part)
        assert part.count("\nby William Shakespeare\n") == 1
    assert "To be, or not to be,--that is the question:--" in parts["HAMLET, PRINCE OF DENMARK"]


def test_the_numbers_of_shakespeare_are_his_text(text):
    characters = vocabulary(text)
    ids = encode(text, characters)
    assert (len(characters), ids.shape, ids.max()) == (84, (5_057_321,), 83)
    assert decode(ids, characters) == text


def test_a_work_begins_with_a_title_and_its_author():
    first, second = "A TALE\n\nby William Shakespeare\n\nOnce.\n", "ANOTHER\nby William Shakespeare\nTwice, by him.\n"
    assert works(first + second) == {"A TALE": first, "ANOTHER": second}
    assert works(second) == {"ANOTHER": second}


@pytest.mark.parametrize(
    "text",
    ["", "A TALE", "by William Shakespeare", "A TALE\nby Ben Jonson", "A TALE\n\nby William Shakespeare, he says"],
)
def test_a_text_without_such_a_beginning_is_refused(text):
    with refused("`text` holds no title with `by William Shakespeare` under it; wanted load_shakespeare()."):
        works(text)


def test_the_last_work_is_kept_apart_and_nothing_is_lost():
    text = load_shakespeare()
    seen, title, unseen = apart(text)
    assert seen + unseen == text
    assert title == list(works(text))[-1] == unseen.partition("\n")[0]
