"""The engines, and the one that runs on the backend that Keras has."""

from __future__ import annotations

import importlib
from functools import cache

from ..compat._fork import check_not_forked
from ..compat._keras import keras
from ..exceptions import UnsupportedBackendError
from ..networks._kinds import Kinds
from ._protocol import Engine, EngineKind

ENGINES: Kinds[EngineKind] = Kinds(__name__)


def current_engine() -> Engine:
    """Return the engine for the backend of Keras; of several the one that was added last.

    Raises
    ------
    UnsupportedBackendError
        When there is none.
    RuntimeError
        In a process that was forked after JAX had been used.
    """
    check_not_forked()
    return _made(_kind_for(keras.backend.backend(), tuple(ENGINES.values())))


@cache
def _kind_for(backend: str, kinds: tuple[EngineKind, ...]) -> EngineKind:
    able = [kind for kind in kinds if backend in kind.backends]
    if not able:
        known = sorted({name for kind in kinds for name in kind.backends})
        raise UnsupportedBackendError(
            f"Keras runs on {backend!r}, for which skrnn has no engine. Set the environment "
            f"variable KERAS_BACKEND to one of {known} before keras is imported for the first time."
        )
    return able[-1]


@cache
def _made(kind: EngineKind) -> Engine:
    return kind.make()


def _jax_engine() -> Engine:
    engine: Engine = importlib.import_module("skrnn.engines.jax._engine").JaxEngine()
    return engine


def _keras_engine() -> Engine:
    engine: Engine = importlib.import_module("skrnn.engines.keras._engine").KerasEngine()
    return engine


ENGINES.add(EngineKind("jax", ("jax",), _jax_engine))
ENGINES.add(EngineKind("keras", ("tensorflow", "torch"), _keras_engine))
