"""The loss of a batch, from the losses of its rows."""

from __future__ import annotations

from typing import Any

from ..compat._keras import keras
from ..networks._class_losses import ClassLoss
from ..networks._losses import row_loss

ops = keras.ops
Tensor = Any


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
