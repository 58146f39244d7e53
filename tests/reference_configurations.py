"""Small fits whose results are kept: what a change of the insides must not change.

Each configuration is there for a part of the package that no other one runs through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

import skrnn

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Configuration:
    """A fit and what comes out of it.

    Attributes
    ----------
    name : str
    fit : callable
        Returns arrays by name.
    """

    name: str
    fit: Callable[[], Arrays] = field(repr=False)


def rows(n: int = 24, steps: int = 6, features: int = 2, *, masked: bool = False) -> np.ndarray:
    X = np.random.default_rng(0).normal(size=(n, steps, features))
    if masked:
        X[::3, :2] = np.nan
        X[1::3, 3] = np.nan
    return X


def sums(X: np.ndarray) -> np.ndarray:
    return np.nan_to_num(X).sum(axis=(1, 2))


def weights_of(estimator: Any) -> Arrays:
    variables = estimator.model_.trainable_variables
    return {f"weight_{n}": np.asarray(variable) for n, variable in enumerate(variables)}


def regressor(kind: str = "LSTMRegressor", *, masked: bool = False, **params: Any) -> Arrays:
    X = rows(masked=masked)
    y = np.stack([sums(X), sums(X[:, ::2])], axis=1)
    params = {"units": 3, "epochs": 3, "batch_size": 8, "random_state": 0, **params}
    model = getattr(skrnn, kind)(**params).fit(X, y)
    return {"predictions": model.predict(X), **weights_of(model)}


def relative(**params: Any) -> Arrays:
    series = 50 + np.cumsum(np.random.default_rng(1).normal(size=60))
    windows = np.lib.stride_tricks.sliding_window_view(series, 9)
    X, y = windows[:, :6, None], windows[:, 6:]
    kind = params.pop("kind", "LSTMRegressor")
    params = {"units": 3, "epochs": 3, "random_state": 0, "target_scaler": "window", **params}
    model = getattr(skrnn, kind)(input_scaler="window", **params).fit(X, y)
    return {"predictions": model.predict(X), **weights_of(model)}


def classifier(kind: str, n_classes: int, *, masked: bool = False, **params: Any) -> Arrays:
    X = rows(masked=masked)
    y = np.argsort(np.argsort(sums(X))) * n_classes // len(X)
    params = {"units": 3, "epochs": 3, "batch_size": 8, "random_state": 0, **params}
    model = getattr(skrnn, kind)(**params).fit(X, y)
    return {"probabilities": model.predict_proba(X), **weights_of(model)}


def frames() -> Arrays:
    X = np.random.default_rng(2).normal(size=(16, 3, 4, 4))
    model = skrnn.ConvLSTMRegressor(2, epochs=2, batch_size=8, random_state=0)
    model.fit(X, X.mean(axis=(1, 2, 3)))
    return {"predictions": model.predict(X), **weights_of(model)}


def weighted() -> Arrays:
    X = rows()
    weight = np.random.default_rng(3).uniform(0, 2, len(X))
    model = skrnn.BiLSTMRegressor(3, epochs=3, batch_size=8, random_state=0)
    model.fit(X, sums(X), sample_weight=weight)
    return {"predictions": model.predict(X), **weights_of(model)}


def quantiles() -> Arrays:
    X = rows(masked=True)
    model = skrnn.LSTMRegressor(3, epochs=3, quantiles=(0.1, 0.9), random_state=0).fit(X, sums(X))
    return {"quantiles": model.predict_quantiles(X), "median": model.predict(X)}


def steps(**params: Any) -> Arrays:
    X = rows(masked=True)
    y = np.cumsum(np.nan_to_num(X[:, :, 0]), axis=1)
    y[np.isnan(X[:, :, 0])] = np.nan
    model = skrnn.LSTMRegressor(3, epochs=3, return_sequences=True, random_state=0, **params)
    model.fit(X, y)
    return {"predictions": model.predict(X), **weights_of(model)}


def tokens() -> Arrays:
    X = np.random.default_rng(4).integers(0, 5, (24, 6)).astype(float)
    model = skrnn.LSTMClassifier(3, embedding_dim=2, epochs=3, random_state=0)
    model.fit(X, (X[:, 0] > 2).astype(int))
    return {"probabilities": model.predict_proba(X), **weights_of(model)}


def dropped() -> Arrays:
    X = rows()
    rates = {"dropout": 0.2, "variational_dropout": 0.1, "recurrent_dropout": 0.1}
    model = skrnn.LSTMRegressor((3, 3), skip_connections=True, epochs=3, random_state=0, **rates)
    model.fit(X, sums(X))
    samples = model.predict_samples(X, 3, random_state=0)
    return {"predictions": model.predict(X), "samples": samples, **weights_of(model)}


def twice() -> Arrays:
    X = rows()
    model = skrnn.LSTMRegressor(3, epochs=2, warm_start=True, random_state=0)
    model.fit(X, sums(X)).fit(X, sums(X)).partial_fit(X[:12], sums(X[:12]))
    return {"predictions": model.predict(X), **weights_of(model)}


def months(n: int = 60) -> pd.Series:
    values = np.sin(2 * np.pi * np.arange(n) / 12) + 0.05 * np.arange(n) + 10
    return pd.Series(values, pd.period_range("2000-01", periods=n, freq="M"))


def days(n: int = 60, *, holes: bool = False) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    dates = pd.date_range("2020-01-01", periods=n, freq="D")
    parts = []
    for number, key in enumerate("ab"):
        values = rng.normal(size=(n, 2)).cumsum(axis=0) + 100 * number
        if holes:
            values[5:8, 0] = np.nan
        index = pd.MultiIndex.from_product([[key], dates], names=["store", "day"])
        parts.append(pd.DataFrame(values, index, columns=["u", "v"]))
    return pd.concat(parts)


SMALL_FORECASTER = {
    "units": 3, "epochs": 2, "window": 8, "baselines": (), "random_state": 0
}  # fmt: skip


def forecaster(y: Any, X: Any = None, later: Any = None, **params: Any) -> Arrays:
    params = {**SMALL_FORECASTER, "sp": 1 if isinstance(y, pd.Series) else 7, **params}
    model = skrnn.Seq2SeqForecaster(**params).fit(y, X=X, fh=[1, 2, 3])
    arrays = {"forecast": np.asarray(model.predict(X=later))}
    if params.get("quantiles", True) is not None:
        arrays["interval"] = np.asarray(model.predict_interval(X=later, coverage=0.8))
    arrays["rolling"] = np.asarray(model.predict_rolling(y, X))
    return arrays


def with_exogenous() -> Arrays:
    y = days()
    full = days(63)[["u"]] * 0.1
    later = full.groupby(level=0).tail(3)
    return forecaster(y[["u"]], full.loc[y.index], later, calendar=True)


def updated() -> Arrays:
    y = months()
    model = skrnn.Seq2SeqForecaster(sp=1, **SMALL_FORECASTER)
    model.fit(y[:50], fh=[1, 2]).update(y[50:])
    return {"forecast": np.asarray(model.predict())}


def pretrained() -> Arrays:
    model = skrnn.Seq2SeqForecaster(sp=7, **SMALL_FORECASTER)
    model.pretrain(days()[["u"]], fh=[1, 2])
    y = days()[["u"]].loc["a"].asfreq("D")
    return {"forecast": np.asarray(model.fit(y, fh=[1, 2]).predict())}


S2S = "Seq2SeqRegressor"
CONFIGURATIONS = [
    Configuration("lstm", regressor),
    Configuration("lstm masked", lambda: regressor(masked=True)),
    Configuration("lstm stacked", lambda: regressor(units=(4, 3), dense_units=3)),
    Configuration("bilstm masked", lambda: regressor("BiLSTMRegressor", masked=True)),
    Configuration("gru masked", lambda: regressor("RecurrentRegressor", cell="gru", masked=True)),
    Configuration("simple", lambda: regressor("RecurrentRegressor", cell="simple")),
    Configuration("peephole", lambda: regressor("RecurrentRegressor", cell="peephole")),
    Configuration("attention", lambda: regressor(attention=True, masked=True)),
    Configuration("autoregressive", lambda: regressor(S2S, decoder="autoregressive")),
    Configuration("repeat", lambda: regressor(S2S, decoder="repeat", masked=True)),
    Configuration(
        "parallel",
        lambda: regressor(S2S, decoder="parallel", segment_length=2, linear_skip=True, masked=True),
    ),
    Configuration("dense", lambda: regressor(S2S, decoder="dense", attention=True)),
    Configuration("early stopping", lambda: regressor(early_stopping=True, n_iter_no_change=1)),
    Configuration("cosine", lambda: regressor(lr_schedule="cosine")),
    Configuration("plateau", lambda: regressor(lr_schedule="plateau", epochs=8)),
    Configuration("adamw", lambda: regressor(optimizer="adamw", clipnorm=0.5)),
    Configuration("sgd", lambda: regressor(optimizer="sgd", learning_rate=0.01)),
    Configuration("minmax", lambda: regressor(input_scaler="minmax", target_scaler="robust")),
    Configuration("power", lambda: regressor(input_scaler="power", target_scaler="power")),
    Configuration("no scaler", lambda: regressor(input_scaler=None, target_scaler=None)),
    Configuration("windows", relative),
    Configuration("windows seasonal", lambda: relative(seasonal_lag=2)),
    Configuration("windows decoder", lambda: relative(kind=S2S, decoder="autoregressive")),
    Configuration("weighted", weighted),
    Configuration("quantiles", quantiles),
    Configuration("steps", steps),
    Configuration("steps attention", lambda: steps(attention=True)),
    Configuration("tokens", tokens),
    Configuration("dropout", dropped),
    Configuration("warm start", twice),
    Configuration("two classes", lambda: classifier("LSTMClassifier", 2, masked=True)),
    Configuration(
        "three classes",
        lambda: classifier("RecurrentClassifier", 3, cell="gru", class_weight="balanced"),
    ),
    Configuration("frames", frames),
    Configuration("series", lambda: forecaster(months())),
    Configuration("series level", lambda: forecaster(months(), scaler="level", sp=0)),
    Configuration("series standard", lambda: forecaster(months(), scaler="standard")),
    Configuration("series points", lambda: forecaster(months(), quantiles=None)),
    Configuration("members calibrated", lambda: forecaster(months(), n_members=2, calibrate=True)),
    Configuration("series repeat", lambda: forecaster(months(), decoder="repeat")),
    Configuration("panel", lambda: forecaster(days(holes=True))),
    Configuration("panel joint", lambda: forecaster(days(), multivariate="joint")),
    Configuration("panel exogenous", with_exogenous),
    Configuration("update", updated),
    Configuration("pretrain", pretrained),
]
