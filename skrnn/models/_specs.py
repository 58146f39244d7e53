"""From options and the shape of data to the spec of a network."""

from __future__ import annotations

import inspect
from typing import Any, TypedDict

from ..compat._keras import keras, output_shape
from ..networks._by_config import freeze, thaw
from ..networks._kinds import CELLS
from ..networks._spec import (
    ConvolutionalSpec,
    CustomSpec,
    EncoderDecoderSpec,
    NetworkSpec,
    Spec,
    freeze_layer_params,
)
from ._options import (
    ConvolutionalOptions,
    DataShape,
    DecoderOptions,
    LayerOptions,
    NetworkOptions,
    RecurrentOptions,
    StackedOptions,
    dense_layer_units,
    kernel_shape,
    layer_directions,
    layer_units,
)

# Arguments of the Keras layers that are parameters of ours, or would change what the layer returns.
_OWN_ARGUMENTS = ("units", "activation", "recurrent_dropout", "dropout")

# By the last word of an argument, what finds the object that a name stands for.
_LOOK_UP = {
    "initializer": keras.initializers.get,
    "regularizer": keras.regularizers.get,
    "constraint": keras.constraints.get,
    "activation": keras.activations.get,
}


def make_spec(options: NetworkOptions, shape: DataShape) -> Spec:
    """Return the spec that options and data ask for.

    Raises
    ------
    ValueError
        When options do not go together, or Keras does not know one.
    """
    if isinstance(options, DecoderOptions):
        return _encoder_decoder(options, shape)
    if isinstance(options, ConvolutionalOptions):
        return _convolutional(options, shape)
    return _stacked(options, shape) if options.network is None else _custom(options, shape)


def _encoder_decoder(options: DecoderOptions, shape: DataShape) -> EncoderDecoderSpec:
    return EncoderDecoderSpec(
        **_shared(shape),
        **_layers(options),
        **_recurrent(options),
        horizon=shape.n_outputs // shape.n_targets,
        n_targets=shape.n_targets,
        n_known=shape.n_known,
        target_features=shape.target_features,
        first_value=shape.first_value,
        decoder=options.decoder,
        segment_length=int(options.segment_length),
        teacher_forcing=float(options.teacher_forcing),
    )


def _stacked(options: StackedOptions, shape: DataShape) -> NetworkSpec:
    if options.linear_skip and options.embedding_dim is not None:
        raise ValueError(
            f"linear_skip=True takes numbers, but embedding_dim={options.embedding_dim} makes X "
            "tokens. Set one of the two."
        )
    return NetworkSpec(
        **_shared(shape),
        **_layers(options),
        **_recurrent(options),
        n_outputs=shape.n_outputs,
        return_sequences=bool(options.return_sequences),
        skip_connections=bool(options.skip_connections),
        pooling=options.pooling,
        n_tokens=shape.n_tokens,
        embedding_dim=int(options.embedding_dim or 0),
    )


def _convolutional(options: ConvolutionalOptions, shape: DataShape) -> ConvolutionalSpec:
    _check_layer_params(options.layer_params, "ConvLSTM2D", keras.layers.LSTMCell)
    height, width, channels = shape.step_shape
    return ConvolutionalSpec(
        **_shared(shape),
        **_layers(options),
        n_outputs=shape.n_outputs,
        return_sequences=bool(options.return_sequences),
        frame_shape=(height, width, channels),
        filters=layer_units(options.filters, "filters"),
        kernel_size=kernel_shape(options.kernel_size),
        pooling=options.pooling,
    )


def _custom(options: StackedOptions, shape: DataShape) -> CustomSpec:
    if isinstance(options.network, keras.layers.Layer):
        raise ValueError(
            f"network is the model or layer {options.network.name!r}. Pass a function that builds "
            "a new model at each call: network=lambda shape, n_outputs: ..., or one that is "
            "defined in a module, for pickles."
        )
    if options.embedding_dim is not None:
        raise ValueError(
            "embedding_dim does not go with network: put an Embedding layer into the network "
            "and set embedding_dim=None and input_scaler=None."
        )
    if options.linear_skip:
        raise ValueError(
            "linear_skip=True does not go with network: add a Dense layer over the flattened input "
            "to the network's output and set linear_skip=False."
        )
    return CustomSpec(
        **_shared(shape),
        n_outputs=shape.n_outputs,
        return_sequences=bool(options.return_sequences),
        network=freeze(options.network),
    )


class _Shared(TypedDict):
    n_timesteps: int
    n_features: int
    head: str
    n_quantiles: int
    median: int


class _Layers(TypedDict):
    activation: Any
    dense_units: tuple[int, ...]
    dense_activation: Any
    layer_params: Any
    dropout: float


class _Recurrent(TypedDict):
    cell: str
    units: tuple[int, ...]
    bidirectional: tuple[bool, ...]
    merge_mode: str
    attention: bool
    linear_skip: bool
    variational_dropout: float
    recurrent_dropout: float


def _shared(shape: DataShape) -> _Shared:
    levels = shape.levels
    return {
        "n_timesteps": shape.n_timesteps,
        "n_features": shape.n_features,
        "head": "quantiles" if levels else shape.head,
        "n_quantiles": len(levels),
        "median": levels.index(0.5) if levels else 0,
    }


def _layers(options: LayerOptions) -> _Layers:
    for name in ("activation", "dense_activation"):
        _check_activation(name, getattr(options, name))
    return {
        "activation": freeze(options.activation),
        "dense_units": dense_layer_units(options.dense_units),
        "dense_activation": freeze(options.dense_activation),
        "layer_params": freeze_layer_params(options.layer_params),
        "dropout": float(options.dropout),
    }


def _recurrent(options: RecurrentOptions) -> _Recurrent:
    cell, units = options.cell, layer_units(options.units)
    _check_layer_params(options.layer_params, cell, CELLS[cell].keras_cell)
    return {
        "cell": cell,
        "units": units,
        "bidirectional": layer_directions(options.bidirectional, len(units)),
        "merge_mode": options.merge_mode,
        "attention": bool(options.attention),
        "linear_skip": bool(options.linear_skip),
        "variational_dropout": float(options.variational_dropout),
        "recurrent_dropout": float(options.recurrent_dropout),
    }


def _check_layer_params(params: dict[str, Any] | None, cell: str, kind: type) -> None:
    allowed = set(inspect.signature(kind.__init__).parameters)  # type: ignore[misc]
    allowed -= {"self", "kwargs", "seed", *_OWN_ARGUMENTS}
    for name, value in (params or {}).items():
        if name in _OWN_ARGUMENTS:
            raise ValueError(
                f"layer_params[{name!r}]: this is a parameter of the estimator. Pass {name}= there."
            )
        if name not in allowed:
            raise ValueError(
                f"layer_params[{name!r}] is not an argument of the Keras {cell} layer that can be "
                f"set here. Choose from {sorted(allowed)}."
            )
        _check_layer_param(name, value)


def _check_layer_param(name: str, value: Any) -> None:
    look_up = _LOOK_UP.get(name.rpartition("_")[2])
    if look_up is keras.activations.get:
        _check_activation(f"layer_params[{name!r}]", value)
    try:
        if look_up is not None:
            look_up(value)
    except ValueError as error:
        raise ValueError(f"layer_params[{name!r}]={value!r} is not known to Keras.") from error


def _check_activation(name: str, activation: Any) -> None:
    try:
        found = keras.activations.get(thaw(activation))
    except ValueError as error:
        known = sorted(key for key in vars(keras.activations) if key.islower() and key[0] != "_")
        raise ValueError(
            f"{name}={activation!r} is not known to Keras. Choose one of {known}, or a function."
        ) from error
    if not str(getattr(found, "__module__", "")).startswith("keras.src.activations"):
        _check_users_activation(name, found)


def _check_users_activation(name: str, activation: Any) -> None:
    shape, wrong = (3, 2), ""
    try:
        found = output_shape(activation, shape)
    except Exception as error:  # of whatever kind: users write activations
        reason = next(iter(str(error).strip().splitlines()), "")
        wrong = f"failed with {type(error).__name__}: {reason}"
    else:
        wrong = "" if found == shape else f"made {found} of an array of shape {shape}"
    if wrong:
        raise ValueError(
            f"{name}={activation!r} {wrong}. Use a function that returns an array of the same "
            "shape, and keras.ops throughout, in place of NumPy, float() and conditions on values."
        )
