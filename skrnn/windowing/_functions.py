"""Plain functions from a series to windows and targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from ._indices import span_of, windows_of


def make_windows(
    series: Any,
    window: int,
    horizon: int = 1,
    *,
    gap: int = 0,
    sampling_rate: int = 1,
    stride: int = 1,
    target: Any = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Cut a series into windows and the values that follow them.

    Windows start every `stride` rows; the steps of a window are `sampling_rate` rows apart. The
    targets of a window are the `horizon` values that come after it, `gap` rows later.

    Parameters
    ----------
    series : array-like of shape (n_rows,) or (n_rows, n_features)
        Rows in order of time, without a hole.
    window : int
        Number of steps in a window.
    horizon : int, default=1
        Number of values to predict.
    gap : int, default=0
        Rows left out between a window and its first target.
    sampling_rate : int, default=1
        Rows from one step of a window to the next (dilation), as in
        `keras.utils.timeseries_dataset_from_array`.
    stride : int, default=1
        Rows from one window to the next; `window` for windows that do not overlap.
    target : int or str, default=None
        Feature to predict. Not needed where there is one.

    Returns
    -------
    X : ndarray of shape (n_samples, window, n_features)
        A read-only view of the series.
    y : ndarray of shape (n_samples,), or (n_samples, horizon) for a horizon above 1
        Targets.

    Raises
    ------
    ValueError
        When the series is too short for one sample, or `target` is missing or unknown.

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
    """
    _check_counts(1, window=window, horizon=horizon, sampling_rate=sampling_rate, stride=stride)
    _check_counts(0, gap=gap)
    rows, column = _rows_and_target(series, target)
    reach = span_of(window, sampling_rate) + 1
    n_samples = len(rows) - reach - gap - horizon + 1
    if n_samples < 1:
        raise ValueError(
            f"series has {len(rows)} rows, but a window that spans {reach}, gap={gap} and "
            f"horizon={horizon} need {reach + gap + horizon}. Pass a longer series or a shorter "
            "window."
        )
    X = windows_of(rows, window, sampling_rate)[:n_samples:stride]
    y = windows_of(rows[reach + gap :, [column]], horizon, 1)[:n_samples:stride, :, 0]
    return X, y[:, 0] if horizon == 1 else y


def make_targets(series: Any, horizon: int, *, target: Any = None) -> tuple[Any, Any]:
    """Pair each row of a series with the values that follow it.

    For pipelines that window by row: the rows go through `SlidingWindowTransformer`, and both are
    trimmed alike at the end, where the targets are not known.

    Parameters
    ----------
    series : array-like of shape (n_rows,) or (n_rows, n_features)
        Rows in order of time, without a hole. A frame or series keeps its index.
    horizon : int
        Number of values to predict.
    target : int or str, default=None
        Feature to predict. Not needed where there is one.

    Returns
    -------
    rows : ndarray or DataFrame of shape (n_rows - horizon, n_features)
        All rows but the last `horizon`.
    targets : ndarray or DataFrame of shape (n_rows - horizon, horizon)
        The next values of the target; column names `+1`, `+2`, ... in a frame.

    Raises
    ------
    ValueError
        When the series is no longer than the horizon, or `target` is missing or unknown.

    Notes
    -----
    Split with `TimeSeriesSplit(gap=horizon - 1)`, so that no training target lies after the first
    test row.

    Examples
    --------
    >>> from skrnn import make_targets
    >>> rows, targets = make_targets([1.0, 2.0, 3.0, 4.0], horizon=2)
    >>> rows[:, 0]
    array([1., 2.])
    >>> targets
    array([[2., 3.],
           [3., 4.]])
    """
    _check_counts(1, horizon=horizon)
    values, column = _rows_and_target(series, target)
    n_rows = len(values) - horizon
    if n_rows < 1:
        raise ValueError(
            f"series has {len(values)} rows, but horizon={horizon} needs more than {horizon}. Pass "
            "a longer series or a shorter horizon."
        )
    targets = windows_of(values[1:, [column]], horizon, 1)[:, :, 0]
    if not isinstance(series, pd.DataFrame | pd.Series):
        return values[:n_rows], targets.copy()
    frame = series.to_frame() if isinstance(series, pd.Series) else series
    names = [f"+{step}" for step in range(1, horizon + 1)]
    return frame.iloc[:n_rows], pd.DataFrame(targets, index=frame.index[:n_rows], columns=names)


def _rows_and_target(series: Any, target: Any) -> tuple[np.ndarray, int]:
    names = list(series.columns) if isinstance(series, pd.DataFrame) else None
    rows = check_array(
        series, ensure_2d=False, allow_nd=True, ensure_all_finite="allow-nan", input_name="series"
    )
    rows = rows[:, None] if rows.ndim == 1 else rows
    if rows.ndim != 2:
        raise ValueError(f"series must have 1 or 2 dimensions, but it has {rows.ndim}.")
    return rows, _column(target, names, rows.shape[1])


def _column(target: Any, names: list[Any] | None, n_features: int) -> int:
    if target is None:
        if n_features == 1:
            return 0
        raise ValueError(
            f"series has {n_features} features: set target to the one to predict"
            + (f", one of {names}." if names else ", by its number.")
        )
    if names is not None and target in names:
        return names.index(target)
    if isinstance(target, str) or not -n_features <= target < n_features:
        raise ValueError(
            f"target={target!r} is not a feature of series, which has "
            f"{names if names else n_features}."
        )
    return int(target) % n_features


def _check_counts(least: int, **values: int) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} must be an integer of at least {least}, but it is {value!r}.")
