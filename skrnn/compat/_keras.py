"""Keras, imported here for all of skrnn, and what is used of it beyond its public interface."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras.src.backend import compute_output_spec

from ..exceptions import UnsupportedBackendError

__all__ = [
    "build_optimizer",
    "excluded_from_decay",
    "forget_model",
    "holds_seed",
    "keras",
    "last_operation",
    "layers_within",
    "metric_direction",
    "on_jax",
    "output_shape",
    "supported",
    "to_numpy",
    "zeros",
]


def last_operation(model: keras.Model) -> Any:
    """Return the layer or operation that the first output of a model comes from."""
    last = model
    while isinstance(last, keras.Model):  # which may end with another model
        last = last.outputs[0]._keras_history.operation
    return last


def layers_within(model: keras.Model) -> Iterator[Any]:
    """Yield a model and all layers within it, at any depth."""
    yield from model._flatten_layers()


def excluded_from_decay(optimizer: Any) -> tuple[bool, str | None]:
    """Return whether weights of a model are excluded from decay, and the pattern of names that are.

    `get_config` leaves both out.
    """
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    listed = bool(getattr(optimizer, "_exclude_from_weight_decay", None))
    return listed, None if pattern is None else str(pattern.pattern)


def forget_model(callback: Any) -> None:
    """Let a callback go of its model: `set_model` may do more than set it."""
    callback._model = None


def metric_direction(metric: Any) -> str | None:
    """Return "up" or "down", whichever way is better; None where Keras does not know."""
    direction = getattr(metric, "_direction", None)
    return None if direction is None else str(direction)


def on_jax() -> bool:
    """Return whether Keras runs on JAX."""
    return bool(keras.backend.backend() == "jax")


def output_shape(function: Any, shape: tuple[int, ...]) -> Any:
    """Return the shape of what a function makes of a tensor, None where it is none.

    Nothing is computed: the function is traced, as it is when it is compiled.
    """
    tensor = keras.KerasTensor(shape, dtype="float32", name="input")
    return getattr(compute_output_spec(function, tensor), "shape", None)


@contextmanager
def supported(what: str) -> Iterator[None]:
    """Turn the complaint that a backend lacks something into the error that names the remedy."""
    try:
        yield
    except NotImplementedError as error:
        if on_jax():
            raise
        raise UnsupportedBackendError(
            f"{what} does not work with Keras on {keras.backend.backend()!r}: {error} Set the "
            "environment variable KERAS_BACKEND=jax before keras is imported for the first time."
        ) from error


def zeros(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return a tensor of zeros made by NumPy.

    JAX compiles a program for every shape of `keras.ops.zeros`, and one more for an array of NumPy
    whose type it is not told.
    """
    return keras.ops.convert_to_tensor(np.zeros(shape, dtype), dtype=dtype)


def build_optimizer(
    optimizer: Any, variables: list[Any], make_zeros: Callable[[tuple[int, ...], Any], Any]
) -> None:
    """Create the state of an optimizer; what of it is zero is made by `make_zeros`."""
    add_variable = optimizer.add_variable

    def add(shape: Any, initializer: Any = "random_normal", **options: Any) -> Any:
        if initializer == "zeros":
            initializer = make_zeros
        return add_variable(shape, initializer, **options)

    optimizer.add_variable = add
    try:
        optimizer.build(variables)
    finally:
        del optimizer.add_variable


def holds_seed(variable: Any) -> bool:
    """Return whether a variable is the state of a random generator of Keras."""
    return bool(variable.name == "seed_generator_state")


def to_numpy(variable: Any) -> np.ndarray:
    """Return a copy of the value of a variable, or of a tensor."""
    value = variable.value if isinstance(variable, keras.Variable) else variable
    return np.array(keras.ops.convert_to_numpy(value))
