"""Compile what a search needs, several structures at once, before it starts."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone, is_regressor
from sklearn.model_selection import ParameterGrid

from ..compat._sklearn import HasMethods, num_samples, validate_params
from ..engines._preparation import Job, NotedError, noting
from ..engines._protocol import Request


@validate_params(
    {
        "estimator": [HasMethods(["fit", "get_params", "set_params"])],
        "X": "no_validation",
        "y": "no_validation",
        "param_grid": [dict, list, None],
    },
    prefer_skip_nested_validation=False,
)
def precompile(estimator: Any, X: Any, y: Any = None, param_grid: Any = None) -> int:
    """Compile the programs that an estimator, or a search over its parameters, will need.

    A program is compiled for every structure among the candidates: units, cells, lengths, batch
    sizes. A search meets them one after the other. Here they are compiled side by side, on as many
    threads as the process has cores, and the search finds them ready; it gives the same results to
    the last bit. Nothing is trained, and `estimator` is left as it is. On a single core, or with
    the programs on disk already, there is nothing to gain.

    Parameters
    ----------
    estimator : estimator
        One of skrnn, or a pipeline or another estimator around one. If it fits several networks,
        only the first is looked at.
    X : array-like
        What will be fitted to. How many rows there are does not matter; a few hundred will do.
    y : array-like, default=None
        Targets. They may be left out for a regressor with one target per row.
    param_grid : dict or list of dict, default=None
        Lists of values by parameter, as for `sklearn.model_selection.GridSearchCV`. None for the
        parameters that the estimator has.

    Returns
    -------
    n_programs : int
        Programs that were not there and have been compiled, or read from disk.

    Raises
    ------
    TypeError
        When the estimator fits no network of skrnn.
    ValueError
        When a classifier is given no `y`, or a candidate cannot be fitted.

    See Also
    --------
    compile_cache_info : What has been compiled so far.

    Examples
    --------
    >>> import numpy as np
    >>> from skrnn import LSTMRegressor, precompile
    >>> X, y = np.eye(12), np.arange(12.0)
    >>> grid = {"units": [2, 3], "learning_rate": [0.01, 0.1]}
    >>> n_programs = precompile(LSTMRegressor(), X, y, grid)  # two that train, two that predict
    >>> precompile(LSTMRegressor(), X, y, grid)
    0
    """
    jobs: dict[Request, Job] = {}
    y = _targets(estimator, X) if y is None else y
    for params in ParameterGrid(param_grid or {}):
        jobs |= _needed(clone(estimator).set_params(**params), X, y)
    missing = {request: job for request, job in jobs.items() if not request.is_there}
    _run(missing)
    return len(missing)


def _targets(estimator: Any, X: Any) -> np.ndarray:
    if not is_regressor(estimator):
        raise ValueError("y is None, but what is compiled depends on the classes. Give y.")
    return np.zeros(num_samples(X))


def _needed(candidate: Any, X: Any, y: Any) -> Mapping[Request, Job]:
    """Return what compiles the programs of a candidate, by what stands for them."""
    with noting() as jobs:
        try:
            candidate.fit(X, y)
        except NotedError:
            return jobs
    raise TypeError(
        f"estimator: the fit of {type(candidate).__name__} trained no network of skrnn, so there "
        "is nothing to compile. Give an estimator of skrnn, or a pipeline that ends with one."
    )


def _run(jobs: Mapping[Request, Job]) -> None:
    """Run jobs on as many threads as there are cores; start no more after an error."""
    with ThreadPoolExecutor(joblib.cpu_count(), thread_name_prefix="skrnn-compile") as pool:
        running = [pool.submit(job) for job in jobs.values()]
        try:
            for job in running:
                job.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
