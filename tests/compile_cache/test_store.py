"""The store of what is compiled: bounded, thread-safe, each entry built once."""

from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import numpy as np
import pytest
from _engine import (
    fit,
    make_data,
    make_spec,
    predict_rows,
)
from _programs import (
    ROWS,
    fit_pooled,
    keras_reads_variables,
    run_python,
    traces,
)

from skrnn import clear_compile_cache
from skrnn.engines.jax._compile_cache import CompileCache

pytestmark = keras_reads_variables


class Builder:
    """Build values slowly, and count."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.calls: list[Hashable] = []
        self._seconds = threading.Event(), seconds

    def __call__(self, key: Hashable) -> Callable[[], str]:
        def build() -> str:
            self.calls.append(key)
            event, seconds = self._seconds
            event.wait(seconds)
            return f"value of {key}"

        return build


def in_eight_threads(function: Callable[[int], Any]) -> list[Any]:
    """Call `function` at the same moment in eight threads."""
    barrier = threading.Barrier(8)

    def call(number: int) -> Any:
        barrier.wait(timeout=30)
        return function(number)

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(call, range(8)))


class TestStore:
    """Bounded, thread-safe, each entry built once."""

    def test_returns_what_was_built(self) -> None:
        cache, builder = CompileCache(), Builder()
        assert [cache.get("a", builder("a")) for _ in range(3)] == ["value of a"] * 3
        assert builder.calls == ["a"]
        info = cache.info()
        assert (info.hits, info.misses, info.size) == (2, 1, 1)

    def test_the_least_recently_used_goes_first(self) -> None:
        cache, builder = CompileCache(max_size=2), Builder()
        for key in "abacab":
            cache.get(key, builder(key))
            assert cache.info().size <= 2
        assert builder.calls == ["a", "b", "c", "b"]
        assert cache.info().max_size == 2

    def test_what_was_forgotten_is_gone_though_it_refers_to_itself(self) -> None:
        class Circle:
            def __init__(self) -> None:
                self.itself = self

        cache, built = CompileCache(max_size=16), []

        def build() -> Circle:
            circle = Circle()
            built.append(weakref.ref(circle))
            return circle

        for number in range(17):
            cache.get(number, build)
        assert [reference() is None for reference in built] == [True] * 3 + [False] * 14
        assert cache.info().size == 14
        cache.clear()
        assert not any(reference() for reference in built)

    def test_failed_build_leaves_nothing(self) -> None:
        cache = CompileCache()

        def fail() -> None:
            raise RuntimeError("no program")

        for _ in range(2):
            with pytest.raises(RuntimeError, match="no program"):
                cache.get("a", fail)
        assert cache.info().size == 0
        assert cache.get("a", Builder()("a")) == "value of a"

    def test_failed_build_can_be_tried_again(self) -> None:
        def broken(y_true: Any, y_pred: Any) -> Any:
            raise RuntimeError("no loss")

        with pytest.raises(ValueError, match="RuntimeError: no loss"):
            fit_pooled(loss=broken)
        with pytest.raises(ValueError, match="RuntimeError: no loss"):
            fit_pooled(loss=broken)
        assert fit_pooled().history.n_epochs == 1

    def test_values_that_are_none_are_built_once_too(self) -> None:
        cache, calls = CompileCache(), []
        for _ in range(2):
            assert cache.get("a", lambda: calls.append("a")) is None
        assert calls == ["a"]

    def test_threads_build_an_entry_once(self) -> None:
        cache, builder = CompileCache(), Builder(seconds=0.1)
        values = in_eight_threads(lambda number: cache.get("a", builder("a")))
        assert values == ["value of a"] * 8
        assert builder.calls == ["a"]
        assert (cache.info().hits, cache.info().misses) == (7, 1)

    def test_threads_do_not_wait_for_the_entries_of_others(self) -> None:
        """Eight builds that each wait until all eight have begun."""
        cache, together = CompileCache(), threading.Barrier(8)
        reached = in_eight_threads(
            lambda number: cache.get(number, lambda: together.wait(timeout=30))
        )
        assert sorted(reached) == list(range(8))

    def test_builds_that_ask_for_each_other_do_not_wait(self) -> None:
        cache, both = CompileCache(), threading.Barrier(2)

        def get(key: str, other: str) -> Any:
            def build() -> str:
                both.wait(timeout=30)
                value = key + cache.get(other, lambda: other)
                both.wait(timeout=30)
                return value

            return cache.get(key, build)

        with ThreadPoolExecutor(2) as pool:
            values = [pool.submit(get, *keys) for keys in ("ab", "ba")]
            assert [value.result(timeout=30) for value in values] == ["ab", "ba"]

    def test_a_build_may_ask_for_what_is_built_already_and_for_itself(self) -> None:
        cache, builder = CompileCache(), Builder()
        cache.get("a", builder("a"))

        def build() -> str:
            return cache.get("a", builder("a")) + cache.get("b", lambda: " within")

        assert cache.get("b", build) == "value of a within"
        assert builder.calls == ["a"]

    def test_clearing_while_an_entry_is_built_does_no_harm(self) -> None:
        cache, begun, go_on = CompileCache(), threading.Event(), threading.Event()

        def build() -> str:
            begun.set()
            go_on.wait(timeout=30)
            return "late"

        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(cache.get, "a", build)
            assert begun.wait(timeout=30)
            cache.clear()
            go_on.set()
            assert late.result() == "late"
        assert cache.get("a", Builder()("a")) == "value of a"


class TestThreads:
    """Estimators in threads share programs and results."""

    def test_same_bits_and_one_trace(self) -> None:
        alone = fit(make_spec(dropout=0.2), make_data(20), shuffle=True)
        clear_compile_cache()

        def train(number: int) -> Any:
            return fit(make_spec(dropout=0.2), make_data(20), shuffle=True).weights

        for weights in in_eight_threads(train):
            for value, expected in zip(weights.trainable, alone.weights.trainable, strict=True):
                np.testing.assert_array_equal(value, expected)
        assert traces() == 1

    def test_different_structures_at_once(self) -> None:
        def train(number: int) -> float:
            return fit_pooled(units=1 + number % 2).history["loss"][0]

        together = in_eight_threads(train)
        assert traces() == 2
        assert together == [train(number) for number in range(8)]


MEMORY = """
import jax
import numpy as np
from skrnn import RecurrentRegressor

X = np.random.default_rng(0).normal(size=(20, 4))

def megabytes():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

def fit(units):
    RecurrentRegressor(units, cell="simple", epochs=1).fit(X, X[:, 0]).predict(X)

fit(2)
start = megabytes()
for units in range(3, 8):
    fit(units)
full = megabytes()
clear_compile_cache()
assert megabytes() - start < 0.4 * (full - start), (start, full, megabytes())
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads what Linux tells of memory")
def test_memory_of_forgotten_programs_comes_back() -> None:
    run_python(MEMORY, SKRNN_COMPILE_CACHE="off")


def test_predictions_leave_no_program_behind() -> None:
    """Arrays are put on the device without a program for each shape."""
    client = jax.devices()[0].client

    def count(*widths: int) -> int:
        for units in widths:
            spec = make_spec(units=(units,))
            weights = fit(spec, ROWS, epochs=1).weights
            predict_rows(spec, weights, ROWS, [0])
        clear_compile_cache()
        return len(client.live_executables())

    before = count(3)
    assert count(4, 5, 6) <= before
