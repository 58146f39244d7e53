"""Names of losses and optimizers: the one place where they are read, in any spelling of Keras."""

from __future__ import annotations

import inspect
from functools import cache

from ._keras import keras

_SHORT_LOSSES = ("bce", "kld", "mae", "mape", "mse", "msle")
# Wrappers around other optimizers, and the base class.
_NOT_BY_NAME = {"optimizer", "lossscaleoptimizer", "multioptimizer"}


def loss_name(name: str) -> str:
    """Return the name of the function of Keras that a name of a loss means.

    Parameters
    ----------
    name : str
        Of a function or a class, or a short name, in any case. Keras gives a class and its function
        the same defaults.

    Raises
    ------
    ValueError
        When Keras knows no such loss.
    """
    known = _losses()
    if name.lower() not in known:
        choice = sorted({*known.values(), *_SHORT_LOSSES})
        raise ValueError(
            f"loss={name!r} is not known. Choose one of {choice}, or pass a keras.losses.Loss or "
            "a function."
        )
    return known[name.lower()]


def optimizer_kind(name: str) -> type:
    """Return the class of an optimizer from its name, in any case.

    Raises
    ------
    ValueError
        When Keras knows no such optimizer.
    """
    known = _optimizers()
    if name.lower() not in known:
        raise ValueError(
            f"optimizer={name!r} is not known. Choose one of {list(known)}, or pass a "
            "keras.optimizers.Optimizer."
        )
    return known[name.lower()]


def is_adam(optimizer: object) -> bool:
    """Return whether an optimizer was asked for as Adam, by its name."""
    return isinstance(optimizer, str) and optimizer.lower() == "adam"


@cache
def _losses() -> dict[str, str]:
    """Return the names of functions by those that mean them, in lower case."""
    found = {}
    for name in (*vars(keras.losses), *_SHORT_LOSSES):
        try:
            loss = keras.losses.get(name)
        except ValueError:  # not a loss
            continue
        function = getattr(loss, "fn", loss)
        if inspect.isfunction(function):  # the base class has none
            found[name.lower()] = function.__name__
    return found


@cache
def _optimizers() -> dict[str, type]:
    base = keras.optimizers.Optimizer
    members = vars(keras.optimizers).values()
    kinds = [kind for kind in members if isinstance(kind, type) and issubclass(kind, base)]
    named = {kind.__name__.lower(): kind for kind in kinds}
    return {name: named[name] for name in sorted(named) if name not in _NOT_BY_NAME}
