"""A back-test in one call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sktime.datatypes import convert_to
from sktime.forecasting.base import BaseForecaster

from ...compat._sklearn import N_JOBS, SHARE, Count, validate_parameter_constraints
from .._horizons import check_horizon
from .._input_checks import check_given, keys_of, over_all_series
from .._outliers import clip_outliers
from .._panel import Panel, read_panel
from .._panel_checks import check_rows_of_X
from .._seasons import choose_periods
from ..lines import SeriesSet
from ._baselines import baseline_forecasts
from ._errors import Compared, error_table, sentence
from ._folds import STRATEGIES, Fold, make_splitter, run_folds
from ._result import Backtest

_MTYPES = ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"]


def backtest(
    forecaster: Any,
    y: Any,
    X: Any = None,
    *,
    cv: Any = None,
    fh: Any = None,
    coverage: float | None = 0.8,
    refit: bool | str = True,
    sp: int | None = None,
    n_jobs: int | None = None,
) -> Backtest:
    """Forecast from several origins in the past, and compare with what came and with baselines.

    In each window the forecaster sees what was known at its origin, and so do the baselines: the
    last value, the last season and a ridge regression. A forecaster that is not ahead of them is
    not worth its training.

    Parameters
    ----------
    forecaster : sktime forecaster
        Any forecaster; it is cloned, never changed.
    y : pandas.Series or pandas.DataFrame
        One series, several columns, a panel or a hierarchy, at regular steps. Missing values do not
        count where they were to be forecast.
    X : pandas.DataFrame, optional
        Exogenous columns at all times of `y`; those of the steps to forecast are known. A panel may
        share one frame without the levels of its series.
    cv : sktime splitter, default=None
        Windows. None means up to four adjacent ones at the end of each series, with all before as
        the past, as many as leave half of the shortest series to learn from. Splitters that count
        from the start of each series have other origins in series of unequal length.
    fh : int, list of int or ForecastingHorizon, default=None
        Steps ahead, where `cv` is not given; None means those that the forecaster was fitted with.
    coverage : float in (0, 1) or None, default=0.8
        Share of values that the interval is to cover; None for no interval, as of forecasters that
        have none.
    refit : bool or "update", default=True
        True fits anew in each window; "update" fits in the first and trains on in the others; False
        fits in the first and only takes in the later values, which is fast.
    sp : int, default=None
        Season of the naive forecast and the errors; None takes the longest of the forecaster's own
        `sp`, and where it has none looks in what is known at the first origin.
    n_jobs : int, default=None
        Processes that fit windows side by side, with `refit=True`.

    Returns
    -------
    result : Backtest
        With the frame `forecasts`, the table `errors`, a `sentence` and `plot()`.

    Raises
    ------
    TypeError
        When the forecaster or `cv` is none of sktime.
    ValueError
        When a parameter is out of range, it is not known how far to forecast, series are too short,
        or the forecaster returns NaN.

    See Also
    --------
    compare : The same for regressors on windows.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> import skrnn
    >>> index = pd.period_range("2010-01", periods=60, freq="M", name="month")
    >>> y = pd.Series(np.arange(60) % 12 + np.arange(60) / 10, index)
    >>> forecaster = skrnn.Seq2SeqForecaster(units=4, epochs=1, baselines=(), random_state=0)
    >>> result = skrnn.backtest(forecaster, y, fh=range(1, 7), refit=False)
    >>> list(result.errors.index)
    ['Seq2SeqForecaster', 'last value', 'seasonal naive', 'linear']
    >>> list(result.forecasts.index.names), list(result.forecasts)
    (['origin', 'month'], ['truth', 'forecast', 'lower', 'upper'])
    >>> print(result.sentence)
    Seq2SeqForecaster is ahead of the last value, but not of the seasonal naive ...
    """
    _check(forecaster, coverage, refit, sp)
    validate_parameter_constraints({"n_jobs": N_JOBS}, {"n_jobs": n_jobs}, "backtest")
    check_horizon(fh)
    check_given("y", y)
    frame = _as_frame(y)
    panel = read_panel(frame, None)
    splitter, steps = make_splitter(cv, fh, forecaster, panel)
    if coverage is not None and not forecaster.get_tag("capability:pred_int"):
        coverage = None
    folds = run_folds(
        forecaster,
        frame,
        None if X is None else _read_X(X, frame),
        panel=panel,
        cv=splitter,
        steps=steps,
        coverage=coverage,
        refit=refit,
        n_jobs=n_jobs,
    )
    season = _season_of(forecaster, folds[0].past) if sp is None else int(sp)
    return _result(type(forecaster).__name__, frame, folds, season, coverage)


def _as_frame(data: Any) -> pd.DataFrame:
    """Return a frame whose levels all have names, by which splitters of sktime group."""
    frame: pd.DataFrame = convert_to(data, _MTYPES)
    names = frame.index.names[:-1]
    names = [f"level_{n}" if name is None else name for n, name in enumerate(names)]
    return frame.rename_axis([*names, frame.index.names[-1]])


def _read_X(X: Any, y: pd.DataFrame) -> pd.DataFrame:
    check_given("X", X)
    frame = _as_frame(over_all_series(X, keys_of(y)))
    check_rows_of_X(frame, y)
    return frame


def _result(
    name: str, y: pd.DataFrame, folds: list[Fold], season: int, coverage: float | None
) -> Backtest:
    baselines = [baseline_forecasts(fold, season) for fold in folds]
    compared = Compared.of(folds, baselines, y, season)
    if not compared.forecasts["truth"].notna().any():
        raise ValueError(
            "y has no value (NaN) at any time that was to be forecast, so that nothing can be "
            "compared. Choose other windows with cv."
        )
    errors = error_table(name, compared)
    said = sentence(errors, len(folds), coverage)
    return Backtest(compared.forecasts, compared.baselines, errors, said, name, season, coverage, y)


def _check(forecaster: Any, coverage: Any, refit: Any, sp: Any) -> None:
    if not isinstance(forecaster, BaseForecaster):
        raise TypeError(
            f"forecaster is {forecaster!r}. Pass a forecaster of sktime, such as "
            "skrnn.Seq2SeqForecaster(); for regressors there is skrnn.compare."
        )
    if coverage is not None and not SHARE.is_satisfied_by(coverage):
        raise ValueError(f"coverage={coverage!r} is no share. Give a number between 0 and 1.")
    if not isinstance(refit, bool | str) or refit not in STRATEGIES:
        raise ValueError(f'refit={refit!r} is not known. Use True, False or "update".')
    if sp is not None and not Count(1).is_satisfied_by(sp):
        raise ValueError(f"sp={sp!r} is no period. Give a whole number of steps, 1 for no season.")


def _season_of(forecaster: Any, past: Panel) -> int:
    """Return the longest season that the forecaster is told of, or that there is; 1 for none."""
    told = np.ravel(forecaster.get_params(deep=False).get("sp") or ())
    periods = [int(one) for one in told if isinstance(one, int | np.integer) and one > 1]
    if not periods:
        series = SeriesSet.of(clip_outliers(past).values, past.start)
        periods = list(choose_periods(past.axis.step, series))
    return max((one for one in periods if one < past.lengths.max()), default=1)
