"""From what a user passes to vectors to draw: their values, their times, and errors about them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..compat._sklearn import stands_in_order

_LARGEST = 1e307  # an axis ends beyond its values


def as_series(
    values: Any,
    parameter: str,
    like: tuple[str, int] | None = None,
    allow_missing: bool = False,
) -> np.ndarray:
    """Return `values` as a new vector of floats; `like` names what its length must match."""
    try:
        if isinstance(values, pd.Series):  # whose missing values may be no floats
            values = values.to_numpy(dtype=float, na_value=np.nan)
        array = np.array(values, dtype=float)
    except (OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"`{parameter}` must hold numbers, one per step: {error}.") from error
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 1 or array.size == 0:
        raise ValueError(
            f"`{parameter}` must be a vector of at least one value; "
            f"got shape {array.shape}. Pass one output column."
        )
    check_length(array, parameter, like)
    if (np.abs(array[np.isfinite(array)]) > _LARGEST).any():
        raise ValueError(f"`{parameter}` has values beyond {_LARGEST:g}. Rescale it to draw it.")
    if not allow_missing and not np.isfinite(array).all():
        raise ValueError(
            f"`{parameter}` has NaN or infinite values. Drop those steps here and in `y_true`."
        )
    return array


def check_length(values: Any, parameter: str, like: tuple[str, int] | None) -> None:
    """Raise where values are none, or not as many as those that `like` names."""
    if like is None:
        return
    if not stands_in_order(values):
        raise TypeError(
            f"`{parameter}` must be a list or an array of {like[1]} values, as `{like[0]}` has "
            f"them; got {type(values).__name__}."
        )
    if len(values) != like[1]:
        raise ValueError(
            f"`{parameter}` has {len(values)} values but `{like[0]}` has {like[1]}. "
            "Cut both to the same steps."
        )


def index_of(values: Any) -> Any:
    """Return the index of a pandas object, and None for anything else."""
    return values.index if isinstance(values, pd.Series | pd.DataFrame) else None


def as_steps(index: Any, values: Any, length: int, parameter: str = "y_true") -> np.ndarray:
    """Return where `values` stand on the time axis, in a form that matplotlib draws."""
    index = index_of(values) if index is None else index
    if index is None:
        return np.arange(length)
    if isinstance(index, pd.MultiIndex):
        raise ValueError("`index` has several levels. Select one series, or pass plain times.")
    check_length(index, "index", (parameter, length))
    if np.ndim(index) > 1:
        raise ValueError(
            f"`index` has {np.ndim(index)} dimensions. Pass a vector, one time for each step."
        )
    index = pd.Index(index)
    return np.array(index.to_timestamp() if isinstance(index, pd.PeriodIndex) else index)


def ends_before(earlier: np.ndarray, steps: np.ndarray) -> bool:
    """Return whether one run of steps ends before another begins, on the same kind of index."""
    try:
        return bool(max(earlier) < min(steps))
    except TypeError:  # dates against numbers, or zoned against naive times
        return False
