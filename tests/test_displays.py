"""Displays of forecasters, back-tests, searches and comparisons: what they draw and refuse."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_regression
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import ComparisonDisplay, ForecastDisplay, GridSearchDisplay, compare

plt = pytest.importorskip("matplotlib.pyplot")

MONTHS = pd.period_range("2000-01", periods=60, freq="M", name="month")
Y = pd.Series(np.sin(np.arange(60) / 2) + np.arange(60) / 20, MONTHS, name="sales")
HORIZON = 6
ENTRIES = ["history", "observed", "forecast", "80 % interval", "forecast origin"]


class LastValue:
    """What the displays ask of a forecaster: the last value, and an interval of one around it."""

    def __init__(self, known, horizon=HORIZON, *, intervals=True, remembers=True):
        self._y = known if remembers else None
        self.known, self.horizon, self.intervals = known, horizon, intervals
        self.cutoff = known.index[-1:] if known.index.nlevels == 1 else None

    def check_is_fitted(self):
        pass

    def get_tag(self, name):
        assert name == "capability:pred_int"
        return self.intervals

    def predict(self, X=None):
        keys = [None] if self.known.index.nlevels == 1 else self.keys()
        return pd.concat([self._ahead(key) for key in keys])

    def predict_interval(self, X=None, coverage=0.8):
        point = self.predict()
        frame = point.to_frame() if isinstance(point, pd.Series) else point
        return pd.concat([frame[[name]] + away for name in frame for away in (-1, 1)], axis=1)

    def keys(self):
        return self.known.index.droplevel(-1).unique()

    def _ahead(self, key):
        own = self.known if key is None else self.known.xs(key)
        index = own.index[-1] + own.index.freq * np.arange(1, self.horizon + 1)
        index = pd.Index(index, name=own.index.name)
        values = np.tile(np.ravel(own.iloc[-1]), (self.horizon, 1))
        if own.ndim == 1:
            return pd.Series(values[:, 0], index, name=own.name)
        frame = pd.DataFrame(values, index, own.columns)
        return frame if key is None else pd.concat({key: frame}, names=self.known.index.names[:-1])


def panel_of(n_series, lengths=None):
    lengths = lengths or [len(Y)] * n_series
    parts = {f"s{n}": Y.iloc[: lengths[n]].to_frame() + 10 * n for n in range(n_series)}
    return pd.concat(parts, names=["shop"])


@pytest.fixture(autouse=True)
def agg():
    """Draw off screen and leave no figure behind."""
    plt.switch_backend("Agg")
    yield
    plt.close("all")


def entries(legend):
    return [text.get_text() for text in legend.get_texts()]


class TestForecaster:
    def test_history_truth_and_forecast_meet(self):
        display = ForecastDisplay.from_forecaster(LastValue(Y[:50]), Y)
        assert entries(display.legend_) == ENTRIES
        origin = Y.index[49].to_timestamp().to_datetime64()
        for line in (display.truth_line_, display.lines_["forecast"]):
            assert line.get_xdata()[0] == origin
            assert line.get_ydata()[0] == Y.iloc[49]
        assert display.history_line_.get_xdata()[-1] == origin
        np.testing.assert_array_equal(display.truth_line_.get_ydata()[1:], Y[50:56])
        assert len(display.history_line_.get_xdata()) == 24
        (boundary,) = display.origin_lines_
        assert list(boundary.get_xdata()) == [origin] * 2
        low, high = display.intervals["forecast"]
        np.testing.assert_allclose(high[1:] - low[1:], 2)
        assert low[0] == high[0] == Y.iloc[49]
        assert display.ax_.get_ylabel() == "sales"

    @pytest.mark.parametrize("known", [Y[:50], Y])
    def test_a_future_without_truth(self, known):
        display = ForecastDisplay.from_forecaster(LastValue(known), n_history=10)
        assert display.truth_line_ is None
        assert entries(display.legend_) == ["history", *ENTRIES[2:]]
        assert len(display.history) == 10

    def test_without_intervals(self):
        for forecaster, coverage in ((LastValue(Y, intervals=False), 0.8), (LastValue(Y), None)):
            display = ForecastDisplay.from_forecaster(forecaster, coverage=coverage)
            assert display.bands_ == {}
            assert "interval" not in " ".join(entries(display.legend_))

    def test_holes_at_the_origin_join_nothing(self):
        holes = Y[:50].copy()
        holes.iloc[-1] = np.nan
        display = ForecastDisplay.from_forecaster(LastValue(Y[:50]), holes)
        assert len(display.forecasts["forecast"]) == HORIZON

    def test_what_is_not_remembered_is_asked_for(self):
        with pytest.raises(ValueError, match="LastValue does not remember the series: pass the y"):
            ForecastDisplay.from_forecaster(LastValue(Y[:50], remembers=False))
        display = ForecastDisplay.from_forecaster(LastValue(Y[:50], remembers=False), Y)
        assert display.truth_line_ is not None

    @pytest.mark.parametrize(
        ("y", "message"),
        [
            (Y.to_numpy(), "`y` must be a series or a frame of pandas.*got ndarray"),
            (Y.reset_index(drop=True), "`y` has times of type int64, but those of fit are such as"),
            (panel_of(2), "`y` has no column 0. Pass it in the form of fit"),
            (Y[::-1], "`y` has times in no order, or twice. Sort it"),
            (Y.iloc[[0, 0, 1]], "`y` has times in no order, or twice. Sort it"),
            (Y.astype(str) + "a", "`y` must hold numbers"),
            (Y * 1e307, "`y` has values beyond 1e.307. Rescale"),
        ],
    )
    def test_a_series_that_does_not_go_with_it(self, y, message):
        with pytest.raises((TypeError, ValueError), match=message):
            ForecastDisplay.from_forecaster(LastValue(Y[:50]), y)

    def test_missing_values_of_pandas(self):
        holes = Y.astype("Float64")
        holes.iloc[40] = pd.NA
        display = ForecastDisplay.from_forecaster(LastValue(Y[:50]), holes)
        assert np.isnan(display.history[-10])

    def test_a_panel_without_one_of_its_series(self):
        forecaster = LastValue(panel_of(3))
        with pytest.raises(ValueError, match="`y` has no column 0 of the series 's2'"):
            ForecastDisplay.from_forecaster(forecaster, panel_of(2))

    def test_several_series_are_small_multiples(self):
        display = ForecastDisplay.from_forecaster(LastValue(panel_of(12)))
        assert len(display.panels) == len(display.axes_) == 9
        assert [ax.get_title(loc="left") for ax in display.axes_[:2]] == ["shop = s0", "shop = s1"]
        assert display.figure_.get_supxlabel() == "Time\n(9 of 12 series drawn)"
        assert entries(display.legend_) == ["history", *ENTRIES[2:]]
        for number, panel in enumerate(display.panels):
            expected = Y.iloc[-1] + 10 * number  # those of the panel come in order
            np.testing.assert_allclose(panel.lines_["forecast"].get_ydata(), expected)

    def test_series_that_are_chosen(self):
        forecaster = LastValue(panel_of(12))
        display = ForecastDisplay.from_forecaster(forecaster, instances=["s7", "s1"])
        assert [panel.title for panel in display.panels] == ["shop = s7", "shop = s1"]
        single = ForecastDisplay.from_forecaster(forecaster, instances=["s7"])
        assert single.ax_.get_title(loc="left") == "shop = s7"
        with pytest.raises(ValueError, match=r"instances has 'x', which is none.*'s0', 's1'"):
            ForecastDisplay.from_forecaster(forecaster, instances=["x"])

    def test_series_end_where_they_end(self):
        display = ForecastDisplay.from_forecaster(LastValue(panel_of(2, [50, 40])), panel_of(2))
        for panel, end in zip(display.panels, (50, 40), strict=True):
            origin = Y.index[end - 1].to_timestamp().to_datetime64()
            assert panel.history_line_.get_xdata()[-1] == origin
            np.testing.assert_allclose(
                panel.truth_line_.get_ydata() - panel.truth_line_.get_ydata()[0],
                Y[end - 1 : end + HORIZON] - Y.iloc[end - 1],
            )

    def test_several_columns(self):
        frame = pd.DataFrame({"a": Y, "b": -Y})
        display = ForecastDisplay.from_forecaster(LastValue(frame))
        assert [panel.title for panel in display.panels] == ["a", "b"]
        band = display.panels[1].intervals["forecast"]
        np.testing.assert_allclose(band[0][1:], -Y.iloc[-1] - 1)

    def test_given_axes(self):
        _, grid = plt.subplots(2, 2)
        display = ForecastDisplay.from_forecaster(LastValue(panel_of(3)), ax=grid)
        assert list(display.axes_) == list(grid.ravel()[:3])
        assert display.axes_[2].get_xlabel() == "Time"
        with pytest.raises(ValueError, match="`ax` has 1 axes, but there are 3 series"):
            ForecastDisplay.from_forecaster(LastValue(panel_of(3)), ax=grid[0, 0])

    @pytest.mark.parametrize("width", [4, 6.4, 12])
    @pytest.mark.parametrize("freq", ["h", "D", "MS", "QS", "YS"])
    def test_no_label_is_cut(self, freq, width):
        index = pd.date_range("2019-11-20", periods=60, freq=freq)
        forecaster = LastValue(pd.Series(np.arange(60.0) * 1000, index, name="y"))
        figure = ForecastDisplay.from_forecaster(forecaster, figsize=(width, 3)).figure_
        figure.canvas.draw()
        inside = figure.bbox.padded(1)
        (axis,) = (ax.xaxis for ax in figure.axes)
        low, high = axis.get_view_interval()  # ticks beyond are not drawn
        boxes = [
            label.get_window_extent()
            for place, label in zip(axis.get_majorticklocs(), axis.get_ticklabels(), strict=True)
            if low <= place <= high and label.get_text()
        ]
        assert len(boxes) >= 2
        assert all(inside.containsx(box.x0) and inside.containsx(box.x1) for box in boxes)
        assert all(one.x1 < other.x0 for one, other in pairwise(boxes))


class TestPredictions:
    def test_a_future_without_truth(self):
        later = pd.Series([1.0, 2.0], MONTHS[-2:], name="sales")
        display = ForecastDisplay.from_predictions(
            None, later, history=Y[:-2], interval=(later - 1, later + 1), coverage=0.9
        )
        assert display.truth_line_ is None
        assert entries(display.legend_) == ["history", "forecast", "90 % interval"]
        assert display.ax_.get_ylabel() == "sales"
        with pytest.raises(ValueError, match=r"has 1 values but `y_pred\['a'\]` has 2"):
            ForecastDisplay.from_predictions(None, {"a": [1.0, 2.0], "b": [1.0]})

    def test_bands_have_names(self):
        bounds = ([0.0, 1.0], [2.0, 3.0])
        display = ForecastDisplay.from_predictions(
            [1.0, 2.0], {"a": [1.0, 2.0], "b": [1.0, 1.0]}, interval={"b": bounds}
        )
        assert entries(display.legend_) == ["observed", "a", "b", "interval, b"]


def search_of(grid, kind=GridSearchCV, **options):
    X, y = make_regression(60, 4, noise=5, random_state=0)
    model = make_pipeline(StandardScaler(), KNeighborsRegressor())
    options = {"scoring": "neg_mean_absolute_error", "cv": 3, **options}
    grid = {f"kneighborsregressor__{name}": values for name, values in grid.items()}
    return kind(model, grid, **options).fit(X, y)


class TestSearch:
    def test_candidates_are_sorted_with_their_spread(self):
        search = search_of({"n_neighbors": [1, 5, 20]})
        display = GridSearchDisplay.from_search(search)
        order = np.argsort(-search.cv_results_["mean_test_score"])
        expected = [f"n_neighbors={[1, 5, 20][n]}" for n in order]
        assert display.labels == expected
        np.testing.assert_allclose(display.errors, -search.cv_results_["mean_test_score"][order])
        np.testing.assert_allclose(display.spreads, search.cv_results_["std_test_score"][order])
        assert display.ax_.get_xlabel().startswith("Mean absolute error\n(mean and spread")
        np.testing.assert_array_equal(display.points_[0].get_xdata(), display.errors)
        assert display.image_ is None

    def test_two_parameters_are_a_map(self):
        search = search_of({"n_neighbors": [1, 5, 20], "p": [1, 2]})
        display = GridSearchDisplay.from_search(search)
        assert display.points_ is None
        assert display.ax_.get_xlabel() == "p"
        assert display.ax_.get_ylabel() == "n_neighbors"
        table = -search.cv_results_["mean_test_score"].reshape(3, 2)
        np.testing.assert_allclose(display.image_.get_array(), table)
        assert [text.get_text() for text in display.texts_] == [f"{v:.3g}" for v in table.ravel()]
        assert GridSearchDisplay.from_search(search, parameters=()).grid is None

    @pytest.mark.parametrize("height", [2, 3, 6])
    @pytest.mark.parametrize(
        "label", ["Mean absolute percentage error of all stations (2 failed)", "Error" * 12]
    )
    def test_the_label_of_the_colours_is_not_cut(self, height, label):
        table = pd.DataFrame(np.outer([1, 2, 3], [3.0, 1.0, 2.0])).rename_axis("a", axis=1)
        display = GridSearchDisplay(labels=[], errors=[], grid=table, value_name=label)
        figure = display.plot(figsize=(5, height)).figure_
        figure.canvas.draw()
        bar = display.colorbar_.ax
        box = bar.yaxis.label.get_window_extent()
        assert figure.bbox.y0 <= box.y0 < box.y1 <= figure.bbox.y1
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        assert bar.get_ylabel().replace("\n", "").replace(" ", "") == label.replace(" ", "")

    def test_the_best_over_other_parameters(self):
        search = search_of({"n_neighbors": [1, 5], "p": [1, 2], "weights": ["uniform", "distance"]})
        assert GridSearchDisplay.from_search(search).grid is None
        display = GridSearchDisplay.from_search(
            search, parameters=["kneighborsregressor__p", "n_neighbors"]
        )
        table = -search.cv_results_["mean_test_score"].reshape(2, 2, 2).max(axis=2).T
        np.testing.assert_allclose(display.grid.to_numpy(), table)

    def test_scores(self):
        display = GridSearchDisplay.from_search(search_of({"p": [1, 2]}, scoring="r2"))
        assert display.value_name == "R2"
        assert display.errors[0] >= display.errors[1]

    def test_several_metrics(self):
        scoring = ["r2", "neg_mean_squared_error"]
        search = search_of({"p": [1, 2]}, scoring=scoring, refit="neg_mean_squared_error")
        assert GridSearchDisplay.from_search(search).value_name == "Mean squared error"
        assert GridSearchDisplay.from_search(search, metric="r2").value_name == "R2"
        with pytest.raises(ValueError, match="metric='mae' is none"):
            GridSearchDisplay.from_search(search, metric="mae")

    def test_the_last_round_of_a_halving_search(self):
        search = search_of({"n_neighbors": [1, 2, 3, 4]}, HalvingGridSearchCV, min_resources=20)
        assert len(GridSearchDisplay.from_search(search).labels) == 4

    def test_what_is_left_out_is_said(self):
        search = search_of({"n_neighbors": [1, 2, 3, 4]})
        display = GridSearchDisplay.from_search(search, n_candidates=3)
        assert "best 3 of 4" in display.ax_.get_xlabel()
        search.cv_results_["mean_test_score"][1] = np.nan
        assert "1 failed" in GridSearchDisplay.from_search(search).ax_.get_xlabel()
        search.cv_results_["mean_test_score"][:] = np.nan
        with pytest.raises(ValueError, match="all fits failed"):
            GridSearchDisplay.from_search(search)

    def test_refusals(self):
        search = search_of({"p": [1, 2]})
        with pytest.raises(ValueError, match=r"Choose among \['p'\]"):
            GridSearchDisplay.from_search(search, parameters=("p", "units"))
        with pytest.raises(NotFittedError):
            GridSearchDisplay.from_search(GridSearchCV(Ridge(), {}))
        for other in (search.best_estimator_, GridSearchCV, "search", 5, None):
            with pytest.raises(TypeError, match=r"has no cv_results_. Pass a fitted search"):
                GridSearchDisplay.from_search(other)
        for options in ({"n_candidates": 0}, {"metric": 5}, {"parameters": 1.5}, {"ax": search}):
            (name,) = options
            with pytest.raises(ValueError, match=f"'{name}' parameter of .*from_search"):
                GridSearchDisplay.from_search(search, **options)


class TestComparison:
    def test_the_table_of_compare(self):
        X, y = make_regression(60, 4, random_state=0)
        table = compare(KNeighborsRegressor(), X, y)
        display = ComparisonDisplay.from_comparison(table)
        assert display.names == list(table.index)
        np.testing.assert_allclose([bar.get_width() for bar in display.bars_], table["error"])
        for text, skill in zip(display.texts_, table["skill"][1:], strict=True):
            assert text.get_text() == f"skill {100 * skill:+.0f} %"
        assert display.ax_.get_xlabel().startswith("Error\n(mean and spread over folds; skill")

    def test_errors_of_a_backtest(self):
        table = pd.DataFrame({"MAE": [1.0, 2.0], "MASE": [0.0, 0.0]}, index=["net", "last value"])
        display = ComparisonDisplay.from_comparison(table)
        assert display.value_name == "MASE"
        assert display.texts_[0].get_text() == "skill 0 %"
        assert display.spreads is None
        with pytest.raises(ValueError, match="none of the columns"):
            ComparisonDisplay.from_comparison(table[["MAE"]])

    @pytest.mark.parametrize("frame", [np.ones((2, 2)), {"error": [1.0]}, "error", None])
    def test_what_is_no_table(self, frame):
        with pytest.raises(ValueError, match=r"`frame` has none of the columns .* Pass the table"):
            ComparisonDisplay.from_comparison(frame)

    def test_given_axes(self):
        _, ax = plt.subplots()
        table = pd.DataFrame({"error": [1.0, 0.0]}, index=["net", "last value"])
        display = ComparisonDisplay.from_comparison(table, ax=ax, value_name="Rides")
        assert display.ax_ is ax
        assert ax.get_xlabel() == "Rides\n(skill against each line)"
        assert display.texts_[0].get_text() == "no error"


@pytest.mark.parametrize("figsize", [(3, -1), (3,), 5, "ab", [np.nan, 2], (1e9, 2), (10**400, 2)])
def test_sizes_of_figures(figsize):
    table = pd.DataFrame({"error": [1.0, 0.0]}, index=["net", "last value"])
    for draw in (
        lambda: ComparisonDisplay.from_comparison(table, figsize=figsize),
        lambda: ForecastDisplay.from_forecaster(LastValue(Y[:50]), figsize=figsize),
        lambda: ForecastDisplay(y_true=[1.0], forecasts={"a": [1.0]}).plot(figsize=figsize),
        lambda: GridSearchDisplay(labels=["a"], errors=[1.0]).plot(figsize=figsize),
    ):
        with pytest.raises(ValueError, match=r"'figsize' parameter .* two numbers of inches"):
            draw()
    assert plt.get_fignums() == []


def test_nothing_is_imported_before_it_is_drawn():
    code = (
        "import sys, skrnn; skrnn.GridSearchDisplay, skrnn.ComparisonDisplay, "
        "skrnn.ForecastDisplay; sys.exit('matplotlib' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
