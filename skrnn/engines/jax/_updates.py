"""How a training program holds weights and the state of the optimizer, and changes them.

Most optimizers treat every number by itself. They get all weights as one vector, with one more for
each number that they gather of a weight. That is as many operations as for a single weight, which
is what counts for the time that compiling takes, and for the time of a step where weights are few.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from ...compat._keras import build_optimizer, keras
from .._plan import TrainingPlan
from ._horizons import enlarge
from ._network import Network, keras_lock, like, shared_zeros, to_numpy

Arrays = list[Any]
_VECTOR = "vector"


class _KeptOf(NamedTuple):
    weight: int  # which of them
    kind: str  # such as "_momentum"


class Updates:
    """Weights and state as Keras has them: an array for each.

    Attributes
    ----------
    optimizer : keras.optimizers.Optimizer
        Built on the weights of the network.
    weights, slots : list
        What stands for the arrays that the program holds.
    rate_slot : int
        Which of the slots is the learning rate.
    """

    def __init__(self, network: Network, plan: TrainingPlan) -> None:
        self._plan, self._variables = plan, network.model.trainable_variables
        self.optimizer = self._stepper = self._build(self._variables)
        self.weights: Arrays = network.trainable
        self._initial = [_compact(to_numpy(variable)) for variable in self.optimizer.variables]
        self._kept_of = self._find_kept_of()
        self._prepare()

    def _prepare(self) -> None:
        self.slots = like(self._stepper.variables)
        names = [variable.name for variable in self._stepper.variables]
        self.rate_slot = names.index("learning_rate")

    def _build(self, variables: Arrays) -> Any:
        optimizer = self._plan.optimizer.build()
        build_optimizer(optimizer, variables, shared_zeros)
        return optimizer

    def _find_kept_of(self) -> list[_KeptOf | None]:
        """Return, for each array of Keras' state, what is kept in it of which weight.

        Its name starts with that of the weight. Of weights with one name, the order is the same.
        """
        numbers = defaultdict(list)
        for number, variable in enumerate(self._variables):
            numbers[variable.path.replace("/", "_")].append(number)
        seen: Counter[str] = Counter()

        def kept_of(name: str) -> _KeptOf | None:
            paths = [path for path in numbers if name.startswith(f"{path}_")]
            if not paths:
                return None
            path = max(paths, key=len)
            weights = numbers[path]
            seen[name] += 1
            return _KeptOf(weights[(seen[name] - 1) % len(weights)], name.removeprefix(path))

        return [kept_of(variable.name) for variable in self.optimizer.variables]

    def complete(self, slots: Arrays | None, trainable: Arrays) -> Arrays:
        """Return the state to start from at some weights, an array for each.

        One of a network with a shorter horizon is enlarged.
        """
        if slots is None:
            return self._initial_slots(trainable)
        return [enlarge(slot, start) for slot, start in zip(slots, self._initial, strict=True)]

    def slot_shapes(self, shapes: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
        """Return the shapes of the state where the weights have other shapes than here."""
        own = [tuple(variable.shape) for variable in self._variables]
        return [
            start.shape if kept is None or start.shape != own[kept.weight] else shapes[kept.weight]
            for kept, start in zip(self._kept_of, self._initial, strict=True)
        ]

    def _initial_slots(self, trainable: Arrays) -> Arrays:
        if self._plan.optimizer.starts_alike:
            return self._initial
        with keras_lock:
            for variable, value in zip(self._variables, trainable, strict=True):
                variable.assign(value)
            return [to_numpy(variable) for variable in self._build(self._variables).variables]

    def finalize(self, trainable: Arrays, slots: Arrays) -> Arrays:
        """Return the weights to keep: the moving average where the optimizer keeps one."""
        if not self.optimizer.use_ema:
            return trainable
        with keras_lock:
            for variable, value in zip(self._variables, trainable, strict=True):
                variable.assign(value)
            for variable, value in zip(self.optimizer.variables, slots, strict=True):
                variable.assign(value)
            self.optimizer.finalize_variable_values(self._variables)
            return [to_numpy(variable) for variable in self._variables]

    def pack(self, trainable: Arrays, slots: Arrays) -> tuple[Arrays, Arrays]:
        """Return weights and state as the program holds them."""
        return list(trainable), list(slots)

    def unpack_weights(self, weights: Arrays) -> Arrays:
        """Return an array for each weight, within a program or outside."""
        return weights

    def unpack_slots(self, slots: Arrays) -> Arrays:
        """Return the state as Keras has it."""
        return slots

    def apply(
        self, gradients: Arrays, weights: Arrays, slots: Arrays, rate: Any, weight_decay: Any
    ) -> tuple[Arrays, Arrays]:
        """Return weights and state after a step; called as the program is traced."""
        slots, optimizer = [*slots], self._stepper
        slots[self.rate_slot] = rate
        optimizer.weight_decay = weight_decay if self._plan.optimizer.decays else None
        try:
            stepped: tuple[Arrays, Arrays] = optimizer.stateless_apply(slots, gradients, weights)
        finally:
            optimizer.weight_decay = None
        return stepped


class VectorUpdates(Updates):
    """All weights as one vector, and so the state that the optimizer has of each of them."""

    def _prepare(self) -> None:
        self._shapes = [tuple(weight.shape) for weight in self.weights]
        self._ends = np.cumsum([np.prod(shape, dtype=int) for shape in self._shapes])
        vector = keras.Variable(shared_zeros((self._ends[-1],), "float32"), name=_VECTOR)
        self._stepper = self._build([vector])
        self.weights = like([vector])
        super()._prepare()
        self._sources = self._find_sources()

    def _find_sources(self) -> list[list[int]]:
        """Return, for each array of the program's state, the arrays of Keras' in it.

        What is not kept of a weight is in the same order.
        """
        found = defaultdict(list)
        for number, kept in enumerate(self._kept_of):
            found["" if kept is None else kept.kind].append(number)
        rest = iter(found[""])
        kinds = [self._kind(variable) for variable in self._stepper.variables]
        return [found[kind] if kind else [next(rest)] for kind in kinds]

    @staticmethod
    def _kind(variable: Any) -> str:
        """Return what a variable keeps of each weight; empty where it keeps something else."""
        return variable.name.removeprefix(_VECTOR) if variable.name.startswith(_VECTOR) else ""

    def pack(self, trainable: Arrays, slots: Arrays) -> tuple[Arrays, Arrays]:
        """Return weights and state as the program holds them."""
        return [_join(trainable, np)], [
            slots[source[0]] if len(like.shape) == 0 else _join([slots[n] for n in source], np)
            for source, like in zip(self._sources, self.slots, strict=True)
        ]

    def unpack_weights(self, weights: Arrays) -> Arrays:
        """Return an array for each weight, within a program or outside."""
        (vector,) = weights
        starts = [0, *self._ends[:-1]]
        return [
            vector[start:end].reshape(shape)
            for start, end, shape in zip(starts, self._ends, self._shapes, strict=True)
        ]

    def unpack_slots(self, slots: Arrays) -> Arrays:
        """Return the state as Keras has it."""
        unpacked: Arrays = [None] * len(self._initial)
        for source, slot in zip(self._sources, slots, strict=True):
            parts = [slot] if np.ndim(slot) == 0 else self.unpack_weights([slot])
            for number, part in zip(source, parts, strict=True):
                unpacked[number] = part
        return unpacked

    def apply(
        self, gradients: Arrays, weights: Arrays, slots: Arrays, rate: Any, weight_decay: Any
    ) -> tuple[Arrays, Arrays]:
        """Return weights and state after a step; called as the program is traced."""
        return super().apply([_join(gradients, jnp)], weights, slots, rate, weight_decay)


def updates_for(network: Network, plan: TrainingPlan) -> Updates:
    """Return how weights are held: as a vector where the optimizer takes any."""
    variables = network.model.trainable_variables
    plain = all(
        variable.constraint is None and variable.dtype == "float32" for variable in variables
    )
    with keras_lock:
        kind = VectorUpdates if plan.optimizer.elementwise and plain else Updates
        return kind(network, plan)


def _compact(array: np.ndarray) -> np.ndarray:
    """Return an array of equal numbers as a view of one of them."""
    alike = array.size > 0 and bool((array == array.flat[0]).all())
    return np.broadcast_to(array.flat[0], array.shape) if alike else array


def _join(arrays: Arrays, xp: Any) -> Any:
    return xp.concatenate([array.reshape(-1) for array in arrays])
