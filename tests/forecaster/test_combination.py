"""A network and the lines beside it: weights, what they are learned from, and the forecast."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import FH, MONTHS, NEW, PAIR, Y, announced_by_sktime, make, panel_of
from numpy.testing import assert_allclose, assert_array_equal
from sktime.base import load
from sktime.forecasting.exp_smoothing import ExponentialSmoothing
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.forecasting.naive import NaiveForecaster
from sktime.split import ExpandingWindowSplitter
from statsmodels.tsa.holtwinters import ExponentialSmoothing as HoltWinters

from skrnn import clear_compile_cache, compile_cache_info, save
from skrnn import load as load_safely
from skrnn.forecasting._quantiles import calibration_factors
from skrnn.forecasting._weights import (
    combination_weights,
    combine,
    held_back_origins,
    member_errors,
)
from skrnn.forecasting.lines import (
    BASELINES,
    Baseline,
    Past,
    Repetition,
    SeriesSet,
    Task,
    make_lines,
)

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
    # Networks of two epochs are no good.
    pytest.mark.filterwarnings("ignore:On what was held back:UserWarning"),
]
NAN = np.nan


def combined(**params):
    return make(**{"baselines": "auto", **params})


def named(names, task):
    return make_lines([BASELINES[name] for name in names], task)


@pytest.fixture(scope="module")
def fitted():
    return combined().fit(Y, fh=FH)


@pytest.mark.parametrize(
    ("length", "horizon", "held_back", "n_origins"),
    [(5000, 1, 60, 60), (5000, 7, 84, 24), (48, 1, 12, 12), (100, 12, 24, 5), (5000, 336, 1250, 9)],
)
def test_what_is_held_back(length, horizon, held_back, n_origins):
    origins = held_back_origins(length, horizon, 1)
    assert origins[0] == held_back // horizon * horizon
    assert origins[-1] == horizon
    assert len(origins) == n_origins


class TestWeights:
    def test_are_inverse_to_the_fourth_power_of_the_error(self):
        errors = np.array([[[1.0]], [[2.0]]])
        assert_allclose(combination_weights(errors, 1e12)[:, 0], [16 / 17, 1 / 17])

    def test_many_poor_members_do_not_outweigh_a_few_good_ones(self):
        errors = np.concatenate([np.ones(3), np.linspace(2, 3, 30)])[:, None, None]
        weights = combination_weights(errors, 1.0)[:, 0]
        assert np.count_nonzero(weights[3:]) == 7
        assert weights[:3].sum() > 0.5

    def test_few_origins_count_less(self):
        errors = np.array([[[1.0]], [[4.0]]])
        few, many = (combination_weights(errors, n)[0, 0] for n in (1.0, 50.0))
        assert 0.5 < few < many

    def test_a_series_that_tells_nothing_takes_those_of_the_panel(self):
        errors = np.array([[[1.0, NAN, 3.0]], [[2.0, NAN, 9.0]]])
        weights = combination_weights(errors, 4.0)
        assert weights[0, 1] > weights[1, 1] > 0
        assert_allclose(weights.sum(axis=0), 1.0)

    def test_a_member_without_forecasts_has_none(self):
        errors = np.array([[[1.0]], [[NAN]], [[2.0]]])
        weights = combination_weights(errors, 4.0)[:, 0]
        assert weights[1] == 0
        assert_allclose(weights.sum(), 1.0)

    def test_nothing_held_back_is_equal_weights(self):
        assert_allclose(combination_weights(np.full((4, 0, 2), NAN), 0.0), 0.25)

    @pytest.mark.parametrize("seed", range(20))
    def test_are_a_partition_of_one_whatever_the_errors(self, seed):
        rng = np.random.default_rng(seed)
        errors = 10.0 ** rng.uniform(-300, 300, size=(5, 3, 7))
        errors[rng.random(errors.shape) < 0.3] = NAN
        errors[rng.random(errors.shape) < 0.1] = 0.0
        weights = combination_weights(errors, rng.uniform(0, 9))
        assert (weights >= 0).all()
        assert_allclose(weights.sum(axis=0), 1.0)

    def test_errors_leave_missing_truth_out(self):
        truth = np.array([[[1.0, NAN, 3.0]], [[NAN, NAN, NAN]]])
        forecasts = np.stack([np.full(truth.shape, 1.0), np.full(truth.shape, 2.0)])
        errors = member_errors(truth, forecasts)
        assert_allclose(errors[:, 0, 0], [1.0, 1.0])
        assert np.isnan(errors[:, 1, 0]).all()

    def test_who_fails_leaves_its_weight_to_the_others(self):
        forecasts = np.array([[[1.0, 1.0]], [[NAN, 2.0]], [[4.0, 4.0]]])
        weights = np.array([[0.25], [0.5], [0.25]])
        assert_allclose(combine(forecasts, weights), [[2.5, 2.5]])
        assert_allclose(combine(forecasts, np.array([[0.0], [1.0], [0.0]])), [[2.5, 2.5]])


class TestOrigins:
    @pytest.mark.parametrize("length", [5, 14, 30, 144, 1000])
    @pytest.mark.parametrize("n_series", [1, 5000])
    def test_are_whole_horizons_before_the_end(self, length, n_series):
        origins = held_back_origins(length, 12, n_series)
        if length < 26:
            assert not len(origins)
            return
        assert origins[-1] == 12
        assert (np.diff(origins) < 0).all()
        assert origins[0] <= max(12, length // 4)
        assert len(origins) <= (24 if n_series == 1 else 4)


class TestLines:
    SERIES = SeriesSet.of(np.array([[1.0], [NAN], [3.0], [4.0], [5.0], [NAN]]), np.array([0, 6]))

    def test_missing_values_repeat_the_one_before(self):
        assert_array_equal(self.SERIES.values, [1.0, 1.0, 3.0, 4.0, 5.0, 5.0])

    def test_naive_ones_by_hand(self):
        task = Task(self.SERIES, 3, (2,), 6)
        history = np.array([[1.0, 1.0, 2.0, 4.0, 7.0, 8.0, 13.0]])
        past = Past(history, np.array([6]), np.zeros(1, int))
        found = {
            line.name: line.forecast(past, 3)[0].tolist()
            for line in named(["last", "mean", "drift", "seasonal"], task)
        }
        assert found == {
            "last value": [13.0] * 3,
            "mean": [35 / 6] * 3,
            "drift": [15.4, 17.8, 20.2],
            "seasonal naive 2": [8.0, 13.0, 8.0],
        }

    @pytest.mark.parametrize("name", ["ridge", "log_ridge", "pooled_ridge", "pooled_log_ridge"])
    def test_regressions_learn_what_is_linear(self, name):
        steps = np.arange(80)
        waves = [10 + s + np.sin(steps * 2 * np.pi / 8 + s) for s in range(3)]
        waves = np.exp(waves) if "log" in name else np.stack(waves)
        series = SeriesSet(np.ravel(waves[:, :72]), np.arange(4) * 72, np.zeros(3, int))
        (line, *_) = named([name], Task(series, 4, (8,), 72))
        past = series.past(line.reach, np.arange(3), np.full(3, 72), np.arange(3))
        found = line.forecast(past, 4)
        assert_allclose(found, waves[:, 72:76], rtol=2e-2)

    def test_logarithms_are_left_out_where_there_are_none(self):
        rng = np.random.default_rng(0)
        series = SeriesSet.of(rng.normal(size=(120, 1)), np.array([0, 60, 120]))
        assert named(["log_ridge", "pooled_log_ridge"], Task(series, 3, (), 60)) == []

    def test_a_kind_is_one_record(self, monkeypatch):
        toy = Baseline("toy", lambda task: [Repetition("five steps", 5)])
        monkeypatch.setitem(BASELINES, "toy", toy)
        forecaster = combined(baselines=["toy"]).fit(Y, fh=FH)
        assert list(forecaster.weights_) == ["five steps", "network"]


class TestForecasts:
    def test_are_the_weighted_mean_of_the_members(self, fitted):
        series = SeriesSet.of(Y.to_numpy()[:, None], np.array([0, len(Y)]))
        held_back = fitted.validation_errors_.index[0]
        task = Task(series, 3, fitted.settings_.seasons, len(Y) - held_back)
        one = np.zeros(1, int)
        past = series.past(len(Y), one, series.lengths, one)
        members = {line.name: line.forecast(past, 3)[0] for line in named(BASELINES, task)}
        members["network"] = make().fit(Y, fh=FH).predict().to_numpy()
        weights = fitted.weights_.loc["sales"]
        expected = sum(weights[name] * members[name] for name in weights.index)
        assert_allclose(fitted.predict(), expected, rtol=1e-5)

    def test_weights_and_errors_are_told(self, fitted):
        weights, errors = fitted.weights_, fitted.validation_errors_
        assert weights.index.tolist() == ["sales"]
        assert list(weights) == list(errors)
        assert list(weights)[-1] == "network"
        assert_allclose(weights.sum(axis=1), 1.0)
        assert errors.index.name == "steps held back"
        assert np.isfinite(errors).all(axis=None)
        # The trend is steep: the mean is behind the last value.
        assert weights["mean"].item() < weights["last value"].item()

    def test_quantiles_do_not_cross_and_have_the_forecast_in_the_middle(self, fitted):
        levels = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]
        quantiles = fitted.predict_quantiles(alpha=levels)["sales"]
        assert (np.diff(quantiles, axis=1) >= 0).all()
        assert_array_equal(quantiles[0.5], fitted.predict())

    @pytest.mark.parametrize("multivariate", ["independent", "joint"])
    def test_columns_and_instances_have_weights_of_their_own(self, multivariate):
        y = pd.concat({"a": PAIR, "b": PAIR[::-1].set_axis(PAIR.index)}, names=["shop", "month"])
        forecaster = combined(multivariate=multivariate).fit(y, fh=FH)
        assert forecaster.weights_.index.tolist() == [
            ("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")
        ]  # fmt: skip
        assert forecaster.predict().shape == (6, 2)
        rolled = forecaster.predict_rolling(y)
        assert np.isfinite(rolled).all()

    @pytest.mark.parametrize(
        "y",
        [
            pd.Series(7.0, MONTHS),
            pd.Series(0.0, MONTHS),
            -Y,
            Y[:4],
            Y[:7],
            Y.where(np.arange(48) % 5 != 0),
            Y.where(np.arange(48) > 20),
            Y.where(np.arange(48) < 40),
            panel_of([48, 4, 9]),
        ],
        ids=["constant", "zero", "negative", "4", "7", "holes", "late", "ended", "unequal"],
    )
    def test_series_of_all_kinds(self, y):
        forecaster = combined(window=None).fit(y, fh=FH)
        assert np.isfinite(forecaster.predict()).all(axis=None)
        interval = forecaster.predict_interval(coverage=0.9).to_numpy()
        assert (interval[:, 0] <= interval[:, 1]).all()
        weights = forecaster.weights_
        assert (weights >= 0).all(axis=None)
        assert_allclose(weights.sum(axis=1), 1.0)

    def test_members_by_themselves(self, fitted):
        members = fitted.predict_members()["sales"]
        assert list(members) == list(fitted.weights_)
        assert_array_equal(members.index, fitted.predict().index)
        assert_allclose(members["last value"], Y.iloc[-1])
        expected = members.fillna(0.0) @ fitted.weights_.loc["sales"]
        assert_allclose(fitted.predict(), expected)
        assert_array_equal(fitted.predict_members(fh=[2])["sales"], members.iloc[1:2])

    def test_members_of_panels_and_columns(self):
        y = pd.concat({"a": PAIR, "b": 2 * PAIR}, names=["shop", "month"])
        members = combined(baselines=["last", "drift"]).fit(y, fh=FH).predict_members()
        assert_array_equal(members.index, make().fit(y, fh=FH).predict().index)
        assert list(members.columns.get_level_values(1)) == ["last value", "drift", "network"] * 2
        ends = y.groupby(level=0).last()
        assert_allclose(members.loc["b", ("b", "last value")], ends.loc["b", "b"])

    def test_members_beyond_the_horizon_are_refused(self, fitted):
        with pytest.raises(ValueError, match=r"fh reaches 4 steps ahead, but .* fitted for 3"):
            fitted.predict_members(fh=[4])

    def test_a_network_alone_is_its_own_member(self):
        alone = make().fit(Y, fh=FH)
        assert list(alone.predict_members().columns) == [("sales", "network")]
        assert_array_equal(alone.predict_members()["sales", "network"], alone.predict())

    def test_a_sentence_sums_it_up(self, fitted):
        first = fitted.weights_.loc["sales"].idxmax()
        assert fitted.summary_.startswith(f"{first.capitalize()} carries the forecast with ")
        assert "the error of the network is " in fitted.summary_
        short = combined(window=None).fit(Y[:4], fh=FH)
        assert "all members have the same weight" in short.summary_

    def test_points_alone(self):
        forecaster = combined(quantiles=None).fit(Y, fh=FH)
        assert np.isfinite(forecaster.predict()).all()


class Broken(NaiveForecaster):
    """A forecaster that cannot be fitted."""

    def _fit(self, y, X, fh):
        raise RuntimeError("nothing works")


class TestForecastersOfSktime:
    def test_stand_beside_the_network(self):
        given = [NaiveForecaster(), "ridge", NaiveForecaster("drift"), Y.iloc[:0]]
        forecaster = combined(baselines=given[:3]).fit(Y, fh=FH)
        names = list(forecaster.weights_)
        assert names[0] == "NaiveForecaster"
        assert names[-2:] == ["NaiveForecaster 2", "network"]
        by_name = combined(baselines=["last", "ridge", "drift"]).fit(Y, fh=FH)
        assert_allclose(forecaster.weights_, by_name.weights_)
        assert_allclose(forecaster.predict(), by_name.predict())
        with pytest.raises(ValueError, match="baselines has"):
            combined(baselines=given).fit(Y, fh=FH)

    def test_are_fitted_to_what_is_known_alone(self):
        given = ExponentialSmoothing(trend="add")
        one = combined(baselines=[given]).fit(Y, fh=FH).validation_errors_["ExponentialSmoothing"]
        changed = Y.copy()
        changed.iloc[-3:] = 1e6
        other = combined(baselines=[given]).fit(changed, fh=FH).validation_errors_
        whole = one.index >= 6
        assert_array_equal(one[whole], other["ExponentialSmoothing"][whole])

    def test_one_that_fails_is_named_and_left_out(self):
        with pytest.warns(UserWarning, match="'Broken' failed .* RuntimeError: nothing works"):
            forecaster = combined(baselines=["last", Broken()]).fit(Y, fh=FH)
        assert forecaster.weights_["Broken"].item() == 0
        with pytest.warns(UserWarning, match="'Broken' failed"):
            broken = forecaster.predict()
        assert_array_equal(broken, combined(baselines=["last"]).fit(Y, fh=FH).predict())

    def test_a_kind_that_fails_is_named_and_left_out(self, monkeypatch):
        monkeypatch.setitem(BASELINES, "toy", Baseline("toy", lambda task: 1 / 0))
        with pytest.warns(UserWarning, match="'toy' failed .* ZeroDivisionError"):
            forecaster = combined(baselines=["last", "toy"]).fit(Y, fh=FH)
        assert list(forecaster.weights_) == ["last value", "network"]

    def test_a_full_memory_is_no_fault_of_theirs(self, monkeypatch):
        def run_out(*_):
            raise MemoryError("no more")

        forecaster = combined(baselines=["last"]).fit(Y, fh=FH)
        monkeypatch.setitem(BASELINES, "toy", Baseline("toy", run_out))
        with pytest.raises(MemoryError):
            combined(baselines=["last", "toy"]).fit(Y, fh=FH)
        monkeypatch.setattr(Repetition, "forecast", run_out)
        with pytest.raises(MemoryError):
            forecaster.predict()


class TestSmoothing:
    @pytest.mark.parametrize(("name", "damped"), [("smoothing", False), ("damped", True)])
    def test_is_that_of_statsmodels(self, name, damped):
        series = SeriesSet.of(Y.to_numpy()[:, None], np.array([0, len(Y)]))
        (line,) = named([name], Task(series, 3, (12,), len(Y)))
        one = np.zeros(1, int)
        found = line.forecast(series.past(len(Y), one, series.lengths, one), 3)[0]
        trend = {"trend": "add", "damped_trend": True} if damped else {}
        model = HoltWinters(
            (Y.to_numpy() - Y.mean()) / Y.to_numpy().std(),
            seasonal="add",
            seasonal_periods=12,
            initialization_method="heuristic",
            **trend,
        )
        expected = model.fit().forecast(3) * Y.to_numpy().std() + Y.mean()
        assert_allclose(found, expected, rtol=1e-6)

    def test_is_left_out_of_large_panels_unless_more_effort_is_allowed(self):
        values = np.random.default_rng(0).normal(size=(20 * 1200, 1))
        series = SeriesSet.of(values, np.arange(1201) * 20)
        assert named(["smoothing", "damped", "theta"], Task(series, 3, (), 20)) == []
        assert len(named(["theta"], Task(series, 3, (), 20, effort=1.2))) == 1

    def test_a_short_series_among_long_ones_goes_without(self):
        forecaster = combined(baselines=["smoothing", "last"]).fit(panel_of([48, 6]), fh=FH)
        assert np.isfinite(forecaster.predict()).all(axis=None)


class TestIntervals:
    def test_are_wider_the_fewer_errors_are_independent(self):
        rng = np.random.default_rng(0)
        levels, values = (0.05, 0.5, 0.95), np.broadcast_to([-1.0, 0.0, 1.0], (9, 1, 12, 3))
        free = rng.normal(size=(9, 1, 12))
        tied = np.repeat(rng.normal(size=(9, 1, 1)), 12, axis=2)
        for error in (free, tied / np.abs(tied).mean() * np.abs(free).mean()):
            factors = calibration_factors(levels, error, values, np.zeros_like(error), 3.0)
            assert factors[1] == 0
            assert factors[0] == -factors[2]
            share = (np.abs(error) <= factors[2]).mean()
            assert share == 1 if error is not free else 0.9 < share < 0.98

    def test_cover_their_share_of_noise(self):
        y = pd.Series(np.random.default_rng(0).normal(size=200), pd.RangeIndex(200))
        forecaster = combined(epochs=10).fit(y[:100], fh=FH)
        low, high = np.moveaxis(forecaster.predict_rolling(y[90:], alpha=[0.05, 0.95]), -1, 0)
        truth = np.lib.stride_tricks.sliding_window_view(y.to_numpy()[96:], 3)
        share = ((low[..., 0] <= truth) & (truth <= high[..., 0])).mean()
        assert 0.75 < share < 0.99

    def test_beyond_what_was_learned_a_warning_says_so(self, fitted):
        with pytest.warns(UserWarning, match=r"at 0.01, 0.99 lie beyond those .* 0.05 to 0.95"):
            fitted.predict_interval(coverage=0.98)


@pytest.mark.parametrize("n_steps", [48, 130])
def test_what_is_validated_compiles_nothing_of_its_own(n_steps):
    """The network that does not know the end of the series runs through the same programs."""
    y = pd.Series(np.sin(np.arange(float(n_steps))))
    clear_compile_cache()
    combined().fit(y, fh=FH)
    assert compile_cache_info().training_traces == 1


class TestWarning:
    def test_a_network_behind_the_last_value(self):
        jumps = pd.Series(np.cumsum(np.random.default_rng(0).normal(size=48)), MONTHS)
        forecaster = combined(epochs=1, learning_rate=1.0, sp=1)
        behind = r"network alone is \d+\.\d+ times that of the last"
        with pytest.warns(UserWarning, match=behind) as told:
            forecaster.fit(jumps, fh=FH)
        assert told[0].filename == __file__
        errors = forecaster.validation_errors_.mean()
        assert errors["network"] > errors["last value"]

    def test_none_where_nothing_is_compared(self, recwarn):
        combined(baselines=["ridge"], epochs=1, learning_rate=1.0).fit(Y, fh=FH)
        assert not [one for one in recwarn if "held back" in str(one.message)]


class TestLeaks:
    def test_errors_do_not_see_what_comes_later(self):
        one = combined().fit(Y, fh=FH)
        first, *_, last = one.validation_errors_.index
        assert first > last == 3
        changed = Y.copy()
        changed.iloc[len(Y) - last :] += 40.0
        other = combined().fit(changed, fh=FH)
        whole = one.validation_errors_.index >= last + 3  # origins whose horizon ends before
        assert whole.any()
        # Up to single precision, in which the network works.
        assert_allclose(one.validation_errors_[whole], other.validation_errors_[whole], rtol=1e-5)
        assert not np.allclose(one.validation_errors_[~whole], other.validation_errors_[~whole])

    def test_a_series_that_begins_late_is_not_known_before(self):
        y = panel_of([48, 48])
        y.loc[("s1", MONTHS[:42]), "sales"] = NAN
        forecaster = combined().fit(y, fh=FH)
        # Origins before the first value of the second series tell of the first one alone.
        alone = combined(baselines=["last"]).fit(y.loc["s0"], fh=FH)
        both = forecaster.validation_errors_["last value"]
        early = both.index > 48 - 42
        assert early.any()
        assert_allclose(both[early], alone.validation_errors_["last value"][both.index[early]])


class TestLifetime:
    def test_rolling_is_what_updates_give(self, fitted):
        ahead = pd.concat([Y, NEW])
        rolled = fitted.predict_rolling(ahead)
        updated = combined().fit(Y, fh=FH).update(NEW[:10], update_params=False)
        # Rolling from the origin after 58 steps: the last one but 14 of 72 steps.
        assert_allclose(rolled[-(72 - 3 - 58) - 1, :, 0], updated.predict(), rtol=1e-4)

    def test_updates_train_the_network_on(self):
        forecaster = combined().fit(Y, fh=FH)
        before = forecaster.weights_.copy()
        assert np.isfinite(forecaster.update(NEW[:6]).predict()).all()
        pd.testing.assert_frame_equal(forecaster.weights_, before)

    def test_pretrained_networks(self):
        forecaster = combined().pretrain(panel_of([48, 48]), fh=FH).fit(Y, fh=FH)
        assert np.isfinite(forecaster.predict()).all()

    def test_same_seed_same_bits(self, fitted):
        again = combined().fit(Y, fh=FH)
        assert_array_equal(again.predict(), fitted.predict())
        pd.testing.assert_frame_equal(again.weights_, fitted.weights_)

    def test_sktime_saves_it(self, fitted, tmp_path):
        fitted.save(tmp_path / "model")
        assert_array_equal(load(tmp_path / "model.zip").predict(), fitted.predict())

    def test_in_a_grid(self):
        cv = ExpandingWindowSplitter(fh=FH, initial_window=42, step_length=3)
        grid = {"baselines": [(), "auto", ("last", "ridge")]}
        search = ForecastingGridSearchCV(make(), cv, grid, backend="None").fit(Y, fh=FH)
        assert search.best_params_["baselines"] in grid["baselines"]

    def test_saved_and_loaded(self, fitted, tmp_path):
        save(fitted, tmp_path / "model.skrnn")
        again = load_safely(tmp_path / "model.skrnn")
        assert_array_equal(again.predict(), fitted.predict())
        assert_array_equal(
            again.update(NEW[:3]).predict(), fitted.clone().fit(Y, fh=FH).update(NEW[:3]).predict()
        )

    def test_unknown_names_are_refused(self):
        with pytest.raises(ValueError, match=r"baselines has 'arima', which is not known.*'ridge'"):
            combined(baselines=["last", "arima"]).fit(Y, fh=FH)
