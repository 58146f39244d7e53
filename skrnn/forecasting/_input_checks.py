"""What users hand over: refused early, in words that name it and the remedy."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd

from ..inputs._numbers import check_container, check_numbers
from ..inputs._to_sequences import has_series_in_cells
from ..windowing._continuity import counts_time


def check_given(name: str, data: Any) -> None:
    """Raise where something is no container of series, holds nothing, or is in no order.

    Parameters
    ----------
    name : str
        "y" or "X"; of a list of frames with the number of one behind it.
    data : object

    Raises
    ------
    ValueError, TypeError
    """
    _check_container(name, data)
    for number, one in enumerate(data if isinstance(data, list) else []):
        check_given(f"{name}[{number}]", one)
    if 0 in getattr(data, "shape", ())[:1]:
        raise ValueError(f"{name} is empty: it has no rows. Pass a series with values.")
    if isinstance(data, np.ndarray):
        if not data.size:
            raise ValueError(f"{name} is empty: it has the shape {data.shape}. Pass some values.")
        check_numbers(data, name)
    if not isinstance(data, pd.Series | pd.DataFrame):
        return
    frame = data.to_frame() if isinstance(data, pd.Series) else data
    if not has_series_in_cells(frame):  # sktime takes these
        _check_columns(name, frame)
        _check_times(name, data.index)
        _check_order(name, data.index)


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


def _check_container(name: str, data: Any) -> None:
    """Raise unless sktime reads such a container."""
    arrays = isinstance(data, np.ndarray) and 1 <= data.ndim <= 3
    frames = isinstance(data, list) and data and all(hasattr(one, "columns") for one in data)
    others = hasattr(data, "columns") or hasattr(data, "dims")  # of polars, dask or xarray
    if not (isinstance(data, pd.Series) or arrays or frames or others):
        raise TypeError(
            f"{name} must be a series or a frame of pandas, but it is of type "
            f"{type(data).__name__}. Make one, as in {name} = pandas.Series({name})."
        )
    if type(data).__module__.startswith("polars") and find_spec("pyarrow") is None:
        raise TypeError(
            f"{name} is a frame of polars, which sktime reads by way of pyarrow. Install pyarrow, "
            f"or pass pandas.DataFrame({name}.to_dict(as_series=False))."
        )


def _check_columns(name: str, frame: pd.DataFrame) -> None:
    """Raise where a column of `y` is none of numbers, or one of `X` of complex ones."""
    is_y = name.startswith("y")
    if is_y or frame.shape[1]:
        check_container(frame, name)
    for column, dtype in zip(frame.columns, frame.dtypes, strict=True):
        numbers = pd.api.types.is_numeric_dtype(dtype)
        if (is_y and not numbers) or pd.api.types.is_complex_dtype(dtype):
            raise TypeError(
                f"{name} has a column {column!r} of type {dtype}: no numbers, but texts, "
                f"objects or a categorical type. Convert it, as in {name}.astype(float), or leave "
                "it out."
            )


def _check_times(name: str, index: pd.Index) -> None:
    time = index if index.nlevels == 1 else index.levels[-1]
    if not counts_time(time):
        raise ValueError(
            f"The times of {name} are of type {time.dtype}: {time[0]!r} is the first. Use dates, "
            f"periods or integers, as in {name}.index = pandas.to_datetime({name}.index)."
        )


def _check_order(name: str, index: pd.Index) -> None:
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
    if index.has_duplicates:
        repeated = time[index.duplicated()][0]
        raise ValueError(
            f"{name} has {repeated} twice. Keep one row for each time: "
            f"{name} = {name}[~{name}.index.duplicated()]."
        )
