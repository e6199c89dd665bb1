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
        counted = np.ones(self.p.shape[:-1], bool)
        if self.ignore_class is not None and self.labels.shape == self.p.shape[:-1]:
            counted = self.labels != self.ignore_class
        if self.mask is not None and self.mask.shape == counted.shape:
            counted = counted & self.mask.astype(bool)
        return counted

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
    spread = None

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


PAIRWISE = {"Sub", "Mul", "Add", "AddV2", "SquaredDifference", "RealDiv", "DivNoNan", "Maximum", "Minimum"}
COLUMNS = {"ExpandDims", "Reshape", "StridedSlice"}


def made_from_row(op):
    """Whether an operation makes a column of a tensor of rank 1."""
    return op.inputs[0].shape.rank == 1 and op.outputs[0].shape.rank == 2


class Added(Case):
    """A model without a loss in `compile`: what its layers add, or its own `compute_loss`, stands for the losses."""

    def __init__(self, walk):
        self.computes = computes_loss(walk.model)
        y = keras.tree.flatten(walk.batch.y if walk.batch.y is not None else walk.batch.x)[0]
        super().__init__(walk, y, "mse")  # which is not asked

    def _losses_of(self, y, output):
        if self.computes:
            y = tf.nest.map_structure(tf.convert_to_tensor, self.batch.y) if self.batch.y is not None else None
            return tf.reshape(self.model._compute_loss(x=self._x, y=y, y_pred=self._whole, training=False), (1,))
        return tf.stack([tf.cast(tf.reduce_mean(loss), tf.float32) for loss in self.model.losses])

    def _value_of(self, y, output):
        return tf.reduce_sum(self._losses_of(y, output))


def computes_loss(model):
    """Whether a model has a `compute_loss` of its own."""
    return type(model).compute_loss is not keras.Model.compute_loss


def cases_of(walk):
    """Return a Case for each output that has a loss, and for each loss where an output has several.

    Raises
    ------
    ValueError
        If losses and labels do not belong to the outputs that the model returns.
    """
    model, y, weight = walk.model, walk.batch.y, walk.batch.sample_weight
    if not keras.tree.is_nested(walk.structure) and not keras.tree.is_nested(model.loss):
        y = keras.tree.flatten(y)
        if len(y) != 1:
            raise ValueError(f"`y` has {len(y)} arrays; `model` has one output. Give the labels of this output.")
        return [Case(walk, y[0], model.loss, sample_weight=weight)]
    names = model.output_names if getattr(model, "output_names", None) else None
    losses = keras.src.trainers.compile_utils.CompileLoss(model.loss, output_names=names)
    y = _as_outputs(y, walk.structure, model.loss, names)
    try:
        if isinstance(y, list) and isinstance(walk.structure, list | tuple) and len(y) != len(walk.structure):
            raise ValueError("an array of labels for each output")
        losses.build(y, walk.structure)
        found = losses._flat_losses
        places = keras.tree.pack_sequence_as(walk.structure, list(range(len(walk.ends))))
        parts = [(path, _at(y, path), _at(places, path), loss, name) for path, loss, _, name in found]
    except Exception as error:
        raise ValueError(
            f"`model` returns {_said(walk.structure)} and `y` holds {_said(y)}, with losses for {_said(model.loss)}: "
            "they do not belong together. Name them alike: loss={'a': ...}, y={'a': ...} for outputs a and so on."
        ) from error
    if not parts:
        raise ValueError("`model` is compiled without a loss for any output. Call model.compile(loss=...) first.")
    if any(labels is None or not hasattr(labels, "shape") for _, labels, *_ in parts):
        raise ValueError(
            f"`y` holds {_said(y)} and `model` returns {_said(walk.structure)}; wanted labels for each loss."
        )
    return [
        Case(walk, labels, loss, _called(name, path, names, place, found), place, _weight_at(weight, path, name))
        for path, labels, place, loss, name in parts
    ]


def _as_outputs(y, outputs, loss, names):
    """Return labels in the structure of the outputs, as Keras would sort them."""
    if isinstance(outputs, list | tuple) and isinstance(y, dict) and names and set(y) <= set(names):
        return [y.get(name) for name in names]
    if isinstance(outputs, dict) and isinstance(y, list) and len(y) == len(outputs):
        return dict(zip(outputs, y, strict=True))
    if keras.tree.is_nested(outputs) and not keras.tree.is_nested(y):
        y = [y]
    if isinstance(outputs, list | tuple) and isinstance(y, list) and isinstance(loss, list | tuple):
        wanted = [i for i, one in enumerate(loss) if one is not None]
        if len(y) == len(wanted) < len(outputs):
            return [y[wanted.index(i)] if i in wanted else None for i in range(len(outputs))]
    if not keras.tree.is_nested(outputs) and isinstance(y, list) and len(y) == 1:
        return y[0]
    return y


def _at(structure, path):
    """Return what stands at a path."""
    for key in path:
        structure = structure[key]
    return structure


def _weight_at(weight, path, name):
    """Return the weights of one output."""
    if isinstance(weight, dict):
        return weight.get(path[-1] if path else name, weight.get(name))
    return weight


def _called(name, path, names, place, found):
    """Return what to call a case: its output, or its loss where one output has several."""
    if len(found) == 1:
        return ""
    if path and isinstance(path[-1], str):
        return path[-1]
    if names and len(names) > 1:
        return names[place]
    return name if name and not path else f"{path[-1]}"


def _said(structure):
    """Say what a structure holds."""
    if isinstance(structure, dict):
        return f"a dict of {', '.join(map(repr, structure))}"
    if isinstance(structure, list | tuple):
        return f"a {'tuple' if isinstance(structure, tuple) else 'list'} of {len(structure)}"
    return "one array" if hasattr(structure, "shape") else "one loss for all"


def distinct(values):
    """Return a few of the values that an array holds, as text."""
    found = np.unique(values)
    return ", ".join(f"{v:g}" for v in found[:5].astype(np.float64)) + (", …" if len(found) > 5 else "")
