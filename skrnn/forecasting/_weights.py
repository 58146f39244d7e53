"""Weights of the members of a combination, from their errors at origins that were held back.

Weights inverse to a power of the error of each member (Bates and Granger, 1969), series by series,
after the errors of a series are drawn towards those of the whole panel: few origins mislead.
"""

from __future__ import annotations

import numpy as np

# Weights are inverse to this power of the mean absolute error.
_POWER = 4.0
# Errors of a series count as much as those of the panel after so many horizons held back.
_PRIOR_HORIZONS = 2.0
# Members of each series that have a weight.
_BEST = 10
# Origins held back at the end of each series, at most, and their share of a typical series.
_MOST_ORIGINS, _LARGEST_SHARE = 24, 0.25
# Horizons held back, at most, or so many steps where horizons are short.
_MOST_HORIZONS, _SHORT_STRETCH = 12, 60
_FEW_SERIES = 50


def held_back_origins(length: int, horizon: int, n_series: int) -> np.ndarray:
    """Return how many steps before the end of each series the origins are, farthest first.

    A quarter of a series of typical length is held back, at least one horizon, and at most twelve
    or 60 steps; origins are a quarter of a horizon or more apart. Many series make do with fewer
    origins each.

    Parameters
    ----------
    length : int
        Typical length of a series.
    horizon, n_series : int

    Returns
    -------
    origins : int array of shape (n_origins,)
        Empty where series are too short to hold a horizon back.
    """
    held_back = int(length * _LARGEST_SHARE) // horizon * horizon
    longest = max(_MOST_HORIZONS * horizon, _SHORT_STRETCH // horizon * horizon)
    held_back = min(max(held_back, horizon), longest)
    if length - held_back < horizon + 2:
        return np.zeros(0, int)
    most = max(_MOST_ORIGINS, _SHORT_STRETCH // horizon)
    if n_series > _FEW_SERIES:
        most = max(1, min(4, held_back // horizon))
    n_origins = min(most, 4 * (held_back // horizon) - 3, held_back - horizon + 1)
    places = np.linspace(held_back, horizon, max(1, n_origins))
    return np.unique(places.round().astype(int))[::-1]


def member_errors(truth: np.ndarray, forecasts: np.ndarray) -> np.ndarray:
    """Return the mean absolute error of each member at each origin of each series.

    Parameters
    ----------
    truth : array of shape (n_origins, n_series, horizon)
        NaN where missing.
    forecasts : array of shape (n_members, n_origins, n_series, horizon)
        NaN where a member has none.

    Returns
    -------
    errors : array of shape (n_members, n_origins, n_series)
        NaN where nothing is known.
    """
    away = np.abs(forecasts - truth)
    known = ~np.isnan(truth)
    # A member without a forecast where there is truth has no error, good or bad.
    total = np.where(known, away, 0.0).sum(axis=-1)
    count = known.sum(axis=-1)
    with np.errstate(invalid="ignore"):
        errors: np.ndarray = np.where(count > 0, total / count, np.nan)
    return errors


def combination_weights(errors: np.ndarray, n_horizons: float) -> np.ndarray:
    """Return the weight of each member in each series.

    Parameters
    ----------
    errors : array of shape (n_members, n_origins, n_series)
        Of `member_errors`.
    n_horizons : float
        How many horizons the origins cover together.

    Returns
    -------
    weights : array of shape (n_members, n_series)
        Not negative; they sum to one in each series.
    """
    n_members, _, n_series = errors.shape
    if not n_members:
        return np.zeros((0, n_series))
    there = ~np.isnan(errors)
    # Origins at which all members that are ever there have an error.
    ever = there.any(axis=1)
    common = (there | ~ever[:, None]).all(axis=0) & ever.any(axis=0)
    count = common.sum(axis=0)
    total = np.where(common & there, errors, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(ever & (count > 0), total / count, np.nan)
        floor = np.median(np.where(np.isnan(mean), 0.0, mean), axis=0) * 1e-6
        logs = np.log(np.maximum(mean, np.maximum(floor, np.finfo(float).tiny)))
    logs = logs - mean_of_known(logs, axis=0)
    panel = mean_of_known(logs, axis=1)[:, None] if n_series > 1 else np.zeros((n_members, 1))
    panel = np.where(np.isnan(panel), 0.0, panel)
    share = n_horizons / (n_horizons + _PRIOR_HORIZONS)
    own = np.where(np.isnan(logs), panel, logs)
    shrunk = share * own + (1.0 - share) * panel
    usable = ever | ~ever.any(axis=0)
    least = np.where(usable, shrunk, np.inf).min(axis=0)
    raw = _of_the_best(np.where(usable, np.exp(-_POWER * (shrunk - least)), 0.0))
    weights: np.ndarray = raw / raw.sum(axis=0)
    return weights


def _of_the_best(raw: np.ndarray) -> np.ndarray:
    """Return weights of the best members alone: many poor ones outweigh a few good ones."""
    if len(raw) <= _BEST:
        return raw
    least = np.sort(raw, axis=0)[-_BEST]
    return np.where(raw >= least, raw, 0.0)


def combine(forecasts: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the weighted mean of members; one that has no forecast gives its weight to the others.

    Parameters
    ----------
    forecasts : array of shape (n_members, n_series, horizon)
        NaN or infinite where a member has none.
    weights : array of shape (n_members, n_series)
    """
    there = np.isfinite(forecasts).all(axis=2)
    given = np.where(there, weights, 0.0)
    nobody = given.sum(axis=0) <= 0
    given = np.where(nobody, there.astype(float), given)
    given = given / given.sum(axis=0)
    kept = np.where(there[:, :, None], forecasts, 0.0)
    combined: np.ndarray = np.einsum("msh,ms->sh", kept, given)
    return combined


def mean_of_known(values: np.ndarray, axis: int) -> np.ndarray:
    """Return the mean of what is not NaN; NaN where nothing is."""
    known = ~np.isnan(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    mean: np.ndarray = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean
