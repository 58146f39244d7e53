"""What the regressors promise: shapes, masks, weights, validation, continued training, parameters.

All nets are tiny and trained for a few epochs, since what is specified here is behaviour and not
accuracy. Most tests share one structure (six steps of one feature, four units, batches of 16),
which is compiled once.
"""

import math

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import BiLSTMRegressor, LSTMRegressor, RecurrentRegressor
from skrnn._keras import keras
from skrnn.training._optimizer import split_optimizer

# NumPy 2 deprecates what Keras' own variables do in `np.array(variable)`. Keras calls that wherever
# it reads one: in configurations, when it saves, in callbacks. Nothing else is let through.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\.src"
)

N_ROWS, N_STEPS = 48, 6
SMALL = {"units": 4, "epochs": 3, "batch_size": 16, "random_state": 0}


def make(regressor=LSTMRegressor, **params):
    return regressor(**{**SMALL, **params})


@pytest.fixture(scope="module")
def data():
    """Windows of six steps in 2-D, and a target that depends on them."""
    rng = np.random.default_rng(0)
    X = rng.normal(5.0, 2.0, size=(N_ROWS, N_STEPS))
    y = 10.0 + X @ np.linspace(0.0, 3.0, N_STEPS) + rng.normal(size=N_ROWS)
    X.flags.writeable = y.flags.writeable = False
    return X, y


@pytest.fixture(scope="module")
def two_features(data):
    """Windows of two features, (sample, step, feature)."""
    rng = np.random.default_rng(1)
    return np.stack([data[0], rng.normal(-3.0, 1.0, size=(N_ROWS, N_STEPS))], axis=2)


class TestShapes:
    def test_columns_are_the_steps_of_one_feature(self, data):
        X, y = data
        flat, deep = make().fit(X, y), make().fit(X[:, :, None], y)
        assert_array_equal(flat.predict(X), deep.predict(X[:, :, None]))
        assert flat.n_features_in_ == N_STEPS
        assert deep.n_features_in_ == 1

    @pytest.mark.parametrize(
        ("params", "arrange", "n_features"),
        [
            ({"n_variables": 2}, lambda X: X.reshape(N_ROWS, -1), 12),
            (
                {"n_variables": 2, "layout": "variable_major"},
                lambda X: np.swapaxes(X, 1, 2).reshape(N_ROWS, -1),
                12,
            ),
            ({"layout": "variable_major"}, lambda X: np.swapaxes(X, 1, 2), 2),
        ],
        ids=["time_major-2d", "variable_major-2d", "variable_major-3d"],
    )
    def test_layouts_arrange_the_same_windows(
        self, data, two_features, params, arrange, n_features
    ):
        y = data[1]
        expected = make().fit(two_features, y)
        assert expected.n_features_in_ == 2
        arranged = arrange(two_features)
        regressor = make(**params).fit(arranged, y)
        assert_array_equal(regressor.predict(arranged), expected.predict(two_features))
        assert regressor.n_features_in_ == n_features

    def test_order_of_steps_and_features_matters(self, data, two_features):
        y = data[1]
        regressor = make().fit(two_features, y)
        predictions = regressor.predict(two_features)
        assert np.abs(regressor.predict(two_features[:, ::-1]) - predictions).max() > 1e-3
        assert np.abs(regressor.predict(two_features[:, :, ::-1]) - predictions).max() > 1e-3

    def test_frames_give_names(self, data):
        X, y = data
        frame = pd.DataFrame(X, columns=[f"lag {6 - i}" for i in range(N_STEPS)])
        regressor = make().fit(frame, pd.Series(y))
        assert_array_equal(regressor.feature_names_in_, frame.columns)
        assert_array_equal(regressor.predict(frame), make().fit(X, y).predict(X))
        with pytest.raises(ValueError, match="feature names should match"):
            regressor.predict(frame[frame.columns[::-1]])

    def test_three_dimensions_drop_names(self, data):
        X, y = data
        regressor = make().fit(pd.DataFrame(X).add_prefix("lag "), y)
        assert regressor.n_features_in_ == N_STEPS
        regressor.fit(X[:, :, None], y)
        assert not hasattr(regressor, "feature_names_in_")
        assert regressor.n_features_in_ == 1

    @pytest.mark.parametrize("n_outputs", [None, 1, 3])
    def test_predictions_have_the_dimensions_of_y(self, data, n_outputs):
        X, y = data
        if n_outputs is not None:
            y = np.stack([y * (1 + k) for k in range(n_outputs)], axis=1)
        regressor = make().fit(X, y)
        predictions = regressor.predict(X)
        assert predictions.shape == y.shape
        assert predictions.dtype == np.float64
        assert regressor.score(X, y) == pytest.approx(r2_score(y, predictions))

    def test_one_column_is_learned_as_a_vector_is(self, data):
        X, y = data
        column = make().fit(X, y[:, None]).predict(X)
        assert_array_equal(column[:, 0], make().fit(X, y).predict(X))

    @pytest.mark.parametrize("convert", [np.float32, np.int64, list], ids=lambda c: c.__name__)
    def test_numbers_of_other_kinds(self, data, convert):
        X, y = (np.round(values) for values in data)
        expected = make().fit(X, y).predict(X)
        X, y = (convert(v) if convert is list else v.astype(convert) for v in (X, y))
        predictions = make().fit(X, y).predict(X)
        assert predictions.dtype == np.float64
        assert_allclose(predictions, expected, rtol=1e-4)

    def test_a_row_is_predicted_the_same_in_any_company(self, data, two_features):
        regressor = make().fit(two_features, data[1])
        many = np.tile(two_features, (3, 1, 1))
        predictions = regressor.predict(many)
        order = np.random.default_rng(0).permutation(len(many))
        assert_array_equal(regressor.predict(many[order]), predictions[order])
        alone = [regressor.predict(many[[row]])[0] for row in (0, 7, 8, 63, 64, 143)]
        assert_array_equal(alone, predictions[[0, 7, 8, 63, 64, 143]])

    def test_inputs_are_left_alone(self, data):
        # The shared arrays cannot be written to; these can.
        X, y, weight = data[0].copy(), data[1].copy(), np.ones(N_ROWS)
        X[0, :2] = np.nan
        before = X.copy(), y.copy(), weight.copy()
        make().fit(X, y, sample_weight=weight, X_val=X, y_val=y).predict(X)
        for array, copy in zip((X, y, weight), before, strict=True):
            assert_array_equal(array, copy)


class TestMasks:
    @pytest.mark.parametrize(
        ("regressor", "params"),
        [
            (LSTMRegressor, {}),
            (BiLSTMRegressor, {}),
            (RecurrentRegressor, {"cell": "gru"}),
        ],
        ids=["lstm", "bilstm", "gru"],
    )
    def test_padding_on_the_left_changes_nothing(self, data, regressor, params):
        X, y = data
        padded = np.hstack([np.full((N_ROWS, 2), np.nan), X])
        expected = make(regressor, **params).fit(X, y)
        fitted = make(regressor, **params).fit(padded, y)
        assert fitted.n_parameters_ == expected.n_parameters_
        assert_allclose(fitted.history_["loss"], expected.history_["loss"], rtol=1e-4)
        assert_allclose(fitted.predict(padded), expected.predict(X), rtol=1e-4)

    @pytest.mark.parametrize("positions", [(0, 1), (3, 3), (6, 6), (0, 6)], ids=str)
    def test_a_masked_step_may_stand_anywhere(self, data, positions):
        X, y = data
        padded = np.insert(X, positions, np.nan, axis=1)
        assert padded.shape == (N_ROWS, 8)
        expected = make().fit(X, y).predict(X)
        assert_allclose(make().fit(padded, y).predict(padded), expected, rtol=1e-4)

    def test_rows_may_differ_in_length(self, data):
        X, y = data
        ragged = X.copy()
        for row in range(N_ROWS):
            ragged[row, : row % N_STEPS] = np.nan
        regressor = make().fit(ragged, y)
        longest = regressor.predict(ragged[::N_STEPS])
        assert_array_equal(longest, regressor.predict(X[::N_STEPS]))

    def test_masking_a_step_changes_the_prediction(self, data, two_features):
        regressor = make().fit(two_features, data[1])
        masked = two_features.copy()
        masked[:, -2:] = np.nan
        difference = np.abs(regressor.predict(masked) - regressor.predict(two_features))
        assert difference.min() > 1e-6

    def test_values_under_the_mask_never_matter(self, data):
        X, y = data
        X = X[:, :, None].copy()
        X[::2, :2] = np.nan
        regressor = make(input_scaler=None, target_scaler=None).fit(X, y)
        mask = ~np.isnan(X[:, :, 0])
        for filler in (0.0, 100.0):
            filled = np.nan_to_num(X, nan=filler).astype(np.float32)
            predictions = np.asarray(regressor.model_([filled, mask]))
            assert_allclose(predictions[:, 0], regressor.predict(X), rtol=1e-4)


class TestWeights:
    def test_a_common_factor_changes_nothing(self, data):
        X, y = data
        weight = np.linspace(0.5, 2.0, N_ROWS)
        one = make().fit(X, y, sample_weight=weight)
        other = make().fit(X, y, sample_weight=70.0 * weight)
        assert_allclose(other.predict(X), one.predict(X), rtol=1e-6)
        assert_allclose(other.history_["loss"], one.history_["loss"], rtol=1e-6)

    @pytest.mark.parametrize("weight", [3.0, np.full(N_ROWS, 0.2)], ids=["number", "array"])
    def test_equal_weights_are_no_weights(self, data, weight):
        X, y = data
        expected = make().fit(X, y).predict(X)
        assert_allclose(make().fit(X, y, sample_weight=weight).predict(X), expected, rtol=1e-6)

    def test_rows_of_weight_zero_teach_nothing(self, data):
        X, y = data
        weight = np.ones(N_ROWS)
        weight[::4] = 0.0
        X_other, y_other = X.copy(), y.copy()
        X_other[::4], y_other[::4] = -1e4, 1e6
        expected = make().fit(X, y, sample_weight=weight)
        regressor = make().fit(X_other, y_other, sample_weight=weight)
        assert_allclose(regressor.predict(X), expected.predict(X), rtol=1e-6)

    def test_loss_is_the_weighted_sum_over_the_number_of_rows(self, data):
        X, y = data
        weight = np.linspace(0.0, 2.0, N_ROWS)
        # A rate this small leaves the weights where they start, so that the loss of the epoch is
        # that of the predictions.
        regressor = make(learning_rate=1e-12, epochs=1, target_scaler=None)
        regressor.fit(X, y, sample_weight=weight)
        rows = (regressor.predict(X) - y) ** 2 * weight / weight.mean()
        assert regressor.history_["loss"][0] == pytest.approx(rows.sum() / N_ROWS, rel=1e-5)

    def test_a_heavy_row_is_learned_first(self, data):
        X, y = data
        y = y.copy()
        y[7] += 60.0
        weight = np.ones(N_ROWS)
        weight[7] = 500.0
        heavy = make(learning_rate=0.05, epochs=30)
        errors = [
            abs(heavy.fit(X, y, sample_weight=w).predict(X)[7] - y[7]) for w in (None, weight)
        ]
        assert errors[1] < 0.5 * errors[0]


class TestValidation:
    def test_val_loss_is_the_loss_of_the_predictions_in_scaled_units(self, data):
        X, y = data
        X_val, y_val = X[:21] + 1.0, y[:21] - 5.0
        regressor = make().fit(X, y, X_val=X_val, y_val=y_val)
        expected = np.mean((regressor.predict(X_val) - y_val) ** 2) / y.var()
        assert len(regressor.history_["val_loss"]) == regressor.n_iter_ == 3
        assert regressor.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-5)

    def test_validation_rows_teach_nothing(self, data):
        X, y = data
        expected = make().fit(X, y)
        regressor = make().fit(X, y, X_val=X * 50.0, y_val=y * -9.0)
        assert_array_equal(regressor.predict(X), expected.predict(X))
        assert_array_equal(regressor.history_["loss"], expected.history_["loss"])
        assert "val_loss" not in expected.history_

    def test_early_stopping_holds_out_the_last_rows(self, data):
        X, y = data
        stops = {"early_stopping": True, "epochs": 5}
        tail = make(validation_fraction=0.25, **stops).fit(X, y)
        named = make(**stops).fit(X[:36], y[:36], X_val=X[36:], y_val=y[36:])
        for column in ("loss", "val_loss"):
            assert_array_equal(tail.history_[column], named.history_[column])
        assert_array_equal(tail.predict(X), named.predict(X))

    def test_the_best_weights_are_kept(self, data):
        X, y = data
        regressor = make(
            early_stopping=True,
            validation_fraction=0.25,
            n_iter_no_change=4,
            tol=0.0,
            learning_rate=0.1,
            epochs=200,
        ).fit(X, y)
        losses = regressor.history_["val_loss"]
        best = int(np.argmin(losses))
        assert regressor.n_iter_ == best + 1 + 4 < 200
        kept = np.mean((regressor.predict(X[36:]) - y[36:]) ** 2) / y[:36].var()
        assert kept == pytest.approx(losses[best], rel=1e-5)
        assert kept < losses[-1]

    def test_improvements_within_tol_do_not_count(self, data):
        regressor = make(early_stopping=True, tol=10.0, n_iter_no_change=2, epochs=20).fit(*data)
        assert regressor.n_iter_ == 3

    def test_without_early_stopping_validation_is_only_watched(self, data):
        X, y = data
        params = {"tol": 10.0, "n_iter_no_change": 1, "epochs": 4}
        assert make(**params).fit(X, y, X_val=X, y_val=y).n_iter_ == 4

    def test_masks_weights_and_frames_in_the_validation_tail(self, data):
        X, y = (values.copy() for values in data)
        X[40:, :3] = np.nan
        regressor = make(early_stopping=True, validation_fraction=0.25)
        weight = np.ones(N_ROWS)
        weight[44:] = 0.0
        regressor.fit(pd.DataFrame(X), pd.Series(y), sample_weight=weight)
        rows = (regressor.predict(pd.DataFrame(X))[36:44] - y[36:44]) ** 2 / y[:36].var()
        # Of the twelve rows four weigh nothing, and the other eight 1.5 on average.
        assert min(regressor.history_["val_loss"]) == pytest.approx(rows.mean(), rel=1e-5)


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

    def test_plateau_of_a_falling_loss_changes_nothing(self, data):
        assert_allclose(self.rates(data, lr_schedule="plateau", epochs=8), 0.003, rtol=1e-6)

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


def lstm_parameters(units, n_features):
    return 4 * units * (n_features + units + 1)


class TestNetworks:
    @pytest.mark.parametrize(
        ("regressor", "params", "n_parameters"),
        [
            (LSTMRegressor, {}, lstm_parameters(4, 1) + 5),
            (RecurrentRegressor, {}, lstm_parameters(4, 1) + 5),
            (RecurrentRegressor, {"cell": "gru"}, 3 * 4 * (1 + 4 + 2) + 5),
            (RecurrentRegressor, {"cell": "simple"}, 4 * (1 + 4 + 1) + 5),
            (LSTMRegressor, {"layer_params": {"use_bias": False}}, 4 * 4 * (1 + 4) + 5),
            (
                LSTMRegressor,
                {"dense_units": (5, 3), "dense_activation": "tanh"},
                lstm_parameters(4, 1) + 25 + 18 + 4,
            ),
            (BiLSTMRegressor, {}, 2 * lstm_parameters(4, 1) + 9),
            (BiLSTMRegressor, {"merge_mode": "sum"}, 2 * lstm_parameters(4, 1) + 5),
            (
                BiLSTMRegressor,
                {"units": (8, 4), "bidirectional": (True, False)},
                2 * lstm_parameters(8, 1) + lstm_parameters(4, 16) + 5,
            ),
        ],
        ids=lambda value: str(value) if isinstance(value, dict) else None,
    )
    def test_sizes(self, data, regressor, params, n_parameters):
        X, y = data
        fitted = make(regressor, **params).fit(X, y)
        assert fitted.n_parameters_ == n_parameters
        assert fitted.model_.count_params() == n_parameters
        predictions = fitted.predict(X)
        assert np.isfinite(predictions).all()
        assert predictions.std() > 0

    def test_classes_share_their_networks(self, data):
        X, y = data
        expected = make(BiLSTMRegressor).fit(X, y).predict(X)
        for same in (make(bidirectional=True), make(RecurrentRegressor, bidirectional=(True,))):
            assert_array_equal(same.fit(X, y).predict(X), expected)
        assert_array_equal(
            make(BiLSTMRegressor, bidirectional=False).fit(X, y).predict(X),
            make().fit(X, y).predict(X),
        )

    @pytest.mark.parametrize("cell", ["gru", "simple"])
    def test_cells_differ(self, data, cell):
        X, y = data
        lstm, other = make(RecurrentRegressor), make(RecurrentRegressor, cell=cell)
        assert np.abs(lstm.fit(X, y).predict(X) - other.fit(X, y).predict(X)).max() > 1e-3

    def test_merge_modes_differ(self, data):
        X, y = data
        predictions = [
            make(BiLSTMRegressor, merge_mode=mode).fit(X, y).predict(X)
            for mode in ("concat", "sum", "mul")
        ]
        for i, one in enumerate(predictions):
            assert all(np.abs(one - other).max() > 1e-4 for other in predictions[:i])

    @pytest.mark.parametrize("name", ["dropout", "recurrent_dropout"])
    def test_dropout_is_for_training_only(self, data, name):
        X, y = data
        regressor = make(**{name: 0.5}).fit(X, y, X_val=X, y_val=y)
        assert np.abs(regressor.predict(X) - make().fit(X, y).predict(X)).max() > 1e-3
        assert_array_equal(regressor.predict(X), regressor.predict(X))
        expected = np.mean((regressor.predict(X) - y) ** 2) / y.var()
        assert regressor.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-5)

    def test_layer_params_reach_the_layer(self, data):
        X, y = data
        params = {
            "recurrent_activation": "hard_sigmoid",
            "kernel_initializer": keras.initializers.Constant(0.25),
            "recurrent_initializer": "zeros",
            "bias_initializer": "ones",
            "unit_forget_bias": False,
        }
        regressor = make(layer_params=params, learning_rate=1e-12).fit(X, y)
        kernel, recurrent, bias = regressor.model_.get_weights()[:3]
        assert_allclose(kernel, 0.25, atol=1e-6)
        assert_allclose(recurrent, 0.0, atol=1e-6)
        assert_allclose(bias, 1.0, atol=1e-6)
        layer = next(layer for layer in regressor.model_.layers if layer.name.startswith("recurr"))
        assert layer.recurrent_activation is keras.activations.hard_sigmoid

    def test_the_forget_bias_starts_at_one(self, data):
        bias = make(learning_rate=1e-12).fit(*data).model_.get_weights()[2]
        assert_allclose(bias, [0] * 4 + [1] * 4 + [0] * 8, atol=1e-6)

    def test_regularisers_are_part_of_the_loss(self, data):
        X, y = data
        params = {"kernel_regularizer": keras.regularizers.L2(0.5)}
        plain = make(learning_rate=1e-12).fit(X, y)
        regularised = make(learning_rate=1e-12, layer_params=params).fit(X, y)
        penalty = 0.5 * np.sum(plain.model_.get_weights()[0] ** 2)
        difference = regularised.history_["loss"][0] - plain.history_["loss"][0]
        assert difference == pytest.approx(penalty, rel=1e-4)


class TestKerasModel:
    @pytest.mark.parametrize(
        ("regressor", "params", "masked"),
        [
            (LSTMRegressor, {}, False),
            (LSTMRegressor, {"recurrent_dropout": 0.5}, True),
            (BiLSTMRegressor, {"dropout": 0.3}, True),
            (RecurrentRegressor, {"cell": "gru"}, True),
            (RecurrentRegressor, {"cell": "simple"}, False),
        ],
        ids=["lstm", "lstm-masked", "bilstm-masked", "gru-masked", "simple"],
    )
    def test_it_predicts_the_same(self, data, regressor, params, masked):
        X, y = data
        X = X.copy()
        if masked:
            X[::3, :2] = np.nan
        fitted = make(regressor, **params).fit(X, y)
        model = fitted.model_
        assert isinstance(model, keras.Model)
        assert len(model.inputs) == (2 if masked else 1)
        predictions = model.predict(self.inputs(X, masked), verbose=0)[:, 0] * y.std() + y.mean()
        assert_allclose(predictions, fitted.predict(X), rtol=1e-4)

    def test_it_is_saved_and_read_by_keras_alone(self, data, tmp_path):
        X, y = data
        fitted = make(recurrent_dropout=0.5, dropout=0.3).fit(X, y)
        model = fitted.model_
        assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
        model.save(tmp_path / "x.keras")
        reloaded = keras.models.load_model(tmp_path / "x.keras")
        predictions = reloaded.predict(self.inputs(X), verbose=0)
        assert_array_equal(predictions, model.predict(self.inputs(X), verbose=0))

    def inputs(self, X, masked=False):
        """Return what the model takes: scaled sequences, and their masks."""
        scaled = np.nan_to_num((X - np.nanmean(X)) / np.nanstd(X))[:, :, None].astype(np.float32)
        return [scaled, ~np.isnan(X)] if masked else scaled

    def test_it_is_a_copy(self, data):
        X, y = data
        regressor = make().fit(X, y)
        expected = regressor.predict(X)
        model = regressor.model_
        model.set_weights([0.0 * array for array in model.get_weights()])
        assert_array_equal(regressor.predict(X), expected)
        assert np.abs(regressor.model_.get_weights()[0]).max() > 0

    def test_it_can_be_summarised(self, data):
        lines = []
        make().fit(*data).model_.summary(print_fn=lines.append)
        assert "recurrent_1" in "\n".join(lines)

    def test_there_is_none_before_fit(self):
        regressor = make()
        assert not hasattr(regressor, "model_")
        with pytest.raises(NotFittedError):
            regressor.model_  # noqa: B018


class TestProgress:
    def test_history_is_a_table(self, data):
        X, y = data
        history = make(epochs=4).fit(X, y, X_val=X, y_val=y).history_
        assert list(history) == ["loss", "val_loss", "learning_rate", "seconds"]
        assert all(len(column) == 4 for column in history.values())
        assert all(seconds > 0 for seconds in history["seconds"])
        header, *rows = str(history).splitlines()
        assert header.split() == ["epoch", *history]
        assert [row.split()[0] for row in rows] == ["1", "2", "3", "4"]
        assert float(rows[-1].split()[1]) == pytest.approx(history["loss"][-1], rel=1e-3)
        assert "4 epochs" in repr(history)
        assert pd.DataFrame(dict(history)).shape == (4, 4)

    def test_the_loss_falls(self, data):
        losses = make(epochs=30, learning_rate=0.01).fit(*data).history_["loss"]
        assert losses[-1] < 0.5 * losses[0]

    def test_verbose_shows_epoch_and_losses(self, data, capsys):
        X, y = data
        make(verbose=1).fit(X, y, X_val=X, y_val=y)
        printed = capsys.readouterr()
        assert printed.out == ""
        last = printed.err.replace("\r", "\n").strip().splitlines()[-1]
        assert last.startswith("LSTMRegressor")
        for part in ("3/3", "loss=", "val_loss="):
            assert part in last

    def test_otherwise_nothing_is_shown(self, data, capfd):
        X, y = data
        make().fit(X, y).predict(X)
        assert capfd.readouterr() == ("", "")


class Memory(keras.callbacks.Callback):
    """Write down in a list that copies share what the callback is told."""

    def __init__(self, notes):
        super().__init__()
        self.notes = notes

    def __deepcopy__(self, memo):
        return type(self)(self.notes)

    def on_train_begin(self, logs=None):
        self.notes.append("train begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.notes.append(f"begin {epoch}")

    def on_epoch_end(self, epoch, logs=None):
        self.notes.append(f"end {epoch} {sorted(logs)}")

    def on_train_end(self, logs=None):
        self.notes.append("train end")


class TestKerasCallbacks:
    def test_the_order_of_events(self, data):
        X, y = data
        notes = []
        make(epochs=2, callbacks=[Memory(notes)]).fit(X, y, X_val=X, y_val=y)
        logs = "['learning_rate', 'loss', 'seconds', 'val_loss']"
        assert notes == [
            "train begin",
            "begin 0",
            f"end 0 {logs}",
            "begin 1",
            f"end 1 {logs}",
            "train end",
        ]

    def test_one_alone_need_not_stand_in_a_list(self, data):
        seen = []
        callback = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: seen.append(epoch)
        )
        make(callbacks=callback).fit(*data)
        assert seen == [0, 1, 2]

    def test_watching_changes_nothing(self, data):
        X, y = data
        watched = make(callbacks=[keras.callbacks.Callback()]).fit(X, y)
        assert_array_equal(watched.predict(X), make().fit(X, y).predict(X))

    def test_logs_are_the_history(self, data):
        X, y = data
        losses = []
        callback = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: losses.append(logs.pop("loss"))
        )
        regressor = make(callbacks=[callback]).fit(X, y)
        assert losses == regressor.history_["loss"]

    def test_the_model_has_the_weights_of_the_epoch(self, data):
        X, y = data
        snapshots = []

        class Snapshot(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                snapshots.append(self.model.get_weights())

        regressor = make(callbacks=[Snapshot()]).fit(X, y)
        two_epochs = make(epochs=2).fit(X, y)
        for snapshot, fitted in zip(snapshots[1:], (two_epochs, regressor), strict=True):
            for array, kept in zip(snapshot, fitted.model_.get_weights(), strict=True):
                assert_array_equal(array, kept)

    def test_early_stopping(self, data):
        X, y = data
        callback = keras.callbacks.EarlyStopping(
            "val_loss", patience=3, restore_best_weights=True, min_delta=0.0
        )
        regressor = make(epochs=200, learning_rate=0.1, callbacks=[callback])
        regressor.fit(X[:36], y[:36], X_val=X[36:], y_val=y[36:])
        losses = regressor.history_["val_loss"]
        assert regressor.n_iter_ == int(np.argmin(losses)) + 1 + 3 < 200
        kept = np.mean((regressor.predict(X[36:]) - y[36:]) ** 2) / y[:36].var()
        assert kept == pytest.approx(min(losses), rel=1e-5)

    def test_learning_rate_scheduler(self, data):
        callback = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.01 / (epoch + 1))
        rates = make(callbacks=[callback]).fit(*data).history_["learning_rate"]
        assert_allclose(rates, [0.01, 0.005, 0.01 / 3], rtol=1e-6)

    def test_reduce_on_plateau(self, data):
        callback = keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=2, min_delta=100.0)
        regressor = make(epochs=6, learning_rate=0.01, callbacks=[callback]).fit(*data)
        rates = regressor.history_["learning_rate"]
        assert_allclose(rates, [0.01] * 3 + [0.005] * 2 + [0.0025], rtol=1e-6)

    def test_a_checkpoint_can_be_read(self, data, tmp_path):
        X, y = data
        path = tmp_path / "{epoch}.keras"
        callback = keras.callbacks.ModelCheckpoint(path)
        regressor = make(callbacks=[callback]).fit(X, y)
        reloaded = keras.models.load_model(tmp_path / "3.keras")
        for array, kept in zip(reloaded.get_weights(), regressor.model_.get_weights(), strict=True):
            assert_array_equal(array, kept)

    def test_the_users_object_is_left_alone(self, data):
        callback = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=10.0)
        before = dict(vars(callback))
        callbacks = [callback]
        regressor = make(callbacks=callbacks).fit(*data)
        assert regressor.n_iter_ == 2
        assert regressor.callbacks is callbacks
        assert callbacks == [callback]
        assert vars(callback) == before


class TestScikitLearnCallbacks:
    @pytest.fixture(autouse=True)
    def _new_enough(self):
        pytest.importorskip("sklearn.callback")

    def record(self, stop_after=None):
        class Record:
            """Note each task, and predict with the estimator as it would be if it stopped."""

            def __init__(self):
                self.begun, self.ended, self.outside = [], [], []

            def setup(self, estimator, context):
                self.outside.append("setup")

            def on_fit_task_begin(self, estimator, context):
                self.begun.append((context.task_name, context.task_id))

            def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
                self.ended.append(
                    (context.task_name, fitted_estimator.predict(X), fitted_estimator.n_iter_)
                )
                return context.task_name == "epoch" and context.task_id == stop_after

            def teardown(self, estimator, context):
                self.outside.append("teardown")

        return Record()

    def test_each_epoch_is_a_task(self, data):
        X, y = data
        record = self.record()
        regressor = make().set_callbacks(record).fit(X, y)
        assert record.begun == [("fit", 0), ("epoch", 0), ("epoch", 1), ("epoch", 2)]
        assert [name for name, *_ in record.ended] == ["epoch", "epoch", "epoch", "fit"]
        assert record.outside == ["setup", "teardown"]
        assert [n_iter for *_, n_iter in record.ended] == [1, 2, 3, 3]
        for epochs, (_, predictions, _) in zip((1, 2, 3, 3), record.ended, strict=True):
            assert_array_equal(predictions, make(epochs=epochs).fit(X, y).predict(X))
        assert_array_equal(regressor.predict(X), make().fit(X, y).predict(X))

    def test_one_of_them_may_stop(self, data):
        X, y = data
        regressor = make(epochs=50).set_callbacks(self.record(stop_after=1)).fit(X, y)
        assert regressor.n_iter_ == 2
        assert_array_equal(regressor.predict(X), make(epochs=2).fit(X, y).predict(X))

    def test_teardown_follows_an_error(self, data):
        record = self.record()
        record.on_fit_task_begin = lambda estimator, context: 1 / 0
        regressor = make().set_callbacks(record)
        before = dict(vars(regressor))
        with pytest.raises(ZeroDivisionError):
            regressor.fit(*data)
        assert record.outside == ["setup", "teardown"]
        assert vars(regressor) == before

    def test_progress_bar(self, data, capsys):
        pytest.importorskip("rich")
        from sklearn.callback import ProgressBar

        regressor = make().set_callbacks(ProgressBar()).fit(*data)
        printed = capsys.readouterr().out
        assert "LSTMRegressor" in printed
        assert "100%" in printed
        assert regressor.n_iter_ == 3


class TestInScikitLearn:
    def test_parameters(self):
        regressor = BiLSTMRegressor(8, dropout=0.2)
        assert regressor.get_params()["units"] == 8
        assert regressor.get_params()["bidirectional"] is True
        assert repr(regressor) == "BiLSTMRegressor(dropout=0.2, units=8)"
        assert regressor.set_params(units=(4, 2)) is regressor
        assert regressor.units == (4, 2)
        with pytest.raises(ValueError, match="unit"):
            regressor.set_params(unit=3)

    @pytest.mark.parametrize("regressor", [LSTMRegressor, BiLSTMRegressor, RecurrentRegressor])
    def test_only_units_may_stand_without_its_name(self, regressor):
        assert regressor(8).units == 8
        with pytest.raises(TypeError, match="positional"):
            regressor(8, False)

    def test_clone(self, data):
        X, y = data
        regressor = make(
            optimizer=keras.optimizers.Adam(0.01),
            loss=keras.losses.MeanAbsoluteError(),
            callbacks=[keras.callbacks.EarlyStopping("loss", patience=1, min_delta=10.0)],
            layer_params={},
        ).fit(X, y)
        copy = clone(regressor)
        assert not hasattr(copy, "history_")
        assert_array_equal(copy.fit(X, y).predict(X), regressor.predict(X))
        assert copy.n_iter_ == regressor.n_iter_ == 2

    def test_fit_returns_self_and_writes_no_parameter(self, data):
        regressor = make(callbacks=[], layer_params={"use_bias": False}, random_state=None)
        before = regressor.get_params()
        assert regressor.fit(*data) is regressor
        after = regressor.get_params()
        assert all(after[name] is value for name, value in before.items())

    def test_predict_writes_nothing(self, data):
        X, y = data
        regressor = make().fit(X, y)
        before = dict(vars(regressor))
        regressor.predict(X)
        regressor.score(X, y)
        assert regressor.model_.name
        assert vars(regressor) == before

    def test_a_random_state_is_drawn_from(self, data):
        X, y = data
        state = np.random.RandomState(3)
        first = make(random_state=state).fit(X, y).predict(X)
        second = make(random_state=state).fit(X, y).predict(X)
        assert np.abs(first - second).max() > 1e-3
        again = make(random_state=np.random.RandomState(3)).fit(X, y).predict(X)
        assert_array_equal(again, first)

    def test_grid_search(self, data):
        X, y = data
        grid = {"units": [3, 4], "dropout": [0.0, 0.3]}
        search = GridSearchCV(make(), grid, cv=TimeSeriesSplit(2), error_score="raise").fit(X, y)
        scores = search.cv_results_["mean_test_score"]
        assert len(set(scores)) == 4
        best = make(**search.best_params_).fit(X, y)
        assert_array_equal(search.predict(X), best.predict(X))

    def test_pipeline(self, data):
        X, y = data
        pipeline = make_pipeline(StandardScaler(), make()).fit(X, y)
        direct = make().fit(StandardScaler().fit_transform(X), y)
        assert_array_equal(pipeline.predict(X), direct.predict(StandardScaler().fit_transform(X)))

    def test_transformed_target(self, data):
        X, y = data
        regressor = TransformedTargetRegressor(make(), func=np.log, inverse_func=np.exp)
        direct = make().fit(X, np.log(y))
        assert_allclose(regressor.fit(X, y).predict(X), np.exp(direct.predict(X)), rtol=1e-6)

    def test_weights_are_routed(self, data):
        X, y = data
        weight = np.linspace(0.1, 3.0, N_ROWS)
        expected = make().fit(X, y, sample_weight=weight).predict(X)
        with sklearn.config_context(enable_metadata_routing=True):
            regressor = make().set_fit_request(sample_weight=True)
            search = GridSearchCV(
                regressor.set_score_request(sample_weight=False),
                {"learning_rate": [0.003]},
                cv=TimeSeriesSplit(2),
            )
            search.fit(X, y, sample_weight=weight)
        assert_array_equal(search.predict(X), expected)

    def test_validation_rows_pass_through_a_pipeline(self, data):
        X, y = data
        scaler = StandardScaler().fit(X[:36])
        direct = make().fit(
            scaler.transform(X[:36]), y[:36], X_val=scaler.transform(X[36:]), y_val=y[36:]
        )
        with sklearn.config_context(enable_metadata_routing=True):
            regressor = make().set_fit_request(X_val=True, y_val=True)
            pipeline = Pipeline(
                [("scale", StandardScaler()), ("net", regressor)], transform_input=["X_val"]
            )
            pipeline.fit(X[:36], y[:36], X_val=X[36:], y_val=y[36:])
        assert pipeline["net"].history_["val_loss"] == direct.history_["val_loss"]
