"""Which outputs of a model are examined, with which labels, loss and weights, and under which name."""

from ..quiet import keras, tf
from .measure import Case


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
