"""An estimator as it is at one moment, for those who read it and for those who change it.

Another thread may read while one fits, and a fit may be refused or broken off at any call. So
nobody reads attributes one by one while they change, and what changes them works on a copy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, TypeVar

Estimator = TypeVar("Estimator")
Method = TypeVar("Method", bound=Callable[..., Any])


def snapshot(estimator: Estimator) -> Estimator:
    """Return an estimator with the attributes of now, which changes elsewhere do not reach.

    It has copies of private dictionaries and lists, which scikit-learn and sktime change in place.
    """
    now = vars(estimator).copy()
    return twin(estimator, {name: _own(name, value) for name, value in now.items()})


def twin(estimator: Estimator, attributes: dict[str, Any]) -> Estimator:
    """Return an estimator of the same class with some attributes, its constructor left out."""
    kind = type(estimator)
    made = kind.__new__(kind)
    made.__dict__ = attributes
    return made


def _own(name: str, value: Any) -> Any:
    return value.copy() if name.startswith("_") and isinstance(value, dict | list) else value


@contextmanager
def changed_at_once(estimator: Estimator) -> Iterator[Estimator]:
    """Give a copy to work on. At the end the estimator takes what was changed, all at once.

    Where something is refused or broken off, it stays as it was.
    """
    before = vars(estimator).copy()
    draft = snapshot(estimator)
    yield draft
    after, now = vars(draft), vars(estimator)
    gone = before.keys() - after.keys()
    kept = {name: value for name, value in now.items() if name not in gone}
    changed = {
        name: value
        for name, value in after.items()
        if name not in before or value is not before[name]
    }
    estimator.__dict__ = {**kept, **changed}


def of_one_moment(method: Method) -> Method:
    """Let a method read a snapshot of its estimator."""

    @wraps(method)
    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        return method(snapshot(self), *args, **kwargs)

    return read  # type: ignore[return-value]
