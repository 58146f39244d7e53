"""Windows, scalers and networks in scikit-learn's searches, pipelines and model selection.

The networks are tiny and learn for two epochs: what is specified is that everything reaches the
place it is meant for, and that where a search runs does not change its result.
"""

import os
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from _engine import clean_engine, programs_on_disk
from joblib.externals.loky import get_reusable_executor
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    KFold,
    ParameterGrid,
    RandomizedSearchCV,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
    learning_curve,
)
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    LSTMRegressor,
    SequenceScaler,
    SlidingWindowTransformer,
    make_targets,
)
from skrnn.exceptions import PaddedWindowWarning

# NumPy 2 deprecates what Keras does to read one of its own variables.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\\.src"
)

N_ROWS = 60
SPLITS = TimeSeriesSplit(3)
# Three structures; all else is passed to them as values.
GRID = [
    {"windows__window": [3, 4], "network__dropout": [0.0, 0.4]},
    {
        "network__units": [3],
        "network__bidirectional": [True],
        "network__learning_rate": [0.003, 0.03],
        "scaler": [SequenceScaler("minmax"), "passthrough"],
    },
]


@pytest.fixture(autouse=True, scope="module")
def engine(tmp_path_factory):
    """Keep compiled programs in a folder, where the processes of a search find them."""
    folder = tmp_path_factory.mktemp("programs")
    with (
        clean_engine(quick=False),
        programs_on_disk(folder),
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("SKRNN_COMPILE_CACHE", str(folder))
        yield
        get_reusable_executor().shutdown()


@pytest.fixture(scope="module")
def series():
    """Months with a trend and a season, and the value of the next month."""
    months = np.arange(N_ROWS + 1)
    values = 200 + 3 * months + 40 * np.sin(2 * np.pi * months / 12)
    index = pd.period_range("2000-01", periods=N_ROWS + 1, freq="M")
    return make_targets(pd.Series(values, index, name="sales"), horizon=1)


def network(**params):
    small = {"units": 2, "epochs": 2, "input_scaler": None, "random_state": 0}
    return LSTMRegressor(**{**small, **params})


def pipeline(window=3, **params):
    return Pipeline(
        [
            ("windows", SlidingWindowTransformer(window)),
            ("scaler", SequenceScaler()),
            ("network", network(**params)),
        ]
    )


def process(estimator, X, y):
    """A score that tells which process it was computed in."""
    return os.getpid()


def search(**params):
    scoring = {"r2": "r2", "process": process}
    return GridSearchCV(pipeline(), GRID, cv=SPLITS, scoring=scoring, refit="r2", **params)


def named(params):
    """Return parameters such that equal ones compare equal, estimators among them."""
    return {name: str(value) for name, value in params.items()}


def scores_of(fitted):
    names = [f"split{fold}_test_r2" for fold in range(SPLITS.n_splits)]
    return np.array([fitted.cv_results_[name] for name in names])


def processes_of(fitted):
    names = [f"split{fold}_test_process" for fold in range(SPLITS.n_splits)]
    return {int(number) for name in names for number in fitted.cv_results_[name]}


@pytest.fixture(scope="module")
def found(series):
    """A search in this process, one fit after the other."""
    return search().fit(*series)


# ---- Searches ------------------------------------------------------------------------------------


class TestGridSearch:
    def test_every_parameter_reaches_its_step(self, found):
        means = found.cv_results_["mean_test_r2"]
        assert len(means) == 8
        assert np.isfinite(means).all()
        assert len(set(means)) == len(means)

    def test_the_best_is_fitted_again_on_all_rows(self, found, series):
        X, y = series
        alone = clone(pipeline()).set_params(**found.best_params_).fit(X, y)
        assert_array_equal(found.predict(X), alone.predict(X))
        assert found.best_score_ == found.cv_results_["mean_test_r2"].max()

    def test_the_scores_are_those_of_a_cross_validation(self, found, series):
        for candidate in (0, 3, 7):
            params = found.cv_results_["params"][candidate]
            alone = cross_val_score(pipeline().set_params(**params), *series, cv=SPLITS)
            assert_array_equal(alone, scores_of(found)[:, candidate])

    def test_the_next_month_sees_the_months_before(self, found, series):
        X, _ = series
        new = pd.DataFrame({"sales": [400.0]}, index=[X.index[-1] + 1])
        assert_array_equal(found.predict(new), found.predict(pd.concat([X, new]))[-1:])

    def test_all_runs_in_this_process(self, found):
        assert processes_of(found) == {os.getpid()}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two processes of Dask, as on another machine."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            local_directory=str(tmp_path_factory.mktemp("dask")),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


class TestParallelSearch:
    def check(self, fitted, found):
        assert_array_equal(scores_of(fitted), scores_of(found))
        assert named(fitted.best_params_) == named(found.best_params_)
        assert fitted.best_index_ == found.best_index_

    def test_two_threads(self, series, found):
        with joblib.parallel_config("threading"):
            fitted = search(n_jobs=2).fit(*series)
        self.check(fitted, found)
        assert processes_of(fitted) == {os.getpid()}

    def test_two_processes(self, series, found):
        fitted = search(n_jobs=2).fit(*series)
        self.check(fitted, found)
        assert os.getpid() not in processes_of(fitted)

    def test_a_cluster_of_dask(self, series, found, cluster):
        with joblib.parallel_config("dask"):
            fitted = search(n_jobs=-1).fit(*series)
        self.check(fitted, found)
        assert os.getpid() not in processes_of(fitted)
        assert processes_of(fitted) <= set(cluster.run(os.getpid).values())


class TestOtherSearches:
    def test_randomized(self, series, found):
        fitted = RandomizedSearchCV(pipeline(), GRID, n_iter=5, cv=SPLITS, random_state=0)
        fitted.fit(*series)
        names = [named(params) for params in found.cv_results_["params"]]
        drawn = [names.index(named(params)) for params in fitted.cv_results_["params"]]
        assert len(set(drawn)) == 5
        expected = found.cv_results_["mean_test_r2"][drawn]
        assert_array_equal(fitted.cv_results_["mean_test_score"], expected)

    def test_halving_by_epochs(self, series):
        grid = {"windows__window": [3, 4], "network__learning_rate": [0.003, 0.03]}
        fitted = HalvingGridSearchCV(
            pipeline(),
            grid,
            factor=2,
            resource="network__epochs",
            min_resources=1,
            max_resources=4,
            cv=SPLITS,
        ).fit(*series)
        assert (fitted.n_resources_, fitted.n_candidates_) == ([1, 2, 4], [4, 2, 1])
        assert fitted.best_estimator_[-1].n_iter_ == 4
        # All rows took part: the scores of one epoch are those of the whole series.
        for candidate, params in enumerate(ParameterGrid(grid)):
            alone = pipeline(epochs=1).set_params(**params)
            expected = cross_val_score(alone, *series, cv=SPLITS).mean()
            assert fitted.cv_results_["mean_test_score"][candidate] == expected

    def test_other_models_in_the_same_place(self, series):
        """One search over networks and ridge regression, which takes flattened windows."""
        X, y = series
        grid = [
            {"network": [network()]},
            {"windows__flatten": [True], "scaler": ["passthrough"], "network": [Ridge(0.1)]},
        ]
        fitted = GridSearchCV(pipeline(), grid, cv=SPLITS).fit(X, y)
        values = X["sales"].to_numpy()
        lags = np.column_stack(
            [np.r_[np.full(lag, values[0]), values[: len(values) - lag]] for lag in (2, 1, 0)]
        )
        by_hand = [
            Ridge(0.1).fit(lags[train], y.iloc[train]).score(lags[test], y.iloc[test])
            for train, test in SPLITS.split(X)
        ]
        assert_allclose(fitted.cv_results_["mean_test_score"][1], np.mean(by_hand), rtol=1e-10)
        # The series is linear in its last three values but for little.
        assert fitted.best_index_ == 1
        assert fitted.best_score_ > 0.8


# ---- Pipelines and model selection ---------------------------------------------------------------


class TestPipelines:
    def test_nested(self, series):
        X, y = series
        windows, scaler, last = pipeline()
        inner = Pipeline([("windows", windows), ("scaler", scaler)])
        nested = Pipeline([("sequences", inner), ("model", make_pipeline(last))])
        assert_array_equal(nested.fit(X, y).predict(X), pipeline().fit(X, y).predict(X))
        nested.set_params(sequences__windows__window=4)
        assert_array_equal(nested.fit(X, y).predict(X), pipeline(4).fit(X, y).predict(X))

    def test_columns_transformed_in_front(self, series):
        """With frames as output the index gets through, and test rows continue those of fit."""
        X, y = series
        X = X.assign(holiday=X.index.month == 12, month=X.index.month)
        columns = ColumnTransformer(
            [("scaled", StandardScaler(), ["sales"]), ("kept", "passthrough", ["holiday"])]
        )
        whole = make_pipeline(columns.set_output(transform="pandas"), pipeline())
        sales = (X["sales"] - X["sales"][:40].mean()) / X["sales"][:40].std(ddof=0)
        by_hand = pd.DataFrame({"sales": sales, "holiday": X["holiday"].astype(float)})
        expected = pipeline().fit(by_hand[:40], y[:40]).predict(by_hand[40:])
        assert_allclose(whole.fit(X[:40], y[:40]).predict(X[40:]), expected, rtol=1e-6)

    def test_clone_is_not_fitted_and_fits_to_the_same(self, series):
        X, y = series
        fitted = pipeline().fit(X, y)
        copy = clone(fitted)
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            copy[0].transform(X)
        assert copy.get_params(deep=True).keys() == fitted.get_params(deep=True).keys()
        assert_array_equal(copy.fit(X, y).predict(X), fitted.predict(X))

    def test_pickled_pipeline_goes_on_where_fit_ended(self, series):
        X, y = series
        fitted = pipeline().fit(X[:40], y[:40])
        again = pickle.loads(pickle.dumps(fitted))
        assert_array_equal(again.predict(X[40:]), fitted.predict(X[40:]))

    def test_predictions_of_blocks(self, series):
        """Every block is predicted by a network that did not see it; the last continues."""
        X, y = series
        with pytest.warns(PaddedWindowWarning) as caught:
            predicted = cross_val_predict(pipeline(), X, y, cv=KFold(3))
        # The first block comes before the rows of fit, the second leaves a hole in them.
        expected = ["2 of 20 windows", "The index of X has 1 holes", "2 of 20 windows"]
        messages = [str(warning.message) for warning in caught]
        assert len(messages) == len(expected)
        assert all(map(str.startswith, messages, expected))
        fitted = pipeline().fit(X[:40], y[:40])
        assert_array_equal(predicted[40:], fitted.predict(X[40:]))
        fitted = pipeline().fit(X[20:], y[20:])
        with pytest.warns(PaddedWindowWarning, match="2 of 20 windows"):
            assert_array_equal(predicted[:20], fitted.predict(X[:20]))

    def test_learning_curve(self, series):
        sizes = [0.5, 1.0]
        # The first half of the training rows ends long before the test rows.
        with pytest.warns(PaddedWindowWarning, match="2 of 15 windows"):
            sizes, _, scores = learning_curve(pipeline(), *series, cv=SPLITS, train_sizes=sizes)
        assert sizes.tolist() == [7, 15]
        splits = [(train[:15], test) for train, test in SPLITS.split(series[0])]
        with pytest.warns(PaddedWindowWarning):
            expected = cross_val_score(pipeline(), *series, cv=splits)
        assert_array_equal(scores[1], expected)

    def test_validation_rows_go_through_the_steps_before(self, series):
        X, y = series
        with sklearn.config_context(enable_metadata_routing=True):
            last = network().set_fit_request(X_val=True, y_val=True)
            routed = Pipeline(
                [("windows", SlidingWindowTransformer(3)), ("network", last)],
                transform_input=["X_val"],
            ).fit(X[:40], y[:40], X_val=X[40:], y_val=y[40:])
        windows = SlidingWindowTransformer(3).fit(X[:40])
        X_val = windows.transform(X[40:])
        assert X_val[0, :, 0].tolist() == X["sales"][38:41].tolist()
        alone = network().fit(windows.transform(X[:40]), y[:40], X_val=X_val, y_val=y[40:])
        assert routed[-1].history_["val_loss"] == alone.history_["val_loss"]
        assert len(alone.history_["val_loss"]) == 2


class TestTransformedTargets:
    def test_a_transformer_of_targets_around_a_pipeline(self, series):
        """Targets scaled twice are those scaled once."""
        X, y = series
        around = TransformedTargetRegressor(pipeline(), transformer=StandardScaler())
        alone = pipeline().fit(X[:40], y[:40])
        assert_allclose(
            around.fit(X[:40], y[:40]).predict(X[40:]), alone.predict(X[40:]), rtol=1e-5
        )

    def test_relative_targets_need_the_units_of_the_feature(self, series):
        windows = make_pipeline(SlidingWindowTransformer(3), network(target_scaler="window"))
        assert np.isfinite(windows.fit(*series).predict(series[0])).all()
        around = TransformedTargetRegressor(windows, transformer=StandardScaler())
        with pytest.raises(ValueError, match=r"units of feature 0.*no TransformedTargetRegressor"):
            around.fit(*series)
