"""Sequences of two and of three classes."""

import numpy as np
import pytest
from _classifiers import N_ROWS, N_STEPS, make


@pytest.fixture(scope="module")
def X():
    X = np.random.default_rng(0).normal(size=(N_ROWS, N_STEPS))
    X.flags.writeable = False
    return X


@pytest.fixture(scope="module")
def two(X):
    """Numbers of two classes; a row of the second one has a positive sum."""
    return (X.sum(axis=1) > 0).astype(int)


@pytest.fixture(scope="module")
def three(X):
    return np.digitize(X.sum(axis=1), [-1.0, 1.0])


@pytest.fixture(scope="module")
def numbers(two, three):
    return {2: two, 3: three}


@pytest.fixture(scope="module")
def fitted(X, numbers):
    """Classifiers of two and of three classes, by their number."""
    return {n_classes: make().fit(X, y) for n_classes, y in numbers.items()}
