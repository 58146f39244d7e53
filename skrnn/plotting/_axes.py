"""Axes to draw on, and what is drawn on axes of steps."""

from __future__ import annotations

from typing import Any

import numpy as np

_MAX_TICKS = 30  # names beside each other
_MASKED = {"facecolor": "0.93", "edgecolor": "0.7", "hatch": "///", "linewidth": 0}


def new_axes() -> Any:
    """Return the axes of a new figure, importing matplotlib on the way."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            'Drawing needs matplotlib, which is not installed. Run: pip install "skrnn[plot]"'
        ) from error
    return plt.subplots()[1]


def name_ticks(axis: Any, names: list[str] | None) -> None:
    """Write the names of positions 0, 1, ... on an axis, or whole numbers where there are none."""
    if names is None:
        axis.get_major_locator().set_params(integer=True)
        return
    shown = slice(None, None, -(-len(names) // _MAX_TICKS))
    axis.set_ticks(np.arange(len(names))[shown], names[shown])
    if axis.axis_name == "x" and sum(map(len, names[shown])) > 50:
        axis.set_tick_params(rotation=90)


def hatch_masked(ax: Any, steps: np.ndarray) -> None:
    """Mark steps from the bottom of the axes to the top, with a legend."""
    if len(steps):
        ax.bar(
            steps,
            1.0,
            width=1.0,
            transform=ax.get_xaxis_transform(),
            zorder=0,
            label="masked",
            **_MASKED,
        )
        ax.legend()


def hatch_background(ax: Any) -> None:
    """Hatch what shows where an image has no value, with a legend above the axes."""
    from matplotlib.patches import Patch

    ax.patch.set(**_MASKED)
    place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "frameon": False}
    ax.legend(handles=[Patch(**_MASKED, label="masked")], **place)
