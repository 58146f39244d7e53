"""Windows: which rows are in them, what stands before the first one, and what the functions cut.

That no window sees the future is tested in test_leaks.py.
"""

import pickle
import warnings
from copy import deepcopy

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import SlidingWindowTransformer, make_targets, make_windows, to_sequences
from skrnn.exceptions import PaddedWindowWarning

NAN = np.nan
MONTHS = pd.period_range("2020-01", periods=12, freq="M")


def column(index, values=None):
    """Make a frame with the values 0.0, 1.0, ... unless told."""
    values = np.arange(len(index)) if values is None else values
    return pd.DataFrame({"v": np.asarray(values, dtype=float)}, index=index)


def steps(windows):
    """Return windows of one feature as a list of lists, whole numbers as such and NaN as None."""
    rows = np.asarray(windows).reshape(len(windows), -1).tolist()
    return [[None if np.isnan(value) else value for value in row] for row in rows]


def expected_windows(rows, window, stride=1, fill=NAN):
    """Make windows row by row, as one would by hand."""
    rows = np.asarray(rows, dtype=float)
    lags = [step * stride for step in reversed(range(window))]
    blank = np.full(rows.shape[1], fill)
    return np.array(
        [[rows[i - lag] if i >= lag else blank for lag in lags] for i in range(len(rows))]
    )


def quietly(function, *args):
    """Call a function that may warn of padded windows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PaddedWindowWarning)
        return function(*args)


# ---- Which rows are in a window ------------------------------------------------------------------


class TestValues:
    def test_a_window_ends_at_its_row(self):
        windows = SlidingWindowTransformer(3).fit_transform([[1.0], [2.0], [3.0], [4.0]])
        assert windows.shape == (4, 3, 1)
        assert steps(windows) == [[None, None, 1], [None, 1, 2], [1, 2, 3], [2, 3, 4]]

    @pytest.mark.parametrize(
        ("padding", "head"),
        [
            ("nan", [[None, None, 1], [None, 1, 2]]),
            (None, [[None, None, 1], [None, 1, 2]]),
            ("edge", [[1, 1, 1], [1, 1, 2]]),
            (-0.5, [[-0.5, -0.5, 1], [-0.5, 1, 2]]),
        ],
    )
    def test_padding(self, padding, head):
        windows = SlidingWindowTransformer(3, padding=padding)
        assert steps(windows.fit_transform([[1], [2], [3]])) == [*head, [1, 2, 3]]

    @pytest.mark.parametrize(
        ("padding", "first"), [(None, [1, 1]), ("edge", [1, 1]), ("nan", [None, 1]), (0, [0, 1])]
    )
    def test_padding_of_flattened_windows(self, padding, first):
        windows = SlidingWindowTransformer(2, padding=padding, flatten=True)
        assert steps(windows.fit_transform([[1.0], [2.0]])) == [first, [1, 2]]

    def test_stride_leaves_rows_out(self):
        windows = SlidingWindowTransformer(3, stride=2).fit_transform(np.arange(6.0)[:, None])
        assert steps(windows) == [
            *([None, None, 0], [None, None, 1], [None, 0, 2], [None, 1, 3]),
            *([0, 2, 4], [1, 3, 5]),
        ]

    def test_a_window_of_one_step_is_the_row(self):
        X = np.arange(6.0).reshape(3, 2)
        assert_array_equal(SlidingWindowTransformer(1).fit_transform(X), X[:, None])
        assert_array_equal(SlidingWindowTransformer(1, flatten=True).fit_transform(X), X)

    def test_a_window_longer_than_the_series(self):
        assert steps(SlidingWindowTransformer(4).fit_transform([[1.0], [2.0]])) == [
            [None, None, None, 1],
            [None, None, 1, 2],
        ]

    @pytest.mark.parametrize("stride", [1, 2, 5])
    @pytest.mark.parametrize("window", [1, 2, 4])
    def test_several_features(self, window, stride):
        X = np.random.default_rng(0).normal(size=(12, 3))
        windows = SlidingWindowTransformer(window, stride=stride).fit_transform(X)
        assert_array_equal(windows, expected_windows(X, window, stride))

    def test_missing_values_pass_through(self):
        X = [[1.0, 5.0], [NAN, 6.0], [3.0, NAN]]
        windows = SlidingWindowTransformer(2).fit_transform(X)
        assert_array_equal(windows, expected_windows(X, 2))

    @pytest.mark.parametrize(
        "X",
        [
            pd.Series([1.0, 2.0, 3.0], name="v"),
            pd.Series([1, 2, 3], index=MONTHS[:3]),
            pd.DataFrame({"v": pd.array([1, 2, 3], dtype="Int64")}),
            [[1], [2], [3]],
        ],
        ids=["series", "series of periods", "nullable integers", "list"],
    )
    def test_containers(self, X):
        windows = SlidingWindowTransformer(2).fit_transform(X)
        assert windows.dtype == np.float64
        assert steps(windows) == [[None, 1], [1, 2], [2, 3]]


class TestMemory:
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    def test_floats_keep_their_precision(self, dtype):
        X = np.arange(8, dtype=dtype).reshape(4, 2)
        for windows in (SlidingWindowTransformer(2), SlidingWindowTransformer(2, flatten=True)):
            assert windows.fit_transform(X).dtype == dtype

    @pytest.mark.parametrize("padding", ["nan", "edge", 0.5])
    @pytest.mark.parametrize("dtype", [np.int64, np.uint8, bool])
    def test_whole_numbers_become_floats(self, dtype, padding):
        X = np.array([[1], [0], [1]], dtype=dtype)
        windows = SlidingWindowTransformer(2, padding=padding).fit_transform(X)
        assert windows.dtype == np.float64
        assert_array_equal(windows[1:, :, 0], [[1, 0], [0, 1]])

    @pytest.mark.parametrize("dtype", [np.int64, np.float32])
    def test_context_is_not_rounded_to_the_type_of_new_rows(self, dtype):
        windows = SlidingWindowTransformer(2, padding=0).fit(column(range(3), [0.0, 0.0, 0.5]))
        new = column(range(3, 5), [7, 8]).astype(dtype)
        assert steps(windows.transform(new)) == [[0.5, 7], [7, 8]]

    def test_windows_are_a_read_only_view(self):
        X = np.arange(2000.0).reshape(1000, 2)
        windows = SlidingWindowTransformer(50).fit_transform(X)
        assert not windows.flags.writeable
        assert not windows.flags.owndata
        # Moving one row on, or one step on within a window, moves on by one row in memory.
        assert windows.strides == (16, 16, 8)
        assert np.shares_memory(windows[0], windows[49])
        assert not np.shares_memory(windows, X)

    def test_two_series_cannot_be_one_view(self):
        X = np.column_stack([np.repeat([1.0, 2.0], 3), np.arange(6.0)])
        windows = SlidingWindowTransformer(2, group=0).fit_transform(X)
        assert not np.shares_memory(windows[0], windows[1])

    def test_what_was_fitted_on_may_change_afterwards(self):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(3).fit(X[:6])
        X.iloc[:6] = -1.0
        assert steps(windows.transform(X[6:7])) == [[4, 5, 6]]

    def test_transform_changes_no_attribute(self):
        X = column(MONTHS).assign(g=list("ababababcbab"))
        windows = quietly(SlidingWindowTransformer(3, group="g").fit, X[:6])
        attributes, tails = dict(vars(windows)), deepcopy(windows._tails)
        quietly(windows.transform, X[6:])
        quietly(windows.transform, X)
        assert all(value is attributes[name] for name, value in vars(windows).items())
        assert list(windows._tails) == list(tails) == ["a", "b"]
        for label, tail in tails.items():
            assert_array_equal(windows._tails[label].rows, tail.rows)


class TestFlattened:
    def test_all_features_of_the_oldest_step_come_first(self):
        X = pd.DataFrame({"sales": [1.0, 2.0, 3.0], "price": [10.0, 20.0, 30.0]})
        windows = SlidingWindowTransformer(2, flatten=True).fit(X)
        assert steps(windows.transform(X)) == [[1, 10, 1, 10], [1, 10, 2, 20], [2, 20, 3, 30]]
        assert windows.get_feature_names_out().tolist() == [
            *("sales_lag1", "price_lag1", "sales_lag0", "price_lag0"),
        ]

    def test_the_same_values_as_windows_of_three_dimensions(self):
        X = np.random.default_rng(0).normal(size=(9, 2))
        deep = SlidingWindowTransformer(3, stride=2, padding="edge")
        flat = clone(deep).set_params(flatten=True)
        assert_array_equal(flat.fit_transform(X), deep.fit_transform(X).reshape(9, 6))

    def test_names_count_rows_back(self):
        windows = SlidingWindowTransformer(3, stride=24, flatten=True).fit(column(range(60)))
        assert windows.get_feature_names_out().tolist() == ["v_lag48", "v_lag24", "v_lag0"]

    def test_names_without_a_frame(self):
        windows = SlidingWindowTransformer(2, flatten=True).fit(np.zeros((4, 2)))
        assert windows.get_feature_names_out().tolist() == [
            *("x0_lag1", "x1_lag1", "x0_lag0", "x1_lag0"),
        ]
        assert windows.get_feature_names_out(["a", "b"]).tolist() == [
            *("a_lag1", "b_lag1", "a_lag0", "b_lag0"),
        ]

    @pytest.mark.parametrize(
        ("X", "group", "names"),
        [
            (pd.DataFrame({"g": list("aab"), "v": 1.0}), "g", ["v_lag1", "v_lag0"]),
            (pd.DataFrame({"v": 1.0, "g": list("aab")}), "g", ["v_lag1", "v_lag0"]),
            (pd.DataFrame({5: 1.0, 1: [7, 7, 8]}), 1, ["x0_lag1", "x0_lag0"]),
            (np.ones((3, 2)), 0, ["x1_lag1", "x1_lag0"]),
            (np.ones((3, 2)), -1, ["x0_lag1", "x0_lag0"]),
        ],
        ids=["first column", "last column", "column with a number", "array", "from the end"],
    )
    def test_names_leave_the_group_out(self, X, group, names):
        windows = SlidingWindowTransformer(2, group=group, flatten=True).fit(X)
        assert windows.get_feature_names_out().tolist() == names
        assert windows.n_features_in_ == 2

    def test_three_dimensions_have_no_names(self):
        assert not hasattr(SlidingWindowTransformer().fit(np.ones((3, 1))), "get_feature_names_out")

    @pytest.mark.parametrize("container", ["pandas", "polars"])
    def test_containers(self, container):
        library = pytest.importorskip(container)
        X = column(MONTHS[:4])
        windows = SlidingWindowTransformer(2, flatten=True).set_output(transform=container).fit(X)
        flat = windows.transform(X)
        assert isinstance(flat, library.DataFrame)
        assert list(flat.columns) == ["v_lag1", "v_lag0"]
        assert flat.to_numpy().tolist() == [[0, 0], [0, 1], [1, 2], [2, 3]]
        if container == "pandas":
            assert flat.index.equals(X.index)

    def test_three_dimensions_ignore_the_container(self):
        X = column(MONTHS)
        expected = SlidingWindowTransformer(3).fit_transform(X)
        alone = SlidingWindowTransformer(3).set_output(transform="pandas")
        pipeline = make_pipeline(StandardScaler(with_mean=False, with_std=False), clone(alone))
        for windows in (alone, pipeline.set_output(transform="pandas"), clone(pipeline)):
            assert_array_equal(windows.fit_transform(X), expected)
        with sklearn.config_context(transform_output="pandas"):
            assert_array_equal(SlidingWindowTransformer(3).fit_transform(X), expected)

    def test_a_container_set_before_windows_are_no_longer_flattened(self):
        windows = SlidingWindowTransformer(2, flatten=True).set_output(transform="pandas")
        windows.set_params(flatten=False)
        assert isinstance(windows.fit_transform(column(MONTHS)), np.ndarray)


# ---- What stands before the first row: context ---------------------------------------------------

DATES = {
    "days": pd.date_range("2020-02-25", periods=12, freq="D"),
    "hours": pd.date_range("2020-01-01 20:00", periods=12, freq="h"),
    "quarters of an hour": pd.date_range("2020-01-01", periods=12, freq="15min"),
    "two days": pd.date_range("2020-01-01", periods=12, freq="2D"),
    "starts of months": pd.date_range("2020-01-01", periods=12, freq="MS"),
    "ends of months": pd.date_range("2020-01-31", periods=12, freq="ME"),
    "every other month": pd.date_range("2020-01-01", periods=12, freq="2MS"),
    "working days": pd.date_range("2020-01-01", periods=12, freq="B"),
    "weeks": pd.date_range("2020-01-05", periods=12, freq="W"),
    "weeks of a Wednesday": pd.date_range("2020-01-01", periods=12, freq="W-WED"),
    "quarters": pd.date_range("2020-01-01", periods=12, freq="QS"),
    "years": pd.date_range("2000-12-31", periods=12, freq="YE"),
    "hours of a zone": pd.date_range("2020-03-28 22:00", periods=12, freq="h", tz="Europe/Berlin"),
    "days of a zone": pd.date_range("2020-03-24", periods=12, freq="D", tz="Europe/Berlin"),
}
INDICES = {
    **DATES,
    **{f"{name}, inferred": pd.DatetimeIndex(list(index)) for name, index in DATES.items()},
    "periods: months": MONTHS,
    "periods: days": pd.period_range("2020-02-25", periods=12, freq="D"),
    "periods: two months": pd.period_range("2020-01", periods=12, freq="2M"),
    "periods: weeks": pd.period_range("2020-01-06", periods=12, freq="W"),
    "range": pd.RangeIndex(12),
    "range with a step": pd.RangeIndex(-6, 30, 3),
    "integers": pd.Index(np.arange(100, 160, 5)),
    "unsigned integers": pd.Index(np.arange(12, dtype=np.uint8)),
    "nullable integers": pd.Index(np.arange(12), dtype="Int64"),
}
assert all(len(index) == 12 for index in INDICES.values())


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
class TestContinuingIndex:
    """Rows 0 to 7 are fitted, windows have 3 steps."""

    @pytest.fixture
    def X(self, index):
        return column(index)

    @pytest.fixture
    def windows(self, X):
        return SlidingWindowTransformer(3).fit(X[:8])

    def test_the_rows_of_fit_stand_before_those_that_continue_them(self, X, windows):
        assert steps(windows.transform(X[8:])) == [[6, 7, 8], [7, 8, 9], [8, 9, 10], [9, 10, 11]]

    def test_one_row(self, X, windows):
        assert steps(windows.transform(X[8:9])) == [[6, 7, 8]]

    @pytest.mark.parametrize("first", [9, 10, 7, 5, 1])
    def test_rows_after_a_gap_overlapping_or_earlier_are_padded(self, X, windows, first):
        with pytest.warns(PaddedWindowWarning, match="2 of 2 windows reach back before"):
            head = windows.transform(X[first : first + 2])
        assert steps(head) == [[None, None, first], [None, first, first + 1]]

    def test_rows_before_all_that_was_fitted(self, X):
        windows = SlidingWindowTransformer(3).fit(X[4:])
        with pytest.warns(PaddedWindowWarning, match="2 of 4 windows"):
            head = windows.transform(X[:4])
        assert steps(head) == [[None, None, 0], [None, 0, 1], [0, 1, 2], [1, 2, 3]]

    def test_shuffled_rows_do_not_follow_one_another(self, X, windows):
        with pytest.warns(PaddedWindowWarning, match="4 of 4 windows"):
            shuffled = windows.transform(X.iloc[[10, 8, 11, 9]])
        # Row 8 follows those of fit, but it does not come first.
        assert steps(shuffled) == [[None, None, row] for row in (10, 8, 11, 9)]

    def test_the_rows_of_fit_again(self, X, windows):
        expected = expected_windows(X, 3)
        assert_array_equal(windows.transform(X[:8]), expected[:8])
        assert_array_equal(windows.transform(X), expected)

    def test_holes_cut_windows(self, X):
        with_hole = X.drop(X.index[[5, 6]])
        windows = SlidingWindowTransformer(3)
        with pytest.warns(PaddedWindowWarning, match="X has 1 holes"):
            windows.fit(with_hole[:9])
        assert steps(windows.transform(with_hole[:9])) == [
            *([None, None, 0], [None, 0, 1], [0, 1, 2], [1, 2, 3], [2, 3, 4]),
            *([None, None, 7], [None, 7, 8], [7, 8, 9], [8, 9, 10]),
        ]
        assert steps(windows.transform(with_hole[9:])) == [[9, 10, 11]]

    def test_context_does_not_reach_over_a_hole(self, X):
        windows = SlidingWindowTransformer(4)
        quietly(windows.fit, X.iloc[[0, 1, 2, 3, 4, 5, 8, 9]])
        with pytest.warns(PaddedWindowWarning, match="1 of 2 windows"):
            head = windows.transform(X[10:])
        assert steps(head) == [[None, 8, 9, 10], [8, 9, 10, 11]]

    def test_a_tolerance_bridges_holes_up_to_its_length(self, X):
        with_hole = X.drop(X.index[[5, 6]])
        bridging = SlidingWindowTransformer(3, gap_tolerance=2).fit(with_hole[:8])
        assert steps(bridging.transform(with_hole)[4:7]) == [[2, 3, 4], [3, 4, 7], [4, 7, 8]]
        # Rows 0 to 9 were fitted; row 10 is missing.
        assert steps(bridging.transform(X[11:])) == [[8, 9, 11]]
        with pytest.warns(PaddedWindowWarning, match="X has 1 holes"):
            SlidingWindowTransformer(3, gap_tolerance=1).fit(with_hole)

    @pytest.mark.parametrize("order", [[1, 0, 2, 3], [0, 1, 1, 2]], ids=["decreasing", "repeated"])
    def test_rows_to_fit_must_be_in_order(self, X, order):
        with pytest.raises(ValueError, match=r"decreases or repeats at .*Sort X by its index"):
            SlidingWindowTransformer(3).fit(X.iloc[order])


class TestContext:
    def test_a_fitted_series_shorter_than_the_windows(self):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(5).fit(X[:2])
        head = windows.transform(X[2:6])  # without a warning: there is nothing before
        assert steps(head) == [
            *([None, None, 0, 1, 2], [None, 0, 1, 2, 3], [0, 1, 2, 3, 4], [1, 2, 3, 4, 5]),
        ]

    def test_edges_before_a_short_context(self):
        X = column(MONTHS, np.arange(12) + 1.0)
        windows = SlidingWindowTransformer(5, padding="edge").fit(X[:2])
        assert steps(quietly(windows.transform, X[2:4])) == [[1, 1, 1, 2, 3], [1, 1, 2, 3, 4]]

    def test_edges_where_nothing_continues(self):
        windows = SlidingWindowTransformer(3, padding="edge").fit(column(MONTHS[:6]))
        head = quietly(windows.transform, column(MONTHS[9:], [9, 10, 11]))
        assert steps(head) == [[9, 9, 9], [9, 9, 10], [9, 10, 11]]

    def test_context_reaches_back_over_the_stride(self):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(3, stride=2).fit(X[:8])
        assert steps(windows.transform(X[8:])) == [[4, 6, 8], [5, 7, 9], [6, 8, 10], [7, 9, 11]]

    def test_flattened_windows_have_context_too(self):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(3, flatten=True).fit(X[:8])
        assert steps(windows.transform(X[8:9])) == [[6, 7, 8]]

    def test_another_fit_forgets_the_first(self):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(3).fit(X[:8]).fit(X[2:5])
        assert steps(windows.transform(X[5:6])) == [[3, 4, 5]]
        with pytest.warns(PaddedWindowWarning):
            assert steps(windows.transform(X[8:9])) == [[None, None, 8]]
        with pytest.warns(PaddedWindowWarning):  # once the first fitted row
            assert steps(windows.transform(X[:1])) == [[None, None, 0]]

    def test_arrays_never_continue(self):
        X = np.arange(12.0)[:, None]
        windows = SlidingWindowTransformer(3).fit(X[:8])
        with pytest.warns(PaddedWindowWarning, match="2 of 4 windows"):
            assert steps(windows.transform(X[8:]))[0] == [None, None, 8]
        assert steps(windows.transform(X))[8] == [6, 7, 8]

    KINDS = (
        (MONTHS, pd.RangeIndex(8, 12)),
        (MONTHS, pd.date_range("2020-09-01", periods=4, freq="MS")),
        (MONTHS, pd.period_range("2020-09-01", periods=4, freq="D")),
        (pd.RangeIndex(12), MONTHS[8:]),
        (pd.RangeIndex(12), DATES["days"][8:]),
        (DATES["days"], pd.RangeIndex(8, 12)),
        (DATES["hours"], pd.RangeIndex(8, 12)),
        (DATES["starts of months"], MONTHS[8:]),
        (DATES["hours"], DATES["hours"][8:].tz_localize("UTC")),
        (DATES["starts of months"], DATES["starts of months"][8:].tz_localize("UTC")),
        (DATES["hours of a zone"], DATES["hours of a zone"][8:].tz_convert("UTC")),
    )

    @pytest.mark.parametrize(("fitted", "new"), KINDS)
    def test_an_index_of_another_kind_does_not_continue(self, fitted, new):
        windows = SlidingWindowTransformer(3).fit(column(fitted[:8]))
        with pytest.warns(PaddedWindowWarning, match="2 of 4 windows"):
            head = windows.transform(column(new))
        # Among themselves the rows follow one another.
        assert steps(head) == [[None, None, 0], [None, 0, 1], [0, 1, 2], [1, 2, 3]]

    def test_dates_of_another_frequency_do_not_follow_one_another(self):
        windows = SlidingWindowTransformer(3).fit(column(DATES["days"][:8]))
        last = DATES["days"][7]
        hours = pd.date_range(last + pd.Timedelta(hours=1), periods=3, freq="h")
        with pytest.warns(PaddedWindowWarning, match="3 of 3 windows"):
            assert steps(windows.transform(column(hours))) == [[None, None, i] for i in range(3)]
        days = pd.date_range(last + pd.Timedelta(days=1), periods=3)
        assert steps(windows.transform(column(days)))[0] == [6, 7, 0]

    def test_the_frequency_given_counts(self):
        fridays = pd.DatetimeIndex(["2020-01-03", "2020-01-06"])  # a Friday and a Monday
        X = column(fridays)
        with pytest.warns(PaddedWindowWarning, match="1 holes"):
            SlidingWindowTransformer(2, freq="D").fit(X)
        for freq in ("B", pd.offsets.BDay(), pd.offsets.Day(3)):
            windows = SlidingWindowTransformer(2, freq=freq).fit_transform(X)
            assert steps(windows) == [[None, 0], [0, 1]]

    def test_a_frequency_is_found_among_holes(self):
        every_workday = pd.date_range("2020-01-01", periods=400, freq="B")
        index = every_workday[np.random.default_rng(0).random(400) > 0.1]
        windows = SlidingWindowTransformer(2)
        n_holes = (np.diff(every_workday.get_indexer(index)) > 1).sum()
        with pytest.warns(PaddedWindowWarning, match=f"X has {n_holes} holes"):
            windows.fit(column(index))
        new = column([index[-1] + pd.offsets.BDay()], [-1])
        assert steps(windows.transform(new)) == [[len(index) - 1, -1]]

    def test_irregular_dates(self):
        index = pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-09", "2020-02-20 13:07"])
        remedy = 'no regular frequency.*Set freq .such as "D" or "MS".*gap_tolerance'
        with pytest.raises(ValueError, match=remedy):
            SlidingWindowTransformer(2).fit(column(index))
        tolerant = SlidingWindowTransformer(2, gap_tolerance=pd.Timedelta(days=50))
        assert steps(tolerant.fit_transform(column(index)))[1:] == [[0, 1], [1, 2], [2, 3]]
        later = column([index[-1] + pd.Timedelta(days=50)], [9])
        assert steps(tolerant.transform(later)) == [[3, 9]]
        too_late = column([index[-1] + pd.Timedelta(days=50, seconds=1)], [9])
        with pytest.warns(PaddedWindowWarning):
            assert steps(tolerant.transform(too_late)) == [[None, 9]]

    def test_a_tolerance_in_time_cuts_where_it_is_exceeded(self):
        index = pd.DatetimeIndex(["2020-01-01", "2020-01-02", "2020-01-05"])
        windows = SlidingWindowTransformer(2, gap_tolerance=pd.Timedelta(days=2))
        with pytest.warns(PaddedWindowWarning, match="1 holes"):
            windows.fit(column(index))
        assert steps(windows.transform(column(index))) == [[None, 0], [0, 1], [None, 2]]

    @pytest.mark.parametrize("index", [MONTHS, pd.RangeIndex(12)], ids=["periods", "integers"])
    def test_a_tolerance_in_time_needs_dates(self, index):
        windows = SlidingWindowTransformer(gap_tolerance=pd.Timedelta(days=1))
        with pytest.raises(ValueError, match=r"needs dates.*number of missing steps"):
            windows.fit(column(index))

    @pytest.mark.parametrize(
        "index", [pd.Index(list("abcd")), pd.Index([0.5, 1.5, 2.5, 3.5])], ids=["names", "floats"]
    )
    def test_an_index_without_order(self, index):
        with pytest.raises(ValueError, match=r"Use X\.reset_index\(drop=True\)"):
            SlidingWindowTransformer().fit(column(index))


class TestWarnings:
    """A padded head is warned of where earlier rows could have been given, and only there."""

    def test_fitting_and_the_fitted_rows_do_not_warn(self):
        for X in (column(MONTHS), np.arange(12.0)[:, None]):
            windows = SlidingWindowTransformer(5).fit(X[:8])
            windows.transform(X[:8])
            windows.transform(X[:3])
            windows.transform(X)
            SlidingWindowTransformer(5).fit_transform(X)

    def test_a_window_of_one_step_has_no_head(self):
        SlidingWindowTransformer(1).fit(np.ones((3, 1))).transform(np.zeros((2, 1)))

    def test_a_request_for_one_row(self):
        windows = SlidingWindowTransformer(12).fit(column(range(30)))
        with pytest.warns(PaddedWindowWarning, match="1 of 1 windows.*Pass the 11 rows before"):
            windows.transform(column([0], [42.0]))

    def test_the_first_row_again_at_another_time(self):
        windows = SlidingWindowTransformer(3).fit(column(MONTHS[:6], np.zeros(6)))
        with pytest.warns(PaddedWindowWarning, match="1 of 1 windows"):
            windows.transform(column(MONTHS[9:10], [0.0]))

    def test_a_hole_in_new_rows(self):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(3).fit(X[:6])
        with pytest.warns(PaddedWindowWarning, match="2 of 5 windows"):
            windows.transform(X[6:].drop(MONTHS[8]))

    def test_the_index_is_lost(self):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(3).fit(X)
        lost = r"has no index, but had one in fit.*set_output\(transform=\"pandas\"\)"
        with (
            warnings.catch_warnings(action="ignore", category=UserWarning),  # feature names
            pytest.warns(PaddedWindowWarning, match=lost),
        ):
            windows.transform(X.to_numpy())

    def test_an_index_comes_from_nowhere(self):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(3).fit(X.to_numpy())
        with (
            warnings.catch_warnings(action="ignore", category=UserWarning),
            pytest.warns(PaddedWindowWarning, match="has an index, but had none in fit"),
        ):
            windows.transform(X)

    def test_the_warning_points_to_the_caller(self):
        X = column(MONTHS)
        with pytest.warns(PaddedWindowWarning) as caught:
            SlidingWindowTransformer(3).fit(X.drop(MONTHS[4])).transform(X[9:])
        assert [warning.filename for warning in caught] == [__file__] * 2

    def test_a_scaler_in_front_loses_the_index_unless_told(self):
        X = column(MONTHS)
        pipeline = make_pipeline(StandardScaler(), SlidingWindowTransformer(3))
        with pytest.warns(PaddedWindowWarning, match="2 of 4 windows"):
            pipeline.fit(X[:8]).transform(X[8:])
        scaler = pipeline.set_output(transform="pandas").fit(X[:8])[0]
        expected = scaler.transform(X).to_numpy()
        assert_array_equal(pipeline.transform(X[8:]), expected_windows(expected, 3)[8:])


# ---- Several series ------------------------------------------------------------------------------


def panel(container):
    """Two series of eight rows, the rows interleaved; values of "b" start at 100."""
    times = np.repeat(np.arange(8), 2)
    values = np.stack([np.arange(8.0), 100 + np.arange(8.0)], axis=1).ravel()
    names = np.array(["b" if value >= 100 else "a" for value in values])
    if container == "group column":
        return pd.DataFrame({"g": names, "v": values}, index=MONTHS[times]), "g"
    if container == "group column without index":
        return np.column_stack([(names == "b").astype(float), values]), 0
    index = pd.MultiIndex.from_arrays([names, MONTHS[times]], names=["series", "time"])
    if container == "three levels":
        index = pd.MultiIndex.from_arrays([["x"] * 16, names, MONTHS[times]])
    return pd.DataFrame({"v": values}, index=index), None


CONTAINERS = ["group column", "group column without index", "two levels", "three levels"]


class TestGroups:
    @pytest.mark.parametrize("container", CONTAINERS)
    def test_no_window_spans_two_series(self, container):
        X, group = panel(container)
        windows = SlidingWindowTransformer(3, group=group).fit_transform(X)
        one = expected_windows(np.arange(8.0)[:, None], 3)
        assert_array_equal(windows[::2], one)
        assert_array_equal(windows[1::2], one + 100)

    @pytest.mark.parametrize("container", ["group column", "two levels", "three levels"])
    def test_each_series_goes_on_by_itself(self, container):
        X, group = panel(container)
        windows = SlidingWindowTransformer(3, group=group).fit(X[:10])
        assert steps(windows.transform(X[10:13])) == [[3, 4, 5], [103, 104, 105], [4, 5, 6]]
        # "b" alone, and both in blocks, the later one first.
        assert steps(windows.transform(X[11:12])) == [[103, 104, 105]]
        blocks = windows.transform(X.iloc[[11, 13, 15, 10, 12, 14]])
        assert steps(blocks[:2]) == [[103, 104, 105], [104, 105, 106]]
        assert steps(blocks[3:5]) == [[3, 4, 5], [4, 5, 6]]

    def test_series_may_end_at_different_times(self):
        X, group = panel("group column")
        windows = SlidingWindowTransformer(3, group=group).fit(X.iloc[[0, 1, 2, 3, 5, 7]])
        assert steps(windows.transform(X.iloc[[4, 9]])) == [[0, 1, 2], [102, 103, 104]]

    def test_a_series_with_a_gap_is_padded_beside_one_that_goes_on(self):
        X, group = panel("group column")
        windows = SlidingWindowTransformer(3, group=group).fit(X[:10])
        with pytest.warns(PaddedWindowWarning, match="1 of 2 windows"):
            head = windows.transform(X.iloc[[10, 13]])
        assert steps(head) == [[3, 4, 5], [None, None, 106]]

    def test_a_new_series_is_padded(self):
        X, group = panel("group column")
        windows = SlidingWindowTransformer(3, group=group).fit(X[:10])
        new = pd.concat([X, X[::2].assign(g="new")])
        with pytest.warns(PaddedWindowWarning, match="2 of 24 windows"):
            assert steps(windows.transform(new)[16:18]) == [[None, None, 0], [None, 0, 1]]

    def test_another_fit_forgets_series(self):
        X, group = panel("group column")
        windows = SlidingWindowTransformer(3, group=group).fit(X[:10]).fit(X[:10:2])
        with pytest.warns(PaddedWindowWarning, match="1 of 2 windows"):
            assert steps(windows.transform(X[10:12])) == [[3, 4, 5], [None, None, 105]]

    def test_flattened_in_the_order_of_the_rows(self):
        X, group = panel("group column")
        flat = SlidingWindowTransformer(2, group=group, flatten=True).set_output(transform="pandas")
        windows = flat.fit_transform(X)
        assert windows.index.equals(X.index)
        assert windows.to_numpy().tolist()[:4] == [[0, 0], [100, 100], [0, 1], [100, 101]]

    def test_categories_as_groups(self):
        X, group = panel("group column")
        expected = SlidingWindowTransformer(3, group=group).fit_transform(X)
        X["g"] = pd.Categorical(X["g"], categories=["b", "unused", "a"])
        assert_array_equal(SlidingWindowTransformer(3, group=group).fit_transform(X), expected)

    def test_dates_of_series_apart(self):
        early, late = (pd.date_range(start, periods=4) for start in ("2020-01-01", "2021-05-01"))
        X = pd.concat([column(early).assign(g="a"), column(late).assign(g="b")])
        windows = SlidingWindowTransformer(2, group="g").fit_transform(X)
        assert_array_equal(windows[4:], windows[:4])
        assert steps(windows[:4]) == [[None, 0], [0, 1], [1, 2], [2, 3]]

    @pytest.mark.parametrize(
        ("X", "group"),
        [
            (column(MONTHS), "shop"),
            (column(MONTHS), 0),
            (np.ones((4, 2)), "shop"),
            (np.ones((4, 2)), 2),
        ],
    )
    def test_the_group_is_no_column(self, X, group):
        with pytest.raises(ValueError, match=f"group={group!r} is not a column of X"):
            SlidingWindowTransformer(group=group).fit(X)

    def test_a_missing_group(self):
        X = column(range(3)).assign(g=["a", None, "a"])
        with pytest.raises(ValueError, match=r"X row 1: its group is missing.*drop"):
            SlidingWindowTransformer(group="g").fit(X)

    def test_a_series_out_of_order(self):
        X, group = panel("group column")
        with pytest.raises(ValueError, match="decreases or repeats"):
            SlidingWindowTransformer(group=group).fit(X.iloc[[0, 1, 5, 3]])


# ---- A scikit-learn transformer ------------------------------------------------------------------


class TestEstimator:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *[("window", value) for value in (0, -1, 2.5, "3", None)],
            *[("stride", value) for value in (0, 1.5)],
            *[("padding", value) for value in ("zero", NAN, [0.0])],
            *[("flatten", value) for value in ("yes", None)],
            *[("group", value) for value in (1.5, ["a"])],
            ("freq", 7),
            *[("gap_tolerance", value) for value in (-1, 0.5, "2D")],
        ],
    )
    def test_bad_parameters(self, name, value):
        windows = SlidingWindowTransformer(**{name: value})
        with pytest.raises(ValueError, match=f"The '{name}' parameter of SlidingWindowTransformer"):
            windows.fit(column(MONTHS))

    def test_clone_keeps_parameters_only(self):
        params = {
            **{"window": 7, "stride": 2, "padding": 0.5, "flatten": True, "group": "g"},
            **{"freq": "D", "gap_tolerance": pd.Timedelta(days=2)},
        }
        windows = SlidingWindowTransformer(**params)
        assert windows.get_params() == params
        assert clone(windows).get_params() == params
        fitted = SlidingWindowTransformer(3).fit(column(MONTHS))
        assert vars(clone(fitted)) == vars(SlidingWindowTransformer(3))

    def test_pickled_context_is_there_again(self):
        X = column(MONTHS)
        windows = pickle.loads(pickle.dumps(SlidingWindowTransformer(3).fit(X[:8])))
        assert steps(windows.transform(X[8:9])) == [[6, 7, 8]]

    def test_not_fitted(self):
        with pytest.raises(NotFittedError):
            SlidingWindowTransformer().transform([[1.0]])

    def test_columns_must_be_those_of_fit(self):
        windows = SlidingWindowTransformer(2).fit(column(MONTHS))
        with pytest.raises(ValueError, match="feature names should match"):
            windows.transform(column(MONTHS).rename(columns={"v": "w"}))
        with pytest.raises(ValueError, match=r"X has 2 features.* expecting 1 features"):
            SlidingWindowTransformer(2).fit(np.ones((3, 1))).transform(np.ones((3, 2)))

    def test_infinite_values(self):
        with pytest.raises(ValueError, match="infinity"):
            SlidingWindowTransformer(2).fit([[1.0], [np.inf]])


# ---- make_windows and make_targets ---------------------------------------------------------------


class TestMakeWindows:
    def test_one_step_ahead(self):
        X, y = make_windows(np.arange(5.0), 3)
        assert X.shape == (2, 3, 1)
        assert (steps(X), y.tolist()) == ([[0, 1, 2], [1, 2, 3]], [3, 4])

    def test_several_steps_ahead(self):
        X, y = make_windows(np.arange(6.0), 3, 2)
        assert (steps(X), y.tolist()) == ([[0, 1, 2], [1, 2, 3]], [[3, 4], [4, 5]])

    def test_gap_and_stride(self):
        X, y = make_windows(np.arange(9.0), 3, gap=2, stride=2)
        assert (steps(X), y.tolist()) == ([[0, 2, 4], [1, 3, 5]], [7, 8])

    @pytest.mark.parametrize("target", [1, -1, "b"])
    def test_the_target_among_features(self, target):
        frame = pd.DataFrame({"a": np.arange(4.0), "b": 10 + np.arange(4.0)}, index=MONTHS[:4])
        X, y = make_windows(frame if target == "b" else frame.to_numpy(), 2, target=target)
        assert X.tolist() == [[[0, 10], [1, 11]], [[1, 11], [2, 12]]]
        assert y.tolist() == [12, 13]

    def test_a_column_whose_name_is_a_number(self):
        frame = pd.DataFrame({1: np.arange(4.0), 0: 10 + np.arange(4.0)})
        assert make_windows(frame, 2, target=0)[1].tolist() == [12, 13]

    def test_windows_are_a_read_only_view_of_the_series(self):
        series = np.arange(20.0)
        X, _ = make_windows(series, 5)
        assert np.shares_memory(X, series)
        assert not X.flags.writeable

    @given(
        st.integers(1, 5),
        st.integers(1, 4),
        st.integers(0, 3),
        st.integers(1, 3),
        st.integers(0, 6),
    )
    @settings(deadline=None, max_examples=60)
    def test_alignment(self, window, horizon, gap, stride, n_more):
        span = (window - 1) * stride
        series = np.random.default_rng(0).normal(size=(span + 1 + gap + horizon + n_more, 2))
        X, y = make_windows(series, window, horizon, gap=gap, stride=stride, target=1)
        assert len(X) == len(y) == 1 + n_more
        for i in range(len(X)):
            assert_array_equal(X[i], series[i : i + span + 1 : stride])
            first = i + span + gap + 1
            assert_array_equal(np.atleast_1d(y[i]), series[first : first + horizon, 1])

    @given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 3), st.integers(1, 2))
    @settings(deadline=None, max_examples=40)
    def test_the_gap_between_folds_that_the_docstring_asks_for(self, window, horizon, gap, stride):
        """With it, no training target lies after the last row of the first test window.

        With one less, one does: the gap is not larger than need be.
        """
        rows = np.arange(60.0)
        X, y = make_windows(rows, window, horizon, gap=gap, stride=stride)

        def reaches_into_test(split_gap):
            splits = list(TimeSeriesSplit(4, gap=split_gap).split(X))
            return {y[train].max() > X[test[0]].max() for train, test in splits}

        assert reaches_into_test(horizon + gap - 1) == {False}
        if horizon + gap > 1:
            assert reaches_into_test(horizon + gap - 2) == {True}

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            *[
                ({name: 0}, f"{name} must be an integer")
                for name in ("window", "horizon", "stride")
            ],
            ({"window": 2.0}, "window must be an integer of at least 1, but it is 2.0"),
            ({"window": True}, "window must be an integer"),
            ({"gap": -1}, "gap must be an integer of at least 0, but it is -1"),
            ({"gap": 0.5}, "gap must be an integer of at least 0"),
            (
                {"window": 5, "horizon": 6},
                "has 10 rows.*need 11.*longer series or a shorter window",
            ),
            ({"target": "w"}, "target='w' is not a feature of series"),
            ({"target": 1}, "target=1 is not a feature"),
        ],
    )
    def test_bad_arguments(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            make_windows(np.arange(10.0), **{"window": 2, **arguments})

    def test_the_longest_window_there_is(self):
        X, y = make_windows(np.arange(10.0), 8, gap=1)
        assert (X.shape, y.tolist()) == ((1, 8, 1), [9])

    def test_several_features_need_a_target(self):
        with pytest.raises(ValueError, match=r"2 features: set target.*by its number"):
            make_windows(np.ones((9, 2)), 2)
        with pytest.raises(ValueError, match=r"set target.*one of \['a', 'b'\]"):
            make_windows(pd.DataFrame(np.ones((9, 2)), columns=["a", "b"]), 2)

    def test_three_dimensions(self):
        with pytest.raises(ValueError, match="1 or 2 dimensions, but it has 3"):
            make_windows(np.ones((9, 2, 2)), 2)


class TestMakeTargets:
    def test_arrays(self):
        rows, targets = make_targets(np.arange(5.0), 2)
        assert (rows.tolist(), targets.tolist()) == ([[0], [1], [2]], [[1, 2], [2, 3], [3, 4]])

    def test_a_frame_keeps_its_index(self):
        frame = pd.DataFrame({"a": np.arange(5.0), "b": 10 + np.arange(5.0)}, index=MONTHS[:5])
        rows, targets = make_targets(frame, 3, target="b")
        pd.testing.assert_frame_equal(rows, frame[:2])
        expected = pd.DataFrame(
            [[11.0, 12.0, 13.0], [12.0, 13.0, 14.0]],
            index=MONTHS[:2],
            columns=["+1", "+2", "+3"],
        )
        pd.testing.assert_frame_equal(targets, expected)

    def test_a_series_keeps_its_index_and_name(self):
        rows, targets = make_targets(pd.Series(np.arange(4.0), index=MONTHS[:4], name="v"), 1)
        pd.testing.assert_frame_equal(rows, column(MONTHS[:3]))
        assert targets.index.equals(MONTHS[:3])
        assert targets.to_numpy().tolist() == [[1], [2], [3]]

    @pytest.mark.parametrize("horizon", [1, 3])
    def test_rows_windowed_in_a_pipeline_are_those_of_make_windows(self, horizon):
        series = column(MONTHS, np.random.default_rng(0).normal(size=12))
        rows, targets = make_targets(series, horizon)
        by_row = SlidingWindowTransformer(4).fit_transform(rows)
        X, y = make_windows(series, 4, horizon)
        assert_array_equal(by_row[3:], X)
        assert_array_equal(targets[3:], y.reshape(len(y), -1))

    def test_the_gap_between_folds_that_the_docstring_asks_for(self):
        rows, targets = make_targets(np.arange(40.0), 4)
        for gap, overlap in ((3, False), (2, True)):
            for train, test in TimeSeriesSplit(4, gap=gap).split(rows):
                assert (targets[train].max() > rows[test[0], 0]) == overlap

    def test_bad_arguments(self):
        with pytest.raises(ValueError, match=r"has 3 rows, but horizon=3 needs more than 3"):
            make_targets([1.0, 2.0, 3.0], 3)
        with pytest.raises(ValueError, match="horizon must be an integer of at least 1"):
            make_targets([1.0, 2.0, 3.0], 0)
        with pytest.raises(ValueError, match="set target"):
            make_targets(np.ones((9, 2)), 2)


# ---- to_sequences --------------------------------------------------------------------------------

# Two sequences of two features, with 2 steps and 1.
LONG = pd.DataFrame({"id": ["q", "q", "p"], "a": [1.0, 2.0, 5.0], "b": [3.0, 4.0, 6.0]})
ON_THE_LEFT = [[[1, 3], [2, 4]], [[NAN, NAN], [5, 6]]]
ON_THE_RIGHT = [[[1, 3], [2, 4]], [[5, 6], [NAN, NAN]]]


def in_levels(*levels):
    index = pd.MultiIndex.from_arrays([*levels, [0, 1, 0]])
    return LONG.drop(columns="id").set_axis(index)


SEQUENCES = {
    "list of arrays": ([np.array([[1.0, 3.0], [2.0, 4.0]]), np.array([[5.0, 6.0]])], None),
    "list of lists": ([[[1, 3], [2, 4]], [[5, 6]]], None),
    "list of frames": ([LONG[["a", "b"]][:2], LONG[["a", "b"]][2:]], None),
    "object array": (np.array([[[1, 3], [2, 4]], [[5, 6]]], dtype=object), None),
    "long frame": (LONG, "id"),
    "long frame with rows mixed": (LONG.iloc[[0, 2, 1]], "id"),
    "long frame of categories": (
        LONG.assign(id=pd.Categorical(LONG["id"], categories=["unused", "p", "q"])),
        "id",
    ),
    "long frame with a name missing": (LONG.assign(id=["q", "q", None]), "id"),
    "two levels": (in_levels(LONG["id"]), None),
    "three levels": (in_levels(["x", "x", "y"], ["q", "q", "q"]), None),
    "nested frame": (
        pd.DataFrame(
            {
                "a": [pd.Series([1.0, 2.0]), pd.Series([5.0])],
                "b": [pd.Series([3.0, 4.0]), pd.Series([6.0])],
            }
        ),
        None,
    ),
}


class TestToSequences:
    @pytest.mark.parametrize(("data", "instance"), SEQUENCES.values(), ids=SEQUENCES)
    def test_containers(self, data, instance):
        assert_array_equal(to_sequences(data, instance=instance), ON_THE_LEFT)
        assert_array_equal(to_sequences(data, instance=instance, side="right"), ON_THE_RIGHT)

    def test_sequences_of_one_feature(self):
        assert steps(to_sequences([[1, 2, 3], np.array([4.0]), pd.Series([5, 6])])) == [
            [1, 2, 3],
            [None, None, 4],
            [None, 5, 6],
        ]

    def test_the_length_of_other_sequences(self):
        train = to_sequences([[1, 2, 3], [4]])
        test = to_sequences([[5, 6]], n_timesteps=train.shape[1])
        assert steps(test) == [[None, 5, 6]]
        assert steps(to_sequences([[5, 6]], n_timesteps=3, side="right")) == [[5, 6, None]]

    def test_three_dimensions(self):
        X = np.arange(12.0).reshape(2, 3, 2)
        assert_array_equal(to_sequences(X), X)
        assert_array_equal(to_sequences(X.swapaxes(1, 2), layout="variable_major"), X)
        assert_array_equal(to_sequences(X, n_timesteps=4)[:, 1:], X)

    def test_whole_numbers_become_floats(self):
        assert to_sequences(np.ones((2, 3, 1), dtype=np.int32)).dtype == np.float64

    @pytest.mark.parametrize(
        ("data", "arguments", "message"),
        [
            ([[1, 2, 3]], {"n_timesteps": 2}, "Sequence 0 has 3 steps.*n_timesteps=2.*Raise"),
            ([[1], []], {}, "Sequence 1 has 0 steps"),
            ([], {}, "holds no sequence"),
            ([[[1, 2]], [[3]]], {}, r"Sequence 1 has shape \(1, 1\), but the first has 2 features"),
            ([np.ones((2, 2, 2))], {}, r"Sequence 0 has shape \(2, 2, 2\)"),
            ([[1]], {"side": "top"}, "side must be"),
            (np.ones((2, 3, 1)), {"layout": "channels_first"}, "layout must be one of"),
            (np.ones((2, 3)), {}, "array of 2 dimensions, but must have 3"),
            (LONG, {"instance": "shop"}, "instance='shop' is not a column"),
            (LONG, {}, "without instances: set instance"),
        ],
    )
    def test_bad_arguments(self, data, arguments, message):
        with pytest.raises(ValueError, match=message):
            to_sequences(data, **arguments)


@pytest.fixture(scope="module")
def motions():
    """Three sequences of 100 steps and 6 variables."""
    from sktime.datasets import load_basic_motions

    return load_basic_motions(split="train", return_type="numpy3D")[0][:3]


class TestPanelsOfSktime:
    MTYPES = ("pd-multiindex", "df-list", "nested_univ", "numpy3D")

    @pytest.mark.parametrize("mtype", MTYPES)
    def test_the_same_from_every_container(self, motions, mtype):
        from sktime.datatypes import convert

        panel = convert(motions, "numpy3D", mtype, "Panel")
        layout = "variable_major" if mtype == "numpy3D" else "time_major"
        sequences = to_sequences(panel, layout=layout)
        assert sequences.shape == (3, 100, 6)
        assert_array_equal(sequences, motions.swapaxes(1, 2))

    def test_of_unequal_length(self):
        from sktime.datasets import load_japanese_vowels
        from sktime.datatypes import convert

        nested = load_japanese_vowels(split="train", return_type="nested_univ")[0][:5]
        lengths = [len(cell) for cell in nested.iloc[:, 0]]
        assert len(set(lengths)) > 1
        sequences = to_sequences(nested)
        assert sequences.shape == (5, max(lengths), 12)
        there = ~np.isnan(sequences).any(axis=2)
        assert there.sum(axis=1).tolist() == lengths
        assert there[:, -1].all()
        assert_array_equal(sequences[3, -lengths[3] :, 7], nested.iloc[3, 7])
        for mtype in ("pd-multiindex", "df-list"):
            panel = convert(nested, "nested_univ", mtype, "Panel")
            assert_array_equal(to_sequences(panel), sequences)
