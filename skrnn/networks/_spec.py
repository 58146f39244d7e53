"""What a network is: one frozen record that builds the model and keys the compile cache."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from ..by_config import freeze, thaw

CELLS = ("lstm", "gru", "simple")
MERGE_MODES = ("concat", "sum", "mul", "ave")
DECODERS = ("autoregressive", "repeat", "parallel", "dense")


class Input(NamedTuple):
    """One input of a network, for one sample.

    Attributes
    ----------
    shape : tuple of int
    dtype : str
    """

    shape: tuple[int, ...]
    dtype: str = "float32"


@dataclass(frozen=True, kw_only=True)
class _RecurrentSpec:
    """What all recurrent networks have.

    Attributes
    ----------
    cell : {"lstm", "gru", "simple"}
    n_timesteps, n_features : int
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
    n_quantiles : int
        Outputs per target; zero for one output that is no quantile.
    median : int
        Which of the quantiles is the median.
    dropout, recurrent_dropout : float or None
        Rates; None stands for *a value given with the weights*, see `structure`.
    """

    cell: str
    n_timesteps: int
    n_features: int
    units: tuple[int, ...]
    bidirectional: tuple[bool, ...]
    merge_mode: str = "concat"
    activation: Hashable = "tanh"
    dense_units: tuple[int, ...] = ()
    dense_activation: Hashable = "relu"
    layer_params: tuple[tuple[str, Hashable], ...] = ()
    n_quantiles: int = 0
    median: int = 0
    dropout: float | None = 0.0
    recurrent_dropout: float | None = 0.0

    @property
    def rates(self) -> dict[str, float | None]:
        """The rates that a structure leaves open, by name."""
        return {"dropout": self.dropout, "recurrent_dropout": self.recurrent_dropout}

    def structure(self) -> Self:
        """Return the spec without its rates: what is compiled.

        Recurrent dropout of zero leaves the mask out, since it costs a product at every step; any
        other rate is always in, so that a grid over rates shares one program.
        """
        rates: dict[str, Any] = dict.fromkeys(self.rates)
        if not self.recurrent_dropout:
            rates["recurrent_dropout"] = 0.0
        return replace(self, **rates)

    @property
    def inputs(self) -> dict[str, Input]:
        """The inputs of the model, in their order."""
        return {
            "sequence": Input((self.n_timesteps, self.n_features)),
            "mask": Input((self.n_timesteps,), "bool"),
        }

    @property
    def keras_layer_params(self) -> dict[str, Any]:
        """The `layer_params` as Keras takes them."""
        return {name: thaw(value) for name, value in self.layer_params}

    @property
    def _quantile_axis(self) -> tuple[int, ...]:
        return (self.n_quantiles,) if self.n_quantiles else ()


@dataclass(frozen=True, kw_only=True)
class NetworkSpec(_RecurrentSpec):
    """A stacked recurrent network for sequences of one length.

    Attributes
    ----------
    n_outputs : int
    """

    n_outputs: int

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the outputs of one sample."""
        return (self.n_outputs, *self._quantile_axis)


@dataclass(frozen=True, kw_only=True)
class EncoderDecoderSpec(_RecurrentSpec):
    """An encoder that reads a sequence and a decoder that writes the steps after it.

    Attributes
    ----------
    horizon, n_targets : int
        Steps to write, and values per step.
    target_features : tuple of int
        Features that hold the past of the targets, one per target; empty where there are none.
    first_value : bool
        Whether the last values of these are in the units of the outputs: the autoregressive decoder
        starts from them then, and from zero otherwise.
    n_known : int
        Features known for the steps to write.
    decoder : {"autoregressive", "repeat", "parallel", "dense"}
    segment_length : int
        Steps that the encoder, and the parallel decoder, take at once.
    attention : bool
        Let the decoder look at all outputs of the encoder.
    linear_skip : bool
        Add a linear map from the sequence to the steps to write.
    teacher_forcing : float or None
        How often, while training, the autoregressive decoder is given the true last value.
    """

    horizon: int
    n_targets: int = 1
    target_features: tuple[int, ...] = ()
    first_value: bool = False
    n_known: int = 0
    decoder: str = "repeat"
    segment_length: int = 1
    attention: bool = False
    linear_skip: bool = False
    teacher_forcing: float | None = 0.0

    @property
    def n_outputs(self) -> int:
        """Number of targets of one sample."""
        return self.horizon * self.n_targets

    @property
    def rates(self) -> dict[str, float | None]:
        """The rates that a structure leaves open, by name."""
        return {**super().rates, "teacher_forcing": self.teacher_forcing}

    @property
    def inputs(self) -> dict[str, Input]:
        """The inputs of the model, in their order."""
        inputs = dict(super().inputs)
        if self.n_known:
            inputs["known"] = Input((self.horizon, self.n_known))
        if self.decoder == "autoregressive":
            inputs["targets"] = Input((self.horizon, self.n_targets))
        return inputs

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the outputs of one sample: the targets, step by step."""
        return (self.n_outputs, *self._quantile_axis)


def freeze_layer_params(params: Mapping[str, Any] | None) -> tuple[tuple[str, Hashable], ...]:
    """Return `params` sorted and hashable."""
    return tuple((name, freeze(value)) for name, value in sorted((params or {}).items()))
