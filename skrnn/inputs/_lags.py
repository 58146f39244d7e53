"""Columns that are lags by their names, and the order that they stand in."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Sequence

from ._arrange import NEWEST_FIRST

# `lag_1`, `lag1`, `y_lag_1`, `lag_1__y`, `lag-1`, `t-1` and `var1(t-1)`.
_LAG = re.compile(r"(?:(?<![a-z])lag[ _-]?|(?<![a-z0-9])t ?- ?)(\d+)(?!\d)", re.IGNORECASE)


def warn_of_lag_order(names: Sequence[str], layout: str) -> None:
    """Warn where names of columns say that a layout reads them from the wrong end."""
    variables = _lags_by_variable(names)
    newest_first = layout == NEWEST_FIRST
    if not variables or any(lags != sorted(lags, reverse=newest_first) for lags in variables):
        return
    read, found = ("newest", "oldest") if newest_first else ("oldest", "newest")
    other = "channels_last" if newest_first else NEWEST_FIRST
    warnings.warn(
        f"The columns of X, {names[0]!r} to {names[-1]!r}, are lags by their names, the {found} "
        f'first, but layout="{layout}" takes the {read} for the first. Set layout="{other}" (all '
        f"features of the {found} step come first), or turn the columns round, as in "
        "X[X.columns[::-1]].",
        UserWarning,
        stacklevel=2,
    )


def _lags_by_variable(names: Sequence[str]) -> list[list[int]]:
    """Return the lags of each variable that has several, in the order of the columns."""
    lags = defaultdict(list)
    for name in names:
        found = _LAG.search(name)
        if found is not None:
            lags[name[: found.start()] + name[found.end() :]].append(int(found[1]))
    return [steps for steps in lags.values() if len(set(steps)) > 1]
