"""The compile cache is empty before and after each test, and keeps nothing on disk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from _engine import clean_engine, programs_on_disk


@pytest.fixture(autouse=True)
def clean_state() -> Iterator[None]:
    """Begin and end with an empty cache, its counts at zero, and nothing kept on disk."""
    with clean_engine(quick=True), programs_on_disk(None):
        yield
