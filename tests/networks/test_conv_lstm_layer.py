"""The convolutional LSTM of our own against that of Keras, and what it reads of a frame."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from _layers import draw, draw_like

from skrnn.compat._keras import keras
from skrnn.networks import _lstm
from skrnn.networks._build import build_model
from skrnn.networks._conv_lstm import ConvLSTM2D, patches, transposed_patches
from skrnn.networks._spec import ConvolutionalSpec

FILMS, STEPS, HEIGHT, WIDTH, CHANNELS, FILTERS = 3, 4, 5, 6, 2, 3
SHAPE = (FILMS, STEPS, HEIGHT, WIDTH, CHANNELS)
MASKS = {
    "none": None,
    "holes": np.array([[1, 0, 1, 1], [0, 1, 1, 0], [0, 0, 0, 0]], bool),
}


def outputs_and_gradients(layer: Any, mask: np.ndarray | None) -> list[np.ndarray]:
    layer.build(SHAPE)

    def loss(weights: Any, inputs: Any) -> Any:
        outputs, _ = layer.stateless_call(weights, layer.non_trainable_variables, inputs, mask=mask)
        return jnp.sum(outputs * draw(*outputs.shape, seed=9)), outputs

    function = jax.jit(jax.grad(loss, argnums=(0, 1), has_aux=True))
    return jax.tree.leaves(function(draw_like(layer.trainable_variables), draw(*SHAPE)))


@pytest.mark.parametrize("by_step", [False, True], ids=["one product", "step by step"])
@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize(
    ("size", "options"),
    [
        ((3, 3), {"return_sequences": True}),
        ((2, 5), {"use_bias": False}),
        ((1, 1), {"return_sequences": True, "use_bias": False}),
        ((4, 3), {}),
        ((7, 7), {"return_sequences": True}),
    ],
    ids=["odd", "even and odd", "one pixel", "one output", "larger than the frame"],
)
def test_layer_equals_that_of_keras(
    size: tuple[int, int],
    options: dict[str, Any],
    mask: str,
    by_step: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if by_step:
        monkeypatch.setattr(_lstm, "_at_once", lambda steps, kernel: _lstm.AtOnce(False, False))
    present = MASKS[mask]
    present = None if present is None else present[:, :, None, None, None]
    options = {"filters": FILTERS, "kernel_size": size, "padding": "same", **options}
    ours = outputs_and_gradients(ConvLSTM2D(**options), present)
    theirs = outputs_and_gradients(keras.layers.ConvLSTM2D(**options), present)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_patches_of_a_pixel_are_its_neighbours() -> None:
    frame = np.arange(12.0).reshape(3, 4, 1)
    found = np.asarray(patches(frame, (3, 3)))
    assert found[1, 1].tolist() == [0, 1, 2, 4, 5, 6, 8, 9, 10]
    assert found[0, 0].tolist() == [0, 0, 0, 0, 0, 1, 0, 4, 5]


@pytest.mark.parametrize("size", [(3, 3), (2, 4), (1, 5)])
def test_transpose_is_that_of_patches(size: tuple[int, int]) -> None:
    frames = draw(2, 5, 6, 3)
    read = np.asarray(patches(frames, size))
    gradient = draw(*read.shape, seed=1)
    back = np.asarray(transposed_patches(gradient, size))
    assert np.vdot(read, gradient) == pytest.approx(np.vdot(frames, back), rel=1e-4)


def test_structure_has_no_convolution() -> None:
    spec = ConvolutionalSpec(
        n_timesteps=STEPS,
        n_features=CHANNELS,
        n_outputs=1,
        frame_shape=(HEIGHT, WIDTH, CHANNELS),
        filters=(2, 2),
    )
    layers = [layer for layer in build_model(spec.structure()).layers if "recurrent" in layer.name]
    assert [type(layer) for layer in layers] == [ConvLSTM2D, ConvLSTM2D]
    shown = [layer for layer in build_model(spec).layers if "recurrent" in layer.name]
    assert [type(layer) for layer in shown] == [keras.layers.ConvLSTM2D] * 2
