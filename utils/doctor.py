"""Names the mistake in a compiled Keras model: `diagnose(model, x, y)` looks at one batch and changes nothing.

The findings rest on what utils/examine.py measures: the model's real output, the real loss on it and its gradient.
"""

import contextlib
import textwrap
from dataclasses import dataclass

import numpy as np

from utils.checks import SUM_TOLERANCE, first
from utils.examine import (
    FEW,
    Case,
    check_batch,
    check_model,
    check_weights,
    layer_of,
    reason,
    unchanged,
)
from utils.losses import softmax, softmax_gradient
from utils.quiet import keras, tf

LARGE_INPUT = 20  # mean size of what enters the first weights; scaled inputs stay near 1
LARGEST_INPUT = 100  # and its largest number
FAR = 3  # times ln K: an untrained model starts near ln K, a useful one below it
ENOUGH_ROWS = 8  # fewer rows say little about a mean loss


@dataclass(frozen=True)
class Finding:
    """One mistake: a stable `name`, `what` it is, the `evidence` in numbers, the line to `change`."""

    name: str
    what: str
    evidence: str
    change: str

    def __str__(self):
        """Return the finding in lines of at most 80 characters."""
        lines = [self.name]
        for title in ("what", "evidence", "change"):
            head = f"  {title:<9} "
            for part in getattr(self, title).splitlines():
                indent = {"initial_indent": head, "subsequent_indent": " " * 12}
                lines += textwrap.wrap(part, 80, **indent, break_on_hyphens=False)
                head = " " * 12
        return "\n".join(lines)


def report(findings):
    """Print findings, worst first; "No finding." if there is none.

    Parameters
    ----------
    findings : list of Finding
        What `diagnose` returned.
    """
    print("\n\n".join(str(finding) for finding in findings) or "No finding.")


def diagnose(model, x, y, sample_weight=None, class_weight=None):
    """Look at a compiled model and one batch, and name what is wrong, worst first.

    One cause gives one finding: mend it and ask again. The model is called with `training=False`. Nothing changes:
    weights, optimizer, metrics, compiled state and random state are afterwards as they were.

    Parameters
    ----------
    model : keras.Model
        Compiled and built, with one input, one output and one loss.
    x : array_like, shape (B, ...)
        Inputs of one batch, as for `fit`. From 8 rows on, the loss is also compared with ln K.
    y : array_like, shape (B, ...)
        Labels or target rows of the batch.
    sample_weight : array_like, shape (B,) or that of the losses, optional
        What `fit` would get.
    class_weight : dict of int to float, optional
        What `fit` would get.

    Returns
    -------
    list of Finding
        Empty for a healthy model. Losses in the evidence are in nats.

    Raises
    ------
    ValueError
        If `model` is not a Keras model, not compiled, not built, has several inputs, outputs or losses or cannot
        take `x`; if `x` or `y` is empty, ragged, not numeric, or their lengths differ; if a weight is of the wrong
        kind.
    """
    check_model(model)
    x, y = check_batch(x, y)
    sample_weight, class_weight = check_weights(sample_weight, class_weight, len(x))
    with unchanged(model):
        case = Case(model, x, y, sample_weight, class_weight)
        if findings := [finding for check in FATAL if (finding := check(case))]:
            return findings  # every later number is one of these
        labels, output = _one_of(LABELS, case), _one_of(OUTPUT, case)
        if labels:  # there is no loss to look at
            return labels + output + _one_of(INPUT, case)
        findings = (output or _one_of(LOSS, case)) + _one_of(WEIGHTS, case) + _one_of(INPUT, case)
        return (findings or _one_of(REST, case)) + _one_of(METRICS, case)


def _one_of(checks, case):
    """Return the first finding of a group in a list, or none: the others would name its consequences."""
    return next(([finding] for check in checks if (finding := check(case))), [])


# The checks: each returns a Finding or None


def _nan_in_x(case):
    bad = ~np.isfinite(case.x.astype(np.float64))
    if bad.any():
        at = first(bad)
        return Finding(
            "NaN or Inf in x",
            "The inputs hold numbers that are not finite; every weight they touch becomes NaN.",
            f"{bad.sum()} of {bad.size} inputs, the first x{list(at)} = {case.x[at]}.",
            "assert np.isfinite(x).all()  # find the division or the empty field that made them",
        )


def _nan_in_labels(case):
    bad = ~np.isfinite(case.y.astype(np.float64))
    if bad.any():
        at = first(bad)
        return Finding(
            "NaN or Inf in labels",
            "The labels hold numbers that are not finite; a cast to integers makes some class of them.",
            f"{bad.sum()} of {bad.size} labels, the first y{list(at)} = {case.y[at]}.",
            "assert np.isfinite(y).all()",
        )


def _nan_in_weights(case):
    for variable in case.model.weights:
        value = variable.numpy()
        if value.dtype.kind != "f" and value.dtype.name != "bfloat16":
            continue
        bad = ~np.isfinite(value.astype(np.float64))
        if bad.any():
            return Finding(
                "NaN or Inf in weights",
                "The model is beyond mending by more training: weights are not finite.",
                f"{bad.sum()} of {bad.size} numbers in {variable.path}, the first at {first(bad)}.",
                "build the model anew, find the cause (inputs, labels, learning rate), then train",
            )


def _one_unit(case):
    if case.classes != 1:
        return None
    if case.softmax_last:
        return Finding(
            "softmax over one unit",
            "Softmax divides a number by itself: over one unit the output is 1 whatever the input.",
            f"All {case.p.size} outputs of shape {case.p.shape} are {case.p.min():g} to {case.p.max():g}.",
            "Dense(1) with\nloss=keras.losses.BinaryCrossentropy(from_logits=True), or\nas many units as classes",
        )
    if case.kind in FEW and not case.sigmoid_last:
        return Finding(
            "softmax over one unit",
            f"A {case.kind} loss needs a unit for each class; over the one unit here its softmax is always 1.",
            f"The output has shape {case.p.shape}; the labels hold {_distinct(case.y)}.",
            "loss=keras.losses.BinaryCrossentropy(from_logits=True), or\nas many units as classes",
        )


def _wrong_axis(case):
    if (
        not case.softmax_last
        or case.probs
        or case.classes == 1
        or case.kwargs.get("axis", -1) not in (-1, case.p.ndim - 1)
    ):
        return None
    for axis in reversed(range(case.p.ndim - 1)):
        sums = case.p.sum(axis)
        if case.p.shape[axis] > 1 and np.allclose(sums, 1, rtol=0, atol=case.tolerance):
            rows = case.p.sum(-1)
            return Finding(
                "softmax over the wrong axis",
                f"Softmax runs over axis {axis}; the classes lie on the last axis, {case.p.ndim - 1}.",
                f"Sums along axis {axis} are 1; along the classes they go from {rows.min():.3g} to {rows.max():.3g}.",
                "layers.Softmax(axis=-1), or better no softmax and from_logits=True",
            )


def _softmax_twice(case):
    twice = [op for op in case.inner if op.type == "Softmax"]
    if case.softmax_last and twice:
        largest, bound = case.p.max(), np.e / (np.e + case.classes - 1)
        return Finding(
            "softmax twice",
            "The model applies softmax to the output of a softmax; no probability can come near 1.",
            f"A softmax in {layer_of(twice[0])!r} feeds the last one in {layer_of(next(iter(case.last)))!r}. "
            f"The largest output is {largest:.4f}; with {case.classes} classes it can never pass {bound:.4f}.",
            "remove both softmaxes and compile with from_logits=True",
        )


def _one_hot_with_sparse(case):
    if case.kind == "sparse" and case.y.ndim == case.p.ndim and case.y.shape[-1] > 1:
        return Finding(
            "one-hot labels with a sparse loss",
            "The loss wants one class number for each row; the labels are rows with a number for each class.",
            f"y has shape {case.y.shape}; for an output {case.p.shape} a sparse loss wants {case.p.shape[:-1]}.",
            f"{case.fixed_loss(case.from_logits).replace('Sparse', '')}, or\ny = y.argmax(axis=-1)",
        )


def _integers_with_categorical(case):
    if case.kind == "categorical" and case.classes > 1 and case.labels.shape == case.p.shape[:-1]:
        return Finding(
            "integer labels with a categorical loss",
            "The loss wants a row with a number for each class; the labels are class numbers.",
            f"y has shape {case.y.shape} and holds {_distinct(case.y)}; the output has shape {case.p.shape}.",
            f"{case.fixed_loss(case.from_logits).replace('Categorical', 'SparseCategorical')}",
        )


def _fractions(case):
    if case.kind != "sparse":
        return None
    y = case.y.astype(np.float64)
    bad = y != np.trunc(y)
    if bad.any():
        at = first(bad)
        return Finding(
            "labels with fractions",
            "Labels are class numbers; Keras cuts the fraction off without a word, and another class remains.",
            f"{bad.sum()} of {bad.size} labels, the first y{list(at)} = {y[at]:g}, is read as class {int(y[at])}.",
            "resize masks with the nearest neighbour, or\ny = np.rint(y).astype('int64')",
        )


def _corrupted(case):
    if case.kind != "sparse":
        return None
    seen = np.asarray(tf.cast(tf.cast(case.y, case.loss.dtype), tf.int64))
    bad = seen != case.y.astype(np.int64)
    if bad.any():
        at = first(bad)
        return Finding(
            "labels corrupted by the dtype",
            f"The loss computes in {case.loss.dtype}, which cannot hold these class numbers; they become others.",
            f"{bad.sum()} of {bad.size} labels, the first y{list(at)} = {case.y[at]}, is read as class {seen[at]}.",
            f'{case.fixed_loss(case.from_logits)[:-1]}{", " * case.from_logits}dtype="float32")',
        )


def _out_of_range(case):
    y = case.y.astype(np.float64)
    if case.kind == "sparse" and case.labels.shape == case.p.shape[:-1]:
        y, top, wanted = case.labels.astype(np.float64), case.classes - 1, f"{case.classes} outputs have labels 0 to"
        bad = case.counted & ((y < 0) | (y > top))
    elif case.kind == "binary":
        top, wanted, bad = 1, "binary cross-entropy takes labels 0 to", (y < 0) | (y > 1)
    else:
        return None
    if not bad.any():
        return None
    at, low, high = first(bad), y.min(), y.max()
    change = f"make the last layer Dense({int(high) + 1}), or correct the labels" if low >= 0 else "correct the labels"
    what = "A label names a class that has no output. On the CPU training stops; with XLA or a GPU it gives NaN."
    if case.kind == "sparse" and low >= 1 and high == case.classes:
        what, change = (
            "The labels start at 1; Keras counts classes from 0, and the last one has no output.",
            "y = y - 1",
        )
    elif case.kind == "binary":
        what = "Binary cross-entropy goes below 0, without bound, for a label outside 0 to 1."
        change = {(1, 2): "y = y - 1", (-1, 1): "y = (y + 1) / 2"}.get((low, high), change)
    elif case.kind == "sparse" and (y[bad] == y[bad][0]).all() and y[bad][0] in (-1, 255):
        change = f"{case.fixed_loss(case.from_logits)[:-1]}{', ' * case.from_logits}ignore_class={int(y[bad][0])})"
    return Finding(
        "labels out of range",
        what,
        f"y holds {low:g} to {high:g}; {wanted} {top}. {bad.sum()} of {bad.size} are outside, the first at {at}.",
        change,
    )


def _target_rows(case):
    if case.kind != "categorical" or not case.one_hot or case.sigmoid_last:
        return None
    sums = case.y.astype(np.float64).sum(-1)
    bad = ~np.isclose(sums, 1, rtol=0, atol=10 * SUM_TOLERANCE)
    if bad.any():
        at = first(bad)
        return Finding(
            "target rows do not sum to 1",
            "Categorical cross-entropy takes a distribution in each row of y. A row of zeros (a label out of range "
            "before one_hot) costs nothing; several ones are a multi-label problem.",
            f"{bad.sum()} of {bad.size} rows, the first y{list(at)} sums to {sums[at]:g}.",
            "check the labels before one_hot; for several classes\nactivation='sigmoid', loss='binary_crossentropy'",
        )


def _loss_fails(case):
    if isinstance(case.run, Exception):
        return Finding(
            "loss cannot be computed",
            "The loss refuses this batch.",
            f"y {case.y.shape} {case.y.dtype}, output {case.p.shape} {case.dtype}: {reason(case.run)}",
            "give y the shape that the loss wants for this output",
        )


def _broadcast(case):
    """Compare the loss with that on labels spread over the output: the same value means that it did so itself."""
    y, p = case.y, case.p
    if case.kind in FEW or y.shape == p.shape or y.ndim > p.ndim:
        return None
    column = y.ndim == p.ndim - 1 and p.shape == (*y.shape, 1)
    with contextlib.suppress(Exception):
        shape = (*y.shape, 1) if column else p.shape
        intended = np.reshape(y, shape) if column else np.broadcast_to(y, shape)
        given, value = (float(case.loss(tf.constant(v), tf.constant(p, case.dtype))) for v in (y, intended))
        same = np.isclose(value, given, rtol=1e-4)
        if same != column:
            return Finding(
                "loss broadcasts labels",
                "Labels and outputs differ in shape, and the loss spreads one over the other: every label is "
                "compared with outputs that are not its own. No error is raised.",
                f"y {y.shape} against output {p.shape} gives {given:.5g}"
                + (f"; with y of shape {shape} it is {value:.5g}." if column else ", the loss of y repeated."),
                f"y = y.reshape({shape})"
                if column
                else f"loss='{_cross_entropy_for(case)}' for {case.classes} classes",
            )


def _cross_entropy_for(case):
    return "sparse_categorical_crossentropy" if case.classes > 1 else "binary_crossentropy"


def _sigmoid_with_categorical(case):
    if case.kind not in FEW or not case.sigmoid_last:
        return None
    sums = case.p.sum(-1)
    several = case.kind == "categorical" and case.one_hot and (case.y.sum(-1) > 1.5).any()
    binary = case.classes == 1 or several
    return Finding(
        "sigmoid with a categorical loss",
        "Sigmoid judges each unit alone; the loss takes the units as one distribution, which they are not."
        + (" One unit is always all of it." if case.classes == 1 else ""),
        f"The rows of the output sum to {sums.min():.3g} to {sums.max():.3g}; a distribution sums to 1.",
        "loss='binary_crossentropy'" if binary else f"end in Dense({case.classes}),\n{case.fixed_loss(True)}",
    )


def _softmax_with_binary(case):
    if case.kind == "binary" and case.softmax_last and case.probs:
        return Finding(
            "softmax with a binary loss",
            "Binary cross-entropy judges each unit alone, as sigmoid makes them; softmax ties them together.",
            f"The rows of the output, {case.p.shape}, sum to 1.",
            "loss='categorical_crossentropy' for one true class a row;\nactivation='sigmoid' for several",
        )


def _probs_as_logits(case):
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
            f"remove the {function} (best), or\n{case.fixed_loss(False)}",
        )


def _logits_as_probs(case):
    if case.from_logits or case.kind is None or case.gradient is None or case.probs:
        return None
    outside = (case.p < 0) | (case.p > 1)
    if case.kind == "binary" and not outside.any():
        return None
    zero = np.mean(case.gradient == 0)
    sums = case.p.sum(-1)
    return Finding(
        "logits without from_logits=True",
        "The model ends in scores; the loss takes them for probabilities and clips them to 0..1.",
        f"The output goes from {case.p.min():.4g} to {case.p.max():.4g}"
        + (f", its rows sum to {sums.min():.4g} to {sums.max():.4g}" if case.kind in FEW else "")
        + f". The loss is {case.losses.mean():.4f}; {100 * zero:.0f} % of its gradient is exactly 0."
        + _true_loss(case),
        case.fixed_loss(True),
    )


def _true_loss(case):
    if case.targets is None or case.kind not in FEW:
        return ""
    nll = -(case.targets * np.log(np.maximum(softmax(case.p), 1e-300))).sum(-1)[case.counted].mean()
    return f" From logits it would be {nll:.4f}."


def _nan_in_loss(case):
    bad = ~np.isfinite(case.losses)
    if bad.any():
        at = first(bad) if bad.ndim else ()
        return Finding(
            "NaN or Inf in the loss",
            "The loss is not finite although inputs, labels and weights are.",
            f"{bad.sum()} of {bad.size} losses, the first at {at} is {case.losses[at]}; the output goes from "
            f"{np.nanmin(case.p):.4g} to {np.nanmax(case.p):.4g}.",
            "end the model in logits and use from_logits=True; look for a log or a division in your own loss or layers",
        )


def _saturated(case):
    """Count rows that are wrong by all of 1 and yet push nothing: the way back through the last function is closed."""
    if case.gradient is None or case.targets is None or not (case.probs or case.sigmoid_last):
        return None
    if case.probs:
        push = softmax_gradient(np.log(np.maximum(case.p, 1e-300)), np.nan_to_num(case.gradient))
    else:
        push = case.gradient * case.p * (1 - case.p)
    wrong = np.abs(case.p - case.targets).max(-1) > 0.999
    frozen = wrong & case.counted & (np.abs(push).max(-1) < 1e-3)
    if frozen.any():
        at = first(frozen) if frozen.ndim else ()
        loss = f" with a loss of {case.losses[at]:.4g}" if case.losses.shape == frozen.shape else ""
        return Finding(
            "saturated outputs with zero gradient",
            "Rows are surely wrong and teach nothing: the loss sees only the rounded, clipped probability, whose "
            f"gradient is 0. {_why_lost(case)[0]}",
            f"{frozen.sum()} of {frozen.size} rows give the label a probability of 0, the first at {at}{loss}. The "
            f"gradient of their logits is at most {np.abs(push[at]).max():.1g}; from logits it would be 1.",
            _why_lost(case)[1],
        )


def _logits_lost(case):
    if case.kind is None or case.from_logits or case.gradient is None:
        return None
    if not (case.probs and case.softmax_last if case.kind in FEW else case.sigmoid_last):
        return None
    why, change = _why_lost(case)
    cost, push = case.frozen_cost
    return Finding(
        "recovered logits lost",
        "Keras usually computes this loss from the logits before the last activation; here it cannot, and a row "
        f"that is surely wrong teaches nothing. {why}",
        f"The loss runs on the output itself ({case.dtype}) and is {case.losses.mean():.4f} now. An output sure "
        f"of a wrong class costs {cost:.3f} nats, however far off its logits, and pushes them by {push:g}.",
        change,
    )


def _why_lost(case):
    """Return what stands between the activation and the loss, and the change that removes it."""
    change = "end the model in logits" + (f",\n{case.fixed_loss(True)}" if case.kind else " and use a cross-entropy")
    if case.kind is None:
        return "The loss is no cross-entropy on logits.", change
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
    name = next((layer_of(op) for op in case.last), "the model")
    if case.direct:
        return f"The function in {name!r} is TensorFlow's own and the model runs eagerly.", (
            'activation="softmax" or keras.ops.softmax instead of tf.nn.softmax; or\n' + change
        )
    return f"Something stands behind the activation in {name!r}: a reshape, a mask, a wrapper.", change


def _recovered(case):
    """Report `from_logits=True` on probabilities where Keras mends it."""
    if case.from_logits and case.kind and case.gradient is None:
        return Finding(
            "from_logits=True on probabilities, mended by Keras",
            "The model ends in probabilities and the loss expects logits. Keras finds the logits and warns; a "
            "reshape, ignore_class or another backend would make it a real second softmax.",
            f"The loss is {case.losses.mean():.4f}, and it did not use the output, which lies between "
            f"{case.p.min():.3g} and {case.p.max():.3g}.",
            f"remove the last activation (best), or\n{case.fixed_loss(False)}",
        )


def _far_from_ln_k(case):
    if case.kind is None or case.targets is None or case.counted.sum() < ENOUGH_ROWS:
        return None
    if any("moving_mean" in v.path and not np.any(v.numpy()) for v in case.model.non_trainable_variables):
        return None  # a fresh batch normalisation scales nothing yet where it does not train
    classes = max(case.classes, 2) if case.kind in FEW else 2
    loss = case.losses[case.counted].mean() if case.losses.shape == case.counted.shape else case.losses.mean()
    if case.kind in FEW:
        right = (case.p.argmax(-1) == case.targets.argmax(-1))[case.counted].mean()
    else:
        right = ((case.p > (0 if case.from_logits else 0.5)) == (case.targets > 0.5)).mean()
    if loss > FAR * np.log(classes) and right < (1 + 1 / classes) / 2:
        return Finding(
            "loss far from ln K",
            "A model that knows nothing starts near ln K, by giving every class the same. This one is far worse: "
            "sure, and wrong.",
            f"The mean loss over {case.counted.sum()} rows is {loss:.4g}, and ln {classes} = "
            f"{np.log(classes):.4f}; {100 * right:.0f} % of them are right.",
            "before training: smaller inputs and initial weights; after: check that labels and inputs belong together",
        )


def _weights_on_wrong_axis(case):
    weight = case.sample_weight
    if weight is None or weight.ndim != 1 or case.losses.ndim < 2:
        return None
    shape = (len(weight),) + (1,) * (case.losses.ndim - 1)
    meant = (case.losses * weight.reshape(shape)).mean()
    if case.losses.shape[-1] == len(weight):
        got = (case.losses * weight).mean()
        evidence = f"It fits only because {len(weight)} rows meet {case.losses.shape[-1]} positions: loss {got:.5f}"
        evidence += f" instead of {meant:.5f}."
    else:
        evidence = f"They do not fit, and fit will stop. The loss meant is {meant:.5f}."
    return Finding(
        "sample_weight on the wrong axis",
        "The loss has a value for each position, and weights of shape (B,) line up with the last axis, the "
        "positions, and not with the rows of the batch.",
        f"Losses {case.losses.shape}, weights {weight.shape}. {evidence}",
        f"sample_weight = sample_weight.reshape({(-1, *shape[1:])})",
    )


def _class_weight_on_positions(case):
    if case.class_weight is None or case.losses.ndim < 2:
        return None
    labels = case.labels if not case.one_hot else case.y.argmax(-1)
    if labels.shape != case.losses.shape:
        return None
    table = np.vectorize(lambda label: case.class_weight.get(int(label), 1.0), otypes=[float])
    meant = (case.losses * table(labels)).mean()
    evidence = (
        f"y has shape {case.y.shape}, the losses {case.losses.shape}; weighted by position the loss is {meant:.5f}."
    )
    if case.y.ndim == 2:
        read = case.y.argmax(-1)
        evidence += f" Keras reads y[0] as class {read[0]}, the place of its largest number"
        fits = len(read) == case.losses.shape[-1]
        evidence += f": loss {(case.losses * table(read)).mean():.5f}, no error." if fits else ", and fit will stop."
    return Finding(
        "class_weight on labels per position",
        "class_weight gives a weight to each row of the batch; here each position has a class of its own.",
        evidence,
        "instead of class_weight:\nsample_weight = np.vectorize(lambda c: class_weight.get(c, 1.0))(y)",
    )


def _unscaled(case):
    for values in case.entering:
        if np.abs(values).mean() > LARGE_INPUT or np.abs(values).max() > LARGEST_INPUT:
            return Finding(
                "inputs unscaled",
                "Large numbers enter the first weights: the first logits are large too, and sure of a wrong class.",
                f"They go from {values.min():.4g} to {values.max():.4g}, mean size {np.abs(values).mean():.4g}; "
                "wanted about 1.",
                "x = x / 255 for grey values, or layers.Normalization() as the first layer",
            )


def _wrong_accuracy(case):
    metrics = case.model._compile_metrics
    if metrics is None:
        return None
    given = keras.tree.flatten([metrics._user_metrics, metrics._user_weighted_metrics])
    for metric in given:
        if metric is not None and (finding := _judge(case, metric)):
            return finding
    return None


def _judge(case, metric):
    """Compare the rule of one accuracy metric with what labels and outputs ask for."""
    name = metric if isinstance(metric, str) else getattr(metric, "name", getattr(metric, "__name__", ""))
    if isinstance(metric, str) and metric.lower() in ("accuracy", "acc"):
        sparse = case.y.ndim < case.p.ndim or (case.y.shape[-1] == 1 and case.classes > 1)
        rule = "binary" if case.classes == 1 else "sparse_categorical" if sparse else "categorical"
        metric = f"{rule}_accuracy"
    if isinstance(metric, str):
        metric = keras.metrics.get(metric)
    fn, kwargs = getattr(metric, "_fn", metric), getattr(metric, "_fn_kwargs", {})
    used = getattr(fn, "__name__", "")
    if used not in ("accuracy", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"):
        return None
    single = case.one_hot and np.allclose(case.y.sum(-1), 1, rtol=0, atol=10 * SUM_TOLERANCE)
    if case.kind == "binary":
        wanted = "BinaryAccuracy"
        if single and used == "categorical_accuracy":
            return None
    elif case.classes > 1 and case.labels.shape == case.p.shape[:-1]:
        wanted = "SparseCategoricalAccuracy"
    elif single:
        wanted = "CategoricalAccuracy"
    else:
        return None
    threshold = 0.0 if case.from_logits and not case.sigmoid_last else 0.5
    fits = used.replace("_", "") == wanted.lower()
    low = fits and wanted.startswith("Sparse") and case.low
    if fits and wanted == "BinaryAccuracy":
        fits = kwargs.get("threshold", 0.5) == threshold
    if low:
        fits = not (np.asarray(tf.cast(case.labels, case.dtype), np.float64) != case.labels).any()
    if fits:
        return None
    if wanted == "BinaryAccuracy":
        y = case.y.reshape(case.p.shape) if case.y.size == case.p.size else case.y
        truth = np.mean((case.p > threshold) == (y > 0.5))
    else:
        labels = case.labels if wanted.startswith("Sparse") else case.y.argmax(-1)
        truth = np.mean(case.p.argmax(-1) == labels)
    try:
        y, p = tf.constant(case.y), tf.constant(case.p, case.dtype)
        if used != "sparse_categorical_accuracy":
            y = tf.cast(y, p.dtype)
        reported = f"{np.mean(np.asarray(fn(y, p, **kwargs), np.float64)):.4f}"
    except Exception:
        reported = "an error, and so will fit"
    arguments = f"threshold={threshold}" if wanted == "BinaryAccuracy" and threshold != 0.5 else ""
    change = 'last layer with dtype="float32"' if low else f"metrics=[keras.metrics.{wanted}({arguments})]"
    reason = (
        "the labels are cast to the output's dtype and become others"
        if low
        else "its rule is made for other labels or outputs"
    )
    return Finding(
        "accuracy by the wrong rule",
        f"The metric {name!r} does not fit: {'it asks y == output, and ' if used == 'accuracy' else ''}{reason}.",
        f"On this batch it reports {reported}; the share of right answers is {truth:.4f}. y {case.y.shape}, output "
        f"{case.p.shape} {case.dtype}" + (f", threshold {kwargs.get('threshold', 0.5)}." if "binary" in used else "."),
        change,
    )


def _distinct(values):
    """Return a few of the values that an array holds, as text."""
    found = np.unique(values)
    return ", ".join(f"{v:g}" for v in found[:5].astype(np.float64)) + (", …" if len(found) > 5 else "")


# Worst first. Within a group the first that speaks is the cause of what the others would say.
FATAL = (_nan_in_x, _nan_in_labels, _nan_in_weights)
LABELS = (
    _one_unit,
    _sigmoid_with_categorical,
    _one_hot_with_sparse,
    _integers_with_categorical,
    _fractions,
    _out_of_range,
    _corrupted,
    _target_rows,
    _loss_fails,
)
OUTPUT = (_wrong_axis, _softmax_twice)
LOSS = (_nan_in_loss, _broadcast, _softmax_with_binary, _probs_as_logits, _logits_as_probs, _saturated, _logits_lost)
WEIGHTS = (_weights_on_wrong_axis, _class_weight_on_positions)
INPUT = (_unscaled,)
REST = (_far_from_ln_k, _recovered)
METRICS = (_wrong_accuracy,)
