"""Predictions: the same whatever other rows there are, and those of Keras."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
import pytest
from _engine import (
    clean_engine,
    keras_reads_variables,
    make_data,
    make_spec,
    predict_rows,
    start,
    unset,
)
from _training import RAGGED

from skrnn.engines._dataset import RowReader
from skrnn.engines.jax import _prediction_programs
from skrnn.engines.jax._engine import JaxEngine
from skrnn.engines.jax._prediction_programs import ALONE, in_eights, tiling_for
from skrnn.networks._build import build_model
from skrnn.networks._weights import Weights

pytestmark = keras_reads_variables


# ---- Predictions ---------------------------------------------------------------------------------

TILE, MAX_TILES = 8, 4
CALL = MAX_TILES * TILE
N_PREDICTED = 3 * CALL + TILE
# One row less than a tile, a call and all have, as many, and one more.
SIZES = [1, 2]
SIZES += [size + more for size in (TILE, CALL, 2 * CALL) for more in (-1, 0, 1)]
SIZES += [N_PREDICTED - 1, N_PREDICTED]


@pytest.fixture(scope="class")
def predict_some() -> Iterator[Callable[[Any], np.ndarray]]:
    """Predict rows with a program that XLA optimised as it does for users."""
    with clean_engine(quick=False), pytest.MonkeyPatch.context() as patch:
        patch.setattr(_prediction_programs, "_MAX_TILES", MAX_TILES)
        spec = make_spec("lstm", (16,), bidirectional=(True,), n_outputs=2)
        weights, data = start(spec), make_data(N_PREDICTED, masked=True)
        yield lambda rows: predict_rows(spec, weights, data, rows)


@pytest.fixture(scope="class")
def alone(predict_some: Any) -> np.ndarray:
    return np.concatenate([predict_some([row]) for row in range(N_PREDICTED)])


class TestPredict:
    """The same to the last bit whatever other rows there are, masked steps included."""

    def test_rows_differ(self, alone: np.ndarray) -> None:
        assert alone.shape == (N_PREDICTED, 2)
        assert alone.dtype == np.float32
        assert len(np.unique(alone, axis=0)) == N_PREDICTED

    @pytest.mark.parametrize("n_rows", SIZES)
    def test_number_of_rows_does_not_matter(
        self, predict_some: Any, alone: np.ndarray, n_rows: int
    ) -> None:
        np.testing.assert_array_equal(predict_some(slice(n_rows)), alone[:n_rows])

    @pytest.mark.parametrize("seed", range(5))
    def test_company_and_order_do_not_matter(
        self, predict_some: Any, alone: np.ndarray, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        rows = rng.choice(N_PREDICTED, size=rng.integers(1, N_PREDICTED), replace=bool(seed % 2))
        np.testing.assert_array_equal(predict_some(rows), alone[rows])

    def test_no_row_gives_no_prediction(self, predict_some: Any) -> None:
        assert predict_some(slice(0)).shape == (0, 2)


class TestWideNetwork:
    """A row by itself goes alone, and may differ by rounding; nothing else does."""

    WIDE = make_spec("lstm", (100,), n_outputs=2)

    def test_a_row_goes_alone_through_a_wide_network_only(self) -> None:
        eights = in_eights(self.WIDE.structure(), RowReader())
        assert tiling_for(self.WIDE.structure(), RowReader(), 1) == ALONE
        assert tiling_for(self.WIDE.structure(), RowReader(), 2) == eights
        narrow = make_spec("lstm", (64,), n_outputs=2).structure()
        assert tiling_for(narrow, RowReader(), 1) == in_eights(narrow, RowReader())

    def test_equal_rows_of_a_call_are_equal(self) -> None:
        with clean_engine(quick=False):
            weights, data = start(self.WIDE), make_data(30, masked=True)
            rows = np.repeat(np.arange(30), 3)
            among = predict_rows(self.WIDE, weights, data, rows)
            np.testing.assert_array_equal(among[::3], among[1::3])
            np.testing.assert_array_equal(
                predict_rows(self.WIDE, weights, data, [7, 4]), among[[21, 12]]
            )

    def test_a_row_by_itself_differs_by_rounding(self) -> None:
        with clean_engine(quick=False):
            weights, data = start(self.WIDE), make_data(20, masked=True)
            among = predict_rows(self.WIDE, weights, data, slice(20))
            alone = [predict_rows(self.WIDE, weights, data, [row])[0] for row in range(20)]
            again = [predict_rows(self.WIDE, weights, data, [row])[0] for row in range(20)]
        np.testing.assert_array_equal(alone, again)
        np.testing.assert_allclose(alone, among, rtol=0, atol=1e-5 * np.abs(among).max())


def test_predictions_are_those_of_keras() -> None:
    spec = make_spec("lstm", dropout=0.5)
    weights, model = start(spec), build_model(unset(spec))
    fixed = [variable.value for variable in model.non_trainable_variables]
    inputs = list(RAGGED.inputs.values())
    expected, _ = jax.jit(model.stateless_call)(weights.trainable, fixed, inputs)
    np.testing.assert_allclose(predict_rows(spec, weights, RAGGED, slice(10)), expected, atol=1e-5)


class TestHeldWeights:
    """They lie on the device as long as they are there."""

    SPEC = make_spec("lstm", (3,))

    def test_they_cannot_change_any_more(self) -> None:
        weights = start(self.SPEC)
        predict_rows(self.SPEC, weights, RAGGED, slice(3))
        with pytest.raises(ValueError, match="read-only"):
            weights.trainable[0][:] = 0.0

    def test_others_are_other_ones(self) -> None:
        weights = start(self.SPEC)
        before = predict_rows(self.SPEC, weights, RAGGED, slice(3))
        halves = Weights([array / 2 for array in weights.trainable], weights.non_trainable)
        assert (predict_rows(self.SPEC, halves, RAGGED, slice(3)) != before).all()
        np.testing.assert_array_equal(predict_rows(self.SPEC, weights, RAGGED, slice(3)), before)

    def test_arrays_that_are_exchanged_count(self) -> None:
        weights = start(self.SPEC)
        before = predict_rows(self.SPEC, weights, RAGGED, slice(3))
        weights.trainable[0] = weights.trainable[0] * 2
        assert (predict_rows(self.SPEC, weights, RAGGED, slice(3)) != before).all()

    def test_they_are_forgotten_with_the_weights(self) -> None:
        engine, weights = JaxEngine(), start(self.SPEC)
        engine.predict(self.SPEC, weights, RAGGED)
        assert len(engine._held) == 1
        del weights
        gc.collect()
        assert not engine._held
