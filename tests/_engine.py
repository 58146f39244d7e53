"""Small networks and data for the tests of the engine, and the two ways to train them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import jax
import numpy as np
import pytest

from skrnn import clear_compile_cache, set_compile_cache_dir
from skrnn.compat._keras import keras
from skrnn.engines._dataset import Dataset
from skrnn.engines._loop import Run, TrainingResult, train
from skrnn.engines._optimizer import split_optimizer
from skrnn.engines._plan import TrainingPlan
from skrnn.engines._registry import current_engine
from skrnn.networks._build import _BUILDERS, build_model
from skrnn.networks._by_config import freeze
from skrnn.networks._spec import NetworkSpec
from skrnn.networks._weights import Weights

# NumPy 2 deprecates what Keras' own variables do in `np.array(variable)`. Keras calls that wherever
# it reads one: in configurations, when it saves, in callbacks. Nothing else is let through.
keras_reads_variables = pytest.mark.filterwarnings(
    r"ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\.src"
)

N_TIMESTEPS, N_FEATURES = 4, 2


@contextmanager
def clean_engine(*, quick: bool) -> Iterator[None]:
    """Start and leave with an empty compile cache in memory.

    With `quick`, XLA leaves out what makes programs fast and compiling slow.
    """
    clear_compile_cache()
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", quick)
    yield
    jax.config.update("jax_disable_most_optimizations", before)
    clear_compile_cache()


@contextmanager
def programs_on_disk(folder: str | os.PathLike[str] | None) -> Iterator[None]:
    """Keep compiled programs in another folder for a while, or in none."""
    set_compile_cache_dir(folder)
    yield
    set_compile_cache_dir(os.environ.get("SKRNN_COMPILE_CACHE"))


def make_spec(cell: str = "simple", units: tuple[int, ...] = (3,), **kwargs: Any) -> NetworkSpec:
    """Describe a network; one output and one direction unless told."""
    given = {
        "n_timesteps": N_TIMESTEPS,
        "n_features": N_FEATURES,
        "n_outputs": 1,
        "bidirectional": (False,) * len(units),
        **kwargs,
    }
    return NetworkSpec(cell=cell, units=units, **given)


def unset(spec: NetworkSpec) -> NetworkSpec:
    """Return the spec of a model of Keras' layers whose initial weights do not matter.

    Its own orthogonal initialiser takes a second to compile.
    """
    zeros = dict.fromkeys(("kernel_initializer", "recurrent_initializer"), "zeros")
    return replace(spec, layer_params=tuple(sorted({**dict(spec.layer_params), **zeros}.items())))


def make_data(
    n_rows: int = 8, *, n_outputs: int = 1, masked: bool = False, weighted: bool = False
) -> Dataset:
    """Draw rows; masked steps are on the left, on the right and in between."""
    rng = np.random.default_rng(0)
    mask = np.ones((n_rows, N_TIMESTEPS), bool)
    if masked:
        mask[0::4, :2] = False
        mask[1::4, 2:] = False
        mask[2::4, 1] = False
    sequences = rng.normal(size=(n_rows, N_TIMESTEPS, N_FEATURES)).astype(np.float32)
    targets = sequences.sum(axis=(1, 2))[:, None] * np.linspace(0.5, 1.0, n_outputs)
    targets = targets + rng.normal(size=targets.shape)
    weight = rng.uniform(0.2, 2.0, n_rows) if weighted else np.ones(n_rows)
    weight /= weight.mean()
    inputs = {"sequence": sequences, "mask": mask}
    return Dataset(inputs, targets.astype(np.float32), weight.astype(np.float32))


def build_pooled(spec: NetworkSpec, *, masked: bool = True) -> keras.Model:
    """Build a model without a time loop, which compiles faster; the engine takes any."""
    sequence = keras.Input((spec.n_timesteps, spec.n_features))
    mask = keras.Input((spec.n_timesteps,), dtype="bool")
    hidden = keras.layers.GlobalAveragePooling1D()(sequence, mask=mask)
    for units in spec.units:
        hidden = keras.layers.Dense(units, "tanh", kernel_regularizer="l2")(hidden)
    return keras.Model([sequence, mask], keras.layers.Dense(spec.n_outputs)(hidden))


@dataclass(frozen=True, kw_only=True)
class PooledSpec(NetworkSpec):
    """A network of `build_pooled`."""


_BUILDERS[PooledSpec] = build_pooled


def built_by(build: Any, spec: NetworkSpec) -> NetworkSpec:
    """Return the spec of a network that a function builds."""
    if build is build_model or isinstance(spec, PooledSpec):
        return spec
    assert build is build_pooled
    return PooledSpec(**vars(spec))


def start(spec: NetworkSpec, seed: int = 0, *, build: Any = build_model) -> Weights:
    """Draw the weights to start from."""
    spec = built_by(build, spec)
    rng, dropout = np.random.default_rng(seed), np.random.default_rng(seed)
    return current_engine().initial_weights(spec, rng, dropout)


def fit(
    spec: NetworkSpec,
    data: Dataset,
    *,
    build: Any = build_model,
    loss: Any = "mse",
    optimizer: Any = "adam",
    learning_rate: float | None = None,
    batch_size: int = 4,
    weights: Weights | None = None,
    **kwargs: Any,
) -> TrainingResult:
    """Train with the engine for five epochs, rows in order, unless told otherwise."""
    spec = built_by(build, spec)
    structure, values = split_optimizer(optimizer, learning_rate, None)
    plan = TrainingPlan(batch_size, freeze(loss), structure)
    validation, slots = kwargs.pop("validation", None), kwargs.pop("slots", None)
    observers = kwargs.pop("observers", ())
    how = {"epochs": 5, "shuffle": False, "order": np.random.default_rng(0), **kwargs}
    weights = start(spec) if weights is None else weights
    run = Run(learning_rate=values.learning_rate, **how)
    trainer = current_engine().trainer(spec, plan, values, data, validation, weights, slots)
    validates = validation is not None
    return train(
        trainer, run, data, batch_size=batch_size, validates=validates, observers=observers
    )


def fit_with_keras(
    spec: NetworkSpec,
    data: Dataset,
    *,
    build: Any = build_model,
    loss: Any = "mse",
    optimizer: Any = "adam",
    batch_size: int = 4,
    validation: Dataset | None = None,
) -> tuple[dict[str, list[float]], list[np.ndarray]]:
    """Train a model of Keras' own layers with `Model.fit`; return its history and weights."""
    model = build(unset(spec))
    weights = start(spec, build=build).trainable
    for variable, value in zip(model.trainable_variables, weights, strict=True):
        variable.assign(value)
    model.compile(optimizer=optimizer, loss=loss)
    inputs, targets, weight = _as_keras_takes_it(data)
    history = model.fit(
        inputs,
        targets,
        sample_weight=weight,
        validation_data=None if validation is None else _as_keras_takes_it(validation),
        batch_size=batch_size,
        epochs=5,
        shuffle=False,
        verbose=0,
    )
    return history.history, [np.asarray(variable) for variable in model.trainable_variables]


def _as_keras_takes_it(data: Dataset) -> tuple[Any, Any, Any]:
    return list(data.inputs.values()), data.targets, data.weight


def predict_rows(
    spec: NetworkSpec, weights: Weights, data: Dataset, rows: Any, *, build: Any = build_model
) -> np.ndarray:
    """Predict some rows of `data`."""
    inputs = {name: array[rows] for name, array in data.inputs.items()}
    return current_engine().predict(built_by(build, spec), weights, Dataset(inputs))
