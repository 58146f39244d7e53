"""
A week of daily riders, with what is known ahead
================================================

How many people ride on each of the next seven days? :class:`~skrnn.Seq2SeqForecaster` answers from
the riders alone, and then with what everybody knows beforehand (future covariates): the calendar,
and whether a day counts as a weekday, a Saturday or a Sunday. `X` holds it for past and future.

:func:`~skrnn.backtest` asks before each of the last twelve weeks. The forecaster is fitted once,
and then only takes in the new days (`refit=False`). The riders are synthetic.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sktime.split import ExpandingGreedySplitter

import skrnn


def make_riders(rng):
    """Return riders with a week, a year, holidays and weather, and the kind of each day."""
    days = pd.date_range("2014-01-01", "2017-12-31", name="Day")
    holiday = days.strftime("%m-%d").isin(["01-01", "05-01", "07-04", "11-11", "12-25", "12-26"])
    kind = np.where((days.dayofweek == 6) | holiday, "U", np.where(days.dayofweek == 5, "A", "W"))
    year = 0.1 * np.sin(2 * np.pi * days.dayofyear / 365.25)
    weather = pd.Series(rng.normal(0, 0.07, len(days))).ewm(alpha=0.4).mean().to_numpy()
    rides = pd.Series(kind).map({"W": 1.6, "A": 1.0, "U": 0.75}).to_numpy() + year + weather
    y = pd.Series(1000 * rides, index=days, name="Synthetic riders, thousands per day")
    return y, pd.get_dummies(kind, dtype=float).set_axis(days)


y, kinds = make_riders(np.random.default_rng(0))
cv = ExpandingGreedySplitter(test_size=7, folds=12)
settings = {"window": 28, "baselines": (), "epochs": 10, "verbose": 1, "random_state": 0}
results = {
    "riders alone": skrnn.backtest(skrnn.Seq2SeqForecaster(**settings), y, cv=cv, refit=False),
    "with calendar and kind": skrnn.backtest(
        skrnn.Seq2SeqForecaster(calendar=True, **settings), y, kinds, cv=cv, refit=False
    ),
}
for name, result in results.items():
    print(name, result.errors.round(2).to_string(na_rep=""), result.sentence, sep="\n", end="\n\n")

# %%
# The last five weeks of the year, with holidays in them.
figure, axes = plt.subplots(2, figsize=(9, 7), sharex=True, sharey=True, layout="constrained")
for ax, (name, result) in zip(axes, results.items(), strict=True):
    last = result.forecasts.droplevel("origin").iloc[-35:]
    skrnn.ForecastDisplay.from_predictions(
        last["truth"],
        {"forecast": last["forecast"]},
        interval=(last["lower"], last["upper"]),
        coverage=0.8,
        target_name="Riders, thousands",
        ax=ax,
    )
    ax.set(title=f"Synthetic riders, a week ahead: {name}", xlabel="Day" if ax is axes[1] else "")
    ax.grid(alpha=0.3)
plt.show()
