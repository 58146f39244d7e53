"""Windows that are cut out of one flat store of many series, against a loop over every series.

What a window holds depends on its own series before its position alone: checked by changing all
other values, and the check itself by a reader that looks one step too far.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from skrnn.engines._series_windows import SeriesWindows, WindowReader, pad_store, padded_size
from skrnn.forecasting._panel import Panel
from skrnn.forecasting._store import SeriesScale, Store, training_offsets
from skrnn.networks._spec import EncoderDecoderSpec

# The store and the batch have one size, so that little is compiled.
N_ROWS, N_WINDOWS = 160, 96
SMALLEST_SCALE = 0.02


def reader_of(window: int, horizon: int, season: int, **kwargs: Any) -> WindowReader:
    relative = {"relative_to_level": True, "relative_to_scale": True}
    how = {**relative, "indicators": False, **kwargs}
    return WindowReader(window=window, horizon=horizon, season=season, **how)


UNCHANGED = {"relative_to_level": False, "relative_to_scale": False}
READERS = [
    reader_of(1, 1, 1),
    reader_of(4, 2, 1, indicators=True),
    reader_of(5, 3, 2),
    reader_of(5, 7, 3, indicators=True),
    reader_of(3, 2, 0, **UNCHANGED, indicators=True),
    reader_of(6, 1, 0),
    reader_of(5, 2, 0, relative_to_scale=False, indicators=True),
    reader_of(4, 4, 4, **UNCHANGED),
]


@dataclass(frozen=True)
class Example:
    """Series, how windows are cut out of them, and which."""

    reader: WindowReader
    panel: Panel
    scale: SeriesScale
    joint: bool
    low: np.ndarray
    high: np.ndarray
    exogenous: np.ndarray | None
    n_past: int = 0

    @property
    def spec(self) -> EncoderDecoderSpec:
        n_variables = self.panel.values.shape[1]
        n_targets = n_variables if self.joint else 1
        n_read = 0 if self.exogenous is None else self.exogenous.shape[1]
        return EncoderDecoderSpec(
            cell="simple",
            units=(1,),
            bidirectional=(False,),
            n_timesteps=self.reader.window,
            n_features=n_targets * (1 + self.reader.indicators) + n_read,
            horizon=self.reader.horizon,
            n_targets=n_targets,
            n_known=n_read - self.n_past,
        )

    @property
    def store(self) -> Store:
        return Store(self.panel, self.scale, self.reader.horizon, self.joint)

    def windows(self) -> SeriesWindows:
        return self.store.windows(self.reader, self.exogenous, (self.low, self.high))

    def series(self) -> Iterator[tuple[int, np.ndarray, np.ndarray | None]]:
        """Yield for each series of the store its instance, values of the store, and columns."""
        for columns in self.variables():
            for number, rows in enumerate(self.panel.rows()):
                values = self.panel.values[rows] - self.scale.center[number]
                values = (values / self.scale.unit[number])[:, columns].astype(np.float32)
                beside = None
                if self.exogenous is not None:
                    extra = self.reader.horizon
                    first = rows.start + number * extra
                    beside = self.exogenous[first : rows.stop + (number + 1) * extra]
                yield number, values.astype(np.float64), beside

    def variables(self) -> list[list[int]]:
        n_variables = self.panel.values.shape[1]
        return [[*range(n_variables)]] if self.joint else [[n] for n in range(n_variables)]


def make_panel(lengths: Any, values: np.ndarray) -> Panel:
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(int)
    time = np.zeros(len(lengths), int)
    columns = pd.RangeIndex(values.shape[1])
    return Panel(pd.RangeIndex(len(lengths)), ["", ""], None, start, time, columns, values)


def make_example(
    reader: WindowReader,
    lengths: list[int],
    *,
    n_variables: int = 1,
    joint: bool = False,
    n_known: int = 0,
    n_past: int = 0,
    missing: float = 0.0,
    seed: int = 0,
) -> Example:
    rng = np.random.default_rng(seed)
    shape = sum(lengths), n_variables
    values = rng.normal(5.0, 3.0, shape)
    values[rng.random(shape) < missing] = np.nan
    center = rng.normal(5.0, 1.0, (len(lengths), n_variables))
    units = SeriesScale(center, rng.uniform(0.5, 3.0, center.shape))
    low = rng.integers(1, np.array(lengths) + 1)
    high = rng.integers(low - 1, np.array(lengths) + 1)
    n_extra = reader.horizon * len(lengths)
    n_read = n_known + n_past
    exogenous = rng.normal(size=(len(values) + n_extra, n_read)) if n_read else None
    return Example(reader, make_panel(lengths, values), units, joint, low, high, exogenous, n_past)


@st.composite
def examples(draw: Any) -> Example:
    n_variables = draw(st.sampled_from([1, 2]))
    return make_example(
        draw(st.sampled_from(READERS)),
        draw(st.lists(st.integers(1, 12), min_size=1, max_size=4)),
        n_variables=n_variables,
        joint=n_variables == 2 and draw(st.booleans()),
        n_known=draw(st.sampled_from([0, 2])),
        n_past=draw(st.sampled_from([0, 1])),
        missing=draw(st.sampled_from([0.0, 0.3, 0.8])),
        seed=draw(st.integers(0, 10_000)),
    )


@cache
def compiled(reader: WindowReader, spec: EncoderDecoderSpec) -> Any:
    def read(store: Any, batch: Any) -> Any:
        sample = reader.read(spec, store, batch, jnp)
        return {**sample.inputs, "targets": sample.targets}

    def restore(store: Any, batch: Any, outputs: Any) -> Any:
        return reader.restore(spec, store, batch, outputs, jnp)

    return jax.jit(read), jax.jit(restore)


def to_one_size(example: Example) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], int]:
    """Return store and batch, filled up with what no window may look at."""
    windows = example.windows()
    n = len(windows)
    store = {}
    for name, array in windows.store.items():
        store[name] = np.full((N_ROWS, array.shape[1]), np.float32(1e6))
        store[name][: len(array)] = array
    batch = windows.take(np.resize(np.arange(n), N_WINDOWS))
    batch.pop("weight")
    return store, batch, n


def read(example: Example, reader: WindowReader | None = None) -> dict[str, np.ndarray]:
    store, batch, n = to_one_size(example)
    arrays = compiled(reader or example.reader, example.spec)[0](store, batch)
    return {name: np.asarray(array)[:n] for name, array in arrays.items()}


def restore(example: Example, outputs: np.ndarray) -> np.ndarray:
    store, batch, n = to_one_size(example)
    rows = np.resize(np.arange(n), N_WINDOWS)
    return np.asarray(compiled(example.reader, example.spec)[1](store, batch, outputs[rows]))[:n]


# ---- A loop over every series --------------------------------------------------------------------


def loop(example: Example) -> dict[str, np.ndarray]:
    """Return inputs and targets of all windows, one after the other."""
    found: dict[str, list[Any]] = {}
    for number, values, beside in example.series():
        for position in range(example.low[number], example.high[number] + 1):
            window = one_window(example.reader, values, beside, position)
            if beside is not None:
                window["known"] = window["known"][:, : example.spec.n_known]
            for name, array in window.items():
                if not array.size:
                    continue
                found.setdefault(name, []).append(array)
    return {name: np.array(arrays) for name, arrays in found.items()}


def one_window(
    reader: WindowReader, values: np.ndarray, beside: np.ndarray | None, position: int
) -> dict[str, Any]:
    n_targets = values.shape[1]
    before = np.full((reader.window, n_targets), np.nan)
    inside = values[max(position - reader.window, 0) : position]
    before[reader.window - len(inside) :] = inside
    level, scale = np.zeros(n_targets), np.ones(n_targets)
    for n in range(n_targets):
        known = before[~np.isnan(before[:, n]), n]
        if reader.relative_to_level:
            level[n] = known.mean() if len(known) else 0.0
        if reader.relative_to_scale:
            scale[n] = max(known.std() if len(known) else 0.0, SMALLEST_SCALE)
    targets = np.full((reader.horizon, n_targets), np.nan)
    for step, value in enumerate(values[position : position + reader.horizon]):
        season = (
            before[reader.window - reader.season + step % reader.season]
            if (reader.season)
            else np.full(n_targets, np.nan)
        )
        targets[step] = (value - np.where(np.isnan(season), level, season)) / scale
    parts = [np.nan_to_num((before - level) / scale)]
    if reader.indicators:
        parts.append(~np.isnan(before))
    window = {"mask": ~np.isnan(before).all(axis=1), "targets": targets.ravel()}
    if beside is not None:
        past = np.zeros((reader.window, beside.shape[1]))
        past[reader.window - len(inside) :] = beside[max(position - reader.window, 0) : position]
        parts.append(past)
        window["known"] = beside[position : position + reader.horizon]
    return {**window, "sequence": np.concatenate(parts, axis=1)}


@settings(max_examples=150, deadline=None)
@given(examples())
def test_windows_are_those_of_a_loop(example: Example) -> None:
    """The steps before the start of a series are masked, and hold nothing at all."""
    assume(len(example.windows()))
    actual, expected = read(example), loop(example)
    assert set(actual) == set(expected)
    for name, array in expected.items():
        np.testing.assert_allclose(actual[name], array, rtol=1e-4, atol=1e-4, err_msg=name)


@settings(max_examples=60, deadline=None)
@given(examples())
def test_targets_are_restored_to_the_units_of_the_series(example: Example) -> None:
    """As a network that hits every target would forecast them."""
    assume(len(example.windows()))
    outputs = restore(example, read(example)["targets"])
    horizon, offsets = example.reader.horizon, (example.low, example.high)
    steps = example.store.restore(outputs[:, :, None].astype(np.float64), horizon, offsets)
    window = 0
    for number, rows in enumerate(example.panel.rows()):
        values = example.panel.values[rows]
        for position in range(example.low[number], example.high[number] + 1):
            later = np.full((horizon, values.shape[1]), np.nan)
            inside = values[position : position + horizon]
            later[: len(inside)] = inside
            np.testing.assert_allclose(steps[window, :, :, 0], later, rtol=1e-4, atol=1e-4)
            window += 1
    assert window == len(steps)


def test_quantiles_are_restored_with_their_level_and_scale() -> None:
    reader = reader_of(3, 2, 1)
    example = make_example(reader, [6], n_variables=2, joint=True)
    windows = example.windows()
    spec = EncoderDecoderSpec(**{**vars(example.spec), "n_quantiles": 3, "head": "quantiles"})
    outputs = np.zeros((len(windows), 4, 3), np.float32) + np.array([-1.0, 0.0, 2.0], np.float32)
    store = {name: jnp.asarray(array) for name, array in windows.store.items()}
    batch = windows.take(np.arange(len(windows)))
    steps = np.asarray(reader.restore(spec, store, batch, outputs, jnp))
    assert steps.shape == outputs.shape
    (_, values, _), *_ = example.series()
    for row, position in enumerate(range(example.low[0], example.high[0] + 1)):
        past = values[max(position - 3, 0) : position]
        last, scale = past[-1], np.maximum(past.std(axis=0), SMALLEST_SCALE)
        middle = np.tile(last, 2)
        np.testing.assert_allclose(steps[row, :, 1], middle, rtol=1e-4)
        np.testing.assert_allclose(steps[row, :, 2], middle + 2 * np.tile(scale, 2), rtol=1e-4)


@settings(max_examples=40, deadline=None)
@given(examples())
def test_a_longer_horizon_adds_nothing(example: Example) -> None:
    """Its further steps have no targets, and nothing is known of them."""
    windows = example.windows()
    assume(len(windows))
    horizon, batch = example.reader.horizon, windows.take(np.arange(len(windows)))
    longer = dataclasses.replace(example.spec, horizon=horizon + 3)
    own, padded = (
        rows.reader.read(spec, rows.store, batch, np)
        for spec, rows in ((example.spec, windows), (longer, windows.with_horizon(longer)))
    )
    n_asked_for = own.targets.shape[1]
    np.testing.assert_array_equal(padded.targets[:, :n_asked_for], own.targets)
    assert np.isnan(padded.targets[:, n_asked_for:]).all()
    np.testing.assert_allclose(padded.weight, own.weight * (horizon + 3) / horizon)
    for name, array in own.inputs.items():
        np.testing.assert_array_equal(padded.inputs[name][:, : array.shape[1]], array)
        assert not padded.inputs[name][:, array.shape[1] :].any()


# ---- Leaks ---------------------------------------------------------------------------------------


def changed(example: Example, values: np.ndarray, exogenous: Any = None) -> Example:
    panel = make_panel(example.panel.lengths, values)
    beside = example.exogenous if exogenous is None else exogenous
    parts = {**vars(example), "panel": panel, "exogenous": beside}
    return Example(**parts)


def check_no_later_value_is_read(example: Example, reader: WindowReader | None = None) -> None:
    """For one window of each series: change its values at the position and after it.

    And the columns that are known up to there alone, which come last.
    """
    at = example.low
    example = Example(**{**vars(example), "high": at})
    values, exogenous = example.panel.values.copy(), copy.copy(example.exogenous)
    for number, (rows, position) in enumerate(zip(example.panel.rows(), at, strict=True)):
        values[rows][position:] = 1e3
        if exogenous is not None:
            first, stop = rows.start, rows.stop + example.reader.horizon
            own = exogenous[first + number * example.reader.horizon :][: stop - first]
            own[position:, example.spec.n_known :] = 1e3
    later = changed(example, values, exogenous)
    before, after = read(example, reader), read(later, reader)
    for name in before.keys() - {"targets"}:
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)


def check_no_neighbour_is_read(example: Example, reader: WindowReader | None = None) -> None:
    """For each instance: change the values and the columns of all others."""
    for number, rows in enumerate(example.panel.rows()):
        others = example.panel.values + 1e3
        others[rows] = example.panel.values[rows]
        exogenous = example.exogenous
        if exogenous is not None:
            extra = example.reader.horizon
            own = slice(rows.start + number * extra, rows.stop + (number + 1) * extra)
            exogenous = exogenous + 1e3
            exogenous[own] = example.exogenous[own]
        count = np.maximum(example.high - example.low + 1, 0)
        of = np.tile(np.repeat(np.arange(len(count)), count), len(example.variables()))
        before = read(example, reader)
        after = read(changed(example, others, exogenous), reader)
        for name in before:
            np.testing.assert_array_equal(
                after[name][of == number], before[name][of == number], err_msg=name
            )


@settings(max_examples=60, deadline=None)
@given(examples())
def test_no_window_sees_a_later_value(example: Example) -> None:
    check_no_later_value_is_read(example)


@settings(max_examples=40, deadline=None)
@given(examples())
def test_no_window_reads_a_neighbouring_series(example: Example) -> None:
    """Neither values nor exogenous columns, before its start or after its end."""
    assume(len(example.windows()))
    check_no_neighbour_is_read(example)


class OneStepTooFar(WindowReader):
    """A reader whose level and scale know the first target."""

    def _window(self, store: Any, batch: Any, xp: Any) -> Any:
        window = super()._window(store, batch, xp)
        later = super()._window(store, {**batch, "position": batch["position"] + 1}, xp)
        return window._replace(level=later.level, scale=later.scale)


class AllAhead(WindowReader):
    """A reader that knows all columns ahead."""

    def read(self, spec: Any, store: Any, batch: Any, xp: Any) -> Any:
        n_read = store["exogenous"].shape[1]
        return super().read(replace(spec, n_known=n_read), store, batch, xp)


class AnyStart(WindowReader):
    """A reader that does not stop at the start of a series."""

    def _window(self, store: Any, batch: Any, xp: Any) -> Any:
        return super()._window(store, {**batch, "first": 0 * batch["first"]}, xp)


def test_the_checks_find_a_leak() -> None:
    """Both fail where there is something to find; both pass with the reader as it is."""
    reader = reader_of(4, 2, 1)
    example = make_example(reader, [8, 3, 9], n_variables=2, seed=1)
    example = Example(**{**vars(example), "low": np.array([5, 1, 1]), "high": np.array([6, 2, 4])})
    check_no_later_value_is_read(example)
    check_no_neighbour_is_read(example)
    with pytest.raises(AssertionError, match="Arrays are not equal"):
        check_no_later_value_is_read(example, OneStepTooFar(**vars(reader)))
    beside = make_example(reader, [8, 3, 9], n_known=1, n_past=1, seed=1)
    check_no_later_value_is_read(beside)
    with pytest.raises(AssertionError, match="Arrays are not equal"):
        check_no_later_value_is_read(beside, AllAhead(**vars(reader)))
    with pytest.raises(AssertionError, match="Arrays are not equal"):
        check_no_neighbour_is_read(example, AnyStart(**vars(reader)))


# ---- Which windows there are ---------------------------------------------------------------------


def test_windows_to_learn_from_are_whole_in_long_series() -> None:
    """And so are the steps after them."""
    first, last = training_offsets(np.array([20, 15, 100]), 6, 3)
    np.testing.assert_array_equal(first, 6)
    np.testing.assert_array_equal(last, [17, 12, 97])


@given(st.integers(1, 40), st.integers(1, 15), st.integers(1, 10))
def test_short_series_are_used_from_their_middle_on(length: int, window: int, horizon: int) -> None:
    """Every series that is longer than the horizon has a window to learn from."""
    lengths = np.array([length])
    first, last = (int(offset[0]) for offset in training_offsets(lengths, window, horizon))
    assert last == length - horizon
    assert 1 <= first <= window
    assert first == window or first <= max(1, (last + 1) // 2)
    assert (last >= first) == (length > horizon)


def test_an_epoch_takes_no_more_windows_than_there_are() -> None:
    example = make_example(reader_of(3, 2, 1), [9, 9])
    store, offsets = example.store, (np.array([3, 3]), np.array([7, 5]))
    windows = store.windows(example.reader, None, offsets)
    assert windows.n_per_epoch == 8
    assert replace(windows, n_drawn=5).n_per_epoch == 5
    assert replace(windows, n_drawn=500).n_per_epoch == 8


# ---- Memory --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_rows", [1, 7, 100, 1025, 10**6, 12_345_678])
def test_padding_costs_little_and_makes_few_sizes(n_rows: int) -> None:
    size = padded_size(n_rows)
    assert n_rows <= size <= 1.25 * n_rows
    assert padded_size(size) == size


def test_few_sizes_are_compiled() -> None:
    assert len({padded_size(n) for n in range(1000, 2001)}) <= 6


def test_padding_is_missing() -> None:
    padded = pad_store(np.ones((9, 2)), np.nan)
    assert padded.dtype == np.float32
    assert np.isnan(padded[9:]).all()
    assert (padded[:9] == 1.0).all()


@pytest.mark.parametrize("window", [10, 300])
def test_memory_grows_with_the_data_and_not_with_the_window(window: int) -> None:
    """2,000 series of 500 steps: all that is kept, and what stands for the windows of a batch."""
    n_series, n_steps = 2000, 500
    values = np.random.default_rng(0).normal(size=(n_series * n_steps, 1))
    panel = make_panel([n_steps] * n_series, values)
    reader = reader_of(window, 13, 1)
    offsets = training_offsets(panel.lengths, window, 13)
    store = Store(panel, SeriesScale.of(panel, scaled=True), 13, joint=False)
    windows = store.windows(reader, None, offsets)
    kept = [*windows.store.values(), windows.first, windows.start, windows.count]
    kept.append(windows.exogenous_shift)
    assert sum(array.nbytes for array in kept) < 3 * 4 * values.size
    assert len(windows) == (offsets[1] - offsets[0] + 1).sum() >= n_series * (n_steps // 4)
    batch = windows.take(np.arange(64))
    assert sum(array.nbytes for array in batch.values()) <= 64 * 16
