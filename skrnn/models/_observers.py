"""Those who follow training epoch by epoch: the progress line and the callbacks of Keras."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tqdm import tqdm

from ..compat._keras import keras, to_numpy
from ..engines._loop import EpochEnd
from ..networks._build import set_weights
from ..networks._weights import Weights
from ._fitted import FittedNetwork

_NOT_SHOWN = ("learning_rate", "seconds")


def check_callbacks(callbacks: Any) -> None:
    """Raise unless `callbacks` is None or Keras callbacks."""
    for callback in _as_list(callbacks):
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                f"callbacks must be instances of keras.callbacks.Callback, but one is {callback!r}."
            )


class SilentObserver:
    """One that does nothing."""

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


class KerasCallbacks(SilentObserver):
    """Keras callbacks at the level of epochs, on copies.

    They see a model of Keras' own layers with the weights of the epoch. Of what they do to it, the
    learning rate, `stop_training` and the weights at the end of training are taken over.
    """

    def __init__(self, callbacks: Any, network: FittedNetwork, optimizer: Any, epochs: int) -> None:
        self._model = network.build_keras_model()
        optimizer.build(self._model.trainable_variables)
        self._model.compile(optimizer=optimizer)
        self._list = keras.callbacks.CallbackList(
            copy.deepcopy(_as_list(callbacks)), model=self._model, epochs=epochs, verbose=0
        )

    def begin(self, weights: Weights) -> None:
        """Pass on."""
        set_weights(self._model, weights.trainable)
        self._list.on_train_begin()

    def epoch_begin(self, epoch: int) -> float | None:
        """Pass on."""
        return self._rate_after(lambda: self._list.on_epoch_begin(epoch))

    def epoch_end(self, event: EpochEnd) -> None:
        """Pass on."""
        set_weights(self._model, event.weights().trainable)
        self._model.optimizer.learning_rate = event.logs["learning_rate"]
        event.learning_rate = self._rate_after(
            lambda: self._list.on_epoch_end(event.epoch, event.logs)
        )
        event.stop |= bool(self._model.stop_training)

    def end(self, weights: Weights) -> Weights:
        """Pass on; keep the weights that the callbacks leave."""
        set_weights(self._model, weights.trainable)
        self._list.on_train_end()
        trainable = [to_numpy(v) for v in self._model.trainable_variables]
        return Weights(trainable, weights.non_trainable)

    def _rate_after(self, call: Callable[[], None]) -> float | None:
        before = float(self._model.optimizer.learning_rate)
        call()
        after = float(self._model.optimizer.learning_rate)
        return None if after == before else after


def _as_list(callbacks: Any) -> list[Any]:
    if callbacks is None:
        return []
    return list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
