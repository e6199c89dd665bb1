"""Nothing changes: what a look at a model moves is put back, and a model that is not built is looked at as a copy."""

import contextlib
import copy
import random
import types
import warnings

import numpy as np

from ..quiet import keras, tf

VARIABLE = keras.Variable | tf.Variable


@contextlib.contextmanager
def unchanged(model):
    """Put back whatever the block moves: variables (weights, seeds, states), added losses and random state.

    Gives the pairs (variable, value before the block).
    """
    before = [(v, np.array(v.numpy())) for v in _variables(model)]
    layers = [layer for layer in [model, *model._flatten_layers()] if hasattr(layer, "_losses")]
    added = [(list(layer._losses), set(layer._loss_ids)) for layer in layers]
    python, numpy = random.getstate(), np.random.get_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras's own warning about from_logits becomes a finding
            yield before
    finally:
        for variable, value in before:
            if not np.array_equal(variable.numpy(), value, equal_nan=value.dtype.kind == "f"):
                variable.assign(value)
        for layer, (losses, ids) in zip(layers, added, strict=True):
            layer._losses.clear()
            layer._losses.extend(losses)
            layer._loss_ids.clear()
            layer._loss_ids.update(ids)
        random.setstate(python)
        np.random.set_state(numpy)


def _variables(model):
    """Return the variables that a call can move: the model's, the global seed, and what a layer keeps beside these.

    The last are the states of a stateful layer and any tf.Variable: `model.variables` has neither.
    """
    seeds = keras.src.backend.common.global_state.get_global_attribute("global_seed_generator")
    kept = [v for layer in model._flatten_layers() for v in _parts(vars(layer)) if isinstance(v, VARIABLE)]
    found = [*model.variables, *([seeds.state] if seeds is not None else []), *kept]
    return list({id(v): v for v in found}.values())


def _parts(value):
    """Yield what a value holds: the parts of lists, tuples and dicts, at any depth; or the value itself."""
    if isinstance(value, dict | list | tuple):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _parts(part)
    else:
        yield value


def built_copy(model, x):
    """Return `model`, or a compiled copy with weights where it has none yet.

    Parameters
    ----------
    model : keras.Model
        Compiled.
    x : nested arrays
        Inputs of one batch.

    Raises
    ------
    ValueError
        If the copy cannot be made or cannot take `x`.
    """
    if model.built:
        return model
    loss, metrics, weights = model._compile_loss, model._compile_metrics, len(model.weights)
    try:
        try:
            if type(model).compile is not keras.Model.compile:
                raise TypeError("what an own compile keeps is not in a clone")
            twin = keras.models.clone_model(model)
        except Exception:
            twin = _copied(model)
        keras.Model.compile(
            twin,
            loss=model.loss,
            loss_weights=None if loss is None else loss._user_loss_weights,
            metrics=None if metrics is None else metrics._user_metrics,
            weighted_metrics=None if metrics is None else metrics._user_weighted_metrics,
            run_eagerly=model.run_eagerly,
        )
    except Exception as error:
        raise ValueError(
            "`model` has no weights yet, and no copy of it can be made; building it would change it. Call "
            "model(x[:1]) once, or start it with keras.Input."
        ) from error
    twin(keras.tree.map_structure(lambda array: keras.ops.convert_to_tensor(array[:1]), x), training=False)
    if model.built or len(model.weights) != weights:
        raise ValueError("`model` was built by its own copy: they share layers. Call model(x[:1]) once.")
    return twin


def _copied(model):
    """Return a copy of an unbuilt model of somebody's own class, attribute by attribute.

    Keras would write it to a file and read it, for which such a class needs a `get_config`.
    """
    layers = [model, *model._flatten_layers(include_self=False)]
    memo = {id(layer): type(layer).__new__(type(layer)) for layer in layers}
    # Losses, metrics, variables and seeds are shared: `unchanged` sees to them.
    saveable = keras.src.saving.keras_saveable.KerasSaveable
    shared = saveable, keras.Variable, keras.random.SeedGenerator, types.ModuleType
    for layer in layers:
        memo |= {id(v): v for v in _parts(vars(layer)) if isinstance(v, shared) and id(v) not in memo}
    for layer in layers:
        twin = memo[id(layer)]
        own = {
            name for name, value in vars(twin).items() if callable(value)
        }  # `build` and others, wrapped for this object
        vars(twin).update({name: copy.deepcopy(v, memo) for name, v in vars(layer).items() if name not in own})
    return memo[id(model)]
