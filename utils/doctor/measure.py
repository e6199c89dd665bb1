"""What the doctor measures of one output of a model: the real loss on it, its gradient, and what comes last.

Everything is computed as `fit` would: in a graph, or eagerly where the model says `run_eagerly`.
"""

import functools

import numpy as np

from ..checks import SUM_TOLERANCE
from ..losses import softmax_gradient
from ..quiet import keras, tf
from .graph import all_behind, traced
from .reads import function_of, reading_of, resolve

FEW = {"sparse": "SparseCategoricalCrossentropy", "categorical": "CategoricalCrossentropy"}
LOW = ("float16", "bfloat16")
CLASSES = {**FEW, "binary": "BinaryCrossentropy"}


class Case:
    """A model and a batch with what the checks ask about one output; each number is computed once, when asked for.

    `name` is that of the output where there are several, and `place` its number among what the model returns.
    """

    def __init__(self, walk, y, loss, name="", place=0, sample_weight=None):
        self.model, self.batch, self.name, self.place = walk.model, walk.batch, name, place
        self.entering, self.added, self.outputs = walk.entering, walk.added, len(walk.ends)
        self.y, self.sample_weight, self.class_weight = y, sample_weight, walk.batch.class_weight
        end = walk.ends[place]
        self.last, self.inner, self.dropped, self.direct = end.last, end.inner, end.dropped, end.direct
        self.moved, self.scores = end.moved, end.scores
        self.mask, self._x, self.walk = end.mask, walk.x, walk
        self.dtype = end.tensor.dtype.name
        self.p = np.asarray(end.tensor, dtype=np.float64)
        self.low = self.dtype in LOW
        # An output in float32 may have been rounded before, by a layer that computes in two bytes.
        rounded = self.low or any(layer.compute_dtype in LOW for layer in walk.model._flatten_layers())
        self.tolerance = 0.02 if rounded else 10 * SUM_TOLERANCE
        self.classes = self.p.shape[-1]
        self.loss = resolve(loss, y, self.p)
        self.reading = reading_of(self.loss)
        self.kind, self.from_logits = self.reading.kind, self.reading.from_logits
        self.kwargs = function_of(self.loss)[1]
        self.ignore_class = self.kwargs.get("ignore_class", getattr(self.loss, "ignore_class", None))

    @property
    def softmax_last(self):
        """Whether a softmax is the last operation that makes numbers."""
        return bool(self.last) and {op.type for op in self.last} == {"Softmax"}

    @property
    def sigmoid_last(self):
        """Whether a sigmoid is the last operation that makes numbers."""
        return bool(self.last) and {op.type for op in self.last} == {"Sigmoid"}

    @property
    def bounded_by_one(self):
        """Whether the output lies between 0 and 1, by what comes last."""
        return self.probs or self.sigmoid_last

    @property
    def outside(self):
        """Which numbers of the output are no probabilities: below 0 or above 1."""
        return (self.p < 0) | (self.p > 1)

    @property
    def on_logits(self):
        """Whether a loss of the right kind needs from_logits=True: it has it now, or the output is no probability."""
        return self.from_logits or not self.bounded_by_one

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
        """Run the loss as `fit` would: (value, losses, gradient of their sum to the output or None), or its error.

        The last entry is the gradient for each trainable variable, an array, or None where none reaches it; it is
        None where it cannot be computed.
        """
        variables = [v.value for v in self.model.trainable_variables]

        def step(sources, x, y):
            with tf.GradientTape() as tape:
                self._whole = self.model(x, training=False)
                output = keras.tree.flatten(self._whole)[self.place]
                if output.dtype.is_floating:
                    tape.watch(output)
                losses = self._losses_of(y, output)
                if self.reading.by_hand or self.computes:
                    self.spread = spread_in(losses, self.batch.rows)
                    self.squashed = squashed_in(losses, output)
                total = tf.reduce_sum(losses)
            value = self._value_of(y, output)
            # None says that the loss did not use the output: Keras handed it the logits from before the softmax.
            first, *rest = tape.gradient(total, [output, *sources])
            rest = {str(i): getattr(g, "values", g) for i, g in enumerate(rest) if g is not None}
            return value, losses, first, rest

        y = tf.convert_to_tensor(self.y)
        for sources in (variables, []):  # without the weights, where an operation of the model has no gradient
            try:
                run = functools.partial(step, sources)  # as keywords, a graph would take them for its own inputs
                value, losses, gradient, rest = (run if self.model.run_eagerly else traced(run, self._x, y))(self._x, y)
            except Exception as error:
                failed = error
                continue
            as_array = functools.partial(np.asarray, dtype=np.float64)
            rest = {key: as_array(g) for key, g in rest.items()}
            weights = [rest.get(str(i)) for i in range(len(variables))] if sources or not variables else None
            return as_array(value), as_array(losses), None if gradient is None else as_array(gradient), weights
        return failed

    def _losses_of(self, y, output):
        """Return the loss of each element, as a tensor, without weights."""
        return self.loss.call(tf.cast(y, self.loss.dtype), keras.ops.convert_to_tensor(output, self.loss.dtype))

    def _value_of(self, y, output):
        """Return the loss of the batch, as a tensor."""
        return self.loss(y, output)

    @property
    def losses(self):
        """Loss of each element, without weights."""
        return self.run[1]

    @property
    def gradient(self):
        """Gradient of the sum of the losses with respect to the output, or None where the logits were recovered."""
        return self.run[2]

    @property
    def weight_gradients(self):
        """Pairs (trainable variable, its gradient or None), or None where they cannot be computed."""
        return None if self.run[3] is None else list(zip(self.model.trainable_variables, self.run[3], strict=True))

    @property
    def counted(self):
        """Which rows the loss counts, in the shape of the output without its classes."""
        if self.ignore_class is not None and self.fits:
            return self.unmasked & (self.labels != self.ignore_class)
        return self.unmasked

    @property
    def unmasked(self):
        """Which rows no mask hides from loss and metrics, in the shape of the output without its classes."""
        shape = self.p.shape[:-1]
        return self.mask.astype(bool) if self.mask is not None and self.mask.shape == shape else np.ones(shape, bool)

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
            labels = np.where(self.counted, self.labels, 0).astype(int) if self.fits else None
            return np.eye(self.classes)[labels] if self.fits else None
        y = self.y.astype(np.float64)
        if y.shape == self.p.shape:
            return y
        return y[..., None] if (*y.shape, 1) == self.p.shape else None

    @property
    def fits(self):
        """Whether `y` has a class number for each row of the output."""
        return self.labels.shape == self.p.shape[:-1]

    @functools.cached_property
    def guess(self):
        """Return one-hot rows that `y` seems to mean, in the shape of the output, for a loss of any kind, or None."""
        y = self.y.astype(np.float64)
        if y.shape == self.p.shape or (*y.shape, 1) == self.p.shape:
            return y.reshape(self.p.shape) if np.isin(y, (0, 1)).all() else None
        labels = self.labels.astype(np.float64)
        whole = (labels == np.trunc(labels)).all() and labels.min() >= 0 and labels.max() < self.classes
        if self.fits and self.classes > 1 and whole:
            return np.eye(self.classes)[labels.astype(int)]
        return None

    def try_loss(self, output, labels=None):
        """Return the mean of the real loss for another output, and other labels, or NaN where it fails."""
        y = self.y if labels is None else labels
        try:
            losses = self.loss.call(tf.cast(y, self.loss.dtype), tf.constant(output, self.loss.dtype))
        except Exception:
            return np.nan
        return float(np.mean(np.asarray(losses, np.float64)))

    computes = False  # whether the loss is the model's own compute_loss
    spread = squashed = None

    @functools.cached_property
    def labels_matter(self):
        """Whether other labels give another loss."""
        y = self.y.astype(np.float64)
        other = 1 - y if y.max() <= 1 else y.max() + y.min() - y
        output = self.p + 0.1
        return self.try_loss(output) != self.try_loss(output, other.astype(self.y.dtype))

    @property
    def bounded_below(self):
        """Whether the last operation gives nothing below 0: evidence, a distance, a rate."""
        return bool(self.last) and {op.type for op in self.last} <= {"Relu", "Softplus", "Exp", "Square", "Abs", "Sqrt"}

    def try_gradient(self, output):
        """Return the gradient of the real loss with respect to another output in its place, or None where it fails."""
        output = tf.constant(output, self.loss.dtype)
        try:
            with tf.GradientTape() as tape:
                tape.watch(output)
                losses = self.loss.call(tf.cast(self.y, self.loss.dtype), output)
            return np.nan_to_num(np.asarray(tape.gradient(losses, output), np.float64))
        except Exception:
            return None

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


def spread_in(tensor, rows):
    """Return the first operation behind `tensor` that spreads (B,) over (B, 1) to (B, B), or None.

    A column made on purpose, by `[:, None]` or a reshape, is another thing: numbers of all pairs are wanted.
    """
    if not hasattr(tensor, "graph") or tf.executing_eagerly():
        return None
    for op in all_behind([tensor]):
        shapes = [t.shape.as_list() if t.shape.rank is not None else None for t in op.inputs]
        if op.type in PAIRWISE and rows > 1 and sorted(shapes, key=str) == [[rows, rows, 1], [rows, rows]]:
            return op  # of pairs that were made of a column
        if op.type in PAIRWISE and sorted(shapes, key=str) == [[rows, 1], [rows]] and rows > 1:
            column = op.inputs[shapes.index([rows, 1])]
            if not any(each.type in COLUMNS and made_from_row(each) for each in all_behind([column])):
                return op
    return None


def squashed_in(tensor, output):
    """Return the first operation behind `tensor` that takes softmax or sigmoid of `output` or a part of it, or None."""
    if not hasattr(tensor, "graph") or tf.executing_eagerly():
        return None
    before = all_behind([output])
    for op in sorted(all_behind([tensor]) - before, key=lambda op: op.name):
        if op.type in SQUASHES or "logistic_loss" in op.name:
            source = op
            while source and source not in before and (source is op or source.type in PARTS):
                source = next((t.op for t in source.inputs if t.dtype.is_floating), None)
            if source is output.op:
                return op
    return None


SQUASHES = {"Softmax", "LogSoftmax", "Sigmoid", "Softplus", "SoftmaxCrossEntropyWithLogits"}
SQUASHES |= {"SparseSoftmaxCrossEntropyWithLogits"}
PARTS = {"StridedSlice", "Split", "SplitV", "GatherV2", "Reshape", "Cast", "Identity", "Squeeze", "ExpandDims", "Neg"}
PAIRWISE = {"Sub", "Mul", "Add", "AddV2", "SquaredDifference", "RealDiv", "DivNoNan", "Maximum", "Minimum"}
COLUMNS = {"ExpandDims", "Reshape", "StridedSlice"}


def made_from_row(op):
    """Whether an operation makes a column of a tensor of rank 1."""
    return op.inputs[0].shape.rank == 1 and op.outputs[0].shape.rank == 2


def span(values):
    """Return from where to where numbers go, as text; of equal ones, the one."""
    low, high = np.min(values), np.max(values)
    return f"all {low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def distinct(values):
    """Return a few of the values that an array holds, as text."""
    found = np.unique(values)
    return ", ".join(f"{v:g}" for v in found[:5].astype(np.float64)) + (", …" if len(found) > 5 else "")
