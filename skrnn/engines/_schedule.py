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
    """The rates that a function of the step returns.

    It is not asked for steps beyond the last one, which are only there to fill up a call.
    """

    def __init__(self, function: Callable[[int], Any], first_step: int, total_steps: int) -> None:
        self._function, self._first = function, first_step
        self._last = first_step + total_steps - 1

    def rates(self, first_step: int, n_steps: int) -> np.ndarray:
        """Return the rates of `n_steps` steps."""
        steps = range(first_step, first_step + n_steps)
        return np.array([self._rate(min(step, self._last)) for step in steps], np.float32)

    def end_epoch(self, monitored: float) -> None:
        """Do nothing."""

    def _rate(self, step: int) -> float:
        try:
            return float(self._function(step))
        except Exception as error:  # of whatever kind: users write schedules
            raise ValueError(
                f"lr_schedule failed at step {step} with {type(error).__name__}: {error}. It is "
                f"asked for a rate at each step from {self._first} to {self._last}, one for each "
                "batch; where training goes on from an earlier fit, so do the steps."
            ) from error


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

    def of_callable(schedule: Callable[[Any], Any]) -> Schedule:
        if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            return FromKeras(schedule)
        return FromFunction(schedule, first_step, total_steps)

    if lr_schedule is None:
        return of_callable(rate) if callable(rate) else Constant(rate)
    if callable(lr_schedule):
        return of_callable(lr_schedule)
    if lr_schedule == "cosine":
        return Cosine(rate, first_step, total_steps)
    return Plateau(rate, tol)
