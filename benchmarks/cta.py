"""Daily boardings of the Chicago Transit Authority, 1 and 7 days ahead.

Training part to 2015, test part 2016 to 2019, every day of it an origin; the total of all rides,
standardised by the training part; root mean squared error in these units. With and without what is
known beforehand: the kind of day (weekday, Saturday, Sunday or holiday) and the calendar. The
configuration was chosen on 2013 to 2015; the test part is scored once.

The folder holds cta_ridership.csv (City of Chicago data portal).
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from _accuracy import WindowRidge, arguments, cut, table

from skrnn import Seq2SeqForecaster

TRAIN_END, TEST, END = "2015-12-31", "2016-01-01", "2019-12-31"
# The squared error is what is scored.
SETTINGS = {"quantiles": None, "loss": "mse", "baselines": ()}
WITH_CALENDAR = {**SETTINGS, "window": 56, "calendar": True, "epochs": 15}
# With quantiles, as by default.
INTERVALS = {"window": 56, "calendar": True, "epochs": 15, "baselines": ()}
SEEN_BEFORE = 1500


def read(folder: Path) -> tuple[pd.Series, pd.DataFrame]:
    """Return the standardised totals and the kinds of day."""
    frame = pd.read_csv(folder / "cta_ridership.csv").drop_duplicates("service_date")
    frame.index = pd.to_datetime(frame["service_date"], format="%m/%d/%Y")
    frame = frame.sort_index().asfreq("D")[:END]
    rides, kinds = frame["total_rides"], pd.get_dummies(frame["day_type"], dtype=float)
    train = rides[:TRAIN_END]
    return (rides - train.mean()) / train.std(ddof=0), kinds


def rmse(forecast: np.ndarray, truth: np.ndarray) -> float:
    """Return the root mean squared error."""
    return float(np.sqrt(((forecast - truth) ** 2).mean()))


def ridge(rides: pd.Series, kinds: pd.DataFrame | None, window: int, horizon: int) -> float:
    """Return the error of ridge regression on the same windows and, if given, kinds of day."""
    first, beside = rides.index.get_loc(TEST), None
    windows, targets = cut(rides.to_numpy(), window, horizon)
    if kinds is not None:
        known = np.lib.stride_tricks.sliding_window_view(kinds.to_numpy(), window + horizon, axis=0)
        beside = known.reshape(len(known), -1)
    train, test = slice(0, first - window - horizon + 1), slice(first - window, None)
    pick = lambda rows: None if beside is None else beside[rows]  # noqa: E731
    model = WindowRidge(window, horizon).fit(windows[train], targets[train], pick(train))
    return rmse(model.predict(windows[test], pick(test)), targets[test])


def network(
    rides: pd.Series, kinds: pd.DataFrame | None, horizon: int, settings: dict, seed: int
) -> dict[str, float]:
    """Return error, time of the fit, and coverage and width of an 80 % interval if it has one."""
    start = perf_counter()
    forecaster = Seq2SeqForecaster(**settings, random_state=seed)
    beside = None if kinds is None else kinds[:TRAIN_END]
    forecaster.fit(rides[:TRAIN_END], X=beside, fh=range(1, horizon + 1))
    seconds, first = perf_counter() - start, rides.index.get_loc(TEST)
    window = forecaster.settings_.window
    _, truth = cut(rides.to_numpy()[first - window :], window, horizon)
    # Lines may look back further than the network, so that they get some more.
    seen = slice(first - SEEN_BEFORE, None)
    asked = rides.iloc[seen], None if kinds is None else kinds.iloc[seen]
    forecast = forecaster.predict_rolling(*asked)[-len(truth) :, :, 0]
    row = {"RMSE": rmse(forecast, truth), "fit, s": seconds}
    if "quantiles" in settings:
        return row
    low, high = np.moveaxis(forecaster.predict_rolling(*asked, alpha=[0.1, 0.9])[:, :, 0], -1, 0)
    low, high = low[-len(truth) :], high[-len(truth) :]
    covered = ((low <= truth) & (truth <= high)).mean()
    return {**row, "covered by 80 %": covered, "width": (high - low).mean()}


def main() -> None:
    """Print a table for each task."""
    options = arguments(__doc__)
    rides, kinds = read(options.data)
    for horizon, window in ((1, 7), (7, 14)):
        first = rides.index.get_loc(TEST)
        origins = np.arange(first, len(rides) - horizon + 1)[:, None]
        ahead = origins + np.arange(horizon)
        values = rides.to_numpy()
        rows = {
            "a week ago": {"RMSE": rmse(values[ahead - 7], values[ahead])},
            f"ridge, {window} days": {"RMSE": ridge(rides, None, window, horizon)},
            "ridge, 56 days and kinds of day": {"RMSE": ridge(rides, kinds, 56, horizon)},
        }
        tasks = {
            f"network, {window} days": (None, {**SETTINGS, "window": window}),
            "network, 56 days, kinds of day, calendar": (kinds, WITH_CALENDAR),
            "the same with quantiles": (kinds, INTERVALS),
            "nothing set but the calendar, kinds of day": (kinds, {"calendar": True}),
        }
        for name, (beside, settings) in tasks.items():
            runs = [
                network(rides, beside, horizon, settings, seed) for seed in range(options.seeds)
            ]
            rows[f"{name}, {options.seeds} seeds"] = {
                key: [run[key] for run in runs] for key in runs[0]
            }
        print(f"\nCTA, {horizon} days ahead, {len(origins)} origins")
        print(table(rows), flush=True)


if __name__ == "__main__":
    main()
