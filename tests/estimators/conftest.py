"""Sequences and targets for regressors and classifiers."""

import numpy as np
import pytest
from _estimators import FEATURE, LEARNS, N_ROWS, N_STEPS, STEP, film, reader, regressor


@pytest.fixture(scope="module")
def X():
    X = np.random.default_rng(0).normal(size=(N_ROWS, N_STEPS))
    X.flags.writeable = False
    return X


@pytest.fixture(scope="module")
def y(X):
    return 10.0 + 4.0 * X.sum(axis=1)


@pytest.fixture(scope="module")
def two(X):
    return np.array(["low", "high"])[(X.sum(axis=1) > 0).astype(int)]


@pytest.fixture(scope="module")
def three(X):
    return np.digitize(X.sum(axis=1), [-1.0, 1.0])


@pytest.fixture(scope="module")
def ragged(X):
    """The sequences, every third one without its last two steps."""
    ragged = X.copy()
    ragged[::3, 3:] = np.nan
    return ragged


@pytest.fixture(scope="module")
def tokens():
    """Six tokens; every third sequence ends two steps before the others."""
    tokens = np.random.default_rng(1).integers(0, 6, size=(N_ROWS, N_STEPS)).astype(float)
    tokens[::3, 3:] = np.nan
    tokens.flags.writeable = False
    return tokens


@pytest.fixture(scope="module")
def count(tokens):
    """How often token 3 is there."""
    return (tokens == 3).sum(axis=1).astype(float)


@pytest.fixture(scope="module")
def read(tokens, count):
    return reader(**LEARNS).fit(tokens, count)


@pytest.fixture(scope="module")
def frames():
    """Three frames of 3 x 4 pixels per sample."""
    frames = np.random.default_rng(2).normal(size=(24, 3, 3, 4))
    frames.flags.writeable = False
    return frames


@pytest.fixture(scope="module")
def bright(frames):
    """How bright the left half of the last frame is."""
    return 5.0 + frames[:, -1, :, :2].mean(axis=(1, 2))


@pytest.fixture(scope="module")
def seen(frames, bright):
    return film().fit(frames, bright)


@pytest.fixture(scope="module")
def pairs(X):
    """Sequences of two features."""
    return np.stack([X, np.random.default_rng(3).normal(size=X.shape)], axis=2)


@pytest.fixture(scope="module")
def one_value(pairs):
    """One feature at one step is all that counts."""
    return 5.0 + 2.0 * pairs[:, STEP, FEATURE]


@pytest.fixture(scope="module")
def knows(pairs, one_value):
    return regressor(**LEARNS).fit(pairs, one_value)
