"""Checkers for the exercises: each prints `correct`, or says in words what is missing. None of them raises."""

import textwrap

import numpy as np

from utils.losses import cross_entropy, cross_entropy_gradient, softmax


def _report(name, problem):
    """Print the verdict on one exercise; `problem` is a sentence, or None when all is well."""
    print(textwrap.fill(f"{name}: not yet. {problem}" if problem else f"{name}: correct.", 80))


def _read(got, shape, what):
    """Return `got` as float64 numbers of `shape` and None, or None and a sentence that says why it is not that."""
    if got is None:
        return None, f"{what} is None; does your function return something?"
    wanted = f"numbers of shape {shape}" if shape else "one number"
    try:
        array = np.asarray(got)
        real = array.dtype.kind in "biuf" or array.dtype.name == "bfloat16"
    except Exception:  # ragged rows, or an object that NumPy must not see
        real = False
    if not real:
        return None, f"{what} is a {type(got).__name__} that does not hold real numbers; wanted {wanted}."
    if array.shape != shape:
        return None, f"{what} has shape {array.shape}; wanted {shape or wanted}."
    array = array.astype(np.float64)
    if np.isnan(array).any():
        return None, f"{what} holds nan."
    return array, None


def _difference(got, want, what):
    """Return a sentence that says how `got` differs from `want`, or None. Wanted: shape, then values to 1e-6."""
    want = np.asarray(want, dtype=np.float64)
    got, problem = _read(got, want.shape, what)
    if problem:
        return problem
    if not np.allclose(got, want, rtol=0, atol=1e-6):
        worst = np.unravel_index(np.argmax(np.abs(got - want)), want.shape)
        return f"{what} is {got[worst]:.8g} where {want[worst]:.8g} is wanted."
    return None


def _not_callable(function):
    """Return a sentence where `function` is no function, or None."""
    if callable(function):
        return None
    return f"Your answer is a {type(function).__name__}; pass the function itself, without calling it."


def _calls(function, cases):
    """Return the first problem among `cases`, each (description, arguments, wanted), or None."""
    if problem := _not_callable(function):
        return problem
    for description, arguments, wanted in cases:
        # Copies: a function that works in place must not spoil the next case.
        arguments = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        try:
            with np.errstate(all="ignore"):
                got = function(*arguments)
        except Exception as error:
            return f"{description} raised {type(error).__name__}: {error}"
        problem = _difference(got, wanted, description)
        if problem:
            return problem
    return None


# Chapter 1: logits


def check_same_softmax(logits):
    """Check other logits with the softmax of [2, 0, -1]."""
    reference = np.array([2.0, 0.0, -1.0])
    logits, problem = _read(logits, (3,), "your answer")
    if not problem and np.allclose(logits, reference):
        problem = "These are the same three numbers; find others."
    if not problem:
        problem = _calls(softmax, [("softmax of your logits", (logits,), softmax(reference))])
    _report("same softmax", problem)


def check_logits_for(logits):
    """Check logits whose softmax is [0.7, 0.2, 0.1]."""
    logits, problem = _read(logits, (3,), "your answer")
    if not problem and np.allclose(logits, [0.7, 0.2, 0.1]):
        problem = "These are the probabilities themselves; softmax of them is flatter."
    if not problem:
        problem = _calls(softmax, [("softmax of your logits", (logits,), [0.7, 0.2, 0.1])])
    _report("logits for 0.7, 0.2, 0.1", problem)


def check_log_odds(function):
    """Check `function(logits, a, b)`: log(p_a / p_b) for logits of shape (..., K), also where p underflows."""
    batch = np.array([[2.5, -1.0, 0.8], [0.0, 4.0, 1.0]])
    cases = [
        ("log_odds of one row", (batch[0], 0, 1), 3.5),
        ("log_odds of two rows", (batch, 0, 1), [3.5, -4.0]),
        ("log_odds of logits 2,000 apart", (np.array([1000.0, -1000.0]), 0, 1), 2000.0),
    ]
    _report("log odds", _calls(function, cases))


# Chapter 2: softmax


def check_temperature(temperature):
    """Check the temperature at which softmax([4, 2, 0]) gives its first class 0.5, to 0.01."""
    number, problem = _read(temperature, (), "your answer")
    if not problem and not 0 < number < np.inf:
        problem = f"A temperature of {number:g} is not allowed; wanted a finite number above 0."
    if not problem:
        top = softmax([4.0, 2.0, 0.0], temperature=number)[0]
        if abs(top - 0.5) > 0.01:
            problem = f"At {temperature} the first class has {top:.3f}; wanted 0.5 ± 0.01."
    _report("temperature", problem)


def check_stable_softmax(function):
    """Check `function(logits, axis)` against the definition: values, axis, and logits of ±10,000."""
    rng = np.random.default_rng(0)
    row, stack = rng.normal(size=5), rng.normal(size=(2, 3, 4))
    large = np.array([10_000.0, 0.0, -10_000.0])
    cases = [
        ("softmax of one row", (row, -1), softmax(row)),
        ("softmax over the last axis of (2, 3, 4)", (stack, -1), softmax(stack)),
        ("softmax over axis 1 of (2, 3, 4)", (stack, 1), softmax(stack, axis=1)),
        ("softmax of logits of 10,000", (large, -1), softmax(large)),
    ]
    _report("stable softmax", _calls(function, cases))


def check_double_softmax_floor(function):
    """Check `function(classes)`: the smallest loss when softmax is applied twice."""
    cases = [(f"the floor for {k} classes", (k,), np.log(np.e + k - 1) - 1) for k in (2, 10, 1000)]
    _report("floor of two softmaxes", _calls(function, cases))


# Chapter 3: cross-entropy


def check_prob_for_loss(prob):
    """Check the probability that gives a loss of 0.1 nat, to 0.001."""
    prob, problem = _read(prob, (), "your answer")
    if not problem and not 0 < prob <= 1:
        problem = f"{prob} is no probability; wanted a number above 0, at most 1."
    if not problem and abs(prob - np.exp(-0.1)) > 0.001:
        problem = f"A label with probability {prob:g} has loss {abs(np.log(prob)):.4f} nat; wanted 0.1."
    _report("probability for 0.1 nat", problem)


def check_loss_and_gradient(function):
    """Check `function(logits, label)` for one row: the loss, and its gradient with respect to the logits."""
    problem = _not_callable(function)
    for logits, label in (([2.5, -1.0, 0.8, 4.1, -0.3], 3), ([0.0, 0.0], 0), ([1000.0, 0.0, -5.0], 1)):
        if problem:
            break
        case = f"for logits {logits}, label {label},"
        try:
            with np.errstate(all="ignore"):
                got = function(np.array(logits), label)
        except Exception as error:
            problem = f"For logits {logits} it raised {type(error).__name__}: {error}"
            break
        if not isinstance(got, tuple | list) or len(got) != 2:
            problem = f"the result {case} is a {type(got).__name__}; return two things: the loss, the gradient."
            break
        problem = _difference(got[0], cross_entropy(label, logits), f"the loss {case}") or _difference(
            got[1], cross_entropy_gradient(label, logits), f"the gradient {case}"
        )
    _report("loss and gradient", problem)


def check_smoothed(function):
    """Check `function(labels, classes, smoothing)`: rows with 1 - e + e/K at the label and e/K elsewhere."""
    cases = [
        ("smoothing 0", (np.array([2, 0]), 3, 0.0), np.eye(3)[[2, 0]]),
        ("smoothing 0.1 for 5 classes", (np.array([1]), 5, 0.1), [[0.02, 0.92, 0.02, 0.02, 0.02]]),
        ("smoothing 1", (np.array([0, 1]), 2, 1.0), np.full((2, 2), 0.5)),
    ]
    _report("smoothed labels", _calls(function, cases))


# Chapter 4: one-hot or sparse


def check_one_hot_bytes(function):
    """Check `function(shape, classes)`: bytes of float32 one-hot rows for labels of that shape."""
    cases = [
        ("60,000 labels of 10 classes", ((60_000,), 10), 2_400_000),
        ("a batch of 32 masks 96×128, 23 classes", ((32, 96, 128), 23), 36_175_872),
    ]
    _report("one-hot bytes", _calls(function, cases))


def check_sparse_cross_entropy(function):
    """Check `function(labels, logits)` for (N, K), (N, T, V) and (N, H, W, K) against the definition."""
    rng = np.random.default_rng(0)
    cases = []
    for shape in ((4, 3), (2, 5, 7), (2, 3, 4, 6)):
        logits, labels = rng.normal(size=shape), rng.integers(shape[-1], size=shape[:-1])
        cases.append((f"logits of shape {shape}", (labels, logits), cross_entropy(labels, logits)))
    cases.append(("logits of ±1,000", (np.array([1]), np.array([[1000.0, -1000.0]])), [2000.0]))
    _report("sparse cross-entropy", _calls(function, cases))


def check_guard(function):
    """Check `function(labels, classes)`: ValueError on labels outside 0 to K - 1, silence on the others."""
    problem = _not_callable(function)
    for labels, valid in (([0, 9], True), ([], True), ([3, 10], False), ([-1, 3], False)):
        if problem:
            break
        try:
            function(np.array(labels, dtype=np.int64), 10)
        except ValueError:
            raised = True
        except Exception as error:
            problem = f"On labels {labels} it raised {type(error).__name__} ({error}); wanted ValueError or nothing."
            continue
        else:
            raised = False
        if raised == valid:
            problem = f"Labels {labels} with 10 classes are {'fine' if valid else 'out of range'}, and it " + (
                "raised ValueError." if raised else "raised nothing."
            )
    _report("label guard", problem)


# Chapter 5: inside Keras


def check_accuracy_rule(answer):
    """Check the metric that "accuracy" becomes for labels and outputs of shape (8, 64, 64, 1)."""
    problem = None
    if not isinstance(answer, str) or answer not in ("binary", "sparse", "categorical"):
        problem = f"Your answer is {answer!r}; wanted 'binary', 'sparse' or 'categorical'."
    elif answer != "binary":
        problem = "The rule looks at the last axis of the output first, and here it is 1."
    _report("accuracy rule", problem)


def check_losing_endings(letters):
    """Check the set of endings, out of A to E, whose loss runs on clipped probabilities: B and D."""
    hints = {
        "A": "In A the softmax comes last, and its result carries the logits.",
        "B": "In B a Reshape makes a new tensor behind the softmax.",
        "C": "In C the loss gets the very tensor that the softmax made.",
        "D": "In D ignore_class replaces part of the output before the loss sees it.",
        "E": "E has no softmax; its logits are declared.",
    }
    problem = None
    if not isinstance(letters, set | frozenset) or not letters <= set(hints):
        problem = f"Your answer is {letters!r}; wanted a set of letters from A to E."
    else:
        wrong = sorted(letters ^ {"B", "D"})
        problem = hints[wrong[0]] if wrong else None
    _report("endings that lose the logits", problem)


def check_weight_map(function):
    """Check `function(labels, class_weights)`: the weight of each label, for (B, H, W) and (B, T)."""
    class_weights = np.array([1.0, 5.0, 0.5])
    pixels = np.array([[[0, 1], [2, 2]], [[1, 1], [0, 2]]])
    tokens = np.array([[2, 0, 1]])
    cases = [
        ("the map for (2, 2, 2) labels", (pixels, class_weights), class_weights[pixels]),
        ("the map for (1, 3) labels", (tokens, class_weights), class_weights[tokens]),
    ]
    _report("weight map", _calls(function, cases))


# Chapter 6: when it goes wrong


def check_wrong_share(share):
    """Check the share of clipped rows behind a mean loss of 12.0886, to 0.001."""
    share, problem = _read(share, (), "your answer")
    if not problem and not 0 <= share <= 1:
        problem = f"{share} is no share; wanted a number from 0 to 1."
    if not problem and abs(share - 0.75) > 0.001:
        problem = f"With a share of {share:g} the loss would stand at {share * -np.log(1e-7):.4f}; wanted 12.0886."
    _report("share of wrong rows", problem)


def check_name_the_loss(function):
    """Check `function(loss, classes)`: the name of a loss that stands still."""
    problem = _not_callable(function)
    for loss, classes, wanted in (
        (2.302585, 10, "even guess"),
        (3.13, 23, "even guess"),
        (2.302585, 23, "something else"),
        (1.4612, 10, "two softmaxes"),
        (5.9096, 1000, "two softmaxes"),
        (16.1181, 10, "all clipped"),
        (0.31, 10, "something else"),
        (float("nan"), 10, "nan"),
    ):
        if problem:
            break
        case = f"a loss of {loss} with {classes} classes"
        try:
            with np.errstate(all="ignore"):
                got = function(loss, classes)
        except Exception as error:
            problem = f"For {case} it raised {type(error).__name__}: {error}"
            break
        if not isinstance(got, str):
            problem = f"For {case} it returned a {type(got).__name__}; wanted one of the five names."
        elif got != wanted:
            problem = f"It calls {case} '{got}'; wanted '{wanted}'."
    _report("name of the loss", problem)


def check_preflight(function):
    """Check `function(x, y, classes)`: ValueError where training should not start, silence where it may."""
    good, labels = np.linspace(-1, 1, 12).reshape(3, 4), np.array([0, 9, 4])
    hole, infinite = good.copy(), good.copy()
    hole[1, 2], infinite[2, 0] = np.nan, -np.inf
    problem = _not_callable(function)
    for what, x, y, valid in (
        ("Three good rows", good, labels, True),
        ("Three rows of zeros, all of class 0", np.zeros((3, 4)), np.zeros(3, dtype=np.int64), True),
        ("Two labels for three rows", good, labels[:2], False),
        ("Pixels up to 255", np.abs(good) * 255, labels, False),
        ("Inputs down to -255", -np.abs(good) * 255, labels, False),
        ("An input of nan", hole, labels, False),
        ("An input of -inf", infinite, labels, False),
        ("A label of 10 for 10 classes", good, np.array([0, 10, 4]), False),
        ("A label of -1", good, np.array([0, -1, 4]), False),
    ):
        if problem:
            break
        try:
            with np.errstate(all="ignore"):
                function(x.copy(), y.copy(), 10)
        except ValueError:
            problem = f"{what}: all is well, and it raised ValueError." if valid else None
        except Exception as error:
            problem = f"{what}: it raised {type(error).__name__} ({error}); wanted ValueError or nothing."
        else:
            problem = None if valid else f"{what}: training should not start, and it raised nothing."
    _report("preflight", problem)


# Chapter 7: training on MNIST


def check_untrained_loss(loss):
    """Check the loss of an untrained network for 26 letters and 10 digits, to 0.01."""
    loss, problem = _read(loss, (), "your answer")
    if not problem and abs(loss - np.log(26)) < 0.01:
        problem = "That is ln 26; the digits are classes too."
    elif not problem and abs(loss - np.log(36)) > 0.01:
        problem = f"{loss:g} is the loss of an even guess among {np.exp(min(loss, 50)):.4g} classes; here are 36."
    _report("untrained loss", problem)


def check_hardest(function):
    """Check `function(logits, labels, n)`: the positions of the n largest losses, the largest first."""
    logits = np.array([[9.0, 0.0, 0.0], [0.0, 5.0, 0.0], [0.2, 0.1, 0.0], [3.0, 0.0, 0.0], [101.0, 100.0, 99.0]])
    labels = np.array([0, 0, 1, 2, 0])
    cases = [
        ("hardest of five rows, n = 2,", (logits, labels, 2), [1, 3]),
        ("hardest of five rows, n = 5,", (logits, labels, 5), [1, 3, 2, 4, 0]),
    ]
    _report("hardest", _calls(function, cases))


def check_fit_temperature(function):
    """Check `function(logits, labels, candidates)`: the candidate at which the mean loss is smallest."""
    # Right twice in three with a lead of ln 2 at temperature 1: the tripled logits are too sure by a factor of 3.
    logits, labels = 3 * np.log(2) * np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]), np.array([0, 0, 1])
    candidates = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 9.0])
    cases = [
        ("the temperature of logits that are three times too large", (logits, labels, candidates), 3.0),
        ("the temperature of logits four times too small", (logits / 12, labels, candidates), 0.25),
        ("the temperature where every row is right", (logits, labels * 0, candidates[2:]), 1.0),
    ]
    _report("fitted temperature", _calls(function, cases))


# Chapter 8: one loss for every pixel


def check_mask_from_logits(function):
    """Check `function(logits)`: the class of each pixel, (B, H, W) from (B, H, W, K)."""
    rng = np.random.default_rng(8)
    oblong, cube = rng.normal(size=(2, 3, 4, 5)), rng.normal(size=(3, 3, 3, 3))
    cases = [
        ("the mask of (2, 3, 4, 5) logits", (oblong,), oblong.argmax(axis=-1)),
        ("the mask of (3, 3, 3, 3) logits", (cube,), cube.argmax(axis=-1)),
        ("the mask of negative logits", (-np.exp(oblong),), oblong.argmin(axis=-1)),
    ]
    _report("mask from logits", _calls(function, cases))


def check_pixel_loss(function):
    """Check `function(masks, logits)`: the mean loss of the pixels whose label is not 255, or 0 without any."""
    rng = np.random.default_rng(8)
    logits = rng.normal(size=(2, 3, 4, 5))
    masks = rng.integers(0, 5, (2, 3, 4)).astype(np.uint8)
    each, some, far = cross_entropy(masks, logits), masks.copy(), 1000 + np.round(3 * logits)
    some[0, 0], some[1, :, 2] = 255, 255
    cases = [
        ("the loss of a batch without void pixels", (masks, logits), each.mean()),
        ("the loss of a batch with 7 void pixels of 24", (some, logits), each[some != 255].mean()),
        ("the loss of a batch with large logits", (some, far), cross_entropy(masks, far)[some != 255].mean()),
        ("the loss of a batch that is all void", (np.full_like(masks, 255), logits), 0.0),
    ]
    _report("loss of the valid pixels", _calls(function, cases))


def check_iou(function):
    """Check `function(masks, predicted, classes)`: the IoU of each class, nan for a class that is in neither."""
    masks = np.array([[[0, 0, 0, 0], [1, 1, 2, 2]]], np.uint8)
    predicted = np.array([[[0, 0, 0, 1], [1, 1, 1, 2]]])
    void = masks.copy()
    void[0, 1, 2:] = 255
    problem = _not_callable(function)
    for case, mask, classes, wanted in (
        ("two rows of four pixels", masks, 3, [3 / 4, 2 / 4, 1 / 2]),
        ("a class that nobody names", masks, 4, [3 / 4, 2 / 4, 1 / 2, np.nan]),
        ("two void pixels", void, 3, [3 / 4, 2 / 3, np.nan]),
    ):
        if not problem:
            problem = _iou_problem(function, case, (mask.copy(), predicted.copy(), classes), np.array(wanted))
    _report("IoU of each class", problem)


def _iou_problem(function, case, arguments, wanted):
    """Return a sentence on the first class whose IoU is not as `wanted`, or None."""
    try:
        with np.errstate(all="ignore"):
            got = function(*arguments)
    except Exception as error:
        return f"For {case} it raised {type(error).__name__}: {error}"
    absent = np.isnan(wanted)
    try:
        array = np.asarray(got)
        empty = np.isnan(array)
    except Exception:  # not numbers: the line below says so
        empty = None
    if empty is not None and empty.shape == wanted.shape:
        if (empty != absent).any():
            at = np.argmax(empty != absent)
            values = (f"nan where {wanted[at]:.6g}", f"{array[at]} where nan")[int(absent[at])]
            return f"For {case}, class {at} is {values} is wanted."
        got = np.where(absent, 0, array)
    return _difference(got, np.where(absent, 0, wanted), f"an IoU of {case}")


# Chapter 9: Shakespeare


def check_untrained_bits(bits):
    """Check the loss of an untrained network for 4 letters in bits, to 0.01."""
    bits, problem = _read(bits, (), "your answer")
    if not problem and abs(bits - np.log(4)) < 0.01:
        problem = "That is ln 4, in nats; divide by ln 2."
    elif not problem and abs(bits - 4) < 0.01:
        problem = "That is the perplexity; the bits are its logarithm to base 2."
    elif not problem and abs(bits - 2) > 0.01:
        problem = f"{bits:g} bits are an even guess among {2 ** min(bits, 60):.4g} letters; here are 4."
    _report("untrained bits", problem)


def check_perplexity(function):
    """Check `function(labels, logits)`: e to the mean loss over all positions, for (N, T) and (N, T, K)."""
    rng = np.random.default_rng(9)
    logits = rng.normal(size=(2, 3, 4))
    labels = rng.integers(0, 4, (2, 3))
    cases = [
        (f"the perplexity of {what}", (y, z), np.exp(cross_entropy(y, z).mean()))
        for what, y, z in (
            ("six positions that know nothing", labels, np.zeros((2, 3, 4))),
            ("six positions", labels, logits),
            ("two texts of one character", labels[:, :1], logits[:, :1]),
            ("logits near 1000", labels, 1000 + logits),
        )
    ]
    _report("perplexity", _calls(function, cases))


def check_top_k(function):
    """Check `function(logits, k)`: probabilities over the k largest logits of each row, 0 elsewhere."""
    logits = np.array([[2.0, 0.0, 1.0, -1.0], [-3.0, 999.0, 1000.0, 998.0]])
    everything = softmax(logits)
    two = np.array([[softmax([2.0, 1.0])[0], 0, softmax([2.0, 1.0])[1], 0], [0, *softmax([999.0, 1000.0]), 0]])
    cases = [
        ("the probabilities of two rows, k = 2,", (logits, 2), two),
        ("the probabilities of two rows, k = 1,", (logits, 1), np.eye(4)[[0, 2]]),
        ("the probabilities of two rows, k = 4,", (logits, 4), everything),
        ("the probabilities of shape (1, 2, 4), k = 2,", (logits[None], 2), two[None]),
    ]
    _report("top k", _calls(function, cases))


# Chapter 10: sequences of unequal length


def _rows_of(lengths, steps, features=3):
    """Return outputs (B, T, D), with large numbers behind the end of each row, and the mask (B, T)."""
    rng = np.random.default_rng(10)
    mask = np.arange(steps) < np.array(lengths)[:, None]
    return np.where(mask[..., None], rng.normal(size=(*mask.shape, features)), 99.0), mask


def check_masked_mean(function):
    """Check `function(outputs, mask)`: the mean over valid steps, (B, D) from (B, T, D), zeros for an empty row."""
    cases = []
    for description, lengths, steps in (
        ("the mean of rows of 2, 4 and 1 steps", (2, 4, 1), 4),
        ("the mean of three rows of three steps", (1, 3, 2), 3),
        ("the mean with a row that is all padding", (2, 0), 3),
    ):
        outputs, mask = _rows_of(lengths, steps)
        wanted = [
            row[keep].mean(axis=0) if keep.any() else np.zeros(3) for row, keep in zip(outputs, mask, strict=True)
        ]
        cases.append((description, (outputs, mask), wanted))
    outputs, mask = _rows_of((4, 4), 4)
    mask[0, :2], mask[1, 1] = False, False
    wanted = [row[keep].mean(axis=0) for row, keep in zip(outputs, mask, strict=True)]
    cases.append(("the mean of rows padded on the left and inside", (outputs, mask), wanted))
    _report("mean over valid steps", _calls(function, cases))


def check_last_valid(function):
    """Check `function(outputs, mask)`: the output of the last valid step, (B, D) from (B, T, D)."""
    cases = []
    for description, lengths, steps in (
        ("the last valid output of rows of 2, 4 and 1 steps", (2, 4, 1), 4),
        ("the last valid output of three rows of three steps", (1, 3, 2), 3),
    ):
        outputs, mask = _rows_of(lengths, steps)
        wanted = [row[length - 1] for row, length in zip(outputs, lengths, strict=True)]
        cases.append((description, (outputs, mask), wanted))
    _report("last valid output", _calls(function, cases))


def check_line_weights(function):
    """Check `function(mask)`: weights (B, T) with which a mean over B·T losses is the mean of the lines' means."""
    cases = []
    for description, lengths, steps in (
        ("the weights of rows of 2, 4 and 1 steps", (2, 4, 1), 4),
        ("the weights of three rows of three steps", (1, 3, 2), 3),
        ("the weights of rows of 2 and 3 steps, padded to 8", (2, 3), 8),
    ):
        mask = np.arange(steps) < np.array(lengths)[:, None]
        wanted = [[steps / length if t < length else 0 for t in range(steps)] for length in lengths]
        cases.append((description, (mask,), wanted))
    _report("every line the same", _calls(function, cases))
