"""The encoder-decoder regressor in scikit-learn, and quantiles of all regressors.

All nets are tiny and trained for a few epochs where behaviour is specified and not accuracy.
"""

import pickle

import numpy as np
import pytest
from _engine import clean_engine
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, TimeSeriesSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skrnn import LSTMRegressor, Seq2SeqRegressor, make_windows
from skrnn.compat._keras import keras

# NumPy 2 deprecates what Keras does to read one of its own variables.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\\.src"
)

DECODERS = ["autoregressive", "repeat", "parallel", "dense"]
N_ROWS, N_STEPS, HORIZON = 48, 6, 3


def make(regressor=Seq2SeqRegressor, **params):
    small = {"units": 4, "epochs": 3, "batch_size": 16, "random_state": 0}
    return regressor(**{**small, **params})


@pytest.fixture(scope="module")
def data():
    """Windows of a noisy wave and the three steps that follow each."""
    rng = np.random.default_rng(0)
    wave = 10.0 + np.sin(np.arange(N_ROWS + N_STEPS + HORIZON - 1) / 2)
    X, y = make_windows(wave + 0.1 * rng.normal(size=len(wave)), window=N_STEPS, horizon=HORIZON)
    X.flags.writeable = y.flags.writeable = False
    return X, y


class TestDecoders:
    @pytest.mark.parametrize("decoder", list(DECODERS))
    def test_one_column_is_written_per_step(self, data, decoder):
        X, y = data
        model = make(decoder=decoder).fit(X, y)
        assert model.predict(X).shape == (N_ROWS, HORIZON)
        assert model.predict(X).dtype == np.float64
        assert model.n_iter_ == len(model.history_["loss"]) == 3
        assert_array_equal(model.predict(X[7:9]), model.predict(X)[7:9])

    def test_one_dimensional_targets_stay_so(self, data):
        X, y = data
        assert make().fit(X, y[:, 0]).predict(X).shape == (N_ROWS,)
        assert make().fit(X, y[:, :1]).predict(X).shape == (N_ROWS, 1)

    @pytest.mark.parametrize("decoder", ["autoregressive", "dense"])
    def test_masked_steps_are_no_steps(self, decoder):
        """What the others hold changes nothing, and their rows are forecast too."""
        rng = np.random.default_rng(1)
        X, y = rng.normal(size=(N_ROWS, 6, 2)), rng.normal(size=(N_ROWS, HORIZON))
        X[::2, :2] = np.nan
        model = make(decoder=decoder, attention=True).fit(X, y)
        assert np.isfinite(model.predict(X)).all()
        other = X.copy()
        other[1::2, :2] += 1.0
        changed = (model.predict(other) != model.predict(X)).any(axis=1)
        assert_array_equal(changed, np.arange(N_ROWS) % 2 == 1)

    @pytest.mark.parametrize("decoder", ["autoregressive", "parallel"])
    def test_model_of_keras_predicts_the_same(self, data, decoder, tmp_path):
        """Scaled inputs in, scaled outputs out; it is saved and loaded as any other."""
        X, y = data
        model = make(
            decoder=decoder, attention=True, linear_skip=True, segment_length=2, dropout=0.1
        ).fit(X, y)
        shown = model.model_
        assert isinstance(shown, keras.Model)
        assert shown.count_params() >= model.n_parameters_
        shown.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        flat = np.asarray(X, np.float64).reshape(N_ROWS, N_STEPS)
        sequences = ((flat - flat.mean()) / flat.std())[:, :, None].astype(np.float32)
        inputs = {
            "sequence": sequences,
            "mask": np.ones((N_ROWS, N_STEPS), bool),
            "targets": np.zeros((N_ROWS, HORIZON, 1), np.float32),
        }
        inputs = [inputs[tensor.name] for tensor in loaded.inputs]
        outputs = loaded.predict(inputs, verbose=0) * y.std(axis=0) + y.mean(axis=0)
        assert_allclose(outputs, model.predict(X), rtol=1e-4)

    def test_longer_horizons_than_those_fitted_are_refused(self, data):
        X, y = data
        model = make(warm_start=True).fit(X, y)
        with pytest.raises(ValueError, match="2 outputs, but 3"):
            model.fit(X, y[:, :2])
        assert model.predict(X).shape == (N_ROWS, HORIZON)

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("decoder", "greedy"),
            ("segment_length", 0),
            ("attention", "yes"),
            ("linear_skip", 2),
            ("teacher_forcing", 1.5),
            ("cell", "transformer"),
        ],
    )
    def test_wrong_parameters_are_named(self, data, name, value):
        model = make(**{name: value})
        with pytest.raises(ValueError, match=f"'{name}' parameter of Seq2SeqRegressor"):
            model.fit(*data)
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            model.predict(data[0])


class TestInScikitLearn:
    def test_grid_search_over_decoders_and_attention(self, data):
        X, y = data
        pipeline = make_pipeline(StandardScaler(), make(epochs=1))
        grid = {
            "seq2seqregressor__decoder": DECODERS,
            "seq2seqregressor__attention": [False, True],
        }
        search = GridSearchCV(pipeline, grid, cv=TimeSeriesSplit(2), error_score="raise")
        flat = np.asarray(X).reshape(N_ROWS, -1)
        search.fit(flat, y)
        assert len(search.cv_results_["params"]) == 8
        assert np.isfinite(search.cv_results_["mean_test_score"]).all()
        assert len(set(search.cv_results_["mean_test_score"])) == 8
        assert search.predict(flat).shape == (N_ROWS, HORIZON)

    @pytest.mark.parametrize("decoder", ["autoregressive", "parallel"])
    def test_pickles_predict_the_same_bits(self, data, decoder):
        X, y = data
        params = {"decoder": decoder, "dropout": 0.2, "quantiles": (0.1, 0.9), "attention": True}
        model = make(**params).fit(X, y)
        again = clone(model).fit(X, y)
        copied = pickle.loads(pickle.dumps(model))
        for other in (again, copied):
            assert_array_equal(other.predict(X), model.predict(X))
            assert_array_equal(other.predict_quantiles(X), model.predict_quantiles(X))


@pytest.fixture(scope="module")
def spread():
    """Targets whose spread is one, around the mean of four steps."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 4))
    y = X.mean(axis=1) + rng.normal(size=600)
    return X, y


@pytest.mark.parametrize("regressor", [LSTMRegressor, Seq2SeqRegressor])
class TestQuantiles:
    """Learned with the pinball loss; the median is the prediction."""

    def test_cover_their_share(self, spread, regressor):
        X, y = spread
        quantiles = (0.1, 0.5, 0.9)
        model = make(regressor, quantiles=quantiles, epochs=30, learning_rate=0.01).fit(X, y)
        below = (y[:, None] < model.predict_quantiles(X)).mean(axis=0)
        assert_allclose(below, quantiles, atol=0.07)
        assert model.history_["loss"][-1] < model.history_["loss"][0]

    def test_do_not_cross(self, data, regressor):
        X, y = data
        quantiles = (0.05, 0.25, 0.4, 0.5, 0.8, 0.95)
        model = make(regressor, quantiles=quantiles).fit(X, y)
        predicted = model.predict_quantiles(np.asarray(X) * 3.0)
        assert predicted.shape == (N_ROWS, HORIZON, 6)
        assert (np.diff(predicted, axis=2) >= 0).all()
        assert (np.diff(predicted, axis=2) > 0).mean() > 0.9

    def test_median_is_the_prediction(self, data, regressor):
        X, y = data
        model = make(regressor, quantiles=(0.25, 0.5, 0.9)).fit(X, y)
        assert_array_equal(model.predict_quantiles(X)[..., 1], model.predict(X))
        assert model.predict_quantiles(X).dtype == np.float64

    def test_median_is_always_learned(self, data, regressor):
        X, y = data
        model = make(regressor, quantiles=[0.9, 0.2]).fit(X, y[:, 0])
        predicted = model.predict_quantiles(X)
        assert predicted.shape == (N_ROWS, 2)
        assert (predicted[:, 1] <= model.predict(X)).all()
        assert (predicted[:, 0] >= model.predict(X)).all()

    def test_one_quantile_may_be_alone(self, data, regressor):
        X, y = data
        predicted = make(regressor, quantiles=[0.5]).fit(X, y[:, 0]).predict_quantiles(X)
        assert predicted.shape == (N_ROWS, 1)

    def test_median_alone_is_learned_with_the_absolute_error(self, data, regressor):
        """The loss is twice the pinball loss."""
        X, y = data
        given = {"target_scaler": None, "epochs": 1, "batch_size": N_ROWS, "shuffle": False}
        of_median = make(regressor, quantiles=[0.5], **given).fit(X, y)
        absolute = make(regressor, loss="mae", **given).fit(X, y)
        assert_allclose(of_median.history_["loss"], absolute.history_["loss"], rtol=1e-5)
        assert_allclose(of_median.predict(X), absolute.predict(X), rtol=1e-4, atol=1e-5)

    @pytest.mark.parametrize("scaler", ["minmax", "power", "window", None])
    def test_scalers_keep_their_order(self, data, regressor, scaler):
        X, y = data
        model = make(regressor, quantiles=(0.1, 0.5, 0.9), target_scaler=scaler).fit(X, y)
        assert (np.diff(model.predict_quantiles(X), axis=2) >= 0).all()

    @pytest.mark.parametrize("quantiles", [(0.0, 0.5), (0.5, 1.0), (-0.1,), (np.nan,), ()])
    def test_lie_between_zero_and_one(self, data, regressor, quantiles):
        model = make(regressor, quantiles=quantiles)
        with pytest.raises(ValueError, match="quantiles must lie between 0 and 1"):
            model.fit(*data)
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            model.predict(data[0])

    @pytest.mark.parametrize("quantiles", ["all", 3, True, 0.5])
    def test_are_numbers(self, data, regressor, quantiles):
        with pytest.raises(
            ValueError,
            match=r"'quantiles' parameter .* a list, a tuple or an array of one dimension or None",
        ):
            make(regressor, quantiles=quantiles).fit(*data)

    def test_exclude_another_loss(self, data, regressor):
        with pytest.raises(ValueError, match=r"loss='mae' cannot go with quantiles"):
            make(regressor, quantiles=(0.1, 0.9), loss="mae").fit(*data)

    def test_have_to_be_learned(self, data, regressor):
        model = make(regressor)
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            clone(model).set_params(quantiles=(0.1, 0.9)).predict_quantiles(data[0])
        with pytest.raises(ValueError, match="set quantiles"):
            model.fit(*data).predict_quantiles(data[0])

    def test_are_those_of_the_fit(self, data, regressor):
        """A parameter that is set afterwards says nothing of a network that is fitted."""
        X, y = data
        model = make(regressor, quantiles=(0.1, 0.5, 0.9)).fit(X, y)
        before = model.predict(X)
        model.set_params(quantiles=None)
        assert_array_equal(model.predict(X), before)


def reversed_digits(n_rows, seed=0):
    """Return sequences of one to five digits, filled up with zeros, and each from its end."""
    rng = np.random.default_rng(seed)
    X, y = np.zeros((2, n_rows, 5))
    for row, length in enumerate(rng.integers(1, 6, n_rows)):
        digits = rng.integers(1, 10, length)
        X[row, :length], y[row, :length] = digits, digits[::-1]
    return X, y


@pytest.mark.slow
def test_sequences_are_reversed():
    """Only the right wiring learns it: predicting the mean of each step has an error above 7."""
    X, y = reversed_digits(1000)
    with clean_engine(quick=False):  # trains for long
        model = Seq2SeqRegressor(
            48,
            bidirectional=True,
            learning_rate=0.005,
            lr_schedule="cosine",
            epochs=60,
            batch_size=16,
            random_state=0,
        )
        model.fit(X[:800], y[:800])
        assert np.mean((model.predict(X[800:]) - y[800:]) ** 2) < 0.1
    assert y[800:].var(axis=0).mean() > 7.0
