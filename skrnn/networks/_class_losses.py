"""Losses of classes and labels: which form of targets and probabilities each of them takes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..compat._keras import keras
from ._losses import LossError, read_loss, row_loss

ops = keras.ops

CROSSENTROPY = "crossentropy"
# Losses of Keras that compare the classes with each other: one column alone tells them nothing.
_BETWEEN_CLASSES = {
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "kl_divergence",
}
# Of these, those that take numbers of classes in place of columns.
_BY_NUMBER = {"sparse_categorical_crossentropy", "categorical_generalized_cross_entropy"}
_SURE = 0.8  # how much more likely the right class is where a loss is tried
_TOLERANCE = 1e-3


@dataclass(frozen=True)
class ClassLoss:
    """A loss of classes, from outputs that are no probabilities yet.

    Targets are one for the class of a row and zero for the others; of two classes only the second
    has a column. Where labels do not exclude each other, each has one.

    Attributes
    ----------
    loss : str, keras.losses.Loss or callable
        "crossentropy", which is taken without a detour over probabilities, or any loss of Keras,
        which gets them; those that compare classes get both columns of two classes.
    activation : {"sigmoid", "softmax"}
        From outputs to probabilities: of labels by themselves, or of classes of which one is right.
    """

    loss: Any
    activation: str

    @classmethod
    def of(cls, loss: Any, activation: str) -> ClassLoss:
        """Return the loss that is asked for, in any spelling of its name."""
        ours = isinstance(loss, str) and loss.lower() == CROSSENTROPY
        return cls(CROSSENTROPY if ours else read_loss(loss), activation)

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
            return self.of_probabilities(targets, (ops.sigmoid if labels else ops.softmax)(outputs))
        if labels:
            return ops.binary_crossentropy(targets, outputs, from_logits=True)
        return -ops.sum(targets * ops.log_softmax(outputs, axis=-1), axis=-1)

    def of_probabilities(self, targets: Any, probabilities: Any) -> Any:
        """Return the loss of targets and probabilities of shape (n_rows, n_columns)."""
        name = _function_name(self.loss)
        if name in _BETWEEN_CLASSES | _BY_NUMBER and targets.shape[-1] == 1:
            targets, probabilities = _both(targets), _both(probabilities)
        if name in _BY_NUMBER:
            targets = ops.argmax(targets, axis=-1)
        return row_loss(self.loss)(targets, probabilities)

    def check_learns(self, n_columns: int) -> None:
        """Try the loss on right and on wrong probabilities.

        Raises
        ------
        ValueError
            When it does not prefer the right ones: the network would learn nothing, or the reverse.
        """
        if self.loss == CROSSENTROPY:
            return
        targets, right, wrong = _trial(n_columns, self.activation)
        low, high = (_losses_of(self, targets, p) for p in (right, wrong))
        margin = _TOLERANCE * np.maximum(np.abs(low), np.abs(high))
        # A loss may leave a class out, but not tell one from nothing.
        if (high > low + margin).sum() >= 2 and not (low > high + margin).any():
            return
        columns = {"softmax": "one column per class", "sigmoid": "one column per label"}
        given = "the column of the second of two classes" if n_columns == 1 else None
        raise LossError(
            f"loss={self.loss!r} is not lower for right than for wrong probabilities, so that "
            f"nothing would be learned. It is given {given or columns[self.activation]}, targets "
            'zero or one. Use loss="crossentropy", which suits any y, or another loss for this '
            "kind of y."
        )


def _function_name(loss: Any) -> str | None:
    """Return the name of the function of Keras that a loss comes down to, or None."""
    while isinstance(loss, partial):
        loss = loss.func
    loss = keras.losses.get(loss)
    function = getattr(loss, "fn", loss)
    known = str(getattr(function, "__module__", "")).startswith("keras.")  # None where evaluated
    return function.__name__ if known else None


def _both(second: Any) -> Any:
    return ops.concatenate([1.0 - second, second], axis=-1)


def _trial(n_columns: int, activation: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return targets, and right and wrong probabilities of them, as float32."""
    if activation == "sigmoid":
        targets = np.repeat([[0.0], [1.0]], n_columns, axis=1)
        right = 0.5 + _SURE * (targets - 0.5)
        wrong = 1.0 - right
    else:
        targets = np.eye(min(3, n_columns), n_columns)
        right = _SURE * targets + (1.0 - _SURE) / n_columns
        wrong = np.roll(right, 1, axis=1)
    return targets.astype("float32"), right.astype("float32"), wrong.astype("float32")


def _losses_of(loss: ClassLoss, targets: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    tensors = map(ops.convert_to_tensor, (targets, probabilities))
    return np.asarray(ops.convert_to_numpy(loss.of_probabilities(*tensors)))
