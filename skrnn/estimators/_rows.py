"""Rows on their way from user arrays to the engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..inputs._overlap import select
from ..inputs._weights import below_one


@dataclass(frozen=True)
class Rows:
    """Validated rows in the units of the user.

    Attributes
    ----------
    sequences : float array of shape (n_rows, n_timesteps, ..., n_features), or some windows
        NaN where masked.
    mask : bool array of shape (n_rows, n_timesteps)
        False where masked.
    targets : float array of shape (n_rows, n_outputs) or (n_rows, n_timesteps, n_outputs)
    weight : float array of shape (n_rows,) or (n_rows, n_timesteps), or None
        Of each row, or of each step.
    """

    sequences: Any
    mask: np.ndarray
    targets: np.ndarray
    weight: np.ndarray | None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.sequences)

    def __getitem__(self, rows: slice | np.ndarray) -> Rows:
        """Return some of the rows: views of them where they follow one another."""
        rows = _as_slice(rows)
        weight = None if self.weight is None else self.weight[rows]
        return Rows(select(self.sequences, rows), self.mask[rows], self.targets[rows], weight)

    def weighted(self) -> Rows:
        """Return the rows with a weight that is not zero: those to learn statistics from.

        Raises
        ------
        ValueError
            When there is none.
        """
        if self.weight is None:
            return self
        if not self.weight.any():
            raise ValueError(
                "sample_weight is zero for all rows to train on: there is nothing to learn from. "
                "Give at least one of them a positive weight."
            )
        return self[self.weight > 0]

    def reweighted(self, factor: np.ndarray) -> Rows:
        """Return the rows with weights multiplied by those of rows, or of steps."""
        if self.weight is not None:
            factor = (below_one(factor).T * below_one(self.weight)).T
        return replace(self, weight=factor)

    def mean_one_weight(self) -> np.ndarray:
        """Return the weights scaled to mean 1 over rows, or over steps that are not masked.

        Raises
        ------
        ValueError
            When all of them are zero.
        """
        if self.weight is None:
            return np.ones(len(self), np.float32)
        if not self.weight.any():
            raise ValueError(
                "The weight is zero for all rows to train on, or to validate on. Give at least one "
                "of them a positive weight: in class_weight, in sample_weight_val, or among the "
                "rows that validation_fraction holds out, the last ones or those of a splitter."
            )
        weight = below_one(self.weight)
        counted = weight if weight.ndim == 1 else weight[self.mask]
        return (weight / counted.mean()).astype(np.float32)


def _as_slice(rows: slice | np.ndarray) -> slice | np.ndarray:
    """Return rows that follow one another as a slice: windows that share rows are not copied."""
    if isinstance(rows, slice):
        return rows
    numbers = np.flatnonzero(rows) if rows.dtype == bool else rows
    if len(numbers) and (np.diff(numbers) == 1).all():
        return slice(numbers[0], numbers[-1] + 1)
    return rows
