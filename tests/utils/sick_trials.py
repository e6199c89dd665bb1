"""More for the tests of the doctor: the kinds that models written by others, without a look at it, showed.

The table has the form of `sick_models.CASES`; what the names of its arrays mean stands there.
"""

import numpy as np
from sick_kinds import BOUNDED, NAN_GRADIENT, REWARDS, SWAPPED, WANTS_LOGITS, WANTS_PROBS
from sick_models import (
    BIN,
    BINARY,
    BITS,
    DOUBLE,
    HOT,
    INT,
    LOST,
    ONE,
    ONE_HOT,
    RANGE,
    RNG,
    SPARSE,
    SPREAD,
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
    metrics,
    sequential,
    soft,
    tokens,
)

from utils.quiet import keras, tf

BEYOND, UNREADABLE = "targets beyond the output", "targets that the loss cannot read"
COPIED, ONE_LEFT = "labels equal the inputs", "weights leave one class"
NEGATIVE, SMOOTHED = "negative weights", "labels smoothed away"
SINGLE, UNUSED = "normalisation over one number", "an input that nothing depends on"
LEFT_OUT, HALF = "rows without a gradient", "numbers beyond float16"
PLACE, AXIS = "two arrays exchanged", "classes on another axis"
TWICE_HOT, SAME = "one-hot labels made twice", "the same output for every row"
COLUMNS_OUT = "columns that the loss does not use"
LOSSES_SWAPPED, SCALED_TWICE = "two losses exchanged", "inputs scaled twice"
SAME_ROWS, BACKWARDS = "the same input in every row", "class_weight the wrong way round"
NOT_SEEN, LOST_MASK = "a weight that Keras does not see", "a mask is lost on its way"
LONG, NO_CLASS = "labels longer than the output", "class_weight for a class that is not there"
NOT_FINITE = "NaN or Inf in the loss"
MIXED = "classes and pixels mixed by a reshape"
ONE_NUMBER = "weights under a loss of one number"
DROWNED, METRIC = "one loss drowns another", "a metric that does not fit"

VALUES = RNG.normal(size=(16, 1)).astype("float32")
WORDS = RNG.integers(1, 9, (12, 5))
PADDED = np.where(np.arange(5) < 3, WORDS, 0)
TAGS = np.where(PADDED > 0, PADDED % 3 + 1, 0)
PAIRS = [X, X[::-1].copy()]


VOID = np.where(np.arange(16) < 4, 255, Y)


class Cosines(layers.Layer):
    """Scores of four classes: the cosine between a row and each one's weights, divided by a temperature."""

    def __init__(self, temperature):
        super().__init__()
        self.temperature = temperature

    def build(self, shape):
        self.w = self.add_weight(shape=(shape[-1], 4), initializer="glorot_uniform")

    def call(self, x):
        return tf.linalg.l2_normalize(x, -1) @ tf.linalg.l2_normalize(self.w, 0) / self.temperature


def distance_model(metrics):
    """Return a model of a distance, small for label 1."""

    def contrastive(y, d):
        y = tf.cast(y, d.dtype)
        return tf.reduce_mean(y * tf.square(d) + (1 - y) * tf.square(tf.nn.relu(1 - d)), -1)

    between = layers.Lambda(lambda z: tf.sqrt(tf.reduce_sum(tf.square(z), -1, keepdims=True) + 1e-6))
    return sequential(dense(), between, loss=contrastive, metrics=metrics)


def pairs_told_apart(y, d):
    return tf.reduce_mean(tf.cast(tf.equal(d < 0.5, y > 0.5), "float32"))


class OwnBinary(losses.Loss):
    """A binary cross-entropy on columns of probabilities, which it may make rows first."""

    def __init__(self, as_rows):
        super().__init__()
        self.as_rows = as_rows

    def call(self, y, p):
        p = tf.clip_by_value(tf.squeeze(p, -1) if self.as_rows else p, 1e-6, 1 - 1e-6)
        y = tf.cast(y, p.dtype)
        return -(2 * y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p))


class Masked(layers.Layer):
    """Adds a large negative number to the first entries, which a softmax is to leave out."""

    def __init__(self, large, **options):
        super().__init__(**options)
        self.large = large

    def call(self, x):
        hidden = tf.constant([1, 1, 0, 0, 0, 0], x.dtype)
        return tf.nn.softmax(x + hidden * tf.cast(self.large, x.dtype))


def value(activation=None, loss="mse", **options):
    return sequential(dense(1, activation, **options), loss=loss)


def rates(activation):
    return sequential(dense(1, activation, bias_initializer="zeros"), loss="poisson")


def reader(classes=9):
    """Return a model that gives a class for each word, from it and the words before."""
    return sequential(
        layers.Embedding(9, 4),
        layers.GRU(4, return_sequences=True),
        dense(classes),
        loss=SPARSE(),
        shape=(None,),
        dtype="int64",
    )


def joined(twice):
    """Return a model of two inputs, one of which is joined twice."""
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    one, two = dense(5)(a), dense(5)(b)
    model = keras.Model([a, b], dense()(layers.Concatenate()([one, one if twice else two])))
    model.compile(loss=SPARSE())
    return model


def unit_length(scale):
    return sequential(dense(8), layers.UnitNormalization(), layers.Rescaling(scale), loss=SPARSE())


def critic(y, p):
    return tf.reduce_mean(y * p)


def dice(y, p):
    return 1 - (2 * tf.reduce_sum(y * p) + 1) / (tf.reduce_sum(y + p) + 1)


def triplet_of_rows(y, p):
    near, far = tf.reduce_sum(tf.square(p[0] - p[1])), tf.reduce_sum(tf.square(p[0] - p[2]))
    return tf.nn.relu(near - far + 1)


def triplet(y, p):
    a, near, far = tf.split(p, 3, axis=-1)
    near, far = (tf.reduce_sum(tf.square(a - other), -1) for other in (near, far))
    return tf.nn.relu(near - far + 1)


def without_its_minus(y, z):
    return -losses.sparse_categorical_crossentropy(y, z, from_logits=True)


def with_it(y, z):
    return losses.sparse_categorical_crossentropy(y, z, from_logits=True)


def turned_cosine(y, p):
    return 1 - losses.cosine_similarity(y, p)


def cosine(y, p):
    return 1 + losses.cosine_similarity(y, p)


def likelihood(y, p):
    mean, scale = p[:, :1], p[:, 1:]
    return tf.math.log(scale) + tf.square((y - mean) / scale) / 2


def two_columns(activation):
    x = keras.Input((6,))
    model = keras.Model(x, layers.Concatenate()([dense(1)(x), dense(1, activation)(x)]))
    model.compile(loss=likelihood)
    return model


def half(dtype):
    return sequential(dense(5, dtype="mixed_float16"), dense(1, dtype=dtype), loss="mse")


def smoothed_in_the_other_order(y, p):
    even = tf.ones_like(p) / 4
    return 0.9 * losses.categorical_crossentropy(p, y) + 0.1 * losses.categorical_crossentropy(p, even)


def smoothed(y, p):
    even = tf.ones_like(p) / 4
    return 0.9 * losses.categorical_crossentropy(y, p) + 0.1 * losses.categorical_crossentropy(even, p)


def log_with_little_help(y, p):
    return -tf.reduce_sum(tf.cast(y, p.dtype) * tf.math.log(p + tf.cast(1e-8, p.dtype)), -1)


def sure_of_half():
    model = sequential(dense(dtype="mixed_float16"), layers.Softmax(dtype="float16"), loss=log_with_little_help)
    model.layers[0].kernel.assign(np.eye(6, 4) * 9)
    return model


def only_padding(y, z):
    kept = tf.cast(tf.equal(y, 0), z.dtype)
    return losses.sparse_categorical_crossentropy(y, z, from_logits=True) * kept


def without_padding(y, z):
    kept = tf.cast(tf.not_equal(y, 0), z.dtype)
    return losses.sparse_categorical_crossentropy(y, z, from_logits=True) * kept


def distances_of_some(y, p):
    return tf.reduce_sum(tf.square(p[:, :3] - p[:, 3:6]), -1) - 0.1 * tf.reduce_sum(tf.abs(p[:, :6]), -1)


def distances(y, p):
    return tf.reduce_sum(tf.square(p[:, :4] - p[:, 4:]), -1) - 0.1 * tf.reduce_sum(tf.abs(p), -1)


def weighted_column(y, p):
    return tf.square(tf.reshape(p, (-1,)) - y[:, 0]) * y[:, 1:2]


def weighted_row(y, p):
    return tf.square(tf.reshape(p, (-1,)) - y[:, 0]) * y[:, 1]


class Own(keras.Model):
    """A model with a loss of its own."""

    def __init__(self, reshapes):
        super().__init__()
        self.last, self.reshapes = dense(1), reshapes

    def call(self, x):
        return self.last(x)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        y = tf.cast(y, y_pred.dtype)
        return tf.reduce_mean(tf.square((tf.reshape(y, (-1, 1)) if self.reshapes else y) - y_pred))


def own(reshapes):
    model = Own(reshapes)
    model(X)
    model.compile("sgd")
    return model


class Attention(layers.Layer):
    """The mean of the steps, weighted by a softmax over an axis."""

    def __init__(self, axis):
        super().__init__()
        self.scores, self.axis = dense(1), axis

    def call(self, x):
        return tf.reduce_sum(x * keras.ops.softmax(self.scores(x), axis=self.axis), 1)


class Mean(layers.Layer):
    """The mean over an axis, then over the steps."""

    def __init__(self, axis):
        super().__init__()
        self.axis = axis

    def call(self, x):
        mean = tf.reduce_mean(x, self.axis, keepdims=True)
        return tf.reduce_mean(mean + tf.zeros_like(x), 1)


def translator():
    """Return a model of two inputs of words: the second is read up to each step."""
    x, before = keras.Input((5,), name="x"), keras.Input((5,), name="before")
    _, state = layers.GRU(4, return_state=True)(layers.Embedding(9, 4)(x))
    h = layers.GRU(4, return_sequences=True)(layers.Embedding(9, 4)(before), initial_state=state)
    model = keras.Model([x, before], dense(9)(h))
    model.compile(loss=SPARSE())
    return model


def person():
    """Return a model of an age and a bit."""
    x = keras.Input((6,))
    model = keras.Model(x, {"age": dense(1, name="age")(x), "bit": dense(1, "sigmoid", name="bit")(x)})
    model.compile(loss={"age": "mse", "bit": BIN})
    return model


def speech(activation=None):
    return sequential(dense(5, activation), loss=losses.CTC(), shape=(12, 6))


def aged(first="mse", second=BIN):
    """Return a model of an age and a bit, which come in a list as their losses do."""
    x = keras.Input((6,))
    model = keras.Model(x, [dense(1, name="age")(x), dense(1, "sigmoid", name="bit")(x)])
    model.compile(loss=[first, second])
    return model


def priced():
    """Return a model of a price and a kind that share a layer."""
    x = keras.Input((6,))
    h = dense(5, "relu")(x)
    model = keras.Model(x, {"price": dense(1, name="price")(h), "kind": dense(4, name="kind")(h)})
    model.compile(loss={"price": "mse", "kind": SPARSE()})
    return model


def picked(hard):
    """Return a model that a frozen one judges: it gets the words that are picked, or how likely each is."""
    judge = sequential(layers.Flatten(), dense(1, "sigmoid"), loss=BIN, shape=(5, 4))
    judge.trainable = False
    x = keras.Input((5, 6))
    p = soft()(x)
    p = layers.Lambda(lambda q: tf.one_hot(tf.argmax(q, -1), 4))(p) if hard else p
    model = keras.Model(x, judge(p))
    model.compile("sgd", BIN)
    return model


def policy(activation):
    return sequential(dense(3, activation), loss=log_of_the_chosen)


def log_of_the_chosen(y, p):
    chosen = tf.cast(y != 0, p.dtype)
    return -tf.reduce_mean(tf.math.log(tf.reduce_sum(chosen * p, -1) + 1e-8) * tf.reduce_sum(y, -1))


def weighted_in_the_other_order(p, y):
    p = tf.clip_by_value(p, 1e-7, 1 - 1e-7)
    return -tf.reduce_mean(3 * y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p), -1)


def weighted_right(y, p):
    p = tf.clip_by_value(p, 1e-7, 1 - 1e-7)
    return -tf.reduce_mean(3 * y * tf.math.log(p) + (1 - y) * tf.math.log(1 - p), -1)


def dice_of_pixels(y, p):
    both = tf.reduce_sum(y * p, (1, 2, 3))
    return 1 - (2 * both + 1) / (tf.reduce_sum(y, (1, 2, 3)) + tf.reduce_sum(p, (1, 2, 3)) + 1)


def masks(loss=BIN, metrics=None, activation="sigmoid"):
    return sequential(layers.Conv2D(1, 1, activation=activation), loss=loss, shape=(6, 6, 2), metrics=metrics)


def flat(*stack):
    """Return a model that gives the classes of all pixels in one row."""
    return sequential(layers.Conv2D(4, 1), *stack, loss=INT, shape=(6, 6, 2))


class Clipped(layers.Layer):
    """Keeps probabilities away from 0 and 1."""

    def call(self, p):
        return keras.ops.clip(p, 1e-7, 1 - 1e-7)


def mean_of_all(y, p):
    return keras.ops.mean(keras.ops.square(y - p))


def mean_of_each(y, p):
    return keras.ops.mean(keras.ops.square(y - p), axis=-1)


def sum_of_all(y, p):
    return keras.ops.sum(keras.ops.square(y - p))


def weighted_from_logits(y, z):
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=y[:, :4], logits=z)
    return tf.reduce_sum(losses * y[:, 4:], -1)


def softplus_of_part(y, z):
    return tf.reduce_sum(tf.math.softplus(z[:, :2]) - z[:, :2] * y[:, :2], -1) + tf.reduce_sum(z[:, 2:] ** 2, -1)


def siamese(function, *behind):
    """Return a model that calls two inputs alike by a sigmoid of their distance."""
    a, b = keras.Input((6,)), keras.Input((6,))
    shared = dense(5)
    z = layers.Lambda(lambda d: function(tf.reduce_sum(tf.square(d / 3), -1, keepdims=True)))(shared(a) - shared(b))
    for layer in behind:
        z = layer(z)
    model = keras.Model([a, b], layers.Activation("sigmoid")(z))
    model.compile("sgd", loss=BIN)
    return model


def sharpened(layer):
    return sequential(layer, layers.Conv2D(2, 3), layers.Flatten(), dense(), loss=SPARSE(), shape=(6, 6, 2))


class Plain(layers.Layer):
    """A dense layer whose weights TensorFlow makes, or Keras."""

    def __init__(self, by_keras):
        super().__init__()
        self.by_keras = by_keras

    def build(self, shape):
        if self.by_keras:
            self.w = self.add_weight(shape=(shape[-1], 5))
        else:
            self.w = tf.Variable(tf.random.normal((shape[-1], 5)))

    def call(self, x):
        return tf.tanh(x @ tf.convert_to_tensor(self.w))


def words(*between):
    return sequential(
        layers.Embedding(9, 4, mask_zero=True),
        *between,
        layers.LSTM(4),
        dense(),
        loss=SPARSE(),
        shape=(5,),
        dtype="int64",
    )


def own_mixture(positive):
    """Return a loss of shares, means and scales, two of each."""

    def loss(y, p):
        share, mean, scale = tf.split(p, 3, axis=-1)
        scale = tf.nn.softplus(scale) + 1e-3 if positive else scale
        terms = tf.nn.log_softmax(share) - tf.math.log(scale) - tf.square((y - mean) / scale) / 2
        return -tf.reduce_logsumexp(terms, -1)

    return loss


class OwnNorm(layers.Layer):
    """Each row divided by its size, and a little."""

    def __init__(self, little, **options):
        super().__init__(**options)
        self.little = little

    def call(self, x):
        return x / (tf.norm(x, axis=-1, keepdims=True) + tf.cast(self.little, x.dtype))


def apart(y, p):
    """Return a margin between pairs of one label and of two."""
    far = tf.reduce_sum(tf.square(p[:, None] - p[None]), -1)
    same = tf.cast(tf.equal(y[:, None], y[None]), p.dtype)
    return tf.nn.relu(tf.reduce_mean(same * far, 1) - tf.reduce_mean((1 - same) * far, 1) + 1)


def dice_of_planes(y, p):
    both = tf.reduce_sum(y * p, (2, 3))
    return 1 - tf.reduce_mean((2 * both + 1) / (tf.reduce_sum(y, (2, 3)) + tf.reduce_sum(p, (2, 3)) + 1), -1)


def planes(axis):
    return sequential(
        layers.Conv2D(3, 1), layers.Permute((3, 1, 2)), layers.Softmax(axis), loss=dice_of_planes, shape=(5, 5, 3)
    )


class OwnSoftmax(layers.Layer):
    """Softmax spelled out, over an axis."""

    def __init__(self, axis):
        super().__init__()
        self.axis = axis

    def call(self, x):
        powers = tf.exp(x - tf.reduce_max(x, self.axis, keepdims=True))
        return powers / tf.reduce_sum(powers, self.axis, keepdims=True)


def rounded_softmax(from_logits):
    """Return a model whose probabilities are rounded to bfloat16 before they come as float32."""
    last = layers.Softmax(dtype="bfloat16"), layers.Activation("linear", dtype="float32")
    return sequential(dense(), *last, loss=losses.SparseCategoricalCrossentropy(from_logits=from_logits))


def two_units(**options):
    return sequential(soft(2), loss=HOT, metrics=[metrics.Precision(**options)])


def whole_dice(y, p):
    return 1 - (2 * tf.reduce_sum(y * p) + 1) / (tf.reduce_sum(y) + tf.reduce_sum(p) + 1)


BLANK_ROWS = X * (np.arange(16) % 4 > 0)[:, None]
SHARES = np.abs(X) / np.abs(X).sum(-1, keepdims=True)

RARE = (np.arange(64) % 16 == 0).astype(int)
MANY_ROWS = RNG.normal(size=(64, 6)).astype("float32")
IMAGES, BLACK_AND_WHITE = RNG.random((16, 6, 6, 2)).astype("float32"), RNG.integers(0, 2, (16, 6, 6, 1)) * 255.0
PIXELS, SEVERAL = (4 * IMAGES[..., 0]).astype(int).reshape(16, 36), ONE_HOT + np.roll(ONE_HOT, 1, -1)
PACKED = np.concatenate([ONE_HOT, np.where(ONE_HOT > 0, 1.0, 0.5)], axis=-1)
ADVANTAGES = np.eye(3)[np.arange(16) % 3] * RNG.choice([-0.3, 1.0], (16, 1))

GRADES = np.arange(16)[:, None] % 5
AGES, ONES = 40 + 10 * VALUES, BITS[:, None].astype("float32")
SOUND, LETTERS = RNG.normal(size=(8, 12, 6)).astype("float32"), np.tile([[1, 2, 1], [3, 4, 2]], (4, 1))
PLANES = np.moveaxis(np.eye(3)[np.arange(4 * 25).reshape(4, 5, 5) % 3], -1, 1)

TRIALS = {
    "labels of two outputs exchanged": (
        PLACE,
        (person, X, {"age": ONES, "bit": AGES}),
        (person, X / 10, {"age": VALUES, "bit": ONES}),
    ),
    "weights in the place of the labels": (
        PLACE,
        (lambda: bits("sigmoid", BIN), X, 0.7 + 1.8 * BITS, {"sample_weight": BITS.astype("float32")}),
        (lambda: bits("sigmoid", BIN), X, BITS, {"sample_weight": 0.7 + 1.8 * BITS}),
    ),
    "clean and noisy exchanged": (
        PLACE,
        (lambda: sequential(dense(6, "sigmoid"), loss=BIN), np.abs(X) / 4, np.abs(X) / 4 + X),
        (lambda: sequential(dense(6, "sigmoid"), loss=BIN), np.abs(X) / 4 + X, np.abs(X) / 4),
    ),
    "classes first": (
        AXIS,
        (
            lambda: sequential(dense(3), layers.Permute((3, 1, 2)), layers.Softmax(), loss=HOT, shape=(5, 5, 3)),
            PLANES.transpose(0, 2, 3, 1),
            PLANES,
        ),
        (
            lambda: sequential(dense(3), layers.Softmax(), loss=HOT, shape=(5, 5, 3)),
            PLANES.transpose(0, 2, 3, 1),
            PLANES.transpose(0, 2, 3, 1),
        ),
    ),
    "several class numbers a row": (
        "integer labels with a categorical loss",
        (lambda: sequential(soft(3), loss=HOT), X, np.stack([Y, Y + 1, Y], 1)),
        (lambda: sequential(dense(15), layers.Reshape((3, 5)), loss=SPARSE()), X, np.stack([Y, Y + 1, Y], 1)),
    ),
    "one-hot of one-hot": (
        TWICE_HOT,
        (lambda: sequential(soft(), loss=HOT), X, np.eye(4)[ONE_HOT.astype(int)]),
        (lambda: sequential(soft(), loss=HOT), X, ONE_HOT),
    ),
    "softmax under CTC": (DOUBLE, (lambda: speech("softmax"), SOUND, LETTERS), (speech, SOUND, LETTERS)),
    "letters from 0 under CTC": (
        RANGE,
        (speech, SOUND, LETTERS - 1),
        (speech, SOUND, LETTERS * [1, 1, 0]),
    ),
    "attention over one step": (
        ONE,
        (lambda: tokens(Attention(-1), dense()), STEPS, Y[:8]),
        (lambda: tokens(Attention(1), dense()), STEPS, Y[:8]),
    ),
    "the decoder is given the answer": (
        COPIED,
        (translator, [WORDS, WORDS[::-1].copy()], WORDS[::-1].copy()),
        (translator, [WORDS, np.roll(WORDS, 1, axis=1)], WORDS),
    ),
    "columns left out": (
        COLUMNS_OUT,
        (lambda: sequential(dense(8), loss=distances_of_some), X, np.zeros(16)),
        (lambda: sequential(dense(8), loss=distances), X, np.zeros(16)),
    ),
    "a column of weights in the loss": (
        SPREAD,
        (lambda: bits(loss=weighted_column), X, np.hstack([VALUES, ONES])),
        (lambda: bits(loss=weighted_row), X, np.hstack([VALUES, ONES])),
    ),
    "own compute_loss, row against column": (
        SPREAD,
        (lambda: own(False), X, VALUES[:, 0]),
        (lambda: own(True), X, VALUES[:, 0]),
    ),
    "smoothed in the other order": (
        SWAPPED,
        (lambda: sequential(soft(), loss=smoothed_in_the_other_order), X, ONE_HOT),
        (lambda: sequential(soft(), loss=smoothed), X, ONE_HOT),
    ),
    "1e-8 in float16": (
        NAN_GRADIENT,
        (sure_of_half, np.abs(X) * 9, np.eye(4)[X[:, :4].argmin(1)]),
        (lambda: sequential(dense(dtype="mixed_float16"), layers.Softmax(dtype="float32"), loss=HOT), X, ONE_HOT),
    ),
    "only the padding counts": (
        LEFT_OUT,
        (
            lambda: sequential(layers.Embedding(9, 4), dense(4), loss=only_padding, shape=(5,), dtype="int64"),
            PADDED,
            TAGS,
        ),
        (
            lambda: sequential(layers.Embedding(9, 4), dense(4), loss=without_padding, shape=(5,), dtype="int64"),
            PADDED,
            TAGS,
        ),
    ),
    "mean over the batch": (
        SAME,
        (lambda: tokens(dense(5), Mean(0), dense()), STEPS, Y[:8]),
        (lambda: tokens(dense(5), Mean(1), dense()), STEPS, Y[:8]),
    ),
    "grades for thresholds": (
        RANGE,
        (lambda: sequential(dense(4, "sigmoid"), loss=BIN), X, GRADES),
        (lambda: sequential(dense(4, "sigmoid"), loss=BIN), X, (np.arange(4) < GRADES).astype("float32")),
    ),
    "negative targets under relu": (BEYOND, (lambda: value("relu"), X, VALUES), (value, X, VALUES)),
    "targets of -1 to 1 under a sigmoid": (
        BEYOND,
        (lambda: sequential(dense(6, "sigmoid"), loss="mse"), X, np.tanh(X)),
        (lambda: sequential(dense(6, "tanh"), loss="mse"), X, np.tanh(X)),
    ),
    "logarithmic error of negative targets": (
        UNREADABLE,
        (lambda: value(loss="mean_squared_logarithmic_error"), X, VALUES),
        (lambda: value(loss="mean_squared_logarithmic_error"), X, np.abs(VALUES)),
    ),
    "percentage of zero": (
        UNREADABLE,
        (lambda: value(loss="mape"), X, np.where(VALUES > 0, VALUES, 0)),
        (lambda: value(loss="mape"), X, np.abs(VALUES) + 1),
    ),
    "negative rates": (
        "NaN or Inf in the loss",
        (lambda: rates(None), X, np.arange(16.0)[:, None]),
        (lambda: rates("softplus"), X, np.arange(16.0)[:, None]),
    ),
    "a negative scale": (
        "NaN or Inf in the loss",
        (lambda: two_columns(None), X, VALUES),
        (lambda: two_columns("softplus"), X, VALUES),
    ),
    "prices in float16": (HALF, (lambda: half("mixed_float16"), X, VALUES * 1e5), (lambda: half("float32"), X, VALUES)),
    "words not shifted": (COPIED, (reader, WORDS[:, :-1], WORDS[:, :-1]), (reader, WORDS[:, :-1], WORDS[:, 1:])),
    "weights on the padding": (
        ONE_LEFT,
        (lambda: reader(4), PADDED, TAGS, {"sample_weight": (PADDED == 0).astype("float32")}),
        (lambda: reader(4), PADDED, TAGS, {"sample_weight": (PADDED != 0).astype("float32")}),
    ),
    "class_weight of zero": (
        ONE_LEFT,
        (lambda: bits("sigmoid", BIN), X, BITS, {"class_weight": {0: 0.0, 1: 1.0}}),
        (lambda: bits("sigmoid", BIN), X, BITS, {"class_weight": {0: 0.5, 1: 1.0}}),
    ),
    "negative sample_weight": (
        NEGATIVE,
        (value, X, VALUES, {"sample_weight": np.where(np.arange(16) < 4, -1.0, 1.0)}),
        (value, X, VALUES, {"sample_weight": np.where(np.arange(16) < 4, 0.0, 1.0)}),
    ),
    "label_smoothing of one": (
        SMOOTHED,
        (lambda: logits(losses.CategoricalCrossentropy(from_logits=True, label_smoothing=1.0)), X, ONE_HOT),
        (lambda: logits(losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1)), X, ONE_HOT),
    ),
    "layer normalisation of one unit": (
        SINGLE,
        (lambda: sequential(dense(1), layers.LayerNormalization(), loss=BINARY()), X, BITS),
        (lambda: sequential(dense(5), layers.LayerNormalization(), dense(1), loss=BINARY()), X, BITS),
    ),
    "a branch joined twice": (UNUSED, (lambda: joined(True), PAIRS, Y), (lambda: joined(False), PAIRS, Y)),
    "logits of length one": (
        "logits bounded by the last layer",
        (lambda: unit_length(1.0), X, Y),
        (lambda: unit_length(16.0), X, Y),
    ),
    "critic with labels 0 and 1": (
        LEFT_OUT,
        (lambda: bits(loss=critic), X, BITS[:, None].astype("float32")),
        (lambda: bits(loss=critic), X, 2.0 * BITS[:, None] - 1),
    ),
    "triplet of the first rows": (
        LEFT_OUT,
        (lambda: sequential(dense(9), loss=triplet_of_rows), X, np.zeros((16, 1))),
        (lambda: sequential(dense(9), loss=triplet), X, np.zeros((16, 1))),
    ),
    "dice of scores": (
        WANTS_PROBS,
        (lambda: bits(loss=dice), X, BITS[:, None].astype("float32")),
        (lambda: bits("sigmoid", dice), X, BITS[:, None].astype("float32")),
    ),
    "negative cross-entropy": (REWARDS, (lambda: logits(without_its_minus), X, Y), (lambda: logits(with_it), X, Y)),
    "cosine turned round": (
        REWARDS,
        (lambda: sequential(dense(6), loss=turned_cosine), X, X),
        (lambda: sequential(dense(6), loss=cosine), X, X),
    ),
    "labels scaled like pixels": ("labels with fractions", (logits, X, Y / 255), (logits, X / 255, Y)),
    "lists of class numbers": (
        RANGE,
        (lambda: sequential(dense(4, "sigmoid"), loss=BIN), X, np.sort(RNG.integers(0, 4, (16, 4)))),
        (lambda: sequential(dense(4, "sigmoid"), loss=BIN), X, RNG.integers(0, 2, (16, 4))),
    ),
    "quantities under a binary loss": (
        RANGE,
        (lambda: value("sigmoid", BIN), X, VALUES * 30),
        (value, X, VALUES),
    ),
    "noise on binary labels": (
        RANGE,
        (lambda: bits("sigmoid", BIN), X, BITS + np.linspace(-0.05, 0.05, 16)),
        (lambda: bits("sigmoid", BIN), X, np.clip(BITS + np.linspace(-0.05, 0.05, 16), 0, 1)),
    ),
    "one bit for a sequence": (
        "one label for a whole sequence",
        (lambda: tokens(layers.LSTM(3, return_sequences=True), dense(1, "sigmoid"), loss=BIN), STEPS, BITS[:8]),
        (lambda: tokens(layers.LSTM(3), dense(1, "sigmoid"), loss=BIN), STEPS, BITS[:8]),
    ),
    "softmax over the batch, spelled out": (
        "softmax over the wrong axis",
        (lambda: tokens(dense(), OwnSoftmax(0), loss=INT), STEPS, TOKENS),
        (lambda: tokens(dense(), OwnSoftmax(-1), loss=losses.SparseCategoricalCrossentropy()), STEPS, TOKENS),
    ),
    "a softmax that bfloat16 rounds": (
        DOUBLE,
        (lambda: rounded_softmax(True), X, Y),
        (lambda: sequential(dense(dtype="bfloat16"), layers.Softmax(dtype="float32"), loss=INT), X, Y),
    ),
    "a mark of -999": (
        "inputs unscaled",
        (logits, np.where(X > 1, -999, X), Y),
        (logits, np.where(X > 1, 0, X), Y),
    ),
    "a layer's tf.Variable": (
        NOT_SEEN,
        (lambda: sequential(Plain(False), dense(), loss=SPARSE()), X, Y),
        (lambda: sequential(Plain(True), dense(), loss=SPARSE()), X, Y),
    ),
    "a reshape before an LSTM": (
        LOST_MASK,
        (lambda: words(layers.Reshape((5, 4))), PADDED, np.arange(12) % 4),
        (lambda: words(layers.Identity()), PADDED, np.arange(12) % 4),
    ),
    "more letters than steps": (
        LONG,
        (speech, SOUND, np.tile([[1, 2, 1, 3, 3, 3, 2, 2, 4, 4]], (8, 1))),
        (speech, SOUND, np.tile([[1, 2, 1, 3, 3, 2, 4, 1, 2]], (8, 1))),
    ),
    "class_weight that counts from 1": (
        NO_CLASS,
        (logits, X, Y, {"class_weight": {1: 1.0, 2: 1.0, 3: 1.0, 4: 5.0}}),
        (logits, X, Y, {"class_weight": {0: 1.0, 1: 1.0, 2: 1.0, 3: 5.0}}),
    ),
    "scales of a mixture": (
        NOT_FINITE,
        (lambda: sequential(dense(6), loss=own_mixture(False)), X, VALUES),
        (lambda: sequential(dense(6), loss=own_mixture(True)), X, VALUES),
    ),
    "rows of zeros divided by their size": (
        NOT_FINITE,
        (lambda: sequential(OwnNorm(0.0), dense(), loss=SPARSE()), BLANK_ROWS, Y),
        (lambda: sequential(OwnNorm(1e-3), dense(), loss=SPARSE()), BLANK_ROWS, Y),
    ),
    "a column of labels in a loss of pairs": (
        SPREAD,
        (lambda: sequential(dense(), loss=apart), X, Y[:, None]),
        (lambda: sequential(dense(), loss=apart), X, Y),
    ),
    "softmax over the columns of a picture": (
        "softmax over the wrong axis",
        (lambda: planes(3), PLANES.transpose(0, 2, 3, 1), PLANES),
        (lambda: planes(1), PLANES.transpose(0, 2, 3, 1), PLANES),
    ),
    "coloured masks under a loss of dice": (
        "an image as mask",
        (lambda: masks(whole_dice), IMAGES, np.repeat(BLACK_AND_WHITE / 255, 3, -1)),
        (lambda: masks(whole_dice), IMAGES, BLACK_AND_WHITE / 255),
    ),
    "accuracy of labels -1 and 1": (
        METRIC,
        (lambda: sequential(dense(1), loss="hinge", metrics=["accuracy"]), X, 2.0 * ONES - 1),
        (lambda: sequential(dense(1), loss="hinge", metrics=["hinge"]), X, 2.0 * ONES - 1),
    ),
    "precision of two units": (
        METRIC,
        (two_units, X, np.eye(2)[BITS]),
        (lambda: two_units(class_id=1), X, np.eye(2)[BITS]),
    ),
    "Kullback-Leibler of what is no distribution": (
        UNDECLARED,
        (lambda: sequential(dense(6, "relu"), loss="kl_divergence"), np.abs(X) / 9, SHARES),
        (lambda: sequential(soft(6), loss="kl_divergence"), np.abs(X) / 9, SHARES),
    ),
    "losses of two outputs exchanged": (
        LOSSES_SWAPPED,
        (lambda: aged(BIN, "mse"), X, [VALUES, ONES]),
        (lambda: aged("mse", BIN), X, [VALUES, ONES]),
    ),
    "pixels scaled twice": (
        SCALED_TWICE,
        (lambda: sharpened(layers.Rescaling(1 / 255)), IMAGES, Y),
        (lambda: sharpened(layers.Rescaling(1 / 255)), IMAGES * 255, Y),
    ),
    "one picture for all": (SAME_ROWS, (logits, X[:1].repeat(16, 0), Y), (logits, X, Y)),
    "weights by frequency": (
        BACKWARDS,
        (lambda: bits("sigmoid", BIN), MANY_ROWS, RARE, {"class_weight": {0: 0.94, 1: 0.06}}),
        (lambda: bits("sigmoid", BIN), MANY_ROWS, RARE, {"class_weight": {0: 0.53, 1: 8.0}}),
    ),
    "a price in dollars beside a class": (
        DROWNED,
        (priced, X, {"price": 3e5 + 1e5 * VALUES, "kind": Y}),
        (priced, X, {"price": VALUES, "kind": Y}),
    ),
    "one target for all steps": (
        SPREAD,
        (lambda: tokens(layers.LSTM(3, return_sequences=True), dense(1), loss="mse"), STEPS, VALUES[:8]),
        (lambda: tokens(layers.LSTM(3, return_sequences=False), dense(1), loss="mse"), STEPS, VALUES[:8]),
    ),
    "mean IoU of probabilities": (
        METRIC,
        (lambda: masks(metrics=[metrics.MeanIoU(2)]), IMAGES, BLACK_AND_WHITE / 255),
        (lambda: masks(metrics=[metrics.BinaryIoU()]), IMAGES, BLACK_AND_WHITE / 255),
    ),
    "mean IoU of scores for classes": (
        METRIC,
        (lambda: tokens(loss=SPARSE(), metrics=[metrics.MeanIoU(4)]), STEPS, TOKENS),
        (lambda: tokens(loss=SPARSE(), metrics=[metrics.MeanIoU(4, sparse_y_pred=False)]), STEPS, TOKENS),
    ),
    "accuracy of quantities": (
        METRIC,
        (lambda: bits(loss="mse", metrics=["accuracy"]), X, VALUES),
        (lambda: bits(loss="mse", metrics=["mae"]), X, VALUES),
    ),
    "accuracy of three quantities": (
        METRIC,
        (lambda: sequential(dense(3), loss="mae", metrics=["acc"]), X, X[:, :3]),
        (lambda: sequential(dense(3), loss="mae"), X, X[:, :3]),
    ),
    "accuracy of grey values": (
        METRIC,
        (lambda: masks(metrics=["accuracy"]), IMAGES, IMAGES[..., :1]),
        (lambda: masks(metrics=["mae"]), IMAGES, IMAGES[..., :1]),
    ),
    "softmax over the rows of a picture": (
        "softmax over the wrong axis",
        (lambda: flat(layers.Softmax(1), layers.Reshape((36, 4))), IMAGES, PIXELS),
        (lambda: flat(layers.Reshape((36, 4)), layers.Softmax()), IMAGES, PIXELS),
    ),
    "area under a curve of logits": (
        METRIC,
        (lambda: bits(metrics=[metrics.AUC()]), X, BITS[:, None]),
        (lambda: bits(metrics=[metrics.AUC(from_logits=True)]), X, BITS[:, None]),
    ),
    "a sigmoid again, on labels and weights in one array": (
        WANTS_LOGITS,
        (lambda: sequential(dense(4, "sigmoid"), loss=weighted_from_logits), X, PACKED),
        (lambda: sequential(dense(4), loss=weighted_from_logits), X, PACKED),
    ),
    "softplus by hand, on labels and weights in one array": (
        WANTS_LOGITS,
        (lambda: sequential(dense(4, "sigmoid"), loss=softplus_of_part), X, PACKED),
        (lambda: sequential(dense(4), loss=softplus_of_part), X, PACKED),
    ),
    "one return for four actions": (
        SPREAD,
        (lambda: sequential(dense(4), loss="huber"), X, VALUES),
        (lambda: sequential(dense(4), loss="huber"), X, np.tile(VALUES, 4)),
    ),
    "sigmoid of a distance": (
        BOUNDED,
        (lambda: siamese(tf.sqrt), PAIRS, BITS[:, None]),
        (lambda: siamese(tf.sqrt, dense(1)), PAIRS, BITS[:, None]),
    ),
    "sigmoid of a squared distance": (
        BOUNDED,
        (lambda: siamese(tf.identity), PAIRS, BITS[:, None]),
        (lambda: siamese(tf.identity, dense(1)), PAIRS, BITS[:, None]),
    ),
    "classes first, in an old SegNet": (
        MIXED,
        (lambda: flat(layers.Reshape((4, 36)), layers.Permute((2, 1)), layers.Softmax()), IMAGES, PIXELS),
        (lambda: flat(layers.Reshape((36, 4)), layers.Softmax()), IMAGES, PIXELS),
    ),
    "a softmax that is clipped": (
        LOST,
        (lambda: sequential(soft(), Clipped(), loss=INT), X, Y),
        (lambda: sequential(soft(), loss=INT), X, Y),
    ),
    "weights for a mean over the batch": (
        ONE_NUMBER,
        (lambda: bits(loss=mean_of_all), X, VALUES, {"sample_weight": np.where(VALUES[:, 0] > 1, 5.0, 1.0)}),
        (lambda: bits(loss=mean_of_each), X, VALUES, {"sample_weight": np.where(VALUES[:, 0] > 1, 5.0, 1.0)}),
    ),
    "class_weight for a sum over the batch": (
        ONE_NUMBER,
        (lambda: bits("sigmoid", sum_of_all), X, BITS[:, None], {"class_weight": {0: 1.0, 1: 3.0}}),
        (lambda: bits("sigmoid", mean_of_each), X, BITS[:, None], {"class_weight": {0: 1.0, 1: 3.0}}),
    ),
    "several ones a row": (
        "target rows do not sum to 1",
        (lambda: sequential(soft(), loss=HOT), X, SEVERAL),
        (lambda: sequential(dense(4, "sigmoid"), loss=BIN), X, SEVERAL),
    ),
    "recall of logits": (
        METRIC,
        (lambda: bits(metrics=[metrics.Recall()]), X, BITS[:, None]),
        (lambda: bits(metrics=[metrics.Recall(thresholds=0.0)]), X, BITS[:, None]),
    ),
    "dice of black and white masks": (
        RANGE,
        (lambda: masks(dice_of_pixels), IMAGES, BLACK_AND_WHITE),
        (lambda: masks(dice_of_pixels), IMAGES, BLACK_AND_WHITE / 255),
    ),
    "weighted, in the other order": (
        SWAPPED,
        (lambda: bits("sigmoid", weighted_in_the_other_order), X, ONES),
        (lambda: bits("sigmoid", weighted_right), X, ONES),
    ),
    "log of a policy's scores": (
        WANTS_PROBS,
        (lambda: policy(None), X, ADVANTAGES),
        (lambda: policy("softmax"), X, ADVANTAGES),
    ),
    "words that are picked": (
        "no gradient reaches the weights",
        (lambda: picked(True), STEPS, ONES[:8] * 0 + 1),
        (lambda: picked(False), STEPS, ONES[:8] * 0 + 1),
    ),
    "a teacher's logits under Kullback-Leibler": (
        "target rows do not sum to 1",
        (lambda: sequential(soft(), loss="kl_divergence"), X, X[:, :4]),
        (
            lambda: sequential(soft(), loss="kl_divergence"),
            X,
            np.exp(X[:, :4]) / np.exp(X[:, :4]).sum(-1, keepdims=True),
        ),
    ),
    "cosines without a temperature": (
        BOUNDED,
        (lambda: sequential(Cosines(1.0), loss=SPARSE()), X, Y),
        (lambda: sequential(Cosines(0.07), loss=SPARSE()), X, Y),
    ),
    "accuracy of a distance": (
        METRIC,
        (lambda: distance_model(["accuracy"]), X, ONES),
        (lambda: distance_model([pairs_told_apart]), X, ONES),
    ),
    "accuracy of labels that the loss ignores": (
        METRIC,
        (lambda: logits(losses.SparseCategoricalCrossentropy(True, ignore_class=255), metrics=["accuracy"]), X, VOID),
        (
            lambda: logits(losses.SparseCategoricalCrossentropy(True, ignore_class=255), weighted_metrics=["accuracy"]),
            X,
            VOID,
            {"sample_weight": (VOID != 255).astype("float32")},
        ),
    ),
    "a column in a loss of one's own class": (
        SPREAD,
        (lambda: sequential(dense(1, "sigmoid"), loss=OwnBinary(False)), X, BITS),
        (lambda: sequential(dense(1, "sigmoid"), loss=OwnBinary(True)), X, BITS),
    ),
    "-1e9 in float16": (
        NOT_FINITE,
        (lambda: sequential(Masked(-1e9, dtype="mixed_float16"), dense(dtype="float32"), loss=SPARSE()), X, Y),
        (lambda: sequential(Masked(-3e4, dtype="mixed_float16"), dense(dtype="float32"), loss=SPARSE()), X, Y),
    ),
}
