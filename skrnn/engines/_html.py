"""Small tables and curves for notebooks, in plain HTML with all texts escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

_WIDTH, _HEIGHT = 240, 70
_COLORS = ("#1f77b4", "#d62728")  # of training and validation


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table; numbers have four digits."""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(_text(value))}</td>' for value in row)}</tr>" for row in rows
    )
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def section(title: str, *parts: str) -> str:
    """Return a part of a page that can be folded, and is open."""
    return f"<details open><summary>{escape(title)}</summary>{''.join(parts)}</details>"


def curves(columns: Mapping[str, Sequence[float]]) -> str:
    """Return small curves of one or two columns over the epochs, with their names."""
    known = [v for values in columns.values() for v in values if math.isfinite(v)]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    drawn = [
        f'<polyline fill="none" stroke="{color}" points="{_points(values, low, high)}"/>'
        for values, color in zip(columns.values(), _COLORS, strict=False)
    ]
    names = " ".join(
        f'<tspan fill="{color}">{escape(name)}</tspan>'
        for name, color in zip(columns, _COLORS, strict=False)
    )
    text = f'<text x="4" y="12" font-size="11">{names}</text>'
    size = f'width="{_WIDTH}" height="{_HEIGHT}" role="img"'
    return f"<svg {size}>{''.join(drawn)}{text}</svg>"


def _points(values: Sequence[float], low: float, high: float) -> str:
    span, last = high - low or 1.0, max(len(values) - 1, 1)
    return " ".join(
        f"{4 + (_WIDTH - 8) * n / last:.1f},{16 + (_HEIGHT - 20) * (high - v) / span:.1f}"
        for n, v in enumerate(values)
        if math.isfinite(v)
    )


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
