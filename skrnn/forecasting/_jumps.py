"""Series that jump by far more than they change: a counter that starts anew, a sensor moved.

Their standard deviation says how far they jump. Beside it the changes before and after a jump are
nothing: a window of them would count as flat, and single precision would round them away.
"""

from __future__ import annotations

import numpy as np

from ._panel import Panel

# A stretch of so many steps changes little if its spread is below this share of the series' own.
_STRETCH, _LITTLE = 32, 1e-4
# Series are looked at that have so many small changes; this share of the calmest stretches may be
# calmer than what counts.
_FEWEST, _CALMEST = 8, 0.05
# Rounding of double precision, as a share of the largest value.
_ROUNDING = 1e-15
# Up to so many units from its center a value keeps its digits in single precision; the largest one
# that has a square there.
_NEAR, _LARGEST = 1000.0, 1e17


def units_of_changes(panel: Panel, unit: np.ndarray) -> np.ndarray:
    """Return the spread of calm stretches of series that jump, and the unit of all others.

    Parameters
    ----------
    panel : Panel
    unit : array of shape (n_instances, n_variables)
        Standard deviation of each series.
    """
    change = np.zeros_like(panel.values)
    np.subtract(panel.values[1:], panel.values[:-1], out=change[1:])
    np.abs(change, out=change)
    change[panel.start[:-1]] = 0.0
    little = (change > 0) & (change < np.repeat(_LITTLE * unit, panel.lengths, axis=0))
    suspicious = np.add.reduceat(little, panel.start[:-1], axis=0, dtype=np.int64) >= _FEWEST
    units = unit.copy()
    for instance, variable in np.argwhere(suspicious):
        own = panel.values[panel.start[instance] : panel.start[instance + 1], variable]
        calm = _calm_spread(own[~np.isnan(own)])
        if calm < _LITTLE * unit[instance, variable]:
            units[instance, variable] = calm
    return units


def _calm_spread(values: np.ndarray) -> float:
    """Return the standard deviation of stretches that are calm, but not still."""
    length = min(_STRETCH, max(2, len(values) // 2))
    stretches = values[len(values) % length :].reshape(-1, length)
    spread = stretches.std(axis=1)
    spread = spread[spread > _ROUNDING * np.abs(values).max()]
    return float(np.quantile(spread, _CALMEST, method="lower")) if len(spread) else np.inf


def split_digits(scaled: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return values and what they are relative to, so that none loses digits in single precision.

    Parameters
    ----------
    scaled : float64 array of shape (n_rows, n_variables)
        Series in their units; NaN where missing.
    start : int array of shape (n_instances + 1,)

    Returns
    -------
    values : float64 array of shape (n_rows, n_variables)
    offset : float32 array of shape (n_rows, n_variables) or None
        To be added to them; zero as long as a series has been near its center, None where all have
        been throughout: nothing depends on what comes later. A missing value has that of the one
        before.
    """
    if not np.fmax.reduce(np.abs(scaled), axis=None) > _NEAR:  # NaN where nothing is known
        return scaled, None
    first = np.repeat(start[:-1], np.diff(start))[:, None]
    far = _latest(np.abs(scaled) > _NEAR) >= first
    scaled = np.clip(scaled, -_LARGEST, _LARGEST)
    source = _latest(~np.isnan(scaled))
    last = np.take_along_axis(scaled, np.maximum(source, 0), axis=0)
    offset = np.where(far & (source >= first), last, 0.0).astype(np.float32)
    return scaled - offset, offset


def _latest(there: np.ndarray) -> np.ndarray:
    """Return for each row the last one up to it that is True, column by column; -1 for none."""
    rows = np.where(there, np.arange(len(there))[:, None], -1)
    latest: np.ndarray = np.maximum.accumulate(rows, axis=0)
    return latest
