"""Lines that learn nothing: the last values once more, their mean, and the drift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._protocol import Line, Task
from ._series import Past

# Steps that mean and drift look back, at most.
_LONGEST = 500


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

    @property
    def fewest(self) -> int:
        """Return the season."""
        return self.reach

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the last season, as often as need be."""
        return past.values[:, -self.reach :][:, np.arange(horizon) % self.reach]


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

    @property
    def fewest(self) -> int:
        """Return two, which a line goes through."""
        return 2

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the mean, or the line, of what is known."""
        values = past.values[:, -self.reach :]
        count = np.minimum(past.known, values.shape[1])[:, None]
        if not self.drifts:
            known = np.arange(values.shape[1])[::-1] < count
            mean = np.where(known, values, 0.0).sum(axis=1, keepdims=True) / count
            return np.repeat(mean, horizon, axis=1)
        last, first = values[:, -1:], np.take_along_axis(values, values.shape[1] - count, axis=1)
        return last + (last - first) / (count - 1) * np.arange(1, horizon + 1)


def mean_and_drift(task: Task, *, drifts: bool) -> list[Line]:
    """Return the mean, or the drift."""
    return [Straight("drift" if drifts else "mean", _LONGEST, drifts)]


def seasonal_lines(task: Task) -> list[Line]:
    """Return a repetition of each season."""
    return [Repetition(f"seasonal naive {period}", period) for period in task.seasons]
