"""Predict rows in tiles of a fixed shape."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..weights import Weights
from ._epoch import FOR_LOSS, TILE, TILES_PER_CALL, BuildModel, PredictionProgram, get_program


def predict(build_model: BuildModel, spec: Any, weights: Weights, data: Any) -> np.ndarray:
    """Return the outputs of a network for some rows.

    Parameters
    ----------
    build_model : callable
        From a spec to a Keras model with the inputs that `spec.inputs` names.
    spec : NetworkSpec or EncoderDecoderSpec
        A structure: without rates.
    weights : Weights
    data : Dataset or SeriesWindows

    Returns
    -------
    outputs : float32 array of shape (n_rows, *spec.output_shape)
        The same to the last bit for a row in any company.
    """
    program = get_program(PredictionProgram, build_model, spec, data)
    n_rows, per_call = len(data), TILE * TILES_PER_CALL
    outputs = np.empty((n_rows, *spec.output_shape), np.float32)
    for start in range(0, n_rows, per_call):
        rows = np.arange(start, min(start + per_call, n_rows))
        arrays = data.take(rows)
        tiles = {name: _tiles(arrays[name]) for name in arrays if name not in FOR_LOSS}
        filled = program(weights, data.store, tiles, -(-len(rows) // TILE))
        outputs[rows] = filled.reshape(per_call, *spec.output_shape)[: len(rows)]
    return outputs


def _tiles(rows: np.ndarray) -> np.ndarray:
    padded = np.zeros((TILE * TILES_PER_CALL, *rows.shape[1:]), rows.dtype)
    padded[: len(rows)] = rows
    return padded.reshape(TILES_PER_CALL, TILE, *rows.shape[1:])
