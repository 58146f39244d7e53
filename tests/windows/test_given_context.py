"""Rows given as context: in a call, and in fit for the folds of a cross-validation."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from _windows import MONTHS, column, steps
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn
from skrnn import SlidingWindowTransformer, make_targets
from skrnn.exceptions import PaddedWindowWarning

INDICES = {
    "periods": pd.period_range("2000-01", periods=40, freq="M"),
    "dates": pd.date_range("2024-01-01", periods=40),
    "integers": pd.RangeIndex(0, 80, 2),
}
each_index = pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)


@pytest.fixture(autouse=True)
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.fixture
def quiet():
    """No warning at all."""
    with warnings.catch_warnings(action="error"):
        yield


class Recorder(RegressorMixin, BaseEstimator):
    """Keeps the windows that it is given: class-wide, since folds fit clones."""

    fitted, predicted = [], []

    def fit(self, X, y):
        Recorder.fitted.append(np.array(X))
        self.shape_ = np.shape(y)[1:]
        return self

    def predict(self, X):
        Recorder.predicted.append(np.array(X))
        return np.zeros((len(X), *self.shape_))


@pytest.fixture
def recorder():
    Recorder.fitted.clear()
    Recorder.predicted.clear()
    return Recorder()


def panel(index):
    return pd.concat({name: column(index, k + np.arange(40)) for name, k in (("a", 0), ("b", 500))})


def are_whole(windows):
    """Return whether windows hold values that rise by one."""
    return bool((np.diff(windows[:, :, 0], axis=1) == 1).all())


class TestCrossValidation:
    @each_index
    @pytest.mark.parametrize("scoring", [None, "neg_mean_absolute_error"])
    @pytest.mark.parametrize("container", [column, panel], ids=["series", "panel"])
    def test_windows_of_test_parts_are_whole(self, quiet, recorder, index, scoring, container):
        frame = container(index)
        rows, targets = make_targets(frame, horizon=3)
        pipeline = make_pipeline(SlidingWindowTransformer(6), recorder)
        cv = TimeSeriesSplit(4, gap=2)
        cross_validate(
            *(pipeline, rows, targets),
            **{"cv": cv, "scoring": scoring, "params": {"context": frame}, "error_score": "raise"},
        )
        ends = []
        for windows, (_, test) in zip(Recorder.predicted, cv.split(rows), strict=True):
            assert_array_equal(windows[:, -1], rows.iloc[test])
            ends += [windows[index_in_series(rows)[test] >= 5]]
        assert are_whole(np.concatenate(ends))

    @each_index
    def test_windows_of_training_parts_hold_training_rows_only(self, recorder, index):
        frame = column(index)
        rows, targets = make_targets(frame, horizon=2)
        pipeline = make_pipeline(SlidingWindowTransformer(6), recorder)
        for cv in (TimeSeriesSplit(4, gap=1, max_train_size=9), KFold(4)):
            Recorder.fitted.clear()
            cross_validate(pipeline, rows, targets, cv=cv, params={"context": frame})
            for windows, (train, _) in zip(Recorder.fitted, cv.split(rows), strict=True):
                assert set(np.unique(windows[~np.isnan(windows)])) <= set(train)

    def test_without_context_they_are_padded_and_say_so_once_a_fold(self, recorder):
        rows, targets = make_targets(column(INDICES["periods"]), horizon=3)
        pipeline = make_pipeline(SlidingWindowTransformer(6), recorder)
        with pytest.warns(PaddedWindowWarning, match="or as context") as caught:
            cross_validate(pipeline, rows, targets, cv=TimeSeriesSplit(4, gap=2))
        assert len(caught) == 4
        assert not are_whole(Recorder.predicted[0])

    def test_in_a_search(self, quiet, recorder):
        frame = column(INDICES["periods"])
        rows, targets = make_targets(frame, horizon=3)
        grid = {"slidingwindowtransformer__window": [4, 6]}
        pipeline = make_pipeline(SlidingWindowTransformer(), recorder)
        search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(3, gap=2), scoring="r2")
        search.fit(rows, targets, context=frame)
        assert all(map(are_whole, Recorder.predicted))
        Recorder.predicted.clear()
        search.predict(frame[37:])  # the rows whose targets are not known
        assert are_whole(Recorder.predicted[0])

    def test_in_cross_val_predict(self, quiet, recorder):
        frame = column(INDICES["periods"])
        rows, targets = make_targets(frame, horizon=3)
        pipeline = make_pipeline(SlidingWindowTransformer(6), recorder)
        cross_val_predict(pipeline, rows, targets, cv=KFold(4), params={"context": frame})
        assert all(map(are_whole, Recorder.predicted[1:]))

    def test_a_context_as_long_as_the_rows(self, quiet, recorder):
        frame = column(INDICES["periods"])
        y = np.zeros(40)
        pipeline = make_pipeline(SlidingWindowTransformer(6), recorder)
        cv = TimeSeriesSplit(4, gap=2)
        arguments = {"cv": cv, "scoring": "r2", "error_score": "raise"}
        with pytest.raises(ValueError, match=r"no row that X lacks.*context=\[frame\]"):
            cross_validate(pipeline, frame, y, **arguments, params={"context": frame})
        cross_validate(pipeline, frame, y, **arguments, params={"context": [frame]})
        assert all(map(are_whole, Recorder.predicted))

    def test_behind_a_scaler(self, quiet, recorder):
        frame = column(INDICES["periods"])
        rows, targets = make_targets(frame, horizon=3)
        steps = [StandardScaler(), SlidingWindowTransformer(6), recorder]
        arguments = {"cv": TimeSeriesSplit(4, gap=2), "scoring": "r2", "error_score": "raise"}
        arguments["params"] = {"context": frame}
        raw = make_pipeline(*steps).set_output(transform="pandas")
        with pytest.raises(ValueError, match=r"different values at .*transform_input"):
            cross_validate(raw, rows, targets, **arguments)
        scaled = make_pipeline(*steps, transform_input=["context"]).set_output(transform="pandas")
        cross_validate(scaled, rows, targets, **arguments)
        for windows in Recorder.predicted:
            assert np.ptp(np.diff(windows[:, :, 0], axis=1)) < 1e-12


def index_in_series(rows):
    if isinstance(rows.index, pd.MultiIndex):
        return rows.groupby(level=0).cumcount().to_numpy()
    return np.arange(len(rows))


class TestTransform:
    @each_index
    def test_rows_before_those_given(self, quiet, index):
        X = column(index)
        windows = SlidingWindowTransformer(3).fit(X[:10])
        assert steps(windows.transform(X[20:22], context=X[15:20])) == [[18, 19, 20], [19, 20, 21]]
        # Of what is known, the rows of fit too.
        assert steps(windows.transform(X[11:12], context=X[10:11])) == [[9, 10, 11]]
        # Later rows are not looked at, and holes are filled.
        assert steps(windows.transform(X.iloc[[20, 23]], context=X)) == [[18, 19, 20], [21, 22, 23]]
        assert steps(windows.transform(X.iloc[[7, 5]], context=X)) == [[5, 6, 7], [3, 4, 5]]

    def test_a_hole_in_the_context(self, quiet):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(4).fit(X[:2])
        head = windows.transform(X[8:9], context=X.iloc[[3, 4, 6, 7]])
        assert steps(head) == [[None, 6, 7, 8]]
        assert steps(windows.transform(X[8:9], context=X.iloc[[3, 4]])) == [[None, None, None, 8]]

    def test_several_series(self, quiet):
        frame = panel(INDICES["dates"])
        windows = SlidingWindowTransformer(3).fit(frame.groupby(level=0).head(5))
        new = frame.groupby(level=0).nth([20, 21])
        expected = [[18, 19, 20], [19, 20, 21], [518, 519, 520], [519, 520, 521]]
        assert steps(windows.transform(new, context=frame)) == expected
        grouped = frame.reset_index(level=0, names="g")
        windows = SlidingWindowTransformer(3, group="g").fit(grouped)
        assert steps(windows.transform(grouped[20:22], context=grouped)) == expected[:2]

    def test_a_series_and_columns_in_another_order(self, quiet):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(2).fit(X["v"][:3])
        assert steps(windows.transform(X["v"][8:9], context=X["v"])) == [[7, 8]]
        wide = X.assign(w=-X["v"])
        windows = SlidingWindowTransformer(2).fit(wide[:3])
        context = wide[["w", "v"]].assign(other="text")
        assert windows.transform(wide[8:9], context=context).tolist() == [[[7, -7], [8, -8]]]

    def test_flattened_and_edges(self, quiet):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(4, flatten=True).set_output(transform="pandas")
        windows.fit(X[:3])
        assert steps(windows.transform(X[8:9], context=X[7:8])) == [[7, 7, 7, 8]]

    def test_fit_transform_is_fit_and_transform(self, quiet):
        X = column(MONTHS)
        rows = X.drop(MONTHS[4])
        together = SlidingWindowTransformer(3).fit_transform(rows, context=X)
        assert_array_equal(
            together, SlidingWindowTransformer(3).fit(rows, context=X).transform(rows)
        )
        assert steps(together)[4] == [None, None, 5]

    def test_a_row_after_all_that_is_known_is_padded_with_a_warning(self):
        X = column(INDICES["periods"])
        windows = SlidingWindowTransformer(3).fit(X[:10], context=X[:20])
        assert steps(windows.transform(X[20:21])) == [[18, 19, 20]]
        with pytest.warns(PaddedWindowWarning, match="1 of 1 windows"):
            windows.transform(X[25:26])

    def test_another_fit_forgets_it(self):
        X = column(MONTHS)
        windows = SlidingWindowTransformer(3).fit(X[:4], context=X).fit(X[:4])
        with pytest.warns(PaddedWindowWarning):
            assert steps(windows.transform(X[8:9])) == [[None, None, 8]]

    @pytest.mark.parametrize("container", [column, panel], ids=["one", "several"])
    def test_stored_context_is_there_again(self, container, tmp_path):
        frame = container(INDICES["periods"])
        io = pytest.importorskip("skops.io")
        windows = SlidingWindowTransformer(3).fit(frame[:4], context=frame)
        data = io.dumps(windows)
        skrnn.save(windows, tmp_path / "windows")
        for copied in (
            pickle.loads(pickle.dumps(windows)),
            io.loads(data, trusted=io.get_untrusted_types(data=data)),
            skrnn.load(tmp_path / "windows"),
        ):
            assert steps(copied.transform(frame[8:9])) == [[6, 7, 8]]


class TestRefusals:
    @pytest.mark.parametrize(
        ("context", "message"),
        [
            *(
                (odd, "context needs an index.*pass a frame of pandas, or a list of them")
                for odd in (
                    *(np.ones((3, 1)), [], [[]], [np.ones((3, 1))], iter([1]), "text", {}, 5),
                    *([column(MONTHS), None], (column(MONTHS), [1.0]), pd.DataFrame),
                )
            ),
            ([column(MONTHS), column(MONTHS)], "context: the index decreases or repeats"),
            (
                [pd.DataFrame(np.ones((12, 2)), MONTHS, ["v", "v"])],
                "context has two columns 'v'",
            ),
            (column(MONTHS).rename(columns={"v": "w"}), r"context lacks the columns \['v'\] of X"),
            (column(range(12)), "context has an index of integers, but X of periods of M"),
            (column(MONTHS)[::-1], "context: the index decreases.*Sort context by its index"),
            (
                column(MONTHS, -np.arange(12)),
                r"different values at Period\('2020-02'.*transform",
            ),
            (pd.concat({"a": column(MONTHS)}), "context holds none of the series of X"),
        ],
    )
    def test_a_context_that_does_not_fit(self, context, message):
        X = column(MONTHS)
        for refused in (
            lambda: SlidingWindowTransformer(3).fit(X[:8], context=context),
            lambda: SlidingWindowTransformer(3).fit(X[:8]).transform(X[1:2], context=context),
        ):
            with pytest.raises(ValueError, match=message):
                refused()

    def test_arrays(self):
        with pytest.raises(ValueError, match="context needs an index"):
            SlidingWindowTransformer(3).fit(np.ones((4, 1)), context=column(MONTHS))
