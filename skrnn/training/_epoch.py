"""The compiled programs: train on batches, evaluate batches, predict rows.

Each is traced once per structure. What varies from fit to fit (weights, rates, rows, how many
batches there are) is an argument.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ..by_config import thaw
from ..weights import Weights
from ._compile_cache import compile_cache
from ._dataset import Sample
from ._loss import batch_loss
from ._persistent_cache import use_persistent_cache
from ._plan import TrainingPlan, batches_per_call

Array = Any
Store = dict[str, Any]
BuildModel = Callable[[Any], Any]

# Rows are predicted eight at a time, whatever their number: a fixed shape makes a prediction the
# same to the last bit in any company. Eight cost hardly more than one, and as little each as 64.
TILE = 8
TILES_PER_CALL = 8
# What a batch holds for the loss alone.
FOR_LOSS = ("targets", "weight")

# Keras names and scopes objects through shared state: one thread builds and traces at a time.
_keras_lock = threading.RLock()


class Network:
    """A Keras model that is only ever called as a function of weights.

    Parameters
    ----------
    build_model : callable
        From a spec to a Keras model with the inputs that `spec.inputs` names.
    spec : Spec
        A structure: without rates.
    """

    def __init__(self, build_model: BuildModel, spec: Any) -> None:
        self.spec = spec
        with _keras_lock:
            self.model = build_model(spec)
        self.trainable = _like(self.model.trainable_variables)
        self.fixed = _like(self.model.non_trainable_variables)

    def __call__(
        self, trainable: list[Array], fixed: list[Array], sample: Sample, training: bool
    ) -> tuple[Array, list[Array], Array]:
        """Return predictions, updated fixed values and the sum of the regularisation losses."""
        inputs = dict(sample.inputs)
        if "targets" in self.spec.inputs:
            shape = (-1, *self.spec.inputs["targets"].shape)
            inputs["targets"] = jnp.reshape(sample.targets, shape)
        outputs, fixed, losses = self.model.stateless_call(
            trainable,
            fixed,
            [inputs[name] for name in self.spec.inputs],
            training=training,
            return_losses=True,
        )
        return outputs, fixed, sum(losses, jnp.float32(0.0))


def get_network(build_model: BuildModel, spec: Any) -> Network:
    """Return the network of a structure, from the cache where it is there."""
    key = ("network", build_model, spec)
    return compile_cache.get(key, lambda: Network(build_model, spec))  # type: ignore[no-any-return]


class TrainingProgram:
    """Some batches of an epoch, compiled into one call.

    Attributes
    ----------
    per_call : int
        Batches that a call takes at most.
    """

    def __init__(self, network: Network, plan: TrainingPlan, layout: Any, store: Store) -> None:
        self.network, self.plan, self.layout = network, plan, layout
        self.per_call = batches_per_call(plan.batch_size, layout.row_arrays(network.spec))
        with _keras_lock:
            self.optimizer = plan.optimizer.build()
            self.optimizer.build(network.model.trainable_variables)
        self._slots = [_to_numpy(variable) for variable in self.optimizer.variables]
        names = [variable.name for variable in self.optimizer.variables]
        self.rate_slot = names.index("learning_rate")
        state = (network.trainable, network.fixed, _like(self.optimizer.variables), _scalar())
        rates = {
            "learning_rate": _array(self.per_call),
            "weight_decay": _scalar(),
            "clip": _scalar(),
        }
        batches = _batches_like(layout, network.spec, self.per_call, plan.batch_size)
        arguments = (state, store, batches, rates, _scalar(jnp.int32))
        self._compiled = _compile("train", self._train, *arguments)

    def __call__(
        self, state: tuple[Any, ...], store: Store, batches: Any, rates: Any, n_batches: int
    ) -> Any:
        """Train on `n_batches` batches; return the new state."""
        return self._compiled(state, store, batches, rates, np.int32(n_batches))

    def initial_slots(self, trainable: list[np.ndarray]) -> list[np.ndarray]:
        """Return the state that the optimizer starts with at some weights."""
        if self.plan.optimizer.starts_alike:
            return self._slots
        variables = self.network.model.trainable_variables
        with _keras_lock:
            for variable, value in zip(variables, trainable, strict=True):
                variable.assign(value)
            optimizer = self.plan.optimizer.build()
            optimizer.build(variables)
            return [_to_numpy(variable) for variable in optimizer.variables]

    def _train(self, state: Any, store: Any, batches: Any, rates: Any, n_batches: Any) -> Any:
        def step(index: Any, state: Any) -> Any:
            batch = {name: array[index] for name, array in batches.items()}
            return self._step(state, store, batch, rates["learning_rate"][index], rates)

        return jax.lax.fori_loop(0, n_batches, step, state)

    def _step(self, state: Any, store: Any, batch: Any, learning_rate: Any, rates: Any) -> Any:
        trainable, fixed, slots, total = state
        sample = self.layout.read(self.network.spec, store, batch)
        gradient_of = jax.value_and_grad(self._loss, has_aux=True)
        (_, (loss, fixed)), gradients = gradient_of(trainable, fixed, sample, batch)
        gradients = _clip(gradients, self.plan.optimizer.clipping, rates["clip"])
        slots = [*slots]
        slots[self.rate_slot] = learning_rate
        trainable, slots = self._apply(slots, gradients, trainable, rates["weight_decay"])
        return trainable, fixed, slots, total + loss * batch["n_rows"]

    def _loss(self, trainable: Any, fixed: Any, sample: Sample, batch: Any) -> Any:
        predictions, fixed, penalty = self.network(trainable, fixed, sample, training=True)
        loss = _batch_loss(self.plan.loss, sample, batch, predictions) + penalty
        return self.optimizer.scale_loss(loss), (loss, fixed)

    def _apply(self, slots: Any, gradients: Any, trainable: Any, weight_decay: Any) -> Any:
        optimizer = self.optimizer
        decays = self.plan.optimizer.decays
        optimizer.weight_decay = weight_decay if decays else None
        try:
            return optimizer.stateless_apply(slots, gradients, trainable)
        finally:
            optimizer.weight_decay = None

    def finalize(self, trainable: list[Any], slots: list[Any]) -> list[np.ndarray]:
        """Return the weights to keep: the moving average where the optimizer keeps one."""
        if not self.optimizer.use_ema:
            return [np.array(array) for array in trainable]
        variables = self.network.model.trainable_variables
        with _keras_lock:
            for variable, value in zip(variables, trainable, strict=True):
                variable.assign(value)
            for variable, value in zip(self.optimizer.variables, slots, strict=True):
                variable.assign(value)
            self.optimizer.finalize_variable_values(variables)
            return [_to_numpy(variable) for variable in variables]


class EvaluationProgram:
    """The summed loss of some batches, nothing dropped."""

    def __init__(self, network: Network, plan: TrainingPlan, layout: Any, store: Store) -> None:
        self.network, self.plan, self.layout = network, plan, layout
        self.per_call = batches_per_call(plan.batch_size, layout.row_arrays(network.spec))
        batches = _batches_like(layout, network.spec, self.per_call, plan.batch_size)
        arguments = network.trainable, network.fixed, store, batches, _scalar(jnp.int32)
        self._compiled = _compile("evaluate", self._evaluate, *arguments)

    def __call__(
        self, trainable: Any, fixed: Any, store: Store, batches: Any, n_batches: int
    ) -> Any:
        """Return the sum over rows of the loss of `n_batches` batches."""
        return self._compiled(trainable, fixed, store, batches, np.int32(n_batches))

    def _evaluate(
        self, trainable: Any, fixed: Any, store: Any, batches: Any, n_batches: Any
    ) -> Any:
        def add(index: Any, total: Any) -> Any:
            batch = {name: array[index] for name, array in batches.items()}
            sample = self.layout.read(self.network.spec, store, batch)
            predictions, _, penalty = self.network(trainable, fixed, sample, training=False)
            loss = _batch_loss(self.plan.loss, sample, batch, predictions) + penalty
            return total + loss * batch["n_rows"]

        return jax.lax.fori_loop(0, n_batches, add, jnp.float32(0.0))


class PredictionProgram:
    """Predictions of up to `TILE * TILES_PER_CALL` rows.

    With `sampling`, units are dropped as in training, from the random states among the weights.
    """

    def __init__(self, network: Network, sampling: bool, layout: Any, store: Store) -> None:
        self.network, self.sampling, self.layout = network, sampling, layout
        self._compiled = compile_tiles(self._predict, network, layout, store)

    def __call__(
        self, weights: Weights, store: Store, tiles: dict[str, np.ndarray], n_tiles: int
    ) -> tuple[np.ndarray, list[Array]]:
        """Return an array of shape (TILES_PER_CALL, TILE, ...), and the random states after it.

        Only `n_tiles` of the array are filled.
        """
        arguments = weights.trainable, weights.fixed, store, tiles, np.int32(n_tiles)
        outputs, states = self._compiled(*arguments)
        return np.asarray(outputs), states

    def _predict(self, trainable: Any, fixed: Any, store: Any, tiles: Any, n_tiles: Any) -> Any:
        spec = self.network.spec

        def fill(index: Any, carry: Any) -> Any:
            outputs, states = carry
            tile = {name: array[index] for name, array in tiles.items()}
            sample = self.layout.read(spec, store, tile)
            if sample.targets is None:
                sample = sample._replace(targets=jnp.zeros((TILE, *spec.target_shape)))
            predictions, states, _ = self.network(
                trainable, states or fixed, sample, training=self.sampling
            )
            restored = self.layout.restore(spec, store, tile, predictions)
            return outputs.at[index].set(restored), states if self.sampling else []

        outputs = jnp.zeros((TILES_PER_CALL, TILE, *spec.output_shape))
        states = fixed if self.sampling else []
        return jax.lax.fori_loop(0, n_tiles, fill, (outputs, states))


def get_program(kind: type, build_model: BuildModel, spec: Any, data: Any, *plan: Hashable) -> Any:
    """Return the compiled program of a kind for a structure and a kind of data.

    Parameters
    ----------
    kind : type
        `TrainingProgram`, `EvaluationProgram`, `PredictionProgram` or `SaliencyProgram`.
    build_model : callable
    spec : Spec
        A structure: without rates.
    data : Dataset or SeriesWindows
        Its layout, and the shapes of its store, are compiled in.
    plan : TrainingPlan, or bool
        What else is compiled in.
    """
    network = get_network(build_model, spec)
    store = {name: _array(*array.shape, dtype=array.dtype) for name, array in data.store.items()}
    shapes = tuple((name, array.shape) for name, array in store.items())
    key = (kind, build_model, spec, data.layout, shapes, *plan)
    return compile_cache.get(key, lambda: kind(network, *plan, data.layout, store))


def on_device(store: Store) -> Store:
    """Return a store as the programs take it, without a copy at every call."""
    return {name: jnp.asarray(array) for name, array in store.items()}


def compile_tiles(
    function: Callable[..., Any], network: Network, layout: Any, store: Store, *more: Any
) -> Any:
    """Compile a function of weights, a store, tiles and their number, and whatever else."""
    tiles = _tiles_like(layout, network.spec)
    arguments = network.trainable, network.fixed, store, tiles, _scalar(jnp.int32), *more
    return _compile("predict", function, *arguments)


def _compile(kind: str, function: Callable[..., Any], *arguments: Any) -> Any:
    def traced(*args: Any) -> Any:
        compile_cache.record_trace(kind)
        return function(*args)

    use_persistent_cache()
    start = time.perf_counter()
    with _keras_lock:
        lowered = jax.jit(traced).lower(*arguments)
    compiled = lowered.compile()
    compile_cache.record_seconds(time.perf_counter() - start)
    return compiled


def _batch_loss(loss: Any, sample: Sample, batch: Any, predictions: Any) -> Any:
    where = batch["real"], batch["n_rows"]
    return batch_loss(thaw(loss), sample.targets, predictions, sample.weight, *where)


def _clip(gradients: Any, clipping: str | None, limit: Any) -> Any:
    if clipping == "clipvalue":
        return [jnp.clip(gradient, -limit, limit) for gradient in gradients]
    if clipping == "clipnorm":
        return [gradient * _shrink(_norm([gradient]), limit) for gradient in gradients]
    if clipping == "global_clipnorm":
        factor = _shrink(_norm(gradients), limit)
        return [gradient * factor for gradient in gradients]
    return gradients


def _norm(arrays: Any) -> Any:
    return jnp.sqrt(sum(jnp.sum(jnp.square(array)) for array in arrays))


def _shrink(norm: Any, limit: Any) -> Any:
    return limit / jnp.maximum(norm, limit)


def _batches_like(layout: Any, spec: Any, per_call: int, batch_size: int) -> dict[str, Any]:
    arrays = _rows_like(layout, spec, per_call, batch_size)
    return {**arrays, "n_rows": _array(per_call), "real": _array(per_call, batch_size)}


def _tiles_like(layout: Any, spec: Any) -> dict[str, Any]:
    arrays = _rows_like(layout, spec, TILES_PER_CALL, TILE)
    return {name: array for name, array in arrays.items() if name not in FOR_LOSS}


def _rows_like(layout: Any, spec: Any, *axes: int) -> dict[str, Any]:
    arrays = layout.row_arrays(spec).items()
    return {name: _array(*axes, *shape, dtype=jnp.dtype(kind)) for name, (shape, kind) in arrays}


def _to_numpy(variable: Any) -> np.ndarray:
    return np.asarray(variable.value)


def _like(variables: Any) -> list[Any]:
    return [_array(*variable.shape, dtype=jnp.dtype(variable.dtype)) for variable in variables]


def _array(*shape: int, dtype: Any = jnp.float32) -> Any:
    return jax.ShapeDtypeStruct(shape, dtype)  # type: ignore[no-untyped-call]


def _scalar(dtype: Any = jnp.float32) -> Any:
    return _array(dtype=dtype)
