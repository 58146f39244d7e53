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
from typing import Any

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

    def counts(self, numbers: np.ndarray) -> np.ndarray:
        """Return in how many of some windows each row is."""
        starts = np.bincount(self.hop * numbers, minlength=self.hop * self.n_windows)
        counts = np.zeros(self.n_rows, int)
        for step in range(0, self.rate * self.n_steps, self.rate):
            part = counts[step : step + len(starts)]
            part += starts[: len(part)]
        return counts


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


class SomeWindows:
    """Some of the windows that share their rows: they are copied when they are taken.

    Parameters
    ----------
    windows : array of shape (n_windows, n_steps, ...)
    numbers : int array of shape (n_rows,)
        Which of them.
    """

    def __init__(self, windows: Any, numbers: np.ndarray) -> None:
        self.windows, self.numbers = windows, numbers
        self.shape = len(numbers), *windows.shape[1:]
        self.ndim, self.size = len(self.shape), math.prod(self.shape)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.numbers)

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Return some of them, by their place among them."""
        taken: np.ndarray = self.windows[self.numbers[rows]]
        return taken

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """Return all of them."""
        return np.asarray(self[:], dtype)


# Sequences: an array, which may be a view of rows that are shared, or some of such windows.
Sequences = np.ndarray | SomeWindows


def select(sequences: Sequences, rows: slice | np.ndarray) -> Sequences:
    """Return some of the sequences; windows that share their rows are not copied."""
    if isinstance(sequences, SomeWindows):
        return SomeWindows(sequences.windows, sequences.numbers[rows])
    if isinstance(rows, slice) or find_overlap(sequences) is None:
        return sequences[rows]
    return SomeWindows(sequences, np.flatnonzero(rows) if rows.dtype == bool else rows)


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


def over_steps(function: Callable[..., np.ndarray], *sequences: Any) -> Any:
    """Return a function of arrays of shape (n_rows, n_steps, ...) that minds single steps only.

    Where all of them are windows that share their rows in the same way, so is the result.
    """
    whole = sequences[0]
    if isinstance(whole, SomeWindows):
        return SomeWindows(over_steps(function, whole.windows), whole.numbers)
    overlap = find_overlap(whole)
    if overlap is None or any(find_overlap(array) != overlap for array in sequences[1:]):
        return function(*sequences)
    return spread(function(*map(each_once, sequences)), whole)


def over_windows(
    function: Callable[[np.ndarray], tuple[np.ndarray, ...]], sequences: Sequences
) -> tuple[np.ndarray, ...]:
    """Return arrays that a function makes of whole sequences, each by itself.

    Windows that share their rows are copied, some at a time.
    """
    parts = [function(part) for part in in_parts(sequences)]
    return parts[0] if len(parts) == 1 else tuple(map(np.concatenate, zip(*parts, strict=True)))


def in_parts(sequences: Sequences) -> Iterator[np.ndarray]:
    """Yield sequences as they are, or windows that share their rows as copies of some of them."""
    if not shares_rows(sequences):
        yield np.asarray(sequences)
        return
    size = max(1, _NUMBERS_AT_ONCE // math.prod(sequences.shape[1:]))
    for start in range(0, len(sequences), size):
        yield _side_by_side(sequences[start : start + size])


def _side_by_side(windows: np.ndarray) -> np.ndarray:
    """Return a copy of windows, in which sums over the steps are fast.

    To the last bit they are those of windows one after the other: NumPy adds up step by step, but
    the numbers that lie next to each other by pairs, as the steps of one feature do.
    """
    apart = len(windows) > 1 and math.prod(windows.shape[2:]) > 1
    return np.array(windows, order="F" if apart else "C")


def shares_rows(sequences: Sequences) -> bool:
    """Return whether sequences are windows that share their rows."""
    return isinstance(sequences, SomeWindows) or find_overlap(sequences) is not None


def steps_and_counts(sequences: Sequences) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the steps of all sequences, (n, n_features), and how often each counts.

    That is None where each counts once.
    """
    if isinstance(sequences, SomeWindows):
        windows, numbers = sequences.windows, sequences.numbers
    else:
        windows, numbers = sequences, np.arange(len(sequences))
    overlap = find_overlap(windows)
    if overlap is None:
        return np.asarray(sequences).reshape(-1, sequences.shape[-1]), None
    rows, counts = overlap.rows(windows), overlap.counts(numbers)
    used = slice(None) if counts.all() else counts > 0
    per_row = math.prod(rows.shape[1:-1])
    return rows[used].reshape(-1, rows.shape[-1]), np.repeat(counts[used], per_row)


def first(wrong: np.ndarray) -> tuple[int, ...]:
    """Return the place of the first True, of which there is one."""
    row = int(np.argmax(wrong.any(axis=tuple(range(1, wrong.ndim)))))
    return row, *(int(place) for place in np.argwhere(wrong[row])[0])


def first_where(condition: Callable[[np.ndarray], np.ndarray], sequences: Sequences) -> Any:
    """Return the first place, row and step and so on, that meets a condition; one does."""
    start = 0
    for part in in_parts(sequences):
        found = condition(part)
        if found.any():
            row, *place = first(found)
            return start + row, *place
        start += len(part)
    raise LookupError("no place meets the condition")
