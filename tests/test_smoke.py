"""Every part of the package once, on tiny data.

`scripts/test-oldest` runs this with the oldest versions of all dependencies, so nothing is imported
here but what the package and its extra `plot` depend on, and pytest.
"""

import inspect
import pickle
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import skrnn
from skrnn import (
    AttentionDisplay,
    BiLSTMClassifier,
    BiLSTMRegressor,
    ConvLSTMClassifier,
    ConvLSTMRegressor,
    ForecastDisplay,
    LSTMClassifier,
    LSTMRegressor,
    RecurrentClassifier,
    RecurrentRegressor,
    Seq2SeqForecaster,
    Seq2SeqRegressor,
    SequenceScaler,
    SlidingWindowTransformer,
    TrainingCurveDisplay,
    make_sequence_scorer,
    make_targets,
    make_windows,
    permutation_importance,
    saliency,
    to_sequences,
)

mpl.use("Agg")
import matplotlib.pyplot as plt

SHORT = {"epochs": 2, "batch_size": 8, "random_state": 0}
RNG = np.random.default_rng(0)
SEQUENCES = RNG.normal(size=(20, 5, 2))
SEQUENCES[0, :2] = np.nan  # masked steps
FRAMES = RNG.normal(size=(12, 3, 4, 4))
NUMBERS = RNG.normal(size=20)
LABELS = np.array(["calm", "rough"] * 10)
ROWS = pd.DataFrame(
    RNG.normal(size=(40, 2)),
    columns=["price", "volume"],
    index=pd.period_range("2020-01", periods=40, freq="M"),
)


class Case(NamedTuple):
    """An estimator, what it is fitted on, and the shape of its predictions."""

    estimator: object
    X: np.ndarray
    y: np.ndarray
    shape: tuple


CASES = {
    "LSTMRegressor": Case(
        LSTMRegressor(4, dropout=0.2, recurrent_dropout=0.2, **SHORT), SEQUENCES, NUMBERS, (20,)
    ),
    "BiLSTMRegressor": Case(BiLSTMRegressor((4, 4), **SHORT), SEQUENCES, NUMBERS, (20,)),
    "RecurrentRegressor": Case(
        RecurrentRegressor(4, cell="gru", optimizer="sgd", early_stopping=True, **SHORT),
        SEQUENCES,
        NUMBERS,
        (20,),
    ),
    "Seq2SeqRegressor": Case(
        Seq2SeqRegressor(4, decoder="autoregressive", attention=True, **SHORT),
        SEQUENCES,
        RNG.normal(size=(20, 3)),
        (20, 3),
    ),
    "ConvLSTMRegressor": Case(ConvLSTMRegressor(2, **SHORT), FRAMES, NUMBERS[:12], (12,)),
    "LSTMClassifier": Case(
        LSTMClassifier(4, return_sequences=True, **SHORT),
        SEQUENCES[1:],
        np.tile(LABELS[1:, None], 5),
        (19, 5),
    ),
    "BiLSTMClassifier": Case(
        BiLSTMClassifier(4, class_weight="balanced", **SHORT), SEQUENCES, LABELS, (20,)
    ),
    "RecurrentClassifier": Case(
        RecurrentClassifier(4, cell="peephole", attention=True, **SHORT), SEQUENCES, LABELS, (20,)
    ),
    "ConvLSTMClassifier": Case(ConvLSTMClassifier(2, **SHORT), FRAMES, LABELS[:12], (12,)),
}


def fitted(name):
    """Return the estimator of a case, fitted, and what it was fitted on."""
    estimator, X, y, _ = CASES[name]
    return clone(estimator).fit(X, y), X, y


def is_finite(predictions):
    return predictions.dtype.kind in "OU" or bool(np.isfinite(predictions).all())


def test_the_cases_are_all_estimators():
    public = {name: getattr(skrnn, name) for name in skrnn.__all__}
    fitted = {name for name, kind in public.items() if inspect.isclass(kind) and "fit" in dir(kind)}
    assert fitted == {*CASES, "Seq2SeqForecaster", "SequenceScaler", "SlidingWindowTransformer"}


@pytest.mark.parametrize("case", list(CASES.values()), ids=list(CASES))
def test_fit_predict_clone_pickle(case):
    estimator = clone(case.estimator)
    assert estimator.fit(case.X, case.y) is estimator
    predictions = estimator.predict(case.X)
    assert predictions.shape == case.shape
    assert is_finite(predictions)
    assert np.isfinite(estimator.score(case.X, case.y))
    back = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(back.predict(case.X), predictions)
    again = clone(estimator)
    assert not hasattr(again, "history_")
    np.testing.assert_array_equal(again.fit(case.X, case.y).predict(case.X), predictions)


def test_own_network():
    model = RecurrentRegressor(network=own_network, **SHORT)
    assert model.fit(SEQUENCES[1:], NUMBERS[1:]).predict(SEQUENCES[1:]).shape == (19,)


def own_network(shape, n_outputs):
    import keras

    steps = keras.Input(shape)
    hidden = keras.layers.GRU(3)(keras.layers.Conv1D(3, 2, padding="causal")(steps))
    return keras.Model(steps, keras.layers.Dense(n_outputs)(hidden))


def test_windows_in_a_search_over_a_pipeline():
    rows, targets = make_targets(ROWS, horizon=1, target="price")
    pipeline = Pipeline(
        [
            ("scale", StandardScaler().set_output(transform="pandas")),
            ("windows", SlidingWindowTransformer()),
            ("sequences", SequenceScaler()),
            ("network", LSTMRegressor(4, dropout=0.2, recurrent_dropout=0.2, **SHORT)),
        ]
    )
    grid = {"windows__window": [3, 5], "network__learning_rate": [0.001, 0.01]}
    search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(2), error_score="raise", n_jobs=2)
    with parallel_config(backend="threading"):  # threads share what is compiled
        search.fit(rows, targets)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.predict(rows).shape == (39,)


def test_windows_for_an_ordinary_regressor():
    rows, targets = make_targets(ROWS, horizon=1, target="price")
    windows = SlidingWindowTransformer(3, flatten=True)
    model = Pipeline([("windows", windows), ("ridge", Ridge())])
    assert model.fit(rows, targets).predict(rows).shape == (39,)


def test_arrays_of_windows_and_sequences():
    X, y = make_windows(ROWS, window=6, horizon=2, target="price")
    assert X.shape[1:] == (6, 2)
    assert y.shape == (len(X), 2)
    assert to_sequences([ROWS[:3], ROWS[:5]]).shape == (2, 5, 2)


@pytest.mark.filterwarnings("ignore:On what was held back:UserWarning")
def test_forecaster_on_a_panel():
    frames = {
        f"series {number}": pd.DataFrame(
            {"value": number + np.sin(np.arange(n_months)) + RNG.normal(0, 0.1, n_months)},
            index=pd.period_range("2020-01", periods=n_months, freq="M"),
        )
        for number, n_months in enumerate([30, 36, 33])
    }
    panel = pd.concat(frames, names=["series", "month"])
    forecaster = Seq2SeqForecaster(
        6, units=4, epochs=2, steps_per_epoch=4, calendar=True, random_state=0
    )
    assert forecaster.fit(panel, fh=[1, 2, 3]) is forecaster
    forecasts = forecaster.predict()
    assert forecasts.shape == (9, 1)
    assert np.isfinite(forecasts.to_numpy()).all()
    assert forecaster.predict_interval(coverage=0.8).shape == (9, 2)
    back = pickle.loads(pickle.dumps(forecaster))
    pd.testing.assert_frame_equal(back.predict(), forecasts)
    pd.testing.assert_frame_equal(forecaster.clone().fit(panel, fh=[1, 2, 3]).predict(), forecasts)


def test_inspection_and_scores():
    model, X, y = fitted("BiLSTMClassifier")
    importance = permutation_importance(model, X, y, n_repeats=1, random_state=0)
    assert importance.importances_mean.shape == (2,)
    assert saliency(model, X).shape == X.shape
    scorer = make_sequence_scorer(lambda truth, predicted: np.mean(truth == predicted))
    assert 0 <= scorer(*fitted("LSTMClassifier")) <= 1


def test_displays():
    regressor, X, y = fitted("LSTMRegressor")
    with_attention, *_ = fitted("RecurrentClassifier")
    displays = [
        TrainingCurveDisplay.from_estimator(regressor),
        ForecastDisplay.from_estimator(regressor, X, y),
        AttentionDisplay.from_estimator(with_attention, X),
    ]
    for display in displays:
        display.figure_.canvas.draw()
        plt.close(display.figure_)
