"""Who is told of the epochs: progress bars, callbacks of Keras and of scikit-learn."""

import pickle
import threading
from functools import partial

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _regressors import make
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold

from skrnn.compat._keras import keras

pytestmark = keras_reads_variables


class TestProgress:
    def test_history_is_a_table(self, data):
        X, y = data
        history = make(epochs=4).fit(X, y, X_val=X, y_val=y).history_
        assert list(history) == ["loss", "val_loss", "learning_rate", "seconds"]
        assert all(len(column) == 4 for column in history.values())
        assert all(seconds > 0 for seconds in history["seconds"])
        header, *rows = str(history).splitlines()
        assert header.split() == ["epoch", *history]
        assert [row.split()[0] for row in rows] == ["1", "2", "3", "4"]
        assert float(rows[-1].split()[1]) == pytest.approx(history["loss"][-1], rel=1e-3)
        assert "4 epochs" in repr(history)
        assert pd.DataFrame(dict(history)).shape == (4, 4)

    def test_the_loss_falls(self, data):
        losses = make(epochs=30, learning_rate=0.01).fit(*data).history_["loss"]
        assert losses[-1] < 0.5 * losses[0]

    def test_verbose_shows_epoch_and_losses(self, data, capsys):
        X, y = data
        make(verbose=1).fit(X, y, X_val=X, y_val=y)
        printed = capsys.readouterr()
        assert printed.out == ""
        last = printed.err.replace("\r", "\n").strip().splitlines()[-1]
        assert last.startswith("LSTMRegressor")
        for part in ("3/3", "loss=", "val_loss="):
            assert part in last

    def test_otherwise_nothing_is_shown(self, data, capfd):
        X, y = data
        make().fit(X, y).predict(X)
        assert capfd.readouterr() == ("", "")


class Memory(keras.callbacks.Callback):
    """Write down in a list that copies share what the callback is told."""

    def __init__(self, notes):
        super().__init__()
        self.notes = notes

    def __deepcopy__(self, memo):
        return type(self)(self.notes)

    def on_train_begin(self, logs=None):
        self.notes.append("train begin")

    def on_epoch_begin(self, epoch, logs=None):
        self.notes.append(f"begin {epoch}")

    def on_epoch_end(self, epoch, logs=None):
        self.notes.append(f"end {epoch} {sorted(logs)}")

    def on_train_end(self, logs=None):
        self.notes.append("train end")


class TestKerasCallbacks:
    def test_the_order_of_events(self, data):
        X, y = data
        notes = []
        make(epochs=2, callbacks=[Memory(notes)]).fit(X, y, X_val=X, y_val=y)
        logs = "['learning_rate', 'loss', 'seconds', 'val_loss']"
        assert notes == [
            "train begin",
            "begin 0",
            f"end 0 {logs}",
            "begin 1",
            f"end 1 {logs}",
            "train end",
        ]

    def test_one_alone_need_not_stand_in_a_list(self, data):
        seen = []
        callback = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: seen.append(epoch)
        )
        make(callbacks=callback).fit(*data)
        assert seen == [0, 1, 2]

    def test_watching_changes_nothing(self, data):
        X, y = data
        watched = make(callbacks=[keras.callbacks.Callback()]).fit(X, y)
        assert_array_equal(watched.predict(X), make().fit(X, y).predict(X))

    def test_logs_are_the_history(self, data):
        X, y = data
        losses = []
        callback = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: losses.append(logs.pop("loss"))
        )
        regressor = make(callbacks=[callback]).fit(X, y)
        assert losses == regressor.history_["loss"]

    def test_the_model_has_the_weights_of_the_epoch(self, data):
        X, y = data
        snapshots = []

        class Snapshot(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                snapshots.append(self.model.get_weights())

        regressor = make(callbacks=[Snapshot()]).fit(X, y)
        two_epochs = make(epochs=2).fit(X, y)
        for snapshot, fitted in zip(snapshots[1:], (two_epochs, regressor), strict=True):
            for array, kept in zip(snapshot, fitted.model_.get_weights(), strict=True):
                assert_array_equal(array, kept)

    def test_early_stopping(self, data):
        X, y = data
        callback = keras.callbacks.EarlyStopping(
            "val_loss", patience=3, restore_best_weights=True, min_delta=0.0
        )
        regressor = make(epochs=200, learning_rate=0.1, callbacks=[callback])
        regressor.fit(X[:36], y[:36], X_val=X[36:], y_val=y[36:])
        losses = regressor.history_["val_loss"]
        assert regressor.n_iter_ == int(np.argmin(losses)) + 1 + 3 < 200
        kept = np.mean((regressor.predict(X[36:]) - y[36:]) ** 2) / y[:36].var()
        assert kept == pytest.approx(min(losses), rel=1e-5)

    def test_learning_rate_scheduler(self, data):
        callback = keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.01 / (epoch + 1))
        rates = make(callbacks=[callback]).fit(*data).history_["learning_rate"]
        assert_allclose(rates, [0.01, 0.005, 0.01 / 3], rtol=1e-6)

    def test_reduce_on_plateau(self, data):
        callback = keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=2, min_delta=100.0)
        regressor = make(epochs=6, learning_rate=0.01, callbacks=[callback]).fit(*data)
        rates = regressor.history_["learning_rate"]
        assert_allclose(rates, [0.01] * 3 + [0.005] * 2 + [0.0025], rtol=1e-6)

    def test_a_checkpoint_can_be_read(self, data, tmp_path):
        X, y = data
        path = tmp_path / "{epoch}.keras"
        callback = keras.callbacks.ModelCheckpoint(path)
        regressor = make(callbacks=[callback]).fit(X, y)
        reloaded = keras.models.load_model(tmp_path / "3.keras")
        for array, kept in zip(reloaded.get_weights(), regressor.model_.get_weights(), strict=True):
            assert_array_equal(array, kept)

    def test_the_given_object_runs_and_stays(self, data):
        callback = keras.callbacks.EarlyStopping("loss", patience=1, min_delta=10.0)
        callbacks = [callback]
        regressor = make(callbacks=callbacks).fit(*data)
        assert regressor.n_iter_ == 2
        assert regressor.callbacks is callbacks
        assert callbacks == [callback]
        assert callback.stopped_epoch == 1

    def test_what_a_callback_gathered_can_be_read(self, data):
        callback, of_keras = Gather(), keras.callbacks.History()
        regressor = make(callbacks=[callback, of_keras]).fit(*data)
        assert callback.losses == of_keras.history["loss"] == regressor.history_["loss"]

    def test_a_search_runs_copies(self, data):
        callback = Gather()
        search = GridSearchCV(make(callbacks=[callback]), {"units": [2, 3]}, cv=KFold(2))
        search.fit(*data)
        best = search.best_estimator_
        assert best.callbacks[0].losses == best.history_["loss"]
        assert callback.losses == []

    def test_copies_of_a_fitted_estimator_carry_no_model(self, data):
        X, y = data
        regressor = make(callbacks=[Gather()]).fit(X, y)
        for other in (clone(regressor), pickle.loads(pickle.dumps(regressor))):
            (callback,) = other.callbacks
            assert callback.model is None
            assert callback.losses == regressor.history_["loss"]
            assert_array_equal(other.fit(X, y).predict(X), regressor.predict(X))

    def test_params_are_those_of_keras(self, data):
        callback = Gather()
        make(epochs=2, callbacks=callback).fit(*data)
        assert callback.params == {"epochs": 2, "steps": 3, "verbose": 0}

    def test_what_they_add_to_logs_is_history(self, data):
        def add(epoch, logs):
            logs["twice"] = np.float32(2.0 * logs["loss"])
            if epoch == 1:
                logs["late"] = 5.0

        callback = keras.callbacks.LambdaCallback(on_epoch_end=add)
        history = make(callbacks=[callback]).fit(*data).history_
        assert_allclose(history["twice"], 2.0 * np.array(history["loss"]), rtol=1e-6)
        assert_array_equal(history["late"], [np.nan, 5.0, np.nan])

    def test_only_numbers_can_be_history(self, data):
        callback = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: logs.update(note="good")
        )
        with pytest.raises(ValueError, match=r"callbacks: logs\['note'\] is 'good'"):
            make(callbacks=[callback]).fit(*data)

    @pytest.mark.parametrize("alone", [True, False])
    def test_a_class_is_no_callback(self, data, alone):
        kind = keras.callbacks.TerminateOnNaN
        with pytest.raises(TypeError, match=r"callbacks .* Pass an instance .*TerminateOnNaN\("):
            make(callbacks=kind if alone else [kind]).fit(*data)

    def test_what_a_pruner_raises_goes_through(self, data):
        regressor = make(callbacks=[Prune(epoch=1)])
        before = dict(vars(regressor))
        with pytest.raises(Pruned, match="at epoch 1"):
            regressor.fit(*data)
        assert vars(regressor) == before


class Gather(keras.callbacks.Callback):
    """Keep the losses of all epochs."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs["loss"])


class Pruned(Exception):
    """What tuners raise where a trial is not worth going on with."""


class Prune(keras.callbacks.Callback):
    """Give up at an epoch; with a lock, as storages of trials have, it cannot be copied."""

    def __init__(self, epoch):
        super().__init__()
        self.epoch, self.lock = epoch, threading.Lock()

    def on_epoch_end(self, epoch, logs=None):
        if epoch == self.epoch:
            raise Pruned(f"at epoch {epoch}")


class Batches(keras.callbacks.Callback):
    """Note batches and their losses; act at one of them."""

    def __init__(self, act=lambda model, batch: None):
        super().__init__()
        self.act, self.begun, self.losses, self.weights = act, [], [], []

    def on_train_batch_begin(self, batch, logs=None):
        self.begun.append(batch)
        self.act(self.model, batch)

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])
        self.weights.append(self.model.get_weights()[0])


class Stop(keras.callbacks.Callback):
    """Stop after the second batch, by the older name of the hook."""

    def on_batch_end(self, batch, logs=None):
        self.model.stop_training = batch == 1


class TestBatches:
    def test_they_are_told_and_nothing_changes(self, data):
        X, y = data
        callback, plain = Batches(), make(epochs=2).fit(X, y)
        regressor = make(epochs=2, callbacks=[callback]).fit(X, y)
        assert callback.begun == [0, 1, 2] * 2
        assert_array_equal(regressor.predict(X), plain.predict(X))
        assert_allclose(callback.losses[2::3], plain.history_["loss"], rtol=1e-5)
        assert_array_equal(callback.weights[-1], regressor.model_.get_weights()[0])
        assert (callback.weights[0] != callback.weights[1]).any()

    def test_the_first_loss_is_that_of_the_first_batch(self, data):
        X, y = data
        callback = Batches()
        make(shuffle=False, callbacks=[callback], learning_rate=1e-12).fit(X, y)
        regressor = make(shuffle=False, epochs=1, learning_rate=1e-12).fit(X, y)
        error = (regressor.predict(X[:16]) - y[:16]) ** 2 / y.var()
        assert callback.losses[0] == pytest.approx(error.mean(), rel=1e-4)

    def test_a_rate_for_every_batch(self, data):
        def warm_up(model, batch):
            model.optimizer.learning_rate = 0.001 * (batch + 1)

        callbacks = [Batches(warm_up)]
        regressor = make(epochs=2, callbacks=callbacks).fit(*data)
        assert_allclose(regressor.history_["learning_rate"], [0.003, 0.003], rtol=1e-6)
        by_step = make(epochs=2, lr_schedule=lambda step: 0.001 * (step % 3 + 1)).fit(*data)
        assert_array_equal(regressor.predict(data[0]), by_step.predict(data[0]))

    def test_one_may_stop_within_an_epoch(self, data):
        callback = Batches()
        regressor = make(callbacks=[callback, Stop()]).fit(*data)
        assert callback.begun == [0, 1]
        assert regressor.n_iter_ == 1

    @pytest.mark.parametrize(
        "make_callback",
        [
            lambda notes: keras.callbacks.LambdaCallback(
                on_train_batch_end=lambda batch, logs: notes.append(batch)
            ),
            lambda notes: keras.callbacks.LambdaCallback(
                on_train_batch_begin=partial(lambda batch, logs: notes.append(batch))
            ),
        ],
    )
    def test_hooks_that_are_attributes(self, data, make_callback):
        notes = []
        make(epochs=1, callbacks=make_callback(notes)).fit(*data)
        assert notes == [0, 1, 2]

    def test_those_of_keras_by_batches_where_asked(self, data, tmp_path):
        for frequency, files in (("epoch", 1), (1, 3)):
            folder = tmp_path / str(frequency)
            callback = keras.callbacks.ModelCheckpoint(
                folder / "{epoch}-{batch}.keras" if frequency == 1 else folder / "{epoch}.keras",
                save_freq=frequency,
            )
            make(epochs=1, callbacks=[callback, keras.callbacks.TerminateOnNaN()]).fit(*data)
            assert len(list(folder.glob("*.keras"))) == files

    def test_hooks_of_validation_are_not_lost_in_silence(self, data):
        class Validating(keras.callbacks.Callback):
            def on_test_batch_end(self, batch, logs=None):
                raise AssertionError

        X, y = data
        make(epochs=1, callbacks=[Validating()]).fit(X, y)  # nor would Keras call it
        with pytest.warns(UserWarning, match="on_test_batch_end of Validating"):
            make(epochs=1, callbacks=[Validating()]).fit(X, y, X_val=X, y_val=y)


class TestScikitLearnCallbacks:
    @pytest.fixture(autouse=True)
    def _new_enough(self):
        pytest.importorskip("sklearn.callback")

    def record(self, stop_after=None):
        class Record:
            """Note each task, and predict with the estimator as it would be if it stopped."""

            def __init__(self):
                self.begun, self.ended, self.outside = [], [], []

            def setup(self, estimator, context):
                self.outside.append("setup")

            def on_fit_task_begin(self, estimator, context):
                self.begun.append((context.task_name, context.task_id))

            def on_fit_task_end(self, estimator, context, *, X, y, fitted_estimator):
                self.ended.append(
                    (context.task_name, fitted_estimator.predict(X), fitted_estimator.n_iter_)
                )
                return context.task_name == "epoch" and context.task_id == stop_after

            def teardown(self, estimator, context):
                self.outside.append("teardown")

        return Record()

    def test_each_epoch_is_a_task(self, data):
        X, y = data
        record = self.record()
        regressor = make().set_callbacks(record).fit(X, y)
        assert record.begun == [("fit", 0), ("epoch", 0), ("epoch", 1), ("epoch", 2)]
        assert [name for name, *_ in record.ended] == ["epoch", "epoch", "epoch", "fit"]
        assert record.outside == ["setup", "teardown"]
        assert [n_iter for *_, n_iter in record.ended] == [1, 2, 3, 3]
        for epochs, (_, predictions, _) in zip((1, 2, 3, 3), record.ended, strict=True):
            assert_array_equal(predictions, make(epochs=epochs).fit(X, y).predict(X))
        assert_array_equal(regressor.predict(X), make().fit(X, y).predict(X))

    def test_one_of_them_may_stop(self, data):
        X, y = data
        regressor = make(epochs=50).set_callbacks(self.record(stop_after=1)).fit(X, y)
        assert regressor.n_iter_ == 2
        assert_array_equal(regressor.predict(X), make(epochs=2).fit(X, y).predict(X))

    def test_teardown_follows_an_error(self, data):
        record = self.record()
        record.on_fit_task_begin = lambda estimator, context: 1 / 0
        regressor = make().set_callbacks(record)
        before = dict(vars(regressor))
        with pytest.raises(ZeroDivisionError):
            regressor.fit(*data)
        assert record.outside == ["setup", "teardown"]
        assert vars(regressor) == before

    def test_progress_bar(self, data, capsys):
        pytest.importorskip("rich")
        from sklearn.callback import ProgressBar

        regressor = make().set_callbacks(ProgressBar()).fit(*data)
        printed = capsys.readouterr().out
        assert "LSTMRegressor" in printed
        assert "100%" in printed
        assert regressor.n_iter_ == 3

    def test_scoring_monitor_weighs_rows(self, data):
        from sklearn.callback import ScoringMonitor

        X, y = data
        weight = np.linspace(0.0, 3.0, len(y))
        monitor = ScoringMonitor(scoring="r2")
        regressor = make().set_callbacks(monitor).fit(X, y, sample_weight=weight)
        scores = [row["r2"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
        assert len(scores) == 3
        assert scores[-1] == pytest.approx(regressor.score(X, y, weight))
        assert scores[-1] != pytest.approx(regressor.score(X, y))

    def test_scoring_monitor_without_weights(self, data):
        from sklearn.callback import ScoringMonitor

        monitor = ScoringMonitor(scoring="r2")
        regressor = make().set_callbacks(monitor).fit(*data)
        scores = [row["r2"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
        assert scores[-1] == pytest.approx(regressor.score(*data))
