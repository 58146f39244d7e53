"""Which steps and columns are forecast, with further columns and for panels."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import (
    EXOGENOUS,
    FH,
    LATER,
    MONTHS,
    N_STEPS,
    NEW,
    PAIR,
    Y,
    announced_by_sktime,
    make,
    panel_of,
    same_weights,
)
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from sktime.forecasting.base import ForecastingHorizon

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
]


class TestHorizons:
    """All steps up to the farthest are learned; those that are asked for are returned."""

    @pytest.mark.parametrize("fh", [[1, 3], [3], np.array([2, 3]), range(1, 4), [3, 1]])
    def test_any_steps_ahead(self, fitted, fh):
        forecast = make().fit(Y, fh=fh).predict()
        steps = np.sort(np.atleast_1d(np.asarray(fh)))
        assert_array_equal(forecast.index, LATER[steps - 1])
        assert_series_equal(forecast, fitted.predict().iloc[steps - 1])

    def test_times(self, fitted):
        fh = ForecastingHorizon(LATER[[0, 2]], is_relative=False)
        forecast = make().fit(Y, fh=fh).predict()
        assert_series_equal(forecast, fitted.predict().iloc[[0, 2]])

    def test_forecast_is_a_series_like_y(self, fitted):
        forecast = fitted.predict()
        assert forecast.name == "sales"
        assert forecast.index.name == "month"
        assert forecast.dtype == np.float64
        assert np.isfinite(forecast).all()
        assert_series_equal(fitted.predict(fh=FH), forecast)

    def test_any_steps_within_that_of_the_fit(self, fitted):
        before = fitted.predict()
        for fh in ([2], [1, 3], LATER[:2], LATER[2:3]):
            assert_series_equal(
                fitted.predict(fh=fh), before.iloc[np.ravel([_step(one) for one in fh])]
            )
        with pytest.raises(ValueError, match=r"fh reaches 4 steps ahead, but .* fitted for 3"):
            fitted.predict(fh=[1, 2, 3, 4])
        assert_series_equal(fitted.predict(), before)

    def test_spans_of_time(self):
        dates = pd.date_range("2024", periods=N_STEPS, freq="2h")
        forecaster = make().fit(pd.Series(Y.to_numpy(), dates), fh=[1, 2, 3])
        before = forecaster.predict()
        assert_series_equal(
            forecaster.predict(fh=pd.to_timedelta(["2h", "6h"])), before.iloc[[0, 2]]
        )
        with pytest.raises(ValueError, match="fh is irregular in time"):
            forecaster.predict(fh=pd.to_timedelta(["3h"]))

    def test_times_move_into_the_past(self):
        """Times that were ahead in the fit may be past after an update."""
        fh = ForecastingHorizon(LATER[:3], is_relative=False)
        forecaster = make().fit(Y, fh=fh)
        first = forecaster.predict()
        after = forecaster.update(NEW[:1], update_params=False).predict()
        assert_array_equal(after.index, LATER[:3])
        assert after.iloc[0] == pytest.approx(first.iloc[0])


class TestColumns:
    @pytest.mark.parametrize("multivariate", ["independent", "joint"])
    def test_are_kept(self, multivariate):
        forecast = make(multivariate=multivariate).fit(PAIR, fh=[1, 3]).predict()
        assert list(forecast.columns) == ["a", "b"]
        assert_array_equal(forecast.index, LATER[[0, 2]])
        assert (forecast["a"] > 0).all()
        assert (forecast["b"] < 0).all()

    def test_frame_of_one_column(self, fitted):
        forecast = make().fit(Y.to_frame(), fh=FH).predict()
        assert_frame_equal(forecast, fitted.predict().to_frame())

    @pytest.mark.parametrize("multivariate", ["independent", "joint"])
    def test_are_forecast_from_each_other_if_joint_only(self, multivariate):
        forecaster = make(multivariate=multivariate).fit(PAIR, fh=FH)
        later = pd.DataFrame({"a": [60.0, 61.0, 62.0], "b": [-990.0] * 3}, LATER[:3])
        forecasts = []
        for b in ([-990.0, -980.0, -900.0], [-990.0, -1000.0, -1100.0]):
            moved = make(multivariate=multivariate).fit(PAIR, fh=FH)
            assert same_weights(moved, forecaster)
            moved.update(later.assign(b=b), update_params=False)
            forecasts.append(moved.predict())
        same = (forecasts[0]["a"] == forecasts[1]["a"]).all()
        assert same == (multivariate == "independent")
        assert (forecasts[0]["b"] != forecasts[1]["b"]).all()

    def test_independent_ones_are_a_panel(self):
        """Same series, same windows, same network; only what they are called differs."""
        stacked = pd.concat({name: PAIR[[name]].set_axis(["y"], axis=1) for name in PAIR})
        stacked.index.names = ["series", "month"]
        apart = make().fit(stacked, fh=FH).predict()
        beside = make().fit(PAIR, fh=FH).predict()
        for name in PAIR:
            assert_allclose(apart.loc[name, "y"], beside[name], rtol=1e-6)


@pytest.fixture(scope="module")
def learned():
    """What is forecast is a multiple of a column."""
    y = 10.0 * EXOGENOUS["u"]
    forecaster = make(units=4, epochs=40, learning_rate=0.02)
    return forecaster.fit(y[:N_STEPS], X=EXOGENOUS[:N_STEPS], fh=FH)


class TestExogenous:
    """The past of `X` goes to the encoder, what is known of the steps ahead to the decoder."""

    def test_future_is_used(self, learned):
        forecast = learned.predict(X=EXOGENOUS[N_STEPS : N_STEPS + 3])
        truth = 10.0 * EXOGENOUS["u"][N_STEPS : N_STEPS + 3]
        assert np.abs(forecast - truth).max() < 0.5 * np.abs(truth).max()
        assert np.corrcoef(forecast, truth)[0, 1] > 0.9

    def test_rows_beyond_the_horizon_are_not(self, learned):
        short = learned.predict(X=EXOGENOUS[N_STEPS : N_STEPS + 3])
        assert_series_equal(learned.predict(X=EXOGENOUS), short)

    def test_steps_that_are_not_asked_for_may_be_left_out(self):
        forecaster = make().fit(Y, X=EXOGENOUS[:N_STEPS], fh=[1, 3])
        gap = EXOGENOUS.iloc[[N_STEPS, N_STEPS + 2]]
        filled = EXOGENOUS.iloc[[N_STEPS, N_STEPS, N_STEPS + 2]].set_axis(LATER[:3])
        assert_series_equal(forecaster.predict(X=gap), forecaster.predict(X=filled))

    def test_missing_values_are_taken_as_the_mean(self):
        X = EXOGENOUS[:N_STEPS].copy()
        X.iloc[5, 0] = np.nan
        forecaster = make().fit(Y, X=X, fh=FH)
        later = EXOGENOUS[N_STEPS : N_STEPS + 3].copy()
        later.iloc[1, 0] = np.nan
        missing = forecaster.predict(X=later)
        later.iloc[1, 0] = X["u"].mean()
        assert_allclose(missing, forecaster.predict(X=later), rtol=1e-6)

    def test_panels(self):
        y = panel_of([48, 30, 40])
        X = pd.concat(dict.fromkeys(("s0", "s1", "s2"), EXOGENOUS), names=["shop", "month"])
        forecaster = make().fit(y, X=X.loc[y.index], fh=FH)
        later = X.loc[X.index.get_level_values(1) > MONTHS[-1]]
        forecast = forecaster.predict(X=later)
        assert len(forecast) == 9
        other = later.copy()
        other.loc["s1"] = 5.0
        changed = (forecaster.predict(X=other) != forecast)["sales"].groupby("shop").any()
        assert changed.to_dict() == {"s0": False, "s1": True, "s2": False}

    def test_updates_take_it_along(self):
        forecaster = make().fit(Y, X=EXOGENOUS[:N_STEPS], fh=FH)
        forecaster.update(NEW[:4], X=EXOGENOUS[N_STEPS : N_STEPS + 4], update_params=False)
        forecast = forecaster.predict(X=EXOGENOUS[N_STEPS + 4 : N_STEPS + 7])
        assert_array_equal(forecast.index, LATER[4:7])


class TestPanels:
    def test_of_unequal_lengths(self):
        y = panel_of([48, 30, 5, 2])
        forecast = make().fit(y, fh=[1, 3]).predict()
        assert list(forecast.index.names) == ["shop", "month"]
        expected = pd.MultiIndex.from_product([["s0", "s1", "s2", "s3"], LATER[[0, 2]]])
        assert forecast.index.equals(expected)
        assert np.isfinite(forecast).all(axis=None)

    def test_that_end_apart(self):
        """Steps ahead count from the end of each series."""
        y = panel_of([48, 48])
        y = y.drop(y.loc[["s1"]].index[-6:])
        forecast = make().fit(y, fh=FH).predict()
        assert_array_equal(forecast.loc["s0"].index, LATER[:3])
        assert_array_equal(forecast.loc["s1"].index, MONTHS[-6:-3])

    def test_hierarchies(self):
        y = panel_of([48, 30, 40], levels=2)
        forecast = make().fit(y, fh=FH).predict()
        assert list(forecast.index.names) == ["region", "shop", "month"]
        assert len(forecast) == 9
        assert forecast.droplevel(-1).index.unique().equals(y.droplevel(-1).index.unique())

    def test_are_fitted_by_one_network(self, fitted):
        y = panel_of([48, 30, 5, 2])
        assert make().fit(y, fh=FH).n_parameters_ == fitted.n_parameters_

    def test_forecast_of_a_series_does_not_depend_on_the_others(self):
        """Nor on its place among them, as long as the network is the same one."""
        lengths = [48, 30, 40]
        trained = make(finetune_epochs=0).pretrain(panel_of(lengths, seed=5), fh=FH)
        there = trained.clone().fit(panel_of(lengths), fh=FH).predict()
        names = dict(zip(["s0", "s1", "s2"], ["c", "b", "a"], strict=True))
        back = panel_of(lengths).rename(index=names, level=0).sort_index()
        back = trained.clone().fit(back, fh=FH).predict()
        for old, new in names.items():
            assert_array_equal(back.loc[new], there.loc[old])
            alone = trained.clone().fit(panel_of(lengths).loc[old], fh=FH).predict()
            assert_array_equal(alone, there.loc[old])

    def test_of_several_columns(self):
        y = panel_of([48, 30])
        y["other"] = -y["sales"]
        forecast = make().fit(y, fh=FH).predict()
        assert list(forecast.columns) == ["sales", "other"]
        assert len(forecast) == 6


class TestMembers:
    def test_are_different_networks(self, fitted):
        forecaster = make(n_members=3).fit(Y, fh=FH)
        assert forecaster.n_parameters_ == 3 * fitted.n_parameters_
        first, second, third = (member.network for member in forecaster._model.members)
        assert not np.array_equal(first.weights.trainable[0], second.weights.trainable[0])
        assert not np.array_equal(second.weights.trainable[0], third.weights.trainable[0])

    def test_median_is_the_forecast(self):
        forecaster = make(n_members=3).fit(Y, fh=FH)
        forecast, model, alone = forecaster.predict(), forecaster._model, []
        for member in model.members:
            forecaster._model = replace(model, members=[member])
            alone.append(forecaster.predict())
        assert_allclose(forecast, np.median(alone, axis=0), rtol=1e-6)

    def test_train_in_threads_as_one_by_one(self):
        one, two = (make(n_members=3, dropout=0.1, n_jobs=n).fit(Y, fh=FH) for n in (None, 2))
        assert same_weights(one, two)
        assert_series_equal(one.predict(), two.predict())


def _step(one):
    """Return the place of a step ahead, or of a time after the fit, among all of them."""
    return one - 1 if isinstance(one, int) else list(LATER).index(one)
