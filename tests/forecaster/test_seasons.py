"""Seasons that the data show."""

import numpy as np
import pandas as pd
import pytest

from skrnn.forecasting._seasons import (
    choose_periods,
    confirmed_periods,
    find_seasons,
    suggested_periods,
)
from skrnn.forecasting.lines import SeriesSet


def series_of(*parts):
    stops = np.cumsum([0, *(len(part) for part in parts)])
    return SeriesSet.of(np.concatenate(parts)[:, None], stops)


def wave(period, n_steps, size=1.0):
    return size * np.sin(np.arange(n_steps) * 2 * np.pi / period)


@pytest.mark.parametrize("period", [4, 7, 12, 24, 52])
def test_one_season(period):
    rng = np.random.default_rng(period)
    values = np.resize(rng.normal(size=period), max(5 * period, 48))
    values += 0.1 * rng.normal(size=len(values)) + 0.05 * np.arange(len(values))
    assert find_seasons(series_of(values)) == (period,)


def test_a_season_within_another():
    rng = np.random.default_rng(0)
    day, week = rng.normal(size=24), rng.normal(size=168)
    values = 3 * np.resize(day, 1200) + np.resize(week, 1200) + 0.1 * rng.normal(size=1200)
    assert find_seasons(series_of(values)) == (24, 168)


@pytest.mark.parametrize("n_steps", [144, 260, 730])
@pytest.mark.parametrize("walk", [False, True])
def test_noise_has_none(n_steps, walk):
    rng = np.random.default_rng(n_steps)
    for _ in range(50):
        values = rng.normal(size=n_steps)
        assert find_seasons(series_of(np.cumsum(values) if walk else values)) == ()


@pytest.mark.parametrize("values", [np.zeros(40), np.arange(40.0), np.ones(2), wave(12, 20)])
def test_nothing_to_see(values):
    assert find_seasons(series_of(values)) == ()


def test_series_of_a_panel_together():
    rng = np.random.default_rng(0)
    season = rng.normal(size=12)
    parts = [np.resize(season, n) + 0.5 * rng.normal(size=n) for n in (60, 48, 84)]
    assert find_seasons(series_of(*parts, np.zeros(50))) == (12,)


@pytest.mark.parametrize(
    ("freq", "periods"),
    [
        ("15min", (4, 96, 672)),
        ("30min", (48, 336)),
        ("h", (24, 168)),
        ("2h", (12, 84)),
        ("D", (7, 365)),
        ("B", (5, 261)),
        ("W", (52,)),
        ("MS", (12,)),
        ("BQE", (4,)),
        ("YS", ()),
        ("s", ()),
    ],
)
def test_the_calendar_suggests(freq, periods):
    assert suggested_periods(pd.tseries.frequencies.to_offset(freq)) == periods


def test_the_calendar_is_confirmed_by_the_data():
    noise = np.random.default_rng(0).normal(size=400)
    day = pd.offsets.Day()
    assert choose_periods(day, series_of(noise)) == ()
    assert choose_periods(day, series_of(wave(7, 400) + noise)) == (7,)
    # A season that the calendar does not know shows, too.
    assert choose_periods(day, series_of(wave(10, 400, 3) + noise)) == (10,)


def test_a_long_season_under_noise():
    rng = np.random.default_rng(0)
    part = wave(52, 600) + rng.normal(size=600)
    assert find_seasons(series_of(part)) == ()
    assert choose_periods(pd.offsets.Week(), series_of(part)) == (52,)
    assert choose_periods(1, series_of(part)) == (52,)


def test_the_usual_season_of_a_series_too_short_to_tell():
    noise = np.random.default_rng(0).normal(size=30)
    assert choose_periods(pd.offsets.MonthEnd(), series_of(noise)) == (12,)
    assert choose_periods(pd.offsets.Week(), series_of(np.tile(noise, 3))) != (52,)


def test_multiples_of_a_season_are_none():
    assert confirmed_periods(series_of(wave(12, 300)), (4, 12, 24)) == (12,)
