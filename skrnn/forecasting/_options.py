"""The parameters of the forecaster: checked, and as typed records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from sktime.forecasting.base import BaseForecaster

from ..compat._sklearn import (
    N_JOBS,
    SEVERAL,
    SHARE,
    Count,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)
from ..models._constraints import CONSTRAINTS, DECODER_CONSTRAINTS, POSITIVE_INT
from ..models._options import DecoderOptions, TrainingOptions, options_of, quantile_levels
from ._bounds import NO_BOUNDS, Bounds
from ._covariates import Covariates
from .lines import BASELINES, Baseline, sktime_baseline

_OWN: dict[str, list[Any]] = {
    "window": [POSITIVE_INT, None],
    "segment_length": [POSITIVE_INT, None],
    "sp": [Count(0), SEVERAL, None],
    "scaler": [StrOptions({"window", "level", "standard"}), None],
    "multivariate": [StrOptions({"independent", "joint"})],
    "calendar": ["boolean"],
    "past_covariates": [SEVERAL],
    "static_covariates": [SEVERAL],
    "loss": [str, callable, None],
    "calibrate": ["boolean"],
    "bounds": [SEVERAL, None],
    "n_members": [POSITIVE_INT],
    "epochs": [POSITIVE_INT, None],
    "steps_per_epoch": [POSITIVE_INT, None],
    "finetune_epochs": [Count(0)],
    "n_jobs": N_JOBS,
    "baselines": [StrOptions({"auto"}), SEVERAL],
    "effort": [Interval(Real, 0, None, closed="neither")],
    "clipnorm": [Interval(Real, 0, None, closed="neither"), None],
    "validation_fraction": [SHARE, None],
}
# Of the windows, where early stopping is asked for and no share is given.
_VALIDATION_FRACTION = 0.1
# Optimizer steps that a fit takes, if epochs and steps are not given, and the bounds of both: a
# network that sees few windows more often than that learns them by heart.
_STEPS = 3000
_MOST_STEPS_PER_EPOCH = 200
_FEWEST_EPOCHS, _MOST_EPOCHS = 10, 40


@dataclass(frozen=True, kw_only=True)
class ForecasterOptions:
    """Parameters of the forecaster; their meaning is that of the class.

    Attributes
    ----------
    decoder : DecoderOptions
        Of the networks; without their segment length where it is to be derived.
    training : TrainingOptions
        Without the number of epochs where it is to be derived.
    part, n_parts : int
        Which round of trainings it is, counted from zero, and how many there are: progress says so.
    """

    decoder: DecoderOptions
    training: TrainingOptions
    window: int | None
    segment_length: int | None
    sp: tuple[int, ...] | None
    scaler: str | None
    multivariate: str
    calendar: bool
    covariates: Covariates
    calibrate: bool
    n_members: int
    epochs: int | None
    steps_per_epoch: int | None
    finetune_epochs: int
    n_jobs: int | None
    baselines: tuple[Baseline, ...] = ()
    effort: float = 1.0
    bounds: Bounds = NO_BOUNDS
    validation_fraction: float | None = None
    part: int = 0
    n_parts: int = 1

    @property
    def held_out(self) -> float | None:
        """Share of the windows that networks are validated on, if any."""
        if self.validation_fraction is None and self.training.early_stopping:
            return _VALIDATION_FRACTION
        return self.validation_fraction

    def for_windows(self, n_windows: int) -> tuple[TrainingOptions, int]:
        """Return how to train on so many windows, and how many of them an epoch takes.

        All windows are an epoch, or 200 batches of them if there are more. There are as many epochs
        as it takes for 3000 optimizer steps, but at least 10 and at most 40; all of them times the
        effort.
        """
        batch_size, steps, epochs = self.training.batch_size, self.steps_per_epoch, self.epochs
        if steps is None:
            steps = min(_MOST_STEPS_PER_EPOCH, -(-n_windows // batch_size))
        if epochs is None:
            epochs = min(_MOST_EPOCHS, max(_FEWEST_EPOCHS, _STEPS // steps))
            epochs = max(1, round(epochs * self.effort))
        return replace(self.training, epochs=epochs), steps * batch_size

    def name_of(self, member: int) -> str:
        """Return what the progress of a training is called."""
        number, of = self.part * self.n_members + member + 1, self.n_parts * self.n_members
        purpose = " (for the weights)" if self.part else ""
        return f"Seq2SeqForecaster, training {number} of {of}{purpose}"

    def finetuning(self) -> ForecasterOptions:
        """Return the options of a network that is trained on: all windows teach it."""
        training = replace(self.training, early_stopping=False)
        return replace(
            self, training=training, epochs=self.finetune_epochs, validation_fraction=None
        )

    def for_weights(self) -> ForecasterOptions:
        """Return the options of networks that are trained to weigh members, and forecast nothing.

        Callbacks are not told of them.
        """
        return replace(self, training=replace(self.training, callbacks=None), part=1)


def read_options(params: Mapping[str, Any]) -> ForecasterOptions:
    """Return the parameters of the constructor as options.

    Raises
    ------
    ValueError
        When one has a wrong type or value, or two do not go together.
    """
    known = {**CONSTRAINTS, **DECODER_CONSTRAINTS, **_OWN}
    constraints = {name: known[name] for name in params}
    validate_parameter_constraints(constraints, params, "Seq2SeqForecaster")
    quantiles, loss = params["quantiles"], params["loss"]
    levels = quantile_levels(quantiles)
    if params["calibrate"] and quantiles is None:
        raise ValueError("calibrate=True needs quantiles: it adjusts them. Set quantiles too.")
    if quantiles is not None and loss is not None:
        raise ValueError(
            f"loss={loss!r} cannot go with quantiles, which are learned with the pinball loss. "
            "Leave loss=None, or set quantiles=None for point forecasts."
        )
    if len(levels) == 1:
        raise ValueError(
            f"quantiles={quantiles!r} is the median alone, between which there is no interval. "
            "Give more of them, or set quantiles=None for point forecasts."
        )
    if loss is None:
        loss = "mae" if quantiles is None else "mse"  # the latter stands for: not given
    return options_of(
        ForecasterOptions,
        {
            **{name: value for name, value in params.items() if name != "decoder"},
            "baselines": _baselines(params["baselines"]),
            "sp": _seasons(params["sp"]),
            "bounds": Bounds.of(params["bounds"]),
            "covariates": Covariates.of(params["past_covariates"], params["static_covariates"]),
        },
        decoder=options_of(
            DecoderOptions, {**params, "segment_length": params["segment_length"] or 1}
        ),
        training=options_of(
            TrainingOptions,
            {**params, "loss": loss, "epochs": params["epochs"] or 0},
            levels=levels,
        ),
    )


def _baselines(baselines: Any) -> tuple[Baseline, ...]:
    if isinstance(baselines, str):  # "auto"
        return tuple(BASELINES.values())
    found: dict[str, Baseline] = {}
    for one in baselines:
        if isinstance(one, BaseForecaster):
            baseline = sktime_baseline(one, found)
        elif isinstance(one, str) and one in BASELINES:
            baseline = BASELINES[one]
        else:
            raise ValueError(
                f"baselines has {one!r}, which is not known. Choose among {list(BASELINES)} and "
                'forecasters of sktime, or set baselines="auto" for all that have a name.'
            )
        found[baseline.name] = baseline
    return tuple(found.values())


def _seasons(sp: Any) -> tuple[int, ...] | None:
    """Return the periods that are given, shortest first."""
    if sp is None:
        return None
    periods = np.atleast_1d(sp)
    whole = periods.size and all(isinstance(one, Integral) for one in periods.ravel())
    if not whole or periods.ndim > 1 or (periods.size > 1 and periods.min() < 2):
        raise ValueError(
            f"sp={sp!r} is no period. Give a whole number of steps, or several from 2 on, as in "
            "sp=(24, 168)."
        )
    return tuple(sorted({int(one) for one in periods}))
