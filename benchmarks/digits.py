"""Time to 99.0 % of the test digits: `digit_cnn` against the Keras documentation's "Simple MNIST convnet"."""

import statistics

from benchmarks.harness import middle, seconds, table
from utils.datasets import load_mnist
from utils.nets import digit_cnn, logits_of, train_digits
from utils.quiet import keras

SEEDS = (0, 1, 2)
GOAL = 0.99
LIMIT = 20  # epochs


def convnet():
    """Return the example's network with its compile call: softmax ending, one-hot labels, Adam.

    Source: https://keras.io/examples/vision/mnist_convnet/
    """
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


def measure():
    """Train both from three seeds. The clock runs from the building of the model on and stands during evaluation."""
    (x, y), (x_test, y_test) = load_mnist()
    x, x_test = (images[..., None].astype("float32") / 255 for images in (x, x_test))

    def accuracy(model):
        return float((logits_of(model, x_test).argmax(-1) == y_test).mean())

    one_hot = keras.utils.to_categorical(y, 10)
    runs = []
    for seed in SEEDS:  # in turns, so that a slow minute of the machine meets both
        keras.utils.set_random_seed(seed)
        time, model = seconds(convnet)
        epochs = score = 0
        while score < GOAL and epochs < LIMIT:
            more, _ = seconds(model.fit, x, one_hot, batch_size=128, epochs=1, verbose=0)
            time, epochs, score = time + more, epochs + 1, accuracy(model)
        runs.append({"who": "convnet", "seed": seed, "seconds": time, "epochs": epochs, "accuracy": score})
        print(runs[-1], flush=True)

        keras.utils.set_random_seed(seed)
        time, model = seconds(digit_cnn)
        more, _ = seconds(train_digits, model, x, y)
        runs.append(
            {"who": "digit_cnn", "seed": seed, "seconds": time + more, "epochs": 1, "accuracy": accuracy(model)}
        )
        print(runs[-1], flush=True)
    return {"goal": GOAL, "runs": runs}


def summary(measured):
    """Return the medians, and how many times as fast `digit_cnn` is; None where a run missed the goal."""
    of = {who: [run for run in measured["runs"] if run["who"] == who] for who in ("convnet", "digit_cnn")}
    reached = all(run["accuracy"] >= measured["goal"] for run in measured["runs"])
    medians = {who: statistics.median(run["seconds"] for run in runs) for who, runs in of.items()}
    return {"of": of, "ratio": medians["convnet"] / medians["digit_cnn"] if reached else None}


def page(measured):
    """Return the section of RESULTS.md."""
    both = summary(measured)
    rows = [
        [
            name,
            middle([run["seconds"] for run in both["of"][who]]),
            middle([run["epochs"] for run in both["of"][who]], 0),
            middle([100 * run["accuracy"] for run in both["of"][who]], 2),
        ]
        for who, name in (("convnet", "Simple MNIST convnet"), ("digit_cnn", "`digit_cnn`"))
    ]
    ratio = f"{both['ratio']:.1f} times as fast" if both["ratio"] else "a run missed the goal: no ratio"
    return f"""## Digits: time to {100 * measured["goal"]:.1f} % of the 10,000 test digits

{table(["network", "seconds", "epochs", "test accuracy in %"], rows)}

Ratio of the medians: {ratio}. Both train on all 60,000 digits in batches of 128, the example on one-hot labels
until the first epoch at whose end the goal is reached; `digit_cnn` has a schedule of one epoch. The time includes
building and tracing the model; evaluation stops the clock.
"""
