"""Draw the weights a network starts from, with NumPy.

The initialisers of Keras run on the backend, where the orthogonal one alone costs more than a
second of compiling in every new process. The default ones are drawn here, from the same
distributions (Glorot and Bengio, 2010; Saxe, McClelland and Ganguli, 2014); others go to Keras.
"""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from .._keras import keras
from ..weights import Weights

# Per kind of weight: the argument of the layer that sets its initialiser, and the default.
_INITIALIZERS = {
    "kernel": ("kernel_initializer", "glorot_uniform"),
    "recurrent_kernel": ("recurrent_initializer", "orthogonal"),
    "bias": ("bias_initializer", "zeros"),
    "positions": ("", "glorot_uniform"),
}
_SKIP = "skip"
_blas_lock = threading.Lock()


def initial_weights(
    model: keras.Model, spec: Any, rng: np.random.Generator, dropout: np.random.Generator
) -> Weights:
    """Draw the weights of a model.

    Parameters
    ----------
    model : keras.Model
        Built from the structure of `spec`.
    spec : NetworkSpec or EncoderDecoderSpec
    rng, dropout : numpy.random.Generator
        For the weights, and for the seeds of the dropout layers.
    """
    trainable = [_initial_value(variable, spec, rng) for variable in model.trainable_variables]
    return Weights(trainable, fixed_values(model, spec, dropout))


def fixed_values(model: keras.Model, spec: Any, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the dropout rates of `spec` and fresh seeds, in the order of the model."""
    return [_fixed_value(variable, spec, rng) for variable in model.non_trainable_variables]


def _fixed_value(variable: Any, spec: Any, rng: np.random.Generator) -> np.ndarray:
    if variable.name == "rate":
        of = variable.path.split("/")[-2]
        return np.array(spec.rates.get(of, spec.dropout), np.float32)
    return np.asarray(rng.integers(2**32, size=variable.shape, dtype=np.uint32))


def _initial_value(variable: Any, spec: Any, rng: np.random.Generator) -> np.ndarray:
    recurrent = "recurrent_" in variable.path
    params = spec.keras_layer_params if recurrent else {}
    argument, default = _INITIALIZERS[variable.name]
    if _SKIP in variable.path:  # a network starts without its linear part
        default = "zeros"
    value = _draw(params.get(argument, default), tuple(variable.shape), rng)
    forget = spec.cell == "lstm" and params.get("unit_forget_bias", True)
    if recurrent and variable.name == "bias" and forget:
        units = value.size // 4
        value[units : 2 * units] = 1.0
    return value


def _draw(initializer: Any, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if initializer == "zeros":
        return np.zeros(shape, np.float32)
    if initializer == "glorot_uniform":
        limit = np.sqrt(6.0 / (shape[0] + shape[-1]))
        return rng.uniform(-limit, limit, shape).astype(np.float32)
    if initializer == "orthogonal":
        return _orthogonal(shape, rng)
    seeded = _seeded(keras.initializers.get(initializer), rng)
    return np.array(seeded(shape, dtype="float32"), dtype=np.float32)


def _orthogonal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    rows, columns = shape
    normal = rng.normal(size=(max(shape), min(shape)))
    # The last bits of a QR decomposition may depend on the number of threads, which differs
    # between a process and its workers.
    with _blas_lock, threadpool_limits(1, user_api="blas"):
        q, r = np.linalg.qr(normal)
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).astype(np.float32)


def _seeded(initializer: Any, rng: np.random.Generator) -> Any:
    config = initializer.get_config() if hasattr(initializer, "get_config") else {}
    if config.get("seed", 0) is None:
        return type(initializer).from_config({**config, "seed": int(rng.integers(2**31))})
    return initializer
