"""Those who read an estimator while it is fitted again: they see one fit, whole."""

import threading

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables

from skrnn import LSTMClassifier, LSTMRegressor
from skrnn.compat._keras import keras
from skrnn.engines._history import History

pytestmark = keras_reads_variables

SMALL = {"units": 2, "epochs": 1, "random_state": 0}
X = np.random.default_rng(0).normal(size=(40, 5))


def test_predictions_belong_to_one_fit():
    """Scalers of one fit and weights of the other would be off by a thousand."""
    model, fits = LSTMRegressor(**SMALL), [(X, X[:, 0]), (1000 * X, 1e6 + 1000 * X[:, 1])]
    row, known = X[:1], []
    for data in fits:
        known.append(float(model.fit(*data).predict(row)[0]))
    done, seen = threading.Event(), []

    def read():
        while not done.is_set():
            seen.append(float(model.predict(row)[0]))

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(20):
        for data in fits:
            model.fit(*data)
    done.set()
    reader.join()
    assert len(seen) > 10
    assert set(seen) <= set(known)


def test_labels_are_those_of_the_fit_that_the_probabilities_come_from(monkeypatch):
    model = LSTMClassifier(**SMALL).fit(X, X[:, 0] > 0)
    other = LSTMClassifier(**SMALL).fit(X, np.where(X[:, 0] > 0, "up", "down"))
    decode = type(model.target_encoder_).decode

    def decode_late(encoder, *arrays):
        model.__dict__.update(vars(other))  # as a fit in another thread does
        return decode(encoder, *arrays)

    monkeypatch.setattr(type(model.target_encoder_), "decode", decode_late)
    assert model.predict(X).dtype == bool
    assert set(model.predict(X)) <= {"up", "down"}


@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_while_a_fit_runs_all_attributes_are_those_of_the_last(how):
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(dict(vars(model)))

    model = LSTMRegressor(**SMALL).fit(pd.DataFrame(X, columns=list("abcde")), X[:, 0])
    model.set_params(callbacks=[Look()])
    before = dict(vars(model))
    if how == "fit":
        model.fit(X[:, :4, None], X[:, 0])
        assert not hasattr(model, "feature_names_in_")
        assert model.n_features_in_ == 1
    else:
        model.partial_fit(pd.DataFrame(X, columns=list("abcde")), X[:, 0])
        assert list(model.feature_names_in_) == list("abcde")
    (during,) = seen
    fitted = [name for name in before if name.endswith("_")]
    assert len(fitted) > 7
    assert all(during[name] is before[name] for name in fitted)
    assert vars(model)["network_"] is not before["network_"]


def test_a_fit_that_fails_touches_nothing():
    model = LSTMRegressor(**SMALL).fit(X, X[:, 0])
    attributes, before = vars(model), dict(vars(model))
    model.loss = lambda y_true, y_pred: 1 / 0
    with pytest.raises(ValueError, match="failed with ZeroDivisionError"):
        model.fit(X[:, :4, None], X[:, 0])
    assert vars(model) is attributes
    assert {**attributes, "loss": before["loss"]} == before


def test_an_epoch_is_added_to_all_columns_or_to_none():
    history = History()
    history.append(loss=1.0, seconds=0.1)
    with pytest.raises(TypeError):
        history.append(loss=0.5, seconds=None, val_loss=2.0)
    assert dict(history) == {"loss": [1.0], "seconds": [0.1]}
    column = history["loss"]
    history.append(loss=0.5, val_loss=2.0)
    assert column == [1.0]  # what a reader holds does not grow
    assert list(history) == ["loss", "seconds", "val_loss"]
    np.testing.assert_equal(
        dict(history), {"loss": [1.0, 0.5], "seconds": [0.1, np.nan], "val_loss": [np.nan, 2.0]}
    )
