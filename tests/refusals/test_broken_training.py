"""Training that diverges or is interrupted leaves the estimator as it was."""

import warnings

import numpy as np
import pytest
from _engine import keras_reads_variables
from _refusals import X, check_refusal, make, y
from numpy.testing import assert_array_equal

from skrnn.compat._keras import keras
from skrnn.exceptions import TrainingDivergedError

pytestmark = keras_reads_variables


class TestDivergence:
    @pytest.mark.parametrize(
        ("params", "y"),
        [
            ({"optimizer": "sgd", "learning_rate": 1e30}, y),
            ({"target_scaler": None}, 1e30 * y),
            ({"lr_schedule": lambda step: np.nan * step}, y),
        ],
        ids=["rate", "targets", "schedule"],
    )
    def test_it_is_an_error_that_leaves_nothing(self, regressor, params, y):
        parts = ["diverged", "epoch 1", "learning_rate", "clipnorm", "scale"]
        check_refusal(regressor, TrainingDivergedError, parts, X, y, params, {})

    def test_warm_start_keeps_what_there_was(self, fitted_once):
        regressor = make(warm_start=True)
        vars(regressor).update({**vars(fitted_once), "warm_start": True})
        params = {"optimizer": "sgd", "learning_rate": 1e30}
        check_refusal(regressor, TrainingDivergedError, ["diverged"], X, y, params, {})

    def test_it_is_a_floating_point_error(self):
        with pytest.raises(FloatingPointError, match="diverged"):
            make(optimizer="sgd", learning_rate=1e30).fit(X, y)


class Raise(keras.callbacks.Callback):
    """Raise an error at an event of an epoch."""

    def __init__(self, error, event, epoch):
        super().__init__()
        self.error, self.event, self.epoch = error, event, epoch

    def _at(self, event, epoch):
        if (event, epoch) == (self.event, self.epoch):
            raise self.error

    def on_train_begin(self, logs=None):
        self._at("train_begin", None)

    def on_epoch_begin(self, epoch, logs=None):
        self._at("begin", epoch)

    def on_epoch_end(self, epoch, logs=None):
        self._at("end", epoch)

    def on_train_end(self, logs=None):
        self._at("train_end", None)


class TestInterruption:
    def warnings_of_fit(self, regressor):
        # `pytest.warns` would hand on what Keras warns of, but not that it was Keras.
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            regressor.fit(X, y)
        return [str(warning.message) for warning in caught if warning.category is UserWarning]

    @pytest.mark.parametrize(("event", "epoch"), [("end", 2), ("begin", 3)])
    def test_the_epochs_so_far_are_kept(self, event, epoch):
        interrupt = Raise(KeyboardInterrupt(), event, epoch)
        regressor = make(epochs=10, callbacks=[interrupt])
        (message,) = self.warnings_of_fit(regressor)
        assert "interrupted after 3 epochs" in message
        assert regressor.n_iter_ == len(regressor.history_["loss"]) == 3
        assert_array_equal(regressor.predict(X), make(epochs=3).fit(X, y).predict(X))

    def test_of_these_the_best_with_early_stopping(self):
        params = {"early_stopping": True, "learning_rate": 0.1, "validation_fraction": 0.25}
        regressor = make(
            epochs=60,
            n_iter_no_change=50,
            callbacks=[Raise(KeyboardInterrupt(), "end", 39)],
            **params,
        )
        (message,) = self.warnings_of_fit(regressor)
        assert "best weights" in message
        losses = regressor.history_["val_loss"]
        best = int(np.argmin(losses))
        assert best < 39
        kept = np.mean((regressor.predict(X[30:]) - y[30:]) ** 2) / y[:30].var()
        assert kept == pytest.approx(losses[best], abs=1e-4)

    @pytest.mark.parametrize(("event", "epoch"), [("train_begin", None), ("begin", 0)])
    def test_before_the_first_epoch_is_over_it_goes_through(self, regressor, event, epoch):
        params = {"callbacks": [Raise(KeyboardInterrupt(), event, epoch)]}
        check_refusal(regressor, KeyboardInterrupt, [], X, y, params, {})

    @pytest.mark.parametrize(
        ("event", "epoch"),
        [("train_begin", None), ("begin", 1), ("end", 0), ("end", 2), ("train_end", None)],
    )
    def test_an_error_in_a_callback_leaves_nothing(self, regressor, event, epoch):
        params = {"callbacks": [Raise(ZeroDivisionError("mine"), event, epoch)]}
        check_refusal(regressor, ZeroDivisionError, ["mine"], X, y, params, {})

    def test_an_error_in_a_callback_leaves_no_progress_line_open(self, capsys):
        regressor = make(verbose=1, callbacks=[Raise(ZeroDivisionError("mine"), "end", 0)])
        with pytest.raises(ZeroDivisionError):
            regressor.fit(X, y)
        assert capsys.readouterr().err.endswith("\n")
