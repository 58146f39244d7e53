"""What tells how well training goes, and when it has stopped getting better."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from ._history import VALIDATION


@dataclass(frozen=True)
class Monitor:
    """The column of the history that early stopping and the plateau schedule look at.

    Attributes
    ----------
    name : str
        Where there are no validation rows, the same of the training rows stands for `val_...`.
    greater_is_better : bool
    """

    name: str
    greater_is_better: bool = False

    def value(self, logs: Mapping[str, float]) -> float:
        """Return the value of an epoch: less is better."""
        name = self.name if self.name in logs else self.name.removeprefix(VALIDATION)
        return -logs[name] if self.greater_is_better else logs[name]


VALIDATION_LOSS = Monitor(f"{VALIDATION}loss")


@dataclass
class Patience:
    """Count epochs without an improvement of more than `tol` over the best value.

    Attributes
    ----------
    n_iter_no_change : int
        Epochs without improvement after which patience is exhausted.
    tol : float
    """

    n_iter_no_change: int
    tol: float
    best: float = field(default=math.inf, init=False)
    n_worse: int = field(default=0, init=False)

    def update(self, value: float) -> bool:
        """Take the value of an epoch; return whether it improved."""
        if value < self.best - self.tol:
            self.best = value
            self.n_worse = 0
            return True
        self.n_worse += 1
        return False

    @property
    def exhausted(self) -> bool:
        """Whether it is time to stop."""
        return self.n_worse >= self.n_iter_no_change
