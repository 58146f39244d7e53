"""Scale windows in a Pipeline."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from ..compat._sklearn import HasMethods, StrOptions, fit_context
from ..compat._snapshot import changed_at_once, of_one_moment
from ..inputs._arrange import arrange
from ..inputs._mask import find_mask, unmasked
from ..inputs._numbers import check_finite, check_numbers, finite_option
from ..inputs._overlap import over_steps
from ._columns import SCALERS, SequenceFeatures, make_scaler

_OPTIONS: dict[str, Any] = {
    "dtype": [np.float64, np.float32],
    "allow_nd": True,
    "ensure_all_finite": "allow-nan",
}


class SequenceScaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    """Scale sequences per feature, over all their unmasked steps.

    In a `Pipeline` it stands between the windows and the network: its statistics are those of the
    windows of the training rows. The estimators of skrnn scale their inputs by themselves; use this
    transformer where the scaler is to be a step of its own, or for other models.

    Parameters
    ----------
    scaler : {"standard", "minmax", "robust", "power"} or transformer, default="standard"
        What is fitted to the steps, an array of shape (n_steps, n_features) with the masked ones
        left out. A transformer is cloned.

    Attributes
    ----------
    n_features_in_ : int
        Features of a 3-D `X`, columns of a 2-D one.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the columns, where `X` is a frame with string names.

    See Also
    --------
    SlidingWindowTransformer : Make windows of rows.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import SequenceScaler
    >>> X = np.array([[[1.0], [3.0]], [[np.nan], [5.0]]])
    >>> scaler = SequenceScaler("minmax").fit(X)
    >>> scaler.transform(X)[:, :, 0]
    array([[0. , 0.5],
           [nan, 1. ]])
    >>> bool(np.allclose(scaler.inverse_transform(scaler.transform(X)), X, equal_nan=True))
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "scaler": [StrOptions(set(SCALERS)), HasMethods(["fit", "transform"])],
    }

    def __init__(self, scaler="standard"):
        self.scaler = scaler

    @fit_context(prefer_skip_nested_validation=False)
    def fit(self, X, y=None):
        """Learn the statistics of the steps.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps)
            Sequences. The columns of a 2-D array are the steps of one feature.
        y : Ignored
            Not used, present for API consistency.

        Returns
        -------
        self : SequenceScaler
            The fitted scaler.
        """
        with changed_at_once(self) as draft:
            sequences = draft._read(X, reset=True)
            find_mask(sequences)
            draft._scaler = make_scaler(self.scaler, SequenceFeatures).fit(sequences)
        return self

    @of_one_moment
    def transform(self, X):
        """Scale sequences; masked steps stay NaN.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps)
            Sequences with the features of fit, of any length where they are 3-D.

        Returns
        -------
        scaled : ndarray of the shape of `X`
            Scaled sequences; masked steps stay NaN. A read-only view where `X` is one.
        """
        check_is_fitted(self, "_scaler")
        return self._apply(X, self._scaler.transform)

    @of_one_moment
    def inverse_transform(self, X):
        """Undo the scaling.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_timesteps)
            Scaled sequences.

        Returns
        -------
        sequences : ndarray of the shape of `X`
            Sequences in the units before scaling.
        """
        check_is_fitted(self, "_scaler")
        return self._apply(X, self._scaler.inverse_transform)

    @available_if(lambda self: self._takes_columns)
    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns, for 2-D arrays.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns; None takes those seen in fit.

        Returns
        -------
        names : ndarray of str
            A name for each column of what `transform` returns.
        """
        return super().get_feature_names_out(input_features)

    def set_output(self, *, transform=None):
        """Set the container of scaled 2-D arrays; 3-D ones are always arrays.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"}, default=None
            Container of the output, as everywhere in scikit-learn.

        Returns
        -------
        self : SequenceScaler
            The scaler itself.
        """
        return super().set_output(transform=transform) if self._takes_columns else self

    def __sklearn_tags__(self):
        """Return the tags."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        tags.input_tags.three_d_array = True
        return tags

    @property
    def _takes_columns(self):
        return getattr(self, "_two_dimensional", True)

    def _apply(self, X, function):
        sequences = self._read(X, reset=False)
        find_mask(sequences)
        scaled = over_steps(
            lambda steps: function(steps).astype(steps.dtype, copy=False), sequences
        )
        return scaled[:, :, 0] if self._two_dimensional else scaled

    def _read(self, X, *, reset):
        X = unmasked(X)
        check_numbers(X, "X")
        check_finite(X, "X")
        n_dimensions = X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim
        three_d = n_dimensions > 2
        expected = (2, 3) if reset else (2,) if self._two_dimensional else (3,)
        if n_dimensions > 1 and n_dimensions not in expected:
            raise ValueError(
                f"X has {n_dimensions} dimensions, but SequenceScaler is expecting "
                f"{' or '.join(map(str, expected))}."
            )
        if three_d:
            X = check_array(X, estimator=self, **_OPTIONS | finite_option(X))
        else:
            X = validate_data(self, X, reset=reset, **_OPTIONS)
        sequences = arrange(X, "channels_last", n_variables=1)
        if reset:
            self._two_dimensional = not three_d
            if three_d:
                self.n_features_in_ = X.shape[2]
                vars(self).pop("feature_names_in_", None)
        if three_d and X.shape[2] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[2]} features, but SequenceScaler is expecting "
                f"{self.n_features_in_} features as input."
            )
        return sequences
