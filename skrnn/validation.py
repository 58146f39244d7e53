"""Inputs of every accepted shape into one: sequences with NaN on masked steps."""

from __future__ import annotations

import numpy as np

LAYOUTS = ("time_major", "variable_major")


def arrange(X: np.ndarray, layout: str, n_variables: int) -> np.ndarray:
    """Return `X` as an array of shape (n_samples, n_timesteps, n_features).

    Parameters
    ----------
    X : ndarray of 2 or 3 dimensions
    layout : {"time_major", "variable_major"}
    n_variables : int
        How many features the columns of a 2-D `X` hold.

    Raises
    ------
    ValueError
        When `X` has another rank, or columns that are no multiple of `n_variables`.
    """
    if 0 in X.shape[1:]:
        raise ValueError(
            f"X has shape {X.shape}: 0 time steps or 0 features leave nothing to learn from. Pass "
            "at least one of each."
        )
    if X.ndim == 3:
        return X if layout == "time_major" else np.swapaxes(X, 1, 2)
    if X.ndim != 2:
        raise ValueError(
            f"X must be 2-D (n_samples, n_timesteps) or 3-D (n_samples, n_timesteps, n_features), "
            f"but it has {X.ndim} dimensions. Reshape it, as in X.reshape(len(X), -1, 1)."
        )
    n_samples, n_columns = X.shape
    if n_columns % n_variables:
        raise ValueError(
            f"X has {n_columns} columns, which is no multiple of n_variables={n_variables}. Set "
            "n_variables to the number of features that the columns hold at every step."
        )
    n_timesteps = n_columns // n_variables
    if layout == "time_major":
        return X.reshape(n_samples, n_timesteps, n_variables)
    return np.swapaxes(X.reshape(n_samples, n_variables, n_timesteps), 1, 2)


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


def to_float32(values: np.ndarray, name: str, scaler: str) -> np.ndarray:
    """Return scaled values as the networks take them.

    Raises
    ------
    ValueError
        When a value is not finite, or not within the range of float32.
    """
    with np.errstate(over="ignore"):
        result = values.astype(np.float32)
    finite = np.isfinite(result)
    if not finite.all():
        row = int(np.argwhere(~finite)[0, 0])
        raise ValueError(
            f"{name} row {row}: after scaling with {scaler}, a value is not finite or too large "
            f"for float32. Choose another {scaler}, or rescale the data."
        )
    return result
