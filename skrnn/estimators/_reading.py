"""From what a user passes to validated rows: shapes, masks, names and the errors about them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_array, check_X_y
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..validation import arrange, find_mask
from ._rows import Rows

_X_OPTIONS: dict[str, Any] = {
    "dtype": [np.float64, np.float32],
    "allow_nd": True,
    "ensure_all_finite": "allow-nan",
}
_FIT_OPTIONS = {**_X_OPTIONS, "multi_output": True, "y_numeric": True, "ensure_min_samples": 2}


def read_fit_rows(estimator: Any, X: Any, y: Any, sample_weight: Any, *, reset: bool) -> Rows:
    """Return the rows to fit on.

    Parameters
    ----------
    estimator : RecurrentEstimator
    X, y, sample_weight : array-like
        As passed to `fit`.
    reset : bool
        Learn number and names of features from `X`; else compare with what was learned.
    """
    three_d = _n_dimensions(X, "X") > 2
    if three_d:
        X, y = check_X_y(X, y, estimator=estimator, **_FIT_OPTIONS)
    else:
        X, y = validate_data(estimator, X, y, reset=reset, **_FIT_OPTIONS)
    sequences = arrange(X, estimator.layout, estimator.n_variables)
    if reset:
        estimator._shape = sequences.shape[1:]
        if three_d:
            estimator.n_features_in_ = sequences.shape[2]
            vars(estimator).pop("feature_names_in_", None)
    _check_shape(estimator, sequences, "X")
    mask = find_mask(sequences)
    targets = estimator._encode_targets(y, reset=reset)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
    return Rows(sequences, mask, targets, sample_weight)


def read_validation_rows(estimator: Any, X_val: Any, y_val: Any) -> Rows | None:
    """Return the rows to validate on, or None where there are none."""
    if (X_val is None) != (y_val is None):
        given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        raise ValueError(f"{given} was given without {missing}. Pass both, or neither.")
    if X_val is None:
        return None
    sequences, mask = read_sequences(estimator, X_val, "X_val")
    y_val = check_array(y_val, ensure_2d=False, dtype=np.float64, input_name="y_val")
    if len(y_val) != len(sequences):
        raise ValueError(
            f"X_val has {len(sequences)} rows but y_val has {len(y_val)}. They must match."
        )
    targets = estimator._encode_targets(y_val, reset=False, name="y_val")
    return Rows(sequences, mask, targets, None)


def read_sequences(estimator: Any, X: Any, name: str = "X") -> tuple[np.ndarray, np.ndarray]:
    """Return sequences of the shape seen in fit, and their mask."""
    if _n_dimensions(X, name) > 2 or name != "X":  # what scikit-learn checks is always X
        X = check_array(X, input_name=name, estimator=estimator, **_X_OPTIONS)
    else:
        X = validate_data(estimator, X, reset=False, **_X_OPTIONS)
    sequences = arrange(X, estimator.layout, estimator.n_variables)
    _check_shape(estimator, sequences, name)
    return sequences, find_mask(sequences, name)


def _check_shape(estimator: Any, sequences: np.ndarray, name: str) -> None:
    expected = estimator._shape
    if sequences.shape[1:] != expected:
        steps, features = sequences.shape[1:]
        raise ValueError(
            f"{name} has {steps} time steps of {features} features, but "
            f"{type(estimator).__name__} was fitted with {expected[0]} steps of {expected[1]}. Cut "
            "or pad the sequences to the same length (pad with NaN to mask steps), and pass the "
            "same features in the same layout."
        )


def _n_dimensions(X: Any, name: str) -> int:
    if hasattr(X, "ndim"):
        return int(X.ndim)
    try:
        return np.asarray(X).ndim
    except ValueError as error:
        raise ValueError(
            f"{name} holds sequences of unequal length. Pad them to one length with NaN, which "
            "masks the padded steps: skrnn.to_sequences does that."
        ) from error
