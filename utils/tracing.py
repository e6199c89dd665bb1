"""Watch one training step of the installed Keras: each stop between the label and the scalar loss.

Nothing is retold here. A profile hook, which Python calls at each function's start and end, notes what Keras passes
to a handful of its own functions and what they return. File and line come from the installed source.
"""

import dataclasses
import inspect
import sys
from pathlib import Path

import numpy as np

from .quiet import keras, tf

PACKAGES = Path(keras.__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Stop:
    """One function on the way, and what happened there.

    Parameters
    ----------
    function : str
        Its name in Keras or TensorFlow.
    where : str
        File, relative to the installed packages, and line.
    seen : str
        What came in and what went out.
    """

    function: str
    where: str
    seen: str

    def __str__(self):
        """Return the stop in two lines that fit a page."""
        return f"{self.function}  ({self.where})\n    {self.seen}"


class KerasChangedError(RuntimeError):
    """The installed Keras has no longer the function that a stop watches."""


def trace(model, x, y, sample_weight=None):
    """Run one training step of a compiled model and return its stops in order; weights are put back afterwards.

    Keras resolves the loss and the metrics in the first step after `compile`; later steps have no such stops.

    Parameters
    ----------
    model : keras.Model
        Compiled, with one output.
    x : array_like, shape (B, ...)
        A batch of inputs.
    y : array_like, shape (B, ...)
        Its labels, with the dtype that `fit` would be given.
    sample_weight : array_like, optional
        Weights of the losses.

    Returns
    -------
    list of Stop

    Raises
    ------
    ValueError
        If the model is not compiled.
    KerasChangedError
        If the installed Keras lacks a function that is watched.
    """
    if not getattr(model, "compiled", False):
        raise ValueError("`model` is not compiled; call model.compile(optimizer=..., loss=...) first.")
    model(x)  # builds the weights, so that they can be put back
    before = {id(variable): variable.numpy() for variable in [*model.variables, *model.optimizer.variables]}
    data = (tf.convert_to_tensor(x), tf.convert_to_tensor(y))
    data += () if sample_weight is None else (tf.convert_to_tensor(sample_weight),)
    with _Watch() as watch:
        model.train_step(data)
    model.reset_metrics()
    for variable in [*model.variables, *model.optimizer.variables]:
        variable.assign(before.get(id(variable), np.zeros(variable.shape)))  # an optimizer's new slots start at 0
    return watch.stops()


def path_of(stops):
    """Return what the loss was computed from: "logits", "recovered logits" or "clipped probabilities"."""
    decisions = [stop.seen.rpartition("-> ")[2] for stop in stops if stop.function == "_get_logits"]
    return decisions[0] if decisions else None


def _kind(value):
    """Return dtype and shape of an array, and the values of a scalar or the name of anything else."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        dtype = getattr(value.dtype, "name", value.dtype)
        if tuple(value.shape) == ():
            return f"{dtype} {float(value):.4g}"
        return f"{dtype} {tuple(value.shape)}"
    return repr(value) if isinstance(value, str | float | int | type(None)) else _name(value)


def _name(value):
    """Return the name of a function, or the class of an object."""
    return f"function {value.__name__}" if inspect.isfunction(value) else type(value).__name__


def _decided(args, returned):
    """Return what `_get_logits` made of the model's output."""
    output, from_logits = returned
    if not from_logits:
        return "clipped probabilities"
    return "logits" if output is args["output"] else "recovered logits"


def _watched():
    """Return {function: (does it count only inside a loss, description of arguments and result)}.

    A description gets the arguments at the call, the local variables at the return, and the returned value.
    """
    src = keras.src
    nn, utils, losses = src.backend.tensorflow.nn, src.trainers.compile_utils, src.losses

    def resolved(args, local, returned):
        return f"{args['identifier']!r} -> {_name(returned)}"

    def cast(args, local, returned):
        return f"labels {_kind(args['y_true'])} -> {_kind(local['y_true'])}; output {_kind(local['y_pred'])}"

    def ranks(args, local, returned):
        (before, after), (first, second) = (args["x1"], args["x2"]), returned
        same = tuple(before.shape) == tuple(first.shape) and tuple(after.shape) == tuple(second.shape)
        return f"{tuple(before.shape)} and {tuple(after.shape)} -> " + (
            "unchanged" if same else f"{tuple(first.shape)} and {tuple(second.shape)}"
        )

    def called(args, local, returned):
        return f"from_logits={args['from_logits']} -> {_kind(returned)}"

    def decided(args, local, returned):
        return f"from_logits={args['from_logits']} -> {_decided(args, returned)}"

    def clipped(args, local, returned):
        return f"to {float(args['clip_value_min']):.3g} ... {float(args['clip_value_max']):.9g}"

    def op(args, local, returned):
        logits = np.array2string(args["logits"][0].numpy().ravel()[:4], precision=3)
        return f"labels {_kind(args['labels'])}, logits from {logits} -> {_kind(returned)}"

    def reduced(args, local, returned):
        weights = "" if args["sample_weight"] is None else f", weights {_kind(args['sample_weight'])}"
        return f"{_kind(args['values'])}{weights}, {args['reduction']!r} -> {_kind(returned)}"

    try:
        return {
            utils.get_loss: (False, resolved),
            losses.get: (False, resolved),
            losses.loss.Loss.__call__: (False, cast),
            losses.loss.squeeze_or_expand_to_same_rank: (True, ranks),
            losses.losses.sparse_categorical_crossentropy: (True, called),
            losses.losses.categorical_crossentropy: (True, called),
            losses.losses.binary_crossentropy: (True, called),
            nn._get_logits: (True, decided),
            tf.clip_by_value: (True, clipped),
            tf.nn.sparse_softmax_cross_entropy_with_logits: (True, op),
            tf.nn.softmax_cross_entropy_with_logits: (True, op),
            tf.nn.sigmoid_cross_entropy_with_logits: (True, op),
            losses.loss.reduce_weighted_values: (True, reduced),
            utils.get_metric: (False, resolved),
        }
    except AttributeError as error:
        raise KerasChangedError(f"this Keras ({keras.__version__}) is built otherwise: {error}") from error


class _Watch:
    """A context in which calls of the watched functions are noted."""

    def __init__(self):
        self.calls = []
        self.open = {}
        self.losses_open = 0
        self.loss = keras.Loss.__call__.__code__
        self.watched = {}
        for function, how in _watched().items():
            self.watched[inspect.unwrap(function).__code__] = (function.__qualname__, *how)

    def __enter__(self):
        self.before = sys.getprofile()
        sys.setprofile(self.note)
        return self

    def __exit__(self, *error):
        sys.setprofile(self.before)

    def note(self, frame, event, returned):
        """Remember arguments when a watched function starts, and describe the call when it ends."""
        code = frame.f_code
        if event not in ("call", "return"):
            return
        if code is self.loss:
            self.losses_open += 1 if event == "call" else -1
        if code not in self.watched:
            return
        name, only_inside, describe = self.watched[code]
        if only_inside and not self.losses_open:
            return
        if event == "call":
            self.open[frame] = len(self.calls), dict(frame.f_locals)
            self.calls.append(None)
        elif frame in self.open and returned is not None:
            at, args = self.open.pop(frame)
            file = Path(code.co_filename).resolve()
            where = f"{file.relative_to(PACKAGES).as_posix()}:{code.co_firstlineno}"
            self.calls[at] = Stop(name, where, describe(args, frame.f_locals, returned))

    def stops(self):
        """Return what was noted, in the order in which the functions were called."""
        return [stop for stop in self.calls if stop is not None]
