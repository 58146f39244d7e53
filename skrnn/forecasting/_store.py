"""From a panel to the flat store of the engine, and back from its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn.preprocessing import StandardScaler

from ..engines._series_windows import SeriesWindows, WindowReader, pad_store
from ._jumps import split_digits, units_of_changes
from ._outliers import clip_outliers, moments
from ._panel import Panel

# A series without any spread gets this share of its size as its unit: its forecast stays in place.
_CONSTANT = 1e-9


@dataclass(frozen=True)
class SeriesScale:
    """Center and unit of each series: an array of shape (n_instances, n_variables) for both.

    A wild value long ago leaves the unit as it would be without it, and so do jumps.

    They keep numbers small on the way through single precision. Windows that are taken relative to
    themselves are not changed by them.
    """

    center: np.ndarray
    unit: np.ndarray

    @classmethod
    def of(cls, panel: Panel, *, scaled: bool) -> SeriesScale:
        """Return mean and standard deviation of each series, or zero and one."""
        shape = (len(panel), panel.values.shape[1])
        if not scaled:
            return cls(np.zeros(shape), np.ones(shape))
        found = np.add.reduceat(~np.isnan(panel.values), panel.start[:-1], axis=0)
        center, unit, _ = moments(clip_outliers(panel))
        smallest = np.maximum(_CONSTANT * np.abs(center), np.finfo(np.float32).tiny)
        unit = np.where(unit > smallest, unit, smallest)
        return cls(center, units_of_changes(panel, np.where(found > 0, unit, 1.0)))

    def __getitem__(self, instances: np.ndarray) -> SeriesScale:
        """Return those of some instances."""
        return SeriesScale(self.center[instances], self.unit[instances])


@dataclass(frozen=True)
class Columns:
    """Mean and standard deviation of the columns of `X` and the calendar.

    Missing values are taken as the mean.
    """

    center: np.ndarray
    unit: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray) -> Columns:
        """Learn them from an array of shape (n_rows, n_columns)."""
        scaler = StandardScaler().fit(values)
        return cls(scaler.mean_, scaler.scale_)

    def transform(self, values: np.ndarray) -> np.ndarray:
        """Return scaled columns without NaN."""
        return np.nan_to_num((values - self.center) / self.unit)


@dataclass(frozen=True)
class Store:
    """How a panel lies in the flat store.

    Attributes
    ----------
    panel : Panel
    scale : SeriesScale
    extra : int
        Rows after the last of each instance, for steps that are not known yet.
    joint : bool
        All variables of an instance in one window; else a series of its own for each.
    relative : bool
        Windows are taken relative to their level: values may be relative to one another then, where
        they are too far from the center of their series for single precision.
    """

    panel: Panel
    scale: SeriesScale
    extra: int
    joint: bool
    relative: bool = False

    def windows(
        self,
        reader: WindowReader,
        exogenous: np.ndarray | None,
        offsets: tuple[np.ndarray, np.ndarray],
    ) -> SeriesWindows:
        """Return windows over the panel.

        Parameters
        ----------
        reader : WindowReader
        exogenous : array of shape (n_instances * extra + n_rows, n_columns) or None
            Rows of each instance, the extra ones included.
        offsets : pair of int arrays of shape (n_instances,)
            First and last position of the first target, counted from the start of the instance.
        """
        panel, n_rows = self.panel, self._n_rows
        values, offset = self._digits
        store = {"values": pad_store(self._laid_out(values), np.nan)}
        if offset is not None:
            store["offset"] = pad_store(self._laid_out(offset), 0.0)
        if exogenous is not None:
            store["exogenous"] = pad_store(exogenous, 0.0)
        begin = panel.start[:-1] + self.extra * np.arange(len(panel))
        n_variables = 1 if self.joint else panel.values.shape[1]
        shift = np.repeat(np.arange(n_variables) * n_rows, len(panel))
        first = np.tile(begin, n_variables) + shift
        low, high = (np.tile(offset, n_variables) for offset in offsets)
        count = np.maximum(high - low + 1, 0)
        return SeriesWindows(reader, store, first, first + low, count, -shift)

    def restore(self, outputs: np.ndarray, horizon: int, offsets: Any) -> np.ndarray:
        """Return the outputs of `windows`, in the units of `y`.

        Parameters
        ----------
        outputs : array of shape (n_series_windows, horizon * n_targets, n_quantiles or 1)
        horizon : int
        offsets : pair of int arrays
            As given to `windows`.

        Returns
        -------
        steps : float array of shape (n_windows, horizon, n_variables, n_quantiles or 1)
            Instance by instance.
        """
        n_variables, n_quantiles = self.scale.center.shape[1], outputs.shape[2]
        if self.joint:
            steps = outputs.reshape(-1, horizon, n_variables, n_quantiles)
        else:
            by_variable = outputs.reshape(n_variables, -1, horizon, n_quantiles)
            steps = np.moveaxis(by_variable, 0, 2)
        instance = np.repeat(np.arange(len(self.panel)), offsets[1] - offsets[0] + 1)
        center, unit = self.scale.center[instance], self.scale.unit[instance]
        if self._digits[1] is not None:
            center = center + unit * self._offset_before(instance, offsets)
        restored: np.ndarray = steps * unit[:, None, :, None] + center[:, None, :, None]
        return restored

    @property
    def _n_rows(self) -> int:
        return len(self.panel.values) + self.extra * len(self.panel)

    @cached_property
    def _digits(self) -> tuple[np.ndarray, np.ndarray | None]:
        """The panel in units of its series, and what it is relative to."""
        center, unit = (
            np.repeat(array, self.panel.lengths, axis=0)
            for array in (self.scale.center, self.scale.unit)
        )
        scaled = (self.panel.values - center) / unit
        offset = None
        if self.relative:
            scaled, offset = split_digits(scaled, self.panel.start)
        return scaled.astype(np.float32), offset

    def _offset_before(self, instance: np.ndarray, offsets: Any) -> np.ndarray:
        """Return what each window is relative to: the offset of its last step."""
        _, offset = self._digits
        assert offset is not None
        position = np.concatenate([np.arange(a, b + 1) for a, b in zip(*offsets, strict=True)])
        last = np.maximum(self.panel.start[instance] + position - 1, 0)
        return np.where(position[:, None] > 0, offset[last].astype(np.float64), 0.0)

    def _laid_out(self, rows: np.ndarray) -> np.ndarray:
        """Return rows of the panel with room after each instance, variables in their columns."""
        panel = self.panel
        flat = np.full((self._n_rows, panel.values.shape[1]), np.nan, np.float32)
        places = np.arange(len(panel.values))
        places += np.repeat(self.extra * np.arange(len(panel)), panel.lengths)
        flat[places] = rows
        return flat if self.joint else flat.T.reshape(-1, 1)


def training_offsets(lengths: np.ndarray, window: int, horizon: int) -> Any:
    """Return the positions to learn from: after a whole window, before a whole horizon.

    A series that leaves fewer than two windows of room is used from its middle on, with masked
    steps before its start.
    """
    last = lengths - horizon
    first = np.minimum(window, np.maximum(1, (last + 1) // 2))
    return first, last
