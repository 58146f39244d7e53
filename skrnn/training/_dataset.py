"""Rows that lie ready in arrays, and how a program reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from ._batching import Arrays


class Sample(NamedTuple):
    """A batch as networks and losses take it.

    Attributes
    ----------
    inputs : dict of arrays
        By the names that the spec gives them.
    targets : array of shape (n_rows, *spec.target_shape)
        NaN where there is none: it adds nothing to the loss.
    weight : array of shape (n_rows,), or (n_rows, n_timesteps) where every step has a target
    """

    inputs: dict[str, Any]
    targets: Any
    weight: Any


@dataclass(frozen=True)
class RowLayout:
    """A batch holds inputs, targets and weights as they are."""

    def row_arrays(self, spec: Any) -> dict[str, Any]:
        """Return shape and type of what one row of a batch holds."""
        inputs = {name: array for name, array in spec.inputs.items() if name != "targets"}
        weight = spec.target_shape[:-1], "float32"
        return {**inputs, "targets": (spec.target_shape, "float32"), "weight": weight}

    def read(self, spec: Any, store: dict[str, Any], batch: dict[str, Any]) -> Sample:
        """Return the batch; there is no store."""
        inputs = {name: batch[name] for name in spec.inputs if name in batch}
        return Sample(inputs, batch.get("targets"), batch.get("weight"))

    def restore(self, spec: Any, store: dict[str, Any], batch: Any, outputs: Any) -> Any:
        """Return the outputs as they are."""
        return outputs


@dataclass(frozen=True)
class Dataset:
    """Rows to train on, to evaluate or to predict.

    Attributes
    ----------
    inputs : dict of arrays
        What the spec calls its inputs, of shape (n_rows, ...) and without NaN: masked steps hold
        any finite value.
    targets : float32 array of shape (n_rows, *spec.target_shape), optional
    weight : float32 array of shape (n_rows, *spec.target_shape[:-1]), optional
    """

    inputs: Arrays
    targets: np.ndarray | None = None
    weight: np.ndarray | None = None

    layout: ClassVar[RowLayout] = RowLayout()
    store: ClassVar[Arrays] = {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.inputs["sequence"])

    @property
    def n_per_epoch(self) -> int:
        """Rows that an epoch takes: all."""
        return len(self)

    def take(self, rows: np.ndarray) -> Arrays:
        """Return the arrays of some rows."""
        arrays = {**self.inputs, "targets": self.targets, "weight": self.weight}
        return {name: array[rows] for name, array in arrays.items() if array is not None}
