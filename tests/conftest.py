"""Fixtures of all tests."""

import pytest
from _engine import clean_engine

# Helpers have no doctests, and several files have the name conftest.py.
collect_ignore_glob = ["conftest.py", "_*.py", "*/conftest.py", "*/_*.py"]


@pytest.fixture(scope="module")
def quick_engine():
    """Start and leave with an empty compile cache; compile quickly."""
    with clean_engine(quick=True):
        yield
