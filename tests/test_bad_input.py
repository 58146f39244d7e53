"""What is refused, in which words, and that a refusal leaves the estimator as it was.

Every message names the parameter or the row at fault, and says what to do or what is accepted.
After the error, the attributes of the estimator are the very objects they were before.
"""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import Binarizer, StandardScaler

import skrnn
from skrnn import RecurrentRegressor
from skrnn._keras import keras
from skrnn.exceptions import TrainingDivergedError

# NumPy 2 deprecates what Keras' own variables do in `np.array(variable)`. Keras calls that wherever
# it reads one: in configurations, when it saves, in callbacks. Nothing else is let through.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\.src"
)

rng = np.random.default_rng(0)
X = rng.normal(size=(40, 6))
y = X.sum(axis=1) + rng.normal(size=40)
X3 = X[:, :, None]
PAIR = np.stack([X, X[::-1]], axis=2)
WINDOW = {"target_scaler": "window"}


def make(regressor=RecurrentRegressor, **params):
    return regressor(**{"units": 4, "epochs": 3, "batch_size": 16, "random_state": 0, **params})


def put(array, index, value):
    """Return a copy with one entry changed."""
    copy = array.copy()
    copy[index] = value
    return copy


@pytest.fixture(scope="module")
def fitted_once():
    return make().fit(X, y)


@pytest.fixture(params=["fresh", "fitted"])
def regressor(request):
    """An estimator before its first fit, and one after it."""
    if request.param == "fresh":
        return make()
    fitted = request.getfixturevalue("fitted_once")
    copy = make()
    vars(copy).update(vars(fitted))
    return copy


class Untouched:
    """On exit, see that the attributes of an estimator are the objects they were on entry."""

    def __init__(self, estimator):
        self.estimator = estimator

    def __enter__(self):
        self.before = dict(vars(self.estimator))

    def __exit__(self, *error):
        after = vars(self.estimator)
        assert list(after) == list(self.before)
        assert all(after[name] is value for name, value in self.before.items())


def check_refusal(regressor, error, parts, X, y, params, kwargs, method="fit"):
    predictions = regressor.predict(globals()["X"]) if hasattr(regressor, "history_") else None
    previous = {name: regressor.get_params()[name] for name in params}
    regressor.set_params(**params)
    with Untouched(regressor), pytest.raises(error) as caught:
        getattr(regressor, method)(X, y, **kwargs)
    message = str(caught.value)
    missing = [part for part in parts if part not in message]
    assert not missing, f"{missing} not in: {message}"
    regressor.set_params(**previous)
    if predictions is not None:
        assert_array_equal(regressor.predict(globals()["X"]), predictions)


BAD_DATA = {
    # name: (error, parts of the message, X, y, further arguments of fit)
    "X-0d": (ValueError, ["Expected 2D array", "Reshape your data"], 3.0, y, {}),
    "X-1d": (ValueError, ["Expected 2D array", "Reshape your data"], X[:, 0], y, {}),
    "X-4d": (ValueError, ["X must be 2-D", "3-D", "4 dimensions", "reshape"], X3[..., None], y, {}),
    "X-sparse": (TypeError, ["X", "dense", "toarray"], csr_array(X), y, {}),
    "X-text": (ValueError, ["convert string to float"], np.full((40, 6), "a"), y, {}),
    "X-ragged": (ValueError, ["X", "pad", "NaN"], [np.ones((3, 1)), np.ones((2, 1))], [1, 2], {}),
    "X-empty-2d": (ValueError, ["0 sample(s)", "minimum of 2"], X[:0], y[:0], {}),
    "X-empty-3d": (ValueError, ["0 sample(s)", "minimum of 2"], X3[:0], y[:0], {}),
    "X-one-row": (ValueError, ["1 sample", "minimum of 2"], X[:1], y[:1], {}),
    "X-no-columns": (ValueError, ["0 feature(s)", "minimum of 1"], X[:, :0], y, {}),
    "X-no-steps": (ValueError, ["X", "0 time steps"], X3[:, :0], y, {}),
    "X-no-features": (ValueError, ["X", "0 features"], X3[:, :, :0], y, {}),
    "X-infinite-2d": (ValueError, ["X", "infinity"], put(X, (3, 1), np.inf), y, {}),
    "X-infinite-3d": (ValueError, ["X", "infinity"], put(X3, (3, 1), -np.inf), y, {}),
    "X-partly-nan": (
        ValueError,
        ["X row 7, step 2", "Impute", "mask"],
        put(PAIR, (7, 2, 1), np.nan),
        y,
        {},
    ),
    "X-all-masked-2d": (ValueError, ["X row 9", "Drop"], put(X, 9, np.nan), y, {}),
    "X-all-masked-3d": (
        ValueError,
        ["X row 9", "2 such", "Drop"],
        put(PAIR, [9, 30], np.nan),
        y,
        {},
    ),
    "rows-differ": (ValueError, ["inconsistent numbers of samples", "40", "39"], X, y[:-1], {}),
    "y-missing": (ValueError, ["y"], X, None, {}),
    "y-nan": (ValueError, ["y contains NaN"], X, put(y, 5, np.nan), {}),
    "y-infinite": (ValueError, ["y contains infinity"], X, put(y, 5, np.inf), {}),
    "y-3d": (ValueError, ["dim 3", "<= 2"], X, np.zeros((40, 2, 2)), {}),
    "y-no-columns": (ValueError, ["0 feature(s)", "minimum of 1"], X, np.zeros((40, 0)), {}),
    "y-text": (ValueError, ["convert string to float"], X, np.array(["a"] * 40), {}),
    "weight-zero": (ValueError, ["ample weight", "non-zero"], X, y, {"sample_weight": 0.0 * y}),
    "weight-negative": (ValueError, ["sample_weight", "egative"], X, y, {"sample_weight": -abs(y)}),
    "weight-nan": (ValueError, ["sample_weight", "NaN"], X, y, {"sample_weight": y * np.nan}),
    "weight-short": (
        ValueError,
        ["sample_weight", "39", "40"],
        X,
        y,
        {"sample_weight": abs(y[1:])},
    ),
    "weight-2d": (ValueError, ["ample weight", "1D"], X, y, {"sample_weight": np.ones((40, 1))}),
    "X_val-alone": (ValueError, ["X_val", "without y_val", "both"], X, y, {"X_val": X}),
    "y_val-alone": (ValueError, ["y_val", "without X_val", "both"], X, y, {"y_val": y}),
    "X_val-empty": (ValueError, ["0 sample(s)"], X, y, {"X_val": X[:0], "y_val": y[:0]}),
    "X_val-rows": (ValueError, ["X_val", "40", "y_val", "39"], X, y, {"X_val": X, "y_val": y[1:]}),
    "X_val-steps-2d": (ValueError, ["X_val", "5", "6"], X, y, {"X_val": X[:, 1:], "y_val": y}),
    "X_val-steps-3d": (
        ValueError,
        ["X_val has 5 time steps", "6 steps", "pad"],
        X3,
        y,
        {"X_val": X3[:, 1:], "y_val": y},
    ),
    "X_val-features": (
        ValueError,
        ["X_val", "2 features", "same features"],
        X3,
        y,
        {"X_val": PAIR, "y_val": y},
    ),
    "X_val-masked": (
        ValueError,
        ["X_val row 4", "Drop"],
        X,
        y,
        {"X_val": put(X, 4, np.nan), "y_val": y},
    ),
    "X_val-infinite": (
        ValueError,
        ["X_val", "infinity"],
        X3,
        y,
        {"X_val": put(X3, (4, 0), np.inf), "y_val": y},
    ),
    "y_val-nan": (ValueError, ["y_val", "NaN"], X, y, {"X_val": X, "y_val": put(y, 1, np.nan)}),
    "y_val-outputs": (
        ValueError,
        ["y_val has 2 outputs", "1"],
        X,
        y,
        {"X_val": X, "y_val": np.stack([y, y], axis=1)},
    ),
}


@pytest.mark.parametrize(
    ("error", "parts", "X", "y", "kwargs"), BAD_DATA.values(), ids=list(BAD_DATA)
)
def test_data(regressor, error, parts, X, y, kwargs):
    check_refusal(regressor, error, parts, X, y, {}, kwargs)


def constraint(name, *accepted):
    """Return a row of the table for what scikit-learn's declarative constraints say."""
    return ValueError, [f"The {name!r} parameter", "must be", *accepted, "Got"]


BAD_PARAMS = {
    "units-zero": (*constraint("units", "[1, inf)"), {"units": 0}),
    "units-negative": (*constraint("units", "[1, inf)"), {"units": -1}),
    "units-text": (*constraint("units", "int"), {"units": "a"}),
    "units-none": (ValueError, ["units must be positive", "there is none"], {"units": ()}),
    "units-zero-above": (ValueError, ["units must be positive", "0 is not"], {"units": (8, 0)}),
    "units-fraction": (ValueError, ["units must be positive", "8.5 is not"], {"units": (8.5,)}),
    "dense_units-zero": (*constraint("dense_units", "[1, inf)"), {"dense_units": 0}),
    "dense_units-zero-above": (
        ValueError,
        ["dense_units must be positive"],
        {"dense_units": (2, 0)},
    ),
    "dropout-one": (*constraint("dropout", "[0.0, 1.0)"), {"dropout": 1.0}),
    "dropout-negative": (*constraint("dropout", "[0.0, 1.0)"), {"dropout": -0.1}),
    "dropout-nan": (*constraint("dropout", "[0.0, 1.0)"), {"dropout": np.nan}),
    "recurrent_dropout-one": (*constraint("recurrent_dropout"), {"recurrent_dropout": 1.0}),
    "cell": (*constraint("cell", "'lstm'", "'gru'", "'simple'"), {"cell": "rnn"}),
    "merge_mode": (
        *constraint("merge_mode", "'concat'", "'sum'", "'mul'", "'ave'"),
        {"merge_mode": "max"},
    ),
    "layout": (*constraint("layout", "'time_major'", "'variable_major'"), {"layout": "C"}),
    "n_variables-zero": (*constraint("n_variables", "[1, inf)"), {"n_variables": 0}),
    "n_variables-does-not-divide": (
        ValueError,
        ["6 columns", "no multiple of n_variables=4", "Set n_variables"],
        {"n_variables": 4},
    ),
    "input_scaler": (
        *constraint("input_scaler", "'standard'", "'minmax'", "'robust'", "'power'", "'window'"),
        {"input_scaler": "scale"},
    ),
    "target_scaler": (
        *constraint("target_scaler", "'standard'", "'minmax'", "'robust'", "'power'", "'window'"),
        {"target_scaler": "scale"},
    ),
    "input_scaler-class": (
        (TypeError, ValueError),
        ["input_scaler", "instance"],
        {"input_scaler": StandardScaler},
    ),
    "target_scaler-no-way-back": (
        (TypeError, ValueError),
        ["target_scaler", "inverse_transform"],
        {"target_scaler": Binarizer()},
    ),
    "target_feature": (
        ValueError,
        ["target_feature=1 is out of range", "1 features"],
        {**WINDOW, "target_feature": 1},
    ),
    "target_feature-negative": (
        ValueError,
        ["target_feature=-2 is out of range"],
        {**WINDOW, "target_feature": -2},
    ),
    "seasonal_lag-zero": (*constraint("seasonal_lag"), {**WINDOW, "seasonal_lag": 0}),
    "seasonal_lag-long": (
        ValueError,
        ["seasonal_lag=7", "6 steps", "smaller lag"],
        {**WINDOW, "seasonal_lag": 7},
    ),
    "seasonal_lag-alone": (
        ValueError,
        ["seasonal_lag=2", 'target_scaler="window"', "both"],
        {"seasonal_lag": 2},
    ),
    "bidirectional-text": (*constraint("bidirectional", "bool"), {"bidirectional": "both"}),
    "bidirectional-long": (
        ValueError,
        ["bidirectional has 2 entries", "units has 1", "one per layer"],
        {"bidirectional": (True, False)},
    ),
    "activation": (
        ValueError,
        ["activation='softish'", "'tanh'", "'relu'", "function"],
        {"activation": "softish"},
    ),
    "dense_activation": (
        ValueError,
        ["dense_activation='softish'", "'tanh'", "'relu'"],
        {"dense_activation": "softish"},
    ),
    "layer_params-key": (
        ValueError,
        ["layer_params['kernel']", "'kernel_initializer'", "'use_bias'"],
        {"layer_params": {"kernel": 1}},
    ),
    "layer_params-own": (
        ValueError,
        ["layer_params['units']", "Pass units="],
        {"layer_params": {"units": 3}},
    ),
    "layer_params-own-dropout": (
        ValueError,
        ["layer_params['dropout']", "Pass dropout="],
        {"layer_params": {"dropout": 0.3}},
    ),
    "layer_params-output": (
        ValueError,
        ["layer_params['return_sequences']", "'use_bias'"],
        {"layer_params": {"return_sequences": True}},
    ),
    "layer_params-not-a-number": (*constraint("layer_params", "dict"), {"layer_params": 3}),
    "layer_params-initializer": (
        (TypeError, ValueError),
        ["layer_params", "kernel_initializer", "flat"],
        {"layer_params": {"kernel_initializer": "flat"}},
    ),
    "layer_params-regularizer": (
        (TypeError, ValueError),
        ["layer_params", "bias_regularizer", "l3"],
        {"layer_params": {"bias_regularizer": "l3"}},
    ),
    "layer_params-activation": (
        (TypeError, ValueError),
        ["layer_params", "recurrent_activation", "softish"],
        {"layer_params": {"recurrent_activation": "softish"}},
    ),
    "loss": (ValueError, ["loss='square'", "'mse'", "'huber'", "function"], {"loss": "square"}),
    "loss-number": (*constraint("loss", "str", "callable"), {"loss": 2}),
    "loss-scalar": (
        ValueError,
        ["loss must return one value per row", "Leave the mean"],
        {"loss": lambda truth, prediction: keras.ops.mean((truth - prediction) ** 2)},
    ),
    "optimizer": (
        ValueError,
        ["optimizer='newton'", "'adam'", "'sgd'", "keras.optimizers.Optimizer"],
        {"optimizer": "newton"},
    ),
    "optimizer-number": (*constraint("optimizer"), {"optimizer": 2}),
    "optimizer-class": (
        (TypeError, ValueError),
        ["optimizer", "SGD", "instance"],
        {"optimizer": keras.optimizers.SGD},
    ),
    "learning_rate-zero": (*constraint("learning_rate", "(0.0, inf)"), {"learning_rate": 0}),
    "learning_rate-negative": (*constraint("learning_rate"), {"learning_rate": -1.0}),
    "learning_rate-nan": (*constraint("learning_rate"), {"learning_rate": np.nan}),
    "learning_rate-infinite": (*constraint("learning_rate"), {"learning_rate": np.inf}),
    "lr_schedule": (*constraint("lr_schedule", "'cosine'", "'plateau'"), {"lr_schedule": "step"}),
    "lr_schedule-twice": (
        ValueError,
        ["lr_schedule", "cosine", "learning_rate"],
        {
            "lr_schedule": "cosine",
            "optimizer": keras.optimizers.Adam(
                keras.optimizers.schedules.ExponentialDecay(0.01, 10, 0.9)
            ),
        },
    ),
    "clipnorm-zero": (*constraint("clipnorm", "(0.0, inf)"), {"clipnorm": 0.0}),
    "epochs-zero": (*constraint("epochs", "[1, inf)"), {"epochs": 0}),
    "epochs-fraction": (*constraint("epochs", "int"), {"epochs": 2.0}),
    "batch_size-zero": (*constraint("batch_size", "[1, inf)"), {"batch_size": 0}),
    "shuffle": (*constraint("shuffle", "bool"), {"shuffle": "yes"}),
    "n_iter_no_change-zero": (*constraint("n_iter_no_change"), {"n_iter_no_change": 0}),
    "tol-negative": (*constraint("tol", "[0.0, inf)"), {"tol": -1.0}),
    "validation_fraction-one": (*constraint("validation_fraction"), {"validation_fraction": 1.0}),
    "validation_fraction-leaves-none-to-validate": (
        ValueError,
        ["validation_fraction=0.02", "40 rows", "none to validate", "early_stopping=False"],
        {"early_stopping": True, "validation_fraction": 0.02},
    ),
    "callbacks-text": (*constraint("callbacks"), {"callbacks": "verbose"}),
    "callbacks-other-objects": (
        (TypeError, ValueError),
        ["callbacks", "keras.callbacks.Callback"],
        {"callbacks": [1]},
    ),
    "callbacks-class": (
        (TypeError, ValueError),
        ["callbacks", "instance"],
        {"callbacks": [keras.callbacks.EarlyStopping]},
    ),
    "random_state": (*constraint("random_state"), {"random_state": "seed"}),
}


@pytest.mark.parametrize(("error", "parts", "params"), BAD_PARAMS.values(), ids=list(BAD_PARAMS))
def test_parameters(regressor, error, parts, params):
    check_refusal(regressor, error, parts, X, y, params, {})


@pytest.mark.parametrize("name", ["input_scaler", "target_scaler"])
def test_values_too_large_for_the_network(regressor, name):
    large = X * 1e200 if name == "input_scaler" else X
    targets = y * 1e200 if name == "target_scaler" else y
    parts = [{"input_scaler": "X row 0", "target_scaler": "y row 0"}[name], name, "rescale"]
    check_refusal(regressor, ValueError, parts, large, targets, {name: None}, {})


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust", "window"])
def test_weights_that_leave_nothing_to_train_on(regressor, scaler):
    # Only rows of the validation tail count.
    weight = np.zeros(40)
    weight[-2:] = 1.0
    params = {"early_stopping": True, "input_scaler": scaler, "target_scaler": scaler}
    parts = ["sample_weight", "train on"]
    check_refusal(regressor, ValueError, parts, X, y, params, {"sample_weight": weight})


def test_weights_that_leave_nothing_to_validate_on(regressor):
    weight = np.ones(40)
    weight[-4:] = 0.0
    parts = ["sample_weight", "validate on", "positive weight"]
    kwargs = {"sample_weight": weight}
    check_refusal(regressor, ValueError, parts, X, y, {"early_stopping": True}, kwargs)


class TestPredict:
    @pytest.mark.parametrize("method", ["predict", "score"])
    def test_before_fit(self, method):
        regressor = make()
        arguments = (X, y) if method == "score" else (X,)
        with Untouched(regressor), pytest.raises(NotFittedError, match="fit"):
            getattr(regressor, method)(*arguments)

    @pytest.mark.parametrize(
        ("fit_on", "bad", "parts"),
        [
            (X, X[:, 1:], ["5 features", "6 features"]),
            (X, np.hstack([X, X]), ["12 features", "6 features"]),
            (X, X3[:, 1:], ["5 time steps of 1", "6 steps of 1", "pad"]),
            (X3, X3[:, 1:], ["5 time steps of 1", "6 steps of 1", "pad"]),
            (X3, PAIR, ["2 features", "same features"]),
            (X, X[0], ["Expected 2D array"]),
            (X, X3[..., None], ["X must be 2-D", "4 dimensions"]),
            (X, put(X, (2, 0), np.inf), ["X contains infinity"]),
            (X, put(X, 2, np.nan), ["X row 2", "Drop"]),
            (X, X[:0], ["0 sample(s)"]),
            (X3, X3[:0], ["0 sample(s)"]),
        ],
        ids=[
            "short-2d",
            "long-2d",
            "short-3d-after-2d",
            "short-3d",
            "features",
            "1d",
            "4d",
            "infinite",
            "masked",
            "empty-2d",
            "empty-3d",
        ],
    )
    def test_data(self, fit_on, bad, parts):
        regressor = make().fit(fit_on, y)
        expected = regressor.predict(fit_on)
        with Untouched(regressor), pytest.raises(ValueError) as caught:  # noqa: PT011
            regressor.predict(bad)
        assert [part for part in parts if part not in str(caught.value)] == []
        assert_array_equal(regressor.predict(fit_on), expected)

    def test_a_partly_missing_step(self):
        regressor = make().fit(PAIR, y)
        with pytest.raises(ValueError, match=r"X row 1, step 3: .* Impute"):
            regressor.predict(put(PAIR, (1, 3, 0), np.nan))


class TestGoingOn:
    """Continued training refuses what it cannot go on with, and keeps what it has."""

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    @pytest.mark.parametrize(
        ("X", "y", "parts"),
        [
            (X3[:, 1:], y, ["5 time steps", "6 steps"]),
            (PAIR, y, ["2 features"]),
            (X, np.stack([y, y], axis=1), ["y has 2 outputs", "1 were expected"]),
            (X, put(y, 0, np.nan), ["y contains NaN"]),
        ],
        ids=["steps", "features", "outputs", "nan"],
    )
    def test_other_data(self, fitted_once, method, X, y, parts):
        regressor = make()
        vars(regressor).update(vars(fitted_once))
        check_refusal(regressor, ValueError, parts, X, y, {"warm_start": True}, {}, method)

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_another_network(self, fitted_once, method):
        regressor = make()
        vars(regressor).update(vars(fitted_once))
        params = {"warm_start": True, "units": 5}
        parts = ["warm_start", "units=(4,)", "units=(5,)"]
        check_refusal(regressor, ValueError, parts, X, y, params, {}, method)

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_another_cell(self, fitted_once, method):
        regressor = make()
        vars(regressor).update(vars(fitted_once))
        params = {"warm_start": True, "cell": "gru"}
        check_refusal(regressor, ValueError, ["cell='gru'"], X, y, params, {}, method)


class TestDivergence:
    @pytest.mark.parametrize(
        ("params", "y"),
        [
            ({"optimizer": "sgd", "learning_rate": 1e30}, y),
            ({"target_scaler": None}, 1e30 * y),
            ({"lr_schedule": lambda step: np.nan * step}, y),
        ],
        ids=["rate", "targets", "schedule"],
    )
    def test_it_is_an_error_that_leaves_nothing(self, regressor, params, y):
        parts = ["diverged", "epoch 1", "learning_rate", "clipnorm", "scale"]
        check_refusal(regressor, TrainingDivergedError, parts, X, y, params, {})

    def test_warm_start_keeps_what_there_was(self, fitted_once):
        regressor = make(warm_start=True)
        vars(regressor).update({**vars(fitted_once), "warm_start": True})
        params = {"optimizer": "sgd", "learning_rate": 1e30}
        check_refusal(regressor, TrainingDivergedError, ["diverged"], X, y, params, {})

    def test_it_is_a_floating_point_error(self):
        with pytest.raises(FloatingPointError):
            make(optimizer="sgd", learning_rate=1e30).fit(X, y)


class Raise(keras.callbacks.Callback):
    """Raise an error at an event of an epoch."""

    def __init__(self, error, event, epoch):
        super().__init__()
        self.error, self.event, self.epoch = error, event, epoch

    def _at(self, event, epoch):
        if (event, epoch) == (self.event, self.epoch):
            raise self.error

    def on_train_begin(self, logs=None):
        self._at("train_begin", None)

    def on_epoch_begin(self, epoch, logs=None):
        self._at("begin", epoch)

    def on_epoch_end(self, epoch, logs=None):
        self._at("end", epoch)

    def on_train_end(self, logs=None):
        self._at("train_end", None)


class TestInterruption:
    def warnings_of_fit(self, regressor):
        # `pytest.warns` would hand on what Keras warns of, but not that it was Keras.
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            regressor.fit(X, y)
        return [str(warning.message) for warning in caught if warning.category is UserWarning]

    @pytest.mark.parametrize(("event", "epoch"), [("end", 2), ("begin", 3)])
    def test_the_epochs_so_far_are_kept(self, event, epoch):
        interrupt = Raise(KeyboardInterrupt(), event, epoch)
        regressor = make(epochs=10, callbacks=[interrupt])
        (message,) = self.warnings_of_fit(regressor)
        assert "interrupted after 3 epochs" in message
        assert regressor.n_iter_ == len(regressor.history_["loss"]) == 3
        assert_array_equal(regressor.predict(X), make(epochs=3).fit(X, y).predict(X))

    def test_of_these_the_best_with_early_stopping(self):
        params = {"early_stopping": True, "learning_rate": 0.1, "validation_fraction": 0.25}
        regressor = make(
            epochs=60,
            n_iter_no_change=50,
            callbacks=[Raise(KeyboardInterrupt(), "end", 39)],
            **params,
        )
        (message,) = self.warnings_of_fit(regressor)
        assert "best weights" in message
        losses = regressor.history_["val_loss"]
        best = int(np.argmin(losses))
        assert best < 39
        kept = np.mean((regressor.predict(X[30:]) - y[30:]) ** 2) / y[:30].var()
        assert kept == pytest.approx(losses[best], abs=1e-4)

    @pytest.mark.parametrize(("event", "epoch"), [("train_begin", None), ("begin", 0)])
    def test_before_the_first_epoch_is_over_it_goes_through(self, regressor, event, epoch):
        params = {"callbacks": [Raise(KeyboardInterrupt(), event, epoch)]}
        check_refusal(regressor, KeyboardInterrupt, [], X, y, params, {})

    @pytest.mark.parametrize(
        ("event", "epoch"),
        [("train_begin", None), ("begin", 1), ("end", 0), ("end", 2), ("train_end", None)],
    )
    def test_an_error_in_a_callback_leaves_nothing(self, regressor, event, epoch):
        params = {"callbacks": [Raise(ZeroDivisionError("mine"), event, epoch)]}
        check_refusal(regressor, ZeroDivisionError, ["mine"], X, y, params, {})

    def test_an_error_in_a_callback_leaves_no_progress_line_open(self, capsys):
        regressor = make(verbose=1, callbacks=[Raise(ZeroDivisionError("mine"), "end", 0)])
        with pytest.raises(ZeroDivisionError):
            regressor.fit(X, y)
        assert capsys.readouterr().err.endswith("\n")


def test_a_search_reports_a_refusal_as_a_failed_fit():
    # A clone with the parameters of a failed fit can be fitted once these are mended.
    regressor = make(units=0)
    with pytest.raises(ValueError, match="units"):
        regressor.fit(X, y)
    assert clone(regressor).set_params(units=4).fit(X, y).n_iter_ == 3


UNSUPPORTED = """
import numpy as np
from skrnn import LSTMRegressor
regressor = LSTMRegressor(4, epochs=1)
before = dict(vars(regressor))
for attempt in range(2):
    try:
        regressor.fit(np.zeros((9, 3)), np.zeros(9))
    except Exception as error:
        from skrnn.exceptions import UnsupportedBackendError
        assert isinstance(error, UnsupportedBackendError), repr(error)
        assert vars(regressor) == before
        print(error)
"""


def test_another_keras_backend_is_refused(tmp_path):
    # The backend "numpy" needs nothing that is not installed.
    environment = {**os.environ, "KERAS_BACKEND": "numpy", "KERAS_HOME": str(tmp_path)}
    environment["PYTHONPATH"] = str(Path(skrnn.__file__).parents[1])
    result = subprocess.run(
        [sys.executable, "-c", UNSUPPORTED],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    messages = result.stdout.splitlines()
    assert len(messages) == 2
    for message in messages:
        assert "'numpy'" in message
        assert "KERAS_BACKEND=jax" in message
