"""The corpus: every wrong or missing finding is red, and so is every word about a healthy model."""

import itertools
import re

import numpy as np
import pytest
from corpus import by_hand, generated
from healthy_models import MORE
from sick_kinds import KINDS
from sick_models import BIN, CASES, RNG, X, Y, bits, dense, look, names, sequential
from sick_trials import TRIALS

from utils.doctor import diagnose
from utils.quiet import keras

MISTAKES = {**KINDS, **TRIALS}


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(1)


@pytest.mark.parametrize("case", MISTAKES)
def test_the_mistake_is_named_alone(case):
    name, sick, _ = MISTAKES[case]
    assert look(*sick) == [name]


@pytest.mark.slow
@pytest.mark.parametrize("case", MISTAKES)
def test_the_healthy_twin_has_no_finding(case):
    assert look(*MISTAKES[case][2]) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("case", "evidence", "change"),
    [
        ("relu logits", "relu in 'dense", "remove the relu behind the last layer: Dense(4)"),
        ("tanh logits", "No probability can pass 0.7112.", "remove the tanh"),
        ("tanh before sigmoid", "No probability can pass 0.7311.", "remove the tanh"),
        ("dropout on logits", "stands behind the last weights, on 4 outputs", "before the last Dense"),
        ("arguments exchanged", "only as loss(y_pred, y_true); y has shape (16,)", "def loss(y_true, y_pred)"),
        ("mean over the classes", "it is 0.3333 of the cross-entropy", "tf.reduce_sum(..., axis=-1)"),
        ("the minus is missing", "surely right it is -0.0396", "the negative"),
        ("score of the label", "for outputs of 500 that are right -500, of 5000 -5000", "reduce_logsumexp"),
        ("focal with a root", "16 of 16 gradients of the output are not finite, the first at (0, 0)", "away from 0"),
        ("norm of zeros", "gradients of sequential", "tf.where does not help"),
        (
            "argmax in the loss",
            "0 of 2 weights get a gradient; the output, (16, 4) float32, gets none",
            "such as a cross-entropy, with no argmax",
        ),
        ("stop_gradient in the model", "float32, gets one.", "between weights and output"),
        ("rounded in the middle", "2 of 4 trainable weights get no gradient, the first is", "layer.trainable = False"),
        ("hinge on a sigmoid", "for perfect probabilities it would be 0.5", "loss='binary_crossentropy'"),
        ("model.trainable = False", "0 of 2 weights are trainable, 28 numbers stay", "model.trainable = True"),
        ("weights of zero", "(6, 5), are equal, the numbers all 0; their gradients are 0", "glorot_uniform"),
        ("weights of one", "are equal, the numbers all 1; their gradients are 0", "glorot_uniform"),
        ("inputs of zero", "the gradient of all 2 weight matrices is exactly 0", "look at what loads or scales x"),
        (
            "weighted, in the other order",
            "On 2 rows of one unit it is a cross-entropy only as loss(y_pred",
            "y_true, y_pred",
        ),
        (
            "losses of two outputs exchanged",
            "age: binary_crossentropy, y holds",
            "exchange them: loss={'age': 'mse',\n'bit': 'binary_crossentropy'}",
        ),
        ("pixels scaled twice", "what enters the first weights goes from", "or remove the Rescaling layer"),
        ("one picture for all", "16 rows hold the same 6 numbers; y has 4", "look at what loads x"),
        (
            "weights by frequency",
            "Class 1 has 4 of 64 rows and a weight of 0.06, the commonest 0.94: 0.42 %",
            "K * np.sum",
        ),
        ("a price in dollars beside a class", "the targets of price go from", "or loss_weights in compile"),
        ("one target for all steps", "the loss of y repeated 5 times", "return_sequences=False, Flatten"),
        (
            "mean IoU of probabilities",
            "by the largest score, or the threshold, it is",
            "BinaryIoU([0, 1], threshold=0.5)",
        ),
        ("mean IoU of scores for classes", "On this batch it reports an error", "MeanIoU(4, sparse_y_pred=False)"),
        ("accuracy of quantities", "of an output that equals y 0.0000. y (16, 1) goes from", "metrics=['mae']"),
        ("accuracy of three quantities", "% are 0 or 1", "metrics=['mae']"),
        ("accuracy of grey values", "0 % are 0 or 1", "metrics=['mae']"),
        ("softmax over the rows of a picture", "the rows of the output, (16, 36, 4), sum to", "behind the reshape"),
        ("area under a curve of logits", "% lie outside 0 to 1", "AUC(from_logits=True)"),
        (
            "a sigmoid again, on labels and weights in one array",
            "sigmoid_cross_entropy_with_logits in the loss takes the output itself",
            "remove the activation",
        ),
        ("softplus by hand, on labels and weights in one array", "Softplus in the loss takes", "remove the activation"),
        ("one return for four actions", "against output (16, 4)", "y of shape (16, 4), a target for each unit"),
        ("sigmoid of a distance", "sqrt in 'lambda", "put Dense(1) between the sqrt and sigmoid"),
        ("sigmoid of a squared distance", "sum in 'lambda", "between the sum and sigmoid"),
        ("classes first, in an old SegNet", "The last weights give (16, 6, 6, 4)", "layers.Reshape((36, 4)) alone"),
        ("a softmax that is clipped", "costs 16.118 nats", "end the model in logits"),
        ("weights for a mean over the batch", "shape () for 16 rows", "keras.ops.mean(..., axis=-1)"),
        ("class_weight for a sum over the batch", "the weights go from 1 to 3", "keras.ops.mean(..., axis=-1)"),
        ("several ones a row", "16 of 16 rows, the first of these y[0] sums to 2", "activation='sigmoid'"),
        ("recall of logits", "with a threshold of 0 it is", "Recall(thresholds=0.0)"),
        ("dice of black and white masks", "y holds 0 to 255; the output goes from 0 to 1", "y = y // 255"),
        ("log of a policy's scores", "On its softmax the loss is", "activation='softmax'"),
        ("words that are picked", "gets one. The last of these is ArgMax in", "between weights and output"),
        ("a mark of -999", "of what enters is -999; the rest goes from", "Masking(mask_value=-999)"),
        ("softmax over the batch, spelled out", "Sums along axis 0 are 1", "Softmax(axis=-1)"),
        ("a softmax that bfloat16 rounds", "its rows sum to 1", "remove the softmax, and leave from_logits=True"),
        ("scales of a mixture", "With columns 4 to 5 of the output above 0 it would be", "softplus(...) + 1e-3"),
        (
            "rows of zeros divided by their size",
            "4 of 16 rows of the output are not finite, the first is 0",
            "layers one by one",
        ),
        ("a layer's tf.Variable", ".w has 30 numbers; the model has 2 trainable weights", "self.add_weight("),
        ("a reshape before an LSTM", "% of the steps of x are 0", "hand the mask on: lstm"),
        ("more letters than steps", "The output has 12 steps; 8 of 8 labels need more, the longest 14", "pool less"),
        ("class_weight that counts from 1", "the model has the classes 0 to 3. Without a key: 0.", "count from 0"),
        ("a column of labels in a loss of pairs", "takes (16, 16, 1) and (16, 16) and gives (16, 16, 16)", "(-1,)"),
        ("softmax over the columns of a picture", "sums to 1 along axis 1; there the sums of the output", "axis=1"),
        ("coloured masks under a loss of dice", "In 100 % of the pixels the channels are equal.", "y = y[..., :1]"),
        ("accuracy of labels -1 and 1", "the sign is right for", "BinaryAccuracy(threshold=0)"),
        ("precision of two units", "class 1 has 8 of 16 rows", "Precision(class_id=1)"),
        ("Kullback-Leibler of what is no distribution", "those of y to 1", "activation='softmax'"),
        ("sorted labels", "16 labels are all 0; the model has 4 classes. To tell: np.unique(y)", "shuffle"),
        ("all steps masked", "0 of 40 positions count", "mask_value"),
        ("all labels ignored", "0 of 16 positions count; y holds 255.", "before padding"),
        ("grey picture as mask", "In 100 % of the pixels the channels are equal.", "y = y[..., 0]"),
        ("coloured picture as mask", "In 33 % of the pixels", "look up the class number of each colour"),
        ("one label for steps", "5 answers of 4 classes; y (8,). To tell: is one answer", "return_sequences=False"),
        ("steps for one output", "To tell: are its columns the steps of x?", "return_sequences=True"),
        ("names as labels", "y has shape (16,) and dtype <U3; it begins with cat, dog.", "np.unique(y, return_inverse"),
        (
            "squared error of class numbers",
            "y (16,) int64 holds 0, 1, 2, 3; output (16, 10) float32",
            "these are class num",
        ),
        ("other number of classes", "y (16, 4) float64", "y has 4 columns and the output 5: Dense(4)"),
        ("masks of another size", "y (4, 4, 4)", "masks are 4 x 4, the output 6 x 6: padding='same'"),
        ("NumPy in the loss", "symbolic", "no NumPy in the loss"),
        ("floats as indices", "DataType float32", "y_true = tf.cast(y_true, tf.int32) for indices"),
        ("negative targets under relu", "targets are beyond; they go from -2.", "without activation"),
        ("negative rates", "A rate below 0 has no logarithm.", "softplus"),
        ("a negative scale", "With column 1 of the output above 0 it would be", "make column 1 positive"),
        ("words not shifted", "All 48 labels of y (12, 4) equal x", "tokens[:, :-1], tokens[:, 1:]"),
        ("weights on the padding", "labels have a weight, all are 0; the others have 4 classes", "(x != 0)"),
        ("critic with labels 0 and 1", "those with label 1; the 1 other never; tried on 5", "y = 2 * y - 1"),
        ("triplet of the first rows", "3 of 16 rows get a gradient, the first ones", "tf.split(y_pred, 3, axis=-1)"),
        ("dice of scores", "For scores of 5 that are surely right", "end in activation='sigmoid'"),
        ("labels scaled like pixels", "Times 255 all are whole", "scale x alone"),
        ("lists of class numbers", "binary cross-entropy takes labels 0 to 1", "each a row of 4 zeros and ones"),
        ("quantities under a binary loss", "takes labels 0 to 1", "loss='mse', on Dense without activation"),
        ("noise on binary labels", "takes labels 0 to 1", "np.clip(y, 0, 1)"),
        ("one bit for a sequence", "5 answers of one unit; y (8,)", "return_sequences=False"),
        ("a teacher's logits under Kullback-Leibler", "16 of 16 rows", "y = keras.ops.softmax(y)"),
        ("labels of two outputs exchanged", "age: y holds 0 to 1; bit: ", "exchange the labels of age and bit"),
        ("weights in the place of the labels", "y holds 0.7 to 2.5, sample_weight 0 to 1", "(x, y, sample_weight)"),
        ("clean and noisy exchanged", "To tell: which of them should the model give?", "scale y to 0 to 1"),
        ("classes first", "sums to 1 along axis 1", "np.moveaxis(y, 1, -1)"),
        ("several class numbers a row", "y (16, 3) holds 0, 1, 2, 3, 4", "shape (3, classes)"),
        ("letters from 0 under CTC", "4 zeros stand before other characters", "y = y + 1, and one class more"),
        ("attention over one step", "takes (8, 5, 1)", "axis=1"),
        ("the decoder is given the answer", "All 60 labels of y (12, 5) equal x[1]", "tokens[:, :-1]"),
        ("columns left out", "2 of 8 columns change nothing, the first is 6", "tf.split"),
        ("a column of weights in the loss", "Mul in the loss takes (16,) and (16, 1)", "y_true[:, 1] instead of"),
        ("own compute_loss, row against column", "Sub in the loss takes (16,) and (16, 1)", "tf.reshape(y_true"),
        ("1e-8 in float16", "gradients of the output are not finite", 'last layer with dtype="float32"'),
        ("only the padding counts", "those with label 0; the 3 others never", "y_true != 0"),
        ("grades for thresholds", "y holds 0 to 4", "np.arange(K - 1) < y[:, None]"),
        ("black and white masks", "y holds 0 to 255", "y = y // 255"),
    ],
)
def test_the_evidence_and_the_change_fit_the_mistake(case, evidence, change):
    model, x, y, *weights = MISTAKES[case][1]
    (only,) = diagnose(model(), x, y, **(weights[0] if weights else {}))
    assert evidence in only.evidence
    assert change in only.change


def test_class_numbers_under_a_binary_loss_are_told_the_loss_they_want():
    (only,) = diagnose(sequential(dense(4, "sigmoid"), loss=BIN), RNG.random((16, 6)), Y)
    assert only.change.startswith("loss=keras.losses.SparseCategoricalCrossentropy(")


def test_class_numbers_for_one_unit_are_told_how_many_they_want():
    (only,) = diagnose(bits("sigmoid", BIN), X, np.arange(16) % 10)
    assert only.change.startswith("10 classes want as many units: Dense(10),\nloss=keras.losses.SparseCategorical")


def test_a_mask_of_classes_is_told_to_go_into_the_logits():
    build, x, y, *_ = CASES["mask"][1]
    (only,) = diagnose(build(), x, y)
    assert only.change.endswith("a mask of classes goes into the logits: logits - 1e9 * hidden")
    build, x, y, *_ = CASES["Reshape"][1]
    assert "1e9" not in diagnose(build(), x, y)[0].change


@pytest.mark.slow
@pytest.mark.parametrize("case", MORE)
def test_what_looks_like_a_mistake_and_is_none_has_no_finding(case):
    assert look(*MORE[case]) == []


GENERATED = {title: case for title, *case in generated()}


@pytest.mark.slow
@pytest.mark.parametrize("title", GENERATED)
def test_a_combination_gets_the_findings_it_deserves(title):
    build, x, y, weights, expected = GENERATED[title]
    model = build()
    assert names(model, x, y, **weights) == expected
    if len(expected) > 1:
        assert agree([finding.change for finding in diagnose(model, x, y, **weights)])


def agree(changes):
    """Whether one alternative of each change can be chosen so that they ask for one loss, on logits or on neither."""
    alternatives = [re.split(r"[,;] or\s|\bor better\b", change) for change in changes]
    chosen = (zip(*map(asked, each), strict=True) for each in itertools.product(*alternatives))
    return any(all(len(set(said) - {None}) <= 1 for said in each) for each in chosen)


def asked(change):
    """Return the loss that a change asks for, and whether from logits; None for what it does not say."""
    named = re.search(r"losses\.(\w+)\(|loss='(\w+)'", change)
    return named and (named[1] or named[2]), "from_logits=True" in change or (False if named else None)


def test_advice_that_contradicts_itself_is_seen():
    sparse, logits = "loss=keras.losses.SparseCategoricalCrossentropy()", "from_logits=True)"
    assert not agree([sparse, sparse[:-1] + logits])
    assert not agree([sparse, "loss=keras.losses.CategoricalCrossentropy()"])
    assert agree([sparse, "put the dropout before the last Dense layer"])
    assert not agree([sparse, "remove both, with from_logits=True"])
    assert agree([sparse[:-1] + logits, "remove both, with from_logits=True"])
    assert agree([f"{sparse}, or\ny = y.argmax(axis=-1)", sparse[:-1] + logits])


def test_the_corpus_is_large_enough():
    assert len(MISTAKES) == len(KINDS) + len(TRIALS)
    assert not set(CASES) & set(MISTAKES)
    broken = [case for case in by_hand() if case[-1]]
    healthy = [case for case in by_hand() if not case[-1]]
    assert len(broken) >= 60
    assert len(healthy) >= 40
    assert len(MORE) >= 40
    assert sum(not case[-1] for case in GENERATED.values()) >= 20
    assert {name for case in by_hand() for name in case[-1]} >= {n for case in GENERATED.values() for n in case[-1]}
