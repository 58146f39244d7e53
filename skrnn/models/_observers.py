"""Those who follow training epoch by epoch: one that does nothing, and lines of progress."""

from __future__ import annotations

import sys
import time
from multiprocessing import current_process

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
    """One line with the epoch, losses, metrics and the time left.

    The first epoch takes longer, since programs are compiled: the line says so before it is over,
    and the time left is worked out from the second epoch on. Notebooks have a bar that redraws.
    """

    def __init__(self, name: str, epochs: int) -> None:
        from tqdm.auto import tqdm  # looks for a notebook, and warns where its widgets are missing

        self._name = name
        self._bar = tqdm(total=epochs, desc=f"{name}: compiling", unit="epoch")

    def epoch_end(self, event: EpochEnd) -> None:
        """Show the epoch."""
        bar = self._bar
        bar.set_postfix(_numbers(event), refresh=False)
        if event.epoch:
            bar.update()
            return
        bar.n = bar.initial = bar.last_print_n = 1  # this one tells nothing of the others
        bar.start_t = bar.last_print_t = time.time()
        bar.set_description(self._name)

    def close(self) -> None:
        """End the line."""
        self._bar.close()


class ClosingLine(SilentObserver):
    """A line when training has ended, for processes that write side by side to one terminal."""

    def __init__(self, name: str, epochs: int) -> None:
        self._name, self._epochs, self._start = name, epochs, time.perf_counter()
        self._last: EpochEnd | None = None

    def epoch_end(self, event: EpochEnd) -> None:
        """Take note of the epoch."""
        self._last = event

    def end(self, weights: Weights) -> None:
        """Write the line, at once."""
        if self._last is None:
            return
        numbers = ", ".join(f"{name}={value}" for name, value in _numbers(self._last).items())
        seconds = time.perf_counter() - self._start
        epochs = f"{self._last.history.n_epochs} of {self._epochs} epochs in {seconds:.1f} s"
        sys.stderr.write(f"{self._name}: {epochs}, {numbers}\n")
        sys.stderr.flush()


def make_progress(name: str, epochs: int) -> ProgressLine | ClosingLine:
    """Return a line that is redrawn, or in a worker process one that is written at the end."""
    alone = current_process().name == "MainProcess"
    return ProgressLine(name, epochs) if alone else ClosingLine(name, epochs)


def _numbers(event: EpochEnd) -> dict[str, str]:
    return {name: f"{v:.4g}" for name, v in event.logs.items() if name not in _NOT_SHOWN}
