"""Which steps of sequences are there."""

from __future__ import annotations

import numpy as np


def find_mask(sequences: np.ndarray, name: str = "X") -> np.ndarray:
    """Return which steps are there: False where all features of a step are NaN.

    Raises
    ------
    ValueError
        When some features of a step are NaN and others are not, or a row has no step at all.
    """
    missing = np.isnan(sequences).reshape(*sequences.shape[:2], -1)
    if not missing.any():
        return np.ones(sequences.shape[:2], bool)
    masked = missing.all(axis=2)
    partial = missing.any(axis=2) & ~masked
    if partial.any():
        row, step = np.argwhere(partial)[0]
        raise ValueError(
            f"{name} row {row}, step {step}: some features are NaN and others are not. Impute the "
            "missing values, or set all features of the step to NaN to mask it."
        )
    empty = masked.all(axis=1)
    if empty.any():
        raise ValueError(
            f"{name} row {int(np.argmax(empty))}: every step is NaN, so there is nothing to learn "
            f"or predict from ({int(empty.sum())} such rows). Drop these rows."
        )
    return ~masked
