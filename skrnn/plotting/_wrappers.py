"""Searches, pipelines and other estimators around a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.pipeline import Pipeline


def unwrap(estimator: Any) -> Iterator[Any]:
    """Yield an estimator, then what it wraps, down to the one that does the learning."""
    yield estimator
    while not hasattr(estimator, "history_"):
        if isinstance(estimator, Pipeline):
            estimator = estimator[-1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        elif hasattr(estimator, "regressor_"):  # TransformedTargetRegressor
            estimator = estimator.regressor_
        else:
            break
        yield estimator


def final_estimator(estimator: Any) -> Any:
    """Return the estimator that does the learning inside searches, pipelines and wrappers."""
    return list(unwrap(estimator))[-1]
