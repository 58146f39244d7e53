"""The losses and metrics of a network over its epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..compat._sklearn import check_estimator_is_fitted, validate_params
from ..compat._wrappers import unwrap
from ._arrays import as_series
from ._axes import OF_DRAWING, keywords_of_matplotlib, new_axes

_VALIDATION = "val_"


class TrainingCurveDisplay:
    """Loss, or metrics, of a network after each epoch of training.

    Build it with :meth:`from_estimator` or :meth:`from_history`; the constructor stores its
    arguments as they are.

    Parameters
    ----------
    epochs : array-like of shape (n_epochs,)
        Epoch numbers, the first epoch being 1.
    curves : dict of str to array-like of shape (n_epochs,)
        One sequence of values per curve; `val_` in front of a name stands for validation rows.
    best_epoch : int, default=None
        Number of the epoch to mark; `None` marks none.
    estimator_name : str, default=None
        Name put in front of the legend entries.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes that were drawn on.
    figure_ : matplotlib Figure
        Figure the axes belong to.
    lines_ : dict of str to matplotlib Line2D
        The line of each curve.
    best_epoch_line_ : matplotlib Line2D or None
        Vertical line at the best epoch.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skrnn.plotting import TrainingCurveDisplay
    >>> history = {"loss": [0.9, 0.5, 0.3], "val_loss": [1.0, 0.7, 0.8]}
    >>> display = TrainingCurveDisplay.from_history(history, name="LSTM")
    >>> display.best_epoch
    2
    >>> matplotlib.pyplot.close(display.figure_)
    """

    def __init__(self, *, epochs, curves, best_epoch=None, estimator_name=None):
        self.epochs = epochs
        self.curves = curves
        self.best_epoch = best_epoch
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(cls, estimator, *, metric="loss", ax=None, name=None, **options):
        """Draw the training curves of a fitted estimator.

        Parameters
        ----------
        estimator : estimator instance
            Fitted estimator with a `history_`, or a pipeline or search that contains one.
        metric : str or sequence of str, default="loss"
            What to draw: the loss, or names of `metrics` of the estimator; each with the curve of
            the validation rows where there are some.
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        name : str, default=None
            Name in the legend; `None` takes the class name of the estimator.
        **options : dict
            Further keywords of :meth:`plot`: `log_scale` and `line_kw`.

        Returns
        -------
        TrainingCurveDisplay
            The display, already drawn.
        """
        check_estimator_is_fitted(estimator)
        final = unwrap(estimator).estimator
        final_name = type(final).__name__
        if not hasattr(final, "history_"):
            raise TypeError(
                f"`estimator` keeps no training history: {final_name} has no attribute "
                "`history_`. Pass a fitted skrnn estimator, or a pipeline or a search "
                "(with refit=True) around one."
            )
        name = final_name if name is None else name
        return cls.from_history(final.history_, metric=metric, ax=ax, name=name, **options)

    @classmethod
    @validate_params(
        {**OF_DRAWING, "metric": [str, list, tuple, np.ndarray]},
        prefer_skip_nested_validation=False,
    )
    def from_history(cls, history, *, metric="loss", ax=None, name=None, **options):
        """Draw the training curves recorded in a history.

        Parameters
        ----------
        history : mapping of str to sequence of float
            Values per epoch.
        metric : str or sequence of str, default="loss"
            Columns to draw, each with that of `val_` in front where there is one. The epoch that
            early stopping chose is marked; of a loss without early stopping the one with the
            lowest validation loss.
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        name : str, default=None
            Name put in front of the legend entries.
        **options : dict
            Further keywords of :meth:`plot`: `log_scale` and `line_kw`.

        Returns
        -------
        TrainingCurveDisplay
            The display, already drawn.
        """
        names = [metric] if isinstance(metric, str) else np.ravel(metric).tolist()
        curves = _curves_of(history, names)
        best_epoch = getattr(history, "best_epoch", None)
        if best_epoch is None:
            best_epoch = _best_epoch(curves.get("val_loss"))
        display = cls(
            epochs=np.arange(1, len(curves[names[0]]) + 1),
            curves=curves,
            best_epoch=best_epoch,
            estimator_name=name,
        )
        return display.plot(ax, **options)

    @validate_params({**OF_DRAWING, "log_scale": ["boolean"]}, prefer_skip_nested_validation=True)
    def plot(self, ax=None, *, name=None, log_scale=False, line_kw=None):
        """Draw the curves.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        name : str, default=None
            Name put in front of the legend entries; `None` takes `estimator_name`.
        log_scale : bool, default=False
            Whether the axis of values is logarithmic, which needs positive values.
        line_kw : dict, default=None
            Keywords for `Axes.plot`, shared by all curves.

        Returns
        -------
        TrainingCurveDisplay
            The display itself.
        """
        if log_scale:
            _check_positive(self.curves)
        name = self.estimator_name if name is None else name
        prefix = f"{name} " if name else ""
        if ax is None:
            ax = new_axes()
            ax.locator_params(axis="x", integer=True)
        self.lines_ = {}
        for key, values in self.curves.items():
            style = {"label": prefix + _label(key), **(line_kw or {})}
            with keywords_of_matplotlib("line_kw", line_kw):
                (self.lines_[key],) = ax.plot(self.epochs, values, **style)
        self.best_epoch_line_ = None
        if self.best_epoch is not None:
            style = {"label": f"{prefix}best epoch ({self.best_epoch})", "linestyle": ":"}
            self.best_epoch_line_ = ax.axvline(self.best_epoch, color="0.4", **style)
        if log_scale:
            ax.set_yscale("log")
        names = [key for key in self.curves if not key.startswith(_VALIDATION)]
        ax.set(xlabel="Epoch", ylabel=", ".join(map(_capital, names)))
        ax.legend()
        self.ax_, self.figure_ = ax, ax.figure
        return self


def _label(key: str) -> str:
    if key.startswith(_VALIDATION):
        return f"validation {key.removeprefix(_VALIDATION)}"
    return f"training {key}"


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def _curves_of(history: Any, names: list[str]) -> dict[str, np.ndarray]:
    """Return the columns of a history that are drawn, after checking them."""
    if not isinstance(history, Mapping):
        raise TypeError(
            "`history` must map column names to one value per epoch; "
            f"got {type(history).__name__}. Pass the `history_` of a fitted estimator."
        )
    missing = [name for name in names if name not in history]
    if missing or not names:
        what = f'has no column "{missing[0]}"' if missing else "is to be drawn without any column"
        raise ValueError(
            f"`history` {what}; its columns are {list(history)}. Set metric to one of these."
        )
    keys = [key for name in names for key in (name, _VALIDATION + name) if key in history]
    title = f'history["{names[0]}"]'
    curves = {keys[0]: as_series(history[keys[0]], title, allow_missing=True)}
    same = (title, len(curves[keys[0]]))
    for key in keys[1:]:
        curves[key] = as_series(history[key], f'history["{key}"]', same, True)
    return curves


def _best_epoch(val_loss: np.ndarray | None) -> int | None:
    """Return the number, from 1, of the first epoch with the lowest validation loss."""
    if val_loss is None or np.isnan(val_loss).all():
        return None
    return int(np.nanargmin(val_loss)) + 1


def _check_positive(curves: Mapping[str, Any]) -> None:
    for key, values in curves.items():
        if np.any(np.asarray(values, dtype=float) <= 0):
            raise ValueError(
                f'`log_scale=True` needs positive values, but "{key}" has values at or below 0. '
                'Use log_scale=False, then `display.ax_.set_yscale("symlog")` if wanted.'
            )
