"""The doctor while a model trains: a line each time, no noise, and next to no time."""

import numpy as np
import pytest
from sick_kinds import drowned
from sick_models import BITS, INT, SPARSE, UNDECLARED, X, Y, bits, dense, layers, logits, sequential, soft

from benchmarks import doctor
from utils.doctor import DoctorCallback, callback
from utils.quiet import keras, tf


@pytest.fixture(autouse=True)
def _seeded():
    keras.utils.set_random_seed(1)


def train(model, look, epochs=2, x=X, y=Y, **options):
    return model.fit(x, y, epochs=epochs, batch_size=8, verbose=0, callbacks=[look], **options)


@pytest.mark.parametrize("batch", [(X, Y), tf.data.Dataset.from_tensor_slices((X, Y)).batch(16), (X, Y, np.ones(16))])
def test_a_healthy_model_is_trained_without_a_word(batch, capsys):
    look = DoctorCallback(batch)
    train(logits(), look)
    assert look.said == []
    assert capsys.readouterr().out == ""


def test_a_finding_stops_before_the_first_step():
    model, look = logits(INT), DoctorCallback((X, Y))
    before = [w.numpy() for w in model.weights]
    with pytest.raises(RuntimeError, match=f"^Not trained: {UNDECLARED}. loss=keras.losses.SparseCategoricalCrossent"):
        train(model, look)
    for weight, value in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(weight.numpy(), value)


def test_without_stop_it_is_told_and_trained(capsys):
    model, look = logits(INT), DoctorCallback((X, Y), stop=False)
    assert len(train(model, look, epochs=3).history["loss"]) == 3
    assert capsys.readouterr().out.splitlines()[0].startswith(f"doctor: {UNDECLARED}. loss=")
    assert look.said[0].startswith(f"doctor: {UNDECLARED}.")
    assert len(look.said) == len(set(look.said))


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: sequential(soft(), layers.Reshape((4,)), loss=INT), "logits that Keras cannot recover"),
        (lambda: sequential(soft(), loss=SPARSE()), "from_logits=True on probabilities, corrected by Keras"),
    ],
)
def test_what_learns_all_the_same_is_told_and_trained(make, name):
    look = DoctorCallback((X, Y))
    train(make(), look)
    assert [line.startswith(f"doctor: {name}. ") for line in look.said] == [True]


def test_a_finding_that_is_meant_is_ignored_and_class_weight_is_looked_at():
    look = DoctorCallback((X, Y), ignore=(UNDECLARED,))
    train(logits(INT), look)
    assert look.said == []
    with pytest.raises(RuntimeError, match=rf"^Not trained: {UNDECLARED}\. .*\n.* ignore=\('{UNDECLARED}',\)\.$"):
        train(logits(INT), DoctorCallback((X, Y), ignore=("softmax twice",)))
    with pytest.raises(ValueError, match=r"^`ignore` is 'softmax twice'; wanted names of findings"):
        DoctorCallback((X, Y), ignore="softmax twice")
    with pytest.raises(RuntimeError, match=r"^Not trained: weights leave one class\."):
        train(bits(), DoctorCallback((X, BITS), class_weight={0: 0.0, 1: 1.0}))


def test_a_loss_that_becomes_nan_is_told_at_its_batch_and_ends_training():
    model, look = sequential(dense(8), dense(), loss=SPARSE()), DoctorCallback((X, Y))
    model.optimizer.learning_rate = 1e30
    history = train(model, look, epochs=20).history
    assert len(history["loss"]) < 20
    assert len(look.said) == 1
    assert look.said[0].startswith("doctor: batch ")
    assert "the loss is nan" in look.said[0]


def test_units_that_die_and_a_gradient_of_zero_are_told_once():
    look = DoctorCallback((X, Y), stop=False)
    train(drowned(), look, epochs=4)
    assert len(look.said) == len(set(look.said))
    assert any("100 % of the units of 'dense" in line and "are dead" in line for line in look.said[1:])


def test_units_that_saturate_are_told():
    model = sequential(dense(8, "tanh"), dense(), loss=SPARSE())
    model.layers[0].kernel.assign(model.layers[0].kernel * 1e4)
    look = DoctorCallback((X, Y), stop=False)
    train(model, look)
    assert any("are saturated on the batch" in line for line in look.said)


def test_a_gradient_of_zero_is_told():
    model = sequential(layers.Flatten(), dense(4, use_bias=False), loss=SPARSE())
    look = DoctorCallback((X * 0, Y), stop=False)
    train(model, look, x=X * 0)
    assert any("the gradient has length 0.0e+00" in line for line in look.said)


def test_a_gradient_that_is_nan_is_told_and_ends_training():
    model = sequential(dense(), layers.Lambda(lambda z: z * tf.sqrt(z * 0.0)), dense(), loss=SPARSE())
    look = DoctorCallback((X, Y), stop=False)
    look.set_model(model)
    _, length, finite = callback.Probe(model, X, Y)()
    assert np.isnan(length)
    assert finite
    look.stop = True
    look.on_epoch_end(0, {"loss": 1.386})
    assert model.stop_training
    assert look.said == [
        "doctor: epoch 1: the gradient is nan with a loss of 1.3860; the next step spoils all weights."
    ]


def test_a_loss_that_stays_at_ln_k_is_told_after_three_epochs():
    model = logits()
    model.optimizer.learning_rate = 0.0
    model.layers[0].kernel.assign(model.layers[0].kernel * 0)
    look = DoctorCallback((X, Y), stop=False)
    train(model, look, epochs=6)
    assert [line for line in look.said if "ln K" in line] == [
        "doctor: epoch 3: the loss has stood near ln K = 1.3863 for 3 epochs, 1.3863: the input is ignored, or the "
        "labels do not belong to it."
    ]


def test_two_outputs_and_a_binary_model_are_looked_at_too():
    look = DoctorCallback((X, BITS))
    train(bits(), look, y=BITS)
    assert look.said == []
    x = keras.Input((6,))
    model = keras.Model(x, {"a": dense(name="a")(x), "b": dense(name="b")(x)})
    model.compile("sgd", loss={"a": SPARSE(), "b": SPARSE()})
    look = DoctorCallback((X, {"a": Y, "b": Y}))
    model.fit(X, {"a": Y, "b": Y}, verbose=0, callbacks=[look])
    assert look.said == []


def test_training_goes_as_without_it():
    def run(callbacks):
        keras.utils.set_random_seed(7)
        model = sequential(dense(8), layers.Dropout(0.5), dense(), loss=SPARSE(), metrics=["accuracy"])
        return model.fit(X, Y, epochs=3, batch_size=4, verbose=0, callbacks=callbacks).history

    assert run([]) == run([DoctorCallback((X, Y))])


def test_the_states_of_a_stateful_layer_are_those_of_training_alone():
    steps = np.random.default_rng(0).normal(size=(16, 5, 3)).astype("float32")

    def run(callbacks):
        keras.utils.set_random_seed(7)
        lstm = layers.LSTM(4, stateful=True)
        model = keras.Sequential([keras.Input((5, 3), batch_size=4), lstm, layers.Dense(4)])
        model.compile("sgd", loss=SPARSE())
        history = model.fit(steps, Y, epochs=2, batch_size=4, shuffle=False, verbose=0, callbacks=callbacks).history
        return history, [state.numpy().tolist() for state in lstm.states]

    look = DoctorCallback((steps[:4], Y[:4]))
    assert run([]) == run([look])
    assert look.said == []


@pytest.mark.parametrize("rows", [-1, 64])
def test_what_a_few_rows_show_is_told_only_where_all_of_the_batch_shows_it(rows):
    x, y = np.tile(X, (4, 1)), np.tile(Y, 4)
    x[: callback.ROWS] = 0  # no unit answers to these, and no gradient comes from them
    hidden = layers.Dense(8, "relu", use_bias=False)
    whole = layers.Lambda(lambda h: tf.reshape(h, (rows, 8)))  # of 64 rows no others can be taken
    model = sequential(hidden, whole, dense(use_bias=False), loss=SPARSE())
    look = DoctorCallback((x, y), stop=False)
    model.fit(x, y, epochs=2, batch_size=64, verbose=0, callbacks=[look])
    assert look.said == []
    shares = [probe()[0][0][2] for probe in callback.probes(model, look._batch)]
    assert shares[0] == 1 if rows == -1 else len(shares) == 1
    assert shares[-1] < callback.MANY
    hidden.kernel.assign(hidden.kernel * 0)
    look.on_epoch_end(2, {"loss": 1.4})
    assert any("100 % of the units of 'dense" in line and "are dead on the batch" in line for line in look.said)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (X, r"^`batch` is a ndarray; wanted \(x, y\), \(x, y, sample_weight\) or a dataset\.$"),
        ((X,), r"^`batch` has 1 parts; wanted \(x, y\)"),
        ((X, Y[:3]), r"^`x` has 16 rows and `y` has 3; wanted one label for each row\."),
    ],
)
def test_a_bad_batch_is_refused_where_the_callback_is_made(batch, message):
    with pytest.raises(ValueError, match=message):
        DoctorCallback(batch)


class Extra(layers.Layer):
    def call(self, x):
        self.add_loss(tf.reduce_mean(tf.square(x)))
        return x


def test_a_model_without_labels_is_trained_under_its_eyes():
    model = sequential(dense(), Extra(), loss=None)
    look = DoctorCallback((X, None))
    model.fit(X, epochs=2, verbose=0, callbacks=[look])
    assert look.said == []
    with pytest.raises(ValueError, match=r"^`y` is missing, and `x` is a ndarray and no dataset\. Give"):
        train(logits(), DoctorCallback((X, None)))


@pytest.mark.slow
def test_an_epoch_costs_next_to_nothing_more():
    """About 1 % of each, as benchmarks/RESULTS.md says; a busy machine may interrupt a look, but not all of them."""
    shares, epochs = doctor.cost(epochs=4)
    print(f"{100 * min(shares):.2f} % of epochs of {min(epochs):.2f} s")
    assert min(shares) < 0.02


def test_weights_that_became_nan_are_told_where_a_layer_hides_them():
    x = np.concatenate([X, np.full((16, 6), np.nan, "float32")])
    hides = layers.Lambda(lambda h: tf.where(tf.math.is_nan(h), 0.0, h))
    model, look = sequential(dense(8), hides, dense(), loss=SPARSE()), DoctorCallback((X, Y))
    history = model.fit(x, np.tile(Y, 2), batch_size=16, shuffle=False, epochs=5, verbose=0, callbacks=[look]).history
    assert len(history["loss"]) == 1
    assert len(look.said) == 1
    assert look.said[0].startswith("doctor: epoch 1: weights are not finite, which relu may hide: the loss is ")


def test_a_loss_that_is_nan_before_any_step_is_not_blamed_on_the_steps():
    look = DoctorCallback((X, Y))
    logits().fit(X * np.nan, Y, epochs=2, verbose=0, callbacks=[look])
    assert len(look.said) == 1
    assert look.said[0].startswith(
        "doctor: batch 0: the loss is nan; before any step: look for NaN in x, y and the weights"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ignore": (3,)}, r"^`ignore` is \(3,\); wanted names of findings"),
        ({"stop": "False"}, r"^`stop` is 'False' and `say` <built-in function print>; wanted True or False"),
        ({"say": 3}, r"^`stop` is True and `say` 3; wanted True or False, and a function such as print\.$"),
    ],
)
def test_a_bad_option_is_refused_where_the_callback_is_made(options, message):
    with pytest.raises(ValueError, match=message):
        DoctorCallback((X, Y), **options)
    assert DoctorCallback((X, Y), ignore=None).ignore == ()
