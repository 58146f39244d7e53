"""Losses, and other objects of Keras, as users write them in a module."""

from skrnn.compat._keras import keras

ops = keras.ops


class Absolute(keras.losses.Loss):
    """One that says nothing of itself to Keras."""

    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred), axis=-1)


class Pinball(keras.losses.Loss):
    """One with a setting that is missing from its configuration."""

    def __init__(self, level):
        super().__init__(name="own", reduction="sum")
        self.level = level

    def call(self, y_true, y_pred):
        error = y_true - y_pred
        return ops.mean(ops.maximum(self.level * error, (self.level - 1.0) * error), axis=-1)


class LongHuber(keras.losses.Huber):
    """One made from one of Keras."""


class OwnAdam(keras.optimizers.Adam):
    """An optimizer that Keras cannot find again."""


class OwnMetric(keras.metrics.MeanAbsoluteError):
    """A metric that Keras cannot find again."""
