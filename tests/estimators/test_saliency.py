"""Slopes of predictions along the inputs."""

from functools import partial

import numpy as np
import pytest
from _engine import keras_reads_variables
from _estimators import FEATURE, LEARNS, STEP, classifier, flat, regressor, step_by_step
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logit
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from skrnn import (
    saliency,
)

pytestmark = keras_reads_variables


# ---- Gradients -----------------------------------------------------------------------------------


def differences(predict, X, by=0.01):
    """Return central differences of a prediction, per standard deviation of each feature."""
    scale = np.nanstd(X, axis=(0, 1))
    found = np.empty(X.shape)
    for place in np.ndindex(X.shape[1:]):
        up, down = X.copy(), X.copy()
        up[:, *place] += by * scale[place[1]]
        down[:, *place] -= by * scale[place[1]]
        found[:, *place] = (predict(up) - predict(down)) / (2 * by)
    return found


class TestSaliency:
    def test_of_a_number(self, knows, pairs, one_value):
        expected = differences(knows.predict, pairs) / one_value.std()
        gradients = saliency(knows, pairs)
        assert gradients.shape == pairs.shape
        assert gradients.dtype == np.float64
        assert_allclose(gradients, expected, atol=2e-3)
        strength = abs(gradients).mean(axis=0)
        assert np.unravel_index(strength.argmax(), strength.shape) == (STEP, FEATURE)

    def test_of_one_of_several_numbers(self, X, y):
        y = np.stack([y, X[:, 0] ** 2], axis=1)
        model = regressor(network=flat, **LEARNS).fit(X, y)
        expected = differences(lambda X: model.predict(X[:, :, 0])[:, 1], X[:, :, None])
        expected /= y[:, 1].std()
        for output in (1, -1, np.int64(1)):
            assert_allclose(saliency(model, X, output=output), expected, atol=2e-3)
        assert_array_equal(saliency(model, X), saliency(model, X, output=0))

    def test_of_one_of_two_classes(self, X, two):
        model = classifier(epochs=20, learning_rate=0.02).fit(X, two)
        X = X[:, :, None]
        expected = differences(lambda X: logit(model.predict_proba(X[:, :, 0])[:, 1]), X)
        gradients = saliency(model, X[:, :, 0])
        assert_allclose(gradients, expected, atol=2e-3, rtol=1e-3)
        assert_array_equal(saliency(model, X[:, :, 0], output="low"), gradients)
        assert_array_equal(saliency(model, X[:, :, 0], output="high"), -gradients)

    def test_of_one_of_three_classes(self, X, three):
        model = classifier(epochs=20, learning_rate=0.02).fit(X, 10 * three)

        def log_odds(X, number):
            """Of a class against the mean of the others."""
            logs = np.log(model.predict_proba(X[:, :, 0]))
            return logs[:, number] - np.delete(logs, number, axis=1).mean(axis=1)

        for number, label in enumerate((0, 10, 20)):
            expected = differences(partial(log_odds, number=number), X[:, :, None])
            gradients = saliency(model, X, output=label)
            assert_allclose(gradients, expected, atol=2e-3, rtol=1e-3)
        assert_array_equal(saliency(model, X), saliency(model, X, output=20))

    def test_of_one_step(self, ragged):
        X = ragged[:, :, None]
        y = np.where(np.isnan(ragged), np.nan, np.nancumsum(ragged, axis=1))
        model = regressor(return_sequences=True, **LEARNS).fit(X, y)
        for step in (2, -1):
            expected = differences(lambda X, step=step: model.predict(X)[:, step], X)
            there = ~np.isnan(expected)
            gradients = saliency(model, X, step=step)
            assert_allclose(gradients[there], expected[there] / np.nanstd(y), atol=2e-3)
        assert_array_equal(saliency(model, X), saliency(model, X, step=4))
        # A network that reads in one direction does not answer to what comes later.
        assert_array_equal(saliency(model, X, step=1)[:, 2:], 0.0)
        assert_array_equal(saliency(model, X)[np.isnan(ragged)], 0.0)

    def test_of_the_median(self, X, y):
        model = regressor(quantiles=(0.1, 0.9), **LEARNS).fit(X, y)
        expected = differences(lambda X: model.predict(X[:, :, 0]), X[:, :, None]) / y.std()
        assert_allclose(saliency(model, X), expected, atol=2e-3)

    def test_of_frames(self, seen, frames, bright):
        """Along a direction that is another one for each row."""
        gradients = saliency(seen, frames)
        assert gradients.shape == (*frames.shape, 1)
        direction, by = np.random.default_rng(0).normal(size=frames.shape), 0.01
        step = by * frames.std() * direction
        expected = (seen.predict(frames + step) - seen.predict(frames - step)) / (2 * by)
        expected /= bright.std()
        found = (gradients[..., 0] * direction).sum(axis=(1, 2, 3))
        assert_allclose(found, expected, atol=2e-3)
        assert abs(expected).max() > 0.1

    def test_units_do_not_matter(self, knows, pairs, one_value):
        model = clone(knows).fit(100.0 * pairs, 1e-3 * one_value)
        assert_allclose(saliency(model, 100.0 * pairs), saliency(knows, pairs), atol=1e-3)

    @pytest.mark.parametrize("output", [1, -2, "low", 0.0, True])
    def test_outputs_out_of_range(self, knows, pairs, output):
        with pytest.raises(ValueError, match=r"output=.*none of the 1 outputs"):
            saliency(knows, pairs, output=output)

    def test_unknown_classes(self, X, two):
        model = classifier().fit(X, two)
        for output in ("medium", 0):
            with pytest.raises(ValueError, match=r"output=.*none of the classes"):
                saliency(model, X, output=output)

    @pytest.mark.parametrize("step", [5, -6, 1.5, None])
    def test_steps_out_of_range(self, ragged, step):
        model = regressor(network=step_by_step, return_sequences=True).fit(ragged, ragged)
        with pytest.raises(ValueError, match=r"step=.*5 steps"):
            saliency(model, ragged, step=step)

    def test_a_masked_step_has_none(self, ragged):
        model = regressor(network=step_by_step, return_sequences=True).fit(ragged, ragged)
        gradients = saliency(model, ragged, step=-1)
        there = ~np.isnan(ragged[:, -1])
        assert there.any()
        assert not there.all()
        assert (abs(gradients).max(axis=(1, 2)) > 0).tolist() == there.tolist()

    def test_refusals(self, read, tokens, X, y):
        with pytest.raises(ValueError, match=r"reads tokens.*Use permutation_importance"):
            saliency(read, tokens)
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            saliency(regressor(), X)
        with pytest.raises(ValueError, match="'estimator' parameter"):
            saliency(Ridge().fit(X, y), X)
