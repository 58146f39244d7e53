"""
AirPassengers, one month ahead
==============================

How many passengers does an airline have next month, given all months so far? Two networks and their
vote with ridge regression answer beside the forecasts that any network has to be compared with.

Window, epochs and what the target is compared with are chosen by `GridSearchCV`, whose folds look
like the test part, the last 17 months. With the scalers `"log"` a network sees the logarithm of
each month relative to the mean of its window; with `seasonal_lag=12` it learns yearly growth.

On a single short series a linear model is a strong rival. Where what is to be learned is not linear
it is none: the second task adds two marked numbers of a sequence.
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
settings = {"units": 32, "input_scaler": "log", "target_scaler": "log", "random_state": 0}
chosen = {}
for name, network in {"LSTM": LSTMRegressor, "BiLSTM": BiLSTMRegressor}.items():
    window = FunctionTransformer(lambda X, months: X[:, -months:])
    pipeline = Pipeline([("window", window), ("network", network(**settings))])
    folds = TimeSeriesSplit(5, test_size=12)
    search = GridSearchCV(pipeline, grid, scoring="neg_mean_absolute_error", cv=folds)
    with parallel_config("threading", n_jobs=2, verbose=5):  # shows progress
        search.fit(X[past], y[past])
    print(f"{name}: {search.best_params_}, off by {-search.best_score_:.1f} thousand")
    chosen[name] = search.best_estimator_

# %%
# Fit the vote, and score the test part once.
logs = make_pipeline(FunctionTransformer(np.log), RidgeCV(np.logspace(-3, 3, 13)))
ridge = TransformedTargetRegressor(logs, func=np.log, inverse_func=np.exp).fit(X[past], y[past])
vote = VotingRegressor([*chosen.items(), ("ridge", ridge)]).fit(X[past], y[past])
forecasts = {name: model.predict(X[future]) for name, model in chosen.items()} | {
    "vote with ridge": vote.predict(X[future]),
    "ridge": ridge.predict(X[future]),
    "a year ago": X[future][:, -12],
    "a year ago, grown": X[future][:, -12] * X[future][:, -1] / X[future][:, -13],
}
errors = pd.Series({name: np.abs(said - y[future]).mean() for name, said in forecasts.items()})
print(f"\nErrors over {N_TEST} months, thousands:\n{errors.sort_values().round(1).to_string()}")

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
    f"\nSums of marked numbers (synthetic): the network is off by {table['error'].iloc[0]:.3f}, "
    f"ridge regression by {table.loc['ridge', 'error']:.3f}."
)

# %%
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
Path("output").mkdir(exist_ok=True)
figure.savefig("output/air_passengers.png", dpi=120)
print("The picture is output/air_passengers.png.")
