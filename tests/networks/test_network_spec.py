"""What describes a network, and when two descriptions are the same."""

from __future__ import annotations

import copy
import sys
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from _engine import make_spec

from skrnn.compat._keras import keras
from skrnn.networks._by_config import ByConfig, freeze, thaw
from skrnn.networks._spec import NetworkSpec, freeze_layer_params

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

    @pytest.mark.parametrize("plain", [None, "mse", True, 3, 0.5])
    def test_plain_data_stays_itself(self, plain: Any) -> None:
        assert freeze(plain) is plain
        assert thaw(plain) is plain

    def test_thaw_returns_the_object(self) -> None:
        loss = keras.losses.Huber()
        assert isinstance(freeze(loss), ByConfig)
        assert thaw(freeze(loss)) is loss
