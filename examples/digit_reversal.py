"""
Digits backwards: why a network reads in both directions
========================================================

One to five digits go in, the same digits backwards come out: 3 8 1 0 0 becomes 1 8 3 0 0. With
`return_sequences=True` a network writes a number at every step (sequence labelling).

- One that reads forwards cannot learn it: at the first step it must write the last digit.
- One bidirectional layer has read everything, but each half only from one end, and the output is a
  sum of what the halves say.
- With a second layer, where the halves meet at every step, it is easy.
- An encoder-decoder, :class:`~skrnn.Seq2SeqRegressor`, reads the whole sequence before it writes.

No line comes near: which digit to copy depends on how many there are. The digits are synthetic.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import RidgeCV

from skrnn import BiLSTMRegressor, LSTMRegressor, Seq2SeqRegressor

N_STEPS, N_TRAIN = 5, 800


def draw_sequences(n_rows, rng):
    """Return sequences of one to five digits from 1 to 9, and the same backwards."""
    lengths = rng.integers(1, N_STEPS + 1, n_rows)
    X = rng.integers(1, 10, (n_rows, N_STEPS)).astype(float)
    X[np.arange(N_STEPS) >= lengths[:, None]] = 0.0
    y = np.zeros_like(X)
    for row, length in enumerate(lengths):
        y[row, :length] = X[row, :length][::-1]
    return X, y


X, y = draw_sequences(N_TRAIN + 200, np.random.default_rng(0))
settings = {
    "epochs": 40,
    "batch_size": 16,
    "learning_rate": 0.01,
    "lr_schedule": "cosine",
    "random_state": 0,
    "verbose": 1,
}
per_step = {"return_sequences": True, **settings}
models = {
    "mean of each step": DummyRegressor(),
    "ridge, all five at once": RidgeCV(np.logspace(-3, 3, 7)),
    "LSTM": LSTMRegressor(32, **per_step),
    "BiLSTM": BiLSTMRegressor(32, **per_step),
    "BiLSTM, 2 layers": BiLSTMRegressor((32, 32), **per_step),
    "encoder-decoder": Seq2SeqRegressor(48, **settings),
}
written = {
    name: model.fit(X[:N_TRAIN], y[:N_TRAIN]).predict(X[N_TRAIN:]) for name, model in models.items()
}

# %%
# Errors on 200 sequences that were not trained on.
truth = y[N_TRAIN:]
errors = {name: ((values - truth) ** 2).mean(axis=0) for name, values in written.items()}
right = {
    name: 100 * (values.round() == truth).all(axis=1).mean() for name, values in written.items()
}
table = pd.DataFrame({"MSE": pd.DataFrame(errors).mean(), "all digits right, %": right})
print(table.round(2).to_string())

# %%
# The error at each step. Forwards, the later a digit is to be written the more of it has been read.
figure, ax = plt.subplots(figsize=(9, 4.5), layout="constrained")
markers = dict(zip(models, "xvosD^", strict=True))
for name, error in errors.items():
    line = "--" if name in list(models)[:2] else "-"
    ax.plot(range(1, N_STEPS + 1), error, line, marker=markers[name], label=name)
ax.set(
    title="Synthetic digits, to be written backwards",
    xlabel="Step of the output",
    ylabel="Mean squared error",
    xticks=range(1, N_STEPS + 1),
)
ax.grid(alpha=0.3)
figure.legend(loc="outside right upper")
print(
    f"Two bidirectional layers write {right['BiLSTM, 2 layers']:.0f} % of the sequences without an "
    f"error, ridge regression {right['ridge, all five at once']:.0f} %, and whoever writes the "
    f"mean {right['mean of each step']:.0f} %."
)
plt.show()
