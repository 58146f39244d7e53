"""Compare Keras objects by what they are configured to do."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType
from typing import Any

import joblib


@dataclass(frozen=True)
class ByConfig:
    """A Keras object that compares by its configuration; anything else compares as itself.

    Clones of an estimator hold copies of its initialisers, losses and optimizers. Compared by
    identity every copy would be a structure of its own, and compile anew.
    """

    value: Any = field(compare=False)
    key: Hashable = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Derive the key."""
        object.__setattr__(self, "key", _config_key(self.value))


def _config_key(value: Any) -> Hashable:
    """Return a key that copies share and differently configured objects do not.

    Only Keras' own classes are trusted to put all they hold into `get_config`.
    """
    kind = type(value)
    if kind.__module__.startswith("keras."):
        config = {name: item for name, item in value.get_config().items() if name != "name"}
        return kind, json.dumps(config, sort_keys=True, default=repr)
    if isinstance(value, FunctionType | BuiltinFunctionType | type):
        return value
    return kind, _hash_or_identity(value)


def _hash_or_identity(value: Any) -> Hashable:
    try:
        return joblib.hash(vars(value))
    except Exception:  # an object that cannot be pickled can only be itself
        return id(value)


def freeze(value: Any) -> Hashable:
    """Return `value` itself where it is plain data, wrapped in `ByConfig` otherwise."""
    plain = value is None or isinstance(value, str | bool | int | float)
    return value if plain else ByConfig(value)


def thaw(value: Any) -> Any:
    """Undo `freeze`."""
    return value.value if isinstance(value, ByConfig) else value
