"""Patience, schedules of the learning rate, and the history."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from _engine import (
    keras_reads_variables,
)
from _training import ROWS, fit_pooled, schedules

from skrnn.engines._history import History
from skrnn.engines._schedule import make_schedule
from skrnn.engines._stopping import Patience

pytestmark = keras_reads_variables


# ---- Stopping, schedules, history ----------------------------------------------------------------


class TestPatience:
    """An improvement is one of more than `tol` over the best so far."""

    def test_counts_epochs_without_improvement(self) -> None:
        patience = Patience(2, tol=0.0)
        improved = [patience.update(value) for value in (3.0, 2.0, 2.0)]
        assert improved == [True, True, False]
        assert (patience.best, patience.n_worse, patience.exhausted) == (2.0, 1, False)
        patience.update(2.5)
        assert patience.exhausted

    def test_starts_over_with_every_improvement(self) -> None:
        patience = Patience(2, tol=0.0)
        for value in (3.0, 4.0, 2.0, 4.0):
            patience.update(value)
        assert not patience.exhausted

    def test_tol_must_be_exceeded(self) -> None:
        patience = Patience(9, tol=0.5)
        assert [patience.update(value) for value in (2.0, 1.5, 1.4)] == [True, False, True]
        assert patience.best == 1.4

    def test_small_steps_add_up(self) -> None:
        """Compared is with the best that counted, not with the last value."""
        patience = Patience(9, tol=0.5)
        assert [patience.update(value) for value in (2.0, 1.7, 1.4)] == [True, False, True]


def make(lr_schedule: Any = None, rate: Any = 0.1, first_step: int = 0) -> Any:
    return make_schedule(lr_schedule, rate, first_step=first_step, total_steps=10, tol=0.0)


SCHEDULES = {
    "cosine": schedules.CosineDecay(0.1, 6, alpha=0.1, warmup_target=0.2, warmup_steps=3),
    "restarts": schedules.CosineDecayRestarts(0.1, 3),
    "exponential": schedules.ExponentialDecay(0.1, 2, 0.5, staircase=True),
    "inverse": schedules.InverseTimeDecay(0.1, 2, 0.5),
    "piecewise": schedules.PiecewiseConstantDecay([2, 5], [0.3, 0.2, 0.1]),
    "polynomial": schedules.PolynomialDecay(0.1, 4, 0.01, power=2.0, cycle=True),
    "function": lambda step: 0.1 / (1.0 + step),
}


class TestSchedules:
    """The rate of every step."""

    def test_constant(self) -> None:
        rates = make().rates(3, 4)
        assert rates.dtype == np.float32
        np.testing.assert_array_equal(rates, np.full(4, 0.1, np.float32))

    def test_cosine_runs_from_the_rate_to_zero(self) -> None:
        rates = make("cosine").rates(0, 12)
        assert rates[0] == np.float32(0.1)
        assert rates[5] == pytest.approx(0.05)
        assert (np.diff(rates[:10]) < 0).all()
        assert rates[9] < 0.003
        np.testing.assert_allclose(rates[10:], 0.0, atol=1e-9)

    def test_cosine_starts_where_training_goes_on(self) -> None:
        whole = make("cosine").rates(0, 10)
        np.testing.assert_array_equal(make("cosine", first_step=7).rates(7, 10), whole)

    def test_plateau_halves_after_five_epochs_without_improvement(self) -> None:
        schedule = make("plateau")
        rates = []
        for monitored in [1.0] * 12:
            schedule.end_epoch(monitored)
            rates.append(schedule.rates(0, 1)[0])
        np.testing.assert_allclose(rates, [0.1] * 5 + [0.05] * 5 + [0.025] * 2, rtol=1e-6)

    def test_plateau_waits_while_there_is_improvement(self) -> None:
        schedule = make("plateau")
        for epoch in range(20):
            schedule.end_epoch(1.0 / (1.0 + epoch))
        assert schedule.rates(0, 1)[0] == np.float32(0.1)

    @pytest.mark.parametrize("first_step", [0, 7])
    def test_a_function_is_not_asked_beyond_the_last_step(self, first_step: int) -> None:
        rates = dict.fromkeys(range(first_step, first_step + 10), 0.1)
        schedule = make(rates.__getitem__, first_step=first_step)
        np.testing.assert_array_equal(schedule.rates(first_step + 8, 5), np.full(5, 0.1, "f4"))
        with pytest.raises(ValueError, match=r"lr_schedule failed at step 0 with KeyError"):
            make({}.__getitem__).rates(0, 1)

    def test_a_rate_for_every_step_of_a_fit_is_enough(self) -> None:
        n_steps = 5 * 2  # epochs, batches of eight rows
        rates = np.linspace(0.1, 0.01, n_steps)
        history = fit_pooled(lr_schedule=rates.__getitem__).history
        np.testing.assert_allclose(history["learning_rate"], rates[1::2], rtol=1e-6)

    @pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
    def test_those_of_keras_give_the_rates_of_keras(self, schedule: Any) -> None:
        expected = [float(schedule(step)) for step in range(2, 9)]
        assert len(set(expected)) > 1
        for made in (make(schedule), make(rate=schedule)):
            np.testing.assert_allclose(made.rates(2, 7), expected, rtol=1e-5)

    def test_schedule_replaces_that_of_the_optimizer(self) -> None:
        replaced = make(SCHEDULES["function"], rate=SCHEDULES["piecewise"]).rates(0, 1)
        assert replaced[0] == np.float32(0.1)

    def test_schedules_of_one_class_are_told_apart(self) -> None:
        first, second = (make(schedules.ExponentialDecay(rate, 2, 0.5)) for rate in (0.1, 0.2))
        np.testing.assert_allclose(2 * first.rates(0, 3), second.rates(0, 3), rtol=1e-6)

    def test_history_shows_the_last_rate_of_each_epoch(self) -> None:
        result = fit_pooled(learning_rate=0.1, lr_schedule="cosine")
        expected = make("cosine").rates(0, 10)[1::2]
        np.testing.assert_allclose(result.history["learning_rate"], expected, rtol=1e-6)

    def test_plateau_takes_what_is_monitored(self) -> None:
        """The loss of validation, with targets of other rows: it rises while the other falls."""
        history = fit_pooled(
            epochs=12,
            lr_schedule="plateau",
            learning_rate=0.1,
            validation=replace(ROWS, targets=ROWS.targets[::-1]),
        ).history
        assert (np.diff(history["val_loss"]) > 0).all()
        assert (np.diff(history["loss"]) < 0).all()
        expected = [0.1] * 6 + [0.05] * 5 + [0.025]
        np.testing.assert_allclose(history["learning_rate"], expected, rtol=1e-6)


class TestHistory:
    """Columns of numbers, one entry per epoch."""

    @pytest.fixture
    def history(self) -> History:
        history = History()
        history.append(loss=2.0, seconds=0.5)
        history.append(loss=1.0, val_loss=1.5, seconds=0.25)
        return history

    def test_is_a_mapping(self, history: History) -> None:
        assert dict(history)["loss"] == [2.0, 1.0]
        assert list(history) == ["loss", "seconds", "val_loss"]
        assert (len(history), history.n_epochs) == (3, 2)

    def test_missing_values_are_nan(self, history: History) -> None:
        history.append(loss=0.5)
        np.testing.assert_array_equal(history["val_loss"], [np.nan, 1.5, np.nan])
        np.testing.assert_array_equal(history["seconds"], [0.5, 0.25, np.nan])

    def test_prints_as_a_table(self, history: History) -> None:
        assert str(history).splitlines() == [
            "epoch       loss   seconds  val_loss",
            "    1          2       0.5       nan",
            "    2          1      0.25       1.5",
        ]
        assert repr(history) == "History(2 epochs: loss, seconds, val_loss)"

    def test_extended_is_a_new_one(self, history: History) -> None:
        later = History()
        later.append(loss=0.5)
        both = history.extended(later)
        assert both["loss"] == [2.0, 1.0, 0.5]
        np.testing.assert_array_equal(both["val_loss"], [np.nan, 1.5, np.nan])
        assert (history.n_epochs, later.n_epochs, both.n_epochs) == (2, 1, 3)

    def test_empty_one(self) -> None:
        assert str(History()) == "epoch "
        assert History().extended(History()).n_epochs == 0
