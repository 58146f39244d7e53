"""Data, a small regressor, and what a refusal must be."""

import numpy as np
import pytest
from _checks import Untouched
from numpy.testing import assert_array_equal

from skrnn import RecurrentRegressor

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 6))
y = X.sum(axis=1) + rng.normal(size=40)


def make(regressor=RecurrentRegressor, **params):
    return regressor(**{"units": 4, "epochs": 3, "batch_size": 16, "random_state": 0, **params})


def check_refusal(regressor, error, parts, X, y, params, kwargs, method="fit"):
    predictions = regressor.predict(globals()["X"]) if hasattr(regressor, "history_") else None
    previous = {name: regressor.get_params()[name] for name in params}
    regressor.set_params(**params)
    with Untouched(regressor), pytest.raises(error) as caught:
        getattr(regressor, method)(X, y, **kwargs)
    message = str(caught.value)
    missing = [part for part in parts if part not in message]
    assert not missing, f"{missing} not in: {message}"
    regressor.set_params(**previous)
    if predictions is not None:
        assert_array_equal(regressor.predict(globals()["X"]), predictions)
