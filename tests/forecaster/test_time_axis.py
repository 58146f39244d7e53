"""Dates in zones, clocks that change, and long gaps: what counts as one step."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import make
from numpy.testing import assert_allclose, assert_array_equal

from skrnn.forecasting._calendar import calendar_features
from skrnn.forecasting._time_axis import TimeAxis
from skrnn.windowing._continuity import infer_step

pytestmark = keras_reads_variables


def axis_of(index):
    return TimeAxis.of(index, np.ones(len(index) - 1, bool))


def in_clock_time(start, periods, freq, zone):
    dates = pd.date_range(start, periods=periods, freq=freq)
    return dates.tz_localize(zone, nonexistent="shift_forward")


ZONED = {
    # Clocks are put forward at midnight of 4 November 2018: that day begins at one.
    "days, clocks change at midnight": in_clock_time("2018-10-20", 40, "D", "America/Sao_Paulo"),
    "days": in_clock_time("2024-03-20", 40, "D", "Europe/Berlin"),
    "days back": in_clock_time("2024-10-20", 40, "D", "Europe/Berlin"),
    "weeks": in_clock_time("2024-01-07", 40, "W", "America/New_York"),
    "months": in_clock_time("2018-01-01", 20, "MS", "America/Sao_Paulo"),
    "hours": pd.date_range("2024-03-30", periods=60, freq="h", tz="Europe/Berlin"),
}


class TestZones:
    @pytest.mark.parametrize("dates", ZONED.values(), ids=ZONED)
    def test_there_and_back(self, dates):
        axis = axis_of(dates._with_freq(None))
        numbers = np.arange(len(dates))
        assert_array_equal(axis.number(dates), numbers)
        assert axis.index(numbers).equals(dates)
        assert axis.index(np.array([3])).equals(dates[[3]])

    def test_a_hole_is_a_hole(self):
        dates = ZONED["days, clocks change at midnight"].delete([20, 21])
        assert_array_equal(np.flatnonzero(np.diff(axis_of(dates).number(dates)) == 3), [19])

    def test_an_hour_too_many_is_no_whole_day(self):
        dates = ZONED["days"]
        wrong = dates.delete(5).insert(5, dates[5] + pd.Timedelta(hours=1))
        with pytest.raises(ValueError, match="no whole number of steps"):
            axis_of(dates).number(wrong)

    @pytest.mark.parametrize("name", ZONED)
    def test_the_calendar_is_that_of_the_wall(self, name):
        shown = ZONED[name].tz_localize(None)
        assert_array_equal(calendar_features(ZONED[name]), calendar_features(shown))

    @pytest.mark.parametrize("zone", ["UTC", "America/Sao_Paulo"])
    def test_forecasts_do_not_depend_on_the_zone(self, zone):
        values = np.random.default_rng(0).normal(size=50).cumsum()
        naive = pd.date_range("2018-10-01", periods=53, freq="D")
        dates = naive.tz_localize(zone, nonexistent="shift_forward")
        one, other = (
            make(calendar=True).fit(pd.Series(values, index[:50]), fh=[1, 2, 3]).predict()
            for index in (naive, dates)
        )
        assert_allclose(one, other, rtol=1e-5)  # one day begins an hour later in the year
        assert other.index.equals(dates[50:])


class TestGaps:
    def test_milliseconds_a_month_apart_are_not_all_counted(self):
        early = pd.date_range("2024-01-01", periods=500, freq="ms")
        dates = early.append(pd.date_range("2024-02-01", periods=500, freq="ms"))
        step = infer_step(dates, np.ones(999, bool), None)
        assert step == pd.offsets.Milli(1)
        axis = axis_of(dates)
        assert axis.index(axis.number(dates)).equals(dates)
