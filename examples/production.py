"""
In production: save, load, one value at a time, update
======================================================

A forecaster is fitted and saved. Another process, which knows nothing but the file, loads it, takes
one month at a time as it comes, and forecasts the next. The file holds no code, so it is safe to
load.

A new value is taken in without training; every December `update` also trains the network on for a
few epochs.
"""

import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sktime.datasets import load_airline

import skrnn

y = load_airline()
forecaster = skrnn.Seq2SeqForecaster(baselines=["log_ridge"], verbose=1, random_state=0)
forecaster.fit(y[:-24], fh=[1])
Path("output").mkdir(exist_ok=True)
skrnn.save(forecaster, "output/airline.skrnn")

# %%
# The other process: it prints a forecast, waits for the month, and takes it in.
SERVER = """
import skrnn
from sktime.datasets import load_airline
forecaster, y = skrnn.load("output/airline.skrnn"), load_airline()[-24:]
for month in y.index:
    print(month, *forecaster.predict_quantiles(alpha=[0.1, 0.5, 0.9]).iloc[0])
    forecaster.update(y[[month]], update_params=month.month == 12)
"""
command = [sys.executable, "-c", SERVER]
printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
rows = [line.split()[1:] for line in printed.splitlines()]
lower, served, upper = np.array(rows, dtype=float).T

# %%
# The two years that the process has served, beside what costs nothing.
X, target = skrnn.make_windows(y, window=24)
windows = X[:, :, 0]
ridge = RidgeCV(np.logspace(-3, 3, 7)).fit(windows[:-24], target[:-24])
forecasts = {
    "the forecaster": served,
    "ridge regression": ridge.predict(windows[-24:]),
    "last value": windows[-24:, -1],
    "a year ago": windows[-24:, -12],
}
errors = {name: np.abs(values - target[-24:]).mean() for name, values in forecasts.items()}
print(pd.Series(errors, name="MAE, thousands").round(1).to_string())

# %%
figure, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
skrnn.ForecastDisplay.from_predictions(
    y[-24:],
    {name: forecasts[name] for name in ("the forecaster", "ridge regression")},
    history=y[-60:-24],
    interval={"the forecaster": (lower, upper)},
    coverage=0.8,
    target_name="Passengers, thousands per month",
    ax=ax,
)
ax.set(title="Forecasts that a second process made, month by month", xlabel="Month")
ax.grid(alpha=0.3)
covered = np.mean((lower <= target[-24:]) & (target[-24:] <= upper))
print(
    f"The forecaster is off by {errors['the forecaster']:.1f} thousand, ridge regression by "
    f"{errors['ridge regression']:.1f} and the value of a year ago by {errors['a year ago']:.1f}; "
    f"the 80 % interval covers {covered:.0%} of the months."
)
plt.show()
