"""What a network is made of and how it is trained: the parameters of both faces as typed records.

`options_of` reads a record off the parameters of an estimator, which have the names of its fields.
What the data say is a record of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral
from typing import Any, TypeVar

import numpy as np

from ..compat._sklearn import Count
from ..networks._kinds import VALUES

Record = TypeVar("Record")


@dataclass(frozen=True, kw_only=True)
class LayerOptions:
    """Parameters that all networks of ours have; their meaning is that of the estimators."""

    dropout: float = 0.0
    dense_units: Any = ()
    dense_activation: Any = "relu"
    activation: Any = "tanh"
    layer_params: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class RecurrentOptions(LayerOptions):
    """Parameters of recurrent layers over vectors."""

    cell: str = "lstm"
    units: Any
    bidirectional: Any = False
    merge_mode: str = "concat"
    variational_dropout: float = 0.0
    recurrent_dropout: float = 0.0
    attention: bool = False
    linear_skip: bool = False


@dataclass(frozen=True, kw_only=True)
class StackedOptions(RecurrentOptions):
    """Parameters of networks that are one stack of recurrent layers, or that a user builds."""

    skip_connections: bool = False
    return_sequences: bool = False
    pooling: str = "last"
    embedding_dim: int | None = None
    network: Any = None


@dataclass(frozen=True, kw_only=True)
class DecoderOptions(RecurrentOptions):
    """Parameters of encoder-decoder networks."""

    decoder: str
    segment_length: int
    teacher_forcing: float


@dataclass(frozen=True, kw_only=True)
class ConvolutionalOptions(LayerOptions):
    """Parameters of convolutional networks over frames."""

    filters: Any
    kernel_size: Any
    pooling: str
    return_sequences: bool = False


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """Parameters of training; their meaning is that of the estimators.

    Attributes
    ----------
    levels : tuple of float
        Quantiles to learn, from `quantile_levels`.
    name : str
        Shown with the progress.
    """

    loss: Any
    levels: tuple[float, ...] = ()
    optimizer: Any = "adam"
    learning_rate: float | None = None
    lr_schedule: Any = None
    clipnorm: float | None = None
    epochs: int
    batch_size: int
    shuffle: bool = True
    early_stopping: bool = False
    n_iter_no_change: int = 10
    tol: float = 0.0
    callbacks: Any = None
    warm_start: bool = False
    verbose: int = 0
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class DataShape:
    """What the data, and not the parameters, say about a network.

    Attributes
    ----------
    n_timesteps, n_features : int
        Of a sequence.
    n_outputs : int
        Values of an answer; for a decoder all targets of all steps.
    head : str
        Name of a `Head`.
    levels : tuple of float
        Quantiles that are learned; the head is that of quantiles then.
    step_shape : tuple of int
        Of one step: a number of features; or height, width and channels of a frame.
    n_tokens : int
        Rows of the table of embeddings; zero where steps are vectors.
    n_targets, n_known : int
        For a decoder: values per step to write, and features known for these steps.
    target_features : tuple of int
        For a decoder: features that hold the past of the targets.
    first_value : bool
        Whether their last values are in the units of the outputs.
    """

    n_timesteps: int
    n_features: int
    n_outputs: int
    head: str = VALUES
    levels: tuple[float, ...] = ()
    step_shape: tuple[int, ...] = ()
    n_tokens: int = 0
    n_targets: int = 1
    n_known: int = 0
    target_features: tuple[int, ...] = ()
    first_value: bool = False


NetworkOptions = StackedOptions | DecoderOptions | ConvolutionalOptions


def options_of(kind: type[Record], params: Mapping[str, Any], **more: Any) -> Record:
    """Return the record whose fields have the names of parameters; `more` are further fields."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    return kind(**{**{name: plain(params[name]) for name in names & params.keys()}, **more})


def plain(value: Any) -> Any:
    """Return a number of NumPy as one of Python, which does not overflow; all else as it is."""
    scalar = isinstance(value, np.generic) or (isinstance(value, np.ndarray) and not value.ndim)
    return value.item() if scalar else value


def layer_units(units: Any, name: str = "units") -> tuple[int, ...]:
    """Return the units, or filters, of each recurrent layer.

    Raises
    ------
    ValueError
        When there is none, or one is no positive integer.
    """
    return _positive_ints(name, units, "one per recurrent layer", at_least=1)


def kernel_shape(kernel_size: Any) -> tuple[int, int]:
    """Return height and width of a kernel.

    Raises
    ------
    ValueError
        When they are no positive integers, or not one or two.
    """
    sizes = _positive_ints("kernel_size", kernel_size, "height and width", at_least=1)
    if len(sizes) > 2:
        raise ValueError(f"kernel_size must be one or two integers, not {kernel_size!r}.")
    return sizes[0], sizes[-1]


def dense_layer_units(units: Any) -> tuple[int, ...]:
    """Return the units of each dense layer."""
    return _positive_ints("dense_units", units, "one per dense layer", at_least=0)


def layer_directions(bidirectional: Any, n_layers: int) -> tuple[bool, ...]:
    """Return for each recurrent layer whether it is bidirectional.

    Raises
    ------
    ValueError
        When there are not as many as layers, or one is no bool.
    """
    if isinstance(bidirectional, Integral) or not hasattr(bidirectional, "__len__"):
        return (bool(bidirectional),) * n_layers
    if len(bidirectional) != n_layers:
        raise ValueError(
            f"bidirectional has {len(bidirectional)} entries but units has {n_layers}. Give one "
            "bool for all recurrent layers, or one per layer."
        )
    wrong = [v for v in bidirectional if not (isinstance(v, bool | np.bool_) or v in (0, 1))]
    if wrong:
        raise ValueError(
            f"bidirectional must be True or False for each layer, but {wrong[0]!r} is neither: "
            f"bidirectional={bidirectional!r}."
        )
    return tuple(bool(value) for value in bidirectional)


def quantile_levels(quantiles: Any) -> tuple[float, ...]:
    """Return the quantiles that a network learns: those asked for and the median, or none.

    Raises
    ------
    ValueError
        When there is none, or one is not between 0 and 1.
    """
    if quantiles is None:
        return ()
    levels = _levels(quantiles)
    wrong = [level for level in levels if not 0 < level < 1]
    if wrong or not levels:
        found = f"{wrong[0]} is not" if wrong else "there is none"
        raise ValueError(f"quantiles must lie between 0 and 1, but {found}: {quantiles}.")
    return tuple(sorted({0.5, *levels}))


def _levels(quantiles: Any) -> list[float]:
    try:
        return [float(level) for level in np.ravel(quantiles)]
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"quantiles={quantiles!r} are no numbers. Give some between 0 and 1, as in (0.1, 0.5, "
            "0.9), or None."
        ) from error


def _positive_ints(name: str, values: Any, what: str, at_least: int) -> tuple[int, ...]:
    values = [values] if isinstance(values, Integral) else list(values)
    count = Count(1)
    wrong = [value for value in values if not count.is_satisfied_by(value)]
    if wrong or len(values) < at_least:
        found = f"{wrong[0]!r} is not" if wrong else "there is none"
        raise ValueError(f"{name} must be positive integers, {what}, but {found}: {name}={values}.")
    return tuple(int(value) for value in values)
