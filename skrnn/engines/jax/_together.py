"""Networks of one structure that are trained together on a GPU, whoever trains them.

A GPU takes hardly longer for the small products of several networks than for those of one. Threads
that train one structure hand in their calls of its program; one of the threads runs all that there
are, in one call of a program for several networks.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jax
import joblib

from ...compat._keras import on_jax
from ...compat._sklearn import Count, validate_params

Arguments = tuple[Any, ...]

# Seconds that a call waits for those of other networks in training.
_PATIENCE = 0.02
_width = 1


def n_together() -> int:
    """Return how many networks a program trains."""
    return _width


@validate_params(  # type: ignore[untyped-decorator]
    {"n_networks": [Count(2)]}, prefer_skip_nested_validation=True
)
@contextmanager
def train_together(n_networks: int = 8) -> Iterator[None]:
    """Train networks of one structure together on a GPU, such as the candidates of a search.

    Within the context, searches and ensembles that leave `n_jobs` at None fit as many candidates at
    once, in threads. Where several have one structure, so that only rates, seeds and rows differ,
    one call of a program trains all of them. A GPU needs hardly longer for that than for one small
    network. Candidates of other structures are trained side by side.

    Results do not depend on which networks are trained together. They may differ by rounding from
    those without the context, or with another `n_networks`. A network by itself takes longer within
    the context: the program has room for all.

    On a processor, and with another backend of Keras than JAX, the context does nothing: there,
    several networks take as long as one after the other.

    Parameters
    ----------
    n_networks : int, default=8
        Networks that are trained at once, two or more. Memory grows with it.

    Yields
    ------
    None
        The settings are those of before at the end.

    See Also
    --------
    precompile : Compile what a search needs beforehand.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skrnn import LSTMRegressor, train_together
    >>> X, y = np.eye(12), np.arange(12.0)
    >>> grid = {"learning_rate": [0.01, 0.1]}
    >>> search = GridSearchCV(LSTMRegressor(units=2, epochs=2), grid, cv=2)
    >>> with train_together(n_networks=4):
    ...     search = search.fit(X, y)
    """
    global _width
    if not (on_jax() and has_accelerator()):
        yield
        return
    before, _width = _width, n_networks
    try:
        with joblib.parallel_config(backend="threading", n_jobs=n_networks):
            yield
    finally:
        _width = before


def has_accelerator() -> bool:
    """Return whether JAX computes on something else than the processor."""
    return bool(jax.default_backend() != "cpu")


@dataclass(eq=False)
class _Call:
    arguments: Arguments
    result: Future[Any] = field(default_factory=Future)


class Gathering:
    """Calls of several threads that are run together.

    Parameters
    ----------
    run : callable
        From the arguments of up to `width` calls to their results.
    width : int
    """

    def __init__(self, run: Callable[[Sequence[Arguments]], Sequence[Any]], width: int) -> None:
        self._run, self._width = run, width
        self._changed = threading.Condition()
        self._leading: _Call | None = None
        self._waiting: deque[_Call] = deque()
        self._n_expected = 0

    def enter(self) -> None:
        """Let others wait a moment for the calls of one more thread."""
        with self._changed:
            self._n_expected += 1

    def leave(self) -> None:
        """Let nobody wait for them any more."""
        with self._changed:
            self._n_expected -= 1
            self._changed.notify_all()

    def __call__(self, *arguments: Any) -> Any:
        """Return the result for some arguments, once it has been run with those of others."""
        call = _Call(arguments)
        try:
            self._hand_in(call)
            while not call.result.done():
                self._run_those_that_wait()
        finally:
            self._end(call)
        return call.result.result()

    def _hand_in(self, call: _Call) -> None:
        """Wait for the result of a call, or to be the one that leads."""
        with self._changed:
            self._waiting.append(call)
            self._changed.notify_all()
            self._changed.wait_for(lambda: call.result.done() or self._leading is None)
            if not call.result.done():
                self._leading = call

    def _end(self, call: _Call) -> None:
        with self._changed:
            if call in self._waiting:  # it was interrupted
                self._waiting.remove(call)
            if self._leading is call:
                self._leading = None
                self._changed.notify_all()

    def _run_those_that_wait(self) -> None:
        calls: list[_Call] = []
        try:
            with self._changed:
                self._changed.wait_for(self._all_are_there, _PATIENCE)
                while self._waiting and len(calls) < self._width:
                    calls.append(self._waiting.popleft())
            results = self._run([call.arguments for call in calls])
            for call, result in zip(calls, results, strict=True):
                call.result.set_result(result)
        except Exception as error:
            for call in calls:
                call.result.set_exception(error)
        except BaseException:  # which is for this thread alone
            with self._changed:
                self._waiting.extendleft(call for call in calls[::-1] if not call.result.done())
            raise

    def _all_are_there(self) -> bool:
        return len(self._waiting) >= min(self._width, self._n_expected)
