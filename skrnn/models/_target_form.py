"""What becomes of the outputs of a network, before users see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class TargetForm:
    """From outputs of a network to the units and the shape of `y`.

    Attributes
    ----------
    scaler : scaler
        Of the targets.
    quantile : int or None
        Number of the quantile that is predicted, where there are some.
    every_step : bool
        Whether each step has targets, which are NaN where it is masked.
    one_dimensional : bool
        Whether `y` had no axis of outputs.
    """

    scaler: Any
    quantile: int | None = None
    every_step: bool = False
    one_dimensional: bool = False
