"""A table of one or several series: which row follows which, and what a series ended with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._continuity import check_index, infer_step, kind_of, steps_between
from ._plain import PlainState
from ._tables import Table


@dataclass(frozen=True)
class Series(PlainState):
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
    name : str
        What the user calls the data.
    """

    rows: np.ndarray
    index: pd.Index | None
    group: np.ndarray | None
    order: np.ndarray | None
    name: str = "X"

    def label(self, row: int) -> Any:
        """Return the series of a row; a single one has the label None."""
        return None if self.group is None else self.group[row]

    def time(self, row: int) -> pd.Index | None:
        """Return the time of a row, as an index of length 1."""
        return None if self.index is None else self.index[row : row + 1]

    @property
    def blocks(self) -> dict[Any, tuple[int, int]]:
        """The first row of each series, and the one after its last."""
        new = np.flatnonzero(~self.same_as_before()) + 1
        starts, stops = np.append(0, new), np.append(new, len(self.rows))
        pairs = zip(starts.tolist(), stops.tolist(), strict=True)
        return {self.label(start): (start, stop) for start, stop in pairs}

    def same_as_before(self) -> np.ndarray:
        """Return for each row but the first whether it is of the series of the row before."""
        if self.group is None:
            return np.ones(len(self.rows) - 1, bool)
        return np.asarray(self.group[1:] == self.group[:-1])


@dataclass(frozen=True)
class Tail(PlainState):
    """What is remembered of a series.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
        The last rows, back to a hole at most.
    last : pandas.Index or None
        Time of the last row.
    first_row : ndarray of shape (n_features,)
    first : pandas.Index or None
        Time of the first row.
    after_hole : bool
        Whether there is a hole before `rows`.
    """

    rows: np.ndarray
    last: pd.Index | None
    first_row: np.ndarray
    first: pd.Index | None
    after_hole: bool

    def begins_at(self, series: Series, row: int) -> bool:
        """Return whether a row, and its time where known, is the one that the series began with."""
        time = series.time(row)
        if self.first is not None and time is not None and self.first[0] != time[0]:
            return False
        return np.array_equal(series.rows[row], self.first_row, equal_nan=True)

    def precedes(self, time: pd.Index | None, rule: Continuity) -> bool:
        """Return whether a time directly follows the last row."""
        if time is None or self.last is None:
            return False
        return bool(rule.follows(self.last, time)[0])


@dataclass(frozen=True)
class Continuity(PlainState):
    """The rule by which one row directly follows another.

    Attributes
    ----------
    step : offset, int or None
        From one row to the next; None where it is not known.
    kind : str or None
        Of the index; None for rows without, which always follow one another.
    tolerance : int, pandas.Timedelta or None
        Missing steps that are bridged, or for dates the longest time between neighbours.
    """

    step: Any
    kind: str | None
    tolerance: Any

    def follows(self, before: pd.Index, after: pd.Index) -> np.ndarray:
        """Return for each time whether it directly follows its counterpart."""
        if kind_of(before) != kind_of(after):
            return np.zeros(len(after), bool)
        if isinstance(self.tolerance, pd.Timedelta):
            time = after - before
            return np.asarray((time > pd.Timedelta(0)) & (time <= self.tolerance))
        steps = steps_between(before, after, self.step)
        return (steps >= 1) & (steps <= 1 + (self.tolerance or 0))

    def within(self, series: Series) -> np.ndarray:
        """Return for each row but the first whether it follows the row before.

        Rows with an index of another kind go by a step of their own.
        """
        same = series.same_as_before()
        if series.index is None or self.kind is None:
            return same
        kind, rule = kind_of(series.index), self
        if kind != self.kind:
            rule = Continuity(infer_step(series.index, same, None), kind, None)
        return same & rule.follows(series.index[:-1], series.index[1:])


def read_series(table: Table, name: str = "X") -> Series:
    """Sort the rows of a table into series.

    Raises
    ------
    ValueError
        When the index does not say which row follows which, or the group of a row is missing.
    """
    rows, index, group = table.rows, table.index, table.group
    if isinstance(index, pd.MultiIndex):
        if group is None and index.nlevels > 1:
            group = index.droplevel(-1).to_numpy()
        index = _times_of(index, name)
    if index is not None:
        check_index(index, name)
    if group is None:
        return Series(rows, index, None, None, name)
    codes = pd.factorize(group)[0]
    if (codes < 0).any():
        raise ValueError(
            f"{name} row {int(np.argmin(codes))}: its group is missing, so there is no telling "
            "which series it belongs to. Fill in the groups, or drop these rows."
        )
    if (np.diff(codes) >= 0).all():
        return Series(rows, index, group, None, name)
    order = np.argsort(codes, kind="stable")
    times = None if index is None else index[order]
    return Series(rows[order], times, group[order], order, name)


def _times_of(index: pd.MultiIndex, name: str) -> pd.Index:
    """Return the last level, which holds the times."""
    levels = [index.get_level_values(level) for level in range(index.nlevels)]
    with_times = [isinstance(level, pd.PeriodIndex | pd.DatetimeIndex) for level in levels]
    if any(with_times) and not with_times[-1]:
        place = with_times.index(True)
        raise ValueError(
            f"{name} has a MultiIndex with times in level {index.names[place] or place!r}, but the "
            f"last level is to hold them. Use {name}.swaplevel({place}, -1).sort_index()."
        )
    return levels[-1]


def learn_continuity(series: Series, freq: Any, tolerance: Any) -> Continuity:
    """Return the rule for series like these.

    Raises
    ------
    ValueError
        When the index of a series does not increase or has no regular step, or does not go with
        the tolerance.
    """
    if series.index is None:
        return Continuity(None, None, tolerance)
    by_time = isinstance(tolerance, pd.Timedelta)
    if by_time and tolerance <= pd.Timedelta(0):
        raise ValueError(
            f"gap_tolerance={tolerance!r} is no time between rows. Give the longest that is "
            'bridged, such as pandas.Timedelta("1D"), or None.'
        )
    if by_time and not isinstance(series.index, pd.DatetimeIndex):
        raise ValueError(
            f"gap_tolerance={tolerance!r} needs dates, but {series.name} has an index of type "
            f"{type(series.index).__name__}. Set it to the number of missing steps to bridge."
        )
    check_order(series)
    step = None if by_time else infer_step(series.index, series.same_as_before(), freq, series.name)
    return Continuity(step, kind_of(series.index), tolerance)


def check_order(series: Series) -> None:
    """Raise unless the index of each series increases."""
    index = series.index
    if index is None:
        return
    backwards = series.same_as_before() & ~np.asarray(index[1:] > index[:-1])
    if backwards.any():
        row = int(np.argmax(backwards)) + 1
        raise ValueError(
            f"{series.name}: the index decreases or repeats at {index[row]!r}, so there is "
            f"no telling which row follows which. Sort {series.name} by its index, drop "
            "duplicates, and for several series in one frame set group or use a MultiIndex with "
            "the time last."
        )


def find_tails(series: Series, segments: np.ndarray, n_rows: int) -> dict[Any, Tail]:
    """Return what to remember of each series, its last `n_rows` rows at most.

    Parameters
    ----------
    series : Series
    segments : int array
        Where segments start, increasing from 0.
    n_rows : int
    """
    tails = {}
    for label, (start, end) in series.blocks.items():
        segment = segments[np.searchsorted(segments, end) - 1]
        rows = series.rows[max(segment, end - n_rows) : end].copy()
        first, last = series.time(start), series.time(end - 1)
        first_row = series.rows[start].copy()
        tails[label] = Tail(rows, last, first_row, first, bool(segment > start))
    return tails
