"""From what a user passes to the arrays of a `ForecastDisplay`, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._arrays import as_series, as_steps, ends_before, index_of


@dataclass(frozen=True)
class Like:
    """What all vectors must match: the observed values, or the first forecast without them.

    Attributes
    ----------
    name : str
        What the user calls it.
    source : object
        As it was passed.
    length : int
    """

    name: str
    source: Any
    length: int


def as_forecasts(y_pred: Any, name: str | None, y_true: Any) -> tuple[dict[str, np.ndarray], Like]:
    """Return the forecasts by name, and what they have been checked against."""
    if not isinstance(y_pred, Mapping):
        y_pred = {"forecast" if name is None else name: y_pred}
    elif name is not None or not y_pred:
        raise ValueError("A dict `y_pred` needs at least one forecast, and no `name` beside it.")
    if y_true is None:
        key, source = next(iter(y_pred.items()))
        what = f"y_pred[{key!r}]"
        like = Like(what, source, len(as_series(source, what)))
    else:
        like = Like("y_true", y_true, len(as_series(y_true, "y_true", allow_missing=True)))
    return _checked(y_pred, like), like


def as_members(members: Any, like: Like) -> dict[str, np.ndarray]:
    """Return the members that have all values, by name."""
    if members is None:
        return {}
    if not isinstance(members, Mapping | pd.DataFrame):
        raise TypeError(
            f"`members` must map names to forecasts; got {type(members).__name__}. Pass a dict, or "
            "columns of `predict_members`."
        )
    values = {key: as_series(members[key], f"members[{key!r}]", None, True) for key in members}
    return _checked({key: members[key] for key in members if np.isfinite(values[key]).all()}, like)


def _checked(forecasts: Mapping[str, Any], like: Like) -> dict[str, np.ndarray]:
    found = {}
    for key, values in forecasts.items():
        parameter = f"y_pred[{key!r}]"
        found[key] = as_series(values, parameter, (like.name, like.length))
        _check_same_index(values, parameter, like)
    return found


def _check_same_index(values: Any, parameter: str, like: Like) -> None:
    """Refuse a pandas forecast whose steps are others than those of what it must match."""
    found, expected = index_of(values), index_of(like.source)
    if found is not None and expected is not None and not found.equals(expected):
        raise ValueError(
            f"`{parameter}` and `{like.name}` have different pandas indexes. Align them with "
            "`reindex`, or pass `.to_numpy()` if the steps are already in the same order."
        )


def as_intervals(interval: Any, forecasts: Mapping[str, Any], like: Like) -> dict[str, Any]:
    """Return the (lower, upper) vectors by the name of their forecast."""
    if interval is None:
        return {}
    if not isinstance(interval, Mapping):
        interval = dict.fromkeys(forecasts, interval) if len(forecasts) == 1 else {None: interval}
    if not set(interval) <= set(forecasts):
        raise ValueError(
            "`interval` must say which forecast each pair belongs to. "
            f"Pass a dict of pairs with keys among {list(forecasts)}."
        )
    return {key: _as_bounds(pair, like) for key, pair in interval.items()}


def _as_bounds(pair: Any, like: Like) -> tuple[np.ndarray, np.ndarray]:
    try:
        lower, upper = pair
    except (TypeError, ValueError) as error:
        raise ValueError("`interval` must be a pair of vectors: (lower, upper).") from error
    lower = as_series(lower, "interval lower bound", (like.name, like.length))
    upper = as_series(upper, "interval upper bound", (like.name, like.length))
    if np.any(lower > upper):
        raise ValueError("`interval` has lower bounds above upper bounds. Pass (lower, upper).")
    return lower, upper


def as_history(history: Any, steps: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the earlier values and their places, all before the first of `steps`."""
    if history is None:
        return None, None
    values = as_series(history, "history", allow_missing=True)
    if index_of(history) is not None:
        earlier = as_steps(None, history, len(values), "history")
    elif steps.dtype.kind in "iu":
        stride = steps[1] - steps[0] if len(steps) > 1 else 1
        earlier = steps[0] + stride * np.arange(-len(values), 0)
    else:
        raise ValueError(
            "`history` has no index, and cannot be placed before an index that is not integer. "
            "Pass `history` as a pandas Series with its own times."
        )
    if not ends_before(earlier, steps):
        raise ValueError(
            "`history` must end before `y_true` begins, on the same kind of index. "
            "Pass both as pandas Series, or give `index` for `y_true`."
        )
    return values, earlier
