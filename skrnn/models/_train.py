"""From a spec, options and data to a trained network: the one place where faces meet the engine.

Imported at the first fit, so that `import skrnn` stays cheap.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..compat._keras_settings import our_settings
from ..engines._history import History
from ..engines._loop import Outcome, Run, train
from ..engines._observer import Observer
from ..engines._optimizer import OptimizerState, OptimizerValues, split_optimizer
from ..engines._plan import TrainingPlan
from ..engines._preparation import Job, has_idle_core, in_background, note
from ..engines._protocol import Data, Engine, Request
from ..engines._registry import current_engine
from ..engines._seeding import Streams, make_streams
from ..engines._stopping import VALIDATION_LOSS, Monitor, Patience
from ..networks._by_config import freeze
from ..networks._class_losses import ClassLoss
from ..networks._kinds import HEADS
from ..networks._spec import Spec
from ..networks._weights import Weights
from ._fitted import FittedNetwork, check_takes_mask
from ._keras_callbacks import KerasCallbacks, as_callbacks, warn_of_validation_hooks
from ._lengths import Lengths
from ._observers import make_progress
from ._options import TrainingOptions

# Batches up to this many rows are never cut.
_SMALL_BATCH = 1024
# Makes an observer that wants to know of networks as they are after an epoch.
MakeObserver = Callable[[Callable[[Weights], FittedNetwork]], Observer]


@dataclass(frozen=True)
class Trained:
    """A network, and how it came about."""

    network: FittedNetwork
    history: History


@our_settings()
def train_network(
    spec: Spec,
    options: TrainingOptions,
    data: Data,
    validation: Data | None,
    *,
    seed: tuple[int, ...],
    previous: Trained | None = None,
    linear: Mapping[str, np.ndarray] | None = None,
    masked: bool = True,
    monitor: Monitor = VALIDATION_LOSS,
    measure: Callable[[FittedNetwork], dict[str, float]] | None = None,
    observers: Sequence[MakeObserver] = (),
) -> Trained:
    """Train a network from scratch, or go on from a previous one.

    Parameters
    ----------
    spec : Spec
    options : TrainingOptions
    data, validation : Data
    seed : tuple of int
    previous : Trained or None
    linear : mapping or None
        What the linear part starts from, of `linear_start`.
    masked : bool
        Whether there are masked steps in the data.
    monitor : Monitor
        What early stopping and the plateau schedule look at.
    measure : callable or None
        What is recorded of the network after each epoch.
    observers : sequence of callable
        Make observers beside those that the options ask for.

    Raises
    ------
    ValueError
        When options do not go together, or with the previous network.
    TrainingDivergedError
        When a loss or a weight is no longer finite.
    """
    for rows in (data, validation):
        if rows is not None:
            check_takes_mask(spec, rows)
    masked = masked or (previous is not None and previous.network.masked)
    lengths = Lengths.of(spec, masked and spec.any_length, data, validation)
    if previous is not None:
        spec = _spec_to_go_on(previous.network, spec)
    # Programs are those of padded sequences; the network stays that of the spec.
    padded, data = lengths.spec, lengths.pad(data)
    validation = None if validation is None else lengths.pad(validation)
    engine, streams = current_engine(), make_streams(*seed)
    plan, values = _plan(spec, options, data.n_per_epoch)
    requests = engine.requests(padded, plan, data, validation)
    note({request: _job(request) for request in (*requests.training, *requests.prediction)})
    run = _run(options, values, streams, monitor)
    weights, slots = _start(engine, padded, plan, previous, linear, streams)

    def fitted(weights: Weights, optimizer: OptimizerState | None = None) -> FittedNetwork:
        return FittedNetwork(spec, weights, optimizer, masked)

    callbacks = as_callbacks(options.callbacks)
    if validation is not None:
        warn_of_validation_hooks(callbacks)
    steps = -(-data.n_per_epoch // plan.batch_size)
    with ExitStack() as stack:
        followers: list[Observer] = []
        if callbacks:
            followers.append(_keras_callbacks(callbacks, options, fitted(weights), run, steps))
        followers += [make(fitted) for make in observers]
        if options.verbose:
            followers.append(make_progress(options.name, run.epochs))
        for follower in followers:
            stack.callback(follower.close)
        if has_idle_core():
            missing = [request for request in requests.prediction if not request.is_there]
            stack.enter_context(in_background([_job(request) for request in missing]))
        trainer = engine.trainer(padded, plan, values, data, validation, weights, slots)
        stack.callback(trainer.close)
        result = train(
            trainer,
            run,
            data,
            batch_size=plan.batch_size,
            validates=validation is not None,
            measure=None if measure is None else lambda weights: measure(fitted(weights)),
            observers=followers,
        )
    if result.outcome is Outcome.INTERRUPTED:
        warnings.warn(
            f"Training was interrupted after {result.history.n_epochs} epochs; the best weights so "
            "far are kept.",
            stacklevel=2,
        )
    kept = OptimizerState(plan.optimizer.signature, result.slots) if options.warm_start else None
    history = previous.history.extended(result.history) if previous else result.history
    return Trained(fitted(result.weights, kept), history)


def _job(request: Request) -> Job:
    """Return what compiles a program, in any thread."""
    return our_settings()(request.get)


def _plan(
    spec: Spec, options: TrainingOptions, n_rows: int
) -> tuple[TrainingPlan, OptimizerValues]:
    loss = HEADS[spec.head].loss(options.loss, options.levels)
    if isinstance(loss, ClassLoss):
        loss.check_learns(spec.output_shape[-1])
    as_callbacks(options.callbacks)
    optimizer, values = split_optimizer(options.optimizer, options.learning_rate, options.clipnorm)
    if callable(values.learning_rate) and options.lr_schedule is not None:
        raise ValueError(
            f"lr_schedule={options.lr_schedule!r}, but the optimizer has a schedule of its own as "
            "learning rate. Give one of the two, or set learning_rate to a number."
        )
    batch_size = _cut(options.batch_size, n_rows)
    return TrainingPlan(batch_size, freeze(loss), optimizer), values


def _cut(batch_size: int, n_rows: int) -> int:
    """Return the rows of a batch, about as many as there are at most: a program has room for all.

    The cut is to powers of two, and small batches are left alone, so that data of different sizes,
    such as the folds of a cross-validation, still share a program.
    """
    return min(batch_size, max(_SMALL_BATCH, 1 << (n_rows - 1).bit_length()))


def _run(
    options: TrainingOptions, values: OptimizerValues, streams: Streams, monitor: Monitor
) -> Run:
    stops = options.early_stopping
    return Run(
        epochs=options.epochs,
        shuffle=options.shuffle,
        order=streams.order,
        learning_rate=values.learning_rate,
        lr_schedule=options.lr_schedule,
        patience=Patience(options.n_iter_no_change, options.tol) if stops else None,
        tol=options.tol,
        monitor=monitor,
    )


def _spec_to_go_on(network: FittedNetwork, spec: Spec) -> Spec:
    """Return the spec with which training of a network goes on: its length is that of the fit.

    Raises
    ------
    ValueError
        When it is another network.
    """
    if network.takes_any_length:
        spec = replace(spec, n_timesteps=network.spec.n_timesteps)
    if network.spec.structure() != spec.structure():
        raise ValueError(
            "Training cannot go on (warm_start=True or partial_fit): the network of the last fit "
            f"was {network.spec.structure()}, but parameters and data now ask for "
            f"{spec.structure()}. Set warm_start=False and call fit to train a new network."
        )
    return spec


def _start(
    engine: Engine,
    spec: Spec,
    plan: TrainingPlan,
    previous: Trained | None,
    linear: Mapping[str, np.ndarray] | None,
    streams: Streams,
) -> tuple[Weights, list[np.ndarray] | None]:
    """Return weights, and the state of the optimizer, to start from."""
    if previous is None:
        return engine.initial_weights(spec, streams.weights, streams.dropout, linear), None
    network = previous.network
    state = network.optimizer
    resumes = state is not None and state.owner == plan.optimizer.signature
    weights = engine.renewed(spec, network.weights, streams.dropout)
    return weights, state.slots if state is not None and resumes else None


def _keras_callbacks(
    callbacks: list[Any], options: TrainingOptions, network: FittedNetwork, run: Run, steps: int
) -> KerasCallbacks:
    optimizer: Any = split_optimizer(options.optimizer, None, None)[0].build()
    optimizer.learning_rate = 0.0 if callable(run.learning_rate) else run.learning_rate
    params = {"epochs": run.epochs, "steps": steps, "verbose": int(options.verbose)}
    return KerasCallbacks(callbacks, network, optimizer, params)
