"""Labels and probabilities."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from _classifiers import (
    LEARNS,
    N_ROWS,
    equal_fits,
    make,
    n_classes,
)
from _engine import keras_reads_variables
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

pytestmark = keras_reads_variables


# ---- Labels and probabilities --------------------------------------------------------------------

LABELS = {
    "int": np.array([3, 7]),
    "negative": np.array([-1, 1], np.int8),
    "bool": np.array([False, True]),
    "float": np.array([-1.0, 1.0]),
    "str": np.array(["no", "yes"]),
    "object": np.array(["no", "yes"], dtype=object),
    "int-3": np.array([2, 5, 90]),
    "float-3": np.array([0.0, 1.0, 7.0]),
    "str-3": np.array(["a", "bb", "c"]),
}


class TestLabels:
    @pytest.mark.parametrize("labels", LABELS.values(), ids=list(LABELS))
    def test_of_any_type(self, X, numbers, fitted, labels):
        """They are names: what is learned does not depend on them."""
        codes = numbers[len(labels)]
        model = make().fit(X, labels[codes])
        assert_array_equal(model.classes_, labels)
        assert model.classes_.dtype == labels.dtype
        equal_fits(model, fitted[len(labels)], X)
        predictions = model.predict(X)
        assert predictions.dtype == labels.dtype
        assert_array_equal(predictions, labels[fitted[len(labels)].predict(X)])
        assert model.score(X, labels[codes]) == fitted[len(labels)].score(X, codes)

    @pytest.mark.parametrize(
        "convert",
        [list, pd.Series, lambda y: pd.Series(y, dtype="category")],
        ids=["list", "series", "category"],
    )
    def test_in_any_container(self, X, two, fitted, convert):
        y = convert(np.array(["no", "yes"])[two])
        model = make().fit(X, y, X_val=X, y_val=y)
        assert model.classes_.tolist() == ["no", "yes"]
        equal_fits(model, fitted[2], X)

    @pytest.mark.parametrize("labels", [["z", "a"], ["n", "z", "a"]], ids=str)
    def test_are_learned_whatever_their_order(self, X, numbers, labels):
        y = np.array(labels)[numbers[len(labels)]]
        model = make(**LEARNS).fit(X, y)
        assert model.classes_.tolist() == sorted(labels)
        assert model.score(X, y) > 0.9

    @n_classes
    def test_predictions_are_the_most_likely_classes(self, X, fitted, n_classes):
        model = fitted[n_classes]
        probabilities = model.predict_proba(X)
        assert probabilities.shape == (N_ROWS, n_classes)
        assert probabilities.dtype == np.float64
        assert probabilities.min() > 0.0
        assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
        assert_array_equal(model.predict(X), model.classes_[probabilities.argmax(axis=1)])

    @n_classes
    def test_model_of_keras_returns_the_probabilities(self, X, numbers, n_classes):
        model = make(input_scaler=None).fit(X, numbers[n_classes])
        outputs = np.asarray(model.model_(X[:, :, None].astype(np.float32)))
        expected = model.predict_proba(X)
        assert_allclose(outputs, expected[:, 1:] if n_classes == 2 else expected, atol=1e-6)

    @n_classes
    def test_a_row_is_predicted_the_same_in_any_company(self, X, fitted, n_classes):
        whole = fitted[n_classes].predict_proba(X)
        assert_array_equal(fitted[n_classes].predict_proba(X[[40, 3]]), whole[[40, 3]])

    @pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_samples"])
    def test_nothing_before_fit(self, X, method):
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            getattr(make(), method)(X)


class TestCopies:
    @n_classes
    def test_are_the_same_to_the_last_bit(self, X, numbers, fitted, n_classes):
        model = fitted[n_classes]
        for again in (
            pickle.loads(pickle.dumps(model)),
            copy.deepcopy(model),
            clone(model).fit(X, numbers[n_classes]),
        ):
            equal_fits(again, model, X)
            assert_array_equal(again.classes_, model.classes_)

    def test_a_clone_is_not_fitted(self, X, fitted):
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            clone(fitted[2]).predict(X)
