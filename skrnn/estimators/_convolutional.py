"""Convolutional LSTM networks over sequences of frames."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from ._classifiers import Classifier, documented
from ._docstrings import with_shared_sections
from ._regressors import Regressor


@dataclass(eq=False, repr=False)
class ConvolutionalLayers:
    """Parameters of convolutional LSTM layers, and how frames are read."""

    filters: Any = 16
    _: KW_ONLY
    kernel_size: Any = 3
    pooling: str = "flatten"
    dropout: float = 0.0
    dense_units: Any = ()
    dense_activation: Any = "relu"
    activation: Any = "tanh"
    layer_params: dict[str, Any] | None = None
    return_sequences: bool = False


class _Frames:
    """Read frames: `X` of up to five dimensions."""

    def _arrange(self, X: Any) -> np.ndarray:
        """Return `X` as (n_samples, n_timesteps, height, width, n_channels)."""
        if X.ndim > 5:
            raise ValueError(
                f"X has {X.ndim} dimensions, but frames have at most five: (n_samples, "
                "n_timesteps, height, width, n_channels). Reshape it."
            )
        if X.ndim == 3:  # the width alone
            X = X[:, :, None, :]
        while X.ndim < 5:
            X = X[..., None]
        if 0 in X.shape:
            raise ValueError(
                f"X has shape {X.shape} as (n_samples, n_timesteps, height, width, n_channels): 0 "
                "time steps or pixels leave nothing to learn from."
            )
        return X

    def _spec_details(self):
        return {**super()._spec_details(), "frame_shape": self._shape[1:]}


@with_shared_sections
@dataclass(eq=False, repr=False, kw_only=True)
class ConvLSTMRegressor(_Frames, Regressor, ConvolutionalLayers):
    """Convolutional LSTM network for regression from sequences of frames.

    Gates and states of a convolutional LSTM are frames, and convolutions take the place of matrix
    products, so that the network learns how patterns move (X. Shi et al., "Convolutional LSTM
    network: a machine learning approach for precipitation nowcasting", NeurIPS 2015). The last
    frame of features goes through dense layers, if any, to one linear output per target.

    `X` has the shape (n_samples, n_timesteps, height, width), or one axis more for channels. With
    three dimensions a frame is a line of pixels, with two a single one. `layout` and `n_variables`
    are not used.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    ConvLSTMClassifier : The same for classes.

    References
    ----------
    {references}

    Examples
    --------
    Where will a dot be that moves one pixel to the right at every step?

    >>> import numpy as np
    >>> from skrnn import ConvLSTMRegressor
    >>> start = np.arange(40) % 4
    >>> X = np.zeros((40, 3, 5, 8))  # 40 samples of three frames of 5 x 8 pixels
    >>> for step in range(3):
    ...     X[np.arange(40), step, 2, start + step] = 1.0
    >>> model = ConvLSTMRegressor(4, epochs=60, random_state=0).fit(X, start + 3)
    >>> bool(np.abs(model.predict(X) - (start + 3)).max() < 0.5)
    True
    """


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class ConvLSTMClassifier(_Frames, Classifier, ConvolutionalLayers):
    """Convolutional LSTM network for classification of sequences of frames.

    The network is that of `ConvLSTMRegressor`, with the probabilities of the classes at its end.

    `X` has the shape (n_samples, n_timesteps, height, width), or one axis more for channels. With
    three dimensions a frame is a line of pixels, with two a single one. `layout` and `n_variables`
    are not used.

    Parameters
    ----------
    {parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Labels, sorted.
    {attributes}

    See Also
    --------
    ConvLSTMRegressor : The same for numbers.

    References
    ----------
    {references}

    Examples
    --------
    Does a dot move to the left or to the right?

    >>> import numpy as np
    >>> from skrnn import ConvLSTMClassifier
    >>> way = np.where(np.arange(40) % 2 == 0, -1, 1)
    >>> X = np.zeros((40, 3, 5, 8))
    >>> for step in range(3):
    ...     X[np.arange(40), step, 2, 3 + np.arange(40) % 3 + way * step] = 1.0
    >>> y = np.where(way < 0, "left", "right")
    >>> model = ConvLSTMClassifier(4, epochs=30, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) == 1.0)
    True
    """
