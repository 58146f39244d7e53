"""What a program has set of Keras, for models of its own, changes neither fits nor predictions."""

import threading

import keras
import numpy as np
import pytest
from _engine import keras_reads_variables

from skrnn import ConvLSTMRegressor, LSTMRegressor, RecurrentRegressor, clear_compile_cache
from skrnn.compat._keras_settings import our_settings

pytestmark = keras_reads_variables

X = np.random.default_rng(0).normal(size=(16, 3, 4, 4))
Y = X[:, -1, 0, 0]
ROWS = X[:, :, 0, :2]


def network(shape, n_outputs):
    sequence = keras.Input(shape)
    return keras.Model(sequence, keras.layers.Dense(n_outputs)(keras.layers.Flatten()(sequence)))


def results():
    """Return predictions and what is measured, all of it compiled anew."""
    clear_compile_cache()
    small = {"epochs": 2, "random_state": 0}
    frames = ConvLSTMRegressor(2, pooling="average", **small).fit(X, Y)
    metrics = {"metrics": ["mae"], "loss": "mean_squared_logarithmic_error", "target_scaler": None}
    rates = keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.9)
    optimizer = keras.optimizers.AdamW(rates)
    rows = LSTMRegressor(2, optimizer=optimizer, **metrics, **small).fit(ROWS, Y**2)
    custom = RecurrentRegressor(network=network, **small).fit(ROWS, Y)
    model = np.asarray(rows.model_(ROWS.astype(np.float32)))
    fits = [frames.predict(X), rows.predict(ROWS), custom.predict(ROWS), model]
    return [*fits, np.array([rows.history_["loss"], rows.history_["mae"]])]


@pytest.fixture(scope="module")
def expected():
    return results()


SETTINGS = {
    "half precision": (keras.config.set_floatx, "float16", "float32"),
    "double precision": (keras.config.set_floatx, "float64", "float32"),
    "channels first": (keras.config.set_image_data_format, "channels_first", "channels_last"),
    "epsilon": (keras.config.set_epsilon, 0.5, 1e-7),
    "policy": (keras.config.set_dtype_policy, "mixed_float16", "float32"),
}


def read():
    config = keras.config
    policy = config.dtype_policy().name
    return config.floatx(), config.image_data_format(), config.epsilon(), policy


@pytest.mark.parametrize(("write", "value", "default"), list(SETTINGS.values()), ids=list(SETTINGS))
def test_results_stay_and_the_setting_too(write, value, default, expected):
    write(value)
    try:
        before = read()
        found = results()
        assert read() == before
    finally:
        write(default)
    for array, same in zip(found, expected, strict=True):
        np.testing.assert_array_equal(array, same)


def test_the_last_thread_out_restores():
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with our_settings():
            inside.set()
            leave.wait(timeout=30)

    keras.config.set_floatx("float16")
    try:
        thread = threading.Thread(target=stay)
        thread.start()
        assert inside.wait(timeout=30)
        with our_settings():
            assert keras.config.floatx() == "float32"
        assert keras.config.floatx() == "float32"
        leave.set()
        thread.join()
        assert keras.config.floatx() == "float16"
    finally:
        leave.set()
        keras.config.set_floatx("float32")


@pytest.mark.parametrize(("write", "value", "default"), list(SETTINGS.values()), ids=list(SETTINGS))
@pytest.mark.parametrize("rows", [slice(1), slice(None)], ids=["one row", "all rows"])
def test_do_not_change_the_first_prediction_of_a_process(write, value, default, rows):
    """The program of a model that was loaded is made by its first prediction."""
    models = [
        (ConvLSTMRegressor(2, pooling="average", epochs=1, random_state=0).fit(X, Y), X),
        (RecurrentRegressor(network=network, epochs=1, random_state=0).fit(ROWS, Y), ROWS),
    ]
    expected = [model.predict(data[rows]) for model, data in models]
    clear_compile_cache()
    write(value)
    try:
        found = [model.predict(data[rows]) for model, data in models]
    finally:
        write(default)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
