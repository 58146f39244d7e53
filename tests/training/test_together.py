"""Networks that are trained together come out as those that are trained one by one.

On a GPU they are; here the processor is taken for one.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import BaggingRegressor
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    LSTMRegressor,
    Seq2SeqForecaster,
    SlidingWindowTransformer,
    compile_cache_info,
    precompile,
    train_together,
)
from skrnn.compat._keras import keras
from skrnn.engines.jax import _together
from skrnn.engines.jax._together import Gathering, n_together
from skrnn.engines.jax._training_programs import SharedTrainingProgram
from skrnn.exceptions import TrainingDivergedError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 5, 2))
Y = X[:, -1, 0] + X[:, 0, 1]


@pytest.fixture(scope="module")
def counts():
    """Note how many networks each call has; programs are kept from test to test."""
    noted = []
    train_all = SharedTrainingProgram._train_all

    def counted(self, calls):
        noted.append(len(calls))
        return train_all(self, calls)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SharedTrainingProgram, "_train_all", counted)
        yield noted


@pytest.fixture
def gpu(monkeypatch, counts):
    """Take the processor for a GPU, and be patient; return how many networks each call had."""
    monkeypatch.setattr(_together, "has_accelerator", lambda: True)
    monkeypatch.setattr(_together, "_PATIENCE", 60.0)
    counts.clear()
    return counts


def network(**params):
    given = {"units": 3, "epochs": 4, "batch_size": 8, "random_state": 0}
    return LSTMRegressor(**{**given, **params})


def check_same(one, other):
    """Check that two fits are the same up to rounding."""
    assert_allclose(one.history_["loss"], other.history_["loss"], rtol=1e-5)
    assert_allclose(one.predict(X), other.predict(X), rtol=1e-4, atol=1e-5)


def fit_at_once(*fits):
    """Fit in threads that begin to train at the same time; a fit is a model and what it gets."""
    start = threading.Barrier(len(fits))
    begin = keras.callbacks.LambdaCallback(on_train_begin=lambda logs: start.wait(60))
    with ThreadPoolExecutor(len(fits)) as pool:
        return [
            pool.submit(model.set_params(callbacks=[begin]).fit, *data) for model, *data in fits
        ]


class TestSearches:
    def test_have_the_same_scores(self, gpu):
        grid = {"learning_rate": [0.003, 0.01, 0.03], "dropout": [0.0, 0.3]}
        search = GridSearchCV(network(), grid, cv=TimeSeriesSplit(3))
        expected = search.fit(X, Y).cv_results_["mean_test_score"]
        before = compile_cache_info()
        with train_together(n_networks=3):
            together = search.fit(X, Y).cv_results_["mean_test_score"]
        assert_allclose(together, expected, rtol=1e-4)
        assert compile_cache_info().training_traces - before.training_traces == 1
        assert max(gpu) > 1

    def test_of_several_structures(self, gpu):
        search = GridSearchCV(network(), {"units": [2, 3], "learning_rate": [0.01, 0.1]}, cv=2)
        expected = search.fit(X, Y).cv_results_["mean_test_score"]
        with train_together(n_networks=3):
            together = search.fit(X, Y).cv_results_["mean_test_score"]
        assert_allclose(together, expected, rtol=1e-4)

    def test_find_what_was_compiled_beforehand(self, gpu):
        grid = {"units": [1], "learning_rate": [0.01, 0.1]}
        with train_together(n_networks=2):
            assert precompile(network(), X, Y, grid)
            before = compile_cache_info()
            GridSearchCV(network(), grid, cv=2).fit(X, Y)
        assert compile_cache_info().training_traces == before.training_traces

    @pytest.mark.filterwarnings("ignore::skrnn.exceptions.PaddedWindowWarning")
    def test_of_windows_that_share_their_rows(self, gpu):
        pipeline = make_pipeline(SlidingWindowTransformer(window=4), network())
        search = GridSearchCV(pipeline, {"lstmregressor__learning_rate": [0.01, 0.1]}, cv=2)
        rows = X[:, 0]
        expected = search.fit(rows, Y).predict(rows)
        with train_together(n_networks=2):
            together = search.fit(rows, Y).predict(rows)
        assert_allclose(together, expected, rtol=1e-4)


class TestNetworks:
    def test_end_when_each_has_to(self, gpu):
        """Epochs, rows and early stopping are those of each."""
        fits = [
            (network(epochs=2), X, Y),
            (network(epochs=9, random_state=1), X[:33], Y[:33]),
            (network(epochs=30, early_stopping=True, n_iter_no_change=2, tol=0.1), X, Y),
        ]
        expected = [model.fit(*data).history_["loss"] for model, *data in fits]
        with train_together(n_networks=3):
            fit_at_once(*fits)
        for (model, *_), losses in zip(fits, expected, strict=True):
            assert_allclose(model.history_["loss"], losses, rtol=1e-5)
        assert gpu[0] == 3
        assert gpu[-1] < 3

    def test_do_not_depend_on_each_other(self, gpu):
        models = [network(dropout=0.2, random_state=seed) for seed in range(3)]
        with train_together(n_networks=3):
            alone = [model.fit(X, Y).predict(X) for model in models]
            assert {*gpu} == {1}
            fit_at_once(*((model, X, Y) for model in models))
        for model, expected in zip(models, alone, strict=True):
            assert_array_equal(model.predict(X), expected)
        assert gpu[-1] == 3

    def test_of_an_ensemble(self, gpu):
        ensemble = BaggingRegressor(network(), n_estimators=3, random_state=0)
        wide = X.reshape(40, -1)
        expected = ensemble.fit(wide, Y).predict(wide)
        with train_together(n_networks=3):
            together = ensemble.fit(wide, Y).predict(wide)
        assert_allclose(together, expected, rtol=1e-4, atol=1e-5)
        assert max(gpu) > 1

    def test_of_a_forecaster(self, gpu):
        y = pd.Series(np.sin(np.arange(60) / 3))
        params = {"units": 3, "epochs": 2, "window": 8, "n_members": 3, "random_state": 0}
        expected = Seq2SeqForecaster(**params, baselines=()).fit(y, fh=[1, 2]).predict()
        with train_together(n_networks=3):
            together = Seq2SeqForecaster(**params, baselines=()).fit(y, fh=[1, 2]).predict()
        assert_allclose(together, expected, rtol=1e-4, atol=1e-5)
        assert max(gpu) > 1

    def test_go_on_outside(self, gpu):
        with train_together(n_networks=3):
            model = network(warm_start=True).fit(X, Y)
        alone = network(warm_start=True).fit(X, Y)
        check_same(model.fit(X, Y), alone.fit(X, Y))

    def test_one_that_diverges_stops_no_other(self, gpu):
        good, bad = network(optimizer="sgd"), network(optimizer="sgd", learning_rate=1e30)
        with train_together(n_networks=3):
            good, bad = fit_at_once((good, X, Y), (bad, X, Y))
        with pytest.raises(TrainingDivergedError):
            bad.result()
        check_same(good.result(), network(optimizer="sgd").fit(X, Y))
        assert gpu[0] == 2


class TestContext:
    def test_does_nothing_on_a_processor(self, monkeypatch):
        monkeypatch.setattr(_together, "has_accelerator", lambda: False)
        with train_together():
            assert n_together() == 1
            assert joblib.Parallel()._effective_n_jobs() == 1

    def test_ends(self, gpu):
        def fail():
            with train_together(n_networks=5):
                assert n_together() == 5
                assert joblib.Parallel()._effective_n_jobs() == 5
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert n_together() == 1

    @pytest.mark.parametrize("wrong", [1, 0, -1, True, 2.0, "2", None])
    def test_refuses(self, wrong):
        with pytest.raises(ValueError, match="n_networks"):
            train_together(n_networks=wrong)


class TestGathering:
    def test_gives_everybody_their_own(self):
        sizes = []

        def run(calls):
            sizes.append(len(calls))
            time.sleep(0.002)
            return [10 * number for (number,) in calls]

        gathering = Gathering(run, 4)
        with ThreadPoolExecutor(16) as pool:
            assert list(pool.map(gathering, range(200))) == [10 * n for n in range(200)]
        assert sum(sizes) == 200
        assert max(sizes) == 4

    def test_waits_for_those_that_are_expected(self, monkeypatch):
        monkeypatch.setattr(_together, "_PATIENCE", 30.0)
        sizes = []

        def run(calls):
            sizes.append(len(calls))
            return [None] * len(calls)

        gathering = Gathering(run, 8)
        for _ in range(3):
            gathering.enter()

        def call(number):
            time.sleep(0.1 * number)
            gathering(number)

        with ThreadPoolExecutor(3) as pool:
            list(pool.map(call, range(3)))
        assert sizes == [3]
        with ThreadPoolExecutor(1) as pool:
            last = pool.submit(gathering, 0)
            gathering.leave()
            gathering.leave()
            last.result(20)  # does not wait for those that have left
        assert sizes == [3, 1]

    def test_keeps_threads_in_step(self, monkeypatch):
        monkeypatch.setattr(_together, "_PATIENCE", 30.0)
        sizes = []

        def run(calls):
            sizes.append(len(calls))
            return [number for (number,) in calls]

        gathering = Gathering(run, 4)

        def train(number):
            start.wait()
            for step in range(100):
                assert gathering((number, step)) == (number, step)
            gathering.leave()

        start = threading.Barrier(4)
        for _ in range(4):
            gathering.enter()
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(train, range(4)))
        assert sizes == [4] * 100

    def test_does_not_wait_for_ever(self):
        gathering = Gathering(lambda calls: [1] * len(calls), 2)
        gathering.enter()
        gathering.enter()
        assert gathering() == 1

    def test_hands_on_an_error(self):
        def fail(calls):
            raise OSError("no memory")

        gathering = Gathering(fail, 2)
        with ThreadPoolExecutor(2) as pool:
            calls = [pool.submit(gathering, n) for n in range(4)]
            for call in calls:
                with pytest.raises(OSError, match="no memory"):
                    call.result()

    def test_an_interrupt_is_for_one_thread_alone(self, monkeypatch):
        monkeypatch.setattr(_together, "_PATIENCE", 0.5)
        interrupted = []

        def run(calls):
            if not interrupted:
                interrupted.append(len(calls))
                raise KeyboardInterrupt
            return [number for (number,) in calls]

        gathering = Gathering(run, 2)
        gathering.enter()
        gathering.enter()
        ends = {}

        def call(number):
            try:
                ends[number] = gathering(number)
            except KeyboardInterrupt:
                ends[number] = "interrupted"

        threads = [threading.Thread(target=call, args=(n,)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert interrupted == [2]
        assert sorted(map(str, ends.values()))[1] == "interrupted"
        assert {n for n in ends.values() if n != "interrupted"} < {0, 1}
        assert not gathering._waiting
