"""Classifiers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

import numpy as np
from scipy.special import expit, softmax
from sklearn.base import ClassifierMixin, _fit_context
from sklearn.metrics import accuracy_score
from sklearn.utils import column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets

from ..scoring import make_sequence_scorer
from ._architecture import StackedLayers
from ._base import NetworkEstimator
from ._docstrings import CLASSIFIER_PARAMETERS, with_shared_sections
from ._parameters import CELL_CONSTRAINTS, CONSTRAINTS
from ._rows import split_tail_of_classes
from ._targets import labels_of_steps

documented = partial(with_shared_sections, own=CLASSIFIER_PARAMETERS)


@dataclass(eq=False, repr=False, kw_only=True)
class ClassParameters:
    """Parameters of how classes are learned."""

    loss: Any = "crossentropy"
    class_weight: Any = None


class Classifier(ClassifierMixin, NetworkEstimator, ClassParameters):
    """What classifiers share: labels in, labels and probabilities out."""

    _Y_OPTIONS: ClassVar[dict[str, Any]] = {}

    def predict(self, X):
        """Predict the most likely classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`; of any length where those of `fit` were
            of unequal length, padded with NaN.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_timesteps)
            Labels, of the type of those in `classes_`. Where there is one per step and some steps
            are masked, these are NaN, among floats for numbers and among objects otherwise.
        """
        probabilities = self.predict_proba(X)
        known = ~np.isnan(probabilities[..., 0])
        labels = self.classes_[np.nan_to_num(probabilities).argmax(axis=-1)]
        if known.all():
            return labels
        labels = labels.astype(float if labels.dtype.kind in "iufb" else object)
        labels[~known] = np.nan
        return labels

    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences with the steps and features of `fit`.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes) or (n_samples, n_timesteps, n_classes)
            Probabilities, in the order of `classes_`; NaN at masked steps.
        """
        sequences, mask = self._read(X)
        return self._probabilities(self._outputs(self._scaled_inputs(sequences, mask)), mask)

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
        sequences, mask = self._read(X)
        inputs = self._scaled_inputs(sequences, mask)
        draws = self._sample_outputs(inputs, mc_samples, random_state)
        return np.stack([self._probabilities(outputs, mask) for outputs in draws])

    @_fit_context(prefer_skip_nested_validation=True)
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
        self._first_classes = None if classes is None else np.unique(classes)
        try:
            return self._partial_fit(X, y, sample_weight)
        finally:
            del self._first_classes

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
        """
        if self._every_step:
            return make_sequence_scorer(accuracy_score)(self, X, y, sample_weight)
        return super().score(X, y, sample_weight)

    def _read_targets(self, y, mask, *, reset, name="y"):
        labels = labels_of_steps(y, mask, name) if self._every_step else column_or_1d(y)
        check_classification_targets(labels)
        given = getattr(self, "_first_classes", None)
        if not reset and given is not None and not np.array_equal(given, self.classes_):
            raise ValueError(
                f"classes are {given}, but in the first call they were {self.classes_}. Pass the "
                "same ones, or None."
            )
        if reset:
            self.classes_ = np.unique(labels) if given is None else given
            if len(self.classes_) < 2:
                raise ValueError(
                    f"{name} has one class only, {self.classes_.tolist()}: there is nothing to "
                    "tell apart. Pass rows of at least two classes."
                )
        codes = self._codes(labels, name)
        if len(self.classes_) == 2:
            targets = codes[:, None].astype(float)
        else:
            targets = np.eye(len(self.classes_))[codes]
        if not self._every_step:
            return targets
        steps = np.full((*mask.shape, targets.shape[1]), np.nan)
        steps[mask] = targets
        return steps

    def _codes(self, labels, name):
        place = np.minimum(np.searchsorted(self.classes_, labels), len(self.classes_) - 1)
        unknown = self.classes_[place] != labels
        if unknown.any():
            label = labels[unknown].tolist()[0]
            raise ValueError(
                f"{name} has the label {label!r}, which is none of the classes {self.classes_}. "
                "Pass the labels of the first fit; partial_fit takes all of them as classes in its "
                "first call."
            )
        return place

    def _split(self, rows, fraction):
        if self._every_step:
            return super()._split(rows, fraction)
        return split_tail_of_classes(rows, fraction, _codes_of(rows.targets))

    def _weigh(self, rows):
        if self.class_weight is None:
            return rows
        codes = _codes_of(rows.targets)
        counted = codes[rows.mask] if self._every_step else codes
        if isinstance(self.class_weight, dict):
            weights = _given_weights(self.class_weight, self.classes_)
        else:
            present = np.unique(counted)
            weights = np.ones(len(self.classes_))
            weights[present] = compute_class_weight("balanced", classes=present, y=counted)
        return rows.reweighted(weights[codes])

    def _spec_details(self):
        activation = "sigmoid" if len(self.classes_) == 2 else "softmax"
        return {**super()._spec_details(), "output_activation": activation}

    def _probabilities(self, outputs, mask):
        if outputs.shape[-1] > 1:
            probabilities = softmax(outputs, axis=-1)
        else:
            second = expit(outputs)
            probabilities = np.concatenate([1.0 - second, second], axis=-1)
        if self._every_step:
            probabilities[~mask] = np.nan
        return probabilities


def _given_weights(class_weight, classes):
    """Return the weights of a dict, in the order of the classes; one where there is none."""
    weights = np.array([class_weight.get(label, 1.0) for label in classes.tolist()])
    unknown = set(class_weight) - set(classes.tolist())
    left_out = set(classes.tolist()) - set(class_weight)
    # A fold may lack a class; a name that is misspelt leaves another one out.
    if unknown and left_out:
        raise ValueError(
            f"class_weight has {sorted(unknown, key=str)}, which are none of the classes "
            f"{classes}. Use the labels of y as keys."
        )
    return weights


def _codes_of(targets):
    """Return the numbers of classes; any at masked steps."""
    targets = np.nan_to_num(targets)
    if targets.shape[-1] == 1:
        return targets[..., 0].astype(int)
    return targets.argmax(axis=-1)


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class RecurrentClassifier(Classifier, StackedLayers):
    """Recurrent network for classification, with the cell as a parameter.

    A sequence runs through one or several recurrent layers; the last output of the last one goes
    through dense layers, if any, to the probabilities of the classes. With `return_sequences=True`
    every step gets a label of its own (tagging). Inputs are scaled inside, with statistics of the
    rows trained on. Any other Keras model takes the place of the network through `network`.

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
    LSTMClassifier : The same with the LSTM cell.
    BiLSTMClassifier : The same with a bidirectional LSTM.

    References
    ----------
    {references}

    Examples
    --------
    Is the sum of a sequence positive?

    >>> import numpy as np
    >>> from skrnn import RecurrentClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 6))
    >>> y = np.where(X.sum(axis=1) > 0, "up", "down")
    >>> model = RecurrentClassifier(8, cell="gru", random_state=0).fit(X[:150], y[:150])
    >>> bool(model.score(X[150:], y[150:]) > 0.8)
    True
    """

    cell: str = "lstm"
    network: Any = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {**CONSTRAINTS, **CELL_CONSTRAINTS}


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class LSTMClassifier(Classifier, StackedLayers):
    """LSTM network for classification.

    A sequence runs through one or several LSTM layers [1]_; the last output of the last one goes
    through dense layers, if any, to the probabilities of the classes. With `return_sequences=True`
    every step gets a label of its own (tagging). Inputs are scaled inside, with statistics of the
    rows trained on.

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
    BiLSTMClassifier : The same, reading sequences in both directions.
    RecurrentClassifier : The same, with the cell as a parameter.

    References
    ----------
    {references}

    Examples
    --------
    Sequences of unequal length, padded with NaN:

    >>> import numpy as np
    >>> from skrnn import LSTMClassifier, to_sequences
    >>> rng = np.random.default_rng(0)
    >>> signs = rng.integers(2, size=120)
    >>> X = to_sequences(
    ...     [2 * sign - 1 + rng.normal(size=rng.integers(3, 9)) for sign in signs]
    ... )
    >>> model = LSTMClassifier(8, epochs=30, random_state=0).fit(X, signs)
    >>> model.predict_proba(X).shape
    (120, 2)
    >>> bool(model.score(X, signs) > 0.9)
    True
    """


@documented
@dataclass(eq=False, repr=False, kw_only=True)
class BiLSTMClassifier(Classifier, StackedLayers):
    """Bidirectional LSTM network for classification.

    Two LSTM layers [1]_ read a sequence from both ends [3]_ and their outputs are merged; apart
    from that it is `LSTMClassifier`.

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
    LSTMClassifier : The same in one direction.
    RecurrentClassifier : The same, with the cell as a parameter.

    References
    ----------
    {references}

    Examples
    --------
    One label per step, which only one who reads from the end can know: is there a larger value
    still to come?

    >>> import numpy as np
    >>> from skrnn import BiLSTMClassifier
    >>> X = np.random.default_rng(0).normal(size=(200, 6))
    >>> rest = np.maximum.accumulate(X[:, ::-1], axis=1)[:, ::-1]
    >>> y = (rest > X).astype(int)
    >>> model = BiLSTMClassifier(16, return_sequences=True, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (200, 6)
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    bidirectional: Any = True
