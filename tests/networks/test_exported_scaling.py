"""Models of Keras that scale by themselves: from sequences as they are to predictions."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _engine import keras_reads_variables
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import yeojohnson
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import PowerTransformer, QuantileTransformer

import skrnn
from skrnn.compat._keras import keras
from skrnn.networks._custom import takes_mask
from skrnn.scaling._columns import Affine
from skrnn.scaling._plain import formula_of, from_plain, to_plain
from skrnn.scaling._power import YeoJohnson
from skrnn.scaling._tokens import TokenNumbers
from skrnn.scaling._windows import make_input_scaler, make_target_scaler

pytestmark = keras_reads_variables

NAMES = ("standard", "minmax", "robust", "window", "level", "log", "power", None)
ONCE: dict[str, Any] = {"epochs": 1, "random_state": 0}
N_STEPS = 6


def sequences(n_rows: int = 40) -> np.ndarray:
    """Return two features of other sizes, positive; the first steps of some rows are masked."""
    X = np.random.default_rng(0).normal(size=(n_rows, N_STEPS, 2)).cumsum(axis=1)
    X = np.exp(X * 0.3) * (20.0, 0.5)
    X[:8, :2] = np.nan
    return X


X = sequences()
LATER = np.stack([X[:, -1, 0] * 1.1, X[:, -1, 0] + 2.0, X[:, -2, 0]], axis=1)
MASK = ~np.isnan(X).all(axis=2)


def check_same(model: keras.Model, X: np.ndarray, expected: np.ndarray) -> None:
    """Assert that predictions are equal up to rounding, beside their spread."""
    found = np.asarray(model(X))
    assert found.shape == expected.shape
    spread = np.nanmax(expected) - np.nanmin(expected)
    assert spread > 0
    assert_allclose(found, expected, rtol=0, atol=1e-5 * spread)


class TestPredictions:
    """The model says what the estimator does."""

    @pytest.mark.parametrize("name", NAMES)
    def test_scalers(self, name: str | None) -> None:
        given = {"input_scaler": name, "target_scaler": name}
        if name in ("window", "level", "log"):
            given["target_feature"] = 0
        regressor = skrnn.LSTMRegressor(3, **given, **ONCE).fit(X, LATER[:, 0])
        check_same(regressor.to_keras(), X, regressor.predict(X))

    @pytest.mark.parametrize("name", ["window", "log"])
    def test_season_of_several_outputs(self, name: str) -> None:
        given = {"input_scaler": name, "target_scaler": name, "seasonal_lag": 5}
        regressor = skrnn.LSTMRegressor(3, **given, target_feature=-2, **ONCE).fit(X, LATER)
        check_same(regressor.to_keras(), X, regressor.predict(X))

    def test_quantiles(self) -> None:
        regressor = skrnn.LSTMRegressor(3, quantiles=(0.1, 0.9), **ONCE).fit(X, LATER)
        check_same(regressor.to_keras(), X, regressor.predict(X))

    @pytest.mark.parametrize("scaler", ["robust", "power"])
    def test_every_step(self, scaler: str) -> None:
        y = X[:, :, ::-1] + 1.0
        given = {"return_sequences": True, "target_scaler": scaler, "input_scaler": "window"}
        regressor = skrnn.LSTMRegressor(3, **given, **ONCE).fit(X, y)
        model = regressor.to_keras()
        assert_array_equal(np.isnan(np.asarray(model(X))).any(axis=2), ~MASK)
        check_same(model, X, regressor.predict(X))

    @pytest.mark.parametrize("decoder", ["repeat", "autoregressive"])
    def test_decoders(self, decoder: str) -> None:
        given = {"target_scaler": "level", "target_feature": 0, "quantiles": [0.2]}
        regressor = skrnn.Seq2SeqRegressor(3, decoder=decoder, **given, **ONCE).fit(X, LATER)
        check_same(regressor.to_keras(), X, regressor.predict(X))

    def test_masks_though_none_was_trained_on(self) -> None:
        regressor = skrnn.LSTMRegressor(3, **ONCE).fit(X[8:], LATER[8:, 0])
        check_same(regressor.to_keras(), X, regressor.predict(X))

    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_classes(self, n_classes: int) -> None:
        y = np.array(["a", "b", "c"])[np.arange(len(X)) % n_classes]
        classifier = skrnn.LSTMClassifier(3, input_scaler="power", **ONCE).fit(X, y)
        expected = classifier.predict_proba(X)
        expected = expected[:, 1:] if n_classes == 2 else expected
        check_same(classifier.to_keras(), X, expected)

    def test_labels_of_every_step(self) -> None:
        y = np.where(MASK[..., None], np.nanmedian(X, axis=(0, 1)) < X, np.nan)
        classifier = skrnn.LSTMClassifier(3, return_sequences=True, **ONCE).fit(X, y)
        check_same(classifier.to_keras(), X, classifier.predict_proba(X))

    def test_tokens(self) -> None:
        tokens = np.random.default_rng(0).integers(4, size=(40, 5, 1)) * 3.0
        tokens[:5, :2] = np.nan
        classifier = skrnn.LSTMClassifier(3, embedding_dim=2, **ONCE)
        classifier.fit(tokens, np.arange(40) % 3)
        tokens[-1, 0] = 7.0  # not known
        check_same(classifier.to_keras(), tokens, classifier.predict_proba(tokens))

    @pytest.mark.parametrize("scaler", ["minmax", "power"])
    def test_frames(self, scaler: str) -> None:
        frames = np.exp(np.random.default_rng(0).normal(size=(12, 3, 2, 3, 2)))
        frames[:3, 0] = np.nan
        given = {"input_scaler": scaler, "target_scaler": scaler}
        regressor = skrnn.ConvLSTMRegressor(2, **given, **ONCE).fit(frames, LATER[:12])
        check_same(regressor.to_keras(), frames, regressor.predict(frames))

    def test_networks_of_users(self) -> None:
        regressor = skrnn.RecurrentRegressor(network=average, **ONCE).fit(X[8:], LATER[8:])
        model = regressor.to_keras()
        check_same(model, X[8:], regressor.predict(X[8:]))
        assert np.isnan(np.asarray(model(X[:8]))).all()  # which `predict` refuses


def average(shape: tuple[int, ...], n_outputs: int) -> keras.Model:
    inputs = keras.Input(shape)
    hidden = keras.layers.GlobalAveragePooling1D()(inputs)
    model = keras.Model(inputs, keras.layers.Dense(n_outputs)(hidden))
    assert not takes_mask(model)
    return model


READER = """
import sys
import numpy as np
import skrnn
import keras
model = keras.saving.load_model(sys.argv[1] + "/model.keras")
X = np.load(sys.argv[1] + "/X.npy")
np.save(sys.argv[1] + "/found.npy", model.predict(X, verbose=0))
"""


def test_another_process_reads_the_file(tmp_path: Path) -> None:
    regressor = skrnn.LSTMRegressor(3, input_scaler="power", target_scaler="log", target_feature=0)
    regressor.set_params(**ONCE).fit(X, LATER[:, 0])
    regressor.to_keras().save(tmp_path / "model.keras")
    np.save(tmp_path / "X.npy", X)
    subprocess.run([sys.executable, "-c", READER, str(tmp_path)], check=True, timeout=300)
    assert_allclose(np.load(tmp_path / "found.npy"), regressor.predict(X), rtol=1e-5)


class TestRefusals:
    """What has no formula is refused by name."""

    @pytest.mark.parametrize("parameter", ["input_scaler", "target_scaler"])
    def test_transformers(self, parameter: str) -> None:
        transformer = QuantileTransformer(n_quantiles=10)
        regressor = skrnn.LSTMRegressor(3, **{parameter: transformer}, **ONCE)
        regressor.fit(X, LATER[:, 0])
        with pytest.raises(ValueError, match=f'{parameter}="standard", or apply'):
            regressor.to_keras()

    def test_box_cox(self) -> None:
        regressor = skrnn.LSTMRegressor(3, target_scaler=PowerTransformer("box-cox"), **ONCE)
        regressor.fit(X, LATER[:, 0])
        with pytest.raises(ValueError, match="target_scaler"):
            regressor.to_keras()

    def test_large_tokens(self) -> None:
        tokens = TokenNumbers().fit(np.array([[[1.0], [2.0**24 + 2]]]))
        with pytest.raises(ValueError, match="token 16777218"):
            formula_of(tokens, "input_scaler")

    def test_not_fitted(self) -> None:
        with pytest.raises(NotFittedError):
            skrnn.LSTMRegressor().to_keras()
        for name in ("input_scaler_", "target_scaler_"):
            assert not hasattr(skrnn.LSTMRegressor(), name)


class TestScalers:
    """The fitted scalers are there for users, and go through plain data."""

    def test_attributes(self) -> None:
        regressor = skrnn.LSTMRegressor(3, target_scaler="minmax", **ONCE).fit(X, LATER)
        scaled = regressor.input_scaler_.transform(X)
        assert_allclose(np.nanmean(scaled, axis=(0, 1)), 0.0, atol=1e-12)
        assert_allclose(regressor.input_scaler_.inverse_transform(scaled), X)
        targets = regressor.target_scaler_.transform(LATER)
        assert (targets.min(axis=0) == 0.0).all()
        assert_allclose(regressor.target_scaler_.inverse_transform(targets), LATER)
        assert isinstance(regressor.target_scaler_, Affine)
        classifier = skrnn.LSTMClassifier(3, **ONCE).fit(X, np.arange(len(X)) % 2)
        assert_allclose(classifier.input_scaler_.transform(X), scaled)
        assert not hasattr(classifier, "target_scaler_")

    def test_transformers_of_users(self) -> None:
        given = {"input_scaler": PowerTransformer(), "target_scaler": PowerTransformer()}
        regressor = skrnn.LSTMRegressor(3, **given, **ONCE).fit(X, LATER[:, 0])
        assert_allclose(
            regressor.input_scaler_.transformer.transform(X[9]),
            regressor.input_scaler_.transform(X)[9],
        )
        assert isinstance(regressor.target_scaler_.transformer, PowerTransformer)

    @pytest.mark.parametrize("choice", ["window", "level", "log"])
    def test_windows_are_taken_back(self, choice: str) -> None:
        scaler = make_input_scaler(choice).fit(X)
        assert_allclose(scaler.inverse_transform(scaler.transform(X), X), X)

    @pytest.mark.parametrize("name", NAMES)
    def test_plain_data(self, name: str | None) -> None:
        scaler = formula_of(make_input_scaler(name).fit(X), "input_scaler")
        plain = to_plain(scaler)
        again = from_plain(plain, np.array)
        assert_array_equal(again.transform(X), scaler.transform(X))
        assert to_plain(again) == plain


POWERS = {
    "around zero": np.random.default_rng(0).normal(size=(200, 2)),
    "skewed": np.random.default_rng(1).exponential(size=(200, 2)) - 0.3,
    "negative": -50 - np.random.default_rng(2).exponential(20, size=(200, 2)),
    "far": 1e2 + np.random.default_rng(3).normal(size=(200, 2)),
    "constant": np.full((9, 2), 7.0),
}


@pytest.mark.parametrize("name", POWERS)
def test_formula_of_the_power_transform(name: str) -> None:
    values = POWERS[name]
    transformer = PowerTransformer().fit(values)
    formula = YeoJohnson(transformer, None)
    scaled = transformer.transform(values)
    assert_allclose(formula.transform(values), scaled, atol=1e-6)
    with np.errstate(all="ignore"):
        assert_allclose(formula.inverse_transform(scaled), values, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("exponent", [0.0, 2.0, -1.5, 3.5])
def test_power_transform_at_its_limits(exponent: float) -> None:
    """Where scikit-learn's formula ends, predictions stay within the limits."""
    y = np.random.default_rng(0).normal(size=(50, 1))
    targets = make_target_scaler("power", 0, None).fit(y, None)
    targets.transformer.lambdas_ = np.array([exponent])
    targets.transformer._scaler.fit(yeojohnson(y[:, 0], exponent)[:, None])
    formula = formula_of(targets, "target_scaler")
    values = np.array([[-1e6], [-9.0], [-1.0], [0.0], [0.5], [8.0], [1e6], [np.nan]])
    expected = targets.inverse_transform(values)
    with np.errstate(all="ignore"):
        found = formula.inverse_transform(values)
    assert_allclose(found, expected, rtol=1e-6, atol=1e-9)
    assert_array_equal(np.isnan(found), np.isnan(values))
