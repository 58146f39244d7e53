"""The axes of `X`, however they come, in one order: sample, time, feature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

CHANNELS_FIRST, NEWEST_FIRST = "channels_first", "newest_first"
# From the axes of each layout to those that networks take, and back again. The first two are called
# as in `data_format` of Keras.
LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "channels_last": lambda X: X,
    CHANNELS_FIRST: lambda X: np.swapaxes(X, 1, 2),
    NEWEST_FIRST: lambda X: X[:, ::-1],
}


def arrange(X: np.ndarray, layout: str, n_variables: int) -> np.ndarray:
    """Return `X` as an array of shape (n_samples, n_timesteps, n_features).

    Parameters
    ----------
    X : ndarray of 2 or 3 dimensions
    layout : {"channels_last", "channels_first", "newest_first"}
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
        return LAYOUTS[layout](X)
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
    axes = n_columns // n_variables, n_variables
    return LAYOUTS[layout](
        X.reshape(n_samples, *(axes[::-1] if layout == CHANNELS_FIRST else axes))
    )
