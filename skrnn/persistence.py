"""Files of estimators that hold no code: safe to share, and to read from others."""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import shutil
import uuid
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

from .compat._sklearn import validate_params

__all__ = ["FORMAT", "load", "save"]

FORMAT = 5
"""The format of the files that `save` writes. `load` reads this one and all before it.

It changes whenever an older skrnn would read a new file wrongly, or not at all: a type is added to
`_TYPES` or gets another name there, or a type that is listed there gets, loses or renames a field
or a fitted attribute, or gives one another meaning. Then

1. add one to the number;
2. add to `_UPGRADES` how the states that older files hold become those of the new classes;
3. run `scripts/store-format`, which writes `tests/data/format-N`, and keep the older folders;
4. name the change in the changelog.

A class that is only moved to another module keeps its name in `_TYPES`: the format stays.
"""

# Types that files name, by the module where they are now. A name stays the same for good.
_TYPES = {
    "skrnn.engines._history": ["History"],
    "skrnn.engines._optimizer": ["OptimizerState"],
    "skrnn.engines._series_windows": ["WindowReader"],
    "skrnn.estimators._bilstm_classifier": ["BiLSTMClassifier"],
    "skrnn.estimators._bilstm_regressor": ["BiLSTMRegressor"],
    "skrnn.estimators._conv_lstm_classifier": ["ConvLSTMClassifier"],
    "skrnn.estimators._conv_lstm_regressor": ["ConvLSTMRegressor"],
    "skrnn.estimators._input_encoder": ["InputEncoder"],
    "skrnn.estimators._labels": ["LabelTargets", "MultilabelTargets"],
    "skrnn.estimators._lstm_classifier": ["LSTMClassifier"],
    "skrnn.estimators._lstm_regressor": ["LSTMRegressor"],
    "skrnn.estimators._recurrent_classifier": ["RecurrentClassifier"],
    "skrnn.estimators._recurrent_regressor": ["RecurrentRegressor"],
    "skrnn.estimators._seq2seq_regressor": ["Seq2SeqRegressor"],
    "skrnn.estimators._targets": ["NumberTargets"],
    "skrnn.forecasting._categories": ["Categories"],
    "skrnn.forecasting._combination": ["Combination"],
    "skrnn.forecasting._covariates": ["Covariates"],
    "skrnn.forecasting._forecaster": ["Seq2SeqForecaster"],
    "skrnn.forecasting._panel": ["Panel"],
    "skrnn.forecasting._panel_model": ["PanelModel"],
    "skrnn.forecasting._settings": ["Settings"],
    "skrnn.forecasting._store": ["Columns", "SeriesScale"],
    "skrnn.forecasting._time_axis": ["TimeAxis"],
    "skrnn.forecasting.lines._linear": ["Linear"],
    "skrnn.forecasting.lines._naive": ["Repetition", "Straight"],
    "skrnn.forecasting.lines._sktime": ["SktimeLine"],
    "skrnn.forecasting.lines._smoothing": ["Smoothing", "Theta"],
    "skrnn.models._fitted": ["FittedNetwork"],
    "skrnn.models._train": ["Trained"],
    "skrnn.networks._by_config": ["ByConfig"],
    "skrnn.networks._spec": [
        "ConvolutionalSpec",
        "CustomSpec",
        "EncoderDecoderSpec",
        "NetworkSpec",
    ],
    "skrnn.networks._weights": ["Weights"],
    "skrnn.scaling._columns": ["Affine", "NoScaler", "SequenceFeatures", "Targets"],
    "skrnn.scaling._sequence_scaler": ["SequenceScaler"],
    "skrnn.scaling._tokens": ["TokenNumbers"],
    "skrnn.scaling._windows": ["WindowLevels", "WindowTargets"],
    "skrnn.scoring": ["_SequenceScorer"],
    "skrnn.windowing._context": ["Context"],
    "skrnn.windowing._series": ["Continuity", "Series", "Tail"],
    "skrnn.windowing._transformer": ["SlidingWindowTransformer"],
    "sktime.datatypes._dtypekind": ["DtypeKind"],
    "sktime.forecasting.base._fh": ["ForecastingHorizon"],
}
_MODULES = {name: module for module, names in _TYPES.items() for name in names}
# Of scikit-learn, beside the types that skops trusts.
_SPLITTERS = (
    *("GroupKFold", "GroupShuffleSplit", "KFold", "LeaveOneGroupOut", "LeaveOneOut"),
    *("LeavePGroupsOut", "LeavePOut", "PredefinedSplit", "RepeatedKFold", "ShuffleSplit"),
    *("RepeatedStratifiedKFold", "StratifiedGroupKFold", "StratifiedKFold"),
    *("StratifiedShuffleSplit", "TimeSeriesSplit"),
)
_TRUSTED = (
    *(f"sklearn.model_selection._split.{name}" for name in _SPLITTERS),
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
)
_HEAD = re.compile(rb"skrnn ([1-9][0-9]{0,8}) ([0-9a-f]{64})\n")


@validate_params({"path": [str, os.PathLike]}, prefer_skip_nested_validation=True)
def save(estimator, path, *, by_import_path=False):
    """Save an estimator, fitted or not, to a file that holds no code.

    In contrast to a pickle, such a file can be read without fear of what it might run. It takes the
    estimators, transformers and the forecaster of skrnn, and pipelines, searches and other
    meta-estimators of scikit-learn around them. A file that exists is replaced in one step: it is
    either the old or the new one, whatever happens.

    Parameters
    ----------
    estimator : estimator
        Of skrnn or of scikit-learn.
    path : str or path-like
        File to write.
    by_import_path : bool, default=False
        Keep functions and classes of yours (a loss, a `network`, a transformer) by their import
        path. Who loads the file must have them, and name them as trusted.

    Raises
    ------
    ValueError
        When a parameter holds what a file without code cannot, such as an optimizer object.
    TypeError
        When it is no estimator.

    See Also
    --------
    load : Read such a file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import skrnn
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "network.skrnn")
    ...     skrnn.save(skrnn.LSTMRegressor(units=8), path)
    ...     skrnn.load(path)
    LSTMRegressor(units=8)
    """
    from skops import io  # takes half a second to import

    from .models._state import Writer

    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        raise TypeError(f"estimator must be an estimator, not {estimator!r}. Pass an instance.")
    plain = Writer(_find_type, by_import_path).write(estimator, type(estimator).__name__)
    payload = io.dumps(plain, compression=ZIP_DEFLATED)
    foreign = sorted(set(io.get_untrusted_types(data=payload)) - set(_TRUSTED))
    if foreign and not by_import_path:
        raise ValueError(
            f"The estimator holds objects of {', '.join(foreign)}, which are neither of skrnn nor "
            "known to be safe. Leave them out, or save with by_import_path=True and load with "
            f"trusted={foreign}."
        )
    _replace(_path_of(path).resolve(), _head(payload, FORMAT) + payload)


@validate_params(
    {"path": [str, os.PathLike], "trusted": [list, tuple, set]}, prefer_skip_nested_validation=True
)
def load(path, trusted=()):
    """Load an estimator that `save` wrote.

    Nothing is run that the file brings along: it holds numbers, texts and the names of types, and
    types are taken from skrnn, NumPy, SciPy and scikit-learn alone. All of the file is checked
    against its checksum before.

    Parameters
    ----------
    path : str or path-like
        File to read.
    trusted : sequence of str, default=()
        Import paths of functions and classes that the file may name, such as
        `"my_package.losses.asymmetric"`. Importing them runs their code.

    Returns
    -------
    estimator : estimator
        As it was saved.

    Raises
    ------
    ValueError
        When the file is damaged, was not written by `save` or by a later version, or names code
        that is not trusted. The message says which.
    OSError
        When there is no such file, or it cannot be opened.

    See Also
    --------
    save : Write such a file.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> import skrnn
    >>> X = np.linspace(0, 1, 60).reshape(10, 6)
    >>> model = skrnn.LSTMRegressor(units=2, epochs=1, random_state=0).fit(X, X[:, -1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "network.skrnn")
    ...     skrnn.save(model, path)
    ...     again = skrnn.load(path)
    >>> np.array_equal(again.predict(X), model.predict(X))
    True
    """
    if wrong := [name for name in trusted if not isinstance(name, str)]:
        raise ValueError(f"trusted must hold import paths, texts, but has {wrong[0]!r}.")
    number, payload = _payload(_path_of(path))
    return _read(payload, path, tuple(trusted), number)


def _read(payload: bytes, path: Any, trusted: Sequence[str], number: int) -> Any:
    from skops import io
    from skops.io.exceptions import UntrustedTypesFoundException

    from .models._state import Reader, StateError

    try:
        plain = io.loads(payload, trusted=[*_TRUSTED, *trusted])
        estimator = Reader(_find_type, trusted, partial(_upgrade, number)).read(plain)
    except UntrustedTypesFoundException as error:
        names = sorted(set(io.get_untrusted_types(data=payload)) - {*_TRUSTED, *trusted})
        raise ValueError(
            f"{path} names {', '.join(names)}, which are not trusted. Load it with trusted={names} "
            "if you know and trust that code."
        ) from error
    except StateError as error:
        raise ValueError(f"{path} could not be read: {error}.") from error
    except Exception as error:  # whatever a file that was made by hand may lead to
        raise ValueError(
            f"{path} could not be read: {type(error).__name__}: {error}. It was not written by "
            "skrnn.save, or needs other versions of the packages that it names."
        ) from error
    if not hasattr(estimator, "get_params"):
        raise ValueError(f"{path} holds no estimator.")
    return estimator


def _path_of(path: Any) -> Path:
    if "\0" in os.fspath(path):
        raise ValueError(f"path={path!r} has a null character. Use another name.")
    return Path(path)


def _payload(path: Path) -> tuple[int, bytes]:
    """Return the format of a file and what follows its first line, after checking it."""
    data = path.read_bytes()
    head = _HEAD.match(data)
    if head is None:
        what = "is empty" if not data else "was not written by skrnn.save"
        raise ValueError(
            f"{path} {what}, so there is nothing to load. Pass the path of a file that it wrote."
        )
    number, payload = int(head[1]), data[head.end() :]
    if number > FORMAT:
        raise ValueError(
            f"{path} has format {number}, but this version of skrnn reads formats up to {FORMAT}. "
            "Install a later skrnn."
        )
    if _head(payload, number) != head[0]:
        raise ValueError(
            f"{path} is damaged: its content does not go with its checksum. Copy it again."
        )
    return number, payload


def _upgrade(number: int, name: str, state: Any) -> Any:
    """Return the state of a record in a file of some format as it is today."""
    for later, change in _UPGRADES.items():
        if later > number:
            state = change(name, state)
    return state


def _to_format_2(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """Histories know their best epoch, estimators have metrics, forecasters baselines."""
    if name == "History":
        return {"columns": state["_columns"], "best_epoch": None}
    if name == "Seq2SeqForecaster":
        return {"baselines": (), "_combination": None, **state}
    if name.endswith(("Regressor", "Classifier")):
        return {"metrics": None, "monitor": "val_loss", **state}
    return state


def _to_format_3(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """Forecasters have an effort, settings several seasons; calibrations were other numbers."""
    if name == "Seq2SeqForecaster":
        return {"effort": 1.0, **state}
    if name == "Settings":
        return {"seasons": (), **state}
    if name == "Combination":
        return {"factors": None, **{key: state[key] for key in state if key != "shifts"}}
    if name in ("WindowLevels", "WindowTargets"):
        return {"choice": "window", **state}
    return state


def _to_format_4(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """Stacked networks may have a linear part, forecasts bounds."""
    if name == "Seq2SeqForecaster":
        return {"bounds": None, **state}
    regressors = ("RecurrentRegressor", "LSTMRegressor", "BiLSTMRegressor")
    return {"linear_skip": False, **state} if name in (*regressors, "NetworkSpec") else state


def _to_format_5(name: str, state: dict[str, Any]) -> dict[str, Any]:
    """Forecasters validate, have callbacks, and covariates of the past and of series."""
    if name == "Seq2SeqForecaster":
        validation = {
            "early_stopping": False,
            "validation_fraction": None,
            "n_iter_no_change": 10,
            "tol": 0.0,
            "callbacks": None,
        }
        return {"past_covariates": (), "static_covariates": (), **validation, **state}
    return state


# From the format before, by the number of the format.
_UPGRADES = {2: _to_format_2, 3: _to_format_3, 4: _to_format_4, 5: _to_format_5}


def _head(payload: bytes, number: int) -> bytes:
    """Return the first line of a file: its format, and a checksum of the rest."""
    start = f"skrnn {number} ".encode()
    return start + hashlib.sha256(start + payload).hexdigest().encode() + b"\n"


def _replace(path: Path, data: bytes) -> None:
    """Write a file at once, by way of another one in the same folder."""
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _find_type(name: str) -> type | None:
    module = _MODULES.get(name)
    if module is None:
        return None
    kind = getattr(importlib.import_module(module), name)
    return kind if isinstance(kind, type) else None
