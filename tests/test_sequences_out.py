"""One target per step: shapes, masked steps, tags, quantiles, and scores over the steps there are.

Most tests share three structures (one number, two numbers and two tags per step), compiled once.
"""

import copy
import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from _engine import clean_engine
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    fbeta_score,
    log_loss,
    mean_absolute_error,
    r2_score,
)
from sklearn.model_selection import GridSearchCV, KFold, cross_val_predict, cross_val_score
from sklearn.preprocessing import PowerTransformer
from test_bad_input import Untouched

from skrnn import RecurrentClassifier, RecurrentRegressor, make_sequence_scorer
from skrnn._keras import keras

# NumPy 2 deprecates what Keras does to read one of its own variables.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\\.src"
)

N_ROWS, N_STEPS, BATCH = 48, 5, 16
SMALL = {"units": 3, "cell": "simple", "epochs": 3, "batch_size": BATCH, "random_state": 0}
LEARNS = {"epochs": 60, "learning_rate": 0.02}
# A rate this small leaves the weights where they start: the loss of the epoch is that of the
# predictions.
STANDS_STILL = {"epochs": 1, "learning_rate": 1e-12}
FOLDS = KFold(3)


@pytest.fixture(autouse=True, scope="module")
def engine():
    with clean_engine(quick=True):
        yield


def regressor(**params):
    return RecurrentRegressor(return_sequences=True, **{**SMALL, **params})


def tagger(**params):
    return RecurrentClassifier(return_sequences=True, **{**SMALL, **params})


@pytest.fixture(scope="module")
def there():
    """Which steps are there: rows are masked on the right, on the left, in between, or not."""
    there = np.ones((N_ROWS, N_STEPS), bool)
    there[0::4, 3:] = False
    there[1::4, :2] = False
    there[2::4, 2] = False
    there.flags.writeable = False
    return there


@pytest.fixture(scope="module")
def full():
    """Sequences without a masked step."""
    X = np.random.default_rng(0).normal(size=(N_ROWS, N_STEPS))
    X.flags.writeable = False
    return X


@pytest.fixture(scope="module")
def X(full, there):
    return np.where(there, full, np.nan)


@pytest.fixture(scope="module")
def y(X):
    """At every step the sum of the steps so far, in units of its own."""
    return np.where(np.isnan(X), np.nan, 200.0 + 8.0 * np.nancumsum(X, axis=1))


@pytest.fixture(scope="module")
def tags(X):
    """At every step whether the sum so far is positive; at masked steps a number too."""
    return (np.nancumsum(X, axis=1) > 0).astype(int)


@pytest.fixture(scope="module")
def fitted(X, y):
    return regressor().fit(X, y)


@pytest.fixture(scope="module")
def learned(X, y):
    return regressor(**LEARNS).fit(X, y)


@pytest.fixture(scope="module")
def tagged(X, tags):
    return tagger().fit(X, tags)


def equal_fits(one, other, X, method="predict"):
    assert one.history_["loss"] == other.history_["loss"]
    assert_array_equal(getattr(one, method)(X), getattr(other, method)(X))


# ---- Numbers -------------------------------------------------------------------------------------


class TestShapes:
    @pytest.mark.parametrize("n_outputs", [None, 1, 2])
    def test_predictions_have_the_dimensions_of_y(self, X, y, there, n_outputs):
        y = y if n_outputs is None else np.stack([y * (1 + k) for k in range(n_outputs)], axis=2)
        model = regressor().fit(X, y)
        predictions = model.predict(X)
        assert predictions.shape == y.shape
        assert predictions.dtype == np.float64
        assert_array_equal(np.isnan(predictions), np.isnan(y))
        assert model.score(X, y) == pytest.approx(r2_score(y[there], predictions[there]))

    def test_nothing_masked(self, full, y):
        y = np.nan_to_num(y)
        model = regressor().fit(full, y)
        assert np.isfinite(model.predict(full)).all()
        assert model.score(full, y) == pytest.approx(
            r2_score(y.ravel(), model.predict(full).ravel())
        )

    def test_one_column_is_learned_as_a_step_is(self, X, y, fitted):
        column = regressor().fit(X, y[:, :, None]).predict(X)
        assert_array_equal(column[:, :, 0], fitted.predict(X))

    @pytest.mark.parametrize("convert", [np.ndarray.tolist, pd.DataFrame], ids=["list", "frame"])
    def test_other_containers(self, X, y, fitted, convert):
        model = regressor().fit(convert(X), convert(y), X_val=convert(X), y_val=convert(y))
        assert_array_equal(model.predict(convert(X)), fitted.predict(X))
        assert model.score(convert(X), convert(y)) == fitted.score(X, y)

    def test_it_can_be_learned(self, X, y, learned):
        assert learned.score(X, y) > 0.8

    def test_copies(self, X, y, fitted):
        for again in (pickle.loads(pickle.dumps(fitted)), clone(fitted).fit(X, y)):
            equal_fits(again, fitted, X)

    def test_a_row_is_predicted_the_same_in_any_company(self, X, fitted):
        assert_array_equal(fitted.predict(X[[7, 40, 2]]), fitted.predict(X)[[7, 40, 2]])

    def test_model_of_keras_predicts_the_same(self, X, y, there):
        model = regressor(input_scaler=None, target_scaler=None).fit(X, y)
        sequences = np.nan_to_num(X, nan=99.0)[:, :, None].astype(np.float32)
        outputs = np.asarray(model.model_([sequences, there]))[:, :, 0]
        assert_allclose(outputs[there], model.predict(X)[there], rtol=1e-4)


class TestMasks:
    def test_loss_is_the_mean_over_the_steps_there_are(self, X, y, there):
        rows = slice(0, BATCH)
        model = regressor(**STANDS_STILL).fit(X[rows], y[rows])
        error = (model.predict(X[rows]) - y[rows])[there[rows]]
        expected = np.mean(error**2) / np.nanvar(y[rows])
        assert model.history_["loss"][0] == pytest.approx(expected, rel=1e-5)

    def test_so_is_the_loss_of_validation(self, X, y, there):
        rows = slice(3, 3 + BATCH)
        model = regressor().fit(X, y, X_val=X[rows], y_val=y[rows])
        error = (model.predict(X[rows]) - y[rows])[there[rows]]
        expected = np.mean(error**2) / np.nanvar(y)
        assert model.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-5)

    def test_weights_are_those_of_rows(self, X, y, there):
        weight = np.linspace(0.2, 2.0, BATCH)
        rows = slice(0, BATCH)
        model = regressor(**STANDS_STILL).fit(X[rows], y[rows], sample_weight=weight)
        error = (model.predict(X[rows]) - y[rows])[there[rows]]
        of_steps = np.repeat(weight / weight.mean(), there[rows].sum(axis=1))
        expected = np.mean(of_steps * error**2) / np.nanvar(y[rows])
        assert model.history_["loss"][0] == pytest.approx(expected, rel=1e-5)

    def test_rows_of_weight_zero_teach_nothing(self, X, y):
        weight = np.ones(N_ROWS)
        weight[::4] = 0.0
        X_other, y_other = X.copy(), y.copy()
        X_other[::4] *= 100.0
        y_other[::4] *= -9.0
        expected = regressor().fit(X, y, sample_weight=weight).predict(X)
        model = regressor().fit(X_other, y_other, sample_weight=weight)
        assert_allclose(model.predict(X), expected, rtol=1e-6)

    @pytest.mark.parametrize(
        "places", [(5, 5, 5), (0, 0, 0), (0, 2, 5)], ids=["right", "left", "apart"]
    )
    def test_further_masked_steps_change_nothing(self, X, y, fitted, places):
        longer, y_longer = (np.insert(values, places, np.nan, axis=1) for values in (X, y))
        assert longer.shape == (N_ROWS, 8)
        model = regressor().fit(longer, y_longer)
        kept = np.insert(np.arange(N_STEPS), places, -1) >= 0
        predictions = model.predict(longer)
        assert np.isnan(predictions[:, ~kept]).all()
        assert_allclose(predictions[:, kept], fitted.predict(X), rtol=1e-5)
        assert_allclose(model.history_["loss"], fitted.history_["loss"], rtol=1e-5)
        assert model.score(longer, y_longer) == pytest.approx(fitted.score(X, y), rel=1e-5)


class TestNeverAhead:
    @pytest.mark.parametrize("scaler", ["standard", "minmax", "robust", None])
    def test_later_values_change_nothing_before(self, X, full, y, scaler):
        model = regressor(input_scaler=scaler).fit(X, y)
        self.check(model, full)

    def test_nor_in_a_net_of_several_parts(self, X, full, y):
        model = regressor(
            units=(3, 3), attention=True, skip_connections=True, dense_units=2, dropout=0.2
        )
        self.check(model.fit(X, y), full)

    def check(self, model, X):
        predictions = model.predict(X)
        changed, masked = X.copy(), X.copy()
        changed[:, 3:] += 5.0
        masked[:, 3:] = np.nan
        for other in (changed, masked):
            assert_array_equal(model.predict(other)[:, :3], predictions[:, :3])
        assert (model.predict(changed)[:, 3:] != predictions[:, 3:]).all()

    def test_but_a_window_is_scaled_as_a_whole(self, X, full, y):
        model = regressor(input_scaler="window").fit(X, y)
        changed = full.copy()
        changed[:, 3:] += 5.0
        assert (model.predict(changed)[:, :3] != model.predict(full)[:, :3]).all()

    def test_a_bidirectional_net_looks_ahead(self, X, full, y):
        model = regressor(bidirectional=True).fit(X, y)
        changed = full.copy()
        changed[:, 3:] += 5.0
        assert (model.predict(changed)[:, :3] != model.predict(full)[:, :3]).all()


class TestScalers:
    @pytest.mark.parametrize(
        "scaler",
        ["standard", "minmax", "robust", "power", PowerTransformer("box-cox")],
        ids=["standard", "minmax", "robust", "power", "transformer"],
    )
    def test_predictions_are_in_the_units_of_y(self, X, y, scaler):
        assert np.nanmin(y) > 0.0  # as Box and Cox need it
        model = regressor(target_scaler=scaler, **LEARNS).fit(X, y)
        assert model.score(X, y) > 0.7
        assert model.history_["loss"][0] < 20.0  # scaled

    def test_none_leaves_y_as_it_is(self, X, y, there):
        rows = slice(0, BATCH)
        model = regressor(target_scaler=None, **STANDS_STILL).fit(X[rows], y[rows])
        error = (model.predict(X[rows]) - y[rows])[there[rows]]
        assert model.history_["loss"][0] == pytest.approx(np.mean(error**2), rel=1e-5)

    @pytest.mark.parametrize("scaler", ["standard", "minmax", "robust"])
    def test_units_do_not_matter(self, X, y, scaler):
        expected = regressor(target_scaler=scaler).fit(X, y).predict(X)
        model = regressor(target_scaler=scaler).fit(X, 1e-3 * y + 700.0)
        assert_allclose(model.predict(X), 1e-3 * expected + 700.0, rtol=1e-6)

    def test_validation_rows_do_not_count(self, X, y, fitted):
        model = regressor().fit(X, y, X_val=50.0 * X, y_val=-9.0 * y)
        equal_fits(model, fitted, X)

    @pytest.mark.parametrize("params", [{}, {"target_feature": 0}, {"seasonal_lag": 2}], ids=str)
    def test_not_relative_to_the_window(self, X, y, params):
        model = regressor(target_scaler="window", **params)
        with Untouched(model), pytest.raises(ValueError, match=r"window.*return_sequences"):
            model.fit(X, y)


@pytest.fixture(scope="module")
def model_of_quantiles(X, y):
    return regressor(quantiles=(0.9, 0.1), **LEARNS).fit(X, y)


class TestQuantiles:
    def test_shapes(self, model_of_quantiles, X, there):
        quantiles = model_of_quantiles.predict_quantiles(X)
        assert quantiles.shape == (N_ROWS, N_STEPS, 2)
        assert_array_equal(np.isnan(quantiles), np.repeat(~there[:, :, None], 2, axis=2))

    def test_order_and_median(self, model_of_quantiles, X, y, there):
        upper, lower = np.moveaxis(model_of_quantiles.predict_quantiles(X)[there], -1, 0)
        median = model_of_quantiles.predict(X)[there]
        assert (lower <= median).all()
        assert (median <= upper).all()
        assert model_of_quantiles.score(X, y) > 0.7
        assert 0.5 < np.mean((lower < y[there]) & (y[there] < upper)) < 1.0

    def test_loss_is_over_the_steps_there_are(self, X, y, there):
        rows = slice(0, BATCH)
        model = regressor(quantiles=(0.9, 0.1), **STANDS_STILL).fit(X[rows], y[rows])
        levels = np.array([0.1, 0.5, 0.9])
        predicted = np.stack(
            [
                model.predict_quantiles(X[rows])[..., 1],
                model.predict(X[rows]),
                model.predict_quantiles(X[rows])[..., 0],
            ],
            axis=-1,
        )
        error = (y[rows][..., None] - predicted)[there[rows]] / np.nanstd(y[rows])
        pinball = 2.0 * np.maximum(levels * error, (levels - 1.0) * error)
        assert model.history_["loss"][0] == pytest.approx(pinball.mean(), rel=1e-5)

    def test_of_several_outputs(self, X, y):
        model = regressor(quantiles=(0.2,)).fit(X, np.stack([y, -y], axis=2))
        assert model.predict_quantiles(X).shape == (N_ROWS, N_STEPS, 2, 1)
        assert model.predict(X).shape == (N_ROWS, N_STEPS, 2)


class TestTraining:
    def test_early_stopping_holds_out_the_last_rows(self, X, y):
        stops = {"early_stopping": True, "epochs": 5}
        tail = regressor(validation_fraction=0.25, **stops).fit(X, y)
        named = regressor(**stops).fit(X[:36], y[:36], X_val=X[36:], y_val=y[36:])
        assert tail.history_["val_loss"] == named.history_["val_loss"]
        equal_fits(tail, named, X)

    def test_the_best_weights_are_kept(self, X, y, there):
        model = regressor(
            early_stopping=True,
            n_iter_no_change=4,
            tol=0.0,
            learning_rate=0.2,
            epochs=300,
        ).fit(X[BATCH:], y[BATCH:], X_val=X[:BATCH], y_val=y[:BATCH])
        losses = model.history_["val_loss"]
        best = int(np.argmin(losses))
        assert model.n_iter_ == best + 5 < 300
        error = (model.predict(X[:BATCH]) - y[:BATCH])[there[:BATCH]]
        kept = np.mean(error**2) / np.nanvar(y[BATCH:])
        assert kept == pytest.approx(losses[best], rel=1e-5)

    def test_warm_start_goes_on(self, X, y):
        whole = regressor(epochs=4, shuffle=False).fit(X, y)
        parts = regressor(epochs=2, shuffle=False, warm_start=True).fit(X, y).fit(X, y)
        equal_fits(parts, whole, X)

    def test_partial_fit_is_a_warm_start_of_one_epoch(self, X, tags):
        called, warm = tagger(), tagger(epochs=1, warm_start=True)
        for _ in range(2):
            called.partial_fit(X, tags, classes=[0, 1])
            warm.fit(X, tags)
        equal_fits(called, warm, X, "predict_proba")


# ---- Tags ----------------------------------------------------------------------------------------


def as_text(tags, there, masked):
    return np.where(there, np.array(["low", "high"])[tags], masked)


def as_objects(tags, there, missing):
    labels = np.array(["low", "high"])[tags].astype(object)
    labels[~there] = missing
    return labels


TAGS = {
    # name: (function from numbers and mask to labels, type of predictions where steps are masked)
    "int": (lambda tags, there: tags, float),
    "int-others": (lambda tags, there: np.where(there, 3 + 4 * tags, -1), float),
    "bool": (lambda tags, there: tags.astype(bool), float),
    "float-nan": (lambda tags, there: np.where(there, tags, np.nan), float),
    "str": (lambda tags, there: as_text(tags, there, "low"), object),
    "str-others": (lambda tags, there: as_text(tags, there, "<padding>"), object),
    "object-nan": (lambda tags, there: as_objects(tags, there, np.nan), object),
    "object-none": (lambda tags, there: as_objects(tags, there, None), object),
    "int-objects-nan": (lambda tags, there: np.where(there, tags.astype(object), np.nan), float),
    "bool-objects-nan": (
        lambda tags, there: np.where(there, tags.astype(bool).astype(object), np.nan),
        float,
    ),
    "frame": (lambda tags, there: pd.DataFrame(as_objects(tags, there, None)), object),
    "list": (lambda tags, there: tags.tolist(), float),
    "column": (lambda tags, there: tags[:, :, None], float),
}


class TestTags:
    def test_of_several_types(self, X, there):
        tags = np.where(there, 1, np.nan).astype(object)
        tags[0, np.argmax(there[0])] = "a"
        with pytest.raises(ValueError, match="mixes strings"):
            tagger().fit(X, tags)

    @pytest.mark.parametrize(("convert", "kind"), TAGS.values(), ids=list(TAGS))
    def test_of_any_type(self, X, tags, there, tagged, convert, kind):
        y = convert(tags, there)
        labels = np.asarray(y).reshape(there.shape)
        model = tagger().fit(X, y)
        assert set(model.classes_) == set(labels[there])
        predictions = model.predict(X)
        assert predictions.dtype == kind
        assert_array_equal(pd.isna(predictions), ~there)
        assert set(predictions[there]) <= set(model.classes_)
        right = predictions[there] == labels[there]
        assert model.score(X, y) == pytest.approx(right.mean())
        # "high" comes before "low": the numbers of the classes are the other way round.
        expected = tagger().fit(X, 1 - tags) if "low" in model.classes_ else tagged
        equal_fits(model, expected, X, "predict_proba")

    def test_nothing_masked(self, full, tags, tagged):
        labels = np.array(["high", "low"])[tags]
        model = tagger().fit(full, labels)
        assert model.predict(full).dtype == labels.dtype
        assert tagged.predict(full).dtype == tags.dtype

    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_probabilities(self, X, y, there, n_classes):
        tags = np.digitize(np.nan_to_num(y), [200.0, 210.0][: n_classes - 1])
        model = tagger().fit(X, tags)
        probabilities = model.predict_proba(X)
        assert probabilities.shape == (N_ROWS, N_STEPS, n_classes)
        assert np.isnan(probabilities[~there]).all()
        assert_allclose(probabilities[there].sum(axis=1), 1.0, rtol=1e-12)
        most_likely = model.classes_[probabilities[there].argmax(axis=1)]
        assert_array_equal(model.predict(X)[there], most_likely)

    def test_labels_at_masked_steps_never_matter(self, X, tags, there, tagged):
        other = np.where(there, tags, 77)
        assert (other != tags).any()
        model = tagger().fit(X, other, X_val=X, y_val=other)
        equal_fits(model, tagged, X, "predict_proba")
        assert model.classes_.tolist() == [0, 1]
        assert model.score(X, other) == tagged.score(X, tags)
        rows = slice(0, BATCH)
        model = tagger().fit(X, tags, X_val=X[rows], y_val=other[rows])
        expected = log_loss(tags[rows][there[rows]], model.predict_proba(X)[rows][there[rows]])
        assert model.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-5)

    def test_they_can_be_learned(self, X, tags):
        assert tagger(**LEARNS).fit(X, tags).score(X, tags) > 0.85

    @pytest.mark.parametrize("weight", [{1: 5.0}, {0: 0.1, 1: 2.0}, "balanced"], ids=str)
    def test_weights_of_classes_are_those_of_steps(self, X, tags, there, weight):
        rows = slice(0, BATCH)
        # The tags of masked steps, were they counted, would change what is balanced.
        y = np.where(there, tags, 0)[rows]
        counted = y[there[rows]]
        model = tagger(class_weight=weight, **STANDS_STILL).fit(X[rows], y)
        if weight == "balanced":
            weight = {k: len(counted) / (2 * np.sum(counted == k)) for k in (0, 1)}
        of_steps = np.where(counted, weight.get(1, 1.0), weight.get(0, 1.0))
        probabilities = model.predict_proba(X[rows])[there[rows]]
        expected = log_loss(counted, probabilities, sample_weight=of_steps)
        assert model.history_["loss"][0] == pytest.approx(expected, rel=1e-5)

    def test_losses_of_keras_see_the_steps_there_are(self, X, tags, there):
        """Whatever stands for a missing target: to a broken power most values are no targets."""
        rows = slice(0, BATCH)
        loss = keras.losses.BinaryFocalCrossentropy(gamma=1.5)
        model = tagger(loss=loss)
        start = clone(model).set_params(**STANDS_STILL).fit(X[rows], tags[rows])
        second = start.predict_proba(X[rows])[there[rows]][:, 1:].astype(np.float32)
        truth = tags[rows][there[rows]][:, None].astype(np.float32)
        expected = np.mean(np.asarray(loss.call(truth, second)))
        assert start.history_["loss"][0] == pytest.approx(float(expected), rel=1e-4)
        model.set_params(**LEARNS).fit(X, tags)
        assert model.history_["loss"][-1] < model.history_["loss"][0]

    def test_early_stopping_holds_out_the_last_rows(self, X, tags):
        stops = {"early_stopping": True, "epochs": 5}
        tail = tagger(validation_fraction=0.25, **stops).fit(X, tags)
        named = tagger(**stops).fit(X[:36], tags[:36], X_val=X[36:], y_val=tags[36:])
        assert tail.history_["val_loss"] == named.history_["val_loss"]
        equal_fits(tail, named, X, "predict_proba")


# ---- Refusals ------------------------------------------------------------------------------------


def put(array, place, value):
    changed = np.array(array)
    changed[place] = value
    return changed


def two_targets(y):
    return np.stack([y, -y], axis=2)


# name: (parts of the message, function from the targets to other ones). In row 0 the steps from 3
# on are masked, in row 3 there is none.
BAD_NUMBERS = {
    "missing": (["row 3, step 1", "missing"], lambda y: put(y, (3, 1), np.nan)),
    "not-missing": (["row 0, step 4", "masks"], lambda y: put(y, (0, 4), 1.0)),
    "one-of-two-missing": (
        ["row 3, step 1", "missing"],
        lambda y: put(two_targets(y), (3, 1, 1), np.nan),
    ),
    "one-of-two-not-missing": (
        ["row 0, step 4", "masks"],
        lambda y: put(two_targets(y), (0, 4, 0), 1.0),
    ),
    "infinite": (["row 3, step 2", "infinity"], lambda y: put(y, (3, 2), np.inf)),
    "one-per-row": (["(48, 5)", "(48,)"], lambda y: y[:, 0]),
    "a-step-less": (["(48, 5)", "(48, 4)"], lambda y: y[:, 1:]),
    "an-axis-more": (["(48, 5)", "(48, 5, 1, 1)"], lambda y: y[:, :, None, None]),
    "ragged": (["to_sequences"], lambda y: [[1.0, 2.0], *y[1:].tolist()]),
}
BAD_TAGS = {
    "missing": (["row 3, step 1", "missing"], lambda y: put(y, (3, 1), np.nan)),
    "not-missing": (["row 0, step 4", "masks"], lambda y: put(y, (0, 4), 1.0)),
    "one-per-row": (["(48, 5)", "(48,)"], lambda y: y[:, 0]),
    "two-per-step": (["one label per step"], lambda y: np.stack([y, y], axis=2)),
    "continuous": (["continuous"], lambda y: y + 0.1 * np.arange(1, 1 + N_STEPS)),
    "one-class": (["one class only"], lambda y: 0.0 * y),
}


class TestRefusals:
    @pytest.fixture(params=["fresh", "fitted"])
    def model(self, request, fitted):
        return regressor() if request.param == "fresh" else copy.copy(fitted)

    def check(self, model, parts, method, *arguments, **kwargs):
        with Untouched(model), pytest.raises(ValueError) as caught:  # noqa: PT011
            getattr(model, method)(*arguments, **kwargs)
        assert [part for part in parts if part not in str(caught.value)] == []

    @pytest.mark.parametrize(("parts", "change"), BAD_NUMBERS.values(), ids=list(BAD_NUMBERS))
    def test_numbers(self, model, X, y, parts, change):
        self.check(model, ["y", *parts], "fit", X, change(y))

    @pytest.mark.parametrize(("parts", "change"), BAD_NUMBERS.values(), ids=list(BAD_NUMBERS))
    def test_numbers_to_validate_on(self, X, y, parts, change):
        y_fit = two_targets(y) if np.shape(change(y)[0]) == (N_STEPS, 2) else y
        self.check(regressor(), ["y_val", *parts], "fit", X, y_fit, X_val=X, y_val=change(y))

    @pytest.mark.parametrize(("parts", "change"), BAD_TAGS.values(), ids=list(BAD_TAGS))
    def test_tags(self, X, tags, there, parts, change):
        y = np.where(there, tags, np.nan)
        self.check(tagger(), parts, "fit", X, change(y))

    def test_tags_among_objects(self, X, tags, there):
        y = put(as_objects(tags, there, None), (3, 1), None)
        self.check(tagger(), ["y row 3, step 1", "missing"], "fit", X, y)

    def test_unknown_tags(self, X, tags, tagged):
        other = put(tags, (3, 1), 7)
        self.check(
            tagger(), ["y_val", "7", "none of the classes"], "fit", X, tags, X_val=X, y_val=other
        )
        later = copy.copy(tagged).set_params(warm_start=True)
        self.check(later, ["7", "none of the classes"], "fit", X, other)
        self.check(later, ["7", "none of the classes"], "partial_fit", X, other)
        first = tagger()
        with Untouched(first), pytest.raises(ValueError, match="none of the classes"):
            first.partial_fit(X, other, classes=[0, 1])

    def test_y_missing_and_of_other_length(self, model, X, y):
        self.check(model, ["y"], "fit", X, None)
        self.check(model, ["inconsistent numbers of samples"], "fit", X, y[1:])

    def test_other_outputs_later(self, X, y, fitted):
        later = copy.copy(fitted).set_params(warm_start=True)
        self.check(later, ["y has 2 outputs", "1 were expected"], "fit", X, two_targets(y))


# ---- Scores --------------------------------------------------------------------------------------


class TestScorer:
    def test_errors_have_their_sign_changed(self, X, y, there, fitted):
        scorer = make_sequence_scorer(mean_absolute_error, greater_is_better=False)
        expected = -mean_absolute_error(y[there], fitted.predict(X)[there])
        assert scorer(fitted, X, y) == pytest.approx(expected)

    def test_arguments_reach_the_metric(self, X, tags, there, tagged):
        truth, predicted = tags[there], tagged.predict(X)[there]
        for average in ("macro", "micro"):
            scorer = make_sequence_scorer(f1_score, average=average)
            assert scorer(tagged, X, tags) == f1_score(truth, predicted, average=average)

    def test_probabilities(self, X, tags, there, tagged):
        scorer = make_sequence_scorer(
            log_loss, response_method="predict_proba", greater_is_better=False
        )
        expected = -log_loss(tags[there], tagged.predict_proba(X)[there])
        assert scorer(tagged, X, tags) == expected

    def test_text(self, X, tags, there):
        y = as_objects(tags, there, np.nan)
        model = tagger().fit(X, y)
        scorer = make_sequence_scorer(f1_score, pos_label="low")
        truth, predicted = (values[there].astype(str) for values in (y, model.predict(X)))
        assert scorer(model, X, y) == f1_score(truth, predicted, pos_label="low")

    def test_weights_of_rows(self, X, y, tags, there, fitted, tagged):
        weight = np.linspace(0.0, 2.0, N_ROWS)
        of_steps = np.repeat(weight, there.sum(axis=1))
        scorer = make_sequence_scorer(mean_absolute_error)
        expected = mean_absolute_error(y[there], fitted.predict(X)[there], sample_weight=of_steps)
        assert scorer(fitted, X, y, sample_weight=weight) == pytest.approx(expected)
        expected = r2_score(y[there], fitted.predict(X)[there], sample_weight=of_steps)
        assert fitted.score(X, y, sample_weight=weight) == pytest.approx(expected)
        expected = accuracy_score(tags[there], tagged.predict(X)[there], sample_weight=of_steps)
        assert tagged.score(X, tags, sample_weight=weight) == pytest.approx(expected)

    @pytest.mark.parametrize("n_outputs", [None, 1, 2])
    def test_the_metric_gets_two_arrays_of_one_shape(self, X, y, there, n_outputs):
        y = y if n_outputs is None else np.stack([y * (1 + k) for k in range(n_outputs)], axis=2)
        given = []

        def metric(truth, predicted):
            given.append((truth.shape, predicted.shape))
            return 0.0

        make_sequence_scorer(metric)(regressor().fit(X, y), X, y)
        assert given == [(y[there].shape,) * 2]

    @pytest.mark.parametrize(
        "wrong", [lambda y: y[:, 0], lambda y: y[:, 1:], lambda y: y[1:]], ids=["row", "step", "n"]
    )
    def test_y_of_another_shape(self, X, y, fitted, wrong):
        scorer = make_sequence_scorer(mean_absolute_error)
        with pytest.raises(ValueError, match=r"one target per step: y of shape \(48, 5\)"):
            scorer(fitted, X, wrong(y))

    @pytest.mark.parametrize(
        "metric", [f1_score, partial(fbeta_score, beta=2.0)], ids=["function", "partial"]
    )
    def test_it_is_shown_and_pickled(self, X, tags, tagged, metric):
        scorer = make_sequence_scorer(metric)
        again = pickle.loads(pickle.dumps(scorer))
        assert again(tagged, X, tags) == scorer(tagged, X, tags)
        assert repr(scorer).startswith("make_sequence_scorer(")


class TestSearches:
    GRID = {"learning_rate": [0.003, 0.05], "dropout": [0.0, 0.3]}  # noqa: RUF012

    def check(self, model, X, y, scorer):
        search = GridSearchCV(model, self.GRID, cv=FOLDS, scoring=scorer, error_score="raise")
        search.fit(X, y)
        for fold, (train, test) in enumerate(FOLDS.split(X)):
            alone = clone(model).set_params(**search.best_params_).fit(X[train], y[train])
            score = alone.score if scorer is None else partial(scorer, alone)
            found = search.cv_results_[f"split{fold}_test_score"][search.best_index_]
            assert found == score(X[test], y[test])
        assert len(set(search.cv_results_["mean_test_score"])) > 1
        assert np.isfinite(search.score(X, y))

    @pytest.mark.parametrize(
        "scorer",
        [None, make_sequence_scorer(mean_absolute_error, greater_is_better=False)],
        ids=["r2", "mae"],
    )
    def test_numbers(self, X, y, scorer):
        self.check(regressor(), X, y, scorer)

    @pytest.mark.parametrize(
        "scorer",
        [
            None,
            make_sequence_scorer(f1_score, average="macro"),
            make_sequence_scorer(
                log_loss, response_method="predict_proba", greater_is_better=False
            ),
        ],
        ids=["accuracy", "f1", "log-loss"],
    )
    @pytest.mark.parametrize("missing", [True, False])
    def test_tags(self, X, tags, there, scorer, missing):
        self.check(tagger(), X, np.where(there, tags, np.nan) if missing else tags, scorer)

    def test_cross_validation(self, X, y):
        predicted = cross_val_predict(regressor(), X, y, cv=FOLDS)
        scores = cross_val_score(regressor(), X, y, cv=FOLDS)
        for fold, (train, test) in enumerate(FOLDS.split(X)):
            model = regressor().fit(X[train], y[train])
            assert_array_equal(predicted[test], model.predict(X[test]))
            assert scores[fold] == model.score(X[test], y[test])
