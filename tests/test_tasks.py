"""Tokens, frames, networks of users, sampled predictions, importance, gradients and ensembles.

Where the cell does not matter, networks have no time loop or a plain recurrent layer, which compile
fast.
"""

import copy
import pickle
import random
from functools import partial

import numpy as np
import pandas as pd
import pytest
from _engine import clean_engine
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import logit
from sklearn.base import clone
from sklearn.ensemble import BaggingClassifier, BaggingRegressor, VotingClassifier, VotingRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from test_bad_input import Untouched

from skrnn import (
    ConvLSTMClassifier,
    ConvLSTMRegressor,
    RecurrentClassifier,
    RecurrentRegressor,
    Seq2SeqRegressor,
    clear_compile_cache,
    compile_cache_info,
    permutation_importance,
    saliency,
)
from skrnn._keras import keras

# NumPy 2 deprecates what Keras does to read one of its own variables.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\\.src"
)

layers = keras.layers
N_ROWS, N_STEPS = 48, 5
SMALL = {"units": 3, "cell": "simple", "epochs": 3, "batch_size": 16, "random_state": 0}
LEARNS = {"epochs": 80, "learning_rate": 0.02}
FOLDS = KFold(2)


@pytest.fixture(autouse=True, scope="module")
def engine():
    with clean_engine(quick=True):
        yield


def regressor(**params):
    return RecurrentRegressor(**{**SMALL, **params})


def classifier(**params):
    return RecurrentClassifier(**{**SMALL, **params})


@pytest.fixture(scope="module")
def X():
    X = np.random.default_rng(0).normal(size=(N_ROWS, N_STEPS))
    X.flags.writeable = False
    return X


@pytest.fixture(scope="module")
def y(X):
    return 10.0 + 4.0 * X.sum(axis=1)


@pytest.fixture(scope="module")
def two(X):
    return np.array(["low", "high"])[(X.sum(axis=1) > 0).astype(int)]


@pytest.fixture(scope="module")
def three(X):
    return np.digitize(X.sum(axis=1), [-1.0, 1.0])


@pytest.fixture(scope="module")
def ragged(X):
    """The sequences, every third one without its last two steps."""
    ragged = X.copy()
    ragged[::3, 3:] = np.nan
    return ragged


def check_refusal(estimator, error, match, method, *arguments, **kwargs):
    with Untouched(estimator), pytest.raises(error, match=match):
        getattr(estimator, method)(*arguments, **kwargs)


# ---- Tokens --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tokens():
    """Six tokens; every third sequence ends two steps before the others."""
    tokens = np.random.default_rng(1).integers(0, 6, size=(N_ROWS, N_STEPS)).astype(float)
    tokens[::3, 3:] = np.nan
    tokens.flags.writeable = False
    return tokens


@pytest.fixture(scope="module")
def count(tokens):
    """How often token 3 is there."""
    return (tokens == 3).sum(axis=1).astype(float)


def reader(**params):
    return regressor(embedding_dim=2, **params)


@pytest.fixture(scope="module")
def read(tokens, count):
    return reader(**LEARNS).fit(tokens, count)


class TestTokens:
    def test_are_learned(self, read, tokens, count):
        assert read.score(tokens, count) > 0.9

    def test_as_integers_or_with_an_axis_of_one_feature(self, tokens, count):
        whole = np.nan_to_num(tokens, nan=5.0)
        expected = reader().fit(whole, count).predict(whole)
        for other in (whole.astype(int), whole[:, :, None], whole.astype(np.float32)):
            assert_array_equal(reader().fit(other, count).predict(other), expected)

    @pytest.mark.parametrize(
        "numbers", [[5, 4, 3, 2, 1, 0], [70, -3, 2**40, 0, 12, 11]], ids=["reversed", "far"]
    )
    def test_their_numbers_do_not_matter(self, tokens, count, numbers):
        missing = np.isnan(tokens)
        other = np.array(numbers, float)[np.where(missing, 0, tokens).astype(int)]
        other[missing] = np.nan
        model = reader(**LEARNS).fit(other, count)
        assert model.score(other, count) > 0.9

    def test_unknown_ones_are_all_alike(self, read, tokens):
        other = []
        for number in (99.0, -7.0, 6.0):
            changed = tokens.copy()
            changed[tokens == 2] = number
            other.append(read.predict(changed))
        assert_array_equal(other[0], other[1])
        assert_array_equal(other[0], other[2])
        assert abs(other[0] - read.predict(tokens)).max() > 1e-3

    def test_unknown_ones_stay_a_vector_of_zeros(self, tokens, count):
        model = reader().fit(tokens, count)
        table = model._network.weights.trainable[0]
        assert table.shape == (8, 2)
        changed = np.where(tokens == 2, 99.0, tokens)
        model.partial_fit(changed, count)
        assert_array_equal(model._network.weights.trainable[0][0], table[0])

    def test_padding_may_stand_at_either_end(self, read, tokens):
        short = tokens[::3]
        left = np.hstack([short[:, 3:], short[:, :3]])
        assert_allclose(read.predict(left), read.predict(short), rtol=1e-6)

    def test_fewer_tokens_in_a_fold_trace_nothing_new(self, read, tokens, count):
        before = compile_cache_info().training_traces
        for largest in (5, 4, 3):
            reader(epochs=1).fit(np.fmin(tokens, largest) + 0 * tokens, count)
        assert compile_cache_info().training_traces == before

    def test_copies(self, read, tokens, count):
        for again in (pickle.loads(pickle.dumps(read)), clone(read).fit(tokens, count)):
            assert_array_equal(again.predict(tokens), read.predict(tokens))

    def test_tagging(self, tokens):
        there = ~np.isnan(tokens)
        tags = np.where(np.nan_to_num(tokens) > 2, "large", "small").astype(object)
        tags[~there] = np.nan
        model = classifier(embedding_dim=2, return_sequences=True, **LEARNS).fit(tokens, tags)
        assert model.score(tokens, tags) > 0.95
        assert_array_equal(pd.isna(model.predict(tokens)), ~there)

    @pytest.mark.parametrize(
        ("change", "match"),
        [
            (lambda X: np.stack([X, X], axis=2), "one token per step.*2 features"),
            (lambda X: X + 0.5, r"integer tokens.*0\.5"),
            (lambda X: np.full(X.shape, "word"), "convert string to float"),
            (lambda X: np.where(X == 3, np.inf, X), "infinity"),
        ],
        ids=["features", "fractions", "words", "infinite"],
    )
    def test_refusals(self, tokens, count, change, match):
        check_refusal(reader(), ValueError, match, "fit", change(tokens), count)

    def test_no_target_relative_to_tokens(self, tokens, count):
        model = reader(target_scaler="window")
        check_refusal(model, ValueError, "window.*embedding_dim", "fit", tokens, count)


# ---- Frames --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def frames():
    """Three frames of 3 x 4 pixels per sample."""
    frames = np.random.default_rng(2).normal(size=(24, 3, 3, 4))
    frames.flags.writeable = False
    return frames


@pytest.fixture(scope="module")
def bright(frames):
    """How bright the left half of the last frame is."""
    return 5.0 + frames[:, -1, :, :2].mean(axis=(1, 2))


FILMS = {"filters": 2, "epochs": 3, "batch_size": 8, "random_state": 0}


def film(kind=ConvLSTMRegressor, **params):
    return kind(**{**FILMS, **params})


@pytest.fixture(scope="module")
def seen(frames, bright):
    return film().fit(frames, bright)


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
            (lambda X: X[..., None, None], "six|6 dimensions"),
            (lambda X: X[:, :, :0], "0 time steps or pixels|0 feature"),
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

    @pytest.mark.parametrize("params", [{}, {"target_feature": 0}, {"seasonal_lag": 1}], ids=str)
    def test_no_target_relative_to_frames(self, frames, bright, params):
        model = film(target_scaler="window", **params)
        check_refusal(model, ValueError, "frames", "fit", frames, bright)


# ---- Networks of users ---------------------------------------------------------------------------


def flat(shape, n_outputs, units=3, rate=0.0, end=None):
    """Return a network of dense layers."""
    sequence = keras.Input(shape)
    hidden = layers.Dense(units, "tanh")(layers.Flatten()(sequence))
    hidden = layers.Dropout(rate)(hidden)
    return keras.Model(sequence, layers.Dense(n_outputs, end)(hidden))


def averaged(shape, n_outputs):
    """Return a network that knows no order of steps."""
    sequence = keras.Input(shape)
    hidden = layers.Dense(2, "relu")(layers.GlobalAveragePooling1D()(sequence))
    return keras.Model(sequence, layers.Dense(n_outputs)(hidden))


def normalized(shape, n_outputs, momentum=0.5, rate=0.0):
    """Return a network that normalises over the batch."""
    sequence = keras.Input(shape)
    hidden = layers.BatchNormalization(momentum=momentum)(layers.Flatten()(sequence))
    hidden = layers.Dropout(rate)(hidden)
    return keras.Model(sequence, layers.Dense(n_outputs)(hidden))


def recurrent(shape, n_outputs):
    """Return a recurrent network without dropout and without an input for masks."""
    sequence = keras.Input(shape)
    return keras.Model(sequence, layers.Dense(n_outputs)(layers.SimpleRNN(3)(sequence)))


def masked_mean(shape, n_outputs):
    """Return a network over the steps that are there."""
    sequence, mask = keras.Input(shape), keras.Input(shape[:1], dtype="bool")
    hidden = layers.GlobalAveragePooling1D()(layers.Dense(3)(sequence), mask=mask)
    return keras.Model([sequence, mask], layers.Dense(n_outputs)(hidden))


def step_by_step(shape, n_outputs):
    """Return a network with an answer per step, that masks do not change."""
    sequence, mask = keras.Input(shape), keras.Input(shape[:1], dtype="bool")
    hidden = layers.Dense(3, "tanh")(sequence)
    return keras.Model([sequence, mask], layers.Dense(n_outputs)(hidden))


class Subclassed(keras.Model):
    """A model whose inputs are known when it is called."""

    def __init__(self, n_outputs):
        super().__init__()
        self.flatten, self.dense = layers.Flatten(), layers.Dense(n_outputs)

    def call(self, sequence):
        return self.dense(self.flatten(sequence))


def then(last):
    """Return a network function whose model ends with a layer, or a function, of ours."""

    def network(shape, n_outputs):
        inner = flat(shape, n_outputs)
        return keras.Model(inner.inputs, last(inner.outputs[0]))

    return network


class TestNetwork:
    def test_its_model_is_the_one_that_is_trained(self, X, y):
        params = {"input_scaler": None, "target_scaler": None}
        model = regressor(network=flat, **params, **LEARNS).fit(X, y)
        assert model.n_parameters_ == (5 + 1) * 3 + 3 + 1
        assert [type(layer).__name__ for layer in model.model_.layers][-1] == "Dense"
        outputs = np.asarray(model.model_(X[:, :, None].astype(np.float32)))[:, 0]
        assert_allclose(outputs, model.predict(X), rtol=1e-5)
        assert model.score(X, y) > 0.5

    def test_is_searched(self, X, y):
        networks = [flat, averaged, partial(flat, units=1)]
        search = GridSearchCV(regressor(), {"network": networks}, cv=FOLDS, error_score="raise")
        search.fit(X, y)
        scores = search.cv_results_["mean_test_score"]
        assert len(set(scores)) == 3
        for network, score in zip(networks, scores, strict=True):
            assert cross_val_score(regressor(network=network), X, y, cv=FOLDS).mean() == score

    def test_equal_partials_are_one_structure(self, X, y):
        traces = []
        for units in (1, 1, 2):
            regressor(network=partial(flat, units=units)).fit(X, y)
            traces.append(compile_cache_info().training_traces)
        assert traces[0] == traces[1] == traces[2] - 1

    def test_copies(self, X, y):
        model = regressor(network=partial(flat, rate=0.3)).fit(X, y)
        for again in (
            pickle.loads(pickle.dumps(model)),
            copy.deepcopy(model),
            clone(model).fit(X, y),
        ):
            assert_array_equal(again.predict(X), model.predict(X))

    def test_masks_reach_a_second_input(self, ragged, y):
        model = regressor(network=masked_mean, **LEARNS).fit(ragged, y)
        # A mean over steps: their order does not matter, and masked ones do not count.
        left = np.hstack([ragged[::3, 3:], ragged[::3, :3]])
        assert_allclose(model.predict(left), model.predict(ragged[::3]), rtol=1e-4)
        doubled = ragged[::3].copy()
        doubled[:, 3:] = doubled[:, :3].mean(axis=1, keepdims=True)
        assert_allclose(model.predict(doubled), model.predict(ragged[::3]), rtol=1e-4)
        assert len(model.model_.inputs) == 2

    def test_masks_without_a_second_input(self, X, ragged, y):
        match = "no input for the mask"
        model = regressor(network=flat)
        check_refusal(model, ValueError, match, "fit", ragged, y)
        check_refusal(model, ValueError, match, "fit", X, y, X_val=ragged, y_val=y)
        model.fit(X, y)
        check_refusal(model, ValueError, match, "predict", ragged)
        check_refusal(model, ValueError, match, "partial_fit", ragged, y)

    @pytest.mark.parametrize("kind", ["two", "three"])
    def test_classes(self, X, request, kind):
        labels = request.getfixturevalue(kind)
        model = classifier(network=flat, **LEARNS).fit(X, labels)
        assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)
        assert model.score(X, labels) > 0.8

    @pytest.mark.parametrize("kind", ["two", "three"])
    def test_model_of_classes_returns_probabilities(self, X, request, kind):
        """As with the layers of ours, and as the documentation of `model_` says."""
        labels = request.getfixturevalue(kind)
        model = classifier(network=flat, input_scaler=None).fit(X, labels)
        outputs = np.asarray(model.model_(X[:, :, None].astype(np.float32)))
        expected = model.predict_proba(X)
        assert_allclose(outputs, expected[:, 1:] if kind == "two" else expected, atol=1e-6)

    def test_one_target_per_step(self, ragged):
        y = 3.0 * ragged
        model = regressor(network=step_by_step, return_sequences=True, **LEARNS).fit(ragged, y)
        assert model.score(ragged, y) > 0.9
        tags = (np.nan_to_num(ragged) > 0).astype(int)
        model = classifier(network=step_by_step, return_sequences=True, **LEARNS)
        assert model.fit(ragged, tags).score(ragged, tags) > 0.9

    def test_several_outputs(self, X, y):
        model = regressor(network=flat, **LEARNS).fit(X, np.stack([y, -y], axis=1))
        predictions = model.predict(X)
        assert predictions.shape == (N_ROWS, 2)
        assert np.corrcoef(predictions.T)[0, 1] < -0.9

    def test_quantiles(self, X, y):
        y = np.stack([y, -y], axis=1)
        model = regressor(network=flat, quantiles=(0.1, 0.9), **LEARNS).fit(X, y)
        lower, upper = np.moveaxis(model.predict_quantiles(X), -1, 0)
        assert lower.shape == y.shape
        assert (lower <= model.predict(X)).all()
        assert (model.predict(X) <= upper).all()
        assert np.mean((lower < y) & (y < upper)) > 0.5

    NOT_A_MODEL = {  # noqa: RUF012
        # name: (network, type of the error, parts of its message)
        "number": (lambda shape, n: 3, TypeError, r"network must return a keras.Model.*3"),
        "none": (lambda shape, n: None, TypeError, r"network must return a keras.Model"),
        "layer": (lambda shape, n: layers.Dense(n), TypeError, r"must return a keras.Model"),
        "outputs": (
            lambda shape, n: flat(shape, n + 1),
            ValueError,
            r"network must return.*one output of shape \(1,\).*\(2,\)",
        ),
        "two-outputs": (
            lambda shape, n: keras.Model(
                (inner := flat(shape, n)).inputs, [inner.outputs[0], inner.outputs[0]]
            ),
            ValueError,
            r"network must return.*one output",
        ),
        "inputs": (
            lambda shape, n: flat((shape[0] + 1, shape[1]), n),
            ValueError,
            r"network must return.*\(5, 1\).*\(6, 1\)",
        ),
        "a-step-each": (
            lambda shape, n: keras.Sequential([keras.Input(shape), layers.Dense(n)]),
            ValueError,
            r"network must return.*one output of shape \(1,\).*\(5, 1\)",
        ),
        "not-built": (
            lambda shape, n: keras.Sequential([layers.Flatten(), layers.Dense(n)]),
            (TypeError, ValueError),
            "network must return",
        ),
        "subclass": (
            lambda shape, n: Subclassed(n),
            (TypeError, ValueError),
            "network must return",
        ),
    }

    @pytest.mark.parametrize(
        ("network", "error", "match"), NOT_A_MODEL.values(), ids=list(NOT_A_MODEL)
    )
    def test_refusals(self, X, y, network, error, match):
        check_refusal(regressor(network=network), error, match, "fit", X, y)

    def test_a_name_is_no_network(self, X, y):
        check_refusal(regressor(network="lstm"), ValueError, "'network'", "fit", X, y)

    @pytest.mark.parametrize(
        "network",
        [
            partial(flat, end="softmax"),
            partial(flat, end="sigmoid"),
            then(layers.Activation("softmax")),
            then(lambda outputs: layers.Softmax()(outputs)),
            then(keras.ops.softmax),
            then(lambda outputs: keras.Sequential([layers.Softmax()])(outputs)),
        ],
        ids=["dense-softmax", "dense-sigmoid", "activation", "layer", "function", "model"],
    )
    def test_probabilities_at_the_end(self, X, three, network):
        match = r"network returns ends with .*[Ll]eave"
        check_refusal(classifier(network=network), ValueError, match, "fit", X, three)

    def test_no_embedding_beside_it(self, tokens, count):
        model = reader(network=flat)
        check_refusal(model, ValueError, "embedding_dim.*network", "fit", tokens, count)


class TestBatchNormalization:
    PLAIN = {"network": normalized, "input_scaler": None, "target_scaler": None}  # noqa: RUF012

    def test_its_state_is_kept(self, X, y):
        model = regressor(**self.PLAIN).fit(X + 3.0, y)
        layer = model.model_.layers[2]
        assert (np.asarray(layer.moving_mean) > 1.0).all()
        outputs = np.asarray(model.model_(X[:, :, None].astype(np.float32)))[:, 0]
        assert_allclose(outputs, model.predict(X), rtol=1e-5)
        again = pickle.loads(pickle.dumps(model))
        assert_array_equal(again.predict(X), model.predict(X))

    def test_its_state_goes_on(self, X, y):
        parts = regressor(warm_start=True, epochs=2, shuffle=False, **self.PLAIN)
        parts.fit(X + 3.0, y).fit(X + 3.0, y)
        whole = regressor(epochs=4, shuffle=False, **self.PLAIN).fit(X + 3.0, y)
        assert_array_equal(parts.predict(X), whole.predict(X))

    def test_rows_that_fill_up_a_batch_are_those_of_the_epoch(self, X, y):
        # With momentum 0 the moving mean is that of the last batch: sixteen rows, taken twice.
        network = partial(normalized, momentum=0.0)
        model = regressor(network=network, input_scaler=None, epochs=1, batch_size=32)
        model.fit(X[:16], y[:16])
        moving_mean = np.asarray(model.model_.layers[2].moving_mean)
        assert_allclose(moving_mean, X[:16].mean(axis=0), atol=1e-5)


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
        with pytest.raises(NotFittedError):
            regressor(dropout=0.3).predict_samples(X)

    @pytest.mark.parametrize("mc_samples", [0, -1, 2.5, "many"])
    def test_number(self, dropped, X, mc_samples):
        with pytest.raises((TypeError, ValueError), match="mc_samples"):
            dropped.predict_samples(X, mc_samples)


# ---- Importance ----------------------------------------------------------------------------------

STEP, FEATURE = 3, 1


@pytest.fixture(scope="module")
def pairs(X):
    """Sequences of two features."""
    return np.stack([X, np.random.default_rng(3).normal(size=X.shape)], axis=2)


@pytest.fixture(scope="module")
def one_value(pairs):
    """One feature at one step is all that counts."""
    return 5.0 + 2.0 * pairs[:, STEP, FEATURE]


@pytest.fixture(scope="module")
def knows(pairs, one_value):
    return regressor(**LEARNS).fit(pairs, one_value)


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
            ({"layout": "variable_major"}, np.swapaxes(pairs, 1, 2)),
            ({"n_variables": 2}, pairs.reshape(N_ROWS, -1)),
            (
                {"n_variables": 2, "layout": "variable_major"},
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
            place = np.unravel_index(number % int(np.prod(shape)), shape)
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
            ({"scoring": "r3"}, "r3"),
        ],
        ids=str,
    )
    def test_refusals(self, knows, pairs, one_value, params, match):
        with pytest.raises(ValueError, match=match):
            permutation_importance(knows, pairs, one_value, **params)

    def test_of_something_else(self, X, y):
        with pytest.raises(ValueError, match="'estimator' parameter"):
            permutation_importance(Ridge().fit(X, y), X, y)
        with pytest.raises(NotFittedError):
            permutation_importance(regressor(), X, y)


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

    def test_of_frames(self, seen, frames):
        assert saliency(seen, frames).shape == (*frames.shape, 1)

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
        with pytest.raises(ValueError, match="tokens"):
            saliency(read, tokens)
        with pytest.raises(NotFittedError):
            saliency(regressor(), X)
        with pytest.raises(ValueError, match="'estimator' parameter"):
            saliency(Ridge().fit(X, y), X)


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


# ---- Seeds of networks of users: last, since compiled programs are thrown away -------------------


class TestSeeds:
    def test_same_seed_same_weights(self, X, y):
        def weights(seed):
            model = regressor(network=flat, random_state=seed).fit(X, y)
            return np.concatenate([np.ravel(weight) for weight in model.model_.get_weights()])

        first = weights(0)
        random.seed(1)
        clear_compile_cache()
        assert_array_equal(weights(0), first)
        assert (weights(1) != first).sum() > len(first) / 2

    def test_the_generator_of_python_is_left_alone(self, X, ragged, y):
        before = random.getstate()
        for network in (flat, masked_mean):
            clear_compile_cache()
            model = regressor(network=network).fit(X, y)
            assert random.getstate() == before
            assert model.model_ is not None
            assert random.getstate() == before
            clear_compile_cache()  # as in a process that has read the model from a file
            model.predict(X if network is flat else ragged)
            assert random.getstate() == before
