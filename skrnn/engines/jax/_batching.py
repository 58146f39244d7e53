"""Rows into batches of one shape: the arithmetic, in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .._protocol import Arrays, Data


@dataclass(frozen=True)
class Batches:
    """Up to a fixed number of batches, as one call of a program takes them.

    Every array starts with the axes (batches per call, batch size). `n_batches` of them are filled;
    of these the last may hold fewer real rows, padded with copies of the first ones of the call.

    Attributes
    ----------
    n_batches : int
    arrays : dict of ndarray
        What `data.take` returns, and two more: `n_rows`, of shape (batches per call,), the number
        of real rows in each batch; and `real`, one for a real row and zero for padding.
    """

    n_batches: int
    arrays: Arrays


def iterate_batches(
    data: Data, order: np.ndarray, batch_size: int, per_call: int
) -> Iterator[Batches]:
    """Yield the rows of `data` in `order`, `per_call` batches at a time.

    Parameters
    ----------
    data : Data
    order : int array of shape (n_rows,)
    batch_size, per_call : int
    """
    rows_per_call = batch_size * per_call
    for start in range(0, len(order), rows_per_call):
        yield _gather(data, order[start : start + rows_per_call], batch_size, per_call)


def _gather(data: Data, rows: np.ndarray, batch_size: int, per_call: int) -> Batches:
    n_batches = -(-len(rows) // batch_size)
    padded = np.resize(rows, n_batches * batch_size)
    real = np.zeros((per_call, batch_size), np.float32)
    real.flat[: len(rows)] = 1.0

    def batched(array: np.ndarray) -> np.ndarray:
        out = np.zeros((per_call, batch_size, *array.shape[1:]), array.dtype)
        out[:n_batches] = array.reshape(n_batches, *out.shape[1:])
        return out

    arrays = {name: batched(array) for name, array in data.take(padded).items()}
    return Batches(n_batches, {**arrays, "n_rows": real.sum(axis=1), "real": real})
