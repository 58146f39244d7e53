"""Exogenous columns for all series of a panel, and such that hold categories."""

from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import EXOGENOUS, FH, LATER, MONTHS, N_STEPS, announced_by_sktime, make, panel_of
from numpy.testing import assert_allclose
from pandas.testing import assert_frame_equal
from sktime.forecasting.model_evaluation import evaluate
from sktime.split import ExpandingWindowSplitter

from skrnn import load, save

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
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
    new.index = pd.MultiIndex.from_product(
        [new.index.levels[0], LATER[:1]], names=["shop", "month"]
    )
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


class TestCategories:
    KINDS = np.where(np.arange(len(SHARED)) % 7 < 2, "closed", "open")
    AS: ClassVar = {
        "texts": lambda values: values,
        "objects": lambda values: values.astype(object),
        "categories": pd.Categorical,
    }

    def frames(self, kind):
        """Return the same twice: with categories, and with numbers in their place."""
        numbers = pd.DataFrame(
            {f"kind={one}": (one == self.KINDS) * 1.0 for one in ("closed", "open")}, SHARED.index
        )
        named = pd.DataFrame({"kind": self.AS[kind](self.KINDS)}, SHARED.index)
        return [pd.concat([SHARED[["u"]], one], axis=1) for one in (named, numbers)]

    @pytest.mark.parametrize("kind", AS)
    def test_are_zeros_and_ones(self, kind):
        found = []
        for X in self.frames(kind):
            forecaster = make().fit(SERIES, X=X[:N_STEPS], fh=FH)
            forecast = forecaster.predict(X=X[N_STEPS:])
            rolled = forecaster.predict_rolling(SERIES, X=repeated(X[:N_STEPS]).loc[SERIES.index])
            found.append((forecast.to_numpy(), rolled))
        for one, other in zip(*found, strict=True):
            assert_allclose(one, other)

    def test_are_those_of_the_fit(self):
        X, _ = self.frames("texts")
        forecaster = make().fit(SERIES, X=X[:N_STEPS], fh=FH)
        later = X[N_STEPS : N_STEPS + 3].assign(kind=["open", "strike", None])
        with pytest.warns(UserWarning, match=r"'kind' of X has 'strike', which was not in the fit"):
            assert np.isfinite(forecaster.predict(X=later)).all(axis=None)

    def test_survive_a_file(self, tmp_path):
        X, _ = self.frames("categories")
        forecaster = make().fit(SERIES, X=X[:N_STEPS], fh=FH)
        save(forecaster, tmp_path / "it.skrnn")
        again = load(tmp_path / "it.skrnn")
        assert_frame_equal(again.predict(X=X[N_STEPS:]), forecaster.predict(X=X[N_STEPS:]))
