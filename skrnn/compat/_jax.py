"""What is used of JAX beyond its public interface; imports it when asked."""

from __future__ import annotations

from typing import Protocol


class ProgramStore(Protocol):
    """What JAX keeps compiled programs in."""

    def get(self, key: str) -> bytes | None:
        """Return the program of a key, or None."""

    def put(self, key: str, value: bytes) -> None:
        """Keep a program."""


def keep_programs_in(store: ProgramStore) -> None:
    """Let JAX keep compiled programs in a store of ours."""
    from jax._src import compilation_cache

    compilation_cache._cache = store  # type: ignore[assignment]


def is_whole_program(data: bytes) -> bool:
    """Return whether what was kept of a program is all there, by its own check sum."""
    from jax._src import compilation_cache

    try:
        return bool(compilation_cache.decompress_executable(data))
    except Exception:  # of the compression that is used
        return False
