"""
A week of daily riders, from two weeks
======================================

How many people ride on each of the next seven days, seen from the fourteen days before?
:class:`~skrnn.Seq2SeqForecaster` is fitted once and then asked on every day of the test years,
which `predict_rolling` does in one pass. A second network also knows what everybody knows
beforehand: the calendar, and whether a day counts as a weekday, a Saturday or a Sunday.

Beside them stand the value of a week ago and ridge regression on the same windows.

Pass the daily boardings of the Chicago Transit Authority as a CSV file (columns `service_date`,
`day_type` and `total_rides`; Chicago data portal), or none for a synthetic series of the same kind.
"""

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV

from skrnn import Seq2SeqForecaster

WINDOW, HORIZON = 14, 7
TRAIN_END, TEST = "2015-12-31", "2016-01-01"
PLAIN = {"window": WINDOW}
KNOWING = {"window": 56, "calendar": True, "epochs": 15}
SETTINGS = {"quantiles": None, "loss": "mse", "random_state": 0}  # the squared error is scored


def synthetic():
    """Return a series with a week, a year, holidays and noise, and the kind of each day."""
    days = pd.date_range("2008-01-01", "2017-12-31", name="service_date")
    rng = np.random.default_rng(0)
    holiday = (
        (days.dayofyear == 1)
        | ((days.month == 12) & (days.day == 25))
        | ((days.month == 7) & (days.day == 4))
    )
    kind = np.where((days.dayofweek == 6) | holiday, "U", np.where(days.dayofweek == 5, "A", "W"))
    base = pd.Series(kind).map({"W": 1.6, "A": 1.0, "U": 0.75}).to_numpy()
    year = 0.05 * np.sin(2 * np.pi * days.dayofyear / 365.25)
    weather = np.zeros(len(days))
    for day in range(1, len(days)):
        weather[day] = 0.6 * weather[day - 1] + rng.normal(0, 0.03)
    rides = 1e6 * (base + year + weather)
    return pd.DataFrame({"total_rides": rides, "day_type": kind}, index=days)


def read(path):
    """Return the frame of a file, one row per day."""
    frame = pd.read_csv(path).drop_duplicates("service_date")
    frame.index = pd.to_datetime(frame["service_date"], format="%m/%d/%Y")
    return frame.sort_index().asfreq("D")[:"2019-12-31"]


def network_forecasts(rides, kinds, **settings):
    """Return forecasts from every day of the test years, and the forecaster."""
    forecaster = Seq2SeqForecaster(**SETTINGS, **settings)
    train = slice(None, TRAIN_END)
    forecaster.fit(
        rides[train], X=None if kinds is None else kinds[train], fh=range(1, HORIZON + 1)
    )
    seen = slice(rides.index.get_loc(TEST) - forecaster.settings_.window, None)
    beside = None if kinds is None else kinds.iloc[seen]
    return forecaster.predict_rolling(rides.iloc[seen], X=beside)[..., 0], forecaster


def ridge_forecasts(values, first):
    """Return the forecasts of ridge regression on the same fourteen days."""
    both = np.lib.stride_tricks.sliding_window_view(values, WINDOW + HORIZON)
    X, y = both[:, :WINDOW], both[:, WINDOW:]
    model = RidgeCV(np.logspace(-3, 3, 7)).fit(
        X[: first - WINDOW - HORIZON + 1], y[: first - WINDOW - HORIZON + 1]
    )
    return model.predict(X[first - WINDOW :])


def draw(rides, forecasts, first, path):
    """Draw four weeks, each forecast from the day before it."""
    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    shown = rides.iloc[first : first + 4 * HORIZON]
    axes.plot(shown.index, shown, color="black", label="observed")
    for number, (name, values) in enumerate(forecasts.items()):
        for week in range(4):
            days = shown.index[week * HORIZON : (week + 1) * HORIZON]
            label = name if week == 0 else None
            axes.plot(days, values[week * HORIZON], color=f"C{number}", label=label)
    axes.set(ylabel="rides, standardised", title="A week ahead, week by week")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=3)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def shrink():
    """Make everything small. The figures of such a run mean nothing."""
    PLAIN["epochs"] = KNOWING["epochs"] = 1


def main():
    """Run the example."""
    parser = argparse.ArgumentParser(description="Daily riders, a week ahead.")
    parser.add_argument("csv", type=Path, nargs="?", help="daily boardings; synthetic without")
    parser.add_argument("--output", type=Path, default=Path("week_ahead"))
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    options = parser.parse_args()
    if options.quick:
        shrink()
    options.output.mkdir(parents=True, exist_ok=True)

    frame = synthetic() if options.csv is None else read(options.csv)
    train = frame.loc[:TRAIN_END, "total_rides"]
    rides = (frame["total_rides"] - train.mean()) / train.std(ddof=0)
    kinds = pd.get_dummies(frame["day_type"], dtype=float)
    values, first = rides.to_numpy(), rides.index.get_loc(TEST)
    ahead = np.arange(first, len(rides) - HORIZON + 1)[:, None] + np.arange(HORIZON)

    plain, small = network_forecasts(rides, None, **PLAIN)
    knowing, large = network_forecasts(rides, kinds, **KNOWING)
    forecasts = {
        "a week ago": values[ahead - HORIZON],
        "ridge, 14 days": ridge_forecasts(values, first),
        "network, 14 days": plain,
        "network, 56 days and calendar": knowing,
    }
    table = pd.DataFrame(
        {
            name: {
                "RMSE": np.sqrt(((forecast - values[ahead]) ** 2).mean()),
                "MAE": np.abs(forecast - values[ahead]).mean(),
            }
            for name, forecast in forecasts.items()
        }
    ).T
    table["parameters"] = ["", WINDOW * HORIZON + HORIZON, small.n_parameters_, large.n_parameters_]
    print(f"{len(ahead)} forecasts of {HORIZON} days; errors in standard deviations:")
    print(table.round(3).to_string())
    shown = {
        name: forecasts[name] for name in ("network, 14 days", "network, 56 days and calendar")
    }
    draw(rides, shown, first, options.output / "forecasts.png")
    print(f"The picture is in {options.output}.")


if __name__ == "__main__":
    main()
