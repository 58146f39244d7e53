"""Build the Keras model of an encoder-decoder network.

The encoder reads the sequence, whole segments at a time where asked to. Its final states, layer by
layer, are those that the decoder starts from. The decoders differ in how they write:

- "autoregressive": step by step, each from the value before (Sutskever, Vinyals and Le, 2014);
- "repeat": recurrent layers over the encoder's last output, repeated (Cho et al., 2014);
- "parallel": one step of the cell for each segment, all at once, from a learned position (Lin et
  al., 2023);
- "dense": one linear map from the encoder's last output.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..compat._keras import keras
from ._attention import Attention
from ._blocks import (
    DTYPE,
    dense,
    dropout,
    make_inputs,
    merge_directions,
    read_both_ways,
    recurrent_cell,
    recurrent_layer,
    reshape_rows,
)
from ._decoders import Autoregression, Positions
from ._heads import apply, finish_steps, output_layers
from ._kinds import DECODERS, Decoder, InitialWeight
from ._spec import EncoderDecoderSpec

ops = keras.ops
Tensor = Any
Spec = EncoderDecoderSpec
Inputs = dict[str, Any]


class _Encoded(NamedTuple):
    last: Tensor  # (n_rows, width)
    steps: Tensor  # (n_rows, n_segments, width)
    mask: Tensor  # (n_rows, n_segments)
    states: list[list[Tensor]]  # of each layer
    widths: list[int]  # of each layer


def build_encoder_decoder(spec: Spec, *, masked: bool = True) -> keras.Model:
    """Build the model of `spec`, with the inputs that it names; that of the mask always is one."""
    inputs = make_inputs(spec)
    return keras.Model(
        list(inputs.values()), _outputs(spec, inputs), name=f"{spec.cell}_encoder_decoder"
    )


def _outputs(spec: Spec, inputs: Inputs) -> Tensor:
    encoded = _encode(spec, inputs["sequence"], inputs["mask"])
    if spec.linear_skip:
        inputs = {**inputs, "skip": _skip(spec, inputs)}
    outputs = DECODERS[spec.decoder].write(spec, encoded, inputs)
    outputs = finish_steps(spec, outputs)
    if spec.linear_skip:
        outputs = outputs + (inputs["skip"][..., None] if spec.n_quantiles else inputs["skip"])
    return reshape_rows(outputs, *spec.output_shape)


# ---- Encoder -------------------------------------------------------------------------------------


def _encode(spec: Spec, hidden: Tensor, mask: Tensor) -> _Encoded:
    hidden, mask = _segments(spec, hidden, mask)
    states, widths, last = [], [], hidden
    for depth, (units, both) in enumerate(zip(spec.units, spec.bidirectional, strict=True)):
        layer = recurrent_layer(
            spec,
            units,
            name=f"recurrent_encoder_{depth + 1}",
            return_sequences=True,
            return_state=True,
        )
        if both:
            layer = read_both_ways(spec, layer, f"bidirectional_encoder_{depth + 1}")
        hidden, *final = layer(hidden, mask=mask)
        final = merge_directions(spec.merge_mode, final) if both else final
        hidden = dropout(spec, hidden, f"dropout_encoder_{depth + 1}")
        states.append(final)
        widths.append(int(final[0].shape[-1]))
        last = final[0]
    return _Encoded(dropout(spec, last, "dropout_last"), hidden, mask, states, widths)


def _segments(spec: Spec, sequence: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Put the steps of a segment beside each other, through a dense layer."""
    length = spec.segment_length
    if length == 1:
        return sequence, mask
    padding = -spec.n_timesteps % length
    n_segments = (spec.n_timesteps + padding) // length
    if padding:
        sequence = ops.pad(sequence, ((0, 0), (padding, 0), (0, 0)))
        mask = ops.pad(mask, ((0, 0), (padding, 0)))
    segments = reshape_rows(sequence, n_segments, length * spec.n_features)
    mask = ops.any(reshape_rows(mask, n_segments, length), axis=2)
    return dense(spec, spec.units[0], "segments", "relu")(segments), mask


# ---- Decoders: from what was encoded to (n_rows, horizon, n_targets[, n_quantiles]) --------------


def _write_dense(spec: Spec, encoded: _Encoded, inputs: Inputs) -> Tensor:
    hidden = encoded.last
    if spec.attention:
        hidden = _attend(hidden[:, None], encoded)[:, 0]
    if spec.n_known:
        hidden = ops.concatenate(
            [hidden, reshape_rows(inputs["known"], spec.horizon * spec.n_known)], axis=-1
        )
    return _output(spec, hidden, spec.horizon)


def _write_repeat(spec: Spec, encoded: _Encoded, inputs: Inputs) -> Tensor:
    hidden = keras.layers.RepeatVector(spec.horizon, name="repeat", dtype=DTYPE)(encoded.last)
    if spec.n_known:
        hidden = ops.concatenate([hidden, inputs["known"]], axis=-1)
    for depth, (states, width) in enumerate(zip(encoded.states, encoded.widths, strict=True)):
        layer = recurrent_layer(
            spec, width, name=f"recurrent_decoder_{depth + 1}", return_sequences=True
        )
        hidden = layer(hidden, initial_state=states)
        hidden = dropout(spec, hidden, f"dropout_decoder_{depth + 1}")
    if spec.attention:
        hidden = _attend(hidden, encoded)
    return _output(spec, hidden, 1)


def _write_parallel(spec: Spec, encoded: _Encoded, inputs: Inputs) -> Tensor:
    length = min(spec.segment_length, spec.horizon)
    n_segments = -(-spec.horizon // length)
    padding = n_segments * length - spec.horizon
    width = encoded.widths[0]
    hidden = Positions(n_segments, width, name="positions", dtype=DTYPE)(encoded.last)
    if spec.n_known:
        known = inputs["known"]
        if padding:
            known = ops.pad(known, ((0, 0), (0, padding), (0, 0)))
        known = reshape_rows(known, n_segments, length * spec.n_known)
        hidden = hidden + dense(spec, width, "known_segments", use_bias=False)(known)
    for depth, (states, width) in enumerate(zip(encoded.states, encoded.widths, strict=True)):
        # Every segment is a row of its own: one step from the states of the encoder.
        layer = recurrent_layer(
            spec, width, name=f"recurrent_decoder_{depth + 1}", return_sequences=False
        )
        states = [ops.repeat(state, n_segments, axis=0) for state in states]
        rows = ops.reshape(hidden, (-1, 1, hidden.shape[-1]))
        hidden = reshape_rows(layer(rows, initial_state=states), n_segments, width)
        hidden = dropout(spec, hidden, f"dropout_decoder_{depth + 1}")
    if spec.attention:
        hidden = _attend(hidden, encoded)
    return _output(spec, hidden, length)[:, : spec.horizon]


def _write_autoregressive(spec: Spec, encoded: _Encoded, inputs: Inputs) -> Tensor:
    cells = [
        recurrent_cell(spec, width, name=f"recurrent_decoder_{depth + 1}")
        for depth, width in enumerate(encoded.widths)
    ]
    decoder = Autoregression(
        cells,
        _step_output(spec),
        Attention(name="attention", dtype=DTYPE) if spec.attention else None,
        n_targets=spec.n_targets,
        median=spec.median,
        teacher_forcing=spec.teacher_forcing,
        dropout=spec.dropout,
        variational_dropout=spec.variational_dropout,
        name="autoregression",
        dtype=DTYPE,
    )
    arguments = {
        "first": _last_values(spec, inputs["sequence"]),
        "states": [state for states in encoded.states for state in states],
        "targets": inputs["targets"],
    }
    arguments |= {name: inputs[name] for name in ("known", "skip") if name in inputs}
    if spec.attention:
        arguments |= {"values": encoded.steps, "mask": encoded.mask}
    return decoder(arguments)


DECODERS.add(
    Decoder(
        "autoregressive",
        _write_autoregressive,
        reads_targets=True,
        shows_attention=False,  # it comes about step by step, inside the loop
    )
)
DECODERS.add(Decoder("repeat", _write_repeat))
DECODERS.add(
    Decoder("parallel", _write_parallel, weights={"positions": InitialWeight("", "glorot_uniform")})
)
DECODERS.add(Decoder("dense", _write_dense))


# ---- Parts ---------------------------------------------------------------------------------------


def _attend(query: Tensor, encoded: _Encoded) -> Tensor:
    layer = Attention(name="attention", dtype=DTYPE)
    return layer(query, encoded.steps, mask=encoded.mask)


def _output(spec: Spec, hidden: Tensor, n_steps: int) -> Tensor:
    """Return `n_steps` steps of outputs from each vector on the last axis of `hidden`."""
    outputs = apply(output_layers(spec, n_steps * spec.n_targets), hidden)
    total = n_steps * (hidden.shape[1] if len(hidden.shape) == 3 else 1)
    return reshape_rows(outputs, total, *_step_shape(spec))


def _step_output(spec: Spec) -> Any:
    """Return the layer from a hidden vector to the outputs of one step."""
    reshape = keras.layers.Reshape(_step_shape(spec), name="step", dtype=DTYPE)
    return keras.Sequential([*output_layers(spec, spec.n_targets), reshape], name="step_output")


def _skip(spec: Spec, inputs: Inputs) -> Tensor:
    """Return a linear map of the past: of each target's own, shared by all targets, if it is known.

    What is known of a step to write goes into it linearly too.
    """
    sequence = inputs["sequence"]
    if spec.target_features:
        past = ops.take(sequence, list(spec.target_features), axis=2)
        linear = dense(spec, spec.horizon, "skip")(ops.swapaxes(past, 1, 2))
        linear = ops.swapaxes(linear, 1, 2)
    else:
        past = reshape_rows(sequence, spec.n_timesteps * spec.n_features)
        linear = dense(spec, spec.n_outputs, "skip")(past)
        linear = reshape_rows(linear, spec.horizon, spec.n_targets)
    if spec.n_known:
        linear = linear + dense(spec, spec.n_targets, "skip_known", use_bias=False)(inputs["known"])
    return linear


def _last_values(spec: Spec, sequence: Tensor) -> Tensor:
    """Return the value that the autoregressive decoder starts from."""
    if spec.first_value:
        return ops.take(sequence[:, -1], list(spec.target_features), axis=1)
    return ops.zeros_like(ops.repeat(sequence[:, -1, :1], spec.n_targets, axis=1))


def _step_shape(spec: Spec) -> tuple[int, ...]:
    return (spec.n_targets, spec.n_quantiles) if spec.n_quantiles else (spec.n_targets,)
