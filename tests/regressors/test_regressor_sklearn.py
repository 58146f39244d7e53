"""The regressors in scikit-learn: pipelines, searches, clones, sets of parameters."""

import numpy as np
import pytest
import sklearn
from _engine import keras_reads_variables
from _regressors import N_ROWS, make
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import BiLSTMRegressor, LSTMRegressor, RecurrentRegressor
from skrnn.compat._keras import keras

pytestmark = keras_reads_variables


class TestInScikitLearn:
    def test_parameters(self):
        regressor = BiLSTMRegressor(8, dropout=0.2)
        assert regressor.get_params()["units"] == 8
        assert regressor.get_params()["bidirectional"] is True
        assert repr(regressor) == "BiLSTMRegressor(dropout=0.2, units=8)"
        assert regressor.set_params(units=(4, 2)) is regressor
        assert regressor.units == (4, 2)
        with pytest.raises(ValueError, match="Invalid parameter 'unit'"):
            regressor.set_params(unit=3)

    @pytest.mark.parametrize("regressor", [LSTMRegressor, BiLSTMRegressor, RecurrentRegressor])
    def test_only_units_may_stand_without_its_name(self, regressor):
        assert regressor(8).units == 8
        with pytest.raises(TypeError, match="positional"):
            regressor(8, False)

    def test_clone(self, data):
        X, y = data
        regressor = make(
            optimizer=keras.optimizers.Adam(0.01),
            loss=keras.losses.MeanAbsoluteError(),
            callbacks=[keras.callbacks.EarlyStopping("loss", patience=1, min_delta=10.0)],
            layer_params={},
        ).fit(X, y)
        copy = clone(regressor)
        assert not hasattr(copy, "history_")
        assert_array_equal(copy.fit(X, y).predict(X), regressor.predict(X))
        assert copy.n_iter_ == regressor.n_iter_ == 2

    def test_fit_returns_self_and_writes_no_parameter(self, data):
        regressor = make(callbacks=[], layer_params={"use_bias": False}, random_state=None)
        before = regressor.get_params()
        assert regressor.fit(*data) is regressor
        after = regressor.get_params()
        assert all(after[name] is value for name, value in before.items())

    def test_predict_writes_nothing(self, data):
        X, y = data
        regressor = make().fit(X, y)
        before = dict(vars(regressor))
        regressor.predict(X)
        regressor.score(X, y)
        assert regressor.model_.name
        assert vars(regressor) == before

    def test_a_random_state_is_drawn_from(self, data):
        X, y = data
        state = np.random.RandomState(3)
        first = make(random_state=state).fit(X, y).predict(X)
        second = make(random_state=state).fit(X, y).predict(X)
        assert np.abs(first - second).max() > 1e-3
        again = make(random_state=np.random.RandomState(3)).fit(X, y).predict(X)
        assert_array_equal(again, first)

    def test_grid_search(self, data):
        X, y = data
        grid = {"units": [3, 4], "dropout": [0.0, 0.3]}
        search = GridSearchCV(make(), grid, cv=TimeSeriesSplit(2), error_score="raise").fit(X, y)
        scores = search.cv_results_["mean_test_score"]
        assert len(set(scores)) == 4
        best = make(**search.best_params_).fit(X, y)
        assert_array_equal(search.predict(X), best.predict(X))

    def test_pipeline(self, data):
        X, y = data
        pipeline = make_pipeline(StandardScaler(), make()).fit(X, y)
        direct = make().fit(StandardScaler().fit_transform(X), y)
        assert_array_equal(pipeline.predict(X), direct.predict(StandardScaler().fit_transform(X)))

    def test_transformed_target(self, data):
        X, y = data
        regressor = TransformedTargetRegressor(make(), func=np.log, inverse_func=np.exp)
        direct = make().fit(X, np.log(y))
        assert_allclose(regressor.fit(X, y).predict(X), np.exp(direct.predict(X)), rtol=1e-6)

    def test_weights_are_routed(self, data):
        X, y = data
        weight = np.linspace(0.1, 3.0, N_ROWS)
        expected = make().fit(X, y, sample_weight=weight).predict(X)
        with sklearn.config_context(enable_metadata_routing=True):
            regressor = make().set_fit_request(sample_weight=True)
            search = GridSearchCV(
                regressor.set_score_request(sample_weight=False),
                {"learning_rate": [0.003]},
                cv=TimeSeriesSplit(2),
            )
            search.fit(X, y, sample_weight=weight)
        assert_array_equal(search.predict(X), expected)

    def test_validation_rows_pass_through_a_pipeline(self, data):
        X, y = data
        scaler = StandardScaler().fit(X[:36])
        direct = make().fit(
            scaler.transform(X[:36]), y[:36], X_val=scaler.transform(X[36:]), y_val=y[36:]
        )
        with sklearn.config_context(enable_metadata_routing=True):
            regressor = make().set_fit_request(X_val=True, y_val=True)
            pipeline = Pipeline(
                [("scale", StandardScaler()), ("net", regressor)], transform_input=["X_val"]
            )
            pipeline.fit(X[:36], y[:36], X_val=X[36:], y_val=y[36:])
        assert pipeline["net"].history_["val_loss"] == direct.history_["val_loss"]
