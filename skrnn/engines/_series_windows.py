"""Windows over many series: cut out of one flat store inside the compiled program.

The store holds every step of every series once. What is handed over for a window is a position, so
that memory grows with the data and never with data times window. Windows are taken relative to
themselves (see `scaling._relative`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import ModuleType
from typing import NamedTuple

import numpy as np

from ..networks._spec import EncoderDecoderSpec, Input, Spec
from ..scaling._relative import level_of, reference_of, scale_of, smallest_scale
from ._protocol import Array, Arrays, Sample
from ._sizes import padded_size

# Series are stored in units of their own spread, around zero.
_SMALLEST_SCALE = float(smallest_scale(1.0, 0.0))
# Nothing is learned of jumps so far beyond a window, in its own scale: none could foretell them.
_LARGEST_TARGET = 1e5


class _Window(NamedTuple):
    values: Array  # (n_rows, window, n_targets), zero where masked
    observed: Array  # the same, True where there is a value
    level: Array  # (n_rows, 1, n_targets)
    scale: Array  # (n_rows, 1, n_targets)
    reference: Array  # (n_rows, horizon, n_targets): what targets are compared with


@dataclass(frozen=True)
class WindowReader:
    """How windows are cut out of a store.

    Attributes
    ----------
    window, horizon : int
        Steps before and after the position. Where the store names a `horizon`, there are targets,
        and what is known, for so many of the latter alone.
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

    def row_arrays(self, spec: Spec) -> dict[str, Input]:
        """Return shape and type of what stands for one window."""
        position = Input((), "int32")
        arrays = {"position": position, "first": position, "weight": Input(())}
        if self._reads_exogenous(spec):
            arrays["exogenous_position"] = position
        return arrays

    def read(
        self, spec: Spec, store: dict[str, Array], batch: dict[str, Array], xp: ModuleType
    ) -> Sample:
        """Return the windows of a batch."""
        window = self._window(store, batch, xp)
        parts = [xp.where(window.observed, (window.values - window.level) / window.scale, 0.0)]
        if self.indicators:
            parts.append(window.observed.astype(np.float32))
        inputs = {"mask": window.observed.any(axis=2)}
        if self._reads_exogenous(spec):
            at = batch["exogenous_position"][:, None]
            past = _rows(store["exogenous"], at + np.arange(-self.window, 0), xp)
            parts.append(xp.where(self._inside(batch)[..., None], past, 0.0))
        if "known" in spec.inputs:
            later = _rows(store["exogenous"], at + np.arange(self.horizon), xp)
            known = later[..., : spec.inputs["known"].shape[1]]
            inputs["known"] = self._within_horizon(store, known, 0.0, xp)
        inputs["sequence"] = xp.concatenate(parts, axis=2)
        ahead = batch["position"][:, None] + np.arange(self.horizon)
        targets = (self._values(store, batch, ahead, xp) - window.reference) / window.scale
        if "offset" in store:
            targets = xp.where(xp.abs(targets) <= _LARGEST_TARGET, targets, np.nan)
        targets = self._within_horizon(store, targets, np.nan, xp)
        weight = batch.get("weight")
        if weight is not None and "horizon" in store:
            weight = weight * (self.horizon / store["horizon"])
        return Sample(inputs, targets.reshape(targets.shape[0], -1), weight)

    def restore(
        self,
        spec: Spec,
        store: dict[str, Array],
        batch: dict[str, Array],
        outputs: Array,
        xp: ModuleType,
    ) -> Array:
        """Return outputs in the units of the store."""
        assert isinstance(spec, EncoderDecoderSpec)
        window = self._window(store, batch, xp)
        shape = (outputs.shape[0], spec.horizon, spec.n_targets, max(1, spec.n_quantiles))
        steps = outputs.reshape(shape) * window.scale[..., None] + window.reference[..., None]
        return steps.reshape(outputs.shape)

    def _reads_exogenous(self, spec: Spec) -> bool:
        """Return whether there are features beside the series themselves."""
        assert isinstance(spec, EncoderDecoderSpec)
        return spec.n_features > spec.n_targets * (1 + self.indicators)

    def _within_horizon(
        self, store: dict[str, Array], steps: Array, fill: float, xp: ModuleType
    ) -> Array:
        """Return steps of shape (n_rows, horizon, ...), those that are not asked for filled."""
        if "horizon" not in store:
            return steps
        asked_for = np.arange(self.horizon)[:, None] < store["horizon"]
        return xp.where(asked_for, steps, fill)

    def _inside(self, batch: dict[str, Array]) -> Array:
        """Return which steps of the windows belong to their series."""
        steps = batch["position"][:, None] + np.arange(-self.window, 0)
        return steps >= batch["first"][:, None]

    def _window(self, store: dict[str, Array], batch: dict[str, Array], xp: ModuleType) -> _Window:
        steps = batch["position"][:, None] + np.arange(-self.window, 0)
        values = self._values(store, batch, steps, xp)
        observed = xp.logical_and(self._inside(batch)[..., None], ~xp.isnan(values))
        values = xp.where(observed, values, 0.0)
        level, scale = xp.zeros_like(values[:, :1]), xp.ones_like(values[:, :1])
        if self.relative_to_level:
            level = level_of(values, observed, xp)
        if self.relative_to_scale:
            scale = scale_of(values, observed, level, _SMALLEST_SCALE, xp)
        reference = reference_of(values, observed, level, self.season, self.horizon, xp)
        return _Window(values, observed, level, scale, reference)

    def _values(
        self, store: dict[str, Array], batch: dict[str, Array], steps: Array, xp: ModuleType
    ) -> Array:
        """Return values at some steps; where there are offsets, relative to that before a window.

        The difference of two offsets is exact where they are near each other.
        """
        values = _rows(store["values"], steps, xp)
        if "offset" not in store:
            return values
        last = batch["position"][:, None] - 1
        inside = (last >= batch["first"][:, None])[..., None]
        before = xp.where(inside, _rows(store["offset"], last, xp), 0.0)
        return values + (_rows(store["offset"], steps, xp) - before)


@dataclass(frozen=True)
class SeriesWindows:
    """Windows over series in a flat store.

    Attributes
    ----------
    reader : WindowReader
    store : dict of arrays
        `values`, float32 of shape (n_steps, n_targets), NaN where missing; `offset`, of the same
        shape, if values are relative to something that takes turns; and `exogenous`, of
        shape (n_exogenous_steps, n_columns), if there is any: the columns that are known ahead come
        first. And `horizon`, a number, if the network writes more steps than are asked for.
    first : int array of shape (n_series,)
        Where each series starts in `values`.
    start, count : int arrays of shape (n_series,)
        The windows of a series: positions `start`, `start + 1`, ... of the first target.
    exogenous_shift : int array of shape (n_series,)
        From a position in `values` to that of the same time in `exogenous`.
    n_drawn : int, optional
        Windows drawn for an epoch, if not all.
    """

    reader: WindowReader
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

    def with_horizon(self, spec: Spec) -> SeriesWindows:
        """Return the rows for a network that writes more steps; they have no targets for these."""
        assert isinstance(spec, EncoderDecoderSpec)
        store = {**self.store, "horizon": np.asarray(self.reader.horizon, np.int32)}
        return replace(self, reader=replace(self.reader, horizon=spec.horizon), store=store)


def pad_store(rows: np.ndarray, fill: float) -> np.ndarray:
    """Return rows as float32, with more of them so that there are few different sizes."""
    size = padded_size(len(rows))
    padded = np.full((size, *rows.shape[1:]), fill, np.float32)
    padded[: len(rows)] = rows
    return padded


def _rows(array: Array, positions: Array, xp: ModuleType) -> Array:
    return xp.take(array, positions, axis=0, mode="clip")
