"""Regressors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_is_fitted

from ._base import RecurrentEstimator
from ._docstrings import with_shared_sections
from ._parameters import CELL_CONSTRAINT, CONSTRAINTS, quantile_levels


class Regressor(RegressorMixin, RecurrentEstimator):
    """What recurrent regressors share: targets in, predictions and quantiles out."""

    def predict(self, X):
        """Predict targets.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions as float64, with the dimensions of the `y` of `fit`. A row is predicted the
            same to the last bit in any company.
        """
        outputs = self._predict_outputs(X)
        levels = quantile_levels(self._quantiles)
        if levels:
            outputs = outputs[levels.index(0.5)]
        return outputs[:, 0] if self._one_dimensional else outputs

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
        asked = [levels.index(float(level)) for level in np.ravel(self._quantiles)]
        outputs = np.moveaxis(self._predict_outputs(X)[asked], 0, -1)
        return outputs[:, 0] if self._one_dimensional else outputs

    def __sklearn_tags__(self):
        """Return the tags."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _encode_targets(self, y, *, reset, name="y"):
        targets = np.asarray(y, dtype=np.float64).reshape(len(y), -1)
        if reset:
            self._one_dimensional = np.ndim(y) == 1
            self._n_outputs = targets.shape[1]
        if targets.shape[1] != self._n_outputs:
            raise ValueError(
                f"{name} has {targets.shape[1]} outputs, but {self._n_outputs} were expected. Pass "
                "the columns that the first fit had."
            )
        return targets


@with_shared_sections
@dataclass(eq=False, repr=False, kw_only=True)
class RecurrentRegressor(Regressor):
    """Recurrent network for regression, with the cell as a parameter.

    A sequence runs through one or several recurrent layers; the last output of the last one goes
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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "cell": CELL_CONSTRAINT,
    }

    @property
    def _cell(self):
        return self.cell


@with_shared_sections
@dataclass(eq=False, repr=False, kw_only=True)
class LSTMRegressor(Regressor):
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

    _cell: ClassVar[str] = "lstm"


@with_shared_sections
@dataclass(eq=False, repr=False, kw_only=True)
class BiLSTMRegressor(Regressor):
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

    _cell: ClassVar[str] = "lstm"
