"""Statistics of values that count several times: rows, in as many windows as they are in.

They are those of all the windows, which need not be there for it, up to rounding.
"""

from __future__ import annotations

import numpy as np


def moments(rows: np.ndarray, counts: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column, over the values that are not NaN.

    Parameters
    ----------
    rows : float array of shape (n_rows, n_columns)
    counts : int array of shape (n_rows,) or None
        How often each row counts; None for once.
    """
    if counts is None:
        return np.nanmean(rows, axis=0), np.nanstd(rows, axis=0)
    pairs = [_moments(column, counts) for column in rows.T]
    mean, deviation = np.array(pairs).T
    return mean, deviation


def standard_of_counted(rows: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shift and scale of each column, as `StandardScaler` has them.

    A column that is constant but for rounding has the scale one.
    """
    mean, deviation = moments(rows, counts)
    size, rounding = counts.sum(), np.finfo(float).eps
    largest = size * rounding * deviation**2 + (size * mean * rounding) ** 2
    return mean, np.where(deviation**2 <= largest, 1.0, deviation)


def robust_of_counted(rows: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return shift and scale of each column, as `RobustScaler` has them: exactly."""
    low, middle, high = np.array([_quartiles(column, counts) for column in rows.T]).T
    scale = high - low
    return middle, np.where(scale < 10 * np.finfo(scale.dtype).eps, 1.0, scale)


def median(values: np.ndarray, counts: np.ndarray) -> float:
    """Return the median of values that are not NaN."""
    return _quartiles(values, counts)[1]


def _quartiles(values: np.ndarray, counts: np.ndarray) -> tuple[float, float, float]:
    """Return the quartiles of values that are not NaN, as NumPy has them."""
    there = ~np.isnan(values)
    values, counts = values[there], counts[there]
    order = np.argsort(values)
    values, upto = values[order], np.cumsum(counts[order])

    def at(places: np.ndarray) -> np.ndarray:
        found: np.ndarray = values[np.searchsorted(upto, places, side="right")]
        return found

    last = upto[-1] - 1
    places = last * np.array([0.25, 0.75])
    below = np.floor(places)
    pairs = zip(at(below), at(np.minimum(below + 1, last)), strict=True)
    low, high = (np.quantile(pair, part) for pair, part in zip(pairs, places - below, strict=True))
    return low, np.mean(at(np.array([last // 2, (last + 1) // 2]))), high


def _moments(values: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    there = ~np.isnan(values)
    numbers, counts = values[there].astype(float), counts[there].astype(float)
    total = counts.sum()
    mean = (counts * numbers).sum() / total
    return mean, np.sqrt((counts * (numbers - mean) ** 2).sum() / total)
