"""Networks: the spec of a network, the Keras model it builds, the weights it starts from.

Importing `_spec`, `_kinds` or `_by_config` does not import keras; the rest comes with it, so that
our layers are registered whenever somebody opens a file of Keras.
"""

from ..compat._with_keras import import_with_keras

import_with_keras("skrnn.networks._build")
