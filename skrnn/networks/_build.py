"""From a spec to its Keras model."""

from __future__ import annotations

from typing import Any

from .._keras import keras
from ._encoder_decoder import build_encoder_decoder
from ._spec import EncoderDecoderSpec, NetworkSpec
from ._stacked import build_stacked

_BUILDERS = {NetworkSpec: build_stacked, EncoderDecoderSpec: build_encoder_decoder}


def build_model(spec: Any) -> keras.Model:
    """Build the Keras model of a spec; its inputs are `spec.inputs`, in this order."""
    return _BUILDERS[type(spec)](spec)  # type: ignore[operator]
