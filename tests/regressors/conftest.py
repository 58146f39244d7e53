"""Windows for the regressors."""

import numpy as np
import pytest
from _regressors import N_ROWS, N_STEPS


@pytest.fixture(scope="module")
def data():
    """Windows of six steps in 2-D, and a target that depends on them."""
    rng = np.random.default_rng(0)
    X = rng.normal(5.0, 2.0, size=(N_ROWS, N_STEPS))
    y = 10.0 + X @ np.linspace(0.0, 3.0, N_STEPS) + rng.normal(size=N_ROWS)
    X.flags.writeable = y.flags.writeable = False
    return X, y
