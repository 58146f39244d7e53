"""The callbacks of Keras, called as `keras.Model.fit` calls them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from ..compat._keras import forget_model, keras, to_numpy
from ..engines._observer import BatchEnd, EpochEnd
from ..networks._build import set_weights
from ..networks._weights import Weights
from ._fitted import FittedNetwork
from ._observers import SilentObserver

_OF_BATCHES = ("on_train_batch_begin", "on_train_batch_end", "on_batch_begin", "on_batch_end")
_OF_VALIDATION = ("on_test_begin", "on_test_end", "on_test_batch_begin", "on_test_batch_end")
# Callbacks of Keras itself take note of batches only where one of these says so.
_FREQUENCIES = ("save_freq", "update_freq")


def as_callbacks(callbacks: Any) -> list[Any]:
    """Return the callbacks that are asked for, as a list.

    Raises
    ------
    TypeError
        When one is no callback of Keras.
    """
    if callbacks is None:
        return []
    listed = list(callbacks) if isinstance(callbacks, list | tuple) else [callbacks]
    for callback in listed:
        if isinstance(callback, type):
            raise TypeError(
                "callbacks must be instances of keras.callbacks.Callback, but one is the class "
                f"{callback!r}. Pass an instance of it: {callback.__name__}(...)."
            )
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                f"callbacks must be instances of keras.callbacks.Callback, but one is {callback!r}."
            )
    return listed


class KerasCallbacks(SilentObserver):
    """Callbacks of Keras, those given themselves.

    They see a model of Keras' own layers with the weights of the epoch, or of the batch where one
    of them has hooks of batches. Of what they do to it, the learning rate, `stop_training` and the
    weights at the end of training are taken over; what they add to `logs` becomes history.

    Parameters
    ----------
    callbacks : list of keras.callbacks.Callback
    network : FittedNetwork
    optimizer : keras.optimizers.Optimizer
    params : mapping
        What callbacks find in their `params`.
    """

    def __init__(
        self,
        callbacks: list[Any],
        network: FittedNetwork,
        optimizer: Any,
        params: Mapping[str, Any],
    ) -> None:
        self._model = network.build_keras_model()
        optimizer.build(self._model.trainable_variables)
        self._model.compile(optimizer=optimizer)
        self._logs = _Logs()
        # The last of them, so that it sees what the others add.
        listed = [*callbacks, self._logs]
        self._list = keras.callbacks.CallbackList(listed, model=self._model, **params)
        self.watches_batches = any(_watches_batches(callback) for callback in callbacks)

    def begin(self, weights: Weights) -> None:
        """Pass on."""
        set_weights(self._model, weights.trainable)
        self._list.on_train_begin()

    def epoch_begin(self, epoch: int) -> float | None:
        """Pass on."""
        return self._rate_after(lambda: self._list.on_epoch_begin(epoch))

    def batch_begin(self, batch: int) -> float | None:
        """Pass on."""
        return self._rate_after(lambda: self._list.on_train_batch_begin(batch))

    def batch_end(self, event: BatchEnd) -> None:
        """Pass on."""
        self._show(event.weights(), event.rate)
        logs = {"loss": event.loss}
        event.learning_rate = self._rate_after(
            lambda: self._list.on_train_batch_end(event.batch, logs)
        )
        event.stop |= bool(self._model.stop_training)

    def epoch_end(self, event: EpochEnd) -> None:
        """Pass on; keep what the callbacks add."""
        self._show(event.weights(), event.logs["learning_rate"])
        event.learning_rate = self._rate_after(
            lambda: self._list.on_epoch_end(event.epoch, event.logs)
        )
        event.stop |= bool(self._model.stop_training)
        logs = self._logs.last
        added = {name: logs[name] for name in logs if name not in event.logs}
        event.history.amend(**{name: _number(name, value) for name, value in added.items()})

    def end(self, weights: Weights) -> Weights:
        """Pass on; keep the weights that the callbacks leave."""
        set_weights(self._model, weights.trainable)
        self._list.on_train_end(self._logs.last)
        trainable = [to_numpy(v) for v in self._model.trainable_variables]
        return Weights(trainable, weights.non_trainable)

    def close(self) -> None:
        """Take the model away: estimators hold the callbacks, and are copied and pickled."""
        for callback in self._list.callbacks:
            forget_model(callback)

    def _show(self, weights: Weights, rate: float) -> None:
        set_weights(self._model, weights.trainable)
        self._model.optimizer.learning_rate = rate

    def _rate_after(self, call: Callable[[], None]) -> float | None:
        before = float(self._model.optimizer.learning_rate)
        call()
        after = float(self._model.optimizer.learning_rate)
        return None if after == before else after


class _Logs(keras.callbacks.History):
    """The history that the model has in Keras, and what was last in `logs`."""

    def __init__(self) -> None:
        super().__init__()
        self.last: dict[str, Any] = {}

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note."""
        super().on_epoch_end(epoch, logs)
        self.last = dict(logs or {})


def warn_of_validation_hooks(callbacks: list[Any]) -> None:
    """Warn of hooks that `keras.Model.fit` would call while it validates."""
    for callback in callbacks:
        hooks = [name for name in _OF_VALIDATION if _is_overridden(callback, name)]
        if hooks:
            warnings.warn(
                f"callbacks: {', '.join(hooks)} of {type(callback).__name__} will not be called, "
                "since rows are validated on all at once. Use on_epoch_end, where logs have the "
                "validation loss.",
                stacklevel=2,
            )


def _watches_batches(callback: Any) -> bool:
    by_batch = any(getattr(callback, name, "epoch") != "epoch" for name in _FREQUENCIES)
    return by_batch or any(_is_overridden(callback, name) for name in _OF_BATCHES)


def _is_overridden(callback: Any, name: str) -> bool:
    """Return whether a user wrote a hook, in a class or for a `LambdaCallback`."""
    module = getattr(getattr(callback, name), "__module__", None) or ""
    return not module.startswith("keras.")


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"callbacks: logs[{name!r}] is {value!r}, but history_ holds one number per epoch. "
            "Keep other things in attributes of the callback."
        ) from error
