"""Horizons rounded up to few sizes: forecasts of different horizons share programs.

The network of a program writes some steps more than are asked for. They have no targets, so that
they add nothing to the loss and its gradients. Weights that lead to them alone start at zero, where
an optimizer that treats every number by itself leaves them. Outside of programs there is no trace
of either.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...compat._caches import cached
from ...networks._by_config import thaw
from ...networks._losses import PinballLoss
from ...networks._spec import EncoderDecoderSpec, Spec
from .._plan import TrainingPlan
from .._protocol import Data
from .._sizes import padded_size

# Losses that are means over targets, and zero where a prediction is right.
_MEANS = {
    *("huber", "log_cosh", "mean_absolute_error", "mean_absolute_percentage_error"),
    *("mean_squared_error", "mean_squared_logarithmic_error"),
}


def round_horizon(spec: Spec, data: Data, plan: TrainingPlan | None = None) -> tuple[Spec, Data]:
    """Return a network and its rows as programs see them.

    Parameters
    ----------
    spec : Spec
    data : Data
    plan : TrainingPlan or None
        Of programs that train.
    """
    if not isinstance(spec, EncoderDecoderSpec) or (plan is not None and not _leaves_zeros(plan)):
        return spec, data
    longer = _longer(spec)
    return longer, data.with_horizon(longer)


def enlarge(array: np.ndarray, start: np.ndarray) -> np.ndarray:
    """Return an array with rows and columns behind its own, which are those of `start`."""
    if array.shape == start.shape:
        return array
    larger = np.array(start)
    larger[tuple(map(slice, array.shape))] = array
    return larger


def cut(arrays: list[np.ndarray], shapes: list[tuple[int, ...]]) -> list[np.ndarray]:
    """Return arrays without what has been added to them."""
    return [array[tuple(map(slice, shape))] for array, shape in zip(arrays, shapes, strict=True)]


@cached
def _longer(spec: EncoderDecoderSpec) -> EncoderDecoderSpec:
    return replace(spec, horizon=padded_size(spec.horizon))


def _leaves_zeros(plan: TrainingPlan) -> bool:
    is_mean = plan.loss in _MEANS or isinstance(thaw(plan.loss), PinballLoss)
    return is_mean and plan.optimizer.elementwise
