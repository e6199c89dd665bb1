"""Checkers for the exercises of chapter 11: the same code on another backend."""

import numpy as np

from ..losses import cross_entropy
from ..processes import Raised, on_each
from .answers import not_callable, read, verdict

# Whether a confidently wrong model has another loss on JAX than on TensorFlow.
MOVES = {
    "Dense, from_logits=True": False,
    "Dense(activation='softmax'), no from_logits": True,
    "Softmax, then Reshape, no from_logits": False,
    "sigmoid, BinaryCrossentropy()": True,
    "Dense, ignore_class=-1, from_logits=True": False,
}


def check_softmax_as_logits(loss):
    """Check the loss where the probabilities (0, 1, 0, 0) are read as logits and the label is 0, to 0.01."""
    loss, problem = read(loss, (), "your answer")
    if not problem and abs(loss - 16.118) < 0.01:
        problem = "That is the loss without from_logits, where the probability is clipped at 1e-7."
    elif not problem and abs(loss - 1.3133) < 0.005:
        problem = "That is the loss for two classes; here are four, and their probabilities 0, 1, 0, 0 are the logits."
    elif not problem and abs(loss - np.log(np.e + 3)) > 0.01:
        problem = f"{loss:g} is not it. What is the loss of logits 0, 1, 0, 0 with label 0?"
    verdict("softmax as logits", problem)


def check_moves(moves):
    """Check which endings have another loss on JAX: a dict from each ending to True or False."""
    problem = None
    if not isinstance(moves, dict) or set(moves) != set(MOVES):
        problem = "`moves` must be a dict with the five endings as its keys."
    else:
        wrong = [ending for ending, right in MOVES.items() if moves[ending] is not right]
        if wrong:
            moved = "TensorFlow goes back to the logits there, and JAX does not"
            stays = "there is nothing that TensorFlow recovers and JAX does not"
            problem = f"Look again at {wrong[0]!r}: {moved if MOVES[wrong[0]] else stays}."
    verdict("which of them move", problem)


def check_portable(function):
    """Check `function(labels, logits)` on TensorFlow and on JAX: losses (N,), NaN where a label is out of range."""
    rng = np.random.default_rng(11)
    logits = rng.normal(size=(4, 5))
    hidden = logits.copy()
    hidden[:, 4] = -np.inf
    cases = [
        ("four rows", [0, 1, 2, 4], logits),
        ("logits near 1000", [0, 1, 2, 4], 1000 + np.round(logits, 3)),
        ("rows whose last logit is -inf", [0, 1, 2, 3], hidden),
        ("a label 5 of 5 classes", [0, 1, 2, 5], logits),
        ("a label -1", [0, 1, 2, -1], logits),
    ]
    problem = not_callable(function)
    if not problem:
        try:
            given = [(getattr(function, "__name__", ""), labels, rows.tolist()) for _, labels, rows in cases]
            answers = on_each(_losses, given, needs=(function,))
        except (ValueError, RuntimeError) as error:
            problem = str(error)
    if not problem:
        problem = next(
            filter(
                None,
                (_wrong(*one, backend) for backend in answers for one in zip(cases, answers[backend], strict=True)),
            ),
            None,
        )
    verdict("portable", problem)


def _losses(name, labels, logits):
    """Return what the function of that name answers, its arguments tensors of the backend."""
    import keras

    labels = keras.ops.convert_to_tensor(np.array(labels, np.int32))
    answer = globals()[name](labels, keras.ops.convert_to_tensor(np.array(logits, np.float32)))
    return keras.ops.convert_to_numpy(answer)


def _wrong(case, answer, backend):
    """Return what is wrong with the answer to one case, or None."""
    description, labels, logits = case
    if isinstance(answer, Raised):
        return f"On {backend}, {description} raised {answer.name}: {answer.message[:80].splitlines()[0]}"
    what = f"On {backend} the loss of {description}"
    inside = (np.array(labels) >= 0) & (np.array(labels) < logits.shape[1])
    try:
        answer = np.array(answer, float)
    except (TypeError, ValueError):
        return f"{what} is no array of real numbers."
    if answer.shape != inside.shape:
        return f"{what} has shape {answer.shape}; wanted {inside.shape}."
    if not np.isnan(answer[~inside]).all():
        return f"{what} is {answer[~inside][0]:.6g} where nan is wanted."
    answer, wanted = answer[inside], cross_entropy(np.array(labels)[inside], logits[inside])
    worst = np.argmax(np.abs(answer - wanted))  # a nan counts as the largest
    if not abs(answer[worst] - wanted[worst]) < 1e-3:  # float32 near 1000
        return f"{what} is {answer[worst]:.6g} where {wanted[worst]:.6g} is wanted."
    return None
