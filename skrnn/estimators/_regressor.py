"""What regressors share: targets in, predictions and quantiles out."""

from __future__ import annotations

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from ..inputs._mask import unmasked
from ..inputs._numbers import check_known, check_targets
from ..inputs._weights import below_one, read_weights
from ..models._constraints import check_target_feature
from ..models._options import quantile_levels
from ..scaling._windows import make_target_scaler
from ..scoring import score_steps
from ._base import NetworkEstimator
from ._input_checks import check_target_numbers
from ._snapshot import snapshot
from ._targets import NumberTargets


class Regressor(RegressorMixin, NetworkEstimator):
    """Base of the regressors."""

    def predict(self, X):
        """Predict targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`; of any length where those of `fit` were
            of unequal length, padded with NaN.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions as float64, with the dimensions of the `y` of `fit`; NaN at masked steps
            where there is one per step. A row has the same prediction, to the last bit, among any
            other rows; in a call of its own too, up to rounding where the network is wide.
        """
        fitted = snapshot(self)
        sequences, mask = fitted._read(X)
        return fitted.target_encoder_.decode(fitted._outputs(sequences, mask), sequences, mask)

    def predict_quantiles(self, X):
        """Predict the quantiles that were learned.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples, n_quantiles) or (n_samples, n_outputs, n_quantiles)
            Predicted quantiles, in the order of `quantiles`.

        Raises
        ------
        ValueError
            When `quantiles` is None.
        """
        fitted = snapshot(self)
        check_is_fitted(fitted, "history_")
        targets = fitted.target_encoder_
        if not targets.levels:
            raise ValueError(
                "predict_quantiles needs quantiles to have been learned: set quantiles, as in "
                f"{type(self).__name__}(quantiles=(0.1, 0.5, 0.9)), and fit again."
            )
        sequences, mask = fitted._read(X)
        outputs = fitted._outputs(sequences, mask)
        levels = [targets.decode_level(outputs, level, sequences, mask) for level in targets.asked]
        return np.stack(levels, axis=-1)

    def predict_samples(self, X, mc_samples=100, random_state=None):
        """Predict several times over, units dropped at random as in training.

        The spread of the predictions tells how uncertain the network is of its own weights (Monte
        Carlo dropout, Gal and Ghahramani, 2016, "Dropout as a Bayesian approximation"); the noise
        of the targets comes on top of it.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`.
        mc_samples : int, default=100
            Number of predictions for each row.
        random_state : int, RandomState instance or None, default=None
            Seed of what is dropped.

        Returns
        -------
        y : ndarray of shape (mc_samples, n_samples) or (mc_samples, n_samples, n_outputs)
            Predictions; `y.mean(axis=0)` and `y.std(axis=0)` are their mean and spread.

        Raises
        ------
        ValueError
            When the network was fitted without dropout.
        """
        fitted = snapshot(self)
        sequences, mask = fitted._read(X)
        draws = fitted._sample_outputs(sequences, mask, mc_samples, random_state)
        decode = fitted.target_encoder_.decode
        return np.stack([decode(outputs, sequences, mask) for outputs in draws])

    def score(self, X, y, sample_weight=None):
        """Return the coefficient of determination, R2, of the predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            True targets, with the shape of those of `fit`. Masked steps do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        score : float
            1 for perfect predictions, 0 for those of the mean of `y`.
        """
        fitted = snapshot(self)
        predictions, y = fitted.predict(X), unmasked(y)
        targets = fitted.target_encoder_
        check_targets(predictions, y, "y", targets.every_step)
        check_target_numbers(y, type(self).__name__)
        weights = read_weights(sample_weight, predictions)
        if targets.every_step:
            return score_steps(_r2, predictions, y, sample_weight=weights)
        check_known(y)
        truth = targets.read(y, None)
        return _r2(truth, predictions.reshape(truth.shape), sample_weight=weights)

    @property
    def target_scaler_(self):
        """How targets are scaled: a record with `transform` and `inverse_transform`.

        Both take targets as an array of shape (n_rows, n_outputs), and the sequences that they
        follow, which only those relative to their window look at. Where a transformer of
        scikit-learn scales, it is the attribute `transformer`.
        """
        fitted = snapshot(self)
        check_is_fitted(fitted, "history_")
        return fitted.target_encoder_.scaler

    def __sklearn_tags__(self):
        """Return the tags."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _y_options(self, y):
        """Return how `y` is checked."""
        if not self._every_step:
            check_target_numbers(y, type(self).__name__)
            check_known(y)
        return {"multi_output": True, "y_numeric": True}

    def _learn_targets(self, y, mask, classes):
        """Return how targets like `y` are read."""
        levels = quantile_levels(self.quantiles)
        return NumberTargets.learn(y, mask, self._every_step, self.quantiles, levels)

    def _scale_targets(self, targets, rows, shape):
        """Return the same with a scaler that has learned from some rows."""
        feature = check_target_feature(self, shape)
        scaler = make_target_scaler(self.target_scaler, feature, self.seasonal_lag)
        return targets.scaled(scaler, rows)


def _r2(truth, predictions, sample_weight=None):
    """Return R2, which has no units: in those where no square is too large."""
    _, exponent = np.frexp(np.maximum(np.abs(truth).max(axis=0), np.abs(predictions).max(axis=0)))
    truth, predictions = np.ldexp(truth, -exponent), np.ldexp(predictions, -exponent)
    weights = None if sample_weight is None else below_one(sample_weight)
    return r2_score(truth, predictions, sample_weight=weights)
