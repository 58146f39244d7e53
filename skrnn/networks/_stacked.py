"""Build the Keras model of a stacked recurrent network."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compat._keras import keras
from ._attention import Attention
from ._blocks import (
    DTYPE,
    dense,
    dropout,
    embed,
    make_inputs,
    merge_directions,
    read_both_ways,
    recurrent_layer,
    reshape_rows,
)
from ._heads import read_out
from ._layers import LastStep
from ._spec import NetworkSpec

ops = keras.ops
Tensor = Any

# Less than any output of a step.
_LEAST = float(np.finfo(np.float32).min)


def build_stacked(spec: NetworkSpec, *, masked: bool = True) -> keras.Model:
    """Build the model of `spec`, which takes a sequence and, where `masked`, its mask."""
    inputs = make_inputs(spec, masked=masked)
    hidden = _read(spec, inputs["sequence"], inputs.get("mask"))
    outputs = read_out(spec, hidden)
    if spec.linear_skip:
        outputs = outputs + _skip(spec, inputs["sequence"], inputs.get("mask"))
    arguments = list(inputs.values()) if masked else inputs["sequence"]
    return keras.Model(arguments, outputs, name=f"{spec.cell}_network")


def _read(spec: NetworkSpec, hidden: Tensor, mask: Tensor) -> Tensor:
    """Return what the recurrent layers make of a sequence: at its end, or at every step."""
    if spec.n_tokens:
        hidden = embed(spec, hidden)
    for depth in range(len(spec.units) - 1):
        hidden = _finish(spec, depth, hidden, mask, _layer(spec, depth)(hidden, mask=mask))
    depth, below = len(spec.units) - 1, hidden
    if spec.return_sequences or spec.pooling != "last":
        steps = _finish(spec, depth, below, mask, _layer(spec, depth)(below, mask=mask))
        steps = _attend(spec, steps, steps, mask) if spec.attention else steps
        return steps if spec.return_sequences else _pool(spec, steps, mask)
    if not spec.attention:
        last = _layer(spec, depth, return_sequences=False)(below, mask=mask)
        return _finish(spec, depth, below, mask, last)
    steps, *states = _layer(spec, depth, return_state=True)(below, mask=mask)
    if spec.bidirectional[depth]:
        states = merge_directions(spec.merge_mode, states)
    last = _finish(spec, depth, below, mask, states[0], "dropout_last")
    steps = _finish(spec, depth, below, mask, steps)
    return _attend(spec, last[:, None], steps, mask)[:, 0]


def _skip(spec: NetworkSpec, sequence: Tensor, mask: Tensor) -> Tensor:
    """Return a linear map of all steps or, where every step is answered, of each."""
    if mask is not None:
        sequence = ops.where(mask[..., None], sequence, 0.0)
    if not spec.return_sequences:
        sequence = reshape_rows(sequence, spec.n_timesteps * spec.n_features)
    linear = dense(spec, spec.n_outputs, "skip")(sequence)
    return linear[..., None] if spec.n_quantiles else linear


def _pool(spec: NetworkSpec, steps: Tensor, mask: Tensor) -> Tensor:
    """Return one vector for all steps that are there."""
    there = None if mask is None else mask[..., None]
    if spec.pooling == "max":
        return ops.max(steps if there is None else ops.where(there, steps, _LEAST), axis=1)
    if there is not None:
        steps = ops.where(there, steps, 0.0)
    if spec.pooling == "flatten":
        return reshape_rows(steps, spec.n_timesteps * int(steps.shape[-1]))
    count = steps.shape[1] if there is None else ops.sum(ops.cast(there, DTYPE), axis=1)
    return ops.sum(steps, axis=1) / count


def _layer(spec: NetworkSpec, depth: int, *, return_sequences: bool = True, **options: Any) -> Any:
    options["return_sequences"] = return_sequences
    layer = recurrent_layer(spec, spec.units[depth], name=f"recurrent_{depth + 1}", **options)
    if not spec.bidirectional[depth]:
        return layer
    return read_both_ways(spec, layer, f"bidirectional_{depth + 1}")


def _finish(
    spec: NetworkSpec,
    depth: int,
    below: Tensor,
    mask: Tensor,
    outputs: Tensor,
    name: str | None = None,
) -> Tensor:
    """Return the outputs of a layer after dropout, with its input added where that is asked for."""
    outputs = dropout(spec, outputs, name or f"dropout_{depth + 1}")
    if not spec.skip_connections or not depth or below.shape[-1] != outputs.shape[-1]:
        return outputs
    return outputs + (below if len(outputs.shape) == 3 else LastStep(dtype=DTYPE)(below, mask=mask))


def _attend(spec: NetworkSpec, query: Tensor, steps: Tensor, mask: Tensor) -> Tensor:
    """Let steps look at others; a network that reads in one direction never looks ahead."""
    causal = spec.return_sequences and not any(spec.bidirectional)
    return Attention(causal=causal, name="attention", dtype=DTYPE)(query, steps, mask)
