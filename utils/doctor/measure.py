"""What the doctor measures of a compiled model and one batch: output, loss, gradient, and which operation comes last.

Everything is computed as `fit` would: in a graph, or eagerly where the model says `run_eagerly`. `unchanged` puts back
what that moves.
"""

import contextlib
import functools
import random
import re
import warnings

import numpy as np

from ..checks import SUM_TOLERANCE
from ..losses import softmax, softmax_gradient
from ..quiet import keras, tf

FEW = {"sparse": "SparseCategoricalCrossentropy", "categorical": "CategoricalCrossentropy"}
CLASSES = {**FEW, "binary": "BinaryCrossentropy"}
# Operations that move or rename numbers, and those that rescale them; what stands behind is still "the last" or "x".
MOVES = {"Cast", "ConcatV2", "ExpandDims", "Identity", "IdentityN", "Pack", "Reshape", "SelectV2", "Squeeze"}
MOVES |= {"StopGradient", "Transpose"}
RESCALES = MOVES | {"Add", "AddV2", "BiasAdd", "Div", "Mul", "Neg", "Pad", "RealDiv", "Relu", "StridedSlice", "Sub"}
WEIGHTED = {"BatchMatMulV2", "BatchMatMulV3", "Conv2D", "Conv3D", "DepthwiseConv2dNative", "Einsum", "MatMul"}
WEIGHTED |= {"TensorListFromTensor"}  # where a recurrent layer begins


# What came in


def check_model(model):
    """Refuse what is not one compiled, built model with one loss."""
    if not isinstance(model, keras.Model):
        raise ValueError(f"`model` is a {type(model).__name__}; wanted a keras.Model. Build one from its layers first.")
    if not model.compiled or model.loss is None:
        missing = "not compiled" if not model.compiled else "compiled without a loss"
        raise ValueError(f"`model` is {missing}; the loss is what is examined. Call model.compile(loss=...) first.")
    if isinstance(model.loss, dict | list | tuple):
        kind = "dict" if isinstance(model.loss, dict) else "list"
        raise ValueError(
            f"`model` has {len(model.loss)} losses in a {kind}; wanted one. "
            "Compile a model with one output and loss=... alone, and diagnose it."
        )
    if not model.built:
        raise ValueError(
            "`model` has no weights yet; building it would change it. Call model(x[:1]) once, or start it with "
            "keras.Input."
        )


def check_batch(x, y):
    """Return `x` and `y` as arrays of numbers with the same, positive number of rows."""
    arrays = []
    for name, values in (("x", x), ("y", y)):
        if isinstance(values, dict | tuple) or (isinstance(values, list) and values and hasattr(values[0], "shape")):
            raise ValueError(
                f"`{name}` is a {type(values).__name__} of arrays; wanted one array, the only input or output."
            )
        try:
            array = np.asarray(values)
        except (ValueError, TypeError) as error:
            raise ValueError(f"`{name}` is ragged or no array; wanted one array of numbers, all rows alike.") from error
        if array.dtype.kind not in "biuf" and array.dtype.name not in ("bfloat16", "float16"):
            raise ValueError(f"`{name}` holds {array.dtype} values; wanted numbers. Take one batch: x, y = next(...).")
        if array.ndim == 0 or array.size == 0:
            raise ValueError(f"`{name}` has shape {array.shape}; wanted a batch of at least one row.")
        arrays.append(array)
    x, y = arrays
    if len(x) != len(y):
        raise ValueError(f"`x` has {len(x)} rows and `y` has {len(y)}; wanted one label for each row. Cut both alike.")
    return x.astype(keras.config.floatx()) if x.dtype.kind == "f" else x, y


def check_weights(sample_weight, class_weight, rows):
    """Return the weights after checking that `fit` takes them."""
    if sample_weight is not None and class_weight is not None:
        raise ValueError("`sample_weight` and `class_weight` both came; Keras takes one. Multiply them into one map.")
    if class_weight is not None and not isinstance(class_weight, dict):
        raise ValueError(f"`class_weight` is a {type(class_weight).__name__}; wanted a dict, {{0: 1.0, 1: 5.0}}.")
    if sample_weight is not None:
        sample_weight = np.asarray(sample_weight, dtype=np.float32)
        if sample_weight.ndim == 0 or len(sample_weight) != rows:
            raise ValueError(
                f"`sample_weight` has shape {sample_weight.shape} and `x` has {rows} rows; wanted a weight for each."
            )
    return sample_weight, class_weight


@contextlib.contextmanager
def unchanged(model):
    """Put back whatever the block moves: variables (weights, seeds, recurrent states) and random state."""
    seeds = keras.src.backend.common.global_state.get_global_attribute("global_seed_generator")
    variables = [*model.variables, *([seeds.state] if seeds is not None else [])]
    before = [np.array(v.numpy()) for v in variables]
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras's own warning about from_logits becomes a finding
            yield
    finally:
        for variable, value in zip(variables, before, strict=True):
            if not np.array_equal(variable.numpy(), value, equal_nan=True):
                variable.assign(value)
        random.setstate(python)
        np.random.set_state(numpy)


# What is measured


class Case:
    """A model and a batch with what the checks ask about them; each number is computed once, when first asked for."""

    def __init__(self, model, x, y, sample_weight, class_weight):
        self.model, self.x, self.y = model, x, y
        self.sample_weight, self.class_weight = sample_weight, class_weight
        self.last, self.inner, self.direct = set(), set(), False
        self._call()
        self.loss = _resolve(model.loss, y, self.p)
        self.kind, self.from_logits = _reads(self.loss)
        self.kwargs = getattr(self.loss, "_fn_kwargs", {})
        self.ignore_class = self.kwargs.get("ignore_class", getattr(self.loss, "ignore_class", None))

    def _call(self):
        """Run the model for its output `p`, as a graph to see which operations come last, or eagerly if it must."""

        def graph(x):
            output = self.model(x, training=False)
            if isinstance(output, tf.Tensor):
                self.last = _ends(output)
                self.direct = output.op in self.last  # nothing stands behind the last activation
                self.inner = {inner for op in self.last if op.type == "Softmax" for inner in _ends(op.inputs[0])}
            return output, _entering(x)

        x = tf.convert_to_tensor(self.x)
        try:
            try:
                output, entering = _traced(graph, x)(x)
            except Exception:
                if not self.model.run_eagerly:
                    raise
                entering = []  # a model for eager use only: what comes last stays unknown
            if self.model.run_eagerly:
                output = self.model(x, training=False)
        except Exception as error:
            raise ValueError(
                f"`model` cannot take `x` of shape {self.x.shape}: {reason(error)} Give it one batch as for model(x)."
            ) from error
        if not isinstance(output, tf.Tensor):
            raise ValueError(
                f"`model` returns {_outputs(output)}; wanted one tensor. Make a keras.Model with one of its outputs."
            )
        if output.shape.rank == 0 or len(output) != len(self.x):
            raise ValueError(
                f"`model` returns shape {tuple(output.shape)} for {len(self.x)} rows; wanted a row for each."
            )
        self.entering = [np.asarray(t, dtype=np.float64) for t in entering]
        self.dtype = output.dtype.name
        self.p = np.asarray(output, dtype=np.float64)
        self.low = self.dtype in ("float16", "bfloat16")
        self.tolerance = 0.02 if self.low else 10 * SUM_TOLERANCE
        self.classes = self.p.shape[-1]

    @property
    def softmax_last(self):
        """Whether a softmax is the last operation that makes numbers."""
        return bool(self.last) and {op.type for op in self.last} == {"Softmax"}

    @property
    def sigmoid_last(self):
        """Whether a sigmoid is the last operation that makes numbers."""
        return bool(self.last) and {op.type for op in self.last} == {"Sigmoid"}

    @functools.cached_property
    def probs(self):
        """Whether every row of the output is a distribution over two classes or more."""
        return (
            self.classes > 1
            and bool(np.isfinite(self.p).all() and (self.p >= 0).all())
            and np.allclose(self.p.sum(-1), 1, rtol=0, atol=self.tolerance)
        )

    @functools.cached_property
    def run(self):
        """Run the loss as `fit` would: (value, losses, gradient of their sum to the output or None), or its error."""

        def step(x, y):
            output = self.model(x, training=False)
            value = self.loss(y, output)
            with tf.GradientTape() as tape:
                tape.watch(output)
                losses = self.loss.call(
                    tf.cast(y, self.loss.dtype), keras.ops.convert_to_tensor(output, self.loss.dtype)
                )
                total = tf.reduce_sum(losses)
            # None says that the loss did not use the output: Keras handed it the logits from before the softmax.
            gradient = tape.gradient(total, output)
            return value, losses, gradient

        x, y = tf.convert_to_tensor(self.x), tf.convert_to_tensor(self.y)
        try:
            value, losses, gradient = (step if self.model.run_eagerly else _traced(step, x, y))(x, y)
        except Exception as error:
            return error
        as_array = functools.partial(np.asarray, dtype=np.float64)
        return as_array(value), as_array(losses), None if gradient is None else as_array(gradient)

    @property
    def losses(self):
        """Loss of each element, without weights."""
        return self.run[1]

    @property
    def gradient(self):
        """Gradient of the sum of the losses with respect to the output, or None where the logits were recovered."""
        return self.run[2]

    @property
    def counted(self):
        """Which rows the loss counts, in the shape of the output without its classes."""
        if self.ignore_class is None or self.labels.shape != self.p.shape[:-1]:
            return np.ones(self.p.shape[:-1], bool)
        return self.labels != self.ignore_class

    @property
    def labels(self):
        """Return `y` in the shape of a sparse loss: without a last axis of 1 that the output does not have."""
        y = self.y
        return y[..., 0] if y.ndim == self.p.ndim and y.shape[-1] == 1 else y

    @property
    def one_hot(self):
        """Whether `y` has a number for each class."""
        return self.y.ndim == self.p.ndim and self.y.shape == self.p.shape and self.classes > 1

    @functools.cached_property
    def targets(self):
        """Return target rows in the shape of the output, or None where `y` says no such thing."""
        if self.kind == "sparse":
            labels = np.where(self.counted, self.labels, 0).astype(int)
            return np.eye(self.classes)[labels] if labels.shape == self.p.shape[:-1] else None
        y = self.y.astype(np.float64)
        if y.shape == self.p.shape:
            return y
        return y[..., None] if (*y.shape, 1) == self.p.shape else None

    @functools.cached_property
    def frozen_cost(self):
        """Cost and largest gradient where the real loss gets an output that is sure of a wrong class."""
        if self.kind in FEW:
            wrong = np.eye(self.classes)[(self.targets.argmax(-1) + 1) % self.classes]
        else:
            wrong = (self.targets < 0.5).astype(float)
        output = tf.constant(wrong, self.dtype)
        with tf.GradientTape() as tape:
            tape.watch(output)
            losses = self.loss.call(tf.cast(self.y, self.loss.dtype), tf.cast(output, self.loss.dtype))
        gradient = np.nan_to_num(np.asarray(tape.gradient(losses, output), np.float64))
        if self.kind in FEW:
            push = softmax_gradient(np.where(wrong > 0, 0, -1e3), gradient)
        else:
            push = gradient * wrong * (1 - wrong)
        return np.asarray(losses, np.float64).max(), np.abs(push).max()

    def fixed_loss(self, from_logits):
        """Return the line of `compile` that says what the output is."""
        return f"loss=keras.losses.{CLASSES[self.kind]}({'from_logits=True' if from_logits else ''})"


def _traced(function, *tensors):
    """Return `function` as a graph for these tensors; TensorFlow warns when a tf.function itself is made often."""
    return tf.function(function, autograph=False).get_concrete_function(*tensors)


def reason(error):
    """Return the sentence that matters of an error from Keras or TensorFlow."""
    text = re.sub(r"\x1b\[\d*m|\{\{.*?\}\} ?|'\S* = \w+\[.*?\)' ?|( ?; NodeDef:|\[Op:|\[\[).*", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith(("Exception enc", "Graph exec"))), "no reason given.")


def distinct(values):
    """Return a few of the values that an array holds, as text."""
    found = np.unique(values)
    return ", ".join(f"{v:g}" for v in found[:5].astype(np.float64)) + (", …" if len(found) > 5 else "")


def _outputs(output):
    """Say what a model returned that is not one tensor."""
    if isinstance(output, dict):
        return f"a dict of {len(output)} outputs"
    return f"{len(output)} outputs" if isinstance(output, list | tuple) else f"a {type(output).__name__}"


def _ends(tensor):
    """Return the operations that made `tensor`, looking through those that only move its numbers."""
    ends, todo, seen = set(), [tensor.op], set()
    while todo:
        op = todo.pop()
        if op in seen or op.type == "Const":
            continue
        seen.add(op)
        inputs = [t for t in op.inputs if t.dtype.is_floating]
        if op.type in MOVES and inputs:
            todo += [t.op for t in inputs]
        else:
            ends.add(op)
    return ends


def _entering(x):
    """Return what reaches the first weights from `x`: unscaled inputs may be scaled by a layer of the model."""
    found, todo, seen = [], [x], set()
    while todo:
        tensor = todo.pop()
        for op in tensor.consumers():
            if op.type in WEIGHTED and tensor.dtype.is_floating:
                found.append(tensor)
            elif op.type in RESCALES and op not in seen and "batch_norm" not in op.name:
                seen.add(op)
                todo += op.outputs
    return found


def layer_of(op):
    """Return the name of the layer that an operation belongs to."""
    parts = op.name.split("/")
    return parts[-2] if len(parts) > 1 else parts[0]


def _resolve(identifier, y, p):
    """Return the Loss that `fit` would make of `compile(loss=identifier)`."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        sparse = y.ndim < p.ndim or (y.shape[-1] == 1 and p.shape[-1] > 1)
        identifier = (
            f"{'binary' if p.shape[-1] == 1 else 'sparse_categorical' if sparse else 'categorical'}_crossentropy"
        )
    loss = keras.losses.get(identifier)
    if isinstance(loss, keras.losses.Loss):
        return loss
    return keras.src.losses.losses.LossFunctionWrapper(loss, name="loss")


def _reads(loss):
    """Return what a loss expects: "sparse", "categorical", "binary" or None, and whether it takes logits."""
    fn, kwargs = getattr(loss, "fn", None), dict(getattr(loss, "_fn_kwargs", {}))
    while isinstance(fn, functools.partial):
        fn, kwargs = fn.func, {**fn.keywords, **kwargs}
    known = {
        keras.losses.sparse_categorical_crossentropy: "sparse",
        keras.losses.categorical_crossentropy: "categorical",
        keras.losses.binary_crossentropy: "binary",
    }
    if fn in known:
        return known[fn], bool(kwargs.get("from_logits", False))
    if getattr(fn, "__module__", "").startswith("keras."):
        return None, False
    # Somebody's own loss: it is known by what it makes of two rows.
    rows, labels = np.float32([[0.2, 0.3, 0.5], [0.1, 0.6, 0.3]]), np.array([2, 0])
    one_hot = np.eye(3, dtype="float32")[labels]
    sigmoid = 1 / (1 + np.exp(-rows))
    for kind, y, as_probs, as_logits in (
        ("sparse", labels, rows, softmax(rows)),
        ("categorical", one_hot, rows, softmax(rows)),
        ("binary", one_hot, rows, sigmoid),
    ):
        with contextlib.suppress(Exception):
            value = np.mean(loss.call(tf.constant(y, loss.dtype), tf.constant(rows, loss.dtype)))
            for from_logits, p in ((False, as_probs), (True, as_logits)):
                nll = -np.log(p[[0, 1], labels])
                if kind == "binary":
                    nll = -np.where(one_hot == 1, np.log(p), np.log(1 - p))
                if abs(value - nll.mean()) < 1e-4:
                    return kind, from_logits
    return None, False
