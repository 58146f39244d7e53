"""Windows of several series, one after the other."""

import numpy as np
import pandas as pd
import pytest
from _windows import MONTHS, column, expected_windows, steps
from numpy.testing import assert_array_equal

from skrnn import SlidingWindowTransformer, make_targets, make_windows
from skrnn.exceptions import PaddedWindowWarning

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


READERS = {
    "transformer": lambda X, group: SlidingWindowTransformer(2, group=group).fit(X),
    "make_windows": lambda X, group: make_windows(X, 2, group=group),
    "make_targets": lambda X, group: make_targets(X, 1, group=group),
}


@pytest.mark.parametrize("read", list(READERS.values()), ids=list(READERS))
class TestRowsThatAreNone:
    def test_no_columns(self, read):
        for frame in (pd.DataFrame(), pd.DataFrame(index=range(5))):
            with pytest.raises(ValueError, match=r"is a frame without columns\. Pass at least"):
                read(frame, None)
        with pytest.raises(ValueError, match="has no column beside group='shop'"):
            read(pd.DataFrame({"shop": [1, 1, 1]}), "shop")

    def test_sequences(self, read):
        for X in (np.zeros((5, 4, 1)), np.zeros((5, 4, 2, 1)).tolist()):
            with pytest.raises(ValueError, match="dimensions"):
                read(X, None)


@pytest.mark.parametrize("group", [pd.NaT, 0.5, "a"])
def test_a_group_that_is_no_number(group):
    for function in (make_windows, make_targets):
        with pytest.raises(ValueError, match="is not a column of series"):
            function(np.zeros((5, 2)), 1, group=group)


@pytest.mark.parametrize("name", ["window", "sampling_rate", "gap_tolerance"])
def test_numbers_beyond_those_of_rows(name):
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        SlidingWindowTransformer(**{name: 10**30}).fit(column(range(3)))
