"""What the forecaster chooses where it is told nothing."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from numpy.testing import assert_allclose

from skrnn import Seq2SeqForecaster
from skrnn.forecasting._calendar import calendar_features
from skrnn.forecasting._options import ForecasterOptions, read_options
from skrnn.forecasting._settings import choose_settings, season_of

pytestmark = [
    keras_reads_variables,
    # sktime 1.2 announces another default to whoever makes a forecaster.
    pytest.mark.filterwarnings(
        "ignore:The default of config ``remember_data`` will change:FutureWarning"
    ),
]


def options(**params) -> ForecasterOptions:
    return read_options({**Seq2SeqForecaster().get_params(deep=False), **params})


class TestDefaults:
    """What is not given is derived from the frequency, the horizon and the length."""

    @pytest.mark.parametrize(
        ("freq", "season"),
        [("h", 24), ("D", 7), ("B", 5), ("W", 1), ("MS", 12), ("ME", 12), ("QS", 4), ("YS", 1)],
    )
    def test_season_is_the_usual_one(self, freq, season):
        assert season_of(pd.tseries.frequencies.to_offset(freq)) == season
        assert season_of(pd.tseries.frequencies.to_offset(f"2{freq}")) == 1

    @pytest.mark.parametrize(
        ("step", "horizon", "longest", "window", "segment_length"),
        [
            ("ME", 12, 144, 24, 1),
            ("ME", 3, 144, 24, 1),
            ("ME", 18, 300, 36, 1),
            ("h", 24, 2000, 48, 1),
            ("h", 96, 5000, 192, 24),
            ("W", 13, 500, 104, 13),
            ("W", 1, 500, 12, 1),
            ("ME", 12, 50, 12, 1),
            (1, 2, 8, 2, 1),
        ],
    )
    def test_window_and_segments(self, step, horizon, longest, window, segment_length):
        """Twice the horizon in whole seasons, or eight horizons, and half of the series at most."""
        step = step if step == 1 else pd.tseries.frequencies.to_offset(step)
        settings = choose_settings(options(), np.array([longest]), step, horizon)
        assert (settings.window, settings.segment_length) == (window, segment_length)
        assert settings.horizon == horizon
        assert 1 <= settings.season <= settings.window
        assert settings.window + horizon <= longest

    def test_window_leaves_room_in_a_typical_series(self):
        step = pd.tseries.frequencies.to_offset("ME")
        lengths = np.array([40, 40, 40, 1000])
        assert choose_settings(options(), lengths, step, 12).window == 12

    def test_settings_are_shown(self, fitted):
        settings = fitted.settings_
        assert (settings.window, settings.horizon, settings.season) == (6, 3, 1)

    @pytest.mark.parametrize(
        ("n_windows", "steps", "epochs"), [(40, 1, 200), (6400, 100, 30), (10**6, 200, 15)]
    )
    def test_epochs_follow_the_data(self, n_windows, steps, epochs):
        training, n_drawn = options(batch_size=64).for_windows(n_windows)
        assert (n_drawn, training.epochs) == (64 * steps, epochs)

    @pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
    @pytest.mark.parametrize(
        ("freq", "n_features", "period"),
        [("h", 11, 168), ("D", 11, None), ("W", 4, None), ("MS", 4, None)],
    )
    def test_calendar_says_what_the_frequency_asks_for(self, freq, n_features, period, unit):
        """Hours: time of the day, day of the week; days: that and time of the year; or the last."""
        times = pd.date_range("2020-01-01", periods=400, freq=freq).as_unit(unit)
        features = calendar_features(times)
        assert features.shape == (400, n_features)
        assert np.abs(features).max() <= 1.0
        if period:
            assert_allclose(features[period:], features[:-period], atol=1e-9)
        else:
            assert (np.ptp(features[:, -4:], axis=0) > 1.5).all()
        assert_allclose(calendar_features(times.to_period(freq[:1])), features, atol=0.25)
