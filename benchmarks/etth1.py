"""ETTh1: seven variables of a power transformer, 96 to 720 hours ahead.

The protocol of Informer and its successors: 8640 / 2880 / 2880 rows for training, validation and
test, every variable standardised by the training part, every window of the test part, mean squared
error over windows, steps and variables. The configuration was chosen at 336 and 720 hours on four
stretches of the training and validation parts, each after a training part of its own, as one that
loses much to ridge regression on none of them. Test errors of an earlier one were known by then.

The folder holds ETTh1.csv (Zhou et al., AAAI 2021).
"""

from __future__ import annotations

from time import perf_counter

import numpy as np
import pandas as pd
from _accuracy import WindowRidge, arguments, cut, table

from skrnn import Seq2SeqForecaster

N_TRAIN, TEST, END, SEEN_BEFORE = 8640, 11520, 14400, 1500
HORIZONS = (96, 192, 336, 720)
SETTINGS = {
    "window": 336,
    "segment_length": 24,
    "sp": 0,
    "cell": "gru",
    "units": 32,
    "dropout": 0.5,
    "scaler": "level",
    "learning_rate": 5e-4,
    "epochs": 4,
}
RUNS = {
    "network": {**SETTINGS, "baselines": ()},
    "the same, combined": SETTINGS,
    "nothing set": {},
}


def errors(forecast: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Return mean squared and mean absolute error."""
    off = forecast - truth
    return {"MSE": (off**2).mean(), "MAE": np.abs(off).mean()}


def ridge(frame: pd.DataFrame, horizon: int) -> np.ndarray:
    """Return forecasts of one ridge regression for all variables, on the windows of the network."""
    window, columns = SETTINGS["window"], [frame[name].to_numpy() for name in frame]
    parts = [cut(values[:N_TRAIN], window, horizon) for values in columns]
    model = WindowRidge(window, horizon)
    model.fit(*(np.concatenate(part) for part in zip(*parts, strict=True)))
    tests = [cut(values[TEST - window : END], window, horizon)[0] for values in columns]
    return np.stack([model.predict(windows) for windows in tests], axis=-1)


def forecast(
    frame: pd.DataFrame, horizon: int, truth: np.ndarray, settings: dict, seed: int
) -> dict[str, float]:
    """Return the errors of a forecaster, and the time that its fit took."""
    start = perf_counter()
    forecaster = Seq2SeqForecaster(**settings, random_state=seed)
    forecaster.fit(frame.iloc[:N_TRAIN], fh=range(1, horizon + 1))
    seconds = perf_counter() - start
    # Lines may look back further than the network, so that they get some more.
    n_origins = END - horizon + 1 - TEST
    seen = frame.iloc[TEST - SEEN_BEFORE : END]
    low, middle, high = (
        forecaster.predict_rolling(seen, alpha=[level])[-n_origins:, ..., 0]
        for level in (0.1, 0.5, 0.9)
    )
    return {
        **errors(middle, truth),
        "covered by 80 %": ((low <= truth) & (truth <= high)).mean(),
        "width": (high - low).mean(),
        "fit, s": seconds,
    }


def main() -> None:
    """Print a table for each horizon."""
    options = arguments(__doc__)
    frame = pd.read_csv(options.data / "ETTh1.csv", index_col=0, parse_dates=True).asfreq("h")
    frame = (frame - frame[:N_TRAIN].mean()) / frame[:N_TRAIN].std(ddof=0)
    values = frame.to_numpy()
    print(f"ETTh1, seven variables, {SETTINGS}")
    for horizon in HORIZONS:
        origins = np.arange(TEST, END - horizon + 1)[:, None]
        truth = values[origins + np.arange(horizon)]
        rows = {
            "last value": errors(values[origins - 1], truth),
            "a day ago": errors(values[origins - 24 + np.arange(horizon) % 24], truth),
            "ridge on the same windows": errors(ridge(frame, horizon), truth),
        }
        for what, settings in RUNS.items():
            runs = [
                forecast(frame, horizon, truth, settings, seed) for seed in range(options.seeds)
            ]
            name = f"{what}, {options.seeds} seeds"
            rows[name] = {key: [run[key] for run in runs] for key in runs[0]}
        print(f"\n{horizon} hours ahead, {len(origins)} windows")
        print(table(rows), flush=True)


if __name__ == "__main__":
    main()
