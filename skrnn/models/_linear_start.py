"""The linear part of a network, as ridge regression would have it."""

from __future__ import annotations

import numpy as np

from ..engines._dataset import Dataset
from ..networks._one_thread import one_thread
from ..networks._spec import EncoderDecoderSpec, NetworkSpec, RecurrentSpec, Spec
from ._ridge import ridge

# Rows that it is learned from, at most: evenly spaced ones. A start need not be better.
_MOST_NUMBERS = 20_000_000


def linear_start(spec: Spec, data: Dataset) -> dict[str, np.ndarray] | None:
    """Return the weights of the linear part of a network, by layer and weight; None without one.

    Parameters
    ----------
    spec : Spec
    data : Dataset
        Rows to train on, scaled; nothing is known of the steps to write.
    """
    if not isinstance(spec, RecurrentSpec) or not spec.linear_skip:
        return None
    step = -(-data.inputs["sequence"].size // _MOST_NUMBERS)
    rows = {
        name: array.astype(float) for name, array in data.take(np.arange(len(data))[::step]).items()
    }
    with one_thread():
        coefficients = _coefficients(spec, rows)
    return {"skip/kernel": coefficients[:-1], "skip/bias": coefficients[-1]}


def _coefficients(spec: RecurrentSpec, rows: dict[str, np.ndarray]) -> np.ndarray:
    if isinstance(spec, NetworkSpec):
        return _of_stacked(spec, rows)
    assert isinstance(spec, EncoderDecoderSpec)
    return _of_decoder(spec, rows)


def _of_stacked(spec: NetworkSpec, rows: dict[str, np.ndarray]) -> np.ndarray:
    sequence, targets, weight = rows["sequence"], rows["targets"], rows["weight"]
    if spec.return_sequences:
        there = rows["mask"] > 0
        return ridge(sequence[there], targets[there], weight[there])
    return ridge(sequence.reshape(len(sequence), -1), targets, weight)


def _of_decoder(spec: EncoderDecoderSpec, rows: dict[str, np.ndarray]) -> np.ndarray:
    sequence, targets, weight = rows["sequence"], rows["targets"], rows["weight"]
    if not spec.target_features:
        return ridge(sequence.reshape(len(sequence), -1), targets, weight)
    # One map for all targets, each from its own past.
    past = sequence[:, :, list(spec.target_features)].swapaxes(1, 2)
    steps = targets.reshape(-1, spec.horizon, spec.n_targets).swapaxes(1, 2)
    return ridge(
        past.reshape(-1, spec.n_timesteps),
        steps.reshape(-1, spec.horizon),
        np.repeat(weight, spec.n_targets),
    )
