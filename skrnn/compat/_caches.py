"""Caches that are cleared with the one of compiled programs."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_MAX_SIZE = 256
_clearing: list[Callable[[], None]] = []


def cached(function: Function) -> Function:
    """Return a function of hashable arguments that keeps what it returned, the last times."""
    keeping = lru_cache(maxsize=_MAX_SIZE)(function)
    on_clear(keeping.cache_clear)
    return keeping  # type: ignore[return-value]


def on_clear(clear: Callable[[], None]) -> None:
    """Call a function whenever the compiled programs are cleared."""
    _clearing.append(clear)


def clear_caches() -> None:
    """Clear all of them."""
    for clear in _clearing:
        clear()
