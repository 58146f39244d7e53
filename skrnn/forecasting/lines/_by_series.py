"""Lines of other libraries, which forecast one series at a time."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np

from ._protocol import Line
from ._series import Past


def forecast_each(
    line: Line, past: Past, horizon: int, forecast: Callable[[np.ndarray, int], object]
) -> np.ndarray:
    """Return forecasts from each origin by itself; NaN where there is none.

    A forecast that fails is named in a warning, once.

    Parameters
    ----------
    line : Line
    past : Past
    horizon : int
    forecast : callable
        From a history, (n_steps,), and the number of its series to its forecasts, (horizon,).
    """
    found = np.full((len(past), horizon), np.nan)
    failure = None
    for origin in range(len(past)):
        try:
            found[origin] = forecast(past.history(origin, line.reach), int(past.which[origin]))
        except Exception as error:  # of another library: nobody knows which ones there are
            failure = error
    if failure is not None:
        warn_left_out(line.name, failure)
    return found


def warn_left_out(name: str, error: Exception) -> None:
    """Warn that a line has failed, and is left out where it has.

    Raises
    ------
    MemoryError
        When it was for that: no fault of the line.
    """
    if isinstance(error, MemoryError):
        raise error
    warnings.warn(
        f"The baseline {name!r} failed and is left out there: {type(error).__name__}: {error}",
        stacklevel=2,
    )
