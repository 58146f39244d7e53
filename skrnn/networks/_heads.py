"""From what a network has seen to what it says, and what that means: a record for each head."""

from typing import Any

import numpy as np
from scipy.special import expit, softmax

from ..compat._keras import keras
from ._blocks import DTYPE, dense, reshape_rows
from ._by_config import thaw
from ._class_losses import ClassLoss
from ._kinds import HEADS, VALUES, Head
from ._losses import pinball_loss, read_loss
from ._spec import ConvolutionalSpec, LayeredSpec, NetworkSpec, Spec

ops = keras.ops
Tensor = Any


@keras.saving.register_keras_serializable(package="skrnn")
class SortedQuantiles(keras.layers.Layer):
    """Turn free values on the last axis into values that do not decrease along it.

    The median stays as it is; the others lie above or below it by sums of softplus steps, so that
    quantiles cannot cross (as in Park, Maddix, Aubry, Kan, Gasthaus and Wang, 2022).

    Parameters
    ----------
    median : int
        Its place on the last axis.
    """

    def __init__(self, median: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.median = median

    def call(self, values: Tensor) -> Tensor:
        """Return sorted values of the same shape."""
        splits = [self.median, self.median + 1]
        below, center, above = ops.split(values, splits, axis=-1)
        up = center + ops.cumsum(ops.softplus(above), axis=-1)
        down = center - ops.flip(ops.cumsum(ops.softplus(ops.flip(below, -1)), axis=-1), -1)
        return ops.concatenate([down, center, up], axis=-1)

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return `input_shape`."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""
        return {**super().get_config(), "median": self.median}


def output_layers(spec: LayeredSpec, n_values: int) -> list[Any]:
    """Return the dense layers that `spec` asks for, and one with `n_values`, or their quantiles."""
    layers = [
        dense(spec, units, f"dense_{depth + 1}", thaw(spec.dense_activation))
        for depth, units in enumerate(spec.dense_units)
    ]
    return [*layers, dense(spec, n_values * max(1, spec.n_quantiles), "output")]


def apply(layers: list[Any], hidden: Tensor) -> Tensor:
    """Return what comes out of one layer after the other."""
    for layer in layers:
        hidden = layer(hidden)
    return hidden


def read_out(spec: NetworkSpec | ConvolutionalSpec, hidden: Tensor) -> Tensor:
    """Return the outputs of a network that answers from each vector on the last axis."""
    outputs = apply(output_layers(spec, spec.n_outputs), hidden)
    return activate(spec, finish(spec, outputs))


def finish(spec: Spec, outputs: Tensor) -> Tensor:
    """Return what the engine trains on, from what the last layer puts out."""
    if spec.n_quantiles:
        outputs = reshape_rows(outputs, *spec.output_shape)
    return finish_steps(spec, outputs)


def finish_steps(spec: Spec, outputs: Tensor) -> Tensor:
    """Return outputs after the layers of the head, if it has any."""
    head = HEADS[spec.head]
    return outputs if head.finish is None else head.finish(spec, outputs)


def activate(spec: Spec, outputs: Tensor) -> Tensor:
    """Return what users see, such as probabilities."""
    activation = HEADS[spec.head].activation
    if activation == "linear":
        return outputs
    return keras.layers.Activation(activation, dtype=DTYPE, name="probabilities")(outputs)


# ---- Kinds ---------------------------------------------------------------------------------------


def _sort_quantiles(spec: Spec, outputs: Tensor) -> Tensor:
    return SortedQuantiles(spec.median, name="sorted_quantiles", dtype=DTYPE)(outputs)


def _loss_of_values(loss: Any, levels: tuple[float, ...]) -> Any:
    return read_loss(loss)


def _loss_of_labels(loss: Any, levels: tuple[float, ...]) -> Any:
    return ClassLoss.of(loss, "sigmoid")


def _loss_of_classes(loss: Any, levels: tuple[float, ...]) -> Any:
    return ClassLoss.of(loss, "softmax")


def _both_classes(outputs: np.ndarray) -> np.ndarray:
    second = expit(outputs)
    return np.concatenate([1.0 - second, second], axis=-1)


def _classes(outputs: np.ndarray) -> np.ndarray:
    probabilities: np.ndarray = softmax(outputs, axis=-1)
    return probabilities


def _labels(outputs: np.ndarray) -> np.ndarray:
    probabilities: np.ndarray = expit(outputs)
    return probabilities


HEADS.add(Head(VALUES, _loss_of_values))
HEADS.add(Head("quantiles", pinball_loss, finish=_sort_quantiles))
# Of two classes only the second has an output.
HEADS.add(Head("binary", _loss_of_labels, activation="sigmoid", decode=_both_classes))
HEADS.add(Head("categorical", _loss_of_classes, activation="softmax", decode=_classes))
# Labels that do not exclude each other: an output for each.
HEADS.add(Head("multilabel", _loss_of_labels, activation="sigmoid", decode=_labels))
