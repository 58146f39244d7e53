"""Windows at the end of each series that networks do not learn from but are validated on."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._panel import Panel
from ._store import training_offsets


def hold_out_windows(panel: Panel, offsets: Any, horizon: int, fraction: float) -> tuple[Any, Any]:
    """Return the positions to train on, and those to validate on.

    No target is on both sides, so that as many windows as a horizon has steps less one are on none.
    Series without so many keep all their windows to train on.

    Parameters
    ----------
    panel : Panel
    offsets : pair of int arrays of shape (n_instances,)
        First and last position of each instance.
    horizon : int
    fraction : float
        Of the windows of each series; at least one of them.

    Raises
    ------
    ValueError
        When no series has enough windows.
    """
    first, last = offsets
    with_target = np.minimum(last, _last_known(panel))
    count = with_target - first + 1
    enough = count > horizon
    if not enough.any():
        raise ValueError(
            f"The last windows of each series are held out to validate on: with {horizon} steps "
            f"ahead, a series needs at least {horizon + 1} windows, but the longest of y has "
            f"{max(0, count.max())}. Pass longer series, use a smaller window or fh, or set "
            "early_stopping=False and validation_fraction=None."
        )
    held_out = np.clip((fraction * count).astype(int), 1, np.maximum(1, count - horizon))
    start = with_target - held_out + 1
    return (
        (first, np.where(enough, start - horizon, last)),
        (start, np.where(enough, with_target, start - 1)),
    )


def has_windows_to_hold_out(length: int, window: int | None, horizon: int) -> bool:
    """Return whether a series of a length has enough windows, whatever one is derived."""
    first, last = training_offsets(np.array(length), window or length, horizon)
    return bool(last - first >= horizon)


def _last_known(panel: Panel) -> np.ndarray:
    """Return the last step of each instance at which something is known; below zero if none is."""
    known = ~np.isnan(panel.values).all(axis=1)
    steps = np.where(known, np.arange(len(known)), -1)
    last: np.ndarray = np.maximum.reduceat(steps, panel.start[:-1]) - panel.start[:-1]
    return last
