"""Importance and slopes of estimators inside pipelines, searches and other wrappers."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _estimators import LEARNS, classifier, regressor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import inspection
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import SlidingWindowTransformer, permutation_importance, saliency

pytestmark = keras_reads_variables


def halve(X):
    return np.asarray(X) / 2.0


def halved():
    return FunctionTransformer(halve)


def search(estimator, **options):
    return GridSearchCV(estimator, {}, cv=2, **options)


def halving(model):
    return make_pipeline(halved(), model)


def fitted_search(model, X, y):
    return search(halving(model)).fit(X, y)


def around_frozen(model, X, y):
    inside = make_pipeline(FrozenEstimator(halved().fit(X)), model).fit(X / 2.0, y)
    return halving(FrozenEstimator(inside)).fit(X, y)


# What is around the model, fitted, and how often X is halved on the way.
WRAPPERS = {
    "pipeline": (lambda model, X, y: halving(model).fit(X, y), 1),
    "pipeline of one step": (lambda model, X, y: make_pipeline(model).fit(X, y), 0),
    "nested pipelines": (lambda model, X, y: halving(halving(model)).fit(X, y), 2),
    "search": (lambda model, X, y: search(model).fit(X, y), 0),
    "search of a pipeline": (fitted_search, 1),
    "pipeline of a search": (lambda model, X, y: halving(search(model)).fit(X, y), 1),
    "frozen": (lambda model, X, y: FrozenEstimator(model.fit(X, y)), 0),
    "frozen search": (lambda model, X, y: FrozenEstimator(fitted_search(model, X, y)), 1),
    "pipeline of a frozen pipeline": (around_frozen, 2),
    "target": (lambda model, X, y: TransformedTargetRegressor(halving(model)).fit(X, y), 1),
}


@pytest.mark.parametrize(("wrap", "halvings"), list(WRAPPERS.values()), ids=list(WRAPPERS))
def test_importance_and_slopes_are_those_inside(wrap, halvings, pairs, one_value):
    wrapper = wrap(regressor(), pairs, one_value)
    before = dict(vars(wrapper))
    inside = pairs / 2.0**halvings
    model = regressor().fit(inside, one_value)
    expected = permutation_importance(model, inside, one_value, by="both", random_state=0)
    found = permutation_importance(wrapper, pairs, one_value, by="both", random_state=0)
    for name, values in expected.items():
        assert_allclose(found[name], values, rtol=1e-9, atol=1e-12)
    assert_array_equal(saliency(wrapper, pairs), saliency(model, inside))
    assert all(vars(wrapper)[name] is value for name, value in before.items())


class TestAsScikitLearnDoes:
    @pytest.mark.parametrize("scoring", [None, "neg_mean_absolute_error"])
    def test_columns_of_steps(self, X, y, scoring):
        """Where each column stays a step, its own function says the same of the pipeline."""
        model = TransformedTargetRegressor(
            make_pipeline(StandardScaler(), regressor(epochs=20)), transformer=StandardScaler()
        ).fit(X, y)
        how = {"scoring": scoring, "n_repeats": 2, "random_state": 0}
        expected = inspection.permutation_importance(model, X, y, **how)
        found = permutation_importance(model, X, y, by="timestep", **how)
        assert_allclose(found.importances, expected.importances, rtol=1e-9)

    def test_the_score_of_a_search_is_its_own(self, X, y):
        model = search(regressor(), scoring="neg_mean_absolute_error").fit(X, y)
        how = {"by": "timestep", "random_state": 0}
        found = permutation_importance(model, X, y, **how).importances
        same = permutation_importance(
            model.best_estimator_, X, y, scoring="neg_mean_absolute_error", **how
        )
        assert_array_equal(found, same.importances)

    def test_thresholds(self, X):
        y = (X.sum(axis=1) > 0).astype(int)
        model = FixedThresholdClassifier(classifier(**LEARNS), threshold=2.0)
        model.fit(X, y)  # never says 1
        found = permutation_importance(model, X, y, by="timestep", random_state=0)
        assert_array_equal(found.importances, 0.0)
        assert_array_equal(saliency(model, X), saliency(model.estimator_, X))


class TestWindows:
    def test_steps_of_windows(self):
        """Each row tells what comes two rows later."""
        X = np.random.default_rng(0).normal(size=(80, 2))
        y = np.concatenate([[0.0, 0.0], X[:-2, 1]])
        model = make_pipeline(SlidingWindowTransformer(4), regressor(**LEARNS)).fit(X, y)
        means = permutation_importance(model, X, y, by="both", random_state=0).importances_mean
        assert means.shape == (4, 2)
        assert np.unravel_index(means.argmax(), means.shape) == (1, 1)
        assert saliency(model, X).shape == (80, 4, 2)

    def test_names_of_columns(self, X, y):
        frame = pd.DataFrame(X).add_prefix("t")
        scaler = StandardScaler().set_output(transform="pandas")
        model = make_pipeline(scaler, regressor()).fit(frame, y)
        assert permutation_importance(model, frame, y, by="timestep").importances.shape == (5, 5)
        with pytest.raises(ValueError, match="feature names should match"):
            saliency(model, frame.add_prefix("other "))


@pytest.mark.parametrize(
    "inspect", [permutation_importance, lambda model, X, y: saliency(model, X)]
)
class TestRefusals:
    @pytest.mark.parametrize(
        ("wrap", "names"),
        [
            (lambda model, X, y: model.fit(X, y), "got Ridge"),
            (WRAPPERS["pipeline"][0], "got Pipeline around Ridge"),
            (WRAPPERS["frozen search"][0], "FrozenEstimator around GridSearchCV around Pipeline"),
            (lambda model, X, y: BaggingRegressor(model).fit(X, y), "got BaggingRegressor"),
            (lambda model, X, y: make_pipeline(halved(), "passthrough").fit(X), "around str"),
            (lambda model, X, y: "LSTMRegressor", "got str"),
        ],
    )
    def test_of_something_else(self, inspect, wrap, names, X, y):
        model = wrap(Ridge(), X, y)
        with pytest.raises(ValueError, match=f"'estimator' parameter must be a fitted.*{names}"):
            inspect(model, X, y)

    @pytest.mark.parametrize(
        "wrap", [make_pipeline, search, FrozenEstimator, TransformedTargetRegressor]
    )
    def test_not_fitted(self, inspect, wrap, X, y):
        with pytest.raises(NotFittedError, match="not fitted yet"):
            inspect(wrap(regressor()), X, y)

    def test_a_search_that_kept_nothing(self, inspect, X, y):
        with pytest.raises(ValueError, match=r"GridSearchCV.*`best_estimator_`.*refit=True"):
            inspect(search(Ridge(), refit=False).fit(X, y), X, y)
