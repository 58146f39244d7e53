"""Sequences of frames, as networks with convolutions take them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..models._constraints import FRAME_CONSTRAINTS
from ..models._options import ConvolutionalOptions


class FramesMixin:
    """Read frames: `X` of up to five dimensions."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = FRAME_CONSTRAINTS
    _OPTIONS: ClassVar[type] = ConvolutionalOptions

    def _arrange(self, X: Any) -> np.ndarray:
        """Return `X` as (n_samples, n_timesteps, height, width, n_channels)."""
        if X.ndim > 5:
            raise ValueError(
                f"X has {X.ndim} dimensions, but frames have at most five: (n_samples, "
                "n_timesteps, height, width, n_channels). Reshape it."
            )
        if X.ndim == 3:  # the width alone
            X = X[:, :, None, :]
        while X.ndim < 5:
            X = X[..., None]
        if 0 in X.shape:
            raise ValueError(
                f"X has shape {X.shape} as (n_samples, n_timesteps, height, width, n_channels): 0 "
                "time steps or pixels leave nothing to learn from."
            )
        return X
