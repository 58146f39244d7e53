"""Labels that are refused."""

import copy

import numpy as np
import pytest
from _checks import Untouched
from _classifiers import (
    equal_fits,
    make,
)
from _engine import keras_reads_variables

pytestmark = keras_reads_variables


# ---- Refusals ------------------------------------------------------------------------------------


def replaced(y, place, value, dtype=None):
    y = np.array(y, dtype=dtype or np.asarray(y).dtype)
    y[place] = value
    return y


# name: (parts of the message, function from numbers of two classes to y, further arguments)
REFUSED = {
    "one-class": (["y has one class only", "0", "two"], lambda y: 0 * y, {}),
    "one-class-str": (["y has one class only", "'a'"], lambda y: np.full(len(y), "a"), {}),
    "continuous": (["continuous"], lambda y: y + np.linspace(0.1, 0.9, len(y)), {}),
    "nan": (["y contains NaN"], lambda y: replaced(y, 5, np.nan, float), {}),
    "nan-among-objects": (
        ["Input y contains NaN", "row"],
        lambda y: replaced(np.array(["a", "b"])[y], 5, np.nan, object),
        {},
    ),
    "infinite": (["y contains infinity"], lambda y: replaced(y, 5, np.inf, float), {}),
    "two-columns": (
        ["y row", "neither 0 nor 1"],
        lambda y: np.stack([y, y + 2], axis=1),
        {},
    ),
    "missing": (["requires y to be passed", "y is None"], lambda y: None, {}),
    "rows-differ": (["inconsistent numbers of samples"], lambda y: y[1:], {}),
    "y_val-unknown": (["y_val has the label 2", "none of the classes"], lambda y: y, {"y_val": 2}),
    "y_val-nan": (["y_val contains NaN"], lambda y: y, {"y_val": np.nan}),
    "y_val-text": (["y_val has the label", "none of the classes"], lambda y: y, {"y_val": "a"}),
    "class_weight-unknown": (
        ["class_weight has [5]", "none of the classes [0 1]"],
        lambda y: y,
        {"class_weight": {0: 2.0, 5: 1.0}},
    ),
    "class_weight-negative": (
        ["class_weight of the class 1 is -1.0", "not negative"],
        lambda y: y,
        {"class_weight": {0: 2.0, 1: -1.0}},
    ),
    "class_weight-text": (
        ["class_weight of the class 0 is '2'", "finite number"],
        lambda y: y,
        {"class_weight": {0: "2", 1: 1.0}},
    ),
    "class_weight-nan": (
        ["class_weight of the class 1 is nan"],
        lambda y: y,
        {"class_weight": {1: np.nan}},
    ),
    "class_weight-infinite": (
        ["class_weight of the class 'b' is inf"],
        lambda y: np.where(y, "b", "a"),
        {"class_weight": {"b": np.inf}},
    ),
    "class_weight-zero": (
        ["class_weight is zero for all classes [0 1]", "positive weight"],
        lambda y: y,
        {"class_weight": {0: 0, 1: 0.0}},
    ),
    "class_weight-name": (["class_weight", "'balanced'"], lambda y: y, {"class_weight": "auto"}),
    "loss": (["loss='xent'", "'binary_crossentropy'"], lambda y: y, {"loss": "xent"}),
    "loss-number": (["'loss'", "callable"], lambda y: y, {"loss": 2}),
}


@pytest.fixture(params=["fresh", "fitted"])
def model(request, fitted):
    """A classifier before its first fit, and one after it."""
    return make() if request.param == "fresh" else copy.copy(fitted[2])


class TestRefusals:
    @pytest.mark.parametrize(("parts", "change", "more"), REFUSED.values(), ids=list(REFUSED))
    def test_fit(self, model, X, two, parts, change, more):
        more = dict(more)
        kwargs = {}
        if "y_val" in more:
            value = more.pop("y_val")
            kwargs = {"X_val": X, "y_val": replaced(two, 3, value, type(value))}
        model.set_params(**more)
        with Untouched(model), pytest.raises(ValueError) as caught:  # noqa: PT011
            model.fit(X, change(two), **kwargs)
        assert [part for part in parts if part not in str(caught.value)] == []

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    def test_a_label_that_comes_later(self, X, two, fitted, method):
        model = copy.copy(fitted[2]).set_params(warm_start=True)
        with Untouched(model), pytest.raises(ValueError, match=r"label.*7.*none of the classes"):
            getattr(model, method)(X, replaced(two, 9, 7))
        equal_fits(model, fitted[2], X)

    @pytest.mark.parametrize("other", [np.datetime64("2000-01-01", "s"), "a"])
    def test_labels_of_another_kind_that_come_later(self, X, two, fitted, other):
        model = copy.copy(fitted[2])
        with Untouched(model), pytest.raises(ValueError, match=r"label.*none of the classes"):
            model.partial_fit(X, np.full(len(X), other))

    @pytest.mark.parametrize(
        "columns", [np.full((2, 1), ""), np.array([[1], ["b"]], dtype=object)], ids=["", "one"]
    )
    def test_columns_of_texts(self, X, columns):
        y = np.tile(columns.T, (len(X), 1))
        model = make()
        with Untouched(model), pytest.raises(ValueError, match=r"y row 0: .* zeros and ones"):
            model.fit(X, y)

    def test_a_label_that_classes_do_not_name(self, X, two):
        model = make()
        with Untouched(model), pytest.raises(ValueError, match=r"label.*7.*none of the classes"):
            model.partial_fit(X, replaced(two, 9, 7), classes=[0, 1])

    def test_one_class_to_begin_with(self, X, two):
        model = make()
        with Untouched(model), pytest.raises(ValueError, match="one class only"):
            model.partial_fit(X, 0 * two, classes=[0])

    def test_other_classes_later(self, X, three):
        """As scikit-learn's own: the classes of later calls are those of the first, or None."""
        model = make().partial_fit(X, three, classes=[0, 1, 2]).partial_fit(X, three)
        model.partial_fit(X, three, classes=[2, 1, 0])
        match = r"in the first call they were .*Pass the same ones"
        with Untouched(model), pytest.raises(ValueError, match=match):
            model.partial_fit(X, three, classes=[0, 1, 2, 3])

    def test_balanced_weights_in_parts(self, X, two):
        model = make(class_weight="balanced")
        with Untouched(model), pytest.raises(ValueError, match=r"class_weight.*partial_fit"):
            model.partial_fit(X, two)

    @pytest.mark.parametrize("method", ["fit", "partial_fit"])
    @pytest.mark.parametrize(
        "params", [{"dropout": 2.0}, {"cell": "lstmm"}, {"batch_size": 0}], ids=str
    )
    def test_parameters_out_of_range(self, X, two, method, params):
        (name,) = params
        model = make(**params)
        with Untouched(model), pytest.raises(ValueError, match=f"'{name}' parameter"):
            getattr(model, method)(X, two)
