"""Weights of attention: masked steps, causality, a search over architectures."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from _architectures import (
    FOUR_MASKS,
    STEPWISE,
    UNSCALED,
    attention_in_numpy,
    draw,
    masked_rows,
)
from _engine import (
    N_FEATURES,
    N_TIMESTEPS,
    keras_reads_variables,
)
from sklearn.model_selection import GridSearchCV, KFold

from skrnn import (
    BiLSTMRegressor,
    LSTMRegressor,
    RecurrentRegressor,
    compile_cache_info,
)
from skrnn.compat._keras import keras

pytestmark = keras_reads_variables


ATTENTIVE: dict[str, tuple[Any, dict[str, Any]]] = {
    "last step": (LSTMRegressor, {}),
    "every step": (RecurrentRegressor, {"cell": "gru", **STEPWISE}),
    "every step both ways": (BiLSTMRegressor, {"merge_mode": "sum", **STEPWISE}),
}


@cache
def attentive(name: str) -> tuple[Any, np.ndarray]:
    """Return a regressor fitted on sequences as they are, and its weights for them."""
    kind, params = ATTENTIVE[name]
    sums = masked_rows().sum(axis=2)
    y = sums if params else np.nansum(sums, axis=1)
    regressor = kind(3, attention=True, target_scaler=None, **UNSCALED, **params)
    regressor.fit(masked_rows(), y)
    return regressor, regressor.attention_weights(masked_rows())


@pytest.mark.parametrize("name", ATTENTIVE)
class TestAttentionWeights:
    """Read back from fitted regressors."""

    def test_are_scaled_products_of_what_the_keras_model_says(self, name: str) -> None:
        (regressor, weights), stepwise = attentive(name), name != "last step"
        model = regressor.model_
        (layer,) = (x for x in model.layers if x.name in ("recurrent_1", "bidirectional_1"))
        inputs = [np.nan_to_num(masked_rows()), FOUR_MASKS]
        outputs = keras.Model(model.inputs, layer.output)(inputs)
        steps = np.asarray(outputs if stepwise else outputs[0], np.float64)
        query = steps if stepwise else np.asarray(outputs[1], np.float64)[:, None]
        causal = name == "every step"
        expected = attention_in_numpy(query, steps, FOUR_MASKS, causal=causal)
        expected = expected if stepwise else expected[:, 0]
        np.testing.assert_allclose(weights, expected, atol=1e-6)
        several = FOUR_MASKS.sum(axis=1) == 2
        assert np.ptp(weights[several].max(axis=-1)) > 1e-3

    def test_sum_to_one(self, name: str) -> None:
        """Those of steps that are there."""
        _, weights = attentive(name)
        stepwise = name != "last step"
        assert weights.shape == (*FOUR_MASKS.shape, *(N_TIMESTEPS,) * stepwise)
        asked = weights[FOUR_MASKS] if stepwise else weights
        np.testing.assert_allclose(asked.sum(axis=-1), 1.0, atol=1e-6)
        assert (asked >= 0.0).all()

    def test_are_zero_at_masked_steps(self, name: str) -> None:
        """Also those of steps that are masked themselves."""
        _, weights = attentive(name)
        assert (np.swapaxes(weights, 1, -1)[~FOUR_MASKS] == 0.0).all()


class TestCausality:
    """A network that reads in one direction never looks ahead; one that reads in both does."""

    @staticmethod
    def predictions(name: str, step: int, value: float) -> np.ndarray:
        """Return predictions for rows that hold a value at a step."""
        rows = draw(20, N_TIMESTEPS, N_FEATURES)
        rows[:, step] = value
        regressor, _ = attentive(name)
        return np.asarray(regressor.predict(rows))

    @pytest.mark.parametrize("later", [2.0, np.nan], ids=["changed", "masked"])
    @pytest.mark.parametrize("step", range(1, N_TIMESTEPS))
    def test_of_one_direction(self, step: int, later: float) -> None:
        """To the last bit."""
        one, other = (self.predictions("every step", step, value) for value in (0.0, later))
        np.testing.assert_array_equal(one[:, :step], other[:, :step])
        assert (one[:, step:] != other[:, step:]).all()

    @pytest.mark.parametrize("step", range(1, N_TIMESTEPS))
    def test_of_both_directions(self, step: int) -> None:
        one, other = (self.predictions("every step both ways", step, v) for v in (0.0, 2.0))
        assert (one != other).all()


def last_loss(estimator: Any, X: Any, y: Any) -> float:
    """Score without a prediction, which would take another program for each structure."""
    return -float(estimator.history_["loss"][-1])


def test_grid_search_over_architectures() -> None:
    """One call; a program for each structure serves all rates and folds."""
    X = draw(24, 3)
    cells, rates = {"cell": ["simple", "gru"]}, {"dropout": [0.0, 0.2]}
    both_ways = {"bidirectional": [True], "attention": [False, True]}
    grid = [{**cells, **rates, "units": [2, 3]}, {**cells, **rates, **both_ways}]
    before = compile_cache_info().training_traces
    network = RecurrentRegressor(2, epochs=1, batch_size=8, random_state=0)
    search = GridSearchCV(network, grid, cv=KFold(2), scoring=last_loss).fit(X, X.sum(axis=1))
    assert compile_cache_info().training_traces - before == 8
    scores = search.cv_results_["mean_test_score"]
    assert np.isfinite(scores).all()
    assert len(np.unique(scores)) == len(scores) == 16
    assert search.best_estimator_.get_params().items() >= search.best_params_.items()
