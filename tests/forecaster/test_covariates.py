"""Columns of X that are known ahead, up to now alone, or once for each series."""

import pickle

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import EXOGENOUS, FH, MONTHS, N_STEPS, NEW, Y, announced_by_sktime, make, panel_of
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from sktime.forecasting.compose import ForecastX
from sktime.forecasting.model_evaluation import evaluate
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.forecasting.naive import NaiveForecaster
from sktime.split import ExpandingWindowSplitter

from skrnn import load, save

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
    pytest.mark.filterwarnings("ignore:On what was held back:UserWarning"),
]
SERIES = panel_of([48, 30, 40])
KINDS = pd.DataFrame({"kind": ["big", "small", "big"], "size": [3.0, 1.0, 2.5]}, ["s0", "s1", "s2"])
KNOWN, AHEAD = EXOGENOUS[:N_STEPS], EXOGENOUS[N_STEPS : N_STEPS + 3]


def repeated(X, keys=("s0", "s1", "s2")):
    return pd.concat(dict.fromkeys(keys, X), names=["shop", "month"])


def with_kinds(X, kinds=KINDS):
    """Return columns over time for all series, with what is static beside."""
    frame = repeated(X, kinds.index)
    return frame.join(kinds, on="shop")


ALL_KINDS = {"past_covariates": ["v"], "static_covariates": ["kind", "size"]}


class TestPast:
    def test_need_not_be_known_ahead(self):
        forecaster = make(past_covariates=["v"]).fit(Y, X=KNOWN, fh=FH)
        whole = forecaster.predict(X=AHEAD)
        assert_series_equal(forecaster.predict(X=AHEAD[["u"]]), whole)
        assert_series_equal(forecaster.predict(X=AHEAD.assign(v=np.nan)), whole)
        assert_frame_equal(
            forecaster.predict_interval(X=AHEAD[["u"]]), forecaster.predict_interval(X=AHEAD)
        )

    def test_x_is_left_out_where_nothing_else_is_there(self):
        forecaster = make(past_covariates=["u", "v"]).fit(Y, X=KNOWN, fh=FH)
        assert np.isfinite(forecaster.predict()).all()
        assert_series_equal(forecaster.predict(X=AHEAD), forecaster.predict())
        assert_frame_equal(forecaster.predict_members(X=AHEAD), forecaster.predict_members())

    @pytest.mark.parametrize("decoder", ["parallel", "dense", "repeat", "autoregressive"])
    @pytest.mark.parametrize("past", [["v"], ["u", "v"]], ids=str)
    def test_the_decoder_does_not_have_them(self, decoder, past):
        forecaster = make(decoder=decoder, past_covariates=past).fit(Y, X=KNOWN, fh=FH)
        spec = forecaster._model.members[0].network.spec
        assert (spec.n_known, spec.n_features) == (2 - len(past), 3)
        before = forecaster.predict(X=AHEAD)
        changed = KNOWN.copy()
        changed.iloc[-2, 1] += 100.0
        again = make(decoder=decoder, past_covariates=past, finetune_epochs=0)
        again.fit(Y, X=KNOWN, fh=FH).update(Y[-3:], X=changed[-3:])
        assert np.abs(again.predict(X=AHEAD) - before).max() > 1e-6  # but it reads them before

    @pytest.mark.parametrize("baselines", [(), "auto"])
    def test_later_values_change_no_forecast(self, baselines):
        """Not those after an origin, nor after the last window that is learned from."""
        params = {"past_covariates": ["v"], "baselines": baselines}
        forecaster = make(**params).fit(Y, X=KNOWN, fh=FH)
        rolled = forecaster.predict_rolling(Y, KNOWN)
        for origin in (10, 30, N_STEPS - 3):
            wild = KNOWN.copy()
            wild.iloc[origin:, 1] = 1e6 * (1 + np.arange(N_STEPS - origin))
            found = forecaster.predict_rolling(Y, wild)
            until = origin - forecaster.settings_.window + 1
            assert_array_equal(found[:until], rolled[:until])
            assert until == len(rolled) or (found[until:] != rolled[until:]).any()
        wild = AHEAD.assign(v=1e6)
        assert_series_equal(forecaster.predict(X=wild), forecaster.predict(X=AHEAD))

    def test_targets_learn_nothing_of_them(self):
        """A column that says what comes at the same step is worth nothing if it is past."""
        rng = np.random.default_rng(0)
        noise = rng.normal(size=300)
        index = pd.period_range("2000-01", periods=300, freq="M")
        y, X = pd.Series(noise, index), pd.DataFrame({"same": noise}, index)
        errors = {}
        for past in ([], ["same"]):
            forecaster = make(past_covariates=past, epochs=40, sp=0, units=8)
            forecaster.fit(y[:250], X=X[:250], fh=[1])
            rolled = forecaster.predict_rolling(y[250:], X[250:])[:, 0, 0]
            errors[len(past)] = np.abs(rolled - y[256:]).mean()
        assert errors[0] < 0.5 * errors[1]
        assert errors[1] > 0.6

    def test_categories(self):
        kinds = np.where(np.arange(len(EXOGENOUS)) % 5 < 2, "wet", "dry")
        X = EXOGENOUS.assign(weather=kinds)
        forecaster = make(past_covariates=["weather", "v"]).fit(Y, X=X[:N_STEPS], fh=FH)
        assert forecaster._model.members[0].network.spec.n_known == 1
        expected = forecaster.predict(X=X[N_STEPS:])
        assert_series_equal(forecaster.predict(X=AHEAD[["u"]]), expected)

    def test_the_newest_may_be_missing(self):
        forecaster = make(past_covariates=["v"]).fit(Y, X=KNOWN, fh=FH)
        forecaster.update(NEW[:1], X=AHEAD[:1].assign(v=np.nan))
        assert np.isfinite(forecaster.predict(X=EXOGENOUS[N_STEPS + 1 :][["u"]])).all()

    def test_update_needs_them(self):
        forecaster = make(past_covariates=["v"]).fit(Y, X=KNOWN, fh=FH)
        with pytest.raises(ValueError, match=r"X has the columns \['u'\], but .* \['u', 'v'\]"):
            forecaster.update(NEW[:2], X=AHEAD[:2][["u"]])


def typed_panel(n_steps=120, n_series=12):
    """A signal now and then, after which series of type a rise and those of type b fall."""
    rng = np.random.default_rng(0)
    index = pd.period_range("2000-01", periods=n_steps, freq="M", name="month")
    y, X = {}, {}
    for number in range(n_series):
        kind = "ab"[number % 2]
        signal = (rng.uniform(size=n_steps) < 0.2) * 1.0
        step = np.concatenate([[0.0], signal[:-1]]) * (1.0 if kind == "a" else -1.0)
        values = np.cumsum(step * 2.0 + rng.normal(0, 0.05, n_steps))
        y[number] = pd.DataFrame({"y": values}, index)
        X[number] = pd.DataFrame({"signal": signal, "type": kind}, index)
    return (pd.concat(frames, names=["shop", "month"]) for frames in (y, X))


class TestStatic:
    def test_are_remembered(self):
        X = with_kinds(EXOGENOUS)
        known = X.loc[SERIES.index]
        forecaster = make(**ALL_KINDS).fit(SERIES, X=known, fh=FH)
        later = with_kinds(AHEAD)
        expected = forecaster.predict(X=later)
        assert_frame_equal(forecaster.predict(X=later[["u"]]), expected)
        for_all = AHEAD[["u"]]
        assert_frame_equal(forecaster.predict(X=for_all), expected)
        assert_array_equal(forecaster.predict_members(X=for_all), expected)
        rolled = forecaster.predict_rolling(SERIES, known)
        assert_array_equal(forecaster.predict_rolling(SERIES, known[["u", "v"]]), rolled)
        assert_array_equal(forecaster.predict_rolling(SERIES, KNOWN), rolled)
        assert forecaster.predict_residuals().notna().any(axis=None)
        assert np.isfinite(forecaster.predict([-1, 0, 1], X=AHEAD[["u"]])).all(axis=None)

    def test_of_some_series(self):
        """Each has its own, in whatever order."""
        X = with_kinds(EXOGENOUS).loc[SERIES.index]
        forecaster = make(**ALL_KINDS).fit(SERIES, X=X, fh=FH)
        some = SERIES.loc[["s1", "s2"]]
        both = forecaster.predict_rolling(some, X.loc[some.index][["u", "v"]])
        alone = forecaster.predict_rolling(SERIES.loc[["s1"]], X.loc[["s1"]])
        assert_array_equal(both[: len(alone)], alone)

    def test_are_part_of_the_forecast(self):
        other = KINDS.assign(kind=["small", "big", "small"])
        found = []
        for kinds in (KINDS, other):
            X = with_kinds(KNOWN, kinds).loc[SERIES.index]
            found.append(make(static_covariates=["kind", "size"]).fit(SERIES, X=X, fh=FH))
        forecasts = [one.predict(X=AHEAD) for one in found]
        assert not np.allclose(*forecasts)

    def test_without_other_columns(self):
        X = with_kinds(KNOWN)[["kind", "size"]].loc[SERIES.index]
        forecaster = make(static_covariates=["kind", "size"]).fit(SERIES, X=X, fh=FH)
        assert np.isfinite(forecaster.predict()).all(axis=None)
        new = SERIES.groupby("shop").tail(1)
        new.index = pd.MultiIndex.from_product(
            [["s0", "s1", "s2"], NEW.index[:1]], names=["shop", "month"]
        )
        forecaster.update(new)
        assert len(forecaster.predict()) == 9
        assert len(forecaster.predict_rolling(SERIES)) > 0

    def test_are_scaled_over_series(self):
        """However long each of them is."""
        X = with_kinds(KNOWN)[["size"]].loc[SERIES.index]
        columns = make(static_covariates=["size"]).fit(SERIES, X=X, fh=FH)._model.columns
        assert_allclose(columns.center, KINDS["size"].mean())
        assert_allclose(columns.unit, KINDS["size"].std(ddof=0))

    def test_missing_at_some_times(self):
        X = with_kinds(KNOWN).loc[SERIES.index]
        holes = X.copy()
        holes.iloc[::3, 2] = None
        holes.iloc[1::3, 3] = np.nan
        one, other = (make(**ALL_KINDS).fit(SERIES, X=data, fh=FH) for data in (X, holes))
        assert_frame_equal(one.predict(X=AHEAD), other.predict(X=AHEAD))

    def test_tell_series_apart(self):
        """Series that differ by their type alone."""
        y, X = typed_panel()
        early = y.index.get_level_values("month") < y.index.get_level_values("month")[90]
        errors = {}
        for static in ([], ["type"]):
            beside = X[["signal", *static]]
            learns = {"window": 4, "sp": 1, "scaler": "level", "units": 8, "epochs": 60}
            forecaster = make(static_covariates=static, **learns, batch_size=64)
            forecaster.fit(y[early], X=beside[early], fh=[1])
            rolled = forecaster.predict_rolling(y[~early], beside[~early])[..., 0].ravel()
            truth = y[~early].groupby("shop").tail(30 - 4).to_numpy().ravel()
            errors[len(static)] = np.abs(rolled - truth).mean()
        assert errors[1] < 0.4 * errors[0]

    def test_a_series_of_its_own_after_pretraining(self):
        X = with_kinds(KNOWN).loc[SERIES.index]
        forecaster = make(static_covariates=["kind", "size"])
        forecaster.pretrain(SERIES, X=X, fh=FH)
        forecaster.fit(Y, X=KNOWN.assign(kind="small", size=2.0), fh=FH)
        assert np.isfinite(forecaster.predict(X=AHEAD)).all()


class TestRefusals:
    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"past_covariates": ["w"]}, r"past_covariates has 'w'.* the columns \['u', 'v'\]"),
            ({"static_covariates": ["w"]}, r"static_covariates has 'w', which is no column of X"),
            (
                {"past_covariates": ["u"], "static_covariates": ["u"]},
                r"'u' is in past_covariates and in static_covariates",
            ),
            ({"past_covariates": "u"}, r"past_covariates='u' is no list.*past_covariates=\['u'\]"),
            ({"static_covariates": 3}, r"static_covariates"),
        ],
    )
    def test_of_names(self, params, message):
        with pytest.raises(ValueError, match=message):
            make(**params).fit(Y, X=KNOWN, fh=FH)

    def test_without_x(self):
        with pytest.raises(ValueError, match=r"past_covariates has 'v'.*there are none.*Pass X"):
            make(past_covariates=["v"]).fit(Y, fh=FH)

    def test_of_what_changes(self):
        X = with_kinds(KNOWN).loc[SERIES.index]
        X.loc[("s1", MONTHS[30]), "kind"] = "big"
        message = r"'kind' of X is in static_.*series 's1': from 'small' to 'big' at .*2002-07"
        with pytest.raises(ValueError, match=message):
            make(**ALL_KINDS).fit(SERIES, X=X, fh=FH)
        with pytest.raises(ValueError, match=r"'u' of X is in static_covariates, but it changes:"):
            make(static_covariates=["u"]).fit(Y, X=KNOWN, fh=FH)

    @pytest.mark.parametrize(("column", "value"), [("kind", "big"), ("size", 7.0)])
    def test_of_other_values_later(self, column, value):
        X = with_kinds(EXOGENOUS)
        forecaster = make(**ALL_KINDS).fit(SERIES, X=X.loc[SERIES.index], fh=FH)
        later = X.drop(index=SERIES.index, errors="ignore")
        later.loc[["s1"], column] = value
        message = rf"Column '{column}.* static.* of the series 's1' than in the fit"
        with pytest.raises(ValueError, match=message):
            forecaster.predict(X=later)
        known = X.loc[SERIES.index]
        known.loc[["s1"], column] = value
        with pytest.raises(ValueError, match=message):
            forecaster.predict_rolling(SERIES, known)
        with pytest.raises(ValueError, match=message):
            forecaster.update(SERIES, X=known)

    def test_of_what_is_known_ahead_and_not_given(self):
        forecaster = make(past_covariates=["v"]).fit(Y, X=KNOWN, fh=FH)
        with pytest.raises(ValueError, match="fitted with X: predict needs"):
            forecaster.predict()
        with pytest.raises(ValueError, match=r"X has none, but the columns \['u'\]"):
            forecaster.predict(X=AHEAD[["v"]])


@pytest.fixture(scope="module")
def fitted():
    X = with_kinds(KNOWN).loc[SERIES.index]
    return make(**ALL_KINDS).fit(SERIES, X=X, fh=FH)


class TestTogether:
    def test_files_and_pickles(self, fitted, tmp_path):
        expected = fitted.predict(X=AHEAD[["u"]])
        save(fitted, tmp_path / "it.skrnn")
        for again in (load(tmp_path / "it.skrnn"), pickle.loads(pickle.dumps(fitted))):
            assert_frame_equal(again.predict(X=AHEAD[["u"]]), expected)

    @pytest.mark.parametrize("multivariate", ["independent", "joint"])
    def test_several_columns_of_y(self, multivariate):
        y = pd.concat([SERIES, SERIES.rename(columns={"sales": "visits"}) * 2], axis=1)
        X = with_kinds(KNOWN).loc[SERIES.index]
        forecaster = make(multivariate=multivariate, calendar=True, **ALL_KINDS)
        assert forecaster.fit(y, X=X, fh=FH).predict(X=AHEAD[["u"]]).shape == (9, 2)

    def test_hierarchies(self):
        y = panel_of([48, 30, 40], ["s0", "s1", "s2"], levels=2)
        X = repeated(KNOWN).join(KINDS, on="shop")
        region = y.index.droplevel("region")
        X = X.loc[region].set_axis(y.index)
        forecaster = make(**ALL_KINDS).fit(y, X=X, fh=FH)
        assert len(forecaster.predict(X=AHEAD[["u"]])) == 9

    def test_search_and_evaluation_of_sktime(self):
        splitter = ExpandingWindowSplitter(initial_window=40, step_length=5, fh=FH)
        forecaster = make(past_covariates=["v"])
        found = evaluate(
            forecaster, splitter, Y, KNOWN, cv_X=splitter, error_score="raise", return_data=True
        )
        assert all(forecast.notna().all() for forecast in found["y_pred"])
        search = ForecastingGridSearchCV(
            forecaster,
            splitter,
            {"past_covariates": [[], ["v"], ["u", "v"]]},
            error_score="raise",
            backend="None",
        )
        search.fit(Y, X=KNOWN, fh=FH)
        assert len(search.cv_results_) == 3
        assert np.isfinite(search.predict(X=AHEAD)).all()

    def test_forecasts_of_x_of_sktime(self):
        composed = ForecastX(make(past_covariates=["v"]), NaiveForecaster(), columns=["u"])
        composed.fit(Y, X=KNOWN, fh=FH)
        assert np.isfinite(composed.predict(X=AHEAD[["v"]])).all()
