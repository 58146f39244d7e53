"""What the accuracy benchmarks share: the linear line beside the networks, and the tables."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV

ALPHAS = np.logspace(-2, 4, 7)


def arguments(description: str) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with the data")
    parser.add_argument("--seeds", type=int, default=5, help="networks of different seeds")
    return parser.parse_args()


class WindowRidge:
    """Ridge regression on the windows of a network: relative to their own level and scale."""

    def __init__(self, window: int, horizon: int) -> None:
        self.window, self.horizon = window, horizon

    def fit(self, windows: np.ndarray, targets: np.ndarray, extra: np.ndarray | None = None):
        """Fit on arrays of shape (n_rows, window) and (n_rows, horizon)."""
        level, scale = self._level_and_scale(windows)
        inputs = self._inputs((windows - level) / scale, extra)
        self.model = RidgeCV(ALPHAS).fit(inputs, (targets - level) / scale)
        return self

    def predict(self, windows: np.ndarray, extra: np.ndarray | None = None) -> np.ndarray:
        """Return forecasts of shape (n_rows, horizon)."""
        level, scale = self._level_and_scale(windows)
        inputs = self._inputs((windows - level) / scale, extra)
        return self.model.predict(inputs).reshape(-1, self.horizon) * scale + level

    @staticmethod
    def _inputs(windows: np.ndarray, extra: np.ndarray | None) -> np.ndarray:
        return windows if extra is None else np.concatenate([windows, extra], axis=1)

    @staticmethod
    def _level_and_scale(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        level, scale = windows.mean(axis=1, keepdims=True), windows.std(axis=1, keepdims=True)
        return level, np.where(scale > 0, scale, 1.0)


def cut(series: np.ndarray, window: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """Return all windows of a series and the steps after them."""
    both = np.lib.stride_tricks.sliding_window_view(series, window + horizon)
    return both[:, :window], both[:, window:]


def table(rows: dict[str, dict[str, float]]) -> str:
    """Return a table; lists become mean and spread."""
    shown = {
        name: {column: _shown(value) for column, value in row.items()} for name, row in rows.items()
    }
    return pd.DataFrame.from_dict(shown, orient="index").fillna("").to_string()


def _shown(value: float | list[float]) -> str:
    if isinstance(value, list):
        spread = f" ± {np.std(value):.3f}" if len(value) > 1 else ""
        return f"{np.mean(value):.3f}{spread}"
    return f"{value:.3f}"
