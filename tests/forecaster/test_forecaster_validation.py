"""Windows that are held out, early stopping by them, and who is told of the epochs."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import (
    FH,
    HORIZON,
    MONTHS,
    N_STEPS,
    NEW,
    PAIR,
    WINDOW,
    Y,
    announced_by_sktime,
    make,
    panel_of,
    same_weights,
)
from numpy.testing import assert_allclose, assert_array_equal
from sktime.forecasting.model_selection import ForecastingGridSearchCV
from sktime.split import ExpandingWindowSplitter

from skrnn import clear_compile_cache, compile_cache_info
from skrnn.compat._keras import keras
from skrnn.forecasting._combination import choose_origins, panel_before
from skrnn.forecasting._options import read_options
from skrnn.forecasting._panel import read_panel
from skrnn.forecasting._settings import choose_settings
from skrnn.forecasting._store import training_offsets
from skrnn.forecasting._validation import has_windows_to_hold_out, hold_out_windows

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
    pytest.mark.filterwarnings("ignore:On what was held back:UserWarning"),
]

# Nothing is scaled by the whole series, so that the end of it can teach nothing.
UNSCALED = {"scaler": None, "sp": 1, "learning_rate": 1e-3}
LEARNS = {"units": 8, "learning_rate": 0.02, "epochs": 60, "lr_schedule": None, "tol": 0.0}


class Notes(keras.callbacks.Callback):
    """Notes in a list that copies share what it is told; adds a column to the history."""

    def __init__(self, notes):
        super().__init__()
        self.notes = notes

    def __deepcopy__(self, memo):
        return Notes(self.notes)

    def on_train_begin(self, logs=None):
        self.notes.append((id(self), "begin"))

    def on_epoch_end(self, epoch, logs=None):
        self.notes.append((id(self), epoch, sorted(logs)))
        logs["twice"] = 2 * logs["loss"]


def told(notes):
    return [note[1:] for note in notes]


class TestHeldOutWindows:
    @pytest.mark.parametrize("fraction", [0.01, 0.2, 0.5, 0.99])
    @pytest.mark.parametrize("horizon", [1, 3, 7])
    def test_no_target_is_on_both_sides(self, fraction, horizon):
        frame = panel_of([48, 33, 20, 9, 8])
        frame.iloc[-11:-8] = np.nan  # the end of the series of nine steps, but not of the last
        frame.iloc[40:48] = np.nan  # the end of the first
        panel = read_panel(frame, None)
        offsets = training_offsets(panel.lengths, WINDOW, horizon)
        train, held_out = hold_out_windows(panel, offsets, horizon, fraction)
        for n, values in enumerate(panel.values[rows, 0] for rows in panel.rows()):
            trained, validated = (
                [set(range(p, p + horizon)) for p in range(side[0][n], side[1][n] + 1)]
                for side in (train, held_out)
            )
            last = np.flatnonzero(~np.isnan(values)).max()
            count = min(offsets[1][n], last) - offsets[0][n] + 1
            if count <= horizon:
                assert not validated
                assert len(trained) == max(0, offsets[1][n] - offsets[0][n] + 1)
                continue
            assert trained
            assert not set.union(*trained) & set.union(*validated)
            assert len(validated) == min(max(1, int(fraction * count)), count - horizon)
            assert max(map(min, validated)) == min(offsets[1][n], last)

    @pytest.mark.parametrize("horizon", [1, 3])
    @pytest.mark.parametrize("window", [None, 4])
    def test_whether_there_are_enough(self, window, horizon):
        enough = [has_windows_to_hold_out(n, window, horizon) for n in range(1, 30)]
        assert enough == sorted(enough)
        assert enough[-1]
        shortest = 1 + enough.index(True)
        assert shortest == 3 * horizon if window is None else shortest <= window + 2 * horizon

    @pytest.mark.parametrize("n_columns", [1, 2])
    @pytest.mark.parametrize("multivariate", ["independent", "joint"])
    def test_they_teach_nothing(self, multivariate, n_columns):
        y = PAIR.iloc[:, :n_columns]
        wild = y.copy()
        wild.iloc[-8:] += 500.0
        params = {**UNSCALED, "multivariate": multivariate, "validation_fraction": 0.16}
        one, other = (make(**params).fit(data, fh=FH) for data in (y, wild))
        # Six of forty windows are held out: their targets are those of the last eight steps.
        assert same_weights(one, other)
        assert one.history_["loss"] == other.history_["loss"]
        assert one.history_["val_loss"] != other.history_["val_loss"]
        wild.iloc[-9] += 500.0
        assert one.history_["loss"] != make(**params).fit(wild, fh=FH).history_["loss"]

    def test_in_a_panel_with_short_series_and_holes(self):
        frame = panel_of([48, 30, 8])
        frame.iloc[[5, 20, 60]] = np.nan
        frame.iloc[40:48] = np.nan
        fitted = make(early_stopping=True).fit(frame, fh=FH)
        assert np.isfinite(fitted.history_["val_loss"]).all()
        assert np.isfinite(fitted.predict().to_numpy()).all()
        # The short one is trained on as a whole.
        other = frame.copy()
        other.iloc[-1] += 100.0
        assert (
            make(early_stopping=True).fit(other, fh=FH).history_["loss"]
            != (fitted.history_["loss"])
        )

    def test_the_loss_is_that_of_forecasts(self):
        params = {**UNSCALED, "quantiles": None, "loss": "mse"}
        fitted = make(validation_fraction=0.2, **params).fit(Y, fh=FH)
        forecasts = fitted.predict_rolling(Y)[-8:, :, 0]  # a fifth of forty windows
        truth = np.lib.stride_tricks.sliding_window_view(Y.to_numpy(), HORIZON)[-8:]
        expected = np.mean((forecasts - truth) ** 2)
        assert fitted.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-4)

    def test_with_columns_of_x_and_calibration(self):
        X = pd.DataFrame({"u": np.arange(N_STEPS + 3) % 5}, MONTHS.append(NEW.index[:3]))
        fitted = make(early_stopping=True, calibrate=True, calendar=True)
        fitted.fit(Y, X=X[:N_STEPS], fh=FH)
        assert np.isfinite(fitted.history_["val_loss"]).all()
        assert np.isfinite(fitted.predict(X=X[N_STEPS:])).all()

    def test_many_of_them_are_evaluated_as_few_as_are_trained_on(self, monkeypatch):
        from skrnn.engines._series_windows import SeriesWindows

        taken, take = [], SeriesWindows.take
        monkeypatch.setattr(
            SeriesWindows, "take", lambda own, rows: taken.append(len(rows)) or take(own, rows)
        )
        params = {"steps_per_epoch": 1, "batch_size": 4, "epochs": 1}
        make(validation_fraction=0.5, **params).fit(Y, fh=FH)
        assert set(taken) == {4}


class TestEarlyStopping:
    def test_stops_and_keeps_the_best_weights(self):
        fitted = make(early_stopping=True, n_iter_no_change=3, **LEARNS).fit(Y, fh=FH)
        losses = fitted.history_["val_loss"]
        best = int(np.argmin(losses))
        assert fitted.history_.best_epoch == best + 1
        assert fitted.history_.n_epochs == best + 1 + 3 < 60
        again = make(validation_fraction=0.1, **{**LEARNS, "epochs": best + 1}).fit(Y, fh=FH)
        assert same_weights(fitted, again)

    def test_by_default_all_windows_are_trained_on(self):
        assert "val_loss" not in make().fit(Y, fh=FH).history_

    def test_without_it_nothing_stops(self):
        params = {"validation_fraction": 0.1, "tol": 1e6, "n_iter_no_change": 1, "epochs": 4}
        assert make(**params).fit(Y, fh=FH).history_.n_epochs == 4
        assert make(early_stopping=True, **params).fit(Y, fh=FH).history_.n_epochs == 2

    def test_with_baselines_both_networks_stop(self, monkeypatch):
        from skrnn.forecasting import _panel_model

        histories, train = [], _panel_model.train_network

        def noting(*args, **kwargs):
            trained = train(*args, **kwargs)
            histories.append(trained.history)
            return trained

        monkeypatch.setattr(_panel_model, "train_network", noting)
        params = {"baselines": ["last", "ridge"], "tol": 1e6, "n_iter_no_change": 2, "epochs": 9}
        fitted = make(early_stopping=True, **params).fit(Y, fh=FH)
        assert [history.n_epochs for history in histories] == [3, 3]
        assert fitted.history_ is histories[0]
        assert np.isfinite(fitted.predict()).all()

    @pytest.mark.parametrize("window", [None, 2, 6])
    def test_the_part_before_the_origins_is_long_enough(self, window):
        """Otherwise there are no origins, and all members have the same weight."""
        params = {"early_stopping": True, "baselines": ["last"], "window": window}
        options, found = read_options(make(**params).get_params(deep=False)), []
        for n_steps in range(WINDOW + HORIZON, 40):
            panel = read_panel(Y[:n_steps].to_frame(), None)
            origins = choose_origins(options, panel, HORIZON)
            part = panel_before(panel, origins)
            settings = choose_settings(options, part, HORIZON)
            offsets = training_offsets(part.lengths, settings.window, HORIZON)
            if len(origins):
                _, (start, stop) = hold_out_windows(part, offsets, HORIZON, options.held_out)
                assert (stop >= start).all()
            found.append(bool(len(origins)))
        assert found == sorted(found)
        assert found[-1]

    def test_it_compiles_one_program_to_train_and_one_to_evaluate(self):
        clear_compile_cache()
        params = {"early_stopping": True, "n_members": 2, "baselines": ["last"]}
        make(**params).fit(Y, fh=FH)
        make(**params, validation_fraction=0.3, n_iter_no_change=1).fit(Y, fh=FH)
        info = compile_cache_info()
        assert info.training_traces == 1
        assert info.traces == 3  # they train, evaluate and predict


class TestLaterTraining:
    def test_update_learns_from_all_new_windows(self):
        fitted = make(early_stopping=True, finetune_epochs=2).fit(Y, fh=FH)
        n_epochs = fitted.history_.n_epochs
        plain = copy.deepcopy(fitted)
        plain.early_stopping = False  # to set parameters is to forget a fit
        plain.update(NEW[:5])
        fitted.update(NEW[:5])
        assert same_weights(fitted, plain)
        assert fitted.history_.n_epochs == n_epochs + 2
        assert np.isnan(fitted.history_["val_loss"][n_epochs:]).all()

    def test_pretraining_validates_and_finetuning_does_not(self):
        forecaster = make(early_stopping=True, finetune_epochs=1)
        forecaster.pretrain(panel_of([48, 40]), fh=FH)
        (member,) = forecaster.pretrained_model_.members
        assert np.isfinite(member.history["val_loss"]).all()
        forecaster.fit(Y[:8], fh=FH)  # too short to hold anything out
        assert np.isnan(forecaster.history_["val_loss"][-1])


class TestCallbacks:
    def test_what_they_add_is_history(self):
        notes = []
        fitted = make(callbacks=[Notes(notes)], validation_fraction=0.1).fit(Y, fh=FH)
        logs = ["learning_rate", "loss", "seconds", "val_loss"]
        assert told(notes) == [("begin",), (0, logs), (1, logs)]
        assert_allclose(fitted.history_["twice"], 2 * np.array(fitted.history_["loss"]))
        assert same_weights(fitted, make(validation_fraction=0.1).fit(Y, fh=FH))

    def test_of_keras_stop_training(self):
        stops = keras.callbacks.EarlyStopping(min_delta=1e6, patience=2)
        fitted = make(callbacks=stops, validation_fraction=0.2, epochs=9).fit(Y, fh=FH)
        assert fitted.history_.n_epochs == 3
        assert stops.stopped_epoch == 2

    def test_they_follow_the_network_that_forecasts(self):
        notes = []
        fitted = make(callbacks=Notes(notes), baselines=["last"]).fit(Y, fh=FH)
        assert len(fitted.validation_errors_) > 0
        assert [note[0] for note in told(notes)] == ["begin", 0, 1]

    @pytest.mark.parametrize("n_jobs", [None, 2])
    def test_members_have_copies(self, n_jobs):
        notes = []
        given = Notes(notes)
        fitted = make(callbacks=[given], n_members=3, n_jobs=n_jobs).fit(Y, fh=FH)
        assert len({note[0] for note in notes}) == 3
        assert told([note for note in notes if note[0] == id(given)])[0] == ("begin",)
        assert sorted(note[0] for note in told(notes) if note != ("begin",)) == [0, 0, 0, 1, 1, 1]
        assert same_weights(fitted, make(n_members=3).fit(Y, fh=FH))

    def test_updates_tell_them_too(self):
        notes = []
        fitted = make(callbacks=[Notes(notes)], finetune_epochs=1).fit(Y, fh=FH)
        notes.clear()
        fitted.update(NEW[:2])
        assert [note[0] for note in told(notes)] == ["begin", 0]
        assert np.isfinite(fitted.history_["twice"]).all()

    def test_copies_and_pickles(self):
        fitted = make(callbacks=[keras.callbacks.EarlyStopping("loss")]).fit(Y, fh=FH)
        for other in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
            assert_array_equal(other.predict(), fitted.predict())
        cloned = fitted.clone()
        assert cloned.callbacks[0] is not fitted.callbacks[0]
        assert same_weights(cloned.fit(Y, fh=FH), fitted)

    def test_one_that_fails_leaves_the_fit_before(self):
        fitted = make().fit(Y, fh=FH)
        expected = fitted.predict()

        class Fails(keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                raise OSError("no space left")

        fitted.callbacks = [Fails()]
        with pytest.raises(OSError, match="no space left"):
            fitted.update(NEW[:2])
        assert fitted.cutoff[0] == MONTHS[-1]
        assert_array_equal(fitted.predict(), expected)


class TestProgress:
    def test_each_network_has_a_line(self, capsys):
        params = {"n_members": 2, "baselines": ["last"], "validation_fraction": 0.1}
        make(verbose=1, **params).fit(Y, fh=FH)
        printed = capsys.readouterr()
        assert printed.out == ""
        lines = printed.err.replace("\r", "\n").splitlines()
        whole = [line for line in lines if "2/2" in line and "val_loss=" in line]
        for name in ("1 of 4", "2 of 4", "3 of 4 (for the weights)", "4 of 4 (for the weights)"):
            line = f"Seq2SeqForecaster, training {name}:"
            assert any(shown.startswith(line) for shown in whole), line

    def test_otherwise_nothing_is_shown(self, capfd):
        make(validation_fraction=0.1).fit(Y, fh=FH).predict()
        assert capfd.readouterr() == ("", "")


def test_grid_search():
    grid = [
        {"early_stopping": [True], "validation_fraction": [None, 0.3]},
        {"callbacks": [[keras.callbacks.EarlyStopping("loss")]]},
    ]
    search = ForecastingGridSearchCV(
        make(epochs=1), ExpandingWindowSplitter(fh=FH, initial_window=45), grid, backend="None"
    ).fit(Y, fh=FH)
    assert np.isfinite(search.cv_results_["mean_test_MeanAbsolutePercentageError"]).all()
    assert np.isfinite(search.predict()).all()


REFUSED = {
    "share": ("'validation_fraction' parameter.*\\(0.0, 1.0\\) or None", {}, Y, 1.0),
    "short": (
        "3 steps ahead, a series needs at least 4 windows, but the longest of y has 2.*"
        "longer series.*early_stopping=False",
        {"early_stopping": True, "window": 2},
        Y[:6],
        None,
    ),
    "short-without-stopping": ("longest of y has 2", {"window": 2}, Y[:6], 0.5),
    "short-known-part": (
        "longest of y has 2",
        {"early_stopping": True},
        Y.where(np.arange(N_STEPS) < WINDOW + 2),
        None,
    ),
    "callbacks": ("callbacks.*parameter", {"callbacks": "verbose"}, Y, None),
}


@pytest.mark.parametrize(("message", "params", "y", "fraction"), REFUSED.values(), ids=REFUSED)
def test_refusals(message, params, y, fraction):
    forecaster = make(validation_fraction=fraction, **params)
    with pytest.raises(ValueError, match=message):
        forecaster.fit(y, fh=FH)
    assert not forecaster.is_fitted
