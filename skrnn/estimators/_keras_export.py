"""What a fitted estimator gives to Keras: its network, alone or with the scaling."""

from __future__ import annotations

from sklearn.utils.validation import check_is_fitted

from ._snapshot import snapshot


class KerasExportMixin:
    """Models of Keras with the fitted weights, and the scaler of the inputs."""

    @property
    def model_(self):
        """A `keras.Model` made of Keras' own layers, with the fitted weights.

        Built whenever asked for, which is why `dir` leaves it out. It takes scaled sequences, and
        their masks as a second input where rows with masked steps were trained on, and returns
        scaled targets or probabilities.
        """
        fitted = snapshot(self)
        check_is_fitted(fitted, "history_")
        return fitted.network_.build_keras_model()

    @property
    def input_scaler_(self):
        """How inputs are scaled: a record with `transform` and, but for tokens, its inverse.

        Both take sequences as arrays of shape (n_rows, n_timesteps, n_features), NaN where masked.
        Frames have their pixels in the place of steps. Windows relative to themselves are taken
        back with the windows: `inverse_transform(scaled, sequences)`. What a transformer of
        scikit-learn scales has it as its attribute `transformer`.
        """
        fitted = snapshot(self)
        check_is_fitted(fitted, "history_")
        return fitted.input_encoder_.scaler

    def to_keras(self):
        """Return a `keras.Model` from sequences as they are to predictions.

        In contrast to `model_`, scaling is part of it. It needs nothing but Keras and, where it is
        read from a `.keras` file, `import skrnn`, which tells Keras of two layers: one scales, and
        one restores the units of `y`. It computes in single precision, so that predictions equal
        those of `predict` up to rounding; numbers that are large beside their changes lose digits.

        Returns
        -------
        model : keras.Model
            It takes arrays of shape (n_samples, n_timesteps, n_features), with frames (n_samples,
            n_timesteps, height, width, n_channels), of the length of `fit`: masked steps, and
            padding at the end of shorter sequences, are NaN. Regressors return what `predict` does,
            with quantiles the median. Classifiers return the probabilities of `predict_proba`; of
            two classes, that of the second alone. It checks nothing: what `predict` refuses becomes
            NaN, or a number.

        Raises
        ------
        ValueError
            When a scaler is a transformer of scikit-learn other than the power transform: use a
            name, such as "standard", or apply it before. When tokens are beyond 2**24.

        Examples
        --------
        >>> import numpy as np
        >>> from skrnn import LSTMRegressor
        >>> X = 100 + np.random.default_rng(0).normal(size=(40, 6, 1)).cumsum(axis=1)
        >>> regressor = LSTMRegressor(4, epochs=2, random_state=0).fit(X, X[:, -1, 0])
        >>> model = regressor.to_keras()
        >>> predicted = model.predict(X, verbose=0)
        >>> bool(np.allclose(predicted, regressor.predict(X), rtol=1e-5))
        True
        """
        fitted = snapshot(self)
        check_is_fitted(fitted, "history_")
        inputs, form = fitted.input_encoder_, fitted.target_encoder_.form
        return fitted.network_.build_exported_model(inputs.shape, inputs.scaler, form)

    def __dir__(self):
        # `model_` is built whenever it is looked at, and for its HTML scikit-learn looks at all.
        names = object.__dir__(self)
        return [name for name in names if name != "model_" and hasattr(self, name)]
