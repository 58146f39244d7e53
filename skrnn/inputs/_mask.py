"""Which steps of sequences are there, and what masked arrays of NumPy leave out."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._overlap import each_once, first, spread


def unmasked(values: Any) -> Any:
    """Return masked arrays of NumPy, or lists of them, with NaN where they are masked.

    Anything else is returned as it is: NumPy, scikit-learn and pandas pass over masks in silence.
    """
    if isinstance(values, list | tuple):
        held = any(isinstance(value, np.ma.MaskedArray) for value in values)
        return [unmasked(value) for value in values] if held else values
    if not isinstance(values, np.ma.MaskedArray):
        return values
    mask, values = np.ma.getmaskarray(values), np.ma.getdata(values)
    if not mask.any():
        return values
    kind = values.dtype.kind
    filled = values.astype(values.dtype if kind == "f" else float if kind in "biu" else object)
    filled[mask] = np.nan
    return filled


def find_mask(sequences: np.ndarray, name: str = "X") -> np.ndarray:
    """Return which steps are there: False where all features of a step are NaN.

    Raises
    ------
    ValueError
        When some features of a step are NaN and others are not, or a row has no step at all.
    """
    missing = _missing(sequences)
    if not missing.any():
        return spread(np.ones(missing.shape[:2], bool), sequences)
    masked = missing.all(axis=2)
    partial = missing.any(axis=2) & ~masked
    if partial.any():
        row, step = first(spread(partial, sequences))
        raise ValueError(
            f"{name} row {row}, step {step}: some features are NaN and others are not. Impute the "
            "missing values, or set all features of the step to NaN to mask it."
        )
    there = spread(~masked, sequences)
    empty = ~there.any(axis=1)
    if empty.any():
        raise ValueError(
            f"{name} row {int(np.argmax(empty))}: every step is NaN, so there is nothing to learn "
            f"or predict from ({int(empty.sum())} such rows). Drop these rows."
        )
    return there


def is_there(sequences: np.ndarray) -> np.ndarray:
    """Return the mask of sequences that `find_mask` has looked at."""
    return spread(~_missing(sequences).all(axis=2), sequences)


def _missing(sequences: np.ndarray) -> Any:
    """Return where every step, looked at once, is NaN: (n_rows, n_timesteps, n_values)."""
    missing = np.isnan(each_once(sequences))
    return missing.reshape(*missing.shape[:2], -1)
