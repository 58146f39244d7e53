"""A regular axis of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..windowing._continuity import (
    in_zone,
    infer_step,
    is_elapsed,
    kind_of,
    steps_between,
)


@dataclass(frozen=True)
class TimeAxis:
    """A regular axis of time: numbers of steps from an origin, and the index they stand for.

    Attributes
    ----------
    origin : Timestamp, Period or int
    step : offset or int
    kind : str
        What the index counts in.
    """

    origin: Any
    step: Any
    kind: str

    @classmethod
    def of(cls, index: pd.Index, within: np.ndarray) -> TimeAxis:
        """Return the axis of an index; `within` tells where neighbours belong to one series."""
        step = _infer_step(index, within)
        if step is None:
            raise ValueError(
                "y has too few dates to tell their frequency. Set it, as in "
                'y.index = pandas.DatetimeIndex(y.index, freq="D"), or use a PeriodIndex.'
            )
        return cls(index.min(), step, kind_of(index))

    def number(self, index: pd.Index, name: str = "y") -> np.ndarray:
        """Return the number of steps from the origin to each value of an index.

        Raises
        ------
        ValueError
            When a value lies between two steps, or the index is of another kind.
        """
        if kind_of(index) != self.kind:
            raise ValueError(
                f"{name} has an index of {kind_of(index)}, but {self.kind} were fitted. Use the "
                "same kind of index."
            )
        origin = pd.Index([self.origin]).repeat(len(index))
        steps = steps_between(origin, index, self.step)
        if np.isnan(steps).any():
            wrong = index[np.isnan(steps)][0]
            raise ValueError(
                f"{name} is irregular in time: {wrong} is no whole number of steps "
                f"({self.step}) after {self.origin}. Bring all series to one regular index, with "
                "NaN where there is no value (asfreq or reindex does that)."
            )
        return steps.astype(np.int64)

    def steps_of(self, spans: pd.TimedeltaIndex, name: str) -> np.ndarray:
        """Return the number of steps in each span of time.

        Raises
        ------
        ValueError
            When one is no whole number of steps, or steps are not equally long.
        """
        if self.kind == "integers":
            raise ValueError(
                f"{name} has spans of time, but y has an index of integers. Use numbers of steps."
            )
        if not isinstance(self.origin, pd.Period):
            return self.number(pd.DatetimeIndex(self.origin + spans), name)
        start = self.origin.to_timestamp()
        periods = (start + spans).to_period(self.origin.freq)
        if not (periods.to_timestamp() == start + spans).all():
            raise ValueError(
                f"{name} has spans that are no whole number of steps ({self.step.freqstr}). Use "
                "numbers of steps."
            )
        return self.number(periods, name)

    def index(self, numbers: np.ndarray, name: Any = None) -> pd.Index:
        """Return the index that numbers of steps, in increasing order, stand for."""
        if isinstance(self.origin, pd.Period):
            ordinals = self.origin.ordinal + numbers * self.step.n
            return pd.PeriodIndex.from_ordinals(ordinals, freq=self.origin.freq, name=name)
        if isinstance(self.origin, pd.Timestamp):
            return self._dates(numbers).rename(name)
        return pd.Index(self.origin + numbers * self.step, name=name)

    def _dates(self, numbers: np.ndarray) -> pd.DatetimeIndex:
        if is_elapsed(self.step):
            return self.origin + pd.TimedeltaIndex(numbers * pd.Timedelta(self.step))
        low, origin = min(0, int(numbers.min())), self.origin.tz_localize(None)
        n_dates = int(numbers.max()) - low + 1
        dates = pd.date_range(origin + low * self.step, periods=n_dates, freq=self.step)
        dates = dates[numbers - low]
        return dates if self.origin.tz is None else in_zone(dates, self.origin.tz)


def _infer_step(index: pd.Index, within: np.ndarray) -> Any:
    try:
        return infer_step(index, within, None)
    except ValueError as error:
        place = np.flatnonzero(within)[:1]
        example = "" if not len(place) else f" ({index[place[0]]}, {index[place[0] + 1]}, ...)"
        raise ValueError(
            f"y has dates of no regular frequency{example}. Bring it to one, with NaN where there "
            'is no value, as y.resample("D").mean() does for days.'
        ) from error
