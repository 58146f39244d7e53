"""Bounds of series: nothing that is forecast leaves them."""

import warnings

import numpy as np
import pandas as pd
import pytest
from _checks import Untouched
from _engine import keras_reads_variables
from _forecaster import FH, MONTHS, N_STEPS, make
from numpy.testing import assert_array_equal

pytestmark = keras_reads_variables

COUNTS = pd.Series(np.random.default_rng(0).poisson(0.7, N_STEPS).astype(float), MONTHS)


def everything(forecaster):
    """Return all kinds of forecasts, as one array."""
    past = [-3, -1, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of quantiles beyond the learned ones
        parts = [
            forecaster.predict(),
            forecaster.predict(past),
            forecaster.predict_members(),
            forecaster.predict_quantiles(alpha=[0.001, 0.05, 0.5, 0.95, 0.999]),
            forecaster.predict_quantiles(past, alpha=[0.001, 0.999]),
            forecaster.predict_interval(coverage=0.99),
            forecaster.predict_rolling(COUNTS),
            forecaster.predict_rolling(COUNTS, alpha=[0.001, 0.999]),
        ]
    return np.concatenate([np.ravel(part) for part in parts])


@pytest.mark.parametrize("baselines", [(), ("drift", "ridge")], ids=["network", "combination"])
@pytest.mark.parametrize(("low", "high"), [(0, None), (None, 4), (0, 4.0)], ids=str)
def test_nothing_leaves_them(baselines, low, high):
    free = make(baselines=baselines).fit(COUNTS, fh=FH)
    kept = make(baselines=baselines, bounds=(low, high)).fit(COUNTS, fh=FH)
    before, after = everything(free), everything(kept)
    assert (np.clip(before, low, high) != before).any()
    assert_array_equal(np.clip(after, low, high), after)
    assert_array_equal(kept.predict(), free.predict().clip(low, high))


@pytest.mark.parametrize(
    "bounds", [(1, 0), (0, 0), (0,), (0, 1, 2), ("a", None), [np.nan, 1], 0, "01"], ids=str
)
def test_what_is_no_pair(bounds):
    forecaster = make(bounds=bounds)
    with Untouched(forecaster), pytest.raises(ValueError, match=r"bounds|a list"):
        forecaster.fit(COUNTS, fh=FH)


class TestSeriesBeyond:
    WRONG = COUNTS.where(np.arange(N_STEPS) != 7, -1.0)

    def test_in_fit(self):
        forecaster = make(bounds=(0, None))
        with (
            Untouched(forecaster),
            pytest.raises(ValueError, match=r"y is -1 .*row 7.*wider"),
        ):
            forecaster.fit(self.WRONG, fh=FH)
        make(bounds=(-1, None)).fit(self.WRONG, fh=FH)
        make(bounds=(0, None)).fit(self.WRONG.where(self.WRONG >= 0), fh=FH)

    def test_in_update(self):
        forecaster = make(bounds=(0, None)).fit(COUNTS.iloc[:-3], fh=FH)
        with Untouched(forecaster), pytest.raises(ValueError, match=r"y is -2 .*wider bounds"):
            forecaster.update(-2.0 - 0.0 * COUNTS.iloc[-3:])
