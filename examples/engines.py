"""
Remaining life of engines
=========================

Engines run until they fail, some for a hundred cycles, some for three hundred. Four sensors are
read in every cycle. How many cycles are left, judged by the last thirty?

All windows of an engine go into the same fold, by `GroupKFold`: the network is asked about engines
that it has never seen. As is usual, more than a hundred cycles count as a hundred, since nothing
shows in the sensors so early. The engines are synthetic: wear starts slowly, and each runs under
another load, which moves the sensors as wear does.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import RidgeCV
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import LSTMRegressor, make_windows


def run_engine(rng):
    """Return the readings of an engine until it fails."""
    n_cycles = int(rng.integers(100, 300))
    cycle, speed = np.arange(n_cycles), rng.uniform(1.5, 4.0)
    wear = np.exp((cycle - n_cycles) * speed / 60)
    load = rng.normal() + 0.3 * np.sin(cycle / rng.uniform(5, 20))
    sensors = [wear + load, 0.5 * wear - load, wear * (1 + 0.5 * load), load]
    readings = np.transpose(sensors) + rng.normal(0, 0.2, (n_cycles, 4))
    return pd.DataFrame(readings).rename_axis("cycle")


rng = np.random.default_rng(0)
runs = {number: run_engine(rng) for number in range(60)}

# %%
# Windows of engines of unequal length, and out-of-fold predictions of each model.
readings = pd.concat(runs, names=["engine"])
X, ends = make_windows(readings, window=30, horizon=None, stride=5)
engine = ends.get_level_values("engine")
left = np.array([min(100, len(runs[name]) - 1 - cycle) for name, cycle in ends])
flat = FunctionTransformer(lambda windows: windows.reshape(len(windows), -1))
models = {
    "mean": DummyRegressor(),
    "ridge": make_pipeline(flat, StandardScaler(), RidgeCV(np.logspace(-2, 4, 7))),
    "LSTM": LSTMRegressor(32, epochs=25, lr_schedule="cosine", random_state=0, verbose=1),
}
said = {
    name: cross_val_predict(model, X, left, groups=engine, cv=GroupKFold(3))
    for name, model in models.items()
}
errors = {name: mean_absolute_error(left, values) for name, values in said.items()}
print(pd.Series(errors, name="MAE, cycles").round(1).to_string())

# %%
# What is left of six engines, of which the models know nothing else.
figure, axes = plt.subplots(2, 3, figsize=(10, 5.5), sharey=True, layout="constrained")
for ax, number in zip(axes.flat, runs, strict=False):
    own = engine == number
    cycle = ends.get_level_values("cycle")[own]
    ax.plot(cycle, left[own], "k", linewidth=2, label="truth")
    ax.plot(cycle, said["ridge"][own], "C0--", label="ridge")
    ax.plot(cycle, said["LSTM"][own], "C1", label="LSTM")
    ax.set(title=f"Engine {number}", xlabel="Cycle")
    ax.grid(alpha=0.3)
figure.supylabel("Remaining cycles, at most 100")
figure.suptitle("Six of 60 synthetic engines, each predicted by networks that saw only others")
axes[0, 0].legend()
print(
    f"The network is off by {errors['LSTM']:.1f} cycles, ridge regression by "
    f"{errors['ridge']:.1f}, and whoever always says the mean by {errors['mean']:.1f}."
)
plt.show()
