"""
Tomorrow's riders, with one cell or another
===========================================

How many people ride tomorrow, seen from the last seven or fourteen days? The question here is what
the recurrent cell changes: an LSTM, a GRU, the plain recurrent layer or an LSTM with peepholes, all
of them :class:`~skrnn.RecurrentRegressor` with another `cell`. Each forecasts from the riders of
the past days alone, and then also from the kind of each next day, which is known beforehand:
weekday, Saturday, or Sunday and holiday.

One scikit-learn pipeline does it all. :class:`~skrnn.SlidingWindowTransformer` turns each day into
the window that ends with it, so the number of days is a parameter as the cell is. What is known of
tomorrow is a column of today's row. The first windows of the test years reach back into the
training years, whose dates they continue, and the very first ones of all are padded and masked.

Beside the networks stand the value of a week ago and ridge regression on the same windows. All are
fitted up to 2015, and scored once on each day of 2016 to 2019.

Pass the daily boardings of the Chicago Transit Authority as a CSV file (columns `service_date`,
`day_type` and `total_rides`; Chicago data portal), or none for a synthetic series of the same kind.
On the boardings, with seven days and nothing known of tomorrow, a published notebook has an error
of 0.382 with an LSTM and 0.384 with a GRU.
"""

import argparse
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline

from skrnn import ForecastDisplay, RecurrentRegressor, SlidingWindowTransformer, make_targets

TRAIN_END, TEST = "2015-12-31", "2016-01-01"
CELLS = {
    "lstm": "LSTM",
    "gru": "GRU",
    "simple": "plain recurrent layer",
    "peephole": "LSTM with peepholes",
}
# Days in a window, and whether the kind of the next day is known.
VIEWS = {
    "7 days": (7, False),
    "14 days": (14, False),
    "14 days, next day's kind": (14, True),
}
# Chosen for the LSTM, with one seed, the years up to 2012 to train on and 2013 to 2015 to look at.
# Its errors in the three views are 0.328, 0.322 and 0.218. They become
#   0.382, 0.350 and 0.225 with a learning rate of 0.003, the default;
#   0.348, 0.324 and 0.219 with the default and twice the epochs;
#   0.368, 0.334 and 0.221 with the default and 64 units.
SETTINGS = {"learning_rate": 0.01, "lr_schedule": "cosine", "epochs": 40}
RIDGE, WEEK_AGO = "ridge", ("one day", "a week ago")


def synthetic():
    """Return a series with a week, holidays and weather that lasts, and the kind of each day."""
    days = pd.date_range("2008-01-01", "2017-12-31")
    holiday = days.strftime("%m-%d").isin(["01-01", "07-04", "12-25"])
    kind = np.where((days.dayofweek == 6) | holiday, "U", np.where(days.dayofweek == 5, "A", "W"))
    weather = pd.Series(np.random.default_rng(0).normal(0, 0.1, len(days))).ewm(alpha=0.4).mean()
    level = pd.Series(kind).map({"W": 1.6, "A": 1.0, "U": 0.75})
    rides = 1e6 * (level + weather)
    return pd.DataFrame({"total_rides": rides.to_numpy(), "day_type": kind}, index=days)


def read(path):
    """Return the frame of a file, one row per day."""
    frame = pd.read_csv(path).drop_duplicates("service_date")
    frame.index = pd.to_datetime(frame["service_date"], format="%m/%d/%Y")
    return frame.sort_index().asfreq("D")[:"2019-12-31"]


def rows_and_targets(frame):
    """Return the riders of each day beside the kind of the next one, and the next day's riders."""
    train = frame.loc[:TRAIN_END, "total_rides"]
    rides = ((frame["total_rides"] - train.mean()) / train.std(ddof=0)).rename("rides")
    rows, targets = make_targets(rides, horizon=1)
    next_kinds = pd.get_dummies(frame["day_type"], prefix="next", dtype=float).shift(-1)
    return rows.join(next_kinds), targets


def model_of(window, cell=None, seed=None):
    """Return a pipeline from rows to forecasts: a network with a cell, or ridge regression."""
    if cell is None:
        windows = SlidingWindowTransformer(window, flatten=True)
        return Pipeline([("windows", windows), ("ridge", RidgeCV(np.logspace(-3, 3, 7)))])
    network = RecurrentRegressor(32, cell=cell, random_state=seed, **SETTINGS)
    return Pipeline([("windows", SlidingWindowTransformer(window)), ("network", network)])


def fit_and_forecast(models, rows, targets, known):
    """Return forecasts of the test years, one row per model, and a line of the table."""
    seen = rows if known else rows[["rides"]]
    n_train = len(targets[:TRAIN_END])  # targets have the day that is forecast as their index
    forecasts, seconds = [], []
    for model in models:
        start = perf_counter()
        model.fit(seen[:n_train], targets[:n_train])
        seconds.append(perf_counter() - start)
        forecasts.append(model.predict(seen[n_train:]))
    final = models[0][-1]
    n_parameters = getattr(final, "n_parameters_", 0) or final.n_features_in_ + 1  # or ridge's
    return np.array(forecasts), {"parameters": n_parameters, "fit, s": np.median(seconds)}


def all_forecasts(rows, targets, n_seeds):
    """Return forecasts and lines of the table, by view and model."""
    forecasts, lines = {}, {}
    for view, (window, known) in VIEWS.items():
        models = {RIDGE: [model_of(window)]}
        for cell, name in CELLS.items():
            models[name] = [model_of(window, cell, seed) for seed in range(n_seeds)]
        for name, same in models.items():
            key = view, name
            forecasts[key], lines[key] = fit_and_forecast(same, rows, targets, known)
    return forecasts, lines


def rmse(forecasts, truth):
    """Return the root mean squared error of each row."""
    return np.sqrt(((forecasts - truth) ** 2).mean(axis=-1))


def score(forecasts, lines, truth, holiday):
    """Return the table of errors."""
    rows = {}
    for key, values in forecasts.items():
        errors = rmse(values, truth)
        rows[key] = {
            "RMSE": errors.mean(),
            "spread": errors.std(),
            "on holidays": rmse(values[:, holiday], truth[holiday]).mean(),
            "on other days": rmse(values[:, ~holiday], truth[~holiday]).mean(),
            **lines.get(key, {}),
        }
    return pd.DataFrame(rows).T.rename_axis(index=["seen", "model"])


def verdict(table):
    """Say which cell is ahead, and how much the cell matters beside what is seen."""
    errors = table["RMSE"].unstack("seen").loc[list(CELLS.values()), list(VIEWS)]
    spread = table.loc[list(VIEWS), "spread"].groupby("seen").max()
    lines = []
    for view in VIEWS:
        order = errors[view].sort_values()
        lines.append(
            f"{view}: {order.index[0]} first with {order.iloc[0]:.3f}, {order.index[-1]} last with "
            f"{order.iloc[-1]:.3f}; spread over the seeds up to {spread[view]:.3f}."
        )
    cell = (errors.max() - errors.min()).max()
    week, kind = -errors.mean().diff().iloc[1:]
    lines.append(
        f"Another cell changes the error by {cell:.3f} at most, seven more days by {week:.3f}, and "
        f"to know the kind of the next day by {kind:.3f}."
    )
    return "\n".join(lines)


def draw_errors(ax, forecasts, truth):
    """Draw the error of each cell and seed, and of ridge regression."""
    places = np.arange(len(VIEWS))
    for number, name in enumerate([RIDGE, *CELLS.values()]):
        for place, view in enumerate(VIEWS):
            errors = rmse(forecasts[view, name], truth)
            style = {
                "color": "0.4" if name == RIDGE else f"C{number - 1}",
                "marker": "osD^v"[number],
            }
            where = np.full(len(errors), place + 0.12 * (number - 2))
            ax.plot(where, errors, linestyle="", label=name if place == 0 else None, **style)
    week_ago = rmse(forecasts[WEEK_AGO], truth)[0]
    ax.axhline(week_ago, color="0.4", linestyle="--", label=WEEK_AGO[1])
    ax.set_xticks(places, [view.replace(", ", ",\n") for view in VIEWS])
    ax.set(ylim=(0, None), ylabel="RMSE, standard deviations", title="Error, one point per seed")
    ax.grid(alpha=0.3, axis="y")
    ax.legend()


def draw_weeks(ax, forecasts, truth, holiday):
    """Draw the weeks around the last holidays of the second test year."""
    shown = slice("2017-12-10", "2018-01-07")
    names = {"LSTM, 14 days": "14 days", "and next day's kind": "14 days, next day's kind"}
    lines = {
        name: pd.Series(forecasts[view, "LSTM"][0], truth.index)[shown]
        for name, view in names.items()
    }
    ForecastDisplay.from_predictions(truth[shown], lines, ax=ax, target_name="rides, standardised")
    for day in truth[shown].index[holiday[truth.index.get_indexer(truth[shown].index)]]:
        ax.axvspan(day - pd.Timedelta(hours=12), day + pd.Timedelta(hours=12), color="0.9")
    ax.set(title="A day ahead; holidays are shaded", xlabel="")
    ax.margins(y=0.15)  # room for the legend
    ax.legend(loc="upper center", ncols=3)
    ax.tick_params(axis="x", rotation=30)


def draw(forecasts, truth, holiday):
    """Return the picture."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 4.5), layout="constrained")
    draw_errors(left, forecasts, truth.to_numpy())
    draw_weeks(right, forecasts, truth, holiday)
    return figure


def shrink():
    """Make everything small. The figures of such a run mean nothing."""
    SETTINGS["epochs"] = 1
    for cell in ("simple", "peephole"):
        del CELLS[cell]


def main():
    parser = argparse.ArgumentParser(description="Daily riders, a day ahead, cell by cell")
    parser.add_argument("csv", type=Path, nargs="?", help="daily boardings; synthetic without")
    parser.add_argument("--output", type=Path, default=Path("output/boardings"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        shrink()
        arguments.seeds = 1

    frame = synthetic() if arguments.csv is None else read(arguments.csv)
    rows, targets = rows_and_targets(frame)
    forecasts, lines = all_forecasts(rows, targets, arguments.seeds)
    truth = targets[TEST:]
    week_ago = rows["rides"].shift(6).to_numpy()[None, -len(truth) :]
    forecasts = {WEEK_AGO: week_ago, **forecasts}
    kinds = frame.loc[truth.index, "day_type"]
    holiday = (kinds.eq("U") & (truth.index.dayofweek != 6)).to_numpy()

    table = score(forecasts, lines, truth.to_numpy(), holiday)
    print(
        f"{len(truth)} forecasts of one day, {holiday.sum()} of them of holidays; errors in "
        f"standard deviations, mean over {arguments.seeds} seeds:"
    )
    print(table.round(3).astype({"parameters": "Int64"}).to_string(na_rep=""))
    print(verdict(table))

    arguments.output.mkdir(parents=True, exist_ok=True)
    table.to_csv(arguments.output / "errors.csv", float_format="%.4f")
    draw(forecasts, truth, holiday).savefig(arguments.output / "boardings.png", dpi=120)
    print(f"Written to {arguments.output.resolve()}: errors.csv, boardings.png")


if __name__ == "__main__":
    main()
