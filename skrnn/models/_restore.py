"""What is refused or interrupted leaves an object as it was."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def restored_on_error(estimator: Any) -> Iterator[None]:
    """Give an object its attributes back where something is raised; it is never without them."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        attributes = vars(estimator)
        attributes.update(before)
        for name in attributes.keys() - before.keys():
            del attributes[name]
        raise
