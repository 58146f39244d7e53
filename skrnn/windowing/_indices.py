"""Which rows make up which window: arithmetic in NumPy, nothing else.

A *segment* is a run of rows that follow one another without a hole. A window ends at its row and
reaches back over `span = (window - 1) * sampling_rate` rows; what lies before its segment is
padding or context.
"""

from __future__ import annotations

import numpy as np


def span_of(window: int, sampling_rate: int) -> int:
    """Return how many rows a window reaches back from the row it ends at."""
    return (window - 1) * sampling_rate


def windows_of(rows: np.ndarray, window: int, sampling_rate: int) -> np.ndarray:
    """Return all windows that lie within `rows`, as a read-only view.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    window : int
        Steps in a window.
    sampling_rate : int
        Rows from one step of a window to the next.

    Returns
    -------
    windows : ndarray of shape (n_rows - (window - 1) * sampling_rate, window, n_features)
        Oldest step first.
    """
    length = span_of(window, sampling_rate) + 1
    view = np.lib.stride_tricks.sliding_window_view(rows, length, axis=0)
    return view[:, :, ::sampling_rate].swapaxes(1, 2)


def segment_starts(follows: np.ndarray) -> np.ndarray:
    """Return where segments start, given for each row but the first whether it follows a row."""
    return np.flatnonzero(np.concatenate([[True], ~follows]))


def rows_within(
    starts: np.ndarray, n_rows: int, before: int, after: int, stride: int = 1
) -> np.ndarray:
    """Return the rows that have so many rows before and after them in their segment.

    Parameters
    ----------
    starts : int array of shape (n_segments,)
        First row of each segment, increasing from 0.
    n_rows, before, after : int
    stride : int, default=1
        Of those of a segment, every how many.

    Returns
    -------
    rows : int array
        Increasing.
    """
    firsts, stops = starts + before, np.append(starts[1:], n_rows) - after
    runs = [np.arange(*run, stride) for run in zip(firsts, stops, strict=True)]
    return np.concatenate(runs)


def causal_windows(
    rows: np.ndarray,
    starts: np.ndarray,
    heads: np.ndarray,
    window: int,
    sampling_rate: int,
) -> np.ndarray:
    """Return for every row the window that ends there and does not leave its segment.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    starts : int array of shape (n_segments,)
        First row of each segment, increasing from 0.
    heads : ndarray of shape (n_segments, (window - 1) * sampling_rate, n_features)
        What comes before each segment: padding or context.
    window, sampling_rate : int

    Returns
    -------
    windows : ndarray of shape (n_rows, window, n_features)
        A read-only view of rows and heads where there is one segment, else an array.
    """
    n_segments, span = heads.shape[:2]
    positions = starts + span * np.arange(n_segments)  # of the heads, once all are inserted
    padded = np.empty((len(rows) + n_segments * span, rows.shape[1]), rows.dtype)
    is_head = np.zeros(len(padded), bool)
    is_head[(positions[:, None] + np.arange(span)).ravel()] = True
    padded[is_head] = heads.reshape(-1, rows.shape[1])
    padded[~is_head] = rows
    windows = windows_of(padded, window, sampling_rate)
    if n_segments == 1:
        return windows
    return windows[np.flatnonzero(~is_head) - span]
