"""One walk through a model: its outputs on a batch, and which operations come last, behind the logits, and first."""

import contextlib
import functools
import re
import warnings
from dataclasses import dataclass, field

import numpy as np

from ..quiet import keras, tf

# Operations that move or rename numbers, and those that rescale them; what stands behind is still "the last" or "x".
MOVES = {"Cast", "ConcatV2", "ExpandDims", "Identity", "IdentityN", "Pack", "Reshape", "SelectV2", "Squeeze"}
MOVES |= {"StopGradient", "Transpose"}
RESCALES = MOVES | {"Add", "AddV2", "BiasAdd", "Div", "Mul", "Neg", "Pad", "RealDiv", "Relu", "StridedSlice", "Sub"}
WEIGHTED = {"BatchMatMulV2", "BatchMatMulV3", "Conv2D", "Conv3D", "DepthwiseConv2dNative", "Einsum", "MatMul"}
WEIGHTED |= {"TensorListFromTensor"}  # where a recurrent layer begins
CUTS = {"ArgMax", "ArgMin", "Round", "Rint", "Floor", "Ceil", "Greater", "GreaterEqual", "Less", "LessEqual", "Sign"}
CUTS |= {"StopGradient", "PyFunc", "EagerPyFunc", "Multinomial"}
CLIPS = {"Minimum", "Maximum", "ClipByValue"}
# The product of a dropout, by either name that TensorFlow gives it.
DROPOUT = re.compile(r"/stateless_dropout/|/dropout(_\d+)?/[Mm]ul")


# What Keras warns of where a layer drops the mask.
MASK_LOST = re.compile(r"Layer '([^']+)' .*does not support masking")


@dataclass
class Output:
    """One output: its `tensor`, and the operations found at its end."""

    tensor: object = None
    mask: object = None  # Keras's mask of the positions that count, where there is one
    last: set = field(default_factory=set)  # the last operations that make numbers
    inner: set = field(default_factory=set)  # those before a last softmax or sigmoid
    dropped: set = field(default_factory=set)  # dropout behind the logits, seen with training=True
    direct: bool = False  # nothing stands behind the last one
    moved: set = field(default_factory=set)  # the types of what moves or renames its numbers
    scores: tuple = ()  # what the last weights give, before and after a reshape that stands behind them


class Walk:
    """The model run once on a batch, with training=False, as a graph, or eagerly where the model says so."""

    def __init__(self, model, batch):
        self.model, self.batch = model, batch
        self.x = tf.nest.map_structure(tf.convert_to_tensor, batch.x)
        self.mask_lost_in = []
        self.ends, self.entering, self.added, self.used, self.of_one, self.cuts = [], [], [], [], [], []
        self.structure = self._run()
        flat = keras.tree.flatten(self.structure)
        self.ends = self.ends or [Output() for _ in flat]
        for end, tensor in zip(self.ends, flat, strict=True):
            end.tensor = tensor
        if len(batch.inputs) == 1 and not any(map(may_drop, model._flatten_layers())):
            return
        with contextlib.suppress(Exception):  # some models cannot train on such a batch: that is for `fit` to say
            traced(self._training, self.x)

    def _run(self):
        """Return the outputs in the structure that the model gives them."""
        try:
            try:
                output, masks, scores, entering, added = traced(self._graph, self.x)(self.x)
            except Exception:
                if not self.model.run_eagerly:
                    raise
                # A model for eager use only: what comes last stays unknown.
                masks, scores, entering, added = {}, {}, [], []
            if self.model.run_eagerly:
                output = self.model(self.x, training=False)
        except Exception as error:
            shapes = ", ".join(str(array.shape) for _, array in self.batch.inputs)
            raise ValueError(
                f"`model` cannot take `x` of shape {shapes}: {reason(error).rstrip('.')}. {self._hint()}"
            ) from error
        for i, mask in masks.items():
            self.ends[int(i)].mask = np.asarray(mask)
        for i, pair in scores.items():
            self.ends[int(i)].scores = tuple(np.asarray(t, dtype=np.float64) for t in pair)
        self.entering = [np.asarray(t, dtype=np.float64) for t in entering]
        self.added = [float(value) for value in added]
        for tensor in keras.tree.flatten(output):
            if not isinstance(tensor, tf.Tensor):
                raise ValueError(f"`model` returns a {type(tensor).__name__}; wanted a tensor, or several.")
            if tensor.shape.rank == 0 or len(tensor) != self.batch.rows:
                raise ValueError(
                    f"`model` returns shape {tuple(tensor.shape)} for {self.batch.rows} rows; wanted a row for each."
                )
        return output

    def _hint(self):
        """Return what to do about inputs that the model cannot take."""
        wanted, y = getattr(self.model, "input_shape", None), self.batch.y
        if isinstance(self.batch.x, dict):
            names = [tensor.name for tensor in getattr(self.model, "inputs", None) or ()]
            if names and set(names) != set(self.batch.x):
                return (
                    f"x has {', '.join(map(repr, self.batch.x))}; the model's inputs are {', '.join(map(repr, names))}."
                )
        if isinstance(wanted, tuple) and hasattr(y, "shape") and y.shape[1:] == wanted[1:] != self.batch.x.shape[1:]:
            return "y has the shape of the model's input: are x and y exchanged?"
        return "Give it one batch as for model(x)."

    def _graph(self, x):
        """Call the model in a graph, and note where it ends and begins."""
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            output = self.model(x, training=False)
        self.mask_lost_in = [found[1] for each in said if (found := MASK_LOST.search(str(each.message)))]
        masks, scores = {}, {}
        for i, tensor in enumerate(keras.tree.flatten(output)):
            end = Output()
            if isinstance(tensor, tf.Tensor):
                end.last = ends_of(tensor, end.moved)
                end.direct = tensor.op in end.last  # nothing stands behind the last activation
                end.inner = before_activations(end.last)
                if pair := reshaped(tensor, end):
                    scores[str(i)] = pair
                if (mask := getattr(tensor, "_keras_mask", None)) is not None:
                    masks[str(i)] = mask
            self.ends.append(end)
        operations = tf.compat.v1.get_default_graph().get_operations()
        self.cuts = [op for op in operations[::-1] if op.type in CUTS]
        self.of_one = [op for op in operations if over_one(op)]
        entering = [t for tensor in keras.tree.flatten(x) for t in entering_from(tensor)]
        return output, masks, scores, entering, list(self.model.losses)

    @functools.cached_property
    def reached_by_added(self):
        """Return the ids of the trainable weights to which the losses that the layers add give a gradient."""
        variables = self.model.trainable_variables
        if not self.added or not variables:
            return set()

        def step(x):
            with tf.GradientTape() as tape:
                self.model(x, training=False)
                total = tf.add_n([tf.cast(tf.reduce_sum(loss), tf.float32) for loss in self.model.losses])
            found = tape.gradient(total, [v.value for v in variables])
            reached.update(id(v) for v, gradient in zip(variables, found, strict=True) if gradient is not None)
            return total

        reached = set()
        with contextlib.suppress(Exception):
            step(self.x) if self.model.run_eagerly else traced(step, self.x)
        return reached

    def moves(self, variable, places):
        """Whether other numbers in a weight change one of the outputs at `places`; the weight gets its own back."""
        given = self.again
        outputs = self.outputs_with([variable], lambda value: np.roll(value, 1) * 3 + 1)
        return any(not np.array_equal(outputs[i], given[i]) for i in places)

    @functools.cached_property
    def again(self):
        """Return the outputs as a plain call gives them: the last digits of a graph may differ."""
        return self.outputs_with([], None)

    def outputs_with(self, variables, change, x=None):
        """Return the outputs, flat, with other numbers in some weights, which get their own back, or for another x."""
        before = [variable.numpy() for variable in variables]
        try:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(change(value))
            return keras.tree.flatten(self.model(self.x if x is None else x, training=False))
        finally:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)

    def _training(self, x):
        """Call the model as `fit` does, in a graph that never runs; note late dropout and inputs in use."""
        outputs = keras.tree.flatten(self.model(x, training=True))
        behind = all_behind(outputs)
        self.used = [tensor.op in behind for tensor in keras.tree.flatten(x)]
        for end, tensor in zip(self.ends, outputs, strict=True):
            last = ends_of(tensor)
            products = (op for op in last | before_activations(last) if op.type == "Mul")
            end.dropped = {op for op in products if DROPOUT.search(op.name)}
        return x


def may_drop(layer):
    """Whether a layer draws random numbers, or is somebody's own, which may."""
    own = not type(layer).__module__.startswith("keras.") or isinstance(layer, keras.layers.Lambda)
    return own or bool(getattr(layer, "_seed_generators", True))


def traced(function, *tensors):
    """Return `function` as a graph for these tensors; TensorFlow warns when a tf.function itself is made often."""
    return tf.function(function, autograph=False).get_concrete_function(*tensors)


def reason(error):
    """Return the sentence that matters of an error from Keras or TensorFlow."""
    text = re.sub(r"\x1b\[\d*m|\{\{.*?\}\} ?|'\S* = \w+\[.*?\)' ?|( ?; NodeDef:|\[Op:|\[\[).*", "", str(error))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith(("Exception enc", "Graph exec"))), "no reason given.")


def ends_of(tensor, moved=None):
    """Return the operations that made `tensor`, looking through those that only move its numbers, or clip it to 0..1.

    The types of these are added to `moved`.
    """
    ends, todo, seen = set(), [tensor.op], set()
    while todo:
        op = todo.pop()
        if op in seen or op.type == "Const":
            continue
        seen.add(op)
        inputs = [t for t in op.inputs if t.dtype.is_floating]
        if op.type in MOVES and inputs:
            todo += [t.op for t in inputs]
        elif op.type in CLIPS and inputs and {end.type for end in ends_of(inputs[0])} <= {"Softmax", "Sigmoid"}:
            todo.append(inputs[0].op)
        else:
            ends.add(op)
            continue
        if moved is not None:
            moved.add(op.type)
    return ends


def reshaped(tensor, end):
    """Return what the last weights of an output give, before and after a reshape and a transposition, or None."""
    if len(end.last) == 1 and end.direct and next(iter(end.last)).type in ("Softmax", "Sigmoid"):
        tensor = tensor.op.inputs[0]
    moved = set()
    ends = ends_of(tensor, moved)
    if len(ends) != 1 or not {"Reshape", "Transpose"} <= moved:
        return None
    op = ends.pop()
    return (op.outputs[0], tensor) if op.type in ("BiasAdd", "AddV2", "Conv2D") else None


def over_one(op):
    """Whether an operation is a softmax over an axis of size 1, of (B, T, 1) with several steps."""
    shape = op.outputs[0].shape if op.type == "Softmax" else None
    return shape is not None and shape.rank == 3 and shape[-1] == 1 and shape[-2] not in (None, 1)


def all_behind(tensors):
    """Return every operation that `tensors` depend on."""
    todo, seen = [tensor.op for tensor in tensors], set()
    while todo:
        op = todo.pop()
        if op not in seen:
            seen.add(op)
            todo += [*(tensor.op for tensor in op.inputs), *op.control_inputs]
    return seen


def before_activations(last):
    """Return the operations that made what a softmax or sigmoid among the last ones takes."""
    return {end for op in last if op.type in ("Softmax", "Sigmoid") for end in ends_of(op.inputs[0])}


def entering_from(x):
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


def layer_of(op, model):
    """Return the name of the layer that an operation belongs to.

    Keras opens the name of a layer in each call, so that TensorFlow numbers it: of `dense` it makes `dense_1`.
    """
    names = {layer.name for layer in model._flatten_layers()}
    *scopes, own = op.name.split("/")
    for part in reversed(scopes):
        for name in (re.sub(r"_\d+$", "", part), part):
            if name in names:
                return name
    return scopes[-1] if scopes else own
