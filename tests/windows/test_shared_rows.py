"""Windows that share their rows in memory: how they are found, and scalers that learn from them."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from skrnn import SequenceScaler, SlidingWindowTransformer
from skrnn.inputs._mask import find_mask, is_there
from skrnn.inputs._overlap import (
    Overlap,
    SomeWindows,
    each_once,
    find_overlap,
    over_steps,
    over_windows,
    steps_and_counts,
)
from skrnn.scaling._tokens import TokenNumbers
from skrnn.scaling._windows import make_input_scaler, make_target_scaler

RNG = np.random.default_rng(0)
ROWS = 20.0 + RNG.normal(size=(90, 3)).cumsum(axis=0)
SCALERS = [None, "standard", "minmax", "robust", "power", "window", "level", "log"]
# These come out the same to the last bit; the others are sums in another order.
EXACT = {None, "minmax", "robust", "power"}


def windows_of(rows, window=6, **how):
    return SlidingWindowTransformer(window, **how).fit_transform(rows)


VIEWS = {
    "plain": windows_of(ROWS),
    "edge": windows_of(ROWS, padding="edge"),
    "dilated": windows_of(ROWS, sampling_rate=5),
    "slice": windows_of(ROWS)[7:71],
    "every other": windows_of(ROWS)[::2],
    "few windows": windows_of(ROWS, 30)[40:44],
    "float32": windows_of(ROWS.astype(np.float32)),
    "two features": windows_of(ROWS[:, :2]),
    "one feature": windows_of(ROWS[:, :1]),
    "two axes": sliding_window_view(ROWS[:, 0], 6),
    "frames": sliding_window_view(RNG.normal(size=(40, 2, 3, 1)), 5, axis=0).transpose(
        0, 4, 1, 2, 3
    ),
}
NO_VIEWS = {
    "copy": np.ascontiguousarray(VIEWS["plain"]),
    "one window": VIEWS["plain"][:1],
    "one step": windows_of(ROWS, 1),
    "rows in no window": windows_of(ROWS, 3, sampling_rate=10)[20:30],
    "side by side": ROWS.reshape(30, 3, 3),
    "apart": VIEWS["plain"][::7],
    "time first": np.asfortranarray(ROWS).reshape(30, 3, 3, order="F"),
    "the same row": np.broadcast_to(ROWS[0], (4, 6, 3)),
    "newest first": VIEWS["plain"][:, ::-1],
    "empty": np.zeros((0, 6, 3)),
}


@pytest.fixture(params=VIEWS)
def view(request):
    return VIEWS[request.param]


class TestOverlap:
    def test_windows_lie_over_rows(self, view):
        overlap = find_overlap(view)
        rows = overlap.rows(view)
        assert rows.size < view.size
        assert np.shares_memory(rows, view)
        np.testing.assert_array_equal(overlap.windows(rows), view)
        np.testing.assert_array_equal(overlap.windows(rows.copy()), view)

    @pytest.mark.parametrize("name", NO_VIEWS)
    def test_others_do_not(self, name):
        assert find_overlap(NO_VIEWS[name]) is None

    @pytest.mark.parametrize(("hop", "rate"), [(1, 1), (1, 3), (2, 1), (5, 1)])
    def test_counts(self, hop, rate):
        overlap = Overlap(n_windows=9, n_steps=5, hop=hop, rate=rate)
        numbers = np.arange(overlap.n_rows)
        for chosen in (np.arange(9), np.array([0, 3, 4, 8]), np.array([5])):
            expected = np.bincount(
                overlap.windows(numbers)[chosen].ravel(), minlength=overlap.n_rows
            )
            np.testing.assert_array_equal(overlap.counts(chosen), expected)
        assert overlap.counts(np.arange(9)).all()

    def test_the_transformer_returns_a_view_that_cannot_be_written_to(self):
        windows = windows_of(ROWS)
        assert find_overlap(windows) == Overlap(90, 6, 1, 1)
        with pytest.raises(ValueError, match="read-only"):
            windows[0, 0, 0] = 1.0

    def test_rows_that_follow_one_another_in_several_series_are_copied(self):
        group = np.repeat([0.0, 1.0], 45)[:, None]
        windows = windows_of(np.hstack([ROWS, group]), group=3)
        assert find_overlap(windows) is None


class TestFunctions:
    def test_of_steps(self, view):
        double = over_steps(lambda steps: 2 * steps, view)
        np.testing.assert_array_equal(double, 2 * view)
        assert find_overlap(double) == find_overlap(view)
        assert not double.flags.writeable

    def test_of_two_arrays(self):
        windows, mask = VIEWS["plain"], is_there(VIEWS["plain"])

        def fill(steps, there):
            return np.where(there[..., None], steps, 0.0)

        for there in (mask, mask.copy()):  # where one does not share rows, neither does the result
            np.testing.assert_array_equal(over_steps(fill, windows, there), fill(windows, mask))

    def test_of_whole_windows(self, view, monkeypatch):
        monkeypatch.setattr("skrnn.inputs._overlap._NUMBERS_AT_ONCE", 100)

        def first_and_sum(windows):
            assert not np.shares_memory(windows, view)
            return windows[:, 0], windows.sum(axis=1)

        found = over_windows(first_and_sum, view)
        for result, expected in zip(found, first_and_sum(view.copy()), strict=True):
            np.testing.assert_array_equal(result, expected)

    def test_some_windows(self):
        numbers = np.array([80, 3, 4, 50])
        some = SomeWindows(VIEWS["plain"], numbers)
        np.testing.assert_array_equal(np.asarray(some), VIEWS["plain"][numbers])
        np.testing.assert_array_equal(some[1:3], VIEWS["plain"][3:5])
        steps, counts = steps_and_counts(some)
        every = np.repeat(steps, counts, axis=0)
        expected = np.asarray(some).reshape(-1, 3)
        np.testing.assert_array_equal(np.sort(every, axis=0), np.sort(expected, axis=0))

    def test_masks(self, view):
        if view.ndim == 2:
            view = view[:, :, None]
        mask = find_mask(view)
        np.testing.assert_array_equal(mask, find_mask(view.copy()))
        np.testing.assert_array_equal(mask, is_there(view))
        assert each_once(mask).size < mask.size


class TestScalers:
    @pytest.mark.parametrize("name", ["plain", "edge", "dilated", "slice", "every other"])
    @pytest.mark.parametrize("choice", SCALERS, ids=str)
    @pytest.mark.parametrize("chosen", [None, np.array([2, 3, 9, 20, 28])], ids=["all", "some"])
    def test_of_inputs(self, name, choice, chosen):
        view = VIEWS[name]
        windows = view if chosen is None else SomeWindows(view, chosen)
        shared, copied = (
            vars(make_input_scaler(choice).fit(given)) for given in (windows, np.array(windows))
        )
        assert list(shared) == list(copied)
        for key in [key for key in shared if key.endswith("_")]:
            if choice in EXACT:
                np.testing.assert_array_equal(shared[key], copied[key])
            np.testing.assert_allclose(shared[key], copied[key], rtol=1e-12)

    @pytest.mark.parametrize("choice", ["standard", "robust"])
    def test_a_constant_column_has_the_scale_one(self, choice):
        rows = np.column_stack([ROWS[:, 0], np.full(90, 0.1)])
        scaler = make_input_scaler(choice).fit(windows_of(rows))
        assert scaler.scale_[0] != 1.0
        assert scaler.scale_[1] == 1.0

    @pytest.mark.parametrize("name", ["plain", "dilated", "slice"])
    @pytest.mark.parametrize("choice", ["window", "level", "log"])
    @pytest.mark.parametrize("lag", [None, 2])
    def test_of_targets(self, name, choice, lag, monkeypatch):
        monkeypatch.setattr("skrnn.inputs._overlap._NUMBERS_AT_ONCE", 100)
        view = VIEWS[name]
        targets = np.stack([view[:, -1, 1]] * 3, axis=1) * 1.1
        scaler = make_target_scaler(choice, 1, lag).fit(targets, view)
        other = make_target_scaler(choice, 1, lag).fit(targets, view.copy())
        for key in ("smallest_", "typical_"):
            expected = getattr(other.levels_, key)
            np.testing.assert_allclose(getattr(scaler.levels_, key), expected, rtol=1e-12)
        scaled = scaler.transform(targets, view)
        np.testing.assert_array_equal(scaled, scaler.transform(targets, view.copy()))
        restored = scaler.inverse_transform(scaled, view)
        np.testing.assert_array_equal(restored, scaler.inverse_transform(scaled, view.copy()))

    def test_of_targets_after_a_flat_feature(self):
        rows, targets = np.full((90, 1), 0.1), np.full((90, 1), 0.1)
        for windows in (windows_of(rows), windows_of(rows).copy()):
            scaler = make_target_scaler("level", 0, None).fit(targets, windows)
            np.testing.assert_allclose(scaler.transform(targets, windows), 0.0, atol=1e-6)

    def test_tokens(self):
        view = windows_of(RNG.integers(0, 9, size=(60, 1)).astype(float))
        shared, copied = (TokenNumbers().fit(given) for given in (view, view.copy()))
        np.testing.assert_array_equal(shared.tokens_, copied.tokens_)

    def test_tokens_of_some_windows(self):
        view = windows_of(np.arange(60.0)[:, None])
        scaler = TokenNumbers().fit(SomeWindows(view, np.array([9, 30])))
        np.testing.assert_array_equal(scaler.tokens_, [*range(4, 10), *range(25, 31)])

    def test_a_scaler_of_sequences_passes_the_view_on(self):
        view = VIEWS["plain"]
        shared, copied = (SequenceScaler().fit_transform(given) for given in (view, view.copy()))
        np.testing.assert_allclose(shared, copied, rtol=1e-12, atol=1e-12)
        assert find_overlap(shared) == find_overlap(view)
