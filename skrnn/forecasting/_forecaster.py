"""The forecaster that sktime sees."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state
from sktime.datatypes import convert_to
from sktime.forecasting.base import BaseForecaster

from ..estimators._docstrings import with_shared_sections
from ._docstrings import FORECASTER_PARAMETERS
from ._frames import later_columns, quantile_frame, relative_steps, step_frame
from ._model import PanelModel, calibrate, held_back, new_model
from ._panel import (
    Panel,
    check_columns_of_X,
    check_same_columns,
    continue_panel,
    instance_numbers,
    read_panel,
)
from ._parameters import check_parameters
from ._quantiles import interpolate_quantiles
from ._store import Units, training_offsets

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)


@partial(with_shared_sections, own=FORECASTER_PARAMETERS)
class Seq2SeqForecaster(BaseForecaster):
    """Encoder-decoder network that forecasts one series or many.

    An encoder of recurrent layers reads the last `window` steps; a decoder writes all steps up to
    the farthest that is asked for. Every window is taken relative to its own level and scale, and
    what is learned is the difference from the value one season back, so that one network serves
    series of any size and trend: a panel or a hierarchy is fitted *globally*, by one network.

    The network learns quantiles. Point forecasts are their median; intervals lie between them.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    settings_ : Settings
        Horizon, window, season and segment length that are in use.
    history_ : History
        Losses of the first network, epoch by epoch.
    n_parameters_ : int
        Trained weights of all networks.

    See Also
    --------
    Seq2SeqRegressor : The same networks over windows, in scikit-learn.

    Notes
    -----
    `fit` after `pretrain`, and `update`, train the networks on for `finetune_epochs`; with zero
    they only take note of the new values. `update` with `update_params=False` never trains.

    In `X`, steps to forecast that are not in `fh` may be left out: they take the values of the step
    before. Missing values of `X` are taken as the mean of their column.

    References
    ----------
    {references}
    {decoder references}
    .. [9] S. Smyl, "A hybrid method of exponential smoothing and recurrent neural networks for
       time series forecasting", International Journal of Forecasting 36(1), 2020.
    .. [10] Y. Romano, E. Patterson and E. Candes, "Conformalized quantile regression", NeurIPS
       2019.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skrnn import Seq2SeqForecaster
    >>> index = pd.period_range("2000-01", periods=96, freq="M")
    >>> wave = np.sin(2 * np.pi * np.arange(96) / 12)
    >>> y = pd.Series(10 + 0.1 * np.arange(96) + wave, index=index)
    >>> forecaster = Seq2SeqForecaster(units=16, epochs=20, random_state=0)
    >>> forecast = forecaster.fit(y[:84], fh=range(1, 13)).predict()
    >>> forecast.index[0]
    Period('2007-01', 'M')
    >>> bool((forecast - y[84:]).abs().max() < 1.5)
    True
    """

    _tags: ClassVar[dict[str, Any]] = {
        "authors": "skrnn developers",
        "maintainers": "skrnn developers",
        "python_dependencies": ["keras", "jax"],
        "y_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "X_inner_mtype": ["pd.DataFrame", "pd-multiindex", "pd_multiindex_hier"],
        "requires-fh-in-fit": True,
        "capability:insample": False,
        "capability:exogenous": True,
        "capability:multivariate": True,
        "capability:missing_values": True,
        "capability:categorical_in_X": False,
        "capability:pred_int": True,
        "capability:pred_int:insample": False,
        "capability:update": True,
        "capability:pretrain": True,
        "capability:unequal_length": True,
        "capability:random_state": True,
        "property:randomness": "derandomized",
    }

    # The forecaster itself keeps what forecasts and updates need.
    _config: ClassVar[dict[str, Any]] = {"remember_data": False}

    def __init__(
        self,
        window=None,
        *,
        cell="lstm",
        units=64,
        bidirectional=False,
        merge_mode="concat",
        decoder="parallel",
        segment_length=None,
        attention=False,
        linear_skip=True,
        teacher_forcing=0.5,
        dropout=0.2,
        variational_dropout=0.0,
        recurrent_dropout=0.0,
        dense_units=(),
        dense_activation="relu",
        activation="tanh",
        layer_params=None,
        sp=None,
        scaler="window",
        multivariate="independent",
        calendar=False,
        quantiles=QUANTILES,
        loss=None,
        calibrate=False,
        n_members=1,
        optimizer="adam",
        learning_rate=None,
        lr_schedule="cosine",
        clipnorm=1.0,
        epochs=None,
        steps_per_epoch=None,
        finetune_epochs=5,
        batch_size=64,
        n_jobs=None,
        verbose=0,
        random_state=None,
    ):
        self.window = window
        self.cell = cell
        self.units = units
        self.bidirectional = bidirectional
        self.merge_mode = merge_mode
        self.decoder = decoder
        self.segment_length = segment_length
        self.attention = attention
        self.linear_skip = linear_skip
        self.teacher_forcing = teacher_forcing
        self.dropout = dropout
        self.variational_dropout = variational_dropout
        self.recurrent_dropout = recurrent_dropout
        self.dense_units = dense_units
        self.dense_activation = dense_activation
        self.activation = activation
        self.layer_params = layer_params
        self.sp = sp
        self.scaler = scaler
        self.multivariate = multivariate
        self.calendar = calendar
        self.quantiles = quantiles
        self.loss = loss
        self.calibrate = calibrate
        self.n_members = n_members
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.lr_schedule = lr_schedule
        self.clipnorm = clipnorm
        self.epochs = epochs
        self.steps_per_epoch = steps_per_epoch
        self.finetune_epochs = finetune_epochs
        self.batch_size = batch_size
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state
        super().__init__()

    def __post_init__(self):
        """Finish the construction, as sktime asks for."""
        self._y = self._X = None  # filled by sktime where `remember_data` is set again
        if self.quantiles is None:
            self.set_tags(**{"capability:pred_int": False})

    def predict_rolling(self, y, X=None, alpha=None):
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

        Returns
        -------
        forecasts : float array of shape (n_origins, horizon, n_columns[, n_quantiles])
            Forecasts of all steps up to the farthest of `fh`. The first are those of row `window`
            of `y` and the ones after it, the last those of the last rows of `y`.

        Raises
        ------
        ValueError
            When `y` is too short or was not fitted, or quantiles are asked for that were not
            learned.
        """
        self.check_is_fitted()
        y, X = (
            None if data is None else convert_to(data, self._tags["y_inner_mtype"])
            for data in (y, X)
        )
        panel = read_panel(y, X, self._panel.axis)
        check_same_columns(self._panel, panel)
        horizon, window = self.settings_.horizon, self.settings_.window
        offsets = np.full(len(panel), window), panel.lengths - horizon
        units = self._units[instance_numbers(self._panel, panel)]
        if (offsets[1] < offsets[0]).any():
            raise ValueError(
                f"y has {panel.lengths.min()} rows, but a window of {window} and a horizon of "
                f"{horizon} need {window + horizon}."
            )
        steps = self._model.predict(panel, units, offsets)
        if alpha is None:
            return self._median(steps)
        if not self._model.levels:
            raise ValueError("alpha needs quantiles to have been learned: set quantiles and fit.")
        return interpolate_quantiles(self._model.levels, steps, alpha)

    def _fit(self, y, X, fh):
        before = getattr(self, "pretrained_model_", None)
        panel, params = read_panel(y, X), self._checked_params()
        horizon, units = int(relative_steps(fh, panel).max()), self._units_of(panel)
        self._remember(panel, units, self._train(panel, units, params, horizon, before))
        return self

    def _pretrain(self, y, X=None, fh=None):
        before = getattr(self, "pretrained_model_", None)
        panel, params = read_panel(y, X), self._checked_params()
        if fh is None and before is None:
            raise ValueError("pretrain needs fh, the steps ahead to learn: pass fh=[1, 2, 3].")
        horizon = before.settings.horizon if fh is None else int(relative_steps(fh, panel).max())
        units = self._units_of(panel)
        self.pretrained_model_ = self._train(panel, units, params, horizon, before)
        return self

    def _update(self, y, X=None, update_params=True):
        n_before = self._panel.end
        panel = continue_panel(self._panel, read_panel(y, X, self._panel.axis))
        model = self._model
        if update_params and self.finetune_epochs:
            # Windows whose horizon reaches into the new rows.
            n_new = panel.end - n_before
            first = np.maximum(panel.lengths - n_new - model.settings.horizon + 1, 1)
            first = np.where(n_new > 0, first, panel.lengths)
            offsets = first, panel.lengths - 1
            params = {**self._checked_params(), "epochs": self.finetune_epochs}
            model = model.train(panel, self._units, offsets, params, self._seed())
        self._remember(panel, self._units, model)
        return self

    def _predict(self, fh, X):
        median = self._median(self._forecast(fh, X))
        return step_frame(self._panel, relative_steps(fh, self._panel), median)

    def _predict_quantiles(self, fh, X, alpha):
        steps = interpolate_quantiles(self._model.levels, self._forecast(fh, X), alpha)
        return quantile_frame(self._panel, relative_steps(fh, self._panel), steps, alpha)

    @classmethod
    def get_test_params(cls, parameter_set="default"):
        """Return parameters for the tests of sktime.

        Parameters
        ----------
        parameter_set : str
            There is one set.

        Returns
        -------
        params : list of dict
        """
        small = {
            "window": 3,
            "cell": "simple",  # compiles fastest
            "units": 2,
            "epochs": 1,
            "batch_size": 8,
            "random_state": 0,
        }
        return [
            small,
            {
                **small,
                "decoder": "repeat",
                "multivariate": "joint",
                "n_members": 2,
                "finetune_epochs": 1,
            },
        ]

    # ---- Training --------------------------------------------------------------------------------

    def _train(
        self,
        panel: Panel,
        units: Units,
        params: dict[str, Any],
        horizon: int,
        before: PanelModel | None,
    ) -> PanelModel:
        """Return a model trained on a panel; one that was trained before is trained on."""
        if before is not None:
            window, ahead = before.settings.window, before.settings.horizon
            if horizon > ahead:
                raise ValueError(
                    f"fh reaches {horizon} steps ahead, but the network was pretrained for "
                    f"{ahead}. Pretrain a new forecaster with the farthest fh."
                )
            check_columns_of_X(before.names, panel.exogenous_columns)
            offsets = training_offsets(panel.lengths, window, ahead)
            params = {**params, "epochs": self.finetune_epochs}
            return before.train(panel, units, offsets, params, self._seed())
        model = new_model(panel, params, horizon)
        lengths = panel.lengths - held_back(panel, horizon) * self.calibrate
        offsets = training_offsets(lengths, model.settings.window, horizon)
        if (offsets[1] < offsets[0]).all():
            raise ValueError(
                "calibrate=True keeps the last steps of each series for itself, and too few are "
                "left to learn from. Pass longer series or set calibrate=False."
            )
        model = model.train(panel, units, offsets, params, self._seed())
        return calibrate(model, panel, units) if self.calibrate else model

    def _remember(self, panel: Panel, units: Units, model: PanelModel) -> None:
        """Keep what forecasts and updates need, and no more of the data."""
        self._model, self.settings_ = model, model.settings
        self.history_, self.n_parameters_ = model.histories[0], model.n_parameters
        self._units = units
        self._panel = panel.tail(model.settings.window + model.settings.horizon)

    def _seed(self) -> int:
        return int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))

    def _checked_params(self) -> dict[str, Any]:
        return check_parameters(self.get_params(deep=False))

    def _units_of(self, panel: Panel) -> Units:
        return Units.of(panel, scaled=self.scaler is not None)

    # ---- Forecasts -------------------------------------------------------------------------------

    def _forecast(self, fh: Any, X: Any) -> np.ndarray:
        """Return all steps up to the horizon, and the quantiles that were learned."""
        panel, horizon = self._panel, self.settings_.horizon
        steps = relative_steps(fh, panel)
        if steps.max() > horizon:
            raise ValueError(
                f"fh reaches {steps.max()} steps ahead, but the forecaster was fitted for "
                f"{horizon}. Fit it with the farthest fh."
            )
        later = later_columns(panel, X, steps, horizon)
        last = panel.lengths
        return self._model.predict(panel, self._units, (last, last), later)

    def _median(self, steps: np.ndarray) -> np.ndarray:
        levels = self._model.levels
        return steps[..., levels.index(0.5) if levels else 0]
