"""Make what the pages and the later chapters load: `make models`, or one of them with `make models MODEL=digit_cnn`."""

import gzip
import hashlib
import itertools
import json
import sys

import numpy as np

from utils import nets
from utils.datasets import load_mnist, load_shakespeare
from utils.losses import cross_entropy, log_softmax, softmax
from utils.metrics import calibration_error, confusion, iou
from utils.quiet import keras
from utils.scenes import CLASSES, street_scenes
from utils.strokes import by_hand
from utils.text import apart, encode, side_by_side, vocabulary


def _round(model):
    """Round the weights to float16: the accuracy to state is that of what is stored."""
    for weight in model.weights:
        weight.assign(weight.numpy().astype("<f2"))


def _named_anew(make, tokens, weights):
    """Return a network with given weights: its layers are named as if it were the first, whatever was built before."""
    keras.utils.clear_session()
    model = make(tokens)
    model.set_weights(weights)
    return model


def digit_cnn():
    """Train `digit_cnn` for 24 passes over 55,000 digits, each time as other hands write; 10 minutes on 2 cores.

    The last 5,000 training digits are held out: the temperature is fitted on them.
    """
    (x, y), (x_test, y_test) = load_mnist()
    x, x_test = (images[..., None] / np.float32(255) for images in (x, x_test))
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    model = nets.digit_cnn()
    nets.train_digits(model, x[:55_000], y[:55_000], epochs=24, verbose=1, change=lambda images: by_hand(images, rng))
    _round(model)
    held, logits = nets.logits_of(model, x[55_000:]), nets.logits_of(model, x_test)
    losses = {t: cross_entropy(y[55_000:], held / t).mean() for t in np.arange(0.5, 3, 0.01).round(2).tolist()}
    temperature = min(losses, key=losses.get)
    facts = {
        "temperature": temperature,
        "right_of_10000_test_digits": int((logits.argmax(-1) == y_test).sum()),
        "calibration_error": round(calibration_error(softmax(logits / temperature), y_test), 4),
    }
    nets.save_weights(
        model,
        made="make models MODEL=digit_cnn: 24 epochs of train_digits on the first 55,000 digits by_hand, seed 0",
        input="(N, 28, 28, 1), grey values 0 to 1",
        output="(N, 10), logits of the digits 0 to 9, to be divided by the temperature",
        **facts,
    )
    print(f"{model.name}: {facts}")


def both_ways(scenes):
    """Return images and masks as they are and mirrored, left for right."""
    return tuple(np.concatenate([part, part[:, :, ::-1]]) for part in scenes)


def unet():
    """Train `unet` for 24 passes, each over 1,000 new street scenes and their mirror images; 15 minutes on 2 cores."""
    seeds = iter(range(1000, 1024))
    keras.utils.set_random_seed(0)
    model = nets.unet()
    first = both_ways(street_scenes(1000, seed=next(seeds)))
    passes = itertools.chain([first], (both_ways(street_scenes(1000, seed)) for seed in seeds))
    nets.train_scenes(model, *first, epochs=24, verbose=2, change=lambda *_: next(passes))
    _round(model)
    images, masks = street_scenes(500, seed=1)
    counts = confusion(masks, nets.logits_of(model, images, batch=20).argmax(-1), len(CLASSES))
    facts = {
        "pixel_accuracy": round(float(counts.trace() / counts.sum()), 4),
        "mean_iou": round(float(iou(counts).mean()), 4),
    }
    nets.save_weights(
        model,
        made="make models MODEL=unet: 24 epochs of train_scenes, each on 1,000 new scenes both ways, seed 0",
        input="(N, 96, 128, 3), RGB 0 to 1",
        output="(N, 96, 128, 23), logits of the classes",
        measured_on="street_scenes(500, seed=1)",
        **facts,
    )
    print(f"{model.name}: {facts}")


def char_lstm():
    """Train `char_lstm` for 10 passes over all works but the last and store it in 8 bits; 40 minutes on 2 cores.

    It computes in bfloat16, which takes half the time on CPUs that multiply such numbers, and far longer on others.
    """
    seen, title, unseen = apart(load_shakespeare())
    characters = vocabulary(seen)
    inputs, targets = side_by_side(encode(seen, characters), 128, 64)
    keras.utils.set_random_seed(0)
    keras.mixed_precision.set_dtype_policy("mixed_bfloat16")
    learner = nets.char_lstm(len(characters), batch=128, stateful=True, dropout=0.3)
    keras.mixed_precision.set_dtype_policy("float32")
    nets.train(learner, inputs, targets, 128, 10, 0.006, shuffle=False, verbose=2)
    model = _named_anew(nets.char_lstm, len(characters), learner.get_weights())
    facts = {
        "made": "make models MODEL=char_lstm: 10 passes in bfloat16 over all works but the last, dropout 0.3, seed 0",
        "input": "(N, T), positions in `characters`",
        "output": "(N, T, 84), logits of the next character",
        "characters": characters,
        "measured_on": title,
    }
    nets.save_weights(model, dtype="int8", **facts)
    nets.load_weights(model)  # what is stored is measured
    bits = round(nets.bits(model, encode(unseen, characters)), 4)
    model.set_weights(learner.get_weights())
    nets.save_weights(model, dtype="int8", **facts, bits_a_character=bits)
    print(f"{model.name}: {bits} bits a character on {title}")


# A loss is stored as the nearest multiple of STEP, at most CAP: 255 steps, one byte.
STEP, CAP = 0.05, 12.75


def scene_losses():
    """Store what `unet` says of six unseen scenes: picture, mask, and −log p of every class at every pixel."""
    model = nets.unet()
    nets.load_weights(model)
    images, masks = street_scenes(6, seed=2)
    losses = -log_softmax(nets.logits_of(model, images))
    folder, files = nets.MODELS / "scenes", []
    folder.mkdir(parents=True, exist_ok=True)
    for i, parts in enumerate(zip(images, masks, losses, strict=True)):
        picture, mask, loss = parts
        content = np.round(255 * picture).astype(np.uint8).tobytes() + mask.tobytes()
        content += np.round(np.minimum(loss, CAP) / STEP).astype(np.uint8).tobytes()
        packed = gzip.compress(content, 9, mtime=0)
        (folder / f"scene_{i}.bin.gz").write_bytes(packed)
        files.append({"file": f"scene_{i}.bin.gz", "sha256": hashlib.sha256(packed).hexdigest()})
    manifest = {
        "made": "make models MODEL=scene_losses: the stored unet on street_scenes(6, seed=2)",
        "content": "uint8, row by row: picture (96, 128, 3), mask (96, 128), losses (96, 128, 23)",
        "loss": f"a byte b stands for -log p = {STEP} b nats; {CAP} stands for all that is larger",
        "step": STEP,
        "cap": CAP,
        "classes": list(CLASSES),
        "files": files,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    print(f"scene_losses: {len(files)} scenes")


MAKERS = {maker.__name__: maker for maker in (digit_cnn, unet, scene_losses, char_lstm)}


def main(names):
    """Make the named models, or all of them."""
    if unknown := set(names) - set(MAKERS):
        sys.exit(f"no model {', '.join(sorted(unknown))}; there are: {', '.join(MAKERS)}")
    for name in names or MAKERS:
        keras.utils.clear_session()  # else the names of the layers would count on from the model before
        MAKERS[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
