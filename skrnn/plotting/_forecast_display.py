"""A series and forecasts of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..compat._sklearn import check_estimator_is_fitted, validate_params
from ..compat._wrappers import unwrap
from ._arrays import as_series, as_steps, ends_before, index_of
from ._axes import OF_DRAWING, keywords_of_matplotlib, new_axes


class ForecastDisplay:
    """Observed values of one series and one or several forecasts of it.

    Build it with :meth:`from_estimator` or :meth:`from_predictions`; the constructor stores
    its arguments as they are.

    Parameters
    ----------
    y_true : array-like of shape (n_steps,)
        Observed values.
    forecasts : dict of str to array-like of shape (n_steps,)
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

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes that were drawn on.
    figure_ : matplotlib Figure
        Figure the axes belong to.
    truth_line_ : matplotlib Line2D
        Line of the observed values.
    history_line_ : matplotlib Line2D or None
        Line of the earlier observed values.
    lines_ : dict of str to matplotlib Line2D
        The line of each forecast.
    bands_ : dict of str to matplotlib PolyCollection
        The band of each interval.
    member_lines_ : dict of str to matplotlib Line2D
        The line of each member.

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
        y_true,
        forecasts,
        index=None,
        intervals=None,
        target_name=None,
        history=None,
        history_index=None,
        members=None,
    ):
        self.y_true = y_true
        self.forecasts = forecasts
        self.index = index
        self.intervals = intervals
        self.target_name = target_name
        self.history = history
        self.history_index = history_index
        self.members = members

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
        {**OF_DRAWING, "target_name": [str, None], "index": ["array-like", None]},
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
        ax=None,
        name=None,
        target_name=None,
        line_kw=None,
        members=None,
    ):
        """Draw observed values and forecasts that are already computed.

        Parameters
        ----------
        y_true : array-like of shape (n_steps,)
            Observed values. Missing values leave a gap in the line.
        y_pred : array-like of shape (n_steps,) or dict of str to array-like
            One forecast, or several by name.
        index : array-like of shape (n_steps,), default=None
            Time of each step: numbers, dates or periods, a period being drawn at its start.
            `None` takes the index of a pandas `y_true`, and else counts from 0.
        history : array-like of shape (n_history,), default=None
            Values observed before `y_true`. Without a pandas index of its own it is placed
            right before `y_true`, which needs an integer index.
        interval : (lower, upper) or dict of str to (lower, upper), default=None
            Bounds of the only forecast, or of several by name.
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
        truth = as_series(y_true, "y_true", allow_missing=True)
        forecasts = _as_forecasts(y_pred, name, y_true, len(truth))
        steps = as_steps(index, y_true, len(truth))
        earlier, earlier_steps = _as_history(history, steps)
        display = cls(
            y_true=truth,
            forecasts=forecasts,
            index=steps,
            intervals=_as_intervals(interval, forecasts, len(truth)),
            target_name=getattr(y_true, "name", None) if target_name is None else target_name,
            history=earlier,
            history_index=earlier_steps,
            members=_as_members(members, y_true, len(truth)),
        )
        return display.plot(ax, line_kw=line_kw)

    @validate_params(OF_DRAWING, prefer_skip_nested_validation=True)
    def plot(self, ax=None, *, line_kw=None):
        """Draw the series and its forecasts.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        line_kw : dict, default=None
            Keywords for `Axes.plot`, shared by all forecasts.

        Returns
        -------
        ForecastDisplay
            The display itself.
        """
        ax = new_axes() if ax is None else ax
        steps = np.arange(len(self.y_true)) if self.index is None else self.index
        self.history_line_ = self._plot_history(ax)
        (self.truth_line_,) = ax.plot(steps, self.y_true, color="black", label="observed")
        self.lines_, self.bands_, self.member_lines_ = {}, {}, {}
        for number, (name, values) in enumerate((self.members or {}).items()):
            label = None if number else "members"
            (self.member_lines_[name],) = ax.plot(
                steps, values, color="0.75", linewidth=0.7, zorder=1, label=label
            )
        for name, values in self.forecasts.items():
            with keywords_of_matplotlib("line_kw", line_kw):
                (line,) = ax.plot(steps, values, **{"label": name, **(line_kw or {})})
            self.lines_[name] = line
            if name in (self.intervals or {}):
                lower, upper = self.intervals[name]
                self.bands_[name] = ax.fill_between(
                    steps, lower, upper, color=line.get_color(), alpha=0.2, linewidth=0
                )
        if np.asarray(steps).dtype.kind not in "iuf":  # dates are too wide side by side
            ax.tick_params(axis="x", rotation=30)
        ax.set(xlabel="Time", ylabel="Target" if self.target_name is None else self.target_name)
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_history(self, ax):
        """Draw the earlier values, if there are any, and return their line."""
        if self.history is None:
            return None
        default = np.arange(-len(self.history), 0)
        steps = default if self.history_index is None else self.history_index
        return ax.plot(steps, self.history, color="0.5", label="history")[0]


def _as_forecasts(y_pred: Any, name: str | None, y_true: Any, length: int) -> dict[str, np.ndarray]:
    """Return the forecasts by name, each checked against `y_true`."""
    if not isinstance(y_pred, Mapping):
        y_pred = {"forecast" if name is None else name: y_pred}
    elif name is not None or not y_pred:
        raise ValueError("A dict `y_pred` needs at least one forecast, and no `name` beside it.")
    forecasts = {}
    for key, values in y_pred.items():
        parameter = f"y_pred[{key!r}]"
        forecasts[key] = as_series(values, parameter, ("y_true", length))
        _check_same_index(values, parameter, y_true)
    return forecasts


def _as_members(members: Any, y_true: Any, length: int) -> dict[str, np.ndarray]:
    """Return the members that have all values, by name."""
    if members is None:
        return {}
    if not isinstance(members, Mapping | pd.DataFrame):
        raise TypeError(
            f"`members` must map names to forecasts; got {type(members).__name__}. Pass a dict, or "
            "columns of `predict_members`."
        )
    known = {key: members[key] for key in members if np.isfinite(np.asarray(members[key])).all()}
    return _as_forecasts(known, None, y_true, length) if known else {}


def _check_same_index(values: Any, parameter: str, y_true: Any) -> None:
    """Refuse a pandas forecast whose steps are not those of a pandas `y_true`."""
    found, expected = index_of(values), index_of(y_true)
    if found is not None and expected is not None and not found.equals(expected):
        raise ValueError(
            f"`{parameter}` and `y_true` have different pandas indexes. Align them with "
            "`reindex`, or pass `.to_numpy()` if the steps are already in the same order."
        )


def _as_intervals(interval: Any, forecasts: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Return the (lower, upper) vectors by the name of their forecast."""
    if interval is None:
        return {}
    if not isinstance(interval, Mapping):
        interval = dict.fromkeys(forecasts, interval) if len(forecasts) == 1 else {None: interval}
    if not set(interval) <= set(forecasts):
        raise ValueError(
            "`interval` must say which forecast each pair belongs to. "
            f"Pass a dict of pairs with keys among {list(forecasts)}."
        )
    return {key: _as_bounds(pair, length) for key, pair in interval.items()}


def _as_bounds(pair: Any, length: int) -> tuple[np.ndarray, np.ndarray]:
    try:
        lower, upper = pair
    except (TypeError, ValueError) as error:
        raise ValueError("`interval` must be a pair of vectors: (lower, upper).") from error
    lower = as_series(lower, "interval lower bound", ("y_true", length))
    upper = as_series(upper, "interval upper bound", ("y_true", length))
    if np.any(lower > upper):
        raise ValueError("`interval` has lower bounds above upper bounds. Pass (lower, upper).")
    return lower, upper


def _as_history(history: Any, steps: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the earlier values and their places, all before the first of `steps`."""
    if history is None:
        return None, None
    values = as_series(history, "history", allow_missing=True)
    if index_of(history) is not None:
        earlier = as_steps(None, history, len(values), "history")
    elif steps.dtype.kind in "iu":
        stride = steps[1] - steps[0] if len(steps) > 1 else 1
        earlier = steps[0] + stride * np.arange(-len(values), 0)
    else:
        raise ValueError(
            "`history` has no index, and cannot be placed before an index that is not integer. "
            "Pass `history` as a pandas Series with its own times."
        )
    if not ends_before(earlier, steps):
        raise ValueError(
            "`history` must end before `y_true` begins, on the same kind of index. "
            "Pass both as pandas Series, or give `index` for `y_true`."
        )
    return values, earlier
