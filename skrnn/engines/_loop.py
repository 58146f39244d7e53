"""The training loop: epochs around what an engine does in one, the same for all engines."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from ..exceptions import TrainingDivergedError
from ..networks._weights import Weights
from ._history import VALIDATION, History
from ._observer import BatchEnd, EpochEnd, Observer
from ._protocol import Data, Trainer
from ._schedule import Constant, Schedule, make_schedule
from ._stopping import VALIDATION_LOSS, Monitor, Patience

# From the weights after an epoch to what is measured with them, by name.
Measure = Callable[[Weights], dict[str, float]]


class Outcome(Enum):
    """Why training ended."""

    COMPLETED = "all epochs were run"
    NO_IMPROVEMENT = "what is monitored stopped improving"
    STOPPED = "a callback asked to stop"
    INTERRUPTED = "training was interrupted"


@dataclass(frozen=True)
class Run:
    """How to train: everything that is a value and not compiled.

    Attributes
    ----------
    epochs : int
    shuffle : bool
    order : numpy.random.Generator
        Shuffles the rows of each epoch.
    learning_rate : float or keras schedule
    lr_schedule : None, "cosine", "plateau" or callable
    patience : Patience or None
        Stops early and keeps the best weights.
    tol : float
        Improvement that counts, for the plateau schedule.
    monitor : Monitor
        What patience and the plateau schedule look at.
    """

    epochs: int
    shuffle: bool
    order: np.random.Generator
    learning_rate: Any
    lr_schedule: Any = None
    patience: Patience | None = None
    tol: float = 0.0
    monitor: Monitor = VALIDATION_LOSS


@dataclass(frozen=True)
class TrainingResult:
    """What training leaves behind.

    Attributes
    ----------
    weights : Weights
    slots : list of ndarray
        State of the optimizer.
    history : History
    outcome : Outcome
    """

    weights: Weights
    slots: list[np.ndarray]
    history: History
    outcome: Outcome


@dataclass
class _State:
    schedule: Schedule
    history: History
    best: Weights | None = None
    outcome: Outcome = Outcome.COMPLETED


def train(
    trainer: Trainer,
    run: Run,
    data: Data,
    *,
    batch_size: int,
    validates: bool = False,
    measure: Measure | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult:
    """Train a network.

    Parameters
    ----------
    trainer : Trainer
        At the weights to start from.
    run : Run
    data : Data
        Those of the trainer.
    batch_size : int
    validates : bool
        Whether the trainer has rows to validate on.
    measure : callable or None
        Called after each epoch; what it returns becomes part of the history.
    observers : sequence of Observer

    Raises
    ------
    TrainingDivergedError
        When a loss or a weight is no longer finite.
    KeyboardInterrupt
        When interrupted before the first epoch was over; later interruptions end training.
    """
    loop = _Loop(trainer, run, data, batch_size, validates, measure, observers)
    state = loop.init(-(-data.n_per_epoch // batch_size))
    weights = trainer.weights()
    for observer in observers:
        observer.begin(weights)
    try:
        for epoch in range(run.epochs):
            if not loop.step(state, epoch):
                break
    except KeyboardInterrupt:
        if not state.history.n_epochs:
            raise
        state.outcome = Outcome.INTERRUPTED
    return loop.postprocess(state)


@dataclass(frozen=True)
class _Loop:
    trainer: Trainer
    run: Run
    data: Data
    batch_size: int
    validates: bool
    measure: Measure | None
    observers: Sequence[Observer]

    def init(self, steps_per_epoch: int) -> _State:
        schedule = make_schedule(
            self.run.lr_schedule,
            self.run.learning_rate,
            first_step=self.trainer.n_steps,
            total_steps=self.run.epochs * steps_per_epoch,
            tol=self.run.tol,
        )
        return _State(schedule, History())

    def step(self, state: _State, epoch: int) -> bool:
        """Run one epoch; return whether to go on."""
        start = time.perf_counter()
        for observer in self.observers:
            _override(state, observer.epoch_begin(epoch))
        logs = {"loss": self._run_epoch(state)}
        if self.validates:
            logs[f"{VALIDATION}loss"] = self.trainer.evaluate()
        _check_finite(logs, epoch)
        if self.measure is not None:
            logs.update(self.measure(self.trainer.weights()))
        logs["learning_rate"] = self.trainer.learning_rate
        logs["seconds"] = time.perf_counter() - start
        state.history.append(**logs)
        stop = self._monitor(state, logs)
        return not (self._observe(state, epoch, logs) or stop)

    def postprocess(self, state: _State) -> TrainingResult:
        weights = self.trainer.final_weights() if state.best is None else state.best
        for observer in self.observers:
            weights = observer.end(weights) or weights
        if not weights.is_finite:
            raise _diverged("a weight", state.history.n_epochs)
        return TrainingResult(weights, self.trainer.slots(), state.history, state.outcome)

    def _run_epoch(self, state: _State) -> float:
        """Train on all rows, at once where nobody watches batches; return their mean loss."""
        order, size = self._order(), self.batch_size
        watchers = [observer for observer in self.observers if observer.watches_batches]
        if not watchers:
            return self.trainer.run_epoch(order, state.schedule)
        total, end = 0.0, 0
        for batch, start in enumerate(range(0, len(order), size)):
            for watcher in watchers:
                _override(state, watcher.batch_begin(batch))
            end = min(start + size, len(order))
            total += (end - start) * self.trainer.run_epoch(order[start:end], state.schedule)
            rate = self.trainer.learning_rate
            event = BatchEnd(batch, total / end, rate, self.trainer.weights)
            for watcher in watchers:
                watcher.batch_end(event)
            _override(state, event.learning_rate)
            if event.stop:
                break
        return total / end

    def _order(self) -> np.ndarray:
        """Return the rows of an epoch, in the order they are trained on."""
        rng, n_rows, n_drawn = self.run.order, len(self.data), self.data.n_per_epoch
        if n_drawn < n_rows:
            drawn: np.ndarray = rng.choice(n_rows, n_drawn, replace=False)
            return drawn if self.run.shuffle else np.sort(drawn)
        return rng.permutation(n_rows) if self.run.shuffle else np.arange(n_rows)

    def _monitor(self, state: _State, logs: dict[str, float]) -> bool:
        """Keep the best weights; return whether patience is exhausted."""
        monitored = self.run.monitor.value(logs)
        state.schedule.end_epoch(monitored)
        patience = self.run.patience
        if patience is None:
            return False
        if patience.update(monitored):
            state.best = self.trainer.weights()
            state.history.best_epoch = state.history.n_epochs
        if patience.exhausted:
            state.outcome = Outcome.NO_IMPROVEMENT
        return patience.exhausted

    def _observe(self, state: _State, epoch: int, logs: dict[str, float]) -> bool:
        """Show the epoch to the observers; return whether one of them asks to stop."""
        event = EpochEnd(epoch, dict(logs), self.trainer.weights, state.history)
        for observer in self.observers:
            observer.epoch_end(event)
        _override(state, event.learning_rate)
        if event.stop:
            state.outcome = Outcome.STOPPED
        return event.stop


def _override(state: _State, learning_rate: float | None) -> None:
    if learning_rate is not None:
        state.schedule = Constant(learning_rate)


def _check_finite(logs: dict[str, float], epoch: int) -> None:
    for name, value in logs.items():
        if not math.isfinite(value):
            raise _diverged(f"the {name}", epoch + 1)


def _diverged(what: str, epoch: int) -> TrainingDivergedError:
    return TrainingDivergedError(
        f"Training diverged: {what} is not finite after epoch {epoch}. Lower learning_rate, set "
        "clipnorm (1.0 is a usual value), or scale inputs and targets."
    )
