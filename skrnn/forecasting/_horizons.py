"""Which steps and which quantiles are asked for: refused where there are no such."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sktime.forecasting.base import ForecastingHorizon

_FARTHEST = 10**6  # steps; sktime counts them one by one
_EXAMPLES = "fh=[1, 2, 3] for steps ahead, or an index of dates or periods"


def check_horizon(fh: Any) -> None:
    """Raise unless something is a horizon; None is left to sktime.

    Raises
    ------
    ValueError
    """
    if fh is None:
        return
    if isinstance(fh, Integral) and not isinstance(fh, ForecastingHorizon):
        _check_reach(fh, [int(fh)])
    try:
        horizon = fh if isinstance(fh, ForecastingHorizon) else ForecastingHorizon(fh)
        values = horizon.to_pandas()
    except MemoryError:
        raise
    except Exception as error:  # sktime and pandas have many for what is none
        raise ValueError(f"fh={fh!r} is no horizon. Pass {_EXAMPLES}.") from error
    if not len(values) or values.hasnans:
        raise ValueError(f"fh={fh!r} is empty, or has missing values. Pass {_EXAMPLES}.")
    if values.dtype.kind in "iu":
        _check_reach(fh, [values.min(), values.max()])


def _check_reach(fh: Any, steps: list[int]) -> None:
    if max(map(abs, steps)) > _FARTHEST:
        raise ValueError(f"fh={fh!r} reaches too far. Use steps up to {_FARTHEST}.")


def read_levels(name: str, given: Any) -> list[float]:
    """Return quantiles, or coverages, as a list.

    Raises
    ------
    ValueError
        When there is none, one stands twice, or one is no number between 0 and 1.
    """
    levels = np.ravel(given).tolist() if not isinstance(given, set | dict) else []
    within = all(isinstance(level, float) and 0 < level < 1 for level in levels)
    if not levels or not within or len(set(levels)) < len(levels):
        raise ValueError(
            f"{name}={given!r} must be a number between 0 and 1, or several different ones. Pass "
            f"one, as in {name}=0.9, or a list."
        )
    return [float(level) for level in levels]
