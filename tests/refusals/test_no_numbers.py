"""Texts, times, nothing at all: refused in words that name what they are and the remedy."""

import numpy as np
import pandas as pd
import pytest
from _checks import Untouched
from _engine import keras_reads_variables
from _refusals import X, make, y
from scipy import sparse
from sklearn.base import clone
from sklearn.metrics import r2_score

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

    def test_in_weights_of_a_score(self, value, match):
        match = match.replace("OrdinalEncoder", "Give each row a number")
        weights, steps = with_value(value), np.zeros(X.shape, int)
        steps[:, ::2] = 1
        for model, targets in (
            (make(), y),
            (make(return_sequences=True), X),
            (LSTMClassifier(2, epochs=1), y > 0),
            (LSTMClassifier(2, epochs=1, return_sequences=True), steps),
        ):
            model.fit(X, targets)
            with pytest.raises(ValueError, match=f"sample_weight {match}"):
                model.score(X, targets, sample_weight=weights[:, 0])

    def test_in_tools(self, value, match):
        rows = with_value(value)
        for scaler in (SequenceScaler(), SlidingWindowTransformer(2)):
            with Untouched(scaler), pytest.raises(ValueError, match=f"X {match}"):
                scaler.fit(rows)
        with pytest.raises(ValueError, match=f"series {match}"):
            make_windows(rows, 2, target=0)
        with pytest.raises(ValueError, match=f"Sequence 0, {match}"):
            to_sequences([rows])


class Lazy:
    """It becomes an array where one asks for it, and has no length."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype)


class TestScores:
    """What `fit` refuses, `score` does too; large weights and targets are no reason to."""

    MODELS = (
        (make(), y),
        (make(return_sequences=True), X),
        (LSTMClassifier(2, epochs=1), (y > 0).astype(int)),
        (LSTMClassifier(2, epochs=1, return_sequences=True), (X > 0).astype(int)),
    )
    models = pytest.mark.parametrize(
        ("model", "targets"), MODELS, ids=["numbers", "steps", "labels", "labels of steps"]
    )

    @models
    @pytest.mark.parametrize(
        ("weights", "match"),
        [
            (np.zeros(40), "sample_weight is zero for all rows.*at least one non-zero"),
            (-np.ones(40), "Negative values in sample_weight: the first such row is 0"),
            (np.full(40, np.nan), "sample_weight contains NaN"),
            (np.ones(39), "sample_weight has shape .39,., but X has 40 rows"),
        ],
    )
    def test_weights(self, model, targets, weights, match):
        with pytest.raises(ValueError, match=match):
            model.fit(X, targets).score(X, targets, sample_weight=weights)

    @models
    @pytest.mark.parametrize("size", [1e308, 1e-308])
    def test_weights_of_any_size(self, model, targets, size):
        weights = np.arange(1.0, 41.0)
        expected = model.fit(X, targets).score(X, targets, sample_weight=weights)
        found = model.score(X, targets, sample_weight=weights / 40 * size)
        assert found == pytest.approx(expected)

    @models
    def test_targets(self, model, targets):
        model.fit(X, targets)
        with pytest.raises(ValueError, match=r"requires y to be passed.*y is None"):
            model.score(X, None)
        with pytest.raises((TypeError, ValueError), match=r"y has|y is|y of shape|Complex"):
            model.score(X, 1j)
        with pytest.raises(ValueError, match="y has rows of unequal length"):
            model.score(X, [[1.0], [2.0, 3.0]] * 20)
        for missing in (np.nan, np.inf):
            wrong = np.asarray(targets, dtype=float).copy()
            wrong[3] = missing
            with pytest.raises(ValueError, match="row 3"):
                model.score(X, wrong)
        assert model.score(X, Lazy(targets)) == model.score(X, targets)

    @pytest.mark.parametrize("steps", [False, True])
    @pytest.mark.parametrize(
        ("value", "match"),
        [("a", "y holds texts"), (pd.Period("2000"), "y row 0.*real number, not 'Period'")],
    )
    def test_targets_that_are_no_numbers(self, steps, value, match):
        targets = X if steps else y
        model = make(return_sequences=steps).fit(X, targets)
        wrong = np.full(targets.shape, value)
        with pytest.raises((TypeError, ValueError), match=match):
            model.score(X, wrong)
        match = match.replace("y holds texts", "could not convert").replace("y row", "y_val row")
        with Untouched(model), pytest.raises((TypeError, ValueError), match=match):
            model.fit(X, targets, X_val=X, y_val=wrong)

    def test_targets_whose_squares_are_no_floats(self):
        for size in (1e300, 1e-300):
            assert make().fit(X, y).score(X, y * size) <= 1.0
        outputs = np.stack([y, -y], axis=1)
        model = make().fit(X, outputs)
        expected = np.mean([r2_score(outputs[:, k], model.predict(X)[:, k]) for k in (0, 1)])
        assert model.score(X, outputs) == pytest.approx(expected)

    @models
    def test_go_by_the_fit(self, model, targets):
        expected = model.fit(X, targets).score(X, targets)
        changed = clone(model).set_params(return_sequences=np.array([2, 3]))
        vars(changed).update({k: v for k, v in vars(model).items() if k.endswith("_")})
        assert changed.score(X, targets) == expected


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


@pytest.mark.parametrize("shape", [(40, 0, 2), (40, 6, 0)])
def test_sequences_without_steps_or_features(shape):
    for estimator in (make(), SequenceScaler()):
        with Untouched(estimator), pytest.raises(ValueError, match="0 time steps or 0 features"):
            estimator.fit(np.zeros(shape), y)


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
