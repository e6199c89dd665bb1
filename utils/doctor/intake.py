"""What came in: a model, and a batch as people have it, of arrays, lists, tensors, pandas, dicts or a dataset."""

import itertools
from dataclasses import dataclass, field

import numpy as np

from ..quiet import keras, tf

NUMERIC = ("bfloat16", "float16", "float8_e4m3fn", "float8_e5m2")  # numbers that NumPy calls void


@dataclass
class Batch:
    """Inputs, labels and weights of one batch: arrays, or dicts and lists of them, with the same number of rows."""

    x: object
    y: object = None  # None where the model needs none
    sample_weight: object = None
    class_weight: dict = None
    unread: list = field(default_factory=list)  # labels that are no numbers: strings, objects

    @property
    def rows(self):
        """Return the number of rows."""
        return len(keras.tree.flatten(self.x)[0])

    @property
    def several(self):
        """Whether the inputs came as a dict or list."""
        return isinstance(self.x, dict | list)

    @property
    def inputs(self):
        """Return the inputs as pairs (what they are called, array): "x" alone, or x['a'], x[0] and so on."""
        return _named(self.x, "x")


def check_model(model):
    """Refuse what is not one compiled model on TensorFlow."""
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            f"Keras runs on {keras.backend.backend()}; the doctor looks into TensorFlow's graphs. Set "
            'os.environ["KERAS_BACKEND"] = "tensorflow" before Keras is imported.'
        )
    if not isinstance(model, keras.Model):
        raise ValueError(f"`model` is a {type(model).__name__}; wanted a keras.Model. Build one from its layers first.")
    if not model.compiled:
        raise ValueError("`model` is not compiled; the loss is what is examined. Call model.compile(loss=...) first.")


def batches_of(x, y=None, sample_weight=None, class_weight=None, batches=1, labels=True):
    """Return the batches to look at: the one of arrays that came, or the first ones of a dataset.

    Parameters
    ----------
    x : array_like, dict or list of them, tf.data.Dataset or keras.utils.PyDataset
        A dataset gives (inputs, labels) or (inputs, labels, weights).
    y, sample_weight : array_like, or dict or list of them, optional
        Not with a dataset.
    class_weight : dict of int to float, optional
        What `fit` would get.
    batches : int
        How many batches of a dataset.
    labels : bool
        Whether they must have labels: not where a model adds its loss itself.

    Returns
    -------
    list of Batch

    Raises
    ------
    ValueError
        If an array is empty, ragged or not numeric, lengths differ, a weight is of the wrong kind, or the dataset is
        empty, not batched or without labels.
    """
    if isinstance(batches, bool) or not isinstance(batches, int | np.integer) or batches < 1:
        raise ValueError(f"`batches` is {batches!r}; wanted how many batches of the dataset to look at, 1 or more.")
    if isinstance(x, tf.data.Dataset | keras.utils.PyDataset):
        if y is not None or sample_weight is not None:
            raise ValueError("`x` is a dataset and gives the labels and weights itself. Leave out y and sample_weight.")
        return [_batch(*parts, class_weight) for parts in _first_of(x, batches, labels)]
    if y is None and labels:
        hint = "Give diagnose(model, x, y)."
        if hasattr(x, "__next__"):
            hint = "Take one batch: diagnose(model, *next(batches))."
        elif isinstance(x, tuple) and len(x) in (2, 3):
            hint = "Is it (x, y)? Then diagnose(model, *batch)."
        raise ValueError(f"`y` is missing, and `x` is a {type(x).__name__} and no dataset. {hint}")
    return [_batch(x, y, sample_weight, class_weight)]


def _first_of(dataset, batches, labels):
    """Return (x, y, sample_weight) of the first batches of a dataset."""
    if isinstance(dataset, tf.data.Dataset):
        if any(spec.shape.rank == 0 for spec in tf.nest.flatten(dataset.element_spec) if hasattr(spec, "shape")):
            raise ValueError("The dataset gives single rows; wanted batches. Add .batch(32).")
        found = [tf.nest.map_structure(np.asarray, part) for part in dataset.take(batches)]
    else:
        found = [dataset[i] for i in itertools.islice(range(dataset.num_batches or batches), batches)]
    if not found:
        raise ValueError("The dataset is empty; wanted at least one batch.")
    if not labels:
        found = [part if isinstance(part, tuple) else (part, None) for part in found]
    if not isinstance(found[0], tuple) or len(found[0]) not in (2, 3):
        raise ValueError("The dataset gives no labels; wanted (x, y) or (x, y, sample_weight) in each batch.")
    return [(*part, None)[:3] for part in found]


def _batch(x, y, sample_weight, class_weight):
    """Return a checked Batch."""
    x = _arrays(x, "x", strings=True)
    y = None if y is None else _arrays(y, "y", strings=True, objects=True)
    inputs, labels = _named(x, "x"), [] if y is None else _named(y, "y")
    rows = len(inputs[0][1])
    for name, array in [*inputs[1:], *labels]:
        if len(array) != rows:
            wanted = "wanted one label for each row" if name.startswith("y") else "wanted as many in both"
            raise ValueError(
                f"`{inputs[0][0]}` has {rows} rows and `{name}` has {len(array)}; {wanted}. Cut both alike."
            )
    sample_weight, class_weight = check_weights(sample_weight, class_weight, rows)
    return Batch(x, y, sample_weight, class_weight, [pair for pair in labels if not numeric(pair[1])])


def numeric(array):
    """Whether an array holds numbers."""
    return array.dtype.kind in "biuf" or array.dtype.name in NUMERIC


def _arrays(values, name, **allowed):
    """Return `values` as an array, or as a dict or list of arrays."""
    if isinstance(values, dict):
        return {key: _arrays(value, f"{name}[{key!r}]", **allowed) for key, value in values.items()}
    several = isinstance(values, list | tuple) and values and all(hasattr(v, "shape") and np.ndim(v) for v in values)
    if several or isinstance(values, tuple):
        return [_arrays(value, f"{name}[{i}]", **allowed) for i, value in enumerate(values)]
    return _array(values, name, **allowed)


def _array(values, name, strings=False, objects=False):
    """Return `values` as one array of at least one row, floats in Keras's own precision for inputs."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError) as error:
        raise ValueError(f"`{name}` is ragged or no array; wanted one array of numbers, all rows alike.") from error
    if array.ndim == 0:
        came = "None" if values is None else f"a {type(values).__name__}"
        raise ValueError(f"`{name}` is {came}; wanted an array of rows, or of several inputs a dict or list of arrays.")
    if array.size == 0:
        raise ValueError(f"`{name}` has shape {array.shape}; wanted a batch of at least one row.")
    words = array.dtype.kind in "SU" or (array.dtype == object and all(isinstance(v, str | bytes) for v in array.flat))
    if not numeric(array) and not (words and strings) and not (array.dtype == object and objects):
        columns = getattr(values, "columns", ())
        named = [f"{c!r}" for i, c in enumerate(columns) if any(isinstance(v, str) for v in array[:, i])]
        hint = f"These columns hold text: {', '.join(named)}." if named else "Make them numbers, or leave them out."
        raise ValueError(f"`{name}` holds {array.dtype} values; wanted numbers. {hint}")
    return array.astype(keras.config.floatx()) if array.dtype.kind == "f" and name.startswith("x") else array


def _named(values, name):
    """Return the arrays of a structure as pairs (what it is called, array)."""
    if isinstance(values, dict):
        return [pair for key, value in values.items() for pair in _named(value, f"{name}[{key!r}]")]
    if isinstance(values, list):
        return [pair for i, value in enumerate(values) for pair in _named(value, f"{name}[{i}]")]
    return [(name, values)]


def check_weights(sample_weight, class_weight, rows):
    """Return the weights after checking that `fit` takes them."""
    if sample_weight is not None and class_weight is not None:
        raise ValueError("`sample_weight` and `class_weight` both came; Keras takes one. Multiply them into one map.")
    if class_weight is not None and not isinstance(class_weight, dict):
        raise ValueError(f"`class_weight` is a {type(class_weight).__name__}; wanted a dict, {{0: 1.0, 1: 5.0}}.")
    for pair in (class_weight or {}).items():
        if not isinstance(pair[0], int | np.integer) or not isinstance(pair[1], int | float | np.number):
            raise ValueError(
                f"`class_weight` has {pair[0]!r}: {pair[1]!r}; wanted a class number and its weight, 1: 5.0."
            )
    if sample_weight is None:
        return None, class_weight
    if isinstance(sample_weight, dict | tuple) or (
        isinstance(sample_weight, list) and sample_weight and all(hasattr(v, "shape") for v in sample_weight)
    ):
        items = sample_weight.items() if isinstance(sample_weight, dict) else enumerate(sample_weight)
        return {key: None if value is None else check_weights(value, None, rows)[0] for key, value in items}, None
    sample_weight = np.asarray(sample_weight, dtype=np.float32)
    if sample_weight.ndim == 0 or len(sample_weight) != rows:
        raise ValueError(
            f"`sample_weight` has shape {sample_weight.shape} and `x` has {rows} rows; wanted a weight for each."
        )
    return sample_weight, None


def check_inputs(model, batch):
    """Refuse inputs of a kind or number that the model has not."""
    inputs = getattr(model, "inputs", None)
    if inputs and len(inputs) != len(batch.inputs):
        came = f"a {type(batch.x).__name__} of {len(batch.inputs)} arrays" if batch.several else "one array"
        raise ValueError(
            f"`x` is {came} and `model` has {len(inputs)} input{'s' * (len(inputs) > 1)}: "
            f"{', '.join(tensor.name for tensor in inputs)}. Give an array for each."
        )
    reads = keras.layers.TextVectorization, keras.layers.StringLookup, keras.layers.Hashing
    if any(isinstance(layer, reads) for layer in model._flatten_layers()):
        return
    for name, array in batch.inputs:
        if not numeric(array) and not any(tensor.dtype == "string" for tensor in inputs or ()):
            raise ValueError(f"`{name}` holds {array.dtype} values; wanted numbers. Take one batch: x, y = next(...).")
