"""Characters: bits against what was read, by counting and by training; the two last layers; characters a second."""

import os
import statistics
import time

import numpy as np

from benchmarks.harness import middle, table
from utils.counts import KneserNey
from utils.datasets import load_shakespeare
from utils.losses import cross_entropy
from utils.nets import bits, blog_lstm, char_lstm, load_weights, train
from utils.quiet import keras, tf
from utils.text import ORD_256, apart, encode, side_by_side, vocabulary, windows

layers = keras.layers
BUDGETS = (600_000, 1_200_000, 2_400_000, 4_900_000)  # characters for `char_lstm`, each a training of its own
RACED = 2_400_000  # so far the others go on; it takes about a minute
ROWS, LENGTH, UNITS = 64, 50, 384
SEEDS = (0, 1, 2)
REPEATS = 7
ORDERS = range(1, 9)


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


def tutorial_lstm():
    """Return the network of the blog tutorial with its optimizer, as Keras 3 has it."""
    model = blog_lstm()
    model.compile(keras.optimizers.RMSprop(0.01), loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def busy(function, *arguments, **options):
    """Return the seconds that the cores were busy with one call, and its result: CPU time over the cores.

    Unlike the clock on the wall it does not run on while other programs have the cores.
    """
    start = time.process_time()
    result = function(*arguments, **options)
    return (time.process_time() - start) / os.cpu_count(), result


class Opponent:
    """A network that is trained in one go, in shuffled windows of 100, and looked at on the way."""

    def __init__(self, who, build, ids, batch, steps, unseen):
        keras.utils.set_random_seed(0)
        self.who, self.batch, self.steps, self.unseen = who, batch, steps, unseen
        self.inputs, self.targets = windows(ids, 100)
        order = np.random.default_rng(0).permutation(len(self.inputs))
        self.inputs, self.targets = self.inputs[order], self.targets[order]
        self.clock, self.model = busy(build)
        self.read = 0

    def until(self, clock):
        """Train until its own clock shows as much, and return the run."""
        while self.clock < clock:
            part = slice(self.read, self.read + self.batch * self.steps)
            inputs, targets = self.inputs[part], self.targets[part]
            more, _ = busy(self.model.fit, inputs, targets, batch_size=self.batch, verbose=0)
            self.clock, self.read = self.clock + more, self.read + len(inputs)
        return run(self.who, self.model, self.clock, self.read * 100, self.unseen)


def run(who, model, clock, count, unseen):
    """Return what is stored of a training, and say it."""
    found = {"who": who, "seconds": clock, "characters": count, "bits": bits(model, unseen)}
    print(found, flush=True)
    return found


def train_ours(tokens, inputs, targets, seed=0):
    """Train `char_lstm` as chapter 9 does: the state goes on from batch to batch."""
    keras.utils.set_random_seed(seed)
    model = char_lstm(tokens, UNITS, batch=ROWS, stateful=True)
    train(model, inputs, targets, ROWS, 1, 0.012, shuffle=False, verbose=0)
    return model


def asked(stateful, tokens):
    """Return a network for any number of texts with the weights of a stateful one."""
    model = char_lstm(tokens, UNITS)
    model.set_weights(stateful.get_weights())
    return model


def race():
    """Train the three on the same text, in turns; the clock stands during evaluation."""
    seen, _, unseen = apart(load_shakespeare())
    characters = vocabulary(seen)
    old, new = (encode(part, characters) for part in (seen, unseen))
    opponents = [
        Opponent("tutorial", lambda: tutorial_gru(len(characters)), old, 64, 3, new),
        Opponent("blog", tutorial_lstm, encode(seen, ORD_256), 128, 1, encode(unseen, ORD_256)),
    ]
    inputs, targets = side_by_side(old, ROWS, LENGTH)
    runs = []
    for budget in BUDGETS:
        count = budget // (ROWS * LENGTH) * ROWS
        clock, stateful = busy(train_ours, len(characters), inputs[:count], targets[:count])
        runs.append(run("char_lstm", asked(stateful, len(characters)), clock, count * LENGTH, new))
        if budget <= RACED:
            runs += [opponent.until(clock) for opponent in opponents]
    once = [runs[-1]["bits"]]  # the whole text, from seed 0
    for seed in SEEDS[1:]:
        stateful = train_ours(len(characters), inputs[:count], targets[:count], seed)
        once.append(bits(asked(stateful, len(characters)), new))
        print(seed, once[-1], flush=True)
    return runs, once


def heads():
    """Time training steps with either last layer, in turns: the layer alone, and on the blog tutorial's network."""
    rng = np.random.default_rng(0)
    states = rng.normal(size=(128, 100, 512)).astype("float32")
    ids, targets = rng.integers(0, 256, (2, 128, 100))
    body = blog_lstm()
    until_states = keras.Model(body.input, body.layers[-2].output)
    runs = []
    for where, start, given in (
        ("last layer alone", keras.Input((100, 512), batch_size=128), states),
        ("whole network", keras.Input((100,), batch_size=128, dtype="int32"), ids),
    ):
        models = {}
        for name, wrap in (("Dense", lambda layer: layer), ("TimeDistributed(Dense)", layers.TimeDistributed)):
            features = start if given is states else until_states(start)
            models[name] = model = keras.Model(start, wrap(layers.Dense(256))(features))
            graph = tf.function(model).get_concrete_function(tf.TensorSpec(given.shape, model.input.dtype)).graph
            runs.append({"head": name, "where": where, "nodes": len(graph.get_operations()), "seconds": []})
        for times in in_turns(models.values(), given, targets):
            for found, seconds in zip(runs[-2:], times, strict=True):
                found["seconds"].append(seconds)
        print(runs[-2:], flush=True)
    return runs


def in_turns(models, inputs, targets):
    """Yield the seconds of one training step of each model, again and again; not of the first, which traces it."""
    models = list(models)
    for model in models:
        model.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        model.train_on_batch(inputs, targets)
    for _ in range(REPEATS):
        yield [busy(model.train_on_batch, inputs, targets)[0] for model in models]


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


def counting():
    """Return the bits of the counts, of the stored network, and of both mixed, on the second half of the play."""
    seen, _, unseen = apart(load_shakespeare())
    characters = vocabulary(seen)
    old, new = (encode(part, characters) for part in (seen, unseen))
    orders = [float(-np.log2(KneserNey(old, len(characters), n).probs(new)).mean()) for n in ORDERS]
    model = char_lstm(len(characters))
    load_weights(model)
    # One row, so that both halves are read by a network that has read what comes before them.
    logits = model.predict(new[None, :-1], verbose=0)
    of_network = np.exp(-cross_entropy(new[None, 1:], logits)[0])
    of_counts = KneserNey(old, len(characters)).probs(new)[1:]
    first, second = (slice(half, half + len(of_network) // 2) for half in (0, len(of_network) // 2))

    def mixed(weight, part):
        return float(-np.log2(weight * of_network[part] + (1 - weight) * of_counts[part]).mean())

    weight = min((tenth / 10 for tenth in range(11)), key=lambda weight: mixed(weight, first))
    parts = {"counts": mixed(0, second), "network": mixed(1, second), "mixed": mixed(weight, second)}
    return {"orders": orders, "weight": weight, "second_half": parts}


def measure():
    """Run the comparisons."""
    (runs, once), counted = race(), counting()
    return {"counts": counted, "race": runs, "once": once, "heads": heads(), "generation": generation()}


def page(measured):
    """Return the section of RESULTS.md."""
    names = {"char_lstm": "`char_lstm`", "tutorial": "TensorFlow tutorial's GRU", "blog": "blog tutorial's LSTMs"}
    race = [
        [
            name,
            f"{run['seconds']:.0f}",
            f"{run['characters']:,}",
            f"{run['characters'] / run['seconds']:,.0f}",
            f"{run['bits']:.3f}",
        ]
        for who, name in names.items()
        for run in measured["race"]
        if run["who"] == who
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
    counts, generation = measured["counts"], measured["generation"]
    orders = [[n, f"{found:.3f}"] for n, found in zip(ORDERS, counts["orders"], strict=True)]
    second = [[who, f"{found:.3f}"] for who, found in counts["second_half"].items()]
    columns = ["network", "seconds", "characters read", "characters a second", "bits a character"]
    return f"""## Characters: bits a character by counting and by training

Measured on the last play, which nobody has read. Counts of all the others, modified Kneser–Ney, in seconds:

{table(["in a row", "bits a character"], orders)}

The stored `char_lstm` and the counts of 7 in a row on the second half of the play. The weight of the network in the
mixture, {counts["weight"]:.1f}, is the best of eleven on the first half:

{table(["on the second half", "bits a character"], second)}

### Against what was read

{table(columns, race)}

Seconds are CPU time over the number of cores, so that other work on the machine does not count. Each row of
`char_lstm`, of {UNITS} units, is a training of its own, with a schedule of that length, from seed 0. Over the whole
text the seeds 0, 1 and 2 end at {middle(measured["once"], 3)} bits. The two tutorials' networks are trained once
each, in windows of 100, and looked at when they have had as much time as the first three of these: the GRU of 1,024
units in batches of 64 with Adam as it comes, the two LSTMs of 512 in batches of 128 with RMSprop at 0.01. All take
turns.

### `Dense` against `TimeDistributed(Dense)`

{table(["what is trained", "last layer", "operations forward", "milliseconds a step", "ratio"], heads)}

128 × 100 steps, 512 features, 256 outputs; the whole network is the blog tutorial's, of 4.5 million parameters. The
two endings take turns, step by step; the time is CPU time over the number of cores.

### Generation

A stateful `char_lstm` of {generation["texts"]} texts side by side gives {middle(generation["speeds"], 0)} characters a
second in all, each drawn as the largest logit.
"""
