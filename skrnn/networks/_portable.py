"""Objects of Keras in copies and pickles of the estimators that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Portable:
    """Stands for an object in a copy or a pickle, which then holds that object, not this one.

    Keras copies its objects by way of `get_config` and of a registry of classes: some settings are
    missing from the one, and classes of users from the other. Here the class goes by its import
    path, as it does for other objects. The attributes go along, except where there are variables
    among them: optimizers and metrics are built again from their configuration.
    """

    value: Any

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what builds the object again."""
        kind = type(self.value)
        if hasattr(self.value, "variables"):
            return _from_config, (kind, self.value.get_config())
        return _new, (kind,), dict(vars(self.value))


def portable(value: Any) -> Any:
    """Return what stands for `value` in copies: the value itself where Keras copies it well.

    Keras is not imported for it.

    Parameters
    ----------
    value : object, or list, tuple or dict of them
    """
    if type(value) in (list, tuple):
        return _same_or(value, type(value)(map(portable, value)))
    if type(value) is dict:
        return _same_or(value, {name: portable(item) for name, item in value.items()})
    of_keras = any(_is_of_keras(kind) for kind in type(value).__mro__)
    if not of_keras or (hasattr(value, "variables") and _is_of_keras(type(value))):
        return value
    return Portable(value)


def carried(value: Any) -> Any:
    """Undo `portable`, where nothing was copied in between."""
    if type(value) in (list, tuple):
        return _same_or(value, type(value)(map(carried, value)))
    if type(value) is dict:
        return _same_or(value, {name: carried(item) for name, item in value.items()})
    return value.value if isinstance(value, Portable) else value


def _is_of_keras(kind: type) -> bool:
    return kind.__module__.startswith("keras.")


def _same_or(value: Any, other: Any) -> Any:
    """Return `value` itself where the items of the other are the same ones."""
    items = zip(_items(value), _items(other), strict=True)
    return value if all(one is two for one, two in items) else other


def _items(value: Any) -> list[Any]:
    return list(value.values() if isinstance(value, dict) else value)


def _new(kind: Any) -> Any:
    return kind.__new__(kind)


def _from_config(kind: Any, config: dict[str, Any]) -> Any:
    return kind.from_config(config)
