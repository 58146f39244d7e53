"""Compiled programs kept on disk, so that the next process finds those of this one.

Where the user named no folder for JAX's compilation cache, one in the user's cache folder is used.
"""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import Any

import platformdirs

_VARIABLE = "SKRNN_COMPILE_CACHE"
_OFF = "off"
# Programs that compile faster are not kept. JAX keeps only those of a second and more by default,
# but a search compiles many small ones.
_MIN_SECONDS = 0.1

_lock = threading.Lock()
_applied = False
_chosen: str | None = None


def set_compile_cache_dir(path: str | os.PathLike[str] | None) -> None:
    """Choose the folder that keeps compiled programs from one process to the next.

    The default is a folder `skrnn` in the user's cache folder, unless JAX has one configured. The
    environment variable `SKRNN_COMPILE_CACHE` does the same as this function: a folder, or `off`.

    Parameters
    ----------
    path : path-like or None
        The folder, made where it is missing; None to keep nothing on disk. A folder that cannot
        be written to is not used: programs are then compiled anew in every process.

    See Also
    --------
    clear_compile_cache : Empty the cache in memory.

    Examples
    --------
    >>> from skrnn import set_compile_cache_dir
    >>> set_compile_cache_dir(None)
    """
    global _chosen, _applied
    with _lock:
        _chosen = _OFF if path is None else os.fspath(path)
        _applied = False


def use_disk_cache() -> None:
    """Apply the choice of folder to JAX, where that has not been done."""
    global _applied
    with _lock:
        if not _applied:
            _apply(_chosen or os.environ.get(_VARIABLE) or None)
            _applied = True


def _apply(choice: str | None) -> None:
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    config: Any = jax.config
    if choice is None and config.jax_compilation_cache_dir is not None:
        return
    folder = None if choice == _OFF else Path(choice or _default_folder()).expanduser()
    usable = folder is not None and _is_writable(folder)
    config.update("jax_compilation_cache_dir", str(folder) if usable else None)
    if usable:
        config.update("jax_persistent_cache_min_compile_time_secs", _MIN_SECONDS)
    compilation_cache.reset_cache()


def _default_folder() -> str:
    return os.path.join(platformdirs.user_cache_dir("skrnn", appauthor=False), "xla")


def _is_writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"0" * 4096)
    except OSError:
        return False
    return True
