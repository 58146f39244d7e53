"""Which values dropout leaves out: one mask for a sequence, one for each gate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from _architectures import (
    STEPWISE,
    Network,
    built,
    draw,
    draw_weights,
)
from _engine import (
    N_FEATURES,
    N_TIMESTEPS,
    fit,
    keras_reads_variables,
    make_data,
    make_spec,
    predict_rows,
    start,
    unset,
)

from skrnn import (
    compile_cache_info,
)
from skrnn.engines._dataset import Dataset
from skrnn.networks._build import build_model, set_weights
from skrnn.networks._stacked import build_stacked

pytestmark = keras_reads_variables


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
        assert len(start(specs[1]).non_trainable) == len(start(specs[0]).non_trainable) + 4
        assert specs[0].structure() == make_spec(units=(3, 3), dropout=0.3).structure()

    def test_nothing_is_dropped_in_predictions(self) -> None:
        rates = {"dropout": 0.5, "variational_dropout": 0.5, "recurrent_dropout": 0.5}
        weights, rows = start(make_spec()), Dataset(make_data(8).inputs)
        plain = predict_rows(make_spec(), weights, rows, slice(None))
        spec = make_spec(**rates)
        weights = replace(weights, non_trainable=start(spec).non_trainable)
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
