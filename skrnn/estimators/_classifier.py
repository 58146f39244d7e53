"""What classifiers share: labels in, labels and probabilities out."""

from __future__ import annotations

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score

from ..compat._sklearn import fit_context
from ..inputs._mask import unmasked
from ..inputs._numbers import check_known, check_targets
from ..inputs._weights import below_one, read_weights
from ..scoring import score_steps
from ._base import NetworkEstimator
from ._input_checks import without_names_of_keras
from ._labels import learn_labels
from ._snapshot import snapshot


class Classifier(ClassifierMixin, NetworkEstimator):
    """Base of the classifiers."""

    def predict(self, X):
        """Predict the most likely classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`; of any length where those of `fit` were
            of unequal length, padded with NaN.

        Returns
        -------
        y : ndarray of shape (n_samples,), (n_samples, n_labels) or (n_samples, n_timesteps)
            Labels, of the type of those in `classes_`; a column of zeros and ones for each label
            where `y` had several. Where there is one per step and some steps are masked, these are
            NaN, among floats for numbers and among objects otherwise.
        """
        fitted = snapshot(self)
        probabilities = fitted.predict_proba(X)
        return fitted.target_encoder_.labels(probabilities)

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes) or (n_samples, n_timesteps, n_classes)
            Probabilities, in the order of `classes_`; NaN at masked steps. Where `y` had several
            columns of labels, that of each by itself: a row of them does not sum to one.
        """
        fitted = snapshot(self)
        sequences, mask = fitted._read(X)
        return fitted.target_encoder_.decode(fitted._outputs(sequences, mask), mask)

    def predict_samples(self, X, mc_samples=100, random_state=None):
        """Predict probabilities several times over, units dropped at random as in training.

        The spread of the probabilities tells how uncertain the network is of its own weights (Monte
        Carlo dropout, Gal and Ghahramani, 2016, "Dropout as a Bayesian approximation").

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`.
        mc_samples : int, default=100
            Number of predictions for each row.
        random_state : int, RandomState instance or None, default=None
            Seed of what is dropped.

        Returns
        -------
        p : ndarray of shape (mc_samples, n_samples, n_classes)
            Probabilities, with an axis of steps before the last where there is one target per step.
            `p.mean(axis=0)` are the probabilities of the whole ensemble.

        Raises
        ------
        ValueError
            When the network was fitted without dropout.
        """
        fitted = snapshot(self)
        sequences, mask = fitted._read(X)
        draws = fitted._sample_outputs(sequences, mask, mc_samples, random_state)
        return np.stack([fitted.target_encoder_.decode(outputs, mask) for outputs in draws])

    @without_names_of_keras
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, classes=None):
        """Train for one epoch, going on from the weights and the scaling of earlier calls.

        The optimizer goes on too. There is no validation, and the schedules `"cosine"` and
        `"plateau"`, which need to know of more than one epoch, are not applied.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences, as for `fit`.
        y : array-like of shape (n_samples,)
            Labels, as for `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss; scaled to mean 1.
        classes : array-like of shape (n_classes,), default=None
            All labels that will ever be passed, for the first call; those in its `y` if None.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        if isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} needs all rows at once, which partial_fit "
                "does not see. Pass a dict of weights, or use fit."
            )
        resume = hasattr(self, "history_")
        return self._fit(X, y, sample_weight, classes=classes, resume=resume, once=True)

    def score(self, X, y, sample_weight=None):
        """Return the accuracy of the predictions.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_timesteps)
            True labels. Masked steps do not count.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row.

        Returns
        -------
        score : float
            Share of the rows, or of the unmasked steps, with the right class.
        """
        fitted = snapshot(self)
        predictions, y = fitted.predict(X), unmasked(y)
        every_step = fitted.target_encoder_.every_step
        check_targets(predictions, y, "y", every_step)
        weights = read_weights(sample_weight, predictions)
        if weights is not None:
            weights = below_one(weights)
        if every_step:
            return score_steps(accuracy_score, predictions, y, sample_weight=weights)
        check_known(y)
        try:
            return float(accuracy_score(y, predictions, sample_weight=weights))
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"y does not go with the labels of the fit: {error} Pass labels as those of the "
                "fit, one for each row of X."
            ) from error

    def __sklearn_tags__(self):
        """Return the tags."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _y_options(self, y):
        """Return how `y` is checked: several columns are labels that do not exclude each other."""
        if not self._every_step:
            check_known(y)
        shape = np.asarray(y).shape
        return {"multi_output": len(shape) == 2 and shape[1] > 1}

    def _learn_targets(self, y, mask, classes):
        """Return how labels like `y` are read."""
        return learn_labels(y, mask, self._every_step, classes)

    def _scale_targets(self, targets, rows, shape):
        """Return the same: labels are not scaled."""
        return targets
