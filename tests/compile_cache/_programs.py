"""What the tests of the compile cache share: small fits, and processes that make them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from _engine import build_pooled, fit, make_data, make_spec

from skrnn import compile_cache_info

# NumPy 2 deprecates what Keras does to read one of its own variables, an optimizer's rate say.
keras_reads_variables = pytest.mark.filterwarnings(
    r"ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\.src"
)
ROWS = make_data(8)
TESTS = Path(__file__).parents[1]


def traces() -> int:
    return compile_cache_info().training_traces


def fit_pooled(n_rows: int = 8, *, units: int = 3, **kwargs: Any) -> Any:
    spec = make_spec(units=(units,))
    return fit(spec, make_data(n_rows), build=build_pooled, epochs=1, **kwargs)


# An LSTM, since what compiles in less than a tenth of a second is not kept.
FIT = """
from _engine import clear_compile_cache, fit, make_data, make_spec

def train():
    clear_compile_cache()
    history = fit(make_spec("lstm"), make_data()).history
    assert history.n_epochs == 5
    return history["loss"]
"""


def start_python(code: str, **environment: object) -> subprocess.Popen[str]:
    """Start a fresh process in which warnings are errors."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "SKRNN_COMPILE_CACHE" and not name.startswith("JAX_")
    }
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    given = {name: str(value) for name, value in environment.items()}
    given["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"  # less to wait for
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", FIT + code],
        env={**inherited, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1", **given},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """Return what a process prints; it must succeed and be silent otherwise."""
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "Warning" not in errors
    return output


def run_python(code: str, **environment: object) -> str:
    """Run code in a fresh process where warnings are errors; return what it prints."""
    return finish(start_python(code, **environment))


def programs(folder: Path) -> set[str]:
    """Return the names of the training programs in a folder; other files do not count."""
    return {path.name for path in folder.glob("jit_traced-*-cache")}
