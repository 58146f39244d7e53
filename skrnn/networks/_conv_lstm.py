"""A convolutional LSTM as matrix products over patches, and its gradient."""

from __future__ import annotations

from typing import Any

from ..compat._keras import keras
from ._lstm import LinearMap, lstm_loop

ops = keras.ops
Tensor = Any


def patches(frames: Tensor, size: tuple[int, int]) -> Tensor:
    """Return what a convolution reads at each pixel of frames padded with zeros.

    Parameters
    ----------
    frames : tensor of shape (..., height, width, n_channels)
    size : pair of int
        Height and width of the kernel.

    Returns
    -------
    patches : tensor of shape (..., height, width, size[0] * size[1] * n_channels)
        In the order of the numbers of a kernel.
    """
    padded = ops.pad(frames, _padding(frames, size))
    return ops.concatenate([padded[place] for place in _places(frames.shape, size)], axis=-1)


def transposed_patches(gradient: Tensor, size: tuple[int, int]) -> Tensor:
    """Return the transpose of `patches`: every number goes back to the pixel that it came from."""
    parts = ops.split(gradient, size[0] * size[1], axis=-1)
    height, width = gradient.shape[-3:-1]
    total: Tensor = 0.0
    for part, (down, right) in zip(parts, _offsets(size), strict=True):
        around = (down, size[0] - 1 - down), (right, size[1] - 1 - right)
        total = total + ops.pad(part, ((0, 0),) * (len(part.shape) - 3) + around + ((0, 0),))
    before = tuple((extent - 1) // 2 for extent in size)
    return total[..., before[0] : before[0] + height, before[1] : before[1] + width, :]


def _padding(frames: Tensor, size: tuple[int, int]) -> tuple[tuple[int, int], ...]:
    """Return how many zeros stand around frames: of an odd number, one more behind."""
    around = tuple(((extent - 1) // 2, extent - 1 - (extent - 1) // 2) for extent in size)
    return ((0, 0),) * (len(frames.shape) - 3) + around + ((0, 0),)


def _places(shape: tuple[int, ...], size: tuple[int, int]) -> list[Any]:
    height, width = shape[-3:-1]
    return [
        (..., slice(down, down + height), slice(right, right + width), slice(None))
        for down, right in _offsets(size)
    ]


def _offsets(size: tuple[int, int]) -> list[tuple[int, int]]:
    return [(down, right) for down in range(size[0]) for right in range(size[1])]


@keras.saving.register_keras_serializable(package="skrnn")
class ConvLSTM2D(keras.layers.ConvLSTM2D):
    """`keras.layers.ConvLSTM2D` with the same weights and results, and without convolutions.

    XLA's convolutions are slow inside a loop on a processor. The patches of the inputs are taken
    for all steps at once, those of the state at each step, and both meet the kernels in one matrix
    product. For the standard activations, padding with zeros, and strides and dilations of one.
    """

    def inner_loop(
        self, sequences: Tensor, initial_state: Any, mask: Tensor | None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return the last output, all outputs and the final states."""
        cell, size = self.cell, self.cell.kernel_size
        bias = cell.bias if cell.use_bias else ops.zeros((4 * cell.filters,), dtype="float32")
        kernels = (
            ops.reshape(cell.kernel, (-1, 4 * cell.filters)),
            ops.reshape(cell.recurrent_kernel, (-1, 4 * cell.filters)),
            bias,
        )
        recurrent = LinearMap(
            lambda state: patches(state, size), lambda gradient: transposed_patches(gradient, size)
        )
        inputs = patches(ops.swapaxes(sequences, 0, 1), size)
        mask = None if mask is None else ops.swapaxes(mask, 0, 1)
        hidden, last = lstm_loop(inputs, mask, kernels, initial_state, recurrent)
        return last[0], ops.swapaxes(hidden, 0, 1), list(last)
