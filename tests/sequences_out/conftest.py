"""Sequences with masked steps, and targets for each step."""

import numpy as np
import pytest
from _sequences_out import N_ROWS, N_STEPS, regressor, tagger


@pytest.fixture(scope="module")
def there():
    """Which steps are there: rows are masked on the right, on the left, in between, or not."""
    there = np.ones((N_ROWS, N_STEPS), bool)
    there[0::4, 3:] = False
    there[1::4, :2] = False
    there[2::4, 2] = False
    there.flags.writeable = False
    return there


@pytest.fixture(scope="module")
def full():
    """Sequences without a masked step."""
    X = np.random.default_rng(0).normal(size=(N_ROWS, N_STEPS))
    X.flags.writeable = False
    return X


@pytest.fixture(scope="module")
def X(full, there):
    return np.where(there, full, np.nan)


@pytest.fixture(scope="module")
def y(X):
    """At every step the sum of the steps so far, in units of its own."""
    return np.where(np.isnan(X), np.nan, 200.0 + 8.0 * np.nancumsum(X, axis=1))


@pytest.fixture(scope="module")
def tags(X):
    """At every step whether the sum so far is positive; at masked steps a number too."""
    return (np.nancumsum(X, axis=1) > 0).astype(int)


@pytest.fixture(scope="module")
def fitted(X, y):
    return regressor().fit(X, y)


@pytest.fixture(scope="module")
def tagged(X, tags):
    return tagger().fit(X, tags)
