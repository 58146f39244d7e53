"""The engine on JAX: what is compiled for a structure, called with the values of a spec."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ...networks._initial import initial_weights, non_trainable_values
from ...networks._spec import CustomSpec, Spec
from ...networks._weights import Weights
from .._optimizer import OptimizerValues
from .._plan import TrainingPlan
from .._protocol import Data
from ._network import get_network, get_program
from ._prediction_programs import GradientProgram, PredictionProgram, iterate_tiles, untile
from ._trainer import JaxTrainer


class JaxEngine:
    """The `Engine` on JAX.

    A row has the same prediction, to the last bit, whatever other rows there are.
    """

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
        return JaxTrainer(spec.structure(), plan, values, data, validation, weights, slots)

    def predict(self, spec: Spec, weights: Weights, data: Data) -> np.ndarray:
        """Return outputs of shape (n_rows, *spec.output_shape), float32."""
        structure = spec.structure()
        program = get_program(PredictionProgram, structure, data, False)
        weights = _complete(structure, weights)
        outputs = np.empty((len(data), *spec.output_shape), np.float32)
        for rows, tiles, n_tiles in iterate_tiles(data):
            filled, _ = program(weights, data.store, tiles, n_tiles)
            outputs[rows] = untile(filled, len(rows))
        return outputs

    def sample(self, spec: Spec, weights: Weights, data: Data, n_draws: int) -> np.ndarray:
        """Return outputs of shape (n_draws, n_rows, *spec.output_shape), units dropped.

        The random states among the weights are those that the first draw starts from.
        """
        program = get_program(PredictionProgram, spec.structure(), data, True)
        outputs = np.empty((n_draws, len(data), *spec.output_shape), np.float32)
        for draw in range(n_draws):
            for rows, tiles, n_tiles in iterate_tiles(data):
                filled, states = program(weights, data.store, tiles, n_tiles)
                weights = Weights(weights.trainable, states)
                outputs[draw, rows] = untile(filled, len(rows))
        return outputs

    def input_gradients(
        self, spec: Spec, weights: Weights, data: Data, chosen: np.ndarray
    ) -> np.ndarray:
        """Return gradients of a combination of outputs with respect to the sequences.

        `chosen`, of shape spec.output_shape, are the factors of the outputs in the sum that is
        differentiated.
        """
        structure = spec.structure()
        program = get_program(GradientProgram, structure, data)
        weights = _complete(structure, weights)
        gradients = np.empty((len(data), *spec.inputs["sequence"].shape), np.float32)
        for rows, tiles, n_tiles in iterate_tiles(data):
            filled = program(weights, data.store, tiles, n_tiles, chosen)
            gradients[rows] = untile(filled, len(rows))
        return gradients


def _complete(structure: Spec, weights: Weights) -> Weights:
    """Return weights with something in place of rates and seeds, which a prediction does not need.

    Other engines keep none of them, and the states of networks that users build are left alone.
    """
    if isinstance(structure, CustomSpec):
        return weights
    idle = [np.zeros(like.shape, like.dtype) for like in get_network(structure).non_trainable]
    return Weights(weights.trainable, idle)
