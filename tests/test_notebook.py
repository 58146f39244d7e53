"""What notebooks show: the network of a fitted estimator, its losses, settings and weights."""

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.pipeline import make_pipeline

from skrnn import (
    BiLSTMRegressor,
    ConvLSTMRegressor,
    LSTMClassifier,
    RecurrentRegressor,
    Seq2SeqForecaster,
    Seq2SeqRegressor,
)
from skrnn.engines._history import History

X = np.random.default_rng(0).normal(size=(30, 6, 2))
Y = X[:, :3, 0]
SHORT = {"epochs": 1, "random_state": 0}
TOKENS = np.random.default_rng(0).integers(0, 5, size=(30, 6))
FRAMES = np.random.default_rng(0).normal(size=(30, 4, 6, 6, 1))
NETWORKS = {
    "stacked": (BiLSTMRegressor((4, 3), dense_units=5, attention=True, linear_skip=True), X, Y),
    "gru": (RecurrentRegressor(3, cell="gru", pooling="flatten"), X, Y),
    "peephole": (RecurrentRegressor(3, cell="peephole"), X, Y),
    "no bias": (RecurrentRegressor(3, cell="simple", layer_params={"use_bias": False}), X, Y),
    "every step": (RecurrentRegressor(3, return_sequences=True), X, X[..., 0]),
    "tokens": (LSTMClassifier(4, embedding_dim=3), TOKENS, np.arange(30) % 3),
    "repeat": (Seq2SeqRegressor(4, decoder="repeat", attention=True), X, Y),
    "parallel": (Seq2SeqRegressor(4, decoder="parallel", segment_length=2, linear_skip=True), X, Y),
    "dense": (Seq2SeqRegressor(4, decoder="dense"), X, Y),
    "frames": (ConvLSTMRegressor((3, 2)), FRAMES, Y[:, 0]),
}


def own_network(shape, n_outputs):
    inputs = keras.Input(shape)
    return keras.Model(inputs, keras.layers.Dense(n_outputs)(keras.layers.Flatten()(inputs)))


def fitted(model, inputs=X, targets=Y):
    return model.set_params(**SHORT).fit(inputs, targets)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_layers_are_those_of_the_keras_model(name):
    model = fitted(*NETWORKS[name])
    layers = model.network_.layers()
    assert sum(layer.n_parameters for layer in layers) == model.n_parameters_
    built = [layer for layer in model.model_.layers if layer.count_params()]
    if "decoder" not in layers[-2].name + layers[-1].name:  # which is one layer here
        own = [layer for layer in layers if layer.n_parameters]
        assert [layer.n_parameters for layer in own] == [layer.count_params() for layer in built]
    outputs = {layer.name: layer.output for layer in built}
    for kind, layer in (("recurrent_1", layers[1]), ("bidirectional_1", layers[1])):
        if kind in outputs and layer.shape[:1] == outputs[kind].shape[1:2]:
            assert layer.shape == outputs[kind].shape[1:]
    assert layers[0].shape == model.network_.spec.inputs["sequence"].shape


def test_shapes():
    layers = fitted(*NETWORKS["stacked"]).network_.layers()
    assert [(layer.name, layer.shape, layer.n_parameters) for layer in layers] == [
        ("input", (6, 2), 0),
        ("bidirectional lstm", (6, 8), 224),
        ("bidirectional lstm", (6, 6), 288),
        ("last step", (6,), 0),
        ("attention", (6,), 78),
        ("dense", (5,), 35),
        ("output", (3,), 18),
        ("linear skip", (3,), 39),
    ]
    segments = fitted(*NETWORKS["parallel"]).network_.layers()[1]
    assert (segments.name, segments.shape) == ("segments", (3, 4))


def test_a_fitted_estimator_shows_network_and_losses(monkeypatch):
    model = fitted(RecurrentRegressor(3))
    monkeypatch.setattr(keras.Model, "__init__", None)  # none is built
    html = model._repr_html_()
    assert html.index("sk-container-id") < html.index("<td>lstm</td><td>6 x 3</td><td>72</td>")
    assert f"{model.history_['loss'][-1]:.4g}" in html
    assert model._repr_mimebundle_()["text/html"].count("<td>lstm</td>") == 1
    assert "<td>lstm</td>" not in RecurrentRegressor(3)._repr_html_()
    with config_context(display="text"):
        assert "text/html" not in model._repr_mimebundle_()


def test_pipelines_show_what_scikit_learn_shows(monkeypatch):
    model = fitted(RecurrentRegressor(3))
    monkeypatch.setattr(keras.Model, "__init__", None)
    assert "sk-container-id" in make_pipeline(model)._repr_html_()
    assert "predict_samples" in dir(model)


def test_networks_of_users_are_one_layer():
    model = fitted(RecurrentRegressor(network=own_network))
    (_, network) = model.network_.layers()
    assert (network.name, network.shape, network.n_parameters) == ("network", (3,), 39)


def test_history():
    history = History()
    for epoch in range(20):
        history.append(**{"loss": 1 / (1 + epoch), "val_loss": 0.5, "<b>": float("nan")})
    history.best_epoch = 7
    html = history._repr_html_()
    assert html.count("<tr>") == 11
    assert "<th>&lt;b&gt;</th>" in html
    assert "<b>" not in html
    assert html.count("<polyline") == 2
    assert "Kept: epoch 7." in html
    assert "<svg" not in History()._repr_html_()


def test_a_fitted_forecaster_shows_settings_and_weights():
    y = pd.Series(np.sin(np.arange(60)))
    forecaster = Seq2SeqForecaster(
        6, cell="simple", units=2, sp=1, baselines=("last", "mean"), n_members=2, **SHORT
    )
    assert "Settings" not in forecaster._repr_html_()
    html = forecaster.fit(y, fh=[1, 2])._repr_html_()
    assert "<td>window</td><td>6</td>" in html
    heaviest = forecaster.weights_.mean().idxmax()
    assert f"<td>{heaviest}</td><td>{forecaster.weights_.mean().max():.1%}</td>" in html
    assert "First of 2 networks" in html
    assert "<td>simple</td>" in html
    assert "Settings" in forecaster._repr_mimebundle_()["text/html"]
    assert "text/html" not in forecaster.set_config(display="text")._repr_mimebundle_()
