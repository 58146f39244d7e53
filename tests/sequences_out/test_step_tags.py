"""One tag per step."""

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _sequences_out import (
    BATCH,
    LEARNS,
    N_ROWS,
    N_STEPS,
    STANDS_STILL,
    as_objects,
    equal_fits,
    tagger,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.metrics import (
    log_loss,
)

from skrnn.compat._keras import keras

pytestmark = keras_reads_variables


# ---- Tags ----------------------------------------------------------------------------------------


def as_text(tags, there, masked):
    return np.where(there, np.array(["low", "high"])[tags], masked)


TAGS = {
    # name: (function from numbers and mask to labels, type of predictions where steps are masked)
    "int": (lambda tags, there: tags, float),
    "int-others": (lambda tags, there: np.where(there, 3 + 4 * tags, -1), float),
    "bool": (lambda tags, there: tags.astype(bool), float),
    "float-nan": (lambda tags, there: np.where(there, tags, np.nan), float),
    "str": (lambda tags, there: as_text(tags, there, "low"), object),
    "str-others": (lambda tags, there: as_text(tags, there, "<padding>"), object),
    "object-nan": (lambda tags, there: as_objects(tags, there, np.nan), object),
    "object-none": (lambda tags, there: as_objects(tags, there, None), object),
    "int-objects-nan": (lambda tags, there: np.where(there, tags.astype(object), np.nan), float),
    "bool-objects-nan": (
        lambda tags, there: np.where(there, tags.astype(bool).astype(object), np.nan),
        float,
    ),
    "frame": (lambda tags, there: pd.DataFrame(as_objects(tags, there, None)), object),
    "list": (lambda tags, there: tags.tolist(), float),
    "column": (lambda tags, there: tags[:, :, None], float),
}


class TestTags:
    def test_of_several_types(self, X, there):
        tags = np.where(there, 1, np.nan).astype(object)
        tags[0, np.argmax(there[0])] = "a"
        with pytest.raises(ValueError, match="mixes strings"):
            tagger().fit(X, tags)

    @pytest.mark.parametrize(("convert", "kind"), TAGS.values(), ids=list(TAGS))
    def test_of_any_type(self, X, tags, there, tagged, convert, kind):
        y = convert(tags, there)
        labels = np.asarray(y).reshape(there.shape)
        model = tagger().fit(X, y)
        assert set(model.classes_) == set(labels[there])
        predictions = model.predict(X)
        assert predictions.dtype == kind
        assert_array_equal(pd.isna(predictions), ~there)
        assert set(predictions[there]) <= set(model.classes_)
        right = predictions[there] == labels[there]
        assert model.score(X, y) == pytest.approx(right.mean())
        # "high" comes before "low": the numbers of the classes are the other way round.
        expected = tagger().fit(X, 1 - tags) if "low" in model.classes_ else tagged
        equal_fits(model, expected, X, "predict_proba")

    def test_nothing_masked(self, full, tags, tagged):
        labels = np.array(["high", "low"])[tags]
        model = tagger().fit(full, labels)
        assert model.predict(full).dtype == labels.dtype
        assert tagged.predict(full).dtype == tags.dtype

    @pytest.mark.parametrize("n_classes", [2, 3])
    def test_probabilities(self, X, y, there, n_classes):
        tags = np.digitize(np.nan_to_num(y), [200.0, 210.0][: n_classes - 1])
        model = tagger().fit(X, tags)
        probabilities = model.predict_proba(X)
        assert probabilities.shape == (N_ROWS, N_STEPS, n_classes)
        assert np.isnan(probabilities[~there]).all()
        assert_allclose(probabilities[there].sum(axis=1), 1.0, rtol=1e-12)
        most_likely = model.classes_[probabilities[there].argmax(axis=1)]
        assert_array_equal(model.predict(X)[there], most_likely)

    def test_labels_at_masked_steps_never_matter(self, X, tags, there, tagged):
        other = np.where(there, tags, 77)
        assert (other != tags).any()
        model = tagger().fit(X, other, X_val=X, y_val=other)
        equal_fits(model, tagged, X, "predict_proba")
        assert model.classes_.tolist() == [0, 1]
        assert model.score(X, other) == tagged.score(X, tags)
        rows = slice(0, BATCH)
        model = tagger().fit(X, tags, X_val=X[rows], y_val=other[rows])
        expected = log_loss(tags[rows][there[rows]], model.predict_proba(X)[rows][there[rows]])
        assert model.history_["val_loss"][-1] == pytest.approx(expected, rel=1e-5)

    def test_they_can_be_learned(self, X, tags):
        assert tagger(**LEARNS).fit(X, tags).score(X, tags) > 0.85

    @pytest.mark.parametrize("weight", [{1: 5.0}, {0: 0.1, 1: 2.0}, "balanced"], ids=str)
    def test_weights_of_classes_are_those_of_steps(self, X, tags, there, weight):
        rows = slice(0, BATCH)
        # The tags of masked steps, were they counted, would change what is balanced.
        y = np.where(there, tags, 0)[rows]
        counted = y[there[rows]]
        model = tagger(class_weight=weight, **STANDS_STILL).fit(X[rows], y)
        if weight == "balanced":
            weight = {k: len(counted) / (2 * np.sum(counted == k)) for k in (0, 1)}
        of_steps = np.where(counted, weight.get(1, 1.0), weight.get(0, 1.0))
        probabilities = model.predict_proba(X[rows])[there[rows]]
        expected = log_loss(counted, probabilities, sample_weight=of_steps)
        assert model.history_["loss"][0] == pytest.approx(expected, rel=1e-5)

    def test_losses_of_keras_see_the_steps_there_are(self, X, tags, there):
        """Whatever stands for a missing target: to a broken power most values are no targets."""
        rows = slice(0, BATCH)
        loss = keras.losses.BinaryFocalCrossentropy(gamma=1.5)
        model = tagger(loss=loss)
        start = clone(model).set_params(**STANDS_STILL).fit(X[rows], tags[rows])
        second = start.predict_proba(X[rows])[there[rows]][:, 1:].astype(np.float32)
        truth = tags[rows][there[rows]][:, None].astype(np.float32)
        expected = np.mean(np.asarray(loss.call(truth, second)))
        assert start.history_["loss"][0] == pytest.approx(float(expected), rel=1e-4)
        model.set_params(**LEARNS).fit(X, tags)
        assert model.history_["loss"][-1] < model.history_["loss"][0]

    def test_early_stopping_holds_out_the_last_rows(self, X, tags):
        stops = {"early_stopping": True, "epochs": 5}
        tail = tagger(validation_fraction=0.25, **stops).fit(X, tags)
        named = tagger(**stops).fit(X[:36], tags[:36], X_val=X[36:], y_val=tags[36:])
        assert tail.history_["val_loss"] == named.history_["val_loss"]
        equal_fits(tail, named, X, "predict_proba")
