"""Predict rows in tiles of a fixed shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..weights import Weights
from ._epoch import TILE, TILES_PER_CALL, BuildModel, PredictionProgram, get_program


def predict(
    build_model: BuildModel,
    spec: Any,
    weights: Weights,
    sequences: np.ndarray,
    mask: np.ndarray,
) -> np.ndarray:
    """Return the outputs of a network for some rows.

    Parameters
    ----------
    build_model : callable
        From a spec to a Keras model of two inputs, sequence and mask.
    spec : NetworkSpec
        A structure: without rates.
    weights : Weights
    sequences : float32 array of shape (n_rows, n_timesteps, n_features)
    mask : bool array of shape (n_rows, n_timesteps)

    Returns
    -------
    outputs : float32 array of shape (n_rows, n_outputs)
        The same to the last bit for a row in any company.
    """
    program = get_program(PredictionProgram, build_model, spec)
    n_rows, per_call = len(sequences), TILE * TILES_PER_CALL
    outputs = np.empty((n_rows, spec.n_outputs), np.float32)
    for start in range(0, n_rows, per_call):
        rows = slice(start, min(start + per_call, n_rows))
        count = rows.stop - start
        inputs = [_tiles(array[rows]) for array in (sequences, mask)]
        tiles = program(weights, inputs, -(-count // TILE))
        outputs[rows] = tiles.reshape(per_call, -1)[:count]
    return outputs


def _tiles(rows: np.ndarray) -> np.ndarray:
    padded = np.zeros((TILE * TILES_PER_CALL, *rows.shape[1:]), rows.dtype)
    padded[: len(rows)] = rows
    return padded.reshape(TILES_PER_CALL, TILE, *rows.shape[1:])
