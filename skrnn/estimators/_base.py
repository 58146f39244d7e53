"""What all estimators share: the template of `fit`, and the raw outputs of the network."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, estimator_html_repr
from sklearn.utils.validation import check_is_fitted

from ..compat._sklearn import (
    CallbackSupportMixin,
    Count,
    callback_management_context,
    fit_context,
    validate_parameter_constraints,
)
from ..engines._dataset import Dataset
from ..inputs._arrange import arrange
from ..models._constraints import CONSTRAINTS, check_instances
from ..models._html import network_html
from ..models._options import StackedOptions
from ._copies import KerasObjectsMixin
from ._input_checks import without_names_of_keras
from ._keras_export import KerasExportMixin
from ._reading import FitCall, read_sequences
from ._snapshot import snapshot, with_fitted

_OF_SAMPLES = {"mc_samples": [Count(1)], "random_state": ["random_state"]}


class NetworkEstimator(KerasExportMixin, KerasObjectsMixin, CallbackSupportMixin, BaseEstimator):
    """Base of all estimators: `fit`, `partial_fit` and the raw outputs of the network.

    A subclass has the parameters, says which of them describe its layers (`_OPTIONS`), learns how
    targets are read (`_learn_targets`) and writes predictions.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS
    _OPTIONS: ClassVar[type] = StackedOptions
    # Those of a search are for its splitter, unless they are asked for here too.
    __metadata_request__fit: ClassVar[dict[str, bool]] = {"groups": False}

    @without_names_of_keras
    @fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X,
        y,
        sample_weight=None,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
        groups=None,
    ):
        """Train a network; with `warm_start`, go on from the weights of the last fit.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences, oldest step first. The columns of a 2-D array are the steps of one feature
            unless `layout` and `n_variables` say otherwise. A step whose features are all NaN is
            masked.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets: numbers for a regressor, labels of any type, one per sample, for a classifier.
            With `return_sequences=True` one more axis, the steps, follows the samples, and targets
            are NaN where the step is masked.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss; scaled to mean 1 over the rows trained on.
        X_val, y_val : array-like, default=None
            Rows to validate on, with the shapes of `X` and `y`; sequences of any length where `X`
            has masked steps and the network takes them. Scalers never learn from them.
        sample_weight_val : array-like of shape (n_validation_samples,), default=None
            Weight of each of them in the validation loss; scaled to mean 1.
        groups : array-like of shape (n_samples,), default=None
            Group of each row, such as a patient or a machine, for `validation_fraction`: a share
            holds out whole groups, and a splitter gets them. A search passes them on where
            `set_fit_request(groups=True)` asks for them.

        Returns
        -------
        self : estimator
            The fitted estimator.

        Raises
        ------
        ValueError
            When data and parameters do not go together; the estimator is left as it was.
        TrainingDivergedError
            When the loss or a weight is no longer finite.
        """
        resume = self.warm_start and hasattr(self, "history_")
        weights = {"sample_weight": sample_weight, "sample_weight_val": sample_weight_val}
        return self._fit(X, y, X_val=X_val, y_val=y_val, groups=groups, resume=resume, **weights)

    @without_names_of_keras
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch, going on from the weights and the scaling of earlier calls.

        The optimizer goes on too. There is no validation, and the schedules `"cosine"` and
        `"plateau"`, which need to know of more than one epoch, are not applied.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences, as for `fit`; of any length where those had masked steps and the network
            takes them.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, as for `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss; scaled to mean 1.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight, resume=hasattr(self, "history_"), once=True)

    def __sklearn_tags__(self):
        """Return the tags."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags

    def _html_repr(self):
        """Return the diagram of scikit-learn; below it the network and its last losses."""
        fitted = snapshot(self)
        html = estimator_html_repr(fitted)
        if not hasattr(fitted, "history_"):
            return html
        return html + network_html(fitted.network_.layers(), fitted.history_)

    @property
    def _every_step(self):
        """Whether every step has a target."""
        return getattr(self, "return_sequences", False)

    def _fit(self, *arrays, **how):
        """Fit to the arrays of `fit`; `how` are the other fields of a `FitCall`."""
        from ._fitting import fit_estimator  # brings keras and its backend along

        check_instances(self)
        with callback_management_context(self):
            attributes = fit_estimator(self, FitCall(*arrays, **how))
            self.__dict__ = with_fitted(vars(self), attributes)  # all at once
        return self

    def _arrange(self, X):
        """Return `X` as an array of shape (n_samples, n_timesteps, ..., n_features)."""
        given = {"layout": self.layout, "n_variables": self.n_variables}
        if not _is_usual(**given):  # a check takes as long as the prediction of a row
            validate_parameter_constraints(CONSTRAINTS, given, type(self).__name__)
        return arrange(X, self.layout, self.n_variables)

    def _data_shape(self, shape):
        """Return a `DataShape` with what only the kind of network knows."""
        return shape

    def _read(self, X):
        """Return the sequences to predict from, and their mask; called on a snapshot."""
        if not hasattr(self, "history_"):
            check_is_fitted(self, "history_")  # raises, having looked at more
        any_length = self.network_.takes_any_length
        return read_sequences(self, X, self.input_encoder_.shape, any_length=any_length)

    def _outputs(self, sequences, mask):
        """Return the outputs of the network, as float64."""
        inputs = self.input_encoder_.encode(sequences, mask)
        return self.network_.predict(Dataset(inputs)).astype(np.float64)

    def _sample_outputs(self, sequences, mask, mc_samples, random_state):
        """Return outputs with units dropped, (mc_samples, n_samples, ...)."""
        given = {"mc_samples": mc_samples, "random_state": random_state}
        validate_parameter_constraints(_OF_SAMPLES, given, "predict_samples")
        draw = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        data = Dataset(self.input_encoder_.encode(sequences, mask))
        return self.network_.sample(data, mc_samples, draw).astype(np.float64)


def _is_usual(layout: Any, n_variables: Any) -> bool:
    """Return whether `X` lies as it does by default."""
    return (
        type(n_variables) is int
        and n_variables == 1
        and type(layout) is str
        and layout == "channels_last"
    )
