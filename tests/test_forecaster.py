"""The forecaster in sktime: what it takes, what it promises, and what it refuses.

Networks are tiny and learn for an epoch or two where behaviour is specified and not accuracy. All
series are monthly and end alike where nothing else is said, so that little is compiled.
"""

import copy
import os
import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from _engine import clean_engine
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.base import clone
from sklearn.preprocessing import StandardScaler
from sktime.base import load
from sktime.exceptions import NotFittedError
from sktime.forecasting.base import ForecastingHorizon
from sktime.forecasting.compose import TransformedTargetForecaster
from sktime.forecasting.model_evaluation import evaluate
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.performance_metrics.forecasting import MeanAbsoluteError
from sktime.split import ExpandingWindowSplitter
from sktime.transformations.series.adapt import TabularToSeriesAdaptor
from sktime.utils.estimator_checks import check_estimator, parametrize_with_checks

import skrnn
from skrnn import Seq2SeqForecaster
from skrnn.forecasting._calendar import calendar_features
from skrnn.forecasting._model import fill_in_epochs
from skrnn.forecasting._settings import choose_settings, season_of

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

N_STEPS, WINDOW, HORIZON = 48, 6, 3
FH = [1, 2, 3]
MONTHS = pd.period_range("2000-01", periods=N_STEPS, freq="M", name="month")
LATER = pd.period_range("2004-01", periods=24, freq="M", name="month")


@pytest.fixture(autouse=True, scope="module")
def engine():
    with clean_engine(quick=True):
        yield


def wave(n_steps=N_STEPS, seed=0, level=50.0):
    """A trend, a year and noise."""
    rng, steps = np.random.default_rng(seed), np.arange(n_steps)
    return level + 0.3 * steps + 5 * np.sin(steps * np.pi / 6) + rng.normal(size=n_steps)


ALL = pd.Series(wave(N_STEPS + 24), MONTHS.append(LATER), name="sales")
Y, NEW = ALL[:N_STEPS], ALL[N_STEPS:]
PAIR = pd.DataFrame({"a": wave(seed=1), "b": wave(seed=2, level=-1000.0)}, MONTHS)


def make(**params):
    small = {
        "window": WINDOW,
        "units": 2,
        "epochs": 2,
        "batch_size": 16,
        "cell": "simple",
        "random_state": 0,
    }
    return Seq2SeqForecaster(**{**small, **params})


def panel_of(lengths, names=None, *, levels=1, seed=0):
    """Return series that end together, of unequal lengths."""
    names = names or [f"s{n}" for n in range(len(lengths))]
    parts = {}
    for number, (name, length) in enumerate(zip(names, lengths, strict=True)):
        key = name if levels == 1 else (f"region {name[-1] < '2'}", name)
        values = wave(length, seed=seed + number, level=10.0**number)
        parts[key] = pd.DataFrame({"sales": values}, MONTHS[N_STEPS - length :])
    labels = ["shop"] if levels == 1 else ["region", "shop"]
    return pd.concat(parts, names=[*labels, "month"]).sort_index()


def weights_of(forecaster):
    return [value for net in forecaster._model.networks for value in net.weights.trainable]


def same_weights(one, other):
    pairs = zip(weights_of(one), weights_of(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


@pytest.fixture(scope="module")
def fitted_once():
    return make().fit(Y, fh=FH)


@pytest.fixture
def fitted(fitted_once):
    """A forecaster of the series, for every test a fresh one."""
    return copy.deepcopy(fitted_once)


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

    def test_horizon_is_that_of_the_fit(self, fitted):
        before = fitted.predict()
        for fh in ([1, 2], [1, 2, 3, 4]):
            with pytest.raises(ValueError, match="different forecasting horizon"):
                fitted.predict(fh=fh)
        assert_series_equal(fitted.predict(), before)

    def test_times_move_out_of_reach(self):
        """Times that were ahead in the fit may be past after an update."""
        fh = ForecastingHorizon(LATER[:3], is_relative=False)
        forecaster = make().fit(Y, fh=fh).update(NEW[:1], update_params=False)
        with pytest.raises((ValueError, NotImplementedError), match=r"in-sample|ahead"):
            forecaster.predict()


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


EXOGENOUS = pd.DataFrame(
    np.random.default_rng(0).normal(size=(N_STEPS + 24, 2)), ALL.index, columns=["u", "v"]
)


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
        """And are the same numbers whatever time is called."""
        index = INDEXES[name]
        y = pd.Series(Y.to_numpy(), index)
        forecast = make(sp=1).fit(y, fh=[1, 3]).predict()
        if isinstance(index, pd.DatetimeIndex):
            later = pd.date_range(index[-1], periods=4, freq=index.freq)[[1, 3]]
        else:
            step = index[1] - index[0]
            later = [index[-1] + step, index[-1] + 3 * step]
        assert list(forecast.index) == list(later)
        assert type(forecast.index) is type(y.index) or not isinstance(forecast.index, pd.Period)
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

    def test_whole_window(self, fitted):
        """A network that sees nothing still says something."""
        missing = pd.Series(np.nan, LATER[: WINDOW + 3], name="sales")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            try:
                forecast = fitted.update(missing, update_params=False).predict()
            except ValueError as error:  # or is refused in clear words
                assert "NaN" in str(error)  # noqa: PT017
            else:
                assert np.isfinite(forecast).all()

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


REFUSED = {
    "gap": (NEW[1:3], "between"),
    "other kind": (pd.Series([1.0], pd.RangeIndex(48, 49), name="sales"), "index|dates|integ"),
    "infinite": (NEW[:2] * np.inf, "infinite"),
    "two columns": (
        pd.DataFrame({"sales": [1.0, 2.0], "more": [1.0, 2.0]}, LATER[:2]),
        "column|multivariate",
    ),
}


class TestColumnsOfX:
    """Values that no mean can stand in for are refused."""

    @pytest.mark.parametrize(("value", "message"), [(np.nan, "all are NaN"), (np.inf, "infinite")])
    def test_are_refused(self, value, message):
        X = pd.DataFrame({"good": np.arange(len(Y)), "bad": value}, Y.index)
        forecaster = make()
        with pytest.raises(ValueError, match=f"'bad' of X .*{message}"):
            forecaster.fit(Y, X=X, fh=FH)
        assert not forecaster.is_fitted


class TestUpdate:
    """New values move the forecasts on; the network is trained on only where that is asked for."""

    @pytest.mark.parametrize("how", ["update_params=False", "finetune_epochs=0"])
    def test_without_training(self, fitted_once, how):
        off = how == "finetune_epochs=0"
        forecaster = make(finetune_epochs=0 if off else 5).fit(Y, fh=FH)
        before = forecaster.predict()
        forecaster.update(NEW[:5], update_params=off)
        assert same_weights(forecaster, fitted_once)
        assert forecaster.history_.n_epochs == 2
        assert_array_equal(forecaster.predict().index, LATER[5:8])
        assert forecaster.cutoff[0] == LATER[4]
        assert (forecaster.predict().to_numpy() != before.to_numpy()).all()

    def test_forecasts_are_those_of_the_whole_series(self, fitted):
        """The network sees its last window, wherever the fit ended."""
        trained = make(finetune_epochs=0).pretrain(panel_of([48, 40]), fh=FH)
        whole = trained.clone().fit(ALL[: N_STEPS + 5], fh=FH).predict()
        parts = trained.clone().fit(Y, fh=FH)
        for step in range(5):
            parts.update(NEW[step : step + 1])
        assert_allclose(parts.predict(), whole, rtol=1e-6)

    def test_with_training(self, fitted, fitted_once):
        fitted.update(NEW[:5])
        assert not same_weights(fitted, fitted_once)
        assert fitted.history_.n_epochs == 2 + 5
        again = make().fit(Y, fh=FH).update(NEW[:5])
        assert same_weights(fitted, again)

    def test_values_that_are_known_already(self, fitted, fitted_once):
        fitted.update(Y[-3:], update_params=False)
        assert_series_equal(fitted.predict(), fitted_once.predict())

    def test_values_that_overlap(self, fitted, fitted_once):
        fitted.update(ALL[N_STEPS - 3 : N_STEPS + 2], update_params=False)
        assert_series_equal(fitted.predict(), two_months_later(fitted_once))

    def test_the_whole_series_again(self, fitted, fitted_once):
        """What lies before the window makes no difference."""
        fitted.update(ALL[: N_STEPS + 2], update_params=False)
        assert_series_equal(fitted.predict(), two_months_later(fitted_once))

    def test_of_a_panel(self):
        y = panel_of([48, 30])
        forecaster = make().fit(y, fh=FH)
        before = forecaster.predict()
        new = pd.DataFrame({"sales": [99.0, 98.0]}, [("s1", month) for month in LATER[:2]])
        new.index = pd.MultiIndex.from_tuples(new.index, names=["shop", "month"])
        forecast = forecaster.update(new, update_params=False).predict()
        assert_frame_equal(forecast.loc[["s0"]], before.loc[["s0"]])
        assert_array_equal(forecast.loc["s1"].index, LATER[2:5])

    @pytest.mark.parametrize("name", REFUSED)
    def test_refusals_change_nothing(self, fitted, fitted_once, name):
        y, message = REFUSED[name]
        with pytest.raises((TypeError, ValueError), match=message):
            fitted.update(y)
        assert same_weights(fitted, fitted_once)
        # sktime takes note of the form of y, and returns forecasts in it, before it asks us.
        assert_array_equal(np.ravel(fitted.predict()), fitted_once.predict())

    def test_new_instances_are_refused(self):
        forecaster = make().fit(panel_of([48, 30]), fh=FH)
        with pytest.raises(ValueError, match=r"'new'.*not in the y of fit"):
            forecaster.update(panel_of([48, 30], ["s0", "new"]))

    def test_a_single_series_is_no_panel(self):
        forecaster = make().fit(panel_of([48, 30]), fh=FH)
        with pytest.raises((TypeError, ValueError), match=r"instance|panel|Panel|index"):
            forecaster.update(NEW[:2].to_frame(), update_params=False)

    @pytest.mark.parametrize("X", [None, EXOGENOUS[["v", "u"]], EXOGENOUS[["u"]]])
    def test_columns_are_those_of_the_fit(self, X):
        forecaster = make().fit(Y, X=EXOGENOUS[:N_STEPS], fh=FH)
        later = EXOGENOUS[N_STEPS : N_STEPS + 3]
        before = forecaster.predict(X=later)
        X = X if X is None else X[N_STEPS : N_STEPS + 2]
        with pytest.raises(ValueError, match=r"X\b.*(column|fitted)"):
            forecaster.update(NEW[:2], X=X, update_params=False)
        assert_array_equal(forecaster.predict(X=later), before)


def two_months_later(forecaster):
    return copy.deepcopy(forecaster).update(NEW[:2], update_params=False).predict()


@pytest.fixture(scope="module")
def trained():
    return make().pretrain(panel_of([48, 30, 40], seed=5), fh=FH)


class TestPretrain:
    """On a panel, and then for a series that was not in it."""

    def test_fit_trains_on(self, trained):
        assert trained.state == "pretrained"
        fitted = trained.clone().fit(Y, fh=FH)
        assert fitted.history_.n_epochs == 2 + 5
        assert np.isfinite(fitted.predict()).all()

    def test_fit_may_leave_the_network_alone(self):
        forecaster = make(finetune_epochs=0).pretrain(panel_of([48, 30]), fh=FH)
        before = forecaster.pretrained_model_.networks[0].weights.trainable
        fitted = forecaster.fit(Y, fh=FH)
        for one, other in zip(weights_of(fitted), before, strict=True):
            assert_array_equal(one, other)

    def test_is_not_lost_in_a_fit(self, trained):
        fitted = trained.clone().fit(Y, fh=FH)
        first = fitted.predict()
        fitted.fit(PAIR["a"], fh=FH)
        assert_array_equal(fitted.fit(Y, fh=FH).predict(), first)

    def test_horizon_may_be_shorter(self, trained):
        assert len(trained.clone().fit(Y, fh=[2]).predict()) == 1

    def test_horizon_may_not_be_longer(self, trained):
        forecaster = trained.clone()
        with pytest.raises(ValueError, match="4 steps ahead, but the network was pretrained for 3"):
            forecaster.fit(Y, fh=[4])
        assert not forecaster.is_fitted
        assert not hasattr(forecaster, "settings_")

    def test_horizon_stays_that_of_the_first_panel(self, trained):
        with pytest.raises(ValueError, match="4 steps ahead, but the network was pretrained for 3"):
            trained.clone().pretrain(panel_of([48, 30]), fh=[4])

    def test_needs_a_horizon(self):
        with pytest.raises(ValueError, match="fh"):
            make().pretrain(panel_of([48, 30]))

    def test_columns_of_X_are_those_of_the_panel(self):
        y = panel_of([48, 48])
        X = pd.concat(dict.fromkeys(("s0", "s1"), EXOGENOUS[:N_STEPS]), names=["shop", "month"])
        with_X, without = make().pretrain(y, X=X, fh=FH), make().pretrain(y, fh=FH)
        for forecaster, columns in (
            (with_X, None),
            (with_X, EXOGENOUS[["u"]]),
            (without, EXOGENOUS),
        ):
            forecaster = forecaster.clone()
            with pytest.raises(ValueError, match=r"X\b.*(column|pretrain|fitted)"):
                forecaster.fit(Y, X=columns if columns is None else columns[:N_STEPS], fh=FH)
            assert not forecaster.is_fitted

    def test_structure_is_that_of_the_panel(self, trained):
        forecaster = trained.clone()
        forecaster.units = 3  # `set_params` would forget what was pretrained
        with pytest.raises(ValueError, match=r"network of the last fit|pretrain"):
            forecaster.fit(Y, fh=FH)
        assert not forecaster.is_fitted


class TestRolling:
    """Forecasts from every time, in one pass."""

    @pytest.mark.parametrize("with_X", [False, True])
    def test_equals_updates_step_by_step(self, with_X):
        X = EXOGENOUS if with_X else None
        forecaster = make(n_members=2).fit(Y, X=None if X is None else X[:N_STEPS], fh=FH)
        rolled = forecaster.predict_rolling(ALL, X=X)
        assert rolled.shape == (len(ALL) - WINDOW - HORIZON + 1, HORIZON, 1)
        for step in range(4):
            later = None if X is None else X[N_STEPS + step : N_STEPS + step + 3]
            forecast = forecaster.predict(X=later)
            assert_allclose(rolled[N_STEPS - WINDOW + step, :, 0], forecast, rtol=1e-5)
            now = slice(N_STEPS + step, N_STEPS + step + 1)
            forecaster.update(ALL[now], X=None if X is None else X[now], update_params=False)

    def test_changes_nothing(self, fitted):
        before = dict(vars(fitted))
        forecast = fitted.predict()
        fitted.predict_rolling(Y.to_frame())
        assert_series_equal(fitted.predict(), forecast)
        assert all(vars(fitted)[name] is value for name, value in before.items())

    def test_several_columns(self):
        forecaster = make().fit(PAIR, fh=FH)
        assert forecaster.predict_rolling(PAIR).shape == (N_STEPS - WINDOW - 2, HORIZON, 2)

    def test_sees_nothing_later(self, fitted):
        y = ALL.copy()
        y.iloc[30:] = 1e4
        rolled, other = fitted.predict_rolling(ALL), fitted.predict_rolling(y)
        assert_array_equal(other[: 30 - WINDOW + 1], rolled[: 30 - WINDOW + 1])
        assert (other[30 - WINDOW + 1] != rolled[30 - WINDOW + 1]).any()

    def test_series_of_a_panel_keep_their_units(self):
        panel = panel_of([40, 40, 40])
        forecaster = make(scaler="standard").fit(panel, fh=FH)
        rolled = forecaster.predict_rolling(panel)
        names = ["s2", "s0"]
        some = pd.concat({name: panel.loc[name] for name in names}, names=["shop", "month"])
        by_series = rolled.reshape(3, -1, HORIZON, 1)
        assert_allclose(
            forecaster.predict_rolling(some), np.concatenate(by_series[[2, 0]]), rtol=1e-5
        )
        unknown = pd.concat({"s9": panel.loc["s0"]}, names=["shop", "month"])
        with pytest.raises(ValueError, match="instance 's9'"):
            forecaster.predict_rolling(unknown)

    def test_needs_a_window_and_a_horizon(self, fitted):
        assert len(fitted.predict_rolling(Y[: WINDOW + HORIZON])) == 1
        with pytest.raises(ValueError, match="8 rows, but a window of 6 and a horizon of 3 need 9"):
            fitted.predict_rolling(Y[: WINDOW + HORIZON - 1])

    def test_needs_what_was_fitted(self, fitted):
        with pytest.raises(NotFittedError):
            make().predict_rolling(Y)
        with pytest.raises(ValueError, match=r"series|column"):
            fitted.predict_rolling(PAIR)
        with pytest.raises(ValueError, match="series"):
            fitted.predict_rolling(panel_of([48, 30]))
        forecaster = make().fit(Y, X=EXOGENOUS[:N_STEPS], fh=FH)
        with pytest.raises(ValueError, match=r"X\b"):
            forecaster.predict_rolling(Y)


class TestMembers:
    def test_are_different_networks(self, fitted):
        forecaster = make(n_members=3).fit(Y, fh=FH)
        assert forecaster.n_parameters_ == 3 * fitted.n_parameters_
        first, second, third = forecaster._model.networks
        assert not np.array_equal(first.weights.trainable[0], second.weights.trainable[0])
        assert not np.array_equal(second.weights.trainable[0], third.weights.trainable[0])

    def test_median_is_the_forecast(self):
        forecaster = make(n_members=3).fit(Y, fh=FH)
        forecast, model, alone = forecaster.predict(), forecaster._model, []
        for network in model.networks:
            forecaster._model = replace(model, networks=[network])
            alone.append(forecaster.predict())
        assert_allclose(forecast, np.median(alone, axis=0), rtol=1e-6)

    def test_train_in_threads_as_one_by_one(self):
        one, two = (make(n_members=3, dropout=0.1, n_jobs=n).fit(Y, fh=FH) for n in (None, 2))
        assert same_weights(one, two)
        assert_series_equal(one.predict(), two.predict())


class TestQuantiles:
    ALPHA = (0.01, 0.05, 0.2, 0.5, 0.6, 0.9, 0.99)

    def test_are_increasing_around_the_forecast(self, fitted):
        quantiles = fitted.predict_quantiles(alpha=list(self.ALPHA))
        assert list(quantiles.columns) == [("sales", alpha) for alpha in self.ALPHA]
        assert (np.diff(quantiles, axis=1) > 0).all()
        assert_array_equal(quantiles["sales", 0.5], fitted.predict())

    def test_intervals_are_nested(self, fitted):
        intervals = fitted.predict_interval(coverage=[0.5, 0.9])["sales"]
        assert (intervals[0.9, "lower"] < intervals[0.5, "lower"]).all()
        assert (intervals[0.5, "lower"] < fitted.predict()).all()
        assert (intervals[0.9, "upper"] > intervals[0.5, "upper"]).all()
        quantiles = fitted.predict_quantiles(alpha=[0.05])
        assert_allclose(intervals[0.9, "lower"], quantiles["sales", 0.05])

    def test_of_panels_and_columns(self):
        y = panel_of([48, 30])
        y["other"] = -y["sales"]
        quantiles = make().fit(y, fh=FH).predict_quantiles(alpha=[0.1, 0.9])
        assert quantiles.shape == (6, 4)
        for column in ("sales", "other"):
            assert (quantiles[column, 0.1] < quantiles[column, 0.9]).all()

    def test_may_be_chosen(self):
        forecaster = make(quantiles=[0.9, 0.2]).fit(Y, fh=FH)
        quantiles = forecaster.predict_quantiles(alpha=[0.2, 0.5, 0.9])
        assert (np.diff(quantiles, axis=1) > 0).all()
        assert_array_equal(quantiles["sales", 0.5], forecaster.predict())

    def test_median_alone_makes_no_interval(self):
        """One quantile says nothing of any other."""
        with pytest.raises((ValueError, NotImplementedError), match="quantiles"):
            make(quantiles=[0.5]).fit(Y, fh=FH).predict_interval(coverage=0.9)

    def test_are_calibrated_if_asked_for(self):
        """The last steps of all series are held back; each quantile covers its share of them."""
        n_series = 24
        forecaster = make(calibrate=True).fit(panel_of([48] * n_series), fh=FH)
        panel, model = forecaster._panel, forecaster._model
        position = panel.lengths - HORIZON
        quantiles = model.predict(panel, forecaster._units, (position, position))[:, :, 0]
        truth = panel.values.reshape(n_series, -1)[:, -HORIZON:, None]
        assert_allclose((truth <= quantiles).mean(axis=(0, 1)), model.levels, atol=0.05)
        final = forecaster.predict_quantiles(alpha=[0.05, 0.25, 0.5, 0.75, 0.95])
        assert (np.diff(final, axis=1) >= 0).all()
        assert_array_equal(final["sales", 0.5], forecaster.predict()["sales"])

    def test_are_not_calibrated_otherwise(self, fitted):
        assert fitted._model.shifts is None

    def test_may_be_left_out(self):
        forecaster = make(quantiles=None).fit(Y, fh=FH)
        assert not forecaster.get_tag("capability:pred_int")
        assert np.isfinite(forecaster.predict()).all()
        with pytest.raises(NotImplementedError):
            forecaster.predict_interval()
        assert make().set_params(quantiles=None).get_tag("capability:pred_int") is False
        assert make(quantiles=None).set_params(quantiles=[0.1, 0.9]).get_tag("capability:pred_int")


SCRIPT = """
import sys
import numpy as np
from sktime.base import load

forecaster = load(sys.argv[1])
alpha = [0.1, 0.5, 0.9]
np.savez(sys.argv[2], forecaster.predict(), forecaster.predict_quantiles(alpha=alpha))
"""


class TestReproducibility:
    def test_same_seed_same_bits(self, fitted_once):
        again = make().fit(Y, fh=FH)
        assert same_weights(again, fitted_once)
        assert_series_equal(again.predict(), fitted_once.predict())
        again.fit(Y, fh=FH)
        assert same_weights(again, fitted_once)

    def test_other_seed_other_bits(self, fitted_once):
        assert not same_weights(make(random_state=1).fit(Y, fh=FH), fitted_once)
        unseeded = [make(random_state=None).fit(Y, fh=FH) for _ in range(2)]
        assert not same_weights(*unseeded)

    def test_drawn_windows_are_seeded(self):
        one, two = (make(steps_per_epoch=1).fit(Y, fh=FH) for _ in range(2))
        assert same_weights(one, two)
        assert not same_weights(one, make(steps_per_epoch=2).fit(Y, fh=FH))

    @pytest.mark.slow
    def test_another_process_predicts_the_same_bits(self, fitted_once, tmp_path):
        fitted_once.save(tmp_path / "forecaster")
        path = str(tmp_path / "forecaster")
        expected = fitted_once.predict(), fitted_once.predict_quantiles(alpha=[0.1, 0.5, 0.9])
        here = load(path)
        assert_series_equal(here.predict(), expected[0])
        root = str(Path(skrnn.__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": root, "HOME": str(tmp_path)}
        environment["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT, path, str(tmp_path / "out.npz")],
            check=True,
            env=environment,
            cwd=tmp_path,
        )
        with np.load(tmp_path / "out.npz") as arrays:
            for array, frame in zip(arrays.values(), expected, strict=True):
                assert_array_equal(array, frame)

    def test_fit_writes_no_parameter(self, fitted):
        assert fitted.get_params() == make().get_params()
        assert clone(fitted).get_params() == fitted.get_params()


SPLITS = ExpandingWindowSplitter(fh=FH, initial_window=30, step_length=9)


class TestInSktime:
    @pytest.mark.slow
    def test_grid_search(self):
        grid = [
            {"units": [2], "dropout": [0.0, 0.2]},
            {"units": [3], "bidirectional": [True], "window": [4, 6]},
        ]
        search = ForecastingGridSearchCV(
            make(epochs=1), cv=SPLITS, param_grid=grid, scoring=MeanAbsoluteError()
        )
        search.fit(Y, fh=FH)
        scores = search.cv_results_["mean_test_MeanAbsoluteError"]
        assert len(scores) == 4
        assert np.isfinite(scores).all()
        assert len(set(scores)) == 4
        assert len(search.predict()) == 3

    @pytest.mark.slow
    def test_evaluate(self):
        results = evaluate(make(), SPLITS, Y, X=EXOGENOUS[:N_STEPS], error_score="raise")
        assert len(results) == 2
        column = next(name for name in results if name.startswith("test_"))
        assert np.isfinite(results[column]).all()

    @pytest.mark.parametrize("strategy", ["update", "no-update_params"])
    def test_evaluate_with_updates(self, strategy):
        results = evaluate(make(), SPLITS, Y, strategy=strategy, error_score="raise")
        assert len(results) == 2

    def test_update_predict(self, fitted):
        cv = ExpandingWindowSplitter(fh=FH, initial_window=1, step_length=2)
        before = fitted.predict()
        forecasts = fitted.update_predict(NEW[:5], cv, update_params=False)
        assert np.isfinite(forecasts.to_numpy(float)[~forecasts.isna()]).all()
        assert_series_equal(fitted.predict(), before)

    def test_pipeline(self):
        scaled = TransformedTargetForecaster(
            [("scale", TabularToSeriesAdaptor(StandardScaler())), ("network", make())]
        )
        forecast = scaled.fit(Y, fh=FH).predict()
        assert_array_equal(forecast.index, LATER[:3])
        # Windows are taken relative to themselves: scaling before changes nothing but digits.
        assert_allclose(forecast, make().fit(Y, fh=FH).predict(), rtol=1e-3)


class TestDefaults:
    """What is not given is derived from the frequency, the horizon and the length."""

    @pytest.mark.parametrize(
        ("freq", "season"),
        [("h", 24), ("D", 7), ("B", 5), ("W", 1), ("MS", 12), ("ME", 12), ("QS", 4), ("YS", 1)],
    )
    def test_season_is_the_usual_one(self, freq, season):
        assert season_of(pd.tseries.frequencies.to_offset(freq)) == season
        assert season_of(pd.tseries.frequencies.to_offset(f"2{freq}")) == 1

    @pytest.mark.parametrize(
        ("step", "horizon", "longest", "window", "segment_length"),
        [
            ("ME", 12, 144, 24, 1),
            ("ME", 3, 144, 24, 1),
            ("ME", 18, 300, 36, 1),
            ("h", 24, 2000, 48, 1),
            ("h", 96, 5000, 192, 24),
            ("W", 13, 500, 104, 13),
            ("W", 1, 500, 12, 1),
            ("ME", 12, 50, 12, 1),
            (1, 2, 8, 2, 1),
        ],
    )
    def test_window_and_segments(self, step, horizon, longest, window, segment_length):
        """Twice the horizon in whole seasons, or eight horizons, and half of the series at most."""
        step = step if step == 1 else pd.tseries.frequencies.to_offset(step)
        given = dict.fromkeys(("window", "sp", "segment_length"))
        settings = choose_settings(given, np.array([longest]), step, horizon)
        assert (settings.window, settings.segment_length) == (window, segment_length)
        assert settings.horizon == horizon
        assert 1 <= settings.season <= settings.window
        assert settings.window + horizon <= longest

    def test_window_leaves_room_in_a_typical_series(self):
        given = dict.fromkeys(("window", "sp", "segment_length"))
        step = pd.tseries.frequencies.to_offset("ME")
        lengths = np.array([40, 40, 40, 1000])
        assert choose_settings(given, lengths, step, 12).window == 12

    def test_settings_are_shown(self, fitted):
        settings = fitted.settings_
        assert (settings.window, settings.horizon, settings.season) == (6, 3, 1)

    @pytest.mark.parametrize(
        ("n_windows", "steps", "epochs"), [(40, 1, 200), (6400, 100, 30), (10**6, 200, 15)]
    )
    def test_epochs_follow_the_data(self, n_windows, steps, epochs):
        given = {"batch_size": 64, "steps_per_epoch": None, "epochs": None}
        filled = fill_in_epochs(given, n_windows)
        assert (filled["steps_per_epoch"], filled["epochs"]) == (steps, epochs)

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @pytest.mark.parametrize(
        ("freq", "n_features", "period"),
        [("h", 11, 168), ("D", 11, None), ("W", 4, None), ("MS", 4, None)],
    )
    def test_calendar_says_what_the_frequency_asks_for(self, freq, n_features, period, unit):
        """Hours: time of the day, day of the week; days: that and time of the year; or the last."""
        times = pd.date_range("2020-01-01", periods=400, freq=freq).as_unit(unit)
        features = calendar_features(times)
        assert features.shape == (400, n_features)
        assert np.abs(features).max() <= 1.0
        if period:
            assert_allclose(features[period:], features[:-period], atol=1e-9)
        else:
            assert (np.ptp(features[:, -4:], axis=0) > 1.5).all()
        assert_allclose(calendar_features(times.to_period(freq[:1])), features, atol=0.25)


def unsorted(y):
    return y.iloc[[1, 0, *range(2, len(y))]]


BAD_DATA = {
    # name: (message, parameters, y, fh)
    "short": ("window=6.*9 steps.*8", {}, Y[:8], FH),
    "short-default": (r"3 steps", {"window": None}, Y[:3], FH),
    "short-for-calibration": (r"calibrate", {"calibrate": True, "window": None}, Y[:9], [5]),
    "irregular": (r"regular|hole", {}, Y.drop(Y.index[7]), FH),
    "irregular-dates": (
        r"regular|hole|frequency",
        {},
        pd.Series(
            wave(20),
            pd.DatetimeIndex(
                pd.Timestamp("2020") + pd.to_timedelta(np.cumsum(np.arange(1, 21) ** 2), "D")
            ),
        ),
        FH,
    ),
    "duplicated": (r"duplicate|monoton|sorted", {}, pd.concat([Y[:20], Y[19:]]), FH),
    "unsorted": (r"sorted|monoton", {}, unsorted(Y), FH),
    "panel-with-a-hole": (r"hole", {}, panel_of([48, 30]).drop(("s1", MONTHS[30])), FH),
    "text-index": (None, {}, pd.Series(wave(20), [f"t{n:02d}" for n in range(20)]), FH),
    "all-nan": (r"no value|NaN|nan", {}, Y * np.nan, FH),
    "all-nan-column": (r"'b'.*NaN", {}, PAIR.assign(b=np.nan), FH),
    "infinite": (r"infinit", {}, Y.where(Y.index != MONTHS[7], np.inf), FH),
    "text": (None, {}, pd.Series(r"a" * N_STEPS, MONTHS), FH),
    "fh-past": (r"ahead|in-sample", {}, Y, [-1, 1]),
    "fh-zero": (r"ahead|in-sample", {}, Y, [0]),
    "fh-missing": (r"fh", {}, Y, None),
    "calendar-integers": (r"calendar=True", {"calendar": True}, Y.reset_index(drop=True), FH),
}


LATER_X = {
    "none": (None, "fitted with X"),
    "no rows": (EXOGENOUS[:N_STEPS], "no row for 2004-01"),
    "a hole": (EXOGENOUS.drop(LATER[1]), "no row for 2004-02"),
    "too short": (EXOGENOUS[: N_STEPS + 2], "no row for 2004-03"),
    "other columns": (EXOGENOUS.rename(columns={"u": "w"}), "columns"),
    "a column less": (EXOGENOUS[["u"]], "columns"),
    "another index": (EXOGENOUS.set_axis(range(len(ALL))), "index|row|integers"),
}


def check_refusal(forecaster, message, *args, **kwargs):
    with pytest.raises((TypeError, ValueError, NotImplementedError), match=message) as caught:
        forecaster.fit(*args, **kwargs)
    assert len(str(caught.value)) > 20
    assert not forecaster.is_fitted
    assert not [name for name in vars(forecaster) if name.endswith("_") and name[0] != "_"]
    with pytest.raises(NotFittedError):
        forecaster.predict()


class TestBadInput:
    """Clear errors, and nothing half-fitted."""

    @pytest.mark.parametrize("name", BAD_DATA)
    def test_data(self, name):
        message, params, y, fh = BAD_DATA[name]
        check_refusal(make(**params), message, y, fh=fh)

    def test_nothing_of_an_earlier_fit_is_left(self):
        forecaster = make().fit(Y, fh=FH)
        check_refusal(forecaster, "window=6", Y[:8], fh=FH)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("window", 0),
            ("window", 2.5),
            ("cell", "rnn"),
            ("units", 0),
            ("units", "many"),
            ("decoder", "greedy"),
            ("segment_length", 0),
            ("sp", -1),
            ("sp", 7),
            ("scaler", "minmax"),
            ("multivariate", "both"),
            ("calendar", "yes"),
            ("quantiles", (0.1, 1.0)),
            ("quantiles", ()),
            ("loss", "mae"),
            ("teacher_forcing", 2),
            ("dropout", 1.0),
            ("n_members", 0),
            ("epochs", 0),
            ("steps_per_epoch", 0),
            ("finetune_epochs", -1),
            ("batch_size", 0),
            ("learning_rate", -1.0),
            ("clipnorm", 0.0),
            ("n_jobs", "two"),
            ("optimizer", "best"),
            ("bidirectional", (True, False)),
            ("layer_params", {"colour": 1}),
            ("random_state", "seed"),
        ],
    )
    def test_parameters(self, name, value):
        check_refusal(make(**{name: value}), name, Y, fh=FH)

    def test_loss_is_one_of_keras(self):
        check_refusal(make(quantiles=None, loss="least"), "loss='least' is not known", Y, fh=FH)

    def test_calibration_needs_quantiles(self):
        check_refusal(make(quantiles=None, calibrate=True), "calibrate=True", Y, fh=FH)

    def test_X_has_all_rows_of_y(self):
        for X in (EXOGENOUS[:40], EXOGENOUS[N_STEPS:], EXOGENOUS.set_axis(range(len(ALL)))):
            check_refusal(make(), r"X\b|not contained in", Y, X=X, fh=FH)

    def test_X_holds_numbers(self):
        X = EXOGENOUS[:N_STEPS].assign(u="a")
        check_refusal(make(), None, Y, X=X, fh=FH)

    @pytest.mark.parametrize("name", LATER_X)
    def test_X_of_the_steps_ahead(self, name):
        X, message = LATER_X[name]
        forecaster = make().fit(Y, X=EXOGENOUS[:N_STEPS], fh=FH)
        before = forecaster.predict(X=EXOGENOUS[N_STEPS:])
        with pytest.raises((TypeError, ValueError), match=message):
            forecaster.predict(X=X)
        assert_series_equal(forecaster.predict(X=EXOGENOUS[N_STEPS:]), before)


class TestContract:
    """The suite of sktime, all of it."""

    def test_tags(self):
        forecaster = Seq2SeqForecaster()
        assert forecaster.get_tag("property:randomness") == "derandomized"
        assert not forecaster.get_tag("tests:skip_by_name")
        assert not forecaster.get_tag("tests:skip_all", False)
        assert forecaster.get_tag("capability:missing_values")
        assert forecaster.get_tag("capability:multivariate")
        assert forecaster.get_tag("capability:exogenous")
        assert forecaster.get_tag("capability:pretrain")
        assert forecaster.get_tag("capability:update")
        assert len(Seq2SeqForecaster.get_test_params()) == 2

    @pytest.mark.filterwarnings("ignore")
    @parametrize_with_checks(Seq2SeqForecaster, obj_varname="forecaster", check_varname="check")
    def test_every_check_passes(self, forecaster, check):
        results = check_estimator(
            forecaster, tests_to_run=check, raise_exceptions=False, verbose=False
        )
        assert results
        assert {name: value for name, value in results.items() if value != "PASSED"} == {}
