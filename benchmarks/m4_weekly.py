"""The 359 weekly series of the M4 competition, 13 weeks ahead.

One network is fitted to all series: by itself with settings that were chosen for it, and with
nothing set, combined with its baselines. The scores are those of the competition: sMAPE, MASE with
m = 1, and OWA, the mean of both relative to Naive2, which for weeks is the last value. The settings
were chosen on the last 13 weeks of the training part.

The folder holds Train/Weekly-train.csv and Test/Weekly-test.csv of the competition.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from _accuracy import WindowRidge, arguments, cut, table

from skrnn import Seq2SeqForecaster

HORIZON = 13
SETTINGS = {"window": 208, "segment_length": 13, "units": 128, "dropout": 0.2, "baselines": ()}
N_MEMBERS = 5


def read(path: Path) -> dict[str, np.ndarray]:
    """Return the series of a file by name."""
    frame = pd.read_csv(path, index_col=0)
    return {
        name: row[~np.isnan(row)] for name, row in zip(frame.index, frame.to_numpy(), strict=True)
    }


def to_panel(series: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return a frame with the levels series and week."""
    frames = {name: pd.DataFrame({"value": values}) for name, values in series.items()}
    return pd.concat(frames, names=["series", "week"])


class Scores:
    """sMAPE, MASE and OWA over all series."""

    def __init__(self, train: dict[str, np.ndarray], test: dict[str, np.ndarray]) -> None:
        self.truth = np.stack([test[name] for name in train])
        self.change = np.array([np.abs(np.diff(values)).mean() for values in train.values()])
        self.last = np.array([values[-1] for values in train.values()])[:, None]
        self.naive = self._errors(np.broadcast_to(self.last, self.truth.shape))

    def _errors(self, forecast: np.ndarray) -> tuple[float, float]:
        off = np.abs(self.truth - forecast)
        smape = 200 * (off / (np.abs(self.truth) + np.abs(forecast))).mean()
        return smape, (off.mean(axis=1) / self.change).mean()

    def of(self, forecast: np.ndarray) -> dict[str, float]:
        """Return the scores of forecasts of shape (n_series, HORIZON)."""
        smape, mase = self._errors(forecast)
        owa = (smape / self.naive[0] + mase / self.naive[1]) / 2
        return {"sMAPE": smape, "MASE": mase, "OWA": owa}


def ridge(train: dict[str, np.ndarray]) -> np.ndarray:
    """Return forecasts of one ridge regression for all series, on the windows of the network."""
    window = SETTINGS["window"]
    long = [cut(values, window, HORIZON) for values in train.values() if len(values) >= window + 13]
    model = WindowRidge(window, HORIZON)
    model.fit(*(np.concatenate(part) for part in zip(*long, strict=True)))
    # A series shorter than a window is continued into the past with its first value.
    last = [np.pad(values, (window, 0), mode="edge")[-window:] for values in train.values()]
    return model.predict(np.stack(last))


def fit_and_score(
    train: dict[str, np.ndarray], scores: Scores, settings: dict, **params
) -> dict[str, float]:
    """Fit a forecaster; return its scores, and coverage and width of the 80 % interval."""
    panel, start = to_panel(train), perf_counter()
    forecaster = Seq2SeqForecaster(**settings, **params).fit(panel, fh=range(1, HORIZON + 1))
    seconds = perf_counter() - start
    shape = (len(train), HORIZON)
    order = list(train) == list(forecaster.predict().index.get_level_values(0).unique())
    assert order, "forecasts are in another order than the series"
    low, high = (
        forecaster.predict_quantiles(alpha=[level]).to_numpy().reshape(shape)
        for level in (0.1, 0.9)
    )
    return {
        **scores.of(forecaster.predict().to_numpy().reshape(shape)),
        "covered by 80 %": ((low <= scores.truth) & (scores.truth <= high)).mean(),
        "width / mean change": ((high - low).mean(axis=1) / scores.change).mean(),
        "fit, s": seconds,
    }


def main() -> None:
    """Print the table."""
    options = arguments(__doc__)
    train = read(options.data / "Train" / "Weekly-train.csv")
    test = read(options.data / "Test" / "Weekly-test.csv")
    scores = Scores(train, test)
    rows = {"last value (Naive2)": scores.of(np.broadcast_to(scores.last, scores.truth.shape))}
    yearly = np.stack(
        [np.pad(values, (52, 0), mode="edge")[-52:][:HORIZON] for values in train.values()]
    )
    rows["value of a year ago"] = scores.of(yearly)
    rows["ridge on the same windows"] = scores.of(ridge(train))
    for what, settings in (("network", SETTINGS), ("nothing set", {})):
        runs = [
            fit_and_score(train, scores, settings, random_state=seed)
            for seed in range(options.seeds)
        ]
        rows[f"{what}, {options.seeds} seeds"] = {
            key: [run[key] for run in runs] for key in runs[0]
        }
        rows[f"{what}, {N_MEMBERS} members"] = fit_and_score(
            train, scores, settings, random_state=0, n_members=N_MEMBERS, n_jobs=2
        )
    print(f"M4 Weekly, {len(train)} series, {HORIZON} weeks ahead; {SETTINGS}")
    print(table(rows))


if __name__ == "__main__":
    main()
