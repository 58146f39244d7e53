"""How a network is trained: the part that is compiled, and the values that are passed."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from ._optimizer import OptimizerStructure


@dataclass(frozen=True)
class TrainingPlan:
    """The structure of a training run: all that is compiled apart from the network.

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
    optimizer: OptimizerStructure
