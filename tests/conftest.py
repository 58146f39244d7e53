"""Fixtures of all tests."""

import os

import pytest
from _engine import clean_engine

from skrnn.engines.jax import _disk_cache

# Helpers have no doctests, and several files have the name conftest.py.
collect_ignore_glob = ["conftest.py", "_*.py", "*/conftest.py", "*/_*.py"]


def pytest_configure(config):
    """Keep compiled programs where all workers find them, and the next run."""
    _disk_cache._MIN_SECONDS = 0.0  # nearly all programs of the tests are small
    if hasattr(config, "cache"):
        folder = config.cache.mkdir("programs")
        folder.chmod(0o700)  # else it is not used
        os.environ.setdefault("SKRNN_COMPILE_CACHE", str(folder))


@pytest.fixture(scope="module", autouse=True)
def quick_engine(request):
    """Start and leave with an empty compile cache; compile quickly.

    Programs are slower then. Modules that train for long set `OPTIMIZED = True`. Programs are
    compiled in a thread beside the training, as on several cores, whatever the machine has.
    """
    quick = not getattr(request.module, "OPTIMIZED", False)
    with clean_engine(quick=quick), pytest.MonkeyPatch.context() as patch:
        patch.setattr("skrnn.models._train.has_idle_core", lambda: True)
        yield
