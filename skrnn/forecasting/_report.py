"""What a combination has to say for itself: weights, errors, and a sentence about them."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from ._combination import NETWORK, Combination
from ._panel import Panel
from ._weights import mean_of_known
from .lines import Repetition


def weight_frame(combination: Combination, panel: Panel) -> pd.DataFrame:
    """Return the weight of each member in each series: a row per series."""
    return pd.DataFrame(combination.weights.T, _series_index(panel), combination.names)


def error_frame(combination: Combination) -> pd.DataFrame:
    """Return the mean absolute error of members at each origin, over all series."""
    mean = mean_of_known(combination.errors, axis=2)
    index = pd.Index(combination.origins, name="steps held back")
    return pd.DataFrame(mean.T, index, combination.names)


def summary(combination: Combination) -> str:
    """Return in a sentence which member carries the forecast, and what the network is worth."""
    names, weights = combination.names, combination.weights.mean(axis=1)
    first = int(np.argmax(weights))
    if not len(combination.origins):
        return "Series are too short to hold a part back: all members have the same weight."
    text = (
        f"{names[first].capitalize()} carries the forecast with {weights[first]:.0%} of the weight"
    )
    if len(names) == 1:
        return text + "."
    ratios = [_error_ratio(combination, number) for number in range(len(names) - 1)]
    best = int(np.nanargmax(ratios)) if np.isfinite(ratios).any() else None
    if names[first] != NETWORK:
        text += f"; the network has {weights[-1]:.0%}"
    if best is None:
        return text + "."
    return (
        f"{text}. On what was held back, the error of the network is {ratios[best]:.2f} times that "
        f"of the {names[best]}, the best baseline."
    )


def warn_where_behind(combination: Combination) -> None:
    """Warn where the network alone is behind a baseline that learns nothing."""
    naive = [n for n, line in enumerate(combination.lines) if isinstance(line, Repetition)]
    if not naive:
        return
    number = naive[-1]  # the longest season comes last
    ratio = _error_ratio(combination, number)
    if ratio > 1:
        share = combination.weights[-1].mean()
        warnings.warn(
            f"On what was held back, the error of the network alone is {ratio:.2f} times that of "
            f"the {combination.names[number]}; its weight in the forecast is {share:.0%}. See "
            "validation_errors_ and weights_.",
            stacklevel=5,  # whoever calls fit, which calls that of sktime
        )


def _error_ratio(combination: Combination, number: int) -> float:
    """Return the error of the network by that of a line: the geometric mean over series."""
    network, line = combination.errors[-1], combination.errors[number]
    known = (line > 0) & (network > 0)
    return float(np.exp(np.log(network[known] / line[known]).mean())) if known.any() else np.nan


def _series_index(panel: Panel) -> pd.Index:
    if panel.keys is None:
        return pd.Index(panel.columns)
    n_variables = len(panel.columns)
    if n_variables == 1:
        return panel.keys
    keys = panel.keys.repeat(n_variables)
    levels = [keys.get_level_values(level) for level in range(keys.nlevels)]
    columns = list(panel.columns) * len(panel)
    names = [*panel.names[:-1], panel.columns.name]
    return pd.MultiIndex.from_arrays([*levels, columns], names=names)
