"""What a search over parameters has found."""

from __future__ import annotations

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..compat._sklearn import LISTED, Count, validate_params
from ._axes import OF_DRAWING, label_upwards, new_axes
from ._grid_search_arrays import read_search

_ROW, _MARGIN = 0.28, 1.1  # inches that a candidate takes, and all around them


class GridSearchDisplay:
    """Errors of the candidates of a search: sorted, with their spread over the folds, or as a map.

    Build it with :meth:`from_search`; the constructor stores its arguments as they are.

    Parameters
    ----------
    labels : list of str
        Names of the candidates, the best first.
    errors : array-like of shape (n_candidates,)
        Mean error, or score, of each over the folds.
    spreads : array-like of shape (n_candidates,), default=None
        Standard deviation over the folds.
    value_name : str, default="Error"
        What is drawn.
    grid : pandas.DataFrame, default=None
        Lowest error for each pair of values of two parameters, which are the names of its rows and
        columns; drawn as a map in place of the candidates.
    note : str, default=None
        What is said beside the value.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes that were drawn on.
    figure_ : matplotlib Figure
        Figure the axes belong to.
    points_ : matplotlib ErrorbarContainer or None
        The candidates; None in a map.
    image_ : matplotlib AxesImage or None
        The map.
    texts_ : list of matplotlib Text
        The numbers in the map.
    colorbar_ : matplotlib Colorbar or None
        Scale of the map.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import GridSearchCV
    >>> from skrnn import GridSearchDisplay
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0.0, 1.0, 2.0, 3.0]
    >>> search = GridSearchCV(
    ...     Ridge(), {"alpha": [0.1, 10.0]}, scoring="neg_mean_absolute_error", cv=2
    ... )
    >>> display = GridSearchDisplay.from_search(search.fit(X, y))
    >>> display.labels
    ['alpha=0.1', 'alpha=10']
    >>> display.value_name
    'Mean absolute error'
    >>> matplotlib.pyplot.close(display.figure_)
    """

    def __init__(self, *, labels, errors, spreads=None, value_name="Error", grid=None, note=None):
        self.labels = labels
        self.errors = errors
        self.spreads = spreads
        self.value_name = value_name
        self.grid = grid
        self.note = note

    @classmethod
    @validate_params(
        {
            **OF_DRAWING,
            "parameters": [LISTED, None],
            "metric": [str, None],
            "n_candidates": [Count(1)],
        },
        prefer_skip_nested_validation=False,
    )
    def from_search(
        cls, search, *, parameters=None, metric=None, n_candidates=20, ax=None, figsize=None
    ):
        """Draw what a search has found.

        Parameters
        ----------
        search : fitted GridSearchCV, RandomizedSearchCV, or search of sktime
            Anything with `cv_results_`.
        parameters : pair of str, default=None
            Parameters that span a map; the best over all others is drawn. None draws a map where
            exactly two parameters differ and all pairs of their values were tried; `()` never.
            In a pipeline the last part of a name is enough.
        metric : str, default=None
            Which metric, where the search has several; None means that of `refit`.
        n_candidates : int, default=20
            The best so many are drawn.
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        figsize : (float, float), default=None
            Width and height of the new figure in inches.

        Returns
        -------
        GridSearchDisplay
            The display, already drawn.

        Raises
        ------
        NotFittedError
            When the search is not fitted.
        ValueError
            When a parameter or the metric is not part of it, or all fits failed.
        """
        if not hasattr(search, "cv_results_"):
            if hasattr(search, "fit") and not isinstance(search, type):
                check_is_fitted(search)
            raise TypeError(
                f"`search` is {search!r}, which has no cv_results_. Pass a fitted search, such as "
                "GridSearchCV."
            )
        found = read_search(search, metric)
        shown, labels = slice(0, n_candidates), found.labels
        notes = [f"best {n_candidates} of {len(labels)}"] if len(labels) > n_candidates else []
        notes += [f"{found.n_failed} failed"] if found.n_failed else []
        display = cls(
            labels=labels[shown],
            errors=found.error[shown],
            spreads=found.spread[shown] if np.isfinite(found.spread).any() else None,
            value_name=found.value_name,
            grid=_grid_of(found, parameters),
            note=", ".join(notes) or None,
        )
        return display.plot(ax, figsize=figsize)

    @validate_params(OF_DRAWING, prefer_skip_nested_validation=True)
    def plot(self, ax=None, *, figsize=None):
        """Draw the candidates, or the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        figsize : (float, float), default=None
            Width and height of the new figure in inches.

        Returns
        -------
        GridSearchDisplay
            The display itself.
        """
        if ax is None:
            n_rows = len(self.labels) if self.grid is None else len(self.grid) + 1
            size = (6.4, max(2.5, _MARGIN + _ROW * n_rows * (1 if self.grid is None else 1.6)))
            ax = new_axes(figsize=size if figsize is None else figsize)
        self.points_ = self.image_ = self.colorbar_ = None
        self.texts_ = []
        if self.grid is None:
            self._plot_candidates(ax)
        else:
            self._plot_grid(ax)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_candidates(self, ax):
        """Draw a point with its spread for each candidate, the best at the top."""
        rows = np.arange(len(self.labels))
        known = self.spreads is not None
        self.points_ = ax.errorbar(
            self.errors, rows, xerr=self.spreads, fmt="o", color="C0", ecolor="0.6", capsize=2
        )
        ax.plot(self.errors[:1], rows[:1], "o", color="C3", label="best", zorder=3)
        ax.set_yticks(rows, self.labels, fontsize="small")
        ax.invert_yaxis()
        spread = "mean and spread over folds" if known else "mean over folds"
        said = [spread] if self.note is None else [spread, self.note]
        ax.set_xlabel(f"{self.value_name}\n({', '.join(said)})")
        ax.grid(axis="x", alpha=0.3)
        ax.legend(loc="upper right", fontsize="small")

    def _plot_grid(self, ax):
        """Draw a map with the numbers in it."""
        values = self.grid.to_numpy(dtype=float)
        self.image_ = ax.imshow(values, aspect="auto", cmap="viridis_r")
        ax.set_xticks(np.arange(values.shape[1]), list(self.grid.columns))
        ax.set_yticks(np.arange(values.shape[0]), list(self.grid.index))
        ax.set(xlabel=self.grid.columns.name, ylabel=self.grid.index.name)
        middle = np.nanmean([np.nanmin(values), np.nanmax(values)])
        for (row, column), value in np.ndenumerate(values):
            if np.isfinite(value):
                color = "white" if value > middle else "black"
                text = ax.text(
                    column, row, f"{value:.3g}", ha="center", va="center", color=color, size="small"
                )
                self.texts_.append(text)
        label = self.value_name if self.note is None else f"{self.value_name} ({self.note})"
        self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax)
        label_upwards(self.colorbar_.ax, label)


def _grid_of(found, parameters):
    """Return the map of two parameters, or None for the list of candidates."""
    names = list(found.params)
    if parameters is None:
        if len(names) != 2:
            return None
        grid = found.grid(names)
        return grid.rename_axis(index=names[0], columns=names[1]) if _is_map(grid) else None
    given = np.ravel(parameters).tolist()
    if not given:
        return None
    wanted = [name if name in names else str(name).rpartition("__")[2] for name in given]
    if len(wanted) != 2 or not set(wanted) <= set(names):
        raise ValueError(
            f"parameters={parameters!r} are not two of those that differ. Choose among {names}."
        )
    return found.grid(wanted).rename_axis(index=wanted[0], columns=wanted[1])


def _is_map(grid):
    return min(grid.shape) > 1 and bool(grid.notna().all(axis=None))
