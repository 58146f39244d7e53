"""What an engine does, and what the data that it takes must do.

An engine trains and runs the network of a spec on one backend of Keras. The loop over epochs is not
its own (see `_loop`): it runs an epoch when it is told to. Data say how many rows they have, hand
over arrays for some of them, and their *reader* turns such arrays into what the network takes, on
the host or inside a compiled program.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from ..networks._spec import Input, Spec
from ..networks._weights import Weights

if TYPE_CHECKING:  # these import keras, which data do not need
    from ._optimizer import OptimizerValues
    from ._plan import TrainingPlan
    from ._schedule import Schedule

# Arrays of NumPy, or what stands for them inside a program.
Array = Any
Arrays = dict[str, np.ndarray]
# What a batch holds for the loss alone.
FOR_LOSS = ("targets", "weight")


class Sample(NamedTuple):
    """A batch as networks and losses take it.

    Attributes
    ----------
    inputs : dict of arrays
        By the names that the spec gives them.
    targets : array of shape (n_rows, *spec.target_shape) or None
        NaN where there is none: it adds nothing to the loss.
    weight : array of shape (n_rows,), or (n_rows, n_timesteps) where every step has a target
    """

    inputs: dict[str, Array]
    targets: Array
    weight: Array


class Reader(Hashable, Protocol):
    """How a batch is read; hashable, since it is compiled in."""

    def row_arrays(self, spec: Spec) -> dict[str, Input]:
        """Return shape and type of what stands for one row."""

    def read(
        self, spec: Spec, store: dict[str, Array], batch: dict[str, Array], xp: ModuleType
    ) -> Sample:
        """Return the batch as the network takes it; `xp` is `numpy` or `jax.numpy`."""

    def restore(
        self,
        spec: Spec,
        store: dict[str, Array],
        batch: dict[str, Array],
        outputs: Array,
        xp: ModuleType,
    ) -> Array:
        """Return outputs of the network in the units of the store."""


class Data(Protocol):
    """Rows to train on, to evaluate or to predict."""

    @property
    def reader(self) -> Reader:
        """How batches are read."""

    @property
    def store(self) -> Arrays:
        """Arrays that all batches share."""

    @property
    def n_per_epoch(self) -> int:
        """Rows that an epoch takes, to train on or to validate on."""

    def __len__(self) -> int:
        """Return the number of rows."""

    def take(self, rows: np.ndarray) -> Arrays:
        """Return what stands for some rows."""

    def with_horizon(self, spec: Spec) -> Data:
        """Return the rows for a network that writes more steps; they have no targets for these."""


class Trainer(Protocol):
    """A network in training, on data that stay the same; it holds its state."""

    def close(self) -> None:
        """Say that training is over."""

    @property
    def learning_rate(self) -> float:
        """The rate of the last step."""

    @property
    def n_steps(self) -> int:
        """Optimizer steps so far, those of earlier fits included."""

    def run_epoch(self, order: np.ndarray, schedule: Schedule) -> float:
        """Train on rows in an order, at the rates of a schedule; return their mean loss."""

    def evaluate(self) -> float:
        """Return the mean loss of the validation rows."""

    def weights(self) -> Weights:
        """Return the weights as they are."""

    def final_weights(self) -> Weights:
        """Return the weights to keep: their moving average where the optimizer has one."""

    def slots(self) -> list[np.ndarray]:
        """Return the state of the optimizer."""


class Request(Hashable, Protocol):
    """What stands for a compiled program; equal where the programs are."""

    @property
    def is_there(self) -> bool:
        """Whether it is compiled already."""

    def get(self) -> Any:
        """Return the program, compiled where it is not there."""


class Requests(NamedTuple):
    """The programs that a fit needs.

    Attributes
    ----------
    training : list of Request
        Those that train and validate.
    prediction : list of Request
        Those that predict rows such as were trained on, where that can be known beforehand.
    """

    training: Sequence[Request]
    prediction: Sequence[Request]


class Engine(Protocol):
    """What trains and runs networks on one backend."""

    def initial_weights(
        self,
        spec: Spec,
        rng: np.random.Generator,
        dropout: np.random.Generator,
        linear: Mapping[str, np.ndarray] | None = None,
    ) -> Weights:
        """Draw the weights that training starts from, and the seeds of what is dropped.

        The weights of the linear part may be given, by layer and weight.
        """

    def renewed(self, spec: Spec, weights: Weights, dropout: np.random.Generator) -> Weights:
        """Return weights with the rates of a spec and fresh seeds."""

    def trainer(
        self,
        spec: Spec,
        plan: TrainingPlan,
        values: OptimizerValues,
        data: Data,
        validation: Data | None,
        weights: Weights,
        slots: list[np.ndarray] | None,
    ) -> Trainer:
        """Return a trainer that starts from some weights, and from a state of the optimizer."""

    def requests(
        self, spec: Spec, plan: TrainingPlan, data: Data, validation: Data | None
    ) -> Requests:
        """Return what a fit needs to be compiled."""

    def predict(self, spec: Spec, weights: Weights, data: Data) -> np.ndarray:
        """Return outputs of shape (n_rows, *spec.output_shape), float32.

        Unlike the other methods it is not called with `our_settings` of Keras, which take longer
        than a row: an engine sets them where it builds a model.
        """

    def sample(self, spec: Spec, weights: Weights, data: Data, n_draws: int) -> np.ndarray:
        """Return outputs of shape (n_draws, n_rows, *spec.output_shape), units dropped."""

    def input_gradients(
        self, spec: Spec, weights: Weights, data: Data, chosen: np.ndarray
    ) -> np.ndarray:
        """Return gradients of a combination of outputs with respect to the sequences."""


@dataclass(frozen=True)
class EngineKind:
    """An engine, and the backends of Keras that it runs on.

    Attributes
    ----------
    name : str
    backends : tuple of str
    make : callable
        Returns the engine; called once it is needed, since it imports the backend.
    """

    name: str
    backends: tuple[str, ...]
    make: Callable[[], Engine]
