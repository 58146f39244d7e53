"""What wraps the calls of sktime: nothing half done, and words that help."""

from __future__ import annotations

import pandas as pd
from sktime.datatypes import convert_to
from sktime.forecasting.base import BaseForecaster
from sktime.utils.validation.forecasting import check_fh

from ..compat._snapshot import changed_at_once, of_one_moment
from ..inputs._mask import unmasked
from ._categories import Categories
from ._covariates import Covariates
from ._horizons import check_horizon, read_levels
from ._html import ShowsNetworks
from ._input_checks import check_given, keys_of, over_all_series
from ._panel_checks import check_levels
from ._residuals import ResidualsMixin


class GuardedForecaster(ResidualsMixin, ShowsNetworks, BaseForecaster):
    """A forecaster that is left as it was by what is refused or interrupted."""

    def fit(self, y, X=None, fh=None):
        """Fit to series up to now.

        Parameters
        ----------
        y : pandas.Series or pandas.DataFrame
            One series, or with a MultiIndex several, the last level of which is time. Sorted by
            time, at regular steps; NaN where a value is missing.
        X : pandas.DataFrame, optional
            Exogenous columns at all times of `y`. One of a panel without the levels of its
            instances goes with all of them.
        fh : int, list of int or ForecastingHorizon
            Steps ahead; an integer means all up to it. All steps up to the farthest are learned.

        Returns
        -------
        self : Seq2SeqForecaster
            The forecaster itself.

        Raises
        ------
        ValueError
            When data and parameters do not go together; the forecaster is left as it was.
        """
        check_given("y", y)
        with changed_at_once(self) as draft:
            if draft.state != "pretrained":
                draft._categories = None
            BaseForecaster.fit(draft, y, X, fh)
        return self

    def pretrain(self, y, X=None, fh=None):
        """Learn from some series what is then fitted to others.

        Parameters
        ----------
        y : pandas.Series or pandas.DataFrame
            Series to learn from, as for `fit`.
        X : pandas.DataFrame, optional
            Exogenous columns at all times of `y`, as for `fit`.
        fh : int, list of int or ForecastingHorizon
            Steps ahead; not needed where it was pretrained before.

        Returns
        -------
        self : Seq2SeqForecaster
            The forecaster itself.
        """
        check_given("y", y)
        with changed_at_once(self) as draft:
            BaseForecaster.pretrain(draft, y, X, fh)
        return self

    def update(self, y, X=None, update_params=True):
        """Go on with what came after the data of `fit`.

        Parameters
        ----------
        y : pandas.Series or pandas.DataFrame
            Of the series of `fit`, or some of them. It follows on what is known without a gap, or
            takes the place of its last steps. NaN where a value is missing, the newest included.
        X : pandas.DataFrame, optional
            Exogenous columns at all times of `y`, if there were any in `fit`.
        update_params : bool, default=True
            Train on for `finetune_epochs` epochs; else data alone are taken in.

        Returns
        -------
        self : Seq2SeqForecaster
            The forecaster itself.

        Raises
        ------
        ValueError
            When `y` does not go on where the series ended; data, cutoff and forecasts are then as
            they were before.
        """
        check_given("y", y)
        with changed_at_once(self) as draft:
            BaseForecaster.update(draft, y, X, update_params)
        return self

    @of_one_moment
    def predict(self, fh=None, X=None):
        """Forecast.

        Parameters
        ----------
        fh : int, list of int or ForecastingHorizon, optional
            Steps ahead, or times of the past; those of `fit` where not given.
        X : pandas.DataFrame, optional
            Exogenous columns at the times to forecast, if there were any in `fit`.

        Returns
        -------
        forecast : pandas.Series or pandas.DataFrame
            Like the `y` of `fit`.
        """
        return super().predict(fh, X)

    @of_one_moment
    def predict_quantiles(self, fh=None, X=None, alpha=None):
        """Forecast quantiles.

        Parameters
        ----------
        fh : int, list of int or ForecastingHorizon, optional
            Steps ahead; those of `fit` where not given.
        X : pandas.DataFrame, optional
            Exogenous columns at the times to forecast, if there were any in `fit`.
        alpha : float or list of float in (0, 1), default=(0.05, 0.95)
            Quantiles; between those that were learned they are interpolated.

        Returns
        -------
        quantiles : pandas.DataFrame
            Columns are (variable, quantile).

        Raises
        ------
        ValueError
            When no quantiles were learned.
        """
        _check_quantiles(self)
        alpha = None if alpha is None else read_levels("alpha", alpha)
        return super().predict_quantiles(fh, X, alpha)

    @of_one_moment
    def predict_interval(self, fh=None, X=None, coverage=0.9):
        """Forecast intervals between quantiles.

        Parameters
        ----------
        fh : int, list of int or ForecastingHorizon, optional
            Steps ahead; those of `fit` where not given.
        X : pandas.DataFrame, optional
            Exogenous columns at the times to forecast, if there were any in `fit`.
        coverage : float or list of float in (0, 1), default=0.9
            Share of values that lie within.

        Returns
        -------
        intervals : pandas.DataFrame
            Columns are (variable, coverage, "lower" or "upper").

        Raises
        ------
        ValueError
            When no quantiles were learned.
        """
        _check_quantiles(self)
        return super().predict_interval(fh, X, read_levels("coverage", coverage))

    @of_one_moment
    def predict_var(self, fh=None, X=None, cov=False):
        """Forecast variances, those of normal distributions with the learned quartiles.

        Parameters
        ----------
        fh : int, list of int or ForecastingHorizon, optional
            Steps ahead; those of `fit` where not given.
        X : pandas.DataFrame, optional
            Exogenous columns at the times to forecast, if there were any in `fit`.
        cov : bool, default=False
            Passed on to sktime.

        Returns
        -------
        variances : pandas.DataFrame
            Rows are those of `predict`, columns those of `y`.

        Raises
        ------
        ValueError
            When no quantiles were learned.
        """
        _check_quantiles(self)
        return super().predict_var(fh, X, cov)

    @of_one_moment
    def predict_proba(self, fh=None, X=None, marginal=True):
        """Forecast distributions. Needs the package skpro.

        Parameters
        ----------
        fh : int, list of int or ForecastingHorizon, optional
            Steps ahead; those of `fit` where not given.
        X : pandas.DataFrame, optional
            Exogenous columns at the times to forecast, if there were any in `fit`.
        marginal : bool, default=True
            Passed on to sktime.

        Returns
        -------
        distribution : skpro distribution
            One normal distribution for each value of `predict`.

        Raises
        ------
        ValueError
            When no quantiles were learned.
        """
        _check_quantiles(self)
        return super().predict_proba(fh, X, marginal)

    def _check_X_y(self, X=None, y=None, **how):
        """Refuse, in words that help, what sktime would refuse; give all series of `y` one `X`."""
        X, y = unmasked(X), unmasked(y)
        for name, data in (("y", y), ("X", X)):
            if data is not None:
                check_given(name, data)
        keys = self._panel.keys if y is None and X is not None else keys_of(y)
        X = over_all_series(X, keys)
        if all(isinstance(data, pd.Series | pd.DataFrame) for data in (X, y)):
            check_levels(X, y)
        X, y = super()._check_X_y(X=X, y=y, **how)
        return self._numbers(X), y

    def _frame_of(self, name, data):
        """Return the `y` or `X` of a method that sktime knows nothing of, as a frame."""
        check_given(name, data)
        return convert_to(data, self._tags["y_inner_mtype"])

    def _numbers(self, X):
        """Return `X` with numbers in place of categories, which are learned in the fit."""
        if X is None:
            return None
        X = Covariates.of(self.past_covariates, self.static_covariates).constant(X)
        if getattr(self, "_categories", None) is None:
            self._categories = Categories.learn(X)
        return self._categories.encode(X)

    def _check_fh(self, fh, pred_int=False):
        """Take any steps in `predict`, not those of `fit` alone."""
        check_horizon(fh)
        if fh is None or self._fh is None:
            return super()._check_fh(fh, pred_int)
        return check_fh(fh, freq=self._cutoff)


def _check_quantiles(forecaster):
    if forecaster.quantiles is None:
        raise ValueError(
            "Intervals, quantiles and variances need quantiles to have been learned. Set "
            "quantiles=(0.05, 0.25, 0.5, 0.75, 0.95), or leave their default, and fit again."
        )
