"""Files that hold no code: what comes back, and what is refused."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _stored import EXPORTED, SAVED, SHORT, X, Y, given_to, predictions
from sklearn.base import clone
from sklearn.linear_model import LinearRegression

import skrnn
from skrnn import persistence

pytestmark = [
    keras_reads_variables,
    pytest.mark.filterwarnings(
        "ignore:The default of config ``remember_data`` will change:FutureWarning"
    ),
    # Networks of one epoch are no good.
    pytest.mark.filterwarnings("ignore:On what was held back:UserWarning"),
]
HERE = Path(__file__).parent
READ_ALL = """
import sys
from pathlib import Path
import numpy as np
import skrnn
from _stored import SAVED, predictions
folder = Path(sys.argv[1])
for name in SAVED:
    np.save(folder / f"{name}-read.npy", predictions(name, skrnn.load(folder / f"{name}.skrnn")))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a file of every kind, and what the saved estimators predict."""
    folder = tmp_path_factory.mktemp("saved")
    for name, make in SAVED.items():
        estimator = make()
        skrnn.save(estimator, folder / f"{name}.skrnn")
        np.save(folder / f"{name}.npy", predictions(name, estimator))
    return folder


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "lstm.skrnn"
    skrnn.save(skrnn.LSTMRegressor(2), path)
    return path


def test_a_fresh_process_predicts_the_same_to_the_last_bit(folder):
    paths = os.pathsep.join([str(HERE), str(Path(skrnn.__file__).parents[1])])
    command = [sys.executable, "-W", "ignore", "-c", READ_ALL, str(folder)]
    result = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": paths, "JAX_DISABLE_MOST_OPTIMIZATIONS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    for name in SAVED:
        np.testing.assert_array_equal(
            np.load(folder / f"{name}-read.npy"), np.load(folder / f"{name}.npy"), err_msg=name
        )


@pytest.mark.parametrize("number", range(1, persistence.FORMAT + 1))
def test_files_of_every_format_are_read(number):
    kept = HERE / "data" / f"format-{number}"
    paths = sorted(kept.glob("*.skrnn"))
    assert paths
    for path in paths:
        loaded = skrnn.load(path)
        again, before = predictions(path.stem, loaded), np.load(path.with_suffix(".npy"))
        if number == 2 and path.stem == "combination":
            # The calibration of that format is no more: what the network says stands for it.
            again, before = again[:, 1], before[:, 1]
        np.testing.assert_allclose(again, before, rtol=1e-4, atol=1e-5)
        clone(loaded)  # has all parameters of today


def models_of_keras():
    return sorted((HERE / "data").glob("format-*/*.keras"))


@pytest.mark.parametrize(
    "path", models_of_keras(), ids=lambda path: f"{path.parent.name} {path.stem}"
)
def test_models_of_keras_that_were_exported_are_read(path):
    sequences, before = given_to(path.stem), np.load(path.with_suffix(".npy"))
    sequences = sequences.reshape(*sequences.shape[:2], *sequences.shape[2:] or (1,))
    again = np.asarray(keras.saving.load_model(path)(sequences.astype(np.float32)))
    np.testing.assert_allclose(again, before, rtol=1e-4, atol=1e-5)


def test_models_of_keras_are_kept():
    folder = f"format-{persistence.FORMAT}"
    kept = {path.stem for path in models_of_keras() if path.parent.name == folder}
    assert kept == set(EXPORTED)


def test_files_of_this_format_are_of_every_kind():
    kept = HERE / "data" / f"format-{persistence.FORMAT}"
    assert {path.stem for path in kept.glob("*.skrnn")} == set(SAVED)


@pytest.mark.parametrize(
    "index",
    [
        pd.date_range("2020-03-28", periods=40, freq="h", tz="Europe/Berlin"),
        pd.date_range("2020-01-01", periods=40, freq="B", name="day"),
        pd.date_range("2020-01-01", periods=40, freq="bh"),
        pd.period_range("2020-01", periods=40, freq="Q"),
        pd.RangeIndex(3, 83, 2),
        pd.MultiIndex.from_product(
            [["north", "south"], [1, 2], pd.date_range("2020", periods=10, freq="W-WED")],
            names=["region", None, "week"],
        ),
        pd.MultiIndex.from_product([pd.CategoricalIndex(["b", "a"]), range(20)]),
    ],
    ids=[
        "zone",
        "business days",
        "business hours",
        "quarters",
        "odd numbers",
        "hierarchy",
        "categories",
    ],
)
def test_forecasts_have_the_index_that_they_had(index, tmp_path):
    y = pd.DataFrame({"sales": np.arange(40.0) % 7, 2: np.arange(40.0) % 5}, index)
    model = skrnn.Seq2SeqForecaster(units=2, window=4, baselines=(), **SHORT)
    model.fit(y, fh=[1, 2])
    skrnn.save(model, tmp_path / "model")
    again = skrnn.load(tmp_path / "model")
    pd.testing.assert_frame_equal(again.predict(), model.predict(), check_freq=True)
    assert again.cutoff.equals(model.cutoff)


def test_what_was_loaded_goes_on_as_what_was_saved(folder, tmp_path):
    saved, path = SAVED["lstm"](), tmp_path / "again.skrnn"
    skrnn.save(saved, path)
    loaded = skrnn.load(path)
    assert clone(loaded).get_params() == saved.get_params()
    np.testing.assert_array_equal(loaded.fit(X, Y).predict(X), saved.fit(X, Y).predict(X))


@pytest.mark.parametrize(
    "transformer",
    [skrnn.SequenceScaler("minmax"), skrnn.SlidingWindowTransformer(3, padding="edge")],
    ids=lambda transformer: type(transformer).__name__,
)
def test_transformers_by_themselves(transformer, tmp_path):
    rows = np.arange(12.0).reshape(6, 2)
    skrnn.save(transformer.fit(rows), tmp_path / "transformer")
    again = skrnn.load(tmp_path / "transformer").transform(rows)
    np.testing.assert_array_equal(again, transformer.transform(rows))


def test_any_changed_byte_is_found(file):
    data = file.read_bytes()
    start = data.index(b"\n") + 1
    for place in [*range(start), *np.linspace(start, len(data) - 1, 60).astype(int)]:
        file.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
        of_the_head = "is damaged|was not written by skrnn|has format"
        with pytest.raises(ValueError, match="is damaged" if place >= start else of_the_head):
            skrnn.load(file)


@pytest.mark.parametrize(
    ("n_bytes", "message"), [(0, "is empty"), (10, "was not written by skrnn"), (200, "is damaged")]
)
def test_a_truncated_file_is_refused(file, n_bytes, message):
    file.write_bytes(file.read_bytes()[:n_bytes])
    with pytest.raises(ValueError, match=message):
        skrnn.load(file)


def test_a_later_format_is_refused(file):
    payload = file.read_bytes().split(b"\n", 1)[1]
    file.write_bytes(persistence._head(payload, persistence.FORMAT + 1) + payload)
    later = persistence.FORMAT + 1
    with pytest.raises(ValueError, match=f"format {later}, but this version of skrnn reads"):
        skrnn.load(file)


class Trap:
    """Writes a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return Path.touch, (Path(self.path),)


def test_a_pickle_is_refused_and_not_run(tmp_path):
    trap = tmp_path / "run"
    (tmp_path / "file").write_bytes(pickle.dumps(Trap(str(trap))))
    with pytest.raises(ValueError, match=r"not written by skrnn\.save"):
        skrnn.load(tmp_path / "file")
    assert not trap.exists()


def test_a_foreign_type_is_refused_by_name(tmp_path):
    from skops import io

    payload = io.dumps({"estimator": Trap("never"), "model": LinearRegression()})
    (tmp_path / "file").write_bytes(persistence._head(payload, 1) + payload)
    with pytest.raises(ValueError, match=r"test_persistence\.Trap"):
        skrnn.load(tmp_path / "file")


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"optimizer": keras.optimizers.SGD(0.1)}, "optimizer"),
        ({"loss": keras.losses.Huber()}, "loss"),
        ({"lr_schedule": lambda step: 0.1}, "lr_schedule"),
        ({"callbacks": [keras.callbacks.TerminateOnNaN()]}, "callbacks"),
    ],
    ids=["optimizer", "loss", "function", "callback"],
)
def test_what_holds_code_is_refused_by_its_parameter(params, named, tmp_path):
    with pytest.raises(ValueError, match=f"LSTMRegressor: {named}=.*a file without code"):
        skrnn.save(skrnn.LSTMRegressor(2, **params, **SHORT), tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_an_error_while_writing_leaves_the_old_file(file, monkeypatch):
    before = file.read_bytes()

    def fail(*args):
        raise OSError("no space left")

    monkeypatch.setattr(persistence.os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        skrnn.save(skrnn.LSTMRegressor(3), file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]
