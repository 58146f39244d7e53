"""Errors and warnings of skrnn."""

__all__ = ["TrainingDivergedError", "UnsupportedBackendError"]


class TrainingDivergedError(FloatingPointError):
    """The loss or a weight became NaN or infinite during training.

    Nothing is stored on the estimator. Usual remedies, in the order to try them: a smaller
    `learning_rate`, gradient clipping (`clipnorm=1.0`), scaled inputs and targets.

    Examples
    --------
    >>> from skrnn.exceptions import TrainingDivergedError
    >>> issubclass(TrainingDivergedError, FloatingPointError)
    True
    """


class UnsupportedBackendError(RuntimeError):
    """Keras runs on a backend that the training engine cannot use.

    Examples
    --------
    >>> from skrnn.exceptions import UnsupportedBackendError
    >>> issubclass(UnsupportedBackendError, RuntimeError)
    True
    """
