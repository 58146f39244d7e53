"""Any container of rows, told apart: numbers, times, and which series a row belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from ..compat._sklearn import safe_indexing
from ..inputs._mask import unmasked
from ..inputs._names import is_among
from ..inputs._numbers import check_container, check_finite, check_no_texts, check_numbers

# By how the names of types begin, in pandas and polars.
_REMEDIES: tuple[tuple[str | tuple[str, ...], str], ...] = (
    (
        ("date", "time", "period", "duration"),
        "Make it the index of a pandas frame, as in {name}.set_index({column!r}), for polars after "
        "{name} = pandas.DataFrame({name}.to_dict(as_series=False)), or drop it where all rows "
        "follow one another.",
    ),
    (
        "str",
        "Set group={column!r} if it says which series a row belongs to, turn it into numbers, or "
        "drop it.",
    ),
)


@dataclass(frozen=True)
class Table:
    """Rows of a frame of pandas or polars, or of an array.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
        The features, as numbers.
    features : list
        The name of each feature, or its number where columns have no names.
    index : pandas.Index or None
        Of a pandas frame.
    group : ndarray of shape (n_rows,) or None
        The column that says which series a row belongs to.
    group_position : int or None
        Where that column stood.
    """

    rows: np.ndarray
    features: list[Any]
    index: pd.Index | None
    group: np.ndarray | None
    group_position: int | None


def as_columns(data: Any) -> Any:
    """Return a series as a frame of one column, and an array of one dimension as such a column."""
    if hasattr(data, "columns"):
        return data
    if hasattr(data, "to_frame"):  # a series of pandas or polars
        return data.to_frame()
    data = np.asarray(unmasked(data))
    return data[:, None] if data.ndim == 1 else data


def read_table(data: Any, group: Any, name: str = "X", **options: Any) -> Table:
    """Tell the columns of a frame or array apart.

    Parameters
    ----------
    data : frame or array of shape (n_rows, n_columns)
    group : str, int or None
        The column that says which series a row belongs to.
    name : str
        What the user calls the data.
    **options
        For `check_array`.

    Raises
    ------
    ValueError
        When there is no such column or none beside it, a feature is no number, or the data have
        more than two dimensions.
    """
    data = unmasked(data)
    check_container(data, name)
    n_dimensions = 2 if hasattr(data, "columns") else np.asarray(data).ndim
    if n_dimensions > 2 or (n_dimensions < 2 and group is not None):
        raise ValueError(
            f"{name} has {n_dimensions} dimensions, but rows of a series have 2: (n_rows, "
            f"n_columns). Reshape {name}, as in {name}.reshape(-1, 1) for one column; sequences go "
            "into an estimator without windows."
        )
    columns = list(data.columns) if hasattr(data, "columns") else None
    index = data.index if isinstance(data, pd.DataFrame) else None
    position, labels, kept = None, None, data
    if group is not None:
        data = data if columns is not None else np.asarray(data)
        position = _position_of_group(group, columns, np.shape(data), name)
        labels = np.asarray(safe_indexing(data, position, axis=1))
        others = [place for place in range(data.shape[1]) if place != position]
        kept = safe_indexing(data, others, axis=1)
    if hasattr(kept, "columns") and not len(kept.columns):
        beside = "" if group is None else f" beside group={group!r}"
        raise ValueError(f"{name} has no column{beside}. Pass a frame with a column of numbers.")
    _check_features(kept, name)
    check_numbers(kept, name)
    check_no_texts(kept, name)
    check_finite(kept, name)
    options = {"input_name": name, **options}
    rows = check_array(kept, ensure_all_finite="allow-nan", **options)
    features = list(range(rows.shape[1] + (position is not None))) if columns is None else columns
    features = [feature for place, feature in enumerate(features) if place != position]
    return Table(rows, features, index, labels, position)


def _position_of_group(
    group: Any, columns: list[Any] | None, shape: tuple[int, ...], name: str
) -> int:
    if columns is not None:
        if not is_among(group, columns):
            raise ValueError(
                f"group={group!r} is not a column of {name}. It has {columns}: set group to one of "
                "these, or to None."
            )
        return columns.index(group)
    whole = isinstance(group, Integral) and not isinstance(group, bool)
    if not whole or not -shape[1] <= int(group) < shape[1]:
        raise ValueError(
            f"group={group!r} is not a column of {name}, an array of {shape[1]} columns. Set group "
            "to the number of one, or to None."
        )
    return int(group) % shape[1]


def _check_features(frame: Any, name: str) -> None:
    """Refuse columns of times and texts: NumPy would take some for numbers, and others not at all.

    Those of type object are left to the conversion.
    """
    if not hasattr(frame, "columns"):
        return
    for column, kind in zip(frame.columns, frame.dtypes, strict=True):
        for start, remedy in _REMEDIES:
            if str(kind).lower().startswith(start):
                raise ValueError(
                    f"{name} has a column {column!r} of type {kind}, which is no feature. "
                    + remedy.format(name=name, column=column)
                )
