"""Seasons that the data show."""

import numpy as np
import pytest

from skrnn.forecasting._lines import SeriesSet
from skrnn.forecasting._seasons import find_seasons


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
