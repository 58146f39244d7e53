"""The weights of a network as plain data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Weights:
    """Arrays of a network, in the order of its Keras model.

    An engine may make the arrays read-only, and keep what it makes of them as long as they are
    there.

    Attributes
    ----------
    trainable : list of ndarray
    non_trainable : list of ndarray
        Dropout rates and the states of random generators.
    """

    trainable: list[np.ndarray]
    non_trainable: list[np.ndarray]

    @property
    def n_parameters(self) -> int:
        """Number of trainable values."""
        return sum(array.size for array in self.trainable)

    @property
    def is_finite(self) -> bool:
        """Whether no trainable value is NaN or infinite."""
        return all(bool(np.isfinite(array).all()) for array in self.trainable)
