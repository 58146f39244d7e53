"""Fitted scalers as plain data, texts and lists of numbers, for the configuration of a layer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.preprocessing import PowerTransformer

from ._columns import Affine, NoScaler, SequenceFeatures, Targets
from ._power import Half, YeoJohnson
from ._tokens import TokenNumbers
from ._windows import WindowLevels, WindowTargets

Plain = dict[str, Any]

# Files of Keras hold these names, and those of the attributes: both stay.
_KINDS: dict[str, type] = {
    "none": NoScaler,
    "affine": Affine,
    "yeo-johnson": YeoJohnson,
    "half": Half,
    "window": WindowLevels,
    "window targets": WindowTargets,
    "tokens": TokenNumbers,
}
_LARGEST_TOKEN = 2.0**24
_NAMES = {kind: name for name, kind in _KINDS.items()}


def formula_of(scaler: Any, parameter: str) -> Any:
    """Return a fitted scaler that layers of Keras can apply.

    Raises
    ------
    ValueError
        When it is a transformer of scikit-learn with no such formula (`parameter` is that of the
        estimator), or there are tokens too large for single precision.
    """
    if isinstance(scaler, TokenNumbers):
        _check_single(scaler)
    if not isinstance(scaler, SequenceFeatures | Targets):
        return scaler
    transformer = scaler.transformer
    if type(transformer) is PowerTransformer and transformer.method == "yeo-johnson":
        return YeoJohnson(transformer, getattr(scaler, "limits_", None))
    raise ValueError(
        f"to_keras cannot put the transformer {transformer!r} of {parameter} into a Keras model. "
        f'Use a name, such as {parameter}="standard", or apply the transformer before the fit.'
    )


def _check_single(tokens: TokenNumbers) -> None:
    largest = float(np.abs(tokens.tokens_).max())
    if largest > _LARGEST_TOKEN:
        raise ValueError(
            f"X has the token {largest:.0f}, but to_keras computes in single precision, which does "
            f"not tell whole numbers beyond {_LARGEST_TOKEN:.0f} apart. Number the tokens anew, as "
            "in numpy.unique(X, return_inverse=True), and fit again."
        )


def to_plain(scaler: Any) -> Plain:
    """Return a scaler that has a formula as texts and lists of numbers."""
    values = {name: _plain_value(value) for name, value in vars(scaler).items()}
    return {"scaler": _NAMES[type(scaler)], **values}


def from_plain(plain: Plain, array: Callable[[list[float]], Any]) -> Any:
    """Return the scaler, with arrays made by a function."""

    def made(value: Any) -> Any:
        if isinstance(value, dict):
            return from_plain(value, array)
        return array(value) if isinstance(value, list) else value

    kind: Any = _KINDS[plain["scaler"]]
    scaler = kind.__new__(kind)
    scaler.__dict__ = {name: made(value) for name, value in plain.items() if name != "scaler"}
    return scaler


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return to_plain(value) if type(value) in _NAMES else value
