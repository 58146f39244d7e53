"""
Two hundred stores, with holidays known ahead
=============================================

How much will each of two hundred stores sell on each of the next fourteen days? One
:class:`~skrnn.Seq2SeqForecaster` learns all stores at once. It is told which days are holidays and
which stores have a promotion, of the days to come, too: that is known beforehand.

The sales are synthetic: stores of all sizes with a week of their own, half of which close on
holidays while the others sell half as much again.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sktime.split import ExpandingGreedySplitter

import skrnn

N_STORES, N_DAYS = 200, 420
SALES = "Synthetic sales, units per day"


def make_sales(rng):
    """Return sales, and what is known ahead, with a row for each store and day."""
    days = pd.date_range("2024-01-01", periods=N_DAYS, name="day")
    holiday = (days.day == 1) | days.strftime("%m-%d").isin(["02-14", "07-14", "12-25", "12-26"])
    frames = {}
    for store in range(N_STORES):
        week = rng.uniform(0.5, 1.5, 7)[days.dayofweek]
        promotion = rng.random(N_DAYS) < 0.1
        trend = np.exp(np.cumsum(rng.normal(0, 0.01, N_DAYS)))
        factor = np.where(holiday, 0.0 if store % 2 else 1.5, 1) * np.where(promotion, 1.4, 1)
        sales = rng.poisson(10 ** rng.uniform(1.5, 3) * week * trend * factor)
        columns = {SALES: sales, "holiday": holiday, "promotion": promotion}
        frames[store] = pd.DataFrame(columns, index=days).astype(float)
    panel = pd.concat(frames, names=["store"])
    return panel[[SALES]], panel[["holiday", "promotion"]]


y, X = make_sales(np.random.default_rng(0))

# %%
# A back-test forecasts the last four weeks in two pieces, each from all days before it, by the
# network and by the forecasts that a network has to beat.
forecaster = skrnn.Seq2SeqForecaster(
    sp=7, bounds=(0, None), baselines=(), epochs=6, verbose=1, random_state=0
)
cv = ExpandingGreedySplitter(test_size=14, folds=2)
result = skrnn.backtest(forecaster, y, X, cv=cv, coverage=0.8, refit=False)
print(result.errors.round(2).to_string(na_rep=""))
print(result.sentence)

# %%
# Nine of the stores. The forecasts know the holidays, on the first and on 14 February.
result.plot()
plt.show()
