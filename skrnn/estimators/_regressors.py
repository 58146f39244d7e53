"""Regressors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.base import RegressorMixin

from ._base import RecurrentEstimator
from ._parameters import CELL_CONSTRAINT, CONSTRAINTS


class _Regressor(RegressorMixin, RecurrentEstimator):
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


@dataclass(eq=False, repr=False)
class RecurrentRegressor(_Regressor):
    """Recurrent network for regression."""

    cell: str = "lstm"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "cell": CELL_CONSTRAINT,
    }

    @property
    def _cell(self):
        return self.cell


@dataclass(eq=False, repr=False)
class LSTMRegressor(_Regressor):
    """LSTM network for regression."""

    _cell: ClassVar[str] = "lstm"


@dataclass(eq=False, repr=False)
class BiLSTMRegressor(_Regressor):
    """Bidirectional LSTM network for regression."""

    bidirectional: Any = True

    _cell: ClassVar[str] = "lstm"
