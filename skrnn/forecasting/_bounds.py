"""What forecasts may not leave: counts are never negative, shares never above one."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np

from ._panel import Panel


@dataclass(frozen=True)
class Bounds:
    """The smallest and the largest value of a series, infinite where there is none."""

    low: float = -np.inf
    high: float = np.inf

    @classmethod
    def of(cls, given: Any) -> Bounds:
        """Return what the user gives: None, or a pair of numbers or None.

        Raises
        ------
        ValueError
        """
        if given is None:
            return cls()
        pair = tuple(given) if isinstance(given, tuple | list | np.ndarray) else ()
        numbers = all(one is None or _is_number(one) for one in pair)
        if len(pair) == 2 and numbers:
            sides = zip(pair, (-np.inf, np.inf), strict=True)
            bounds = cls(*(edge if one is None else float(one) for one, edge in sides))
            if bounds.low < bounds.high:
                return bounds
        raise ValueError(
            f"bounds={given!r} is no pair of a smaller and a larger number. Give None for a side "
            "without a bound, as in bounds=(0, None) for counts."
        )

    def keep(self, values: np.ndarray) -> np.ndarray:
        """Return values moved to the nearest bound where they are beyond it."""
        kept: np.ndarray = np.clip(values, self.low, self.high)
        return kept

    def check(self, panel: Panel) -> None:
        """Raise where a panel has values beyond the bounds.

        Raises
        ------
        ValueError
            It names the first row.
        """
        beyond = (panel.values < self.low) | (panel.values > self.high)
        if not beyond.any():
            return
        row, column = np.argwhere(beyond)[0]
        time = panel.frame().index[row]
        raise ValueError(
            f"y is {panel.values[row, column]:.6g} at {time!r} (row {row}), column "
            f"{panel.columns[column]!r}, beyond bounds=({self.low}, {self.high}). Mend the value, "
            "put NaN there, or set wider bounds."
        )


def _is_number(value: Any) -> bool:
    """Return whether something is a number that a float can hold."""
    try:
        return isinstance(value, Real) and float(value) == float(value)
    except OverflowError:
        return False


NO_BOUNDS = Bounds()
