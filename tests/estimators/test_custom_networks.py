"""Networks that users build.

Seeds come last, since there compiled programs are thrown away.
"""

import copy
import gc
import pickle
import random
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from _engine import keras_reads_variables
from _estimators import (
    LEARNS,
    N_ROWS,
    check_refusal,
    classifier,
    flat,
    layers,
    normalized,
    reader,
    regressor,
    step_by_step,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score

from skrnn import (
    clear_compile_cache,
    compile_cache_info,
)
from skrnn.compat._keras import keras

pytestmark = keras_reads_variables


FOLDS = KFold(2)


def averaged(shape, n_outputs):
    """Return a network that knows no order of steps."""
    sequence = keras.Input(shape)
    hidden = layers.Dense(2, "relu")(layers.GlobalAveragePooling1D()(sequence))
    return keras.Model(sequence, layers.Dense(n_outputs)(hidden))


def masked_mean(shape, n_outputs):
    """Return a network over the steps that are there."""
    sequence, mask = keras.Input(shape), keras.Input(shape[:1], dtype="bool")
    hidden = layers.GlobalAveragePooling1D()(layers.Dense(3)(sequence), mask=mask)
    return keras.Model([sequence, mask], layers.Dense(n_outputs)(hidden))


def dropping(shape, n_outputs):
    """Return a network whose initialisers and dropout have no seeds."""
    sequence = keras.Input(shape)
    hidden = layers.Dropout(0.3)(layers.Dense(3)(layers.Flatten()(sequence)))
    return keras.Model(sequence, layers.Dense(n_outputs)(hidden))


class Subclassed(keras.Model):
    """A model whose inputs are known when it is called."""

    def __init__(self, n_outputs):
        super().__init__()
        self.flatten, self.dense = layers.Flatten(), layers.Dense(n_outputs)

    def call(self, sequence):
        return self.dense(self.flatten(sequence))


def then(last):
    """Return a network function whose model ends with a layer, or a function, of ours."""

    def network(shape, n_outputs):
        inner = flat(shape, n_outputs)
        return keras.Model(inner.inputs, last(inner.outputs[0]))

    return network


class TestNetwork:
    def test_its_model_is_the_one_that_is_trained(self, X, y):
        params = {"input_scaler": None, "target_scaler": None}
        model = regressor(network=flat, **params, **LEARNS).fit(X, y)
        assert model.n_parameters_ == (5 + 1) * 3 + 3 + 1
        assert [type(layer).__name__ for layer in model.model_.layers][-1] == "Dense"
        outputs = np.asarray(model.model_(X[:, :, None].astype(np.float32)))[:, 0]
        assert_allclose(outputs, model.predict(X), rtol=1e-5)
        assert model.score(X, y) > 0.5

    def test_is_searched(self, X, y):
        networks = [flat, averaged, partial(flat, units=1)]
        search = GridSearchCV(regressor(), {"network": networks}, cv=FOLDS, error_score="raise")
        search.fit(X, y)
        scores = search.cv_results_["mean_test_score"]
        assert len(set(scores)) == 3
        for network, score in zip(networks, scores, strict=True):
            assert cross_val_score(regressor(network=network), X, y, cv=FOLDS).mean() == score

    def test_equal_partials_are_one_structure(self, X, y):
        traces = []
        for units in (1, 1, 2):
            regressor(network=partial(flat, units=units)).fit(X, y)
            traces.append(compile_cache_info().training_traces)
        assert traces[0] == traces[1] == traces[2] - 1

    def test_copies(self, X, y):
        model = regressor(network=partial(flat, rate=0.3)).fit(X, y)
        for again in (
            pickle.loads(pickle.dumps(model)),
            copy.deepcopy(model),
            clone(model).fit(X, y),
        ):
            assert_array_equal(again.predict(X), model.predict(X))

    def test_masks_reach_a_second_input(self, ragged, y):
        model = regressor(network=masked_mean, **LEARNS).fit(ragged, y)
        # A mean over steps: their order does not matter, and masked ones do not count.
        left = np.hstack([ragged[::3, 3:], ragged[::3, :3]])
        assert_allclose(model.predict(left), model.predict(ragged[::3]), rtol=1e-4)
        doubled = ragged[::3].copy()
        doubled[:, 3:] = doubled[:, :3].mean(axis=1, keepdims=True)
        assert_allclose(model.predict(doubled), model.predict(ragged[::3]), rtol=1e-4)
        assert len(model.model_.inputs) == 2

    def test_masks_without_a_second_input(self, X, ragged, y):
        match = "no input for the mask"
        model = regressor(network=flat)
        check_refusal(model, ValueError, match, "fit", ragged, y)
        check_refusal(model, ValueError, match, "fit", X, y, X_val=ragged, y_val=y)
        model.fit(X, y)
        check_refusal(model, ValueError, match, "predict", ragged)
        check_refusal(model, ValueError, match, "partial_fit", ragged, y)

    @pytest.mark.parametrize("kind", ["two", "three"])
    def test_classes(self, X, request, kind):
        labels = request.getfixturevalue(kind)
        model = classifier(network=flat, **LEARNS).fit(X, labels)
        assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)
        assert model.score(X, labels) > 0.8

    @pytest.mark.parametrize("kind", ["two", "three"])
    def test_model_of_classes_returns_probabilities(self, X, request, kind):
        """As with the layers of ours, and as the documentation of `model_` says."""
        labels = request.getfixturevalue(kind)
        model = classifier(network=flat, input_scaler=None).fit(X, labels)
        outputs = np.asarray(model.model_(X[:, :, None].astype(np.float32)))
        expected = model.predict_proba(X)
        assert_allclose(outputs, expected[:, 1:] if kind == "two" else expected, atol=1e-6)

    def test_one_target_per_step(self, ragged):
        y = 3.0 * ragged
        model = regressor(network=step_by_step, return_sequences=True, **LEARNS).fit(ragged, y)
        assert model.score(ragged, y) > 0.9
        tags = (np.nan_to_num(ragged) > 0).astype(int)
        model = classifier(network=step_by_step, return_sequences=True, **LEARNS)
        assert model.fit(ragged, tags).score(ragged, tags) > 0.9

    def test_several_outputs(self, X, y):
        model = regressor(network=flat, **LEARNS).fit(X, np.stack([y, -y], axis=1))
        predictions = model.predict(X)
        assert predictions.shape == (N_ROWS, 2)
        assert np.corrcoef(predictions.T)[0, 1] < -0.9

    def test_quantiles(self, X, y):
        y = np.stack([y, -y], axis=1)
        model = regressor(network=flat, quantiles=(0.1, 0.9), **LEARNS).fit(X, y)
        lower, upper = np.moveaxis(model.predict_quantiles(X), -1, 0)
        assert lower.shape == y.shape
        assert (lower <= model.predict(X)).all()
        assert (model.predict(X) <= upper).all()
        assert np.mean((lower < y) & (y < upper)) > 0.5

    NOT_A_MODEL = {  # noqa: RUF012
        # name: (network, type of the error, parts of its message)
        "number": (lambda shape, n: 3, TypeError, r"network must return a keras.Model.*3"),
        "none": (lambda shape, n: None, TypeError, r"network must return a keras.Model"),
        "layer": (lambda shape, n: layers.Dense(n), TypeError, r"must return a keras.Model"),
        "outputs": (
            lambda shape, n: flat(shape, n + 1),
            ValueError,
            r"network must return.*one output of shape \(1,\).*\(2,\)",
        ),
        "two-outputs": (
            lambda shape, n: keras.Model(
                (inner := flat(shape, n)).inputs, [inner.outputs[0], inner.outputs[0]]
            ),
            ValueError,
            r"network must return.*one output",
        ),
        "inputs": (
            lambda shape, n: flat((shape[0] + 1, shape[1]), n),
            ValueError,
            r"network must return.*\(5, 1\).*\(6, 1\)",
        ),
        "a-step-each": (
            lambda shape, n: keras.Sequential([keras.Input(shape), layers.Dense(n)]),
            ValueError,
            r"network must return.*one output of shape \(1,\).*\(5, 1\)",
        ),
        "not-built": (
            lambda shape, n: keras.Sequential([layers.Flatten(), layers.Dense(n)]),
            ValueError,
            r"network must return a model that has its inputs.*Build it from keras.Input",
        ),
        "subclass": (
            lambda shape, n: Subclassed(n),
            ValueError,
            r"network must return a model that has its inputs.*Build it from keras.Input",
        ),
    }

    @pytest.mark.parametrize(
        ("network", "error", "match"), NOT_A_MODEL.values(), ids=list(NOT_A_MODEL)
    )
    def test_refusals(self, X, y, network, error, match):
        check_refusal(regressor(network=network), error, match, "fit", X, y)

    def test_a_name_is_no_network(self, X, y):
        check_refusal(regressor(network="lstm"), ValueError, "'network'", "fit", X, y)

    @pytest.mark.parametrize(
        "network",
        [
            partial(flat, end="softmax"),
            partial(flat, end="sigmoid"),
            then(layers.Activation("softmax")),
            then(lambda outputs: layers.Softmax()(outputs)),
            then(keras.ops.softmax),
            then(lambda outputs: keras.Sequential([layers.Softmax()])(outputs)),
        ],
        ids=["dense-softmax", "dense-sigmoid", "activation", "layer", "function", "model"],
    )
    def test_probabilities_at_the_end(self, X, three, network):
        match = r"network returns ends with .*[Ll]eave"
        check_refusal(classifier(network=network), ValueError, match, "fit", X, three)

    def test_no_embedding_beside_it(self, tokens, count):
        model = reader(network=flat)
        check_refusal(model, ValueError, "embedding_dim.*network", "fit", tokens, count)


class TestBatchNormalization:
    PLAIN = {"network": normalized, "input_scaler": None, "target_scaler": None}  # noqa: RUF012

    def test_its_state_is_kept(self, X, y):
        model = regressor(**self.PLAIN).fit(X + 3.0, y)
        layer = model.model_.layers[2]
        assert (np.asarray(layer.moving_mean) > 1.0).all()
        outputs = np.asarray(model.model_(X[:, :, None].astype(np.float32)))[:, 0]
        assert_allclose(outputs, model.predict(X), rtol=1e-5)
        again = pickle.loads(pickle.dumps(model))
        assert_array_equal(again.predict(X), model.predict(X))

    def test_its_state_goes_on(self, X, y):
        parts = regressor(warm_start=True, epochs=2, shuffle=False, **self.PLAIN)
        parts.fit(X + 3.0, y).fit(X + 3.0, y)
        whole = regressor(epochs=4, shuffle=False, **self.PLAIN).fit(X + 3.0, y)
        assert_array_equal(parts.predict(X), whole.predict(X))

    def test_rows_that_fill_up_a_batch_are_those_of_the_epoch(self, X, y):
        # With momentum 0 the moving mean is that of the last batch: sixteen rows, taken twice.
        network = partial(normalized, momentum=0.0)
        model = regressor(network=network, input_scaler=None, epochs=1, batch_size=32)
        model.fit(X[:16], y[:16])
        moving_mean = np.asarray(model.model_.layers[2].moving_mean)
        assert_allclose(moving_mean, X[:16].mean(axis=0), atol=1e-5)


# ---- Seeds of networks of users: last, since compiled programs are thrown away -------------------


class TestSeeds:
    def test_same_seed_same_weights(self, X, y):
        def weights(seed):
            model = regressor(network=flat, random_state=seed).fit(X, y)
            return np.concatenate([np.ravel(weight) for weight in model.model_.get_weights()])

        first = weights(0)
        random.seed(1)
        clear_compile_cache()
        assert_array_equal(weights(0), first)
        assert (weights(1) != first).sum() > len(first) / 2

    def test_the_generator_of_python_is_neither_asked_nor_set(self, X, y):
        """Keras draws seeds from it, as it does wherever a layer is made; they do not count."""
        random.seed(0)
        first = regressor(network=flat).fit(X, y).predict(X)
        state = random.getstate()
        second = regressor(network=flat).fit(X, y).predict(X)
        assert_array_equal(first, second)
        assert random.getstate() != state  # nobody has set it back

    def test_a_thread_that_draws_meanwhile_changes_nothing(self, X, y):
        done = threading.Event()

        def draw():
            while not done.wait(0.0001):
                random.seed(random.random())

        first = regressor(network=dropping, random_state=0).fit(X, y).predict(X)
        clear_compile_cache()
        beside = threading.Thread(target=draw)
        beside.start()
        try:
            second = regressor(network=dropping, random_state=0).fit(X, y).predict(X)
        finally:
            done.set()
            beside.join()
        assert_array_equal(first, second)


@pytest.mark.parametrize(
    "asked", [lambda model, X: model.model_, lambda model, X: model.predict(X)]
)
def test_a_network_may_ask_another_estimator_in_any_thread(asked, X, y):
    """While others compile the programs of both; nobody waits for the other."""
    clear_compile_cache()
    inner = regressor(network=averaged, epochs=1).fit(X, y)
    clear_compile_cache()

    def around(shape, n_outputs):
        asked(inner, X)
        return flat(shape, n_outputs)

    def work(number):
        if number % 2:
            return inner.predict(X)
        return regressor(network=around, epochs=1, random_state=0).fit(X, y).predict(X)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4), timeout=120))
    assert_array_equal(results[0], results[2])
    assert_array_equal(results[1], results[3])


def test_clearing_the_cache_forgets_networks(X, y):
    """What a function holds, such as a table of embeddings, may be large."""

    def network(shape, n_outputs):
        return flat(shape, n_outputs)

    model = regressor(network=network).fit(X, y)
    model.predict(X[:1])
    held = weakref.ref(network)
    del model, network
    clear_compile_cache()
    gc.collect()
    assert held() is None
