"""Values for `scripts/fuzz`, as Python expressions, and the names that these use.

An expression can be shown, run again, and measured: the shortest is the smallest example. The first
of a list is an ordinary one, and comes often.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse
from sklearn.base import BaseEstimator
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sktime.forecasting.base import ForecastingHorizon

import skrnn


def data(*shape: int) -> np.ndarray:
    """Return numbers of a shape, the same each time."""
    return np.random.default_rng(0).normal(size=shape)


def put(value: Any, array: np.ndarray, *where: Any) -> np.ndarray:
    """Return an array with a value somewhere."""
    array = array.copy()
    array[where] = value
    return array


def series(index: Any, *columns: int) -> Any:
    """Return numbers at an index: a series, or a frame of some columns."""
    values = data(len(index), *columns)
    if not columns:
        return pd.Series(values, index)
    return pd.DataFrame(values, index, [f"c{number}" for number in range(*columns)])


class Shaped:
    """Something that has a shape, and nothing else of an array."""

    shape = (8, 4)
    ndim = 2


class Tensor(Shaped):
    """Something that becomes an array where one asks for it."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return data(8, 4).astype(dtype or float)


@cache
def fitted(name: str = "LSTMRegressor", **params: Any) -> BaseEstimator:
    """Return a small estimator that was fitted before."""
    small = {"units": 2, "epochs": 1, "random_state": 0, **params}
    y = data(8, 4) if params.get("return_sequences") else np.arange(8) % 2
    return getattr(skrnn, name)(**small).fit(data(8, 4), y)


@cache
def forecaster() -> Any:
    """Return a small forecaster that was fitted before."""
    small = {"window": 3, "baselines": (), "cell": "simple", "quantiles": (0.1, 0.9)}
    small |= {"units": 2, "epochs": 1, "random_state": 0}
    return skrnn.Seq2SeqForecaster(**small).fit(series(range(30)), fh=[1, 2])


@cache
def tested() -> Any:
    """Return a back-test."""
    return skrnn.backtest(forecaster(), series(range(30)), fh=[1], refit=False)


@cache
def searched() -> GridSearchCV:
    """Return a search that was fitted before."""
    return GridSearchCV(Ridge(), {"alpha": [1, 2], "tol": [1, 2]}, cv=2).fit(data(8, 4), data(8))


def score_steps(
    score_func: Any, response_method: Any, estimator: Any, X: Any, y: Any, sample_weight: Any
) -> float:
    """Make a scorer and call it."""
    scorer = skrnn.make_sequence_scorer(score_func, response_method=response_method)
    return scorer(estimator, X, y, sample_weight)


NAMES = {
    **{name: getattr(skrnn, name) for name in skrnn.__all__},
    **{"np": np, "pd": pd, "pl": pl, "sparse": sparse, "nan": np.nan, "inf": np.inf},
    **{"ForecastingHorizon": ForecastingHorizon, "Ridge": Ridge, "r2_score": r2_score},
    **{"KNeighborsRegressor": KNeighborsRegressor, "Shaped": Shaped, "Tensor": Tensor},
    **{"forecaster": forecaster, "tested": tested, "searched": searched},
    **{"data": data, "put": put, "series": series, "fitted": fitted, "score_steps": score_steps},
}

STRANGE = [
    *("None", "-1", "0", "1", "2", "0.5", "1.5", "nan", "inf", "True", "1e300", "10**30", "'text'"),
    *("b'text'", "[]", "{}", "[1, 'text']", "[nan]", "np.int64(1)", "np.float32(0.5)", "object()"),
    *("np.array([2, 3])", "int", "pd.NaT", "pd.Timedelta(0)", "(3, -1)", "lambda *given: None"),
    *("10**400", "[10**30]", "np.uint8(2)", "{1, 2}", "range(2)", "iter([2])", "{'text': 1}"),
    *("pd.Series([2, 3])", "1j", "''", "pd.Timestamp(0)", "-(10**30)", "Ridge()", "Ridge", "[[2]]"),
    *("np.array(2)", "np.array('text')", "(None,)", "[True]", "{1: nan}", "np.datetime64('NaT')"),
]
# Of rows that any number of columns and kinds may come in.
_ROWS_OF_ANY_KIND = [
    *("sparse.csr_array(data(8, 4))", "pl.DataFrame(data(8, 4))", "Shaped()", "Tensor()", "object"),
    *("data(8, 4).astype('float16')", "data(8, 4).astype('longdouble')", "np.zeros((8, 4), 'S3')"),
    *("pd.DataFrame(data(8, 4)).astype('Float64')", "pd.DataFrame(data(8, 4)).astype(object)"),
    *("pd.DataFrame(put(nan, data(8, 4), 0)).astype('Float64')", "np.zeros(8, [('a', 'f8')])"),
    *(
        "pd.DataFrame(data(8, 4), columns=pd.MultiIndex.from_product([[0, 1], ['a', 'b']]))",
        "{1, 2}",
    ),
    *("pd.DataFrame({'a': ['x', 1.0] * 4})", "pd.DataFrame({'a': [None, 1.0] * 4})", "iter([1])"),
    *("pd.DataFrame(data(8, 2), columns=['a', 1])", "pd.DataFrame(data(8, 4)).T", "b'text'"),
    *("pd.DataFrame({'a': pd.date_range('2000', periods=8, tz='UTC')})", "range(8)", "pd.NaT"),
    *("pd.DataFrame({'a': pd.timedelta_range('1D', periods=8)})", "[None] * 8", "[[]] * 8", "[{}]"),
    *(
        "pd.DataFrame({'a': pd.Series(list('abababab'), dtype='category')})",
        "[[[1.0]]]",
        "[[10**30]]",
    ),
    *("pd.DataFrame({'a': pd.arrays.SparseArray(data(8))})", "pd.DataFrame({'a': [[1, 2]] * 8})"),
    *(
        "np.full((8, 4), 10**400, object)",
        "np.ma.array(data(8, 4), mask=np.eye(8, 4))",
        "np.matrix(1)",
    ),
    *("np.array([[1j] * 4] * 8, object)", "[[1, 2, [3]]] * 8", "np.recarray((8, 4), 'f8')", "nan"),
    *(
        "pl.DataFrame({'a': list('abcdefgh')})",
        "pl.DataFrame()",
        "pl.Series(data(8))",
        "pl.LazyFrame()",
    ),
    *("pd.DataFrame(data(0, 4))", "pd.DataFrame(index=range(8))", "pd.DataFrame(data(8, 4)) > 0"),
    *("np.full((8, 4), np.timedelta64(1, 'D'))", "[data(3), data(5)]", "[data(3, 2), data(5, 1)]"),
]
ROWS = [
    *("data(8, 4)", "data(8, 4, 1)", "data(8, 4, 2)", "data(8)", "data(8, 4, 1, 1)", "data(8, 5)"),
    *("data(0, 4)", "data(8, 0)", "data(8, 0, 1)", "data(8, 4, 0)", "data(1, 4)", "data(2, 4)"),
    *("put(nan, data(8, 4), 0)", "put(nan, data(8, 4), 0, 1)", "put(nan, data(8, 4))"),
    *("put(inf, data(8, 4), 0, 1)", "put(1e300, data(8, 4), 0, 1)", "put(1e-300, data(8, 4))"),
    *("put(nan, data(8, 4, 2), 0, 1)", "put(nan, data(8, 4, 2), 0, 1, 1)", "np.ones((8, 4))"),
    *("data(8, 4).astype('float32')", "np.ones((8, 4), 'int8')", "data(8, 4).astype(object)"),
    *("data(8, 4).astype(str)", "data(8, 4) > 0", "data(8, 4) * 1j", "pd.DataFrame(data(8, 4))"),
    *("data(8, 4).tolist()", "[[1.0, 2.0], [3.0]]", "[]", "None", "'text'", "1.0", "{'a': [1]}"),
    *("pd.DataFrame(data(8, 4), columns=list('abcd'))", "pd.DataFrame({'a': list('abcdefgh')})"),
    *("pd.DataFrame(data(8, 4), columns=list('aabc'))", "np.ma.array(data(8, 4), mask=True)"),
    *("np.full((8, 4), 'NaT', 'datetime64[ns]')", "np.array([['a'] * 4] * 8)"),
    *("np.array([[None] * 4] * 8)", "data(8, 4, 2) * 1j", "data(8, 4, 2).astype(str)"),
    *_ROWS_OF_ANY_KIND,
]
FRAMES = [
    *("data(8, 4, 3, 3, 1)", "data(8, 4, 3, 3)", "data(8, 4, 3, 3, 0)", "data(8, 0, 3, 3, 1)"),
    *("put(nan, data(8, 4, 3, 3, 1), 0)", "put(nan, data(8, 4, 3, 3, 1), 0, 1)", "data(8, 4)"),
    *(
        "put(inf, data(8, 4, 3, 3, 1), 0)",
        "data(8, 4, 3, 3, 1).tolist()",
        "data(8, 4, 3, 3, 1) * 1j",
    ),
    *("put(nan, data(8, 4, 3, 3, 1), 0, 1, 1, 1)", "data(1, 4, 3, 3, 1)", "data(0, 4, 3, 3, 1)"),
    *("data(8, 4, 3, 3, 1, 1)", "data(8, 4, 3, 3, 1).astype(str)", "None", "[]", "1.0", "Tensor()"),
]
TARGETS = [
    *("data(8)", "data(8, 1)", "data(8, 2)", "data(8, 3, 2)", "data(7)", "data(0)", "data(8, 0)"),
    *("np.arange(8) % 2", "np.arange(8) % 3", "np.zeros(8)", "np.array(list('aabbccab'))"),
    *("np.array(['a', 1, None, 2.0] * 2, object)", "put(nan, data(8), 0)", "put(inf, data(8), 0)"),
    *("put(1e300, data(8), 0)", "None", "'text'", "1.0", "[]", "data(8).tolist()", "data(8) * 1j"),
    *("pd.Series(data(8))", "pd.DataFrame(data(8, 2))", "np.full(8, nan)", "data(8) > 0"),
    *("pd.Series(list('abababab'), dtype='category')", "np.eye(8, 2)", "np.eye(8, 2, dtype=int)"),
    *("np.full(8, 'NaT', 'datetime64[ns]')", "[[1], [2, 3]]", "data(8, 4)", "np.ones(8, 'uint8')"),
    *("pd.Series(pd.date_range('2000', periods=8))", "pd.Series(pd.timedelta_range(0, periods=8))"),
    *(
        "pd.Series([1, 2, None, 4] * 2, dtype='Int64')",
        "pd.Series([1, 2, 3, 4] * 2, dtype='Int64')",
    ),
    *(
        "pd.Series([True, False] * 4, dtype='boolean')",
        "pd.Series(list('abababab'), dtype='string')",
    ),
    *("sparse.csr_array(data(8, 1))", "np.ma.array(data(8), mask=[1] + [0] * 7)", "{1, 2}", "{}"),
    *("np.array([b'a', b'b'] * 4)", "np.array([b'a', 'b'] * 4, object)", "iter([1])", "range(8)"),
    *("[10**30] * 8", "[10**400] * 8", "[(1, 2)] * 8", "[{}] * 8", "[None] * 8", "[1j] * 8", "nan"),
    *(
        "np.array([1, 'a'] * 4, object)",
        "[1.5, True] * 4",
        "pl.Series(data(8))",
        "b'text'",
        "object",
    ),
    *("pd.DataFrame(data(8, 2), columns=['a', 'a'])", "pd.DataFrame(index=range(8))", "Shaped()"),
    *("pd.DataFrame({'a': [1, 2] * 4, 'b': list('abababab')})", "np.array(1.0)", "pl.DataFrame()"),
    *(
        "data(8, 4, 1)",
        "data(8, 4) > 0",
        "np.zeros((8, 4), int)",
        "np.zeros((8, 4), '<U1')",
        "[[]] * 8",
    ),
    *("pd.Series(pd.arrays.SparseArray([0, 1] * 4))", "pd.Series(pd.interval_range(0, 8))"),
    *("pd.Series(pd.period_range('2000', periods=8, freq='M'))", "np.zeros((8, 1, 1))", "Tensor()"),
]
WEIGHTS = [
    *(
        "None",
        "None",
        "None",
        "np.ones(8)",
        "np.zeros(8)",
        "-np.ones(8)",
        "np.ones(7)",
        "1.0",
        "[]",
    ),
    *("put(nan, np.ones(8), 0)", "put(inf, np.ones(8), 0)", "np.ones((8, 1))", "'text'", "True"),
    *("['a'] * 8", "np.ones(8) * 1j", "[None] * 8", "[10**400] * 8", "{}", "object()", "[[1]] * 8"),
    *("pd.Series(np.ones(8))", "np.full(8, 1e308)", "np.full(8, 5e-324)", "np.ones(8, 'M8[ns]')"),
]
INDICES = [
    *("range(12)", "range(1, 25, 2)", "range(0)", "range(1)", "range(2)", "range(12, 0, -1)"),
    *("pd.Index([0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13])", "pd.Index([3, 1, 2, 0] * 3)"),
    *("pd.Index([nan, 1.0, 2.0] * 4)", "pd.Index(list('abcdefghijkl'))", "np.arange(12) / 2"),
    *("pd.period_range('2000', periods=12, freq='M')", "pd.Index([2**62 + i for i in range(12)])"),
    *("pd.date_range('2000', periods=12)", "pd.date_range('2000', periods=12)[::-1]"),
    *("pd.date_range('2000', periods=13).delete(5)", "pd.date_range('2000', periods=6).repeat(2)"),
    *("pd.date_range('2000-03-25', periods=12, freq='h', tz='Europe/Berlin')",),
    *("pd.date_range('2000', periods=12, freq='ME')", "pd.timedelta_range(0, periods=12)"),
    *("pd.DatetimeIndex(['2000-01-01', 'NaT'] * 6)", "pd.interval_range(0, 12)"),
    *("pd.MultiIndex.from_product([['a', 'b'], range(12)])",),
    *("pd.MultiIndex.from_product([['a', 'b'], pd.period_range('2000', periods=9, freq='M')])",),
    *("pd.MultiIndex.from_product([['a'], ['b', 'c'], range(9)])",),
    *("pd.MultiIndex.from_arrays([list('abababab'), range(8)])",),
    *("pd.MultiIndex.from_arrays([['a', None] * 4, range(8)])",),
    *(
        "pd.MultiIndex.from_arrays([range(12)])",
        "pd.Index([True, False] * 6)",
        "pd.Index([1j] * 12)",
    ),
    *(
        "pd.MultiIndex.from_arrays([['a', 1] * 4, range(8)])",
        "pd.Index([2**63 + i for i in range(12)])",
    ),
    *("pd.MultiIndex.from_product([['a', 'b'], ['x', 'y', 'z']])", "pd.RangeIndex(-12, 0)"),
    *("pd.PeriodIndex(['2000-01', 'NaT'] * 6, freq='M')", "pd.CategoricalIndex(range(12))"),
    *("pd.Index(range(12), dtype='Int64')", "pd.Index([None, *range(11)], dtype='Int64')"),
    *("pd.date_range('2000', periods=12, freq='B')", "pd.date_range('2000', periods=12, unit='s')"),
    *("pd.Index([-(2**62), 2**62])", "pd.DatetimeIndex(['1700-01-01', '2200-01-01'])"),
    *("pd.Index(pd.date_range('2000', periods=12).date)", "pd.Index(range(12), dtype='uint8')"),
    *("pd.MultiIndex.from_product([['a', 'b'], pd.date_range('2000', periods=9)])",),
]
SERIES = [
    *(f"series({index})" for index in INDICES),
    *(f"series({index}, 2)" for index in INDICES),
    *("data(12)", "data(12, 2)", "data(3, 2, 4)", "data(0)", "data(12).tolist()", "None", "'text'"),
    *("put(nan, data(12), 3)", "put(nan, data(12))", "put(inf, data(12), 3)", "data(12) * 1j"),
    *("pd.Series(put(nan, data(12), 3))", "pd.Series(put(nan, data(12)))", "pd.Series(['a'] * 12)"),
    *("pd.Series(put(inf, data(12), 3))", "pd.Series(put(1e300, data(12), 3))", "1.0", "{}", "[]"),
    *("pd.Series(np.zeros(12))", "pd.Series([True] * 12)", "pd.Series(data(12)).astype('Float64')"),
    *("pd.Series([None] * 12)", "pd.DataFrame(index=range(12))", "pd.DataFrame()", "[[1], [2, 3]]"),
    *("pd.DataFrame({'a': data(12), 'b': ['x'] * 12})", "pd.Series(range(12), dtype='category')"),
    *("pd.DataFrame(data(12, 2), columns=['a', 'a'])", "[data(3, 2), data(4, 2)]", "[data(3), 1]"),
    *("[data(3, 2), data(4, 1)]", "[[1.0], ['a']]", "[None]", "[data(2, 2, 2)]", "data(3, 2, 0)"),
    *(
        "pd.Series(pd.date_range('2000', periods=12))",
        "pd.Series(pd.timedelta_range(0, periods=12))",
    ),
    *("pd.Series([1, None] * 6, dtype='Int64')", "pd.DataFrame({'a': [[1, 2]] * 12})", "object()"),
    *("pd.Series([1, 'a'] * 6)", "pd.Series([1j] * 12)", "pd.Series([b'a'] * 12)", "data(12) > 0"),
    *(
        "pd.DataFrame(data(12, 4), columns=pd.MultiIndex.from_product([[0, 1], ['a', 'b']]))",
        "range(12)",
    ),
    *("pd.DataFrame({'a': [pd.Series(data(3))] * 4})", "pd.DataFrame({'a': [data(3), 1.0]})"),
    *("pl.DataFrame({'a': data(12)})", "pl.Series(data(12))", "pl.DataFrame()", "pl.Series(['a'])"),
    *(
        "pl.DataFrame({'a': data(12), 'b': ['x'] * 12})",
        "sparse.csr_array(data(12, 2))",
        "Shaped()",
    ),
    *("np.ma.array(data(12), mask=True)", "np.ma.array(data(12), mask=[1] + [0] * 11)", "{1, 2}"),
    *("pd.DataFrame(data(12, 2), columns=['a', 1])", "iter([1])", "[{}]", "b'text'", "Tensor()"),
    *("pd.DataFrame({'a': list('ab') * 6, 'b': data(12)})", "pd.Series(data(12), name=('a', 1))"),
    *("pd.Series(pd.arrays.SparseArray(data(12)))", "pd.Series(data(12)).rolling(2)", "int"),
    *("pd.Series(data(12)).groupby([0, 1] * 6)", "pd.DataFrame(data(12, 0))", "[pd.Series([1.0])]"),
    *("[pd.DataFrame(data(3, 2)), pd.DataFrame(data(4, 2))]", "[pd.DataFrame()]", "[[[]]]", "[[]]"),
    *(
        "pd.Series([10**400] * 12, dtype=object)",
        "pd.Series([10**30] * 12)",
        "np.zeros(12, 'S3')",
        "nan",
    ),
    *(
        "pd.Series([2.0] * 11 + [1e-300])",
        "pd.Series(np.full(12, 1e308))",
        "pd.Series([-1e308, 1e308] * 6)",
    ),
]
HORIZONS = [
    *("None", "1", "[1, 2]", "[0]", "[-1]", "[2, 1]", "[1, 1]", "[]", "[1.5]", "[nan]", "'text'"),
    *("True", "['a']", "range(1, 3)", "np.array([1])", "pd.Timedelta('1D')", "pd.Index([])"),
    *("pd.period_range('2001-01', periods=2, freq='M')", "pd.date_range('2000-01-13', periods=2)"),
    *("pd.period_range('1990', periods=2, freq='Y')", "pd.DatetimeIndex(['NaT'])", "object()"),
    *("ForecastingHorizon([12, 13], is_relative=False)", "ForecastingHorizon([1])", "[10**30]"),
    *("ForecastingHorizon([14, 15], is_relative=False)", "ForecastingHorizon([-1, 2])", "[None]"),
    *("10**30", "-(10**30)", "[10**12]", "10**12", "2**62", "[2**63]", "{1}", "{}", "nan", "inf"),
    *("1.0", "[1.0]", "1j", "[[1]]", "[[1], [2, 3]]", "iter([1])", "lambda: 1", "int", "Shaped()"),
    *("pd.Timestamp('2000-01-13')", "pd.Period('2001-01', 'M')", "np.uint8(1)", "np.array([[1]])"),
    *("pd.timedelta_range('1D', periods=2)", "pd.to_timedelta(['36h'])", "pd.NaT", "[pd.NaT]"),
    *("pd.date_range('2000-01-13', periods=2, tz='UTC')", "pd.offsets.MonthEnd()", "b'text'"),
    *("pd.Series([1, 2])", "pd.DataFrame({'a': [1]})", "np.array(1)", "np.array([], int)", "0"),
    *("ForecastingHorizon([10**12])", "ForecastingHorizon([-(10**12)])", "'1D'", "[True, False]"),
    *(
        "pd.DatetimeIndex(['2200-01-01'])",
        "pd.Index([13])",
        "pd.MultiIndex.from_arrays([[1], [2]])",
    ),
]
LEVELS = [
    *(
        "0.5",
        "[0.1, 0.9]",
        "0.9",
        "[]",
        "None",
        "0",
        "1",
        "1.5",
        "-1",
        "nan",
        "inf",
        "'text'",
        "{}",
    ),
    *(
        "[nan]",
        "['a']",
        "[[0.5]]",
        "[0.5, 0.5]",
        "np.array([0.5])",
        "object()",
        "True",
        "1j",
        "{0.5}",
    ),
    *("(0.05, 0.95)", "range(1)", "np.float32(0.5)", "pd.Series([0.5])", "[None]", "10**30"),
]
PATHS = [
    *("'a.skrnn'", "''", "None", "'.'", "'no/folder/a'", "5", "b'a.skrnn'", "'a\\0b'", "'a' * 300"),
    *("object()", "[]", "'text.txt'", "'/dev/null/a'", "nan", "True", "{}", "pd", "'empty'"),
]
MODELS = [
    *("fitted()", "fitted('LSTMClassifier')", "LSTMRegressor()", "None", "'text'", "Ridge()"),
    *("LSTMRegressor", "fitted(quantiles=(0.1, 0.9))", "fitted(n_variables=2)", "object()"),
    *("fitted('Seq2SeqRegressor')", "KNeighborsRegressor(2)", "1", "[]", "{}", "lambda X: X"),
    *("SlidingWindowTransformer()", "fitted(attention=True)", "Ridge().fit(data(8, 4), data(8))"),
]
