"""Permutation importance of steps and features."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _estimators import FEATURE, LEARNS, N_ROWS, N_STEPS, STEP, classifier, regressor, step_by_step
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error

from skrnn import (
    permutation_importance,
)

pytestmark = keras_reads_variables


def importance(estimator, X, y, **kwargs):
    return permutation_importance(estimator, X, y, **{"random_state": 0, **kwargs})


class TestImportance:
    def test_of_features(self, knows, pairs, one_value):
        result = importance(knows, pairs, one_value, n_repeats=3)
        assert result.importances.shape == (2, 3)
        assert result.importances_mean.argmax() == FEATURE
        assert result.importances_mean[FEATURE] > 1.0
        assert_allclose(result.importances_mean, result.importances.mean(axis=1))
        assert_allclose(result.importances_std, result.importances.std(axis=1))

    def test_of_steps(self, knows, pairs, one_value):
        result = importance(knows, pairs, one_value, by="timestep")
        assert result.importances.shape == (N_STEPS, 5)
        assert result.importances_mean.argmax() == STEP

    def test_of_both(self, knows, pairs, one_value):
        means = importance(knows, pairs, one_value, by="both").importances_mean
        assert means.shape == (N_STEPS, 2)
        assert np.unravel_index(means.argmax(), means.shape) == (STEP, FEATURE)

    def test_is_reproducible(self, knows, pairs, one_value):
        def draw(seed):
            return importance(knows, pairs, one_value, random_state=seed).importances

        assert_array_equal(draw(0), draw(0))
        assert (draw(0) != draw(1)).any()
        assert (draw(None) != draw(None)).any()

    def test_in_other_layouts(self, knows, pairs, one_value):
        expected = importance(knows, pairs, one_value, by="both").importances
        for params, X in (
            ({"layout": "channels_first"}, np.swapaxes(pairs, 1, 2)),
            ({"n_variables": 2}, pairs.reshape(N_ROWS, -1)),
            ({"layout": "newest_first"}, pairs[:, ::-1]),
            ({"n_variables": 2, "layout": "newest_first"}, pairs[:, ::-1].reshape(N_ROWS, -1)),
            (
                {"n_variables": 2, "layout": "channels_first"},
                pd.DataFrame(np.swapaxes(pairs, 1, 2).reshape(N_ROWS, -1)).add_prefix("x"),
            ),
        ):
            model = clone(knows).set_params(**params).fit(X, one_value)
            found = importance(model, X, one_value, by="both").importances
            assert_allclose(found, expected, rtol=1e-6)

    def test_scoring(self, knows, pairs, one_value):
        given = {"by": "timestep", "n_repeats": 2}
        r2 = importance(knows, pairs, one_value, **given).importances
        named = importance(knows, pairs, one_value, scoring="r2", **given).importances
        assert_allclose(named, r2, rtol=1e-12)
        error = importance(knows, pairs, one_value, scoring="neg_mean_absolute_error", **given)
        own = importance(
            knows,
            pairs,
            one_value,
            scoring=lambda model, X, y: -mean_absolute_error(y, model.predict(X)),
            **given,
        )
        assert_allclose(own.importances, error.importances, rtol=1e-12)
        assert (error.importances != r2).any()

    def test_of_classes(self, X):
        y = np.where(X[:, STEP] > 0, "high", "low")
        model = classifier(**LEARNS).fit(X, y)
        for scoring in (None, "roc_auc"):
            means = importance(model, X, y, by="timestep", scoring=scoring).importances_mean
            assert means.argmax() == STEP

    def test_of_tokens(self, read, tokens, count):
        means = importance(read, tokens, count, by="timestep").importances_mean
        assert means.shape == (N_STEPS,)
        assert (means[:3] > 0.0).all()

    def test_of_frames(self, seen, frames, bright):
        result = importance(seen, frames, bright, by="timestep", n_repeats=2)
        assert result.importances.shape == (3, 2)
        assert result.importances_mean.argmax() == 2

    def test_of_one_target_per_step(self, ragged):
        y = 3.0 * ragged
        model = regressor(network=step_by_step, return_sequences=True, **LEARNS).fit(ragged, y)
        means = importance(model, ragged, y, by="timestep").importances_mean
        assert (means > 0.1).all()

    @pytest.mark.parametrize("by", ["feature", "timestep", "both"])
    def test_what_is_shuffled(self, knows, pairs, by):
        """Values change place among the rows that have one; masks, and all else, stay."""
        X = pairs.copy()
        X[::3, 3:] = np.nan
        X[1::7, 0] = np.nan
        given = []

        def scorer(estimator, X, y):
            given.append(np.array(X))
            return 0.0

        result = importance(knows, X, np.zeros(N_ROWS), by=by, scoring=scorer, n_repeats=2)
        assert_array_equal(given[0], X)
        assert len(given) == 1 + result.importances.size
        shape = result.importances.shape[:-1]
        for number, shuffled in enumerate(given[1:]):
            assert_array_equal(np.isnan(shuffled), np.isnan(X))
            assert_array_equal(np.sort(shuffled, axis=0), np.sort(X, axis=0))
            place = np.unravel_index(number // 2, shape)
            expected = np.zeros(X.shape[1:], bool)
            where = {"feature": (slice(None), *place), "timestep": place, "both": place}[by]
            expected[where] = True
            moved = ((shuffled != X) & ~np.isnan(X)).any(axis=0)
            assert_array_equal(moved, expected)

    def test_a_feature_is_shuffled_as_a_whole(self, knows, pairs):
        given = []

        def scorer(estimator, X, y):
            given.append(np.array(X))
            return 0.0

        importance(knows, pairs, np.zeros(N_ROWS), scoring=scorer, n_repeats=1)
        rows = {tuple(row) for row in pairs[:, :, 0]}
        assert {tuple(row) for row in given[1][:, :, 0]} == rows

    def test_the_data_are_left_alone(self, knows, pairs, one_value):
        X = pairs.copy()
        importance(knows, X, one_value)
        assert_array_equal(X, pairs)

    @pytest.mark.parametrize(
        ("params", "match"),
        [
            ({"by": "row"}, "'by' parameter"),
            ({"n_repeats": 0}, "'n_repeats' parameter"),
            ({"random_state": "seed"}, "'random_state' parameter"),
            ({"scoring": "r3"}, "'r3' is not a valid scoring value"),
        ],
        ids=str,
    )
    def test_refusals(self, knows, pairs, one_value, params, match):
        with pytest.raises(ValueError, match=match):
            permutation_importance(knows, pairs, one_value, **params)

    def test_of_something_else(self, X, y):
        with pytest.raises(ValueError, match="'estimator' parameter"):
            permutation_importance(Ridge().fit(X, y), X, y)
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            permutation_importance(regressor(), X, y)
