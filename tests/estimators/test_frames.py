"""Sequences of frames, read by convolutional networks."""

import copy
import pickle

import numpy as np
import pytest
from _engine import keras_reads_variables
from _estimators import (
    LEARNS,
    check_refusal,
    film,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skrnn import (
    ConvLSTMClassifier,
)

pytestmark = keras_reads_variables


class TestFrames:
    def test_of_one_channel(self, seen, frames, bright):
        assert_array_equal(
            film().fit(frames[..., None], bright).predict(frames[..., None]), seen.predict(frames)
        )
        assert seen.predict(frames).shape == (24,)
        assert seen.n_features_in_ == 1

    def test_of_a_line_of_pixels(self, frames, bright):
        line = film().fit(frames[:, :, 0], bright)
        flat_frames = frames[:, :, :1]
        assert_array_equal(
            film().fit(flat_frames, bright).predict(flat_frames), line.predict(frames[:, :, 0])
        )

    def test_several_channels_have_scales_of_their_own(self, frames, bright):
        pair = np.stack([frames, frames[::-1]], axis=-1)
        expected = film().fit(pair, bright).predict(pair)
        scaled = pair * [1e-3, 1e4] + [70.0, -1e3]
        model = film().fit(scaled, bright)
        assert_allclose(model.predict(scaled), expected, rtol=1e-4)
        assert model.n_features_in_ == 2

    def test_are_learned(self, frames, bright):
        assert film(epochs=60, learning_rate=0.02).fit(frames, bright).score(frames, bright) > 0.9

    def test_model_of_keras_predicts_the_same(self, frames, bright):
        model = film(input_scaler=None, target_scaler=None).fit(frames, bright)
        outputs = np.asarray(model.model_(frames[..., None].astype(np.float32)))
        assert_allclose(outputs[:, 0], model.predict(frames), rtol=1e-4)

    def test_masked_ones(self, seen, frames, bright):
        masked = frames.copy()
        masked[::2, 0] = np.nan
        model = film().fit(masked, bright)
        other = masked.copy()
        other[1::2, 0] += 1.0
        changed = model.predict(other) != model.predict(masked)
        assert_array_equal(changed, np.arange(24) % 2 == 1)
        # One frame that is there is the same wherever the masked ones stand.
        single = np.full((3, *frames.shape[1:]), np.nan)
        single[[0, 1, 2], [0, 1, 2]] = frames[0, 0]
        assert_allclose(model.predict(single), model.predict(single)[0], rtol=1e-6)

    def test_copies(self, seen, frames, bright):
        for again in (pickle.loads(pickle.dumps(seen)), clone(seen).fit(frames, bright)):
            assert_array_equal(again.predict(frames), seen.predict(frames))

    def test_one_target_per_step(self, frames):
        X = frames.copy()
        X[::2, 2] = np.nan
        y = X.mean(axis=(2, 3))
        model = film(return_sequences=True, pooling="average", **LEARNS).fit(X, y)
        predictions = model.predict(X)
        assert_array_equal(np.isnan(predictions), np.isnan(y))
        assert model.score(X, y) > 0.8
        later = X.copy()
        later[1::2, 2] += 3.0
        assert_array_equal(model.predict(later)[:, :2], predictions[:, :2])

    def test_classes(self, frames, bright):
        y = np.where(bright > 5.0, "bright", "dark")
        model = film(ConvLSTMClassifier, pooling="max", **LEARNS).fit(frames, y)
        probabilities = model.predict_proba(frames)
        assert_allclose(probabilities.sum(axis=1), 1.0)
        assert_array_equal(model.predict(frames), model.classes_[probabilities.argmax(axis=1)])
        assert model.score(frames, y) > 0.8

    @pytest.mark.parametrize(
        ("change", "parts"),
        [
            (lambda X: np.swapaxes(X, 2, 3), "4 x 3 x 1.*3 x 4 x 1"),
            (lambda X: X[:, 1:], "2 time steps"),
            (lambda X: np.stack([X, X], axis=-1), "3 x 4 x 2.*3 x 4 x 1"),
            (lambda X: X[:, :, :, 0], "1 x 3 x 1.*3 x 4 x 1"),
        ],
        ids=["swapped", "short", "channels", "lines"],
    )
    def test_other_frames_than_in_fit(self, seen, frames, bright, change, parts):
        other = change(frames)
        check_refusal(copy.copy(seen), ValueError, f"^X has.*{parts}", "predict", other)
        data = {"X_val": other, "y_val": bright}
        check_refusal(film(), ValueError, f"^X_val has.*{parts}", "fit", frames, bright, **data)

    @pytest.mark.parametrize(
        ("change", "match"),
        [
            (
                lambda X: X[..., None, None],
                "X has 6 dimensions, but .* at most five",
            ),
            (lambda X: X[:, :, :0], "0 time steps or pixels leave nothing to learn from"),
            (lambda X: np.where(np.arange(24)[:, None, None, None] == 7, np.nan, X), "X row 7"),
        ],
        ids=["6d", "no-pixels", "all-masked"],
    )
    def test_refusals(self, frames, bright, change, match):
        check_refusal(film(), ValueError, match, "fit", change(frames), bright)

    def test_a_frame_that_is_partly_missing(self, frames, bright):
        X = frames.copy()
        X[4, 1, 2, 3] = np.nan
        check_refusal(film(), ValueError, "X row 4, step 1.*Impute", "fit", X, bright)

    def test_no_target_relative_to_frames(self, frames, bright):
        model = film(target_scaler="window")
        match = "'target_scaler' parameter of ConvLSTMRegressor"
        check_refusal(model, ValueError, match, "fit", frames, bright)
