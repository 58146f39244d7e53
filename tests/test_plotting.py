"""Displays: what they compute, what they draw, and what they refuse."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import ConvLSTMRegressor, LSTMRegressor, Seq2SeqRegressor
from skrnn.engines._history import History
from skrnn.plotting import AttentionDisplay, ForecastDisplay, TrainingCurveDisplay

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


def test_metrics_are_drawn_when_asked_for():
    history = {**HISTORY, "recall": [0.1, 0.4, 0.3, 0.2], "val_recall": [0.0, 0.2, 0.3, 0.1]}
    display = TrainingCurveDisplay.from_history(history, metric="recall")
    assert list(display.lines_) == ["recall", "val_recall"]
    assert display.ax_.get_ylabel() == "Recall"
    assert display.best_epoch is None
    both = TrainingCurveDisplay.from_history(history, metric=["recall", "loss"])
    labels = [text.get_text() for text in both.ax_.get_legend().get_texts()]
    assert labels[:2] == ["training recall", "validation recall"]
    assert both.ax_.get_ylabel() == "Recall, Loss"


def test_the_epoch_that_early_stopping_chose_is_marked():
    history = History()
    for value in (0.3, 0.5, 0.4):
        history.append(loss=1.0, val_loss=value, recall=0.5)
    history.best_epoch = 2  # by another column than the loss
    for metric in ("loss", "recall"):
        assert TrainingCurveDisplay.from_history(history, metric=metric).best_epoch == 2


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
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        TrainingCurveDisplay.from_estimator(RecurrentStub())
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        ForecastDisplay.from_estimator(Ridge(), *data)
    with pytest.raises(TypeError, match="Ridge has no attribute `history_`"):
        TrainingCurveDisplay.from_estimator(make_pipeline(Ridge()).fit(*data))


@pytest.mark.parametrize(
    ("history", "options", "error", "message"),
    [
        ([1.0, 2.0], {}, TypeError, "`history` must map column names"),
        ({"seconds": [1.0]}, {}, ValueError, 'has no column "loss"'),
        (HISTORY, {"metric": ["loss", "recall"]}, ValueError, 'has no column "recall"'),
        (HISTORY, {"metric": []}, ValueError, "without any column"),
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


def test_members_are_drawn_behind_where_they_are_whole():
    members = pd.DataFrame({"naive": [1.0, 1.0], "short": [np.nan, 2.0], "ridge": [2.0, 3.0]})
    display = ForecastDisplay.from_predictions([1.0, 2.0], [1.5, 2.5], members=members)
    assert list(display.member_lines_) == ["naive", "ridge"]
    assert all(
        line.get_zorder() < display.lines_["forecast"].get_zorder()
        for line in display.member_lines_.values()
    )
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["observed", "members", "forecast"]
    with pytest.raises(ValueError, match="naive"):
        ForecastDisplay.from_predictions([1.0, 2.0], [1.5, 2.5], members={"naive": [1.0]})


def test_constructor_alone_draws():
    display = ForecastDisplay(y_true=TRUTH, forecasts={"a": TRUTH}, history=[0.0]).plot()
    np.testing.assert_array_equal(display.history_line_.get_xdata(), [-1])
    assert display.ax_.get_ylabel() == "Target"


@pytest.mark.parametrize("ends", [2.0, np.nan])
def test_the_truth_goes_on_from_the_history(ends):
    display = ForecastDisplay.from_predictions(TRUTH, TRUTH, history=[1.0, ends])
    xs, ys = display.truth_line_.get_data()
    if np.isfinite(ends):
        assert (xs[0], ys[0]) == (-1, 2.0)
        xs, ys = xs[1:], ys[1:]
    np.testing.assert_array_equal(xs, [0, 1, 2])
    np.testing.assert_array_equal(ys, TRUTH)
    np.testing.assert_array_equal(display.y_true, TRUTH)


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
    drawn = [*display.history_line_.get_xdata(), *display.truth_line_.get_xdata()[1:]]
    expected = times if kind == "period" else index
    assert display.truth_line_.get_xdata()[0] == display.history_line_.get_xdata()[-1]
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
        ([10**400] * 3, TRUTH, {}, "`y_true` must hold numbers.*too large"),
        (TRUTH, [10**400] * 3, {}, "must hold numbers.*too large"),
        (TRUTH, TRUTH, {"interval": (TRUTH, [10**400] * 3)}, "must hold numbers.*too large"),
        (TRUTH, TRUTH, {"members": {"a": [10**400] * 3}}, "must hold numbers.*too large"),
        (TRUTH, TRUTH, {"members": {"a": list("abc")}}, "must hold numbers"),
        (TRUTH, TRUTH, {"index": [[1], [2], [3]]}, "`index` has 2 dimensions"),
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


@pytest.mark.parametrize("index", [np.array("text"), np.array(2), {1: 2, 3: 4, 5: 6}])
def test_what_is_no_index(index):
    with pytest.raises((TypeError, ValueError), match="index"):
        ForecastDisplay.from_predictions(TRUTH, TRUTH, index=index)
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


# ---- Attention -----------------------------------------------------------------------------------

N_STEPS = 5
QUICK = {"units": 2, "attention": True, "epochs": 1, "random_state": 0}


class Halve(TransformerMixin, BaseEstimator):
    """Halve sequences, without learning anything."""

    def fit(self, X, y=None):
        """Do nothing."""
        return self

    def transform(self, X):
        """Return the halves."""
        return X / 2

    def __sklearn_is_fitted__(self):
        return True


@pytest.fixture(scope="module")
def sequences():
    """Return sequences of five steps and two features; the fourth has two masked steps."""
    X = np.random.default_rng(0).normal(size=(8, N_STEPS, 2))
    X[3, :2] = np.nan
    X.flags.writeable = False
    return X


@pytest.fixture(scope="module")
def one_query(sequences):
    """Return an estimator whose last step looks at the others."""
    return LSTMRegressor(**QUICK).fit(sequences, np.arange(8.0))


@pytest.fixture(scope="module")
def every_step(sequences):
    """Return an estimator whose steps look at those before them."""
    return LSTMRegressor(**QUICK, return_sequences=True).fit(sequences, sequences[..., 0])


@pytest.fixture(scope="module")
def decoder(sequences):
    """Return an estimator that attends to segments of two steps, from three steps to come."""
    model = Seq2SeqRegressor(**QUICK, decoder="repeat", segment_length=2)
    return model.fit(sequences, np.arange(24.0).reshape(8, 3))


def hatched_spans(display):
    """Return the left and right ends of what hatches masked steps."""
    hatched = set(display.ax_.patches) - set(display.bars_)
    return sorted((patch.get_x(), patch.get_x() + patch.get_width()) for patch in hatched)


def tick_names(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def test_bars_are_the_weights_of_the_sample(one_query, sequences):
    display = AttentionDisplay.from_estimator(one_query, sequences, sample=2)
    expected = one_query.attention_weights(sequences)[2]
    np.testing.assert_allclose([bar.get_height() for bar in display.bars_], expected, rtol=1e-5)
    centres = [bar.get_x() + bar.get_width() / 2 for bar in display.bars_]
    np.testing.assert_allclose(centres, range(N_STEPS), atol=1e-12)
    assert hatched_spans(display) == []
    assert display.ax_.get_legend() is None
    assert display.image_ is display.colorbar_ is display.values_line_ is None
    assert display.ax_.get_ylabel() == "Attention weight"
    assert display.ax_.get_title(loc="left") == "LSTMRegressor"


def test_masked_steps_are_hatched_and_have_no_bar(one_query, sequences):
    display = AttentionDisplay.from_estimator(one_query, sequences, sample=3)
    np.testing.assert_array_equal(np.isnan(display.weights), [True, True, False, False, False])
    assert hatched_spans(display) == [(-0.5, 0.5), (0.5, 1.5)]
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["masked"]
    assert display.ax_.get_ylim()[1] < 1.1 * np.nanmax(display.weights)  # hatches do not count
    display.figure_.canvas.draw()


def test_masked_queries_are_left_out(every_step, sequences):
    display = AttentionDisplay.from_estimator(every_step, sequences, sample=3)
    there = np.arange(N_STEPS) >= 2
    np.testing.assert_array_equal(np.isnan(display.weights), ~np.outer(there, there))
    np.testing.assert_allclose(np.nansum(display.weights, axis=1), there, rtol=1e-5)
    assert display.ax_.patch.get_hatch()
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["masked"]
    assert not AttentionDisplay.from_estimator(every_step, sequences).ax_.patch.get_hatch()


def test_image_of_steps_that_look_at_others(every_step, sequences):
    names = pd.period_range("2024-01", periods=N_STEPS, freq="M")
    display = AttentionDisplay.from_estimator(every_step, sequences, sample=-1, step_names=names)
    expected = every_step.attention_weights(sequences)[-1]
    np.testing.assert_allclose(display.image_.get_array(), expected, rtol=1e-5)
    assert display.image_.get_clim()[0] == 0.0
    assert display.colorbar_.ax.get_ylabel() == "Attention weight"
    assert display.bars_ is None
    for axis in (display.ax_.xaxis, display.ax_.yaxis):
        assert tick_names(axis) == names.astype(str).tolist()


def test_image_of_a_decoder_that_looks_at_segments(decoder, sequences):
    display = AttentionDisplay.from_estimator(
        decoder, sequences, sample=3, query_names=["+1", "+2", "+3"], colorbar=False
    )
    # One step of padding and five steps, two of them masked: the first segment has none.
    expected = decoder.attention_weights(sequences)[3]
    np.testing.assert_array_equal(np.isnan(display.weights), [[True, False, False]] * 3)
    np.testing.assert_allclose(display.weights[:, 1:], expected[:, 1:], rtol=1e-5)
    assert tick_names(display.ax_.yaxis) == ["+1", "+2", "+3"]
    assert display.colorbar_ is None


@pytest.mark.parametrize(
    "wrap",
    [
        lambda model: make_pipeline(Halve(), model),
        lambda model: GridSearchCV(make_pipeline(Halve(), model), {}, cv=2),
        lambda model: make_pipeline(Halve(), GridSearchCV(make_pipeline(model), {}, cv=2)),
        lambda model: TransformedTargetRegressor(make_pipeline(Halve(), model)),
    ],
    ids=["pipeline", "search", "nested", "target"],
)
def test_sequences_go_through_the_pipeline(wrap, sequences):
    y = np.arange(8.0)
    X = np.where(np.isnan(sequences), 0.0, sequences)
    model = LSTMRegressor(**QUICK, input_scaler=None)
    wrapped = wrap(model).fit(X, y)
    expected = clone(model).fit(X / 2, y).attention_weights(X / 2)[1]
    for outer in (wrapped, FrozenEstimator(wrapped), make_pipeline(FrozenEstimator(wrapped))):
        display = AttentionDisplay.from_estimator(outer, X, sample=1, feature=1)
        np.testing.assert_allclose(display.weights, expected, rtol=1e-4)
        np.testing.assert_array_equal(display.values, X[1, :, 1] / 2)
        assert display.estimator_name == "LSTMRegressor"


def test_a_weight_too_small_for_a_float_is_not_masked(one_query, sequences, monkeypatch):
    weights = np.array([[0.0, 0.0, 0.4, 0.0, 0.6]])
    monkeypatch.setattr(LSTMRegressor, "attention_weights", lambda self, X: weights)
    display = AttentionDisplay.from_estimator(one_query, sequences, sample=3)
    np.testing.assert_array_equal(display.weights, [np.nan, np.nan, 0.4, 0.0, 0.6])


def test_values_of_a_feature_beside_the_bars(one_query, sequences):
    display = AttentionDisplay.from_estimator(one_query, sequences, sample=3, feature=1)
    np.testing.assert_array_equal(display.values_line_.get_xdata(), range(N_STEPS))
    np.testing.assert_array_equal(display.values_line_.get_ydata(), sequences[3, :, 1])
    beside = display.values_line_.axes
    assert beside is not display.ax_
    assert beside.get_ylabel() == "Feature 1"


def test_frames_keep_their_column_names():
    values = np.random.default_rng(0).normal(size=(6, 3))
    X = pd.DataFrame(values, columns=["lag2", "lag1", "lag0"])
    model = LSTMRegressor(**QUICK).fit(X, np.arange(6.0))
    display = AttentionDisplay.from_estimator(model, X, sample=4, step_names=X.columns)
    np.testing.assert_allclose(display.weights, model.attention_weights(X)[4], rtol=1e-5)
    assert tick_names(display.ax_.xaxis) == ["lag2", "lag1", "lag0"]


@pytest.mark.parametrize(
    ("weights", "mask", "masked"),
    [
        ([0.0, 0.4, 0.6], None, [True, False, False]),
        ([np.nan, 0.4, 0.6], None, [True, False, False]),
        ([0.0, 0.4, 0.6], [True, True, False], [False, False, True]),
        ([[0.0, 1.0, 0.0], [0.0, 0.5, 0.5]], None, [[True, False, False]] * 2),
    ],
    ids=["zero", "nan", "mask", "queries"],
)
def test_masked_steps_of_weights(weights, mask, masked):
    given = np.array(weights)
    display = AttentionDisplay.from_weights(given, mask=mask)
    np.testing.assert_array_equal(np.isnan(display.weights), masked)
    np.testing.assert_array_equal(given, weights)


def test_names_of_many_steps_are_thinned_out():
    names = pd.date_range("2024-01-01", periods=100)
    display = AttentionDisplay.from_weights(np.full(100, 0.01), step_names=names)
    assert display.step_names[:2] == ["2024-01-01", "2024-01-02"]
    np.testing.assert_array_equal(display.ax_.get_xticks(), range(0, 100, 4))
    assert tick_names(display.ax_.xaxis)[1] == "2024-01-05"


def test_attention_options_on_given_axes():
    figure, ax = plt.subplots()
    bars = AttentionDisplay.from_weights([0.4, 0.6], ax=ax, name="a", bar_kw={"color": "red"})
    assert (bars.ax_, bars.figure_, plt.get_fignums()) == (ax, figure, [figure.number])
    assert bars.bars_[0].get_facecolor()[:3] == (1.0, 0.0, 0.0)
    assert bars.plot(name="b").ax_.get_title(loc="left") == "b"


def test_attention_constructor_alone_draws():
    image = AttentionDisplay(weights=[[0.4, 0.6]]).plot(im_kw={"cmap": "gray", "vmax": 1.0})
    assert (image.image_.get_cmap().name, image.image_.get_clim()) == ("gray", (0.0, 1.0))
    line = AttentionDisplay(weights=[0.4, 0.6], values=[3, 4]).plot(line_kw={"linestyle": ":"})
    assert line.values_line_.get_linestyle() == ":"
    assert line.values_line_.axes.get_ylabel() == "Value"


@pytest.mark.parametrize(
    ("weights", "options", "message"),
    [
        (np.ones((2, 3, 4)), {}, r"got shape \(2, 3, 4\).*\[0\]"),
        ([], {}, r"got shape \(0,\)"),
        (["a", "b"], {}, "`weights` must hold numbers"),
        ([np.inf, 1.0], {}, "infinite"),
        ([0.0, np.nan], {}, "no step with a weight"),
        ([0.5, 0.5], {"mask": [True]}, "`mask` has 1 values but `weights` has 2"),
        ([0.5, 0.5], {"step_names": ["a"]}, "`step_names` has 1 values but `weights` has 2"),
        ([0.5, 0.5], {"query_names": ["a"]}, "`query_names` needs .* several queries"),
        ([0.5, 0.5], {"values": [1.0]}, "`values` has 1 values but `weights` has 2"),
        ([[0.5, 0.5]] * 3, {"values": [1.0, 2.0]}, "one query, but there are 3"),
        ([[0.5, 0.5]] * 3, {"query_names": ["a"]}, "`query_names` has 1 values"),
    ],
)
def test_bad_weights(weights, options, message):
    with pytest.raises(ValueError, match=message):
        AttentionDisplay.from_weights(weights, **options)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sample": 8}, "sample=8 is none of the 8 rows"),
        ({"sample": -9}, "sample=-9 is none of the 8 rows"),
        ({"sample": 1.0}, "sample=1.0 is none"),
        ({"feature": 2}, "feature=2 is none of the 2 features"),
        ({"feature": "load"}, "feature='load' is none"),
        ({"step_names": ["a"]}, "`step_names` has 1 values"),
    ],
)
def test_bad_sample_or_feature(one_query, sequences, options, message):
    with pytest.raises(ValueError, match=message):
        AttentionDisplay.from_estimator(one_query, sequences, **options)
    assert plt.get_fignums() == []


def test_names_that_are_missing():
    display = AttentionDisplay.from_weights([0.4, 0.6], step_names=[np.nan, "b"])
    assert [text.get_text() for text in display.ax_.get_xticklabels()] == ["nan", "b"]


@pytest.mark.parametrize("rows", [{1, 2}, {"a": [1]}, "text", 5, None, iter([1])], ids=type)
def test_what_has_no_rows(one_query, rows):
    with pytest.raises(TypeError, match=r"`X` is of type .*, which has no rows. Pass an array"):
        AttentionDisplay.from_estimator(one_query, rows)
    assert plt.get_fignums() == []


def test_feature_needs_one_weight_per_step(every_step, decoder, sequences):
    with pytest.raises(ValueError, match="one query, but there are 5"):
        AttentionDisplay.from_estimator(every_step, sequences, feature=0)
    with pytest.raises(ValueError, match="5 steps but the network attends to 3, segments"):
        AttentionDisplay.from_estimator(decoder, sequences, feature=0)


def test_estimators_without_attention(data, sequences):
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        AttentionDisplay.from_estimator(LSTMRegressor(**QUICK), sequences)
    blind = LSTMRegressor(**{**QUICK, "attention": False}).fit(sequences, np.arange(8.0))
    with pytest.raises(ValueError, match="Set attention=True"):
        AttentionDisplay.from_estimator(blind, sequences)
    frames = ConvLSTMRegressor(1, epochs=1).fit(sequences, np.arange(8.0))
    for other, X in ((make_pipeline(Ridge()).fit(*data), data[0]), (frames, sequences)):
        with pytest.raises(TypeError, match="has no method `attention_weights`"):
            AttentionDisplay.from_estimator(other, X)
