"""How strongly outputs of a network answer to its inputs."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..weights import Weights
from ._epoch import TILE, TILES_PER_CALL, BuildModel, Network, Store, compile_tiles, get_program
from ._predict import iterate_tiles, untile


class SaliencyProgram:
    """Gradients of a combination of outputs with respect to the sequences of some rows."""

    def __init__(self, network: Network, layout: Any, store: Store) -> None:
        self.network, self.layout = network, layout
        chosen = jax.ShapeDtypeStruct(  # type: ignore[no-untyped-call]
            network.spec.output_shape, jnp.float32
        )
        self._compiled = compile_tiles(self._gradients, network, layout, store, chosen)

    def __call__(
        self, weights: Weights, store: Store, tiles: Any, n_tiles: int, chosen: np.ndarray
    ) -> np.ndarray:
        """Return an array of shape (TILES_PER_CALL, TILE, *shape of a sequence)."""
        arguments = weights.trainable, weights.fixed, store, tiles, np.int32(n_tiles), chosen
        return np.asarray(self._compiled(*arguments))

    def _gradients(
        self, trainable: Any, fixed: Any, store: Any, tiles: Any, n_tiles: Any, chosen: Any
    ) -> Any:
        spec = self.network.spec

        def fill(index: Any, gradients: Any) -> Any:
            tile = {name: array[index] for name, array in tiles.items()}
            sample = self.layout.read(spec, store, tile)
            sample = sample._replace(targets=jnp.zeros((TILE, *spec.target_shape)))

            def combine(sequence: Any) -> Any:
                inputs = {**sample.inputs, "sequence": sequence}
                given = sample._replace(inputs=inputs)
                outputs, _, _ = self.network(trainable, fixed, given, training=False)
                return jnp.sum(outputs * chosen)  # rows do not depend on each other

            return gradients.at[index].set(jax.grad(combine)(sample.inputs["sequence"]))

        shape = spec.inputs["sequence"].shape
        gradients = jnp.zeros((TILES_PER_CALL, TILE, *shape))
        return jax.lax.fori_loop(0, n_tiles, fill, gradients)


def input_gradients(
    build_model: BuildModel, spec: Any, weights: Weights, data: Any, chosen: np.ndarray
) -> np.ndarray:
    """Return gradients of outputs with respect to the sequences.

    Parameters
    ----------
    build_model, spec, weights, data :
        As for `predict`.
    chosen : float32 array of shape spec.output_shape
        Factors of the outputs in the sum that is differentiated.

    Returns
    -------
    gradients : float32 array of shape (n_rows, *shape of a sequence)
    """
    program = get_program(SaliencyProgram, build_model, spec, data)
    gradients = np.empty((len(data), *spec.inputs["sequence"].shape), np.float32)
    for rows, tiles, n_tiles in iterate_tiles(data):
        filled = program(weights, data.store, tiles, n_tiles, chosen)
        gradients[rows] = untile(filled, len(rows))
    return gradients
