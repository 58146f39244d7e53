"""An estimator beside naive forecasts and ridge regression, in the same folds."""

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, RidgeCV
from sklearn.model_selection import KFold, TimeSeriesSplit, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import LSTMRegressor, compare, make_windows

rng = np.random.default_rng(0)
SERIES = np.sin(np.arange(150) * 2 * np.pi / 6) + 0.3 * rng.normal(size=150)
X, Y = make_windows(SERIES, window=12)


class TestErrors:
    def test_are_those_of_the_same_folds(self):
        cv = KFold(4)
        table = compare(LinearRegression(), X[:, :, 0], Y, sp=6, cv=cv)
        scores = cross_val_score(
            LinearRegression(), X[:, :, 0], Y, cv=cv, scoring="neg_mean_absolute_error"
        )
        assert table["error"].iloc[0] == pytest.approx(-scores.mean())
        assert table["spread"].iloc[0] == pytest.approx(scores.std())

    def test_of_the_lines_by_hand(self):
        table = compare(DummyRegressor(), X, Y, sp=[6, 12])
        assert list(table.index) == [
            "DummyRegressor",
            "last value",
            "seasonal naive 6",
            "seasonal naive 12",
            "ridge",
        ]
        folds = [test for _, test in TimeSeriesSplit(5).split(X)]
        for name, lag in [("last value", 1), ("seasonal naive 6", 6), ("seasonal naive 12", 12)]:
            away = np.abs(X[:, -lag, 0] - np.ravel(Y))
            expected = np.mean([away[test].mean() for test in folds])
            assert table.loc[name, "error"] == pytest.approx(expected)
        ridge = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-4, 4, 17)))
        scores = cross_val_score(
            ridge, X[:, :, 0], Y, cv=TimeSeriesSplit(5), scoring="neg_mean_absolute_error"
        )
        assert table.loc["ridge", "error"] == pytest.approx(-scores.mean())

    def test_of_several_steps_ahead_repeat_the_season(self):
        windows, targets = make_windows(np.arange(60.0) % 4, window=8, horizon=6)
        table = compare(DummyRegressor(), windows, targets, sp=4)
        assert table.loc["seasonal naive 4", "error"] == 0.0

    def test_masked_steps_do_no_harm(self):
        windows = X.copy()
        windows[::7, :3] = np.nan
        network = LSTMRegressor(2, epochs=1, random_state=0)
        table = compare(network, windows, np.ravel(Y), cv=TimeSeriesSplit(2))
        assert np.isfinite(table["error"]).all()

    def test_missing_values_of_pandas(self):
        frame = pd.DataFrame(X[:, :, 0])
        frame.iloc[::7, :3] = np.nan
        expected = compare(DummyRegressor(), frame, np.ravel(Y))
        found = compare(DummyRegressor(), frame.astype("Float64"), np.ravel(Y))
        pd.testing.assert_frame_equal(found, expected)


class TestSkill:
    def test_says_who_is_ahead(self):
        ahead = compare(LinearRegression(), X[:, :, 0], Y)
        assert ahead.attrs["summary"].startswith("LinearRegression is")
        behind = compare(DummyRegressor(), X, Y, sp=6)
        best = behind["error"].iloc[1:].idxmin()
        assert behind.attrs["summary"].startswith(f"DummyRegressor is behind {best}")
        expected = 1 - behind["error"].iloc[0] / behind.loc[best, "error"]
        assert behind.loc[best, "skill"] == pytest.approx(expected)
        assert behind.loc[best, "skill"] < 0

    def test_says_nothing_of_the_spread_of_one_fold(self):
        folds = list(TimeSeriesSplit(3).split(X))
        several = compare(LinearRegression(), X[:, :, 0], Y, cv=folds).attrs["summary"]
        assert "(spread 0.0" in several
        one = compare(LinearRegression(), X[:, :, 0], Y, cv=folds[:1])
        assert "spread" not in one.attrs["summary"]
        assert f"its error is {one['error'].iloc[0]:.4g}, that of" in one.attrs["summary"]

    def test_needs_an_error(self):
        with pytest.raises(ValueError, match=r"scoring='r2' is no error.*neg_"):
            compare(LinearRegression(), X[:, :, 0], Y, scoring="r2")


class TestRefusals:
    def test_of_several_features_one_is_the_target(self):
        both = np.concatenate([X, -X], axis=2)
        with pytest.raises(ValueError, match="2 features: set target_feature"):
            compare(DummyRegressor(), both, Y)
        chosen = compare(DummyRegressor(), both, Y, target_feature=0)
        alone = compare(DummyRegressor(), X, Y)
        pd.testing.assert_series_equal(chosen["error"].drop("ridge"), alone["error"].drop("ridge"))

    @pytest.mark.parametrize("sp", [13, [0], [6, 13]])
    def test_seasons_lie_in_the_window(self, sp):
        with pytest.raises(ValueError, match="reaches back before the window of 12 steps"):
            compare(DummyRegressor(), X, Y, sp=sp)

    @pytest.mark.parametrize("scoring", [int, DummyRegressor, 5])
    def test_scoring_is_a_function(self, scoring):
        with pytest.raises(ValueError, match=r"'scoring' parameter of compare must be .* function"):
            compare(DummyRegressor(), X, Y, scoring=scoring)

    def test_numbers_are_not_texts(self):
        with pytest.raises(ValueError, match=r"X holds texts.*astype\(float\)"):
            compare(DummyRegressor(), X[:, :, 0].astype(str), Y)
        with pytest.raises(ValueError, match=r"y holds texts.*astype\(float\)"):
            compare(DummyRegressor(), X, Y.astype("S9"))

    @pytest.mark.parametrize("place", ["end", "start"])
    def test_shorter_sequences_count_from_their_last_step(self, place):
        whole = X[:, :, 0]
        short = whole.copy()
        short[::2] = np.nan
        short[::2, slice(0, -2) if place == "end" else slice(2, None)] = whole[::2, 2:]
        short[::2, 4] = np.nan  # a step that is missing
        found = compare(DummyRegressor(), short, Y, sp=2)
        expected = compare(DummyRegressor(), whole, Y, sp=2)
        naive = ["last value", "seasonal naive 2"]
        pd.testing.assert_frame_equal(found.loc[naive], expected.loc[naive])

    def test_what_is_an_array_by_its_method(self):
        class Tensor:
            shape = X[:, :, 0].shape

            def __array__(self, dtype=None, copy=None):
                return np.array(X[:, :, 0], dtype)

        pd.testing.assert_frame_equal(
            compare(DummyRegressor(), Tensor(), Y), compare(DummyRegressor(), X[:, :, 0], Y)
        )

    @pytest.mark.parametrize("n_jobs", [None, 2])
    def test_names_of_columns_are_of_one_type(self, n_jobs):
        frame = pd.DataFrame(X[:, :2, 0], columns=["a", 1])
        with pytest.raises(TypeError, match=r"\['int', 'str'\].*convert them all to strings"):
            compare(DummyRegressor(), frame, Y, n_jobs=n_jobs)

    def test_targets_are_there(self):
        with pytest.raises(ValueError, match=r"requires y to be passed.*y is None"):
            compare(DummyRegressor(), X, None)

    @pytest.mark.parametrize("cv", [b"text", "text", TimeSeriesSplit, object(), []])
    def test_what_splits_nothing(self, cv):
        with pytest.raises(ValueError, match=r"cv.*(holds no folds|must be)"):
            compare(DummyRegressor(), X, Y, cv=cv)

    def test_columns_of_one_name(self):
        with pytest.raises(ValueError, match=r"X has two columns 'a'. Give each a name"):
            compare(DummyRegressor(), pd.DataFrame(X[:, :3, 0], columns=list("aab")), Y)

    @pytest.mark.parametrize("value", [np.inf, -1e300])
    def test_values_without_a_square(self, value):
        windows = X[:, :, 0].copy()
        windows[7, 2] = value
        with pytest.raises(ValueError, match=r"X row 7 has a value beyond 1e\+100.* Rescale X"):
            compare(DummyRegressor(), windows, Y)

    def test_rows_match(self):
        with pytest.raises(ValueError, match="X has 138 rows but y has 137"):
            compare(DummyRegressor(), X, Y[1:])
