"""What the calendar says of a time: features known as far ahead as one likes."""

from __future__ import annotations

import numpy as np
import pandas as pd

_HARMONICS = 2
_DAY = 86_400.0
_YEAR = 365.2425 * _DAY


def calendar_features(times: pd.Index) -> np.ndarray:
    """Return features of dates or periods, by how long a step is.

    Steps shorter than a day: the time of day, as sine and cosine, and the day of the week. A day:
    the day of the week and the time of year. Longer steps: the time of year.

    Parameters
    ----------
    times : pandas.DatetimeIndex or pandas.PeriodIndex

    Returns
    -------
    features : float array of shape (n_times, n_features)

    Raises
    ------
    ValueError
        When the index has no dates.
    """
    if isinstance(times, pd.PeriodIndex):
        times = times.to_timestamp()
    if not isinstance(times, pd.DatetimeIndex):
        raise ValueError(
            "calendar=True needs an index of dates or periods, but that of y has integers. Set "
            "calendar=False, or give y an index of dates."
        )
    times = times.tz_localize(None)  # people live by the clock on the wall
    step = _typical_step(times)
    parts = []
    if step < _DAY:
        seconds = (times - times.normalize()).total_seconds().to_numpy()
        parts.append(_waves(seconds / _DAY))
    if step < 2 * _DAY:
        parts.append(np.eye(7)[times.dayofweek])
    if step >= _DAY:
        seconds = (times - times.to_period("Y").to_timestamp()).total_seconds().to_numpy()
        parts.append(_waves(seconds / _YEAR))
    return np.concatenate(parts, axis=1)


def _typical_step(times: pd.DatetimeIndex) -> float:
    """Return the median number of seconds from one time to the next."""
    steps = np.diff(np.unique(times.to_numpy()))
    return float(np.median(steps / np.timedelta64(1, "s")))


def _waves(turns: np.ndarray) -> np.ndarray:
    angles = 2 * np.pi * turns[:, None] * np.arange(1, _HARMONICS + 1)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1)
