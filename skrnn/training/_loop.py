"""The training loop: epochs around the compiled program, in four steps over an explicit state."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import numpy as np

from ..exceptions import TrainingDivergedError
from ..weights import Weights
from ._batching import iterate_batches
from ._epoch import BuildModel, EvaluationProgram, TrainingProgram, get_program, on_device
from ._history import History
from ._optimizer import OptimizerValues
from ._plan import TrainingPlan
from ._schedule import Constant, Schedule, make_schedule
from ._stopping import Patience


class Outcome(Enum):
    """Why training ended."""

    COMPLETED = "all epochs were run"
    NO_IMPROVEMENT = "the validation loss stopped improving"
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
    values : OptimizerValues
    lr_schedule : None, "cosine", "plateau" or callable
    patience : Patience or None
        Stops early and keeps the best weights; needs validation rows.
    tol : float
        Improvement that counts, for the plateau schedule.
    """

    epochs: int
    shuffle: bool
    order: np.random.Generator
    values: OptimizerValues
    lr_schedule: Any = None
    patience: Patience | None = None
    tol: float = 0.0


@dataclass
class EpochEnd:
    """What an observer sees after an epoch, and how it answers.

    Attributes
    ----------
    epoch : int
        Counted from zero.
    logs : dict of str to float
    weights : callable
        Returns the current weights as `Weights`.
    history : History
        Of the epochs so far, this one included.
    stop : bool
        Set it to end training after this epoch.
    learning_rate : float or None
        Set it to train on at this constant rate.
    """

    epoch: int
    logs: dict[str, float]
    weights: Callable[[], Weights]
    history: History
    stop: bool = False
    learning_rate: float | None = None


class Observer(Protocol):
    """Something that follows training epoch by epoch."""

    def begin(self, weights: Weights) -> None:
        """Take note that training starts."""

    def epoch_begin(self, epoch: int) -> float | None:
        """Return the learning rate from here on, or None to leave it."""

    def epoch_end(self, event: EpochEnd) -> None:
        """Look at an epoch, and answer by setting `stop` or `learning_rate`."""

    def end(self, weights: Weights) -> Weights | None:
        """Take note that training ended; return other weights to keep."""


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
    arrays: tuple[Any, ...]  # trainable, fixed, slots, summed loss: as the program takes them
    step: int
    schedule: Schedule
    history: History
    best: Weights | None = None
    outcome: Outcome = Outcome.COMPLETED

    @property
    def weights(self) -> Weights:
        trainable, fixed = ([np.array(array) for array in part] for part in self.arrays[:2])
        return Weights(trainable, fixed)


def train(
    build_model: BuildModel,
    spec: Any,
    plan: TrainingPlan,
    run: Run,
    data: Any,
    weights: Weights,
    *,
    validation: Any = None,
    slots: list[np.ndarray] | None = None,
    observers: Sequence[Observer] = (),
) -> TrainingResult:
    """Train a network.

    Parameters
    ----------
    build_model : callable
        From a spec to a Keras model with the inputs that `spec.inputs` names.
    spec : NetworkSpec or EncoderDecoderSpec
        A structure: without rates.
    plan : TrainingPlan
    run : Run
    data, validation : Dataset or SeriesWindows
    weights : Weights
        To start from; not changed.
    slots : list of ndarray, optional
        State of the optimizer to go on from.
    observers : sequence of Observer

    Raises
    ------
    TrainingDivergedError
        When a loss or a weight is no longer finite.
    KeyboardInterrupt
        When interrupted before the first epoch was over; later interruptions end training.
    """
    loop = _Loop(build_model, spec, plan, run, data, validation, observers)
    state = loop.init(weights, slots)
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


class _Loop:
    def __init__(
        self,
        build_model: BuildModel,
        spec: Any,
        plan: TrainingPlan,
        run: Run,
        data: Any,
        validation: Any,
        observers: Sequence[Observer],
    ) -> None:
        self.program = get_program(TrainingProgram, build_model, spec, data, plan)
        self.evaluation = None
        if validation is not None:
            self.evaluation = get_program(EvaluationProgram, build_model, spec, validation, plan)
        self.plan, self.run, self.data = plan, run, data
        self.validation, self.observers = validation, observers
        self.steps_per_epoch = -(-data.n_per_epoch // plan.batch_size)
        self.stores = [on_device(part.store) for part in (data, validation) if part is not None]

    def init(self, weights: Weights, slots: list[np.ndarray] | None) -> _State:
        if slots is None:
            slots = self.program.initial_slots(weights.trainable)
        first_step = int(slots[0])
        schedule = make_schedule(
            self.run.lr_schedule,
            self.run.values.learning_rate,
            first_step=first_step,
            total_steps=self.run.epochs * self.steps_per_epoch,
            tol=self.run.tol,
        )
        arrays = (list(weights.trainable), list(weights.fixed), list(slots), np.float32(0.0))
        return _State(arrays, first_step, schedule, History())

    def step(self, state: _State, epoch: int) -> bool:
        """Run one epoch; return whether to go on."""
        start = time.perf_counter()
        for observer in self.observers:
            _override(state, observer.epoch_begin(epoch))
        logs = {"loss": self._train(state)}
        if self.validation is not None:
            logs["val_loss"] = self._evaluate(state)
        _check_finite(logs, epoch)
        logs["learning_rate"] = float(state.arrays[2][self.program.rate_slot])
        logs["seconds"] = time.perf_counter() - start
        state.history.append(**logs)
        stop = self._monitor(state, logs)
        return not (self._observe(state, epoch, logs) or stop)

    def postprocess(self, state: _State) -> TrainingResult:
        slots = [np.array(array) for array in state.arrays[2]]
        weights = state.best
        if weights is None:
            current = state.weights
            weights = Weights(self.program.finalize(current.trainable, slots), current.fixed)
        for observer in self.observers:
            weights = observer.end(weights) or weights
        if not weights.is_finite:
            raise _diverged("a weight", state.history.n_epochs)
        return TrainingResult(weights, slots, state.history, state.outcome)

    def _train(self, state: _State) -> float:
        per_call, store = self.program.per_call, self.stores[0]
        order = self._order()
        arrays = (*state.arrays[:3], np.float32(0.0))
        step = state.step
        for batches in iterate_batches(self.data, order, self.plan.batch_size, per_call):
            rates = {
                "learning_rate": state.schedule.rates(step, per_call),
                "weight_decay": np.float32(self.run.values.weight_decay),
                "clip": np.float32(self.run.values.clip),
            }
            arrays = self.program(arrays, store, batches.arrays, rates, batches.n_batches)
            step += batches.n_batches
        loss = float(arrays[3]) / len(order)
        state.arrays, state.step = arrays, step
        return loss

    def _order(self) -> np.ndarray:
        """Return the rows of an epoch, in the order they are trained on."""
        rng, n_rows, n_drawn = self.run.order, len(self.data), self.data.n_per_epoch
        if n_drawn < n_rows:
            drawn: np.ndarray = rng.choice(n_rows, n_drawn, replace=False)
            return drawn if self.run.shuffle else np.sort(drawn)
        return rng.permutation(n_rows) if self.run.shuffle else np.arange(n_rows)

    def _evaluate(self, state: _State) -> float:
        assert self.evaluation is not None
        assert self.validation is not None
        trainable, fixed = state.arrays[:2]
        order, batch_size = np.arange(len(self.validation)), self.plan.batch_size
        calls = iterate_batches(self.validation, order, batch_size, self.evaluation.per_call)
        sums = [
            self.evaluation(trainable, fixed, self.stores[1], call.arrays, call.n_batches)
            for call in calls
        ]
        return sum(float(value) for value in sums) / len(order)

    def _monitor(self, state: _State, logs: dict[str, float]) -> bool:
        """Keep the best weights; return whether patience is exhausted."""
        monitored = logs.get("val_loss", logs["loss"])
        state.schedule.end_epoch(monitored)
        patience = self.run.patience
        if patience is None:
            return False
        if patience.update(monitored):
            state.best = state.weights
        if patience.exhausted:
            state.outcome = Outcome.NO_IMPROVEMENT
        return patience.exhausted

    def _observe(self, state: _State, epoch: int, logs: dict[str, float]) -> bool:
        """Show the epoch to the observers; return whether one of them asks to stop."""
        event = EpochEnd(epoch, dict(logs), lambda: state.weights, state.history)
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
