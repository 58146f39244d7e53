"""Classifiers in searches and wrappers of scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from _classifiers import LEARNS, STANDS_STILL, make, n_classes, pooled
from _engine import keras_reads_variables
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import (
    compile_cache_info,
)

pytestmark = keras_reads_variables


# ---- In scikit-learn -----------------------------------------------------------------------------


class TestSearches:
    FOLDS = StratifiedKFold(3)

    def test_scores_of_probabilities(self, X, two):
        y = np.array(["no", "yes"])[two]
        traces = compile_cache_info().training_traces
        grid = {"learning_rate": [0.003, 0.05], "class_weight": [None, "balanced"]}
        search = GridSearchCV(make(), grid, scoring="roc_auc", cv=self.FOLDS, error_score="raise")
        search.fit(X, y)
        assert compile_cache_info().training_traces - traces <= 1
        best = search.best_index_
        for fold, (train, test) in enumerate(self.FOLDS.split(X, y)):
            model = make(**search.best_params_).fit(X[train], y[train])
            expected = roc_auc_score(y[test] == "yes", model.predict_proba(X[test])[:, 1])
            assert search.cv_results_[f"split{fold}_test_score"][best] == expected
        assert search.classes_.tolist() == ["no", "yes"]
        assert search.score(X, y) == roc_auc_score(two, search.predict_proba(X)[:, 1])

    @pytest.mark.parametrize("scoring", ["roc_auc_ovr", "neg_log_loss", "f1_macro"])
    def test_more_than_two_classes(self, X, three, scoring):
        scores = cross_val_score(make(**LEARNS), X, three, cv=self.FOLDS, scoring=scoring)
        assert np.isfinite(scores).all()
        worst = cross_val_score(make(**STANDS_STILL), X, three, cv=self.FOLDS, scoring=scoring)
        assert scores.mean() > worst.mean()

    @pytest.mark.parametrize("method", ["predict", "predict_proba"])
    def test_predictions_of_folds(self, X, three, method):
        predicted = cross_val_predict(make(), X, three, cv=self.FOLDS, method=method)
        (train, test), *_ = self.FOLDS.split(X, three)
        expected = getattr(make().fit(X[train], three[train]), method)(X[test])
        assert_array_equal(predicted[test], expected)

    def test_folds_trace_once(self, X, three):
        before = compile_cache_info().training_traces
        model = make(network=pooled, epochs=1, batch_size=12)
        cross_val_score(model, X, three, cv=self.FOLDS)
        assert compile_cache_info().training_traces - before == 1


class TestWrappers:
    @n_classes
    def test_pipeline(self, X, numbers, n_classes):
        y = numbers[n_classes]
        pipeline = make_pipeline(StandardScaler(), make(input_scaler=None)).fit(X, y)
        scaled = StandardScaler().fit_transform(X)
        alone = make(input_scaler=None).fit(scaled, y)
        assert_array_equal(pipeline.predict_proba(X), alone.predict_proba(scaled))
        assert_array_equal(pipeline.classes_, np.arange(n_classes))

    @n_classes
    @pytest.mark.parametrize("dimensions", [2, 3])
    def test_calibration(self, X, numbers, n_classes, dimensions):
        y = np.array(["a", "b", "c"])[numbers[n_classes]]
        X = X if dimensions == 2 else X[:, :, None]
        calibrated = CalibratedClassifierCV(make(**LEARNS), cv=2).fit(X, y)
        probabilities = calibrated.predict_proba(X)
        assert_allclose(probabilities.sum(axis=1), 1.0)
        assert calibrated.classes_.tolist() == sorted(set(y))
        assert np.mean(calibrated.predict(X) == y) > 0.7

    def test_names_of_columns(self, X, two, fitted):
        frame = pd.DataFrame(X).add_prefix("step ")
        model = make().fit(frame, pd.Series(two))
        assert_array_equal(model.predict_proba(frame), fitted[2].predict_proba(X))
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(frame[frame.columns[::-1]])
