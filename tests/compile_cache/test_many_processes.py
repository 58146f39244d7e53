"""Processes that share a folder of programs, and what may go wrong there."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from _programs import (
    finish,
    keras_reads_variables,
    programs,
    run_python,
    start_python,
)

pytestmark = keras_reads_variables


N_PROCESSES = int(os.environ.get("SKRNN_TEST_PROCESSES", 3))
SILENT = "print(train())"


@pytest.fixture(scope="module")
def right() -> str:
    return run_python(SILENT, SKRNN_COMPILE_CACHE="off")


def test_many_on_one_cold_folder_while_one_is_killed(right: str, tmp_path: Path) -> None:
    folder = {"SKRNN_COMPILE_CACHE": tmp_path / "cold"}
    killed = start_python("while True: train()", **folder)
    others = [start_python(SILENT, **folder) for _ in range(N_PROCESSES)]
    while not programs(tmp_path / "cold") and killed.poll() is None:
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert [finish(process) for process in others] == [right] * N_PROCESSES
    assert finish(start_python(SILENT, **folder)) == right
    assert len(programs(tmp_path / "cold")) == 1


@pytest.mark.parametrize("call", ["write", "replace"])
def test_on_a_full_disk(call: str, right: str, tmp_path: Path) -> None:
    """As a process meets it that could still write when it began."""
    full = f"""
import errno, io, os
from skrnn.engines.jax import _program_files

class Full(io.FileIO):
    def write(self, data):
        super().write(bytes(data)[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

def no_room(*paths):
    raise OSError(errno.ENOSPC, "No space left on device")

if {call!r} == "write":
    _program_files.open = Full
else:
    _program_files.os = type(os)("os")
    vars(_program_files.os).update(vars(os), replace=no_room)
"""
    folder = {"SKRNN_COMPILE_CACHE": tmp_path}
    assert run_python(full + SILENT, **folder) == right
    assert not list(tmp_path.iterdir())
    assert run_python(SILENT, **folder) == right
    assert len(programs(tmp_path)) == 1


def test_on_a_truncated_program(right: str, tmp_path: Path) -> None:
    folder = {"SKRNN_COMPILE_CACHE": tmp_path}
    run_python(SILENT, **folder)
    for file in tmp_path.glob("*-cache"):
        file.write_bytes(file.read_bytes()[:1000])
    assert run_python(SILENT, **folder) == right
    mended = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*-cache")}
    assert all(file.stat().st_size > 1000 for file in mended)
    assert run_python(SILENT, **folder) == right
    assert {file: file.stat().st_mtime_ns for file in tmp_path.glob("*-cache")} == mended
