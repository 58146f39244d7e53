"""A network in training on JAX."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ...networks._spec import Spec
from ...networks._weights import Weights
from .._dataset import spread_rows
from .._optimizer import OptimizerValues
from .._plan import TrainingPlan
from .._protocol import Data
from .._schedule import Schedule
from ._batching import iterate_batches
from ._horizons import cut
from ._network import get_program, on_device
from ._training_programs import EvaluationProgram, TrainingProgram, request_training


class JaxTrainer:
    """A network, its optimizer and the data that it learns from.

    Parameters
    ----------
    structure : Spec
        Without rates, which are among the weights.
    plan, values, data, validation, weights, slots :
        As for `Engine.trainer`.
    """

    def __init__(
        self,
        structure: Spec,
        plan: TrainingPlan,
        values: OptimizerValues,
        data: Data,
        validation: Data | None,
        weights: Weights,
        slots: list[np.ndarray] | None,
    ) -> None:
        self._program: TrainingProgram = request_training(structure, data, plan).get()
        self._plan, self._values, self._data = plan, values, data
        self._validation = validation
        if validation is None:
            (self._store,) = on_device(data.store)
        else:
            self._evaluation = get_program(EvaluationProgram, structure, validation, plan)
            self._store, self._validation_store = on_device(data.store, validation.store)
        self._updates = self._program.updates
        self._shapes = [value.shape for value in weights.trainable]
        weights = self._program.network.enlarged(weights)
        slots = self._updates.complete(slots, weights.trainable)
        trainable, packed = self._updates.pack(weights.trainable, slots)
        # As the program takes them: trainable, non-trainable, state of the optimizer.
        self._arrays: tuple[Any, ...] = (trainable, list(weights.non_trainable), packed)
        self.n_steps = int(slots[0])
        self._program.enter()

    def close(self) -> None:
        """Say that training is over."""
        self._program.leave()

    @property
    def learning_rate(self) -> float:
        """The rate of the last step."""
        return float(self._arrays[2][self._updates.rate_slot])

    def run_epoch(self, order: np.ndarray, schedule: Schedule) -> float:
        """Train on rows in an order, at the rates of a schedule; return their mean loss.

        While a call runs, the batches of the next are gathered, and not those of all to come.
        """
        per_call, arrays = self._program.per_call, (*self._arrays, np.float32(0.0))
        step = self.n_steps
        for batches in iterate_batches(self._data, order, self._plan.batch_size, per_call):
            rates = {
                "learning_rate": schedule.rates(step, per_call),
                "weight_decay": np.float32(self._values.weight_decay),
                "clip": np.float32(self._values.clip),
            }
            call = arrays, self._store, batches.arrays, rates, batches.n_batches
            before, arrays = arrays[3], self._program(*call)
            jax.block_until_ready(before)  # type: ignore[no-untyped-call]
            step += batches.n_batches
        loss = float(arrays[3]) / len(order)
        self._arrays, self.n_steps = arrays[:3], step
        return loss

    def evaluate(self) -> float:
        """Return the mean loss of the validation rows."""
        assert self._validation is not None
        order, per_call = spread_rows(self._validation), self._evaluation.per_call
        trainable, non_trainable = self._unpacked()
        calls = iterate_batches(self._validation, order, self._plan.batch_size, per_call)
        sums = [
            self._evaluation(
                trainable,
                non_trainable,
                self._validation_store,
                call.arrays,
                call.n_batches,
            )
            for call in calls
        ]
        return sum(float(value) for value in sums) / len(order)

    def weights(self) -> Weights:
        """Return the weights as they are."""
        trainable, non_trainable = self._unpacked()
        return Weights(_copies(cut(trainable, self._shapes)), _copies(non_trainable))

    def _unpacked(self) -> tuple[list[Any], list[Any]]:
        """Return trainable and non-trainable arrays as the network of the programs has them."""
        packed, non_trainable, _ = self._arrays
        trainable = self._updates.unpack_weights([np.asarray(value) for value in packed])
        return trainable, non_trainable

    def final_weights(self) -> Weights:
        """Return the weights to keep: their moving average where the optimizer has one."""
        current = self.weights()
        trainable = self._updates.finalize(current.trainable, self.slots())
        return Weights(trainable, current.non_trainable)

    def slots(self) -> list[np.ndarray]:
        """Return the state of the optimizer."""
        packed = [np.asarray(value) for value in self._arrays[2]]
        slots = self._updates.unpack_slots(packed)
        return _copies(cut(slots, self._updates.slot_shapes(self._shapes)))


def _copies(arrays: list[Any]) -> list[np.ndarray]:
    return [np.array(array) for array in arrays]
