"""A window relative to itself: the one formula, for NumPy, compiled programs and Keras layers.

With level m and scale s of a window, its values x become (x - m) / s, and so do the targets that
follow it, or with a season of L steps (y - x') / s, where x' is the value L steps before the target
(and L steps more for longer horizons). It makes series of any size and trend learnable by one
network.

In all functions `values` are of shape (n_rows, window, n_columns), zero where there is none,
`observed` is True where there is one, and `xp` is `numpy`, `jax.numpy` or `keras.ops`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any

# A window's scale is at least this share of the typical one of its series, or of the training rows:
# a flat stretch is not blown up. With 0.02 the noise of a series at rest stays noise.
_SMALLEST_SHARE = 0.02
# And at least this share of the size of its values, which is what rounding leaves.
_ROUNDING = 1e-9


def smallest_scale(spread: Array, size: Array) -> np.ndarray:
    """Return the smallest scale that a window may have, given its typical spread and size.

    It is one where both are zero.
    """
    smallest = np.maximum(_SMALLEST_SHARE * spread, _ROUNDING * size)
    return np.where(smallest > 0, smallest, 1.0)


def level_of(values: Array, observed: Array, xp: Any = np) -> Array:
    """Return the mean of each window, (n_rows, 1, n_columns); zero where there is no value."""
    return _mean(values, observed, xp)


def scale_of(values: Array, observed: Array, level: Array, smallest: Array, xp: Any = np) -> Array:
    """Return the standard deviation of each window, (n_rows, 1, n_columns), or the smallest one.

    It is that around the mean: `level` must be the mean.
    """
    squares = xp.where(observed, (values - level) ** 2, 0.0)
    deviation = xp.sqrt(_mean(squares, observed, xp))
    return xp.maximum(deviation, smallest)


def reference_of(
    values: Array, observed: Array, level: Array, season: int, horizon: int, xp: Any = np
) -> Array:
    """Return what targets are compared with, (n_rows, horizon, n_columns).

    The value one season before the target, or the level where there is none or `season` is zero.
    """
    if not season:
        return xp.repeat(level, horizon, axis=1)
    back = values.shape[1] - season + np.arange(horizon) % season
    there = xp.take(observed, back, axis=1)
    return xp.where(there, xp.take(values, back, axis=1), level)


def _mean(values: Array, observed: Array, xp: Any) -> Array:
    total = xp.sum(values, axis=1, keepdims=True)
    return xp.divide(total, xp.maximum(xp.sum(observed, axis=1, keepdims=True), 1))
