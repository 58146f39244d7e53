"""Forecasts of one line: what a network has to beat, and what stands beside it in a combination.

Every line forecasts a whole panel at once, from the last values of each series before an origin.
A new one is one record in `BASELINES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ._by_series import warn_left_out
from ._linear import linear_lines
from ._naive import Repetition, mean_and_drift, seasonal_lines
from ._protocol import Baseline, Line, Task
from ._series import Past, SeriesSet
from ._sktime import sktime_baseline
from ._smoothing import smoothing_lines, theta_lines

__all__ = [
    "BASELINES",
    "Baseline",
    "Line",
    "Past",
    "Repetition",
    "SeriesSet",
    "Task",
    "make_lines",
    "sktime_baseline",
    "warn_left_out",
]

BASELINES = {
    baseline.name: baseline
    for baseline in (
        Baseline("last", lambda task: [Repetition("last value", 1)]),
        Baseline("mean", partial(mean_and_drift, drifts=False)),
        Baseline("drift", partial(mean_and_drift, drifts=True)),
        Baseline("seasonal", seasonal_lines),
        Baseline("smoothing", partial(smoothing_lines, damped=False)),
        Baseline("damped", partial(smoothing_lines, damped=True)),
        Baseline("log_damped", partial(smoothing_lines, damped=True, logs=True)),
        Baseline("theta", theta_lines),
        Baseline("ridge", partial(linear_lines, logs=False, pooled=False)),
        Baseline("log_ridge", partial(linear_lines, logs=True, pooled=False)),
        Baseline("pooled_ridge", partial(linear_lines, logs=False, pooled=True)),
        Baseline("pooled_log_ridge", partial(linear_lines, logs=True, pooled=True)),
    )
}


def make_lines(baselines: Sequence[Baseline], task: Task) -> list[Line]:
    """Return the lines of some kinds, those that can be. One that fails is named in a warning."""
    lines: list[Line] = []
    for baseline in baselines:
        try:
            lines += baseline.make(task)
        except Exception as error:  # a baseline must not break the forecast
            warn_left_out(baseline.name, error)
    return lines
