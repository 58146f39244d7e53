"""Keras layers of our own: a faster LSTM gradient, and dropout rates that are values."""

import math
from typing import Any

import numpy as np

from ..compat._keras import keras, on_jax, zeros
from ._lstm import LinearMap, lstm_loop, same

ops = keras.ops
Tensor = Any
Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable(package="skrnn")
class Placeholder(keras.initializers.Initializer):
    """Zeros made by NumPy.

    The engine brings its own weights, so the values a network is built with never matter. Made by
    NumPy they cost nothing; a JAX initialiser would compile a program for every shape.
    """

    def __call__(self, shape: tuple[int, ...], dtype: Any = None) -> Tensor:
        """Return zeros of `shape`."""
        return zeros(shape, dtype or "float32")


def random_bits(seed: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Return uniform 32-bit integers: the element's number and the seed, mixed.

    A bijective mixer (the finaliser of MurmurHash3, A. Appleby) is applied twice: no generator for
    science, but good for masks. The cryptographic one behind `keras.random` would add 0.6 s to the
    1.5 s that a training program takes to compile.

    Parameters
    ----------
    seed : uint32 tensor of shape (2,)
    shape : tuple of int
    """
    numbers = ops.reshape(ops.arange(math.prod(shape), dtype="uint32"), shape)
    return _mix(_mix(numbers + seed[0]) ^ seed[1])


def _mix(bits: Tensor) -> Tensor:
    bits = (bits ^ (bits >> np.uint32(16))) * np.uint32(0x85EBCA6B)
    bits = (bits ^ (bits >> np.uint32(13))) * np.uint32(0xC2B2AE35)
    return bits ^ (bits >> np.uint32(16))


@keras.saving.register_keras_serializable(package="skrnn")
class ValueDropout(keras.layers.Layer):
    """Inverted dropout whose rate is a (non-trainable) weight.

    `keras.layers.Dropout` holds its rate as a Python number, which would be compiled in. Here the
    rate travels with the weights, so one compiled program serves every rate, zero included.

    Parameters
    ----------
    one_mask : bool, default=False
        Drop the same units at all steps of a sequence (Gal and Ghahramani, 2016).
    """

    def __init__(self, *, one_mask: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.one_mask = one_mask
        self.seed_generator = keras.random.SeedGenerator(0)
        self.supports_masking = True

    def build(self, input_shape: Shape) -> None:
        """Create the rate."""
        self.rate = self.add_weight(
            shape=(), initializer=Placeholder(), trainable=False, name="rate"
        )

    def draw(self, shape: tuple[int, ...]) -> Tensor:
        """Return True as often as the rate says, of `shape`."""
        if not on_jax():  # whose other backends have no arithmetic of unsigned integers
            return keras.random.uniform(shape, seed=self.seed_generator) < self.rate
        threshold = ops.cast(ops.convert_to_tensor(self.rate) * 2.0**32, "uint32")
        return random_bits(self.seed_generator.next(), shape) < threshold

    def scale(self, shape: tuple[int, ...]) -> Tensor:
        """Return factors 0 (dropped) or 1 / (1 - rate), all ones where the rate is zero."""
        return ops.where(self.draw(shape), 0.0, 1.0 / (1.0 - ops.convert_to_tensor(self.rate)))

    def call(self, inputs: Tensor, training: bool = False) -> Tensor:
        """Drop units of `inputs` while training."""
        if not training:
            return inputs
        shape = ops.shape(inputs)
        return inputs * self.scale(_share_steps(shape) if self.one_mask else shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return `input_shape`."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""
        return {**super().get_config(), "one_mask": self.one_mask}


@keras.saving.register_keras_serializable(package="skrnn")
class SequenceDropout(keras.layers.Dropout):
    """`keras.layers.Dropout` with one mask for all steps of a sequence."""

    def build(self, input_shape: Shape) -> None:
        """Choose the shape of the masks."""
        self.noise_shape = _share_steps(input_shape)
        super().build(input_shape)


def _share_steps(shape: Any) -> Any:
    return (shape[0], 1, *shape[2:]) if len(shape) > 2 else tuple(shape)


@keras.saving.register_keras_serializable(package="skrnn")
class LastStep(keras.layers.Layer):
    """The last step of each sequence that is not masked."""

    def call(self, sequence: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return a tensor of shape (n_rows, ...) from one of shape (n_rows, n_timesteps, ...)."""
        if mask is None:
            return sequence[:, -1]
        later = ops.flip(ops.cumsum(ops.flip(ops.cast(mask, "float32"), 1), axis=1), 1)
        last = ops.logical_and(mask, later == 1.0)
        return ops.einsum("nt,nt...->n...", ops.cast(last, "float32"), sequence)

    def compute_mask(self, *inputs: Any, previous_mask: Any = None) -> None:
        """Return no mask: there is one step."""

    def compute_output_shape(self, sequence_shape: Shape, mask_shape: Any = None) -> Shape:
        """Return the shape without the axis of time."""
        return (sequence_shape[0], *sequence_shape[2:])


@keras.saving.register_keras_serializable(package="skrnn")
class LSTM(keras.layers.LSTM):
    """`keras.layers.LSTM` with the same weights and results, and a faster gradient.

    Reverse-mode differentiation of the time loop adds a recurrent-kernel gradient at every step.
    Here the backward loop only collects the gradients of the gates, and one matrix product over
    all steps gives that of the kernel. Used for the standard activations; any other goes through
    the loop of Keras.

    Parameters
    ----------
    value_recurrent_dropout : bool, default=False
        Drop the recurrent state while training, with one mask for all steps of a sequence (Gal and
        Ghahramani, 2016), at the rate held by the sublayer `recurrent_dropout_layer`.
    """

    def __init__(self, units: int, *, value_recurrent_dropout: bool = False, **kwargs: Any) -> None:
        super().__init__(units, **kwargs)
        self.value_recurrent_dropout = value_recurrent_dropout
        if value_recurrent_dropout:
            self.recurrent_dropout_layer = ValueDropout(name="recurrent_dropout", dtype="float32")

    def build(self, sequences_shape: Shape, initial_state_shape: Any = None) -> None:
        """Create the weights."""
        super().build(sequences_shape, initial_state_shape)
        if self.value_recurrent_dropout:
            self.recurrent_dropout_layer.build((None, self.units))

    def inner_loop(
        self, sequences: Tensor, initial_state: Any, mask: Tensor | None, training: bool = False
    ) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Return the last output, all outputs and the final states."""
        cell = self.cell
        bias = cell.bias if cell.use_bias else ops.zeros((4 * cell.units,), dtype="float32")
        kernels = cell.kernel, cell.recurrent_kernel, bias
        recurrent = self._recurrent_map(initial_state[0], training)
        inputs, mask = self._time_major(sequences), self._time_major(mask)
        outputs, last = lstm_loop(inputs, mask, kernels, initial_state, recurrent)
        output = last[0]
        if mask is not None and self.zero_output_for_mask:
            outputs, output = ops.where(mask, outputs, 0.0), ops.where(mask[-1], output, 0.0)
        return output, ops.swapaxes(outputs, 0, 1), list(last)

    def _recurrent_map(self, hidden: Tensor, training: bool) -> LinearMap:
        if not (self.value_recurrent_dropout and training):
            return LinearMap(same, same)
        keep = self.recurrent_dropout_layer.scale(ops.shape(hidden))
        return LinearMap(lambda state: state * keep, lambda gradient: gradient * keep)

    def _time_major(self, array: Tensor | None) -> Tensor | None:
        if array is None:
            return None
        array = ops.swapaxes(array if len(array.shape) == 3 else array[:, :, None], 0, 1)
        return ops.flip(array, axis=0) if self.go_backwards else array

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""
        return {**super().get_config(), "value_recurrent_dropout": self.value_recurrent_dropout}
