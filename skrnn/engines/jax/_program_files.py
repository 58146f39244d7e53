"""Files of compiled programs, as JAX names and reads them."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from ...compat._jax import is_whole_program

_SUFFIX = "-cache"


class ProgramFiles:
    """A folder with a file for each program.

    A file appears at once, by a change of name, so that no reader meets half of one. Where one is
    damaged all the same, after a crash say, it is removed, and the program that is compiled in its
    place is kept. A disk that is full or fails breaks no fit: nothing is kept then.

    Parameters
    ----------
    folder : path-like
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._path = Path(folder)  # a name that JAX logs

    def get(self, key: str) -> bytes | None:
        """Return the program of a key, or None where there is none that is whole."""
        path = self._file(key)
        try:
            data = path.read_bytes()
        except OSError:
            return None
        if is_whole_program(data):
            return data
        with contextlib.suppress(OSError):
            path.unlink()
        return None

    def put(self, key: str, value: bytes) -> None:
        """Keep the program of a key."""
        temporary = None
        try:
            number, temporary = tempfile.mkstemp(dir=self._path, prefix=".", suffix=".tmp")
            with open(number, "wb") as file:
                file.write(value)
            os.replace(temporary, self._file(key))
        except OSError:
            if temporary is not None:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)

    def _file(self, key: str) -> Path:
        return self._path / f"{key}{_SUFFIX}"
