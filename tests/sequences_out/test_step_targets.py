"""One number per step: shapes, masked steps, scalers, quantiles."""

import pickle

import numpy as np
import pandas as pd
import pytest
from _checks import Untouched
from _engine import keras_reads_variables
from _sequences_out import (
    BATCH,
    LEARNS,
    N_ROWS,
    N_STEPS,
    STANDS_STILL,
    equal_fits,
    regressor,
    tagger,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import (
    r2_score,
)
from sklearn.preprocessing import PowerTransformer

pytestmark = keras_reads_variables


@pytest.fixture(scope="module")
def learned(X, y):
    return regressor(**LEARNS).fit(X, y)


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

    @pytest.mark.filterwarnings("ignore:y_val lies:UserWarning")
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
