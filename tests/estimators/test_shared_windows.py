"""Estimators on windows that share their rows in memory: the same results, and no copy of them."""

import pickle
import tracemalloc

import numpy as np
import pytest
from _estimators import film, flat, regressor
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.model_selection import ShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import LSTMClassifier, LSTMRegressor, SequenceScaler, SlidingWindowTransformer

RNG = np.random.default_rng(0)
ROWS = 20.0 + RNG.normal(size=(90, 3)).cumsum(axis=0)
Y = ROWS[:, 0] + RNG.normal(size=90)
LABELS = RNG.choice(["dry", "rain", "snow"], size=90)
ONCE = {"epochs": 2, "random_state": 0}
SCALERS = [None, "standard", "minmax", "robust", "power", "window", "level", "log"]
# With these the weights are the same to the last bit; the others learn sums, in another order.
EXACT = {None, "minmax", "robust", "power"}
# In windows of so many steps these rows would be a hundred times as large.
LONG = 100
MANY = 20.0 + RNG.uniform(size=(20_000, 8))


def windows_of(rows, window=6, **how):
    return SlidingWindowTransformer(window, **how).fit_transform(rows)


VIEW = windows_of(ROWS)


@pytest.fixture(autouse=True)
def late(monkeypatch):
    """Scale few windows as if they were many: when they are taken, and some at a time."""
    monkeypatch.setattr("skrnn.estimators._input_encoder._FEW", 0)
    monkeypatch.setattr("skrnn.inputs._overlap._NUMBERS_AT_ONCE", 500)


def same_fit(make, y, view, **given):
    """Assert that an estimator does the same with windows that share rows and with a copy."""
    copy = np.ascontiguousarray(view)
    shared, copied = make().fit(view, y, **given), make().fit(copy, y, **given)
    weights = [fitted.network_.weights.trainable for fitted in (shared, copied)]
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(shared.predict(view), shared.predict(copy))
    assert list(shared.history_) == list(copied.history_)
    return shared, copied


class TestEstimators:
    @pytest.mark.parametrize("choice", SCALERS, ids=str)
    @pytest.mark.parametrize("rate", [1, 4])
    def test_scalers_of_inputs(self, choice, rate):
        view = windows_of(ROWS, sampling_rate=rate)
        weight = np.arange(90) % 3  # zero for some: scalers do not learn from those
        fitted = same_fit(
            lambda: LSTMRegressor(3, input_scaler=choice, **ONCE), Y, view, sample_weight=weight
        )
        if choice in EXACT:
            one, other = (each.network_.weights.trainable for each in fitted)
            assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))

    def test_few_windows_are_scaled_once(self, monkeypatch):
        monkeypatch.setattr("skrnn.estimators._input_encoder._FEW", VIEW.size)
        same_fit(lambda: LSTMRegressor(3, input_scaler="level", **ONCE), Y, VIEW)

    @pytest.mark.parametrize("choice", ["window", "level", "log"])
    def test_scalers_of_targets(self, choice):
        given = {"target_scaler": choice, "target_feature": 0, "seasonal_lag": 2}
        same_fit(lambda: LSTMRegressor(3, **given, **ONCE), Y, VIEW)

    @pytest.mark.parametrize("choice", ["standard", "level"])
    def test_rows_held_out_of_each_class(self, choice):
        given = {"early_stopping": True, "validation_fraction": 0.3, "metrics": "accuracy"}
        same_fit(lambda: LSTMClassifier(3, input_scaler=choice, **given, **ONCE), LABELS, VIEW)

    @pytest.mark.parametrize("held_out", [0.3, ShuffleSplit(1, random_state=0)], ids=str)
    def test_rows_held_out(self, held_out):
        given = {"early_stopping": True, "validation_fraction": held_out, "metrics": "r2"}
        same_fit(lambda: LSTMRegressor(3, **given, **ONCE), Y, VIEW)

    def test_a_target_for_each_step(self):
        view = windows_of(ROWS, padding="edge")
        same_fit(lambda: LSTMRegressor(3, return_sequences=True, **ONCE), view[:, :, 0], view)

    def test_tokens(self):
        view = windows_of(RNG.integers(0, 9, size=(90, 1)).astype(float))
        same_fit(lambda: LSTMClassifier(3, embedding_dim=2, **ONCE), LABELS, view)

    @pytest.mark.parametrize("choice", ["standard", "level"])
    def test_frames(self, choice):
        view = sliding_window_view(RNG.normal(size=(40, 2, 3, 1)), 5, axis=0)
        view = view.transpose(0, 4, 1, 2, 3)
        same_fit(lambda: film(input_scaler=choice, **ONCE), Y[:36], view)

    def test_epoch_by_epoch(self):
        view, copy = VIEW, VIEW.copy()
        shared, copied = (LSTMRegressor(3, input_scaler="minmax", **ONCE) for _ in range(2))
        for rows in (slice(0, 50), slice(40, 90)):
            shared.partial_fit(view[rows], Y[rows])
            copied.partial_fit(copy[rows], Y[rows])
        np.testing.assert_array_equal(shared.predict(view), copied.predict(copy))

    def test_a_network_of_the_user(self):
        same_fit(lambda: regressor(network=flat, **ONCE), Y, windows_of(ROWS, padding="edge"))

    def test_samples_and_attention(self):
        view = windows_of(ROWS, sampling_rate=5)
        copy = np.ascontiguousarray(view)
        given = {"dropout": 0.2, "attention": True, "input_scaler": "window"}
        fitted = LSTMRegressor(3, **given, **ONCE).fit(view, Y)
        for method in ("attention_weights", "predict"):
            np.testing.assert_array_equal(
                getattr(fitted, method)(view), getattr(fitted, method)(copy)
            )
        samples = [fitted.predict_samples(X, 2, random_state=0) for X in (view, copy)]
        np.testing.assert_array_equal(*samples)

    def test_columns_that_share_a_series(self):
        same_fit(lambda: LSTMRegressor(3, **ONCE), Y[:85], sliding_window_view(ROWS[:, 0], 6))

    @pytest.mark.parametrize("value", [np.inf, np.nan])
    def test_the_row_in_an_error_is_that_of_a_window(self, value):
        rows = ROWS.copy()
        rows[30, 1] = value
        view = sliding_window_view(rows, 6, axis=0).swapaxes(1, 2)
        errors = []
        for X in (view, view.copy()):
            with pytest.raises(ValueError, match="row 25") as error:
                LSTMRegressor(3).fit(X, Y[:85])
            errors.append(str(error.value))
        assert errors[0] == errors[1]

    @pytest.mark.parametrize("choice", [None, "level"])
    def test_the_row_that_is_too_large_after_scaling(self, choice):
        rows = ROWS.copy()
        rows[30] = 1e45
        view = sliding_window_view(rows, 6, axis=0).swapaxes(1, 2)
        fitted = LSTMRegressor(3, input_scaler=choice, **ONCE).fit(windows_of(ROWS), Y)
        for X in (view, view.copy()):
            with pytest.raises(ValueError, match="X row 25: after scaling"):
                fitted.predict(X)


class TestMemory:
    @pytest.fixture(autouse=True)
    def late(self):
        """Leave things as they are."""

    @pytest.mark.parametrize(
        "params",
        [
            {},
            {"input_scaler": "robust"},
            {"input_scaler": "window"},
            {"target_scaler": "level", "target_feature": 0},
            {"early_stopping": True},
        ],
        ids=str,
    )
    def test_windows_are_never_copied_whole(self, params):
        final = LSTMRegressor(1, epochs=1, batch_size=256, random_state=0, **params)
        pipeline = make_pipeline(SlidingWindowTransformer(LONG), final)
        assert peak(lambda: pipeline.fit(MANY, MANY[:, 0])) < LONG * MANY.nbytes / 5
        assert peak(lambda: pipeline.predict(MANY)) < LONG * MANY.nbytes / 5
        assert len(pickle.dumps(pipeline)) < MANY.nbytes

    def test_nor_where_rows_of_each_class_are_held_out(self):
        classifier = LSTMClassifier(
            1, epochs=1, batch_size=256, early_stopping=True, random_state=0
        )
        steps = StandardScaler(), SlidingWindowTransformer(LONG), SequenceScaler()
        pipeline = make_pipeline(*steps, classifier)
        assert peak(lambda: pipeline.fit(MANY, MANY[:, 0] > 20.5)) < LONG * MANY.nbytes / 5


def peak(function):
    """Return the bytes that a function takes at most for arrays of NumPy."""
    tracemalloc.start()
    try:
        function()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
