"""The engine trains as Keras' Model.fit does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from _engine import (
    build_pooled,
    fit,
    fit_with_keras,
    keras_reads_variables,
    make_data,
    make_spec,
)
from _training import RAGGED, ROWS, assert_same_weights, fit_pooled, losses, optimizers, schedules

from skrnn.compat._keras import keras
from skrnn.engines._dataset import Dataset
from skrnn.engines._history import History
from skrnn.networks._spec import freeze_layer_params

pytestmark = keras_reads_variables


# ---- The engine against Model.fit ----------------------------------------------------------------


def squared_error_beyond_one(y_true: Any, y_pred: Any) -> Any:
    """A loss of a user: a function that leaves the mean over rows out."""
    excess = keras.ops.maximum(keras.ops.abs(y_true - y_pred) - 1.0, 0.0)
    return keras.ops.mean(keras.ops.square(excess), axis=-1)


REGULARISED = freeze_layer_params(
    {
        "kernel_regularizer": keras.regularizers.L2(0.1),
        "recurrent_regularizer": "l2",
        "kernel_constraint": keras.constraints.MaxNorm(0.5),
    }
)
MASKED = make_data(8, masked=True, weighted=True)
NETWORKS: dict[str, dict[str, Any]] = {
    "lstm": {
        "spec": make_spec("lstm", n_outputs=2),
        "data": make_data(8, n_outputs=2, masked=True, weighted=True),
        "optimizer": lambda: optimizers.Adam(0.02),
    },
    "BiLSTM": {
        "spec": make_spec("lstm", bidirectional=(True,), dense_units=(3,)),
        "data": MASKED,
        "loss": "mae",
        "optimizer": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    },
    "lstm relu": {
        "spec": make_spec("lstm", activation="relu", layer_params=REGULARISED),
        "data": make_data(8, masked=True),
        "optimizer": lambda: optimizers.SGD(0.05),
    },
    "gru": {
        "spec": make_spec("gru"),
        "data": MASKED,
        "loss": squared_error_beyond_one,
        "optimizer": lambda: optimizers.RMSprop(0.02),
    },
    "stacked": {
        "spec": make_spec("simple", (3, 2)),
        "data": MASKED,
        "loss": losses.Huber(delta=0.5),
        "optimizer": lambda: optimizers.AdamW(0.02, weight_decay=0.3),
    },
}


def assert_same_as_keras(
    spec: Any = None,
    data: Dataset = ROWS,
    loss: Any = "mse",
    optimizer: Callable[[], Any] = lambda: optimizers.SGD(0.1),
    **kwargs: Any,
) -> tuple[History, list[np.ndarray]]:
    """Train both ways from the same weights; the losses of five epochs and the weights agree."""
    spec = make_spec() if spec is None else spec
    history, weights = fit_with_keras(spec, data, loss=loss, optimizer=optimizer(), **kwargs)
    result = fit(spec, data, loss=loss, optimizer=optimizer(), **kwargs)
    for name, column in history.items():
        np.testing.assert_allclose(result.history[name], column, rtol=1e-4)
    assert history["loss"][4] != pytest.approx(history["loss"][0], rel=1e-3)
    for actual, desired in zip(result.weights.trainable, weights, strict=True):
        np.testing.assert_allclose(actual, desired, rtol=1e-3, atol=1e-5)
    return result.history, weights


@pytest.mark.parametrize("case", NETWORKS.values(), ids=NETWORKS)
def test_networks_train_as_in_keras(case: dict[str, Any]) -> None:
    assert_same_as_keras(**case)


LOSSES = {
    "sum": losses.Huber(reduction="sum"),
    "mean over weights": losses.MeanSquaredError(reduction="mean_with_sample_weight"),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_reductions_are_those_of_keras(loss: Any) -> None:
    assert_same_as_keras(make_spec(units=()), RAGGED, loss, build=build_pooled)


def test_batch_without_weight_counts_for_nothing() -> None:
    """As in Keras: its mean over weights is zero, not undefined."""
    weight = np.array([0, 0, 0, 0, 2, 2, 2, 2], np.float32)
    assert_same_as_keras(
        data=replace(ROWS, weight=weight),
        loss=losses.MeanSquaredError(reduction="mean_with_sample_weight"),
        build=build_pooled,
    )


@pytest.mark.parametrize("delta", [0.1, 5.0])
def test_settings_of_a_loss_are_compiled_in(delta: float) -> None:
    """Two losses of one class, one after the other."""
    assert_same_as_keras(make_spec(units=()), loss=losses.Huber(delta=delta), build=build_pooled)


def decay_but_for_kernels() -> Any:
    optimizer = optimizers.AdamW(0.05, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    return optimizer


OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "clipnorm": lambda: optimizers.Adam(0.05, clipnorm=0.1, epsilon=0.1),
    "global_clipnorm": lambda: optimizers.SGD(0.1, global_clipnorm=0.2),
    "clipvalue": lambda: optimizers.SGD(0.1, clipvalue=0.1),
    "moving average": lambda: optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5),
    "accumulation": lambda: optimizers.Adam(0.05, gradient_accumulation_steps=2),
    "schedule": lambda: optimizers.AdamW(
        schedules.ExponentialDecay(0.1, 2, 0.7), weight_decay=0.1, amsgrad=True
    ),
    "accumulation, clipped": lambda: optimizers.SGD(
        0.1, gradient_accumulation_steps=2, clipnorm=0.1
    ),
    "loss scale": lambda: optimizers.SGD(0.1, loss_scale_factor=8.0),
    "decay with exceptions": decay_but_for_kernels,
    "slots that start at the weights": lambda: optimizers.ScheduleFreeAdamW(0.05),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_optimizers_step_as_in_keras(optimizer: Callable[[], Any]) -> None:
    assert_same_as_keras(make_spec(units=()), optimizer=optimizer, build=build_pooled)


def test_validation_loss_is_that_of_keras() -> None:
    """Regularisation is part of it; batches count by their rows, the last one too."""
    validation = make_data(7, masked=True, weighted=True)
    history, _ = assert_same_as_keras(build=build_pooled, validation=validation)
    assert history["val_loss"][0] != pytest.approx(history["loss"][0], rel=1e-3)


def test_dropout_is_no_part_of_the_validation_loss() -> None:
    """At a learning rate of zero the weights stay; what training drops, validation does not."""
    run = {"validation": ROWS, "learning_rate": 0.0, "epochs": 2}
    with_it, without = (fit(make_spec(dropout=rate), ROWS, **run).history for rate in (0.5, 0.0))
    np.testing.assert_allclose(with_it["val_loss"], without["loss"], rtol=1e-6)
    assert with_it["loss"][0] != pytest.approx(without["loss"][0], rel=1e-3)
    assert with_it["loss"][0] != with_it["loss"][1]


def test_moving_average_leaves_no_trace_in_the_shared_model() -> None:
    """Finalising writes into the model that all fits share; the next fit must not notice."""
    averaged = optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    before = fit_pooled(optimizer="sgd")
    fit_pooled(optimizer=averaged)
    assert_same_weights(before.weights, fit_pooled(optimizer="sgd").weights)
