"""
Rare faults in sensor data
==========================

Is there a fault in the last forty steps of two sensors? A fault is a slow rise of the temperature
and, right after it, a burst of spikes in the vibration. A rise alone is harmless, and so are spikes
alone, or spikes before a rise: what counts is the order, which :class:`~skrnn.LSTMClassifier` can
see, and logistic regression on the same windows cannot.

Few windows hold a fault. Whoever never raises an alarm is right nearly always, so recall and
precision count. `class_weight="balanced"` lets faults weigh more in training, and a threshold other
than one half raises more alarms, or fewer. The data are synthetic.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.signal import lfilter
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import PrecisionRecallDisplay, precision_score, recall_score
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import LSTMClassifier, TrainingCurveDisplay

N_STEPS, RISE, SPIKES = 40, 14, 7
# What is seen in a window, in order, and how often.
KINDS = {"rise, spikes": 0.06, "spikes, rise": 0.2, "rise": 0.2, "spikes": 0.2, "": 0.34}


def draw_windows(n_rows, rng):
    """Return windows of temperature and vibration, and which of them hold a fault."""
    X = lfilter([1.0], [1.0, -0.7], rng.normal(0, 0.4, (n_rows, N_STEPS, 2)), axis=1)
    kinds = rng.choice(list(KINDS), n_rows, p=list(KINDS.values()))
    for window, kind in zip(X, kinds, strict=True):
        step = int(rng.integers(N_STEPS - RISE - SPIKES))
        for part in kind.split(", "):
            if part == "rise":
                window[step : step + RISE, 0] += rng.uniform(1.2, 2.4) * np.arange(RISE) / RISE
                step += RISE
            if part == "spikes":
                window[step + rng.permutation(SPIKES)[:3], 1] += rng.uniform(1.5, 3.5, 3)
                step += SPIKES
    return X, (kinds == "rise, spikes").astype(int)


rng = np.random.default_rng(0)
(X, y), (X_val, y_val), (X_test, y_test) = (draw_windows(n, rng) for n in (3000, 1000, 1000))
print(f"{y.sum()} of {len(y)} windows hold a fault, {y_test.sum()} of {len(y_test)} in the test.")

# %%
# The networks keep recall and precision on the validation part, epoch by epoch.
settings = {"epochs": 20, "batch_size": 64, "learning_rate": 0.01, "lr_schedule": "cosine"}
settings |= {"metrics": ["recall", "precision"], "random_state": 0, "verbose": 1}
flat = FunctionTransformer(lambda windows: windows.reshape(len(windows), -1))
line = LogisticRegression(C=0.01, class_weight="balanced")
models = {
    "logistic regression": make_pipeline(flat, StandardScaler(), line),
    "LSTM": LSTMClassifier(24, **settings),
    "LSTM, balanced": LSTMClassifier(24, class_weight="balanced", **settings),
}
rows = {}
for name, model in models.items():
    model.fit(X, y, **({"X_val": X_val, "y_val": y_val} if "LSTM" in name else {}))
    # The threshold with the best F1 score on the validation part, beside one half.
    tuned = TunedThresholdClassifierCV(model, scoring="f1", cv="prefit", refit=False)
    alarms = {"at half": model.predict(X_test), "tuned": tuned.fit(X_val, y_val).predict(X_test)}
    rows[name] = {
        f"{score.__name__.partition('_')[0]}, {when}": score(y_test, said)
        for when, said in alarms.items()
        for score in (recall_score, precision_score)
    }
table = pd.DataFrame(rows).T
print(table.round(2).to_string())

# %%
# Left all thresholds on the test part, right the network without weights while it learns.
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
for name, model in models.items():
    PrecisionRecallDisplay.from_estimator(model, X_test, y_test, ax=left, name=name)
left.axhline(y_test.mean(), color="0.5", linestyle=":", label="alarms at random")
left.set(title="1000 synthetic test windows", xlabel="Recall", ylabel="Precision")
left.legend(fontsize="small")
TrainingCurveDisplay.from_estimator(
    models["LSTM"], metric=["recall", "precision"], ax=right, name="LSTM"
)
right.locator_params(axis="x", integer=True)
right.set(title="After each epoch, alarms at one half", ylabel="Share")
for ax in (left, right):
    ax.grid(alpha=0.3)
network, line = table.loc["LSTM"], table.loc["logistic regression"]
print(
    f"With the tuned threshold the LSTM finds {network['recall, tuned']:.0%} of the faults, "
    f"{network['precision, tuned']:.0%} of its alarms being right; of logistic regression it is "
    f"{line['recall, tuned']:.0%} and {line['precision, tuned']:.0%}. Who never raises an alarm is "
    f"right in {1 - y_test.mean():.0%} of all cases, and finds none."
)
plt.show()
