"""Rows that lie ready in arrays, and how a batch of them is read."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import ClassVar

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

    def padded(self, spec: Spec, *, in_front: bool) -> PaddedDataset:
        """Return the rows for a network that sees more steps before these, or writes more after."""
        arrays = self.inputs, self.targets, self.weight
        return PaddedDataset(*arrays, spec=spec, in_front=in_front)

    def with_horizon(self, spec: Spec) -> Data:
        """Return the rows for a network that writes more steps; they have no targets for these."""
        return self.padded(spec, in_front=False)


@dataclass(frozen=True, kw_only=True)
class PaddedDataset(Dataset):
    """A dataset for a network that sees, or writes, more steps than it has.

    Steps that are added to sequences are masked; those that are added to targets have none.

    Attributes
    ----------
    spec : Spec
        Of the network.
    in_front : bool
        Whether steps are added before those of the data, or after them.
    """

    spec: Spec
    in_front: bool

    def take(self, rows: np.ndarray) -> Arrays:
        """Return the arrays of some rows.

        The loss of a row is a mean over its targets, those that are none among them.
        """
        arrays, sizes = super().take(rows), self.reader.row_arrays(self.spec)
        padded = {name: self._pad(array, name, sizes[name]) for name, array in arrays.items()}
        if "targets" in arrays and "weight" in arrays:
            share = arrays["targets"].shape[-1] / padded["targets"].shape[-1]
            padded["weight"] = padded["weight"] / np.float32(share)
        return padded

    def _pad(self, array: np.ndarray, name: str, size: Input) -> np.ndarray:
        shape = (len(array), *size.shape)
        if array.shape == shape:
            return array
        padded = np.full(shape, np.nan if name == "targets" else 0, array.dtype)
        sizes = zip(array.shape, shape, strict=True)
        own = [slice(new - old, new) if self.in_front else slice(old) for old, new in sizes]
        padded[tuple(own)] = array
        return padded


def spread_rows(data: Data) -> np.ndarray:
    """Return as many rows as an epoch takes, evenly spread over all: those to evaluate."""
    n_rows, n_taken = len(data), data.n_per_epoch
    return np.arange(n_taken) * n_rows // n_taken
