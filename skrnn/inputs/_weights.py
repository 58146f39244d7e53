"""Weights of rows: read, and made small enough to calculate with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ._mask import unmasked
from ._numbers import check_finite, check_numbers


def read_weights(weights: Any, X: Any, name: str = "sample_weight") -> np.ndarray | None:
    """Return the weights of the rows of `X` as floats, or None where there are none.

    Raises
    ------
    ValueError, TypeError
        When they are no numbers, not one for each row, negative, missing, or all zero.
    """
    if weights is None:
        return None
    weights = unmasked(weights)
    check_numbers(weights, name, "Give each row a number")
    values, n_rows = np.asarray(weights), len(X)
    if values.shape not in ((), (n_rows,)):
        raise ValueError(
            f"{name} has shape {values.shape}, but X has {n_rows} rows. Sample weights must be 1D: "
            "pass one number for each row."
        )
    if values.dtype == object:
        values = np.where(pd.isna(values), np.nan, values)
    values = np.full(n_rows, values.astype(np.float64))
    check_finite(values, name)
    for what, wrong in (
        (f"Negative values in {name}", values < 0),
        (f"{name} contains NaN, or is masked", np.isnan(values)),
    ):
        if wrong.any():
            raise ValueError(
                f"{what}: the first such row is {int(np.argmax(wrong))}. Give rows that are not "
                "to count the weight zero, or drop them."
            )
    if not values.any():
        raise ValueError(
            f"{name} is zero for all rows, so that none counts. Sample weights must contain at "
            "least one non-zero number."
        )
    return values


def below_one(weights: np.ndarray) -> np.ndarray:
    """Return weights times a power of two, which is exact: products and sums do not overflow."""
    return np.ldexp(weights, -np.frexp(weights.max())[1])
