"""
Tomorrow's close, and whether depth helps
=========================================

Sixty daily closes of a stock index go into an LSTM network, the next close comes out: a classic.
Five networks of :class:`~skrnn.LSTMRegressor` do it here: one, two and three layers, one
bidirectional layer, and a deep network whose first layer is bidirectional and which ends in a dense
layer.

The picture of such forecasts nearly always looks perfect. So does that of the forecast "tomorrow is
today", which stands beside the networks, as does ridge regression, on the closes and on changes
from the last close. The script says in numbers what is left: the skill, which is 1 - RMSE / RMSE of
"tomorrow is today", and its standard error.

How the network is shown the closes matters more than its depth, and is chosen by cross-validation
on the training part: scaled by the range of the training part, as one mostly sees it done, each
window relative to its own mean and standard deviation (`"window"`), or that and the target as the
change from the last close (`seasonal_lag=1`). The last 20 % of the days are the test part.

Pass daily closes as a CSV file with a column of dates and a column of closes (adjusted ones, if
there are both), or none for a random walk of the same length, of which nothing can be known.

The script prints the tables and writes the forecasts (CSV) and a picture into a folder.
"""

import argparse
from pathlib import Path
from textwrap import fill
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import TimeSeriesSplit

from skrnn import LSTMRegressor, make_windows

WINDOW = 60
TEST_SHARE = 0.2
PERSISTENCE, LINEAR = "tomorrow is today", "ridge, change from the last close"
RIDGE = RidgeCV(np.logspace(-3, 3, 13))
TRAINING = {"epochs": 20, "lr_schedule": "cosine"}
VIEWS = {
    "range of the training part": {"input_scaler": "minmax", "target_scaler": "minmax"},
    "window": {"input_scaler": "window", "target_scaler": "window"},
    "window, change from the last close": {
        "input_scaler": "window",
        "target_scaler": "window",
        "seasonal_lag": 1,
    },
}
ARCHITECTURES = {
    "1 layer": {"units": 32},
    "2 layers": {"units": (32, 32)},
    "3 layers": {"units": (32, 32, 32)},
    "bidirectional": {"units": 32, "bidirectional": True},
    "deep, first layer bidirectional": {
        "units": (32, 32, 32),
        "bidirectional": (True, False, False),
        "dense_units": (16,),
    },
}


class Result(NamedTuple):
    """Forecasts of the test part, one row per seed, and how many parameters made them."""

    forecasts: np.ndarray
    n_parameters: int = 0


def random_walk():
    """Return closes whose logarithms are a random walk."""
    days = pd.bdate_range("2018-01-02", periods=1509, name="date")
    changes = np.random.default_rng(0).normal(0.0004, 0.013, size=len(days))
    return pd.Series(240 * np.exp(np.cumsum(changes)), index=days)


def read(path):
    """Return the closes of a file by day."""
    frame = pd.read_csv(path)
    names = {str(name).strip().lower().replace("_", " "): name for name in frame.columns}
    dates = next(
        (names[name] for name in ("date", "day", "time", "timestamp") if name in names), None
    )
    closes = next(
        (names[name] for name in ("adj close", "adjclose", "close") if name in names), None
    )
    if dates is None or closes is None:
        raise SystemExit(f"{path} needs columns date and close; it has {list(frame.columns)}.")
    days = pd.DatetimeIndex(pd.to_datetime(frame[dates], utc=True)).tz_localize(None).normalize()
    values = pd.to_numeric(frame[closes], errors="coerce").to_numpy()
    series = pd.Series(values, index=days).dropna().sort_index()
    return series[~series.index.duplicated(keep="last")]


def cross_validate(models, X, y):
    """Return the mean error over folds of models, and of "tomorrow is today"."""
    errors = {name: [] for name in [*models, PERSISTENCE]}
    for train, test in TimeSeriesSplit(3).split(X):
        errors[PERSISTENCE].append(root_mean_squared_error(y[test], X[test, -1]))
        for name, model in models.items():
            forecast = clone(model).fit(X[train], y[train]).predict(X[test])
            errors[name].append(root_mean_squared_error(y[test], forecast))
    return pd.Series({name: np.mean(values) for name, values in errors.items()}, name="RMSE")


def fit_networks(view, train, X_test, n_seeds):
    """Return the results of all architectures."""
    results = {}
    for name, architecture in ARCHITECTURES.items():
        models = [
            LSTMRegressor(**architecture, **VIEWS[view], **TRAINING, random_state=seed).fit(*train)
            for seed in range(n_seeds)
        ]
        forecasts = np.stack([model.predict(X_test) for model in models])
        results[name] = Result(forecasts, models[0].n_parameters_)
    return results


def ridge_on_changes(train, X_test):
    """Return the forecasts of ridge regression relative to the level and scale of each window."""
    (X, y), n_train = train, len(train[0])
    both = np.concatenate([X, X_test])
    level, scale = both.mean(axis=1), both.std(axis=1)
    inputs = (both - level[:, None]) / scale[:, None]
    changes = (y - X[:, -1]) / scale[:n_train]
    model = RidgeCV(np.logspace(-1, 5, 13)).fit(inputs[:n_train], changes)
    return X_test[:, -1] + scale[n_train:] * model.predict(inputs[n_train:])


def simple_results(train, X_test):
    """Return the results that a network has to beat."""
    ridge = clone(RIDGE).fit(*train).predict(X_test)
    return {
        PERSISTENCE: Result(X_test[None, :, -1]),
        "ridge": Result(ridge[None], WINDOW + 1),
        LINEAR: Result(ridge_on_changes(train, X_test)[None], WINDOW + 1),
    }


def skill_and_error(forecast, today, truth):
    """Return 1 - RMSE / RMSE of "tomorrow is today", and its standard error.

    The squared errors of both are compared day by day, since most of an error is common to them.
    """
    squared, reference = (forecast - truth) ** 2, (today - truth) ** 2
    ratio = np.sqrt(squared.mean() / reference.mean())
    gain = squared - ratio**2 * reference  # delta method for a ratio of means, and for its root
    error = gain.std(ddof=1) / np.sqrt(len(truth)) / (2 * ratio * reference.mean())
    return 1 - ratio, error


def score(results, truth):
    """Return the ranked table of test errors, means over seeds."""
    today = results[PERSISTENCE].forecasts[0]
    rows = {}
    for name, result in results.items():
        errors = [root_mean_squared_error(truth, row) for row in result.forecasts]
        skills = [skill_and_error(row, today, truth) for row in result.forecasts]
        rows[name] = {
            "RMSE": np.mean(errors),
            "MAE": np.mean([mean_absolute_error(truth, row) for row in result.forecasts]),
            "skill": np.mean([skill for skill, _ in skills]),
            "its error": np.mean([error for _, error in skills]),
            "parameters": result.n_parameters,
        }
    return pd.DataFrame.from_dict(rows, orient="index").sort_values("RMSE", kind="stable")


def verdict(table):
    """Say whether there is any skill, and whether depth helps."""
    networks = table.loc[[name for name in table.index if name in ARCHITECTURES]]
    best, skill, error = networks.index[0], networks["skill"].iloc[0], networks["its error"].iloc[0]
    ahead = int((networks["skill"] > 0).sum())
    size, errors = networks["parameters"], networks["RMSE"]
    beaten = f"{ahead} of {len(networks)} networks have" if ahead else "No network has"
    sentences = [
        f'{beaten} a lower RMSE than "{PERSISTENCE}".',
        f"The best, picked after the fact, is {best}, with a skill of {skill:.2%} and a standard "
        f"error of {error:.2%}.",
        f"With {size.min()} to {size.max()} parameters the networks differ by "
        f"{errors.max() / errors.min() - 1:.1%} of the RMSE; ridge regression on changes, "
        f"with {WINDOW + 1}, has a skill of {table.loc[LINEAR, 'skill']:.2%}.",
    ]
    if 0 < skill < 2 * error:
        sentences.insert(2, "That is no more than chance gives.")
    return fill(" ".join(sentences), 100)


def draw(closes, results, best):
    """Draw the forecasts of the best network: the closes, and their changes."""
    today, forecast = results[PERSISTENCE].forecasts[0], results[best].forecasts[0]
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(12, 5), width_ratios=[3, 2], layout="constrained"
    )
    left.plot(closes.index, closes, color="black", linewidth=2.5, label="observed")
    left.plot(closes.index, forecast, color="C1", label=best)
    left.plot(closes.index, today, color="C0", linestyle=":", label=PERSISTENCE)
    left.set(title="The closes look well forecast", ylabel="close")
    left.legend()
    left.tick_params(axis="x", rotation=30)
    change = closes.to_numpy() - today
    right.scatter(forecast - today, change, s=8, color="C1", alpha=0.6)
    reach = 1.05 * np.abs(change).max()
    right.plot([-reach, reach], [-reach, reach], color="0.5", linestyle="--", label="perfect")
    right.axvline(0, color="C0", linestyle=":", label=PERSISTENCE)
    correlation = np.corrcoef(forecast - today, change)[0, 1]
    right.set(
        title=f"Their changes do not (correlation {correlation:.2f})",
        xlabel=f"forecast change, {best}",
        ylabel="observed change",
        xlim=(-reach, reach),
        ylim=(-reach, reach),
        aspect="equal",
    )
    right.legend(loc="upper left")
    for ax in (left, right):
        ax.grid(alpha=0.3)
    return figure


def shrink():
    """Make everything small. The figures of such a run mean nothing."""
    TRAINING["epochs"] = 1


def main():
    parser = argparse.ArgumentParser(description="Daily closes, one day ahead")
    parser.add_argument("csv", type=Path, nargs="?", help="daily closes; a random walk without")
    parser.add_argument("--output", type=Path, default=Path("output/stock_closes"))
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        shrink()
        arguments.seeds = 1

    series = random_walk() if arguments.csv is None else read(arguments.csv)
    X, y = make_windows(series.to_numpy(), WINDOW)
    X = X[:, :, 0]
    n_test = round(TEST_SHARE * len(series))
    train, X_test, closes = (X[:-n_test], y[:-n_test]), X[-n_test:], series[-n_test:]

    # Choose how to show the closes, on the training part, with the smallest network.
    views = {
        name: LSTMRegressor(**ARCHITECTURES["1 layer"], **view, **TRAINING, random_state=0)
        for name, view in VIEWS.items()
    }
    errors = cross_validate({**views, "ridge": RIDGE}, *train)
    print("RMSE in cross-validation on the training part, one layer, by what it is shown:")
    print(errors.round(3).to_string())
    view = errors[list(views)].idxmin()
    print(f"Chosen for all networks: {view}")

    results = {
        **simple_results(train, X_test),
        **fit_networks(view, train, X_test, arguments.seeds),
    }
    table = score(results, closes.to_numpy())
    print(f"\nTest part, {n_test} days from {closes.index[0]:%Y-%m-%d}, {arguments.seeds} seeds:")
    formats = {"skill": "{:.2%}".format, "its error": "{:.2%}".format}
    print(table.to_string(formatters=formats, float_format="{:.3f}".format))
    print(verdict(table))

    arguments.output.mkdir(parents=True, exist_ok=True)
    forecasts = {name: result.forecasts[0] for name, result in results.items()}
    frame = pd.DataFrame({"observed": closes, **forecasts}).rename_axis("day")
    frame.to_csv(arguments.output / "forecasts.csv", float_format="%.3f")
    best = next(name for name in table.index if name in ARCHITECTURES)
    draw(closes, results, best).savefig(arguments.output / "forecasts.png", dpi=120)
    print(f"Written to {arguments.output.resolve()}: forecasts.csv, forecasts.png")


if __name__ == "__main__":
    main()
