"""Keras, imported on JAX: the one place where skrnn imports it first.

Unless `KERAS_BACKEND` is set or keras is already imported, Keras is imported on JAX; the
environment is left as it was. The backend named in `~/.keras/keras.json` is
written there by Keras itself on its first import and is nobody's choice, so it does not count.
"""

from __future__ import annotations

import os
import sys

from .exceptions import UnsupportedBackendError

__all__ = ["keras"]

if "keras" not in sys.modules and "KERAS_BACKEND" not in os.environ:
    os.environ["KERAS_BACKEND"] = "jax"
    try:
        import keras
    finally:
        del os.environ["KERAS_BACKEND"]
else:
    import keras

if keras.backend.backend() != "jax":
    raise UnsupportedBackendError(
        f"Keras runs on {keras.backend.backend()!r}, but skrnn trains on 'jax' only. Set the "
        "environment variable KERAS_BACKEND=jax before keras is imported for the first time."
    )
