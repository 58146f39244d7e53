"""The contract with scikit-learn of the transformers of sequences, and what the scaler promises."""

import inspect

import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MaxAbsScaler,
    MinMaxScaler,
    PowerTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrnn import SequenceScaler, SlidingWindowTransformer

NAN = np.nan
CHOICES = {
    "standard": StandardScaler(),
    "minmax": MinMaxScaler(),
    "robust": RobustScaler(),
    "power": PowerTransformer(),
    MaxAbsScaler(): MaxAbsScaler(),
}
# A window is made of the rows before its own.
ROW_ORDER_IS_INPUT = {
    "check_methods_sample_order_invariance": "windows are made of rows in order of time",
    "check_methods_subset_invariance": "a row alone has no rows before it to make a window of",
}
# Strict: an expected failure that passes fails the test. Where scikit-learn has no such argument,
# `xfail_strict` in pyproject.toml says the same.
_arguments = inspect.signature(parametrize_with_checks).parameters
STRICT = {"xfail_strict": True} if "xfail_strict" in _arguments else {}


@parametrize_with_checks([SequenceScaler(choice) for choice in CHOICES])
def test_scaler(estimator, check):
    check(estimator)


@parametrize_with_checks(
    [SlidingWindowTransformer(), SlidingWindowTransformer(flatten=True)],
    expected_failed_checks=lambda estimator: ROW_ORDER_IS_INPUT,
    **STRICT,
)
@pytest.mark.filterwarnings("ignore::skrnn.exceptions.PaddedWindowWarning")
def test_windows(estimator, check):
    check(estimator)


@pytest.fixture
def ragged():
    """Three sequences of two features, with 4, 2 and 3 steps."""
    X = np.random.default_rng(0).lognormal([0.0, 4.0], 0.5, size=(3, 4, 2))
    X[1, :2] = X[2, 0] = NAN
    X.flags.writeable = False
    return X


def steps_of(X):
    return X[~np.isnan(X).all(axis=2)]


class TestSequenceScaler:
    def test_values_by_hand(self):
        X = np.array([[[1.0, 10.0], [3.0, 10.0]], [[NAN, NAN], [5.0, 40.0]]])
        scaled = SequenceScaler().fit_transform(X)
        deviation = np.sqrt(8 / 3)  # of 1, 3 and 5
        expected = [[-2 / deviation, 0.0], [NAN, 2 / deviation]]
        assert_allclose(scaled[:, :, 0], expected, rtol=1e-14)
        # 10, 10 and 40 have the mean 20 and the standard deviation sqrt(200).
        expected = [[-(0.5**0.5), -(0.5**0.5)], [NAN, 2**0.5]]
        assert_allclose(scaled[:, :, 1], expected, rtol=1e-14)

    @pytest.mark.parametrize("choice", CHOICES, ids=str)
    def test_learns_per_feature_from_the_steps_that_are_there(self, ragged, choice):
        scaled = SequenceScaler(choice).fit_transform(ragged)
        expected = clone(CHOICES[choice]).fit_transform(steps_of(ragged))
        assert_allclose(steps_of(scaled), expected, rtol=1e-12, atol=1e-12)
        assert_array_equal(np.isnan(scaled), np.isnan(ragged))

    @pytest.mark.parametrize("choice", CHOICES, ids=str)
    def test_inverse(self, ragged, choice):
        scaler = SequenceScaler(choice).fit(ragged)
        assert_allclose(scaler.inverse_transform(scaler.transform(ragged)), ragged, rtol=1e-9)

    @pytest.mark.parametrize("choice", CHOICES, ids=str)
    def test_longer_and_shorter_sequences_than_those_of_fit(self, ragged, choice):
        scaler = SequenceScaler(choice).fit(ragged)
        whole = scaler.transform(ragged)
        assert_array_equal(scaler.transform(ragged[:, 3:]), whole[:, 3:])
        twice = np.concatenate([ragged, ragged], axis=1)
        assert_array_equal(scaler.transform(twice), np.concatenate([whole, whole], axis=1))

    @pytest.mark.parametrize("method", ["fit", "transform", "inverse_transform"])
    def test_a_step_that_is_there_in_part(self, ragged, method):
        scaler, X = SequenceScaler().fit(ragged), ragged.copy()
        X[2, 3, 1] = NAN
        with pytest.raises(ValueError, match=r"row 2, step 3: some features are NaN.*Impute"):
            getattr(scaler, method)(X)

    def test_the_columns_of_two_dimensions_are_steps_of_one_feature(self, ragged):
        X = ragged[:, :, 0]
        flat = SequenceScaler().fit(X)
        deep = SequenceScaler().fit(X[:, :, None])
        assert_array_equal(flat.transform(X), deep.transform(X[:, :, None])[:, :, 0])
        assert (flat.n_features_in_, deep.n_features_in_) == (4, 1)

    @pytest.mark.parametrize("choice", CHOICES, ids=str)
    def test_float32_stays(self, ragged, choice):
        X = ragged.astype(np.float32)
        scaler = SequenceScaler(choice).fit(X)
        scaled = scaler.transform(X)
        assert scaled.dtype == scaler.inverse_transform(scaled).dtype == np.float32

    def test_the_transformer_given_is_cloned(self, ragged):
        given = StandardScaler()
        SequenceScaler(given).fit(ragged)
        assert vars(given) == vars(StandardScaler())

    def test_the_features_must_be_those_of_fit(self, ragged):
        scaler = SequenceScaler().fit(ragged)
        with pytest.raises(ValueError, match=r"X has 1 features.*expecting 2 features"):
            scaler.transform(ragged[:, :, :1])
        with pytest.raises(ValueError, match=r"X has 2 dimensions.*expecting 3"):
            scaler.transform(ragged[:, :, 0])
        with pytest.raises(ValueError, match=r"X has 3 dimensions.*expecting 2"):
            SequenceScaler().fit(ragged[:, :, 0]).transform(ragged)
        with pytest.raises(ValueError, match=r"X has 4 dimensions.*expecting 2 or 3"):
            SequenceScaler().fit(ragged[None])

    def test_not_fitted(self, ragged):
        with pytest.raises(NotFittedError, match="is not fitted yet"):
            SequenceScaler().transform(ragged)

    def test_unknown_choice(self, ragged):
        with pytest.raises(ValueError, match="'scaler' parameter of SequenceScaler must be"):
            SequenceScaler("window").fit(ragged)

    def test_frames_out_of_frames_in(self, ragged):
        X = pd.DataFrame(ragged[:, :, 0], index=list("abc"), columns=list("pqrs"))
        scaled = SequenceScaler().set_output(transform="pandas").fit_transform(X)
        assert_array_equal(scaled.columns, X.columns)
        assert_array_equal(scaled.index, X.index)
        assert_array_equal(scaled, SequenceScaler().fit_transform(X.to_numpy()))

    def test_three_dimensions_ignore_set_output(self, ragged):
        expected = SequenceScaler().fit_transform(ragged)
        alone = SequenceScaler().set_output(transform="pandas")
        pipeline = make_pipeline(SequenceScaler()).set_output(transform="pandas")
        for scaler in (alone, pipeline, pipeline.set_output(transform="pandas")):
            assert_array_equal(scaler.fit_transform(ragged), expected)
            assert_array_equal(scaler.transform(ragged), expected)
        with sklearn.config_context(transform_output="pandas"):
            assert_array_equal(SequenceScaler().fit_transform(ragged), expected)
