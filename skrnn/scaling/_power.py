"""The power transform of Yeo and Johnson as a formula that single precision can compute."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compat._sklearn import moments_of_power
from ._relative import Array

# The gain of a half that data never reach may be zero in single precision; zero of it stays zero.
_SMALLEST = 1e-30


class Half:
    """The transform of what is not negative, g ((x + 1)^l / (c + 1)^l - 1) / l, zero at x = c.

    Written around the centre c of the data it loses no digits where powers are large, or nearly
    one. Its limit for l = 0 is g log((x + 1) / (c + 1)).

    Parameters
    ----------
    exponent, centre, gain : float array of shape (n_columns,)
    """

    def __init__(self, exponent: np.ndarray, centre: np.ndarray, gain: np.ndarray) -> None:
        self.exponent, self.centre, self.gain = exponent, centre, gain

    def transform(self, values: Array, xp: Any) -> Array:
        """Return transformed values."""
        logs = xp.log1p((values - self.centre) / (1.0 + self.centre))
        power = xp.expm1(self.exponent * logs) / self._divisor(xp)
        return self.gain * xp.where(self.exponent == 0.0, logs, power)

    def inverse_transform(self, values: Array, xp: Any) -> Array:
        """Undo `transform`; infinity or NaN where the formula ends."""
        relative = values / xp.maximum(self.gain, _SMALLEST)
        logs = xp.log1p(self.exponent * relative) / self._divisor(xp)
        logs = xp.where(self.exponent == 0.0, relative, logs)
        return self.centre + (1.0 + self.centre) * xp.expm1(logs)

    def _divisor(self, xp: Any) -> Array:
        return xp.where(self.exponent == 0.0, 1.0, self.exponent)


class YeoJohnson:
    """A fitted power transform of scikit-learn, in arrays alone (I.-K. Yeo and R. Johnson, 2000).

    With exponent l it takes x >= 0 to ((x + 1)^l - 1) / l, and x < 0 to the negative of the same of
    -x with exponent 2 - l; then come the mean zero and the deviation one. What is transformed is
    the difference of the two halves, of which one is at its end.

    Parameters
    ----------
    transformer : PowerTransformer
        Fitted, with the method "yeo-johnson".
    limits : tuple of two arrays or None
        Smallest and largest values that the inverse returns.
    """

    def __init__(self, transformer: Any, limits: tuple[np.ndarray, np.ndarray] | None) -> None:
        mean, scale = moments_of_power(transformer)
        exponent = transformer.lambdas_
        centre = transformer.inverse_transform(np.zeros((1, len(exponent))))[0]
        self.right, self.left = (
            Half(power, middle, (1.0 + middle) ** power / scale)
            for power, middle in (
                (exponent, np.maximum(centre, 0.0)),
                (2.0 - exponent, np.maximum(-centre, 0.0)),
            )
        )
        self.above, self.below = np.maximum(mean, 0.0) / scale, np.maximum(-mean, 0.0) / scale
        self.low: Any = None if limits is None else limits[0]
        self.high: Any = None if limits is None else limits[1]

    def transform(self, values: Array, sequences: Any = None, xp: Any = np) -> Array:
        """Return transformed values; NaN stays NaN."""
        right = self.right.transform(xp.maximum(values, 0.0), xp)
        return right - self.left.transform(xp.maximum(-values, 0.0), xp)

    def inverse_transform(self, values: Array, sequences: Any = None, xp: Any = np) -> Array:
        """Return values in their own units, within the limits also where the formula ends."""
        right = self.right.inverse_transform(xp.maximum(values - self.below, -self.above), xp)
        left = self.left.inverse_transform(xp.maximum(-values - self.above, -self.below), xp)
        result = right - left
        if self.low is None:
            return result
        beyond = xp.logical_and(xp.isnan(result), xp.logical_not(xp.isnan(values)))
        end = xp.where(values > 0, self.high, self.low)
        return xp.clip(xp.where(beyond, end, result), self.low, self.high)
