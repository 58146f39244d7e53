"""The networks: their arithmetic, their structure, and the weights they start from.

The LSTM of ours is held against that of Keras, against NumPy and against numbers worked out by
hand; the dropout whose rate is a value against its definition.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator
from functools import cache, partial
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from _engine import clean_engine, make_spec, start, unset
from scipy import stats

from skrnn._keras import keras
from skrnn.by_config import ByConfig, check_survives_copy, freeze, thaw
from skrnn.networks import _lstm
from skrnn.networks._build import build_model
from skrnn.networks._initial import fixed_values, initial_weights
from skrnn.networks._layers import LSTM, ValueDropout
from skrnn.networks._spec import NetworkSpec, freeze_layer_params
from skrnn.networks._stacked import build_stacked

UNITS, FEATURES, STEPS, BATCH = 3, 2, 5, 4

MASKS = {
    "all": np.ones((BATCH, STEPS), bool),
    "left": np.arange(STEPS) >= np.array([[0], [1], [3], [4]]),
    "right": np.arange(STEPS) < np.array([[5], [4], [2], [1]]),
    "holes": np.array([[1, 0, 1, 0, 1], [0, 1, 1, 0, 1], [1, 1, 0, 0, 1], [0, 0, 0, 0, 0]], bool),
}


@pytest.fixture(autouse=True, scope="module")
def engine() -> Iterator[None]:
    with clean_engine(quick=True):
        yield


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng((seed, *shape)).normal(size=shape).astype(np.float32)


def draw_like(variables: Any) -> list[np.ndarray]:
    return [draw(*variable.shape, seed=index) for index, variable in enumerate(variables)]


def call(model: keras.Model, weights: list[np.ndarray], inputs: Any) -> np.ndarray:
    fixed = [variable.value for variable in model.non_trainable_variables]
    predictions, _ = jax.jit(model.stateless_call)(weights, fixed, inputs)
    return np.asarray(predictions)


# ---- The LSTM against Keras ----------------------------------------------------------------------

# Every pair of settings of two options meets in one of these.
OPTIONS: dict[str, dict[str, Any]] = {
    "last": {},
    "last backwards": {"go_backwards": True, "zero_output_for_mask": True, "use_bias": False},
    "all": {"return_sequences": True, "zero_output_for_mask": True, "use_bias": False},
    "all backwards": {"return_sequences": True, "go_backwards": True},
}


@cache
def compiled_lstm(kind: type, options: str, accumulate: bool) -> tuple[Any, list[np.ndarray]]:
    """Compile outputs and gradients of a layer; `accumulate` tells the branches of ours apart."""
    layer = kind(UNITS, **OPTIONS[options])
    layer.build((BATCH, STEPS, FEATURES))

    def loss(weights: Any, inputs: Any, mask: Any) -> Any:
        outputs, _ = layer.stateless_call(weights, layer.non_trainable_variables, inputs, mask=mask)
        return jnp.sum(outputs * draw(*outputs.shape, seed=9)), outputs

    function = jax.jit(jax.value_and_grad(loss, argnums=(0, 1), has_aux=True))
    return function, draw_like(layer.trainable_variables)


@pytest.fixture(params=[False, True], ids=["one product", "step by step"])
def accumulate(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Take each of the two ways to the gradient of the kernel."""
    if request.param:
        monkeypatch.setattr(_lstm, "_CACHE_BYTES", 0)
    return bool(request.param)


@pytest.mark.parametrize("mask", MASKS)
@pytest.mark.parametrize("options", OPTIONS)
def test_lstm_equals_that_of_keras(options: str, mask: str) -> None:
    ours, weights = compiled_lstm(LSTM, options, False)
    theirs, _ = compiled_lstm(keras.layers.LSTM, options, False)
    inputs = draw(BATCH, STEPS, FEATURES)
    assert_same_tree(ours(weights, inputs, MASKS[mask]), theirs(weights, inputs, MASKS[mask]))


def test_lstm_equals_that_of_keras_without_a_mask(accumulate: bool) -> None:
    ours, weights = compiled_lstm(LSTM, "all backwards", accumulate)
    theirs, _ = compiled_lstm(keras.layers.LSTM, "all backwards", False)
    inputs = draw(BATCH, STEPS, FEATURES)
    assert_same_tree(ours(weights, inputs, None), theirs(weights, inputs, None))


def assert_same_tree(actual: Any, desired: Any) -> None:
    actual, desired = jax.tree.leaves(actual), jax.tree.leaves(desired)
    assert len(actual) == len(desired)
    for one, other in zip(actual, desired, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_lstm_takes_and_returns_states_as_that_of_keras() -> None:
    states = [draw(BATCH, UNITS, seed=1), draw(BATCH, UNITS, seed=2)]
    results = []
    for kind in (LSTM, keras.layers.LSTM):
        layer = kind(UNITS, return_state=True)
        layer.build((BATCH, STEPS, FEATURES))
        weights = draw_like(layer.trainable_variables)

        def loss(states: Any, layer: Any = layer, weights: Any = weights) -> Any:
            inputs = draw(BATCH, STEPS, FEATURES)
            returned, _ = layer.stateless_call(
                weights,
                layer.non_trainable_variables,
                inputs,
                initial_state=states,
                mask=MASKS["holes"],
            )
            total = sum(jnp.sum(part * (1.0 + n)) for n, part in enumerate(returned))
            return total, returned

        results.append(jax.jit(jax.value_and_grad(loss, has_aux=True))(states))
    assert_same_tree(*results)


def test_lstm_comes_back_from_its_configuration() -> None:
    layer = LSTM(UNITS, go_backwards=True, value_recurrent_dropout=True)
    copied = LSTM.from_config(layer.get_config())
    assert copied.value_recurrent_dropout
    assert copied.go_backwards
    assert copied.get_config() == layer.get_config()


# ---- The loop against its formula ----------------------------------------------------------------


def plain_lstm(inputs: Any, kernel: Any, bias: Any, state: Any, mask: Any, keep: Any) -> Any:
    """The formula in the head of `_lstm`, step by step, left to JAX to differentiate."""
    hidden, cell = state
    outputs = []
    for x, active in zip(inputs, mask, strict=True):
        z = jnp.concatenate([x, hidden * keep], axis=1) @ kernel + bias
        i, f, g, o = jnp.split(z, 4, axis=1)
        new_cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
        cell, before = jnp.where(active, new_cell, cell), hidden
        hidden = jnp.where(active, jax.nn.sigmoid(o) * jnp.tanh(new_cell), before)
        outputs.append(hidden)
    return jnp.stack(outputs), cell


@cache
def loop_gradient(name: str, accumulate: bool) -> Any:
    """Return a loss of all outputs and its gradient towards every argument that has one."""
    mask = MASKS["holes"].T[:, :, None]
    keep = np.where(draw(BATCH, UNITS, seed=3) > 0, np.float32(2.0), np.float32(0.0))

    def loss(inputs: Any, kernel: Any, bias: Any, states: Any) -> Any:
        if name == "ours":
            kernels = kernel[:FEATURES], kernel[FEATURES:], bias
            outputs, cell = _lstm.lstm_loop(inputs, mask, kernels, states, keep)
        else:
            outputs, cell = plain_lstm(inputs, kernel, bias, states, mask, keep)
        weighted = jnp.sum(outputs * draw(*outputs.shape, seed=4))
        return weighted + jnp.sum(cell * draw(*cell.shape, seed=5))

    inputs, states = draw(STEPS, BATCH, FEATURES), (draw(BATCH, UNITS), draw(BATCH, UNITS, seed=1))
    kernel, bias = draw(FEATURES + UNITS, 4 * UNITS), draw(4 * UNITS)
    function = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2, 3)))
    return function(inputs, kernel, bias, states)


def test_loop_gradient_is_that_of_the_formula(accumulate: bool) -> None:
    """With recurrent dropout, masked steps and states to begin with."""
    assert_same_tree(loop_gradient("ours", accumulate), loop_gradient("formula", False))


# ---- The LSTM against NumPy ----------------------------------------------------------------------


def numpy_lstm(
    sequence: np.ndarray, kernel: np.ndarray, recurrent: np.ndarray, bias: np.ndarray
) -> np.ndarray:
    """Return the last output of one sequence; gates in the order of Keras."""

    def sigmoid(z: np.ndarray) -> np.ndarray:
        return 1.0 / (1.0 + np.exp(-z))

    hidden = cell = np.zeros(len(recurrent))
    for x in sequence:
        i, f, g, o = np.split(x @ kernel + hidden @ recurrent + bias, 4)
        cell = sigmoid(f) * cell + sigmoid(i) * np.tanh(g)
        hidden = sigmoid(o) * np.tanh(cell)
    return hidden


def run_numpy_lstm(sequences: np.ndarray, mask: np.ndarray, weights: Any) -> np.ndarray:
    """A masked step is one that is not there."""
    weights = [np.asarray(weight, np.float64) for weight in weights]
    rows = zip(sequences.astype(np.float64), mask, strict=True)
    return np.stack([numpy_lstm(row[active], *weights) for row, active in rows])


@pytest.mark.parametrize("mask", MASKS)
def test_lstm_equals_numpy(mask: str) -> None:
    function, weights = compiled_lstm(LSTM, "last", False)
    inputs = draw(BATCH, STEPS, FEATURES)
    (_, outputs), _ = function(weights, inputs, MASKS[mask])
    expected = run_numpy_lstm(inputs, MASKS[mask], weights)
    np.testing.assert_allclose(outputs, expected, atol=1e-5)


@pytest.mark.parametrize("rates", ["open", "given"])
def test_worked_example(rates: str) -> None:
    """One unit over the steps 0.5 and 0.8, worked out by hand, through engine and users' model."""
    spec = make_spec("lstm", (1,), n_timesteps=2, n_features=1)
    # Written down as forget, input, candidate, output; Keras wants input, forget, ...
    order = [1, 0, 2, 3]
    weights = [
        np.array([[0.2, 0.4, -0.3, 0.1]])[:, order],
        np.array([[0.1, -0.2, 0.5, 0.3]])[:, order],
        np.array([0.1, 0.2, -0.1, 0.0])[order],
        np.array([[1.0]]),
        np.array([0.5]),
    ]
    model = build_model(spec.structure() if rates == "open" else unset(spec))
    sequence = np.array([[[0.5], [0.8]]], np.float32)
    logit = float(call(model, weights, [sequence, np.ones((1, 2), bool)])[0, 0])
    assert logit == pytest.approx(0.345557, abs=1e-6)
    assert 1.0 / (1.0 + np.exp(-logit)) == pytest.approx(0.585540, abs=1e-6)


MERGES = {
    "concat": lambda left, right: np.concatenate([left, right], axis=1),
    "sum": np.add,
    "mul": np.multiply,
    "ave": lambda left, right: (left + right) / 2,
}


@pytest.mark.parametrize("merge_mode", MERGES)
def test_bidirectional_is_two_passes_combined(merge_mode: str) -> None:
    """One reads from the first step on, the other from the last; masked steps are left out."""
    spec = make_spec(
        "lstm",
        (UNITS,),
        n_timesteps=STEPS,
        n_features=FEATURES,
        bidirectional=(True,),
        merge_mode=merge_mode,
    ).structure()
    model = build_model(spec)
    weights = draw_like(model.trainable_variables)
    inputs, mask = draw(BATCH, STEPS, FEATURES), MASKS["holes"]
    actual = call(model, weights, [inputs, mask])
    forward = run_numpy_lstm(inputs, mask, weights[:3])
    backward = run_numpy_lstm(inputs[:, ::-1], mask[:, ::-1], weights[3:6])
    expected = MERGES[merge_mode](forward, backward) @ weights[6] + weights[7]
    np.testing.assert_allclose(actual, expected, atol=1e-5)


# ---- The spec ------------------------------------------------------------------------------------


class TestStructure:
    """What is compiled: the spec without its rates."""

    def test_has_no_rates(self) -> None:
        structure = make_spec("lstm", dropout=0.3, recurrent_dropout=0.2).structure()
        assert structure.dropout is None
        assert structure.recurrent_dropout is None

    def test_is_shared_by_all_rates(self) -> None:
        specs = [make_spec(dropout=rate, recurrent_dropout=0.1 + rate) for rate in (0.0, 0.1, 0.5)]
        assert len({spec.structure() for spec in specs}) == 1

    def test_leaves_recurrent_dropout_of_zero_out(self) -> None:
        without, with_it = make_spec(), make_spec(recurrent_dropout=0.1)
        assert without.structure().recurrent_dropout == 0.0
        assert without.structure() != with_it.structure()

    def test_of_a_structure_is_itself_where_nothing_is_open(self) -> None:
        structure = make_spec(dropout=0.5).structure()
        assert structure.structure() == structure

    @pytest.mark.parametrize(
        "change",
        [
            {"cell": "gru"},
            {"units": (4,)},
            {"units": (3, 3)},
            {"bidirectional": (True,)},
            {"merge_mode": "sum"},
            {"activation": "relu"},
            {"dense_units": (2,)},
            {"dense_activation": "tanh"},
            {"n_outputs": 2},
            {"layer_params": freeze_layer_params({"use_bias": False})},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_tells_networks_apart(self, change: dict[str, Any]) -> None:
        assert make_spec(**change).structure() != make_spec().structure()

    def test_is_hashable_with_keras_objects_in_it(self) -> None:
        def structure() -> NetworkSpec:
            params = freeze_layer_params({"kernel_regularizer": keras.regularizers.L2(0.1)})
            return make_spec(activation=freeze(keras.ops.tanh), layer_params=params).structure()

        assert hash(structure()) == hash(structure())
        assert structure() == structure()

    def test_layer_params_do_not_depend_on_their_order(self) -> None:
        there = freeze_layer_params({"use_bias": False, "bias_initializer": "ones"})
        assert there == freeze_layer_params({"bias_initializer": "ones", "use_bias": False})
        assert make_spec(layer_params=there).keras_layer_params == {
            "use_bias": False,
            "bias_initializer": "ones",
        }


class Pinball(keras.losses.Loss):
    """A loss of a user who wrote no `get_config`."""

    def __init__(self, quantile: float) -> None:
        super().__init__()
        self.quantile = quantile

    def call(self, y_true: Any, y_pred: Any) -> Any:
        error = y_true - y_pred
        return keras.ops.mean(
            keras.ops.maximum(self.quantile * error, (self.quantile - 1) * error), axis=-1
        )

    def of(self, y_true: Any, y_pred: Any) -> Any:
        return self.call(y_true, y_pred)

    def doubled(self, y_true: Any, y_pred: Any) -> Any:
        return 2.0 * self.call(y_true, y_pred)


def pinball(y_true: Any, y_pred: Any, quantile: float) -> Any:
    return Pinball(quantile).call(y_true, y_pred)


def scaled_error(scale: float) -> Any:
    def error(y_true: Any, y_pred: Any) -> Any:
        return scale * keras.ops.abs(y_true - y_pred)

    return error


PINBALL = Pinball(0.5)
EQUAL = {
    "loss": lambda: keras.losses.LogCosh(reduction="sum"),
    "regularizer": lambda: keras.regularizers.L1L2(0.1, 0.2),
    "initializer": lambda: keras.initializers.Orthogonal(gain=0.5),
    "constraint": lambda: keras.constraints.MaxNorm(2.0),
    "schedule": lambda: keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9),
    "function": lambda: keras.ops.tanh,
    "class": lambda: Pinball,
}
DIFFERENT = {
    "kind": (keras.losses.Huber(), keras.losses.LogCosh()),
    "delta": (keras.losses.Huber(delta=0.1), keras.losses.Huber(delta=10.0)),
    "axis": (keras.losses.CosineSimilarity(axis=0), keras.losses.CosineSimilarity(axis=-1)),
    "reduction": (keras.losses.Huber(), keras.losses.Huber(reduction="sum")),
    "strength": (keras.regularizers.L2(0.1), keras.regularizers.L2(0.2)),
    "norm": (keras.regularizers.L2(0.1), keras.regularizers.L1(0.1)),
    "seed": (keras.initializers.RandomNormal(seed=1), keras.initializers.RandomNormal(seed=2)),
    "slope": (keras.layers.LeakyReLU(negative_slope=0.1), keras.layers.LeakyReLU()),
    "attribute": (Pinball(0.1), Pinball(0.9)),
    "class": (Pinball, keras.losses.Huber),
    "closure": (scaled_error(1.0), scaled_error(2.0)),
    "partial": (partial(pinball, quantile=0.1), partial(pinball, quantile=0.9)),
    "owner of the method": (Pinball(0.1).of, Pinball(0.9).of),
    "method": (PINBALL.of, PINBALL.doubled),
}


class TestByConfig:
    """Copies share a key; what computes something else does not."""

    @pytest.mark.parametrize("make", EQUAL.values(), ids=EQUAL)
    def test_equal_ones_share_a_key(self, make: Any) -> None:
        assert freeze(make()) == freeze(make())
        assert hash(freeze(make())) == hash(freeze(make()))

    def test_equal_ones_of_a_class_of_the_user_share_a_key(self) -> None:
        assert freeze(Pinball(0.9)) == freeze(Pinball(0.9))

    @pytest.mark.parametrize("make", EQUAL.values(), ids=EQUAL)
    def test_copies_share_a_key(self, make: Any) -> None:
        original = make()
        assert freeze(copy.deepcopy(original)) == freeze(original)

    def test_names_do_not_count(self) -> None:
        assert freeze(keras.losses.Huber(name="a")) == freeze(keras.losses.Huber(name="b"))

    @pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
    def test_different_ones_do_not(self, one: Any, other: Any) -> None:
        assert freeze(one) != freeze(other)

    def test_functions_compare_by_identity(self) -> None:
        function = scaled_error(1.0)
        assert freeze(function) == freeze(function)
        assert freeze(function) != freeze(scaled_error(1.0))

    @pytest.mark.parametrize("use", [lambda function: function, partial], ids=["itself", "partial"])
    def test_function_written_anew_under_its_name_is_another(
        self, use: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As in a notebook, where a cell is edited and run again."""
        notebook = ModuleType("notebook_of_a_user")
        monkeypatch.setitem(sys.modules, notebook.__name__, notebook)
        keys = []
        for power in (1, 2):
            code = f"def loss(y_true, y_pred): return abs(y_true - y_pred) ** {power}"
            exec(code, vars(notebook))
            keys.append(freeze(use(vars(notebook)["loss"])))
        assert keys[0] != keys[1]

    def test_functions_that_an_object_holds_count_as_themselves(self) -> None:
        one, other = Pinball(0.5), Pinball(0.5)
        one.transform = other.transform = scaled_error(1.0)
        assert freeze(one) == freeze(other)
        other.transform = scaled_error(1.0)
        assert freeze(one) != freeze(other)

    def test_object_whose_copy_loses_settings_is_refused(self) -> None:
        """Keras copies by way of `get_config`, where the delta of its Huber loss is missing."""
        with pytest.raises(ValueError, match=r"loss=.* does not survive being copied"):
            check_survives_copy("loss", keras.losses.Huber(delta=0.5))
        for loss in ("mse", keras.losses.LogCosh(), partial(keras.losses.huber, delta=0.5)):
            check_survives_copy("loss", loss)

    @pytest.mark.parametrize("plain", [None, "mse", True, 3, 0.5])
    def test_plain_data_stays_itself(self, plain: Any) -> None:
        assert freeze(plain) is plain
        assert thaw(plain) is plain

    def test_thaw_returns_the_object(self) -> None:
        loss = keras.losses.Huber()
        assert isinstance(freeze(loss), ByConfig)
        assert thaw(freeze(loss)) is loss


# ---- The models ----------------------------------------------------------------------------------

NETWORKS = {
    "lstm": make_spec("lstm"),
    "lstm relu": make_spec("lstm", activation="relu"),
    "gru": make_spec("gru"),
    "simple": make_spec("simple"),
    "stacked": make_spec("lstm", (3, 2), dense_units=(4, 2)),
    "both ways": make_spec(
        "lstm", (3, 2), bidirectional=(True, False), dense_units=(4,), n_outputs=2
    ),
    "gru both ways": make_spec("gru", bidirectional=(True,), merge_mode="sum"),
    "recurrent dropout": make_spec("gru", dropout=0.2, recurrent_dropout=0.3),
}


class TestModels:
    """Three models of one spec: trained by the engine, shown to users, shown if none is masked."""

    @pytest.mark.parametrize("name", NETWORKS)
    def test_weights_have_one_order(self, name: str) -> None:
        spec = NETWORKS[name]
        shown = build_model(unset(spec)), build_stacked(unset(spec), masked=False)
        models = build_model(spec.structure()), *shown
        described = [
            [(variable.name, tuple(variable.shape)) for variable in model.trainable_variables]
            for model in models
        ]
        assert described[0] == described[1] == described[2]
        cells = {"lstm": 4, "gru": 3, "simple": 1}
        first_kernel = described[0][0]
        assert first_kernel == ("kernel", (spec.n_features, cells[spec.cell] * spec.units[0]))
        assert described[0][-1] == ("bias", (spec.n_outputs,))

    @pytest.mark.parametrize("name", ["lstm relu", "both ways", "gru both ways"])
    def test_weights_mean_the_same(self, name: str) -> None:
        """Shapes alone do not tell all orders apart; `test_training` has the third model."""
        spec = NETWORKS[name]
        sequences = draw(BATCH, spec.n_timesteps, spec.n_features)
        mask = np.ones(sequences.shape[:2], bool)
        trained, shown = build_model(spec.structure()), build_stacked(unset(spec), masked=False)
        weights = draw_like(trained.trainable_variables)
        outputs = call(trained, weights, [sequences, mask])
        np.testing.assert_allclose(call(shown, weights, sequences), outputs, atol=1e-5)
        assert np.ptp(outputs) > 0.01

    def test_of_users_holds_only_layers_of_keras(self) -> None:
        spec = make_spec("lstm", (3, 2), bidirectional=(True, False), dropout=0.1)
        layers = [
            *build_model(unset(spec)).layers,
            *build_stacked(unset(spec), masked=False).layers,
        ]
        layers += [layer.forward_layer for layer in layers if hasattr(layer, "forward_layer")]
        assert not [layer for layer in layers if type(layer).__module__.startswith("skrnn")]
        assert [layer.rate for layer in layers if isinstance(layer, keras.layers.Dropout)]

    @pytest.mark.parametrize(
        ("units", "both", "recurrent", "output"),
        [
            (64, False, 16_896, 65),
            (64, True, 33_792, 129),
            (1024, False, 4_202_496, 1_025),
        ],
    )
    def test_parameter_counts(self, units: int, both: bool, recurrent: int, output: int) -> None:
        spec = make_spec("lstm", (units,), n_timesteps=12, n_features=1, bidirectional=(both,))
        model = build_model(spec.structure())
        counts = [layer.count_params() for layer in model.layers if layer.trainable_variables]
        assert counts == [recurrent, output]

    def test_parameters_are_what_is_trained(self) -> None:
        """Rates and seeds are weights too, but no parameters."""
        spec = make_spec(
            "lstm", (64,), n_timesteps=12, n_features=1, dropout=0.1, recurrent_dropout=0.1
        )
        assert start(spec).n_parameters == 16_896 + 65
        assert sum(value.size for value in start(spec).fixed) > 0


# ---- Initial weights -----------------------------------------------------------------------------


@cache
def built(structure: NetworkSpec) -> keras.Model:
    return build_model(structure)


def draw_weights(spec: NetworkSpec, seed: int = 0) -> dict[str, np.ndarray]:
    """Return initial weights by layer and name, such as "output/kernel"."""
    model = built(spec.structure())
    rng, dropout = np.random.default_rng(seed), np.random.default_rng(seed)
    weights = initial_weights(model, spec, rng, dropout)
    names = [variable.path.split("/") for variable in model.trainable_variables]
    return {
        f"{path[-3] if len(path) > 2 else path[0]}/{path[-1]}": value
        for path, value in zip(names, weights.trainable, strict=True)
    }


def of_kind(weights: dict[str, np.ndarray], name: str) -> list[np.ndarray]:
    return [
        value
        for path, value in weights.items()
        if path.endswith("/" + name) and "recurrent_1" in path
    ]


class TestInitialWeights:
    """Drawn by NumPy from the distributions of Keras, or by the initialisers of the user."""

    def test_kernels_are_glorot_uniform(self) -> None:
        weights = draw_weights(
            make_spec("lstm", (40,), n_timesteps=3, n_features=5, n_outputs=7, dense_units=(50,))
        )
        kernels = [value for name, value in weights.items() if name.endswith("/kernel")]
        assert [kernel.shape for kernel in kernels] == [(5, 160), (40, 50), (50, 7)]
        for kernel in kernels:
            limit = np.sqrt(6.0 / sum(kernel.shape))
            assert kernel.dtype == np.float32
            assert np.abs(kernel).max() <= np.float32(limit)
            uniform = stats.uniform(-limit, 2 * limit)
            assert stats.kstest(kernel.ravel(), uniform.cdf).pvalue > 0.01

    @pytest.mark.parametrize("cell", ["lstm", "gru", "simple"])
    def test_recurrent_kernels_are_orthogonal(self, cell: str) -> None:
        (kernel,) = of_kind(draw_weights(make_spec(cell, (6,))), "recurrent_kernel")
        assert kernel.shape == (6, {"lstm": 24, "gru": 18, "simple": 6}[cell])
        np.testing.assert_allclose(kernel @ kernel.T, np.eye(6), atol=1e-6)

    @pytest.mark.parametrize("units", [1, 2, 17])
    def test_tall_kernels_are_orthogonal_too(self, units: int) -> None:
        params = freeze_layer_params({"kernel_initializer": "orthogonal"})
        spec = make_spec("simple", (units,), n_timesteps=3, n_features=20, layer_params=params)
        (kernel,) = of_kind(draw_weights(spec), "kernel")
        assert kernel.shape == (20, units)
        np.testing.assert_allclose(kernel.T @ kernel, np.eye(units), atol=1e-6)

    def test_orthogonal_ones_prefer_no_direction(self) -> None:
        """A QR decomposition alone does: the signs of its diagonal are not those of chance."""
        spec = make_spec("simple", (2,))
        kernels = [of_kind(draw_weights(spec, seed), "recurrent_kernel")[0] for seed in range(200)]
        assert np.abs(np.mean(kernels, axis=0)).max() < 0.2

    def test_forget_bias_is_one(self) -> None:
        for bias in of_kind(draw_weights(make_spec("lstm", bidirectional=(True,))), "bias"):
            np.testing.assert_array_equal(bias, np.repeat([0.0, 1.0, 0.0, 0.0], 3))

    def test_forget_bias_is_one_whatever_the_initialiser(self) -> None:
        params = freeze_layer_params({"bias_initializer": keras.initializers.Constant(0.5)})
        (bias,) = of_kind(draw_weights(make_spec("lstm", layer_params=params)), "bias")
        np.testing.assert_array_equal(bias, np.repeat([0.5, 1.0, 0.5, 0.5], 3))

    def test_forget_bias_can_be_left_out(self) -> None:
        params = freeze_layer_params({"unit_forget_bias": False})
        (bias,) = of_kind(draw_weights(make_spec("lstm", layer_params=params)), "bias")
        np.testing.assert_array_equal(bias, np.zeros(12))

    def test_both_directions_are_drawn_apart(self) -> None:
        forward, backward = of_kind(
            draw_weights(make_spec("lstm", bidirectional=(True,))), "kernel"
        )
        assert not np.array_equal(forward, backward)

    @pytest.mark.parametrize("cell", ["gru", "simple"])
    def test_other_biases_are_zero(self, cell: str) -> None:
        weights = draw_weights(make_spec(cell, dense_units=(2,)))
        biases = [value for name, value in weights.items() if name.endswith("/bias")]
        assert len(biases) == 3
        assert not any(bias.any() for bias in biases)

    @pytest.mark.parametrize("ones", ["ones", keras.initializers.Ones()], ids=["name", "object"])
    def test_initialisers_of_the_user_reach_the_recurrent_layers_only(self, ones: Any) -> None:
        params = freeze_layer_params({"kernel_initializer": ones})
        weights = draw_weights(make_spec("lstm", (3, 2), layer_params=params))
        kernels = {name: bool((value == 1.0).all()) for name, value in weights.items()}
        assert kernels.pop("recurrent_1/kernel")
        assert kernels.pop("recurrent_2/kernel")
        assert not any(kernels.values())

    def test_a_function_can_be_an_initialiser(self) -> None:
        def count(shape: tuple[int, ...], dtype: Any = None) -> np.ndarray:
            return np.arange(np.prod(shape), dtype=np.float32).reshape(shape)

        params = freeze_layer_params({"kernel_initializer": count})
        (kernel,) = of_kind(draw_weights(make_spec(layer_params=params)), "kernel")
        np.testing.assert_array_equal(kernel, [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]])

    def test_they_depend_on_the_seed_alone(self) -> None:
        normal = freeze_layer_params({"kernel_initializer": "random_normal"})
        for spec in (make_spec("lstm"), make_spec("simple", layer_params=normal)):
            first, again, other = (draw_weights(spec, seed) for seed in (0, 0, 1))
            for name, value in first.items():
                np.testing.assert_array_equal(value, again[name])
                assert np.array_equal(value, other[name]) == name.endswith("/bias")

    def test_unseeded_initialisers_draw_anew_for_each_layer(self) -> None:
        initializer = keras.initializers.RandomNormal(stddev=2.0)
        params = freeze_layer_params({"kernel_initializer": initializer})
        weights = draw_weights(
            make_spec("simple", (40,) * 2, n_timesteps=3, n_features=40, layer_params=params)
        )
        first, second = weights["recurrent_1/kernel"], weights["recurrent_2/kernel"]
        assert not np.array_equal(first, second)
        assert first.std() == pytest.approx(2.0, rel=0.1)

    def test_a_seed_of_the_user_is_respected(self) -> None:
        initializer = keras.initializers.GlorotUniform(seed=7)
        params = freeze_layer_params({"kernel_initializer": initializer})
        kernels = [
            of_kind(draw_weights(make_spec(layer_params=params), seed), "kernel")[0]
            for seed in (0, 1)
        ]
        np.testing.assert_array_equal(kernels[0], kernels[1])
        np.testing.assert_array_equal(kernels[0], initializer((2, 3)))

    def test_fixed_values_are_rates_and_seeds(self) -> None:
        spec = make_spec(
            "lstm", (3, 2), bidirectional=(True, False), dropout=0.25, recurrent_dropout=0.5
        )
        model = build_model(spec.structure())
        values = fixed_values(model, spec, np.random.default_rng(0))
        variables = model.non_trainable_variables
        rates = {
            v.path: float(a) for v, a in zip(variables, values, strict=True) if v.name == "rate"
        }
        assert sorted(rates.values()) == [0.25] * 2 + [0.5] * 3
        assert all(("recurrent_dropout" in path) == (rate == 0.5) for path, rate in rates.items())
        seeds = [a for v, a in zip(variables, values, strict=True) if v.name != "rate"]
        assert all(seed.dtype == np.uint32 and seed.shape == (2,) for seed in seeds)
        assert len({tuple(seed) for seed in seeds}) == len(seeds) >= len(rates)


# ---- Dropout whose rate is a value ---------------------------------------------------------------


@pytest.fixture
def dropout() -> ValueDropout:
    layer = ValueDropout()
    layer.build((None, 20))
    return layer


class TestValueDropout:
    """Inverted dropout (Srivastava et al., 2014)."""

    ONES = np.ones((100, 20), np.float32)

    def test_rate_zero_changes_nothing(self, dropout: ValueDropout) -> None:
        inputs = draw(100, 20)
        np.testing.assert_array_equal(dropout(inputs, training=True), inputs)

    @pytest.mark.parametrize("rate", [0.25, 0.5])
    def test_drops_a_share_and_scales_the_rest(self, dropout: ValueDropout, rate: float) -> None:
        dropout.rate.assign(rate)
        outputs = np.asarray(dropout(self.ONES, training=True))
        assert (outputs == 0.0).mean() == pytest.approx(rate, abs=0.04)
        np.testing.assert_allclose(outputs[outputs != 0.0], 1.0 / (1.0 - rate), rtol=1e-6)

    def test_draws_anew_at_every_call(self, dropout: ValueDropout) -> None:
        dropout.rate.assign(0.5)
        seed = np.asarray(dropout.seed_generator.state)
        first, second = (np.asarray(dropout(self.ONES, training=True)) for _ in range(2))
        assert 0.4 < (first == second).mean() < 0.6
        dropout.seed_generator.state.assign(seed)
        np.testing.assert_array_equal(dropout(self.ONES, training=True), first)

    def test_masks_have_no_pattern(self, dropout: ValueDropout) -> None:
        """Neither along units or rows, nor from one call to the next; limits are six sigma."""
        calls, shape = 800, (6, 8)
        dropout.rate.assign(0.5)
        fixed = [variable.value for variable in dropout.non_trainable_variables]

        def call(fixed: Any, _: None) -> Any:
            outputs, fixed = dropout.stateless_call([], fixed, jnp.ones(shape), training=True)
            return fixed, outputs

        _, outputs = jax.jit(lambda fixed: jax.lax.scan(call, fixed, length=calls))(fixed)
        masks = np.asarray(outputs).reshape(calls, -1) - 1.0
        limit = 6.0 / np.sqrt(calls)
        assert np.abs(masks.mean(axis=0)).max() < limit
        between_elements = masks.T @ masks / calls - np.eye(masks.shape[1])
        assert np.abs(between_elements).max() < limit
        for lag in (1, 2, 3, 4):
            between_calls = masks[lag:].T @ masks[:-lag] / calls
            assert np.abs(between_calls).max() < limit
        assert len(np.unique(masks, axis=0)) == calls

    def test_does_nothing_outside_training(self, dropout: ValueDropout) -> None:
        dropout.rate.assign(0.5)
        seed = np.asarray(dropout.seed_generator.state)
        np.testing.assert_array_equal(dropout(self.ONES), self.ONES)
        np.testing.assert_array_equal(dropout(self.ONES, training=False), self.ONES)
        np.testing.assert_array_equal(dropout.seed_generator.state, seed)


RECURRENT = {
    "lstm": make_spec("lstm", (2,), recurrent_dropout=0.5),
    "lstm cell": make_spec("lstm", (2,), recurrent_dropout=0.5, activation="relu"),
    "gru": make_spec("gru", (2,), recurrent_dropout=0.5),
    "simple": make_spec("simple", (2,), recurrent_dropout=0.5),
}


@cache
def compiled_recurrent(name: str, training: bool) -> tuple[Any, list[np.ndarray], list[Any]]:
    """Compile a network as function of its weights and fixed values."""
    spec = RECURRENT[name]
    model = build_model(spec.structure())
    sequences = draw(64, spec.n_timesteps, spec.n_features)
    mask = np.ones(sequences.shape[:2], bool)

    @jax.jit
    def function(trainable: Any, fixed: Any) -> Any:
        return model.stateless_call(trainable, fixed, [sequences, mask], training=training)

    weights = draw_like(model.trainable_variables)
    return function, weights, fixed_values(model, spec, np.random.default_rng(0))


@pytest.mark.parametrize("name", RECURRENT)
class TestRecurrentDropout:
    """On the state as it enters the gates, with one mask for all steps of a sequence."""

    def test_rate_zero_is_none(self, name: str) -> None:
        function, weights, fixed = compiled_recurrent(name, True)
        fixed = [value if value.shape else np.float32(0.0) for value in fixed]
        plain, _, _ = compiled_recurrent(name, False)
        np.testing.assert_allclose(function(weights, fixed)[0], plain(weights, fixed)[0], rtol=1e-5)

    def test_every_sequence_sees_one_mask(self, name: str) -> None:
        """Dropping state is zeroing rows of the recurrent kernel: each output is one of four."""
        function, weights, fixed = compiled_recurrent(name, True)
        plain, _, _ = compiled_recurrent(name, False)
        dropped = np.asarray(function(weights, fixed)[0])[:, 0]
        kept = [(a, b) for a in (0.0, 2.0) for b in (0.0, 2.0)]
        recurrent = [np.array(keep, np.float32)[:, None] * weights[1] for keep in kept]
        possible = np.stack(
            [np.asarray(plain([weights[0], r, *weights[2:]], fixed)[0])[:, 0] for r in recurrent]
        )
        distance = np.abs(possible - dropped)
        np.testing.assert_allclose(distance.min(axis=0), 0.0, atol=1e-5)
        assert np.bincount(distance.argmin(axis=0), minlength=4).min() > 5

    def test_next_call_draws_another(self, name: str) -> None:
        function, weights, fixed = compiled_recurrent(name, True)
        first, fixed = function(weights, fixed)
        second, _ = function(weights, fixed)
        assert not np.allclose(first, second)

    def test_is_off_outside_training(self, name: str) -> None:
        plain, weights, fixed = compiled_recurrent(name, False)
        without = [value if value.shape else np.float32(0.0) for value in fixed]
        np.testing.assert_array_equal(plain(weights, fixed)[0], plain(weights, without)[0])
