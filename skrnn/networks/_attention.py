"""Attention: let one step look at others."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..compat._keras import keras
from ._layers import Placeholder

ops = keras.ops
Tensor = Any
Shape = tuple[int | None, ...]

# Score of a step that is not to be seen; its weight is zero in single precision.
_NEVER = -1e9


@keras.saving.register_keras_serializable(package="skrnn")
class Attention(keras.layers.Layer):
    """Scaled dot-product attention of some steps over others (Luong, Pham and Manning, 2015).

    What is attended to is put beside the query and both go through one dense layer with a tanh.

    Parameters
    ----------
    causal : bool, default=False
        Step t of the query sees the first t steps of the values and no later one.
    """

    def __init__(self, *, causal: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.causal = causal
        self.supports_masking = True
        self.combine = keras.layers.Dense(
            1, "tanh", kernel_initializer=Placeholder(), name="combine", dtype="float32"
        )

    def build(self, query_shape: Shape, values_shape: Shape, mask_shape: Any = None) -> None:
        """Create the dense layer."""
        self.combine.units = query_shape[-1]
        self.combine.build((*query_shape[:-1], 2 * int(query_shape[-1] or 0)))

    def call(self, query: Tensor, values: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return a tensor of the shape of `query`, (n_rows, n_queries, width)."""
        weights = self.weigh(query, values, mask)
        return self.combine(ops.concatenate([query, ops.matmul(weights, values)], axis=-1))

    def weigh(self, query: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """Return the weight of each step of `values` for each query.

        The weights of a query sum to one, or are all zero where it may look at nothing.
        """
        scores = ops.matmul(query, ops.swapaxes(values, 1, 2)) / query.shape[-1] ** 0.5
        seen = ops.ones_like(scores, "bool") if mask is None else mask[:, None, :]
        if self.causal:
            steps = np.arange(values.shape[1])
            seen = ops.logical_and(seen, steps[:, None] >= steps)
        scores = ops.where(seen, scores, _NEVER)
        # Keras warns where there is one step.
        weights = ops.softmax(scores) if values.shape[1] > 1 else ops.ones_like(scores)
        return ops.where(seen, weights, 0.0)

    def compute_mask(self, *inputs: Any, previous_mask: Any = None) -> None:
        """Return no mask: every query gets an answer."""

    def compute_output_shape(
        self, query_shape: Shape, values_shape: Shape, mask_shape: Any = None
    ) -> Shape:
        """Return the shape of the query."""
        return query_shape

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""
        return {**super().get_config(), "causal": self.causal}
