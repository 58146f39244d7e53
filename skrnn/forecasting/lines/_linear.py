"""Ridge regression on windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ...models._ridge import ridge
from ._protocol import Line, Task
from ._series import Past, level_and_unit

# Windows of a series that it learns from, at most; of a panel together, so many, the last ones.
_MOST_WINDOWS, _MOST_POOLED = 3000, 30_000
# A series has a linear line of its own where it has so many windows for each step of one.
_WINDOWS_PER_STEP = 2
_LONGEST_WINDOW, _LONG_WINDOW = 700, 120


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

    @property
    def fewest(self) -> int:
        """Return the window."""
        return self.reach

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return what the regression says."""
        values = past.values[:, -self.reach :]
        with np.errstate(invalid="ignore", divide="ignore"):
            values = np.log(values) if self.logs else values
            level, unit = level_and_unit(values, scaled=self.scaled)
            inputs = np.concatenate([(values - level) / unit, np.ones((len(values), 1))], axis=1)
            steps = self._outputs(inputs, past.which, horizon) * unit + level
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


def linear_lines(task: Task, *, logs: bool, pooled: bool) -> list[Line]:
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
    """Return a short and a long window, a season and two, as far as series have the room.

    None is shorter than half a horizon, in whole seasons.
    """
    room = task.length - task.horizon
    most = min(room // 2 if pooled else room // (_WINDOWS_PER_STEP + 1), _LONGEST_WINDOW)
    horizon = task.horizon
    if task.seasons:
        wanted = [max(2 * min(task.seasons), 2 * horizon)]
        for period in task.seasons:
            fewest = -(-horizon // (2 * period))
            wanted += [n * max(1, fewest) * period for n in (1, 2)]
    else:
        wanted = [max(24, horizon // 2), 4 * horizon, max(_LONG_WINDOW, horizon)]
    return sorted({min(window, most) for window in wanted if min(window, most) > 0})


def _training_windows(task: Task, window: int, logs: bool, pooled: bool) -> list[Any]:
    """Return windows with the steps after them, series by series or all together."""
    series, width = task.series, window + task.horizon
    found: list[Any] = []
    for values in series.known():
        fewest = 1 if pooled else _WINDOWS_PER_STEP * window
        if len(values) - width + 1 < fewest or (logs and values.min() <= 0):
            found.append(None)
            continue
        values = np.log(values) if logs else values
        windows = sliding_window_view(values, width)
        recent = max(1, _MOST_POOLED // len(series))
        found.append(windows[-recent:] if pooled else _spread(windows, _MOST_WINDOWS))
    if not pooled:
        return found
    there = [windows for windows in found if windows is not None]
    return [np.concatenate(there) if there else None]


def _spread(windows: np.ndarray, most: int) -> np.ndarray:
    """Return some windows from all of a series: neighbours say nearly the same."""
    if len(windows) <= most:
        return windows
    return windows[np.linspace(0, len(windows) - 1, most).round().astype(int)]


def _regression(windows: np.ndarray, window: int, scaled: bool) -> np.ndarray:
    """Return coefficients and intercept of ridge regression."""
    level, unit = level_and_unit(windows[:, :window], scaled=scaled)
    inputs, outputs = np.split((windows - level) / unit, [window], axis=1)
    return ridge(inputs, outputs)
