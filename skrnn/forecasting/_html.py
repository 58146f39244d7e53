"""What a notebook shows of a fitted forecaster, below its diagram."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from ..engines._html import section, table
from ..models._html import network_html

_MOST_MEMBERS = 5


class ShowsNetworks:
    """Add settings, weights and the network to the HTML of a forecaster that is fitted."""

    def _repr_html_inner(self) -> str:
        return super()._repr_html_inner() + _details(self)  # type: ignore[misc]

    def _repr_mimebundle_(self, **options: Any) -> dict[str, str]:
        bundle: dict[str, str] = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        if "text/html" in bundle:
            bundle["text/html"] += _details(self)
        return bundle


def _details(forecaster: Any) -> str:
    if not forecaster.is_fitted:
        return ""
    settings = asdict(forecaster.settings_)
    rows = [(name.replace("_", " "), value) for name, value in settings.items()]
    parts = [section("Settings", table(["setting", "value"], rows))]
    if hasattr(forecaster, "weights_"):
        parts.append(section("Weights", _weight_table(forecaster.weights_)))
    members = forecaster._model.members
    if members:
        first = members[0].network
        parts.append(network_html(first.layers(), forecaster.history_, len(members)))
    return "".join(parts)


def _weight_table(weights: Any) -> str:
    """Return the weights of the members that have most of them, on average over series."""
    mean = weights.mean().sort_values(ascending=False)
    rows = [(str(name), f"{share:.1%}") for name, share in mean[:_MOST_MEMBERS].items()]
    if len(mean) > _MOST_MEMBERS:
        others = mean[_MOST_MEMBERS:]
        rows.append((f"{len(others)} others", f"{others.sum():.1%}"))
    return table(["member", "weight"], rows)
