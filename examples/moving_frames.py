"""
Which way does it move? Short films
===================================

Four noisy frames show a spot that moves one pixel per step: to the left, to the right, up or down.
It is brighter or darker than its background. :class:`~skrnn.ConvLSTMClassifier` is asked for the
direction, beside

- a linear model on all pixels: as the spot is as often bright as dark, a pixel alone says nothing;
- the same on the absolute values, which is what one who knows of the two kinds would show it;
- an LSTM that reads each frame as a row of pixels: what it has learned for one place it does not
  know for the next. A convolutional LSTM uses the same small filters everywhere.

The films are synthetic.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skrnn import ConvLSTMClassifier, LSTMClassifier

N_FRAMES, SIZE, N_TRAIN = 4, 8, 800
DIRECTIONS = {"down": (1, 0), "left": (0, -1), "right": (0, 1), "up": (-1, 0)}  # row, column


def draw_films(n_films, rng):
    """Return films of a spot that stays inside, and the directions."""
    directions = rng.choice(list(DIRECTIONS), n_films)
    steps = np.array([DIRECTIONS[name] for name in directions])
    way = steps * (N_FRAMES - 1)
    start = rng.integers(np.maximum(0, -way), SIZE - np.maximum(0, way))
    places = start[:, None] + steps[:, None] * np.arange(N_FRAMES)[:, None]
    distance = (np.arange(SIZE) - places[..., None]) ** 2  # film, frame, row or column, pixel
    rows, columns = np.moveaxis(np.exp(-distance / 1.5), 2, 0)
    brightness = rng.choice([-1.0, 1.0], (n_films, 1, 1, 1))
    films = brightness * rows[..., None] * columns[..., None, :]
    return films + rng.normal(0, 0.3, films.shape), directions


def flat(films):
    return films.reshape(len(films), -1)


def pixel_rows(films):
    return films.reshape(*films.shape[:2], -1)


X, y = draw_films(N_TRAIN + 400, np.random.default_rng(0))
settings = {"epochs": 15, "learning_rate": 0.01, "lr_schedule": "cosine", "dropout": 0.2}
settings |= {"random_state": 0, "verbose": 1}
ridge = RidgeClassifierCV(np.logspace(-1, 5, 13))
rows_of_pixels = FunctionTransformer(pixel_rows)
models = {
    "linear": make_pipeline(FunctionTransformer(flat), ridge),
    "linear, absolute values": make_pipeline(
        FunctionTransformer(flat), FunctionTransformer(np.abs), ridge
    ),
    "LSTM on rows of pixels": make_pipeline(rows_of_pixels, LSTMClassifier(32, **settings)),
    "ConvLSTM": ConvLSTMClassifier(filters=6, pooling="max", **settings),
}
right = {"most frequent": 100 * (y[N_TRAIN:] == pd.Series(y[:N_TRAIN]).mode()[0]).mean()}
for name, model in models.items():
    right[name] = 100 * model.fit(X[:N_TRAIN], y[:N_TRAIN]).score(X[N_TRAIN:], y[N_TRAIN:])
print(pd.Series(right, name="directions right, %").round(1).to_string())

# %%
# A film that neither was trained on, and how often each model is right.
figure = plt.figure(figsize=(10, 5), layout="constrained")
film, chart = figure.subfigures(2, height_ratios=[1, 1])
axes = film.subplots(1, N_FRAMES)
for step, ax in enumerate(axes):
    image = ax.imshow(X[N_TRAIN, step], cmap="gray", vmin=-1.5, vmax=1.5)
    ax.set(title=f"Frame {step + 1}", xticks=[], yticks=[])
film.colorbar(image, ax=axes, label="Brightness")
film.suptitle(f'A synthetic film of a spot that moves "{y[N_TRAIN]}"')
ax = chart.subplots()
ax.barh(list(right), list(right.values()), color=["0.6", "C0", "C0", "C1", "C1"])
ax.bar_label(ax.containers[0], fmt="%.0f", padding=3)
ax.set(xlim=(0, 105), xlabel="Directions right on 400 new films, %")
ax.invert_yaxis()
print(
    f"The convolutional LSTM tells {right['ConvLSTM']:.0f} % of the directions, a linear model "
    f"{right['linear']:.0f} %, the most frequent direction {right['most frequent']:.0f} %."
)
plt.show()
