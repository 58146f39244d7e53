"""Networks of every kind, and the same arithmetic in NumPy."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import jax
import numpy as np
from _engine import (
    N_FEATURES,
    N_TIMESTEPS,
    make_spec,
)
from scipy.special import expit

from skrnn.compat._keras import keras
from skrnn.networks._build import build_model
from skrnn.networks._initial import non_trainable_values
from skrnn.networks._spec import ConvolutionalSpec
from skrnn.networks._weights import Weights

# All steps are there; the first or the last ones, or some between, are not; one alone is.
MASK = np.array([[1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 0, 0, 1], [0, 1, 0, 0]], bool)
MASKS = {"all": np.ones_like(MASK), "some": MASK}
N_ROWS = len(MASK)


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng((seed, *shape)).normal(size=shape).astype(np.float32)


def draw_weights(model: keras.Model, spec: Any) -> Weights:
    trainable = [draw(*v.shape, seed=index) for index, v in enumerate(model.trainable_variables)]
    return Weights(trainable, non_trainable_values(model, spec, np.random.default_rng(0)))


SEQUENCES = draw(N_ROWS, N_TIMESTEPS, N_FEATURES)
TOKENS = np.random.default_rng(0).integers(8, size=(N_ROWS, N_TIMESTEPS)).astype(np.int32)


def convolutional_spec(frame_shape: tuple[int, int, int], **kwargs: Any) -> ConvolutionalSpec:
    given = {"n_timesteps": N_TIMESTEPS, "n_features": math.prod(frame_shape), "n_outputs": 1}
    return ConvolutionalSpec(frame_shape=frame_shape, **{**given, **kwargs})


class Network:
    """The model of a structure, weights drawn for it, and its outputs compiled."""

    def __init__(self, spec: Any) -> None:
        self.spec, self.model = spec, build_model(spec.structure())
        weights = draw_weights(self.model, spec)
        self.weights, self.non_trainable = weights.trainable, weights.non_trainable
        self.call = jax.jit(self.model.stateless_call, static_argnames="training")

    def __call__(self, sequences: Any, mask: Any, *, training: bool = False) -> np.ndarray:
        """Return outputs; while training the next call drops others."""
        inputs = [sequences, mask]
        outputs, fixed = self.call(self.weights, self.non_trainable, inputs, training=training)
        self.non_trainable = fixed if training else self.non_trainable
        return np.asarray(outputs)

    def in_numpy(self, sequences: Any, mask: Any, weights: Any = None) -> np.ndarray:
        """Return outputs for some weights, those drawn if not given."""
        weights = self.weights if weights is None else weights
        paths = [variable.path.split("/") for variable in self.model.trainable_variables]
        pairs = list(zip(paths, weights, strict=True))

        def named(name: str) -> list[np.ndarray]:
            found = [np.asarray(value, np.float64) for path, value in pairs if name in path]
            assert found, name
            return found

        return outputs_in_numpy(self.spec, named, np.asarray(sequences, np.float64), mask)


built = cache(Network)


def simple_step(weights: Any, x: Any, states: Any) -> list[np.ndarray]:
    kernel, recurrent, bias = weights
    return [np.tanh(x @ kernel + states[0] @ recurrent + bias)]


def gru_step(weights: Any, x: Any, states: Any) -> list[np.ndarray]:
    """With the reset gate after the product, as in Keras."""
    kernel, recurrent, bias = weights
    z, r, x_new = np.split(x @ kernel + bias[0], 3, axis=-1)
    of_z, of_r, h_new = np.split(states[0] @ recurrent + bias[1], 3, axis=-1)
    z, r = expit(z + of_z), expit(r + of_r)
    return [z * states[0] + (1.0 - z) * np.tanh(x_new + r * h_new)]


def lstm_step(weights: Any, x: Any, states: Any) -> list[np.ndarray]:
    kernel, recurrent, bias, *peephole = weights
    to_i, to_f, to_o = peephole[0] if peephole else np.zeros(3)
    i, f, g, o = np.split(x @ kernel + states[0] @ recurrent + bias, 4, axis=-1)
    i, f = expit(i + to_i * states[1]), expit(f + to_f * states[1])
    cell = f * states[1] + i * np.tanh(g)
    return [expit(o + to_o * cell) * np.tanh(cell), cell]


STEP = {"simple": simple_step, "gru": gru_step, "lstm": lstm_step, "peephole": lstm_step}
MERGE = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": np.add,
    "mul": np.multiply,
    "ave": lambda a, b: (a + b) / 2.0,
}


def run(cell: str, weights: Any, steps: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the hidden state after every step; a masked one leaves it as it is."""
    states = [np.zeros((len(steps), len(weights[1])))] * 2
    hidden = []
    for t in range(steps.shape[1]):
        new = STEP[cell](weights, steps[:, t], states)
        pairs = zip(new, states, strict=False)
        states = [np.where(mask[:, t, None], now, before) for now, before in pairs]
        hidden.append(states[0])
    return np.stack(hidden, axis=1)


def read_in_numpy(spec: Any, named: Any, depth: int, below: Any, mask: Any) -> Any:
    """Return what a layer says at every step, and at its end.

    Where it reads in both directions, Keras lets it say zero at masked steps, which no one reads.
    """
    name = f"recurrent_{depth + 1}"
    if not spec.bidirectional[depth]:
        steps = run(spec.cell, named(name), below, mask)
        return steps, steps[:, -1]
    there = run(spec.cell, named("forward_" + name), below, mask)
    back = run(spec.cell, named("backward_" + name), below[:, ::-1], mask[:, ::-1])
    merge, here = MERGE[spec.merge_mode], mask[:, :, None]
    steps = merge(there * here, back[:, ::-1] * here)
    return steps, merge(there[:, -1], back[:, -1])


def attention_in_numpy(query: Any, steps: Any, mask: Any, *, causal: bool) -> np.ndarray:
    """Return the weights of all steps for all queries; zero where a query may look at nothing."""
    scores = np.einsum("nqw,ntw->nqt", query, steps) / np.sqrt(steps.shape[-1])
    seen = np.repeat(mask[:, None], query.shape[1], axis=1)
    if causal:
        seen = seen & np.tri(steps.shape[1], dtype=bool)
    shares = np.exp(scores) * seen
    return shares / np.maximum(shares.sum(axis=-1, keepdims=True), 1e-300)


def outputs_in_numpy(spec: Any, named: Any, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
    seen = below * mask[..., None] if below.ndim == 3 else below
    if spec.n_tokens:
        numbers = below.astype(int)
        below = named("embedding")[0][numbers] * (numbers != 0)[..., None]  # zero is unknown
    at_end = np.arange(len(mask)), mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
    for depth in range(len(spec.units)):
        steps, last = read_in_numpy(spec, named, depth, below, mask)
        if spec.skip_connections and depth and steps.shape == below.shape:
            steps, last = steps + below, last + below[at_end]
        below = steps
    hidden = steps if spec.return_sequences else last[:, None]
    if spec.attention:
        causal = spec.return_sequences and not any(spec.bidirectional)
        shares = attention_in_numpy(hidden, steps, mask, causal=causal)
        kernel, bias = named("attention")
        hidden = np.tanh(np.concatenate([hidden, shares @ steps], axis=-1) @ kernel + bias)
    kernel, bias = named("output")
    outputs = hidden @ kernel + bias
    outputs = outputs if spec.return_sequences else outputs[:, 0]
    if not spec.linear_skip:
        return outputs
    kernel, bias = named("skip")
    seen = seen if spec.return_sequences else seen.reshape(len(seen), -1)
    return outputs + seen @ kernel + bias


TWICE, BOTH = {"units": (3, 3)}, {"bidirectional": (True,)}
SKIP, STEPWISE, ATTEND = {"skip_connections": True}, {"return_sequences": True}, {"attention": True}


def network_of(**options: Any) -> Network:
    return built(make_spec(**{"cell": "lstm", "n_outputs": 2, **options}))


# Drawing an orthogonal matrix takes Keras, when it builds a model, a second to compile.
UNSCALED = {
    "input_scaler": None,
    "epochs": 1,
    "batch_size": 8,
    "random_state": 0,
    "layer_params": {"recurrent_initializer": "zeros"},
}
FOUR_MASKS = np.tile(MASK, (4, 1))


def masked_rows() -> np.ndarray:
    """Return sequences whose masked steps are NaN."""
    rows = draw(*FOUR_MASKS.shape, N_FEATURES, seed=1)
    rows[~FOUR_MASKS] = np.nan
    return rows
