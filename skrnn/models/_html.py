"""What a notebook shows of a trained network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engines._history import History
from ..engines._html import section, table


def network_html(layers: Sequence[Any], history: History, n_networks: int = 1) -> str:
    """Return the layers of a network, and its last losses.

    Parameters
    ----------
    layers : sequence of LayerSummary
    history : History
    n_networks : int
        Networks of this kind that there are.
    """
    total = f"{sum(layer.n_parameters for layer in layers):,} parameters"
    title = f"Network, {total}"
    if n_networks > 1:
        title = f"First of {n_networks} networks, {total} each"
    rows = [
        (layer.name, " x ".join(map(str, layer.shape)), f"{layer.n_parameters:,}")
        for layer in layers
    ]
    network = section(title, table(["layer", "output shape", "parameters"], rows))
    return network + section("Training", history.to_html(last=3))
