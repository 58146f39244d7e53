"""How the regressors learn: continued training, rates, optimizers, losses."""

import math

import numpy as np
import pytest
from _engine import keras_reads_variables
from _regressors import N_ROWS, N_STEPS, make
from numpy.testing import assert_allclose, assert_array_equal

from skrnn import LSTMRegressor, RecurrentRegressor, clear_compile_cache, compile_cache_info
from skrnn.compat._keras import keras
from skrnn.engines._optimizer import split_optimizer
from skrnn.models import _train

pytestmark = keras_reads_variables


class TestWarmStart:
    def test_training_goes_on_where_it_stopped(self, data):
        X, y = data
        whole = make(epochs=4, shuffle=False).fit(X, y)
        parts = make(epochs=2, shuffle=False, warm_start=True).fit(X, y)
        first = parts.history_["loss"]
        parts.fit(X, y)
        assert parts.n_iter_ == 4
        assert_array_equal(parts.history_["loss"][:2], first)
        assert_array_equal(parts.history_["loss"], whole.history_["loss"])
        assert_array_equal(parts.predict(X), whole.predict(X))
        assert len(str(parts.history_).splitlines()) == 5

    def test_without_it_training_starts_again(self, data):
        X, y = data
        regressor = make().fit(X, y)
        expected = regressor.predict(X)
        regressor.fit(X + 1.0, y).fit(X, y)
        assert regressor.n_iter_ == len(regressor.history_["loss"]) == 3
        assert_array_equal(regressor.predict(X), expected)

    def test_later_epochs_are_shuffled_anew(self, data):
        X, y = data
        parts = make(epochs=1, warm_start=True, learning_rate=0.05)
        for _ in range(2):
            parts.fit(X, y)
        repeated = make(epochs=2, learning_rate=0.05).fit(X, y)
        assert parts.history_["loss"][0] == repeated.history_["loss"][0]
        assert parts.history_["loss"][1] != repeated.history_["loss"][1]

    def test_the_scaling_is_kept(self, data):
        X, y = data
        regressor = make(warm_start=True).fit(X, y)
        expected = regressor.predict(X)
        regressor.set_params(learning_rate=1e-12).fit(X * 3.0 + 50.0, y * 7.0)
        assert_allclose(regressor.predict(X), expected, rtol=1e-6)

    def test_rates_may_change(self, data):
        regressor = make(warm_start=True, epochs=1).fit(*data)
        regressor.set_params(learning_rate=0.01, dropout=0.2).fit(*data)
        assert_allclose(regressor.history_["learning_rate"], [0.003, 0.01], rtol=1e-6)

    @pytest.mark.parametrize(
        "changed", [{"units": 5}, {"bidirectional": True}, {"dense_units": 2}], ids=str
    )
    def test_the_network_may_not_change(self, data, changed):
        X, y = data
        regressor = make(warm_start=True).fit(X, y)
        expected = regressor.predict(X)
        regressor.set_params(**changed)
        with pytest.raises(ValueError, match=r"warm_start=True.*Set warm_start=False"):
            regressor.fit(X, y)
        assert regressor.n_iter_ == 3
        assert_array_equal(regressor.predict(X), expected)

    @pytest.mark.parametrize("before", ["adam", "rmsprop"])
    def test_another_optimizer_starts_afresh(self, data, before):
        X, y = data
        # Without warm_start the state of the optimizer is not kept, so there is none to mistake
        # for that of the next one.
        forgetful = make(optimizer=before).fit(X, y)
        going_on = make(optimizer=before, warm_start=True).fit(X, y)
        for regressor in (forgetful, going_on):
            regressor.set_params(warm_start=True, optimizer="adagrad", learning_rate=0.1).fit(X, y)
        assert going_on.n_iter_ == 6
        assert_array_equal(going_on.predict(X), forgetful.predict(X))

    def test_a_validation_column_that_comes_late(self, data):
        X, y = data
        regressor = make(warm_start=True, epochs=2).fit(X, y)
        regressor.fit(X, y, X_val=X, y_val=y)
        losses = regressor.history_["val_loss"]
        assert np.isnan(losses[:2]).all()
        assert np.isfinite(losses[2:]).all()
        assert len(str(regressor.history_).splitlines()) == 5


class TestPartialFit:
    def test_each_call_is_one_epoch(self, data):
        X, y = data
        regressor = make(epochs=50, early_stopping=True)
        for epoch in (1, 2, 3):
            regressor.partial_fit(X, y)
            assert regressor.n_iter_ == len(regressor.history_["loss"]) == epoch
        assert "val_loss" not in regressor.history_
        assert regressor.epochs == 50
        assert regressor.early_stopping is True

    def test_calls_are_warm_starts_of_one_epoch(self, data):
        X, y = data
        called, warm = make(), make(epochs=1, warm_start=True)
        for _ in range(3):
            called.partial_fit(X, y)
            warm.fit(X, y)
        assert_array_equal(called.history_["loss"], warm.history_["loss"])
        assert_array_equal(called.predict(X), warm.predict(X))

    def test_the_scaling_of_the_first_call_stays(self, data):
        X, y = data
        regressor = make(learning_rate=1e-12).partial_fit(X, y)
        expected = regressor.predict(X)
        regressor.partial_fit(X * 2.0 + 30.0, y - 100.0)
        assert_allclose(regressor.predict(X), expected, rtol=1e-6)

    def test_it_goes_on_after_fit(self, data):
        X, y = data
        regressor = make().fit(X, y)
        first = regressor.history_["loss"]
        regressor.partial_fit(X[:20], y[:20], sample_weight=np.ones(20))
        assert regressor.n_iter_ == 4
        assert regressor.history_["loss"][:3] == first

    def test_fit_forgets_it(self, data):
        X, y = data
        regressor = make().partial_fit(X * 9.0, y).fit(X, y)
        assert_array_equal(regressor.predict(X), make().fit(X, y).predict(X))

    def test_named_schedules_are_not_applied(self, data):
        regressor = make(lr_schedule="cosine", learning_rate=0.01)
        for _ in range(2):
            regressor.partial_fit(*data)
        assert_allclose(regressor.history_["learning_rate"], 0.01, rtol=1e-6)


class TestLearningRate:
    """The column `learning_rate` holds the last rate of each epoch; an epoch has three steps."""

    def rates(self, data, **params):
        return make(**params).fit(*data).history_["learning_rate"]

    def test_default_of_adam_is_ours(self, data):
        assert_allclose(self.rates(data), 0.003, rtol=1e-6)

    def test_default_of_others_is_theirs(self, data):
        assert_allclose(self.rates(data, optimizer="sgd"), 0.01, rtol=1e-6)
        assert_allclose(self.rates(data, optimizer=keras.optimizers.Adam()), 0.001, rtol=1e-6)

    def test_cosine(self, data):
        rates = self.rates(data, lr_schedule="cosine", learning_rate=0.02, epochs=4)
        expected = [0.01 * (1.0 + math.cos(math.pi * step / 12)) for step in (2, 5, 8, 11)]
        assert_allclose(rates, expected, rtol=1e-5)

    def test_plateau(self, data):
        # With such a tolerance only the first epoch improves.
        rates = self.rates(data, lr_schedule="plateau", learning_rate=0.02, tol=100.0, epochs=13)
        assert_allclose(rates, [0.02] * 6 + [0.01] * 5 + [0.005] * 2, rtol=1e-6)

    @pytest.mark.parametrize("place", ["lr_schedule", "optimizer"])
    def test_keras_schedule(self, data, place):
        schedule = keras.optimizers.schedules.ExponentialDecay(0.02, 3, 0.5)
        value = keras.optimizers.Adam(schedule) if place == "optimizer" else schedule
        rates = self.rates(data, **{place: value})
        assert_allclose(rates, [0.02 * 0.5 ** (step / 3) for step in (2, 5, 8)], rtol=1e-5)

    def test_function_of_the_step(self, data):
        assert_allclose(
            self.rates(data, lr_schedule=lambda step: 0.1 / (step + 1)),
            0.1 / np.array([3, 6, 9]),
            rtol=1e-5,
        )

    def test_function_that_decides(self, data):
        rates = self.rates(data, lr_schedule=lambda step: 0.01 if step < 4 else 0.001)
        assert_allclose(rates, [0.01, 0.001, 0.001], rtol=1e-6)

    def test_a_warm_start_anneals_again(self, data):
        regressor = make(lr_schedule="cosine", warm_start=True)
        regressor.fit(*data).fit(*data)
        rates = regressor.history_["learning_rate"]
        assert_allclose(rates[3:], rates[:3], rtol=1e-6)

    def test_clipnorm_bounds_the_steps(self, data):
        X, y = data
        params = {"optimizer": "sgd", "learning_rate": 0.1, "target_scaler": None}
        start = make(**{**params, "learning_rate": 1e-12}).fit(X, y).predict(X)
        free = make(**params).fit(X, y).predict(X)
        clipped = make(clipnorm=1e-4, **params).fit(X, y).predict(X)
        assert np.abs(free - start).max() > 1.0
        assert 0.0 < np.abs(clipped - start).max() < 0.01


class TestOptimizerAndLoss:
    def test_an_object_is_the_name_with_settings(self, data):
        X, y = data
        named = make(optimizer="sgd", learning_rate=0.05).fit(X, y).predict(X)
        given = make(optimizer=keras.optimizers.SGD(0.05)).fit(X, y).predict(X)
        replaced = make(optimizer=keras.optimizers.SGD(0.9), learning_rate=0.05).fit(X, y)
        momentum = make(optimizer=keras.optimizers.SGD(0.05, momentum=0.9)).fit(X, y).predict(X)
        assert_array_equal(given, named)
        assert_array_equal(replaced.predict(X), named)
        assert np.abs(momentum - named).max() > 1e-4

    def test_an_object_is_neither_changed_nor_shared(self, data):
        X, y = data
        optimizer = keras.optimizers.Adam(0.01)
        before = optimizer.get_config()
        regressors = [make(optimizer=optimizer).fit(X, y) for _ in range(2)]
        assert not optimizer.built
        assert int(optimizer.iterations) == 0
        assert optimizer.get_config() == before
        assert all(regressor.optimizer is optimizer for regressor in regressors)
        assert_array_equal(*(regressor.predict(X) for regressor in regressors))

    def test_names(self, data):
        losses = (
            make(optimizer="rmsprop", learning_rate=0.01, epochs=10).fit(*data).history_["loss"]
        )
        assert losses[-1] < losses[0]

    def test_every_known_optimizer_is_one(self, data):
        with pytest.raises(ValueError, match="optimizer='nope'") as caught:
            make(optimizer="nope").fit(*data)
        names = str(caught.value).partition("[")[2].partition("]")[0]
        known = [name.strip("' ") for name in names.split(",")]
        assert {"adam", "sgd", "rmsprop"} <= set(known)
        for name in known:
            structure, _ = split_optimizer(name, None, None)
            assert type(structure.build()).__name__.lower() == name

    @pytest.mark.parametrize(
        "loss",
        [
            keras.losses.MeanAbsoluteError(),
            lambda truth, prediction: keras.ops.mean(keras.ops.abs(truth - prediction), axis=-1),
        ],
        ids=["object", "function"],
    )
    def test_a_loss_by_any_name(self, data, loss):
        X, y = data
        named = make(loss="mae").fit(X, y)
        regressor = make(loss=loss).fit(X, y)
        assert_allclose(regressor.history_["loss"], named.history_["loss"], rtol=1e-6)
        assert_allclose(regressor.predict(X), named.predict(X), rtol=1e-6)

    def test_settings_of_a_loss(self, data):
        X, y = data
        regressor = make(loss=keras.losses.Huber(0.1)).fit(X, y, X_val=X, y_val=y)
        error = np.abs(regressor.predict(X) - y) / y.std()
        rows = np.where(error <= 0.1, 0.5 * error**2, 0.1 * error - 0.5 * 0.1**2)
        assert regressor.history_["val_loss"][-1] == pytest.approx(rows.mean(), rel=1e-4)


class TestSizesOfBatches:
    """One that is larger than the data costs no memory, and small ones mean what they did."""

    @pytest.mark.parametrize(
        ("asked", "n_rows", "taken"),
        [
            *[(1, 1, 1), (32, 5, 32), (1000, 5, 1000), (1024, 5000, 1024), (2000, 1500, 2000)],
            *[(10**6, 5, 1024), (10**6, 1024, 1024), (10**6, 1025, 2048), (5000, 4000, 4096)],
        ],
    )
    def test_large_ones_are_cut_to_few_sizes(self, asked, n_rows, taken):
        assert _train._cut(asked, n_rows) == taken

    def test_a_million_is_all_rows(self, data):
        clear_compile_cache()
        huge, whole = (make(batch_size=size).fit(*data) for size in (10**6, N_ROWS))
        assert_allclose(huge.predict(data[0]), whole.predict(data[0]), rtol=1e-5)
        make(batch_size=10**6).fit(data[0][:30], data[1][:30])
        assert compile_cache_info().training_traces == 2


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        (LSTMRegressor, {"epochs": 70, "batch_size": 8, "units": 2, "lr_schedule": "cosine"}),
        (LSTMRegressor, {"batch_size": 200, "n_variables": 2, "dense_units": (3,)}),
        (LSTMRegressor, {"target_scaler": "window", "input_scaler": "window", "seasonal_lag": 2}),
        (RecurrentRegressor, {"cell": "simple", "units": 130, "n_variables": 2}),
    ],
)
def test_small_numbers_of_numpy_are_numbers(kind, params, data):
    """Of eight bits, in which 70 epochs of 6 steps are 164."""
    small = {
        name: np.uint8(value) if isinstance(value, int) else value for name, value in params.items()
    }
    X, y = data[0], data[0] @ np.full(N_STEPS, 1 / N_STEPS)
    results = [make(kind, **given).fit(X, y).predict(X) for given in (params, small)]
    assert_array_equal(*results)
