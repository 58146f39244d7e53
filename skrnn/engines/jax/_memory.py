"""Memory of programs that are no longer needed, given back to the system."""

from __future__ import annotations

import ctypes
import gc


def release_memory() -> None:
    """Free what is unreachable, and return it from the C library to the system.

    Models and programs refer to themselves in circles, so that they stay until Python's collector
    runs; it does not know how large they are. And glibc, the C library of most Linux systems,
    keeps what is freed between other blocks unless it is asked.
    """
    gc.collect()
    trim = getattr(_c_library(), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _c_library() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):  # as on Windows
        return None
