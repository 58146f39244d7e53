"""A network and the lines beside it: weights, what they are learned from, and the forecast."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import FH, MONTHS, NEW, PAIR, Y, make, panel_of
from numpy.testing import assert_allclose, assert_array_equal
from sktime.base import load
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import ExpandingWindowSplitter

from skrnn.forecasting._lines import BASELINES, Baseline, Repetition, SeriesSet, Task, make_lines
from skrnn.forecasting._weights import (
    combination_weights,
    combine,
    held_back_origins,
    member_errors,
)

pytestmark = [
    keras_reads_variables,
    # sktime 1.2 announces another default to whoever makes a forecaster.
    pytest.mark.filterwarnings(
        "ignore:The default of config ``remember_data`` will change:FutureWarning"
    ),
    # Networks of two epochs are no good.
    pytest.mark.filterwarnings("ignore:On what was held back:UserWarning"),
]
NAN = np.nan


def combined(**params):
    return make(**{"baselines": "auto", **params})


@pytest.fixture(scope="module")
def fitted():
    return combined().fit(Y, fh=FH)


class TestWeights:
    def test_are_inverse_to_the_cube_of_the_error(self):
        errors = np.array([[[1.0]], [[2.0]]])
        assert_allclose(combination_weights(errors, 1e12)[:, 0], [8 / 9, 1 / 9])

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
        history = np.array([[1.0, 2.0, 4.0, 7.0, 8.0, 13.0]])
        found = {
            line.name: line.forecast(history, np.zeros(1, int), 3)[0].tolist()
            for line in make_lines(["last", "mean", "drift", "seasonal"], task)
        }
        assert found == {
            "last value": [13.0] * 3,
            "mean": [6.8] * 3,
            "drift": [15.75, 18.5, 21.25],
            "seasonal naive 2": [8.0, 13.0, 8.0],
        }

    @pytest.mark.parametrize("name", ["ridge", "log_ridge", "pooled_ridge", "pooled_log_ridge"])
    def test_regressions_learn_what_is_linear(self, name):
        steps = np.arange(80)
        waves = [10 + s + np.sin(steps * 2 * np.pi / 8 + s) for s in range(3)]
        waves = np.exp(waves) if "log" in name else np.stack(waves)
        series = SeriesSet(np.ravel(waves[:, :72]), np.arange(4) * 72, np.zeros(3, int))
        (line, *_) = make_lines([name], Task(series, 4, (8,), 72))
        history = series.last(line.reach, np.arange(3), np.full(3, 72))
        found = line.forecast(history, np.arange(3), 4)
        assert_allclose(found, waves[:, 72:76], rtol=2e-2)

    def test_logarithms_are_left_out_where_there_are_none(self):
        rng = np.random.default_rng(0)
        series = SeriesSet.of(rng.normal(size=(120, 1)), np.array([0, 60, 120]))
        assert make_lines(["log_ridge", "pooled_log_ridge"], Task(series, 3, (), 60)) == []

    def test_a_kind_is_one_record(self, monkeypatch):
        toy = Baseline("toy", lambda task: [Repetition("five steps", 5)])
        monkeypatch.setitem(BASELINES, "toy", toy)
        forecaster = combined(baselines=["toy"]).fit(Y, fh=FH)
        assert list(forecaster.weights_) == ["five steps", "network"]


class TestForecasts:
    def test_are_the_weighted_mean_of_the_members(self, fitted):
        series = SeriesSet.of(Y.to_numpy()[:, None], np.array([0, len(Y)]))
        held_back = fitted.validation_errors_.index[0]
        task = Task(series, 3, (), len(Y) - held_back)
        one = np.zeros(1, int)
        members = {
            line.name: line.forecast(series.last(line.reach, one, series.lengths), one, 3)[0]
            for line in make_lines(tuple(BASELINES), task)
        }
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

    def test_points_alone(self):
        forecaster = combined(quantiles=None).fit(Y, fh=FH)
        assert np.isfinite(forecaster.predict()).all()


class TestWarning:
    def test_a_network_behind_the_last_value(self):
        jumps = pd.Series(np.cumsum(np.random.default_rng(0).normal(size=48)), MONTHS)
        forecaster = combined(epochs=1, learning_rate=1.0)
        with pytest.warns(UserWarning, match=r"network alone is \d+\.\d+ times that of the last"):
            forecaster.fit(jumps, fh=FH)
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
        search = ForecastingGridSearchCV(make(), cv, grid).fit(Y, fh=FH)
        assert search.best_params_["baselines"] in grid["baselines"]

    def test_unknown_names_are_refused(self):
        with pytest.raises(ValueError, match=r"baselines has 'arima', which is not known.*'ridge'"):
            combined(baselines=["last", "arima"]).fit(Y, fh=FH)
