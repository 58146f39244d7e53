"""Time a grid search of skrnn against Keras' own wrapper for scikit-learn on JAX, on one core.

    python benchmarks/grid_search.py [--data FOLDER] [--epochs 30] [--json FILE]

12 candidates (units x dropout x bidirectional) on the five folds of a `TimeSeriesSplit` are 60
fits, and the refit. Every search is a fresh process: this script again, which prints one line of
JSON. What is the same on both sides, and what is not, is in README.md beside this file.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from fit import TEST_ROWS, airline_windows, environment, peak_mib, timed, use_one_core

GRID = {"units": [16, 32, 64], "dropout": [0.0, 0.2], "bidirectional": [False, True]}
LEARNING_RATE, BATCH_SIZE = 1e-3, 16
SIDES = {
    "keras": "Keras' SKLearnRegressor on JAX",
    "cold": "skrnn, empty cache",
    "warm": "skrnn, warm cache",
}
ROWS = {
    "seconds": "60 fits and the refit, s",
    "cpu_seconds": "the same, s of the processor",
    "traces": "programs traced",
    "compile_seconds": "tracing and compiling, s",
    "before_mib": "resident memory before, MiB",
    "after_mib": "resident memory after, MiB",
    "peak_mib": "peak memory, MiB",
    "score": "best score (R2) in cross-validation",
    "mae": "mean absolute error, 17 test windows",
}


# --- in the measuring process -----------------------------------------------------------------


def measure(kind, data, epochs):
    """Run one search; return its figures."""
    search, X, fit_arguments, test = {"keras": keras_search, "skrnn": skrnn_search}[kind](
        data, epochs
    )
    before = resident_mib()
    seconds, cpu_seconds, _ = timed(lambda: search.fit(X, data["y"], **fit_arguments))
    forecast = np.ravel(search.predict(test)) * data["y_std"] + data["y_mean"]
    figures = {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "before_mib": before,
        "after_mib": resident_mib(),
        "peak_mib": peak_mib(),
        "score": search.best_score_,
        "mae": float(np.abs(forecast - data["truth"]).mean()),
    }
    if kind == "skrnn":
        import skrnn

        info = skrnn.compile_cache_info()
        figures |= {"traces": info.traces, "compile_seconds": info.compile_seconds}
    return figures


def keras_search(data, epochs):
    import jax
    import keras
    from keras.wrappers import SKLearnRegressor
    from sklearn.model_selection import GridSearchCV, ParameterGrid, TimeSeriesSplit

    if jax.config.jax_compilation_cache_dir is not None:
        sys.exit("The reference must not use JAX's persistent cache.")

    def build(X, y, units=16, dropout=0.0, bidirectional=False):
        layers = keras.layers
        recurrent = layers.LSTM(units)
        model = keras.Sequential(
            [
                keras.Input(X.shape[1:]),
                layers.Reshape((X.shape[1], 1)),  # the wrapper takes 2-D arrays only
                layers.Bidirectional(recurrent) if bidirectional else recurrent,
                layers.Dropout(dropout),
                layers.Dense(1),
            ]
        )
        model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss="mse")
        return model

    keras.utils.set_random_seed(0)
    # Its fit_kwargs do not survive clone, so the epochs are given to the search's fit.
    grid = {"model_kwargs": list(ParameterGrid(GRID))}
    estimator = SKLearnRegressor(model=build, model_kwargs={})
    search = GridSearchCV(estimator, grid, cv=TimeSeriesSplit(5), error_score="raise")
    arguments = {"epochs": epochs, "batch_size": BATCH_SIZE, "verbose": 0}
    return search, data["X"], arguments, data["X_test"]


def skrnn_search(data, epochs):
    import jax  # noqa: F401
    import keras  # noqa: F401
    from sklearn.model_selection import GridSearchCV, TimeSeriesSplit

    from skrnn import LSTMRegressor

    estimator = LSTMRegressor(
        epochs=epochs,
        batch_size=BATCH_SIZE,
        learning_rate=LEARNING_RATE,
        input_scaler=None,  # both sides get scaled windows
        target_scaler=None,
        random_state=0,
    )
    search = GridSearchCV(estimator, GRID, cv=TimeSeriesSplit(5), error_score="raise")
    return search, data["X"], {}, data["X_test"]


def resident_mib():
    status = Path("/proc/self/status")
    if not status.exists():
        return float("nan")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 2**10


# --- in the process that starts them ----------------------------------------------------------


def run_child(kind, folder, epochs, cache):
    command = [sys.executable, __file__, "child", kind, str(folder / "data.npz"), str(epochs)]
    done = subprocess.run(
        command, env=environment(folder, cache), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def write_data(folder, source):
    """Write windows scaled by the mean and the standard deviation of their training part."""
    X, y = airline_windows(source)
    X, mean, std = X[:, :, 0], y[:-TEST_ROWS].mean(), y[:-TEST_ROWS].std()
    scaled = ((array - mean) / std for array in (X[:-TEST_ROWS], y[:-TEST_ROWS], X[-TEST_ROWS:]))
    arrays = dict(zip(("X", "y", "X_test"), scaled, strict=True))
    np.savez(folder / "data.npz", **arrays, truth=y[-TEST_ROWS:], y_mean=mean, y_std=std)


def show(results):
    width = max(map(len, ROWS.values()))
    print(f"{'':{width}}  " + "  ".join(f"{title:>30}" for title in SIDES.values()))
    for key, title in ROWS.items():
        cells = (results[side].get(key) for side in SIDES)
        shown = ("-" if cell is None else f"{cell:.4g}" for cell in cells)
        print(f"{title:{width}}  " + "  ".join(f"{cell:>30}" for cell in shown))
    for side, goal in (("cold", 12), ("warm", 40)):
        ratio, cpu_ratio = (
            results["keras"][key] / results[side][key] for key in ("seconds", "cpu_seconds")
        )
        met = "met" if ratio >= goal else "missed"
        print(
            f"Keras / {SIDES[side]}: {ratio:.1f} ({cpu_ratio:.1f} in processor time), "
            f"goal >= {goal}: {met}"
        )


def main():
    if sys.argv[1:2] == ["child"]:
        kind, file, epochs = sys.argv[2:]
        with np.load(file) as data:
            print(json.dumps(measure(kind, dict(data), int(epochs))))
        return
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="a folder with airline.csv; sktime's copy if not")
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--json", type=Path, help="also write the figures there")
    arguments = parser.parse_args()
    use_one_core()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder, arguments.data)
        cache = folder / "cache"
        results = {
            side: run_child(
                "keras" if side == "keras" else "skrnn", folder, arguments.epochs, cache
            )
            for side in ("cold", "warm", "keras")
        }
    show(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
