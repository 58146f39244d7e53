"""Exponential smoothing and the Theta method, by statsmodels."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ._by_series import forecast_each, warn_left_out
from ._protocol import Line, Task
from ._series import Past, level_and_unit

# Steps that are looked back, at most. Of longer series there is enough for regressions.
_LONGEST = 2000
# Series that are smoothed, one after the other.
_MOST_SERIES = 1000
# Steps that the starting values of statsmodels need.
_FEWEST = 10
_PARAMETERS = ("smoothing_level", "smoothing_trend", "smoothing_seasonal", "damping_trend")


@dataclass(frozen=True)
class Smoothing:
    """Level, season and damped trend by exponential smoothing (Holt, Winters, Gardner).

    Attributes
    ----------
    name : str
    season : int
        1 where there is none.
    damped : bool
        With a damped trend.
    parameters : array of shape (n_series, 4)
        Of level, trend, season and damping, learned from each series; NaN where it is too short.
    logs : bool
        On logarithms, of what is positive throughout: the season grows with the level.
    reach : int
    """

    name: str
    season: int
    damped: bool
    parameters: np.ndarray
    logs: bool = False
    reach: int = _LONGEST

    @property
    def fewest(self) -> int:
        """Return what the starting values take."""
        return _fewest(self.season)

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the forecasts, from parameters that are known."""

        def forecast(history: np.ndarray, which: int) -> Any:
            parameters = self.parameters[which]
            if np.isnan(parameters[0]) or (self.logs and history.min() <= 0):
                return np.nan
            history = np.log(history) if self.logs else history
            given = {
                name: value
                for name, value in zip(_PARAMETERS, parameters, strict=True)
                if not np.isnan(value)
            }
            level, unit = level_and_unit(history)
            model = _smoothing_model((history - level) / unit, self.season, self.damped)
            steps = model.fit(optimized=False, **given).forecast(horizon) * unit + level
            return np.exp(steps) if self.logs else steps

        with _quiet():
            return forecast_each(self, past, horizon, forecast)


@dataclass(frozen=True)
class Theta:
    """The Theta method: half of the trend, and exponential smoothing.

    Parameters are found anew at every origin, which is fast.

    Attributes
    ----------
    name : str
    season : int
    reach : int
    """

    name: str
    season: int
    reach: int = _LONGEST

    @property
    def fewest(self) -> int:
        """Return two seasons, and a few steps."""
        return _fewest(self.season)

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the forecasts."""
        from statsmodels.tsa.forecasting.theta import ThetaModel

        def forecast(history: np.ndarray, which: int) -> Any:
            unit = np.abs(history).mean() or 1.0
            model = ThetaModel(
                history / unit, period=self.season, deseasonalize=self.season > 1, method="auto"
            )
            return np.asarray(model.fit().forecast(horizon)) * unit

        with _quiet():
            return forecast_each(self, past, horizon, forecast)


def smoothing_lines(task: Task, *, damped: bool, logs: bool = False) -> list[Line]:
    """Return exponential smoothing with each season, where series are few and not too long."""
    lines: list[Line] = []
    for season in _seasons(task):
        name = f"{'log ' if logs else ''}{'damped ' if damped else ''}smoothing"
        name += f" {season}" if season > 1 else ""
        empty = np.full((len(task.series), len(_PARAMETERS)), np.nan)
        line = Smoothing(name, season, damped, empty, logs)
        learned = _learn(task, line)
        if not np.isnan(learned).all():
            lines.append(replace(line, parameters=learned))
    return lines


def theta_lines(task: Task) -> list[Line]:
    """Return the Theta method with each season, where series are few and not too long."""
    return [
        Theta("theta" + (f" {season}" if season > 1 else ""), season) for season in _seasons(task)
    ]


def _seasons(task: Task) -> tuple[int, ...]:
    if task.length > _LONGEST or len(task.series) > _MOST_SERIES * task.effort:
        return ()
    there = tuple(season for season in task.seasons if task.length >= _fewest(season))
    return there or ((1,) if task.length >= _fewest(1) else ())


def _fewest(season: int) -> int:
    return max(_FEWEST, 3 * season if season > 1 else 0)


def _learn(task: Task, line: Smoothing) -> np.ndarray:
    """Return the parameters of each series, those of the line where it cannot be learned from."""
    parameters, failure = line.parameters.copy(), None
    with _quiet():
        for number, whole in enumerate(task.series.known()):
            values = whole[-_LONGEST:]
            if len(values) < line.fewest or (line.logs and values.min() <= 0):
                continue
            values = np.log(values) if line.logs else values
            level, unit = level_and_unit(values)  # the optimiser wants numbers near one
            try:
                model = _smoothing_model((values - level) / unit, line.season, line.damped)
                found = model.fit().params
            except Exception as error:  # of statsmodels: nobody knows which ones there are
                failure = error
            else:
                parameters[number] = [found.get(key, np.nan) for key in _PARAMETERS]
    if failure is not None:
        warn_left_out(line.name, failure)
    return parameters


def _smoothing_model(values: np.ndarray, season: int, damped: bool) -> Any:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    seasonal: dict[str, Any] = {"seasonal": "add", "seasonal_periods": season} if season > 1 else {}
    return ExponentialSmoothing(
        values,
        trend="add" if damped else None,
        damped_trend=damped,
        initialization_method="heuristic",
        **seasonal,
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out the warnings of an optimiser that stops early: its result is validated anyway."""
    from statsmodels.tools.sm_exceptions import ModelWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ModelWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        yield
