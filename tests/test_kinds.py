"""A new kind is one record: toy ones are added here, found everywhere, and taken out again."""

import pickle
from contextlib import contextmanager

import keras
import numpy as np
import pytest
from _engine import clean_engine, keras_reads_variables
from numpy.testing import assert_array_equal
from sklearn.base import clone

import skrnn
from skrnn.engines._protocol import EngineKind
from skrnn.engines._registry import ENGINES
from skrnn.engines.jax._engine import JaxEngine
from skrnn.networks._blocks import reshape_rows
from skrnn.networks._cells import SimpleRNNCell
from skrnn.networks._heads import apply, output_layers
from skrnn.networks._kinds import CELLS, DECODERS, HEADS, Cell, Decoder, Head
from skrnn.networks._losses import read_loss

pytestmark = keras_reads_variables
X = np.random.default_rng(0).normal(size=(24, 5))
Y = X[:, -2:]
SHORT = {"units": 3, "epochs": 2, "random_state": 0}


@pytest.fixture(autouse=True)
def engine():
    with clean_engine(quick=True):
        yield


@contextmanager
def added(kinds, record):
    kinds.add(record)
    try:
        yield
    finally:
        kinds.remove(record.name)


def check_everything(estimator, tmp_path):
    """Train, clone, pickle, save and predict."""
    predictions = estimator.fit(X, Y).predict(X)
    assert np.isfinite(predictions).all()
    assert_array_equal(clone(estimator).fit(X, Y).predict(X), predictions)
    assert_array_equal(pickle.loads(pickle.dumps(estimator)).predict(X), predictions)
    skrnn.save(estimator, tmp_path / "toy")
    assert_array_equal(skrnn.load(tmp_path / "toy").predict(X), predictions)
    return predictions


def test_a_cell(tmp_path):
    toy = Cell("toy", keras.layers.SimpleRNNCell, SimpleRNNCell, keras.layers.SimpleRNN)
    with added(CELLS, toy):
        check_everything(skrnn.RecurrentRegressor(cell="toy", **SHORT), tmp_path)
    with pytest.raises(ValueError, match="'cell' parameter"):
        skrnn.RecurrentRegressor(cell="toy", **SHORT).fit(X, Y)


def test_a_decoder(tmp_path):
    def write(spec, encoded, inputs):
        outputs = apply(output_layers(spec, spec.horizon * spec.n_targets), encoded.last)
        return reshape_rows(outputs, spec.horizon, spec.n_targets)

    with added(DECODERS, Decoder("toy", write)):
        check_everything(skrnn.Seq2SeqRegressor(decoder="toy", **SHORT), tmp_path)
    with pytest.raises(ValueError, match="'decoder' parameter"):
        skrnn.Seq2SeqRegressor(decoder="toy", **SHORT).fit(X, Y)


def test_a_head(tmp_path, monkeypatch):
    def loss(asked, levels):
        return read_loss(asked)

    toy = Head("toy", loss, finish=lambda spec, outputs: keras.ops.softplus(outputs))
    monkeypatch.setattr("skrnn.estimators._targets.NumberTargets.head", "toy")
    with added(HEADS, toy):
        estimator = skrnn.LSTMRegressor(target_scaler=None, **SHORT)
        assert (check_everything(estimator, tmp_path) > 0).all()


def test_an_engine(tmp_path):
    class Toy(JaxEngine):
        calls = 0

        def predict(self, spec, weights, data):
            Toy.calls += 1
            return super().predict(spec, weights, data)

    with added(ENGINES, EngineKind("toy", ("jax",), Toy)):
        check_everything(skrnn.LSTMRegressor(**SHORT), tmp_path)
        assert Toy.calls > 0
        before = Toy.calls
    skrnn.LSTMRegressor(**SHORT).fit(X, Y).predict(X)
    assert Toy.calls == before
