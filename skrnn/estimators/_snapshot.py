"""An estimator as it is at one moment, for those who read while another thread fits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from ..compat._snapshot import twin
from ..models._options import plain

Estimator = TypeVar("Estimator")

_PLAIN = {int, float, bool, str, tuple, type(None)}
# What `fit` learns of `X`; the names only where it has some.
NAMES_OF_X = ("n_features_in_", "feature_names_in_")


def snapshot(estimator: Estimator) -> Estimator:
    """Return an estimator with the attributes of now, which a fit elsewhere does not change.

    Scalers of one fit and weights of another would give predictions that belong to neither.
    Parameters that are numbers of NumPy become those of Python.
    """
    now = vars(estimator).copy()
    for name, value in now.items():  # a call for each would take as long as reading a row
        if type(value) not in _PLAIN:
            now[name] = plain(value)
    return twin(estimator, now)


def with_fitted(before: Mapping[str, Any], attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes of an estimator after a fit, from those before it."""
    kept = {name: value for name, value in before.items() if name not in NAMES_OF_X}
    return {**kept, **attributes}
