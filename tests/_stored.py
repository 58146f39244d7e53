"""Small fitted estimators of every kind, to be saved."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skrnn

SHORT: dict[str, Any] = {"epochs": 1, "random_state": 0}
X = np.random.default_rng(0).normal(size=(12, 5, 2))
X[::3, :2] = np.nan
Y = np.nan_to_num(X).sum(axis=(1, 2))
LABELS = np.where(np.median(Y) < Y, "up", "down")
TOKENS = np.random.default_rng(3).integers(0, 4, size=(12, 5)).astype(float)
FRAMES = np.random.default_rng(1).normal(size=(12, 3, 4, 4))
ROWS = pd.DataFrame(
    {"a": np.arange(30.0), "b": np.sin(np.arange(30.0))},
    index=pd.date_range("2020-01-01", periods=30, freq="D"),
)


def windows() -> Any:
    return make_pipeline(
        skrnn.SlidingWindowTransformer(4), skrnn.SequenceScaler(), skrnn.LSTMRegressor(2, **SHORT)
    )


def search() -> GridSearchCV:
    grid = {"lstmregressor__units": [2, 3]}
    return GridSearchCV(windows(), grid, cv=TimeSeriesSplit(2)).fit(ROWS, ROWS["a"])


def panel() -> pd.DataFrame:
    months = pd.period_range("2000-01", periods=24, freq="M")
    index = pd.MultiIndex.from_product([["a", "b"], months], names=["store", "month"])
    values = np.random.default_rng(2).normal(size=(48, 2)).cumsum(axis=0)
    return pd.DataFrame(values, index, columns=["sales", "price"])


def forecaster() -> Any:
    frame = panel()
    known = frame.groupby(level=0).head(22)
    model = skrnn.Seq2SeqForecaster(units=2, window=4, baselines=(), **SHORT)
    return model.fit(known[["sales"]], X=known[["price"]], fh=[1, 2])


def combination() -> Any:
    y = panel()[["sales"]]
    model = skrnn.Seq2SeqForecaster(units=2, window=4, baselines="auto", **SHORT)
    return model.fit(y, fh=[1, 2])


def covariates() -> Any:
    frame = panel().assign(kind=np.repeat(["big", "small"], 24))
    known = frame.groupby(level=0).head(22)
    model = skrnn.Seq2SeqForecaster(
        units=2,
        window=4,
        baselines=(),
        past_covariates=["price"],
        static_covariates=["kind"],
        validation_fraction=0.2,
        **SHORT,
    )
    return model.fit(known[["sales"]], X=known[["price", "kind"]], fh=[1, 2])


SAVED: dict[str, Any] = {
    "lstm": lambda: skrnn.LSTMRegressor(2, warm_start=True, **SHORT).fit(X, Y),
    "bilstm": lambda: skrnn.BiLSTMRegressor(2, quantiles=(0.1, 0.9), **SHORT).fit(X, Y),
    "gru": lambda: skrnn.RecurrentRegressor(2, cell="gru", input_scaler="power", **SHORT).fit(X, Y),
    "decoder": lambda: skrnn.Seq2SeqRegressor(2, **SHORT).fit(X, X[:, 3:, 0]),
    "frames": lambda: skrnn.ConvLSTMRegressor(2, **SHORT).fit(FRAMES, Y),
    "tokens and attention": lambda: skrnn.RecurrentRegressor(
        2, cell="peephole", embedding_dim=2, attention=True, **SHORT
    ).fit(TOKENS, Y),
    "labels": lambda: skrnn.LSTMClassifier(2, **SHORT).fit(X, LABELS),
    "several labels": lambda: skrnn.BiLSTMClassifier(2, **SHORT).fit(X, X[:, 3] > 0),
    "metrics": lambda: skrnn.LSTMClassifier(
        2, early_stopping=True, metrics={"f": "f1"}, monitor="val_f", **SHORT
    ).fit(X, np.arange(12) % 2),
    "classes": lambda: skrnn.RecurrentClassifier(2, **SHORT).fit(X, np.arange(12) % 3),
    "classes of frames": lambda: skrnn.ConvLSTMClassifier(2, **SHORT).fit(FRAMES, LABELS),
    "pipeline": lambda: windows().fit(ROWS, ROWS["a"]),
    "target": lambda: TransformedTargetRegressor(
        skrnn.LSTMRegressor(2, **SHORT), transformer=StandardScaler()
    ).fit(X, Y),
    "search": search,
    "forecaster": forecaster,
    "combination": combination,
    "covariates": covariates,
}
# Those that are also kept as models of Keras with their scaling.
EXPORTED = ("gru", "decoder", "frames", "tokens and attention")


def predictions(name: str, estimator: Any) -> np.ndarray:
    """Return what an estimator predicts for the data it was fitted on."""
    if name == "forecaster":
        later = panel().groupby(level=0).tail(2)[["price"]]
        return np.asarray(estimator.predict(X=later))
    if name == "covariates":
        return np.asarray(estimator.predict())
    if name == "combination":
        return np.asarray(estimator.predict_quantiles(alpha=[0.1, 0.5, 0.9]))
    if name in ("pipeline", "search"):
        return np.asarray(estimator.predict(ROWS))
    given = given_to(name)
    return np.asarray(getattr(estimator, "predict_proba", estimator.predict)(given))


def given_to(name: str) -> np.ndarray:
    """Return the sequences that an estimator was fitted on."""
    if "tokens" in name:
        return TOKENS
    return FRAMES if "frames" in name else X
