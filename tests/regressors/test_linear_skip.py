"""The linear part of the regressors: it starts from ridge regression."""

import numpy as np
import pytest
from _engine import keras_reads_variables
from _regressors import make
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LinearRegression, Ridge

from skrnn import BiLSTMRegressor, LSTMRegressor, RecurrentRegressor, Seq2SeqRegressor
from skrnn.models._ridge import ridge

pytestmark = keras_reads_variables

RNG = np.random.default_rng(0)
SEQUENCES = RNG.normal(2.0, 3.0, size=(60, 6, 2))
# What training changes is too little to be seen.
STILL = {"linear_skip": True, "learning_rate": 1e-12, "epochs": 1}


class TestRidge:
    @pytest.mark.parametrize("shape", [(40, 5), (5, 40), (8, 8)])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_is_that_of_scikit_learn(self, shape, weighted):
        inputs, outputs = RNG.normal(1.0, 2.0, size=shape), RNG.normal(size=(shape[0], 3))
        outputs[:, :2] += inputs[:, :2]
        weight = RNG.uniform(0.5, 2.0, size=shape[0]) if weighted else np.ones(shape[0])
        found = ridge(inputs, outputs, weight if weighted else None)
        centered = inputs - np.average(inputs, axis=0, weights=weight)
        scale = (weight / weight.mean() * (centered**2).sum(axis=1)).sum() / min(shape)
        for penalty in np.logspace(-6, 2, 17):
            same = Ridge(penalty * scale).fit(inputs, outputs, weight / weight.mean())
            if np.allclose(same.coef_.T, found[:-1], rtol=1e-5, atol=1e-8):
                assert_allclose(found[-1], same.intercept_, rtol=1e-5, atol=1e-8)
                return
        raise AssertionError("no penalty gives these coefficients")

    def test_noise_is_shrunk_and_signal_is_not(self):
        inputs = RNG.normal(size=(30, 20))
        signal, noise = inputs @ np.arange(20.0)[:, None], RNG.normal(size=(30, 1))
        assert_allclose(ridge(inputs, signal)[:-1, 0], np.arange(20.0), atol=1e-3)
        shrunk = np.linalg.norm(ridge(inputs, noise)[:-1])
        assert shrunk < np.linalg.norm(LinearRegression().fit(inputs, noise).coef_) / 2

    def test_constant_inputs_leave_the_mean(self):
        assert_allclose(ridge(np.ones((4, 2)), np.arange(4.0)[:, None]), [[0], [0], [1.5]])


class TestStart:
    @pytest.mark.parametrize("regressor", [LSTMRegressor, BiLSTMRegressor, RecurrentRegressor])
    def test_a_linear_target_is_known_before_training(self, regressor):
        y = SEQUENCES.reshape(60, -1) @ np.linspace(-1, 1, 12) + 5.0
        fitted = make(regressor, **STILL).fit(SEQUENCES[:40], y[:40])
        assert_allclose(fitted.predict(SEQUENCES[40:]), y[40:], atol=0.02)
        without = make(regressor, learning_rate=1e-12, epochs=1).fit(SEQUENCES[:40], y[:40])
        assert np.abs(without.predict(SEQUENCES[40:]) - y[40:]).mean() > 1.0

    def test_every_step_from_itself(self):
        y = SEQUENCES @ np.array([[1.0, 0.0], [2.0, -1.0]])
        masked = SEQUENCES.copy()
        masked[::3, :2] = np.nan
        y = np.where(np.isnan(masked), np.nan, y)
        fitted = make(return_sequences=True, **STILL).fit(masked, y)
        assert_allclose(fitted.predict(masked), y, atol=0.02)
        longer = np.concatenate([SEQUENCES, SEQUENCES], axis=1)
        assert fitted.predict(longer).shape == (60, 12, 2)

    def test_the_median_starts_there(self):
        y = SEQUENCES[:, -1, 0]
        fitted = make(quantiles=(0.1, 0.9), **STILL).fit(SEQUENCES, y)
        low, high = fitted.predict_quantiles(SEQUENCES).T
        assert_allclose(fitted.predict(SEQUENCES), y, atol=0.02)
        assert (low < y).all()
        assert (y < high).all()

    def test_weights_count(self):
        y = np.where(np.arange(60) < 30, SEQUENCES[:, -1, 0], -SEQUENCES[:, -1, 0])
        weight = np.where(np.arange(60) < 30, 1.0, 0.0)
        fitted = make(**STILL).fit(SEQUENCES, y, sample_weight=weight)
        assert_allclose(fitted.predict(SEQUENCES[:30]), y[:30], atol=0.05)

    @pytest.mark.parametrize("decoder", ["repeat", "dense", "parallel", "autoregressive"])
    def test_of_a_decoder(self, decoder):
        y = np.stack([SEQUENCES[:, -1 - k, 0] + k for k in range(3)], axis=1)
        params = {**STILL, "decoder": decoder, "teacher_forcing": 0.0}
        fitted = make(Seq2SeqRegressor, **params).fit(SEQUENCES, y)
        assert_allclose(fitted.predict(SEQUENCES), y, atol=0.02)

    def test_training_starts_from_it_once(self):
        y = SEQUENCES[:, -1, 0] ** 2
        twice = make(warm_start=True, linear_skip=True).fit(SEQUENCES, y)
        kernel = _skip_kernel(twice)
        twice.set_params(learning_rate=1e-12).fit(SEQUENCES, y)
        assert_allclose(_skip_kernel(twice), kernel, atol=1e-6)
        assert np.abs(kernel - _skip_kernel(make(**STILL).fit(SEQUENCES, y))).max() > 1e-3

    def test_the_same_seed_gives_the_same_weights(self):
        y = SEQUENCES[:, -1, 0]
        one, other = (make(linear_skip=True).fit(SEQUENCES, y) for _ in range(2))
        for a, b in zip(one.model_.get_weights(), other.model_.get_weights(), strict=True):
            assert_array_equal(a, b)

    def test_sequences_of_another_length_are_refused(self):
        masked = SEQUENCES.copy()
        masked[0, :2] = np.nan
        fitted = make(**STILL).fit(masked, SEQUENCES[:, -1, 0])
        with pytest.raises(ValueError, match="6"):
            fitted.predict(SEQUENCES[:, :4])

    def test_tokens_are_refused(self):
        tokens = RNG.integers(5, size=(20, 4))
        regressor = make(linear_skip=True, embedding_dim=2)
        with pytest.raises(ValueError, match=r"linear_skip=True .* embedding_dim=2 .* one of the"):
            regressor.fit(tokens, tokens[:, 0])


def _skip_kernel(fitted):
    return fitted.model_.get_layer("skip").get_weights()[0]
