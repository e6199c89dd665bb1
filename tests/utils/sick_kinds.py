"""More for the tests of the doctor: the kinds of mistakes that public reports show, each with its healthy twin.

The table has the form of `sick_models.CASES`; what the names of its arrays mean stands there.
"""

import numpy as np
from sick_models import (
    BIN,
    BINARY,
    BITS,
    CATEGORICAL,
    DOUBLE,
    HOT,
    INT,
    ONE_HOT,
    RNG,
    SPARSE,
    STEPS,
    TOKENS,
    UNDECLARED,
    X,
    Y,
    bits,
    dense,
    layers,
    logits,
    losses,
    sequential,
    soft,
    tokens,
)

from utils.quiet import keras, tf

BOUNDED, DROPPED = "logits bounded by the last layer", "dropout behind the logits"
SWAPPED, MEAN = "loss takes its arguments in the other order", "mean over the wrong axis"
REWARDS, FLOOR = "loss falls for wrong answers", "loss without a lower bound"
NAN_GRADIENT, NO_GRADIENT = "NaN gradient with a finite loss", "no gradient reaches the weights"
WANTS_PROBS = "loss for probabilities gets logits"
WANTS_LOGITS = "loss for logits gets probabilities"
CUT_OFF, HINGE = "no gradient for a part of the weights", "probabilities under a hinge loss"
FROZEN, ALIKE, DEAD = "nothing to train", "units that stay alike", "dead units: no gradient for this batch"
ONE_CLASS, ONE_ROW = "one class in the batch", "batch normalisation over one row"
HIDDEN, ADDED = "everything is hidden from the loss", "NaN or Inf in an added loss"
CHANNELS, ONE_LABEL = "an image as mask", "one label for a whole sequence"
STEPS_FOR_ONE, NOT_NUMBERS = "labels for each step, one output", "labels are not numbers"
FAILS = "loss cannot be computed"

PICTURES = RNG.random((4, 6, 6, 2)).astype("float32")
MASKS = np.arange(4 * 36).reshape(4, 6, 6) % 3
RGB = np.repeat(MASKS[..., None] * 80, 3, -1).astype("uint8")
COLOURS = np.array([[0, 0, 0], [200, 0, 0], [0, 0, 200]], "uint8")[MASKS]


def ending(layer, loss=None):
    return lambda: sequential(dense(), layer(), loss=loss or SPARSE())


def activated(name, loss=None):
    return lambda: sequential(dense(4, name), loss=loss or SPARSE())


class Unit(layers.Layer):
    """Rows of norm 1, times a temperature."""

    def __init__(self, scale):
        super().__init__()
        self.scale = scale

    def call(self, x):
        return keras.ops.normalize(x) * self.scale if self.scale != 1 else tf.math.l2_normalize(x, -1)


# Losses by hand


def right(y, p):
    return losses.sparse_categorical_crossentropy(y, p, from_logits=True)


def in_the_other_order(p, y):
    return losses.sparse_categorical_crossentropy(y, p, from_logits=True)


def one_hot_in_the_other_order(p, y):
    return -tf.reduce_sum(y * tf.math.log(p + 1e-7), -1)


def one_hot_right(y, p):
    return -tf.reduce_sum(y * tf.math.log(p + 1e-7), -1)


def mean_over_classes(y, p):
    return -tf.reduce_mean(y * tf.math.log(p + 1e-7), -1)


def sum_over_rows(y, p):
    return -tf.reduce_sum(y * tf.math.log(p + 1e-7), 0)


def without_minus(y, p):
    return tf.reduce_sum(y * tf.square(p), -1) - 1.0


def with_minus(y, p):
    return 1.0 - tf.reduce_sum(y * tf.square(p), -1)


def score_of_the_label(y, z):
    return -tf.reduce_sum(y * z, -1)


def hinge_of_the_label(y, z):
    return tf.reduce_sum(tf.nn.relu(1 - (2 * y - 1) * z), -1)


def focal_root(y, p):
    own = y * p + (1 - y) * (1 - p)
    return -tf.sqrt(1 - own) * tf.math.log(own + 1e-7)


def focal_whole(y, p):
    own = y * p + (1 - y) * (1 - p)
    return -tf.square(1 - own) * tf.math.log(own + 1e-7)


def focal_square(y, p):
    own = tf.reduce_sum(y * p, -1)
    return -tf.square(1 - own) * tf.math.log(own + 1e-7)


def focal_log(y, p):
    own = tf.reduce_sum(y * p, -1)
    return -tf.square(1 - own) * tf.math.log(own)


def focal_on_logits(y, z):
    own = tf.reduce_sum(y * tf.nn.softmax(z), -1)
    return -tf.square(1 - own) * tf.math.log(own + 1e-7)


def softmax_of_rows(y, z):
    return -tf.reduce_sum(y * tf.nn.log_softmax(z, axis=0), -1)


def binary_log(y, p):
    return -tf.reduce_mean(y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p), -1)


def in_numpy(y, p):
    return np.mean((np.asarray(y) - np.asarray(p)) ** 2)


def gathered(y, z):
    return -tf.gather(tf.nn.log_softmax(z), y, batch_dims=1)


def gathered_right(y, z):
    return -tf.gather(tf.nn.log_softmax(z), tf.cast(y, "int32"), batch_dims=1)


def rate_of_errors(y, p):
    return tf.cast(tf.argmax(p, -1) != tf.cast(y, "int64"), "float32")


def rounded(y, p):
    return tf.reduce_sum(tf.square(y - tf.stop_gradient(p)), -1)


def squares(y, p):
    return tf.reduce_sum(tf.square(y - p), -1)


def sure(model, kernel=400.0):
    """Return the model with a first kernel so large that its probabilities are 0 and 1."""
    model.layers[0].kernel.assign(np.eye(6, 1) * kernel)
    return model


SIGNS = np.outer(2 * BITS - 1, np.ones(6)).astype("float32")  # with `sure`, each row is right about its bit


def frozen(model):
    model.trainable = False
    model.compile(loss=model.loss)
    return model


def started(first, last="glorot_uniform", activation="tanh"):
    return sequential(dense(5, activation, kernel_initializer=first), dense(4, kernel_initializer=last), loss=SPARSE())


def drowned(bias=-50.0):
    model = sequential(dense(5, "relu"), dense(), loss=SPARSE())
    model.layers[0].bias.assign(np.full(5, bias))
    return model


def normalised(layer=layers.BatchNormalization):
    return sequential(dense(5), layer(), dense(), loss=SPARSE())


def masked(value):
    return tokens(layers.Masking(value), layers.LSTM(3, return_sequences=True), dense())


class Extra(layers.Layer):
    """Adds a loss of its own."""

    def __init__(self, power):
        super().__init__()
        self.power = power

    def call(self, x):
        self.add_loss(1e-3 * tf.reduce_mean(tf.pow(x, self.power)))
        return x


def recurrent(sequences):
    return tokens(layers.LSTM(3, return_sequences=sequences), dense())


def pixels(loss=SPARSE, classes=3):
    return sequential(layers.Conv2D(classes, 1), loss=loss(), shape=(6, 6, 2))


KINDS = {
    "relu logits": (
        BOUNDED,
        (activated("relu"), X, Y),
        (lambda: sequential(dense(8, "relu"), dense(), loss=SPARSE()), X, Y),
    ),
    "relu6 logits": (BOUNDED, (activated("relu6"), X, Y), (activated("leaky_relu"), X, Y)),
    "tanh logits": (BOUNDED, (activated("tanh"), X, Y), (activated("linear"), X, Y)),
    "softplus logits": (BOUNDED, (activated("softplus"), X, Y), (activated("log_softmax"), X, Y)),
    "elu logits": (
        BOUNDED,
        (activated("elu", CATEGORICAL()), X, ONE_HOT),
        (activated(None, CATEGORICAL()), X, ONE_HOT),
    ),
    "gelu logits": (
        BOUNDED,
        (activated("gelu"), X, Y),
        (lambda: sequential(dense(8, "gelu"), dense(), loss=SPARSE()), X, Y),
    ),
    "relu in its own layer": (BOUNDED, (ending(layers.ReLU), X, Y), (ending(layers.LeakyReLU), X, Y)),
    "clipped logits": (
        BOUNDED,
        (ending(lambda: layers.Lambda(lambda z: tf.clip_by_value(z, -1.0, 1.0))), X, Y),
        (ending(lambda: layers.Lambda(lambda z: z / 2.0)), X, Y),
    ),
    "relu before softmax": (
        BOUNDED,
        (lambda: sequential(dense(4, "relu"), layers.Softmax(), loss=INT), X, Y),
        (lambda: sequential(dense(4, "relu"), dense(), layers.Softmax(), loss=INT), X, Y),
    ),
    "tanh before sigmoid": (
        BOUNDED,
        (lambda: sequential(dense(1, "tanh"), layers.Activation("sigmoid"), loss=BIN), X, BITS),
        (lambda: sequential(dense(8, "tanh"), dense(1, "sigmoid"), loss=BIN), X, BITS),
    ),
    "relu under binary": (BOUNDED, (lambda: bits("relu"), X, BITS), (lambda: bits(), X, BITS)),
    "rows of norm 1": (BOUNDED, (ending(lambda: Unit(1)), X, Y), (ending(lambda: Unit(4)), X, Y)),
    "dropout on logits": (
        DROPPED,
        (ending(lambda: layers.Dropout(0.3)), X, Y),
        (lambda: sequential(layers.Dropout(0.3), dense(), loss=SPARSE()), X, Y),
    ),
    "dropout on probabilities": (
        DROPPED,
        (lambda: sequential(soft(), layers.Dropout(0.3), loss=INT), X, Y),
        (lambda: sequential(dense(8), layers.Dropout(0.3), soft(), loss=INT), X, Y),
    ),
    "dropout before softmax": (
        DROPPED,
        (lambda: sequential(dense(), layers.Dropout(0.3), layers.Softmax(), loss=INT), X, Y),
        (lambda: sequential(dense(), layers.Softmax(), loss=INT), X, Y),
    ),
    "dropout over time": (
        DROPPED,
        (lambda: tokens(dense(), layers.SpatialDropout1D(0.3)), STEPS, TOKENS),
        (lambda: tokens(layers.SpatialDropout1D(0.3), dense()), STEPS, TOKENS),
    ),
    "arguments exchanged": (SWAPPED, (lambda: logits(in_the_other_order), X, Y), (lambda: logits(right), X, Y)),
    "arguments exchanged, one-hot": (
        SWAPPED,
        (lambda: sequential(soft(), loss=one_hot_in_the_other_order), X, ONE_HOT),
        (lambda: sequential(soft(), loss=losses.CategoricalCrossentropy()), X, ONE_HOT),
    ),
    "mean over the classes": (
        MEAN,
        (lambda: sequential(soft(), loss=mean_over_classes), X, ONE_HOT),
        (lambda: sequential(soft(), loss=one_hot_right), X, ONE_HOT),
    ),
    "sum over the rows": (
        MEAN,
        (lambda: sequential(soft(), loss=sum_over_rows), X, ONE_HOT),
        (lambda: sequential(soft(), loss=focal_square), X, ONE_HOT),
    ),
    "the minus is missing": (
        REWARDS,
        (lambda: sequential(soft(), loss=without_minus), X, ONE_HOT),
        (lambda: sequential(soft(), loss=with_minus), X, ONE_HOT),
    ),
    "score of the label": (
        FLOOR,
        (lambda: logits(score_of_the_label), X, ONE_HOT),
        (lambda: logits(hinge_of_the_label), X, ONE_HOT),
    ),
    "focal with a root": (
        NAN_GRADIENT,
        (lambda: sure(bits("sigmoid", focal_root)), SIGNS, BITS[:, None]),
        (lambda: sure(bits("sigmoid", focal_whole)), SIGNS, BITS[:, None]),
    ),
    "norm of zeros": (
        NAN_GRADIENT,
        (lambda: sequential(dense(5), layers.Lambda(lambda h: h * tf.sqrt(h * 0.0)), dense(), loss=SPARSE()), X, Y),
        (lambda: sequential(dense(5), layers.Lambda(lambda h: h * tf.sqrt(h * 0.0 + 1)), dense(), loss=SPARSE()), X, Y),
    ),
    "softmax over the rows, in the loss": (
        "softmax over the wrong axis",
        (lambda: logits(softmax_of_rows), X, ONE_HOT),
        (lambda: logits(losses.CategoricalCrossentropy(from_logits=True)), X, ONE_HOT),
    ),
    "binary log of scores": (
        WANTS_PROBS,
        (lambda: bits(None, binary_log), X, BITS[:, None]),
        (lambda: bits(), X, BITS[:, None]),
    ),
    "NumPy in the loss": (FAILS, (lambda: logits(in_numpy), X, ONE_HOT), (lambda: logits(squares), X, ONE_HOT)),
    "floats as indices": (FAILS, (lambda: logits(gathered), X, Y), (lambda: logits(gathered_right), X, Y)),
    "argmax in the model": (
        NO_GRADIENT,
        (lambda: sequential(dense(), layers.Lambda(lambda z: tf.argmax(z, -1)), loss="mse"), X, Y),
        (lambda: sequential(dense(1), layers.Flatten(), loss="mse"), X, Y[:, None]),
    ),
    "inputs of zero": (
        DEAD,
        (lambda: sequential(dense(8, "relu"), dense(), loss=SPARSE()), X * 0, Y),
        (lambda: sequential(dense(8, "relu"), dense(), loss=SPARSE()), np.where(np.arange(6) == 0, X, 0), Y),
    ),
    "black and white masks": (
        "labels out of range",
        (lambda: pixels(classes=2), PICTURES, (MASKS > 0) * 255),
        (lambda: pixels(classes=2), PICTURES, (MASKS > 0) * 1),
    ),
    "argmax in the loss": (NO_GRADIENT, (lambda: logits(rate_of_errors), X, Y), (lambda: logits(right), X, Y)),
    "stop_gradient in the loss": (
        NO_GRADIENT,
        (lambda: logits(rounded), X, ONE_HOT),
        (lambda: logits(squares), X, ONE_HOT),
    ),
    "stop_gradient in the model": (
        NO_GRADIENT,
        (ending(lambda: layers.Lambda(tf.stop_gradient)), X, Y),
        (ending(lambda: layers.Lambda(tf.identity)), X, Y),
    ),
    "rounded in the middle": (
        CUT_OFF,
        (lambda: sequential(dense(5, "tanh"), layers.Lambda(tf.round), dense(), loss=SPARSE()), X, Y),
        (lambda: sequential(dense(5, "tanh"), dense(), loss=SPARSE()), X, Y),
    ),
    "stop_gradient in the middle": (
        CUT_OFF,
        (lambda: sequential(dense(5), layers.Lambda(tf.stop_gradient), dense(), loss=SPARSE()), X, Y),
        (lambda: sequential(dense(5, trainable=False), layers.Lambda(tf.stop_gradient), dense(), loss=SPARSE()), X, Y),
    ),
    "hinge on a sigmoid": (
        HINGE,
        (lambda: bits("sigmoid", "hinge"), X, BITS[:, None]),
        (lambda: bits(loss="hinge"), X, BITS[:, None]),
    ),
    "focal log of scores": (
        WANTS_PROBS,
        (lambda: logits(focal_log), X, ONE_HOT),
        (lambda: sequential(soft(), loss=focal_log), X, ONE_HOT),
    ),
    "focal softmax of probabilities": (
        WANTS_LOGITS,
        (lambda: sequential(soft(), loss=focal_on_logits), X, ONE_HOT),
        (lambda: logits(focal_on_logits), X, ONE_HOT),
    ),
    "Keras's focal loss on scores": (
        UNDECLARED,
        (lambda: logits("categorical_focal_crossentropy"), X, ONE_HOT),
        (lambda: logits(losses.CategoricalFocalCrossentropy(from_logits=True)), X, ONE_HOT),
    ),
    "Keras's focal loss on probabilities": (
        DOUBLE,
        (lambda: sequential(soft(), loss=losses.CategoricalFocalCrossentropy(from_logits=True)), X, ONE_HOT),
        (lambda: sequential(soft(), loss=losses.CategoricalFocalCrossentropy()), X, ONE_HOT),
    ),
    "Kullback-Leibler on scores": (
        UNDECLARED,
        (lambda: logits("kl_divergence"), X, ONE_HOT),
        (lambda: sequential(soft(), loss="kl_divergence"), X, ONE_HOT),
    ),
    "model.trainable = False": (FROZEN, (lambda: frozen(logits()), X, Y), (logits, X, Y)),
    "no weights at all": (
        FROZEN,
        (lambda: sequential(layers.Flatten(), loss=SPARSE()), X, Y),
        (lambda: sequential(dense(6), loss=SPARSE()), X, Y),
    ),
    "weights of zero": (
        ALIKE,
        (lambda: started("zeros", "zeros"), X, Y),
        (lambda: started("glorot_uniform", "zeros"), X, Y),
    ),
    "weights of one": (ALIKE, (lambda: started("ones", "ones"), X, Y), (lambda: started("he_normal"), X, Y)),
    "dead relu": (DEAD, (drowned, X, Y), (lambda: drowned(0.1), X, Y)),
    "sorted labels": (ONE_CLASS, (logits, X, np.sort(np.tile(Y, 4))[:16]), (logits, X, Y)),
    "sorted masks": (ONE_CLASS, (lambda: tokens(dense()), STEPS, TOKENS * 0), (lambda: tokens(dense()), STEPS, TOKENS)),
    "all of 64 rows are 0": (
        ONE_CLASS,
        (bits, np.tile(X, (4, 1)), np.zeros(64)),
        (bits, np.tile(X, (4, 1)), np.eye(64)[0]),
    ),
    "one row": (ONE_ROW, (normalised, X[:1], Y[:1]), (normalised, X, Y)),
    "all steps masked": (HIDDEN, (lambda: masked(0.0), STEPS * 0, TOKENS), (lambda: masked(0.0), STEPS, TOKENS)),
    "all labels ignored": (
        HIDDEN,
        (lambda: logits(SPARSE(ignore_class=255)), X, Y * 0 + 255),
        (lambda: logits(SPARSE(ignore_class=255)), X, np.where(Y == 3, 255, Y)),
    ),
    "weights of rows are zero": (
        HIDDEN,
        (logits, X, Y, {"sample_weight": np.zeros(16)}),
        (logits, X, Y, {"sample_weight": np.ones(16)}),
    ),
    "add_loss of a log": (
        ADDED,
        (lambda: sequential(dense(), Extra(0.5), loss=SPARSE()), X, Y),
        (lambda: sequential(dense(), Extra(2.0), loss=SPARSE()), X, Y),
    ),
    "grey picture as mask": (CHANNELS, (pixels, PICTURES, RGB), (pixels, PICTURES, MASKS[..., None])),
    "coloured picture as mask": (
        CHANNELS,
        (lambda: pixels(CATEGORICAL), PICTURES, COLOURS),
        (lambda: pixels(CATEGORICAL), PICTURES, np.eye(3)[MASKS]),
    ),
    "one label for steps": (
        ONE_LABEL,
        (lambda: recurrent(True), STEPS, Y[:8]),
        (lambda: recurrent(False), STEPS, Y[:8]),
    ),
    "picture without Flatten": (
        ONE_LABEL,
        (pixels, PICTURES, Y[:4] % 3),
        (lambda: sequential(layers.Flatten(), dense(3), loss=SPARSE(), shape=(6, 6, 2)), PICTURES, Y[:4] % 3),
    ),
    "one-hot label for steps": (
        ONE_LABEL,
        (lambda: tokens(dense(), loss=CATEGORICAL()), STEPS, ONE_HOT[:8]),
        (lambda: tokens(layers.GlobalAveragePooling1D(), dense(), loss=CATEGORICAL()), STEPS, ONE_HOT[:8]),
    ),
    "steps for one output": (
        STEPS_FOR_ONE,
        (lambda: recurrent(False), STEPS, TOKENS),
        (lambda: recurrent(True), STEPS, TOKENS),
    ),
    "names as labels": (
        NOT_NUMBERS,
        (logits, X, np.array(["cat", "dog"] * 8)),
        (logits, X, np.unique(["cat", "dog"] * 8, return_inverse=True)[1]),
    ),
    "objects as labels": (
        NOT_NUMBERS,
        (logits, X, np.array([1, None] * 8, dtype=object)),
        (logits, X, BITS.astype("uint8")),
    ),
    "squared error of class numbers": (
        FAILS,
        (lambda: sequential(dense(10), loss="mse"), X, Y),
        (lambda: sequential(dense(10), loss=SPARSE()), X, Y),
    ),
    "other number of classes": (
        FAILS,
        (lambda: sequential(dense(5), loss=CATEGORICAL()), X, ONE_HOT),
        (lambda: sequential(dense(4), loss=CATEGORICAL()), X, ONE_HOT),
    ),
    "masks of another size": (FAILS, (pixels, PICTURES, MASKS[:, :4, :4]), (pixels, PICTURES, MASKS)),
    "binary on the wrong number": (
        FAILS,
        (lambda: sequential(dense(3), loss=BINARY()), X, ONE_HOT),
        (lambda: sequential(dense(4), loss=BINARY()), X, ONE_HOT),
    ),
    "one-hot, with a string": (
        "one-hot labels with a sparse loss",
        (lambda: sequential(soft(), loss=INT), X, ONE_HOT),
        (lambda: sequential(soft(), loss=HOT), X, ONE_HOT),
    ),
}
