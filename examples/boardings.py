"""
Tomorrow's riders: cells, and what is known beforehand
======================================================

How many people ride tomorrow, seen from the last fourteen days? An LSTM and a GRU answer, both of
them :class:`~skrnn.RecurrentRegressor` with another `cell`; first from the riders alone, then also
from the kind of the next day, which is known beforehand: weekday, Saturday, or Sunday and holiday.

:class:`~skrnn.SlidingWindowTransformer` turns each day into the window that ends with it; what is
known of tomorrow is a column of today's row. From the riders alone a network does better than ridge
regression, which a holiday among the last days misleads. To know the kind of the next day is worth
more than any network, and leaves little between the network and the line.

Without a file the riders are synthetic. The daily boardings of the Chicago Transit Authority may be
named (Chicago data portal, CSV): `python boardings.py boardings.csv`.
"""

import sys

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline

from skrnn import ForecastDisplay, RecurrentRegressor, SlidingWindowTransformer, make_targets

N_TEST = 730


def synthetic_riders():
    """Return riders with a week, holidays and weather that lasts, and the kind of each day."""
    days = pd.date_range("2013-01-01", "2017-12-31")
    holiday = days.strftime("%m-%d").isin(["01-01", "05-01", "07-04", "11-11", "12-25", "12-26"])
    kind = np.where((days.dayofweek == 6) | holiday, "U", np.where(days.dayofweek == 5, "A", "W"))
    weather = pd.Series(np.random.default_rng(0).normal(0, 0.1, len(days))).ewm(alpha=0.4).mean()
    rides = pd.Series(kind).map({"W": 1.6, "A": 1.0, "U": 0.75}) + weather
    return pd.DataFrame({"rides": 1000 * rides.to_numpy(), "day_type": kind}, index=days)


def read_riders(path):
    """Return thousands of riders and the kind of each day of a file, up to 2019."""
    frame = pd.read_csv(path).drop_duplicates("service_date")
    frame.index = pd.to_datetime(frame["service_date"], format="%m/%d/%Y")
    frame = frame.sort_index().asfreq("D")["2013":"2019"]
    return frame[["day_type"]].assign(rides=frame["total_rides"] / 1000)


frame = read_riders(sys.argv[1]) if len(sys.argv) > 1 else synthetic_riders()
rows, target = make_targets(frame["rides"], horizon=1)
known = rows.join(pd.get_dummies(frame["day_type"], prefix="next", dtype=float).shift(-1))
kinds = frame.loc[target.index, "day_type"]

# %%
# Pipelines from rows to forecasts, fitted on all days but the last two years.
settings = {"epochs": 12, "learning_rate": 0.01, "lr_schedule": "cosine", "random_state": 0}
cells = {"LSTM": "lstm", "GRU": "gru"}
lines = make_pipeline(SlidingWindowTransformer(14, flatten=True), RidgeCV(np.logspace(-3, 3, 7)))
models = {"ridge": lines} | {
    name: make_pipeline(
        SlidingWindowTransformer(14), RecurrentRegressor(32, cell=cell, verbose=1, **settings)
    )
    for name, cell in cells.items()
}
truth = target[-N_TEST:]
forecasts = {("", "a week ago"): rows.iloc[:, 0].shift(6).to_numpy()[-N_TEST:]}
for view, seen in {"14 days": rows, "and next day's kind": known}.items():
    for name, model in models.items():
        model.fit(seen[:-N_TEST], target[:-N_TEST])
        forecasts[view, name] = model.predict(seen[-N_TEST:])
off = pd.DataFrame(forecasts, index=truth.index).sub(truth, axis=0).abs()
holiday = (kinds[-N_TEST:] == "U") & (truth.index.dayofweek != 6)
table = pd.DataFrame({"all days": off.mean(), "holidays": off[holiday].mean()})
table.index.names = ["seen", "model"]
print(f"Mean absolute error, thousands of riders; {holiday.sum()} of {N_TEST} days are holidays:")
print(table.round(0).to_string())

# %%
figure, ax = plt.subplots(figsize=(9, 4.5), layout="constrained")
shown = truth.index[-32:-3]  # the weeks around the last holidays
lines = {
    "LSTM, 14 days": forecasts["14 days", "LSTM"],
    "LSTM, and next day's kind": forecasts["and next day's kind", "LSTM"],
    "ridge, and next day's kind": forecasts["and next day's kind", "ridge"],
}
lines = {name: pd.Series(values, truth.index)[shown] for name, values in lines.items()}
ForecastDisplay.from_predictions(
    truth[shown], lines, target_name="Riders, thousands per day", ax=ax
)
for number, day in enumerate(shown[holiday[shown]]):
    label = None if number else "holiday"
    ax.axvspan(day - pd.Timedelta("12h"), day + pd.Timedelta("12h"), color="0.9", label=label)
source = "Daily" if len(sys.argv) > 1 else "Synthetic"
ax.set(title=f"{source} riders, forecast a day ahead", xlabel="Day")
ax.get_legend().remove()
figure.legend(loc="outside lower center", ncols=5, fontsize="small")
plt.show()
