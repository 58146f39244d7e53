"""Ensembles of scikit-learn with recurrent members."""

import numpy as np
import pytest
from _engine import keras_reads_variables
from _estimators import (
    LEARNS,
    classifier,
    regressor,
)
from numpy.testing import assert_allclose
from sklearn.ensemble import BaggingClassifier, BaggingRegressor, VotingClassifier, VotingRegressor

pytestmark = keras_reads_variables


# ---- Ensembles -----------------------------------------------------------------------------------


class TestEnsembles:
    def test_bagging_of_numbers(self, X, y):
        bag = BaggingRegressor(regressor(**LEARNS), n_estimators=3, random_state=0).fit(X, y)
        alone = [model.predict(X) for model in bag.estimators_]
        assert len({tuple(predictions) for predictions in alone}) == 3
        assert_allclose(bag.predict(X), np.mean(alone, axis=0))
        assert bag.score(X, y) > 0.5

    def test_bagging_of_classes(self, X, two):
        bag = BaggingClassifier(classifier(**LEARNS), n_estimators=3, random_state=0).fit(X, two)
        alone = np.mean([model.predict_proba(X) for model in bag.estimators_], axis=0)
        assert_allclose(bag.predict_proba(X), alone)
        assert bag.classes_.tolist() == ["high", "low"]
        assert bag.score(X, two) > 0.8

    @pytest.mark.parametrize("dimensions", [2, 3])
    def test_votes(self, X, y, two, dimensions):
        X = X if dimensions == 2 else X[:, :, None]
        members = [("one", classifier()), ("other", classifier(random_state=1))]
        vote = VotingClassifier(members, voting="soft").fit(X, two)
        alone = np.mean([model.predict_proba(X) for model in vote.estimators_], axis=0)
        assert_allclose(vote.predict_proba(X), alone)
        assert set(vote.predict(X)) <= {"high", "low"}
        members = [("one", regressor()), ("other", regressor(random_state=1))]
        vote = VotingRegressor(members).fit(X, y)
        assert_allclose(
            vote.predict(X), np.mean([model.predict(X) for model in vote.estimators_], axis=0)
        )
