"""The axes of `X`, however they come, in one order: sample, time, feature."""

from __future__ import annotations

import numpy as np

# As in `data_format` of Keras.
LAYOUTS = ("channels_last", "channels_first")


def arrange(X: np.ndarray, layout: str, n_variables: int) -> np.ndarray:
    """Return `X` as an array of shape (n_samples, n_timesteps, n_features).

    Parameters
    ----------
    X : ndarray of 2 or 3 dimensions
    layout : {"channels_last", "channels_first"}
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
        return X if layout == "channels_last" else np.swapaxes(X, 1, 2)
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
    if layout == "channels_last":
        return X.reshape(n_samples, n_timesteps, n_variables)
    return np.swapaxes(X.reshape(n_samples, n_variables, n_timesteps), 1, 2)
