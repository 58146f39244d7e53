"""Labels that do not exclude each other: a column of zeros and ones for each."""

import pickle

import numpy as np
import pytest
from _engine import keras_reads_variables
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.multiclass import OneVsRestClassifier

from skrnn import LSTMClassifier, RecurrentClassifier

pytestmark = keras_reads_variables

N_ROWS, N_STEPS = 200, 6


@pytest.fixture(scope="module")
def X():
    return np.random.default_rng(0).normal(size=(N_ROWS, N_STEPS))


@pytest.fixture(scope="module")
def y(X):
    """Labels that go by order: is the last value above the first, and did it ever rise twice?"""
    rises = np.diff(X, axis=1) > 0
    return np.stack([X[:, -1] > X[:, 0], (rises[:, 1:] & rises[:, :-1]).any(axis=1)], axis=1) * 1


@pytest.fixture(scope="module")
def fitted(X, y):
    model = LSTMClassifier(16, epochs=80, learning_rate=0.01, batch_size=16, random_state=0)
    return model.fit(X[:150], y[:150])


def test_predictions_have_the_form_of_y(fitted, X, y):
    assert fitted.predict(X).shape == y.shape
    assert set(np.unique(fitted.predict(X))) <= {0, 1}
    assert fitted.predict(X).dtype.kind == "i"
    assert_array_equal(fitted.classes_, [0, 1])


def test_a_label_is_predicted_where_it_is_more_likely_than_not(fitted, X):
    probabilities = fitted.predict_proba(X)
    assert probabilities.shape == (N_ROWS, 2)
    assert_array_equal(fitted.predict(X), probabilities > 0.5)
    assert not np.allclose(probabilities.sum(axis=1), 1.0)


def test_order_matters_more_than_a_linear_model_can_say(fitted, X, y):
    lines = OneVsRestClassifier(LogisticRegression()).fit(X[:150], y[:150])
    ours, theirs = (
        f1_score(y[150:], model.predict(X[150:]), average="macro") for model in (fitted, lines)
    )
    assert ours > theirs


def test_score_counts_rows_with_all_labels_right(fitted, X, y):
    right = (fitted.predict(X) == y).all(axis=1)
    assert fitted.score(X, y) == pytest.approx(right.mean())


def test_a_pickle_predicts_the_same(fitted, X):
    again = pickle.loads(pickle.dumps(fitted))
    assert_array_equal(again.predict_proba(X), fitted.predict_proba(X))


def test_loss_is_the_mean_over_labels(X, y):
    model = LSTMClassifier(3, epochs=1, learning_rate=1e-12, random_state=0).fit(X, y)
    p = model.predict_proba(X)
    expected = -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean()
    assert_allclose(model.history_["loss"][0], expected, rtol=1e-5)


def test_one_set_of_labels_for_each_step(X):
    y = np.stack([X > 0, X > 1], axis=2).astype(float)
    model = LSTMClassifier(3, epochs=1, return_sequences=True, random_state=0).fit(X, y)
    assert model.predict(X).shape == y.shape


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: 2 * y, "neither 0 nor 1"),
        (lambda y: y - 0.5, "neither 0 nor 1"),
    ],
    ids=["twos", "halves"],
)
def test_other_numbers_are_refused(X, y, change, message):
    with pytest.raises(ValueError, match=message):
        LSTMClassifier(3, epochs=1).fit(X, change(y))


def test_weights_of_classes_are_refused(X, y):
    model = LSTMClassifier(3, epochs=1, class_weight="balanced")
    with pytest.raises(ValueError, match=r"class_weight='balanced' needs one label per row"):
        model.fit(X, y)


@pytest.mark.parametrize("pooling", ["last", "mean", "max", "flatten"])
def test_pooling_sees_no_masked_step(X, y, pooling):
    """What stands at masked steps, and whether the model needs the mask, changes nothing."""
    ragged = X.copy()
    ragged[::2, :2] = np.nan
    model = RecurrentClassifier(3, pooling=pooling, cell="gru", epochs=2, random_state=0)
    model.fit(ragged, y)
    inputs = model.input_encoder_.encode(ragged[:, :, None], ~np.isnan(ragged))
    inputs["sequence"][~inputs["mask"]] = 7.0
    shown = model.model_.predict([inputs["sequence"], inputs["mask"]], verbose=0)
    assert_allclose(shown, model.predict_proba(ragged), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_pooling_of_one_step_is_that_step(X, y, pooling):
    params = {"units": 3, "epochs": 2, "random_state": 0}
    one = LSTMClassifier(pooling=pooling, **params).fit(X[:, :1], y)
    last = LSTMClassifier(**params).fit(X[:, :1], y)
    assert_allclose(one.predict_proba(X[:, :1]), last.predict_proba(X[:, :1]), rtol=1e-5)
