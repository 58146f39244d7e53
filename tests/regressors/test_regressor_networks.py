"""Parameters of the network, and the fitted network as a model of Keras."""

import numpy as np
import pytest
from _engine import keras_reads_variables
from _regressors import make
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from skrnn import BiLSTMRegressor, LSTMRegressor, RecurrentRegressor
from skrnn.compat._keras import keras

pytestmark = keras_reads_variables


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
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            regressor.model_  # noqa: B018
