"""Losses, row by row: weights and means are the engine's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compat._keras import keras

ops = keras.ops


RowLoss = Callable[[Any, Any], Any]
CROSSENTROPY = "crossentropy"


@dataclass(frozen=True)
class PinballLoss:
    """Twice the pinball loss, averaged over quantiles (Koenker and Bassett, 1978).

    For the median alone it is the absolute error. Where a target is NaN it is zero.

    Attributes
    ----------
    quantiles : tuple of float
    """

    quantiles: tuple[float, ...]

    def __call__(self, targets: Any, predictions: Any) -> Any:
        """Return the loss of targets (n_rows, n_outputs) and predictions with an axis more."""
        levels = ops.convert_to_tensor(np.asarray(self.quantiles, "float32"))
        error = ops.where(ops.isnan(targets)[..., None], 0.0, targets[..., None] - predictions)
        return 2.0 * ops.mean(ops.maximum(levels * error, (levels - 1.0) * error), axis=-1)


@dataclass(frozen=True)
class ClassLoss:
    """A loss of classes, from outputs that are no probabilities yet.

    Targets are one for the class of a row and zero for the others; of two classes only the second
    has a column. Where labels do not exclude each other, each has one.

    Attributes
    ----------
    loss : str, keras.losses.Loss or callable
        "crossentropy", which is taken without a detour over probabilities, or any loss of Keras,
        which gets them.
    activation : {"sigmoid", "softmax"}
        From outputs to probabilities: of labels by themselves, or of classes of which one is right.
    """

    loss: Any
    activation: str

    def __post_init__(self) -> None:
        """See that the loss is one."""
        if self.loss != CROSSENTROPY:
            check_loss(self.loss)

    @property
    def reduction(self) -> str:
        """How Keras would put the losses of rows together."""
        if self.loss == CROSSENTROPY:
            return "sum_over_batch_size"
        return str(getattr(keras.losses.get(self.loss), "reduction", "sum_over_batch_size"))

    def __call__(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of targets and outputs of shape (n_rows, n_columns)."""
        labels = self.activation == "sigmoid"
        if self.loss != CROSSENTROPY:
            return row_loss(self.loss)(targets, (ops.sigmoid if labels else ops.softmax)(outputs))
        if labels:
            return ops.binary_crossentropy(targets, outputs, from_logits=True)
        return -ops.sum(targets * ops.log_softmax(outputs, axis=-1), axis=-1)


def check_loss(loss: Any) -> None:
    """Raise unless `loss` is a Keras loss, its name, or a function of targets and predictions."""
    if not isinstance(loss, str):
        if not callable(loss):
            raise TypeError(f"loss must be a name, a Keras loss or a function, not {loss!r}.")
    elif loss not in known_losses():
        raise ValueError(
            f"loss={loss!r} is not known. Choose one of {known_losses()}, or pass a "
            "keras.losses.Loss or a function."
        )


def known_losses() -> list[str]:
    """Return the names that Keras knows."""
    names = (name for name, member in vars(keras.losses).items() if inspect.isfunction(member))
    known = [*names, "mse", "mae", "mape", "msle"]
    return sorted({name for name in known if name not in ("get", "serialize", "deserialize")})


def row_loss(loss: Any) -> RowLoss:
    """Return the function from targets and predictions to one loss per row."""
    function = keras.losses.get(loss)
    function = getattr(function, "call", function)

    def losses(targets: Any, predictions: Any) -> Any:
        values = ops.convert_to_tensor(function(targets, predictions))
        if len(values.shape) == 0 or values.shape[0] != targets.shape[0]:
            raise ValueError(
                f"loss must return one value per row, but {loss!r} returned an array of shape "
                f"{tuple(values.shape)} for {targets.shape[0]} rows. Leave the mean over rows out."
            )
        return ops.mean(ops.reshape(values, (ops.shape(values)[0], -1)), axis=1)

    return losses


def pinball_loss(loss: Any, levels: tuple[float, ...]) -> PinballLoss:
    """Return the loss of quantiles.

    Raises
    ------
    ValueError
        When another loss is asked for.
    """
    if loss != "mse":
        raise ValueError(
            f"loss={loss!r} cannot go with quantiles={levels!r}: quantiles are learned with the "
            "pinball loss. Leave loss at its default, or set quantiles=None."
        )
    return PinballLoss(levels)
