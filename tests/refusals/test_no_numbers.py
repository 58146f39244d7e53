"""Texts, times, nothing at all: refused in words that name what they are and the remedy."""

import numpy as np
import pandas as pd
import pytest
from _checks import Untouched
from _engine import keras_reads_variables
from _refusals import X, make, y
from scipy import sparse

from skrnn import (
    LSTMClassifier,
    SequenceScaler,
    SlidingWindowTransformer,
    last_windows,
    make_targets,
    make_windows,
    to_sequences,
)

pytestmark = keras_reads_variables

DAYS = pd.DataFrame({"v": np.arange(8.0)}, index=pd.date_range("2020", periods=8))
FULL = np.full(X.shape, 1.0, dtype=object)
NO_NUMBERS = {
    "text": ("word", "row 3: could not convert string to float: 'word'.*OrdinalEncoder"),
    "empty text": ("", "row 3: could not convert string to float: ''.*OrdinalEncoder"),
    "too large": (10**400, "row 3: the number is too large for a float. Rescale"),
}
no_number = pytest.mark.parametrize(("value", "match"), NO_NUMBERS.values(), ids=NO_NUMBERS)


def with_value(value, shape=X.shape):
    values = np.full(shape, 1.0, dtype=object)
    values[3] = value
    return values


@no_number
class TestOneValue:
    @pytest.mark.parametrize("form", [np.asarray, pd.DataFrame, np.ndarray.tolist])
    def test_in_sequences(self, value, match, form):
        model = make()
        with Untouched(model), pytest.raises(ValueError, match=f"X {match}"):
            model.fit(form(with_value(value)), y)
        with pytest.raises(ValueError, match=f"X_val {match}"):
            model.fit(X, y, X_val=form(with_value(value)), y_val=y)
        with pytest.raises(ValueError, match=f"X {match}"):
            model.fit(X, y).predict(form(with_value(value)))

    def test_in_tokens(self, value, match):
        with pytest.raises(ValueError, match=f"X {match}"):
            make(embedding_dim=2).fit(with_value(value), y)

    def test_in_weights(self, value, match):
        model = make()
        match = match.replace("OrdinalEncoder", "Give each row a number")
        with Untouched(model), pytest.raises(ValueError, match=f"sample_weight {match}"):
            model.fit(X, y, sample_weight=with_value(value, 40))

    def test_in_tools(self, value, match):
        rows = with_value(value)
        for scaler in (SequenceScaler(), SlidingWindowTransformer(2)):
            with Untouched(scaler), pytest.raises(ValueError, match=f"X {match}"):
                scaler.fit(rows)
        with pytest.raises(ValueError, match=f"series {match}"):
            make_windows(rows, 2, target=0)
        with pytest.raises(ValueError, match=f"Sequence 0, {match}"):
            to_sequences([rows])


class TestTargets:
    @pytest.mark.parametrize(
        ("targets", "match"),
        [
            ([10**400] * 40, "y row 0: the number is too large"),
            ([], "y is empty, but X has 40 rows"),
            (pd.Series([], dtype=float), "y is empty, but X has 40 rows"),
            (np.zeros((0, 2)), "y is empty, but X has 40 rows"),
            (pd.DataFrame(index=range(40)), "y is a frame without columns"),
            ([[1.0], [2.0, 3.0]] * 20, "y has rows of unequal length"),
            (np.array(None), "y is array.None.*, a single value. Pass a list"),
            (1.0, "y is 1.0, a single value. Pass a list or an array"),
            (sparse.csr_array(np.ones((40, 1))), r"y is sparse.* Pass y.toarray"),
            ({1.0, 2.0}, "y is of type set, which is no array"),
            (iter([1.0]), "y is of type list_iterator, which is no array"),
            ([{}] * 40, "y row 0: the argument must be .* not 'dict'. Put a number there"),
            (1j * y, "Complex data not supported: y holds complex numbers"),
            (np.zeros(40, [("a", float)]), "y holds records of fields"),
            (pd.DataFrame(np.zeros((40, 2)), columns=["a", "a"]), "y has two columns 'a'"),
        ],
    )
    def test_of_regressors(self, targets, match):
        model = make()
        with Untouched(model), pytest.raises((ValueError, TypeError), match=match):
            model.fit(X, targets)

    @pytest.mark.parametrize("kind", [list, np.array, pd.Series], ids=["list", "array", "series"])
    @pytest.mark.parametrize("steps", [False, True])
    def test_labels_that_are_not_there(self, kind, steps):
        model = LSTMClassifier(2, return_sequences=steps)
        with Untouched(model), pytest.raises(ValueError, match="y is empty, but X has 40 rows"):
            model.fit(X, kind([]))

    @pytest.mark.parametrize("classes", [[], [None, 1], ["a", 1]], ids=str)
    def test_classes_that_are_none(self, classes):
        model = LSTMClassifier(2)
        with Untouched(model), pytest.raises(ValueError, match=r"classes=.*no labels of one type"):
            model.partial_fit(X, (y > 0).astype(int), classes=classes)

    def test_weights_of_classes_that_leave_no_row(self):
        model = LSTMClassifier(2, class_weight={0: 0.0})
        with Untouched(model), pytest.raises(ValueError, match=r"to train on.*class_weight"):
            model.partial_fit(X, np.zeros(40, int), classes=[0, 1])


@pytest.mark.parametrize("times", [np.datetime64("2020-01-01"), np.timedelta64(3, "h")], ids=str)
def test_times_are_no_features(times):
    with pytest.raises(ValueError, match=r"X holds times.*Turn them into numbers"):
        make().fit(np.full(X.shape, times), y)
    with pytest.raises(ValueError, match="series holds times"):
        make_windows(np.full(9, times), 2)


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame(index=range(40))])
def test_frames_without_columns(frame):
    for call in (
        lambda: make().fit(frame, y),
        lambda: make().fit(X, y).predict(frame),
        lambda: SequenceScaler().fit(frame),
        lambda: SlidingWindowTransformer(2).fit(frame),
        lambda: make_windows(frame, 2),
        lambda: make_targets(frame, 1),
    ):
        with pytest.raises(ValueError, match=r"without columns|has no column"):
            call()


class TestSequences:
    @pytest.mark.parametrize("data", [[1.0, 2.0], (1, 2), [None], pd.Series([1.0, 2.0])], ids=str)
    def test_numbers_are_none(self, data):
        with pytest.raises(ValueError, match=r"Sequence 0 of data is .*pass \[data\]"):
            to_sequences(data)

    @pytest.mark.parametrize("data", [5, None, "ab", {"a": [1.0]}], ids=str)
    def test_what_holds_none(self, data):
        with pytest.raises(ValueError, match=r"data must hold sequences.*Pass a list"):
            to_sequences(data)

    @pytest.mark.parametrize("length", [0, -1, 2.0, "3", True, 10**30])
    def test_lengths(self, length):
        with pytest.raises(ValueError, match="n_timesteps must be a positive integer up to"):
            to_sequences([[1.0]], n_timesteps=length)


@pytest.mark.parametrize("freq", ["0D", "-1D", "0h", "-2h", "-1MS", "foo", "0s"])
def test_frequencies_that_do_not_go_ahead(freq):
    for index in (DAYS.index, DAYS.index.to_period()):
        frame = DAYS.set_index(index)
        windows = SlidingWindowTransformer(2, freq=freq)
        with Untouched(windows), pytest.raises(ValueError, match=f"freq='{freq}' is no step ahead"):
            windows.fit(frame)
        for function in (make_windows, last_windows, make_targets):
            with pytest.raises(ValueError, match=f"freq='{freq}' is no step ahead"):
                function(frame, 2, freq=freq)


@pytest.mark.parametrize("tolerance", [pd.Timedelta(0), pd.Timedelta(-1, "h")], ids=str)
def test_tolerances_that_bridge_nothing(tolerance):
    with pytest.raises(ValueError, match=r"gap_tolerance=.*no time between rows"):
        SlidingWindowTransformer(2, gap_tolerance=tolerance).fit(DAYS)
