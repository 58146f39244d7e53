"""What a forecaster says in each window of a back-test: sktime's `evaluate`, and its frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sktime.forecasting.model_evaluation import evaluate
from sktime.performance_metrics.base import BaseMetric
from sktime.split import ExpandingGreedySplitter
from sktime.split.base import BaseSplitter
from sktime.utils.validation.forecasting import check_fh

from .._panel import Panel, read_panel

# Windows at the end of the series where no splitter is given; half of the shortest series is kept
# to learn from.
_MOST_WINDOWS = 4

STRATEGIES = {True: "refit", "update": "update", False: "no-update_params"}


@dataclass(frozen=True)
class Fold:
    """One window of a back-test.

    Attributes
    ----------
    past : Panel
        What the forecaster knew.
    index : pandas.Index of shape (n_rows,)
        Of the values that were forecast, as in `y`.
    instance, step : int arrays of shape (n_rows,)
        Number of the series of each row, and how many steps ahead of its end the row is.
    truth, forecast : arrays of shape (n_rows, n_variables)
    bounds : array of shape (n_rows, n_variables, 2) or None
        Lower and upper ends of the interval.
    """

    past: Panel
    index: pd.Index
    instance: np.ndarray
    step: np.ndarray
    truth: np.ndarray
    forecast: np.ndarray
    bounds: np.ndarray | None


class _Unscored(BaseMetric):
    """What makes `evaluate` keep forecasts of a kind; errors are worked out of all lines at once.

    Parameters
    ----------
    kind : {"pred", "pred_interval"}
    coverage : float, optional
    """

    def __init__(self, kind: str, coverage: float | None = None) -> None:
        self.kind = kind
        self.coverage = coverage
        super().__init__()
        self.set_tags(**{"scitype:y_pred": kind})
        self.name = kind

    def __call__(self, y_true: Any, y_pred: Any, **others: Any) -> float:
        return 0.0


def make_splitter(cv: Any, fh: Any, forecaster: Any, panel: Panel) -> tuple[BaseSplitter, Any]:
    """Return a splitter, and the steps ahead that count; None for all that it gives.

    Raises
    ------
    TypeError
        When `cv` is no splitter of sktime.
    ValueError
        When it is not known how far to forecast, it is said twice, or series are too short.
    """
    if cv is not None:
        if not isinstance(cv, BaseSplitter):
            raise TypeError(
                f"cv is a {type(cv).__name__}. Pass a splitter of sktime, such as "
                "sktime.split.ExpandingWindowSplitter, or leave cv=None and give fh."
            )
        if fh is not None:
            raise ValueError("cv has steps ahead of its own: give cv or fh, not both.")
        return cv, None
    if fh is None and not forecaster.is_fitted:
        raise ValueError(
            "backtest needs fh, the steps ahead to forecast: pass fh=[1, 2, 3], or a cv."
        )
    fh = forecaster.fh if fh is None else fh
    fh = check_fh(fh)
    steps = np.asarray(fh.to_pandas()) if fh.is_relative else np.zeros(0)
    if not len(steps) or steps.dtype.kind not in "iu" or steps.min() < 1:
        raise ValueError(
            "fh of a back-test must be whole numbers of steps from 1 on, as in fh=[1, 2, 3]: its "
            "origins lie in the past."
        )
    horizon, shortest = int(steps.max()), int(panel.lengths.min())
    n_windows = min(_MOST_WINDOWS, shortest // 2 // horizon)
    if n_windows < 1:
        raise ValueError(
            f"The shortest series of y has {shortest} steps, too few to hold back windows of "
            f"{horizon} steps. Pass longer series, a smaller fh or a cv."
        )
    return ExpandingGreedySplitter(test_size=horizon, folds=n_windows), steps


def run_folds(
    forecaster: Any,
    y: pd.DataFrame,
    X: Any,
    *,
    panel: Panel,
    cv: BaseSplitter,
    steps: Any,
    coverage: float | None,
    refit: Any,
    n_jobs: int | None,
) -> list[Fold]:
    """Return what was forecast in each window.

    Parameters
    ----------
    panel : Panel
        All of `y`.
    steps : int array or None
        Steps ahead that count.
    coverage : float or None
        Of the interval; None for no interval.
    """
    kinds = [_Unscored("pred")]
    kinds += [] if coverage is None else [_Unscored("pred_interval", coverage)]
    parallel = refit is True and n_jobs not in (None, 1)
    found = evaluate(
        forecaster,
        cv,
        y,
        X,
        strategy=STRATEGIES[refit],
        scoring=kinds,
        return_data=True,
        error_score="raise",
        backend="loky" if parallel else None,
        backend_params={"n_jobs": n_jobs} if parallel else None,
    )
    return [_fold(row, panel, steps, type(forecaster).__name__) for _, row in found.iterrows()]


def _fold(row: pd.Series, panel: Panel, steps: Any, name: str) -> Fold:
    past, truth = read_panel(row["y_train"], None, panel.axis), row["y_test"]
    instance = np.zeros(len(truth), np.int64)
    if past.keys is not None:
        instance = past.keys.get_indexer(truth.index.droplevel(-1))
    time = truth.index if past.keys is None else truth.index.get_level_values(-1)
    step = panel.axis.number(time) - past.end[instance] + 1
    kept = instance >= 0 if steps is None else (instance >= 0) & np.isin(step, steps)
    truth = truth[kept]
    forecast = _at(row["y_pred"], truth)
    if not np.isfinite(forecast).all():
        wrong = truth.index[~np.isfinite(forecast).all(axis=1)][0]
        raise ValueError(
            f"{name} forecasts no number (NaN or infinite) for {wrong!r}, which nothing can be "
            "compared with. Mend the forecaster, or leave the series out."
        )
    bounds = None
    if "y_pred_interval" in row:
        bounds = _at(row["y_pred_interval"], truth).reshape(*forecast.shape, 2)
    values = truth.to_numpy(dtype=np.float64)
    return Fold(past, truth.index, instance[kept], step[kept], values, forecast, bounds)


def _at(forecast: Any, truth: pd.DataFrame) -> np.ndarray:
    """Return forecasts at the times of the truth."""
    frame = forecast.to_frame() if isinstance(forecast, pd.Series) else forecast
    values: np.ndarray = frame.reindex(truth.index).to_numpy(dtype=np.float64)
    return values
