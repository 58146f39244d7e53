"""Series the forecaster learns from: levels, indexes, missing and constant values."""

import warnings

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import (
    FH,
    LATER,
    MONTHS,
    N_STEPS,
    NEW,
    PAIR,
    WINDOW,
    Y,
    announced_by_sktime,
    make,
    panel_of,
)
from numpy.testing import assert_allclose, assert_array_equal

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
]


INDEXES = {
    "periods": MONTHS,
    "dates": pd.date_range("2000-01-01", periods=N_STEPS, freq="MS"),
    "dates at the end": pd.date_range("2000-01-31", periods=N_STEPS, freq="ME"),
    "days": pd.date_range("2000-01-01", periods=N_STEPS, freq="D"),
    "hours": pd.date_range("2000-01-01", periods=N_STEPS, freq="h"),
    "weeks": pd.date_range("2000-01-01", periods=N_STEPS, freq="W-WED"),
    "quarters": pd.period_range("2000Q1", periods=N_STEPS, freq="Q"),
    "range": pd.RangeIndex(N_STEPS),
    "range from 7 in steps of 2": pd.RangeIndex(7, 7 + 2 * N_STEPS, 2),
    "integers": pd.Index(np.arange(100, 100 + N_STEPS)),
}


class TestLevel:
    """Windows relative to their own mean alone, and differences from it."""

    @pytest.mark.parametrize("sp", [0, 1])
    def test_another_level_moves_the_forecast(self, sp):
        forecast = make(scaler="level", sp=sp).fit(Y, fh=FH).predict()
        higher = make(scaler="level", sp=sp).fit(1000.0 + Y, fh=FH).predict()
        assert_allclose(higher, 1000.0 + forecast, rtol=1e-5)

    def test_differences_from_the_level_are_not_those_from_the_last_value(self):
        forecasters = [make(scaler="level", sp=sp).fit(Y, fh=FH) for sp in (0, 1)]
        assert [forecaster.settings_.season for forecaster in forecasters] == [0, 1]
        assert (forecasters[0].predict() != forecasters[1].predict()).all()

    def test_units_are_those_of_the_series(self, fitted):
        """A window with another spread is another input, unlike with its own scale."""
        forecaster = make(scaler="level").fit(Y, fh=FH)
        wide = Y.mean() + 3.0 * (Y - Y.mean())
        ratios = [
            one.predict_rolling(wide).std() / one.predict_rolling(Y).std()
            for one in (fitted, forecaster)
        ]
        assert ratios[0] == pytest.approx(3.0, rel=1e-3)
        assert abs(ratios[1] - 3.0) > 0.01


class TestIndexes:
    @pytest.mark.parametrize("name", INDEXES)
    def test_forecasts_go_on_where_it_ends(self, name):
        """In an index of the same kind; the numbers are the same whatever time is called."""
        index = INDEXES[name]
        y = pd.Series(Y.to_numpy(), index)
        forecast = make(sp=1).fit(y, fh=[1, 3]).predict()
        if isinstance(index, pd.DatetimeIndex):
            later = pd.date_range(index[-1], periods=4, freq=index.freq)[[1, 3]]
        else:
            step = index[1] - index[0]
            later = [index[-1] + step, index[-1] + 3 * step]
        assert list(forecast.index) == list(later)
        assert forecast.index.dtype == index.dtype
        assert_array_equal(forecast, make(sp=1).fit(Y, fh=[1, 3]).predict())

    def test_dates_without_a_frequency(self):
        dates = INDEXES["days"]
        forecast = make().fit(pd.Series(Y.to_numpy(), pd.DatetimeIndex(list(dates))), fh=FH)
        assert forecast.predict().index[0] == dates[-1] + pd.Timedelta("1D")

    def test_calendar_follows_it(self):
        forecaster = make(calendar=True).fit(Y, fh=FH)
        assert forecaster.n_parameters_ > make().fit(Y, fh=FH).n_parameters_
        assert np.isfinite(forecaster.predict()).all()


class TestMissingValues:
    def test_whole_steps(self):
        y = Y.copy()
        y.iloc[[3, 4, 20, -2]] = np.nan
        assert np.isfinite(make().fit(y, fh=FH).predict()).all()

    @pytest.mark.parametrize("multivariate", ["independent", "joint"])
    def test_parts_of_steps(self, multivariate):
        y = PAIR.copy()
        y.iloc[[3, 4, -1], 0] = np.nan
        y.iloc[[4, 17, 18], 1] = np.nan
        forecast = make(multivariate=multivariate).fit(y, fh=FH).predict()
        assert np.isfinite(forecast).all(axis=None)

    def test_the_network_is_told(self, fitted):
        y = Y.copy()
        y.iloc[3] = np.nan
        assert make().fit(y, fh=FH).n_parameters_ > fitted.n_parameters_

    def test_after_the_fit(self, fitted):
        missing = NEW[:4].copy()
        missing.iloc[[0, 3]] = np.nan
        assert np.isfinite(fitted.update(missing, update_params=False).predict()).all()

    @pytest.mark.parametrize("n_missing", [WINDOW, WINDOW + 3])
    def test_whole_window(self, fitted, n_missing):
        """A network that sees nothing still says something, within the range of the series."""
        y = pd.Series([Y.iloc[-1], *[np.nan] * n_missing], LATER[: 1 + n_missing], name="sales")
        with warnings.catch_warnings(action="error"):
            forecast = fitted.update(y, update_params=False).predict()
        assert forecast.index[0] == LATER[1 + n_missing]
        assert forecast.between(Y.min(), Y.max()).all()

    @pytest.mark.parametrize("baselines", [(), ("last", "smoothing", "ridge")])
    @pytest.mark.parametrize("update_params", [False, True])
    def test_nothing_else_after_the_fit(self, baselines, update_params):
        """The newest values are late."""
        forecaster = make(baselines=baselines).fit(Y, fh=FH)
        missing = pd.Series(np.nan, LATER[:2], name="sales")
        forecast = forecaster.update(missing, update_params=update_params).predict()
        assert_array_equal(forecast.index, LATER[2:5])
        assert forecast.between(Y.min() - 10, Y.max() + 10).all()

    def test_one_series_of_a_panel_says_nothing(self):
        y = panel_of([48, 40])
        new = pd.DataFrame({"sales": [50.0, np.nan]}, [("s0", LATER[0]), ("s1", LATER[0])])
        new.index = pd.MultiIndex.from_tuples(new.index, names=["shop", "month"])
        forecast = make().fit(y, fh=FH).update(new, update_params=False).predict()
        assert_array_equal(forecast.index.get_level_values(1), [*LATER[1:4]] * 2)
        assert np.isfinite(forecast).all(axis=None)

    def test_at_the_start_of_a_series_of_a_panel(self):
        y = panel_of([48, 30])
        y.loc[("s1", MONTHS[18]) : ("s1", MONTHS[24]), "sales"] = np.nan
        assert np.isfinite(make().fit(y, fh=FH).predict()).all(axis=None)


class TestConstantSeries:
    @pytest.mark.parametrize("value", [0.0, 7.0, -1e-9, 0.1, 1e12])
    def test_stay_where_they_are(self, value):
        y = pd.Series(value, MONTHS)
        forecaster = make().fit(y, fh=FH)
        assert_allclose(forecaster.predict(), value, rtol=1e-4, atol=1e-30)
        interval = forecaster.predict_interval(coverage=0.9)
        assert_allclose(interval, value, rtol=1e-4, atol=1e-30)

    def test_among_others(self):
        y = panel_of([48, 30])
        y.loc["s1"] = 3.0
        forecast = make().fit(y, fh=FH).predict()
        assert_allclose(forecast.loc["s1"], 3.0, rtol=1e-4)
