"""Models of Keras made of fitted networks: same predictions, saved, loaded and copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from _architectures import (
    ATTEND,
    FOUR_MASKS,
    MASK,
    MASKS,
    N_ROWS,
    SKIP,
    STEPWISE,
    TOKENS,
    UNSCALED,
    convolutional_spec,
    draw,
    draw_weights,
    masked_rows,
)
from _engine import (
    keras_reads_variables,
    make_spec,
    unset,
)
from scipy.special import softmax

from skrnn import (
    BiLSTMClassifier,
    LSTMRegressor,
    RecurrentClassifier,
)
from skrnn.compat._keras import keras
from skrnn.engines._dataset import Dataset
from skrnn.models._fitted import FittedNetwork
from skrnn.networks._build import build_model

pytestmark = keras_reads_variables


# ---- Models of users -----------------------------------------------------------------------------

FORMS: dict[str, Any] = {
    "peephole": make_spec("peephole"),
    "skip": make_spec("gru", (3, 3), **SKIP),
    "linear": make_spec("gru", linear_skip=True),
    "attention": make_spec("simple", (3, 3), **ATTEND, **SKIP),
    "attention, steps": make_spec("lstm", **ATTEND, **STEPWISE),
    "dropouts": make_spec(
        "peephole", (3, 3), variational_dropout=0.5, dropout=0.3, recurrent_dropout=0.4
    ),
    "tokens": make_spec("simple", n_features=1, n_tokens=8, embedding_dim=3, dense_units=(2,)),
    "steps": make_spec("lstm", (3, 2), bidirectional=(True, False), n_outputs=2, **STEPWISE),
    "classes": make_spec("gru", n_outputs=3, head="categorical"),
    "frames": convolutional_spec(frame_shape=(2, 3, 1), filters=(2, 2), dropout=0.5),
    "frames, steps": convolutional_spec(
        frame_shape=(3, 2, 2), filters=(2,), pooling="average", n_outputs=2, **STEPWISE
    ),
}


def fitted(name: str, *, masked: bool) -> FittedNetwork:
    """Return a network as a fit leaves it, with weights drawn at random."""
    spec = unset(FORMS[name])
    return FittedNetwork(spec, draw_weights(build_model(spec.structure()), spec), None, masked)


def inputs_of(spec: Any, mask: np.ndarray) -> dict[str, np.ndarray]:
    shape, kind = spec.inputs["sequence"]
    sequence = TOKENS if kind == "int32" else draw(N_ROWS, *shape)
    return {"sequence": sequence, "mask": mask}


@pytest.mark.parametrize(
    ("name", "masked"),
    [(name, True) for name in FORMS]
    + [(name, False) for name in ("peephole", "skip", "attention", "frames")],
)
def test_model_of_users_predicts_what_the_engine_does(name: str, masked: bool) -> None:
    """Probabilities, where the engine has the logits of classes; with a second input for masks."""
    network = fitted(name, masked=masked)
    inputs = inputs_of(network.spec, MASKS["some" if masked else "all"])
    model = network.build_keras_model()
    assert len(model.inputs) == 1 + masked
    outputs = np.asarray(model(list(inputs.values()) if masked else inputs["sequence"]))
    expected = network.predict(Dataset(inputs))
    if name == "classes":
        expected = softmax(expected, axis=-1)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    assert np.ptp(expected, axis=0).min() > 1e-3


@pytest.mark.parametrize(
    "name", ["peephole", "skip", "attention", "attention, steps", "dropouts", "tokens", "frames"]
)
def test_model_of_users_is_saved_and_loaded(name: str, tmp_path: Path) -> None:
    network = fitted(name, masked=True)
    model, inputs = network.build_keras_model(), list(inputs_of(network.spec, MASK).values())
    model.save(tmp_path / "x.keras")
    loaded = keras.saving.load_model(tmp_path / "x.keras")
    np.testing.assert_array_equal(loaded(inputs), model(inputs))
    assert loaded.count_params() == model.count_params()


class TestModelsOfEstimators:
    """With scalers left out, they take and say what the estimators do."""

    X, MASKED = masked_rows(), [np.nan_to_num(masked_rows()), FOUR_MASKS]
    SUMS = masked_rows().sum(axis=2)

    def test_quantiles_at_every_step(self) -> None:
        regressor = LSTMRegressor(
            3, return_sequences=True, quantiles=(0.1, 0.9), target_scaler=None, **UNSCALED
        ).fit(self.X, self.SUMS)
        outputs = np.array(regressor.model_(self.MASKED))[:, :, 0]
        outputs[~FOUR_MASKS] = np.nan
        np.testing.assert_allclose(regressor.predict(self.X), outputs[:, :, 1], atol=1e-5)
        quantiles = regressor.predict_quantiles(self.X)
        np.testing.assert_allclose(quantiles, outputs[:, :, [0, 2]], atol=1e-5)

    def test_classes_at_every_step(self) -> None:
        labels = np.digitize(self.SUMS, [-1.0, 1.0])
        classifier = BiLSTMClassifier(3, return_sequences=True, **UNSCALED).fit(self.X, labels)
        outputs = np.array(classifier.model_(self.MASKED))
        outputs[~FOUR_MASKS] = np.nan
        assert outputs.shape[-1] == 3
        np.testing.assert_allclose(classifier.predict_proba(self.X), outputs, atol=1e-5)

    def test_two_classes_of_tokens(self) -> None:
        tokens = np.where(FOUR_MASKS, np.tile(TOKENS, (4, 1)) * 3.0, np.nan)
        labels = np.where(np.arange(len(tokens)) % 2, "odd", "even")
        classifier = RecurrentClassifier(3, cell="peephole", embedding_dim=2, **UNSCALED)
        outputs = np.asarray(classifier.fit(tokens, labels).model_(self.numbers(tokens)))
        assert outputs.shape == (len(tokens), 1)
        expected = np.concatenate([1.0 - outputs, outputs], axis=1)
        np.testing.assert_allclose(classifier.predict_proba(tokens), expected, atol=1e-5)

    @staticmethod
    def numbers(tokens: np.ndarray) -> list[np.ndarray]:
        """Tokens are numbered from one on, in their order."""
        known = np.unique(tokens[FOUR_MASKS])
        return [np.where(FOUR_MASKS, np.searchsorted(known, tokens) + 1, 0), FOUR_MASKS]
