"""Back-tests: windows, what is known in each, errors beside lines, and refusals."""

import dataclasses
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from _forecaster import ALL, EXOGENOUS, PAIR, Y, announced_by_sktime, make, panel_of
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal
from sktime.forecasting.base import BaseForecaster
from sktime.forecasting.naive import NaiveForecaster
from sktime.split import ExpandingGreedySplitter, ExpandingWindowSplitter

import skrnn

COLUMNS = ["truth", "forecast", "lower", "upper"]
LINES = ["last value", "seasonal naive", "linear"]


class MeanOfKnown(BaseForecaster):
    """Forecast the mean, and count the fits; intervals reach as far as all values."""

    _tags: ClassVar = {
        "capability:pred_int": True,
        "capability:missing_values": True,
        "requires-fh-in-fit": False,
        "y_inner_mtype": "pd.DataFrame",
    }
    _config: ClassVar = {"remember_data": False}

    def __init__(self, wrong=False):
        self.wrong = wrong
        super().__init__()

    def _fit(self, y, X, fh):
        self.mean_, self.low_, self.high_ = y.mean(), y.min(), y.max()
        return self

    def _update(self, y, X=None, update_params=True):
        return self._fit(y, X, None) if update_params else self

    def _predict(self, fh, X):
        index = fh.to_absolute_index(self.cutoff)
        values = np.tile(self.mean_.to_numpy(), (len(index), 1)) * (np.nan if self.wrong else 1)
        return pd.DataFrame(values, index, self.mean_.index)

    def _predict_interval(self, fh, X, coverage):
        index = fh.to_absolute_index(self.cutoff)
        names = [(v, c, end) for v in self.mean_.index for c in coverage for end in "lu"]
        values = [(self.low_ if end == "l" else self.high_)[v] for v, _, end in names]
        names = [(v, c, "lower" if end == "l" else "upper") for v, c, end in names]
        values = np.tile(values, (len(index), 1))
        return pd.DataFrame(values, index, pd.MultiIndex.from_tuples(names))


class TestWindows:
    def test_some_at_the_end_of_the_series(self):
        result = skrnn.backtest(MeanOfKnown(), Y, fh=[1, 2, 3])
        assert list(result.forecasts) == COLUMNS
        assert result.forecasts.index.names == ["origin", "month"]
        times = result.forecasts.index.get_level_values("month")
        assert list(times) == list(Y.index[-12:])
        origins = result.forecasts.index.get_level_values("origin").unique()
        assert list(origins) == list(Y.index[[-13, -10, -7, -4]])
        for origin, part in result.forecasts.groupby("origin"):
            past = Y[:origin]
            assert_allclose(part["forecast"], past.mean())
            assert_array_equal(part["lower"], np.full(3, past.min()))
        assert_array_equal(result.forecasts["truth"], Y[-12:])

    def test_steps_that_are_left_out(self):
        result = skrnn.backtest(MeanOfKnown(), Y, fh=[1, 3])
        assert len(result.forecasts) == 8
        assert Y.index[-2] not in result.forecasts.index.get_level_values("month")

    def test_half_of_a_short_series_is_kept(self):
        result = skrnn.backtest(MeanOfKnown(), Y[:13], fh=[1, 2, 3])
        assert len(result.forecasts) == 6

    def test_those_of_a_splitter(self):
        cv = ExpandingWindowSplitter(fh=[1, 4], initial_window=40, step_length=2)
        result = skrnn.backtest(MeanOfKnown(), Y, cv=cv)
        assert len(result.forecasts) == 2 * cv.get_n_splits(Y)

    def test_steps_of_a_fitted_forecaster(self):
        fitted = MeanOfKnown().fit(Y, fh=[1, 2])
        result = skrnn.backtest(fitted, Y)
        assert_frame_equal(result.forecasts, skrnn.backtest(MeanOfKnown(), Y, fh=[1, 2]).forecasts)
        assert_allclose(fitted.mean_, Y.mean())

    @pytest.mark.parametrize("refit", [True, "update", False])
    def test_what_is_learned_later(self, refit):
        result = skrnn.backtest(MeanOfKnown(), Y, fh=[1], refit=refit)
        learned = result.forecasts["forecast"].nunique()
        assert learned == (1 if refit is False else 4)

    def test_processes_change_nothing(self):
        one, two = (skrnn.backtest(MeanOfKnown(), Y, fh=[1], n_jobs=n) for n in (None, 2))
        assert_frame_equal(one.forecasts, two.forecasts)


class TestKindsOfSeries:
    def test_several_columns(self):
        result = skrnn.backtest(MeanOfKnown(), PAIR, fh=[1, 2])
        assert result.forecasts.index.names == ["variable", "origin", "month"]
        for name in PAIR:
            assert_array_equal(result.forecasts.loc[name, "truth"], PAIR[name][-8:])

    @pytest.mark.parametrize("levels", [1, 2])
    def test_panels_and_hierarchies_of_unequal_length(self, levels):
        y = panel_of([48, 40, 30], levels=levels)
        result = skrnn.backtest(MeanOfKnown(), y, fh=[1, 2])
        assert result.forecasts.index.names == [*y.index.names[:-1], "origin", "month"]
        one = y.xs("s1", level="shop").droplevel(list(range(levels - 1)))
        alone = skrnn.backtest(MeanOfKnown(), one, fh=[1, 2], sp=result.season)
        part = result.forecasts.xs("s1", level="shop").droplevel(list(range(levels - 1)))
        assert_frame_equal(part, alone.forecasts)

    def test_series_that_end_at_different_times(self):
        early = panel_of([48, 40]).drop(index=[("s1", time) for time in Y.index[-6:]])
        result = skrnn.backtest(make(epochs=1), early, fh=[1, 2], refit=False)
        times = result.forecasts.loc["s1"].index.get_level_values("month")
        assert list(times) == list(Y.index[-14:-6])
        assert list(result.forecasts.loc["s0"].index.get_level_values("month")) == list(
            Y.index[-8:]
        )

    def test_columns_known_ahead(self):
        result = skrnn.backtest(
            make(epochs=1), panel_of([48, 40]), EXOGENOUS, fh=[1, 2], refit=False
        )
        other = EXOGENOUS.copy()
        other.loc[Y.index[-1] :] += 5.0  # of the last step to forecast, and beyond
        changed = skrnn.backtest(make(epochs=1), panel_of([48, 40]), other, fh=[1, 2], refit=False)
        differs = result.forecasts["forecast"] != changed.forecasts["forecast"]
        times = differs.index.get_level_values("month")
        assert differs[times == Y.index[-1]].all()
        assert not differs[times != Y.index[-1]].any()


class TestLeaks:
    @pytest.mark.parametrize("forecaster", [MeanOfKnown(), make(epochs=1)])
    def test_nothing_after_an_origin_is_seen(self, forecaster):
        changed = ALL.copy()
        changed.iloc[-3:] = 1e6
        before, after = (skrnn.backtest(forecaster, y, fh=[1, 2, 3]) for y in (ALL, changed))
        assert_frame_equal(
            before.forecasts.drop(columns="truth"), after.forecasts.drop(columns="truth")
        )
        assert_frame_equal(before.baselines, after.baselines)
        assert before.season == after.season == 12

    def test_lines_see_what_the_forecaster_saw(self):
        changed = ALL.copy()
        changed.iloc[-4] = 1e3  # known at the last origin
        before, after = (skrnn.backtest(MeanOfKnown(), y, fh=[1, 2, 3]) for y in (ALL, changed))
        differs = (before.baselines != after.baselines).groupby("origin").any()
        assert differs.iloc[-1][["last value", "linear"]].all()
        assert not differs.iloc[:-1].any(axis=None)


class TestErrors:
    def test_they_are_those_of_the_frames(self):
        result = skrnn.backtest(MeanOfKnown(), ALL, fh=[1, 2, 3], sp=12)
        assert list(result.errors.index) == ["MeanOfKnown", *LINES]
        away = (result.forecasts["forecast"] - result.forecasts["truth"]).abs()
        own = result.errors.loc["MeanOfKnown"]
        assert_allclose(own["MAE"], away.mean())
        assert_allclose(own["RMSE"], np.sqrt((away**2).mean()))
        unit = [(ALL[:o] - ALL[:o].shift(12)).abs().mean() for o in away.index.levels[0]]
        assert_allclose(own["MASE"], np.mean(away.to_numpy().reshape(4, 3) / np.c_[unit]))
        inside = result.forecasts["truth"].between(
            result.forecasts["lower"], result.forecasts["upper"]
        )
        assert_allclose(own["covered"], inside.mean())
        best = result.errors.loc[LINES[:2], "MASE"].min()
        assert_allclose(own["skill"], 1 - own["MASE"] / best)

    def test_lines(self):
        result = skrnn.backtest(MeanOfKnown(), ALL, fh=[1, 2, 3], sp=12)
        for (origin, time), values in result.baselines.iterrows():
            assert values["last value"] == ALL[origin]
            assert values["seasonal naive"] == ALL[time - 12]
        assert result.errors.loc["linear", "skill"] > 0.3  # a wave is linear in its past

    def test_a_line_is_no_better_than_itself(self):
        result = skrnn.backtest(MeanOfKnown(), pd.Series(np.arange(40.0)), fh=[1])
        assert result.season == 1
        assert list(result.errors.index) == ["MeanOfKnown", "last value", "linear"]
        assert result.errors.loc["last value", "skill"] == 0
        assert result.errors.loc["linear", "MAE"] < 1e-6

    def test_holes_do_not_count(self):
        holes = ALL.copy()
        holes.iloc[[3, 20, -2]] = np.nan
        result = skrnn.backtest(MeanOfKnown(), holes, fh=[1, 2, 3], sp=12)
        assert result.forecasts["truth"].isna().sum() == 1
        assert np.isfinite(result.baselines.to_numpy()).all()
        assert np.isfinite(result.errors.drop(columns="covered").to_numpy()).all()
        away = (result.forecasts["forecast"] - result.forecasts["truth"]).abs()
        assert_allclose(result.errors.loc["MeanOfKnown", "MAE"], away.mean())

    def test_series_that_never_change(self):
        result = skrnn.backtest(MeanOfKnown(), pd.Series(np.full(30, 5.0)), fh=[1, 2])
        assert (result.errors["MAE"] < 1e-9).all()
        assert np.isfinite(result.errors["MASE"]).all()

    def test_short_series_of_a_panel_have_all_lines(self):
        result = skrnn.backtest(MeanOfKnown(), panel_of([48, 6]), fh=[1, 2, 3], sp=12)
        assert np.isfinite(result.baselines.to_numpy()).all()

    @announced_by_sktime
    def test_seasons_of_the_forecaster(self):
        result = skrnn.backtest(NaiveForecaster(sp=6), ALL, fh=[1, 2], coverage=None)
        assert result.season == 6
        assert list(result.forecasts) == COLUMNS[:2]
        assert "covered" not in result.errors
        naive = result.baselines["seasonal naive"]
        assert_array_equal(result.forecasts["forecast"], naive)
        assert skrnn.backtest(make(sp=(4, 12)), ALL, fh=[1], refit=False).season == 12

    def test_no_intervals_without_quantiles(self):
        result = skrnn.backtest(make(quantiles=None, epochs=1), ALL, fh=[1], refit=False)
        assert list(result.forecasts) == COLUMNS[:2]
        assert result.coverage is None


class TestWords:
    def test_ahead(self):
        step = pd.Series(np.tile([0.0, 10.0], 30))
        result = skrnn.backtest(MeanOfKnown(), step, fh=[1], sp=1)
        assert result.sentence.startswith(
            "MeanOfKnown is ahead of the last value, but not of the linear forecast: its MASE "
            "over 4 origins is 0.5"
        )
        assert result.sentence.endswith("Its 80% interval covers 100% of the values.")

    @pytest.mark.parametrize("levels", [1, 2])
    def test_levels_without_names(self, levels):
        named = panel_of([48, 40], levels=levels)
        y = named.rename_axis([None] * (levels + 1))
        found = skrnn.backtest(MeanOfKnown(), y, fh=[1, 2])
        names = [f"level_{number}" for number in range(levels)]
        assert found.forecasts.index.names == [*names, "origin", "time"]
        expected = skrnn.backtest(MeanOfKnown(), named, fh=[1, 2])
        assert_array_equal(found.forecasts, expected.forecasts)

    def test_behind(self):
        result = skrnn.backtest(MeanOfKnown(), pd.Series(np.arange(40.0)), fh=[1])
        assert "is not ahead of the last value and the linear forecast" in result.sentence
        assert result.sentence in repr(result)

    def test_html(self):
        result = skrnn.backtest(MeanOfKnown(), Y, fh=[1])
        named = dataclasses.replace(result, sentence="a < b")
        assert "<p>a &lt; b</p>" in named._repr_html_()
        assert "<table" in named._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "backtest needs fh"),
        ({"fh": [0, 1]}, "whole numbers of steps from 1 on"),
        ({"fh": [1.5]}, "fh"),
        ({"fh": [60]}, "48 steps, too few to hold back windows of 60"),
        ({"fh": [1], "cv": ExpandingGreedySplitter(2)}, "give cv or fh, not both"),
        ({"fh": [1], "coverage": 80}, "coverage=80 is no share"),
        ({"fh": [1], "refit": "never"}, "refit='never' is not known"),
        ({"fh": [1], "sp": 0}, "sp=0 is no period"),
        ({"fh": [1], "sp": [4, 12]}, "is no period"),
        ({"fh": [1], "sp": "a"}, "sp='a' is no period"),
        ({"fh": [1], "sp": 1.5}, "sp=1.5 is no period"),
        ({"fh": [1], "coverage": "a"}, "coverage='a' is no share"),
        ({"fh": [1], "coverage": np.array([0.5, 0.8])}, "coverage=.* is no share"),
        ({"fh": [1], "n_jobs": 0}, "'n_jobs' parameter of backtest"),
        ({"fh": 10**12}, r"fh=1000000000000 reaches too far"),
        ({"fh": [1], "X": 1j}, "X must be a series or a frame of pandas"),
        ({"fh": [1], "X": Y[:20].to_frame()}, "X has no row for 28 of the 48 rows of y"),
        ({"fh": [1], "X": Y.to_frame()[::-1]}, "X is not sorted by time"),
    ],
)
def test_refused_values(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        skrnn.backtest(MeanOfKnown(), Y, **arguments)


def test_refused_types():
    with pytest.raises(TypeError, match=r"Pass a forecaster of sktime.*skrnn\.compare"):
        skrnn.backtest(skrnn.LSTMRegressor(), Y, fh=[1])
    with pytest.raises(TypeError, match="Pass a splitter of sktime"):
        skrnn.backtest(MeanOfKnown(), Y, cv=5)


def test_refused_data():
    with pytest.raises(ValueError, match="y is empty"):
        skrnn.backtest(MeanOfKnown(), Y[:0], fh=[1])
    with pytest.raises(ValueError, match="has a hole"):
        skrnn.backtest(MeanOfKnown(), Y.drop(Y.index[5]), fh=[1])
    with pytest.raises(ValueError, match="MeanOfKnown forecasts no number"):
        skrnn.backtest(MeanOfKnown(wrong=True), Y, fh=[1])
    unknown = Y.copy()
    unknown.iloc[-4:] = np.nan
    with pytest.raises(ValueError, match="nothing can be compared"):
        skrnn.backtest(MeanOfKnown(), unknown, fh=[1])
