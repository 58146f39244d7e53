"""Samples of make_windows, make_targets and last_windows lie within one run of one series."""

import numpy as np
import pandas as pd
import pytest
from _windows import MONTHS, column
from numpy.testing import assert_array_equal

from skrnn import SlidingWindowTransformer, last_windows, make_targets, make_windows

DAYS = pd.date_range("2024-01-01", periods=12)
INDICES = {
    "periods": MONTHS,
    "dates": DAYS,
    "hours of a zone": pd.date_range("2024-03-30 20:00", periods=12, freq="h", tz="Europe/Berlin"),
    "integers": pd.RangeIndex(12),
    "every fifth integer": pd.RangeIndex(0, 60, 5),
}
each_index = pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)


def in_blocks(index, names="AB"):
    """One block of rows for each name; values of the next begin 1000 higher."""
    parts = [column(index, np.arange(len(index)) + 1000 * k) for k in range(len(names))]
    return pd.concat(dict(zip(names, parts, strict=True)), names=["store", "time"])


def interleaved(index):
    return in_blocks(index).swaplevel().sort_index(kind="stable").swaplevel()


def by_column(index):
    return in_blocks(index).reset_index(level=0)


PANELS = {
    "blocks": (in_blocks, {}),
    "interleaved": (interleaved, {}),
    "a column": (by_column, {"group": "store"}),
    "an array": (lambda index: by_column(index).to_numpy(), {"group": 0}),
}
each_panel = pytest.mark.parametrize(("make", "how"), PANELS.values(), ids=PANELS)


def values_of(rows):
    return np.asarray(rows)[:, -1].astype(float)


class TestSeveralSeries:
    @each_panel
    @pytest.mark.parametrize("horizon", [1, 3])
    @pytest.mark.parametrize("gap", [0, 2])
    def test_targets_are_of_the_series_of_their_row(self, make, how, horizon, gap):
        rows, targets = make_targets(make(DAYS), horizon, gap=gap, **how)
        ahead = np.asarray(targets).reshape(len(rows), -1) - values_of(rows)[:, None]
        assert_array_equal(ahead, np.tile(gap + np.arange(1, horizon + 1), (len(rows), 1)))
        assert len(rows) == 2 * (12 - horizon - gap)

    @each_panel
    def test_windows_and_their_targets_are_of_one_series(self, make, how):
        X, y = make_windows(make(DAYS), 4, 2, gap=1, **how)
        assert len(X) == 2 * (12 - 4 - 2 - 1 + 1)
        assert_array_equal(np.diff(X[:, :, 0], axis=1), np.ones((len(X), 3)))
        assert_array_equal(y - X[:, -1], np.tile([2, 3], (len(X), 1)))

    def test_samples_are_in_the_order_of_the_rows(self):
        X, y = make_windows(interleaved(DAYS), 3)
        assert X[:4, -1, 0].tolist() == [2, 1002, 3, 1003]
        assert y[:4].tolist() == [3, 1003, 4, 1004]

    def test_targets_have_the_series_and_the_time_of_their_own(self):
        frame = interleaved(DAYS)
        rows, targets = make_targets(frame, 1)
        pd.testing.assert_series_equal(targets, frame.loc[targets.index, "v"])
        assert rows.index[0] == ("A", DAYS[0])
        assert targets.index[0] == ("A", DAYS[1])

    def test_a_stride_counts_in_each_series(self):
        X, _ = make_windows(in_blocks(DAYS[:7]), 3, None, stride=3)
        assert X[:, :, 0].tolist() == [[0, 1, 2], [3, 4, 5], [1000, 1001, 1002], [1003, 1004, 1005]]

    def test_the_group_is_no_feature_and_no_target(self):
        frame = by_column(DAYS).assign(price=7.0)
        X, y = make_windows(frame, 2, target="price", group="store")
        assert X.shape[2] == 2
        assert set(y) == {7.0}
        values = frame.assign(store=[float(s == "B") for s in frame["store"]]).to_numpy()
        assert set(make_windows(values, 2, target=2, group=0)[1]) == {7.0}
        for target in ("store", "shop"):
            with pytest.raises(ValueError, match=f"target='{target}' is not a feature of series"):
                make_windows(frame, 2, target=target, group="store")

    def test_series_that_are_too_short_are_named(self):
        frame = pd.concat([in_blocks(DAYS), in_blocks(DAYS[:3], "CD")])
        with pytest.warns(UserWarning, match=r"2 of 4 series are too short and left out, 'C'"):
            X, _ = make_windows(frame, 3)
        assert len(X) == 2 * 9
        with pytest.warns(UserWarning, match="2 of 4 series .*horizon=3 needs more than 3 rows"):
            rows, _ = make_targets(frame, 3)
        assert set(rows.index.get_level_values(0)) == {"A", "B"}

    @pytest.mark.parametrize("function", [make_windows, make_targets, last_windows])
    def test_the_time_goes_last(self, function):
        frame = in_blocks(DAYS, [1, 2]).swaplevel().sort_index()
        with pytest.raises(ValueError, match=r"level 'time'.*series\.swaplevel\(0, -1\)\.sort_ind"):
            function(frame, 3)

    def test_two_series_under_one_another_without_a_name(self):
        frame = pd.concat([column(DAYS), column(DAYS)])
        with pytest.raises(ValueError, match=r"repeats.*set group or use a MultiIndex"):
            make_targets(frame, 1)


class TestHoles:
    @each_index
    @pytest.mark.parametrize("horizon", [1, 2])
    def test_no_pair_over_a_hole(self, index, horizon):
        frame = column(index).drop(index[[4]])
        rows, targets = make_targets(frame, horizon)
        ahead = np.asarray(targets).reshape(len(rows), -1) - values_of(rows)[:, None]
        assert_array_equal(ahead, np.tile(np.arange(1, horizon + 1), (len(rows), 1)))
        assert len(rows) == 11 - 2 * horizon

    @each_index
    def test_no_window_over_a_hole(self, index):
        X, y = make_windows(column(index).drop(index[[5]]), 3)
        assert X[:, 0, 0].tolist() == [0, 1, 6, 7, 8]
        assert_array_equal(X[:, :, 0] - X[:, :1, 0], np.tile([0, 1, 2], (5, 1)))
        assert_array_equal(y - X[:, -1, 0], np.ones(5))

    def test_a_tolerance_bridges(self):
        frame = column(MONTHS).drop(MONTHS[5])
        X, y = make_windows(frame, 3, gap_tolerance=1)
        assert (len(X), X[3, :, 0].tolist(), y[3]) == (8, [3, 4, 6], 7)
        irregular = column(DAYS[[0, 1, 3, 4, 6, 9]])
        assert len(make_targets(irregular, 1, gap_tolerance=pd.Timedelta(days=2))[0]) == 4

    def test_a_frequency_given(self):
        workdays = column(pd.DatetimeIndex(["2024-01-05", "2024-01-08"]))  # a Friday and a Monday
        assert len(make_targets(workdays, 1, freq="B")[0]) == 1
        with pytest.raises(ValueError, match=r"has 2 rows, of which 1 at most follow one another"):
            make_targets(workdays, 1, freq="D")

    def test_the_transformer_windows_the_same_rows(self):
        frame = column(MONTHS).drop(MONTHS[6])
        rows, targets = make_targets(frame, 1)
        with pytest.warns(UserWarning, match="1 holes"):
            windows = SlidingWindowTransformer(3).fit_transform(rows)
        whole = ~np.isnan(windows).any(axis=(1, 2))
        X, y = make_windows(frame, 3)
        assert_array_equal(windows[whole], X)
        assert_array_equal(targets[whole], y)


class TestDisorder:
    @each_index
    @pytest.mark.parametrize("function", [make_windows, make_targets, last_windows])
    @pytest.mark.parametrize("order", [range(11, -1, -1), [1, 0, *range(2, 12)]])
    def test_rows_out_of_order(self, index, function, order):
        for frame in (column(index), column(index)["v"]):
            with pytest.raises(ValueError, match=r"series: the index decreases.*Sort series by"):
                function(frame.iloc[list(order)], 3)

    def test_in_one_of_several_series(self):
        frame = in_blocks(DAYS).iloc[[*range(12), 13, 12, *range(14, 24)]]
        with pytest.raises(ValueError, match="Sort series by its index"):
            make_targets(frame, 1)

    def test_an_index_that_tells_no_order(self):
        for index in (list("abcdefghijkl"), DAYS.astype(str)):
            with pytest.raises(ValueError, match=r"Use series\.reset_index.*pandas\.to_datetime"):
                make_windows(column(index), 3)


class TestPolars:
    @pytest.fixture
    def pl(self):
        return pytest.importorskip("polars")

    def test_columns_have_names(self, pl):
        values = np.random.default_rng(0).normal(size=(9, 3))
        frame = pl.DataFrame(values, schema=list("abc"))
        X, y = make_windows(frame, 3, target="b")
        assert_array_equal(y, values[3:, 1])
        assert_array_equal(X[0], values[:3])
        rows, targets = make_targets(frame, 1, target="c")
        assert rows.equals(frame[:-1])
        assert targets.equals(frame["c"][1:])
        rows, targets = make_targets(frame, 2, target="c", gap=1)
        assert targets.columns == ["+2", "+3"]
        assert_array_equal(targets["+3"], values[3:, 2])
        with pytest.raises(ValueError, match=r"target='d' is not a feature.*\['a', 'b', 'c'\]"):
            make_windows(frame, 3, target="d")

    def test_a_series(self, pl):
        _, targets = make_targets(pl.Series("v", [1.0, 2.0, 3.0]), 1)
        assert (targets.name, targets.to_list()) == ("v", [2, 3])

    def test_groups(self, pl):
        frame = pl.DataFrame(by_column(DAYS).to_dict("list"))
        rows, targets = make_targets(frame, 1, group="store")
        assert rows.columns == ["store", "v"]
        assert_array_equal(targets.to_numpy() - rows["v"].to_numpy(), np.ones(22))
        windows = SlidingWindowTransformer(2, group="store").fit_transform(frame)
        expected = SlidingWindowTransformer(2, group=0).fit_transform(by_column(DAYS).to_numpy())
        assert_array_equal(windows, expected)

    def test_columns_that_are_no_features(self, pl):
        frame = pl.DataFrame({"day": list(DAYS[:3]), "shop": list("aab"), "v": [1.0, 2.0, 3.0]})
        with pytest.raises(ValueError, match=r"'day' of type Datetime.*series.set_index\('day'\)"):
            make_windows(frame, 1, target="v")
        frame = frame.drop("day")
        for given in (frame, pd.DataFrame(frame.to_dict(as_series=False))):
            with pytest.raises(ValueError, match=r"'shop' of type \w+, .*Set group='shop'"):
                make_targets(given, 1, target="v")


class TestWithoutTargets:
    def test_the_rows_that_windows_end_at(self):
        frame = in_blocks(MONTHS[:5]).drop(("B", MONTHS[1]))
        X, ends = make_windows(frame, 3, None)
        assert X[:, :, 0].tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4], [1002, 1003, 1004]]
        assert_array_equal(frame.loc[ends, "v"], X[:, -1, 0])

    @each_panel
    def test_labels_can_be_looked_up(self, make, how):
        frame = make(DAYS)
        X, ends = make_windows(frame, 3, None, **how)
        if isinstance(frame, np.ndarray):
            found = frame[ends, -1].astype(float)
            assert_array_equal(found, X[:, -1, 0])
        elif not how:
            assert_array_equal(frame.loc[ends, "v"], X[:, -1, 0])

    @each_panel
    def test_the_last_window_of_each_series(self, make, how):
        X, ends = last_windows(make(DAYS), 3, sampling_rate=2, **how)
        assert X[:, :, 0].tolist() == [[7, 9, 11], [1007, 1009, 1011]]
        assert len(ends) == 2

    def test_where_the_last_windows_end(self):
        assert list(last_windows(in_blocks(DAYS), 3)[1]) == [("A", DAYS[-1]), ("B", DAYS[-1])]
        assert list(last_windows(np.arange(5.0), 5)[1]) == [4]

    def test_a_last_window_with_a_hole_or_of_a_short_series(self):
        with pytest.raises(ValueError, match=r"the rows of 'B' end with 2 that.*spans 3"):
            last_windows(in_blocks(DAYS).drop(("B", DAYS[9])), 3)
        with pytest.raises(ValueError, match=r"the rows of 'C' end with 2 that.*leave this series"):
            last_windows(pd.concat([in_blocks(DAYS), in_blocks(DAYS[:2], "C")]), 3)
        with pytest.raises(ValueError, match="the rows end with 4"):
            last_windows(np.arange(4.0), 5)

    def test_windows_shorter_than_the_series(self):
        with pytest.raises(ValueError, match="has 4 rows, but a window spans 5"):
            make_windows(np.arange(4.0), 5, None)
