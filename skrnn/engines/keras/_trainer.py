"""A network in training through `keras.Model.fit`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...compat._keras import keras, to_numpy
from ...networks._build import set_weights, state_values
from ...networks._by_config import thaw
from ...networks._spec import Spec
from ...networks._weights import Weights
from .._dataset import spread_rows
from .._optimizer import OptimizerValues
from .._plan import TrainingPlan
from .._protocol import Data
from .._schedule import Schedule
from ._model import fill, inputs_of, keras_lock, make_model


class KerasTrainer:
    """A network, its optimizer and the data that it learns from.

    Parameters
    ----------
    spec : Spec
    plan, values, data, validation, weights, slots :
        As for `Engine.trainer`.
    """

    def __init__(
        self,
        spec: Spec,
        plan: TrainingPlan,
        values: OptimizerValues,
        data: Data,
        validation: Data | None,
        weights: Weights,
        slots: list[np.ndarray] | None,
    ) -> None:
        self._spec, self._plan, self._data, self._validation = spec, plan, data, validation
        self._model = make_model(spec)
        fill(self._model, spec, weights, states=True)
        self._model.plan_loss = thaw(plan.loss)
        with keras_lock:
            self._optimizer = _optimizer(plan, values)
            self._optimizer.build(self._model.trainable_variables)
            if slots is not None:
                for variable, value in zip(self._optimizer.variables, slots, strict=True):
                    variable.assign(value)
            self._model.compile(self._optimizer, jit_compile=False)

    def close(self) -> None:
        """Do nothing."""

    @property
    def learning_rate(self) -> float:
        """The rate of the last step."""
        return float(to_numpy(self._optimizer.learning_rate))

    @property
    def n_steps(self) -> int:
        """Optimizer steps so far, those of earlier fits included."""
        return int(self.slots()[0])

    def run_epoch(self, order: np.ndarray, schedule: Schedule) -> float:
        """Train on rows in an order, at the rates of a schedule; return their mean loss."""
        batches = _Batches(self._spec, self._data, order, self._plan.batch_size)
        follower = _Follower(schedule.rates(self.n_steps, len(batches)))
        with keras_lock:
            history = self._model.fit(
                batches, epochs=1, shuffle=False, verbose=0, callbacks=[follower]
            )
            set_weights(self._model, follower.weights)
        return float(history.history["loss"][0])

    def evaluate(self) -> float:
        """Return the mean loss of the validation rows."""
        assert self._validation is not None
        order = spread_rows(self._validation)
        batches = _Batches(self._spec, self._validation, order, self._plan.batch_size)
        with keras_lock:
            return float(self._model.evaluate(batches, verbose=0, return_dict=True)["loss"])

    def weights(self) -> Weights:
        """Return the weights as they are."""
        return Weights(_trainable(self._model), state_values(self._model))

    def final_weights(self) -> Weights:
        """Return the weights to keep: their moving average where the optimizer has one."""
        current = self.weights()
        self._optimizer.finalize_variable_values(self._model.trainable_variables)
        final = self.weights()
        set_weights(self._model, current.trainable)
        return final

    def slots(self) -> list[np.ndarray]:
        """Return the state of the optimizer."""
        return [to_numpy(variable) for variable in self._optimizer.variables]


class _Batches(keras.utils.PyDataset):
    """Rows of some data in an order, as `Model.fit` takes them; windows are cut here."""

    def __init__(self, spec: Spec, data: Data, order: np.ndarray, batch_size: int) -> None:
        super().__init__()
        self._spec, self._data, self._order, self._size = spec, data, order, batch_size

    def __len__(self) -> int:
        return -(-len(self._order) // self._size)

    def __getitem__(self, number: int) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        rows = self._order[number * self._size : (number + 1) * self._size]
        batch, data = self._data.take(rows), self._data
        sample = data.reader.read(self._spec, data.store, batch, np)
        # NumPy cuts windows in double precision.
        targets, weight = (np.asarray(a, np.float32) for a in (sample.targets, sample.weight))
        return inputs_of(self._spec, sample._replace(targets=targets)), targets, weight


class _Follower(keras.callbacks.Callback):
    """Sets the rate of every step, and notes the weights after the last one.

    At the end of `fit`, Keras puts their moving average in their place where there is one.
    """

    def __init__(self, rates: np.ndarray) -> None:
        super().__init__()
        self._rates = rates
        self.weights: list[np.ndarray] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Set the rate."""
        self.model.optimizer.learning_rate = float(self._rates[batch])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Note the weights."""
        self.weights = _trainable(self.model)


def _trainable(model: keras.Model) -> list[np.ndarray]:
    return [to_numpy(variable) for variable in model.trainable_variables]


def _optimizer(plan: TrainingPlan, values: OptimizerValues) -> Any:
    optimizer = plan.optimizer.build(values)
    if not plan.optimizer.decays:  # which the default of its class may do
        optimizer.weight_decay = None
    return optimizer
