"""The compiled programs of training: train on batches, evaluate batches.

Each is traced once per structure. What varies from fit to fit (weights, rates, rows, how many
batches there are) is an argument.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...networks._by_config import thaw
from ...networks._spec import Input, Spec
from .._loss import batch_loss
from .._plan import TrainingPlan
from .._protocol import Data, Reader, Sample
from ._network import (
    Network,
    ProgramRequest,
    Store,
    array,
    compile_program,
    request_program,
    rows_like,
)
from ._together import Gathering, n_together
from ._updates import updates_for

# One program call trains at most this many batches, gathered into arrays of about this many bytes.
_MAX_BATCHES = 32
_MAX_BYTES = 2**20


def batches_per_call(batch_size: int, row_arrays: Mapping[str, Input]) -> int:
    """Return how many batches one call of a program takes.

    It depends on the shape of a batch alone, never on the number of rows: data of any size run
    through one and the same program.
    """
    values: int = sum(math.prod(shape) for shape, _ in row_arrays.values())
    return max(1, min(_MAX_BATCHES, _MAX_BYTES // (4 * batch_size * values)))


class TrainingProgram:
    """Some batches of an epoch, compiled into one call.

    Attributes
    ----------
    per_call : int
        Batches that a call takes at most.
    updates : Updates
        How it holds weights and the state of the optimizer.
    """

    def __init__(self, network: Network, plan: TrainingPlan, reader: Reader, store: Store) -> None:
        self.network, self.plan, self.reader = network, plan, reader
        self.per_call = batches_per_call(plan.batch_size, reader.row_arrays(network.spec))
        self.updates = updates = updates_for(network, plan)
        state = (updates.weights, network.non_trainable, updates.slots, array())
        rates = {"learning_rate": array(self.per_call), "weight_decay": array(), "clip": array()}
        batches = _batches_like(reader, network.spec, self.per_call, plan.batch_size)
        self._compile((state, store, batches, rates, array(dtype=jnp.int32)))

    def _compile(self, arguments: tuple[Any, ...]) -> None:
        self._compiled = compile_program("train", self._train, *arguments)

    def enter(self) -> None:
        """Be told that a network is going to be trained by it."""

    def leave(self) -> None:
        """Be told that this is over."""

    def __call__(
        self, state: tuple[Any, ...], store: Store, batches: Any, rates: Any, n_batches: int
    ) -> Any:
        """Train on `n_batches` batches; return the new state."""
        return self._compiled(state, store, batches, rates, np.int32(n_batches))

    def _train(self, state: Any, store: Any, batches: Any, rates: Any, n_batches: Any) -> Any:
        def step(index: Any, state: Any) -> Any:
            batch = {name: rows[index] for name, rows in batches.items()}
            return self._step(state, store, batch, rates["learning_rate"][index], rates)

        return jax.lax.fori_loop(0, n_batches, step, state)

    def _step(self, state: Any, store: Any, batch: Any, learning_rate: Any, rates: Any) -> Any:
        weights, non_trainable, slots, total = state
        trainable = self.updates.unpack_weights(weights)
        sample = self.reader.read(self.network.spec, store, batch, jnp)
        gradient_of = jax.value_and_grad(self._loss, has_aux=True)
        (_, (loss, non_trainable)), gradients = gradient_of(trainable, non_trainable, sample, batch)
        gradients = _clip(gradients, self.plan.optimizer.clipping, rates["clip"])
        weights, slots = self.updates.apply(
            gradients, weights, slots, learning_rate, rates["weight_decay"]
        )
        return weights, non_trainable, slots, total + loss * batch["n_rows"]

    def _loss(self, trainable: Any, non_trainable: Any, sample: Sample, batch: Any) -> Any:
        outputs, non_trainable, penalty = self.network(
            trainable, non_trainable, sample, training=True
        )
        loss = _batch_loss(self.plan, sample, batch, outputs) + penalty
        return self.updates.optimizer.scale_loss(loss), (loss, non_trainable)


class SharedTrainingProgram(TrainingProgram):
    """Some batches of an epoch for each of several networks, compiled into one call.

    It is called as if it were for one of them, by threads that each train one.
    """

    def __init__(
        self, network: Network, plan: TrainingPlan, width: int, reader: Reader, store: Store
    ) -> None:
        self._calls, self._width = Gathering(self._train_all, width), width
        super().__init__(network, plan, reader, store)

    def _compile(self, arguments: tuple[Any, ...]) -> None:
        def train(*each: tuple[Any, ...]) -> list[Any]:
            stacked = jax.tree.map(lambda *values: jnp.stack(values), *each)
            values, structure = jax.tree.flatten(jax.vmap(self._train)(*stacked))
            return [jax.tree.unflatten(structure, own) for own in zip(*values, strict=True)]

        self._compiled = compile_program("train", train, *[arguments] * self._width)

    def enter(self) -> None:
        """Be told that a network is going to be trained by it."""
        self._calls.enter()

    def leave(self) -> None:
        """Be told that this is over."""
        self._calls.leave()

    def __call__(
        self, state: tuple[Any, ...], store: Store, batches: Any, rates: Any, n_batches: int
    ) -> Any:
        """Train on `n_batches` batches, together with others; return the new state."""
        return self._calls(state, store, batches, rates, np.int32(n_batches))

    def _train_all(self, calls: Sequence[tuple[Any, ...]]) -> Sequence[Any]:
        """Run some calls, with no batches in the place of further ones."""
        idle = (*calls[0][:-1], np.int32(0))
        states: list[Any] = self._compiled(*calls, *[idle] * (self._width - len(calls)))
        return states[: len(calls)]


def request_training(structure: Spec, data: Data, plan: TrainingPlan) -> ProgramRequest:
    """Return what stands for the program that trains a structure, alone or with others."""
    width = n_together()
    if width == 1:
        return request_program(TrainingProgram, structure, data, plan)
    return request_program(SharedTrainingProgram, structure, data, plan, width)


class EvaluationProgram:
    """The summed loss of some batches, nothing dropped."""

    def __init__(self, network: Network, plan: TrainingPlan, reader: Reader, store: Store) -> None:
        self.network, self.plan, self.reader = network, plan, reader
        self.per_call = batches_per_call(plan.batch_size, reader.row_arrays(network.spec))
        batches = _batches_like(reader, network.spec, self.per_call, plan.batch_size)
        weights = network.trainable, network.non_trainable
        arguments = (*weights, store, batches, array(dtype=jnp.int32))
        self._compiled = compile_program("evaluate", self._evaluate, *arguments)

    def __call__(
        self, trainable: Any, non_trainable: Any, store: Store, batches: Any, n_batches: int
    ) -> Any:
        """Return the sum over rows of the loss of `n_batches` batches."""
        return self._compiled(trainable, non_trainable, store, batches, np.int32(n_batches))

    def _evaluate(
        self, trainable: Any, non_trainable: Any, store: Any, batches: Any, n_batches: Any
    ) -> Any:
        def add(index: Any, total: Any) -> Any:
            batch = {name: rows[index] for name, rows in batches.items()}
            sample = self.reader.read(self.network.spec, store, batch, jnp)
            outputs, _, penalty = self.network(trainable, non_trainable, sample, training=False)
            loss = _batch_loss(self.plan, sample, batch, outputs) + penalty
            return total + loss * batch["n_rows"]

        return jax.lax.fori_loop(0, n_batches, add, jnp.float32(0.0))


def _batch_loss(plan: TrainingPlan, sample: Sample, batch: Any, outputs: Any) -> Any:
    where = batch["real"], batch["n_rows"]
    return batch_loss(thaw(plan.loss), sample.targets, outputs, sample.weight, *where)


def _clip(gradients: Any, clipping: str | None, limit: Any) -> Any:
    norm = jnp.linalg.norm
    if clipping == "clipvalue":
        return [jnp.clip(gradient, -limit, limit) for gradient in gradients]
    if clipping == "clipnorm":
        return [gradient * _shrink(norm(gradient.ravel()), limit) for gradient in gradients]
    if clipping == "global_clipnorm":
        whole = norm(jnp.stack([norm(gradient.ravel()) for gradient in gradients]))
        return [gradient * _shrink(whole, limit) for gradient in gradients]
    return gradients


def _shrink(norm: Any, limit: Any) -> Any:
    return limit / jnp.maximum(norm, limit)


def _batches_like(reader: Reader, spec: Spec, per_call: int, batch_size: int) -> dict[str, Any]:
    arrays = rows_like(reader, spec, per_call, batch_size)
    return {**arrays, "n_rows": array(per_call), "real": array(per_call, batch_size)}
