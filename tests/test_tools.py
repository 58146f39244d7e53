"""Tools around estimators: Optuna, which prunes trials, and MLflow, which keeps models.

Run where they are installed; they bring too much along to be needed for the other tests.
"""

import importlib

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    LSTMClassifier,
    LSTMRegressor,
    SequenceScaler,
    SlidingWindowTransformer,
)
from skrnn.compat._keras import keras

pytestmark = [keras_reads_variables, pytest.mark.filterwarnings("ignore")]
SMALL = {"units": 2, "epochs": 2, "random_state": 0}
X = np.random.default_rng(0).normal(size=(40, 4))
Y = X[:, 0]
ROWS = pd.DataFrame(X[:, :2], pd.date_range("2000", periods=40), ["a", "b"])
EPOCHS = 6


# ---- Optuna --------------------------------------------------------------------------------------


class Reporting(keras.callbacks.Callback):
    """What Optuna's documentation says a callback for pruning does."""

    def __init__(self, trial):
        super().__init__()
        self.trial = trial

    def on_epoch_end(self, epoch, logs=None):
        import optuna

        self.trial.report(logs["val_loss"], epoch)
        if self.trial.should_prune():
            raise optuna.TrialPruned(f"epoch {epoch}")


def bad_after(n_trials):
    """Return learning rates of which the later ones learn nothing."""
    return [0.05 if number < n_trials else 1e-9 for number in range(2 * n_trials)]


def study_of(objective):
    optuna = pytest.importorskip("optuna")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=2, n_warmup_steps=1)
    study = optuna.create_study(pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0))
    rates = iter(bad_after(3))
    study.optimize(lambda trial: objective(trial, next(rates)), n_trials=6)
    return study


def pruned_epochs(study):
    return [(trial.state.name, trial.last_step) for trial in study.trials]


PLAIN = {"input_scaler": None, "target_scaler": None, "clipnorm": None, "shuffle": False}
TRAINED = {"units": 4, "epochs": EPOCHS, "batch_size": 10, "optimizer": "adam", "random_state": 0}


def network(**params):
    return LSTMRegressor(early_stopping=False, lr_schedule=None, **PLAIN, **TRAINED, **params)


def ours(make_callback):
    def objective(trial, rate):
        model = network(learning_rate=rate, callbacks=[make_callback(trial)])
        model.fit(X[:30], Y[:30], X_val=X[30:], y_val=Y[30:])
        return model.history_["val_loss"][-1]

    return objective


def keras_itself(make_callback):
    """The same network from the same weights, trained by Keras."""

    def objective(trial, rate):
        model = network(learning_rate=1e-30).fit(X[:30], Y[:30]).model_
        model.compile(keras.optimizers.Adam(rate), "mse")
        history = model.fit(
            X[:30, :, None].astype("float32"),
            Y[:30],
            validation_data=(X[30:, :, None].astype("float32"), Y[30:]),
            epochs=EPOCHS,
            batch_size=10,
            shuffle=False,
            callbacks=[make_callback(trial)],
            verbose=0,
        )
        return history.history["val_loss"][-1]

    return objective


def integrated(trial):
    integration = pytest.importorskip("optuna_integration")
    return integration.KerasPruningCallback(trial, "val_loss")


@pytest.mark.parametrize("make_callback", [Reporting, integrated])
def test_optuna_prunes_as_with_keras_itself(make_callback):
    mine, theirs = (study_of(made(make_callback)) for made in (ours, keras_itself))
    assert pruned_epochs(mine) == pruned_epochs(theirs)
    for one, other in zip(mine.trials, theirs.trials, strict=True):
        values = (list(trial.intermediate_values.values()) for trial in (one, other))
        np.testing.assert_allclose(*values, rtol=1e-3)
    assert [state for state, _ in pruned_epochs(mine)] == ["COMPLETE"] * 3 + ["PRUNED"] * 3


def test_a_pruned_fit_leaves_the_estimator_as_it_was():
    optuna = pytest.importorskip("optuna")

    class Prune(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise optuna.TrialPruned

    model = LSTMRegressor(**SMALL).fit(X, Y)
    before = model.predict(X)
    with pytest.raises(optuna.TrialPruned):
        model.set_params(callbacks=[Prune()]).fit(X, 2 * Y)
    np.testing.assert_array_equal(model.predict(X), before)


# ---- MLflow --------------------------------------------------------------------------------------

PIPELINE = make_pipeline(
    StandardScaler().set_output(transform="pandas"), SlidingWindowTransformer(3), SequenceScaler()
)
MODELS = {
    "regressor": (LSTMRegressor(**SMALL), X, Y),
    "classifier": (LSTMClassifier(**SMALL), X, np.where(Y > 0, "up", "down")),
    "pipeline": (make_pipeline(*PIPELINE, LSTMRegressor(**SMALL)), ROWS, Y),
    "target": (
        TransformedTargetRegressor(LSTMRegressor(**SMALL), func=np.exp, inverse_func=np.log),
        X,
        Y,
    ),
    "search": (
        GridSearchCV(
            make_pipeline(*PIPELINE, LSTMRegressor(**SMALL)),
            {"lstmregressor__units": [2, 3]},
            cv=TimeSeriesSplit(2),
        ),
        ROWS,
        Y,
    ),
}


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    mlflow = pytest.importorskip("mlflow")
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'runs.db'}")
    importlib.import_module("mlflow.sklearn")
    return mlflow


@pytest.mark.parametrize("name", MODELS)
def test_mlflow_keeps_a_model_in_its_default_format(name, mlflow):
    """Which is that of skops, which wants to know whose classes are trusted."""
    from skops import io

    model, rows, targets = MODELS[name]
    model.fit(rows, targets)
    parts = [model, model.best_estimator_] if name == "search" else [model]
    for part in parts:
        with mlflow.start_run():
            trusted = io.get_untrusted_types(data=io.dumps(part))
            logged = mlflow.sklearn.log_model(part, name="model", skops_trusted_types=trusted)
            uri = logged.model_uri
        again = mlflow.sklearn.load_model(uri)
        np.testing.assert_array_equal(again.predict(rows), part.predict(rows))
