"""The compile cache: one trace per structure, built once, bounded, and kept on disk if wanted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
import zlib
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jax
import numpy as np
import platformdirs
import pytest
from _engine import (
    build_pooled,
    clean_engine,
    fit,
    make_data,
    make_spec,
    predict_rows,
    programs_on_disk,
    start,
)

from skrnn import clear_compile_cache, compile_cache_info, set_compile_cache_dir
from skrnn.compat._keras import keras
from skrnn.engines.jax import _disk_cache
from skrnn.engines.jax._compile_cache import CompileCache
from skrnn.engines.jax._program_files import ProgramFiles
from skrnn.engines.jax._training_programs import batches_per_call

# NumPy 2 deprecates what Keras does to read one of its own variables, an optimizer's rate say.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\.src"
)

needs_owners = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders have no owners")
optimizers = keras.optimizers
ROWS = make_data(8)


@pytest.fixture(autouse=True)
def clean_state() -> Iterator[None]:
    """Begin and end with an empty cache, its counts at zero, and nothing kept on disk."""
    with clean_engine(quick=True), programs_on_disk(None):
        yield


def traces() -> int:
    return compile_cache_info().training_traces


def fit_pooled(n_rows: int = 8, *, units: int = 3, **kwargs: Any) -> Any:
    spec = make_spec(units=(units,))
    return fit(spec, make_data(n_rows), build=build_pooled, epochs=1, **kwargs)


# ---- What is compiled, and what is a value -------------------------------------------------------


class TestTraces:
    """Counted where they happen: inside the function that is traced."""

    def test_any_number_of_rows_shares_one(self) -> None:
        for n_rows in (5, 8, 31, 32, 33, 128, 129, 1000, 3000):
            fit_pooled(n_rows)
        assert traces() == 1

    def test_rates_share_one(self) -> None:
        for rate, decay, norm in [(0.1, 0.01, 1.0), (0.01, 0.1, 0.5), (0.001, 1.0, 3.0)]:
            fit_pooled(optimizer=optimizers.AdamW(rate, weight_decay=decay, clipnorm=norm))
        fit_pooled(optimizer=optimizers.AdamW(), learning_rate=0.5)
        assert traces() == 2  # the last one does not clip

    @pytest.mark.parametrize("clipping", ["clipnorm", "global_clipnorm", "clipvalue"])
    def test_limits_share_one(self, clipping: str) -> None:
        losses = {
            fit_pooled(optimizer=optimizers.SGD(0.1, **{clipping: limit})).history["loss"][0]
            for limit in (0.01, 0.1, 0.5)
        }
        assert traces() == 1
        assert len(losses) == 3

    def test_dropout_rates_share_one(self) -> None:
        losses = [
            fit(make_spec(dropout=rate), ROWS, epochs=1).history["loss"][0]
            for rate in (0.0, 0.1, 0.5)
        ]
        assert traces() == 1
        assert len(set(losses)) == 3

    def test_recurrent_dropout_rates_share_one(self) -> None:
        losses = [
            fit(make_spec(recurrent_dropout=rate), ROWS, epochs=1).history["loss"][0]
            for rate in (0.1, 0.5)
        ]
        assert traces() == 1
        assert len(set(losses)) == 2

    def test_schedules_share_one(self) -> None:
        for schedule in (None, "cosine", "plateau", lambda step: 0.1 / (1 + step)):
            fit_pooled(lr_schedule=schedule)
        assert traces() == 1

    def test_epochs_order_and_weights_share_one(self) -> None:
        spec = make_spec()
        for seed in (0, 1):
            weights = start(spec, seed, build=build_pooled)
            data = make_data(8, masked=bool(seed), weighted=bool(seed))
            for epochs in (1, 3):
                run = {"weights": weights, "epochs": epochs, "shuffle": bool(seed)}
                fit(spec, data, build=build_pooled, **run)
        assert traces() == 1

    def test_another_structure_takes_another(self) -> None:
        changes: list[dict[str, Any]] = [
            {},
            {"units": 4},
            {"batch_size": 5},
            {"loss": "mae"},
            {"loss": keras.losses.Huber()},
            {"optimizer": optimizers.Adam(beta_1=0.5)},
        ]
        for number, change in enumerate(changes, start=1):
            fit_pooled(**change)
            assert traces() == number, change

    def test_copies_of_a_loss_share_one(self) -> None:
        for _ in range(2):
            fit_pooled(loss=keras.losses.LogCosh())
        assert traces() == 1

    def test_every_kind_of_program_is_counted(self) -> None:
        fit_pooled(validation=ROWS)
        assert (traces(), compile_cache_info().traces) == (1, 2)
        weights = start(make_spec(), build=build_pooled)
        for n_rows in (1, 8):
            predict_rows(make_spec(), weights, ROWS, slice(n_rows), build=build_pooled)
        assert (traces(), compile_cache_info().traces) == (1, 3)

    def test_nothing_else_is_compiled(self) -> None:
        """No small program for each shape of a weight or of the state of an optimizer."""
        compiled: list[str] = []

        def listen(event: str, seconds: float, **_: Any) -> None:
            if event.endswith("backend_compile_duration"):
                compiled.append(event)

        fit(make_spec(units=(11,)), ROWS, epochs=1)  # with it comes what all structures share
        jax.monitoring.register_event_duration_secs_listener(listen)
        try:
            for units, optimizer in [(12, "adam"), (13, "rmsprop"), (14, "nadam")]:
                compiled.clear()
                fit(make_spec(units=(units,)), ROWS, optimizer=optimizer, epochs=1)
                assert len(compiled) == 1
            assert traces() == 4
        finally:
            jax.monitoring.unregister_event_duration_listener(listen)

    def test_hits_misses_and_seconds(self) -> None:
        fit_pooled()
        first = compile_cache_info()
        assert (first.misses, first.size) == (2, 2)  # network and program
        assert first.compile_seconds > 0.0
        fit_pooled()
        second = compile_cache_info()
        assert second.hits > first.hits
        assert second == first._replace(hits=second.hits)

    def test_clearing_forgets_everything(self) -> None:
        fit_pooled()
        before = compile_cache_info()
        assert before.size > 0
        clear_compile_cache()
        assert compile_cache_info() == (0, 0, 0, 0, 0.0, 0, before.max_size)
        fit_pooled()
        assert traces() == 1

    @pytest.mark.parametrize(
        ("shape", "expected"),
        [((1, 1, 1), 32), ((32, 12, 1), 32), ((128, 96, 8), 2), ((4096, 336, 7), 1)],
    )
    def test_batches_per_call_follow_the_shape_of_a_batch(
        self, shape: tuple[int, int, int], expected: int
    ) -> None:
        batch_size, *row = shape
        arrays = {"sequence": (tuple(row), "float32"), "mask": ((row[0],), "bool")}
        assert batches_per_call(batch_size, arrays) == expected


# ---- The store -----------------------------------------------------------------------------------


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


# ---- Programs on disk ----------------------------------------------------------------------------

# An LSTM, since what compiles in less than a tenth of a second is not kept.
FIT = """
from _engine import clear_compile_cache, fit, make_data, make_spec

def train():
    clear_compile_cache()
    history = fit(make_spec("lstm"), make_data()).history
    assert history.n_epochs == 5
    return history["loss"]
"""


def run_python(code: str, **environment: object) -> str:
    """Run code in a fresh process where warnings are errors; return what it prints."""
    tests = Path(__file__).parent
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "SKRNN_COMPILE_CACHE" and not name.startswith("JAX_")
    }
    paths = os.pathsep.join([str(tests), str(tests.parent)])
    given = {name: str(value) for name, value in environment.items()}
    given["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # less to wait for
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", FIT + code],
        env={**inherited, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **given},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stderr
    assert "Warning" not in process.stderr
    return process.stdout


def programs(folder: Path) -> set[str]:
    """Return the names of the training programs in a folder; other files do not count."""
    return {path.name for path in folder.glob("jit_traced-*-cache")}


class TestOnDisk:
    """In fresh processes, as users meet it."""

    def test_second_process_writes_none(self, tmp_path: Path) -> None:
        folder = tmp_path / "made" / "by us"
        first = run_python("print(train())", SKRNN_COMPILE_CACHE=folder)
        written = programs(folder)
        assert len(written) == 1
        second = run_python("print(train())", SKRNN_COMPILE_CACHE=folder)
        assert programs(folder) == written
        assert second == first

    def test_folder_of_the_user_is_respected_and_can_be_left(self, tmp_path: Path) -> None:
        """JAX's own setting comes before our default; `set_compile_cache_dir` before both."""
        theirs, ours, home = tmp_path / "theirs", tmp_path / "ours", tmp_path / "home"
        code = f"""
import jax
from skrnn import set_compile_cache_dir

train()
assert jax.config.jax_compilation_cache_dir == {str(theirs)!r}
assert jax.config.jax_persistent_cache_min_compile_time_secs == 0.0
set_compile_cache_dir({str(ours)!r})
train()
"""
        run_python(
            code,
            JAX_COMPILATION_CACHE_DIR=theirs,
            JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS="0",
            XDG_CACHE_HOME=home,
        )
        assert len(programs(theirs)) == 1
        assert len(programs(ours)) == 1
        assert not (home / "skrnn").exists()


class TestFiles:
    """Of programs, whole or damaged."""

    WHOLE = zlib.compress(b"a program " * 50)

    @pytest.fixture
    def files(self, tmp_path: Path) -> ProgramFiles:
        files = ProgramFiles(tmp_path)
        files.put("program", self.WHOLE)
        return files

    def test_a_file_is_named_as_jax_names_it(self, files: ProgramFiles, tmp_path: Path) -> None:
        assert [path.name for path in tmp_path.iterdir()] == ["program-cache"]
        assert files.get("program") == self.WHOLE
        assert files.get("another") is None

    @pytest.mark.parametrize(
        "damaged", [b"", WHOLE[:20], WHOLE[:-1], b"y" + WHOLE[1:], WHOLE[:-1] + b"x"]
    )
    def test_a_damaged_file_is_removed_and_written_anew(
        self, damaged: bytes, files: ProgramFiles, tmp_path: Path
    ) -> None:
        (tmp_path / "program-cache").write_bytes(damaged)
        assert files.get("program") is None
        assert not list(tmp_path.iterdir())
        files.put("program", self.WHOLE)
        assert files.get("program") == self.WHOLE

    @pytest.mark.parametrize("failing", ["replace", "open"])
    def test_a_full_disk_leaves_nothing(
        self, failing: str, files: ProgramFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*args: Any, **kwargs: Any) -> None:
            raise OSError("No space left on device")

        owner = {"replace": os, "open": tempfile}[failing]
        monkeypatch.setattr(owner, {"replace": "replace", "open": "mkstemp"}[failing], full)
        files.put("later", self.WHOLE)
        monkeypatch.undo()
        assert [path.name for path in tmp_path.iterdir()] == ["program-cache"]

    def test_a_folder_that_went_away_breaks_nothing(
        self, files: ProgramFiles, tmp_path: Path
    ) -> None:
        shutil.rmtree(tmp_path)
        files.put("program", self.WHOLE)
        assert files.get("program") is None

    def test_jax_mends_a_damaged_file_once(self, tmp_path: Path) -> None:
        """Warnings are errors here, and JAX warns of what it cannot read."""
        with programs_on_disk(tmp_path):
            history = fit_pooled().history["loss"]
            (file,) = tmp_path.glob("jit_traced-*-cache")
            whole = file.read_bytes()
            for damaged in (whole[: len(whole) // 2], b""):
                file.write_bytes(damaged)
                clear_compile_cache()
                assert fit_pooled().history["loss"] == history
                mended, written = file.read_bytes(), file.stat()
                assert len(mended) > len(whole) // 2
                clear_compile_cache()
                fit_pooled()
                after = file.stat()
                assert (after.st_ino, after.st_mtime_ns) == (written.st_ino, written.st_mtime_ns)


class TestChoiceOfFolder:
    """What is handed to JAX, and in which order the choices count."""

    @pytest.fixture(autouse=True)
    def unchosen(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
        """Begin as a new process does, with the user's cache folder in `tmp_path`."""
        names = ["jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs"]
        before = {name: getattr(jax.config, name) for name in names}
        jax.config.update("jax_compilation_cache_dir", None)
        monkeypatch.setattr(_disk_cache, "_chosen", None)
        monkeypatch.setattr(_disk_cache, "_applied", False)
        monkeypatch.setattr(_disk_cache, "_given", None)
        monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name, **_: tmp_path / name)
        monkeypatch.delenv("SKRNN_COMPILE_CACHE", raising=False)
        yield
        for name, value in before.items():
            jax.config.update(name, value)

    @staticmethod
    def folder() -> str | None:
        _disk_cache.use_disk_cache()
        return jax.config.jax_compilation_cache_dir  # type: ignore[no-any-return]

    def test_default_is_the_cache_folder_of_the_user(self, tmp_path: Path) -> None:
        assert self.folder() == str(tmp_path / "skrnn" / "xla")
        assert (tmp_path / "skrnn" / "xla").is_dir()
        assert jax.config.jax_persistent_cache_min_compile_time_secs < 1.0

    def test_folder_of_the_user_comes_before_the_default(self, tmp_path: Path) -> None:
        jax.config.update("jax_compilation_cache_dir", str(tmp_path / "theirs"))
        seconds = jax.config.jax_persistent_cache_min_compile_time_secs
        assert self.folder() == str(tmp_path / "theirs")
        assert jax.config.jax_persistent_cache_min_compile_time_secs == seconds
        assert not list(tmp_path.iterdir())

    def test_variable_comes_before_the_folder_of_the_user(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        jax.config.update("jax_compilation_cache_dir", str(tmp_path / "theirs"))
        monkeypatch.setenv("SKRNN_COMPILE_CACHE", str(tmp_path / "variable"))
        assert self.folder() == str(tmp_path / "variable")

    def test_function_comes_before_the_variable(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SKRNN_COMPILE_CACHE", str(tmp_path / "variable"))
        set_compile_cache_dir(tmp_path / "function")
        assert self.folder() == str(tmp_path / "function")
        set_compile_cache_dir(None)
        assert self.folder() is None

    def test_home_is_expanded(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("USERPROFILE", str(tmp_path))
        set_compile_cache_dir("~/programs")
        assert self.folder() == str(tmp_path / "programs")

    @pytest.mark.parametrize("setting", ["off", "OFF", " Off ", "None", "none", "", " "])
    def test_variable_can_turn_it_off_or_say_nothing(
        self, setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SKRNN_COMPILE_CACHE", setting)
        theirs = str(tmp_path / "theirs")
        jax.config.update("jax_compilation_cache_dir", theirs)
        assert self.folder() == (None if setting.strip() else theirs)

    @pytest.mark.parametrize("setting", ["off", "OFF", None])
    def test_function_can_turn_it_off(self, setting: str | None) -> None:
        set_compile_cache_dir(setting)
        assert self.folder() is None

    def test_function_can_go_back_to_the_default(self, tmp_path: Path) -> None:
        set_compile_cache_dir(tmp_path / "function")
        assert self.folder() == str(tmp_path / "function")
        set_compile_cache_dir("")
        assert self.folder() == str(tmp_path / "skrnn" / "xla")

    def test_relative_folder_is_within_the_working_folder_of_the_call(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        set_compile_cache_dir("off/programs")
        monkeypatch.chdir(tmp_path.parent)
        assert self.folder() == str(tmp_path / "off" / "programs")

    def test_relative_variable_is_within_the_working_folder_of_the_start(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_disk_cache, "_STARTED_IN", str(tmp_path))
        monkeypatch.setenv("SKRNN_COMPILE_CACHE", "programs")
        assert self.folder() == str(tmp_path / "programs")

    @needs_owners
    def test_folders_are_made_for_the_user_alone(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = os.umask(0)
        try:
            set_compile_cache_dir(tmp_path / "above" / "folder")
            assert self.folder() == str(tmp_path / "above" / "folder")
        finally:
            os.umask(before)
        for folder in (tmp_path / "above", tmp_path / "above" / "folder"):
            assert folder.stat().st_mode & 0o777 == 0o700

    @needs_owners
    @pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o1777])
    def test_folder_that_others_may_write_to_is_refused(self, mode: int, tmp_path: Path) -> None:
        tmp_path.chmod(mode)
        set_compile_cache_dir(tmp_path)
        with pytest.warns(UserWarning, match=r"other users may write to it.*chmod 700"):
            assert self.folder() is None
        assert not list(tmp_path.iterdir())

    @needs_owners
    def test_folder_of_somebody_else_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_compile_cache_dir(tmp_path)
        monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
        with pytest.warns(UserWarning, match="belongs to another user"):
            assert self.folder() is None

    @pytest.mark.parametrize("default", ["~/.cache", "cache"])
    def test_without_a_home_nothing_is_kept(
        self, default: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """So the default begins where nobody knows of a home, or XDG_CACHE_HOME is relative."""
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(platformdirs, "user_cache_dir", lambda name, **_: f"{default}/{name}")
        assert self.folder() is None
        assert not list(tmp_path.iterdir())

    def test_off_writes_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SKRNN_COMPILE_CACHE", "off")
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        fit_pooled()
        assert traces() == 1
        assert not list(tmp_path.iterdir())

    def test_unusable_folder_breaks_no_fit(self, tmp_path: Path) -> None:
        """A folder below a regular file can be made by nobody, root included."""
        file = tmp_path / "file"
        file.write_text("in the way")
        set_compile_cache_dir(file / "below")
        assert fit_pooled().history.n_epochs == 1
        assert self.folder() is None
        assert list(tmp_path.iterdir()) == [file]

    def test_folder_that_cannot_be_written_is_not_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*args: Any, **kwargs: Any) -> None:
            raise OSError("No space left on device")

        monkeypatch.setattr(_disk_cache.tempfile, "TemporaryFile", full)
        set_compile_cache_dir(tmp_path)
        assert self.folder() is None

    def test_nothing_is_touched_before_the_first_program(self, tmp_path: Path) -> None:
        set_compile_cache_dir(tmp_path / "later")
        assert not (tmp_path / "later").exists()
        assert self.folder() == str(tmp_path / "later")
