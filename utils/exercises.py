"""Checkers for the exercises: each prints `correct`, or says in words what is missing. None of them raises."""

import numpy as np

from utils.losses import cross_entropy, cross_entropy_gradient, softmax


def _report(name, problem):
    """Print the verdict on one exercise; `problem` is a sentence, or None when all is well."""
    print(f"{name}: not yet. {problem}" if problem else f"{name}: correct.")


def _difference(got, want, what):
    """Return a sentence that says how `got` differs from `want`, or None. Wanted: shape, then values to 1e-6."""
    if got is None:
        return f"{what} is None; does your function return something?"
    try:
        got = np.asarray(got, dtype=np.float64)
    except (TypeError, ValueError):
        return f"{what} is {type(got).__name__}; wanted numbers of shape {np.shape(want)}."
    want = np.asarray(want, dtype=np.float64)
    if got.shape != want.shape:
        return f"{what} has shape {got.shape}; wanted {want.shape}."
    if np.isnan(got).any():
        return f"{what} holds nan."
    if not np.allclose(got, want, rtol=0, atol=1e-6):
        worst = np.unravel_index(np.argmax(np.abs(got - want)), want.shape)
        return f"{what} is {got[worst]:.6g} where {want[worst]:.6g} is wanted."
    return None


def _calls(function, cases):
    """Return the first problem among `cases`, each (description, arguments, wanted), or None."""
    for description, arguments, wanted in cases:
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
    problem = _difference(np.shape(logits), (3,), "the number of your logits")
    if not problem and np.allclose(logits, reference):
        problem = "These are the same three numbers; find others."
    if not problem:
        problem = _difference(softmax(logits), softmax(reference), "one of your probabilities")
    _report("same softmax", problem)


def check_logits_for(logits):
    """Check logits whose softmax is [0.7, 0.2, 0.1]."""
    problem = _difference(np.shape(logits), (3,), "the number of your logits")
    if not problem and np.allclose(logits, [0.7, 0.2, 0.1]):
        problem = "These are the probabilities themselves; softmax of them is flatter."
    if not problem:
        problem = _difference(softmax(logits), [0.7, 0.2, 0.1], "one of your probabilities")
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
    problem = None
    try:
        top = softmax([4.0, 2.0, 0.0], temperature=temperature)[0]
    except (TypeError, ValueError) as error:
        problem = str(error)
    else:
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
    problem = _difference(np.shape(prob), (), "the shape of your answer")
    if not problem and not 0 < prob <= 1:
        problem = f"{prob} is not a probability above 0."
    if not problem and abs(prob - np.exp(-0.1)) > 0.001:
        problem = f"A label with probability {prob:g} has loss {-np.log(prob):.4f} nat; wanted 0.1."
    _report("probability for 0.1 nat", problem)


def check_loss_and_gradient(function):
    """Check `function(logits, label)` for one row: the loss, and its gradient with respect to the logits."""
    problem = None
    for logits, label in (([2.5, -1.0, 0.8, 4.1, -0.3], 3), ([0.0, 0.0], 0), ([1000.0, 0.0, -5.0], 1)):
        try:
            with np.errstate(all="ignore"):
                loss, gradient = function(np.array(logits), label)
        except Exception as error:
            problem = f"For logits {logits} it raised {type(error).__name__}: {error}"
        else:
            problem = _difference(loss, cross_entropy(label, logits), f"the loss for logits {logits}, label {label},")
            problem = problem or _difference(
                gradient, cross_entropy_gradient(label, logits), f"the gradient for logits {logits}, label {label},"
            )
        if problem:
            break
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
    problem = None
    for labels, valid in (([0, 9], True), ([], True), ([3, 10], False), ([-1, 3], False)):
        try:
            function(np.array(labels, dtype=np.int64), 10)
        except ValueError:
            raised = True
        except Exception as error:
            problem = f"On labels {labels} it raised {type(error).__name__} ({error}); wanted ValueError or nothing."
            break
        else:
            raised = False
        if raised == valid:
            problem = f"Labels {labels} with 10 classes are {'fine' if valid else 'out of range'}, and it " + (
                "raised ValueError." if raised else "raised nothing."
            )
            break
    _report("label guard", problem)
