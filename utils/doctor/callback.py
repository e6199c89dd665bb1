"""`DoctorCallback`: looks at one batch before training, and once an epoch at what training does to it; a line each."""

import numpy as np

from ..quiet import keras, tf
from .finding import Finding
from .graph import layer_of, traced
from .intake import batches_of
from .keep import unchanged

FULL = {"Sigmoid": (0, 1), "Tanh": (-1, 1)}  # where these saturate
# Findings that are told and stop nothing: such a model learns, if not from every row or on every backend.
TRAINS = ("logits that Keras cannot recover", "from_logits=True on probabilities, corrected by Keras")
NEAR = 1e-3  # of the ends that counts as saturated
MANY = 0.9  # of the units of a layer: dead or saturated ones are told from here on
TINY = 1e-7  # the length of a gradient that has vanished, beside a loss above 0
STEPS = 3  # epochs near ln K before that is told
ROWS = 8  # looked at after an epoch; all of the batch only where something is wrong with these


class DoctorCallback(keras.callbacks.Callback):
    """Looks at one batch with `diagnose` before training, and at the end of each epoch at how it trains.

    After an epoch a few rows of the batch are enough; where something is wrong with these, all of them are looked at.
    Prints a line for each finding and, once each, for: a loss that is not finite (told at the batch), a loss that stays
    at ln K, units that are dead or saturated, a gradient that vanished, a gradient or weights that are not finite.
    Nothing else is printed, no notes either.

    Parameters
    ----------
    batch : tuple
        (x, y) or (x, y, sample_weight), as for `diagnose`, with None for `y` where layers add the only loss; or a
        dataset, whose first batch is taken.
    stop : bool
        Whether to end training where one of these is found that more training cannot mend: a finding before training
        (by RuntimeError, so that no weight moves; two with which a model learns all the same are only printed), and a
        loss, gradient or weights that are not finite.
    say : callable
        Takes a line of text; `print` unless given.
    class_weight : dict of int to float, optional
        That of `fit`, which a callback does not see.
    ignore : tuple of str
        Names of findings that are meant: neither told nor a reason to stop.

    Attributes
    ----------
    said : list of str
        The lines so far.

    Raises
    ------
    ValueError
        If `batch` is no batch, where it is made; what `diagnose` raises, when training begins.
    RuntimeError
        When training begins, if `stop` and `diagnose` finds something.
    """

    def __init__(self, batch, stop=True, say=print, class_weight=None, ignore=()):
        super().__init__()
        if isinstance(batch, tuple | list):
            if len(batch) not in (2, 3):
                raise ValueError(f"`batch` has {len(batch)} parts; wanted (x, y) or (x, y, sample_weight).")
            (self._batch,) = batches_of(*batch, class_weight=class_weight, labels=False)
        elif isinstance(batch, tf.data.Dataset | keras.utils.PyDataset):
            (self._batch,) = batches_of(batch, class_weight=class_weight, labels=False)
        else:
            raise ValueError(f"`batch` is a {type(batch).__name__}; wanted (x, y), (x, y, sample_weight) or a dataset.")
        ignore = () if ignore is None else ignore
        if isinstance(ignore, str) or not all(isinstance(name, str) for name in ignore):
            raise ValueError(f"`ignore` is {ignore!r}; wanted names of findings, as ('softmax twice',).")
        if not isinstance(stop, bool) or not callable(say):
            raise ValueError(
                f"`stop` is {stop!r} and `say` {say!r}; wanted True or False, and a function such as print."
            )
        self.stop, self.ignore, self._print = stop, tuple(ignore), say
        self.said, self._kinds, self._probes, self._chance, self._stuck = [], set(), [], None, 0
        self._steps = 0

    def on_train_begin(self, logs=None):
        """Diagnose the batch; print a line for each finding, and refuse to train if `stop`."""
        from . import diagnose  # which imports this module

        self.said, self._kinds, self._probes, self._stuck, self._steps = [], set(), [], 0, 0
        found = diagnose(self.model, self._batch.x, self._batch.y, self._batch.sample_weight, self._batch.class_weight)
        findings = [finding for finding in found if finding.name not in self.ignore]
        for finding in findings:
            self._say(finding.name, line_of(finding))
        findings = [finding for finding in findings if finding.name not in TRAINS]
        if findings and self.stop:
            raise RuntimeError(
                f"Not trained: {line_of(findings[0])}\nreport(diagnose(model, x, y)) gives the evidence. To train all "
                f"the same: stop=False; to pass over this one: ignore=({findings[0].name!r},)."
            )
        self._chance = self._even_guess()

    def on_train_batch_end(self, batch, logs=None):
        """Tell a loss that is not finite at the batch where it appears."""
        value = (logs or {}).get("loss")
        if value is not None and not np.isfinite(value):
            cause = (
                "before any step: look for NaN in x, y and the weights of rows, or in the loss"
                if self._steps == 0
                else "build the model anew; a NaN in these rows, or steps that are too large"
            )
            self._say("loss", f"batch {batch}: the loss is {value}; {cause}.")
            self._end()
        self._steps += 1

    def on_epoch_end(self, epoch, logs=None):
        """Look at the gradient, the units and the loss, and tell what is new."""
        loss = (logs or {}).get("loss", np.nan)
        if not np.isfinite(loss):
            return
        where = f"epoch {epoch + 1}"
        for kind, line in [*self._of_units(loss), *self._of_chance(loss)]:
            self._say(kind, f"{where}: {line}")
            if kind in ("gradient is NaN", "weights are NaN"):
                self._end()
                break  # of the others it is the cause

    def _say(self, kind, line):
        """Print a line, once for each kind."""
        if kind not in self._kinds:
            self._kinds.add(kind)
            self.said.append(f"doctor: {line}")
            self._print(self.said[-1])

    def _end(self):
        """End training, if asked to."""
        if self.stop:
            self.model.stop_training = True

    def _even_guess(self):
        """Return ln K of a model with one output and a class for each unit, or None."""
        y = self._batch.y
        p = self.model.compute_output_shape(self._shape()) if self._shape() is not None else None
        if not isinstance(p, tuple) or not isinstance(y, np.ndarray) or not isinstance(p[-1], int):
            return None
        name = getattr(self.model.loss, "name", self.model.loss)
        if not isinstance(name, str) or "crossentropy" not in name:
            return None
        return np.log(max(p[-1], 2))

    def _shape(self):
        """Return the shape of a single input, or None."""
        return self._batch.x.shape if isinstance(self._batch.x, np.ndarray) else None

    def _of_chance(self, loss):
        """Tell a loss that has stayed at ln K, that of an even guess."""
        if self._chance is None:
            return
        self._stuck = self._stuck + 1 if abs(loss - self._chance) < 0.02 * self._chance else 0
        if self._stuck == STEPS:
            yield (
                "ln K",
                f"the loss has stood near ln K = {self._chance:.4f} for {STEPS} epochs, {loss:.4f}: the input is "
                "ignored, or the labels do not belong to it.",
            )

    def _of_units(self, loss):
        """Return what is wrong with units, gradients or weights: nothing, or what the last of the probes shows."""
        self._probes = self._probes or probes(self.model, self._batch)
        for probe in self._probes:
            if not (found := [*wrong(*probe(), loss)]):
                break
        return found


def wrong(shares, length, finite, loss):
    """Yield pairs (kind, line): units dead or saturated, a gradient that vanished, gradient or weights not finite."""
    if not finite:
        yield (
            "weights are NaN",
            f"weights are not finite, which relu may hide: the loss is {loss:.4f}. Look for NaN in x and y, and build "
            "the model anew.",
        )
    if not np.isfinite(length):
        yield (
            "gradient is NaN",
            f"the gradient is {length} with a loss of {loss:.4f}; the next step spoils all weights.",
        )
    elif length < TINY and loss > 0.01:
        yield (
            "gradient is 0",
            f"the gradient has length {length:.1e} with a loss of {loss:.4f}: nothing is learned.",
        )
    for name, kind, share in shares:
        if share >= MANY:
            yield f"{kind} {name}", f"{100 * share:.0f} % of the units of {name!r} are {kind} on the batch."


def probes(model, batch):
    """Return a probe of the batch, and before it one of a few of its rows where the model takes these alone."""
    parts = batch.x, batch.y
    all_rows = Probe(model, *parts)
    if {len(part) > ROWS for part in tf.nest.flatten(parts) if part is not None} != {True}:
        return [all_rows]
    few = Probe(model, *tf.nest.map_structure(lambda part: None if part is None else part[:ROWS], parts))
    try:
        few()
    except Exception:
        return [all_rows]  # such as where the size of a batch is part of the model
    return [few, all_rows]


class Probe:
    """Measures a batch in one graph: dead and saturated units of each layer, the gradient, and finite weights."""

    def __init__(self, model, x, y):
        self._model, self._graph, self._names, self._moved = model, None, [], []
        self._x = tf.nest.map_structure(tf.convert_to_tensor, x)
        self._y = None if y is None else tf.nest.map_structure(tf.convert_to_tensor, y)

    def __call__(self):
        """Return triples (layer, "dead" or "saturated", share), the gradient's length, and if weights are finite."""
        if self._graph is None:
            with unchanged(self._model) as before:
                self._graph = traced(self._look, self._x)
                self._graph(self._x)
                self._moved = [v for v, value in before if not np.array_equal(v.numpy(), value)]
        before = [np.array(v.numpy()) for v in self._moved]
        shares, length, finite = self._graph(self._x)
        for variable, value in zip(self._moved, before, strict=True):  # a stateful layer goes on where training left it
            variable.assign(value)
        shares = [(*name, share) for name, share in zip(self._names, shares.numpy(), strict=False)]
        return shares, float(length), bool(finite)

    def _look(self, x):
        """Return the measurements as tensors; note the layers' names."""
        model, variables = self._model, [v.value for v in self._model.trainable_variables]
        with tf.GradientTape() as tape:
            output = model(x, training=False)
            loss = model.compute_loss(x=x, y=self._y, y_pred=output, training=False)
        shares = []
        for op in tf.compat.v1.get_default_graph().get_operations():
            if op.type in ("Relu", *FULL) and op.outputs[0].shape.rank in (2, 3, 4) and "gradient" not in op.name:
                self._names.append((layer_of(op, model), "dead" if op.type == "Relu" else "saturated"))
                shares.append(_share(op))
        found = [tf.norm(getattr(g, "values", g)) for g in tape.gradient(loss, variables) if g is not None]
        finite = [tf.reduce_all(tf.math.is_finite(v)) for v in variables if v.dtype.is_floating]
        return (
            tf.stack(shares or [0.0]),
            tf.norm(tf.stack(found or [0.0])),
            tf.reduce_all(tf.stack(finite or [True])),
        )


def _share(op):
    """Return the share of units that are 0, or at an end, for every row of the batch."""
    values = tf.cast(op.outputs[0], tf.float32)
    axes = list(range(values.shape.rank - 1))
    if op.type == "Relu":
        stuck = tf.reduce_all(values == 0, axes)
    else:
        low, high = FULL[op.type]
        stuck = tf.reduce_all((values < low + NEAR) | (values > high - NEAR), axes)
    return tf.reduce_mean(tf.cast(stuck, tf.float32))


def line_of(finding: Finding):
    """Return a finding in one line: its name, its output, and what to change."""
    output = f" (output {finding.output!r})" if finding.output else ""
    return f"{finding.name}{output}. {' '.join(finding.change.split())}"
