"""Seasons: those that the calendar suggests and the data confirm, or those that the data show."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.signal import fftconvolve

from .lines import SeriesSet

# Series that are looked at, and the longest season.
_MOST_SERIES, _LONGEST = 200, 800
# Whole seasons that a series must have.
_FEWEST_SEASONS = 3
# A peak counts where it is above this size, and above so many standard errors of noise.
_SMALLEST_PEAK, _STANDARD_ERRORS = 0.3, 3.0
# Series of a panel are alike: more of them than so many tell nothing more about noise.
_MOST_INDEPENDENT = 10
# Multiples of a season correlate nearly as much: the shortest lag of those is the season.
_NEARLY = 0.85
# A period that was suggested is confirmed by a correlation above this size, and so much more over
# the number of seasons that there are: random walks have that in three of a hundred cases at most.
_CONFIRMED, _FOR_FEW = 0.2, 0.5
# Seconds of an hour, a day, a week and a year.
_CYCLES = (3600.0, 86400.0, 7 * 86400.0, 365.25 * 86400.0)
_SHORTEST = 4
# Periods up to this one are taken for granted where a series is too short to tell.
_LONGEST_ASSUMED = 24
# What is tried where there is no calendar, if no peak stands out.
_COMMON = (4, 7, 12, 24, 48, 52, 96, 168, 336, 365)


def choose_periods(step: object, series: SeriesSet) -> tuple[int, ...]:
    """Return the periods of seasons, shortest first; none where there is no more than noise.

    Parameters
    ----------
    step : offset or int
        From one time to the next.
    series : SeriesSet
    """
    suggested = suggested_periods(step)
    found = confirmed_periods(series, suggested)
    if found:
        return found
    if suggested and suggested[0] <= _LONGEST_ASSUMED and not _can_tell(series, suggested[0]):
        return suggested[:1]
    found = find_seasons(series)
    if found or isinstance(step, pd.offsets.BaseOffset):
        return found
    return confirmed_periods(series, _COMMON)


def suggested_periods(step: object) -> tuple[int, ...]:
    """Return how many steps an hour, a day, a week and a year have, as far as they are seasons.

    Parameters
    ----------
    step : offset or int
        From one time to the next; whole numbers suggest nothing.
    """
    if not isinstance(step, pd.offsets.BaseOffset):
        return ()
    start = pd.Timestamp("2001-01-01") + 0 * step
    seconds = ((start + 120 * step) - start).total_seconds() / 120
    periods = [round(cycle / seconds) for cycle in _CYCLES]
    return tuple(period for period in periods if _SHORTEST <= period <= _LONGEST)


def confirmed_periods(series: SeriesSet, periods: tuple[int, ...]) -> tuple[int, ...]:
    """Return those periods, shortest first, that the series have.

    What is left after a moving average over a period must correlate with itself one period and two
    periods later. A period must show in what is left when shorter ones have been taken out.

    Parameters
    ----------
    series : SeriesSet
    periods : tuple of int
        Shortest first.
    """
    parts, found = _parts(series), []
    for period in periods:
        if _is_season(parts, period):
            found.append(period)
            parts = [part[period:] - part[:-period] for part in parts if len(part) > period]
    return tuple(found)


def _is_season(parts: list[np.ndarray], period: int) -> bool:
    correlations, lengths = [], []
    for part in parts:
        rest = _without_level(part, period)
        if len(rest) > _FEWEST_SEASONS * period - period // 2 and np.ptp(rest) > 0:
            correlation = _autocorrelation(rest, 2 * period)
            correlations.append(min(correlation[period], correlation[2 * period]))
            lengths.append(len(rest))
    if not correlations:
        return False
    n_seasons = float(np.median(lengths)) / period
    return float(np.mean(correlations)) > _CONFIRMED + _FOR_FEW / n_seasons


def _can_tell(series: SeriesSet, period: int) -> bool:
    return bool((series.lengths - series.late).max() > (_FEWEST_SEASONS + 1) * period)


def _without_level(values: np.ndarray, period: int) -> np.ndarray:
    """Return a series less its centred moving average over a period, without the ends."""
    weights = np.ones(period + 1 - period % 2)
    if period % 2 == 0:
        weights[[0, -1]] = 0.5
    if len(values) <= len(weights):
        return values[:0]
    half = len(weights) // 2
    rest: np.ndarray = values[half:-half] - fftconvolve(values, weights / period, mode="valid")
    return rest


def _parts(series: SeriesSet) -> list[np.ndarray]:
    """Return some of the series, each from its first known value on."""
    chosen = set(np.linspace(0, len(series) - 1, _MOST_SERIES).astype(int).tolist())
    return [part for number, part in enumerate(series.known()) if number in chosen]


def find_seasons(series: SeriesSet, most: int = 2) -> tuple[int, ...]:
    """Return the periods of seasons, shortest first; none where there is no more than noise.

    A season is the lag of the highest peak of the autocorrelation of changes from one step to the
    next, averaged over series, if it is beyond what noise has (Bartlett's standard error). A longer
    one, a multiple of it, is looked for in what is left when the first has been taken out.

    Parameters
    ----------
    series : SeriesSet
    most : int
        Seasons to look for.
    """
    changes = [np.diff(part) for part in _parts(series)]
    found: list[int] = []
    while len(found) < most:
        season = _highest_peak(changes, found[-1] if found else 1)
        if season is None:
            break
        found.append(season)
        changes = [part[season:] - part[:-season] for part in changes]
    return tuple(found)


def _highest_peak(parts: list[np.ndarray], base: int) -> int | None:
    """Return the lag of the highest peak, a multiple of a shorter season, if it stands out."""
    parts = [part for part in parts if len(part) >= 2 * _FEWEST_SEASONS and np.ptp(part) > 0]
    if not parts:
        return None
    length = int(np.median([len(part) for part in parts]))
    longest = min(length // _FEWEST_SEASONS, _LONGEST)
    found = [_autocorrelation(part, longest) for part in parts if len(part) > longest]
    if longest < 2 or not found:
        return None
    mean = np.mean(found, axis=0)  # at lags 0, 1, ..., longest
    lags = np.arange(1, longest)
    above = (mean[lags] > mean[lags - 1]) & (mean[lags] >= mean[lags + 1])
    known = length * min(len(found), _MOST_INDEPENDENT)
    error = np.sqrt((1 + 2 * np.cumsum(mean[1:-1] ** 2)) / known)
    peaks = lags[above & (mean[lags] > np.maximum(_SMALLEST_PEAK, _STANDARD_ERRORS * error))]
    peaks = peaks[(peaks > base) & (peaks % base == 0)]
    if not len(peaks):
        return None
    high = peaks[mean[peaks] >= _NEARLY * mean[peaks].max()]
    return int(high[0])


def _autocorrelation(values: np.ndarray, longest: int) -> np.ndarray:
    """Return the autocorrelation at lags 0 to `longest`, each over the pairs that there are."""
    away = values - values.mean()
    size = 1 << (2 * len(away) - 1).bit_length()
    spectrum = np.abs(np.fft.rfft(away, size)) ** 2
    sums = np.fft.irfft(spectrum, size)[: longest + 1]
    pairs = len(away) - np.arange(longest + 1)
    correlation: np.ndarray = sums / pairs / (sums[0] / len(away))
    return correlation
