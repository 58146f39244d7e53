"""What is learned after the first fit: updates, pretraining, rolling evaluation."""

import copy

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import (
    ALL,
    EXOGENOUS,
    FH,
    HORIZON,
    LATER,
    MONTHS,
    N_STEPS,
    NEW,
    PAIR,
    WINDOW,
    Y,
    announced_by_sktime,
    make,
    panel_of,
    same_weights,
    weights_of,
)
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from sktime.exceptions import NotFittedError

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
]


REFUSED = {
    "gap": (NEW[1:3], "does not go on where it ended, at 2003-12: .* missing is 1. Pass these too"),
    "other kind": (
        pd.Series([1.0], pd.RangeIndex(48, 49), name="sales"),
        "y has an index of integers, but periods of M were fitted",
    ),
    "infinite": (NEW[:2] * np.inf, r"y is infinite at .* \(row 0\), column 'sales'"),
    "two columns": (
        pd.DataFrame({"sales": [1.0, 2.0], "more": [1.0, 2.0]}, LATER[:2]),
        r"y has the columns \['sales', 'more'\], but \['sales'\] were fitted",
    ),
}


class TestUpdate:
    """New values move the forecasts on; the network is trained on only where that is asked for."""

    @pytest.mark.parametrize("how", ["update_params=False", "finetune_epochs=0"])
    def test_without_training(self, fitted_once, how):
        off = how == "finetune_epochs=0"
        forecaster = make(finetune_epochs=0 if off else 5).fit(Y, fh=FH)
        before = forecaster.predict()
        forecaster.update(NEW[:5], update_params=off)
        assert same_weights(forecaster, fitted_once)
        assert forecaster.history_.n_epochs == 2
        assert_array_equal(forecaster.predict().index, LATER[5:8])
        assert forecaster.cutoff[0] == LATER[4]
        assert (forecaster.predict().to_numpy() != before.to_numpy()).all()

    def test_forecasts_are_those_of_the_whole_series(self, fitted):
        """The network sees its last window, wherever the fit ended."""
        trained = make(finetune_epochs=0).pretrain(panel_of([48, 40]), fh=FH)
        whole = trained.clone().fit(ALL[: N_STEPS + 5], fh=FH).predict()
        parts = trained.clone().fit(Y, fh=FH)
        for step in range(5):
            parts.update(NEW[step : step + 1])
        assert_allclose(parts.predict(), whole, rtol=1e-6)

    def test_with_training(self, fitted, fitted_once):
        fitted.update(NEW[:5])
        assert not same_weights(fitted, fitted_once)
        assert fitted.history_.n_epochs == 2 + 5
        again = make().fit(Y, fh=FH).update(NEW[:5])
        assert same_weights(fitted, again)

    def test_values_that_are_known_already(self, fitted, fitted_once):
        fitted.update(Y[-3:], update_params=False)
        assert_series_equal(fitted.predict(), fitted_once.predict())

    def test_values_that_overlap(self, fitted, fitted_once):
        fitted.update(ALL[N_STEPS - 3 : N_STEPS + 2], update_params=False)
        assert_series_equal(fitted.predict(), two_months_later(fitted_once))

    def test_the_whole_series_again(self, fitted, fitted_once):
        """What lies before the window makes no difference."""
        fitted.update(ALL[: N_STEPS + 2], update_params=False)
        assert_series_equal(fitted.predict(), two_months_later(fitted_once))

    def test_of_a_panel(self):
        y = panel_of([48, 30])
        forecaster = make().fit(y, fh=FH)
        before = forecaster.predict()
        new = pd.DataFrame({"sales": [99.0, 98.0]}, [("s1", month) for month in LATER[:2]])
        new.index = pd.MultiIndex.from_tuples(new.index, names=["shop", "month"])
        forecast = forecaster.update(new, update_params=False).predict()
        assert_frame_equal(forecast.loc[["s0"]], before.loc[["s0"]])
        assert_array_equal(forecast.loc["s1"].index, LATER[2:5])

    @pytest.mark.parametrize("name", REFUSED)
    def test_refusals_change_nothing(self, fitted, fitted_once, name):
        y, message = REFUSED[name]
        with pytest.raises(ValueError, match=message):
            fitted.update(y)
        assert same_weights(fitted, fitted_once)
        assert fitted.cutoff == fitted_once.cutoff
        # sktime takes note of the form of y, and returns forecasts in it, before it asks us.
        assert_array_equal(np.ravel(fitted.predict()), fitted_once.predict())

    def test_new_instances_are_refused(self):
        forecaster = make().fit(panel_of([48, 30]), fh=FH)
        with pytest.raises(ValueError, match=r"'new'.*not in the y of fit"):
            forecaster.update(panel_of([48, 30], ["s0", "new"]))

    def test_a_single_series_is_no_panel(self):
        forecaster = make().fit(panel_of([48, 30]), fh=FH)
        with pytest.raises(ValueError, match=r"y is a single series, but a panel .* was fitted"):
            forecaster.update(NEW[:2].to_frame(), update_params=False)

    @pytest.mark.parametrize("X", [None, EXOGENOUS[["v", "u"]], EXOGENOUS[["u"]]])
    def test_columns_are_those_of_the_fit(self, X):
        forecaster = make().fit(Y, X=EXOGENOUS[:N_STEPS], fh=FH)
        later = EXOGENOUS[N_STEPS : N_STEPS + 3]
        before = forecaster.predict(X=later)
        X = X if X is None else X[N_STEPS : N_STEPS + 2]
        with pytest.raises(ValueError, match=r"X has .*, but the columns \['u', 'v'\] were fitted"):
            forecaster.update(NEW[:2], X=X, update_params=False)
        assert_array_equal(forecaster.predict(X=later), before)


def two_months_later(forecaster):
    return copy.deepcopy(forecaster).update(NEW[:2], update_params=False).predict()


@pytest.fixture(scope="module")
def trained():
    return make().pretrain(panel_of([48, 30, 40], seed=5), fh=FH)


class TestPretrain:
    """On a panel, and then for a series that was not in it."""

    def test_fit_trains_on(self, trained):
        assert trained.state == "pretrained"
        fitted = trained.clone().fit(Y, fh=FH)
        assert fitted.history_.n_epochs == 2 + 5
        assert np.isfinite(fitted.predict()).all()

    def test_fit_may_leave_the_network_alone(self):
        forecaster = make(finetune_epochs=0).pretrain(panel_of([48, 30]), fh=FH)
        before = forecaster.pretrained_model_.members[0].network.weights.trainable
        fitted = forecaster.fit(Y, fh=FH)
        for one, other in zip(weights_of(fitted), before, strict=True):
            assert_array_equal(one, other)

    def test_is_not_lost_in_a_fit(self, trained):
        fitted = trained.clone().fit(Y, fh=FH)
        first = fitted.predict()
        fitted.fit(PAIR["a"], fh=FH)
        assert_array_equal(fitted.fit(Y, fh=FH).predict(), first)

    def test_horizon_may_be_shorter(self, trained):
        assert len(trained.clone().fit(Y, fh=[2]).predict()) == 1

    def test_horizon_may_not_be_longer(self, trained):
        forecaster = trained.clone()
        with pytest.raises(ValueError, match="4 steps ahead, but the network was pretrained for 3"):
            forecaster.fit(Y, fh=[4])
        assert not forecaster.is_fitted
        assert not hasattr(forecaster, "settings_")

    def test_horizon_stays_that_of_the_first_panel(self, trained):
        with pytest.raises(ValueError, match="4 steps ahead, but the network was pretrained for 3"):
            trained.clone().pretrain(panel_of([48, 30]), fh=[4])

    def test_needs_a_horizon(self):
        with pytest.raises(ValueError, match=r"pretrain needs fh.*pass fh="):
            make().pretrain(panel_of([48, 30]))

    def test_columns_of_X_are_those_of_the_panel(self):
        y = panel_of([48, 48])
        X = pd.concat(dict.fromkeys(("s0", "s1"), EXOGENOUS[:N_STEPS]), names=["shop", "month"])
        with_X, without = make().pretrain(y, X=X, fh=FH), make().pretrain(y, fh=FH)
        for forecaster, columns in (
            (with_X, None),
            (with_X, EXOGENOUS[["u"]]),
            (without, EXOGENOUS),
        ):
            forecaster = forecaster.clone()
            with pytest.raises(ValueError, match=r"X\b.*(column|pretrain|fitted)"):
                forecaster.fit(Y, X=columns if columns is None else columns[:N_STEPS], fh=FH)
            assert not forecaster.is_fitted

    def test_structure_is_that_of_the_panel(self, trained):
        forecaster = trained.clone()
        forecaster.units = 3  # `set_params` would forget what was pretrained
        with pytest.raises(ValueError, match=r"network of the last fit|pretrain"):
            forecaster.fit(Y, fh=FH)
        assert not forecaster.is_fitted


class TestRolling:
    """Forecasts from every time, in one pass."""

    @pytest.mark.parametrize("with_X", [False, True])
    def test_equals_updates_step_by_step(self, with_X):
        X = EXOGENOUS if with_X else None
        forecaster = make(n_members=2).fit(Y, X=None if X is None else X[:N_STEPS], fh=FH)
        rolled = forecaster.predict_rolling(ALL, X=X)
        assert rolled.shape == (len(ALL) - WINDOW - HORIZON + 1, HORIZON, 1)
        for step in range(4):
            later = None if X is None else X[N_STEPS + step : N_STEPS + step + 3]
            forecast = forecaster.predict(X=later)
            assert_allclose(rolled[N_STEPS - WINDOW + step, :, 0], forecast, rtol=1e-5)
            now = slice(N_STEPS + step, N_STEPS + step + 1)
            forecaster.update(ALL[now], X=None if X is None else X[now], update_params=False)

    def test_changes_nothing(self, fitted):
        before = dict(vars(fitted))
        forecast = fitted.predict()
        fitted.predict_rolling(Y.to_frame())
        assert_series_equal(fitted.predict(), forecast)
        assert all(vars(fitted)[name] is value for name, value in before.items())

    def test_several_columns(self):
        forecaster = make().fit(PAIR, fh=FH)
        assert forecaster.predict_rolling(PAIR).shape == (N_STEPS - WINDOW - 2, HORIZON, 2)

    def test_sees_nothing_later(self, fitted):
        y = ALL.copy()
        y.iloc[30:] = 1e4
        rolled, other = fitted.predict_rolling(ALL), fitted.predict_rolling(y)
        assert_array_equal(other[: 30 - WINDOW + 1], rolled[: 30 - WINDOW + 1])
        assert (other[30 - WINDOW + 1] != rolled[30 - WINDOW + 1]).any()

    def test_series_of_a_panel_keep_their_units(self):
        panel = panel_of([40, 40, 40])
        forecaster = make(scaler="standard").fit(panel, fh=FH)
        rolled = forecaster.predict_rolling(panel)
        names = ["s2", "s0"]
        some = pd.concat({name: panel.loc[name] for name in names}, names=["shop", "month"])
        by_series = rolled.reshape(3, -1, HORIZON, 1)
        assert_allclose(
            forecaster.predict_rolling(some), np.concatenate(by_series[[2, 0]]), rtol=1e-5
        )
        unknown = pd.concat({"s9": panel.loc["s0"]}, names=["shop", "month"])
        with pytest.raises(ValueError, match="series 's9'"):
            forecaster.predict_rolling(unknown)

    def test_frame_says_of_what_each_is(self, fitted):
        rolled, frame = (fitted.predict_rolling(ALL, as_frame=kind) for kind in (False, True))
        assert frame.index.names == ["origin", "step"]
        assert list(frame.columns) == ["sales"]
        assert_array_equal(frame.to_numpy().ravel(), rolled.ravel())
        assert_allclose(frame.xs(MONTHS[-1])["sales"], fitted.predict(), rtol=1e-6)
        quantiles = fitted.predict_rolling(ALL, alpha=[0.1, 0.9], as_frame=True)
        assert list(quantiles.columns) == [("sales", 0.1), ("sales", 0.9)]

    def test_frame_of_a_panel(self):
        panel = panel_of([40, 30])
        forecaster = make().fit(panel, fh=FH)
        frame = forecaster.predict_rolling(panel, as_frame=True)
        assert frame.index.names == ["shop", "origin", "step"]
        known = panel[panel.index.get_level_values("month") <= MONTHS[-9]]
        expected = make().fit(known, fh=FH)
        expected._model, expected._scale = forecaster._model, forecaster._scale
        assert_allclose(
            frame.xs(MONTHS[-9], level="origin").to_numpy(),
            expected.predict().to_numpy(),
            rtol=1e-6,
        )

    def test_needs_a_window_and_a_horizon(self, fitted):
        assert len(fitted.predict_rolling(Y[: WINDOW + HORIZON])) == 1
        with pytest.raises(ValueError, match="8 rows, but a window of 6 and a horizon of 3 need 9"):
            fitted.predict_rolling(Y[: WINDOW + HORIZON - 1])

    def test_needs_what_was_fitted(self, fitted):
        with pytest.raises(NotFittedError, match="has not been fitted yet"):
            make().predict_rolling(Y)
        with pytest.raises(ValueError, match=r"\['a', 'b'\], but \['sales'\] were fitted"):
            fitted.predict_rolling(PAIR)
        with pytest.raises(ValueError, match=r"y is a panel .*, but a single series was fitted"):
            fitted.predict_rolling(panel_of([48, 30]))
        forecaster = make().fit(Y, X=EXOGENOUS[:N_STEPS], fh=FH)
        with pytest.raises(ValueError, match=r"X has none, but the columns \['u', 'v'\]"):
            forecaster.predict_rolling(Y)
