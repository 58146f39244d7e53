"""From arrays of forecasts to the frames of sktime, and from its horizons to numbers of steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..inputs._numbers import LARGEST
from ._covariates import Covariates
from ._panel import Panel, check_columns_of_X


def relative_steps(fh: Any, panel: Panel) -> np.ndarray:
    """Return how many steps ahead of each instance's end the values of `fh` are.

    Returns
    -------
    steps : int array of shape (n_instances, n_values)

    Raises
    ------
    ValueError
        When one is no whole number of steps.
    """
    if not fh.is_relative:
        numbers = panel.axis.number(fh.to_pandas(), "fh")
        return numbers[None, :] - panel.end[:, None] + 1
    ahead = fh.to_pandas()
    if isinstance(ahead, pd.TimedeltaIndex):
        ahead = panel.axis.steps_of(ahead, "fh")
    return np.tile(np.asarray(ahead).astype(np.int64), (len(panel), 1))


def later_columns(
    panel: Panel, X: Any, steps: np.ndarray, horizon: int, covariates: Covariates
) -> np.ndarray | None:
    """Return the columns of `X` for all steps up to the horizon.

    Static columns are those of the panel, and past ones are NaN, whatever `X` has. Of the others,
    steps between that `X` leaves out, and those after the last that is asked for, take the values
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
    names = panel.exogenous_columns
    past, static = covariates.is_past(names), covariates.is_static(names)
    own = panel.exogenous[panel.start[:-1]][:, None]
    columns = np.where(static, np.repeat(own, horizon, axis=1), np.nan)
    X = covariates.without_static(X, panel)
    X = None if X is None else X.drop(columns=[name for name in X if name in covariates.past])
    ahead = ~(past | static)
    if X is None and ahead.any():
        raise ValueError(
            "The forecaster was fitted with X: predict needs the values of X at the steps to "
            "forecast. Pass X=..."
        )
    if X is not None:
        check_columns_of_X(names[ahead], X.columns)
    if ahead.any():
        last = panel.exogenous[panel.start[1:] - 1][:, ahead]
        columns[:, :, ahead] = _columns_ahead(panel, X, steps, horizon, last)
    return columns


def _columns_ahead(
    panel: Panel, X: pd.DataFrame, steps: np.ndarray, horizon: int, last: np.ndarray
) -> np.ndarray:
    """Return what `X` says of the steps ahead; `last` is what it said at the end of the panel."""
    times = [stop + np.arange(horizon) for stop in panel.end]
    given = panel.index(times).isin(X.index).reshape(len(panel), horizon)
    asked = np.take_along_axis(given, steps - 1, axis=1)
    if not asked.all():
        instance, value = np.argwhere(~asked)[0]
        missing = panel.index(times)[instance * horizon + steps[instance, value] - 1]
        raise ValueError(
            f"X has no row for {missing}, which is to be forecast. Pass X at all times of fh."
        )
    rows = X[~X.index.duplicated(keep="last")].reindex(panel.index(times))
    columns = rows.to_numpy(dtype=np.float64).reshape(len(panel), horizon, -1)
    large = np.abs(columns) > LARGEST
    if large.any():
        instance, step, column = np.argwhere(large)[0]
        what = "infinite" if np.isinf(columns[large][0]) else f"beyond {LARGEST:g}"
        raise ValueError(
            f"X is {what} at {panel.index(times)[instance * horizon + step]}, column "
            f"{X.columns[column]!r}. Put NaN or a number there."
        )
    source = np.where(given, np.arange(1, horizon + 1), 0)
    source = np.maximum.accumulate(source, axis=1)
    joined = np.concatenate([last[:, None], columns], axis=1)
    return np.take_along_axis(joined, source[:, :, None], axis=1)


@dataclass(frozen=True)
class StepValues:
    """Values at some steps of each instance, ahead of its end or before.

    Attributes
    ----------
    values : array of shape (n_rows, ...)
        Instance by instance.
    index : pandas.Index of shape (n_rows,)
    """

    values: np.ndarray
    index: pd.Index

    @classmethod
    def of(
        cls, panel: Panel, steps: np.ndarray, ahead: np.ndarray | None, past: np.ndarray | None
    ) -> StepValues:
        """Choose the values of some steps.

        Parameters
        ----------
        panel : Panel
        steps : int array of shape (n_instances, n_values)
            Ahead of the end of each instance. Those before its start are left out.
        ahead : array of shape (n_instances, horizon, ...), or None where no step is positive
        past : array of shape (n_past, ...), or None where all are
            For each instance all steps from the first of `steps`, or its own first one, to its end.
        """
        parts, numbers, row = [], [], 0
        for instance, length in enumerate(panel.lengths):
            own = steps[instance]
            own = own[own > -length]
            first = max(int(steps[instance].min()), 1 - length)
            n_past = max(0, 1 - first)
            known = [] if past is None else [past[row : row + n_past]]
            known += [] if ahead is None else [ahead[instance]]
            parts.append(np.concatenate(known)[own - (first if n_past else 1)])
            numbers.append(panel.end[instance] + own - 1)
            row += n_past
        return cls(np.concatenate(parts), panel.index(numbers))


def step_frame(values: np.ndarray, index: pd.Index, columns: pd.Index) -> pd.DataFrame:
    """Return values of shape (n_rows, n_columns) as a frame like `y`."""
    return pd.DataFrame(values, index=index, columns=columns, copy=False)


def quantile_frame(
    values: np.ndarray, index: pd.Index, columns: pd.Index, alpha: Any
) -> pd.DataFrame:
    """Return quantiles, (n_rows, n_columns, n_quantiles), with columns (variable, quantile)."""
    names = pd.MultiIndex.from_product([columns, alpha])
    return pd.DataFrame(values.reshape(len(values), -1), index=index, columns=names)


def rolling_frame(
    panel: Panel, offsets: tuple[np.ndarray, np.ndarray], values: np.ndarray, alpha: Any
) -> pd.DataFrame:
    """Return forecasts from several origins with their instance, origin and step.

    Parameters
    ----------
    panel : Panel
    offsets : pair of int arrays of shape (n_instances,)
        Steps of each instance that are known at its first and last origin.
    values : array of shape (n_origins, horizon, n_columns[, n_quantiles])
    alpha : list of float or None
    """
    n_origins, horizon = values.shape[:2]
    numbers = [
        time + np.arange(first - 1, last)
        for time, first, last in zip(panel.time, *offsets, strict=True)
    ]
    origins = panel.index(numbers)
    row, step = np.divmod(np.arange(n_origins * horizon), horizon)
    levels = [origins.get_level_values(level)[row] for level in range(origins.nlevels)]
    index = pd.MultiIndex.from_arrays(
        [*levels, step + 1], names=[*origins.names[:-1], "origin", "step"]
    )
    columns = panel.columns if alpha is None else pd.MultiIndex.from_product([panel.columns, alpha])
    return pd.DataFrame(values.reshape(len(index), -1), index, columns)


def member_frame(
    panel: Panel, steps: np.ndarray, names: list[str], members: np.ndarray
) -> pd.DataFrame:
    """Return some steps of the forecasts of members, with columns (variable, member).

    Parameters
    ----------
    panel : Panel
    steps : int array of shape (n_instances, n_values)
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
