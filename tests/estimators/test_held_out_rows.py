"""Rows that a fit holds out to validate on: by share, in whole groups, or as a splitter says."""

import copy
import pickle

import numpy as np
import pytest
import sklearn
from _engine import keras_reads_variables
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)

import skrnn
from skrnn import LSTMClassifier, LSTMRegressor
from skrnn.estimators._validation import _last_rows

pytestmark = keras_reads_variables

N_ROWS = 48
rng = np.random.default_rng(0)
X = rng.normal(5.0, 2.0, size=(N_ROWS, 6))
Y = 10.0 + X @ np.linspace(0.0, 3.0, 6) + rng.normal(size=N_ROWS)
# Eight patients of six rows, which do not stand together.
PATIENTS = np.array([f"p{n}" for n in rng.permutation(np.repeat(np.arange(8), 6))])
LABELS = np.where(np.median(Y) < Y, "ill", "well")
WATCHED = {"early_stopping": True, "monitor": "loss"}  # validation rows decide nothing


def make(kind=LSTMRegressor, **params):
    return kind(**{"units": 4, "epochs": 3, "batch_size": 16, "random_state": 0, **params})


def by_hand(train, held_out, y=Y, **params):
    return make(**params).fit(X[train], y[train], X_val=X[held_out], y_val=y[held_out])


def assert_same(one, other):
    for column in ("loss", "val_loss"):
        assert_array_equal(one.history_[column], other.history_[column])
    assert_array_equal(one.predict(X), other.predict(X))


class OneSplit:
    """A splitter of one's own: the rows of both sides as they are given."""

    def __init__(self, train, test):
        self.train, self.test = train, test

    def split(self, X, y=None, groups=None):
        yield self.train, self.test


class TestSplitters:
    @pytest.mark.parametrize("early_stopping", [False, True])
    @pytest.mark.parametrize(
        ("splitter", "grouped"),
        [
            (TimeSeriesSplit(3, gap=2), False),
            (KFold(4), False),
            (ShuffleSplit(2, test_size=0.25, random_state=0), False),
            (PredefinedSplit(np.where(np.arange(N_ROWS) % 5 == 1, 0, -1)), False),
            (GroupShuffleSplit(1, test_size=0.25, random_state=3), True),
            (LeaveOneGroupOut(), True),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_the_last_split_is_taken(self, splitter, grouped, early_stopping):
        groups = PATIENTS if grouped else None
        train, held_out = list(splitter.split(X, Y, groups))[-1]
        params = {"early_stopping": early_stopping, "n_iter_no_change": 2}
        fitted = make(validation_fraction=splitter, **params).fit(X, Y, groups=groups)
        assert_same(fitted, by_hand(train, held_out, **params))

    def test_labels_are_stratified_as_they_are(self):
        splitter = StratifiedKFold(3)
        train, held_out = list(splitter.split(X, LABELS))[-1]
        fitted = make(LSTMClassifier, validation_fraction=splitter).fit(X, LABELS)
        named = by_hand(train, held_out, LABELS, kind=LSTMClassifier)
        assert_array_equal(fitted.history_["val_loss"], named.history_["val_loss"])

    def test_rows_on_neither_side_are_left_out(self):
        splitter = OneSplit(np.arange(20), np.arange(30, 40))
        fitted = make(validation_fraction=splitter).fit(X, Y)
        other = Y.copy()
        other[20:30] = other[40:] = 1e6
        assert_same(fitted, make(validation_fraction=splitter).fit(X, other))
        assert_same(fitted, by_hand(*splitter.split(X).__next__()))

    def test_sides_may_be_masks(self):
        late = np.arange(N_ROWS) >= 40
        assert_same(
            make(validation_fraction=OneSplit(~late, late)).fit(X, Y),
            by_hand(~late, late),
        )

    def test_held_out_rows_teach_nothing(self):
        splitter = GroupShuffleSplit(1, test_size=0.25, random_state=3)
        ((_, held_out),) = splitter.split(X, Y, PATIENTS)
        wild_X, wild_y = X.copy(), Y.copy()
        wild_X[held_out] *= -70.0
        wild_y[held_out] = 1e4
        for params in ({}, WATCHED):
            fits = [
                make(validation_fraction=splitter, linear_skip=True, **params).fit(
                    *data, groups=PATIENTS
                )
                for data in ((X, Y), (wild_X, wild_y))
            ]
            assert_array_equal(fits[0].predict(X), fits[1].predict(X))
            assert fits[0].history_["val_loss"] != fits[1].history_["val_loss"]

    def test_weights_weigh_the_validation_loss(self):
        splitter, weight = OneSplit(np.arange(36), np.arange(36, 48)), np.ones(N_ROWS)
        weight[:10] = 3.0
        weight[44:] = 0.0
        fitted = make(validation_fraction=splitter).fit(X, Y, sample_weight=weight)
        named = make().fit(
            *(X[:36], Y[:36], weight[:36]),
            X_val=X[36:],
            y_val=Y[36:],
            sample_weight_val=weight[36:],
        )
        assert_same(fitted, named)
        plain = make(validation_fraction=splitter).fit(X, Y)
        assert plain.history_["val_loss"] != fitted.history_["val_loss"]

    def test_the_seed_of_the_estimator_is_that_of_a_splitter_without(self):
        splitter = GroupShuffleSplit(1, test_size=0.25)
        fits = [make(validation_fraction=splitter).fit(X, Y, groups=PATIENTS) for _ in range(2)]
        assert_same(*fits)
        other = make(validation_fraction=splitter, random_state=1).fit(X, Y, groups=PATIENTS)
        assert other.history_["val_loss"] != fits[0].history_["val_loss"]
        assert splitter.random_state is None

    def test_rows_that_are_named_come_first(self):
        splitter = TimeSeriesSplit(3)
        fitted = make(validation_fraction=splitter).fit(X, Y, X_val=X[:9], y_val=Y[:9])
        assert_same(fitted, make().fit(X, Y, X_val=X[:9], y_val=Y[:9]))

    def test_partial_fit_trains_on_all_rows(self):
        called = make(validation_fraction=TimeSeriesSplit(3)).partial_fit(X, Y)
        assert_array_equal(called.predict(X), make().partial_fit(X, Y).predict(X))

    def test_a_warm_start_goes_on(self):
        fitted = make(validation_fraction=TimeSeriesSplit(3), warm_start=True).fit(X, Y)
        fitted.fit(X, Y)
        assert len(fitted.history_["val_loss"]) == 6
        assert np.isfinite(fitted.history_["val_loss"]).all()

    def test_every_step_may_have_a_target(self):
        splitter, steps = TimeSeriesSplit(3), X.cumsum(axis=1)
        train, held_out = list(splitter.split(X))[-1]
        params = {"return_sequences": True}
        fitted = make(validation_fraction=splitter, **params).fit(X, steps)
        assert_same(fitted, by_hand(train, held_out, steps, **params))


class TestGroupsOfAShare:
    def test_no_group_is_on_both_sides(self):
        params = {**WATCHED, "validation_fraction": 0.4}
        fitted = make(**params).fit(X, Y, groups=PATIENTS)

        def teaches(row):
            wild = Y.copy()
            wild[row] += 50.0
            other = make(**params).fit(X, wild, groups=PATIENTS)
            return not np.array_equal(other.predict(X), fitted.predict(X))

        rows = [np.flatnonzero(patient == PATIENTS) for patient in np.unique(PATIENTS)]
        first, last = ([teaches(own[place]) for own in rows] for place in (0, -1))
        assert first == last
        assert sorted(first) == [False] * 3 + [True] * 5

    @pytest.mark.parametrize("seed", range(5))
    @pytest.mark.parametrize("fraction", [0.05, 0.3, 0.95])
    def test_groups_of_any_size(self, fraction, seed):
        rng = np.random.default_rng(seed)
        groups = np.unique(rng.integers(0, 9, 200) ** 2 % 7, return_inverse=True)[1]
        classes = rng.integers(0, 1 + seed % 3, 200)
        held_out = _last_rows(fraction, classes, groups)
        sides = set(groups[held_out]), set(groups[~held_out])
        assert all(sides)
        assert not sides[0] & sides[1]

    def test_the_last_groups_are_held_out(self):
        days = np.repeat(np.arange(12), 4)
        stops = {"early_stopping": True, "epochs": 5}
        fitted = make(validation_fraction=0.2, **stops).fit(X, Y, groups=days)
        assert_same(fitted, by_hand(np.arange(40), np.arange(40, 48), **stops))

    def test_each_row_a_group_is_no_groups(self):
        stops = {"early_stopping": True, "validation_fraction": 0.3}
        assert_same(make(**stops).fit(X, Y, groups=np.arange(N_ROWS)), make(**stops).fit(X, Y))

    def test_groups_of_rows_sorted_by_class(self):
        y = np.repeat(["ill", "well"], 24)
        groups = np.repeat(np.arange(8), 6)  # four of each class
        stops = {"early_stopping": True, "epochs": 2, "validation_fraction": 0.25}
        last = np.isin(groups, [3, 7])
        fitted = make(LSTMClassifier, **stops).fit(X, y, groups=groups)
        named = by_hand(~last, last, y, kind=LSTMClassifier, **stops)
        assert_array_equal(fitted.history_["val_loss"], named.history_["val_loss"])

    def test_without_early_stopping_they_are_not_used(self):
        fitted = make().fit(X, Y, groups=PATIENTS)
        assert_array_equal(fitted.predict(X), make().fit(X, Y).predict(X))


class TestRouting:
    def test_a_search_passes_the_groups_of_its_folds(self):
        splitter = LeaveOneGroupOut()
        with sklearn.config_context(enable_metadata_routing=True):
            regressor = make(validation_fraction=splitter).set_fit_request(groups=True)
            search = GridSearchCV(regressor, {"units": [2, 3]}, cv=GroupKFold(2))
            search.fit(X, Y, groups=PATIENTS)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        best = search.best_estimator_
        expected = make(validation_fraction=splitter, units=best.units).fit(X, Y, groups=PATIENTS)
        assert_same(best, expected)

    def test_unasked_for_they_are_those_of_the_search_alone(self):
        with sklearn.config_context(enable_metadata_routing=True):
            search = GridSearchCV(make(), {"units": [2]}, cv=GroupKFold(2))
            search.fit(X, Y, groups=PATIENTS)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()

    def test_splitters_are_searched_over(self):
        search = GridSearchCV(
            make(), {"validation_fraction": [TimeSeriesSplit(2), KFold(5), 0.2]}, cv=KFold(2)
        ).fit(X, Y)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_copies_and_files(tmp_path):
    splitter = GroupShuffleSplit(1, test_size=0.25, random_state=3)
    fitted = make(validation_fraction=splitter).fit(X, Y, groups=PATIENTS)
    skrnn.save(fitted, tmp_path / "model.skrnn")
    others = [
        clone(fitted).fit(X, Y, groups=PATIENTS),
        pickle.loads(pickle.dumps(fitted)),
        copy.deepcopy(fitted),
        skrnn.load(tmp_path / "model.skrnn"),
    ]
    for other in others:
        assert_same(other, fitted)
        assert repr(other.validation_fraction) == repr(splitter)


REFUSED = {
    "text": ("'validation_fraction' parameter.*a splitter", "0.1", None),
    "class": ("'validation_fraction' parameter.*a splitter", KFold, None),
    "missing-groups": (
        r"GroupShuffleSplit.* 'groups' .*groups=.*set_fit_request\(groups=True\)",
        GroupShuffleSplit(1),
        None,
    ),
    "too-few-rows": (
        "TimeSeriesSplit.*48 rows: Cannot have .*folds=61",
        TimeSeriesSplit(60),
        None,
    ),
    "overlap": ("row 7 on both sides", OneSplit(np.arange(8), np.arange(7, 20)), None),
    "none-to-validate": ("none of the 48 rows to validate", OneSplit(np.arange(8), []), None),
    "none-to-train": ("none of the 48 rows to train", OneSplit([], np.arange(8)), None),
    "outside": ("no numbers of the 48 rows", OneSplit(np.arange(8), [48]), None),
    "no-numbers": ("no numbers of the 48 rows", OneSplit(np.arange(8), ["a"]), None),
    "no-split": ("gives no split", PredefinedSplit(np.full(N_ROWS, -1)), None),
    "groups-short": (r"groups has the shape \(47,\), but X has 48 rows", 0.2, PATIENTS[1:]),
    "groups-table": (r"groups has the shape \(48, 2\)", 0.2, np.ones((N_ROWS, 2))),
    "groups-nan": (r"groups has no value .* row 5", 0.2, np.where(np.arange(48) == 5, np.nan, 1)),
    "one-group": ("one group only.*validation_fraction=0.2", 0.2, np.zeros(N_ROWS)),
}


@pytest.mark.parametrize(("message", "choice", "groups"), REFUSED.values(), ids=list(REFUSED))
def test_refusals_leave_the_fit_before(message, choice, groups):
    fitted = make().fit(X, Y)
    expected = fitted.predict(X)
    fitted.set_params(validation_fraction=choice, early_stopping=True)
    with pytest.raises(ValueError, match=message):
        fitted.fit(X, Y, groups=groups)
    assert_array_equal(fitted.predict(X), expected)
