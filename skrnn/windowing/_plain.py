"""State that any format takes: pickles, and formats without code, which know nothing of pandas."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..compat._pandas import PANDAS_KINDS

# Of dicts that stand for something else, which is named under this key.
_KIND, _STATE = "__kind__", "state"
_PAIRS, _OBJECTS = "dict", "array"


class PlainState:
    """Objects whose state holds no object of pandas, and no dict with other keys than texts.

    What has no plain form, such as an offset with holidays, stays what it is.
    """

    def __getstate__(self):
        """Return the attributes as plain data."""
        return {name: to_plain(value) for name, value in super().__getstate__().items()}

    def __setstate__(self, state):
        """Take the attributes from plain data."""
        vars(self).update({name: from_plain(value) for name, value in state.items()})


def to_plain(value: Any) -> Any:
    """Return what stands for a value; lists, dicts and the like are looked into."""
    if type(value) in (list, tuple):
        return type(value)(to_plain(item) for item in value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return {_KIND: _OBJECTS, _STATE: to_plain(value.tolist())}
    if type(value) is dict and all(type(key) is str for key in value):
        return {key: to_plain(item) for key, item in value.items()}
    if type(value) is dict:
        return {_KIND: _PAIRS, _STATE: to_plain(list(value.items()))}
    kind = next((kind for kind in PANDAS_KINDS if kind.holds(value)), None)
    if kind is None:
        return value
    try:
        return {_KIND: kind.name, _STATE: to_plain(kind.state_of(value))}
    except (TypeError, ValueError):
        return value


def from_plain(value: Any) -> Any:
    """Return what a value stands for."""
    if type(value) in (list, tuple):
        return type(value)(from_plain(item) for item in value)
    if type(value) is not dict:
        return value
    if _KIND not in value:
        return {key: from_plain(item) for key, item in value.items()}
    state = from_plain(value[_STATE])
    return _BUILD[value[_KIND]](state)


def _object(build: Callable[..., Any], state: dict[str, Any]) -> Any:
    return build(**state)


def _objects(values: list[Any]) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


_BUILD: dict[str, Callable[[Any], Any]] = {
    **{kind.name: partial(_object, kind.build) for kind in PANDAS_KINDS},
    _PAIRS: dict,
    _OBJECTS: _objects,
}
