"""Errors of a forecaster beside those of baselines, and a sentence about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ._baselines import LAST, LINEAR, SEASONAL, error_scale
from ._folds import Fold

NAIVE = (LAST, SEASONAL)


@dataclass(frozen=True)
class Compared:
    """What was forecast and what came, in rows of series, origin and time.

    Attributes
    ----------
    forecasts : pandas.DataFrame
        Columns are truth, forecast and the ends of the interval, if there is one.
    baselines : pandas.DataFrame
        A column for each baseline.
    unit : array of shape (n_rows,)
        What errors are measured in; NaN where there is nothing to measure them in.
    """

    forecasts: pd.DataFrame
    baselines: pd.DataFrame
    unit: np.ndarray

    @classmethod
    def of(
        cls,
        folds: Sequence[Fold],
        baselines: Sequence[dict[str, np.ndarray]],
        y: pd.DataFrame,
        season: int,
    ) -> Compared:
        """Put all windows together."""
        parts: dict[str, list[Any]] = {
            "truth": [fold.truth for fold in folds],
            "forecast": [fold.forecast for fold in folds],
        }
        if folds[0].bounds is not None:
            ends = [np.moveaxis(fold.bounds, -1, 0) for fold in folds if fold.bounds is not None]
            parts |= {"lower": [low for low, _ in ends], "upper": [high for _, high in ends]}
        own = list(parts)
        parts |= {name: [found[name] for found in baselines] for name in baselines[0]}
        parts["unit"] = [error_scale(fold.past, season)[fold.instance] for fold in folds]
        index = [_index(fold, y) for fold in folds]
        joined = {name: np.concatenate([a.ravel() for a in found]) for name, found in parts.items()}
        frame = pd.DataFrame(joined, index[0].append(index[1:])).sort_index()
        return cls(frame[own], frame[list(baselines[0])], frame["unit"].to_numpy())


def _index(fold: Fold, y: pd.DataFrame) -> pd.MultiIndex:
    """Return an index of (instance levels, variable where there are several, origin, time)."""
    past, n_variables = fold.past, y.shape[1]
    ends = [np.array([end - 1]) for end in past.end]
    origins = past.index(ends)
    origins = origins if past.keys is None else origins.get_level_values(-1)
    index = fold.index.repeat(n_variables)
    levels = [index.get_level_values(level) for level in range(index.nlevels - 1)]
    names = list(y.index.names[:-1])
    if n_variables > 1:
        levels.append(np.tile(np.asarray(y.columns), len(fold.index)))
        names.append(y.columns.name or "variable")
    origin = origins[np.repeat(fold.instance, n_variables)]
    levels += [origin, index.get_level_values(-1)]
    return pd.MultiIndex.from_arrays(levels, names=[*names, "origin", y.index.names[-1] or "time"])


def error_table(name: str, compared: Compared) -> pd.DataFrame:
    """Return a row of errors for the forecaster, and one for each baseline.

    Rows without a truth do not count.
    """
    forecasts, unit = compared.forecasts, compared.unit
    known = forecasts["truth"].notna().to_numpy()
    truth = forecasts["truth"].to_numpy()[known]
    unit = unit[known] if np.isfinite(unit[known]).any() else np.ones(known.sum())
    everyone = {name: forecasts["forecast"], **dict(compared.baselines.items())}
    rows = {}
    for who, values in everyone.items():
        away = np.abs(values.to_numpy()[known] - truth)
        rows[who] = {
            "MAE": away.mean(),
            "RMSE": np.sqrt(np.mean(away**2)),
            "MASE": np.nanmean(away / unit),
        }
    table = pd.DataFrame.from_dict(rows, orient="index")
    if "lower" in forecasts:
        low, high = (forecasts[end].to_numpy()[known] for end in ("lower", "upper"))
        table["covered"] = np.nan  # baselines have no interval
        table.loc[name, "covered"] = np.mean((low <= truth) & (truth <= high))
    best = table.loc[[line for line in NAIVE if line in table.index], "MASE"].min()
    table["skill"] = [_skill(error, best) for error in table["MASE"]]
    return table


def _skill(error: float, other: float) -> float:
    if other > 0:
        return 1 - error / other
    return 0.0 if error == 0 else -np.inf


def sentence(table: pd.DataFrame, n_origins: int, coverage: float | None) -> str:
    """Return whether the forecaster is ahead of the lines, and whether its interval holds."""
    name, lines = table.index[0], table["MASE"].iloc[1:]
    own, best = table["MASE"].iloc[0], lines.idxmin()
    ahead = [line for line in lines.index if own < lines[line]]
    behind = [line for line in lines.index if own >= lines[line]]
    windows = "1 origin" if n_origins == 1 else f"{n_origins} origins"
    if not behind:
        text = f"{name} is ahead of {_listed(ahead)}"
    elif not ahead:
        text = f"{name} is not ahead of {_listed(behind)}"
    else:
        text = f"{name} is ahead of {_listed(ahead)}, but not of {_listed(behind)}"
    text += (
        f": its MASE over {windows} is {own:.3g}, that of the best of them, {best}, "
        f"{lines[best]:.3g}."
    )
    if "covered" in table and coverage is not None:
        text += f" Its {coverage:.0%} interval covers {table['covered'].iloc[0]:.0%} of the values."
    return text


def _listed(names: list[str]) -> str:
    said = [f"the {name}" + (" forecast" if name == LINEAR else "") for name in names]
    return " and ".join([", ".join(said[:-1]), said[-1]] if len(said) > 1 else said)
