"""What is no array of numbers where one is needed: refused with the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ._overlap import each_once, first, spread

LARGEST = 1e100  # of which squares, and sums of them, are floats

_TEXTS = (
    "Turn texts into numbers first, for example with sklearn.preprocessing.OrdinalEncoder; "
    "sequences of numbered words or symbols are learned with embedding_dim=8"
)
# Of arrays, by the letter that NumPy has for their kind. Some first words are scikit-learn's.
_KINDS = {
    "c": "Complex data not supported: {name} holds complex numbers. Pass their real and imaginary "
    "parts as columns of their own.",
    "V": "{name} holds records of fields, of type {dtype}. Pass an array of numbers, or a frame.",
}


def check_numbers(values: Any, name: str, texts: str = _TEXTS) -> None:
    """Raise where values are no array, or texts, times or integers that no float can hold.

    Texts that are numbers pass.

    Parameters
    ----------
    values : array-like
    name : str
        What the user calls them.
    texts : str
        What to do with texts.

    Raises
    ------
    ValueError
        It names the first row.
    TypeError
        When there are objects in place of numbers.
    """
    check_container(values, name)
    array = np.asarray(values)
    if array.dtype.kind in "mM":
        raise ValueError(
            f"{name} holds times, of type {array.dtype}. Turn them into numbers, such as the hour "
            "or the days since the first, or leave them out."
        )
    if array.dtype.kind not in "USO":
        return
    converts = any(not isinstance(dtype, np.dtype) for dtype in _dtypes(values))
    for place, value in np.ndenumerate(array):
        if value is None or (value is pd.NA and converts):
            continue
        where = f"{name} row {place[0]}" if place else name
        _check_number(value, where, texts)


def check_no_texts(values: Any, name: str) -> None:
    """Raise where numbers are written as texts, which some estimators take and others do not."""
    if np.asarray(values).dtype.kind in "US":
        raise ValueError(
            f"{name} holds texts. Make numbers of them, as in numpy.asarray({name}).astype(float)."
        )


def check_container(values: Any, name: str) -> None:
    """Raise where values are no array, no frame and no lists of one length.

    Raises
    ------
    ValueError, TypeError
    """
    name = name.rstrip(",")
    if isinstance(values, pd.DataFrame) and not values.shape[1]:
        raise ValueError(f"{name} is a frame without columns. Pass at least one column of numbers.")
    if isinstance(values, pd.DataFrame) and not values.columns.is_unique:
        twice = values.columns[values.columns.duplicated()][0]
        raise ValueError(f"{name} has two columns {twice!r}. Give each a name of its own.")
    if isinstance(values, np.matrix):
        raise TypeError(
            f"{name} is a numpy.matrix, which has its own rules. Pass numpy.asarray({name})."
        )
    if hasattr(values, "toarray") or any(isinstance(d, pd.SparseDtype) for d in _dtypes(values)):
        dense = f"{name}.toarray()" if hasattr(values, "toarray") else f"{name}.sparse.to_dense()"
        raise TypeError(f"{name} is sparse, but dense data is required. Pass {dense}.")
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(
            f"{name} has rows of unequal length. Give all rows as many numbers; sequences of "
            "unequal length are padded with NaN, as skrnn.to_sequences does it."
        ) from error
    if array.dtype.kind in _KINDS:
        raise ValueError(_KINDS[array.dtype.kind].format(name=name, dtype=array.dtype))
    if array.dtype == object and not array.ndim and not _is_scalar(array.item()):
        raise TypeError(
            f"{name} is of type {type(values).__name__}, which is no array. Pass an array of "
            "NumPy, a frame, or lists of numbers."
        )


def check_targets(X: Any, y: Any, name: str, every_step: bool) -> None:
    """Raise where there is no `y`, or it has not the shape of targets of the rows of `X`.

    Raises
    ------
    ValueError, TypeError
    """
    if y is None:
        raise ValueError(
            f"This requires {name} to be passed, but the target {name} is None. Pass a target for "
            "each row of X."
        )
    check_container(y, name)
    shape, n_rows = np.asarray(y).shape, np.asarray(X).shape[:1]
    if n_rows not in ((), (0,)) and shape[:1] == (0,):
        raise ValueError(
            f"{name} is empty, but X has {n_rows[0]} rows: inconsistent numbers of samples. Pass "
            "one target for each row."
        )
    if not shape:
        raise ValueError(
            f"{name} is {y!r}, a single value. Pass a list or an array of targets, one for each "
            "row of X."
        )
    if n_rows not in ((), shape[:1]):
        raise ValueError(
            f"X{name[1:]} has {n_rows[0]} rows but {name} has {shape[0]}: inconsistent numbers of "
            "samples. Pass one target for each row."
        )
    if 0 in shape[1:]:
        raise ValueError(f"{name} has shape {shape}: no output. Pass one column for each output.")
    if len(shape) > 2 and not every_step:
        raise ValueError(
            f"{name} has shape {shape}, but targets have one or two dimensions: (n_samples,) or "
            f"(n_samples, n_outputs). Reshape {name}, as in {name}.reshape(len({name}), -1), or "
            "set return_sequences=True for one target per step."
        )


def check_known(y: Any) -> None:
    """Raise where targets or labels of rows are missing or infinite.

    Raises
    ------
    ValueError
    """
    values = np.atleast_1d(np.asarray(y)) if y is not None else np.zeros(0)
    _check_none(pd.isna(values), "y", "NaN")
    check_finite(values, "y")


def check_finite(values: Any, name: str) -> None:
    """Raise where floats are infinite; others are not looked at.

    Raises
    ------
    ValueError
    """
    array = np.asarray(values)
    if array.dtype.kind == "f":
        wrong = np.isinf(each_once(array))
        what = f"infinity or a value too large for {array.dtype!r}"
        _check_none(spread(wrong, array) if wrong.any() else wrong, name, what)


def finite_option(X: Any) -> dict[str, Any]:
    """Return the option of scikit-learn's checks for values that passed `check_finite`.

    What it looked at need not be looked at again: of many windows that would make a copy.
    """
    looked_at = isinstance(X, np.ndarray) and X.dtype in (np.float64, np.float32)
    return {"ensure_all_finite": False if looked_at else "allow-nan"}


def _check_none(wrong: np.ndarray, name: str, what: str) -> None:
    if wrong.any():
        row = first(wrong)[0]
        raise ValueError(
            f"Input {name} contains {what}. The first is in row {row} of {name}: fill it in or "
            "drop the row."
        )


def _dtypes(values: Any) -> list[Any]:
    """Return the types of the columns of a frame of pandas, or that of a series."""
    if isinstance(values, pd.Series):
        return [values.dtype]
    return list(values.dtypes) if isinstance(values, pd.DataFrame) else []


def _is_scalar(value: Any) -> bool:
    return value is None or bool(np.isscalar(value)) or pd.api.types.is_scalar(value)


def _check_number(value: Any, where: str, texts: str) -> None:
    try:
        float(value)
    except OverflowError as error:
        raise ValueError(
            f"{where}: the number is too large for a float. Rescale the data, or pass its "
            "logarithm."
        ) from error
    except (TypeError, ValueError) as error:
        if isinstance(value, str | bytes):
            raise ValueError(
                f"{where}: could not convert string to float: {value[:40]!r}. {texts}."
            ) from error
        raise TypeError(
            f"{where}: the argument must be a string or a real number, not "
            f"{type(value).__name__!r}. Put a number there, or NaN where there is none."
        ) from error
