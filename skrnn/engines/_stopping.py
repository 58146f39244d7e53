"""When training has stopped getting better."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


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
