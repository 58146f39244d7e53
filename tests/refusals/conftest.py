"""A regressor before its first fit, and after it."""

import pytest
from _refusals import X, make, y


@pytest.fixture(scope="module")
def fitted_once():
    return make().fit(X, y)


@pytest.fixture(params=["fresh", "fitted"])
def regressor(request):
    """An estimator before its first fit, and one after it."""
    if request.param == "fresh":
        return make()
    fitted = request.getfixturevalue("fitted_once")
    copy = make()
    vars(copy).update(vars(fitted))
    return copy
