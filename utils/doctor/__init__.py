"""Names the mistake in a compiled Keras model: `diagnose(model, x, y)` looks at one batch and changes nothing.

`intake` reads what came, `graph` runs the model and looks at its ends, `measure` the real loss and its gradient; the
other modules conclude from that, each from one thing it looks at. A check takes a Case and returns a Finding or None.
"""

import contextlib
import dataclasses

try:
    from ..quiet import keras
except ModuleNotFoundError as error:
    raise ImportError(
        f"The doctor looks into the graphs of TensorFlow and Keras, and one is missing ({error}). Install both: "
        "pip install tensorflow."
    ) from None

from . import (
    advice,
    arrays,
    data,
    endings,
    exchanged,
    finite,
    handmade,
    labels,
    learning,
    loss,
    metrics,
    output,
    targets,
    weights,
)
from .callback import DoctorCallback
from .cases import Added, cases_of, computes_loss
from .finding import Diagnosis, Finding, report
from .graph import Walk, reason
from .intake import batches_of, check_inputs, check_model
from .keep import built_copy, unchanged

__all__ = ["Diagnosis", "DoctorCallback", "Finding", "diagnose", "report"]

# Worst first. Within a group the first that speaks is the cause of what the others would say.
FATAL = (finite.nan_in_inputs, finite.nan_in_labels, finite.nan_in_weights, finite.nan_in_given)
LABELS = (
    handmade.swapped,
    labels.one_hot_twice,
    labels.blank_as_label,
    arrays.channels_as_mask,
    arrays.one_label_for_steps,
    arrays.steps_for_one_output,
    output.one_unit,
    output.sigmoid_with_categorical,
    labels.one_hot_with_sparse,
    labels.integers_with_categorical,
    labels.fractions,
    labels.out_of_range,
    labels.corrupted,
    labels.target_rows,
    advice.loss_fails,
)
OUTPUT = (output.wrong_axis, output.softmax_twice, output.inner_softmax, output.probs_under_ctc)
LOSS = (
    finite.beyond_float16,
    handmade.wants_probs,
    finite.nan_in_loss,
    finite.nan_gradient,
    learning.no_gradient,
    loss.broadcast,  # where rows meet other rows, what follows would judge the numbers of all pairs
    handmade.row_against_column,
    handmade.wrong_mean,
    handmade.softmax_over_rows,
    handmade.rewards_wrong,
    handmade.no_floor,
    handmade.wants_logits,
    handmade.other_losses,
    handmade.rows_left_out,
    handmade.columns_left_out,
    targets.unreadable,
    targets.beyond_output,
    loss.smoothed_away,
    labels.longer_than_output,
    labels.copied,
    loss.softmax_with_binary,
    loss.hinge_on_probs,
    loss.probs_as_logits,
    loss.logits_as_probs,
    loss.saturated,
)
ENDING = (endings.bounded, endings.cosines, endings.dropped, endings.mixed)
LEARNING = (
    learning.frozen,
    learning.hidden,
    learning.units_alike,
    learning.one_class,
    learning.batch_of_one,
    learning.single_number,
    learning.unseen,
)
WEIGHTS = (
    finite.nan_in_added,
    weights.negative,
    weights.unknown_class,
    weights.backwards,
    weights.weights_on_wrong_axis,
    weights.weights_of_one_number,
    weights.class_weight_on_positions,
)
INPUT = (data.unscaled, data.scaled_twice, data.same_rows)
REST = (learning.dead, learning.same_for_all, loss.far_from_ln_k, loss.recovered)
METRICS = (metrics.wrong_accuracy,)
MILD = (loss.logits_lost,)  # where no other loss speaks: such a model learns, if not from every row


def diagnose(model, x, y=None, sample_weight=None, class_weight=None, batches=1):
    """Look at a compiled model and one batch, and name what is wrong, worst first.

    One cause gives one finding: mend it and ask again. The model is called with `training=False`. Nothing changes:
    weights, optimizer, metrics, compiled state and random state are afterwards as they were. A model without weights
    yet is looked at as a copy. A dataset that shuffles has moved on by a pass.

    Parameters
    ----------
    model : keras.Model
        Compiled, with a loss for one output or more; or with `add_loss` or a `compute_loss` of its own.
    x : array_like, shape (B, ...), dict or list of them, tf.data.Dataset or keras.utils.PyDataset
        Inputs of one batch, as for `fit`; or a dataset. From 8 rows on, the loss is also compared with ln K.
    y : array_like, shape (B, ...), dict or list of them, optional
        Labels or target rows of the batch; left out with a dataset, and where the model adds its loss itself.
    sample_weight : array_like, shape (B,) or that of the losses, or a dict or list of them, optional
        What `fit` would get.
    class_weight : dict of int to float, optional
        What `fit` would get.
    batches : int
        How many batches of a dataset to look at.

    Returns
    -------
    Diagnosis
        A list of Finding, empty for a healthy model; losses in the evidence are in nats. With several outputs each
        Finding has the name of its own. Its `notes` are sentences that are no findings: what is right on the TensorFlow
        backend only, what regularisers add, which weights take no part.

    Raises
    ------
    ValueError
        If `model` is not a Keras model on TensorFlow, not compiled, or cannot take `x`; if outputs, losses and labels
        do not belong together; if an array is empty, ragged, not numeric, or lengths differ; if a weight is of the
        wrong kind; if a dataset is empty, not batched or without labels.
    """
    check_model(model)
    wants_labels = model.loss is not None and not _trains_itself(model)
    found = batches_of(x, y, sample_weight, class_weight, batches, labels=wants_labels)
    if _trains_itself(model) and found[0].y is None:
        raise ValueError(
            "`model` trains by a train_step of its own, and there are no labels: what it computes cannot be seen. If a "
            "model inside is trained with a loss, ask about that one, compiled with it; of others nothing can be said."
        )
    with unchanged(model):
        twin = built_copy(model, found[0].x)
        with unchanged(twin) if twin is not model else contextlib.nullcontext():
            looked = [_look(twin, batch) for batch in found]
    ranked = {}
    for number, (findings, _) in enumerate(looked):
        for rank, finding in findings:
            if number and (finding.name, finding.output) not in ranked:
                finding = dataclasses.replace(finding, evidence=f"In batch {number + 1}: {finding.evidence}")
            ranked.setdefault((finding.name, finding.output), (rank, finding))
    ordered = sorted(ranked.values(), key=lambda pair: pair[0])
    return Diagnosis([finding for _, finding in ordered], dict.fromkeys(note for _, notes in looked for note in notes))


def _trains_itself(model):
    """Whether a model has a `train_step` of its own."""
    return type(model).train_step is not keras.Model.train_step


def _own_step(model):
    """Note where the model has a `train_step` or `compute_loss` of its own, which is not looked at."""
    own = "train_step" if _trains_itself(model) else "compute_loss" if computes_loss(model) else ""
    said = f"The model has a {own} of its own, which is not examined: what is said here is of the compiled loss."
    return [said] if own else []


def _look(model, batch):
    """Return the findings of one batch as pairs (group, finding), and its notes."""
    check_inputs(model, batch)
    if batch.unread:
        return [(GROUPS.index(LABELS), arrays.not_numbers(*pair)) for pair in batch.unread], []
    walk = Walk(model, batch)
    if model.loss is None:
        return _of_added(walk)
    found, notes = [], _own_step(model)
    cases = cases_of(walk)
    for case in cases:
        findings, said = _of_case(case)
        seen = {(finding.name, finding.evidence) for _, finding in found}
        for rank, finding in findings:
            if (finding.name, finding.evidence) not in seen:  # what is wrong with x or the weights is said once
                own = case.name if rank not in (FATAL, INPUT) or "labels" in finding.name else ""
                found.append((GROUPS.index(rank), dataclasses.replace(finding, output=own)))
        notes += [f"Output {case.name!r}: {note}" if case.name else note for note in said]
    if any(rank == GROUPS.index(LABELS) for rank, _ in found) and (swap := exchanged.exchanged(cases, _labels_of)):
        labels = GROUPS.index(LABELS)
        if swap.name == LOSSES_EXCHANGED:
            return [(labels, swap)], notes  # what else the wrong loss brings goes with it
        return [(labels, swap), *((rank, each) for rank, each in found if rank > labels)], notes
    notes += [*weights.without_weight(model, cases), *weights.no_steps(model)]
    said = {finding.name for _, finding in found}
    if not said & {NO_WAY_BACK, *NOTHING_TO_TRAIN} and not any(isinstance(case.run, Exception) for case in cases):
        cut, idle = learning.cut_off(walk, cases)
        found += [
            (GROUPS.index(LEARNING), finding)
            for finding in [*cut, *learning.unused_input(walk), *learning.mask_lost(walk)]
        ]
        if not found:
            found += [(GROUPS.index(WEIGHTS), finding) for finding in weights.drowned(walk, cases)]
        notes += idle
    return found, notes


def _of_added(walk):
    """Return what `_look` returns, for a model whose layers add the only loss."""
    if not walk.added and not computes_loss(walk.model):
        raise ValueError(
            "`model` is compiled without a loss and no layer adds one; the loss is what is examined. Call "
            "model.compile(loss=...) first; what an own train_step computes cannot be seen."
        )
    case = Added(walk)
    if isinstance(case.run, Exception):
        raise ValueError(f"The loss that `model` computes itself fails on this batch: {reason(case.run)}")
    for group in (ADDED_FATAL, ADDED_LOSS):
        if findings := _one_of(group, case):
            return [(0, finding) for _, finding in findings], []
    found = [*_one_of(ADDED_LEARNING, case), *_one_of(INPUT, case)] or _one_of((learning.dead,), case)
    cut, unused = learning.cut_off(walk, [case]) if not found else ([], [])
    return [(1, finding) for finding in [*(finding for _, finding in found), *cut]], [loss.added_alone(case), *unused]


def _labels_of(case):
    """Return what is wrong with the labels of a case, or with targets that no output reaches."""
    return _one_of(LABELS, case) or _one_of((targets.beyond_output,), case)


GROUPS = (FATAL, LABELS, OUTPUT, LOSS, ENDING, LEARNING, WEIGHTS, INPUT, REST, METRICS, MILD)


def _of_case(case):
    """Return the findings of one output as pairs (group, finding), and its notes."""
    if findings := [(FATAL, finding) for check in FATAL if (finding := check(case))]:
        return findings, []  # every later number is one of these
    of_labels, of_output = _one_of(LABELS, case), _one_of(OUTPUT, case)
    if of_labels:  # there is no loss to look at
        return of_labels + of_output + _one_of(INPUT, case), []
    hidden = [(LEARNING, finding)] if (finding := learning.hidden(case)) else []
    findings = of_output or hidden or _one_of(LOSS, case) or _one_of(MILD, case)
    silenced = hidden or any(finding.name == NO_WAY_BACK for _, finding in findings)
    findings = (
        findings
        + ([] if of_output or hidden else _one_of(ENDING, case))
        + ([] if silenced else _one_of(LEARNING, case))
    )
    findings += _one_of(WEIGHTS, case) + _one_of(INPUT, case)
    findings = (findings or _one_of(REST, case)) + _one_of(METRICS, case)
    # That an ending is safe on one backend is worth a word where nothing else is wrong.
    notes = NOTES if findings else (loss.on_tensorflow_only, *NOTES)
    return findings, [note for check in notes if (note := check(case))]


LOSSES_EXCHANGED = "two losses exchanged"
NO_WAY_BACK = "no gradient reaches the weights"  # of a frozen model there is none to look for
NOTHING_TO_TRAIN = ("nothing to train", "everything is hidden from the loss")
NOTES = (
    loss.beside,
    loss.squared,
    loss.by_hand_on_probs,
    loss.padding_counts,
    handmade.direction,
    weights.negative_rows,
    weights.counted_all_the_same,
)
# Where the layers add the only loss there are no labels, and nothing to say of logits.
ADDED_FATAL = (finite.nan_in_inputs, finite.nan_in_weights)
ADDED_LOSS = (
    finite.nan_in_added,
    handmade.row_against_column,
    learning.frozen,
    finite.nan_gradient,
    learning.no_gradient,
)
ADDED_LEARNING = (learning.units_alike, learning.batch_of_one)


def _one_of(checks, case):
    """Return the first finding of a group in a list, or none: the others would name its consequences."""
    return next(([(checks, finding)] for check in checks if (finding := check(case))), [])
