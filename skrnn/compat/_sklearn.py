"""What is used of scikit-learn beyond its public interface, and what differs between versions."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from sklearn.base import _fit_context as fit_context
from sklearn.utils import _safe_indexing as safe_indexing
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    InvalidParameterError,
    StrOptions,
    validate_parameter_constraints,
    validate_params,
)
from sklearn.utils.validation import _check_feature_names_in as check_feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight
from sklearn.utils.validation import _num_samples as num_samples

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
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "InvalidParameterError",
    "StrOptions",
    "callback_management_context",
    "check_feature_names_in",
    "check_sample_weight",
    "fit_context",
    "num_samples",
    "root_context",
    "safe_indexing",
    "validate_parameter_constraints",
    "validate_params",
]


def root_context(estimator: Any, max_subtasks: int) -> Any:
    """Return the context of a fit where scikit-learn's callbacks are set, else None."""
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    return estimator._init_callback_context(max_subtasks=max_subtasks)
