"""Ridge regression in closed form."""

from __future__ import annotations

import numpy as np

# Penalties that are tried, in units of the mean variance of the inputs.
_PENALTIES = np.logspace(-6, 2, 17)


def ridge(inputs: np.ndarray, outputs: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Return the coefficients of the ridge regression that generalises best.

    The penalty, one for all outputs, is chosen by generalised cross-validation (Golub, Heath and
    Wahba, 1979).

    Parameters
    ----------
    inputs : array of shape (n_rows, n_inputs)
    outputs : array of shape (n_rows, n_outputs)
    weight : array of shape (n_rows,), optional
        Of each row.

    Returns
    -------
    coefficients : array of shape (n_inputs + 1, n_outputs)
        The last row is the intercept.
    """
    mean_in, mean_out = (np.average(one, axis=0, weights=weight) for one in (inputs, outputs))
    inputs, outputs = inputs - mean_in, outputs - mean_out
    n_rows, n_inputs = inputs.shape
    if weight is not None:
        root = np.sqrt(weight / weight.mean())[:, None]
        inputs, outputs = inputs * root, outputs * root
    tall = n_rows >= n_inputs  # the smaller of two matrices with the same values is decomposed
    values, vectors = np.linalg.eigh(inputs.T @ inputs if tall else inputs @ inputs.T)
    values = np.maximum(values, 0.0)
    turned = vectors.T @ (inputs.T @ outputs if tall else outputs)
    squares = (turned**2).sum(axis=1)
    scale, total = values.mean() or 1.0, (outputs**2).sum()
    scores = []
    for penalty in _PENALTIES * scale:
        kept = values + penalty
        shrunk = penalty / kept
        if tall:
            residual = total - (squares * (1.0 + shrunk) / kept).sum()
            freedom = n_rows - n_inputs - 1 + shrunk.sum()
        else:  # nearly all is explained: no small difference of large numbers
            residual, freedom = (squares * shrunk**2).sum(), shrunk.sum() - 1
        scores.append(max(residual, 0.0) / max(freedom, 1e-9) ** 2)
    kept = values + _PENALTIES[int(np.argmin(scores))] * scale
    coefficients: np.ndarray = vectors @ (turned / kept[:, None])
    coefficients = coefficients if tall else inputs.T @ coefficients
    return np.concatenate([coefficients, (mean_out - mean_in @ coefficients)[None]])
