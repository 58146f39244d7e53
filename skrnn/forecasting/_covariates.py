"""What is known of the columns of `X`, and when: ahead, up to now, or once for each series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ._categories import Categories
from ._panel import Panel, instance_numbers


@dataclass(frozen=True)
class Covariates:
    """Columns of `X` that are not known ahead, step by step, as all others are.

    Attributes
    ----------
    past : tuple
        Names of the columns that are known up to now alone.
    static : tuple
        Names of those that are the same at all times of a series.
    """

    past: tuple[Any, ...] = ()
    static: tuple[Any, ...] = ()

    @classmethod
    def of(cls, past: Sequence[Any], static: Sequence[Any]) -> Covariates:
        """Return what two parameters name.

        Raises
        ------
        ValueError
            When one is no list of names, or a column is in both.
        """
        for parameter, names in (("past_covariates", past), ("static_covariates", static)):
            listed = isinstance(names, Sequence | np.ndarray | pd.Index)
            if not listed or isinstance(names, str) or getattr(names, "shape", None) == ():
                raise ValueError(
                    f"{parameter}={names!r} is no list of names. Give the names of columns of X in "
                    f"a list, as in {parameter}=[{names!r}]."
                )
        both = [name for name in past if name in list(static)]
        if both:
            raise ValueError(
                f"{both[0]!r} is in past_covariates and in static_covariates. Name it in one of "
                "them: a column that does not change within a series is static."
            )
        return cls(tuple(past), tuple(static))

    def encoded(self, columns: Any, categories: Categories | None) -> Covariates:
        """Return the same with the names that columns have after `categories` encoded them.

        Raises
        ------
        ValueError
            When a name is that of no column.
        """
        columns = [] if columns is None else list(columns)
        known = {} if categories is None else categories.of
        for parameter, names in (
            ("past_covariates", self.past),
            ("static_covariates", self.static),
        ):
            for name in names:
                if name not in known and name not in columns:
                    has = f"the columns {[*known, *columns]}" if columns else "none"
                    raise ValueError(
                        f"{parameter} has {name!r}, which is no column of X: there are {has}. Pass "
                        f"X with that column, or leave the name out of {parameter}."
                    )
        if categories is None:
            return self
        return Covariates(categories.names(self.past), categories.names(self.static))

    def is_past(self, columns: Any) -> np.ndarray:
        """Return which of some columns are known up to now alone."""
        return np.array([name in self.past for name in columns], bool)

    def is_static(self, columns: Any) -> np.ndarray:
        """Return which of some columns are the same at all times of a series."""
        return np.array([name in self.static for name in columns], bool)

    # ---- Static columns --------------------------------------------------------------------------

    def constant(self, X: pd.DataFrame) -> pd.DataFrame:
        """Return `X` with one value for each series in its static columns, at all times.

        Raises
        ------
        ValueError
            When a series has two different ones.
        """
        if not self.is_static(X.columns).any():
            return X
        many = X.index.nlevels > 1
        keys = X.index.droplevel(-1) if many else None
        instance = pd.factorize(keys)[0] if many else np.zeros(len(X), int)
        columns = [
            _one_each(X[name], instance, keys) if name in self.static else X[name] for name in X
        ]
        return pd.concat(columns, axis=1)

    def without_static(self, X: pd.DataFrame | None, panel: Panel) -> pd.DataFrame | None:
        """Return `X` without its static columns, which must be what they are in a panel.

        Raises
        ------
        ValueError
            When one has another value for a series than in the panel.
        """
        given = [] if X is None else [name for name in X.columns if name in self.static]
        if X is None or not given or panel.exogenous is None:
            return X
        instance = np.zeros(len(X), int)
        if panel.keys is not None and X.index.nlevels > 1:
            instance = panel.keys.get_indexer(X.index.droplevel(-1))
        fitted = panel.exogenous[panel.start[:-1]][:, panel.exogenous_columns.get_indexer(given)]
        found = X[given].to_numpy(dtype=np.float64)
        same = np.isclose(found, fitted[instance], rtol=1e-6, equal_nan=True).all(axis=1)
        wrong = np.flatnonzero((instance >= 0) & ~same)
        if len(wrong):
            row = wrong[0]
            column = given[int(np.argmin(np.isclose(found[row], fitted[instance[row]])))]
            of = "" if panel.keys is None else f" of the series {panel.keys[instance[row]]!r}"
            raise ValueError(
                f"Column {column!r} of X is static, but has another value{of} than in the fit. "
                "Leave the static columns out, they are known; or fit again."
            )
        return X.drop(columns=given)

    def with_static(self, panel: Panel, later: Panel) -> Panel:
        """Return a later panel with the static columns of the one that was fitted."""
        if panel.exogenous is None or (panel.keys is None) != (later.keys is None):
            return later
        static = self.is_static(panel.exogenous_columns)
        beside = [] if later.exogenous_columns is None else list(later.exogenous_columns)
        if not static.any() or beside != list(panel.exogenous_columns[~static]):
            return later
        own = panel.exogenous[panel.start[:-1]][instance_numbers(panel, later)]
        exogenous = np.repeat(own, later.lengths, axis=0)
        if later.exogenous is not None:
            exogenous[:, ~static] = later.exogenous
        return replace(later, exogenous=exogenous, exogenous_columns=panel.exogenous_columns)


ALL_AHEAD = Covariates()


def _one_each(column: pd.Series, instance: np.ndarray, keys: Any) -> pd.Series:
    codes, _ = pd.factorize(column)  # -1 where missing
    known = np.flatnonzero(codes >= 0)
    first = np.full(len(column), -1)
    first[instance[known[::-1]]] = known[::-1]
    source = np.where(first[instance] < 0, np.arange(len(column)), first[instance])
    changes = np.flatnonzero((codes >= 0) & (codes != codes[source]))
    if len(changes):
        row = changes[0]
        of = "" if keys is None else f" of the series {keys[row]!r}"
        raise ValueError(
            f"Column {column.name!r} of X is in static_covariates, but it changes{of}: from "
            f"{column.iloc[source[row]]!r} to {column.iloc[row]!r} at {column.index[row]!r}. Give "
            "each series one value, or leave the name out of static_covariates."
        )
    return pd.Series(column.array[source], column.index, name=column.name)
