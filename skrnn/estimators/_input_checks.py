"""What users hand to an estimator: taken where it is clear, refused where there is a better way."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
import pandas as pd

from ..inputs._mask import unmasked
from ..inputs._numbers import check_container, check_finite, check_numbers
from ..inputs._to_sequences import has_series_in_cells, to_sequences

# Arguments of `keras.Model.fit`, and what takes their place.
_OF_KERAS = {
    "validation_data": "fit(X, y, X_val=..., y_val=...)",
    "validation_split": "the parameters early_stopping=True and validation_fraction=...",
    "validation_batch_size": "the parameter batch_size=...",
    "epochs": "the parameter epochs=...",
    "initial_epoch": "the parameter warm_start=True, which goes on",
    "batch_size": "the parameter batch_size=...",
    "callbacks": "the parameter callbacks=...",
    "verbose": "the parameter verbose=...",
    "shuffle": "the parameter shuffle=...",
    "class_weight": "the parameter class_weight=... of the classifiers",
}


def without_names_of_keras(fit: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse arguments that `keras.Model.fit` has, with what to write instead."""

    @wraps(fit)
    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        for name in kwargs.keys() & _OF_KERAS.keys():
            raise TypeError(
                f"{name} is an argument of Keras. Use {_OF_KERAS[name]} of {type(self).__name__}."
            )
        return fit(self, *args, **kwargs)

    return checked


def sequences_of(X: Any, name: str) -> Any:
    """Return `X`, or an array padded with NaN of a list of sequences of unequal length.

    What a masked array of NumPy masks is NaN.

    Raises
    ------
    ValueError
        When `X` has one dimension, series in its cells, or texts or times in place of numbers.
    """
    X = unmasked(X)
    if hasattr(X, "__array__") and not hasattr(X, "shape"):
        X = np.asarray(X)
    if isinstance(X, list | tuple) and _is_ragged(X):
        return to_sequences(list(X))
    if isinstance(X, pd.DataFrame) and has_series_in_cells(X):
        raise ValueError(
            f"{name} has series in its cells. Make one array of them: "
            f"{name} = skrnn.to_sequences({name})."
        )
    check_container(X, name)
    if np.ndim(X) == 1:
        raise ValueError(
            f"{name} is one-dimensional, but a row of {name} is a sequence. Cut windows out of a "
            "series with skrnn.make_windows or skrnn.SlidingWindowTransformer. Reshape your data "
            f"where it is one sequence: {name}.reshape(1, -1)."
        )
    check_numbers(X, name)
    check_finite(X, name)
    return X


def check_target_numbers(y: Any, estimator: str) -> None:
    """Raise where targets of a regressor are texts; others are not looked at.

    Raises
    ------
    ValueError
    """
    values = np.asarray(y)
    if values.dtype.kind in "US" or (values.dtype == object and _has_text(values)):
        classifier = estimator.replace("Seq2SeqRegressor", "LSTMClassifier")
        raise ValueError(
            f"y holds texts, such as {_first_text(values)!r}: classes, which a regressor does not "
            f"learn. Use {classifier.replace('Regressor', 'Classifier')}, or make numbers of them."
        )
    check_numbers(values, "y")


def _is_ragged(rows: Any) -> bool:
    sequences = [row for row in rows if hasattr(row, "__len__") and not isinstance(row, str)]
    return len(sequences) == len(rows) and len({len(row) for row in sequences}) > 1


def _has_text(values: np.ndarray) -> bool:
    return any(isinstance(value, str) for value in values.ravel()) and not _are_numbers(values)


def _are_numbers(values: np.ndarray) -> bool:
    try:
        values.astype(float)
    except (TypeError, ValueError):
        return False
    return True


def _first_text(values: np.ndarray) -> str:
    return str(next(value for value in values.ravel() if isinstance(value, str | bytes)))
