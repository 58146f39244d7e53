"""Programs compiled ahead: by `precompile`, and in a thread while a network is in training."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
from _programs import keras_reads_variables
from numpy.testing import assert_array_equal
from sklearn.dummy import DummyRegressor
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline

from skrnn import (
    RecurrentClassifier,
    RecurrentRegressor,
    SlidingWindowTransformer,
    clear_compile_cache,
    compile_cache_info,
    precompile,
)
from skrnn.engines._preparation import has_idle_core, in_background
from skrnn.engines.jax import _prediction_programs

pytestmark = keras_reads_variables

X = np.random.default_rng(0).normal(size=(40, 4))
Y = X.sum(axis=1)
GRID = {"units": [2, 3], "dropout": [0.0, 0.3], "batch_size": [4]}


def make(**options: Any) -> RecurrentRegressor:
    return RecurrentRegressor(2, cell="simple", epochs=2, random_state=0, **options)


def search() -> GridSearchCV:
    return GridSearchCV(make(), GRID, cv=TimeSeriesSplit(2)).fit(X, Y)


class TestPrecompile:
    """Every structure of a grid, once."""

    def test_a_search_compiles_nothing_after_it(self) -> None:
        assert precompile(make(), X, Y, GRID) == 4  # two that train, two that predict
        before = compile_cache_info()
        assert (before.traces, before.training_traces) == (4, 2)
        search()
        assert compile_cache_info().traces == before.traces
        assert precompile(make(), X, Y, GRID) == 0

    def test_results_are_the_same(self) -> None:
        first = search()
        clear_compile_cache()
        precompile(make(), X, Y, [{"units": [3]}, {"units": [2]}])
        second = search()
        for name in ("mean_test_score", "split1_test_score"):
            assert_array_equal(first.cv_results_[name], second.cv_results_[name])
        assert_array_equal(first.predict(X), second.predict(X))

    def test_a_pipeline_with_validation(self) -> None:
        windows = SlidingWindowTransformer(window=3)
        pipeline = make_pipeline(windows, make(early_stopping=True))
        assert precompile(pipeline, X, Y) == 3
        pipeline.fit(X, Y).predict(X)
        assert compile_cache_info().traces == 3

    def test_targets_may_be_left_out_for_a_regressor(self) -> None:
        assert precompile(make(), X) == 2
        make().fit(X, Y).predict(X)
        assert compile_cache_info().traces == 2
        with pytest.raises(ValueError, match="Give y"):
            precompile(RecurrentClassifier(), X)

    def test_the_estimator_is_left_as_it_is(self) -> None:
        estimator = make()
        before = dict(vars(estimator))
        precompile(estimator, X, Y, {"units": [5]})
        assert vars(estimator) == before

    def test_what_trains_no_network_is_refused(self) -> None:
        with pytest.raises(TypeError, match="DummyRegressor trained no network"):
            precompile(DummyRegressor(), X, Y)

    def test_a_candidate_that_cannot_be_fitted_is_refused(self) -> None:
        with pytest.raises(ValueError, match="epochs"):
            precompile(make(), X, Y, {"epochs": [2, -1]})
        assert compile_cache_info().traces == 0


class TestInBackground:
    """A thread that ends with the block it belongs to."""

    def test_it_is_waited_for(self) -> None:
        done: list[str] = []
        n_threads, go_on = threading.active_count(), threading.Event()

        def job() -> None:
            go_on.wait(30)
            done.append("job")

        with in_background([job]):
            assert threading.active_count() == n_threads + 1
            done.append("block")
            go_on.set()
        assert done == ["block", "job"]
        assert threading.active_count() == n_threads

    def test_its_error_comes_at_the_end(self) -> None:
        def fail() -> None:
            raise RuntimeError("no program")

        done = []
        with pytest.raises(RuntimeError, match="no program"), in_background([fail]):
            done.append("block")
        assert done == ["block"]

    def test_an_error_of_the_block_comes_first(self) -> None:
        ended: list[bool] = []
        with pytest.raises(KeyboardInterrupt), in_background([lambda: ended.append(True), abs]):  # type: ignore[list-item]
            raise KeyboardInterrupt
        assert ended == [True]

    def test_nothing_to_do_starts_no_thread(self) -> None:
        n_threads = threading.active_count()
        with in_background([]):
            assert threading.active_count() == n_threads


@pytest.mark.parametrize(("n_cores", "idle"), [(1, False), (2, True), (64, True)])
def test_one_core_has_enough_to_do(
    n_cores: int, idle: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("joblib.cpu_count", lambda: n_cores)
    assert has_idle_core() is idle


class TestFit:
    """What predicts is compiled while a network is in training."""

    def test_a_prediction_after_a_fit_compiles_nothing(self) -> None:
        regressor = make().fit(X, Y)
        assert compile_cache_info().traces == 2
        regressor.predict(X)
        regressor.predict(X[:1])
        assert compile_cache_info().traces == 2

    def test_on_one_core_it_is_compiled_by_the_first_prediction(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        expected = make().fit(X, Y).predict(X)
        clear_compile_cache()
        monkeypatch.setattr("skrnn.models._train.has_idle_core", lambda: False)
        regressor = make().fit(X, Y)
        assert compile_cache_info().traces == 1
        assert_array_equal(regressor.predict(X), expected)
        assert compile_cache_info().traces == 2

    def test_an_error_there_is_raised_and_nothing_is_fitted(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*arguments: Any) -> None:
            raise RuntimeError("no prediction")

        monkeypatch.setattr(_prediction_programs.PredictionProgram, "_predict", fail)
        regressor = make()
        with pytest.raises(RuntimeError, match="no prediction"):
            regressor.fit(X, Y)
        assert not hasattr(regressor, "history_")
        assert not [t for t in threading.enumerate() if t.name == "skrnn-compile"]
