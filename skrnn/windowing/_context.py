"""What stands before the rows of a series: rows of fit, rows of a context, or padding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..inputs._numbers import check_container
from ._continuity import kind_of
from ._indices import segment_starts
from ._plain import PlainState
from ._series import Continuity, Series, Tail, check_order, read_series
from ._tables import as_columns, read_table


@dataclass(frozen=True)
class Context(PlainState):
    """Rows that are known beside those to be windowed.

    Attributes
    ----------
    series : Series
        Each in order of time.
    starts : int array
        Where runs of rows start that follow one another.
    """

    series: Series
    starts: np.ndarray

    def rows_before(
        self, label: Any, time: pd.Index, n_rows: int, rule: Continuity
    ) -> tuple[np.ndarray, pd.Index, bool]:
        """Return rows that directly precede a time of a series, `n_rows` at most.

        Returns
        -------
        rows : ndarray of shape (n, n_features)
        first : pandas.Index
            Time of the first of them, or the time itself where there are none.
        covered : bool
            Whether nothing earlier is missing: the context reaches up to that time.
        """
        start, stop = self.series.blocks.get(label, (0, 0))
        times = self.series.index[start:stop]  # type: ignore[index]
        place = start + int(times.searchsorted(time[0]))
        covered = place < stop
        if place > start and rule.follows(self.series.time(place - 1), time)[0]:
            run = self.starts[np.searchsorted(self.starts, place - 1, side="right") - 1]
            first = max(int(run), place - n_rows)
            return self.series.rows[first:place], times[first - start :][:1], True
        return self.series.rows[:0], time, covered

    def n_shared(self, other: Series) -> int:
        """Return how many of the rows of `other` are here too.

        Raises
        ------
        ValueError
            When such a row has other values here, or the two have no series in common.
        """
        n_shared, n_series = 0, 0
        for label, (start, stop) in other.blocks.items():
            if label not in self.series.blocks:
                continue
            first, last = self.series.blocks[label]
            places = self.series.index[first:last].get_indexer(other.index[start:stop])  # type: ignore[index]
            here, there = self.series.rows[first + places[places >= 0]], other.rows[start:stop]
            same = np.isclose(here, there[places >= 0], rtol=1e-5, equal_nan=True).all(axis=1)
            if not same.all():
                time = other.index[start:stop][places >= 0][~same][0]  # type: ignore[index]
                raise ValueError(
                    f"context and X have different values at {time!r}. Pass the context through "
                    'the steps before the windows too, as Pipeline(..., transform_input=["context"]'
                    ") does in fit, or scale behind them."
                )
            n_shared, n_series = n_shared + len(here), n_series + 1
        if not n_series:
            raise ValueError(
                "context holds none of the series of X. Use the same group, or the same levels of "
                "a MultiIndex with the time last."
            )
        return n_shared


def read_context(given: Any, X: Any, series: Series, group: Any, rule: Continuity) -> Context:
    """Return the context of rows, `series`, that were read from `X`.

    Raises
    ------
    ValueError
        When there is no index to find rows by, or the columns, the kind of index or the values are
        not those of `X`.
    """
    parts = list(given) if isinstance(given, list | tuple) else [given]
    frames = [as_columns(part) for part in parts if isinstance(part, pd.DataFrame | pd.Series)]
    if series.index is None or not frames or len(frames) < len(parts):
        raise ValueError(
            "context needs an index to find rows by, and so does X: pass a frame of pandas, or a "
            "list of them. For arrays, transform the rows before together with X, and drop their "
            "windows."
        )
    for part in frames:
        check_container(part, "context")
    frame, columns = pd.concat(frames), list(as_columns(X).columns)
    if missing := [name for name in columns if name not in frame.columns]:
        raise ValueError(f"context lacks the columns {missing} of X. Pass the same columns.")
    known = read_series(read_table(frame[columns], group, "context", dtype=np.float64), "context")
    here, there = kind_of(known.index), kind_of(series.index)
    if here != there:
        raise ValueError(f"context has an index of {here}, but X of {there}. Use the same kind.")
    check_order(known)
    return Context(known, segment_starts(rule.within(known)))


@dataclass(frozen=True)
class Memory:
    """What is known when rows are windowed.

    Attributes
    ----------
    rule : Continuity
    tails : dict of Tail
        The ends of the fitted series.
    context : Context or None
    everywhere : bool
        Whether the context counts for the rows of fit too. Where it was given in fit it does not,
        so that no row of a test part gets into the windows of a training part.
    """

    rule: Continuity
    tails: dict[Any, Tail]
    context: Context | None
    everywhere: bool

    def heads(
        self, series: Series, starts: np.ndarray, span: int, fill: Any
    ) -> tuple[np.ndarray, int]:
        """Return what comes before each segment, and how many windows lack rows there may be.

        Those where nothing comes before the rows of fit, or of the context, do not count.
        """
        edge = series.rows[starts] if fill == "edge" else np.full_like(series.rows[starts], fill)
        heads = np.repeat(edge[:, None], span, axis=1)
        lengths = np.diff(starts, append=len(series.rows))
        padding = np.full(len(starts), span)
        for segments in _segments_of_each_series(series, starts):
            row = starts[segments[0]]
            tail = self.tails.get(series.label(row))
            if not self.everywhere and tail is not None and tail.begins_at(series, row):
                padding[segments] = 0
                continue
            for segment in segments if self.context else segments[:1]:
                known, covered = self._before(series, starts[segment], tail, row, span)
                n_known = len(known)
                heads[segment, span - n_known :] = known
                if fill == "edge" and n_known:
                    heads[segment, : span - n_known] = known[0]
                padding[segment] = 0 if covered else span - n_known
        return heads, int(np.minimum(lengths, padding).sum())

    def _before(
        self, series: Series, row: int, tail: Tail | None, first_row: int, span: int
    ) -> tuple[np.ndarray, bool]:
        """Return the rows that precede a row, and whether nothing earlier can be missing."""
        time = series.time(row)
        rows, covered = series.rows[:0], False
        if self.context is not None and time is not None:
            rows, time, covered = self.context.rows_before(series.label(row), time, span, self.rule)
        directly = row == first_row or len(rows)
        if tail is None or not directly or len(rows) == span or not tail.precedes(time, self.rule):
            return rows, covered
        joined = np.concatenate([tail.rows, rows])[-span:]
        return joined, not tail.after_hole or len(joined) == span


def _segments_of_each_series(series: Series, starts: np.ndarray) -> list[np.ndarray]:
    new = np.concatenate([[True], ~series.same_as_before()])
    return np.split(np.arange(len(starts)), np.flatnonzero(new[starts])[1:])
