"""
Which scaler for a series that grows?
=====================================

How many airline passengers come next month, seen from the twelve months before? A network wants its
inputs and targets scaled. `"standard"` and `"minmax"` learn from the training part, and the series
leaves it: the windows of the last months have a higher mean than any before. `"window"`, `"level"`
and `"log"` look at every window relative to itself, so that later windows look like earlier ones.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sktime.datasets import load_airline

from skrnn import ForecastDisplay, LSTMRegressor, make_windows

N_TEST = 29  # a fifth of the months
SCALERS = ["standard", "minmax", "window", "level", "log"]

series = load_airline()
X, y = make_windows(series, window=12)
train, test = slice(-N_TEST), slice(-N_TEST, None)

# %%
# One search over all scalers: what would be chosen before the test part is seen? Every fold is a
# year above the months before it, as the test part is.
network = LSTMRegressor(32, learning_rate=0.01, lr_schedule="cosine", random_state=0)
search = GridSearchCV(
    network,
    [{"input_scaler": [scaler], "target_scaler": [scaler]} for scaler in SCALERS],
    scoring="neg_mean_absolute_error",
    cv=TimeSeriesSplit(3, test_size=12),
    verbose=1,
).fit(X[train], y[train])

# %%
# The test part, scored once for each, beside what costs nothing.
forecasts = {
    scaler: network.set_params(input_scaler=scaler, target_scaler=scaler)
    .fit(X[train], y[train])
    .predict(X[test])
    for scaler in SCALERS
}
windows = X[:, :, 0]
ridge = RidgeCV(np.logspace(-3, 3, 13)).fit(windows[train], y[train])
lines = {
    "last value": windows[test][:, -1],
    "a year ago": windows[test][:, 0],
    "ridge": ridge.predict(windows[test]),
}
table = pd.DataFrame(
    {"folds": dict(zip(SCALERS, -search.cv_results_["mean_test_score"], strict=True))}
)
errors = {name: mean_absolute_error(y[test], said) for name, said in {**forecasts, **lines}.items()}
table = table.reindex(errors).assign(test=pd.Series(errors))
print("Mean absolute error, thousands of passengers:")
print(table.round(1).to_string(na_rep=""))

# %%
figure, ax = plt.subplots(figsize=(9, 4.8), layout="constrained")
shown = {name: forecasts[name] for name in ("standard", "minmax", "log")} | {
    "ridge": lines["ridge"]
}
display = ForecastDisplay.from_predictions(
    series[test],
    shown,
    history=series[train][-30:],
    target_name="Passengers, thousands per month",
    ax=ax,
)
highest = series[train].max()
ax.axhline(highest, color="0.5", linestyle=":", label="highest month of the training part")
ax.set(title="Passengers of an airline, one month ahead, by scaler of the LSTM", xlabel="Month")
ax.legend(loc="upper left")
ax.grid(alpha=0.3)
chosen = search.best_params_["input_scaler"]
print(
    f'The folds choose "{chosen}", which is off by {errors[chosen]:.1f} thousand in the test part; '
    f'"standard" is off by {errors["standard"]:.1f}, ridge regression by {errors["ridge"]:.1f}, '
    f"the value of a year ago by {errors['a year ago']:.1f}."
)
plt.show()
