"""Which rows of one or several series make a sample together, and what they hold."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from ..compat._sklearn import safe_indexing
from ..inputs._names import is_among
from ..inputs._numbers import check_container
from ._indices import rows_within, segment_starts, span_of, windows_of
from ._series import Series, learn_continuity, read_series
from ._tables import Table, as_columns, read_table


@dataclass(frozen=True)
class Runs:
    """Rows of one or several series, and the runs of them that follow one another.

    Attributes
    ----------
    given : frame or ndarray of shape (n_rows, n_columns)
    table : Table
    series : Series
        The rows of `table`, each series a block. Numbers of rows are places among these.
    starts : int array
        Where runs of rows start that follow one another.
    """

    given: Any
    table: Table
    series: Series
    starts: np.ndarray

    def rows_within(self, before: int, after: int, stride: int, needs: str) -> np.ndarray:
        """Return rows with so many before and after them, in the order that they came in."""
        n_rows = len(self.series.rows)
        rows = rows_within(self.starts, n_rows, before, after, stride)
        if not len(rows):
            longest = int(np.diff(self.starts, append=n_rows).max())
            runs = "" if longest == n_rows else f", of which {longest} at most follow one another"
            raise ValueError(
                f"series has {n_rows} rows{runs}, but {needs}. Pass a longer series or a shorter "
                f"{'horizon' if before == 0 else 'window'}."
            )
        self._warn_of_series_without(rows, needs)
        return rows if self.series.order is None else rows[np.argsort(self.series.order[rows])]

    def last_runs(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the last row of each series, and how many rows follow one another up to it."""
        ends = np.append(np.flatnonzero(~self.series.same_as_before()), len(self.series.rows) - 1)
        starts = self.starts[np.searchsorted(self.starts, ends, side="right") - 1]
        return ends, ends - starts + 1

    def windows(self, ends: np.ndarray, window: int, sampling_rate: int) -> np.ndarray:
        """Return the windows that end at these rows; a view where they are evenly spaced."""
        every = windows_of(self.series.rows, window, sampling_rate)
        places = ends - span_of(window, sampling_rate)
        step = int(places[1] - places[0]) if len(places) > 1 else 1
        evenly = step > 0 and bool((np.diff(places) == step).all())
        return every[places[0] : places[-1] + 1 : step] if evenly else every[places]

    def values_after(self, rows: np.ndarray, gap: int, horizon: int, column: int) -> np.ndarray:
        """Return what follows these rows: one value each, or a row of values."""
        values: np.ndarray = self.series.rows[:, column]
        if horizon == 1:
            return values[rows + gap + 1]
        return values[rows[:, None] + gap + np.arange(1, horizon + 1)]

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Return where rows stand in what was given."""
        return rows if self.series.order is None else self.series.order[rows]

    def times(self, rows: np.ndarray) -> Any:
        """Return the index values of rows, or where they stand."""
        places, index = self.places(rows), self.table.index
        return places if index is None else index[places]

    def take(self, rows: np.ndarray) -> Any:
        """Return rows as they were given."""
        return safe_indexing(self.given, self.places(rows), axis=0)

    def like(self, values: np.ndarray, names: list[Any], rows: np.ndarray) -> Any:
        """Return values in a container like that given, at the times of rows."""
        if not hasattr(self.given, "columns"):
            return values
        columns = values.reshape(len(values), -1).T
        frame = type(self.given)(dict(zip(names, columns, strict=True)))
        if isinstance(frame, pd.DataFrame):
            frame.index = self.times(rows)
        return frame[names[0]] if values.ndim == 1 else frame

    def column(self, target: Any) -> int:
        """Return which feature the target is."""
        features = self.table.features
        named = hasattr(self.given, "columns")
        if target is None and len(features) > 1:
            raise ValueError(
                f"series has {len(features)} features: set target to the one to predict"
                + (f", one of {features}." if named else ", by its number.")
            )
        if target is None:
            return 0
        if is_among(target, features):
            return features.index(target)
        n_columns = self.given.shape[1]
        if isinstance(target, Integral) and -n_columns <= target < n_columns:
            place = int(target) % n_columns
            position = self.table.group_position
            if place != position:
                return place - (position is not None and place > position)
        raise ValueError(
            f"target={target!r} is not a feature of series, which has {features}. Set target to "
            "one of these."
        )

    def _warn_of_series_without(self, rows: np.ndarray, needs: str) -> None:
        blocks = np.concatenate([[0], np.cumsum(~self.series.same_as_before())])
        without = np.setdiff1d(blocks, blocks[rows])
        if len(without):
            label = self.series.label(int(np.searchsorted(blocks, without[0])))
            warnings.warn(
                f"{len(without)} of {blocks[-1] + 1} series are too short and left out, {label!r} "
                f"the first of them: {needs} rows that follow one another.",
                UserWarning,
                stacklevel=4,
            )


def read_runs(series: Any, group: Any, freq: Any, gap_tolerance: Any) -> Runs:
    """Return the runs of `series`, under the rules of `SlidingWindowTransformer`.

    Raises
    ------
    ValueError
        When there are no two axes, or no telling which row follows which.
    """
    check_container(series, "series")
    given = as_columns(series)
    n_dimensions = len(np.shape(given))
    if n_dimensions != 2:
        raise ValueError(
            f"series must have 1 or 2 dimensions, but it has {n_dimensions}. Sequences go into an "
            "estimator without windows."
        )
    table = read_table(given, group, "series")
    parts = read_series(table, "series")
    follows = learn_continuity(parts, freq, gap_tolerance).within(parts)
    return Runs(given, table, parts, segment_starts(follows))
