"""Losses of Keras, row by row: weights and means are the engine's."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._keras import keras

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
        levels = np.asarray(self.quantiles, "float32")
        error = ops.where(ops.isnan(targets)[..., None], 0.0, targets[..., None] - predictions)
        return 2.0 * ops.mean(ops.maximum(levels * error, (levels - 1.0) * error), axis=-1)


@dataclass(frozen=True)
class ClassLoss:
    """A loss of classes, from outputs that are no probabilities yet.

    Targets are one for the class of a row and zero for the others; of two classes only the second
    has a column.

    Attributes
    ----------
    loss : str, keras.losses.Loss or callable
        "crossentropy", which is taken without a detour over probabilities, or any loss of Keras,
        which gets them.
    """

    loss: Any

    @property
    def reduction(self) -> str:
        """How Keras would put the losses of rows together."""
        if self.loss == CROSSENTROPY:
            return "sum_over_batch_size"
        return str(getattr(keras.losses.get(self.loss), "reduction", "sum_over_batch_size"))

    def __call__(self, targets: Any, outputs: Any) -> Any:
        """Return the loss of targets and outputs of shape (n_rows, n_columns)."""
        binary = outputs.shape[-1] == 1
        if self.loss != CROSSENTROPY:
            return row_loss(self.loss)(targets, (ops.sigmoid if binary else ops.softmax)(outputs))
        if binary:
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
        return ops.mean(ops.reshape(values, (values.shape[0], -1)), axis=1)

    return losses


def batch_loss(
    loss: Any, targets: Any, predictions: Any, weight: Any, real: Any, n_rows: Any
) -> Any:
    """Return the loss of a batch: the weighted sum over its rows by their number, as in Keras.

    Where every step has a target, steps take the place of rows, and those without are left out.

    Parameters
    ----------
    loss : str, keras.losses.Loss or callable
    targets, predictions, weight : tensors
        As in a `Sample`.
    real : tensor of shape (n_rows,)
        Zero for rows of padding.
    n_rows : scalar tensor
        Rows that are none.
    """
    if len(targets.shape) == 3:
        known = ops.logical_not(ops.any(ops.isnan(targets), axis=-1))
        real = ops.cast(known, "float32") * real[:, None]
        n_rows = ops.sum(real)
        targets, predictions, weight, real = map(_by_step, (targets, predictions, weight, real))
    if isinstance(loss, ClassLoss):  # steps without a class weigh nothing
        targets = ops.where(ops.isnan(targets), 0.0, targets)
    elif targets.shape == predictions.shape:  # where there is no target, any prediction is right
        targets = ops.where(ops.isnan(targets), predictions, targets)
    weight = weight * real
    losses = row_loss(loss)(targets, predictions)
    return ops.sum(losses * weight) / divisor(loss, n_rows, ops.sum(weight))


def _by_step(array: Any) -> Any:
    return ops.reshape(array, (-1, *array.shape[2:]))


def divisor(loss: Any, n_rows: Any, total_weight: Any) -> Any:
    """Return what the weighted sum over a batch is divided by."""
    reduction = getattr(keras.losses.get(loss), "reduction", "sum_over_batch_size")
    if reduction == "sum":
        return 1.0
    if reduction == "mean_with_sample_weight":
        return ops.where(total_weight > 0, total_weight, 1.0)
    return n_rows
