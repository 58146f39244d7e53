"""
AirPassengers, one month ahead
==============================

An airline counts its passengers every month from 1949 to 1960. How many come next month, given all
months so far? :class:`~skrnn.LSTMRegressor` and :class:`~skrnn.BiLSTMRegressor`, and their vote
with ridge regression, answer beside the forecasts that any network has to be compared with.

The last 17 months are the test part. Window, epochs and what the target is compared with are chosen
by `GridSearchCV` on the months before. Its folds look like the test part: five of twelve months at
the end, each after all months before it. With the scalers `"log"` a network sees the logarithm of
each month relative to the mean of its window, since it cannot extrapolate; with `seasonal_lag=12`
it learns the growth over a year.

On a single short series a linear model is a strong rival. Where what is to be learned is not
linear, it is none: the second task adds two marked numbers of a sequence.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from joblib import parallel_config
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import VotingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sktime.datasets import load_airline

from skrnn import BiLSTMRegressor, ForecastDisplay, LSTMRegressor, compare, make_windows

N_TEST = 17  # August 1959 to December 1960


def last_months(X, months):
    """Return the last months of windows."""
    return X[:, -months:]


series = load_airline()
windows, y = make_windows(series, window=24)
X = windows[:, :, 0]
past, future = slice(-N_TEST), slice(-N_TEST, None)

# %%
# Choose, for each network, among pipelines that see more or fewer months.
grid = {
    "window__kw_args": [{"months": 12}, {"months": 24}],
    "network__seasonal_lag": [None, 12],
    "network__epochs": [30, 100],
}
settings = {"units": 32, "dropout": 0.2, "input_scaler": "log", "target_scaler": "log"}
chosen = {}
for name, network in {"LSTM": LSTMRegressor, "BiLSTM": BiLSTMRegressor}.items():
    steps = [("window", FunctionTransformer(last_months)), ("network", network(**settings))]
    pipeline = Pipeline(steps).set_params(network__random_state=0)
    folds = TimeSeriesSplit(5, test_size=12)
    search = GridSearchCV(pipeline, grid, scoring="neg_mean_absolute_error", cv=folds)
    print(f"{name}: candidates in five folds of a year", flush=True)
    with parallel_config("threading", n_jobs=2, verbose=5):  # shows progress
        search.fit(X[past], y[past])
    print(f"Best: {search.best_params_}, off by {-search.best_score_:.1f} thousand")
    chosen[name] = search.best_estimator_

# %%
# Fit the vote, and score the test part once.
logs = make_pipeline(FunctionTransformer(np.log), RidgeCV(np.logspace(-3, 3, 13)))
ridge = TransformedTargetRegressor(logs, func=np.log, inverse_func=np.exp).fit(X[past], y[past])
vote = VotingRegressor([*chosen.items(), ("ridge", ridge)]).fit(X[past], y[past])
forecasts = {name: model.predict(X[future]) for name, model in chosen.items()} | {
    "vote with ridge": vote.predict(X[future]),
    "ridge": ridge.predict(X[future]),
    "last value": X[future][:, -1],
    "a year ago": X[future][:, -12],
    "a year ago, grown": X[future][:, -12] * X[future][:, -1] / X[future][:, -13],
}
errors = pd.Series({name: np.abs(said - y[future]).mean() for name, said in forecasts.items()})
print(f"\nMean absolute error over {N_TEST} months, thousands of passengers:")
print(errors.sort_values().round(1).to_string())

# %%
# A task next to it: the sum of the two marked numbers among ten (S. Hochreiter and J. Schmidhuber,
# "Long short-term memory", 1997). Ridge regression sees the same numbers and marks.
rng = np.random.default_rng(0)
numbers = rng.uniform(size=(1500, 10))
marks = rng.permuted(np.tile([1.0] * 2 + [0.0] * 8, (1500, 1)), axis=1)
adder = LSTMRegressor(32, epochs=20, learning_rate=0.01, random_state=0, verbose=1)
sequences, sums = np.stack([numbers, marks], axis=-1), (numbers * marks).sum(axis=1)
table = compare(adder, sequences, sums, target_feature=0, cv=[(range(1200), range(1200, 1500))])
print(
    f"\nSums of two marked numbers: the network is off by {table['error'].iloc[0]:.3f}, ridge "
    f"regression by {table.loc['ridge', 'error']:.3f}."
)

# %%
# The picture is in the folder `output`, too.
figure, ax = plt.subplots(figsize=(10, 5), layout="constrained")
ForecastDisplay.from_predictions(
    series[future],
    {name: forecasts[name] for name in ("LSTM", "BiLSTM", "vote with ridge", "ridge")},
    history=series[past][-12:],
    target_name="Passengers, thousands per month",
    ax=ax,
)
ax.set(title="Passengers of an airline, forecast one month ahead", xlabel="Month")
ax.grid(alpha=0.3)
path = Path("output/air_passengers.png")
path.parent.mkdir(exist_ok=True)
figure.savefig(path, dpi=120)
print(f"\nThe picture is in {path.resolve()}")
