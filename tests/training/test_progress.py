"""What is shown of training: epochs, compiling, the time left, and names of several fits."""

import re
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest

from skrnn import LSTMRegressor, Seq2SeqForecaster
from skrnn.engines._history import History
from skrnn.engines._observer import EpochEnd
from skrnn.models._observers import ClosingLine, ProgressLine

X = np.random.default_rng(0).normal(size=(20, 4))
SHORT = {"units": 2, "epochs": 3, "random_state": 0, "verbose": 1}


def lines(printed):
    return [line for line in printed.err.replace("\r", "\n").splitlines() if line.strip()]


def events(n_epochs):
    history = History()
    for epoch in range(n_epochs):
        logs = {"loss": 1 / (1 + epoch), "seconds": 0.1}
        history.append(**logs)
        yield EpochEnd(epoch, logs, lambda: None, history)


def test_compiling_is_said_until_the_first_epoch_is_over(capsys):
    line = ProgressLine("net", 3)
    assert "net: compiling" in lines(capsys.readouterr())[-1]
    first, second, third = events(3)
    line.epoch_end(first)
    shown = lines(capsys.readouterr())[-1]
    assert "compiling" not in shown
    assert "1/3" in shown
    line.epoch_end(second)
    line.epoch_end(third)
    line.close()
    assert re.search(r"net: 100%.* 3/3 .*loss=0\.333", lines(capsys.readouterr())[-1])


def test_the_time_left_leaves_compiling_out(capsys, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(time, "time", lambda: now)
    line = ProgressLine("net", 12)
    line._bar._time = time.time  # which it took note of when it was imported
    for number, event in enumerate(events(4)):
        now += 600 if number == 0 else 30  # ten minutes of compiling, then half a minute each
        line.epoch_end(event)
        shown = lines(capsys.readouterr())[-1]
        if number == 0:
            assert "<?" in shown
        else:  # 30 seconds for each of those left
            left = 30 * (12 - number - 1)
            assert f"<{left // 60:02d}:{left % 60:02d}" in shown
    line.close()


def test_the_name_says_what_is_searched_over(capsys):
    LSTMRegressor(**SHORT, dropout=0.25).fit(X, X[:, 0])
    shown = lines(capsys.readouterr())
    assert "LSTMRegressor(units=2, dropout=0.25): compiling" in shown[0]
    assert shown[-1].startswith("LSTMRegressor(units=2, dropout=0.25): 100%")
    assert "3/3" in shown[-1]


@pytest.mark.parametrize(("baselines", "n_trainings"), [((), 2), (("last",), 4)])
def test_trainings_of_the_forecaster_are_counted(baselines, n_trainings, capsys):
    y = pd.Series(np.sin(np.arange(60)))
    forecaster = Seq2SeqForecaster(
        6, cell="simple", baselines=baselines, n_members=2, sp=1, **SHORT
    )
    forecaster.fit(y, fh=[1, 2])
    shown = "\n".join(lines(capsys.readouterr()))
    found = re.findall(
        r"Seq2SeqForecaster, training (\d) of (\d)(?: \(for the weights\))?: 100%", shown
    )
    numbers = list(dict.fromkeys(found))
    assert numbers == [(str(n + 1), str(n_trainings)) for n in range(n_trainings)]


def test_processes_write_a_line_for_each_fit(capsys):
    line = ClosingLine("net", 3)
    for event in events(2):
        line.epoch_end(event)
    assert capsys.readouterr().err == ""
    line.end(None)
    line.close()
    assert re.fullmatch(r"net: 2 of 3 epochs in \d+\.\d s, loss=0\.5\n", capsys.readouterr().err)


def test_a_search_in_processes():
    code = """
import numpy as np
from sklearn.model_selection import GridSearchCV
from skrnn import LSTMRegressor
X = np.random.default_rng(0).normal(size=(20, 4))
model = LSTMRegressor(epochs=2, random_state=0, verbose=1)
GridSearchCV(model, {"units": [1, 2]}, cv=2, n_jobs=2, refit=False).fit(X, X[:, 0])
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    shown = [line for line in run.stderr.splitlines() if "LSTMRegressor" in line]
    assert len(shown) == 4
    for units in (1, 2):
        start = f"LSTMRegressor(units={units}): 2 of 2 epochs in "
        assert sum(line.startswith(start) for line in shown) == 2
    assert "\r" not in run.stderr
