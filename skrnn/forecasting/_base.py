"""A network over panels as sktime sees it: fit, update, forecasts and their frames."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from scipy.stats import norm
from sklearn.utils import check_random_state

from ..compat._snapshot import of_one_moment
from ._bounds import Bounds
from ._combination import (
    Combination,
    choose_origins,
    combine_with_lines,
    panel_before,
)
from ._frames import (
    StepValues,
    later_columns,
    member_frame,
    quantile_frame,
    relative_steps,
    rolling_frame,
    step_frame,
)
from ._guarded import GuardedForecaster
from ._horizons import read_levels
from ._input_checks import keys_of, over_all_series
from ._options import ForecasterOptions, read_options
from ._panel import (
    Panel,
    check_columns_of_X,
    check_same_columns,
    continue_panel,
    instance_numbers,
    read_panel,
)
from ._panel_model import PanelModel, calibrate, held_back, new_model
from ._quantiles import interpolate_quantiles
from ._report import error_frame, summary, warn_where_behind, weight_frame
from ._settings import Settings, choose_settings
from ._store import SeriesScale, training_offsets


class PanelForecaster(GuardedForecaster):
    """What the forecaster does; its parameters are those of the subclass."""

    _tags: ClassVar[dict[str, Any]] = {
        "authors": "skrnn developers",
        "maintainers": "skrnn developers",
        "python_dependencies": ["keras", "jax"],
        "y_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "X_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "requires-fh-in-fit": True,
        "X-y-must-have-same-index": False,  # the panel says it in better words
        "capability:insample": True,
        "capability:exogenous": True,
        "capability:multivariate": True,
        "capability:missing_values": True,
        "capability:categorical_in_X": True,
        "capability:pred_int": True,
        "capability:pred_int:insample": True,
        "capability:update": True,
        "capability:pretrain": True,
        "capability:unequal_length": True,
        "capability:random_state": True,
        "property:randomness": "derandomized",
    }

    # The forecaster itself keeps what forecasts and updates need.
    _config: ClassVar[dict[str, Any]] = {"remember_data": False}

    def __post_init__(self):
        """Finish the construction, as sktime asks for."""
        self._y = self._X = None  # filled by sktime where `remember_data` is set again
        if self.quantiles is None:
            self.set_tags(**{"capability:pred_int": False})

    @of_one_moment
    def predict_rolling(self, y, X=None, alpha=None, as_frame=False):
        """Forecast from every time of a series that has a whole window before it.

        Nothing is trained, and no forecast sees a value at or after its own first step: what
        `update(..., update_params=False)` and `predict` would give, time by time, in one pass.

        Parameters
        ----------
        y : pandas.Series or pandas.DataFrame
            The series of `fit`, or some of them, with the same columns.
        X : pandas.DataFrame, optional
            Exogenous columns at all times of `y`, if there were any in `fit`.
        alpha : list of float in (0, 1), optional
            Quantiles to return in place of the point forecasts.
        as_frame : bool, default=False
            Return a frame that says of what each forecast is.

        Returns
        -------
        forecasts : float array of shape (n_origins, horizon, n_columns[, n_quantiles])
            Forecasts of all steps up to the farthest of `fh`. The first are those of row `window`
            of `y` and the ones after it, the last those of the last rows of `y`. With `as_frame` a
            DataFrame with a row for each origin (the last time that is known) and step, behind the
            levels of the instances in a panel; columns are those of `y`, or (column, quantile).

        Raises
        ------
        ValueError
            When `y` is too short or was not fitted, or quantiles are asked for that were not
            learned.
        """
        self.check_is_fitted()
        y, X = self._frame_of("y", y), None if X is None else self._frame_of("X", X)
        panel = self._read_later(y, self._numbers(over_all_series(X, keys_of(y))))
        check_same_columns(self._panel, panel)
        horizon, reach = self.settings_.horizon, self.settings_.window
        offsets = np.full(len(panel), reach), panel.lengths - horizon
        scale = self._scale[instance_numbers(self._panel, panel)]
        if (offsets[1] < offsets[0]).any():
            raise ValueError(
                f"y has {panel.lengths.min()} rows, but a window of {reach} and a horizon of "
                f"{horizon} need {reach + horizon}."
            )
        steps = self._steps(panel, scale, offsets)
        alpha = None if alpha is None else read_levels("alpha", alpha)
        if alpha is None:
            found = steps[..., self._model.middle]
        elif self._model.levels:
            found = _quantiles(self, steps, alpha)
        else:
            raise ValueError("alpha needs quantiles to have been learned: set quantiles and fit.")
        return rolling_frame(panel, offsets, found, alpha) if as_frame else found

    @of_one_moment
    def predict_members(self, fh=None, X=None):
        """Forecast with each member of the combination by itself.

        Parameters
        ----------
        fh : int, list of int or ForecastingHorizon, optional
            Steps ahead; those of `fit` where not given.
        X : pandas.DataFrame, optional
            Exogenous columns at the times to forecast, if there were any in `fit`.

        Returns
        -------
        forecasts : pandas.DataFrame
            Rows are those of `predict`, columns (variable, member); the network is the last
            member, or the only one. NaN where a member has no forecast.
        """
        self.check_is_fitted()
        fh = self._check_fh(fh)
        X, _ = self._check_X_y(X=X)
        panel = self._panel.tail(_reach(self._model, self._combination) + self.settings_.horizon)
        last, asked = panel.lengths, _steps_within(fh, panel, self.settings_.horizon)
        if (asked < 1).any():
            raise ValueError(
                f"fh has {asked.min()} as a number of steps ahead: members forecast what comes "
                "after the end of y. Use positive numbers, or times after the last of y."
            )
        later = later_columns(panel, X, asked, self.settings_.horizon, self._model.covariates)
        steps = self._model.predict(panel, self._scale, (last, last), later)
        network = steps[..., self._model.middle]
        if self._combination is None:
            names, members = ["network"], network.swapaxes(1, 2)[None]
        else:
            names, everyone = self._combination.names, np.arange(len(panel))
            _, members = self._combination.members(panel, (last, last), network, everyone)
        return member_frame(panel, asked, names, Bounds.of(self.bounds).keep(members))

    def _fit(self, y, X, fh):
        before = getattr(self, "pretrained_model_", None)
        panel, options = self._read(y, X)
        # A forecaster of past steps alone learns to forecast the next one.
        horizon, scale = max(1, int(relative_steps(fh, panel).max())), _scale_of(panel, options)
        origins = choose_origins(options, panel, horizon)
        settings = _settings_of(panel_before(panel, origins), options, horizon, before)
        options = replace(options, n_parts=2 if len(origins) else 1)
        model = self._train(panel, scale, options, settings, before)
        combination = None
        if options.baselines:

            def train(part: Panel) -> tuple[PanelModel, SeriesScale]:
                own, room = _scale_of(part, options), int(origins[0])
                return self._train(part, own, options.for_weights(), settings, before, room), own

            combination = combine_with_lines(options, panel, origins, (model, scale), train)
            warn_where_behind(combination)
        self._remember(panel, scale, model, combination)
        return self

    def _pretrain(self, y, X=None, fh=None):
        before = getattr(self, "pretrained_model_", None)
        panel, options = self._read(y, X)
        if fh is None and before is None:
            raise ValueError("pretrain needs fh, the steps ahead to learn: pass fh=[1, 2, 3].")
        steps = before.settings.horizon if fh is None else relative_steps(fh, panel).max()
        horizon = max(1, int(steps))
        settings = _settings_of(panel, options, horizon, before)
        scale = _scale_of(panel, options)
        self.pretrained_model_ = self._train(panel, scale, options, settings, before)
        return self

    def _update(self, y, X=None, update_params=True):
        n_before = self._panel.end
        later = self._read_later(y, X)
        Bounds.of(self.bounds).check(later)
        panel = continue_panel(self._panel, later)
        model = self._model
        if update_params and self.finetune_epochs:
            # Windows whose horizon reaches into the new rows.
            n_new = panel.end - n_before
            first = np.maximum(panel.lengths - n_new - model.settings.horizon + 1, 1)
            first = np.where(n_new > 0, first, panel.lengths)
            offsets = first, panel.lengths - 1
            options = read_options(self.get_params(deep=False)).finetuning()
            model = model.train(panel, self._scale, offsets, options, _draw_seed(self.random_state))
        self._remember(panel, self._scale, model, self._combination)
        return self

    def _predict(self, fh, X):
        found = self._forecast(_steps_within(fh, self._panel, self.settings_.horizon), X)
        return step_frame(found.values[..., self._model.middle], found.index, self._panel.columns)

    def _predict_quantiles(self, fh, X, alpha):
        found = self._forecast(_steps_within(fh, self._panel, self.settings_.horizon), X)
        values = _quantiles(self, found.values, alpha)
        return quantile_frame(values, found.index, self._panel.columns, alpha)

    def _predict_var(self, fh, X, cov=False):
        # That of sktime looks columns up by their names, which may be tuples.
        found = self._forecast(_steps_within(fh, self._panel, self.settings_.horizon), X)
        quartiles = _quantiles(self, found.values, [0.25, 0.75])
        deviation = (quartiles[..., 1] - quartiles[..., 0]) / (2 * norm.ppf(0.75))
        return step_frame(deviation**2, found.index, self._panel.columns)

    # ---- Data and parameters ---------------------------------------------------------------------

    def _read(self, y: Any, X: Any) -> tuple[Panel, ForecasterOptions]:
        """Return series to learn from, and how."""
        panel, options = read_panel(y, X), read_options(self.get_params(deep=False))
        options.bounds.check(panel)
        categories = None if X is None else self._categories
        covariates = options.covariates.encoded(panel.exogenous_columns, categories)
        return panel, replace(options, covariates=covariates)

    def _read_later(self, y: Any, X: Any) -> Panel:
        """Return later values of the series, with the static columns that are known."""
        covariates = self._model.covariates
        X = covariates.without_static(X, self._panel)
        return covariates.with_static(self._panel, read_panel(y, X, self._panel.axis))

    # ---- Training --------------------------------------------------------------------------------

    def _train(
        self,
        panel: Panel,
        scale: SeriesScale,
        options: ForecasterOptions,
        settings: Settings,
        before: PanelModel | None,
        room: int = 0,
    ) -> PanelModel:
        """Return a model trained on a panel; one that was trained before is trained on."""
        if before is not None:
            check_columns_of_X(before.names, panel.exogenous_columns)
            offsets = training_offsets(panel.lengths, settings.window, settings.horizon)
            options = options.finetuning()
            return before.train(panel, scale, offsets, options, _draw_seed(self.random_state), room)
        model = new_model(panel, options, settings)
        calibrates = options.calibrate and not options.baselines
        lengths = panel.lengths - held_back(panel, settings.horizon) * calibrates
        offsets = training_offsets(lengths, settings.window, settings.horizon)
        if (offsets[1] < offsets[0]).all():
            raise ValueError(
                "calibrate=True keeps the last steps of each series for itself, and too few are "
                "left to learn from. Pass longer series or set calibrate=False."
            )
        model = model.train(panel, scale, offsets, options, _draw_seed(self.random_state), room)
        return calibrate(model, panel, scale) if calibrates else model

    def _remember(
        self,
        panel: Panel,
        scale: SeriesScale,
        model: PanelModel,
        combination: Combination | None,
    ) -> None:
        """Keep what forecasts and updates need."""
        self._model, self.settings_, self._combination = model, model.settings, combination
        if combination is not None:
            self.weights_ = weight_frame(combination, panel)
            self.validation_errors_ = error_frame(combination)
            self.summary_ = summary(combination)
        self.history_, self.n_parameters_ = model.members[0].history, model.n_parameters
        self._scale, self._panel = scale, panel

    # ---- Forecasts -------------------------------------------------------------------------------

    def _forecast(self, steps: np.ndarray, X: Any = None) -> StepValues:
        """Return forecasts of steps ahead of each instance, and the quantiles that were learned.

        A step of the past is forecast from the one before it.
        """
        panel, horizon = self._panel, self.settings_.horizon
        ahead = past = None
        if (steps > 0).any():
            recent = panel.tail(_reach(self._model, self._combination) + horizon)
            covariates = self._model.covariates
            later = later_columns(recent, X, np.maximum(steps, 1), horizon, covariates)
            last = recent.lengths
            ahead = self._steps(recent, self._scale, (last, last), later)
        if (steps <= 0).any():
            first = np.maximum(panel.lengths + steps.min(axis=1) - 1, 0)
            past = self._steps(panel, self._scale, (first, panel.lengths - 1))[:, 0]
        return StepValues.of(panel, steps, ahead, past)

    def _steps(self, panel: Panel, scale: SeriesScale, offsets: Any, later: Any = None) -> Any:
        """Return what the network says, or all members together, within the bounds."""
        steps = self._model.predict(panel, scale, offsets, later)
        if self._combination is not None:
            fitted = instance_numbers(self._panel, panel)
            steps = self._combination.apply(
                panel, offsets, steps, middle=self._model.middle, fitted=fitted
            )
        return Bounds.of(self.bounds).keep(steps)


def _quantiles(forecaster: PanelForecaster, steps: np.ndarray, alpha: Any) -> np.ndarray:
    """Return quantiles of steps; extrapolated ones stay within the bounds too."""
    found = interpolate_quantiles(forecaster._model.levels, steps, alpha)
    return Bounds.of(forecaster.bounds).keep(found)


def _steps_within(fh: Any, panel: Panel, horizon: int) -> np.ndarray:
    """Return how many steps ahead `fh` is, as `relative_steps` does, up to the horizon."""
    steps = relative_steps(fh, panel)
    if steps.max() > horizon:
        raise ValueError(
            f"fh reaches {steps.max()} steps ahead, but the forecaster was fitted for {horizon}. "
            "Fit it with the farthest fh."
        )
    return steps


def _reach(model: PanelModel, combination: Combination | None) -> int:
    """Return how many steps forecasts look back."""
    window = model.settings.window
    return window if combination is None else max(window, combination.reach)


def _settings_of(
    panel: Panel, options: ForecasterOptions, horizon: int, before: PanelModel | None
) -> Settings:
    """Return the settings for a panel, or those of the network that was trained before."""
    if before is None:
        return choose_settings(options, panel, horizon)
    ahead = before.settings.horizon
    if horizon > ahead:
        raise ValueError(
            f"fh reaches {horizon} steps ahead, but the network was pretrained for {ahead}. "
            "Pretrain a new forecaster with the farthest fh."
        )
    return before.settings


def _scale_of(panel: Panel, options: ForecasterOptions) -> SeriesScale:
    return SeriesScale.of(panel, scaled=options.scaler is not None)


def _draw_seed(random_state: Any) -> int:
    return int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
