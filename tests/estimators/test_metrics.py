"""Metrics after each epoch: what they measure, where they are kept, and who looks at them."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from _estimators import N_ROWS, N_STEPS, check_refusal, classifier, film, regressor
from sklearn.base import clone
from sklearn.metrics import (
    f1_score,
    log_loss,
    make_scorer,
    mean_absolute_error,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import GridSearchCV

import skrnn
from skrnn.compat._keras import keras

rng = np.random.default_rng(0)
X = rng.normal(size=(N_ROWS, N_STEPS, 2))
NUMBERS = 50 + 10 * X.sum(axis=(1, 2))
BINARY = np.where(X[:, :, 0].sum(axis=1) > 1, "fault", "fine")
CLASSES = np.digitize(X[:, :, 0].sum(axis=1), [-1, 1])
SEVERAL = (X[:, :2, 0] > 0).astype(int)
LATER = slice(36, None)


def false_positive_rate(truth, alarms):
    return np.mean(alarms[truth == "fine"] == "fault")


ALARMS = make_scorer(false_positive_rate)


def fitted(estimator, y, **options):
    return estimator.fit(X, y, X_val=X[LATER], y_val=y[LATER], **options)


class TestValues:
    def test_numbers_are_measured_in_the_units_of_y(self):
        model = fitted(regressor(metrics=["mae", "neg_mean_absolute_error"]), NUMBERS)
        errors = mean_absolute_error(NUMBERS, model.predict(X))
        later = mean_absolute_error(NUMBERS[LATER], model.predict(X[LATER]))
        history = model.history_
        np.testing.assert_allclose(history["mae"][-1], errors, rtol=1e-5)
        np.testing.assert_allclose(history["val_mae"][-1], later, rtol=1e-5)
        np.testing.assert_allclose(history["val_neg_mean_absolute_error"][-1], -later)

    def test_two_classes_by_any_name(self):
        # Keras has the names of labels for nothing: the second class is the positive one.
        metrics = {"recall": "recall", "auc": "roc_auc", "false": ALARMS, "accuracy": "accuracy"}
        model = fitted(classifier(metrics=metrics), BINARY)
        predicted, history = model.predict(X[LATER]), model.history_
        truth = BINARY[LATER]
        assert history["val_accuracy"][-1] == pytest.approx(np.mean(predicted == truth))
        assert history["val_recall"][-1] == pytest.approx(
            recall_score(truth, predicted, pos_label="fine")
        )
        assert history["val_false"][-1] == pytest.approx(false_positive_rate(truth, predicted))
        assert history["val_auc"][-1] == pytest.approx(
            roc_auc_score(truth, model.predict_proba(X[LATER])[:, 1])
        )

    def test_more_classes(self):
        names = ["accuracy", "sparse_categorical_accuracy", "crossentropy", "f1_macro"]
        model = fitted(classifier(metrics=names), CLASSES)
        history, proba = model.history_, model.predict_proba(X)
        assert history["accuracy"][-1] == pytest.approx(model.score(X, CLASSES))
        assert history["sparse_categorical_accuracy"] == history["accuracy"]
        assert history["crossentropy"][-1] == pytest.approx(log_loss(CLASSES, proba), rel=1e-4)
        macro = f1_score(CLASSES, model.predict(X), average="macro")
        assert history["f1_macro"][-1] == pytest.approx(macro)

    def test_several_labels(self):
        metrics = [keras.metrics.F1Score("macro", threshold=0.5, name="keras"), "f1_macro"]
        history = fitted(classifier(metrics=metrics), SEVERAL).history_
        np.testing.assert_allclose(history["val_keras"], history["val_f1_macro"], rtol=1e-5)

    def test_masked_steps_do_not_count(self):
        sequences, steps = X.copy(), (X[:, :, 0] > 0).astype(float)
        sequences[:9, 3:], steps[:9, 3:] = np.nan, np.nan
        metrics = {"keras": "recall", "scorer": skrnn.make_sequence_scorer(recall_score)}
        model = classifier(return_sequences=True, metrics=metrics).fit(sequences, steps)
        np.testing.assert_allclose(model.history_["keras"], model.history_["scorer"], rtol=1e-5)

    def test_rows_held_out_for_early_stopping_are_those_to_validate_on(self):
        # Targets of the last rows are of another size, and those of the others are not.
        y = np.where(np.arange(N_ROWS) < 40, 0.0, 1e6) + NUMBERS
        model = regressor(
            early_stopping=True, validation_fraction=8 / N_ROWS, metrics="mae", input_scaler=None
        )
        history = model.fit(X, y).history_
        assert min(history["val_mae"]) > 1e5 > max(history["mae"])

    @pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
    def test_rows_in_any_layout(self, layout):
        given = X if layout == "channels_last" else X.swapaxes(1, 2)
        history = regressor(layout=layout, metrics="r2").fit(given, NUMBERS).history_
        assert history["r2"] == regressor(metrics="r2").fit(X, NUMBERS).history_["r2"]

    def test_frames(self):
        frames = rng.normal(size=(8, 3, 4, 4))
        model = film(metrics=["mse"]).fit(frames, NUMBERS[:8])
        squares = np.mean((model.predict(frames) - NUMBERS[:8]) ** 2)
        assert model.history_["mse"][-1] == pytest.approx(squares, rel=1e-5)

    def test_training_is_the_same_with_and_without(self):
        plain, measured = regressor(dropout=0.5), regressor(dropout=0.5, metrics=["mae", "r2"])
        expected = plain.fit(X, NUMBERS).predict(X)
        np.testing.assert_array_equal(measured.fit(X, NUMBERS).predict(X), expected)


class TestEarlyStopping:
    def test_best_weights_are_those_of_the_monitored_metric(self):
        def watching(monitor):
            model = classifier(
                epochs=30,
                early_stopping=True,
                n_iter_no_change=30,
                learning_rate=0.05,
                metrics=["recall", "accuracy"],
                monitor=monitor,
                tol=0.0,
            )
            return fitted(model, BINARY)

        model = watching("val_recall")
        history = model.history_
        best = int(np.argmax(history["val_recall"]))
        assert history.best_epoch == best + 1
        found = recall_score(BINARY[LATER], model.predict(X[LATER]), pos_label="fine")
        assert found == pytest.approx(max(history["val_recall"]))
        loss = watching("val_loss").history_
        assert loss.best_epoch == int(np.argmin(loss["val_loss"])) + 1

    def test_less_of_an_error_is_better(self):
        model = regressor(epochs=20, early_stopping=True, metrics="mae", monitor="val_mae", tol=0.0)
        history = fitted(model, NUMBERS).history_
        assert history.best_epoch == int(np.argmin(history["val_mae"])) + 1

    def test_the_training_rows_stand_in_where_there_are_no_others(self):
        # A metric that never improves halves the rate every five epochs.
        never = make_scorer(lambda truth, predicted: 0.0)
        model = regressor(
            epochs=12, lr_schedule="plateau", metrics={"never": never}, monitor="val_never"
        )
        rates = model.fit(X, NUMBERS).history_["learning_rate"]
        np.testing.assert_allclose([rates[0], rates[-1]], [0.003, 0.00075])


class TestHistory:
    def test_is_a_frame(self):
        history = fitted(regressor(metrics=["mae"]), NUMBERS).history_
        frame = pd.DataFrame(history)
        expected = ["loss", "val_loss", "mae", "val_mae", "learning_rate", "seconds"]
        assert frame.columns.tolist() == expected
        assert frame.shape == (3, len(expected))

    @pytest.mark.parametrize("make", [copy.deepcopy, lambda h: pickle.loads(pickle.dumps(h))])
    def test_copies(self, make):
        history = fitted(regressor(early_stopping=True), NUMBERS).history_
        again = make(history)
        assert again == history
        assert again.best_epoch == history.best_epoch

    def test_goes_on(self):
        model = regressor(metrics="mae", warm_start=True, early_stopping=True, epochs=2)
        history = model.fit(X, NUMBERS).fit(X, NUMBERS).history_
        assert len(history["val_mae"]) == 4
        assert history.best_epoch > 2
        assert len(model.partial_fit(X, NUMBERS).history_["mae"]) == 5

    def test_callbacks_see_metrics(self):
        stop = keras.callbacks.EarlyStopping("mae", mode="max", patience=1)
        model = regressor(epochs=9, metrics="mae", callbacks=stop, learning_rate=0.01)
        assert model.fit(X, NUMBERS).n_iter_ < 9  # the error falls, which is not asked for


class TestParameter:
    def test_objects_are_copied(self):
        metric = keras.metrics.MeanAbsoluteError("error")
        model = regressor(metrics=[metric, "mae"]).fit(X, NUMBERS)
        assert model.history_["error"] == model.history_["mae"]
        assert float(metric.total) == 0.0
        again = pickle.loads(pickle.dumps(clone(model)))
        assert again.fit(X, NUMBERS).history_["error"] == model.history_["error"]

    def test_metrics_and_pooling_in_a_grid(self):
        grid = {
            "pooling": ["last", "flatten"],
            "monitor": ["val_loss", "val_recall"],
            "metrics": [["recall"], ["recall", "accuracy"]],
        }
        search = GridSearchCV(classifier(early_stopping=True, epochs=2), grid, cv=2)
        search.fit(X, BINARY)
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        assert "val_recall" in search.best_estimator_.history_

    @pytest.mark.parametrize(
        ("metrics", "error", "match"),
        [
            ("reccal", ValueError, "'reccal' is known neither to Keras nor to scikit-learn"),
            (["mae", "reccal"], ValueError, "'reccal' is known neither"),
            ([ALARMS], TypeError, "has no name. Give it one with a dict"),
            ([keras.metrics.Recall], TypeError, "metrics must be names, metric objects"),
            ([3], TypeError, "metrics must be names, metric objects"),
            ({"loss": "mae"}, ValueError, "the name 'loss' is taken"),
            ({"val_a": "mae"}, ValueError, "the name 'val_a' is taken"),
            (["mae", "mae"], ValueError, "the name 'mae' is given twice"),
            ("accuracy", ValueError, "'accuracy' is for classifiers"),
            ({"f1": f1_score}, ValueError, "f1 could not be measured.*metric function"),
            (7, ValueError, "'metrics' parameter"),
        ],
    )
    def test_refusals(self, metrics, error, match):
        check_refusal(regressor(metrics=metrics), error, match, "fit", X, NUMBERS)

    def test_a_metric_is_one_number(self):
        estimator = classifier(metrics=keras.metrics.F1Score())
        match = "f1_score is 3 numbers per epoch.*average"
        check_refusal(estimator, ValueError, match, "fit", X, CLASSES)

    def test_scorers_of_single_targets_need_single_targets(self):
        sequences, steps = X.copy(), (X[:, :, 0] > 0).astype(float)
        sequences[:9, 3:], steps[:9, 3:] = np.nan, np.nan
        estimator = classifier(metrics="f1_macro", return_sequences=True)
        check_refusal(
            estimator, ValueError, "made by make_sequence_scorer", "fit", sequences, steps
        )

    @pytest.mark.parametrize("monitor", ["val_recall", "recal", "seconds"])
    def test_what_is_monitored_is_measured(self, monitor):
        estimator = regressor(metrics=["mae"], monitor=monitor)
        match = rf"monitor='{monitor}' is not measured. Choose one of \['loss', 'mae'\]"
        check_refusal(estimator, ValueError, match, "fit", X, NUMBERS)

    def test_it_is_known_which_way_is_better(self):
        alarms = keras.metrics.FalsePositives(name="alarms")
        estimator = classifier(metrics=[alarms], monitor="val_alarms")
        match = "does not say whether more or less of it is better"
        check_refusal(estimator, ValueError, match, "fit", X, BINARY)
