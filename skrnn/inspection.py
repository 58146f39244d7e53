"""What a fitted network looks at: importance of features and steps, and gradients."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn import inspection
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.utils.validation import check_is_fitted

from .compat._sklearn import Count, InvalidParameterError, StrOptions, validate_params
from .compat._wrappers import Wrapped, unwrap
from .engines._dataset import Dataset
from .estimators._base import NetworkEstimator
from .estimators._snapshot import snapshot

__all__ = ["permutation_importance", "saliency"]


@validate_params(
    {
        "by": [StrOptions({"feature", "timestep", "both"})],
        "scoring": [str, callable, None],
        "n_repeats": [Count(1)],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def permutation_importance(
    estimator, X, y, *, by="feature", scoring=None, n_repeats=5, random_state=None
):
    """Return how much the score falls when a feature or a step is shuffled among the samples.

    A feature is shuffled as a whole: a sample gets that of another sample, all steps of it (L.
    Breiman, "Random forests", Machine Learning 45, 2001). Masks stay where they are: at each step
    values change places only among the samples that have one.

    Parameters
    ----------
    estimator : estimator instance
        Fitted estimator of skrnn, or a pipeline that ends in one, a search, a `FrozenEstimator`, a
        `TransformedTargetRegressor` or a nest of these.
    X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
        Sequences, best ones that were not trained on. For a pipeline its own `X`: it goes through
        the earlier steps once, and the sequences that come out, such as windows, are shuffled.
    y : array-like
        Targets, as for `score`.
    by : {"feature", "timestep", "both"}, default="feature"
        What is shuffled at a time: a feature at all steps, all features of a step, or a single
        feature at a single step. Channels are the features of frames.
    scoring : str, callable or None, default=None
        As in scikit-learn; None means the `score` of the estimator. A callable gets sequences, and
        the estimator without the earlier steps of pipelines.
    n_repeats : int, default=5
        How often each is shuffled.
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffling.

    Returns
    -------
    result : sklearn.utils.Bunch
        `importances`, the falls of the score, of shape (n_features, n_repeats), (n_timesteps,
        n_repeats) or (n_timesteps, n_features, n_repeats); and their `importances_mean` and
        `importances_std` over the repeats.

    See Also
    --------
    saliency : Gradients of a prediction.
    sklearn.inspection.permutation_importance : What shuffles and scores here. On a pipeline that
        makes windows of rows it shuffles columns of the rows, before there are windows.

    Notes
    -----
    Where features tell the same, the network may do without either, and both seem unimportant.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LSTMRegressor, permutation_importance
    >>> X = np.random.default_rng(0).normal(size=(120, 5, 2))
    >>> y = X[:, -1, 0]  # the last step of the first feature
    >>> model = LSTMRegressor(8, epochs=30, random_state=0).fit(X, y)
    >>> result = permutation_importance(model, X, y, by="both", random_state=0)
    >>> int(result.importances_mean.argmax()) == 4 * 2
    True
    """
    if isinstance(scoring, type):
        raise InvalidParameterError(f"scoring is the class {scoring.__name__}. Pass a function.")
    wrapped = _unwrap(estimator)
    network = wrapped.estimator
    whole = wrapped.without_transforms(network)
    sequences, _ = network._read(wrapped.transform(X))
    scorer = check_scoring(whole, scoring)
    places = _places(by, sequences.shape[1], sequences.shape[-1])
    # scikit-learn shuffles columns. Here a column is a place, and holds numbers of the rows whose
    # values come there.
    own = np.arange(len(sequences), dtype=np.int32)

    def score(whole, rows, y):
        given = sequences
        for number in np.flatnonzero((rows != own[:, None]).any(axis=0)):
            given = _shuffle(given, rows[:, number], *places.flat[number])
        value = scorer(whole, _as_estimator_takes_it(network, given), y)
        if not isinstance(value, Real):
            raise ValueError(f"scoring={scoring!r} gave {value!r}. Use one that gives a number.")
        return value

    rows = np.tile(own[:, None], places.size)
    shuffling = {"n_repeats": n_repeats, "random_state": random_state}
    result = inspection.permutation_importance(whole, rows, y, scoring=score, **shuffling)
    for name, values in result.items():
        result[name] = values.reshape(*places.shape, *values.shape[1:])
    return result


def saliency(estimator, X, *, output=None, step=-1):
    """Return the gradient of a prediction with respect to its sequence.

    The gradient tells how the prediction would answer to a small change of each value (K. Simonyan,
    A. Vedaldi and A. Zisserman, "Deep inside convolutional networks", ICLR 2014 workshop).

    Parameters
    ----------
    estimator : estimator instance
        Fitted estimator of skrnn, or a pipeline that ends in one, a search, a `FrozenEstimator`, a
        `TransformedTargetRegressor` or a nest of these.
    X : array-like of shape (n_samples, n_timesteps, n_features) or (n_samples, n_columns)
        Sequences with the steps and features of `fit`. For a pipeline its own `X`: it goes through
        the earlier steps, and gradients are those with respect to the sequences that come out.
    output : int or label, default=None
        Which prediction. For a regressor the number of the output; None means the first. For a
        classifier a label; None means the last of `classes_`.
    step : int, default=-1
        With `return_sequences=True`, the step whose prediction it is; where that is masked,
        gradients are zero.

    Returns
    -------
    gradients : ndarray of shape (n_samples, n_timesteps, n_features)
        Scaled target, or log-odds of a class (against the mean of the others, where there are
        several), per scaled input: with the default scalers, standard deviations of the target per
        standard deviation of the feature. Zero where masked. For frames the shape is that of `X`
        with an axis of channels.

    Raises
    ------
    ValueError
        When `output` or `step` is out of range, or the network reads tokens, which have no
        gradient.

    See Also
    --------
    permutation_importance : What the score owes to features and steps.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LSTMRegressor, saliency
    >>> X = np.random.default_rng(0).normal(size=(120, 5, 2))
    >>> model = LSTMRegressor(8, epochs=30, random_state=0).fit(X, X[:, -1, 0])
    >>> strength = np.abs(saliency(model, X)).mean(axis=0)  # (n_timesteps, n_features)
    >>> int(strength.argmax()) == 4 * 2
    True
    """
    wrapped = _unwrap(estimator)
    estimator, X = wrapped.estimator, wrapped.transform(X)
    if getattr(estimator, "embedding_dim", None) is not None:
        raise ValueError(
            "saliency needs numbers that can change a little, but the network reads tokens "
            "(embedding_dim). Use permutation_importance."
        )
    inputs = estimator.input_encoder_.encode(*estimator._read(X))
    spec, every_step = estimator.network_.spec, estimator.target_encoder_.every_step
    n_timesteps = inputs["mask"].shape[1]
    chosen = np.zeros((n_timesteps,) * every_step + spec.target_shape[-1:], np.float32)
    number, factors = _choose_output(estimator, output, chosen.shape[-1])
    if every_step:
        if not isinstance(step, Integral) or not -n_timesteps <= int(step) < n_timesteps:
            raise ValueError(f"step={step!r} is out of range: there are {n_timesteps} steps.")
        chosen[step][number] = factors
    else:
        chosen[number] = factors
    if spec.n_quantiles:
        chosen = np.where(np.arange(spec.n_quantiles) == spec.median, chosen[..., None], 0.0)
    gradients = estimator.network_.input_gradients(Dataset(inputs), chosen.astype(np.float32))
    gradients[~inputs["mask"]] = 0.0
    if every_step:
        gradients[~inputs["mask"][:, step]] = 0.0  # nothing is predicted there
    return gradients.astype(np.float64)


def _unwrap(estimator: Any) -> Wrapped:
    """Return the fitted estimator of ours in `estimator` as it is now, and what is around it."""
    wrapped = unwrap(estimator)
    if not isinstance(wrapped.estimator, NetworkEstimator):
        names = [type(each).__name__ for each in (*wrapped.around, wrapped.estimator)]
        raise InvalidParameterError(
            "The 'estimator' parameter must be a fitted estimator of skrnn, such as LSTMRegressor, "
            "or a Pipeline that ends in one, a search, a FrozenEstimator, a "
            "TransformedTargetRegressor or a nest of these; got " + " around ".join(names) + "."
        )
    check_is_fitted(wrapped.estimator, "history_")
    return replace(wrapped, estimator=snapshot(wrapped.estimator))


def _choose_output(estimator: Any, output: Any, n_columns: int) -> tuple[Any, Any]:
    """Return the columns of the output to look at, and their factors."""
    if not is_classifier(estimator):
        number = 0 if output is None else output
        if not isinstance(number, Integral) or not -n_columns <= int(number) < n_columns:
            raise ValueError(f"output={output!r} is none of the {n_columns} outputs, from 0 on.")
        return number, 1.0
    classes = estimator.classes_
    found = np.flatnonzero(classes == (classes[-1] if output is None else output))
    if not len(found):
        raise ValueError(f"output={output!r} is none of the classes {classes}.")
    if n_columns == 1:
        return 0, 1.0 if found[0] == 1 else -1.0
    # Log-odds against the mean of the other classes.
    factors = np.full(n_columns, -1.0 / (n_columns - 1))
    factors[found[0]] = 1.0
    return slice(None), factors


def _places(by: str, n_timesteps: int, n_features: int) -> np.ndarray:
    """Return steps and features of each thing that is shuffled."""
    steps, features = [slice(None)], [slice(None)]
    if by != "feature":
        steps = [slice(step, step + 1) for step in range(n_timesteps)]
    if by != "timestep":
        features = [slice(feature, feature + 1) for feature in range(n_features)]
    places = np.empty((len(steps), len(features)), dtype=object)
    for where in np.ndindex(places.shape):
        places[where] = steps[where[0]], features[where[1]]
    return places if by == "both" else places.ravel()


def _shuffle(sequences: np.ndarray, order: np.ndarray, steps: slice, features: slice) -> Any:
    shuffled = sequences.copy()
    for step in range(sequences.shape[1])[steps]:
        now = sequences[order, step].reshape(len(order), -1)
        source = order[~np.isnan(now).all(axis=1)]
        target = np.sort(source)
        shuffled[target, step, ..., features] = sequences[source, step, ..., features]
    return shuffled


def _as_estimator_takes_it(estimator: Any, sequences: np.ndarray) -> np.ndarray:
    # What arranges three axes takes them back, too.
    return estimator._arrange(sequences) if sequences.ndim == 3 else sequences
