"""What `scripts/fuzz` calls: parameters, data and horizons as Python expressions.

An expression can be shown, run again, and measured: the shortest is the smallest example.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import strategies as st
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


NAMES = {
    **{name: getattr(skrnn, name) for name in skrnn.__all__},
    **{"np": np, "pd": pd, "nan": np.nan, "inf": np.inf, "ForecastingHorizon": ForecastingHorizon},
    **{"data": data, "put": put, "series": series},
}

STRANGE = [
    *("None", "-1", "0", "1", "2", "0.5", "1.5", "nan", "inf", "True", "1e300", "10**30", "'text'"),
    *("b'text'", "[]", "{}", "[1, 'text']", "[nan]", "np.int64(1)", "np.float32(0.5)", "object()"),
    *("np.array([2, 3])", "int", "pd.NaT", "pd.Timedelta(0)", "(3, -1)", "lambda *given: None"),
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
    *(
        "np.full((8, 4), 'NaT', 'datetime64[ns]')",
        "np.array([['a'] * 4] * 8)",
        "np.array([[None] * 4] * 8)",
    ),
]
TARGETS = [
    *("data(8)", "data(8, 1)", "data(8, 2)", "data(8, 3, 2)", "data(7)", "data(0)", "data(8, 0)"),
    *("np.arange(8) % 2", "np.arange(8) % 3", "np.zeros(8)", "np.array(list('aabbccab'))"),
    *("np.array(['a', 1, None, 2.0] * 2, object)", "put(nan, data(8), 0)", "put(inf, data(8), 0)"),
    *("put(1e300, data(8), 0)", "None", "'text'", "1.0", "[]", "data(8).tolist()", "data(8) * 1j"),
    *("pd.Series(data(8))", "pd.DataFrame(data(8, 2))", "np.full(8, nan)", "data(8) > 0"),
    *("pd.Series(list('abababab'), dtype='category')", "np.eye(8, 2)", "np.eye(8, 2, dtype=int)"),
    *("np.full(8, 'NaT', 'datetime64[ns]')", "[[1], [2, 3]]", "data(8, 4)", "np.ones(8, 'uint8')"),
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
]
HORIZONS = [
    *("None", "1", "[1, 2]", "[0]", "[-1]", "[2, 1]", "[1, 1]", "[]", "[1.5]", "[nan]", "'text'"),
    *("True", "['a']", "range(1, 3)", "np.array([1])", "pd.Timedelta('1D')", "pd.Index([])"),
    *("pd.period_range('2001-01', periods=2, freq='M')", "pd.date_range('2000-01-13', periods=2)"),
    *("pd.period_range('1990', periods=2, freq='Y')", "pd.DatetimeIndex(['NaT'])", "object()"),
    *("ForecastingHorizon([12, 13], is_relative=False)", "ForecastingHorizon([1])", "[10**30]"),
    *("ForecastingHorizon([14, 15], is_relative=False)", "ForecastingHorizon([-1, 2])"),
]


@dataclass(frozen=True)
class Target:
    """Something to call.

    Attributes
    ----------
    name : str
        Its public name.
    given : dict of str to str
        Parameters that keep it small, as expressions.
    fit : dict of str to list of str
        Arguments of `fit`, of a function all that are data, and the expressions to draw from.
    then : dict of str to list of str
        Arguments of `method`.
    method : str or None
        What is called after `fit`; None where there is only a function.
    """

    name: str
    given: dict[str, str]
    fit: dict[str, list[str]]
    then: dict[str, list[str]]
    method: str | None = "predict"

    @property
    def called(self) -> Callable[..., Any]:
        """What it is."""
        called: Callable[..., Any] = getattr(skrnn, self.name)
        return called


_SMALL = {"units": "2", "epochs": "1", "batch_size": "8", "random_state": "0"}
_ROWS = {"X": ROWS}
TARGETS_OF_CALLS = [
    Target("LSTMRegressor", _SMALL, {"X": ROWS, "y": TARGETS}, _ROWS),
    Target("LSTMClassifier", _SMALL, {"X": ROWS, "y": TARGETS}, _ROWS),
    Target("Seq2SeqRegressor", _SMALL, {"X": ROWS, "y": TARGETS}, _ROWS),
    Target(
        "Seq2SeqForecaster",
        {**_SMALL, "window": "3", "baselines": "()", "cell": "'simple'", "quantiles": "(0.1, 0.9)"},
        {"y": SERIES, "fh": HORIZONS, "X": ["None"] * 40 + SERIES},
        {"fh": HORIZONS, "X": ["None"] * 40 + SERIES},
    ),
    Target(
        "SlidingWindowTransformer",
        {"window": "3"},
        _ROWS | {"X": SERIES + ROWS},
        {"X": SERIES + ROWS},
        "transform",
    ),
    Target("make_windows", {"window": "3"}, {"series": SERIES}, {}, None),
    Target("make_targets", {"horizon": "1"}, {"series": SERIES}, {}, None),
    Target("to_sequences", {}, {"data": SERIES + ROWS}, {}, None),
]


@dataclass(frozen=True, repr=False)
class Call:
    """A target with the expressions that it gets."""

    target: Target
    params: dict[str, str]
    fit: dict[str, str]
    then: dict[str, str]

    def __repr__(self) -> str:
        changed = {
            name: text
            for name, text in self.params.items()
            if name not in _SMALL or text != _SMALL[name]
        }
        if self.target.method is None:
            return f"{self.target.name}({_arguments({**self.fit, **changed})})"
        first = f"{self.target.name}({_arguments(changed)}).fit({_arguments(self.fit)})"
        return f"{first}.{self.target.method}({_arguments(self.then)})"


def _arguments(texts: dict[str, str]) -> str:
    return ", ".join(f"{name}={text}" for name, text in texts.items())


def value_of(texts: dict[str, str]) -> dict[str, Any]:
    """Return what expressions stand for."""
    return {name: eval(text, dict(NAMES)) for name, text in texts.items()}


@st.composite
def calls(draw: Any, names_of_parameters: Callable[[Target], list[str]]) -> Call:
    """Draw a call. The first expression of a list, which is an ordinary one, comes often."""

    def one(texts: list[str]) -> str:
        return texts[0] if draw(st.integers(0, 2)) == 0 else draw(st.sampled_from(texts))

    target = draw(st.sampled_from(TARGETS_OF_CALLS))
    fit = {name: one(texts) for name, texts in target.fit.items()}
    then = {name: one(texts) for name, texts in target.then.items()}
    number = draw(st.sampled_from([0, 1, 1, 2]))
    changed = st.dictionaries(
        st.sampled_from(names_of_parameters(target)),
        st.sampled_from(STRANGE),
        min_size=number,
        max_size=number,
    )
    return Call(target, {**target.given, **draw(changed)}, fit, then)
