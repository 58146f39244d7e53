"""Scores of predictions that have one value per step, over the steps that are not masked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from .compat._sklearn import FUNCTION, StrOptions, check_estimator_is_fitted, validate_params
from .inputs._mask import unmasked
from .inputs._numbers import check_container
from .inputs._weights import read_weights

__all__ = ["make_sequence_scorer"]


def known_steps(predictions: np.ndarray) -> np.ndarray:
    """Return which steps of (n_samples, n_timesteps, ...) were predicted."""
    missing: Any = pd.isna(predictions)
    return ~missing.reshape(*missing.shape[:2], -1).all(axis=2)


class _SequenceScorer:
    def __init__(
        self, score_func: Callable[..., float], response_method: str, sign: int, kwargs: Any
    ) -> None:
        self.score_func, self.response_method = score_func, response_method
        self.sign, self.kwargs = sign, kwargs

    def __call__(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        check_estimator_is_fitted(estimator)
        if not hasattr(estimator, self.response_method):
            raise TypeError(
                f"estimator is {estimator!r}, which has no {self.response_method}. Pass a fitted "
                "one that has, or set another response_method."
            )
        predictions = np.asarray(getattr(estimator, self.response_method)(X))
        if predictions.ndim < 2:
            raise ValueError(
                "The estimator predicts one target per row, not one per step. Use a scorer of "
                "scikit-learn, or set return_sequences=True and fit again."
            )
        options = dict(self.kwargs)
        if sample_weight is not None:
            options["sample_weight"] = read_weights(sample_weight, predictions)
        return self.sign * score_steps(self.score_func, predictions, unmasked(y), **options)

    def __repr__(self) -> str:
        name = getattr(self.score_func, "__name__", repr(self.score_func))
        return f"make_sequence_scorer({name})"


def score_steps(
    score_func: Callable[..., float],
    predictions: np.ndarray,
    y: Any,
    sample_weight: np.ndarray | None = None,
    **options: Any,
) -> float:
    """Return the score of the steps that are not masked; weights are of rows.

    Raises
    ------
    ValueError
        When there is not one target per step.
    """
    check_container(y, "y")
    known, y = known_steps(predictions), np.asarray(y)
    if y.shape[:2] != known.shape:
        raise ValueError(
            f"The scorer needs one target per step: y of shape {known.shape} and maybe more "
            f"axes, but it has shape {y.shape}. Use a scorer of scikit-learn where "
            "return_sequences is False."
        )
    _check_known(y, known)
    if sample_weight is not None:
        options["sample_weight"] = sample_weight[np.nonzero(known)[0]]
    if y.size == predictions.size:
        y = y.reshape(predictions.shape)
    try:
        return score_func(_plain(y[known]), _plain(predictions[known]), **options)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"y and the predictions could not be scored: {error}. Pass a y of the kind of the "
            "predictions, and a score_func for that kind."
        ) from error


def _check_known(y: np.ndarray, known: np.ndarray) -> None:
    """Raise where a target of a step that counts is missing or infinite."""
    missing: Any = pd.isna(y)
    if y.dtype.kind == "f":
        missing = ~np.isfinite(y)
    wrong = missing.reshape(*known.shape, -1).any(axis=2) & known
    if wrong.any():
        row, step = np.argwhere(wrong)[0]
        raise ValueError(
            f"y row {row}, step {step}: the target is missing (NaN) or infinite, but X has values "
            "there. Fill it in, or mask the step in X too."
        )


def _plain(values: np.ndarray) -> np.ndarray:
    """Return objects, as arrays with missing labels hold them, as what they are."""
    return np.array(values.tolist()) if values.dtype == object else values


@validate_params(
    {
        "score_func": [FUNCTION],
        "response_method": [StrOptions({"predict", "predict_proba"})],
        "greater_is_better": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_sequence_scorer(
    score_func, *, response_method="predict", greater_is_better=True, **kwargs
):
    """Make a scorer for estimators with one prediction per step.

    The scores of scikit-learn take one axis of samples. This scorer puts the steps of all samples
    one after the other and leaves out those that are masked. Estimators with
    `return_sequences=True` use it for `score`; for other metrics in a search, make one.

    Parameters
    ----------
    score_func : callable
        From true and predicted values, each with an axis of steps, to a number, as in
        `sklearn.metrics`.
    response_method : {"predict", "predict_proba"}, default="predict"
        Method of the estimator that gives the predictions.
    greater_is_better : bool, default=True
        False for an error: its sign is changed, as in `sklearn.metrics.make_scorer`.
    **kwargs : dict
        Further arguments of `score_func`.

    Returns
    -------
    scorer : callable
        Takes `(estimator, X, y)`, as the `scoring` of scikit-learn's searches does.

    Raises
    ------
    ValueError
        When the scorer is called with a `y` that has no axis of steps.

    See Also
    --------
    sklearn.metrics.make_scorer : For one prediction per sample.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.metrics import f1_score
    >>> from skrnn import LSTMClassifier, make_sequence_scorer
    >>> X = np.random.default_rng(0).normal(size=(40, 5, 1))
    >>> y = (X[:, :, 0] > 0).astype(int)  # is the step above zero?
    >>> model = LSTMClassifier(4, return_sequences=True, random_state=0).fit(X, y)
    >>> scorer = make_sequence_scorer(f1_score)
    >>> bool(scorer(model, X, y) > 0.9)
    True
    """
    return _SequenceScorer(score_func, response_method, 1 if greater_is_better else -1, kwargs)
