"""Draw the weights a network starts from, with NumPy.

The initialisers of Keras run on the backend, where the orthogonal one alone costs more than a
second of compiling in every new process. The default ones are drawn here, from the same
distributions (Glorot and Bengio, 2010; Saxe, McClelland and Ganguli, 2014); others go to Keras.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from .._keras import keras
from ..weights import Weights
from ._custom import initial_weights_of_custom
from ._spec import CustomSpec

# Per kind of weight: the argument of the layer that sets its initialiser, and the default.
_INITIALIZERS = {
    "kernel": ("kernel_initializer", "glorot_uniform"),
    "recurrent_kernel": ("recurrent_initializer", "orthogonal"),
    "bias": ("bias_initializer", "zeros"),
    "positions": ("", "glorot_uniform"),
    "peephole": ("kernel_initializer", "glorot_uniform"),
    "embeddings": ("", "embeddings"),
}
_SKIP = "skip"
# As in Keras.
_LARGEST_EMBEDDING = 0.05
_blas_lock = threading.Lock()


def initial_weights(
    model: keras.Model, spec: Any, rng: np.random.Generator, dropout: np.random.Generator
) -> Weights:
    """Draw the weights of a model.

    Parameters
    ----------
    model : keras.Model
        Built from the structure of `spec`.
    spec : Spec
    rng, dropout : numpy.random.Generator
        For the weights, and for the seeds of the dropout layers.
    """
    if isinstance(spec, CustomSpec):
        return initial_weights_of_custom(spec, rng)
    trainable = [_initial_value(variable, spec, rng) for variable in model.trainable_variables]
    return Weights(trainable, fixed_values(model, spec, dropout))


def fixed_values(
    model: keras.Model,
    spec: Any,
    rng: np.random.Generator,
    before: list[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Return the dropout rates of `spec` and fresh seeds, in the order of the model.

    What is neither, in networks that users build, stays as it was `before`.
    """
    variables = model.non_trainable_variables
    known: list[Any] = [None] * len(variables) if before is None else list(before)
    return [
        _fixed_value(variable, spec, rng, old)
        for variable, old in zip(variables, known, strict=True)
    ]


def _fixed_value(variable: Any, spec: Any, rng: np.random.Generator, before: Any) -> np.ndarray:
    if isinstance(spec, CustomSpec) and before is not None and before.dtype != np.uint32:
        return np.asarray(before)
    if variable.name == "rate":
        of = variable.path.split("/")[-2]
        name = max((name for name in spec.rates if of.startswith(name)), key=len)
        return np.array(spec.rates[name], np.float32)
    return np.asarray(rng.integers(2**32, size=variable.shape, dtype=np.uint32))


def _initial_value(variable: Any, spec: Any, rng: np.random.Generator) -> np.ndarray:
    recurrent = "recurrent_" in variable.path
    params = spec.keras_layer_params if recurrent else {}
    argument, default = _INITIALIZERS[variable.name]
    if _SKIP in variable.path:  # a network starts without its linear part
        default = "zeros"
    value = _draw(params.get(argument, default), tuple(variable.shape), rng)
    forget = spec.cell in ("lstm", "peephole") and params.get("unit_forget_bias", True)
    if recurrent and variable.name == "bias" and forget:
        units = value.size // 4
        value[units : 2 * units] = 1.0
    return value


def _draw(initializer: Any, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if initializer == "zeros":
        return np.zeros(shape, np.float32)
    if initializer == "glorot_uniform":
        receptive = math.prod(shape[:-2])  # more than one where the kernel is that of a convolution
        limit = np.sqrt(6.0 / (receptive * (shape[-2] + shape[-1])))
        return rng.uniform(-limit, limit, shape).astype(np.float32)
    if initializer == "orthogonal":
        return _orthogonal((math.prod(shape[:-1]), shape[-1]), rng).reshape(shape)
    if initializer == "embeddings":
        return rng.uniform(-_LARGEST_EMBEDDING, _LARGEST_EMBEDDING, shape).astype(np.float32)
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
