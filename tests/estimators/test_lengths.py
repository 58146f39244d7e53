"""Sequences of many lengths: few programs, and what a length of one's own would give."""

from dataclasses import replace

import numpy as np
import pytest
from _engine import keras_reads_variables
from _estimators import check_refusal, classifier, reader, regressor
from numpy.testing import assert_allclose, assert_array_equal

from skrnn import compile_cache_info, saliency, to_sequences

pytestmark = keras_reads_variables

KINDS = {
    "last": {},
    "mean": {"pooling": "mean"},
    "attention": {"attention": True},
    "both ways": {"bidirectional": True, "cell": "lstm"},
    "two layers": {"units": (3, 2), "cell": "gru", "dropout": 0.1},
    "every step": {"return_sequences": True, "cell": "lstm"},
}


def sequences(*lengths, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(length, 2)) for length in lengths]


def ends(rows):
    return np.array([row[-1, 0] for row in rows])


def of_steps(rows):
    """Return the mean of the features at every step, in one array."""
    return to_sequences([row.mean(axis=1) for row in rows])[:, :, 0]


ROWS = sequences(*range(4, 10), *range(4, 10))


def fitted(**params):
    y = of_steps(ROWS) if params.get("return_sequences") else ends(ROWS)
    return regressor(**params).fit(ROWS, y)


@pytest.mark.parametrize("params", KINDS.values(), ids=KINDS)
class TestPredictions:
    def test_are_those_of_keras(self, params):
        model = fitted(**params)
        for length in (3, 11):
            rows = to_sequences(sequences(length, max(1, length - 3), seed=1))
            mask = ~np.isnan(rows).all(axis=2)
            scaled = model.input_encoder_.encode(rows, mask)
            spec = replace(model.network_.spec, n_timesteps=length)
            layers = replace(model.network_, spec=spec).build_keras_model()
            outputs = layers.predict([scaled["sequence"], scaled["mask"]], verbose=0)
            shape = (*mask.shape, 1) if model.return_sequences else (2, 1)
            expected = np.asarray(outputs, float).reshape(shape)
            y = model.target_encoder_.scaler.inverse_transform(expected)
            y[~mask if model.return_sequences else []] = np.nan
            assert_allclose(model.predict(rows), y.reshape(model.predict(rows).shape), rtol=1e-4)

    def test_do_not_depend_on_the_length_of_others(self, params):
        model = fitted(**params)
        short, long = sequences(5, 23, seed=2)
        together = model.predict([short, long])
        alone = model.predict([short])
        if model.return_sequences:
            assert together.shape == (2, 23)
            assert_array_equal(together[0, -5:], alone[0])
            assert np.isnan(together[0, :-5]).all()
        else:
            assert_array_equal(together[:1], alone)


def test_share_programs():
    model = fitted(cell="lstm", units=4)
    model.predict(sequences(9, 9))
    before = compile_cache_info()
    for length in range(9, 33):
        model.predict(sequences(length, length))
    assert compile_cache_info().traces - before.traces == 7  # 12, 14, 16, 20, ..., 32


def test_a_fit_is_that_of_more_masked_steps():
    rows = to_sequences(ROWS)
    longer = np.concatenate([np.full_like(rows[:, :1], np.nan), rows], axis=1)
    assert longer.shape[1] == 10
    one, other = (regressor(dropout=0.2).fit(each, ends(ROWS)) for each in (rows, longer))
    assert one.history_["loss"] == other.history_["loss"]
    assert_array_equal(one.predict(ROWS), other.predict(ROWS))


def test_samples_and_gradients_of_every_step():
    model = fitted(return_sequences=True, dropout=0.3)
    rows = sequences(11, 7, seed=3)
    drawn = model.predict_samples(rows, 3, random_state=0)
    assert drawn.shape == (3, 2, 11)
    assert np.isfinite(drawn[:, 0]).all()
    gradients = saliency(model, rows, step=-2)
    assert gradients.shape == (2, 11, 2)
    assert (gradients[0, -2] != 0).all()
    assert (gradients[:, -1] == 0).all()  # a plain network sees nothing that comes later
    first = saliency(model, [rows[0]], step=0)
    assert (first[0, 0] != 0).all()
    assert (first[0, 1:] == 0).all()


@pytest.mark.parametrize("params", KINDS.values(), ids=KINDS)
def test_training_goes_on_with_other_lengths(params):
    model = fitted(**params)
    more = sequences(13, 6, 2, 13, seed=4)
    targets = of_steps(more) if model.return_sequences else ends(more)
    before = model.predict(more)
    model.partial_fit(more, targets)
    assert model.n_iter_ == 4
    assert not np.array_equal(model.predict(more), before, equal_nan=True)
    assert model.input_encoder_.shape == (9, 2)


def test_a_warm_start_goes_on_with_other_lengths():
    model = regressor(warm_start=True).fit(ROWS, ends(ROWS))
    more = sequences(13, 6, 2, 13, seed=4)
    model.fit(more, ends(more))
    assert model.n_iter_ == 6
    whole = regressor().fit(np.ones((6, 5, 2)), np.arange(6.0))
    check_refusal(whole, ValueError, "13 time steps", "partial_fit", more, ends(more))


def test_rows_to_validate_on_may_have_other_lengths():
    rows = sequences(14, 3, 12, seed=5)
    model = regressor(metrics=["mae"]).fit(ROWS, ends(ROWS), X_val=rows, y_val=ends(rows))
    error = np.abs(model.predict(rows) - ends(rows)).mean()
    assert model.history_["val_mae"][-1] == pytest.approx(error, rel=1e-5)
    steps = regressor(return_sequences=True)
    steps.fit(ROWS, of_steps(ROWS), X_val=rows, y_val=of_steps(rows))
    assert np.isfinite(steps.history_["val_loss"]).all()


def test_classes_of_every_step():
    labels = to_sequences([(row[:, 0] > 0).astype(float) for row in ROWS])[:, :, 0]
    model = classifier(return_sequences=True).fit(ROWS, labels)
    rows = sequences(11, 4, seed=6)
    assert model.predict(rows).shape == (2, 11)
    assert model.predict_proba(rows).shape == (2, 11, 2)


def test_tokens():
    rows = to_sequences([[0.0, 1, 2, 1, 0], [1, 2], [2, 0, 1]])
    model = reader().fit(rows, [0.0, 1.0, 2.0])
    longer = to_sequences([[1.0, 2], [0.0, 1, 2, 1, 0, 1, 2, 0, 1]])
    assert_array_equal(model.predict(longer)[:1], model.predict(longer[:1, -2:]))


class TestRefusals:
    def test_where_all_had_one_length(self):
        X, y = np.ones((6, 5, 2)), np.arange(6.0)
        model = regressor().fit(X, y)
        longer = {"X_val": np.ones((2, 6, 2)), "y_val": [1.0, 2.0]}
        check_refusal(model, ValueError, "6 time steps", "partial_fit", *longer.values())
        check_refusal(model, ValueError, "X_val has 6 time steps", "fit", X, y, **longer)

    @pytest.mark.parametrize("params", [{"pooling": "flatten"}, {"linear_skip": True}])
    def test_of_networks_with_a_weight_for_each_step(self, params):
        model = fitted(**params)
        rows = sequences(11, 4)
        check_refusal(model, ValueError, "11 time steps", "partial_fit", rows, ends(rows))
        check_refusal(model, ValueError, "11 time steps", "predict", rows)
        given = {"X_val": rows, "y_val": ends(rows)}
        check_refusal(model, ValueError, "X_val has 11 time", "fit", ROWS, ends(ROWS), **given)

    def test_of_other_columns_of_a_table(self):
        X = np.arange(40.0).reshape(8, 5)
        X[0, :2] = np.nan
        shorter = {"X_val": X[:, 1:], "y_val": X[:, 4]}
        check_refusal(regressor(), ValueError, "X_val has 4 time", "fit", X, X[:, 4], **shorter)
        model = regressor().fit(X, X[:, 4])
        check_refusal(model, ValueError, "4 features", "partial_fit", X[:, 1:], X[:, 4])

    def test_of_other_features(self):
        rows = [np.ones((4, 3)), np.ones((2, 3))]
        check_refusal(fitted(), ValueError, "of 3 features", "partial_fit", rows, [1.0, 2.0])
