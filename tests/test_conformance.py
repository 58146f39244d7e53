"""The contract with scikit-learn: its whole suite of checks, and one failure with its reason."""

import inspect

import pytest
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import parametrize_with_checks

from skrnn import (
    BiLSTMClassifier,
    BiLSTMRegressor,
    ConvLSTMClassifier,
    ConvLSTMRegressor,
    LSTMClassifier,
    LSTMRegressor,
    RecurrentClassifier,
    RecurrentRegressor,
)

REGRESSORS = [LSTMRegressor, BiLSTMRegressor, RecurrentRegressor, ConvLSTMRegressor]
CLASSIFIERS = [LSTMClassifier, BiLSTMClassifier, RecurrentClassifier, ConvLSTMClassifier]
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "mini-batches of weighted rows are not those of repeated rows; scikit-learn's MLPRegressor "
        "does not meet it either"
    )
}
# Strict: an expected failure that passes fails the test. Where scikit-learn has no such argument,
# `xfail_strict` in pyproject.toml says the same.
_arguments = inspect.signature(parametrize_with_checks).parameters
STRICT = {"xfail_strict": True} if "xfail_strict" in _arguments else {}


@parametrize_with_checks(
    [estimator() for estimator in [*REGRESSORS, *CLASSIFIERS]],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
    **STRICT,
)
def test_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("estimator", [*REGRESSORS, *CLASSIFIERS])
class TestTags:
    """The three tags that would silence checks are not used; those that invite them are."""

    def test_none_silences_a_check(self, estimator):
        tags = get_tags(estimator())
        assert not tags.non_deterministic
        assert tags.input_tags.two_d_array
        of_its_kind = tags.regressor_tags or tags.classifier_tags
        assert not of_its_kind.poor_score
        assert not tags.no_validation
        assert not tags._skip_test

    def test_what_is_accepted(self, estimator):
        tags = get_tags(estimator())
        assert tags.input_tags.three_d_array
        assert tags.input_tags.allow_nan
        assert not tags.input_tags.sparse
        assert tags.target_tags.required
        assert tags.target_tags.multi_output == (estimator in REGRESSORS)
