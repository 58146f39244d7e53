"""Build the Keras model of a convolutional LSTM network over sequences of frames."""

from __future__ import annotations

from typing import Any

from ..compat._keras import keras
from ._blocks import (
    DTYPE,
    RECURRENT_INITIALIZERS,
    dropout,
    has_standard_gates,
    is_structure,
    make_inputs,
    reshape_rows,
)
from ._by_config import thaw
from ._conv_lstm import ConvLSTM2D
from ._heads import read_out
from ._layers import Placeholder
from ._spec import ConvolutionalSpec

Tensor = Any


def build_convolutional(spec: ConvolutionalSpec, *, masked: bool = True) -> keras.Model:
    """Build the model of `spec`, which takes a sequence of frames and, where `masked`, its mask."""
    inputs = make_inputs(spec, masked=masked)
    hidden, mask = inputs["sequence"], None
    if masked:  # Keras does not bring a mask to the rank of frames by itself
        mask = reshape_rows(inputs["mask"], spec.n_timesteps, 1, 1, 1)
    for depth in range(len(spec.filters)):
        hidden = _layer(spec, depth)(hidden, mask=mask)
        hidden = dropout(spec, hidden, f"dropout_{depth + 1}")
    outputs = read_out(spec, _pool(spec, hidden))
    arguments = list(inputs.values()) if masked else inputs["sequence"]
    return keras.Model(arguments, outputs, name="convolutional_lstm_network")


def _layer(spec: ConvolutionalSpec, depth: int) -> Any:
    params: dict[str, Any] = {**spec.keras_layer_params, "activation": thaw(spec.activation)}
    kind: Any = keras.layers.ConvLSTM2D
    if is_structure(spec):
        kind = ConvLSTM2D if has_standard_gates(params) else kind
        params |= dict.fromkeys(RECURRENT_INITIALIZERS, Placeholder())
        params["unit_forget_bias"] = False
    return kind(
        spec.filters[depth],
        spec.kernel_size,
        padding="same",
        return_sequences=depth + 1 < len(spec.filters) or spec.return_sequences,
        name=f"recurrent_{depth + 1}",
        dtype=DTYPE,
        **params,
    )


def _pool(spec: ConvolutionalSpec, frames: Tensor) -> Tensor:
    """Return one vector for each frame of features."""
    if spec.pooling == "flatten":
        steps = (spec.n_timesteps,) if spec.return_sequences else ()
        height, width, _ = spec.frame_shape
        shape = (*steps, height * width * spec.filters[-1])
        return reshape_rows(frames, *shape)
    axes = (-3, -2)
    return (keras.ops.mean if spec.pooling == "average" else keras.ops.max)(frames, axis=axes)
