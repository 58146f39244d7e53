"""Weights of rows: read, and made small enough to calculate with."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compat._sklearn import check_sample_weight
from ._mask import unmasked
from ._numbers import check_numbers


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
    if values.dtype.kind in "biuf" and (values < 0).any():
        raise ValueError(
            f"Negative values in {name}: the first such row is {int(np.argmax(values < 0))}. Give "
            "rows that are not to count the weight zero, or drop them."
        )
    if values.ndim and not (values != 0).any():
        raise ValueError(
            f"{name} is zero for all rows, so that none counts. Sample weights must contain at "
            "least one non-zero number."
        )
    missing = np.isnan(values) if values.dtype.kind == "f" else np.zeros(1, bool)
    if missing.any():
        raise ValueError(
            f"{name} contains NaN, or is masked: the first such row is {int(np.argmax(missing))}. "
            "Give rows that are not to count the weight zero, or drop them."
        )
    read: np.ndarray = check_sample_weight(weights, X, dtype=np.float64, ensure_non_negative=True)
    return read


def below_one(weights: np.ndarray) -> np.ndarray:
    """Return weights times a power of two, which is exact: products and sums do not overflow."""
    return np.ldexp(weights, -np.frexp(weights.max())[1])
