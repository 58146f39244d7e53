"""Which rows a fit holds out to validate on: the last ones, whole groups, or as a splitter says."""

from __future__ import annotations

import copy
from collections import deque
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ._reading import FitCall, GivenRows
from ._rows import Rows


def hold_out(
    estimator: Any, call: FitCall, given: GivenRows, rows: Rows, classes: np.ndarray
) -> tuple[Rows, Rows | None]:
    """Return the rows to train on, and those to validate on if any are held out.

    Parameters
    ----------
    estimator : NetworkEstimator
        With `validation_fraction`, a share of the rows or a splitter of scikit-learn.
    call : FitCall
    given : GivenRows
    rows : Rows
    classes : int array of shape (n_rows,)
        Of each of which a share has its part; zero where there are none.

    Raises
    ------
    ValueError
        When one of the two would be empty, or the splitter gives no two sides.
    """
    choice = estimator.validation_fraction
    if not isinstance(choice, Real):
        train, held_out = _last_split(_seeded(choice, estimator.random_state), call, given)
        return rows[train], rows[held_out]
    if not estimator.early_stopping:
        return rows, None
    last = _last_rows(choice, classes, given.groups)
    return rows[~last], rows[last]


def _last_rows(fraction: Any, classes: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Return which rows are held out: the last ones, of each class alike, in whole groups."""
    n_rows = len(classes)
    n_validation = _count(n_rows, fraction)
    share = np.zeros(n_rows)  # of the rows of its class that come before a row
    for number in np.unique(classes):
        own = np.flatnonzero(classes == number)
        share[own] = np.arange(len(own)) / len(own)
    group = np.arange(n_rows) if groups is None else groups
    size = np.bincount(group)
    last_first = np.argsort(np.bincount(group, share) / size, kind="stable")[::-1]
    held_out = np.cumsum(size[last_first])[:-1]  # rows of so many groups, but not of all
    if not len(held_out):
        raise ValueError(
            f"groups has one group only, so that validation_fraction={fraction} leaves none to "
            "train on. Pass several groups or none, or set early_stopping=False."
        )
    n_groups = 1 + np.argmin(np.abs(held_out - n_validation))
    return np.isin(group, last_first[:n_groups])


def _count(n_rows: int, fraction: Any) -> int:
    n_validation = int(fraction * n_rows)
    n_training = n_rows - n_validation
    if n_validation < 1 or n_training < 1:
        what = "validate" if n_validation < 1 else "train"
        raise ValueError(
            f"validation_fraction={fraction} of {n_rows} rows leaves none to {what} on. Change "
            "validation_fraction, pass X_val and y_val, or set early_stopping=False."
        )
    return n_validation


def _seeded(splitter: Any, random_state: Any) -> Any:
    """Return a splitter that splits alike for the same seed of the estimator.

    One that draws without a seed of its own would draw from the generator that all share.
    """
    if getattr(splitter, "random_state", 0) is not None:
        return splitter
    seeded = copy.copy(splitter)
    seeded.random_state = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    return seeded


def _last_split(splitter: Any, call: FitCall, given: GivenRows) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of both sides of the last split, after which no later rows come."""
    name, n_rows = f"validation_fraction={type(splitter).__name__}(...)", len(given.sequences)
    try:
        pairs = deque(splitter.split(call.X, given.y, call.groups), maxlen=1)
    except (TypeError, ValueError) as error:
        remedy = "Choose another splitter, or a fraction."
        if call.groups is None:
            remedy = (
                "If it needs groups, pass them to fit as groups=...; through a pipeline or a "
                "search, ask for them with set_fit_request(groups=True)."
            )
        reason = str(error).rstrip(".")
        raise ValueError(f"{name} does not split the {n_rows} rows: {reason}. {remedy}") from error
    if not pairs:
        raise ValueError(f"{name} gives no split of the {n_rows} rows. Set it to give one.")
    train, held_out = (_checked(side, n_rows, name) for side in pairs[0])
    for side, what in ((train, "train"), (held_out, "validate")):
        if not len(side):
            raise ValueError(f"{name} leaves none of the {n_rows} rows to {what} on. Change it.")
    both = np.intersect1d(train, held_out)
    if len(both):
        raise ValueError(
            f"{name} has row {both[0]} on both sides. Rows to validate on must not be trained on: "
            "use a splitter that keeps the two apart."
        )
    return train, held_out


def _checked(side: Any, n_rows: int, name: str) -> np.ndarray:
    """Return the numbers of the rows on a side."""
    rows = np.asarray(side)
    if rows.dtype == bool and rows.shape == (n_rows,):
        return np.flatnonzero(rows)
    if rows.size and (rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= n_rows):
        raise ValueError(
            f"{name} gives {rows!r}, which are no numbers of the {n_rows} rows. Use a splitter "
            "whose split(X, y, groups) yields two integer arrays."
        )
    return rows.astype(np.intp).reshape(-1)
