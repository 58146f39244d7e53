"""Columns that are lags by their names, and the layout that goes with them."""

import warnings

import numpy as np
import pandas as pd
import pytest
from _regressors import make
from numpy.testing import assert_array_equal

from skrnn import LSTMClassifier, SlidingWindowTransformer

X = np.random.default_rng(0).normal(size=(20, 4))
Y = X[:, 0]
NEWEST_FIRST = {
    "skforecast": ["lag_1", "lag_2", "lag_3", "lag_4"],
    "mlforecast": ["lag1", "lag2", "lag12", "lag24"],
    "with a name": ["y_lag_0", "y_lag_1", "y_lag_2", "y_lag_3"],
    "sktime": ["lag_0__y", "lag_1__y", "lag_2__y", "lag_3__y"],
    "times": ["t-1", "t-2", "t-3", "t-10"],
    "times of a variable": ["var1(t-1)", "var1(t-2)", "var1(t-3)", "var1(t-4)"],
    "two variables": ["a_lag_1", "b_lag_1", "a_lag_2", "b_lag_2"],
    "two variables one by one": ["a_lag_1", "a_lag_2", "b_lag_1", "b_lag_2"],
    "among others": ["lag_1", "lag_2", "month", "price"],
}
NO_LAGS = {
    "flags": ["flag_1", "flag_2", "flag_3", "flag_4"],
    "numbers": ["1", "2", "3", "4"],
    "parts": ["part-1", "part-2", "part-3", "part-4"],
    "one lag of several": ["a_lag1", "b_lag1", "c_lag1", "d_lag1"],
    "neither order": ["lag_2", "lag_1", "lag_3", "lag_4"],
}


def fit(names, **params):
    return make(**params).fit(pd.DataFrame(X, columns=names), Y)


@pytest.mark.parametrize("names", NEWEST_FIRST.values(), ids=NEWEST_FIRST)
@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_the_newest_lag_first(names, layout):
    remedy = rf'lags by their names, the newest first, but layout="{layout}" .*="newest_first"'
    with pytest.warns(UserWarning, match=remedy) as caught:
        fit(names, layout=layout)
    assert len(caught) == 1
    with warnings.catch_warnings(action="error"):
        fit(names, layout="newest_first")


@pytest.mark.parametrize("names", [NEWEST_FIRST["skforecast"], NEWEST_FIRST["mlforecast"]])
def test_the_oldest_lag_first(names):
    with warnings.catch_warnings(action="error"):
        fit(names[::-1])
    with pytest.warns(UserWarning, match=r'the oldest first.*Set layout="channels_last"'):
        fit(names[::-1], layout="newest_first")


@pytest.mark.parametrize("names", NO_LAGS.values(), ids=NO_LAGS)
@pytest.mark.parametrize("layout", ["channels_last", "newest_first"])
def test_names_that_say_nothing(names, layout):
    with warnings.catch_warnings(action="error"):
        fit(names, layout=layout)


def test_names_of_the_transformer():
    windows = SlidingWindowTransformer(4, flatten=True).set_output(transform="pandas")
    lags = windows.fit_transform(pd.DataFrame({"sales": np.arange(20.0)}))
    with warnings.catch_warnings(action="error"):
        make().fit(lags, Y)


def test_of_classifiers():
    lags = pd.DataFrame(X, columns=NEWEST_FIRST["skforecast"])
    with pytest.warns(UserWarning, match="newest first"):
        LSTMClassifier(2, epochs=1).fit(lags, X[:, 0] > 0)


def test_the_same_predictions_as_of_columns_turned_round():
    lags = pd.DataFrame(X, columns=NEWEST_FIRST["skforecast"])
    turned = lags[lags.columns[::-1]]
    newest = make(layout="newest_first").fit(lags, Y)
    assert_array_equal(newest.predict(lags), make().fit(turned, Y).predict(turned))
