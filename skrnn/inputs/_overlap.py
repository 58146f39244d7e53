"""Windows that share their rows in memory: what is done to each step is done to each row once.

Windows cut with a stride of NumPy are a view, in which a row stands at many places. Whatever looks
at single steps (is it missing, is it finite, scale it) then costs as much as there are rows, and
not rows times window, and its result is again such a view. The rows are found by the strides alone,
so that windows are arrays like any others, and slices of them are too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

# Windows are copied in parts of about so many numbers where they are needed whole.
_NUMBERS_AT_ONCE = 2**18

as_strided = np.lib.stride_tricks.as_strided


@dataclass(frozen=True)
class Overlap:
    """How windows lie over rows: step `k` of window `i` is row `hop * i + rate * k`.

    Attributes
    ----------
    n_windows, n_steps : int
    hop, rate : int
        Rows from one window to the next, and from one step to the next; one of them is 1.
    """

    n_windows: int
    n_steps: int
    hop: int
    rate: int

    @property
    def n_rows(self) -> int:
        """Rows that the windows lie over; each is in one of them at least."""
        return self.hop * (self.n_windows - 1) + self.rate * (self.n_steps - 1) + 1

    def rows(self, windows: np.ndarray) -> np.ndarray:
        """Return the rows beneath windows, (n_rows, ...)."""
        shape, strides = (self.n_rows, *windows.shape[2:]), windows.strides
        step = min(strides[:2])
        return as_strided(windows, shape, (step, *strides[2:]), writeable=False)

    def windows(self, rows: np.ndarray) -> np.ndarray:
        """Return the windows over other rows, as a read-only view."""
        shape = self.n_windows, self.n_steps, *rows.shape[1:]
        strides = self.hop * rows.strides[0], self.rate * rows.strides[0], *rows.strides[1:]
        return as_strided(rows, shape, strides, writeable=False)

    def counts(self) -> np.ndarray:
        """Return in how many windows each row is."""
        starts, length = self.rate * np.arange(self.n_steps), self.n_windows
        if self.hop > 1:
            starts, length = self.hop * np.arange(self.n_windows), self.n_steps
        change = np.zeros(self.n_rows + 1, int)
        change[starts] += 1
        change -= np.bincount(starts + length, minlength=len(change))
        return np.cumsum(change)[:-1]


def find_overlap(windows: np.ndarray) -> Overlap | None:
    """Return how windows lie over rows that they share, or None where they do not.

    None is also what there is for rows that are in no window, which nobody may look at.
    """
    if windows.ndim < 2 or min(windows.shape) == 0 or 1 in windows.shape[:2]:
        return None
    (n_windows, n_steps), (hop, rate) = windows.shape[:2], windows.strides[:2]
    if hop <= 0 or rate <= 0 or max(hop, rate) % min(hop, rate):
        return None
    hop, rate = hop // min(hop, rate), rate // min(hop, rate)
    shared = hop < n_steps if rate == 1 else rate < n_windows
    return Overlap(n_windows, n_steps, hop, rate) if shared else None


def each_once(sequences: np.ndarray) -> np.ndarray:
    """Return every step once: rows beneath windows as (n_rows, 1, ...), else the sequences."""
    overlap = find_overlap(sequences)
    return sequences if overlap is None else overlap.rows(sequences)[:, None]


def spread(values: np.ndarray, sequences: np.ndarray) -> np.ndarray:
    """Return what was made of `each_once(sequences)`, step by step, as sequences again.

    Over rows that are shared it is a read-only view.
    """
    overlap = find_overlap(sequences)
    return values if overlap is None else overlap.windows(values[:, 0])


def over_steps(function: Callable[..., np.ndarray], *sequences: np.ndarray) -> np.ndarray:
    """Return a function of arrays of shape (n_rows, n_steps, ...) that minds single steps only.

    Where all of them are windows that share their rows in the same way, so is the result.
    """
    overlap = find_overlap(sequences[0])
    if any(find_overlap(array) != overlap for array in sequences[1:]):
        return function(*sequences)
    return spread(function(*map(each_once, sequences)), sequences[0])


def over_windows(
    function: Callable[[np.ndarray], tuple[np.ndarray, ...]], sequences: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Return arrays that a function makes of whole sequences, each by itself.

    Windows that share their rows are copied, some at a time.
    """
    parts = [function(part) for part in in_parts(sequences)]
    return parts[0] if len(parts) == 1 else tuple(map(np.concatenate, zip(*parts, strict=True)))


def in_parts(sequences: np.ndarray) -> Iterator[np.ndarray]:
    """Yield sequences as they are, or windows that share their rows as copies of some of them."""
    if find_overlap(sequences) is None:
        yield sequences
        return
    size = max(1, _NUMBERS_AT_ONCE // math.prod(sequences.shape[1:]))
    for start in range(0, len(sequences), size):
        yield np.ascontiguousarray(sequences[start : start + size])


def first(wrong: np.ndarray) -> tuple[int, ...]:
    """Return the place of the first True, of which there is one."""
    row = int(np.argmax(wrong.any(axis=tuple(range(1, wrong.ndim)))))
    return row, *(int(place) for place in np.argwhere(wrong[row])[0])


def steps_and_counts(sequences: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the steps of all sequences, (n, n_features), and how often each counts.

    That is None where each counts once.
    """
    overlap = find_overlap(sequences)
    if overlap is None:
        return sequences.reshape(-1, sequences.shape[-1]), None
    rows = overlap.rows(sequences)
    per_row = math.prod(rows.shape[1:-1])
    return rows.reshape(-1, rows.shape[-1]), np.repeat(overlap.counts(), per_row)
