"""Characters: bits a character against time, `Dense` against `TimeDistributed(Dense)`, and characters a second."""

import statistics
import time

import numpy as np

from benchmarks.harness import middle, seconds, table
from utils.datasets import load_shakespeare
from utils.nets import bits, blog_lstm, char_lstm, train_text
from utils.quiet import keras, tf
from utils.text import apart, encode, vocabulary, windows

layers = keras.layers
BUDGETS = (12_000, 24_000, 48_000, 64_000)  # windows of 50 for `char_lstm`, each a training of its own
REPEATS = 7


def tutorial_gru(tokens):
    """Return the network of TensorFlow's text-generation tutorial with its compile call: Adam as it comes.

    Source: https://www.tensorflow.org/text/tutorials/text_generation
    """
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(tokens, 256),
            layers.GRU(1024, return_sequences=True),
            layers.Dense(tokens),
        ]
    )
    model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def race():
    """Train both on the same text; the clock runs from the building of the model on and stands during evaluation."""
    seen, _, unseen = apart(load_shakespeare())
    characters = vocabulary(seen)
    old, new = (encode(part, characters) for part in (seen, unseen))

    def shuffled(length):
        inputs, targets = windows(old, length)
        order = np.random.default_rng(0).permutation(len(inputs))
        return inputs[order], targets[order]

    runs = []

    def note(who, model, clock, count):
        runs.append({"who": who, "seconds": clock, "characters": count, "bits": bits(model, new)})
        print(runs[-1], flush=True)

    inputs, targets = shuffled(50)
    for budget in BUDGETS:
        keras.utils.set_random_seed(0)
        building, model = seconds(char_lstm, len(characters))
        training, _ = seconds(train_text, model, inputs[:budget], targets[:budget])
        note("char_lstm", model, building + training, budget * 50)

    keras.utils.set_random_seed(0)
    clock, model = seconds(tutorial_gru, len(characters))
    inputs, targets = shuffled(100)
    read = 0
    for run in list(runs):  # as long as each of ours, in one training without a schedule
        while clock < run["seconds"]:
            part = slice(64 * read, 64 * (read + 3))
            more, _ = seconds(model.fit, inputs[part], targets[part], batch_size=64, verbose=0)
            clock, read = clock + more, read + 3
        note("tutorial", model, clock, 6400 * read)
    return runs


def one_step(model, inputs, targets):
    """Return the seconds of some training steps, without the first, which traces the graph."""
    model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.train_on_batch(inputs, targets)
    return [seconds(model.train_on_batch, inputs, targets)[0] for _ in range(REPEATS)]


def heads():
    """Time training steps with either last layer: the layer alone, and on the network of the blog tutorial."""
    rng = np.random.default_rng(0)
    states = rng.normal(size=(128, 100, 512)).astype("float32")
    ids, targets = rng.integers(0, 256, (2, 128, 100))
    body = blog_lstm()
    until_states = keras.Model(body.input, body.layers[-2].output)
    runs = []
    for name, wrap in (("Dense", lambda layer: layer), ("TimeDistributed(Dense)", layers.TimeDistributed)):
        for where, start, given in (
            ("last layer alone", keras.Input((100, 512), batch_size=128), states),
            ("whole network", keras.Input((100,), batch_size=128, dtype="int32"), ids),
        ):
            features = start if given is states else until_states(start)
            model = keras.Model(start, wrap(layers.Dense(256))(features))
            graph = tf.function(model).get_concrete_function(tf.TensorSpec(given.shape, model.input.dtype)).graph
            steps = one_step(model, given, targets)
            runs.append({"head": name, "where": where, "nodes": len(graph.get_operations()), "seconds": steps})
            print(runs[-1], flush=True)
    return runs


def generation(texts=5, length=500):
    """Return the characters a second of a stateful `char_lstm`, over all texts side by side."""
    twin = char_lstm(batch=texts, stateful=True)
    step = tf.function(twin)
    ids = np.zeros((texts, 1), np.int32)
    step(ids)
    speeds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        for _ in range(length):
            ids = step(ids).numpy().argmax(axis=-1).astype(np.int32)
        speeds.append(texts * length / (time.perf_counter() - start))
    return {"texts": texts, "speeds": speeds}


def measure():
    """Run the three comparisons."""
    return {"race": race(), "heads": heads(), "generation": generation()}


def page(measured):
    """Return the section of RESULTS.md."""
    names = {"char_lstm": "`char_lstm`", "tutorial": "tutorial's GRU 1024"}
    race = [
        [
            names[run["who"]],
            f"{run['seconds']:.0f}",
            f"{run['characters']:,}",
            f"{run['characters'] / run['seconds']:,.0f}",
            f"{run['bits']:.3f}",
        ]
        for run in measured["race"]
    ]
    heads = []
    for where in ("last layer alone", "whole network"):
        plain, wrapped = (
            next(run for run in measured["heads"] if (run["where"], run["head"]) == (where, head))
            for head in ("Dense", "TimeDistributed(Dense)")
        )
        ratio = statistics.median(wrapped["seconds"]) / statistics.median(plain["seconds"])
        for run in (plain, wrapped):
            times = middle([1000 * second for second in run["seconds"]], 0)
            heads.append(
                [where, f"`{run['head']}`", f"{run['nodes']:,}", times, "" if run is plain else f"{ratio:.2f}"]
            )
    generation = measured["generation"]
    columns = ["network", "seconds", "characters read", "characters a second", "bits a character"]
    return f"""## Characters: bits a character against time

{table(columns, race)}

Measured on the last play, which neither has read. Each row of `char_lstm` is a training of its own, with a schedule of
that length; those of the tutorial's network are one training, looked at when it has had as much time. It reads windows
of 100 in batches of 64, with Adam as it comes.

### `Dense` against `TimeDistributed(Dense)`

{table(["what is trained", "last layer", "operations forward", "milliseconds a step", "ratio"], heads)}

128 × 100 steps, 512 features, 256 outputs; the whole network is the blog tutorial's, of 4.5 million parameters.

### Generation

A stateful `char_lstm` of {generation["texts"]} texts side by side gives {middle(generation["speeds"], 0)} characters a
second in all, each drawn as the largest logit.
"""
