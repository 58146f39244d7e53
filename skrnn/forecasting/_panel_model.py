"""Encoder-decoder networks over panels: all that a forecaster does apart from sktime."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from ..engines._series_windows import SeriesWindows, WindowReader
from ..models._options import DataShape, TrainingOptions
from ..models._specs import make_spec
from ..models._train import Trained, train_network
from ..networks._spec import Spec
from ._calendar import calendar_features
from ._covariates import ALL_AHEAD, Covariates
from ._options import ForecasterOptions
from ._panel import Panel
from ._quantiles import calibration_shifts, shift_quantiles
from ._settings import Settings
from ._store import Columns, SeriesScale, Store
from ._validation import hold_out_windows

# One over the share of a series that a calibration keeps.
_SHARE_HELD_BACK = 5


@dataclass(frozen=True)
class PanelModel:
    """Trained networks, and all that it takes to read a panel as they do.

    Attributes
    ----------
    settings : Settings
    reader : WindowReader
    columns : Columns or None
        Scaling of the exogenous columns and the calendar.
    names : list
        Of the exogenous columns.
    levels : tuple of float
        Quantiles that the networks write; empty if they write one value.
    joint, calendar : bool
    members : list of Trained
    shifts : array of shape (n_levels,) or None
        Of the calibration.
    covariates : Covariates
        Which of the exogenous columns the decoder does not know, or are the same at all times.
    """

    settings: Settings
    reader: WindowReader
    columns: Columns | None
    names: list[Any]
    levels: tuple[float, ...]
    joint: bool
    calendar: bool
    members: list[Trained]
    shifts: np.ndarray | None = None
    covariates: Covariates = ALL_AHEAD

    @property
    def middle(self) -> int:
        """Which of the quantiles, or of the one value, is the point forecast."""
        return self.levels.index(0.5) if self.levels else 0

    @property
    def n_parameters(self) -> int:
        """Trained weights of all networks."""
        return sum(member.network.weights.n_parameters for member in self.members)

    def predict(
        self, panel: Panel, scale: SeriesScale, offsets: Any, later: np.ndarray | None = None
    ) -> np.ndarray:
        """Return forecasts of the steps after some positions.

        Parameters
        ----------
        panel : Panel
        scale : SeriesScale
        offsets : pair of int arrays of shape (n_instances,)
            First and last position of each instance, counted from its start.
        later : array of shape (n_instances, horizon, n_columns), optional
            Columns of `X` for the steps after the panel.

        Returns
        -------
        steps : array of shape (n_windows, horizon, n_variables, n_quantiles or 1)
            Instance by instance.
        """
        store, exogenous = self._store(panel, scale, later)
        windows = store.windows(self.reader, exogenous, offsets)
        shape = (len(windows), -1, max(1, len(self.levels)))
        outputs = [member.network.predict(windows).reshape(shape) for member in self.members]
        joined = np.median(np.asarray(outputs, np.float64), axis=0)
        steps = store.restore(joined, self.settings.horizon, offsets)
        return steps if self.shifts is None else shift_quantiles(steps, self.shifts)

    def train(
        self,
        panel: Panel,
        scale: SeriesScale,
        offsets: Any,
        options: ForecasterOptions,
        seed: int,
        room: int = 0,
    ) -> PanelModel:
        """Return the model after training, or training on, with some windows of a panel.

        Parameters
        ----------
        panel, scale, offsets :
            As for `predict`.
        options : ForecasterOptions
            With zero epochs, or without windows, nothing is trained.
        seed : int
        room : int
            Steps that each series may become longer without another program being compiled.
        """
        if options.epochs == 0 or (offsets[1] < offsets[0]).all():
            return self
        windows, validation = self._windows(panel, scale, offsets, options, room)
        training, n_drawn = options.for_windows(len(windows))
        windows = replace(windows, n_drawn=n_drawn)
        if validation is not None:
            validation = replace(validation, n_drawn=n_drawn)
        spec, n_members = self._spec(windows, options), options.n_members
        before: list[Trained | None] = [*self.members] or [None] * n_members
        trainings = _of_members(training, [options.name_of(n) for n in range(len(before))])
        members = Parallel(n_jobs=options.n_jobs, prefer="threads")(
            delayed(train_network)(
                spec,
                own,
                windows,
                validation,
                seed=(seed, number, previous.history.n_epochs if previous else 0),
                previous=previous,
            )
            for number, (own, previous) in enumerate(zip(trainings, before, strict=True))
        )
        return replace(self, members=list(members))

    def _windows(
        self,
        panel: Panel,
        scale: SeriesScale,
        offsets: Any,
        options: ForecasterOptions,
        room: int,
    ) -> tuple[SeriesWindows, SeriesWindows | None]:
        """Return the windows to train on, and over the same store those to validate on, if any."""
        store, exogenous = self._store(panel, scale, None, room)
        if options.held_out is None:
            return store.windows(self.reader, exogenous, offsets), None
        horizon = self.settings.horizon
        offsets, held_out = hold_out_windows(panel, offsets, horizon, options.held_out)
        windows, validation = (
            store.windows(self.reader, exogenous, some) for some in (offsets, held_out)
        )
        return windows, replace(validation, store=windows.store)

    def _store(
        self, panel: Panel, scale: SeriesScale, later: Any, room: int = 0
    ) -> tuple[Store, np.ndarray | None]:
        extra = self.settings.horizon + room
        store = Store(panel, scale, extra, self.joint, self.reader.relative_to_level)
        if self.columns is None:
            return store, None
        rows = exogenous_rows(panel, extra, later, self.covariates, calendar=self.calendar)
        return store, self.columns.transform(rows)

    def _spec(self, windows: SeriesWindows, options: ForecasterOptions) -> Spec:
        n_targets = windows.store["values"].shape[1]
        n_read = windows.store["exogenous"].shape[1] if "exogenous" in windows.store else 0
        shape = DataShape(
            n_timesteps=self.settings.window,
            n_features=n_targets * (1 + self.reader.indicators) + n_read,
            n_outputs=self.settings.horizon * n_targets,
            levels=self.levels,
            n_targets=n_targets,
            n_known=n_read - int(self.covariates.is_past(self.names).sum()),
            target_features=tuple(range(n_targets)),
        )
        decoder = replace(options.decoder, segment_length=self.settings.segment_length)
        return make_spec(decoder, shape)


def _of_members(training: TrainingOptions, names: list[str]) -> list[TrainingOptions]:
    """Return how each member is trained: the first with the callbacks given, others with copies."""
    callbacks = [training.callbacks, *(deepcopy(training.callbacks) for _ in names[1:])]
    return [
        replace(training, callbacks=own, name=name)
        for own, name in zip(callbacks, names, strict=True)
    ]


def new_model(panel: Panel, options: ForecasterOptions, settings: Settings) -> PanelModel:
    """Return a model without networks: what options and data say before training."""
    reader = WindowReader(
        window=settings.window,
        horizon=settings.horizon,
        relative_to_level=options.scaler in ("window", "level"),
        relative_to_scale=options.scaler == "window",
        season=settings.season,
        indicators=bool(np.isnan(panel.values).any()),
    )
    columns = None
    if panel.exogenous is not None or options.calendar:
        columns = _columns_of(panel, options)
    return PanelModel(
        settings=settings,
        reader=reader,
        columns=columns,
        names=[] if panel.exogenous_columns is None else list(panel.exogenous_columns),
        levels=options.training.levels,
        joint=options.multivariate == "joint",
        calendar=options.calendar,
        members=[],
        covariates=options.covariates,
    )


def _columns_of(panel: Panel, options: ForecasterOptions) -> Columns:
    """Return the scaling of the exogenous columns; that of static ones counts each series once."""
    rows = exogenous_rows(panel, 0, None, options.covariates, calendar=options.calendar)
    columns, names = Columns.of(rows), panel.exogenous_columns
    if names is None:
        return columns
    n_static, n_past = len(options.covariates.static), len(options.covariates.past)
    static = slice(rows.shape[1] - n_static - n_past, rows.shape[1] - n_past)
    once = Columns.of(rows[panel.start[:-1]])
    columns.center[static], columns.unit[static] = once.center[static], once.unit[static]
    return columns


def held_back(panel: Panel, horizon: int) -> np.ndarray:
    """Return how many of the last steps of each instance are kept for the calibration.

    A horizon of each series of a panel; of a single series, whose steps go together, a fifth.
    """
    if len(panel) > 1:
        return np.full(len(panel), horizon)
    return np.maximum(horizon, panel.lengths // _SHARE_HELD_BACK)


def calibrate(model: PanelModel, panel: Panel, scale: SeriesScale) -> PanelModel:
    """Return the model with quantiles that cover their share of what was held back."""
    horizon = model.settings.horizon
    first = np.maximum(panel.lengths - held_back(panel, horizon), 1)
    last = np.maximum(panel.lengths - horizon, first - 1)  # none where there is no horizon
    steps = model.predict(panel, scale, (first, last))
    position = np.concatenate(
        [
            np.arange(low, high + 1) + start
            for low, high, start in zip(first, last, panel.start[:-1], strict=True)
        ]
    )
    truth = panel.values[position[:, None] + np.arange(horizon)]
    if np.isnan(truth).all(axis=tuple(range(truth.ndim - 1))).any():
        raise ValueError(
            "calibrate=True compares quantiles with the last steps of y, of which a column has no "
            "value (NaN) there. Leave these steps out or fill them in, or set calibrate=False."
        )
    return replace(model, shifts=calibration_shifts(model.levels, truth, steps))


def exogenous_rows(
    panel: Panel, extra: int, later: np.ndarray | None, covariates: Covariates, *, calendar: bool
) -> np.ndarray:
    """Return the columns of `X` and the calendar, unscaled, with `extra` rows per instance.

    What is known ahead comes first: columns of `X`, the calendar, then static columns of `X`. Those
    that are known up to now alone are the last. Columns of `X` that are not given for the extra
    rows are NaN there, but for static ones.
    """
    parts = []
    beside = None if panel.exogenous is None else _rows_of_X(panel, extra, later, covariates)
    if beside is not None:
        past, static = (
            kind(panel.exogenous_columns) for kind in (covariates.is_past, covariates.is_static)
        )
        parts.append(beside[:, ~(past | static)])
    if calendar:
        numbers, place = np.unique(panel.row_times(extra), return_inverse=True)
        parts.append(calendar_features(panel.axis.index(numbers))[place])
    if beside is not None:
        parts += [beside[:, static], beside[:, past]]
    return np.concatenate(parts, axis=1)


def _rows_of_X(
    panel: Panel, extra: int, later: np.ndarray | None, covariates: Covariates
) -> np.ndarray:
    assert panel.exogenous is not None
    if later is None:
        own = panel.exogenous[panel.start[:-1]][:, None]
        static = covariates.is_static(panel.exogenous_columns)
        later = np.where(static, np.repeat(own, extra, axis=1), np.nan)
    pieces = [
        np.concatenate([panel.exogenous[rows], beyond])
        for rows, beyond in zip(panel.rows(), later, strict=True)
    ]
    return np.concatenate(pieces)
