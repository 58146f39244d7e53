"""What is worked out once, and forgotten with the compiled programs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_MOST = 256
_forgetting: list[Callable[[], None]] = []


def worked_out_once(function: Function) -> Function:
    """Return a function of hashable arguments that remembers what it returned, the last times."""
    remembering = lru_cache(maxsize=_MOST)(function)
    forget_with_programs(remembering.cache_clear)
    return remembering  # type: ignore[return-value]


def forget_with_programs(forget: Callable[[], None]) -> None:
    """Call a function whenever the compiled programs are forgotten."""
    _forgetting.append(forget)


def forget_all() -> None:
    """Forget what was worked out."""
    for forget in _forgetting:
        forget()
