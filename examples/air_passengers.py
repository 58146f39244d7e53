"""
AirPassengers, one month ahead
==============================

An airline counts its passengers every month from 1949 to 1960. How many come next month, given all
months so far? Two networks, :class:`~skrnn.LSTMRegressor` and :class:`~skrnn.BiLSTMRegressor`, and
their vote with ridge regression answer beside the forecasts that any network has to be compared
with: the last value, the value of a year ago, that value times the last yearly growth, and ridge
regression by itself.

The last 17 months are the test part. Window, epochs, what the target is compared with, and whether
the network starts from ridge regression, are chosen by `GridSearchCV` on the months before. Its
folds look like the test part: five of twelve months each, at the end, each after all months before
it. What is chosen is fitted again with several seeds, and only then is the test part scored.

A series that grows is hard for a network, which cannot extrapolate. With the scalers `"log"` it
sees the logarithm of each month relative to the mean of its window, and learns that of the next
month in the same way, or with `seasonal_lag=12` the growth over a year.

On a single short series a linear line is a strong rival. Where what is to be learned is not linear,
it is not: in the examples `digit_reversal` (order of a sequence) and `rare_events` (thresholds over
time) no line comes near a network.

The script prints the tables and writes the forecasts (CSV) and a picture into a folder.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from joblib import parallel_config
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sktime.datasets import load_airline

from skrnn import BiLSTMRegressor, ForecastDisplay, LSTMRegressor

N_TEST = 17  # August 1959 to December 1960
YEAR, LONGEST = 12, 24
FOLDS = TimeSeriesSplit(5, test_size=YEAR)
NETWORKS = {"LSTM": LSTMRegressor, "BiLSTM": BiLSTMRegressor}
SETTINGS = {"units": 64, "dropout": 0.2, "input_scaler": "log", "target_scaler": "log"}
GRID = {
    "window__kw_args": [{"months": 12}, {"months": 24}],
    "model__seasonal_lag": [None, 12],
    "model__linear_skip": [False, True],
    "model__epochs": [10, 30, 100],
}
ALPHAS = np.logspace(-3, 3, 13)


def last_months(X, months):
    """Return the last months of windows."""
    return X[:, -months:]


def on_window(regressor, months=LONGEST):
    """Return a regressor that sees the last months of a window alone."""
    step = FunctionTransformer(last_months, kw_args={"months": months})
    return Pipeline([("window", step), ("model", regressor)])


def ridge(months=LONGEST):
    """Return ridge regression on logarithms."""
    logged = make_pipeline(FunctionTransformer(np.log), RidgeCV(ALPHAS))
    return on_window(TransformedTargetRegressor(logged, func=np.log, inverse_func=np.exp), months)


def search(name, X, y):
    """Return the pipeline of a network that does best in the folds, and its error."""
    finder = GridSearchCV(
        on_window(NETWORKS[name](**SETTINGS, random_state=0)),
        GRID,
        scoring="neg_mean_absolute_error",
        cv=FOLDS,
        refit=False,
        n_jobs=2,
        error_score="raise",
    )
    with parallel_config(backend="threading"):  # threads share what is compiled, processes do not
        finder.fit(X, y)
    table = pd.DataFrame(finder.cv_results_["params"])
    table["window"] = [choice["months"] for choice in table.pop("window__kw_args")]
    table.columns = table.columns.str.removeprefix("model__")
    table["MAE"] = -finder.cv_results_["mean_test_score"]
    print(f"{name}: the best of {len(table)} candidates in five folds of a year")
    print(table.sort_values("MAE").head(3).round(2).to_string(index=False), "\n")
    return on_window(NETWORKS[name](**SETTINGS, random_state=0)).set_params(**finder.best_params_)


def seeded(pipelines, n_seeds):
    """Yield the vote of pipelines with ridge, once for each seed."""
    for seed in range(n_seeds):
        members = {
            name: pipeline.set_params(model__random_state=seed)
            for name, pipeline in pipelines.items()
        }
        yield VotingRegressor([*members.items(), ("ridge", ridge())])


def lines(X, y):
    """Return the forecasts of the test part by what needs no seed."""
    past, future = X[:-N_TEST], X[-N_TEST:]
    year_ago = future[:, -YEAR]
    return {
        "last value": future[:, -1],
        "a year ago": year_ago,
        "a year ago, grown": year_ago * future[:, -1] / future[:, -YEAR - 1],
        "ridge, 12 months": ridge(12).fit(past, y[:-N_TEST]).predict(future),
        "ridge, 24 months": ridge().fit(past, y[:-N_TEST]).predict(future),
    }


def networks(pipelines, X, y, n_seeds):
    """Return forecasts of the test part, one row per seed, of each network and of the vote."""
    past, future = X[:-N_TEST], X[-N_TEST:]
    found = {name: [] for name in [*NETWORKS, "vote with ridge"]}
    for vote in seeded(pipelines, n_seeds):
        vote.fit(past, y[:-N_TEST])
        for name in NETWORKS:
            found[name].append(vote.named_estimators_[name].predict(future))
        found["vote with ridge"].append(vote.predict(future))
    return {name: np.array(rows) for name, rows in found.items()}


def score(forecasts, truth):
    """Return the mean absolute error of each forecast, and its spread over the seeds."""
    errors = {
        name: [mean_absolute_error(truth, row) for row in np.atleast_2d(rows)]
        for name, rows in forecasts.items()
    }
    return pd.DataFrame(
        {
            "MAE": {name: np.mean(values) for name, values in errors.items()},
            "spread": {name: np.std(values) for name, values in errors.items()},
        }
    ).sort_values("MAE")


def draw(series, forecasts):
    """Draw the forecasts of the first seed over the test part."""
    figure, axes = plt.subplots(figsize=(10, 5), layout="constrained")
    shown = [*NETWORKS, "vote with ridge", "ridge, 24 months", "a year ago, grown"]
    display = ForecastDisplay.from_predictions(
        series[-N_TEST:],
        {name: np.atleast_2d(forecasts[name])[0] for name in shown},
        history=series[-N_TEST - 10 : -N_TEST],
        target_name="Passengers, thousands per month",
        ax=axes,
    )
    display.truth_line_.set(linewidth=3, alpha=0.8)
    axes.set_title("Passengers of an airline, forecast one month ahead")
    axes.grid(alpha=0.3)
    return figure


def write(folder, series, forecasts):
    """Write the forecasts and the picture."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = {name: np.atleast_2d(rows)[0] for name, rows in forecasts.items()}
    months = pd.DataFrame({"truth": series[-N_TEST:], **columns}).rename_axis("month")
    months.to_csv(folder / "forecasts.csv", float_format="%.2f")
    draw(series, forecasts).savefig(folder / "forecasts.png", dpi=120)
    print(f"\nWritten to {folder.resolve()}: forecasts.csv, forecasts.png")


def shrink():
    """Make everything small. The figures of such a run mean nothing."""
    SETTINGS["units"] = 4
    GRID.update(model__epochs=[2], model__seasonal_lag=[12])


def main():
    parser = argparse.ArgumentParser(description="AirPassengers, one month ahead")
    parser.add_argument("--output", type=Path, default=Path("output/air_passengers"))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        shrink()
        arguments.seeds = 1

    series = load_airline()
    values = series.to_numpy()
    X, y = sliding_window_view(values[:-1], LONGEST), values[LONGEST:]
    pipelines = {name: search(name, X[:-N_TEST], y[:-N_TEST]) for name in NETWORKS}
    forecasts = lines(X, y) | networks(pipelines, X, y, arguments.seeds)
    table = score(forecasts, y[-N_TEST:])
    print(f"Test part, {N_TEST} months, {arguments.seeds} seeds, in thousands of passengers:")
    print(table.round(2).to_string())
    best = table.index[0]
    rivals = table["MAE"].drop([*NETWORKS, "vote with ridge"])
    print(
        f"\n{best} has the lowest error, {table.loc[best, 'MAE']:.1f}; the best line, "
        f"{rivals.idxmin()}, has {rivals.min():.1f}."
    )
    write(arguments.output, series, forecasts)


if __name__ == "__main__":
    main()
