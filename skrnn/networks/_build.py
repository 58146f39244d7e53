"""From a spec to its Keras model."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..compat._fork import check_not_forked
from ..compat._keras import holds_seed, keras, to_numpy
from . import _cells  # noqa: F401  whose layers Keras is told of
from ._convolutional import build_convolutional
from ._custom import build_custom
from ._encoder_decoder import build_encoder_decoder
from ._spec import ConvolutionalSpec, CustomSpec, EncoderDecoderSpec, NetworkSpec, Spec
from ._stacked import build_stacked
from ._weights import Weights

_BUILDERS: dict[type[Spec], Callable[..., keras.Model]] = {
    NetworkSpec: build_stacked,
    EncoderDecoderSpec: build_encoder_decoder,
    ConvolutionalSpec: build_convolutional,
    CustomSpec: build_custom,
}


def build_model(spec: Spec, *, masked: bool = True) -> keras.Model:
    """Build the Keras model of a spec.

    Parameters
    ----------
    spec : Spec
        With its rates the model is the one that users see, made of Keras' own layers. A structure,
        which leaves them open, is the one that is compiled: rates are weights, and all weights are
        placeholders. Both have the same trainable weights in the same order.
    masked : bool
        Whether it needs an input for the mask. Then its inputs are `spec.inputs`, in this order.
    """
    check_not_forked()
    return _BUILDERS[type(spec)](spec, masked=masked)


def build_keras_model(spec: Spec, weights: Weights, *, masked: bool) -> keras.Model:
    """Build the model that users see, with some weights.

    Parameters
    ----------
    spec : Spec
    weights : Weights
    masked : bool
        Whether it needs an input for the mask.
    """
    model = build_model(spec, masked=masked)
    if isinstance(spec, CustomSpec):  # states of its own, such as those of a normalisation
        set_states(model, weights.non_trainable)
    set_weights(model, weights.trainable)
    return model


def set_weights(model: keras.Model, trainable: list[np.ndarray]) -> None:
    """Give a Keras model the trainable weights of a network."""
    for variable, value in zip(model.trainable_variables, trainable, strict=True):
        variable.assign(value)


def set_states(model: keras.Model, states: list[np.ndarray]) -> None:
    """Give a Keras model what is not trained: the states of its layers, and seeds."""
    for variable, value in zip(model.non_trainable_variables, states, strict=True):
        if holds_seed(variable):  # 32 bits, which not all backends hold without a sign
            signed = str(variable.dtype) == "int32"
            value = value.astype(np.uint32)
            value = value.view(np.int32) if signed else value.astype(variable.dtype)
        variable.assign(value)


def state_values(model: keras.Model) -> list[np.ndarray]:
    """Return what is not trained, seeds as on JAX."""
    return [
        to_numpy(variable).astype(np.uint32) if holds_seed(variable) else to_numpy(variable)
        for variable in model.non_trainable_variables
    ]
