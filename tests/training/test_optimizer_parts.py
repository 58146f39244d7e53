"""What an optimizer is made of: the structure that is compiled in, and the values that are not."""

from __future__ import annotations

from typing import Any

import pytest
from _engine import (
    keras_reads_variables,
)
from _training import optimizers

from skrnn.engines._optimizer import split_optimizer

pytestmark = keras_reads_variables


# ---- What an optimizer is made of ----------------------------------------------------------------


class TestSplitOptimizer:
    """Kind and settings are compiled in, rates are values."""

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
