"""Horizons share programs, and come out as they would with programs of their own."""

from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from numpy.testing import assert_allclose, assert_array_equal

from skrnn import Seq2SeqForecaster, Seq2SeqRegressor, compile_cache_info, saliency
from skrnn.compat._keras import keras
from skrnn.engines.jax import _horizons

# With three bits, horizons of 9 and 10 are one size.
SHORT, LONG = 9, 10
DECODERS = ["autoregressive", "repeat", "parallel", "dense"]


def targets(horizon, n_rows=12, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 6, 3))
    return X, np.sin(np.arange(horizon)) * X[:, 0, :1] + X[:, -1, :1]


def network(**params):
    given = {
        "units": 4,
        "epochs": 3,
        "batch_size": 5,
        "random_state": 0,
        "early_stopping": False,
    }
    return Seq2SeqRegressor(**{**given, **params})


@pytest.fixture
def own_programs(monkeypatch):
    """Return a context in which every horizon has programs of its own."""

    @contextmanager
    def alone():
        with monkeypatch.context() as patch:
            patch.setattr(_horizons, "padded_size", lambda n: n)
            _horizons._longer.cache_clear()
            yield
        _horizons._longer.cache_clear()

    return alone


def check_same(one, other):
    """Check that two fits are the same up to rounding."""
    assert_allclose(one.history_["loss"], other.history_["loss"], rtol=1e-5)
    for mine, theirs in zip(
        one.network_.weights.trainable, other.network_.weights.trainable, strict=True
    ):
        assert mine.shape == theirs.shape
        assert_allclose(mine, theirs, rtol=1e-3, atol=1e-5)


def yearly(n_steps=60, **columns):
    rng = np.random.default_rng(1)
    index = pd.period_range("2010-01", periods=n_steps, freq="M")
    steps = np.arange(n_steps)
    y = pd.Series(np.sin(steps / 2) + 0.1 * rng.normal(size=n_steps), index)
    return y, pd.DataFrame({"x": rng.normal(size=n_steps)}, index)


def forecaster(**params):
    given = {
        "units": 4,
        "epochs": 3,
        "window": 12,
        "sp": 1,
        "dropout": 0.0,  # what is drawn depends on the size
        "random_state": 0,
        "baselines": (),
    }
    return Seq2SeqForecaster(**{**given, **params})


def summed(y, predicted):
    return keras.ops.sum((y - predicted) ** 2, axis=1)


def training_traces(function):
    before = compile_cache_info()
    function()
    return compile_cache_info().training_traces - before.training_traces


class TestPrograms:
    @pytest.mark.parametrize("decoder", DECODERS)
    def test_of_regressors_are_shared(self, decoder):
        model = network(decoder=decoder)
        model.fit(*targets(LONG)).predict(targets(LONG)[0])
        before = compile_cache_info()
        model.fit(*targets(SHORT))
        assert model.predict(targets(SHORT)[0]).shape == (12, SHORT)
        assert compile_cache_info().traces == before.traces

    def test_of_forecasters_are_shared(self):
        y, _ = yearly()
        forecaster().fit(y, fh=range(1, LONG + 1)).predict()
        before = compile_cache_info()
        assert len(forecaster().fit(y, fh=range(1, SHORT + 1)).predict()) == SHORT
        assert compile_cache_info().traces == before.traces

    def test_of_many_horizons_are_few(self):
        y, _ = yearly()
        fits = [forecaster(epochs=1, units=3, window=10) for _ in range(17, 22)]
        count = training_traces(lambda: [model.fit(y, fh=[17 + n]) for n, model in enumerate(fits)])
        assert count == 2  # of 20 and of 24 steps


class TestResults:
    @pytest.mark.parametrize(
        "params",
        [
            {"decoder": "dense", "linear_skip": True, "dense_units": 3},
            {"decoder": "dense", "attention": True, "loss": "mae"},
            {"decoder": "repeat", "quantiles": (0.1, 0.5, 0.9), "linear_skip": True},
            {"decoder": "repeat", "attention": True, "units": (4, 3), "bidirectional": True},
            {"decoder": "autoregressive", "teacher_forcing": 1.0, "linear_skip": True},
            {"decoder": "autoregressive", "attention": True, "quantiles": (0.5,), "cell": "gru"},
            {"decoder": "parallel", "layer_params": {"kernel_regularizer": "l2"}},
            {"decoder": "parallel", "segment_length": 4, "quantiles": (0.1, 0.5, 0.9)},
            {"decoder": "parallel", "segment_length": 12, "linear_skip": True},
        ],
        ids=lambda params: "-".join(map(str, params.values())),
    )
    def test_of_regressors(self, params, own_programs):
        X, y = targets(SHORT)
        shared = network(**params).fit(X, y)
        with own_programs():
            own = network(**params).fit(X, y)
            expected = own.predict(X)
        check_same(shared, own)
        assert_allclose(shared.predict(X), expected, rtol=1e-3, atol=1e-5)

    @pytest.mark.parametrize(
        ("decoder", "linear_skip"), list(zip(DECODERS, [True, False] * 2, strict=True))
    )
    def test_of_forecasters(self, decoder, linear_skip, own_programs):
        y, X = yearly()
        y = pd.DataFrame({"one": y, "two": y.cumsum()})
        y.iloc[20:22, 1] = np.nan
        params = {"decoder": decoder, "linear_skip": linear_skip, "segment_length": 4}
        params |= {"multivariate": "joint"}
        fh = range(1, SHORT + 1)
        later = X.tail(SHORT).set_axis(pd.period_range("2015-01", periods=SHORT, freq="M"))
        shared = forecaster(**params).fit(y, X, fh).predict(X=later)
        with own_programs():
            own = forecaster(**params).fit(y, X, fh).predict(X=later)
        assert_allclose(shared, own, rtol=1e-3, atol=1e-4)

    @pytest.mark.parametrize("decoder", DECODERS)
    def test_do_not_depend_on_what_was_compiled_first(self, decoder):
        X, y = targets(SHORT)
        first = network(decoder=decoder, dropout=0.2).fit(X, y).predict(X)
        network(decoder=decoder, dropout=0.2).fit(*targets(LONG))
        assert_array_equal(network(decoder=decoder, dropout=0.2).fit(X, y).predict(X), first)


@pytest.mark.parametrize(
    "optimizer",
    [
        *("adam", "sgd", "adagrad", "adadelta", "adamax", "ftrl", "lion", "nadam", "rmsprop"),
        keras.optimizers.AdamW(weight_decay=0.1, global_clipnorm=0.5),
        keras.optimizers.SGD(momentum=0.9, nesterov=True),
    ],
    ids=lambda optimizer: str(getattr(optimizer, "name", optimizer)),
)
@keras_reads_variables
def test_optimizers_train_alike_and_go_on_where_they_stopped(optimizer, own_programs):
    X, y = targets(SHORT)
    params = {"optimizer": optimizer, "decoder": "dense", "warm_start": True}
    shared = network(**params).fit(X, y)
    with own_programs():
        own = network(**params).fit(X, y)
    check_same(shared, own)
    mine, theirs = shared.network_.optimizer, own.network_.optimizer
    assert mine.owner == theirs.owner
    for slot, expected in zip(mine.slots, theirs.slots, strict=True):
        assert slot.shape == expected.shape
        assert_allclose(slot, expected, rtol=1e-3, atol=1e-5)
    shared.fit(X, y)
    with own_programs():
        own.fit(X, y)
    check_same(shared, own)


class TestProgramsOfTheirOwn:
    """Where what is added would count, a horizon has programs that train of its own."""

    @pytest.mark.parametrize("optimizer", ["adafactor", "lamb", "muon"])
    def test_by_the_optimizer(self, optimizer, own_programs):
        X, y = targets(SHORT)
        network(optimizer=optimizer, decoder="dense").fit(*targets(LONG))
        count = training_traces(
            lambda: network(optimizer=optimizer, decoder="dense").fit(X, y).predict(X)
        )
        assert count == 1

    @pytest.mark.parametrize("loss", ["cosine_similarity", keras.losses.Huber(), summed])
    def test_by_the_loss(self, loss, own_programs):
        X, y = targets(SHORT)
        network(loss=loss).fit(*targets(LONG))
        shared = network(loss=loss)
        assert training_traces(lambda: shared.fit(X, y)) == 1
        with own_programs():
            own = network(loss=loss).fit(X, y)
        assert_array_equal(shared.history_["loss"], own.history_["loss"])


def test_losses_and_validation_are_of_the_steps_asked_for():
    X, y = targets(SHORT)
    model = network(epochs=1, learning_rate=1e-9, metrics=["mse"])
    model.fit(X, y, X_val=X, y_val=y)
    scaled = model.target_encoder_.scaler.transform(y)
    predicted = model.target_encoder_.scaler.transform(model.predict(X))
    assert model.history_["loss"][0] == pytest.approx(np.mean((scaled - predicted) ** 2), rel=1e-4)
    assert model.history_["val_loss"][0] == pytest.approx(model.history_["loss"][0], rel=1e-4)


def test_samples_and_gradients():
    X, y = targets(SHORT)
    model = network(dropout=0.3).fit(X, y)
    drawn = model.predict_samples(X, 3, random_state=0)
    assert drawn.shape == (3, 12, SHORT)
    assert np.isfinite(drawn).all()
    assert all((one != other).any() for one, other in pairwise(drawn))
    gradients = saliency(model, X, output=SHORT - 1)
    assert gradients.shape == X.shape
    assert (gradients != 0).any()


def test_the_model_of_keras_has_the_horizon():
    X, y = targets(SHORT)
    model = network(decoder="dense").fit(X, y)
    assert model.model_.output_shape == (None, SHORT)
    assert model.n_parameters_ == model.model_.count_params()
