"""Constraints of the constructor parameters, and what scikit-learn's constraints cannot say."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from ..networks._spec import CELLS, DECODERS, MERGE_MODES, POOLINGS
from ..scaling import SCALERS
from ..validation import LAYOUTS

_POSITIVE_INT = Interval(Integral, 1, None, closed="left")
_RATE = Interval(Real, 0, 1, closed="left")
_SCALER_NAMES = StrOptions({*SCALERS, "window"})
_BOTH_WAYS = HasMethods(["fit", "transform", "inverse_transform"])

CONSTRAINTS: dict[str, list[Any]] = {
    "units": [_POSITIVE_INT, "array-like"],
    "bidirectional": ["boolean", "array-like"],
    "merge_mode": [StrOptions(set(MERGE_MODES))],
    "dropout": [_RATE],
    "variational_dropout": [_RATE],
    "recurrent_dropout": [_RATE],
    "attention": ["boolean"],
    "skip_connections": ["boolean"],
    "return_sequences": ["boolean"],
    "embedding_dim": [_POSITIVE_INT, None],
    "filters": [_POSITIVE_INT, "array-like"],
    "kernel_size": [_POSITIVE_INT, "array-like"],
    "pooling": [StrOptions(set(POOLINGS))],
    "dense_units": [_POSITIVE_INT, "array-like"],
    "dense_activation": [str, callable],
    "activation": [str, callable],
    "layer_params": [dict, None],
    "layout": [StrOptions(set(LAYOUTS))],
    "n_variables": [_POSITIVE_INT],
    "input_scaler": [_SCALER_NAMES, HasMethods(["fit", "transform"]), None],
    "target_scaler": [_SCALER_NAMES, _BOTH_WAYS, None],
    "target_feature": [Integral, None],
    "seasonal_lag": [_POSITIVE_INT, None],
    "loss": [str, callable],
    "quantiles": ["array-like", None],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "optimizer": [str, HasMethods(["get_config", "stateless_apply"])],
    "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
    "lr_schedule": [StrOptions({"cosine", "plateau"}), callable, None],
    "clipnorm": [Interval(Real, 0, None, closed="neither"), None],
    "epochs": [_POSITIVE_INT],
    "batch_size": [_POSITIVE_INT],
    "shuffle": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
    "n_iter_no_change": [_POSITIVE_INT],
    "tol": [Interval(Real, 0, None, closed="left")],
    "callbacks": ["array-like", HasMethods(["on_epoch_end"]), None],
    "warm_start": ["boolean"],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}
CELL_CONSTRAINTS: dict[str, list[Any]] = {
    "cell": [StrOptions(set(CELLS))],
    "network": [callable, None],
}
DECODER_CONSTRAINTS: dict[str, list[Any]] = {
    "cell": CELL_CONSTRAINTS["cell"],
    "decoder": [StrOptions(set(DECODERS))],
    "segment_length": [_POSITIVE_INT],
    "linear_skip": ["boolean"],
    "teacher_forcing": [Interval(Real, 0, 1, closed="both")],
}


def layer_units(units: Any, name: str = "units") -> tuple[int, ...]:
    """Return the units, or filters, of each recurrent layer.

    Raises
    ------
    ValueError
        When there is none, or one is no positive integer.
    """
    return _positive_ints(name, units, "one per recurrent layer", at_least=1)


def kernel_shape(kernel_size: Any) -> tuple[int, int]:
    """Return height and width of a kernel.

    Raises
    ------
    ValueError
        When they are no positive integers, or not one or two.
    """
    sizes = _positive_ints("kernel_size", kernel_size, "height and width", at_least=1)
    if len(sizes) > 2:
        raise ValueError(f"kernel_size must be one or two integers, not {kernel_size!r}.")
    return sizes[0], sizes[-1]


def dense_layer_units(units: Any) -> tuple[int, ...]:
    """Return the units of each dense layer."""
    return _positive_ints("dense_units", units, "one per dense layer", at_least=0)


def layer_directions(bidirectional: Any, n_layers: int) -> tuple[bool, ...]:
    """Return for each recurrent layer whether it is bidirectional.

    Raises
    ------
    ValueError
        When there are not as many as layers.
    """
    if isinstance(bidirectional, Integral) or not hasattr(bidirectional, "__len__"):
        return (bool(bidirectional),) * n_layers
    if len(bidirectional) != n_layers:
        raise ValueError(
            f"bidirectional has {len(bidirectional)} entries but units has {n_layers}. Give one "
            "bool for all recurrent layers, or one per layer."
        )
    return tuple(bool(value) for value in bidirectional)


def quantile_levels(quantiles: Any) -> tuple[float, ...]:
    """Return the quantiles that a network learns: those asked for and the median, or none.

    Raises
    ------
    ValueError
        When there is none, or one is not between 0 and 1.
    """
    if quantiles is None:
        return ()
    levels = [float(level) for level in np.ravel(quantiles)]
    wrong = [level for level in levels if not 0 < level < 1]
    if wrong or not levels:
        found = f"{wrong[0]} is not" if wrong else "there is none"
        raise ValueError(f"quantiles must lie between 0 and 1, but {found}: {quantiles}.")
    return tuple(sorted({0.5, *levels}))


def check_instances(estimator: Any) -> None:
    """Raise where a class was passed instead of an instance of it."""
    for name in ("input_scaler", "target_scaler", "optimizer"):
        value = getattr(estimator, name, None)
        if isinstance(value, type):
            raise ValueError(
                f"{name} is the class {value.__name__}. Pass an instance of it: {value.__name__}()."
            )


def check_target_feature(estimator: Any, shape: tuple[int, ...]) -> int:
    """Return the feature that holds the past of the target, for a target scaler "window".

    Raises
    ------
    ValueError
        When `target_feature` or `seasonal_lag` do not go with the target scaler or the data.
    """
    n_timesteps, n_features = shape[0], shape[-1]
    feature, lag = estimator.target_feature, estimator.seasonal_lag
    if estimator.target_scaler != "window":
        if lag is not None:
            raise ValueError(
                f'seasonal_lag={lag} needs target_scaler="window". Set both, or neither.'
            )
        return 0
    for name in ("return_sequences", "embedding_dim"):
        if getattr(estimator, name, None):
            raise ValueError(
                f'target_scaler="window" takes a target relative to the past in its window, which '
                f'does not go with {name}. Use target_scaler="standard".'
            )
    if len(shape) > 2:
        raise ValueError(
            'target_scaler="window" does not go with frames, which hold no past of y. Use '
            'target_scaler="standard".'
        )
    if feature is None and n_features > 1:
        raise ValueError(
            f"X has {n_features} features: set target_feature to the number of the one that holds "
            'the past of y, which target_scaler="window" needs.'
        )
    if feature is not None and not -n_features <= feature < n_features:
        raise ValueError(
            f"target_feature={feature} is out of range: X has {n_features} features, from 0 on."
        )
    if lag is not None and lag > n_timesteps:
        raise ValueError(
            f"seasonal_lag={lag} reaches back before the window of {n_timesteps} steps. Use longer "
            "sequences or a smaller lag."
        )
    return feature or 0


def _positive_ints(name: str, values: Any, what: str, at_least: int) -> tuple[int, ...]:
    values = [values] if isinstance(values, Integral) else list(values)
    wrong = [value for value in values if not isinstance(value, Integral) or value < 1]
    if wrong or len(values) < at_least:
        found = f"{wrong[0]!r} is not" if wrong else "there is none"
        raise ValueError(f"{name} must be positive integers, {what}, but {found}: {name}={values}.")
    return tuple(int(value) for value in values)
