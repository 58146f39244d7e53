"""The compiled programs that read a network: predict rows, and differentiate predictions.

Rows go through in tiles of a fixed shape, whatever their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...networks._weights import Weights
from .._protocol import FOR_LOSS, Array, Arrays, Data, Reader
from ._network import Network, Store, array, compile_program, rows_like

# Rows are predicted eight at a time, whatever their number: a fixed shape makes a prediction the
# same to the last bit whatever other rows there are. Eight cost hardly more than one, and as
# little each as 64.
TILE = 8
TILES_PER_CALL = 8
PER_CALL = TILE * TILES_PER_CALL


class PredictionProgram:
    """Predictions of up to `PER_CALL` rows.

    With `sampling`, units are dropped as in training, from the random states among the weights.
    """

    def __init__(self, network: Network, sampling: bool, reader: Reader, store: Store) -> None:
        self.network, self.sampling, self.reader = network, sampling, reader
        self._compiled = _compile_tiles(self._predict, network, reader, store)

    def __call__(
        self, weights: Weights, store: Store, tiles: Arrays, n_tiles: int
    ) -> tuple[np.ndarray, list[Array]]:
        """Return an array of shape (TILES_PER_CALL, TILE, ...), and the random states after it.

        Only `n_tiles` of the array are filled.
        """
        arguments = weights.trainable, weights.non_trainable, store, tiles, np.int32(n_tiles)
        outputs, states = self._compiled(*arguments)
        return np.asarray(outputs), states

    def _predict(
        self, trainable: Any, non_trainable: Any, store: Any, tiles: Any, n_tiles: Any
    ) -> Any:
        spec = self.network.spec

        def fill(index: Any, carry: Any) -> Any:
            outputs, states = carry
            tile = {name: rows[index] for name, rows in tiles.items()}
            sample = self.reader.read(spec, store, tile, jnp)
            if sample.targets is None:
                sample = sample._replace(targets=jnp.zeros((TILE, *spec.target_shape)))
            predictions, states, _ = self.network(
                trainable, states or non_trainable, sample, training=self.sampling
            )
            restored = self.reader.restore(spec, store, tile, predictions, jnp)
            return outputs.at[index].set(restored), states if self.sampling else []

        outputs = jnp.zeros((TILES_PER_CALL, TILE, *spec.output_shape))
        states = non_trainable if self.sampling else []
        return jax.lax.fori_loop(0, n_tiles, fill, (outputs, states))


class GradientProgram:
    """Gradients of a combination of outputs with respect to the sequences of some rows."""

    def __init__(self, network: Network, reader: Reader, store: Store) -> None:
        self.network, self.reader = network, reader
        chosen = array(*network.spec.output_shape)
        self._compiled = _compile_tiles(self._gradients, network, reader, store, chosen)

    def __call__(
        self, weights: Weights, store: Store, tiles: Arrays, n_tiles: int, chosen: np.ndarray
    ) -> np.ndarray:
        """Return an array of shape (TILES_PER_CALL, TILE, *shape of a sequence)."""
        arrays = weights.trainable, weights.non_trainable, store, tiles
        return np.asarray(self._compiled(*arrays, np.int32(n_tiles), chosen))

    def _gradients(
        self, trainable: Any, non_trainable: Any, store: Any, tiles: Any, n_tiles: Any, chosen: Any
    ) -> Any:
        spec = self.network.spec

        def fill(index: Any, gradients: Any) -> Any:
            tile = {name: rows[index] for name, rows in tiles.items()}
            sample = self.reader.read(spec, store, tile, jnp)
            sample = sample._replace(targets=jnp.zeros((TILE, *spec.target_shape)))

            def combine(sequence: Any) -> Any:
                inputs = {**sample.inputs, "sequence": sequence}
                given = sample._replace(inputs=inputs)
                outputs, _, _ = self.network(trainable, non_trainable, given, training=False)
                return jnp.sum(outputs * chosen)  # rows do not depend on each other

            return gradients.at[index].set(jax.grad(combine)(sample.inputs["sequence"]))

        shape = spec.inputs["sequence"].shape
        gradients = jnp.zeros((TILES_PER_CALL, TILE, *shape))
        return jax.lax.fori_loop(0, n_tiles, fill, gradients)


def iterate_tiles(data: Data) -> Iterator[tuple[np.ndarray, Arrays, int]]:
    """Yield row numbers, the tiles that hold these rows, and how many tiles are filled."""
    for start in range(0, len(data), PER_CALL):
        rows = np.arange(start, min(start + PER_CALL, len(data)))
        arrays = data.take(rows)
        tiles = {name: _tiles(arrays[name]) for name in arrays if name not in FOR_LOSS}
        yield rows, tiles, -(-len(rows) // TILE)


def untile(tiles: np.ndarray, n_rows: int) -> np.ndarray:
    """Return the first rows of tiles."""
    return tiles.reshape(PER_CALL, *tiles.shape[2:])[:n_rows]


def _tiles(rows: np.ndarray) -> np.ndarray:
    padded = np.zeros((PER_CALL, *rows.shape[1:]), rows.dtype)
    padded[: len(rows)] = rows
    return padded.reshape(TILES_PER_CALL, TILE, *rows.shape[1:])


def _compile_tiles(
    function: Callable[..., Any], network: Network, reader: Reader, store: Store, *more: Any
) -> Any:
    """Compile a function of weights, a store, tiles and their number, and whatever else."""
    arrays = rows_like(reader, network.spec, TILES_PER_CALL, TILE)
    tiles = {name: rows for name, rows in arrays.items() if name not in FOR_LOSS}
    weights = network.trainable, network.non_trainable
    arguments = (*weights, store, tiles, array(dtype=jnp.int32), *more)
    return compile_program("predict", function, *arguments)
