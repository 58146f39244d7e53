"""Linear algebra whose last bits are the same in any process."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

_lock = threading.Lock()


@contextmanager
def one_thread() -> Iterator[None]:
    """Let NumPy's linear algebra use one thread.

    The last bits of a decomposition may depend on the number of threads, which differs between a
    process and its workers.
    """
    with _lock, threadpool_limits(1, user_api="blas"):
        yield
