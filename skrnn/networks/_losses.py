"""Losses, row by row: weights and means are the engine's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..compat._keras import keras
from ..compat._keras_names import loss_name

ops = keras.ops


RowLoss = Callable[[Any, Any], Any]


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


class LossError(ValueError):
    """A loss cannot be trained with; the message names it."""


def read_loss(loss: Any) -> Any:
    """Return the name of a function of Keras where `loss` is a name, and the loss itself otherwise.

    Raises
    ------
    ValueError
        When Keras knows no loss of this name.
    TypeError
        When it is neither a name nor something to call.
    """
    if isinstance(loss, str):
        return loss_name(loss)
    if not callable(loss):
        raise TypeError(f"loss must be a name, a Keras loss or a function, not {loss!r}.")
    return loss


def row_loss(loss: Any) -> RowLoss:
    """Return the function from targets and predictions to one loss per row."""
    function = keras.losses.get(loss)
    function = getattr(function, "call", function)

    def losses(targets: Any, predictions: Any) -> Any:
        try:
            values = ops.convert_to_tensor(function(targets, predictions))
        except LossError:
            raise
        except Exception as error:  # of whatever kind: users write losses
            raise LossError(_not_computed(loss, error, targets, predictions)) from error
        if len(values.shape) == 0 or values.shape[0] != targets.shape[0]:
            raise LossError(
                f"loss must return one value per row, but {loss!r} returned an array of shape "
                f"{tuple(values.shape)} for {targets.shape[0]} rows. Leave the mean over rows out."
            )
        return ops.mean(ops.reshape(values, (ops.shape(values)[0], -1)), axis=1)

    return losses


def _not_computed(loss: Any, error: Exception, targets: Any, predictions: Any) -> str:
    reason = next(iter(str(error).strip().splitlines()), "")
    return (
        f"loss={loss!r} failed with {type(error).__name__}: {reason} It was given targets of shape "
        f"{tuple(targets.shape)} and predictions of shape {tuple(predictions.shape)}, and is "
        "compiled. In a loss of your own, use keras.ops throughout, in place of NumPy, float() and "
        "conditions on values."
    )


def pinball_loss(loss: Any, levels: tuple[float, ...]) -> PinballLoss:
    """Return the loss of quantiles.

    Raises
    ------
    ValueError
        When another loss is asked for.
    """
    if read_loss(loss) != "mean_squared_error":
        raise ValueError(
            f"loss={loss!r} cannot go with quantiles={levels!r}: quantiles are learned with the "
            "pinball loss. Leave loss at its default, or set quantiles=None."
        )
    return PinballLoss(levels)
