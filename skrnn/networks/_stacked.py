"""Build the Keras model of a stacked recurrent network."""

from __future__ import annotations

from typing import Any

from .._keras import keras
from ._attention import Attention
from ._blocks import (
    DTYPE,
    dropout,
    embed,
    make_inputs,
    merge_directions,
    read_both_ways,
    recurrent_layer,
)
from ._heads import read_out
from ._layers import LastStep
from ._spec import NetworkSpec

Tensor = Any


def build_stacked(spec: NetworkSpec, *, masked: bool = True) -> keras.Model:
    """Build the model of `spec`, which takes a sequence and, where `masked`, its mask.

    With the rates left open, as in a `spec.structure()`, it is the model that the engine trains:
    dropout rates are weights, and all weights are placeholders. With rates it is the one that users
    see, made of Keras' own layers. Both have the same trainable weights in the same order.
    """
    inputs = make_inputs(spec, masked=masked)
    hidden = _read(spec, inputs["sequence"], inputs.get("mask"))
    outputs = read_out(spec, hidden)
    arguments = list(inputs.values()) if masked else inputs["sequence"]
    return keras.Model(arguments, outputs, name=f"{spec.cell}_network")


def _read(spec: NetworkSpec, hidden: Tensor, mask: Tensor) -> Tensor:
    """Return what the recurrent layers make of a sequence: at its end, or at every step."""
    if spec.n_tokens:
        hidden = embed(spec, hidden)
    for depth in range(len(spec.units) - 1):
        hidden = _finish(spec, depth, hidden, mask, _layer(spec, depth)(hidden, mask=mask))
    depth, below = len(spec.units) - 1, hidden
    if spec.return_sequences:
        steps = _finish(spec, depth, below, mask, _layer(spec, depth)(below, mask=mask))
        return _attend(spec, steps, steps, mask) if spec.attention else steps
    if not spec.attention:
        last = _layer(spec, depth, return_sequences=False)(below, mask=mask)
        return _finish(spec, depth, below, mask, last)
    steps, *states = _layer(spec, depth, return_state=True)(below, mask=mask)
    if spec.bidirectional[depth]:
        states = merge_directions(spec.merge_mode, states)
    last = _finish(spec, depth, below, mask, states[0], "dropout_last")
    steps = _finish(spec, depth, below, mask, steps)
    return _attend(spec, last[:, None], steps, mask)[:, 0]


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
