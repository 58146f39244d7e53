"""The engine that lets Keras train and predict, on TensorFlow or PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from ...compat._keras import keras, supported
from ...compat._keras_settings import our_settings
from ...networks._initial import initial_weights, non_trainable_values
from ...networks._spec import Spec
from ...networks._weights import Weights
from .._optimizer import OptimizerValues
from .._plan import TrainingPlan
from .._protocol import FOR_LOSS, Arrays, Data, Requests
from ._gradients import sequence_gradients
from ._model import fill, get_model, inputs_of, keras_lock
from ._trainer import KerasTrainer

# Rows go through so many at a time, the last ones with padding: a prediction depends neither on
# the company of a row nor on how many there are.
_TILE = 32
# From the inputs of a tile of rows to one array.
_Read = Callable[[dict[str, np.ndarray]], np.ndarray]


class KerasEngine:
    """The `Engine` on TensorFlow and PyTorch."""

    def initial_weights(
        self,
        spec: Spec,
        rng: np.random.Generator,
        dropout: np.random.Generator,
        linear: Mapping[str, np.ndarray] | None = None,
    ) -> Weights:
        """Draw the weights that training starts from, and the seeds of what is dropped."""
        with keras_lock:
            return initial_weights(get_model(spec), spec, rng, dropout, linear)

    def renewed(self, spec: Spec, weights: Weights, dropout: np.random.Generator) -> Weights:
        """Return weights with the rates of a spec and fresh seeds."""
        states = non_trainable_values(get_model(spec), spec, dropout, weights.non_trainable)
        return Weights(weights.trainable, states)

    def trainer(
        self,
        spec: Spec,
        plan: TrainingPlan,
        values: OptimizerValues,
        data: Data,
        validation: Data | None,
        weights: Weights,
        slots: list[np.ndarray] | None,
    ) -> KerasTrainer:
        """Return a trainer that starts from some weights, and from a state of the optimizer."""
        with supported("This way of training"):
            return KerasTrainer(spec, plan, values, data, validation, weights, slots)

    def requests(
        self, spec: Spec, plan: TrainingPlan, data: Data, validation: Data | None
    ) -> Requests:
        """Return nothing: Keras compiles when it trains."""
        return Requests([], [])

    @our_settings()
    def predict(self, spec: Spec, weights: Weights, data: Data) -> np.ndarray:
        """Return outputs of shape (n_rows, *spec.output_shape), float32."""
        with keras_lock:
            model = get_model(spec)
            fill(model, spec, weights, states=False)
            return _outputs(spec, data, model.predict_on_batch)

    def sample(self, spec: Spec, weights: Weights, data: Data, n_draws: int) -> np.ndarray:
        """Return outputs of shape (n_draws, n_rows, *spec.output_shape), units dropped.

        The random states among the weights are those that the first draw starts from.
        """
        with keras_lock:
            model = get_model(spec)
            fill(model, spec, weights, states=True)

            def read(inputs: dict[str, np.ndarray]) -> np.ndarray:
                drawn: np.ndarray = keras.ops.convert_to_numpy(model(inputs, training=True))
                return drawn

            return np.stack([_outputs(spec, data, read) for _ in range(n_draws)])

    def input_gradients(
        self, spec: Spec, weights: Weights, data: Data, chosen: np.ndarray
    ) -> np.ndarray:
        """Return gradients of a combination of outputs with respect to the sequences.

        `chosen`, of shape spec.output_shape, are the factors of the outputs in the sum that is
        differentiated.
        """
        gradients = np.empty((len(data), *spec.inputs["sequence"].shape), np.float32)
        factors = np.asarray(chosen, np.float32)
        with keras_lock:
            model = get_model(spec)
            fill(model, spec, weights, states=False)
            for rows, _, inputs in _iterate_tiles(spec, data):
                gradients[rows] = sequence_gradients(model, inputs, factors)[: len(rows)]
        return gradients


def _outputs(spec: Spec, data: Data, read: _Read) -> np.ndarray:
    """Return what is read from tiles of rows, in the units of the store."""
    outputs = np.empty((len(data), *spec.output_shape), np.float32)
    for rows, tile, inputs in _iterate_tiles(spec, data):
        filled = np.asarray(read(inputs))
        restored = data.reader.restore(spec, data.store, tile, filled, np)
        outputs[rows] = restored[: len(rows)]
    return outputs


def _iterate_tiles(
    spec: Spec, data: Data
) -> Iterator[tuple[np.ndarray, Arrays, dict[str, np.ndarray]]]:
    """Yield row numbers, the tile that holds these rows, and the inputs of the network for it."""
    for start in range(0, len(data), _TILE):
        rows = np.arange(start, min(start + _TILE, len(data)))
        arrays = data.take(rows)
        tile = {name: _padded(arrays[name]) for name in arrays if name not in FOR_LOSS}
        sample = data.reader.read(spec, data.store, tile, np)
        # Of windows the reader cuts targets too, which are the future.
        yield rows, tile, inputs_of(spec, sample._replace(targets=None))


def _padded(rows: np.ndarray) -> np.ndarray:
    padded = np.zeros((_TILE, *rows.shape[1:]), rows.dtype)
    padded[: len(rows)] = rows
    return padded
