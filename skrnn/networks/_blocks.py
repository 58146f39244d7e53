"""The layers that networks are made of, as a spec asks for them."""

from __future__ import annotations

from typing import Any

from .._keras import keras
from ..by_config import thaw
from ._cells import GRUCell, LSTMCell, SimpleRNNCell
from ._layers import LSTM, Placeholder, ValueDropout

Tensor = Any
Spec = Any

# Of Keras' own generators, which are never asked; unseeded ones would draw from Python's `random`.
_SEED = 0
# Whatever precision Keras is set to.
DTYPE = "float32"
_DENSE_INITIALIZERS = ("kernel_initializer", "bias_initializer")
_RECURRENT_INITIALIZERS = (*_DENSE_INITIALIZERS, "recurrent_initializer")
_CELLS = {"lstm": LSTMCell, "gru": GRUCell, "simple": SimpleRNNCell}
_KERAS_CELLS = {
    "lstm": keras.layers.LSTMCell,
    "gru": keras.layers.GRUCell,
    "simple": keras.layers.SimpleRNNCell,
}
_KERAS_LAYERS = {
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
    "simple": keras.layers.SimpleRNN,
}


def recurrent_layer(spec: Spec, units: int, *, name: str, **options: Any) -> Any:
    """Return a recurrent layer; `options` are `return_sequences` and `return_state`."""
    params = _recurrent_params(spec)
    if spec.dropout is not None:
        return _KERAS_LAYERS[spec.cell](units, name=name, **params, **options)
    if spec.cell == "lstm" and _has_standard_gates(params):
        return LSTM(units, name=name, **params, **options)
    cell = _CELLS[spec.cell](units, **params)
    return keras.layers.RNN(cell, name=name, dtype=DTYPE, **options)


def recurrent_cell(spec: Spec, units: int, *, name: str) -> Any:
    """Return a recurrent cell: one step of `recurrent_layer`."""
    cells = _CELLS if spec.dropout is None else _KERAS_CELLS
    return cells[spec.cell](units, name=name, **_recurrent_params(spec))


def dropout(spec: Spec, hidden: Tensor, name: str) -> Tensor:
    """Apply the dropout between layers.

    A rate of zero is a layer too: Keras orders weights by the depth of their layers, and models of
    one spec must have one order.
    """
    if spec.dropout is None:
        return ValueDropout(name=name, dtype=DTYPE)(hidden)
    return keras.layers.Dropout(spec.dropout, seed=_SEED, name=name, dtype=DTYPE)(hidden)


def dense(spec: Spec, units: int, name: str, activation: Any = None, **options: Any) -> Any:
    """Return a dense layer."""
    if spec.dropout is None:
        names = _DENSE_INITIALIZERS if options.get("use_bias", True) else _DENSE_INITIALIZERS[:1]
        options |= dict.fromkeys(names, Placeholder())
    return keras.layers.Dense(units, activation, name=name, dtype=DTYPE, **options)


def _recurrent_params(spec: Spec) -> dict[str, Any]:
    params: dict[str, Any] = {
        **spec.keras_layer_params,
        "activation": thaw(spec.activation),
        "seed": _SEED,
        "dtype": DTYPE,
    }
    if spec.dropout is not None:
        return {**params, "recurrent_dropout": spec.recurrent_dropout}
    params |= dict.fromkeys(_RECURRENT_INITIALIZERS, Placeholder())
    if spec.cell == "lstm":
        params["unit_forget_bias"] = False
    return {**params, "value_recurrent_dropout": spec.recurrent_dropout is None}


def _has_standard_gates(params: dict[str, Any]) -> bool:
    activation = keras.activations.get(params["activation"])
    recurrent = keras.activations.get(params.get("recurrent_activation", "sigmoid"))
    return bool(activation is keras.activations.tanh and recurrent is keras.activations.sigmoid)
