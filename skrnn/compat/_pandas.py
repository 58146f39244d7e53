"""Times, offsets, indexes and frames of pandas to and from plain data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.tseries import offsets

State = dict[str, Any]


@dataclass(frozen=True)
class PandasKind:
    """A kind of object of pandas.

    Attributes
    ----------
    name : str
        In files; it does not change.
    type : type
    state_of : callable
        From an object to the keyword arguments of `build`: plain data, or objects of these kinds.
    build : callable
    """

    name: str
    type: Any
    state_of: Callable[[Any], State]
    build: Callable[..., Any]

    def holds(self, value: Any) -> bool:
        """Return whether an object is of this kind."""
        return isinstance(value, self.type)


# ---- Times and offsets ---------------------------------------------------------------------------


def _timestamp_state(value: pd.Timestamp) -> State:
    utc = value.tz_convert("UTC").tz_localize(None) if value.tz is not None else value
    return {"value": int(utc.asm8.view("i8")), "unit": value.unit, "tz": _zone(value.tz)}


def _timestamp(value: int, unit: Any, tz: str | None) -> pd.Timestamp:
    time = pd.Timestamp(np.datetime64(value, unit))
    return time if tz is None else time.tz_localize("UTC").tz_convert(tz)


def _timedelta_state(value: pd.Timedelta) -> State:
    return {"value": int(value.asm8.view("i8")), "unit": value.unit}


def _timedelta(value: int, unit: Any) -> pd.Timedelta:
    return pd.Timedelta(np.timedelta64(value, unit))


def _period_state(value: pd.Period) -> State:
    return {"ordinal": int(value.ordinal), "freq": value.freqstr}


def _offset_state(value: pd.offsets.BaseOffset) -> State:
    # Those that are no plain numbers mostly have their defaults.
    settings = {name: item for name, item in value.kwds.items() if type(item) in (int, str, bool)}
    name = type(value).__name__
    state = {"name": name, "n": value.n, "normalize": value.normalize, "settings": settings}
    if getattr(offsets, name, None) is not type(value) or _offset(**state) != value:
        raise ValueError("this offset has settings that are no plain numbers. Use a simpler one")
    return state


def _offset(name: str, n: int, normalize: bool, settings: State) -> pd.offsets.BaseOffset:
    kind = getattr(offsets, name)
    if not issubclass(kind, pd.offsets.BaseOffset):
        raise ValueError(f"{name} is no offset")
    return kind(n, **settings, **({"normalize": True} if normalize else {}))


def _zone(tz: Any) -> str | None:
    if tz is None:
        return None
    name, some = str(tz), pd.Timestamp("2020-07-01", tz=tz)
    if pd.Timestamp("2020-07-01", tz=name) != some:
        raise ValueError(f"the time zone {tz!r} has no name that is known everywhere")
    return name


# ---- Indexes -------------------------------------------------------------------------------------


def _range_state(value: pd.RangeIndex) -> State:
    return {"start": value.start, "stop": value.stop, "step": value.step, "name": value.name}


def _multi_state(value: pd.MultiIndex) -> State:
    codes = [np.asarray(codes, np.int64) for codes in value.codes]
    return {"levels": list(value.levels), "codes": codes, "names": list(value.names)}


def _dates_state(value: pd.DatetimeIndex) -> State:
    return {
        "values": value.asi8.copy(),
        "unit": value.unit,
        "tz": _zone(value.tz),
        "freq": value.freq,
        "name": value.name,
    }


def _dates(values: np.ndarray, unit: str, tz: str | None, freq: Any, name: Any) -> pd.DatetimeIndex:
    dates = pd.DatetimeIndex(values.view(f"M8[{unit}]"))
    dates = dates if tz is None else dates.tz_localize("UTC").tz_convert(tz)
    return pd.DatetimeIndex(dates, freq=freq, name=name)


def _periods_state(value: pd.PeriodIndex) -> State:
    return {"values": value.asi8.copy(), "freq": value.freqstr, "name": value.name}


def _periods(values: np.ndarray, freq: str, name: Any) -> pd.PeriodIndex:
    return pd.PeriodIndex.from_ordinals(values, freq=freq, name=name)


def _categories_state(value: pd.CategoricalIndex) -> State:
    codes = np.asarray(value.codes, np.int64)
    ordered = bool(value.ordered)
    return {"categories": value.categories, "codes": codes, "ordered": ordered, "name": value.name}


def _categories(categories: pd.Index, codes: np.ndarray, ordered: bool, name: Any) -> pd.Index:
    held = pd.Categorical.from_codes(codes, categories=categories, ordered=ordered)
    return pd.CategoricalIndex(held, name=name)


def _index_state(value: pd.Index) -> State:
    dtype = value.dtype
    if isinstance(dtype, np.dtype):
        return {"values": value.to_numpy(), "dtype": None, "name": value.name}
    objects = value.to_numpy(dtype=object, na_value=None)
    state = {"values": objects, "dtype": str(dtype), "name": value.name}
    if not _index(**state).equals(value):
        raise ValueError(f"an index of dtype {dtype} is not taken. Convert it")
    return state


def _index(values: np.ndarray, dtype: str | None, name: Any) -> pd.Index:
    return pd.Index(values, dtype=values.dtype if dtype is None else dtype, name=name)


# ---- Frames: a column is kept as an index --------------------------------------------------------


def _series_state(value: pd.Series) -> State:
    return {"values": pd.Index(value), "index": value.index, "name": value.name}


def _series(values: pd.Index, index: pd.Index, name: Any) -> pd.Series:
    return pd.Series(values.array, index=index, name=name)


def _frame_state(value: pd.DataFrame) -> State:
    parts = [pd.Index(value.iloc[:, place]) for place in range(value.shape[1])]
    return {"parts": parts, "index": value.index, "columns": value.columns}


def _frame(parts: list[pd.Index], index: pd.Index, columns: pd.Index) -> pd.DataFrame:
    held = {place: part.array for place, part in enumerate(parts)}
    return pd.DataFrame(held, index=index).set_axis(columns, axis=1)


# The first that fits is taken: subclasses stand before their bases.
PANDAS_KINDS = (
    PandasKind("Timestamp", pd.Timestamp, _timestamp_state, _timestamp),
    PandasKind("Timedelta", pd.Timedelta, _timedelta_state, _timedelta),
    PandasKind("Period", pd.Period, _period_state, pd.Period),
    PandasKind("Offset", pd.offsets.BaseOffset, _offset_state, _offset),
    PandasKind("RangeIndex", pd.RangeIndex, _range_state, pd.RangeIndex),
    PandasKind("MultiIndex", pd.MultiIndex, _multi_state, pd.MultiIndex),
    PandasKind("DatetimeIndex", pd.DatetimeIndex, _dates_state, _dates),
    PandasKind("PeriodIndex", pd.PeriodIndex, _periods_state, _periods),
    PandasKind("CategoricalIndex", pd.CategoricalIndex, _categories_state, _categories),
    PandasKind("Index", pd.Index, _index_state, _index),
    PandasKind("Frame", pd.DataFrame, _frame_state, _frame),
    PandasKind("Column", pd.Series, _series_state, _series),
)
