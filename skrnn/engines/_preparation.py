"""Programs that are compiled ahead: before a search, and while a network is in training.

A compiler lets other threads run. Nothing of this changes a result: what is compiled is the same.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import joblib

from ._protocol import Request

# What makes a program ready.
Job = Callable[[], object]

_noted: ContextVar[dict[Request, Job] | None] = ContextVar("noted", default=None)


class NotedError(BaseException):
    """Raised in place of training, where it is only noted what that would need."""


@contextmanager
def noting() -> Iterator[dict[Request, Job]]:
    """Note what the first network that is fitted within needs, and end its fit."""
    jobs: dict[Request, Job] = {}
    token = _noted.set(jobs)
    try:
        yield jobs
    finally:
        _noted.reset(token)


def note(jobs: Mapping[Request, Job]) -> None:
    """Note jobs where that is asked for.

    Raises
    ------
    NotedError
        There.
    """
    noted = _noted.get()
    if noted is not None:
        noted.update(jobs)
        raise NotedError


class _Worker(threading.Thread):
    def __init__(self, jobs: Sequence[Job]) -> None:
        super().__init__(name="skrnn-compile")
        self._jobs = jobs
        self.error: BaseException | None = None

    def run(self) -> None:
        """Run the jobs one after the other."""
        try:
            for job in self._jobs:
                job()
        except BaseException as error:  # raised again where the thread is waited for
            self.error = error

    def finish(self) -> None:
        """Wait until it is done, in spite of an interrupt, which is raised then."""
        try:
            self.join()
        except BaseException:
            self.join()
            raise


def has_idle_core() -> bool:
    """Return whether a thread beside the one that trains has a core of its own."""
    return bool(joblib.cpu_count() > 1)


@contextmanager
def in_background(jobs: Sequence[Job]) -> Iterator[None]:
    """Run jobs in a thread of their own; at the end of the block it is waited for.

    An error of a job is raised there, unless the block has one of its own.
    """
    if not jobs:
        yield
        return
    worker = _Worker(jobs)
    worker.start()
    try:
        yield
    finally:
        worker.finish()
    if worker.error is not None:
        raise worker.error
