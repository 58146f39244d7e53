"""
One network for hundreds of series
==================================

The M4 competition asked for forecasts of 359 weekly series, 13 weeks ahead. One
:class:`~skrnn.Seq2SeqForecaster` learns them all: it takes a frame with two index levels, series
and week, and looks at each window relative to its own level and scale.

Pass the folder of the competition's files (with `Train/Weekly-train.csv` and
`Test/Weekly-test.csv`), or none for a synthetic panel.
"""

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from skrnn import Seq2SeqForecaster

HORIZON = 13
LEVELS = (0.1, 0.9)
N_SERIES = 60  # of the synthetic panel
SETTINGS = {"random_state": 0}


def synthetic():
    """Return training and test parts of random walks with a yearly wave."""
    rng = np.random.default_rng(0)
    series = {}
    for number in range(N_SERIES):
        n_weeks = int(rng.integers(150, 400))
        wave = 5 * rng.uniform() * np.sin(2 * np.pi * (np.arange(n_weeks) + rng.integers(52)) / 52)
        series[f"S{number}"] = 10 ** rng.uniform(1, 4) * (
            1 + 0.01 * (np.cumsum(rng.normal(size=n_weeks)) + wave)
        )
    train = {name: values[:-HORIZON] for name, values in series.items()}
    return train, {name: values[-HORIZON:] for name, values in series.items()}


def read(path):
    """Return the series of a file by name."""
    frame = pd.read_csv(path, index_col=0)
    return {name: row.dropna().to_numpy() for name, row in frame.iterrows()}


def to_panel(series):
    """Return a frame with the levels series and week."""
    frames = {name: pd.DataFrame({"value": values}) for name, values in series.items()}
    return pd.concat(frames, names=["series", "week"])


def scaled_error(forecast, train, test):
    """Return the mean absolute error over the mean weekly change of each series (MASE)."""
    return np.mean(
        [
            np.abs(test[name] - forecast[name]).mean() / np.abs(np.diff(train[name])).mean()
            for name in train
        ]
    )


def shrink():
    """Make everything small. The figures of such a run mean nothing."""
    global N_SERIES
    N_SERIES = 8
    SETTINGS["epochs"] = 1


def main():
    """Run the example."""
    parser = argparse.ArgumentParser(description="Hundreds of weekly series, one network.")
    parser.add_argument("folder", type=Path, nargs="?", help="M4 files; synthetic without")
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        shrink()
    folder = arguments.folder
    if folder is None:
        train, test = synthetic()
    else:
        train = read(folder / "Train" / "Weekly-train.csv")
        test = read(folder / "Test" / "Weekly-test.csv")

    start = perf_counter()
    forecaster = Seq2SeqForecaster(**SETTINGS)
    forecaster.fit(to_panel(train), fh=range(1, HORIZON + 1))
    seconds = perf_counter() - start
    forecasts = {
        "last value": {name: np.repeat(values[-1], HORIZON) for name, values in train.items()},
        "Seq2SeqForecaster": {
            name: part.to_numpy() for name, part in forecaster.predict()["value"].groupby(level=0)
        },
    }
    print(f"{len(train)} series, {HORIZON} weeks ahead; {forecaster.settings_}")
    print(f"{forecaster.n_parameters_} parameters, fitted in {seconds:.0f} s")
    for name, forecast in forecasts.items():
        print(f"{name:>20}: MASE {scaled_error(forecast, train, test):.3f}")
    quantiles = forecaster.predict_quantiles(alpha=list(LEVELS))
    truth = np.concatenate([test[name] for name in quantiles.index.get_level_values(0).unique()])
    low, high = quantiles.to_numpy().T
    covered = ((low <= truth) & (truth <= high)).mean()
    print(f"The interval between the quantiles {LEVELS} covers {covered:.0%}.")


if __name__ == "__main__":
    main()
