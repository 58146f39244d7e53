"""The middle that both faces share: options to spec, spec and data to a fitted network.

`_options`, `_constraints` and `_target_form` import no keras; the others do. Layers of exported
models are registered as soon as there is Keras, as those of `networks` are.
"""

from ..compat._with_keras import import_with_keras

import_with_keras("skrnn.models._exported")
