"""
Attention, and what it does not explain
=======================================

A long sequence of random numbers, one of which is marked, somewhere in the first half. Is the
marked number positive? :class:`~skrnn.LSTMClassifier` answers with and without attention
(`attention=True`), for sequences of several lengths, beside logistic regression on all numbers and
marks.

Without attention the last output has to carry the answer through all steps after the mark, and what
it learns from has to find the way back. The longer the way, the more fits never find it. With
attention the last output looks back at all steps at once.

Then to the question what a network looks at, for which there are three answers:

- the attention weights, for each sequence;
- :func:`~skrnn.saliency`, the gradient of the prediction with respect to each number, for each
  sequence;
- :func:`~skrnn.permutation_importance` by time step, how much of the accuracy goes when a step is
  shuffled among the sequences.

They do not say the same. Once an LSTM has read the marked number it keeps it, and any later step
will do to look it up. So attention tells where the answer can be looked up, which is from the mark
on, and hardly ever has its maximum at the mark. For one of the labels the weights may even stay all
alike: not to find the other is an answer too. The gradient points at the number that was used (see
S. Jain and B. Wallace, "Attention is not explanation", NAACL 2019). Importance is an average over
sequences: each step has the mark in only a few of them, and none after the middle has.

The script prints the tables and writes them (CSV) and a picture into a folder.
"""

import argparse
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from skrnn import LSTMClassifier, permutation_importance, saliency
from skrnn.plotting import AttentionDisplay

LENGTHS, SHOWN = (20, 40, 80, 120), 80
N_TRAIN, N_TEST = 600, 400
# What else the estimator has is left at its defaults. With a learning rate of 0.01 more of the fits
# without attention fail, from 40 steps on.
SETTINGS = {"units": 32, "epochs": 60, "lr_schedule": "cosine"}


def draw_sequences(n_rows, length, seed):
    """Return sequences of a number and a mark, labels, and the marked steps."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n_rows, length))
    rows, marked = np.arange(n_rows), rng.integers(length // 10, length // 2, n_rows)
    marks = np.zeros((n_rows, length))
    marks[rows, marked] = 1.0
    labels = np.where(numbers[rows, marked] > 0, "positive", "negative")
    return np.stack([numbers, marks], axis=-1), labels, marked


def accuracies(length, n_seeds):
    """Return one line of the table for each model, and the network with attention to look at."""
    X, y, _ = draw_sequences(N_TRAIN, length, seed=0)
    X_test, y_test, _ = draw_sequences(N_TEST, length, seed=1)
    linear = LogisticRegression().fit(X.reshape(N_TRAIN, -1), y)
    lines = {"logistic regression": {"mean": linear.score(X_test.reshape(N_TEST, -1), y_test)}}
    for attention in (False, True):
        scores, seconds = [], []
        for seed in range(n_seeds):
            start = perf_counter()
            model = LSTMClassifier(**SETTINGS, attention=attention, random_state=seed).fit(X, y)
            seconds.append(perf_counter() - start)
            scores.append(model.score(X_test, y_test))
            if seed == 0:
                first = model
        lines["LSTM with attention" if attention else "LSTM"] = {
            "mean": np.mean(scores),
            "lowest": min(scores),
            "highest": max(scores),
            "fit, s": np.median(seconds),
        }
    return pd.DataFrame(lines).T, first


def where_it_looks(weights, gradients, marked):
    """Return how attention and gradients are spread before, at and after the mark."""
    distance = np.arange(weights.shape[1]) - marked[:, None]
    rows = {}
    for name, values in {"attention": weights, "saliency": gradients}.items():
        share = values / values.mean(axis=1, keepdims=True)
        rows[name] = {
            "before the mark": share[distance < 0].mean(),
            "at the mark": share[distance == 0].mean(),
            "next 10 steps": share[(distance > 0) & (distance <= 10)].mean(),
            "later": share[distance > 10].mean(),
            "largest at the mark, %": 100 * np.mean(values.argmax(axis=1) == marked),
        }
    return pd.DataFrame(rows).T


def draw_rows(ax, values, marked, labels, title):
    """Draw the values of all sequences as an image: by label, and the earliest mark on top."""
    order = np.lexsort([marked, labels])
    image = ax.imshow(values[order], aspect="auto", cmap="Blues", vmin=0, interpolation="nearest")
    ax.plot(marked[order], np.arange(len(order)), color="C1", linewidth=1, label="marked step")
    names, counts = np.unique(labels, return_counts=True)
    ax.set_yticks(np.cumsum(counts) - counts / 2, names, rotation=90, va="center")
    ax.tick_params(axis="y", length=0)
    ax.set(title=title, xlabel="Time step")
    ax.legend(loc="lower right")
    ax.figure.colorbar(image, ax=ax)


def draw_around_mark(ax, weights, marked, labels):
    """Draw the mean attention by the distance from the mark, for each label."""
    distance = np.arange(weights.shape[1]) - marked[:, None]
    shown = np.arange(-8, 31)
    for label in np.unique(labels):
        rows = labels == label
        means = [weights[rows][distance[rows] == step].mean() for step in shown]
        ax.plot(shown, means, marker=".", label=label)
    ax.axvline(0, color="k", linestyle="--")
    ax.axhline(1 / weights.shape[1], color="0.6", linewidth=1, label="all steps alike")
    ax.set(title="Attention, mean", xlabel="Steps after the mark", ylim=(0, None))
    ax.legend()


def draw_importance(ax, importance, marked):
    """Draw the importance of each step beside the share of sequences with the mark there."""
    steps = np.arange(len(importance.importances_mean))
    ax.bar(steps, importance.importances_mean, width=1.0, label="fall of the accuracy")
    share = np.bincount(marked, minlength=len(steps)) / len(marked)
    ax.plot(steps, share, color="C1", label="share of sequences with the mark there")
    ax.set(title="Permutation importance", xlabel="Time step", ylim=(None, 1.4 * share.max()))
    ax.legend()


def draw(model, X, labels, marked, measures):
    """Return the picture."""
    weights, gradients, importance = measures
    figure, axes = plt.subplots(2, 3, figsize=(16, 8), layout="constrained")
    for ax, label in zip(axes[0], model.classes_, strict=False):  # the first sequence of each label
        sample = int(np.flatnonzero(labels == label)[0])
        title = f"Attention to a sequence, {label}"
        AttentionDisplay.from_estimator(
            model, X, sample=sample, feature=0, values_name="Number", ax=ax, name=title
        )
        ax.axvline(marked[sample], color="k", linestyle="--")
    draw_around_mark(axes[0, 2], weights, marked, labels)
    draw_rows(axes[1, 0], weights, marked, labels, "Attention, all sequences")
    sizes = gradients / gradients.max(axis=1, keepdims=True)
    draw_rows(axes[1, 1], sizes, marked, labels, "Saliency, all sequences (largest: 1)")
    draw_importance(axes[1, 2], importance, marked)
    return figure


def shrink():
    """Make everything small. The figures of such a run mean nothing."""
    global LENGTHS, SHOWN, N_TRAIN, N_TEST
    LENGTHS, SHOWN, N_TRAIN, N_TEST = (40,), 40, 100, 100
    SETTINGS.update(units=4, epochs=2)


def main():
    parser = argparse.ArgumentParser(description="Attention, and what it does not explain")
    parser.add_argument("--output", type=Path, default=Path("output/attention"))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="small, to see that it runs")
    arguments = parser.parse_args()
    if arguments.quick:
        shrink()
        arguments.seeds = 1

    tables, networks = {}, {}
    for length in LENGTHS:
        tables[length], networks[length] = accuracies(length, arguments.seeds)
    table = pd.concat(tables, names=["steps", "model"])
    print(f"Accuracy on {N_TEST} new sequences, {arguments.seeds} seeds:")
    print(table.round(3).to_string(na_rep=""))

    model = networks[SHOWN]
    X, y, marked = draw_sequences(N_TEST, SHOWN, seed=1)
    weights = model.attention_weights(X)
    gradients = np.abs(saliency(model, X))[..., 0]  # of the numbers
    importance = permutation_importance(model, X, y, by="timestep", n_repeats=3, random_state=0)
    looks = where_it_looks(weights, gradients, marked)
    print(f"\nWhere the network with attention looks, {SHOWN} steps (1 is the mean of a sequence):")
    print(looks.round(2).to_string())
    first, second = np.split(importance.importances_mean, 2)
    print(
        f"\nShuffling one step of the first half costs {100 * first.mean():.2f} points of the "
        f"accuracy (%) on average, one of the second half {100 * second.mean():.2f}."
    )

    arguments.output.mkdir(parents=True, exist_ok=True)
    table.to_csv(arguments.output / "accuracy.csv", float_format="%.4f")
    looks.to_csv(arguments.output / "looks.csv", float_format="%.4f", index_label="measure")
    figure = draw(model, X, y, marked, (weights, gradients, importance))
    figure.savefig(arguments.output / "attention.png", dpi=120)
    print(f"Written to {arguments.output.resolve()}: accuracy.csv, looks.csv, attention.png")


if __name__ == "__main__":
    main()
