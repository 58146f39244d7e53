"""Settings of Keras that belong to the whole process, and what they are while we use it.

What is compiled depends on data and parameters alone: neither on what a program has set for other
models, nor on the file `keras.json` of whoever runs it, which another process need not have.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras
from keras.src.backend.common import global_state


class _Setting(NamedTuple):
    read: Callable[[], Any]
    write: Callable[[Any], None]
    ours: Any


_SETTINGS = (
    _Setting(keras.config.floatx, keras.config.set_floatx, "float32"),
    _Setting(keras.config.epsilon, keras.config.set_epsilon, 1e-7),
    _Setting(keras.config.image_data_format, keras.config.set_image_data_format, "channels_last"),
)
_POLICY = "dtype_policy"

_lock = threading.Lock()
_within: set[object] = set()
_theirs: list[tuple[_Setting, Any]] = []


@contextmanager
def our_settings() -> Iterator[None]:
    """Let Keras have its defaults within; also a decorator.

    Where they are what is set, as nearly always, nothing is written. Threads share them: the first
    one in writes, the last one out restores.
    """
    policy = global_state.get_global_attribute(_POLICY)  # each thread has its own
    me = object()
    try:
        _enter(me)
        global_state.set_global_attribute(_POLICY, None)  # which stands for that of `floatx`
        yield
    finally:
        try:
            _leave(me, policy)
        finally:  # an interrupt may have cut the first one short
            _leave(me, policy)


def _enter(user: object) -> None:
    with _lock:
        if not _within:
            read = [(setting, setting.read()) for setting in _SETTINGS]
            _theirs[:] = [(setting, value) for setting, value in read if value != setting.ours]
            for setting, _ in _theirs:
                setting.write(setting.ours)
        _within.add(user)


def _leave(user: object, policy: Any) -> None:
    """Restore what was set before, where it is not restored yet."""
    global_state.set_global_attribute(_POLICY, policy)
    with _lock:
        _within.discard(user)
        if not _within:
            for setting, value in _theirs:
                setting.write(value)
            _theirs.clear()
