"""Forecasts beside the values that came: residuals and the score."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_percentage_error
from sktime.datatypes import convert_to

from ..compat._snapshot import of_one_moment
from ._frames import step_frame
from ._input_checks import check_given
from ._panel import check_columns_of_y
from ._panel_checks import check_finite


class ResidualsMixin:
    """What a forecaster says about values that are known."""

    @of_one_moment
    def score(self, y, X=None, fh=None):
        """Return the mean absolute percentage error of the forecast.

        Parameters
        ----------
        y : pandas.Series, pandas.DataFrame or array
            What came, at the times of `predict(fh, X)`; of an array, row by row.
        X : pandas.DataFrame, optional
            Exogenous columns at the times to forecast, if there were any in `fit`.
        fh : int, list of int or ForecastingHorizon, optional
            Steps ahead; those of `fit` where not given.

        Returns
        -------
        error : float
            Mean of the distances from forecast to `y`, each divided by that of `y` from zero: 0.1
            means 10 %. Less is better, as sktime has it for all forecasters; the mean over columns
            and series where there are several.

        Raises
        ------
        ValueError
            When `y` is of other times or columns than the forecast, or has no value at one.
        """
        check_given("y", y)
        forecast = self._frame_of("forecast", self.predict(fh, X))
        of_panel = isinstance(y, pd.Series) and y.index.nlevels > 1  # sktime takes frames alone
        truth = self._frame_of("y", y.to_frame() if of_panel else y)
        if not isinstance(y, np.ndarray | pd.Series):
            check_columns_of_y(self._panel.columns, truth.columns)
        truth = _values_at(forecast, truth, in_order=isinstance(y, np.ndarray))
        return mean_absolute_percentage_error(truth, forecast.to_numpy())

    @of_one_moment
    def predict_residuals(self, y=None, X=None):
        """Return by how much series differ from what was forecast one step before.

        Parameters
        ----------
        y : pandas.Series or pandas.DataFrame, optional
            Values at times of `fit` and `update`, which are forecast from the step before, or after
            them; all known ones where not given.
        X : pandas.DataFrame, optional
            Exogenous columns at times after those of `fit`. The others are known.

        Returns
        -------
        residuals : pandas.Series or pandas.DataFrame
            Like `y`; of the `y` of `fit` where it is not given. NaN where it has no value.

        Raises
        ------
        ValueError
            When `y` has times that are neither known nor within the horizon.
        """
        self.check_is_fitted()
        y = self._known_y() if y is None else y
        check_given("y", y)
        if not isinstance(y, pd.Series | pd.DataFrame):
            y = self._frame_of("y", y)
        panel, time = self._panel, y.index.get_level_values(-1).unique()
        columns = getattr(y, "columns", panel.columns[:1])
        check_columns_of_y(panel.columns, columns)
        values = y.to_numpy(dtype=float, na_value=np.nan)
        check_finite(values.reshape(len(y), -1), y.index, columns)
        ahead = int((panel.axis.number(time).max() + 1 - panel.end).max())
        X, _ = self._check_X_y(X=X)
        every = np.arange(1 - panel.lengths.max(), min(ahead, self.settings_.horizon) + 1)
        found = self._forecast(np.tile(every, (len(panel), 1)), X)
        middle = found.values[..., self._model.middle]
        forecast = step_frame(middle, found.index, panel.columns)
        unknown = y.index.difference(forecast.index)
        if len(unknown):
            raise ValueError(
                f"y has {unknown[0]!r}, which is neither known nor within the steps ahead of the "
                "fit. Leave it out, or update first."
            )
        forecast = forecast.loc[y.index]
        return y - (forecast.iloc[:, 0] if isinstance(y, pd.Series) else forecast)

    def _known_y(self):
        """Return all values that are known, in the form of the `y` of `fit`."""
        return self._as_given(self._panel.frame())

    def _as_given(self, frame):
        """Return a frame in the form of the `y` of `fit`."""
        return convert_to(
            frame,
            self._y_metadata["mtype"],
            store=self._converter_store_y,
            store_behaviour="freeze",
        )


def _values_at(forecast: pd.DataFrame, y: pd.DataFrame, in_order: bool) -> np.ndarray:
    """Return what came where a forecast is, row by row; without times the rows are in order.

    Raises
    ------
    ValueError
        When rows or columns are others, or a value is missing or infinite.
    """
    if y.shape[1] != forecast.shape[1]:
        raise ValueError(
            f"y has {y.shape[1]} columns, but {forecast.shape[1]} are forecast. Pass the columns "
            "of fit."
        )
    if in_order and len(y) != len(forecast):
        raise ValueError(
            f"y has {len(y)} rows, but {len(forecast)} are forecast. Pass the values of these "
            "steps alone, or other steps in fh."
        )
    if y.index.nlevels != forecast.index.nlevels:
        raise ValueError(
            f"y has {y.index.nlevels} levels in its index, but the forecast has "
            f"{forecast.index.nlevels}. Pass the series that were fitted, with the same levels."
        )
    index = y.index if in_order else forecast.index
    missing, more = index.difference(y.index), y.index.difference(index)
    if len(missing):
        raise ValueError(
            f"y must have the times that are forecast: {missing[0]!r} is forecast, but not in y. "
            "Pass the values of these times, or fewer steps in fh."
        )
    if len(more):
        raise ValueError(
            f"y must have the times that are forecast, and no others: {more[0]!r} is not forecast. "
            "Leave it out of y, or add its step to fh."
        )
    values = y.loc[index].to_numpy(dtype=float, na_value=np.nan)
    check_finite(values, index, y.columns)
    if np.isnan(values).any():
        row, column = np.argwhere(np.isnan(values))[0]
        raise ValueError(
            f"y has no value at {index[row]!r}, column {y.columns[column]!r}. Leave that step out "
            "of y and fh."
        )
    return values
