"""Series that are near a billion in one part and small in another: their changes stay visible."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import announced_by_sktime, make
from numpy.testing import assert_allclose, assert_array_equal

from skrnn.engines._series_windows import WindowReader
from skrnn.forecasting._jumps import split_digits
from skrnn.forecasting._panel import read_panel
from skrnn.forecasting._store import SeriesScale, Store
from skrnn.networks._spec import EncoderDecoderSpec

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
    pytest.mark.filterwarnings("ignore:On what was held back:UserWarning"),
]
N = 240
STEPS, RNG = np.arange(N), np.random.default_rng(0)
INDEX = pd.period_range("1990-01", periods=N, freq="M", name="month")
YEAR = 5 * np.sin(STEPS * np.pi / 6) + RNG.normal(0, 0.3, N)
COUNTED = np.cumsum(3 + YEAR / 5)
AHEAD = range(1, 13)
BILLION = 1e9
SERIES = {
    "counter that starts anew": COUNTED + np.where(STEPS < 120, BILLION, -COUNTED[120]),
    "level that falls": YEAR + np.where(STEPS < 180, BILLION, 0.0),
    "level that rises": YEAR + np.where(STEPS < 150, 0.0, BILLION),
    "level for a while": YEAR + np.where((STEPS > 60) & (STEPS < 90), BILLION, 0.0),
    "level that is negative": YEAR + np.where(STEPS < 120, -BILLION, 0.0),
    "level of a part with holes": np.where(
        STEPS % 50 == 7, np.nan, YEAR + np.where(STEPS < 120, BILLION, 0.0)
    ),
}
LEARNS = {"window": 24, "sp": 12, "units": 8, "epochs": 30}


def series(name):
    return pd.Series(SERIES[name], INDEX)


@pytest.mark.parametrize("name", SERIES)
def test_forecasts_are_near(name):
    y = series(name)
    forecaster = make(**LEARNS).fit(y[:-12], fh=AHEAD)
    away = (forecaster.predict() - y[-12:]).abs().mean()
    assert away < 2.5
    interval = forecaster.predict_interval(coverage=0.8)
    assert (interval.iloc[:, 1] - interval.iloc[:, 0]).max() < 100


@pytest.mark.parametrize("scaler", ["window", "level"])
@pytest.mark.parametrize("params", [{}, {"quantiles": None, "loss": "mse"}], ids=["", "squares"])
def test_however_windows_are_scaled_and_errors_counted(scaler, params):
    y = series("level that falls")
    forecaster = make(**LEARNS, scaler=scaler, **params).fit(y[:-12], fh=AHEAD)
    assert (forecaster.predict() - y[-12:]).abs().mean() < 2.5


def test_beside_an_ordinary_series():
    """One that jumps changes nothing for the others but weights."""
    both = pd.concat(
        {"a": series("level that falls").to_frame("y"), "b": pd.Series(YEAR, INDEX).to_frame("y")},
        names=["key"],
    )
    early = both.groupby("key").head(N - 12)
    forecaster = make(**LEARNS).fit(early, fh=AHEAD)
    away = (forecaster.predict() - both).dropna().abs().groupby("key").mean()
    assert (away < 2.5).all(axis=None)


def test_a_jump_after_the_fit():
    y = series("counter that starts anew")
    forecaster = make(**LEARNS).fit(y[:110], fh=AHEAD)
    forecaster.update(y[110:180], update_params=False)
    assert (forecaster.predict() - y[180:192]).abs().mean() < 10


def test_rolling_forecasts_are_those_of_predict():
    y = series("level of a part with holes")
    forecaster = make(**LEARNS).fit(y[:130], fh=AHEAD)
    frame = forecaster.predict_rolling(y, as_frame=True)
    for end in (140, 200):
        forecaster.update(y[forecaster.cutoff[0] :][1 : end - len(y)], update_params=False)
        now = frame.xs(INDEX[end - 1], level="origin")
        assert_allclose(forecaster.predict(), now.iloc[:, 0], rtol=1e-12, atol=1e-4)


def windows_of(values, *, extra=3, relative=True):
    panel = read_panel(pd.DataFrame({"y": values}, INDEX[: len(values)]), None)
    scale = SeriesScale.of(panel, scaled=True)
    return panel, scale, Store(panel, scale, extra, False, relative)


class TestStore:
    READER = WindowReader(
        window=6,
        horizon=3,
        relative_to_level=True,
        relative_to_scale=True,
        season=1,
        indicators=False,
    )
    SPEC = EncoderDecoderSpec(
        cell="simple", units=(1,), bidirectional=(False,), n_timesteps=6, n_features=1, horizon=3
    )

    @pytest.mark.parametrize("name", SERIES)
    def test_windows_are_exact(self, name):
        """Against double precision, where all of a window is on one side of the jump."""
        values = SERIES[name]
        _, scale, store = windows_of(values)
        offsets = np.array([6]), np.array([N - 3])
        windows = store.windows(self.READER, None, offsets)
        batch = windows.take(np.arange(len(windows)))
        arrays = {key: jnp.asarray(array) for key, array in windows.store.items()}
        sample = self.READER.read(self.SPEC, arrays, batch, jnp)
        sides = np.lib.stride_tricks.sliding_window_view(values, 9)
        whole = np.nanmax(sides, axis=1) - np.nanmin(sides, axis=1) < 1e6
        whole &= ~np.isnan(sides).any(axis=1)
        past = sides[whole, :6]
        level, spread = past.mean(axis=1, keepdims=True), past.std(axis=1, keepdims=True)
        spread = np.maximum(spread, 0.02 * scale.unit)
        found = np.asarray(sample.inputs["sequence"])[whole, :, 0]
        assert_allclose(found, (past - level) / spread, atol=1e-5)
        targets = np.asarray(sample.targets)
        assert_allclose(targets[whole], (sides[whole, 6:] - past[:, -1:]) / spread, atol=1e-4)
        restored = self.READER.restore(self.SPEC, arrays, batch, jnp.asarray(targets), jnp)
        steps = store.restore(np.asarray(restored, np.float64)[..., None], 3, offsets)
        assert_allclose(steps[whole, :, 0, 0], sides[whole, 6:], rtol=1e-12, atol=1e-4)

    def test_nothing_is_learned_of_the_jump(self):
        _, _, store = windows_of(SERIES["level that falls"])
        windows = store.windows(self.READER, None, (np.array([178]), np.array([180])))
        batch = windows.take(np.arange(3))
        targets = self.READER.read(self.SPEC, windows.store, batch, np).targets
        assert_array_equal(np.isnan(targets), [[0, 0, 1], [0, 1, 1], [1, 1, 1]])

    def test_ordinary_series_are_stored_as_they_were(self):
        _, scale, store = windows_of(YEAR + BILLION)
        assert set(store.windows(self.READER, None, (np.array([6]), np.array([9]))).store) == {
            "values"
        }
        assert_allclose(scale.unit, YEAR.std(), rtol=1e-6)


@pytest.mark.parametrize("far", [1e4, 1e9, 1e300])
def test_digits_add_up(far):
    values = np.array([np.nan, 1.0, far, np.nan, far + 1, 2.0, 3.0])[:, None]
    found, offset = split_digits(values, np.array([0, 5, 7]))
    assert np.isfinite(offset).all()
    assert_array_equal(offset[[0, 5, 6], 0], 0.0)
    assert_array_equal(offset[3], offset[2])
    kept = np.minimum(values, 1e17)
    assert_allclose(found + offset.astype(float), kept, rtol=1e-15)


@pytest.mark.parametrize(
    "values",
    [
        np.where(STEPS % 25 == 0, 1e9, 0.0),
        np.where(STEPS < 100, 0.0, 1e9),
        np.cumsum(RNG.normal(size=N)),
        np.exp(RNG.normal(size=N)),
        STEPS.astype(float) ** 2,
        np.sin(STEPS / 1000),
    ],
    ids=["rare", "steps", "walk", "skewed", "trend", "slow"],
)
def test_units_of_other_series_stay(values):
    panel = read_panel(pd.DataFrame({"y": values}, INDEX), None)
    assert_allclose(SeriesScale.of(panel, scaled=True).unit, values.std(), rtol=1e-6)
