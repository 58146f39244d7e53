"""The fit of an estimator: rows in, fitted attributes out.

Imported at the first fit, since it brings keras and its backend along.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from ..compat._keras_settings import our_settings
from ..compat._sklearn import root_context
from ..engines._dataset import Dataset
from ..engines._history import VALIDATION, History
from ..engines._registry import current_engine
from ..models._fitted import FittedNetwork
from ..models._linear_start import linear_start
from ..models._options import DataShape, TrainingOptions, options_of, quantile_levels
from ..models._specs import make_spec
from ..models._train import MakeObserver, Trained, train_network
from ..networks._kinds import VALUES
from ._callbacks import SklearnCallbacks
from ._input_encoder import InputEncoder
from ._metrics import make_measure, read_metrics
from ._names import named_by_parameters
from ._reading import (
    FitCall,
    GivenRows,
    check_shape,
    read_fit_rows,
    read_validation_rows,
    warn_of_other_units,
)
from ._rows import Rows
from ._snapshot import NAMES_OF_X, snapshot
from ._targets import TargetEncoder
from ._validation import hold_out


@our_settings()
def fit_estimator(owner: Any, call: FitCall) -> dict[str, Any]:
    """Return the fitted attributes of an estimator, which is left as it is.

    Raises
    ------
    ValueError
        When data and parameters do not go together.
    TrainingDivergedError
        When the loss or a weight is no longer finite.
    """
    current_engine()  # which there must be before data are looked at
    estimator = snapshot(owner)  # which learns the names of X
    params = estimator.get_params(deep=False)
    options = _training_options(estimator, params, call)
    given = read_fit_rows(estimator, call)
    names = {name: vars(estimator)[name] for name in NAMES_OF_X if name in vars(estimator)}
    targets = _targets(estimator, given, call)
    metrics = read_metrics(params["metrics"], targets.head)
    rows = Rows(given.sequences, given.mask, targets.read(given.y, given.mask), given.sample_weight)
    any_length = not rows.mask.all() or (call.resume and estimator.network_.masked)
    shape = rows.sequences.shape[1:]
    validation = read_validation_rows(estimator, call, shape, targets, any_length)
    if validation is not None and targets.head == VALUES:
        warn_of_other_units(rows, validation)
    if validation is None and not call.once:
        rows, validation = hold_out(estimator, call, given, rows, targets.strata(rows))
    inputs = estimator.input_encoder_ if call.resume else None
    if inputs is None:
        inputs, targets = _learn_scalers(estimator, rows.weighted(), targets)
    if params.get("class_weight") is not None:
        rows = rows.reweighted(targets.weights(rows, params["class_weight"]))
    data = _to_dataset(inputs, targets, rows)
    held_out = None if validation is None else _to_dataset(inputs, targets, validation)
    data_shape = estimator._data_shape(_shape_of(inputs, targets, data))
    spec = make_spec(options_of(estimator._OPTIONS, params), data_shape)
    if validation is not None:  # only the spec knows whether the network takes any length
        any_length = any_length and spec.any_length
        check_shape(estimator, validation.sequences, "X_val", shape, any_length)

    def attributes(network: FittedNetwork, history: History) -> dict[str, Any]:
        return {**names, **fitted_attributes(network, history, inputs, targets)}

    parts = {"": rows, VALIDATION: validation}
    draw = check_random_state(estimator.random_state).randint(np.iinfo(np.int32).max)
    trained = train_network(
        spec,
        options,
        data,
        held_out,
        seed=(draw, estimator.n_iter_ if call.resume else 0),
        previous=Trained(estimator.network_, estimator.history_) if call.resume else None,
        linear=None if call.resume else linear_start(spec, data),
        masked=not data.inputs["mask"].all(),
        monitor=metrics.monitor(params["monitor"]),
        measure=make_measure(
            metrics, estimator, targets, parts, lambda network: attributes(network, History())
        ),
        observers=_callbacks(owner, call, options, attributes),
    )
    return attributes(trained.network, trained.history)


def fitted_attributes(
    network: FittedNetwork, history: History, inputs: InputEncoder, targets: TargetEncoder
) -> dict[str, Any]:
    """Return the attributes that a trained network gives an estimator."""
    attributes = {
        "network_": network,
        "history_": history,
        "n_iter_": history.n_epochs,
        "n_parameters_": network.weights.n_parameters,
        "input_encoder_": inputs,
        "target_encoder_": targets,
    }
    classes = getattr(targets, "classes", None)
    return attributes if classes is None else {**attributes, "classes_": classes}


def _training_options(estimator: Any, params: dict[str, Any], call: FitCall) -> TrainingOptions:
    levels = quantile_levels(params.get("quantiles"))
    name = named_by_parameters(estimator) if params["verbose"] else ""
    options = options_of(TrainingOptions, params, levels=levels, name=name)
    if not call.once:
        return options
    schedule = None if isinstance(options.lr_schedule, str) else options.lr_schedule
    return replace(options, epochs=1, early_stopping=False, warm_start=True, lr_schedule=schedule)


def _targets(estimator: Any, given: GivenRows, call: FitCall) -> Any:
    """Return how targets are read: as in the last fit, or learned from these."""
    if not call.resume:
        return estimator._learn_targets(given.y, given.mask, call.classes)
    if call.classes is not None:
        estimator.target_encoder_.check_same(call.classes)
    return estimator.target_encoder_


def _learn_scalers(
    estimator: Any, rows: Rows, targets: TargetEncoder
) -> tuple[InputEncoder, TargetEncoder]:
    tokens = getattr(estimator, "embedding_dim", None) is not None
    shape = rows.sequences.shape[1:]
    targets = estimator._scale_targets(targets, rows, shape)
    return InputEncoder.learn(rows.sequences, estimator.input_scaler, tokens), targets


def _to_dataset(inputs: InputEncoder, targets: TargetEncoder, rows: Rows) -> Dataset:
    weight = rows.mean_one_weight()
    if targets.every_step and weight.ndim == 1:
        weight = np.broadcast_to(weight[:, None], rows.mask.shape)
    return Dataset(inputs.encode(rows.sequences, rows.mask), targets.encode(rows), weight)


def _shape_of(inputs: InputEncoder, targets: TargetEncoder, data: Dataset) -> DataShape:
    assert data.targets is not None
    sequences = data.inputs["sequence"]
    return DataShape(
        n_timesteps=sequences.shape[1],
        n_features=math.prod(sequences.shape[2:]),
        n_outputs=data.targets.shape[-1],
        head=targets.head,
        levels=targets.levels,
        step_shape=sequences.shape[2:],
        n_tokens=inputs.n_tokens,
    )


def _callbacks(
    estimator: Any, call: FitCall, options: TrainingOptions, attributes: Any
) -> list[MakeObserver]:
    context = root_context(estimator, max_subtasks=options.epochs)
    if context is None:
        return []
    weight = call.sample_weight
    metadata = None if weight is None else {"sample_weight": weight}
    arguments = {"estimator": estimator, "X": call.X, "y": call.y, "metadata": metadata}

    def make(fitted: Any) -> SklearnCallbacks:
        return SklearnCallbacks(
            context, arguments, lambda weights, history: attributes(fitted(weights), history)
        )

    return [make]
