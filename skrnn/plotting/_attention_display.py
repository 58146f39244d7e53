"""The attention that a network pays to the steps of a sequence."""

from __future__ import annotations

import numpy as np

from ..compat._sklearn import check_estimator_is_fitted, validate_params
from ..compat._wrappers import unwrap
from ._attention_arrays import as_names, as_values, as_weights, row_number, values_of_feature
from ._axes import OF_DRAWING, hatch_background, hatch_steps, name_ticks, new_axes

_MANY = 60  # steps that leave no room for gaps between bars, or for markers


class AttentionDisplay:
    """Attention that a network pays to the steps of one sequence.

    Where one query looks at the steps, its weights are bars; where several do, such as the steps of
    a forecast, they are the rows of an image. Masked steps are hatched. Build it with
    :meth:`from_estimator` or :meth:`from_weights`; the constructor stores its arguments as they
    are.

    Parameters
    ----------
    weights : array-like of shape (n_timesteps,) or (n_queries, n_timesteps)
        Weight of each step, for each query where there are several. NaN where masked.
    step_names : array-like of shape (n_timesteps,), default=None
        Names of the steps, such as dates or words; `None` counts from 0.
    query_names : array-like of shape (n_queries,), default=None
        Names of the queries; `None` counts from 0.
    values : array-like of shape (n_timesteps,), default=None
        Values of the sequence, drawn as a line over the bars of one query.
    values_name : str, default=None
        Label of the axis of `values`; `None` writes "Value".
    estimator_name : str, default=None
        Title; `None` writes none.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes that were drawn on.
    figure_ : matplotlib Figure
        Figure the axes belong to.
    bars_ : matplotlib BarContainer or None
        The bar of each step, where there is one query.
    image_ : matplotlib AxesImage or None
        The weights of several queries.
    colorbar_ : matplotlib Colorbar or None
        The colours of the image.
    values_line_ : matplotlib Line2D or None
        Line of the values of the sequence.

    See Also
    --------
    saliency : Gradients of a prediction, by step and feature.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("Agg")
    >>> from skrnn.plotting import AttentionDisplay
    >>> weights = [0.0, 0.0, 0.7, 0.1, 0.2]  # two steps of padding in front
    >>> display = AttentionDisplay.from_weights(weights, step_names=["", "", "I", "am", "here"])
    >>> display.weights.tolist()
    [nan, nan, 0.7, 0.1, 0.2]
    >>> matplotlib.pyplot.close(display.figure_)
    """

    def __init__(
        self,
        *,
        weights,
        step_names=None,
        query_names=None,
        values=None,
        values_name=None,
        estimator_name=None,
    ):
        self.weights = weights
        self.step_names = step_names
        self.query_names = query_names
        self.values = values
        self.values_name = values_name
        self.estimator_name = estimator_name

    @classmethod
    def from_estimator(
        cls,
        estimator,
        X,
        *,
        sample=0,
        step_names=None,
        feature=None,
        ax=None,
        name=None,
        **options,
    ):
        """Draw the attention that a fitted estimator pays to one sample.

        Parameters
        ----------
        estimator : estimator instance
            Fitted estimator with an `attention_weights` method, or a pipeline that ends in one, a
            search, a `FrozenEstimator` or a nest of these.
        X : array-like
            Input of `predict`, of a pipeline that of the pipeline: it goes through the earlier
            steps.
        sample : int, default=0
            Row of `X` to draw.
        step_names : array-like of shape (n_timesteps,), default=None
            Names of the steps, and of the queries where these are the steps too
            (`return_sequences=True`); `None` counts from 0.
        feature : int, default=None
            Feature whose values are drawn over the bars of one query, as they reach the network's
            own scaling; `None` draws none.
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        name : str, default=None
            Title; `None` takes the class name of the estimator.
        **options : dict
            Further keywords of :meth:`from_weights`.

        Returns
        -------
        AttentionDisplay
            The display, already drawn.

        Raises
        ------
        TypeError
            When there is no estimator with attention weights inside `estimator`.
        ValueError
            When it was fitted without attention, or `sample` or `feature` is out of range.

        Examples
        --------
        >>> import matplotlib
        >>> matplotlib.use("Agg")
        >>> import numpy as np
        >>> from skrnn import LSTMRegressor
        >>> from skrnn.plotting import AttentionDisplay
        >>> X = np.random.default_rng(0).normal(size=(40, 6, 1))
        >>> model = LSTMRegressor(4, attention=True, epochs=2, random_state=0).fit(X, X[:, 2, 0])
        >>> display = AttentionDisplay.from_estimator(model, X, sample=5, feature=0)
        >>> display.weights.shape
        (6,)
        >>> bool(np.isclose(display.weights.sum(), 1.0))
        True
        >>> matplotlib.pyplot.close(display.figure_)
        """
        check_estimator_is_fitted(estimator)
        wrapped = unwrap(estimator)
        final = wrapped.estimator
        final_name = type(final).__name__
        if not hasattr(final, "attention_weights"):
            raise TypeError(
                f"`estimator` has no attention: {final_name} has no method `attention_weights`. "
                "Pass a recurrent estimator of skrnn fitted with attention=True, or a pipeline or "
                "a search (with refit=True) around one."
            )
        row = row_number(sample, wrapped.transform(X))
        weights = final.attention_weights(row)[0]
        sequence, mask = (array[0] for array in final._read(row))
        if feature is not None:
            values = values_of_feature(sequence, feature, weights.shape[-1])
            options = {"values": values, "values_name": f"Feature {feature}", **options}
        if getattr(final, "return_sequences", False) and weights.ndim == 2:
            weights[~mask] = np.nan  # a masked step asks for nothing
            options = {"query_names": step_names, **options}
        if len(mask) == weights.shape[-1]:  # else the network attends to segments of steps
            options = {"mask": mask, **options}
        name = final_name if name is None else name
        return cls.from_weights(weights, step_names=step_names, ax=ax, name=name, **options)

    @classmethod
    @validate_params(
        {**OF_DRAWING, "values_name": [str, None]}, prefer_skip_nested_validation=False
    )
    def from_weights(
        cls,
        weights,
        *,
        mask=None,
        step_names=None,
        query_names=None,
        values=None,
        values_name=None,
        ax=None,
        name=None,
        **options,
    ):
        """Draw attention weights that are already computed.

        Parameters
        ----------
        weights : array-like of shape (n_timesteps,) or (n_queries, n_timesteps)
            Weights of one sample. NaN where masked.
        mask : array-like of bool of shape (n_timesteps,), default=None
            Which steps are there; `None` takes those with a weight other than zero for any query.
        step_names : array-like of shape (n_timesteps,), default=None
            Names of the steps; `None` counts from 0.
        query_names : array-like of shape (n_queries,), default=None
            Names of the queries; `None` counts from 0.
        values : array-like of shape (n_timesteps,), default=None
            Values to draw as a line over the bars of one query. Missing values leave a gap.
        values_name : str, default=None
            Label of the axis of `values`; `None` writes "Value".
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        name : str, default=None
            Title; `None` writes none.
        **options : dict
            Further keywords of :meth:`plot`: `colorbar`, `bar_kw`, `im_kw` and `line_kw`.

        Returns
        -------
        AttentionDisplay
            The display, already drawn.
        """
        weights = as_weights(weights, mask)
        if query_names is not None and weights.ndim == 1:
            raise ValueError("`query_names` needs the weights of several queries; there is one.")
        display = cls(
            weights=weights,
            step_names=as_names(step_names, "step_names", weights.shape[-1]),
            query_names=as_names(query_names, "query_names", len(weights)),
            values=as_values(values, weights),
            values_name=values_name,
            estimator_name=name,
        )
        return display.plot(ax, **options)

    @validate_params(
        {**OF_DRAWING, "colorbar": ["boolean"], "bar_kw": [dict, None], "im_kw": [dict, None]},
        prefer_skip_nested_validation=True,
    )
    def plot(self, ax=None, *, name=None, colorbar=True, bar_kw=None, im_kw=None, line_kw=None):
        """Draw the weights.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes to draw on; `None` makes a new figure.
        name : str, default=None
            Title; `None` takes `estimator_name`.
        colorbar : bool, default=True
            Whether an image gets a colour bar.
        bar_kw : dict, default=None
            Keywords for `Axes.bar`.
        im_kw : dict, default=None
            Keywords for `Axes.imshow`.
        line_kw : dict, default=None
            Keywords for `Axes.plot`, which draws `values`.

        Returns
        -------
        AttentionDisplay
            The display itself.
        """
        ax = new_axes(layout="constrained") if ax is None else ax
        weights = np.asarray(self.weights, dtype=float)
        self.bars_ = self.image_ = self.colorbar_ = self.values_line_ = None
        if weights.ndim == 1:
            self._plot_bars(ax, weights, bar_kw or {})
            self._plot_values(ax, line_kw or {})
        else:
            self._plot_image(ax, weights, im_kw or {}, colorbar)
        name_ticks(ax.xaxis, self.step_names)
        ax.set_xlabel("Time step")
        name = self.estimator_name if name is None else name
        if name:
            ax.set_title(name, loc="left")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _plot_bars(self, ax, weights, bar_kw):
        width = 0.8 if len(weights) <= _MANY else 1.0
        style = {"width": width, "alpha": 0.6, **bar_kw}
        self.bars_ = ax.bar(np.arange(len(weights)), weights, **style)
        hatch_steps(ax, np.flatnonzero(np.isnan(weights)))
        ax.set(xlim=(-0.5, len(weights) - 0.5), ylabel="Attention weight")

    def _plot_values(self, ax, line_kw):
        if self.values is None:
            return
        beside = ax.twinx()
        marker = "o" if len(self.values) <= _MANY else None
        style = {"color": "C1", "marker": marker, "markersize": 4, **line_kw}
        (self.values_line_,) = beside.plot(self.values, **style)
        color = self.values_line_.get_color()
        beside.set_ylabel("Value" if self.values_name is None else self.values_name, color=color)
        beside.tick_params(axis="y", colors=color)

    def _plot_image(self, ax, weights, im_kw, colorbar):
        style = {"cmap": "Blues", "vmin": 0.0, "aspect": "auto", **im_kw}
        self.image_ = ax.imshow(weights, **style)
        if np.isnan(weights).any():
            hatch_background(ax)
        if colorbar:
            self.colorbar_ = ax.figure.colorbar(self.image_, ax=ax, label="Attention weight")
        name_ticks(ax.yaxis, self.query_names)
        ax.set_ylabel("Query")
