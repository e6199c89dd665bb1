"""Findings in the loss: what it takes the output for, and what it gives back."""

import contextlib

import numpy as np

from ..checks import first
from ..losses import softmax, softmax_gradient
from ..quiet import keras, tf
from .endings import behind_nothing, norm_of_rows
from .finding import Finding
from .graph import layer_of
from .measure import FEW
from .reads import function_of

FAR = 3  # times ln K: an untrained model starts near ln K, a useful one below it
ENOUGH_ROWS = 8  # fewer rows say little about a mean loss
MOST_SMOOTHING = 0.95
MUCH_PADDING = 0.2  # of the steps
SHOWN = 5e-5  # what four decimals show


def broadcast(case):
    """Find labels of another shape than the output, where the loss is that of the labels repeated over the output."""
    y, p = case.y, case.p
    column = y.ndim == p.ndim - 1 and p.shape == (*y.shape, 1)
    if case.kind in FEW or y.shape == p.shape or y.ndim > p.ndim or (case.reading.by_hand and not column):
        return None  # a loss of somebody's own may cut its output, or not look at labels
    if p.ndim > 2 and y.ndim < p.ndim and y.size == len(y) and p.shape[-1] == 1:
        return _over_steps(case)
    with contextlib.suppress(Exception):
        shape = (*y.shape, 1) if column else p.shape
        intended = np.reshape(y, shape) if column else np.broadcast_to(y, shape)
        given, value = _value_of(case, y), _value_of(case, intended)
        same = np.isclose(value, given, rtol=1e-4)
        if column and not np.isclose(given, _value_of(case, np.roll(y, 1, axis=0)), rtol=1e-4):
            return None  # each output meets its own label: of all pairs the order makes no difference
        if same != column:
            return Finding(
                "loss broadcasts labels",
                "Labels and outputs differ in shape, and the loss spreads one over the other: every label is "
                "compared with outputs that are not its own. No error is raised.",
                f"y {y.shape} against output {p.shape} gives {given:.5g}"
                + (f"; with y of shape {shape} it is {value:.5g}." if column else ", the loss of y repeated."),
                f"y = y.reshape({shape})"
                if column
                else f"y of shape {p.shape}, a target for each unit; for quantities of one unit Dense(1)"
                if (y % 1).any()
                else f"loss='{cross_entropy_for(case)}' for {case.classes} classes",
            )


def _over_steps(case):
    """Find one target for each row that the loss compares with an answer at every step."""
    steps = case.p.shape[:-1]
    with contextlib.suppress(Exception):
        repeated = np.broadcast_to(case.y.reshape(-1, *[1] * (len(steps) - 1)), steps)
        given = _value_of(case, case.y)
        if np.isclose(given, _value_of(case, repeated), rtol=1e-4):
            return Finding(
                "loss broadcasts labels",
                "The model answers at every step, and the loss compares each answer with the one target of the row. No "
                "error is raised.",
                f"y {case.y.shape} against output {case.p.shape} gives {given:.5g}, the loss of y repeated "
                f"{int(np.prod(steps[1:]))} times.",
                f"one answer for a row: return_sequences=False, Flatten or pooling; or y of shape {steps}",
            )


def _value_of(case, y):
    """Return the loss of the batch with other labels, in whatever shape."""
    return float(case.loss(tf.constant(y), tf.constant(case.p, case.dtype)))


def cross_entropy_for(case):
    """Return the name of the cross-entropy that fits the number of outputs."""
    return "sparse_categorical_crossentropy" if case.classes > 1 else "binary_crossentropy"


def softmax_with_binary(case):
    """Find a softmax under binary cross-entropy, which judges each unit alone."""
    if case.kind == "binary" and case.softmax_last and case.probs:
        return Finding(
            "softmax with a binary loss",
            "Binary cross-entropy judges each unit alone, as sigmoid makes them; softmax ties them together."
            + (
                " Keras hands it the logits before the softmax: it trains sigmoids, and predict gives a softmax."
                if case.gradient is None
                else ""
            ),
            f"The rows of the output, {case.p.shape}, sum to 1.",
            "loss='categorical_crossentropy' for one true class a row;\nactivation='sigmoid' for several",
        )


def hinge_on_probs(case):
    """Find a sigmoid under a hinge loss, which turns labels 0 and 1 into -1 and 1 and wants scores of either sign."""
    fn, _ = function_of(case.loss)
    if fn not in (keras.losses.hinge, keras.losses.squared_hinge) or not case.sigmoid_last:
        return None
    best = case.try_loss((case.y.reshape(case.p.shape) > 0).astype(float)) if case.y.size == case.p.size else np.nan
    return Finding(
        "probabilities under a hinge loss",
        "Hinge takes labels 0 and 1 for -1 and 1 and wants a score beyond that on the side of the label; a sigmoid "
        "never goes below 0, so every row of the other class keeps a loss of 1 or more.",
        f"The output lies between {case.p.min():.3g} and {case.p.max():.3g}, the loss is {case.losses.mean():.4f}; "
        f"for perfect probabilities it would be {best:.4f}.",
        "Dense(1) without activation, or activation='tanh'; for probabilities:\nloss='binary_crossentropy'",
    )


def probs_as_logits(case):
    """Find probabilities that the loss takes for logits: rows of 0..1 that sum to 1, or a sigmoid last in the graph."""
    if not case.from_logits or case.kind is None or case.gradient is None:
        return None
    if case.probs if case.kind in FEW else case.sigmoid_last:
        function = "softmax" if case.kind in FEW else "sigmoid"
        floor = np.log1p((case.classes - 1) / np.e) if case.kind in FEW else np.log1p(1 / np.e)
        return Finding(
            "probabilities with from_logits=True",
            f"The model ends in probabilities and the loss applies {function} to them again.",
            f"The output lies between {case.p.min():.3g} and {case.p.max():.3g}"
            + (" and its rows sum to 1" if case.kind in FEW else "")
            + f". The loss is {case.losses.mean():.4f}; for perfect probabilities it would still be {floor:.4f}.",
            f"remove the {function}"
            + (f" (best), or\n{case.fixed_loss(False)}" if case.direct else ", and leave from_logits=True"),
        )


def logits_as_probs(case):
    """Find logits that the loss takes for probabilities: rows outside 0..1, or that do not sum to 1."""
    if case.from_logits or case.kind is None or case.gradient is None or case.probs:
        return None
    if case.kind == "binary" and not case.outside.any():
        return None
    zero = np.mean(case.gradient == 0)
    if case.reading.by_hand and (case.p > 0).all() and not zero:
        return None  # it divides rows of evidence by their sum, and clips nothing
    sums = case.p.sum(-1)
    return Finding(
        "logits without from_logits=True",
        "The model ends in scores; the loss takes them for probabilities and clips them to 0..1.",
        f"The output goes from {case.p.min():.4g} to {case.p.max():.4g}"
        + (f", its rows sum to {sums.min():.4g} to {sums.max():.4g}" if case.kind in FEW else "")
        + f". The loss is {case.losses.mean():.4f}; {100 * zero:.0f} % of its gradient is exactly 0."
        + true_loss(case),
        case.fixed_loss(True)
        + (
            ",\nand a threshold of 0 in accuracy, precision and recall; or\nactivation='sigmoid'"
            if case.kind == "binary"
            else ""
        ),
    )


def true_loss(case):
    """Say what the loss would be from logits, where that can be said."""
    if case.targets is None or case.kind not in FEW:
        return ""
    nll = -(case.targets * np.log(np.maximum(softmax(case.p), 1e-300))).sum(-1)[case.counted].mean()
    return f" From logits it would be {nll:.4f}."


def smoothed_away(case):
    """Find `label_smoothing` of 0.95 or more."""
    smoothing = case.kwargs.get("label_smoothing") or 0.0
    if smoothing < MOST_SMOOTHING:
        return None
    share = 1 - smoothing + smoothing / max(case.classes, 2)
    return Finding(
        "labels smoothed away",
        "label_smoothing is the share that is taken from the label and given to all classes alike; usual is 0.1.",
        f"label_smoothing={smoothing:g}: the label keeps {share:.4f}, each other class gets "
        f"{smoothing / max(case.classes, 2):.4f}.",
        "label_smoothing=0.1",
    )


def saturated(case):
    """Find rows that give the label a probability below 0.001 and whose logits get a gradient of almost 0."""
    if case.gradient is None or case.targets is None or not case.bounded_by_one:
        return None
    if case.probs:
        push = softmax_gradient(np.log(np.maximum(case.p, 1e-300)), np.nan_to_num(case.gradient))
    else:
        push = case.gradient * case.p * (1 - case.p)
    told = (case.targets >= 0) & (case.targets <= 1)  # others a loss by hand may leave out
    wrong = np.where(told, np.abs(case.p - case.targets), 0).max(-1) > 0.999
    chosen = case.reading.by_hand and not case.kind  # perhaps to trust such rows less: only no gradient at all is told
    frozen = wrong & case.counted & (np.abs(push).max(-1) < (1e-12 if chosen else 1e-3))
    if frozen.any():
        at = first(frozen) if frozen.ndim else ()
        loss = f" with a loss of {case.losses[at]:.4g}" if case.losses.shape == frozen.shape else ""
        return Finding(
            "saturated outputs with zero gradient",
            "Rows are surely wrong and teach nothing: the loss sees only the rounded, clipped probability, whose "
            f"gradient is 0. {why_lost(case)[0]}",
            f"{frozen.sum()} of {frozen.size} rows give the label a probability below 0.001, the first at {at}{loss}. "
            f"The gradient of their logits is at most {np.abs(push[at]).max():.1g}; from logits it would be 1.",
            why_lost(case)[1],
        )


def logits_lost(case):
    """Find a softmax or sigmoid at the end from which Keras cannot recover the logits.

    A reshape, a mask, a wrapper, `ignore_class` or another dtype stands between it and the loss.
    """
    if case.kind is None or case.from_logits or case.gradient is None or case.reading.by_hand:
        return None
    if not (case.probs and case.softmax_last if case.kind in FEW else case.sigmoid_last):
        return None
    why, change = why_lost(case)
    cost, push = case.frozen_cost
    return Finding(
        "logits that Keras cannot recover",
        "Keras usually computes this loss from the logits before the last activation; here it cannot, and a row "
        f"that is surely wrong teaches nothing. {why}",
        f"The loss runs on the output itself ({case.dtype}) and is {case.losses.mean():.4f} now. An output sure "
        f"of a wrong class costs {cost:.3f} nats, however far off its logits, and pushes them by {push:g}.",
        change,
    )


def by_hand_on_probs(case):
    """Note where a cross-entropy written by hand takes probabilities, and so may lose rows."""
    if case.kind is None or case.from_logits or not case.reading.by_hand or case.gradient is None:
        return None
    if not case.bounded_by_one:
        return None
    return (
        "The loss is written by hand, on probabilities: where they round to 0 or 1, or are clipped, a row that is "
        "surely wrong teaches nothing. Safe is the same loss on logits, as keras.losses.binary_crossentropy(y, z, "
        "from_logits=True) inside it."
    )


def why_lost(case):
    """Return what stands between the activation and the loss, and the change that removes it."""
    change = "end the model in logits" + (f",\n{case.fixed_loss(True)}" if case.kind else " and use a cross-entropy")
    if case.kind is None:
        return "The loss is no cross-entropy on logits.", change
    if case.reading.by_hand:
        return "The loss is written by hand, on probabilities.", change
    if case.ignore_class is not None:
        return "`ignore_class` rewrites the output before the loss.", change.replace(
            "True)", f"True, ignore_class={case.ignore_class})"
        )
    if case.low and case.loss.dtype != case.dtype:
        return f"The output is {case.dtype}, and the cast to {case.loss.dtype} drops the logits.", (
            'last layer with dtype="float32"'
        )
    if case.loss.dtype != case.dtype:
        return f"The loss casts the output from {case.dtype} to {case.loss.dtype}.", "remove dtype= from the loss"
    name = next((layer_of(op, case.model) for op in case.last), "the model")
    if case.direct:
        return f"The function in {name!r} is TensorFlow's own and the model runs eagerly.", (
            'activation="softmax" or keras.ops.softmax instead of tf.nn.softmax; or\n' + change
        )
    if any(op.type == "Softmax" and op.inputs[0].op.type == "SelectV2" for op in case.last):
        change += ";\na mask of classes goes into the logits: logits - 1e9 * hidden"
    return f"Something stands behind the activation in {name!r}: a reshape, a mask, a wrapper.", change


def recovered(case):
    """Find `from_logits=True` on a softmax or sigmoid whose logits Keras recovers: the loss is right all the same."""
    if case.from_logits and case.kind and case.gradient is None:
        return Finding(
            "from_logits=True on probabilities, corrected by Keras",
            "The model ends in probabilities and the loss expects logits. Keras recovers the logits and warns; "
            "a reshape, ignore_class or another backend would make it a real second softmax or sigmoid.",
            f"The loss is {case.losses.mean():.4f}, and it did not use the output, which lies between "
            f"{case.p.min():.3g} and {case.p.max():.3g}.",
            f"remove the last activation (best), or\n{case.fixed_loss(False)}",
        )


def far_from_ln_k(case):
    """Find a mean loss above 3 ln K on 8 rows or more, few of them right; an even guess costs ln K."""
    if case.kind is None or case.targets is None or case.counted.sum() < ENOUGH_ROWS:
        return None
    if any("moving_mean" in v.path and not np.any(v.numpy()) for v in case.model.non_trainable_variables):
        return None  # a fresh batch normalisation scales nothing yet where it does not train
    if behind_nothing(case) and norm_of_rows(case) is not None:
        return None  # logits made to one length begin as far from even as that says
    classes = max(case.classes, 2) if case.kind in FEW else 2
    loss = case.losses[case.counted].mean() if case.losses.shape == case.counted.shape else case.losses.mean()
    if case.kind in FEW:
        right = (case.p.argmax(-1) == case.targets.argmax(-1))[case.counted].mean()
    else:
        right = ((case.p > (0 if case.from_logits else 0.5)) == (case.targets > 0.5)).mean()
    if loss > FAR * np.log(classes) and right < (1 + 1 / classes) / 2:
        if case.kind in FEW and _with_small_weights(case) > FAR * np.log(classes):
            return None  # a scale behind a normalisation, as ArcFace has it, and not the weights
        return Finding(
            "loss far from ln K",
            "A model that knows nothing starts near ln K, by giving every class the same. This one is far worse: "
            "sure, and wrong.",
            f"The mean loss over {case.counted.sum()} rows is {loss:.4g}, and ln {classes} = "
            f"{np.log(classes):.4f}; {100 * right:.0f} % of them are right.",
            "before training: smaller inputs and initial weights; after: check that labels and inputs belong together",
        )


def beside(case):
    """Note where regularisers and add_loss add to the loss of the labels: `fit` prints the sum."""
    if case.added and np.isfinite(case.added).all() and abs(sum(case.added)) >= SHOWN:
        note = (
            f"The loss that fit prints has {sum(case.added):.4f} more than that of the labels, "
            f"{float(case.run[0]):.4f}: {len(case.added)} from regularisers and add_loss."
        )
        if min(case.added) < 0:
            note += (
                f" One is negative, {min(case.added):.4f}: right for a reward, as an entropy; a penalty or a Kullback-"
                "Leibler divergence is never below 0, and with the wrong sign has no lower bound."
            )
        return note
    return None


def _with_small_weights(case):
    """Return the mean loss with weight matrices of a thousandth of their size."""
    matrices = [v for v in case.model.trainable_variables if len(v.shape) > 1]
    outputs = case.walk.outputs_with(matrices, lambda value: 1e-3 * value)
    return case.try_loss(np.asarray(outputs[case.place]))


def added_alone(case):
    """Note where `compile` has no loss: layers or a `compute_loss` give the only one."""
    what = "what its own compute_loss gives" if case.computes else "what the layers add"
    return f"No loss in compile: {what}, {float(case.run[0]):.4f} on this batch, is all there is to examine."


def squared(case):
    """Note where the squared or absolute error judges probabilities, and barely corrects sure mistakes."""
    fn, _ = function_of(case.loss)
    judged = case.softmax_last and case.guess is not None
    judged |= case.sigmoid_last and case.classes == 1 and set(np.unique(case.y)) <= {0, 1}
    if fn not in (keras.losses.mean_squared_error, keras.losses.mean_absolute_error) or not judged:
        return None
    return (
        f"{fn.__name__} judges probabilities of classes here. Near 0 and 1 their slope is 0, so a row that is surely "
        "wrong teaches next to nothing; cross-entropy pushes its logits by almost 1."
    )


def on_tensorflow_only(case):
    """Note where the loss runs on logits that Keras recovers, which it does on TensorFlow alone."""
    tied = case.kind == "binary" and case.softmax_last
    if case.kind and not case.from_logits and case.gradient is None and not tied:
        return (
            "This loss is exact on TensorFlow only, where Keras takes the logits from before the last activation. A "
            "model that ends in logits, with from_logits=True, is exact on every backend (chapter 11 of the course)."
        )
    return None


def padding_counts(case):
    """Note where zeros that fill rows up to one length count in loss and accuracy, which flatters both."""
    y, inputs = case.labels, case.batch.inputs
    if case.kind not in FEW or y.ndim != 2 or not case.fits or len(inputs) != 1:
        return None
    x = inputs[0][1]
    if x.shape != y.shape or x.dtype.kind not in "iu" or not case.counted.all() or case.sample_weight is not None:
        return None
    padding = np.cumsum(x[:, ::-1] != 0, axis=1)[:, ::-1] == 0
    if padding.mean() < MUCH_PADDING or len(np.unique(y[padding])) != 1:
        return None
    return (
        f"{100 * padding.mean():.0f} % of the steps are zeros that fill up the rows, all with label "
        f"{y[padding][0]:g}, and they count in loss and accuracy: easy ones, so both look better than they are. "
        "Embedding(..., mask_zero=True), or sample_weight = (x != 0)."
    )
