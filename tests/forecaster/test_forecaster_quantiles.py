"""Quantiles of forecasts."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _forecaster import FH, HORIZON, MONTHS, Y, announced_by_sktime, make, panel_of, wave
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

pytestmark = [
    keras_reads_variables,
    announced_by_sktime,
]


class TestQuantiles:
    ALPHA = (0.01, 0.05, 0.2, 0.5, 0.6, 0.9, 0.99)

    @pytest.mark.filterwarnings("ignore:Quantiles at 0.01, 0.99 lie beyond:UserWarning")
    def test_are_increasing_around_the_forecast(self, fitted):
        quantiles = fitted.predict_quantiles(alpha=list(self.ALPHA))
        assert list(quantiles.columns) == [("sales", alpha) for alpha in self.ALPHA]
        assert (np.diff(quantiles, axis=1) > 0).all()
        assert_array_equal(quantiles["sales", 0.5], fitted.predict())

    def test_intervals_are_nested(self, fitted):
        intervals = fitted.predict_interval(coverage=[0.5, 0.9])["sales"]
        assert (intervals[0.9, "lower"] < intervals[0.5, "lower"]).all()
        assert (intervals[0.5, "lower"] < fitted.predict()).all()
        assert (intervals[0.9, "upper"] > intervals[0.5, "upper"]).all()
        quantiles = fitted.predict_quantiles(alpha=[0.05])
        assert_allclose(intervals[0.9, "lower"], quantiles["sales", 0.05])

    def test_of_panels_and_columns(self):
        y = panel_of([48, 30])
        y["other"] = -y["sales"]
        quantiles = make().fit(y, fh=FH).predict_quantiles(alpha=[0.1, 0.9])
        assert quantiles.shape == (6, 4)
        for column in ("sales", "other"):
            assert (quantiles[column, 0.1] < quantiles[column, 0.9]).all()

    def test_of_columns_that_have_tuples_as_names(self):
        named = make().fit(Y.rename(("a", 1)), fh=FH)
        plain = make().fit(Y, fh=FH)
        for method in ("predict_var", "predict_interval", "predict_quantiles", "predict_members"):
            found, expected = getattr(named, method)(), getattr(plain, method)()
            assert_array_equal(found, expected)
        assert_array_equal(
            named.predict_rolling(Y.rename(("a", 1)), as_frame=True),
            plain.predict_rolling(Y, as_frame=True),
        )

    def test_variances_are_those_of_normal_distributions(self, fitted):
        quartiles = fitted.predict_quantiles(alpha=[0.25, 0.75])["sales"]
        deviation = (quartiles[0.75] - quartiles[0.25]) / (2 * norm.ppf(0.75))
        variance = fitted.predict_var()
        assert list(variance.columns) == ["sales"]
        assert_allclose(variance["sales"], deviation**2)

    def test_may_be_chosen(self):
        forecaster = make(quantiles=[0.9, 0.2]).fit(Y, fh=FH)
        quantiles = forecaster.predict_quantiles(alpha=[0.2, 0.5, 0.9])
        assert (np.diff(quantiles, axis=1) > 0).all()
        assert_array_equal(quantiles["sales", 0.5], forecaster.predict())

    @pytest.mark.parametrize("method", ["predict_interval", "predict_quantiles", "predict_var"])
    def test_need_to_be_learned(self, method):
        points = make(quantiles=None).fit(Y, fh=FH)
        with pytest.raises(ValueError, match=r"Set quantiles=\(0.05, .* fit again"):
            getattr(points, method)()

    def test_median_alone_makes_no_interval(self):
        """One quantile says nothing of any other."""
        with pytest.raises(ValueError, match=r"quantiles=\[0.5\] is the median alone.*Give more"):
            make(quantiles=[0.5]).fit(Y, fh=FH)

    def test_are_calibrated_if_asked_for(self):
        """The last steps of all series are held back; each quantile covers its share of them."""
        n_series = 24
        series = {n: pd.DataFrame({"sales": wave(seed=n)}, MONTHS) for n in range(n_series)}
        forecaster = make(calibrate=True).fit(pd.concat(series), fh=FH)
        panel, model = forecaster._panel, forecaster._model
        position = panel.lengths - HORIZON
        quantiles = model.predict(panel, forecaster._scale, (position, position))[:, :, 0]
        truth = panel.values.reshape(n_series, -1)[:, -HORIZON:, None]
        assert_allclose((truth <= quantiles).mean(axis=(0, 1)), model.levels, atol=0.05)
        final = forecaster.predict_quantiles(alpha=[0.05, 0.25, 0.5, 0.75, 0.95])
        assert (np.diff(final, axis=1) >= 0).all()
        assert_array_equal(final["sales", 0.5], forecaster.predict()["sales"])

    def test_are_not_calibrated_otherwise(self, fitted):
        alpha = [0.1, 0.9]
        calibrated = make(calibrate=True).fit(Y, fh=FH).predict_quantiles(alpha=alpha)
        assert (calibrated != fitted.predict_quantiles(alpha=alpha)).all(axis=None)

    def test_may_be_left_out(self):
        forecaster = make(quantiles=None).fit(Y, fh=FH)
        assert not forecaster.get_tag("capability:pred_int")
        assert np.isfinite(forecaster.predict()).all()
        with pytest.raises(ValueError, match=r"need quantiles .* Set quantiles"):
            forecaster.predict_interval()
        assert make().set_params(quantiles=None).get_tag("capability:pred_int") is False
        assert make(quantiles=None).set_params(quantiles=[0.1, 0.9]).get_tag("capability:pred_int")
