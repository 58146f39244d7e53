"""Objects of Keras in copies and pickles of the estimators that hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Portable:
    """Stands for an object in a copy or a pickle, which then holds that object, not this one.

    Keras copies its objects by way of `get_config` and of a registry of classes: some settings are
    missing from the one, and classes of users from the other. Here the class goes by its import
    path, as it does for other objects, and the attributes go along.
    """

    value: Any

    def __reduce__(self) -> tuple[Any, ...]:
        """Return what builds the object again."""
        return _new, (type(self.value),), dict(vars(self.value))


def portable(value: Any) -> Any:
    """Return what stands for `value` in copies: the value itself unless it is an object of Keras.

    Keras is not imported for it.
    """
    lineage = type(value).__mro__
    of_keras = any(kind.__module__.startswith("keras.") for kind in lineage)
    return Portable(value) if of_keras else value


def carried(value: Any) -> Any:
    """Undo `portable`, where nothing was copied in between."""
    return value.value if isinstance(value, Portable) else value


def _new(kind: Any) -> Any:
    return kind.__new__(kind)
