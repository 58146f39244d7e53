"""Split an optimizer into what is compiled and what is passed as a value."""

from __future__ import annotations

import inspect
import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..compat._keras import excluded_from_decay, keras
from ..compat._keras_names import is_adam, optimizer_kind

_START_ALIKE = {
    *("Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lamb", "Lion"),
    *("Muon", "Nadam", "RMSprop", "SGD"),
}
# Those that treat every number by itself.
_ELEMENTWISE = _START_ALIKE - {"Adafactor", "Lamb", "Muon"}
_CLIPPING = ("clipnorm", "global_clipnorm", "clipvalue")


@dataclass(frozen=True)
class OptimizerStructure:
    """Kind and settings of an optimizer, without its rates.

    Attributes
    ----------
    kind : type
        Class of the Keras optimizer.
    settings : dict
        Its configuration, learning rate, weight decay and clipping taken out.
    decays : bool
        Whether there is weight decay.
    clipping : {"clipnorm", "global_clipnorm", "clipvalue"} or None
    undecayed : str or None
        Pattern of the names of weights that do not decay.
    """

    kind: type
    settings: dict[str, Any] = field(compare=False)
    decays: bool
    clipping: str | None
    undecayed: str | None
    key: Hashable = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Derive the key."""
        key = json.dumps(self.settings, sort_keys=True, default=repr)
        object.__setattr__(self, "key", key)

    @property
    def signature(self) -> str:
        """Text that tells structures apart, as plain data."""
        name = f"{self.kind.__module__}.{self.kind.__qualname__}"
        return f"{name} {self.key} {self.decays} {self.clipping} {self.undecayed}"

    def build(self, values: OptimizerValues | None = None) -> Any:
        """Build a Keras optimizer that nobody else holds, with or without its values."""
        kind: Any = self.kind
        settings = {**self.settings, "learning_rate": 0.0}
        if values is not None and self.decays:
            settings["weight_decay"] = values.weight_decay
        if values is not None and self.clipping is not None:
            settings[self.clipping] = values.clip
        optimizer = kind.from_config(settings)
        if self.undecayed is not None:
            optimizer.exclude_from_weight_decay(var_names=[self.undecayed])
        return optimizer

    @property
    def starts_alike(self) -> bool:
        """Whether its state starts with the same values whatever the weights are."""
        return self._is_one_of(_START_ALIKE)

    @property
    def elementwise(self) -> bool:
        """Whether all weights may be given to it as one vector."""
        named = self.undecayed is not None
        more = self.settings.get("use_ema") or self.settings.get("gradient_accumulation_steps")
        return not (named or more) and self._is_one_of(_ELEMENTWISE)

    def _is_one_of(self, names: set[str]) -> bool:
        return self.kind.__module__.startswith("keras.") and self.kind.__name__ in names


@dataclass(frozen=True)
class OptimizerState:
    """What an optimizer has gathered, to go on from.

    Attributes
    ----------
    owner : str
        The `signature` of the structure whose state it is.
    slots : list of ndarray
    """

    owner: str
    slots: list[np.ndarray]


@dataclass(frozen=True)
class OptimizerValues:
    """The rates of an optimizer.

    Attributes
    ----------
    learning_rate : float or keras schedule
    weight_decay, clip : float
        Zero where the structure has none.
    """

    learning_rate: Any
    weight_decay: float
    clip: float


def split_optimizer(
    optimizer: Any, learning_rate: float | None, clipnorm: float | None
) -> tuple[OptimizerStructure, OptimizerValues]:
    """Read an optimizer; the given one is left as it is.

    Parameters
    ----------
    optimizer : str or keras.optimizers.Optimizer
    learning_rate : float or None
        Replaces that of the optimizer. None keeps it; for the name `"adam"`, which is our
        default, it means 0.003.
    clipnorm : float or None
        Replaces the clipping of the optimizer.
    """
    config = _config_of(optimizer)
    if learning_rate is None:
        learning_rate = 0.003 if is_adam(optimizer) else _schedule_or_float(config)
    if clipnorm is not None:
        config.update(dict.fromkeys(_CLIPPING))
        config["clipnorm"] = clipnorm
    # Accumulated gradients are clipped when they are applied, which only Keras knows.
    accumulates = config.get("gradient_accumulation_steps")
    ours = () if accumulates else _CLIPPING
    clipping = next((name for name in ours if config.get(name)), None)
    decay = config.get("weight_decay")
    values = OptimizerValues(learning_rate, decay or 0.0, config[clipping] if clipping else 0.0)
    dropped = {"learning_rate", "weight_decay", "name", *ours}
    settings = {name: value for name, value in config.items() if name not in dropped}
    kind, undecayed = _kind_of(optimizer), _undecayed(optimizer)
    return OptimizerStructure(kind, settings, bool(decay), clipping, undecayed), values


def _kind_of(optimizer: Any) -> type:
    return optimizer_kind(optimizer) if isinstance(optimizer, str) else type(optimizer)


def _config_of(optimizer: Any) -> dict[str, Any]:
    if isinstance(optimizer, str):
        arguments = inspect.signature(_kind_of(optimizer)).parameters.values()
        return {item.name: item.default for item in arguments if item.default is not item.empty}
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            f"optimizer must be a name or a keras.optimizers.Optimizer, not {optimizer!r}."
        )
    kind = type(optimizer)
    foreign = not kind.__module__.startswith("keras.")
    if foreign and "__init__" in vars(kind) and "get_config" not in vars(kind):
        raise ValueError(
            f"optimizer: the class {kind.__name__} defines __init__ but not get_config, so a copy "
            "of it would lose its settings. Define get_config."
        )
    return dict(optimizer.get_config())


def _undecayed(optimizer: Any) -> str | None:
    """Return the pattern of `exclude_from_weight_decay`, which `get_config` leaves out."""
    listed, pattern = excluded_from_decay(optimizer)
    if listed:
        raise ValueError(
            "optimizer: exclude_from_weight_decay(var_list=...) names weights of another model. "
            'Use var_names, such as ["bias"].'
        )
    return pattern


def _schedule_or_float(config: dict[str, Any]) -> Any:
    rate = config["learning_rate"]
    if isinstance(rate, dict):
        return keras.optimizers.schedules.deserialize(rate)
    return float(rate)
