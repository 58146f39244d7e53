"""Compiled programs kept on disk, so that the next process finds those of this one.

Where the user named no folder for JAX's compilation cache, one in the user's cache folder is used.
"""

from __future__ import annotations

import os
import stat
import tempfile
import threading
import warnings
from pathlib import Path
from typing import Any

import platformdirs

from ...compat._jax import keep_programs_in
from ._program_files import ProgramFiles

_VARIABLE = "SKRNN_COMPILE_CACHE"
_OFF = "off"
_MEAN_OFF = (_OFF, "none")
# Programs that compile faster are not kept. JAX keeps only those of a second and more by default,
# but a search compiles many small ones.
_MIN_SECONDS = 0.1
_PRIVATE = 0o700
_WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH

_lock = threading.Lock()
_applied = False
# A folder, or `_OFF`; None where nothing was chosen.
_chosen: str | None = None
# What JAX was given by us, to tell it from a folder that the user gave it.
_given: str | None = None


def set_compile_cache_dir(path: str | os.PathLike[str] | None) -> None:
    """Choose the folder that keeps compiled programs from one process to the next.

    The default is a folder `skrnn` in the user's cache folder, unless JAX has one configured. The
    environment variable `SKRNN_COMPILE_CACHE` takes the same as this function: a folder, or `off`.

    A compiled program is code, which is run without being looked at. So the folder is made for you
    alone, and one that belongs to others, or that others may write to, is refused with a warning:
    programs are then compiled anew in every process, as where a folder cannot be written to.

    Parameters
    ----------
    path : path-like or None
        The folder, made where it is missing; a relative one is within the working folder of now.
        None or `"off"`, in any case of letters, keeps nothing on disk; `""` goes back to the
        default.

    See Also
    --------
    clear_compile_cache : Empty the cache in memory.

    Examples
    --------
    >>> from skrnn import set_compile_cache_dir
    >>> set_compile_cache_dir(None)
    """
    global _chosen, _applied
    chosen = _OFF if path is None else _read_setting(path, _working_folder())
    with _lock:
        _chosen, _applied = chosen, False


def use_disk_cache() -> None:
    """Apply the choice of folder to JAX, where that has not been done."""
    global _applied
    with _lock:
        if not _applied:
            _apply(_chosen or _read_setting(os.environ.get(_VARIABLE, ""), _STARTED_IN))
            _applied = True


def _read_setting(setting: str | os.PathLike[str], base: str) -> str | None:
    """Return a folder, `_OFF`, or None where nothing is said."""
    if isinstance(setting, str):
        if not setting.strip():
            return None
        if setting.strip().lower() in _MEAN_OFF:
            return _OFF
    return os.path.join(base, os.path.expanduser(os.fsdecode(setting)))


def _working_folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return os.sep


# What a relative folder in the environment is within, wherever the program goes later.
_STARTED_IN = _working_folder()


def _apply(choice: str | None) -> None:
    global _given
    import jax
    from jax.experimental.compilation_cache import compilation_cache

    config: Any = jax.config
    if choice is None and config.jax_compilation_cache_dir not in (None, _given):
        return
    folder = None if choice == _OFF else _usable(choice or _default_folder())
    config.update("jax_compilation_cache_dir", folder)
    _given = folder
    compilation_cache.reset_cache()
    if folder is None:
        return
    config.update("jax_persistent_cache_min_compile_time_secs", _MIN_SECONDS)
    if config.jax_compilation_cache_max_size == -1:  # else JAX counts what it writes itself
        keep_programs_in(ProgramFiles(folder))


def _default_folder() -> str:
    return os.path.join(platformdirs.user_cache_dir("skrnn", appauthor=False), "xla")


def _usable(folder: str) -> str | None:
    """Return a folder that can be used, or None; where it is not safe, say why."""
    if not os.path.isabs(folder):  # there is no home to put it in
        return None
    try:
        _make(Path(folder))
        reason = _danger(os.stat(folder))
        if reason is None:
            with tempfile.TemporaryFile(dir=folder) as file:
                file.write(b"0" * 4096)
            return folder
    except OSError:
        return None
    warnings.warn(
        f"Compiled programs are not kept in {folder}: {reason}, who could put code there that this "
        f"process would run. Make it yours alone (chmod 700), or name another folder with "
        f"set_compile_cache_dir or the environment variable {_VARIABLE}.",
        stacklevel=2,
    )
    return None


def _make(folder: Path) -> None:
    """Make a folder, and those that it is missing above, for this user alone."""
    for path in [*reversed(folder.parents), folder]:
        if not path.exists():
            path.mkdir(mode=_PRIVATE, exist_ok=True)


def _danger(status: os.stat_result) -> str | None:
    """Return who else could write to a folder, where somebody could."""
    if not hasattr(os, "geteuid"):  # Windows has other means
        return None
    if status.st_uid != os.geteuid():
        return f"it belongs to another user (number {status.st_uid})"
    if status.st_mode & _WRITABLE_BY_OTHERS:
        return f"other users may write to it (mode {stat.S_IMODE(status.st_mode):o})"
    return None
