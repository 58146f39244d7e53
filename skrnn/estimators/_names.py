"""What an estimator is called where several are fitted, as in a search."""

from __future__ import annotations

import inspect
from typing import Any

_LONGEST = 60
# These tell nothing of what is searched over, or are shown beside the name.
_LEFT_OUT = {"verbose", "random_state", "epochs"}


def named_by_parameters(estimator: Any) -> str:
    """Return the class of an estimator with the parameters that are not left at their defaults.

    Examples
    --------
    >>> from skrnn import LSTMRegressor
    >>> from skrnn.estimators._names import named_by_parameters
    >>> named_by_parameters(LSTMRegressor(16, dropout=0.1, verbose=1))
    'LSTMRegressor(units=16, dropout=0.1)'
    """
    name, params = type(estimator).__name__, estimator.get_params(deep=False)
    changed = [
        f"{key}={params[key]!r}"
        for key, parameter in inspect.signature(type(estimator)).parameters.items()
        if key not in _LEFT_OUT and _differs(params[key], parameter.default)
    ]
    if not changed:
        return name
    text = f"{name}({', '.join(changed)})"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 4]}...)"


def _differs(value: Any, default: Any) -> bool:
    """Return whether a value that is short to write is not the default."""
    return isinstance(value, bool | int | float | str | tuple) and value != default
