"""Compare Keras objects by what they are configured to do."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import joblib
import numpy as np

# Initialisers, regularisers and constraints of Keras say all in `get_config`. Its losses do not,
# nor need the classes of users: those are compared by their attributes. (Not read from
# `compat._keras`, which imports keras: clones are made before it is needed.)
_COMPLETE_CONFIG = (
    "keras.src.initializers",
    "keras.src.regularizers",
    "keras.src.constraints",
)
_MAX_DEPTH = 8


@dataclass(frozen=True)
class ByConfig:
    """An object that compares by its type and settings; a function compares as itself.

    Clones of an estimator hold copies of its initialisers, losses and optimizers. Compared by
    identity every copy would be a structure of its own, and compile anew.
    """

    value: Any = field(compare=False)
    key: Hashable = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Derive the key."""
        object.__setattr__(self, "key", _key(self.value))


def freeze(value: Any) -> Hashable:
    """Return `value` itself where it is plain data, wrapped in `ByConfig` otherwise."""
    return value if _is_plain(value) else ByConfig(value)


def thaw(value: Any) -> Any:
    """Undo `freeze`."""
    return value.value if isinstance(value, ByConfig) else value


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | bool | int | float)


def _key(value: Any, depth: int = 0) -> Hashable:
    if _is_plain(value):
        return type(value), value
    if isinstance(value, FunctionType | BuiltinFunctionType | type):
        return value
    if depth > _MAX_DEPTH:
        return id(value)
    inner = partial(_key, depth=depth + 1)
    if isinstance(value, np.ndarray | np.generic):
        return type(value), joblib.hash(value)
    if isinstance(value, list | tuple):
        return type(value), tuple(map(inner, value))
    if isinstance(value, dict):
        return type(value), tuple((str(name), inner(item)) for name, item in value.items())
    if isinstance(value, partial):
        return partial, inner(value.func), inner(value.args), inner(value.keywords)
    if isinstance(value, MethodType):
        return MethodType, value.__func__, inner(value.__self__)
    if type(value).__module__.startswith(_COMPLETE_CONFIG):
        return type(value), json.dumps(value.get_config(), sort_keys=True, default=repr)
    if not hasattr(value, "__dict__"):
        return id(value)
    # Keras numbers its objects by name.
    held = {name: item for name, item in sorted(vars(value).items()) if name != "name"}
    return type(value), inner(held)
