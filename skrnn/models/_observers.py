"""Those who follow training epoch by epoch: one that does nothing, and the progress line."""

from __future__ import annotations

from tqdm import tqdm

from ..engines._observer import BatchEnd, EpochEnd
from ..networks._weights import Weights

_NOT_SHOWN = ("learning_rate", "seconds")


class SilentObserver:
    """One that does nothing."""

    watches_batches = False

    def batch_begin(self, batch: int) -> float | None:
        """Return the learning rate from here on, or None to leave it."""
        return None

    def batch_end(self, event: BatchEnd) -> None:
        """Look at a batch, and answer by setting `stop` or `learning_rate`."""

    def begin(self, weights: Weights) -> None:
        """Take note that training starts."""

    def epoch_begin(self, epoch: int) -> float | None:
        """Return the learning rate from here on, or None to leave it."""
        return None

    def epoch_end(self, event: EpochEnd) -> None:
        """Look at an epoch, and answer by setting `stop` or `learning_rate`."""

    def end(self, weights: Weights) -> Weights | None:
        """Return other weights to keep, or None."""
        return None

    def close(self) -> None:
        """Clean up, also after an error."""


class ProgressLine(SilentObserver):
    """One line with the epoch, losses, metrics and the time left."""

    def __init__(self, name: str, epochs: int) -> None:
        self._bar = tqdm(total=epochs, desc=name, unit="epoch")

    def epoch_end(self, event: EpochEnd) -> None:
        """Show the epoch."""
        shown = {name: value for name, value in event.logs.items() if name not in _NOT_SHOWN}
        self._bar.set_postfix({name: f"{value:.4g}" for name, value in shown.items()})
        self._bar.update()

    def close(self) -> None:
        """End the line."""
        self._bar.close()
