"""The engine: it trains as Keras does, bit for bit the same every time, and stops as it should."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from _engine import (
    build_pooled,
    clean_engine,
    fit,
    fit_with_keras,
    make_data,
    make_spec,
    predict_rows,
    start,
    unset,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from skrnn import clear_compile_cache
from skrnn._keras import keras
from skrnn.exceptions import TrainingDivergedError
from skrnn.networks._build import build_model
from skrnn.networks._initial import fixed_values
from skrnn.networks._spec import freeze_layer_params
from skrnn.training._batching import iterate_batches
from skrnn.training._dataset import Dataset
from skrnn.training._epoch import TILE, TILES_PER_CALL
from skrnn.training._history import History
from skrnn.training._loop import EpochEnd, Outcome, TrainingResult
from skrnn.training._optimizer import known_optimizers, split_optimizer
from skrnn.training._schedule import make_schedule
from skrnn.training._seeding import make_streams
from skrnn.training._stopping import Patience
from skrnn.weights import Weights

# NumPy 2 deprecates what Keras does to read one of its own variables, an optimizer's rate say.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\\.src"
)

losses, optimizers = keras.losses, keras.optimizers
schedules = optimizers.schedules


@pytest.fixture(autouse=True, scope="module")
def engine() -> Iterator[None]:
    with clean_engine(quick=True):
        yield


# ---- The engine against Model.fit ----------------------------------------------------------------


def squared_error_beyond_one(y_true: Any, y_pred: Any) -> Any:
    """A loss of a user: a function that leaves the mean over rows out."""
    excess = keras.ops.maximum(keras.ops.abs(y_true - y_pred) - 1.0, 0.0)
    return keras.ops.mean(keras.ops.square(excess), axis=-1)


REGULARISED = freeze_layer_params(
    {
        "kernel_regularizer": keras.regularizers.L2(0.1),
        "recurrent_regularizer": "l2",
        "kernel_constraint": keras.constraints.MaxNorm(0.5),
    }
)
ROWS = make_data(8)
MASKED = make_data(8, masked=True, weighted=True)
# Ten rows in batches of four leave a batch of two.
RAGGED = make_data(10, masked=True, weighted=True)

NETWORKS: dict[str, dict[str, Any]] = {
    "lstm": {
        "spec": make_spec("lstm", n_outputs=2),
        "data": make_data(8, n_outputs=2, masked=True, weighted=True),
        "optimizer": lambda: optimizers.Adam(0.02),
    },
    "BiLSTM": {
        "spec": make_spec("lstm", bidirectional=(True,), dense_units=(3,)),
        "data": MASKED,
        "loss": "mae",
        "optimizer": lambda: optimizers.SGD(0.05, momentum=0.9, nesterov=True),
    },
    "lstm relu": {
        "spec": make_spec("lstm", activation="relu", layer_params=REGULARISED),
        "data": make_data(8, masked=True),
        "optimizer": lambda: optimizers.SGD(0.05),
    },
    "gru": {
        "spec": make_spec("gru"),
        "data": MASKED,
        "loss": squared_error_beyond_one,
        "optimizer": lambda: optimizers.RMSprop(0.02),
    },
    "stacked": {
        "spec": make_spec("simple", (3, 2)),
        "data": MASKED,
        "loss": losses.Huber(delta=0.5),
        "optimizer": lambda: optimizers.AdamW(0.02, weight_decay=0.3),
    },
}


def assert_same_as_keras(
    spec: Any = None,
    data: Dataset = ROWS,
    loss: Any = "mse",
    optimizer: Callable[[], Any] = lambda: optimizers.SGD(0.1),
    **kwargs: Any,
) -> tuple[History, list[np.ndarray]]:
    """Train both ways from the same weights; the losses of five epochs and the weights agree."""
    spec = make_spec() if spec is None else spec
    history, weights = fit_with_keras(spec, data, loss=loss, optimizer=optimizer(), **kwargs)
    result = fit(spec, data, loss=loss, optimizer=optimizer(), **kwargs)
    for name, column in history.items():
        np.testing.assert_allclose(result.history[name], column, rtol=1e-4)
    assert history["loss"][4] != pytest.approx(history["loss"][0], rel=1e-3)
    for actual, desired in zip(result.weights.trainable, weights, strict=True):
        np.testing.assert_allclose(actual, desired, rtol=1e-3, atol=1e-5)
    return result.history, weights


@pytest.mark.parametrize("case", NETWORKS.values(), ids=NETWORKS)
def test_networks_train_as_in_keras(case: dict[str, Any]) -> None:
    assert_same_as_keras(**case)


LOSSES = {
    "sum": losses.Huber(reduction="sum"),
    "mean over weights": losses.MeanSquaredError(reduction="mean_with_sample_weight"),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_reductions_are_those_of_keras(loss: Any) -> None:
    assert_same_as_keras(make_spec(units=()), RAGGED, loss, build=build_pooled)


def test_batch_without_weight_counts_for_nothing() -> None:
    """As in Keras: its mean over weights is zero, not undefined."""
    weight = np.array([0, 0, 0, 0, 2, 2, 2, 2], np.float32)
    assert_same_as_keras(
        data=replace(ROWS, weight=weight),
        loss=losses.MeanSquaredError(reduction="mean_with_sample_weight"),
        build=build_pooled,
    )


@pytest.mark.parametrize("delta", [0.1, 5.0])
def test_settings_of_a_loss_are_compiled_in(delta: float) -> None:
    """Two losses of one class, one after the other."""
    assert_same_as_keras(make_spec(units=()), loss=losses.Huber(delta=delta), build=build_pooled)


def decay_but_for_kernels() -> Any:
    optimizer = optimizers.AdamW(0.05, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_names=["kernel"])
    return optimizer


OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "clipnorm": lambda: optimizers.Adam(0.05, clipnorm=0.1, epsilon=0.1),
    "global_clipnorm": lambda: optimizers.SGD(0.1, global_clipnorm=0.2),
    "clipvalue": lambda: optimizers.SGD(0.1, clipvalue=0.1),
    "moving average": lambda: optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5),
    "accumulation": lambda: optimizers.Adam(0.05, gradient_accumulation_steps=2),
    "schedule": lambda: optimizers.AdamW(
        schedules.ExponentialDecay(0.1, 2, 0.7), weight_decay=0.1, amsgrad=True
    ),
    "accumulation, clipped": lambda: optimizers.SGD(
        0.1, gradient_accumulation_steps=2, clipnorm=0.1
    ),
    "loss scale": lambda: optimizers.SGD(0.1, loss_scale_factor=8.0),
    "decay with exceptions": decay_but_for_kernels,
    "slots that start at the weights": lambda: optimizers.ScheduleFreeAdamW(0.05),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_optimizers_step_as_in_keras(optimizer: Callable[[], Any]) -> None:
    assert_same_as_keras(make_spec(units=()), optimizer=optimizer, build=build_pooled)


def test_validation_loss_is_that_of_keras() -> None:
    """Regularisation is part of it; batches count by their rows, the last one too."""
    validation = make_data(7, masked=True, weighted=True)
    history, _ = assert_same_as_keras(build=build_pooled, validation=validation)
    assert history["val_loss"][0] != pytest.approx(history["loss"][0], rel=1e-3)


def test_dropout_is_no_part_of_the_validation_loss() -> None:
    """At a learning rate of zero the weights stay; what training drops, validation does not."""
    run = {"validation": ROWS, "learning_rate": 0.0, "epochs": 2}
    with_it, without = (fit(make_spec(dropout=rate), ROWS, **run).history for rate in (0.5, 0.0))
    np.testing.assert_allclose(with_it["val_loss"], without["loss"], rtol=1e-6)
    assert with_it["loss"][0] != pytest.approx(without["loss"][0], rel=1e-3)
    assert with_it["loss"][0] != with_it["loss"][1]


def test_moving_average_leaves_no_trace_in_the_shared_model() -> None:
    """Finalising writes into the model that all fits share; the next fit must not notice."""
    averaged = optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5)
    before = fit_pooled(optimizer="sgd")
    fit_pooled(optimizer=averaged)
    assert_same_weights(before.weights, fit_pooled(optimizer="sgd").weights)


# ---- What an optimizer is made of ----------------------------------------------------------------


class TestSplitOptimizer:
    """Kind and settings are compiled in, rates are values."""

    def test_adam_by_name_has_our_learning_rate(self) -> None:
        _, values = split_optimizer("adam", None, None)
        assert values.learning_rate == 0.003

    def test_others_keep_that_of_keras(self) -> None:
        _, values = split_optimizer("sgd", None, None)
        assert values.learning_rate == pytest.approx(0.01)
        _, values = split_optimizer(optimizers.Adam(), None, None)
        assert values.learning_rate == pytest.approx(0.001)

    def test_learning_rate_and_clipnorm_replace_those_of_the_optimizer(self) -> None:
        optimizer = optimizers.Adam(0.5, clipvalue=3.0)
        structure, values = split_optimizer(optimizer, 0.25, 2.0)
        assert (values.learning_rate, values.clip) == (0.25, 2.0)
        assert structure.clipping == "clipnorm"
        assert float(optimizer.learning_rate.value) == 0.5
        assert optimizer.clipvalue == 3.0

    def test_rates_are_no_part_of_the_structure(self) -> None:
        one, _ = split_optimizer(optimizers.AdamW(0.1, weight_decay=0.1, clipnorm=1.0), None, None)
        other, _ = split_optimizer(optimizers.AdamW(0.2, weight_decay=0.2), None, 2.0)
        assert one == other
        assert hash(one) == hash(other)

    @pytest.mark.parametrize(
        "optimizer",
        [
            optimizers.Adam(beta_1=0.5),
            optimizers.Adam(clipnorm=1.0),
            optimizers.Adam(weight_decay=0.1),
            optimizers.Nadam(),
        ],
        ids=["settings", "clipping", "decay", "kind"],
    )
    def test_settings_are(self, optimizer: Any) -> None:
        assert split_optimizer(optimizer, None, None)[0] != split_optimizer("adam", None, None)[0]

    def test_unknown_name_lists_the_known_ones(self) -> None:
        with pytest.raises(ValueError, match=r"optimizer='adm' is not known.*'adamw'"):
            split_optimizer("adm", None, None)
        assert {"adam", "sgd", "rmsprop", "lion"} <= set(known_optimizers())

    def test_anything_else_is_a_type_error(self) -> None:
        with pytest.raises(TypeError, match="must be a name or a keras"):
            split_optimizer(3, None, None)

    def test_class_that_would_lose_its_settings_is_refused(self) -> None:
        class Mine(optimizers.SGD):
            def __init__(self, strength: float) -> None:
                super().__init__()
                self.strength = strength

        with pytest.raises(ValueError, match="Define get_config"):
            split_optimizer(Mine(2.0), None, None)


def fit_pooled(data: Dataset = ROWS, **kwargs: Any) -> TrainingResult:
    """Train the network that compiles fastest."""
    return fit(make_spec(), data, build=build_pooled, **kwargs)


# ---- Reproducibility -----------------------------------------------------------------------------


def assert_same_weights(one: Weights, other: Weights) -> None:
    for actual, desired in zip(one.trainable, other.trainable, strict=True):
        np.testing.assert_array_equal(actual, desired)


def fit_with_dropout(seed: int) -> Weights:
    spec = make_spec(dropout=0.3)
    streams = make_streams(seed)
    weights = start(spec)
    fixed = fixed_values(build_model(spec.structure()), spec, streams.dropout)
    weights = Weights(weights.trainable, fixed)
    return fit(spec, RAGGED, weights=weights, shuffle=True, order=streams.order).weights


def test_same_seed_gives_the_same_bits() -> None:
    """In a cache that holds the program, and compiled anew."""
    first, cached, other = (fit_with_dropout(seed) for seed in (0, 0, 1))
    assert_same_weights(first, cached)
    assert not np.array_equal(first.trainable[0], other.trainable[0])
    clear_compile_cache()
    assert_same_weights(first, fit_with_dropout(0))


def test_training_leaves_its_arguments_alone() -> None:
    weights, data = start(make_spec(dropout=0.5)), make_data(8)
    before = [array.copy() for array in [*weights.trainable, *weights.fixed, *vars(data).values()]]
    result = fit(make_spec(dropout=0.5), data, weights=weights, shuffle=True)
    after = [*weights.trainable, *weights.fixed, *vars(data).values()]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert not np.array_equal(result.weights.trainable[0], weights.trainable[0])


def test_training_goes_on_where_it_stopped() -> None:
    """Weights, state of the optimizer and random generators: two and three epochs are five."""
    spec = make_spec(dropout=0.3)
    rates = schedules.ExponentialDecay(0.05, 2, 0.9)
    whole = fit(spec, ROWS, lr_schedule=rates)
    first = fit(spec, ROWS, lr_schedule=rates, epochs=2)
    resumed = {"weights": first.weights, "slots": first.slots}
    second = fit(spec, ROWS, lr_schedule=rates, epochs=3, **resumed)
    assert_same_weights(second.weights, whole.weights)
    assert first.history.extended(second.history)["loss"] == whole.history["loss"]


def test_streams_are_independent_and_repeatable() -> None:
    def numbers(*seed: int) -> list[float]:
        return [stream.random() for stream in vars(make_streams(*seed)).values()]

    assert numbers(1, 2) == numbers(1, 2)
    assert len({*numbers(1, 2), *numbers(1, 3), *numbers(1)}) == 9


# ---- Predictions ---------------------------------------------------------------------------------


N_PREDICTED = 200


@pytest.fixture(scope="class")
def predict_some() -> Iterator[Callable[[Any], np.ndarray]]:
    """Predict rows with a program that XLA optimised as it does for users."""
    with clean_engine(quick=False):
        spec = make_spec("lstm", (16,), bidirectional=(True,), n_outputs=2)
        weights, data = start(spec), make_data(N_PREDICTED, masked=True)
        yield lambda rows: predict_rows(spec, weights, data, rows)


@pytest.fixture(scope="class")
def alone(predict_some: Any) -> np.ndarray:
    return np.concatenate([predict_some([row]) for row in range(N_PREDICTED)])


class TestPredict:
    """The same to the last bit in any company, masked steps included."""

    def test_rows_differ(self, alone: np.ndarray) -> None:
        assert alone.shape == (N_PREDICTED, 2)
        assert alone.dtype == np.float32
        assert len(np.unique(alone, axis=0)) == N_PREDICTED

    @pytest.mark.parametrize("n_rows", [1, 2, 7, 8, 9, 63, 64, 65, 127, 128, 129, 199, 200])
    def test_number_of_rows_does_not_matter(
        self, predict_some: Any, alone: np.ndarray, n_rows: int
    ) -> None:
        np.testing.assert_array_equal(predict_some(slice(n_rows)), alone[:n_rows])

    @pytest.mark.parametrize("seed", range(5))
    def test_company_and_order_do_not_matter(
        self, predict_some: Any, alone: np.ndarray, seed: int
    ) -> None:
        rng = np.random.default_rng(seed)
        rows = rng.choice(N_PREDICTED, size=rng.integers(1, N_PREDICTED), replace=bool(seed % 2))
        np.testing.assert_array_equal(predict_some(rows), alone[rows])

    def test_no_row_gives_no_prediction(self, predict_some: Any) -> None:
        assert predict_some(slice(0)).shape == (0, 2)

    def test_sizes_straddle_the_tiles(self) -> None:
        assert (TILE, TILES_PER_CALL * TILE) == (8, 64)


def test_predictions_are_those_of_keras() -> None:
    spec = make_spec("lstm", dropout=0.5)
    weights, model = start(spec), build_model(unset(spec))
    fixed = [variable.value for variable in model.non_trainable_variables]
    inputs = list(RAGGED.inputs.values())
    expected, _ = jax.jit(model.stateless_call)(weights.trainable, fixed, inputs)
    np.testing.assert_allclose(predict_rows(spec, weights, RAGGED, slice(10)), expected, atol=1e-5)


def test_masked_steps_may_hold_anything() -> None:
    spec, weights = make_spec("lstm"), start(make_spec("lstm"))
    sequences, mask = RAGGED.inputs["sequence"], RAGGED.inputs["mask"]
    changed = np.where(mask[:, :, None], sequences, np.float32(99.0))
    other = replace(RAGGED, inputs={"sequence": changed, "mask": mask})
    one, two = (predict_rows(spec, weights, data, slice(10)) for data in (RAGGED, other))
    np.testing.assert_array_equal(one, two)
    assert not mask.all()


# ---- Batching ------------------------------------------------------------------------------------


@st.composite
def batchings(draw: Callable[..., Any]) -> tuple[int, int, int, np.ndarray]:
    n_rows = draw(st.integers(1, 60))
    order = draw(st.permutations(range(n_rows)))
    return n_rows, draw(st.integers(1, 9)), draw(st.integers(1, 5)), np.array(order)


def numbered(n_rows: int) -> Dataset:
    """Rows that carry their number in every array."""
    rows = np.arange(1, n_rows + 1, dtype=np.float32)
    sequences = np.broadcast_to(rows[:, None, None], (n_rows, 3, 2))
    mask = np.broadcast_to(rows[:, None] % 2 == 0, (n_rows, 3))
    return Dataset({"sequence": sequences, "mask": mask}, rows[:, None], rows)


class TestBatching:
    """Any number of rows in arrays of one shape."""

    @given(batchings())
    @settings(max_examples=60, deadline=None)
    def test_every_row_is_met_once_and_in_order(self, batching: Any) -> None:
        n_rows, batch_size, per_call, order = batching
        met = [
            call.arrays["targets"][call.arrays["real"] == 1.0][:, 0]
            for call in iterate_batches(numbered(n_rows), order, batch_size, per_call)
        ]
        np.testing.assert_array_equal(np.concatenate(met), order + 1)

    @given(batchings())
    @settings(max_examples=60, deadline=None)
    def test_shapes_never_change(self, batching: Any) -> None:
        n_rows, batch_size, per_call, order = batching
        for call in iterate_batches(numbered(n_rows), order, batch_size, per_call):
            shapes = {name: array.shape for name, array in call.arrays.items()}
            assert shapes.pop("n_rows") == (per_call,)
            assert shapes.pop("sequence") == (per_call, batch_size, 3, 2)
            assert shapes.pop("mask") == (per_call, batch_size, 3)
            assert shapes.pop("targets") == (per_call, batch_size, 1)
            assert set(shapes.values()) == {(per_call, batch_size)}
            assert len(shapes) == 2

    @given(batchings())
    @settings(max_examples=60, deadline=None)
    def test_padding_does_not_count(self, batching: Any) -> None:
        n_rows, batch_size, per_call, order = batching
        calls = list(iterate_batches(numbered(n_rows), order, batch_size, per_call))
        assert sum(call.n_batches for call in calls) == math.ceil(n_rows / batch_size)
        for call in calls:
            assert set(np.unique(call.arrays["real"])) <= {0.0, 1.0}
            np.testing.assert_array_equal(call.arrays["n_rows"], call.arrays["real"].sum(axis=1))
            assert (call.arrays["n_rows"][: call.n_batches] >= 1).all()
            assert not call.arrays["real"][call.n_batches :].any()

    @given(batchings())
    @settings(max_examples=60, deadline=None)
    def test_padding_of_a_batch_are_real_rows(self, batching: Any) -> None:
        """So that nothing undefined comes from it, in whatever loss or normalization."""
        n_rows, batch_size, per_call, order = batching
        for call in iterate_batches(numbered(n_rows), order, batch_size, per_call):
            first = call.arrays["targets"][: call.n_batches, :, 0].ravel()
            for batch in range(call.n_batches):
                rows, real = call.arrays["targets"][batch, :, 0], call.arrays["real"][batch] == 1.0
                filled = np.resize(first[call.arrays["real"].ravel()[: len(first)] == 1.0], 99)
                np.testing.assert_array_equal(rows[~real], filled[: (~real).sum()])
                np.testing.assert_array_equal(call.arrays["weight"][batch], rows)
                np.testing.assert_array_equal(call.arrays["mask"][batch, :, 0], rows % 2 == 0)

    def test_padding_changes_no_loss(self) -> None:
        """One row in a batch of four, and in a batch of one."""
        arrays = RAGGED.take(np.arange(1))
        targets, weight = arrays.pop("targets"), arrays.pop("weight")
        one_row = Dataset(arrays, targets, weight)
        histories = [
            fit_pooled(one_row, batch_size=batch_size).history["loss"] for batch_size in (4, 1)
        ]
        np.testing.assert_allclose(histories[0], histories[1], rtol=1e-5)


# ---- Stopping, schedules, history ----------------------------------------------------------------


class TestPatience:
    """An improvement is one of more than `tol` over the best so far."""

    def test_counts_epochs_without_improvement(self) -> None:
        patience = Patience(2, tol=0.0)
        improved = [patience.update(value) for value in (3.0, 2.0, 2.0)]
        assert improved == [True, True, False]
        assert (patience.best, patience.n_worse, patience.exhausted) == (2.0, 1, False)
        patience.update(2.5)
        assert patience.exhausted

    def test_starts_over_with_every_improvement(self) -> None:
        patience = Patience(2, tol=0.0)
        for value in (3.0, 4.0, 2.0, 4.0):
            patience.update(value)
        assert not patience.exhausted

    def test_tol_must_be_exceeded(self) -> None:
        patience = Patience(9, tol=0.5)
        assert [patience.update(value) for value in (2.0, 1.5, 1.4)] == [True, False, True]
        assert patience.best == 1.4

    def test_small_steps_add_up(self) -> None:
        """Compared is with the best that counted, not with the last value."""
        patience = Patience(9, tol=0.5)
        assert [patience.update(value) for value in (2.0, 1.7, 1.4)] == [True, False, True]


def make(lr_schedule: Any = None, rate: Any = 0.1, first_step: int = 0) -> Any:
    return make_schedule(lr_schedule, rate, first_step=first_step, total_steps=10, tol=0.0)


SCHEDULES = {
    "cosine": schedules.CosineDecay(0.1, 6, alpha=0.1, warmup_target=0.2, warmup_steps=3),
    "restarts": schedules.CosineDecayRestarts(0.1, 3),
    "exponential": schedules.ExponentialDecay(0.1, 2, 0.5, staircase=True),
    "inverse": schedules.InverseTimeDecay(0.1, 2, 0.5),
    "piecewise": schedules.PiecewiseConstantDecay([2, 5], [0.3, 0.2, 0.1]),
    "polynomial": schedules.PolynomialDecay(0.1, 4, 0.01, power=2.0, cycle=True),
    "function": lambda step: 0.1 / (1.0 + step),
}


class TestSchedules:
    """The rate of every step."""

    def test_constant(self) -> None:
        rates = make().rates(3, 4)
        assert rates.dtype == np.float32
        np.testing.assert_array_equal(rates, np.full(4, 0.1, np.float32))

    def test_cosine_runs_from_the_rate_to_zero(self) -> None:
        rates = make("cosine").rates(0, 12)
        assert rates[0] == np.float32(0.1)
        assert rates[5] == pytest.approx(0.05)
        assert (np.diff(rates[:10]) < 0).all()
        assert rates[9] < 0.003
        np.testing.assert_allclose(rates[10:], 0.0, atol=1e-9)

    def test_cosine_starts_where_training_goes_on(self) -> None:
        whole = make("cosine").rates(0, 10)
        np.testing.assert_array_equal(make("cosine", first_step=7).rates(7, 10), whole)

    def test_plateau_halves_after_five_epochs_without_improvement(self) -> None:
        schedule = make("plateau")
        rates = []
        for monitored in [1.0] * 12:
            schedule.end_epoch(monitored)
            rates.append(schedule.rates(0, 1)[0])
        np.testing.assert_allclose(rates, [0.1] * 5 + [0.05] * 5 + [0.025] * 2, rtol=1e-6)

    def test_plateau_waits_while_there_is_improvement(self) -> None:
        schedule = make("plateau")
        for epoch in range(20):
            schedule.end_epoch(1.0 / (1.0 + epoch))
        assert schedule.rates(0, 1)[0] == np.float32(0.1)

    @pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)
    def test_those_of_keras_give_the_rates_of_keras(self, schedule: Any) -> None:
        expected = [float(schedule(step)) for step in range(2, 9)]
        assert len(set(expected)) > 1
        for made in (make(schedule), make(rate=schedule)):
            np.testing.assert_allclose(made.rates(2, 7), expected, rtol=1e-5)

    def test_schedule_replaces_that_of_the_optimizer(self) -> None:
        replaced = make(SCHEDULES["function"], rate=SCHEDULES["piecewise"]).rates(0, 1)
        assert replaced[0] == np.float32(0.1)

    def test_schedules_of_one_class_are_told_apart(self) -> None:
        first, second = (make(schedules.ExponentialDecay(rate, 2, 0.5)) for rate in (0.1, 0.2))
        np.testing.assert_allclose(2 * first.rates(0, 3), second.rates(0, 3), rtol=1e-6)

    def test_history_shows_the_last_rate_of_each_epoch(self) -> None:
        result = fit_pooled(learning_rate=0.1, lr_schedule="cosine")
        expected = make("cosine").rates(0, 10)[1::2]
        np.testing.assert_allclose(result.history["learning_rate"], expected, rtol=1e-6)

    def test_plateau_takes_what_is_monitored(self) -> None:
        """After the first epoch none improves on the best by such a tolerance."""
        result = fit_pooled(epochs=8, lr_schedule="plateau", tol=1e9, learning_rate=0.1)
        np.testing.assert_allclose(result.history["learning_rate"], [0.1] * 6 + [0.05] * 2)


class TestHistory:
    """Columns of numbers, one entry per epoch."""

    @pytest.fixture
    def history(self) -> History:
        history = History()
        history.append(loss=2.0, seconds=0.5)
        history.append(loss=1.0, val_loss=1.5, seconds=0.25)
        return history

    def test_is_a_mapping(self, history: History) -> None:
        assert dict(history)["loss"] == [2.0, 1.0]
        assert list(history) == ["loss", "seconds", "val_loss"]
        assert (len(history), history.n_epochs) == (3, 2)

    def test_missing_values_are_nan(self, history: History) -> None:
        history.append(loss=0.5)
        np.testing.assert_array_equal(history["val_loss"], [np.nan, 1.5, np.nan])
        np.testing.assert_array_equal(history["seconds"], [0.5, 0.25, np.nan])

    def test_prints_as_a_table(self, history: History) -> None:
        assert str(history).splitlines() == [
            "epoch       loss   seconds  val_loss",
            "    1          2       0.5       nan",
            "    2          1      0.25       1.5",
        ]
        assert repr(history) == "History(2 epochs: loss, seconds, val_loss)"

    def test_extended_is_a_new_one(self, history: History) -> None:
        later = History()
        later.append(loss=0.5)
        both = history.extended(later)
        assert both["loss"] == [2.0, 1.0, 0.5]
        np.testing.assert_array_equal(both["val_loss"], [np.nan, 1.5, np.nan])
        assert (history.n_epochs, later.n_epochs, both.n_epochs) == (2, 1, 3)

    def test_empty_one(self) -> None:
        assert str(History()) == "epoch "
        assert History().extended(History()).n_epochs == 0


# ---- The end of training -------------------------------------------------------------------------


class Recorder:
    """Keep what an observer is shown; do `act` at the end of every epoch."""

    def __init__(self, act: Callable[[EpochEnd], None] = lambda event: None) -> None:
        self.act = act
        self.calls: list[str] = []
        self.weights: list[Weights] = []

    def begin(self, weights: Weights) -> None:
        self.calls.append("begin")

    def epoch_begin(self, epoch: int) -> float | None:
        self.calls.append(f"begin {epoch}")
        return None

    def epoch_end(self, event: EpochEnd) -> None:
        self.calls.append(f"end {event.epoch}")
        assert event.history.n_epochs == event.epoch + 1
        assert event.logs["loss"] == event.history["loss"][-1]
        self.weights.append(event.weights())
        self.act(event)

    def end(self, weights: Weights) -> Weights | None:
        self.calls.append("end")
        return None


def raise_interrupt(event: EpochEnd) -> None:
    if event.epoch == 1:
        raise KeyboardInterrupt


def ask_to_stop(event: EpochEnd) -> None:
    event.stop = event.epoch == 1


def change_rate(event: EpochEnd) -> None:
    event.learning_rate = 0.1 / (2 + event.epoch)


class TestObservers:
    """Those who follow training, and what they may ask for."""

    def test_are_called_in_order(self) -> None:
        observer = Recorder()
        result = fit_pooled(epochs=2, observers=[observer])
        assert observer.calls == ["begin", "begin 0", "end 0", "begin 1", "end 1", "end"]
        assert_same_weights(observer.weights[-1], result.weights)
        assert not np.array_equal(*(weights.trainable[0] for weights in observer.weights))
        assert result.outcome is Outcome.COMPLETED

    def test_may_stop(self) -> None:
        result = fit_pooled(observers=[Recorder(ask_to_stop), Recorder()])
        assert result.history.n_epochs == 2
        assert result.outcome is Outcome.STOPPED

    def test_may_change_the_rate(self) -> None:
        result = fit_pooled(learning_rate=0.1, epochs=3, observers=[Recorder(change_rate)])
        expected = [0.1, 0.1 / 2, 0.1 / 3]
        np.testing.assert_allclose(result.history["learning_rate"], expected, rtol=1e-6)

    def test_may_bring_other_weights(self) -> None:
        class Bringer(Recorder):
            def end(self, weights: Weights) -> Weights | None:
                return self.weights[0]

        bringer = Bringer()
        result = fit_pooled(observers=[bringer])
        assert_same_weights(result.weights, bringer.weights[0])

    def test_interrupt_keeps_what_was_learned(self) -> None:
        observer = Recorder(raise_interrupt)
        result = fit_pooled(observers=[observer])
        assert result.outcome is Outcome.INTERRUPTED
        assert result.history.n_epochs == 2
        assert observer.calls[-1] == "end"
        assert_same_weights(result.weights, fit_pooled(epochs=2).weights)

    def test_interrupt_before_the_first_epoch_is_raised(self) -> None:
        class Impatient(Recorder):
            def epoch_begin(self, epoch: int) -> float | None:
                raise KeyboardInterrupt

        observer = Impatient()
        with pytest.raises(KeyboardInterrupt):
            fit_pooled(observers=[observer])
        assert observer.calls == ["begin"]


class TestEarlyStopping:
    """Patience with the validation loss; the best weights are kept."""

    # Targets that belong to other rows: learning helps for a few epochs, then it harms.
    VALIDATION = replace(ROWS, targets=ROWS.targets[::-1])

    def stop_early(self, **kwargs: Any) -> Any:
        return fit_pooled(
            learning_rate=0.01,
            validation=self.VALIDATION,
            epochs=50,
            **kwargs,
        )

    def test_stops_and_keeps_the_best_weights(self) -> None:
        observer = Recorder()
        result = self.stop_early(patience=Patience(3, tol=0.0), observers=[observer])
        losses = result.history["val_loss"]
        best = int(np.argmin(losses))
        assert result.outcome is Outcome.NO_IMPROVEMENT
        assert best > 0
        assert len(losses) == best + 1 + 3
        assert_same_weights(result.weights, observer.weights[best])
        predictions = predict_rows(
            make_spec(), result.weights, self.VALIDATION, slice(None), build=build_pooled
        )
        error = np.square(predictions - self.VALIDATION.targets).mean()
        error += 0.01 * np.square(result.weights.trainable[0]).sum()
        assert error == pytest.approx(min(losses), rel=1e-5)
        assert error < losses[-1]

    def test_keeps_the_best_weights_also_where_all_epochs_are_run(self) -> None:
        observer = Recorder()
        result = self.stop_early(patience=Patience(99, tol=0.0), observers=[observer])
        best = int(np.argmin(result.history["val_loss"]))
        assert result.outcome is Outcome.COMPLETED
        assert best < 49
        assert_same_weights(result.weights, observer.weights[best])

    def test_keeps_the_last_weights_without_patience(self) -> None:
        observer = Recorder()
        result = self.stop_early(observers=[observer])
        assert result.history.n_epochs == 50
        assert_same_weights(result.weights, observer.weights[-1])

    def test_keeps_the_best_weights_when_interrupted(self) -> None:
        def interrupt(event: EpochEnd) -> None:
            if event.epoch == 20:
                raise KeyboardInterrupt

        observer = Recorder(interrupt)
        result = self.stop_early(patience=Patience(99, tol=0.0), observers=[observer])
        assert result.outcome is Outcome.INTERRUPTED
        best = int(np.argmin(result.history["val_loss"]))
        assert best < 20
        assert_same_weights(result.weights, observer.weights[best])


class TestDivergence:
    """Training that leaves the finite numbers ends with an error that says what to do."""

    def test_at_the_first_bad_epoch(self) -> None:
        def rates(step: Any) -> Any:
            return keras.ops.where(step < 4, 0.01, 1e30)

        observer = Recorder()
        with pytest.raises(TrainingDivergedError, match="the loss is not finite after epoch 3"):
            fit_pooled(optimizer="sgd", lr_schedule=rates, observers=[observer])
        assert observer.calls[-1] == "begin 2"

    def test_of_the_validation_loss(self) -> None:
        validation = replace(ROWS, targets=np.full((8, 1), 1e30, np.float32))
        with pytest.raises(TrainingDivergedError, match="the val_loss is not finite after epoch 1"):
            fit_pooled(validation=validation)

    def test_of_a_weight_that_no_loss_has_seen(self) -> None:
        data = replace(ROWS, targets=100.0 * ROWS.targets)
        with pytest.raises(TrainingDivergedError, match="a weight is not finite after epoch 1"):
            fit_pooled(data, optimizer="sgd", learning_rate=1e38, epochs=1, batch_size=8)

    def test_is_a_floating_point_error(self) -> None:
        assert issubclass(TrainingDivergedError, FloatingPointError)

    def test_clipping_helps(self) -> None:
        """The remedy that the message names."""
        run = {"learning_rate": 100.0, "epochs": 20}
        with pytest.raises(TrainingDivergedError):
            fit_pooled(**run, optimizer="sgd")
        result = fit_pooled(**run, optimizer=optimizers.SGD(clipvalue=0.1))
        assert result.weights.is_finite
