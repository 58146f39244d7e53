"""Weights and the state of the optimizer, as arrays of Keras and as vectors."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from _engine import keras_reads_variables, make_spec
from _training import optimizers

from skrnn.compat._keras import keras
from skrnn.engines._optimizer import split_optimizer
from skrnn.engines._plan import TrainingPlan
from skrnn.engines.jax._network import Network, get_network
from skrnn.engines.jax._updates import Updates, VectorUpdates, updates_for

pytestmark = keras_reads_variables

AS_VECTOR = [
    optimizers.Adam(amsgrad=True),
    optimizers.AdamW(weight_decay=0.1),
    optimizers.Adamax(),
    optimizers.Nadam(),
    optimizers.SGD(momentum=0.9, nesterov=True),
    optimizers.SGD(),
    optimizers.RMSprop(momentum=0.5, centered=True),
    optimizers.Adagrad(),
    optimizers.Adadelta(),
    optimizers.Ftrl(),
    optimizers.Lion(),
]
AS_ARRAYS = [
    optimizers.Adafactor(),
    optimizers.Lamb(),
    optimizers.Adam(use_ema=True),
    optimizers.Adam(gradient_accumulation_steps=2),
]


def name_of(optimizer: Any) -> str:
    return type(optimizer).__name__


def plan_for(optimizer: Any) -> TrainingPlan:
    return TrainingPlan(4, "mse", split_optimizer(optimizer, None, None)[0])


def draw(shapes: list[Any], seed: int) -> list[np.ndarray]:
    """Draw positive numbers, as a state may need them; whole ones stay what they are."""
    rng = np.random.default_rng(seed)
    return [
        np.asarray(rng.uniform(0.1, 1.0, like.shape), like.dtype)
        if like.dtype.kind == "f"
        else np.asarray(3, like.dtype)
        for like in shapes
    ]


@pytest.mark.parametrize("optimizer", AS_VECTOR, ids=name_of)
class TestVector:
    """The same numbers in another arrangement."""

    def test_state_comes_back_as_keras_has_it(self, optimizer: Any) -> None:
        network, plan = get_network(make_spec("lstm").structure()), plan_for(optimizer)
        vector, arrays = updates_for(network, plan), Updates(network, plan)
        assert isinstance(vector, VectorUpdates)
        trainable, slots = draw(arrays.weights, 0), draw(arrays.slots, 1)
        packed = vector.pack(trainable, slots)
        assert [len(part) for part in packed] == [1, len(vector.slots)]
        for given, back in zip(slots, vector.unpack_slots(packed[1]), strict=True):
            np.testing.assert_array_equal(back, given)
        for given, back in zip(trainable, vector.unpack_weights(packed[0]), strict=True):
            np.testing.assert_array_equal(back, given)

    def test_a_step_is_that_of_keras(self, optimizer: Any) -> None:
        network, plan = get_network(make_spec("lstm").structure()), plan_for(optimizer)
        vector, arrays = updates_for(network, plan), Updates(network, plan)
        trainable, gradients = draw(arrays.weights, 0), draw(arrays.weights, 2)
        slots = arrays.complete(None, trainable)
        rates = np.float32(0.05), np.float32(0.1)
        expected = jax.jit(arrays.apply)(gradients, trainable, slots, *rates)
        weights, state = jax.jit(vector.apply)(gradients, *vector.pack(trainable, slots), *rates)
        got = vector.unpack_weights(weights), vector.unpack_slots(state)
        for actual, desired in zip(jax.tree.leaves(got), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(actual, desired, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("optimizer", AS_ARRAYS, ids=name_of)
def test_what_looks_at_whole_weights_gets_them(optimizer: Any) -> None:
    network = get_network(make_spec("lstm").structure())
    assert type(updates_for(network, plan_for(optimizer))) is Updates


def test_weights_that_do_not_decay_are_arrays() -> None:
    optimizer = optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    network = get_network(make_spec("lstm").structure())
    assert type(updates_for(network, plan_for(optimizer))) is Updates


def test_weights_with_a_constraint_are_arrays() -> None:
    network = Network(make_spec("lstm").structure())
    assert type(updates_for(network, plan_for(optimizers.Adam()))) is VectorUpdates
    network.model.trainable_variables[0].constraint = keras.constraints.NonNeg()
    assert type(updates_for(network, plan_for(optimizers.Adam()))) is Updates


def test_what_is_never_looked_at_is_there_once() -> None:
    network = Network(make_spec("lstm").structure())
    updates = updates_for(network, plan_for(optimizers.Adam()))
    weights = network.model.trainable_variables
    moments = [state for state in updates.optimizer.variables if state.shape]
    assert len(moments) == 2 * len(weights)
    for weight, first, second in zip(weights, moments[::2], moments[1::2], strict=True):
        assert weight.value is first.value is second.value
    assert all(slot.base is not None and not any(slot.strides) for slot in updates._initial)
