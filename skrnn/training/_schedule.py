"""Learning rates, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import jax
import numpy as np

from ..by_config import freeze
from ._compile_cache import compile_cache
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


class FromKeras:
    """The rates of a Keras learning-rate schedule, or of any function of the step."""

    def __init__(self, schedule: Callable[[Any], Any]) -> None:
        key = ("schedule", freeze(schedule))
        self._schedule = compile_cache.get(key, lambda: jax.jit(jax.vmap(schedule)))

    def rates(self, first_step: int, n_steps: int) -> np.ndarray:
        """Return the rates of `n_steps` steps."""
        steps = np.arange(first_step, first_step + n_steps, dtype=np.int32)
        return np.asarray(self._schedule(steps), np.float32)

    def end_epoch(self, monitored: float) -> None:
        """Do nothing."""


def make_schedule(
    lr_schedule: Any, rate: Any, *, first_step: int, total_steps: int, tol: float
) -> Schedule:
    """Return the schedule that `lr_schedule` and the rate of the optimizer ask for."""
    if lr_schedule is None:
        return FromKeras(rate) if callable(rate) else Constant(rate)
    if callable(lr_schedule):
        return FromKeras(lr_schedule)
    if lr_schedule == "cosine":
        return Cosine(rate, first_step, total_steps)
    return Plateau(rate, tol)
