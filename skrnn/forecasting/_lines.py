"""Forecasts of one line: what a network has to beat, and what stands beside it in a combination.

Every line forecasts a whole panel at once, from the last values of each series before an origin.
What there is to learn is learned in closed form. A new one is one record in `BASELINES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

# Penalties of the linear line that are tried, in units of the mean variance of its inputs.
_PENALTIES = np.logspace(-6, 2, 17)
# The last windows of a series that it learns from, at most; of a panel together, so many.
_MOST_WINDOWS, _MOST_POOLED = 3000, 30_000
# A series has a linear line of its own where it has so many windows for each step of one.
_WINDOWS_PER_STEP = 2
_LONGEST_WINDOW, _LONG_WINDOW = 400, 120
# Steps that mean and drift look back, at most.
_LONGEST_MEAN = 500


@dataclass(frozen=True)
class SeriesSet:
    """Series of one variable each, one after the other.

    Attributes
    ----------
    values : float array
        Without NaN: a missing value repeats the one before.
    start : int array of shape (n_series + 1,)
    late : int array of shape (n_series,)
        Steps of each series before its first known value, which stands for them.
    """

    values: np.ndarray
    start: np.ndarray
    late: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, start: np.ndarray) -> SeriesSet:
        """Return the columns of instances as series, instance by instance.

        Parameters
        ----------
        values : array of shape (n_rows, n_variables)
            NaN where missing.
        start : int array of shape (n_instances + 1,)
        """
        columns = [
            values[first:last, column]
            for first, last in pairwise(start)
            for column in range(values.shape[1])
        ]
        late = [_first_known(column) for column in columns]
        stops = np.cumsum([len(column) for column in columns])
        parts = [_filled(column) for column in columns]
        return cls(np.concatenate(parts), np.concatenate([[0], stops]), np.array(late))

    def __len__(self) -> int:
        """Return the number of series."""
        return len(self.start) - 1

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each series."""
        return np.diff(self.start)

    def last(self, n_steps: int, which: np.ndarray, stop: np.ndarray) -> np.ndarray:
        """Return the last steps before positions in some series, (n_origins, n_steps).

        Before the start of a series its first value stands.
        """
        places = np.arange(-n_steps, 0) + stop[:, None]
        return self.values[self.start[which][:, None] + np.maximum(places, 0)]


def _first_known(column: np.ndarray) -> int:
    known = ~np.isnan(column)
    return int(np.argmax(known)) if known.any() else len(column)


def _filled(column: np.ndarray) -> np.ndarray:
    """Return a series in which missing values repeat the one before, at the start the first."""
    known = ~np.isnan(column)
    if known.all():
        return column
    if not known.any():
        return np.zeros_like(column)
    place = np.maximum.accumulate(np.where(known, np.arange(len(column)), -1))
    return column[np.where(place < 0, np.argmax(known), place)]


class Line(Protocol):
    """A forecast of one line, after it has learned what there is to learn."""

    @property
    def name(self) -> str:
        """Name, with the size of its window or season."""

    @property
    def reach(self) -> int:
        """Steps that it looks back; a series that has fewer cannot be forecast by it."""

    def forecast(self, history: np.ndarray, which: np.ndarray, horizon: int) -> np.ndarray:
        """Return forecasts (n_origins, horizon), NaN where there is none.

        Parameters
        ----------
        history : array of shape (n_origins, n_steps)
            The last values before each origin; at least `reach` steps.
        which : int array of shape (n_origins,)
            Number of the series that each is of.
        horizon : int
        """


@dataclass(frozen=True)
class Repetition:
    """The last values once more: those of a season, or the last one alone.

    Attributes
    ----------
    name : str
    reach : int
        Steps of the season; 1 is the last value.
    """

    name: str
    reach: int

    def forecast(self, history: np.ndarray, which: np.ndarray, horizon: int) -> np.ndarray:
        """Return the last season, as often as need be."""
        return history[:, -self.reach :][:, np.arange(horizon) % self.reach]


@dataclass(frozen=True)
class Straight:
    """The mean of the last values, or the straight line through the first and the last of them.

    Attributes
    ----------
    name : str
    reach : int
    drifts : bool
    """

    name: str
    reach: int
    drifts: bool

    def forecast(self, history: np.ndarray, which: np.ndarray, horizon: int) -> np.ndarray:
        """Return the mean, or the line."""
        values = history[:, -self.reach :]
        if not self.drifts:
            return np.repeat(values.mean(axis=1, keepdims=True), horizon, axis=1)
        slope = (values[:, -1:] - values[:, :1]) / max(1, values.shape[1] - 1)
        return values[:, -1:] + slope * np.arange(1, horizon + 1)


@dataclass(frozen=True)
class Linear:
    """All steps ahead by ridge regression on a window, both relative to the mean of the window.

    Attributes
    ----------
    name : str
    reach : int
        Steps of the window.
    coefficients : float array of shape (n_series or 1, reach + 1, horizon)
        The last row is the intercept; NaN where a series is too short to learn from.
    logs : bool
        On logarithms, of series that are positive throughout.
    scaled : bool
        In units of the deviation of the window: one regression serves all series.
    """

    name: str
    reach: int
    coefficients: np.ndarray
    logs: bool = False
    scaled: bool = False

    def forecast(self, history: np.ndarray, which: np.ndarray, horizon: int) -> np.ndarray:
        """Return what the regression says."""
        values = history[:, -self.reach :]
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.log(values) if self.logs else values
            level, unit = _level_and_unit(values, self.scaled)
            inputs = np.concatenate([(values - level) / unit, np.ones((len(values), 1))], axis=1)
            steps = self._outputs(inputs, which, horizon) * unit + level
        with np.errstate(over="ignore", invalid="ignore"):
            return np.exp(steps) if self.logs else steps

    def _outputs(self, inputs: np.ndarray, which: np.ndarray, horizon: int) -> np.ndarray:
        weights = self.coefficients[:, :, :horizon]
        if len(weights) == 1:
            single: np.ndarray = inputs @ weights[0]
            return single
        outputs = np.empty((len(inputs), weights.shape[2]))
        order = np.argsort(which, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(which[order])) + 1):
            outputs[rows] = inputs[rows] @ weights[which[rows[0]]]
        return outputs


def _level_and_unit(windows: np.ndarray, scaled: bool) -> tuple[np.ndarray, np.ndarray]:
    level = windows.mean(axis=-1, keepdims=True)
    if not scaled:
        return level, np.ones_like(level)
    unit = windows.std(axis=-1, keepdims=True)
    return level, np.where(unit > 1e-9 * np.abs(level), unit, 1.0)


# ---- Learning ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Task:
    """What lines are made for.

    Attributes
    ----------
    series : SeriesSet
        To learn from.
    horizon : int
    seasons : tuple of int
        Periods that there are; empty where there is none.
    length : int
        Steps of a typical series. Sizes of windows follow from it, and not from `series`: lines of
        all of a panel, and of what comes before its last steps, are the same ones.
    """

    series: SeriesSet
    horizon: int
    seasons: tuple[int, ...]
    length: int


@dataclass(frozen=True)
class Baseline:
    """A kind of line.

    Attributes
    ----------
    name : str
    make : callable
        From a task to the lines of this kind: none where they cannot be, one for each season.
    """

    name: str
    make: Callable[[Task], Sequence[Line]]


def _mean_reach(task: Task) -> int:
    return min(max(2, task.length - 1), _LONGEST_MEAN)


def _linear(task: Task, *, logs: bool, pooled: bool) -> list[Line]:
    """Return regressions on windows of some lengths, for each series or for all of them at once."""
    if pooled and len(task.series) == 1:
        return []
    lines = [_linear_line(task, window, logs, pooled) for window in _windows_of(task, pooled)]
    return [line for line in lines if line is not None]


def _linear_line(task: Task, window: int, logs: bool, pooled: bool) -> Line | None:
    found = [
        None if windows is None else _regression(windows, window, pooled)
        for windows in _training_windows(task, window, logs, pooled)
    ]
    empty = np.full((window + 1, task.horizon), np.nan)
    coefficients = np.stack([empty if one is None else one for one in found])
    if np.isnan(coefficients).all():
        return None
    name = f"{'pooled ' if pooled else ''}{'log ' if logs else ''}ridge {window}"
    return Linear(name, window, coefficients, logs, pooled)


def _windows_of(task: Task, pooled: bool) -> list[int]:
    """Return a season and two, or a short and a long window, as far as series have the room."""
    room = task.length - task.horizon
    most = min(room // 2 if pooled else room // (_WINDOWS_PER_STEP + 1), _LONGEST_WINDOW)
    if task.seasons:
        wanted = [2 * min(task.seasons), max(task.seasons), 2 * max(task.seasons)]
    else:
        wanted = [24, 2 * task.horizon, _LONG_WINDOW]
    return sorted({min(window, most) for window in wanted if min(window, most) > 0})


def _training_windows(task: Task, window: int, logs: bool, pooled: bool) -> list[Any]:
    """Return windows with the steps after them, series by series or all together."""
    series, width = task.series, window + task.horizon
    found: list[Any] = []
    for first, last in zip(series.start[:-1] + series.late, series.start[1:], strict=True):
        values = series.values[first:last]
        fewest = 1 if pooled else _WINDOWS_PER_STEP * window
        if len(values) - width + 1 < fewest or (logs and values.min() <= 0):
            found.append(None)
            continue
        values = np.log(values) if logs else values
        most = max(1, _MOST_POOLED // len(series)) if pooled else _MOST_WINDOWS
        found.append(sliding_window_view(values, width)[-most:])
    if not pooled:
        return found
    there = [windows for windows in found if windows is not None]
    return [np.concatenate(there) if there else None]


def _regression(windows: np.ndarray, window: int, scaled: bool) -> np.ndarray:
    """Return coefficients and intercept of the ridge regression that generalises best.

    The penalty is chosen by generalised cross-validation (Golub, Heath and Wahba, 1979).
    """
    level, unit = _level_and_unit(windows[:, :window], scaled)
    inputs, outputs = np.split((windows - level) / unit, [window], axis=1)
    mean_in, mean_out = inputs.mean(axis=0), outputs.mean(axis=0)
    inputs, outputs = inputs - mean_in, outputs - mean_out
    values, vectors = np.linalg.eigh(inputs.T @ inputs)
    values, n_rows = np.maximum(values, 0.0), len(inputs)
    turned = vectors.T @ (inputs.T @ outputs)
    scale = values.mean() or 1.0
    best, total = None, (outputs**2).sum()
    for penalty in _PENALTIES * scale:
        kept = values + penalty
        residual = total - (turned**2 * ((values + 2 * penalty) / kept**2)[:, None]).sum()
        freedom = max(n_rows - 1 - (values / kept).sum(), 1e-9)
        score = max(residual, 0.0) / freedom**2
        if best is None or score < best[0]:
            best = score, vectors @ (turned / kept[:, None])
    assert best is not None
    coefficients: np.ndarray = best[1]
    return np.concatenate([coefficients, (mean_out - mean_in @ coefficients)[None]])


BASELINES = {
    baseline.name: baseline
    for baseline in (
        Baseline("last", lambda task: [Repetition("last value", 1)]),
        Baseline("mean", lambda task: [Straight("mean", _mean_reach(task), False)]),
        Baseline("drift", lambda task: [Straight("drift", _mean_reach(task), True)]),
        Baseline(
            "seasonal",
            lambda task: [Repetition(f"seasonal naive {m}", m) for m in task.seasons],
        ),
        Baseline("ridge", lambda task: _linear(task, logs=False, pooled=False)),
        Baseline("log_ridge", lambda task: _linear(task, logs=True, pooled=False)),
        Baseline("pooled_ridge", lambda task: _linear(task, logs=False, pooled=True)),
        Baseline("pooled_log_ridge", lambda task: _linear(task, logs=True, pooled=True)),
    )
}


def make_lines(names: Sequence[str], task: Task) -> list[Line]:
    """Return the lines of some kinds, those that can be."""
    return [line for name in names for line in BASELINES[name].make(task)]
