"""Networks and fits for the tests of training."""

from __future__ import annotations

from typing import Any

import numpy as np
from _engine import (
    build_pooled,
    fit,
    make_data,
    make_spec,
)

from skrnn.compat._keras import keras
from skrnn.engines._dataset import Dataset
from skrnn.engines._loop import TrainingResult
from skrnn.networks._weights import Weights

losses, optimizers = keras.losses, keras.optimizers
schedules = optimizers.schedules
ROWS = make_data(8)
# Ten rows in batches of four leave a batch of two.
RAGGED = make_data(10, masked=True, weighted=True)


def fit_pooled(data: Dataset = ROWS, **kwargs: Any) -> TrainingResult:
    """Train the network that compiles fastest."""
    return fit(make_spec(), data, build=build_pooled, **kwargs)


def assert_same_weights(one: Weights, other: Weights) -> None:
    for actual, desired in zip(one.trainable, other.trainable, strict=True):
        np.testing.assert_array_equal(actual, desired)
