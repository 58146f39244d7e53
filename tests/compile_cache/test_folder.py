"""The folder of programs on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import platformdirs
import pytest
from _programs import (
    fit_pooled,
    keras_reads_variables,
    traces,
)

from skrnn import set_compile_cache_dir
from skrnn.engines.jax import _disk_cache

pytestmark = keras_reads_variables


needs_owners = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="folders have no owners")


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
