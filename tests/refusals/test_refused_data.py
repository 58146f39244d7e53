"""Data that is refused, in which words, and that a refusal leaves the estimator as it was.

Every message names what is wrong.
"""

import numpy as np
import pandas as pd
import pytest
from _checks import Untouched
from _engine import keras_reads_variables
from _refusals import X, check_refusal, make, y
from numpy.testing import assert_array_equal
from scipy.sparse import csr_array
from sklearn.exceptions import NotFittedError

pytestmark = keras_reads_variables


X3 = X[:, :, None]
PAIR = np.stack([X, X[::-1]], axis=2)


def put(array, index, value):
    """Return a copy with one entry changed."""
    copy = array.copy()
    copy[index] = value
    return copy


BAD_DATA = {
    # name: (error, parts of the message, X, y, further arguments of fit)
    "X-0d": (ValueError, ["Expected 2D array", "Reshape your data"], 3.0, y, {}),
    "X-1d": (ValueError, ["X is one-dimensional", "make_windows", "Reshape"], X[:, 0], y, {}),
    "X-1d-list": (ValueError, ["X is one-dimensional", "Reshape"], list(X[:, 0]), y, {}),
    "X-nested": (
        ValueError,
        ["X has series in its cells", "skrnn.to_sequences(X)"],
        pd.DataFrame({"a": [pd.Series(row) for row in X]}),
        y,
        {},
    ),
    "X-4d": (ValueError, ["X must be 2-D", "3-D", "4 dimensions", "reshape"], X3[..., None], y, {}),
    "X-sparse": (TypeError, ["X", "dense", "toarray"], csr_array(X), y, {}),
    "X-text": (ValueError, ["convert string to float"], np.full((40, 6), "a"), y, {}),
    "X-empty-2d": (ValueError, ["0 sample(s)", "minimum of 2"], X[:0], y[:0], {}),
    "X-empty-3d": (ValueError, ["0 sample(s)", "minimum of 2"], X3[:0], y[:0], {}),
    "X-one-row": (ValueError, ["1 sample", "minimum of 2"], X[:1], y[:1], {}),
    "X-no-columns": (ValueError, ["0 feature(s)", "minimum of 1"], X[:, :0], y, {}),
    "X-no-steps": (ValueError, ["X", "0 time steps"], X3[:, :0], y, {}),
    "X-no-features": (ValueError, ["X", "0 features"], X3[:, :, :0], y, {}),
    "X-infinite-2d": (ValueError, ["X", "infinity"], put(X, (3, 1), np.inf), y, {}),
    "X-infinite-3d": (ValueError, ["X", "infinity"], put(X3, (3, 1), -np.inf), y, {}),
    "X-partly-nan": (
        ValueError,
        ["X row 7, step 2", "Impute", "mask"],
        put(PAIR, (7, 2, 1), np.nan),
        y,
        {},
    ),
    "X-all-masked-2d": (ValueError, ["X row 9", "Drop"], put(X, 9, np.nan), y, {}),
    "X-all-masked-3d": (
        ValueError,
        ["X row 9", "2 such", "Drop"],
        put(PAIR, [9, 30], np.nan),
        y,
        {},
    ),
    "rows-differ": (ValueError, ["inconsistent numbers of samples", "40", "39"], X, y[:-1], {}),
    "y-missing": (ValueError, ["requires y to be passed", "y is None"], X, None, {}),
    "y-nan": (ValueError, ["y contains NaN"], X, put(y, 5, np.nan), {}),
    "y-infinite": (ValueError, ["y contains infinity"], X, put(y, 5, np.inf), {}),
    "y-3d": (
        ValueError,
        ["y has shape (40, 2, 2)", "one or two dimensions", "Reshape", "return_sequences=True"],
        X,
        np.zeros((40, 2, 2)),
        {},
    ),
    "y-no-columns": (
        ValueError,
        ["y has shape (40, 0)", "one column for each output"],
        X,
        np.zeros((40, 0)),
        {},
    ),
    "y-text": (ValueError, ["y holds texts", "'a'", "Classifier"], X, np.array(["a"] * 40), {}),
    "y-text-or-none": (
        ValueError,
        ["y holds texts", "'b'", "Classifier"],
        X,
        np.array([None, "b"] * 20, dtype=object),
        {},
    ),
    "y-nan-row": (ValueError, ["y contains NaN", "row 7 of y", "drop"], X, put(y, 7, np.nan), {}),
    "y-infinite-row": (ValueError, ["infinity", "row 5 of y"], X, put(y, 5, -np.inf), {}),
    **{
        f"keras-{name}": (TypeError, [f"{name} is an argument of Keras", words], X, y, {name: 1})
        for name, words in {
            "validation_data": "X_val",
            "validation_split": "validation_fraction",
            "epochs": "parameter epochs",
            "callbacks": "parameter callbacks",
        }.items()
    },
    "weight-zero": (ValueError, ["ample weight", "non-zero"], X, y, {"sample_weight": 0.0 * y}),
    "weight-negative": (ValueError, ["sample_weight", "egative"], X, y, {"sample_weight": -abs(y)}),
    "weight-nan": (ValueError, ["sample_weight", "NaN"], X, y, {"sample_weight": y * np.nan}),
    "weight-short": (
        ValueError,
        ["sample_weight", "39", "40"],
        X,
        y,
        {"sample_weight": abs(y[1:])},
    ),
    "weight-2d": (ValueError, ["ample weight", "1D"], X, y, {"sample_weight": np.ones((40, 1))}),
    "X_val-alone": (ValueError, ["X_val", "without y_val", "both"], X, y, {"X_val": X}),
    "y_val-alone": (ValueError, ["y_val", "without X_val", "both"], X, y, {"y_val": y}),
    "X_val-empty": (ValueError, ["0 sample(s)"], X, y, {"X_val": X[:0], "y_val": y[:0]}),
    "X_val-rows": (ValueError, ["X_val", "40", "y_val", "39"], X, y, {"X_val": X, "y_val": y[1:]}),
    "X_val-steps-2d": (ValueError, ["X_val", "5", "6"], X, y, {"X_val": X[:, 1:], "y_val": y}),
    "X_val-steps-3d": (
        ValueError,
        ["X_val has 5 time steps", "6 steps", "pad"],
        X3,
        y,
        {"X_val": X3[:, 1:], "y_val": y},
    ),
    "X_val-features": (
        ValueError,
        ["X_val", "2 features", "same features"],
        X3,
        y,
        {"X_val": PAIR, "y_val": y},
    ),
    "X_val-masked": (
        ValueError,
        ["X_val row 4", "Drop"],
        X,
        y,
        {"X_val": put(X, 4, np.nan), "y_val": y},
    ),
    "X_val-infinite": (
        ValueError,
        ["X_val", "infinity"],
        X3,
        y,
        {"X_val": put(X3, (4, 0), np.inf), "y_val": y},
    ),
    "y_val-nan": (ValueError, ["y_val", "NaN"], X, y, {"X_val": X, "y_val": put(y, 1, np.nan)}),
    "y_val-outputs": (
        ValueError,
        ["y_val has 2 outputs", "1"],
        X,
        y,
        {"X_val": X, "y_val": np.stack([y, y], axis=1)},
    ),
}


@pytest.mark.parametrize(
    ("error", "parts", "X", "y", "kwargs"), BAD_DATA.values(), ids=list(BAD_DATA)
)
def test_data(regressor, error, parts, X, y, kwargs):
    check_refusal(regressor, error, parts, X, y, {}, kwargs)


@pytest.mark.parametrize("name", ["input_scaler", "target_scaler"])
def test_values_too_large_for_the_network(regressor, name):
    large = X * 1e200 if name == "input_scaler" else X
    targets = y * 1e200 if name == "target_scaler" else y
    parts = [{"input_scaler": "X row 0", "target_scaler": "y row 0"}[name], name, "rescale"]
    check_refusal(regressor, ValueError, parts, large, targets, {name: None}, {})


@pytest.mark.parametrize("scaler", ["standard", "minmax", "robust", "window"])
def test_weights_that_leave_nothing_to_train_on(regressor, scaler):
    # Only rows of the validation tail count.
    weight = np.zeros(40)
    weight[-2:] = 1.0
    params = {"early_stopping": True, "input_scaler": scaler, "target_scaler": scaler}
    parts = ["sample_weight", "train on"]
    check_refusal(regressor, ValueError, parts, X, y, params, {"sample_weight": weight})


def test_weights_that_leave_nothing_to_validate_on(regressor):
    weight = np.ones(40)
    weight[-4:] = 0.0
    parts = ["sample_weight", "validate on", "positive weight"]
    kwargs = {"sample_weight": weight}
    check_refusal(regressor, ValueError, parts, X, y, {"early_stopping": True}, kwargs)


class TestPredict:
    @pytest.mark.parametrize("method", ["predict", "score"])
    def test_before_fit(self, method):
        regressor = make()
        arguments = (X, y) if method == "score" else (X,)
        with Untouched(regressor), pytest.raises(NotFittedError, match="is not fitted yet"):
            getattr(regressor, method)(*arguments)

    @pytest.mark.parametrize(
        ("fit_on", "bad", "parts"),
        [
            (X, X[:, 1:], ["5 features", "6 features"]),
            (X, np.hstack([X, X]), ["12 features", "6 features"]),
            (X, X3[:, 1:], ["5 time steps of 1", "6 steps of 1", "pad"]),
            (X3, X3[:, 1:], ["5 time steps of 1", "6 steps of 1", "pad"]),
            (X3, PAIR, ["2 features", "same features"]),
            (X, X[0], ["X is one-dimensional", "Reshape your data"]),
            (X, X[:, :4], ["X has 4 features", "6 time steps of 1 features", "same steps"]),
            (X3, X[:, :4], ["X has 4 features", "6 time steps of 1 features", "same steps"]),
            (X, X3[..., None], ["X must be 2-D", "4 dimensions"]),
            (X, put(X, (2, 0), np.inf), ["X contains infinity"]),
            (X, put(X, 2, np.nan), ["X row 2", "Drop"]),
            (X, X[:0], ["0 sample(s)"]),
            (X3, X3[:0], ["0 sample(s)"]),
        ],
        ids=[
            "short-2d",
            "long-2d",
            "short-3d-after-2d",
            "short-3d",
            "features",
            "1d",
            "columns",
            "columns-after-3d",
            "4d",
            "infinite",
            "masked",
            "empty-2d",
            "empty-3d",
        ],
    )
    def test_data(self, fit_on, bad, parts):
        regressor = make().fit(fit_on, y)
        expected = regressor.predict(fit_on)
        with Untouched(regressor), pytest.raises(ValueError) as caught:  # noqa: PT011
            regressor.predict(bad)
        assert [part for part in parts if part not in str(caught.value)] == []
        assert_array_equal(regressor.predict(fit_on), expected)

    def test_a_partly_missing_step(self):
        regressor = make().fit(PAIR, y)
        with pytest.raises(ValueError, match=r"X row 1, step 3: .* Impute"):
            regressor.predict(put(PAIR, (1, 3, 0), np.nan))


class TestGoingOn:
    """Continued training refuses what it cannot go on with, and keeps what it has."""

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    @pytest.mark.parametrize(
        ("X", "y", "parts"),
        [
            (X3[:, 1:], y, ["5 time steps", "6 steps"]),
            (PAIR, y, ["2 features"]),
            (X, np.stack([y, y], axis=1), ["y has 2 outputs", "1 were expected"]),
            (X, put(y, 0, np.nan), ["y contains NaN"]),
        ],
        ids=["steps", "features", "outputs", "nan"],
    )
    def test_other_data(self, fitted_once, method, X, y, parts):
        regressor = make()
        vars(regressor).update(vars(fitted_once))
        check_refusal(regressor, ValueError, parts, X, y, {"warm_start": True}, {}, method)

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_another_network(self, fitted_once, method):
        regressor = make()
        vars(regressor).update(vars(fitted_once))
        params = {"warm_start": True, "units": 5}
        parts = ["warm_start", "units=(4,)", "units=(5,)"]
        check_refusal(regressor, ValueError, parts, X, y, params, {}, method)

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_another_cell(self, fitted_once, method):
        regressor = make()
        vars(regressor).update(vars(fitted_once))
        params = {"warm_start": True, "cell": "gru"}
        check_refusal(regressor, ValueError, ["cell='gru'"], X, y, params, {}, method)
