"""How many steps lie between two values of an index: dates, periods or integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries.frequencies import to_offset
from pandas.tseries.offsets import Tick

# Where an index has holes, its frequency is looked for in runs of so many dates, at so many places.
_RUN = 3
_PLACES = 200


def counts_time(index: pd.Index) -> bool:
    """Return whether an index holds dates, periods or integers."""
    dates = isinstance(index, pd.PeriodIndex | pd.DatetimeIndex)
    return dates or bool(pd.api.types.is_integer_dtype(index.dtype))


def check_index(index: pd.Index, name: str = "X") -> None:
    """Raise unless the index, of what the user calls `name`, says which row follows which."""
    if not counts_time(index):
        raise ValueError(
            f"{name} has an index of type {type(index).__name__} with dtype {index.dtype}. Windows "
            "need dates, periods or integers that say which row follows which. Use "
            f"{name}.reset_index(drop=True) where all rows follow one another, and "
            "pandas.to_datetime on an index of dates as texts."
        )
    if index.hasnans:
        row = int(np.argmax(index.isna()))
        raise ValueError(
            f"{name} has no time in row {row}: its index is missing there. Fill in the times, or "
            "drop these rows."
        )


def kind_of(index: pd.Index) -> str:
    """Return what an index counts in; values of different kinds never follow one another."""
    if isinstance(index, pd.PeriodIndex):
        return f"periods of {index.freqstr}"
    return f"dates in {index.tz}" if isinstance(index, pd.DatetimeIndex) else "integers"


def infer_step(index: pd.Index, within: np.ndarray, freq: Any, name: str = "X") -> Any:
    """Return the distance from one row to the next: a frequency, or an integer.

    Parameters
    ----------
    index : pandas.Index
    within : bool array of shape (n_rows - 1,)
        Whether a row and the next belong to one series.
    freq : str, offset or None
        Frequency of dates, where the user gives it.
    name : str, default="X"
        What the user calls the data.

    Returns
    -------
    step : offset, int or None
        None where fewer than three dates leave it open.

    Raises
    ------
    ValueError
        When `freq` is none, or dates have no regular frequency.
    """
    given = _read_frequency(freq)
    if isinstance(index, pd.PeriodIndex):
        return index.freq
    if not isinstance(index, pd.DatetimeIndex):
        return _commonest(np.diff(np.asarray(index))[within])
    if given is not None or index.freq is not None:
        return index.freq if given is None else given
    dates = pd.DatetimeIndex(index.unique()).sort_values()
    if len(dates) < 3:
        return None
    inferred = pd.infer_freq(dates) or pd.infer_freq(clock_times(dates))
    return to_offset(inferred) if inferred else _frequency_with_holes(dates, name)


def _read_frequency(freq: Any) -> Any:
    """Return the offset that the user gives, if any: one that goes ahead in time."""
    if freq is None:
        return None
    try:
        offset = to_offset(freq)
    except (TypeError, ValueError, OverflowError):
        offset = None
    if offset is None or offset.n < 1:
        raise ValueError(
            f"freq={freq!r} is no step ahead in time. Use a positive frequency of pandas, such as "
            '"D", "15min" or "MS", or None to infer it.'
        )
    return offset


def steps_between(before: pd.Index, after: pd.Index, step: Any) -> np.ndarray:
    """Return the number of steps from each value to its counterpart; NaN where there is no such.

    The two are of one kind, and so is the step.
    """
    if step is None or not len(after):
        return np.full(len(after), np.nan)
    if isinstance(after, pd.PeriodIndex):
        return _whole((after.asi8 - before.asi8) / step.n)
    if not isinstance(after, pd.DatetimeIndex):
        return _whole((np.asarray(after) - np.asarray(before)) / step)
    if is_elapsed(step):
        return _whole((after - before) / pd.Timedelta(step))
    before, after = np.split(clock_times(before.append(after)), 2)
    if isinstance(step, pd.offsets.Day):
        return _whole((after - before) / pd.Timedelta(days=step.n))
    grid = pd.date_range(min(before.min(), after.min()), max(before.max(), after.max()), freq=step)
    places = [grid.get_indexer(index).astype(float) for index in (before, after)]
    for place in places:
        place[place < 0] = np.nan
    return places[1] - places[0]


def is_elapsed(step: Any) -> bool:
    """Return whether a frequency counts time that passes, and not days, which clocks change."""
    return isinstance(step, Tick) and not isinstance(step, pd.offsets.Day)


def clock_times(dates: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Return what a clock on the wall shows, without a zone.

    Where clocks are put forward at the usual time of day, dates hold the time after the change;
    the usual time takes its place.
    """
    shown = dates.tz_localize(None)
    if dates.tz is None or not len(dates):
        return shown
    day = shown.normalize()
    times, counts = np.unique(shown - day, return_counts=True)
    usual = day + pd.Timedelta(times[np.argmax(counts)])
    return shown.where(in_zone(usual, dates.tz) != dates, usual)


def in_zone(times: pd.DatetimeIndex, zone: Any) -> pd.DatetimeIndex:
    """Return the dates at which clocks in a zone show some times, or the first after a gap."""
    first = np.ones(len(times), bool)
    return times.tz_localize(zone, nonexistent="shift_forward", ambiguous=first)


def _commonest(differences: np.ndarray) -> int:
    steps, counts = np.unique(differences[differences > 0], return_counts=True)
    return int(steps[np.argmax(counts)]) if len(steps) else 1


def _frequency_with_holes(dates: pd.DatetimeIndex, name: str) -> Any:
    starts = np.unique(np.linspace(0, len(dates) - 3, _PLACES).astype(int))
    names = {pd.infer_freq(dates[start : start + _RUN]) for start in starts} - {None}
    first = pd.DatetimeIndex([dates[0]]).repeat(len(dates))
    fitting = {}
    for offset in map(to_offset, sorted(names)):
        steps = steps_between(first, dates, offset)
        if not np.isnan(steps).any():
            fitting[steps[-1]] = offset
    if not fitting:
        raise ValueError(
            f"{name} has dates of no regular frequency, so there is no telling which row follows "
            'which. Set freq (such as "D" or "MS"), or gap_tolerance to the longest '
            "pandas.Timedelta between neighbouring rows."
        )
    return fitting[min(fitting)]


def _whole(steps: Any) -> np.ndarray:
    steps = np.asarray(steps, dtype=float)
    return np.where(steps == np.round(steps), steps, np.nan)
