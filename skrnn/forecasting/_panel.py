"""From the frames of sktime to arrays: many series, regular in time, with what goes beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ._panel_checks import (
    check_finite,
    check_regular,
    check_rows_of_X,
    check_size,
    check_some_known,
    check_values_of_X,
)
from ._time_axis import TimeAxis


@dataclass(frozen=True)
class Panel:
    """Series of one or several variables, one after the other.

    Attributes
    ----------
    keys : pandas.Index or None
        Of the instances; None for a single series.
    names : list
        Names of the levels of the index.
    axis : TimeAxis
    start : int array of shape (n_instances + 1,)
        Rows of instance i are `start[i]` to `start[i + 1]`.
    time : int array of shape (n_instances,)
        Number of the first step of each instance on the axis.
    columns : pandas.Index
        Of the variables.
    values : float array of shape (n_rows, n_variables)
    exogenous : float array of shape (n_rows, n_columns) or None
    exogenous_columns : pandas.Index or None
    """

    keys: Any
    names: list[Any]
    axis: TimeAxis
    start: np.ndarray
    time: np.ndarray
    columns: pd.Index
    values: np.ndarray
    exogenous: np.ndarray | None = None
    exogenous_columns: Any = None

    def __len__(self) -> int:
        """Return the number of instances."""
        return len(self.time)

    @property
    def lengths(self) -> np.ndarray:
        """Steps of each instance."""
        return np.diff(self.start)

    @property
    def end(self) -> np.ndarray:
        """Number of the step after the last of each instance."""
        return self.time + self.lengths

    def rows(self) -> Iterator[slice]:
        """Yield the rows of each instance."""
        for first, last in zip(self.start[:-1], self.start[1:], strict=True):
            yield slice(first, last)

    def row_times(self, extra: int = 0) -> np.ndarray:
        """Return the number of the step of each row, with `extra` rows after each instance."""
        lengths = self.lengths + extra
        first = np.cumsum(lengths) - lengths
        return np.arange(lengths.sum()) + np.repeat(self.time - first, lengths)

    def until(self, stop: np.ndarray) -> Panel:
        """Return the first steps of every instance, so many of each."""
        chosen = np.concatenate(
            [np.arange(first, first + n) for first, n in zip(self.start[:-1], stop, strict=True)]
        )
        return replace(
            self,
            start=np.concatenate([[0], np.cumsum(stop)]),
            values=self.values[chosen],
            exogenous=None if self.exogenous is None else self.exogenous[chosen],
        )

    def tail(self, n_steps: int) -> Panel:
        """Return the last steps of every instance."""
        kept = np.minimum(self.lengths, n_steps)
        chosen = np.concatenate(
            [np.arange(stop - n, stop) for stop, n in zip(self.start[1:], kept, strict=True)]
        )
        return replace(
            self,
            start=np.concatenate([[0], np.cumsum(kept)]),
            time=self.end - kept,
            values=self.values[chosen],
            exogenous=None if self.exogenous is None else self.exogenous[chosen],
        )

    def frame(self) -> pd.DataFrame:
        """Return all values, with the index of `y`."""
        times = [time + np.arange(n) for time, n in zip(self.time, self.lengths, strict=True)]
        return pd.DataFrame(self.values, self.index(times), self.columns)

    def index(self, numbers: list[np.ndarray]) -> pd.Index:
        """Return the index of some steps of each instance, as it is in `y`."""
        if self.keys is None:
            return self.axis.index(numbers[0], self.names[-1])
        times = [self.axis.index(steps) for steps in numbers]
        joined = times[0].append(times[1:])
        keys = self.keys.repeat([len(steps) for steps in numbers])
        levels = [keys.get_level_values(level) for level in range(keys.nlevels)]
        return pd.MultiIndex.from_arrays([*levels, joined], names=self.names)


def read_panel(y: pd.DataFrame, X: pd.DataFrame | None, axis: TimeAxis | None = None) -> Panel:
    """Return the series of `y`, with the rows of `X` at the same times.

    Parameters
    ----------
    y : pandas.DataFrame
        One series, or with a MultiIndex several: the last level is time.
    X : pandas.DataFrame, optional
    axis : TimeAxis, optional
        Of an earlier fit.

    Raises
    ------
    ValueError
        When an index is irregular, unsorted or has duplicates, when `X` lacks a row, or when a
        series has no value at all.
    """
    keys, start = _instances(y.index)
    time = y.index if keys is None else y.index.get_level_values(-1)
    within = np.ones(max(len(time) - 1, 0), bool)
    within[start[1:-1] - 1] = False
    goes_on = axis is not None
    axis = TimeAxis.of(time, within) if axis is None else axis
    numbers = _number_all(axis, y.index)
    check_regular(numbers, within, y.index, axis)
    values = y.to_numpy(dtype=np.float64)
    check_finite(values, y.index, y.columns)
    if not goes_on:
        check_some_known(values, start, y.columns, keys)
        check_size(values, start, y.columns, keys)
    exogenous = None
    if X is not None and X.shape[1]:
        check_rows_of_X(X, y)
        exogenous = X.reindex(y.index).to_numpy(dtype=np.float64)
        check_values_of_X(exogenous, X.columns, some_known=not goes_on)
    return Panel(
        keys,
        list(y.index.names),
        axis,
        start,
        numbers[start[:-1]],
        y.columns,
        values,
        exogenous,
        None if exogenous is None else X.columns,  # type: ignore[union-attr]
    )


def continue_panel(panel: Panel, later: Panel) -> Panel:
    """Return a panel that ends with the rows of another.

    Rows of its own at the same times, or after them, give way.

    Raises
    ------
    ValueError
        When an instance is not known, or does not go on where the panel ends, or the columns are
        others.
    """
    check_same_columns(panel, later)
    parts, exogenous, times = [], [], []
    place = {int(number): n for n, number in enumerate(instance_numbers(panel, later))}
    later_rows = list(later.rows())
    for number, rows in enumerate(panel.rows()):
        key = place.get(number)
        own, beside = panel.values[rows], _part(panel.exogenous, rows)
        time = panel.time[number]
        if key is not None:
            kept = max(0, int(later.time[key] - time))
            if kept > len(own):
                ended = panel.axis.index(panel.end[[number]] - 1)[0]
                of = "" if panel.keys is None else f" of the series {panel.keys[number]!r}"
                raise ValueError(
                    f"y{of} does not go on where it ended, at {ended}: the number of steps between "
                    f"that are missing is {kept - len(own)}. Pass these too, as NaN where need be."
                )
            new = later_rows[key]
            own = np.concatenate([own[:kept], later.values[new]])
            if beside is not None:
                beside = np.concatenate([beside[:kept], _part(later.exogenous, new)])
            time = min(time, later.time[key])
        parts.append(own)
        exogenous.append(beside)
        times.append(time)
    return replace(
        panel,
        time=np.array(times),
        start=np.concatenate([[0], np.cumsum([len(part) for part in parts])]),
        values=np.concatenate(parts),
        exogenous=None if panel.exogenous is None else np.concatenate(exogenous),
    )


def instance_numbers(panel: Panel, other: Panel) -> np.ndarray:
    """Return which instance of a panel each one of another is.

    Raises
    ------
    ValueError
        When one is not known.
    """
    if panel.keys is None:
        return np.zeros(1, np.int64)
    numbers = panel.keys.get_indexer(other.keys)
    if (numbers < 0).any():
        unknown = other.keys[numbers < 0][0]
        raise ValueError(
            f"y has the series {unknown!r}, which was not in the y of fit. Leave it out, or fit "
            "with it."
        )
    return numbers


def check_same_columns(panel: Panel, other: Panel) -> None:
    """Raise unless two panels are of one kind, with the same columns of `y` and `X`."""
    if (panel.keys is None) != (other.keys is None):
        one, many = "a single series", "a panel (a MultiIndex)"
        given, fitted = (one, many) if other.keys is None else (many, one)
        raise ValueError(f"y is {given}, but {fitted} was fitted. Pass y in the form of fit.")
    check_columns_of_y(panel.columns, other.columns)
    check_columns_of_X(panel.exogenous_columns, other.exogenous_columns)


def check_columns_of_y(fitted: pd.Index, given: pd.Index) -> None:
    """Raise unless there are the same columns of `y`."""
    if list(fitted) != list(given):
        raise ValueError(
            f"y has the columns {list(given)}, but {list(fitted)} were fitted. Pass the same ones."
        )


def check_columns_of_X(fitted: Any, given: Any) -> None:
    """Raise unless there are the same columns of `X`, or none."""
    fitted, given = ([] if columns is None else list(columns) for columns in (fitted, given))
    if fitted != given:
        was, has = (f"the columns {names}" if names else "none" for names in (fitted, given))
        raise ValueError(f"X has {has}, but {was} were fitted. Pass the same columns in X.")


def _part(array: np.ndarray | None, rows: slice) -> Any:
    return None if array is None else array[rows]


def _instances(index: pd.Index) -> tuple[Any, np.ndarray]:
    """Return the keys of the instances, and where their rows start."""
    if index.nlevels == 1:
        return None, np.array([0, len(index)])
    codes = np.stack([np.asarray(level) for level in index.codes[:-1]])
    changes = np.flatnonzero((np.diff(codes, axis=1) != 0).any(axis=0)) + 1
    start = np.concatenate([[0], changes, [len(index)]])
    keys = index[start[:-1]].droplevel(-1)
    if keys.has_duplicates:
        key = keys[keys.duplicated()][0]
        raise ValueError(
            f"The rows of the series {key!r} do not stand together. Sort y: y = y.sort_index()."
        )
    return keys, start


def _number_all(axis: TimeAxis, index: pd.Index) -> np.ndarray:
    if index.nlevels == 1:
        return axis.number(index)
    # The values of a level are few; they need not be sorted, or all be in use.
    codes = np.asarray(index.codes[-1])
    used = np.unique(codes)
    numbers = np.zeros(used[-1] + 1, np.int64)
    numbers[used] = axis.number(index.levels[-1][used])
    return numbers[codes]
