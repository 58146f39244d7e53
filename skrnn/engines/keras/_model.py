"""The model of a spec in training: that which users see, without the activation of its head."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from ...compat._keras import keras, supported
from ...networks._blocks import make_inputs
from ...networks._build import build_model, set_states, set_weights
from ...networks._kinds import HEADS
from ...networks._spec import CustomSpec, Spec
from ...networks._weights import Weights
from .._loss import batch_loss
from .._protocol import Sample

ops = keras.ops
Tensor = Any

# Keras names objects through shared state, and the models that predictions come from are shared.
keras_lock = threading.RLock()
_MODELS_KEPT = 16


class TrainedModel(keras.Model):
    """A Keras model whose loss is that of a training plan."""

    plan_loss: Any = None

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Tensor:
        """Return the loss of a batch, with the penalties of the layers."""
        n_rows = ops.cast(ops.shape(y)[0], "float32")
        real = ops.ones_like(y[(slice(None), *(0,) * (len(y.shape) - 1))])
        loss = batch_loss(self.plan_loss, y, y_pred, sample_weight, real, n_rows)
        return loss + sum(self.losses)


def make_model(spec: Spec) -> TrainedModel:
    """Return a fresh model that takes the inputs of `spec` by name.

    Raises
    ------
    UnsupportedBackendError
        When the network cannot be built on this backend.
    """
    bare = replace(spec, head=HEADS[spec.head].structure)
    with keras_lock, supported("This network"):
        built = build_model(bare, masked=True)
        if not isinstance(spec, CustomSpec):
            return TrainedModel(dict(zip(spec.inputs, built.inputs, strict=True)), built.outputs[0])
        inputs = make_inputs(spec)  # those of the user have any name
        return TrainedModel(inputs, built(list(inputs.values())))


@lru_cache(_MODELS_KEPT)
def get_model(spec: Spec) -> TrainedModel:
    """Return the model of a spec that all predictions share; hold `keras_lock` to use it."""
    return make_model(spec)


def fill(model: keras.Model, spec: Spec, weights: Weights, *, states: bool) -> None:
    """Give a model its weights.

    Parameters
    ----------
    model : keras.Model
        Of `spec`.
    spec : Spec
    weights : Weights
    states : bool
        Also give it the seeds of what is dropped. The states of networks that users build are given
        in any case; rates, which are in the spec, never.
    """
    set_weights(model, weights.trainable)
    if states or isinstance(spec, CustomSpec):
        set_states(model, weights.non_trainable)


def inputs_of(spec: Spec, sample: Sample) -> dict[str, np.ndarray]:
    """Return what a model takes; decoders that are shown targets see none where there are none."""
    inputs = {name: np.asarray(sample.inputs[name]) for name in spec.inputs if name != "targets"}
    if "targets" in spec.inputs:
        shape = (len(inputs["sequence"]), *spec.inputs["targets"].shape)
        given = sample.targets
        inputs["targets"] = np.zeros(shape, np.float32) if given is None else given.reshape(shape)
    return {
        name: value.astype(spec.inputs[name].dtype, copy=False) for name, value in inputs.items()
    }
