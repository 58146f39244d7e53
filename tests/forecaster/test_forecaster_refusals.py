"""What the forecaster refuses, and that a refusal leaves it as it was."""

import re

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import (
    ALL,
    EXOGENOUS,
    FH,
    LATER,
    MONTHS,
    N_STEPS,
    PAIR,
    Y,
    announced_by_sktime,
    make,
    panel_of,
    wave,
)
from pandas.testing import assert_series_equal
from sktime.exceptions import NotFittedError

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
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
    # name: (error, message, parameters, y, fh)
    "short": (
        ValueError,
        "window=6 and 3 steps ahead need series of 9 steps.*has 8.*Use a smaller window or fh",
        {},
        Y[:8],
        FH,
    ),
    "short-default": (
        ValueError,
        "3 steps ahead need at least 4.*Pass longer series or a smaller fh",
        {"window": None},
        Y[:3],
        FH,
    ),
    "short-for-calibration": (
        ValueError,
        "too few are left to learn from.*set calibrate=False",
        {"calibrate": True, "window": None},
        Y[:9],
        [5],
    ),
    "nan-for-calibration": (
        ValueError,
        "calibrate=True compares.*NaN.*set calibrate=False",
        {"calibrate": True},
        Y.where(np.arange(len(Y)) < 0.75 * len(Y)),
        FH,
    ),
    "irregular": (
        ValueError,
        "hole: 2000-07 is followed by 2000-09.*rows of NaN",
        {},
        Y.drop(Y.index[7]),
        FH,
    ),
    "irregular-dates": (
        ValueError,
        "dates of no regular frequency",
        {},
        pd.Series(
            wave(20),
            pd.DatetimeIndex(
                pd.Timestamp("2020") + pd.to_timedelta(np.cumsum(np.arange(1, 21) ** 2), "D")
            ),
        ),
        FH,
    ),
    "duplicated": (
        ValueError,
        "y has 2001-08 twice. Keep one row for each time",
        {},
        pd.concat([Y[:20], Y[19:]]),
        FH,
    ),
    "unsorted": (
        ValueError,
        r"not sorted by time: .* Sort it: y = y.sort_index",
        {},
        unsorted(Y),
        FH,
    ),
    "panel-with-a-hole": (
        ValueError,
        r"'s1' has a hole: 2002-06 is followed by 2002-08.*rows of NaN: .* in y.groupby\(level=0\)",
        {},
        panel_of([48, 30]).drop(("s1", MONTHS[30])),
        FH,
    ),
    "text-index": (
        ValueError,
        "times of y are of type str: 't00' is the first. Use dates, periods or integers",
        {},
        pd.Series(wave(20), [f"t{n:02d}" for n in range(20)]),
        FH,
    ),
    "all-nan": (ValueError, "no value at all in column 'sales'.*Leave it out", {}, Y * np.nan, FH),
    "all-nan-column": (
        ValueError,
        "no value at all in column 'b'.*Leave it out",
        {},
        PAIR.assign(b=np.nan),
        FH,
    ),
    "infinite": (
        ValueError,
        r"y is infinite at .*2000-08.* \(row 7\), column 'sales'. Put NaN or a number there",
        {},
        Y.where(Y.index != MONTHS[7], np.inf),
        FH,
    ),
    **{
        f"large-{size:g}": (
            ValueError,
            r"y is mostly beyond 1e\+100 in column 'sales', too large.*Rescale y",
            {},
            Y * size,
            FH,
        )
        for size in (1e101, -1e300, 1e305)
    },
    "text": (
        TypeError,
        "y has a column 0 of type .*: no numbers, but texts, objects or a categorical type",
        {},
        pd.Series("a" * N_STEPS, MONTHS),
        FH,
    ),
    "series-in-some-cells": (
        TypeError,
        "y has a column 'a' of type object: no numbers",
        {},
        pd.DataFrame({"a": [wave(3), 1.0]}),
        FH,
    ),
    **{
        f"list-of-{name}": (ValueError, message, {}, [Y.to_frame(), frame], FH)
        for name, frame, message in [
            ("no-rows", pd.DataFrame(), r"y\[1\] is empty: it has no rows"),
            ("no-columns", pd.DataFrame(index=MONTHS), r"y\[1\] is a frame without columns"),
            ("unsorted", unsorted(Y.to_frame()), r"y\[1\] is not sorted by time"),
        ]
    },
    "empty": (ValueError, "y is empty: it has no rows", {}, Y[:0], FH),
    "fh-missing": (ValueError, "`fh` must be passed to `fit`", {}, Y, None),
    "calendar-integers": (
        ValueError,
        "calendar=True needs an index of dates or periods.*has integers.*Set calendar=False",
        {"calendar": True},
        Y.reset_index(drop=True),
        FH,
    ),
}
OUT_OF_RANGE = [
    # parameter, value, part of what is accepted
    ("window", 0, "[1, 2147483647] or None"),
    ("window", 2.5, "an int"),
    ("cell", "rnn", "'peephole'"),
    ("units", 0, "[1, 2147483647]"),
    ("units", "many", "a list, a tuple or an array"),
    ("baselines", np.array("ridge"), "an array of one dimension"),
    ("bounds", {0, 9}, "an array of one dimension"),
    ("past_covariates", np.zeros((2, 2)), "an array of one dimension"),
    ("decoder", "greedy", "'autoregressive'"),
    ("segment_length", 0, "[1, 2147483647] or None"),
    ("sp", -1, "[0, 2147483647], a list, a tuple or an array of one dimension or None"),
    ("scaler", "minmax", "'level'"),
    ("multivariate", "both", "'independent'"),
    ("calendar", "yes", "'bool'"),
    ("teacher_forcing", 2, "[0.0, 1.0]"),
    ("dropout", 1.0, "[0.0, 1.0)"),
    ("n_members", 0, "[1, 2147483647]"),
    ("epochs", 0, "[1, 2147483647] or None"),
    ("steps_per_epoch", 0, "[1, 2147483647] or None"),
    ("finetune_epochs", -1, "[0, 2147483647]"),
    ("batch_size", 0, "[1, 2147483647]"),
    ("learning_rate", -1.0, "(0.0, inf) or None"),
    ("clipnorm", 0.0, "(0.0, inf) or None"),
    ("n_jobs", "two", "[-2147483647, -1], an int in the range [1, 2147483647] or None"),
    ("random_state", "seed", "RandomState"),
]
BAD_PARAMS = {
    # name: (message, parameters)
    "sp-long": (
        "sp=7 reaches back before the window of 6 steps.*Use a longer window",
        {"sp": 7},
    ),
    "quantiles-one": (
        "quantiles must lie between 0 and 1, but 1.0 is not",
        {"quantiles": (0.1, 1.0)},
    ),
    "quantiles-none": (
        "quantiles must lie between 0 and 1, but there is none",
        {"quantiles": ()},
    ),
    "loss-with-quantiles": (
        "loss='mae' cannot go with quantiles.*Leave loss=None, or set quantiles=None",
        {"loss": "mae"},
    ),
    "loss-unknown": (
        "loss='least' is not known. Choose one of .*'mae'",
        {"quantiles": None, "loss": "least"},
    ),
    "calibrate-without-quantiles": (
        "calibrate=True needs quantiles.*Set quantiles too",
        {"quantiles": None, "calibrate": True},
    ),
    "optimizer": ("optimizer='best' is not known. Choose one of .*'adam'", {"optimizer": "best"}),
    "bidirectional": (
        "bidirectional has 2 entries but units has 1.*one per layer",
        {"bidirectional": (True, False)},
    ),
    **{
        f"{name}-{number}": (f"{name}(' parameter.* must be|=.* is no list of names)", {name: odd})
        for name in ("past_covariates", "static_covariates")
        for number, odd in enumerate([np.array(2), np.array("u"), "u", 5, {"u"}, {"u": 1}])
    },
    "layer_params": (
        r"layer_params\['colour'\] is not an argument.*Choose from .*'use_bias'",
        {"layer_params": {"colour": 1}},
    ),
}
LATER_X = {
    "none": (None, "was fitted with X.*Pass X="),
    "no rows": (EXOGENOUS[:N_STEPS], "no row for 2004-01.*Pass X at all times of fh"),
    "a hole": (EXOGENOUS.drop(LATER[1]), "no row for 2004-02"),
    "too short": (EXOGENOUS[: N_STEPS + 2], "no row for 2004-03"),
    "other columns": (
        EXOGENOUS.rename(columns={"u": "w"}),
        r"X has the columns \['w', 'v'\], but the columns \['u', 'v'\] were fitted",
    ),
    "a column less": (
        EXOGENOUS[["u"]],
        r"X has the columns \['u'\], but the columns \['u', 'v'\] were fitted",
    ),
    "another index": (EXOGENOUS.set_axis(range(len(ALL))), "no row for 2004-01"),
    "a large value": (
        EXOGENOUS.assign(u=EXOGENOUS["u"].mask(EXOGENOUS.index == LATER[1], 1e300)),
        r"X is beyond 1e\+100 at 2004-02, column 'u'. Put NaN",
    ),
    "a row twice": (
        EXOGENOUS.iloc[[*range(N_STEPS + 1), *range(N_STEPS, len(ALL))]],
        r"X has 2004-01 twice.*X = X\[~X.index.duplicated\(\)\]",
    ),
}


def check_refusal(forecaster, error, message, *args, **kwargs):
    with pytest.raises(error, match=message):
        forecaster.fit(*args, **kwargs)
    assert not forecaster.is_fitted
    assert not [name for name in vars(forecaster) if name.endswith("_") and name[0] != "_"]
    with pytest.raises(NotFittedError, match="has not been fitted yet"):
        forecaster.predict()


class TestBadInput:
    """Clear errors, and nothing half-fitted."""

    @pytest.mark.parametrize("name", BAD_DATA)
    def test_data(self, name):
        error, message, params, y, fh = BAD_DATA[name]
        check_refusal(make(**params), error, message, y, fh=fh)

    def test_an_earlier_fit_stays(self):
        forecaster = make().fit(Y, fh=FH)
        before, attributes = forecaster.predict(), dict(vars(forecaster))
        for y, message in ((Y[:6], "window=6"), (unsorted(Y), "not sorted"), (Y[:0], "is empty")):
            with pytest.raises(ValueError, match=message):
                forecaster.fit(y, fh=[1])
            assert vars(forecaster) == attributes
        assert_series_equal(forecaster.predict(), before)

    @pytest.mark.parametrize(("name", "value", "accepted"), OUT_OF_RANGE)
    def test_parameters_out_of_range(self, name, value, accepted):
        start, end = (
            f"'{name}' parameter of Seq2SeqForecaster",
            f"Got {re.escape(repr(value))} instead",
        )
        message = f"{start} must be .*{re.escape(accepted)}.*{end}"
        check_refusal(make(**{name: value}), ValueError, message, Y, fh=FH)

    @pytest.mark.parametrize(("message", "params"), BAD_PARAMS.values(), ids=BAD_PARAMS)
    def test_parameters(self, message, params):
        check_refusal(make(**params), ValueError, message, Y, fh=FH)

    @pytest.mark.parametrize(
        "X",
        [EXOGENOUS[:40], EXOGENOUS[N_STEPS:], EXOGENOUS.set_axis(range(len(ALL)))],
        ids=["too short", "later", "another index"],
    )
    def test_X_has_all_rows_of_y(self, X):
        check_refusal(make(), ValueError, "X has no row for .* of the 48 rows of y", Y, X=X, fh=FH)

    @pytest.mark.parametrize("container", [panel_of, lambda _: Y], ids=["panel", "one"])
    def test_a_time_that_stands_twice(self, container):
        y = container([48, 30])
        again = y.iloc[[*range(20), 19, *range(20, len(y))]]
        X = pd.DataFrame({"u": np.arange(float(len(again)))}, again.index)
        check_refusal(make(), ValueError, "y has 2001-08 twice. Keep one", again, fh=FH)
        check_refusal(make(), ValueError, "X has 2001-08 twice. Keep one", y, X=X, fh=FH)
        forecaster = make().fit(y, fh=FH)
        for method in ("update", "predict_residuals", "predict_rolling"):
            with pytest.raises(ValueError, match=r"y has 2001-08 twice. Keep one"):
                getattr(forecaster, method)(again)

    def test_X_of_several_series_beside_one(self):
        X = pd.concat({"a": EXOGENOUS, "b": EXOGENOUS}, names=["shop"])
        message = "X has an index of 2 levels, but y of 1"
        check_refusal(make(), ValueError, message, Y, X=X, fh=FH)
        forecaster = make().fit(Y, X=EXOGENOUS[:N_STEPS], fh=FH)
        with pytest.raises(ValueError, match=message):
            forecaster.predict_rolling(Y, X=X)
        numbers = X.set_axis(pd.MultiIndex.from_arrays([["a"] * len(X), range(len(X))]))
        for wrong in (X, numbers):
            with pytest.raises(ValueError, match="X has no row for 2004-01"):
                forecaster.predict(X=wrong)

    @pytest.mark.parametrize("name", LATER_X)
    def test_X_of_the_steps_ahead(self, name):
        X, message = LATER_X[name]
        forecaster = make().fit(Y, X=EXOGENOUS[:N_STEPS], fh=FH)
        before = forecaster.predict(X=EXOGENOUS[N_STEPS:])
        with pytest.raises(ValueError, match=message):
            forecaster.predict(X=X)
        assert_series_equal(forecaster.predict(X=EXOGENOUS[N_STEPS:]), before)
