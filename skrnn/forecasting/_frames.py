"""From arrays of forecasts to the frames of sktime, and from its horizons to numbers of steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ._panel import Panel, check_columns_of_X


def relative_steps(fh: Any, panel: Panel) -> np.ndarray:
    """Return how many steps ahead of each instance's end the values of `fh` are.

    Returns
    -------
    steps : int array of shape (n_instances, n_values)

    Raises
    ------
    ValueError
        When one is not ahead.
    """
    if fh.is_relative:
        steps = np.tile(fh.to_numpy().astype(np.int64), (len(panel), 1))
    else:
        numbers = panel.axis.number(fh.to_pandas(), "fh")
        steps = numbers[None, :] - panel.end[:, None] + 1
    if (steps < 1).any():
        raise ValueError(
            f"fh has {steps.min()} as a number of steps ahead: only steps after the end of y can "
            "be forecast. Use positive numbers, or times after the last of y."
        )
    return steps


def later_columns(panel: Panel, X: Any, steps: np.ndarray, horizon: int) -> np.ndarray | None:
    """Return the columns of `X` for all steps up to the horizon.

    Steps between that `X` leaves out, and those after the last that is asked for, take the values
    of the step before.

    Returns
    -------
    columns : array of shape (n_instances, horizon, n_columns) or None

    Raises
    ------
    ValueError
        When `X` is missing, lacks a step that is asked for, or has other columns.
    """
    if panel.exogenous is None:
        return None
    if X is None:
        raise ValueError(
            "The forecaster was fitted with X: predict needs the values of X at the steps to "
            "forecast. Pass X=..."
        )
    check_columns_of_X(panel.exogenous_columns, X.columns)
    times = [stop + np.arange(horizon) for stop in panel.end]
    rows = X[~X.index.duplicated(keep="last")].reindex(panel.index(times))
    given = panel.index(times).isin(X.index).reshape(len(panel), horizon)
    asked = np.take_along_axis(given, steps - 1, axis=1)
    if not asked.all():
        instance, value = np.argwhere(~asked)[0]
        missing = panel.index(times)[instance * horizon + steps[instance, value] - 1]
        raise ValueError(
            f"X has no row for {missing}, which is to be forecast. Pass X at all times of fh."
        )
    columns = rows.to_numpy(dtype=np.float64).reshape(len(panel), horizon, -1)
    source = np.where(given, np.arange(1, horizon + 1), 0)
    source = np.maximum.accumulate(source, axis=1)
    last = panel.exogenous[panel.start[1:] - 1][:, None]
    joined = np.concatenate([last, columns], axis=1)
    return np.take_along_axis(joined, source[:, :, None], axis=1)


def step_frame(panel: Panel, steps: np.ndarray, values: np.ndarray) -> pd.DataFrame:
    """Return some of the steps as a frame like `y`.

    Parameters
    ----------
    panel : Panel
    steps : int array of shape (n_instances, n_values)
    values : array of shape (n_instances, horizon, n_columns)
    """
    return pd.DataFrame(
        _choose(values, steps), index=_index(panel, steps), columns=panel.columns, copy=False
    )


def quantile_frame(panel: Panel, steps: np.ndarray, values: np.ndarray, alpha: Any) -> pd.DataFrame:
    """Return quantiles of some of the steps, with columns (variable, quantile).

    Parameters
    ----------
    panel, steps :
        As for `step_frame`.
    values : array of shape (n_instances, horizon, n_columns, n_quantiles)
    alpha : list of float
    """
    columns = pd.MultiIndex.from_product([panel.columns, alpha])
    flat = values.reshape(*values.shape[:2], -1)
    return pd.DataFrame(_choose(flat, steps), index=_index(panel, steps), columns=columns)


def member_frame(
    panel: Panel, steps: np.ndarray, names: list[str], members: np.ndarray
) -> pd.DataFrame:
    """Return some steps of the forecasts of members, with columns (variable, member).

    Parameters
    ----------
    panel, steps :
        As for `step_frame`.
    names : list of str
    members : array of n_members x n_instances x n_variables x horizon numbers, in this order
    """
    shape = (len(names), len(panel), len(panel.columns), -1)
    values = np.moveaxis(members.reshape(shape), (1, 3, 2, 0), (0, 1, 2, 3))
    columns = pd.MultiIndex.from_product([panel.columns, names])
    flat = values.reshape(*values.shape[:2], -1)
    return pd.DataFrame(_choose(flat, steps), index=_index(panel, steps), columns=columns)


def _choose(values: np.ndarray, steps: np.ndarray) -> np.ndarray:
    chosen = np.take_along_axis(values, steps[:, :, None] - 1, axis=1)
    return chosen.reshape(-1, values.shape[2])


def _index(panel: Panel, steps: np.ndarray) -> pd.Index:
    times = [stop + ahead - 1 for stop, ahead in zip(panel.end, steps, strict=True)]
    return panel.index(times)
