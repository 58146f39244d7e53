"""Modules of ours that are imported as soon as Keras is, by whomever.

Keras finds the layers of a file among those that are registered. Ours must be there when a file is
opened, though nobody has asked for them by then, and though `import skrnn` does not import Keras.
"""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_HOME = "KERAS_HOME"
_KERAS, _OURS = "keras", "skrnn.compat._keras"
_waiting: list[str] = []


def import_with_keras(module: str) -> None:
    """Import a module once Keras is imported; at once where it has been."""
    if _KERAS in sys.modules:
        import_module(module)
    else:
        _waiting.append(module)


class _Finder(MetaPathFinder):
    """Finds Keras as the others do, and sees to what follows its import."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _KERAS:
            return None
        others = [finder for finder in sys.meta_path if finder is not self]
        specs = (finder.find_spec(fullname, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self._loader
        _execute(self._loader, module)
        if _OURS in sys.modules:  # one of ours imports Keras, and others of ours after it
            return
        for waiting in _waiting:
            import_module(waiting)


def _execute(loader: Loader, module: ModuleType) -> None:
    """Import Keras, if need be without its configuration file, which may hold anything."""
    try:
        loader.exec_module(module)
    except Exception as error:
        home = os.environ.get(_HOME)
        with tempfile.TemporaryDirectory() as empty:
            os.environ[_HOME] = empty
            try:
                loader.exec_module(module)
            except Exception:  # so it was something else
                raise error from None
            finally:
                os.environ.pop(_HOME)
                if home is not None:
                    os.environ[_HOME] = home
        warnings.warn(
            f"Keras could not read its configuration file keras.json, which is left out: {error} "
            "Mend or delete it.",
            stacklevel=2,
        )


sys.meta_path.insert(0, _Finder())
