"""How members should be weighted: the alternatives to what the forecaster does, on two data sets.

Eight single series, each forecast from several origins near its end, and the 359 weekly series of
the M4 competition. Members are made once; then each rule weights them: the inverse of a power of
the error on what was held back, errors drawn towards the mean as if so many horizons more had been
held back, and the best members alone. Printed: the error by that of the best naive forecast
(geometric mean and worst of the single series), and OWA of the weekly ones. Both sets are those
that the rule was chosen on: the figures do not say how well it does elsewhere.

The folder holds `battery` and `m4`.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product
from unittest import mock

import numpy as np
import pandas as pd
from _accuracy import arguments, table
from m4_weekly import HORIZON, Scores, read, to_panel

from skrnn import Seq2SeqForecaster
from skrnn.forecasting import _weights

# File: column, frequency, steps ahead, periods, origins.
SERIES = {
    "wineind": ("Y", "M", 12, (12,), 5),
    "woolyrnq": ("Y", "Q", 8, (4,), 5),
    "monthly-milk": ("Pounds per cow", "M", 12, (12,), 5),
    "us_gasoline": ("Gasoline", "W", 13, (52,), 5),
    "temps": ("Daily minimum temperatures", "D", 14, (), 5),
    "monthly-sunspots": ("Sunspots", "M", 12, (), 5),
    "ILINet": ("% WEIGHTED ILI", "W", 13, (52,), 5),
    "taylor": ("Y", None, 96, (48, 336), 4),
}
NEWEST_FIRST = {"us_gasoline"}
POWERS, PRIORS, BEST = (1, 2, 3, 4, 6, 8), (0.5, 2), (3, 6, 10, 99)


@dataclass(frozen=True)
class Members:
    """Errors on what was held back, and forecasts of each member."""

    errors: np.ndarray
    n_horizons: float
    forecasts: np.ndarray

    def combined(self) -> np.ndarray:
        """Return the forecasts of all together, (n_series, horizon), by the rule in force."""
        weights = _weights.combination_weights(self.errors, self.n_horizons)
        return _weights.combine(self.forecasts, weights)


def fit(y: pd.Series | pd.DataFrame, horizon: int) -> Members:
    """Return the members of a forecaster with nothing set."""
    forecaster = Seq2SeqForecaster(random_state=0).fit(y, fh=range(1, horizon + 1))
    combination = forecaster._combination
    members = forecaster.predict_members().to_numpy()
    forecasts = members.reshape(-1, horizon, members.shape[1]).transpose(2, 0, 1)
    return Members(combination.errors, combination.origins[0] / horizon, forecasts)


def load(folder, name: str) -> pd.Series:
    """Return one of the single series."""
    column, freq, *_ = SERIES[name]
    values = pd.to_numeric(pd.read_csv(folder / f"{name}.csv")[column], errors="coerce")
    values = values[::-1] if name in NEWEST_FIRST else values
    values = values.reset_index(drop=True).interpolate().bfill().astype(float)
    if freq is None:
        return values
    return values.set_axis(pd.period_range("1990-01-01", periods=len(values), freq=freq))


def single(folder, name: str) -> tuple[list[tuple[Members, np.ndarray]], float]:
    """Return members and truth at each origin, and the error of the best naive forecast."""
    _, _, horizon, periods, n_origins = SERIES[name]
    series, found, naive = load(folder, name), [], []
    for back in range(n_origins, 0, -1):
        stop = len(series) - back * horizon
        past, truth = series[:stop], series[stop : stop + horizon].to_numpy()
        found.append((fit(past, horizon), truth))
        naive.append(
            [
                np.abs(past.to_numpy()[-period:][np.arange(horizon) % period] - truth).mean()
                for period in (1, *periods)
            ]
        )
    print(f"{name}: done", flush=True)
    return found, np.mean(naive, axis=0).min()


def main() -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    options = arguments(__doc__)
    singles = [single(options.data / "battery", name) for name in SERIES]
    train = read(options.data / "m4" / "Train" / "Weekly-train.csv")
    scores = Scores(train, read(options.data / "m4" / "Test" / "Weekly-test.csv"))
    weekly, rows = fit(to_panel(train), HORIZON), {}
    for power, prior, best in product(POWERS, PRIORS, BEST):
        rule = {"_POWER": power, "_PRIOR_HORIZONS": prior, "_BEST": best}
        with mock.patch.multiple(_weights, **rule):
            ratios = [
                np.mean([np.abs(one.combined()[0] - truth).mean() for one, truth in found]) / naive
                for found, naive in singles
            ]
            owa = scores.of(weekly.combined())["OWA"]
        rows[f"power {power}, prior {prior}, best {best}"] = {
            "single series": float(np.exp(np.log(ratios).mean())),
            "worst": max(ratios),
            "M4 Weekly, OWA": owa,
        }
    print(table(rows))


if __name__ == "__main__":
    main()
