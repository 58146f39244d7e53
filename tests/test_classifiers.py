"""What the classifiers promise: labels, probabilities, weights of classes, held-out rows, losses.

Most tests share two structures, for two classes and for three, which are compiled once. Losses are
tried on a network without a time loop, which compiles faster.
"""

import copy
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from _engine import clean_engine
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.exceptions import DataConversionWarning, NotFittedError
from sklearn.metrics import log_loss, recall_score, roc_auc_score
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedKFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from test_bad_input import Untouched

from skrnn import (
    BiLSTMClassifier,
    LSTMClassifier,
    RecurrentClassifier,
    compile_cache_info,
)
from skrnn._keras import keras

# NumPy 2 deprecates what Keras does to read one of its own variables.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\\.src"
)

N_ROWS, N_STEPS = 48, 5
SMALL = {"units": 3, "epochs": 3, "batch_size": 16, "random_state": 0}
LEARNS = {"epochs": 60, "learning_rate": 0.02}
# A rate this small leaves the weights where they start: the loss of the epoch is that of the
# predictions.
STANDS_STILL = {"epochs": 1, "learning_rate": 1e-12}


@pytest.fixture(autouse=True, scope="module")
def engine():
    with clean_engine(quick=True):
        yield


def make(**params):
    return RecurrentClassifier(**{**SMALL, "cell": "simple", **params})


def pooled(shape, n_outputs):
    """Return a network without a time loop."""
    sequence = keras.Input(shape)
    hidden = keras.layers.Dense(3, "tanh")(keras.layers.Flatten()(sequence))
    return keras.Model(sequence, keras.layers.Dense(n_outputs)(hidden))


@pytest.fixture(scope="module")
def X():
    X = np.random.default_rng(0).normal(size=(N_ROWS, N_STEPS))
    X.flags.writeable = False
    return X


@pytest.fixture(scope="module")
def two(X):
    """Numbers of two classes; a row of the second one has a positive sum."""
    return (X.sum(axis=1) > 0).astype(int)


@pytest.fixture(scope="module")
def three(X):
    return np.digitize(X.sum(axis=1), [-1.0, 1.0])


@pytest.fixture(scope="module")
def numbers(two, three):
    return {2: two, 3: three}


@pytest.fixture(scope="module")
def fitted(X, numbers):
    """Classifiers of two and of three classes, by their number."""
    return {n_classes: make().fit(X, y) for n_classes, y in numbers.items()}


n_classes = pytest.mark.parametrize("n_classes", [2, 3])


def equal_fits(one, other, X):
    assert one.history_["loss"] == other.history_["loss"]
    assert_array_equal(one.predict_proba(X), other.predict_proba(X))


# ---- Labels and probabilities --------------------------------------------------------------------

LABELS = {
    "int": np.array([3, 7]),
    "negative": np.array([-1, 1], np.int8),
    "bool": np.array([False, True]),
    "float": np.array([-1.0, 1.0]),
    "str": np.array(["no", "yes"]),
    "object": np.array(["no", "yes"], dtype=object),
    "int-3": np.array([2, 5, 90]),
    "float-3": np.array([0.0, 1.0, 7.0]),
    "str-3": np.array(["a", "bb", "c"]),
}


class TestLabels:
    @pytest.mark.parametrize("labels", LABELS.values(), ids=list(LABELS))
    def test_of_any_type(self, X, numbers, fitted, labels):
        """They are names: what is learned does not depend on them."""
        codes = numbers[len(labels)]
        model = make().fit(X, labels[codes])
        assert_array_equal(model.classes_, labels)
        assert model.classes_.dtype == labels.dtype
        equal_fits(model, fitted[len(labels)], X)
        predictions = model.predict(X)
        assert predictions.dtype == labels.dtype
        assert_array_equal(predictions, labels[fitted[len(labels)].predict(X)])
        assert model.score(X, labels[codes]) == fitted[len(labels)].score(X, codes)

    @pytest.mark.parametrize(
        "convert",
        [list, pd.Series, lambda y: pd.Series(y, dtype="category")],
        ids=["list", "series", "category"],
    )
    def test_in_any_container(self, X, two, fitted, convert):
        y = convert(np.array(["no", "yes"])[two])
        model = make().fit(X, y, X_val=X, y_val=y)
        assert model.classes_.tolist() == ["no", "yes"]
        equal_fits(model, fitted[2], X)

    @pytest.mark.parametrize("labels", [["z", "a"], ["n", "z", "a"]], ids=str)
    def test_are_learned_whatever_their_order(self, X, numbers, labels):
        y = np.array(labels)[numbers[len(labels)]]
        model = make(**LEARNS).fit(X, y)
        assert model.classes_.tolist() == sorted(labels)
        assert model.score(X, y) > 0.9

    @n_classes
    def test_predictions_are_the_most_likely_classes(self, X, fitted, n_classes):
        model = fitted[n_classes]
        probabilities = model.predict_proba(X)
        assert probabilities.shape == (N_ROWS, n_classes)
        assert probabilities.dtype == np.float64
        assert probabilities.min() > 0.0
        assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-12)
        assert_array_equal(model.predict(X), model.classes_[probabilities.argmax(axis=1)])

    @n_classes
    def test_model_of_keras_returns_the_probabilities(self, X, numbers, n_classes):
        model = make(input_scaler=None).fit(X, numbers[n_classes])
        outputs = np.asarray(model.model_(X[:, :, None].astype(np.float32)))
        expected = model.predict_proba(X)
        assert_allclose(outputs, expected[:, 1:] if n_classes == 2 else expected, atol=1e-6)

    @n_classes
    def test_a_row_is_predicted_the_same_in_any_company(self, X, fitted, n_classes):
        whole = fitted[n_classes].predict_proba(X)
        assert_array_equal(fitted[n_classes].predict_proba(X[[40, 3]]), whole[[40, 3]])

    @pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_samples"])
    def test_nothing_before_fit(self, X, method):
        with pytest.raises(NotFittedError):
            getattr(make(), method)(X)

    def test_a_class_with_a_cell_of_its_own(self, X, two):
        model = LSTMClassifier(**SMALL).fit(X, two)
        equal_fits(model, make(cell="lstm").fit(X, two), X)
        assert BiLSTMClassifier().bidirectional is True


class TestCopies:
    @n_classes
    def test_are_the_same_to_the_last_bit(self, X, numbers, fitted, n_classes):
        model = fitted[n_classes]
        for again in (
            pickle.loads(pickle.dumps(model)),
            copy.deepcopy(model),
            clone(model).fit(X, numbers[n_classes]),
        ):
            equal_fits(again, model, X)
            assert_array_equal(again.classes_, model.classes_)

    def test_a_clone_is_not_fitted(self, X, fitted):
        with pytest.raises(NotFittedError):
            clone(fitted[2]).predict(X)


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
        assert not hasattr(model, "_first_classes")
        assert set(model.predict(X)) <= set("abc")

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


# ---- Refusals ------------------------------------------------------------------------------------


def replaced(y, place, value, dtype=None):
    y = np.array(y, dtype=dtype or np.asarray(y).dtype)
    y[place] = value
    return y


# name: (parts of the message, function from numbers of two classes to y, further arguments)
REFUSED = {
    "one-class": (["y has one class only", "0", "two"], lambda y: 0 * y, {}),
    "one-class-str": (["y has one class only", "'a'"], lambda y: np.full(len(y), "a"), {}),
    "continuous": (["continuous"], lambda y: y + np.linspace(0.1, 0.9, len(y)), {}),
    "nan": (["y contains NaN"], lambda y: replaced(y, 5, np.nan, float), {}),
    "nan-among-objects": (
        ["NaN"],
        lambda y: replaced(np.array(["a", "b"])[y], 5, np.nan, object),
        {},
    ),
    "infinite": (["y contains infinity"], lambda y: replaced(y, 5, np.inf, float), {}),
    "two-columns": (["y should be a 1d array", "(48, 2)"], lambda y: np.stack([y, y], axis=1), {}),
    "missing": (["y"], lambda y: None, {}),
    "rows-differ": (["inconsistent numbers of samples"], lambda y: y[1:], {}),
    "y_val-unknown": (["y_val", "2", "none of the classes"], lambda y: y, {"y_val": 2}),
    "y_val-nan": (["NaN"], lambda y: y, {"y_val": np.nan}),
    "y_val-text": (["y_val", "none of the classes"], lambda y: y, {"y_val": "a"}),
    "class_weight-unknown": (["class_weight"], lambda y: y, {"class_weight": {0: 2.0, 5: 1.0}}),
    "class_weight-name": (["class_weight", "'balanced'"], lambda y: y, {"class_weight": "auto"}),
    "loss": (["loss='xent'", "'binary_crossentropy'"], lambda y: y, {"loss": "xent"}),
    "loss-number": (["'loss'", "callable"], lambda y: y, {"loss": 2}),
}


@pytest.fixture(params=["fresh", "fitted"])
def model(request, fitted):
    """A classifier before its first fit, and one after it."""
    return make() if request.param == "fresh" else copy.copy(fitted[2])


class TestRefusals:
    @pytest.mark.parametrize(("parts", "change", "more"), REFUSED.values(), ids=list(REFUSED))
    def test_fit(self, model, X, two, parts, change, more):
        more = dict(more)
        kwargs = {}
        if "y_val" in more:
            value = more.pop("y_val")
            kwargs = {"X_val": X, "y_val": replaced(two, 3, value, type(value))}
        model.set_params(**more)
        with Untouched(model), pytest.raises((ValueError, TypeError)) as caught:
            model.fit(X, change(two), **kwargs)
        assert [part for part in parts if part not in str(caught.value)] == []

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_a_label_that_comes_later(self, X, two, fitted, method):
        model = copy.copy(fitted[2]).set_params(warm_start=True)
        with Untouched(model), pytest.raises(ValueError, match=r"label.*7.*none of the classes"):
            getattr(model, method)(X, replaced(two, 9, 7))
        equal_fits(model, fitted[2], X)

    def test_a_label_that_classes_do_not_name(self, X, two):
        model = make()
        with Untouched(model), pytest.raises(ValueError, match=r"label.*7.*none of the classes"):
            model.partial_fit(X, replaced(two, 9, 7), classes=[0, 1])

    def test_one_class_to_begin_with(self, X, two):
        model = make()
        with Untouched(model), pytest.raises(ValueError, match="one class only"):
            model.partial_fit(X, 0 * two, classes=[0])

    def test_other_classes_later(self, X, three):
        """As scikit-learn's own: the classes of later calls are those of the first, or None."""
        model = make().partial_fit(X, three, classes=[0, 1, 2]).partial_fit(X, three)
        model.partial_fit(X, three, classes=[2, 1, 0])
        with Untouched(model), pytest.raises(ValueError, match="classes"):
            model.partial_fit(X, three, classes=[0, 1, 2, 3])

    def test_balanced_weights_in_parts(self, X, two):
        model = make(class_weight="balanced")
        with Untouched(model), pytest.raises(ValueError, match=r"class_weight.*partial_fit"):
            model.partial_fit(X, two)

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    @pytest.mark.parametrize(
        "params", [{"dropout": 2.0}, {"cell": "lstmm"}, {"batch_size": 0}], ids=str
    )
    def test_parameters_out_of_range(self, X, two, method, params):
        (name,) = params
        model = make(**params)
        with Untouched(model), pytest.raises(ValueError, match=f"'{name}' parameter"):
            getattr(model, method)(X, two)


# ---- Losses --------------------------------------------------------------------------------------

LOSSES = {
    # name: (number of classes, loss, the same as a function of Keras)
    "categorical_focal_crossentropy": (
        3,
        "categorical_focal_crossentropy",
        keras.losses.categorical_focal_crossentropy,
    ),
    "CategoricalFocalCrossentropy": (
        3,
        keras.losses.CategoricalFocalCrossentropy(gamma=1.5),
        lambda truth, p: keras.losses.categorical_focal_crossentropy(truth, p, gamma=1.5),
    ),
    "BinaryFocalCrossentropy": (
        2,
        keras.losses.BinaryFocalCrossentropy(gamma=1.5),
        lambda truth, p: keras.losses.binary_focal_crossentropy(truth, p, gamma=1.5),
    ),
    "function": (
        2,
        keras.losses.squared_hinge,
        keras.losses.squared_hinge,
    ),
}


def as_keras_takes_it(y, probabilities):
    """Return one column per class, of two classes only the second."""
    truth = np.eye(probabilities.shape[1])[y]
    columns = slice(1, None) if truth.shape[1] == 2 else slice(None)
    return truth[:, columns].astype("float32"), probabilities[:, columns].astype("float32")


class TestLosses:
    @pytest.mark.parametrize(("n", "loss", "function"), LOSSES.values(), ids=list(LOSSES))
    def test_of_keras(self, X, numbers, n, loss, function):
        y = numbers[n]
        start = make(network=pooled, loss=loss, **STANDS_STILL).fit(X, y)
        rows = function(*as_keras_takes_it(y, start.predict_proba(X)))
        expected = float(np.mean(np.asarray(rows)))
        assert start.history_["loss"][0] == pytest.approx(expected, rel=1e-4)
        plain = make(network=pooled, **LEARNS).fit(X, y)
        model = clone(make(network=pooled, loss=loss, **LEARNS)).fit(X, y)
        assert abs(model.predict_proba(X) - plain.predict_proba(X)).max() > 0.01
        assert model.history_["loss"][-1] < model.history_["loss"][0]
        assert_array_equal(
            pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X)
        )

    @pytest.mark.parametrize(
        ("n", "loss"), [(2, "binary_crossentropy"), (3, "categorical_crossentropy")]
    )
    def test_crossentropy_by_its_name_in_keras(self, X, numbers, n, loss):
        named = make(network=pooled, loss=loss).fit(X, numbers[n])
        plain = make(network=pooled).fit(X, numbers[n])
        assert_allclose(named.history_["loss"], plain.history_["loss"], rtol=1e-5)
        assert_allclose(named.predict_proba(X), plain.predict_proba(X), rtol=1e-4)

    @n_classes
    def test_probabilities_of_nearly_zero_stay_exact(self, X, numbers, n_classes):
        """From the values before the probabilities, whose logarithm has no floor."""
        y = numbers[n_classes]
        model = make(network=pooled, epochs=1, learning_rate=30.0, optimizer="sgd")
        model.fit(X, y)
        of_their_class = model.predict_proba(X)[np.arange(N_ROWS), y]
        assert 1e-14 < of_their_class.min() < 1e-9  # Keras would stop at 1e-7
        model.set_params(warm_start=True, **STANDS_STILL).fit(X, y)
        expected = -np.log(of_their_class).mean()
        assert model.history_["loss"][1] == pytest.approx(expected, rel=1e-4)


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
        frame = pd.DataFrame(X).add_prefix("lag ")
        model = make().fit(frame, pd.Series(two))
        assert_array_equal(model.predict_proba(frame), fitted[2].predict_proba(X))
        with pytest.raises(ValueError, match="feature names should match"):
            model.predict(frame[frame.columns[::-1]])
