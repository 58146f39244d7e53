"""What skrnn uses of other packages beyond their public interface, a module for each.

Importing this package chooses the backend of Keras: JAX, by the environment variable and by
nothing else, unless `KERAS_BACKEND` is set or keras has been imported. So `import skrnn` followed
by `import keras` is right, and whoever wants another backend says so before either. (The backend
named in `~/.keras/keras.json` is written there by Keras itself on its first import and is nobody's
choice.)
"""

import os
import sys

from . import _fork  # noqa: F401  takes note of forks from here on

if "keras" not in sys.modules:
    os.environ.setdefault("KERAS_BACKEND", "jax")
