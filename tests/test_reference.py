"""What the reference configurations give is what is stored.

Processors differ in the last bits, so the comparison has a tolerance here. On one machine
`scripts/store-reference --check` compares bit for bit.
"""

from pathlib import Path

import numpy as np
import pytest
from reference_configurations import CONFIGURATIONS

FILE = Path(__file__).parent / "data" / "reference.npz"

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda each: each.name)
def test_results_are_those_stored(configuration):
    found = configuration.fit()
    prefix = f"{configuration.name}/"
    with np.load(FILE) as file:
        stored = {key.removeprefix(prefix): file[key] for key in file if key.startswith(prefix)}
    assert set(found) == set(stored)
    for name, array in found.items():
        np.testing.assert_allclose(array, stored[name], rtol=1e-3, atol=1e-4, err_msg=name)


def test_nothing_else_is_stored():
    with np.load(FILE) as file:
        names = {key.split("/")[0] for key in file}
    assert names == {each.name for each in CONFIGURATIONS}
