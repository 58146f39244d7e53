"""From the results of a search to errors of candidates, with short names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Candidates:
    """Candidates of a search, the best first.

    Attributes
    ----------
    params : pandas.DataFrame
        A row for each candidate and a column for each parameter that differs, by its short name.
    error, spread : arrays of shape (n_candidates,)
        Mean and standard deviation over the folds; the spread is NaN where it is not known.
    value_name : str
        What the error is.
    n_failed : int
        Candidates left out, since there was no score.
    """

    params: pd.DataFrame
    error: np.ndarray
    spread: np.ndarray
    value_name: str
    n_failed: int

    @property
    def labels(self) -> list[str]:
        """Name of each candidate: the parameters that differ."""
        return [
            ", ".join(f"{name}={_short(value)}" for name, value in row.items()) or "defaults"
            for _, row in self.params.iterrows()
        ]

    def grid(self, names: Sequence[str]) -> pd.DataFrame:
        """Return the lowest error for each pair of values of two parameters; NaN without any."""
        rows, columns = (self.params[name].map(_short) for name in names)
        order = [_sorted_values(self.params[name]) for name in names]
        table = pd.Series(self.error).groupby([rows.to_numpy(), columns.to_numpy()]).min()
        return table.unstack().reindex(index=order[0], columns=order[1])


def read_search(search: Any, metric: str | None) -> Candidates:
    """Return the candidates of a search.

    Raises
    ------
    ValueError
        When there is no such metric, or no candidate has a score.
    """
    results = pd.DataFrame(dict(search.cv_results_))
    name, key = _metric_of(results, search, metric)
    results = results[~results["params"].map(repr).duplicated(keep="last")]  # of halving searches
    score = results[f"mean_test_{key}"].to_numpy(dtype=float)
    spread = np.full(len(score), np.nan)
    if f"std_test_{key}" in results:
        spread = results[f"std_test_{key}"].to_numpy(dtype=float)
    known = np.isfinite(score)
    if not known.any():
        raise ValueError("`search` has no candidate with a score: all fits failed.")
    is_error, name = _is_error(search, name)
    sign = -1.0 if is_error and score[known].max() <= 0 else 1.0
    order = np.flatnonzero(known)[np.argsort(sign * score[known] * (1 if is_error else -1))]
    params = _differing(pd.DataFrame(list(results["params"]))).iloc[order]
    return Candidates(
        params.reset_index(drop=True),
        sign * score[order],
        spread[order],
        name,
        int((~known).sum()),
    )


def _metric_of(results: pd.DataFrame, search: Any, metric: str | None) -> tuple[str, str]:
    """Return the name of the metric that is drawn, and what its columns end with."""
    found = [name.removeprefix("mean_test_") for name in results if name.startswith("mean_test_")]
    if metric is None and isinstance(getattr(search, "refit", None), str):
        metric = search.refit
    if metric is None and len(found) == 1:
        key = found[0]
        scoring = getattr(search, "scoring", None)
        named = scoring if isinstance(scoring, str) else "score"
        return (named if key == "score" else key), key
    if metric is None or metric not in found:
        raise ValueError(f"metric={metric!r} is none of the search. Choose among {found}.")
    return metric, metric


def _is_error(search: Any, name: str) -> tuple[bool, str]:
    """Return whether less is better, and the name without what says so."""
    if name.startswith("neg_"):
        return True, name.removeprefix("neg_").replace("_", " ").capitalize()
    scorer = getattr(search, "scorer_", None)
    scorer = scorer.get(name) if isinstance(scorer, dict) else scorer
    lower = "greater_is_better=False" in repr(scorer)
    measure: Any = getattr(search, "scoring", None)
    if hasattr(measure, "get_tag"):  # a metric of sktime
        lower = bool(measure.get_tag("lower_is_better", True, raise_error=False))
    elif not hasattr(search, "scorer_"):  # sktime's own default is an error
        lower = True
    return lower, name if name[:1].isupper() else name.replace("_", " ").capitalize()


def _differing(params: pd.DataFrame) -> pd.DataFrame:
    """Return the parameters that differ, by the last part of their names where that is enough."""
    kept = params.loc[:, [params[name].map(repr).nunique() > 1 for name in params]]
    last = [name.rpartition("__")[2] for name in kept]
    short = {
        name: end if last.count(end) == 1 else name for name, end in zip(kept, last, strict=True)
    }
    return kept.rename(columns=short)


def _sorted_values(values: pd.Series) -> list[str]:
    try:
        ordered = sorted(values.unique())
    except TypeError:  # lists and the like, or values of several kinds
        return list(dict.fromkeys(sorted(values.map(_short))))
    return list(dict.fromkeys(_short(value) for value in ordered))


def _short(value: Any) -> str:
    if isinstance(value, float | np.floating):
        return f"{value:.4g}"
    text = str(value)
    return text if len(text) <= 30 else f"{text[:27]}..."
