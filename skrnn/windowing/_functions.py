"""Plain functions from a series to windows and targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..compat._sklearn import MOST
from ._indices import span_of
from ._runs import Runs, read_runs


def make_windows(
    series: Any,
    window: int,
    horizon: int | None = 1,
    *,
    gap: int = 0,
    sampling_rate: int = 1,
    stride: int = 1,
    target: Any = None,
    group: Any = None,
    freq: Any = None,
    gap_tolerance: Any = None,
) -> tuple[np.ndarray, Any]:
    """Cut a series, or each of several, into windows and the values that follow them.

    Windows start every `stride` rows; the steps of a window are `sampling_rate` rows apart. The
    targets of a window are the `horizon` values that come after it, `gap` rows later. No window
    spans two series or a hole in time, and its targets neither: the index of a pandas frame says
    which row follows which, as for `SlidingWindowTransformer`. Rows without an index follow one
    another.

    Parameters
    ----------
    series : array-like of shape (n_rows,) or (n_rows, n_columns)
        Rows in order of time: an array, or a frame or series of pandas or polars. A MultiIndex
        whose last level is the time holds one series for each value of the others.
    window : int
        Number of steps in a window.
    horizon : int or None, default=1
        Number of values to predict. None makes windows alone, for labels of one's own.
    gap : int, default=0
        Rows left out between a window and its first target.
    sampling_rate : int, default=1
        Rows from one step of a window to the next (dilation), as in
        `keras.utils.timeseries_dataset_from_array`.
    stride : int, default=1
        Rows from one window to the next; `window` for windows that do not overlap. It counts anew
        in each series and after each hole.
    target : int or str, default=None
        Column to predict. Not needed where there is one.
    group : str, int or None, default=None
        Column that says which of several series a row belongs to; it is no feature.
    freq : str, offset or None, default=None
        Frequency of a date index. None takes that of the index, or infers it.
    gap_tolerance : int, pandas.Timedelta or None, default=None
        Missing steps (or for dates, the longest time between neighbours) that are bridged.

    Returns
    -------
    X : ndarray of shape (n_samples, window, n_features)
        In the order of the rows that the windows end at. A read-only view of the series where it is
        one without a hole.
    y : ndarray of shape (n_samples,), or (n_samples, horizon) for a horizon above 1
        Targets. Without a horizon, the index values of the rows that the windows end at, or the
        numbers of these rows where there is no index.

    Raises
    ------
    ValueError
        When the rows are not in order of time, no series is long enough for one sample, or `target`
        is missing or unknown.

    Warns
    -----
    UserWarning
        When some of several series are too short for one sample.

    See Also
    --------
    last_windows : The last window of each series, to predict what comes next.
    make_targets : Rows and targets for a pipeline that windows by row.

    Notes
    -----
    Neighbouring samples overlap. So that no training target lies after the last row of the first
    test window, split them with `TimeSeriesSplit(gap=horizon + gap - 1)`: for one step ahead the
    default of 0 is right. Scale *after* splitting; the estimators do so by themselves.

    Examples
    --------
    >>> from skrnn import make_windows
    >>> X, y = make_windows([1.0, 2.0, 3.0, 4.0, 5.0], window=3)
    >>> X[:, :, 0]
    array([[1., 2., 3.],
           [2., 3., 4.]])
    >>> y
    array([4., 5.])

    Windows that do not overlap, and the rows where they end, where labels may be looked up:

    >>> X, ends = make_windows(range(7), window=3, horizon=None, stride=3)
    >>> ends
    array([2, 5])
    """
    _check_counts(1, window=window, sampling_rate=sampling_rate, stride=stride)
    _check_counts(0, gap=gap)
    runs, span = _read(series, group, freq, gap_tolerance), span_of(window, sampling_rate)
    if horizon is None:
        ends = runs.rows_within(span, 0, stride, f"a window spans {span + 1}")
        return runs.windows(ends, window, sampling_rate), runs.times(ends)
    _check_counts(1, horizon=horizon)
    column, ahead = runs.column(target), gap + horizon
    needs = f"a window that spans {span + 1}, gap={gap} and horizon={horizon} need"
    ends = runs.rows_within(span, ahead, stride, f"{needs} {span + 1 + ahead}")
    return runs.windows(ends, window, sampling_rate), runs.values_after(ends, gap, horizon, column)


def last_windows(
    series: Any,
    window: int,
    *,
    sampling_rate: int = 1,
    group: Any = None,
    freq: Any = None,
    gap_tolerance: Any = None,
) -> tuple[np.ndarray, Any]:
    """Cut the last window of each series, to predict what comes next.

    Parameters
    ----------
    series : array-like of shape (n_rows,) or (n_rows, n_columns)
        Rows in order of time, as for `make_windows`.
    window : int
        Number of steps in a window.
    sampling_rate : int, default=1
        Rows from one step of a window to the next (dilation).
    group : str, int or None, default=None
        Column that says which of several series a row belongs to; it is no feature.
    freq : str, offset or None, default=None
        Frequency of a date index. None takes that of the index, or infers it.
    gap_tolerance : int, pandas.Timedelta or None, default=None
        Missing steps (or for dates, the longest time between neighbours) that are bridged.

    Returns
    -------
    X : ndarray of shape (n_series, window, n_features)
        One window for each series, in the order of their first rows.
    ends : pandas.Index or ndarray of shape (n_series,)
        Index values of the last rows, or their numbers where there is no index.

    Raises
    ------
    ValueError
        When a series ends with fewer rows than a window spans, or the rows are not in order of
        time.

    See Also
    --------
    make_windows : All windows, and their targets.

    Examples
    --------
    >>> from skrnn import last_windows
    >>> X, ends = last_windows([1.0, 2.0, 3.0, 4.0, 5.0], window=3)
    >>> X[:, :, 0]
    array([[3., 4., 5.]])
    >>> ends
    array([4])
    """
    _check_counts(1, window=window, sampling_rate=sampling_rate)
    runs = _read(series, group, freq, gap_tolerance)
    ends, lengths = runs.last_runs()
    span = span_of(window, sampling_rate)
    if lengths.min() <= span:
        short = int(np.argmax(lengths <= span))
        label = runs.series.label(ends[short])
        which = "" if label is None else f" of {label!r}"
        raise ValueError(
            f"series: the rows{which} end with {lengths[short]} that follow one another, but a "
            f"window spans {span + 1}. Fill the hole before them, leave this series out, or pass a "
            "shorter window."
        )
    return runs.windows(ends, window, sampling_rate), runs.times(ends)


def make_targets(
    series: Any,
    horizon: int,
    *,
    gap: int = 0,
    target: Any = None,
    group: Any = None,
    freq: Any = None,
    gap_tolerance: Any = None,
) -> tuple[Any, Any]:
    """Pair each row of a series, or of each of several, with the values that follow it.

    For pipelines that window by row: the rows go through `SlidingWindowTransformer`. Rows whose
    targets are not known, at the end of a series or before a hole, are left out. No pair spans two
    series or a hole in time: the index of a pandas frame says which row follows which.

    Parameters
    ----------
    series : array-like of shape (n_rows,) or (n_rows, n_columns)
        Rows in order of time: an array, or a frame or series of pandas or polars. A MultiIndex
        whose last level is the time holds one series for each value of the others.
    horizon : int
        Number of values to predict.
    gap : int, default=0
        Rows left out between a row and its first target.
    target : int or str, default=None
        Column to predict. Not needed where there is one.
    group : str, int or None, default=None
        Column that says which of several series a row belongs to. It stays among the columns, for
        the `group` of the transformer.
    freq : str, offset or None, default=None
        Frequency of a date index. None takes that of the index, or infers it.
    gap_tolerance : int, pandas.Timedelta or None, default=None
        Missing steps (or for dates, the longest time between neighbours) that are bridged.

    Returns
    -------
    rows : ndarray or frame of shape (n_pairs, n_columns)
        The rows whose targets are known, as they were.
    targets : ndarray, series or frame of shape (n_pairs,), or (n_pairs, horizon) for more steps
        One step ahead, the next value of the target; in pandas, a series with *its own* time as the
        index. Several steps ahead, a frame with columns `+1`, `+2`, ... that count on from the
        row, whose index it has; with a gap of 2 the first is `+3`.

    Raises
    ------
    ValueError
        When the rows are not in order of time, no series is longer than gap and horizon, or
        `target` is missing or unknown.

    Warns
    -----
    UserWarning
        When some of several series are too short for one pair.

    See Also
    --------
    make_windows : Windows and targets as arrays.

    Notes
    -----
    Split with `TimeSeriesSplit(gap=horizon + gap - 1)`, so that no training target lies after the
    first test row. Pass the series as `context` of the transformer: the rows of that gap are in no
    fold, but in windows of the test part.

    Examples
    --------
    >>> from skrnn import make_targets
    >>> rows, targets = make_targets([1.0, 2.0, 3.0, 4.0], horizon=2)
    >>> rows[:, 0]
    array([1., 2.])
    >>> targets
    array([[2., 3.],
           [3., 4.]])

    >>> import pandas as pd
    >>> months = pd.period_range("2020-01", periods=3, freq="M")
    >>> _, sales = make_targets(pd.Series([1.0, 2.0, 3.0], months, name="sales"), horizon=1)
    >>> sales
    2020-02    2.0
    2020-03    3.0
    Freq: M, Name: sales, dtype: float64
    """
    _check_counts(1, horizon=horizon)
    _check_counts(0, gap=gap)
    runs = _read(series, group, freq, gap_tolerance)
    column = runs.column(target)
    after = f" after gap={gap}" if gap else ""
    needs = f"horizon={horizon}{after} needs more than {gap + horizon}"
    rows = runs.rows_within(0, gap + horizon, 1, needs)
    values = runs.values_after(rows, gap, horizon, column)
    if horizon == 1:
        return runs.take(rows), runs.like(values, [runs.table.features[column]], rows + gap + 1)
    names = [f"+{gap + step}" for step in range(1, horizon + 1)]
    return runs.take(rows), runs.like(values, names, rows)


def _read(series: Any, group: Any, freq: Any, gap_tolerance: Any) -> Runs:
    if gap_tolerance is not None and not isinstance(gap_tolerance, pd.Timedelta):
        _check_counts(0, gap_tolerance=gap_tolerance)
    return read_runs(series, group, freq, gap_tolerance)


def _check_counts(least: int, **values: int) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} must be an integer of at least {least}, but it is {value!r}.")
        if value > MOST:
            raise ValueError(f"{name} must be an integer of at most {MOST}, but it is {value!r}.")
