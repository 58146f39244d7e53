"""What the forecaster chooses where it is told nothing."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import announced_by_sktime
from numpy.testing import assert_allclose

from skrnn import Seq2SeqForecaster
from skrnn.forecasting._calendar import calendar_features
from skrnn.forecasting._options import ForecasterOptions, read_options
from skrnn.forecasting._panel import Panel, read_panel
from skrnn.forecasting._settings import choose_settings

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
]


def options(**params) -> ForecasterOptions:
    return read_options({**Seq2SeqForecaster().get_params(deep=False), **params})


def panel_of(freq, lengths, season) -> Panel:
    """Return series of some lengths with a season, or walks."""
    rng, parts = np.random.default_rng(1), {}
    for number, length in enumerate(lengths):
        steps = np.arange(length)
        values = rng.normal(size=length).cumsum() if season == 1 else rng.normal(size=length) / 9
        values = values + (season > 1) * (np.sin(steps * 2 * np.pi / season) + steps / 30)
        index = steps if freq == 1 else pd.date_range("2000-01-02", periods=length, freq=freq)
        parts[number] = pd.DataFrame({"y": values}, pd.Index(index, name="time"))
    return read_panel(pd.concat(parts, names=["series"]), None)


class TestDefaults:
    """What is not given is derived from the frequency, the horizon and the length."""

    @pytest.mark.parametrize(
        ("freq", "season", "horizon", "length", "window", "segment_length"),
        [
            ("MS", 12, 12, 144, 24, 1),
            ("MS", 12, 3, 144, 24, 1),
            ("MS", 12, 18, 300, 36, 1),
            ("h", 24, 24, 2000, 48, 1),
            ("h", 24, 96, 5000, 192, 24),
            ("W", 1, 13, 500, 104, 13),
            ("W", 52, 13, 500, 104, 13),
            ("W", 1, 1, 500, 12, 1),
            ("MS", 12, 12, 50, 12, 1),
            (1, 1, 2, 8, 2, 1),
        ],
    )
    def test_window_and_segments(self, freq, season, horizon, length, window, segment_length):
        """Twice the horizon in whole seasons, or eight horizons, and half of the series at most."""
        settings = choose_settings(options(), panel_of(freq, [length], season), horizon)
        assert (settings.window, settings.segment_length) == (window, segment_length)
        assert settings.horizon == horizon
        assert settings.seasons == ((season,) if season > 1 else ())

    def test_window_leaves_room_in_a_typical_series(self):
        panel = panel_of("MS", [40, 40, 40, 1000], 12)
        assert choose_settings(options(), panel, 12).window == 12

    def test_window_reaches_back_over_the_longest_season_that_is_near(self):
        settings = choose_settings(options(sp=(24, 168)), panel_of("h", [2000], 168), 24)
        assert (settings.window, settings.segment_length) == (168, 24)
        assert settings.seasons == (24, 168)

    def test_differences_are_taken_from_what_is_nearest(self):
        rng = np.random.default_rng(0)
        noise, walk = rng.normal(size=300), rng.normal(size=300).cumsum()
        for values, season in ((noise, 0), (walk, 1)):
            panel = read_panel(pd.DataFrame({"y": values}), None)
            assert choose_settings(options(), panel, 4).season == season
        seasonal = panel_of("MS", [300], 12)
        assert choose_settings(options(), seasonal, 4).season == 12
        assert choose_settings(options(sp=1), seasonal, 4).season == 1

    def test_settings_are_shown(self, fitted):
        settings = fitted.settings_
        assert (settings.window, settings.horizon, settings.season) == (6, 3, 1)
        assert settings.seasons == (12,)

    @pytest.mark.parametrize(
        ("n_windows", "steps", "epochs"), [(40, 1, 40), (6400, 100, 30), (10**6, 200, 15)]
    )
    def test_epochs_follow_the_data(self, n_windows, steps, epochs):
        training, n_drawn = options(batch_size=64).for_windows(n_windows)
        assert (n_drawn, training.epochs) == (64 * steps, epochs)

    def test_effort_is_counted_in_epochs(self):
        assert options(effort=0.5).for_windows(40)[0].epochs == 20
        assert options(effort=2).for_windows(10**6)[0].epochs == 30
        assert options(effort=2, epochs=7).for_windows(40)[0].epochs == 7

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
