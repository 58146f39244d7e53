"""Whole series to a class or a number: data sets of the UEA, UCR and Monash archives.

JapaneseVowels (nine speakers, sequences of unequal length), ItalyPowerDemand (two seasons) and
BasicMotions (four movements) come with sktime; FloodModeling1 (the depth of a flood from 266 hours
of rain; Tan, Bergmeir, Petitjean and Webb, 2021) is read from the folder. All have a given split.
The settings of the network are those that win one and the same grid in cross-validation on the
training part; the test part is scored once, with five seeds.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.metrics import accuracy_score, root_mean_squared_error
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sktime.datasets import (
    load_basic_motions,
    load_from_tsfile,
    load_italy_power_demand,
    load_japanese_vowels,
)

from skrnn import RecurrentClassifier, RecurrentRegressor, to_sequences

CLASSES = {
    "JapaneseVowels": load_japanese_vowels,
    "ItalyPowerDemand": load_italy_power_demand,
    "BasicMotions": load_basic_motions,
}
GRID = {"cell": ["lstm", "gru"], "attention": [False, True], "dropout": [0.0, 0.3]}


def to_arrays(X, n_timesteps=None):
    """Return a frame of nested series as sequences, padded with NaN to a length at least."""
    series = [np.column_stack([np.asarray(cell) for cell in row]) for row in X.to_numpy()]
    sequences = to_sequences(series)
    missing = max(0, (n_timesteps or 0) - sequences.shape[1])
    return np.pad(sequences, ((0, 0), (0, missing), (0, 0)), constant_values=np.nan)


def flatten(X):
    return X.reshape(len(X), -1)


def linear(model):
    """Return a linear model of all steps; masked ones are taken as the mean."""
    imputer = SimpleImputer(keep_empty_features=True)
    return make_pipeline(imputer, StandardScaler(), model)


def report(name, splits, network, others, cv, score, seeds):
    """Search, score the winner with several seeds, and print all scores."""
    X, y, X_test, y_test = splits
    start = perf_counter()
    search = GridSearchCV(network, GRID, cv=cv, scoring=score[0]).fit(X, y)
    seconds = perf_counter() - start
    best = {key: str(value) for key, value in search.best_params_.items()}
    rows = {}
    for label, model in others.items():
        model.fit(flatten(X), y)
        rows[label] = [score[1](y_test, model.predict(flatten(X_test)))]
    winners = [clone(search.best_estimator_).set_params(random_state=n) for n in range(seeds)]
    rows["network"] = [score[1](y_test, winner.fit(X, y).predict(X_test)) for winner in winners]
    print(f"\n{name}: {X.shape} to train, {len(X_test)} to test; chosen {best}, {seconds:.0f} s")
    table = pd.DataFrame({label: [np.mean(s), np.std(s)] for label, s in rows.items()}).T
    print(table.set_axis(["mean", "spread"], axis=1).round(4).to_string(), flush=True)


def main() -> None:
    """Print a table for each data set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of FloodModeling1")
    parser.add_argument("--seeds", type=int, default=5, help="networks of different seeds")
    options = parser.parse_args()
    folds = {"n_splits": 5, "shuffle": True, "random_state": 0}
    print(f"Grid: {GRID}, both directions, 5 folds of the training part")
    for name, load in CLASSES.items():
        (X, y), (X_test, y_test) = (
            load(split=part, return_type="nested_univ") for part in ("train", "test")
        )
        n_timesteps = max(to_arrays(part).shape[1] for part in (X, X_test))
        splits = to_arrays(X, n_timesteps), y, to_arrays(X_test, n_timesteps), y_test
        others = {
            "most frequent class": DummyClassifier(),
            "logistic regression": linear(
                LogisticRegressionCV(
                    max_iter=5000,
                    cv=5,
                    scoring="accuracy",
                    l1_ratios=(0.0,),
                    use_legacy_attributes=False,
                )
            ),
        }
        network = RecurrentClassifier(bidirectional=True, random_state=0)
        score = "accuracy", accuracy_score
        cv = StratifiedKFold(**folds)
        report(f"{name}, accuracy", splits, network, others, cv, score, options.seeds)
    if options.data is None:
        return
    splits = []
    for part in ("TRAIN", "TEST"):
        X, y = load_from_tsfile(
            str(options.data / f"FloodModeling1_{part}.ts"), return_data_type="nested_univ"
        )
        splits += [to_arrays(X), np.asarray(y, float)]
    others = {"mean": DummyRegressor(), "ridge": linear(RidgeCV(np.logspace(-2, 6, 9)))}
    network = RecurrentRegressor(bidirectional=True, epochs=30, random_state=0)
    score = "neg_root_mean_squared_error", root_mean_squared_error
    report("FloodModeling1, RMSE", splits, network, others, KFold(**folds), score, options.seeds)


if __name__ == "__main__":
    main()
