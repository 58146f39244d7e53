"""The layers of a network with their shapes and weights, read from its spec and its arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ._kinds import CELLS
from ._spec import (
    ConvolutionalSpec,
    EncoderDecoderSpec,
    LayeredSpec,
    NetworkSpec,
    RecurrentSpec,
    Spec,
)
from ._weights import Weights

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LayerSummary:
    """What one layer is.

    Attributes
    ----------
    name : str
    shape : tuple of int
        Of its output for one sample.
    n_parameters : int
    """

    name: str
    shape: Shape
    n_parameters: int


def summarize(spec: Spec, weights: Weights) -> list[LayerSummary]:
    """Return the layers in their order, without building a model; their weights are all there are.

    The layers of a decoder, and those that a user builds, are one.
    """
    first = LayerSummary("input", spec.inputs["sequence"].shape, 0)
    if isinstance(spec, RecurrentSpec):
        return [first, *_recurrent(spec, weights.trainable)]
    if isinstance(spec, ConvolutionalSpec):
        return [first, *_convolutional(spec, weights.trainable)]
    return [first, LayerSummary("network", spec.output_shape, weights.n_parameters)]


def _recurrent(spec: RecurrentSpec, arrays: Sequence[np.ndarray]) -> Iterator[LayerSummary]:
    position, steps = _first_recurrent(arrays, spec.units[0]), spec.n_timesteps
    if position:
        tokens = isinstance(spec, NetworkSpec) and spec.n_tokens
        if isinstance(spec, EncoderDecoderSpec):
            steps = -(-steps // spec.segment_length)
        name, width = "embedding" if tokens else "segments", arrays[0].shape[-1]
        yield LayerSummary(name, (steps, width), _size(arrays[:position]))
    width = 0
    for units, both in zip(spec.units, spec.bidirectional, strict=True):
        end = position + _arrays_per_cell(spec) * (1 + both)
        width = units * (2 if both and spec.merge_mode == "concat" else 1)
        name = f"bidirectional {spec.cell}" if both else spec.cell
        yield LayerSummary(name, (steps, width), _size(arrays[position:end]))
        position = end
    if isinstance(spec, NetworkSpec):
        yield from _readout(spec, arrays[position:], width)
    else:
        yield from _decoder(spec, arrays[position:])


def _readout(spec: NetworkSpec, arrays: Sequence[np.ndarray], width: int) -> Iterator[LayerSummary]:
    lead = (spec.n_timesteps,) if spec.return_sequences else ()
    if not spec.return_sequences:
        pooled = width * (spec.n_timesteps if spec.pooling == "flatten" else 1)
        name = "last step" if spec.pooling == "last" else f"{spec.pooling} over steps"
        yield LayerSummary(name, (pooled,), 0)
    if spec.attention:
        yield LayerSummary("attention", (*lead, arrays[0].shape[-1]), _size(arrays[:2]))
        arrays = arrays[2:]
    yield from _dense(spec, arrays, lead, spec.linear_skip)


def _decoder(spec: RecurrentSpec, arrays: Sequence[np.ndarray]) -> Iterator[LayerSummary]:
    skip = arrays[len(arrays) - 2 * spec.linear_skip :]
    own = arrays[: len(arrays) - len(skip)]
    kind = spec.decoder if isinstance(spec, EncoderDecoderSpec) else ""
    yield LayerSummary(f"{kind} decoder", spec.output_shape, _size(own))
    if skip:
        yield LayerSummary("linear skip", spec.output_shape, _size(skip))


def _convolutional(spec: ConvolutionalSpec, arrays: Sequence[np.ndarray]) -> Iterator[LayerSummary]:
    position, frame = 0, spec.frame_shape[:2]
    for number, filters in enumerate(spec.filters):
        end = position + 2 + _has_bias(spec)
        last = number == len(spec.filters) - 1 and not spec.return_sequences
        lead = () if last else (spec.n_timesteps,)
        shape = (*lead, *frame, filters)
        yield LayerSummary("convolutional lstm", shape, _size(arrays[position:end]))
        position = end
    lead = (spec.n_timesteps,) if spec.return_sequences else ()
    yield from _dense(spec, arrays[position:], lead, False)


def _dense(
    spec: LayeredSpec, arrays: Sequence[np.ndarray], lead: Shape, skips: bool
) -> Iterator[LayerSummary]:
    for number, units in enumerate(spec.dense_units):
        yield LayerSummary("dense", (*lead, units), _size(arrays[2 * number : 2 * number + 2]))
    rest = arrays[2 * len(spec.dense_units) :]
    end = len(rest) - 2 * skips
    yield LayerSummary("output", spec.output_shape, _size(rest[:end]))
    if skips:
        yield LayerSummary("linear skip", spec.output_shape, _size(rest[end:]))


def _first_recurrent(arrays: Sequence[np.ndarray], units: int) -> int:
    """Return where the weights of the first recurrent layer start: those before lead to it."""
    for number, (kernel, recurrent) in enumerate(pairwise(arrays)):
        square = recurrent.ndim == 2 and recurrent.shape[0] == units
        if square and kernel.shape[-1] == recurrent.shape[-1]:
            return number
    return 0


def _arrays_per_cell(spec: RecurrentSpec) -> int:
    return 2 + _has_bias(spec) + len(CELLS[spec.cell].weights)


def _has_bias(spec: LayeredSpec) -> bool:
    return bool(dict(spec.layer_params).get("use_bias", True))


def _size(arrays: Sequence[np.ndarray]) -> int:
    return sum(array.size for array in arrays)
