"""Forecasters that are fitted once."""

import copy

import pytest
from _forecaster import (
    FH,
    Y,
    make,
)


@pytest.fixture(scope="module")
def fitted_once():
    return make().fit(Y, fh=FH)


@pytest.fixture
def fitted(fitted_once):
    """A forecaster of the series, for every test a fresh one."""
    return copy.deepcopy(fitted_once)
