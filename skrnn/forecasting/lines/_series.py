"""Series as lines read them: without holes, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np


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

    def known(self) -> Iterator[np.ndarray]:
        """Yield each series from its first known value on."""
        for first, last in zip(self.start[:-1] + self.late, self.start[1:], strict=True):
            yield self.values[first:last]

    def past(self, n_steps: int, own: np.ndarray, stop: np.ndarray, which: np.ndarray) -> Past:
        """Return the last steps before positions in some series.

        Parameters
        ----------
        n_steps : int
        own, stop : int arrays of shape (n_origins,)
            Series and position of each origin.
        which : int array of shape (n_origins,)
            Number of the series among those that were learned from.
        """
        places = np.arange(-n_steps, 0) + stop[:, None]
        values = self.values[self.start[own][:, None] + np.maximum(places, 0)]
        return Past(values, np.minimum(stop - self.late[own], n_steps), which)


@dataclass(frozen=True)
class Past:
    """The last values before some origins.

    Attributes
    ----------
    values : array of shape (n_origins, n_steps)
        Before the first known value stands that value.
    known : int array of shape (n_origins,)
        How many of the last steps are known.
    which : int array of shape (n_origins,)
        Number of the series that each is of, among those that were learned from.
    """

    values: np.ndarray
    known: np.ndarray
    which: np.ndarray

    def __len__(self) -> int:
        """Return the number of origins."""
        return len(self.values)

    def __getitem__(self, origins: np.ndarray) -> Past:
        """Return that of some origins."""
        return Past(self.values[origins], self.known[origins], self.which[origins])

    def history(self, origin: int, most: int) -> np.ndarray:
        """Return what is known before one origin, so many steps at most."""
        kept: np.ndarray = self.values[origin, -min(int(self.known[origin]), most) :]
        return kept


def level_and_unit(windows: np.ndarray, *, scaled: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation along the last axis, which is kept; or one."""
    level = windows.mean(axis=-1, keepdims=True)
    if not scaled:
        return level, np.ones_like(level)
    unit = windows.std(axis=-1, keepdims=True)
    return level, np.where(unit > 1e-9 * np.abs(level), unit, 1.0)


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
