"""The layers that networks are made of, as a spec asks for them."""

from __future__ import annotations

from typing import Any

from ..compat._keras import keras
from ._by_config import thaw
from ._kinds import CELLS
from ._layers import Placeholder, SequenceDropout, ValueDropout
from ._spec import LayeredSpec, NetworkSpec, RecurrentSpec, Spec

ops = keras.ops
Tensor = Any

# Of Keras' own generators, which are never asked; unseeded ones would draw from Python's `random`.
_SEED = 0
# Whatever precision Keras is set to.
DTYPE = "float32"
_DENSE_INITIALIZERS = ("kernel_initializer", "bias_initializer")
RECURRENT_INITIALIZERS = (*_DENSE_INITIALIZERS, "recurrent_initializer")


def make_inputs(spec: Spec, *, masked: bool = True) -> dict[str, Tensor]:
    """Return the inputs that `spec` names, with or without that of the mask."""
    return {
        name: keras.Input(shape, dtype=dtype, name=name)
        for name, (shape, dtype) in spec.inputs.items()
        if masked or name != "mask"
    }


def recurrent_layer(spec: RecurrentSpec, units: int, *, name: str, **options: Any) -> Any:
    """Return a recurrent layer; `options` are `return_sequences` and `return_state`."""
    params, kind = _recurrent_params(spec), CELLS[spec.cell]
    if is_structure(spec):
        layer: Any = kind.fast_layer if has_standard_gates(params) else None
    else:
        layer = kind.keras_layer
    if layer is not None:
        return layer(units, name=name, **params, **options)
    cell = recurrent_cell(spec, units)
    return keras.layers.RNN(cell, name=name, dtype=DTYPE, **options)


def recurrent_cell(spec: RecurrentSpec, units: int, *, name: str | None = None) -> Any:
    """Return a recurrent cell: one step of `recurrent_layer`."""
    kind = CELLS[spec.cell]
    cell: Any = kind.value_cell if is_structure(spec) else kind.keras_cell
    return cell(units, name=name, **_recurrent_params(spec))


def read_both_ways(spec: RecurrentSpec, layer: Any, name: str) -> Any:
    """Return a layer that reads a sequence from both ends."""
    return keras.layers.Bidirectional(layer, spec.merge_mode, name=name, dtype=DTYPE)


def merge_directions(merge_mode: str, states: list[Tensor]) -> list[Tensor]:
    """Merge the final states of both directions, in the order of `keras.layers.Bidirectional`."""
    half = len(states) // 2
    pairs = zip(states[:half], states[half:], strict=True)
    return [_merge(merge_mode, forward, backward) for forward, backward in pairs]


def _merge(merge_mode: str, a: Tensor, b: Tensor) -> Tensor:
    if merge_mode == "concat":
        return ops.concatenate([a, b], axis=-1)
    if merge_mode == "mul":
        return a * b
    return a + b if merge_mode == "sum" else (a + b) / 2.0


def dropout(spec: LayeredSpec, hidden: Tensor, name: str) -> Tensor:
    """Apply the dropouts between layers: with one mask for all steps, and with one for each.

    The latter is a layer even where its rate is zero: Keras orders weights by the depth of their
    layers, and models of one spec must have one order.
    """
    if spec.variational_dropout != 0.0:
        layer = _dropout_layer(spec.variational_dropout, f"variational_{name}", one_mask=True)
        hidden = layer(hidden)
    return _dropout_layer(spec.dropout, name)(hidden)


def embed(spec: NetworkSpec, numbers: Tensor) -> Tensor:
    """Return the vectors of tokens; that of number zero, unknown tokens, is and stays zero."""
    options = {"embeddings_initializer": Placeholder()} if is_structure(spec) else {}
    layer = keras.layers.Embedding(
        spec.n_tokens, spec.embedding_dim, name="embedding", dtype=DTYPE, **options
    )
    return layer(numbers) * ops.cast(numbers != 0, DTYPE)[..., None]


def _dropout_layer(rate: float | None, name: str, *, one_mask: bool = False) -> Any:
    if rate is None:
        return ValueDropout(one_mask=one_mask, name=name, dtype=DTYPE)
    kind = SequenceDropout if one_mask else keras.layers.Dropout
    return kind(rate, seed=_SEED, name=name, dtype=DTYPE)


def dense(spec: LayeredSpec, units: int, name: str, activation: Any = None, **options: Any) -> Any:
    """Return a dense layer."""
    if is_structure(spec):
        names = _DENSE_INITIALIZERS if options.get("use_bias", True) else _DENSE_INITIALIZERS[:1]
        options |= dict.fromkeys(names, Placeholder())
    return keras.layers.Dense(units, activation, name=name, dtype=DTYPE, **options)


def reshape_rows(tensor: Tensor, *shape: int) -> Tensor:
    """Give every row another shape."""
    return ops.reshape(tensor, (-1, *shape))


def is_structure(spec: LayeredSpec) -> bool:
    """Return whether rates are left open: then all weights are placeholders."""
    return spec.dropout is None


def _recurrent_params(spec: RecurrentSpec) -> dict[str, Any]:
    params: dict[str, Any] = {
        **spec.keras_layer_params,
        "activation": thaw(spec.activation),
        "seed": _SEED,
        "dtype": DTYPE,
    }
    if not is_structure(spec):
        return {**params, "recurrent_dropout": spec.recurrent_dropout}
    params |= dict.fromkeys(RECURRENT_INITIALIZERS, Placeholder())
    if CELLS[spec.cell].forget_gate:
        params["unit_forget_bias"] = False
    return {**params, "value_recurrent_dropout": spec.recurrent_dropout is None}


def has_standard_gates(params: dict[str, Any]) -> bool:
    """Return whether a layer has the activations that the written-out gradient is of."""
    activation = keras.activations.get(params["activation"])
    recurrent = keras.activations.get(params.get("recurrent_activation", "sigmoid"))
    return bool(activation is keras.activations.tanh and recurrent is keras.activations.sigmoid)
