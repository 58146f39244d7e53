"""Outputs that are quantiles."""

from typing import Any

from .._keras import keras
from ._blocks import DTYPE, dense

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


def quantile_head(spec: Any, hidden: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return outputs of `shape` with an axis of quantiles behind it."""
    size = spec.n_quantiles
    for axis in shape:
        size *= axis
    values = keras.layers.Reshape((*shape, spec.n_quantiles), dtype=DTYPE, name="quantiles")(
        dense(spec, size, "output")(hidden)
    )
    return SortedQuantiles(spec.median, name="sorted_quantiles", dtype=DTYPE)(values)
