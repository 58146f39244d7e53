"""Axes to draw on, and what is drawn on axes of steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..compat._sklearn import HasMethods, InvalidParameterError

# Of what all displays take.
OF_DRAWING: dict[str, list[Any]] = {
    "ax": [HasMethods(["plot", "imshow"]), None],
    "name": [str, None],
    "line_kw": [dict, None],
}
_MAX_TICKS = 30  # names beside each other
_MASKED: dict[str, Any] = {"facecolor": "0.93", "edgecolor": "0.7", "hatch": "///", "linewidth": 0}


def new_axes(**options: Any) -> Any:
    """Return the axes of a new figure, importing matplotlib on the way."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            'Drawing needs matplotlib, which is not installed. Run: pip install "skrnn[plot]"'
        ) from error
    return plt.subplots(**options)[1]


@contextmanager
def keywords_of_matplotlib(name: str, given: Any) -> Iterator[None]:
    """Say which parameter held the keywords that matplotlib refuses.

    Raises
    ------
    InvalidParameterError
    """
    try:
        yield
    except (AttributeError, TypeError, ValueError) as error:
        if not given:
            raise
        raise InvalidParameterError(
            f"{name}={given!r} cannot be drawn with: {error}. Use keywords of matplotlib."
        ) from error


def name_ticks(axis: Any, names: list[str] | None) -> None:
    """Write the names of positions 0, 1, ... on an axis, or whole numbers where there are none."""
    if names is None:
        axis.get_major_locator().set_params(integer=True)
        return
    shown = slice(None, None, -(-len(names) // _MAX_TICKS))
    axis.set_ticks(np.arange(len(names))[shown], names[shown])
    if axis.axis_name == "x" and sum(map(len, names[shown])) > 50:
        axis.set_tick_params(rotation=90)


def hatch_steps(ax: Any, steps: np.ndarray) -> None:
    """Mark masked steps from the bottom of the axes to the top."""
    if len(steps):
        ax.bar(steps, 1.0, width=1.0, transform=ax.get_xaxis_transform(), zorder=0, **_MASKED)
        _explain_hatches(ax)


def hatch_background(ax: Any) -> None:
    """Mark where an image has no value."""
    ax.patch.set(**_MASKED)
    _explain_hatches(ax)


def _explain_hatches(ax: Any) -> None:
    """Put a legend above the axes, where it hides nothing."""
    from matplotlib.patches import Patch

    place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "borderaxespad": 0.3}
    ax.legend(handles=[Patch(**_MASKED, label="masked")], frameon=False, **place)
