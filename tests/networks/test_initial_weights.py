"""The models that are built, and the weights they start from."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from _engine import make_spec, start, unset
from _layers import BATCH, call, draw, draw_like
from scipy import stats

from skrnn.compat._keras import keras
from skrnn.networks._build import build_model
from skrnn.networks._initial import initial_weights, non_trainable_values
from skrnn.networks._spec import NetworkSpec, freeze_layer_params
from skrnn.networks._stacked import build_stacked

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
        assert sum(value.size for value in start(spec).non_trainable) > 0


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

    def test_non_trainable_values_are_rates_and_seeds(self) -> None:
        spec = make_spec(
            "lstm", (3, 2), bidirectional=(True, False), dropout=0.25, recurrent_dropout=0.5
        )
        model = build_model(spec.structure())
        values = non_trainable_values(model, spec, np.random.default_rng(0))
        variables = model.non_trainable_variables
        rates = {
            v.path: float(a) for v, a in zip(variables, values, strict=True) if v.name == "rate"
        }
        assert sorted(rates.values()) == [0.25] * 2 + [0.5] * 3
        assert all(("recurrent_dropout" in path) == (rate == 0.5) for path, rate in rates.items())
        seeds = [a for v, a in zip(variables, values, strict=True) if v.name != "rate"]
        assert all(seed.dtype == np.uint32 and seed.shape == (2,) for seed in seeds)
        assert len({tuple(seed) for seed in seeds}) == len(seeds) >= len(rates)
