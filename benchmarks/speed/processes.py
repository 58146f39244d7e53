"""Processes that do the work, one side each, on one core and with an environment of their own."""

import base64
import json
import os
import pickle
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SET_ASIDE = ("JAX_", "KERAS_", "SKRNN_")


@dataclass(frozen=True)
class Place:
    """Where processes run: a folder for what they write, and the interpreter of the peers."""

    folder: Path
    peers: str | None

    def python(self, side):
        """Return the interpreter of a side, or None where it is missing."""
        return self.peers if side in ("torch", "skorch") else sys.executable

    def environment(self, cache):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_SET_ASIDE)}
        path = [str(HERE), str(HERE.parent), kept.get("PYTHONPATH", "")]
        return {
            **kept,
            **dict.fromkeys(_THREADS, "1"),
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "JAX_PLATFORMS": "cpu",
            "KERAS_BACKEND": "jax",
            "KERAS_HOME": str(self.folder / "keras"),
            "SKRNN_COMPILE_CACHE": str(cache),
        }


class Worker:
    """A process of one side."""

    def __init__(self, place, side, cache):
        self._process = subprocess.Popen(
            [place.python(side), "-m", "speed.worker", side],
            env=place.environment(cache),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._read()

    def ask(self, task, work):
        """Return the figures of a task."""
        line = base64.b64encode(pickle.dumps((task, work))).decode()
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return json.loads(self._read())

    def close(self):
        self._process.stdin.close()
        self._process.wait()

    def _read(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"A worker ended early: {self._process.args}")
        return line


@contextmanager
def worker(place, side, cache):
    process = Worker(place, side, cache)
    try:
        yield process
    finally:
        process.close()


def use_one_core():
    """Stay on one core, and all processes started from here with it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    else:
        print("cannot stay on one core here: the figures are of several", file=sys.stderr)
