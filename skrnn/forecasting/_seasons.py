"""Seasons that the data show, found by autocorrelation."""

from __future__ import annotations

import numpy as np

from ._lines import SeriesSet

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
    chosen = np.unique(np.linspace(0, len(series) - 1, _MOST_SERIES).astype(int))
    parts = [series.values[series.start[n] + series.late[n] : series.start[n + 1]] for n in chosen]
    changes = [np.diff(part) for part in parts]
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
