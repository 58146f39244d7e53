"""Pipelines, searches and other estimators of scikit-learn around the one that learns."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV
from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

# Where a wrapper keeps the fitted estimator that it passes X on to, as it is.
_KEPT_IN: tuple[tuple[type, str], ...] = (
    (FrozenEstimator, "estimator"),
    (BaseSearchCV, "best_estimator_"),
    (TransformedTargetRegressor, "regressor_"),
    (FixedThresholdClassifier, "estimator_"),
    (TunedThresholdClassifierCV, "estimator_"),
)


@dataclass(frozen=True)
class Wrapped:
    """An estimator and what is around it.

    Attributes
    ----------
    estimator : estimator
        The one that does the learning.
    around : tuple of estimators
        Pipelines that end in it, searches and the like, the outermost first.
    """

    estimator: Any
    around: tuple[Any, ...]

    def transform(self, X: Any) -> Any:
        """Return what reaches the estimator of the X that the outermost one takes."""
        for outer in self.around:
            if isinstance(outer, Pipeline) and len(outer) > 1:
                X = outer[:-1].transform(X)
        return X

    def without_transforms(self, estimator: Any) -> Any:
        """Return what predicts and scores as the outermost one, from what `transform` returns.

        `estimator` takes the place of the one that does the learning.
        """
        for outer in reversed(self.around):
            if not isinstance(outer, Pipeline | FrozenEstimator):  # these change no prediction
                inner, estimator = estimator, copy.copy(outer)
                setattr(estimator, _attribute(outer), inner)
        return estimator


def unwrap(estimator: Any) -> Wrapped:
    """Return the estimator that does the learning, and the fitted wrappers around it.

    Raises
    ------
    NotFittedError
        When a wrapper is not fitted.
    ValueError
        When a search has kept no estimator.
    """
    around = []
    while isinstance(estimator, Pipeline) or _attribute(estimator):
        around.append(estimator)
        estimator = estimator[-1] if isinstance(estimator, Pipeline) else _kept(estimator)
    return Wrapped(estimator, tuple(around))


def _attribute(estimator: Any) -> str:
    return next((name for kind, name in _KEPT_IN if isinstance(estimator, kind)), "")


def _kept(wrapper: Any) -> Any:
    name = _attribute(wrapper)
    if name not in vars(wrapper):
        check_is_fitted(wrapper)
        raise ValueError(
            f"`estimator` has kept no fitted estimator: {type(wrapper).__name__} has no attribute "
            f"`{name}`. Fit it with refit=True."
        )
    return vars(wrapper)[name]
