"""What the forecaster refuses, and that a refusal leaves it as it was."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import ALL, EXOGENOUS, FH, LATER, MONTHS, N_STEPS, PAIR, Y, make, panel_of, wave
from pandas.testing import assert_series_equal
from sktime.exceptions import NotFittedError

pytestmark = [
    keras_reads_variables,
    # sktime 1.2 announces another default to whoever makes a forecaster.
    pytest.mark.filterwarnings(
        "ignore:The default of config ``remember_data`` will change:FutureWarning"
    ),
    pytest.mark.usefixtures("quick_engine"),
]


class TestColumnsOfX:
    """Values that no mean can stand in for are refused."""

    @pytest.mark.parametrize(("value", "message"), [(np.nan, "all are NaN"), (np.inf, "infinite")])
    def test_are_refused(self, value, message):
        X = pd.DataFrame({"good": np.arange(len(Y)), "bad": value}, Y.index)
        forecaster = make()
        with pytest.raises(ValueError, match=f"'bad' of X .*{message}"):
            forecaster.fit(Y, X=X, fh=FH)
        assert not forecaster.is_fitted


def unsorted(y):
    return y.iloc[[1, 0, *range(2, len(y))]]


BAD_DATA = {
    # name: (message, parameters, y, fh)
    "short": ("window=6.*9 steps.*8", {}, Y[:8], FH),
    "short-default": (r"3 steps", {"window": None}, Y[:3], FH),
    "short-for-calibration": (r"calibrate", {"calibrate": True, "window": None}, Y[:9], [5]),
    "irregular": (r"regular|hole", {}, Y.drop(Y.index[7]), FH),
    "irregular-dates": (
        r"regular|hole|frequency",
        {},
        pd.Series(
            wave(20),
            pd.DatetimeIndex(
                pd.Timestamp("2020") + pd.to_timedelta(np.cumsum(np.arange(1, 21) ** 2), "D")
            ),
        ),
        FH,
    ),
    "duplicated": (r"duplicate|monoton|sorted", {}, pd.concat([Y[:20], Y[19:]]), FH),
    "unsorted": (r"sorted|monoton", {}, unsorted(Y), FH),
    "panel-with-a-hole": (r"hole", {}, panel_of([48, 30]).drop(("s1", MONTHS[30])), FH),
    "text-index": (None, {}, pd.Series(wave(20), [f"t{n:02d}" for n in range(20)]), FH),
    "all-nan": (r"no value|NaN|nan", {}, Y * np.nan, FH),
    "all-nan-column": (r"'b'.*NaN", {}, PAIR.assign(b=np.nan), FH),
    "infinite": (r"infinit", {}, Y.where(Y.index != MONTHS[7], np.inf), FH),
    "text": (None, {}, pd.Series(r"a" * N_STEPS, MONTHS), FH),
    "fh-past": (r"ahead|in-sample", {}, Y, [-1, 1]),
    "fh-zero": (r"ahead|in-sample", {}, Y, [0]),
    "fh-missing": (r"fh", {}, Y, None),
    "calendar-integers": (r"calendar=True", {"calendar": True}, Y.reset_index(drop=True), FH),
}
LATER_X = {
    "none": (None, "fitted with X"),
    "no rows": (EXOGENOUS[:N_STEPS], "no row for 2004-01"),
    "a hole": (EXOGENOUS.drop(LATER[1]), "no row for 2004-02"),
    "too short": (EXOGENOUS[: N_STEPS + 2], "no row for 2004-03"),
    "other columns": (EXOGENOUS.rename(columns={"u": "w"}), "columns"),
    "a column less": (EXOGENOUS[["u"]], "columns"),
    "another index": (EXOGENOUS.set_axis(range(len(ALL))), "index|row|integers"),
}


def check_refusal(forecaster, message, *args, **kwargs):
    with pytest.raises((TypeError, ValueError, NotImplementedError), match=message) as caught:
        forecaster.fit(*args, **kwargs)
    assert len(str(caught.value)) > 20
    assert not forecaster.is_fitted
    assert not [name for name in vars(forecaster) if name.endswith("_") and name[0] != "_"]
    with pytest.raises(NotFittedError):
        forecaster.predict()


class TestBadInput:
    """Clear errors, and nothing half-fitted."""

    @pytest.mark.parametrize("name", BAD_DATA)
    def test_data(self, name):
        message, params, y, fh = BAD_DATA[name]
        check_refusal(make(**params), message, y, fh=fh)

    def test_nothing_of_an_earlier_fit_is_left(self):
        forecaster = make().fit(Y, fh=FH)
        check_refusal(forecaster, "window=6", Y[:8], fh=FH)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("window", 0),
            ("window", 2.5),
            ("cell", "rnn"),
            ("units", 0),
            ("units", "many"),
            ("decoder", "greedy"),
            ("segment_length", 0),
            ("sp", -1),
            ("sp", 7),
            ("scaler", "minmax"),
            ("multivariate", "both"),
            ("calendar", "yes"),
            ("quantiles", (0.1, 1.0)),
            ("quantiles", ()),
            ("loss", "mae"),
            ("teacher_forcing", 2),
            ("dropout", 1.0),
            ("n_members", 0),
            ("epochs", 0),
            ("steps_per_epoch", 0),
            ("finetune_epochs", -1),
            ("batch_size", 0),
            ("learning_rate", -1.0),
            ("clipnorm", 0.0),
            ("n_jobs", "two"),
            ("optimizer", "best"),
            ("bidirectional", (True, False)),
            ("layer_params", {"colour": 1}),
            ("random_state", "seed"),
        ],
    )
    def test_parameters(self, name, value):
        check_refusal(make(**{name: value}), name, Y, fh=FH)

    def test_loss_is_one_of_keras(self):
        check_refusal(make(quantiles=None, loss="least"), "loss='least' is not known", Y, fh=FH)

    def test_calibration_needs_quantiles(self):
        check_refusal(make(quantiles=None, calibrate=True), "calibrate=True", Y, fh=FH)

    def test_X_has_all_rows_of_y(self):
        for X in (EXOGENOUS[:40], EXOGENOUS[N_STEPS:], EXOGENOUS.set_axis(range(len(ALL)))):
            check_refusal(make(), r"X\b|not contained in", Y, X=X, fh=FH)

    def test_X_holds_numbers(self):
        X = EXOGENOUS[:N_STEPS].assign(u="a")
        check_refusal(make(), None, Y, X=X, fh=FH)

    @pytest.mark.parametrize("name", LATER_X)
    def test_X_of_the_steps_ahead(self, name):
        X, message = LATER_X[name]
        forecaster = make().fit(Y, X=EXOGENOUS[:N_STEPS], fh=FH)
        before = forecaster.predict(X=EXOGENOUS[N_STEPS:])
        with pytest.raises((TypeError, ValueError), match=message):
            forecaster.predict(X=X)
        assert_series_equal(forecaster.predict(X=EXOGENOUS[N_STEPS:]), before)
