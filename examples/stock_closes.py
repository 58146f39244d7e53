"""
Tomorrow's close: what a network does not win
=============================================

Sixty daily closes of a stock index go into an LSTM network, the next close comes out: a classic.
The picture of such forecasts nearly always looks perfect. So does that of the forecast "tomorrow is
today", and :func:`~skrnn.compare` says in numbers what is left.

Each window is seen relative to its own mean and standard deviation, and what is learned is the
change from the last close (`seasonal_lag=1`). Without a file the closes are synthetic, a random
walk, of which nothing can be known. A CSV file with the columns `date` and `close` may be named:
`python stock_closes.py closes.csv`.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from skrnn import ForecastDisplay, LSTMRegressor, compare, make_windows

N_TEST = 250
if len(sys.argv) > 1:
    closes = pd.read_csv(sys.argv[1], index_col="date", parse_dates=True)["close"].dropna()
else:
    days = pd.bdate_range("2018-01-02", periods=1260, name="date")
    changes = np.random.default_rng(0).normal(0.0004, 0.013, size=len(days))
    closes = pd.Series(240 * np.exp(np.cumsum(changes)), index=days)
X, y = make_windows(closes.to_numpy(), window=60)
test = [(np.arange(len(y) - N_TEST), np.arange(len(y) - N_TEST, len(y)))]

# %%
# One layer, and a deeper network whose first layer reads in both directions.
settings = {"input_scaler": "window", "target_scaler": "window", "seasonal_lag": 1, "epochs": 15}
settings |= {"lr_schedule": "cosine", "random_state": 0, "verbose": 1}
networks = {
    "one layer": LSTMRegressor(32, **settings),
    "two layers, the first in both directions": LSTMRegressor(
        (32, 32), bidirectional=(True, False), **settings
    ),
}
for name, network in networks.items():
    table = compare(network, X, y, cv=test, scoring="neg_root_mean_squared_error")
    print(name, table[["error", "skill"]].round(3).to_string(), sep="\n", end="\n\n")

# %%
# The last sixty days, and all forecast changes from day to day beside what came.
network = networks["one layer"].fit(X[:-N_TEST], y[:-N_TEST])
forecast, today, truth = network.predict(X[-N_TEST:]), X[-N_TEST:, -1, 0], closes.iloc[-N_TEST:]
figure, (left, right) = plt.subplots(
    1, 2, figsize=(12, 4.8), width_ratios=[3, 2], layout="constrained"
)
forecasts = {"LSTM, one layer": forecast[-60:], "tomorrow is today": today[-60:]}
display = ForecastDisplay.from_predictions(
    truth[-60:], forecasts, target_name="Close, points", ax=left
)
display.lines_["tomorrow is today"].set(linestyle=":", linewidth=2.5)
left.legend(loc="lower left")
source = "" if len(sys.argv) > 1 else " (synthetic: a random walk)"
left.set(title=f"The closes look well forecast{source}", xlabel="Day")
change = truth.to_numpy() - today
reach = 1.05 * np.abs(change).max()
right.scatter(forecast - today, change, s=10, color="C0", alpha=0.6, label="one day each")
right.axline((0, 0), slope=1, color="0.5", linestyle="--", label="perfect")
right.axvline(0, color="C1", label="tomorrow is today")
right.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
right.set(title="Their changes do not", xlabel="Forecast change, points")
right.set_ylabel("Observed change, points")
right.legend(loc="upper left")
for ax in (left, right):
    ax.grid(alpha=0.3)
error, naive = (np.sqrt(np.mean((values - truth) ** 2)) for values in (forecast, today))
linear = table.loc["ridge", "error"]
print(
    f'The network is off by {error:.2f} points (RMSE), "tomorrow is today" by {naive:.2f}, ridge '
    f"regression by {linear:.2f}: the network has a skill of {1 - error / naive:.1%}, its changes "
    f"a correlation of {np.corrcoef(forecast - today, change)[0, 1]:.2f} with the true ones."
)
plt.show()
