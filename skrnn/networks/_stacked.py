"""Build the Keras model of a stacked recurrent network."""

from typing import Any

from .._keras import keras
from ..by_config import thaw
from ._blocks import DTYPE, dense, dropout, recurrent_layer
from ._heads import quantile_head
from ._spec import NetworkSpec


def build_stacked(spec: NetworkSpec, *, masked: bool = True) -> keras.Model:
    """Build the model of `spec`, which takes a sequence and, where `masked`, its mask.

    With the rates left open, as in a `spec.structure()`, it is the model that the engine trains:
    dropout rates are weights, and all weights are placeholders. With rates it is the one that users
    see, made of Keras' own layers. Both have the same trainable weights in the same order.
    """
    sequence = keras.Input((spec.n_timesteps, spec.n_features), dtype=DTYPE, name="sequence")
    mask = keras.Input((spec.n_timesteps,), dtype="bool", name="mask") if masked else None
    inputs = [sequence, mask] if masked else sequence
    return keras.Model(inputs, _outputs(spec, sequence, mask), name=f"{spec.cell}_network")


def _outputs(spec: NetworkSpec, hidden: Any, mask: Any) -> Any:
    last = len(spec.units) - 1
    for depth, (units, both) in enumerate(zip(spec.units, spec.bidirectional, strict=True)):
        layer = recurrent_layer(
            spec, units, name=f"recurrent_{depth + 1}", return_sequences=depth < last
        )
        if both:
            layer = keras.layers.Bidirectional(
                layer, spec.merge_mode, name=f"bidirectional_{depth + 1}", dtype=DTYPE
            )
        hidden = dropout(spec, layer(hidden, mask=mask), name=f"dropout_{depth + 1}")
    for depth, units in enumerate(spec.dense_units):
        hidden = dense(spec, units, f"dense_{depth + 1}", thaw(spec.dense_activation))(hidden)
    if not spec.n_quantiles:
        return dense(spec, spec.n_outputs, "output")(hidden)
    return quantile_head(spec, hidden, (spec.n_outputs,))
