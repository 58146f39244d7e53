"""Outliers: a slip of the pen long ago must not spoil what is learned of a series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ._panel import Panel

# Values so many quartile distances from the median are outliers. Series are looked at that have a
# value so many standard deviations from their mean.
_FAR_OUT, _SUSPICIOUS = 10.0, 4.0


def clip_outliers(panel: Panel) -> Panel:
    """Return a panel whose outliers are brought within bounds; the panel itself without any.

    Scales, seasons and lines are learned from it. Forecasts start from what was really seen.
    """
    _, spread, farthest = moments(panel)
    suspicious = np.argwhere((farthest > _SUSPICIOUS * spread) | np.isinf(spread))
    if not len(suspicious):
        return panel
    values = panel.values.copy()
    for instance, variable in suspicious:
        rows = slice(panel.start[instance], panel.start[instance + 1])
        own = values[rows, variable]
        low, middle, high = np.nanpercentile(own, [25, 50, 75])
        reach = _FAR_OUT * (high - low)
        if reach > 0:  # where most values are the same, the others are the signal
            values[rows, variable] = np.clip(own, middle - reach, middle + reach)
    return replace(panel, values=values)


def moments(panel: Panel) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, standard deviation and largest distance from the mean of each series."""
    known = ~np.isnan(panel.values)
    count = np.maximum(_sums(known.astype(float), panel), 1)
    center = _sums(np.where(known, panel.values, 0.0), panel) / count
    away = np.where(known, panel.values - np.repeat(center, panel.lengths, axis=0), 0.0)
    farthest = np.maximum.reduceat(np.abs(away), panel.start[:-1], axis=0)
    with np.errstate(over="ignore"):  # of outliers
        return center, np.sqrt(_sums(away**2, panel) / count), farthest


def _sums(values: np.ndarray, panel: Panel) -> np.ndarray:
    return np.add.reduceat(values, panel.start[:-1], axis=0)
