"""Dropout whose rate is a value of the program."""

from __future__ import annotations

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from _engine import make_spec
from _layers import draw, draw_like

from skrnn.networks._build import build_model
from skrnn.networks._initial import non_trainable_values
from skrnn.networks._layers import ValueDropout

# ---- Dropout whose rate is a value ---------------------------------------------------------------


@pytest.fixture
def dropout() -> ValueDropout:
    layer = ValueDropout()
    layer.build((None, 20))
    return layer


class TestValueDropout:
    """Inverted dropout (Srivastava et al., 2014)."""

    ONES = np.ones((100, 20), np.float32)

    def test_rate_zero_changes_nothing(self, dropout: ValueDropout) -> None:
        inputs = draw(100, 20)
        np.testing.assert_array_equal(dropout(inputs, training=True), inputs)

    @pytest.mark.parametrize("rate", [0.25, 0.5])
    def test_drops_a_share_and_scales_the_rest(self, dropout: ValueDropout, rate: float) -> None:
        dropout.rate.assign(rate)
        outputs = np.asarray(dropout(self.ONES, training=True))
        assert (outputs == 0.0).mean() == pytest.approx(rate, abs=0.04)
        np.testing.assert_allclose(outputs[outputs != 0.0], 1.0 / (1.0 - rate), rtol=1e-6)

    def test_draws_anew_at_every_call(self, dropout: ValueDropout) -> None:
        dropout.rate.assign(0.5)
        seed = np.asarray(dropout.seed_generator.state)
        first, second = (np.asarray(dropout(self.ONES, training=True)) for _ in range(2))
        assert 0.4 < (first == second).mean() < 0.6
        dropout.seed_generator.state.assign(seed)
        np.testing.assert_array_equal(dropout(self.ONES, training=True), first)

    def test_masks_have_no_pattern(self, dropout: ValueDropout) -> None:
        """Neither along units or rows, nor from one call to the next; limits are six sigma."""
        calls, shape = 800, (6, 8)
        dropout.rate.assign(0.5)
        fixed = [variable.value for variable in dropout.non_trainable_variables]

        def call(fixed: Any, _: None) -> Any:
            outputs, fixed = dropout.stateless_call([], fixed, jnp.ones(shape), training=True)
            return fixed, outputs

        _, outputs = jax.jit(lambda fixed: jax.lax.scan(call, fixed, length=calls))(fixed)
        masks = np.asarray(outputs).reshape(calls, -1) - 1.0
        limit = 6.0 / np.sqrt(calls)
        assert np.abs(masks.mean(axis=0)).max() < limit
        between_elements = masks.T @ masks / calls - np.eye(masks.shape[1])
        assert np.abs(between_elements).max() < limit
        for lag in (1, 2, 3, 4):
            between_calls = masks[lag:].T @ masks[:-lag] / calls
            assert np.abs(between_calls).max() < limit
        assert len(np.unique(masks, axis=0)) == calls

    def test_does_nothing_outside_training(self, dropout: ValueDropout) -> None:
        dropout.rate.assign(0.5)
        seed = np.asarray(dropout.seed_generator.state)
        np.testing.assert_array_equal(dropout(self.ONES), self.ONES)
        np.testing.assert_array_equal(dropout(self.ONES, training=False), self.ONES)
        np.testing.assert_array_equal(dropout.seed_generator.state, seed)


RECURRENT = {
    "lstm": make_spec("lstm", (2,), recurrent_dropout=0.5),
    "lstm cell": make_spec("lstm", (2,), recurrent_dropout=0.5, activation="relu"),
    "gru": make_spec("gru", (2,), recurrent_dropout=0.5),
    "simple": make_spec("simple", (2,), recurrent_dropout=0.5),
}


@cache
def compiled_recurrent(name: str, training: bool) -> tuple[Any, list[np.ndarray], list[Any]]:
    """Compile a network as function of its weights and fixed values."""
    spec = RECURRENT[name]
    model = build_model(spec.structure())
    sequences = draw(64, spec.n_timesteps, spec.n_features)
    mask = np.ones(sequences.shape[:2], bool)

    @jax.jit
    def function(trainable: Any, fixed: Any) -> Any:
        return model.stateless_call(trainable, fixed, [sequences, mask], training=training)

    weights = draw_like(model.trainable_variables)
    return function, weights, non_trainable_values(model, spec, np.random.default_rng(0))


@pytest.mark.parametrize("name", RECURRENT)
class TestRecurrentDropout:
    """On the state as it enters the gates, with one mask for all steps of a sequence."""

    def test_rate_zero_is_none(self, name: str) -> None:
        function, weights, fixed = compiled_recurrent(name, True)
        fixed = [value if value.shape else np.float32(0.0) for value in fixed]
        plain, _, _ = compiled_recurrent(name, False)
        np.testing.assert_allclose(function(weights, fixed)[0], plain(weights, fixed)[0], rtol=1e-5)

    def test_every_sequence_sees_one_mask(self, name: str) -> None:
        """Dropping state is zeroing rows of the recurrent kernel: each output is one of four."""
        function, weights, fixed = compiled_recurrent(name, True)
        plain, _, _ = compiled_recurrent(name, False)
        dropped = np.asarray(function(weights, fixed)[0])[:, 0]
        kept = [(a, b) for a in (0.0, 2.0) for b in (0.0, 2.0)]
        recurrent = [np.array(keep, np.float32)[:, None] * weights[1] for keep in kept]
        possible = np.stack(
            [np.asarray(plain([weights[0], r, *weights[2:]], fixed)[0])[:, 0] for r in recurrent]
        )
        distance = np.abs(possible - dropped)
        np.testing.assert_allclose(distance.min(axis=0), 0.0, atol=1e-5)
        assert np.bincount(distance.argmin(axis=0), minlength=4).min() > 5

    def test_next_call_draws_another(self, name: str) -> None:
        function, weights, fixed = compiled_recurrent(name, True)
        first, fixed = function(weights, fixed)
        second, _ = function(weights, fixed)
        assert not np.allclose(first, second)

    def test_is_off_outside_training(self, name: str) -> None:
        plain, weights, fixed = compiled_recurrent(name, False)
        without = [value if value.shape else np.float32(0.0) for value in fixed]
        np.testing.assert_array_equal(plain(weights, fixed)[0], plain(weights, without)[0])
