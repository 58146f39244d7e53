"""Time fits of skrnn against the same fits with `keras.Model.fit` on JAX, on one core.

    python benchmarks/fit.py [--data FOLDER] [--repeats 3] [--larger] [--json FILE]

Every measurement is a fresh process: this script again, which prints one line of JSON. What is
measured, and what is the same on both sides, is in README.md beside this file.
"""

import argparse
import csv
import json
import operator
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np


@dataclass(frozen=True)
class Work:
    """One fit: a recurrent layer and a Dense(1), trained with Adam on mse."""

    title: str
    units: int
    batch_size: int
    epochs: int
    shape: tuple[int, int, int]  # training rows, steps, features
    bidirectional: bool = False


WORKS = {
    "airline": Work("LSTM(64), 115 x 12 x 1, batch 8, 100 epochs", 64, 8, 100, (115, 12, 1)),
    "lstm-32": Work("LSTM(32), 2000 x 24 x 8, batch 32, 5 epochs", 32, 32, 5, (2000, 24, 8)),
    "lstm-128": Work("LSTM(128), 512 x 96 x 8, batch 64, 2 epochs", 128, 64, 2, (512, 96, 8)),
    "bilstm-64": Work(
        "BiLSTM(64), 1000 x 24 x 8, batch 32, 5 epochs", 64, 32, 5, (1000, 24, 8), True
    ),
}
LARGER = [name for name in WORKS if name != "airline"]
WINDOW, TEST_ROWS = 12, 17
LEARNING_RATE = 1e-3
CALLS = 200


@dataclass(frozen=True)
class Ratio:
    """What one column of the table has over what another has; over 1 where there is no other."""

    title: str
    key: str
    above: str
    below: str | None
    goal: str = ""

    def of(self, results, key=None):
        """Return the ratio of medians, and the lowest and the highest within a repetition."""
        key = key or self.key
        above = [run[key] for run in results[self.above]]
        below = [run[key] for run in results[self.below]] if self.below else [1.0] * len(above)
        single = [a / b for a, b in zip(above, below, strict=True)]
        return median(above) / median(below), min(single), max(single)


NEXT_FIT = Ratio("next fit: Keras / skrnn", "next_s", "keras", "cold", ">= 8")
RATIOS = [
    NEXT_FIT,
    Ratio("first fit, empty cache: skrnn / Keras", "first_s", "cold", "keras", "<= 0.65"),
    Ratio("first fit, warm cache: skrnn / Keras", "first_s", "warm", "keras", "<= 0.5"),
    Ratio("one window: model.predict / skrnn", "predict_ms", "keras", "warm"),
    Ratio("one window with skrnn, ms", "predict_ms", "warm", None, "< 0.5"),
]
PROCESSOR = {"first_s": "first_cpu_s", "next_s": "next_cpu_s", "predict_ms": "predict_cpu_ms"}

COLUMNS = {"keras": "Keras", "cold": "skrnn, empty cache", "warm": "skrnn, warm cache"}
ROWS = {
    "first_s": "first fit, s",
    "first_cpu_s": "first fit, s of the processor",
    "next_s": "next fit, s",
    "next_cpu_s": "next fit, s of the processor",
    "epoch_ms": "one epoch of the next fit, ms",
    "predict_ms": "predict one window, ms",
    "predict_cpu_ms": "predict one window, ms of the processor",
    "call_ms": "the same as model(x), ms",
    "peak_mib": "peak memory after two fits, MiB",
    "loss": "last training loss, scaled units",
    "mae": "mean absolute error, 17 test windows",
    "traces": "programs traced by two fits",
    "compile_s": "of the first fit, tracing + compiling, s",
}


# --- in the measuring process -----------------------------------------------------------------


def measure(kind, name, data, seed):
    """Time two fits of one side, and for the airline windows its predictions."""
    side = {"keras": KerasSide, "skrnn": SkrnnSide}[kind](WORKS[name], data)
    first_s, first_cpu_s, _ = timed(lambda: side.fit(seed))
    compile_s = side.compile_seconds()
    next_s, next_cpu_s, fitted = timed(lambda: side.fit(seed + 1))
    result = {
        "first_s": first_s,
        "first_cpu_s": first_cpu_s,
        "next_s": next_s,
        "next_cpu_s": next_cpu_s,
        "epoch_ms": 1e3 * median(side.epoch_seconds(fitted)[1:]),
        "loss": side.loss(fitted),
        "peak_mib": peak_mib(),
        "traces": side.traces(),
        "compile_s": compile_s,
    }
    return {**result, **predictions(side, fitted, data)} if name == "airline" else result


def predictions(side, fitted, data):
    errors = side.predict(fitted, side.X_test) - data["y_test"]
    one_window = side.X_test[:1]
    side.predict(fitted, one_window)  # Keras compiles again for one row
    predict_ms, predict_cpu_ms = median_ms(lambda: side.predict(fitted, one_window), CALLS)
    return {
        "mae": float(np.abs(errors).mean()),
        "predict_ms": predict_ms,
        "predict_cpu_ms": predict_cpu_ms,
        "call_ms": side.call_ms(fitted, one_window),
    }


class KerasSide:
    """`keras.Model.fit` on JAX; what skrnn scales inside `fit` is scaled beforehand."""

    def __init__(self, work, data):
        import jax
        import keras

        if jax.config.jax_compilation_cache_dir is not None:
            sys.exit("The reference must not use JAX's persistent cache.")
        self.keras, self.work = keras, work
        X, y = data["X_train"], data["y_train"]
        X_mean, X_std = X.mean(axis=(0, 1)), X.std(axis=(0, 1))
        self.y_mean, self.y_std = y.mean(), y.std()
        self.X = ((X - X_mean) / X_std).astype(np.float32)
        self.X_test = ((data["X_test"] - X_mean) / X_std).astype(np.float32)
        self.y = ((y - self.y_mean) / self.y_std).astype(np.float32)[:, None]

    def fit(self, seed):
        keras, work = self.keras, self.work
        keras.utils.set_random_seed(seed)
        layer = keras.layers.LSTM(work.units)
        if work.bidirectional:
            layer = keras.layers.Bidirectional(layer)
        model = keras.Sequential([keras.Input(self.X.shape[1:]), layer, keras.layers.Dense(1)])
        model.compile(optimizer=keras.optimizers.Adam(LEARNING_RATE), loss="mse")
        log = epoch_log(keras)
        how = {"batch_size": work.batch_size, "epochs": work.epochs, "verbose": 0}
        model.fit(self.X, self.y, callbacks=[log], **how)
        return model, log

    def traces(self):
        return None  # Keras does not count

    def compile_seconds(self):
        return None

    def epoch_seconds(self, fitted):
        return fitted[1].seconds

    def loss(self, fitted):
        return fitted[1].loss

    def predict(self, fitted, X):
        return fitted[0].predict(X, verbose=0)[:, 0] * self.y_std + self.y_mean

    def call_ms(self, fitted, X):
        model, _ = fitted
        return median_ms(lambda: np.asarray(model(X)), CALLS // 20)[0]  # compiles at every call


def epoch_log(keras):
    class EpochLog(keras.callbacks.Callback):
        """The last loss, and how long each epoch took."""

        def on_train_begin(self, logs=None):
            self.seconds = []

        def on_epoch_begin(self, epoch, logs=None):
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.seconds.append(time.perf_counter() - self.start)
            self.loss = logs["loss"]

    return EpochLog()


class SkrnnSide:
    """`skrnn.LSTMRegressor` and `skrnn.BiLSTMRegressor` with their default scaling."""

    def __init__(self, work, data):
        import jax  # noqa: F401
        import keras  # noqa: F401

        import skrnn

        self.skrnn, self.work = skrnn, work
        self.X, self.y, self.X_test = data["X_train"], data["y_train"], data["X_test"]

    def fit(self, seed):
        skrnn, work = self.skrnn, self.work
        kind = skrnn.BiLSTMRegressor if work.bidirectional else skrnn.LSTMRegressor
        how = {"batch_size": work.batch_size, "epochs": work.epochs}
        regressor = kind(work.units, learning_rate=LEARNING_RATE, random_state=seed, **how)
        return regressor.fit(self.X, self.y)

    def traces(self):
        return self.skrnn.compile_cache_info().traces

    def compile_seconds(self):
        return self.skrnn.compile_cache_info().compile_seconds

    def epoch_seconds(self, fitted):
        return fitted.history_["seconds"]

    def loss(self, fitted):
        return fitted.history_["loss"][-1]

    def predict(self, fitted, X):
        return fitted.predict(X)

    def call_ms(self, fitted, X):
        return None


def timed(function):
    """Return the seconds on the clock, those of the processor, and what `function` returned."""
    start, start_cpu = time.perf_counter(), time.process_time()
    result = function()
    return time.perf_counter() - start, time.process_time() - start_cpu, result


def median_ms(function, calls):
    """Return the medians of the milliseconds on the clock, and of those of the processor."""
    times = [timed(function)[:2] for _ in range(calls)]
    return [1e3 * median(column) for column in zip(*times, strict=True)]


def peak_mib():
    """Return the peak resident memory of this process.

    Linux hands the `ru_maxrss` of a process down to those it starts, so it is read elsewhere.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 2**10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


# --- in the process that starts them ----------------------------------------------------------


def run_child(kind, name, folder, seed, cache):
    """Measure one side in a fresh process; `cache` is the folder of skrnn's compiled programs."""
    file = folder / f"{name}.npz"
    command = [sys.executable, __file__, "child", kind, name, str(file), str(seed)]
    done = subprocess.run(
        command, env=environment(folder, cache), stdout=subprocess.PIPE, text=True, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def environment(folder, cache):
    """Return the environment, with one thread, Keras as it comes and no cache but the given one."""
    ours = ("JAX_", "KERAS_", "SKRNN_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    root = str(Path(__file__).resolve().parents[1])
    return {
        **kept,
        **dict.fromkeys(threads, "1"),
        "PYTHONPATH": os.pathsep.join(filter(None, [root, kept.get("PYTHONPATH")])),
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": "jax",
        "KERAS_HOME": str(folder / "keras"),
        "SKRNN_COMPILE_CACHE": str(cache),
    }


def compare(name, folder, repeats):
    """Return one measurement per repetition and side, the sides taking turns."""
    results = {side: [] for side in COLUMNS}
    for repeat in range(repeats):
        arguments = name, folder, 2 * repeat, folder / f"cache-{name}-{repeat}"
        results["keras"].append(run_child("keras", *arguments))
        results["cold"].append(run_child("skrnn", *arguments))
        results["warm"].append(run_child("skrnn", *arguments))
        print(f"{name}: {repeat + 1} of {repeats} done", file=sys.stderr)
    return results


def write_data(name, folder, source):
    X, y = airline_windows(source) if name == "airline" else random_rows(WORKS[name].shape)
    arrays = {
        f"{letter}_{part}": array[rows]
        for letter, array in (("X", X), ("y", y))
        for part, rows in (("train", slice(-TEST_ROWS)), ("test", slice(-TEST_ROWS, None)))
    }
    np.savez(folder / f"{name}.npz", **arrays)


def airline_windows(source):
    series = airline_from_sktime() if source is None else airline_from_folder(source)
    X = np.lib.stride_tricks.sliding_window_view(series[:-1], WINDOW)[:, :, None]
    return X, series[WINDOW:]


def airline_from_sktime():
    from sktime.datasets import load_airline

    return load_airline().to_numpy(dtype=float)


def airline_from_folder(folder):
    if not (folder / "airline.csv").exists():
        sys.exit(f"There is no airline.csv in {folder}. Leave --data out to take sktime's copy.")
    with open(folder / "airline.csv", newline="") as file:
        _, *rows = csv.reader(file)
    return np.array([float(value) for _, value in rows])


def random_rows(shape):
    rows, steps, features = shape
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows + TEST_ROWS, steps, features))
    return X, X[:, :, 0].mean(axis=1) + 0.1 * rng.normal(size=len(X))


def use_one_core():
    """Stay on one core, and all processes started from here with it."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    else:
        print("cannot stay on one core here: the figures are of several", file=sys.stderr)


# --- what is printed --------------------------------------------------------------------------


def show_airline(results):
    print(f"\n{WORKS['airline'].title}: medians of {len(results['keras'])}")
    print(aligned([["", *COLUMNS.values()], *value_rows(results)]))
    print()
    header = ["ratio of medians", "", "lowest", "highest", "processor time", "goal", ""]
    print(aligned([header, *(ratio_row(ratio, results) for ratio in RATIOS)]))


def show_larger(results):
    header = [NEXT_FIT.title, "", "lowest", "highest", "processor time", "an epoch past the first"]
    print()
    print(aligned([header, *(larger_row(name, results[name]) for name in LARGER)]))


def value_rows(results):
    for key, title in ROWS.items():
        yield [title, *(median_cell([run.get(key) for run in runs]) for runs in results.values())]


def median_cell(values):
    if None in values:
        return "-"
    value = median(values)
    return f"{value:.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"


def ratio_row(ratio, results):
    row = [ratio.title, *(f"{number:.2f}" for number in ratio.of(results))]
    row.append(f"{ratio.of(results, PROCESSOR[ratio.key])[0]:.2f}")
    return [*row, ratio.goal, verdict(ratio.of(results)[0], ratio.goal)]


def larger_row(name, results):
    numbers = ratio_row(NEXT_FIT, results)[1:5]
    return [WORKS[name].title, *numbers, f"{NEXT_FIT.of(results, 'epoch_ms')[0]:.2f}"]


def verdict(value, goal):
    if not goal:
        return ""
    relation, limit = goal.split()
    met = {"<": operator.lt, "<=": operator.le, ">=": operator.ge}[relation]
    return "met" if met(value, float(limit)) else "missed"


def aligned(rows):
    """Return rows of strings as lines, the first column to the left and the rest to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip()
        for row in rows
    )


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="read airline.csv (a header, then YYYY-MM,value) there instead of asking sktime",
    )
    parser.add_argument("--repeats", type=int, default=3, metavar="N", help="default: 3")
    parser.add_argument("--larger", action="store_true", help="also time three larger fits")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    names = ["airline", *(LARGER if arguments.larger else [])]
    use_one_core()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name in names:
            write_data(name, folder, arguments.data)
        results = {name: compare(name, folder, arguments.repeats) for name in names}
    show_airline(results["airline"])
    if arguments.larger:
        show_larger(results)
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")


def child(kind, name, file, seed):
    with np.load(file) as data:
        print(json.dumps(measure(kind, name, dict(data), int(seed))))


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        child(*sys.argv[2:])
    else:
        main()
