"""Losses and optimizers by name: in any spelling of Keras, the same to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from _engine import build_pooled, keras_reads_variables, make_spec, start
from _training import ROWS, assert_same_weights, fit_pooled, losses, optimizers

from skrnn import LSTMRegressor
from skrnn.compat._keras_names import loss_name, optimizer_kind
from skrnn.engines._optimizer import split_optimizer
from skrnn.networks._losses import row_loss

pytestmark = keras_reads_variables

SPELLINGS = {
    "mean_squared_error": ["mse", "MSE", "MeanSquaredError", "MEAN_SQUARED_ERROR"],
    "mean_absolute_error": ["mae", "MAE", "MeanAbsoluteError"],
    "mean_absolute_percentage_error": ["mape", "MAPE", "MeanAbsolutePercentageError"],
    "mean_squared_logarithmic_error": ["msle", "MSLE", "MeanSquaredLogarithmicError"],
    "binary_crossentropy": ["bce", "BCE", "BinaryCrossentropy"],
    "kl_divergence": ["kld", "KLD", "KLDivergence"],
    "huber": ["Huber", "HUBER"],
    "log_cosh": ["LogCosh"],
}
CLASSES = [
    *("BinaryFocalCrossentropy", "CategoricalCrossentropy", "CategoricalFocalCrossentropy"),
    *("CategoricalHinge", "CosineSimilarity", "Hinge", "Huber", "KLDivergence", "LogCosh"),
    *("MeanAbsoluteError", "MeanSquaredError", "Poisson", "SquaredHinge"),
]


@pytest.mark.parametrize(
    ("name", "spelt"), [(name, spelt) for name in SPELLINGS for spelt in SPELLINGS[name]]
)
def test_spellings_of_losses(name: str, spelt: str) -> None:
    assert loss_name(spelt) == loss_name(name) == name


@pytest.mark.parametrize("name", CLASSES)
def test_class_and_function_have_the_same_defaults(name: str) -> None:
    rng = np.random.default_rng(0)
    targets, predictions = rng.uniform(0.1, 0.9, (2, 6, 3)).astype("float32")
    of_class = row_loss(losses.get(name))(targets, predictions)
    np.testing.assert_array_equal(of_class, row_loss(loss_name(name))(targets, predictions))


@pytest.mark.parametrize("name", ["mse2", "Loss", "LossFunctionWrapper", "get", ""])
def test_what_is_no_loss(name: str) -> None:
    with pytest.raises(ValueError, match=r"loss='.*' is not known.*'huber'"):
        loss_name(name)


@pytest.mark.parametrize("name", ["Optimizer", "LossScaleOptimizer", "get", "adams"])
def test_what_is_no_optimizer(name: str) -> None:
    with pytest.raises(ValueError, match=r"optimizer='.*' is not known.*'adam'"):
        optimizer_kind(name)


@pytest.mark.parametrize(
    "names", [("adam", "Adam", "ADAM"), ("rmsprop", "RMSprop"), ("sgd", "SGD")]
)
def test_spellings_of_optimizers(names: tuple[str, ...]) -> None:
    first, *others = [split_optimizer(name, None, None) for name in names]
    assert all(other == first for other in others)
    weights = start(make_spec(), build=build_pooled)
    expected = fit_pooled(ROWS, optimizer=names[0], weights=weights)
    for name in names[1:]:
        actual = fit_pooled(ROWS, optimizer=name, weights=weights)
        assert_same_weights(actual.weights, expected.weights)


def test_the_rate_of_adam_is_that_of_its_name() -> None:
    rates = [split_optimizer(name, None, None)[1].learning_rate for name in ("adam", "Adam")]
    assert rates == [0.003, 0.003]
    assert split_optimizer(optimizers.Adam(), None, None)[1].learning_rate == pytest.approx(0.001)


@pytest.mark.parametrize(
    "params",
    [{"loss": "MeanAbsoluteError"}, {"loss": "MAE"}, {"loss": "mae", "optimizer": "Adam"}],
)
def test_an_estimator_compiles_and_learns_the_same(params: dict[str, Any]) -> None:
    X = np.random.default_rng(0).normal(size=(20, 4))
    y = X.sum(axis=1)
    small = {"units": 2, "epochs": 2, "random_state": 0}
    plain = LSTMRegressor(loss="mae", **small).fit(X, y)
    other = LSTMRegressor(**{**small, **params}).fit(X, y)
    np.testing.assert_array_equal(other.predict(X), plain.predict(X))


@pytest.mark.parametrize("name", ["mse", "MSE", "MeanSquaredError"])
def test_the_default_goes_with_quantiles_in_any_spelling(name: str) -> None:
    X = np.random.default_rng(0).normal(size=(20, 4))
    LSTMRegressor(2, loss=name, quantiles=(0.1, 0.9), epochs=1).fit(X, X[:, 0])
    with pytest.raises(ValueError, match="loss='MAE' cannot go with quantiles"):
        LSTMRegressor(2, loss="MAE", quantiles=(0.1, 0.9), epochs=1).fit(X, X[:, 0])
