"""What users hand over: refused early, in words that name it and the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..inputs._to_sequences import has_series_in_cells
from ..windowing._continuity import counts_time


def check_given(name: str, data: Any) -> None:
    """Raise where a frame holds nothing, or its rows are in no order.

    Parameters
    ----------
    name : str
        "y" or "X".
    data : object
        What is no frame of pandas is left to sktime.

    Raises
    ------
    ValueError
    """
    if not isinstance(data, pd.Series | pd.DataFrame):
        return
    if not len(data):
        raise ValueError(f"{name} is empty: it has no rows. Pass a series with values.")
    frame = data.to_frame() if isinstance(data, pd.Series) else data
    if not has_series_in_cells(frame):  # sktime takes these
        _check_times(name, data.index)
        _check_sorted(name, data.index)


def over_all_series(X: Any, keys: Any) -> Any:
    """Return a frame over time alone as one over all series and time; anything else as it is.

    Parameters
    ----------
    X : pandas.DataFrame or None
    keys : pandas.Index or None
        Of the series; None where there is one.
    """
    if keys is None or not isinstance(X, pd.Series | pd.DataFrame) or X.index.nlevels > 1:
        return X
    frame = X.to_frame() if isinstance(X, pd.Series) else X
    return pd.concat(dict.fromkeys(keys, frame), names=[*keys.names, frame.index.name])


def keys_of(y: Any) -> Any:
    """Return the keys of the series of a frame; None of a single one."""
    many = isinstance(y, pd.Series | pd.DataFrame) and y.index.nlevels > 1
    return y.index.droplevel(-1).unique() if many else None


def _check_times(name: str, index: pd.Index) -> None:
    time = index if index.nlevels == 1 else index.levels[-1]
    if not counts_time(time):
        raise ValueError(
            f"The times of {name} are of type {time.dtype}: {time[0]!r} is the first. Use dates, "
            f"periods or integers, as in {name}.index = pandas.to_datetime({name}.index)."
        )


def _check_sorted(name: str, index: pd.Index) -> None:
    time = index if index.nlevels == 1 else index.get_level_values(-1)
    same = np.ones(max(len(index) - 1, 0), bool)
    for level in range(index.nlevels - 1):
        codes = np.asarray(index.codes[level])
        same &= codes[1:] == codes[:-1]
    values = time.asi8 if hasattr(time, "asi8") else np.asarray(time)
    back = np.flatnonzero(same & (np.diff(values) < 0))
    if len(back):
        row = back[0]
        raise ValueError(
            f"{name} is not sorted by time: row {row} is of {time[row]}, and row {row + 1} of "
            f"{time[row + 1]}. Sort it: {name} = {name}.sort_index()."
        )
