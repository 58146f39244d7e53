"""Estimators that both engines fit, and what comes out; as a script, fit them on this backend.

    python _cases.py FOLDER

fits every case and writes losses, predictions and a pickle of each to FOLDER/BACKEND. Pickles in
FOLDER/given are read, and their predictions written there.
"""

import pickle
import sys
from pathlib import Path

import keras
import numpy as np
from sklearn.base import clone

from skrnn import (
    BiLSTMClassifier,
    BiLSTMRegressor,
    ConvLSTMClassifier,
    ConvLSTMRegressor,
    LSTMClassifier,
    LSTMRegressor,
    RecurrentClassifier,
    RecurrentRegressor,
    Seq2SeqRegressor,
)

HOW = {"epochs": 5, "shuffle": False, "batch_size": 8, "random_state": 0}
N_ROWS, N_TIMESTEPS, N_FEATURES, HORIZON = 20, 5, 2, 3


def spread(shape, dtype=None):
    """Return the same weights on every backend, whose initialisers draw differently."""
    return 0.3 * np.sin(np.arange(np.prod(shape))).reshape(shape).astype("float32")


def network(shape, n_outputs):
    """Return a network with states of its own."""
    inputs = keras.Input(shape)
    given = {"kernel_initializer": spread}
    hidden = keras.layers.GRU(4, recurrent_initializer=spread, **given)(inputs)
    hidden = keras.layers.BatchNormalization()(hidden)
    output = keras.layers.Dense(n_outputs, kernel_regularizer="l2", **given)
    return keras.Model(inputs, output(hidden))


def _seq2seq(**params):
    return Seq2SeqRegressor(4, **HOW, **params)


ESTIMATORS = {
    "lstm": LSTMRegressor(4, **HOW),
    "two layers": LSTMRegressor((4, 4), skip_connections=True, attention=True, **HOW),
    "gru": RecurrentRegressor(4, cell="gru", **HOW),
    "simple": RecurrentRegressor(4, cell="simple", **HOW),
    "peephole": RecurrentRegressor(4, cell="peephole", **HOW),
    "bilstm": BiLSTMRegressor(4, **HOW),
    "decay and clipping": LSTMRegressor(4, optimizer="adamw", clipnorm=0.1, **HOW),
    "average": LSTMRegressor(4, optimizer=keras.optimizers.SGD(0.05, use_ema=True), **HOW),
    "cosine": LSTMRegressor(
        4, lr_schedule="cosine", layer_params={"kernel_regularizer": "l2"}, **HOW
    ),
    "quantiles": LSTMRegressor(4, quantiles=(0.1, 0.5, 0.9), **HOW),
    "early stopping": LSTMRegressor(4, early_stopping=True, warm_start=True, **HOW),
    "lstm classifier": LSTMClassifier(4, **HOW),
    "bilstm classifier": BiLSTMClassifier(4, loss="binary_crossentropy", **HOW),
    "recurrent classifier": RecurrentClassifier(4, cell="gru", pooling="max", **HOW),
    "conv regressor": ConvLSTMRegressor(2, **HOW),
    "conv classifier": ConvLSTMClassifier(2, pooling="average", **HOW),
    "repeat": _seq2seq(),
    "dense": _seq2seq(decoder="dense", attention=True),
    "parallel": _seq2seq(decoder="parallel", segment_length=2, linear_skip=True),
    "teacher": _seq2seq(decoder="autoregressive", teacher_forcing=1.0, cell="gru"),
    "own values": _seq2seq(
        decoder="autoregressive", teacher_forcing=0.0, attention=True, quantiles=(0.1, 0.5, 0.9)
    ),
    # Whole batches: the statistics of a normalisation see the padding of the engine on JAX.
    "custom": RecurrentRegressor(network=network, **{**HOW, "batch_size": 10}),
}
UNMASKED = ("custom", "conv regressor", "conv classifier")
# Binary, and of three classes.
N_CLASSES = {"lstm classifier": 3}


def make_rows(name):
    """Return sequences with masked steps, targets and weights."""
    rng = np.random.default_rng(0)
    shape = (N_ROWS, N_TIMESTEPS, N_FEATURES)
    if name.startswith("conv"):
        shape = (N_ROWS, 3, 4, 4, 1)
    X = rng.normal(size=shape)
    y = X.reshape(N_ROWS, -1)[:, :6].sum(axis=1)
    if "classifier" in name:
        y = np.digitize(y, np.quantile(y, np.linspace(0, 1, N_CLASSES.get(name, 2) + 1)[1:-1]))
    elif isinstance(ESTIMATORS[name], Seq2SeqRegressor):
        y = y[:, None] + rng.normal(size=(N_ROWS, HORIZON))
    if name not in UNMASKED:
        X[0, 0] = X[1, 2] = X[2, -1] = np.nan
    return X, y, rng.uniform(0.5, 1.5, N_ROWS)


def fit(name, **params):
    """Return the estimator of a case, fitted."""
    X, y, weight = make_rows(name)
    return clone(ESTIMATORS[name]).set_params(**params).fit(X, y, sample_weight=weight)


def predict(name, estimator):
    """Return predictions of a case, probabilities of classes."""
    X, _, _ = make_rows(name)
    return estimator.predict_proba(X) if "classifier" in name else estimator.predict(X)


def fit_all(folder):
    """Fit all cases; write losses, predictions and pickles."""
    folder.mkdir(exist_ok=True)
    for name in ESTIMATORS:
        estimator = fit(name)
        np.savez(
            folder / f"{name}.npz",
            loss=estimator.history_["loss"],
            predictions=predict(name, estimator),
        )
        (folder / f"{name}.pkl").write_bytes(pickle.dumps(estimator))


def read_all(folder):
    """Predict with all estimators that were pickled elsewhere, go on training; write both."""
    for path in folder.glob("*.pkl"):
        estimator, rows = pickle.loads(path.read_bytes()), make_rows(path.stem)
        found = {"predictions": predict(path.stem, estimator)}
        if estimator.warm_start:
            estimator.fit(*rows)
            found["after"] = estimator.history_["loss"]
        np.savez(path.with_suffix(".read.npz"), **found)


if __name__ == "__main__":
    # Unpickling looks for `network` by the name that tests import this module under.
    sys.modules["_cases"] = sys.modules["__main__"]
    network.__module__ = "_cases"
    where = Path(sys.argv[1])
    fit_all(where / keras.backend.backend())
    read_all(where / "given")
