"""Sequences of unequal length out of tables, lists and panels."""

import numpy as np
import pandas as pd
import pytest
from _windows import NAN, steps
from numpy.testing import assert_array_equal

from skrnn import to_sequences

# ---- to_sequences --------------------------------------------------------------------------------

# Two sequences of two features, with 2 steps and 1.
LONG = pd.DataFrame({"id": ["q", "q", "p"], "a": [1.0, 2.0, 5.0], "b": [3.0, 4.0, 6.0]})
ON_THE_LEFT = [[[1, 3], [2, 4]], [[NAN, NAN], [5, 6]]]
ON_THE_RIGHT = [[[1, 3], [2, 4]], [[5, 6], [NAN, NAN]]]


def in_levels(*levels):
    index = pd.MultiIndex.from_arrays([*levels, [0, 1, 0]])
    return LONG.drop(columns="id").set_axis(index)


SEQUENCES = {
    "list of arrays": ([np.array([[1.0, 3.0], [2.0, 4.0]]), np.array([[5.0, 6.0]])], None),
    "list of lists": ([[[1, 3], [2, 4]], [[5, 6]]], None),
    "list of frames": ([LONG[["a", "b"]][:2], LONG[["a", "b"]][2:]], None),
    "object array": (np.array([[[1, 3], [2, 4]], [[5, 6]]], dtype=object), None),
    "long frame": (LONG, "id"),
    "long frame with rows mixed": (LONG.iloc[[0, 2, 1]], "id"),
    "long frame of categories": (
        LONG.assign(id=pd.Categorical(LONG["id"], categories=["unused", "p", "q"])),
        "id",
    ),
    "long frame with a name missing": (LONG.assign(id=["q", "q", None]), "id"),
    "two levels": (in_levels(LONG["id"]), None),
    "three levels": (in_levels(["x", "x", "y"], ["q", "q", "q"]), None),
    "nested frame": (
        pd.DataFrame(
            {
                "a": [pd.Series([1.0, 2.0]), pd.Series([5.0])],
                "b": [pd.Series([3.0, 4.0]), pd.Series([6.0])],
            }
        ),
        None,
    ),
}


class TestToSequences:
    @pytest.mark.parametrize(("data", "instance"), SEQUENCES.values(), ids=SEQUENCES)
    def test_containers(self, data, instance):
        assert_array_equal(to_sequences(data, instance=instance), ON_THE_LEFT)
        assert_array_equal(to_sequences(data, instance=instance, side="right"), ON_THE_RIGHT)

    def test_sequences_of_one_feature(self):
        assert steps(to_sequences([[1, 2, 3], np.array([4.0]), pd.Series([5, 6])])) == [
            [1, 2, 3],
            [None, None, 4],
            [None, 5, 6],
        ]

    def test_the_length_of_other_sequences(self):
        train = to_sequences([[1, 2, 3], [4]])
        test = to_sequences([[5, 6]], n_timesteps=train.shape[1])
        assert steps(test) == [[None, 5, 6]]
        assert steps(to_sequences([[5, 6]], n_timesteps=3, side="right")) == [[5, 6, None]]

    def test_three_dimensions(self):
        X = np.arange(12.0).reshape(2, 3, 2)
        assert_array_equal(to_sequences(X), X)
        assert_array_equal(to_sequences(X.swapaxes(1, 2), layout="channels_first"), X)
        assert_array_equal(to_sequences(X[:, ::-1], layout="newest_first"), X)
        assert_array_equal(to_sequences(X, n_timesteps=4)[:, 1:], X)

    def test_whole_numbers_become_floats(self):
        assert to_sequences(np.ones((2, 3, 1), dtype=np.int32)).dtype == np.float64

    @pytest.mark.parametrize(
        ("data", "arguments", "message"),
        [
            ([[1, 2, 3]], {"n_timesteps": 2}, "Sequence 0 has 3 steps.*n_timesteps=2.*Raise"),
            ([[1], []], {}, "Sequence 1 has 0 steps"),
            ([], {}, "holds no sequence"),
            ([[[1, 2]], [[3]]], {}, r"Sequence 1 has shape \(1, 1\), but the first has 2 features"),
            ([np.ones((2, 2, 2))], {}, r"Sequence 0 has shape \(2, 2, 2\)"),
            ([[1]], {"side": "top"}, "side must be"),
            (np.ones((2, 3, 1)), {"layout": "time_major"}, "layout must be one of"),
            (np.ones((2, 3)), {}, "array of 2 dimensions, but must have 3"),
            (LONG, {"instance": "shop"}, "instance='shop' is not a column"),
            (LONG, {}, "without instances: set instance"),
            ([[1]], {"side": ["left"]}, "side must be"),
            ([[1]], {"layout": np.array([2, 3])}, "layout must be one of"),
            (
                [[1]],
                {"n_timesteps": 2.0},
                "n_timesteps must be a positive integer up to",
            ),
            ([1.0, 2.0], {}, r"Sequence 0 of data is 1\.0, but must be an array"),
            (pd.Series([1.0, 2.0]), {}, r"Sequence 0 of data is 1\.0.*pass \[data\]"),
            ([[1.0], None], {}, "Sequence 1 of data is None"),
            ([[1.0], ["a"]], {}, "Sequence 1, row 0: could not convert string"),
            ([[[1], [2, 3]]], {}, "Sequence 0 has rows of unequal length"),
            (None, {}, "data must hold sequences, but it is None"),
            ("text", {}, "data must hold sequences, but it is 'text'"),
            ({"a": [1.0]}, {}, "data must hold sequences"),
        ],
    )
    def test_bad_arguments(self, data, arguments, message):
        with pytest.raises(ValueError, match=message):
            to_sequences(data, **arguments)


@pytest.fixture(scope="module")
def motions():
    """Three sequences of 100 steps and 6 variables."""
    from sktime.datasets import load_basic_motions

    return load_basic_motions(split="train", return_type="numpy3D")[0][:3]


class TestPanelsOfSktime:
    MTYPES = ("pd-multiindex", "df-list", "nested_univ", "numpy3D")

    @pytest.mark.parametrize("mtype", MTYPES)
    def test_the_same_from_every_container(self, motions, mtype):
        from sktime.datatypes import convert

        panel = convert(motions, "numpy3D", mtype, "Panel")
        layout = "channels_first" if mtype == "numpy3D" else "channels_last"
        sequences = to_sequences(panel, layout=layout)
        assert sequences.shape == (3, 100, 6)
        assert_array_equal(sequences, motions.swapaxes(1, 2))

    def test_of_unequal_length(self):
        from sktime.datasets import load_japanese_vowels
        from sktime.datatypes import convert

        nested = load_japanese_vowels(split="train", return_type="nested_univ")[0][:5]
        lengths = [len(cell) for cell in nested.iloc[:, 0]]
        assert len(set(lengths)) > 1
        sequences = to_sequences(nested)
        assert sequences.shape == (5, max(lengths), 12)
        there = ~np.isnan(sequences).any(axis=2)
        assert there.sum(axis=1).tolist() == lengths
        assert there[:, -1].all()
        assert_array_equal(sequences[3, -lengths[3] :, 7], nested.iloc[3, 7])
        for mtype in ("pd-multiindex", "df-list"):
            panel = convert(nested, "nested_univ", mtype, "Panel")
            assert_array_equal(to_sequences(panel), sequences)
