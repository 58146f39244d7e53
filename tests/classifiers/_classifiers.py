"""Small classifiers."""

import pytest
from numpy.testing import assert_array_equal

from skrnn import (
    RecurrentClassifier,
)
from skrnn.compat._keras import keras

N_ROWS, N_STEPS = 48, 5
SMALL = {"units": 3, "epochs": 3, "batch_size": 16, "random_state": 0}
LEARNS = {"epochs": 60, "learning_rate": 0.02}
# A rate this small leaves the weights where they start: the loss of the epoch is that of the
# predictions.
STANDS_STILL = {"epochs": 1, "learning_rate": 1e-12}


def make(**params):
    return RecurrentClassifier(**{**SMALL, "cell": "simple", **params})


def pooled(shape, n_outputs):
    """Return a network without a time loop."""
    sequence = keras.Input(shape)
    hidden = keras.layers.Dense(3, "tanh")(keras.layers.Flatten()(sequence))
    return keras.Model(sequence, keras.layers.Dense(n_outputs)(hidden))


n_classes = pytest.mark.parametrize("n_classes", [2, 3])


def equal_fits(one, other, X):
    assert one.history_["loss"] == other.history_["loss"]
    assert_array_equal(one.predict_proba(X), other.predict_proba(X))
