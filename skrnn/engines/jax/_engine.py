"""The engine on JAX: what is compiled for a structure, called with the values of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from ...compat._caches import on_clear
from ...networks._initial import initial_weights, non_trainable_values
from ...networks._spec import Spec
from ...networks._weights import Weights
from .._optimizer import OptimizerValues
from .._plan import TrainingPlan
from .._protocol import Data, Requests
from ._horizons import enlarge, round_horizon
from ._network import Network, get_network, get_program, request_program, weights_on_device
from ._prediction_programs import (
    GradientProgram,
    PredictionProgram,
    in_eights,
    iterate_tiles,
    request_prediction,
    untile,
)
from ._trainer import JaxTrainer
from ._training_programs import EvaluationProgram, request_training


class _Held(NamedTuple):
    arrays: list[np.ndarray]  # what was put on the device
    weights: Weights  # as they are there


class JaxEngine:
    """The `Engine` on JAX.

    A row has the same prediction, to the last bit, whatever other rows there are. Predicted by
    itself, with a wide network, it may differ from that by rounding.
    """

    def __init__(self) -> None:
        self._held: WeakKeyDictionary[Weights, _Held] = WeakKeyDictionary()
        on_clear(self._held.clear)

    def initial_weights(
        self,
        spec: Spec,
        rng: np.random.Generator,
        dropout: np.random.Generator,
        linear: Mapping[str, np.ndarray] | None = None,
    ) -> Weights:
        """Draw the weights that training starts from, and the seeds of what is dropped."""
        model = get_network(spec.structure()).model
        return initial_weights(model, spec, rng, dropout, linear)

    def renewed(self, spec: Spec, weights: Weights, dropout: np.random.Generator) -> Weights:
        """Return weights with the rates of a spec and fresh seeds."""
        model, before = get_network(spec.structure()).model, weights.non_trainable
        return Weights(weights.trainable, non_trainable_values(model, spec, dropout, before))

    def trainer(
        self,
        spec: Spec,
        plan: TrainingPlan,
        values: OptimizerValues,
        data: Data,
        validation: Data | None,
        weights: Weights,
        slots: list[np.ndarray] | None,
    ) -> JaxTrainer:
        """Return a trainer that starts from some weights, and from a state of the optimizer."""
        longer, data = round_horizon(spec, data, plan)
        if validation is not None:
            _, validation = round_horizon(spec, validation, plan)
        return JaxTrainer(longer.structure(), plan, values, data, validation, weights, slots)

    def requests(
        self, spec: Spec, plan: TrainingPlan, data: Data, validation: Data | None
    ) -> Requests:
        """Return what a fit needs to be compiled.

        Where batches are cut out of a store, predictions will come from another one.
        """
        longer, rows = round_horizon(spec, data, plan)
        training = [request_training(longer.structure(), rows, plan)]
        if validation is not None:
            _, held_out = round_horizon(spec, validation, plan)
            training.append(request_program(EvaluationProgram, longer.structure(), held_out, plan))
        if data.store:
            return Requests(training, [])
        longer, rows = round_horizon(spec, data)
        structure = longer.structure()
        tiling = in_eights(structure, rows.reader)
        predicts = request_program(PredictionProgram, structure, rows, False, tiling)
        return Requests(training, [predicts])

    def predict(self, spec: Spec, weights: Weights, data: Data) -> np.ndarray:
        """Return outputs of shape (n_rows, *spec.output_shape), float32."""
        longer, data = round_horizon(spec, data)
        request, tiling = request_prediction(longer, data)
        program = request.get()
        held = self._hold(program.network, weights)
        outputs = np.empty((len(data), *longer.output_shape), np.float32)
        for rows, tiles, n_tiles in iterate_tiles(data, tiling):
            filled, _ = program(held, data.store, tiles, n_tiles)
            outputs[rows] = untile(filled, len(rows))
        return outputs[:, : spec.output_shape[0]]

    def _hold(self, network: Network, weights: Weights) -> Weights:
        """Return weights on the device, where they stay as long as they are there here."""
        arrays = [*weights.trainable, *weights.non_trainable]
        held = self._held.get(weights)
        if held is None or [*map(id, arrays)] != [*map(id, held.arrays)]:
            for array in arrays:
                array.flags.writeable = False
            held = _Held(arrays, weights_on_device(network.complete(weights)))
            self._held[weights] = held
        return held.weights

    def sample(self, spec: Spec, weights: Weights, data: Data, n_draws: int) -> np.ndarray:
        """Return outputs of shape (n_draws, n_rows, *spec.output_shape), units dropped.

        The random states among the weights are those that the first draw starts from.
        """
        longer, data = round_horizon(spec, data)
        structure = longer.structure()
        tiling = in_eights(structure, data.reader)
        program = get_program(PredictionProgram, structure, data, True, tiling)
        weights = program.network.enlarged(weights)
        outputs = np.empty((n_draws, len(data), *longer.output_shape), np.float32)
        for draw in range(n_draws):
            for rows, tiles, n_tiles in iterate_tiles(data, tiling):
                filled, states = program(weights, data.store, tiles, n_tiles)
                weights = Weights(weights.trainable, states)
                outputs[draw, rows] = untile(filled, len(rows))
        return outputs[:, :, : spec.output_shape[0]]

    def input_gradients(
        self, spec: Spec, weights: Weights, data: Data, chosen: np.ndarray
    ) -> np.ndarray:
        """Return gradients of a combination of outputs with respect to the sequences.

        `chosen`, of shape spec.output_shape, are the factors of the outputs in the sum that is
        differentiated.
        """
        longer, data = round_horizon(spec, data)
        structure = longer.structure()
        tiling = in_eights(structure, data.reader)
        program = get_program(GradientProgram, structure, data, tiling)
        weights = program.network.complete(weights)
        chosen = enlarge(chosen, np.zeros(longer.output_shape, np.float32))
        gradients = np.empty((len(data), *spec.inputs["sequence"].shape), np.float32)
        for rows, tiles, n_tiles in iterate_tiles(data, tiling):
            filled = program(weights, data.store, tiles, n_tiles, chosen)
            gradients[rows] = untile(filled, len(rows))
        return gradients
