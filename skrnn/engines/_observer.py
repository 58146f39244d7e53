"""Those who follow training: what they are told, and how they answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..networks._weights import Weights
from ._history import History


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


@dataclass
class BatchEnd:
    """What an observer of batches sees after each, and how it answers.

    Attributes
    ----------
    batch : int
        Counted from zero in every epoch.
    loss : float
        Mean over the rows of the epoch so far.
    rate : float
        The learning rate of the batch.
    weights : callable
        Returns the current weights as `Weights`.
    stop : bool
        Set it to end the epoch after this batch.
    learning_rate : float or None
        Set it to train on at this constant rate.
    """

    batch: int
    loss: float
    rate: float
    weights: Callable[[], Weights]
    stop: bool = False
    learning_rate: float | None = None


class Observer(Protocol):
    """Something that follows training epoch by epoch, or batch by batch."""

    @property
    def watches_batches(self) -> bool:
        """Whether it is told of batches: they are then run one at a time."""

    def begin(self, weights: Weights) -> None:
        """Take note that training starts."""

    def epoch_begin(self, epoch: int) -> float | None:
        """Return the learning rate from here on, or None to leave it."""

    def batch_begin(self, batch: int) -> float | None:
        """Return the learning rate from here on, or None to leave it."""

    def batch_end(self, event: BatchEnd) -> None:
        """Look at a batch, and answer by setting `stop` or `learning_rate`."""

    def epoch_end(self, event: EpochEnd) -> None:
        """Look at an epoch, and answer by setting `stop` or `learning_rate`."""

    def end(self, weights: Weights) -> Weights | None:
        """Take note that training ended; return other weights to keep."""

    def close(self) -> None:
        """Clean up, also after an error."""
