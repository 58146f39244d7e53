"""A network and the lines beside it: weights from what was held back, and the forecast of all."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._lines import Line, Repetition, SeriesSet, Task, make_lines
from ._options import ForecasterOptions
from ._panel import Panel
from ._panel_model import PanelModel
from ._quantiles import calibration_shifts, shift_quantiles
from ._seasons import find_seasons
from ._settings import Settings
from ._store import SeriesScale
from ._weights import combination_weights, combine, held_back_origins, member_errors

NETWORK = "network"
_NUMBERS_AT_ONCE = 20_000_000

# From a part of a panel to a network that was trained on it, and its scale.
Train = Callable[[Panel], tuple[PanelModel, SeriesScale]]


@dataclass(frozen=True)
class Combination:
    """Lines that have learned, and the weight of each and of the network.

    Series are the variables of the instances: those of the first instance come first.

    Attributes
    ----------
    lines : list of Line
    origins : int array of shape (n_origins,)
        Steps before the end of each series from which forecasts were validated.
    errors : array of shape (n_members, n_origins, n_series)
        Mean absolute errors there; the network is the last member.
    weights : array of shape (n_members, n_series)
        Not negative; they sum to one.
    shifts : array of shape (n_levels,) or None
        Of the quantiles, in units of their spread.
    """

    lines: list[Line]
    origins: np.ndarray
    errors: np.ndarray
    weights: np.ndarray
    shifts: np.ndarray | None = None

    @property
    def names(self) -> list[str]:
        """Names of the members."""
        return [*(line.name for line in self.lines), NETWORK]

    @property
    def reach(self) -> int:
        """Steps that the lines look back."""
        return max((line.reach for line in self.lines), default=1)

    def apply(
        self,
        panel: Panel,
        offsets: tuple[np.ndarray, np.ndarray],
        steps: np.ndarray,
        *,
        middle: int,
        fitted: np.ndarray,
    ) -> np.ndarray:
        """Return the forecasts of all members together.

        Parameters
        ----------
        panel : Panel
        offsets : pair of int arrays of shape (n_instances,)
            First and last origin of each instance.
        steps : array of shape (n_windows, horizon, n_variables, n_quantiles or 1)
            Of the network.
        middle : int
            Which of the last axis is the point forecast.
        fitted : int array of shape (n_instances,)
            Number of each instance in the panel that was fitted.

        Returns
        -------
        steps : array of the same shape
        """
        which, lines = line_forecasts(self.lines, panel, offsets, steps.shape[1], fitted)
        network = by_series(steps[..., middle])
        combined = combine(np.concatenate([lines, network[None]]), self.weights[:, which])
        moved = steps + _by_window(combined - network, steps.shape)[..., None]
        return moved if self.shifts is None else shift_quantiles(moved, self.shifts)


def line_forecasts(
    lines: Sequence[Line],
    panel: Panel,
    offsets: tuple[np.ndarray, np.ndarray],
    horizon: int,
    fitted: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers of fitted series, (n_origins,), and forecasts, (n_lines, n_origins, horizon).

    Origins are those from the first to the last offset of each instance, each of all variables.
    """
    series, n_variables = SeriesSet.of(panel.values, panel.start), panel.values.shape[1]
    count = offsets[1] - offsets[0] + 1
    instance = np.repeat(np.arange(len(panel)), count)
    stop = np.concatenate([np.arange(a, b + 1) for a, b in zip(*offsets, strict=True)])
    own, which = (
        (numbers[:, None] * n_variables + np.arange(n_variables)).ravel()
        for numbers in (instance, fitted[instance])
    )
    stop = np.repeat(stop, n_variables)
    found = np.full((len(lines), len(which), horizon), np.nan)
    known, reach = stop - series.late[own], max((line.reach for line in lines), default=1)
    for rows in np.array_split(np.arange(len(own)), 1 + len(own) * reach // _NUMBERS_AT_ONCE):
        history = series.last(reach, own[rows], stop[rows])
        for number, line in enumerate(lines):
            there = known[rows] >= line.reach
            if there.any():
                chosen = rows[there]
                found[number, chosen] = line.forecast(history[there], which[chosen], horizon)
    return which, found


def by_series(steps: np.ndarray) -> np.ndarray:
    """Return (n_windows, horizon, n_variables) as (n_windows * n_variables, horizon)."""
    return steps.swapaxes(1, 2).reshape(-1, steps.shape[1])


def _by_window(series: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo `by_series`."""
    return series.reshape(shape[0], shape[2], shape[1]).swapaxes(1, 2)


def combine_with_lines(
    options: ForecasterOptions, panel: Panel, settings: Settings, train: Train
) -> Combination:
    """Return the combination of a network with lines.

    A network that does not know the last steps of each series is trained for it.

    Parameters
    ----------
    options : ForecasterOptions
    panel : Panel
    settings : Settings
        Of the network that forecasts.
    train : callable
    """
    horizon, levels = settings.horizon, options.training.levels
    length, n_series = int(np.median(panel.lengths)), len(panel) * panel.values.shape[1]
    origins = held_back_origins(length, horizon, n_series)
    longest = panel_before(panel, origins).lengths.max()
    if longest < (options.window or 2) + horizon:
        origins = origins[:0]
    early, scale = train(panel_before(panel, origins)) if len(origins) else (None, None)

    def predict(offsets: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        assert early is not None
        assert scale is not None
        return early.predict(panel, scale, offsets)

    seasons = (settings.season,) if settings.season > 1 else ()
    if options.sp is None:
        before = panel_before(panel, origins)
        seen = find_seasons(SeriesSet.of(before.values, before.start))
        seasons = tuple(sorted({*seasons, *seen}))
    found = validate(options.baselines, seasons, panel, origins, predict, levels, horizon)
    _warn_where_behind(found)
    return found


def _warn_where_behind(combination: Combination) -> None:
    """Warn where the network alone is behind a line that learns nothing."""
    naive = [n for n, line in enumerate(combination.lines) if isinstance(line, Repetition)]
    if not naive:
        return
    number = naive[-1]  # the longest season comes last
    network, line = combination.errors[-1], combination.errors[number]
    known = (line > 0) & (network > 0)
    if not known.any():
        return
    ratio = np.exp(np.log(network[known] / line[known]).mean())
    if ratio > 1:
        share = combination.weights[-1].mean()
        warnings.warn(
            f"On what was held back, the error of the network alone is {ratio:.2f} times that of "
            f"the {combination.names[number]}; its weight in the forecast is {share:.0%}. See "
            "validation_errors_ and weights_.",
            stacklevel=2,
        )


def validate(
    names: Sequence[str],
    seasons: tuple[int, ...],
    panel: Panel,
    origins: np.ndarray,
    predict: Callable[[tuple[np.ndarray, np.ndarray]], np.ndarray],
    levels: tuple[float, ...],
    horizon: int,
) -> Combination:
    """Return the combination of a network with some lines, weighted by what was held back.

    Parameters
    ----------
    names : sequence of str
        Kinds of lines.
    seasons : tuple of int
    panel : Panel
    origins : int array of shape (n_origins,)
        Steps before the end of each series, from `held_back_origins`.
    predict : callable
        From offsets to the steps of a network that has not seen what comes after the first origin.
    levels : tuple of float
        Quantiles that it writes.
    horizon : int
    """
    n_series = len(panel) * panel.values.shape[1]
    before = panel_before(panel, origins)
    length = int(np.median(before.lengths))
    early, whole = (
        {line.name: line for line in make_lines(names, Task(series, horizon, seasons, length))}
        for series in (SeriesSet.of(part.values, part.start) for part in (before, panel))
    )
    lines = [line for name, line in early.items() if name in whole]
    kept = [whole[line.name] for line in lines]
    middle = levels.index(0.5) if levels else 0
    found = [_at_origin(lines, panel, int(back), horizon, predict) for back in origins]
    if not found:
        empty = np.full((len(lines) + 1, 0, n_series), np.nan)
        return Combination(kept, origins, empty, combination_weights(empty, 0.0))
    truth = np.stack([one.truth for one in found])
    forecasts = np.stack([one.points(middle) for one in found], axis=1)
    errors = member_errors(truth, forecasts)
    weights = combination_weights(errors, float(origins[0]) / horizon)
    shifts = None
    if levels:
        center = np.stack([combine(one.points(middle), weights) for one in found])
        steps = np.stack([one.steps for one in found])
        moved = steps + (center - steps[..., middle])[..., None]
        known = np.where(np.isfinite(moved).all(axis=-1), truth, np.nan)
        shifts = calibration_shifts(levels, known, moved)
        shifts[middle] = 0.0
    return Combination(kept, origins, errors, weights, shifts)


@dataclass(frozen=True)
class _Found:
    """Forecasts of one origin of each series: (n_lines or -, n_series, horizon[, n_quantiles])."""

    truth: np.ndarray
    lines: np.ndarray
    steps: np.ndarray

    def points(self, middle: int) -> np.ndarray:
        return np.concatenate([self.lines, self.steps[None, ..., middle]])


def _at_origin(
    lines: Sequence[Line], panel: Panel, back: int, horizon: int, predict: Any
) -> _Found:
    """Return what was forecast so many steps before the end; NaN of series that are too short."""
    offset = np.maximum(panel.lengths - back, 1)
    short = np.repeat(panel.lengths - back < 2, panel.values.shape[1])
    everyone = np.arange(len(panel))
    _, by_line = line_forecasts(lines, panel, (offset, offset), horizon, everyone)
    steps = predict((offset, offset))
    quantiles = np.moveaxis(steps, 2, 1).reshape(-1, *steps.shape[1:2], steps.shape[3])
    places = panel.start[:-1, None] + offset[:, None] + np.arange(horizon)
    inside = places < panel.start[1:, None]
    truth = panel.values[np.minimum(places, len(panel.values) - 1)]
    truth = by_series(np.where(inside[..., None], truth, np.nan))
    truth[short] = np.nan
    return _Found(truth, by_line, quantiles)


def panel_before(panel: Panel, origins: np.ndarray) -> Panel:
    """Return the part of a panel that comes before the first of some origins."""
    if not len(origins):
        return panel
    return panel.until(np.maximum(panel.lengths - origins[0], 1))


def weight_frame(combination: Combination, panel: Panel) -> pd.DataFrame:
    """Return the weight of each member in each series: a row per series."""
    return pd.DataFrame(combination.weights.T, _series_index(panel), combination.names)


def error_frame(combination: Combination) -> pd.DataFrame:
    """Return the mean absolute error of members at each origin, over all series."""
    known = ~np.isnan(combination.errors)
    total = np.where(known, combination.errors, 0.0).sum(axis=2)
    count = known.sum(axis=2)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    index = pd.Index(combination.origins, name="steps held back")
    return pd.DataFrame(mean.T, index, combination.names)


def _series_index(panel: Panel) -> pd.Index:
    if panel.keys is None:
        return pd.Index(panel.columns)
    n_variables = len(panel.columns)
    if n_variables == 1:
        return panel.keys
    keys = panel.keys.repeat(n_variables)
    levels = [keys.get_level_values(level) for level in range(keys.nlevels)]
    columns = list(panel.columns) * len(panel)
    names = [*panel.names[:-1], panel.columns.name]
    return pd.MultiIndex.from_arrays([*levels, columns], names=names)
