"""The forecaster in sktime: its contract, pipelines, searches, saving."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from _engine import keras_reads_variables
from _forecaster import (
    EXOGENOUS,
    FH,
    LATER,
    N_STEPS,
    NEW,
    Y,
    announced_by_sktime,
    make,
    same_weights,
)
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_series_equal
from sklearn.base import clone
from sklearn.metrics import mean_absolute_percentage_error
from sklearn.preprocessing import StandardScaler
from sktime.base import load
from sktime.forecasting.compose import TransformedTargetForecaster
from sktime.forecasting.model_evaluation import evaluate
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.performance_metrics.forecasting import MeanAbsoluteError
from sktime.split import ExpandingWindowSplitter
from sktime.transformations.series.adapt import TabularToSeriesAdaptor
from sktime.utils.estimator_checks import check_estimator, parametrize_with_checks

import skrnn
from skrnn import Seq2SeqForecaster

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
]


SCRIPT = """
import sys
import numpy as np
from sktime.base import load

forecaster = load(sys.argv[1])
alpha = [0.1, 0.5, 0.9]
np.savez(sys.argv[2], forecaster.predict(), forecaster.predict_quantiles(alpha=alpha))
"""


class TestReproducibility:
    def test_same_seed_same_bits(self, fitted_once):
        again = make().fit(Y, fh=FH)
        assert same_weights(again, fitted_once)
        assert_series_equal(again.predict(), fitted_once.predict())
        again.fit(Y, fh=FH)
        assert same_weights(again, fitted_once)

    def test_other_seed_other_bits(self, fitted_once):
        assert not same_weights(make(random_state=1).fit(Y, fh=FH), fitted_once)
        unseeded = [make(random_state=None).fit(Y, fh=FH) for _ in range(2)]
        assert not same_weights(*unseeded)

    def test_drawn_windows_are_seeded(self):
        one, two = (make(steps_per_epoch=1).fit(Y, fh=FH) for _ in range(2))
        assert same_weights(one, two)
        assert not same_weights(one, make(steps_per_epoch=2).fit(Y, fh=FH))

    @pytest.mark.slow
    def test_another_process_predicts_the_same_bits(self, fitted_once, tmp_path):
        fitted_once.save(tmp_path / "forecaster")
        path = str(tmp_path / "forecaster")
        expected = fitted_once.predict(), fitted_once.predict_quantiles(alpha=[0.1, 0.5, 0.9])
        here = load(path)
        assert_series_equal(here.predict(), expected[0])
        root = str(Path(skrnn.__file__).parents[1])
        environment = {**os.environ, "PYTHONPATH": root, "HOME": str(tmp_path)}
        environment["JAX_DISABLE_MOST_OPTIMIZATIONS"] = "1"
        subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCRIPT, path, str(tmp_path / "out.npz")],
            check=True,
            env=environment,
            cwd=tmp_path,
        )
        with np.load(tmp_path / "out.npz") as arrays:
            for array, frame in zip(arrays.values(), expected, strict=True):
                assert_array_equal(array, frame)

    def test_fit_writes_no_parameter(self, fitted):
        assert fitted.get_params() == make().get_params()
        assert clone(fitted).get_params() == fitted.get_params()


SPLITS = ExpandingWindowSplitter(fh=FH, initial_window=30, step_length=9)


class TestInSktime:
    @pytest.mark.slow
    def test_grid_search(self):
        grid = [
            {"units": [2], "dropout": [0.0, 0.2]},
            {"units": [3], "bidirectional": [True], "window": [4, 6]},
        ]
        search = ForecastingGridSearchCV(
            make(epochs=1), cv=SPLITS, param_grid=grid, scoring=MeanAbsoluteError()
        )
        search.fit(Y, fh=FH)
        scores = search.cv_results_["mean_test_MeanAbsoluteError"]
        assert len(scores) == 4
        assert np.isfinite(scores).all()
        assert len(set(scores)) == 4
        assert len(search.predict()) == 3

    @pytest.mark.slow
    def test_evaluate(self):
        results = evaluate(make(), SPLITS, Y, X=EXOGENOUS[:N_STEPS], error_score="raise")
        assert len(results) == 2
        column = next(name for name in results if name.startswith("test_"))
        assert np.isfinite(results[column]).all()

    @pytest.mark.parametrize("strategy", ["update", "no-update_params"])
    def test_evaluate_with_updates(self, strategy):
        results = evaluate(make(), SPLITS, Y, strategy=strategy, error_score="raise")
        column = next(name for name in results if name.startswith("test_"))
        forecaster, expected = make().fit(Y[:30], fh=FH), []
        expected.append(mean_absolute_percentage_error(Y[30:33], forecaster.predict()))
        forecaster.update(Y[:39], update_params=strategy == "update")
        expected.append(mean_absolute_percentage_error(Y[39:42], forecaster.predict()))
        assert_allclose(results[column], expected)

    def test_update_predict(self, fitted):
        cv = ExpandingWindowSplitter(fh=FH, initial_window=1, step_length=2)
        before = fitted.predict()
        forecasts = fitted.update_predict(NEW[:5], cv, update_params=False)
        assert_series_equal(fitted.predict(), before)
        # After the first value, three of the four others are forecast; later too few are left.
        expected = fitted.update(NEW[:1], update_params=False).predict()
        assert_array_equal(forecasts.index, expected.index)
        assert_array_equal(np.ravel(forecasts), expected)

    def test_pipeline(self):
        scaled = TransformedTargetForecaster(
            [("scale", TabularToSeriesAdaptor(StandardScaler())), ("network", make())]
        )
        forecast = scaled.fit(Y, fh=FH).predict()
        assert_array_equal(forecast.index, LATER[:3])
        # Windows are taken relative to themselves: scaling before changes nothing but digits.
        assert_allclose(forecast, make().fit(Y, fh=FH).predict(), rtol=1e-3)


class TestContract:
    """The suite of sktime, all of it."""

    def test_tags(self):
        forecaster = Seq2SeqForecaster()
        assert forecaster.get_tag("property:randomness") == "derandomized"
        assert not forecaster.get_tag("tests:skip_by_name")
        assert not forecaster.get_tag("tests:skip_all", False)
        assert forecaster.get_tag("capability:missing_values")
        assert forecaster.get_tag("capability:multivariate")
        assert forecaster.get_tag("capability:exogenous")
        assert forecaster.get_tag("capability:pretrain")
        assert forecaster.get_tag("capability:update")
        assert len(Seq2SeqForecaster.get_test_params()) == 2

    @pytest.mark.filterwarnings("ignore")
    @parametrize_with_checks(Seq2SeqForecaster, obj_varname="forecaster", check_varname="check")
    def test_every_check_passes(self, forecaster, check):
        results = check_estimator(
            forecaster, tests_to_run=check, raise_exceptions=False, verbose=False
        )
        assert results
        assert {name: value for name, value in results.items() if value != "PASSED"} == {}
