"""Masked arrays of NumPy: what they mask is missing, wherever they are passed."""

import numpy as np
import pandas as pd
import pytest
from _checks import Untouched
from _engine import keras_reads_variables
from numpy.testing import assert_array_equal

from skrnn import (
    LSTMClassifier,
    LSTMRegressor,
    Seq2SeqForecaster,
    SequenceScaler,
    SlidingWindowTransformer,
    make_windows,
    to_sequences,
)

pytestmark = keras_reads_variables
SMALL = {"units": 2, "epochs": 2, "random_state": 0}
rng = np.random.default_rng(0)
X = rng.normal(size=(20, 5))
y = X.sum(axis=1)
MASKED = np.arange(5) < np.arange(20)[:, None] % 3


def masked(values, mask=MASKED):
    """Mask entries, and put wild values where they are."""
    values = np.array(values)
    values[mask] = 10_000
    return np.ma.array(values, mask=mask)


def with_nan(values, mask=MASKED):
    return np.where(mask, np.nan, values)


class TestSequences:
    def test_masked_steps_are_masked(self):
        model = LSTMRegressor(**SMALL).fit(masked(X), y, X_val=masked(X), y_val=y)
        expected = LSTMRegressor(**SMALL).fit(with_nan(X), y, X_val=with_nan(X), y_val=y)
        assert model.history_["val_loss"] == expected.history_["val_loss"]
        assert_array_equal(model.predict(masked(X)), expected.predict(with_nan(X)))

    @pytest.mark.parametrize("kind", [np.int8, np.int64, np.float32])
    def test_of_any_type_and_as_lists(self, kind):
        tokens = rng.integers(0, 5, X.shape).astype(kind)
        rows = np.ma.array(np.where(MASKED, 100, tokens).astype(kind), mask=MASKED)
        models = [
            LSTMRegressor(embedding_dim=2, **SMALL).fit(given, y)
            for given in (rows, list(rows), with_nan(tokens))
        ]
        first, *others = (model.predict(with_nan(tokens)) for model in models)
        for other in others:
            assert_array_equal(first, other)

    def test_a_mask_that_masks_nothing(self):
        given = np.ma.array(X, mask=np.zeros(X.shape, bool))
        expected = LSTMRegressor(**SMALL).fit(X, y).predict(X)
        assert_array_equal(LSTMRegressor(**SMALL).fit(given, np.ma.array(y)).predict(X), expected)

    def test_in_tools(self):
        given, plain = masked(X), with_nan(X)
        scaler = SequenceScaler()
        assert_array_equal(scaler.fit_transform(given), scaler.fit_transform(plain))
        assert_array_equal(to_sequences(list(given)), to_sequences(list(plain)))
        for function in (lambda X: make_windows(X, 3, target=0), SlidingWindowTransformer(3).fit):
            function(plain)
        for found, expected in zip(
            make_windows(given, 3, target=0), make_windows(plain, 3, target=0), strict=True
        ):
            assert_array_equal(found, expected)
        windows = SlidingWindowTransformer(3, padding=0.0)
        assert_array_equal(windows.fit_transform(given), windows.fit_transform(plain))


class TestTargets:
    def test_per_step(self):
        steps = LSTMRegressor(return_sequences=True, **SMALL)
        found = steps.fit(masked(X), masked(2 * X)).predict(masked(X))
        assert_array_equal(found, steps.fit(with_nan(X), with_nan(2 * X)).predict(with_nan(X)))
        assert steps.score(masked(X), masked(2 * X)) == steps.score(with_nan(X), with_nan(2 * X))

    @pytest.mark.parametrize("kind", [int, float, str, object])
    def test_labels_per_step(self, kind):
        labels = (X > 0).astype(int).astype(kind)
        steps = LSTMClassifier(return_sequences=True, **SMALL)
        found = steps.fit(masked(X), np.ma.array(labels, mask=MASKED)).predict(masked(X))
        assert_array_equal(pd.isna(found), MASKED)

    def test_targets_of_rows_cannot_be_missing(self):
        model = LSTMRegressor(**SMALL)
        mask = np.arange(20) == 3
        with Untouched(model), pytest.raises(ValueError, match="row 3 of y: fill it in or drop"):
            model.fit(X, masked(y, mask))
        with pytest.raises(ValueError, match="NaN"):
            model.fit(X, y).score(X, masked(y, mask))

    @pytest.mark.parametrize("kind", [int, float, str])
    def test_labels_of_rows_cannot_be_missing(self, kind):
        model = LSTMClassifier(**SMALL)
        labels = np.ma.array((y > 0).astype(int).astype(kind), mask=np.arange(20) == 3)
        with Untouched(model), pytest.raises(ValueError, match="row 3 of y"):
            model.fit(X, labels)

    @pytest.mark.parametrize("name", ["sample_weight", "sample_weight_val"])
    def test_weights_cannot_be_missing(self, name):
        model, weight = LSTMRegressor(**SMALL), masked(np.ones(20), np.arange(20) == 3)
        with Untouched(model), pytest.raises(ValueError, match=f"{name}.*row is 3.*weight zero"):
            model.fit(X, y, X_val=X, y_val=y, **{name: weight})


def test_series_to_forecast():
    mask = np.arange(30) == 7
    small = {"window": 3, "units": 2, "baselines": (), "epochs": 1, "random_state": 0}
    series = 1.0 + np.arange(30)
    found = Seq2SeqForecaster(**small).fit(masked(series, mask), fh=[1]).predict()
    expected = Seq2SeqForecaster(**small).fit(with_nan(series, mask), fh=[1]).predict()
    assert_array_equal(found, expected)
