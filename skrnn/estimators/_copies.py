"""Estimators in clones, copies and pickles, with the objects of Keras that they hold."""

from __future__ import annotations

import copy

from ..networks._portable import carried, portable

_OBJECTS = ("loss", "optimizer", "metrics")


class KerasObjectsMixin:
    """Keep the settings and the class of losses, optimizers and metrics in copies."""

    def __sklearn_clone__(self):
        """Return an unfitted copy, in which objects of Keras have all their settings."""
        held = copy.copy(self)
        vars(held).update(_objects(self, portable))
        return super(KerasObjectsMixin, held).__sklearn_clone__()

    def __getstate__(self):
        """Return the attributes, with objects of Keras that survive copies and pickles."""
        return {**super().__getstate__(), **_objects(self, portable)}

    def __setstate__(self, state):
        """Take attributes over, those of a shallow copy too."""
        super().__setstate__(state)
        vars(self).update(_objects(self, carried))


def _objects(estimator, change):
    """Return parameters that may be objects of Keras, or hold some, after a change."""
    return {name: change(vars(estimator)[name]) for name in _OBJECTS if name in vars(estimator)}
