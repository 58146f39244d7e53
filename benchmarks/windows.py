"""Measure a pipeline that cuts many windows: peak memory, and how soon training starts.

    python benchmarks/windows.py [--rows 300000 1000000] [--scaler standard] [--json FILE]

Rows of eight features go through `SlidingWindowTransformer(100)` and an LSTM of eight units, one
epoch in batches of 1024, and 10,000 of them are predicted. Every number of rows is a fresh process:
this script again, which prints one line of JSON. See README.md beside this file.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from speed.processes import Place, use_one_core
from speed.tasks import peak_mib

START = time.perf_counter()
N_FEATURES, WINDOW = 8, 100
ROWS = {
    "data_mib": "rows as they are given, MiB",
    "windows_mib": "their windows, were they copied, MiB",
    "imported_mib": "peak memory after imports, MiB",
    "peak_mib": "peak memory after the fit and a prediction, MiB",
    "start_s": "the fit but for the epoch, s",
    "import_s": "imports, s",
    "epoch_s": "the epoch, s",
    "predict_s": "predict 10,000 rows, s",
}


def timed(function, *arguments):
    """Return how long a call takes by the clock."""
    start = time.perf_counter()
    function(*arguments)
    return time.perf_counter() - start


def measure(n_rows, scaler):
    """Fit a pipeline for one epoch; return its figures."""
    import numpy as np
    from sklearn.pipeline import make_pipeline

    from skrnn import LSTMRegressor, SlidingWindowTransformer

    import_s, imported = time.perf_counter() - START, peak_mib()
    rows = np.random.default_rng(0).normal(10.0, 3.0, size=(n_rows, N_FEATURES))
    how = {"epochs": 1, "batch_size": 1024, "input_scaler": scaler, "random_state": 0}
    pipeline = make_pipeline(SlidingWindowTransformer(WINDOW), LSTMRegressor(8, **how))
    fit_s = timed(pipeline.fit, rows, rows[:, 0] + rows[:, 1])
    epoch_s = pipeline[-1].history_["seconds"][0]
    predict_s = timed(pipeline.predict, rows[:10_000])
    return {
        "data_mib": rows.nbytes / 2**20,
        "windows_mib": rows.nbytes * WINDOW / 2**20,
        "imported_mib": imported,
        "peak_mib": peak_mib(),
        "import_s": import_s,
        "start_s": fit_s - epoch_s,
        "epoch_s": epoch_s,
        "predict_s": predict_s,
    }


def run_child(n_rows, scaler, folder):
    """Measure in a fresh process, with an empty folder of compiled programs."""
    command = [sys.executable, __file__, "child", str(n_rows), scaler]
    environment = Place(folder, None).environment(folder / f"cache-{n_rows}")
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[300_000, 1_000_000], metavar="N")
    parser.add_argument("--scaler", default="standard", help="of the inputs; default: standard")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every measurement there")
    arguments = parser.parse_args()
    use_one_core()
    with tempfile.TemporaryDirectory() as folder:
        results = {n: run_child(n, arguments.scaler, Path(folder)) for n in arguments.rows}
    print("".ljust(50), *(f"{n:>7,} rows" for n in results))
    for key, title in ROWS.items():
        print(title.ljust(50), *(f"{run[key]:>12.4g}" for run in results.values()))
    if arguments.json:
        arguments.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["child"]:
        print(json.dumps(measure(int(sys.argv[2]), sys.argv[3])))
    else:
        main()
