"""Outputs of every kind of network: as in NumPy, known by hand, with the expected weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from _architectures import (
    ATTEND,
    BOTH,
    MASK,
    MASKS,
    MERGE,
    N_ROWS,
    SEQUENCES,
    SKIP,
    STEPWISE,
    TOKENS,
    TWICE,
    built,
    convolutional_spec,
    draw,
    network_of,
    run,
)
from _engine import (
    N_FEATURES,
    N_TIMESTEPS,
    keras_reads_variables,
    make_spec,
    predict_rows,
    start,
)

from skrnn.compat._keras import keras
from skrnn.engines._dataset import Dataset
from skrnn.networks._kinds import CELLS
from skrnn.networks._spec import freeze_layer_params

pytestmark = keras_reads_variables


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


@pytest.mark.parametrize("cell", list(CELLS))
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
    "linear": {"linear_skip": True},
    "linear, steps": {"cell": "gru", "linear_skip": True, **STEPWISE},
    "attention": {"cell": "peephole", **ATTEND},
    "attention, steps": {"cell": "gru", **ATTEND, **STEPWISE},
    "attention both ways": {**ATTEND, **BOTH, "merge_mode": "ave"},
    "attention both ways, steps": {**ATTEND, **BOTH, **STEPWISE},
    "attention, skip": {"cell": "simple", **ATTEND, **SKIP, **TWICE},
    "attention, skip, steps": {"cell": "simple", **ATTEND, **SKIP, **TWICE, **STEPWISE},
}


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
    "layers": (
        {"units": (16, 8, 4), "bidirectional": (True, False, False)},
        2 * cell_parameters("lstm", 16, N_FEATURES)
        + cell_parameters("lstm", 8, 32)
        + cell_parameters("lstm", 4, 8)
        + 5,
    ),
    "attention": ({"units": (5,), **ATTEND}, cell_parameters("lstm", 5, 2) + 10 * 5 + 5 + 6),
    "every step": ({"units": (5,), **STEPWISE}, cell_parameters("lstm", 5, 2) + 6),
    "quantiles": (
        {"units": (5,), "n_quantiles": 3, "head": "quantiles"},
        cell_parameters("lstm", 5, 2) + 18,
    ),
    "tokens": (
        {"units": (5,), "n_features": 1, "n_tokens": 8, "embedding_dim": 3},
        8 * 3 + cell_parameters("lstm", 5, 3) + 6,
    ),
}


class TestParameterCounts:
    """As the formulas say."""

    @pytest.mark.parametrize(("options", "count"), COUNTS.values(), ids=COUNTS)
    def test_of_networks(self, options: dict[str, Any], count: int) -> None:
        assert start(make_spec(**{"cell": "lstm", **options})).n_parameters == count

    def test_of_a_convolutional_network(self) -> None:
        spec = convolutional_spec(frame_shape=(2, 3, 2), filters=(4, 3), kernel_size=(3, 2))
        layers = 4 * 4 * (6 * (2 + 4) + 1) + 4 * 3 * (6 * (4 + 3) + 1)
        assert start(spec).n_parameters == layers + 2 * 3 * 3 + 1
