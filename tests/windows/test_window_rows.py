"""Which rows are in a window, how much memory that takes, and the transformer in scikit-learn.

That no window sees the future is tested in test_leaks.py.
"""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from _windows import MONTHS, NAN, column, expected_windows, quietly, steps
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import SlidingWindowTransformer

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

    def test_sampling_rate_leaves_rows_out(self):
        windows = SlidingWindowTransformer(3, sampling_rate=2).fit_transform(
            np.arange(6.0)[:, None]
        )
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

    @pytest.mark.parametrize("sampling_rate", [1, 2, 5])
    @pytest.mark.parametrize("window", [1, 2, 4])
    def test_several_features(self, window, sampling_rate):
        X = np.random.default_rng(0).normal(size=(12, 3))
        windows = SlidingWindowTransformer(window, sampling_rate=sampling_rate).fit_transform(X)
        assert_array_equal(windows, expected_windows(X, window, sampling_rate))

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
        X = column(MONTHS[np.repeat(np.arange(6), 2)]).assign(g=list("ababababcbab"))
        windows = quietly(SlidingWindowTransformer(3, group="g").fit, X[:6])
        attributes = dict(vars(windows))
        first = quietly(windows.transform, X[6:])
        quietly(windows.transform, X)
        assert all(value is attributes[name] for name, value in vars(windows).items())
        assert_array_equal(quietly(windows.transform, X[6:]), first)


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
        deep = SlidingWindowTransformer(3, sampling_rate=2, padding="edge")
        flat = clone(deep).set_params(flatten=True)
        assert_array_equal(flat.fit_transform(X), deep.fit_transform(X).reshape(9, 6))

    def test_names_count_rows_back(self):
        windows = SlidingWindowTransformer(3, sampling_rate=24, flatten=True).fit(column(range(60)))
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


# ---- A scikit-learn transformer ------------------------------------------------------------------


class TestEstimator:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *[("window", value) for value in (0, -1, 2.5, "3", None)],
            *[("sampling_rate", value) for value in (0, 1.5)],
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
            **{"window": 7, "sampling_rate": 2, "padding": 0.5, "flatten": True, "group": "g"},
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
        with pytest.raises(NotFittedError, match="is not fitted yet"):
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
