"""Sequences of any length as sequences of few: fewer programs are compiled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..engines._dataset import Dataset
from ..engines._protocol import Data
from ..engines._sizes import padded_size
from ..networks._spec import Spec


@dataclass(frozen=True)
class Lengths:
    """How a network sees sequences: with masked steps before their own, or as they are.

    Attributes
    ----------
    spec : Spec
        With as many steps as the network sees.
    n_added : int
        Steps before those of the longest data.
    """

    spec: Spec
    n_added: int = 0

    @classmethod
    def of(cls, spec: Spec, any_length: bool, *data: Data | None) -> Lengths:
        """Return how a network, which may take any length, sees some data."""
        n_timesteps = max(
            (rows.n_timesteps for rows in data if isinstance(rows, Dataset)), default=0
        )
        if not (any_length and n_timesteps):
            return cls(spec)
        size = padded_size(n_timesteps)
        return cls(replace(spec, n_timesteps=size), size - n_timesteps)

    def pad(self, data: Data) -> Data:
        """Return data as the network sees them."""
        if not isinstance(data, Dataset) or data.n_timesteps == self.spec.n_timesteps:
            return data
        return data.padded(self.spec, in_front=True)

    def cut(self, outputs: np.ndarray, axis: int) -> np.ndarray:
        """Return outputs without those of steps that were added, if there is one for each step."""
        return self.cut_steps(outputs, axis) if self._every_step else outputs

    def cut_steps(self, steps: np.ndarray, axis: int) -> np.ndarray:
        """Return the steps of an axis without those that were added."""
        return steps[(slice(None),) * axis + (slice(self.n_added, None),)]

    def extend(self, chosen: np.ndarray) -> np.ndarray:
        """Return factors of outputs with zeros for steps that were added."""
        if not self._every_step:
            return chosen
        return np.concatenate([np.zeros((self.n_added, *chosen.shape[1:]), chosen.dtype), chosen])

    @property
    def _every_step(self) -> bool:
        return len(self.spec.target_shape) == 2
