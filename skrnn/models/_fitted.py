"""A trained network as plain data, and all that it can be asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..compat._keras import keras, layers_within
from ..compat._keras_settings import our_settings
from ..engines._optimizer import OptimizerState
from ..engines._protocol import Arrays, Data
from ..engines._registry import current_engine
from ..networks._build import build_keras_model
from ..networks._custom import build_users_model, takes_mask
from ..networks._kinds import DECODERS
from ..networks._spec import CustomSpec, EncoderDecoderSpec, RecurrentSpec, Spec
from ..networks._summary import LayerSummary, summarize
from ..networks._weights import Weights
from ._exported import build_exported_model
from ._lengths import Lengths
from ._target_form import TargetForm

# Windows that share their rows are copied when they are taken.
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class FittedNetwork:
    """A trained network as plain data.

    Attributes
    ----------
    spec : Spec
        What the network is.
    weights : Weights
        Its arrays.
    optimizer : OptimizerState or None
        Kept where training may go on.
    masked : bool
        Whether rows with masked steps were trained on.
    """

    spec: Spec
    weights: Weights
    optimizer: OptimizerState | None
    masked: bool

    @property
    def takes_any_length(self) -> bool:
        """Whether sequences may be longer or shorter than those that were trained on.

        So it is where these were of unequal length, padded with masked steps. Where all had one
        length, another one is more likely a mistake.
        """
        return self.masked and self.spec.any_length

    def predict(self, data: Data) -> np.ndarray:
        """Return outputs of shape (n_rows, *spec.output_shape)."""
        check_takes_mask(self.spec, data)
        lengths = self._lengths(data)
        outputs = current_engine().predict(lengths.spec, self.weights, lengths.pad(data))
        return lengths.cut(outputs, axis=1)

    @our_settings()
    def sample(self, data: Data, n_draws: int, seed: int) -> np.ndarray:
        """Return outputs of shape (n_draws, n_rows, *spec.output_shape), units dropped at random.

        Raises
        ------
        ValueError
            When nothing is ever dropped.
        """
        check_takes_mask(self.spec, data)
        _check_drops(self.spec)
        engine, lengths = current_engine(), self._lengths(data)
        spec = lengths.spec
        if isinstance(spec, EncoderDecoderSpec):
            spec = replace(spec, teacher_forcing=0.0)
        weights = engine.renewed(spec, self.weights, np.random.default_rng(seed))
        return lengths.cut(engine.sample(spec, weights, lengths.pad(data), n_draws), axis=2)

    @our_settings()
    def input_gradients(self, data: Data, chosen: np.ndarray) -> np.ndarray:
        """Return gradients of a combination of outputs with respect to the sequences.

        Parameters
        ----------
        data : Data
        chosen : float32 array of shape spec.output_shape
            Factors of the outputs in the sum that is differentiated.

        Returns
        -------
        gradients : float32 array of shape (n_rows, *shape of a sequence)
        """
        check_takes_mask(self.spec, data)
        engine, lengths = current_engine(), self._lengths(data)
        rows, chosen = lengths.pad(data), lengths.extend(chosen)
        gradients = engine.input_gradients(lengths.spec, self.weights, rows, chosen)
        return lengths.cut_steps(gradients, axis=1)

    @our_settings()
    def attention_weights(self, inputs: Arrays) -> np.ndarray:
        """Return the weights of each step, (n_rows[, n_queries], n_steps).

        Raises
        ------
        ValueError
            When there is no attention, or its weights cannot be read.
        """
        if not (isinstance(self.spec, RecurrentSpec) and self.spec.attention):
            raise ValueError(
                "The network was fitted without attention. Set attention=True and fit again."
            )
        if isinstance(self.spec, EncoderDecoderSpec):
            _check_shows_attention(self.spec.decoder)
        spec = replace(self.spec, n_timesteps=inputs["sequence"].shape[1])
        model = build_keras_model(spec, self.weights, masked=True)
        layer = model.get_layer("attention")
        reader = keras.Model(model.inputs, layer.input)
        arrays = [inputs[name] for name in self.spec.inputs]
        read: np.ndarray = keras.ops.convert_to_numpy(layer.weigh(*reader(arrays)))
        weights = read.astype(np.float64)
        return weights[:, 0] if weights.shape[1] == 1 else weights

    def layers(self) -> list[LayerSummary]:
        """Return what the layers are, with the shapes of their outputs and their weights."""
        return summarize(self.spec, self.weights)

    @our_settings()
    def build_keras_model(self) -> keras.Model:
        """Return a Keras model with these weights, made of Keras' own layers."""
        return build_keras_model(self.spec, self.weights, masked=self.masked)

    @our_settings()
    def build_exported_model(
        self, shape: tuple[int, ...], scaler: Any, form: TargetForm
    ) -> keras.Model:
        """Return a Keras model that scales its inputs and restores the targets by itself.

        Parameters
        ----------
        shape : tuple of int
            Of a sequence.
        scaler : scaler
            Of the inputs.
        form : TargetForm
        """
        return build_exported_model(self.spec, self.weights, shape, scaler, form)

    def _lengths(self, data: Data) -> Lengths:
        """Return how the network sees sequences as long as those of `data`."""
        return Lengths.of(self.spec, self.takes_any_length, data)


def check_takes_mask(spec: Spec, data: Data) -> None:
    """Raise where steps are masked and the network of the user has no input for the mask."""
    if not isinstance(spec, CustomSpec) or _is_unmasked(data):
        return
    with our_settings():
        model = build_users_model(spec)
    if not takes_mask(model):
        raise ValueError(
            "X has masked steps (NaN), but the model that network returns has no input for the "
            f"mask. Give it a second input of shape ({spec.n_timesteps},) and type bool, or impute "
            "X."
        )


def _is_unmasked(data: Data) -> bool:
    rows = np.arange(len(data))
    parts = (rows[start : start + _ROWS_AT_ONCE] for start in rows[::_ROWS_AT_ONCE])
    return all(data.take(part)["mask"].all() for part in parts)


def _check_shows_attention(decoder: str) -> None:
    if not DECODERS[decoder].shows_attention:
        able = [f'"{name}"' for name, kind in DECODERS.items() if kind.shows_attention]
        raise ValueError(
            f"The attention of the {decoder} decoder comes about step by step and is not kept. "
            f"Use another decoder to read it: {' or '.join(able)}."
        )


def _check_drops(spec: Spec) -> None:
    if isinstance(spec, CustomSpec):
        layers = list(layers_within(build_users_model(spec)))
        if any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers):
            raise ValueError(
                "predict_samples runs the network as in training, which batch normalization does "
                "not allow: rows would depend on each other. Use another normalization."
            )
        names = ("rate", "dropout", "recurrent_dropout", "stddev")
        drops = any(getattr(layer, name, None) for layer in layers for name in names)
    else:
        rates = {name: rate for name, rate in spec.rates.items() if name != "teacher_forcing"}
        drops = any(rates.values())
    if not drops:
        raise ValueError(
            "predict_samples needs a network with dropout: set dropout, variational_dropout or "
            "recurrent_dropout above zero and fit again."
        )
