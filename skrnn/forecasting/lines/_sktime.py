"""Forecasters of sktime beside the network."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._by_series import forecast_each
from ._protocol import Baseline, Task
from ._series import Past

# Series get longer with updates: so many steps at least are looked back.
_SHORTEST_REACH = 2000


@dataclass(frozen=True)
class SktimeLine:
    """A forecaster of sktime, fitted anew to what is known at every origin.

    It sees the values alone, with whole numbers as their times.

    Attributes
    ----------
    name : str
    forecaster : sktime forecaster
    reach : int
    fewest : int
    """

    name: str
    forecaster: Any
    reach: int
    fewest: int = 2

    def forecast(self, past: Past, horizon: int) -> np.ndarray:
        """Return the forecasts."""

        def forecast(history: np.ndarray, which: int) -> Any:
            ahead = np.arange(1, horizon + 1)
            return np.ravel(self.forecaster.clone().fit(pd.Series(history), fh=ahead).predict())

        return forecast_each(self, past, horizon, forecast)


def sktime_baseline(forecaster: Any, others: Container[str]) -> Baseline:
    """Return the baseline that a forecaster is, under a name that others do not have."""
    kind, number = type(forecaster).__name__, 1
    name = kind
    while name in others:
        number += 1
        name = f"{kind} {number}"

    def make(task: Task) -> list[SktimeLine]:
        return [SktimeLine(name, forecaster, reach=max(_SHORTEST_REACH, task.length))]

    return Baseline(name, make)
