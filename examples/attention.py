"""
Attention, and what it does not explain
=======================================

A long sequence of random numbers, one of which is marked, somewhere in the first half. Is the
marked number positive? :class:`~skrnn.LSTMClassifier` answers with and without attention, beside
logistic regression on all numbers and marks. The sequences are synthetic.

Without attention the last output has to carry the answer through all steps after the mark; with it
the last output looks back at all steps at once. What a network looks at has three answers, which
are not the same: the attention weights; :func:`~skrnn.saliency`, the gradient with respect to each
number; and :func:`~skrnn.permutation_importance`, the accuracy that is lost when a step is
shuffled. Once an LSTM has read the marked number it keeps it, so attention may look it up at any
later step, while the gradient points at the number itself (S. Jain and B. Wallace, "Attention is
not explanation", NAACL 2019).
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from skrnn import AttentionDisplay, LSTMClassifier, permutation_importance, saliency

LENGTH, N_TRAIN = 40, 500


def draw_sequences(n_rows, rng):
    """Return sequences of a number and a mark, labels, and the marked steps."""
    numbers, rows = rng.normal(size=(n_rows, LENGTH)), np.arange(n_rows)
    marked = rng.integers(LENGTH // 10, LENGTH // 2, n_rows)
    marks = np.zeros_like(numbers)
    marks[rows, marked] = 1.0
    labels = np.where(numbers[rows, marked] > 0, "positive", "negative")
    return np.stack([numbers, marks], axis=-1), labels, marked


X, y, _ = draw_sequences(N_TRAIN, np.random.default_rng(0))
X_test, y_test, marked = draw_sequences(300, np.random.default_rng(1))
settings = {
    "epochs": 40,
    "learning_rate": 0.005,
    "lr_schedule": "cosine",
    "random_state": 0,
    "verbose": 1,
}
models = {
    "LSTM": LSTMClassifier(32, **settings).fit(X, y),
    "LSTM with attention": LSTMClassifier(32, attention=True, **settings).fit(X, y),
}
accuracy = {name: model.score(X_test, y_test) for name, model in models.items()}
line = LogisticRegression().fit(X.reshape(N_TRAIN, -1), y)
accuracy["logistic regression"] = line.score(X_test.reshape(len(X_test), -1), y_test)
accuracy["most frequent label"] = pd.Series(y_test).value_counts(normalize=True).iloc[0]
print(pd.Series(accuracy, name="accuracy").round(3).to_string())

# %%
# One sequence, and what the three measures say about all of them. They are means by the distance
# from the mark; importance is by step, where each sequence has its mark at another.
network = models["LSTM with attention"]
weights = network.attention_weights(X_test)
gradients = np.abs(saliency(network, X_test))[..., 0]  # of the numbers
gradients /= gradients.sum(axis=1, keepdims=True)
importance = permutation_importance(
    network, X_test, y_test, by="timestep", n_repeats=2, random_state=0
).importances_mean

figure, (left, middle, right) = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
title = "One sequence, its marked step dashed"
AttentionDisplay.from_estimator(
    network, X_test, sample=0, feature=0, values_name="Number", ax=left, name=title
)
left.axvline(marked[0], color="k", linestyle="--")
distance, around = np.arange(LENGTH) - marked[:, None], np.arange(-4, 20)
for name, values in {"attention": weights, "saliency": gradients}.items():
    means = [100 * values[distance == step].mean() for step in around]
    middle.plot(around, means, marker=".", label=name)
middle.axhline(100 / LENGTH, color="0.6", linestyle=":", label="all steps alike")
middle.set(title="All test sequences", xlabel="Steps after the mark", ylabel="Share of a step, %")
right.bar(range(LENGTH), 100 * importance, width=1.0, label="permutation importance")
share = 100 * np.bincount(marked, minlength=LENGTH) / len(marked)
right.plot(share, "C1", label="sequences with the mark there")
right.set(title="By step", xlabel="Time step", ylabel="Points of accuracy, or sequences, %")
for ax in (middle, right):
    ax.legend()
    ax.grid(alpha=0.3)
right.margins(y=0.3)  # room for the legend
figure.suptitle("Synthetic sequences with one marked number")
print(
    f"With attention {accuracy['LSTM with attention']:.0%} of the answers are right, without "
    f"{accuracy['LSTM']:.0%}, of logistic regression {accuracy['logistic regression']:.0%}; "
    f"whoever always gives the more frequent answer has {accuracy['most frequent label']:.0%}."
)
plt.show()
