"""One seed into independent random streams."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Streams:
    """Random generators of a fit.

    Attributes
    ----------
    weights : numpy.random.Generator
        Draws the initial weights.
    dropout : numpy.random.Generator
        Seeds the generators of the dropout layers.
    order : numpy.random.Generator
        Shuffles the rows of each epoch.
    """

    weights: np.random.Generator
    dropout: np.random.Generator
    order: np.random.Generator


def make_streams(*seed: int) -> Streams:
    """Return the streams of a seed, given as one or several integers."""
    children = np.random.SeedSequence(seed).spawn(3)
    return Streams(*(np.random.default_rng(child) for child in children))
