"""An estimator beside the baselines that it has to beat, in one cross-validation."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import RidgeCV
from sklearn.metrics import get_scorer
from sklearn.model_selection import TimeSeriesSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.utils.validation import check_array, check_is_fitted

from .compat._sklearn import (
    FUNCTION,
    N_JOBS,
    SEVERAL,
    SPLITTER,
    Count,
    HasMethods,
    check_feature_names,
    validate_params,
)
from .inputs._mask import unmasked
from .inputs._numbers import (
    LARGEST,
    check_known,
    check_no_texts,
    check_numbers,
    check_targets,
)

__all__ = ["compare"]

_ALPHAS = np.logspace(-4, 4, 17)


class _Naive(RegressorMixin, BaseEstimator):
    """The value of a feature so many steps back, once more; for each of several steps ahead.

    Parameters
    ----------
    lag : int
    feature : int or str
        Column of a table; or of 3-D sequences the feature.
    """

    def __init__(self, lag: int = 1, feature: Any = None) -> None:
        self.lag = lag
        self.feature = feature

    def fit(self, X: Any, y: Any) -> _Naive:
        """Take note of how many steps ahead there are."""
        self.n_steps_ = 0 if np.ndim(y) == 1 else np.shape(y)[1]
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the values."""
        check_is_fitted(self)
        ahead = np.arange(max(1, self.n_steps_)) % self.lag
        found = _past(X, self.feature, self.lag)[:, ahead]
        return found if self.n_steps_ else found[:, 0]


@validate_params(
    {
        "estimator": [HasMethods(["fit", "predict", "get_params"])],
        "sp": [Count(1), SEVERAL, None],
        "target_feature": [Integral, None],
        "cv": ["cv_object"],
        "scoring": [str, FUNCTION, None],
        "n_jobs": N_JOBS,
    },
    prefer_skip_nested_validation=False,
)
def compare(estimator, X, y, *, sp=None, target_feature=None, cv=None, scoring=None, n_jobs=None):
    """Cross-validate a regressor beside naive forecasts and ridge regression.

    All of them see the same folds. A network that is not ahead of these baselines is not worth its
    training.

    Parameters
    ----------
    estimator : estimator instance
        A regressor, or a pipeline or search that ends with one.
    X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
        Windows: oldest step first, the columns of a 2-D array being the steps of one feature.
    y : array-like of shape (n_samples,) or (n_samples, n_steps_ahead)
        The value that follows each window, or several.
    sp : int or sequence of int, default=None
        Periods of seasons: a naive forecast for each repeats the last season.
    target_feature : int, default=None
        Feature of 3-D windows that holds the past of `y`; not needed where there is one.
    cv : int, splitter or iterable, default=None
        Folds; None means `TimeSeriesSplit(5)`. Of several steps ahead, give it a gap.
    scoring : str or callable, default=None
        Scorer of an error, such as "neg_root_mean_squared_error"; None means
        "neg_mean_absolute_error".
    n_jobs : int, default=None
        Processes of the cross-validation.

    Returns
    -------
    table : pandas.DataFrame
        A row for the estimator, then one for each baseline. `error` is the mean over the folds,
        `spread` the standard deviation over the folds, `skill` one minus the ratio of the
        estimator's error to that of the baseline: negative where the baseline is ahead.
        `table.attrs["summary"]` says it in a sentence.

    Raises
    ------
    ValueError
        When windows are shorter than a season, it is not known which feature is the target's, or
        `scoring` is no error.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.neighbors import KNeighborsRegressor
    >>> from skrnn import compare, make_windows
    >>> X, y = make_windows(np.arange(60) % 4 * 1.0, window=8)
    >>> table = compare(KNeighborsRegressor(3), X[:, :, 0], y, sp=4)
    >>> list(table.index)
    ['KNeighborsRegressor', 'last value', 'seasonal naive 4', 'ridge']
    >>> bool(table.loc["seasonal naive 4", "error"] == 0)
    True
    """
    X, y = unmasked(X), unmasked(y)
    for name, values in (("X", X), ("y", y)):
        check_numbers(values, name)
        check_no_texts(values, name)
    check_feature_names(X)
    check_targets(X, y, "y", False)
    X = X if hasattr(X, "__len__") else np.asarray(X)
    check_known(y)
    _check_squares(X)
    models = {type(estimator).__name__: estimator, **_lines(X, sp, target_feature)}
    cv = TimeSeriesSplit(5) if cv is None else cv
    folds = list(cv.split(X, y)) if SPLITTER.is_satisfied_by(cv) else _folds(cv, len(X))
    scorer = get_scorer("neg_mean_absolute_error" if scoring is None else scoring)
    errors = {
        name: -cross_validate(
            clone(model), X, y, cv=folds, scoring=scorer, n_jobs=n_jobs, error_score="raise"
        )["test_score"]
        for name, model in models.items()
    }
    if min(values.min() for values in errors.values()) < 0:
        raise ValueError(
            f"scoring={scoring!r} is no error, which skill compares. Use one of the scorers whose "
            'names begin with "neg_".'
        )
    table = pd.DataFrame(
        {
            "error": {name: values.mean() for name, values in errors.items()},
            "spread": {name: values.std() for name, values in errors.items()},
        }
    )
    own = table["error"].iloc[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        table["skill"] = 1 - own / table["error"]
    table.iloc[0, table.columns.get_loc("skill")] = np.nan
    table.attrs["summary"] = _summary(table, n_folds=len(next(iter(errors.values()))))
    return table


def _check_squares(X: Any) -> None:
    """Raise where a value has no finite square, which ridge regression needs."""
    large = np.abs(_floats(X)) > LARGEST
    if large.any():
        row = int(np.argwhere(large)[0][0])
        raise ValueError(
            f"X row {row} has a value beyond {LARGEST:g}, too large for ridge regression. Rescale "
            "X, or pass its logarithm."
        )


def _folds(cv: Any, n_rows: int) -> Any:
    if isinstance(cv, Integral):
        if not 2 <= int(cv) <= n_rows:
            raise ValueError(f"cv={cv} must be from 2 to {n_rows}, the number of rows.")
        return cv
    try:
        folds = [(np.asarray(train), np.asarray(test)) for train, test in cv]
    except (TypeError, ValueError):
        folds = []
    if not folds:
        raise ValueError(
            f"cv={cv!r} holds no folds. Pass a number, a splitter such as TimeSeriesSplit(5), or "
            "pairs of the rows to train on and to test on."
        )
    return folds


def _lines(X: Any, sp: Any, feature: int | None) -> dict[str, Any]:
    seasons = [] if sp is None else np.ravel(sp).tolist()
    _past(X, feature, 1)
    lines: dict[str, Any] = {"last value": _Naive(1, feature)}
    for period in seasons:
        _past(X, feature, period)
        lines[f"seasonal naive {period}"] = _Naive(period, feature)
    lines["ridge"] = make_pipeline(
        FunctionTransformer(_flat), SimpleImputer(), StandardScaler(), RidgeCV(_ALPHAS)
    )
    return lines


def _floats(X: Any) -> np.ndarray:
    array: np.ndarray = check_array(X, allow_nd=True, ensure_all_finite=False, dtype=float)
    return array


def _flat(X: Any) -> np.ndarray:
    array = _floats(X)
    return array.reshape(len(array), -1)


def _past(X: Any, feature: int | None, lag: int) -> np.ndarray:
    """Return the last `lag` values of the target in each window, oldest first."""
    windows = _floats(X)
    if windows.ndim == 3:
        if feature is None and windows.shape[2] > 1:
            raise ValueError(
                f"X has {windows.shape[2]} features: set target_feature to the number of the one "
                "that holds the past of y."
            )
        if not -windows.shape[2] <= (feature or 0) < windows.shape[2]:
            raise ValueError(
                f"target_feature={feature} is out of range: X has {windows.shape[2]} features, "
                "from 0 on. Use the number of one of them."
            )
        windows = windows[:, :, feature or 0]
    if not isinstance(lag, Integral) or not 1 <= lag <= windows.shape[1]:
        raise ValueError(
            f"sp={lag!r} reaches back before the window of {windows.shape[1]} steps, or is no "
            "whole number. Use longer windows or a smaller sp."
        )
    values: np.ndarray = (_moved_to_the_end(windows) if np.isnan(windows).any() else windows)[
        :, -lag:
    ]
    return values


def _moved_to_the_end(windows: np.ndarray) -> np.ndarray:
    """Return windows with the last known value at the end, and in place of others the one before.

    Shorter sequences are padded at either end, and masked there.
    """
    n_missing = np.argmax(~np.isnan(windows[:, ::-1]), axis=1)
    steps = np.arange(windows.shape[1]) - n_missing[:, None]
    moved = np.where(steps < 0, np.nan, np.take_along_axis(windows, np.maximum(steps, 0), axis=1))
    return pd.DataFrame(moved).ffill(axis=1).bfill(axis=1).to_numpy()


def _summary(table: pd.DataFrame, n_folds: int) -> str:
    own, lines = table.index[0], table.iloc[1:]
    best = lines["error"].idxmin()
    error, other = table["error"].iloc[0], lines.loc[best, "error"]
    found = f"its error is {error:.4g}"
    if n_folds > 1:
        found += f" (spread {table['spread'].iloc[0]:.2g})"
    if error <= other:
        return (
            f"{own} is ahead of all baselines: {found}, that of the best of them, {best}, "
            f"{other:.4g}."
        )
    return (
        f"{own} is behind {best}: {found}, that of the baseline {other:.4g}. The baseline is the "
        "better forecast."
    )
