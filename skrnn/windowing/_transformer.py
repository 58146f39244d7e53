"""Rows in, causal windows out, in a scikit-learn Pipeline."""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from ..compat._sklearn import Count, Interval, StrOptions, check_feature_names_in, fit_context
from ..compat._snapshot import changed_at_once, of_one_moment
from ..exceptions import PaddedWindowWarning
from ._context import Memory, read_context
from ._continuity import kind_of
from ._indices import causal_windows, segment_starts, span_of
from ._plain import PlainState
from ._series import find_tails, learn_continuity, read_series
from ._tables import read_table


class SlidingWindowTransformer(PlainState, TransformerMixin, BaseEstimator):
    """Turn every row of a series into the window that ends there.

    The number of rows is kept, so the transformer stands in a `Pipeline` in front of a recurrent
    network: the window length becomes a parameter of a search, and scalers that come after it see
    the windows of training rows only. No window holds a later row than the one it ends at.

    The transformer remembers the last rows it was fitted on. Where the pandas index of new data
    *directly continues* them (the next period, the next integer of a constant step, the next date
    of the frequency), they fill the first windows; so in a cross-validation over time the first
    windows of a test fold see the end of the training fold. In all other cases, and for NumPy
    arrays, the first windows are padded. The same rule cuts windows where a series has a hole.
    Other rows that are known, such as those that `TimeSeriesSplit(gap=...)` leaves out, can be
    given as `context`, which metadata routing passes through pipelines and cross-validations.

    Parameters
    ----------
    window : int, default=12
        Number of steps in a window.
    sampling_rate : int, default=1
        Rows from one step of a window to the next (dilation): 24 on hourly rows makes windows of
        values one day apart.
    padding : {"nan", "edge"}, float or None, default=None
        What stands before the first row of a series: NaN, which the estimators of skrnn take as
        masked steps; a copy of the first row; or a number. None means `"nan"`, and `"edge"` with
        `flatten=True`, so that ordinary regressors work.
    flatten : bool, default=False
        Return 2-D arrays, all features of the oldest step first, for ordinary regressors.
    group : str, int or None, default=None
        Column that says which of several series a row belongs to; it is not passed on. A frame
        whose MultiIndex has the time as its last level needs none. No window spans two series.
    freq : str, offset or None, default=None
        Frequency of a date index. None takes that of the index, or infers it.
    gap_tolerance : int, pandas.Timedelta or None, default=None
        Missing steps (or for dates, the longest time between neighbours) that windows bridge.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns, the group among them.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where `X` is a frame with string names.

    See Also
    --------
    make_windows : Windows and targets as arrays.
    SequenceScaler : Scale windows.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skrnn import SlidingWindowTransformer
    >>> months = pd.period_range("2020-01", periods=5, freq="M")
    >>> frame = pd.DataFrame({"sales": [1.0, 2.0, 3.0, 4.0, 5.0]}, index=months)
    >>> windows = SlidingWindowTransformer(3).fit(frame[:3])
    >>> windows.transform(frame[:3])[:, :, 0]
    array([[nan, nan,  1.],
           [nan,  1.,  2.],
           [ 1.,  2.,  3.]])
    >>> windows.transform(frame[3:])[:, :, 0]  # goes on where the fitted rows ended
    array([[2., 3., 4.],
           [3., 4., 5.]])
    """

    # In a pipeline and under a cross-validation, `context` needs no further request.
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"context": True}
    __metadata_request__transform: ClassVar[dict[str, bool]] = {"context": True}
    _context = None  # of fit; objects that were stored before there was one lack it

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "window": [Count(1)],
        "sampling_rate": [Count(1)],
        "padding": [StrOptions({"nan", "edge"}), Interval(Real, None, None, closed="both"), None],
        "flatten": ["boolean"],
        "group": [str, Integral, None],
        "freq": [str, pd.DateOffset, None],
        "gap_tolerance": [Count(0), pd.Timedelta, None],
    }

    def __init__(
        self,
        window=12,
        *,
        sampling_rate=1,
        padding=None,
        flatten=False,
        group=None,
        freq=None,
        gap_tolerance=None,
    ):
        self.window = window
        self.sampling_rate = sampling_rate
        self.padding = padding
        self.flatten = flatten
        self.group = group
        self.freq = freq
        self.gap_tolerance = gap_tolerance

    @fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y=None, *, context=None):
        """Remember the last rows of each series.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in order of time.
        y : Ignored
            Not used, present for API consistency.
        context : DataFrame, Series or list of them, default=None
            Rows that later windows may reach back into, such as those between the parts of a
            cross-validation: all rows of the series, with the columns and the kind of index of
            `X`. They are remembered; the windows of `X` itself do not see them.

        Returns
        -------
        self : SlidingWindowTransformer
            The fitted transformer.

        Raises
        ------
        ValueError
            When the index of a series does not increase, or does not say what follows what, or the
            context does not go with `X`.
        """
        with changed_at_once(self) as draft:
            series = draft._read(X, reset=True)
            draft._continuity = learn_continuity(series, self.freq, self.gap_tolerance)
            draft._context = draft._read_context(context, X, series)
            if draft._context is not None:
                _check_adds_rows(context, draft._context, series)
            follows = draft._continuity.within(series)
            n_holes = int((series.same_as_before() & ~follows).sum())
            if n_holes and context is None:
                warnings.warn(
                    f"The index of X has {n_holes} holes. Windows after a hole are padded; set "
                    "gap_tolerance to bridge holes up to a length, or fill them before.",
                    PaddedWindowWarning,
                    stacklevel=3,
                )
            draft._tails = find_tails(series, segment_starts(follows), self._span)
        return self

    def fit_transform(self, X, y=None, **fit_params):
        """Remember the last rows of each series, and return the windows that end at each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in order of time.
        y : Ignored
            Not used, present for API consistency.
        **fit_params : dict
            For `fit`: a `context` is for rows that come later, not for those of `X`.

        Returns
        -------
        windows : ndarray of shape (n_samples, window, n_features) or (n_samples, n_columns)
            As of `transform`.
        """
        return self.fit(X, y, **fit_params).transform(X)

    @of_one_moment
    def transform(self, X, *, context=None):
        """Return the window that ends at each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows in order of time.
        context : DataFrame, Series or list of them, default=None
            Rows that windows may reach back into, with the columns and the kind of index of `X`;
            where it holds rows of `X` too, with the same values. None takes that of `fit`.

        Returns
        -------
        windows : ndarray of shape (n_samples, window, n_features)
            A read-only view where `X` is one series without a hole: the estimators of skrnn learn
            from it without a copy. With `flatten=True` an array of shape (n_samples, window *
            n_features).

        Warns
        -----
        PaddedWindowWarning
            When windows are padded where earlier rows may be known, and no context is given.
        """
        check_is_fitted(self, "_tails")
        self._validate_params()  # others may be set since fit
        series = self._read(X, reset=False)
        memory = self._memory(context, X, series)
        starts = segment_starts(self._continuity.within(series))
        heads, n_padded = memory.heads(series, starts, self._span, self._fill())
        reasons = self._index_change(series)
        if n_padded:
            reasons.append(
                f"{n_padded} of {len(series.rows)} windows reach back before the rows given and are"
                " padded, since these rows do not directly continue those of fit. Pass the "
                f"{self._span} rows before them too, with their index, or as context."
            )
        if reasons and context is None:
            warnings.warn(" ".join(reasons), PaddedWindowWarning, stacklevel=4)
        windows = causal_windows(series.rows, starts, heads, self.window, self.sampling_rate)
        if series.order is not None:
            windows = windows[np.argsort(series.order)]
        return windows.reshape(len(windows), -1) if self.flatten else windows

    @available_if(lambda self: np.ndim(self.flatten) == 0 and bool(self.flatten))
    def get_feature_names_out(self, input_features=None):
        """Return names such as `sales_lag2`, for flattened windows.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns; None takes those seen in fit.

        Returns
        -------
        names : ndarray of str
            A name for each column of what `transform` returns.
        """
        check_is_fitted(self, "_tails")
        self._validate_params()
        names = check_feature_names_in(self, input_features)
        if self.group is not None:
            names = np.delete(names, self._group_position)
        lags = range(self._span, -1, -self.sampling_rate)
        return np.array([f"{name}_lag{lag}" for lag in lags for name in names], dtype=object)

    def set_output(self, *, transform=None):
        """Set the container of flattened windows; 3-D windows are always arrays.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Container of the output, as everywhere in scikit-learn.

        Returns
        -------
        self : SlidingWindowTransformer
            The transformer itself.
        """
        return super().set_output(transform=transform) if self.flatten else self

    def __sklearn_tags__(self):
        """Return the tags."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _read(self, X, *, reset):
        X = X.to_frame() if hasattr(X, "to_frame") else X
        table = read_table(X, self.group, dtype=[np.float64, np.float32], estimator=self)
        validate_data(self, X, reset=reset, skip_check_array=True)
        if reset:
            self._group_position = table.group_position
        return read_series(table)

    @property
    def _span(self):
        """Rows that a window reaches back from the one it ends at."""
        return span_of(self.window, self.sampling_rate)

    def _fill(self):
        """Return NaN, a number, or "edge"."""
        choice = self.padding
        if choice is None:
            choice = "edge" if self.flatten else "nan"
        return np.nan if choice == "nan" else choice

    def _read_context(self, context, X, series):
        if context is None:
            return None
        return read_context(context, X, series, self.group, self._continuity)

    def _memory(self, context, X, series):
        """Return what is known; the context of the call goes before that of fit."""
        known = self._read_context(context, X, series)
        if known is not None:
            known.n_shared(series)
        elif series.index is not None and kind_of(series.index) == self._continuity.kind:
            known = self._context
        return Memory(self._continuity, self._tails, known, everywhere=context is not None)

    def _index_change(self, series):
        """Return a sentence where there was an index in fit, or is now, and not both."""
        if (series.index is None) == (self._continuity.kind is None):
            return []
        now, then = ("has no", "had one") if series.index is None else ("has an", "had none")
        return [
            f"X {now} index, but {then} in fit: the first windows cannot go on from the rows of "
            "fit. A scaler in front returns arrays without index; put it behind, or use "
            'set_output(transform="pandas") on it.'
        ]


def _check_adds_rows(given, context, series):
    """Refuse a context that a cross-validation has cut to the rows of fit."""
    n_shared = context.n_shared(series)
    if n_shared == len(context.series.rows) and not isinstance(given, list | tuple):
        raise ValueError(
            "context holds no row that X lacks. A cross-validation cuts what is as long as X: pass "
            "it in a list, as in context=[frame], or with the rows that have no targets; "
            "otherwise leave it out."
        )
