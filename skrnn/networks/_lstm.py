"""The time loop of an LSTM, and its gradient, short enough to hold beside the formula.

With W the input kernel and U the recurrent kernel, one step is (Hochreiter and Schmidhuber, 1997;
forget gate: Gers, Schmidhuber and Cummins, 2000; gate order of Keras)

    i, f, g, o = sigmoid, sigmoid, tanh, sigmoid of x W + h U + b
    c' = f c + i g
    h' = o tanh(c')

A sigmoid is a tanh in disguise, sigmoid(z) = (1 + tanh(z / 2)) / 2, so all gates are taken in one
call of tanh; halving a float is exact.

Differentiating such a loop automatically adds a gradient of the size of the kernels at every step.
Written out, the backward loop is linear: all that depends on the forward pass alone is a *factor*,
and a single matrix product over all steps turns the gradients of the gates into those of the
kernels. Between state and gates there may be a linear map (recurrent dropout; the patches that a
convolution reads), of which the backward loop takes the transpose. Where the gates of all steps are
too many to stay in the processor's cache, computing factors step by step is the faster way, and is
what is done; and so is adding up the gradients of kernels that stay there.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ..compat._keras import keras

ops = keras.ops
Tensor = Any
Kernels = tuple[Tensor, Tensor, Tensor]

# Of the gates i, f, g and o, over one minus the square of the tanh in them.
_SLOPES = np.array([0.25, 0.25, 1.0, 0.25], "float32")
# Gate gradients of all steps larger than this leave the cache, and so do recurrent kernels of twice
# the size; found by measurement.
_CACHE_BYTES = 4 * 2**20


@dataclass(frozen=True)
class LinearMap:
    """What the hidden state passes on its way to the gates.

    Attributes
    ----------
    forward, transpose : callable
        From the state to what the gates read, and the transpose, from the gradient of the latter to
        that of the former.
    """

    forward: Callable[[Tensor], Tensor]
    transpose: Callable[[Tensor], Tensor]


def same(state: Tensor) -> Tensor:
    """Return the state."""
    return state


def lstm_loop(
    inputs: Tensor,
    mask: Tensor | None,
    kernels: Kernels,
    state: tuple[Tensor, Tensor],
    recurrent: LinearMap,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Run an LSTM over time.

    Parameters
    ----------
    inputs : tensor of shape (n_timesteps, batch, ..., n_features)
    mask : bool tensor of shape (n_timesteps, batch, ..., 1) or None
        A step that is False leaves the state as it is.
    kernels : tensors of shape (n_features, 4 * units), (n_recurrent, 4 * units) and (4 * units,)
        Input kernel, recurrent kernel and bias.
    state : pair of tensors of shape (batch, ..., units)
        Hidden and cell state before the first step.
    recurrent : LinearMap
        From the hidden state to the `n_recurrent` numbers that the gates read.

    Returns
    -------
    hidden : tensor of shape (n_timesteps, batch, ..., units)
        Hidden state after every step. Where nobody reads it, a program does not keep it.
    last : pair of tensors of shape (batch, ..., units)
        Hidden and cell state after the last step.
    """

    @ops.custom_gradient  # type: ignore[untyped-decorator]
    def loop(inputs: Tensor, *arguments: Tensor) -> Any:
        kernels, state = arguments[:3], arguments[3:]
        last, (hidden, cell, gates) = _forward(inputs, mask, kernels, state, recurrent)

        def gradient(*upstream: Any) -> tuple[Tensor, ...]:
            d_hidden, *d_last = upstream[0] if len(upstream) == 1 else upstream
            before = _before(state[0], hidden), _before(state[1], cell)
            saved = cell, gates
            return _backward(inputs, mask, kernels, recurrent, before, saved, d_hidden, d_last)

        return (hidden, *last), gradient

    hidden, *last = loop(inputs, *kernels, *state)
    return hidden, (last[0], last[1])


def _forward(
    inputs: Tensor,
    mask: Tensor | None,
    kernels: Kernels,
    state: tuple[Tensor, Tensor],
    recurrent: LinearMap,
) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor, Tensor]]:
    """Return the last states; and hidden state, cell state and tanh of the gates of every step."""
    bias = kernels[2]
    halves = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], "float32"), bias.shape[0] // 4)
    kernel, bias = ops.concatenate(kernels[:2]) * halves, bias * halves

    def step(state: Any, now: Any) -> Any:
        x, active = now
        hidden, cell = state
        joint = ops.concatenate([x, recurrent.forward(hidden)], axis=-1)
        gates = ops.tanh(ops.matmul(joint, kernel) + bias)
        i, f, g, o = _open(gates)
        new_cell = f * cell + i * g
        new_hidden = o * ops.tanh(new_cell)
        if active is not None:
            new_hidden = ops.where(active, new_hidden, hidden)
            new_cell = ops.where(active, new_cell, cell)
        return (new_hidden, new_cell), (new_hidden, new_cell, gates)

    last, steps = ops.scan(step, tuple(state), (inputs, mask))
    return last, steps


def _backward(
    inputs: Tensor,
    mask: Tensor | None,
    kernels: Kernels,
    recurrent: LinearMap,
    before: tuple[Tensor, Tensor],
    saved: tuple[Tensor, Tensor],
    d_outputs: Tensor,
    d_last: list[Tensor],
) -> tuple[Tensor, ...]:
    at_once = _at_once(d_outputs.shape, kernels[1].shape)
    backward = ops.transpose(kernels[0]), ops.transpose(kernels[1])

    def step(state: Any, now: Any) -> Any:
        d_hidden, d_cell, d_kernels = state
        x, d_output, active, before, saved = now
        to_gates, squashed, gates = saved if at_once.factors else _factors(active, before[1], saved)
        _, f, _, o = _open(gates)
        d_hidden = d_hidden + d_output
        d_cell = d_cell + d_hidden * _where(active, o * (1.0 - squashed * squashed), 0.0)
        d_gates = ops.concatenate([d_cell, d_cell, d_cell, d_hidden], axis=-1) * to_gates
        d_before = recurrent.transpose(ops.matmul(d_gates, backward[1]))
        state = _where(active, d_before, d_hidden), d_cell * _where(active, f, 1.0)
        if at_once.kernels:
            return (*state, ()), d_gates
        d_kernels = _add(d_kernels, _kernel_gradients(x, recurrent.forward(before[0]), d_gates))
        return (*state, d_kernels), ops.matmul(d_gates, backward[0])

    start = () if at_once.kernels else tuple(ops.zeros_like(kernel) for kernel in kernels)
    read = _factors(mask, before[1], saved) if at_once.factors else saved
    (d_hidden, d_cell, d_kernels), d_inputs = ops.scan(
        step, (*d_last, start), (inputs, d_outputs, mask, before, read), reverse=True
    )
    if at_once.kernels:
        d_kernels = _kernel_gradients(inputs, recurrent.forward(before[0]), d_inputs)
        d_inputs = ops.matmul(d_inputs, backward[0])
    return (d_inputs, *d_kernels, d_hidden, d_cell)


class AtOnce(NamedTuple):
    """What the gradient does for all steps at once, and not step by step.

    Attributes
    ----------
    factors : bool
        What the backward loop multiplies by, before it.
    kernels : bool
        The gradient of the kernels, after it.
    """

    factors: bool
    kernels: bool


def _at_once(steps: tuple[int, ...], recurrent_kernel: tuple[int, ...]) -> AtOnce:
    """Return what is fastest, for shapes of the outputs and of the recurrent kernel."""
    gates = 4 * math.prod(steps[:-1]) * recurrent_kernel[-1]
    stay = gates <= _CACHE_BYTES
    return AtOnce(stay, stay or 4 * math.prod(recurrent_kernel) > 2 * _CACHE_BYTES)


def _factors(
    active: Tensor | None, cell_before: Tensor, saved: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what the backward loop multiplies by, for one step or all of them.

    The first leads from the gradients of the states to those of the gates: the slope of each gate
    times what the gate is multiplied with. It is zero at a masked step, which adds no gradient.
    Then there are the tanh of the cell state, and the gates as they are.
    """
    cell, gates = saved
    i, _, g, _ = _open(gates)
    squashed = ops.tanh(cell)
    slopes = np.repeat(_SLOPES, cell.shape[-1])
    partners = ops.concatenate([g, cell_before, i, squashed], axis=-1)
    to_gates = slopes * (1.0 - gates * gates) * partners
    return _where(active, to_gates, 0.0), squashed, gates


def _where(active: Tensor | None, value: Tensor, otherwise: Any) -> Tensor:
    """Return what holds at steps that are there, and otherwise."""
    return value if active is None else ops.where(active, value, otherwise)


def _open(gates: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the four gates from their tanh."""
    i, f, g, o = ops.split(gates, 4, axis=-1)
    return 0.5 * i + 0.5, 0.5 * f + 0.5, g, 0.5 * o + 0.5


def _kernel_gradients(x: Tensor, hidden: Tensor, d_gates: Tensor) -> Kernels:
    d_gates = _rows(d_gates)
    return (
        ops.matmul(ops.transpose(_rows(x)), d_gates),
        ops.matmul(ops.transpose(_rows(hidden)), d_gates),
        ops.sum(d_gates, axis=0),
    )


def _before(first: Tensor, after: Tensor) -> Tensor:
    return ops.concatenate([first[None], after[:-1]])


def _rows(steps: Tensor) -> Tensor:
    return ops.reshape(steps, (-1, steps.shape[-1]))


def _add(left: Kernels, right: Kernels) -> Kernels:
    a, b, c = (x + y for x, y in zip(left, right, strict=True))
    return a, b, c
