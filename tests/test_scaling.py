"""How inputs and targets are scaled: the arithmetic of every choice, and who teaches it.

The scalers themselves are tested against values worked out by hand; what they may learn from, and
what follows for predictions, is tested through the estimators.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.utils.validation import check_is_fitted

from skrnn import LSTMRegressor, load, save
from skrnn.scaling._windows import make_input_scaler, make_target_scaler

N_ROWS, N_STEPS = 40, 6
NAN = np.nan


def quantiles():
    return QuantileTransformer(n_quantiles=20, output_distribution="normal")


def pipeline():
    return make_pipeline(StandardScaler(), MinMaxScaler((-1, 1)))


CHOICES = {
    "standard": "standard",
    "minmax": "minmax",
    "robust": "robust",
    "power": "power",
    "none": None,
    "transformer": quantiles(),
    "pipeline": pipeline(),
}
every_choice = pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)


def by_hand(choice, columns):
    """Scale columns, each on its own."""
    if choice is None:
        return columns
    if choice == "standard":
        return (columns - columns.mean(axis=0)) / columns.std(axis=0)
    if choice == "minmax":
        low, high = columns.min(axis=0), columns.max(axis=0)
        return (columns - low) / (high - low)
    if choice == "robust":
        low, middle, high = np.percentile(columns, [25, 50, 75], axis=0)
        return (columns - middle) / (high - low)
    if choice == "power":
        return PowerTransformer().fit_transform(columns)
    if isinstance(choice, QuantileTransformer):
        return quantiles().fit_transform(columns)
    unit = by_hand("minmax", columns)
    return 2.0 * unit - 1.0


def make(**params):
    return LSTMRegressor(**{"units": 4, "epochs": 3, "batch_size": 16, "random_state": 0, **params})


@pytest.fixture
def sequences():
    """Two features of different level, scale and skewness, some steps masked."""
    rng = np.random.default_rng(0)
    X = np.stack(
        [
            rng.normal(100.0, 20.0, (N_ROWS, N_STEPS)),
            np.exp(rng.normal(-2.0, 1.0, (N_ROWS, N_STEPS))),
        ],
        axis=2,
    )
    X[::3, :2] = NAN
    X[5, 4] = NAN
    return X


@pytest.fixture
def windows():
    """Windows of a random walk, and the three values that follow each."""
    rng = np.random.default_rng(1)
    series = 50.0 + np.cumsum(rng.normal(0.2, 1.0, N_ROWS + N_STEPS + 2))
    view = np.lib.stride_tricks.sliding_window_view(series, N_STEPS + 3)
    return view[:, :N_STEPS].copy(), view[:, N_STEPS:].copy()


class TestInputs:
    @every_choice
    def test_values(self, sequences, choice):
        scaled = make_input_scaler(choice).fit(sequences).transform(sequences)
        masked = np.isnan(sequences).all(axis=2)
        assert np.isnan(scaled[masked]).all()
        assert_allclose(scaled[~masked], by_hand(choice, sequences[~masked]), atol=1e-9)

    def test_window(self, sequences):
        scaled = make_input_scaler("window").fit(sequences).transform(sequences)
        for row in (0, 1, 5):
            for feature in (0, 1):
                steps = sequences[row, :, feature]
                steps = steps[~np.isnan(steps)]
                expected = (steps - steps.mean()) / steps.std()
                found = scaled[row, :, feature]
                assert_allclose(found[~np.isnan(found)], expected, atol=1e-9)
        assert_array_equal(np.isnan(scaled), np.isnan(sequences))

    @every_choice
    def test_constant_features_are_harmless(self, choice):
        constant = np.full((5, N_STEPS, 1), 0.1)
        assert np.isfinite(make_input_scaler(choice).fit(constant).transform(constant)).all()

    @pytest.mark.parametrize("value", [0.0, 0.1, 1e6 / 3])
    def test_constant_windows_are_zero(self, value):
        X = np.full((5, N_STEPS, 1), value)
        scaler = make_input_scaler("window").fit(X)
        assert_allclose(scaler.transform(X), 0.0, atol=1e-6)
        # Other constants than those it has seen, and constants among windows that move.
        assert_allclose(scaler.transform(X + 0.7), 0.0, atol=1e-6)
        moving = X.copy()
        moving[0, :, 0] = value + np.arange(N_STEPS)
        assert_allclose(make_input_scaler("window").fit(moving).transform(X), 0.0, atol=1e-6)

    def test_nearly_constant_windows_are_not_blown_up(self):
        X = np.random.default_rng(0).normal(size=(50, N_STEPS, 1))
        quiet = np.full((1, N_STEPS, 1), 3.0)
        quiet[0, 0] += 1e-9
        scaled = make_input_scaler("window").fit(X).transform(quiet)
        assert np.abs(scaled).max() < 1e-6

    def test_a_transformer_may_change_the_number_of_features(self, sequences):
        X = np.nan_to_num(sequences)
        y = X[:, -1, 0]
        reduced = make(input_scaler=PCA(1)).fit(X, y)
        whole = make().fit(X, y)
        assert whole.n_parameters_ - reduced.n_parameters_ == 4 * 4
        assert reduced.n_features_in_ == 2
        assert reduced.predict(X).shape == (N_ROWS,)


class TestTargets:
    @every_choice
    @pytest.mark.parametrize("n_outputs", [1, 3])
    def test_values_and_back(self, choice, n_outputs):
        y = np.random.default_rng(0).gamma(2.0, [[5.0, 0.1, 1.0][:n_outputs]] * 30)
        scaler = make_target_scaler(choice, 0, None).fit(y, None)
        scaled = scaler.transform(y, None)
        assert_allclose(scaled, by_hand(choice, y), atol=1e-9)
        assert_allclose(scaler.inverse_transform(scaled, None), y, rtol=1e-9)

    def test_window(self):
        past = np.array([[[1.0], [2.0], [3.0]], [[10.0], [NAN], [14.0]], [[0.0], [4.0], [8.0]]])
        y = np.array([[4.0], [12.0], [-4.0]])
        scaler = make_target_scaler("window", 0, None).fit(y, past)
        expected = [2.0 / np.sqrt(2 / 3), 0.0, -8.0 / np.sqrt(32 / 3)]
        scaled = scaler.transform(y, past)
        assert_allclose(scaled[:, 0], expected)
        assert_allclose(scaler.inverse_transform(scaled, past), y)

    def test_window_of_the_named_feature(self, sequences):
        past = np.nan_to_num(sequences[:, :, :1], nan=100.0)
        y = past[:, -1]
        alone = make_target_scaler("window", 0, None).fit(y, past).transform(y, past)
        both = np.concatenate([np.zeros_like(past), past], axis=2)
        named = make_target_scaler("window", 1, None).fit(y, both).transform(y, both)
        last = make_target_scaler("window", -1, None).fit(y, both).transform(y, both)
        assert_array_equal(named, alone)
        assert_array_equal(last, alone)

    def test_seasonal_lag(self):
        # Output k is compared with step -3 + (k mod 3) of its window.
        past = np.array([[1.0, 2.0, 4.0, 8.0], [5.0, 7.0, 5.0, 3.0]])[:, :, None]
        y = np.array([[3.0, 3.0, 3.0, 3.0], [8.0, 7.0, 6.0, 5.0]])
        scale = past[:, :, 0].std(axis=1, keepdims=True)
        scaler = make_target_scaler("window", 0, 3).fit(y, past)
        expected = np.array([[1.0, -1.0, -5.0, 1.0], [1.0, 2.0, 3.0, -2.0]]) / scale
        assert_allclose(scaler.transform(y, past), expected)
        assert_allclose(scaler.inverse_transform(expected, past), y)

    def test_a_masked_season_falls_back_on_the_level(self):
        past = np.array([[NAN, NAN, 4.0, 8.0], [NAN, 7.0, 5.0, 3.0]])[:, :, None]
        y = np.array([[7.0, 7.0, 7.0], [7.0, 7.0, 7.0]])
        scaler = make_target_scaler("window", 0, 3).fit(y, past)
        scale = np.array([[2.0], [np.std([7.0, 5.0, 3.0])]])
        expected = np.array([[7.0 - 6.0, 3.0, -1.0], [0.0, 2.0, 4.0]]) / scale
        scaled = scaler.transform(y, past)
        assert_allclose(scaled, expected)
        assert_allclose(scaler.inverse_transform(scaled, past), y)

    def test_a_constant_window(self):
        past = np.array([[1.0, 3.0, 5.0], [4.0, 4.0, 4.0]])[:, :, None]
        y = np.array([[3.0], [5.0]])
        scaler = make_target_scaler("window", 0, None).fit(y, past)
        scaled = scaler.transform(y, past)
        assert np.abs(scaled).max() <= 1.0 / (0.02 * past.std()) + 1e-9
        assert_allclose(scaler.inverse_transform(scaled, past), y)


class TestLevelAndLog:
    """Windows relative to their own mean, in units that all of them share."""

    def windows(self, seed=0):
        rng = np.random.default_rng(seed)
        return np.exp(rng.normal(3.0, 1.0, size=(40, 1, 1)) + 0.1 * rng.normal(size=(40, 6, 1)))

    @pytest.mark.parametrize(("choice", "numbers"), [("level", np.asarray), ("log", np.log)])
    def test_by_hand(self, choice, numbers):
        X = self.windows()
        away = numbers(X) - numbers(X).mean(axis=1, keepdims=True)
        scaled = make_input_scaler(choice).fit(X).transform(X)
        assert_allclose(scaled, away / away.std())
        y = X[:, -1, 0][:, None] * 1.1
        scaler = make_target_scaler(choice, 0, None).fit(y, X)
        expected = (numbers(y) - numbers(X).mean(axis=1)) / away.std()
        assert_allclose(scaler.transform(y, X), expected)
        assert_allclose(scaler.inverse_transform(expected, X), y)

    def test_growth_over_a_season(self):
        X = self.windows()
        y = X[:, -4, 0][:, None] * 1.5
        scaler = make_target_scaler("log", 0, 4).fit(y, X)
        growth = scaler.transform(y, X)
        assert_allclose(growth, growth[0, 0])

    def test_masked_steps_stay_masked(self):
        X = self.windows()
        X[3, :2] = np.nan
        scaled = make_input_scaler("log").fit(X).transform(X)
        assert_array_equal(np.isnan(scaled), np.isnan(X))

    def test_a_quiet_window_stays_quiet(self):
        X = self.windows()
        quiet = np.full((1, 6, 1), 5.0) + 1e-3 * np.arange(6)[:, None]
        loud, still = (make_input_scaler(c).fit(X).transform(quiet) for c in ("window", "level"))
        assert np.abs(still).max() < np.abs(loud).max()

    @pytest.mark.parametrize("where", ["fit", "y", "predict"])
    def test_no_logarithm_is_refused(self, where):
        X = self.windows()
        y = X[:, -1, 0].copy()
        model = make(input_scaler="log", target_scaler="log")
        if where == "predict":
            model.fit(X, y)
            with pytest.raises(ValueError, match='"log" needs positive values, but X has -1'):
                model.predict(np.where(np.arange(6)[:, None] == 2, -1.0, X))
            return
        (X if where == "fit" else y)[0] = -1.0
        with pytest.raises(ValueError, match=f"needs positive values, but {'yX'[where == 'fit']}"):
            model.fit(X, y)
        assert not hasattr(model, "network_")

    def test_in_an_estimator_and_a_file(self, tmp_path):
        X = self.windows()
        y = X[:, -1, 0] * 1.1
        model = make(input_scaler="log", target_scaler="log").fit(X, y)
        save(model, tmp_path / "model")
        assert_array_equal(load(tmp_path / "model").predict(X), model.predict(X))
        assert (model.predict(X) > 0).all()


TAUGHT = {**CHOICES, "window": "window", "level": "level"}


@pytest.mark.parametrize("choice", TAUGHT.values(), ids=TAUGHT)
class TestWhoTeaches:
    """Only training rows of positive weight, and of these the steps that are not masked.

    The loss of the training rows tells: it is the same to the last bit whatever other rows hold.
    """

    def losses(self, choice, X, y, params=None, **kwargs):
        return (
            make(input_scaler=choice, target_scaler=choice, **(params or {}))
            .fit(X, y, **kwargs)
            .history_["loss"]
        )

    def test_the_validation_tail_does_not(self, windows, choice):
        X, y = windows[0], windows[1][:, 0]
        X_other, y_other = X.copy(), y.copy()
        X_other[-10:], y_other[-10:] = 1.5 * X[-10:] + 9.0, 1.5 * y[-10:] + 9.0
        params = {"early_stopping": True, "validation_fraction": 0.25, "n_iter_no_change": 99}
        expected = self.losses(choice, X, y, params)
        assert self.losses(choice, X_other, y_other, params) == expected

    @pytest.mark.filterwarnings("ignore:y_val lies:UserWarning")
    def test_named_validation_rows_do_not(self, windows, choice):
        X, y = windows[0], windows[1][:, 0]
        expected = self.losses(choice, X, y)
        assert self.losses(choice, X, y, X_val=X * 1.5 + 9.0, y_val=y * 1.5 + 9.0) == expected

    def test_rows_of_weight_zero_do_not(self, windows, choice):
        X, y = windows[0], windows[1][:, 0]
        X_other, y_other = X.copy(), y.copy()
        X_other[::4], y_other[::4] = 1.5 * X[::4] + 9.0, 1.5 * y[::4] + 9.0
        weight = np.ones(N_ROWS)
        weight[::4] = 0.0
        expected = self.losses(choice, X, y, sample_weight=weight)
        assert self.losses(choice, X_other, y_other, sample_weight=weight) == expected

    def test_masked_steps_do_not(self, windows, choice):
        X, y = windows[0], windows[1][:, 0]
        padded = np.hstack([np.full((N_ROWS, 2), NAN), X])
        # The same numbers, summed in another order by NumPy.
        assert_allclose(self.losses(choice, padded, y), self.losses(choice, X, y), rtol=1e-4)


class TestPredictions:
    @pytest.mark.parametrize("choice", ["standard", "minmax", "robust", "window"])
    @pytest.mark.parametrize(("factor", "shift"), [(1000.0, 0.0), (1.0, -1e4), (0.01, 7.0)])
    def test_units_do_not_matter(self, windows, choice, factor, shift):
        X, y = windows
        params = {"input_scaler": choice, "target_scaler": choice}
        expected = make(**params).fit(X, y).predict(X) * factor + shift
        regressor = make(**params).fit(X * factor + shift, y * factor + shift)
        predictions = regressor.predict(X * factor + shift)
        assert_allclose(predictions, expected, rtol=1e-5, atol=1e-3 * factor)

    def test_a_level_never_seen(self, windows):
        X, y = windows
        regressor = make(input_scaler="window", target_scaler="window", seasonal_lag=4).fit(X, y)
        expected = regressor.predict(X)
        assert_allclose(regressor.predict(X + 1e4), expected + 1e4, rtol=1e-7)
        # A window's own scale counts unless it is a small part of the usual one.
        assert_allclose(regressor.predict(X * 30.0), expected * 30.0, rtol=1e-5)

    def test_targets_of_the_other_feature(self, windows):
        X, y = windows
        other = np.random.default_rng(2).normal(size=X.shape)
        both = np.stack([other, X], axis=2)
        params = {"input_scaler": "window", "target_scaler": "window"}
        expected = make(**params, target_feature=1).fit(both, y).predict(both)
        last = make(**params, target_feature=-1).fit(both, y).predict(both)
        assert_array_equal(last, expected)
        assert np.abs(expected - y).max() < 20.0
        with pytest.raises(ValueError, match=r"feature 0 of X \(target_feature\)"):
            make(**params, target_feature=0).fit(both, y)

    def test_several_features_need_a_name(self, windows):
        X, y = windows
        both = np.stack([X, X], axis=2)
        with pytest.raises(ValueError, match="X has 2 features: set target_feature"):
            make(target_scaler="window").fit(both, y)

    @pytest.mark.parametrize(
        "change",
        [lambda y: y * 1e4, lambda y: y * 1e-4, lambda y: y + 1e4, lambda y: y / 1e4 - 1e4],
        ids=["larger", "smaller", "shifted", "both"],
    )
    def test_other_units_are_noticed(self, windows, change):
        X, y = windows
        with pytest.raises(ValueError, match="target_scaler") as caught:
            make(target_scaler="window").fit(X, change(y))
        for part in ("target_feature", "median", "standard deviation", 'target_scaler="standard"'):
            assert part in str(caught.value)

    def test_a_transformed_target_is_noticed(self, windows):
        X, y = windows[0] * 100.0, windows[1][:, 0] * 100.0
        regressor = TransformedTargetRegressor(
            make(target_scaler="window"), transformer=StandardScaler()
        )
        with pytest.raises(ValueError, match="TransformedTargetRegressor"):
            regressor.fit(X, y)

    @pytest.mark.parametrize("constant", [False, True], ids=["quiet-target", "constant"])
    def test_honest_units_pass(self, windows, constant):
        X, y = windows
        y = np.full_like(y, X.mean()) if constant else X.mean() + 0.2 * (y - X.mean())
        X = np.full_like(X, X.mean()) if constant else X
        regressor = make(input_scaler="window", target_scaler="window").fit(X, y)
        assert np.isfinite(regressor.predict(X)).all()


def passengers(n_months=144):
    """A series as the airline passengers: growth, a season that grows with it, and some noise."""
    month = np.arange(n_months)
    season = np.array([-9, -11, 3, 0, 1, 13, 24, 23, 7, -7, -20, -10])[month % 12] / 100
    noise = np.random.default_rng(0).normal(0.0, 0.03, n_months)
    return 115.0 * np.exp(0.0098 * month + season + noise)


def test_a_raw_trending_series_is_learned():
    windows = np.lib.stride_tricks.sliding_window_view(passengers(), 13)
    train, test = windows[:96], windows[96:]
    regressor = LSTMRegressor(
        16, input_scaler="window", target_scaler="window", seasonal_lag=12, random_state=0
    )
    predictions = regressor.fit(train[:, :-1], train[:, -1]).predict(test[:, :-1])
    error = np.abs(predictions - test[:, -1]).mean()
    last_value = np.abs(test[:, -2] - test[:, -1]).mean()
    last_year = np.abs(test[:, 0] - test[:, -1]).mean()
    assert error < 0.6 * last_value
    assert error < 0.6 * last_year
    # The levels of the test rows lie above all that was trained on.
    assert predictions.max() > train.max()


class TestTransformerObjects:
    def test_they_are_cloned(self, windows):
        X, y = windows
        inputs, targets = quantiles(), pipeline()
        regressor = make(input_scaler=inputs, target_scaler=targets).fit(X, y)
        assert np.isfinite(regressor.predict(X)).all()
        assert regressor.input_scaler is inputs
        assert regressor.target_scaler is targets
        for transformer in (inputs, targets[0], targets[1]):
            with pytest.raises(NotFittedError, match="is not fitted yet"):
                check_is_fitted(transformer)

    def test_they_work_in_their_own_way(self, windows):
        X, y = windows
        positive = FunctionTransformer(np.log, np.exp, check_inverse=False)
        regressor = make(target_scaler=positive, learning_rate=0.5, epochs=1).fit(
            X, y - y.min() + 1
        )
        assert (regressor.predict(X) > 0).all()

    def test_frames_out_of_them_are_fine(self, windows):
        X, y = windows
        framed = StandardScaler().set_output(transform="pandas")
        expected = make().fit(X, y).predict(X)
        regressor = make(input_scaler=framed, target_scaler=framed).fit(X, y)
        assert_allclose(regressor.predict(X), expected, rtol=1e-5)


class TestPredictionsAreFinite:
    """Whatever a network says: its outputs are float32, and no scaler may make NaN of them."""

    WILD = np.array([[-3e38], [-1e4], [-20.0], [0.0], [20.0], [1e4], [3e38]])

    @pytest.mark.parametrize(
        "choice",
        ["power", PowerTransformer(method="box-cox"), PowerTransformer(standardize=False)],
        ids=["yeo-johnson", "box-cox", "not standardized"],
    )
    @pytest.mark.parametrize("side", [1.0, -1.0], ids=["long to the right", "long to the left"])
    def test_of_power_transforms(self, choice, side):
        heavy = np.random.default_rng(0).lognormal(sigma=1.5, size=(200, 1)) ** side
        y = heavy if getattr(choice, "method", "") == "box-cox" else side * heavy
        scaler = make_target_scaler(choice, 0, None).fit(y, None)
        found = scaler.inverse_transform(self.WILD, None)
        assert np.isfinite(found).all()
        assert (np.diff(found, axis=0) >= 0).all()
        assert found[0, 0] < y.min() < y.max() < found[-1, 0]
        assert_allclose(scaler.inverse_transform(scaler.transform(y, None), None), y, rtol=1e-6)

    def test_of_constant_targets(self):
        scaler = make_target_scaler("power", 0, None).fit(np.full((9, 1), 7.0), None)
        assert np.isfinite(scaler.inverse_transform(self.WILD, None)).all()

    def test_what_is_missing_stays_so(self):
        scaler = make_target_scaler("power", 0, None).fit(np.arange(9.0)[:, None], None)
        assert np.isnan(scaler.inverse_transform(np.array([[NAN]]), None)).all()

    def test_of_logarithms(self):
        past = np.random.default_rng(0).lognormal(size=(7, 5, 1))
        scaler = make_target_scaler("log", 0, None).fit(past[:, 0], past)
        assert np.isfinite(scaler.inverse_transform(self.WILD, past)).all()
