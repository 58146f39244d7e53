"""Learning rates, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from ..compat._keras import keras
from ._stopping import Patience

# "plateau" halves the rate when the monitored loss has not improved for this many epochs.
_PLATEAU_EPOCHS = 5
_PLATEAU_FACTOR = 0.5


class Schedule(Protocol):
    """The learning rate of every optimizer step."""

    def rates(self, first_step: int, n_steps: int) -> np.ndarray:
        """Return the rates of `n_steps` steps from `first_step` on, as float32."""

    def end_epoch(self, monitored: float) -> None:
        """Take note of the loss that is monitored."""


class Constant:
    """One rate throughout."""

    def __init__(self, rate: float) -> None:
        self.rate = rate

    def rates(self, first_step: int, n_steps: int) -> np.ndarray:
        """Return the rates of `n_steps` steps."""
        return np.full(n_steps, self.rate, np.float32)

    def end_epoch(self, monitored: float) -> None:
        """Do nothing."""


class Cosine(Constant):
    """From the rate down to zero along half a cosine (Loshchilov and Hutter, 2017)."""

    def __init__(self, rate: float, first_step: int, total_steps: int) -> None:
        super().__init__(rate)
        self.first_step, self.total_steps = first_step, total_steps

    def rates(self, first_step: int, n_steps: int) -> np.ndarray:
        """Return the rates of `n_steps` steps."""
        steps = first_step - self.first_step + np.arange(n_steps)
        share = np.minimum(steps / self.total_steps, 1.0)
        return (self.rate * 0.5 * (1.0 + np.cos(np.pi * share))).astype(np.float32)


class Plateau(Constant):
    """Halve the rate whenever the monitored loss stops improving for five epochs."""

    def __init__(self, rate: float, tol: float) -> None:
        super().__init__(rate)
        self._patience = Patience(_PLATEAU_EPOCHS, tol)

    def end_epoch(self, monitored: float) -> None:
        """Lower the rate where it is time."""
        self._patience.update(monitored)
        if self._patience.exhausted:
            self.rate *= _PLATEAU_FACTOR
            self._patience.n_worse = 0


class FromFunction:
    """The rates that a function of the step returns."""

    def __init__(self, function: Callable[[int], Any]) -> None:
        self._function = function

    def rates(self, first_step: int, n_steps: int) -> np.ndarray:
        """Return the rates of `n_steps` steps."""
        steps = range(first_step, first_step + n_steps)
        return np.array([float(self._function(step)) for step in steps], np.float32)

    def end_epoch(self, monitored: float) -> None:
        """Do nothing."""


class FromKeras:
    """The rates of a Keras learning-rate schedule, all steps of a call at once."""

    def __init__(self, schedule: Callable[[Any], Any]) -> None:
        self._schedule = schedule

    def rates(self, first_step: int, n_steps: int) -> np.ndarray:
        """Return the rates of `n_steps` steps."""
        steps = np.arange(first_step, first_step + n_steps, dtype=np.int32)
        rates = keras.ops.vectorized_map(self._schedule, keras.ops.convert_to_tensor(steps))
        return np.asarray(keras.ops.convert_to_numpy(rates), np.float32)

    def end_epoch(self, monitored: float) -> None:
        """Do nothing."""


def make_schedule(
    lr_schedule: Any, rate: Any, *, first_step: int, total_steps: int, tol: float
) -> Schedule:
    """Return the schedule that `lr_schedule` and the rate of the optimizer ask for."""
    if lr_schedule is None:
        return _of_callable(rate) if callable(rate) else Constant(rate)
    if callable(lr_schedule):
        return _of_callable(lr_schedule)
    if lr_schedule == "cosine":
        return Cosine(rate, first_step, total_steps)
    return Plateau(rate, tol)


def _of_callable(schedule: Callable[[Any], Any]) -> Schedule:
    if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
        return FromKeras(schedule)
    return FromFunction(schedule)
