"""Rows that lie ready in arrays, and how a batch of them is read."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from ..networks._spec import Input, Spec
from ._protocol import Array, Arrays, Data, Sample


@dataclass(frozen=True)
class RowReader:
    """A batch holds inputs, targets and weights as they are."""

    def row_arrays(self, spec: Spec) -> dict[str, Input]:
        """Return shape and type of what one row of a batch holds."""
        inputs = {name: array for name, array in spec.inputs.items() if name != "targets"}
        weight = Input(spec.target_shape[:-1])
        return {**inputs, "targets": Input(spec.target_shape), "weight": weight}

    def read(
        self, spec: Spec, store: dict[str, Array], batch: dict[str, Array], xp: ModuleType
    ) -> Sample:
        """Return the batch; there is no store."""
        inputs = {name: batch[name] for name in spec.inputs if name in batch}
        return Sample(inputs, batch.get("targets"), batch.get("weight"))

    def restore(
        self,
        spec: Spec,
        store: dict[str, Array],
        batch: dict[str, Array],
        outputs: Array,
        xp: ModuleType,
    ) -> Array:
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

    reader: ClassVar[RowReader] = RowReader()
    store: ClassVar[Arrays] = {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.inputs["sequence"])

    @property
    def n_per_epoch(self) -> int:
        """Rows that an epoch takes: all."""
        return len(self)

    @property
    def n_timesteps(self) -> int:
        """Length of the sequences."""
        return int(self.inputs["sequence"].shape[1])

    def take(self, rows: np.ndarray) -> Arrays:
        """Return the arrays of some rows."""
        arrays = {**self.inputs, "targets": self.targets, "weight": self.weight}
        return {name: array[rows] for name, array in arrays.items() if array is not None}


@dataclass(frozen=True)
class PaddedDataset:
    """A dataset with masked steps before those of its sequences, up to a length.

    Attributes
    ----------
    data : Dataset
    n_timesteps : int
        At least as many as the sequences have.
    every_step : bool
        Whether every step has a target; those that are added have none.
    """

    data: Dataset
    n_timesteps: int
    every_step: bool

    reader: ClassVar[RowReader] = RowReader()
    store: ClassVar[Arrays] = {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.data)

    @property
    def n_per_epoch(self) -> int:
        """Rows that an epoch takes: all."""
        return len(self)

    def take(self, rows: np.ndarray) -> Arrays:
        """Return the arrays of some rows."""
        arrays = self.data.take(rows)
        fills: dict[str, Any] = {"sequence": 0, "mask": False}
        if self.every_step:
            fills |= {"targets": np.nan, "weight": 0.0}
        padded = {
            name: self._pad(arrays[name], fill) for name, fill in fills.items() if name in arrays
        }
        return {**arrays, **padded}

    def _pad(self, steps: np.ndarray, fill: Any) -> np.ndarray:
        n_rows, n_steps = steps.shape[:2]
        padded = np.full((n_rows, self.n_timesteps, *steps.shape[2:]), fill, steps.dtype)
        padded[:, self.n_timesteps - n_steps :] = steps
        return padded


def spread_rows(data: Data) -> np.ndarray:
    """Return as many rows as an epoch takes, evenly spread over all: those to evaluate."""
    n_rows, n_taken = len(data), data.n_per_epoch
    return np.arange(n_taken) * n_rows // n_taken
