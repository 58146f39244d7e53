"""From forecasters and back-tests to arrays to draw, series by series."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._arrays import as_series, as_steps

_MOST_SERIES, _LEAST_HISTORY = 9, 24
_FORECAST = "forecast"


@dataclass(frozen=True)
class SeriesForecast:
    """One series as `ForecastDisplay` draws it; the fields are its arguments."""

    forecasts: dict[str, np.ndarray]
    index: np.ndarray
    history: np.ndarray
    history_index: np.ndarray
    origins: np.ndarray
    y_true: np.ndarray | None = None
    intervals: dict[str, Any] | None = None
    members: dict[str, np.ndarray] | None = None
    coverage: float | None = None
    target_name: Any = None
    title: str | None = None


@dataclass(frozen=True)
class _Ahead:
    """What is said of the steps after one origin: the columns of `frame`, and its members."""

    frame: pd.DataFrame
    members: pd.DataFrame


def read_forecaster(
    forecaster: Any,
    y: Any,
    X: Any,
    coverage: float | None,
    n_history: int | None,
    *,
    members: bool,
    instances: Any,
) -> tuple[list[SeriesForecast], str | None]:
    """Return what a forecaster says, and what is left out."""
    if isinstance(forecaster, type) or not hasattr(forecaster, "predict_interval"):
        raise TypeError(
            f"`forecaster` is {forecaster!r}. Pass a fitted forecaster of sktime, such as "
            "Seq2SeqForecaster."
        )
    forecaster.check_is_fitted()
    known = _known(forecaster)
    point = _frame(forecaster.predict(X=X))
    if coverage is not None and not forecaster.get_tag("capability:pred_int"):
        coverage = None
    interval = None if coverage is None else forecaster.predict_interval(X=X, coverage=coverage)
    each = forecaster.predict_members(X=X) if members else None
    if y is not None and not isinstance(y, pd.Series | pd.DataFrame):
        raise TypeError(
            f"`y` must be a series or a frame of pandas, as in fit; got {type(y).__name__}."
        )
    given = known if y is None else _frame(y)
    if given is None:
        raise ValueError(
            f"{type(forecaster).__name__} does not remember the series: pass the y of fit, with "
            "what came after it."
        )
    chosen, note = _choose(point, instances)
    found = []
    for key, number in chosen:
        forecast = _of(point, key).iloc[:, number]
        frame = pd.DataFrame({_FORECAST: forecast})
        if interval is not None:
            bounds = _of(interval, key).iloc[:, 2 * number : 2 * number + 2]
            frame[["lower", "upper"]] = bounds.to_numpy()
        own = pd.DataFrame(index=frame.index)
        if each is not None:
            own = _of(each, key)[point.columns[number]].dropna(axis=1)
        origin = forecaster.cutoff[0] if known is None else _of(known, key).index[-1]
        values = _values(given, key, number, origin)
        steps = max(4 * len(frame), _LEAST_HISTORY) if n_history is None else n_history
        found.append(
            _after_one_origin(
                _Ahead(frame, own), values, origin, steps, coverage, _title(point, key, number)
            )
        )
    return found, note


def _values(given: pd.DataFrame, key: Any, number: int, origin: Any) -> pd.Series:
    """Return a column of one series as numbers.

    Raises
    ------
    ValueError, TypeError
        When there is none, or its times are in no order, or of another kind than the origin.
    """
    levels = 0 if key is None else len(key) if isinstance(key, tuple) else 1
    there = given.index.nlevels == levels + 1 and number < given.shape[1]
    there = there and isinstance(given.index, pd.MultiIndex) == bool(levels)
    if not there or (levels and key not in given.index.droplevel(-1)):
        of = "" if key is None else f" of the series {key!r}"
        raise ValueError(f"`y` has no column {number}{of}. Pass it in the form of fit.")
    own = _of(given, key).iloc[:, number]
    if not (own.index.is_monotonic_increasing and own.index.is_unique):
        raise ValueError("`y` has times in no order, or twice. Sort it, and keep one row for each.")
    try:
        own.index <= origin  # noqa: B015
    except TypeError as error:
        raise TypeError(
            f"`y` has times of type {own.index.dtype}, but those of fit are such as {origin!r}. "
            "Pass it with times like those."
        ) from error
    return pd.Series(as_series(own, "y", allow_missing=True), own.index, name=own.name)


def _after_one_origin(
    ahead: _Ahead, values: pd.Series, origin: Any, n_history: int, coverage: Any, title: Any
) -> SeriesForecast:
    history = values[values.index <= origin].iloc[-n_history:]
    frame, members = ahead.frame, ahead.members
    truth = values[values.index > origin].reindex(frame.index)
    if len(history) and np.isfinite(history.iloc[-1]) and frame.index[0] > origin:
        last = history.iloc[[-1]]
        frame, members = _joined(frame, last), _joined(members, last)
        truth_line = pd.concat([last, truth])
    else:
        truth_line = truth
    return SeriesForecast(
        forecasts={_FORECAST: frame[_FORECAST].to_numpy()},
        index=_steps(frame.index),
        history=history.to_numpy(dtype=float),
        history_index=_steps(history.index),
        origins=_steps(pd.Index([origin]).astype(frame.index.dtype)),
        y_true=truth_line.to_numpy(dtype=float) if truth.notna().any() else None,
        intervals=_intervals(frame),
        members={str(name): members[name].to_numpy() for name in members},
        coverage=coverage,
        target_name=_name_of(values),
        title=title,
    )


def read_backtest(
    backtest: Any, n_history: int | None, instances: Any
) -> tuple[list[SeriesForecast], str | None]:
    """Return the forecasts of a back-test, and what is left out."""
    if not (hasattr(backtest, "forecasts") and hasattr(backtest, "y")):
        raise TypeError(f"`backtest` is {backtest!r}. Pass what skrnn.backtest returned.")
    forecasts, y = backtest.forecasts, backtest.y
    if y.shape[1] > 1:  # the variable is a level of the index there
        names = [*y.index.names[:-1], forecasts.index.names[-3], y.index.names[-1]]
        y = y.stack().reorder_levels([*range(y.index.nlevels - 1), -1, y.index.nlevels - 1])
        y = y.rename_axis(names).to_frame().sort_index()
    by_series = forecasts.droplevel("origin")
    chosen, note = _choose(by_series.iloc[:, :1], instances)
    found = []
    for key, _ in chosen:
        own = _of(forecasts, key, 2)
        values = _of(y, key).iloc[:, 0]
        title = _title(by_series.iloc[:, :1], key, 0)
        found.append(_after_origins(own, values, n_history, backtest.coverage, title))
    return found, note


def _after_origins(
    own: pd.DataFrame, values: pd.Series, n_history: int | None, coverage: Any, title: Any
) -> SeriesForecast:
    """Return the forecasts from all origins one after the other, with gaps between them."""
    parts, origins = list(_by_origin(own, values)), own.index.get_level_values(0).unique()
    frame = pd.concat(parts)
    times = own.index.get_level_values(-1)
    first = values.index.get_loc(origins.min())
    steps = max(times.nunique(), _LEAST_HISTORY) if n_history is None else n_history
    shown = values.iloc[max(0, first + 1 - steps) :]
    shown = shown[shown.index <= times.max()]
    return SeriesForecast(
        forecasts={_FORECAST: frame[_FORECAST].to_numpy()},
        index=_steps(frame.index),
        history=shown.to_numpy(dtype=float),
        history_index=_steps(shown.index),
        origins=_steps(origins),
        intervals=_intervals(frame),
        coverage=coverage,
        target_name=_name_of(values),
        title=title,
    )


def _by_origin(own: pd.DataFrame, values: pd.Series) -> Iterator[pd.DataFrame]:
    for origin, part in own.drop(columns="truth").groupby(level="origin"):
        frame = part.droplevel("origin")
        last = values[[origin]]
        joined = _joined(frame, last) if np.isfinite(last.iloc[0]) else frame
        yield pd.concat([joined, frame.iloc[[-1]] * np.nan])


def _joined(frame: pd.DataFrame, last: pd.Series) -> pd.DataFrame:
    """Return forecasts behind the last known value, which all of them go on from."""
    first = pd.DataFrame({name: last.to_numpy() for name in frame}, index=last.index)
    return pd.concat([first, frame])


def _intervals(frame: pd.DataFrame) -> dict[str, Any] | None:
    if "lower" not in frame:
        return None
    return {_FORECAST: (frame["lower"].to_numpy(), frame["upper"].to_numpy())}


def _known(forecaster: Any) -> pd.DataFrame | None:
    """Return all values that a forecaster remembers, if it does."""
    own = getattr(forecaster, "_known_y", None)
    known = getattr(forecaster, "_y", None) if own is None else own()
    return None if known is None else _frame(known)


def _frame(data: Any) -> pd.DataFrame:
    return data.to_frame() if isinstance(data, pd.Series) else data


def _choose(frame: pd.DataFrame, instances: Any) -> tuple[list[tuple[Any, int]], str | None]:
    """Return keys of instances and numbers of columns to draw, and what is left out.

    Raises
    ------
    ValueError
        When a series is not known.
    """
    levels = frame.index.nlevels - 1
    keys = list(frame.index.droplevel(-1).unique()) if levels else [None]
    every = [(key, number) for key in keys for number in range(frame.shape[1])]
    if instances is None:
        note = f"{_MOST_SERIES} of {len(every)} series drawn" if len(every) > _MOST_SERIES else None
        return every[:_MOST_SERIES], note
    wanted = [tuple(key) if isinstance(key, list | tuple) else key for key in instances]
    unknown = [key for key in wanted if key not in keys]
    if unknown or not wanted:
        what = f"has {unknown[0]!r}, which is none of the series" if unknown else "is empty"
        raise ValueError(f"instances {what}. Choose among {keys[:5]}{' ...' * (len(keys) > 5)}.")
    return [(key, number) for key in wanted for number in range(frame.shape[1])], None


def _of(frame: pd.DataFrame, key: Any, n_levels: int = 1) -> pd.DataFrame:
    """Return the rows of one instance, with the last levels of their index."""
    if key is None:
        return frame
    key = key if isinstance(key, tuple) else (key,)
    return frame.xs(key, level=list(range(frame.index.nlevels - n_levels)))


def _title(frame: pd.DataFrame, key: Any, number: int) -> str | None:
    parts = []
    if key is not None:
        keys = key if isinstance(key, tuple) else (key,)
        for name, value in zip(frame.index.names, keys, strict=False):
            parts.append(str(value) if name is None else f"{name} = {value}")
    if frame.shape[1] > 1:
        parts.append(str(frame.columns[number]))
    return ", ".join(parts) if parts else None


def _name_of(values: pd.Series) -> Any:
    return None if values.name in (None, 0) else values.name


def _steps(index: pd.Index) -> np.ndarray:
    return as_steps(index, None, len(index))
