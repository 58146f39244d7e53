"""Small estimators, and what they refuse."""

import pytest
from _checks import Untouched

from skrnn import (
    ConvLSTMRegressor,
    RecurrentClassifier,
    RecurrentRegressor,
)
from skrnn.compat._keras import keras

layers = keras.layers
N_ROWS, N_STEPS = 48, 5
SMALL = {"units": 3, "cell": "simple", "epochs": 3, "batch_size": 16, "random_state": 0}
LEARNS = {"epochs": 80, "learning_rate": 0.02}


def regressor(**params):
    return RecurrentRegressor(**{**SMALL, **params})


def classifier(**params):
    return RecurrentClassifier(**{**SMALL, **params})


def check_refusal(estimator, error, match, method, *arguments, **kwargs):
    with Untouched(estimator), pytest.raises(error, match=match):
        getattr(estimator, method)(*arguments, **kwargs)


def reader(**params):
    return regressor(embedding_dim=2, **params)


FILMS = {"filters": 2, "epochs": 3, "batch_size": 8, "random_state": 0}


def film(kind=ConvLSTMRegressor, **params):
    return kind(**{**FILMS, **params})


def flat(shape, n_outputs, units=3, rate=0.0, end=None):
    """Return a network of dense layers."""
    sequence = keras.Input(shape)
    hidden = layers.Dense(units, "tanh")(layers.Flatten()(sequence))
    hidden = layers.Dropout(rate)(hidden)
    return keras.Model(sequence, layers.Dense(n_outputs, end)(hidden))


def normalized(shape, n_outputs, momentum=0.5, rate=0.0):
    """Return a network that normalises over the batch."""
    sequence = keras.Input(shape)
    hidden = layers.BatchNormalization(momentum=momentum)(layers.Flatten()(sequence))
    hidden = layers.Dropout(rate)(hidden)
    return keras.Model(sequence, layers.Dense(n_outputs)(hidden))


def step_by_step(shape, n_outputs):
    """Return a network with an answer per step, that masks do not change."""
    sequence, mask = keras.Input(shape), keras.Input(shape[:1], dtype="bool")
    hidden = layers.Dense(3, "tanh")(sequence)
    return keras.Model([sequence, mask], layers.Dense(n_outputs)(hidden))


STEP, FEATURE = 3, 1
