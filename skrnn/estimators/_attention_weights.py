"""Attention of fitted estimators."""

from __future__ import annotations

from ._snapshot import snapshot


class AttentionMixin:
    """For estimators whose networks may have attention."""

    def attention_weights(self, X):
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
        fitted = snapshot(self)
        inputs = fitted.input_encoder_.encode(*fitted._read(X))
        return fitted.network_.attention_weights(inputs)
