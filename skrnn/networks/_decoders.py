"""Decoder layers that Keras has no counterpart for."""

from __future__ import annotations

from typing import Any

from ..compat._keras import keras, on_jax
from ._layers import Placeholder, ValueDropout

ops = keras.ops
Tensor = Any
Shape = tuple[int | None, ...]


@keras.saving.register_keras_serializable(package="skrnn")
class Positions(keras.layers.Layer):
    """A learned vector for each position, the same for all rows.

    Parameters
    ----------
    n_positions, width : int
    """

    def __init__(self, n_positions: int, width: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.n_positions, self.width = n_positions, width

    def build(self, input_shape: Shape) -> None:
        """Create the vectors."""
        shape = (self.n_positions, self.width)
        self.vectors = self.add_weight(shape=shape, initializer=Placeholder(), name="positions")

    def call(self, rows: Tensor) -> Tensor:
        """Return the vectors for every row: (n_rows, n_positions, width)."""
        shape = (ops.shape(rows)[0], self.n_positions, self.width)
        return ops.broadcast_to(ops.convert_to_tensor(self.vectors)[None], shape)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        """Return the shape of the vectors."""
        return (input_shape[0], self.n_positions, self.width)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""
        return {**super().get_config(), "n_positions": self.n_positions, "width": self.width}


@keras.saving.register_keras_serializable(package="skrnn")
class Autoregression(keras.layers.Layer):
    """Write step by step, each from the state and the value before.

    The value before is the layer's own output, or while training and as often as `teacher_forcing`
    says, the true one (Williams and Zipser, 1989; Bengio, Vinyals, Jaitly and Shazeer, 2015).

    Parameters
    ----------
    cells : list of keras.layers.Layer
        Recurrent cells, first layer first.
    output : keras.layers.Layer
        From the output of the last cell to the value of a step, or to its quantiles.
    attention : Attention or None
    n_targets, median : int
        Values per step, and which of their quantiles is fed back.
    teacher_forcing, dropout, variational_dropout : float or None
        None leaves them to the weights. The dropouts are those of the outputs of the cells, with a
        mask for every step, and with one for all of them.
    """

    def __init__(
        self,
        cells: Any,
        output: Any,
        attention: Any,
        *,
        n_targets: int,
        median: int,
        teacher_forcing: float | None,
        dropout: float | None,
        variational_dropout: float | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.cells, self.output_layer, self.attention = cells, output, attention
        self.n_targets, self.median, self.teacher_forcing = n_targets, median, teacher_forcing
        self.dropout, self.variational_dropout = dropout, variational_dropout
        self.supports_masking = True
        self.forcing = ValueDropout(name="teacher_forcing", dtype="float32")
        self.drops = [
            ValueDropout(name=f"dropout_decoder_{n + 1}", dtype="float32")
            for n in range(len(cells))
        ]
        self.variational_drops = [
            ValueDropout(name=f"variational_dropout_decoder_{n + 1}", dtype="float32")
            for n in range(len(cells) if variational_dropout != 0.0 else 0)
        ]

    def build(self, shapes: dict[str, Any]) -> None:
        """Create the weights."""
        width = self.n_targets + (shapes["known"][-1] if "known" in shapes else 0)
        for cell in self.cells:
            _build(cell, (None, width))
            width = cell.units
        if self.attention is not None:
            _build(self.attention, (None, 1, width), shapes["values"])
        _build(self.output_layer, (None, width))
        for layers, rate in (
            ([self.forcing], self.teacher_forcing),
            (self.drops, self.dropout),
            (self.variational_drops, self.variational_dropout),
        ):
            for layer in layers:
                _build(layer, (None, 1))
                if rate is not None:
                    layer.rate.assign(rate)
        self.built = True

    def call(self, inputs: dict[str, Any], training: bool = False) -> Tensor:
        """Return outputs of shape (n_rows, horizon, n_targets), with quantiles behind if any.

        Parameters
        ----------
        inputs : dict
            `first`, of shape (n_rows, n_targets): the values before the first step. `states`, a
            list: the states of all cells to begin with. `targets`, of shape (n_rows, horizon,
            n_targets): the true values, looked at while training only; NaN where there is none.
            `known`, of shape (n_rows, horizon, n_known), if any. `skip`, of the shape of the
            targets, if any: what will be added to the outputs, and is added to what is fed back.
            For attention, `values` and `mask`: the outputs of the encoder.
        training : bool
        """
        truth = ops.swapaxes(inputs["targets"], 0, 1)
        given = self._given(truth, training)
        known, skip = (
            ops.swapaxes(inputs[name], 0, 1) if name in inputs else None
            for name in ("known", "skip")
        )

        def step(carry: Any, now: Any) -> Any:
            before, states = carry
            now_known, now_skip, now_truth, now_given, now_keep = now
            joint = before if now_known is None else ops.concatenate([before, now_known], -1)
            hidden, states = self._advance(joint, states, now_keep)
            if self.attention is not None:
                hidden = self.attention(hidden[:, None], inputs["values"], inputs.get("mask"))[:, 0]
            outputs = self.output_layer(hidden)
            own = outputs[:, :, self.median] if len(outputs.shape) == 3 else outputs
            own = own if now_skip is None else own + now_skip
            return (ops.where(now_given, now_truth, own), states), outputs

        start = (inputs["first"], list(inputs["states"]))
        self._renew_masks(start[1], training)
        keep = self._keep(truth, training)
        outputs = _scan(step, start, (known, skip, truth, given, keep))
        return ops.swapaxes(outputs, 0, 1)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """Return no mask: every step is written."""

    def compute_output_shape(self, shapes: dict[str, Any]) -> Shape:
        """Return the shape of the outputs."""
        n_rows, horizon = shapes["targets"][:2]
        step = self.output_layer.compute_output_shape((n_rows, self.cells[-1].units))
        return (n_rows, horizon, *step[1:])

    def get_config(self) -> dict[str, Any]:
        """Return the configuration."""
        save = keras.saving.serialize_keras_object
        return {
            **super().get_config(),
            "cells": [save(cell) for cell in self.cells],
            "output": save(self.output_layer),
            "attention": None if self.attention is None else save(self.attention),
            "n_targets": self.n_targets,
            "median": self.median,
            "teacher_forcing": self.teacher_forcing,
            "dropout": self.dropout,
            "variational_dropout": self.variational_dropout,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Autoregression:
        """Return the layer of a configuration."""
        load = keras.saving.deserialize_keras_object
        config = {**config, "cells": [load(cell) for cell in config["cells"]]}
        for name in ("output", "attention"):
            config[name] = None if config[name] is None else load(config[name])
        return cls(**config)

    def _given(self, truth: Tensor, training: bool) -> Tensor:
        """Return where the decoder goes on from the true value."""
        if not training:
            return ops.zeros_like(truth, "bool")
        drawn = self.forcing.draw((*ops.shape(truth)[:2], 1))
        return ops.logical_and(drawn, ops.logical_not(ops.isnan(truth)))

    def _keep(self, truth: Tensor, training: bool) -> list[Tensor] | None:
        """Return the factors of dropout on the outputs of each cell, at all steps."""
        if not training:
            return None
        horizon, n_rows = ops.shape(truth)[:2]
        keep = [
            drop.scale((horizon, n_rows, cell.units))
            for drop, cell in zip(self.drops, self.cells, strict=True)
        ]
        if not self.variational_drops:
            return keep
        same = [
            drop.scale((1, n_rows, cell.units))
            for drop, cell in zip(self.variational_drops, self.cells, strict=True)
        ]
        return [a * b for a, b in zip(keep, same, strict=True)]

    def _renew_masks(self, states: list[Tensor], training: bool) -> None:
        """Draw the masks of recurrent dropout before the loop: one serves all its steps."""
        place = 0
        for cell in self.cells:
            cell.reset_recurrent_dropout_mask()
            if training:
                cell.get_recurrent_dropout_mask(states[place])
            place += _n_states(cell)

    def _advance(
        self, hidden: Tensor, states: list[Tensor], keep: list[Tensor] | None
    ) -> tuple[Tensor, list[Tensor]]:
        after: list[Tensor] = []
        for number, cell in enumerate(self.cells):
            own = states[len(after) : len(after) + _n_states(cell)]
            hidden, new = cell(hidden, own)
            after += new if isinstance(new, list | tuple) else [new]
            hidden = hidden if keep is None else hidden * keep[number]
        return hidden, after


def _scan(step: Any, carry: Any, steps: tuple[Any, ...]) -> Tensor:
    """Return the outputs of all steps; what is None is None at each of them.

    `ops.scan` takes None, and outputs that are no state, on JAX alone.
    """
    if on_jax():
        return ops.scan(step, carry, steps)[1]
    outputs = []
    for number in range(steps[2].shape[0]):
        carry, output = step(carry, [_at(array, number) for array in steps])
        outputs.append(output)
    return ops.stack(outputs, axis=0)


def _at(array: Any, number: int) -> Any:
    if isinstance(array, list):
        return [_at(part, number) for part in array]
    return None if array is None else array[number]


def _n_states(cell: Any) -> int:
    return len(cell.state_size) if isinstance(cell.state_size, list | tuple) else 1


def _build(layer: Any, *shapes: Shape) -> None:
    if not layer.built:  # one that was loaded is built
        layer.build(*shapes)
