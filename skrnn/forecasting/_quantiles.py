"""From the quantiles that a network has learned to those that are asked for."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import norm

from ._weights import mean_of_known

# The distance to an outermost quantile, at least, as a share of that between both of them.
_SMALLEST_SIDE = 0.1


def interpolate_quantiles(levels: Any, values: np.ndarray, asked: Any) -> np.ndarray:
    """Return quantiles at other levels.

    Between two learned levels, and beyond the outermost, quantiles are taken to lie as those of a
    normal distribution do: linear in its quantile function. Beyond the outermost that is a guess,
    which a warning names.

    Parameters
    ----------
    levels : sequence of float
        Increasing; at least two.
    values : array of shape (..., n_levels)
    asked : sequence of float

    Returns
    -------
    quantiles : array of shape (..., n_asked)
    """
    outside = np.maximum(levels[0] - np.array(asked), np.array(asked) - levels[-1])
    beyond = [f"{level:.3g}" for level, off in zip(asked, outside, strict=True) if off > 1e-9]
    if beyond:
        warnings.warn(
            f"Quantiles at {', '.join(beyond)} lie beyond those that were learned, {levels[0]} to "
            f"{levels[-1]}: they are extrapolated as for a normal distribution, and are not "
            "calibrated. Fit with these levels in `quantiles`.",
            stacklevel=2,
        )
    known, wanted = norm.ppf(levels), norm.ppf(asked)
    right = np.clip(np.searchsorted(known, wanted), 1, len(known) - 1)
    share = (wanted - known[right - 1]) / (known[right] - known[right - 1])
    quantiles: np.ndarray = values[..., right - 1] * (1 - share) + values[..., right] * share
    return quantiles


def calibration_shifts(levels: Any, truth: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return what to add to each quantile so that it covers its share.

    Split conformal prediction for quantiles (Romano, Patterson and Candes, 2019), each level by
    itself, in units of the distance between the outermost quantiles.

    Parameters
    ----------
    levels : sequence of float
    truth : array of any shape
        NaN where not known.
    values : array of the shape of `truth`, with an axis of levels behind

    Returns
    -------
    shifts : array of shape (n_levels,)
    """
    off = (truth[..., None] - values) / _spread(values)
    off = off[~np.isnan(truth)]
    return np.array([np.quantile(off[:, n], level) for n, level in enumerate(levels)])


def shift_quantiles(values: np.ndarray, shifts: np.ndarray) -> np.ndarray:
    """Return quantiles moved by the shifts of `calibration_shifts`, in increasing order."""
    moved: np.ndarray = np.sort(values + shifts * _spread(values), axis=-1)
    return moved


def calibration_factors(
    levels: Sequence[float],
    truth: np.ndarray,
    values: np.ndarray,
    center: np.ndarray,
    n_horizons: float,
) -> np.ndarray:
    """Return how far from a forecast each quantile is, in units of what a network says.

    Split conformal prediction (Lei et al., 2018). The unit is the distance from the median to the
    outermost quantile, above or below. Errors on both sides count together, since what is held back
    of one series is little; the correction for their number takes those that are independent.

    Parameters
    ----------
    levels : sequence of float
        The median among them.
    truth : array of shape (n_origins, n_series, horizon)
        NaN where not known.
    values : array of shape (n_origins, n_series, horizon, n_levels)
        Quantiles of the network.
    center : array of the shape of `truth`
        The forecast.
    n_horizons : float
        How many horizons the origins cover together.

    Returns
    -------
    factors : array of shape (n_levels,)
        Negative below the median, where it is zero.
    """
    sides = 2.0 * np.array(levels) - 1.0
    error = truth - center
    below, above = _reaches(values, levels.index(0.5))
    size = np.abs(error) / np.where(error < 0, below, above)
    size = size[np.isfinite(size)]
    if not len(size):
        return norm.ppf(levels) / norm.ppf(max(levels))
    n_errors = max(1.0, _independent(error / (below + above), n_horizons))
    covered = np.minimum(np.abs(sides) * (1.0 + 1.0 / n_errors), 1.0)
    factors: np.ndarray = np.sign(sides) * np.quantile(size, covered)
    return factors


def _independent(errors: np.ndarray, n_horizons: float) -> float:
    """Return how many errors (n_origins, n_series, horizon) are independent, about.

    Those of a horizon count as one where all have one sign, and one by one where signs are random.
    """
    squares, means = mean_of_known(errors**2, axis=2), mean_of_known(errors, axis=2) ** 2
    known = np.isfinite(squares)
    together = means[known].sum() / max(squares[known].sum(), np.finfo(float).tiny)
    n_series = int(known.any(axis=0).sum())
    return n_series * n_horizons / max(float(together), 1.0 / errors.shape[2])


def spread_ratio(values: np.ndarray, others: np.ndarray) -> float:
    """Return how much farther apart the outermost quantiles are than those of another network."""
    ratio = np.log(_spread(values)) - np.log(_spread(others))
    ratio = ratio[np.isfinite(ratio)]
    return float(np.exp(np.median(ratio))) if len(ratio) else 1.0


def quantiles_around(
    values: np.ndarray, middle: int, factors: np.ndarray, center: np.ndarray
) -> np.ndarray:
    """Return the quantiles around a forecast that the factors of a calibration say.

    Parameters
    ----------
    values : array of shape (..., n_levels)
        Of the network.
    middle : int
        Which of them is the median.
    factors : array of shape (n_levels,)
    center : array of shape (...)
    """
    below, above = _reaches(values, middle)
    reach = np.where(factors < 0, below[..., None], above[..., None])
    quantiles: np.ndarray = center[..., None] + factors * reach
    return quantiles


def _reaches(values: np.ndarray, middle: int) -> tuple[np.ndarray, np.ndarray]:
    """Return how far below and above the median the outermost quantiles are."""
    below = values[..., middle] - values[..., 0]
    above = values[..., -1] - values[..., middle]
    least = np.maximum(_SMALLEST_SIDE * (below + above), np.finfo(np.float32).tiny)
    return np.maximum(below, least), np.maximum(above, least)


def _spread(values: np.ndarray) -> np.ndarray:
    return np.maximum(values[..., -1:] - values[..., :1], np.finfo(np.float32).tiny)
