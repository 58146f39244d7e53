"""From what a user passes to the attention weights of one sample, and errors about them."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from ..compat._sklearn import num_samples, safe_indexing, stands_in_order
from ._arrays import as_series, check_length


def row_number(sample: Any, X: Any) -> Any:
    """Return row number `sample` of what reaches the network, as one row."""
    if not stands_in_order(X):
        raise TypeError(
            f"`X` is of type {type(X).__name__}, which has no rows. Pass an array, a frame, or a "
            "list of sequences."
        )
    n_samples = num_samples(X)
    if not isinstance(sample, Integral) or not -n_samples <= sample < n_samples:
        raise ValueError(
            f"sample={sample!r} is none of the {n_samples} rows of `X`, which count from 0. "
            "Set sample to the number of one."
        )
    return safe_indexing(X, [int(sample) % n_samples])


def values_of_feature(sequence: np.ndarray, feature: Any, n_weights: int) -> np.ndarray:
    """Return the values of a feature at the steps of one sequence."""
    if sequence.ndim != 2 or len(sequence) != n_weights:
        raise ValueError(
            f"feature={feature!r} needs one weight per step: the sequence has {len(sequence)} "
            f"steps but the network attends to {n_weights}, segments of them. Use feature=None."
        )
    n_features = sequence.shape[1]
    if not isinstance(feature, Integral) or not -n_features <= feature < n_features:
        raise ValueError(
            f"feature={feature!r} is none of the {n_features} features, from 0 on. Set feature to "
            "the number of one, or to None."
        )
    return sequence[:, feature]


def as_weights(weights: Any, mask: Any) -> np.ndarray:
    """Return weights as a new array of floats, NaN at masked steps."""
    try:
        array = np.array(weights, dtype=float)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"`weights` must hold numbers: {error}") from error
    if array.ndim not in (1, 2) or array.size == 0:
        raise ValueError(
            "`weights` must have the shape (n_timesteps,) or (n_queries, n_timesteps); got shape "
            f"{array.shape}. Pass those of one sample, as in estimator.attention_weights(X)[0]."
        )
    if np.isinf(array).any():
        raise ValueError(
            "`weights` has infinite values. Pass weights of queries, which sum to one."
        )
    missing = np.isnan(array) | (array == 0)
    there = ~missing.all(axis=tuple(range(array.ndim - 1)))
    if mask is not None:
        check_length(mask, "mask", ("weights", array.shape[-1]))
        there = np.asarray(mask, dtype=bool)
    if not there.any():
        raise ValueError(
            "`weights` has no step with a weight: all are masked. Pass a mask that has steps."
        )
    array[..., ~there] = np.nan
    return array


def as_values(values: Any, weights: np.ndarray) -> np.ndarray | None:
    """Return what is drawn over the weights, checked against them."""
    if values is None:
        return None
    if weights.ndim != 1:
        raise ValueError(
            f"`values` and `feature` need the weights of one query, but there are {len(weights)} "
            "queries. Leave them out, or draw one row of the weights with from_weights."
        )
    return as_series(values, "values", ("weights", len(weights)), allow_missing=True)


def as_names(names: Any, parameter: str, length: int) -> list[str] | None:
    """Return names of steps or queries as text; dates without a time of day where none has one."""
    if names is None:
        return None
    check_length(names, parameter, ("weights", length))
    return list(map(str, pd.Index(names).astype(str)))  # missing ones stay NaN in pandas
