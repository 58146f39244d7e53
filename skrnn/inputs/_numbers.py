"""What is no number where numbers are needed: refused with the remedy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

_TEXTS = (
    "Turn texts into numbers first, for example with sklearn.preprocessing.OrdinalEncoder; "
    "sequences of numbered words or symbols are learned with embedding_dim=8"
)


def check_numbers(values: Any, name: str, texts: str = _TEXTS) -> None:
    """Raise where values are texts, times or integers that no float can hold.

    Anything else that is no number is left to the conversion, and texts that are numbers pass.

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
    """
    if isinstance(values, pd.DataFrame) and not values.shape[1]:
        raise ValueError(f"{name} is a frame without columns. Pass at least one column of numbers.")
    try:
        array = np.asarray(values)
    except ValueError:  # of unequal length
        return
    if array.dtype.kind in "mM":
        raise ValueError(
            f"{name} holds times, of type {array.dtype}. Turn them into numbers, such as the hour "
            "or the days since the first, or leave them out."
        )
    if array.dtype.kind not in "USO":
        return
    for place, value in np.ndenumerate(array):
        problem = _problem(value, texts)
        if problem:
            where = f" row {place[0]}" if place else ""
            raise ValueError(f"{name}{where}: {problem}.")


def _problem(value: Any, texts: str) -> str:
    try:
        float(value)
    except OverflowError:
        return "the number is too large for a float. Rescale the data, or pass its logarithm"
    except (TypeError, ValueError):
        if isinstance(value, str | bytes):
            return f"could not convert string to float: {value[:40]!r}. {texts}"
    return ""
