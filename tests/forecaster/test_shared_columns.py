"""One frame of exogenous columns for all series of a panel."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import EXOGENOUS, FH, LATER, MONTHS, N_STEPS, make, panel_of
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from sktime.forecasting.model_evaluation import evaluate
from sktime.split import ExpandingWindowSplitter

pytestmark = [
    keras_reads_variables,
    # sktime 1.2 announces another default to whoever makes a forecaster.
    pytest.mark.filterwarnings(
        "ignore:The default of config ``remember_data`` will change:FutureWarning"
    ),
]
SERIES = panel_of([48, 30, 40])
SHARED = EXOGENOUS.rename_axis("month")


def repeated(X):
    """Return the same with a copy for each series."""
    names = SERIES.index.get_level_values("shop").unique()
    return pd.concat(dict.fromkeys(names, X), names=["shop", "month"])


def test_goes_with_each_of_them():
    known, later = SHARED[:N_STEPS], SHARED[N_STEPS : N_STEPS + 3]
    one = make().fit(SERIES, X=known, fh=FH)
    other = make().fit(SERIES, X=repeated(known), fh=FH)
    assert_frame_equal(one.predict(X=later), other.predict(X=repeated(later)))
    assert_frame_equal(one.predict_residuals(), other.predict_residuals())
    new = SERIES.groupby("shop").tail(1)
    new.index = pd.MultiIndex.from_product([new.index.levels[0], LATER[:1]], names=["shop", "month"])
    for forecaster, X in ((one, later[:1]), (other, repeated(later[:1]))):
        forecaster.update(new, X=X, update_params=False)
    after = SHARED[N_STEPS + 1 : N_STEPS + 4]
    assert_frame_equal(one.predict(X=after), other.predict(X=repeated(after)))


def test_what_it_lacks_is_named():
    with pytest.raises(ValueError, match=r"X has no row for .* must cover the times of y"):
        make().fit(SERIES, X=SHARED[5:N_STEPS], fh=FH)
    forecaster = make().fit(SERIES, X=SHARED[:N_STEPS], fh=FH)
    with pytest.raises(ValueError, match=r"X has no row for .*2004-03"):
        forecaster.predict(X=SHARED[N_STEPS : N_STEPS + 2])


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinite_values_are_refused(bad):
    forecaster = make().fit(SERIES, X=SHARED[:N_STEPS], fh=FH)
    later = SHARED[N_STEPS:].copy()
    later.iloc[1, 0] = bad
    with pytest.raises(ValueError, match=r"X is infinite at .*2004-02.*, column 'u'"):
        forecaster.predict(X=later)


def test_evaluation_of_sktime():
    """Panels of one length, each fold with the rows of X that belong to it."""
    series = SERIES[SERIES.index.get_level_values("month") >= MONTHS[18]]
    splitter = ExpandingWindowSplitter(initial_window=20, step_length=5, fh=FH)
    found = evaluate(
        make(window=4),
        splitter,
        series,
        SHARED[18:N_STEPS],
        cv_X=splitter,
        error_score="raise",
        return_data=True,
    )
    assert len(found) == 2
    assert all(forecast.notna().all(axis=None) for forecast in found["y_pred"])
    assert_allclose(found["len_train_window"], [20, 25])
