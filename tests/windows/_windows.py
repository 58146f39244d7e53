"""Indexes, columns and expected windows for the tests of windows."""

import warnings

import numpy as np
import pandas as pd

from skrnn.exceptions import PaddedWindowWarning

NAN = np.nan
MONTHS = pd.period_range("2020-01", periods=12, freq="M")


def column(index, values=None):
    """Make a frame with the values 0.0, 1.0, ... unless told."""
    values = np.arange(len(index)) if values is None else values
    return pd.DataFrame({"v": np.asarray(values, dtype=float)}, index=index)


def steps(windows):
    """Return windows of one feature as a list of lists, whole numbers as such and NaN as None."""
    rows = np.asarray(windows).reshape(len(windows), -1).tolist()
    return [[None if np.isnan(value) else value for value in row] for row in rows]


def expected_windows(rows, window, sampling_rate=1, fill=NAN):
    """Make windows row by row, as one would by hand."""
    rows = np.asarray(rows, dtype=float)
    lags = [step * sampling_rate for step in reversed(range(window))]
    blank = np.full(rows.shape[1], fill)
    return np.array(
        [[rows[i - lag] if i >= lag else blank for lag in lags] for i in range(len(rows))]
    )


def quietly(function, *args):
    """Call a function that may warn of padded windows."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PaddedWindowWarning)
        return function(*args)
