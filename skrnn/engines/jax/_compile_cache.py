"""Everything built and compiled, kept once per structure and shared by all estimators."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ...compat._caches import clear_caches
from ._memory import release_memory

# Models and programs kept, four to five megabytes each; the least recently used goes first.
_MAX_SIZE = 192


class CompileCacheInfo(NamedTuple):
    """State of the compile cache.

    Attributes
    ----------
    hits, misses : int
        Requests answered from the cache, and requests that had to build.
    traces : int
        Programs traced (and then compiled) so far.
    training_traces : int
        Those of them that train.
    compile_seconds : float
        Time spent tracing and compiling.
    size, max_size : int
        Entries held, and the most that are held.
    """

    hits: int
    misses: int
    traces: int
    training_traces: int
    compile_seconds: float
    size: int
    max_size: int


@dataclass
class _Entry:
    lock: threading.Lock = field(default_factory=threading.Lock)
    value: Any = None
    built: bool = False


class _Thread(threading.local):
    builds = False


class CompileCache:
    """A bounded, thread-safe store that builds each entry once.

    Threads that ask for the same entry wait for the one that builds it; a build that fails leaves
    nothing behind. A build that asks for other entries, as a network may that a user builds from
    another estimator, never waits: who builds them may be waiting for this one. It builds its own.
    """

    def __init__(self, max_size: int = _MAX_SIZE) -> None:
        self._max_size = max_size
        self._lock = threading.Lock()
        self._thread = _Thread()
        self._entries: OrderedDict[Hashable, _Entry] = OrderedDict()
        self._counts: Counter[str] = Counter()
        self._seconds = 0.0

    def get(self, key: Hashable, build: Callable[[], Any]) -> Any:
        """Return the entry of `key`, building it where it is missing."""
        with self._lock:
            entry = self._entries.setdefault(key, _Entry())
            self._entries.move_to_end(key)
            forgot = self._make_room()
        if forgot:
            release_memory()
        with nullcontext() if self._thread.builds else entry.lock:
            self._count("hits" if entry.built else "misses")
            if not entry.built:
                self._build(key, entry, build)
            return entry.value

    def find(self, key: Hashable) -> Any:
        """Return the entry of `key`, or None where it is missing or not built yet."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None or not entry.built:
                return None
            self._entries.move_to_end(key)
            self._counts["hits"] += 1
            return entry.value

    def _build(self, key: Hashable, entry: _Entry, build: Callable[[], Any]) -> None:
        outer, self._thread.builds = self._thread.builds, True
        try:
            entry.value, entry.built = build(), True
        except BaseException:
            self._forget(key, entry)
            raise
        finally:
            self._thread.builds = outer

    def _make_room(self) -> bool:
        """Forget the entries used longest ago where there are too many; return whether any was.

        An eighth of them goes at a time, since giving back their memory takes a moment.
        """
        full = len(self._entries) > self._max_size
        if full:
            while len(self._entries) > self._max_size - self._max_size // 8:
                self._entries.popitem(last=False)
        return full

    def _forget(self, key: Hashable, entry: _Entry) -> None:
        with self._lock:
            if self._entries.get(key) is entry:
                del self._entries[key]

    def record_trace(self, kind: str) -> None:
        """Count a trace; called from inside a function as it is traced."""
        self._count(kind)

    def record_seconds(self, seconds: float) -> None:
        """Add to the time spent compiling."""
        with self._lock:
            self._seconds += seconds

    def clear(self) -> None:
        """Forget all entries and counts."""
        with self._lock:
            self._entries.clear()
            self._counts.clear()
            self._seconds = 0.0
        clear_caches()
        release_memory()

    def info(self) -> CompileCacheInfo:
        """Return the state of the cache."""
        with self._lock:
            counts = self._counts
            return CompileCacheInfo(
                hits=counts["hits"],
                misses=counts["misses"],
                traces=counts["train"] + counts["evaluate"] + counts["predict"],
                training_traces=counts["train"],
                compile_seconds=self._seconds,
                size=len(self._entries),
                max_size=self._max_size,
            )

    def _count(self, name: str) -> None:
        with self._lock:
            self._counts[name] += 1


compile_cache = CompileCache()


def compile_cache_info() -> CompileCacheInfo:
    """Return hits, misses, traces and compile time of the cache of compiled programs.

    Programs are kept per network structure: units, depth, sequence length, batch size, loss and
    optimizer. Rates, weights and the number of rows are values, so a search over them compiles
    nothing new.

    Returns
    -------
    info : CompileCacheInfo
        A named tuple with the fields `hits`, `misses`, `traces`, `training_traces`,
        `compile_seconds`, `size` and `max_size`.

    See Also
    --------
    clear_compile_cache : Empty the cache.

    Examples
    --------
    >>> from skrnn import clear_compile_cache, compile_cache_info
    >>> clear_compile_cache()
    >>> compile_cache_info().traces
    0
    """
    return compile_cache.info()


def clear_compile_cache() -> None:
    """Empty the cache of compiled programs and set its counts to zero; give back their memory.

    Programs on disk (see `set_compile_cache_dir`) stay.

    Examples
    --------
    >>> from skrnn import clear_compile_cache, compile_cache_info
    >>> clear_compile_cache()
    >>> compile_cache_info().size
    0
    """
    compile_cache.clear()
