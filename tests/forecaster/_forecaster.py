"""Series and tiny forecasters.

All series are monthly and end alike where nothing else is said, so that little is compiled.
"""

import numpy as np
import pandas as pd
import pytest

from skrnn import Seq2SeqForecaster

# sktime 1.2 announces another default to whoever makes a forecaster.
announced_by_sktime = pytest.mark.filterwarnings(
    "ignore:The default of config ``remember_data`` will change:FutureWarning"
)
N_STEPS, WINDOW, HORIZON = 48, 6, 3
FH = [1, 2, 3]
MONTHS = pd.period_range("2000-01", periods=N_STEPS, freq="M", name="month")
LATER = pd.period_range("2004-01", periods=24, freq="M", name="month")


def wave(n_steps=N_STEPS, seed=0, level=50.0):
    """A trend, a year and noise."""
    rng, steps = np.random.default_rng(seed), np.arange(n_steps)
    return level + 0.3 * steps + 5 * np.sin(steps * np.pi / 6) + rng.normal(size=n_steps)


ALL = pd.Series(wave(N_STEPS + 24), MONTHS.append(LATER), name="sales")
Y, NEW = ALL[:N_STEPS], ALL[N_STEPS:]
PAIR = pd.DataFrame({"a": wave(seed=1), "b": wave(seed=2, level=-1000.0)}, MONTHS)


def make(**params):
    """Return a network alone, unless `baselines` are given."""
    small = {
        "window": WINDOW,
        "units": 2,
        "epochs": 2,
        "batch_size": 16,
        "cell": "simple",
        "baselines": (),
        "random_state": 0,
    }
    return Seq2SeqForecaster(**{**small, **params})


def panel_of(lengths, names=None, *, levels=1, seed=0):
    """Return series that end together, of unequal lengths."""
    names = names or [f"s{n}" for n in range(len(lengths))]
    parts = {}
    for number, (name, length) in enumerate(zip(names, lengths, strict=True)):
        key = name if levels == 1 else (f"region {name[-1] < '2'}", name)
        values = wave(length, seed=seed + number, level=10.0**number)
        parts[key] = pd.DataFrame({"sales": values}, MONTHS[N_STEPS - length :])
    labels = ["shop"] if levels == 1 else ["region", "shop"]
    return pd.concat(parts, names=[*labels, "month"]).sort_index()


def weights_of(forecaster):
    return [
        value for member in forecaster._model.members for value in member.network.weights.trainable
    ]


def same_weights(one, other):
    pairs = zip(weights_of(one), weights_of(other), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


EXOGENOUS = pd.DataFrame(
    np.random.default_rng(0).normal(size=(N_STEPS + 24, 2)), ALL.index, columns=["u", "v"]
)
