"""What is not given is derived from the data and the horizon, by the rules below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ._options import ForecasterOptions
from ._outliers import clip_outliers
from ._panel import Panel
from ._seasons import choose_periods
from .lines import SeriesSet

# Windows of this many seasons or more are read one season at a time,
_MANY_SEASONS = 7
# and those of so many horizons of so many steps one horizon at a time.
_SEVERAL_HORIZONS, _LONG_HORIZON = 4, 4
_FEWEST_STEPS = 12
# Seasons up to this one are learned whatever the horizon, longer ones if two horizons reach them.
_SHORT_SEASON = 24
# Horizons that are looked back, at most.
_FAR = 8
# Windows that are looked at, about, to choose what targets are compared with.
_MOST_WINDOWS = 4000


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
        Period of the season that the network takes differences over; 1 where there is none, 0
        where the level takes its place.
    segment_length : int
        Steps that are read at once.
    seasons : tuple of int
        All periods that are known or were found, shortest first.
    """

    horizon: int
    window: int
    season: int
    segment_length: int
    seasons: tuple[int, ...] = ()


def choose_settings(options: ForecasterOptions, panel: Panel, horizon: int) -> Settings:
    """Return the settings for a panel.

    Parameters
    ----------
    options : ForecasterOptions
        Of which `window`, `sp` and `segment_length` are looked at; None for those to derive.
    panel : Panel
    horizon : int

    Raises
    ------
    ValueError
        When no series is long enough.
    """
    longest, window = int(panel.lengths.max()), options.window
    series = SeriesSet.of(clip_outliers(panel).values, panel.start)
    if options.sp in (None, (0,)):  # zero tells the network what to learn, not what there is
        seasons = choose_periods(panel.axis.step, series)
    else:
        seasons = tuple(period for period in options.sp if period > 1)
    near = _near_seasons(options, seasons, horizon)
    if window is None:
        window = _choose_window(near, seasons, horizon, panel.lengths)
    _check_lengths(options, longest, window, horizon)
    season = max((period for period in near if period <= window), default=1)
    to_level = options.sp is None and _level_is_nearest(series, window, horizon, season)
    if to_level or options.sp == (0,):
        season = 0
    segment_length = options.segment_length
    if segment_length is None:
        segment_length = _choose_segment_length(near, horizon, window)
    return Settings(horizon, int(window), int(season), int(segment_length), seasons)


def _check_lengths(options: ForecasterOptions, longest: int, window: int, horizon: int) -> None:
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
    if options.sp is not None and options.sp[0] > window:
        raise ValueError(
            f"sp={options.sp[0]} reaches back before the window of {window} steps. Use a longer "
            "window."
        )


def _near_seasons(
    options: ForecasterOptions, seasons: tuple[int, ...], horizon: int
) -> tuple[int, ...]:
    """Return the seasons that a window is made for: those that are given, or not too long."""
    if options.sp not in (None, (0,)):
        return seasons
    return tuple(period for period in seasons if period <= max(2 * horizon, _SHORT_SEASON))


def _choose_window(
    near: tuple[int, ...], seasons: tuple[int, ...], horizon: int, lengths: np.ndarray
) -> int:
    """Return a window of whole seasons, or of whole horizons where there is no season.

    With a season: twice the horizon, and at least two seasons and a dozen steps; with several, the
    longest of them once, if it is not beyond eight horizons. Without: eight times the horizon. It
    leaves at least half of a typical series to learn from.
    """
    unit = near[0] if near else horizon
    window = max(2 * horizon, 2 * unit, _FEWEST_STEPS) if near else _FAR * horizon
    window = max(-(-window // unit) * unit, _FEWEST_STEPS)
    room = max(1, (int(np.median(lengths)) - horizon) // 2)
    for season in seasons:
        if near and season <= min(room, _FAR * horizon):
            window = max(window, season)
    if window <= room:
        return window
    return room // unit * unit if room >= unit else room


def _choose_segment_length(near: tuple[int, ...], horizon: int, window: int) -> int:
    """Return a season where the window has many, else a horizon where it has several, else 1."""
    if near:
        return near[0] if window >= _MANY_SEASONS * near[0] else 1
    return horizon if horizon >= _LONG_HORIZON and window >= _SEVERAL_HORIZONS * horizon else 1


def _level_is_nearest(series: SeriesSet, window: int, horizon: int, season: int) -> bool:
    """Return whether the mean of a window says more of what follows than repeating its end."""
    errors = []
    for values in series.known():
        if len(values) < window + horizon:
            continue
        windows = sliding_window_view(values, window + horizon)
        windows = windows[:: max(1, len(windows) * len(series) // _MOST_WINDOWS)]
        past, later = windows[:, :window], windows[:, window:]
        again = past[:, window - season + np.arange(horizon) % season]
        unit = values.std() or 1.0
        level = past.mean(axis=1, keepdims=True)
        errors.append([np.abs(later - one).mean() / unit for one in (level, again)])
    if not errors:
        return False
    level, again = np.mean(errors, axis=0)
    return bool(level < again)
