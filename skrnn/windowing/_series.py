"""A table of one or several series: which row follows which, and what a series ended with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._continuity import check_index, infer_step, steps_between


@dataclass(frozen=True)
class Series:
    """Rows sorted so that each series is one block, in the order they came in.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
    index : pandas.Index or None
        Time of each row.
    group : ndarray of shape (n_rows,) or None
        Series of each row.
    order : int array or None
        Where each row stood in the input; None where nothing was moved.
    """

    rows: np.ndarray
    index: pd.Index | None
    group: np.ndarray | None
    order: np.ndarray | None

    def label(self, row: int) -> Any:
        """Return the series of a row; a single one has the label None."""
        return None if self.group is None else self.group[row]

    def same_as_before(self) -> np.ndarray:
        """Return for each row but the first whether it is of the series of the row before."""
        if self.group is None:
            return np.ones(len(self.rows) - 1, bool)
        return np.asarray(self.group[1:] == self.group[:-1])


@dataclass(frozen=True)
class Tail:
    """The last rows of a series, and the time of the very last one."""

    rows: np.ndarray
    last: pd.Index | None


@dataclass(frozen=True)
class Continuity:
    """The rule by which one row directly follows another.

    Attributes
    ----------
    step : offset, int or None
        From one row to the next; None for rows without index, which always follow one another.
    indexed : bool
    tolerance : int, pandas.Timedelta or None
        Missing steps that are bridged, or for dates the longest time between neighbours.
    """

    step: Any
    indexed: bool
    tolerance: Any

    def follows(self, before: pd.Index, after: pd.Index) -> np.ndarray:
        """Return for each time whether it directly follows its counterpart."""
        if isinstance(self.tolerance, pd.Timedelta):
            if not isinstance(before, pd.DatetimeIndex) or not isinstance(after, pd.DatetimeIndex):
                return np.zeros(len(after), bool)
            time = after - before
            return np.asarray((time > pd.Timedelta(0)) & (time <= self.tolerance))
        steps = steps_between(before, after, self.step)
        return (steps >= 1) & (steps <= 1 + (self.tolerance or 0))

    def within(self, series: Series) -> np.ndarray:
        """Return for each row but the first whether it follows the row before."""
        same = series.same_as_before()
        if series.index is None or not self.indexed:
            return same
        return same & self.follows(series.index[:-1], series.index[1:])


def read_series(rows: np.ndarray, index: pd.Index | None, group: np.ndarray | None) -> Series:
    """Sort rows into series."""
    if isinstance(index, pd.MultiIndex):
        group = index.droplevel(-1).to_numpy() if group is None else group
        index = index.get_level_values(-1)
    if index is not None:
        check_index(index)
    if group is None:
        return Series(rows, index, None, None)
    codes = pd.factorize(group)[0]
    if (np.diff(codes) >= 0).all():
        return Series(rows, index, group, None)
    order = np.argsort(codes, kind="stable")
    return Series(rows[order], None if index is None else index[order], group[order], order)


def learn_continuity(series: Series, freq: Any, tolerance: Any) -> Continuity:
    """Return the rule for series like these.

    Raises
    ------
    ValueError
        When the index of a series does not increase, or has no regular step.
    """
    if series.index is None:
        return Continuity(None, False, tolerance)
    same = series.same_as_before()
    backwards = same & ~np.asarray(series.index[1:] > series.index[:-1])
    if backwards.any():
        row = int(np.argmax(backwards)) + 1
        raise ValueError(
            f"X: the index decreases or repeats at {series.index[row]!r}, so there is no telling "
            "which row follows which. Sort X by its index, drop duplicates, and for several series "
            "in one frame set group or use a MultiIndex with the time last."
        )
    needs_step = not isinstance(tolerance, pd.Timedelta)
    step = infer_step(series.index, same, freq) if needs_step else None
    return Continuity(step, True, tolerance)


def find_tails(series: Series, n_rows: int) -> dict[Any, Tail]:
    """Return the last rows of each series, `n_rows` of them at most."""
    ends = np.append(np.flatnonzero(~series.same_as_before()) + 1, len(series.rows))
    tails, start = {}, 0
    for end in ends:
        last = None if series.index is None else series.index[end - 1 : end]
        rows = series.rows[max(start, end - n_rows) : end].copy()
        tails[series.label(end - 1)] = Tail(rows, last)
        start = end
    return tails
