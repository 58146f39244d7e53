"""Forecasts of times that are known: each from the step before."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import (
    ALL,
    FH,
    HORIZON,
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
from pandas.testing import assert_frame_equal, assert_series_equal
from sktime.forecasting.base import BaseForecaster
from sktime.forecasting.reconcile import ReconcilerForecaster

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
    pytest.mark.filterwarnings("ignore:On what was held back:UserWarning"),
]
BASELINES = pytest.mark.parametrize("baselines", [(), ("last", "ridge")])


@BASELINES
def test_are_those_of_rolling_origins(baselines):
    forecaster = make(baselines=baselines).fit(Y, fh=FH)
    rolled = forecaster.predict_rolling(Y)[:, 0, 0]
    inside = np.arange(WINDOW, N_STEPS - HORIZON + 1)
    found = forecaster.predict(fh=inside - N_STEPS + 1)
    assert_array_equal(found.index, MONTHS[inside])
    assert_allclose(found, rolled, rtol=1e-6)


def test_past_and_future_together(fitted):
    found = fitted.predict(fh=[-2, 0, 1, 3])
    assert_array_equal(found.index, [*MONTHS[[-3, -1]], *LATER[[0, 2]]])
    assert_series_equal(found.iloc[2:], fitted.predict(fh=[1, 3]))
    assert_series_equal(found.iloc[:2], fitted.predict(fh=[-2, 0]))


def test_do_not_see_what_they_foretell(fitted):
    changed = Y.copy()
    changed.iloc[30:] += 1000.0
    other = make().fit(Y, fh=FH).update(changed, update_params=False)
    steps = np.arange(10, 31) - N_STEPS + 1
    assert_allclose(other.predict(fh=steps), fitted.predict(fh=steps), rtol=1e-6)


def test_intervals(fitted):
    found = fitted.predict_interval(fh=[-1, 2], coverage=0.8)
    assert (found.iloc[:, 0] < found.iloc[:, 1]).all()


class TestResiduals:
    @BASELINES
    def test_of_all_that_is_known(self, baselines):
        forecaster = make(baselines=baselines).fit(Y, fh=FH)
        residuals = forecaster.predict_residuals()
        assert residuals.index.equals(Y.index)
        assert residuals.notna().all()
        assert_allclose(residuals.iloc[-3:], Y.iloc[-3:] - forecaster.predict(fh=[-2, -1, 0]))

    def test_of_some(self, fitted):
        assert_series_equal(fitted.predict_residuals(Y[20:30]), fitted.predict_residuals()[20:30])

    def test_of_what_comes_next(self, fitted):
        assert_allclose(fitted.predict_residuals(NEW[:3]), NEW[:3] - fitted.predict())
        with pytest.raises(ValueError, match="neither known nor within the steps ahead"):
            fitted.predict_residuals(NEW[:4])

    def test_after_an_update(self):
        forecaster = make().fit(Y, fh=FH).update(NEW[:2], update_params=False)
        assert forecaster.predict_residuals().index.equals(ALL.index[: N_STEPS + 2])

    def test_of_columns(self):
        assert make().fit(PAIR, fh=FH).predict_residuals().shape == PAIR.shape

    def test_of_values_that_are_infinite(self, fitted):
        wrong = Y.copy()
        wrong.iloc[7] = np.inf
        with pytest.raises(ValueError, match=r"y is infinite at .*2000-08.*Put NaN"):
            fitted.predict_residuals(wrong)

    def test_of_other_columns(self, fitted):
        with pytest.raises(ValueError, match=r"y has the columns \['a', 'b'\], but \['sales'\]"):
            fitted.predict_residuals(PAIR.set_axis(["a", "b"], axis=1))
        both = make().fit(PAIR, fh=FH)
        with pytest.raises(ValueError, match=r"y has the columns .* Pass the same ones"):
            both.predict_residuals(PAIR.iloc[:, 0])

    def test_of_a_panel_of_unequal_lengths(self):
        y = panel_of([48, 30])
        y = y.drop([("s0", month) for month in MONTHS[-5:]])
        forecaster = make().fit(y, fh=FH)
        residuals = forecaster.predict_residuals()
        assert_array_equal(residuals.index, y.index)
        assert residuals.notna().all(axis=None)
        assert_frame_equal(forecaster.predict_residuals(y.iloc[:9]), residuals.iloc[:9])

    def test_with_exogenous_columns(self):
        X = pd.DataFrame({"u": np.arange(float(N_STEPS))}, MONTHS)
        assert make().fit(Y, X=X, fh=FH).predict_residuals().notna().all()


@pytest.mark.filterwarnings("ignore:Found elements in the index of X:UserWarning")
def test_reconciliation():
    y = panel_of([48, 48, 48], ["s0", "s1", "s2"], levels=2)
    reconciler = ReconcilerForecaster(make(scaler="window"), method="mint_shrink")
    forecast = reconciler.fit(y, fh=FH).predict()["sales"]
    assert forecast.notna().all()
    total = forecast.loc[("__total", "__total")]
    leaves = forecast[forecast.index.get_level_values(1) != "__total"]
    assert_allclose(leaves.groupby(level="month").sum(), total, rtol=1e-6)


class TestScore:
    def test_is_that_of_sktime(self, fitted):
        expected = np.mean(np.abs(NEW[:3] - fitted.predict()) / np.abs(NEW[:3]))
        assert_allclose(fitted.score(NEW[:3]), expected)
        assert_allclose(fitted.score(NEW[:3].to_numpy()), expected)
        assert_allclose(BaseForecaster.score(fitted, NEW[:3]), expected)

    def test_of_other_steps(self, fitted):
        second = fitted.predict(fh=[2]).iloc[0]
        assert_allclose(fitted.score(NEW[1:2], fh=[2]), abs(1 - second / NEW.iloc[1]))
        known = np.mean(np.abs(fitted.predict_residuals(Y[-2:])) / np.abs(Y[-2:]))
        assert_allclose(fitted.score(Y[-2:], fh=[-1, 0]), known)

    def test_of_panels_and_arrays(self):
        for y in (panel_of([48, 48]), np.stack([Y, Y + 1.0])[:, None], [PAIR, PAIR]):
            forecaster = make().fit(y, fh=FH)
            assert forecaster.score(forecaster.predict()) == 0

    @pytest.mark.parametrize(
        ("y", "words"),
        [
            (NEW, r"2004-04.* is not forecast"),
            (NEW[1:3], r"2004-01.* is forecast, but not in y"),
            (Y[:3], r"y must have the times that are forecast"),
            (pd.concat({"s": NEW[:3]}), "y has 2 levels in its index, but the forecast has 1"),
            (pd.concat({"s": NEW[:3].to_frame()}), "y has 2 levels in its index"),
            (NEW[:2].to_numpy(), "y has 2 rows, but 3 are forecast"),
            (np.ones((3, 2)), "y has 2 columns, but 1 are forecast"),
            (NEW[:3] * np.nan, "y has no value at .*2004-01"),
            (NEW[:3].to_frame("other"), r"y has the columns \['other'\]"),
        ],
    )
    def test_of_what_is_not_forecast(self, fitted, y, words):
        with pytest.raises(ValueError, match=words):
            fitted.score(y)

    def test_of_a_list_of_other_columns(self):
        forecaster = make().fit([PAIR, PAIR], fh=FH)
        swapped = [one.iloc[:, ::-1] for one in forecaster.predict()]
        with pytest.raises(ValueError, match=r"y has the columns .* Pass the same ones"):
            forecaster.score(swapped)

    def test_of_a_panel_in_a_series(self):
        forecaster = make().fit(panel_of([48, 48]), fh=FH)
        forecast = forecaster.predict()
        assert forecaster.score(forecast.iloc[:, 0]) == 0
        with pytest.raises(ValueError, match="y has 1 levels in its index, but the forecast has 2"):
            forecaster.score(forecast.droplevel(0)[:3])

    @pytest.mark.parametrize("y", [[np.ones(3), np.ones(4)], [1.0, 2.0, 3.0], "abc", None])
    def test_of_what_is_no_series(self, fitted, y):
        with pytest.raises(TypeError, match="y must be a series or a frame of pandas"):
            fitted.score(y)
