"""Scalers of scikit-learn over sequences and over targets."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, RobustScaler, StandardScaler

from ..inputs._overlap import Sequences, each_once, first, over_steps, spread, steps_and_counts
from ._counted import robust_of_counted, standard_of_counted
from ._relative import Array

SCALERS = ("standard", "minmax", "robust", "power")
# How far predictions may leave the targets of `fit`, in widths of these, where they are bounded.
_ROOM = 10.0


class NoScaler:
    """Leave arrays as they are."""

    def fit(self, values: np.ndarray, sequences: Any = None) -> NoScaler:
        """Do nothing."""
        return self

    def transform(self, values: Array, sequences: Any = None, xp: Any = np) -> Array:
        """Return `values`."""
        return values

    def inverse_transform(self, values: Array, sequences: Any = None, xp: Any = np) -> Array:
        """Return `values`."""
        return values


class Affine:
    """Per column (x - shift) / scale, with the statistics of a scaler of scikit-learn.

    Works on the last axis of arrays of any rank, NaN included. Applying the two arrays directly
    spares a prediction the checks that the scaler itself would repeat.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def fit(self, values: Sequences, sequences: Any = None) -> Affine:
        """Learn from all rows, or from all steps of all rows."""
        rows, counts = steps_and_counts(values)
        if self.kind == "minmax":
            minmax = MinMaxScaler().fit(rows)
            self.shift_, self.scale_ = minmax.data_min_, 1.0 / minmax.scale_
        elif counts is not None:
            statistics = {"standard": standard_of_counted, "robust": robust_of_counted}[self.kind]
            self.shift_, self.scale_ = statistics(rows, counts)
        elif self.kind == "standard":
            standard = StandardScaler().fit(rows)
            self.shift_, self.scale_ = standard.mean_, standard.scale_
        else:
            robust = RobustScaler().fit(rows)
            self.shift_, self.scale_ = robust.center_, robust.scale_
        return self

    def transform(self, values: Array, sequences: Any = None, xp: Any = np) -> Array:
        """Return scaled values."""
        return (values - self.shift_) / self.scale_

    def inverse_transform(self, values: Array, sequences: Any = None, xp: Any = np) -> Array:
        """Return values in their own units."""
        return values * self.scale_ + self.shift_


class SequenceFeatures:
    """A scikit-learn transformer over the features of all unmasked steps."""

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    def fit(self, values: Sequences, sequences: Any = None) -> SequenceFeatures:
        """Learn from sequences of shape (n_rows, n_timesteps, n_features)."""
        values = np.asarray(values)  # a copy of all windows: no transformer counts rows by itself
        self.transformer.fit(values[~np.isnan(values).all(axis=2)])
        return self

    def transform(self, values: np.ndarray, sequences: Any = None) -> np.ndarray:
        """Return scaled sequences; masked steps stay NaN."""
        return _over_steps(self.transformer.transform, values)

    def inverse_transform(self, values: np.ndarray, sequences: Any = None) -> np.ndarray:
        """Return sequences in their own units; masked steps stay NaN."""
        return _over_steps(self.transformer.inverse_transform, values)


class Targets:
    """A scikit-learn transformer over the columns of the targets.

    The inverse of a power transform ends where its formula does: beyond, there is no number, and
    before, any number. Predictions stay within the targets of `fit`, widened on both sides.
    """

    limits_: tuple[np.ndarray, np.ndarray] | None = None

    def __init__(self, transformer: Any) -> None:
        self.transformer = transformer

    def fit(self, values: np.ndarray, sequences: Any = None) -> Targets:
        """Learn from targets of shape (n_rows, n_outputs)."""
        self.transformer.fit(values)
        if isinstance(self.transformer, PowerTransformer):
            low, high = values.min(axis=0), values.max(axis=0)
            room = _ROOM * np.where(high > low, high - low, np.abs(high) + 1.0)
            floor = 0.0 if self.transformer.method == "box-cox" else -np.inf
            self.limits_ = np.maximum(low - room, floor), high + room
        return self

    def transform(self, values: np.ndarray, sequences: Any = None) -> np.ndarray:
        """Return scaled targets."""
        return np.asarray(self.transformer.transform(values), dtype=float)

    def inverse_transform(self, values: np.ndarray, sequences: Any = None) -> np.ndarray:
        """Return targets in their own units."""
        if self.limits_ is None:
            return np.asarray(self.transformer.inverse_transform(values), dtype=float)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is mended here
            result = np.asarray(self.transformer.inverse_transform(values), dtype=float)
        low, high = self.limits_
        beyond = np.isnan(result) & ~np.isnan(values)  # scaled targets have the mean zero
        result = np.where(beyond, np.where(values > 0, high, low), result)
        return np.clip(result, low, high)


def _over_steps(function: Any, values: np.ndarray) -> np.ndarray:
    steps = values.reshape(-1, values.shape[2])
    there = ~np.isnan(steps).all(axis=1)
    scaled = np.asarray(function(steps if there.all() else steps[there]), dtype=float)
    result = np.full((len(steps), scaled.shape[1]), np.nan)
    result[there] = scaled
    return result.reshape(*values.shape[:2], -1)


def make_scaler(choice: Any, wrapper: Any) -> Any:
    """Return the unfitted scaler of a choice; transformers are cloned and put in `wrapper`."""
    if choice is None:
        return NoScaler()
    if not isinstance(choice, str):
        return wrapper(clone(choice))
    return wrapper(PowerTransformer()) if choice == "power" else Affine(choice)


def to_float32(
    values: np.ndarray, name: str, scaler: str, numbers: np.ndarray | None = None
) -> np.ndarray:
    """Return scaled values as the networks take them; `numbers` are those of the rows, if not all.

    Raises
    ------
    ValueError
        When a value is not finite, or not within the range of float32.
    """
    with np.errstate(over="ignore"):
        result = over_steps(lambda steps: steps.astype(np.float32), values)
    wrong = ~np.isfinite(each_once(result))
    if wrong.any():
        row = first(spread(wrong, result))[0]
        row = row if numbers is None else numbers[row]
        raise ValueError(
            f"{name} row {row}: after scaling with {scaler}, a value is not finite or too large "
            f"for float32. Choose another {scaler}, or rescale the data."
        )
    return result
