"""Losses of classes, as in Keras."""

import pickle
from functools import partial

import numpy as np
import pytest
from _classifiers import LEARNS, N_ROWS, STANDS_STILL, make, n_classes, pooled
from _engine import keras_reads_variables
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skrnn.compat._keras import keras

pytestmark = keras_reads_variables


# ---- Losses --------------------------------------------------------------------------------------

LOSSES = {
    # name: (number of classes, loss, the same as a function of Keras)
    "categorical_focal_crossentropy": (
        3,
        "categorical_focal_crossentropy",
        keras.losses.categorical_focal_crossentropy,
    ),
    "CategoricalFocalCrossentropy": (
        3,
        keras.losses.CategoricalFocalCrossentropy(gamma=1.5),
        lambda truth, p: keras.losses.categorical_focal_crossentropy(truth, p, gamma=1.5),
    ),
    "BinaryFocalCrossentropy": (
        2,
        keras.losses.BinaryFocalCrossentropy(gamma=1.5),
        lambda truth, p: keras.losses.binary_focal_crossentropy(truth, p, gamma=1.5),
    ),
    "function": (
        2,
        keras.losses.squared_hinge,
        keras.losses.squared_hinge,
    ),
}


def as_keras_takes_it(y, probabilities):
    """Return one column per class, of two classes only the second."""
    truth = np.eye(probabilities.shape[1])[y]
    columns = slice(1, None) if truth.shape[1] == 2 else slice(None)
    return truth[:, columns].astype("float32"), probabilities[:, columns].astype("float32")


class TestLosses:
    @pytest.mark.parametrize(("n", "loss", "function"), LOSSES.values(), ids=list(LOSSES))
    def test_of_keras(self, X, numbers, n, loss, function):
        y = numbers[n]
        start = make(network=pooled, loss=loss, **STANDS_STILL).fit(X, y)
        rows = function(*as_keras_takes_it(y, start.predict_proba(X)))
        expected = float(np.mean(np.asarray(rows)))
        assert start.history_["loss"][0] == pytest.approx(expected, rel=1e-4)
        plain = make(network=pooled, **LEARNS).fit(X, y)
        model = clone(make(network=pooled, loss=loss, **LEARNS)).fit(X, y)
        assert abs(model.predict_proba(X) - plain.predict_proba(X)).max() > 0.01
        assert model.history_["loss"][-1] < model.history_["loss"][0]
        assert_array_equal(
            pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X)
        )

    @pytest.mark.parametrize(
        ("n", "loss"), [(2, "binary_crossentropy"), (3, "categorical_crossentropy")]
    )
    def test_crossentropy_by_its_name_in_keras(self, X, numbers, n, loss):
        named = make(network=pooled, loss=loss).fit(X, numbers[n])
        plain = make(network=pooled).fit(X, numbers[n])
        assert_allclose(named.history_["loss"], plain.history_["loss"], rtol=1e-5)
        assert_allclose(named.predict_proba(X), plain.predict_proba(X), rtol=1e-4)

    @n_classes
    def test_probabilities_of_nearly_zero_stay_exact(self, X, numbers, n_classes):
        """From the values before the probabilities, whose logarithm has no floor."""
        y = numbers[n_classes]
        model = make(network=pooled, epochs=1, learning_rate=20.0, optimizer="sgd", random_state=3)
        model.fit(X, y)
        of_their_class = model.predict_proba(X)[np.arange(N_ROWS), y]
        assert 1e-14 < of_their_class.min() < 1e-9  # Keras would stop at 1e-7
        model.set_params(warm_start=True, **STANDS_STILL).fit(X, y)
        expected = -np.log(of_their_class).mean()
        assert model.history_["loss"][1] == pytest.approx(expected, rel=1e-4)


# ---- Losses that compare classes with each other -------------------------------------------------

losses = keras.losses
BETWEEN_CLASSES = {
    "categorical_crossentropy": losses.categorical_crossentropy,
    "CategoricalFocalCrossentropy": losses.categorical_focal_crossentropy,
    "categorical_hinge": losses.categorical_hinge,
    "kld": losses.kl_divergence,
    "CosineSimilarity": losses.cosine_similarity,
}
BY_NUMBER = {
    "sparse_categorical_crossentropy": "sparse_categorical_crossentropy",
    "class": losses.SparseCategoricalCrossentropy(),
    "generalized": losses.CategoricalGeneralizedCrossEntropy(q=0.3),
    "part of a function": partial(losses.sparse_categorical_crossentropy, ignore_class=None),
}


def through_one_column(targets, probabilities):
    return losses.kl_divergence(targets, probabilities)


def the_reverse(targets, probabilities):
    return -keras.ops.mean((targets - probabilities) ** 2, axis=-1)


def by_number(targets, probabilities):
    return losses.sparse_categorical_crossentropy(targets, probabilities)


class TestBetweenClasses:
    @pytest.mark.parametrize("loss", BETWEEN_CLASSES)
    def test_two_classes_have_a_column_each(self, X, two, loss):
        model = make(network=pooled, loss=loss, **STANDS_STILL).fit(X, two)
        truth = np.eye(2, dtype="float32")[two]
        rows = BETWEEN_CLASSES[loss](truth, model.predict_proba(X).astype("float32"))
        assert model.history_["loss"][0] == pytest.approx(np.mean(np.asarray(rows)), rel=1e-4)
        assert make(network=pooled, loss=loss, **LEARNS).fit(X, two).score(X, two) > 0.8

    @n_classes
    @pytest.mark.parametrize("loss", BY_NUMBER.values(), ids=list(BY_NUMBER))
    def test_those_by_number_get_numbers(self, X, numbers, n_classes, loss):
        y = numbers[n_classes]
        model = make(network=pooled, loss=loss, **STANDS_STILL).fit(X, y)
        rows = losses.get(loss)(y.astype("float32"), model.predict_proba(X).astype("float32"))
        assert model.history_["loss"][0] == pytest.approx(np.mean(np.asarray(rows)), rel=1e-4)

    def test_steps_too(self):
        X = np.random.default_rng(0).normal(size=(N_ROWS, 4, 1))
        y = (X[..., 0] > 0).astype(int)
        how = {"return_sequences": True, "cell": "simple", **LEARNS}
        assert make(loss="sparse_categorical_crossentropy", **how).fit(X, y).score(X, y) > 0.8

    @pytest.mark.parametrize(
        ("n", "loss", "words"),
        [
            (2, through_one_column, ["the column of the second of two classes"]),
            (2, "circle", ["circle", "crossentropy"]),
            (2, the_reverse, ["the_reverse", "nothing would be learned"]),
            (3, the_reverse, ["one column per class"]),
            (3, by_number, ["by_number", "shape (3, 3)"]),
        ],
    )
    def test_what_would_learn_nothing_is_refused(self, X, numbers, n, loss, words):
        model = make(network=pooled, loss=loss)
        before = dict(vars(model))
        with pytest.raises(ValueError, match=r"^loss=") as info:
            model.fit(X, numbers[n])
        assert all(word in str(info.value) for word in words)
        assert vars(model) == before

    @pytest.mark.parametrize("loss", ["categorical_crossentropy", "kl_divergence"])
    def test_several_labels_do_not_exclude_each_other(self, X, loss):
        y = np.column_stack([X[:, 0] > 0, X[:, 1] > 0]).astype(int)
        with pytest.raises(ValueError, match=r"one column per label.*crossentropy"):
            make(network=pooled, loss=loss).fit(X, y)
        make(network=pooled, loss="binary_crossentropy").fit(X, y)
