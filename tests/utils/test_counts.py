"""The counts are those of an obvious, slow loop, every distribution sums to 1, and what is refused says why."""

import re
from collections import Counter, defaultdict

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import example, given, settings

from utils.counts import FALLBACK, KneserNey
from utils.datasets import load_shakespeare
from utils.text import apart, encode, vocabulary

settings.register_profile("course", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("course")

TOKENS = 4
TEXTS = st.lists(st.integers(0, TOKENS - 1), min_size=5, max_size=60)


def refused(message):
    """Expect a ValueError with exactly this message."""
    return pytest.raises(ValueError, match=f"^{re.escape(message)}$")


def slow(text, tokens, order):
    """Return p(c, before) as Chen and Goodman write it down, with dictionaries, and the discounts of each order."""
    ends = range(order, len(text) + 1)
    counts = {order: Counter(tuple(text[end - order : end]) for end in ends)}
    for n in range(order - 1, 0, -1):
        before = defaultdict(set)
        for end in ends:
            run = text[end - n - 1 : end]
            before[tuple(run[1:])].add(run[0])
        counts[n] = {run: len(others) for run, others in before.items()}
    taken = {}
    for n, table in counts.items():
        n1, n2, n3, n4 = (sum(count == i for count in table.values()) for i in (1, 2, 3, 4))
        taken[n] = FALLBACK
        if n1 and n2 and n3:
            y = n1 / (n1 + 2 * n2)
            found = 1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3
            if 0 < found[0] <= found[1] <= found[2]:
                taken[n] = found

    def discount(n, count):
        return 0 if count == 0 else taken[n][min(count, 3) - 1]

    def p(c, context, n):
        if n == 0:
            return 1 / tokens
        shorter = p(c, context[1:], n - 1)
        of_context = [counts[n].get((*context, other), 0) for other in range(tokens)]
        if not sum(of_context):
            return shorter
        count = of_context[c]
        left = sum(discount(n, other) for other in of_context)
        return (count - discount(n, count) + left * shorter) / sum(of_context)

    def prob(c, before):
        n = min(order, len(before) + 1)
        return p(c, tuple(before[len(before) - n + 1 :]), n)

    return prob, [taken[n] for n in range(1, order + 1)]


@given(TEXTS, st.integers(1, 5), TEXTS)
@example([0, 1, 2, 3, 0], 5, [3, 2, 1, 0, 0])
@example([0] * 40, 3, [0, 1, 0, 0, 0])
def test_every_distribution_sums_to_1_and_leaves_no_character_out(text, order, other):
    counts = KneserNey(text, TOKENS, order)
    for end in range(len(other) + 1):
        probs = counts.after(other[:end])
        assert (probs.shape, probs.dtype) == ((TOKENS,), np.float64)
        assert probs.sum() == pytest.approx(1, abs=1e-12)
        assert probs.min() > 0


@given(TEXTS, st.integers(1, 5), TEXTS)
def test_the_probability_of_a_character_is_its_part_of_the_distribution(text, order, other):
    counts = KneserNey(text, TOKENS, order)
    probs = counts.probs(other)
    assert (probs.shape, probs.dtype) == ((len(other),), np.float64)
    assert probs == pytest.approx([counts.after(other[:i])[c] for i, c in enumerate(other)], abs=1e-12)


@given(TEXTS, st.integers(1, 5), TEXTS)
def test_the_probabilities_are_those_of_a_slow_loop(text, order, other):
    counts = KneserNey(text, TOKENS, order)
    prob, discounts = slow(text, TOKENS, order)
    assert counts.probs(other) == pytest.approx([prob(c, other[:i]) for i, c in enumerate(other)], abs=1e-12)
    assert counts.discounts == pytest.approx(np.array(discounts))


def test_a_text_long_enough_has_discounts_of_its_own_and_agrees_with_the_slow_loop():
    text = np.minimum(np.random.default_rng(0).geometric(0.3, 1500) - 1, 9).tolist()
    counts = KneserNey(text, 10, 3)
    prob, discounts = slow(text, 10, 3)
    assert counts.discounts == pytest.approx(np.array(discounts))
    assert tuple(counts.discounts[-1]) != FALLBACK
    assert (counts.discounts > 0).all()
    assert (counts.discounts <= [1, 2, 3]).all()
    other = text[700:760]
    assert counts.probs(other) == pytest.approx([prob(c, other[:i]) for i, c in enumerate(other)], abs=1e-12)


def test_a_tiny_text_by_hand():
    # abab: after a came b twice, after b came a once. Each has one kind of character before it.
    counts = KneserNey([0, 1, 0, 1], 2, 2)
    assert counts.discounts.tolist() == [list(FALLBACK), list(FALLBACK)]
    after_nothing = np.array([0.5, 0.5])  # both: (1 - 0.5) / 2, and half of the (0.5 + 0.5) / 2 left
    assert counts.after([]) == pytest.approx(after_nothing)
    assert counts.after([0]) == pytest.approx([0.5 * 0.5, 0.5 + 0.5 * 0.5])  # (2 - 1) / 2 seen, 1 / 2 left
    assert counts.after([1]) == pytest.approx([0.5 + 0.5 * 0.5, 0.5 * 0.5])  # (1 - 0.5) / 1 seen


def test_a_character_that_follows_one_other_only_is_rare_elsewhere_however_often_it_occurs():
    # "qu" twenty times among letters that mix: u (4) comes as often as q (3), and after q only.
    rng = np.random.default_rng(0)
    text = [c for _ in range(20) for c in (*rng.integers(0, 3, 20).tolist(), 3, 4)]
    counts = KneserNey(text, 6, 2)
    assert counts.after([3])[4] > 0.9
    assert counts.after([])[4] < counts.after([])[3]
    assert counts.after([5]) == pytest.approx(counts.after([]))  # a context that never occurred says nothing


def test_only_the_last_characters_of_a_context_count():
    counts = KneserNey([0, 1, 2, 3, 0, 2, 1, 3, 0, 1, 2], TOKENS, 3)
    assert counts.after([3, 3, 3, 0, 1]).tolist() == counts.after([0, 1]).tolist()


def test_the_probabilities_of_no_text_are_none():
    assert KneserNey([0, 1], 2, 2).probs([]).shape == (0,)


def test_seven_in_a_row_pay_2_07_bits_for_a_play_that_was_not_counted():
    seen, _, unseen = apart(load_shakespeare())
    characters = vocabulary(seen)
    counts = KneserNey(encode(seen, characters), len(characters))
    new = encode(unseen, characters)
    assert (counts.order, counts.tokens) == (7, 84)
    assert -np.log2(counts.probs(new)).mean() == pytest.approx(2.0688, abs=1e-4)
    for end in (0, 3, 1000, 90_000):
        assert counts.after(new[:end]).sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    ("ids", "tokens", "order", "message"),
    [
        ([0, 1], 2, 3, "`ids` holds 2 characters; a run of 3 needs 3."),
        ([], 2, 1, "`ids` holds 0 characters; a run of 1 needs 1."),
        ([0, 1], 0, 1, "`tokens` is 0; wanted a whole number of at least 1."),
        ([0, 1], 2.0, 1, "`tokens` is 2.0; wanted a whole number of at least 1."),
        ([0, 1], 2, 0, "`order` is 0; wanted a whole number of at least 1."),
        ([0, 1], 2, True, "`order` is True; wanted a whole number of at least 1."),
        (
            [0, 1],
            256,
            8,
            "`order` is 8; 256 ** 8 runs do not fit into 63 bits. "
            "Take a lower order, or a vocabulary of the characters that occur.",
        ),
        ([0, 2], 2, 1, "`ids` holds 2 at (1,); 2 classes have labels 0 to 1."),
        (
            [[0, 1], [1, 0]],
            2,
            1,
            "`ids` has shape (2, 2); logits of shape (4, 2) want (4,). One label belongs to one row of logits.",
        ),
        ([[0], [1, 0]], 2, 1, "`ids` is ragged: its rows differ in length. Give every row the same length."),
    ],
)
def test_what_cannot_be_counted_is_refused(ids, tokens, order, message):
    with refused(message):
        KneserNey(ids, tokens, order)


@pytest.mark.parametrize("ask", [KneserNey.probs, KneserNey.after])
def test_a_character_beyond_the_vocabulary_is_refused(ask):
    with refused("`ids` holds -1 at (0,); 2 classes have labels 0 to 1."):
        ask(KneserNey([0, 1], 2, 1), [-1])


def test_the_highest_order_that_fits_is_9_for_84_characters():
    text = np.random.default_rng(0).integers(0, 84, 300)
    assert KneserNey(text, np.int64(84), 9).after(text[:50]).sum() == pytest.approx(1)
    with refused(
        "`order` is 10; 84 ** 10 runs do not fit into 63 bits. "
        "Take a lower order, or a vocabulary of the characters that occur."
    ):
        KneserNey(text, 84, 10)
