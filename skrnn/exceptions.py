"""Errors and warnings of skrnn."""

__all__ = ["PaddedWindowWarning", "TrainingDivergedError", "UnsupportedBackendError"]


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
    """Keras runs on a backend that skrnn has no engine for, or on which a feature does not work.

    The message names the feature. The remedy is to set the environment variable `KERAS_BACKEND=jax`
    before keras is imported for the first time. Nothing has been trained by then.

    Examples
    --------
    >>> from skrnn.exceptions import UnsupportedBackendError
    >>> issubclass(UnsupportedBackendError, RuntimeError)
    True
    """


class PaddedWindowWarning(UserWarning):
    """Windows hold padding where earlier rows could have been given.

    A request for one row, for example, that does not continue the fitted series sees a window that
    is masked but for one step.

    Examples
    --------
    >>> from skrnn.exceptions import PaddedWindowWarning
    >>> issubclass(PaddedWindowWarning, UserWarning)
    True
    """
