"""Networks that users build."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from .._keras import keras
from ..by_config import thaw
from ..weights import Weights
from ._blocks import make_inputs
from ._heads import finish
from ._spec import CustomSpec

_random_lock = threading.Lock()
_PROBABILITIES = ("softmax", "sigmoid")


def build_custom(spec: CustomSpec, seed: int = 0) -> keras.Model:
    """Return the model of the user's function, with the inputs that `spec` names.

    Parameters
    ----------
    spec : CustomSpec
    seed : int
        Of its initial weights and of what it drops.

    Raises
    ------
    TypeError
        When the function returns no Keras model.
    ValueError
        When inputs or outputs of the model are not those that are asked for.
    """
    model = build_users_model(spec, seed)
    outputs = finish(spec, model.outputs[0])
    if takes_mask(model):
        return keras.Model(model.inputs, outputs)
    return keras.Model([*model.inputs, make_inputs(spec)["mask"]], outputs)


def build_users_model(spec: CustomSpec, seed: int = 0) -> keras.Model:
    """Return the model of the user's function, checked."""
    shape = spec.n_timesteps, spec.n_features
    n_outputs = spec.n_outputs * max(1, spec.n_quantiles)
    with _seeded_by(seed):
        model = thaw(spec.network)(shape, n_outputs)
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"network must return a keras.Model, but it returned {model!r} for input shape {shape} "
            f"and {n_outputs} outputs."
        )
    if not getattr(model, "inputs", None):
        raise ValueError(
            "network must return a model that has its inputs. Build it from keras.Input, as in "
            "keras.Model(inputs, outputs) or keras.Sequential([keras.Input(shape), ...])."
        )
    _check_inputs(model, shape)
    _check_outputs(model, spec, n_outputs)
    return model


def takes_mask(model: keras.Model) -> bool:
    """Return whether a model has a second input, for the mask."""
    return len(model.inputs) == 2


def initial_weights_of_custom(spec: CustomSpec, rng: np.random.Generator) -> Weights:
    """Return the weights that a fresh model starts from, drawn by its own initialisers."""
    model = build_custom(spec, seed=int(rng.integers(2**63)))
    trainable = [np.array(variable.value) for variable in model.trainable_variables]
    fixed = [np.array(variable.value) for variable in model.non_trainable_variables]
    return Weights(trainable, fixed)


@contextmanager
def _seeded_by(seed: int) -> Iterator[None]:
    """Let Keras draw its seeds from a known state of Python's generator, and put that back.

    Layers without a seed of their own ask `random` for one; there is no other way to reach those
    of a model that is built elsewhere.
    """
    with _random_lock:
        state = random.getstate()
        random.seed(seed)
        try:
            yield
        finally:
            random.setstate(state)


def _check_inputs(model: keras.Model, shape: tuple[int, int]) -> None:
    found = [tuple(tensor.shape[1:]) for tensor in model.inputs]
    if found not in ([shape], [shape, shape[:1]]):
        raise ValueError(
            f"network must return a model with an input of shape {shape}, and if it can make use "
            f"of masked steps a second one of shape {shape[:1]} for the mask, but the inputs have "
            f"shapes {found}."
        )


def _check_outputs(model: keras.Model, spec: CustomSpec, n_outputs: int) -> None:
    steps = (spec.n_timesteps,) if spec.return_sequences else ()
    expected, found = (*steps, n_outputs), [tuple(tensor.shape[1:]) for tensor in model.outputs]
    if found != [expected]:
        raise ValueError(
            f"network must return a model with one output of shape {expected}, but the outputs "
            f"have shapes {found}."
        )
    last = model
    while isinstance(last, keras.Model):  # which may end with another model
        last = last.outputs[0]._keras_history.operation
    kind = getattr(getattr(last, "activation", None), "__name__", type(last).__name__.lower())
    if spec.output_activation != "linear" and kind in _PROBABILITIES:
        raise ValueError(
            f"The model that network returns ends with {kind}, but a classifier needs the "
            "values before it, on which the loss is exact. Leave the last activation out; "
            "predict_proba applies it."
        )
