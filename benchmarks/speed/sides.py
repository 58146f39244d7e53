"""Who does the work: skrnn, Keras, a bare loop in PyTorch, skorch, and floors to compare with.

A side imports its packages when it is made. Each does the same: as many weights, the same
optimizer, rows in a new order every epoch.
"""

from itertools import pairwise
from time import process_time

import numpy as np

from .works import GRID, LEARNING_RATE


class Skrnn:
    def __init__(self):
        import skrnn

        self.package = skrnn

    def fit(self, work, **options):
        package = self.package
        options |= {"epochs": work.epochs, "batch_size": work.batch_size}
        if work.frame:
            kind, options["kernel_size"] = package.ConvLSTMRegressor, 3
            options["pooling"] = "flatten"
        else:
            kind = package.BiLSTMRegressor if work.bidirectional else package.LSTMRegressor
        units = {"filters" if work.frame else "units": work.units}
        regressor = kind(**units, learning_rate=LEARNING_RATE, random_state=0, **options)
        return regressor.fit(*work.rows())

    def epoch_seconds(self, work):
        import keras

        marks = [process_time()]
        mark = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: marks.append(process_time())
        )
        self.fit(work, callbacks=mark)
        return np.diff(marks)

    def predict(self, fitted, X):
        return fitted.predict(X)

    def grid(self):
        kind, grid = self.package.RecurrentRegressor, GRID
        options = {"epochs": 30, "batch_size": 16, "learning_rate": LEARNING_RATE}
        return kind(cell="lstm", random_state=0, **options), grid

    def fit_panel(self, panel):
        import pandas as pd

        index = pd.MultiIndex.from_product(
            [range(panel.n_series), pd.period_range("2000-01", periods=panel.length, freq="M")]
        )
        y = pd.DataFrame({"y": panel.series().ravel().astype(float)}, index=index)
        forecaster = self.package.Seq2SeqForecaster(
            window=panel.window,
            units=panel.units,
            decoder="dense",
            segment_length=1,
            linear_skip=False,
            sp=0,
            dropout=0.0,
            quantiles=None,
            baselines=(),
            epochs=panel.epochs,
            batch_size=panel.batch_size,
            random_state=0,
        )
        return forecaster.fit(y, fh=list(range(1, panel.horizon + 1)))

    def clear(self):
        self.package.clear_compile_cache()


class Keras:
    def __init__(self):
        import keras

        self.keras = keras

    def fit(self, work):
        keras, layers = self.keras, self.keras.layers
        if work.frame:
            layer = layers.ConvLSTM2D(work.units, 3, padding="same")
        else:
            layer = layers.LSTM(work.units)
        parts = [layers.Bidirectional(layer) if work.bidirectional else layer]
        parts += [layers.Flatten()] if work.frame else []
        model = keras.Sequential([keras.Input(work.shape), *parts, layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss="mse")
        X, y = work.rows()
        marks = [process_time()]
        mark = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: marks.append(process_time())
        )
        how = {"batch_size": work.batch_size, "epochs": work.epochs, "verbose": 0}
        model.fit(X, y[:, None], callbacks=[mark], **how)
        return model, np.diff(marks)

    def epoch_seconds(self, work):
        return self.fit(work)[1]

    def predict(self, fitted, X):
        return fitted[0].predict(X, verbose=0)


class Torch:
    """The shortest loop that does it: nothing is checked, scaled or kept."""

    def __init__(self):
        import torch

        torch.set_num_threads(1)
        self.torch = torch

    def fit(self, work):
        torch, (X, y) = self.torch, work.rows()
        net = make_net(torch, work.n_features, work.units, bidirectional=work.bidirectional)
        return net, self._train(net, X, y[:, None], work)

    def _train(self, net, X, y, work):
        torch = self.torch
        optimizer = torch.optim.Adam(net.parameters(), lr=LEARNING_RATE)
        X, y = torch.from_numpy(X), torch.from_numpy(y.copy())
        marks = [process_time()]
        for _ in range(work.epochs):
            order = torch.randperm(len(X))
            for start in range(0, len(X), work.batch_size):
                rows = order[start : start + work.batch_size]
                optimizer.zero_grad()
                torch.nn.functional.mse_loss(net(X[rows]), y[rows]).backward()
                optimizer.step()
            marks.append(process_time())
        return [end - start for start, end in pairwise(marks)]

    def epoch_seconds(self, work):
        return self.fit(work)[1]

    def predict(self, fitted, X):
        torch = self.torch
        with torch.inference_mode():
            parts = torch.from_numpy(X).split(128)
            return torch.cat([fitted[0](part) for part in parts]).numpy()

    def fit_panel(self, panel):
        windows = np.lib.stride_tricks.sliding_window_view(
            panel.series(), panel.window + panel.horizon, axis=1
        ).reshape(-1, panel.window + panel.horizon)
        X, y = windows[:, : panel.window, None], windows[:, panel.window :]
        last = X[:, -1]
        net = make_net(self.torch, 1, panel.units, n_outputs=panel.horizon)
        return net, self._train(net, X - last[:, None], y - last, panel)


class Skorch:
    def __init__(self):
        import skorch
        import torch

        torch.set_num_threads(1)
        self.skorch, self.torch = skorch, torch

    def grid(self):
        torch = self.torch

        class Net(torch.nn.Module):
            def __init__(self, units=16, dropout=0.0, bidirectional=False):
                super().__init__()
                self.net = make_net(torch, 1, units, dropout=dropout, bidirectional=bidirectional)

            def forward(self, X):
                return self.net(X)

        options = {"max_epochs": 30, "batch_size": 16, "lr": LEARNING_RATE, "verbose": 0}
        regressor = self.skorch.NeuralNetRegressor(
            Net,
            optimizer=torch.optim.Adam,
            train_split=None,
            iterator_train__shuffle=True,
            **options,
        )
        return regressor, {f"module__{name}": values for name, values in GRID.items()}


class Imports:
    """Nothing but the packages that skrnn stands on."""

    def __init__(self):
        import keras  # noqa: F401
        import sklearn.base  # noqa: F401


class Products:
    """The floor of the arithmetic: the matrix products of a forward pass, one after the other."""

    def __init__(self):
        import jax

        self.jax = jax

    def gflops(self, work):
        """Return the speed of products of the shapes of a step, in 10^9 operations per second."""
        jax = self.jax
        n_inner = work.n_features + work.units
        joint = np.ones((work.batch_size, n_inner), np.float32)
        kernel = np.full((n_inner, 4 * work.units), 1e-3, np.float32)

        def step(index, joint):
            return (joint @ kernel)[:, :1] * 1e-3 + joint

        run = jax.jit(lambda joint: jax.lax.fori_loop(0, 200, step, joint))
        run(joint).block_until_ready()
        seconds = []
        for _ in range(5):
            start = process_time()
            run(joint).block_until_ready()
            seconds.append(process_time() - start)
        return 200 * 2 * work.batch_size * n_inner * 4 * work.units / min(seconds) / 1e9


def make_net(torch, n_features, units, *, n_outputs=1, dropout=0.0, bidirectional=False):
    """Return an LSTM, dropout and a linear layer as a module of PyTorch."""

    class Net(torch.nn.Module):
        def __init__(self):
            super().__init__()
            options = {"batch_first": True, "bidirectional": bidirectional}
            self.recurrent = torch.nn.LSTM(n_features, units, **options)
            self.dropout = torch.nn.Dropout(dropout)
            self.output = torch.nn.Linear(units * (2 if bidirectional else 1), n_outputs)

        def forward(self, X):
            _, (hidden, _) = self.recurrent(X)
            last = torch.cat([*hidden], -1) if bidirectional else hidden[0]
            return self.output(self.dropout(last))

    return Net()


SIDES = {
    "skrnn": Skrnn,
    "keras": Keras,
    "torch": Torch,
    "skorch": Skorch,
    "imports": Imports,
    "products": Products,
}
