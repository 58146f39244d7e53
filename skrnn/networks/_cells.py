"""Recurrent cells: one of our own, and those of Keras with a recurrent dropout that is a value.

Keras decides in Python whether and how much of the state to drop, so its rate would be compiled in.
These cells keep Keras' arithmetic and weights; only the mask comes from a layer that holds the rate
as a weight. One mask serves all steps of a sequence and all gates (Gal and Ghahramani, 2016).
"""

from typing import Any

from ..compat._keras import keras
from ._kinds import CELLS, Cell, InitialWeight
from ._layers import LSTM, ValueDropout

ops = keras.ops
Tensor = Any

# Any rate strictly between 0 and 1 makes Keras ask for a mask.
_ASK_FOR_MASK = 0.5


# The mixin calls the cell it stands in front of, which is `Any` to a type checker.
_Base: Any = object


class _ValueRecurrentDropout(_Base):
    def __init__(self, units: int, *, value_recurrent_dropout: bool = False, **kwargs: Any) -> None:
        rate = _ASK_FOR_MASK if value_recurrent_dropout else 0.0
        super().__init__(units, **{**kwargs, "recurrent_dropout": rate})
        self.value_recurrent_dropout = value_recurrent_dropout
        self.mask: Any = None
        if value_recurrent_dropout:
            self.recurrent_dropout_layer = ValueDropout(name="recurrent_dropout", dtype="float32")

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        super().build(input_shape)
        if self.value_recurrent_dropout:
            self.recurrent_dropout_layer.build((None, self.units))

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """Return the mask of the batch, drawn once for all steps, or None."""
        if not self.value_recurrent_dropout:
            return None
        if self.mask is None:
            mask = self.recurrent_dropout_layer.scale(step_input.shape)
            count = getattr(self, "dropout_mask_count", None)
            self.mask = mask if count is None else [mask] * count
        return self.mask

    def reset_recurrent_dropout_mask(self) -> None:
        """Forget the mask of a batch."""
        self.mask = None

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""
        config = {**super().get_config(), "value_recurrent_dropout": self.value_recurrent_dropout}
        config.pop("recurrent_dropout")
        return config


@keras.saving.register_keras_serializable(package="skrnn")
class PeepholeLSTMCell(keras.layers.LSTMCell):
    """`keras.layers.LSTMCell` whose gates also see the cell state.

    With p the peephole weights, one vector for each of the gates i, f and o (Gers and Schmidhuber,
    2000), drawn by `kernel_initializer`,

        i, f = sigmoid of x W + h U + p c + b
        c' = f c + i tanh(x W + h U + b)
        o = sigmoid of x W + h U + p c' + b
        h' = o tanh(c')
    """

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Create the weights."""
        super().build(input_shape)
        self.peephole = self.add_weight(
            shape=(3, self.units),
            name="peephole",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )

    def call(
        self, inputs: Tensor, states: list[Tensor], training: bool = False
    ) -> tuple[Tensor, list[Tensor]]:
        """Return the hidden state after a step, and both states."""
        hidden, state = states
        gates = ops.matmul(inputs, self.kernel)
        if training and self.recurrent_dropout > 0:  # each gate has a masked state of its own
            masks = self.get_recurrent_dropout_mask(hidden)
            kernels = ops.split(self.recurrent_kernel, 4, axis=1)
            pairs = zip(masks, kernels, strict=True)
            from_hidden = [ops.matmul(hidden * mask, kernel) for mask, kernel in pairs]
            gates = ops.add(gates, ops.concatenate(from_hidden, axis=1))
        else:
            gates = ops.add(gates, ops.matmul(hidden, self.recurrent_kernel))
        if self.use_bias:
            gates = ops.add(gates, self.bias)
        gates = ops.split(gates, 4, axis=1)
        to_i, to_f, to_o = ops.unstack(ops.convert_to_tensor(self.peephole), 3)
        i = self.recurrent_activation(gates[0] + to_i * state)
        f = self.recurrent_activation(gates[1] + to_f * state)
        new = f * state + i * self.activation(gates[2])
        o = self.recurrent_activation(gates[3] + to_o * new)
        hidden = o * self.activation(new)
        return hidden, [hidden, new]


@keras.saving.register_keras_serializable(package="skrnn")
class ValuePeepholeLSTMCell(_ValueRecurrentDropout, PeepholeLSTMCell):
    """`PeepholeLSTMCell`."""


@keras.saving.register_keras_serializable(package="skrnn")
class LSTMCell(_ValueRecurrentDropout, keras.layers.LSTMCell):
    """`keras.layers.LSTMCell`, for activations that `_layers.LSTM` does not cover."""


@keras.saving.register_keras_serializable(package="skrnn")
class GRUCell(_ValueRecurrentDropout, keras.layers.GRUCell):
    """`keras.layers.GRUCell`."""


@keras.saving.register_keras_serializable(package="skrnn")
class SimpleRNNCell(_ValueRecurrentDropout, keras.layers.SimpleRNNCell):
    """`keras.layers.SimpleRNNCell`."""


CELLS.add(
    Cell(
        "lstm",
        keras_cell=keras.layers.LSTMCell,
        value_cell=LSTMCell,
        keras_layer=keras.layers.LSTM,
        fast_layer=LSTM,
        forget_gate=True,
    )
)
CELLS.add(Cell("gru", keras.layers.GRUCell, GRUCell, keras.layers.GRU))
CELLS.add(Cell("simple", keras.layers.SimpleRNNCell, SimpleRNNCell, keras.layers.SimpleRNN))
CELLS.add(
    Cell(
        "peephole",
        keras_cell=PeepholeLSTMCell,
        value_cell=ValuePeepholeLSTMCell,
        forget_gate=True,
        weights={"peephole": InitialWeight("kernel_initializer", "glorot_uniform")},
    )
)
