"""The work that is timed, the same for all sides, and its arithmetic."""

from dataclasses import dataclass

import numpy as np

LEARNING_RATE = 1e-3
GRID = {"units": [16, 32, 64], "dropout": [0.0, 0.2], "bidirectional": [False, True]}


@dataclass(frozen=True)
class Work:
    """A recurrent layer and a Dense(1), trained with Adam on the mean squared error.

    Attributes
    ----------
    n_timesteps, n_features, units, batch_size : int
    n_rows, epochs : int
        Of a fit.
    n_predicted : int
        Rows of one call of predict.
    bidirectional : bool
    frame : int
        Height and width of frames, for ConvLSTM; zero where steps are vectors.
    """

    n_timesteps: int
    n_features: int
    units: int
    batch_size: int
    n_rows: int = 115
    epochs: int = 100
    n_predicted: int = 1
    bidirectional: bool = False
    frame: int = 0

    @property
    def shape(self):
        frame = (self.frame, self.frame) if self.frame else ()
        return self.n_timesteps, *frame, self.n_features

    @property
    def flops_per_row(self):
        """Multiplications and additions of a pass forward, those for frames left out."""
        products = 2 * 4 * self.units * (self.n_features + self.units)
        return products * self.n_timesteps * (2 if self.bidirectional else 1)

    def rows(self, n_rows=None):
        """Return float32 rows and targets that can be learned."""
        rng = np.random.default_rng(0)
        X = rng.standard_normal((n_rows or self.n_rows, *self.shape), np.float32)
        means = X.reshape(len(X), self.n_timesteps, -1).mean(axis=2)
        return X, means.mean(axis=1) + 0.5 * means[:, -1]


@dataclass(frozen=True)
class Panel:
    """One network for many series: windows of 24 steps, from which the next 6 are learned."""

    n_series: int = 50
    length: int = 120
    window: int = 24
    horizon: int = 6
    units: int = 32
    batch_size: int = 64
    epochs: int = 10

    def series(self):
        rng = np.random.default_rng(0)
        return rng.standard_normal((self.n_series, self.length), np.float32).cumsum(axis=1)


SMALL = Work(12, 1, 64, 8)
SIZES = {
    "12x1-64": SMALL,
    "24x1-64": Work(24, 1, 64, 32, n_rows=1024, epochs=8),
    "48x8-64": Work(48, 8, 64, 128, n_rows=2048, epochs=4),
    "96x8-128": Work(96, 8, 128, 64, n_rows=512, epochs=4),
    "336x1-128": Work(336, 1, 128, 64, n_rows=128, epochs=4),
    "bilstm-64": Work(24, 8, 64, 32, n_rows=1024, epochs=4, bidirectional=True),
    "lstm-1024": Work(24, 8, 1024, 64, n_rows=128, epochs=3),
    "convlstm-16": Work(8, 1, 16, 16, n_rows=64, epochs=3, frame=12),
}
