"""Encoder-decoder networks over windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from ._architecture import RecurrentLayers
from ._docstrings import with_shared_sections
from ._parameters import CONSTRAINTS, DECODER_CONSTRAINTS
from ._regressors import Regressor


@with_shared_sections
@dataclass(eq=False, repr=False, kw_only=True)
class Seq2SeqRegressor(Regressor, RecurrentLayers):
    """Encoder-decoder network from a window to the steps that follow it.

    An encoder of one or several recurrent layers reads the window; a decoder starts from its final
    states and writes as many steps as `y` has columns. Unlike the other regressors it knows that
    these columns are steps in order of time. Inputs and targets are scaled inside, with statistics
    of the rows trained on.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    LSTMRegressor : All outputs at once, from the last step of the recurrent part.
    make_windows : Windows and the steps after them, from a series.

    Notes
    -----
    The decoder has the depth of the encoder. Where the encoder is bidirectional, its two final
    states are merged, and the decoder has their width. With `target_scaler="window"` and no
    `seasonal_lag` inputs and targets have the same units: the autoregressive decoder then starts
    from the last value of `target_feature`, and from zero otherwise.

    References
    ----------
    {references}
    {decoder references}

    Examples
    --------
    The next six values of a wave, from the twenty before:

    >>> import numpy as np
    >>> from skrnn import Seq2SeqRegressor, make_windows
    >>> wave = np.sin(np.arange(200) / 5)
    >>> X, y = make_windows(wave, window=20, horizon=6)
    >>> model = Seq2SeqRegressor(8, epochs=30, random_state=0).fit(X[:140], y[:140])
    >>> model.predict(X[140:]).shape
    (35, 6)
    >>> bool(model.score(X[140:], y[140:]) > 0.9)
    True
    """

    cell: str = "lstm"
    decoder: str = "repeat"
    segment_length: int = 1
    linear_skip: bool = False
    teacher_forcing: float = 0.5

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {**CONSTRAINTS, **DECODER_CONSTRAINTS}
