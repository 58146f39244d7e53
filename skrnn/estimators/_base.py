"""The parameters that recurrent estimators share, and the template of `fit` and `predict`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from ..by_config import check_survives_copy
from ..training._dataset import Dataset
from ..validation import to_float32
from ._parameters import CONSTRAINTS, check_instances, check_target_feature
from ._reading import read_fit_rows, read_sequences, read_validation_rows
from ._rows import split_tail
from ._scaling import make_input_scaler, make_target_scaler
from ._sklearn_compat import CallbackSupportMixin, callback_management_context, root_context


@dataclass(eq=False, repr=False)
class RecurrentEstimator(CallbackSupportMixin, BaseEstimator):
    """Base of the recurrent estimators: constructor, `fit`, `partial_fit` and raw predictions.

    The generated constructor stores its arguments and does nothing else. A subclass names its cell
    (`_cell`), reads targets (`_encode_targets`) and writes predictions.
    """

    units: Any = 32
    _: KW_ONLY
    bidirectional: Any = False
    merge_mode: str = "concat"
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    dense_units: Any = ()
    dense_activation: Any = "relu"
    activation: Any = "tanh"
    layer_params: dict[str, Any] | None = None
    layout: str = "time_major"
    n_variables: int = 1
    input_scaler: Any = "standard"
    target_scaler: Any = "standard"
    target_feature: int | None = None
    seasonal_lag: int | None = None
    loss: Any = "mse"
    quantiles: Any = None
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
            Targets.
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
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weight of each row in the loss; scaled to mean 1.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        params = {**self.get_params(deep=False), "epochs": 1, "early_stopping": False}
        params["warm_start"] = True
        if isinstance(self.lr_schedule, str):
            params["lr_schedule"] = None
        resume = hasattr(self, "history_")
        return self._fit(X, y, sample_weight, None, None, params=params, resume=resume)

    @property
    def model_(self):
        """A `keras.Model` made of Keras' own layers, with the fitted weights.

        Built whenever asked for. It takes scaled sequences, and their masks as a second input
        where rows with masked steps were trained on, and returns scaled targets.
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

    def _fit(self, X, y, sample_weight, X_val, y_val, *, params, resume):
        check_instances(self)
        with _restored_on_error(self), callback_management_context(self):
            rows = read_fit_rows(self, X, y, sample_weight, reset=not resume)
            validation = read_validation_rows(self, X_val, y_val)
            if validation is None and params["early_stopping"]:
                rows, validation = split_tail(rows, params["validation_fraction"])
            if not resume:
                self._fit_scalers(rows.weighted())
            network, history = self._train(X, y, rows, validation, params, resume)
            for name, value in self._attributes(network, history).items():
                setattr(self, name, value)
        return self

    def _train(self, X, y, rows, validation, params, resume):
        from ._training import train_rows  # brings keras and jax along

        draw = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        context = root_context(self, max_subtasks=params["epochs"])
        arguments = {"estimator": self, "X": X, "y": y, "metadata": None}
        return train_rows(
            self._cell,
            params,
            self._to_dataset(rows),
            None if validation is None else self._to_dataset(validation),
            seed=(draw, self.n_iter_ if resume else 0),
            previous=(self._network, self.history_) if resume else None,
            name=type(self).__name__,
            hooks=(context, arguments, self._attributes),
        )

    def _attributes(self, network, history):
        """Return the attributes that a trained network gives an estimator."""
        return {
            "_network": network,
            "_quantiles": self.quantiles,
            "history_": history,
            "n_iter_": history.n_epochs,
            "n_parameters_": network.weights.n_parameters,
        }

    def _predict_outputs(self, X):
        """Return outputs of the network in the units of the targets, (n_samples, n_outputs).

        A network of quantiles has one more axis, in front: (n_quantiles, n_samples, n_outputs).
        """
        check_is_fitted(self, "history_")
        sequences, mask = read_sequences(self, X)
        inputs = {"sequence": self._scale_inputs(sequences, mask), "mask": mask}
        outputs = self._network.predict(Dataset(inputs)).astype(np.float64)
        if outputs.ndim == 2:
            return self._target_scaler.inverse_transform(outputs, sequences)
        return np.stack(
            [
                self._target_scaler.inverse_transform(quantile, sequences)
                for quantile in np.moveaxis(outputs, -1, 0)
            ]
        )

    def _fit_scalers(self, rows):
        feature = check_target_feature(self, *self._shape)
        self._input_scaler = make_input_scaler(self.input_scaler).fit(rows.sequences)
        scaler = make_target_scaler(self.target_scaler, feature, self.seasonal_lag)
        self._target_scaler = scaler.fit(rows.targets, rows.sequences)

    def _scale_inputs(self, sequences, mask):
        scaled = self._input_scaler.transform(sequences)
        return to_float32(np.where(mask[:, :, None], scaled, 0.0), "X", "input_scaler")

    def _to_dataset(self, rows):
        targets = self._target_scaler.transform(rows.targets, rows.sequences)
        sequences = self._scale_inputs(rows.sequences, rows.mask)
        return Dataset(
            {"sequence": sequences, "mask": rows.mask},
            to_float32(targets, "y", "target_scaler"),
            rows.mean_one_weight(),
        )


@contextmanager
def _restored_on_error(estimator):
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
