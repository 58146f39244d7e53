"""Parameters of the forecaster, checked."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.utils._param_validation import Interval, StrOptions, validate_parameter_constraints

from ..estimators._parameters import CONSTRAINTS, DECODER_CONSTRAINTS, quantile_levels

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
    "clipnorm": [Interval(Real, 0, None, closed="neither"), None],
}
# What the engine asks for and a forecaster does not offer.
_FIXED = {"callbacks": None, "early_stopping": False, "n_iter_no_change": 10, "tol": 0.0}


def check_parameters(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters as the engine takes them.

    Raises
    ------
    ValueError
        When one has a wrong type or value, or two do not go together.
    """
    known = {**CONSTRAINTS, **DECODER_CONSTRAINTS, **_OWN}
    constraints = {name: known[name] for name in params}
    validate_parameter_constraints(constraints, params, "Seq2SeqForecaster")
    if params["calibrate"] and params["quantiles"] is None:
        raise ValueError("calibrate=True needs quantiles: it adjusts them. Set quantiles too.")
    if params["quantiles"] is not None and params["loss"] is not None:
        raise ValueError(
            f"loss={params['loss']!r} cannot go with quantiles, which are learned with the pinball "
            "loss. Leave loss=None, or set quantiles=None for point forecasts."
        )
    if len(quantile_levels(params["quantiles"])) == 1:
        raise ValueError(
            f"quantiles={params['quantiles']!r} is the median alone, between which there is no "
            "interval. Give more of them, or set quantiles=None for point forecasts."
        )
    loss = params["loss"]
    if loss is None:
        loss = "mae" if params["quantiles"] is None else "mse"  # the latter stands for: not given
    return {**params, **_FIXED, "loss": loss, "shuffle": True, "warm_start": False}
