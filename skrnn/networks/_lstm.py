"""The time loop of an LSTM, and its gradient, short enough to hold beside the formula.

With K the input kernel stacked on the recurrent kernel, one step is (Hochreiter and Schmidhuber,
1997; forget gate: Gers, Schmidhuber and Cummins, 2000; gate order of Keras)

    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of [x, h] K + b
    c' = f c + i g
    h' = o tanh(c')

Differentiating such a loop automatically adds a gradient of the size of K at every step. Written
out, the backward loop only needs the gradient of the gates, and a single matrix product over all
steps turns those into that of K. Where the gates of all steps are too many to stay in the
processor's cache, adding up step by step is the faster way, and is what is done.
"""

from typing import Any

from .._keras import keras

ops = keras.ops
Tensor = Any


# Gate gradients of all steps larger than this leave the cache; found by measurement.
_CACHE_BYTES = 4 * 2**20


def lstm_loop(
    inputs: Tensor,
    mask: Tensor | None,
    kernel: Tensor,
    bias: Tensor,
    state: tuple[Tensor, Tensor],
    keep: Tensor | None,
) -> tuple[Tensor, Tensor]:
    """Run an LSTM over time.

    Parameters
    ----------
    inputs : tensor of shape (n_timesteps, batch, n_features)
    mask : bool tensor of shape (n_timesteps, batch, 1) or None
        A step that is False leaves the state as it is.
    kernel : tensor of shape (n_features + units, 4 * units)
    bias : tensor of shape (4 * units,)
    state : pair of tensors of shape (batch, units)
        Hidden and cell state before the first step.
    keep : tensor of shape (batch, units) or None
        Factors on the hidden state as it enters the gates (recurrent dropout).

    Returns
    -------
    hidden : tensor of shape (n_timesteps, batch, units)
        Hidden state after every step.
    cell : tensor of shape (batch, units)
        Cell state after the last step.
    """

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def loop(inputs: Tensor, kernel: Tensor, bias: Tensor, hidden: Tensor, cell: Tensor) -> Any:
        outputs, last_cell, residuals = _forward(inputs, mask, kernel, bias, (hidden, cell), keep)

        def gradient(*upstream: Any) -> tuple[Tensor, ...]:
            d_outputs, d_cell = upstream[0] if len(upstream) == 1 else upstream
            return _backward(residuals, mask, kernel, keep, d_outputs, d_cell)

        return (outputs, last_cell), gradient

    outputs, last_cell = loop(inputs, kernel, bias, *state)
    return outputs, last_cell


def _forward(
    inputs: Tensor,
    mask: Tensor | None,
    kernel: Tensor,
    bias: Tensor,
    state: tuple[Tensor, Tensor],
    keep: Tensor | None,
) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
    def step(state: Any, now: Any) -> Any:
        x, active = now
        hidden, cell = state
        joint = ops.concatenate([x, hidden if keep is None else hidden * keep], axis=-1)
        i, f, g, o = _gates(ops.matmul(joint, kernel) + bias)
        new_cell = f * cell + i * g
        squashed = ops.tanh(new_cell)
        new_hidden = o * squashed
        residuals = (joint, cell, squashed, i, f, g, o)
        if active is not None:
            new_hidden = ops.where(active, new_hidden, hidden)
            new_cell = ops.where(active, new_cell, cell)
        return (new_hidden, new_cell), (new_hidden, residuals)

    (_, last_cell), (outputs, residuals) = ops.scan(step, tuple(state), (inputs, mask))
    return outputs, last_cell, residuals


def _backward(
    residuals: tuple[Tensor, ...],
    mask: Tensor | None,
    kernel: Tensor,
    keep: Tensor | None,
    d_outputs: Tensor,
    d_cell: Tensor,
) -> tuple[Tensor, ...]:
    n_timesteps, batch, units = d_outputs.shape
    gates = kernel.shape[1]
    accumulate = 4 * n_timesteps * batch * gates > _CACHE_BYTES
    n_features = kernel.shape[0] - units
    transposed = ops.transpose(kernel)

    def step(state: Any, now: Any) -> Any:
        d_hidden, d_cell, d_kernel = state
        d_output, active, (joint, cell, squashed, i, f, g, o) = now
        d_hidden = d_hidden + d_output
        d_new = d_cell + d_hidden * o * (1.0 - squashed * squashed)
        d_gates = ops.concatenate(
            [
                d_new * g * i * (1.0 - i),
                d_new * cell * f * (1.0 - f),
                d_new * i * (1.0 - g * g),
                d_hidden * squashed * o * (1.0 - o),
            ],
            axis=-1,
        )
        if active is not None:
            d_gates = ops.where(active, d_gates, 0.0)
        d_joint = ops.matmul(d_gates, transposed)
        d_input, d_before = d_joint[:, :n_features], d_joint[:, n_features:]
        d_before = d_before if keep is None else d_before * keep
        d_cell_before = d_new * f
        if active is not None:
            d_before = ops.where(active, d_before, d_hidden)
            d_cell_before = ops.where(active, d_cell_before, d_cell)
        if accumulate:
            d_kernel = _add(d_kernel, _kernel_gradient(joint, d_gates))
        return (d_before, d_cell_before, d_kernel), (d_input, None if accumulate else d_gates)

    start = (ops.zeros_like(kernel), ops.zeros_like(kernel[0])) if accumulate else ()
    (d_hidden, d_cell, d_kernel), (d_inputs, d_gates) = ops.scan(
        step,
        (ops.zeros_like(d_cell), d_cell, start),
        (d_outputs, mask, residuals),
        reverse=True,
    )
    if not accumulate:
        rows = n_timesteps * batch
        joint = ops.reshape(residuals[0], (rows, kernel.shape[0]))
        d_kernel = _kernel_gradient(joint, ops.reshape(d_gates, (rows, gates)))
    return (d_inputs, *d_kernel, d_hidden, d_cell)


def _gates(z: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    i, f, g, o = ops.split(z, 4, axis=-1)
    return ops.sigmoid(i), ops.sigmoid(f), ops.tanh(g), ops.sigmoid(o)


def _kernel_gradient(joint: Tensor, d_gates: Tensor) -> tuple[Tensor, Tensor]:
    return ops.matmul(ops.transpose(joint), d_gates), ops.sum(d_gates, axis=0)


def _add(left: tuple[Tensor, ...], right: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(a + b for a, b in zip(left, right, strict=True))
