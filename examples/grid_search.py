"""
A grid search over networks and windows
=======================================

How many units, how much dropout, one direction or two, and how many months to look at? One
`GridSearchCV` over a `Pipeline` answers all four, under `TimeSeriesSplit`, on the number of airline
passengers one month ahead.

The pipeline takes the rows of the series and cuts the windows itself, so that their length is a
parameter like any other. A row is the growth over a year, the logarithm of a month's passengers
divided by those of the same month a year earlier, and its target is the growth of the next month.
Growth rates are made of past values alone, and they do not grow with the series. An error in a
growth rate is about the relative error of the forecast.

Nothing leaks: windows and scalers of a fold are made of its training
rows, and the first windows of its test rows reach back into the training rows, whose index they
continue.

24 candidates on five folds are 120 fits. They share twelve compiled programs, one per structure:
the dropout rate is a value, and so is the number of rows. The last 17 months are kept out of all
this and scored once, beside the forecasts that a network has to beat.
"""

import argparse
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from joblib import parallel_config
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sktime.datasets import load_airline

from skrnn import LSTMRegressor, SlidingWindowTransformer, compile_cache_info, make_targets

N_TEST = 17  # August 1959 to December 1960
GRID = {
    "network__units": [16, 32, 64],
    "network__dropout": [0.0, 0.2],
    "network__bidirectional": [False, True],
    "windows__window": [12, 24],
}
NETWORK = LSTMRegressor(
    target_scaler="window",
    seasonal_lag=1,  # learn the change from the last growth rate
    lr_schedule="cosine",
    random_state=0,
)
NETWORK_NAME = "best network of the search"


def run_search(rows, target):
    """Return the fitted search."""
    pipeline = Pipeline([("windows", SlidingWindowTransformer()), ("network", NETWORK)])
    search = GridSearchCV(
        pipeline,
        GRID,
        scoring="neg_mean_absolute_error",
        cv=TimeSeriesSplit(5),
        n_jobs=2,
        error_score="raise",
    )
    with parallel_config(backend="threading"):  # threads share what is compiled
        return search.fit(rows, target)


def ranked_table(search):
    """Return one line per candidate, the best first."""
    results = search.cv_results_
    table = pd.DataFrame(results["params"])
    table.columns = table.columns.str.partition("__").get_level_values(-1)
    table["mean MAE, %"] = -100 * results["mean_test_score"]
    table["spread, %"] = 100 * results["std_test_score"]
    table["fit, s"] = results["mean_fit_time"]
    table.index = pd.Index(results["rank_test_score"], name="rank")
    return table.sort_index(kind="stable")


def fit_ridge(rows, target):
    """Return ridge regression on 24 rows, fitted."""
    steps = [
        ("windows", SlidingWindowTransformer(24, flatten=True)),
        ("ridge", RidgeCV(np.logspace(-3, 3, 13))),
    ]
    return Pipeline(steps).fit(rows[:-N_TEST], target[:-N_TEST])


def test_errors(search, series, rows, target):
    """Return the mean absolute errors of the test part, in passengers."""
    months, next_month = make_targets(series, horizon=1)
    passengers = series.to_numpy()
    truth, year_ago = passengers[-N_TEST:], passengers[-N_TEST - 12 : -12]
    last, last_year_ago = passengers[-N_TEST - 1 : -1], passengers[-N_TEST - 13 : -13]
    ridge = fit_ridge(rows, target)
    ridge_on_passengers = fit_ridge(months, next_month)
    forecasts = {
        NETWORK_NAME: year_ago * np.exp(search.predict(rows[-N_TEST:])),
        "ridge on 24 growth rates": year_ago * np.exp(ridge.predict(rows[-N_TEST:])),
        "ridge on 24 months": ridge_on_passengers.predict(months[-N_TEST:]),
        "seasonal naive + last change": year_ago + last - last_year_ago,
        "seasonal naive * last growth": year_ago * last / last_year_ago,
        "seasonal naive": year_ago,
        "last value": last,
    }
    errors = {name: mean_absolute_error(truth, values) for name, values in forecasts.items()}
    return pd.Series(errors, name="MAE").sort_values()


def draw_grid(table):
    """Draw the mean errors, one panel per window and direction."""
    figure, axes = plt.subplots(2, 2, figsize=(9, 6), layout="constrained")
    error = table["mean MAE, %"]
    panels = [(window, both) for window in (12, 24) for both in (False, True)]
    for ax, (window, both) in zip(axes.flat, panels, strict=True):
        shown = table[(table["window"] == window) & (table["bidirectional"] == both)]
        grid = shown.pivot(index="dropout", columns="units", values=error.name)
        spread = shown.pivot(index="dropout", columns="units", values="spread, %").to_numpy()
        image = ax.imshow(grid, vmin=error.min(), vmax=error.max(), cmap="viridis_r", aspect="auto")
        for (row, column), value in np.ndenumerate(grid.to_numpy()):
            best = value == error.min()
            ax.text(
                column,
                row,
                f"{value:.2f}\n± {spread[row, column]:.2f}{' best' if best else ''}",
                ha="center",
                va="center",
                color="k" if value < (error.min() + error.max()) / 2 else "w",  # low is bright
                weight="bold" if best else "normal",
            )
        ax.set_xticks(range(grid.shape[1]), grid.columns)
        ax.set_yticks(range(grid.shape[0]), grid.index)
        ax.set_title(f"{window} growth rates, {'both directions' if both else 'one direction'}")
        ax.set_xlabel("units")
        ax.set_ylabel("dropout")
    figure.colorbar(image, ax=axes, label="mean absolute error in cross-validation, %")
    figure.suptitle("Mean and spread over five folds")
    return figure


def shrink():
    """Make everything small. The figures of such a run mean nothing."""
    NETWORK.set_params(epochs=1)
    GRID["network__units"] = [4]


def main():
    parser = argparse.ArgumentParser(description="A grid search over networks and windows")
    parser.add_argument("--output", type=Path, default=Path("output/grid_search"))
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        shrink()

    series = load_airline()
    growth = np.log(series / series.shift(12)).dropna()
    rows, target = make_targets(growth, horizon=1)
    start = perf_counter()
    search = run_search(rows[:-N_TEST], target[:-N_TEST])
    seconds = perf_counter() - start

    table = ranked_table(search)
    print("Mean absolute error of the growth rate one month ahead, in %, over five folds:")
    print(table.round(3).to_string())
    print(f"\nBest: {search.best_params_}")
    print(f"\nTest part, {N_TEST} months, in thousand passengers:")
    errors = test_errors(search, series, rows, target)
    print(errors.round(2).to_string())
    place = list(errors.index).index(NETWORK_NAME) + 1
    print(f"The network is number {place} of {len(errors)}.")
    info = compile_cache_info()
    print(
        f"\n{len(table) * search.n_splits_} fits and the refit took {seconds:.1f} s, "
        f"{info.traces} programs were compiled ({info.training_traces} of them train)."
    )
    arguments.output.mkdir(parents=True, exist_ok=True)
    path = arguments.output / "grid.png"
    draw_grid(table).savefig(path, dpi=120)
    print(f"Written to {path.resolve()}")


if __name__ == "__main__":
    main()
