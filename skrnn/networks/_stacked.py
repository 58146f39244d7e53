"""Build the Keras model of a stacked recurrent network."""

from typing import Any

from .._keras import keras
from ..by_config import thaw
from ._cells import GRUCell, LSTMCell, SimpleRNNCell
from ._layers import LSTM, Placeholder, ValueDropout
from ._spec import NetworkSpec

# Of Keras' own generators, which are never asked; unseeded ones would draw from Python's `random`.
_SEED = 0
# Whatever precision Keras is set to.
_DTYPE = "float32"
_DENSE_INITIALIZERS = ("kernel_initializer", "bias_initializer")
_RECURRENT_INITIALIZERS = (*_DENSE_INITIALIZERS, "recurrent_initializer")
_CELLS = {"lstm": LSTMCell, "gru": GRUCell, "simple": SimpleRNNCell}
_KERAS_LAYERS = {
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
    "simple": keras.layers.SimpleRNN,
}


def build_model(spec: NetworkSpec) -> keras.Model:
    """Build the model of `spec`, which takes a sequence and its mask.

    With the rates left open, as in a `spec.structure()`, it is the model that the engine trains:
    dropout rates are weights, and all weights are placeholders. With rates it is the one that users
    see, made of Keras' own layers. Both have the same trainable weights in the same order.
    """
    sequence = keras.Input((spec.n_timesteps, spec.n_features), dtype=_DTYPE, name="sequence")
    mask = keras.Input((spec.n_timesteps,), dtype="bool", name="mask")
    outputs = _outputs(spec, sequence, mask)
    return keras.Model([sequence, mask], outputs, name=f"{spec.cell}_network")


def build_plain_model(spec: NetworkSpec) -> keras.Model:
    """Build the model of `spec` for sequences without masked steps: one input."""
    sequence = keras.Input((spec.n_timesteps, spec.n_features), dtype=_DTYPE, name="sequence")
    return keras.Model(sequence, _outputs(spec, sequence, None), name=f"{spec.cell}_network")


def _outputs(spec: NetworkSpec, hidden: Any, mask: Any) -> Any:
    last = len(spec.units) - 1
    for depth, (units, both) in enumerate(zip(spec.units, spec.bidirectional, strict=True)):
        layer = _recurrent_layer(spec, units, name=f"recurrent_{depth + 1}", sequences=depth < last)
        if both:
            layer = keras.layers.Bidirectional(
                layer, spec.merge_mode, name=f"bidirectional_{depth + 1}", dtype=_DTYPE
            )
        hidden = _drop(spec, layer(hidden, mask=mask), name=f"dropout_{depth + 1}")
    for depth, units in enumerate(spec.dense_units):
        hidden = _dense(spec, units, f"dense_{depth + 1}", thaw(spec.dense_activation))(hidden)
    return _dense(spec, spec.n_outputs, "output")(hidden)


def _recurrent_layer(spec: NetworkSpec, units: int, *, name: str, sequences: bool) -> Any:
    params: dict[str, Any] = {
        **spec.keras_layer_params,
        "activation": thaw(spec.activation),
        "seed": _SEED,
        "dtype": _DTYPE,
    }
    if spec.dropout is not None:
        layer = _KERAS_LAYERS[spec.cell]
        params["recurrent_dropout"] = spec.recurrent_dropout
        return layer(units, name=name, return_sequences=sequences, **params)
    params |= dict.fromkeys(_RECURRENT_INITIALIZERS, Placeholder())
    if spec.cell == "lstm":
        params["unit_forget_bias"] = False
    params["value_recurrent_dropout"] = spec.recurrent_dropout is None
    if spec.cell == "lstm" and _has_standard_gates(params):
        return LSTM(units, name=name, return_sequences=sequences, **params)
    cell = _CELLS[spec.cell](units, **params)
    return keras.layers.RNN(cell, name=name, return_sequences=sequences, dtype=_DTYPE)


def _has_standard_gates(params: dict[str, Any]) -> bool:
    activation = keras.activations.get(params["activation"])
    recurrent = keras.activations.get(params.get("recurrent_activation", "sigmoid"))
    return bool(activation is keras.activations.tanh and recurrent is keras.activations.sigmoid)


def _drop(spec: NetworkSpec, hidden: Any, name: str) -> Any:
    if spec.dropout is None:
        return ValueDropout(name=name, dtype=_DTYPE)(hidden)
    if not spec.dropout:
        return hidden
    return keras.layers.Dropout(spec.dropout, seed=_SEED, name=name, dtype=_DTYPE)(hidden)


def _dense(spec: NetworkSpec, units: int, name: str, activation: Any = None) -> Any:
    initializers = {}
    if spec.dropout is None:
        initializers = dict.fromkeys(_DENSE_INITIALIZERS, Placeholder())
    return keras.layers.Dense(units, activation, name=name, dtype=_DTYPE, **initializers)
