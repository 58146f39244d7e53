"""From parameters and rows to a trained network: the one place where estimators meet the engine.

Imported at the first fit, so that `import skrnn` stays cheap.
"""

from __future__ import annotations

import math
import warnings
from contextlib import ExitStack
from typing import Any

from ..by_config import freeze
from ..networks._build import build_model
from ..networks._initial import fixed_values, initial_weights
from ..training._dataset import Dataset
from ..training._epoch import get_network
from ..training._history import History
from ..training._loop import Outcome, Run, train
from ..training._loss import CROSSENTROPY, ClassLoss, PinballLoss, check_loss
from ..training._optimizer import OptimizerState, split_optimizer
from ..training._plan import TrainingPlan
from ..training._seeding import make_streams
from ..training._stopping import Patience
from ..weights import Weights
from ._network import FittedNetwork, check_takes_mask, make_spec
from ._observers import KerasCallbacks, ProgressLine, SklearnCallbacks, check_callbacks
from ._parameters import quantile_levels


def train_rows(
    params: dict[str, Any],
    data: Dataset,
    validation: Dataset | None,
    *,
    details: dict[str, Any],
    **options: Any,
) -> tuple[FittedNetwork, History]:
    """Train the network that parameters and rows ask for; see `train_network`.

    `details` are what the data say about the spec, apart from the shapes of the rows.
    """
    assert data.targets is not None
    sequences, mask = data.inputs["sequence"], data.inputs["mask"]
    shapes = {
        "n_timesteps": sequences.shape[1],
        "n_features": math.prod(sequences.shape[2:]),
        "n_outputs": data.targets.shape[-1],
    }
    spec = make_spec(params, {**shapes, **details})
    for rows in (data, validation):
        if rows is not None:
            check_takes_mask(spec, rows)
    masked = not mask.all()
    return train_network(spec, params, data, validation, masked=masked, **options)


def train_network(
    spec: Any,
    params: dict[str, Any],
    data: Any,
    validation: Any,
    *,
    seed: tuple[int, ...],
    previous: tuple[FittedNetwork, History] | None,
    name: str,
    hooks: tuple[Any, dict[str, Any], Any] = (None, {}, None),
    masked: bool = True,
) -> tuple[FittedNetwork, History]:
    """Train a network from scratch, or go on from a previous one.

    Parameters
    ----------
    spec : Spec
    params : dict
        Constructor parameters of the estimator.
    data, validation : Dataset or SeriesWindows
    seed : tuple of int
    previous : pair of FittedNetwork and History, or None
    name : str
        Shown with the progress.
    hooks : tuple
        Root context of scikit-learn's callbacks or None, the arguments of their hooks, and the
        function from a network and its history to fitted attributes.
    masked : bool
        Whether there are masked steps in the data.
    """
    plan, run, streams = _plan_training(spec, params, seed)
    weights, slots = _start(spec, plan, previous, streams)
    masked = masked or (previous is not None and previous[0].masked)

    def fitted(weights: Weights, optimizer: OptimizerState | None = None) -> FittedNetwork:
        return FittedNetwork(spec, weights, optimizer, masked)

    with ExitStack() as stack:
        observers = _make_observers(params, name, fitted(weights), run, hooks, fitted)
        for observer in observers:
            stack.callback(observer.close)
        result = train(
            build_model,
            spec.structure(),
            plan,
            run,
            data,
            weights,
            validation=validation,
            slots=slots,
            observers=observers,
        )
    if result.outcome is Outcome.INTERRUPTED:
        warnings.warn(
            f"Training was interrupted after {result.history.n_epochs} epochs; the best weights so "
            "far are kept.",
            stacklevel=2,
        )
    kept = OptimizerState(plan.optimizer.signature, result.slots) if params["warm_start"] else None
    history = previous[1].extended(result.history) if previous else result.history
    return fitted(result.weights, kept), history


def _plan_training(
    spec: Any, params: dict[str, Any], seed: tuple[int, ...]
) -> tuple[TrainingPlan, Run, Any]:
    loss = _choose_loss(spec, params["loss"], params.get("quantiles"))
    check_callbacks(params["callbacks"])
    optimizer, values = split_optimizer(
        params["optimizer"], params["learning_rate"], params["clipnorm"]
    )
    if callable(values.learning_rate) and params["lr_schedule"] is not None:
        raise ValueError(
            f"lr_schedule={params['lr_schedule']!r}, but the optimizer has a schedule of its own "
            "as learning rate. Give one of the two, or set learning_rate to a number."
        )
    streams = make_streams(*seed)
    stops = params["early_stopping"]
    run = Run(
        epochs=params["epochs"],
        shuffle=params["shuffle"],
        order=streams.order,
        values=values,
        lr_schedule=params["lr_schedule"],
        patience=Patience(params["n_iter_no_change"], params["tol"]) if stops else None,
        tol=params["tol"],
    )
    plan = TrainingPlan(int(params["batch_size"]), freeze(loss), optimizer)
    return plan, run, streams


def _choose_loss(spec: Any, loss: Any, quantiles: Any) -> Any:
    """Return the loss: that of classes, or of quantiles, where there are any."""
    if spec.output_activation != "linear":
        if loss != CROSSENTROPY:
            check_loss(loss)
        return ClassLoss(loss)
    check_loss(loss)
    if quantiles is None:
        return loss
    if loss != "mse":
        raise ValueError(
            f"loss={loss!r} cannot go with quantiles={quantiles!r}: quantiles are learned with the "
            "pinball loss. Leave loss at its default, or set quantiles=None."
        )
    return PinballLoss(quantile_levels(quantiles))


def _start(spec: Any, plan: TrainingPlan, previous: Any, streams: Any) -> tuple[Weights, Any]:
    model = get_network(build_model, spec.structure()).model
    if previous is None:
        return initial_weights(model, spec, streams.weights, streams.dropout), None
    network = previous[0]
    if network.spec.structure() != spec.structure():
        raise ValueError(
            "Training cannot go on (warm_start=True or partial_fit): the network of the last fit "
            f"was {network.spec.structure()}, but parameters and data now ask for "
            f"{spec.structure()}. Set warm_start=False and call fit to train a new network."
        )
    fixed = fixed_values(model, spec, streams.dropout, network.weights.fixed)
    state = network.optimizer
    resumes = state is not None and state.owner == plan.optimizer.signature
    return Weights(network.weights.trainable, fixed), state.slots if resumes else None


def _make_observers(
    params: dict[str, Any], name: str, network: FittedNetwork, run: Run, hooks: Any, fitted: Any
) -> list[Any]:
    context, arguments, attributes = hooks
    observers: list[Any] = []
    if params["callbacks"] is not None:
        optimizer, _ = split_optimizer(params["optimizer"], None, None)
        rate = run.values.learning_rate
        keras_optimizer = optimizer.build()
        keras_optimizer.learning_rate = 0.0 if callable(rate) else rate
        observers.append(KerasCallbacks(params["callbacks"], network, keras_optimizer, run.epochs))
    if context is not None:
        observers.append(
            SklearnCallbacks(
                context, arguments, lambda weights, history: attributes(fitted(weights), history)
            )
        )
    if params["verbose"]:
        observers.append(ProgressLine(name, run.epochs))
    return observers
