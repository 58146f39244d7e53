"""What every line is, and what it is made for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ._series import Past, SeriesSet


class Line(Protocol):
    """A forecast of one line, after it has learned what there is to learn."""

    @property
    def name(self) -> str:
        """Name, with the size of its window or season."""

    @property
    def fewest(self) -> int:
        """Steps that it needs: with fewer there is no forecast."""

    @property
    def reach(self) -> int:
        """Steps that it looks back, at most."""

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return forecasts (n_origins, horizon), NaN where there is none."""


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
    effort : float
        How much may be spent: lines that are slow forecast so many more series.
    """

    series: SeriesSet
    horizon: int
    seasons: tuple[int, ...]
    length: int
    effort: float = 1.0


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
