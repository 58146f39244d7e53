"""Integer tokens: from what stands for a word or a symbol to numbers that a network knows."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..inputs._overlap import Sequences, first_where, steps_and_counts
from ._relative import Array


class TokenNumbers:
    """Number the tokens of the training rows, from one on; any other is zero."""

    def fit(self, sequences: Sequences) -> TokenNumbers:
        """Learn the tokens from an array of shape (n_rows, n_timesteps, 1), NaN where masked.

        Raises
        ------
        ValueError
            When there are several features, or a value is no integer or one so large that the
            next integer is the same float.
        """
        if sequences.shape[2] != 1:
            raise ValueError(
                f"embedding_dim needs one token per step, but X has {sequences.shape[2]} features. "
                "Pass X of shape (n_samples, n_timesteps), or set embedding_dim=None."
            )
        steps, _ = steps_and_counts(sequences)
        _check_distinct(steps, sequences)
        self.tokens_ = np.unique(steps[~np.isnan(steps)])
        if (self.tokens_ != np.round(self.tokens_)).any():
            wrong = self.tokens_[self.tokens_ != np.round(self.tokens_)][0]
            raise ValueError(
                f"embedding_dim needs integer tokens in X, but there is {wrong}. Number the "
                "tokens, or set embedding_dim=None."
            )
        return self

    @property
    def n_tokens_(self) -> int:
        """Rows of the table of embeddings.

        The next power of two, so that folds with a few tokens more or less share one program.
        """
        return 1 << len(self.tokens_).bit_length()

    def transform(self, values: Array, sequences: Any = None, xp: Any = np) -> Array:
        """Return numbers of shape (n_rows, n_timesteps), of tokens of shape (..., 1)."""
        tokens, last = xp.reshape(values, (-1,)), self.tokens_.shape[0] - 1
        place = xp.minimum(xp.searchsorted(self.tokens_, tokens), last)
        numbers = xp.where(xp.take(self.tokens_, place) == tokens, place + 1, 0)
        numbers = xp.reshape(numbers, (-1, values.shape[1]))
        return numbers.astype(np.int32) if xp is np else xp.cast(numbers, "int32")


def _check_distinct(steps: np.ndarray, sequences: Sequences) -> None:
    """Raise where tokens are too large to be told from their neighbours as floats."""
    largest = 2.0 ** (np.finfo(steps.dtype).nmant + 1)
    if (np.abs(steps) >= largest).any():
        row, step, _ = first_where(lambda part: np.abs(part) >= largest, sequences)
        raise ValueError(
            f"X row {row}, step {step}: the token {sequences[row][step, 0]:.0f} is not below "
            f"{largest:.0f} in size. Beyond that, different integers are the same "
            f"{steps.dtype} number. Number the tokens anew, as in numpy.unique(X, "
            "return_inverse=True) or with sklearn.preprocessing.OrdinalEncoder."
        )
