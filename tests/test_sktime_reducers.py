"""Networks inside sktime's reduction of forecasting to regression: what arrives, and what is made.

sktime lays its windows out by variable: a row of a table holds all steps of the first variable,
then all of the second, and a panel has the axes (sample, variable, time). `layout` and
`n_variables` say so; the default fits a table of one variable.
"""

import warnings

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, TransformerMixin
from sktime.forecasting.compose import make_reduction
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import ExpandingWindowSplitter

from skrnn import LSTMRegressor

pytestmark = [
    pytest.mark.filterwarnings(
        "ignore:__array__ implementation doesn't accept a copy keyword"
        r":DeprecationWarning:keras\.src"
    ),
    # sktime 1.2 announces another default to whoever makes a forecaster.
    pytest.mark.filterwarnings(
        "ignore:The default of config ``remember_data`` will change:FutureWarning"
    ),
]

N_ROWS, WINDOW = 20, 3
MONTHS = pd.period_range("2020-01", periods=N_ROWS, freq="M")
# The value of a variable says which it is, and the month: 0, 1, ... or 100, 101, ...
Y = pd.Series(np.arange(N_ROWS, dtype=float), MONTHS, name="y")
X = pd.DataFrame({"a": 100.0 + np.arange(N_ROWS), "b": 200.0 + np.arange(N_ROWS)}, MONTHS)
BY_VARIABLE = {"layout": "channels_first"}
FITTED, SCALED = [], []


class Watcher(TransformerMixin, BaseEstimator):
    """An input scaler that writes down the steps it sees, and leaves them as they are."""

    def fit(self, X, y=None):
        FITTED.append(np.array(X))
        return self

    def transform(self, X):
        SCALED.append(np.array(X))
        return X


@pytest.fixture(autouse=True)
def no_other_warning():
    """sktime undoes filters of FutureWarning at work, so what it announces has to be caught."""
    with warnings.catch_warnings(record=True) as caught:
        yield
    assert all("remember_data" in str(warning.message) for warning in caught)


@pytest.fixture(autouse=True)
def empty_notes():
    FITTED.clear()
    SCALED.clear()


def network(**params):
    small = {"units": 2, "epochs": 1, "batch_size": 64, "random_state": 0}
    return LSTMRegressor(**{**small, "input_scaler": Watcher(), **params})


def sequences(notes, n_features):
    """Return what was seen as (sample, step, feature)."""
    return notes.reshape(-1, WINDOW, n_features)


def windows_from(first, n_features, n_windows=1):
    """Return windows by hand: all features of the oldest month first."""
    return [
        [
            [100.0 * feature + month for feature in range(n_features)]
            for month in range(i, i + WINDOW)
        ]
        for i in range(first, first + n_windows)
    ]


STRATEGIES = [
    (scitype, strategy)
    for scitype in ("tabular-regressor", "time-series-regressor")
    for strategy in ("direct", "recursive", "multioutput")
]


@pytest.mark.parametrize(("scitype", "strategy"), STRATEGIES)
class TestLayout:
    HORIZON = range(1, 3)

    def n_windows(self, strategy):
        """Return how many windows have their targets within the series."""
        return N_ROWS - WINDOW - (0 if strategy == "recursive" else 1)

    @pytest.mark.parametrize("n_exogenous", [0, 2])
    def test_windows_arrive_oldest_step_first(self, scitype, strategy, n_exogenous):
        n_features = 1 + n_exogenous
        if n_features > 1 or scitype == "time-series-regressor":
            model = network(**BY_VARIABLE, n_variables=n_features)
        else:
            model = network()
        forecaster = make_reduction(model, scitype=scitype, strategy=strategy, window_length=WINDOW)
        exogenous = X.iloc[:, :n_exogenous] if n_exogenous else None
        forecaster.fit(Y, X=exogenous, fh=self.HORIZON)

        expected = windows_from(0, n_features, self.n_windows(strategy))
        assert len(FITTED) == (2 if strategy == "direct" else 1)
        for notes in FITTED:
            assert_array_equal(sequences(notes, n_features), expected)

        SCALED.clear()
        later = None if exogenous is None else exogenous[-2:].set_axis(MONTHS[-2:] + 2) + 2
        forecasts = forecaster.predict(X=later)
        assert forecasts.index.equals(MONTHS[-2:] + 2)
        assert np.isfinite(forecasts).all()
        asked_for = [sequences(notes, n_features) for notes in SCALED]
        assert_array_equal(asked_for[0], windows_from(N_ROWS - WINDOW, n_features))
        if strategy == "recursive":
            then = np.array(windows_from(N_ROWS - WINDOW + 1, n_features))
            then[0, -1, 0] = forecasts.iloc[0]  # the forecast stands for the value not yet known
            assert_array_equal(asked_for[1], then)

    def test_several_series_are_forecast_by_one_network_each(self, scitype, strategy):
        model = network(**BY_VARIABLE if scitype == "time-series-regressor" else {})
        forecaster = make_reduction(model, scitype=scitype, strategy=strategy, window_length=WINDOW)
        both = pd.DataFrame({"p": Y, "q": Y + 50.0})
        forecasts = forecaster.fit(both, fh=self.HORIZON).predict()
        assert list(forecasts.columns) == ["p", "q"]
        n_windows = self.n_windows(strategy)
        expected = np.array(windows_from(0, 1, n_windows))
        per_series = len(FITTED) // 2
        assert per_series == (2 if strategy == "direct" else 1)
        for number, notes in enumerate(FITTED):
            offset = 0.0 if number < per_series else 50.0
            assert_array_equal(sequences(notes, 1), expected + offset)


class TestOtherLayouts:
    """What a network is given without `layout` and `n_variables`, or by other ways to reduce."""

    def test_a_panel_is_taken_for_one_step(self):
        forecaster = make_reduction(
            network(), scitype="time-series-regressor", window_length=WINDOW, strategy="recursive"
        )
        forecaster.fit(Y)
        assert FITTED[0].shape == (N_ROWS - WINDOW, WINDOW)

    def test_a_table_of_two_variables_is_taken_for_a_longer_series(self):
        forecaster = make_reduction(network(), window_length=WINDOW, strategy="recursive")
        forecaster.fit(Y, X=X[["a"]])
        assert FITTED[0].shape == ((N_ROWS - WINDOW) * 2 * WINDOW, 1)
        assert FITTED[0][: 2 * WINDOW, 0].tolist() == [0, 1, 2, 100, 101, 102]

    @pytest.mark.filterwarnings("ignore:The copy keyword is deprecated:DeprecationWarning")
    @pytest.mark.parametrize(
        ("layout", "first"), [("newest_first", [0, 1, 2]), ("channels_last", [2, 1, 0])]
    )
    def test_pooled_series_arrive_newest_step_first(self, layout, first):
        """With `pooling="global"` sktime makes lags 1, 2, ... instead of windows."""
        model = network(layout=layout)
        forecaster = make_reduction(
            model, strategy="recursive", window_length=WINDOW, pooling="global"
        )
        with warnings.catch_warnings(record=True, action="always") as caught:
            forecaster.fit(Y.to_frame(), fh=[1])
        assert sequences(FITTED[0], 1)[0, :, 0].tolist() == first
        told = any('Set layout="newest_first"' in str(warning.message) for warning in caught)
        assert told == (layout == "channels_last")


class TestForecasts:
    def test_both_scitypes_forecast_the_same(self):
        forecasts = [
            make_reduction(
                network(input_scaler="standard", **BY_VARIABLE, n_variables=3),
                scitype=scitype,
                strategy="direct",
                window_length=WINDOW,
            )
            .fit(Y, X=X, fh=[1, 2])
            .predict(X=X[-2:].set_axis(MONTHS[-2:] + 2))
            for scitype in ("tabular-regressor", "time-series-regressor")
        ]
        assert_array_equal(*forecasts)

    def test_relative_targets_follow_a_trend(self):
        """With windows and targets relative to the level, the forecasts are above all rows seen."""
        model = network(
            epochs=150, learning_rate=0.03, input_scaler="window", target_scaler="window"
        )
        forecaster = make_reduction(model, strategy="recursive", window_length=WINDOW)
        forecasts = forecaster.fit(Y, fh=[1, 2, 3]).predict()
        assert_allclose(forecasts, [20.0, 21.0, 22.0], atol=0.5)

    @pytest.mark.parametrize(("scitype", "strategy"), STRATEGIES[:2] + STRATEGIES[3:5])
    def test_grid_search_over_expanding_windows(self, scitype, strategy):
        model = network(input_scaler="standard", **BY_VARIABLE)
        forecaster = make_reduction(model, scitype=scitype, strategy=strategy)
        search = ForecastingGridSearchCV(
            forecaster,
            cv=ExpandingWindowSplitter(fh=[1, 2], initial_window=12, step_length=4),
            param_grid={"window_length": [2, 3], "estimator__learning_rate": [0.001, 0.1]},
            backend="None",  # sktime's default is a process per core
        )
        search.fit(Y + 1.0, fh=[1, 2])
        best = forecaster.clone().set_params(**search.best_params_).fit(Y + 1.0, fh=[1, 2])
        scores = search.cv_results_.filter(like="mean_test").iloc[:, 0]
        assert len(set(scores)) == 4
        assert np.isfinite(scores).all()
        assert_array_equal(search.predict(), best.predict())
