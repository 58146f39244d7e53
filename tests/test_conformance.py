"""The contract with scikit-learn: its whole suite of checks, and one failure with its reason."""

import inspect

import numpy as np
import pytest
from _engine import clean_engine
from sklearn.base import clone
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
    Seq2SeqRegressor,
)

OPTIMIZED = True
# Of the others four are presets: two of the first regressor, two of the first classifier.
REGRESSORS = [RecurrentRegressor, Seq2SeqRegressor, ConvLSTMRegressor]
CLASSIFIERS = [RecurrentClassifier, ConvLSTMClassifier]
PRESETS = {
    LSTMRegressor: RecurrentRegressor(cell="lstm"),
    BiLSTMRegressor: RecurrentRegressor(cell="lstm", bidirectional=True),
    LSTMClassifier: RecurrentClassifier(cell="lstm"),
    BiLSTMClassifier: RecurrentClassifier(cell="lstm", bidirectional=True),
}
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
    [kind() for kind in [*REGRESSORS, *CLASSIFIERS]],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES,
    **STRICT,
)
def test_scikit_learn(estimator, check):
    check(estimator)


@parametrize_with_checks([kind() for kind in PRESETS], legacy=False)
def test_interface_of_presets(estimator, check):
    check(estimator)


@pytest.mark.parametrize("preset", PRESETS, ids=lambda kind: kind.__name__)
class TestPresets:
    """They are the general estimators with parameters set, and have no behaviour of their own."""

    def test_trains_and_predicts_the_same_bits(self, preset):
        rng = np.random.default_rng(0)
        X = rng.normal(size=(40, 6, 2))
        X[::5, :2] = np.nan
        y = (np.nan_to_num(X).sum(axis=(1, 2)) > 0).astype(int)
        weight = rng.uniform(0.5, 2.0, 40)
        options = {"units": 3, "epochs": 3, "dropout": 0.3, "early_stopping": True}
        with clean_engine(quick=True):
            models = [
                model.set_params(**options, random_state=0).fit(X, y, sample_weight=weight)
                for model in (preset(), clone(PRESETS[preset]))
            ]
        of_preset, expected = (model.network_.weights.trainable for model in models)
        for one, other in zip(of_preset, expected, strict=True):
            np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(models[0].predict(X), models[1].predict(X))

    def test_has_the_other_parameters_with_the_same_defaults(self, preset):
        general = PRESETS[preset].get_params()
        assert preset().get_params() == {
            name: value for name, value in general.items() if name not in ("cell", "network")
        }

    def test_adds_no_methods(self, preset):
        own = {name for name, value in vars(preset).items() if inspect.isfunction(value)}
        assert own <= {"__init__"}


@pytest.mark.parametrize("estimator", [*REGRESSORS, *CLASSIFIERS, *PRESETS])
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
        assert tags.target_tags.multi_output == (tags.regressor_tags is not None)
