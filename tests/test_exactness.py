"""Same data, same parameters, same seed: the same bits, wherever and in whatever order.

Also what a fit leaves behind (nothing but its estimator) and how often it compiles (once per
structure). Fresh processes import this module and call its functions.
"""

import copy
import hashlib
import io
import json
import os
import pickle
import random
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import joblib
import numpy as np
import pytest
from joblib import Parallel, delayed
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, cross_val_score

import skrnn
from skrnn import (
    BiLSTMRegressor,
    LSTMRegressor,
    clear_compile_cache,
    compile_cache_info,
)
from skrnn.compat._keras import keras

# Other processes are compared, which compile as users do.
OPTIMIZED = True
# NumPy 2 deprecates what Keras' own variables do in `np.array(variable)`. Keras calls that wherever
# it reads one: in configurations, when it saves, in callbacks. Nothing else is let through.
pytestmark = pytest.mark.filterwarnings(
    r"ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\.src"
)

ROOT, HERE = Path(skrnn.__file__).parents[1], Path(__file__).parent


def make_data():
    """Return rows with masked steps, and more of them than fit into one call of a program."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(203, 7, 2))
    y = np.tanh(X[:, :, 0].sum(axis=1)) + 0.1 * rng.normal(size=203)
    X[::5, :3] = np.nan
    return X, y


def make(**params):
    """Return a regressor that draws from every random stream there is."""
    return LSTMRegressor(
        **{
            "units": 6,
            "dropout": 0.2,
            "recurrent_dropout": 0.1,
            "epochs": 3,
            "batch_size": 4,
            "random_state": 0,
            **params,
        }
    )


def digest(*arrays):
    """Return a digest of the bits of arrays."""
    total = hashlib.sha256()
    for array in arrays:
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def fingerprint(regressor):
    """Return a digest of weights and predictions of a fitted regressor."""
    return digest(*regressor.network_.weights.trainable, regressor.predict(make_data()[0]))


def fit(seed=0, **params):
    """Return the fingerprint of a fit."""
    return fingerprint(make(random_state=seed, **params).fit(*make_data()))


def losses(**params):
    """Return the losses of a small fit, which compiles one program."""
    X, y = make_data()
    params = {"batch_size": 4, "epochs": 2, "random_state": 0, **params}
    return LSTMRegressor(2, **params).fit(X[:9], y[:9]).history_["loss"]


def huber(truth, prediction, delta):
    """Return the loss of Huber, row by row."""
    return keras.losses.huber(truth, prediction, delta)


def leaky(values, slope):
    """Return an activation with two slopes."""
    return keras.activations.leaky_relu(values, slope)


class Huber:
    """A loss with a setting, as a method and as a callable object."""

    def __init__(self, delta):
        self.delta = delta

    def loss(self, truth, prediction):
        return huber(truth, prediction, self.delta)

    __call__ = loss


def run(code, folder, **environment):
    """Run code in a fresh process in a folder of its own; return what it prints, line by line."""
    keep = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    result = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-c", code],
        env={**keep, "PYTHONPATH": f"{ROOT}{os.pathsep}{HERE}", **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return result.stdout.splitlines()


@pytest.fixture(scope="module")
def fitted():
    return make().fit(*make_data())


@pytest.fixture(scope="module")
def expected(fitted):
    return fingerprint(fitted)


@pytest.fixture
def compile_cache_folder(tmp_path_factory, monkeypatch):
    """A folder of compiled programs that worker processes share, empty at first."""
    folder = tmp_path_factory.mktemp("programs")
    monkeypatch.setenv("SKRNN_COMPILE_CACHE", str(folder))
    return folder


FIRST = """
from test_exactness import fit, make, make_data
import joblib, pickle
print(fit())
regressor = make().fit(*make_data())
with open("regressor.pickle", "wb") as file:
    pickle.dump(regressor, file)
joblib.dump(regressor, "regressor.joblib")
"""
SECOND = """
import sys
from test_exactness import digest, fingerprint, fit, make, make_data
import joblib, pickle
with open("regressor.pickle", "rb") as file:
    print(fingerprint(pickle.load(file)))
print(fingerprint(joblib.load("regressor.joblib")))
fit(units=5)
fit(epochs=1, seed=3)
print(fit())
"""


class TestSameSeed:
    def test_in_one_process(self, expected):
        assert fit() == expected

    def test_in_fresh_processes(self, expected, tmp_path, compile_cache_folder):
        # The first process compiles its programs and the second reads them from disk; the second
        # also reads estimators of the first, and fits others before it fits the same.
        assert run(FIRST, tmp_path) == [expected]
        programs = sorted(compile_cache_folder.iterdir())
        assert programs
        assert run(SECOND, tmp_path) == [expected] * 3

    @pytest.mark.parametrize("backend", ["threading", "loky"])
    def test_in_parallel(self, compile_cache_folder, backend):
        seeds = range(4)
        alone = [fit(seed) for seed in seeds]
        assert len(set(alone)) == 4
        assert Parallel(n_jobs=2, backend=backend)(delayed(fit)(seed) for seed in seeds) == alone

    @pytest.mark.parametrize("backend", ["threading", "loky"])
    def test_in_searches(self, compile_cache_folder, backend):
        X, y = make_data()
        grid = {"learning_rate": [0.003, 0.03], "dropout": [0.0, 0.4]}
        search = GridSearchCV(make(), grid, cv=TimeSeriesSplit(3), error_score="raise")
        alone = clone(search).fit(X, y)
        with joblib.parallel_config(backend, n_jobs=2):
            together = clone(search).set_params(n_jobs=2).fit(X, y)
            scores = cross_val_score(make(), X, y, cv=TimeSeriesSplit(3), n_jobs=2)
        for column, values in alone.cv_results_.items():
            if "score" in column and "time" not in column:
                assert_array_equal(together.cv_results_[column], values)
        assert fingerprint(together.best_estimator_) == fingerprint(alone.best_estimator_)
        assert_array_equal(scores, cross_val_score(make(), X, y, cv=TimeSeriesSplit(3)))

    def test_whatever_is_cached(self, expected):
        clear_compile_cache()
        assert fit() == expected
        losses()
        assert fit() == expected
        clear_compile_cache()
        fit(dropout=0.4)
        assert fit() == expected

    @pytest.mark.parametrize("policy", ["float64", "mixed_bfloat16"])
    def test_whatever_precision_keras_is_set_to(self, policy):
        before = keras.config.dtype_policy()
        keras.config.set_dtype_policy(policy)
        clear_compile_cache()
        try:
            found = losses()
        finally:
            keras.config.set_dtype_policy(before)
            clear_compile_cache()
        assert found == losses()

    def test_whatever_becomes_of_the_copy(self, fitted, expected):
        for copied in (
            copy.deepcopy(fitted),
            pickle.loads(pickle.dumps(fitted)),
            clone(fitted).fit(*make_data()),
            fitted.fit(*make_data()),
        ):
            assert fingerprint(copied) == expected

    def test_larger_networks(self):
        X, y = make_data()
        params = {"units": 32, "epochs": 2, "random_state": 1, "batch_size": 64}
        one, other = (BiLSTMRegressor(**params).fit(X, y) for _ in range(2))
        assert fingerprint(one) == fingerprint(other)

    def test_a_pickle_of_a_warm_start_goes_on_the_same(self):
        regressor = make(warm_start=True).fit(*make_data())
        stored = pickle.dumps(regressor)
        expected = fingerprint(regressor.fit(*make_data()))
        assert fingerprint(pickle.loads(stored).fit(*make_data())) == expected


class TestOtherSeeds:
    def test_seeds_differ(self, expected):
        assert fit(seed=1) != expected

    def test_no_seed_differs_from_fit_to_fit(self):
        assert fit(seed=None) != fit(seed=None)

    @pytest.mark.parametrize(
        "params", [{"shuffle": False}, {"dropout": 0.0}, {"recurrent_dropout": 0.2}], ids=str
    )
    def test_every_stream_is_used(self, expected, params):
        assert fit(**params) != expected


class Recorder(pickle.Unpickler):
    """Unpickle, and write down which packages that takes."""

    def __init__(self, stored):
        super().__init__(io.BytesIO(stored))
        self.packages = set()

    def find_class(self, module, name):
        self.packages.add(module.split(".")[0])
        return super().find_class(module, name)


def packages_in(stored):
    """Return the packages whose classes and functions a pickle refers to."""
    recorder = Recorder(stored)
    recorder.load()
    return recorder.packages


class TestPickle:
    @pytest.mark.parametrize(
        "params",
        [{}, {"warm_start": True, "early_stopping": True}, {"input_scaler": "power"}],
        ids=["default", "warm", "power"],
    )
    def test_it_is_plain_data(self, params):
        stored = pickle.dumps(make(**params).fit(*make_data()))
        assert packages_in(stored) <= {"skrnn", "numpy", "sklearn"}

    def test_others_would_be_noticed(self):
        assert "keras" in packages_in(pickle.dumps(keras.initializers.Zeros()))

    def test_it_is_small(self, fitted):
        # Weights in float32, the history, two scalers and the names around them.
        assert len(pickle.dumps(fitted)) < 4 * fitted.n_parameters_ + 10_000

    def test_it_holds_no_training_data(self):
        X, y = make_data()
        buffer = io.BytesIO()
        joblib.dump(make().fit(np.tile(X, (20, 1, 1)), np.tile(y, 20)), buffer)
        assert len(buffer.getvalue()) < 20_000


ALONE = """
import json, os, sys
found, before = {}, set(os.environ)

def imported():
    return sorted({"keras", "jax", "jaxlib", "sktime", "matplotlib"} & set(sys.modules))

import skrnn
found["at import"] = imported()
skrnn.LSTMRegressor(2, epochs=1).get_params()
skrnn.compile_cache_info()
skrnn.clear_compile_cache()
found["before fit"] = imported()

import numpy as np
X, y = np.random.default_rng(0).normal(size=(2, 30, 5))

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

def fit(times):
    for i in range(times):
        rates = {"dropout": 0.001 * i, "learning_rate": 0.001 + 1e-6 * i}
        skrnn.LSTMRegressor(4, epochs=2, **rates).fit(X, y[:, 0]).predict(X)

fit(10)
found["after fit"] = imported()
found["files"] = os.listdir(".")
found["environment"] = sorted(set(os.environ) - before)
if os.path.exists("/proc/self/statm"):
    growth = -resident()
    fit(200)
    found["growth"] = growth + resident()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a fresh process finds around it, at the import and after fits."""
    folder, elsewhere = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("home")
    (found,) = run(ALONE, folder, KERAS_HOME=str(elsewhere), SKRNN_COMPILE_CACHE=str(elsewhere))
    return json.loads(found)


class TestTraces:
    """What fits leave behind in the process around them."""

    def test_importing_is_cheap(self, found):
        assert found["at import"] == []
        assert found["before fit"] == []
        # Keras itself looks for matplotlib.
        assert (
            {"jax", "keras"} <= set(found["after fit"]) <= {"jax", "jaxlib", "keras", "matplotlib"}
        )

    def test_no_file_in_the_working_directory(self, found):
        assert found["files"] == []

    def test_the_backend_is_the_only_choice_in_the_environment(self, found):
        ours = [name for name in found["environment"] if "KERAS" in name or "SKRNN" in name]
        assert ours in ([], ["KERAS_BACKEND"])

    def test_many_fits_take_no_memory(self, found):
        if "growth" not in found:
            pytest.skip("memory is read from /proc")
        assert found["growth"] < 30.0  # MiB, for 200 fits

    def test_the_generator_of_numpy(self):
        before = np.random.get_state()  # noqa: NPY002
        fit()
        after = np.random.get_state()  # noqa: NPY002
        assert_array_equal(after[1], before[1])
        assert after[2:] == before[2:]

    def test_the_generator_of_python(self):
        before = random.getstate()
        fit()
        assert random.getstate() == before


class TestCompiling:
    @pytest.fixture(autouse=True)
    def _cleared(self):
        clear_compile_cache()
        yield
        clear_compile_cache()

    def test_a_search_traces_its_epoch_once(self):
        X, y = make_data()
        grid = {"learning_rate": [0.001, 0.003, 0.01, 0.03], "dropout": [0.0, 0.3]}
        regressor = make(epochs=1, recurrent_dropout=0.0)
        search = GridSearchCV(regressor, grid, cv=TimeSeriesSplit(5), error_score="raise")
        search.fit(X, y)
        assert len(search.cv_results_["params"]) == 8
        info = compile_cache_info()
        assert info.training_traces == 1
        assert info.traces == 2  # the other one predicts
        assert info.compile_seconds > 0
        assert info.hits > 8 * 5

    def test_neither_do_folds_masks_weights_or_validation_rows(self):
        X, y = make_data()
        for rows in (slice(None), slice(0, 9), slice(3, 150)):
            make(epochs=1).fit(X[rows], y[rows])
        make(epochs=1).fit(np.nan_to_num(X), y, sample_weight=1.0 + abs(y))
        make(epochs=1, clipnorm=None, lr_schedule="cosine", shuffle=False).fit(X, y)
        assert compile_cache_info().traces == 2  # one trains, one predicts
        make(epochs=1, early_stopping=True).fit(X, y)
        make(epochs=1).fit(X, y, X_val=X[:50], y_val=y[:50])
        info = compile_cache_info()
        assert (info.traces, info.training_traces) == (3, 1)  # and one evaluates

    def test_threads_that_start_together_trace_once(self):
        barrier = threading.Barrier(4)
        prints = []

        def start(seed):
            barrier.wait()
            prints.append(fit(seed % 2, epochs=1))

        threads = [threading.Thread(target=start, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(prints) == 4
        assert len(set(prints)) == 2
        info = compile_cache_info()
        assert (info.traces, info.training_traces) == (2, 1)

    def test_copies_of_objects_are_one_structure(self):
        regressor = make(loss=keras.losses.LogCosh())
        for strength in (0.01, 0.01, 0.02):
            layer_params = {"kernel_regularizer": keras.regularizers.L2(strength)}
            losses(loss=clone(regressor).loss, layer_params=layer_params)
        assert compile_cache_info().training_traces == 2

    @pytest.mark.parametrize(
        ("name", "one", "other"),
        [
            ("loss", keras.losses.Huber(2.0), keras.losses.Huber(0.1)),
            ("loss", partial(huber, delta=2.0), partial(huber, delta=0.1)),
            ("loss", Huber(2.0).loss, Huber(0.1).loss),
            ("loss", Huber(2.0), Huber(0.1)),
            ("activation", partial(leaky, slope=0.9), partial(leaky, slope=0.1)),
        ],
        ids=["keras-object", "partial", "method", "own-object", "activation"],
    )
    def test_what_is_set_otherwise_is_another_structure(self, name, one, other):
        assert losses(**{name: one}) != losses(**{name: other})
        assert compile_cache_info().training_traces == 2
