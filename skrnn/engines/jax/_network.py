"""The model of a structure as a function of its weights, and how functions of it are compiled."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar
from weakref import WeakValueDictionary

import jax
import jax.numpy as jnp
import numpy as np

from ...compat._keras import zeros
from ...compat._keras_settings import our_settings
from ...networks._build import build_model
from ...networks._spec import CustomSpec, Input, Spec
from ...networks._weights import Weights
from .._protocol import Array, Arrays, Data, Reader, Sample
from ._compile_cache import compile_cache
from ._disk_cache import use_disk_cache
from ._horizons import enlarge

Store = dict[str, Any]
Shapes = tuple[tuple[str, tuple[int, ...], str], ...]
Program = TypeVar("Program")

# Keras names and scopes objects through shared state: one thread builds and traces at a time.
keras_lock = threading.RLock()

_zeros: WeakValueDictionary[tuple[Any, ...], Any] = WeakValueDictionary()


def shared_zeros(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return zeros of a shape, the same ones as long as anybody has them.

    The values of the variables of models and optimizers are never looked at. Each with zeros of its
    own, they would take eight times the memory of the weights.
    """
    key = (*shape, str(dtype))
    found = _zeros.get(key)
    if found is None:
        found = _zeros[key] = zeros(tuple(shape), dtype)
    return found


class Network:
    """A Keras model that is only ever called as a function of weights.

    Parameters
    ----------
    spec : Spec
        A structure: without rates.
    """

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        with keras_lock, our_settings():
            self.model = build_model(spec)
            if not isinstance(spec, CustomSpec):  # whose initial weights may count
                for variable in self.model.trainable_variables:
                    variable.assign(shared_zeros(variable.shape, variable.dtype))
        self.trainable = like(self.model.trainable_variables)
        self.non_trainable = like(self.model.non_trainable_variables)
        idle = [np.zeros(state.shape, state.dtype) for state in self.non_trainable]
        self._idle: list[Any] = jax.device_put(idle)

    def __call__(
        self, trainable: list[Array], non_trainable: list[Array], sample: Sample, training: bool
    ) -> tuple[Array, list[Array], Array]:
        """Return outputs, updated non-trainable values and the sum of regularisation losses."""
        inputs = dict(sample.inputs)
        if "targets" in self.spec.inputs:
            shape = (-1, *self.spec.inputs["targets"].shape)
            inputs["targets"] = jnp.reshape(sample.targets, shape)
        outputs, non_trainable, losses = self.model.stateless_call(
            trainable,
            non_trainable,
            [inputs[name] for name in self.spec.inputs],
            training=training,
            return_losses=True,
        )
        return outputs, non_trainable, sum(losses, jnp.float32(0.0))

    def complete(self, weights: Weights) -> Weights:
        """Return weights with something in place of rates and seeds, which no prediction needs.

        Other engines keep none of them, and the states of networks that users build are left alone.
        """
        if isinstance(self.spec, CustomSpec):
            return weights
        return Weights(self.enlarged(weights).trainable, self._idle)

    def enlarged(self, weights: Weights) -> Weights:
        """Return the weights of a network with a shorter horizon as this one has them."""
        trainable = [
            enlarge(value, np.broadcast_to(np.float32(0.0), own.shape))
            for value, own in zip(weights.trainable, self.trainable, strict=True)
        ]
        return Weights(trainable, weights.non_trainable)


def get_network(spec: Spec) -> Network:
    """Return the network of a structure, from the cache where it is there."""
    network: Network = compile_cache.get(("network", spec), lambda: Network(spec))
    return network


@dataclass(frozen=True)
class ProgramRequest:
    """All that a compiled program depends on, and so its key in the cache of this process.

    Attributes
    ----------
    kind : type
        Class of the program.
    structure : Spec
        Without rates.
    reader : Reader
        How batches are read.
    store : tuple of (str, tuple of int, str)
        Names, shapes and types of what all batches share.
    plan : tuple
        What else is compiled in.
    """

    kind: Callable[..., Any]
    structure: Spec
    reader: Reader
    store: Shapes
    plan: tuple[Hashable, ...]

    def __hash__(self) -> int:
        """Return a hash that is worked out once."""
        return self._hash

    @cached_property
    def _hash(self) -> int:
        return hash((self.kind, self.structure, self.reader, self.store, self.plan))

    @property
    def is_there(self) -> bool:
        """Whether the program is in the cache."""
        return compile_cache.find(self) is not None

    def get(self) -> Any:
        """Return the program, compiled where it is not there."""
        program = compile_cache.find(self)
        return self._make() if program is None else program

    @our_settings()
    def _make(self) -> Any:
        network = get_network(self.structure)
        store = {name: array(*shape, dtype=kind) for name, shape, kind in self.store}
        return compile_cache.get(self, lambda: self.kind(network, *self.plan, self.reader, store))


def request_program(
    kind: Callable[..., Any], structure: Spec, data: Data, *plan: Hashable
) -> ProgramRequest:
    """Return what stands for the program of a kind for a structure and a kind of data."""
    return ProgramRequest(kind, structure, data.reader, shapes_of(data.store), plan)


def shapes_of(store: Arrays) -> Shapes:
    """Return names, shapes and types of what all batches share."""
    return tuple((name, rows.shape, str(rows.dtype)) for name, rows in store.items())


def get_program(
    kind: Callable[..., Program], structure: Spec, data: Data, *plan: Hashable
) -> Program:
    """Return the compiled program of a kind for a structure and a kind of data.

    Parameters
    ----------
    kind : type
        Class of the program.
    structure : Spec
        Without rates.
    data : Data
        Its reader, and the shapes of its store, are compiled in.
    plan : hashable
        What else is compiled in.
    """
    program: Program = request_program(kind, structure, data, *plan).get()
    return program


def compile_program(kind: str, function: Callable[..., Any], *arguments: Any) -> Any:
    """Compile a function for arguments of some shapes, and count it under `kind`."""

    def traced(*args: Any) -> Any:
        compile_cache.record_trace(kind)
        return function(*args)

    use_disk_cache()
    start = time.perf_counter()
    with keras_lock:
        lowered = jax.jit(traced).lower(*arguments)
    compiled = lowered.compile()
    compile_cache.record_seconds(time.perf_counter() - start)
    return compiled


def on_device(store: Arrays, *others: Arrays) -> list[Store]:
    """Return stores as the programs take them, without a copy at every call.

    What they share lies on the device once.
    """
    stores = store, *others
    arrays = {id(rows): jnp.asarray(rows) for own in stores for rows in own.values()}
    return [{name: arrays[id(rows)] for name, rows in own.items()} for own in stores]


def weights_on_device(weights: Weights) -> Weights:
    """Return weights as the programs take them, without a copy at every call.

    `jnp.asarray` would compile a program for each shape.
    """
    return Weights(jax.device_put(weights.trainable), jax.device_put(weights.non_trainable))


def rows_like(reader: Reader, spec: Spec, *axes: int) -> dict[str, Any]:
    """Return what stands for the arrays of rows that `axes` count."""
    arrays: dict[str, Input] = reader.row_arrays(spec)
    return {
        name: array(*axes, *shape, dtype=jnp.dtype(kind)) for name, (shape, kind) in arrays.items()
    }


def like(variables: Any) -> list[Any]:
    """Return what stands for the values of variables."""
    return [array(*variable.shape, dtype=jnp.dtype(variable.dtype)) for variable in variables]


def array(*shape: int, dtype: Any = jnp.float32) -> Any:
    """Return what stands for an array."""
    return jax.ShapeDtypeStruct(shape, dtype)  # type: ignore[no-untyped-call]


def to_numpy(variable: Any) -> np.ndarray:
    """Return the value of a variable."""
    return np.asarray(variable.value)
