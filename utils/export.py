"""Make what the pages and the later chapters load: `make models`, or one of them with `make models MODEL=digit_cnn`."""

import sys

import numpy as np

from utils import models
from utils.datasets import load_mnist
from utils.quiet import keras


def digit_cnn():
    """Train `digit_cnn` for 8 epochs on the 60,000 digits and store its weights; takes 2 minutes on 2 cores."""
    (x, y), (x_test, y_test) = load_mnist()
    x, x_test = (images[..., None] / np.float32(255) for images in (x, x_test))
    keras.utils.set_random_seed(0)
    model = models.digit_cnn()
    models.train_digits(model, x, y, epochs=8, verbose=1)
    # The accuracy to state is that of what is stored, float16, and not that of the float32 weights at hand.
    for weight in model.weights:
        weight.assign(weight.numpy().astype("<f2"))
    right = int((models.logits_of(model, x_test).argmax(-1) == y_test).sum())
    models.save_weights(
        model,
        made="make models MODEL=digit_cnn: 8 epochs of train_digits on the 60,000 digits, seed 0",
        input="(N, 28, 28, 1), grey values 0 to 1",
        output="(N, 10), logits of the digits 0 to 9",
        right_of_10000_test_digits=right,
    )
    print(f"{model.name}: {right} of 10,000 test digits right")


MAKERS = {maker.__name__: maker for maker in (digit_cnn,)}


def main(names):
    """Make the named models, or all of them."""
    if unknown := set(names) - set(MAKERS):
        sys.exit(f"no model {', '.join(sorted(unknown))}; there are: {', '.join(MAKERS)}")
    for name in names or MAKERS:
        keras.utils.clear_session()  # else the names of the layers would count on from the model before
        MAKERS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
