"""From the quantiles that a network has learned to those that are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import norm


def interpolate_quantiles(levels: Any, values: np.ndarray, asked: Any) -> np.ndarray:
    """Return quantiles at other levels.

    Between two learned levels, and beyond the outermost, quantiles are taken to lie as those of a
    normal distribution do: linear in its quantile function.

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


def _spread(values: np.ndarray) -> np.ndarray:
    return np.maximum(values[..., -1:] - values[..., :1], np.finfo(np.float32).tiny)
