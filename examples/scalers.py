"""
Which scaler for a series that grows?
=====================================

How many airline passengers come next month, seen from the twelve months before? A network wants its
inputs and targets scaled. Which scaler is best, and how much does it matter?
:class:`~skrnn.LSTMRegressor` and :class:`~skrnn.BiLSTMRegressor` try the four usual ones, beside
the last value, the value of a year ago and ridge regression on the same windows.

All four learn from the training part, and the series leaves it: the windows of the last 20 % of the
months have a higher mean than any of the training part, whatever the units. `"window"`, the fifth
scaler, looks at every window relative to its own mean and standard deviation, so that later windows
look like earlier ones.

For each scaler the learning rate is chosen by cross-validation on the training part, in one
`GridSearchCV` per network, and so is the scaler that one would take. The test part is scored once,
for all of them, over three seeds.

The script prints the tables and writes the forecasts (CSV) and a picture into a folder.
"""

import argparse
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error, root_mean_squared_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sktime.datasets import load_airline

from skrnn import BiLSTMRegressor, LSTMRegressor, make_windows

WINDOW = 12
TEST_SHARE = 0.2
FROM_TRAINING = ["standard", "minmax", "robust", "power"]  # statistics of the training part
SCALERS = [*FROM_TRAINING, "window"]
NETWORKS = {"LSTM": LSTMRegressor, "BiLSTM": BiLSTMRegressor}
SETTINGS = {"lr_schedule": "cosine"}
GRID = [
    {"input_scaler": [scaler], "target_scaler": [scaler], "learning_rate": [0.003, 0.01]}
    for scaler in SCALERS
]
ALPHAS = np.logspace(-3, 3, 13)


def search(network, X, y):
    """Return the error of each scaler in cross-validation, with the learning rate that gave it."""
    finder = GridSearchCV(
        network(**SETTINGS, random_state=0),
        GRID,
        scoring="neg_root_mean_squared_error",
        cv=TimeSeriesSplit(3),  # every fold is above the months before it, like the test part
        refit=False,
        error_score="raise",
    ).fit(X, y)
    found = pd.DataFrame(finder.cv_results_["params"]).assign(
        RMSE=-finder.cv_results_["mean_test_score"]
    )
    best = found.loc[found.groupby("input_scaler")["RMSE"].idxmin()]
    return best.set_index("input_scaler").loc[SCALERS, ["learning_rate", "RMSE"]]


def forecasts_by_seed(network, scaler, learning_rate, train, X_test, n_seeds):
    """Return forecasts of the test part, one row per seed."""
    model = network(
        input_scaler=scaler,
        target_scaler=scaler,
        learning_rate=learning_rate,
        **SETTINGS,
    )
    return np.stack(
        [model.set_params(random_state=seed).fit(*train).predict(X_test) for seed in range(n_seeds)]
    )


def simple_forecasts(train, X_test):
    """Return the forecasts that a network has to beat."""
    return {
        "last value": X_test[None, :, -1],
        "a year ago": X_test[None, :, 0],
        "ridge": RidgeCV(ALPHAS).fit(*train).predict(X_test)[None],
    }


def score(forecasts, truth):
    """Return mean errors over seeds, and how much the seeds differ."""
    rows = {}
    for name, by_seed in forecasts.items():
        squared = [root_mean_squared_error(truth, forecast) for forecast in by_seed]
        rows[name] = {
            "RMSE": np.mean(squared),
            "spread": np.std(squared),
            "MAE": np.mean([mean_absolute_error(truth, forecast) for forecast in by_seed]),
            "bias": np.mean(by_seed - truth),
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def network_verdict(network, table, cross_validated):
    """Say what the scalers matter for a network."""
    four = table.loc[[f"{network}, {name}" for name in FROM_TRAINING]]
    errors, best = four["RMSE"], four["RMSE"].idxmin()
    window, ridge = table.loc[f"{network}, window", "RMSE"], table.loc["ridge", "RMSE"]
    beaten = [name for name in ("a year ago", "ridge") if errors.min() < table.loc[name, "RMSE"]]
    return (
        f"{network}: RMSE {errors.min():.0f} to {errors.max():.0f} with the four scalers, where "
        f"seeds alone make a difference of {four['spread'].mean():.0f}. Their forecasts are "
        f"{-four['bias'].mean():.0f} too low on average. The best, "
        f"{best.removeprefix(network + ', ')} (in cross-validation: "
        f"{cross_validated[FROM_TRAINING].idxmin()}), beats "
        f'{" and ".join(beaten) or "neither a year ago nor ridge"}. "window" has {window:.0f}, '
        f"ridge {ridge:.0f}; cross-validation would have chosen {cross_validated.idxmin()}."
    )


def verdict(table, cross_validated, train, X_test):
    """Say what the scalers matter, and why."""
    before, after = train[0].mean(axis=1), X_test.mean(axis=1)
    lines = [
        f"{np.sum(after > before.max())} of {len(after)} windows of the test part have a higher "
        f"mean than all windows of the training part."
    ]
    lines += [network_verdict(name, table, errors) for name, errors in cross_validated.items()]
    if all(
        table.loc[f"{network}, window", "RMSE"] < table.loc[f"{network}, {scaler}", "RMSE"]
        for network in NETWORKS
        for scaler in FROM_TRAINING
    ):
        lines.append(
            "The four scalers change the units, not the fact that the network has never seen such "
            'months. "window" takes the level away, and is ahead of all four.'
        )
    return "\n".join(fill(line, 100) for line in lines)


def draw(series, months, forecasts):
    """Draw the forecasts of the first seed, one panel per network."""
    figure, axes = plt.subplots(2, figsize=(10, 8), sharex=True, layout="constrained")
    times = months.to_timestamp()
    shown = series[-len(months) - 24 :]
    for ax, network in zip(axes, NETWORKS, strict=True):
        ax.plot(shown.index.to_timestamp(), shown, color="black", linewidth=3, label="observed")
        highest = series[: -len(months)].max()
        ax.axhline(highest, color="0.5", linestyle=":", label="highest month of the training part")
        ax.axvline(times[0], color="0.8", zorder=0)
        for number, scaler in enumerate(SCALERS):
            style = {"linewidth": 2.5} if scaler == "window" else {"linestyle": "--"}
            forecast = forecasts[f"{network}, {scaler}"][0]
            ax.plot(times, forecast, color=f"C{number}", label=scaler, **style)
        ax.plot(times, forecasts["ridge"][0], color="C6", linestyle="-.", label="ridge")
        ax.set(title=network, ylabel="passengers, thousands")
        ax.grid(alpha=0.3)
    axes[0].legend(loc="upper left", ncols=2, fontsize="small")
    return figure


def shrink():
    """Make everything small. The figures of such a run mean nothing."""
    SETTINGS["epochs"] = 1
    for grid in GRID:
        grid["learning_rate"] = [0.01]


def main():
    parser = argparse.ArgumentParser(description="Scalers for a series that grows")
    parser.add_argument("--output", type=Path, default=Path("output/scalers"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        shrink()
        arguments.seeds = 1

    series = load_airline()
    X, y = make_windows(series.to_numpy(), WINDOW)
    X = X[:, :, 0]
    n_test = round(TEST_SHARE * len(series))
    train, X_test, truth = (X[:-n_test], y[:-n_test]), X[-n_test:], y[-n_test:]

    # Choose, on the training part.
    errors = {name: search(network, *train) for name, network in NETWORKS.items()}
    print("RMSE in cross-validation on the training part, with the better learning rate:")
    print(pd.concat(errors, axis=1).rename_axis("scaler").round(3).to_string())

    forecasts = simple_forecasts(train, X_test)
    for name, network in NETWORKS.items():
        for scaler, rate in errors[name]["learning_rate"].items():
            forecasts[f"{name}, {scaler}"] = forecasts_by_seed(
                network, scaler, rate, train, X_test, arguments.seeds
            )
    table = score(forecasts, truth)
    print(f"\nTest part, {n_test} months, thousand passengers, mean of {arguments.seeds} seeds:")
    print(table.round(1).to_string())
    cross_validated = {name: table["RMSE"] for name, table in errors.items()}
    print("\n" + verdict(table, cross_validated, train, X_test))

    arguments.output.mkdir(parents=True, exist_ok=True)
    months = series.index[-n_test:]
    frame = pd.DataFrame({name: values[0] for name, values in forecasts.items()}, index=months)
    frame.insert(0, "observed", truth)
    frame.rename_axis("month").round(1).to_csv(arguments.output / "forecasts.csv")
    draw(series, months, forecasts).savefig(arguments.output / "forecasts.png", dpi=120)
    print(f"Written to {arguments.output.resolve()}: forecasts.csv, forecasts.png")


if __name__ == "__main__":
    main()
