"""Findings in gradients and what can be learned: nothing to train, units alike, a batch that says nothing."""

import numpy as np

from ..quiet import keras, tf
from .finding import Finding
from .graph import layer_of
from .measure import FEW, span

ROWS = 8  # fewer rows of one class say nothing
ROWS_OF_TWO = 64  # with two classes one may be rare


def frozen(case):
    """Find a model without trainable weights."""
    if case.model.trainable_variables:
        return None
    count = sum(int(np.prod(v.shape)) for v in case.model.weights)
    what = "Every layer is frozen" if count else "The model has no weights"
    return Finding(
        "nothing to train",
        f"{what}: fit will run, and change nothing.",
        f"0 of {len(case.model.weights)} weights are trainable, {count} numbers stay as they are.",
        "model.trainable = True for what should learn, then compile again"
        if count
        else "add a layer with weights; Keras does not see layers inside an object of plain Python: make it a Layer",
    )


def no_gradient(case):
    """Find a loss or a model through which no gradient comes back to any weight.

    The gradient of the real loss to each trainable weight is None. Where the output still gets one, the model
    interrupts it; where it does not, the loss does.
    """
    pairs = case.weight_gradients
    if not pairs or any(gradient is not None for _, gradient in pairs):
        return None
    tried = case.try_gradient(case.p) if case.gradient is None else case.gradient
    inside = tried is None or not np.any(tried)  # of a recovered softmax the output gets none, and the logits do
    cut = next(iter(case.walk.cuts), None) if not inside else None
    return Finding(
        "no gradient reaches the weights",
        f"The {'loss' if inside else 'model'} interrupts the way back: argmax, round, a comparison, a cast to "
        "integers, stop_gradient and NumPy have no gradient.",
        f"0 of {len(pairs)} weights get a gradient; the output, {case.p.shape} {case.dtype}, "
        f"{'gets none either' if inside else 'gets one'}."
        + (f" The last of these is {cut.type} in {layer_of(cut, case.model)!r}." if cut is not None else ""),
        "a loss on the scores themselves, such as a cross-entropy, with no argmax, round, comparison, cast or "
        "stop_gradient between them and its result"
        if inside
        else "remove what interrupts it between weights and output; stop_gradient belongs on one branch only",
    )


def cut_off(walk, cases):
    """Find weights that move an output and get no gradient from any loss: something between them interrupts it.

    Whether they move it is tried: the output is computed with other numbers in the weight. Weights that move nothing
    take no part: of them a note is made, and no finding.

    Returns
    -------
    tuple
        A list of one Finding or none, and a list of notes.
    """
    if any(case.weight_gradients is None for case in cases):
        return [], []
    reached = {id(v) for case in cases for v, gradient in case.weight_gradients if gradient is not None}
    reached |= walk.reached_by_added
    lost = [v for v in walk.model.trainable_variables if id(v) not in reached]
    if not lost or not reached:
        return [], []
    moving = [v for v in lost if walk.moves(v, {case.place for case in cases})]
    notes = without_part([v.path for v in lost if not any(v is m for m in moving)], walk.model)
    if not moving:
        return [], notes
    return [
        Finding(
            "no gradient for a part of the weights",
            "The output depends on these weights, and the way back to them is interrupted: argmax, round, a "
            "comparison, a cast to integers, stop_gradient and NumPy have no gradient. They stay as they began.",
            f"{len(moving)} of {len(walk.model.trainable_variables)} trainable weights get no gradient, the first is "
            f"{moving[0].path}; other numbers in it change the output.",
            "remove what interrupts it after that layer; if it should stay as it is: layer.trainable = False",
        )
    ], notes


def without_part(paths, model):
    """Note where trainable weights take no part in the loss, and stay as they are."""
    count = len(model.trainable_variables)
    said = f"{len(paths)} of {count} trainable weights take no part in the loss on this batch, the first is "
    return [said + f"{paths[0]}."] if paths else []


def units_alike(case):
    """Find units whose weights are all equal, zeros or ones, and whose gradients are equal too: they stay alike."""
    for variable, gradient in case.weight_gradients or ():
        if (
            gradient is None
            or gradient.shape != tuple(variable.shape)
            or len(variable.shape) < 2
            or variable.shape[-1] < 2
            or variable.name.endswith("bias")  # of several heads; all biases begin at 0
        ):
            continue
        value = np.asarray(variable.numpy(), np.float64)
        flat, slope = value.reshape(-1, value.shape[-1]), gradient.reshape(-1, value.shape[-1])
        if np.ptp(flat, axis=1).max() == 0 and np.ptp(slope, axis=1).max() <= 1e-6 * np.abs(slope).max():
            zero = not slope.any()
            return Finding(
                "units that stay alike",
                "The units of a layer have the same weights and get "
                + (
                    "no gradient at all."
                    if zero
                    else "the same gradient: they remain one unit, however many there are."
                ),
                f"{value.shape[-1]} columns of {variable.path}, {value.shape}, are equal, the numbers {span(value)}; "
                f"their gradients are {'0' if zero else 'equal'}.",
                'kernel_initializer="glorot_uniform", the default, instead of zeros or ones',
            )
    return None


def dead(case):
    """Find a loss above 0.01 whose gradient is exactly 0 for every weight matrix."""
    pairs = [(v, g) for v, g in case.weight_gradients or () if len(v.shape) > 1]
    if not pairs or case.losses.mean() < 0.01 or any(g is None or g.any() for _, g in pairs):
        return None
    empty = not any(np.any(x) for _, x in case.batch.inputs)
    return Finding(
        "dead units: no gradient for this batch",
        "All inputs of this batch are 0: weights that multiply them get no gradient."
        if empty
        else "The output does not depend on the input any more: relu units below 0 for every row, or saturated ones, "
        "pass nothing back.",
        f"The loss is {case.losses.mean():.4f}, and the gradient of all {len(pairs)} weight matrices is exactly 0.",
        "look at what loads or scales x: np.abs(x).max()"
        if empty
        else "build the model anew; smaller steps, scaled inputs, or activation='leaky_relu'",
    )


def same_for_all(case):
    """Find an output that is the same for rows that differ, also with random numbers added to every weight.

    A last layer that begins at 0 is not reported.
    """
    rows = case.p.reshape(len(case.p), -1)
    if len(rows) < 4 or not _equal_rows(rows) or not any(np.any(x[1:] != x[:1]) for _, x in case.batch.inputs):
        return None
    rng = np.random.default_rng(0)
    outputs = case.walk.outputs_with(
        case.model.trainable_variables, lambda value: value + 0.3 * rng.normal(size=value.shape)
    )
    output = outputs[case.place]
    if not _equal_rows(np.asarray(output, np.float64).reshape(len(rows), -1)):
        return None
    return Finding(
        "the same output for every row",
        "The output does not depend on the input, whatever the weights: a mask the wrong way round, a branch that is "
        "multiplied by 0, a mean over the batch.",
        f"{len(rows)} rows that differ give one output, beginning with {case.p.reshape(-1)[0]:.4g}; with other weights "
        "too.",
        "call the layers one by one on two rows; in Keras a mask of True is what counts",
    )


def _equal_rows(rows):
    """Whether all rows are equal but for rounding."""
    return bool(np.ptp(rows, axis=0).max() <= 1e-5 * max(np.abs(rows).max(), 1e-6))


def hidden(case):
    """Find a batch of which nothing counts: mask, ignore_class, sample_weight or class_weight leave no row."""
    counted = case.counted
    masked = case.mask is not None and not np.any(case.mask)
    weight = case.sample_weight
    if masked or (case.kind and not counted.any()):
        by = "The mask of a layer (Masking, mask_zero)" if masked else f"ignore_class={case.ignore_class}"
        change = "check mask_value and padding: what is 0 in x?" if masked else "check the labels before padding"
        evidence = f"0 of {counted.size} positions count; y holds {', '.join(f'{v:g}' for v in np.unique(case.y)[:5])}."
    elif weight is not None and not np.any(weight):
        by, change = "sample_weight", "give the rows that count a weight above 0"
        evidence = f"0 of {weight.size} weights differ from 0."
    else:
        return None
    return Finding(
        "everything is hidden from the loss",
        f"{by} leaves nothing of this batch: its loss is 0 or NaN, and nothing is learned from it.",
        evidence,
        change,
    )


def one_class(case):
    """Find a batch whose labels are all of one class."""
    if case.kind in FEW and case.targets is not None and case.targets.size:
        labels, counted = case.targets.argmax(-1), case.counted
    elif case.kind == "binary" and case.y.size == len(case.y):
        labels, counted = case.y.reshape(-1), np.ones(len(case.y), bool)
    else:
        return None
    if len(case.batch.inputs) > 1:
        return None  # in pairs, the place of the right answer is often fixed
    layers = [layer for layer in getattr(case.model, "layers", ()) if layer.weights]
    if layers and not layers[-1].trainable_variables and case.model.trainable_variables:
        return None  # a frozen judge of what comes before it, as in a GAN: "real" is asked of every row
    every, weight = labels[counted], case.sample_weight
    if weight is not None and np.shape(weight) in (labels.shape, labels.shape[:1]):
        counted = counted & (np.reshape(weight, weight.shape + (1,) * (labels.ndim - weight.ndim)) != 0)
    if case.class_weight:
        counted = counted & ~np.isin(labels, [number for number, value in case.class_weight.items() if value == 0])
    labels, classes = labels[counted], max(case.classes, 2)
    if labels.size and (labels == labels[0]).all() and (every != every[0]).any():
        return _left_alone(labels, every)
    if len(case.y) < (ROWS if classes > 2 else ROWS_OF_TWO) or not labels.size or (labels != labels[0]).any():
        return None
    return Finding(
        "one class in the batch",
        "All labels of this batch are the same, which a constant answer fits. Either the rows are sorted by class, or "
        "y is the wrong array.",
        f"{labels.size} labels are all {labels[0]:g}; the model has {classes} classes. To tell: np.unique(y) of all "
        "labels shows the others if they are sorted.",
        "arrays, which fit shuffles: ask about a random batch; a dataset: .shuffle(len(y)).batch(32); or correct y",
    )


def _left_alone(labels, every):
    """Find weights of 0 on the labels of all classes but one."""
    return Finding(
        "weights leave one class",
        "Weights of 0 hide all labels but those of one class, which a constant answer fits. In sequences that is "
        "often the padding: weights the wrong way round.",
        f"{labels.size} of {every.size} labels have a weight, all are {labels[0]:g}; the others have "
        f"{len(np.unique(every))} classes.",
        "sample_weight = (x != 0).astype('float32') for padding of 0; 0 in class_weight hides a class",
    )


def single_number(case):
    """Find a layer normalisation over an axis of size 1."""
    for layer in case.model._flatten_layers():
        weights = layer.weights if isinstance(layer, keras.layers.LayerNormalization) else ()
        if any(np.prod(weight.shape) == 1 for weight in weights):
            return Finding(
                "normalisation over one number",
                "Layer normalisation subtracts the mean over an axis; over one number that is the number itself, and 0 "
                "is left whatever the input.",
                f"{layer.name!r} has {len(weights)} weights of size 1; the output goes from {case.p.min():.4g} to "
                f"{case.p.max():.4g}.",
                f"remove {layer.name!r}, or put it before the last Dense",
            )
    return None


def unused_input(walk):
    """Find one of several inputs on which no output depends, in the graph that training makes."""
    unused = [name for (name, _), used in zip(walk.batch.inputs, walk.used, strict=False) if not used]
    if not unused or len(unused) == len(walk.batch.inputs) or walk.added:
        return []
    return [
        Finding(
            "an input that nothing depends on",
            "No output depends on this input: a branch is left out, or another one is joined twice.",
            f"{len(unused)} of {len(walk.batch.inputs)} inputs lead to no output, the first is {unused[0]}.",
            "look where the branches are joined: Concatenate()([a, b])",
        )
    ]


def batch_of_one(case):
    """Find batch normalisation of (B, features) that trains on a batch of one row."""
    if len(case.y) > 1:
        return None
    for layer in case.model._flatten_layers():
        spec = getattr(layer, "input_spec", None)
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable and getattr(spec, "ndim", None) == 2:
            return Finding(
                "batch normalisation over one row",
                "While training, batch normalisation subtracts the mean of the batch; of a single row nothing remains.",
                f"The batch has 1 row; {layer.name!r} normalises over the rows.",
                "batches of 8 rows or more; LayerNormalization does not look at other rows",
            )
    return None


def unseen(case):
    """Find a tf.Variable in a layer: Keras trains and saves only what add_weight or keras.Variable makes."""
    for layer in case.model._flatten_layers():
        for name, value in vars(layer).items():
            # A single number may be a setting that a callback moves.
            if isinstance(value, tf.Variable) and value.trainable and value.dtype.is_floating and value.shape.rank:
                return Finding(
                    "a weight that Keras does not see",
                    "A layer holds a tf.Variable, which Keras 3 neither trains nor saves.",
                    f"{layer.name}.{name} has {int(np.prod(value.shape))} numbers; the model has "
                    f"{len(case.model.trainable_variables)} trainable weights, and it is none of them.",
                    "in build: self.w = self.add_weight(shape=..., initializer=...)",
                )
    return None


READ_MASKS = (keras.layers.RNN, keras.layers.Bidirectional, keras.layers.GlobalAveragePooling1D)


def mask_lost(walk):
    """Find a mask that a layer drops before a recurrent layer or an average over the steps, which would use it."""
    layers = walk.model._flatten_layers()
    names = [layer.name for layer in layers]
    for lost in walk.mask_lost_in:
        later = layers[names.index(lost) + 1 :] if lost in names else []
        reader = next((layer.name for layer in later if isinstance(layer, READ_MASKS)), None)
        if reader:
            zeros = [np.mean(x == 0) for _, x in walk.batch.inputs if x.dtype.kind in "iu" and x.ndim == 2]
            share = f"{100 * zeros[0]:.0f} % of the steps of x are 0" if zeros else "a mask came in"
            return [
                Finding(
                    "a mask is lost on its way",
                    "A layer hides padding by a mask, another one drops the mask, and a later one reads the padding.",
                    f"{lost!r} drops it before {reader!r}; {share}.",
                    f"remove {lost!r}, or hand the mask on: {reader}(h, mask=keras.ops.not_equal(x, 0))",
                )
            ]
    return []
