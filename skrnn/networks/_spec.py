"""What a network is: one frozen record that builds the model and keys the compile cache."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self, TypeVar

from ..compat._caches import cached
from ._by_config import freeze, thaw
from ._kinds import DECODERS, HEADS, VALUES

MERGE_MODES = ("concat", "sum", "mul", "ave")
AnySpec = TypeVar("AnySpec", bound="Spec")
# From the outputs of all steps to one vector, and from a frame of features to a vector.
TIME_POOLINGS = ("last", "mean", "max", "flatten")
FRAME_POOLINGS = ("flatten", "average", "max")


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
class Spec:
    """What all networks have.

    Attributes
    ----------
    n_timesteps, n_features : int
    n_quantiles : int
        Outputs per target; zero for one output that is no quantile.
    median : int
        Which of the quantiles is the median.
    head : str
        What the outputs mean: the name of a `Head`.
    """

    n_timesteps: int
    n_features: int
    n_quantiles: int = 0
    median: int = 0
    head: str = VALUES

    @property
    def rates(self) -> dict[str, float | None]:
        """The rates that a structure leaves open, by name."""
        return {}

    def structure(self) -> Self:
        """Return the spec without its rates: what is compiled.

        Recurrent and variational dropout of zero leave their masks out, since these cost a product
        at every step; any other rate is always in, so that a grid over rates shares one program.
        """
        structure: Self = _structure(self)
        return structure

    @property
    def inputs(self) -> dict[str, Input]:
        """The inputs of the model, in their order."""
        return {
            "sequence": Input((self.n_timesteps, self.n_features)),
            "mask": Input((self.n_timesteps,), "bool"),
        }

    @property
    def any_length(self) -> bool:
        """Whether the same weights serve sequences of any length."""
        return False

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Shape of the targets of one sample."""
        raise NotImplementedError

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the outputs of one sample: that of the targets, and an axis of quantiles."""
        return (*self.target_shape, self.n_quantiles) if self.n_quantiles else self.target_shape


@dataclass(frozen=True, kw_only=True)
class ReadoutSpec(Spec):
    """What networks have that answer once, or at every step.

    Attributes
    ----------
    n_outputs : int
        Values of an answer.
    return_sequences : bool
        Whether every step is answered.
    """

    n_outputs: int
    return_sequences: bool = False

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Shape of the targets of one sample."""
        return (self.n_timesteps, self.n_outputs) if self.return_sequences else (self.n_outputs,)


@dataclass(frozen=True, kw_only=True)
class LayeredSpec(Spec):
    """What networks have that are built of our layers.

    Attributes
    ----------
    activation : str or ByConfig
        Of the recurrent layers.
    dense_units : tuple of int
        Layers between the recurrent part and the output.
    dense_activation : str or ByConfig
    layer_params : tuple of (str, Hashable)
        Further keyword arguments of the recurrent Keras layers, sorted by name.
    dropout, variational_dropout, recurrent_dropout : float or None
        Rates; None stands for *a value given with the weights*, see `structure`.
    """

    activation: Hashable = "tanh"
    dense_units: tuple[int, ...] = ()
    dense_activation: Hashable = "relu"
    layer_params: tuple[tuple[str, Hashable], ...] = ()
    dropout: float | None = 0.0
    variational_dropout: float | None = 0.0
    recurrent_dropout: float | None = 0.0

    @property
    def rates(self) -> dict[str, float | None]:
        """The rates that a structure leaves open, by name."""
        return {
            "dropout": self.dropout,
            "variational_dropout": self.variational_dropout,
            "recurrent_dropout": self.recurrent_dropout,
        }

    @property
    def keras_layer_params(self) -> dict[str, Any]:
        """The `layer_params` as Keras takes them."""
        return {name: thaw(value) for name, value in self.layer_params}


@dataclass(frozen=True, kw_only=True)
class RecurrentSpec(LayeredSpec):
    """What recurrent networks over vectors have.

    Attributes
    ----------
    cell : str
        Name of a `Cell`.
    units : tuple of int
        One entry per recurrent layer.
    bidirectional : tuple of bool
        One entry per recurrent layer.
    merge_mode : {"concat", "sum", "mul", "ave"}
    attention : bool
        Let what comes out look at all steps of the last recurrent layer, or of the encoder.
    linear_skip : bool
        Add a linear map from the sequence straight to the outputs.
    """

    cell: str
    units: tuple[int, ...]
    bidirectional: tuple[bool, ...]
    merge_mode: str = "concat"
    attention: bool = False
    linear_skip: bool = False


@dataclass(frozen=True, kw_only=True)
class NetworkSpec(RecurrentSpec, ReadoutSpec):
    """A stacked recurrent network for sequences of one length.

    Attributes
    ----------
    skip_connections : bool
        Add the input of a recurrent layer to its output where both are equally wide.
    pooling : {"last", "mean", "max", "flatten"}
        From the outputs of the last recurrent layer to one vector, if not every step is answered.
    n_tokens, embedding_dim : int
        Different tokens, and the length of the vector that stands for each; zero where steps are
        vectors already.
    """

    skip_connections: bool = False
    pooling: str = "last"
    n_tokens: int = 0
    embedding_dim: int = 0

    @property
    def inputs(self) -> dict[str, Input]:
        """The inputs of the model, in their order."""
        if not self.n_tokens:
            return super().inputs
        return {**super().inputs, "sequence": Input((self.n_timesteps,), "int32")}

    @property
    def any_length(self) -> bool:
        """Whether the same weights serve sequences of any length."""
        return self.return_sequences or not (self.pooling == "flatten" or self.linear_skip)


@dataclass(frozen=True, kw_only=True)
class EncoderDecoderSpec(RecurrentSpec):
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
    decoder : str
        Name of a `Decoder`.
    segment_length : int
        Steps that the encoder, and the parallel decoder, take at once.
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
        if DECODERS[self.decoder].reads_targets:
            inputs["targets"] = Input((self.horizon, self.n_targets))
        return inputs

    @property
    def target_shape(self) -> tuple[int, ...]:
        """Shape of the targets of one sample: step by step."""
        return (self.n_outputs,)


@dataclass(frozen=True, kw_only=True)
class ConvolutionalSpec(LayeredSpec, ReadoutSpec):
    """Stacked convolutional LSTM layers over sequences of frames.

    Attributes
    ----------
    frame_shape : tuple of int
        Height, width and channels.
    filters : tuple of int
        One entry per layer.
    kernel_size : tuple of int
        Height and width.
    pooling : {"flatten", "average", "max"}
        From the last frame of features to a vector.
    """

    frame_shape: tuple[int, int, int]
    filters: tuple[int, ...]
    kernel_size: tuple[int, int] = (3, 3)
    pooling: str = "flatten"
    cell: str = "lstm"

    @property
    def inputs(self) -> dict[str, Input]:
        """The inputs of the model, in their order."""
        return {**super().inputs, "sequence": Input((self.n_timesteps, *self.frame_shape))}


@dataclass(frozen=True, kw_only=True)
class CustomSpec(ReadoutSpec):
    """A network that the user builds.

    Attributes
    ----------
    network : function or ByConfig
        From the shape of a sequence and the number of outputs to a Keras model.
    """

    network: Hashable


@cached
def _structure(spec: AnySpec) -> AnySpec:
    rates: dict[str, Any] = dict.fromkeys(spec.rates)
    for name in ("recurrent_dropout", "variational_dropout"):
        if name in rates and not spec.rates[name]:
            rates[name] = 0.0
    return replace(spec, head=HEADS[spec.head].structure, **rates)


def freeze_layer_params(params: Mapping[str, Any] | None) -> tuple[tuple[str, Hashable], ...]:
    """Return `params` sorted and hashable."""
    return tuple((name, freeze(value)) for name, value in sorted((params or {}).items()))
