"""Draw the weights a network starts from, with NumPy.

The initialisers of Keras run on the backend, where the orthogonal one alone costs more than a
second of compiling in every new process. The default ones are drawn here, from the same
distributions (Glorot and Bengio, 2010; Saxe, McClelland and Ganguli, 2014); others go to Keras.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..compat._keras import holds_seed, keras, layers_within, to_numpy
from ._custom import build_custom
from ._kinds import CELLS, DECODERS, InitialWeight
from ._one_thread import one_thread
from ._spec import (
    ConvolutionalSpec,
    CustomSpec,
    EncoderDecoderSpec,
    LayeredSpec,
    RecurrentSpec,
    Spec,
)
from ._weights import Weights

# Of weights that not only one kind of cell or decoder has, by name.
_COMMON_WEIGHTS = {
    "kernel": InitialWeight("kernel_initializer", "glorot_uniform"),
    "recurrent_kernel": InitialWeight("recurrent_initializer", "orthogonal"),
    "bias": InitialWeight("bias_initializer", "zeros"),
    "embeddings": InitialWeight("", "embeddings"),
}
# Of variables whose name and that of their initialiser do not go together.
_INITIALIZER_OF = {"recurrent_kernel": "recurrent_initializer"}
_SKIP, _LAST_KERNEL = "skip", "output/kernel"
# As in Keras.
_LARGEST_EMBEDDING = 0.05


def initial_weights(
    model: keras.Model,
    spec: Spec,
    rng: np.random.Generator,
    dropout: np.random.Generator,
    linear: Mapping[str, np.ndarray] | None = None,
) -> Weights:
    """Draw the weights of a model.

    Parameters
    ----------
    model : keras.Model
        Of `spec`, or of its structure.
    spec : Spec
    rng, dropout : numpy.random.Generator
        For the weights, and for the seeds of the dropout layers.
    linear : mapping or None
        Weights of the linear part, by layer and weight. The network starts from it then: what the
        rest of it puts out is zero.

    Raises
    ------
    ValueError
        When a network that a user builds draws a weight in a way that cannot be seeded.
    """
    if isinstance(spec, CustomSpec):
        return _weights_of_custom(spec, rng)
    assert isinstance(spec, LayeredSpec)
    trainable = [
        _initial_value(variable, spec, rng, linear or {}) for variable in model.trainable_variables
    ]
    return Weights(trainable, non_trainable_values(model, spec, dropout))


def non_trainable_values(
    model: keras.Model,
    spec: Spec,
    rng: np.random.Generator,
    before: list[np.ndarray] | None = None,
) -> list[np.ndarray]:
    """Return the dropout rates of `spec` and fresh seeds, in the order of the model.

    What is neither, in networks that users build, stays as it was `before`.
    """
    variables = model.non_trainable_variables
    if not isinstance(spec, CustomSpec):
        return [_rate_or_seed(variable, spec, rng) for variable in variables]
    known = [to_numpy(variable) for variable in variables] if before is None else before
    return [
        _seed(variable, rng) if holds_seed(variable) else np.asarray(value)
        for variable, value in zip(variables, known, strict=True)
    ]


def _rate_or_seed(variable: Any, spec: Spec, rng: np.random.Generator) -> np.ndarray:
    if variable.name == "rate":
        of = variable.path.split("/")[-2]
        name = max((name for name in spec.rates if of.startswith(name)), key=len)
        return np.array(spec.rates[name], np.float32)
    return _seed(variable, rng)


def _seed(variable: Any, rng: np.random.Generator) -> np.ndarray:
    shape = tuple(variable.shape)
    return np.asarray(rng.integers(2**32, size=shape, dtype=np.uint32))


def _initial_value(
    variable: Any, spec: LayeredSpec, rng: np.random.Generator, linear: Mapping[str, np.ndarray]
) -> np.ndarray:
    name = "/".join(variable.path.split("/")[-2:])
    if name in linear:
        return linear[name].astype(np.float32).reshape(variable.shape)
    recurrent = "recurrent_" in variable.path
    params = spec.keras_layer_params if recurrent else {}
    weight = _weights_by_name(spec)[variable.name]
    default = weight.default
    if _SKIP in variable.path or (linear and name == _LAST_KERNEL):
        default = "zeros"  # a network starts without its linear part, or from it
    value = _draw(params.get(weight.argument, default), tuple(variable.shape), rng)
    forget = _has_forget_gate(spec) and params.get("unit_forget_bias", True)
    if recurrent and variable.name == "bias" and forget:
        units = value.size // 4
        value[units : 2 * units] = 1.0
    return value


def _weights_by_name(spec: LayeredSpec) -> dict[str, InitialWeight]:
    weights = dict(_COMMON_WEIGHTS)
    if isinstance(spec, RecurrentSpec):
        weights |= CELLS[spec.cell].weights
    if isinstance(spec, EncoderDecoderSpec):
        weights |= DECODERS[spec.decoder].weights
    return weights


def _has_forget_gate(spec: LayeredSpec) -> bool:
    if isinstance(spec, RecurrentSpec):
        return CELLS[spec.cell].forget_gate
    return isinstance(spec, ConvolutionalSpec)


def _weights_of_custom(spec: CustomSpec, rng: np.random.Generator) -> Weights:
    """Return the weights of a fresh model of the user, its random ones drawn from `rng`.

    Keras draws with seeds from Python's own generator, which is everybody's and stays as it is. A
    weight that two models do not share, though both were drawn with one seed, was drawn otherwise.
    """
    seed = int(rng.integers(2**63))
    (first, paths), (second, _) = (
        _draw_custom(spec, np.random.default_rng(seed)) for _ in range(2)
    )
    for path, value, other in zip(paths, first.trainable, second.trainable, strict=True):
        if not np.array_equal(value, other, equal_nan=True):
            raise ValueError(
                f"network: the weight {path!r} is drawn at random, and random_state cannot reach "
                "it. Give its initialiser a seed, or keep the initialiser of a weight `name` as "
                "the attribute `name_initializer` of its layer."
            )
    return first


def _draw_custom(spec: CustomSpec, rng: np.random.Generator) -> tuple[Weights, list[str]]:
    """Return weights, and the paths of the trainable ones."""
    model = build_custom(spec)
    initializers = {}
    for layer in layers_within(model):
        for variable in getattr(layer, "variables", []):
            attribute = _INITIALIZER_OF.get(variable.name, f"{variable.name}_initializer")
            if hasattr(layer, attribute):
                initializers[id(variable)] = getattr(layer, attribute)
    variables = model.trainable_variables
    trainable = [_redraw(variable, initializers.get(id(variable)), rng) for variable in variables]
    others = non_trainable_values(model, spec, rng)
    return Weights(trainable, others), [variable.path for variable in variables]


def _redraw(variable: Any, initializer: Any, rng: np.random.Generator) -> np.ndarray:
    """Return the value of a variable, drawn anew where its initialiser has no seed of its own."""
    config = initializer.get_config() if hasattr(initializer, "get_config") else {}
    if config.get("seed", 0) is not None:
        return to_numpy(variable)
    return to_numpy(_seeded(initializer, rng)(tuple(variable.shape), dtype="float32"))


def _draw(initializer: Any, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if initializer == "zeros":
        return np.zeros(shape, np.float32)
    if initializer == "glorot_uniform":
        receptive = math.prod(shape[:-2])  # more than one where the kernel is that of a convolution
        limit = np.sqrt(6.0 / (receptive * (shape[-2] + shape[-1])))
        return rng.uniform(-limit, limit, shape).astype(np.float32)
    if initializer == "orthogonal":
        return _orthogonal((math.prod(shape[:-1]), shape[-1]), rng).reshape(shape)
    if initializer == "embeddings":
        return rng.uniform(-_LARGEST_EMBEDDING, _LARGEST_EMBEDDING, shape).astype(np.float32)
    seeded = _seeded(keras.initializers.get(initializer), rng)
    return to_numpy(seeded(shape, dtype="float32")).astype(np.float32)


def _orthogonal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    rows, columns = shape
    normal = rng.normal(size=(max(shape), min(shape)))
    with one_thread():
        q, r = np.linalg.qr(normal)
    q = q * np.sign(np.diag(r))
    return (q if rows >= columns else q.T).astype(np.float32)


def _seeded(initializer: Any, rng: np.random.Generator) -> Any:
    config = initializer.get_config() if hasattr(initializer, "get_config") else {}
    if config.get("seed", 0) is None:
        return type(initializer).from_config({**config, "seed": int(rng.integers(2**31))})
    return initializer
