"""Objects to and from plain data: what a file holds that needs no code to be read.

Objects of types that are listed become records, dicts that name the type and hold its state. Those
of scikit-learn are copied with records in place of what they hold, and left to skops.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Collection
from dataclasses import fields, is_dataclass
from enum import Enum
from types import BuiltinFunctionType, FunctionType
from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.base import BaseEstimator

from ..compat._pandas import PANDAS_KINDS, PandasKind

_RECORD = "__skrnn__"
_PAIRS, _IMPORTED = "dict", "imported"
_SCALARS = (type(None), bool, int, float, str, bytes)
# Packages whose other objects skops takes, or refuses with their name.
_LEFT_TO_SKOPS = ("numpy", "scipy", "sklearn")
_METRICS = "sklearn.metrics"
# Where Keras finds a dict with this key it imports what the dict names.
_KERAS_CONFIG = "class_name"

FindType = Callable[[str], type | None]
Upgrade = Callable[[str, Any], Any]


class StateError(ValueError):
    """An object cannot be turned into plain data, or not back."""


class Writer:
    """Turns objects into plain data; what is one object stays one.

    Parameters
    ----------
    find_type : callable
        From the name of a record to its type, or None where there is no such record.
    by_import_path : bool
        Whether functions and classes of users may be kept by their import path.
    """

    def __init__(self, find_type: FindType, by_import_path: bool) -> None:
        self._find_type = find_type
        self._by_import_path = by_import_path
        self._done: dict[int, tuple[Any, Any]] = {}  # what was turned is kept: ids are not reused

    def write(self, value: Any, where: str) -> Any:
        """Return plain data for `value`; `where` is its name in messages.

        Raises
        ------
        StateError
            When there is something that a file without code cannot hold.
        """
        if type(value) in _SCALARS:
            return value
        if id(value) not in self._done:
            self._done[id(value)] = value, self._write(value, where)
        return self._done[id(value)][1]

    def _write(self, value: Any, where: str) -> Any:
        kind: Any = type(value)
        if kind in (list, tuple, set):
            return kind(self.write(item, where) for item in value)
        if kind is dict:
            return self._write_dict(value, where)
        if isinstance(value, np.ndarray):
            return self._write_array(value, where)
        if isinstance(value, FunctionType | BuiltinFunctionType | type):
            return self._write_import(value, where)
        name = type(value).__name__
        if self._find_type(name) is type(value):
            return _record(name, self._state_of(value, where))
        pandas_kind = next((item for item in PANDAS_KINDS if item.holds(value)), None)
        if pandas_kind is not None:
            return self._write_pandas(pandas_kind, value, where)
        if _holds_others(value):
            copy = kind.__new__(kind)
            vars(copy).update(self._attributes(vars(value), kind.__name__))
            return copy
        if kind.__module__.split(".")[0] in _LEFT_TO_SKOPS:
            return value
        raise StateError(
            f"{where}={_short(value)} is an object of {kind.__module__}.{kind.__qualname__}, which "
            "a file without code cannot hold. Use a name or plain values in its place (such as "
            'optimizer="adam" with learning_rate), or a function of a module, which save takes '
            "with by_import_path=True; or set it to None."
        )

    def _write_dict(self, value: dict[Any, Any], where: str) -> dict[str, Any]:
        _check_no_keras_config(value, where)
        if all(type(name) is str for name in value) and _RECORD not in value:
            return {name: self.write(item, where) for name, item in value.items()}
        pairs = [[self.write(name, where), self.write(item, where)] for name, item in value.items()]
        return _record(_PAIRS, pairs)

    def _write_array(self, value: np.ndarray, where: str) -> np.ndarray:
        if isinstance(value, np.ma.MaskedArray):
            data = self._write_array(value.data, where)
            return np.ma.MaskedArray(data, np.ma.getmaskarray(value))
        array = np.asarray(value)  # a memory map of a search with several processes is an array too
        return (
            array if array.dtype != object else _over_items(array, lambda v: self.write(v, where))
        )

    def _write_import(self, value: Any, where: str) -> Any:
        module, name = getattr(value, "__module__", None) or "", value.__qualname__
        if isinstance(value, type) and (module == "numpy" or value in _SCALARS):
            return value
        if name in metrics.__all__ and getattr(metrics, name) is value:
            return _record(_IMPORTED, [_METRICS, name])
        path = f"{module}.{name}"
        importable = getattr(sys.modules.get(module), name, None) is value
        if not importable or module == "__main__":
            raise StateError(
                f"{where}={path} cannot be imported by this name, and a file without code can hold "
                "no other function or class. Use a name, or define it at the top of a module and "
                "save with by_import_path=True."
            )
        if not self._by_import_path:
            raise StateError(
                f"{where}={path} is code, which the file does not hold. Use a name, or save with "
                f'by_import_path=True and load with trusted=["{path}"].'
            )
        return _record(_IMPORTED, [module, name])

    def _write_pandas(self, kind: PandasKind, value: Any, where: str) -> dict[str, Any]:
        try:
            state = kind.state_of(value)
        except (TypeError, ValueError) as error:
            raise StateError(f"{where}={_short(value)} cannot be saved: {error}") from error
        return _record(kind.name, self.write(state, where))

    def _state_of(self, value: Any, where: str) -> Any:
        kind = type(value)
        if isinstance(value, Enum):
            return value.name
        if is_dataclass(value):
            names = [item.name for item in fields(value) if item.init]
            return {name: self.write(getattr(value, name), f"{where}.{name}") for name in names}
        # What an estimator gives to pickles holds objects that only pickles take.
        state = vars(value) if isinstance(value, BaseEstimator) else value.__getstate__()
        return self._attributes(state or {}, kind.__name__)

    def _attributes(self, state: dict[str, Any], owner: str) -> dict[str, Any]:
        return {name: self.write(item, f"{owner}: {name}") for name, item in state.items()}


class Reader:
    """Turns plain data back into objects.

    Parameters
    ----------
    find_type : callable
        As for `Writer`.
    trusted : collection of str
        Import paths of functions and classes that may be imported.
    upgrade : callable
        From the name of a record and its state in the file to its state of today.
    """

    def __init__(self, find_type: FindType, trusted: Collection[str], upgrade: Upgrade) -> None:
        self._find_type = find_type
        self._trusted = trusted
        self._upgrade = upgrade
        self._done: dict[int, tuple[Any, Any]] = {}

    def read(self, value: Any) -> Any:
        """Return what `value` stands for.

        Raises
        ------
        StateError
            When a record is not known or not complete, or an import is not trusted.
        """
        if type(value) in _SCALARS:
            return value
        if id(value) not in self._done:
            self._done[id(value)] = value, self._read(value)
        return self._done[id(value)][1]

    def _read(self, value: Any) -> Any:
        kind: Any = type(value)
        if kind in (list, tuple, set):
            return kind(self.read(item) for item in value)
        if kind is dict:
            return self._read_dict(value)
        if isinstance(value, np.ma.MaskedArray):
            return np.ma.MaskedArray(self._read(value.data), np.ma.getmaskarray(value))
        if isinstance(value, np.ndarray):
            return value if value.dtype != object else _over_items(value, self.read)
        if _holds_others(value):
            vars(value).update({name: self.read(item) for name, item in vars(value).items()})
        return value

    def _read_dict(self, value: dict[str, Any]) -> Any:
        if _RECORD not in value:
            _check_no_keras_config(value, "the file")
            return {name: self.read(item) for name, item in value.items()}
        name = value[_RECORD]
        try:
            return self._read_record(name, value["state"])
        except StateError:
            raise
        except Exception as error:
            raise StateError(f"its part {name!r} could not be read: {error}") from error

    def _read_record(self, name: str, state: Any) -> Any:
        if name == _IMPORTED:
            return self._import(*state)
        if name == _PAIRS:
            pairs = {self.read(key): self.read(item) for key, item in state}
            _check_no_keras_config(pairs, "the file")
            return pairs
        for pandas_kind in PANDAS_KINDS:
            if pandas_kind.name == name:
                return pandas_kind.build(**self.read(state))
        kind = self._find_type(name)
        if kind is None:
            raise StateError(f"its part {name!r} is not known to this version of skrnn")
        if issubclass(kind, Enum):
            return kind[state]
        content = self._upgrade(name, self.read(state))
        return kind(**content) if is_dataclass(kind) else _revive(kind, content)

    def _import(self, module: str, name: str) -> Any:
        path = f"{module}.{name}"
        if module == _METRICS and name in metrics.__all__:
            return getattr(metrics, name)
        if path not in self._trusted:
            raise StateError(
                f'it names {path}, which is not trusted. Load it with trusted=["{path}"] if you '
                "know and trust that code"
            )
        found = getattr(importlib.import_module(module), name)
        if not isinstance(found, FunctionType | BuiltinFunctionType | type):
            raise StateError(f"it names {path}, which is neither a function nor a class")
        return found


def _record(name: str, state: Any) -> dict[str, Any]:
    return {_RECORD: name, "state": state}


def _revive(kind: Any, state: dict[str, Any]) -> Any:
    """Return an object with a state, its constructor left out."""
    value = kind.__new__(kind)
    if hasattr(value, "__setstate__"):
        value.__setstate__(state)
    else:
        vars(value).update(state)
    return value


def _holds_others(value: Any) -> bool:
    """Return whether an object that skops takes may hold others in its attributes."""
    of_sklearn = type(value).__module__.startswith("sklearn.")
    return isinstance(value, BaseEstimator) or (of_sklearn and hasattr(value, "__dict__"))


def _over_items(array: np.ndarray, function: Callable[[Any], Any]) -> np.ndarray:
    result = np.empty(array.shape, object)
    for place in np.ndindex(array.shape):
        result[place] = function(array[place])
    return result


def _check_no_keras_config(value: dict[Any, Any], where: str) -> None:
    if _KERAS_CONFIG in value:
        raise StateError(
            f"{where}: a dict with the key {_KERAS_CONFIG!r} is a configuration by which Keras "
            "imports code, and is not taken. Use the name of an initialiser or a regulariser"
        )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
