"""Exogenous columns that hold categories: one column of zeros and ones for each category."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Categories:
    """The categories of each column that has some, as they were in the fit.

    Attributes
    ----------
    of : dict
        From the name of a column to the list of its categories.
    """

    of: dict[Any, list[Any]]

    @classmethod
    def learn(cls, X: pd.DataFrame) -> Categories:
        """Learn them from columns of texts, objects or of the type category."""
        return cls({name: _found(column) for name, column in X.items() if _has_categories(column)})

    def encode(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return a frame of numbers.

        A missing value has zeros in all columns of its own. So has a category that was not in the
        fit, and a warning names it.
        """
        if not self.of:
            return X
        return pd.concat([self._columns(name, X[name]) for name in X], axis=1)

    def names(self, columns: Iterable[Any]) -> tuple[Any, ...]:
        """Return the names that some columns have after encoding."""
        return tuple(
            name if one is None else f"{name}={one}"
            for name in columns
            for one in self.of.get(name, [None])
        )

    def _columns(self, name: Any, column: pd.Series) -> pd.DataFrame:
        known = self.of.get(name)
        if known is None:
            return column.to_frame()
        new = [one for one in _found(column) if one not in known]
        if new:
            warnings.warn(
                f"Column {name!r} of X has {new[0]!r}, which was not in the fit: it counts as none "
                f"of {known}.",
                stacklevel=2,
            )
        values = column.to_numpy(dtype=object)
        return pd.DataFrame(
            {f"{name}={one}": (values == one).astype(np.float64) for one in known}, column.index
        )


def _has_categories(column: pd.Series) -> bool:
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))


def _found(column: pd.Series) -> list[Any]:
    try:
        return sorted(pd.unique(column.dropna()).tolist(), key=str)
    except TypeError as error:
        raise TypeError(
            f"Column {column.name!r} of X holds objects that are no categories: {error}. Pass "
            "numbers, texts or the type category, or leave the column out."
        ) from error
