"""From sequences to what a network takes: scaled, or numbered tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..inputs._mask import is_there
from ..inputs._overlap import Sequences, SomeWindows, over_steps, shares_rows
from ..scaling._columns import to_float32
from ..scaling._tokens import TokenNumbers
from ..scaling._windows import WindowLevels, make_input_scaler

# Scaled windows of up to so many numbers are made once and kept.
_FEW = 2**22


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
    def learn(cls, sequences: Sequences, scaler: Any, tokens: bool) -> InputEncoder:
        """Learn from sequences, NaN where masked; `scaler` is a choice of the constructor."""
        if tokens:
            return cls(sequences.shape[1:], TokenNumbers().fit(sequences))
        return cls(sequences.shape[1:], make_input_scaler(scaler).fit(_as_steps(sequences)))

    @property
    def n_tokens(self) -> int:
        """Rows of the table of embeddings; zero where steps are vectors."""
        return self.scaler.n_tokens_ if isinstance(self.scaler, TokenNumbers) else 0

    def encode(self, sequences: Sequences, mask: np.ndarray) -> dict[str, Any]:
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
            `sequence`, zero where masked, and `mask`. Windows that share their rows still do, or
            are made when they are taken.
        """
        if isinstance(sequences, SomeWindows):
            whole = self.encode(sequences.windows, is_there(sequences.windows))["sequence"]
            return {"sequence": SomeWindows(whole, sequences.numbers), "mask": mask}
        if isinstance(self.scaler, WindowLevels):
            return {"sequence": self._relative(sequences, mask), "mask": mask}
        if isinstance(self.scaler, TokenNumbers):
            return {"sequence": over_steps(self.scaler.transform, sequences), "mask": mask}
        scaled = over_steps(self._scaled, sequences, mask)
        return {"sequence": to_float32(scaled, "X", "input_scaler"), "mask": mask}

    def _relative(self, sequences: np.ndarray, mask: np.ndarray) -> Any:
        """Return sequences relative to themselves."""
        if sequences.ndim > 3 or not shares_rows(sequences):
            return to_float32(self._scaled(sequences, mask), "X", "input_scaler")
        late = LateWindows(self.scaler, sequences, mask)
        return late if late.size > _FEW else np.asarray(late)

    def _scaled(self, sequences: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """Return scaled sequences, zero where masked."""
        scaled = self.scaler.transform(_as_steps(sequences)).reshape(*sequences.shape[:-1], -1)
        there = mask.reshape(*mask.shape, *(1,) * (scaled.ndim - 2))
        return np.where(there, scaled, 0.0)


class LateWindows:
    """Windows relative to themselves, which are scaled when some of them are taken.

    They cannot share rows as the windows do that they are made of: a value is another one in every
    window. What is kept of each is its level and its scale.

    Parameters
    ----------
    scaler : WindowLevels
    sequences : float array of shape (n_rows, n_timesteps, n_features)
    mask : bool array of shape (n_rows, n_timesteps)
    """

    def __init__(self, scaler: WindowLevels, sequences: np.ndarray, mask: np.ndarray) -> None:
        self.numbers, self.level, self.scale = scaler.levels_and_scales(sequences)
        self.mask, self.shape, self.size = mask, sequences.shape, sequences.size

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.mask)

    def __getitem__(self, rows: np.ndarray) -> np.ndarray:
        """Return some windows, by their numbers."""
        scaled = (self.numbers[rows] - self.level[rows]) / self.scale[rows]
        values = np.where(self.mask[rows, :, None], scaled, 0.0)
        return to_float32(values, "X", "input_scaler", rows)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return all of them."""
        return np.asarray(self[np.arange(len(self))], dtype)


def _as_steps(sequences: Sequences) -> Any:
    """Return sequences as (n_samples, n_steps, n_features): a pixel of a frame is a step too."""
    if isinstance(sequences, SomeWindows):
        return SomeWindows(_as_steps(sequences.windows), sequences.numbers)
    return sequences.reshape(len(sequences), -1, sequences.shape[-1])
