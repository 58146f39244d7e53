"""
A year ahead, with intervals
============================

How many airline passengers in each of the next twelve months? :class:`~skrnn.Seq2SeqForecaster`
answers with its defaults: it derives window and season from the index, puts simple lines beside the
network, weights all of them by their errors in the past, and gives an interval with each forecast.

:func:`~skrnn.backtest` forecasts the last three years one after the other, each from all months
before it, and does the same with a naive and a linear forecast.
"""

import matplotlib.pyplot as plt
from sktime.datasets import load_airline
from sktime.split import ExpandingGreedySplitter

import skrnn

y = load_airline().rename("Passengers, thousands per month")
forecaster = skrnn.Seq2SeqForecaster(verbose=1, random_state=0)
cv = ExpandingGreedySplitter(test_size=12, folds=3)
result = skrnn.backtest(forecaster, y, cv=cv, coverage=0.8)
print(result.errors.round(2).to_string(na_rep=""))
print(result.sentence)

# %%
# Three years, each forecast from the December before it.
display = result.plot()
display.ax_.set_title("Passengers of an airline, a year ahead")

# %%
# The year that nobody knows yet. `members=True` draws what the forecast is made of.
forecaster.fit(y, fh=range(1, 13))
print(forecaster.summary_)
display = skrnn.ForecastDisplay.from_forecaster(forecaster, y, coverage=0.8, members=True)
display.ax_.set_title("The year after the last one")
plt.show()
