"""No window, and nothing learned from windows, knows what comes later.

Every check is a function of what it checks. The last section hands the same functions copies that
leak on purpose: each has to be caught.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.model_selection import KFold, TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler

from skrnn import LSTMRegressor, SequenceScaler, SlidingWindowTransformer
from skrnn.exceptions import PaddedWindowWarning

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy keyword"
        r":DeprecationWarning:keras\.src"
    ),
    # Padding is asserted; when it is warned of is tested in test_windows.py.
    pytest.mark.filterwarnings("ignore::skrnn.exceptions.PaddedWindowWarning"),
]

# ---- (a) Windows see no later row ----------------------------------------------------------------

CALENDARS = {
    "integers": pd.RangeIndex(0, 300, 3),
    "periods": pd.period_range("2020-01", periods=100, freq="M"),
    "days": pd.date_range("2020-01-01", periods=100, freq="D"),
    "starts of months": pd.date_range("2020-01-01", periods=100, freq="MS"),
    "working days": pd.date_range("2020-01-01", periods=100, freq="B"),
}


def windows_of_all_rows(windows, X, n_fitted):
    """Fit on the first rows, and return the windows of these and of the others."""
    windows = clone(windows).fit(X[:n_fitted])
    parts = [windows.transform(part) for part in (X[:n_fitted], X[n_fitted:])]
    return np.concatenate([part.reshape(len(part), -1) for part in parts])


def check_no_later_value_matters(windows, X, n_fitted, row):
    """Other values after a row change no window at or before it."""
    changed = X.copy()
    is_later = np.arange(len(X)) > row
    changed["v"] = np.where(is_later, -7.0 * X["v"] - 1000.0, X["v"])
    before, after = (windows_of_all_rows(windows, data, n_fitted) for data in (X, changed))
    assert_array_equal(after[: row + 1], before[: row + 1])


def check_no_later_row_is_held(windows, X, n_fitted):
    """Where the values are the numbers of the rows, a window holds its own and smaller ones."""
    assert_array_equal(X["v"], np.arange(len(X)))
    held = windows_of_all_rows(windows, X, n_fitted)
    assert (np.isnan(held) | (held <= np.arange(len(X))[:, None])).all()
    assert_array_equal(held[:, -1], np.arange(len(X)))


@st.composite
def windowed_frames(draw):
    """Draw a transformer and a frame that it takes: one or several series, mixed, with holes."""
    series = draw(st.lists(st.integers(0, draw(st.integers(0, 2))), min_size=2, max_size=20))
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 1, 2, 4]), min_size=20, max_size=20))
    times, place = [], dict.fromkeys(series, -1)
    for name, step in zip(series, steps, strict=False):
        place[name] += step
        times.append(place[name])
    index = CALENDARS[draw(st.sampled_from(sorted(CALENDARS)))]
    X = pd.DataFrame({"v": np.arange(float(len(series))), "g": series}, index=index[times])
    windows = SlidingWindowTransformer(
        draw(st.integers(1, 4)),
        sampling_rate=draw(st.integers(1, 3)),
        padding=draw(st.sampled_from(["nan", "edge", -1.0])),
        flatten=draw(st.booleans()),
        freq=getattr(index, "freq", None),
        gap_tolerance=draw(st.sampled_from([None, 1])),
    )
    kind = draw(st.sampled_from(["group", "levels", "array", "one series"]))
    if kind == "array":
        return make_pipeline(FunctionTransformer(np.asarray), windows.set_params(group=1)), X
    if kind == "levels":
        return windows, X.set_index("g", append=True).swaplevel()
    if kind == "group":
        return windows.set_params(group="g"), X
    return windows, X.set_axis(index[: len(X)])[["v"]]


class TestWindows:
    @settings(deadline=None, max_examples=150)
    @given(windowed_frames(), st.data())
    def test_no_later_value_matters(self, windows_and_rows, data):
        windows, X = windows_and_rows
        n_fitted = data.draw(st.integers(1, len(X) - 1), "n_fitted")
        row = data.draw(st.integers(0, len(X) - 1), "row")
        with warnings.catch_warnings(action="ignore", category=PaddedWindowWarning):
            check_no_later_value_matters(windows, X, n_fitted, row)

    @settings(deadline=None, max_examples=150)
    @given(windowed_frames(), st.data())
    def test_no_later_row_is_held(self, windows_and_rows, data):
        windows, X = windows_and_rows
        n_fitted = data.draw(st.integers(1, len(X) - 1), "n_fitted")
        with warnings.catch_warnings(action="ignore", category=PaddedWindowWarning):
            check_no_later_row_is_held(windows, X, n_fitted)


# ---- (b) Scalers learn from training rows --------------------------------------------------------

N_ROWS, WINDOW, N_SPLITS = 60, 4, 3
SPLITS = TimeSeriesSplit(N_SPLITS)
SCALERS = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}
STATISTICS = {
    "standard": ("mean_", "scale_"),
    "minmax": ("data_min_", "data_range_"),
    "robust": ("center_", "scale_"),
}


class Recorder(RegressorMixin, BaseEstimator):
    """A model that keeps what it is given, and predicts zero."""

    def fit(self, X, y):
        self.fitted_on_ = np.asarray(X)
        return self

    def predict(self, X):
        self.asked_for_ = np.asarray(X)
        return np.zeros(len(X))


@pytest.fixture(scope="module")
def series():
    """Two trending features, so that later rows have other statistics, and a target."""
    values = np.cumsum(np.random.default_rng(0).gamma(1.0, size=(N_ROWS, 3)), axis=0)
    index = pd.period_range("2000-01", periods=N_ROWS, freq="M")
    frame = pd.DataFrame(values, index=index, columns=["a", "b", "y"])
    return frame[["a", "b"]], frame["y"]


def check_scalers_learn_from_training_rows(fit_folds, X, y, by_hand):
    """Statistics are those of a fold's own windows, and no value from its test rows on matters.

    `fit_folds(X, y)` returns what the model of each fold has learned, `by_hand(rows, targets)`
    what it should learn from the rows of training.
    """
    learned = fit_folds(X, y)
    for fold, (train, test) in enumerate(SPLITS.split(X)):
        assert_allclose(learned[fold], by_hand(X.iloc[train], y.iloc[train]), rtol=1e-12)
        other_X, other_y = X.copy(), y.copy()
        other_X.iloc[test[0] :] *= -5.0
        other_y.iloc[test[0] :] -= 1000.0
        assert_array_equal(fit_folds(other_X, other_y)[fold], learned[fold])


def steps_of_windows(rows):
    """Return all steps of the windows of these rows alone, padding left out."""
    rows = np.asarray(rows)
    windows = [rows[max(0, end - WINDOW) : end] for end in range(1, len(rows) + 1)]
    return np.concatenate(windows)


def statistics(scaler, choice):
    return np.concatenate([getattr(scaler, name) for name in STATISTICS[choice]])


def inputs_by_hand(choice):
    def by_hand(rows, targets):
        return statistics(SCALERS[choice]().fit(steps_of_windows(rows)), choice)

    return by_hand


def inputs_and_targets_by_hand(choice):
    def by_hand(rows, targets):
        scaler = SCALERS[choice]().fit(np.asarray(targets)[:, None])
        return np.concatenate([inputs_by_hand(choice)(rows, None), statistics(scaler, choice)])

    return by_hand


def learned_in_folds(pipeline, learned):
    """Return a function that fits a pipeline as scikit-learn does in a cross-validation."""

    def fit_folds(X, y):
        result = cross_validate(pipeline, X, y, cv=SPLITS, return_estimator=True)
        return [learned(fitted) for fitted in result["estimator"]]

    return fit_folds


def of_the_estimator(fitted):
    """Return the statistics of the scalers inside the last step."""
    scalers = fitted[-1].input_encoder_.scaler, fitted[-1].target_encoder_.scaler
    return np.concatenate([part for scaler in scalers for part in (scaler.shift_, scaler.scale_)])


def network(**params):
    return LSTMRegressor(2, epochs=1, batch_size=64, random_state=0, **params)


class TestScalers:
    @pytest.mark.parametrize("choice", SCALERS)
    def test_scaler_behind_the_windows(self, series, choice):
        scaler = SequenceScaler(SCALERS[choice]())
        pipeline = make_pipeline(SlidingWindowTransformer(WINDOW), scaler, Recorder())
        fit_folds = learned_in_folds(
            pipeline, lambda fitted: statistics(fitted[1]._scaler.transformer, choice)
        )
        check_scalers_learn_from_training_rows(fit_folds, *series, inputs_by_hand(choice))

    def test_what_the_model_is_fitted_on(self, series):
        """Scaled windows of the training rows have mean 0 and deviation 1 by themselves."""
        pipeline = make_pipeline(SlidingWindowTransformer(WINDOW), SequenceScaler(), Recorder())
        result = cross_validate(pipeline, *series, cv=SPLITS, return_estimator=True)
        for fitted in result["estimator"]:
            assert_allclose(np.nanmean(fitted[-1].fitted_on_, axis=(0, 1)), 0.0, atol=1e-12)
            assert_allclose(np.nanstd(fitted[-1].fitted_on_, axis=(0, 1)), 1.0)
            # The series trend upwards, and the scaler does not know how far.
            assert (fitted[-1].asked_for_.mean(axis=(0, 1)) > 1.0).all()

    @pytest.mark.parametrize("choice", SCALERS)
    def test_scalers_of_the_estimators(self, series, choice):
        pipeline = make_pipeline(
            SlidingWindowTransformer(WINDOW), network(input_scaler=choice, target_scaler=choice)
        )
        check_scalers_learn_from_training_rows(
            learned_in_folds(pipeline, of_the_estimator),
            *series,
            inputs_and_targets_by_hand(choice),
        )


# ---- (c) Test windows begin with the last training rows, or with padding -------------------------

PADDING = -1.0


def windows_by_hand(train, test, window, indexed):
    """Return the numbers of the rows in the window of each row to test, and the padding."""
    known = []
    if indexed and test[0] == train[-1] + 1:
        known = list(train)
    windows = []
    for row in test:
        known.append(row)
        run = [row]  # of the rows before, back to the first that does not follow
        for earlier in reversed(known[:-1]):
            if indexed and earlier != run[0] - 1:
                break
            run.insert(0, earlier)
        windows.append([PADDING] * (window - len(run)) + run[-window:])
    return windows


def check_windows_of_test_folds(windows, X, splits):
    """What a model is asked to predict holds the rows that a human would put there."""
    assert_array_equal(np.asarray(X)[:, 0], np.arange(len(X)))
    pipeline = make_pipeline(windows, Recorder())
    splits = list(splits.split(X))
    result = cross_validate(pipeline, X, np.zeros(len(X)), cv=splits, return_estimator=True)
    for (train, test), fitted in zip(splits, result["estimator"], strict=True):
        expected = windows_by_hand(train, test, windows.window, isinstance(X, pd.DataFrame))
        assert_array_equal(fitted[-1].asked_for_[:, :, 0], expected)


class LaterRowsFirst:
    """Train on the second half, test on the first."""

    def split(self, X):
        half = len(X) // 2
        yield np.arange(half, len(X)), np.arange(half)


ALL_SPLITS = {
    "time series": TimeSeriesSplit(4),
    "time series of bounded length": TimeSeriesSplit(4, max_train_size=8),
    "folds shorter than windows": TimeSeriesSplit(12),
    "time series with a gap": TimeSeriesSplit(4, gap=2),
    "blocks, some of them earlier": KFold(4),
    "shuffled": KFold(4, shuffle=True, random_state=0),
    "later rows first": LaterRowsFirst(),
}


def numbered(calendar):
    """Return 40 rows that hold their own number."""
    numbers = np.arange(40.0)[:, None]
    return numbers if calendar is None else pd.DataFrame(numbers, calendar[:40], columns=["v"])


class TestFolds:
    @pytest.mark.parametrize("calendar", [None, *CALENDARS])
    @pytest.mark.parametrize("splits", ALL_SPLITS.values(), ids=ALL_SPLITS)
    def test_windows_of_test_folds(self, splits, calendar):
        windows = SlidingWindowTransformer(5, padding=PADDING)
        check_windows_of_test_folds(windows, numbered(CALENDARS.get(calendar)), splits)

    def test_by_hand(self):
        """The first test fold of 40 rows in 5 is that of rows 8 to 15."""
        X, splits = numbered(CALENDARS["periods"]), TimeSeriesSplit(4)
        pipeline = make_pipeline(SlidingWindowTransformer(3), Recorder())
        fitted = cross_validate(pipeline, X, X["v"], cv=splits, return_estimator=True)
        asked_for = fitted["estimator"][0][-1].asked_for_[:, :, 0]
        assert asked_for.tolist() == [[row - 2, row - 1, row] for row in range(8, 16)]

    def test_such_folds_do_not_warn(self):
        pipeline = make_pipeline(SlidingWindowTransformer(3), Recorder())
        with warnings.catch_warnings(action="error"):
            for calendar in CALENDARS.values():
                X = numbered(calendar)
                cross_validate(pipeline, X, X["v"], cv=TimeSeriesSplit(4), return_train_score=True)


# ---- (d) Copies that leak are caught -------------------------------------------------------------


class Centred(SlidingWindowTransformer):
    """A window ends one row after its own."""

    def transform(self, X):
        windows = super().transform(X)
        return np.concatenate([windows[1:], windows[-1:]])


class FilledFromBehind(SlidingWindowTransformer):
    """The steps before the first row hold the first rows that follow."""

    def transform(self, X):
        windows = super().transform(X).copy()
        head = windows[: self.window - 1]
        head[np.isnan(head)] = np.resize(np.asarray(X)[1:, 0], np.isnan(head).sum())
        return windows


class ContextFromAnywhere(SlidingWindowTransformer):
    """The last rows of fit stand before any new ones, the earlier among them."""

    def fit(self, X, y=None):
        self.last_rows_ = np.asarray(X)[1 - self.window :]
        return super().fit(X)

    def transform(self, X):
        windows = super().transform(X).copy()
        windows[0, :-1] = self.last_rows_
        return windows


class ContextOfTheFirstRows(SlidingWindowTransformer):
    """Rows that continue those of fit see its first rows, not its last."""

    def fit(self, X, y=None):
        super().fit(X[: self.window])
        return self


class TestLeakyCopies:
    ROWS = numbered(CALENDARS["days"])

    @pytest.mark.parametrize("leaky", [Centred, FilledFromBehind])
    def test_later_values(self, leaky):
        check_no_later_value_matters(SlidingWindowTransformer(3), self.ROWS, 20, 0)
        with pytest.raises(AssertionError, match="Arrays are not equal"):
            check_no_later_value_matters(leaky(3), self.ROWS, 20, 0)

    @pytest.mark.parametrize("leaky", [Centred, FilledFromBehind, ContextFromAnywhere])
    def test_later_rows(self, leaky):
        check_no_later_row_is_held(SlidingWindowTransformer(3), self.ROWS, 20)
        with pytest.raises(AssertionError):
            check_no_later_row_is_held(leaky(3), self.ROWS, 20)

    @pytest.mark.parametrize("leaky", [Centred, ContextOfTheFirstRows])
    def test_test_folds_over_time(self, leaky):
        with pytest.raises(AssertionError, match="Arrays are not equal"):
            check_windows_of_test_folds(leaky(5, padding=PADDING), self.ROWS, TimeSeriesSplit(4))

    @pytest.mark.parametrize(
        "splits", ["blocks, some of them earlier", "later rows first", "time series with a gap"]
    )
    def test_context_from_the_future(self, splits):
        leaky = ContextFromAnywhere(5, padding=PADDING)
        with pytest.raises(AssertionError, match="Arrays are not equal"):
            check_windows_of_test_folds(leaky, self.ROWS, ALL_SPLITS[splits])

    def test_context_of_arrays(self):
        leaky = ContextFromAnywhere(5, padding=PADDING)
        with pytest.raises(AssertionError, match="Arrays are not equal"):
            check_windows_of_test_folds(leaky, numbered(None), TimeSeriesSplit(4))

    def test_scaler_before_the_split(self, series):
        def fit_folds(X, y):
            windows = SlidingWindowTransformer(WINDOW).fit_transform(X)
            scaler = SequenceScaler(StandardScaler()).fit(windows)
            return [statistics(scaler._scaler.transformer, "standard")] * N_SPLITS

        with pytest.raises(AssertionError, match="Not equal to tolerance"):
            check_scalers_learn_from_training_rows(fit_folds, *series, inputs_by_hand("standard"))

    def test_scaler_before_the_split_even_where_the_statistics_happen_to_agree(self, series):
        X, y = series

        def fit_folds(X, y):
            scaler = StandardScaler().fit(X)
            return [statistics(scaler, "standard")] * N_SPLITS

        expected = fit_folds(X, y)[0]
        with pytest.raises(AssertionError, match="Arrays are not equal"):
            check_scalers_learn_from_training_rows(fit_folds, X, y, lambda *_: expected)

    def test_network_on_rows_scaled_before_the_split(self, series):
        pipeline = make_pipeline(SlidingWindowTransformer(WINDOW), network())

        def fit_folds(X, y):
            X = pd.DataFrame(StandardScaler().fit_transform(X), X.index)
            return learned_in_folds(pipeline, of_the_estimator)(X, y)

        with pytest.raises(AssertionError, match="Not equal to tolerance"):
            check_scalers_learn_from_training_rows(
                fit_folds, *series, inputs_and_targets_by_hand("standard")
            )
