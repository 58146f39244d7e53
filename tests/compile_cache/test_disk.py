"""Programs on disk, in fresh processes, whole or damaged."""

from __future__ import annotations

import os
import shutil
import tempfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from _engine import (
    programs_on_disk,
)
from _programs import (
    fit_pooled,
    keras_reads_variables,
    programs,
    run_python,
)

from skrnn import clear_compile_cache
from skrnn.engines.jax._program_files import ProgramFiles

pytestmark = keras_reads_variables


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
