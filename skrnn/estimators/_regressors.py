"""Regressors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import check_is_fitted

from ..scoring import make_sequence_scorer
from ..validation import to_float32
from ._architecture import StackedLayers
from ._base import NetworkEstimator
from ._docstrings import with_shared_sections
from ._parameters import CELL_CONSTRAINTS, CONSTRAINTS, check_target_feature, quantile_levels
from ._scaling import make_target_scaler
from ._targets import values_of_rows, values_of_steps


@dataclass(eq=False, repr=False, kw_only=True)
class TargetParameters:
    """Parameters of how numbers are learned."""

    target_scaler: Any = "standard"
    target_feature: int | None = None
    seasonal_lag: int | None = None
    loss: Any = "mse"
    quantiles: Any = None


class Regressor(RegressorMixin, NetworkEstimator, TargetParameters):
    """What regressors share: targets in, predictions and quantiles out."""

    _Y_OPTIONS: ClassVar[dict[str, Any]] = {"multi_output": True, "y_numeric": True}

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
            where there is one per step. A row is predicted the same to the last bit in any company.
        """
        sequences, mask = self._read(X)
        outputs = self._outputs(self._scaled_inputs(sequences, mask))
        return self._point_forecasts(outputs, sequences, mask)

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
        check_is_fitted(self, "history_")
        levels = quantile_levels(self._quantiles)
        if not levels:
            raise ValueError(
                "predict_quantiles needs quantiles to have been learned: set quantiles, as in "
                f"{type(self).__name__}(quantiles=(0.1, 0.5, 0.9)), and fit again."
            )
        sequences, mask = self._read(X)
        outputs = self._outputs(self._scaled_inputs(sequences, mask))
        asked = [levels.index(float(level)) for level in np.ravel(self._quantiles)]
        return np.stack(
            [self._in_units(outputs[..., level], sequences, mask) for level in asked], axis=-1
        )

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
        sequences, mask = self._read(X)
        inputs = self._scaled_inputs(sequences, mask)
        draws = self._sample_outputs(inputs, mc_samples, random_state)
        return np.stack([self._point_forecasts(outputs, sequences, mask) for outputs in draws])

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
        """
        if self._every_step:
            return make_sequence_scorer(r2_score)(self, X, y, sample_weight)
        return super().score(X, y, sample_weight)

    def __sklearn_tags__(self):
        """Return the tags."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _read_targets(self, y, mask, *, reset, name="y"):
        targets = values_of_steps(y, mask, name) if self._every_step else values_of_rows(y)
        if reset:
            self._one_dimensional = np.ndim(y) == (2 if self._every_step else 1)
            self._n_outputs = targets.shape[-1]
        if targets.shape[-1] != self._n_outputs:
            raise ValueError(
                f"{name} has {targets.shape[-1]} outputs, but {self._n_outputs} were expected. "
                "Pass the columns that the first fit had."
            )
        return targets

    def _attributes(self, network, history):
        return {**super()._attributes(network, history), "_quantiles": self.quantiles}

    def _fit_scalers(self, rows):
        feature = check_target_feature(self, self._shape)
        super()._fit_scalers(rows)
        scaler = make_target_scaler(self.target_scaler, feature, self.seasonal_lag)
        targets = rows.targets[rows.mask] if self._every_step else rows.targets
        self._target_scaler = scaler.fit(targets, rows.sequences)

    def _network_targets(self, rows):
        if not self._every_step:
            scaled = self._target_scaler.transform(rows.targets, rows.sequences)
            return to_float32(scaled, "y", "target_scaler")
        steps = self._target_scaler.transform(rows.targets[rows.mask], None)
        targets = np.full(rows.targets.shape, np.nan, np.float32)
        targets[rows.mask] = to_float32(steps, "y", "target_scaler")
        return targets

    def _point_forecasts(self, outputs, sequences, mask):
        levels = quantile_levels(self._quantiles)
        if levels:
            outputs = outputs[..., levels.index(0.5)]
        return self._in_units(outputs, sequences, mask)

    def _in_units(self, outputs, sequences, mask):
        """Return outputs, one per target, in the units and the shape of the targets."""
        rows = outputs.reshape(-1, outputs.shape[-1])
        values = self._target_scaler.inverse_transform(rows, sequences).reshape(outputs.shape)
        if self._every_step:
            values[~mask] = np.nan
        return values[..., 0] if self._one_dimensional else values


@with_shared_sections
@dataclass(eq=False, repr=False, kw_only=True)
class RecurrentRegressor(Regressor, StackedLayers):
    """Recurrent network for regression, with the cell as a parameter.

    A sequence runs through one or several recurrent layers; the last output of the last one goes
    through dense layers, if any, to one linear output per target. Inputs and targets are scaled
    inside, with statistics of the rows trained on. The network is a Keras model; an epoch of
    training is one compiled program, shared by all estimators with the same structure. Any other
    Keras model takes its place through `network`.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    LSTMRegressor : The same with the LSTM cell.
    BiLSTMRegressor : The same with a bidirectional LSTM.

    References
    ----------
    {references}

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import RecurrentRegressor
    >>> wave = np.sin(np.arange(200) / 5)
    >>> windows = np.lib.stride_tricks.sliding_window_view(wave, 21)
    >>> X, y = windows[:, :20], windows[:, 20]
    >>> model = RecurrentRegressor(8, cell="gru", epochs=20, random_state=0).fit(X[:150], y[:150])
    >>> bool(model.score(X[150:], y[150:]) > 0.9)
    True
    """

    cell: str = "lstm"
    network: Any = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {**CONSTRAINTS, **CELL_CONSTRAINTS}


@with_shared_sections
@dataclass(eq=False, repr=False, kw_only=True)
class LSTMRegressor(Regressor, StackedLayers):
    """LSTM network for regression.

    A sequence runs through one or several LSTM layers [1]_; the last output of the last one goes
    through dense layers, if any, to one linear output per target. Inputs and targets are scaled
    inside, with statistics of the rows trained on. The network is a Keras model; an epoch of
    training is one compiled program, shared by all estimators with the same structure.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    BiLSTMRegressor : The same, reading sequences in both directions.
    RecurrentRegressor : The same, with the cell as a parameter.

    References
    ----------
    {references}

    Examples
    --------
    The next value of a series from the twelve before it; with `"window"` scalers the level of a
    window does not matter, so that trends can be followed:

    >>> import numpy as np
    >>> from skrnn import LSTMRegressor
    >>> months = np.arange(150)
    >>> series = 100 + months + 10 * np.sin(2 * np.pi * months / 12)
    >>> windows = np.lib.stride_tricks.sliding_window_view(series, 13)
    >>> X, y = windows[:, :12], windows[:, 12]
    >>> model = LSTMRegressor(
    ...     16, input_scaler="window", target_scaler="window", epochs=50, random_state=0
    ... )
    >>> model = model.fit(X[:120], y[:120])
    >>> bool(np.abs(model.predict(X[120:]) - y[120:]).max() < 5)
    True
    """


@with_shared_sections
@dataclass(eq=False, repr=False, kw_only=True)
class BiLSTMRegressor(Regressor, StackedLayers):
    """Bidirectional LSTM network for regression.

    Two LSTM layers [1]_ read a sequence from both ends [3]_ and their outputs are merged; apart
    from that it is `LSTMRegressor`.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    LSTMRegressor : The same in one direction.
    RecurrentRegressor : The same, with the cell as a parameter.

    References
    ----------
    {references}

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import BiLSTMRegressor
    >>> X = np.random.default_rng(0).normal(size=(100, 6, 2))
    >>> y = X[:, 0, 0] + X[:, -1, 1]  # the first and the last step count
    >>> model = BiLSTMRegressor(8, epochs=60, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.8)
    True
    """

    bidirectional: Any = True
