"""From sequences to what a network takes: scaled, or numbered tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..scaling._columns import to_float32
from ..scaling._tokens import TokenNumbers
from ..scaling._windows import make_input_scaler


@dataclass(frozen=True)
class InputEncoder:
    """How sequences are scaled, learned from the rows trained on.

    Attributes
    ----------
    shape : tuple of int
        Steps, then height and width of frames if they are frames, then features.
    scaler : scaler or TokenNumbers
    """

    shape: tuple[int, ...]
    scaler: Any

    @classmethod
    def learn(cls, sequences: np.ndarray, scaler: Any, tokens: bool) -> InputEncoder:
        """Learn from sequences, NaN where masked; `scaler` is a choice of the constructor."""
        if tokens:
            return cls(sequences.shape[1:], TokenNumbers().fit(sequences))
        return cls(sequences.shape[1:], make_input_scaler(scaler).fit(_as_steps(sequences)))

    @property
    def n_tokens(self) -> int:
        """Rows of the table of embeddings; zero where steps are vectors."""
        return self.scaler.n_tokens_ if isinstance(self.scaler, TokenNumbers) else 0

    def encode(self, sequences: np.ndarray, mask: np.ndarray) -> dict[str, np.ndarray]:
        """Return the inputs of the network.

        Parameters
        ----------
        sequences : float array of shape (n_rows, n_timesteps, ..., n_features)
            NaN where masked.
        mask : bool array of shape (n_rows, n_timesteps)
            False where masked.

        Returns
        -------
        inputs : dict of arrays
            `sequence`, zero where masked, and `mask`.
        """
        if isinstance(self.scaler, TokenNumbers):
            return {"sequence": self.scaler.transform(sequences), "mask": mask}
        scaled = self.scaler.transform(_as_steps(sequences)).reshape(*sequences.shape[:-1], -1)
        there = mask.reshape(*mask.shape, *(1,) * (scaled.ndim - 2))
        values = to_float32(np.where(there, scaled, 0.0), "X", "input_scaler")
        return {"sequence": values, "mask": mask}


def _as_steps(sequences: np.ndarray) -> np.ndarray:
    """Return sequences as (n_samples, n_steps, n_features): a pixel of a frame is a step too."""
    return sequences.reshape(len(sequences), -1, sequences.shape[-1])
