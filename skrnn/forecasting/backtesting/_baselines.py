"""Baselines that know in each window what the forecaster knew, and the scale of its errors."""

from __future__ import annotations

import numpy as np

from .._combination import line_forecasts
from .._panel import Panel
from ..lines import BASELINES, Line, Repetition, SeriesSet, Task, make_lines
from ._folds import Fold

LAST, SEASONAL, LINEAR = "last value", "seasonal naive", "linear"


def baseline_forecasts(fold: Fold, season: int) -> dict[str, np.ndarray]:
    """Return the forecasts of all baselines, (n_rows, n_variables) each.

    The linear line is the mean of the ridge regressions of each series on windows of some lengths;
    of a series too short for any it is that of all series together, or the last value.

    Parameters
    ----------
    fold : Fold
    season : int
        Its period; 1 where there is none.
    """
    past, horizon = fold.past, int(fold.step.max())
    series = SeriesSet.of(past.values, past.start)
    seasons = (season,) if season > 1 else ()
    task = Task(series, horizon, seasons, int(np.median(past.lengths)))
    found = {LAST: _forecast([Repetition(LAST, 1)], series, fold, horizon)}
    if season > 1:
        found[SEASONAL] = _first_known(
            _forecast([Repetition(SEASONAL, season)], series, fold, horizon), found[LAST]
        )
    own, pooled = (
        _forecast(make_lines([BASELINES[name]], task), series, fold, horizon)
        for name in ("ridge", "pooled_ridge")
    )
    found[LINEAR] = _first_known(own, pooled, found[LAST])
    return found


def error_scale(past: Panel, season: int) -> np.ndarray:
    """Return the mean absolute change over a season, or over a step, of (n_instances, n_variables).

    NaN where nothing has changed, or nothing is known.
    """
    return np.stack([_typical_change(past.values[rows], season) for rows in past.rows()])


def _typical_change(values: np.ndarray, season: int) -> np.ndarray:
    lag = season if len(values) > season else 1
    changes = np.abs(values[lag:] - values[:-lag])
    count = np.isfinite(changes).sum(axis=0)
    mean = np.nansum(changes, axis=0) / np.maximum(count, 1)
    return np.where(mean > 0, mean, np.nan)


def _forecast(lines: list[Line], series: SeriesSet, fold: Fold, horizon: int) -> np.ndarray:
    """Return the mean of the lines that have a forecast, at the rows of a fold; NaN without one."""
    n_variables, everyone = fold.truth.shape[1], np.arange(len(fold.past))
    ends = fold.past.lengths
    _, steps = line_forecasts(lines, series, (ends, ends), horizon, everyone)
    known = np.isfinite(steps)
    total = np.where(known, steps, 0.0).sum(axis=0)
    with np.errstate(invalid="ignore"):
        mean = total / np.where(known.any(axis=0), known.sum(axis=0), np.nan)
    by_instance = mean.reshape(len(fold.past), n_variables, horizon)
    return by_instance[fold.instance, :, fold.step - 1]


def _first_known(*choices: np.ndarray) -> np.ndarray:
    """Return the first of several forecasts that is a number, value by value."""
    found = choices[0]
    for other in choices[1:]:
        found = np.where(np.isfinite(found), found, other)
    return found
