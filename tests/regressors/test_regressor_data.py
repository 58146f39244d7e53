"""What the regressors learn from: shapes, masked steps, weights, held-out rows."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _regressors import N_ROWS, N_STEPS, make
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import r2_score

from skrnn import BiLSTMRegressor, LSTMRegressor, RecurrentRegressor, to_sequences

pytestmark = keras_reads_variables


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
                {"n_variables": 2, "layout": "channels_first"},
                lambda X: np.swapaxes(X, 1, 2).reshape(N_ROWS, -1),
                12,
            ),
            ({"layout": "channels_first"}, lambda X: np.swapaxes(X, 1, 2), 2),
            (
                {"n_variables": 2, "layout": "newest_first"},
                lambda X: X[:, ::-1].reshape(N_ROWS, -1),
                12,
            ),
            ({"layout": "newest_first"}, lambda X: X[:, ::-1], 2),
        ],
        ids=[
            *("channels_last-2d", "channels_first-2d", "channels_first-3d", "newest_first-2d"),
            "newest_first-3d",
        ],
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
        regressor = make().fit(pd.DataFrame(X).add_prefix("step "), y)
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

    @pytest.mark.parametrize("size", [1e308, 1e-308, 5e-324 * 2**40], ids="{:.0e}".format)
    def test_no_size_is_too_large_or_too_small(self, data, size):
        X, y = data
        weight = np.tile([1.0, 0.5, 0.0], N_ROWS)[:N_ROWS]
        held_out = {"X_val": X, "y_val": y}
        one = make().fit(X, y, sample_weight=weight, sample_weight_val=weight, **held_out)
        weight = weight * size
        other = make().fit(X, y, sample_weight=weight, sample_weight_val=weight, **held_out)
        assert_allclose(other.predict(X), one.predict(X), rtol=1e-6)
        assert_allclose(other.history_["val_loss"], one.history_["val_loss"], rtol=1e-6)

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
    def test_weights_of_its_rows(self, data):
        X, y = data
        X_val, y_val, weight = X[:21] + 1.0, y[:21] - 5.0, np.linspace(0.0, 3.0, 21)
        regressor = make().fit(X, y, X_val=X_val, y_val=y_val, sample_weight_val=weight)
        errors = (regressor.predict(X_val) - y_val) ** 2 / y.var()
        expected = np.average(errors, weights=weight)
        assert regressor.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-5)
        assert_array_equal(regressor.predict(X), make().fit(X, y).predict(X))

    @pytest.mark.parametrize(
        ("kwargs", "words"),
        [
            ({}, "sample_weight_val was given without X_val"),
            ({"X_val": 0, "y_val": 0, "sample_weight_val": [1.0]}, "sample_weight"),
        ],
    )
    def test_weights_that_do_not_fit(self, data, kwargs, words):
        X, y = data
        given = {name: {"X_val": X, "y_val": y}.get(name, value) for name, value in kwargs.items()}
        with pytest.raises(ValueError, match=words):
            make().fit(X, y, **{"sample_weight_val": np.ones(len(y)), **given})

    @pytest.mark.parametrize("names", [("log", "exp"), ("sqrt", "square")])
    def test_targets_that_a_wrapper_did_not_transform(self, data, names):
        X, y = data
        func, inverse = (getattr(np, name) for name in names)
        wrapped = TransformedTargetRegressor(make(), func=func, inverse_func=inverse)
        with pytest.warns(UserWarning, match=r"y_val .* TransformedTargetRegressor"):
            wrapped.fit(X, y, X_val=X[:9], y_val=y[:9])
        wrapped.fit(X, y, X_val=X[:9], y_val=func(y[:9]))

    def test_targets_beyond_those_trained_on_are_no_reason_to_warn(self, data):
        X, y = data
        late = y.argsort()[-5:]
        make().fit(X, y, X_val=X[late], y_val=y[late] * 1.5)

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
        regressor = make().fit(X, y, X_val=X * 50.0, y_val=y * -0.5)
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


def test_sequences_of_unequal_length_in_a_list():
    """They are padded as `to_sequences` does it, in predictions too."""
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=(n, 2)) for n in (5, 3, 4, 6, 2, 6)]
    y = np.array([row[-1, 0] for row in rows])
    fitted = make().fit(rows, y)
    assert_array_equal(fitted.predict(rows), make().fit(to_sequences(rows), y).predict(rows))
    assert_allclose(fitted.predict(rows[1:3]), fitted.predict(rows)[1:3], rtol=1e-5)
