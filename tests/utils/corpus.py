"""The corpus that the doctor is tried on: by hand, and generated from ending × loss × labels × rank.

`by_hand()` and `generated()` give (title, build, x, y, weights, expected names); healthy ones expect none.
"""

import itertools

import numpy as np
from sick_kinds import BOUNDED, DROPPED, KINDS
from sick_models import (
    BIN,
    BINARY,
    CASES,
    CATEGORICAL,
    DOUBLE,
    HOT,
    INT,
    LOST,
    MENDED,
    RANGE,
    SIGMOID,
    SPARSE,
    TWICE,
    UNDECLARED,
    dense,
    layers,
    sequential,
)
from sick_trials import TRIALS

CLASSES = 4
SHAPES = {2: (24, 6), 3: (8, 3, 6), 4: (8, 2, 3, 6)}  # by the rank of the output
RNG = np.random.default_rng(1)
INPUTS = {rank: (2 * RNG.normal(size=shape)).astype("float32") for rank, shape in SHAPES.items()}

ENDINGS = {
    "logits": (),
    "softmax": ("softmax",),
    "softmax, moved": ("softmax", "moved"),
    "softmax twice": ("softmax", "softmax"),
    "log_softmax": ("log_softmax",),
    "sigmoid": ("sigmoid",),
    "relu": ("relu",),
    "tanh": ("tanh",),
    "dropout": ("dropout",),
}
LOSSES = {
    "sparse": ("sparse", False, lambda: INT),
    "sparse, from logits": ("sparse", True, SPARSE),
    "categorical": ("categorical", False, lambda: HOT),
    "categorical, from logits": ("categorical", True, CATEGORICAL),
    "binary": ("binary", False, lambda: BIN),
    "binary, from logits": ("binary", True, BINARY),
}
LABELS = {
    "class numbers": lambda y: y,
    "a column of them": lambda y: y[..., None],
    "from 1": lambda y: y + 1,
    "halves": lambda y: y * 0.5,
    "one-hot": lambda y: np.eye(CLASSES)[y],
}


def model_of(ending, loss, rank):
    """Return the compiled model of a combination."""
    moved = layers.Reshape((*SHAPES[rank][1:-1], CLASSES))
    made = {"moved": lambda: moved, "dropout": lambda: layers.Dropout(0.4)}
    stack = [made.get(name, lambda name=name: layers.Activation(name))() for name in ENDINGS[ending]]
    return sequential(dense(CLASSES), *stack, loss=LOSSES[loss][2](), shape=SHAPES[rank][1:])


def expected(ending, loss, labels):
    """Return the names of the findings that a combination deserves, worst first; none for a healthy one."""
    kind, from_logits, _ = LOSSES[loss]
    twice = [TWICE] if ending == "softmax twice" else []
    of_labels = None
    if kind != "binary" and ending == "sigmoid":
        of_labels = SIGMOID
    elif kind == "sparse":
        of_labels = {
            "one-hot": "one-hot labels with a sparse loss",
            "halves": "labels with fractions",
            "from 1": RANGE,
        }.get(labels)
    elif labels != "one-hot":
        of_labels = "integer labels with a categorical loss" if kind == "categorical" else RANGE
    if of_labels:
        return [of_labels, *twice]
    if twice:
        return twice
    return [
        *of_loss(ending, kind, from_logits),
        *{"relu": [BOUNDED], "tanh": [BOUNDED], "dropout": [DROPPED]}.get(ending, []),
    ]


def of_loss(ending, kind, from_logits):
    """Return the finding of a loss on labels that fit."""
    if ending.startswith("softmax"):
        if kind == "binary":
            return ["softmax with a binary loss"]
        if ending == "softmax":
            return [MENDED] if from_logits else []
        return [DOUBLE if from_logits else LOST]
    if ending == "sigmoid":
        return [MENDED] if from_logits else []
    return [] if from_logits else [UNDECLARED]


def generated():
    """Return all combinations of ending, loss and labels; the ranks take turns, and a healthy one comes in each."""
    found = []
    for number, (ending, loss, labels) in enumerate(itertools.product(ENDINGS, LOSSES, LABELS)):
        names = expected(ending, loss, labels)
        for rank in SHAPES if not names else [2 + number % 3]:
            shape = SHAPES[rank][:-1]
            y = LABELS[labels](np.arange(np.prod(shape)).reshape(shape) % CLASSES)
            build = lambda ending=ending, loss=loss, rank=rank: model_of(ending, loss, rank)  # noqa: E731
            found.append((f"{ending} | {loss} | {labels} | rank {rank}", build, INPUTS[rank], y, {}, names))
    return found


def by_hand():
    """Return the sick models of the three tables with the name of their finding, and their healthy twins with none."""
    found = []
    for title, (name, sick, healthy) in {**CASES, **KINDS, **TRIALS}.items():
        for what, case, names in ((title, sick, [name]), (f"{title}, healthy", healthy, [])):
            build, x, y, *weights = case
            found.append((what, build, x, y, weights[0] if weights else {}, names))
    return found
