"""Cells and losses of classes train as in Keras, and the slopes of peephole cells are right."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from _architectures import (
    MASK,
    N_ROWS,
    SEQUENCES,
    STEPWISE,
    TWICE,
    UNSCALED,
    draw,
    network_of,
)
from _engine import (
    N_FEATURES,
    N_TIMESTEPS,
    fit,
    keras_reads_variables,
    make_data,
    make_spec,
    start,
)

from skrnn import (
    RecurrentRegressor,
    saliency,
)
from skrnn.compat._keras import keras
from skrnn.engines._dataset import Dataset
from skrnn.networks._build import set_weights
from skrnn.networks._cells import PeepholeLSTMCell
from skrnn.networks._class_losses import ClassLoss
from skrnn.networks._kinds import CELLS

pytestmark = keras_reads_variables


losses = keras.losses


# ---- Gradients of the peephole cell --------------------------------------------------------------


def differences(function: Any, value: np.ndarray, step: float) -> np.ndarray:
    """Return the gradient of a function of one array by central differences."""
    gradient = np.empty(value.shape)
    for place in np.ndindex(value.shape):
        ends = [value.copy(), value.copy()]
        ends[0][place] += step
        ends[1][place] -= step
        gradient[place] = (function(ends[0]) - function(ends[1])) / (2 * step)
    return gradient


PEEPHOLES = {"cell": "peephole", **TWICE, **STEPWISE}
FACTORS = draw(N_ROWS, N_TIMESTEPS, 2, seed=9)


@pytest.fixture(scope="module")
def gradients() -> tuple[list[Any], Any]:
    """Gradients of a sum of outputs towards weights and inputs."""
    network = network_of(**PEEPHOLES)

    def total(weights: Any, sequences: Any) -> Any:
        outputs, _ = network.model.stateless_call(weights, network.non_trainable, [sequences, MASK])
        return jnp.sum(outputs * FACTORS)

    result: tuple[list[Any], Any] = jax.jit(jax.grad(total, (0, 1)))(network.weights, SEQUENCES)
    return result


class TestPeepholeGradients:
    """Those of JAX in single precision, and differences of the formula in double."""

    @pytest.mark.parametrize("number", range(10))
    def test_of_weights(self, gradients: Any, number: int) -> None:
        """All weights of two layers, and those of the output."""
        network = network_of(**PEEPHOLES)
        weights = [np.asarray(value, np.float64) for value in network.weights]

        def total(value: np.ndarray) -> float:
            changed = [*weights[:number], value, *weights[number + 1 :]]
            return float(np.sum(network.in_numpy(SEQUENCES, MASK, changed) * FACTORS))

        assert len(weights) == 10
        expected = differences(total, weights[number], 1e-5)
        np.testing.assert_allclose(gradients[0][number], expected, rtol=1e-3, atol=1e-4)
        assert np.abs(expected).max() > 0.1

    def test_of_inputs(self, gradients: Any) -> None:
        network = network_of(**PEEPHOLES)

        def total(sequences: np.ndarray) -> float:
            return float(np.sum(network.in_numpy(sequences, MASK) * FACTORS))

        expected = differences(total, SEQUENCES.astype(np.float64), 1e-5)
        np.testing.assert_allclose(gradients[1], expected, rtol=1e-3, atol=1e-4)
        assert (np.asarray(gradients[1])[~MASK] == 0.0).all()
        assert (np.abs(expected[MASK]) > 1e-3).all()


# ---- Training against Keras ----------------------------------------------------------------------

# Stands at masked steps for Keras, which tells them by their value.
NO_STEP = 9.0
KERAS = {
    "simple": keras.layers.SimpleRNN,
    "gru": keras.layers.GRU,
    "lstm": keras.layers.LSTM,
    "peephole": lambda units, return_sequences, **kwargs: keras.layers.RNN(
        PeepholeLSTMCell(units, **kwargs), return_sequences=return_sequences
    ),
}


@cache
def keras_network(spec: Any, loss: Any, activation: str | None) -> keras.Model:
    """Return the network as a tutorial of Keras would build it, ready to train.

    Plain gradient descent has no state: one model serves several data sets.
    """
    zeros = dict.fromkeys(("kernel_initializer", "recurrent_initializer"), "zeros")
    (units,) = spec.units
    recurrent = KERAS[spec.cell](units, return_sequences=spec.return_sequences, **zeros)
    model = keras.Sequential(
        [
            keras.Input((spec.n_timesteps, spec.n_features)),
            keras.layers.Masking(NO_STEP),
            recurrent,
            keras.layers.Dense(spec.n_outputs, activation),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), loss=loss)
    return model


def for_keras(data: Dataset) -> tuple[Any, Any, Any]:
    sequences = np.where(data.inputs["mask"][:, :, None], data.inputs["sequence"], NO_STEP)
    return sequences, np.nan_to_num(data.targets), data.weight


def by_step(data: Dataset, n_outputs: int = 1) -> Dataset:
    """Give every step a target and the weight of its row; masked ones have no target."""
    mask, sums = data.inputs["mask"], np.cumsum(data.inputs["sequence"].sum(axis=2), axis=1)
    targets = sums[:, :, None] * np.linspace(1.0, -0.5, n_outputs)
    targets[~mask] = np.nan
    weight = np.repeat(data.weight[:, None], mask.shape[1], axis=1)
    return replace(data, targets=targets.astype(np.float32), weight=weight)


def assert_trains_as_keras(
    spec: Any,
    data: Dataset,
    loss: Any,
    keras_loss: Any,
    activation: str | None = None,
    validation: Dataset | None = None,
) -> None:
    """Rows in order, from the same weights: the losses of five epochs and the weights agree."""
    model, weights = keras_network(spec, keras_loss, activation), start(spec)
    set_weights(model, weights.trainable)
    sequences, targets, weight = for_keras(data)
    history = model.fit(
        sequences,
        targets,
        sample_weight=weight,
        validation_data=None if validation is None else for_keras(validation),
        batch_size=4,
        epochs=5,
        shuffle=False,
        verbose=0,
    ).history
    optimizer = keras.optimizers.SGD(0.1)
    result = fit(spec, data, weights=weights, loss=loss, optimizer=optimizer, validation=validation)
    for name, column in history.items():
        np.testing.assert_allclose(result.history[name], column, rtol=1e-4)
    assert history["loss"][4] != pytest.approx(history["loss"][0], rel=1e-3)
    for actual, desired in zip(result.weights.trainable, model.trainable_variables, strict=True):
        np.testing.assert_allclose(actual, np.asarray(desired.value), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("cell", list(CELLS))
def test_cells_train_as_in_keras_at_every_step(cell: str, masked: bool) -> None:
    data = by_step(make_data(8, masked=masked, weighted=True))
    assert_trains_as_keras(make_spec(cell, return_sequences=True), data, "mse", "mse")


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
def test_peephole_cells_train_as_in_keras_at_the_last_step(masked: bool) -> None:
    """`test_training` has the other cells."""
    data = make_data(8, masked=masked, weighted=True)
    assert_trains_as_keras(make_spec("peephole"), data, "mse", "mse")


def one_hot(data: Dataset, n_classes: int) -> Dataset:
    """Turn numbers into classes; of two, only the second has a column."""
    if n_classes == 2:
        targets = np.where(np.isnan(data.targets), np.nan, data.targets > 0)
    else:
        places = np.nan_to_num(data.targets).argmax(axis=-1)
        targets = np.where(np.isnan(data.targets), np.nan, np.eye(n_classes)[places])
    return replace(data, targets=targets.astype(np.float32))


ONES = make_data(8, masked=True, weighted=True)
THREES = one_hot(replace(ONES, targets=draw(8, 3)), 3)
FOCAL = losses.CategoricalFocalCrossentropy(gamma=1.0)
CLASSES: dict[str, dict[str, Any]] = {
    "two": {
        "spec": make_spec("gru"),
        "data": one_hot(ONES, 2),
        "loss": ClassLoss("crossentropy", "sigmoid"),
        "keras_loss": losses.BinaryCrossentropy(from_logits=True),
    },
    "three": {
        "spec": make_spec("simple", n_outputs=3),
        "data": THREES,
        "loss": ClassLoss("crossentropy", "softmax"),
        "keras_loss": losses.CategoricalCrossentropy(from_logits=True),
    },
    # Ten rows in batches of four leave a batch of two, and batches differ in their number of steps.
    "three at every step": {
        "spec": make_spec("simple", n_outputs=3, return_sequences=True),
        "data": one_hot(by_step(make_data(10, masked=True, weighted=True), 3), 3),
        "loss": ClassLoss("crossentropy", "softmax"),
        "keras_loss": losses.CategoricalCrossentropy(from_logits=True),
        "validation": one_hot(by_step(make_data(7, masked=True), 3), 3),
    },
    "a loss of probabilities": {
        "spec": make_spec("simple", n_outputs=3),
        "data": THREES,
        "loss": ClassLoss(FOCAL, "softmax"),
        "keras_loss": FOCAL,
        "activation": "softmax",
    },
}


@pytest.mark.parametrize("case", CLASSES.values(), ids=CLASSES)
def test_classes_train_as_in_keras(case: dict[str, Any]) -> None:
    """The engine takes logits, where Keras takes logits or the probabilities they stand for."""
    assert_trains_as_keras(**case)


# ---- In scikit-learn -----------------------------------------------------------------------------


def test_saliency_of_peephole_cells_is_the_slope_of_predictions() -> None:
    X = np.random.default_rng(0).normal(size=(3, N_TIMESTEPS, N_FEATURES))
    params = {"cell": "peephole", "learning_rate": 0.1, "target_scaler": None, **UNSCALED}
    regressor = RecurrentRegressor(3, **params).fit(X, X.sum(axis=(1, 2)))
    expected = differences(lambda rows: float(regressor.predict(rows).sum()), X, 0.01)
    np.testing.assert_allclose(saliency(regressor, X), expected, rtol=0.01, atol=2e-4)
    assert np.abs(expected).min(axis=(0, 1)).max() > 1e-3
