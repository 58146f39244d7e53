"""An estimator or forecaster beside the lines that it has to beat."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..compat._sklearn import validate_params
from ._arrays import as_series
from ._axes import OF_DRAWING, new_axes

_ROW, _MARGIN = 0.4, 1.0  # inches that a line takes, and all around them
_MEASURES = ("error", "MASE")  # columns that are drawn, the first that there is


class ComparisonDisplay:
    """Errors of an estimator and of the lines beside it, with how far it is ahead of each.

    Build it with :meth:`from_comparison`; the constructor stores its arguments as they are.

    Parameters
    ----------
    names : list of str
        The estimator, then the lines.
    errors : array-like of shape (n_names,)
        Error of each.
    spreads : array-like of shape (n_names,), default=None
        Standard deviation of each over the folds.
    value_name : str, default="Error"
        What is drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes that were drawn on.
    figure_ : matplotlib Figure
        Figure the axes belong to.
    bars_ : matplotlib BarContainer
        A bar for the estimator and for each line.
    texts_ : list of matplotlib Text
        Skill against each line: by which share the estimator's error is smaller.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> import pandas as pd
    >>> from skrnn import ComparisonDisplay
    >>> frame = pd.DataFrame(
    ...     {"error": [1.5, 2.0], "spread": [0.1, 0.2]}, index=["LSTMRegressor", "last value"]
    ... )
    >>> display = ComparisonDisplay.from_comparison(frame)
    >>> [text.get_text() for text in display.texts_]
    ['skill +25 %']
    >>> matplotlib.pyplot.close(display.figure_)
    """

    def __init__(self, *, names, errors, spreads=None, value_name="Error"):
        self.names = names
        self.errors = errors
        self.spreads = spreads
        self.value_name = value_name

    @classmethod
    @validate_params({**OF_DRAWING, "value_name": [str, None]}, prefer_skip_nested_validation=False)
    def from_comparison(cls, frame, *, value_name=None, ax=None, figsize=None):
        """Draw the table of `skrnn.compare`, or the errors of a back-test.

        Parameters
        ----------
        frame : pandas.DataFrame
            What `skrnn.compare` returned, or `Backtest.errors`. The first row is the estimator.
        value_name : str, default=None
            Label of the axis, with units; None writes what the table has.
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        figsize : (float, float), default=None
            Width and height of the new figure in inches.

        Returns
        -------
        ComparisonDisplay
            The display, already drawn.

        Raises
        ------
        ValueError
            When the table has no column of errors.
        """
        columns = list(frame.columns) if isinstance(frame, pd.DataFrame) else []
        measure = next((name for name in _MEASURES if name in columns), None)
        if measure is None:
            raise ValueError(
                f"`frame` has none of the columns {list(_MEASURES)}. Pass the table of "
                "skrnn.compare, or the errors of a back-test."
            )
        if value_name is None:
            value_name = "Error" if measure == "error" else measure
        display = cls(
            names=[str(name) for name in frame.index],
            errors=as_series(frame[measure], f"frame[{measure!r}]"),
            spreads=as_series(frame["spread"], "frame['spread']") if "spread" in columns else None,
            value_name=value_name,
        )
        return display.plot(ax, figsize=figsize)

    @validate_params(OF_DRAWING, prefer_skip_nested_validation=True)
    def plot(self, ax=None, *, figsize=None):
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        figsize : (float, float), default=None
            Width and height of the new figure in inches.

        Returns
        -------
        ComparisonDisplay
            The display itself.
        """
        if ax is None:
            size = (6.4, _MARGIN + _ROW * len(self.names))
            ax = new_axes(figsize=size if figsize is None else figsize)
        rows, errors = np.arange(len(self.names)), np.asarray(self.errors, dtype=float)
        colors = ["C0"] + ["0.7"] * (len(rows) - 1)
        style = {"ecolor": "0.3", "capsize": 2}
        self.bars_ = ax.barh(rows, errors, xerr=self.spreads, color=colors, error_kw=style)
        self.texts_ = [
            ax.annotate(
                _skill(errors[0], errors[row]),
                (0, row),  # within the bar, where there is room at any width
                (4, 0),
                textcoords="offset points",
                va="center",
                fontsize="small",
            )
            for row in rows[1:]
        ]
        ax.axvline(errors[0], color="C0", linestyle=":", linewidth=1)
        ax.set_yticks(rows, self.names)
        ax.invert_yaxis()
        ax.set_xlim(left=0)
        folds = "" if self.spreads is None else "mean and spread over folds; "
        ax.set_xlabel(f"{self.value_name}\n({folds}skill against each line)")
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _skill(own, other):
    """Return by how much the estimator's error is below that of a line."""
    if own == other:
        return "skill 0 %"
    if other == 0:
        return "no error"
    return f"skill {100 * (1 - own / other):+.0f} %"
