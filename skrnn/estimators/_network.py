"""From constructor parameters to the spec of a network, and what is kept of a trained one."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._keras import keras
from ..by_config import freeze, thaw
from ..networks._build import build_model
from ..networks._spec import EncoderDecoderSpec, NetworkSpec, freeze_layer_params
from ..networks._stacked import build_stacked
from ..training._dataset import Dataset
from ..training._optimizer import OptimizerState
from ..training._predict import predict
from ..training._windows import SeriesWindows
from ..weights import Weights
from ._parameters import dense_layer_units, layer_directions, layer_units, quantile_levels

# Arguments of the Keras layers that are parameters of ours, or would change what the layer returns.
_OWN_ARGUMENTS = {
    "units": "units",
    "activation": "activation",
    "recurrent_dropout": "recurrent_dropout",
    "dropout": "dropout",
}
_LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "simple": keras.layers.SimpleRNN}
_CELLS = {
    "lstm": keras.layers.LSTMCell,
    "gru": keras.layers.GRUCell,
    "simple": keras.layers.SimpleRNNCell,
}


# By the last word of an argument, what finds the object that a name stands for.
_LOOK_UP = {
    "initializer": keras.initializers.get,
    "regularizer": keras.regularizers.get,
    "constraint": keras.constraints.get,
    "activation": keras.activations.get,
}


@dataclass(frozen=True)
class FittedNetwork:
    """A trained network as plain data.

    Attributes
    ----------
    spec : NetworkSpec or EncoderDecoderSpec
    weights : Weights
    optimizer : OptimizerState or None
        Kept where training may go on.
    masked : bool
        Whether rows with masked steps were trained on.
    """

    spec: NetworkSpec | EncoderDecoderSpec
    weights: Weights
    optimizer: OptimizerState | None
    masked: bool

    def predict(self, data: Dataset | SeriesWindows) -> np.ndarray:
        """Return outputs of shape (n_rows, *spec.output_shape)."""
        return predict(build_model, self.spec.structure(), self.weights, data)

    def build_keras_model(self) -> keras.Model:
        """Return a Keras model with these weights, made of Keras' own layers."""
        if isinstance(self.spec, NetworkSpec):
            model = build_stacked(self.spec, masked=self.masked)
        else:
            model = build_model(self.spec)
        set_weights(model, self.weights.trainable)
        return model


def make_spec(
    params: dict[str, Any], cell: str, shape: tuple[int, int, int]
) -> NetworkSpec | EncoderDecoderSpec:
    """Return the spec that constructor parameters and data shapes ask for.

    An estimator with a decoder gets an encoder-decoder network.

    Parameters
    ----------
    params : dict
        Constructor parameters of the estimator.
    cell : str
    shape : tuple of int
        Steps, features and outputs.
    """
    n_timesteps, n_features, n_outputs = shape
    shared = recurrent_part(params, cell) | {"n_timesteps": n_timesteps, "n_features": n_features}
    if "decoder" not in params:
        return NetworkSpec(**shared, n_outputs=n_outputs)
    follows = params["target_scaler"] == "window" and params["seasonal_lag"] is None
    return EncoderDecoderSpec(
        **shared,
        **decoder_part(params),
        horizon=n_outputs,
        target_features=((params["target_feature"] or 0) % n_features,) if follows else (),
        first_value=follows,
    )


def recurrent_part(params: dict[str, Any], cell: str) -> dict[str, Any]:
    """Return what parameters say about the recurrent layers of a spec."""
    units, levels = layer_units(params["units"]), quantile_levels(params["quantiles"])
    _check_layer_params(params["layer_params"], cell)
    for name in ("activation", "dense_activation"):
        _check_activation(name, params[name])
    return {
        "cell": cell,
        "units": units,
        "bidirectional": layer_directions(params["bidirectional"], len(units)),
        "merge_mode": params["merge_mode"],
        "activation": freeze(params["activation"]),
        "dense_units": dense_layer_units(params["dense_units"]),
        "dense_activation": freeze(params["dense_activation"]),
        "layer_params": freeze_layer_params(params["layer_params"]),
        "n_quantiles": len(levels),
        "median": levels.index(0.5) if levels else 0,
        "dropout": float(params["dropout"]),
        "recurrent_dropout": float(params["recurrent_dropout"]),
    }


def decoder_part(params: dict[str, Any]) -> dict[str, Any]:
    """Return what parameters say about the decoder of a spec."""
    return {
        "decoder": params["decoder"],
        "segment_length": int(params["segment_length"]),
        "attention": bool(params["attention"]),
        "linear_skip": bool(params["linear_skip"]),
        "teacher_forcing": float(params["teacher_forcing"]),
    }


def set_weights(model: keras.Model, trainable: list[np.ndarray]) -> None:
    """Give a Keras model the trainable weights of a network."""
    for variable, value in zip(model.trainable_variables, trainable, strict=True):
        variable.assign(value)


def _check_layer_params(params: dict[str, Any] | None, cell: str) -> None:
    arguments = set(inspect.signature(_LAYERS[cell].__init__).parameters)
    allowed = arguments & set(inspect.signature(_CELLS[cell].__init__).parameters)
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
    try:
        if look_up is not None:
            look_up(value)
    except ValueError as error:
        raise ValueError(f"layer_params[{name!r}]={value!r} is not known to Keras.") from error


def _check_activation(name: str, activation: Any) -> None:
    try:
        keras.activations.get(thaw(activation))
    except ValueError as error:
        known = sorted(key for key in vars(keras.activations) if key.islower() and key[0] != "_")
        raise ValueError(
            f"{name}={activation!r} is not known to Keras. Choose one of {known}, or a function."
        ) from error
