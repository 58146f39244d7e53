"""Targets and tags of steps that are refused."""

import copy

import numpy as np
import pytest
from _checks import Untouched
from _engine import keras_reads_variables
from _sequences_out import (
    N_STEPS,
    as_objects,
    regressor,
    tagger,
)

pytestmark = keras_reads_variables


# ---- Refusals ------------------------------------------------------------------------------------


def put(array, place, value):
    changed = np.array(array)
    changed[place] = value
    return changed


def two_targets(y):
    return np.stack([y, -y], axis=2)


# name: (parts of the message, function from the targets to other ones). In row 0 the steps from 3
# on are masked, in row 3 there is none.
BAD_NUMBERS = {
    "missing": (["row 3, step 1", "missing"], lambda y: put(y, (3, 1), np.nan)),
    "not-missing": (["row 0, step 4", "masks"], lambda y: put(y, (0, 4), 1.0)),
    "one-of-two-missing": (
        ["row 3, step 1", "missing"],
        lambda y: put(two_targets(y), (3, 1, 1), np.nan),
    ),
    "one-of-two-not-missing": (
        ["row 0, step 4", "masks"],
        lambda y: put(two_targets(y), (0, 4, 0), 1.0),
    ),
    "infinite": (["row 3, step 2", "infinity"], lambda y: put(y, (3, 2), np.inf)),
    "one-per-row": (["(48, 5)", "(48,)"], lambda y: y[:, 0]),
    "a-step-less": (["(48, 5)", "(48, 4)"], lambda y: y[:, 1:]),
    "an-axis-more": (["(48, 5)", "(48, 5, 1, 1)"], lambda y: y[:, :, None, None]),
    "ragged": (["to_sequences"], lambda y: [[1.0, 2.0], *y[1:].tolist()]),
}
BAD_TAGS = {
    "missing": (["row 3, step 1", "missing"], lambda y: put(y, (3, 1), np.nan)),
    "not-missing": (["row 0, step 4", "masks"], lambda y: put(y, (0, 4), 1.0)),
    "one-per-row": (["(48, 5)", "(48,)"], lambda y: y[:, 0]),
    "two-per-step": (["y row", "neither 0 nor 1"], lambda y: np.stack([y, y + 2], axis=2)),
    "continuous": (["continuous"], lambda y: y + 0.1 * np.arange(1, 1 + N_STEPS)),
    "one-class": (["one class only"], lambda y: 0.0 * y),
}


class TestRefusals:
    @pytest.fixture(params=["fresh", "fitted"])
    def model(self, request, fitted):
        return regressor() if request.param == "fresh" else copy.copy(fitted)

    def check(self, model, parts, method, *arguments, **kwargs):
        with Untouched(model), pytest.raises(ValueError) as caught:  # noqa: PT011
            getattr(model, method)(*arguments, **kwargs)
        assert [part for part in parts if part not in str(caught.value)] == []

    @pytest.mark.parametrize(("parts", "change"), BAD_NUMBERS.values(), ids=list(BAD_NUMBERS))
    def test_numbers(self, model, X, y, parts, change):
        self.check(model, ["y", *parts], "fit", X, change(y))

    @pytest.mark.parametrize(("parts", "change"), BAD_NUMBERS.values(), ids=list(BAD_NUMBERS))
    def test_numbers_to_validate_on(self, X, y, parts, change):
        y_fit = two_targets(y) if np.shape(change(y)[0]) == (N_STEPS, 2) else y
        self.check(regressor(), ["y_val", *parts], "fit", X, y_fit, X_val=X, y_val=change(y))

    @pytest.mark.parametrize(("parts", "change"), BAD_TAGS.values(), ids=list(BAD_TAGS))
    def test_tags(self, X, tags, there, parts, change):
        y = np.where(there, tags, np.nan)
        self.check(tagger(), parts, "fit", X, change(y))

    def test_tags_among_objects(self, X, tags, there):
        y = put(as_objects(tags, there, None), (3, 1), None)
        self.check(tagger(), ["y row 3, step 1", "missing"], "fit", X, y)

    def test_unknown_tags(self, X, tags, tagged):
        other = put(tags, (3, 1), 7)
        self.check(
            tagger(), ["y_val", "7", "none of the classes"], "fit", X, tags, X_val=X, y_val=other
        )
        later = copy.copy(tagged).set_params(warm_start=True)
        self.check(later, ["7", "none of the classes"], "fit", X, other)
        self.check(later, ["7", "none of the classes"], "partial_fit", X, other)
        first = tagger()
        with Untouched(first), pytest.raises(ValueError, match="none of the classes"):
            first.partial_fit(X, other, classes=[0, 1])

    def test_y_missing_and_of_other_length(self, model, X, y):
        self.check(model, ["requires y to be passed", "y is None"], "fit", X, None)
        self.check(model, ["inconsistent numbers of samples"], "fit", X, y[1:])

    def test_other_outputs_later(self, X, y, fitted):
        later = copy.copy(fitted).set_params(warm_start=True)
        self.check(later, ["y has 2 outputs", "1 were expected"], "fit", X, two_targets(y))
