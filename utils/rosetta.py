"""One loss, the softmax cross-entropy of logits, as six libraries spell it; and one training step on any backend.

Each function but two is a program for `utils.processes`: it imports what it needs, so that a process imports one
library. `random_cases` makes the cases, and `farthest` compares.
"""

import numpy as np

from .processes import run


def random_cases(count=200, seed=0):
    """Return cases on which the libraries can be compared: logits of ranks 1 to 4, with labels of both kinds.

    Parameters
    ----------
    count, seed : int
        How many, and where the random numbers start.

    Returns
    -------
    list of tuple
        Each (logits, labels, rows), nested lists: float32 numbers (..., K), integers (...) below K, and
        distributions (..., K), in eight shapes, where ... has 0 to 3 axes and K is 2 to 9.
    """
    rng = np.random.default_rng(seed)
    # Few shapes, since JAX compiles its operations anew for each.
    shapes = [(*rng.integers(1, 5, axes), rng.integers(2, 10)) for axes in (0, 1, 2, 3) for _ in range(2)]
    cases = []
    for i in range(count):
        *shape, classes = shapes[i % len(shapes)]
        logits = rng.normal(0, 1.5, (*shape, classes)).astype(np.float32)
        rows = rng.dirichlet(np.ones(classes), shape).astype(np.float32)
        cases.append((logits.tolist(), rng.integers(classes, size=shape).tolist(), rows.tolist()))
    return cases


def by_numpy(logits, labels, rows):
    """Return the losses of the course's own definitions, for the labels and for the rows."""
    from utils.losses import cross_entropy

    return cross_entropy(labels, logits), cross_entropy(rows, logits)


def by_tensorflow(logits, labels, rows):
    """Return the same from `tf.nn`."""
    import tensorflow as tf

    sparse = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)
    return sparse.numpy(), tf.nn.softmax_cross_entropy_with_logits(rows, logits).numpy()


def by_keras(logits, labels, rows):
    """Return the same from `keras.losses`, on whichever backend."""
    import keras

    given = {"from_logits": True, "reduction": None}
    logits, labels, rows = (np.array(values) for values in (logits, labels, rows))
    sparse = keras.losses.SparseCategoricalCrossentropy(**given)(labels, logits)
    dense = keras.losses.CategoricalCrossentropy(**given)(rows, logits)
    return keras.ops.convert_to_numpy(sparse), keras.ops.convert_to_numpy(dense)


def by_jax(logits, labels, rows):
    """Return the same from `jax.nn`, which has no loss: the log-softmax, and a pick."""
    import jax
    import jax.numpy as jnp

    log_probs, labels = jax.nn.log_softmax(jnp.array(logits)), jnp.array(labels)
    picked = jnp.take_along_axis(log_probs, labels[..., None], axis=-1)[..., 0]
    return -picked, -(jnp.array(rows) * log_probs).sum(-1)


def by_optax(logits, labels, rows):
    """Return the same from `optax`, JAX's library of losses and optimizers."""
    import jax.numpy as jnp
    import optax

    logits = jnp.array(logits)
    sparse = optax.softmax_cross_entropy_with_integer_labels(logits, jnp.array(labels))
    return sparse, optax.softmax_cross_entropy(logits, jnp.array(rows))


def by_torch(logits, labels, rows):
    """Return the same from PyTorch, whose class axis is the second one."""
    import torch
    from torch.nn.functional import cross_entropy

    logits, labels, rows = (torch.tensor(values) for values in (logits, labels, rows))
    if logits.ndim > 1:
        logits, rows = logits.movedim(-1, 1), rows.movedim(-1, 1)
    sparse = cross_entropy(logits, labels, reduction="none")
    return sparse.numpy(), cross_entropy(logits, rows, reduction="none").numpy()


def farthest(program, cases, backend):
    """Return the largest difference between a program's losses and those of `by_numpy`, over all cases."""
    answers, far = run(program, cases, backend), []
    for answer, case in zip(answers, cases, strict=True):
        for one, other in zip(answer, by_numpy(*case), strict=True):
            far.append(np.abs(np.subtract(one, other)).max())
    return float(max(far))


def one_step(softmaxes, loss, settings, label, logits=(0, 200), compiled=None):
    """Return the loss of one example under Keras, and how far one step of SGD moves its weights.

    Parameters
    ----------
    softmaxes : int
        How many `Softmax` layers the model ends in.
    loss : str
        The name of a class of `keras.losses`.
    settings : dict
        Its arguments.
    label : int or list
        An integer, or a row.
    logits : sequence of float
        What the model's only weights are; its input is 1.
    compiled : dict, optional
        More arguments for `compile`.

    Returns
    -------
    tuple of float
        The loss; the largest change of a weight with learning rate 1, which is the largest entry of the gradient.
    """
    import keras

    before = np.array([logits])
    dense = keras.layers.Dense(len(logits), use_bias=False)
    model = keras.Sequential([keras.Input((1,)), dense])
    for _ in range(softmaxes):
        model.add(keras.layers.Softmax())
    dense.set_weights([before])
    chosen = getattr(keras.losses, loss)(**settings)
    model.compile(keras.optimizers.SGD(1.0), chosen, **(compiled or {}))
    found = model.train_on_batch(np.ones((1, 1)), np.array([label]))
    moved = np.abs(dense.get_weights()[0] - before).max()
    return float(np.ravel(found)[0]), moved


def rules_of_keras():
    """Return what Keras makes of an ignored label, of smoothing, of weights and of labels out of range.

    The logits are those of `rules_of_torch`.
    """
    import keras

    logits, labels = np.array([[0.0, 1, 2], [0, 0, 3]], np.float32), np.array([0, 2])
    sparse, dense = keras.losses.SparseCategoricalCrossentropy, keras.losses.CategoricalCrossentropy
    rules = {"ignored": sparse(from_logits=True, ignore_class=2)(labels, logits)}
    rules["smoothed"] = dense(from_logits=True, label_smoothing=0.1)(np.eye(3)[labels], logits)
    rules["weighted"] = sparse(from_logits=True)(labels, logits, np.array([1, 3]))
    for label in (3, -1):
        try:
            rules[label] = sparse(from_logits=True)(np.array([label]), logits[:1])
        except Exception as error:
            rules[label] = type(error).__name__
    return {name: x if isinstance(x, str) else float(keras.ops.convert_to_numpy(x)) for name, x in rules.items()}


def rules_of_jax():
    """Return the same for optax, and for a pick with `jnp.take_along_axis` where the label is out of range."""
    import jax
    import jax.numpy as jnp
    import optax

    logits, labels = jnp.array([[0.0, 1, 2], [0, 0, 3]]), jnp.array([0, 2])
    sparse = optax.softmax_cross_entropy_with_integer_labels
    smooth = optax.smooth_labels(jnp.eye(3)[labels], 0.1)
    rules = {"ignored": sparse(logits, labels).mean(where=labels != 2)}
    rules["smoothed"] = optax.softmax_cross_entropy(logits, smooth).mean()
    rules["weighted"] = (sparse(logits, labels) * jnp.array([1, 3])).mean()
    for label in (3, -1):
        rules[label] = sparse(logits[:1], jnp.array([label]))[0]
        rules[f"{label}, picked"] = -jnp.take_along_axis(jax.nn.log_softmax(logits[0]), jnp.array([label]), 0)[0]
    return {name: float(x) for name, x in rules.items()}


def rules_of_torch():
    """Return the same for PyTorch; its weights belong to classes, and its mean divides by their sum."""
    import torch
    from torch.nn.functional import cross_entropy

    logits, labels = torch.tensor([[0.0, 1, 2], [0, 0, 3]]), torch.tensor([0, 2])
    rules = {"ignored": float(cross_entropy(logits, labels, ignore_index=2))}
    rules["smoothed"] = float(cross_entropy(logits, labels, label_smoothing=0.1))
    rules["weighted"] = float(cross_entropy(logits, labels, weight=torch.tensor([1.0, 1, 3])))
    for label in (3, -1):
        try:
            rules[label] = float(cross_entropy(logits[:1], torch.tensor([label])))
        except Exception as error:
            rules[label] = type(error).__name__
    return rules
