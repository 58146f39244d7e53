"""What is compiled into a training program, apart from the network: all of it hashable."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

# One program call trains at most this many batches, gathered into arrays of about this many bytes.
_MAX_BATCHES = 32
_MAX_BYTES = 2**20


@dataclass(frozen=True)
class TrainingPlan:
    """The structure of a training run.

    Attributes
    ----------
    batch_size : int
    loss : str or ByConfig
        A Keras loss.
    optimizer : OptimizerStructure
        Kind and settings of the optimizer, without the rates that are values.
    """

    batch_size: int
    loss: Hashable
    optimizer: Any


def batches_per_call(batch_size: int, row_arrays: Mapping[str, Any]) -> int:
    """Return how many batches one call of a program takes.

    It depends on the shape of a batch alone, never on the number of rows: data of any size run
    through one and the same program.
    """
    values: int = sum(math.prod(shape) for shape, _ in row_arrays.values())
    return max(1, min(_MAX_BATCHES, _MAX_BYTES // (4 * batch_size * values)))
