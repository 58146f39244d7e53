"""What a panel refuses, with the series and the time that are wrong and what to do about it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..inputs._numbers import LARGEST
from ._time_axis import TimeAxis


def check_regular(numbers: np.ndarray, within: np.ndarray, index: pd.Index, axis: TimeAxis) -> None:
    """Raise where a step is missing, stands twice or comes too late."""
    steps = np.diff(numbers)
    wrong = np.flatnonzero(within & (steps != 1))
    if not len(wrong):
        return
    row = wrong[0]
    time = index.get_level_values(-1)
    of = "" if index.nlevels == 1 else f" of the series {_key(index, row)!r}"
    if steps[row] > 1:
        raise ValueError(
            f"y{of} has a hole: {time[row]} is followed by {time[row + 1]}. Give the missing steps "
            f"rows of NaN: {_filling(index, axis)}."
        )
    if steps[row] < 0:
        raise ValueError(
            f"y{of} is not sorted: {time[row]} is followed by {time[row + 1]}. Sort it: "
            "y = y.sort_index()."
        )
    raise ValueError(
        f"y{of} has {time[row]} twice. Keep one row for each time: y = y[~y.index.duplicated()]."
    )


def _filling(index: pd.Index, axis: TimeAxis) -> str:
    """Return code that gives holes rows of NaN."""
    if axis.kind == "integers":
        fill = f"reindex(range(s.index[0], s.index[-1] + 1, {axis.step}))"
    elif isinstance(axis.origin, pd.Period):
        fill = "reindex(pandas.period_range(s.index[0], s.index[-1]))"
    else:
        fill = f'asfreq("{axis.step.freqstr}")'
    if index.nlevels == 1:
        return f"y = y.{fill.replace('s.', 'y.')}"
    levels = list(range(index.nlevels - 1))
    level = levels[0] if len(levels) == 1 else levels
    return (
        f"y = pandas.concat({{key: s.droplevel({level}).{fill} for key, s in "
        f"y.groupby(level={level})}}, names=y.index.names)"
    )


def _key(index: pd.Index, row: int) -> Any:
    return index[[row]].droplevel(-1)[0]


def check_finite(values: np.ndarray, index: pd.Index, columns: pd.Index) -> None:
    """Raise where a value of `y` is infinite."""
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        raise ValueError(
            f"y is infinite at {index[row]!r} (row {row}), column {columns[column]!r}. Put NaN or "
            "a number there."
        )


def check_size(
    values: np.ndarray, start: np.ndarray, columns: pd.Index, keys: pd.Index | None
) -> None:
    """Raise where most values of a series are so large that their squares are no floats."""
    large = np.add.reduceat((np.abs(values) > LARGEST).astype(int), start[:-1], axis=0)
    known = np.add.reduceat((~np.isnan(values)).astype(int), start[:-1], axis=0)
    wrong = 2 * large > known
    if wrong.any():
        instance, column = np.argwhere(wrong)[0]
        of = "" if keys is None else f" of the series {keys[instance]!r}"
        raise ValueError(
            f"y is mostly beyond {LARGEST:g} in column {columns[column]!r}{of}, too large to work "
            "out a spread. Rescale y."
        )


def check_some_known(
    values: np.ndarray, start: np.ndarray, columns: pd.Index, keys: pd.Index | None
) -> None:
    """Raise where nothing is known of a series."""
    known = np.add.reduceat(~np.isnan(values), start[:-1], axis=0)
    if (known == 0).any():
        instance, column = np.argwhere(known == 0)[0]
        of = "" if keys is None else f" of the series {keys[instance]!r}"
        raise ValueError(
            f"y has no value at all in column {columns[column]!r}{of}: all are NaN. Leave it out."
        )


def check_values_of_X(values: np.ndarray, columns: pd.Index, *, some_known: bool) -> None:
    """Raise where a column of `X` is infinite somewhere, or missing everywhere."""
    for what, wrong in (
        ("is infinite somewhere", np.isinf(values).any(axis=0)),
        (f"is beyond {LARGEST:g} somewhere", (np.abs(values) > LARGEST).any(axis=0)),
        ("has no value at all: all are NaN", some_known & np.isnan(values).all(axis=0)),
    ):
        if wrong.any():
            name = columns[int(np.argmax(wrong))]
            raise ValueError(f"Column {name!r} of X {what}. Mend it or leave it out.")


def check_rows_of_X(X: pd.DataFrame, y: pd.DataFrame) -> None:
    """Raise where `X` lacks a row of `y`."""
    check_levels(X, y)
    missing = y.index.difference(X.index)
    if len(missing):
        raise ValueError(
            f"X has no row for {len(missing)} of the {len(y)} rows of y, {missing[0]} the first. X "
            "must cover the times of y."
        )


def check_levels(X: pd.DataFrame, y: pd.Series | pd.DataFrame) -> None:
    """Raise where one is of several series and the other is not."""
    has, wanted = X.index.nlevels, y.index.nlevels
    if has != wanted:
        raise ValueError(
            f"X has an index of {has} levels, but y of {wanted}. Give both the same levels, those "
            "of the series first and the time last, or X the times alone."
        )
