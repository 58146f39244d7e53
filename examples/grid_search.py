"""
A grid search over networks and windows
=======================================

How many units, how much dropout, and how many months to look at? One `GridSearchCV` over a
`Pipeline` answers all three, on the growth of an airline over a year, one month ahead.

The pipeline takes the rows of the series, and :class:`~skrnn.SlidingWindowTransformer` cuts the
windows, so that their length is a parameter like any other. Nothing leaks: windows and scalers of a
fold are made of its training rows, and the first windows of its test rows reach back into the
training rows, whose index they continue. Candidates share compiled programs, one for each structure
of the network; the dropout rate is a value, and so is the number of rows.
"""

import matplotlib.pyplot as plt
import numpy as np
from joblib import parallel_config
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sktime.datasets import load_airline

from skrnn import (
    GridSearchDisplay,
    LSTMRegressor,
    SlidingWindowTransformer,
    compile_cache_info,
    make_targets,
)

N_TEST = 17  # August 1959 to December 1960
series = load_airline()
growth = 100 * np.log(series / series.shift(12)).dropna()  # about the growth in percent
rows, target = make_targets(growth, horizon=1)

# `seasonal_lag=1`: what is learned is the change from the last growth rate.
scaling = {"target_scaler": "window", "seasonal_lag": 1}
network = LSTMRegressor(epochs=50, lr_schedule="cosine", random_state=0, **scaling)
search = GridSearchCV(
    Pipeline([("windows", SlidingWindowTransformer()), ("network", network)]),
    {
        "network__units": [8, 32],
        "network__dropout": [0.0, 0.2, 0.4],
        "windows__window": [12, 24],
    },
    scoring="neg_mean_absolute_error",
    cv=TimeSeriesSplit(4),
)
# Threads share what is compiled, processes do not; verbose shows progress.
with parallel_config("threading", n_jobs=2, verbose=1):
    search.fit(rows[:-N_TEST], target[:-N_TEST])
print(f"Best: {search.best_params_}")
n_fits = len(search.cv_results_["params"]) * search.n_splits_
print(f"{n_fits} fits, {compile_cache_info().training_traces} training programs compiled.")

# %%
# Errors in cross-validation: for each window and size that of the best dropout rate.
display = GridSearchDisplay.from_search(search, parameters=("window", "units"), figsize=(7, 4))
display.colorbar_.set_label("Mean absolute error of growth, %")

# %%
# The last 17 months were kept out of the search. A growth rate and the month of a year ago make a
# forecast of passengers.
year_ago = series.to_numpy()[-N_TEST - 12 : -12]
ridge = Pipeline(
    [("windows", SlidingWindowTransformer(12, flatten=True)), ("ridge", RidgeCV([1, 10, 100]))]
).fit(rows[:-N_TEST], target[:-N_TEST])
forecasts = {
    "the network": year_ago * np.exp(search.predict(rows[-N_TEST:]) / 100),
    "ridge regression on growth rates": year_ago * np.exp(ridge.predict(rows[-N_TEST:]) / 100),
    "the last growth rate once more": year_ago * np.exp(growth.to_numpy()[-N_TEST - 1 : -1] / 100),
    "the value of a year ago": year_ago,
}
for name, values in forecasts.items():
    error = mean_absolute_error(series[-N_TEST:], values)
    print(f"In the test part {name} is off by {error:.1f} thousand passengers a month.")
plt.show()
