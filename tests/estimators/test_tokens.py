"""Sequences of tokens: embeddings of what is known, and refusals of what is not."""

import pickle

import numpy as np
import pandas as pd
import pytest
from _engine import keras_reads_variables
from _estimators import (
    LEARNS,
    check_refusal,
    classifier,
    reader,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from skrnn import (
    compile_cache_info,
)

pytestmark = keras_reads_variables


class TestTokens:
    def test_are_learned(self, read, tokens, count):
        assert read.score(tokens, count) > 0.9

    def test_as_integers_or_with_an_axis_of_one_feature(self, tokens, count):
        whole = np.nan_to_num(tokens, nan=5.0)
        expected = reader().fit(whole, count).predict(whole)
        for other in (whole.astype(int), whole[:, :, None], whole.astype(np.float32)):
            assert_array_equal(reader().fit(other, count).predict(other), expected)

    @pytest.mark.parametrize(
        "numbers", [[5, 4, 3, 2, 1, 0], [70, -3, 2**40, 0, 12, 11]], ids=["reversed", "far"]
    )
    def test_their_numbers_do_not_matter(self, tokens, count, numbers):
        missing = np.isnan(tokens)
        other = np.array(numbers, float)[np.where(missing, 0, tokens).astype(int)]
        other[missing] = np.nan
        model = reader(**LEARNS).fit(other, count)
        assert model.score(other, count) > 0.9

    def test_unknown_ones_are_all_alike(self, read, tokens):
        other = []
        for number in (99.0, -7.0, 6.0):
            changed = tokens.copy()
            changed[tokens == 2] = number
            other.append(read.predict(changed))
        assert_array_equal(other[0], other[1])
        assert_array_equal(other[0], other[2])
        assert abs(other[0] - read.predict(tokens)).max() > 1e-3

    def test_unknown_ones_stay_a_vector_of_zeros(self, tokens, count):
        model = reader().fit(tokens, count)
        table = model.network_.weights.trainable[0]
        assert table.shape == (8, 2)
        changed = np.where(tokens == 2, 99.0, tokens)
        model.partial_fit(changed, count)
        assert_array_equal(model.network_.weights.trainable[0][0], table[0])

    def test_padding_may_stand_at_either_end(self, read, tokens):
        short = tokens[::3]
        left = np.hstack([short[:, 3:], short[:, :3]])
        assert_allclose(read.predict(left), read.predict(short), rtol=1e-6)

    def test_fewer_tokens_in_a_fold_trace_nothing_new(self, read, tokens, count):
        before = compile_cache_info().training_traces
        for largest in (5, 4, 3):
            reader(epochs=1).fit(np.fmin(tokens, largest) + 0 * tokens, count)
        assert compile_cache_info().training_traces == before

    def test_copies(self, read, tokens, count):
        for again in (pickle.loads(pickle.dumps(read)), clone(read).fit(tokens, count)):
            assert_array_equal(again.predict(tokens), read.predict(tokens))

    def test_tagging(self, tokens):
        there = ~np.isnan(tokens)
        tags = np.where(np.nan_to_num(tokens) > 2, "large", "small").astype(object)
        tags[~there] = np.nan
        model = classifier(embedding_dim=2, return_sequences=True, **LEARNS).fit(tokens, tags)
        assert model.score(tokens, tags) > 0.95
        assert_array_equal(pd.isna(model.predict(tokens)), ~there)

    @pytest.mark.parametrize(
        ("change", "match"),
        [
            (lambda X: np.stack([X, X], axis=2), "one token per step.*2 features"),
            (lambda X: X + 0.5, r"integer tokens.*0\.5"),
            (lambda X: np.full(X.shape, "word"), "convert string to float"),
            (lambda X: np.where(X == 3, np.inf, X), "infinity"),
        ],
        ids=["features", "fractions", "words", "infinite"],
    )
    def test_refusals(self, tokens, count, change, match):
        check_refusal(reader(), ValueError, match, "fit", change(tokens), count)

    @pytest.mark.parametrize(
        ("kind", "first"),
        [(np.int64, 2**60), (np.int64, -(2**53) - 1), (np.uint64, 2**63), (float, 2**53)],
        ids=str,
    )
    def test_that_floats_cannot_tell_apart(self, tokens, count, kind, first):
        large = np.nan_to_num(tokens, nan=5.0).astype(kind)
        large[3, 1] = first
        match = "row 3, step 1.*Number the tokens anew"
        check_refusal(reader(), ValueError, match, "fit", large, count)

    def test_that_single_precision_cannot_tell_apart(self, tokens, count):
        whole = np.nan_to_num(tokens, nan=5.0).astype(np.float32)
        reader().fit(whole + 2**23, count)
        check_refusal(reader(), ValueError, "row 0.*float32", "fit", whole + 2**24, count)

    def test_no_target_relative_to_tokens(self, tokens, count):
        model = reader(target_scaler="window")
        check_refusal(model, ValueError, "window.*embedding_dim", "fit", tokens, count)
