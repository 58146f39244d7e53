"""What a back-test has found."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from ...plotting import ForecastDisplay


@dataclass(frozen=True, eq=False)
class Backtest:
    """Forecasts from several origins, what came, and how large the errors were.

    `skrnn.backtest` returns it.

    Parameters
    ----------
    forecasts : pandas.DataFrame
        A row for each value that was forecast. The index has the levels of the series, in a panel,
        the variable where `y` has several, the origin, which is the last time that was known, and
        the time; columns are "truth" (NaN where it is missing), "forecast" and, of forecasters
        that have intervals, "lower" and "upper".
    baselines : pandas.DataFrame
        Forecasts of the baselines, a column each, in the same rows.
    errors : pandas.DataFrame
        A row for the forecaster and for each baseline. "MAE" and "RMSE" are in units of `y`. "MASE"
        takes each error in units of the typical change of its series over a season, or over a step
        where there is none, in what was known [1]_: those of small and large series weigh the
        same. "covered" is the share of the values within the interval, and "skill" one minus the
        ratio of the MASE to that of the better naive forecast: negative where that is ahead.
    sentence : str
        Whether the forecaster is ahead of the baselines, in words.
    name : str
        Name of the forecaster.
    season : int
        Period of the seasonal naive forecast; 1 where there is none.
    coverage : float or None
        Share of the values that should be within the interval.
    y : pandas.DataFrame
        The series.

    References
    ----------
    .. [1] R. Hyndman and A. Koehler, "Another look at measures of forecast accuracy", International
       Journal of Forecasting 22(4), 2006.

    Examples
    --------
    >>> import pandas as pd
    >>> import skrnn
    >>> y = pd.Series([3.0, 5.0, 4.0] * 10)
    >>> forecaster = skrnn.Seq2SeqForecaster(units=4, epochs=2, baselines=(), random_state=0)
    >>> result = skrnn.backtest(forecaster, y, fh=[1, 2, 3], sp=3)
    >>> result.season
    3
    >>> float(result.errors.loc["seasonal naive", "MAE"])
    0.0
    """

    forecasts: pd.DataFrame
    baselines: pd.DataFrame
    errors: pd.DataFrame
    sentence: str
    name: str
    season: int
    coverage: float | None
    y: pd.DataFrame = field(repr=False)

    def plot(self, **options: Any) -> ForecastDisplay:
        """Draw the series, and the forecasts from each origin.

        Parameters
        ----------
        **options : dict
            Those of `ForecastDisplay.from_backtest`.

        Returns
        -------
        ForecastDisplay
            The display, already drawn.
        """
        return ForecastDisplay.from_backtest(self, **options)

    def __repr__(self) -> str:
        """Return the table of errors and what it says."""
        return f"{self.errors.to_string(float_format=_short, na_rep='')}\n{self.sentence}"

    def _repr_html_(self) -> str:
        """Return the same for a notebook."""
        table = self.errors.to_html(float_format=_short, na_rep="")
        return f"{table}<p>{escape(self.sentence)}</p>"


def _short(number: float) -> str:
    return f"{number:.4g}"
