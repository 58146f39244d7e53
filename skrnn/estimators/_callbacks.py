"""The callbacks of scikit-learn, told of every epoch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..engines._history import History
from ..engines._observer import EpochEnd
from ..models._observers import SilentObserver
from ..networks._weights import Weights


class SklearnCallbacks(SilentObserver):
    """Callbacks of scikit-learn 1.9, set with `set_callbacks`.

    Parameters
    ----------
    context : sklearn.callback.CallbackContext
        Root context of the fit.
    arguments : dict
        `estimator`, `X`, `y` and `metadata`, as the hooks take them.
    attributes : callable
        From weights and history to the fitted attributes of an estimator that stopped there.
    """

    def __init__(
        self,
        context: Any,
        arguments: dict[str, Any],
        attributes: Callable[[Weights, History], dict[str, Any]],
    ) -> None:
        self._root, self._arguments, self._attributes = context, arguments, attributes
        self._epoch: Any = None
        self._history = History()

    def begin(self, weights: Weights) -> None:
        """Pass on."""
        self._root.call_on_fit_task_begin(**self._arguments)

    def epoch_begin(self, epoch: int) -> float | None:
        """Pass on."""
        self._epoch = self._root.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._arguments)
        return None

    def epoch_end(self, event: EpochEnd) -> None:
        """Pass on; stop where a callback asks for it."""
        self._history = event.history
        event.stop |= self._call_end(self._epoch, event.weights)

    def end(self, weights: Weights) -> None:
        """Pass on."""
        self._call_end(self._root, lambda: weights)

    def _call_end(self, context: Any, weights: Callable[[], Weights]) -> bool:
        stop = context.call_on_fit_task_end(
            **self._arguments,
            reconstruction_attributes=lambda: self._attributes(weights(), self._history),
        )
        return bool(stop)
