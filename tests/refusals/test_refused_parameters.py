"""Parameters that are refused, in which words."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from _engine import keras_reads_variables
from _refusals import X, check_refusal, make, y
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import FitFailedWarning
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.preprocessing import Binarizer, StandardScaler

import skrnn
from skrnn.compat._keras import keras

pytestmark = keras_reads_variables


WINDOW = {"target_scaler": "window"}


def constraint(name, *accepted):
    """Return a row of the table for what scikit-learn's declarative constraints say."""
    return ValueError, [f"The {name!r} parameter", "must be", *accepted, "Got"]


def numpy_loss(truth, prediction):
    return np.abs(np.asarray(truth) - np.asarray(prediction))


BAD_PARAMS = {
    "units-zero": (*constraint("units", "[1, 2147483647]"), {"units": 0}),
    "units-negative": (*constraint("units", "[1, 2147483647]"), {"units": -1}),
    "units-text": (*constraint("units", "int"), {"units": "a"}),
    "units-none": (ValueError, ["units must be positive", "there is none"], {"units": ()}),
    "units-set": (*constraint("units", "of one dimension"), {"units": {2, 3}}),
    "units-array": (*constraint("units", "of one dimension"), {"units": np.array(3)}),
    "quantiles-array": (*constraint("quantiles", "of one dim"), {"quantiles": np.array(0.5)}),
    "units-zero-above": (ValueError, ["units must be positive", "0 is not"], {"units": (8, 0)}),
    "units-fraction": (ValueError, ["units must be positive", "8.5 is not"], {"units": (8.5,)}),
    "dense_units-zero": (*constraint("dense_units", "[1, 2147483647]"), {"dense_units": 0}),
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
    "layout": (
        *constraint("layout", "'channels_last'", "'channels_first'", "'newest_first'"),
        {"layout": "C"},
    ),
    "n_variables-zero": (*constraint("n_variables", "[1, 2147483647]"), {"n_variables": 0}),
    "n_variables-does-not-divide": (
        ValueError,
        ["6 columns", "no multiple of n_variables=4", "Set n_variables"],
        {"n_variables": 4},
    ),
    "network-model": (
        ValueError,
        ["network is the model or layer 'made'", "Pass a function that builds"],
        {"network": keras.Sequential([keras.layers.Dense(1)], name="made")},
    ),
    "target_feature-alone": (
        ValueError,
        ["target_feature=0 needs target_scaler", "Set both, or neither"],
        {"target_feature": 0},
    ),
    "linear_skip-network": (
        ValueError,
        ["linear_skip=True does not go with network", "Dense layer"],
        {"linear_skip": True, "network": len},
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
        ValueError,
        ["input_scaler is the class StandardScaler", "Pass an instance"],
        {"input_scaler": StandardScaler},
    ),
    "target_scaler-no-way-back": (
        *constraint("target_scaler", "'inverse_transform'"),
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
        ["seasonal_lag=2", 'target_scaler="window", "level" or "log"', "both"],
        {"seasonal_lag": 2},
    ),
    "bidirectional-text": (*constraint("bidirectional", "bool"), {"bidirectional": "both"}),
    "bidirectional-long": (
        ValueError,
        ["bidirectional has 2 entries", "units has 1", "one per layer"],
        {"bidirectional": (True, False)},
    ),
    "bidirectional-word": (
        ValueError,
        ["bidirectional", "'no' is neither", "True or False"],
        {"bidirectional": ["no"]},
    ),
    "bidirectional-number": (
        ValueError,
        ["bidirectional", "2 is neither"],
        {"units": (2, 2), "bidirectional": (True, 2)},
    ),
    "bidirectional-none": (
        ValueError,
        ["bidirectional", "None is neither"],
        {"units": (2,), "bidirectional": (None,)},
    ),
    "activation": (
        ValueError,
        ["activation='softish'", "'tanh'", "'relu'", "function"],
        {"activation": "softish"},
    ),
    **{
        f"activation-{name}": (ValueError, ["activation=", words, "keras.ops"], {"activation": one})
        for name, one, words in [
            ("type", int, "failed with TypeError"),
            ("nothing", lambda values: None, "made None of an array"),
            ("number", keras.ops.sum, "made () of an array"),
            ("numpy", np.tanh, "failed with TracerArrayConversionError"),
        ]
    },
    "dense_activation-type": (
        ValueError,
        ["dense_activation=", "failed"],
        {"dense_units": 2, "dense_activation": int},
    ),
    "units-large": (ValueError, ["units must be positive", "is not"], {"units": [10**30]}),
    "units-true": (ValueError, ["units must be positive", "True is not"], {"units": [True]}),
    **{
        f"{name}-{value}": (*constraint(name, "2147483647]"), {name: value})
        for name in ("units", "epochs", "batch_size", "n_variables", "dense_units")
        for value in (10**30, True)
    },
    "quantiles-mapping": (*constraint("quantiles", "of one dimension"), {"quantiles": {}}),
    "quantiles-text": (ValueError, ["quantiles=['a']", "Give some"], {"quantiles": ["a"]}),
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
        ValueError,
        ["layer_params['kernel_initializer']='flat'", "not known to Keras"],
        {"layer_params": {"kernel_initializer": "flat"}},
    ),
    "layer_params-regularizer": (
        ValueError,
        ["layer_params['bias_regularizer']='l3'", "not known to Keras"],
        {"layer_params": {"bias_regularizer": "l3"}},
    ),
    "layer_params-activation": (
        ValueError,
        ["layer_params['recurrent_activation']='softish'", "not known to Keras"],
        {"layer_params": {"recurrent_activation": "softish"}},
    ),
    "loss": (ValueError, ["loss='square'", "'mse'", "'huber'", "function"], {"loss": "square"}),
    "loss-number": (*constraint("loss", "str", "callable"), {"loss": 2}),
    "loss-scalar": (
        ValueError,
        ["loss must return one value per row", "Leave the mean"],
        {"loss": lambda truth, prediction: keras.ops.mean((truth - prediction) ** 2)},
    ),
    "loss-numpy": (
        ValueError,
        ["loss=", "numpy_loss", "keras.ops", "NumPy"],
        {"loss": numpy_loss},
    ),
    "loss-float": (
        ValueError,
        ["loss=", "keras.ops", "float()"],
        {"loss": lambda truth, prediction: abs(truth - prediction) * float(truth[0, 0])},
    ),
    "loss-condition": (
        ValueError,
        ["loss=", "keras.ops", "conditions"],
        {"loss": lambda truth, prediction: truth if truth[0, 0] > 0 else prediction},
    ),
    "loss-mistake": (
        ValueError,
        ["loss=", "ZeroDivisionError", "(16, 1)"],
        {"loss": lambda truth, prediction: 1 / 0},
    ),
    "optimizer": (
        ValueError,
        ["optimizer='newton'", "'adam'", "'sgd'", "keras.optimizers.Optimizer"],
        {"optimizer": "newton"},
    ),
    "optimizer-number": (*constraint("optimizer"), {"optimizer": 2}),
    "optimizer-class": (
        ValueError,
        ["optimizer is the class SGD", "Pass an instance"],
        {"optimizer": keras.optimizers.SGD},
    ),
    "learning_rate-zero": (*constraint("learning_rate", "(0.0, inf)"), {"learning_rate": 0}),
    "learning_rate-negative": (*constraint("learning_rate"), {"learning_rate": -1.0}),
    "learning_rate-nan": (*constraint("learning_rate"), {"learning_rate": np.nan}),
    "learning_rate-infinite": (*constraint("learning_rate"), {"learning_rate": np.inf}),
    "lr_schedule": (*constraint("lr_schedule", "'cosine'", "'plateau'"), {"lr_schedule": "step"}),
    "lr_schedule-short": (
        ValueError,
        ["lr_schedule failed at step 2", "IndexError", "from 0 to"],
        {"lr_schedule": [0.01, 0.02].__getitem__},
    ),
    "lr_schedule-nothing": (
        ValueError,
        ["lr_schedule failed at step 0", "TypeError"],
        {"lr_schedule": lambda step: None},
    ),
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
    **{
        f"{name}-beyond-floats": (*constraint(name, "a float"), {name: 10**400})
        for name in ("clipnorm", "learning_rate", "tol")
    },
    "epochs-zero": (*constraint("epochs", "[1, 2147483647]"), {"epochs": 0}),
    "epochs-fraction": (*constraint("epochs", "int"), {"epochs": 2.0}),
    "batch_size-zero": (*constraint("batch_size", "[1, 2147483647]"), {"batch_size": 0}),
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
        TypeError,
        ["callbacks must be instances of keras.callbacks.Callback", "one is 1"],
        {"callbacks": [1]},
    ),
    "callbacks-class": (
        TypeError,
        ["callbacks must be instances of keras.callbacks.Callback", "EarlyStopping'"],
        {"callbacks": [keras.callbacks.EarlyStopping]},
    ),
    "random_state": (*constraint("random_state"), {"random_state": "seed"}),
}


@pytest.mark.parametrize(("error", "parts", "params"), BAD_PARAMS.values(), ids=list(BAD_PARAMS))
def test_parameters(regressor, error, parts, params):
    check_refusal(regressor, error, parts, X, y, params, {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("recurrent_dropout", np.datetime64("NaT")),
        ("merge_mode", np.array([2, 3])),
        ("monitor", 1.5),
        ("shuffle", np.array([True, False])),
        ("clipnorm", 10**400),
    ],
)
def test_parameters_that_are_set_between_two_calls(fitted_once, name, value):
    regressor = make()
    vars(regressor).update(vars(fitted_once))
    error, parts = constraint(name)
    check_refusal(regressor, error, parts, X, y, {name: value}, {}, "partial_fit")


def test_a_search_reports_a_refusal_as_a_failed_fit():
    search = GridSearchCV(make(epochs=1), {"units": [0, 4]}, cv=KFold(2))
    with (
        pytest.warns(FitFailedWarning, match="'units' parameter of RecurrentRegressor"),
        pytest.warns(UserWarning, match="test scores are non-finite"),
    ):
        search.fit(X, y)
    refused, fitted = search.cv_results_["mean_test_score"]
    assert np.isnan(refused)
    assert np.isfinite(fitted)
    assert search.best_params_ == {"units": 4}


def test_a_clone_of_what_was_refused_can_be_mended_and_fitted():
    regressor = make(units=0)
    with pytest.raises(ValueError, match="'units' parameter of RecurrentRegressor"):
        regressor.fit(X, y)
    mended = clone(regressor).set_params(units=4).fit(X, y)
    assert_array_equal(mended.predict(X), make().fit(X, y).predict(X))


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
        assert "Set the environment variable KERAS_BACKEND to one of ['jax'" in message
