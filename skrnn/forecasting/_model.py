"""Encoder-decoder networks over panels: all that a forecaster does apart from sktime."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from ..estimators._network import FittedNetwork, decoder_part, quantile_part, recurrent_part
from ..estimators._parameters import quantile_levels
from ..estimators._training import train_network
from ..networks._spec import EncoderDecoderSpec
from ..training._history import History
from ..training._windows import SeriesWindows, WindowLayout
from ._calendar import calendar_features
from ._panel import Panel
from ._quantiles import calibration_shifts, shift_quantiles
from ._settings import Settings, choose_settings
from ._store import Columns, Store, Units

# Optimizer steps that a fit takes, if epochs and steps are not given, and the bounds of both.
_STEPS = 3000
_MOST_STEPS_PER_EPOCH = 200
# One over the share of a series that a calibration keeps.
_SHARE_HELD_BACK = 5
_FEWEST_EPOCHS, _MOST_EPOCHS = 10, 200


@dataclass(frozen=True)
class PanelModel:
    """Trained networks, and all that it takes to read a panel as they do.

    Attributes
    ----------
    settings : Settings
    layout : WindowLayout
    columns : Columns or None
        Scaling of the exogenous columns and the calendar.
    names : list
        Of the exogenous columns.
    levels : tuple of float
        Quantiles that the networks write; empty if they write one value.
    joint, calendar : bool
    networks : list of FittedNetwork
    histories : list of History
    shifts : array of shape (n_levels,) or None
        Of the calibration.
    """

    settings: Settings
    layout: WindowLayout
    columns: Columns | None
    names: list[Any]
    levels: tuple[float, ...]
    joint: bool
    calendar: bool
    networks: list[FittedNetwork]
    histories: list[History]
    shifts: np.ndarray | None = None

    @property
    def n_parameters(self) -> int:
        """Trained weights of all networks."""
        return sum(network.weights.n_parameters for network in self.networks)

    def predict(
        self, panel: Panel, units: Units, offsets: Any, later: np.ndarray | None = None
    ) -> np.ndarray:
        """Return forecasts of the steps after some positions.

        Parameters
        ----------
        panel : Panel
        units : Units
        offsets : pair of int arrays of shape (n_instances,)
            First and last position of each instance, counted from its start.
        later : array of shape (n_instances, horizon, n_columns), optional
            Columns of `X` for the steps after the panel.

        Returns
        -------
        steps : array of shape (n_windows, horizon, n_variables, n_quantiles or 1)
            Instance by instance.
        """
        store, exogenous = self._store(panel, units, later)
        windows = store.windows(self.layout, exogenous, offsets)
        shape = (len(windows), -1, max(1, len(self.levels)))
        outputs = [network.predict(windows).reshape(shape) for network in self.networks]
        joined = np.median(np.asarray(outputs, np.float64), axis=0)
        steps = store.restore(joined, self.settings.horizon, offsets)
        return steps if self.shifts is None else shift_quantiles(steps, self.shifts)

    def train(
        self, panel: Panel, units: Units, offsets: Any, params: dict[str, Any], seed: int
    ) -> PanelModel:
        """Return the model after training, or training on, with some windows of a panel.

        Parameters
        ----------
        panel, units, offsets :
            As for `predict`.
        params : dict
            Constructor parameters. With zero epochs, or without windows, nothing is trained.
        seed : int
        """
        store, exogenous = self._store(panel, units, None)
        windows = store.windows(self.layout, exogenous, offsets)
        if not len(windows) or params["epochs"] == 0:
            return self
        params = fill_in_epochs(params, len(windows))
        windows = replace(windows, n_drawn=params["steps_per_epoch"] * params["batch_size"])
        spec, n_members = self._spec(windows, params), params["n_members"]
        before: list[Any] = [None] * n_members
        if self.networks:
            before = list(zip(self.networks, self.histories, strict=True))
        trained = Parallel(n_jobs=params["n_jobs"], prefer="threads")(
            delayed(train_network)(
                spec,
                params,
                windows,
                None,
                seed=(seed, number, previous[1].n_epochs if previous else 0),
                previous=previous,
                name=f"member {number + 1} of {n_members}",
            )
            for number, previous in enumerate(before)
        )
        networks, histories = zip(*trained, strict=True)
        return replace(self, networks=list(networks), histories=list(histories))

    def _store(self, panel: Panel, units: Units, later: Any) -> tuple[Store, np.ndarray | None]:
        extra = self.settings.horizon
        store = Store(panel, units, extra, self.joint)
        if self.columns is None:
            return store, None
        rows = exogenous_rows(panel, extra, later, calendar=self.calendar)
        return store, self.columns.transform(rows)

    def _spec(self, windows: SeriesWindows, params: dict[str, Any]) -> EncoderDecoderSpec:
        n_targets = windows.store["values"].shape[1]
        n_known = windows.store["exogenous"].shape[1] if "exogenous" in windows.store else 0
        n_features = n_targets * (1 + self.layout.indicators) + n_known
        part = decoder_part({**params, "segment_length": self.settings.segment_length})
        return EncoderDecoderSpec(
            **recurrent_part(params),
            **quantile_part(params),
            **part,
            n_timesteps=self.settings.window,
            n_features=n_features,
            horizon=self.settings.horizon,
            n_targets=n_targets,
            n_known=n_known,
            target_features=tuple(range(n_targets)),
        )


def new_model(panel: Panel, params: dict[str, Any], horizon: int) -> PanelModel:
    """Return a model without networks: what parameters and data say before training."""
    settings = choose_settings(params, panel.lengths, panel.axis.step, horizon)
    layout = WindowLayout(
        window=settings.window,
        horizon=horizon,
        relative_to_level=params["scaler"] in ("window", "level"),
        relative_to_scale=params["scaler"] == "window",
        season=settings.season,
        indicators=bool(np.isnan(panel.values).any()),
    )
    columns = None
    if panel.exogenous is not None or params["calendar"]:
        columns = Columns.of(exogenous_rows(panel, 0, None, calendar=params["calendar"]))
    return PanelModel(
        settings=settings,
        layout=layout,
        columns=columns,
        names=[] if panel.exogenous_columns is None else list(panel.exogenous_columns),
        levels=quantile_levels(params["quantiles"]),
        joint=params["multivariate"] == "joint",
        calendar=params["calendar"],
        networks=[],
        histories=[],
    )


def held_back(panel: Panel, horizon: int) -> np.ndarray:
    """Return how many of the last steps of each instance are kept for the calibration.

    A horizon of each series of a panel; of a single series, whose steps go together, a fifth.
    """
    if len(panel) > 1:
        return np.full(len(panel), horizon)
    return np.maximum(horizon, panel.lengths // _SHARE_HELD_BACK)


def calibrate(model: PanelModel, panel: Panel, units: Units) -> PanelModel:
    """Return the model with quantiles that cover their share of what was held back."""
    horizon = model.settings.horizon
    first = np.maximum(panel.lengths - held_back(panel, horizon), 1)
    last = np.maximum(panel.lengths - horizon, first - 1)  # none where there is no horizon
    steps = model.predict(panel, units, (first, last))
    position = np.concatenate(
        [
            np.arange(low, high + 1) + start
            for low, high, start in zip(first, last, panel.start[:-1], strict=True)
        ]
    )
    truth = panel.values[position[:, None] + np.arange(horizon)]
    return replace(model, shifts=calibration_shifts(model.levels, truth, steps))


def exogenous_rows(
    panel: Panel, extra: int, later: np.ndarray | None, *, calendar: bool
) -> np.ndarray:
    """Return the columns of `X` and the calendar, unscaled, with `extra` rows per instance.

    Columns of `X` that are not given for the extra rows are NaN there.
    """
    parts = []
    if panel.exogenous is not None:
        n_columns = panel.exogenous.shape[1]
        if later is None:
            later = np.full((len(panel), extra, n_columns), np.nan)
        pieces = [
            np.concatenate([panel.exogenous[rows], beyond])
            for rows, beyond in zip(panel.rows(), later, strict=True)
        ]
        parts.append(np.concatenate(pieces))
    if calendar:
        numbers = panel.row_times(extra)
        low, high = numbers.min(), numbers.max()
        features = calendar_features(panel.axis.index(np.arange(low, high + 1)))
        parts.append(features[numbers - low])
    return np.concatenate(parts, axis=1)


def fill_in_epochs(params: dict[str, Any], n_windows: int) -> dict[str, Any]:
    """Return parameters with `epochs` and `steps_per_epoch`.

    All windows are an epoch, or 200 batches of them if there are more. There are as many epochs
    as it takes for 3000 optimizer steps, but at least 10 and at most 200.
    """
    steps = params["steps_per_epoch"]
    if steps is None:
        steps = min(_MOST_STEPS_PER_EPOCH, -(-n_windows // params["batch_size"]))
    epochs = params["epochs"]
    if epochs is None:
        epochs = min(_MOST_EPOCHS, max(_FEWEST_EPOCHS, _STEPS // steps))
    return {**params, "steps_per_epoch": steps, "epochs": epochs}
