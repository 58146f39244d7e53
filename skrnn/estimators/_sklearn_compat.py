"""What differs between the supported versions of scikit-learn."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

try:  # scikit-learn 1.9
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback._callback_support import callback_management_context
except ImportError:  # scikit-learn 1.8

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """No callbacks."""

    def callback_management_context(estimator: Any) -> Any:
        """Return a context that does nothing."""
        return nullcontext()


__all__ = ["CallbackSupportMixin", "callback_management_context", "root_context"]


def root_context(estimator: Any, max_subtasks: int) -> Any:
    """Return the context of a fit where scikit-learn's callbacks are set, else None."""
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    return estimator._init_callback_context(max_subtasks=max_subtasks)
