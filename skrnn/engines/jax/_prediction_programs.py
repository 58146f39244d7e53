"""The compiled programs that read a network: predict rows, and differentiate predictions.

Rows go through eight at a time, whatever their number. A product of matrices may add up in another
order where it has another shape, and gives other last bits then; of one shape, a prediction is the
same whatever other rows there are. Eight rows cost hardly more than one where a network is small,
and as little each as 64. Through a wide network a row by itself goes alone: the weights are read as
often for eight rows as for one, but the arithmetic is an eighth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...compat._caches import cached
from ...networks._spec import Spec
from ...networks._weights import Weights
from .._protocol import FOR_LOSS, Array, Arrays, Data, Reader
from ._network import (
    Network,
    ProgramRequest,
    Shapes,
    Store,
    array,
    compile_program,
    get_network,
    rows_like,
    shapes_of,
)

_WIDTH = 8
# One call takes at most this many tiles, and rows of about this many bytes.
_MAX_TILES = 32
_MAX_BYTES = 2**17
# Multiplications for one row at one step, from which on a row by itself goes alone: about those of
# an LSTM with 90 units. Eight rows take two to three times as long as one there.
_MANY_PRODUCTS = 2**15


@dataclass(frozen=True)
class Tiling:
    """How many rows go through at once, and how many tiles of them a call takes at most.

    Attributes
    ----------
    width, n_tiles : int
    """

    width: int
    n_tiles: int

    @property
    def n_rows(self) -> int:
        """Rows that a call takes at most."""
        return self.width * self.n_tiles


ALONE = Tiling(1, 1)


def tiling_for(structure: Spec, reader: Reader, n_rows: int) -> Tiling:
    """Return how so many rows are predicted."""
    return ALONE if n_rows == 1 and _is_wide(structure) else in_eights(structure, reader)


def request_prediction(spec: Spec, data: Data) -> tuple[ProgramRequest, Tiling]:
    """Return the program that predicts some rows, and how it takes them."""
    return _request_prediction(spec, data.reader, shapes_of(data.store), min(len(data), 2))


@cached
def _request_prediction(
    spec: Spec, reader: Reader, store: Shapes, n_rows: int
) -> tuple[ProgramRequest, Tiling]:
    structure = spec.structure()
    tiling = tiling_for(structure, reader, n_rows)
    return ProgramRequest(PredictionProgram, structure, reader, store, (False, tiling)), tiling


def in_eights(structure: Spec, reader: Reader) -> Tiling:
    """Return as many tiles of eight rows as one call takes."""
    values: int = sum(math.prod(shape) for shape, _ in reader.row_arrays(structure).values())
    return Tiling(_WIDTH, max(1, min(_MAX_TILES, _MAX_BYTES // (4 * _WIDTH * values))))


def _is_wide(structure: Spec) -> bool:
    """Return whether arithmetic is most of what a prediction takes."""
    largest: int = max(math.prod(weight.shape) for weight in get_network(structure).trainable)
    n_places = math.prod(structure.inputs["sequence"].shape[1:-1])  # pixels of a frame
    return largest * n_places > _MANY_PRODUCTS


class PredictionProgram:
    """Predictions of as many rows as a tiling has.

    With `sampling`, units are dropped as in training, from the random states among the weights.
    """

    def __init__(
        self, network: Network, sampling: bool, tiling: Tiling, reader: Reader, store: Store
    ) -> None:
        self.network, self.sampling, self.reader = network, sampling, reader
        self.tiling = tiling
        self._compiled = _compile_tiles(self._predict, network, tiling, reader, store)

    def __call__(
        self, weights: Weights, store: Store, tiles: Arrays, n_tiles: int
    ) -> tuple[np.ndarray, list[Array]]:
        """Return an array of shape (n_tiles, width, ...), and the random states after it.

        Only `n_tiles` of the array are filled.
        """
        arguments = weights.trainable, weights.non_trainable, store, tiles, _count(n_tiles)
        outputs, states = self._compiled(*arguments)
        return np.asarray(outputs), states

    def _predict(
        self, trainable: Any, non_trainable: Any, store: Any, tiles: Any, n_tiles: Any
    ) -> Any:
        spec, width = self.network.spec, self.tiling.width

        def fill(index: Any, carry: Any) -> Any:
            outputs, states = carry
            tile = {name: rows[index] for name, rows in tiles.items()}
            sample = self.reader.read(spec, store, tile, jnp)
            if sample.targets is None:
                sample = sample._replace(targets=jnp.zeros((width, *spec.target_shape)))
            predictions, states, _ = self.network(
                trainable, states or non_trainable, sample, training=self.sampling
            )
            restored = self.reader.restore(spec, store, tile, predictions, jnp)
            return _put(outputs, restored, index), states if self.sampling else []

        outputs = jnp.zeros((self.tiling.n_tiles, width, *spec.output_shape))
        states = non_trainable if self.sampling else []
        if self.tiling.n_tiles == 1:
            return fill(0, (outputs, states))
        return jax.lax.fori_loop(0, n_tiles, fill, (outputs, states))


class GradientProgram:
    """Gradients of a combination of outputs with respect to the sequences of some rows."""

    def __init__(self, network: Network, tiling: Tiling, reader: Reader, store: Store) -> None:
        self.network, self.tiling, self.reader = network, tiling, reader
        chosen = array(*network.spec.output_shape)
        self._compiled = _compile_tiles(self._gradients, network, tiling, reader, store, chosen)

    def __call__(
        self, weights: Weights, store: Store, tiles: Arrays, n_tiles: int, chosen: np.ndarray
    ) -> np.ndarray:
        """Return an array of shape (n_tiles, width, *shape of a sequence)."""
        arrays = weights.trainable, weights.non_trainable, store, tiles
        return np.asarray(self._compiled(*arrays, _count(n_tiles), chosen))

    def _gradients(
        self, trainable: Any, non_trainable: Any, store: Any, tiles: Any, n_tiles: Any, chosen: Any
    ) -> Any:
        spec, tiling = self.network.spec, self.tiling

        def fill(index: Any, gradients: Any) -> Any:
            tile = {name: rows[index] for name, rows in tiles.items()}
            sample = self.reader.read(spec, store, tile, jnp)
            sample = sample._replace(targets=jnp.zeros((tiling.width, *spec.target_shape)))

            def combine(sequence: Any) -> Any:
                inputs = {**sample.inputs, "sequence": sequence}
                given = sample._replace(inputs=inputs)
                outputs, _, _ = self.network(trainable, non_trainable, given, training=False)
                return jnp.sum(outputs * chosen)  # rows do not depend on each other

            gradient = jax.grad(combine)(sample.inputs["sequence"])
            return _put(gradients, gradient, index)

        shape = spec.inputs["sequence"].shape
        gradients = jnp.zeros((tiling.n_tiles, tiling.width, *shape))
        return jax.lax.fori_loop(0, n_tiles, fill, gradients)


@lru_cache(maxsize=_MAX_TILES + 1)
def _count(n_tiles: int) -> Array:
    """Return a number that lies on the device already."""
    return jnp.int32(n_tiles)


def _put(tiles: Array, tile: Array, index: Array) -> Array:
    """Return tiles with one of them replaced."""
    return jax.lax.dynamic_update_index_in_dim(tiles, tile, index, 0)


def iterate_tiles(data: Data, tiling: Tiling) -> Iterator[tuple[np.ndarray, Arrays, int]]:
    """Yield row numbers, the tiles that hold these rows, and how many tiles are filled."""
    for start in range(0, len(data), tiling.n_rows):
        rows = np.arange(start, min(start + tiling.n_rows, len(data)))
        arrays = data.take(rows)
        tiles = {name: _tiles(arrays[name], tiling) for name in arrays if name not in FOR_LOSS}
        yield rows, tiles, -(-len(rows) // tiling.width)


def untile(tiles: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the first rows of tiles."""
    return tiles.reshape(-1, *tiles.shape[2:])[:n_rows]


def _tiles(rows: np.ndarray, tiling: Tiling) -> np.ndarray:
    shape = (tiling.n_tiles, tiling.width, *rows.shape[1:])
    if len(rows) == tiling.n_rows:
        return rows.reshape(shape)
    padded = np.zeros((tiling.n_rows, *rows.shape[1:]), rows.dtype)
    padded[: len(rows)] = rows
    return padded.reshape(shape)


def _compile_tiles(
    function: Callable[..., Any],
    network: Network,
    tiling: Tiling,
    reader: Reader,
    store: Store,
    *more: Any,
) -> Any:
    """Compile a function of weights, a store, tiles and their number, and whatever else."""
    arrays = rows_like(reader, network.spec, tiling.n_tiles, tiling.width)
    tiles = {name: rows for name, rows in arrays.items() if name not in FOR_LOSS}
    weights = network.trainable, network.non_trainable
    arguments = (*weights, store, tiles, array(dtype=jnp.int32), *more)
    return compile_program("predict", function, *arguments)
