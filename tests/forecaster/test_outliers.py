"""Wild values, and levels far above what changes: what is learned stays what it was."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import FH, MONTHS, make
from numpy.testing import assert_allclose, assert_array_equal

from skrnn.forecasting._outliers import clip_outliers
from skrnn.forecasting._panel import read_panel
from skrnn.forecasting._store import SeriesScale

pytestmark = [
    keras_reads_variables,
    pytest.mark.filterwarnings("ignore:On what was held back:UserWarning"),
]
RNG = np.random.default_rng(0)
YEAR = 10 + np.sin(np.arange(200) * np.pi / 6) + RNG.normal(0, 0.1, 200)
INDEX = pd.period_range("2000-01", periods=200, freq="M")


def spoiled(value, where=50):
    values = YEAR.copy()
    values[where] = value
    return pd.Series(values, INDEX)


def scale_of(y):
    return SeriesScale.of(read_panel(y.to_frame(), None), scaled=True)


class TestScale:
    @pytest.mark.parametrize("value", [1e5, -1e9, 1e300])
    def test_a_wild_value_leaves_it(self, value):
        good, bad = scale_of(spoiled(YEAR[50])), scale_of(spoiled(value))
        assert_allclose(bad.center, good.center, rtol=0.05)
        assert_allclose(bad.unit, good.unit, rtol=1.0)

    def test_several_in_one_series_of_many(self):
        wild = spoiled(1e6)
        wild.iloc[[60, 61, 62]] = -1e7
        frame = pd.concat({"a": wild.to_frame("y"), "b": spoiled(9.0).to_frame("y")})
        bad = SeriesScale.of(read_panel(frame, None), scaled=True)
        assert bad.unit.max() < 2.5

    @pytest.mark.parametrize(
        "values",
        [
            RNG.normal(size=200),
            np.exp(RNG.normal(size=200)),
            np.where(np.arange(200) % 25 == 0, 100.0, 0.0),  # sales now and then
            np.arange(200.0) ** 3,
            np.zeros(200),
        ],
        ids=["noise", "skewed", "rare", "trend", "zeros"],
    )
    def test_what_is_not_wild_stays(self, values):
        panel = read_panel(pd.DataFrame({"y": values}, INDEX), None)
        assert_array_equal(clip_outliers(panel).values, panel.values)

    def test_a_level_far_above_the_changes(self):
        values = 1e9 + RNG.normal(size=48).cumsum()
        y = pd.Series(values, MONTHS)
        assert_allclose(scale_of(y).unit[0, 0], values.std())
        low = make(epochs=5).fit(y - 1e9, fh=FH).predict()
        assert_allclose(make(epochs=5).fit(y, fh=FH).predict() - 1e9, low, atol=1e-3)


@pytest.mark.parametrize("value", [1e5, -1e6])
@pytest.mark.parametrize("where", [20, 90])
def test_forecasts_are_not_spoiled(value, where):
    errors = []
    for y in (spoiled(YEAR[where], where), spoiled(value, where)):
        forecaster = make(window=None, units=8, epochs=20, baselines="auto")
        errors.append((forecaster.fit(y[:-12], fh=range(1, 13)).predict() - y[-12:]).abs().mean())
    assert errors[1] < 2 * errors[0]
