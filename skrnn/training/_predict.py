"""Predict rows in tiles of a fixed shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..weights import Weights
from ._batching import Arrays
from ._epoch import FOR_LOSS, TILE, TILES_PER_CALL, BuildModel, PredictionProgram, get_program

PER_CALL = TILE * TILES_PER_CALL


def predict(build_model: BuildModel, spec: Any, weights: Weights, data: Any) -> np.ndarray:
    """Return the outputs of a network for some rows.

    Parameters
    ----------
    build_model : callable
        From a spec to a Keras model with the inputs that `spec.inputs` names.
    spec : Spec
        A structure: without rates.
    weights : Weights
    data : Dataset or SeriesWindows

    Returns
    -------
    outputs : float32 array of shape (n_rows, *spec.output_shape)
        The same to the last bit for a row in any company.
    """
    program = get_program(PredictionProgram, build_model, spec, data, False)
    outputs = np.empty((len(data), *spec.output_shape), np.float32)
    for rows, tiles, n_tiles in iterate_tiles(data):
        filled, _ = program(weights, data.store, tiles, n_tiles)
        outputs[rows] = untile(filled, len(rows))
    return outputs


def sample(
    build_model: BuildModel, spec: Any, weights: Weights, data: Any, n_draws: int
) -> np.ndarray:
    """Return outputs with units dropped as in training, several times over.

    Parameters
    ----------
    build_model, spec, data :
        As for `predict`.
    weights : Weights
        Their random states are those that the first draw starts from.
    n_draws : int

    Returns
    -------
    outputs : float32 array of shape (n_draws, n_rows, *spec.output_shape)
    """
    program = get_program(PredictionProgram, build_model, spec, data, True)
    outputs = np.empty((n_draws, len(data), *spec.output_shape), np.float32)
    for draw in range(n_draws):
        for rows, tiles, n_tiles in iterate_tiles(data):
            filled, states = program(weights, data.store, tiles, n_tiles)
            weights = Weights(weights.trainable, states)
            outputs[draw, rows] = untile(filled, len(rows))
    return outputs


def iterate_tiles(data: Any) -> Iterator[tuple[np.ndarray, Arrays, int]]:
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
