"""Encoder-decoder networks: their arithmetic, teacher forcing, structure, files, and training.

All four decoders are held against NumPy, written row by row and step by step, and their training
against that of Keras.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from _engine import fit, fit_with_keras, start, unset

from skrnn import compile_cache_info
from skrnn.compat._keras import keras
from skrnn.engines._dataset import Dataset
from skrnn.networks._build import build_model, set_weights
from skrnn.networks._initial import non_trainable_values
from skrnn.networks._kinds import DECODERS
from skrnn.networks._spec import EncoderDecoderSpec

# NumPy 2 deprecates what Keras does to read one of its own variables.
pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning:keras\\.src"
)

STEPS, FEATURES, HORIZON, TARGETS, KNOWN, BATCH = 5, 2, 3, 2, 2, 4
MASK = np.array([[1, 1, 1, 1, 1], [0, 0, 0, 1, 1], [1, 0, 1, 1, 0], [0, 0, 0, 0, 0]], bool)


def make_spec(decoder: str = "repeat", **kwargs: Any) -> EncoderDecoderSpec:
    """Describe a network; one layer of three simple units unless told."""
    units = kwargs.get("units", (3,))
    given = {
        "cell": "simple",
        "units": units,
        "bidirectional": (False,) * len(units),
        "n_timesteps": STEPS,
        "n_features": FEATURES,
        "horizon": HORIZON,
        "n_targets": TARGETS,
        **kwargs,
    }
    return EncoderDecoderSpec(decoder=decoder, **given)


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng((seed, *shape)).normal(size=shape).astype(np.float32)


def draw_inputs(spec: EncoderDecoderSpec, n_rows: int = BATCH) -> dict[str, np.ndarray]:
    """Return inputs whose masked steps are zero, as they are whenever a network reads them."""
    mask = np.resize(MASK, (n_rows, STEPS))
    sequence = draw(n_rows, STEPS, spec.n_features) * mask[:, :, None]
    inputs = {"sequence": sequence, "mask": mask}
    for name in ("known", "targets"):
        if name in spec.inputs:
            inputs[name] = draw(n_rows, *spec.inputs[name].shape, seed=len(name))
    return inputs


class Built:
    """The model of a structure, some weights for it, and its outputs compiled."""

    def __init__(self, spec: EncoderDecoderSpec) -> None:
        self.spec, self.model = spec, build_model(spec.structure())
        self.weights = [
            draw(*variable.shape, seed=index)
            for index, variable in enumerate(self.model.trainable_variables)
        ]
        self._call = jax.jit(self.model.stateless_call, static_argnames="training")

    def __call__(
        self, inputs: dict[str, np.ndarray], *, rate: float = 0.0, training: bool = False
    ) -> np.ndarray:
        """Return outputs of shape (n_rows, horizon, n_targets[, n_quantiles])."""
        spec = replace(self.spec, teacher_forcing=rate)
        fixed = non_trainable_values(self.model, spec, np.random.default_rng(0))
        given = [inputs[name] for name in spec.inputs]
        outputs, _ = self._call(self.weights, fixed, given, training=training)
        quantiles = (spec.n_quantiles,) if spec.n_quantiles else ()
        return np.asarray(outputs).reshape(-1, spec.horizon, spec.n_targets, *quantiles)

    def named(self, name: str) -> list[np.ndarray]:
        """Return the weights of a layer."""
        paths = [variable.path.split("/") for variable in self.model.trainable_variables]
        pairs = zip(paths, self.weights, strict=True)
        found = [value.astype(np.float64) for path, value in pairs if name in path]
        assert found, name
        return found


built = cache(Built)


# ---- The same in NumPy ---------------------------------------------------------------------------


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-z))


def simple_step(weights: Any, x: np.ndarray, states: list[np.ndarray]) -> list[np.ndarray]:
    kernel, recurrent, bias = weights
    return [np.tanh(x @ kernel + states[0] @ recurrent + bias)]


def lstm_step(weights: Any, x: np.ndarray, states: list[np.ndarray]) -> list[np.ndarray]:
    kernel, recurrent, bias = weights
    i, f, g, o = np.split(x @ kernel + states[0] @ recurrent + bias, 4)
    cell = sigmoid(f) * states[1] + sigmoid(i) * np.tanh(g)
    return [sigmoid(o) * np.tanh(cell), cell]


def gru_step(weights: Any, x: np.ndarray, states: list[np.ndarray]) -> list[np.ndarray]:
    """With the reset gate after the product, as in Keras."""
    kernel, recurrent, bias = weights
    z, r, x_new = np.split(x @ kernel + bias[0], 3)
    of_z, of_r, h_new = np.split(states[0] @ recurrent + bias[1], 3)
    z, r = sigmoid(z + of_z), sigmoid(r + of_r)
    return [z * states[0] + (1.0 - z) * np.tanh(x_new + r * h_new)]


STEP = {"simple": simple_step, "lstm": lstm_step, "gru": gru_step}
MERGE = {
    "concat": lambda a, b: np.concatenate([a, b], axis=-1),
    "sum": np.add,
    "mul": np.multiply,
    "ave": lambda a, b: (a + b) / 2.0,
}


class InNumpy:
    """A network applied to one row; `before` returns what a step goes on from."""

    def __init__(self, network: Built, row: dict[str, np.ndarray], *, forced: bool = False) -> None:
        self.spec, self.weights, self.forced = network.spec, network.named, forced
        self.row = {name: np.asarray(values, np.float64) for name, values in row.items()}

    def outputs(self) -> np.ndarray:
        self.states, self.steps, self.mask = self.encode()
        self.skip = self.linear() if self.spec.linear_skip else np.zeros((HORIZON, TARGETS))
        if self.spec.decoder == "autoregressive":
            return self.autoregressive()
        values = {"dense": self.dense, "repeat": self.repeat, "parallel": self.parallel}
        steps = values[self.spec.decoder]()[:HORIZON]
        return np.stack([self.finish(*pair) for pair in zip(steps, self.skip, strict=True)])

    def run(self, name: str, steps: Any, mask: Any, states: Any) -> tuple[np.ndarray, Any]:
        weights, outputs = self.weights(name), []
        for x, active in zip(steps, mask, strict=True):
            states = STEP[self.spec.cell](weights, x, states) if active else states
            outputs.append(states[0])
        return np.stack(outputs), states

    def encode(self) -> Any:
        spec, (steps, mask) = self.spec, self.segments()
        merge, states = MERGE[spec.merge_mode], []
        for depth, (units, both) in enumerate(zip(spec.units, spec.bidirectional, strict=True), 1):
            zeros = [np.zeros(units)] * (2 if spec.cell == "lstm" else 1)
            name = f"recurrent_encoder_{depth}"
            if both:
                there, final = self.run("forward_" + name, steps, mask, zeros)
                back, other = self.run("backward_" + name, steps[::-1], mask[::-1], zeros)
                steps = merge(there, back[::-1])
                states.append([merge(a, b) for a, b in zip(final, other, strict=True)])
            else:
                steps, final = self.run(name, steps, mask, zeros)
                states.append(final)
        return states, steps, mask

    def segments(self) -> tuple[np.ndarray, np.ndarray]:
        """The first segment is filled up in front."""
        sequence, mask, length = (
            self.row["sequence"],
            self.row["mask"] > 0,
            self.spec.segment_length,
        )
        if length == 1:
            return sequence, mask
        stops = np.arange(STEPS, 0, -length)[::-1]
        kernel, bias = self.weights("segments")
        steps = []
        for stop in stops:
            inside = sequence[max(stop - length, 0) : stop].ravel()
            joint = np.concatenate([np.zeros(len(kernel) - len(inside)), inside])
            steps.append(np.maximum(joint @ kernel + bias, 0.0))
        return np.stack(steps), np.array([mask[max(s - length, 0) : s].any() for s in stops])

    def attend(self, query: np.ndarray) -> np.ndarray:
        if not self.spec.attention:
            return query
        kernel, bias = self.weights("attention")
        scores = np.where(self.mask, self.steps @ query / np.sqrt(len(query)), -1e9)
        shares = np.exp(scores - scores.max())
        context = shares / shares.sum() @ self.steps
        return np.tanh(np.concatenate([query, context]) @ kernel + bias)

    def head(self, hidden: np.ndarray, n_steps: int) -> np.ndarray:
        for depth in range(1, len(self.spec.dense_units) + 1):
            kernel, bias = self.weights(f"dense_{depth}")
            hidden = np.maximum(hidden @ kernel + bias, 0.0)
        kernel, bias = self.weights("output")
        return (hidden @ kernel + bias).reshape(n_steps, TARGETS, -1)

    def finish(self, values: np.ndarray, skip: np.ndarray) -> np.ndarray:
        """Quantiles lie around the median, and the skip goes to all of them."""
        if not self.spec.n_quantiles:
            return values[:, 0] + skip
        middle = self.spec.median
        quantiles = values.copy()
        for n in range(middle + 1, values.shape[1]):
            quantiles[:, n] = quantiles[:, n - 1] + np.log1p(np.exp(values[:, n]))
        for n in range(middle - 1, -1, -1):
            quantiles[:, n] = quantiles[:, n + 1] - np.log1p(np.exp(values[:, n]))
        return quantiles + skip[:, None]

    def known(self, step: int) -> np.ndarray:
        inside = self.spec.n_known and step < HORIZON
        return self.row["known"][step] if inside else np.zeros(self.spec.n_known)

    def linear(self) -> np.ndarray:
        sequence, spec = self.row["sequence"], self.spec
        kernel, bias = self.weights("skip")
        if spec.target_features:
            skip = np.stack([sequence[:, n] @ kernel + bias for n in spec.target_features], axis=1)
        else:
            skip = (sequence.ravel() @ kernel + bias).reshape(HORIZON, TARGETS)
        return skip + self.row["known"] @ self.weights("skip_known")[0] if spec.n_known else skip

    def dense(self) -> np.ndarray:
        known = [self.known(step) for step in range(HORIZON)]
        return self.head(np.concatenate([self.attend(self.states[-1][0]), *known]), HORIZON)

    def repeat(self) -> np.ndarray:
        last = self.states[-1][0]
        steps = [np.concatenate([last, self.known(step)]) for step in range(HORIZON)]
        for depth, states in enumerate(self.states, 1):
            steps, _ = self.run(f"recurrent_decoder_{depth}", steps, [True] * HORIZON, states)
        return np.concatenate([self.head(self.attend(hidden), 1) for hidden in steps])

    def parallel(self) -> np.ndarray:
        length, written = min(self.spec.segment_length, HORIZON), []
        for number, position in enumerate(self.weights("positions")[0]):
            if self.spec.n_known:
                steps = [self.known(number * length + n) for n in range(length)]
                position = position + np.concatenate(steps) @ self.weights("known_segments")[0]
            hidden = position
            for depth, states in enumerate(self.states, 1):
                _, (hidden, *_) = self.run(f"recurrent_decoder_{depth}", [hidden], [True], states)
            written.append(self.head(self.attend(hidden), length))
        return np.concatenate(written)

    def autoregressive(self) -> np.ndarray:
        spec, states, outputs = self.spec, self.states, []
        features = list(spec.target_features)
        last = self.row["sequence"][-1, features]
        before = last if spec.first_value else np.zeros(TARGETS)
        for step in range(HORIZON):
            hidden, after = np.concatenate([before, self.known(step)]), []
            for depth, own in enumerate(states, 1):
                _, new = self.run(f"recurrent_decoder_{depth}", [hidden], [True], own)
                hidden, after = new[0], [*after, new]
            states = after
            output = self.finish(self.head(self.attend(hidden), 1)[0], self.skip[step])
            before = output[:, spec.median] if spec.n_quantiles else output
            if self.forced:
                truth = self.row["targets"][step]
                before = np.where(np.isnan(truth), before, truth)
            outputs.append(output)
        return np.stack(outputs)


def in_numpy(network: Built, inputs: dict[str, np.ndarray], **kwargs: Any) -> np.ndarray:
    rows = range(len(inputs["sequence"]))
    parts = [{name: array[row] for name, array in inputs.items()} for row in rows]
    return np.stack([InNumpy(network, row, **kwargs).outputs() for row in parts])


# ---- Outputs -------------------------------------------------------------------------------------

PAST = {"target_features": (1, 0), "first_value": True}
FULL = {
    **PAST,
    "units": (3, 2),
    "bidirectional": (True, False),
    "n_known": KNOWN,
    "segment_length": 2,
    "attention": True,
    "dense_units": (4,),
    "n_quantiles": 3,
    "head": "quantiles",
    "median": 2,
}
OPTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "lstm from the last values": {"cell": "lstm", **PAST},
    "gru in two layers": {"cell": "gru", "units": (3, 2), "n_known": KNOWN},
    "all but the skip": FULL,
    "all": {**FULL, "linear_skip": True},
    "lstm both ways with attention": {"cell": "lstm", "bidirectional": (True,), "attention": True},
    "skip from all features": {"linear_skip": True, "n_known": KNOWN},
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("decoder", list(DECODERS))
def test_outputs_equal_numpy(decoder: str, options: str) -> None:
    """With masked steps on the left, in the middle and at the end, and a row without any step."""
    network = built(make_spec(decoder, **OPTIONS[options]))
    inputs = draw_inputs(network.spec)
    outputs = network(inputs)
    np.testing.assert_allclose(outputs, in_numpy(network, inputs), rtol=1e-4, atol=2e-5)
    assert np.ptp(outputs, axis=1).max() > 0.01


@pytest.mark.parametrize("merge_mode", ["sum", "mul", "ave"])
def test_states_of_both_directions_are_merged_as_their_outputs(merge_mode: str) -> None:
    options = {"cell": "lstm", "units": (3, 3), "bidirectional": (True, True)}
    network = built(make_spec("repeat", merge_mode=merge_mode, **options))
    inputs = draw_inputs(network.spec)
    np.testing.assert_allclose(network(inputs), in_numpy(network, inputs), rtol=1e-4, atol=2e-5)


@pytest.mark.parametrize("segment_length", [2, 7])
def test_segments_need_not_divide_the_horizon(segment_length: int) -> None:
    """Nor the window; both are one segment where they are shorter."""
    network = built(make_spec("parallel", segment_length=segment_length, n_known=KNOWN))
    inputs = draw_inputs(network.spec)
    np.testing.assert_allclose(network(inputs), in_numpy(network, inputs), rtol=1e-4, atol=2e-5)


def test_quantiles_do_not_cross() -> None:
    network = built(make_spec("dense", **OPTIONS["all"]))
    outputs = network(draw_inputs(network.spec, 64))
    steps = np.diff(outputs, axis=-1)
    assert (steps >= 0).all()
    assert (steps > 0).mean() > 0.9


# ---- Teacher forcing -----------------------------------------------------------------------------

FORCED = {
    "values": {"cell": "lstm", **PAST},
    "known, attention, layers": {
        **PAST,
        "units": (3, 2),
        "n_known": KNOWN,
        "attention": True,
    },
    "quantiles": {"n_quantiles": 3, "median": 1, "head": "quantiles"},
    "skip": {"linear_skip": True, **PAST},
}


@pytest.mark.parametrize("options", FORCED)
class TestTeacherForcing:
    """While training, the autoregressive decoder goes on from the targets as often as is said."""

    def test_rate_one_goes_on_from_the_targets(self, options: str) -> None:
        network = built(make_spec("autoregressive", **FORCED[options]))
        inputs = draw_inputs(network.spec)
        forced = network(inputs, rate=1.0, training=True)
        expected = in_numpy(network, inputs, forced=True)
        np.testing.assert_allclose(forced, expected, rtol=1e-4, atol=2e-5)
        own = network(inputs)
        np.testing.assert_array_equal(forced[:, 0], own[:, 0])
        assert np.abs(forced[:, 1:] - own[:, 1:]).max() > 0.01

    def test_rate_zero_goes_on_from_its_own(self, options: str) -> None:
        network = built(make_spec("autoregressive", **FORCED[options]))
        inputs = draw_inputs(network.spec)
        trained = network(inputs, rate=0.0, training=True)
        np.testing.assert_allclose(trained, network(inputs), rtol=1e-6, atol=1e-7)

    def test_targets_that_are_missing_are_never_gone_on_from(self, options: str) -> None:
        network = built(make_spec("autoregressive", **FORCED[options]))
        inputs = draw_inputs(network.spec)
        inputs["targets"][0, 0, 0] = inputs["targets"][2, 1, :] = np.nan
        inputs["targets"][3] = np.nan
        forced = network(inputs, rate=1.0, training=True)
        expected = in_numpy(network, inputs, forced=True)
        np.testing.assert_allclose(forced, expected, rtol=1e-4, atol=2e-5)
        np.testing.assert_allclose(forced[3], network(inputs)[3], rtol=1e-6, atol=1e-7)

    def test_targets_are_what_the_decoder_would_go_on_from(self, options: str) -> None:
        """Given its own forecasts for targets, it writes the same: what is fed is what is out."""
        network = built(make_spec("autoregressive", **FORCED[options]))
        inputs = draw_inputs(network.spec)
        own = network(inputs)
        point = own[..., own.shape[3] // 2] if own.ndim == 4 else own
        forced = network({**inputs, "targets": point}, rate=1.0, training=True)
        np.testing.assert_allclose(forced, own, rtol=1e-5, atol=1e-5)

    def test_predictions_look_at_no_target(self, options: str) -> None:
        network = built(make_spec("autoregressive", **FORCED[options]))
        inputs = draw_inputs(network.spec)
        own = network(inputs, rate=1.0)
        for other in (np.nan, 7.0):
            targets = np.full_like(inputs["targets"], other)
            np.testing.assert_array_equal(network({**inputs, "targets": targets}, rate=1.0), own)


def test_rate_between_is_a_share_of_rows_and_steps() -> None:
    network = built(make_spec("autoregressive", **FORCED["values"]))
    inputs = draw_inputs(network.spec, 400)
    own, forced = network(inputs), network(inputs, rate=1.0, training=True)
    mixed = network(inputs, rate=0.3, training=True)
    goes_on = np.isclose(mixed, forced, atol=1e-6).all(axis=2)
    own_way = np.isclose(mixed, own, atol=1e-6).all(axis=2)
    assert (goes_on | own_way)[:, 1].all()
    assert goes_on[:, 1].mean() == pytest.approx(0.3, abs=0.1)
    # Drawn anew for every step: the third is neither for some rows.
    assert not (goes_on | own_way)[:, 2].all()


# ---- Structure -----------------------------------------------------------------------------------


class TestStructure:
    """What is compiled: the spec without its rates."""

    def test_is_shared_by_all_rates(self) -> None:
        specs = [
            make_spec("autoregressive", dropout=rate, teacher_forcing=1.0 - rate)
            for rate in (0.0, 0.2, 0.5)
        ]
        assert len({spec.structure() for spec in specs}) == 1
        assert specs[0].structure().teacher_forcing is None

    @pytest.mark.parametrize(
        "change",
        [
            {"decoder": "dense"},
            {"horizon": 4},
            {"n_targets": 1},
            {"target_features": (0, 1)},
            {"n_known": 1},
            {"segment_length": 2},
            {"attention": True},
            {"linear_skip": True},
            {"n_quantiles": 3, "head": "quantiles"},
            {"median": 1},
            {"first_value": True},
        ],
        ids=lambda change: next(iter(change)),
    )
    def test_tells_networks_apart(self, change: dict[str, Any]) -> None:
        assert make_spec(**change).structure() != make_spec().structure()

    def test_one_program_serves_all_rates(self) -> None:
        data, traces = make_rows(), [compile_cache_info().traces]
        for rate in (0.0, 0.2, 0.5):
            spec = make_spec("autoregressive", units=(2,), dropout=rate, teacher_forcing=1.0 - rate)
            fit(spec, data, epochs=1)
            traces.append(compile_cache_info().traces)
        assert traces[0] < traces[1] == traces[2] == traces[3]

    def test_parameters_of_the_textbook_network(self) -> None:
        """LSTM(64) to LSTM(64) over one feature, and a dense output for each step."""
        spec = make_spec("repeat", cell="lstm", units=(64,), n_features=1, n_targets=1)
        model = build_model(spec.structure())
        counts = [layer.count_params() for layer in model.layers if layer.trainable_variables]
        assert counts == [16_896, 33_024, 65]
        assert start(spec).n_parameters == 49_985


# ---- Models of users -----------------------------------------------------------------------------


def user_model(network: Built) -> keras.Model:
    model = build_model(unset(network.spec))
    set_weights(model, network.weights)
    return model


def outputs_of(model: keras.Model, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return np.asarray(model.predict(list(inputs.values()), verbose=0))


def layers_of(variable: Any) -> list[str]:
    """Return what a variable belongs to; cells that a layer makes for itself have no fixed name."""
    return [part for part in variable.path.split("/") if "_cell" not in part]


@pytest.mark.parametrize("decoder", list(DECODERS))
class TestModelsOfUsers:
    """A spec with its rates given makes a model of Keras, with the weights of the one trained."""

    @pytest.mark.parametrize("options", ["lstm from the last values", "all"])
    def test_weights_have_one_order(self, decoder: str, options: str) -> None:
        spec = make_spec(decoder, **{**OPTIONS[options], "dropout": 0.1})
        models = (
            build_model(spec.structure()),
            build_model(unset(spec)),
            build_model(unset(replace(spec, dropout=0.0))),
        )
        described = [
            [(layers_of(variable), variable.shape) for variable in model.trainable_variables]
            for model in models
        ]
        assert described[0] == described[1] == described[2]

    @pytest.mark.parametrize("options", ["lstm from the last values", "all"])
    def test_are_saved_and_loaded(self, decoder: str, options: str, tmp_path: Path) -> None:
        network = built(make_spec(decoder, **OPTIONS[options]))
        inputs = draw_inputs(network.spec)
        model = user_model(network)
        outputs = outputs_of(model, inputs)
        expected = network(inputs).reshape(outputs.shape)
        np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        np.testing.assert_array_equal(outputs_of(loaded, inputs), outputs)


def test_model_of_a_user_has_the_teacher_forcing_of_its_spec() -> None:
    """As it has the dropout: where it is trained on, it is trained as it was."""
    network = built(make_spec("autoregressive", **FORCED["values"]))
    model = build_model(unset(replace(network.spec, teacher_forcing=1.0)))
    set_weights(model, network.weights)
    inputs = draw_inputs(network.spec)
    outputs = np.asarray(model(list(inputs.values()), training=True))
    expected = network(inputs, rate=1.0, training=True).reshape(outputs.shape)
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


# ---- Training ------------------------------------------------------------------------------------


def make_rows(n_rows: int = 10) -> Dataset:
    inputs = {"sequence": draw(n_rows, STEPS, FEATURES), "mask": np.resize(MASK, (n_rows, STEPS))}
    inputs["mask"][3::4, 1:] = True
    inputs["sequence"] *= inputs["mask"][:, :, None]
    targets = draw(n_rows, HORIZON * TARGETS) + inputs["sequence"].sum(axis=(1, 2))[:, None]
    return Dataset(inputs, targets, np.ones(n_rows, np.float32))


TRAINED = {
    "repeat": make_spec("repeat", cell="lstm"),
    "autoregressive": make_spec("autoregressive", teacher_forcing=0.0, **PAST),
}


@pytest.mark.parametrize("spec", TRAINED.values(), ids=TRAINED)
def test_networks_train_as_in_keras(spec: EncoderDecoderSpec) -> None:
    """Rows in order, from the same weights; the last batch is a short one."""
    data = make_rows()
    result = fit(spec, data, optimizer=keras.optimizers.Adam(0.02))
    inputs = dict(data.inputs)
    if "targets" in spec.inputs:
        inputs["targets"] = data.targets.reshape(-1, HORIZON, TARGETS)
    history, weights = fit_with_keras(
        spec, replace(data, inputs=inputs), optimizer=keras.optimizers.Adam(0.02)
    )
    np.testing.assert_allclose(result.history["loss"], history["loss"], rtol=1e-4)
    assert history["loss"][4] < 0.99 * history["loss"][0]
    for actual, desired in zip(result.weights.trainable, weights, strict=True):
        np.testing.assert_allclose(actual, desired, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("decoder", ["autoregressive", "repeat"])
def test_missing_targets_add_nothing(decoder: str) -> None:
    """A target that is missing everywhere has no gradient, unless other steps go on from it."""
    spec, data = make_spec(decoder, **PAST), make_rows()
    targets = data.targets.reshape(-1, HORIZON, TARGETS).copy()
    targets[:, :, 1] = np.nan
    data = replace(data, targets=targets.reshape(len(data), -1))
    result = fit(spec, data, optimizer=keras.optimizers.Adam(0.02))
    assert all(np.isfinite(value).all() for value in result.weights.trainable)
    assert np.isfinite(result.history["loss"]).all()
    assert result.history["loss"][4] < result.history["loss"][0]
    bias = next(value for value in result.weights.trainable if value.shape == (TARGETS,))
    assert bias[0] != 0.0
    assert (bias[1] == 0.0) == (decoder == "repeat")
