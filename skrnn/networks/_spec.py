"""What a network is: one frozen record that builds the model and keys the compile cache."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..by_config import freeze, thaw

CELLS = ("lstm", "gru", "simple")
MERGE_MODES = ("concat", "sum", "mul", "ave")


@dataclass(frozen=True)
class NetworkSpec:
    """A stacked recurrent network for sequences of one length.

    Attributes
    ----------
    cell : {"lstm", "gru", "simple"}
    n_timesteps, n_features, n_outputs : int
    units : tuple of int
        One entry per recurrent layer.
    bidirectional : tuple of bool
        One entry per recurrent layer.
    merge_mode : {"concat", "sum", "mul", "ave"}
    activation : str or ByConfig
        Of the recurrent layers.
    dense_units : tuple of int
        Layers between the recurrent part and the output.
    dense_activation : str or ByConfig
    layer_params : tuple of (str, Hashable)
        Further keyword arguments of the recurrent Keras layers, sorted by name.
    dropout, recurrent_dropout : float or None
        Rates; None stands for *a value given with the weights*, see `structure`.
    """

    cell: str
    n_timesteps: int
    n_features: int
    n_outputs: int
    units: tuple[int, ...]
    bidirectional: tuple[bool, ...]
    merge_mode: str = "concat"
    activation: Hashable = "tanh"
    dense_units: tuple[int, ...] = ()
    dense_activation: Hashable = "relu"
    layer_params: tuple[tuple[str, Hashable], ...] = ()
    dropout: float | None = 0.0
    recurrent_dropout: float | None = 0.0

    def structure(self) -> NetworkSpec:
        """Return the spec without its dropout rates: what is compiled.

        Recurrent dropout of zero leaves the mask out, since it costs a product at every step;
        dropout between layers is always in, so that a grid over rates shares one program.
        """
        recurrent = None if self.recurrent_dropout else 0.0
        return replace(self, dropout=None, recurrent_dropout=recurrent)

    @property
    def input_shapes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Shapes of one sample: the sequence and its mask."""
        return (self.n_timesteps, self.n_features), (self.n_timesteps,)

    @property
    def keras_layer_params(self) -> dict[str, Any]:
        """The `layer_params` as Keras takes them."""
        return {name: thaw(value) for name, value in self.layer_params}


def freeze_layer_params(params: Mapping[str, Any] | None) -> tuple[tuple[str, Hashable], ...]:
    """Return `params` sorted and hashable."""
    return tuple((name, freeze(value)) for name, value in sorted((params or {}).items()))
