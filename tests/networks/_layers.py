"""Drawn values, masks and compiled layers."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from skrnn.compat._keras import keras

UNITS, FEATURES, STEPS, BATCH = 3, 2, 5, 4


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng((seed, *shape)).normal(size=shape).astype(np.float32)


def draw_like(variables: Any) -> list[np.ndarray]:
    return [draw(*variable.shape, seed=index) for index, variable in enumerate(variables)]


def call(model: keras.Model, weights: list[np.ndarray], inputs: Any) -> np.ndarray:
    fixed = [variable.value for variable in model.non_trainable_variables]
    predictions, _ = jax.jit(model.stateless_call)(weights, fixed, inputs)
    return np.asarray(predictions)
