"""Axes to draw on, and what is drawn on axes of steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from numbers import Real
from textwrap import fill
from typing import Any

import numpy as np

from ..compat._sklearn import Accepted, HasMethods, Interval, InvalidParameterError

_INCHES = Interval(Real, 0.1, 500, closed="both")


def _is_size(value: Any) -> bool:
    pair = isinstance(value, tuple | list) and len(value) == 2
    return pair and all(_INCHES.is_satisfied_by(side) for side in value)


# Of what all displays take.
OF_DRAWING: dict[str, list[Any]] = {
    "ax": [HasMethods(["plot", "imshow"]), None],
    "name": [str, None],
    "line_kw": [dict, None],
    "figsize": [Accepted("two numbers of inches from 0.1 to 500", _is_size), None],
}
_MAX_TICKS = 30  # names beside each other
# Inches that axes among several take, and that a date and an entry of a legend take.
_NARROWEST, _DATE, _ENTRY = 2.9, 0.75, 1.5
# With fewer dates than that there are spans that none of the steps of matplotlib fits.
_FEWEST_DATES, _MOST_DATES = 5, 9
_MOST_COLUMNS = 3
_LETTERS = 11  # of a title in an inch
_MASKED: dict[str, Any] = {"facecolor": "0.93", "edgecolor": "0.7", "hatch": "///", "linewidth": 0}


def new_axes(**options: Any) -> Any:
    """Return the axes of a new figure, importing matplotlib on the way."""
    try:
        import matplotlib.pyplot as plt
    except ImportError as error:
        raise ImportError(
            'Drawing needs matplotlib, which is not installed. Run: pip install "skrnn[plot]"'
        ) from error
    return plt.subplots(**{"layout": "constrained", **options})[1]


def axes_for(ax: Any, number: int, figsize: Any = None) -> tuple[np.ndarray, bool]:
    """Return so many axes, and whether they are those of a new figure.

    Small multiples stand in one column in a narrow figure, and in three in a wide one.
    """
    if ax is not None:
        given = np.atleast_1d(np.asarray(ax, dtype=object)).ravel()
        for one in given:
            if not (hasattr(one, "plot") and hasattr(one, "imshow")):
                raise InvalidParameterError(
                    f"`ax` holds {one!r}, which is no axes of matplotlib. Pass axes, as "
                    "matplotlib.pyplot.subplots() returns them, or None for a new figure."
                )
        if len(given) < number:
            raise ValueError(
                f"`ax` has {len(given)} axes, but there are {number} series to draw. Pass one for "
                "each, or choose fewer series with `instances`."
            )
        return given[:number], False
    if number == 1:
        return np.array([new_axes(figsize=figsize)], dtype=object), True
    width = 10.0 if figsize is None else figsize[0]
    n_columns = min(number, max(1, int(width // _NARROWEST)), _MOST_COLUMNS)
    if number == 4 and n_columns == 3:
        n_columns = 2
    n_rows = -(-number // n_columns)
    figsize = (width, 1.2 + 1.9 * n_rows) if figsize is None else figsize
    grid = np.ravel(new_axes(nrows=n_rows, ncols=n_columns, figsize=figsize))
    for empty in grid[number:]:
        empty.remove()
    return grid[:number], True


def time_ticks(ax: Any, steps: np.ndarray) -> None:
    """Write as many dates on the axis of time as there is room for; whole numbers of integers."""
    kind = np.asarray(steps).dtype.kind
    if kind in "iu":
        from matplotlib.ticker import MaxNLocator

        if isinstance(locator := ax.xaxis.get_major_locator(), MaxNLocator):
            locator.set_params(integer=True)
    elif kind == "M" or isinstance(steps[0], datetime):
        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        room = int(np.clip(_width(ax) / _DATE, _FEWEST_DATES, _MOST_DATES))
        zone = getattr(steps[0], "tzinfo", None)
        locator = AutoDateLocator(zone, minticks=2, maxticks=room)
        ax.xaxis.set_major_locator(locator)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(locator, zone))
    elif kind not in "f":  # names are too wide side by side
        ax.tick_params(axis="x", rotation=30)


def explain_lines(axes: np.ndarray, *, outside: bool) -> Any:
    """Return a legend of all lines: above the axes of a new figure, or within the first axes."""
    if not outside:
        return axes[0].legend()
    entries: dict[str, Any] = {}
    for ax in axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    figure = axes[0].figure
    n_columns = int(np.clip(figure.get_figwidth() / _ENTRY, 1, len(entries)))
    return figure.legend(
        entries.values(), entries, loc="outside upper center", ncols=n_columns, frameon=False
    )


def wrap_title(ax: Any, title: str) -> None:
    """Write a title from the left, on as many lines as its axes need."""
    n_letters = max(12, int(_width(ax) * _LETTERS))
    ax.set_title(fill(title, n_letters), fontsize="medium", loc="left")


def label_upwards(ax: Any, label: str) -> None:
    """Write a label beside axes, on as many lines as their height needs."""
    height = ax.figure.get_figheight() * ax.get_position().height
    ax.set_ylabel(fill(label, max(8, int(height * _LETTERS))))


def _width(ax: Any) -> float:
    """Return about how many inches wide axes are, before their figure is laid out."""
    share = ax.get_subplotspec().get_gridspec().ncols if ax.get_subplotspec() else 1
    return float(ax.figure.get_figwidth()) / share


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
