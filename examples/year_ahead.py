"""
A year ahead, with intervals
============================

How many airline passengers in each of the next twelve months?
:class:`~skrnn.Seq2SeqForecaster` answers with its defaults: it derives window and season from the
index, and gives an interval with each forecast. Beside it stand the value of a year ago, the same
times the last yearly growth, and ridge regression on the same windows.

Three years are forecast one after the other, each from all months before it, as sktime's
`ExpandingWindowSplitter` cuts them.

The script prints the errors and writes the forecasts (CSV) and a picture into a folder.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sktime.datasets import load_airline
from sktime.split import ExpandingWindowSplitter

from skrnn import Seq2SeqForecaster, make_windows

HORIZON = 12
N_YEARS = 3
COVERAGE = 0.8
SETTINGS = {"n_members": 3, "n_jobs": 2, "random_state": 0}


def ridge_forecast(train):
    """Return the forecast of ridge regression on two years, relative to their level and scale."""
    X, y = make_windows(train.to_numpy(), window=2 * HORIZON, horizon=HORIZON)
    last = train.to_numpy()[-2 * HORIZON :]
    X = X[:, :, 0]
    level, scale = X.mean(axis=1, keepdims=True), X.std(axis=1, keepdims=True)
    model = RidgeCV(np.logspace(-3, 3, 7)).fit((X - level) / scale, (y - level) / scale)
    return model.predict([(last - last.mean()) / last.std()])[0] * last.std() + last.mean()


def forecast_year(train):
    """Return one column per forecast for the year after `train`."""
    forecaster = Seq2SeqForecaster(**SETTINGS)
    forecaster.fit(train, fh=range(1, HORIZON + 1))
    frame = forecaster.predict_interval(coverage=COVERAGE)
    frame.columns = ["lower", "upper"]
    last_year = train.to_numpy()[-HORIZON:]
    growth = train.iloc[-HORIZON:].sum() / train.iloc[-2 * HORIZON : -HORIZON].sum()
    frame.insert(0, "Seq2SeqForecaster", forecaster.predict())
    frame["a year ago"] = last_year
    frame["a year ago, grown"] = last_year * growth
    frame["ridge"] = ridge_forecast(train)
    return frame


def forecast_years(series):
    """Return the forecasts of the last years, and the year that each belongs to."""
    splitter = ExpandingWindowSplitter(
        fh=range(1, HORIZON + 1),
        initial_window=len(series) - N_YEARS * HORIZON,
        step_length=HORIZON,
    )
    return pd.concat([forecast_year(series.iloc[train]) for train, _ in splitter.split(series)])


def score(forecasts, truth):
    """Return mean absolute errors, year by year and in all."""
    columns = forecasts.drop(columns=["lower", "upper"])
    off = columns.sub(truth, axis=0).abs()
    table = off.groupby(off.index.year).mean().T
    table["mean"] = off.mean()
    return table.round(1)


def draw(series, forecasts, path):
    """Draw the forecasts over the last five years."""
    figure, axes = plt.subplots(figsize=(9, 4.5), layout="constrained")
    shown = series[-5 * HORIZON :]
    axes.plot(shown.index.to_timestamp(), shown, color="black", label="observed")
    times = forecasts.index.to_timestamp()
    for year in np.unique(times.year):
        own = times.year == year
        first = year == times.year.min()
        axes.plot(
            times[own],
            forecasts["Seq2SeqForecaster"][own],
            color="tab:blue",
            label="forecast, from December" if first else None,
        )
        axes.fill_between(
            times[own],
            forecasts["lower"][own],
            forecasts["upper"][own],
            color="tab:blue",
            alpha=0.2,
            label=f"{COVERAGE:.0%} interval" if first else None,
        )
    axes.set(ylabel="passengers, thousands", title="Airline passengers, a year ahead")
    axes.legend(loc="upper left")
    figure.savefig(path, dpi=120)
    plt.close(figure)


def shrink():
    """Make everything small. The figures of such a run mean nothing."""
    global N_YEARS
    N_YEARS = 1
    SETTINGS.update(n_members=1, epochs=1)


def main():
    """Run the example."""
    parser = argparse.ArgumentParser(description="Airline passengers, a year ahead.")
    parser.add_argument("--output", type=Path, default=Path("year_ahead"))
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        shrink()
    folder = arguments.output
    folder.mkdir(parents=True, exist_ok=True)
    series = load_airline()
    forecasts = forecast_years(series)
    truth = series.loc[forecasts.index]
    print(f"Mean absolute error of {N_YEARS} years, each forecast from the December before:")
    print(score(forecasts, truth).to_string())
    covered = ((forecasts["lower"] <= truth) & (truth <= forecasts["upper"])).mean()
    width = (forecasts["upper"] - forecasts["lower"]).mean()
    print(
        f"The {COVERAGE:.0%} interval covers {covered:.0%} of the months; mean width {width:.0f}."
    )
    forecasts.assign(observed=truth).round(1).to_csv(folder / "forecasts.csv")
    draw(series, forecasts, folder / "forecasts.png")
    print(f"Forecasts and picture are in {folder}.")


if __name__ == "__main__":
    main()
