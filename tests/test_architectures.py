"""What networks can be made of: cells, directions, skips, dropouts and attention.

The outputs of every kind of network are held against NumPy, training against the networks of Keras,
and the models that users get against the engine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from _engine import (
    N_FEATURES,
    N_TIMESTEPS,
    clean_engine,
    fit,
    make_data,
    make_spec,
    predict_rows,
    start,
    unset,
)
from scipy.special import expit, softmax
from sklearn.model_selection import GridSearchCV, KFold

from skrnn import (
    BiLSTMClassifier,
    BiLSTMRegressor,
    LSTMRegressor,
    RecurrentClassifier,
    RecurrentRegressor,
    Seq2SeqRegressor,
    compile_cache_info,
    saliency,
)
from skrnn._keras import keras
from skrnn.estimators._network import FittedNetwork
from skrnn.networks._build import build_model, set_weights
from skrnn.networks._cells import PeepholeLSTMCell
from skrnn.networks._initial import fixed_values
from skrnn.networks._spec import CELLS, ConvolutionalSpec, freeze_layer_params
from skrnn.networks._stacked import build_stacked
from skrnn.training._dataset import Dataset
from skrnn.training._loss import ClassLoss
from skrnn.weights import Weights

# NumPy 2 deprecates what Keras does to read one of its own variables.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\\.src"
)

losses = keras.losses

# All steps are there; the first or the last ones, or some between, are not; one alone is.
MASK = np.array([[1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [1, 0, 0, 1], [0, 1, 0, 0]], bool)
MASKS = {"all": np.ones_like(MASK), "some": MASK}
N_ROWS = len(MASK)


@pytest.fixture(autouse=True, scope="module")
def engine() -> Iterator[None]:
    with clean_engine(quick=True):
        yield


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng((seed, *shape)).normal(size=shape).astype(np.float32)


def draw_weights(model: keras.Model, spec: Any) -> Weights:
    trainable = [draw(*v.shape, seed=index) for index, v in enumerate(model.trainable_variables)]
    return Weights(trainable, fixed_values(model, spec, np.random.default_rng(0)))


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
        self.weights, self.fixed = weights.trainable, weights.fixed
        self.call = jax.jit(self.model.stateless_call, static_argnames="training")

    def __call__(self, sequences: Any, mask: Any, *, training: bool = False) -> np.ndarray:
        """Return outputs; while training the next call drops others."""
        inputs = [sequences, mask]
        outputs, fixed = self.call(self.weights, self.fixed, inputs, training=training)
        self.fixed = fixed if training else self.fixed
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


# ---- The same in NumPy ---------------------------------------------------------------------------


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
    return outputs if spec.return_sequences else outputs[:, 0]


# ---- Known numbers -------------------------------------------------------------------------------

# Weights of one unit with one feature, and what it says after the steps 0.5 and 0.8: worked out
# gate by gate with the formulas of the cells. Gates in the order of Keras.
INPUT, STATE, OFFSET = [0.4, 0.2, -0.3, 0.1], [-0.2, 0.1, 0.5, 0.3], [0.2, 0.1, -0.1, 0.0]
WORKED: dict[str, tuple[list[Any], list[float]]] = {
    "simple": ([[[0.7]], [[-0.4]], [0.2]], [0.500520, 0.507823]),
    "gru": (
        [[[0.2, 0.4, -0.3]], [[0.1, -0.2, 0.5]], [[0.1, 0.2, -0.1], [0.05, 0.0, 0.2]]],
        [-0.056712, -0.129351],
    ),
    "lstm": ([[INPUT], [STATE], OFFSET], [-0.074613, -0.154443]),
    "peephole": ([[INPUT], [STATE], OFFSET, [[0.3], [-0.4], [0.5]]], [-0.071945, -0.141948]),
}
CONSTANTS = freeze_layer_params(
    {
        "kernel_initializer": keras.initializers.Constant(0.5),
        "recurrent_initializer": keras.initializers.Constant(-0.25),
        "bias_initializer": keras.initializers.Constant(0.1),
    }
)
GATES = {"simple": 1, "gru": 3, "lstm": 4, "peephole": 4}


def constant_weights(cell: str, units: int) -> list[np.ndarray]:
    """Return what the constants say, with the forget bias of an LSTM at one."""
    width = GATES[cell] * units
    bias = np.full((2, width) if cell == "gru" else width, 0.1)
    weights = [np.full((N_FEATURES, width), 0.5), np.full((units, width), -0.25), bias]
    if cell in ("lstm", "peephole"):
        bias[units : 2 * units] = 1.0
    return [*weights, np.full((3, units), 0.5)] if cell == "peephole" else weights


@pytest.mark.parametrize("cell", CELLS)
class TestCells:
    """Each is its formula."""

    def test_worked_example(self, cell: str) -> None:
        spec = make_spec(cell, (1,), n_timesteps=2, n_features=1, return_sequences=True)
        weights, expected = WORKED[cell]
        weights = [np.array(w, np.float32) for w in [*weights, [[1.0]], [0.0]]]
        rows = Dataset({"sequence": np.array([[[0.5], [0.8]]], np.float32), "mask": MASK[:1, :2]})
        outputs = predict_rows(spec, replace(start(spec), trainable=weights), rows, slice(None))
        np.testing.assert_allclose(outputs[0, :, 0], expected, atol=2e-6)

    def test_constant_initialisers_give_known_outputs(self, cell: str) -> None:
        """After one step and after several, masked ones among them."""
        spec = make_spec(cell, (3,), return_sequences=True, layer_params=CONSTANTS)
        weights = start(spec)
        rows = Dataset({"sequence": SEQUENCES, "mask": MASK})
        outputs = predict_rows(spec, weights, rows, slice(None))
        states = run(cell, constant_weights(cell, 3), SEQUENCES, MASK)
        kernel, bias = weights.trainable[-2:]
        np.testing.assert_allclose(outputs, states @ kernel + bias, atol=1e-5)
        assert np.ptp(states[0], axis=0).min() > 0.01

    def test_masked_step_leaves_the_state_as_it_is(self, cell: str) -> None:
        """To the last bit, whatever the step holds; before the first one the state is zero."""
        network = built(make_spec(cell, n_outputs=2, return_sequences=True))
        outputs = network(SEQUENCES, MASK)
        before = np.concatenate([np.zeros((N_ROWS, 1, 2)), outputs[:, :-1]], axis=1)
        before[:, 0] = network.weights[-1]
        np.testing.assert_array_equal(outputs[~MASK], before.astype(np.float32)[~MASK])
        assert (outputs[MASK] != before[MASK]).all()
        others = np.where(MASK[:, :, None], SEQUENCES, 7.0)
        np.testing.assert_array_equal(network(others, MASK), outputs)


# ---- Outputs -------------------------------------------------------------------------------------

TWICE, BOTH = {"units": (3, 3)}, {"bidirectional": (True,)}
SKIP, STEPWISE, ATTEND = {"skip_connections": True}, {"return_sequences": True}, {"attention": True}
OPTIONS: dict[str, dict[str, Any]] = {
    **{cell: {"cell": cell} for cell in CELLS},
    **{f"{cell}, steps": {"cell": cell, **STEPWISE} for cell in CELLS},
    **{f"both ways {m}, steps": {"merge_mode": m, **BOTH, **STEPWISE} for m in MERGE},
    "both ways, layers": {
        "cell": "peephole",
        "units": (3, 2),
        "bidirectional": (True, True),
        "merge_mode": "ave",
    },
    "skip": {**SKIP, **TWICE},
    "skip, steps": {"cell": "peephole", **SKIP, **TWICE, **STEPWISE},
    "skip where widths agree": {"cell": "gru", "units": (3, 3, 2, 2), **SKIP},
    "skip to both ways": {"units": (4, 2), "bidirectional": (False, True), **SKIP},
    "skip from both ways": {"units": (2, 4), "bidirectional": (True, False), **SKIP},
    "no skip of the sequence": {"cell": "simple", "units": (N_FEATURES,), **SKIP},
    "attention": {"cell": "peephole", **ATTEND},
    "attention, steps": {"cell": "gru", **ATTEND, **STEPWISE},
    "attention both ways": {**ATTEND, **BOTH, "merge_mode": "ave"},
    "attention both ways, steps": {**ATTEND, **BOTH, **STEPWISE},
    "attention, skip": {"cell": "simple", **ATTEND, **SKIP, **TWICE},
    "attention, skip, steps": {"cell": "simple", **ATTEND, **SKIP, **TWICE, **STEPWISE},
}


def network_of(**options: Any) -> Network:
    return built(make_spec(**{"cell": "lstm", "n_outputs": 2, **options}))


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("options", OPTIONS)
def test_outputs_equal_numpy(options: str, mask: str) -> None:
    network = network_of(**OPTIONS[options])
    outputs = network(SEQUENCES, MASKS[mask])
    expected = network.in_numpy(SEQUENCES, MASKS[mask])
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    assert np.ptp(outputs, axis=0).min() > 1e-3


def test_attention_to_a_single_step() -> None:
    """Without a warning, which Keras has for a softmax of one value."""
    network = network_of(**OPTIONS["attention, steps"], n_timesteps=1)
    first, there = SEQUENCES[:, :1], MASKS["all"][:, :1]
    expected = network.in_numpy(first, there)
    np.testing.assert_allclose(network(first, there), expected, rtol=1e-4, atol=1e-5)


def test_tokens_stand_for_rows_of_a_table() -> None:
    network = network_of(cell="gru", n_features=1, n_tokens=8, embedding_dim=3)
    outputs = network(TOKENS, MASK)
    np.testing.assert_allclose(outputs, network.in_numpy(TOKENS, MASK), rtol=1e-4, atol=1e-5)
    changed = network((TOKENS + 1) % 8, MASK)
    assert (np.abs(changed - outputs) > 1e-3).all()


@pytest.mark.parametrize("mask", MASKS)
def test_convolution_of_single_pixels_is_an_lstm_for_each(mask: str) -> None:
    network = built(convolutional_spec(frame_shape=(2, 3, 2), filters=(4,), kernel_size=(1, 1)))
    frames = draw(N_ROWS, N_TIMESTEPS, 2, 3, 2)
    kernel, recurrent, bias, *output = network.weights
    states = [
        run("lstm", (kernel[0, 0], recurrent[0, 0], bias), frames[:, :, i, j], MASKS[mask])[:, -1]
        for i, j in np.ndindex(2, 3)
    ]
    expected = np.concatenate(states, axis=1) @ output[0] + output[1]
    np.testing.assert_allclose(network(frames, MASKS[mask]), expected, rtol=1e-4, atol=1e-5)


class TestSkipConnections:
    """The input of a layer is added to its output, as the tests against NumPy show it."""

    def test_add_no_weights(self) -> None:
        counts = [
            start(make_spec("gru", (3, 3), skip_connections=skips)).n_parameters
            for skips in (True, False)
        ]
        assert counts[0] == counts[1]

    @pytest.mark.parametrize(("units", "added"), [((3, 2), False), ((3, 3), True)])
    def test_need_equal_widths(self, units: tuple[int, ...], added: bool) -> None:
        without, with_them = (
            network_of(cell="simple", units=units, skip_connections=skips)(SEQUENCES, MASK)
            for skips in (False, True)
        )
        assert np.array_equal(without, with_them) != added


# ---- Gradients of the peephole cell --------------------------------------------------------------


def differences(function: Any, value: np.ndarray, step: float) -> np.ndarray:
    """Return the gradient of a function of one array by central differences."""
    gradient = np.empty(value.shape)
    for place in np.ndindex(value.shape):
        ends = [value.copy(), value.copy()]
        ends[0][place] += step
        ends[1][place] -= step
        gradient[place] = (function(ends[0]) - function(ends[1])) / (2 * step)
    return gradient


PEEPHOLES = {"cell": "peephole", **TWICE, **STEPWISE}
FACTORS = draw(N_ROWS, N_TIMESTEPS, 2, seed=9)


@pytest.fixture(scope="module")
def gradients() -> tuple[list[Any], Any]:
    """Gradients of a sum of outputs towards weights and inputs."""
    network = network_of(**PEEPHOLES)

    def total(weights: Any, sequences: Any) -> Any:
        outputs, _ = network.model.stateless_call(weights, network.fixed, [sequences, MASK])
        return jnp.sum(outputs * FACTORS)

    result: tuple[list[Any], Any] = jax.jit(jax.grad(total, (0, 1)))(network.weights, SEQUENCES)
    return result


class TestPeepholeGradients:
    """Those of JAX in single precision, and differences of the formula in double."""

    @pytest.mark.parametrize("number", range(10))
    def test_of_weights(self, gradients: Any, number: int) -> None:
        """All weights of two layers, and those of the output."""
        network = network_of(**PEEPHOLES)
        weights = [np.asarray(value, np.float64) for value in network.weights]

        def total(value: np.ndarray) -> float:
            changed = [*weights[:number], value, *weights[number + 1 :]]
            return float(np.sum(network.in_numpy(SEQUENCES, MASK, changed) * FACTORS))

        assert len(weights) == 10
        expected = differences(total, weights[number], 1e-5)
        np.testing.assert_allclose(gradients[0][number], expected, rtol=1e-3, atol=1e-4)
        assert np.abs(expected).max() > 0.1

    def test_of_inputs(self, gradients: Any) -> None:
        network = network_of(**PEEPHOLES)

        def total(sequences: np.ndarray) -> float:
            return float(np.sum(network.in_numpy(sequences, MASK) * FACTORS))

        expected = differences(total, SEQUENCES.astype(np.float64), 1e-5)
        np.testing.assert_allclose(gradients[1], expected, rtol=1e-3, atol=1e-4)
        assert (np.asarray(gradients[1])[~MASK] == 0.0).all()
        assert (np.abs(expected[MASK]) > 1e-3).all()


# ---- Numbers of parameters -----------------------------------------------------------------------


def cell_parameters(cell: str, units: int, width: int) -> int:
    biases = {"gru": 2}.get(cell, 1)
    peepholes = 3 * units if cell == "peephole" else 0
    return GATES[cell] * units * (width + units + biases) + peepholes


COUNTS: dict[str, tuple[dict[str, Any], int]] = {
    **{
        cell: ({"cell": cell, "units": (5,)}, cell_parameters(cell, 5, N_FEATURES) + 6)
        for cell in CELLS
    },
    "peephole by hand": ({"cell": "peephole", "units": (5,)}, 4 * 5 * (2 + 5 + 1) + 15 + 6),
    "layers": (
        {"units": (16, 8, 4), "bidirectional": (True, False, False)},
        2 * cell_parameters("lstm", 16, N_FEATURES)
        + cell_parameters("lstm", 8, 32)
        + cell_parameters("lstm", 4, 8)
        + 5,
    ),
    "attention": ({"units": (5,), **ATTEND}, cell_parameters("lstm", 5, 2) + 10 * 5 + 5 + 6),
    "every step": ({"units": (5,), **STEPWISE}, cell_parameters("lstm", 5, 2) + 6),
    "quantiles": ({"units": (5,), "n_quantiles": 3}, cell_parameters("lstm", 5, 2) + 18),
    "tokens": (
        {"units": (5,), "n_features": 1, "n_tokens": 8, "embedding_dim": 3},
        8 * 3 + cell_parameters("lstm", 5, 3) + 6,
    ),
}


class TestParameterCounts:
    """As published, or as the formulas say."""

    @pytest.mark.parametrize(("options", "count"), COUNTS.values(), ids=COUNTS)
    def test_of_networks(self, options: dict[str, Any], count: int) -> None:
        assert start(make_spec(**{"cell": "lstm", **options})).n_parameters == count

    def test_of_a_convolutional_network(self) -> None:
        spec = convolutional_spec(frame_shape=(2, 3, 2), filters=(4, 3), kernel_size=(3, 2))
        layers = 4 * 4 * (6 * (2 + 4) + 1) + 4 * 3 * (6 * (4 + 3) + 1)
        assert start(spec).n_parameters == layers + 2 * 3 * 3 + 1

    @pytest.mark.parametrize(
        ("regressor", "count"),
        [
            (BiLSTMRegressor, 33_792 + 129),
            (Seq2SeqRegressor, 16_896 + 33_024 + 65),
        ],
    )
    def test_of_published_networks(self, regressor: Any, count: int) -> None:
        """64 units over twelve steps of one feature; the decoder writes three."""
        X = draw(4, 12)
        y = X[:, :3] if regressor is Seq2SeqRegressor else X[:, 0]
        assert regressor(64, epochs=1, random_state=0).fit(X, y).n_parameters_ == count


# ---- Training against Keras ----------------------------------------------------------------------

# Stands at masked steps for Keras, which tells them by their value.
NO_STEP = 9.0
KERAS = {
    "simple": keras.layers.SimpleRNN,
    "gru": keras.layers.GRU,
    "lstm": keras.layers.LSTM,
    "peephole": lambda units, return_sequences, **kwargs: keras.layers.RNN(
        PeepholeLSTMCell(units, **kwargs), return_sequences=return_sequences
    ),
}


@cache
def keras_network(spec: Any, loss: Any, activation: str | None) -> keras.Model:
    """Return the network as a tutorial of Keras would build it, ready to train.

    Plain gradient descent has no state: one model serves several data sets.
    """
    zeros = dict.fromkeys(("kernel_initializer", "recurrent_initializer"), "zeros")
    (units,) = spec.units
    recurrent = KERAS[spec.cell](units, return_sequences=spec.return_sequences, **zeros)
    model = keras.Sequential(
        [
            keras.Input((spec.n_timesteps, spec.n_features)),
            keras.layers.Masking(NO_STEP),
            recurrent,
            keras.layers.Dense(spec.n_outputs, activation),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), loss=loss)
    return model


def for_keras(data: Dataset) -> tuple[Any, Any, Any]:
    sequences = np.where(data.inputs["mask"][:, :, None], data.inputs["sequence"], NO_STEP)
    return sequences, np.nan_to_num(data.targets), data.weight


def by_step(data: Dataset, n_outputs: int = 1) -> Dataset:
    """Give every step a target and the weight of its row; masked ones have no target."""
    mask, sums = data.inputs["mask"], np.cumsum(data.inputs["sequence"].sum(axis=2), axis=1)
    targets = sums[:, :, None] * np.linspace(1.0, -0.5, n_outputs)
    targets[~mask] = np.nan
    weight = np.repeat(data.weight[:, None], mask.shape[1], axis=1)
    return replace(data, targets=targets.astype(np.float32), weight=weight)


def assert_trains_as_keras(
    spec: Any,
    data: Dataset,
    loss: Any,
    keras_loss: Any,
    activation: str | None = None,
    validation: Dataset | None = None,
) -> None:
    """Rows in order, from the same weights: the losses of five epochs and the weights agree."""
    model, weights = keras_network(spec, keras_loss, activation), start(spec)
    set_weights(model, weights.trainable)
    sequences, targets, weight = for_keras(data)
    history = model.fit(
        sequences,
        targets,
        sample_weight=weight,
        validation_data=None if validation is None else for_keras(validation),
        batch_size=4,
        epochs=5,
        shuffle=False,
        verbose=0,
    ).history
    optimizer = keras.optimizers.SGD(0.1)
    result = fit(spec, data, weights=weights, loss=loss, optimizer=optimizer, validation=validation)
    for name, column in history.items():
        np.testing.assert_allclose(result.history[name], column, rtol=1e-4)
    assert history["loss"][4] != pytest.approx(history["loss"][0], rel=1e-3)
    for actual, desired in zip(result.weights.trainable, model.trainable_variables, strict=True):
        np.testing.assert_allclose(actual, np.asarray(desired.value), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
@pytest.mark.parametrize("cell", CELLS)
def test_cells_train_as_in_keras_at_every_step(cell: str, masked: bool) -> None:
    data = by_step(make_data(8, masked=masked, weighted=True))
    assert_trains_as_keras(make_spec(cell, return_sequences=True), data, "mse", "mse")


@pytest.mark.parametrize("masked", [False, True], ids=["whole", "masked"])
def test_peephole_cells_train_as_in_keras_at_the_last_step(masked: bool) -> None:
    """`test_training` has the other cells."""
    data = make_data(8, masked=masked, weighted=True)
    assert_trains_as_keras(make_spec("peephole"), data, "mse", "mse")


def one_hot(data: Dataset, n_classes: int) -> Dataset:
    """Turn numbers into classes; of two, only the second has a column."""
    if n_classes == 2:
        targets = np.where(np.isnan(data.targets), np.nan, data.targets > 0)
    else:
        places = np.nan_to_num(data.targets).argmax(axis=-1)
        targets = np.where(np.isnan(data.targets), np.nan, np.eye(n_classes)[places])
    return replace(data, targets=targets.astype(np.float32))


ONES = make_data(8, masked=True, weighted=True)
THREES = one_hot(replace(ONES, targets=draw(8, 3)), 3)
FOCAL = losses.CategoricalFocalCrossentropy(gamma=1.0)
CLASSES: dict[str, dict[str, Any]] = {
    "two": {
        "spec": make_spec("gru"),
        "data": one_hot(ONES, 2),
        "loss": ClassLoss("crossentropy"),
        "keras_loss": losses.BinaryCrossentropy(from_logits=True),
    },
    "three": {
        "spec": make_spec("simple", n_outputs=3),
        "data": THREES,
        "loss": ClassLoss("crossentropy"),
        "keras_loss": losses.CategoricalCrossentropy(from_logits=True),
    },
    # Ten rows in batches of four leave a batch of two, and batches differ in their number of steps.
    "three at every step": {
        "spec": make_spec("simple", n_outputs=3, return_sequences=True),
        "data": one_hot(by_step(make_data(10, masked=True, weighted=True), 3), 3),
        "loss": ClassLoss("crossentropy"),
        "keras_loss": losses.CategoricalCrossentropy(from_logits=True),
        "validation": one_hot(by_step(make_data(7, masked=True), 3), 3),
    },
    "a loss of probabilities": {
        "spec": make_spec("simple", n_outputs=3),
        "data": THREES,
        "loss": ClassLoss(FOCAL),
        "keras_loss": FOCAL,
        "activation": "softmax",
    },
}


@pytest.mark.parametrize("case", CLASSES.values(), ids=CLASSES)
def test_classes_train_as_in_keras(case: dict[str, Any]) -> None:
    """The engine takes logits, where Keras takes logits or the probabilities they stand for."""
    assert_trains_as_keras(**case)


# ---- Dropout -------------------------------------------------------------------------------------

WIDE = {"units": (32,), "n_outputs": 32, **STEPWISE}
MANY, ALL = draw(40, N_TIMESTEPS, N_FEATURES), np.ones((40, N_TIMESTEPS), bool)


def factors(dropped: Any, plain: Any) -> np.ndarray:
    """Return what outputs were multiplied with."""
    return np.round(np.float64(dropped) / np.float64(plain), 4)


def show_states(weights: list[np.ndarray]) -> list[np.ndarray]:
    """Let a network put out the outputs of its last layer."""
    return [*weights[:-2], np.eye(len(weights[-2]), dtype=np.float32), 0.0 * weights[-1]]


def dropping(rate: float = 0.5, name: str = "variational_dropout") -> Network:
    network = Network(make_spec("simple", **WIDE, **{name: rate}))
    network.weights = show_states(network.weights)
    return network


@pytest.fixture(scope="module")
def masks() -> dict[str, list[np.ndarray]]:
    """What two batches were multiplied with."""
    masks = {}
    for name in ("variational_dropout", "dropout"):
        network = dropping(name=name)
        plain = network(MANY, ALL)
        masks[name] = [factors(network(MANY, ALL, training=True), plain) for _ in range(2)]
    return masks


class TestVariationalDropout:
    """One mask for all steps of a sequence; `dropout` draws one for each step."""

    def test_drops_and_scales(self, masks: Any) -> None:
        for batches in masks.values():
            assert set(np.unique(batches)) == {0.0, 2.0}
            assert np.mean(batches) == pytest.approx(1.0, abs=0.1)

    def test_all_steps_share_a_mask(self, masks: Any) -> None:
        for batch in masks["variational_dropout"]:
            np.testing.assert_array_equal(batch, np.repeat(batch[:, :1], N_TIMESTEPS, axis=1))

    def test_rows_and_batches_do_not(self, masks: Any) -> None:
        of_rows = np.concatenate([batch[:, 0] for batch in masks["variational_dropout"]])
        assert len(np.unique(of_rows, axis=0)) == len(of_rows) == 80

    def test_steps_of_the_other_do_not_either(self, masks: Any) -> None:
        of_steps = np.concatenate(masks["dropout"]).reshape(-1, 32)
        assert len(np.unique(of_steps, axis=0)) == len(of_steps) == 80 * N_TIMESTEPS

    def test_rate_is_the_share_that_is_dropped(self) -> None:
        network = dropping(0.25)
        masks = factors(network(MANY, ALL, training=True), network(MANY, ALL))
        assert set(np.unique(masks)) == {0.0, 1.3333}
        assert (masks[:, 0] == 0.0).mean() == pytest.approx(0.25, abs=0.05)

    def test_rate_is_a_value(self) -> None:
        before, histories = compile_cache_info().training_traces, []
        for rate in (0.1, 0.4, 0.7):
            spec = make_spec(variational_dropout=rate)
            histories.append(fit(spec, make_data(8), epochs=1).history["loss"][0])
        assert compile_cache_info().training_traces == before + 1
        assert len(set(histories)) == 3

    def test_rate_zero_adds_no_layer(self) -> None:
        specs = [make_spec(units=(3, 3), variational_dropout=rate) for rate in (0.0, 0.5)]
        names = [{layer.name for layer in build_model(s.structure()).layers} for s in specs]
        assert names[1] - names[0] == {"variational_dropout_1", "variational_dropout_2"}
        assert len(start(specs[1]).fixed) == len(start(specs[0]).fixed) + 4
        assert specs[0].structure() == make_spec(units=(3, 3), dropout=0.3).structure()

    def test_nothing_is_dropped_in_predictions(self) -> None:
        rates = {"dropout": 0.5, "variational_dropout": 0.5, "recurrent_dropout": 0.5}
        weights, rows = start(make_spec()), Dataset(make_data(8).inputs)
        plain = predict_rows(make_spec(), weights, rows, slice(None))
        spec = make_spec(**rates)
        weights = replace(weights, fixed=start(spec).fixed)
        for _ in range(2):
            outputs = predict_rows(spec, weights, rows, slice(None))
            np.testing.assert_allclose(outputs, plain, atol=1e-6)

    def test_model_of_users_drops_in_the_same_way(self) -> None:
        spec = make_spec("simple", **WIDE, variational_dropout=0.5)
        model = build_stacked(unset(spec), masked=False)
        weights = draw_weights(build_model(spec.structure()), spec).trainable
        set_weights(model, show_states(weights))
        plain = np.asarray(model(MANY))
        first, second = (factors(model(MANY, training=True), plain) for _ in range(2))
        assert set(np.unique(first)) == {0.0, 2.0}
        np.testing.assert_array_equal(first, np.repeat(first[:, :1], N_TIMESTEPS, axis=1))
        of_rows = np.concatenate([first[:, 0], second[:, 0]])
        assert len(np.unique(of_rows, axis=0)) == 80


def test_recurrent_dropout_of_peephole_cells_has_one_mask_per_sequence() -> None:
    """Dropping state is zeroing rows of the recurrent kernel: each row is one of four."""
    network = built(make_spec("peephole", (2,), recurrent_dropout=0.5, **STEPWISE))
    dropped = network(MANY, ALL, training=True)
    kernel, recurrent, *others = network.weights
    possible = []
    for keep in np.ndindex(2, 2):
        weights = [kernel, 2.0 * np.array(keep)[:, None] * recurrent, *others]
        possible.append(network.in_numpy(MANY, ALL, weights))
    distance = np.abs(np.stack(possible) - dropped).max(axis=(2, 3))
    np.testing.assert_allclose(distance.min(axis=0), 0.0, atol=1e-5)
    assert np.bincount(distance.argmin(axis=0), minlength=4).min() > 2


def test_peephole_cells_of_users_take_each_gate_by_itself_where_they_drop() -> None:
    """Keras has masks for each gate; at such a rate they are ones, and all is as without."""
    spec = make_spec("peephole", n_outputs=2)
    model = build_stacked(unset(replace(spec, recurrent_dropout=1e-7)), masked=False)
    network = built(spec)
    set_weights(model, network.weights)
    expected = network.in_numpy(MANY, ALL)
    np.testing.assert_allclose(model(MANY, training=True), expected, rtol=1e-4, atol=1e-5)


# ---- Attention -----------------------------------------------------------------------------------

# Drawing an orthogonal matrix takes Keras, when it builds a model, a second to compile.
UNSCALED = {
    "input_scaler": None,
    "epochs": 1,
    "batch_size": 8,
    "random_state": 0,
    "layer_params": {"recurrent_initializer": "zeros"},
}
ATTENTIVE: dict[str, tuple[Any, dict[str, Any]]] = {
    "last step": (LSTMRegressor, {}),
    "every step": (RecurrentRegressor, {"cell": "gru", **STEPWISE}),
    "every step both ways": (BiLSTMRegressor, {"merge_mode": "sum", **STEPWISE}),
}
FOUR_MASKS = np.tile(MASK, (4, 1))


def masked_rows() -> np.ndarray:
    """Return sequences whose masked steps are NaN."""
    rows = draw(*FOUR_MASKS.shape, N_FEATURES, seed=1)
    rows[~FOUR_MASKS] = np.nan
    return rows


@cache
def attentive(name: str) -> tuple[Any, np.ndarray]:
    """Return a regressor fitted on sequences as they are, and its weights for them."""
    kind, params = ATTENTIVE[name]
    sums = masked_rows().sum(axis=2)
    y = sums if params else np.nansum(sums, axis=1)
    regressor = kind(3, attention=True, target_scaler=None, **UNSCALED, **params)
    regressor.fit(masked_rows(), y)
    return regressor, regressor.attention_weights(masked_rows())


@pytest.mark.parametrize("name", ATTENTIVE)
class TestAttentionWeights:
    """Read back from fitted regressors."""

    def test_are_scaled_products_of_what_the_keras_model_says(self, name: str) -> None:
        (regressor, weights), stepwise = attentive(name), name != "last step"
        model = regressor.model_
        (layer,) = (x for x in model.layers if x.name in ("recurrent_1", "bidirectional_1"))
        inputs = [np.nan_to_num(masked_rows()), FOUR_MASKS]
        outputs = keras.Model(model.inputs, layer.output)(inputs)
        steps = np.asarray(outputs if stepwise else outputs[0], np.float64)
        query = steps if stepwise else np.asarray(outputs[1], np.float64)[:, None]
        causal = name == "every step"
        expected = attention_in_numpy(query, steps, FOUR_MASKS, causal=causal)
        expected = expected if stepwise else expected[:, 0]
        np.testing.assert_allclose(weights, expected, atol=1e-6)
        several = FOUR_MASKS.sum(axis=1) == 2
        assert np.ptp(weights[several].max(axis=-1)) > 1e-3

    def test_sum_to_one(self, name: str) -> None:
        """Those of steps that are there."""
        _, weights = attentive(name)
        stepwise = name != "last step"
        assert weights.shape == (*FOUR_MASKS.shape, *(N_TIMESTEPS,) * stepwise)
        asked = weights[FOUR_MASKS] if stepwise else weights
        np.testing.assert_allclose(asked.sum(axis=-1), 1.0, atol=1e-6)
        assert (asked >= 0.0).all()

    def test_are_zero_at_masked_steps(self, name: str) -> None:
        """Also those of steps that are masked themselves."""
        _, weights = attentive(name)
        assert (np.swapaxes(weights, 1, -1)[~FOUR_MASKS] == 0.0).all()


class TestCausality:
    """A network that reads in one direction never looks ahead; one that reads in both does."""

    @staticmethod
    def predictions(name: str, step: int, value: float) -> np.ndarray:
        """Return predictions for rows that hold a value at a step."""
        rows = draw(20, N_TIMESTEPS, N_FEATURES)
        rows[:, step] = value
        regressor, _ = attentive(name)
        return np.asarray(regressor.predict(rows))

    @pytest.mark.parametrize("later", [2.0, np.nan], ids=["changed", "masked"])
    @pytest.mark.parametrize("step", range(1, N_TIMESTEPS))
    def test_of_one_direction(self, step: int, later: float) -> None:
        """To the last bit."""
        one, other = (self.predictions("every step", step, value) for value in (0.0, later))
        np.testing.assert_array_equal(one[:, :step], other[:, :step])
        assert (one[:, step:] != other[:, step:]).all()

    @pytest.mark.parametrize("step", range(1, N_TIMESTEPS))
    def test_of_both_directions(self, step: int) -> None:
        one, other = (self.predictions("every step both ways", step, v) for v in (0.0, 2.0))
        assert (one != other).all()


# ---- Models of users -----------------------------------------------------------------------------

FORMS: dict[str, Any] = {
    "peephole": make_spec("peephole"),
    "skip": make_spec("gru", (3, 3), **SKIP),
    "attention": make_spec("simple", (3, 3), **ATTEND, **SKIP),
    "attention, steps": make_spec("lstm", **ATTEND, **STEPWISE),
    "dropouts": make_spec(
        "peephole", (3, 3), variational_dropout=0.5, dropout=0.3, recurrent_dropout=0.4
    ),
    "tokens": make_spec("simple", n_features=1, n_tokens=8, embedding_dim=3, dense_units=(2,)),
    "steps": make_spec("lstm", (3, 2), bidirectional=(True, False), n_outputs=2, **STEPWISE),
    "classes": make_spec("gru", n_outputs=3, output_activation="softmax"),
    "frames": convolutional_spec(frame_shape=(2, 3, 1), filters=(2, 2), dropout=0.5),
    "frames, steps": convolutional_spec(
        frame_shape=(3, 2, 2), filters=(2,), pooling="average", n_outputs=2, **STEPWISE
    ),
}


def fitted(name: str, *, masked: bool) -> FittedNetwork:
    """Return a network as a fit leaves it, with weights drawn at random."""
    spec = unset(FORMS[name])
    return FittedNetwork(spec, draw_weights(build_model(spec.structure()), spec), None, masked)


def inputs_of(spec: Any, mask: np.ndarray) -> dict[str, np.ndarray]:
    shape, kind = spec.inputs["sequence"]
    sequence = TOKENS if kind == "int32" else draw(N_ROWS, *shape)
    return {"sequence": sequence, "mask": mask}


@pytest.mark.parametrize(
    ("name", "masked"),
    [(name, True) for name in FORMS]
    + [(name, False) for name in ("peephole", "skip", "attention", "frames")],
)
def test_model_of_users_predicts_what_the_engine_does(name: str, masked: bool) -> None:
    """Probabilities, where the engine has the logits of classes; with a second input for masks."""
    network = fitted(name, masked=masked)
    inputs = inputs_of(network.spec, MASKS["some" if masked else "all"])
    model = network.build_keras_model()
    assert len(model.inputs) == 1 + masked
    outputs = np.asarray(model(list(inputs.values()) if masked else inputs["sequence"]))
    expected = network.predict(Dataset(inputs))
    if name == "classes":
        expected = softmax(expected, axis=-1)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
    assert np.ptp(expected, axis=0).min() > 1e-3


@pytest.mark.parametrize(
    "name", ["peephole", "skip", "attention", "attention, steps", "dropouts", "tokens", "frames"]
)
def test_model_of_users_is_saved_and_loaded(name: str, tmp_path: Path) -> None:
    network = fitted(name, masked=True)
    model, inputs = network.build_keras_model(), list(inputs_of(network.spec, MASK).values())
    model.save(tmp_path / "x.keras")
    loaded = keras.saving.load_model(tmp_path / "x.keras")
    np.testing.assert_array_equal(loaded(inputs), model(inputs))
    assert loaded.count_params() == model.count_params()


class TestModelsOfEstimators:
    """With scalers left out, they take and say what the estimators do."""

    X, MASKED = masked_rows(), [np.nan_to_num(masked_rows()), FOUR_MASKS]
    SUMS = masked_rows().sum(axis=2)

    def test_quantiles_at_every_step(self) -> None:
        regressor = LSTMRegressor(
            3, return_sequences=True, quantiles=(0.1, 0.9), target_scaler=None, **UNSCALED
        ).fit(self.X, self.SUMS)
        outputs = np.array(regressor.model_(self.MASKED))[:, :, 0]
        outputs[~FOUR_MASKS] = np.nan
        np.testing.assert_allclose(regressor.predict(self.X), outputs[:, :, 1], atol=1e-5)
        quantiles = regressor.predict_quantiles(self.X)
        np.testing.assert_allclose(quantiles, outputs[:, :, [0, 2]], atol=1e-5)

    def test_classes_at_every_step(self) -> None:
        labels = np.digitize(self.SUMS, [-1.0, 1.0])
        classifier = BiLSTMClassifier(3, return_sequences=True, **UNSCALED).fit(self.X, labels)
        outputs = np.array(classifier.model_(self.MASKED))
        outputs[~FOUR_MASKS] = np.nan
        assert outputs.shape[-1] == 3
        np.testing.assert_allclose(classifier.predict_proba(self.X), outputs, atol=1e-5)

    def test_two_classes_of_tokens(self) -> None:
        tokens = np.where(FOUR_MASKS, np.tile(TOKENS, (4, 1)) * 3.0, np.nan)
        labels = np.where(np.arange(len(tokens)) % 2, "odd", "even")
        classifier = RecurrentClassifier(3, cell="peephole", embedding_dim=2, **UNSCALED)
        outputs = np.asarray(classifier.fit(tokens, labels).model_(self.numbers(tokens)))
        assert outputs.shape == (len(tokens), 1)
        expected = np.concatenate([1.0 - outputs, outputs], axis=1)
        np.testing.assert_allclose(classifier.predict_proba(tokens), expected, atol=1e-5)

    @staticmethod
    def numbers(tokens: np.ndarray) -> list[np.ndarray]:
        """Tokens are numbered from one on, in their order."""
        known = np.unique(tokens[FOUR_MASKS])
        return [np.where(FOUR_MASKS, np.searchsorted(known, tokens) + 1, 0), FOUR_MASKS]


# ---- In scikit-learn -----------------------------------------------------------------------------


def test_saliency_of_peephole_cells_is_the_slope_of_predictions() -> None:
    X = np.random.default_rng(0).normal(size=(3, N_TIMESTEPS, N_FEATURES))
    params = {"cell": "peephole", "learning_rate": 0.1, "target_scaler": None, **UNSCALED}
    regressor = RecurrentRegressor(3, **params).fit(X, X.sum(axis=(1, 2)))
    expected = differences(lambda rows: float(regressor.predict(rows).sum()), X, 0.01)
    np.testing.assert_allclose(saliency(regressor, X), expected, rtol=0.01, atol=2e-4)
    assert np.abs(expected).min(axis=(0, 1)).max() > 1e-3


def last_loss(estimator: Any, X: Any, y: Any) -> float:
    """Score without a prediction, which would take another program for each structure."""
    return -float(estimator.history_["loss"][-1])


def test_grid_search_over_architectures() -> None:
    """One call; a program for each structure serves all rates and folds."""
    X = draw(24, 3)
    cells, rates = {"cell": ["simple", "gru"]}, {"dropout": [0.0, 0.2]}
    both_ways = {"bidirectional": [True], "attention": [False, True]}
    grid = [{**cells, **rates, "units": [2, 3]}, {**cells, **rates, **both_ways}]
    before = compile_cache_info().training_traces
    network = RecurrentRegressor(2, epochs=1, batch_size=8, random_state=0)
    search = GridSearchCV(network, grid, cv=KFold(2), scoring=last_loss).fit(X, X.sum(axis=1))
    assert compile_cache_info().training_traces - before == 8
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) == len(scores) == 16
    assert search.best_estimator_.get_params().items() >= search.best_params_.items()
