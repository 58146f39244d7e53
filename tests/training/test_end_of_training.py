"""How training ends: observers, early stopping, divergence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from _engine import (
    build_pooled,
    keras_reads_variables,
    make_spec,
    predict_rows,
)
from _training import ROWS, assert_same_weights, fit_pooled, optimizers

from skrnn.compat._keras import keras
from skrnn.engines._loop import Outcome
from skrnn.engines._observer import EpochEnd
from skrnn.engines._stopping import Patience
from skrnn.exceptions import TrainingDivergedError
from skrnn.networks._weights import Weights

pytestmark = keras_reads_variables


# ---- The end of training -------------------------------------------------------------------------


class Recorder:
    """Keep what an observer is shown; do `act` at the end of every epoch."""

    watches_batches = False

    def __init__(self, act: Callable[[EpochEnd], None] = lambda event: None) -> None:
        self.act = act
        self.calls: list[str] = []
        self.weights: list[Weights] = []

    def begin(self, weights: Weights) -> None:
        self.calls.append("begin")

    def epoch_begin(self, epoch: int) -> float | None:
        self.calls.append(f"begin {epoch}")
        return None

    def epoch_end(self, event: EpochEnd) -> None:
        self.calls.append(f"end {event.epoch}")
        assert event.history.n_epochs == event.epoch + 1
        assert event.logs["loss"] == event.history["loss"][-1]
        self.weights.append(event.weights())
        self.act(event)

    def end(self, weights: Weights) -> Weights | None:
        self.calls.append("end")
        return None


def raise_interrupt(event: EpochEnd) -> None:
    if event.epoch == 1:
        raise KeyboardInterrupt


def ask_to_stop(event: EpochEnd) -> None:
    event.stop = event.epoch == 1


def change_rate(event: EpochEnd) -> None:
    event.learning_rate = 0.1 / (2 + event.epoch)


class TestObservers:
    """Those who follow training, and what they may ask for."""

    def test_are_called_in_order(self) -> None:
        observer = Recorder()
        result = fit_pooled(epochs=2, observers=[observer])
        assert observer.calls == ["begin", "begin 0", "end 0", "begin 1", "end 1", "end"]
        assert_same_weights(observer.weights[-1], result.weights)
        assert not np.array_equal(*(weights.trainable[0] for weights in observer.weights))
        assert result.outcome is Outcome.COMPLETED

    def test_may_stop(self) -> None:
        result = fit_pooled(observers=[Recorder(ask_to_stop), Recorder()])
        assert result.history.n_epochs == 2
        assert result.outcome is Outcome.STOPPED

    def test_may_change_the_rate(self) -> None:
        result = fit_pooled(learning_rate=0.1, epochs=3, observers=[Recorder(change_rate)])
        expected = [0.1, 0.1 / 2, 0.1 / 3]
        np.testing.assert_allclose(result.history["learning_rate"], expected, rtol=1e-6)

    def test_may_bring_other_weights(self) -> None:
        class Bringer(Recorder):
            def end(self, weights: Weights) -> Weights | None:
                return self.weights[0]

        bringer = Bringer()
        result = fit_pooled(observers=[bringer])
        assert_same_weights(result.weights, bringer.weights[0])

    def test_interrupt_keeps_what_was_learned(self) -> None:
        observer = Recorder(raise_interrupt)
        result = fit_pooled(observers=[observer])
        assert result.outcome is Outcome.INTERRUPTED
        assert result.history.n_epochs == 2
        assert observer.calls[-1] == "end"
        assert_same_weights(result.weights, fit_pooled(epochs=2).weights)

    def test_interrupt_before_the_first_epoch_is_raised(self) -> None:
        class Impatient(Recorder):
            def epoch_begin(self, epoch: int) -> float | None:
                raise KeyboardInterrupt

        observer = Impatient()
        with pytest.raises(KeyboardInterrupt):
            fit_pooled(observers=[observer])
        assert observer.calls == ["begin"]


class TestEarlyStopping:
    """Patience with the validation loss; the best weights are kept."""

    # Targets that belong to other rows: learning helps for a few epochs, then it harms.
    VALIDATION = replace(ROWS, targets=ROWS.targets[::-1])

    def stop_early(self, **kwargs: Any) -> Any:
        return fit_pooled(
            learning_rate=0.01,
            validation=self.VALIDATION,
            epochs=50,
            **kwargs,
        )

    def test_stops_and_keeps_the_best_weights(self) -> None:
        observer = Recorder()
        result = self.stop_early(patience=Patience(3, tol=0.0), observers=[observer])
        losses = result.history["val_loss"]
        best = int(np.argmin(losses))
        assert result.outcome is Outcome.NO_IMPROVEMENT
        assert best > 0
        assert len(losses) == best + 1 + 3
        assert_same_weights(result.weights, observer.weights[best])
        predictions = predict_rows(
            make_spec(), result.weights, self.VALIDATION, slice(None), build=build_pooled
        )
        error = np.square(predictions - self.VALIDATION.targets).mean()
        error += 0.01 * np.square(result.weights.trainable[0]).sum()
        assert error == pytest.approx(min(losses), rel=1e-5)
        assert error < losses[-1]

    def test_keeps_the_best_weights_also_where_all_epochs_are_run(self) -> None:
        observer = Recorder()
        result = self.stop_early(patience=Patience(99, tol=0.0), observers=[observer])
        best = int(np.argmin(result.history["val_loss"]))
        assert result.outcome is Outcome.COMPLETED
        assert best < 49
        assert_same_weights(result.weights, observer.weights[best])

    def test_keeps_the_last_weights_without_patience(self) -> None:
        observer = Recorder()
        result = self.stop_early(observers=[observer])
        assert result.history.n_epochs == 50
        assert_same_weights(result.weights, observer.weights[-1])

    def test_keeps_the_best_weights_when_interrupted(self) -> None:
        def interrupt(event: EpochEnd) -> None:
            if event.epoch == 20:
                raise KeyboardInterrupt

        observer = Recorder(interrupt)
        result = self.stop_early(patience=Patience(99, tol=0.0), observers=[observer])
        assert result.outcome is Outcome.INTERRUPTED
        best = int(np.argmin(result.history["val_loss"]))
        assert best < 20
        assert_same_weights(result.weights, observer.weights[best])


class TestDivergence:
    """Training that leaves the finite numbers ends with an error that says what to do."""

    def test_at_the_first_bad_epoch(self) -> None:
        def rates(step: Any) -> Any:
            return keras.ops.where(step < 4, 0.01, 1e30)

        observer = Recorder()
        with pytest.raises(TrainingDivergedError, match="the loss is not finite after epoch 3"):
            fit_pooled(optimizer="sgd", lr_schedule=rates, observers=[observer])
        assert observer.calls[-1] == "begin 2"

    def test_of_the_validation_loss(self) -> None:
        validation = replace(ROWS, targets=np.full((8, 1), 1e30, np.float32))
        with pytest.raises(TrainingDivergedError, match="the val_loss is not finite after epoch 1"):
            fit_pooled(validation=validation)

    def test_of_a_weight_that_no_loss_has_seen(self) -> None:
        data = replace(ROWS, targets=100.0 * ROWS.targets)
        with pytest.raises(TrainingDivergedError, match="a weight is not finite after epoch 1"):
            fit_pooled(data, optimizer="sgd", learning_rate=1e38, epochs=1, batch_size=8)

    def test_clipping_helps(self) -> None:
        """The remedy that the message names."""
        run = {"learning_rate": 100.0, "epochs": 20}
        with pytest.raises(TrainingDivergedError, match="clipnorm"):
            fit_pooled(**run, optimizer="sgd")
        result = fit_pooled(**run, optimizer=optimizers.SGD(clipvalue=0.1))
        assert result.weights.is_finite
