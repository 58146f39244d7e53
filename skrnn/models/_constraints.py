"""Types and ranges of the constructor parameters, shared by both faces."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from ..compat._sklearn import SEVERAL, SHARE, SPLITTER, Count, HasMethods, Interval, StrOptions
from ..inputs._arrange import LAYOUTS
from ..networks._kinds import CELLS, DECODERS
from ..networks._spec import FRAME_POOLINGS, MERGE_MODES, TIME_POOLINGS
from ..scaling._columns import SCALERS
from ..scaling._windows import WINDOW_SCALERS, is_window_scaler

POSITIVE_INT = Count(1)
_RATE = Interval(Real, 0, 1, closed="left")
_SCALER_NAMES = StrOptions({*SCALERS, *WINDOW_SCALERS})
_BOTH_WAYS = HasMethods(["fit", "transform", "inverse_transform"])

CONSTRAINTS: dict[str, list[Any]] = {
    "units": [POSITIVE_INT, SEVERAL],
    "bidirectional": ["boolean", SEVERAL],
    "merge_mode": [StrOptions(set(MERGE_MODES))],
    "dropout": [_RATE],
    "variational_dropout": [_RATE],
    "recurrent_dropout": [_RATE],
    "attention": ["boolean"],
    "linear_skip": ["boolean"],
    "skip_connections": ["boolean"],
    "return_sequences": ["boolean"],
    "embedding_dim": [POSITIVE_INT, None],
    "filters": [POSITIVE_INT, SEVERAL],
    "kernel_size": [POSITIVE_INT, SEVERAL],
    "pooling": [StrOptions(set(TIME_POOLINGS))],
    "dense_units": [POSITIVE_INT, SEVERAL],
    "dense_activation": [str, callable],
    "activation": [str, callable],
    "layer_params": [dict, None],
    "layout": [StrOptions(set(LAYOUTS))],
    "n_variables": [POSITIVE_INT],
    "input_scaler": [_SCALER_NAMES, HasMethods(["fit", "transform"]), None],
    "target_scaler": [_SCALER_NAMES, _BOTH_WAYS, None],
    "target_feature": [Integral, None],
    "seasonal_lag": [POSITIVE_INT, None],
    "loss": [str, callable],
    "quantiles": [SEVERAL, None],
    "class_weight": [dict, StrOptions({"balanced"}), None],
    "optimizer": [str, HasMethods(["get_config", "stateless_apply"])],
    "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
    "lr_schedule": [StrOptions({"cosine", "plateau"}), callable, None],
    "clipnorm": [Interval(Real, 0, None, closed="neither"), None],
    "epochs": [POSITIVE_INT],
    "batch_size": [POSITIVE_INT],
    "shuffle": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [SHARE, SPLITTER],
    "n_iter_no_change": [POSITIVE_INT],
    "tol": [Interval(Real, 0, None, closed="left")],
    "metrics": [str, dict, SEVERAL, HasMethods(["update_state"]), callable, None],
    "monitor": [str],
    "callbacks": [SEVERAL, HasMethods(["on_epoch_end"]), None],
    "warm_start": ["boolean"],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}
# Names of kinds are looked up when they are checked: kinds can be added.
CELL_CONSTRAINTS: dict[str, list[Any]] = {
    "cell": [StrOptions(CELLS.keys())],
    "network": [callable, None],
}
DECODER_CONSTRAINTS: dict[str, list[Any]] = {
    "cell": CELL_CONSTRAINTS["cell"],
    "decoder": [StrOptions(DECODERS.keys())],
    "segment_length": [POSITIVE_INT],
    "teacher_forcing": [Interval(Real, 0, 1, closed="both")],
}
FRAME_CONSTRAINTS: dict[str, list[Any]] = {
    **CONSTRAINTS,
    "pooling": [StrOptions(set(FRAME_POOLINGS))],
    # No target stands in the units of a frame.
    "target_scaler": [StrOptions(set(SCALERS)), _BOTH_WAYS, None],
}


def check_instances(estimator: Any) -> None:
    """Raise where a class was passed instead of an instance of it."""
    for name in ("input_scaler", "target_scaler", "optimizer"):
        value = getattr(estimator, name, None)
        if isinstance(value, type):
            raise ValueError(
                f"{name} is the class {value.__name__}. Pass an instance of it: {value.__name__}()."
            )


def check_target_feature(estimator: Any, shape: tuple[int, ...]) -> int:
    """Return the feature that holds the past of the target, for targets relative to windows.

    Raises
    ------
    ValueError
        When `target_feature` or `seasonal_lag` do not go with the target scaler or the data.
    """
    n_timesteps, n_features = shape[0], shape[-1]
    feature, lag = estimator.target_feature, estimator.seasonal_lag
    choice = estimator.target_scaler
    if not is_window_scaler(choice):
        for name, value in (("seasonal_lag", lag), ("target_feature", feature)):
            if value is not None:
                raise ValueError(
                    f'{name}={value} needs target_scaler="window", "level" or "log". Set both, or '
                    "neither."
                )
        return 0
    for name in ("return_sequences", "embedding_dim"):
        if getattr(estimator, name, None):
            raise ValueError(
                f'target_scaler="{choice}" takes a target relative to the past in its window, '
                f'which does not go with {name}. Use target_scaler="standard".'
            )
    if len(shape) > 2:
        raise ValueError(
            f'target_scaler="{choice}" does not go with frames, which hold no past of y. Use '
            'target_scaler="standard".'
        )
    if feature is None and n_features > 1:
        raise ValueError(
            f"X has {n_features} features: set target_feature to the number of the one that holds "
            f'the past of y, which target_scaler="{choice}" needs.'
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
