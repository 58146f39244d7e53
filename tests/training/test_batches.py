"""How rows are cut into batches."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from _engine import (
    keras_reads_variables,
)
from _training import RAGGED, fit_pooled
from hypothesis import given, settings
from hypothesis import strategies as st

from skrnn.engines._dataset import Dataset
from skrnn.engines.jax._batching import iterate_batches

pytestmark = keras_reads_variables


# ---- Batching ------------------------------------------------------------------------------------


@st.composite
def batchings(draw: Callable[..., Any]) -> tuple[int, int, int, np.ndarray]:
    n_rows = draw(st.integers(1, 60))
    order = draw(st.permutations(range(n_rows)))
    return n_rows, draw(st.integers(1, 9)), draw(st.integers(1, 5)), np.array(order)


def numbered(n_rows: int) -> Dataset:
    """Rows that carry their number in every array."""
    rows = np.arange(1, n_rows + 1, dtype=np.float32)
    sequences = np.broadcast_to(rows[:, None, None], (n_rows, 3, 2))
    mask = np.broadcast_to(rows[:, None] % 2 == 0, (n_rows, 3))
    return Dataset({"sequence": sequences, "mask": mask}, rows[:, None], rows)


class TestBatching:
    """Any number of rows in arrays of one shape."""

    @given(batchings())
    @settings(max_examples=60, deadline=None)
    def test_every_row_is_met_once_and_in_order(self, batching: Any) -> None:
        n_rows, batch_size, per_call, order = batching
        met = [
            call.arrays["targets"][call.arrays["real"] == 1.0][:, 0]
            for call in iterate_batches(numbered(n_rows), order, batch_size, per_call)
        ]
        np.testing.assert_array_equal(np.concatenate(met), order + 1)

    @given(batchings())
    @settings(max_examples=60, deadline=None)
    def test_shapes_never_change(self, batching: Any) -> None:
        n_rows, batch_size, per_call, order = batching
        for call in iterate_batches(numbered(n_rows), order, batch_size, per_call):
            shapes = {name: array.shape for name, array in call.arrays.items()}
            assert shapes.pop("n_rows") == (per_call,)
            assert shapes.pop("sequence") == (per_call, batch_size, 3, 2)
            assert shapes.pop("mask") == (per_call, batch_size, 3)
            assert shapes.pop("targets") == (per_call, batch_size, 1)
            assert set(shapes.values()) == {(per_call, batch_size)}
            assert len(shapes) == 2

    @given(batchings())
    @settings(max_examples=60, deadline=None)
    def test_padding_does_not_count(self, batching: Any) -> None:
        n_rows, batch_size, per_call, order = batching
        calls = list(iterate_batches(numbered(n_rows), order, batch_size, per_call))
        assert sum(call.n_batches for call in calls) == math.ceil(n_rows / batch_size)
        for call in calls:
            assert set(np.unique(call.arrays["real"])) <= {0.0, 1.0}
            np.testing.assert_array_equal(call.arrays["n_rows"], call.arrays["real"].sum(axis=1))
            assert (call.arrays["n_rows"][: call.n_batches] >= 1).all()
            assert not call.arrays["real"][call.n_batches :].any()

    @given(batchings())
    @settings(max_examples=60, deadline=None)
    def test_padding_of_a_batch_are_real_rows(self, batching: Any) -> None:
        """So that nothing undefined comes from it, in whatever loss or normalization."""
        n_rows, batch_size, per_call, order = batching
        for call in iterate_batches(numbered(n_rows), order, batch_size, per_call):
            first = call.arrays["targets"][: call.n_batches, :, 0].ravel()
            for batch in range(call.n_batches):
                rows, real = call.arrays["targets"][batch, :, 0], call.arrays["real"][batch] == 1.0
                filled = np.resize(first[call.arrays["real"].ravel()[: len(first)] == 1.0], 99)
                np.testing.assert_array_equal(rows[~real], filled[: (~real).sum()])
                np.testing.assert_array_equal(call.arrays["weight"][batch], rows)
                np.testing.assert_array_equal(call.arrays["mask"][batch, :, 0], rows % 2 == 0)

    def test_padding_changes_no_loss(self) -> None:
        """One row in a batch of four, and in a batch of one."""
        arrays = RAGGED.take(np.arange(1))
        targets, weight = arrays.pop("targets"), arrays.pop("weight")
        one_row = Dataset(arrays, targets, weight)
        histories = [
            fit_pooled(one_row, batch_size=batch_size).history["loss"] for batch_size in (4, 1)
        ]
        np.testing.assert_allclose(histories[0], histories[1], rtol=1e-5)
