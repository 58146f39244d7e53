"""Small estimators with one output per step."""

import numpy as np
from numpy.testing import assert_array_equal

from skrnn import RecurrentClassifier, RecurrentRegressor

N_ROWS, N_STEPS, BATCH = 48, 5, 16
SMALL = {"units": 3, "cell": "simple", "epochs": 3, "batch_size": BATCH, "random_state": 0}
LEARNS = {"epochs": 60, "learning_rate": 0.02}
# A rate this small leaves the weights where they start: the loss of the epoch is that of the
# predictions.
STANDS_STILL = {"epochs": 1, "learning_rate": 1e-12}


def regressor(**params):
    return RecurrentRegressor(return_sequences=True, **{**SMALL, **params})


def tagger(**params):
    return RecurrentClassifier(return_sequences=True, **{**SMALL, **params})


def equal_fits(one, other, X, method="predict"):
    assert one.history_["loss"] == other.history_["loss"]
    assert_array_equal(getattr(one, method)(X), getattr(other, method)(X))


def as_objects(tags, there, missing):
    labels = np.array(["low", "high"])[tags].astype(object)
    labels[~there] = missing
    return labels
