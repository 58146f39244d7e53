"""What `scripts/interrupts` calls: small estimators, unfitted and fitted.

A case is read by its predictions, so that a change of what attributes hold is seen too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

import skrnn
from skrnn.compat._keras import keras

SMALL = {"units": 2, "epochs": 2, "batch_size": 8, "random_state": 0}
FORECASTER = {**SMALL, "window": 3, "cell": "simple", "quantiles": (0.1, 0.5, 0.9)}
X = np.random.default_rng(0).normal(size=(12, 4))
FRAME = pd.DataFrame(X, columns=list("abcd"))
Y = X[:, 0]
LABELS = np.where(Y > 0, "up", "down")
OTHER = 3.0 * X[:, :3, None] + 1.0
ROWS = pd.DataFrame(X[:, :2], pd.date_range("2000", periods=12))
SERIES = pd.Series(np.cumsum(Y) + np.arange(12.0), pd.period_range("2000", periods=12, freq="M"))
LATER = pd.Series([3.0, 5.0], pd.period_range("2001", periods=2, freq="M"))
PANEL = pd.concat({"a": SERIES.to_frame("y"), "b": 2 * SERIES.to_frame("y")})


@dataclass(frozen=True)
class Case:
    """A call to interrupt.

    Attributes
    ----------
    name : str
    make : callable
        Returns an estimator, as it is before the call.
    call : callable
        Makes the call.
    read : callable
        Returns numbers that tell one state of the estimator from others.
    cold : bool
        Whether nothing is compiled yet.
    """

    name: str
    make: Callable[[], Any]
    call: Callable[[Any], Any]
    read: Callable[[Any], Any]
    cold: bool = False


def _network(shape: tuple[int, ...], n_outputs: int) -> Any:
    zeros = {"kernel_initializer": "zeros"}  # others would use Python's global generator
    layers = [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(n_outputs, **zeros)]
    return keras.Sequential(layers)


def _cases_of_rows(name: str, y: Any, **params: Any) -> list[Case]:
    def make() -> Any:
        return getattr(skrnn, name)(**SMALL | params)

    def fitted() -> Any:
        return make().fit(OTHER, y)

    def read(estimator: Any) -> Any:
        return estimator.predict(FRAME if estimator.n_features_in_ == 4 else OTHER)

    return [
        Case(f"{name}.fit", make, lambda it: it.fit(FRAME, y), read),
        Case(f"{name}.fit again", fitted, lambda it: it.fit(FRAME, y), read),
        Case(f"{name}.partial_fit", fitted, lambda it: it.partial_fit(OTHER, y), read),
        Case(f"{name}.predict", fitted, lambda it: it.predict(OTHER), read),
        Case(f"{name}.fit, cold", make, lambda it: it.fit(FRAME, y), read, cold=True),
    ]


def _cases_of_series(title: str, **params: Any) -> list[Case]:
    def make() -> Any:
        return skrnn.Seq2SeqForecaster(**FORECASTER | params)

    def fitted() -> Any:
        return make().fit(SERIES, fh=[1, 2])

    def read(forecaster: Any) -> Any:
        cutoff = forecaster.cutoff.astype(str).tolist()
        return forecaster.predict_quantiles(alpha=[0.1, 0.5]), cutoff

    calls: dict[str, Callable[[Any], Any]] = {
        "fit again": lambda it: it.fit(PANEL, fh=[1, 2]),
        "update": lambda it: it.update(LATER),
        "update, data alone": lambda it: it.update(LATER, update_params=False),
        "predict": lambda it: it.predict([1]),
        "predict_interval": lambda it: it.predict_interval(),
        "predict_members": lambda it: it.predict_members(),
        "predict_residuals": lambda it: it.predict_residuals(),
        "predict_rolling": lambda it: it.predict_rolling(SERIES),
    }
    again = [Case(f"{title}.{name}", fitted, call, read) for name, call in calls.items()]
    first: list[tuple[str, Callable[[Any], Any]]] = [
        ("fit", lambda it: it.fit(SERIES, fh=[1, 2])),
        ("pretrain", lambda it: it.pretrain(PANEL, fh=[1, 2])),
    ]
    return [*(Case(f"{title}.{name}", make, call, read) for name, call in first), *again]


def _cases_of_transformers() -> list[Case]:
    def windows() -> Any:
        return skrnn.SlidingWindowTransformer(3)

    def scaler() -> Any:
        return skrnn.SequenceScaler()

    def fitted_windows() -> Any:
        return windows().fit(ROWS[:6])

    def fitted_scaler() -> Any:
        return scaler().fit(OTHER)

    def read_windows(transformer: Any) -> Any:
        return transformer.transform(ROWS[6:])

    def read_scaler(transformer: Any) -> Any:
        return transformer.transform(FRAME if transformer.n_features_in_ == 4 else OTHER)

    one, other = "SlidingWindowTransformer", "SequenceScaler"
    return [
        Case(f"{one}.fit", windows, lambda it: it.fit(ROWS), read_windows),
        Case(f"{one}.fit again", fitted_windows, lambda it: it.fit(ROWS[3:]), read_windows),
        Case(f"{one}.transform", fitted_windows, lambda it: it.transform(ROWS), read_windows),
        Case(f"{other}.fit", scaler, lambda it: it.fit(FRAME), read_scaler),
        Case(f"{other}.fit again", fitted_scaler, lambda it: it.fit(FRAME), read_scaler),
        Case(f"{other}.transform", fitted_scaler, lambda it: it.transform(OTHER), read_scaler),
    ]


CASES = [
    *_cases_of_rows("LSTMRegressor", Y, early_stopping=True, metrics=["mae"]),
    *_cases_of_rows("LSTMClassifier", LABELS, class_weight={"up": 2.0, "down": 1.0}),
    *_cases_of_rows("Seq2SeqRegressor", X[:, :2], cell="gru"),
    *_cases_of_rows("RecurrentRegressor", Y, network=_network),
    *_cases_of_series("Seq2SeqForecaster", baselines=()),
    *_cases_of_series("Seq2SeqForecaster with baselines", baselines=("last", "ridge")),
    *_cases_of_transformers(),
]
