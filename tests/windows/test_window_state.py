"""What a fitted transformer holds: the same in any format, and untouched by a refused fit."""

import copy
import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from _windows import MONTHS, column, quietly, steps
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline

from skrnn import SequenceScaler, SlidingWindowTransformer, make_windows
from skrnn.exceptions import PaddedWindowWarning

DAYS = pd.date_range("2020-03-24", periods=12, tz="Europe/Berlin")
PANEL = pd.concat({"a": column(MONTHS), "b": column(MONTHS, 100 + np.arange(12))})
DEEP = pd.concat({("x", 1): column(DAYS), ("y", 2): column(DAYS, 100 + np.arange(12))})
TIMES = pd.concat({DAYS[0]: column(MONTHS), DAYS[1]: column(MONTHS, 100 + np.arange(12))})
FRAMES = {
    "array": np.arange(12.0)[:, None],
    "periods": column(MONTHS),
    "dates of a zone": column(DAYS),
    "starts of months": column(pd.date_range("2020-01-01", periods=12, freq="MS")),
    "integers": column(range(0, 60, 5)),
    "panel": PANEL,
    "panel of three levels": DEEP,
    "panel with times as names": TIMES,
}


def through_skops(fitted):
    io = pytest.importorskip("skops.io")
    data = io.dumps(fitted)
    return io.loads(data, trusted=io.get_untrusted_types(data=data))


FORMATS = {
    "pickle": lambda fitted: pickle.loads(pickle.dumps(fitted)),
    "deepcopy": copy.deepcopy,
    "skops": through_skops,
}
each_format = pytest.mark.parametrize("again", FORMATS.values(), ids=FORMATS)


def split(frame):
    """The first eight rows of each series, and the rest."""
    if isinstance(frame, pd.DataFrame) and isinstance(frame.index, pd.MultiIndex):
        number = frame.groupby(level=list(range(frame.index.nlevels - 1))).cumcount()
        return frame[number < 8], frame[number >= 8]
    return frame[:8], frame[8:]


class TestFormats:
    @each_format
    @pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
    def test_the_rows_of_fit_are_there_again(self, again, frame):
        known, new = split(frame)
        fitted = SlidingWindowTransformer(3).fit(known)
        copied = again(fitted)
        assert_array_equal(copied.transform(known), fitted.transform(known))
        expected = quietly(fitted.transform, new)
        assert_array_equal(quietly(copied.transform, new), expected)
        if isinstance(frame, pd.DataFrame):
            assert not np.isnan(expected).any()

    @each_format
    @pytest.mark.parametrize(
        "params",
        [
            {"gap_tolerance": pd.Timedelta(days=2)},
            {"freq": pd.offsets.BDay(), "gap_tolerance": 1},
            {"freq": pd.DateOffset(days=1)},
            {"flatten": True},
        ],
        ids=str,
    )
    def test_parameters(self, again, params):
        X = column(pd.date_range("2024-01-01", periods=5))
        fitted = SlidingWindowTransformer(2, **params).fit(X[:4])
        copied = again(fitted)
        assert copied.get_params() == fitted.get_params()
        assert_array_equal(copied.transform(X[4:]), fitted.transform(X[4:]))

    def test_an_offset_without_a_plain_form_is_pickled_all_the_same(self):
        offset = pd.offsets.CustomBusinessDay(holidays=["2024-01-03"])
        X = column(pd.DatetimeIndex(["2024-01-01", "2024-01-02", "2024-01-04"]))
        fitted = pickle.loads(pickle.dumps(SlidingWindowTransformer(2, freq=offset).fit(X[:2])))
        assert steps(fitted.transform(X[2:])) == [[1, 2]]

    def test_in_a_pipeline(self):
        pipeline = make_pipeline(SlidingWindowTransformer(3), SequenceScaler()).fit(PANEL)
        assert_array_equal(through_skops(pipeline).transform(PANEL), pipeline.transform(PANEL))


def with_rows_out_of_order():
    return SlidingWindowTransformer(3), pd.DataFrame({"v": 1.0, "w": 2.0}, MONTHS).iloc[::-1]


def with_a_hole_and_warnings_as_errors():
    return SlidingWindowTransformer(3), column(MONTHS).assign(w=0.0).drop(MONTHS[6])


def with_irregular_dates():
    index = pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-09", "2020-02-20 13:07"])
    return SlidingWindowTransformer(3), column(index).assign(w=0.0)


def with_a_bad_parameter():
    return SlidingWindowTransformer(0), column(MONTHS).assign(w=0.0)


REFUSED = [
    with_rows_out_of_order,
    with_a_hole_and_warnings_as_errors,
    with_irregular_dates,
    with_a_bad_parameter,
]


class TestRefusedFits:
    @pytest.mark.parametrize("make", REFUSED)
    def test_the_earlier_fit_stays(self, make):
        refused, bad = make()
        windows = SlidingWindowTransformer(3).fit(column(MONTHS[:8]))
        before = {**vars(windows), **refused.get_params()}
        windows.set_params(**refused.get_params())
        with pytest.raises((ValueError, PaddedWindowWarning)):
            windows.fit(bad)
        assert all(value is before[name] for name, value in vars(windows).items())
        windows.set_params(window=3)
        assert steps(windows.transform(column(MONTHS)[8:9])) == [[6, 7, 8]]

    @pytest.mark.parametrize("make", REFUSED)
    def test_nothing_is_half_fitted(self, make):
        windows, bad = make()
        before = dict(vars(windows))
        with pytest.raises((ValueError, PaddedWindowWarning)):
            windows.fit(bad)
        assert vars(windows) == before

    @pytest.mark.parametrize(
        "params",
        [
            *({"window": value} for value in ([np.nan], iter([2]), 0, "text", np.array([2, 3]))),
            *({"sampling_rate": value} for value in (0.5, int, None)),
            *({"padding": value} for value in (int, 10**400, np.array([1.0]), [])),
            *({"flatten": np.array([1, 0])}, {"group": [1]}),
        ],
        ids=lambda params: "-".join(
            (*params, *(type(value).__name__ for value in params.values()))
        ),
    )
    def test_parameters_that_are_set_after_fit(self, params):
        windows = SlidingWindowTransformer(3).fit(column(MONTHS[:8])).set_params(**params)
        name, _ = *params, None
        message = f"The '{name}' parameter of SlidingWindowTransformer must be"
        with pytest.raises(ValueError, match=message):
            windows.transform(column(MONTHS)[8:9])

    @pytest.mark.parametrize(
        ("read", "name"),
        [(SlidingWindowTransformer(3).fit, "X"), (partial(make_windows, window=3), "series")],
        ids=["transformer", "function"],
    )
    def test_numbers_are_not_texts(self, read, name):
        with pytest.raises(ValueError, match=rf"{name} holds texts.*astype\(float\)"):
            read(np.arange(16.0).reshape(8, 2).astype(str))

    def test_names_of_windows_whose_length_is_none(self):
        windows = SlidingWindowTransformer(3, flatten=True).fit(column(MONTHS))
        with pytest.raises(ValueError, match="The 'window' parameter"):
            windows.set_params(window="text").get_feature_names_out()

    def test_of_the_scaler(self):
        X = np.random.default_rng(0).normal(size=(5, 4, 2))
        scaler = SequenceScaler().fit(X)
        bad = np.ones((5, 4, 3))
        bad[2, 1, 1] = np.nan
        expected = scaler.transform(X)
        with pytest.raises(ValueError, match="row 2, step 1"):
            scaler.fit(bad)
        assert_array_equal(scaler.transform(X), expected)
