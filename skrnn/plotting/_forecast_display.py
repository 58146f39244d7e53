"""Series and forecasts of them."""

from __future__ import annotations

from ..compat._sklearn import (
    LISTED,
    SEVERAL,
    SHARE,
    Count,
    check_estimator_is_fitted,
    validate_params,
)
from ..compat._wrappers import unwrap
from ._arrays import as_series, as_steps
from ._axes import OF_DRAWING
from ._forecast_arrays import as_forecasts, as_history, as_intervals, as_members
from ._series_drawing import SeriesDrawing
from ._series_forecasts import read_backtest, read_forecaster

# Of what is drawn series by series; axes may be several there.
_OF_SERIES = {
    "figsize": OF_DRAWING["figsize"],
    "n_history": [Count(1), None],
    "instances": [LISTED, None],
}


class ForecastDisplay(SeriesDrawing):
    """Observed values of a series, or several, and forecasts of them.

    Build it with :meth:`from_forecaster`, :meth:`from_backtest`, :meth:`from_estimator` or
    :meth:`from_predictions`; the constructor stores its arguments as they are.

    Parameters
    ----------
    y_true : array-like of shape (n_steps,), default=None
        Observed values; `None` where the future is not known.
    forecasts : dict of str to array-like of shape (n_steps,), default=None
        Forecast values by legend name.
    index : array-like of shape (n_steps,), default=None
        Position of each step on the time axis; `None` counts from 0.
    intervals : dict of str to (lower, upper), default=None
        Bounds drawn as a band, by the name of the forecast they belong to.
    target_name : str, default=None
        Label of the value axis; `None` writes "Target".
    history : array-like of shape (n_history,), default=None
        Values observed before the first step.
    history_index : array-like of shape (n_history,), default=None
        Positions of `history`; `None` counts up to -1.
    members : dict of str to array-like of shape (n_steps,), default=None
        Forecasts that a combination is made of, drawn thinly behind.
    origins : array-like, default=None
        Times that were the last known ones, drawn as boundaries.
    coverage : float, default=None
        Share of values that an interval is to cover, for the legend.
    title : str, default=None
        Which series it is.
    panels : list of ForecastDisplay, default=None
        Several series, each drawn on axes of its own. The other arguments are then left out.
    note : str, default=None
        What is said below several series.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes that were drawn on; the first of several.
    axes_ : array of matplotlib Axes
        All of them.
    figure_ : matplotlib Figure
        Figure the axes belong to.
    legend_ : matplotlib Legend
        What explains the lines.
    truth_line_ : matplotlib Line2D or None
        Line of the observed values.
    history_line_ : matplotlib Line2D or None
        Line of the earlier observed values.
    lines_ : dict of str to matplotlib Line2D
        The line of each forecast.
    bands_ : dict of str to matplotlib PolyCollection
        The band of each interval.
    member_lines_ : dict of str to matplotlib Line2D
        The line of each member.
    origin_lines_ : list of matplotlib Line2D
        The boundaries.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skrnn.plotting import ForecastDisplay
    >>> forecasts = {"LSTM": [2.1, 2.9, 4.2], "naive": [1.0, 1.0, 1.0]}
    >>> display = ForecastDisplay.from_predictions([2.0, 3.0, 4.0], forecasts, history=[0.0, 1.0])
    >>> sorted(display.lines_)
    ['LSTM', 'naive']
    >>> display.history_line_.get_xdata().tolist()
    [-2, -1]
    >>> matplotlib.pyplot.close(display.figure_)
    """

    def __init__(
        self,
        *,
        y_true=None,
        forecasts=None,
        index=None,
        intervals=None,
        target_name=None,
        history=None,
        history_index=None,
        members=None,
        origins=None,
        coverage=None,
        title=None,
        panels=None,
        note=None,
    ):
        self.y_true = y_true
        self.forecasts = forecasts
        self.index = index
        self.intervals = intervals
        self.target_name = target_name
        self.history = history
        self.history_index = history_index
        self.members = members
        self.origins = origins
        self.coverage = coverage
        self.title = title
        self.panels = panels
        self.note = note

    @classmethod
    @validate_params(
        {**_OF_SERIES, "coverage": [SHARE, None], "members": ["boolean"]},
        prefer_skip_nested_validation=False,
    )
    def from_forecaster(
        cls,
        forecaster,
        y=None,
        X=None,
        *,
        coverage=0.8,
        n_history=None,
        ax=None,
        members=False,
        instances=None,
        figsize=None,
    ):
        """Forecast with a fitted forecaster of sktime, and draw the result.

        Parameters
        ----------
        forecaster : sktime forecaster
            Fitted, with the steps ahead that are drawn.
        y : pandas.Series or pandas.DataFrame, default=None
            Series in the form of `fit`. What lies before the origin is drawn as history, what lies
            after it as the truth. None takes what the forecaster remembers.
        X : pandas.DataFrame, default=None
            Exogenous columns at the times to forecast, if there were any in `fit`.
        coverage : float in (0, 1) or None, default=0.8
            Share of values that the interval is to cover; None draws none.
        n_history : int, default=None
            Steps of history; None means four times the steps that are forecast, and at least 24.
        ax : matplotlib Axes or array of them, default=None
            Axes to draw on, one for each series; `None` makes a new figure.
        members : bool, default=False
            Draw what each member of a `Seq2SeqForecaster` says, too.
        instances : list, default=None
            Keys of the series to draw, in this order; None means the first nine.
        figsize : (float, float), default=None
            Width and height of the new figure in inches.

        Returns
        -------
        ForecastDisplay
            The display, already drawn; of several series with one display each in `panels`.

        Raises
        ------
        NotFittedError
            When the forecaster is not fitted.
        ValueError
            When no history is known, or a series is not known.

        Examples
        --------
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> import numpy as np
        >>> import pandas as pd
        >>> from skrnn import ForecastDisplay, Seq2SeqForecaster
        >>> y = pd.Series(np.arange(40) % 4 * 1.0, name="visits")
        >>> forecaster = Seq2SeqForecaster(units=4, epochs=2, baselines=(), random_state=0)
        >>> display = ForecastDisplay.from_forecaster(forecaster.fit(y[:36], fh=range(1, 5)), y)
        >>> [text.get_text() for text in display.legend_.get_texts()]
        ['history', 'observed', 'forecast', '80 % interval', 'forecast origin']
        >>> matplotlib.pyplot.close(display.figure_)
        """
        found, note = read_forecaster(
            forecaster, y, X, coverage, n_history, members=members, instances=instances
        )
        return cls._of_series(found, note).plot(ax, figsize=figsize)

    @classmethod
    @validate_params(_OF_SERIES, prefer_skip_nested_validation=False)
    def from_backtest(cls, backtest, *, instances=None, n_history=None, ax=None, figsize=None):
        """Draw the forecasts of a back-test from all of its origins.

        Parameters
        ----------
        backtest : Backtest
            What `skrnn.backtest` returned.
        instances : list, default=None
            Keys of the series to draw, in this order; None means the first nine.
        n_history : int, default=None
            Steps before the first origin; None means as many as were forecast, and at least 24.
        ax : matplotlib Axes or array of them, default=None
            Axes to draw on, one for each series; `None` makes a new figure.
        figsize : (float, float), default=None
            Width and height of the new figure in inches.

        Returns
        -------
        ForecastDisplay
            The display, already drawn; of several series with one display each in `panels`.
        """
        found, note = read_backtest(backtest, n_history, instances)
        return cls._of_series(found, note).plot(ax, figsize=figsize)

    @classmethod
    def _of_series(cls, found, note):
        """Return the display of one series, or of several."""
        panels = [cls(**vars(one)) for one in found]
        return panels[0] if len(panels) == 1 else cls(panels=panels, note=note)

    @classmethod
    @validate_params({"name": [str, None]}, prefer_skip_nested_validation=False)
    def from_estimator(cls, estimator, X, y, *, name=None, **options):
        """Predict with a fitted estimator and draw the result.

        Parameters
        ----------
        estimator : estimator instance
            Fitted regressor, pipeline or search with a `predict` method.
        X : array-like
            Input of `predict`.
        y : array-like of shape (n_steps,)
            Observed values of the steps that `predict` returns.
        name : str, default=None
            Name in the legend; `None` takes the class name of the final estimator.
        **options : dict
            Further keywords of :meth:`from_predictions`.

        Returns
        -------
        ForecastDisplay
            The display, already drawn.

        Examples
        --------
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> from sklearn.linear_model import Ridge
        >>> from skrnn.plotting import ForecastDisplay
        >>> X, y = [[0.0], [1.0], [2.0]], [1.0, 2.0, 3.0]
        >>> display = ForecastDisplay.from_estimator(Ridge().fit(X, y), X, y)
        >>> list(display.lines_)
        ['Ridge']
        >>> matplotlib.pyplot.close(display.figure_)
        """
        check_estimator_is_fitted(estimator)
        name = type(unwrap(estimator).estimator).__name__ if name is None else name
        return cls.from_predictions(y, {name: estimator.predict(X)}, **options)

    @classmethod
    @validate_params(
        {
            **OF_DRAWING,
            "target_name": [str, None],
            "index": [SEVERAL, None],
            "coverage": [SHARE, None],
        },
        prefer_skip_nested_validation=False,
    )
    def from_predictions(
        cls,
        y_true,
        y_pred,
        *,
        index=None,
        history=None,
        interval=None,
        coverage=None,
        ax=None,
        name=None,
        target_name=None,
        line_kw=None,
        members=None,
    ):
        """Draw observed values and forecasts that are already computed.

        Parameters
        ----------
        y_true : array-like of shape (n_steps,) or None
            Observed values; None where the future is not known. Missing values leave a gap in the
            line.
        y_pred : array-like of shape (n_steps,) or dict of str to array-like
            One forecast, or several by name.
        index : array-like of shape (n_steps,), default=None
            Time of each step: numbers, dates or periods, a period being drawn at its start.
            `None` takes the index of a pandas `y_true`, or of `y_pred` without it, and else counts
            from 0.
        history : array-like of shape (n_history,), default=None
            Values observed before `y_true`. Without a pandas index of its own it is placed
            right before `y_true`, which needs an integer index.
        interval : (lower, upper) or dict of str to (lower, upper), default=None
            Bounds of the only forecast, or of several by name.
        coverage : float in (0, 1), default=None
            Share of values that the interval is to cover, for the legend.
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        name : str, default=None
            Legend name of a single forecast; `None` writes "forecast".
        target_name : str, default=None
            Label of the value axis; `None` takes the name of a pandas Series `y_true`.
        line_kw : dict, default=None
            Keywords for `Axes.plot`, shared by all forecasts.
        members : DataFrame or dict of str to array-like of shape (n_steps,), default=None
            Forecasts that a combination is made of, drawn thinly behind: a column of
            `Seq2SeqForecaster.predict_members`. Those with missing values are left out.

        Returns
        -------
        ForecastDisplay
            The display, already drawn.
        """
        forecasts, like = as_forecasts(y_pred, name, y_true)
        truth = None if y_true is None else as_series(y_true, "y_true", allow_missing=True)
        where = like.source if y_true is None else y_true
        steps = as_steps(index, where, like.length, like.name)
        earlier, earlier_steps = as_history(history, steps)
        display = cls(
            y_true=truth,
            forecasts=forecasts,
            index=steps,
            intervals=as_intervals(interval, forecasts, like),
            target_name=getattr(where, "name", None) if target_name is None else target_name,
            history=earlier,
            history_index=earlier_steps,
            members=as_members(members, like),
            coverage=coverage,
        )
        return display.plot(ax, line_kw=line_kw)
