"""From a spec to its Keras model."""

from __future__ import annotations

from typing import Any

import numpy as np

from .._keras import keras
from ..weights import Weights
from ._convolutional import build_convolutional
from ._custom import build_custom, build_users_model, takes_mask
from ._encoder_decoder import build_encoder_decoder
from ._heads import finish
from ._spec import ConvolutionalSpec, CustomSpec, EncoderDecoderSpec, NetworkSpec
from ._stacked import build_stacked

_BUILDERS = {
    NetworkSpec: build_stacked,
    EncoderDecoderSpec: build_encoder_decoder,
    ConvolutionalSpec: build_convolutional,
    CustomSpec: build_custom,
}


def build_model(spec: Any) -> keras.Model:
    """Build the Keras model of a spec; its inputs are `spec.inputs`, in this order."""
    return _BUILDERS[type(spec)](spec)  # type: ignore[operator]


def build_keras_model(spec: Any, weights: Weights, *, masked: bool) -> keras.Model:
    """Build the model that users see, with some weights.

    Parameters
    ----------
    spec : Spec
    weights : Weights
    masked : bool
        Whether it needs an input for the mask.
    """
    if isinstance(spec, CustomSpec):
        model = build_users_model(spec)
        if spec.n_quantiles or spec.output_activation != "linear":
            inputs = model.inputs if takes_mask(model) else model.inputs[0]
            model = keras.Model(inputs, finish(spec, model.outputs[0]))
        for variable, value in zip(model.non_trainable_variables, weights.fixed, strict=True):
            variable.assign(value)
    elif isinstance(spec, NetworkSpec | ConvolutionalSpec):
        build = build_stacked if isinstance(spec, NetworkSpec) else build_convolutional
        model = build(spec, masked=masked)  # type: ignore[arg-type]
    else:
        model = build_model(spec)
    set_weights(model, weights.trainable)
    return model


def set_weights(model: keras.Model, trainable: list[np.ndarray]) -> None:
    """Give a Keras model the trainable weights of a network."""
    for variable, value in zip(model.trainable_variables, trainable, strict=True):
        variable.assign(value)
