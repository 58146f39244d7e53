"""From constructor parameters to the spec of a network, and what is kept of a trained one."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .._keras import keras
from ..by_config import freeze, thaw
from ..networks._blocks import KERAS_CELLS
from ..networks._build import build_keras_model, build_model
from ..networks._custom import build_users_model, takes_mask
from ..networks._initial import fixed_values
from ..networks._spec import (
    ConvolutionalSpec,
    CustomSpec,
    EncoderDecoderSpec,
    NetworkSpec,
    Spec,
    freeze_layer_params,
)
from ..training._dataset import Dataset
from ..training._epoch import get_network
from ..training._optimizer import OptimizerState
from ..training._predict import predict, sample
from ..training._saliency import input_gradients
from ..training._windows import SeriesWindows
from ..weights import Weights
from ._parameters import (
    dense_layer_units,
    kernel_shape,
    layer_directions,
    layer_units,
    quantile_levels,
)

# Arguments of the Keras layers that are parameters of ours, or would change what the layer returns.
_OWN_ARGUMENTS = {
    "units": "units",
    "activation": "activation",
    "recurrent_dropout": "recurrent_dropout",
    "dropout": "dropout",
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
    spec : Spec
    weights : Weights
    optimizer : OptimizerState or None
        Kept where training may go on.
    masked : bool
        Whether rows with masked steps were trained on.
    """

    spec: Spec
    weights: Weights
    optimizer: OptimizerState | None
    masked: bool

    @property
    def takes_any_length(self) -> bool:
        """Whether sequences may be longer or shorter than those that were trained on.

        So it is where these were of unequal length, padded with masked steps. Where all had one
        length, another one is more likely a mistake.
        """
        return self.masked and isinstance(self.spec, NetworkSpec)

    def predict(self, data: Dataset | SeriesWindows) -> np.ndarray:
        """Return outputs of shape (n_rows, *spec.output_shape)."""
        check_takes_mask(self.spec, data)
        return predict(build_model, self._structure_for(data), self.weights, data)

    def sample(self, data: Dataset, n_draws: int, seed: int) -> np.ndarray:
        """Return outputs of shape (n_draws, n_rows, *spec.output_shape), units dropped at random.

        Raises
        ------
        ValueError
            When nothing is ever dropped.
        """
        check_takes_mask(self.spec, data)
        model = get_network(build_model, self.spec.structure()).model
        rng = np.random.default_rng(seed)
        fixed = fixed_values(model, self._without_truth(), rng, self.weights.fixed)
        _check_drops(self.spec, model)
        weights = Weights(self.weights.trainable, fixed)
        return sample(build_model, self._structure_for(data), weights, data, n_draws)

    def input_gradients(self, data: Dataset, chosen: np.ndarray) -> np.ndarray:
        """Return gradients of a combination of outputs with respect to the sequences."""
        check_takes_mask(self.spec, data)
        return input_gradients(build_model, self._structure_for(data), self.weights, data, chosen)

    def attention_weights(self, inputs: dict[str, np.ndarray]) -> np.ndarray:
        """Return the weights of each step, (n_rows[, n_queries], n_steps).

        Raises
        ------
        ValueError
            When there is no attention, or its weights cannot be read.
        """
        if not getattr(self.spec, "attention", False):
            raise ValueError(
                "The network was fitted without attention. Set attention=True and fit again."
            )
        if getattr(self.spec, "decoder", None) == "autoregressive":
            raise ValueError(
                "The attention of an autoregressive decoder comes about step by step and is not "
                'kept. Use decoder="repeat" or "parallel" to read it.'
            )
        spec = replace(self.spec, n_timesteps=inputs["sequence"].shape[1])
        model = build_keras_model(spec, self.weights, masked=True)
        layer = model.get_layer("attention")
        reader = keras.Model(model.inputs, layer.input)
        arrays = [inputs[name] for name in self.spec.inputs]
        weights = np.asarray(layer.weigh(*reader(arrays)), np.float64)
        return weights[:, 0] if weights.shape[1] == 1 else weights

    def build_keras_model(self) -> keras.Model:
        """Return a Keras model with these weights, made of Keras' own layers."""
        return build_keras_model(self.spec, self.weights, masked=self.masked)

    def _structure_for(self, data: Dataset | SeriesWindows) -> Spec:
        """Return the structure for sequences as long as those of `data`."""
        structure = self.spec.structure()
        if not self.takes_any_length or not isinstance(data, Dataset):
            return structure
        return replace(structure, n_timesteps=data.inputs["sequence"].shape[1])

    def _without_truth(self) -> Spec:
        if isinstance(self.spec, EncoderDecoderSpec):
            return replace(self.spec, teacher_forcing=0.0)
        return self.spec


def make_spec(params: dict[str, Any], details: dict[str, Any]) -> Spec:
    """Return the spec that constructor parameters and data ask for.

    Parameters
    ----------
    params : dict
        Constructor parameters of the estimator.
    details : dict
        What the data say: `n_timesteps`, `n_features`, `n_outputs`, and more where there is more.
    """
    if "decoder" in params:
        return _encoder_decoder(params, **details)
    shared = {**details, **quantile_part(params)}
    shared["return_sequences"] = bool(params["return_sequences"])
    if params.get("network") is not None:
        if params["embedding_dim"] is not None:
            raise ValueError(
                "embedding_dim does not go with network: put an Embedding layer into the network "
                "and set embedding_dim=None and input_scaler=None."
            )
        return CustomSpec(**shared, network=freeze(params["network"]))
    if "filters" in params:
        return ConvolutionalSpec(**shared, **_convolutional_part(params))
    skips = bool(params["skip_connections"])
    return NetworkSpec(**shared, **recurrent_part(params), skip_connections=skips)


def _encoder_decoder(
    params: dict[str, Any], n_timesteps: int, n_features: int, n_outputs: int
) -> EncoderDecoderSpec:
    follows = params["target_scaler"] == "window" and params["seasonal_lag"] is None
    return EncoderDecoderSpec(
        **recurrent_part(params),
        **decoder_part(params),
        **quantile_part(params),
        n_timesteps=n_timesteps,
        n_features=n_features,
        horizon=n_outputs,
        target_features=((params["target_feature"] or 0) % n_features,) if follows else (),
        first_value=follows,
    )


def recurrent_part(params: dict[str, Any]) -> dict[str, Any]:
    """Return what parameters say about the recurrent layers of a spec."""
    cell, units = params.get("cell", "lstm"), layer_units(params["units"])
    _check_layer_params(params["layer_params"], cell, KERAS_CELLS[cell])
    return {
        **_layer_part(params),
        "cell": cell,
        "units": units,
        "bidirectional": layer_directions(params["bidirectional"], len(units)),
        "merge_mode": params["merge_mode"],
        "attention": bool(params["attention"]),
        "variational_dropout": float(params["variational_dropout"]),
        "recurrent_dropout": float(params["recurrent_dropout"]),
    }


def _convolutional_part(params: dict[str, Any]) -> dict[str, Any]:
    _check_layer_params(params["layer_params"], "ConvLSTM2D", keras.layers.LSTMCell)
    return {
        **_layer_part(params),
        "filters": layer_units(params["filters"], "filters"),
        "kernel_size": kernel_shape(params["kernel_size"]),
        "pooling": params["pooling"],
    }


def _layer_part(params: dict[str, Any]) -> dict[str, Any]:
    for name in ("activation", "dense_activation"):
        _check_activation(name, params[name])
    return {
        "activation": freeze(params["activation"]),
        "dense_units": dense_layer_units(params["dense_units"]),
        "dense_activation": freeze(params["dense_activation"]),
        "layer_params": freeze_layer_params(params["layer_params"]),
        "dropout": float(params["dropout"]),
    }


def quantile_part(params: dict[str, Any]) -> dict[str, Any]:
    """Return what parameters say about quantiles."""
    levels = quantile_levels(params.get("quantiles"))
    return {"n_quantiles": len(levels), "median": levels.index(0.5) if levels else 0}


def decoder_part(params: dict[str, Any]) -> dict[str, Any]:
    """Return what parameters say about the decoder of a spec."""
    return {
        "decoder": params["decoder"],
        "segment_length": int(params["segment_length"]),
        "linear_skip": bool(params["linear_skip"]),
        "teacher_forcing": float(params["teacher_forcing"]),
    }


def check_takes_mask(spec: Spec, data: Any) -> None:
    """Raise where steps are masked and the network of the user has no input for the mask."""
    if not isinstance(spec, CustomSpec) or data.inputs["mask"].all():
        return
    if not takes_mask(build_users_model(spec)):
        raise ValueError(
            "X has masked steps (NaN), but the model that network returns has no input for the "
            f"mask. Give it a second input of shape ({spec.n_timesteps},) and type bool, or impute "
            "X."
        )


def _check_drops(spec: Spec, model: keras.Model) -> None:
    if isinstance(spec, CustomSpec):
        layers = list(model._flatten_layers())
        if any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers):
            raise ValueError(
                "predict_samples runs the network as in training, which batch normalization does "
                "not allow: rows would depend on each other. Use another normalization."
            )
        names = ("rate", "dropout", "recurrent_dropout", "stddev")
        drops = any(getattr(layer, name, None) for layer in layers for name in names)
    else:
        rates = {name: rate for name, rate in spec.rates.items() if name != "teacher_forcing"}
        drops = any(rates.values())
    if not drops:
        raise ValueError(
            "predict_samples needs a network with dropout: set dropout, variational_dropout or "
            "recurrent_dropout above zero and fit again."
        )


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
