"""Rows into batches of one shape: the arithmetic, in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Dataset:
    """Rows to train on or to evaluate.

    Attributes
    ----------
    sequences : float32 array of shape (n_rows, n_timesteps, n_features)
        Without NaN: masked steps hold any finite value.
    mask : bool array of shape (n_rows, n_timesteps)
        False where a step is masked.
    targets : float32 array of shape (n_rows, n_outputs)
    weight : float32 array of shape (n_rows,)
    """

    sequences: np.ndarray
    mask: np.ndarray
    targets: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.sequences)


@dataclass(frozen=True)
class Batches:
    """Up to a fixed number of batches, as one call of a program takes them.

    Every array starts with the axes (batches per call, batch size). `n_batches` of them are filled;
    of these the last may hold fewer real rows, padded with a copy of its first row.

    Attributes
    ----------
    n_batches : int
    n_rows : float32 array of shape (batches per call,)
        Real rows in each batch.
    real : float32 array
        One for a real row, zero for padding.
    """

    n_batches: int
    n_rows: np.ndarray
    real: np.ndarray
    sequences: np.ndarray
    mask: np.ndarray
    targets: np.ndarray
    weight: np.ndarray

    @property
    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays by name."""
        return {name: value for name, value in vars(self).items() if name != "n_batches"}


def iterate_batches(
    data: Dataset, order: np.ndarray, batch_size: int, per_call: int
) -> Iterator[Batches]:
    """Yield the rows of `data` in `order`, `per_call` batches at a time."""
    rows_per_call = batch_size * per_call
    for start in range(0, len(order), rows_per_call):
        yield _gather(data, order[start : start + rows_per_call], batch_size, per_call)


def _gather(data: Dataset, rows: np.ndarray, batch_size: int, per_call: int) -> Batches:
    n_batches = -(-len(rows) // batch_size)
    first_of_last = rows[(n_batches - 1) * batch_size]
    padded = np.full(n_batches * batch_size, first_of_last)
    padded[: len(rows)] = rows
    real = np.zeros((per_call, batch_size), np.float32)
    real.flat[: len(rows)] = 1.0

    def take(array: np.ndarray) -> np.ndarray:
        out = np.zeros((per_call, batch_size, *array.shape[1:]), array.dtype)
        out[:n_batches] = array[padded].reshape(n_batches, *out.shape[1:])
        return out

    gathered = {name: take(array) for name, array in vars(data).items()}
    return Batches(n_batches=n_batches, n_rows=real.sum(axis=1), real=real, **gathered)
