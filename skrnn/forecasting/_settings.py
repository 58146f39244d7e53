"""What is not given is derived from the data and the horizon, by the rules below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._options import ForecasterOptions

# Steps of a season, by the name of a pandas frequency.
_SEASONS = {
    **dict.fromkeys(("QS", "QE", "BQS", "BQE"), 4),
    **dict.fromkeys(("MS", "ME", "BMS", "BME"), 12),
    "B": 5,
    "D": 7,
    "h": 24,
    "min": 60,
}
# Windows of this many seasons or more are read one season at a time,
_MANY_SEASONS = 7
# and those of so many horizons of so many steps one horizon at a time.
_SEVERAL_HORIZONS, _LONG_HORIZON = 4, 4
_FEWEST_STEPS = 12


@dataclass(frozen=True)
class Settings:
    """The sizes that a forecaster works with.

    Attributes
    ----------
    horizon : int
        Steps ahead that are forecast.
    window : int
        Steps that are looked back.
    season : int
        Period of the season; 1 where there is none, 0 where the level takes its place.
    segment_length : int
        Steps that are read at once.
    """

    horizon: int
    window: int
    season: int
    segment_length: int


def choose_settings(
    options: ForecasterOptions, lengths: np.ndarray, step: Any, horizon: int
) -> Settings:
    """Return the settings for series of some lengths.

    Parameters
    ----------
    options : ForecasterOptions
        Of which `window`, `sp` and `segment_length` are looked at; None for those to derive.
    lengths : int array
    step : offset or int
        From one time to the next.
    horizon : int

    Raises
    ------
    ValueError
        When no series is long enough.
    """
    season = season_of(step) if options.sp is None else options.sp
    longest, window = int(lengths.max()), options.window
    if window is None:
        window = _choose_window(season, horizon, lengths)
    if longest < horizon + 1:
        raise ValueError(
            f"The longest series of y has {longest} steps, but forecasts of {horizon} steps ahead "
            f"need at least {horizon + 1} to learn from. Pass longer series or a smaller fh."
        )
    if options.window is not None and longest < window + horizon:
        raise ValueError(
            f"window={window} and {horizon} steps ahead need series of {window + horizon} steps, "
            f"but the longest has {longest}. Use a smaller window or fh, or leave window=None."
        )
    if options.sp is not None and season > window:
        raise ValueError(
            f"sp={season} reaches back before the window of {window} steps. Use a longer window."
        )
    season = season if season <= window else 1
    segment_length = options.segment_length
    if segment_length is None:
        segment_length = _choose_segment_length(season, horizon, window)
    return Settings(horizon, int(window), int(season), int(segment_length))


def season_of(step: Any) -> int:
    """Return the usual period of a frequency: a year of months, a week of days, a day of hours."""
    if not isinstance(step, pd.offsets.BaseOffset) or step.n != 1:
        return 1
    return _SEASONS.get(step.name.split("-")[0], 1)


def _choose_window(season: int, horizon: int, lengths: np.ndarray) -> int:
    """Return a window of whole seasons, or of whole horizons where there is no season.

    With a season: twice the horizon, and at least two seasons and a dozen steps. Without: eight
    times the horizon. It leaves at least half of a typical series to learn from.
    """
    unit = season if season > 1 else horizon
    window = max(2 * horizon, 2 * season, _FEWEST_STEPS) if season > 1 else 8 * horizon
    window = max(-(-window // unit) * unit, _FEWEST_STEPS)
    room = max(1, (int(np.median(lengths)) - horizon) // 2)
    if window <= room:
        return window
    return room // unit * unit if room >= unit else room


def _choose_segment_length(season: int, horizon: int, window: int) -> int:
    """Return a season where the window has many, else a horizon where it has several, else 1."""
    if season > 1:
        return season if window >= _MANY_SEASONS * season else 1
    return horizon if horizon >= _LONG_HORIZON and window >= _SEVERAL_HORIZONS * horizon else 1
