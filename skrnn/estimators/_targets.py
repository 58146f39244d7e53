"""Targets as users pass them, into arrays, and outputs of a network back into what users expect.

There is one class for each kind of target: numbers here, labels in `_labels`. Each knows the head
that its network ends with. They are learned from `y`, with the scaler of the targets afterwards,
and do not change.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from ..inputs._numbers import check_container, check_numbers
from ..models._target_form import TargetForm
from ..networks._kinds import VALUES
from ..scaling._columns import NoScaler, to_float32
from ._rows import Rows


class TargetEncoder(Protocol):
    """From targets of users to those of a network."""

    every_step: bool

    @property
    def head(self) -> str:
        """Name of the head of the network."""

    @property
    def levels(self) -> tuple[float, ...]:
        """Quantiles that are learned."""

    @property
    def form(self) -> TargetForm:
        """What becomes of the outputs of the network."""

    def read(self, y: Any, mask: np.ndarray, name: str = "y") -> np.ndarray:
        """Return targets of shape (n_rows, n_columns) or (n_rows, n_timesteps, n_columns)."""

    def encode(self, rows: Rows) -> np.ndarray:
        """Return targets as the network learns them, float32."""

    def restore(self, targets: np.ndarray) -> np.ndarray:
        """Return targets, as `read` gives them, in the form of `y`."""

    def columns(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions, or probabilities, in the form that `read` gives targets."""

    def strata(self, rows: Rows) -> np.ndarray:
        """Return the number of the class of each row, of which each has its share held out."""


@dataclass(frozen=True)
class NumberTargets:
    """Numbers: one or several per row, or per step.

    Attributes
    ----------
    every_step : bool
        Whether each step has targets.
    one_dimensional : bool
        Whether `y` had no axis of outputs.
    n_outputs : int
        Targets of a row, or of a step.
    asked, levels : tuple of float
        Quantiles that are asked for, and those that are learned: the median is one of them.
    scaler : scaler
        Of the targets.
    """

    every_step: bool
    one_dimensional: bool
    n_outputs: int
    asked: tuple[float, ...] = ()
    levels: tuple[float, ...] = ()
    scaler: Any = field(default_factory=NoScaler)

    head = VALUES

    @classmethod
    def learn(
        cls, y: Any, mask: np.ndarray, every_step: bool, asked: Any, levels: tuple[float, ...]
    ) -> NumberTargets:
        """Learn the shape of `y`."""
        targets = values_of_steps(y, mask) if every_step else values_of_rows(y)
        one_dimensional = np.ndim(y) == (2 if every_step else 1)
        asked = () if asked is None else tuple(float(level) for level in np.ravel(asked))
        return cls(every_step, one_dimensional, targets.shape[-1], asked, levels)

    @property
    def form(self) -> TargetForm:
        """What becomes of the outputs of the network, the median of quantiles."""
        median = self.levels.index(0.5) if self.levels else None
        return TargetForm(self.scaler, median, self.every_step, self.one_dimensional)

    def read(self, y: Any, mask: np.ndarray, name: str = "y") -> np.ndarray:
        """Return targets of shape (n_rows, n_outputs) or (n_rows, n_timesteps, n_outputs)."""
        targets = values_of_steps(y, mask, name) if self.every_step else values_of_rows(y, name)
        if targets.shape[-1] != self.n_outputs:
            raise ValueError(
                f"{name} has {targets.shape[-1]} outputs, but {self.n_outputs} were expected. "
                "Pass the columns that the first fit had."
            )
        return targets

    def scaled(self, scaler: Any, rows: Rows) -> NumberTargets:
        """Return the same with a scaler, after it has learned from some rows."""
        targets = rows.targets[rows.mask] if self.every_step else rows.targets
        return replace(self, scaler=scaler.fit(targets, rows.sequences))

    def encode(self, rows: Rows) -> np.ndarray:
        """Return scaled targets; NaN at masked steps."""
        if not self.every_step:
            scaled = self.scaler.transform(rows.targets, rows.sequences)
            return to_float32(scaled, "y", "target_scaler")
        steps = self.scaler.transform(rows.targets[rows.mask], None)
        targets = np.full(rows.targets.shape, np.nan, np.float32)
        targets[rows.mask] = to_float32(steps, "y", "target_scaler")
        return targets

    def decode(self, outputs: np.ndarray, sequences: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Return point forecasts, the medians of quantiles, in the units and the shape of `y`."""
        return self.decode_level(outputs, 0.5, sequences, mask)

    def decode_level(
        self, outputs: np.ndarray, level: float, sequences: np.ndarray, mask: np.ndarray
    ) -> np.ndarray:
        """Return one of the quantiles, in the units and the shape of `y`."""
        if self.levels:
            outputs = outputs[..., self.levels.index(level)]
        rows = outputs.reshape(-1, outputs.shape[-1])
        values = self.scaler.inverse_transform(rows, sequences).reshape(outputs.shape)
        if self.every_step:
            values[~mask] = np.nan
        return values[..., 0] if self.one_dimensional else values

    def restore(self, targets: np.ndarray) -> np.ndarray:
        """Return targets in the form of `y`."""
        return targets[..., 0] if self.one_dimensional else targets

    def columns(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions with an axis of outputs."""
        return predictions[..., None] if self.one_dimensional else predictions

    def strata(self, rows: Rows) -> np.ndarray:
        """Return zero for all rows."""
        return np.zeros(len(rows), int)


def values_of_rows(y: Any, name: str = "y") -> np.ndarray:
    """Return numbers, one or several per row, as (n_rows, n_outputs).

    Raises
    ------
    ValueError, TypeError
        When they are none.
    """
    check_numbers(y, name)
    return np.asarray(y, dtype=np.float64).reshape(np.shape(y)[0], -1)


def values_of_steps(y: Any, mask: np.ndarray, name: str = "y") -> np.ndarray:
    """Return numbers, one or several per step, as (n_rows, n_timesteps, n_outputs).

    Raises
    ------
    ValueError
        When the shape does not go with that of the sequences, a value is infinite, or NaN does not
        stand exactly where steps are masked.
    """
    values = np.asarray(as_steps(y, mask, name, dtype=np.float64))
    values = values.reshape(*mask.shape, -1)
    missing = np.isnan(values)
    if np.isinf(values).any():
        row, step, _ = np.argwhere(np.isinf(values))[0]
        raise ValueError(f"{name} row {row}, step {step}: the target is infinity. Mend or drop it.")
    check_missing(missing.any(axis=2), mask, name)
    check_missing(missing.all(axis=2), mask, name)
    return values


def as_steps(y: Any, mask: np.ndarray, name: str = "y", dtype: Any = None) -> np.ndarray:
    """Return targets with an axis of steps behind that of rows."""
    check_container(y, name)
    if dtype is not None:
        check_numbers(y, name)
    array = np.asarray(y, dtype=dtype)
    if array.shape[:2] != mask.shape or array.ndim > 3:
        rows, steps = mask.shape
        raise ValueError(
            f"return_sequences=True needs one target per step: {name} of shape ({rows}, {steps}) "
            f"or ({rows}, {steps}, n_outputs), but it has shape {array.shape}."
        )
    return array


def check_missing(missing: np.ndarray, mask: np.ndarray, name: str) -> None:
    """Raise where targets are not missing exactly at the steps that are masked."""
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
