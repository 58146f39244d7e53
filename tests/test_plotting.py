"""Displays: what they compute, what they draw, and what they refuse."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn.plotting import ForecastDisplay, TrainingCurveDisplay

plt = pytest.importorskip("matplotlib.pyplot")

HISTORY = {
    "loss": [4.0, 2.0, 1.0, 0.5],
    "val_loss": [5.0, 3.0, 3.5, 3.0],
    "learning_rate": [0.1, 0.1, 0.1, 0.1],
    "seconds": [9.0, 1.0, 1.0, 1.0],
}
TRUTH = [1.0, 2.0, 3.0]


class RecurrentStub(BaseEstimator):
    """Predict the mean and record a history, without a network."""

    def __init__(self, units=1):
        self.units = units

    def fit(self, X, y):
        """Store a history whose losses depend on the number of units."""
        self.history_ = {"loss": [float(self.units), 0.5]}
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        """Return the mean for each row."""
        return np.full(len(X), self.mean_)

    def score(self, X, y):
        """Prefer few units."""
        return -self.units


@pytest.fixture(autouse=True)
def agg():
    """Draw off screen and leave no figure behind."""
    plt.switch_backend("Agg")
    yield
    plt.close("all")


@pytest.fixture
def data():
    """Return a small regression problem."""
    X = np.arange(12.0).reshape(12, 1)
    return X, 2 * X[:, 0] + 1


def test_history_draws_losses_only():
    display = TrainingCurveDisplay.from_history(HISTORY)
    assert list(display.lines_) == ["loss", "val_loss"]
    for key, line in display.lines_.items():
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4])
        np.testing.assert_array_equal(line.get_ydata(), HISTORY[key])
    assert display.ax_.get_xlabel() == "Epoch"
    assert display.ax_.get_ylabel() == "Loss"
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["training loss", "validation loss", "best epoch (2)"]


def test_best_epoch_is_first_minimum_of_validation_loss():
    display = TrainingCurveDisplay.from_history(HISTORY)
    assert display.best_epoch == 2
    assert set(display.best_epoch_line_.get_xdata()) == {2}
    assert display.best_epoch_line_.get_linestyle() == ":"


@pytest.mark.parametrize("val_loss", [None, [np.nan, np.nan]])
def test_no_best_epoch_without_validation(val_loss):
    columns = {} if val_loss is None else {"val_loss": val_loss}
    display = TrainingCurveDisplay.from_history({"loss": [2.0, 1.0], **columns})
    assert display.best_epoch is None
    assert display.best_epoch_line_ is None


def test_best_epoch_skips_nan():
    display = TrainingCurveDisplay.from_history({"loss": TRUTH, "val_loss": [np.nan, 2.0, 1.0]})
    assert display.best_epoch == 3


def test_training_options_and_overlay_on_given_axes():
    figure, ax = plt.subplots()
    first = TrainingCurveDisplay.from_history(HISTORY, ax=ax, name="GRU", log_scale=True)
    second = first.plot(ax, name="again", line_kw={"linestyle": "--"})
    assert first is second
    assert (first.ax_, first.figure_) == (ax, figure)
    assert plt.get_fignums() == [figure.number]
    assert ax.get_yscale() == "log"
    labels = [line.get_label() for line in ax.get_lines()]
    assert labels[0] == "GRU training loss"
    assert labels[3] == "again training loss"
    assert first.lines_["loss"].get_linestyle() == "--"


@pytest.mark.parametrize(
    "wrap",
    [
        lambda stub: stub,
        lambda stub: make_pipeline(StandardScaler(), stub),
        lambda stub: GridSearchCV(stub, {"units": [1, 3]}, cv=2),
        lambda stub: make_pipeline(GridSearchCV(make_pipeline(stub), {}, cv=2)),
        lambda stub: TransformedTargetRegressor(stub, transformer=StandardScaler()),
    ],
    ids=["bare", "pipeline", "search", "nested", "target"],
)
def test_training_curves_of_wrapped_estimator(wrap, data):
    display = TrainingCurveDisplay.from_estimator(wrap(RecurrentStub()).fit(*data))
    np.testing.assert_array_equal(display.lines_["loss"].get_ydata(), [1.0, 0.5])
    assert display.estimator_name == "RecurrentStub"


def test_estimator_must_be_fitted_and_keep_a_history(data):
    with pytest.raises(NotFittedError):
        TrainingCurveDisplay.from_estimator(RecurrentStub())
    with pytest.raises(NotFittedError):
        ForecastDisplay.from_estimator(Ridge(), *data)
    with pytest.raises(TypeError, match="Ridge has no attribute `history_`"):
        TrainingCurveDisplay.from_estimator(make_pipeline(Ridge()).fit(*data))


@pytest.mark.parametrize(
    ("history", "options", "error", "message"),
    [
        ([1.0, 2.0], {}, TypeError, "`history` must map column names"),
        ({"seconds": [1.0]}, {}, ValueError, 'needs a column "loss"'),
        ({"loss": []}, {}, ValueError, "at least one value"),
        ({"loss": [1.0], "val_loss": [1.0, 2.0]}, {}, ValueError, "has 2 values but"),
        ({"loss": [1.0, 0.0]}, {"log_scale": True}, ValueError, "log_scale=False"),
    ],
)
def test_bad_history(history, options, error, message):
    with pytest.raises(error, match=message):
        TrainingCurveDisplay.from_history(history, **options)
    assert plt.get_fignums() == []


def test_forecast_lines_and_labels():
    y_pred = {"LSTM": [1.1, 2.1, 3.1], "naive": np.zeros((3, 1))}
    display = ForecastDisplay.from_predictions(TRUTH, y_pred, target_name="load")
    np.testing.assert_array_equal(display.truth_line_.get_xdata(), [0, 1, 2])
    np.testing.assert_array_equal(display.truth_line_.get_ydata(), TRUTH)
    np.testing.assert_array_equal(display.lines_["LSTM"].get_ydata(), [1.1, 2.1, 3.1])
    np.testing.assert_array_equal(display.lines_["naive"].get_ydata(), [0, 0, 0])
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("Time", "load")
    assert display.history_line_ is None
    assert display.bands_ == {}


def test_forecast_on_given_axes_keeps_inputs():
    figure, ax = plt.subplots()
    truth, y_pred = np.array(TRUTH), np.array(TRUTH) + 1
    display = ForecastDisplay.from_predictions(
        truth, y_pred, ax=ax, name="GRU", line_kw={"c": "red"}
    )
    truth[:] = y_pred[:] = -1
    np.testing.assert_array_equal(display.y_true, TRUTH)
    np.testing.assert_array_equal(display.forecasts["GRU"], [2, 3, 4])
    assert display.lines_["GRU"].get_color() == "red"
    assert (display.ax_, plt.get_fignums()) == (ax, [figure.number])


def test_missing_truth_is_a_gap():
    display = ForecastDisplay.from_predictions([1.0, np.nan, 3.0], TRUTH)
    np.testing.assert_array_equal(display.truth_line_.get_ydata(), [1.0, np.nan, 3.0])


def test_bands_follow_their_forecast():
    y_pred = {"a": TRUTH, "b": TRUTH}
    bounds = ([0.0, 1.0, 2.0], [2.0, 3.0, 4.0])
    display = ForecastDisplay.from_predictions(TRUTH, y_pred, interval={"b": bounds})
    assert list(display.bands_) == ["b"]
    heights = display.bands_["b"].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (0.0, 4.0)
    single = ForecastDisplay.from_predictions(TRUTH, TRUTH, interval=bounds)
    assert list(single.bands_) == ["forecast"]


@pytest.mark.parametrize(
    ("index", "expected"),
    [(None, [-2, -1]), ([10, 11, 12], [8, 9]), ([2000, 2002, 2004], [1996, 1998])],
)
def test_plain_history_stands_right_before(index, expected):
    display = ForecastDisplay.from_predictions(TRUTH, TRUTH, index=index, history=[5.0, 6.0])
    np.testing.assert_array_equal(display.history_line_.get_xdata(), expected)
    np.testing.assert_array_equal(display.history_line_.get_ydata(), [5.0, 6.0])


def test_constructor_alone_draws():
    display = ForecastDisplay(y_true=TRUTH, forecasts={"a": TRUTH}, history=[0.0]).plot()
    np.testing.assert_array_equal(display.history_line_.get_xdata(), [-1])
    assert display.ax_.get_ylabel() == "Target"


@pytest.mark.parametrize("kind", ["period", "datetime", "zoned", "integer"])
def test_pandas_index_is_used(kind):
    times = pd.date_range("2024-01-01", periods=5, freq="MS")
    index = {
        "period": times.to_period("M"),
        "datetime": times,
        "zoned": times.tz_localize("Europe/Madrid"),
        "integer": pd.RangeIndex(7, 12),
    }[kind]
    series = pd.Series(np.arange(5.0), index=index, name="sales")
    display = ForecastDisplay.from_predictions(series[2:], series[2:], history=series[:2])
    drawn = [*display.history_line_.get_xdata(), *display.truth_line_.get_xdata()]
    expected = times if kind == "period" else index
    assert [pd.Timestamp(t) if kind != "integer" else t for t in drawn] == list(expected)
    assert display.ax_.get_ylabel() == "sales"
    display.figure_.canvas.draw()


def test_index_argument_wins_over_pandas():
    truth = pd.Series(TRUTH, index=pd.date_range("2024", periods=3))
    display = ForecastDisplay.from_predictions(truth, TRUTH, index=[4, 5, 6])
    np.testing.assert_array_equal(display.truth_line_.get_xdata(), [4, 5, 6])


@pytest.mark.parametrize(
    ("y_true", "y_pred", "options", "message"),
    [
        (np.ones((3, 2)), TRUTH, {}, "`y_true`.*one output column"),
        (TRUTH, np.ones((3, 2)), {}, "y_pred.*one output column"),
        (TRUTH, [1.0, 2.0], {}, "has 2 values but `y_true` has 3"),
        (TRUTH, {"a": [1.0, np.nan, 3.0]}, {}, r"y_pred\['a'\]` has NaN.*Drop"),
        (TRUTH, ["a", "b", "c"], {}, "must hold numbers"),
        (TRUTH, {}, {}, "at least one forecast"),
        (TRUTH, {"a": TRUTH}, {"name": "b"}, "no `name` beside it"),
        (TRUTH, TRUTH, {"index": [1, 2]}, "`index` has 2 values"),
        (TRUTH, TRUTH, {"interval": 3.0}, r"pair of vectors: \(lower, upper\)"),
        (TRUTH, TRUTH, {"interval": ([2.0] * 3, [1.0] * 3)}, "lower bounds above"),
        (TRUTH, TRUTH, {"interval": {"b": (TRUTH, TRUTH)}}, "keys among"),
        (TRUTH, {"a": TRUTH, "b": TRUTH}, {"interval": (TRUTH, TRUTH)}, "keys among"),
        (TRUTH, TRUTH, {"index": list("abc"), "history": [0.0]}, "`history` has no index"),
    ],
)
def test_bad_predictions(y_true, y_pred, options, message):
    with pytest.raises(ValueError, match=message):
        ForecastDisplay.from_predictions(y_true, y_pred, **options)
    assert plt.get_fignums() == []


def test_bad_pandas_indexes():
    dated = pd.Series(TRUTH, index=pd.date_range("2024", periods=3))
    with pytest.raises(ValueError, match="different pandas indexes"):
        ForecastDisplay.from_predictions(dated, pd.Series(TRUTH))
    with pytest.raises(ValueError, match="has 2 values but"):
        ForecastDisplay.from_predictions(dated, dated[:2])
    for history in (dated, pd.Series([0.0])):  # overlapping, and of another kind
        with pytest.raises(ValueError, match="`history` must end before"):
            ForecastDisplay.from_predictions(dated, TRUTH, history=history)
    panel = pd.Series(TRUTH, index=pd.MultiIndex.from_product([["a"], [1, 2, 3]]))
    with pytest.raises(ValueError, match="Select one series"):
        ForecastDisplay.from_predictions(panel, TRUTH)


def test_forecast_from_estimator(data):
    X, y = data
    model = make_pipeline(StandardScaler(), Ridge()).fit(X, y)
    display = ForecastDisplay.from_estimator(model, X[:3], y[:3], history=[0.0])
    np.testing.assert_array_equal(display.lines_["Ridge"].get_ydata(), model.predict(X[:3]))
    assert list(ForecastDisplay.from_estimator(model, X, y, name="mine").lines_) == ["mine"]


def test_missing_matplotlib_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r'pip install "skrnn\[plot\]"'):
        TrainingCurveDisplay.from_history(HISTORY)


def test_import_leaves_matplotlib_alone():
    code = "import sys, skrnn.plotting; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
