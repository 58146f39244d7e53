"""The same seed gives the same bits, and arguments stay as they were."""

from __future__ import annotations

import numpy as np
from _engine import (
    fit,
    keras_reads_variables,
    make_data,
    make_spec,
    start,
)
from _training import RAGGED, ROWS, assert_same_weights, schedules

from skrnn import clear_compile_cache
from skrnn.engines._seeding import make_streams
from skrnn.networks._build import build_model
from skrnn.networks._initial import non_trainable_values
from skrnn.networks._weights import Weights

pytestmark = keras_reads_variables


def fit_with_dropout(seed: int) -> Weights:
    spec = make_spec(dropout=0.3)
    streams = make_streams(seed)
    weights = start(spec)
    fixed = non_trainable_values(build_model(spec.structure()), spec, streams.dropout)
    weights = Weights(weights.trainable, fixed)
    return fit(spec, RAGGED, weights=weights, shuffle=True, order=streams.order).weights


def test_same_seed_gives_the_same_bits() -> None:
    """In a cache that holds the program, and compiled anew."""
    first, cached, other = (fit_with_dropout(seed) for seed in (0, 0, 1))
    assert_same_weights(first, cached)
    assert not np.array_equal(first.trainable[0], other.trainable[0])
    clear_compile_cache()
    assert_same_weights(first, fit_with_dropout(0))


def test_training_leaves_its_arguments_alone() -> None:
    weights, data = start(make_spec(dropout=0.5)), make_data(8)
    before = [
        array.copy() for array in [*weights.trainable, *weights.non_trainable, *vars(data).values()]
    ]
    result = fit(make_spec(dropout=0.5), data, weights=weights, shuffle=True)
    after = [*weights.trainable, *weights.non_trainable, *vars(data).values()]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert not np.array_equal(result.weights.trainable[0], weights.trainable[0])


def test_training_goes_on_where_it_stopped() -> None:
    """Weights, state of the optimizer and random generators: two and three epochs are five."""
    spec = make_spec(dropout=0.3)
    rates = schedules.ExponentialDecay(0.05, 2, 0.9)
    whole = fit(spec, ROWS, lr_schedule=rates)
    first = fit(spec, ROWS, lr_schedule=rates, epochs=2)
    resumed = {"weights": first.weights, "slots": first.slots}
    second = fit(spec, ROWS, lr_schedule=rates, epochs=3, **resumed)
    assert_same_weights(second.weights, whole.weights)
    assert first.history.extended(second.history)["loss"] == whole.history["loss"]


def test_streams_are_independent_and_repeatable() -> None:
    def numbers(*seed: int) -> list[float]:
        return [stream.random() for stream in vars(make_streams(*seed)).values()]

    assert numbers(1, 2) == numbers(1, 2)
    assert len({*numbers(1, 2), *numbers(1, 3), *numbers(1)}) == 9
