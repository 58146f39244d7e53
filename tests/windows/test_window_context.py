"""What stands before the first row: rows of the data seen last, or padding and a warning."""

import warnings

import numpy as np
import pandas as pd
import pytest
from _windows import MONTHS, column, expected_windows, quietly, steps
from numpy.testing import assert_array_equal
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import SlidingWindowTransformer
from skrnn.exceptions import PaddedWindowWarning

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

    def test_context_reaches_back_over_the_sampling_rate(self):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(3, sampling_rate=2).fit(X[:8])
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
