"""The layers from what a network has seen to what it says."""

from typing import Any

from .._keras import keras
from ..by_config import thaw
from ._blocks import DTYPE, dense, reshape_rows

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


def output_layers(spec: Any, n_values: int) -> list[Any]:
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


def read_out(spec: Any, hidden: Tensor) -> Tensor:
    """Return the outputs of a network that answers from each vector on the last axis."""
    return finish(spec, apply(output_layers(spec, spec.n_outputs), hidden))


def finish(spec: Any, outputs: Tensor) -> Tensor:
    """Return outputs with an axis of sorted quantiles, or as probabilities, where `spec` says."""
    if spec.n_quantiles:
        outputs = sort_quantiles(spec, reshape_rows(outputs, *spec.output_shape))
    if spec.output_activation == "linear":
        return outputs
    name = "probabilities"
    return keras.layers.Activation(spec.output_activation, dtype=DTYPE, name=name)(outputs)


def sort_quantiles(spec: Any, outputs: Tensor) -> Tensor:
    """Return outputs whose last axis, if it is that of quantiles, does not decrease."""
    if not spec.n_quantiles:
        return outputs
    return SortedQuantiles(spec.median, name="sorted_quantiles", dtype=DTYPE)(outputs)
