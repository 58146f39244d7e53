"""What is compiled, and what is a value."""

from __future__ import annotations

from typing import Any

import jax
import pytest
from _engine import (
    build_pooled,
    fit,
    make_data,
    make_spec,
    predict_rows,
    start,
)
from _programs import (
    ROWS,
    fit_pooled,
    keras_reads_variables,
    traces,
)

from skrnn import clear_compile_cache, compile_cache_info
from skrnn.compat._keras import keras
from skrnn.engines.jax._training_programs import batches_per_call

pytestmark = keras_reads_variables
optimizers = keras.optimizers


class TestTraces:
    """Counted where they happen: inside the function that is traced."""

    def test_any_number_of_rows_shares_one(self) -> None:
        for n_rows in (5, 8, 31, 32, 33, 128, 129, 1000, 3000):
            fit_pooled(n_rows)
        assert traces() == 1

    def test_rates_share_one(self) -> None:
        for rate, decay, norm in [(0.1, 0.01, 1.0), (0.01, 0.1, 0.5), (0.001, 1.0, 3.0)]:
            fit_pooled(optimizer=optimizers.AdamW(rate, weight_decay=decay, clipnorm=norm))
        fit_pooled(optimizer=optimizers.AdamW(), learning_rate=0.5)
        assert traces() == 2  # the last one does not clip

    @pytest.mark.parametrize("clipping", ["clipnorm", "global_clipnorm", "clipvalue"])
    def test_limits_share_one(self, clipping: str) -> None:
        losses = {
            fit_pooled(optimizer=optimizers.SGD(0.1, **{clipping: limit})).history["loss"][0]
            for limit in (0.01, 0.1, 0.5)
        }
        assert traces() == 1
        assert len(losses) == 3

    def test_dropout_rates_share_one(self) -> None:
        losses = [
            fit(make_spec(dropout=rate), ROWS, epochs=1).history["loss"][0]
            for rate in (0.0, 0.1, 0.5)
        ]
        assert traces() == 1
        assert len(set(losses)) == 3

    def test_recurrent_dropout_rates_share_one(self) -> None:
        losses = [
            fit(make_spec(recurrent_dropout=rate), ROWS, epochs=1).history["loss"][0]
            for rate in (0.1, 0.5)
        ]
        assert traces() == 1
        assert len(set(losses)) == 2

    def test_schedules_share_one(self) -> None:
        for schedule in (None, "cosine", "plateau", lambda step: 0.1 / (1 + step)):
            fit_pooled(lr_schedule=schedule)
        assert traces() == 1

    def test_epochs_order_and_weights_share_one(self) -> None:
        spec = make_spec()
        for seed in (0, 1):
            weights = start(spec, seed, build=build_pooled)
            data = make_data(8, masked=bool(seed), weighted=bool(seed))
            for epochs in (1, 3):
                run = {"weights": weights, "epochs": epochs, "shuffle": bool(seed)}
                fit(spec, data, build=build_pooled, **run)
        assert traces() == 1

    def test_another_structure_takes_another(self) -> None:
        changes: list[dict[str, Any]] = [
            {},
            {"units": 4},
            {"batch_size": 5},
            {"loss": "mae"},
            {"loss": keras.losses.Huber()},
            {"optimizer": optimizers.Adam(beta_1=0.5)},
        ]
        for number, change in enumerate(changes, start=1):
            fit_pooled(**change)
            assert traces() == number, change

    def test_copies_of_a_loss_share_one(self) -> None:
        for _ in range(2):
            fit_pooled(loss=keras.losses.LogCosh())
        assert traces() == 1

    def test_every_kind_of_program_is_counted(self) -> None:
        fit_pooled(validation=ROWS)
        assert (traces(), compile_cache_info().traces) == (1, 2)
        weights = start(make_spec(), build=build_pooled)
        for n_rows in (1, 8):
            predict_rows(make_spec(), weights, ROWS, slice(n_rows), build=build_pooled)
        assert (traces(), compile_cache_info().traces) == (1, 3)

    def test_nothing_else_is_compiled(self) -> None:
        """No small program for each shape of a weight or of the state of an optimizer."""
        compiled: list[str] = []

        def listen(event: str, seconds: float, **_: Any) -> None:
            if event.endswith("backend_compile_duration"):
                compiled.append(event)

        fit(make_spec(units=(11,)), ROWS, epochs=1)  # with it comes what all structures share
        jax.monitoring.register_event_duration_secs_listener(listen)
        try:
            for units, optimizer in [(12, "adam"), (13, "rmsprop"), (14, "nadam")]:
                compiled.clear()
                fit(make_spec(units=(units,)), ROWS, optimizer=optimizer, epochs=1)
                assert len(compiled) == 1
            assert traces() == 4
        finally:
            jax.monitoring.unregister_event_duration_listener(listen)

    def test_hits_misses_and_seconds(self) -> None:
        fit_pooled()
        first = compile_cache_info()
        assert (first.misses, first.size) == (2, 2)  # network and program
        assert first.compile_seconds > 0.0
        fit_pooled()
        second = compile_cache_info()
        assert second.hits > first.hits
        assert second == first._replace(hits=second.hits)

    def test_clearing_forgets_everything(self) -> None:
        fit_pooled()
        before = compile_cache_info()
        assert before.size > 0
        clear_compile_cache()
        assert compile_cache_info() == (0, 0, 0, 0, 0.0, 0, before.max_size)
        fit_pooled()
        assert traces() == 1

    @pytest.mark.parametrize(
        ("shape", "expected"),
        [((1, 1, 1), 32), ((32, 12, 1), 32), ((128, 96, 8), 2), ((4096, 336, 7), 1)],
    )
    def test_batches_per_call_follow_the_shape_of_a_batch(
        self, shape: tuple[int, int, int], expected: int
    ) -> None:
        batch_size, *row = shape
        arrays = {"sequence": (tuple(row), "float32"), "mask": ((row[0],), "bool")}
        assert batches_per_call(batch_size, arrays) == expected
