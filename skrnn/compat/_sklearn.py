"""What is used of scikit-learn beyond its public interface, and what differs between versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from contextlib import nullcontext
from functools import wraps
from numbers import Integral, Real
from typing import Any

import numpy as np
import sklearn
from sklearn.base import _fit_context
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils._param_validation import Interval as _Interval
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _get_feature_names as check_feature_names
from sklearn.utils.validation import _num_samples as num_samples
from sklearn.utils.validation import check_is_fitted

try:  # scikit-learn 1.9
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback._callback_support import callback_management_context
except ImportError:  # scikit-learn 1.8

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """No callbacks."""

    def callback_management_context(estimator: Any) -> Any:
        """Return a context that does nothing."""
        return nullcontext()


__all__ = [
    "FUNCTION",
    "MOST",
    "N_JOBS",
    "SHARE",
    "SPLITTER",
    "Accepted",
    "CallbackSupportMixin",
    "Count",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "StrOptions",
    "callback_management_context",
    "check_estimator_is_fitted",
    "check_feature_names",
    "check_feature_names_in",
    "fit_context",
    "moments_of_power",
    "num_samples",
    "root_context",
    "safe_indexing",
    "validate_parameter_constraints",
    "validate_params",
]


MOST = 2**31 - 1  # that anything is counted to; two of them make no product beyond int64


class Interval(_Interval):
    """A constraint: a number in a range, which a float can hold."""

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value is such a number."""
        return bool(super().is_satisfied_by(val)) and _is_float(val)


def _is_float(value: Any) -> bool:
    try:
        float(value)
    except OverflowError:
        return False
    return True


class Count(Interval):
    """A constraint: a whole number from the least to the most there may be; no bool is one."""

    def __init__(self, least: int) -> None:
        super().__init__(Integral, least, MOST, closed="both")

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value is such a number."""
        return not isinstance(val, bool | np.bool_) and bool(super().is_satisfied_by(val))


SHARE = Interval(Real, 0, 1, closed="neither")
N_JOBS = [Interval(Integral, -MOST, -1, closed="both"), Count(1), None]


def check_estimator_is_fitted(estimator: Any) -> None:
    """Raise unless something is an estimator after its fit.

    Raises
    ------
    TypeError, NotFittedError
    """
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise TypeError(
            f"estimator must be a fitted estimator, but it is {estimator!r}. Pass an instance of "
            "one, after its fit."
        )
    check_is_fitted(estimator)


class Accepted(HasMethods):
    """A constraint: what a test is passed by.

    Parameters
    ----------
    words : str
        What that is, for messages.
    test : callable
    """

    def __init__(self, words: str, test: Callable[[Any], bool]) -> None:
        super().__init__([])
        self.words, self.test = words, test

    def is_satisfied_by(self, val: Any) -> bool:
        """Return whether a value passes."""
        return self.test(val)

    def __str__(self) -> str:
        """Return the words for messages."""
        return self.words


def stands_in_order(values: Any) -> bool:
    """Return whether something holds values, or rows, one after the other."""
    scalar = not hasattr(values, "__len__") or getattr(values, "shape", None) == ()
    return not scalar and not isinstance(values, str | bytes | Mapping | Set)


# An "array-like" of scikit-learn may also be a set, a dictionary, or an array of no dimension.
LISTED = Accepted("a list or an array", stands_in_order)
SEVERAL = Accepted(
    "a list, a tuple or an array of one dimension",
    lambda values: stands_in_order(values) and getattr(values, "ndim", 1) == 1,
)
# What can be called, but no class: calling one makes an instance of it.
FUNCTION = Accepted("a function", lambda value: callable(value) and not isinstance(value, type))
# Texts split, too, and so do classes that were to be instances.
SPLITTER = Accepted(
    "a splitter with a method split(X, y, groups), as those of scikit-learn",
    lambda value: hasattr(value, "split") and not isinstance(value, str | bytes | type),
)


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[..., Any]:
    """Return a decorator for methods that fit: parameters are checked before.

    That of scikit-learn checks those of the first `partial_fit` alone; others may be set since.
    """
    decorate = _fit_context(prefer_skip_nested_validation=prefer_skip_nested_validation)

    def decorator(method: Callable[..., Any]) -> Callable[..., Any]:
        fit = decorate(method)

        @wraps(method)
        def checked(estimator: Any, *args: Any, **kwargs: Any) -> Any:
            if not sklearn.get_config()["skip_parameter_validation"]:
                estimator._validate_params()
            return fit(estimator, *args, **kwargs)

        return checked if method.__name__ == "partial_fit" else fit

    return decorator


def moments_of_power(transformer: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation that a fitted PowerTransformer brings to zero and one."""
    if not transformer.standardize:
        return np.zeros_like(transformer.lambdas_), np.ones_like(transformer.lambdas_)
    return transformer._scaler.mean_, transformer._scaler.scale_


def root_context(estimator: Any, max_subtasks: int) -> Any:
    """Return the context of a fit where scikit-learn's callbacks are set, else None."""
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    return estimator._init_callback_context(max_subtasks=max_subtasks)
