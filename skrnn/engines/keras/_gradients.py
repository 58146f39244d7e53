"""Gradients with respect to inputs, by the means of each backend."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from ...compat._keras import keras

ops = keras.ops
Inputs = dict[str, np.ndarray]


def sequence_gradients(model: keras.Model, inputs: Inputs, chosen: np.ndarray) -> np.ndarray:
    """Return gradients of the sum of outputs times `chosen` with respect to the sequences.

    Parameters
    ----------
    model : keras.Model
    inputs : dict of arrays
    chosen : float32 array of the shape of the outputs of one row
    """
    differentiate = {"tensorflow": _with_tape, "torch": _with_autograd}[keras.backend.backend()]
    tensors = {name: ops.convert_to_tensor(array) for name, array in inputs.items()}
    gradients: np.ndarray = differentiate(model, tensors, ops.convert_to_tensor(chosen))
    return gradients


def _with_tape(model: keras.Model, tensors: dict[str, Any], chosen: Any) -> np.ndarray:
    tensorflow = importlib.import_module("tensorflow")
    with tensorflow.GradientTape() as tape:
        tape.watch(tensors["sequence"])
        total = ops.sum(model(tensors, training=False) * chosen)
    return np.array(tape.gradient(total, tensors["sequence"]))


def _with_autograd(model: keras.Model, tensors: dict[str, Any], chosen: Any) -> np.ndarray:
    torch = importlib.import_module("torch")
    sequence = tensors["sequence"].detach().clone().requires_grad_()
    total = ops.sum(model({**tensors, "sequence": sequence}, training=False) * chosen)
    (gradients,) = torch.autograd.grad(total, [sequence])
    return np.array(ops.convert_to_numpy(gradients))
