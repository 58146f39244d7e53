"""A network and the lines beside it: weights from what was held back, and the forecast of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ._options import ForecasterOptions
from ._outliers import clip_outliers
from ._panel import Panel
from ._panel_model import PanelModel
from ._quantiles import calibration_factors, quantiles_around, spread_ratio
from ._store import SeriesScale
from ._validation import has_windows_to_hold_out
from ._weights import combination_weights, combine, held_back_origins, member_errors
from .lines import Line, SeriesSet, Task, make_lines, warn_left_out

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
    factors : array of shape (n_levels,) or None
        How far from the forecast the quantiles are, in units of what the network says.
    """

    lines: list[Line]
    origins: np.ndarray
    errors: np.ndarray
    weights: np.ndarray
    factors: np.ndarray | None = None

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
        which, members = self.members(panel, offsets, steps[..., middle], fitted)
        combined = _by_window(combine(members, self.weights[:, which]), steps.shape)
        if self.factors is None:
            return steps + (combined - steps[..., middle])[..., None]
        return quantiles_around(steps, middle, self.factors, combined)

    def members(
        self,
        panel: Panel,
        offsets: tuple[np.ndarray, np.ndarray],
        network: np.ndarray,
        fitted: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return numbers of the series, (n_rows,), and forecasts, (n_members, n_rows, horizon).

        Parameters
        ----------
        panel, offsets, fitted :
            As for `apply`.
        network : array of shape (n_windows, horizon, n_variables)
            What the network says. Rows are windows, with their variables one after the other.
        """
        series = SeriesSet.of(panel.values, panel.start)
        which, lines = line_forecasts(self.lines, series, offsets, network.shape[1], fitted)
        return which, np.concatenate([lines, by_series(network)[None]])


def line_forecasts(
    lines: Sequence[Line],
    series: SeriesSet,
    offsets: tuple[np.ndarray, np.ndarray],
    horizon: int,
    fitted: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers of fitted series, (n_origins,), and forecasts, (n_lines, n_origins, horizon).

    Origins are those from the first to the last offset of each instance, each of all variables. A
    line that fails has no forecast, and is named in a warning.
    """
    n_variables = len(series) // len(fitted)
    count = offsets[1] - offsets[0] + 1
    instance = np.repeat(np.arange(len(fitted)), count)
    stop = np.concatenate([np.arange(a, b + 1) for a, b in zip(*offsets, strict=True)])
    own, which = (
        (numbers[:, None] * n_variables + np.arange(n_variables)).ravel()
        for numbers in (instance, fitted[instance])
    )
    stop = np.repeat(stop, n_variables)
    found = np.full((len(lines), len(which), horizon), np.nan)
    reach = max((line.reach for line in lines), default=1)
    reach = int(min(reach, stop.max(initial=1)))
    failed: dict[str, Exception] = {}
    for rows in np.array_split(np.arange(len(own)), 1 + len(own) * reach // _NUMBERS_AT_ONCE):
        past = series.past(reach, own[rows], stop[rows], which[rows])
        for number, line in enumerate(lines):
            there = past.known >= line.fewest
            if not there.any():
                continue
            try:
                found[number, rows[there]] = line.forecast(past[there], horizon)
            except Exception as error:  # a line must not break the forecast
                failed[line.name] = error
    for name, failure in failed.items():
        warn_left_out(name, failure)
    return which, found


def by_series(steps: np.ndarray) -> np.ndarray:
    """Return (n_windows, horizon, n_variables) as (n_windows * n_variables, horizon)."""
    return steps.swapaxes(1, 2).reshape(-1, steps.shape[1])


def _by_window(series: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Undo `by_series`."""
    return series.reshape(shape[0], shape[2], shape[1]).swapaxes(1, 2)


def combine_with_lines(
    options: ForecasterOptions,
    panel: Panel,
    origins: np.ndarray,
    network: tuple[PanelModel, SeriesScale],
    train: Train,
) -> Combination:
    """Return the combination of a network with lines, weighted by what was held back.

    A network that does not know the last steps of each series is trained for it.

    Parameters
    ----------
    options : ForecasterOptions
    panel : Panel
    origins : int array of shape (n_origins,)
        Of `choose_origins`.
    network : pair of PanelModel and SeriesScale
        The network that forecasts.
    train : callable
    """
    settings, before = network[0].settings, panel_before(panel, origins)
    early, whole = (
        SeriesSet.of(clip_outliers(part).values, part.start) for part in (before, panel)
    )
    length = int(np.median(before.lengths))
    lines, final = (
        {line.name: line for line in make_lines(options.baselines, task)}
        for task in (
            Task(series, settings.horizon, settings.seasons, length, options.effort)
            for series in (early, whole)
        )
    )
    names = [name for name in lines if name in final]
    kept = [final[name] for name in names]
    if not len(origins):
        errors = np.full((len(kept) + 1, 0, len(whole)), np.nan)
        return Combination(kept, origins, errors, combination_weights(errors, 0.0))
    model, scale = train(before)
    seen = SeriesSet.of(panel.values, panel.start)
    found = [
        _at_origin([lines[name] for name in names], panel, seen, int(back), model, scale)
        for back in origins
    ]
    again = np.stack([_network_steps(panel, int(back), *network) for back in origins])
    return _weighted(kept, origins, found, again, model)


def choose_origins(options: ForecasterOptions, panel: Panel, horizon: int) -> np.ndarray:
    """Return the origins that are held back and leave enough to learn from, or none."""
    if not options.baselines:
        return np.zeros(0, int)
    n_series = len(panel) * panel.values.shape[1]
    origins = held_back_origins(int(np.median(panel.lengths)), horizon, n_series)
    longest = int(panel.lengths.max() - (origins[0] if len(origins) else 0))
    enough = longest >= (options.window or 2) + horizon
    if options.held_out is not None:
        enough = enough and has_windows_to_hold_out(longest, options.window, horizon)
    return origins if enough else origins[:0]


def _weighted(
    lines: list[Line],
    origins: np.ndarray,
    found: list[_Found],
    again: np.ndarray,
    model: PanelModel,
) -> Combination:
    """Return the combination that does best at the origins, with quantiles that hold there.

    `again` is what the network that forecasts says at the origins: its unit may be another one.
    """
    middle, n_horizons = model.middle, float(origins[0]) / model.settings.horizon
    truth = np.stack([one.truth for one in found])
    forecasts = np.stack([one.points(middle) for one in found], axis=1)
    errors = member_errors(truth, forecasts)
    weights = combination_weights(errors, n_horizons)
    if not model.levels:
        return Combination(lines, origins, errors, weights)
    center = np.stack([combine(one.points(middle), weights) for one in found])
    steps = np.stack([one.steps for one in found])
    factors = calibration_factors(model.levels, truth, steps, center, n_horizons)
    factors = factors * spread_ratio(steps, again)
    return Combination(lines, origins, errors, weights, factors)


@dataclass(frozen=True)
class _Found:
    """What was forecast from one origin of each series, and what came.

    Attributes
    ----------
    truth : array of shape (n_series, horizon)
    lines : array of shape (n_lines, n_series, horizon)
    steps : array of shape (n_series, horizon, n_quantiles or 1)
        Of the network.
    """

    truth: np.ndarray
    lines: np.ndarray
    steps: np.ndarray

    def points(self, middle: int) -> np.ndarray:
        return np.concatenate([self.lines, self.steps[None, ..., middle]])


def _at_origin(
    lines: Sequence[Line],
    panel: Panel,
    series: SeriesSet,
    back: int,
    model: PanelModel,
    scale: SeriesScale,
) -> _Found:
    """Return what was forecast so many steps before the end; no truth of series too short."""
    offset, horizon = np.maximum(panel.lengths - back, 1), model.settings.horizon
    everyone = np.arange(len(panel))
    _, by_line = line_forecasts(lines, series, (offset, offset), horizon, everyone)
    places = panel.start[:-1, None] + offset[:, None] + np.arange(horizon)
    inside = (places < panel.start[1:, None]) & (panel.lengths - back >= 2)[:, None]
    truth = panel.values[np.minimum(places, len(panel.values) - 1)]
    steps = _network_steps(panel, back, model, scale)
    return _Found(by_series(np.where(inside[..., None], truth, np.nan)), by_line, steps)


def _network_steps(panel: Panel, back: int, model: PanelModel, scale: SeriesScale) -> np.ndarray:
    """Return (n_series, horizon, n_quantiles or 1), forecast so many steps before the end."""
    offset = np.maximum(panel.lengths - back, 1)
    steps = model.predict(panel, scale, (offset, offset))
    return steps.swapaxes(1, 2).reshape(-1, steps.shape[1], steps.shape[3])


def panel_before(panel: Panel, origins: np.ndarray) -> Panel:
    """Return the part of a panel that comes before the first of some origins."""
    if not len(origins):
        return panel
    return panel.until(np.maximum(panel.lengths - origins[0], 1))
