"""Predictions that are drawn, with dropout as in training."""

from functools import partial

import numpy as np
import pytest
from _engine import keras_reads_variables
from _estimators import (
    LEARNS,
    N_ROWS,
    N_STEPS,
    SMALL,
    check_refusal,
    classifier,
    flat,
    layers,
    normalized,
    regressor,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import NotFittedError

from skrnn import (
    Seq2SeqRegressor,
)
from skrnn.compat._keras import keras

pytestmark = keras_reads_variables


def recurrent(shape, n_outputs):
    """Return a recurrent network without dropout and without an input for masks."""
    sequence = keras.Input(shape)
    return keras.Model(sequence, layers.Dense(n_outputs)(layers.SimpleRNN(3)(sequence)))


# ---- Sampled predictions -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def dropped(X, y):
    return regressor(dropout=0.3, **LEARNS).fit(X, y)


class TestSamples:
    def test_are_spread_around_the_prediction(self, dropped, X):
        expected = dropped.predict(X)
        samples = dropped.predict_samples(X, 200, random_state=0)
        assert samples.shape == (200, N_ROWS)
        assert samples.dtype == np.float64
        spread = samples.std(axis=0)
        assert spread.min() > 0.0
        assert (abs(samples.mean(axis=0) - expected) < spread).all()
        assert np.corrcoef(samples.mean(axis=0), expected)[0, 1] > 0.95
        assert_array_equal(dropped.predict(X), expected)

    def test_random_state(self, dropped, X):
        def draw(seed):
            return dropped.predict_samples(X[:9], 3, random_state=seed)

        assert_array_equal(draw(0), draw(0))
        assert_array_equal(draw(np.random.RandomState(0)), draw(0))
        assert (draw(0) != draw(1)).any()
        assert (draw(None) != draw(None)).any()
        assert dropped.predict_samples(X[:9]).shape == (100, 9)

    def test_draws_and_rows_differ(self, dropped, X):
        samples = dropped.predict_samples(np.tile(X[:1], (20, 1)), 20, random_state=0)
        assert len(np.unique(samples[:, 0])) > 2
        assert len(np.unique(samples[0])) > 2

    def test_the_generator_of_numpy_is_left_alone(self, dropped, X):
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        dropped.predict_samples(X, 2, random_state=0)
        assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002

    @pytest.mark.parametrize("kind", ["two", "three"])
    def test_of_probabilities(self, X, request, kind):
        model = classifier(dropout=0.3).fit(X, request.getfixturevalue(kind))
        samples = model.predict_samples(X, 30, random_state=0)
        assert samples.shape == (30, N_ROWS, len(model.classes_))
        assert_allclose(samples.sum(axis=2), 1.0)
        assert samples.std(axis=0).min() > 0.0

    def test_of_every_step(self, ragged):
        model = regressor(dropout=0.3, return_sequences=True).fit(ragged, ragged)
        samples = model.predict_samples(ragged, 30, random_state=0)
        assert samples.shape == (30, N_ROWS, N_STEPS)
        there = ~np.isnan(ragged)
        assert_array_equal(np.isnan(samples), np.repeat(~there[None], 30, axis=0))
        assert samples[:, there].std(axis=0).min() > 0.0

    def test_of_dropped_states(self, X, y):
        model = regressor(recurrent_dropout=0.4).fit(X, y)
        assert model.predict_samples(X, 30, random_state=0).std(axis=0).min() > 0.0

    @pytest.mark.parametrize("name", ["dropout", "recurrent_dropout"])
    def test_of_a_decoder_that_goes_on_from_its_own(self, X, y, name):
        model = Seq2SeqRegressor(decoder="autoregressive", **{**SMALL, name: 0.2})
        model.fit(X, np.stack([y, -y], axis=1))
        samples = model.predict_samples(X, 30, random_state=0)
        assert samples.shape == (30, N_ROWS, 2)
        assert samples.std(axis=0).min() > 1e-6
        assert_array_equal(samples, model.predict_samples(X, 30, random_state=0))

    def test_of_a_network_of_the_user(self, X, y):
        model = regressor(network=partial(flat, rate=0.3)).fit(X, y)
        samples = model.predict_samples(X, 50, random_state=0)
        assert samples.std(axis=0).min() > 0.0

    def test_nothing_is_dropped(self, X, y):
        match = "needs a network with dropout"
        check_refusal(regressor().fit(X, y), ValueError, match, "predict_samples", X)
        for network in (flat, recurrent):
            model = regressor(network=network).fit(X, y)
            check_refusal(model, ValueError, match, "predict_samples", X)

    def test_rows_that_depend_on_each_other(self, X, y):
        model = regressor(network=partial(normalized, rate=0.3)).fit(X, y)
        check_refusal(model, ValueError, "batch normalization", "predict_samples", X)

    def test_before_fit(self, X):
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            regressor(dropout=0.3).predict_samples(X)

    @pytest.mark.parametrize("mc_samples", [0, -1, 2.5, "many"])
    def test_number(self, dropped, X, mc_samples):
        with pytest.raises(
            ValueError,
            match="'mc_samples' parameter of predict_samples must be an int in the range",
        ):
            dropped.predict_samples(X, mc_samples)
