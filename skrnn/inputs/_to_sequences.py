"""Sequences of any container and length to one NaN-padded array."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from ._arrange import LAYOUTS
from ._mask import unmasked
from ._names import is_among
from ._numbers import check_container, check_numbers

_LONGEST = 2**31 - 1


def to_sequences(
    data: Any,
    *,
    instance: Hashable | None = None,
    n_timesteps: int | None = None,
    side: str = "left",
    layout: str = "channels_last",
) -> np.ndarray:
    """Collect sequences of unequal length in one array, padded with NaN.

    The estimators take padded steps as masked.

    Parameters
    ----------
    data : list of array-like, DataFrame or ndarray of 3 dimensions
        One array of shape (n_steps,) or (n_steps, n_features) per sequence; a long frame with an
        `instance` column or a MultiIndex whose last level is the time; sktime's panel containers: a
        MultiIndex frame, a list of frames, a nested frame with a series in every cell, or a 3-D
        array with `layout="channels_first"`.
    instance : hashable, default=None
        Column of a long frame that says which sequence a row belongs to. Rows of a sequence keep
        their order, sequences that of their first rows.
    n_timesteps : int, default=None
        Length to pad to, so that rows to predict match those of fit. None takes the longest.
    side : {"left", "right"}, default="left"
        Where the padding goes. On the left, every sequence ends at the last step.
    layout : {"channels_last", "channels_first", "newest_first"}, default="channels_last"
        Order of the axes of a 3-D array: (sample, time, feature) or (sample, feature, time), or the
        first with the newest step first.

    Returns
    -------
    sequences : ndarray of shape (n_samples, n_timesteps, n_features), float64
        Padded with NaN.

    Raises
    ------
    ValueError
        When a sequence is empty, longer than `n_timesteps` or not of numbers, features differ in
        number, or `data` holds no sequences.

    Examples
    --------
    >>> from skrnn import to_sequences
    >>> to_sequences([[1.0, 2.0, 3.0], [4.0]])[:, :, 0]
    array([[ 1.,  2.,  3.],
           [nan, nan,  4.]])
    """
    if n_timesteps is not None and not _is_length(n_timesteps):
        raise ValueError(
            f"n_timesteps must be a positive integer up to {_LONGEST}, or None, not "
            f"{n_timesteps!r}."
        )
    if not isinstance(side, str) or side not in ("left", "right"):
        raise ValueError(f'side must be "left" or "right", but it is {side!r}.')
    if not isinstance(layout, str) or layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {tuple(LAYOUTS)}, but it is {layout!r}.")
    items = _split(unmasked(data), instance, layout)
    sequences = [_as_steps(number, item) for number, item in enumerate(items)]
    if not sequences:
        raise ValueError("data holds no sequence. Pass at least one.")
    n_features = sequences[0].shape[1]
    longest = max(len(item) for item in sequences)
    length = longest if n_timesteps is None else n_timesteps
    for number, item in enumerate(sequences):
        _check_sequence(number, item, n_features, length)
    padded = np.full((len(sequences), length, n_features), np.nan)
    for row, item in zip(padded, sequences, strict=True):
        row[slice(-len(item), None) if side == "left" else slice(len(item))] = item
    return padded


def _is_length(n_timesteps: Any) -> bool:
    whole = isinstance(n_timesteps, Integral) and not isinstance(n_timesteps, bool)
    return whole and 1 <= n_timesteps <= _LONGEST


def has_series_in_cells(frame: pd.DataFrame) -> bool:
    """Return whether a column of a frame holds series or arrays, as in sktime's nested frames."""
    return any(
        len(column) and all(isinstance(cell, pd.Series | np.ndarray) for cell in column)
        for _, column in frame.items()
        if column.dtype == object
    )


def _split(data: Any, instance: Hashable | None, layout: str) -> list[Any]:
    if isinstance(data, pd.DataFrame):
        check_container(data, "data")
        return _split_frame(data, instance)
    if isinstance(data, np.ndarray) and data.dtype != object:
        if data.ndim != 3:
            raise ValueError(
                f"data is an array of {data.ndim} dimensions, but must have 3 (sample, time, "
                "feature). Pass a list with one array per sequence, or a frame."
            )
        return list(LAYOUTS[layout](data))
    if isinstance(data, str | bytes | Mapping) or not isinstance(data, Iterable):
        raise ValueError(
            f"data must hold sequences, but it is {data!r}. Pass a list with one array per "
            "sequence, a frame, or an array of 3 dimensions."
        )
    return list(data)


def _split_frame(frame: pd.DataFrame, instance: Hashable | None) -> list[Any]:
    options: dict[str, bool] = {"sort": False, "observed": True, "dropna": False}
    if instance is not None:
        if not is_among(instance, list(frame.columns)):
            raise ValueError(
                f"instance={instance!r} is not a column of data, which has {list(frame.columns)}. "
                "Set instance to one of these."
            )
        groups = frame.groupby(instance, **options)
        return [group.drop(columns=instance) for _, group in groups]
    if isinstance(frame.index, pd.MultiIndex):
        # pandas 2 warns of a list of one level.
        levels: Any = list(range(frame.index.nlevels - 1)) if frame.index.nlevels > 2 else 0
        return [group for _, group in frame.groupby(level=levels, **options)]
    if frame.size and isinstance(frame.iloc[0, 0], pd.Series | np.ndarray):
        return [np.column_stack(list(row)) for row in frame.itertuples(index=False)]
    raise ValueError(
        "data is a frame without instances: set instance to the column that says which sequence a "
        "row belongs to, or give it a MultiIndex with the time last."
    )


def _as_steps(number: int, item: Any) -> np.ndarray:
    check_numbers(item, f"Sequence {number},")
    steps = np.asarray(item, dtype=float)
    if not steps.ndim:
        raise ValueError(
            f"Sequence {number} of data is {item!r}, but must be an array of steps. Where all of "
            "data is one sequence, pass [data]."
        )
    return steps[:, None] if steps.ndim == 1 else steps


def _check_sequence(number: int, item: np.ndarray, n_features: int, length: int) -> None:
    if item.ndim != 2 or item.shape[1] != n_features:
        raise ValueError(
            f"Sequence {number} has shape {item.shape}, but the first has {n_features} features. "
            "All sequences need the shape (n_steps, n_features) with the same features."
        )
    if not 1 <= len(item) <= length:
        raise ValueError(
            f"Sequence {number} has {len(item)} steps, but between 1 and n_timesteps={length} are "
            "needed. Raise n_timesteps, or cut or drop the sequence yourself."
        )
