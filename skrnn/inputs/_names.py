"""Names of columns, as users give them."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any


def is_among(name: Any, columns: list[Any]) -> bool:
    """Return whether there is such a column; lists and arrays are no names."""
    return isinstance(name, Hashable) and name in columns
