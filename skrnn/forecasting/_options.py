"""The parameters of the forecaster: checked, and as typed records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Integral, Real
from typing import Any

from ..compat._sklearn import Interval, StrOptions, validate_parameter_constraints
from ..models._constraints import CONSTRAINTS, DECODER_CONSTRAINTS
from ..models._options import DecoderOptions, TrainingOptions, options_of, quantile_levels
from ._lines import BASELINES

_POSITIVE_INT = Interval(Integral, 1, None, closed="left")
_OWN: dict[str, list[Any]] = {
    "window": [_POSITIVE_INT, None],
    "segment_length": [_POSITIVE_INT, None],
    "sp": [Interval(Integral, 0, None, closed="left"), None],
    "scaler": [StrOptions({"window", "level", "standard"}), None],
    "multivariate": [StrOptions({"independent", "joint"})],
    "calendar": ["boolean"],
    "loss": [str, callable, None],
    "calibrate": ["boolean"],
    "n_members": [_POSITIVE_INT],
    "epochs": [_POSITIVE_INT, None],
    "steps_per_epoch": [_POSITIVE_INT, None],
    "finetune_epochs": [Interval(Integral, 0, None, closed="left")],
    "n_jobs": [Integral, None],
    "baselines": [StrOptions({"auto"}), "array-like"],
    "clipnorm": [Interval(Real, 0, None, closed="neither"), None],
}
# Optimizer steps that a fit takes, if epochs and steps are not given, and the bounds of both.
_STEPS = 3000
_MOST_STEPS_PER_EPOCH = 200
_FEWEST_EPOCHS, _MOST_EPOCHS = 10, 200


@dataclass(frozen=True, kw_only=True)
class ForecasterOptions:
    """Parameters of the forecaster; their meaning is that of the class.

    Attributes
    ----------
    decoder : DecoderOptions
        Of the networks; without their segment length where it is to be derived.
    training : TrainingOptions
        Without the number of epochs where it is to be derived.
    """

    decoder: DecoderOptions
    training: TrainingOptions
    window: int | None
    segment_length: int | None
    sp: int | None
    scaler: str | None
    multivariate: str
    calendar: bool
    calibrate: bool
    n_members: int
    epochs: int | None
    steps_per_epoch: int | None
    finetune_epochs: int
    n_jobs: int | None
    baselines: tuple[str, ...] = ()

    def for_windows(self, n_windows: int) -> tuple[TrainingOptions, int]:
        """Return how to train on so many windows, and how many of them an epoch takes.

        All windows are an epoch, or 200 batches of them if there are more. There are as many epochs
        as it takes for 3000 optimizer steps, but at least 10 and at most 200.
        """
        batch_size, steps, epochs = self.training.batch_size, self.steps_per_epoch, self.epochs
        if steps is None:
            steps = min(_MOST_STEPS_PER_EPOCH, -(-n_windows // batch_size))
        if epochs is None:
            epochs = min(_MOST_EPOCHS, max(_FEWEST_EPOCHS, _STEPS // steps))
        return replace(self.training, epochs=epochs), steps * batch_size

    def finetuning(self) -> ForecasterOptions:
        """Return the options of a network that is trained on."""
        return replace(self, epochs=self.finetune_epochs)


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
            "baselines": _baseline_names(params.get("baselines", ())),
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


def _baseline_names(baselines: Any) -> tuple[str, ...]:
    if isinstance(baselines, str):  # "auto"
        return tuple(BASELINES)
    unknown = [name for name in baselines if name not in BASELINES]
    if unknown:
        raise ValueError(
            f"baselines has {unknown[0]!r}, which is not known. Choose among {list(BASELINES)}, or "
            'set baselines="auto" for all of them.'
        )
    return tuple(dict.fromkeys(baselines))
