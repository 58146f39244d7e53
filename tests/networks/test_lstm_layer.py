"""The LSTM of our own against that of Keras and against NumPy."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from _engine import make_spec
from _layers import BATCH, FEATURES, STEPS, UNITS, call, draw, draw_like

from skrnn.compat._keras import keras
from skrnn.networks import _lstm
from skrnn.networks._build import build_model
from skrnn.networks._layers import LSTM

MASKS = {
    "all": np.ones((BATCH, STEPS), bool),
    "left": np.arange(STEPS) >= np.array([[0], [1], [3], [4]]),
    "right": np.arange(STEPS) < np.array([[5], [4], [2], [1]]),
    "holes": np.array([[1, 0, 1, 0, 1], [0, 1, 1, 0, 1], [1, 1, 0, 0, 1], [0, 0, 0, 0, 0]], bool),
}


# ---- The LSTM against Keras ----------------------------------------------------------------------

# Every pair of settings of two options meets in one of these.
OPTIONS: dict[str, dict[str, Any]] = {
    "last": {},
    "last backwards": {"go_backwards": True, "zero_output_for_mask": True, "use_bias": False},
    "all": {"return_sequences": True, "zero_output_for_mask": True, "use_bias": False},
    "all backwards": {"return_sequences": True, "go_backwards": True},
}


@cache
def compiled_lstm(kind: type, options: str, way: str) -> tuple[Any, list[np.ndarray]]:
    """Compile outputs and gradients of a layer; `way` tells the branches of ours apart."""
    layer = kind(UNITS, **OPTIONS[options])
    layer.build((BATCH, STEPS, FEATURES))

    def loss(weights: Any, inputs: Any, mask: Any) -> Any:
        outputs, _ = layer.stateless_call(weights, layer.non_trainable_variables, inputs, mask=mask)
        return jnp.sum(outputs * draw(*outputs.shape, seed=9)), outputs

    function = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))
    return function, draw_like(layer.trainable_variables)


WAYS = {
    "all steps together": _lstm.AtOnce(factors=True, kernels=True),
    "factors step by step": _lstm.AtOnce(factors=False, kernels=True),
    "step by step": _lstm.AtOnce(factors=False, kernels=False),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Take each of the ways to the gradient of the kernels."""
    name: str = request.param
    monkeypatch.setattr(_lstm, "_at_once", lambda steps, kernel: WAYS[name])
    return name


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("options", OPTIONS)
def test_lstm_equals_that_of_keras(options: str, mask: str) -> None:
    ours, weights = compiled_lstm(LSTM, options, "")
    theirs, _ = compiled_lstm(keras.layers.LSTM, options, "")
    inputs = draw(BATCH, STEPS, FEATURES)
    assert_same_tree(ours(weights, inputs, MASKS[mask]), theirs(weights, inputs, MASKS[mask]))


def test_lstm_equals_that_of_keras_without_a_mask(way: str) -> None:
    ours, weights = compiled_lstm(LSTM, "all backwards", way)
    theirs, _ = compiled_lstm(keras.layers.LSTM, "all backwards", "")
    inputs = draw(BATCH, STEPS, FEATURES)
    assert_same_tree(ours(weights, inputs, None), theirs(weights, inputs, None))


def assert_same_tree(actual: Any, desired: Any) -> None:
    actual, desired = jax.tree.leaves(actual), jax.tree.leaves(desired)
    assert len(actual) == len(desired)
    for one, other in zip(actual, desired, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_lstm_takes_and_returns_states_as_that_of_keras() -> None:
    states = [draw(BATCH, UNITS, seed=1), draw(BATCH, UNITS, seed=2)]
    results = []
    for kind in (LSTM, keras.layers.LSTM):
        layer = kind(UNITS, return_state=True)
        layer.build((BATCH, STEPS, FEATURES))
        weights = draw_like(layer.trainable_variables)

        def loss(states: Any, layer: Any = layer, weights: Any = weights) -> Any:
            inputs = draw(BATCH, STEPS, FEATURES)
            returned, _ = layer.stateless_call(
                weights,
                layer.non_trainable_variables,
                inputs,
                initial_state=states,
                mask=MASKS["holes"],
            )
            total = sum(jnp.sum(part * (1.0 + n)) for n, part in enumerate(returned))
            return total, returned

        results.append(jax.jit(jax.value_and_grad(loss, has_aux=True))(states))
    assert_same_tree(*results)


def test_lstm_comes_back_from_its_configuration() -> None:
    layer = LSTM(UNITS, go_backwards=True, value_recurrent_dropout=True)
    copied = LSTM.from_config(layer.get_config())
    assert copied.value_recurrent_dropout
    assert copied.go_backwards
    assert copied.get_config() == layer.get_config()


# ---- The loop against its formula ----------------------------------------------------------------


def plain_lstm(inputs: Any, kernel: Any, bias: Any, state: Any, mask: Any, keep: Any) -> Any:
    """The formula in the head of `_lstm`, step by step, left to JAX to differentiate."""
    hidden, cell = state
    outputs = []
    for x, active in zip(inputs, mask, strict=True):
        z = jnp.concatenate([x, hidden * keep], axis=1) @ kernel + bias
        i, f, g, o = jnp.split(z, 4, axis=1)
        new_cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        cell, before = jnp.where(active, new_cell, cell), hidden
        hidden = jnp.where(active, jax.nn.sigmoid(o) * jnp.tanh(new_cell), before)
        outputs.append(hidden)
    return jnp.stack(outputs), cell


@cache
def loop_gradient(name: str, way: str) -> Any:
    """Return a loss of all outputs and its gradient towards every argument that has one."""
    mask = MASKS["holes"].T[:, :, None]
    keep = np.where(draw(BATCH, UNITS, seed=3) > 0, np.float32(2.0), np.float32(0.0))

    def loss(inputs: Any, kernel: Any, bias: Any, states: Any) -> Any:
        if name == "ours":
            kernels = kernel[:FEATURES], kernel[FEATURES:], bias
            dropped = _lstm.LinearMap(lambda x: x * keep, lambda gradient: gradient * keep)
            outputs, (_, cell) = _lstm.lstm_loop(inputs, mask, kernels, states, dropped)
        else:
            outputs, cell = plain_lstm(inputs, kernel, bias, states, mask, keep)
        weighted = jnp.sum(outputs * draw(*outputs.shape, seed=4))
        return weighted + jnp.sum(cell * draw(*cell.shape, seed=5))

    inputs, states = draw(STEPS, BATCH, FEATURES), (draw(BATCH, UNITS), draw(BATCH, UNITS, seed=1))
    kernel, bias = draw(FEATURES + UNITS, 4 * UNITS), draw(4 * UNITS)
    function = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2, 3)))
    return function(inputs, kernel, bias, states)


def test_loop_gradient_is_that_of_the_formula(way: str) -> None:
    """With recurrent dropout, masked steps and states to begin with."""
    assert_same_tree(loop_gradient("ours", way), loop_gradient("formula", ""))


# ---- The LSTM against NumPy ----------------------------------------------------------------------


def numpy_lstm(
    sequence: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """Return the last output of one sequence; gates in the order of Keras."""

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-z))

    hidden = cell = np.zeros(len(recurrent))
    for x in sequence:
        i, f, g, o = np.split(x @ kernel + hidden @ recurrent + bias, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
    return hidden


def run_numpy_lstm(sequences: np.ndarray, mask: np.ndarray, weights: Any) -> np.ndarray:
    """A masked step is one that is not there."""
    weights = [np.asarray(weight, np.float64) for weight in weights]
    rows = zip(sequences.astype(np.float64), mask, strict=True)
    return np.stack([numpy_lstm(row[active], *weights) for row, active in rows])


@pytest.mark.parametrize("mask", MASKS)
def test_lstm_equals_numpy(mask: str) -> None:
    function, weights = compiled_lstm(LSTM, "last", False)
    inputs = draw(BATCH, STEPS, FEATURES)
    (_, outputs), _ = function(weights, inputs, MASKS[mask])
    expected = run_numpy_lstm(inputs, MASKS[mask], weights)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


MERGES = {
    "concat": lambda left, right: np.concatenate([left, right], axis=1),
    "sum": np.add,
    "mul": np.multiply,
    "ave": lambda left, right: (left + right) / 2,
}


@pytest.mark.parametrize("merge_mode", MERGES)
def test_bidirectional_is_two_passes_combined(merge_mode: str) -> None:
    """One reads from the first step on, the other from the last; masked steps are left out."""
    spec = make_spec(
        "lstm",
        (UNITS,),
        n_timesteps=STEPS,
        n_features=FEATURES,
        bidirectional=(True,),
        merge_mode=merge_mode,
    ).structure()
    model = build_model(spec)
    weights = draw_like(model.trainable_variables)
    inputs, mask = draw(BATCH, STEPS, FEATURES), MASKS["holes"]
    actual = call(model, weights, [inputs, mask])
    forward = run_numpy_lstm(inputs, mask, weights[:3])
    backward = run_numpy_lstm(inputs[:, ::-1], mask[:, ::-1], weights[3:6])
    expected = MERGES[merge_mode](forward, backward) @ weights[6] + weights[7]
    np.testing.assert_allclose(actual, expected, atol=1e-5)


@pytest.mark.parametrize(
    ("steps", "units", "expected"),
    [
        ((12, 8), 64, "all steps together"),
        ((96, 64), 128, "step by step"),
        ((24, 64), 512, "step by step"),
        ((24, 64), 1024, "factors step by step"),
    ],
    ids=["small", "many gates", "wide, but in the cache", "kernels beyond the cache"],
)
def test_what_stays_in_the_cache_is_done_step_by_step(
    steps: tuple[int, int], units: int, expected: str
) -> None:
    assert _lstm._at_once((*steps, units), (units, 4 * units)) == WAYS[expected]
