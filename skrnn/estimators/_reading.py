"""From what a user passes to validated rows: shapes, masks, names and the errors about them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import check_array, check_consistent_length, check_X_y
from sklearn.utils.validation import _check_sample_weight, validate_data

from ..validation import find_mask
from ._rows import Rows

_X_OPTIONS: dict[str, Any] = {
    "dtype": [np.float64, np.float32],
    "allow_nd": True,
    "ensure_all_finite": "allow-nan",
}
_FEWEST_ROWS = {"ensure_min_samples": 2}


def read_fit_rows(estimator: Any, X: Any, y: Any, sample_weight: Any, *, reset: bool) -> Rows:
    """Return the rows to fit on.

    Parameters
    ----------
    estimator : NetworkEstimator
    X, y, sample_weight : array-like
        As passed to `fit`.
    reset : bool
        Learn number and names of features, and classes; else compare with what was learned.
    """
    three_d = _n_dimensions(X, "X") > 2
    options = {**_X_OPTIONS, **_FEWEST_ROWS}
    if estimator._every_step:
        X = _check_X_alone(estimator, X, y, three_d, reset, options)
    elif three_d:
        X, y = check_X_y(X, y, estimator=estimator, **options, **estimator._Y_OPTIONS)
    else:
        X, y = validate_data(estimator, X, y, reset=reset, **options, **estimator._Y_OPTIONS)
    sequences = estimator._arrange(X)
    if reset:
        estimator._shape = sequences.shape[1:]
        if three_d:
            estimator.n_features_in_ = sequences.shape[-1]
            vars(estimator).pop("feature_names_in_", None)
    _check_shape(estimator, sequences, "X")
    mask = find_mask(sequences)
    targets = estimator._read_targets(y, mask, reset=reset)
    if sample_weight is not None:
        sample_weight = _check_sample_weight(
            sample_weight, X, dtype=np.float64, ensure_non_negative=True
        )
    return Rows(sequences, mask, targets, sample_weight)


def _check_X_alone(
    estimator: Any, X: Any, y: Any, three_d: bool, reset: bool, options: dict[str, Any]
) -> Any:
    if y is None:
        raise ValueError(
            f"{type(estimator).__name__} requires y to be passed, but the target y is None"
        )
    if three_d:
        X = check_array(X, input_name="X", estimator=estimator, **options)
    else:
        X = validate_data(estimator, X, reset=reset, **options)
    check_consistent_length(X, y)
    return X


def read_validation_rows(estimator: Any, X_val: Any, y_val: Any) -> Rows | None:
    """Return the rows to validate on, or None where there are none."""
    if (X_val is None) != (y_val is None):
        given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        raise ValueError(f"{given} was given without {missing}. Pass both, or neither.")
    if X_val is None:
        return None
    sequences, mask = read_sequences(estimator, X_val, "X_val")
    if not estimator._every_step:
        y_val = check_array(y_val, ensure_2d=False, dtype=None, input_name="y_val")
    if len(y_val) != len(sequences):
        raise ValueError(
            f"X_val has {len(sequences)} rows but y_val has {len(y_val)}. They must match."
        )
    targets = estimator._read_targets(y_val, mask, reset=False, name="y_val")
    return Rows(sequences, mask, targets, None)


def read_sequences(
    estimator: Any, X: Any, name: str = "X", *, any_length: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences of the shape seen in fit, or with `any_length` of as many features."""
    if _n_dimensions(X, name) > 2 or name != "X":  # what scikit-learn checks is always X
        X = check_array(X, input_name=name, estimator=estimator, **_X_OPTIONS)
    else:
        X = validate_data(estimator, X, reset=False, **_X_OPTIONS)
    sequences = estimator._arrange(X)
    if not any_length or sequences.shape[2:] != estimator._shape[1:]:
        _check_shape(estimator, sequences, name)
    return sequences, find_mask(sequences, name)


def _check_shape(estimator: Any, sequences: np.ndarray, name: str) -> None:
    expected = estimator._shape
    if sequences.shape[1:] != expected:
        given, fitted = (
            " x ".join(map(str, shape)) for shape in (sequences.shape[2:], expected[1:])
        )
        raise ValueError(
            f"{name} has {sequences.shape[1]} time steps of {given} features, but "
            f"{type(estimator).__name__} was fitted with {expected[0]} steps of {fitted}. Cut "
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
