"""Scores over the steps there are, and searches with them."""

import pickle
from functools import partial

import numpy as np
import pytest
from _engine import keras_reads_variables
from _sequences_out import (
    N_ROWS,
    as_objects,
    regressor,
    tagger,
)
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    fbeta_score,
    log_loss,
    mean_absolute_error,
    r2_score,
)
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score

from skrnn import make_sequence_scorer

pytestmark = keras_reads_variables


FOLDS = KFold(3)


# ---- Scores --------------------------------------------------------------------------------------


class TestScorer:
    def test_errors_have_their_sign_changed(self, X, y, there, fitted):
        scorer = make_sequence_scorer(mean_absolute_error, greater_is_better=False)
        expected = -mean_absolute_error(y[there], fitted.predict(X)[there])
        assert scorer(fitted, X, y) == pytest.approx(expected)

    def test_arguments_reach_the_metric(self, X, tags, there, tagged):
        truth, predicted = tags[there], tagged.predict(X)[there]
        for average in ("macro", "micro"):
            scorer = make_sequence_scorer(f1_score, average=average)
            assert scorer(tagged, X, tags) == f1_score(truth, predicted, average=average)

    def test_probabilities(self, X, tags, there, tagged):
        scorer = make_sequence_scorer(
            log_loss, response_method="predict_proba", greater_is_better=False
        )
        expected = -log_loss(tags[there], tagged.predict_proba(X)[there])
        assert scorer(tagged, X, tags) == expected

    def test_text(self, X, tags, there):
        y = as_objects(tags, there, np.nan)
        model = tagger().fit(X, y)
        scorer = make_sequence_scorer(f1_score, pos_label="low")
        truth, predicted = (values[there].astype(str) for values in (y, model.predict(X)))
        assert scorer(model, X, y) == f1_score(truth, predicted, pos_label="low")

    def test_weights_of_rows(self, X, y, tags, there, fitted, tagged):
        weight = np.linspace(0.0, 2.0, N_ROWS)
        of_steps = np.repeat(weight, there.sum(axis=1))
        scorer = make_sequence_scorer(mean_absolute_error)
        expected = mean_absolute_error(y[there], fitted.predict(X)[there], sample_weight=of_steps)
        assert scorer(fitted, X, y, sample_weight=weight) == pytest.approx(expected)
        expected = r2_score(y[there], fitted.predict(X)[there], sample_weight=of_steps)
        assert fitted.score(X, y, sample_weight=weight) == pytest.approx(expected)
        expected = accuracy_score(tags[there], tagged.predict(X)[there], sample_weight=of_steps)
        assert tagged.score(X, tags, sample_weight=weight) == pytest.approx(expected)

    @pytest.mark.parametrize(
        ("estimator", "message"),
        [
            (type(regressor()), "estimator must be a fitted estimator, but it is <class"),
            ("fitted", "estimator must be a fitted estimator, but it is 'fitted'"),
            (regressor(), "is not fitted yet"),
        ],
    )
    def test_what_is_no_fitted_estimator(self, X, y, estimator, message):
        with pytest.raises((TypeError, NotFittedError), match=message):
            make_sequence_scorer(mean_absolute_error)(estimator, X, y)

    def test_weights_and_functions_that_are_none(self, X, y, fitted):
        scorer = make_sequence_scorer(mean_absolute_error)
        with pytest.raises(ValueError, match=r"sample_weight row 0: could not convert"):
            scorer(fitted, X, y, sample_weight=["a"] * len(X))
        with pytest.raises(ValueError, match="Negative values in sample_weight"):
            scorer(fitted, X, y, sample_weight=-(10**30))
        assert scorer(fitted, X, y, sample_weight=np.array(2)) == pytest.approx(
            scorer(fitted, X, y)
        )
        with pytest.raises(ValueError, match="y and the predictions could not be scored"):
            make_sequence_scorer(r2_score)(fitted, X, np.full(y.shape, "a"))
        with pytest.raises(ValueError, match=r"'score_func' parameter .* must be a function"):
            make_sequence_scorer(int)

    @pytest.mark.parametrize("n_outputs", [None, 1, 2])
    def test_the_metric_gets_two_arrays_of_one_shape(self, X, y, there, n_outputs):
        y = y if n_outputs is None else np.stack([y * (1 + k) for k in range(n_outputs)], axis=2)
        given = []

        def metric(truth, predicted):
            given.append((truth.shape, predicted.shape))
            return 0.0

        make_sequence_scorer(metric)(regressor().fit(X, y), X, y)
        assert given == [(y[there].shape,) * 2]

    @pytest.mark.parametrize(
        "wrong", [lambda y: y[:, 0], lambda y: y[:, 1:], lambda y: y[1:]], ids=["row", "step", "n"]
    )
    def test_y_of_another_shape(self, X, y, fitted, wrong):
        scorer = make_sequence_scorer(mean_absolute_error)
        with pytest.raises(ValueError, match=r"one target per step: y of shape \(48, 5\)"):
            scorer(fitted, X, wrong(y))

    @pytest.mark.parametrize(
        "metric", [f1_score, partial(fbeta_score, beta=2.0)], ids=["function", "partial"]
    )
    def test_it_is_shown_and_pickled(self, X, tags, tagged, metric):
        scorer = make_sequence_scorer(metric)
        again = pickle.loads(pickle.dumps(scorer))
        assert again(tagged, X, tags) == scorer(tagged, X, tags)
        assert repr(scorer).startswith("make_sequence_scorer(")


class TestSearches:
    GRID = {"learning_rate": [0.003, 0.05], "dropout": [0.0, 0.3]}  # noqa: RUF012

    def check(self, model, X, y, scorer):
        search = GridSearchCV(model, self.GRID, cv=FOLDS, scoring=scorer, error_score="raise")
        search.fit(X, y)
        for fold, (train, test) in enumerate(FOLDS.split(X)):
            alone = clone(model).set_params(**search.best_params_).fit(X[train], y[train])
            score = alone.score if scorer is None else partial(scorer, alone)
            found = search.cv_results_[f"split{fold}_test_score"][search.best_index_]
            assert found == score(X[test], y[test])
        assert len(set(search.cv_results_["mean_test_score"])) > 1
        assert np.isfinite(search.score(X, y))

    @pytest.mark.parametrize(
        "scorer",
        [None, make_sequence_scorer(mean_absolute_error, greater_is_better=False)],
        ids=["r2", "mae"],
    )
    def test_numbers(self, X, y, scorer):
        self.check(regressor(), X, y, scorer)

    @pytest.mark.parametrize(
        "scorer",
        [
            None,
            make_sequence_scorer(f1_score, average="macro"),
            make_sequence_scorer(
                log_loss, response_method="predict_proba", greater_is_better=False
            ),
        ],
        ids=["accuracy", "f1", "log-loss"],
    )
    @pytest.mark.parametrize("missing", [True, False])
    def test_tags(self, X, tags, there, scorer, missing):
        self.check(tagger(), X, np.where(there, tags, np.nan) if missing else tags, scorer)

    def test_cross_validation(self, X, y):
        predicted = cross_val_predict(regressor(), X, y, cv=FOLDS)
        scores = cross_val_score(regressor(), X, y, cv=FOLDS)
        for fold, (train, test) in enumerate(FOLDS.split(X)):
            model = regressor().fit(X[train], y[train])
            assert_array_equal(predicted[test], model.predict(X[test]))
            assert scores[fold] == model.score(X[test], y[test])
