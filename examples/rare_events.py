"""
Rare faults in sensor data
==========================

Three sensors of a machine, read at every step. Every twelve steps somebody asks whether a fault has
occurred since the last time, and may look at the last forty steps: a window, of which some four in
a hundred hold a fault. A fault is a slow rise of the temperature and, right after it, a burst of
spikes in the vibration. A rise alone is harmless, and so are spikes alone, or spikes before a rise.
What counts is the order, which is what :class:`~skrnn.LSTMClassifier` and
:class:`~skrnn.BiLSTMClassifier` can see; logistic regression on the same windows, which weighs each
value of a window on its own, is the line to beat.

Nearly all windows are negative, so that accuracy says nothing: who never raises an alarm is right
in more than nine of ten cases. Recall, F1 score and false-positive rate do, and the networks keep
them for the validation part after every epoch. Two remedies are compared.
`class_weight="balanced"` lets faults weigh more in training. A threshold other than one half raises
more alarms, or fewer; the `TunedThresholdClassifierCV` of scikit-learn chooses it by the F1 score
on a validation part. Average precision does not depend on a threshold.

Training, validation and test part follow each other in time, with a gap between them so that no
step is in windows of two parts. The test part is scored once.

The script prints the tables and writes the probabilities (CSV) and two pictures into a folder.
"""

import argparse
from pathlib import Path
from textwrap import fill

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    make_scorer,
    precision_recall_curve,
    recall_score,
)
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit, TunedThresholdClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skrnn import BiLSTMClassifier, LSTMClassifier
from skrnn.plotting import TrainingCurveDisplay

SENSORS = ["temperature", "vibration", "pressure"]
WINDOW, EVERY = 40, 12
BLOCK = 5 * EVERY  # steps that hold one occurrence at most
KINDS = {"fault": 0.2, "rise": 0.15, "spikes": 0.15, "spikes, then rise": 0.15, "nothing": 0.35}
GAP = -(-WINDOW // EVERY) - 1  # windows left out between two parts


def false_positive_rate(truth, alarms):
    return 1 - recall_score(truth, alarms, pos_label=0)


METRICS = {"recall": "recall", "F1": "f1", "false-positive rate": make_scorer(false_positive_rate)}
# Neither these nor the widths of the networks were searched for.
TRAINING = {
    "epochs": 20,
    "batch_size": 64,
    "lr_schedule": "cosine",
    "metrics": METRICS,
    "random_state": 0,
}
MAJORITY, LINEAR = "never an alarm", "logistic regression, balanced"
NETWORKS = {
    "LSTM": LSTMClassifier(24, **TRAINING),
    "LSTM, balanced": LSTMClassifier(24, class_weight="balanced", **TRAINING),
    "BiLSTM": BiLSTMClassifier(16, **TRAINING),
    "BiLSTM, balanced": BiLSTMClassifier(16, class_weight="balanced", **TRAINING),
}


def background(n_steps, rng):
    """Return readings without any occurrence: noise that remembers, and a slow wave."""
    noise = rng.normal(0, 0.4, size=(n_steps, len(SENSORS)))
    for step in range(1, n_steps):
        noise[step] += 0.7 * noise[step - 1]
    wave = np.sin(2 * np.pi * np.arange(n_steps) / 700)
    return noise + 0.5 * wave[:, None] * [1.0, 0.0, -1.0]


def add_rise(values, start, length, rng):
    """Let the temperature rise slowly, and fall back quickly."""
    height = rng.uniform(1.2, 2.4)
    values[start : start + length, 0] += height * np.arange(1, length + 1) / length
    values[start + length : start + length + 4, 0] += height * np.array([0.8, 0.5, 0.3, 0.1])


def add_spikes(values, start, rng):
    """Add three spikes of the vibration, and a small drop of the pressure."""
    values[start + rng.permutation(7)[:3], 1] += rng.uniform(1.5, 3.5, size=3)
    values[start : start + 7, 2] -= 0.4


def sensor_data(n_blocks, rng):
    """Return readings, and the step after the last of each fault."""
    values = background(n_blocks * BLOCK, rng)
    ends = []
    for block, kind in enumerate(rng.choice(list(KINDS), size=n_blocks, p=list(KINDS.values()))):
        length = int(rng.integers(13, 19))  # of the rise; seven steps of spikes come on top
        start = block * BLOCK + int(rng.integers(BLOCK - 30))
        if kind == "spikes, then rise":
            add_spikes(values, start, rng)
            add_rise(values, start + 7, length, rng)
        if kind in ("fault", "rise"):
            add_rise(values, start, length, rng)
        if kind in ("fault", "spikes"):
            add_spikes(values, start + length, rng)
        if kind == "fault":
            ends.append(start + length + 7)
    return values, np.array(ends)


def to_windows(values, ends):
    """Return the windows, whether a fault ended in their last steps, and the step after each."""
    windows = sliding_window_view(values, WINDOW, axis=0)[::EVERY].swapaxes(1, 2)
    stops = WINDOW + EVERY * np.arange(len(windows))
    faults = np.zeros(len(windows), int)
    places = np.searchsorted(stops, ends)  # the first window that a fault is over in
    faults[places[places < len(windows)]] = 1
    return windows, faults, stops


def split(n_windows):
    """Return the training, validation and test part."""
    first, second = int(0.6 * n_windows), int(0.8 * n_windows)
    return slice(first - GAP), slice(first, second - GAP), slice(second, None)


def flatten(windows):
    """Return windows as rows of a table."""
    return windows.reshape(len(windows), -1)


def linear_model():
    """Return logistic regression on all values of a window, its penalty chosen on what it gets."""
    model = LogisticRegression(class_weight="balanced", max_iter=1000)
    return GridSearchCV(
        make_pipeline(FunctionTransformer(flatten), StandardScaler(), model),
        {"logisticregression__C": [0.0001, 0.001, 0.01, 0.1]},
        scoring="average_precision",
        cv=TimeSeriesSplit(3, gap=GAP),
    )


def fit_all(X, y, X_val, y_val):
    """Return all models, fitted; the networks look at the validation part after each epoch."""
    models = {MAJORITY: DummyClassifier(strategy="prior").fit(X, y), LINEAR: linear_model()}
    models[LINEAR].fit(X, y)
    for name, network in NETWORKS.items():
        models[name] = network.fit(X, y, X_val=X_val, y_val=y_val)
    return models


def epochs_of(network):
    """Return recall, F1 score and false-positive rate of the validation part, epoch by epoch."""
    frame = pd.DataFrame(network.history_)[[f"val_{name}" for name in METRICS]]
    frame.index = pd.RangeIndex(1, len(frame) + 1, name="epoch")
    return frame.set_axis(list(METRICS), axis="columns")


def choose_threshold(model, X, y):
    """Return the threshold with the best F1 score on rows that the model has not seen."""
    tuned = TunedThresholdClassifierCV(model, scoring="f1", cv="prefit", refit=False)
    return tuned.fit(X, y).best_threshold_


def rates(truth, alarms):
    """Return recall, precision, F1 score and false-positive rate."""
    (quiet, false), (missed, found) = confusion_matrix(truth, alarms, labels=[0, 1])
    return {
        "recall": found / (found + missed),
        "precision": found / (found + false) if found + false else np.nan,
        "F1": 2 * found / (2 * found + false + missed),
        "false-positive rate": false / (false + quiet),
    }


def score(probabilities, thresholds, truth):
    """Return the tables of alarms at one half, and at the chosen thresholds."""
    at_half, chosen = {}, {}
    for name, probability in probabilities.items():
        threshold = thresholds[name]
        at_half[name] = rates(truth, probability >= 0.5)
        chosen[name] = {
            "average precision": average_precision_score(truth, probability),
            "threshold": threshold,
            **rates(truth, probability >= threshold),
        }
    return pd.DataFrame(at_half).T, pd.DataFrame(chosen).T


def verdict(at_half, chosen, n_faults):
    """Say what the networks gain, and what the weights do."""
    best = chosen.loc[list(NETWORKS), "average precision"].idxmax()
    linear, network = chosen.loc[LINEAR], chosen.loc[best]
    lines = [
        f"With the chosen threshold {best} finds {network['recall']:.0%} of the faults, and "
        f"{network['precision']:.0%} of its alarms are faults; for logistic regression it is "
        f"{linear['recall']:.0%} and {linear['precision']:.0%}. With {n_faults} faults in all, the "
        f"standard error of a recall of one half is {0.5 / np.sqrt(n_faults):.0%}."
    ]
    for name in ("LSTM", "BiLSTM"):
        plain, weighted = at_half.loc[name], at_half.loc[f"{name}, balanced"]
        f1 = chosen["F1"]
        lines.append(
            f"{name}: at one half, balanced weights change the recall from {plain['recall']:.0%} "
            f"to {weighted['recall']:.0%} and the precision from {plain['precision']:.0%} to "
            f"{weighted['precision']:.0%}. With a threshold chosen for each, the F1 score is "
            f"{f1[name]:.2f} without and {f1[f'{name}, balanced']:.2f} with weights."
        )
    return "\n".join(fill(line, 100) for line in lines)


def draw(data, probabilities, thresholds, stops, truth):
    """Draw the curves of precision and recall, and a stretch of sensor data with alarms."""
    figure, (top, bottom) = plt.subplots(
        2, figsize=(10, 9), height_ratios=[3, 2], layout="constrained"
    )
    for name in (LINEAR, *NETWORKS):
        precision, recall, _ = precision_recall_curve(truth, probabilities[name])
        top.step(recall, precision, "--" if name == LINEAR else "-", where="post", label=name)
    top.axhline(truth.mean(), color="0.5", linestyle=":", label="alarms at random")
    top.set(title="Precision and recall at all thresholds", xlabel="recall", ylabel="precision")
    top.grid(alpha=0.3)
    top.legend(loc="lower left", fontsize="small")
    draw_alarms(bottom, data, probabilities["LSTM"] >= thresholds["LSTM"], stops, truth)
    return figure


def draw_alarms(ax, data, alarms, stops, truth, n_windows=60):
    """Draw the first steps of the test part, its faults and the alarms of the LSTM."""
    stops, alarms, truth = stops[:n_windows], alarms[:n_windows], truth[:n_windows] == 1
    steps = np.arange(stops[0] - EVERY, stops[-1])
    for column, colour in enumerate(["C3", "0.4"]):
        ax.plot(steps, data[steps, column], color=colour, linewidth=0.8, label=SENSORS[column])
    for place, stop in enumerate(stops[truth]):
        label = "fault since the last time" if place == 0 else None
        ax.axvspan(stop - EVERY, stop, color="gold", alpha=0.4, label=label)
    ax.plot(stops[alarms], np.full(alarms.sum(), 5.5), "v", color="C2", label="alarm of the LSTM")
    ax.set(title="The first steps of the test part", xlabel="step", ylabel="reading", ylim=(-3, 6))
    ax.legend(loc="lower left", ncols=4, fontsize="small")


def draw_epochs(models):
    """Draw recall, F1 score and false-positive rate of an LSTM, with and without weights."""
    figure, panels = plt.subplots(len(METRICS), figsize=(9, 10), sharex=True, layout="constrained")
    for metric, panel in zip(METRICS, panels, strict=True):
        for name, style in (("LSTM", "-"), ("LSTM, balanced", "--")):
            TrainingCurveDisplay.from_estimator(
                models[name], metric=metric, ax=panel, name=name, line_kw={"linestyle": style}
            )
        panel.legend(fontsize="small", ncols=2)
        panel.grid(alpha=0.3)
    panels[0].set_title("After each epoch, alarms where the probability is one half or more")
    panels[-1].locator_params(axis="x", integer=True)
    return figure


def shrink():
    """Make everything small. The figures of such a run mean nothing."""
    for network in NETWORKS.values():
        network.set_params(units=4, epochs=1)


def main():
    parser = argparse.ArgumentParser(description="Rare faults in sensor data")
    parser.add_argument("--output", type=Path, default=Path("output/rare_events"))
    parser.add_argument("--blocks", type=int, default=1400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        shrink()
        arguments.blocks = 200

    data, ends = sensor_data(arguments.blocks, np.random.default_rng(arguments.seed))
    X, y, stops = to_windows(data, ends)
    train, validation, test = split(len(X))
    for name, part in (("Training", train), ("validation", validation), ("test", test)):
        print(f"{name} part: {len(y[part])} windows, {y[part].sum()} ({y[part].mean():.1%}) faults")

    models = fit_all(X[train], y[train], X[validation], y[validation])
    for name in ("LSTM", "LSTM, balanced"):
        print(f"\n{name}, validation part after each epoch:")
        print(epochs_of(models[name]).round(3).to_string())
    thresholds = {
        name: 0.5 if name == MAJORITY else choose_threshold(model, X[validation], y[validation])
        for name, model in models.items()
    }
    probabilities = {name: model.predict_proba(X[test])[:, 1] for name, model in models.items()}
    at_half, chosen = score(probabilities, thresholds, y[test])
    print("\nTest part, alarms where the probability is one half or more:")
    print(at_half.round(3).to_string())
    print("\nTest part, alarms from the threshold with the best F1 score on the validation part:")
    print(chosen.round(3).to_string())
    print(verdict(at_half, chosen, y[test].sum()))

    arguments.output.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"fault": y[test], **probabilities}, index=stops[test])
    frame.rename_axis("step").round(4).to_csv(arguments.output / "probabilities.csv")
    figure = draw(data, probabilities, thresholds, stops[test], y[test])
    figure.savefig(arguments.output / "rare_events.png", dpi=120)
    draw_epochs(models).savefig(arguments.output / "epochs.png", dpi=120)
    names = "probabilities.csv, rare_events.png, epochs.png"
    print(f"Written to {arguments.output.resolve()}: {names}")


if __name__ == "__main__":
    main()
