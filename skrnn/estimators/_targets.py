"""Targets as users pass them, into arrays, and predictions back into what users expect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd


def values_of_rows(y: Any) -> np.ndarray:
    """Return numbers, one or several per row, as (n_rows, n_outputs)."""
    return np.asarray(y, dtype=np.float64).reshape(len(y), -1)


def values_of_steps(y: Any, mask: np.ndarray, name: str = "y") -> np.ndarray:
    """Return numbers, one or several per step, as (n_rows, n_timesteps, n_outputs).

    Raises
    ------
    ValueError
        When the shape does not go with that of the sequences, a value is infinite, or NaN does not
        stand exactly where steps are masked.
    """
    values = np.asarray(_as_steps(y, mask, name, dtype=np.float64))
    values = values.reshape(*mask.shape, -1)
    missing = np.isnan(values)
    if np.isinf(values).any():
        row, step, _ = np.argwhere(np.isinf(values))[0]
        raise ValueError(f"{name} row {row}, step {step}: the target is infinity. Mend or drop it.")
    _check_missing(missing.any(axis=2), mask, name)
    _check_missing(missing.all(axis=2), mask, name)
    return values


def labels_of_steps(y: Any, mask: np.ndarray, name: str = "y") -> np.ndarray:
    """Return the labels of the steps that are not masked, row by row, as one axis.

    Where labels can be missing (numbers with a decimal point, objects), they must be exactly where
    steps are masked. Integers and strings cannot: there any label stands at masked steps.

    Raises
    ------
    ValueError
        When the shape does not go with that of the sequences, or labels are missing elsewhere.
    """
    labels = _as_steps(y, mask, name)
    labels = labels.reshape(mask.shape) if labels.size == mask.size else labels
    if labels.ndim != 2:
        raise ValueError(
            f"{name} has shape {labels.shape}: a classifier needs one label per step. Fit one "
            "classifier for each kind of label."
        )
    if labels.dtype.kind in "fO":
        _check_missing(pd.isna(labels), mask, name)
    labels = labels[mask]
    if labels.dtype != object:
        return labels
    if len({isinstance(label, str) for label in labels}) > 1:
        raise ValueError(f"{name} mixes strings and other labels. Use labels of one type.")
    return np.array(labels.tolist())


def _as_steps(y: Any, mask: np.ndarray, name: str = "y", dtype: Any = None) -> np.ndarray:
    """Return targets with an axis of steps behind that of rows."""
    try:
        array = np.asarray(y, dtype=dtype)
    except ValueError as error:
        raise ValueError(
            f"{name} holds no array of numbers. Sequences of unequal length are padded with NaN, "
            "as skrnn.to_sequences does it."
        ) from error
    if array.shape[:2] != mask.shape or array.ndim > 3:
        rows, steps = mask.shape
        raise ValueError(
            f"return_sequences=True needs one target per step: {name} of shape ({rows}, {steps}) "
            f"or ({rows}, {steps}, n_outputs), but it has shape {array.shape}."
        )
    return array


def _check_missing(missing: np.ndarray, mask: np.ndarray, name: str) -> None:
    wrong = missing == mask
    if not wrong.any():
        return
    row, step = np.argwhere(wrong)[0]
    if missing[row, step]:
        raise ValueError(
            f"{name} row {row}, step {step}: the target is missing (NaN), but X has values there. "
            "Mask the step in X too (all features NaN), or fill in the target."
        )
    raise ValueError(
        f"{name} row {row}, step {step}: there is a target, but all features of X are NaN there, "
        "which masks the step. Set the target to NaN too, or impute X."
    )
