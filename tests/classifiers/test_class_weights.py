"""Weights of classes and of rows, held-out rows, continued training."""

import warnings

import numpy as np
import pytest
from _classifiers import (
    LEARNS,
    N_ROWS,
    N_STEPS,
    STANDS_STILL,
    equal_fits,
    make,
    n_classes,
)
from _engine import keras_reads_variables
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.exceptions import DataConversionWarning
from sklearn.metrics import log_loss, recall_score
from sklearn.utils.class_weight import compute_sample_weight

pytestmark = keras_reads_variables


# ---- Weights -------------------------------------------------------------------------------------


class TestClassWeight:
    def test_balanced_is_a_weight_of_samples(self, X, three):
        model = make(class_weight="balanced").fit(X, three)
        weight = compute_sample_weight("balanced", three)
        equal_fits(model, make().fit(X, three, sample_weight=weight), X)
        assert model.history_["loss"] != make().fit(X, three).history_["loss"]

    def test_dict_by_label(self, X, two):
        y = np.array(["no", "yes"])[two]
        model = make(class_weight={"no": 3.0, "yes": 0.5}).fit(X, y)
        weight = np.where(two, 0.5, 3.0)
        equal_fits(model, make().fit(X, y, sample_weight=weight), X)

    def test_classes_left_out_have_weight_one(self, X, three):
        model = make(class_weight={1: 4.0}).fit(X, three)
        equal_fits(model, make(class_weight={0: 1.0, 1: 4.0, 2: 1.0}).fit(X, three), X)

    def test_goes_on_top_of_the_weight_of_samples(self, X, two):
        weight = np.linspace(0.5, 2.0, N_ROWS)
        model = make(class_weight={0: 3.0, 1: 0.5}).fit(X, two, sample_weight=weight)
        both = weight * np.where(two, 0.5, 3.0)
        equal_fits(model, make().fit(X, two, sample_weight=both), X)

    def test_their_product_does_not_overflow(self, X, two):
        huge = {0: 3e307, 1: 0.5e307}
        model = make(class_weight=huge).fit(X, two, sample_weight=[1e308] * N_ROWS)
        equal_fits(model, make(class_weight={0: 3.0, 1: 0.5}).fit(X, two), X)

    @pytest.mark.parametrize(
        "weight", [10**400, np.nan, -1, "2", 1j], ids=["10**400", "nan", "-1", "text", "complex"]
    )
    def test_what_is_no_weight(self, X, two, weight):
        with pytest.raises(ValueError, match=r"class_weight of the class 1 is .*finite number"):
            make(class_weight={1: weight}).fit(X, two)

    def test_loss_is_the_weighted_one(self, X, three):
        model = make(class_weight={0: 5.0}, **STANDS_STILL).fit(X, three)
        weight = np.where(three == 0, 5.0, 1.0)
        expected = log_loss(three, model.predict_proba(X), sample_weight=weight)
        assert model.history_["loss"][0] == pytest.approx(expected, rel=1e-5)

    def test_counts_rows_to_train_on_only(self, X):
        y = np.repeat([0, 1, 2], [32, 12, 4])
        held_out = np.isin(np.arange(N_ROWS), [*range(24, 32), *range(41, 44), 47])
        stops = {"early_stopping": True, "validation_fraction": 0.25}
        model = make(class_weight="balanced", **stops).fit(X, y)
        weight = compute_sample_weight("balanced", y[~held_out])
        named = make(early_stopping=True).fit(
            X[~held_out], y[~held_out], weight, X_val=X[held_out], y_val=y[held_out]
        )
        assert model.history_["val_loss"] == named.history_["val_loss"]
        equal_fits(model, named, X)

    def test_a_rare_class_is_found_more_often(self):
        rng = np.random.default_rng(1)
        y = np.arange(160) % 10 == 0
        X = rng.normal(size=(160, N_STEPS)) + 0.5 * y[:, None]
        recalls = [
            recall_score(y, make(class_weight=weight, **LEARNS).fit(X, y).predict(X))
            for weight in (None, "balanced", {True: 30.0})
        ]
        assert recalls[0] < 0.6
        assert recalls[1] > recalls[0] + 0.2
        assert recalls[2] >= recalls[1]

    def test_in_parts(self, X, three):
        """A part may lack a class that has a weight."""
        part = three != 2
        classes = [0, 1, 2]
        model = make(class_weight={2: 5.0}).partial_fit(X[part], three[part], classes=classes)
        expected = make().partial_fit(X[part], three[part], classes=classes)
        equal_fits(model, expected, X)

    def test_in_parts_with_a_class_in_both(self, X, three):
        part = three != 2
        weight = {0: 4.0, 1: 1.0, 2: 9.0}
        model = make(class_weight=weight).partial_fit(X[part], three[part], classes=[0, 1, 2])
        expected = make().partial_fit(
            X[part], three[part], np.where(three[part], 1.0, 4.0), classes=[0, 1, 2]
        )
        equal_fits(model, expected, X)


class TestSampleWeight:
    def test_rows_of_weight_zero_teach_nothing(self, X, two):
        weight = np.ones(N_ROWS)
        weight[::4] = 0.0
        X_other, y_other = X.copy(), two.copy()
        X_other[::4], y_other[::4] = 1e4, 1 - two[::4]
        expected = make().fit(X, two, sample_weight=weight)
        model = make().fit(X_other, y_other, sample_weight=weight)
        assert_allclose(model.predict_proba(X), expected.predict_proba(X), rtol=1e-6)

    def test_of_the_score(self, X, two, fitted):
        weight = np.linspace(0.0, 3.0, N_ROWS)
        right = fitted[2].predict(X) == two
        expected = weight[right].sum() / weight.sum()
        assert fitted[2].score(X, two, sample_weight=weight) == pytest.approx(expected)


# ---- Validation ----------------------------------------------------------------------------------


class TestValidation:
    @n_classes
    def test_loss_is_that_of_the_probabilities(self, X, numbers, n_classes):
        y = np.array(["a", "b", "c"])[numbers[n_classes]]
        X_val, y_val = X[:21] + 0.1, y[20:41]
        model = make().fit(X, y, X_val=X_val, y_val=y_val)
        expected = log_loss(y_val, model.predict_proba(X_val), labels=model.classes_)
        assert len(model.history_["val_loss"]) == 3
        assert model.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-5)

    @n_classes
    def test_rows_of_some_classes_only(self, X, numbers, n_classes):
        y = numbers[n_classes]
        one = y == 1
        model = make().fit(X, y, X_val=X[one], y_val=y[one])
        expected = -np.log(model.predict_proba(X[one])[:, 1]).mean()
        assert model.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-5)

    def test_a_column_of_labels_is_a_vector(self, X, two, fitted):
        # Both `y` and `y_val`, as scikit-learn takes a column: with a warning, if any.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataConversionWarning)
            model = make().fit(X, two[:, None], X_val=X, y_val=two[:, None])
        equal_fits(model, fitted[2], X)
        expected = make().fit(X, two, X_val=X, y_val=two).history_["val_loss"]
        assert model.history_["val_loss"] == expected

    @pytest.mark.parametrize(
        ("counts", "fraction", "held_out"),
        [
            ((24, 24), 0.25, (6, 6)),
            ((32, 16), 0.25, (8, 4)),
            ((40, 8), 0.5, (20, 4)),
            ((16, 16, 16), 0.25, (4, 4, 4)),
            ((30, 16, 2), 0.5, (15, 8, 1)),
            ((30, 17, 1), 0.1, None),
        ],
        ids=str,
    )
    @pytest.mark.parametrize("order", ["sorted", "mixed"])
    def test_the_last_rows_of_each_class_are_held_out(self, X, counts, fraction, held_out, order):
        y = np.repeat(np.arange(len(counts)), counts)
        if order == "mixed":
            y = np.random.default_rng(0).permutation(y)
        stops = {"early_stopping": True, "epochs": 5}
        model = make(validation_fraction=fraction, **stops).fit(X, y)
        assert model.classes_.tolist() == list(range(len(counts)))
        assert np.isfinite(model.history_["val_loss"]).all()
        if held_out is None:  # too few rows for a share of each class: no class is used up
            return
        rows = [np.flatnonzero(y == k)[-number:] for k, number in enumerate(held_out)]
        last = np.isin(np.arange(N_ROWS), np.concatenate(rows))
        named = make(**stops).fit(X[~last], y[~last], X_val=X[last], y_val=y[last])
        assert_array_equal(model.history_["val_loss"], named.history_["val_loss"])
        equal_fits(model, named, X)

    def test_a_class_of_one_row_is_trained_on(self, X):
        # Were it held out, its probability would be that of the other class that is never seen.
        y = np.repeat([0, 1, 2], [30, 17, 1])
        params = {"early_stopping": True, "n_iter_no_change": 60, "tol": 0.0, **LEARNS}
        rare = make(**params, class_weight={2: 200.0}).fit(X, y).predict_proba(X[-1:])[0, 2]
        common = make(**params, class_weight={2: 1e-3}).fit(X, y).predict_proba(X[-1:])[0, 2]
        assert rare > common + 0.2


# ---- Going on ------------------------------------------------------------------------------------


class TestGoingOn:
    def test_parts_with_few_classes(self, X, three):
        y = np.array(["a", "b", "c"])[three]
        model = make()
        for label in ("b", "a", "c"):
            rows = y == label
            model.partial_fit(X[rows], y[rows], classes=["c", "a", "b"])
        assert model.n_iter_ == 3
        assert model.classes_.tolist() == ["a", "b", "c"]
        assert model.predict_proba(X).shape == (N_ROWS, 3)

    def test_calls_are_warm_starts_of_one_epoch(self, X, two):
        parts, warm = make(), make(epochs=1, warm_start=True)
        for _ in range(3):
            parts.partial_fit(X, two)
            warm.fit(X, two)
        equal_fits(parts, warm, X)

    def test_part_of_the_classes_in_a_warm_start(self, X, three):
        model = make(warm_start=True).fit(X, three)
        rows = three != 1
        model.fit(X[rows], three[rows])
        assert model.n_iter_ == 6
        assert model.predict_proba(X).shape == (N_ROWS, 3)

    def test_without_it_classes_are_those_of_the_last_fit(self, X, two, three):
        model = make().fit(X, three).fit(X, np.array(["a", "b"])[two])
        assert model.classes_.tolist() == ["a", "b"]
        assert model.predict_proba(X).shape == (N_ROWS, 2)
