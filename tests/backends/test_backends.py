"""skrnn on the other backends of Keras: the same results, and everything that JAX can do.

Run with `scripts/test-backends`; on JAX there is nothing to compare.
"""

import os
import pickle
import random
import subprocess
import sys
from pathlib import Path

import _cases
import keras
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

import skrnn
from skrnn import LSTMRegressor, Seq2SeqForecaster, saliency
from skrnn.exceptions import UnsupportedBackendError

pytestmark = [
    pytest.mark.skipif(
        keras.backend.backend() == "jax",
        reason="Keras runs on JAX; set KERAS_BACKEND=torch or tensorflow to test these",
    ),
    pytest.mark.filterwarnings("default"),  # those of the backends are not ours
]
SCRIPT = Path(_cases.__file__)
NAMES = list(_cases.ESTIMATORS)
RATES = {"dropout": 0.3, "variational_dropout": 0.2, "recurrent_dropout": 0.2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Results of both engines, and what each reads of the other's pickles."""
    root = tmp_path_factory.mktemp("engines")
    _cases.fit_all(root / "given")
    package = str(Path(skrnn.__file__).parents[1])
    environment = {**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": package}
    subprocess.run([sys.executable, str(SCRIPT), str(root)], env=environment, check=True)
    return root


@pytest.mark.parametrize("name", NAMES)
class TestSameAsOnJax:
    def test_losses_and_predictions(self, folder, name):
        here, there = (np.load(folder / part / f"{name}.npz") for part in ("given", "jax"))
        assert_allclose(here["loss"], there["loss"], rtol=1e-4)
        assert_allclose(here["predictions"], there["predictions"], rtol=1e-4, atol=1e-4)

    def test_pickles_from_there(self, folder, name):
        estimator = pickle.loads((folder / "jax" / f"{name}.pkl").read_bytes())
        there = np.load(folder / "jax" / f"{name}.npz")["predictions"]
        assert_allclose(_cases.predict(name, estimator), there, rtol=1e-5, atol=1e-5)

    def test_pickles_from_here(self, folder, name):
        here = np.load(folder / "given" / f"{name}.npz")["predictions"]
        there = np.load(folder / "given" / f"{name}.read.npz")["predictions"]
        assert_allclose(there, here, rtol=1e-5, atol=1e-5)


def test_training_goes_on_from_the_other_engine(folder):
    name = "early stopping"
    X, y, weight = _cases.make_rows(name)
    estimator = pickle.loads((folder / "jax" / f"{name}.pkl").read_bytes()).fit(X, y, weight)
    there = np.load(folder / "given" / f"{name}.read.npz")["after"]
    assert estimator.n_iter_ == 10
    assert_allclose(estimator.history_["loss"], there, rtol=1e-3)


class TestDeterminism:
    def test_one_seed_one_result(self):
        params = {**RATES, "shuffle": True}
        first, second = (_cases.fit("lstm", **params) for _ in range(2))
        assert_array_equal(first.history_["loss"], second.history_["loss"])
        other = _cases.fit("lstm", **params, random_state=1)
        assert other.history_["loss"][-1] != first.history_["loss"][-1]

    def test_dropout_drops(self):
        plain = _cases.fit("lstm").history_["loss"]
        for name, rate in RATES.items():
            assert abs(_cases.fit("lstm", **{name: rate}).history_["loss"][0] - plain[0]) > 1e-5

    def test_rows_do_not_depend_on_their_company(self):
        estimator, (X, _, _) = _cases.fit("bilstm"), _cases.make_rows("bilstm")
        many = estimator.predict(np.concatenate([X] * 5))
        assert_allclose(many[40:60], estimator.predict(X), rtol=1e-6)
        assert_array_equal(estimator.predict(X[:7]), estimator.predict(X)[:7])

    def test_global_generators_have_no_part_in_it(self):
        np.random.seed(0)  # noqa: NPY002
        before = np.random.get_state()[1].copy()  # noqa: NPY002
        random.seed(0)
        one = _cases.fit("lstm", **RATES)
        random.seed(1)  # Keras draws from it, for initialisers that are never asked
        other = _cases.fit("lstm", **RATES)
        assert_array_equal(one.history_["loss"], other.history_["loss"])
        assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


class TestFeatures:
    def test_clones(self):
        estimator = _cases.fit("gru")
        again = clone(estimator).fit(*_cases.make_rows("gru"))
        assert_array_equal(again.history_["loss"], estimator.history_["loss"])

    @pytest.mark.parametrize("params", [{"dropout": 0.4}, {"recurrent_dropout": 0.4}])
    def test_samples(self, params):
        estimator, (X, _, _) = _cases.fit("lstm", **params), _cases.make_rows("lstm")
        first, second = (
            estimator.predict_samples(X, mc_samples=30, random_state=0) for _ in range(2)
        )
        assert_array_equal(first, second)
        assert first.std(axis=0).min() > 0
        assert np.ptp(first.mean(axis=0) - estimator.predict(X)) < 1.0

    @pytest.mark.parametrize("name", ["lstm", "custom", "own values"])
    def test_saliency_is_the_gradient(self, name):
        estimator, (X, y, _) = _cases.fit(name), _cases.make_rows(name)
        output = 0 if name == "own values" else None
        found = saliency(estimator, X[3:5], output=output)
        assert found.shape == (2, *X.shape[1:])
        # Along some direction, in the units of scaled inputs and targets.
        direction, by = np.random.default_rng(0).normal(size=found.shape), 0.01
        step = by * np.nanstd(X, axis=(0, 1)) * direction
        up, down = (
            np.reshape(estimator.predict(X[3:5] + sign * step), (2, -1))[:, 0] for sign in (1, -1)
        )
        expected = (up - down) / (2 * by) / np.reshape(y, (len(y), -1))[:, 0].std()
        assert_allclose((found * direction).sum(axis=(1, 2)), expected, atol=2e-3)
        assert np.abs(expected).max() > 0.01

    def test_callbacks_and_warm_start(self):
        class Stop(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                self.model.optimizer.learning_rate = 1e-3 / (epoch + 1)
                self.model.stop_training = epoch == 1

        estimator = _cases.fit("lstm", callbacks=[Stop()], warm_start=True)
        assert estimator.n_iter_ == 2
        assert_allclose(estimator.history_["learning_rate"], [3e-3, 1e-3], rtol=1e-5)
        estimator.fit(*_cases.make_rows("lstm"))
        assert estimator.n_iter_ == 4

    def test_model(self):
        estimator, (X, y, _) = _cases.fit("custom"), _cases.make_rows("custom")
        scaled = (X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))
        outputs = keras.ops.convert_to_numpy(estimator.model_(scaled.astype("float32")))[:, 0]
        assert_allclose(outputs * y.std() + y.mean(), estimator.predict(X), rtol=1e-4, atol=1e-5)

    def test_what_a_backend_lacks(self):
        class Lacking(keras.layers.Layer):
            def call(self, inputs):
                raise NotImplementedError("There is no such operation.")

        def network(shape, n_outputs):
            inputs = keras.Input(shape)
            return keras.Model(inputs, Lacking()(inputs))

        with pytest.raises(UnsupportedBackendError, match=r"(?s)This network.*KERAS_BACKEND=jax"):
            _cases.fit("custom", network=network)
        X, y, weight = _cases.make_rows("custom")
        X = X.copy()
        X[:3, 0] = np.nan  # masked steps: the network is built to see whether it takes them
        estimator = clone(_cases.ESTIMATORS["custom"]).set_params(network=network)
        with pytest.raises(UnsupportedBackendError, match=r"(?s)This network.*KERAS_BACKEND=jax"):
            estimator.fit(X, y, weight)

    def test_tokens_and_every_step(self):
        rng = np.random.default_rng(0)
        X = rng.integers(0, 9, (20, 5))
        y = np.cumsum(X, axis=1).astype(float)
        how = {**_cases.HOW, "embedding_dim": 3, "return_sequences": True}
        estimator = LSTMRegressor(4, **how).fit(X[..., None], y)
        assert estimator.predict(X[..., None]).shape[:2] == (20, 5)


class TestForecaster:
    MONTHS = pd.period_range("2000-01", periods=40, freq="M", name="month")

    def make_panel(self):
        rng = np.random.default_rng(0)
        series, known = [], []
        for number in range(2):
            index = pd.MultiIndex.from_product(
                [[f"s{number}"], self.MONTHS], names=["series", "month"]
            )
            series.append(pd.DataFrame({"y": rng.normal(size=40).cumsum() + 9}, index))
            known.append(pd.DataFrame({"x": rng.normal(size=40)}, index))
        y, X = pd.concat(series), pd.concat(known)
        y.iloc[[3, 50]] = np.nan
        return y, X

    @pytest.mark.parametrize("decoder", ["parallel", "autoregressive"])
    def test_panel_with_missing_values_and_known_features(self, decoder):
        y, X = self.make_panel()
        past = y.index.get_level_values("month") < self.MONTHS[-3]
        how = {"units": 4, "epochs": 2, "decoder": decoder, "random_state": 0}
        forecaster = Seq2SeqForecaster(6, **how).fit(y[past], X[past], fh=[1, 2, 3])
        predicted = forecaster.predict(X=X[~past])
        assert predicted.shape == (6, 1)
        assert np.isfinite(predicted.to_numpy()).all()
        interval = forecaster.predict_interval(X=X[~past], coverage=0.8).to_numpy()
        assert (interval[:, 0] <= interval[:, 1]).all()


@parametrize_with_checks(
    [LSTMRegressor()],  # as many epochs as it takes to be a good regressor
    expected_failed_checks=lambda estimator: {
        "check_sample_weight_equivalence_on_dense_data": (
            "mini-batches of weighted rows are not those of repeated rows"
        )
    },
)
def test_scikit_learn(estimator, check):
    check(estimator)
