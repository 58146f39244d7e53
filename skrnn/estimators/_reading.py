"""From what a user passes to validated rows: shapes, masks, names and the errors about them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array, check_consistent_length, check_X_y
from sklearn.utils.validation import validate_data

from ..inputs._lags import warn_of_lag_order
from ..inputs._mask import find_mask, unmasked
from ..inputs._numbers import check_targets, finite_option
from ..inputs._overlap import each_once
from ..inputs._weights import read_weights
from ._input_checks import sequences_of
from ._rows import Rows
from ._targets import TargetEncoder

_X_OPTIONS: dict[str, Any] = {
    "dtype": [np.float64, np.float32],
    "allow_nd": True,
    "ensure_all_finite": "allow-nan",
}
# Standard deviations of y that targets to validate on may typically lie away from its mean.
_FAR = 10.0
_FEWEST_ROWS = {"ensure_min_samples": 2}


@dataclass(frozen=True)
class FitCall:
    """What `fit` and `partial_fit` were called with.

    Attributes
    ----------
    X, y, sample_weight, X_val, y_val, sample_weight_val, groups, classes :
        As passed.
    resume : bool
        Go on from the last fit.
    once : bool
        For one epoch only, as `partial_fit` does.
    """

    X: Any
    y: Any
    sample_weight: Any = None
    X_val: Any = None
    y_val: Any = None
    sample_weight_val: Any = None
    groups: Any = None
    classes: Any = None
    resume: bool = False
    once: bool = False


@dataclass(frozen=True)
class GivenRows:
    """Rows to fit on, checked; targets are not read yet.

    Attributes
    ----------
    sequences : float array of shape (n_rows, n_timesteps, ..., n_features)
        NaN where masked.
    mask : bool array of shape (n_rows, n_timesteps)
        False where masked.
    y : array-like
    sample_weight : float array of shape (n_rows,) or None
    groups : int array of shape (n_rows,) or None
        Number of the group of each row.
    """

    sequences: np.ndarray
    mask: np.ndarray
    y: Any
    sample_weight: np.ndarray | None
    groups: np.ndarray | None


def read_fit_rows(estimator: Any, call: FitCall) -> GivenRows:
    """Return the rows to fit on.

    Parameters
    ----------
    estimator : NetworkEstimator
    call : FitCall
        Where it goes on from the last fit, number and names of features are compared with what was
        learned; else they are learned.
    """
    X, y, reset = sequences_of(call.X, "X"), unmasked(call.y), not call.resume
    check_targets(X, y, "y", estimator._every_step)
    three_d = np.ndim(X) > 2
    options = {**_X_OPTIONS, **_FEWEST_ROWS, **finite_option(X)}
    of_y = estimator._y_options(y)
    if estimator._every_step:
        X = _check_X_alone(estimator, X, y, three_d, reset, options)
    elif three_d:
        X, y = check_X_y(X, y, estimator=estimator, **options, **of_y)
    else:
        X, y = validate_data(estimator, X, y, reset=reset, **options, **of_y)
    sequences = estimator._arrange(X)
    if not three_d and hasattr(estimator, "layout"):  # frames have none
        warn_of_lag_order(getattr(estimator, "feature_names_in_", ()), estimator.layout)
    if three_d and reset:
        estimator.n_features_in_ = sequences.shape[-1]
        vars(estimator).pop("feature_names_in_", None)
    if not reset:
        any_length = estimator.network_.takes_any_length
        check_shape(estimator, sequences, "X", estimator.input_encoder_.shape, any_length)
    weight = read_weights(call.sample_weight, X)
    groups = _read_groups(call.groups, len(sequences))
    return GivenRows(sequences, find_mask(sequences), y, weight, groups)


def _read_groups(groups: Any, n_rows: int) -> np.ndarray | None:
    """Return the number of the group of each row, if there are any."""
    if groups is None:
        return None
    values = unmasked(groups)
    if np.shape(values)[:1] != (n_rows,) or np.size(values) != n_rows:
        raise ValueError(
            f"groups has the shape {np.shape(values)}, but X has {n_rows} rows. Pass one group "
            "for each row."
        )
    codes, _ = pd.factorize(np.asarray(values).reshape(-1), sort=False)
    if (codes < 0).any():
        raise ValueError(
            f"groups has no value (NaN or None) in row {int(np.argmax(codes < 0))}. Give each row "
            "a group."
        )
    return np.asarray(codes)


def _check_X_alone(
    estimator: Any, X: Any, y: Any, three_d: bool, reset: bool, options: dict[str, Any]
) -> Any:
    if three_d:
        X = check_array(X, input_name="X", estimator=estimator, **options)
    else:
        X = validate_data(estimator, X, reset=reset, **options)
    check_consistent_length(X, y)
    return X


def read_validation_rows(
    estimator: Any,
    call: FitCall,
    shape: tuple[int, ...],
    targets: TargetEncoder,
    any_length: bool,
) -> Rows | None:
    """Return the rows to validate on, of sequences of a shape, or None where there are none."""
    X_val, y_val = call.X_val, unmasked(call.y_val)
    if (X_val is None) != (y_val is None):
        given, missing = ("X_val", "y_val") if y_val is None else ("y_val", "X_val")
        raise ValueError(f"{given} was given without {missing}. Pass both, or neither.")
    if X_val is None:
        if call.sample_weight_val is not None:
            raise ValueError("sample_weight_val was given without X_val and y_val. Pass them too.")
        return None
    X_val = sequences_of(X_val, "X_val")
    any_length = any_length and np.ndim(X_val) > 2  # columns of a table are those of fit
    sequences, mask = read_sequences(estimator, X_val, shape, "X_val", any_length=any_length)
    check_targets(X_val, y_val, "y_val", targets.every_step)
    if not targets.every_step:
        y_val = check_array(y_val, ensure_2d=False, dtype=None, input_name="y_val")
    if len(y_val) != len(sequences):
        raise ValueError(
            f"X_val has {len(sequences)} rows but y_val has {len(y_val)}. They must match."
        )
    weight = read_weights(call.sample_weight_val, sequences, "sample_weight_val")
    return Rows(sequences, mask, targets.read(y_val, mask, name="y_val"), weight)


def warn_of_other_units(rows: Rows, validation: Rows) -> None:
    """Warn where numbers to validate on cannot be in the units of those to train on."""
    axes = tuple(range(rows.targets.ndim - 1))
    center, spread = np.nanmean(rows.targets, axes), np.nanstd(rows.targets, axes)
    distance = np.sqrt(np.nanmean((validation.targets - center) ** 2, axes))
    for own, other in zip(spread, distance, strict=True):
        if 0.0 < own < other / _FAR:
            warnings.warn(
                f"y_val lies {other:.3g} from the mean of y, which has a deviation of {own:.3g}: "
                "it seems to be in other units. TransformedTargetRegressor transforms y, but not "
                "y_val: pass y_val transformed, or use target_scaler instead.",
                stacklevel=2,
            )
            return


def read_sequences(
    estimator: Any, X: Any, shape: tuple[int, ...], name: str = "X", *, any_length: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return sequences of the shape seen in fit, or with `any_length` of as many features."""
    if not _is_checked(estimator, X):
        X = _check_sequences(estimator, X, shape, name)
    sequences = estimator._arrange(X)
    check_shape(estimator, sequences, name, shape, any_length)
    return sequences, find_mask(sequences, name)


def _is_checked(estimator: Any, X: Any) -> bool:
    """Return whether scikit-learn would take an array as it is; its checks take a while to say so.

    For a single row they take longer than the prediction.
    """
    if type(X) is not np.ndarray or X.dtype not in _X_OPTIONS["dtype"] or X.ndim < 2 or not X.size:
        return False
    if X.ndim == 2 and (X.shape[1] != estimator.n_features_in_ or _has_names(estimator)):
        return False
    return not np.isinf(each_once(X)).any()


def _has_names(estimator: Any) -> bool:
    return hasattr(estimator, "feature_names_in_")


def _check_sequences(estimator: Any, X: Any, shape: tuple[int, ...], name: str) -> np.ndarray:
    X = sequences_of(X, name)
    if np.ndim(X) > 2 or name != "X":  # what scikit-learn checks is always X
        options = {**_X_OPTIONS, **finite_option(X)}
        checked: np.ndarray = check_array(X, input_name=name, estimator=estimator, **options)
        return checked
    return _check_columns(estimator, X, shape)


def _check_columns(estimator: Any, X: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Return a 2-D `X` whose columns are those of fit."""
    try:
        checked: np.ndarray = validate_data(estimator, X, reset=False, **_X_OPTIONS)
    except ValueError as error:
        if " features, but " not in str(error):
            raise
        steps = f"{shape[0]} time steps of {' x '.join(map(str, shape[1:]))} features"
        raise ValueError(
            f"{error}. It was fitted with sequences of {steps}: pass the same steps, in 2-D or 3-D "
            "as in fit."
        ) from None
    return checked


def check_shape(
    estimator: Any,
    sequences: np.ndarray,
    name: str,
    expected: tuple[int, ...],
    any_length: bool = False,
) -> None:
    """Raise unless sequences are of a shape, or with `any_length` have as many features."""
    first = 1 if any_length else 0
    if sequences.shape[1 + first :] == expected[first:]:
        return
    given, fitted = (" x ".join(map(str, shape)) for shape in (sequences.shape[2:], expected[1:]))
    raise ValueError(
        f"{name} has {sequences.shape[1]} time steps of {given} features, but "
        f"{type(estimator).__name__} was fitted with {expected[0]} steps of {fitted}. Cut "
        "or pad the sequences to the same length (pad with NaN to mask steps), and pass the "
        "same features in the same layout."
    )
