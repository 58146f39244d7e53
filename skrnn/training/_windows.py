"""Windows over many series: cut out of one flat store inside the compiled program.

The store holds every step of every series once. What is handed over for a window is a position, so
that memory grows with the data and never with data times window.

Each window is taken relative to its own level and scale, and its targets relative to the value one
season back, since that is what makes series of any size and trend learnable by one network.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from ._batching import Arrays
from ._dataset import Sample

# A window's scale is at least this share of its series' unit: a flat stretch is not blown up.
_SMALLEST_SCALE = 0.02
# Stores are padded to so many significant bits, so that few sizes are compiled.
_SIZE_BITS = 3


class _Window(NamedTuple):
    values: Any  # (n_rows, window, n_targets), zero where masked
    observed: Any  # the same, True where there is a value
    level: Any  # (n_rows, 1, n_targets)
    scale: Any  # (n_rows, 1, n_targets)
    reference: Any  # (n_rows, horizon, n_targets): what targets are compared with


@dataclass(frozen=True)
class WindowLayout:
    """How a program cuts windows out of a store.

    Attributes
    ----------
    window, horizon : int
        Steps before and after the position.
    relative_to_level, relative_to_scale : bool
        Take windows relative to their own mean, and their own standard deviation.
    season : int
        Targets are differences from the value this many steps before (and again so many for longer
        horizons); zero for differences from the level.
    indicators : bool
        Tell the network, as inputs, which values are missing.
    """

    window: int
    horizon: int
    relative_to_level: bool
    relative_to_scale: bool
    season: int
    indicators: bool

    def row_arrays(self, spec: Any) -> dict[str, Any]:
        """Return shape and type of what stands for one window."""
        arrays: dict[str, Any] = {
            "position": ((), "int32"),
            "first": ((), "int32"),
            "weight": ((), "float32"),
        }
        return {**arrays, "exogenous_position": ((), "int32")} if spec.n_known else arrays

    def read(self, spec: Any, store: dict[str, Any], batch: dict[str, Any]) -> Sample:
        """Return the windows of a batch."""
        window = self._window(store, batch)
        parts = [jnp.where(window.observed, (window.values - window.level) / window.scale, 0.0)]
        if self.indicators:
            parts.append(window.observed.astype(jnp.float32))
        inputs = {"mask": window.observed.any(axis=2)}
        if spec.n_known:
            at = batch["exogenous_position"][:, None]
            past = _rows(store["exogenous"], at + np.arange(-self.window, 0))
            parts.append(jnp.where(self._inside(batch)[..., None], past, 0.0))
            inputs["known"] = _rows(store["exogenous"], at + np.arange(self.horizon))
        inputs["sequence"] = jnp.concatenate(parts, axis=2)
        later = _rows(store["values"], batch["position"][:, None] + np.arange(self.horizon))
        targets = (later - window.reference) / window.scale
        return Sample(inputs, targets.reshape(targets.shape[0], -1), batch.get("weight"))

    def restore(self, spec: Any, store: dict[str, Any], batch: Any, outputs: Any) -> Any:
        """Return outputs in the units of the store."""
        window = self._window(store, batch)
        shape = (outputs.shape[0], spec.horizon, spec.n_targets, max(1, spec.n_quantiles))
        steps = outputs.reshape(shape) * window.scale[..., None] + window.reference[..., None]
        return steps.reshape(outputs.shape)

    def _inside(self, batch: dict[str, Any]) -> Any:
        """Return which steps of the windows belong to their series."""
        steps = batch["position"][:, None] + np.arange(-self.window, 0)
        return steps >= batch["first"][:, None]

    def _window(self, store: dict[str, Any], batch: dict[str, Any]) -> _Window:
        steps = batch["position"][:, None] + np.arange(-self.window, 0)
        values = _rows(store["values"], steps)
        observed = jnp.logical_and(self._inside(batch)[..., None], ~jnp.isnan(values))
        values = jnp.where(observed, values, 0.0)
        level, scale = jnp.zeros_like(values[:, :1]), jnp.ones_like(values[:, :1])
        count = jnp.maximum(observed.sum(axis=1, keepdims=True), 1)
        if self.relative_to_level:
            level = values.sum(axis=1, keepdims=True) / count
        if self.relative_to_scale:
            squares = jnp.where(observed, (values - level) ** 2, 0.0)
            scale = jnp.sqrt(squares.sum(axis=1, keepdims=True) / count)
            scale = jnp.maximum(scale, _SMALLEST_SCALE)
        if self.season:
            back = self.window - self.season + np.arange(self.horizon) % self.season
            reference = jnp.where(observed[:, back], values[:, back], level)
        else:
            reference = jnp.repeat(level, self.horizon, axis=1)
        return _Window(values, observed, level, scale, reference)


@dataclass(frozen=True)
class SeriesWindows:
    """Windows over series in a flat store.

    Attributes
    ----------
    layout : WindowLayout
    store : dict of arrays
        `values`, float32 of shape (n_steps, n_targets), NaN where missing; and `exogenous`, of
        shape (n_exogenous_steps, n_known), if there is any.
    first : int array of shape (n_series,)
        Where each series starts in `values`.
    start, count : int arrays of shape (n_series,)
        The windows of a series: positions `start`, `start + 1`, ... of the first target.
    exogenous_shift : int array of shape (n_series,)
        From a position in `values` to that of the same time in `exogenous`.
    n_drawn : int, optional
        Windows drawn for an epoch, if not all.
    """

    layout: WindowLayout
    store: Arrays
    first: np.ndarray
    start: np.ndarray
    count: np.ndarray
    exogenous_shift: np.ndarray
    n_drawn: int | None = None

    def __len__(self) -> int:
        """Return the number of windows."""
        return int(self.count.sum())

    @property
    def n_per_epoch(self) -> int:
        """Windows that an epoch takes."""
        return len(self) if self.n_drawn is None else min(self.n_drawn, len(self))

    def take(self, rows: np.ndarray) -> Arrays:
        """Return what stands for some windows."""
        stops = np.cumsum(self.count)
        series = np.searchsorted(stops, rows, side="right")
        position = self.start[series] + rows - (stops - self.count)[series]
        arrays = {
            "position": position,
            "first": self.first[series],
            "exogenous_position": position + self.exogenous_shift[series],
        }
        arrays = {name: array.astype(np.int32) for name, array in arrays.items()}
        if "exogenous" not in self.store:
            del arrays["exogenous_position"]
        return {**arrays, "weight": np.ones(len(rows), np.float32)}


def pad_store(rows: np.ndarray, fill: float) -> np.ndarray:
    """Return rows as float32, with more of them so that there are few different sizes."""
    size = padded_size(len(rows))
    padded = np.full((size, *rows.shape[1:]), fill, np.float32)
    padded[: len(rows)] = rows
    return padded


def padded_size(n_rows: int) -> int:
    """Round up to a number of three significant bits: at most a quarter more."""
    step = 1 << max(0, (n_rows - 1).bit_length() - _SIZE_BITS)
    return -(-n_rows // step) * step


def _rows(array: Any, positions: Any) -> Any:
    return jnp.take(array, positions, axis=0, mode="clip")
