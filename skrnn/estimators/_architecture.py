"""Constructor parameters that say what a network is made of."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted


@dataclass(eq=False, repr=False)
class RecurrentLayers:
    """Parameters of recurrent layers, and what can be read off them."""

    units: Any = 32
    _: KW_ONLY
    bidirectional: Any = False
    merge_mode: str = "concat"
    dropout: float = 0.0
    variational_dropout: float = 0.0
    recurrent_dropout: float = 0.0
    attention: bool = False
    dense_units: Any = ()
    dense_activation: Any = "relu"
    activation: Any = "tanh"
    layer_params: dict[str, Any] | None = None

    def attention_weights(self, X: Any) -> np.ndarray:
        """Return how much attention the network pays to each step.

        The weights tell where the answer is looked up. A recurrent layer keeps what it has read, so
        that need not be where it came from: for that see `skrnn.saliency`.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`.

        Returns
        -------
        weights : ndarray of shape (n_samples, n_timesteps) or (n_samples, n_queries, n_timesteps)
            Weights that sum to one over the steps; zero for masked steps. There is an axis of
            queries where several steps look at others: those of the sequence with
            `return_sequences=True`, those of the horizon (or its segments) in a decoder. Where an
            encoder reads segments, these are its steps.

        Raises
        ------
        ValueError
            When the network was fitted without attention, or has an autoregressive decoder, whose
            weights come about one after the other.
        """
        check_is_fitted(self, "history_")
        inputs = self._network_inputs(X)  # type: ignore[attr-defined]
        return self._network.attention_weights(inputs)  # type: ignore[attr-defined]


@dataclass(eq=False, repr=False, kw_only=True)
class StackedLayers(RecurrentLayers):
    """Parameters of networks that are one stack of recurrent layers."""

    skip_connections: bool = False
    return_sequences: bool = False
    embedding_dim: int | None = None
