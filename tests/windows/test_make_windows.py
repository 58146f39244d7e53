"""What make_windows and make_targets cut."""

import numpy as np
import pandas as pd
import pytest
from _windows import MONTHS, column, steps
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.model_selection import TimeSeriesSplit

from skrnn import SlidingWindowTransformer, make_targets, make_windows

# ---- make_windows and make_targets ---------------------------------------------------------------


class TestMakeWindows:
    def test_one_step_ahead(self):
        X, y = make_windows(np.arange(5.0), 3)
        assert X.shape == (2, 3, 1)
        assert (steps(X), y.tolist()) == ([[0, 1, 2], [1, 2, 3]], [3, 4])

    def test_several_steps_ahead(self):
        X, y = make_windows(np.arange(6.0), 3, 2)
        assert (steps(X), y.tolist()) == ([[0, 1, 2], [1, 2, 3]], [[3, 4], [4, 5]])

    def test_gap_and_sampling_rate(self):
        X, y = make_windows(np.arange(9.0), 3, gap=2, sampling_rate=2)
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
    def test_alignment(self, window, horizon, gap, sampling_rate, n_more):
        span = (window - 1) * sampling_rate
        series = np.random.default_rng(0).normal(size=(span + 1 + gap + horizon + n_more, 2))
        X, y = make_windows(series, window, horizon, gap=gap, sampling_rate=sampling_rate, target=1)
        assert len(X) == len(y) == 1 + n_more
        for i in range(len(X)):
            assert_array_equal(X[i], series[i : i + span + 1 : sampling_rate])
            first = i + span + gap + 1
            assert_array_equal(np.atleast_1d(y[i]), series[first : first + horizon, 1])

    @given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 3), st.integers(1, 2))
    @settings(deadline=None, max_examples=40)
    def test_the_gap_between_folds_that_the_docstring_asks_for(
        self, window, horizon, gap, sampling_rate
    ):
        """With it, no training target lies after the last row of the first test window.

        With one less, one does: the gap is not larger than need be.
        """
        rows = np.arange(60.0)
        X, y = make_windows(rows, window, horizon, gap=gap, sampling_rate=sampling_rate)

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
                for name in ("window", "horizon", "sampling_rate")
            ],
            ({"window": 2.0}, "window must be an integer of at least 1, but it is 2.0"),
            ({"window": True}, "window must be an integer"),
            ({"gap": -1}, "gap must be an integer of at least 0, but it is -1"),
            *[
                ({name: 10**30}, f"{name} must be an integer of at most 2147483647")
                for name in ("window", "horizon", "gap", "sampling_rate", "stride", "gap_tolerance")
            ],
            ({"gap": 0.5}, "gap must be an integer of at least 0"),
            (
                {"window": 5, "horizon": 6},
                "has 10 rows.*need 11.*longer series or a shorter window",
            ),
            ({"target": "w"}, "target='w' is not a feature of series"),
            ({"target": 1}, "target=1 is not a feature"),
            ({"target": [0]}, r"target=\[0\] is not a feature"),
            ({"gap_tolerance": "2D"}, "gap_tolerance must be an integer of at least 0"),
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

    def test_one_step_ahead_the_targets_have_times_of_their_own(self):
        series = pd.Series(np.arange(4.0), index=MONTHS[:4], name="v")
        rows, targets = make_targets(series, 1)
        pd.testing.assert_frame_equal(rows, column(MONTHS[:3]))
        pd.testing.assert_series_equal(targets, series[1:])

    def test_a_gap_before_the_targets(self):
        series = pd.Series(np.arange(6.0), index=MONTHS[:6], name="v")
        rows, targets = make_targets(series, 1, gap=2)
        pd.testing.assert_frame_equal(rows, column(MONTHS[:3]))
        pd.testing.assert_series_equal(targets, series[3:])
        rows, targets = make_targets(series, 2, gap=2)
        assert rows.index.equals(targets.index)
        assert targets.to_dict("list") == {"+3": [3, 4], "+4": [4, 5]}

    def test_one_step_is_one_dimension_in_every_container(self):
        values = np.arange(4.0)
        for series in (values, values[:, None], list(values), pd.Series(values)):
            assert np.shape(make_targets(series, 1)[1]) == (3,)
            assert np.shape(make_windows(series, 2)[1]) == (2,)
            assert np.shape(make_targets(series, 2)[1]) == (2, 2)

    @pytest.mark.parametrize("horizon", [1, 3])
    def test_rows_windowed_in_a_pipeline_are_those_of_make_windows(self, horizon):
        series = column(MONTHS, np.random.default_rng(0).normal(size=12))
        rows, targets = make_targets(series, horizon)
        by_row = SlidingWindowTransformer(4).fit_transform(rows)
        X, y = make_windows(series, 4, horizon)
        assert_array_equal(by_row[3:], X)
        assert_array_equal(targets[3:], y)

    def test_the_gap_between_folds_that_the_docstring_asks_for(self):
        rows, targets = make_targets(np.arange(40.0), 4)
        for gap, overlap in ((3, False), (2, True)):
            for train, test in TimeSeriesSplit(4, gap=gap).split(rows):
                assert (targets[train].max() > rows[test[0], 0]) == overlap

    def test_bad_arguments(self):
        with pytest.raises(ValueError, match=r"has 3 rows, but horizon=3 needs more than 3"):
            make_targets([1.0, 2.0, 3.0], 3)
        with pytest.raises(ValueError, match=r"has 3 rows, but horizon=1 after gap=2 needs more"):
            make_targets([1.0, 2.0, 3.0], 1, gap=2)
        with pytest.raises(ValueError, match="horizon must be an integer of at least 1"):
            make_targets([1.0, 2.0, 3.0], 0)
        with pytest.raises(ValueError, match="set target"):
            make_targets(np.ones((9, 2)), 2)
