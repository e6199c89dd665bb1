r"""Counts of characters as a language model, what a network has to beat: interpolated, modified Kneser–Ney.

How often did c follow h, the n - 1 characters before it? A count N is lowered by a discount D(N), and what that sets
free goes to the model whose context h' is shorter by one:

.. math:: p_n(c \mid h) = \frac{\max(N(hc) - D(N(hc)), 0)}{N(h)} + \gamma(h)\, p_{n-1}(c \mid h')

The longest runs are counted as they occur. A shorter one counts once for each different character that stood before
it: a letter that is frequent after a single other one is not to be expected elsewhere.

Source: Chen and Goodman (1998), "An empirical study of smoothing techniques for language modeling", Harvard TR-10-98;
as an article, https://doi.org/10.1006/csla.1999.0128.
"""

import numpy as np

from .checks import check_labels, rectangle

# Taken where a text is too short to tell its own discounts.
FALLBACK = (0.5, 1.0, 1.5)


class KneserNey:
    """The probability of each character after the ones before it, from the counts of one text.

    `tokens` and `order` are kept; `discounts`, shape (order, 3), is what is taken off a count of 1, of 2 and of 3 or
    more, for runs of 1 to `order`.

    Parameters
    ----------
    ids : array_like of int, shape (N,)
        The text to count, as `utils.text.encode` gives it. The first order - 1 characters are context only.
    tokens : int
        V, how many different characters there are.
    order : int
        The longest run that is counted: a character and the order - 1 before it. At least 1, and V ** order must be
        below 2 ** 63: 9 for 84 characters.

    Raises
    ------
    ValueError
        If `ids` is not a row of at least `order` integers from 0 to V - 1, or the order is out of range.
    """

    def __init__(self, ids, tokens, order=7):
        self.tokens, self.order = _whole(tokens, "tokens"), _whole(order, "order")
        if self.tokens**self.order >= 2**63:
            raise ValueError(
                f"`order` is {order}; {tokens} ** {order} runs do not fit into 63 bits. "
                "Take a lower order, or a vocabulary of the characters that occur."
            )
        ids = self._checked(ids)
        if len(ids) < order:
            raise ValueError(f"`ids` holds {len(ids)} characters; a run of {order} needs {order}.")
        runs, counts = np.unique(self._runs(ids, order), return_counts=True)
        self._tables = [_table(runs, counts, self.tokens)]
        for n in range(order - 1, 0, -1):
            # Without its first character a run is one of n; how many different ones there were is the new count.
            runs, counts = np.unique(runs % self.tokens**n, return_counts=True)
            self._tables.insert(0, _table(runs, counts, self.tokens))
        self.discounts = np.array([table["discounts"] for table in self._tables])

    def probs(self, ids):
        """Return the probability of each character of a text after those before it.

        Parameters
        ----------
        ids : array_like of int, shape (N,)
            The encoded text. The first characters have the shorter contexts.

        Returns
        -------
        ndarray of float64, shape (N,)
            Above 0. The mean of -log2 is the loss in bits a character.

        Raises
        ------
        ValueError
            If `ids` is not a row of integers from 0 to V - 1.
        """
        ids = self._checked(ids)
        probs = np.full(len(ids), 1 / self.tokens)
        for n, table in enumerate(self._tables[: len(ids)], start=1):
            runs = self._runs(ids, n)
            known, context = _find(table["contexts"], runs // self.tokens)
            seen, run = _find(table["runs"], runs)
            share, left = np.where(seen, table["share"][run], 0), table["left"][context]
            probs[n - 1 :] = np.where(known, share + left * probs[n - 1 :], probs[n - 1 :])
        return probs

    def after(self, ids):
        """Return the distribution over the next character after a text.

        Parameters
        ----------
        ids : array_like of int, shape (N,)
            The encoded text, of which the last order - 1 characters count; none at all is allowed.

        Returns
        -------
        ndarray of float64, shape (V,)
            Above 0, with sum 1.

        Raises
        ------
        ValueError
            If `ids` is not a row of integers from 0 to V - 1.
        """
        ids = self._checked(ids)
        probs = np.full(self.tokens, 1 / self.tokens)
        for n, table in enumerate(self._tables[: len(ids) + 1], start=1):
            context = int(self._runs(ids[len(ids) - n + 1 :], n - 1)[0]) if n > 1 else 0
            start, stop = np.searchsorted(table["runs"], [context * self.tokens, (context + 1) * self.tokens])
            if start < stop:
                probs *= table["left"][np.searchsorted(table["contexts"], context)]
                probs[table["runs"][start:stop] % self.tokens] += table["share"][start:stop]
        return probs

    def _checked(self, ids):
        """Return `ids` as int64 after checking that they are a row of characters."""
        array = rectangle(ids, "ids")
        return check_labels(array, (array.size, self.tokens), "ids") if array.size else np.zeros(0, np.int64)

    def _runs(self, ids, n):
        """Return each run of n characters as one integer, the last character its last digit, shape (N - n + 1,)."""
        number = np.zeros(len(ids) - n + 1, np.int64)
        for i in range(n):
            number = number * self.tokens + ids[i : len(ids) - n + 1 + i]
        return number


def _whole(number, name):
    """Return a whole number of at least 1."""
    if not isinstance(number, int | np.integer) or isinstance(number, bool) or number < 1:
        raise ValueError(f"`{name}` is {number!r}; wanted a whole number of at least 1.")
    return int(number)


def _find(keys, wanted):
    """Return whether each wanted number is among the sorted keys, and where it is or would be."""
    at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return keys[at] == wanted, at


def _table(runs, counts, tokens):
    """Return what a prediction needs of the runs of one length, which are sorted."""
    discounts = _discounts(counts)
    taken = np.array([0.0, *discounts])[np.minimum(counts, 3)]
    contexts, starts = np.unique(runs // tokens, return_index=True)
    totals = np.add.reduceat(counts, starts)
    sizes = np.diff(np.append(starts, len(runs)))
    return {
        "runs": runs,
        "share": (counts - taken) / np.repeat(totals, sizes),
        "contexts": contexts,
        "left": np.add.reduceat(taken, starts) / totals,
        "discounts": discounts,
    }


def _discounts(counts):
    """Return the discounts of a count of 1, of 2, and of 3 or more, from how many counts are 1, 2, 3 and 4.

    Where a short text makes them fall, or not be above 0, the fallback is taken.
    """
    ones, twos, threes, fours = (int((counts == i).sum()) for i in (1, 2, 3, 4))
    if not min(ones, twos, threes):
        return FALLBACK
    rest = ones / (ones + 2 * twos)
    found = 1 - 2 * rest * twos / ones, 2 - 3 * rest * threes / twos, 3 - 4 * rest * fours / threes
    return found if 0 < found[0] <= found[1] <= found[2] else FALLBACK
