"""The parameters of training that all estimators share, and the template of `fit`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..by_config import check_survives_copy
from ..training._dataset import Dataset
from ..validation import arrange, to_float32
from ._parameters import CONSTRAINTS, check_instances
from ._reading import read_fit_rows, read_sequences, read_validation_rows
from ._rows import split_tail
from ._scaling import make_input_scaler
from ._sklearn_compat import CallbackSupportMixin, callback_management_context, root_context
from ._tokens import TokenNumbers


@dataclass(eq=False, repr=False, kw_only=True)
class NetworkEstimator(CallbackSupportMixin, BaseEstimator):
    """Base of all estimators: `fit`, `partial_fit` and the raw outputs of the network.

    The generated constructor stores its arguments and does nothing else. A subclass reads targets
    (`_read_targets`), scales them if they are numbers, and writes predictions; other bases add the
    parameters of its layers.
    """

    layout: str = "time_major"
    n_variables: int = 1
    input_scaler: Any = "standard"
    optimizer: Any = "adam"
    learning_rate: float | None = None
    lr_schedule: Any = None
    clipnorm: float | None = None
    epochs: int = 100
    batch_size: int = 32
    shuffle: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    n_iter_no_change: int = 10
    tol: float = 1e-4
    callbacks: Any = None
    warm_start: bool = False
    verbose: int = 0
    random_state: Any = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, X_val=None, y_val=None):
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
            Rows to validate on, with the shapes of `X` and `y`. Scalers never learn from them.

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
        params = self.get_params(deep=False)
        return self._fit(X, y, sample_weight, X_val, y_val, params=params, resume=resume)

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train for one epoch, going on from the weights and the scaling of earlier calls.

        The optimizer goes on too. There is no validation, and the schedules `"cosine"` and
        `"plateau"`, which need to know of more than one epoch, are not applied.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
            Sequences, as for `fit`.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Targets, as for `fit`.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss; scaled to mean 1.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        return self._partial_fit(X, y, sample_weight)

    @property
    def model_(self):
        """A `keras.Model` made of Keras' own layers, with the fitted weights.

        Built whenever asked for. It takes scaled sequences, and their masks as a second input
        where rows with masked steps were trained on, and returns scaled targets or probabilities.
        """
        check_is_fitted(self, "history_")
        return self._network.build_keras_model()

    def __sklearn_clone__(self):
        """Return an unfitted copy; refuse a loss that would come out of it as another."""
        check_survives_copy("loss", self.loss)
        return super().__sklearn_clone__()

    def __sklearn_tags__(self):
        """Return the tags."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        return tags

    # ---- Training --------------------------------------------------------------------------------

    def _partial_fit(self, X, y, sample_weight):
        params = {**self.get_params(deep=False), "epochs": 1, "early_stopping": False}
        params["warm_start"] = True
        if isinstance(self.lr_schedule, str):
            params["lr_schedule"] = None
        resume = hasattr(self, "history_")
        return self._fit(X, y, sample_weight, None, None, params=params, resume=resume)

    def _fit(self, X, y, sample_weight, X_val, y_val, *, params, resume):
        check_instances(self)
        with _restored_on_error(self), callback_management_context(self):
            rows = read_fit_rows(self, X, y, sample_weight, reset=not resume)
            validation = read_validation_rows(self, X_val, y_val)
            if validation is None and params["early_stopping"]:
                rows, validation = self._split(rows, params["validation_fraction"])
            if not resume:
                self._fit_scalers(rows.weighted())
            network, history = self._train(X, y, self._weigh(rows), validation, params, resume)
            for name, value in self._attributes(network, history).items():
                setattr(self, name, value)
        return self

    def _train(self, X, y, rows, validation, params, resume):
        from ._training import train_rows  # brings keras and jax along

        draw = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        context = root_context(self, max_subtasks=params["epochs"])
        arguments = {"estimator": self, "X": X, "y": y, "metadata": None}
        return train_rows(
            params,
            self._to_dataset(rows),
            None if validation is None else self._to_dataset(validation),
            details=self._spec_details(),
            seed=(draw, self.n_iter_ if resume else 0),
            previous=(self._network, self.history_) if resume else None,
            name=type(self).__name__,
            hooks=(context, arguments, self._attributes),
        )

    def _attributes(self, network, history):
        """Return the attributes that a trained network gives an estimator."""
        return {
            "_network": network,
            "history_": history,
            "n_iter_": history.n_epochs,
            "n_parameters_": network.weights.n_parameters,
        }

    def _split(self, rows, fraction):
        """Return the rows to train on and those to stop early by."""
        return split_tail(rows, fraction)

    def _weigh(self, rows):
        """Return the rows to train on with all the weights that they get."""
        return rows

    def _spec_details(self):
        """Return what the data, and not the parameters, say about the spec."""
        scaler = self._input_scaler
        if isinstance(scaler, TokenNumbers):
            return {"n_tokens": scaler.n_tokens_, "embedding_dim": int(self.embedding_dim)}
        return {}

    # ---- Inputs and outputs ----------------------------------------------------------------------

    @property
    def _every_step(self):
        """Whether every step has a target."""
        return getattr(self, "return_sequences", False)

    def _arrange(self, X):
        """Return `X` as an array of shape (n_samples, n_timesteps, ..., n_features)."""
        return arrange(X, self.layout, self.n_variables)

    def _read(self, X):
        """Return the sequences to predict from, and their mask."""
        check_is_fitted(self, "history_")
        return read_sequences(self, X, any_length=self._network.takes_any_length)

    def _network_inputs(self, X):
        """Return what the network takes of `X`."""
        return self._scaled_inputs(*self._read(X))

    def _outputs(self, inputs):
        """Return the outputs of the network, as float64."""
        return self._network.predict(Dataset(inputs)).astype(np.float64)

    def _sample_outputs(self, inputs, mc_samples, random_state):
        """Return outputs with units dropped, (mc_samples, n_samples, ...)."""
        if not isinstance(mc_samples, Integral) or mc_samples < 1:
            raise ValueError(f"mc_samples must be a positive integer, not {mc_samples!r}.")
        draw = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        outputs = self._network.sample(Dataset(inputs), mc_samples, draw)
        return outputs.astype(np.float64)

    def _fit_scalers(self, rows):
        if getattr(self, "embedding_dim", None) is None:
            self._input_scaler = make_input_scaler(self.input_scaler).fit(_as_steps(rows.sequences))
        else:
            self._input_scaler = TokenNumbers().fit(rows.sequences)

    def _scaled_inputs(self, sequences, mask):
        if isinstance(self._input_scaler, TokenNumbers):
            return {"sequence": self._input_scaler.transform(sequences), "mask": mask}
        scaled = self._input_scaler.transform(_as_steps(sequences)).reshape(
            *sequences.shape[:-1], -1
        )
        there = mask.reshape(*mask.shape, *(1,) * (scaled.ndim - 2))
        return {
            "sequence": to_float32(np.where(there, scaled, 0.0), "X", "input_scaler"),
            "mask": mask,
        }

    def _to_dataset(self, rows):
        inputs = self._scaled_inputs(rows.sequences, rows.mask)
        targets = self._network_targets(rows)
        weight = rows.mean_one_weight()
        if self._every_step and weight.ndim == 1:
            weight = np.repeat(weight[:, None], rows.mask.shape[1], axis=1)
        return Dataset(inputs, targets, weight)

    def _network_targets(self, rows):
        """Return targets as the network learns them."""
        return rows.targets.astype(np.float32)


def _as_steps(sequences):
    """Return sequences as (n_samples, n_steps, n_features): a pixel of a frame is a step too."""
    return sequences.reshape(len(sequences), -1, sequences.shape[-1])


@contextmanager
def _restored_on_error(estimator):
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
