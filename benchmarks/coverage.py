"""Do intervals hold on series of which nothing can be learned but their kind?

White noise, a random walk, an autoregression of 0.8 and a yearly season under noise, by months.
After a fit to the first steps with nothing set, every one of 200 later origins is forecast 12 steps
ahead. Printed: the share of later values inside the 90 % interval, its lowest and highest value
over the realisations, and the mean absolute error by that of the forecast that is right for the
kind.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from _accuracy import table

from skrnn import Seq2SeqForecaster

HORIZON, N_ORIGINS, YEAR = 12, 200, 12
Rng = np.random.Generator
AHEAD = np.arange(1, HORIZON + 1)


def autoregression(rng: Rng, n: int) -> np.ndarray:
    """Return a series in which 0.8 of each value stays."""
    values = rng.normal(size=n)
    for step in range(1, n):
        values[step] += 0.8 * values[step - 1]
    return values


def season(rng: Rng, n: int) -> np.ndarray:
    """Return a wave of a year, and noise."""
    return 3 * np.sin(2 * np.pi * np.arange(n) / YEAR) + rng.normal(size=n)


# How a kind is drawn, and its best forecast from the step and the value before an origin.
KINDS: dict[str, tuple[Callable, Callable]] = {
    "white noise": (lambda rng, n: rng.normal(size=n), lambda step, last: 0 * AHEAD),
    "random walk": (
        lambda rng, n: rng.normal(size=n).cumsum(),
        lambda step, last: last + 0 * AHEAD,
    ),
    "autoregression": (autoregression, lambda step, last: last * 0.8**AHEAD),
    "season": (season, lambda step, last: 3 * np.sin(2 * np.pi * (step + AHEAD - 1) / YEAR)),
}


def measure(kind: str, length: int, seed: int) -> tuple[float, float]:
    """Return the share that is covered, and the error by that of the best forecast."""
    draw, best = KINDS[kind]
    values = draw(np.random.default_rng(seed), length + N_ORIGINS + HORIZON - 1)
    months = pd.period_range("1960-01", periods=len(values), freq="M")
    series = pd.Series(values, months)
    forecaster = Seq2SeqForecaster(random_state=seed).fit(series[:length], fh=AHEAD)
    rolled = forecaster.predict_rolling(series, alpha=[0.05, 0.5, 0.95])[-N_ORIGINS:, :, 0]
    origins = np.arange(length, length + N_ORIGINS)
    truth = values[origins[:, None] + AHEAD - 1]
    right = np.stack([best(step, values[step - 1]) for step in origins])
    inside = (rolled[..., 0] <= truth) & (truth <= rolled[..., 2])
    off = np.abs(truth - rolled[..., 1]).mean() / np.abs(truth - right).mean()
    return inside.mean(), off


def main() -> None:
    """Print a table for each length."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--realisations", type=int, default=10)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for length in (144, 260, 730):
        rows = {}
        for kind in KINDS:
            found = [measure(kind, length, seed) for seed in range(options.realisations)]
            covered, ratio = np.array(found).T
            rows[kind] = {
                "covered by 90 %": covered.mean(),
                "lowest": covered.min(),
                "highest": covered.max(),
                "error / best": ratio.mean(),
            }
        print(f"\n{length} steps")
        print(table(rows), flush=True)


if __name__ == "__main__":
    main()
