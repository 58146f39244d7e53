"""Metrics of Keras and scorers of scikit-learn, measured after each epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring, get_scorer_names

from ..compat._keras import keras, metric_direction
from ..engines._history import VALIDATION
from ..engines._stopping import Monitor
from ..models._fitted import FittedNetwork
from ._rows import Rows
from ._snapshot import snapshot, with_fitted
from ._targets import TargetEncoder

_TAKEN = ("loss", "learning_rate", "seconds")
# Names that Keras reads by what is predicted.
_BY_HEAD = {
    "accuracy": {
        "binary": keras.metrics.BinaryAccuracy,
        "multilabel": keras.metrics.BinaryAccuracy,
        "categorical": keras.metrics.CategoricalAccuracy,
    },
    "crossentropy": {
        "binary": keras.metrics.BinaryCrossentropy,
        "multilabel": keras.metrics.BinaryCrossentropy,
        "categorical": keras.metrics.CategoricalCrossentropy,
    },
}
# These take the numbers of classes, not a column for each.
_OF_NUMBERS = (
    keras.metrics.SparseCategoricalAccuracy,
    keras.metrics.SparseCategoricalCrossentropy,
    keras.metrics.SparseTopKCategoricalAccuracy,
)


@dataclass(frozen=True)
class KerasMetric:
    """A metric of Keras, on targets in the units of `y` or on probabilities.

    Attributes
    ----------
    name : str
    metric : keras.metrics.Metric
        Its own copy: metrics hold sums.
    """

    name: str
    metric: Any

    @property
    def greater_is_better(self) -> bool | None:
        """Which way is better; None where Keras does not say."""
        direction = metric_direction(self.metric)
        return None if direction is None else direction == "up"

    def measure(self, targets: np.ndarray, predictions: np.ndarray) -> float:
        """Return the metric of columns of targets and predictions.

        Raises
        ------
        ValueError
            When it is not one number.
        """
        if isinstance(self.metric, _OF_NUMBERS):
            targets, predictions = _numbers(targets), _all_classes(predictions)
        self.metric.reset_state()
        self.metric.update_state(targets.astype(np.float32), predictions.astype(np.float32))
        result = np.asarray(keras.ops.convert_to_numpy(self.metric.result()))
        if result.size != 1:
            raise ValueError(
                f"metrics: {self.name} is {result.size} numbers per epoch, but a curve takes one. "
                'Let Keras average them, as in keras.metrics.F1Score(average="macro").'
            )
        return float(result.reshape(()))


@dataclass(frozen=True)
class Metrics:
    """What is measured after each epoch.

    Attributes
    ----------
    names : tuple of str
        In the history, in the order that was asked for.
    of_keras : tuple of KerasMetric
    scorers : dict
        Scorers of scikit-learn by name.
    """

    names: tuple[str, ...]
    of_keras: tuple[KerasMetric, ...]
    scorers: dict[str, Any]

    def monitor(self, name: str) -> Monitor:
        """Return what training looks at.

        Raises
        ------
        ValueError
            When nothing of this name is measured, or it is not known which way is better.
        """
        base = name.removeprefix(VALIDATION)
        if base == "loss":
            return Monitor(name)
        if base not in self.names:
            raise ValueError(
                f"monitor={name!r} is not measured. Choose one of {['loss', *self.names]}, with "
                f"{VALIDATION!r} in front for the validation rows, or add it to metrics."
            )
        better = {item.name: item.greater_is_better for item in self.of_keras}
        greater = better.get(base, True)
        if greater is None:
            raise ValueError(
                f"monitor={name!r}: Keras does not say whether more or less of it is better. Use a "
                "scorer of scikit-learn in metrics, of which more is better (make_scorer)."
            )
        return Monitor(name, greater)


@dataclass(frozen=True)
class _Measured:
    """Rows to measure on.

    Attributes
    ----------
    prefix : str
        Of the names in the history.
    rows : Rows
    y : ndarray
        Their targets, as users pass them.
    """

    prefix: str
    rows: Rows
    y: np.ndarray


def read_metrics(metrics: Any, head: str) -> Metrics:
    """Return metrics from what the constructor takes.

    Parameters
    ----------
    metrics : None, str, object, list or dict
    head : str
        Name of the head of the network.

    Raises
    ------
    ValueError
        When a name is not known, given twice or taken.
    TypeError
        When there is something that is no metric, or has no name.
    """
    names: list[str] = []
    of_keras: list[KerasMetric] = []
    scorers: dict[str, Any] = {}
    for given, item in _named(metrics):
        found = _keras_metric(item, head)
        scorer = None if found is not None else _scorer(item)
        name = _check_name(given or _own_name(item), item, names)
        names.append(name)
        if found is not None:
            of_keras.append(KerasMetric(name, found))
        else:
            scorers[name] = scorer
    return Metrics(tuple(names), tuple(of_keras), scorers)


def make_measure(
    metrics: Metrics,
    estimator: Any,
    targets: TargetEncoder,
    parts: Mapping[str, Rows | None],
    attributes: Callable[[FittedNetwork], dict[str, Any]],
) -> Callable[[FittedNetwork], dict[str, float]] | None:
    """Return what measures a network after an epoch, or None where nothing is asked for.

    Parameters
    ----------
    metrics : Metrics
    estimator : NetworkEstimator
    targets : TargetEncoder
    parts : mapping of str to Rows or None
        Training rows as "", validation rows as "val_".
    attributes : callable
        From a network to the fitted attributes of the estimator.
    """
    if not metrics.names:
        return None
    measured = [
        _Measured(prefix, rows, targets.restore(rows.targets))
        for prefix, rows in parts.items()
        if rows is not None
    ]

    def measure(network: FittedNetwork) -> dict[str, float]:
        fitted = snapshot(estimator)
        fitted.__dict__ = with_fitted(vars(fitted), attributes(network))
        if hasattr(fitted, "layout"):
            fitted.layout = "channels_last"  # as the rows are by now
        values: dict[str, float] = {}
        for part in measured:
            found = _measure(metrics, fitted, targets, part)
            values |= {part.prefix + name: found[name] for name in metrics.names}
        return values

    return measure


def _measure(
    metrics: Metrics, fitted: Any, targets: TargetEncoder, part: _Measured
) -> dict[str, float]:
    values: dict[str, float] = {}
    sequences = np.asarray(part.rows.sequences)
    if metrics.of_keras:
        predict = fitted.predict_proba if is_classifier(fitted) else fitted.predict
        columns = targets.columns(predict(sequences))
        truth, known = part.rows.targets, ~np.isnan(columns).any(axis=-1)
        values |= {m.name: m.measure(truth[known], columns[known]) for m in metrics.of_keras}
    if metrics.scorers:
        try:
            scores = check_scoring(fitted, scoring=metrics.scorers)(fitted, sequences, part.y)
        except Exception as error:
            per_step = " Scorers of one target per step are made by make_sequence_scorer."
            raise ValueError(
                f"metrics: {', '.join(metrics.scorers)} could not be measured: {error}"
                f"{per_step if targets.every_step else ''}"
            ) from error
        values |= {name: float(score) for name, score in scores.items()}
    return values


def _named(metrics: Any) -> list[tuple[str | None, Any]]:
    if metrics is None:
        return []
    if isinstance(metrics, Mapping):
        return list(metrics.items())
    items = metrics if isinstance(metrics, list | tuple) else [metrics]
    return [(None, item) for item in items]


def _keras_metric(item: Any, head: str) -> Any:
    """Return a metric of Keras of its own, or None where something else is asked for."""
    if isinstance(item, keras.metrics.Metric):
        return type(item).from_config(item.get_config())
    if not isinstance(item, str):
        return None
    if item in _BY_HEAD:
        kind = _BY_HEAD[item].get(head)
        if kind is None:
            raise ValueError(
                f"metrics={item!r} is for classifiers, not for numbers. Choose another."
            )
        return kind(name=item)
    try:
        found = keras.metrics.get(item)
    except ValueError:
        return None
    return found if isinstance(found, keras.metrics.Metric) else None


def _scorer(item: Any) -> Any:
    if isinstance(item, str) and item not in get_scorer_names():
        raise ValueError(
            f"metrics={item!r} is known neither to Keras nor to scikit-learn. Choose from "
            "keras.metrics and sklearn.metrics.get_scorer_names()."
        )
    if isinstance(item, type) or not (isinstance(item, str) or callable(item)):
        raise TypeError(
            f"metrics must be names, metric objects of Keras or scorers, but one is {item!r}."
        )
    return item


def _own_name(item: Any) -> str | None:
    return item if isinstance(item, str) else getattr(item, "name", None)


def _check_name(name: str | None, item: Any, before: list[str]) -> str:
    if name is None:
        raise TypeError(
            f"The metric {item!r} has no name. Give it one with a dict, as in "
            'metrics={"false-positive rate": ...}.'
        )
    if name in _TAKEN or str(name).startswith(VALIDATION):
        raise ValueError(f"metrics: the name {name!r} is taken in the history. Choose another.")
    if name in before:
        raise ValueError(f"metrics: the name {name!r} is given twice. Name them with a dict.")
    return name


def _numbers(targets: np.ndarray) -> np.ndarray:
    return targets[:, 0] if targets.shape[1] == 1 else targets.argmax(axis=1)


def _all_classes(predictions: np.ndarray) -> np.ndarray:
    if predictions.shape[1] > 1:
        return predictions
    return np.concatenate([1.0 - predictions, predictions], axis=1)
